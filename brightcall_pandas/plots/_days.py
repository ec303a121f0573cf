"""Days as a calendar: a row for each weekday, a column for each week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import NDArray

from brightcall_pandas.plots._cells import bare, cell, shade
from brightcall_pandas.plots._colors import RED, more_is, tones_of
from brightcall_pandas.plots._fitting import CellTexts, PlacedLabels, RowLabels, text_size
from brightcall_pandas.plots._formats import (
    amount,
    amounts,
    defined,
    is_rate,
    is_seconds,
    number,
    percent,
    sentence_case,
    words_of,
)
from brightcall_pandas.plots._heatmaps import DAYS
from brightcall_pandas.plots._limits import ALIKE, chance_band, clearly_more, effective_calls
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._standing import level_of
from brightcall_pandas.plots._text import Key

__all__ = ["calendar"]

_WEEKS = 53  # a year
_NAMED = 2  # days that the title names
_FEW = 30  # calls: a rate or a mean of fewer is hatched and sets no color
_WEEK = pd.Timedelta(days=7)

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class _Days:
    """Days with their values, and where they stand in the calendar.

    `solid_calls` are the calls of as many clients that tell as much; `told` is which days the table says are
    beyond chance.
    """

    stamps: Any
    values: NDArray[np.float64]
    calls: NDArray[np.float64]
    weeks: NDArray[np.int64]
    weekdays: NDArray[np.int64]
    solid_calls: NDArray[np.float64]
    part: Flags
    value: str
    told: Flags | None = None

    @property
    def few(self) -> Flags:
        """Which days are hatched: part of their calls is not loaded, or there are too few."""
        if is_rate(self.value) or is_seconds(self.value):
            return self.part | (self.calls < _FEW)
        return self.part

    @property
    def mean(self) -> float:
        """The rate of all days together."""
        known = ~np.isnan(self.values) & (self.calls > 0)
        return float((self.values * self.calls)[known].sum() / max(self.calls[known].sum(), 1))

    @property
    def outside(self) -> Flags:
        """Which days differ from the rate of all by more than chance; none where the value is no rate.

        Of those that are hatched none does: they rest on too little to be told.
        """
        if not is_rate(self.value) or np.isnan(self.calls).all():
            return np.zeros(len(self.values), dtype=bool)
        if self.told is not None:
            return self.told & ~self.few
        calls = np.where(self.calls > 0, self.solid_calls, np.nan)
        low, high = chance_band(self.mean, calls, ALIKE)
        return np.asarray((self.values < low) | (self.values > high)) & ~self.few


@dataclass
class _Dates:
    """The days of the month in the corners of cells, where there is ample room for them above the values."""

    dates: Sequence[Text]
    values: Sequence[Text]
    size: float

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Show the dates in full size or not at all: squeezed in, they are read as values."""
        box, (left, right), (low, high) = ax.get_window_extent(), ax.get_xlim(), ax.get_ylim()
        width, height = box.width / abs(right - left), box.height / abs(high - low)
        font = self.values[0].get_fontproperties().copy()
        taken = text_size(renderer, "88", font)[1]
        font.set_size(self.size)
        across, along = text_size(renderer, "88", font)
        shown = 1.3 * along <= 0.82 * height - taken and across <= 0.3 * width
        for date, value in zip(self.dates, self.values, strict=True):
            date.set_visible(shown)
            value.set_y(np.floor(value.get_position()[1]) + (0.66 if shown else 0.5))


