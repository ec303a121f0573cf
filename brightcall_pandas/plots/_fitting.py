"""What is fitted to a picture each time it is drawn, whatever its size by then: labels, numbers, margins.

Widths are measured with the renderer, so that no text is cut and none lies on another.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.font_manager import FontProperties
from matplotlib.text import Annotation, Text
from matplotlib.ticker import Formatter, LogFormatter, MaxNLocator, NullFormatter

__all__ = [
    "CellTexts",
    "ColumnLabels",
    "CurveLabels",
    "EndTexts",
    "Fit",
    "NumberTicks",
    "PlacedLabels",
    "RowLabels",
    "UprightLabels",
    "cut_to",
    "text_size",
]

_SMALLEST = 4.0  # points: smaller letters cannot be read
_DECADES = 1e-4  # of the end of a logarithmic axis, where it begins at most
_SQUEEZED = 0.8  # of the usual size, of texts at the ends of rows before parts of them are left out
_NAME_PART = 0.4  # of the room for a text, that its name has at least
_PART = 0.42  # of the room for a picture, that names of rows may take


class Fit(Protocol):
    """Something that is fitted to its axes before they are drawn."""

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Fit it to the axes as they will be drawn."""


_measured: WeakKeyDictionary[Any, dict[tuple[str, FontProperties], tuple[float, float]]] = WeakKeyDictionary()
"""Sizes of texts by renderer: a text is measured several times while a figure is laid out."""


def text_size(renderer: Any, text: str, font: FontProperties) -> tuple[float, float]:
    """Return width and height of a line of text in pixels."""
    known = _measured.setdefault(renderer, {})
    size = known.get((text, font))
    if size is None:
        width, height, _ = renderer.get_text_width_height_descent(text or " ", font, False)
        size = known[text, font.copy()] = float(width), float(height)
    return size


def cut_to(renderer: Any, text: str, font: FontProperties, room: float) -> str:
    """Return text that is no wider than `room` pixels, cut in the middle where it is too long."""
    if text_size(renderer, text, font)[0] <= room:
        return text
    isolated = text[:1] == "\u2068" and text[-1:] == "\u2069"
    plain = text[1:-1] if isolated else text
    low, high = 0, len(plain)
    while low < high:  # the largest number of letters that fits
        middle = (low + high + 1) // 2
        if text_size(renderer, _cut(plain, middle), font)[0] <= room:
            low = middle
        else:
            high = middle - 1
    return f"\u2068{_cut(plain, low)}\u2069" if isolated else _cut(plain, low)


def _cut(text: str, letters: int) -> str:
    tail = letters // 3
    return f"{text[: letters - tail].rstrip()}…{text[len(text) - tail :].lstrip() if tail else ''}"


def _shorter(text: str) -> list[str]:
    """Return a text of numbers as it is, and with ever more left out: a number cut in two is another."""
    without = re.sub(r" \([^()]*\)", "", text)
    flag = " *" if without.endswith(" *") else ""
    first = re.split(r", | · ", without.removesuffix(flag))[0] + flag
    return [text, without, first]


def _room_for_names(ax: Axes) -> float:
    """Return how many pixels of its figure's width a picture may use for the names of rows."""
    place, figure = ax.get_subplotspec(), ax.get_figure(root=False)
    width = 1.0 if figure is None else float(figure.bbox.width)
    if place is None:
        return _PART * width
    columns = place.colspan
    return _PART * width * len(columns) / place.get_gridspec().ncols


def _shrunk(renderer: Any, texts: Sequence[Text], usual: float, pitch: float) -> float:
    """Return the size in points at which lines of text do not touch, this many pixels apart."""
    font = texts[0].get_fontproperties().copy()
    font.set_size(usual)
    tall = max(text_size(renderer, text.get_text() or "n", font)[1] for text in texts[:40])
    return max(min(usual, usual * pitch / (1.12 * tall)), _SMALLEST)


