"""A window that replaces older readings of its days: what differs, and what remains known of the days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from brightcall_pandas.cache import FIRST_SEEN, DayHistory, Part, day_numbers, micros
from brightcall_pandas.load._changes import Diff, Reread, changes, diff, entries_of

__all__ = ["Successor"]


class Successor:
    """A window beside the readings that it replaces.

    Where a day was not read before, or at a time that is still to come (a clock was ahead), what is known of
    it begins with this reading.

    Parameters
    ----------
    part
        The calls of the window.
    older
        The readings of some of its days, in order, with when each call was first seen.
    now
        When it is kept.
    is_final
        Tells whether a day could no longer change at a time.
    """

    def __init__(
        self, part: Part, older: Sequence[Part], now: datetime, is_final: Callable[[datetime, date], bool]
    ) -> None:
        self._part, self._older, self._is_final = part, older, is_final
        self._known = {
            day: known for each in older for day, known in zip(each.days, each.history, strict=True)
        }
        self._seen = micros(now)
        if any(known.read == self._seen for known in self._known.values()):  # no two readings at one moment
            self._seen += 1

    @cached_property
    def _began(self) -> dict[date, datetime]:
        """When the older reading of each day began."""
        return {
            day: datetime.fromisoformat(window["fetched_at"])
            for each in self._older
            for window in each.windows
            for day in each.days
            if window["day_from"] <= str(day) <= window["day_to"]
        }

    @cached_property
    def _days(self) -> np.ndarray:
        """Day of each call of the window."""
        days: np.ndarray = np.array(self._part.days, dtype="datetime64[D]")[day_numbers(self._part.rows)]
        return days

    @cached_property
    def _compared(self) -> np.ndarray:
        """Which calls of the window are on days that were read before."""
        compared: np.ndarray = np.isin(self._days, np.array(list(self._known), dtype="datetime64[D]"))
        return compared

    @cached_property
    def _reread(self) -> Reread:
        table = self._part.table
        old_days = [
            np.array(each.days, dtype="datetime64[D]")[day_numbers(each.rows)] for each in self._older
        ]
        return Reread(
            old=pa.concat_tables([each.table for each in self._older]),
            new=table if self._compared.all() else table.filter(pa.array(self._compared)),
            old_days=np.concatenate(old_days),
            new_days=self._days[self._compared],
            since=lambda days: self._by_day(days, lambda day: micros(self._began[day]), np.int64),
            settled=lambda days: self._by_day(
                days, lambda day: self._is_final(self._began[day], day), np.bool_
            ),
        )

    @staticmethod
    def _by_day(days: np.ndarray, of_day: Callable[[date], Any], kind: type) -> np.ndarray:
        distinct, place = np.unique(days, return_inverse=True)
        values: np.ndarray = np.array([of_day(day) for day in distinct.tolist()], dtype=kind)[place]
        return values

    @cached_property
    def _diff(self) -> Diff:
        return diff(self._reread.old, self._reread.new)

    @property
    def changes(self) -> dict[str, Any]:
        """What has changed, for the window's report; nothing where there is no older reading."""
        if not self._older:
            return {}
        since = min(window["fetched_at"] for each in self._older for window in each.windows)
        return {"since": since, **changes(self._diff)}

    def entries(self, serial: int) -> pa.Table | None:
        """Return what differs as entries of the ledger; None where nothing does."""
        if not self._older:
            return None
        entries = entries_of(self._reread, self._diff, self._seen, serial)
        return entries if len(entries) else None

    def part(self, entries: pa.Table | None) -> Part:
        """Return the window with when each call was first seen, and what is known of its days."""
        days = np.zeros(0, "datetime64[D]") if entries is None else entries["day"].to_numpy()
        edits = dict(zip(*(each.tolist() for each in np.unique(days, return_counts=True)), strict=True))
        history = [self._history(day, edits.get(day, 0)) for day in self._part.days]
        if not self._older:
            return replace(self._part, history=history)
        seen = np.full(len(self._days), self._seen, dtype=np.int64)
        seen[self._compared] = self._reread.first_seen(self._diff, self._seen)
        begins = np.repeat([each.since for each in history], self._part.rows)
        seen = np.where(begins == self._seen, self._seen, seen)
        table = self._part.table.append_column(FIRST_SEEN, pa.array(seen, pa.int64()))
        return replace(self._part, table=table, history=history)

    def _history(self, day: date, edits: int) -> DayHistory:
        before = self._known.get(day)
        if before is None or before.read > self._seen:
            return DayHistory(self._seen, self._seen, 0)
        return DayHistory(before.since, self._seen, before.edits + edits)

    def alone(self) -> Part:
        """Return the window as if its days had not been read before, for one who cannot write the ledger."""
        return replace(self._part, history=[DayHistory(self._seen, self._seen, 0)] * len(self._part.rows))
