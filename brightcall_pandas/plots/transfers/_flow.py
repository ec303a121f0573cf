"""How transferred calls flow from party to party."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from brightcall_pandas.plots._style import GREY, counted, housed, new_axes, no_data, number, shortened, titled
from brightcall_pandas.plots.transfers._shared import party_colours

__all__ = ["transfer_flow"]

_TITLE = "Flow of transferred calls"
_WIDTH = 0.05  # of a bar, in distances between two stages
_LINE = 0.16  # inches that a name takes
_HEADING = 1.2  # inches that the words over a stage take
_NAMES = 0.45  # of the height, for the gaps in which names have room


@dataclass
class _Bar:
    """A party at a stage: its calls, where its bar lies, and how much of either side is taken by bands."""

    calls: int
    top: float
    height: float
    arrived: float = 0.0
    left: float = 0.0


@housed
def transfer_flow(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how transferred calls flow from party to party.

    Parameters
    ----------
    table
        What `analysis.transfer_flow` returns.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A column of bars for each stage of a call, a bar for each party, as tall as the calls that it had
        there; bands are hand-overs, in the colour of the party that hands over. What arrives at a bar and
        does not leave it ended there. The busiest parties have colours of their own.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE, "no hand-overs")
    links = table["n_calls"]
    busy = _busy(links)
    order = sorted(busy, key=lambda party: (party.startswith("("), -busy[party], party))
    colours = party_colours(busy)
    volumes = _volumes(links, order)
    tallest = max(map(len, volumes))
    ax = new_axes(
        ax, width=1.2 + 1.6 * len(volumes), height=min(max(1.2 + tallest * _LINE / _NAMES, 3.6), 20)
    )
    line = min(_LINE * ax.figure.dpi / ax.get_window_extent().height, _NAMES / tallest)
    unit = min((1 - line * len(each)) / sum(each.values()) for each in volumes)
    stages = [_bars(each, unit, line) for each in volumes]
    for place, stage in enumerate(stages):
        for party, bar in stage.items():
            ax.add_patch(Rectangle((place, bar.top), _WIDTH, bar.height, color=colours[party], zorder=3))
    for (hop, giver, taker), calls in _from_the_top(links, order):
        source, target, height = stages[hop - 1][giver], stages[hop][taker], calls * unit
        band = _band((hop - 1 + _WIDTH, source.top + source.left), (hop, target.top + target.arrived), height)
        ax.add_patch(PathPatch(band, facecolor=colours[giver], alpha=0.4, linewidth=0, zorder=2))
        source.left += height
        target.arrived += height
    _words(ax, stages, line)
    ax.set_xlim(-0.5, len(stages) - 0.4)
    ax.set_ylim(1, -3 * line)
    ax.set_axis_off()
    titled(
        ax,
        _TITLE,
        f"n = {counted(links.xs(1, level='hop').sum(), 'call')}, {counted(links.sum(), 'hand-over')} shown",
    )
    return ax


def _busy(links: pd.Series) -> dict[str, int]:
    """Return how many hand-overs each party took part in."""
    busy: Counter[str] = Counter()
    for (_, giver, taker), calls in zip(links.index, links, strict=True):
        busy[giver] += calls
        busy[taker] += calls
    return busy


def _volumes(links: pd.Series, order: list[str]) -> list[dict[str, int]]:
    """Return for each stage how many calls each party had there."""
    leaving, arriving = links.groupby(["hop", "from"]).sum(), links.groupby(["hop", "to"]).sum()
    volumes = []
    for stage in range(links.index.get_level_values("hop").max() + 1):
        # What arrived is all there was, except at the first stage, where it did not arrive by a hand-over.
        calls = arriving.loc[stage] if stage else leaving.loc[1]
        volumes.append({party: int(calls[party]) for party in order if party in calls.index})
    return volumes


def _bars(volumes: dict[str, int], unit: float, line: float) -> dict[str, _Bar]:
    """Put bars below each other, so far apart that a line of text fits to each."""
    top, bars = 0.0, {}
    for party, calls in volumes.items():
        bars[party] = _Bar(calls, top, calls * unit)
        top += calls * unit + line
    return bars


def _from_the_top(links: pd.Series, order: list[str]) -> list[tuple[tuple[int, str, str], int]]:
    """Return links by hop, giver and taker as they stand in the picture, so that few bands cross."""
    rank = {party: place for place, party in enumerate(order)}
    return sorted(
        zip(links.index, links, strict=True),
        key=lambda link: (link[0][0], rank[link[0][1]], rank[link[0][2]]),
    )


def _band(start: tuple[float, float], end: tuple[float, float], height: float) -> Path:
    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2
    upper = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    lower = [(x, y + height) for x, y in reversed(upper)]
    curve = [Path.CURVE4] * 3
    return Path([*upper, *lower, (x0, y0)], [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _words(ax: Axes, stages: list[dict[str, _Bar]], line: float) -> None:
    """Write the name and calls of each bar beside it, and over each stage what it is."""
    wide = ax.get_window_extent().width / ax.figure.dpi / len(stages) > _HEADING
    halo = [patheffects.withStroke(linewidth=2.5, foreground="white", alpha=0.8)]
    for place, stage in enumerate(stages):
        heading = f"after {counted(place, 'hand-over')}" if wide else f"hop {place}"
        calls = counted(sum(bar.calls for bar in stage.values()), "call")
        ax.text(
            place,
            -0.7 * line,
            f"{heading if place else 'first'}\n{calls}",
            color=GREY,
            va="bottom",
            fontsize=8,
        )
        x, side = (place + _WIDTH + 0.03, "left") if place else (-0.04, "right")
        for party, bar in stage.items():
            words = f"{shortened(party, 16)}  {number(bar.calls)}"
            y = bar.top + bar.height / 2
            ax.text(x, y, words, ha=side, va="center", fontsize=8, path_effects=halo, zorder=4)
