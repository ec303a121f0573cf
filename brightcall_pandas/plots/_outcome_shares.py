"""How the shares of outcomes move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from brightcall_pandas.plots._calendar import Steps, dot_axis, middles_of, moment, steps_of
from brightcall_pandas.plots._colors import grid_of, tones_of
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._formats import number, of_all, percent, percent_axis
from brightcall_pandas.plots._labels import is_none, shortened
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import LineLabels, halo, readable
from brightcall_pandas.plots._settled import hatch_unsettled
from brightcall_pandas.plots._standing import most_frequent, risk_of, widened

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
        any differs by more than chance; beside it the others are gray.

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
    if not calls.sum() or table["share"].isna().all():
        return no_data(look, _TOPIC, "shares are not known" if calls.sum() else "no calls")
    periods = begins.dropna().unique().sort_values()
    shown = calls.index[: look.top or _LINES]
    steps = steps_of(periods, len(periods), look.facts)
    word, middles, whole = steps.name, middles_of(steps), _whole(steps, look.facts)
    ax = look.axes(height=4.4)
    # An outcome that a period lacks has 0 % of its calls, but not where nothing is known of the period.
    known = table["share"].groupby(level=0).count().reindex(periods).gt(0)
    parts: dict[Any, Any] = {}
    for outcome in shown:
        parts[outcome] = table.xs(outcome, level=1).reindex(periods)
        parts[outcome]["share"] = parts[outcome]["share"].fillna(0).where(known)
    last = np.flatnonzero(whole)[-1] if whole.any() else len(whole) - 1
    when, earlier = moment(steps.edges[last], word), f"the {word}s before"
    title, moved = _moved(
        {each: part[whole] for each, part in parts.items()} if whole.any() else parts,
        (when, earlier),
        look.facts,
    )
    tested = (whole.sum() or len(whole)) > 1
    styles = _styles(calls[shown], moved, ax, look)
    for outcome, part in parts.items():
        _line(ax, middles, part, whole, styles[outcome])
    said = {each: float(part["share"].iloc[last]) for each, part in parts.items()}
    ax.set_ylim(0, max(float(part[["share", "share_high"]].max().max()) for part in parts.values()) * 1.05)
    grid_of(ax, "y")
    percent_axis(ax.yaxis)
    ax.set_ylabel(f"share of the {word}'s calls")
    fits = [_names(ax, said, styles, look), *dot_axis(ax, steps, look.small)]
    return headed(
        ax,
        look,
        title,
        look.facts.lines(
            f"outcome ÷ calls of each {word}",
            f"bands: {look.facts.interval}",
            look.facts.n(table),
            of_all(len(shown), len(calls), "outcomes"),
            f"chance: {risk_of(look.facts)}, {when} against {earlier}, corrected for {number(len(shown))}"
            if tested
            else "",
            f"hollow: part of a {word}" if not whole.all() else "",
            f"percentages: of {when}" if not whole[-1] else "",
            hatch_unsettled(ax, steps, look.facts),
        ),
        form="A line for each outcome, named at its end, on the band of its interval",
        fits=fits,
    )


@dataclass(frozen=True)
class _Style:
    """How an outcome is drawn: its color and mark, and whether it is the one that the title names."""

    color: str
    mark: str
    strong: bool


def _styles(calls: pd.Series, moved: Any, ax: Axes, look: Look) -> dict[Any, _Style]:
    """Return how each outcome is drawn; beside one that the title names the others are gray."""
    hues = look.hues({str(each): float(many) for each, many in calls.items()})
    if moved is not None and look.color is None:
        hues = {
            name: hue if name == str(moved) else tones_of(ax, inside=True).muted for name, hue in hues.items()
        }
    marks = zip(calls.index, cycle(_MARKERS), strict=False)
    return {each: _Style(hues[str(each)], mark, each == moved) for each, mark in marks}


def _line(ax: Axes, middles: Any, part: pd.DataFrame, whole: np.ndarray, style: _Style) -> None:
    """Draw the share of an outcome in each period on its interval, hollow where a period is not whole."""
    share, form = part["share"], dict[str, Any](color=style.color, zorder=3 if style.strong else 2)
    ax.fill_between(middles, part["share_low"], part["share_high"], color=style.color, alpha=0.2, linewidth=0)
    ax.plot(middles, share, linewidth=2.6 if style.strong else 1.2, **form)
    for chosen, fill in ((whole, style.color), (~whole, tones_of(ax, inside=True).paper)):
        size = 6.5 if style.strong else 4
        ax.plot(middles[chosen], share[chosen], style.mark, mfc=fill, markersize=size, **form)


def _names(ax: Axes, said: Mapping[Any, float], styles: Mapping[Any, _Style], look: Look) -> LineLabels:
    """Name each outcome at the end of its line, with its mark; the one that the title names in bold."""
    form: Any = {"transform": ax.transAxes, "va": "center", "ha": "left", "in_layout": False}
    paper = tones_of(ax, inside=True).paper
    texts = [
        ax.text(
            1,
            0,
            f"{shortened(each)} {percent(end)}",
            fontsize=look.small,
            fontweight="bold" if styles[each].strong else "normal",
            color=readable(styles[each].color, paper),
            path_effects=halo(ax),
            **form,
        )
        for each, end in said.items()
    ]
    outside: Any = {"transform": ax.transAxes, "linestyle": "none", "clip_on": False, "in_layout": False}
    marks = [
        Line2D([], [], color=styles[each].color, marker=styles[each].mark, markersize=5, **outside)
        for each in said
    ]
    for mark in marks:
        ax.add_artist(mark)
    return LineLabels(
        texts, [0.0 if np.isnan(end) else end for end in said.values()], ax.get_xlim()[1], marks
    )


def _whole(steps: Steps, facts: Facts) -> np.ndarray:
    """Return which periods the days of the calls fill; all where these are not known."""
    whole = np.ones(len(steps.edges) - 1, dtype=bool)
    if facts.first and facts.last:
        whole &= steps.edges[:-1] >= np.datetime64(facts.first)
        whole &= steps.edges[1:] <= np.datetime64(facts.last) + np.timedelta64(1, "D")
    return whole


def _moved(parts: dict[Any, Any], compared: tuple[str, str], facts: Facts) -> tuple[str, Any]:
    """Return the title, and which outcome's share of the last period differs from those before beyond chance.

    `compared` names that period and those before. The first period alone would be an arbitrary one to compare
    with. The error is that of the last period,
    as its interval tells it, and that of those before.
    """
    tested = len(parts)
    parts = {each: part for each, part in parts.items() if not is_none(each)} or parts
    totals = _calls_of(parts)
    if len(next(iter(parts.values()))) == 1:
        shares = pd.Series({outcome: part["share"].fillna(0).iloc[0] for outcome, part in parts.items()})
        return most_frequent(shares, float(totals.iloc[0]), "outcome", 30), None
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
    when, earlier_ones = compared
    if not moves:
        share = f"No outcome's share of the calls of {when}"
        return f"{share} differs from that in {earlier_ones} by more than chance", None
    most = max(moves, key=lambda outcome: abs(moves[outcome][1] - moves[outcome][0]))
    before, after = moves[most]
    way = "more" if after > before else "less"
    told = f"{percent(after)} of the calls of {when}, {percent(before)} in {earlier_ones}"
    return f"{shortened(most, 30)}: {told}, {way} than chance explains", most


def _calls_of(parts: dict[Any, Any]) -> pd.Series:
    """Return how many calls each period has: those of any outcome, divided by their share."""
    each = [part["n_calls"] / part["share"].where(part["share"] > 0) for part in parts.values()]
    calls: pd.Series = pd.concat(each, axis=1).max(axis=1).fillna(0)
    return calls
