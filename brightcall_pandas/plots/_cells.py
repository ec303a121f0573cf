"""Tables of cells: each as dark as its value, with the value written in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from brightcall_pandas.plots._colors import ink_on, ramp_on, tones_of
from brightcall_pandas.plots._fitting import CellTexts, ColumnLabels, Fit, RowLabels
from brightcall_pandas.plots._picture import Look

__all__ = ["bare", "cell", "cells_framed", "shade"]


def shade(ax: Axes, part: float) -> str:
    """Return a color that stands out the more the larger this part of the highest value is."""
    return to_hex(ramp_on(tones_of(ax, inside=True).paper)(0.06 + 0.84 * float(np.clip(part, 0, 1))))


def cell(
    ax: Axes, place: tuple[float, float], color: str, words: str, look: Look, *, hatched: bool = False
) -> Text:
    """Draw a cell, given its column and its row; return the text in it.

    One that is hatched has no color: its value rests on too little.
    """
    tones = tones_of(ax, inside=True)
    filled = tones.paper if hatched else color
    ax.add_patch(Rectangle(place, 1, 1, facecolor=filled, edgecolor=tones.paper, linewidth=1.2))
    if hatched:
        ax.add_patch(Rectangle(place, 1, 1, fill=False, hatch="///", edgecolor=tones.grid, linewidth=0))
    x, y = (each + 0.5 for each in place)
    return ax.text(x, y, words, ha="center", va="center", fontsize=look.small, color=ink_on(filled))


def cells_framed(
    ax: Axes, rows: Sequence[str], columns: Sequence[str], texts: Sequence[Text], look: Look
) -> list[Fit]:
    """Name rows and columns of cells, the first row on top; return what is fitted when they are drawn."""
    ax.set_xlim(0, len(columns))
    ax.set_ylim(len(rows), 0)
    downwards, across = ([place + 0.5 for place in range(len(labels))] for labels in (rows, columns))
    ax.set_yticks(downwards, rows)
    ax.set_xticks(across, columns)
    bare(ax)
    return [
        CellTexts(texts, look.small),
        RowLabels(rows, look.small, downwards),
        ColumnLabels(columns, across, look.small),
    ]


def bare(ax: Axes) -> None:
    """Leave axes of cells without lines around and between them."""
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
