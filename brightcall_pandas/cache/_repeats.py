"""Calls that stand on several days, since their time was changed between two readings or is unknown.

Whether two days can share a call at all is told by their spans of ids, without looking at the calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame import call_numbers

__all__ = ["Span", "day_numbers", "groups_of", "id_spans", "repeated_rows", "shared_days"]

Span: TypeAlias = tuple[int, int, bool]
"""Lowest and highest id of a day as numbers (0 and -1 without any), and whether it has others as well."""

_NUMBER = r"^[1-9][0-9]{0,17}$"


def id_spans(ids: pa.ChunkedArray, rows: Sequence[int]) -> list[Span]:
    """Return the span of the ids of each day, given the number of its rows."""
    numbers, odd = _numbers(ids)
    bounds = np.cumsum([0, *rows])
    spans: list[Span] = []
    for begin, end in pairwise(bounds.tolist()):
        other = odd[begin:end]
        usual = numbers[begin:end][~other]
        low, high = (int(usual.min()), int(usual.max())) if len(usual) else (0, -1)
        spans.append((low, high, bool(other.any())))
    return spans


def _numbers(ids: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return ids as numbers, and where they are none."""
    try:
        numbers = pc.cast(ids, pa.int64())
    except pa.ArrowInvalid:
        usual = pc.match_substring_regex(ids, _NUMBER)
        numbers = pc.cast(pc.if_else(usual, ids, pa.scalar(None, ids.type)), pa.int64())
    known = pc.fill_null(numbers, 0).to_numpy()
    return known, known == 0


def shared_days(stretches: Sequence[Sequence[Span]]) -> list[np.ndarray]:
    """Return which days of several stretches may have calls in common with another stretch.

    Two days of the same stretch are not compared: calls that stand on both are known.
    """
    shared = [np.zeros(len(each), dtype=bool) for each in stretches]
    wholes = [_whole(each) for each in stretches]
    for number, (low, high, odd) in enumerate(wholes):
        for other, (low_2, high_2, odd_2) in enumerate(wholes[:number]):
            if max(low, low_2) <= min(high, high_2) or (odd and odd_2):
                one, two = _pairwise(stretches[number], stretches[other])
                shared[number] |= one
                shared[other] |= two
    return shared


def _whole(spans: Sequence[Span]) -> Span:
    """Return the span of all days together."""
    known = [each for each in spans if each[0] <= each[1]]
    low, high = min((each[0] for each in known), default=0), max((each[1] for each in known), default=-1)
    return low, high, any(each[2] for each in spans)


def _pairwise(one: Sequence[Span], other: Sequence[Span]) -> tuple[np.ndarray, np.ndarray]:
    (low, high, odd), (low_2, high_2, odd_2) = _columns(one), _columns(other)
    both = np.maximum(low[:, None], low_2) <= np.minimum(high[:, None], high_2)
    both |= odd[:, None] & odd_2
    return both.any(axis=1), both.any(axis=0)


def _columns(spans: Sequence[Span]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    low, high, odd = zip(*spans, strict=True)
    return np.array(low, dtype=np.int64), np.array(high, dtype=np.int64), np.array(odd, dtype=bool)


def day_numbers(rows: Sequence[int]) -> np.ndarray:
    """Return the number of the day of each row."""
    return np.repeat(np.arange(len(rows)), rows)


def repeated_rows(table: pa.Table, rows: Sequence[int]) -> list[list[int]]:
    """Return the positions of each call that stands on several days, by call."""
    return groups_of(call_numbers(table), day_numbers(rows))


def groups_of(numbers: np.ndarray, days: np.ndarray) -> list[list[int]]:
    """Return the positions of each number that occurs on several days.

    Twice on one day is for the server to say: it showed both side by side.
    """
    order = np.argsort(numbers, kind="stable")
    firsts = np.flatnonzero(np.diff(numbers[order], prepend=numbers[order][:1] - 1))
    sizes = np.diff(firsts, append=len(order))
    found = []
    for begin, size in zip(firsts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        group = order[begin : begin + size]
        if len(np.unique(days[group])) > 1:
            found.append(group.tolist())
    return found
