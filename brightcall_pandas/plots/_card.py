"""The key figures as a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text

from brightcall_pandas.plots._cells import bare
from brightcall_pandas.plots._choice import chosen_rows
from brightcall_pandas.plots._colors import tones_of
from brightcall_pandas.plots._fitting import CellTexts, RowLabels, text_size
from brightcall_pandas.plots._formats import NOT_KNOWN, amounts, counted, duration, durations, number, percent
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._picture import Look, headed, no_data, picture

__all__ = ["summary"]

_ROWS = 12
_HOUR = 3_600
_SMALLEST = 4.0  # points
_LARGEST = 1.7  # times the usual size, where there is room
_FIGURE = 2.2  # how much larger the figures are than what they are
_DEFINED = "answer rate: answered ÷ calls; talk, and wait until they are answered: of answered calls"
_COLUMNS = {
    "n_calls": "calls",
    "answer_rate": "answer rate",
    "talk_time_median_s": "median talk",
    "answer_time_median_s": "median wait",
    "unique_clients": "clients",
    "transferred_share": "transferred",
}


@picture
def summary(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the key figures as a card.

    Parameters
    ----------
    table
        Table returned by `analysis.summary`.

    Returns
    -------
    matplotlib.axes.Axes
        A tile for each key figure, with what it is and what it is of. With more than one group a row for
        each, the largest twelve, and a column for each figure.
    """
    if table.empty or not table["n_calls"].sum():
        return no_data(look, "Summary")
    return _card(table, look) if len(table) == 1 else _grid(table, look)


def _tiles(row: pd.Series, marked: float) -> list[tuple[str, str, str]]:
    """Return the name of each key figure, the figure, and what it is of; `marked` are calls with a mark."""
    each, talk = row["calls_per_client"], row.get("talk_time_total_s", np.nan)
    return [
        ("calls", number(row["n_calls"]), f"answered: {number(row['answered'])}"),
        ("answer rate", percent(row["answer_rate"]), "answered ÷ calls"),
        _middle("talk time", row["talk_time_median_s"], row["talk_time_mean_s"]),
        _middle("time to answer", row["answer_time_median_s"], row["answer_time_mean_s"]),
        ("clients", number(row["unique_clients"]), _each(row["unique_clients"], each)),
        (
            # Not "first call": the flag's share has nothing to do with the clients and calls beside it.
            "flagged as user's first",
            percent(row["first_time_share"]),
            f"firstTimeForUser, {'where known' if pd.isna(marked) else f'of {number(marked)}'}",
        ),
        ("transferred", percent(row["transferred_share"]), f"of {number(row['n_calls'])} calls"),
        ("AI's talk time", percent(row["ai_talk_share"]), _of_talk(talk)),
    ]


def _of_talk(seconds: float) -> str:
    """Return how much talk time there is, in hours where there are any: days would be of 24 hours."""
    if pd.isna(seconds):
        return "of talk time"
    told = f"{number(seconds / _HOUR)} h" if seconds >= 2 * _HOUR else duration(seconds)
    return f"of {told} of talk time"


def _each(clients: float, calls: float) -> str:
    """Return how many calls a client has, and of how many: a call may lack its client."""
    if pd.isna(calls):
        return ""
    return f"{calls:.1f} calls each (of {number(round(calls * clients))})"


def _middle(what: str, median: float, mean: float) -> tuple[str, str, str]:
    """Return the median of a time, which a few long calls do not move, or the mean where it is not known."""
    if pd.isna(median):
        return f"{what}, mean", duration(mean), "of answered calls"
    middle, average = durations([median, mean])
    return f"{what}, median", middle, f"mean {average}, of answered"


def _card(table: pd.DataFrame, look: Look) -> Axes:
    row, ax = table.iloc[0], look.axes(height=2.9)
    ax.set_axis_off()
    marked = table.attrs.get("first_time_known")
    # Of a row that was cut out of several the list does not say which is its own.
    of_row = marked[0] if isinstance(marked, list) and len(marked) == 1 else np.nan
    tones, tiles = tones_of(ax), _tiles(row, of_row)
    sizes = (look.small, _FIGURE * look.small, look.small)
    styles = zip(sizes, ("normal", "bold", "normal"), (tones.muted, tones.ink, tones.muted), strict=True)
    forms: list[dict[str, Any]] = [
        {"fontsize": size, "fontweight": weight, "color": color} for size, weight, color in styles
    ]
    texts = [
        [
            ax.text(0, 0, words, transform=ax.transAxes, va="top", ha="left", in_layout=False, **form)
            for words, form in zip(tile, forms, strict=True)
        ]
        for tile in tiles
    ]
    rate, calls = percent(row["answer_rate"]), counted(row["n_calls"], "call")
    figures = ", ".join(f"{name}: {figure}" for name, figure, _ in tiles)
    return headed(
        ax,
        look,
        calls if rate == NOT_KNOWN else f"{rate} of {calls} were answered",
        look.facts.lines(),
        form=f"A card of key figures: {figures}",
        fits=[_Tiles(texts, sizes)],
    )


