"""Rates of agents against what chance alone would make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from brightcall_pandas.frame import NONE
from brightcall_pandas.plots._colors import RED, tones_of
from brightcall_pandas.plots._formats import (
    calls_of,
    count_axis,
    counted,
    percent,
    percent_axis,
    sentence_case,
    words_of,
)
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._limits import ALIKE, APART, chance_band, effective_calls
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import PointLabels, halo
from brightcall_pandas.plots._rows import named_group
from brightcall_pandas.plots._text import Key

__all__ = ["agent_funnel"]

_NAMED = 2  # agents that a title names
_HITS = {"answer_rate": "answered ÷ calls", "positive_rate": "positive outcomes ÷ calls"}


@picture
def agent_funnel(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the rate of each agent against the number of calls, with the limits of chance.

    Parameters
    ----------
    table
        Table returned by `analysis.by_agent`; the rate by which it is ranked is drawn.

    Returns
    -------
    matplotlib.axes.Axes
        A funnel plot: a dot for each agent, their median as a line, above which half of the calls are, and
        curves between which 95 % and 99.8 % of agents lie who are all alike. Agents beyond the outer curves
        stand out and are named.
        Calls without an agent are left out.
    """
    rate = _rate_of(table, look)
    words = words_of(rate)
    topic = f"{sentence_case(words)} of agents"
    people = table[table.index.get_level_values(-1) != NONE]
    known = people[people[rate].notna() & (people["n_calls"] > 0)]
    if known.empty:
        return no_data(look, topic, "no agents" if people.empty else f"{words} is not known")
    ax = look.axes(height=4.6)
    calls, rates = (known[name].to_numpy(dtype=np.float64) for name in ("n_calls", rate))
    mean = _middle(calls, rates)
    # How many calls tell as much as one of a client of its own: one number for all, or there were no curves.
    design = float(np.median(calls / effective_calls(known, rate, look.facts)))
    low, high = chance_band(mean, calls / design, ALIKE)
    beyond = (rates < low) | (rates > high)
    _curves(ax, mean, calls, design)
    paper = tones_of(ax, inside=True).paper
    for chosen, color, size in ((~beyond, look.hue, 36), (beyond, RED, 52)):
        ax.scatter(
            calls[chosen], rates[chosen], color=color, s=size, zorder=3, linewidth=0.6, edgecolor=paper
        )
    percent_axis(ax.yaxis)
    count_axis(ax.xaxis)
    ax.set_xlabel("calls of the agent")
    ax.set_ylabel(words)
    muted = tones_of(ax, inside=True).muted
    key = [Key(f"median: {percent(mean)}", tones_of(ax, inside=True).ink, "line")]
    key += [Key("99.8 % of agents who are alike", muted, "line"), Key("95 % of them", muted, "dashes")]
    if beyond.any():
        key.append(Key("beyond chance", RED, "dot"))
    nobody = table["n_calls"].sum() - people["n_calls"].sum()
    texts, order = _names(ax, known, beyond, mean, look)
    marks = np.column_stack([calls, rates])
    return headed(
        ax,
        look,
        _verdict(known.loc[beyond, rate], len(known), mean, sentence_case(words)),
        look.facts.lines(
            f"{words}: {_HITS.get(rate, 'hits ÷ calls')}",
            look.facts.mixed(rate, table.index.names),
            "median: half of the calls are of agents above it" if len(known) > 2 else "",
            calls_of(calls.sum()),
            "curves allow for calls of one client being alike" if f"{rate}_low" in known else "",
            f"not drawn: {counted(nobody, 'call')} without an agent" if nobody else "",
            look.facts.cut(table),
        ),
        form="A dot for each agent, calls across and rate upwards, between curves that narrow with the calls",
        key=key,
        fits=[PointLabels(texts, marks[order], marks)],
    )


def _rate_of(table: pd.DataFrame, look: Look) -> str:
    """Return the rate by which a table of agents is ranked."""
    return str(table.attrs.get("rank_by", look.facts.setting("rank_by", "answer_rate")))


def _middle(calls: NDArray[np.float64], rates: NDArray[np.float64]) -> float:
    """Return the rate in the middle of the calls: one agent far out does not move it, as it does a mean."""
    if len(calls) < 3:
        return float((calls * rates).sum() / calls.sum())
    order = np.argsort(rates, kind="stable")
    reached = np.cumsum(calls[order]) - calls[order] / 2
    return float(np.interp(calls.sum() / 2, reached, rates[order]))


def _verdict(beyond: pd.Series, many: int, mean: float, words: str) -> str:
    """Return the finding: who is above, and who below, what chance explains."""
    if many == 1:
        return "A single agent differs from nobody"
    if beyond.empty:
        return f"{words}: none of {many} agents differs from {percent(mean)} by more than chance"
    ways = [("above", beyond[beyond > mean]), ("below", beyond[beyond < mean])]
    if len(beyond) <= _NAMED:
        names = {
            way: [f"{named_group(name, those.index, 24)} ({percent(rate)})" for name, rate in those.items()]
            for way, those in ways
        }
        told = " and ".join(f"{' and '.join(each)} {way}" for way, each in names.items() if each)
        return f"{words}: {told} what chance explains around {percent(mean)}"
    told = ", ".join(f"{len(those)} {way}" for way, those in ways if len(those))
    return f"{words}: {len(beyond)} of {many} agents are beyond what chance explains: {told} {percent(mean)}"


def _names(
    ax: Axes, known: pd.DataFrame, beyond: NDArray[np.bool_], mean: float, look: Look
) -> tuple[list[Text], list[int]]:
    """Return the names of those beyond chance, the one farthest out first, and their places."""
    distance = (known[_rate_of(known, look)] - mean).abs().to_numpy() * np.sqrt(known["n_calls"].to_numpy())
    order = [int(place) for place in np.argsort(-distance, kind="stable") if beyond[place]]
    ink = tones_of(ax, inside=True).ink
    form: Any = {"transform": IdentityTransform(), "fontweight": "bold", "in_layout": False}
    form["path_effects"] = halo(ax)
    names = [label_of(known.index[place], 24) for place in order]
    return [ax.text(0, 0, name, color=ink, fontsize=look.small, **form) for name in names], order


def _curves(ax: Axes, mean: float, calls: NDArray[np.float64], design: float) -> None:
    """Draw the limits of chance over all numbers of calls, and the mean."""
    muted = tones_of(ax, inside=True).muted
    begin, end = max(calls.min() * 0.85, 1.0), max(calls.max() * 1.05, calls.min() + 1)
    reach = np.geomspace(begin, end, 200)
    for sigmas, style in ((APART, "--"), (ALIKE, "-")):
        for bound in chance_band(mean, reach / design, sigmas):
            ax.plot(reach, bound, style, color=muted, linewidth=0.9, zorder=2)
    ax.axhline(mean, color=tones_of(ax, inside=True).ink, linewidth=1.4, zorder=1)
    ax.set_xlim(begin, end)
