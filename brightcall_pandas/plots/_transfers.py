"""Draw transfers: the ways that calls go, a matrix from party to party, and their flow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm, to_hex
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray

from brightcall_pandas.plots._style import (
    BLUE,
    GREY,
    GRID,
    INK,
    PALETTE,
    calls_of,
    counted,
    housed,
    ink_on,
    new_axes,
    no_data,
    number,
    percent,
    shortened,
    titled,
)

__all__ = ["transfer_flow", "transfer_matrix", "transfer_variants"]

_VARIANTS = "Ways that calls go"
_ROWS = 15
_STEPS = 7  # parties of a chain that are drawn; of a longer one the last is the number of the rest
_LETTERS = 20
_TIP = 0.14  # how far a chevron points, in widths of one
_PANEL, _GAP = 2.5, 0.4  # width of a panel beside the chevrons, and of the space before it, in inches


@housed
def transfer_variants(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the most frequent ways that transferred calls went.

    Parameters
    ----------
    table
        What `analysis.transfer_variants` returns.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each of the fifteen most frequent variants with a transfer: its parties as chevrons, the
        busiest in colours of their own; its share of all calls as a bar; and, where known, its rate of
        positive outcomes with its interval. Calls of one party are counted in the subtitle; they are drawn
        only when there are no others.
    """
    transferred = table[table["hops"] > 0]
    drawn = transferred if len(transferred) else table
    shown = drawn.head(_ROWS)
    if not len(shown):
        return no_data(new_axes(ax), _VARIANTS)
    steps = min(max(shown["hops"].max() + 1, 2), _STEPS)
    parties = [shortened(party, _LETTERS) for chain in shown["chain"] for party in chain[:steps]]
    letters = max(map(len, parties), default=0)
    chevron = max(0.8, 0.4 + 0.075 * letters)
    panel, gap = _PANEL / chevron, _GAP / chevron
    known = bool(shown["positive_rate"].notna().any())
    right = steps + (2 if known else 1) * (panel + gap)
    ax = new_axes(ax, width=0.4 + chevron * right, height=1.3 + 0.34 * len(shown))
    _chevrons(ax, shown, steps)
    _call_bars(ax, shown, steps + gap, panel)
    if known:
        _rates(ax, shown, steps + 2 * gap + panel, panel)
    ax.set_xlim(-0.05, right)
    ax.set_ylim(len(shown) + (0.55 if known else -0.4), -1.1)
    ax.set_axis_off()
    titled(ax, _VARIANTS, _variants_n(drawn, shown))
    return ax


def _chevrons(ax: Axes, shown: pd.DataFrame, steps: int) -> None:
    calls: Counter[str] = Counter()
    for chain, count in zip(shown["chain"], shown["n_calls"], strict=True):
        for party in chain:
            calls[party] += count
    colors = party_colors(calls)
    for row, (path, chain) in enumerate(shown["chain"].items()):
        if not chain:
            ax.text(0.05, row, str(path), va="center", color=GREY)
        for step, party in enumerate(chain if len(chain) <= steps else chain[: steps - 1]):
            _chevron(ax, row, step, shortened(party, _LETTERS), colors[party])
        if len(chain) > steps:
            _chevron(ax, row, steps - 1, f"+ {len(chain) - steps + 1} more", GRID)


def _chevron(ax: Axes, row: int, step: int, text: str, color: str) -> None:
    left, right, top, bottom = step, step + 0.97, row - 0.36, row + 0.36
    notch = left + (_TIP if step else 0)
    corners = [(left, top), (right, top), (right + _TIP, row), (right, bottom), (left, bottom), (notch, row)]
    ax.add_patch(Polygon(corners, closed=True, facecolor=color, edgecolor="white", linewidth=0.8))
    ax.text(
        (notch + right + _TIP / 2) / 2,
        row,
        text,
        ha="center",
        va="center",
        color=ink_on(color),
        fontsize=8,
    )


def _call_bars(ax: Axes, shown: pd.DataFrame, left: float, width: float) -> None:
    scale = 0.6 * width / shown["n_calls"].max()
    ax.text(left, -0.75, "calls (share of all)", color=GREY, va="center")
    ax.barh(np.arange(len(shown)), shown["n_calls"] * scale, left=left, height=0.6, color=BLUE)
    for row, (share, calls) in enumerate(zip(shown["share"], shown["n_calls"], strict=True)):
        ax.text(left + calls * scale + 0.03 * width, row, f"{number(calls)}  ({percent(share)})", va="center")


