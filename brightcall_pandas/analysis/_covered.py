"""Which time a frame of calls covers, days without calls included, and what that makes of its periods.

A load knows its days, and says so in ``attrs``. Of a part of the calls loaded nobody knows which days were
meant: those from its first to its last call count. Without such attributes they do so for any frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import WEEKDAYS, by_time, split
from brightcall_pandas.analysis._groups import grouped
from brightcall_pandas.analysis._periods import is_period, period_starts
from brightcall_pandas.frame import (
    calendar_days,
    has_own_end,
    micros,
    midnight_micros,
    optional_column,
    zone_name,
)

__all__ = ["Covered", "Days", "calls_a_day", "covered", "covered_together", "days_behind", "fills"]

Days = tuple[str | date | pd.Period, str | date | pd.Period] | str | pd.Period | None
"""What every ``days=`` takes: the first and the last day that the calls were loaded for, a period of the
calendar such as ``"2026-03"``, or None."""

Window = tuple[int, int, int, int]
"""A window that was loaded: begin, end and time of reading in microseconds since 1970, number of calls."""


@dataclass(frozen=True)
class Covered:
    """What is known of the time that calls cover.

    Parameters
    ----------
    zone
        Zone of the frame's times; None of a frame without times.
    windows
        The windows that were loaded; None where the frame does not say. With ``days=`` a single one.
    rows
        How many calls the frame has.
    first, last
        Begin of the first and end of the last day that has calls; the first is behind the last without calls.
    given
        Whether the days were given as ``days=``.
    """

    zone: tzinfo | None = None
    windows: frozenset[Window] | None = None
    rows: int = 0
    first: int = 1
    last: int = 0
    given: bool = False

    @property
    def spans(self) -> NDArray[np.int64]:
        """The time covered: begins and ends in microseconds since 1970, in order and apart."""
        of_calls = [(self.first, self.last)] if self.first < self.last else []
        if self.windows is None:
            return _joined(of_calls)
        spans = _joined([(begin, self._end(end, read)) for begin, end, read, _ in self.windows])
        if self.given or not of_calls:
            return spans
        if not len(spans) or self.first < spans[0, 0] or self.last > spans[-1, 1] + _LONGEST_DAY:
            return _joined(of_calls)  # the windows are not those of these calls
        if self.rows < sum(rows for *_, rows in self.windows):
            spans = np.clip(spans, self.first, self.last)
        return spans[spans[:, 0] < spans[:, 1]]

    def _end(self, end: int, read: int) -> int:
        """Return where a window ends: when it was read, unless later calls show that clock to be wrong."""
        return read if read < end and self.last - read <= _LONGEST_DAY else end


_LONGEST_DAY = 90_000_000_000  # 25 hours


def covered(df: pd.DataFrame, days: Days = None) -> Covered:
    """Return what is known of the time that calls cover.

    Parameters
    ----------
    df
        Calls in any form.
    days
        First and last day, or a period; None: what ``df.attrs["brightcall"]`` says, else the days of the
        calls.

    Raises
    ------
    TypeError, ValueError
        `days` is not a pair of days in their order.
    """
    given = None if days is None else _given(days)
    stamps = optional_column(df, "timestamp")
    zone = stamps.dt.tz
    times = micros(stamps)[stamps.notna().to_numpy()] if "timestamp" in df.columns else np.zeros(0, np.int64)
    first, last = (1, 0) if not len(times) else _whole_days(times.min(), times.max(), zone)
    if given is not None:
        name = zone_name("timezone", zone)
        begin, end = midnight_micros(given[0], name), midnight_micros(given[1], name, 1)
        return Covered(zone, frozenset({(begin, end, end, 0)}), len(df), first, last, given=True)
    windows = _windows(df.attrs.get("brightcall"))
    return Covered(zone if "timestamp" in df.columns else None, windows, len(df), first, last)


def covered_together(parts: Iterable[Covered]) -> Covered:
    """Return what is known of the time that calls cover, from what is known of parts of them."""
    every = list(parts)
    some = [each for each in every if each.rows] or every[:1]
    said = [each.windows for each in some if each.windows is not None]
    windows = frozenset[Window]().union(*said) if len(said) == len(some) else None
    timed = [each for each in some if each.first < each.last]
    return Covered(
        some[0].zone,
        windows,
        sum(each.rows for each in some),
        min((each.first for each in timed), default=1),
        max((each.last for each in timed), default=0),
        given=some[0].given,
    )


def fills(starts: pd.DatetimeIndex, time: Covered) -> NDArray[np.bool_]:
    """Tell which periods the covered time fills, given where each begins and where the last one ends."""
    edges, spans = starts.asi8, time.spans
    if not len(spans):
        return np.zeros(max(len(edges) - 1, 0), dtype=bool)
    within = np.searchsorted(spans[:, 0], edges[:-1], side="right") - 1
    return np.asarray((within >= 0) & (edges[1:] <= spans[within, 1]))


def days_behind(index: pd.Index, time: Covered) -> NDArray[np.float64]:
    """Return for each group how many of the covered days its calls can be of.

    Parameters
    ----------
    index
        The groups; levels that are named by a time dimension or period say when their calls began.
    time
        The time covered.

    Returns
    -------
    numpy.ndarray
        Days that have the weekday, hour or period of the group, of which a day that is covered in part counts
        in part. Null for a group of calls without a time, and where nothing is known of the time.
    """
    spans = time.spans
    if not len(spans) or time.zone is None:
        return np.full(len(index), np.nan)
    names = [str(name) for name in index.names if _is_of_time(index, str(name))]
    days = _days_of(names, spans, time.zone)
    if not names:
        return np.full(len(index), days[()])
    labels = zip(*(index.get_level_values(name) for name in names), strict=True)
    return np.array([days.get(each, np.nan) for each in labels])


def calls_a_day(calls: NDArray[Any], days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return calls ÷ days; null where no day has such calls."""
    return np.asarray(calls, dtype=np.float64) / np.where(days > 0, days, np.nan)


