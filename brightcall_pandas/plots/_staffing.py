"""How many agents the observed load needs."""

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

__all__ = ["staffing"]

_TITLE = "Agents needed"


@housed
def staffing(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many agents each period needs, and the load they would carry.

    Parameters
    ----------
    table
        What `analysis.staffing` returns.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        Agents as steps, the load in erlangs below them. Of more than 500 periods several are drawn as one:
        the most agents, the mean load.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE)
    ax = new_axes(ax)
    stamps: Any = table.index
    edges, agents, load = thinned(table, "agents", "load_erlangs")
    ax.stairs(agents, edges, fill=True, color=BLUE, alpha=0.45, label="agents needed")
    ax.stairs(load, edges, color=ORANGE, linewidth=1.2, baseline=None, label="load (erlangs)")
    time_axis(ax, table.index)
    ax.set_ylim(0)
    ax.set_ylabel("agents")
    count_axis(ax.yaxis)
    ax.grid(axis="y")
    most = counted(table["agents"].max(), "agent")
    titled(
        ax,
        _TITLE,
        f"{calls_of(table['offered'].sum())}; at most {most}; times in {stamps.tz}",
        key=True,
    )
    return ax
