"""Which pages to ask for, so that their stretches overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brightcall_pandas.load._proof import Ask, Direction

__all__ = ["LISTED_SIZES", "SAFE_SIZE", "Choices", "Span", "farthest", "plan"]

LISTED_SIZES = (500, 200, 100, 50, 25, 10)  # sizes that a server offers where it honours some only
SAFE_SIZE = 100  # the API's documented default, which every server offers
_OVERLAP = 8  # rows that planned pages share: enough for a run of equal times in all but busy seconds


@dataclass(frozen=True)
class Choices:
    """Pages that may be asked for.

    Parameters
    ----------
    sizes
        Rows a page.
    directions
        In which the list can be read.
    depth
        Position beyond which the server shows no rows, in either direction; None where none is known.
    base
        Number of the first page.
    """

    sizes: tuple[int, ...]
    directions: tuple[Direction, ...] = ("ASC",)
    depth: int | None = None
    base: int = 1


@dataclass(frozen=True)
class Span:
    """A page of a list, and the positions from the list's beginning at which it lies."""

    ask: Ask
    start: int
    end: int


def farthest(start: int, limit: int) -> Ask:
    """Return the page of at most `limit` rows that begins at or before `start` and ends farthest."""
    span = _farthest(start, Choices(tuple(range(1, limit + 1))))
    assert span is not None  # a page of one row begins anywhere
    return span.ask


def _farthest(start: int, choices: Choices, total: int | None = None) -> Span | None:
    """Return the page that begins at or before `start` and ends farthest; of several, the smallest.

    Parameters
    ----------
    start
        Position of the first row that the page must show.
    choices
        Pages that may be asked for.
    total
        Rows of the list; without it nothing can be said of where pages lie that are counted from the end.
    """
    sizes = np.array(sorted(choices.sizes), dtype=np.int64)
    best: Span | None = None
    for direction in choices.directions:
        if direction == "DESC" and total is None:
            continue
        if direction == "ASC":
            numbers = start // sizes
            starts, ends = numbers * sizes, (numbers + 1) * sizes
        else:
            assert total is not None
            numbers = max(0, total - 1 - start) // sizes
            starts, ends = total - (numbers + 1) * sizes, total - numbers * sizes
        reach = np.where((numbers + 1) * sizes <= (choices.depth or np.inf), ends, -1)
        if not len(reach) or reach.max() < 0:
            continue
        place = int(np.argmax(reach))
        if best is None or int(ends[place]) > best.end:
            ask = Ask(int(numbers[place]) + choices.base, int(sizes[place]), direction, choices.base)
            best = Span(ask, int(starts[place]), int(ends[place]))
    return best


def plan(
    left: int,
    right: int,
    choices: Choices,
    total: int | None = None,
    *,
    overlap: int = _OVERLAP,
    most: int | None = None,
) -> list[Ask]:
    """Return overlapping pages that show everything from position `left` to position `right`.

    Where no page lies across a seam, the seam is left open and the pages go on behind it.

    Parameters
    ----------
    left, right
        Positions of the first and of the last row to show.
    choices, total
        Pages that may be asked for; and the rows of the list, without which nothing can be said of where
        pages lie that are counted from its end.
    overlap
        Rows that neighbouring pages share.
    most
        Pages at most.
    """
    asks: list[Ask] = []
    begin, end = left, left
    shared = min(overlap, max(1, max(choices.sizes, default=2) // 2))
    while end <= right and (most is None or len(asks) < most):
        span = _farthest(max(0, begin), choices, total)
        if span is None or span.end <= end:
            if begin == end:
                break  # too deep, or nothing there
            begin = end
            continue
        asks.append(span.ask)
        end = span.end
        begin = end - shared
    return asks
