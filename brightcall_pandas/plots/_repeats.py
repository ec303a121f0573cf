"""Callers who call again."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import bar_rows, interval_of, largest_rows, row_labels, shares_and_counts
from brightcall_pandas.plots._style import calls_of, housed, new_axes, no_data, titled

__all__ = ["repeat_callers"]

_TITLE = "Callers who call again"


@housed
def repeat_callers(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many callers called again within the window.

    Parameters
    ----------
    table
        What `analysis.repeat_callers` returns.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each group: repeated ÷ observed calls, with its interval. Of more than 30 groups the
        largest.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE)
    shown, hidden = largest_rows(table, table["observed"])
    ax = bar_rows(
        row_labels(shown.index),
        shown["repeat_rate"],
        shares_and_counts(shown["repeat_rate"], shown["repeated"]),
        intervals=interval_of(shown, "repeat_rate"),
        ax=ax,
        unit="share of observed calls",
    )
    titled(ax, _TITLE, f"{calls_of(table['observed'].sum())} observed; whiskers: interval (Wilson){hidden}")
    return ax
