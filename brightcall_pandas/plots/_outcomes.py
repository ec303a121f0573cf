"""How calls end: outcomes, the stages they reach, and how long they talk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.frame import NONE
from brightcall_pandas.plots._choice import chosen_groups, group_sizes, outer_levels
from brightcall_pandas.plots._colors import GREEN, ORANGE, PALETTE, RED, TYPE_COLORS, ink_on
from brightcall_pandas.plots._fitting import CellTexts, RowLabels
from brightcall_pandas.plots._formats import (
    NOT_KNOWN,
    counted,
    number,
    percent,
    percent_axis,
    sentence_case,
)
from brightcall_pandas.plots._labels import label_of, shortened
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._rows import bar_rows, interval_of, row_labels, share_and_count
from brightcall_pandas.plots._standing import most_frequent
from brightcall_pandas.plots._text import Key

__all__ = ["by_outcome", "funnel", "talk_time_buckets", "whole_groups"]

_ROWS = 12
_GROUPS = 20
_SEGMENTS = 5
_NAME = 32
_OTHER = "#8c8c8c"
_TYPES = {"absent": NONE}  # what the key calls a type, where the rows have another word for it
_MARKS = {"positive": "(+)", "negative": "(−)"}
"""What stands behind the name of an outcome, so that its type is told without colors."""


@picture
def by_outcome(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the share of each outcome with its interval.

    Parameters
    ----------
    table
        Table returned by `analysis.by_outcome`. With outer index levels each group becomes one bar, cut into
        the most frequent outcomes.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each outcome, the most frequent first, then calls without one; whiskers show the interval
        of the share, colors and signs the outcome type. Outcomes after the first twelve are drawn as one bar,
        the last.
    """
    if table.empty:
        return no_data(look, "Outcomes")
    return _bars(table, look) if table.index.nlevels == 1 else _stacks(table, look)


def _bars(table: pd.DataFrame, look: Look) -> Axes:
    ordered = table
    if look.sort == "name":
        ordered = table.iloc[
            np.argsort([label_of(each, 200).casefold() for each in table.index], kind="stable")
        ]
    if look.sort != "table":
        nothing = ordered.index == NONE
        ordered = pd.concat([ordered[~nothing], ordered[nothing]])
    most = look.rows(_ROWS)
    drawn = (np.arange(len(ordered)) < most) | (ordered.index == NONE)
    if (~drawn).sum() == 1:
        drawn[:] = True
    shown, rest = ordered[drawn], ordered[~drawn]
    every = look.facts.total(table, "n_calls")
    labels = [
        " ".join(filter(None, [label, _MARKS.get(str(kind))]))
        for label, kind in zip(row_labels(shown.index), shown["outcome_type"], strict=True)
    ]
    shares, calls = shown["share"].tolist(), shown["n_calls"].tolist()
    hues = TYPE_COLORS | (look.color if isinstance(look.color, dict) else {})
    colors = [
        look.color if isinstance(look.color, str) else hues.get(str(kind), _OTHER)
        for kind in shown["outcome_type"]
    ]
    if len(rest):
        labels.append(f"{len(rest)} more outcomes")
        shares.append(rest["share"].sum())
        calls.append(rest["n_calls"].sum())
        colors.append(_OTHER)
    ax, fits = bar_rows(
        labels,
        shares,
        [share_and_count(*each) for each in zip(shares, calls, strict=True)],
        look,
        intervals=interval_of(shown, "share"),
        colors=colors,
        unit="share of calls",
    )
    kinds = set(shown["outcome_type"].dropna())
    key = [
        Key(" ".join(filter(None, [_TYPES.get(kind, kind), _MARKS.get(kind)])), hues[kind])
        for kind in TYPE_COLORS
        if kind in kinds and not isinstance(look.color, str)
    ]
    named = table["share"].drop(NONE, errors="ignore")
    named = named if len(named) else table["share"]
    title = most_frequent(named, every, "outcome", _NAME)
    remarks = [
        "calls with the outcome ÷ all calls",
        f"n = {counted(every, 'call')}",
        f"whiskers: {look.facts.interval}",
        look.facts.cut(table),
    ]
    return headed(
        ax, look, title, look.facts.lines(*remarks), form="A bar for each outcome", key=key, fits=fits
    )


