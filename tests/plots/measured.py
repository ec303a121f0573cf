"""Measure pictures with the renderer: text that is cut, text on text, and text that cannot be read.

Each function draws the figure and returns what is wrong as words, so that an empty list is a good picture.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

SLACK = 1.0  # pixels


def texts_of(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Return all text that is drawn, with its place in pixels; ticks beyond an axis are not."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    found = []
    for text in _drawn(figure):
        box = text.get_window_extent(renderer)
        if box.width > 0:
            found.append((text, box))
    return found


def _drawn(figure: Figure) -> list[Text]:
    texts = [each for each in figure.texts if each.get_visible() and each.get_text().strip()]
    for ax in figure.axes:
        every = {id(each): each for each in ax.findobj(Text)}
        for axis in (ax.xaxis, ax.yaxis):
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                for label in (tick.label1, tick.label2):
                    every.pop(id(label), None)
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * max(abs(low), abs(high), 1)
            if ax.axison:
                for tick in axis._update_ticks():
                    if low - slack <= tick.get_loc() <= high + slack and tick.label1.get_visible():
                        every[id(tick.label1)] = tick.label1
            if not ax.axison:
                every.pop(id(axis.label), None)
        texts += [each for each in every.values() if each.get_visible() and each.get_text().strip()]
    return texts


def cut_off(figure: Figure) -> list[str]:
    """Return the texts that do not lie wholly on the figure."""
    width, height = figure.bbox.x1, figure.bbox.y1
    return [
        text.get_text()
        for text, box in texts_of(figure)
        if box.x0 < -SLACK or box.y0 < -SLACK or box.x1 > width + SLACK or box.y1 > height + SLACK
    ]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Return pairs of texts that lie on one another."""
    return [
        (one.get_text(), other.get_text())
        for (one, first), (other, second) in combinations(texts_of(figure), 2)
        if min(first.x1, second.x1) - max(first.x0, second.x0) > SLACK
        and min(first.y1, second.y1) - max(first.y0, second.y0) > 2 * SLACK
    ]


def faint(figure: Figure, least: float = 4.5) -> list[tuple[str, float]]:
    """Return texts whose contrast against what is drawn behind them is too low, and that contrast.

    What lies behind is the color that is most frequent in the place of the text once the text is taken away.
    """
    places = texts_of(figure)
    for text, _ in places:
        text.set_alpha(0)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    for text, _ in places:
        text.set_alpha(None)
    found = []
    for text, box in places:
        rows = slice(max(int(pixels.shape[0] - box.y1), 0), max(int(pixels.shape[0] - box.y0), 1))
        behind = pixels[rows, max(int(box.x0), 0) : max(int(box.x1), 1)].reshape(-1, 3)
        if not len(behind):
            continue
        colors, counts = np.unique(behind, axis=0, return_counts=True)
        value = contrast(text.get_color(), tuple(colors[counts.argmax()] / 255))
        if value < least - 0.02:
            found.append((text.get_text(), round(value, 2)))
    return found


def contrast(color: object, other: object) -> float:
    """Return the contrast of two colors as WCAG 2 defines it."""
    lights = []
    for each in (color, other):
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(each)
        ]
        lights.append(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)
