"""The parts of one load together: each call stands in them once.

Parts are read at different times. A call whose time was changed in between can stand on two days: then the
later reading counts. A call without a time that can be believed may come with every day: then the earliest
day counts. Which days can have a call in common at all, their spans of ids tell, so that as a rule no call
is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from brightcall_pandas.cache import Part, day_numbers, groups_of, shared_days
from brightcall_pandas.frame import IDENTITY_FIELDS, call_numbers, midnight_micros
from brightcall_pandas.load._parts import runs
from brightcall_pandas.load._proof import UNKNOWN

__all__ = ["once"]

_JUST_READ = 2**62  # stands for the serial of a reading that has none yet


def once(parts: Sequence[Part], zone: str) -> list[Part]:
    """Return parts in which each call stands once.

    Parameters
    ----------
    parts
        Parts of different days.
    zone
        Zone in which days start.

    Returns
    -------
    list of Part
        In order of days. Reports of windows that lost calls count those that are left; ``moved`` has the
        number of those that stand on another day by a later reading.

    Raises
    ------
    StoreError
        A file that has to be looked at again cannot be read.
    """
    parts = sorted(parts, key=lambda part: part.first)
    suspected = shared_days([part.id_spans() for part in parts])
    for part, days in zip(parts, suspected, strict=True):
        if part.repeats:
            days[day_numbers(part.rows)[[row for group in part.repeats for row in group]]] = True
    if not any(days.any() for days in suspected):
        return parts
    surplus = list(_surplus(list(_standing(parts, suspected)), zone))
    return [
        _without(part, [each for each in surplus if each.row.part == number])
        for number, part in enumerate(parts)
    ]


@dataclass(frozen=True)
class _Row:
    """Where a call stands."""

    part: int
    position: int
    day: date
    serial: int
    time: int


@dataclass(frozen=True)
class _Surplus:
    """A row that is left out, and whether that is because its call moved to another day."""

    row: _Row
    moved: bool


def _standing(parts: Sequence[Part], suspected: Sequence[np.ndarray]) -> Iterator[list[_Row]]:
    """Return the rows of each call that stands on several days."""
    tables, places = [], []
    for number, (part, chosen) in enumerate(zip(parts, suspected, strict=True)):
        for run in runs([day for day, wanted in zip(part.days, chosen.tolist(), strict=True) if wanted]):
            begin = (run[0] - part.first).days
            skipped, rows = sum(part.rows[:begin]), part.rows[begin : begin + len(run)]
            tables.append(_identities(part, run, skipped, sum(rows)))
            places.append((number, begin, skipped, rows))
    table = pa.concat_tables(tables)
    times = table["timestamp"].to_numpy().astype("datetime64[us]").astype(np.int64)
    part_of_row = np.concatenate([np.full(sum(rows), number) for number, _, _, rows in places])
    day_of_row = np.concatenate([begin + day_numbers(rows) for _, begin, _, rows in places])
    position = np.concatenate([skipped + np.arange(sum(rows)) for _, _, skipped, rows in places])
    apart = part_of_row * (1 + int(day_of_row.max(initial=0))) + day_of_row
    for group in groups_of(call_numbers(table), apart):
        yield [
            _row(parts, *where)
            for where in zip(
                part_of_row[group].tolist(),
                day_of_row[group].tolist(),
                position[group].tolist(),
                times[group].tolist(),
                strict=True,
            )
        ]


def _row(parts: Sequence[Part], number: int, day: int, position: int, time: int) -> _Row:
    part = parts[number]
    serial = part.serials[day] if part.serials else _JUST_READ
    return _Row(number, position, part.days[day], serial, time)


def _identities(part: Part, days: Sequence[date], begin: int, length: int) -> pa.Table:
    """Return what the calls of some days are known by."""
    if part.segment is None or set(IDENTITY_FIELDS) <= set(part.table.column_names):
        return part.table.slice(begin, length).select(IDENTITY_FIELDS)
    return part.segment.read(days, IDENTITY_FIELDS).table


def _surplus(calls: Sequence[list[_Row]], zone: str) -> Iterator[_Surplus]:
    """Return the rows to leave out."""

    @cache
    def midnight(day: date, days: int) -> int:
        return midnight_micros(str(day), zone, days)

    for rows in calls:
        dated = [
            each.time != UNKNOWN and midnight(each.day, -1) <= each.time < midnight(each.day, 2)
            for each in rows
        ]
        latest, earliest = max((each.serial, each.day) for each in rows)[1], min(each.day for each in rows)
        chosen = latest if any(dated) else earliest
        yield from (_Surplus(each, any(dated)) for each in rows if each.day != chosen)


def _without(part: Part, surplus: Sequence[_Surplus]) -> Part:
    if not surplus:
        return part
    left = part.without(np.array([each.row.position for each in surplus]))
    return replace(left, windows=[_told(window, surplus) for window in part.windows])


def _told(window: dict[str, Any], surplus: Sequence[_Surplus]) -> dict[str, Any]:
    """Return the report on a window, of which calls were left out."""
    lost = Counter(
        each.moved for each in surplus if window["day_from"] <= str(each.row.day) <= window["day_to"]
    )
    if not lost:
        return window
    counts = {"rows": window["rows"] - lost.total(), "untimed": window["untimed"] - lost[False]}
    return window | counts | ({"moved": lost[True]} if lost[True] else {})
