"""Calls of the same client, one after another: attempts, repeated calls, promised calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._choice import chosen_groups, outer_levels
from brightcall_pandas.plots._colors import GREEN, ORANGE, RED, grid_of, tones_of
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._fitting import ColumnLabels
from brightcall_pandas.plots._flagged import flagged_rates
from brightcall_pandas.plots._formats import (
    NOT_KNOWN,
    counted,
    duration,
    durations,
    number,
    percent,
    percent_axis,
    spaced,
)
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._limits import continued_band
from brightcall_pandas.plots._outcomes import whole_groups
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._rows import (
    bar_rows,
    interval_of,
    row_labels,
    share_and_count,
)
from brightcall_pandas.plots._standing import differ
from brightcall_pandas.plots._text import Key

__all__ = ["attempts", "recalls", "repeat_callers"]

_SHOWN = 12
_NAME = 28
_STATUS_COLORS = {"kept": GREEN, "late": ORANGE, "missed": RED, "open": "#8c8c8c"}


@picture
def attempts(table: pd.DataFrame, look: Look) -> Axes:
    """Draw what each attempt adds and how many clients are reached by then.

    Parameters
    ----------
    table
        Table returned by `analysis.attempts`. With outer index levels the reach of each group becomes a line.

    Returns
    -------
    matplotlib.axes.Axes
        Bars show the share of clients not reached before whom the attempt reached, with its interval; below
        them stands of how many clients. Lines show the clients reached so far, and how many there would be if
        no client were given up and those who were could be reached as easily as the others, on the band of
        its interval. With outer
        index levels a line for each of the six largest groups. Of more than twelve attempts the first twelve
        are drawn.
    """
    if table.empty:
        return no_data(look, "What one more attempt adds")
    ax = look.axes()
    longest = min(int(table.index.get_level_values("attempt").max()), _SHOWN)
    if table.index.nlevels > 1:
        title, remarks, key = _lines(ax, table, look)
    else:
        title, remarks, key = _bars_and_lines(ax, table.iloc[:_SHOWN], look)
    ax.set_xlim(0.4, max(longest, 3) + 0.6)
    ax.set_ylim(0, min(ax.dataLim.ymax * 1.12 or 1, 1.02))
    single = table.index.nlevels == 1
    ax.set_xlabel("attempt, and clients not reached before whom it called" if single else "attempt")
    ax.set_ylabel("share of clients")
    percent_axis(ax.yaxis)
    grid_of(ax, "y")
    places = range(1, longest + 1)
    names = [str(each) for each in places]
    if single:
        clients = table["unreached"]
        names = [
            f"{each}\nn = {number(clients[each])}" if each in clients.index else str(each) for each in places
        ]
    fits = [ColumnLabels(names, list(places), look.small)]
    form = "Lines and bars over the number of the attempt"
    return headed(
        ax, look, title, look.facts.lines(*remarks, look.facts.cut(table)), form=form, key=key, fits=fits
    )


def _bars_and_lines(ax: Axes, shown: pd.DataFrame, look: Look) -> tuple[str, list[str], list[Key]]:
    tones, attempt, rate = (
        tones_of(ax, inside=True),
        shown.index.to_numpy(),
        shown["marginal_rate"].to_numpy(),
    )
    known = ~np.isnan(rate)
    ax.bar(attempt[known], rate[known], color=look.hue, width=0.6)
    reach = np.array([rate - shown["marginal_rate_low"], shown["marginal_rate_high"] - rate])
    whiskers: Any = {"fmt": "none", "ecolor": tones.ink, "elinewidth": 1}
    ax.errorbar(attempt[known], rate[known], yerr=np.maximum(reach[:, known], 0), **whiskers)
    ax.plot(attempt, shown["reach"], color=tones.ink, marker="o", markersize=4)
    ax.plot(attempt, shown["reach_if_continued"], color=tones.muted, linestyle="--")
    low, high = continued_band(shown, look.facts)
    ax.fill_between(attempt, low, high, color=tones.muted, alpha=0.2, linewidth=0)
    last = shown["reach"].last_valid_index()
    title = "What one more attempt adds is not known"
    if last is not None:
        first = shown["reach"].iloc[0]
        title = f"{percent(shown['reach'].loc[last])} of the clients are reached by attempt {int(str(last))}"
        title += f", {percent(first)} by the first" if last != shown.index[0] else ""
    remarks = [
        "bars: clients reached (a call answered) ÷ clients called who were not reached before",
        "attempt 1: the first in these calls",
        f"n = {counted(shown['dials'].iloc[0], 'client')}",
        f"whiskers and band: {look.facts.interval}",
    ]
    key = [
        Key("reached now, of those not yet reached", look.hue),
        Key("reached so far, of all", tones.ink, "line"),
        Key("if all were dialed on, and as easy to reach", tones.muted, "dashes"),
    ]
    return title, remarks, key


def _lines(ax: Axes, table: pd.DataFrame, look: Look) -> tuple[str, list[str], list[Key]]:
    by_group = table.groupby(level=outer_levels(table), sort=False, observed=True, dropna=False)
    clients, reached = by_group["dials"].first(), by_group["reach"].max()
    groups, hidden = chosen_groups(clients, look, values=reached)
    names = {group: label_of(group, _NAME) for group in groups}
    hues = look.hues({names[group]: clients[group] for group in groups})
    key = []
    for group in groups:
        reach = table["reach"].loc[group].iloc[:_SHOWN]
        ax.plot(reach.index, reach, color=hues[names[group]], marker="o", markersize=4, label=names[group])
        key.append(Key(f"{names[group]} (n = {number(clients[group])})", hues[names[group]], "line"))
    known = reached.loc[groups].dropna()
    title = "Clients reached so far: not known"
    if len(known):
        best, worst = known.idxmax(), known.idxmin()
        title = f"Reached in the end: {percent(known.max())} of the clients of {names[best]}"
        title += f", {percent(known.min())} of {names[worst]}" if len(known) > 1 else ""
        last = by_group[[name for name in ("reach_low", "reach_high") if name in table]].last()
        if len(known) > 1 and len(last.columns) == 2 and not _apart(reached, last, (best, worst), look.facts):
            ends = " to ".join(dict.fromkeys(percent(each) for each in (known.min(), known.max())))
            title = f"Reached in the end: {ends} of the clients; no group differs by more than chance"
    n = f"n = {counted(clients.sum(), 'client')}"
    return title, ["clients reached so far ÷ clients called, whose number is in brackets", n, hidden], key


def _apart(reached: pd.Series, last: pd.DataFrame, ends: tuple[Any, Any], facts: Facts) -> bool:
    """Tell whether the highest and the lowest of the groups differ by more than chance."""
    best, worst = (last.loc[each].copy() for each in ends)
    best["reach"], worst["reach"] = (reached.loc[each] for each in ends)
    return differ(best, worst, "reach", len(reached), facts)


@picture
def repeat_callers(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the share of calls that the same caller repeated within the window.

    Parameters
    ----------
    table
        Table returned by `analysis.repeat_callers`.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each group, the highest first: repeated ÷ observed calls, with its interval. Of more than 30
        groups the largest are drawn.
    """
    topic = "Callers who call again"
    if table.empty:
        return no_data(look, topic)
    window = look.facts.setting("window")
    within = f" within {spaced(window)}" if isinstance(window, str) else " within the window"
    return flagged_rates(
        table,
        look,
        "repeat_rate",
        ("repeated", "observed"),
        said=f"of the calls were repeated{within}",
        about=f"calls that the same caller repeated{within} ÷ calls observed that long",
    )


