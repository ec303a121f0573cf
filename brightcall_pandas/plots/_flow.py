"""Draw how transferred calls flow from party to party."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text

from brightcall_pandas.plots._colors import GRAY, tones_of
from brightcall_pandas.plots._fitting import CellTexts, Fit
from brightcall_pandas.plots._formats import counted, number, percent
from brightcall_pandas.plots._labels import shortened
from brightcall_pandas.plots._picture import Look, headed, no_data, picture

__all__ = ["transfer_flow", "transfers_of_each"]

_FLOW = "Flow of transferred calls"
_HOPS = 3  # transfers of a call that are drawn
_NTH = ("first", "second", "third")
_NAMED = 6  # parties: the bands of more of them nobody can follow
_MOST_NAMED = 12  # where the others would be too many
_OTHERS = 0.2  # of all transfers that the others may take part in, where there is room for more names
_FEWEST = 0.01  # of the calls, for a band in color: nobody can follow thinner ones
_WIDTH = 0.05  # of a bar, in distances between two stages
_NODE = 0.78  # between the bar at which bands arrive and that at which they leave: names have room there
_BESIDE = 1.05  # for names before the first stage and behind the last one
_NAMES = 0.45  # of the height, for the gaps in which names have room
_HATCHES = ("////", "\\\\\\\\", "||||", "----", "....", "xxxx")
"""Patterns of the parties with colors of their own, which a print in gray keeps apart."""


_Label = tuple[Text, tuple[str, str]]
"""The name of a bar, its calls, and its partner, where it has one."""


@dataclass
class _Bar:
    """A party at a stage: its calls, where its bar lies, and how much of either side is taken by bands."""

    calls: int
    top: float
    height: float
    arrived: float = 0.0
    departed: float = 0.0


@picture
def transfer_flow(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how transferred calls flow from party to party.

    Parameters
    ----------
    table
        What `analysis.transfer_flow` returns.

    Returns
    -------
    matplotlib.axes.Axes
        A column for each stage of a call, a bar for each party, as tall as the calls that it had there, the
        most on top; bands are transfers, in the color and pattern of the party that transfers. What arrives
        at a party and does not leave it ended there. The six busiest parties, or as many as ``top=`` says,
        are drawn by name, the others together and last; in a figure of its own size up to twelve, until the
        others take part in less than a fifth of the transfers. The first three transfers of a call are
        drawn, as far as any band is of one percent of the calls; thinner ones are faint. At the first and the
        last stage stands where most calls of a party went to or came from, with the share. ``sort="calls"``
        orders parties by all their transfers, which is the same order at every stage.
    """
    if table.empty:
        return no_data(look, _FLOW, "no transfers")
    every = table["n_calls"]
    hops = every.index.get_level_values("hop")
    least = _FEWEST * every[hops == 1].sum()
    # A stage to which no band goes would be a column that hangs in the air.
    banded = every[every >= least].index.get_level_values("hop")
    last = min(int(banded.max()) if len(banded) else 1, _HOPS)
    links = every[hops <= last]
    whole, (links, others) = links, _with_others(links, look.top or _named(links, look))
    busy = _busy(links)
    hues = look.hues(busy | _busy(every))  # not of what is drawn: a party keeps its color
    colors = {party: hues[party] for party in busy}
    volumes = _volumes(links, busy, look)
    tallest = max(map(len, volumes))
    name_line = 0.02 * look.small
    height = min(max(1.4 + tallest * name_line / _NAMES, 3.6), 20)
    ax = look.axes(width=2.5 + 2.3 * len(volumes), height=height)
    figure: Any = ax.get_figure(root=True)
    line = min(name_line * figure.dpi / ax.get_window_extent().height, _NAMES / tallest)
    unit = min((1 - line * len(each)) / sum(each.values()) for each in volumes)
    stages = [_bars(each, unit, line) for each in volumes]
    _draw_bands(ax, links, stages, _forms(ax, colors), unit=unit, least=least)
    ax.set_xlim(-_BESIDE, _left(len(stages) - 1) + _WIDTH + _BESIDE)
    ax.set_ylim(1, -3 * line)
    ax.set_axis_off()
    fits = _write_names(ax, stages, _partners(whole[whole >= least], stages), line, look)
    calls = links.xs(1, level="hop").sum()
    again = every[hops == 2].sum()
    title = f"{counted(calls, 'call')} transferred, {percent(again / calls)} of them more than once"
    later = every.sum() - links.sum()
    thin = links[links < least].sum()
    remarks = [
        f"n = {counted(look.facts.total(table, 'n_calls'), 'transfer')}",
        "bands: transfers, in the color and pattern of the party that transfers",
        "in brackets: calls there; → and ←: to whom most went, from whom most came, and what share",
        f"not drawn: {counted(later, 'transfer')} after the {_NTH[last - 1]}" if later else "",
        f"faint gray: bands of fewer than {number(np.ceil(least))} calls, {number(thin)} together"
        if thin
        else "",
        f"({others} others): parties that took part in fewer transfers" if others else "",
        look.facts.cut(table),
    ]
    form = "Bands from party to party, one column for each stage"
    return headed(ax, look, title, look.facts.lines(*remarks), form=form, fits=fits)


