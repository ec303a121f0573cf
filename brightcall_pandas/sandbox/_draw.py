"""Random draws in whole numbers only.

A generator of test data has to give the same rows everywhere. Floating-point logarithms and exponentials
differ in the last digit between platforms, so every draw here is an integer compared with integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

__all__ = ["between", "chance", "per_mille", "pick"]


def pick(rng: np.random.Generator, size: int, weights: Sequence[int] | Integers) -> Integers:
    """Draw `size` positions in `weights`, each as often as its whole-number weight says."""
    edges = np.cumsum(np.asarray(weights, dtype=np.int64))
    return np.searchsorted(edges, rng.integers(edges[-1], size=size), side="right").astype(np.int64)


def chance(rng: np.random.Generator, rate: Integers | int, size: int) -> Flags:
    """Draw `size` flags, true in `rate` of a thousand; a rate may be given for each."""
    return np.asarray(rng.integers(1000, size=size) < rate)


def between(rng: np.random.Generator, low: int, high: int, size: int) -> Integers:
    """Draw `size` whole numbers from `low` to `high`, both included."""
    return rng.integers(low, high + 1, size=size)


def per_mille(rng: np.random.Generator, size: int, quantiles: dict[int, int]) -> Integers:
    """Draw `size` whole numbers from a distribution given by its quantiles.

    Parameters
    ----------
    rng
        Source of randomness.
    size
        How many.
    quantiles
        Value by thousandth, from 0 to 1000, both ascending; in between the values are spread evenly.
    """
    knots = np.array(list(quantiles), dtype=np.int64) * 1000
    values = np.array(list(quantiles.values()), dtype=np.int64)
    drawn = rng.integers(1_000_000, size=size)
    segment = np.searchsorted(knots, drawn, side="right") - 1
    width = np.diff(knots)[segment]
    drawn_values: Integers = values[segment] + np.diff(values)[segment] * (drawn - knots[segment]) // width
    return drawn_values
