"""The text around the data: title, remarks and key above the axes, laid out anew each time they are drawn.

Lines are as long as the axes are wide, measured with the renderer, so that nothing is cut, whatever size the
figure has by then. Axes that were given, in a figure without a layout engine, give up some of their own
height and width for it; nothing of their figure changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox, IdentityTransform
from numpy.typing import NDArray

from brightcall_pandas.plots._colors import tones_of
from brightcall_pandas.plots._fitting import Fit, cut_to, text_size

__all__ = ["Key", "TextLayer", "describe", "write_around"]

Mark = Literal["box", "frame", "line", "dashes", "dot", "ring", "square", "diamond", "tick", "arrow"]

_MARKERS = {"dot": "o", "ring": "o", "square": "s", "diamond": "D", "tick": "|", "arrow": ">"}
_TITLE_LINES = 3
_ORPHAN = 0.4  # of the width, that the last line of a title is long at least
_BETWEEN = re.compile(r" (?!%)(?!÷)(?<!÷ )(?!(?<=\d )(?:s|min|h|days|points|calls|o'clock)\b)")
_WIDE = 0.6  # inches for each point of the letters, in which a text has room in full size
_SMALLEST = 0.65  # of the usual size, on narrow axes
_MOST_PART = 0.55  # of the height of one of several rows of axes, that text may take
_LABEL = 0.55  # of the width of its part of a figure, that a label of an axis may be long
_LEAST_PART = 0.3  # of a picture's height, that the data keep
_ROUNDS = 5  # times that a figure is laid out at most, until nothing moves any more

_settled: WeakKeyDictionary[Any, tuple[float, ...]] = WeakKeyDictionary()
"""The size at which the layout of a figure has settled, by figure."""


@dataclass(frozen=True)
class Key:
    """An entry of the key: a color, the form in which it is drawn, and its name."""

    name: str
    color: str
    mark: Mark = "box"


@dataclass
class _Lines:
    """The text above axes as it is broken into lines, and how high it is in pixels."""

    title: list[str]
    remarks: list[str]
    rows: list[list[int]]
    height: float = 0.0


@dataclass
class _Entry:
    """A drawn entry of the key."""

    glyph: Artist
    text: Text
    width: float = field(default=0.0)


class TextLayer(Artist):
    """Title, remarks and key of one picture: it draws nothing itself, but places them before they are."""

    def __init__(
        self, ax: Axes, title: str, remarks: Sequence[str], sentence: str, fits: Sequence[Fit]
    ) -> None:
        super().__init__()
        self.sentence, self.title, self.remarks, self.fits = sentence, title, list(remarks), list(fits)
        self._family = list(rcParams["font.family"])
        self._entries: list[_Entry] = []
        self._narrowest = np.inf  # pixels that the text had since the figure was laid out anew
        base = float(rcParams["font.size"])
        base *= min(max(_inches(ax)[0] / (_WIDE * base), _SMALLEST), 1.0)
        self._title_font = FontProperties(family=self._family, size=1.2 * base, weight="bold")
        self._font = FontProperties(family=self._family, size=0.9 * base)
        self.set_zorder(-1e6)
        ax.add_artist(self)
        self.set_clip_on(False)
        self.set_clip_path(None)
        self._tones = tones_of(ax)
        self._subtitle = self._text(ax, self._tones.muted, "; ".join(remarks))
        ax.set_title(title, loc="left", fontproperties=self._title_font, color=self._tones.ink, y=1.0)
        untyped: Any = ax
        untyped._left_title.set_in_layout(False)
        self._said = ax.get_title(loc="left")
        ax.set_axes_locator(self._inside)
        _settled.pop(ax.get_figure(root=True), None)

    def _text(self, ax: Axes, color: str, words: str = "") -> Text:
        text = ax.text(
            0, 0, words, transform=IdentityTransform(), color=color, va="bottom", ha="left", clip_on=False
        )
        text.set_fontproperties(self._font)
        text.set_in_layout(False)  # the layer tells how much room all of it needs
        return text

    def add_key(self, ax: Axes, keys: Sequence[Key]) -> None:
        """Add entries of the key."""
        for key in keys:
            glyph = _glyph(key, tones_of(ax).paper)
            ax.add_artist(glyph)
            glyph.set_clip_on(False)
            glyph.set_in_layout(False)
            self._entries.append(_Entry(glyph, self._text(ax, self._tones.ink, key.name)))

    def remove(self) -> None:
        """Take the text off the axes."""
        ax: Any = self.axes
        for artist in [self._subtitle, *(part for each in self._entries for part in (each.glyph, each.text))]:
            artist.remove()
        ax.set_axes_locator(None)
        super().remove()

    def draw(self, renderer: Any) -> None:
        """Place the text; it draws itself, after this."""
        self._fit(renderer)

    def get_tightbbox(self, renderer: Any = None) -> Bbox:
        """Return the place of the whole text."""
        return self._fit(renderer or self._renderer())

    get_window_extent = get_tightbbox

    def _renderer(self) -> Any:
        canvas: Any = self.axes.get_figure(root=True).canvas  # type: ignore[union-attr]
        return canvas.get_renderer()

    def _fit(self, renderer: Any) -> Bbox:
        ax: Any = self.axes
        for each in self.fits:
            each.fit(ax, renderer)
        box = ax.get_window_extent(renderer)
        left = self._left(box, renderer)
        room = max(self._top(renderer) - box.y1, 0.0) if self._is_free() else self._part(renderer)
        self._break_label(renderer)
        lines = self._lines(renderer, self._width(box, left), room)
        bottom = box.y1 + self._point(renderer) * 5
        y = self._place_key(renderer, lines, left, bottom)
        self._subtitle.set_text("\n".join(lines.remarks))
        self._subtitle.set_position((left, y))
        if lines.remarks:
            y += self._height(renderer, self._font) * len(lines.remarks) + 3 * self._point(renderer)
        self._write_title("\n".join(lines.title), left, y, renderer)
        return Bbox.from_extents(left, box.y1, max(box.x1, left + 1), box.y1 + lines.height)

    def _width(self, box: Bbox, left: float) -> float:
        """Return how wide the text may be.

        In a figure that is laid out it does not depend on the axes: their width depends on the text's height,
        so that one would follow the other from one drawing to the next. Where it depends on the names of
        rows, whose letters are as large as the axes are high, it only ever gets narrower, until it stays.
        """
        cell = self._cell()
        if cell is None:
            return float(box.x1 - left)
        width = float(max(cell - max(left - self._margin(), 0.0), box.x1 - left))
        self._narrowest = min(self._narrowest, width)
        return self._narrowest

    def _cell(self) -> float | None:
        """Return the width in pixels of what a figure's layout gives to the axes, where it is known."""
        ax: Any = self.axes
        figure, place = ax.get_figure(root=True), ax.get_subplotspec()
        if self._is_free() or place is None or figure is not ax.get_figure(root=False):
            return None
        if any(each is not ax and each.get_subplotspec() is None for each in figure.axes):
            return None  # a color bar takes a part of it
        return float(_inches(ax)[0] * figure.dpi - 0.1 * figure.dpi)

    def _margin(self) -> float:
        """Return where the cell begins, in pixels."""
        ax: Any = self.axes
        figure, columns = ax.get_figure(root=True), ax.get_subplotspec().colspan
        grid = ax.get_subplotspec().get_gridspec()
        return float(figure.bbox.width * columns.start / grid.ncols + 0.05 * figure.dpi)

    def _break_label(self, renderer: Any) -> None:
        """Break the label of the axis across into lines, where it is wider than its part of the figure."""
        ax: Any = self.axes
        cell, label = self._cell(), ax.xaxis.label
        if cell is None or not label.get_text():
            return
        words = label.get_text().replace("\n", " ")
        font = label.get_fontproperties()
        label.set_text("\n".join(_broken(renderer, [words], font, _LABEL * cell, 3)))

    def _write_title(self, words: str, left: float, y: float, renderer: Any) -> None:
        ax: Any = self.axes
        box = ax.get_window_extent(renderer)
        ax.set_title(
            words,
            loc="left",
            x=(left - box.x0) / max(box.width, 1e-9),
            y=1.0,
            pad=(y - box.y1) / self._point(renderer),
            fontproperties=self._title_font,
            color=self._tones.ink,
            va="bottom",
            parse_math=False,
        )
        self._said = words

    @staticmethod
    def _point(renderer: Any) -> float:
        return float(renderer.points_to_pixels(1))

    @staticmethod
    def _height(renderer: Any, font: FontProperties) -> float:
        return text_size(renderer, "lp", font)[1] * 1.25

    def _left(self, box: Bbox, renderer: Any) -> float:
        """Return where the text begins: where the names of rows do."""
        ax: Any = self.axes
        beside = ax.yaxis.get_tightbbox(renderer) if ax.axison else None
        figure = ax.get_figure(root=True)
        return float(max(min(box.x0, box.x0 if beside is None else beside.x0), figure.bbox.x0 + 1))

    def _lines(self, renderer: Any, width: float, room: float) -> _Lines:
        """Break the text into lines; of remarks that have no room, the last are left out."""
        ax: Any = self.axes
        written = ax.get_title(loc="left")
        if written and written != self._said:
            self.title = written  # the user's own
        title = _balanced(renderer, self.title, self._title_font, width) if self.title else []
        remarks = _broken(renderer, self.remarks, self._font, width, 5)
        rows = self._rows(renderer, width)
        lines = _Lines(title, remarks, rows)
        while True:
            lines.height = self._measured(renderer, lines)
            if lines.height <= room or not lines.remarks:
                return lines
            lines.remarks = lines.remarks[:-1]

    def _measured(self, renderer: Any, lines: _Lines) -> float:
        point, line = self._point(renderer), self._height(renderer, self._font)
        height = 5 * point + line * (1.1 * len(lines.rows) + len(lines.remarks))
        height += 3 * point * (bool(lines.rows) + bool(lines.remarks))
        return height + self._height(renderer, self._title_font) * len(lines.title) + 2 * point

    def _rows(self, renderer: Any, width: float) -> list[list[int]]:
        """Divide the entries of the key into rows."""
        mark, gap = self._glyph_width(renderer), 1.4 * self._font.get_size_in_points() * self._point(renderer)
        rows: list[list[int]] = []
        taken = 0.0
        for place, entry in enumerate(self._entries):
            entry.text.set_text(cut_to(renderer, entry.text.get_text(), self._font, max(width - mark, 1)))
            entry.width = mark + text_size(renderer, entry.text.get_text(), self._font)[0]
            if rows and taken + entry.width <= width:
                rows[-1].append(place)
            else:
                rows.append([place])
                taken = 0.0
            taken += entry.width + gap
        return rows

    def _glyph_width(self, renderer: Any) -> float:
        return 1.7 * self._font.get_size_in_points() * self._point(renderer)

    def _place_key(self, renderer: Any, lines: _Lines, left: float, bottom: float) -> float:
        """Place the key, its last row at the bottom; return where the remarks begin."""
        point, line = self._point(renderer), 1.1 * self._height(renderer, self._font)
        mark, gap = self._glyph_width(renderer), 1.4 * self._font.get_size_in_points() * point
        for row, places in enumerate(reversed(lines.rows)):
            x, y = left, bottom + row * line
            for place in places:
                entry = self._entries[place]
                entry.text.set_position((x + mark, y))
                _move(entry.glyph, x, y + 0.38 * line, 0.72 * mark, 0.5 * line)
                x += entry.width + gap
        return bottom + len(lines.rows) * line + (3 * point if lines.rows else 0)

    def _is_free(self) -> bool:
        """Tell whether nothing lays out the figure, so that the axes make room themselves."""
        figure: Any = self.axes.get_figure(root=True)  # type: ignore[union-attr]
        return figure.get_layout_engine() is None

    def _part(self, renderer: Any) -> float:
        """Return how high the text may be, in pixels, where the figure is laid out for it."""
        ax: Any = self.axes
        place = ax.get_subplotspec()
        if place is None or place.get_gridspec().nrows < 2:
            return 1e9
        return _MOST_PART * _inches(ax)[1] * 72 * self._point(renderer)

    def _neighbors(self) -> list[Any]:
        figure: Any = self.axes.get_figure(root=True)  # type: ignore[union-attr]
        return [each for each in figure.axes if each is not self.axes]

    def _top(self, renderer: Any) -> float:
        """Return how far up the text may reach, in pixels."""
        ax: Any = self.axes
        own, figure = ax.get_position(original=True), ax.get_figure(root=False)
        above = any(
            other.get_position(original=True).y0 >= own.y1 - 1e-6
            and other.get_position(original=True).x0 < own.x1
            and other.get_position(original=True).x1 > own.x0
            for other in self._neighbors()
        )
        return float(figure.bbox.y0 + figure.bbox.height * (own.y1 if above else 1)) - 3 * self._point(
            renderer
        )

    def _leftmost(self, renderer: Any) -> float:
        """Return how far to the left names may reach, in pixels."""
        ax: Any = self.axes
        own, figure = ax.get_position(original=True), ax.get_figure(root=False)
        beside = [
            place.x1
            for place in (other.get_position(original=True) for other in self._neighbors())
            if place.x1 <= own.x0 + 1e-6 and place.y0 < own.y1 and place.y1 > own.y0
        ]
        return float(figure.bbox.x0 + figure.bbox.width * max(beside, default=0)) + 6 * self._point(renderer)

    def _settle(self) -> None:
        """Lay the figure out before it lays itself out to be drawn, if it has not settled at this size.

        How high the text is depends on where the axes begin, and that on numbers beside them, which depend on
        how high they are: a first layout comes near, a second or third stays.
        """
        figure: Any = self.axes.get_figure(root=True)  # type: ignore[union-attr]
        engine, size = figure.get_layout_engine(), (*figure.get_size_inches(), figure.dpi, len(figure.axes))
        if engine is not None and _settled.get(figure) != size:
            _settled[figure] = size
            engine.execute(figure)
            before = _places(figure)
            for layer in [each for ax in figure.axes for each in layers_of(ax)]:
                layer._narrowest = np.inf
            for _ in range(_ROUNDS):
                engine.execute(figure)
                after = _places(figure)
                if np.abs(after - before).max(initial=0) < 0.5:  # pixels
                    break
                before = after

    def _with_twin(self, twin: Any, renderer: Any) -> Bbox:
        """Return where axes are drawn that share the place of these: where these are."""
        place: Bbox = twin.get_position(original=True)
        return place if self.axes is None else self._inside(self.axes, renderer)

    def _inside(self, ax: Any, renderer: Any) -> Bbox:
        """Return where the axes are drawn: in their own place, with room for their text."""
        place: Bbox = ax.get_position(original=True)
        if self.axes is None:
            return place
        for twin in ax._twinned_axes.get_siblings(ax):
            if twin.get_axes_locator() is None:  # it would put both back into their whole place
                twin.set_axes_locator(self._with_twin)
        if renderer is not None:
            self._settle()
        renderer = renderer or self._renderer()
        if not self._is_free():
            # Before names are cut to their room a layout would leave nothing for the data. They are fitted to
            # the place that the axes have now, not to that of the layout before.
            ax.apply_aspect(place)
            for each in self.fits:
                each.fit(ax, renderer)
            return place
        figure = ax.get_figure(root=False).bbox
        for each in self.fits:
            each.fit(ax, renderer)
        box = ax.get_window_extent(renderer)
        x0, y0, x1 = (
            figure.x0 + figure.width * place.x0,
            figure.y0 + figure.height * place.y0,
            figure.width * place.x1,
        )
        x1 += figure.x0
        beside, below = (axis.get_tightbbox(renderer) if ax.axison else None for axis in (ax.yaxis, ax.xaxis))
        names = 0.0 if beside is None else max(box.x0 - beside.x0, 0.0)
        x0 = min(max(x0, self._leftmost(renderer) + names), x0 + 0.6 * (x1 - x0))
        if below is not None:
            y0 = max(y0, figure.y0 + 3 * self._point(renderer) + box.y0 - below.y0)
        top = self._top(renderer)
        room = (1 - _LEAST_PART) * (top - y0)
        lines = self._lines(renderer, x1 - max(x0 - names, figure.x0 + 1), room)
        y1 = max(min(figure.y0 + figure.height * place.y1, top - lines.height), y0 + 1)
        return Bbox.from_extents(
            (x0 - figure.x0) / figure.width,
            (y0 - figure.y0) / figure.height,
            (x1 - figure.x0) / figure.width,
            (y1 - figure.y0) / figure.height,
        )