def _in_calls(shown: pd.DataFrame) -> pd.DataFrame | None:
    """Return the intervals of shares as numbers of calls, which are what is drawn."""
    if "share_low" not in shown:
        return None
    due = shown["recalls"] / shown["share"].where(shown["share"] > 0)
    # Of a status that no promise has the group's other rows tell how many were due.
    outer = outer_levels(shown)
    due = (
        due.groupby(level=outer, sort=False, observed=True).transform("max")
        if outer
        else due.fillna(due.max())
    )
    return interval_of(shown, "share").mul(due, axis=0)


def _seconds(span: str) -> float:
    return pd.Timedelta(span).total_seconds()


@picture
def recalls(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how many promised calls were kept, late or missed, or are still open.

    Parameters
    ----------
    table
        Table returned by `analysis.recalls`. With outer index levels the groups stand below each other.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each status: its number of promised calls, with the interval of its share of those that
        were due.
    """
    topic = "Promised calls"
    if table.empty:
        return no_data(look, topic, "no promised calls")
    shown, hidden = whole_groups(table, look, "recalls", "sum")
    late = durations(shown["late_median_s"])
    texts = [
        (number(count) if pd.isna(share) else share_and_count(share, count))
        + ("" if delay == NOT_KNOWN else f", median {delay} late")
        for count, share, delay in zip(shown["recalls"], shown["share"], late, strict=True)
    ]
    status = shown.index.get_level_values(-1)
    hues = _STATUS_COLORS | (look.color if isinstance(look.color, dict) else {})
    ax, fits = bar_rows(
        row_labels(shown.index),
        shown["recalls"],
        texts,
        look,
        metric="recalls",
        intervals=_in_calls(shown),
        colors=look.color if isinstance(look.color, str) else [hues[each] for each in status],
        unit="promised calls",
    )
    of_status = table["recalls"].groupby(level=-1, observed=True).sum()
    due = of_status.drop("open", errors="ignore").sum()
    every = look.facts.total(table, "recalls")
    kept = percent(of_status.get("kept", 0) / due) if due else "not known"
    title = f"{kept} of the promised calls that were due were kept in time"
    if look.facts.cut(table):
        title = f"{counted(every, 'promised call')}, of which some are drawn"
    tolerance = look.facts.setting("tolerance")
    grace = f"kept: at most {duration(_seconds(tolerance))} late" if isinstance(tolerance, str) else ""
    remarks = [
        f"n = {counted(every, 'promised call')}, percentages of the {number(due)} that were due"
        if not look.facts.cut(table)
        else f"n = {counted(every, 'promised call')}, percentages of those that were due",
        grace,
        "missed: due, and not attempted by the end of the data",
        "open: not due by then",
        f"whiskers: {look.facts.interval} of the share" if "share_low" in shown else "",
        hidden,
        look.facts.cut(table),
    ]
    return headed(ax, look, title, look.facts.lines(*remarks), form="A bar for each status", fits=fits)
