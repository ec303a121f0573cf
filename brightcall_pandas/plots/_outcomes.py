"""How calls end: outcomes, the stages they reach, and how long they talk."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import bar_rows, first_rows, interval_of, row_labels, shares_and_counts
from brightcall_pandas.plots._style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALETTE,
    RED,
    TYPE_COLOURS,
    calls_of,
    counted,
    housed,
    ink_on,
    label_of,
    new_axes,
    no_data,
    number,
    percent,
    percent_axis,
    shortened,
    titled,
)

__all__ = ["by_outcome", "funnel", "talk_time_buckets"]

_TITLE = "Outcomes"
_ROWS = 12
_GROUPS = 20
_SEGMENTS = 5


@housed
def by_outcome(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of each outcome with its interval.

    Parameters
    ----------
    table
        Table returned by `analysis.by_outcome`. With outer index levels each group becomes one bar, cut into
        the most frequent outcomes.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each outcome, the most frequent first; whiskers show the interval of the share, colors the
        outcome type. Outcomes after the first twelve are drawn as one bar.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE)
    return _bars(table, ax) if table.index.nlevels == 1 else _stacks(table, ax)


def _bars(table: pd.DataFrame, ax: Axes | None) -> Axes:
    shown = table if len(table) <= _ROWS + 1 else table.iloc[:_ROWS]
    rest = table.iloc[len(shown) :]
    labels = row_labels(shown.index)
    shares, calls = shown["share"].tolist(), shown["n_calls"].tolist()
    colours = [TYPE_COLOURS.get(str(kind), GREY) for kind in shown["outcome_type"]]
    if len(rest):
        labels.append(f"{len(rest)} more")
        shares.append(rest["share"].sum())
        calls.append(rest["n_calls"].sum())
        colours.append(GREY)
    ax = bar_rows(
        labels,
        shares,
        shares_and_counts(pd.Series(shares), pd.Series(calls)),
        intervals=interval_of(shown, "share"),
        colours=colours,
        ax=ax,
        unit="share of calls",
    )
    kinds = set(shown["outcome_type"].dropna())
    for kind, colour in TYPE_COLOURS.items():
        if kind in kinds:
            ax.barh([0], [0], color=colour, label=kind)
    remarks = f"{calls_of(table['n_calls'].sum())}; whiskers: Wilson interval of the share"
    titled(ax, _TITLE, remarks, key=bool(kinds))
    return ax


def _stacks(table: pd.DataFrame, ax: Axes | None) -> Axes:
    """Draw each group as one bar, cut into the outcomes most frequent across all groups."""
    calls = table["n_calls"]
    outer = list(range(table.index.nlevels - 1))
    of_group = calls.groupby(level=outer, sort=False, observed=True, dropna=False).sum()
    largest = of_group.nlargest(_GROUPS).index
    groups = of_group.index[of_group.index.isin(largest)]
    frequent = calls.groupby(level=-1, observed=True).sum().nlargest(_SEGMENTS).index
    shares = table["share"].unstack(-1).fillna(0.0).reindex(groups)
    parts = shares.reindex(columns=frequent)
    if len(shares.columns) > len(frequent):
        parts["other"] = (1 - parts.sum(axis=1)).clip(lower=0)
    ax = new_axes(ax, height=1.7 + 0.32 * len(groups))
    places = np.arange(len(groups))
    left = np.zeros(len(groups))
    for label, colour in zip(parts.columns, (*PALETTE[:_SEGMENTS], GREY), strict=False):
        width = parts[label].to_numpy()
        ax.barh(places, width, left=left, color=colour, height=0.78, label=shortened(label, 18))
        for place in np.flatnonzero(width >= 0.07).tolist():
            middle = left[place] + width[place] / 2
            ax.text(
                middle,
                place,
                percent(width[place]),
                ha="center",
                va="center",
                color=ink_on(colour),
                fontsize=8,
            )
        left += width
    ax.set_yticks(places, [f"{shortened(label_of(each), 24)}  ({number(of_group[each])})" for each in groups])
    ax.set_ylim(len(groups) - 0.4, -0.6)
    ax.set_xlim(0, 1)
    ax.tick_params(axis="y", length=0)
    percent_axis(ax.xaxis)
    ax.set_xlabel("share of the group's calls")
    hidden = len(of_group) - len(groups)
    more = f"; the {len(groups)} largest of {len(of_group)} groups" if hidden else ""
    titled(ax, _TITLE, f"{calls_of(calls.sum())}{more}", key=True)
    return ax


@housed
def funnel(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many calls reach each stage.

    Parameters
    ----------
    table
        Table returned by `analysis.funnel`. With outer index levels the groups stand below each other.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each stage: its share of the first stage, with its calls and the rate from the stage before.
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
    """Draw how answered calls divide into buckets of talk time.

    Parameters
    ----------
    table
        Table returned by `analysis.talk_time_buckets`. With outer index levels the groups stand below each
        other.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each bucket: its share of the answered calls with its interval.
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
    titled(ax, title, f"{n}; whiskers: Wilson interval{hidden}")
    return ax
