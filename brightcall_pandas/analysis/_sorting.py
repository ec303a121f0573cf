"""Orders of whole numbers, several times quicker than NumPy's own on a million of them.

NumPy sorts whole numbers with vector instructions, but not when the order must be stable. A number and its
position, packed into one number, can be sorted that way, and the result says both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["order_within", "runs_of", "stable_order"]

_BITS = 62  # of what a whole number holds beside its sign


def stable_order(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order that sorts codes from 0 up; equal ones keep theirs.

    Examples
    --------
    >>> stable_order(np.array([7, 0, 7, 3])).tolist()
    [1, 3, 0, 2]
    """
    bits = len(codes).bit_length()
    if int(codes.max(initial=0)).bit_length() + bits > _BITS:
        return np.argsort(codes, kind="stable")
    packed = codes.astype(np.int64) << bits
    packed |= np.arange(len(codes))
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


def order_within(codes: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order by code, then by time; equal ones keep theirs, as with ``lexsort((times, codes))``.

    Examples
    --------
    >>> order_within(np.array([1, 0, 1, 0]), np.array([5, 9, 2, 9])).tolist()
    [1, 3, 2, 0]
    """
    by_time = np.argsort(times, kind="stable")  # quick where calls come in order of time, either way
    return by_time[stable_order(codes[by_time])]


def runs_of(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each code's position among the distinct ones, and these, ascending; codes are from 0 up.

    Examples
    --------
    >>> positions, distinct = runs_of(np.array([900, 4, 900]))
    >>> positions.tolist(), distinct.tolist()
    ([1, 0, 1], [4, 900])
    """
    order = stable_order(codes)
    ascending = codes[order]
    is_new = np.diff(ascending, prepend=-1) != 0
    positions = np.empty(len(codes), dtype=np.int64)
    positions[order] = np.cumsum(is_new) - 1
    return positions, ascending[is_new]
