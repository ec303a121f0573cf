"""Calls of the same client, one after another: attempts, repeated calls, promised calls."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import (
    bar_rows,
    first_rows,
    interval_of,
    largest_rows,
    row_labels,
    shares_and_counts,
)
from brightcall_pandas.plots._style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALETTE,
    RED,
    calls_of,
    counted,
    housed,
    label_of,
    new_axes,
    no_data,
    number,
    percent,
    percent_axis,
    shortened,
    titled,
)

__all__ = ["attempts", "recalls", "repeat_callers"]

_ATTEMPTS, _REPEATS, _RECALLS = "What one more attempt adds", "Callers who call again", "Promised calls"
_SHOWN = 12
_SERIES = 6
_STATUS_COLORS = {"kept": GREEN, "late": ORANGE, "missed": RED, "open": GREY}


@housed
def attempts(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what each attempt adds and how many clients are reached by then.

    Parameters
    ----------
    table
        Table returned by `analysis.attempts`. With outer index levels the reach of each group becomes a line.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        Bars show the share of clients not reached before whom the attempt reached, with its interval. Lines
        show the clients reached so far, and how many there would be if no client were given up. With outer
        index levels a line for each of the six largest groups. Of more than twelve attempts the first twelve
        are drawn.
    """
    if table.empty:
        return no_data(new_axes(ax), _ATTEMPTS)
    ax = new_axes(ax)
    remarks = _lines(ax, table) if table.index.nlevels > 1 else _bars_and_lines(ax, table.iloc[:_SHOWN])
    longest = min(int(table.index.get_level_values("attempt").max()), _SHOWN)
    ax.set_xticks(range(1, longest + 1))
    ax.set_xlim(0.4, max(longest, 3) + 0.9)
    ax.set_ylim(0, min(ax.dataLim.ymax * 1.08 or 1, 1.02))
    ax.set_xlabel("attempt")
    ax.set_ylabel("share of clients")
    percent_axis(ax.yaxis)
    ax.grid(axis="y")
    titled(ax, _ATTEMPTS, remarks, key=True)
    return ax


def _bars_and_lines(ax: Axes, shown: pd.DataFrame) -> str:
    attempt = shown.index.to_numpy()
    rate = shown["marginal_rate"].to_numpy()
    ax.bar(
        attempt,
        np.nan_to_num(rate),
        color=BLUE,
        width=0.6,
        label="reached now, of those not yet reached",
    )
    reach = np.array([rate - shown["marginal_rate_low"], shown["marginal_rate_high"] - rate])
    known = ~np.isnan(rate)
    ax.errorbar(
        attempt[known], rate[known], yerr=np.maximum(reach[:, known], 0), fmt="none", ecolor=INK, elinewidth=1
    )
    ax.plot(attempt, shown["reach"], color=INK, marker="o", markersize=4, label="reached so far")
    ax.plot(attempt, shown["reach_if_continued"], color=GREY, linestyle="--", label="if none were given up")
    ends = shown.iloc[-1][["reach", "reach_if_continued"]].dropna()
    close = ends.max() - ends.min() < 0.05 * ax.dataLim.ymax
    # Beside the last bar, and only once if both lines end at the same height.
    for text, height in {percent(each): each for each in ends}.items():
        aside = 0 if not close else -5 if height == ends.min() else 5
        ax.annotate(text, (attempt[-1] + 0.3, height), (3, aside), textcoords="offset points", va="center")
    return f"n = {number(shown['dials'].iloc[0])} clients; whiskers: Wilson interval"


def _lines(ax: Axes, table: pd.DataFrame) -> str:
    outer = list(range(table.index.nlevels - 1))
    clients = table["dials"].groupby(level=outer, sort=False, observed=True, dropna=False).first()
    largest = clients.nlargest(_SERIES).index
    for group, color in zip(largest, PALETTE, strict=False):
        reach = table["reach"].loc[group].iloc[:_SHOWN]
        name = f"{shortened(label_of(group), 18)} ({number(clients[group])})"
        ax.plot(reach.index, reach, color=color, marker="o", markersize=4, label=name)
    more = f"; the {len(largest)} largest of {len(clients)} groups" if len(clients) > len(largest) else ""
    return f"clients reached so far; number of clients in brackets{more}"


@housed
def repeat_callers(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of calls that the same caller repeated within the window.

    Parameters
    ----------
    table
        Table returned by `analysis.repeat_callers`.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each group: repeated ÷ observed calls, with its interval. Of more than 30 groups the largest
        are drawn.
    """
    if table.empty:
        return no_data(new_axes(ax), _REPEATS)
    shown, hidden = largest_rows(table, table["observed"])
    ax = bar_rows(
        row_labels(shown.index),
        shown["repeat_rate"],
        shares_and_counts(shown["repeat_rate"], shown["repeated"]),
        intervals=interval_of(shown, "repeat_rate"),
        ax=ax,
        unit="share of observed calls",
    )
    titled(ax, _REPEATS, f"{calls_of(table['observed'].sum())} observed; whiskers: Wilson interval{hidden}")
    return ax


@housed
def recalls(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many promised calls were kept, late or missed, or are still open.

    Parameters
    ----------
    table
        Table returned by `analysis.recalls`. With outer index levels the groups stand below each other.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each status: its number of promised calls.
    """
    if table.empty:
        return no_data(new_axes(ax), _RECALLS, "no promised calls")
    shown, hidden = first_rows(table)
    rows = zip(shown["recalls"], shown["share"], shown["late_median_s"], strict=True)
    texts = [
        number(count)
        + ("" if pd.isna(share) else f"  ({percent(share)})")
        + ("" if pd.isna(late) else f"; median {_span(late)} late")
        for count, share, late in rows
    ]
    colors = [_STATUS_COLORS[status] for status in shown.index.get_level_values(-1)]
    ax = bar_rows(
        row_labels(shown.index),
        shown["recalls"],
        texts,
        colours=colors,
        ax=ax,
        unit="promised calls",
        shares=False,
    )
    ax.set_xlim(0, max(shown["recalls"].max(), 1) * 1.6)
    n = f"n = {counted(table['recalls'].sum(), 'promised call')}"
    titled(ax, _RECALLS, f"{n}; percentages of those due{hidden}")
    return ax


def _span(seconds: float) -> str:
    """Return a span in the unit a person would choose."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
