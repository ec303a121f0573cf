"""The style of all pictures: colors, fonts, and the text around the data.

The colors are those of Okabe and Ito, which can be told apart with any color vision. The style is local:
matplotlib's global settings are left alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib import interactive, is_interactive, rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_rgb
from matplotlib.ticker import MaxNLocator

from brightcall_pandas.frame import NAMES_DOC, Names, documented, named_table

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "GRID",
    "INK",
    "ORANGE",
    "PALETTE",
    "RED",
    "TYPE_COLOURS",
    "calls_of",
    "count_axis",
    "counted",
    "housed",
    "ink_on",
    "is_rate",
    "label_of",
    "new_axes",
    "no_data",
    "number",
    "percent",
    "percent_axis",
    "shortened",
    "signed",
    "titled",
    "words_of",
]

INK, GREY, GRID = "#222222", "#767676", "#e3e3e3"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)
"""Colors of series, in order."""

TYPE_COLOURS = {"positive": GREEN, "neutral": SKY, "negative": RED, "absent": "#a6a6a6"}
"""Colors of the outcome types."""

_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.facecolor": "white",
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "white",
    "font.family": ["sans-serif"],
    "font.size": 9,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
}
_LETTER = 0.074  # width of a letter in inches
_PATCH = 6  # width of a legend entry's color patch, in letters
_USUAL_PART = 0.775  # of the figure's width: what axes have until a layout engine gives them more
_NAMES = inspect.Parameter("names", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="Names")


class Picture(Protocol):
    """A function that draws a table."""

    def __call__(self, table: pd.DataFrame, *, ax: Axes | None = None, names: Names = None) -> Axes:
        """Draw the table; names are shown for its ids."""


def housed(draw: Callable[..., Axes]) -> Picture:
    """Make a plot function draw in the house style, whatever the user's settings, which stay as they are.

    It shows names for ids, too.
    """

    @wraps(draw)
    def drawn(table: pd.DataFrame, *, ax: Axes | None = None, names: Names = None) -> Axes:
        with rc_context(_STYLE):
            axes = draw(named_table(table, names), ax=ax)
            shows = is_interactive()
        # The first picture loads the backend; a notebook's backend switches this on to show pictures.
        interactive(shows)
        return axes

    parameters = [*inspect.signature(draw).parameters.values(), _NAMES]
    drawn.__signature__ = inspect.signature(draw).replace(parameters=parameters)  # type: ignore[attr-defined]
    drawn.__doc__ = documented(drawn.__doc__, {"names": NAMES_DOC})
    return drawn


def new_axes(ax: Axes | None, *, width: float = 8.0, height: float = 4.0) -> Axes:
    """Return `ax`, or the axes of a new figure of this size in inches."""
    if ax is None:
        return plt.subplots(figsize=(width, height), layout="constrained")[1]
    # Axes keep the style of the settings they were made with.
    ax.set_axisbelow(True)
    ax.spines[["right", "top"]].set_visible(False)
    ax.tick_params(grid_color=GRID)
    return ax


def titled(ax: Axes, title: str, remarks: str = "", *, key: bool = False) -> None:
    """Write the title, below it in grey what the reader must know (units, n, intervals), then the legend.

    Remarks are separated by semicolons, so that they can continue on a second line.
    """
    lift, room = 0, _room(ax)
    if key:
        handles, labels = ax.get_legend_handles_labels()
        # Entries stand in columns as wide as the longest label.
        columns = max(int(room // (max(map(len, labels), default=1) + _PATCH)), 1)
        rows = 1 if sum(len(label) + _PATCH for label in labels) <= room else -(-len(labels) // columns)
        columns = -(-len(labels) // max(rows, 1))
        legend = ax.legend(
            handles,
            labels,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=columns,
            frameon=False,
            borderaxespad=0.2,
        )
        # A long legend must not squeeze the data.
        legend.set_in_layout(False)
        lift = 17 * rows
    lines = _wrapped(remarks, room)
    pad = lift + (8 + 14 * len(lines) if remarks else 8)
    ax.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=pad)
    if remarks:
        words = "\n".join(lines)
        ax.annotate(
            words, (0, 1), (0, lift + 7), xycoords="axes fraction", textcoords="offset points", color=GREY
        )


def _room(ax: Axes) -> float:
    """Return how many letters fit on one line above the axes."""
    figure: Any = ax.get_figure(root=True)
    inches = ax.get_window_extent().width / figure.dpi
    if figure.get_layout_engine() is None:
        return float(inches / _LETTER)
    beside = max((len(label.get_text()) for label in ax.get_yticklabels()), default=0)
    return float(max(inches / _USUAL_PART / _LETTER - max(beside, 5), 20))


def _wrapped(remarks: str, room: float) -> list[str]:
    """Break remarks at semicolons where they would be too long for one line."""
    lines: list[str] = []
    for remark in remarks.split("; "):
        if lines and len(lines[-1]) + len(remark) + 2 <= room:
            lines[-1] += f"; {remark}"
        else:
            lines.append(remark)
    return lines


def no_data(ax: Axes, title: str, words: str = "no calls") -> Axes:
    """Write on empty axes that there is nothing to draw."""
    titled(ax, title)
    ax.set_axis_off()
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color=GREY, fontsize=12)
    return ax


def shortened(label: object, width: int = 28) -> str:
    """Return the label in at most `width` characters, cut in the middle so that both ends can be read."""
    text = " ".join(str(label).split())
    if len(text) <= width:
        return text
    head = (width - 1) * 2 // 3
    return f"{text[:head].rstrip()}…{text[len(text) - (width - 1 - head) :].lstrip()}"


def number(value: float) -> str:
    """Return a count with separators: ``20,000``."""
    return f"{value:,.0f}"


def counted(count: float, word: str) -> str:
    """Return a number with its noun: ``1 call``, ``2,000 calls``."""
    return f"{number(count)} {word}{'' if count == 1 else 's'}"


def calls_of(count: float) -> str:
    """Return how many calls a picture rests on: ``n = 20,000 calls``."""
    return f"n = {counted(count, 'call')}"


def ink_on(color: str) -> str:
    """Return the color in which text is legible on `color`."""
    red, green, blue = to_rgb(color)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.58 else "white"


def percent(share: float) -> str:
    """Return a share as a percentage, with a decimal where it matters: ``41 %``, ``3.2 %``, ``< 0.1 %``."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{share:.1%}".replace("%", " %") if share < 0.0995 else f"{share:.0%}".replace("%", " %")


