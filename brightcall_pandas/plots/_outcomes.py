"""What came of the calls."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import bar_rows, interval_of, row_labels, shares_and_counts
from brightcall_pandas.plots._style import (
    GREY,
    PALETTE,
    TYPE_COLOURS,
    calls_of,
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

__all__ = ["by_outcome"]

_TITLE = "Outcomes"
_ROWS = 12
_GROUPS = 20
_SEGMENTS = 5


@housed
def by_outcome(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of each outcome, with its interval.

    Parameters
    ----------
    table
        What `analysis.by_outcome` returns. With outer levels each group becomes one bar, cut into the
        most frequent outcomes.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        Bars sorted by calls; whiskers show the interval of the share. Outcomes beyond the first twelve are
        one bar; the colour tells the outcome type.
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
    remarks = f"{calls_of(table['n_calls'].sum())}; whiskers: interval of the share (Wilson)"
    titled(ax, _TITLE, remarks, key=bool(kinds))
    return ax


def _stacks(table: pd.DataFrame, ax: Axes | None) -> Axes:
    """Draw each group as one bar, cut into the outcomes that are most frequent over all groups."""
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