@dataclass
class RowLabels:
    """The names of rows, the first on top: as long as there is room for them, and as large."""

    labels: Sequence[str]
    size: float
    places: Sequence[float] | None = None

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Cut the names to the room beside the axes."""
        if ax.get_yscale() != "linear":  # matplotlib's ticks of such a scale fail where rows begin below 0
            scale = ax.get_yscale()
            msg = f"the rows of this picture are names, which have no {scale} scale: they stay as they are"
            warnings.warn(msg, RuntimeWarning, stacklevel=2)
            ax.set_yscale("linear")
        places = np.arange(len(self.labels)) if self.places is None else np.asarray(self.places)
        texts = ax.get_yticklabels()
        if not texts:
            return
        low, high = ax.get_ylim()
        pitch = ax.get_window_extent().height / max(abs(high - low), 1e-9) * _step(places)
        size = _shrunk(renderer, texts, self.size, pitch)
        font = texts[0].get_fontproperties().copy()
        font.set_size(size)
        room = _room_for_names(ax)
        shown = [cut_to(renderer, label, font, room) for label in self.labels]
        if shown != [text.get_text() for text in texts]:
            ax.set_yticks(places, shown)
        for text in ax.get_yticklabels():
            text.set_fontproperties(font)
            text.set_parse_math(False)


def _step(places: np.ndarray) -> float:
    return float(np.diff(places).min()) if len(places) > 1 else 1.0


@dataclass
class ColumnLabels:
    """The labels of columns: every one where there is room, else every second or third."""

    labels: Sequence[str]
    places: Sequence[float]
    size: float

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Leave out as many labels as would lie on one another."""
        font = FontProperties(family=_family(ax), size=self.size)
        lines = [line for label in self.labels for line in label.split("\n")]
        widest = max((text_size(renderer, line, font)[0] for line in lines), default=0.0)
        gap = text_size(renderer, "n", font)[0]
        low, high = ax.get_xlim()
        places = np.asarray(self.places, dtype=np.float64)
        pitch = ax.get_window_extent().width / max(abs(high - low), 1e-9) * _step(places)
        every = max(int(np.ceil((widest + gap) / max(pitch, 1e-9))), 1)
        ax.set_xticks(places[::every], list(self.labels)[::every])
        for text in ax.get_xticklabels():
            text.set_fontproperties(font)
            text.set_parse_math(False)


def _family(ax: Axes) -> list[str]:
    labels = [*ax.get_xticklabels(), *ax.get_yticklabels()]
    return list(labels[0].get_fontfamily()) if labels else ["sans-serif"]


@dataclass
class CurveLabels:
    """Texts at points of a falling curve: right above a point, or left below it where the axes end."""

    texts: Sequence[Annotation]

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Choose the side on which each text has room."""
        box = ax.get_window_extent(renderer)
        for text in self.texts:
            width, _ = text_size(renderer, text.get_text(), text.get_fontproperties())
            at = ax.transData.transform(text.xy)[0]
            beside = at + width + 10 * renderer.points_to_pixels(1) <= box.x1
            text.set(ha="left" if beside else "right", va="bottom" if beside else "top")
            text.set_position((8, 3) if beside else (-8, -3))


@dataclass
class NumberTicks:
    """The ticks of axes of numbers: as many as have room, and written the same on a logarithmic scale.

    Parameters
    ----------
    written
        How numbers are written on either axis, by its letter.
    """

    written: Mapping[str, Formatter]

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Choose the largest number of ticks whose labels do not touch."""
        for letter, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
            self._write(axis, letter)
        box = ax.get_window_extent(renderer)
        for axis, length, across in ((ax.xaxis, box.width, True), (ax.yaxis, box.height, False)):
            locator = axis.get_major_locator()
            if not isinstance(locator, MaxNLocator):
                continue
            font = FontProperties(family=_family(ax), size=_size(axis))
            low, high = axis.get_view_interval()
            for parts in (8, 6, 5, 4, 3, 2, 1):
                locator.set_params(nbins=parts)
                ticks = [tick for tick in locator.tick_values(low, high) if low <= tick <= high]
                labels = axis.get_major_formatter().format_ticks(ticks)
                sizes = [text_size(renderer, label, font) for label in labels]
                room = (
                    length
                    / max(abs(high - low), 1e-12)
                    * (_step(np.asarray(ticks)) if len(ticks) > 1 else 1e9)
                )
                needed = max((1.25 * size[0] + 4 if across else 1.4 * size[1] for size in sizes), default=0)
                if needed <= room:
                    break

    def _write(self, axis: Axis, letter: str) -> None:
        """Keep the way in which numbers are written, where the user has chosen a logarithmic scale since.

        That would write powers of ten as mathematics, and begin at nothing, where the axis began at zero.
        """
        if isinstance(axis.get_major_formatter(), LogFormatter):
            axis.set_major_formatter(self.written[letter])
            axis.set_minor_formatter(NullFormatter())
            low, high = axis.get_view_interval()
            axis.axes.set(**{f"{letter}lim": (max(low, high * _DECADES), high)})


