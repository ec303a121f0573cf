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
        frequent ones; a cell without transfers is empty. Framed is the most frequent pair, where it clearly
        has more than any other; of other counts the receiver to whom each party transferred most, of which
        the title tells the share.
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
    title, framed, what = _finding(table, shown, written, counts=counts)
    for row, column in framed:
        where = (column - 0.5, row - 0.5)
        ax.add_patch(Rectangle(where, 1, 1, fill=False, edgecolor=RED, linewidth=1.8, zorder=3))
    remarks = [
        _count(table) if counts else _share(table),
        _if_even(table) if counts else "",
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
        key=[Key(what, RED, "frame")] if framed else [],
        fits=fits,
    )


def _finding(
    table: pd.DataFrame, shown: pd.DataFrame, written: Callable[[float], str], *, counts: bool
) -> tuple[str, list[tuple[int, int]], str]:
    """Return the finding, the cells to frame, and what these are."""
    values = shown.fillna(0).to_numpy(dtype=np.float64)
    every = float(table.to_numpy().sum()) if counts else 0.0

    def pair(place: int, letters: int = 24) -> str:
        row, column = divmod(place, values.shape[1])
        return " → ".join(shortened(each, letters) for each in (shown.index[row], shown.columns[column]))

    order = [int(place) for place in np.argsort(-values, axis=None, kind="stable")]
    most = float(values.flat[order[0]])
    alike = [place for place in order if values.flat[place] and _is_near(most, values.flat[place], every)]
    cells, what = [divmod(place, values.shape[1]) for place in alike[:_NAMED]], "named in the title"
    if len(alike) == 1:
        part = f", {percent(most / every)} of {number(every)}" if every else ""
        return f"Most frequent transfer: {pair(order[0])} ({written(most)}){part}", cells, what
    if not counts:
        names = ", ".join(f"{pair(place, 12)} ({written(values.flat[place])})" for place in alike[:_NAMED])
        return f"Largest shares: {names}", cells, what
    # That no pair has many would seem even, though each party may have one receiver of its own.
    first = table.max(axis="columns")
    share = percent(float(first.sum()) / every)
    title = (
        f"{share} of the transfers go to each party's most frequent receiver; "
        f"no pair has more than {written(most)} ({pair(order[0])})"
    )
    alone = (table.eq(first, axis="index").sum(axis="columns") == 1) & (first > 0)
    chosen = shown.eq(first, axis="index").where(alone, other=False, axis="index").loc[shown.index]
    cells = [(int(row), int(column)) for row, column in np.argwhere(chosen.to_numpy(dtype=bool))]
    return title, cells, "most frequent receiver of a party"


def _if_even(table: pd.DataFrame) -> str:
    """Return how many transfers each pair would have if they were spread evenly over all who took part."""
    values = table.to_numpy(dtype=np.float64)
    out, into = values.sum(axis=1) > 0, values.sum(axis=0) > 0
    pairs = int(out.sum() * into.sum())
    pairs -= 0 if np.diagonal(values).any() else int((out & into).sum())
    each = values.sum() / pairs
    about = number(each) if each >= 10 else f"{each:.1f}"
    return f"evenly spread: about {about} for each of {number(pairs)} pairs"


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
    return [CellTexts(texts, look.small, height=0.6, least=_LEAST_NUMBER)]


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
