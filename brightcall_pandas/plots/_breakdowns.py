"""Any split of the calls."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import bar_rows, interval_of, largest_rows, row_labels
from brightcall_pandas.plots._style import (
    calls_of,
    housed,
    is_rate,
    new_axes,
    no_data,
    number,
    percent,
    titled,
    words_of,
)

__all__ = ["breakdown"]

_BESIDE = ("share", "n_calls")


@housed
def breakdown(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw one metric of each group.

    Parameters
    ----------
    table
        What `analysis.breakdown` returns. Drawn is the first rate of its metrics, else the first metric
        beside ``n_calls``, else the share.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each group in the order of the table, with its interval where it has one. Of more than 30
        groups the largest.
    """
    title = f"By {', '.join(str(name) for name in table.index.names)}"
    if table.empty:
        return no_data(new_axes(ax), title)
    metric = _drawn(table)
    shown, hidden = largest_rows(table, table["share"])
    texts = [_text(value, metric) for value in shown[metric]]
    if "n_calls" in shown:
        texts = [f"{text}  ({number(calls)})" for text, calls in zip(texts, shown["n_calls"], strict=True)]
    intervals = interval_of(shown, metric) if f"{metric}_low" in shown else None
    words = words_of(metric)
    ax = bar_rows(
        row_labels(shown.index),
        shown[metric],
        texts,
        intervals=intervals,
        ax=ax,
        unit=f"{words}{', s' if metric.endswith('_s') else ''}",
        shares=is_rate(metric),
    )
    remarks = [words]
    if "n_calls" in table:
        # Not the sum: by tag a call may count in several groups.
        every = round(table["n_calls"].iloc[0] / table["share"].iloc[0])
        remarks = [f"{calls_of(every)}, a group's in brackets", words]
    if intervals is not None:
        remarks.append("whiskers: interval (Wilson)")
    titled(ax, title, "; ".join(remarks) + hidden)
    return ax


def _text(value: float, metric: str) -> str:
    if pd.isna(value):
        return "–"
    return percent(value) if is_rate(metric) else number(value)


def _drawn(table: pd.DataFrame) -> str:
    metrics = [name for name in table.columns if not name.endswith(("_low", "_high")) and name not in _BESIDE]
    rates = [name for name in metrics if f"{name}_low" in table and table[name].notna().any()]
    told = [name for name in metrics if table[name].notna().any()]
    return str(next(iter([*rates, *told]), "share"))
