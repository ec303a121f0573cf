"""Commands by which a test looks into a running sandbox and changes it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from brightcall_pandas.sandbox.table import typed_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from brightcall_pandas.sandbox.service import Service
    from brightcall_pandas.sandbox.table import CallTable

__all__ = ["COMMANDS", "Changes"]


class Changes:
    """Changes of the table: made at once, or kept until just before a later request.

    A change is a mapping with one of ``insert`` (a list of records), ``update`` (a mapping with ``id`` and
    the new values) or ``delete`` (a list of ids); a kept one also has ``before_request``, the number of the
    request (from one, counted from when it was scheduled) before which it is made.
    """

    def __init__(self, table: CallTable) -> None:
        self._table = table
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, dict[str, Any]]] = []
        self._requests = 0

    def make(self, change: dict[str, Any]) -> int:
        """Make a change; return how many calls it touched."""
        if "insert" in change:
            self._table.insert(typed_rows(change["insert"]))
            return len(change["insert"])
        if "update" in change:
            fields = dict(change["update"])
            return self._table.update(fields.pop("id"), fields)
        return self._table.delete(change["delete"])

    def schedule(self, changes: list[dict[str, Any]]) -> int:
        """Keep changes until just before the request that each of them names; return how many wait."""
        with self._lock:
            for change in changes:
                # A record that cannot be must fail here, not in the middle of somebody's load.
                typed_rows(change.get("insert", []))
                self._waiting.append((self._requests + int(change["before_request"]), change))
            return len(self._waiting)

    def before_request(self) -> None:
        """Count a request, and make the changes that are due before it."""
        with self._lock:
            self._requests += 1
            due = [change for number, change in self._waiting if number <= self._requests]
            self._waiting = [each for each in self._waiting if each[0] > self._requests]
            for change in due:
                self.make(change)


def _requests(service: Service, given: dict[str, Any]) -> list[dict[str, Any]]:
    return service.log[int(given.get("since", 0)) :]


def _truth(service: Service, _: dict[str, Any]) -> dict[str, Any]:
    return service.truth


def _change(service: Service, given: dict[str, Any]) -> int:
    return service.changes.make(given)


def _schedule(service: Service, given: dict[str, Any]) -> int:
    return service.changes.schedule(given["changes"])


def _latency(service: Service, given: dict[str, Any]) -> float:
    service.latency_s = float(given["seconds"])
    return service.latency_s


COMMANDS: dict[str, Callable[[Service, dict[str, Any]], object]] = {
    "requests": _requests,
    "truth": _truth,
    "change": _change,
    "schedule": _schedule,
    "latency": _latency,
}
"""Command by name, as in ``/_sandbox/<name>``."""
