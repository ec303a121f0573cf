"""Labels beside what they name, in place of a key; they are placed each time the axes are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from brightcall_pandas.plots._colors import contrast, ink_on, is_dark, tones_of
from brightcall_pandas.plots._fitting import cut_to, text_size
from brightcall_pandas.plots._picture import Look

__all__ = ["LineLabels", "PointLabels", "aside", "ground", "halo", "readable"]

Floats = NDArray[np.float64]

_LEGIBLE, _LEGIBLE_ON_DARK = 4.6, 7.0
_GAP = 8  # points between a mark and its label
_LINE = 1.35  # heights of a name, from one to the next
_PART = 0.4  # of the width of the axes, that names of lines may take
_AROUND = ((1, 0), (1, 1), (1, -1), (-1, 0), (-1, 1), (-1, -1), (0, 1), (0, -1))


def readable(color: str, paper: str) -> str:
    """Return a color, darker or lighter as far as it takes for a text in it to be read on this paper."""
    end = np.asarray(to_rgb(ink_on(paper)))
    least = _LEGIBLE_ON_DARK if is_dark(paper) else _LEGIBLE
    mixed = (to_hex((1 - part) * np.asarray(to_rgb(color)) + part * end) for part in np.linspace(0, 1, 21))
    return next(each for each in mixed if contrast(each, paper) >= least)


def halo(ax: Axes) -> list[AbstractPathEffect]:
    """Return what keeps lines of the grid, and of the data, from running through a text inside the axes."""
    return [withStroke(linewidth=3, foreground=tones_of(ax, inside=True).paper)]


def ground(ax: Axes) -> dict[str, Any]:
    """Return what lies behind a text that stands on bands or lines, so that these end at it."""
    return {"facecolor": tones_of(ax, inside=True).paper, "edgecolor": "none", "pad": 0.8}


@dataclass
class LineLabels:
    """Names behind the ends of lines, each as high as its line ends, or as near as the others let it.

    Parameters
    ----------
    texts, heights
        A name for each line, and where the line ends.
    end
        Where all lines end; the axis is made as much longer as the names need.
    marks
        The mark of each line, which stands before its name.
    """

    texts: Sequence[Text]
    heights: Sequence[float]
    end: float
    marks: Sequence[Line2D] = ()
    _full: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Remember the names, which are cut where there is no room."""
        self._full = [text.get_text() for text in self.texts]

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Make room for the names and place them."""
        if not self.texts:
            return
        box, font = ax.get_window_extent(), self.texts[0].get_fontproperties()
        gap = _GAP * renderer.points_to_pixels(1)
        shown = [cut_to(renderer, each, font, _PART * box.width) for each in self._full]
        sizes = [text_size(renderer, each, font) for each in shown]
        indent = 1.2 * gap if self.marks else 0.0
        taken = max(width for width, _ in sizes) + 2 * gap + indent
        begin = ax.get_xlim()[0]
        right = begin + (self.end - begin) * box.width / max(box.width - taken, 1)
        ax.set_xlim(begin, right)
        bottom, top = ax.get_ylim()
        pixels = box.height / max(top - bottom, 1e-9)
        wanted = (np.asarray(self.heights, dtype=np.float64) - bottom) * pixels
        heights = _spread(wanted, [_LINE * height for _, height in sizes], box.height)
        place = (self.end - begin) / (right - begin) + gap / box.width
        for text, words, height in zip(self.texts, shown, heights, strict=True):
            text.set_text(words)
            text.set_position((place + indent / box.width, height / box.height))
        for mark, height in zip(self.marks, heights, strict=False):
            mark.set_data([place + indent / 3 / box.width], [height / box.height])


def _spread(wanted: Floats, sizes: Sequence[float], top: float) -> list[float]:
    """Return heights near those wanted, so far apart that nothing of these sizes overlaps."""
    order = np.argsort(wanted, kind="stable")
    half = np.asarray(sizes)[order] / 2
    heights = wanted[order].clip(half[0], top - half[-1])
    apart = half[1:] + half[:-1]
    for place in range(1, len(heights)):  # upwards
        heights[place] = max(heights[place], heights[place - 1] + apart[place - 1])
    heights[-1] = min(heights[-1], max(top - half[-1], half[0] + apart.sum()))
    for place in range(len(heights) - 2, -1, -1):  # and back from the top
        heights[place] = min(heights[place], heights[place + 1] - apart[place])
    result = np.empty(len(heights))
    result[order] = heights
    return [float(each) for each in result]


@dataclass
class PointLabels:
    """Names beside points, on whichever side is free; one for which there is no room is left out.

    Parameters
    ----------
    texts, points
        A name for each of some points, the most important first.
    marks
        All points, on which no name may lie.
    ways
        On which side of its point a name stands at best, if that is free: 1 above, -1 below, 0 to the right.
    """

    texts: Sequence[Text]
    points: Floats
    marks: Floats
    ways: Sequence[int] = ()

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Place the names."""
        inside = ax.get_window_extent()
        gap = _GAP * renderer.points_to_pixels(1)
        marks = ax.transData.transform(self.marks)
        taken: list[Bbox] = []
        points = ax.transData.transform(self.points)
        for text, (x, y), way in zip(self.texts, points, self.ways or [0] * len(points), strict=True):
            width, height = text_size(renderer, text.get_text(), text.get_fontproperties())
            sides = sorted(_AROUND, key=lambda side: -way * side[1])
            boxes = [_beside((x, y), side, (width, height), gap) for side in sides]
            free = next((box for box in boxes if _is_free(box, inside, taken, marks)), None)
            text.set_visible(free is not None)
            if free is not None:
                taken.append(free)
                text.set_position((free.x0, free.y0))


def _beside(point: tuple[float, float], side: tuple[int, int], size: tuple[float, float], gap: float) -> Bbox:
    """Return the box of a text of this size on this side of a point."""
    left, bottom = (
        place + way * gap - (0 if way > 0 else length if way < 0 else length / 2)
        for place, way, length in zip(point, side, size, strict=True)
    )
    return Bbox.from_bounds(left, bottom, *size)


def _is_free(box: Bbox, inside: Bbox, taken: Iterable[Bbox], marks: Floats) -> bool:
    within = inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
    x, y = marks.T
    covers = ((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)).any()
    return bool(within and not covers and not any(box.overlaps(each) for each in taken))


def aside(ax: Axes, texts: Sequence[str], heading: str, look: Look) -> tuple[list[Text], Text]:
    """Write a text at the right of each row, and what they are above them; `EndTexts` makes room for them."""
    tones, where = tones_of(ax, inside=True), ("axes fraction", "data")
    form: Any = {"textcoords": where, "fontsize": look.small, "in_layout": False, "annotation_clip": False}
    written: list[Text] = [
        ax.annotate(text, (1, row), (1, row), where, va="center", color=color, **form)
        for row, text, color in [
            *((row, text, tones.ink) for row, text in enumerate(texts)),
            (-1, heading, tones.muted),
        ]
    ]
    return written[:-1], written[-1]
