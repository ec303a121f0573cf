"""Draw transfers: a matrix from party to party, and their flow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm, to_hex
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray

from brightcall_pandas.plots._colors import GREY, ink_on, more_is, ramp_on, tones_of
from brightcall_pandas.plots._fitting import CellTexts, ColumnLabels, Fit, RowLabels, UprightLabels
from brightcall_pandas.plots._formats import count_axis, counted, number, percent, percent_axis
from brightcall_pandas.plots._labels import shortened
from brightcall_pandas.plots._limits import APART, clearly_more
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import ground

__all__ = ["transfer_flow", "transfer_matrix"]

_MATRIX = "Transfers"
_PARTIES = 40  # rows that still can be read
_LEAST_NUMBER = 5.5  # points of a number in a cell: the color tells as much as a smaller one
_NUMBERED = 16  # rows whose cells have room for a number


@picture
def transfer_matrix(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how many calls each party transferred to each other.

    Parameters
    ----------
    table
        What `analysis.transfer_matrix` returns: counts, or shares.

    Returns
    -------
    matplotlib.axes.Axes
        A heat map; the party of a row transfers to that of a column. Of more than forty parties, the
        busiest are shown. The scale is a square root, so that rare transfers show beside frequent ones; a
        cell without transfers is empty. The title names the second pair too, where chance may have put the
        first before it.
    """
    shown = _busiest(table, look.top or (_PARTIES if look.ax is None else 20))
    if look.sort == "name":
        named = sorted(shown.index, key=lambda party: str(party).casefold())
        shown = shown.loc[named, named]
    elif look.sort in ("value", "calls"):
        order = (shown.sum(axis="index") + shown.sum(axis="columns")).sort_values(ascending=False).index
        shown = shown.loc[order, order]
    values = shown.fillna(0).to_numpy(dtype=np.float64)
    if not values.sum():
        return no_data(look, _MATRIX, "no transfers")
    side, numbered = len(shown), len(shown) <= _NUMBERED
    new = look.ax is None
    size = 2.2 + max((0.42 if numbered else 0.2) * side, 1.5)
    ax = look.axes(width=max(size + 1.2, 5.5), height=size)
    norm = PowerNorm(0.5, 0, values.max())
    paper = tones_of(ax, inside=True).paper
    empty = ramp_on(paper).with_extremes(bad=paper)
    image = ax.imshow(
        np.ma.masked_equal(values, 0), cmap=empty, norm=norm, interpolation="none", aspect="auto"
    )
    counts = pd.api.types.is_integer_dtype(table.dtypes.iloc[0])
    written = number if counts else percent
    labels = [shortened(each, 24) for each in shown.index]
    fits = [*_name_sides(ax, labels, look), *_write_numbers(ax, values, written, image.to_rgba(values), look)]
    if new and not numbered:
        bar: Any = ax.figure.colorbar(image, ax=ax, shrink=0.6, pad=0.02)
        (count_axis if counts else percent_axis)(bar.ax.yaxis)
        bar.outline.set_visible(False)
        # Ticks that depended on the height would change the width that the layout has given to them.
        bar.ax.yaxis.set_major_locator(
            FixedLocator(sorted({0.0, _quarter(values, counts=counts), values.max()}))
        )
    remarks = [
        _count(table) if counts else _share(table),
        f"clearly: by {APART:g} standard errors" if counts else "",
        f"{more_is(paper)}: more, on the scale of a square root",
        "diagonal: to itself" if np.diagonal(values).any() else "",
        f"the {side} busiest of {number(len(table))} parties" if side < len(table) else "",
    ]
    form = "A cell for each pair of parties"
    return headed(
        ax,
        look,
        _largest(shown, values, written, counts=counts),
        look.facts.lines(*remarks),
        form=form,
        fits=fits,
    )


