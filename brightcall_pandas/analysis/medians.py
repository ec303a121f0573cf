"""Medians from how often each value occurs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brightcall_pandas.analysis.groups import Groups

__all__ = ["medians"]


def medians(groups: Groups, values: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each group, exactly.

    Parameters
    ----------
    groups
        The group of each pair of value and count.
    values
        A value; the same may occur in several pairs. Nulls are left out.
    counts
        How often it occurs.

    Returns
    -------
    numpy.ndarray
        One median a group: the middle value, or the mean of the two middle ones; null for a group without
        values.
    """
    result = np.full(len(groups), np.nan)
    kept = ~np.isnan(values) & (counts > 0)
    if not kept.any():
        return result
    codes, values, counts = groups.codes[kept], values[kept], counts[kept]
    order = np.lexsort((values, codes))
    codes, values = codes[order], values[order]
    reached = np.cumsum(counts[order])
    sizes = np.bincount(codes, weights=counts[order], minlength=len(groups))
    before = np.cumsum(sizes) - sizes
    some = sizes > 0
    # Positions, counted from 0 over all groups together, of the two middle values of each group.
    lower = before[some] + (sizes[some] - 1) // 2
    upper = before[some] + sizes[some] // 2
    middle = [values[np.searchsorted(reached, each, side="right")] for each in (lower, upper)]
    result[some] = (middle[0] + middle[1]) / 2
    return result
