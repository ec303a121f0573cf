"""Calls of consecutive days, typed and in order, and what is said of how they were read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from brightcall_pandas.api import Task
from brightcall_pandas.cache import Part
from brightcall_pandas.errors import warn_user
from brightcall_pandas.frame import midnight_micros, typed_table
from brightcall_pandas.load._pages import DAY, WindowPages
from brightcall_pandas.load._proof import UNKNOWN
from brightcall_pandas.load._ranges import DaysRead

__all__ = ["DAY", "day_by_day", "in_order", "part_of", "runs", "warn_of_unproved"]

_SHOWN = 3  # runs of days in a warning


def part_of(
    read: WindowPages, first: date, last: date, zone: str, report: dict[str, Any], *, cut: bool
) -> Part:
    """Type the rows of a window, a column at a time, and complete the report on it.

    Parameters
    ----------
    read
        The window.
    first, last
        Its days.
    zone
        Zone in which they start.
    report
        What is said of how it was read.
    cut
        Whether calls of other days are left out, as those of a longer list are; otherwise they belong to the
        window that the server returned them for.
    """
    positions, stamps = read.latest_rows()
    edges = np.array([midnight_micros(str(first), zone, n) for n in range((last - first).days + 2)])
    unknown = stamps == UNKNOWN
    inside = unknown | ((stamps >= edges[0]) & (stamps < edges[-1])) | (not cut)
    own_zone = next((each.page.timezone for each in read.slices if each.page.timezone), None) or zone
    typed = typed_table([each.page for each in read.slices], own_zone, positions[inside])
    # A call without a time counts to the window's first day: `day_by_day` sees that it has no other one.
    day = np.where(unknown, 0, np.searchsorted(edges, stamps, side="right") - 1)[inside]
    rows = np.bincount(day.clip(0, len(edges) - 2), minlength=len(edges) - 1).tolist()
    counts = {"rows": int(inside.sum()), "untimed": int(unknown.sum()), "misfits": typed.report()}
    return Part(first, rows, typed.table, [{"changes": {}} | report | counts])


def day_by_day(
    readings: Sequence[DaysRead], read: Callable[[Sequence[date]], Task[list[DaysRead]]]
) -> Task[list[DaysRead]]:
    """Read windows of several days again, day by day, where calls without a time came.

    Only the list of a single day says to which day such a call belongs; without that, the same load would
    differ by what was cached before.

    Parameters
    ----------
    readings
        Windows as they were read.
    read
        Reads consecutive days.
    """
    result: list[DaysRead] = []
    for each in readings:
        if len(each.days) > 1 and any((page.stamps == UNKNOWN).any() for page in each.read.slices):
            for day in each.days:
                result += yield from read([day])
        else:
            result.append(each)
    return result


def runs(days: Sequence[date]) -> list[list[date]]:
    """Group consecutive days."""
    groups: list[list[date]] = []
    for day in days:
        if groups and day - groups[-1][-1] == DAY:
            groups[-1].append(day)
        else:
            groups.append([day])
    return groups


def in_order(have: dict[date, Part], days: Sequence[date]) -> Iterator[Part]:
    """Return each part once, in order of days."""
    last: Part | None = None
    for day in days:
        if (part := have[day]) is not last:
            yield part
            last = part


def warn_of_unproved(windows: Iterable[Mapping[str, Any]], then: str) -> None:
    """Say once which days are not proved complete, and why the first of them are not.

    Parameters
    ----------
    windows
        What is said of how each window was read.
    then
        What becomes of their calls, as sentences.
    """
    unproved = [each for each in windows if not each["complete"]]
    if not unproved:
        return
    days = {
        first + n * DAY
        for first, last in (map(date.fromisoformat, (each["day_from"], each["day_to"])) for each in unproved)
        for n in range((last - first).days + 1)
    }
    spans = [_span(run[0], run[-1]) for run in runs(sorted(days))]
    more = f" and {len(spans) - _SHOWN} more spans" if len(spans) > _SHOWN else ""
    named = ", ".join(spans[:_SHOWN]) + more
    first = unproved[0]
    problem = first.get("problem", "nothing proves it")
    if len(unproved) > 1:
        named = f"{len(days)} days ({named})"
        problem = f"{_span(first['day_from'], first['day_to'])}: {problem}"
    warn_user(f"calls of {named} are not proved complete: {problem}. {then}")


def _span(first: object, last: object) -> str:
    return str(first) if first == last else f"{first} to {last}"