@picture
def calendar(table: pd.DataFrame, look: Look) -> Axes:
    """Draw a value of each day as a calendar.

    Parameters
    ----------
    table
        Table returned by ``analysis.over_time(df, "D")``, without outer index levels. Its first column is
        drawn: ``table[["answer_rate", "n_calls", "complete"]]`` draws the answer rate.

    Returns
    -------
    matplotlib.axes.Axes
        A cell for each day, with its date where there is room, a row for each weekday and a column for each
        week; darker means more, lighter on a dark background. A rate of fewer than 30 calls is hatched and
        sets no color, and so is a day of which calls are only loaded in part. Of the other days the title
        counts those whose rate differs from that of all by more than chance; they are framed. Of more than 53
        weeks the last are drawn.

    Raises
    ------
    ValueError
        The table has outer index levels, or its periods are not days.
    """
    value = str(table.columns[0])
    words = words_of(value)
    if table.empty or not table[value].notna().any():
        topic = sentence_case(f"{words} by day")
        return no_data(look, topic, "no calls" if table.empty else f"{words} is not known")
    every = _days_of(table, value, look)
    days = _last(every, look.top or _WEEKS)
    ax = look.axes(width=min(max(1.4 + 0.3 * (days.weeks[-1] + 1), 6.5), 10.0), height=3.8)
    texts, months = _cells(ax, days, look), _months(ax, days, look)
    unit = ", in percent" if is_rate(value) else ", in seconds" if is_seconds(value) else ""
    return headed(
        ax,
        look,
        _finding(days),
        look.facts.lines(
            f"{defined(value)} of each day{unit}",
            _test(every, look),
            look.facts.n(table) if "n_calls" in table else "",
            f"hatched and not counted: fewer than {_FEW} calls, or a part of the day"
            if days.few.any()
            else "",
            f"the last {number(days.weeks[-1] + 1)} of {number(every.weeks[-1] + 1)} weeks"
            if len(days.values) < len(every.values)
            else "",
        ),
        form="A cell for each day, weekdays below one another and weeks side by side, "
        f"{more_is(tones_of(ax, inside=True).paper)} for more",
        key=[Key("framed: beyond chance", RED, "frame")] if days.outside.any() else [],
        fits=[
            CellTexts(texts, look.small),
            _dates(ax, days, texts, look),
            RowLabels(DAYS, look.small, [day + 0.5 for day in range(7)]),
            months,
        ],
    )


def _test(days: _Days, look: Look) -> str:
    """Return how chance was ruled out."""
    if not is_rate(days.value) or np.isnan(days.calls).all():
        return ""
    if days.told is not None:
        return f"chance: each day against the others, {level_of(look.facts)}"
    return "chance: 0.2 % for each day, not corrected for their number"


