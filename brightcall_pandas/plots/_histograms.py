"""Histograms of talk time and time to answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._style import (
    BLUE,
    PALETTE,
    calls_of,
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

__all__ = ["answer_time_histogram", "talk_time_histogram"]

_LABELLED = 16  # with more bins there is no room for numbers
_LINES = 6


@housed
def talk_time_histogram(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the distribution of talk time.

    Parameters
    ----------
    table
        Table returned by `analysis.talk_time_histogram`. With outer index levels each group becomes a
        line.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each bin, as high as its share; all bars are equally wide, however wide their bins. With
        outer index levels a line for each of the six largest groups.
    """
    return _histogram(table, ax, "Talk time", "talk time")


@housed
def answer_time_histogram(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the distribution of the time until calls were answered.

    Parameters
    ----------
    table
        Table returned by `analysis.answer_time_histogram`. With outer index levels each group becomes a
        line.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each bin, as high as its share; all bars are equally wide, however wide their bins. With
        outer index levels a line for each of the six largest groups.
    """
    return _histogram(table, ax, "Time to answer", "time until answered")


def _histogram(table: pd.DataFrame, ax: Axes | None, title: str, unit: str) -> Axes:
    if table.empty or not table["n_calls"].sum():
        return no_data(new_axes(ax), title)
    ax = new_axes(ax)
    remarks = _lines(ax, table) if table.index.nlevels > 1 else _bars(ax, table)
    intervals: Any = table.index.unique(table.index.nlevels - 1)
    _bin_axis(ax, intervals)
    ax.set_xlabel(f"{unit}, without the {'upper' if intervals.closed == 'left' else 'lower'} end of each bin")
    ax.set_ylabel("share of calls")
    percent_axis(ax.yaxis)
    ax.grid(axis="y")
    titled(ax, title, remarks, key=table.index.nlevels > 1)
    return ax


def _bars(ax: Axes, table: pd.DataFrame) -> str:
    places = np.arange(len(table))
    ax.bar(places, table["share"], color=BLUE, width=0.92 if len(table) <= _LABELLED else 1.0)
    if len(table) <= _LABELLED:
        for place, share in zip(places, table["share"], strict=True):
            ax.annotate(
                percent(share), (place, share), (0, 2), textcoords="offset points", ha="center", fontsize=8
            )
    ax.set_ylim(0, table["share"].max() * 1.12)
    inside, covered = table["n_calls"].sum(), table["cumulative_share"].iloc[-1]
    outside = round(inside / covered) - inside
    return calls_of(inside + outside) + (
        f", {number(outside)} of them ({percent(1 - covered)}) outside the bins" if outside else ""
    )


def _lines(ax: Axes, table: pd.DataFrame) -> str:
    outer = list(range(table.index.nlevels - 1))
    calls = table["n_calls"].groupby(level=outer, sort=False, observed=True, dropna=False).sum()
    largest = calls.index[calls.index.isin(calls.nlargest(_LINES).index)]
    shares = table["share"].to_numpy().reshape(len(calls), -1)
    for group, colour in zip(largest, PALETTE, strict=False):
        name = f"{shortened(label_of(group), 18)} ({number(calls[group])})"
        ax.plot(shares[calls.index.get_loc(group)], color=colour, marker="o", markersize=3, label=name)
    ax.set_ylim(0)
    more = f"; the {len(largest)} largest of {len(calls)} groups" if len(calls) > len(largest) else ""
    return f"{calls_of(calls.sum())} in the bins{more}"


def _bin_axis(ax: Axes, intervals: pd.IntervalIndex[Any]) -> None:
    """Label every bin or, if there are too many, some of the edges."""
    if len(intervals) <= _LABELLED:
        ax.set_xticks(
            range(len(intervals)), [_bin_label(each.left, each.right) for each in intervals], fontsize=8
        )
    else:
        step = -(-len(intervals) // 12)
        edges = [*intervals.left, intervals.right[-1]]
        ax.set_xticks(
            np.arange(0, len(edges), step) - 0.5, [f"{each:g} s" for each in edges[::step]], fontsize=8
        )
    ax.set_xlim(-0.6, max(len(intervals), 4) - 0.4)


def _bin_label(left: float, right: float) -> str:
    if np.isinf(right):
        return f"≥ {_amount(left, left)}"
    return _amount(left, right) if left >= 0 else "0\ns"


def _amount(left: float, right: float) -> str:
    """Return a span in the largest unit in which both ends are whole numbers."""
    units = (("h", 3600), ("min", 60), ("s", 1))
    unit, size = next((each for each in units if left % each[1] == right % each[1] == 0 and right), units[-1])
    ends = dict.fromkeys((f"{left / size:g}", f"{right / size:g}"))
    return f"{'–'.join(ends)}\n{unit}"
