"""Days: how many of them a cell of the heat map is the mean of, and how many make a bar."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis import covered, days_of_cells
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.frame import midnight_micros, zone_name

__all__ = ["CoveredDays", "drawn_days"]

_MOST_BARS = 130


class CoveredDays:
    """The days that a frame covers, those without calls included, under the days that are chosen.

    Parameters
    ----------
    df
        The calls.
    """

    def __init__(self, df: pd.DataFrame) -> None:
        self._covered = covered(df)
        self._known: tuple[tuple[str | None, ...], NDArray[np.float64]] | None = None

    def of_cells(self, chosen: CallFilter) -> NDArray[np.float64]:
        """Return how many of the days have each weekday and hour, weekdays as rows."""
        key = (chosen.day_from, chosen.day_to, chosen.timezone)
        if self._known is None or self._known[0] != key:
            self._known = key, days_of_cells(replace(self._covered, windows=self._windows(*key), given=True))
        return self._known[1]

    def _windows(
        self, day_from: str | None, day_to: str | None, zone: str | None
    ) -> frozenset[tuple[int, int, int, int]]:
        """Return the spans of time that are covered and chosen."""
        spans = self._covered.spans
        name = zone or zone_name("timezone", self._covered.zone)
        if day_from is not None:
            spans = np.maximum(spans, midnight_micros(day_from, name))
        if day_to is not None:
            spans = np.minimum(spans, midnight_micros(day_to, name, 1))
        return frozenset((int(begin), int(end), int(end), 0) for begin, end in spans if begin < end)


def drawn_days(n_days: int, weekday: int) -> tuple[int, NDArray[np.intp]]:
    """Return how many days make a bar, and at which days bars begin.

    Parameters
    ----------
    n_days
        Number of days, at least one.
    weekday
        Weekday of the first of them, Monday is 0: bars of several days begin on Mondays.
    """
    step = next((size for size in (1, 7, 28, 91, 364) if n_days / size <= _MOST_BARS), n_days)
    first = (7 - weekday) % 7 if step > 1 else 0
    starts = np.arange(first, n_days, step)
    return step, starts if not first else np.concatenate([[0], starts])
