"""Calls over time, by weekday and hour, in progress at once, and the agents they need."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from brightcall_pandas.plots._style import (
    BLUE,
    GREY,
    ORANGE,
    PALETTE,
    calls_of,
    count_axis,
    counted,
    housed,
    ink_on,
    is_rate,
    label_of,
    new_axes,
    no_data,
    number,
    percent,
    shortened,
    titled,
    words_of,
)

__all__ = ["concurrency", "heatmap", "over_time", "staffing"]

_SERIES = 6
_FEW = 10  # cells with fewer calls are hatched
_LEAST_HOURS = 8
_STEPS, _STEPS_OF_GROUPS = 500, 120  # with more, neighboring steps blur
_LIGHT_BLUE = "#a9cfe8"


@housed
def over_time(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the calls of each period and how many of them were answered.

    Parameters
    ----------
    table
        Table returned by `analysis.over_time`. With outer index levels each group becomes a line.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        All calls as light steps, answered calls as dark steps in front of them; with outer index levels a
        line for each of the six largest groups. If there are more than 500 periods, neighboring ones are
        added up.
    """
    title = "Calls over time"
    if table.empty:
        return no_data(new_axes(ax), title)
    ax = new_axes(ax)
    more = _series(ax, table) if table.index.nlevels > 1 else _answered(ax, table)
    stamps: Any = table.index.unique(table.index.nlevels - 1)
    _time_axis(ax, stamps)
    _upward_counts(ax, "calls")
    titled(ax, title, f"{calls_of(table['n_calls'].sum())}, times in {stamps.tz}{more}", key=True)
    return ax


def _answered(ax: Axes, table: pd.DataFrame) -> str:
    first, edges, words = _steps(table.index)
    calls, answered = (np.add.reduceat(table[name].to_numpy(), first) for name in ("n_calls", "answered"))
    ax.stairs(calls, edges, fill=True, color=_LIGHT_BLUE, label="calls")
    if np.isnan(answered).any():
        return words
    ax.stairs(answered, edges, fill=True, color=BLUE, label="answered")
    return f"; {percent(answered.sum() / max(calls.sum(), 1))} answered{words}"


def _series(ax: Axes, table: pd.DataFrame) -> str:
    outer = list(range(table.index.nlevels - 1))
    calls = table["n_calls"].groupby(level=outer, sort=False, observed=True, dropna=False)
    totals = calls.sum()
    largest = totals.nlargest(_SERIES).index
    values = table["n_calls"].to_numpy().reshape(len(totals), -1)
    first, edges, words = _steps(table.index.unique(table.index.nlevels - 1))
    for group, color in zip(largest, PALETTE, strict=False):
        name = f"{shortened(label_of(group), 18)} ({number(totals[group])})"
        heights = np.add.reduceat(values[totals.index.get_loc(group)], first)
        ax.stairs(heights, edges, color=color, label=name, linewidth=1.5, baseline=None)
    more = f"; the {len(largest)} largest of {len(totals)} groups" if len(totals) > len(largest) else ""
    return more + words


