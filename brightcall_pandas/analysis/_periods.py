"""Periods (``freq=``, and ``by=`` where it names one): where they begin, and which calls belong to which.

A period begins where people say it does: days at local midnight, weeks on Monday, hours on the hour. Around a
clock change a day has 23 or 25 hours, and the hour that occurs twice is two periods.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import Key
from brightcall_pandas.frame import micros, type_error

__all__ = ["is_period", "period_key", "period_starts"]

_WORDS = {
    "minute": "min",
    "hour": "h",
    "day": "D",
    "week": "W",
    "month": "M",
    "quarter": "Q",
    "year": "Y",
    "MS": "M",
    "ME": "M",
    "QS": "Q",
    "QE": "Q",
    "YS": "Y",
    "YE": "Y",
}
_CALENDAR = ("D", "W", "M", "Q", "Y")
_SPAN = re.compile(r"(?:[0-9.]*(?:D|h|min|s))+")
_DAY = pd.Timedelta(days=1)
_HOUR = pd.Timedelta(hours=1)


def period_starts(first: pd.Timestamp, last: pd.Timestamp, freq: str) -> pd.DatetimeIndex:
    """Return where the periods from `first` to `last` begin, and where the last one ends.

    Parameters
    ----------
    first, last
        Times of one timezone.
    freq
        A span that divides the day (``"15min"``, ``"h"``, ``"2h"``), or a calendar period: ``"D"``, ``"W"``
        (from Monday), ``"M"``, ``"Q"``, ``"Y"``; the words ``hour``, ``day``, ``week``, ``month``,
        ``quarter`` and ``year`` do as well.

    Raises
    ------
    TypeError, ValueError
        `freq` is not one of these.
    """
    if not isinstance(freq, str):
        raise type_error("freq", "text such as 'day' or '15min'", freq)
    wall_first, wall_last = first.tz_localize(None), last.tz_localize(None)
    name = _WORDS.get(freq, freq)
    if name.split("-")[0] in _CALENDAR and name.isupper():  # pandas warns of "W-mon"
        try:
            periods = pd.period_range(pd.Period(wall_first, name), pd.Period(wall_last, name) + 1)
        except ValueError as error:
            raise _refused(freq) from error
        return _between(_localized(periods.start_time, first), first, last)
    step = _step(name, freq)
    walls = pd.date_range(wall_first.floor(step), wall_last.floor(step) + step, freq=step)
    return _between(_localized(walls, first, step if step <= _HOUR else None), first, last)


def _between(starts: pd.DatetimeIndex, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """Drop starts outside the range, such as the other one of two equal hours."""
    low, high = starts.searchsorted(first, side="right") - 1, starts.searchsorted(last, side="right")
    return starts[low : high + 1]


def _step(name: str, freq: str) -> pd.Timedelta:
    if not _SPAN.fullmatch(name):  # others are no words for people, or deprecated, or shorter than a second
        raise _refused(freq)
    try:
        offset: Any = pd.tseries.frequencies.to_offset(name)
        step = pd.Timedelta(offset)
    except (ValueError, TypeError) as error:
        raise _refused(freq) from error
    if step < pd.Timedelta("1s") or _DAY % step:
        raise _refused(freq)
    return step


def _refused(freq: str) -> ValueError:
    return ValueError(
        f"freq={freq!r} is not a period; it takes a span that divides the day ('15min', 'h', '2h'), one of "
        "D, W, M, Q, Y, or one of the words hour, day, week, month, quarter, year"
    )


def _localized(
    walls: pd.DatetimeIndex, like: pd.Timestamp, fill: pd.Timedelta | None = None
) -> pd.DatetimeIndex:
    """Return wall-clock times as times of the zone.

    A time that occurs twice is taken the first time. Where a clock change leaves a gap longer than `fill`,
    the gap is filled with steps of it: the second one of two equal hours.
    """
    summer = np.ones(len(walls), dtype=bool)
    walls = walls.as_unit("us")
    places = walls.tz_localize(like.tz, ambiguous=summer, nonexistent="NaT")
    starts, skipped = places.asi8, np.flatnonzero(places.isna())
    # Gaps are days apart, and all times in one end at the same instant.
    opens = np.diff(walls[skipped].asi8, prepend=-(2**62)) >= _DAY // pd.Timedelta(microseconds=1)
    ends = [_after_gap(each, like) for each in walls[skipped[opens]]]
    starts[skipped] = np.array(ends, dtype=np.int64)[np.cumsum(opens) - 1]
    starts = starts[np.diff(starts, prepend=starts[0] - 1) > 0]
    if fill is not None:
        step = fill // pd.Timedelta(microseconds=1)
        gaps = np.flatnonzero(np.diff(starts) > step)
        for gap in gaps[::-1]:
            starts = np.insert(starts, gap + 1, np.arange(starts[gap] + step, starts[gap + 1], step))
    return pd.DatetimeIndex(starts.view("datetime64[us]")).tz_localize("UTC").tz_convert(like.tz)


def _after_gap(wall: pd.Timestamp, like: pd.Timestamp) -> int:
    """Return the first instant after the clock skipped this time, in microseconds since 1970.

    pandas' own ``shift_forward`` is wrong where a gap begins or ends at a part of an hour.
    """
    around = [wall.tz_localize("UTC") + days * _DAY for days in (-1, 1)]
    # Before the gap the clock is behind the one after it, so the gap lies between these two.
    low, high = sorted(wall.value // 10**9 - _offset_s(each, like) for each in around)
    while high - low > 1:
        middle = (low + high) // 2
        shown = pd.Timestamp(middle, unit="s", tz="UTC").tz_convert(like.tz).tz_localize(None)
        low, high = (low, middle) if shown >= wall else (middle, high)
    return high * 1_000_000


def _offset_s(instant: pd.Timestamp, like: pd.Timestamp) -> int:
    offset = instant.tz_convert(like.tz).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())


def is_period(name: str) -> bool:
    """Tell whether a name is one that `period_starts` takes."""
    now = pd.Timestamp(0)
    try:
        period_starts(now, now, name)
    except ValueError:
        return False
    return True


def period_key(stamps: pd.Series, freq: str) -> tuple[Key, NDArray[np.bool_]]:
    """Return the key that labels calls by period, and which of them have a time at all.

    Labels are the starts of the periods, named ``timestamp``, gaps included. Calls without a time carry
    code 0 and are to be left out.
    """
    known = stamps.notna().to_numpy()
    if not known.any():
        none = pd.DatetimeIndex(stamps.iloc[:0]).as_unit("us")
        return Key(np.zeros(len(stamps), dtype=np.int64), none.rename("timestamp")), known
    starts = period_starts(stamps.min(), stamps.max(), freq)
    codes = np.searchsorted(starts.asi8, micros(stamps), side="right") - 1
    return Key(np.where(known, codes, 0), starts[:-1].rename("timestamp")), known
