"""How far calls get."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import bar_rows, first_rows, interval_of, row_labels, shares_and_counts
from brightcall_pandas.plots._style import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    calls_of,
    counted,
    housed,
    new_axes,
    no_data,
    percent,
    titled,
)

__all__ = ["funnel", "talk_time_buckets"]


@housed
def funnel(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many calls get to each stage.

    Parameters
    ----------
    table
        What `analysis.funnel` returns. With outer levels the groups stand one below the other.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each stage: its share of the first one, with calls and the rate from the stage before.
    """
    if table.empty:
        return no_data(new_axes(ax), "Funnel")
    shown, hidden = first_rows(table)
    texts = [
        text if pd.isna(step) else f"{text}; step {percent(step)}"
        for text, step in zip(
            shares_and_counts(shown["share"], shown["n_calls"]), shown["step_rate"], strict=True
        )
    ]
    ax = bar_rows(row_labels(shown.index), shown["share"], texts, ax=ax, unit="share of the first stage")
    ax.set_xlim(0, 1.5)
    stages = table.index.get_level_values(-1)
    n = calls_of(table["n_calls"][stages == stages[0]].sum())
    titled(ax, "Funnel", f"{n}; step: share of the stage before{hidden}")
    return ax


@housed
def talk_time_buckets(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how answered calls divide by how long they talked.

    Parameters
    ----------
    table
        What `analysis.talk_time_buckets` returns. With outer levels the groups stand one below the other.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each bucket: its share of the answered calls, with its interval.
    """
    title = "Answered calls by talk time"
    if table.empty:
        return no_data(new_axes(ax), title, "no answered calls")
    buckets = table.index.unique(table.index.nlevels - 1)
    shades = [RED, *[ORANGE] * (len(buckets) - 2), GREEN] if len(buckets) > 1 else [BLUE]
    colour = dict(zip(buckets, shades, strict=True))
    shown, hidden = first_rows(table)
    ax = bar_rows(
        row_labels(shown.index),
        shown["share"],
        shares_and_counts(shown["share"], shown["n_calls"]),
        intervals=interval_of(shown, "share"),
        colours=[colour[bucket] for bucket in shown.index.get_level_values(-1)],
        ax=ax,
        unit="share of answered calls",
    )
    n = f"n = {counted(table['n_calls'].sum(), 'answered call')}"
    titled(ax, title, f"{n}; whiskers: interval (Wilson){hidden}")
    return ax
