"""Calls along the clock and the calendar."""

from __future__ import annotations

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
    PALETTE,
    calls_of,
    count_axis,
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

__all__ = ["heatmap", "over_time"]

_SERIES = 6
_FEW = 10  # cells with fewer calls are marked
_LEAST_HOURS = 8
_STEPS = 500  # more of them blur
_LIGHT_BLUE = "#a9cfe8"


@housed
def over_time(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many calls there were in each period, and how many were answered.

    Parameters
    ----------
    table
        What `analysis.over_time` returns. With outer levels each group becomes a line.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        Calls as light steps, answered ones as dark steps in front of them; or a line for each of the six
        largest groups. Of more than 500 periods several are added up in one step.
    """
    title = "Calls over time"
    if table.empty:
        return no_data(new_axes(ax), title)
    ax = new_axes(ax)
    more = _series(ax, table) if table.index.nlevels > 1 else _answered(ax, table)
    stamps: Any = table.index.unique(table.index.nlevels - 1)
    time_axis(ax, stamps)
    ax.set_ylim(0)
    ax.set_ylabel("calls")
    count_axis(ax.yaxis)
    ax.grid(axis="y")
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
    for group, colour in zip(largest, PALETTE, strict=False):
        name = f"{shortened(label_of(group), 18)} ({number(totals[group])})"
        heights = np.add.reduceat(values[totals.index.get_loc(group)], first)
        ax.stairs(heights, edges, color=colour, label=name, linewidth=1.5, baseline=None)
    more = f"; the {len(largest)} largest of {len(totals)} groups" if len(totals) > len(largest) else ""
    return more + words


def time_edges(stamps: Any) -> np.ndarray:
    """Return where each period begins and the last one ends, as wall-clock times of the zone."""
    walls = pd.DatetimeIndex(stamps).tz_localize(None)
    step = walls[-1] - walls[-2] if len(walls) > 1 else pd.Timedelta(days=1)
    # The hour that a clock change repeats would make the axis run backwards.
    return np.maximum.accumulate(walls.append(walls[-1:] + step).to_numpy())


def thinned(table: pd.DataFrame, highest: str, mean: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return edges, the highest values of one column and the means of another, in few enough steps."""
    first, edges, _ = _steps(table.index)
    sizes = np.diff(np.append(first, len(table)))
    means = np.add.reduceat(table[mean].fillna(0).to_numpy(), first) / sizes
    return edges, np.maximum.reduceat(table[highest].to_numpy(), first), means


def _steps(stamps: Any) -> tuple[np.ndarray, np.ndarray, str]:
    """Return where the steps of a picture begin among the periods, their edges, and what to say of them."""
    together = max(-(-len(stamps) // _STEPS), 1)
    first = np.arange(0, len(stamps), together)
    edges = time_edges(stamps)
    words = f"; {together} periods in one step" if together > 1 else ""
    return first, np.append(edges[first], edges[-1]), words


def time_axis(ax: Axes, stamps: Any) -> None:
    """Write dates and times as short as can be."""
    untyped: Any = dates
    locator = untyped.AutoDateLocator(minticks=3, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(untyped.ConciseDateFormatter(locator))
    edges = time_edges(stamps)
    ax.set_xlim(edges[0], edges[-1])


@housed
def heatmap(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a value by weekday and hour.

    Parameters
    ----------
    table
        What `analysis.heatmap` returns.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A cell for each hour of the week, the darker the more. Hours without calls are left out at both ends
        of the day; cells that rest on fewer than ten calls (of a mean: those it is the mean of) are
        hatched.
    """
    facts = table.attrs.get("heatmap", {})
    value = str(facts.get("value", "value"))
    words = words_of(value)
    title = f"{words[:1].upper()}{words[1:]} by weekday and hour"
    behind = np.asarray(facts.get("counted", np.full(table.shape, np.nan)), dtype=np.float64)
    if table.empty or (facts and not (behind > 0).any()):
        return no_data(new_axes(ax), title, "no calls" if table.empty else f"{words} is not known")
    busy = np.flatnonzero((behind > 0).any(axis=0)) if facts else np.arange(24)
    first = max(min(busy[0], busy[-1] - _LEAST_HOURS + 1), 0)
    hours = np.arange(first, max(busy[-1] + 1, first + _LEAST_HOURS))
    ax = new_axes(ax, width=max(4.0, 1.6 + 0.36 * len(hours)), height=3.2)
    values = table.to_numpy(dtype=np.float64)[:, hours]
    # Cells that rest on few calls must not set the scale.
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
    n = f"{calls_of(facts['n_calls'])}{unit}{mark}" if facts else ""
    titled(ax, title, n)
    return ax


def _marked(ax: Axes, values: np.ndarray, behind: np.ndarray, mesh: Any, value: str) -> bool:
    """Write the number into each cell, hatch cells that rest on few calls, and tell whether there are any."""
    few = (behind > 0) & (behind < _FEW)
    for day, hour in np.argwhere(~np.isnan(values)):
        colour = to_hex(mesh.cmap(mesh.norm(values[day, hour])))
        text = f"{values[day, hour] * 100:.0f}" if is_rate(value) else _short(values[day, hour])
        ax.text(hour, day, text, ha="center", va="center", fontsize=7, color=ink_on(colour))
    for day, hour in np.argwhere(few):
        corner = (hour - 0.5, day - 0.5)
        ax.add_patch(
            Rectangle(corner, 1, 1, fill=False, hatch="////", edgecolor=GREY, alpha=0.5, linewidth=0)
        )
    return bool(few.any())


def _short(amount: float) -> str:
    return f"{amount / 1000:.1f}k" if amount >= 10_000 else f"{amount:.0f}"
