"""Time axes: steps of the calendar, ticks on Mondays and firsts of months, and periods that are not whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._fitting import Fit, PlacedLabels

__all__ = ["Steps", "dot_axis", "middles_of", "moment", "steps_of", "time_axis"]

_STEPS = (
    ("5 minutes", "5min"),
    ("15 minutes", "15min"),
    ("half hour", "30min"),
    ("hour", "1h"),
    ("2 hours", "2h"),
    ("4 hours", "4h"),
    ("day", "D"),
    ("week", "W-MON"),
    ("month", "MS"),
    ("quarter", "QS"),
    ("year", "YS"),
)
"""Steps of a time axis: parts of a day, so that days look alike, or whole days and more."""

_NAMED = (("year", 360), ("quarter", 85), ("month", 27), ("week", 6.9), ("day", 0.9), ("hour", 1 / 24.5))

_BEGINS = {"week": ("W-MON", 200), "month": ("MS", 1_100), "quarter": ("MS", 1_100), "year": ("YS", 36_600)}
"""How the begin of a step is told, which need not be a Monday, and up to how many days each one is."""


@dataclass(frozen=True)
class Steps:
    """The steps of a time axis, each of one period of the table or of several.

    Parameters
    ----------
    first
        Place of the first period of each step.
    edges
        Where each step begins and the last one ends, as times of the clock in the zone of the table.
    name
        What a step is: ``"day"``.
    together
        Whether a step has several periods of the table.
    whole
        Whether the table has all of a step.
    """

    first: NDArray[np.intp]
    edges: NDArray[Any]
    name: str
    together: bool
    whole: NDArray[np.bool_]

    def sums(self, values: pd.Series) -> NDArray[Any]:
        """Return the sum of the values of each step; null where all of them are."""
        known = np.add.reduceat(values.notna().to_numpy().astype(int), self.first)
        sums = np.add.reduceat(values.fillna(0).to_numpy(), self.first)
        return np.where(known > 0, sums, np.nan) if (known == 0).any() else sums

    def highest(self, values: pd.Series) -> NDArray[Any]:
        """Return the highest value of each step."""
        return np.maximum.reduceat(values.to_numpy(), self.first)


def steps_of(stamps: Any, most: int, facts: Facts, whole: NDArray[np.bool_] | None = None) -> Steps:
    """Return the steps of a time axis: the periods of a table, or of too many the shortest step that is left.

    Parameters
    ----------
    stamps
        Begins of the periods, in order.
    most
        How many steps there may be.
    facts
        What the table says of its days: periods without calls at their ends are covered too.
    whole
        Whether the calls cover all of a period.
    """
    index = pd.DatetimeIndex(stamps)
    walls = index.tz_localize(None)
    edges = _edges(walls)
    complete = np.ones(len(walls), dtype=bool) if whole is None else np.asarray(whole, dtype=bool)
    if len(walls) <= most:
        return Steps(np.arange(len(walls)), edges, period_name(walls), False, complete)
    name, freq, starts, first = "", "", np.zeros(0), np.zeros(0, np.intp)
    for name, freq in _STEPS:  # noqa: B007  (the last one is kept)
        starts = _floored(walls, freq)
        first = np.flatnonzero(np.append(True, starts[1:] != starts[:-1]))
        if len(first) <= most:
            break
    bounds = np.append(starts[first], _next(starts[first][-1:], freq))
    inside = np.logical_and.reduceat(complete, first)
    # The table may begin or end in the middle of a step.
    begin = min(edges[0], np.datetime64(facts.first)) if facts.first else edges[0]
    end = max(edges[-1], np.datetime64(facts.last) + np.timedelta64(1, "D")) if facts.last else edges[-1]
    inside[0] &= bool(begin <= bounds[0])
    inside[-1] &= bool(end >= bounds[-1])
    return Steps(first, np.maximum.accumulate(bounds), name, True, inside)


def _floored(walls: pd.DatetimeIndex, freq: str) -> NDArray[Any]:
    """Return the begin of the step in which each time lies."""
    if freq in ("W-MON", "MS", "QS", "YS"):
        days = walls.normalize()
        if freq == "W-MON":
            return np.asarray(days - pd.to_timedelta(days.day_of_week, unit="D"))
        period = {"MS": "M", "QS": "Q", "YS": "Y"}[freq]
        return np.asarray(days.to_period(period).start_time)
    return np.asarray(walls.floor(freq))


def _next(starts: NDArray[Any], freq: str) -> NDArray[Any]:
    """Return where steps end."""
    offsets = {"W-MON": pd.Timedelta(days=7), "D": pd.Timedelta(days=1), "MS": pd.DateOffset(months=1)}
    offsets |= {"QS": pd.DateOffset(months=3), "YS": pd.DateOffset(years=1)}
    step: Any = offsets.get(freq)
    return np.asarray(pd.DatetimeIndex(starts) + (pd.Timedelta(freq) if step is None else step))


def _edges(walls: pd.DatetimeIndex) -> NDArray[Any]:
    """Return the start of each period and the end of the last, as times of the clock."""
    last = walls[-1:]
    name = period_name(walls)
    if name in ("month", "quarter", "year"):
        end = last + pd.DateOffset(months={"month": 1, "quarter": 3, "year": 12}[name])
    elif len(walls) > 1:
        end = last + np.median(np.diff(walls.to_numpy()))
    else:
        end = last + pd.Timedelta(days=1)
    # An hour repeated by a clock change would make the axis run backwards.
    return np.maximum.accumulate(walls.append(pd.DatetimeIndex(end)).to_numpy())


def period_name(stamps: pd.DatetimeIndex) -> str:
    """Return what the periods of a table are: ``"day"``, ``"week"``, ``"half hour"``."""
    if len(stamps) < 2:
        return "period"
    days = float(np.median(np.diff(stamps.to_numpy())) / np.timedelta64(1, "D"))
    for name, least in _NAMED:
        if days >= least:
            many = round(days * 24) if name == "hour" else round(days / least) if name == "day" else 1
            return name if many <= 1 else f"{many} {name}s"
    minutes = round(days * 1440)
    return "half hour" if minutes == 30 else "minute" if minutes == 1 else f"{minutes} minutes"


def time_axis(ax: Axes, edges: NDArray[Any], size: float) -> list[Fit]:
    """Label a time axis at hours, days, Mondays or firsts of months, whatever suits its length."""
    begin, end = _limited(ax, edges)
    ticks, freq = _ticks(begin, end)
    return [PlacedLabels(_numbers(ticks), _tick_labels(ticks, freq), size)]


def dot_axis(ax: Axes, steps: Steps, size: float) -> list[Fit]:
    """Label a time axis below the middles of its steps, where a line has its dots."""
    begin, end = _limited(ax, steps.edges)
    begins, middles = pd.DatetimeIndex(steps.edges[:-1]), middles_of(steps)
    ticks, freq = _ticks(begin, end)
    own, most = _BEGINS.get(steps.name, ("", 0))
    if (end - begin).days <= most:
        ticks, freq = list(begins), own
    if freq == own == "W-MON":
        ax.set_xlabel("weeks, by their first day")
    # A label stands below the first step of its month, or of what else it names.
    places = np.searchsorted(begins.to_numpy(), pd.DatetimeIndex(ticks).to_numpy())
    kept = [
        (middles[place], label)
        for place, label in zip(places, _tick_labels(ticks, freq), strict=True)
        if place < len(begins)
    ]
    return [PlacedLabels([place for place, _ in kept], [label for _, label in kept], size)]


def middles_of(steps: Steps) -> NDArray[np.float64]:
    """Return the middle of each step, in matplotlib's days."""
    edges = np.asarray(_numbers(steps.edges), dtype=np.float64)
    return (edges[1:] + edges[:-1]) / 2


