"""The matrix of hand-overs as a heat map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm, to_hex
from numpy.typing import NDArray

from brightcall_pandas.plots._style import (
    BLUE,
    GRID,
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

__all__ = ["transfer_matrix"]

_TITLE = "Hand-overs"
_PARTIES = 40  # rows that still can be read
_NUMBERED = 16  # rows whose cells have room for a number
_WHITE_TO_BLUE = LinearSegmentedColormap.from_list("white to blue", ["white", "#9ecae9", BLUE, "#00344f"])


@housed
def transfer_matrix(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw from whom to whom calls are handed.

    Parameters
    ----------
    table
        What `analysis.transfer_matrix` returns: counts, or shares.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A heat map; a row's party hands over to a column's. Of more than forty parties the busiest are
        shown. The scale is that of square roots, so that rare hand-overs can be seen beside frequent ones.
    """
    shown = _busiest(table)
    values = shown.fillna(0).to_numpy(dtype=np.float64)
    if not values.sum():
        return no_data(new_axes(ax), _TITLE, "no hand-overs")
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
    titled(ax, _TITLE, (_count(table) if counts else _share(table)) + hidden)
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
    ax: Axes, values: NDArray[np.float64], written: Callable[[float], str], colours: NDArray[np.float64]
) -> None:
    for row, column in zip(*np.nonzero(values), strict=True):
        text, ink = written(values[row, column]), ink_on(to_hex(colours[row, column]))
        ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=8 if len(text) < 6 else 6.5)


def _count(table: pd.DataFrame) -> str:
    return f"n = {counted(table.to_numpy().sum(), 'hand-over')}"


def _share(table: pd.DataFrame) -> str:
    n = f" (n = {number(table.attrs['handovers'])})" if "handovers" in table.attrs else ""
    by_row, by_column = (sums[sums > 0] for sums in (table.sum(axis="columns"), table.sum(axis="index")))
    if np.allclose(by_row, 1):
        return f"share of what the row's party hands on{n}"
    if np.allclose(by_column, 1):
        return f"share of what the column's party receives{n}"
    return f"share of all hand-overs{n}"
