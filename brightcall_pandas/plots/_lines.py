"""The health of the outbound numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import dot_rows, first_rows, interval_of, row_labels
from brightcall_pandas.plots._style import calls_of, housed, new_axes, no_data, percent, signed, titled

__all__ = ["by_line"]

_TITLE = "Lines"


@housed
def by_line(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the answer rate of each line, adjusted and as counted.

    Parameters
    ----------
    table
        What `analysis.by_line` returns.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each line, lowest adjusted rate first: a dot for the adjusted rate, a hollow one for the
        rate as counted, a line for its interval, at the right short calls and trend. Of more than 30 lines
        the first 30.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE)
    shown, hidden = first_rows(table, "lines")
    ax = dot_rows(
        row_labels(shown.index),
        shown["answer_rate_adjusted"],
        [
            _words(short, trend)
            for short, trend in zip(shown["short_call_share"], shown["trend"], strict=True)
        ],
        intervals=interval_of(shown, "answer_rate"),
        raw=shown["answer_rate"],
        ax=ax,
    )
    ax.set_xlabel("answer rate")
    remarks = (
        f"{calls_of(table['n_calls'].sum())}; adjusted for hour and project; lines: interval (Wilson){hidden}"
    )
    titled(ax, _TITLE, remarks, key=True)
    return ax


def _words(short: float, trend: float) -> str:
    words = [] if np.isnan(short) else [f"{percent(short)} short"]
    if not np.isnan(trend):
        words.append(f"{signed(trend * 100, 1)} points a week")
    return ", ".join(words)