@dataclass
class _Tiles:
    """Tiles of texts, as many beside each other as there is room for, and as large."""

    tiles: Sequence[Sequence[Text]]
    sizes: Sequence[float]

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Place the texts."""
        box = ax.get_window_extent()
        measured = np.array(
            [
                [self._measured(renderer, *each) for each in zip(tile, self.sizes, strict=True)]
                for tile in self.tiles
            ]
        )
        heights = 1.25 * measured[:, :, 1].max(axis=0)
        columns, scale = self._columns(box, 1.1 * measured[:, :, 0].max(), 1.2 * heights.sum())
        rows = -(-len(self.tiles) // columns)
        for place, tile in enumerate(self.tiles):
            row, column = divmod(place, columns)
            y = 1 - (row + 0.06) / rows
            for text, size, height in zip(tile, self.sizes, heights, strict=True):
                text.set_fontsize(max(size * scale, _SMALLEST))
                text.set_position((column / columns, y))
                y -= height * scale / box.height

    def _columns(self, box: Any, width: float, height: float) -> tuple[int, float]:
        """Return in how many columns the texts are largest, and how many times their usual size."""
        best = (1, 0.0)
        for columns in (4, 2, 8, 1):  # without a hole in the last row
            rows = -(-len(self.tiles) // columns)
            scale = min(box.width / columns / width, box.height / rows / height, _LARGEST)
            best = (columns, scale) if scale > best[1] + 1e-9 else best
        return best

    @staticmethod
    def _measured(renderer: Any, text: Text, size: float) -> tuple[float, float]:
        font = text.get_fontproperties().copy()
        font.set_size(size)
        return text_size(renderer, text.get_text(), font)


def _grid(table: pd.DataFrame, look: Look) -> Axes:
    """Draw a row for each group and a column for each figure, with the names of the figures on top."""
    look.sort = look.sort or "calls"
    shown, hidden = chosen_rows(table, look, table["n_calls"], table["answer_rate"], usual=_ROWS)
    ax = look.axes(height=1.6 + look.row_height(1.2) * (len(shown) + 1))
    tones, texts = tones_of(ax, inside=True), []

    def write(column: int, row: int, words: str, color: str) -> None:
        text = ax.text(column, row, words, ha="center", va="center", fontsize=look.small, color=color)
        texts.append(text)

    for column, (name, words) in enumerate(_COLUMNS.items()):
        write(column, -1, words, tones.muted)
        for row, told in enumerate(amounts(shown[name], name)):
            write(column, row, told, tones.ink)
    ax.hlines(np.arange(len(shown)) - 0.5, -0.5, len(_COLUMNS) - 0.5, color=tones.grid, linewidth=0.8)
    labels = [label_of(each) for each in shown.index]
    ax.set_xlim(-0.5, len(_COLUMNS) - 0.5)
    ax.set_ylim(len(shown) - 0.5, -1.5)
    ax.set_yticks(range(len(shown)), labels)
    ax.set_xticks([])
    bare(ax)
    return headed(
        ax,
        look,
        _span(table, shown["answer_rate"]),
        look.facts.lines(_DEFINED, look.facts.n(table), hidden, look.facts.cut(table)),
        form="A table with a row for each group and a column for each figure",
        fits=[CellTexts(texts, look.small), RowLabels(labels, look.small)],
    )


def _span(table: pd.DataFrame, rates: pd.Series) -> str:
    """Return what is told of all groups; the table has no intervals, so that none can be named."""
    calls, known = f"{counted(table['n_calls'].sum(), 'call')} in {number(len(table))} groups", rates.dropna()
    if len(known) < 2:
        return calls
    return f"{calls}: answer rates from {percent(known.min())} to {percent(known.max())}"