def _rates(ax: Axes, shown: pd.DataFrame, left: float, width: float) -> None:
    """Draw rates of positive outcomes from 0 to 100 %; lines are their intervals."""
    ax.text(left, -0.75, "positive outcomes", color=GREY, va="center")
    scale, bottom = 0.75 * width, len(shown) - 0.45
    for tick in (0, 0.5, 1):
        ax.plot([left + tick * scale] * 2, [-0.45, bottom], color=GRID, linewidth=0.8, zorder=0)
        ax.text(
            left + tick * scale,
            bottom + 0.1,
            f"{tick * 100:.0f} %",
            color=GREY,
            ha="center",
            va="top",
            fontsize=8,
        )
    rows = np.arange(len(shown))
    low, high = (left + shown[f"positive_rate_{end}"] * scale for end in ("low", "high"))
    ax.hlines(rows, low, high, color=GREY)
    ax.plot(left + shown["positive_rate"] * scale, rows, "o", color=INK, markersize=4)
    for row, rate in enumerate(shown["positive_rate"]):
        ax.text(left + scale * 1.06, row, percent(rate), va="center")
    alone = (shown["positive_rate"] / shown["lift"]).dropna()
    if len(alone):
        place = left + alone.iloc[0] * scale
        ax.plot([place] * 2, [-0.45, bottom + 0.55], color=INK, linewidth=1, linestyle=":", zorder=1)
        words = f"not transferred: {percent(alone.iloc[0])}"
        ax.text(place, bottom + 0.6, words, ha="center", va="top", fontsize=8)


def _variants_n(drawn: pd.DataFrame, shown: pd.DataFrame) -> str:
    every = round(shown["n_calls"].iloc[0] / shown["share"].iloc[0])
    kind = "with a transfer" if shown["hops"].iloc[0] else "without one"
    some = f"{len(shown)} of " if len(shown) < len(drawn) else ""
    ways = f"{some}{counted(len(drawn), 'way')} {kind} ({counted(shown['n_calls'].sum(), 'call')})"
    return f"{calls_of(every)}; {ways}"


_MATRIX = "Transfers"
_PARTIES = 40  # rows that still can be read
_NUMBERED = 16  # rows whose cells have room for a number
_WHITE_TO_BLUE = LinearSegmentedColormap.from_list("white to blue", ["white", "#9ecae9", BLUE, "#00344f"])