def _with_others(links: pd.Series, most: int) -> tuple[pd.Series, int]:
    """Return links with all but the busiest parties as one, and how many these are."""
    busy = _busy(links)
    ranked = sorted(busy, key=lambda party: (-busy[party], party))
    if len(ranked) <= most + 1:
        return links, 0
    others = len(ranked) - most
    renamed = dict.fromkeys(ranked[most:], f"({others} others)")
    table = links.rename("n_calls").reset_index().replace({"from": renamed, "to": renamed})
    return table.groupby(["hop", "from", "to"])["n_calls"].sum(), others


def _named(links: pd.Series, look: Look) -> int:
    """Return how many parties are drawn by name, where ``top=`` does not say it."""
    if look.ax is not None or look.figsize is not None:
        return _NAMED
    sizes = np.sort(np.array(list(_busy(links).values())))[::-1]
    few = np.flatnonzero(np.cumsum(sizes) > (1 - _OTHERS) * sizes.sum())
    return min(max(int(few[0]) + 1, _NAMED), _MOST_NAMED)


def _busy(links: pd.Series) -> dict[str, int]:
    return transfers_of_each(
        (origin, target, calls) for (_, origin, target), calls in zip(links.index, links, strict=True)
    )


def transfers_of_each(transfers: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    """Return how many transfers each party took part in, by which it has its color in every picture.

    Parameters
    ----------
    transfers
        From whom, to whom, and how many.
    """
    busy: Counter[str] = Counter()
    for origin, target, calls in transfers:
        busy[origin] += calls
        busy[target] += calls
    return dict(busy)


def _volumes(links: pd.Series, busy: dict[str, int], look: Look) -> list[dict[str, int]]:
    """Return for each stage how many calls each party had there, the most first, those together last."""
    leaving, arriving = links.groupby(["hop", "from"]).sum(), links.groupby(["hop", "to"]).sum()
    last = int(links.index.get_level_values("hop").max())
    # What arrived is all there was, except at the first stage, where it did not arrive by a transfer.
    volumes = [leaving.loc[1], *(arriving.loc[hop] for hop in range(1, last + 1))]
    places = {party: place for place, party in enumerate(busy)}

    def order(stage: pd.Series, party: str) -> tuple[Any, ...]:
        if look.sort == "table":
            return (places[party],)
        if look.sort == "name":
            return party.startswith("("), party.casefold()
        return party.startswith("("), -(busy[party] if look.sort == "calls" else stage[party]), party

    return [
        {party: int(stage[party]) for party in sorted(stage.index, key=lambda each: order(stage, each))}
        for stage in volumes
    ]


def _left(stage: int) -> float:
    """Return where the bars begin at which bands arrive at a stage; those of the first one only leave."""
    return stage + (stage - 1) * (_WIDTH + _NODE) + _WIDTH if stage else 0.0


def _right(stage: int, stages: int) -> float:
    """Return where the bars begin at which bands leave a stage: behind its names, if these are between."""
    return _left(stage) + (_NODE if 0 < stage < stages - 1 else 0.0)


def _bars(volumes: dict[str, int], unit: float, line: float) -> dict[str, _Bar]:
    """Put bars below each other, so far apart that a line of text fits to each."""
    top, bars = 0.0, {}
    for party, calls in volumes.items():
        bars[party] = _Bar(calls, top, calls * unit)
        top += calls * unit + line
    return bars


def _forms(ax: Axes, colors: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return the color of each party, and the pattern of those that have a color of their own."""
    own = dict.fromkeys(color for color in colors.values() if color != GRAY)
    patterns = dict(zip(own, _HATCHES, strict=False)) if len(own) > 1 else {}
    paper = tones_of(ax, inside=True).paper
    return {
        party: {"facecolor": color, "edgecolor": paper, "hatch": patterns.get(color)}
        for party, color in colors.items()
    }


def _draw_bands(
    ax: Axes,
    links: pd.Series,
    stages: list[dict[str, _Bar]],
    forms: dict[str, dict[str, Any]],
    *,
    unit: float,
    least: float,
) -> None:
    """Draw bars for each party at each stage, and a band for each link, those of a bar without crossing."""
    for place, stage in enumerate(stages):
        for party, bar in stage.items():
            form = {**forms[party], "linewidth": 0, "zorder": 3}
            for begin in {_left(place), _right(place, len(stages))}:
                ax.add_patch(Rectangle((begin, bar.top), _WIDTH, bar.height, **form))
    thin = {"facecolor": tones_of(ax, inside=True).grid, "linewidth": 0, "zorder": 1}
    for (hop, origin, target), calls in _from_the_top(links, stages):
        left, right, thick = stages[hop - 1][origin], stages[hop][target], calls * unit
        begin, end = _right(hop - 1, len(stages)) + _WIDTH, _left(hop)
        band = _band((begin, left.top + left.departed), (end, right.top + right.arrived), thick)
        form = {**forms[origin], "alpha": 0.7, "linewidth": 0.8, "zorder": 2} if calls >= least else thin
        ax.add_patch(PathPatch(band, **form))
        left.departed += thick
        right.arrived += thick


def _from_the_top(links: pd.Series, stages: list[dict[str, _Bar]]) -> list[tuple[tuple[int, str, str], int]]:
    """Return links by hop, origin and target as they stand in the picture."""
    ranks = [{party: place for place, party in enumerate(stage)} for stage in stages]
    return sorted(
        zip(links.index, links, strict=True),
        key=lambda link: (link[0][0], ranks[link[0][0] - 1][link[0][1]], ranks[link[0][0]][link[0][2]]),
    )


def _band(start: tuple[float, float], end: tuple[float, float], height: float) -> Path:
    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2
    upper = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    lower = [(x, y + height) for x, y in reversed(upper)]
    curve = [Path.CURVE4] * 3
    return Path([*upper, *lower, (x0, y0)], [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _partners(links: pd.Series, stages: list[dict[str, _Bar]]) -> dict[tuple[int, str], str]:
    """Return for each bar who passed on most of its calls, or was passed them, in words beside colors."""
    partners: dict[tuple[int, str], str] = {}
    ordered = links.sort_values(ascending=False, kind="stable")
    for (hop, origin, target), calls in zip(ordered.index, ordered, strict=True):
        if target in stages[hop]:  # those drawn together with others have no partner of their own
            of_target = percent(calls / stages[hop][target].calls)
            partners.setdefault((hop, target), f" ← {shortened(origin, 12)}: {of_target}")
        if hop == 1 and origin in stages[0]:
            of_origin = percent(calls / stages[0][origin].calls)
            partners.setdefault((0, origin), f" → {shortened(target, 12)}: {of_origin}")
    return partners


def _write_names(
    ax: Axes,
    stages: list[dict[str, _Bar]],
    partners: dict[tuple[int, str], str],
    line: float,
    look: Look,
) -> list[Fit]:
    """Write the name and calls of each party beside its bar or between its two, and what each stage is."""
    tones, last = tones_of(ax, inside=True), len(stages) - 1
    beside: list[_Label] = []
    between: list[_Label] = []
    headings: list[Text] = []
    for place, stage in enumerate(stages):
        calls = counted(sum(bar.calls for bar in stage.values()), "call")
        heading = f"after {place}: {calls}" if place else f"first: {calls}"
        inner = 0 < place < last
        x, side = (
            (_left(place) + (_NODE + _WIDTH) / 2, "center")
            if inner
            else (_left(place) + _WIDTH + 0.04, "left")
            if place
            else (-0.04, "right")
        )
        headings.append(ax.text(x, -1.2 * line, heading, color=tones.muted, ha=side, va="center"))
        for party, bar in stage.items():
            text = ax.text(x, bar.top + bar.height / 2, shortened(party, 24), ha=side, va="center", zorder=4)
            partner = "" if inner else partners.get((place, party), "")
            (between if inner else beside).append((text, (f" ({number(bar.calls)})", partner)))
    high = max(line, 0.02)
    return [
        _fitted(beside, look, _BESIDE - 0.04, high),
        _fitted(between, look, _NODE - _WIDTH - 0.02, high),
        CellTexts(headings, look.small, width=0.9, height=1.6 * line),
    ]


def _fitted(labels: list[_Label], look: Look, width: float, height: float) -> Fit:
    """Return names that are cut to the room for them, with their numbers whole."""
    texts, tails = [text for text, _ in labels], [tail for _, tail in labels]
    return CellTexts(texts, look.small, width=width, height=height, cut=True, tails=tails)