def _days_of(names: Sequence[str], spans: NDArray[np.int64], zone: tzinfo) -> dict[tuple[Any, ...], float]:
    """Return how many covered days have each label of these time dimensions."""
    first, last = (pd.Timestamp(int(each), unit="us", tz=zone) for each in (spans[0, 0], spans[-1, 1] - 1))
    freqs = ["D", *("h" for name in names if name == "hour"), *filter(is_period, names)]
    edges = np.unique(np.concatenate([period_starts(first, last, freq).asi8 for freq in freqs]))
    lengths, filled = np.diff(edges), np.diff(_time_until(spans, edges))
    starts = pd.DatetimeIndex(edges[:-1].view("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
    grid = pd.DataFrame({"timestamp": starts})
    keys = split(grid, [name for name in names if name != "day"]).keys
    day = split(grid, "day").keys[0]
    cells = grouped([*keys, day])
    share = cells.sum(filled) / cells.sum(lengths)
    levels = [cells.index.get_level_values(name) for name in names] if keys or names else []
    days: dict[tuple[Any, ...], float] = {} if names else {(): float(share.sum())}
    for labels, each in zip(zip(*levels, strict=True), share, strict=False):
        days[labels] = days.get(labels, 0.0) + each
    return days


def _time_until(spans: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how much of the spans lies before each time."""
    before = np.concatenate([[0], np.cumsum(spans[:, 1] - spans[:, 0])])
    place = np.searchsorted(spans[:, 0], times, side="right") - 1
    within = np.minimum(times, spans[place, 1]) - spans[place, 0]
    return np.where(place < 0, 0, before[place] + within)


def _is_of_time(index: pd.Index, name: str) -> bool:
    """Tell whether a level holds times; a column of one's own may have the name of a period."""
    if not by_time([name]):
        return False
    labels = index.get_level_values(name)
    if name == "weekday":
        return isinstance(labels, pd.CategoricalIndex) and set(WEEKDAYS) <= set(labels.categories)
    if name == "hour":
        return labels.dtype == "Int64"
    return isinstance(labels.dtype, pd.DatetimeTZDtype)


def _joined(spans: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Return spans in order, those that touch as one."""
    joined: list[list[int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        elif begin < end:
            joined.append([begin, end])
    return np.array(joined, dtype=np.int64).reshape(-1, 2)


def _whole_days(first: int, last: int, zone: tzinfo) -> tuple[int, int]:
    """Return the begin of the day of one time, and the end of the day of another."""
    stamps = [pd.Timestamp(int(each), unit="us", tz=zone) for each in (first, last)]
    starts = period_starts(stamps[0], stamps[1], "D")
    return int(starts.asi8[0]), int(starts.asi8[-1])


def _given(days: Any) -> tuple[str, str]:
    if isinstance(days, str | pd.Period):
        days = (days, days) if has_own_end(days, "days") else days
    if not isinstance(days, tuple | list) or len(days) != 2:
        msg = f"days={days!r} must be the first and the last day, such as ('2026-03-02', '2026-03-31')"
        raise TypeError(msg)
    (first, _), (_, last) = (calendar_days("days", each) for each in days)
    if first > last:
        msg = f"days={days!r} must be the first and the last day, in this order"
        raise ValueError(msg)
    return first, last


def _windows(known: Any) -> frozenset[Window] | None:
    """Return the windows that a load read; None where the attributes do not name them all."""
    windows = known.get("windows") if isinstance(known, Mapping) else None
    if not isinstance(windows, list) or not windows:
        return None
    try:
        return frozenset(_window(each, known["timezone"]) for each in windows)
    except (KeyError, TypeError, ValueError):
        return None  # attributes of another program, or from a file


def _window(said: Mapping[str, Any], zone: str) -> Window:
    """Return a window as a load describes it."""
    begin, end = midnight_micros(said["day_from"], zone), midnight_micros(said["day_to"], zone, 1)
    fetched = said.get("fetched_at")
    read = end if fetched is None else round(pd.Timestamp(fetched).timestamp() * 1e6)
    return begin, end, read, int(said["rows"])
