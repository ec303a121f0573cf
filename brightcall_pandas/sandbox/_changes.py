"""Changes of the table of calls: at once, before a later request, or at random."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from brightcall_pandas.sandbox._table import typed_rows

if TYPE_CHECKING:
    from brightcall_pandas.sandbox._table import CallTable

__all__ = ["Changes"]

_FIRST_INSERTED = 9_000_000_001


class Changes:
    """Changes of a table, and the history of them.

    A change is a mapping with one of ``insert`` (a list of records), ``update`` (a mapping with ``id`` and
    the new values) or ``delete`` (a list of ids); a kept one also has ``before_request``, the number of the
    request (from one, counted from when it was scheduled) before which it is made.

    Parameters
    ----------
    table
        What is changed.
    first, last
        Epoch seconds between which inserted calls lie, the second excluded.
    """

    def __init__(self, table: CallTable, first: int, last: int) -> None:
        self.history: list[dict[str, Any]] = []
        self._table = table
        self._span = first, last
        self._waiting: list[tuple[int, dict[str, Any]]] = []
        self._requests = 0
        self._inserted = 0

    def make(self, change: dict[str, Any]) -> int:
        """Make a change; return how many calls it touched."""
        if "insert" in change:
            ids = [record["id"] for record in change["insert"]]
            self._table.insert(typed_rows(change["insert"]))
            return self._noted("insert", ids)
        if "update" in change:
            fields = dict(change["update"])
            call_id = fields.pop("id")
            return self._noted("update", [call_id] * self._table.update(call_id, fields))
        return self._noted("delete", self._table.delete(change["delete"]))

    def schedule(self, changes: list[dict[str, Any]]) -> int:
        """Keep changes until just before the request that each of them names; return how many wait."""
        for change in changes:
            # A record that cannot be must fail here, not in the middle of somebody's load.
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

    def at_random(self, options: dict[str, Any]) -> None:
        """Insert, update and delete so many calls; ``chance`` in the options decides which."""
        rng = random.Random(options["chance"])  # noqa: S311
        for _ in range(options["insert"]):
            self.make({"insert": [self._new_call(rng)]})
        for _ in range(options["update"]):
            for call_id in self._any_id(rng):
                changed = {"id": call_id, "outcomeTag": "Interested", "outcomeType": "positive"}
                self.make({"update": changed | {"qualityRating": rng.randint(1, 5)}})
        for _ in range(options["delete"]):
            self.make({"delete": self._any_id(rng)})

    def _new_call(self, rng: random.Random) -> dict[str, Any]:
        self._inserted += 1
        epoch = rng.randrange(*self._span)
        return {
            "id": _FIRST_INSERTED + self._inserted - 1,
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat(),
            "uniqueId": f"{epoch}.{_FIRST_INSERTED + self._inserted}",
            "label": "inserted",
            "talkTime": rng.randint(0, 600),
            "state": 1,
        }

    def _any_id(self, rng: random.Random) -> list[str]:
        calls = self._table.query("SELECT count(*) AS n FROM calls")[0]["n"]
        if not calls:
            return []
        rows = self._table.query(
            f"SELECT id FROM calls ORDER BY TRY_CAST(id AS BIGINT), id LIMIT 1 OFFSET {rng.randrange(calls)}"  # noqa: S608
        )
        return [row["id"] for row in rows]

    def _noted(self, kind: str, ids: list[Any]) -> int:
        """Remember which calls a change touched, and before which request (from one)."""
        if ids:
            self.history.append(
                {"request": self._requests, "change": kind, "ids": [str(each) for each in ids]}
            )
        return len(ids)