def _places(figure: Any) -> NDArray[np.float64]:
    """Return where the axes of a figure lie, in pixels."""
    extents = [ax.get_position(original=True).extents for ax in figure.axes]
    return np.multiply(extents, [*figure.bbox.size, *figure.bbox.size])


def _inches(ax: Any) -> tuple[float, float]:
    """Return width and height of the part of the figure that axes have."""
    figure, place = ax.get_figure(root=True), ax.get_subplotspec()
    width, height = figure.get_size_inches()
    if place is None:
        box = ax.get_position(original=True)
        return 1.25 * width * box.width, 1.25 * height * box.height
    grid = place.get_gridspec()
    return width * len(place.colspan) / grid.ncols, height * len(place.rowspan) / grid.nrows


def _balanced(renderer: Any, title: str, font: FontProperties, width: float) -> list[str]:
    """Break a title into lines; one whose last line would be a word or two has lines of more even length."""
    lines = _broken(renderer, [title], font, width, _TITLE_LINES)
    if len(lines) < 2 or text_size(renderer, lines[-1], font)[0] >= _ORPHAN * width:
        return lines
    even = lines
    for part in np.arange(0.95, 1 / len(lines) - 0.01, -0.05).tolist():
        narrower = _broken(renderer, [title], font, part * width, _TITLE_LINES)
        if len(narrower) > len(lines) or narrower[-1].endswith("…"):
            break
        even = narrower
    return even