class _ShareLocator(MaxNLocator):
    """Place ticks from 0 to 1 only: an axis is longer where there is text beside the bars."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Return the ticks between two limits."""
        return [tick for tick in super().tick_values(vmin, vmax) if -0.001 < tick < 1.001]


def percent_axis(axis: Axis) -> None:
    """Label an axis of shares in percent, with no ticks outside 0 to 100 %."""
    axis.set_major_locator(_ShareLocator(steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda share, _: f"{round(100 * share, 6):g} %")


def count_axis(axis: Axis) -> None:
    """Label an axis of counts with whole numbers, with separators."""
    axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda count, _: number(count))


def signed(value: float, decimals: int) -> str:
    """Return a change with its sign: ``+1.5``, ``−0.2``; one that rounds to zero is ``+0.0``."""
    return f"{round(value, decimals) + 0.0:+,.{decimals}f}".replace("-", "−")


def is_rate(metric: str) -> bool:
    """Return whether a metric is a share from 0 to 1, judging by its name."""
    return metric == "share" or metric.endswith(("_rate", "_share"))


def words_of(metric: str) -> str:
    """Return the name of a metric as words: ``talk time mean``, ``calls``."""
    return metric.removeprefix("n_").removesuffix("_s").replace("_", " ")


def label_of(group: object) -> str:
    """Return the label of a group, with the levels of a tuple joined."""
    return " · ".join(map(str, group)) if isinstance(group, tuple) else str(group)