def _numbers(times: Any) -> Any:
    """Return times as matplotlib's days."""
    untyped: Any = dates
    return untyped.date2num(times)


def _limited(ax: Axes, edges: NDArray[Any]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Limit a time axis to its steps; return begin and end."""
    begin, end = pd.Timestamp(edges[0]), pd.Timestamp(edges[-1])
    untyped: Any = ax
    untyped.set_xlim(begin, end)
    ax.xaxis.set_minor_locator(NullLocator())
    return begin, end


def _ticks(begin: pd.Timestamp, end: pd.Timestamp) -> tuple[list[pd.Timestamp], str]:
    """Return the ticks of a time axis, and what they are the begins of: ``"W-MON"``, or ``"3h"``."""
    days = (end - begin) / pd.Timedelta(days=1)
    if days <= 3:
        freq = f"{next(each for each in (1, 2, 3, 6, 12) if days * 24 / each <= 13)}h"
        return list(pd.date_range(begin.ceil(freq), end, freq=freq)), freq
    freq = "D" if days <= 15 else "W-MON" if days <= 200 else "MS" if days <= 1100 else "YS"
    ticks = [each for each in pd.date_range(begin.normalize(), end, freq=freq) if begin <= each < end]
    return ticks or [begin], freq


def _tick_labels(ticks: list[pd.Timestamp], freq: str) -> list[str]:
    """Return the labels of ticks: a second line tells the day, or the year, where it is a new one."""
    if freq.endswith("h"):
        return [
            f"{each:%H:%M}\n{_day(each)}" if _is_first(ticks, n) else f"{each:%H:%M}"
            for n, each in enumerate(ticks)
        ]
    if freq == "YS":
        return [str(each.year) for each in ticks]
    text = [_day(each) if freq in ("D", "W-MON") else f"{each:%b}" for each in ticks]
    years = [n == 0 or ticks[n - 1].year != each.year for n, each in enumerate(ticks)]
    return [
        f"{label}\n{each.year}" if new else label for label, each, new in zip(text, ticks, years, strict=True)
    ]


def _is_first(ticks: list[pd.Timestamp], place: int) -> bool:
    return place == 0 or ticks[place].date() != ticks[place - 1].date()


def _day(stamp: pd.Timestamp) -> str:
    return f"{stamp.day} {stamp:%b}"


def moment(stamp: Any, name: str) -> str:
    """Return when a step is, in words: ``the week of 9 March``, ``12 March 10:30``."""
    when = pd.Timestamp(stamp)
    if name == "week":
        return f"the week of {when.day} {when:%B}"
    if name == "month":
        return f"{when:%B %Y}"
    if name in ("day", "period"):
        return f"{when:%A} {when.day} {when:%B}"
    if name in ("quarter", "year"):
        return f"Q{when.quarter} {when.year}" if name == "quarter" else str(when.year)
    return f"{when:%a} {when.day} {when:%B} {when:%H:%M}"