def _days_of(table: pd.DataFrame, value: str, look: Look) -> _Days:
    if table.index.nlevels > 1:
        levels = ", ".join(map(str, table.index.names[:-1]))
        msg = (
            f"a calendar shows one group of calls, but this table is split by {levels}; "
            "draw over_time('D') of one group"
        )
        raise ValueError(msg)
    table = table.sort_index()
    stamps: Any = pd.DatetimeIndex(table.index).tz_localize(None)
    apart = (stamps[1:] - stamps[:-1]).min() if len(stamps) > 1 else pd.Timedelta(days=1)
    if not (stamps == stamps.normalize()).all() or apart != pd.Timedelta(days=1):
        msg = "a calendar shows days, and the periods of this table are others: draw over_time('D')"
        raise ValueError(msg)
    monday = stamps[0] - pd.Timedelta(days=int(stamps[0].day_of_week))
    many, unknown = len(table), np.full(len(table), np.nan)
    counted = "n_calls" in table
    return _Days(
        stamps,
        table[value].to_numpy(dtype=np.float64),
        table["n_calls"].to_numpy(dtype=np.float64) if counted else unknown,
        np.asarray((stamps - monday) // _WEEK, dtype=np.int64),
        np.asarray(stamps.day_of_week, dtype=np.int64),
        effective_calls(table, value, look.facts) if counted and is_rate(value) else unknown,
        ~table["complete"].to_numpy(dtype=bool) if "complete" in table else np.zeros(many, dtype=bool),
        value,
        table["beyond_chance"].fillna(value=False).to_numpy(dtype=bool)
        if "beyond_chance" in table and value == "answer_rate"
        else None,
    )


def _last(days: _Days, most: int) -> _Days:
    """Return the days of the last weeks."""
    kept = days.weeks > days.weeks[-1] - most
    return _Days(
        days.stamps[kept],
        days.values[kept],
        days.calls[kept],
        days.weeks[kept] - days.weeks[kept][0],
        days.weekdays[kept],
        days.solid_calls[kept],
        days.part[kept],
        days.value,
        None if days.told is None else days.told[kept],
    )


def _cells(ax: Axes, days: _Days, look: Look) -> list[Text]:
    """Draw a cell for each day that is known; return the numbers in them."""
    known = ~np.isnan(days.values)
    solid = days.values[known & ~days.few]
    counts = not is_rate(days.value) and not is_seconds(days.value)
    low = 0.0 if counts or len(solid) < 2 else float(solid.min())
    span = float(solid.max(initial=0)) - low or 1.0
    ax.set_xlim(0, days.weeks[-1] + 1)
    ax.set_ylim(7, 0)
    ax.set_yticks(np.arange(7) + 0.5, DAYS)
    bare(ax)
    few, texts = days.few, []
    for place in np.flatnonzero(known):
        where = (int(days.weeks[place]), int(days.weekdays[place]))
        value = float(days.values[place])
        color = shade(ax, (value - low) / span)
        texts.append(cell(ax, where, color, _short(value, days.value), look, hatched=bool(few[place])))
    for week, day in zip(days.weeks[days.outside], days.weekdays[days.outside], strict=True):
        frame = Rectangle((week + 0.05, day + 0.05), 0.9, 0.9, fill=False, edgecolor=RED, linewidth=2)
        ax.add_patch(frame)
    return texts


def _dates(ax: Axes, days: _Days, values: Sequence[Text], look: Look) -> _Dates:
    """Write the day of the month into the corner of each cell."""
    size = 0.8 * look.small
    dates = [
        ax.text(
            week + 0.15,
            weekday + 0.15,
            str(stamp.day),
            va="top",
            ha="left",
            color=value.get_color(),
            fontsize=size,
        )
        for week, weekday, stamp, value in zip(
            *(each[~np.isnan(days.values)] for each in (days.weeks, days.weekdays, days.stamps)),
            values,
            strict=True,
        )
    ]
    return _Dates(dates, values, size)


def _short(value: float, metric: str) -> str:
    if is_rate(metric):
        return f"{100 * value:.0f}"
    return f"{value / 1000:.1f}k" if value >= 10_000 else number(value)


def _months(ax: Axes, days: _Days, look: Look) -> PlacedLabels:
    """Rule off each month, and date each week below by its Monday."""
    firsts = [place for place, day in enumerate(days.stamps) if day.day == 1 or place == 0]
    monday = days.stamps[0] - pd.Timedelta(days=int(days.stamps[0].day_of_week))
    mondays = [monday + week * _WEEK for week in range(int(days.weeks[-1]) + 1)]
    names = []
    for week, day in enumerate(mondays):
        # The last Monday of the month before has no room for a name of its own beside the next.
        new_month = mondays[week - 1].month != day.month if week else mondays[:2][-1].month == day.month
        names.append(f"{day.day}\n{day:%b}" if new_month else str(day.day))  # the subtitle has the years
    places = [week + 0.5 for week in range(len(mondays))]
    ax.set_xlabel("weeks, by the date of their Monday")
    ink = tones_of(ax, inside=True).ink
    for first in firsts[1:]:
        week, day = days.weeks[first], days.weekdays[first]
        # A month that begins on a Monday has no step.
        corners = [(week, 7), (week, day), *([(week + 1, day), (week + 1, 0)] if day else [])]
        ax.plot(*zip(*corners, strict=True), color=ink, linewidth=0.9)
    return PlacedLabels(places, names, look.small)


def _finding(days: _Days) -> str:
    """Return how many days differ by more than chance or, of what is no rate, when it was highest."""
    known = ~np.isnan(days.values)
    if is_rate(days.value) and not np.isnan(days.calls).all():
        many, beyond = int((known & ~days.few).sum()), int(days.outside.sum())
        if not many:
            return f"{sentence_case(words_of(days.value))}: no whole day has {_FEW} calls or more"
        some = f"{beyond} of {many} days {'differs' if beyond == 1 else 'differ'}"
        begin = some if beyond else f"None of {many} days differs"
        above = int((days.values[days.outside] > days.mean).sum())
        ways = f": {above} above, {beyond - above} below" if 0 < above < beyond else ""
        way = "" if ways or not beyond else ", above it" if above else ", below it"
        way += f" ({percent(float(days.values[days.outside][0]))})" if beyond == 1 else ""
        if 0 < beyond <= _NAMED:
            dates = [f"{day.day} {day:%B}" for day in days.stamps[days.outside]]
            ways = ways or f"{way}: {' and '.join(dates)}"
        return f"{begin} from {percent(days.mean)} by more than chance{ways or way}"
    solid = known & ~days.few
    values = np.where(solid if solid.any() else known, days.values, np.nan)
    peak, median = int(np.nanargmax(values)), float(np.nanmedian(values))
    stamp = days.stamps[peak]
    if is_seconds(days.value) and known.sum() > 1:
        low, high = amounts([np.nanmin(values), np.nanmax(values)], days.value)
        return f"{sentence_case(words_of(days.value))}: {low} to {high} by day"
    second = np.sort(values[~np.isnan(values)])[-2:][0]
    times = f", {values[peak] / median:.1f} × the median day" if median > 0 else ""
    words = sentence_case(words_of(days.value))
    if known.sum() == 1:
        return f"{words} on {stamp:%A}, {stamp.day} {stamp:%B}: {amount(values[peak], days.value)}"
    unclear = not is_rate(days.value) and not clearly_more(values[peak], second)
    peak_words = f"{words} highest on {stamp:%A}, {stamp.day} {stamp:%B}: {amount(values[peak], days.value)}"
    return f"{peak_words}{times}{', but no clear peak' if unclear else ''}"
