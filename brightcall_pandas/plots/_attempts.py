"""How often a client must be dialled."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._style import (
    BLUE,
    GREY,
    INK,
    PALETTE,
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

__all__ = ["attempts"]

_TITLE = "What one more attempt brings"
_SHOWN = 12
_SERIES = 6


@housed
def attempts(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what each attempt adds, and how many clients are reached by then.

    Parameters
    ----------
    table
        What `analysis.attempts` returns. With outer levels the reach of each group becomes a line.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        Bars: the chance of an attempt to reach a client whom no earlier one reached, with its interval.
        Lines: clients reached so far, and how many it would be if nobody were given up. Of more than twelve
        attempts the first twelve.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE)
    ax = new_axes(ax)
    remarks = _groups(ax, table) if table.index.nlevels > 1 else _one(ax, table.iloc[:_SHOWN])
    longest = min(int(table.index.get_level_values("attempt").max()), _SHOWN)
    ax.set_xticks(range(1, longest + 1))
    ax.set_xlim(0.4, max(longest, 3) + 0.9)
    ax.set_ylim(0, min(ax.dataLim.ymax * 1.08 or 1, 1.02))
    ax.set_xlabel("attempt")
    ax.set_ylabel("share of clients")
    percent_axis(ax.yaxis)
    ax.grid(axis="y")
    titled(ax, _TITLE, remarks, key=True)
    return ax


def _one(ax: Axes, shown: pd.DataFrame) -> str:
    number_ = shown.index.to_numpy()
    rate = shown["marginal_rate"].to_numpy()
    ax.bar(
        number_,
        np.nan_to_num(rate),
        color=BLUE,
        width=0.6,
        label="reached now, of those not yet reached",
    )
    reach = np.array([rate - shown["marginal_rate_low"], shown["marginal_rate_high"] - rate])
    known = ~np.isnan(rate)
    ax.errorbar(
        number_[known], rate[known], yerr=np.maximum(reach[:, known], 0), fmt="none", ecolor=INK, elinewidth=1
    )
    ax.plot(number_, shown["reach"], color=INK, marker="o", markersize=4, label="reached so far")
    ax.plot(number_, shown["reach_if_continued"], color=GREY, linestyle="--", label="if nobody were given up")
    ends = shown.iloc[-1][["reach", "reach_if_continued"]].dropna()
    close = ends.max() - ends.min() < 0.05 * ax.dataLim.ymax
    # Beside the last bar; where both lines end at one height, only once.
    for text, height in {percent(each): each for each in ends}.items():
        aside = 0 if not close else -5 if height == ends.min() else 5
        ax.annotate(text, (number_[-1] + 0.3, height), (3, aside), textcoords="offset points", va="center")
    return f"n = {number(shown['dials'].iloc[0])} clients; whiskers: interval (Wilson)"


def _groups(ax: Axes, table: pd.DataFrame) -> str:
    outer = list(range(table.index.nlevels - 1))
    clients = table["dials"].groupby(level=outer, sort=False, observed=True, dropna=False).first()
    largest = clients.nlargest(_SERIES).index
    for group, colour in zip(largest, PALETTE, strict=False):
        reach = table["reach"].loc[group].iloc[:_SHOWN]
        name = f"{shortened(label_of(group), 18)} ({number(clients[group])})"
        ax.plot(reach.index, reach, color=colour, marker="o", markersize=4, label=name)
    more = f"; the {len(largest)} largest of {len(clients)} groups" if len(clients) > len(largest) else ""
    return f"clients reached so far; number of clients in brackets{more}"
