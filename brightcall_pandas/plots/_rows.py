"""Tables drawn row by row: a bar or a dot for each row, with its interval, its label and a text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._style import (
    BLUE,
    GREY,
    INK,
    count_axis,
    label_of,
    new_axes,
    number,
    percent,
    percent_axis,
    shortened,
)

__all__ = [
    "ROW_HEIGHT",
    "bar_rows",
    "dot_rows",
    "first_rows",
    "interval_of",
    "largest_rows",
    "row_labels",
    "shares_and_counts",
]

ROW_HEIGHT = 0.32
"""Height of a row in inches."""

_ROWS = 30


def bar_rows(
    labels: Sequence[str],
    values: Sequence[float] | pd.Series,
    texts: Sequence[str],
    *,
    intervals: pd.DataFrame | None = None,
    colours: Sequence[str] | str = BLUE,
    ax: Axes | None = None,
    unit: str = "",
    shares: bool = True,
) -> Axes:
    """Draw a horizontal bar for each row, the first on top.

    Parameters
    ----------
    labels, values, texts
        Label and length of each bar, and the text beside it.
    intervals
        Columns ``low`` and ``high`` for the first rows, drawn as whiskers.
    colours
        One color for all bars, or one for each.
    ax
        Axes to draw on; new ones by default.
    unit
        Label of the axis.
    shares
        Whether the axis shows shares rather than counts.
    """
    ax = new_axes(ax, height=1.3 + ROW_HEIGHT * len(labels))
    places = np.arange(len(labels))
    lengths = np.nan_to_num(np.asarray(values, dtype=np.float64))
    ax.barh(places, lengths, color=colours, height=0.72)
    ends = lengths.copy()
    if intervals is not None:
        known = np.flatnonzero(intervals["low"].notna().to_numpy())
        low, high = (intervals[name].to_numpy()[known] for name in ("low", "high"))
        reach = np.array([lengths[known] - low, high - lengths[known]])
        ax.errorbar(lengths[known], known, xerr=np.maximum(reach, 0), fmt="none", ecolor=INK, elinewidth=1)
        ends[known] = np.maximum(ends[known], high)
    for place, end, text in zip(places, ends, texts, strict=True):
        ax.annotate(text, (end, place), (5, 0), textcoords="offset points", va="center")
    _frame(ax, labels)
    # A fifth of the width for the text beside the longest bar.
    ax.set_xlim(0, (ends.max() or 1) * 1.22)
    if shares:
        percent_axis(ax.xaxis)
    else:
        count_axis(ax.xaxis)
    ax.set_xlabel(unit)
    return ax


def dot_rows(
    labels: Sequence[str],
    values: Sequence[float] | pd.Series,
    texts: Sequence[str],
    *,
    intervals: pd.DataFrame,
    raw: Sequence[float] | pd.Series | None = None,
    names: tuple[str, str] = ("as counted", "adjusted"),
    colours: Sequence[str] | str = BLUE,
    ax: Axes | None = None,
    shares: bool = True,
) -> Axes:
    """Draw a dot for each row, the first on top, on the line of its interval.

    Parameters
    ----------
    labels, values, texts
        Label and position of each dot, and the text in the right margin.
    intervals
        Columns ``low`` and ``high``.
    raw
        Position of a second, hollow dot in each row.
    names
        Legend entries of the hollow dots and of the others.
    colours
        One color for all dots, or one for each.
    ax
        Axes to draw on; new ones by default.
    shares
        Whether the axis shows shares rather than other numbers.
    """
    ax = new_axes(ax, height=1.6 + ROW_HEIGHT * len(labels))
    places = np.arange(len(labels))
    ax.hlines(places, intervals["low"], intervals["high"], color="#b5b5b5", linewidth=2.5)
    if raw is not None:
        ax.scatter(raw, places, s=26, facecolor="white", edgecolor=GREY, zorder=3, label=names[0])
    ax.scatter(values, places, s=34, color=colours, zorder=4, label=names[1])
    for place, text in zip(places, texts, strict=True):
        ax.annotate(
            text,
            (1, place),
            (6, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
        )
    _frame(ax, labels)
    ax.grid(axis="x")
    if shares:
        percent_axis(ax.xaxis)
        left, right = ax.get_xlim()
        ax.set_xlim(max(left, -0.02), min(right, 1.02))
    else:
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    return ax


def first_rows(
    table: pd.DataFrame, noun: str = "groups", *, whole_groups: bool = True
) -> tuple[pd.DataFrame, str]:
    """Return the first rows, as many as fit on a picture, and a remark on the rest.

    Where the rows of a group belong together (stages, buckets), only whole groups are taken; agents and lines
    of a group do not (``whole_groups=False``).
    """
    nested = whole_groups and table.index.nlevels > 1
    inner = len(table.index.unique(table.index.nlevels - 1)) if nested else 1
    whole = inner if len(table) % inner == 0 else 1
    shown = table.iloc[: max(_ROWS // whole, 1) * whole]
    if len(shown) == len(table):
        return table, ""
    return shown, f"; {number(len(shown) // whole)} of {number(len(table) // whole)} {noun}"


def largest_rows(table: pd.DataFrame, sizes: pd.Series) -> tuple[pd.DataFrame, str]:
    """Return the largest rows, as many as fit on a picture, in their order, and a remark on the rest."""
    if len(table) <= _ROWS:
        return table, ""
    largest = np.argsort(-sizes.to_numpy(dtype=np.float64), kind="stable")[:_ROWS]
    return table.iloc[np.sort(largest)], f"; the {_ROWS} largest of {number(len(table))} groups"


def interval_of(table: pd.DataFrame, rate: str) -> pd.DataFrame:
    """Return the interval of a rate as columns ``low`` and ``high``."""
    return table[[f"{rate}_low", f"{rate}_high"]].set_axis(["low", "high"], axis=1)


def shares_and_counts(shares: pd.Series, counts: pd.Series) -> list[str]:
    """Return the text beside each bar: its share, and in brackets its count."""
    pairs = zip(shares, counts, strict=True)
    return [f"{'–' if pd.isna(share) else percent(share)}  ({number(count)})" for share, count in pairs]


def row_labels(index: pd.Index) -> list[str]:
    """Return a short label for each row of a table.

    Where the rows of a group stand below each other, only the first one names the group.
    """
    if index.nlevels == 1:
        return [shortened(label) for label in index]
    groups = [label_of(label[:-1]) for label in index]
    begins = [place == 0 or groups[place - 1] != group for place, group in enumerate(groups)]
    together = sum(begins) == len(set(groups))
    return [
        f"{shortened(group, 24)} · {shortened(label[-1], 20)}"
        if begin or not together
        else shortened(label[-1])
        for group, begin, label in zip(groups, begins, index, strict=True)
    ]


def _frame(ax: Axes, labels: Sequence[str]) -> None:
    ax.set_yticks(np.arange(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
