"""Typed calls of some consecutive days, and what is said of how they were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from brightcall_pandas.cache._repeats import Span, day_numbers, id_spans, repeated_rows, shared_days

if TYPE_CHECKING:
    from brightcall_pandas.cache._segment import Segment

__all__ = ["DayHistory", "Part", "clipped", "pages_of", "pages_text"]

Page = tuple[str, int, int, int]
"""A page from which a window was made: its key in the page cache, its number, size and checksum."""


class DayHistory(NamedTuple):
    """What the ledger knows of a day.

    Parameters
    ----------
    since
        Moment from which on it tells what the calls were like, in microseconds.
    read
        When the latest reading was kept.
    edits
        How many entries the ledger has of the day since then.
    """

    since: int
    read: int
    edits: int


@dataclass(frozen=True)
class Part:
    """The calls of some consecutive days, ordered by day and then by time.

    Parameters
    ----------
    first
        First day.
    rows
        Number of calls on each day.
    table
        The calls, typed.
    windows
        Report of each window that has one of these days: ``day_from, day_to, rows, expected, requests,
        source, fetched_at, walks, duplicates, complete, proof, untimed, changes, misfits``, and ``pages`` if
        it was kept, for `pages_of`.
    serials
        Number of the reading of each day, by which readings are ordered; empty for one that was just made.
    spans
        Span of the ids of each day; empty where they were not looked at.
    repeats
        Positions of each call that stands on several of the days, by call.
    segment
        The file that it was read from.
    history
        What the ledger knows of each day; empty where that was not asked for.
    """

    first: date
    rows: list[int]
    table: pa.Table
    windows: list[dict[str, Any]]
    serials: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    repeats: list[list[int]] = field(default_factory=list)
    segment: Segment | None = None
    history: list[DayHistory] = field(default_factory=list)

    @classmethod
    def concat(cls, parts: Sequence[Part]) -> Part:
        """Return parts as one; each must start on the day after the one before it."""
        whole = cls(
            parts[0].first,
            [rows for part in parts for rows in part.rows],
            pa.concat_tables([part.table for part in parts]),
            [window for part in parts for window in part.windows],
            [serial for part in parts for serial in part.serials],
            [span for part in parts for span in part.id_spans()],
            history=[each for part in parts for each in part.history],
        )
        apart = not any(each.any() for each in shared_days([part.id_spans() for part in parts]))
        if apart and not any(part.repeats for part in parts):
            return whole
        return replace(whole, repeats=repeated_rows(whole.table, whole.rows))

    @property
    def days(self) -> list[date]:
        """The days."""
        return [self.first + timedelta(days=n) for n in range(len(self.rows))]

    def id_spans(self) -> list[Span]:
        """Return the span of the ids of each day."""
        return self.spans or id_spans(self.table["id"], self.rows)

    def between(self, first: date, last: date) -> Part:
        """Return some of the days."""
        begin, end = (first - self.first).days, (last - self.first).days + 1
        skipped, rows = sum(self.rows[:begin]), self.rows[begin:end]
        by_day = dict(zip(map(str, self.days), self.rows, strict=True))
        return Part(
            first,
            rows,
            self.table.slice(skipped, sum(rows)),
            clipped(self.windows, self.days[begin:end], by_day),
            self.serials[begin:end],
            self.spans[begin:end],
            history=self.history[begin:end],
        )

    def without(self, dropped: np.ndarray) -> Part:
        """Return the calls without some of them, given by position; reports count those that are left."""
        keep = np.ones(sum(self.rows), dtype=bool)
        keep[dropped] = False
        rows = np.bincount(day_numbers(self.rows)[keep], minlength=len(self.rows)).tolist()
        return replace(self, rows=rows, table=self.table.filter(pa.array(keep)), repeats=[])


def clipped(
    windows: Iterable[dict[str, Any]], days: Sequence[date], rows: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return the reports on some days; of a window with other days too, only what it has of these.

    Parameters
    ----------
    windows
        Reports on windows.
    days
        Consecutive days.
    rows
        Number of calls by day.
    """
    first, last = str(days[0]), str(days[-1])
    return [
        window
        if first <= window["day_from"] and window["day_to"] <= last
        else _clipped(window, max(first, window["day_from"]), min(last, window["day_to"]), rows)
        for window in windows
        if window["day_from"] <= last and first <= window["day_to"]
    ]


def _clipped(window: dict[str, Any], first: str, last: str, rows: Mapping[str, int]) -> dict[str, Any]:
    number = sum(calls for day, calls in rows.items() if first <= day <= last)
    left = {"day_from": first, "day_to": last, "rows": number, "expected": None}
    return window | left | {"read": window.get("read") or [window["day_from"], window["day_to"]]}


def pages_text(pages: Iterable[Page]) -> str:
    """Return the pages of a window as JSON text, for its report.

    One text and not a list, since readers of a segment hardly ever need it, and a month has thousands.
    """
    return msgspec.json.encode(list(pages)).decode()


def pages_of(window: Mapping[str, Any]) -> list[Page]:
    """Return the pages from which a window was made.

    Raises
    ------
    KeyError
        The window was not kept, so its pages were not recorded.
    """
    return msgspec.json.decode(window["pages"], type=list[Page])
