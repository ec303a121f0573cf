"""What makes a function of a table a picture: one signature, the user's own style, and the text around it.

The style is local: matplotlib's global settings are left alone, and where the user has changed one of them it
counts, be it a font, a size, a background or a frame.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from numbers import Integral, Real
from typing import Any, Protocol

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib import interactive, is_interactive, rc_context, rcParams, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.colors import is_color_like
from matplotlib.figure import Figure

from brightcall_pandas.errors import brief_errors
from brightcall_pandas.frame import (
    PICTURE_OPTIONS,
    Names,
    PictureColor,
    Sort,
    documented,
    named_table,
)
from brightcall_pandas.plots._colors import Tones, group_colors, hue_on, tones_of, tones_on
from brightcall_pandas.plots._facts import Facts, facts_of
from brightcall_pandas.plots._fitting import Fit, NumberTicks, RowLabels
from brightcall_pandas.plots._formats import told_units
from brightcall_pandas.plots._labels import families, names_in
from brightcall_pandas.plots._text import Key, sentences_of, write_around

__all__ = ["Look", "Picture", "PictureFigure", "headed", "no_data", "picture"]

_ORDERS = ("value", "calls", "name", "table")
_LETTERS = "small"
_USUAL = (8.0, 4.0)  # inches of a figure, from which on letters grow with it
_GROWTH = 1.5  # exponent: a slide is seen from farther away than a notebook, the larger the farther
_HEAD = 1.4  # inches of a figure's height, that text above and below the data takes in letters of usual size
_LARGEST = 2.0  # times the usual size of letters


class Picture(Protocol):
    """A function that draws a table."""

    def __call__(
        self,
        table: pd.DataFrame,
        *,
        ax: Axes | None = None,
        title: str | None = None,
        subtitle: str | None = None,
        figsize: tuple[float, float] | None = None,
        top: int | None = None,
        sort: Sort = None,
        names: Names = None,
        color: PictureColor = None,
    ) -> Axes:
        """Draw the table."""


class PictureFigure(Figure):
    """A figure that is the same file, byte for byte, each time that the same table is drawn."""

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save the figure; no file has the time of its making, and an SVG the same ids each time."""
        with rc_context({"svg.hashsalt": rcParams["svg.hashsalt"] or "picture"}):
            kind = str(options.get("format") or str(fname).rpartition(".")[2]).lower()
            if kind in ("svg", "pdf", "ps", "eps"):
                stamp = "CreationDate" if kind != "svg" else "Date"
                options["metadata"] = {stamp: None, **(options.get("metadata") or {})}
            super().savefig(fname, **options)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Tell a notebook in words what is seen: it keeps them beside the picture, as alternative text."""
        said = " ".join(sentences_of(self))
        if not said:
            return {}, {}
        return {"text/plain": said}, {kind: {"alt": said} for kind in ("image/png", "image/svg+xml")}


@dataclass
class Look:
    """How a picture is to be drawn: what its caller asked for, and what its table says of itself."""

    facts: Facts
    ax: Axes | None = None
    title: str | None = None
    subtitle: str | None = None
    figsize: tuple[float, float] | None = None
    top: int | None = None
    sort: Sort = None
    color: PictureColor = None
    finding: str = field(default="", init=False)

    def axes(self, width: float = 8.0, height: float = 4.0) -> Axes:
        """Return the axes given, or those of a new figure of this size in inches."""
        if self.ax is None:
            size = self.figsize or _user_size(width, height)
            self.ax = plt.figure(FigureClass=PictureFigure, figsize=size, layout="constrained").subplots()
        return self.ax

    @property
    def tones(self) -> Tones:
        """Ink and lines inside the axes."""
        return tones_on(rcParams["axes.facecolor"]) if self.ax is None else tones_of(self.ax, inside=True)

    @property
    def small(self) -> float:
        """Size of letters beside the data, in points."""
        return 0.85 * float(rcParams["font.size"])

    @property
    def hue(self) -> str:
        """The color of data that need only one."""
        return self.color if isinstance(self.color, str) else hue_on(self.tones.paper)

    def hues(self, groups: Mapping[str, float]) -> dict[str, str]:
        """Return a color for each group, given how much each one is drawn with."""
        if isinstance(self.color, str):
            return dict.fromkeys(groups, self.color)
        return group_colors(groups) | {
            name: hue for name, hue in (self.color or {}).items() if name in groups
        }

    def rows(self, usual: int, heading: float = 1.6) -> int:
        """Return how many rows may be drawn: on axes that were given, as many as there is room for."""
        if self.top is not None:
            return self.top
        if self.ax is None:
            return usual
        figure: Any = self.ax.get_figure(root=True)
        inches = self.ax.get_window_extent().height / figure.dpi
        return max(min(usual, int((inches - heading / 4) / self.row_height(0.8))), 3)

    def legible(self, usual: int, *, heading: float = 2.6, part: float = 1.0, least: int = 5) -> int:
        """Return how many rows are drawn without ``top=``: on a slide as many as can be read from afar.

        `heading` is how many inches the text around the rows takes, `part` how much of a usual row one is.
        """
        if self.figsize is None:
            return usual
        return max(min(usual, int((self.figsize[1] - heading) / self.row_height(part))), least)

    def row_height(self, part: float = 1.0) -> float:
        """Return the height of a row in inches."""
        return part * 0.026 * max(float(rcParams["font.size"]), 8.0) + 0.06


def _user_size(width: float, height: float) -> tuple[float, float]:
    """Return the size of a new figure: larger letters need more room, and a size that the user set counts."""
    larger = max(float(rcParams["font.size"]) / 10, 1.0)
    own = rcParams["figure.figsize"]
    if list(own) == list(rcParamsDefault["figure.figsize"]):
        return width * larger**0.5, height + _HEAD * (larger**1.5 - 1)
    return max(own[0], 3.0), max(own[1], height * own[0] / 8 if height < 4 else height)


def picture(draw: Callable[[pd.DataFrame, Look], Axes]) -> Picture:
    """Make a function of a table and a look a picture with the options that every picture has."""

    @wraps(draw)
    def drawn(
        table: pd.DataFrame,
        *,
        ax: Axes | None = None,
        title: str | None = None,
        subtitle: str | None = None,
        figsize: tuple[float, float] | None = None,
        top: int | None = None,
        sort: Sort = None,
        names: Names = None,
        color: PictureColor = None,
    ) -> Axes:
        if not isinstance(table, pd.DataFrame):
            msg = f"{draw.__name__} draws a table, a pandas DataFrame; this is {type(table).__name__}"
            raise TypeError(msg)
        look = Look(facts_of(table), ax, title, subtitle, figsize, top, sort, color)
        _check(look)
        named = named_table(table, names)
        with rc_context(_style(named, ax, figsize)), told_units(look.facts.units):
            axes = _drawn(draw, named, look)
            shows = is_interactive()
        # The first picture loads the backend; a notebook's backend switches this on to show pictures.
        interactive(shows)
        return axes

    own = [each for each in inspect.signature(draw).parameters.values() if each.name == "table"]
    signature = inspect.signature(drawn, follow_wrapped=False)
    options = [each for each in signature.parameters.values() if each.kind is each.KEYWORD_ONLY]
    drawn.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    drawn.__doc__ = documented(draw.__doc__, PICTURE_OPTIONS)
    del drawn.__wrapped__  # which takes a look, not these options
    return brief_errors(drawn)


def _drawn(draw: Callable[[pd.DataFrame, Look], Axes], table: pd.DataFrame, look: Look) -> Axes:
    """Draw a table; one that lacks a column is told apart from a mistake of this package."""
    try:
        return draw(table, look)
    except KeyError as error:
        lacks = error.args[0] if error.args else None
        names = re.findall(r"'([^']+)'", lacks) if isinstance(lacks, str) and "[" in lacks else [lacks]
        missing = [each for each in names if isinstance(each, str) and each.isidentifier()]
        if not missing or set(missing) <= set(table.columns):
            raise
        columns = ", ".join(map(str, table.columns))
        msg = (
            f"bc.plots.{draw.__name__} draws a table as df.calls makes it, and this one has no column "
            f"{', '.join(map(repr, missing))}; its columns: {columns or 'none'}"
        )
        raise KeyError(msg) from None


def _check(look: Look) -> None:
    """Refuse options that mean nothing."""
    if look.ax is not None and not isinstance(look.ax, Axes):
        msg = f"ax= takes matplotlib axes, one of them, not {type(look.ax).__name__}"
        raise TypeError(msg)
    if look.ax is not None and look.ax.name != "rectilinear":
        msg = f"ax= takes axes with two straight sides, not {look.ax.name} axes"
        raise ValueError(msg)
    for name in ("title", "subtitle"):
        if not isinstance(getattr(look, name), str | None):
            msg = f"{name}= takes text, not {getattr(look, name)!r}"
            raise TypeError(msg)
    if look.top is not None and (isinstance(look.top, bool) or not isinstance(look.top, Integral)):
        msg = f"top= takes a whole number of rows, not {look.top!r}"
        raise TypeError(msg)
    if look.top is not None and look.top < 1:
        msg = f"top= takes a number of rows from 1 on, not {look.top}"
        raise ValueError(msg)
    if look.sort is not None and look.sort not in _ORDERS:
        msg = f"sort= takes {', '.join(map(repr, _ORDERS))} or None, not {look.sort!r}"
        raise ValueError(msg)
    _check_size(look)
    _check_color(look.color)


def _check_size(look: Look) -> None:
    size: Any = look.figsize
    if size is None:
        return
    if look.ax is not None:
        msg = "figsize= is the size of a new figure; the axes of ax= have a figure already"
        raise ValueError(msg)
    if not isinstance(size, Sequence) or len(size) != 2 or not all(isinstance(each, Real) for each in size):
        msg = f"figsize= takes width and height in inches, such as (8, 4), not {size!r}"
        raise TypeError(msg)
    if not all(0 < each < 1000 for each in size):
        msg = f"figsize= takes a width and a height of more than 0 inches, not {size!r}"
        raise ValueError(msg)


def _check_color(color: PictureColor) -> None:
    if color is None:
        return
    if not isinstance(color, str | Mapping):
        msg = f"color= takes a color or a mapping from names to colors, not {type(color).__name__}"
        raise TypeError(msg)
    given = color.values() if isinstance(color, Mapping) else [color]
    wrong = [each for each in given if not is_color_like(each)]
    if wrong:
        msg = f"color= takes colors that matplotlib knows, such as '#0072b2' or 'green', not {wrong[0]!r}"
        raise ValueError(msg)


def _growth(figsize: tuple[float, float] | None) -> float:
    """Return how much larger letters are on a figure of this size, so that a slide can be read from afar.

    A size of letters that the user has set stays as it is.
    """
    own = rcParams["figure.figsize"]
    size = figsize or (own if list(own) != list(rcParamsDefault["figure.figsize"]) else _USUAL)
    if rcParams["font.size"] != rcParamsDefault["font.size"]:
        return 1.0
    usual = min(float(each) / least for each, least in zip(size, _USUAL, strict=True))
    return float(min(max(usual, 1.0) ** _GROWTH, _LARGEST))


def _style(table: pd.DataFrame, ax: Axes | None, figsize: tuple[float, float] | None) -> Any:
    """Return the house style, as far as the user has not set a style of their own."""
    outside = tones_on(rcParams["figure.facecolor"]) if ax is None else tones_of(ax)
    inside = tones_on(rcParams["axes.facecolor"]) if ax is None else tones_of(ax, inside=True)
    own: dict[str, Any] = {
        "axes.axisbelow": True,
        "axes.edgecolor": inside.rule,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "grid.color": inside.grid,
        "xtick.color": outside.rule,
        "ytick.color": outside.rule,
        "axes.titlelocation": "left",
    }
    untyped: Any = rcParams
    style = {name: value for name, value in own.items() if untyped[name] == rcParamsDefault[name]}  # type: ignore[index]
    return style | {
        "font.size": rcParams["font.size"] * (_growth(figsize) if ax is None else 1.0),
        "font.family": families(names_in(table)),
        "text.color": inside.ink,
        "axes.labelcolor": outside.ink,
        "axes.labelsize": _LETTERS,
        "xtick.labelcolor": outside.ink,
        "ytick.labelcolor": outside.ink,
        "xtick.labelsize": _LETTERS,
        "ytick.labelsize": _LETTERS,
        "text.parse_math": False,
        "text.usetex": False,
        "axes.unicode_minus": True,
    }


def headed(
    ax: Axes,
    look: Look,
    title: str,
    remarks: Sequence[str] = (),
    *,
    form: str,
    key: Sequence[Key] = (),
    fits: Sequence[Fit] = (),
) -> Axes:
    """Write what the picture finds, what the reader must know, and the key; return the axes.

    Parameters
    ----------
    ax
        The axes that were drawn on.
    look
        How the picture is drawn; its title and subtitle go before.
    title
        The finding, with its number.
    remarks
        Definition, denominator, n, settings and days.
    form
        What is drawn, for those who do not see it: ``"Bars, one for each outcome"``.
    key
        Entries of the key.
    fits
        What is fitted each time the axes are drawn.
    """
    # Labels of axes that were given were made in another font, which may lack the letters of these names.
    for label in [*ax.get_xticklabels(), *ax.get_yticklabels()]:
        label.set_fontfamily(rcParams["font.family"])
        label.set_parse_math(False)
    told = title if look.title is None else look.title
    below = list(remarks) if look.subtitle is None else [look.subtitle] if look.subtitle else []
    parts = [told, f"{form}: {'; '.join(below)}" if below else form, _key_words(key)]
    sentence = " ".join(f"{part}." for part in parts if part)
    ticks = NumberTicks({"x": ax.xaxis.get_major_formatter(), "y": ax.yaxis.get_major_formatter()})
    # First those that see to it that rows stand where they did: the others measure by them.
    rows_first = sorted(fits, key=lambda each: not isinstance(each, RowLabels))
    write_around(ax, told, [part for part in below if part], sentence, key=key, fits=[*rows_first, ticks])
    return ax


def _key_words(key: Sequence[Key]) -> str:
    return f"Colors: {', '.join(each.name for each in key)}" if len(key) > 1 else ""


def no_data(look: Look, topic: str, words: str = "no calls") -> Axes:
    """Write on empty axes that there is nothing to draw, and of which days."""
    ax = look.axes(height=2.5)
    ax.set_axis_off()
    place: dict[str, Any] = {"transform": ax.transAxes, "ha": "center", "va": "center"}
    ax.text(0.5, 0.5, words, color=tones_of(ax).muted, **place)
    return headed(ax, look, f"{topic}: {words}", look.facts.lines(), form="Nothing is drawn")
