"""Measure pictures with the renderer: text that is cut, text on text, and text that cannot be read.

Each function draws the figure and returns what is wrong, so that an empty list is a good picture.
"""

from __future__ import annotations

from itertools import combinations
from unittest.mock import patch

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

LEAST_CONTRAST = 4.5
_SLACK = 1.0  # pixels that a text may lie outside: antialiasing
_LEADING = 0.16  # of the size of letters is empty above and below a line

Placed = list[tuple[Text, Bbox]]


def faults(figure: Figure) -> list[str]:
    """Return a sentence for each text that the figure cuts off, that lies on another, or is faint."""
    texts, behind = _drawn(figure)
    return [
        *(f"{text!r} is cut off: {beyond:.0f} pixels lie outside" for text, beyond in _cut(figure, texts)),
        *(f"{one!r} lies on {other!r}" for one, other in _overlapping(texts)),
        *(f"{text!r} is faint: its contrast is {value:.1f}" for text, value in _faint(texts, behind)),
    ]


def texts_of(figure: Figure) -> Placed:
    """Return all text that is drawn, with its place in pixels."""
    return _drawn(figure)[0]


def cut_off(figure: Figure) -> list[str]:
    """Return the texts that do not lie wholly on the figure."""
    return [text for text, _ in _cut(figure, texts_of(figure))]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Return pairs of texts that lie on one another."""
    return _overlapping(texts_of(figure))


def faint(figure: Figure) -> list[tuple[str, float]]:
    """Return texts whose contrast against what is drawn behind them is too low, and that contrast."""
    return _faint(*_drawn(figure))


def _drawn(figure: Figure) -> tuple[Placed, np.ndarray]:
    """Draw the figure without its texts; return these, and the pixels behind them."""
    texts: list[Text] = []

    def record(text: Text, renderer: object) -> None:
        if not text.get_visible() or not text.get_text().strip():
            return
        if text.get_bbox_patch() is not None:
            text.update_bbox_position_size(renderer)
            text.get_bbox_patch().draw(renderer)
        texts.append(text)

    with patch.object(Text, "draw", record):
        figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    placed = [(text, text.get_window_extent(renderer)) for text in texts]
    seen = [(text, box) for text, box in placed if _is_seen(text, box)]
    return seen, np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255


def _is_seen(text: Text, box: Bbox) -> bool:
    clip = text.get_clip_box() if text.get_clip_on() else None
    return box.width > 0 and (clip is None or clip.overlaps(box))


def _cut(figure: Figure, texts: Placed) -> list[tuple[str, float]]:
    width, height = figure.bbox.width, figure.bbox.height
    beyond = ((text, max(-box.x0, -box.y0, box.x1 - width, box.y1 - height)) for text, box in texts)
    return [(text.get_text(), pixels) for text, pixels in beyond if pixels > _SLACK]


def _overlapping(texts: Placed) -> list[tuple[str, str]]:
    return [
        (one.get_text(), other.get_text())
        for (one, first), (other, second) in combinations(
            [(text, _letters(text, box)) for text, box in texts], 2
        )
        if min(first.x1, second.x1) - max(first.x0, second.x0) > _SLACK
        and min(first.y1, second.y1) - max(first.y0, second.y0) > _SLACK
    ]


def _letters(text: Text, box: Bbox) -> Bbox:
    """Return the place of the letters, without the empty space above and below a line."""
    lead = _LEADING * text.get_fontsize() * text.get_figure(root=True).dpi / 72
    upright = round(text.get_rotation()) % 180 == 90
    return box.padded(-lead, 0) if upright else box.padded(0, -lead)


def _faint(texts: Placed, pixels: np.ndarray) -> list[tuple[str, float]]:
    found = []
    for text, place in texts:
        box = _letters(text, place)
        rows = slice(max(int(pixels.shape[0] - box.y1), 0), max(int(pixels.shape[0] - box.y0), 0) + 1)
        behind = pixels[rows, max(int(box.x0), 0) : max(int(box.x1), 0) + 1].reshape(-1, 3)
        if not len(behind):
            continue  # it is cut off, which is said elsewhere
        ink = to_rgba(text.get_color(), text.get_alpha())
        for effect in text.get_path_effects():
            halo = to_rgba(effect._gc["foreground"], effect._gc.get("alpha"))
            behind = halo[3] * np.array(halo[:3]) + (1 - halo[3]) * behind
        # Not the least: a line of the grid may run through a word.
        value = float(np.quantile(_contrast(ink[3] * np.array(ink[:3]) + (1 - ink[3]) * behind, behind), 0.1))
        if value < LEAST_CONTRAST - 0.02:
            found.append((text.get_text(), round(value, 2)))
    return found


def contrast(color: object, other: object) -> float:
    """Return the contrast of two colors."""
    one, two = (np.array([to_rgba(each)[:3]]) for each in (color, other))
    return float(_contrast(one, two)[0])


def _contrast(inks: np.ndarray, papers: np.ndarray) -> np.ndarray:
    """Return the contrast of colors as WCAG 2 defines it."""
    one, other = (_luminance(colors) for colors in (inks, papers))
    return (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)


def _luminance(colors: np.ndarray) -> np.ndarray:
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]
