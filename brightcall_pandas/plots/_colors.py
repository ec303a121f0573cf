"""Colors that can be told apart with any color vision, and ink that can be read on any background.

The colors are those of Okabe and Ito. Contrast is that of WCAG 2: text has at least 4.5 against what lies
behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np
from matplotlib import colormaps, rcParams
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap, to_hex, to_rgb, to_rgba
from matplotlib.typing import ColorType

__all__ = [
    "BLUE",
    "GRAY",
    "GREEN",
    "LIGHT_BLUE",
    "ORANGE",
    "PALETTE",
    "RED",
    "TYPE_COLORS",
    "Tones",
    "contrast",
    "faded",
    "grid_of",
    "group_colors",
    "hue_on",
    "ink_on",
    "is_dark",
    "more_is",
    "ramp_on",
    "second_hue_on",
    "tones_of",
    "tones_on",
]

BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"
LIGHT_BLUE = "#a9cfe8"
GRAY = "#767676"
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)
"""Colors of series, in order."""

TYPE_COLORS = {"positive": GREEN, "neutral": SKY, "negative": RED, "absent": "#a6a6a6"}
"""Colors of the outcome types."""

_INKS = ("#222222", "#ffffff", "#000000")
_LEGIBLE = 4.5
_LEGIBLE_ON_DARK = 10.0  # of the quieter ink: gray on black is harder to read than the measure says
_QUIET = 2.0
_BRIGHT = "#2c79bd"  # the brightest blue on which white text is legible
_LEAST = 0.22  # of it in the blue that stands for the least
_DARK = 0.2  # luminance below which a background is dark


def _luminance(color: ColorType) -> float:
    channels = np.asarray(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(color: ColorType, other: ColorType) -> float:
    """Return the contrast of two colors, from 1 (none) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(color), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(color: ColorType) -> str:
    """Return the color in which text is legible on `color`: dark gray, else white, else black."""
    return next(
        (ink for ink in _INKS if contrast(ink, color) >= _LEGIBLE),
        max(_INKS, key=lambda ink: contrast(ink, color)),
    )


def _mixed(color: ColorType, other: ColorType, part: float) -> str:
    """Return `color` with this part of another one mixed in."""
    pairs = zip(to_rgb(color), to_rgb(other), strict=True)
    red, green, blue = ((1 - part) * own + part * added for own, added in pairs)
    return to_hex((red, green, blue))


def faded(color: ColorType, paper: ColorType) -> str:
    """Return a color half as strong on its background."""
    return _mixed(color, paper, 0.5)


@dataclass(frozen=True)
class Tones:
    """What is written and ruled on a background: ink, a quieter ink, lines, and the background itself.

    A band is an area behind data that must be seen, on a dark background too.
    """

    ink: str
    muted: str
    rule: str
    grid: str
    paper: str
    band: str


def tones_on(background: ColorType) -> Tones:
    """Return ink and lines for a background; both inks are legible on it."""
    ink = ink_on(background)
    dark = is_dark(background)
    least = _LEGIBLE_ON_DARK if dark else _LEGIBLE + 0.1
    muted = next(
        (
            mixed
            for part in np.arange(0.45, 0, -0.02)
            if contrast(mixed := _mixed(ink, background, float(part)), background) >= least
        ),
        ink,
    )
    # The eye tells light areas apart better than dark ones.
    rule, grid, band = (_mixed(ink, background, part) for part in (0.65, 0.87, 0.72 if dark else 0.85))
    return Tones(ink, muted, rule, grid, to_hex(to_rgb(background)), band)


def is_dark(background: ColorType) -> bool:
    """Tell whether a background is a dark one."""
    return _luminance(background) < _DARK


def hue_on(background: ColorType) -> str:
    """Return the color of data that need only one: the lighter blue on a dark background."""
    return SKY if is_dark(background) else BLUE


def second_hue_on(background: ColorType) -> str:
    """Return the color of a second kind of data, which differs from `hue_on` in shades of gray too."""
    return _mixed(ORANGE, background, 0.35) if is_dark(background) else ORANGE


def ramp_on(background: ColorType) -> Colormap:
    """Return blues that stand out the more from their background the more there is."""
    if not is_dark(background):
        return colormaps["Blues"]
    return ListedColormap([_mixed(background, _BRIGHT, part) for part in np.linspace(_LEAST, 1, 256)])


def more_is(background: ColorType) -> str:
    """Return which of these blues are more: the darker or, on a dark background, the lighter ones."""
    return "lighter" if is_dark(background) else "darker"


def tones_of(ax: Axes, *, inside: bool = False) -> Tones:
    """Return ink and lines for what is written beside the axes, or inside."""
    figure = ax.get_figure(root=True)
    behind = _over(figure.get_facecolor() if figure is not None else "white", "white")
    return tones_on(_over(ax.get_facecolor(), behind) if inside else behind)


def grid_of(ax: Axes, axis: Literal["x", "y"]) -> None:
    """Rule the axes, in the user's color unless its lines would outshine the data."""
    tones, own = tones_of(ax, inside=True), rcParams["grid.color"]
    ax.grid(axis=axis, color=own if contrast(own, tones.paper) < _QUIET else tones.grid)


def _over(color: ColorType, behind: ColorType) -> str:
    """Return what is seen of a color, which may be transparent, over another one."""
    return _mixed(behind, color, to_rgba(color)[3])


def group_colors(groups: Mapping[str, float]) -> dict[str, str]:
    """Return a color for each group or party: the palette for the busiest, gray for the others.

    A name prefers a color of its own, whatever it is drawn with, so that it keeps it from picture to picture.

    Parameters
    ----------
    groups
        How busy each one is. One in brackets, such as ``(other)``, is always gray.
    """
    named = [name for name in groups if not name.startswith("(")]
    colors = dict.fromkeys(groups, GRAY)
    free = list(PALETTE)
    for name in sorted(named, key=lambda name: (-groups[name], name))[: len(PALETTE)]:
        preferred = crc32(name.encode()) % len(PALETTE)
        order = PALETTE[preferred:] + PALETTE[:preferred]
        colors[name] = next(color for color in order if color in free)
        free.remove(colors[name])
    return colors
