"""Rates with their intervals, and quantiles of counted values."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from brightcall_pandas.analysis._groups import Groups

__all__ = [
    "add_rate",
    "checked_confidence",
    "medians",
    "normal_quantile",
    "quantiles",
    "rate_columns",
    "ratio",
    "t_quantiles",
    "wilson",
]


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


def checked_confidence(confidence: float) -> float:
    """Return a confidence that is between 0 and 1.

    Raises
    ------
    ValueError
        It is not.
    """
    if not 0 < confidence < 1:
        msg = f"confidence={confidence!r} must be between 0 and 1, for example 0.95"
        raise ValueError(msg)
    return confidence


def normal_quantile(confidence: float) -> float:
    """Return how many standard errors a two-sided interval of this confidence reaches to each side."""
    from statistics import NormalDist  # noqa: PLC0415  (it loads decimals and fractions: not at import)

    return NormalDist().inv_cdf((1 + confidence) / 2)


def t_quantiles(degrees: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    """Return how many estimated standard errors a two-sided interval of this confidence reaches to each side.

    Parameters
    ----------
    degrees
        Degrees of freedom, whole or not; of none there is no quantile (null), and less than 1 counts as 1.
    confidence
        Between 0 and 1.

    Notes
    -----
    Student's t by the asymptotic expansion of Hill (1970), Algorithm 396. It is exact for 1 and 2 degrees and
    right to four digits from 2 on; between 1 and 2 it is interpolated.
    """
    beyond, z = 1 - checked_confidence(confidence), normal_quantile(confidence)
    known = degrees > 0
    n = np.maximum(np.where(known, degrees, 1.0), 1.0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        a = 1 / (n - 0.5)
        b = 48 / a**2
        c = ((20700 * a / b - 98) * a - 16) * a + 96.36
        d = ((94.5 / (b + c) - 3) / b + 1) * np.sqrt(a * np.pi / 2) * n
        y = (d * beyond) ** (2 / n)
        far = 1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)
        far = (far * y - 1) * (n + 1) / (n + 2) + 1 / y
        c = np.where(n < 5, c + 0.3 * (n - 4.5) * (0.6 - z), c)
        c = (((5 + 0.05 * d * z) * z - 7) * z + 2) * z + b + c
        x = ((((0.4 * z**2 + 6.3) * z**2 + 36) * z**2 + 94.5) / c - z**2 - 3) / b + 1
        near = np.expm1(a * (x * z) ** 2)
        quantiles = np.sqrt(n * np.where(y > 0.05 + a, near, far))
    # Up to 2 degrees the expansion does not hold; those of 1 and of 2 are known exactly.
    of_one, of_two = 1 / np.tan(beyond * np.pi / 2), np.sqrt(2 / (beyond * (2 - beyond)) - 2)
    between = of_two * (of_one / of_two) ** (2 / n - 1)
    return np.where(known, np.where(n <= 2, between, quantiles), np.nan)


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
    z = normal_quantile(checked_confidence(confidence))
    n = np.where(np.asarray(trials) == 0, np.nan, np.asarray(trials, dtype=np.float64))
    p = np.asarray(hits, dtype=np.float64) / n
    center = p + z**2 / (2 * n)
    spread = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # Rounding can put a bound a hair beyond the rate itself.
    low = np.minimum((center - spread) / (1 + z**2 / n), p)
    high = np.maximum((center + spread) / (1 + z**2 / n), p)
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
