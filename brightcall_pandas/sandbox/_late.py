"""What happens to calls after they were made: late outcomes, corrected talk times, removed calls.

All of it is drawn when the sandbox starts, from the seed, and happens when its clock gets there. Whether
something happens to a call, and after how long, depends on neither the clock nor what is asked meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from brightcall_pandas.sandbox._account import OUTCOMES
from brightcall_pandas.sandbox._draw import chance, per_mille

if TYPE_CHECKING:
    from brightcall_pandas.sandbox._draw import Flags, Integers
    from brightcall_pandas.sandbox._table import CallTable

__all__ = ["LATE", "Edit", "Future", "Late", "moment_text", "told_delays"]

_HOUR, _DAY = 3_600, 86_400
_CORRECTED_PERCENT = 20  # by which a talk time is corrected at most


@dataclass(frozen=True)
class Late:
    """Something that happens to calls late.

    Parameters
    ----------
    name, doc
        What it is called, and what happens.
    per_mille
        Calls in a thousand to which it happens.
    delay_s
        Seconds from the beginning of a call until then: a distribution by thousandths.
    answered_only
        Whether it happens to answered calls only.
    """

    name: str
    doc: str
    per_mille: int
    delay_s: dict[int, int]
    answered_only: bool = False


_ALL = (
    Late(
        "outcome",
        "the outcome is set, or set to another one",
        100,
        {
            0: 300,
            250: 2 * _HOUR,
            500: 8 * _HOUR,
            750: _DAY,
            900: 2 * _DAY,
            950: 3 * _DAY,
            990: 6 * _DAY,
            1000: 14 * _DAY,
        },
    ),
    Late(
        "talk_time",
        "the talk time is corrected by up to 20 %, and `callTime` and `totalTime` with it",
        20,
        {0: _HOUR, 1000: 5 * _DAY},
        answered_only=True,
    ),
    Late("removed", "the call is removed for privacy", 5, {0: _DAY, 1000: 30 * _DAY}),
)
LATE = {each.name: each for each in _ALL}
"""Everything that happens to calls late, by name."""


@dataclass(frozen=True)
class Edit:
    """One thing that happens to a call.

    Parameters
    ----------
    at
        Epoch second.
    kind
        A name of `LATE`.
    call_id, unique_id
        Which call.
    fields
        Old and new value by field; empty where the call is removed.
    """

    at: int
    kind: str
    call_id: str
    unique_id: str
    fields: dict[str, tuple[Any, Any]]


class Future:
    """What is still to happen: calls that are made later, and what happens to calls late.

    Parameters
    ----------
    table
        The calls as they were drawn, all of them, in order of time. It is changed as time passes.
    seed
        Seed of the sandbox.
    now
        Epoch second at which it begins. Calls that begin later are not in the table until then; what was due
        to happen to calls by then had happened when they were drawn.
    """

    def __init__(self, table: CallTable, seed: int, now: int) -> None:
        self.now = self._began = now
        self._table = table
        epoch, answered = table.numbers('epoch("timestamp")', "state = 'answered'")
        self._epoch = epoch.astype(np.int64)
        self.edits = _planned(table, seed, now, self._epoch, answered.astype(bool))
        self._hidden = table.hide_after(now)

    @property
    def to_come(self) -> int:
        """How many of the drawn calls begin after its clock has begun."""
        return len(self._hidden)

    def restart(self) -> None:
        """Begin again, with the table as it was drawn."""
        self.now = self._began
        self._table.hide(self._hidden)

    def advance(self, seconds: int) -> list[tuple[str, list[str], int]]:
        """Let time pass.

        Returns
        -------
        list of tuple
            Kind of change (``insert``, ``update`` or ``delete``), ids, and the epoch second of each change.
        """
        since, self.now = self.now, self.now + seconds
        made = [("insert", [name], at) for name, at in self._shown(since)]
        due = [each for each in self.edits if since < each.at <= self.now]
        changed: dict[str, dict[str, Any]] = {}
        for each in due:
            if each.kind != "removed":
                new = {name: value for name, (_, value) in each.fields.items()}
                changed.setdefault(each.call_id, {}).update(new)
        if changed:
            self._table.amend(changed)
        if removed := [each.call_id for each in due if each.kind == "removed"]:
            self._table.delete(removed)
        made += [("delete" if each.kind == "removed" else "update", [each.call_id], each.at) for each in due]
        return sorted(made, key=lambda each: each[2])

    def _shown(self, since: int) -> list[tuple[str, int]]:
        begin, end = np.searchsorted(self._epoch, [since, self.now], side="right").tolist()
        positions = range(max(begin, self._hidden.start), max(end, self._hidden.start))
        if not positions:
            return []
        self._table.show(positions)
        ids = self._table.at(np.array(positions), ["id"])["id"].to_pylist()
        return list(zip(ids, self._epoch[positions.start : positions.stop].tolist(), strict=True))

    def told(self) -> list[dict[str, Any]]:
        """Return what happens to calls late as plain JSON values, in order of time."""
        return [
            {
                "at": moment_text(each.at),
                "kind": each.kind,
                "id": each.call_id,
                "uniqueId": each.unique_id,
                "fields": {name: list(values) for name, values in each.fields.items()},
            }
            for each in self.edits
        ]


def _planned(table: CallTable, seed: int, since: int, epoch: Integers, answered: Flags) -> list[Edit]:
    """Return what happens to the calls of a table after a moment, in order of time."""
    never = np.iinfo(np.int64).max
    removed_at = np.full(len(epoch), never)
    edits: list[Edit] = []
    for number, each in reversed(list(enumerate(_ALL, 1))):  # a call that is removed first changes no more
        rng = np.random.default_rng([seed, number])
        size = len(epoch)
        hit, at = chance(rng, each.per_mille, size), epoch + per_mille(rng, size, each.delay_s)
        choice = rng.integers(2**31, size=size)
        due = hit & (at > since) & (at < removed_at) & (answered | (not each.answered_only))
        if each.name == "removed":
            removed_at = np.where(hit, at, never)
        positions = np.flatnonzero(due)
        edits += _edits(table, each, positions, at[positions], choice[positions])
    return sorted(edits, key=lambda each: (each.at, each.call_id, each.kind))


def _edits(table: CallTable, late: Late, positions: Integers, at: Integers, choice: Integers) -> list[Edit]:
    rows = table.at(positions, ["id", "uniqueId", *_FIELDS[late.name]])
    edits = []
    for row, moment, drawn in zip(rows.to_pylist(), at.tolist(), choice.tolist(), strict=True):
        call_id, unique_id = row.pop("id"), row.pop("uniqueId")
        new = _NEW[late.name](row, drawn)
        fields = {name: (row[name], new[name]) for name in new}
        edits.append(Edit(moment, late.name, call_id, unique_id, fields))
    return edits


def _outcome(row: dict[str, Any], drawn: int) -> dict[str, Any]:
    others = [each for each in OUTCOMES if row["outcomeTag"] not in each.spellings]
    chosen = others[drawn % len(others)]
    return {"outcomeTag": chosen.name, "outcomeType": chosen.kind}


def _talk_time(row: dict[str, Any], drawn: int) -> dict[str, Any]:
    percent = drawn % _CORRECTED_PERCENT + 1
    by = max(1, int(row["talkTime"]) * percent // 100)
    if drawn // _CORRECTED_PERCENT % 2 and row["talkTime"] > by:
        by = -by
    return {name: row[name] + by for name in row}


_FIELDS: dict[str, tuple[str, ...]] = {
    "outcome": ("outcomeTag", "outcomeType"),
    "talk_time": ("talkTime", "callTime", "totalTime"),
    "removed": (),
}
_NEW: dict[str, Any] = {"outcome": _outcome, "talk_time": _talk_time, "removed": lambda *_: {}}


# What `truth` says of it.


def moment_text(epoch: int) -> str:
    """Return an epoch second as the API writes times."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def told_delays() -> dict[str, Any]:
    """Return how often what happens, and after how long, as plain JSON values."""
    return {
        each.name: {
            "share": each.per_mille / 1000,
            "of": "answered calls" if each.answered_only else "calls",
            "delay_s": {str(share / 1000): seconds for share, seconds in each.delay_s.items()},
        }
        for each in _ALL
    }