@housed
def concurrency(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many calls were in progress at once.

    Parameters
    ----------
    table
        Table returned by `analysis.concurrency`. With outer index levels each group becomes a line.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        The most calls at once in each period as filled steps, the mean as a line, and the peak with its time
        under the title; with outer index levels the most calls at once of the six groups with the highest
        peaks, a line each. If there are more than 500 periods (120 with groups), neighboring ones are drawn
        as one: the highest maximum, the mean of the means.
    """
    title = "Calls in progress"
    if table.empty:
        return no_data(new_axes(ax), title)
    ax = new_axes(ax)
    if table.index.nlevels > 1:
        remarks = f"most at once in each period{_peaks(ax, table['calls_max'])}"
    else:
        _steps_and_line(ax, table, ("calls_max", "most at once"), ("calls_mean", "on average (erlangs)"))
        peak: Any = table["calls_max"].idxmax()
        most = counted(table["calls_max"].max(), "call")
        remarks = f"peak {most}, first at {peak:%d %B %Y %H:%M} ({peak.tz})"
    _upward_counts(ax, "calls in progress")
    n = f"{calls_of(table.attrs['n_calls'])}; " if "n_calls" in table.attrs else ""
    titled(ax, title, n + remarks, key=True)
    return ax


@housed
def staffing(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many agents each period needs and the load they would carry.

    Parameters
    ----------
    table
        Table returned by `analysis.staffing`. With outer index levels each group becomes a line.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        Agents as filled steps, the load in erlangs as a line; with outer index levels the agents of the six
        groups that need most, a line each. If there are more than 500 periods (120 with groups), neighboring
        ones are drawn as one: the most agents, the mean load.
    """
    title = "Agents needed"
    if table.empty:
        return no_data(new_axes(ax), title)
    ax = new_axes(ax)
    most = f"at most {counted(table['agents'].max(), 'agent')}"
    if table.index.nlevels > 1:
        most = f"{most} in a group{_peaks(ax, table['agents'])}"
    else:
        _steps_and_line(ax, table, ("agents", "agents needed"), ("load_erlangs", "load (erlangs)"))
    _upward_counts(ax, "agents")
    stamps: Any = table.index.get_level_values(-1)
    titled(ax, title, f"{calls_of(table['offered'].sum())}; {most}; times in {stamps.tz}", key=True)
    return ax


def _steps_and_line(ax: Axes, table: pd.DataFrame, highest: tuple[str, str], mean: tuple[str, str]) -> None:
    """Draw one column as filled steps and another as a line; each is a column and its name in the legend."""
    first, edges, _ = _steps(table.index)
    sizes = np.diff(np.append(first, len(table)))
    means = np.add.reduceat(table[mean[0]].fillna(0).to_numpy(), first) / sizes
    peaks = np.maximum.reduceat(table[highest[0]].to_numpy(), first)
    ax.stairs(peaks, edges, fill=True, color=BLUE, alpha=0.45, label=highest[1])
    ax.stairs(means, edges, color=ORANGE, linewidth=1.2, label=mean[1], baseline=None)
    _time_axis(ax, table.index)


def _peaks(ax: Axes, values: pd.Series) -> str:
    """Draw a line for each of the groups with the highest values; return what to say about the others."""
    outer: list[Hashable] = list(range(values.index.nlevels - 1))
    by_group = values.groupby(level=outer, sort=False, observed=True, dropna=False)
    peaks = by_group.max()
    shown = peaks.nlargest(_SERIES).index
    stamps: Any = values.index.get_level_values(-1).unique().sort_values()
    first, edges, _ = _steps(stamps, _STEPS_OF_GROUPS)
    for group, color in zip(shown, PALETTE, strict=False):
        series = by_group.get_group(group if isinstance(group, tuple) else (group,)).droplevel(outer)
        heights = np.maximum.reduceat(series.reindex(stamps, fill_value=0).to_numpy(), first)
        name = f"{shortened(label_of(group), 18)} ({number(peaks[group])})"
        ax.stairs(heights, edges, color=color, label=name, linewidth=1.5, baseline=None)
    _time_axis(ax, stamps)
    return f"; the {len(shown)} highest of {len(peaks)} groups" if len(peaks) > len(shown) else ""


def _upward_counts(ax: Axes, label: str) -> None:
    ax.set_ylim(0)
    ax.set_ylabel(label)
    count_axis(ax.yaxis)
    ax.grid(axis="y")


def _time_edges(stamps: Any) -> np.ndarray:
    """Return the start of each period and the end of the last, as wall-clock times in the zone."""
    walls = pd.DatetimeIndex(stamps).tz_localize(None)
    step = walls[-1] - walls[-2] if len(walls) > 1 else pd.Timedelta(days=1)
    # An hour repeated by a clock change would make the axis run backwards.
    return np.maximum.accumulate(walls.append(walls[-1:] + step).to_numpy())


def _steps(stamps: Any, most: int = _STEPS) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the first period of each step, the edges of the steps, and a remark if steps hold several."""
    together = max(-(-len(stamps) // most), 1)
    first = np.arange(0, len(stamps), together)
    edges = _time_edges(stamps)
    words = f"; {together} periods in one step" if together > 1 else ""
    return first, np.append(edges[first], edges[-1]), words


def _time_axis(ax: Axes, stamps: Any) -> None:
    """Label the axis with dates and times as short as possible."""
    untyped: Any = dates
    locator = untyped.AutoDateLocator(minticks=3, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(untyped.ConciseDateFormatter(locator))
    edges = _time_edges(stamps)
    ax.set_xlim(edges[0], edges[-1])


@housed
def heatmap(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a value by weekday and hour of the day.

    Parameters
    ----------
    table
        Table returned by `analysis.heatmap`, without outer index levels.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A cell for each hour of the week; darker means more. Hours without calls at both ends of the day are
        left out. Cells that rest on fewer than ten calls are hatched; for a mean, the calls it is taken over
        count.

    Raises
    ------
    ValueError
        The table has outer index levels: a heat map shows one group.
    """
    facts = table.attrs.get("heatmap", {})
    value = str(facts.get("value", "value"))
    words = words_of(value)
    title = f"{words[:1].upper()}{words[1:]} by weekday and hour"
    behind = np.asarray(facts.get("counted", np.full(table.shape, np.nan)), dtype=np.float64)
    if table.index.nlevels > 1 and not table.empty:
        levels = ", ".join(map(str, table.index.names[:-1]))
        msg = (
            f"a heat map shows one group of calls, but this table is split by {levels}; "
            "select the calls of one group and draw their heatmap() without by="
        )
        raise ValueError(msg)
    if table.empty or (facts and not (behind > 0).any()):
        return no_data(new_axes(ax), title, "no calls" if table.empty else f"{words} is not known")
    busy = np.flatnonzero((behind > 0).any(axis=0)) if facts else np.arange(24)
    first = max(min(busy[0], busy[-1] - _LEAST_HOURS + 1), 0)
    hours = np.arange(first, max(busy[-1] + 1, first + _LEAST_HOURS))
    ax = new_axes(ax, width=max(4.0, 1.6 + 0.36 * len(hours)), height=3.2)
    values = table.to_numpy(dtype=np.float64)[:, hours]
    # Cells that rest on few calls must not set the color scale.
    solid = values[(behind[:, hours] >= _FEW) & ~np.isnan(values)]
    mesh = ax.pcolormesh(
        np.arange(len(hours) + 1) - 0.5,
        np.arange(8) - 0.5,
        np.ma.masked_invalid(values),
        cmap="Blues",
        vmin=0,
        vmax=solid.max() if len(solid) and solid.max() > 0 else None,
    )
    few = _marked(ax, values, behind[:, hours], mesh, value)
    ax.set_xticks(range(len(hours)), [str(hour) for hour in hours])
    ax.set_yticks(range(7), [str(day) for day in table.index])
    ax.invert_yaxis()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("hour of the day")
    unit = ", in percent" if is_rate(value) else ", in seconds" if value.endswith("_s") else ""
    mark = f"; hatched: fewer than {_FEW} calls" if few else ""
    mean = f", mean of {facts['days']:g} days" if "days" in facts else ""
    n = f"{calls_of(facts['n_calls'])}{unit}{mean}{mark}" if facts else ""
    titled(ax, title, n)
    return ax


def _marked(ax: Axes, values: np.ndarray, behind: np.ndarray, mesh: Any, value: str) -> bool:
    """Write the value into each cell, hatch the cells that rest on few calls, and return whether any do."""
    few = (behind > 0) & (behind < _FEW)
    places = int(value.endswith("_per_day") and np.nanmax(values) < 10)
    for day, hour in np.argwhere(~np.isnan(values)):
        color = to_hex(mesh.cmap(mesh.norm(values[day, hour])))
        text = f"{values[day, hour] * 100:.0f}" if is_rate(value) else _short(values[day, hour], places)
        ax.text(hour, day, text, ha="center", va="center", fontsize=7, color=ink_on(color))
    for day, hour in np.argwhere(few):
        corner = (hour - 0.5, day - 0.5)
        ax.add_patch(
            Rectangle(corner, 1, 1, fill=False, hatch="////", edgecolor=GREY, alpha=0.5, linewidth=0)
        )
    return bool(few.any())


def _short(amount: float, places: int) -> str:
    return f"{amount / 1000:.1f}k" if amount >= 10_000 else f"{amount:.{places}f}"
