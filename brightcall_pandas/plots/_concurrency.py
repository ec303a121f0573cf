"""How many calls go on at once."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._style import (
    BLUE,
    ORANGE,
    calls_of,
    count_axis,
    counted,
    housed,
    new_axes,
    no_data,
    titled,
)
from brightcall_pandas.plots._timelines import thinned, time_axis

__all__ = ["concurrency"]

_TITLE = "Calls at once"


@housed
def concurrency(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many calls were in progress.

    Parameters
    ----------
    table
        What `analysis.concurrency` returns.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        The most calls at once in each period as steps, the mean as a line, the peak with its time. Of more
        than 500 periods several are drawn as one: the highest maximum, the mean of the means.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE)
    ax = new_axes(ax)
    edges, most, mean = thinned(table, "calls_max", "calls_mean")
    ax.stairs(most, edges, fill=True, color=BLUE, alpha=0.45, label="most at once")
    ax.stairs(mean, edges, color=ORANGE, linewidth=1.2, label="on average (erlangs)", baseline=None)
    time_axis(ax, table.index)
    ax.set_ylim(0)
    ax.set_ylabel("calls in progress")
    count_axis(ax.yaxis)
    ax.grid(axis="y")
    peak: Any = table["calls_max"].idxmax()
    n = f"{calls_of(table.attrs['n_calls'])}; " if "n_calls" in table.attrs else ""
    titled(
        ax,
        _TITLE,
        f"{n}peak {counted(table['calls_max'].max(), 'call')}, first at {peak:%d %B %Y %H:%M} ({peak.tz})",
        key=True,
    )
    return ax
