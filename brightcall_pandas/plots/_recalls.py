"""Calls promised, and calls made."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import bar_rows, first_rows, row_labels
from brightcall_pandas.plots._style import (
    GREEN,
    GREY,
    ORANGE,
    RED,
    counted,
    housed,
    new_axes,
    no_data,
    number,
    percent,
    titled,
)

__all__ = ["recalls"]

_TITLE = "Promised calls"
_COLOURS = {"kept": GREEN, "late": ORANGE, "missed": RED, "open": GREY}


@housed
def recalls(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many promised calls were kept, late, missed, or are still open.

    Parameters
    ----------
    table
        What `analysis.recalls` returns. With outer levels the groups stand one below the other.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each status, as long as the number of its promises.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE, "no promised calls")
    shown, hidden = first_rows(table)
    rows = zip(shown["recalls"], shown["share"], shown["late_median_s"], strict=True)
    texts = [
        number(count)
        + ("" if pd.isna(share) else f"  ({percent(share)})")
        + ("" if pd.isna(late) else f"; half over {_span(late)} late")
        for count, share, late in rows
    ]
    colours = [_COLOURS[status] for status in shown.index.get_level_values(-1)]
    ax = bar_rows(
        row_labels(shown.index),
        shown["recalls"],
        texts,
        colours=colours,
        ax=ax,
        unit="promised calls",
        shares=False,
    )
    ax.set_xlim(0, max(shown["recalls"].max(), 1) * 1.6)
    n = f"n = {counted(table['recalls'].sum(), 'promised call')}"
    titled(ax, _TITLE, f"{n}; percent of those that are due{hidden}")
    return ax


def _span(seconds: float) -> str:
    """Write a span in the unit that a person would choose."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