def _stacks(table: pd.DataFrame, look: Look) -> Axes:
    """Draw each group as one bar, cut into the outcomes most frequent across all groups."""
    calls = table["n_calls"]
    of_group = group_sizes(calls)
    of_outcome = calls.groupby(level=-1, observed=True).sum()
    frequent = of_outcome.nlargest(_SEGMENTS).index
    shares = table["share"].unstack(-1).fillna(0.0)
    groups, hidden = chosen_groups(
        of_group, look, usual=look.rows(_GROUPS), values=shares[frequent[0]].reindex(of_group.index)
    )
    parts = shares.loc[groups].reindex(columns=frequent)
    if len(shares.columns) > len(frequent):
        parts["other"] = (1 - parts.sum(axis=1)).clip(lower=0)
    ax = look.axes(height=1.7 + look.row_height() * len(groups))
    hues = dict(zip(parts.columns, (*PALETTE[:_SEGMENTS], _OTHER), strict=False)) | (
        look.color if isinstance(look.color, dict) else {}
    )
    places, left = np.arange(len(groups)), np.zeros(len(groups))
    cells = []
    for label in parts.columns:
        width, color = parts[label].to_numpy(), hues[label]
        ax.barh(places, width, left=left, color=color, height=0.78)
        for place in np.flatnonzero(width >= 0.06).tolist():
            middle = left[place] + width[place] / 2
            cells.append(
                ax.text(middle, place, percent(width[place]), ha="center", va="center", color=ink_on(color))
            )
        left += width
    labels = [f"{label_of(each)} (n = {number(of_group[each])})" for each in groups]
    ax.set_yticks(places, labels, fontsize=look.small)
    ax.set_ylim(len(groups) - 0.4, -0.6)
    ax.set_xlim(0, 1)
    ax.tick_params(axis="y", length=0)
    percent_axis(ax.xaxis)
    ax.set_xlabel("share of the group's calls")
    first = parts[frequent[0]]
    name, high, low = shortened(frequent[0], _NAME), first.idxmax(), first.idxmin()
    title = f"{name}: {percent(first.max())} of the calls of {label_of(high, _NAME)}"
    if len(groups) > 1:
        title += f", {percent(first.min())} of {label_of(low, _NAME)}"
    remarks = [
        "outcomes ÷ calls of the group",
        f"n = {counted(look.facts.total(table, 'n_calls'), 'call')}",
        hidden,
        look.facts.cut(table),
    ]
    return headed(
        ax,
        look,
        title,
        look.facts.lines(*remarks),
        form="A bar for each group, cut into its outcomes",
        key=[Key(shortened(label, _NAME), hues[label]) for label in parts.columns],
        fits=[RowLabels(labels, look.small), CellTexts(cells, 0.9 * look.small, width=0.06)],
    )


