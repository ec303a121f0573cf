"""Quantiles from how often each value occurs, so that tallies of parts can be put together exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import Groups

__all__ = ["medians", "quantiles"]


def quantiles(
    groups: Groups, values: NDArray[np.float64], counts: NDArray[np.float64], at: tuple[float, ...]
) -> list[NDArray[np.float64]]:
    """Return quantiles of each group, with linear interpolation between neighbours as in NumPy.

    Parameters
    ----------
    groups
        The group of each pair of value and count.
    values
        A value; the same may occur in several pairs. Nulls are left out.
    counts
        How often it occurs.
    at
        Probabilities.

    Returns
    -------
    list of numpy.ndarray
        For each probability one value a group; null for a group without values.
    """
    kept = ~np.isnan(values) & (counts > 0)
    codes, values, counts = groups.codes[kept], values[kept], counts[kept]
    order = np.lexsort((values, codes))
    values, reached = values[order], np.cumsum(counts[order])
    sizes = np.bincount(codes, weights=counts, minlength=len(groups))
    some = sizes > 0
    # Positions are counted from 0 over all groups together.
    before = (np.cumsum(sizes) - sizes)[some]
    results = []
    for each in at:
        place = (sizes[some] - 1) * each
        lower, upper = (
            values[np.searchsorted(reached, before + position, side="right")]
            for position in (np.floor(place), np.ceil(place))
        )
        # Between two infinite values there is no gap; their difference would be null.
        gap = np.subtract(upper, lower, out=np.zeros_like(lower), where=upper > lower)
        result = np.full(len(groups), np.nan)
        result[some] = lower + gap * (place - np.floor(place))
        results.append(result)
    return results


def medians(groups: Groups, values: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each group: the middle value, or the mean of the two middle ones."""
    return quantiles(groups, values, counts, (0.5,))[0]