def _words(text: str) -> list[str]:
    """Return the words between which a line may end: a number stays with its unit."""
    return _BETWEEN.split(text)


def _broken(renderer: Any, parts: Sequence[str], font: FontProperties, width: float, most: int) -> list[str]:
    """Break parts into lines of this width, between the parts where possible, else between words."""
    lines: list[str] = []
    for part in parts:
        if lines and text_size(renderer, f"{lines[-1]}; {part}", font)[0] <= width:
            lines[-1] += f"; {part}"
            continue
        line = ""
        for word in _words(part):
            longer = f"{line} {word}" if line else word
            if line and text_size(renderer, longer, font)[0] > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} …"]
    return [cut_to(renderer, line, font, width) for line in lines]


def _glyph(key: Key, paper: str) -> Artist:
    where = IdentityTransform()
    if key.mark == "box":
        return Rectangle((0, 0), 0, 0, facecolor=key.color, edgecolor="none", transform=where)
    if key.mark == "frame":
        return Rectangle((0, 0), 0, 0, fill=False, edgecolor=key.color, linewidth=1.8, transform=where)
    if key.mark in ("line", "dashes"):
        style: Any = "-" if key.mark == "line" else (0, (2.4, 1.4))
        return Line2D([0], [0], color=key.color, linewidth=1.8, linestyle=style, transform=where)
    return Line2D(
        [0],
        [0],
        linestyle="none",
        marker=_MARKERS[key.mark],
        markersize=6,
        markerfacecolor=paper if key.mark == "ring" else key.color,
        markeredgecolor=key.color,
        transform=where,
    )


