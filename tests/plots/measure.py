"""What can be seen of a figure, measured with the renderer: words cut off, words on words, faint words."""

from __future__ import annotations

from itertools import combinations
from unittest.mock import patch

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.text import Text

LEAST_CONTRAST = 4.5
_SLACK = 1.0  # pixels that a word may lie outside: antialiasing
_LEADING = 0.16  # of a line's height is empty above and below its letters


def faults(figure):
    """Return a sentence for each word that the figure cuts off, that lies on another, or is faint."""
    words, behind = _drawn(figure)
    return [*_cut(figure, words), *_overlapping(words), *_faint(words, behind)]


def _drawn(figure):
    """Draw the figure without its words; return the words that it would have drawn, and the pixels."""
    words = []

    def record(text, renderer):
        if not text.get_visible() or not text.get_text().strip() or text.get_alpha() not in (None, 1):
            return
        if text.get_bbox_patch() is not None:
            text.update_bbox_position_size(renderer)
            text.get_bbox_patch().draw(renderer)
        words.append(text)

    with patch.object(Text, "draw", record):
        figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = [(word, word.get_window_extent(renderer)) for word in words]
    return [(word, box) for word, box in boxes if _is_seen(word, box)], np.asarray(
        figure.canvas.buffer_rgba()
    )


def _is_seen(word, box):
    clip = word.get_clip_box() if word.get_clip_on() else None
    return box.width > 0 and (clip is None or clip.overlaps(box))


def _cut(figure, words):
    width, height = figure.bbox.width, figure.bbox.height
    for word, box in words:
        beyond = max(-box.x0, -box.y0, box.x1 - width, box.y1 - height)
        if beyond > _SLACK:
            yield f"{word.get_text()!r} is cut off: {beyond:.0f} pixels lie outside"


def _overlapping(words):
    for (one, box), (other, its) in combinations(words, 2):
        lead, its_lead = (_LEADING * each.get_fontsize() * each.figure.dpi / 72 for each in (one, other))
        across = min(box.x1, its.x1) - max(box.x0, its.x0)
        along = min(box.y1 - lead, its.y1 - its_lead) - max(box.y0 + lead, its.y0 + its_lead)
        if across > _SLACK and along > _SLACK:
            yield f"{one.get_text()!r} lies on {other.get_text()!r}"


def _faint(words, pixels):
    for word, box in words:
        rows = slice(max(int(pixels.shape[0] - box.y1), 0), max(int(pixels.shape[0] - box.y0), 0) + 1)
        columns = slice(max(int(box.x0), 0), max(int(box.x1), 0) + 1)
        behind = pixels[rows, columns, :3].reshape(-1, 3) / 255
        if not len(behind):
            continue  # it is cut off, which is said elsewhere
        for effect in word.get_path_effects():
            halo = to_rgba(effect._gc["foreground"], effect._gc.get("alpha"))
            behind = halo[3] * np.array(halo[:3]) + (1 - halo[3]) * behind
        ink = np.array(to_rgba(word.get_color())[:3])
        # Not the least: a line of the grid may run through a word.
        contrast = np.quantile(_contrast(ink, behind), 0.1)
        if contrast < LEAST_CONTRAST:
            yield f"{word.get_text()!r} is faint: its contrast is {contrast:.1f}"


def _contrast(ink, behind):
    """Return the contrast of a color with others, as the W3C's guidelines for accessibility define it."""
    lights = _luminance(np.vstack([ink, behind]))
    upper, lower = np.maximum(lights[0], lights[1:]), np.minimum(lights[0], lights[1:])
    return (upper + 0.05) / (lower + 0.05)


def _luminance(colors):
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]