@housed
def transfer_matrix(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many calls each party transferred to each other.

    Parameters
    ----------
    table
        What `analysis.transfer_matrix` returns: counts, or shares.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A heat map; the party of a row transfers to that of a column. Of more than forty parties, the
        busiest are shown. The scale is a square root, so that rare transfers show beside frequent ones.
    """
    shown = _busiest(table)
    values = shown.fillna(0).to_numpy(dtype=np.float64)
    if not values.sum():
        return no_data(new_axes(ax), _MATRIX, "no transfers")
    side, numbered = len(shown), len(shown) <= _NUMBERED
    size = 2.2 + max((0.42 if numbered else 0.2) * side, 1.5)
    ax = new_axes(ax, width=size + 1.2, height=size)
    norm = PowerNorm(0.5, 0, values.max())
    image = ax.imshow(values, cmap=_WHITE_TO_BLUE, norm=norm, interpolation="none")
    _name_sides(ax, [shortened(each, 16) for each in shown.index], size=9 if numbered else 7)
    counts = pd.api.types.is_integer_dtype(table.dtypes.iloc[0])
    written = number if counts else percent
    if numbered:
        _write_numbers(ax, values, written, image.to_rgba(values))
    else:
        bar = ax.figure.colorbar(image, ax=ax, shrink=0.6, pad=0.02)
        bar.ax.yaxis.set_major_formatter(lambda value, _: written(value) if value else "0")
        bar.outline.set_visible(False)
    hidden = f"; the {side} busiest of {number(len(table))} parties" if side < len(table) else ""
    titled(ax, _MATRIX, (_count(table) if counts else _share(table)) + hidden)
    return ax


def _busiest(table: pd.DataFrame) -> pd.DataFrame:
    """Return the parties with the largest sums in and out, in the order of the table."""
    busy = (table.sum(axis="index") + table.sum(axis="columns")).nlargest(_PARTIES).index
    kept = table.index[table.index.isin(busy)]
    return table.loc[kept, kept]


def _name_sides(ax: Axes, labels: list[str], size: int) -> None:
    places = range(len(labels))
    upright = len(labels) > 6 or max(map(len, labels)) > 5
    ax.set_xticks(places, labels, rotation=90 if upright else 0)
    ax.set_yticks(places, labels)
    ax.tick_params(length=0, labelsize=size)
    ax.set_xticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    ax.tick_params(which="minor", length=0)
    ax.grid(which="minor", color=GRID, linewidth=0.6)
    ax.set_xlabel("to")
    ax.set_ylabel("from")


def _write_numbers(
    ax: Axes, values: NDArray[np.float64], written: Callable[[float], str], colors: NDArray[np.float64]
) -> None:
    for row, column in zip(*np.nonzero(values), strict=True):
        text, ink = written(values[row, column]), ink_on(to_hex(colors[row, column]))
        ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=8 if len(text) < 6 else 6.5)


def _count(table: pd.DataFrame) -> str:
    return f"n = {counted(table.to_numpy().sum(), 'transfer')}"


def _share(table: pd.DataFrame) -> str:
    n = f" (n = {number(table.attrs['transfers'])})" if "transfers" in table.attrs else ""
    by_row, by_column = (sums[sums > 0] for sums in (table.sum(axis="columns"), table.sum(axis="index")))
    if np.allclose(by_row, 1):
        return f"share of transfers by the party of the row{n}"
    if np.allclose(by_column, 1):
        return f"share of transfers to the party of the column{n}"
    return f"share of all transfers{n}"


_FLOW = "Flow of transferred calls"
_WIDTH = 0.05  # of a bar, in distances between two stages
_NAME_LINE = 0.16  # inches that a name takes
_HEADING = 1.2  # inches that the words over a stage take
_NAMES = 0.45  # of the height, for the gaps in which names have room


@dataclass
class _Bar:
    """A party at a stage: its calls, where its bar lies, and how much of either side is taken by bands."""

    calls: int
    top: float
    height: float
    arrived: float = 0.0
    departed: float = 0.0


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
        there; bands are transfers, in the colour of the party that transfers. What arrives at a bar and
        does not leave it ended there. The busiest parties have colours of their own.
    """
    if table.empty:
        return no_data(new_axes(ax), _FLOW, "no transfers")
    links = table["n_calls"]
    busy = _busy(links)
    order = sorted(busy, key=lambda party: (party.startswith("("), -busy[party], party))
    colors = party_colors(busy)
    volumes = _volumes(links, order)
    tallest = max(map(len, volumes))
    ax = new_axes(
        ax, width=1.2 + 1.6 * len(volumes), height=min(max(1.2 + tallest * _NAME_LINE / _NAMES, 3.6), 20)
    )
    line = min(_NAME_LINE * ax.figure.dpi / ax.get_window_extent().height, _NAMES / tallest)
    unit = min((1 - line * len(each)) / sum(each.values()) for each in volumes)
    stages = [_bars(each, unit, line) for each in volumes]
    for place, stage in enumerate(stages):
        for party, bar in stage.items():
            ax.add_patch(Rectangle((place, bar.top), _WIDTH, bar.height, color=colors[party], zorder=3))
    for (hop, origin, target), calls in _from_the_top(links, order):
        left, right, height = stages[hop - 1][origin], stages[hop][target], calls * unit
        band = _band((hop - 1 + _WIDTH, left.top + left.departed), (hop, right.top + right.arrived), height)
        ax.add_patch(PathPatch(band, facecolor=colors[origin], alpha=0.4, linewidth=0, zorder=2))
        left.departed += height
        right.arrived += height
    _write_names(ax, stages, line)
    ax.set_xlim(-0.5, len(stages) - 0.4)
    ax.set_ylim(1, -3 * line)
    ax.set_axis_off()
    titled(
        ax,
        _FLOW,
        f"n = {counted(links.xs(1, level='hop').sum(), 'call')}, {counted(links.sum(), 'transfer')} shown",
    )
    return ax


def _busy(links: pd.Series) -> dict[str, int]:
    """Return how many transfers each party took part in."""
    busy: Counter[str] = Counter()
    for (_, origin, target), calls in zip(links.index, links, strict=True):
        busy[origin] += calls
        busy[target] += calls
    return busy


def _volumes(links: pd.Series, order: list[str]) -> list[dict[str, int]]:
    """Return for each stage how many calls each party had there."""
    leaving, arriving = links.groupby(["hop", "from"]).sum(), links.groupby(["hop", "to"]).sum()
    volumes = []
    for stage in range(links.index.get_level_values("hop").max() + 1):
        # What arrived is all there was, except at the first stage, where it did not arrive by a transfer.
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
    """Return links by hop, origin and target as they stand in the picture, so that few bands cross."""
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


def _write_names(ax: Axes, stages: list[dict[str, _Bar]], line: float) -> None:
    """Write the name and calls of each bar beside it, and over each stage what it is."""
    wide = ax.get_window_extent().width / ax.figure.dpi / len(stages) > _HEADING
    halo = [patheffects.withStroke(linewidth=2.5, foreground="white", alpha=0.8)]
    for place, stage in enumerate(stages):
        heading = f"after {counted(place, 'transfer')}" if wide else f"hop {place}"
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


def party_colors(calls: Mapping[str, float]) -> dict[str, str]:
    """Return a colour for each party: the palette for the busiest, grey for the others.

    Parameters
    ----------
    calls
        How busy each party is. One in brackets, such as ``(other)``, is always grey.
    """
    named = (party for party in calls if not party.startswith("("))
    busiest = sorted(named, key=lambda party: (-calls[party], party))
    return dict.fromkeys(calls, GREY) | dict(zip(busiest, PALETTE, strict=False))