def _move(glyph: Artist, left: float, middle: float, width: float, height: float) -> None:
    """Place a glyph, given its left end and its middle."""
    if isinstance(glyph, Rectangle):
        side = width if glyph.get_fill() else height
        glyph.set_bounds(left + (width - side) / 2, middle - height / 2, side, height)
    elif isinstance(glyph, Line2D):
        single = glyph.get_marker() not in ("None", None, "", " ")
        xs = [left + width / 2] if single else [left, left + width]
        glyph.set_data(xs, [middle] * len(xs))


def layers_of(ax: Axes) -> list[TextLayer]:
    """Return the text layers of axes, of which there is one where a picture was drawn."""
    return [each for each in ax.get_children() if isinstance(each, TextLayer)]


def write_around(
    ax: Axes, title: str, remarks: Sequence[str], sentence: str, *, key: Sequence[Key], fits: Sequence[Fit]
) -> TextLayer:
    """Write title, remarks and key above axes, in place of those of an earlier picture."""
    for earlier in layers_of(ax):
        earlier.remove()
    layer = TextLayer(ax, title, remarks, sentence, fits)
    layer.add_key(ax, key)
    return layer


def describe(ax: Axes) -> str:
    """Return a sentence that says what a picture shows, for those who do not see it.

    Parameters
    ----------
    ax
        Axes that a function of this module has drawn.

    Returns
    -------
    str
        What the picture finds, what is drawn, on how many calls, and of which days.

    Raises
    ------
    ValueError
        No picture was drawn on these axes.

    Examples
    --------
    >>> import pandas as pd
    >>> import brightcall_pandas as bc
    >>> table = pd.DataFrame({"outcomeTag": ["sold"] * 5 + ["no"] * 20}).calls.by_outcome()
    >>> bc.plots.describe(bc.plots.by_outcome(table)).split(".")[0]
    'no is the most frequent outcome: 80 % of the calls'
    """
    layers = layers_of(ax)
    if not layers:
        msg = "these axes hold no picture of brightcall_pandas.plots, so there is nothing to describe"
        raise ValueError(msg)
    return layers[-1].sentence


def sentences_of(figure: Figure) -> list[str]:
    """Return what is seen in each picture of a figure."""
    return [layers[-1].sentence for ax in figure.axes if (layers := layers_of(ax))]
