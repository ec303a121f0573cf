"""Commands by which a test looks into a running sandbox and changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from brightcall_pandas.sandbox._service import Service

__all__ = ["COMMANDS"]


def _requests(service: Service, _: dict[str, Any]) -> list[dict[str, Any]]:
    return service.log


def _truth(service: Service, _: dict[str, Any]) -> dict[str, Any]:
    return service.truth


def _change(service: Service, given: dict[str, Any]) -> int:
    return service.changes.make(given)


def _changes(service: Service, _: dict[str, Any]) -> list[dict[str, Any]]:
    return service.changes.history


def _schedule(service: Service, given: dict[str, Any]) -> int:
    return service.changes.schedule(given["changes"])


def _latency(service: Service, given: dict[str, Any]) -> float:
    service.latency_s = float(given["seconds"])
    return service.latency_s


def _faults(service: Service, given: dict[str, Any]) -> None:
    service.set_faults(given["faults"])


COMMANDS: dict[str, Callable[[Service, dict[str, Any]], object]] = {
    "requests": _requests,
    "truth": _truth,
    "change": _change,
    "changes": _changes,
    "schedule": _schedule,
    "latency": _latency,
    "faults": _faults,
}
"""Command by name, as in ``/_sandbox/<name>``."""
