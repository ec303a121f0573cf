"""Rates with their intervals, and quantiles of counted values."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from brightcall_pandas.analysis._groups import Groups

__all__ = ["add_rate", "medians", "normal_quantile", "quantiles", "rate_columns", "ratio", "wilson"]


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
    """Return numerator ÷ denominator; null where the denominator is 0."""
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    bottom = np.where(bottom == 0, np.nan, bottom)
    return top / bottom


def rate_columns(
    name: str, hits: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> dict[str, NDArray[np.float64]]:
    """Return the columns of the rate ``hits / trials``: the rate, and followed by Wilson's interval."""
    low, high = wilson(hits, trials, confidence)
    return {name: ratio(hits, trials), f"{name}_low": low, f"{name}_high": high}


def add_rate(
    table: pd.DataFrame, name: str, hits: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> None:
    """Append `rate_columns` to a table under construction."""
    for column, values in rate_columns(name, hits, trials, confidence).items():
        table[column] = values


def normal_quantile(confidence: float) -> float:
    """Return how many standard errors a two-sided interval of this confidence reaches to each side."""
    from statistics import NormalDist  # noqa: PLC0415  (it loads decimals and fractions: not at import)

    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(
    hits: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Wilson's score interval of the rate ``hits / trials``.

    Parameters
    ----------
    hits, trials
        Counts; a rate of no trials has no interval (null).
    confidence
        Probability that the interval covers the true rate, between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper bound, between 0 and 1.

    Notes
    -----
    Wilson, E. B. (1927): Probable inference, the law of succession, and statistical inference. Unlike
    ``p ± z·s`` it stays within 0 and 1 and holds for few trials.

    Examples
    --------
    >>> low, high = wilson(2, 2)
    >>> round(float(low), 3), float(high)
    (0.342, 1.0)
    """
    if not 0 < confidence < 1:
        msg = f"confidence={confidence!r} must be between 0 and 1, for example 0.95"
        raise ValueError(msg)
    z = normal_quantile(confidence)
    n = np.where(np.asarray(trials) == 0, np.nan, np.asarray(trials, dtype=np.float64))
    p = np.asarray(hits, dtype=np.float64) / n
    centre = p + z**2 / (2 * n)
    spread = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # Rounding can put a bound a hair beyond the rate itself.
    low = np.minimum((centre - spread) / (1 + z**2 / n), p)
    high = np.maximum((centre + spread) / (1 + z**2 / n), p)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def quantiles(
    groups: Groups, values: NDArray[np.float64], counts: NDArray[np.float64], at: tuple[float, ...]
) -> list[NDArray[np.float64]]:
    """Return quantiles of each group, with linear interpolation between neighbors as in NumPy.

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
