"""Changes to the table of calls, and which calls were there meanwhile.

A test that loads from a table that changes has to know which calls it must find: those that were there in
every state from which an answer was made. `Witness` tells.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from brightcall_pandas.sandbox._late import moment_text
from brightcall_pandas.sandbox._table import typed_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from brightcall_pandas.sandbox._late import Future
    from brightcall_pandas.sandbox._table import CallTable

__all__ = ["AT_RANDOM", "Changes", "Witness"]

_FIRST_INSERTED = 9_000_000_001
_LATEST_S = 30  # by which a new call at the end is later than the newest one, at most
_BATCH = 200  # calls that are made in advance: one by one, each would take sixty times as long


class Changes:
    """Changes to a table (at once, before a later request, or at random), and their history.

    A change is a mapping with one of ``insert`` (a list of records), ``update`` (a mapping with ``id`` and
    the new values) or ``delete`` (a list of ids). A scheduled one also has ``before_request``, the number of
    the request before which it is made; 1 is the next request after scheduling.

    Parameters
    ----------
    table
        The table to change.
    first, last
        Epoch seconds between which random inserted calls lie, the second excluded.
    future
        What happens by itself as time passes.
    """

    def __init__(self, table: CallTable, first: int, last: int, future: Future) -> None:
        self.history: list[dict[str, Any]] = []
        self.future = future
        self.witness = Witness(table)
        self._table = table
        self._span = first, last
        self._waiting: list[tuple[int, dict[str, Any]]] = []
        self._requests = 0
        self._anywhere = _Prepared(table, self._drawn_anywhere)
        self._at_the_end = _Prepared(table, self._drawn_at_the_end)
        self._made = 0
        self._newest: int | None = None

    def make(self, change: dict[str, Any]) -> int:
        """Make a change; return how many calls it affected."""
        self.witness.table_changed()
        if "insert" in change:
            ids = [record["id"] for record in change["insert"]]
            self._table.insert(typed_rows(change["insert"]))
            return self._record("insert", ids)
        if "update" in change:
            fields = dict(change["update"])
            call_id = fields.pop("id")
            return self._record("update", [call_id] * self._table.update(call_id, fields))
        return self._record("delete", self._table.delete(change["delete"]))

    def schedule(self, changes: list[dict[str, Any]]) -> int:
        """Keep changes until just before the requests they name; return how many are waiting."""
        for change in changes:
            # An invalid record must fail here, not in the middle of somebody's load.
            typed_rows(change.get("insert", []))
            self._waiting.append((self._requests + int(change["before_request"]), change))
        return len(self._waiting)

    def before_request(self) -> None:
        """Count a request, and make the changes that are due before it."""
        self._requests += 1
        due = [change for number, change in self._waiting if number <= self._requests]
        self._waiting = [each for each in self._waiting if each[0] > self._requests]
        for change in due:
            self.make(change)

    def advance(self, seconds: int) -> int:
        """Let time pass, and what happens meanwhile happen; return how many changes that were."""
        self.witness.table_changed()
        made = self.future.advance(seconds)
        for kind, ids, at in made:
            self._record(kind, ids, at)
        return len(made)

    def restore(self) -> None:
        """Put the table back as it was drawn, the clock too, and drop scheduled changes and the mark."""
        self._waiting.clear()
        self._table.restore()
        self.future.restart()
        self._anywhere.reset()
        self._at_the_end.reset()
        self.witness.forget()

    # At random: each takes the options of the fault of the same name, whose ``chance`` decides which call.

    def at_random(self, options: dict[str, Any]) -> None:
        """Insert, update and delete as many calls as the options say; their ``chance`` decides which."""
        rng = random.Random(options["chance"])  # noqa: S311
        for _ in range(options["insert"]):
            self._show(self._anywhere.one_of(rng))
        for _ in range(options["update"]):
            for call_id in self._random_id(rng):
                changed = {"id": call_id, "outcomeTag": "Interested", "outcomeType": "positive"}
                self.make({"update": changed | {"qualityRating": rng.randint(1, 5)}})
        for _ in range(options["delete"]):
            self.make({"delete": self._random_id(rng)})

    def grow(self, _: dict[str, Any]) -> None:
        """Add a call that begins at the same time as the newest one, or up to half a minute later."""
        self._show(self._at_the_end.next())

    def insert(self, options: dict[str, Any]) -> None:
        """Add a call at any time of the days."""
        self._show(self._anywhere.one_of(random.Random(options["chance"])))  # noqa: S311

    def delete(self, options: dict[str, Any]) -> None:
        """Remove a call."""
        self.make({"delete": self._random_id(random.Random(options["chance"]))})  # noqa: S311

    def _show(self, prepared: tuple[int, int]) -> None:
        position, call_id = prepared
        self.witness.table_changed()
        self._table.show(range(position, position + 1))
        self._record("insert", [call_id])

    def _drawn_anywhere(self, rng: random.Random) -> dict[str, Any]:
        return self._new_call(rng, rng.randrange(*self._span))

    def _drawn_at_the_end(self, rng: random.Random) -> dict[str, Any]:
        """Draw a call after the newest one, which is that of the drawn calls at first."""
        first, last = self._span
        if self._newest is None:
            newest = self._table.query('SELECT max(epoch("timestamp")) AS newest FROM calls')[0]["newest"]
            self._newest = int(first if newest is None else newest)
        self._newest = min(self._newest + rng.randint(0, _LATEST_S), last - 1)
        return self._new_call(rng, self._newest)

    def _new_call(self, rng: random.Random, epoch: int) -> dict[str, Any]:
        self._made += 1
        return {
            "id": _FIRST_INSERTED + self._made - 1,
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat(),
            "uniqueId": f"{epoch}.{_FIRST_INSERTED + self._made}",
            "label": "inserted",
            "talkTime": rng.randint(0, 600),
            "state": 1,
            "type": rng.randrange(3),
        }

    def _random_id(self, rng: random.Random) -> list[str]:
        calls = self._table.query("SELECT count(*) AS n FROM calls")[0]["n"]
        if not calls:
            return []
        rows = self._table.query(
            f"SELECT id FROM calls ORDER BY TRY_CAST(id AS BIGINT), id LIMIT 1 OFFSET {rng.randrange(calls)}"  # noqa: S608
        )
        return [row["id"] for row in rows]

    def _record(self, kind: str, ids: list[Any], at: int | None = None) -> int:
        """Record which calls a change affected, and when; return how many."""
        if ids:
            self.history.append(
                {
                    "request": self._requests,
                    "change": kind,
                    "ids": [str(each) for each in ids],
                    "at": moment_text(self.future.now if at is None else at),
                }
            )
        return len(ids)


class _Prepared:
    """Calls that are rendered in advance, and shown once each until the table is restored.

    Parameters
    ----------
    table
        The table.
    draw
        Draws a call.
    """

    def __init__(self, table: CallTable, draw: Callable[[random.Random], dict[str, Any]]) -> None:
        self._table = table
        self._draw = draw
        self._all: list[tuple[int, int]] = []
        self._left: list[tuple[int, int]] = []

    def reset(self) -> None:
        """Take note that none is shown any longer."""
        self._left = list(self._all)

    def next(self) -> tuple[int, int]:
        """Return position and id of the first call that is left."""
        self._fill()
        return self._left.pop(0)

    def one_of(self, rng: random.Random) -> tuple[int, int]:
        """Return position and id of a random call that is left."""
        self._fill()
        return self._left.pop(rng.randrange(len(self._left)))

    def _fill(self) -> None:
        if not self._left:
            rng = random.Random(len(self._all))  # noqa: S311
            calls = [self._draw(rng) for _ in range(_BATCH)]
            positions = self._table.prepare(typed_rows(calls))
            fresh = [(position, call["id"]) for position, call in zip(positions, calls, strict=True)]
            self._all += fresh
            self._left += fresh


AT_RANDOM: dict[str, Callable[[Changes, dict[str, Any]], None]] = {
    "mutate": Changes.at_random,
    "grow": Changes.grow,
    "insert": Changes.insert,
    "delete": Changes.delete,
}
"""Fault by name: the change that it makes before an answer."""


class Witness:
    """The calls that were there in every state from which an answer was made since a mark, and in any.

    A call is known by ``uniqueId``, which no persona rewrites, and its time: one that is moved is another.

    Parameters
    ----------
    table
        The table from which answers are made.
    """

    def __init__(self, table: CallTable) -> None:
        self._table = table
        self._seen: _Seen | None = None

    def mark(self) -> None:
        """Start anew."""
        self._seen = _Seen()

    def forget(self) -> None:
        """Drop the mark, if there is one."""
        self._seen = None

    def table_changed(self) -> None:
        """Take note that the next answer is made from another state."""
        if self._seen is not None:
            self._seen.current = False

    def answer_made(self) -> None:
        """Take note of the state from which an answer was made."""
        seen = self._seen
        if seen is None:
            return
        seen.answers += 1
        if not seen.current:
            state = self._table.state()
            seen.always = state if seen.always is None else np.intersect1d(seen.always, state)
            seen.ever = np.union1d(seen.ever, state)
            seen.current = True

    def told(self) -> dict[str, Any]:
        """Return ``always`` and ``ever``, each as sorted ``uniqueId``, and the number of ``answers``.

        Raises
        ------
        ValueError
            There is no mark.
        """
        if self._seen is None:
            msg = "there is no mark; set one before the load"
            raise ValueError(msg)
        always = _NOTHING if self._seen.always is None else self._seen.always
        return {
            "always": self._table.unique_ids(always),
            "ever": self._table.unique_ids(self._seen.ever),
            "answers": self._seen.answers,
        }


_NOTHING: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)


@dataclass
class _Seen:
    answers: int = 0
    current: bool = False  # whether the table is still as at the latest answer
    always: npt.NDArray[np.uint64] | None = None
    ever: npt.NDArray[np.uint64] = field(default_factory=lambda: _NOTHING)