def _largest(
    shown: pd.DataFrame, values: NDArray[np.float64], written: Callable[[float], str], *, counts: bool
) -> str:
    def pair(place: int, letters: int = 24) -> str:
        row, column = divmod(place, values.shape[1])
        names = (shortened(shown.index[row], letters), shortened(shown.columns[column], letters))
        return f"{' → '.join(names)} ({written(values[row, column])})"

    order = [int(place) for place in np.argsort(-values, axis=None, kind="stable")]
    more, fewer = (float(values.flat[place]) for place in (order * 2)[:2])
    close = more == fewer or (counts and not clearly_more(more, fewer))
    if close and fewer and len(order) > 1:
        alike = [place for place in order if values.flat[place] >= fewer]
        names = ", ".join(pair(place, 12) for place in alike[:3])
        others = f" and {counted(len(alike) - 3, 'other')}" if len(alike) > 3 else ""
        return f"No transfer is clearly the first: {names}{others}"
    return f"Most frequent transfer: {pair(order[0])}"


def _quarter(values: NDArray[np.float64], *, counts: bool) -> float:
    """Return what stands in the middle of a scale of square roots."""
    quarter = float(values.max()) / 4
    return float(round(quarter)) if counts else quarter


def _busiest(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the parties with the largest sums in and out, in the order of the table."""
    busy = (table.sum(axis="index") + table.sum(axis="columns")).nlargest(most).index
    kept = table.index[table.index.isin(busy)]
    return table.loc[kept, kept]


def _name_sides(ax: Axes, labels: list[str], look: Look) -> list[Fit]:
    places = range(len(labels))
    upright = len(labels) > _NUMBERED or max(map(len, labels)) > 5
    size = look.small if len(labels) <= _NUMBERED else 0.85 * look.small
    ax.set_xticks(places, labels, rotation=90 if upright else 0, fontsize=size)
    ax.set_yticks(places, labels, fontsize=size)
    ax.tick_params(length=0)
    ax.set_xticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    ax.tick_params(which="minor", length=0)
    ax.grid(visible=False)  # a grid of the style's own would run through the numbers
    ax.grid(which="minor", color=tones_of(ax, inside=True).grid, linewidth=0.6)
    ax.set_xlabel("to")
    ax.set_ylabel("from")
    names: list[Fit] = [RowLabels(labels, size)]
    return (
        [*names, UprightLabels(labels, size)]
        if upright
        else [*names, ColumnLabels(labels, list(places), size)]
    )


def _write_numbers(
    ax: Axes,
    values: NDArray[np.float64],
    written: Callable[[float], str],
    colors: NDArray[np.float64],
    look: Look,
) -> list[Fit]:
    texts = []
    for row, column in zip(*np.nonzero(values), strict=True):
        ink = ink_on(to_hex(colors[row, column]))
        text = written(values[row, column])
        texts.append(ax.text(column, row, text, ha="center", va="center", color=ink))
    return [CellTexts(texts, look.small, height=0.7, least=_LEAST_NUMBER)]


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
_HOPS = 3  # transfers of a call that are drawn
_NTH = ("first", "second", "third")
_FEWEST = 0.01  # of the calls, for a band in color: nobody can follow thinner ones
_WIDTH = 0.05  # of a bar, in distances between two stages
_NAMES = 0.45  # of the height, for the gaps in which names have room


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
        A column of bars for each stage of a call, a bar for each party, as tall as the calls that it had
        there; bands are transfers, in the color of the party that transfers. What arrives at a bar and
        does not leave it ended there. The busiest parties have colors of their own. The first three
        transfers of a call are drawn, as far as any band is of one percent of the calls; thinner ones are
        faint. Beside a bar stands where most of its calls came from.
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
    busy = _busy(links)
    order = sorted(busy, key=lambda party: (party.startswith("("), -busy[party], party))
    colors = look.hues(busy)
    volumes = _volumes(links, order)
    tallest = max(map(len, volumes))
    name_line = 0.02 * look.small
    height = min(max(1.4 + tallest * name_line / _NAMES, 3.6), 20)
    ax = look.axes(width=1.2 + 2.0 * len(volumes), height=height)
    figure: Any = ax.get_figure(root=True)
    line = min(name_line * figure.dpi / ax.get_window_extent().height, _NAMES / tallest)
    unit = min((1 - line * len(each)) / sum(each.values()) for each in volumes)
    stages = [_bars(each, unit, line) for each in volumes]
    for place, stage in enumerate(stages):
        for party, bar in stage.items():
            ax.add_patch(Rectangle((place, bar.top), _WIDTH, bar.height, color=colors[party], zorder=3))
    paper = tones_of(ax, inside=True).paper
    for (hop, origin, target), number_of in _from_the_top(links, order):
        left, right, thick = stages[hop - 1][origin], stages[hop][target], number_of * unit
        band = _band((hop - 1 + _WIDTH, left.top + left.departed), (hop, right.top + right.arrived), thick)
        form: Any = {
            "facecolor": colors[origin],
            "alpha": 0.6,
            "edgecolor": paper,
            "linewidth": 0.8,
            "zorder": 2,
        }
        if number_of < least:
            form = {"facecolor": tones_of(ax, inside=True).grid, "linewidth": 0, "zorder": 1}
        ax.add_patch(PathPatch(band, **form))
        left.departed += thick
        right.arrived += thick
    ax.set_xlim(-0.75, len(stages) - 0.3)
    ax.set_ylim(1, -3 * line)
    ax.set_axis_off()
    fits = _write_names(ax, stages, _origins(links[links >= least]), line, look)
    calls = links.xs(1, level="hop").sum()
    again = links[links.index.get_level_values("hop") == 2].sum()
    title = f"{counted(calls, 'call')} transferred, {percent(again / calls)} of them more than once"
    later = every.sum() - links.sum()
    thin = links[links < least].sum()
    remarks = [
        f"n = {counted(look.facts.total(table, 'n_calls'), 'transfer')}",
        "bands: transfers, in the color of the party that transfers",
        "in brackets: calls there; ←: from whom most of them came",
        f"not drawn: {counted(later, 'transfer')} after the {_NTH[last - 1]}" if later else "",
        f"faint grey: bands of fewer than {number(np.ceil(least))} calls, {number(thin)} together"
        if thin
        else "",
        "full grey: parties without a color of their own" if GREY in colors.values() else "",
        look.facts.cut(table),
    ]
    form = "Bands from party to party, one column for each stage"
    return headed(ax, look, title, look.facts.lines(*remarks), form=form, fits=fits)


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


def _origins(links: pd.Series) -> dict[tuple[int, str], str]:
    """Return for each bar which party passed on most of its calls, in words; color alone would not tell."""
    origins: dict[tuple[int, str], str] = {}
    ordered = links.sort_values(ascending=False, kind="stable")
    for (hop, origin, target), calls in zip(ordered.index, ordered, strict=True):
        origins.setdefault((hop, target), f" ← {shortened(origin, 12)}: {number(calls)}")
    return origins


def _write_names(
    ax: Axes,
    stages: list[dict[str, _Bar]],
    origins: dict[tuple[int, str], str],
    line: float,
    look: Look,
) -> list[Fit]:
    """Write the name and calls of each bar beside it, and over each stage what it is."""
    tones = tones_of(ax, inside=True)
    names: list[Text] = []
    headings: list[Text] = []
    for place, stage in enumerate(stages):
        calls = counted(sum(bar.calls for bar in stage.values()), "call")
        heading = f"after {place}: {calls}" if place else f"first: {calls}"
        headings.append(ax.text(place, -1.2 * line, heading, color=tones.muted, va="center"))
        x, side = (place + _WIDTH + 0.03, "left") if place else (-0.04, "right")
        for party, bar in stage.items():
            words = f"{shortened(party, 24)} ({number(bar.calls)}){origins.get((place, party), '')}"
            y = bar.top + bar.height / 2
            names.append(ax.text(x, y, words, ha=side, va="center", bbox=ground(ax), zorder=4))
    return [
        CellTexts(names, look.small, width=0.72, height=max(line, 0.02), cut=True),
        CellTexts(headings, look.small, width=0.95, height=1.6 * line),
    ]
