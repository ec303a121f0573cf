"""How the agents do."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import dot_rows, first_rows, interval_of, row_labels
from brightcall_pandas.plots._style import BLUE, GREY, calls_of, housed, new_axes, no_data, number, titled

__all__ = ["by_agent"]

_TITLE = "Agents"


@housed
def by_agent(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the rate that ranks the agents, adjusted and as counted.

    Parameters
    ----------
    table
        What `analysis.by_agent` returns.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each agent, best first: a dot for the adjusted rate, a hollow one for the rate as counted,
        a line for its interval, at the right the possible ranks. Agents without a rank are grey. Of more
        than 30 agents the first 30.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE)
    rate = str(table.attrs.get("rank_by", "answer_rate"))
    shown, hidden = first_rows(table, "agents")
    ranked = shown["rank"].notna()
    texts = [
        f"rank {_range(best, worst)}, {number(calls)} calls" if known else f"few calls ({number(calls)})"
        for known, best, worst, calls in zip(
            ranked, shown["rank_best"], shown["rank_worst"], shown["n_calls"], strict=True
        )
    ]
    ax = dot_rows(
        row_labels(shown.index),
        shown[f"{rate}_adjusted"],
        texts,
        intervals=interval_of(shown, rate),
        raw=shown[rate],
        colours=[BLUE if known else GREY for known in ranked],
        ax=ax,
    )
    ax.set_xlabel(rate.replace("_", " "))
    titled(ax, _TITLE, f"{calls_of(table['n_calls'].sum())}; lines: interval (Wilson){hidden}", key=True)
    return ax


def _range(best: float, worst: float) -> str:
    return f"{best:.0f}" if best == worst else f"{best:.0f}–{worst:.0f}"