@picture
def funnel(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how many calls reach each stage.

    Parameters
    ----------
    table
        Table returned by `analysis.funnel`. With outer index levels the groups stand below each other.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each stage: its share of the first stage, with its calls and the rate from the stage before.
        A stage counts the calls that reached all stages before it too, and the text says so.
        Of more groups than fit, the largest are drawn.
    """
    if table.empty:
        return no_data(look, "Funnel")
    stages = table.index.get_level_values(-1)
    first = table[stages == stages[0]]
    shown, hidden = whole_groups(table, look, "n_calls", "max")
    texts = [
        share_and_count(share, count) + ("" if pd.isna(step) else f", step {percent(step)}")
        for share, count, step in zip(shown["share"], shown["n_calls"], shown["step_rate"], strict=True)
    ]
    of_first = _of_first(str(stages[0]))
    ax, fits = bar_rows(row_labels(shown.index), shown["share"], texts, look, unit=f"share of {of_first}")
    last = table[stages == stages[-1]]
    words = shortened(stages[-1], _NAME)
    share = percent(last["share"].iloc[0])
    title = f"{share} of the calls pass all stages, up to {words}"
    if share == NOT_KNOWN:
        title = f"How many of the calls pass all stages, up to {words}, is not known"
    if table.index.nlevels > 1:
        title = _of_groups(last["share"], sentence_case(words))
    remarks = [
        f"calls that reach the stage and all before it ÷ {of_first}",
        "step: ÷ the stage before",
        _positive(stages, shown),
        f"n = {counted(first['n_calls'].sum(), 'call')}",
        hidden,
        look.facts.cut(table),
    ]
    return headed(ax, look, title, look.facts.lines(*remarks), form="A bar for each stage", fits=fits)


def _positive(stages: pd.Index, shown: pd.DataFrame) -> str:
    """Return a remark on positive outcomes: a funnel has only those that passed the stages before."""
    if "positive outcome" not in stages or len(shown) < 2:
        return ""
    place = list(stages).index("positive outcome")
    before = f", of the stage {shortened(stages[place - 1], _NAME)} only" if place > 1 else ""
    return f"positive outcome: of the outcome type positive{before}"


def _of_first(stage: str) -> str:
    """Return what shares are of: all calls, or those of the first stage."""
    return "all calls" if stage == "all calls" else f"calls of the stage {stage}"


def _of_groups(shares: pd.Series, words: str) -> str:
    """Return the finding of a share by group: the highest and the lowest."""
    known = shares.dropna()
    if known.empty:
        return f"{words}: not known"
    ends: Any = (known.idxmax(), known.idxmin())
    best, worst = (label_of(label[:-1], _NAME) for label in ends)
    high, low = percent(known.max()), percent(known.min())
    return f"{words}: {high} in {best}" + (f", {low} in {worst}" if len(known) > 1 else "")


def whole_groups(
    table: pd.DataFrame, look: Look, column: str, size: str, usual: int = 30
) -> tuple[pd.DataFrame, str]:
    """Return the rows of the largest groups, each with all its rows, and a remark on the others."""
    if table.index.nlevels == 1:
        return table, ""
    levels = outer_levels(table)
    sizes = table[column].groupby(level=levels, sort=False, observed=True, dropna=False).agg(size)
    each = len(table.index.unique(table.index.nlevels - 1))
    groups, hidden = chosen_groups(sizes, look, usual=max(look.rows(usual) // max(each, 1), 1))
    if len(groups) == len(sizes) and look.sort == "table":
        return table, ""
    index: Any = table.index
    keys = index.droplevel(-1)
    return pd.concat([table[keys == group] for group in groups]), hidden


@picture
def talk_time_buckets(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how answered calls divide into buckets of talk time.

    Parameters
    ----------
    table
        Table returned by `analysis.talk_time_buckets`. With outer index levels the groups stand below each
        other.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each bucket: its share of the answered calls with its interval. Of more groups than fit, the
        largest are drawn.
    """
    topic = "Answered calls by talk time"
    if table.empty:
        return no_data(look, topic, "no answered calls")
    buckets = table.index.unique(table.index.nlevels - 1)
    shades = [RED, *[ORANGE] * (len(buckets) - 2), GREEN] if len(buckets) > 1 else [look.hue]
    colors = dict(zip(buckets, shades, strict=True)) | (look.color if isinstance(look.color, dict) else {})
    shown, hidden = whole_groups(table, look, "n_calls", "sum")
    ax, fits = bar_rows(
        row_labels(shown.index),
        shown["share"],
        [share_and_count(*each) for each in zip(shown["share"], shown["n_calls"], strict=True)],
        look,
        intervals=interval_of(shown, "share"),
        colors=look.color
        if isinstance(look.color, str)
        else [colors[each] for each in shown.index.get_level_values(-1)],
        unit="share of answered calls",
    )
    every = look.facts.total(table, "n_calls")
    rows = table[table.index.get_level_values(-1) == buckets[-1]]
    title = f"{percent(rows['share'].iloc[0])} of the answered calls talk {buckets[-1]}"
    if table.index.nlevels > 1:
        title = _of_groups(rows["share"], f"Answered calls that talk {buckets[-1]}")
    remarks = [
        "calls of the bucket ÷ answered calls",
        f"n = {counted(every, 'answered call')}",
        f"whiskers: {look.facts.interval}",
        hidden,
        look.facts.cut(table),
    ]
    return headed(ax, look, title, look.facts.lines(*remarks), form="A bar for each bucket", fits=fits)
