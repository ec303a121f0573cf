"""The ways that calls go, as rows of chevrons."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from brightcall_pandas.plots._style import (
    BLUE,
    GREY,
    GRID,
    INK,
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
from brightcall_pandas.plots.transfers._shared import party_colours

__all__ = ["transfer_variants"]

_TITLE = "Ways that calls go"
_ROWS = 15
_STEPS = 7  # parties of a chain that are drawn; of a longer one the last is the number of the rest
_LETTERS = 20
_TIP = 0.14  # how far a chevron points, in widths of one
_PANEL, _GAP = 2.5, 0.4  # width of a panel beside the chevrons, and of the space before it, in inches


@housed
def transfer_variants(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the most frequent ways that calls were handed on.

    Parameters
    ----------
    table
        What `analysis.transfer_variants` returns.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each of the fifteen most frequent variants with a hand-over: its parties as chevrons, the
        busiest in colours of their own; its share of all calls as a bar; and, where known, its rate of
        positive outcomes with its interval. Calls of one party are told in the line under the title; they
        are drawn when there are no others.
    """
    handed = table[table["hops"] > 0]
    drawn = handed if len(handed) else table
    shown = drawn.head(_ROWS)
    if not len(shown):
        return no_data(new_axes(ax), _TITLE)
    steps = min(max(shown["hops"].max() + 1, 2), _STEPS)
    parties = [shortened(party, _LETTERS) for chain in shown["chain"] for party in chain[:steps]]
    letters = max(map(len, parties), default=0)
    chevron = max(0.8, 0.4 + 0.075 * letters)
    panel, gap = _PANEL / chevron, _GAP / chevron
    known = bool(shown["positive_rate"].notna().any())
    right = steps + (2 if known else 1) * (panel + gap)
    ax = new_axes(ax, width=0.4 + chevron * right, height=1.3 + 0.34 * len(shown))
    _chevrons(ax, shown, steps)
    _calls(ax, shown, steps + gap, panel)
    if known:
        _rates(ax, shown, steps + 2 * gap + panel, panel)
    ax.set_xlim(-0.05, right)
    ax.set_ylim(len(shown) + (0.55 if known else -0.4), -1.1)
    ax.set_axis_off()
    titled(ax, _TITLE, _remarks(drawn, shown))
    return ax


def _chevrons(ax: Axes, shown: pd.DataFrame, steps: int) -> None:
    calls: Counter[str] = Counter()
    for chain, count in zip(shown["chain"], shown["n_calls"], strict=True):
        for party in chain:
            calls[party] += count
    colours = party_colours(calls)
    for row, (path, chain) in enumerate(shown["chain"].items()):
        if not chain:
            ax.text(0.05, row, str(path), va="center", color=GREY)
        for step, party in enumerate(chain if len(chain) <= steps else chain[: steps - 1]):
            _chevron(ax, row, step, shortened(party, _LETTERS), colours[party])
        if len(chain) > steps:
            _chevron(ax, row, steps - 1, f"+ {len(chain) - steps + 1} more", GRID)


def _chevron(ax: Axes, row: int, step: int, text: str, colour: str) -> None:
    left, right, top, bottom = step, step + 0.97, row - 0.36, row + 0.36
    notch = left + (_TIP if step else 0)
    corners = [(left, top), (right, top), (right + _TIP, row), (right, bottom), (left, bottom), (notch, row)]
    ax.add_patch(Polygon(corners, closed=True, facecolor=colour, edgecolor="white", linewidth=0.8))
    ax.text(
        (notch + right + _TIP / 2) / 2,
        row,
        text,
        ha="center",
        va="center",
        color=ink_on(colour),
        fontsize=8,
    )


def _calls(ax: Axes, shown: pd.DataFrame, left: float, width: float) -> None:
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
        words = f"not handed on: {percent(alone.iloc[0])}"
        ax.text(place, bottom + 0.6, words, ha="center", va="top", fontsize=8)


def _remarks(drawn: pd.DataFrame, shown: pd.DataFrame) -> str:
    every = round(shown["n_calls"].iloc[0] / shown["share"].iloc[0])
    kind = "with a hand-over" if shown["hops"].iloc[0] else "without one"
    some = f"{len(shown)} of " if len(shown) < len(drawn) else ""
    ways = f"{some}{counted(len(drawn), 'way')} {kind} ({counted(shown['n_calls'].sum(), 'call')})"
    return f"{calls_of(every)}; {ways}"