def _size(axis: Axis) -> float:
    ticks = axis.get_major_ticks(1)
    return float(ticks[0].label1.get_fontsize()) if ticks else 8.0


@dataclass
class PlacedLabels:
    """Labels of a time axis: every one where there is room, else every second or third.

    A second line, such as a year, is told where it is new among those that are left.
    """

    places: Sequence[float]
    labels: Sequence[str]
    size: float

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Leave out labels that would touch, evenly."""
        font = FontProperties(family=_family(ax), size=self.size)
        gap = text_size(renderer, "n", font)[0]
        places, every = list(self.places), 1
        labels = _second_lines(self.labels)
        while every < len(places):
            halves = [
                max(text_size(renderer, line, font)[0] for line in each.split("\n")) / 2 for each in labels
            ]
            middles = [ax.transData.transform((place, 0.5))[0] for place in places]
            ends = zip(middles, halves, middles[1:], halves[1:], strict=False)
            if all(one + half + gap <= other - wide for one, half, other, wide in ends):
                break
            every += 1
            places, labels = list(self.places)[::every], _second_lines(self.labels, every)
        ax.set_xticks(places, labels)
        for text in ax.get_xticklabels():
            text.set_fontproperties(font)


def _second_lines(labels: Sequence[str], every: int = 1) -> list[str]:
    """Return every so many of labels, each with the second line that holds there where it is new."""
    holds, told, kept = "", "", []
    for place, label in enumerate(labels):
        first, _, second = label.partition("\n")
        holds = second or holds
        if place % every == 0:
            kept.append(f"{first}\n{holds}" if holds != told else first)
            told = holds
    return kept


@dataclass
class UprightLabels:
    """Names of columns, written upright: as long as there is room below the axes."""

    labels: Sequence[str]
    size: float

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Cut the names to a third of the figure's height, and thin them where they touch."""
        texts, figure = ax.get_xticklabels(), ax.get_figure(root=False)
        if not texts or figure is None:
            return
        font = texts[0].get_fontproperties().copy()
        low, high = ax.get_xlim()
        pitch = ax.get_window_extent().width / max(abs(high - low), 1e-9)
        font.set_size(_shrunk(renderer, texts, self.size, pitch))
        rows = place.get_gridspec().nrows if (place := ax.get_subplotspec()) is not None else 1
        room = 0.25 * figure.bbox.height / rows
        for text, label in zip(texts, self.labels, strict=False):
            text.set_fontproperties(font)
            text.set_parse_math(False)
            text.set_text(cut_to(renderer, label, font, room))


@dataclass
class CellTexts:
    """Texts in cells: smaller where a cell is narrow, and none where they could not be read.

    Parameters
    ----------
    texts
        The texts.
    size
        Their usual size in points.
    width, height
        Width and height of a cell, in units of the axes' data.
    cut
        Whether a text that is too wide is cut, so that the others need not become smaller.
    least
        Size in points below which the texts are left out.
    tails
        What stands behind each text in any case, and what stands there too as long as it leaves room for it:
        numbers, which are never cut.
    """

    texts: Sequence[Text]
    size: float
    width: float = 1.0
    height: float = 1.0
    cut: bool = False
    least: float = _SMALLEST
    tails: Sequence[tuple[str, str]] = ()
    _full: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Remember the texts, which may be cut."""
        self._full = [text.get_text() for text in self.texts]
        for text, ends in zip(self.texts, self.tails, strict=False):
            text.set_text(text.get_text() + "".join(ends))

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Choose a size at which the widest text fits its cell."""
        if not self.texts:
            return
        font = self.texts[0].get_fontproperties().copy()
        font.set_size(self.size)
        tails = self.tails or [("", "")] * len(self._full)
        whole = {name + "".join(ends) for name, ends in zip(self._full, tails, strict=True)}
        sizes = [text_size(renderer, text, font) for text in whole]
        box, (left, right), (low, high) = ax.get_window_extent(), ax.get_xlim(), ax.get_ylim()
        room = 0.92 * self.width * box.width / abs(right - left)
        across = room / max(width for width, _ in sizes)
        along = 0.92 * self.height * box.height / abs(high - low) / max(height for _, height in sizes)
        size = self.size * min(max(across, 0.75) if self.cut else across, along, 1)
        font.set_size(max(size, _SMALLEST))
        for text, full, ends in zip(self.texts, self._full, tails, strict=True):
            text.set_text(_with_tail(renderer, full, ends, font, room) if self.cut else full)
            text.set_fontsize(max(size, _SMALLEST))
            text.set_visible(size >= self.least)


