"""How the shares of outcomes move."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from brightcall_pandas.plots._calendar import Steps, dot_axis, middles_of, steps_of
from brightcall_pandas.plots._colors import grid_of, tones_of
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._formats import number, of_all, percent, percent_axis
from brightcall_pandas.plots._labels import is_none, shortened
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import LineLabels, halo, readable
from brightcall_pandas.plots._settled import hatch_unsettled
from brightcall_pandas.plots._standing import most_frequent, widened

__all__ = ["outcome_shares"]

_TOPIC = "Outcomes over time"
_LINES = 6
_MARKERS = "os^Dv*"


@picture
def outcome_shares(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the share of each outcome in each period.

    Parameters
    ----------
    table
        Table returned by `analysis.by_outcome` with a period as ``by=``: ``"W"``, ``"D"``, ``"M"``.

    Returns
    -------
    matplotlib.axes.Axes
        A line for each of the six most frequent outcomes on the band of its interval, named at its end, where
        it was in the last whole period, with its share then. Periods that the days do not fill are hollow.
        The title tells the outcome whose share of the last whole period differs most from those before, if
        any differs by more than chance.

    Raises
    ------
    ValueError
        The table's outer index level is not one of periods.
    """
    begins = table.index.get_level_values(0)
    if table.index.nlevels != 2 or not isinstance(begins, pd.DatetimeIndex):
        msg = "this picture needs the outcomes of each period: draw by_outcome(by='W')"
        raise ValueError(msg)
    calls = (
        table["n_calls"]
        .groupby(level=1, sort=False, observed=True)
        .sum()
        .sort_values(ascending=False, kind="stable")
    )
    if not calls.sum():
        return no_data(look, _TOPIC)
    periods = begins.dropna().unique().sort_values()
    shown = calls.index[: look.top or _LINES]
    steps = steps_of(periods, len(periods), look.facts)
    word, middles, whole = steps.name, middles_of(steps), _whole(steps, look.facts)
    ax = look.axes(height=4.4)
    colors = look.hues({str(each): float(calls[each]) for each in shown})
    parts: dict[Any, Any] = {each: table.xs(each, level=1).reindex(periods) for each in shown}
    paper = tones_of(ax, inside=True).paper
    for (outcome, part), marker in zip(parts.items(), cycle(_MARKERS), strict=False):
        color, share = colors[str(outcome)], part["share"].fillna(0)
        ax.fill_between(middles, part["share_low"], part["share_high"], color=color, alpha=0.2, linewidth=0)
        ax.plot(middles, share, color=color, linewidth=1.6)
        for chosen, fill in ((whole, color), (~whole, paper)):
            ax.plot(middles[chosen], share[chosen], marker, color=color, mfc=fill, markersize=5)
    last = np.flatnonzero(whole)[-1] if whole.any() else -1
    said = [float(part["share"].fillna(0).iloc[last]) for part in parts.values()]
    form: Any = {
        "transform": ax.transAxes,
        "va": "center",
        "ha": "left",
        "in_layout": False,
        "path_effects": halo(ax),
    }
    outside: Any = {"transform": ax.transAxes, "linestyle": "none", "clip_on": False, "in_layout": False}
    texts = [
        ax.text(
            1,
            0,
            f"{shortened(each)} {percent(end)}",
            fontsize=look.small,
            color=readable(colors[str(each)], paper),
            **form,
        )
        for each, end in zip(shown, said, strict=True)
    ]
    marks = [
        Line2D([], [], color=colors[str(each)], marker=marker, markersize=5, **outside)
        for each, marker in zip(shown, cycle(_MARKERS), strict=False)
    ]
    for mark in marks:
        ax.add_artist(mark)
    ax.set_ylim(0, float(np.nanmax([part["share_high"].max() for part in parts.values()])) * 1.05)
    grid_of(ax, "y")
    percent_axis(ax.yaxis)
    ax.set_ylabel(f"share of the {word}'s calls")
    fits = dot_axis(ax, steps, look.small)
    return headed(
        ax,
        look,
        _moved(
            {each: part[whole] for each, part in parts.items()} if whole.any() else parts,
            word if whole.all() or not whole.any() else f"whole {word}",
            look.facts,
        ),
        look.facts.lines(
            f"outcome ÷ calls of each {word}, a call without outcome is (none)",
            f"bands: {look.facts.interval}; chance: last whole {word} against those before, corrected for "
            f"{number(len(shown))} outcomes",
            f"hollow: a {word} that is not whole, not counted" if not whole.all() else "",
            hatch_unsettled(ax, steps, look.facts),
            f"percentages: of the last whole {word}" if not whole[-1] and whole.any() else "",
            look.facts.n(table),
            of_all(len(shown), len(calls), "outcomes"),
        ),
        form="A line for each outcome, named at its end, on the band of its interval",
        fits=[LineLabels(texts, said, ax.get_xlim()[1], marks), *fits],
    )


def _whole(steps: Steps, facts: Facts) -> np.ndarray:
    """Return which periods the days of the calls fill; all where these are not known."""
    whole = np.ones(len(steps.edges) - 1, dtype=bool)
    if facts.first and facts.last:
        whole &= steps.edges[:-1] >= np.datetime64(facts.first)
        whole &= steps.edges[1:] <= np.datetime64(facts.last) + np.timedelta64(1, "D")
    return whole


def _moved(parts: dict[Any, Any], compared: str, facts: Facts) -> str:
    """Return which outcome's share differs most in the last period from those before, if chance does not.

    The first period alone would be an arbitrary one to compare with. The error is that of the last period,
    as its interval tells it, and that of those before.
    """
    tested = len(parts)
    parts = {each: part for each, part in parts.items() if not is_none(each)} or parts
    totals = _calls_of(parts)
    if len(next(iter(parts.values()))) == 1:
        shares = pd.Series({outcome: part["share"].fillna(0).iloc[0] for outcome, part in parts.items()})
        return most_frequent(shares, float(totals.iloc[0]), "outcome", 30)
    wider = widened(tested, facts)
    moves = {}
    for outcome, part in parts.items():
        last, earlier = part.iloc[-1], part.iloc[:-1]
        if pd.isna(last["share_high"]):
            continue
        before = float(earlier["n_calls"].fillna(0).sum() / max(totals.iloc[:-1].sum(), 1))
        reach = (last["share_high"] - last["share_low"]) / 2
        reach *= float(np.sqrt(1 + totals.iloc[-1] / max(totals.iloc[:-1].sum(), 1)))
        if abs(last["share"] - before) > wider * reach:
            moves[outcome] = (before, last["share"])
    if not moves:
        return f"No outcome's share of the last {compared} differs from those before by more than chance"
    most = max(moves, key=lambda outcome: abs(moves[outcome][1] - moves[outcome][0]))
    before, after = moves[most]
    way = "more" if after > before else "less"
    told = f"{percent(after)} of the calls of the last {compared}, {percent(before)} in those before"
    return f"{shortened(most, 30)}: {told}, {way} than chance explains"


def _calls_of(parts: dict[Any, Any]) -> pd.Series:
    """Return how many calls each period has: those of any outcome, divided by their share."""
    each = [part["n_calls"] / part["share"].where(part["share"] > 0) for part in parts.values()]
    calls: pd.Series = pd.concat(each, axis=1).max(axis=1).fillna(0)
    return calls
