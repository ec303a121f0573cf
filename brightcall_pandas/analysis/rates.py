"""Rates, and how far to trust them."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ratio", "wilson"]


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
    """Divide; nothing out of nothing is null."""
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    bottom = np.where(bottom == 0, np.nan, bottom)
    return top / bottom


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
        msg = f"confidence={confidence!r} must lie between 0 and 1, for example 0.95"
        raise ValueError(msg)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    n = np.where(np.asarray(trials) == 0, np.nan, np.asarray(trials, dtype=np.float64))
    p = np.asarray(hits, dtype=np.float64) / n
    centre = p + z**2 / (2 * n)
    spread = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # Rounding can put a bound a hair beyond the rate itself.
    low = np.minimum((centre - spread) / (1 + z**2 / n), p)
    high = np.maximum((centre + spread) / (1 + z**2 / n), p)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)
