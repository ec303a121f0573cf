"""How soon callers are answered and how many give up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import (
    ROW_HEIGHT,
    bar_rows,
    interval_of,
    largest_rows,
    row_labels,
    shares_and_counts,
)
from brightcall_pandas.plots._style import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    calls_of,
    housed,
    new_axes,
    no_data,
    number,
    percent_axis,
    titled,
)

__all__ = ["abandonment", "service_level"]

_LEVELS = {
    "service_level_offered": ("of offered", BLUE, "o"),
    "service_level_excl_short": ("of offered without short abandons", ORANGE, "s"),
    "service_level_answered": ("of answered", GREEN, "D"),
}


@housed
def service_level(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of calls answered in time, for all three denominators.

    Parameters
    ----------
    table
        Table returned by `analysis.service_level`.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each group with three marks; the line is the interval of the first. Of more than 30 groups
        the largest are drawn.
    """
    title = "Answered in time"
    if table.empty:
        return no_data(new_axes(ax), title)
    if "threshold_s" in table:
        title = f"Answered within {table['threshold_s'].iloc[0]:g} s"
    if table["answered_in_time"].isna().all():
        return no_data(new_axes(ax), title, "no answer time is known")
    shown, hidden = largest_rows(table, table["offered"])
    ax = new_axes(ax, height=1.7 + ROW_HEIGHT * len(shown))
    places = np.arange(len(shown))
    ax.hlines(
        places,
        shown["service_level_offered_low"],
        shown["service_level_offered_high"],
        color="#b5b5b5",
        linewidth=2.5,
    )
    for name, (words, colour, mark) in _LEVELS.items():
        ax.scatter(shown[name], places, s=34, color=colour, marker=mark, zorder=3, label=words)
    ax.set_yticks(
        places,
        [
            f"{label}  ({number(n)})"
            for label, n in zip(row_labels(shown.index), shown["offered"], strict=True)
        ],
    )
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(-0.02, 1.02)
    ax.grid(axis="x")
    percent_axis(ax.xaxis)
    ax.set_xlabel("answered in time")
    titled(
        ax,
        title,
        f"{calls_of(table['offered'].sum())} offered; line: Wilson interval of the first{hidden}",
        key=True,
    )
    return ax


@housed
def abandonment(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of callers who gave up.

    Parameters
    ----------
    table
        Table returned by `analysis.abandonment`.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each group: abandoned ÷ offered calls, with its interval. Of more than 30 groups the largest
        are drawn.
    """
    title = "Callers who gave up"
    if table.empty:
        return no_data(new_axes(ax), title)
    shown, hidden = largest_rows(table, table["offered"])
    ax = bar_rows(
        row_labels(shown.index),
        shown["abandonment_rate"],
        shares_and_counts(shown["abandonment_rate"], shown["abandoned"]),
        intervals=interval_of(shown, "abandonment_rate"),
        colours=RED,
        ax=ax,
        unit="share of offered calls",
    )
    titled(ax, title, f"{calls_of(table['offered'].sum())} offered; whiskers: Wilson interval{hidden}")
    return ax