def _with_tail(renderer: Any, name: str, ends: tuple[str, str], font: FontProperties, room: float) -> str:
    """Return a name cut to the room that its tail leaves, without the second part of that if it must be."""
    usual, further = ends
    for tail in (usual + further, usual):
        left = room - text_size(renderer, tail, font)[0] if tail else room
        if left >= min(_NAME_PART * room, text_size(renderer, name, font)[0]):
            break
    return cut_to(renderer, name, font, max(left, 0.0)) + tail


@dataclass
class EndTexts:
    """Texts at the ends of rows, for which the axis is made as long as they need.

    Parameters
    ----------
    texts, ends
        A text for each row, and where its bar or line ends.
    low, high
        What the axis shows at least.
    aligned
        Whether the texts stand below one another behind the data, rather than each at its end.
    heading
        What stands above texts that are aligned.
    """

    texts: Sequence[Text]
    ends: Any
    low: float
    high: float
    aligned: bool = False
    heading: Text | None = None
    size: float = 0.0
    _limits: tuple[float, float] | None = field(default=None, init=False)
    _full: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Remember the texts, which are cut where there is no room."""
        self._full = [text.get_text() for text in self._written]
        self.size = self.size or (float(self.texts[0].get_fontsize()) if self.texts else 8.0)

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Make room for the texts, unless the user has set the limits, or another scale."""
        if not self.texts or ax.get_xscale() != "linear":
            return
        if self._limits is not None and not np.allclose(self._limits, ax.get_xlim()):
            return
        box, (low, high) = ax.get_window_extent(), ax.get_ylim()
        size = _shrunk(renderer, self.texts, self.size, box.height / max(abs(high - low), 1e-9))
        font = self.texts[0].get_fontproperties().copy()
        font.set_size(size)
        pad = 0.6 * size * renderer.points_to_pixels(1)
        shown, size = self._fitted(renderer, font, 0.62 * box.width - 2 * pad)
        font.set_size(size)
        widths = []
        for text, words in zip(self._written, shown, strict=True):
            text.set_text(words)
            text.set_fontsize(size)
            widths.append(text_size(renderer, words, font)[0] + 2 * pad)
        span = self.high - self.low
        if self.aligned:
            taken = min(max(widths), 0.7 * box.width)
            right = self.low + span * box.width / (box.width - taken)
            place = (1 - (taken - pad) / box.width) if box.width else 1.0
            for text in self._written:
                text.set_x(place)
        else:
            reach = np.maximum(np.asarray(self.ends, dtype=np.float64) - self.low, 0)
            needed = reach * box.width / (box.width - np.asarray(widths))
            right = self.low + max(float(needed.max()), span)
        ax.set_xlim(self.low, right)
        self._limits = ax.get_xlim()

    @property
    def _written(self) -> list[Text]:
        """The texts, and what stands above them."""
        return [*self.texts, *filter(None, [self.heading])]

    def _fitted(self, renderer: Any, font: FontProperties, room: float) -> tuple[list[str], float]:
        """Return the texts as they fit: smaller, without what is in brackets, or only their first part."""
        size, every = font.get_size_in_points(), [_shorter(text) for text in self._full]
        widest = 1.0
        for shown in map(list, zip(*every, strict=True)):
            widest = max(text_size(renderer, text, font)[0] for text in shown)
            if _SQUEEZED * widest <= room:
                return shown, min(size, max(size * room / widest, _SMALLEST))
        return [texts[-1] for texts in every], max(size * room / widest, _SMALLEST)
