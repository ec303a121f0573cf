"""Draw transfers as a matrix from party to party."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm, to_hex
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray

from brightcall_pandas.plots._colors import RED, ink_on, more_is, ramp_on, tones_of
from brightcall_pandas.plots._fitting import CellTexts, ColumnLabels, Fit, RowLabels, UprightLabels
from brightcall_pandas.plots._formats import count_axis, counted, number, percent, percent_axis
from brightcall_pandas.plots._labels import shortened
from brightcall_pandas.plots._limits import clearly_more
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._text import Key

__all__ = ["transfer_matrix"]

_MATRIX = "Transfers"
_PARTIES = 40  # rows that still can be read
_LEAST_NUMBER = 5.5  # points of a number in a cell: the color tells as much as a smaller one
_LOW = 0.4  # of a row of text, a row of cells: only its number must be read
_NAMED = 3  # pairs in a title
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
        A heat map; the party of a row transfers to that of a column. Of more than forty parties, fewer
        on a slide, the busiest are shown. The scale is a square root, so that rare transfers show beside
        frequent ones; a cell without transfers is empty. Cells that the title names are framed: the most
        frequent pair, or the first three, where chance may have made the order.
    """
    shown = _busiest(table, look.top or (look.legible(_PARTIES, part=_LOW) if look.ax is None else 20))
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
    title, named = _largest(shown, values, written, table.to_numpy().sum() if counts else 0.0)
    for row, column in named:
        where = (column - 0.5, row - 0.5)
        ax.add_patch(Rectangle(where, 1, 1, fill=False, edgecolor=RED, linewidth=1.8, zorder=3))
    remarks = [
        _count(table) if counts else _share(table),
        f"{more_is(paper)}: more, on the scale of a square root",
        "diagonal: to itself" if np.diagonal(values).any() else "",
        f"the {side} busiest of {number(len(table))} parties" if side < len(table) else "",
    ]
    form = "A cell for each pair of parties"
    return headed(
        ax,
        look,
        title,
        look.facts.lines(*remarks),
        form=form,
        key=[Key("named in the title", RED, "frame")],
        fits=fits,
    )


def _largest(
    shown: pd.DataFrame, values: NDArray[np.float64], written: Callable[[float], str], every: float
) -> tuple[str, list[tuple[int, int]]]:
    """Return the finding, and the cells that it names; `every` is the number of transfers, 0 of shares."""

    def pair(place: int, letters: int = 24) -> str:
        row, column = divmod(place, values.shape[1])
        names = (shortened(shown.index[row], letters), shortened(shown.columns[column], letters))
        return f"{' → '.join(names)} ({written(values[row, column])})"

    order = [int(place) for place in np.argsort(-values, axis=None, kind="stable")]
    most = float(values.flat[order[0]])
    alike = [place for place in order if values.flat[place] and _is_near(most, values.flat[place], every)]
    named = alike[:_NAMED]
    cells = [divmod(place, values.shape[1]) for place in named]
    if len(alike) == 1:
        part = f", {percent(most / every)} of {number(every)}" if every else ""
        return f"Most frequent transfer: {pair(order[0])}{part}", cells
    names = ", ".join(pair(place, 12) for place in named)
    if not every:
        return f"Largest shares: {names}", cells
    return f"No pair has more than {percent(most / every)} of the transfers; first are {names}", cells


def _is_near(most: float, value: float, every: float) -> bool:
    """Tell whether chance alone may have put a pair behind the most frequent one, or whether it is equal."""
    return not clearly_more(most, value) if every else value == most


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
