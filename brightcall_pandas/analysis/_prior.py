"""How far rates of groups differ beyond chance, and each drawn towards that of all (empirical Bayes).

The rates of a board's groups are taken to be drawn from one beta distribution, so that their hits are
beta-binomial. Its two parameters are those that make the counts likeliest; SciPy, which would do this too, is
no dependency.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Prior", "beta_binomial", "drawn_together"]

Floats = NDArray[np.float64]

_DIFFERENT, _ALIKE = 0.5, 19.0  # the penalty's exponents of ρ and 1 − ρ: the density Beta(3/2, 20)
_STARTS = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0)  # strengths from which the search may begin
_ROUNDS = 100
_HALVINGS = 12
_CLOSE = 1e-8  # of the logarithms of a and b
_STANDARD_ERRORS = 1.96


class Prior:
    """The beta distribution of the rates of each board: ``Beta(a, b)``; null for a board without trials."""

    def __init__(self, a: Floats, b: Floats) -> None:
        self.a, self.b = a, b

    @property
    def strength(self) -> Floats:
        """How many trials the distribution is worth: ``a + b``."""
        return self.a + self.b

    @property
    def mean(self) -> Floats:
        """The rate that others are drawn towards: ``a / (a + b)``."""
        return self.a / self.strength


def drawn_together(hits: ArrayLike, trials: ArrayLike, boards: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return each rate drawn towards those of its board, and the lower end of what it may be.

    Parameters
    ----------
    hits, trials
        Counts, one pair a group.
    boards
        Number of the board of each group: a board's rates come from one distribution.

    Returns
    -------
    tuple of numpy.ndarray
        ``(hits + a) / (trials + a + b)``, the mean of the rate's posterior ``Beta(a + hits, b + trials −
        hits)``, and this less 1.96 of its standard deviations, not below 0; both null without trials.

    Notes
    -----
    The mean of few trials lies close to the board's rate, on either side of it: beside groups that are all
    alike, two hits of two have the highest mean. The lower end also knows how little two trials say: under
    any prior that leaves two hits to decide, 2 − 1.96 · √2 is below 0.

    Examples
    --------
    >>> means, lows = drawn_together([2, 90, 50], [2, 100, 100], np.zeros(3, dtype=np.int64))
    >>> means.round(3).tolist(), lows.round(3).tolist()
    ([0.784, 0.884, 0.525], [0.57, 0.825, 0.432])
    """
    x, n = np.asarray(hits, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    prior = beta_binomial(x, n, boards)
    a, b = prior.a[boards], prior.b[boards]
    fitted = np.isfinite(a)
    above, total = (np.where(fitted, x + a, x), np.where(fitted, n + a + b, n))
    mean = np.full(len(n), np.nan)
    np.divide(above, total, out=mean, where=n > 0)
    # Where every trial of a board is a hit, or none is, there is no room for a deviation.
    deviation = np.sqrt(mean * (1 - mean) / (total + 1))
    return mean, np.maximum(mean - _STANDARD_ERRORS * deviation, 0)


def beta_binomial(hits: Floats, trials: Floats, boards: NDArray[np.int64]) -> Prior:
    """Return the prior of each board by penalized maximum likelihood; no group is left out.

    Parameters
    ----------
    hits, trials
        Counts, one pair a group.
    boards
        Number of the board of each group.

    Returns
    -------
    Prior
        One entry a board. Infinite where every trial of a board is a hit, or none is.

    Notes
    -----
    The likelihood is that of the beta-binomial distribution (Griffiths 1973, Maximum likelihood estimation
    for the beta-binomial distribution), times ``√ρ (1 − ρ)¹⁹`` with the intra-class correlation ``ρ = 1 / (a
    + b + 1)``. Its first factor keeps groups that differ little from counting as one (Chung and others 2013,
    A nondegenerate penalized likelihood estimator for variance parameters in multilevel models); its second
    one keeps two or three groups from saying that rates may be anything. It is worth the less the more groups
    there are.
    """
    size = int(boards.max(initial=-1)) + 1
    counts = _Counts(hits, trials, boards, size)
    totals, tried = counts.sum(hits), counts.sum(trials)
    inside = (totals > 0) & (totals < tried)
    a, b = (np.where(tried > 0, np.inf, np.nan) for _ in range(2))
    if inside.any():
        kept = inside[boards] & (trials > 0)
        renumbered = (np.cumsum(inside) - 1)[boards[kept]]
        few = _Counts(hits[kept], trials[kept], renumbered, int(inside.sum()))
        a[inside], b[inside] = _likeliest(few)
    return Prior(a, b)


class _Counts:
    """Hits and trials of the groups of each board, and what parameters make of them."""

    def __init__(self, hits: Floats, trials: Floats, boards: NDArray[np.int64], size: int) -> None:
        self.hits, self.trials, self.boards, self.size = hits, trials, boards, size

    def sum(self, values: Floats) -> Floats:
        """Return the sum of each board."""
        return np.bincount(self.boards, weights=values, minlength=self.size).astype(np.float64)

    def rates(self) -> Floats:
        """Return the mean rate of the groups of each board, each drawn a little towards one half."""
        rates = (self.hits + 0.5) / (self.trials + 1)
        return self.sum(rates) / self.sum(np.ones(len(rates)))

    def likelihood(self, a: Floats, b: Floats) -> Floats:
        """Return the logarithm of the penalized likelihood of each board."""
        strength = a + b
        each = (
            _gained(_log_gamma, self.hits, a[self.boards])
            + _gained(_log_gamma, self.trials - self.hits, b[self.boards])
            - _gained(_log_gamma, self.trials, strength[self.boards])
        )
        return self.sum(each) - (_DIFFERENT + _ALIKE) * np.log1p(strength) + _ALIKE * np.log(strength)

    def slopes(self, a: Floats, b: Floats) -> tuple[Floats, Floats]:
        """Return gradient and Hessian of the likelihood over ``(log a, log b)``."""
        strength = a + b
        parts = ((self.hits, a), (self.trials - self.hits, b), (self.trials, strength))
        (one_a, one_b, one), (two_a, two_b, two) = (
            [self.sum(_gained(function, counts, of[self.boards])) for counts, of in parts]
            for function in (_digamma, _trigamma)
        )
        one = one + (_DIFFERENT + _ALIKE) / (1 + strength) - _ALIKE / strength
        two = two - (_DIFFERENT + _ALIKE) / (1 + strength) ** 2 + _ALIKE / strength**2
        gradient = np.stack([a * (one_a - one), b * (one_b - one)], axis=-1)
        hessian = np.empty((len(a), 2, 2))
        hessian[:, 0, 0] = gradient[:, 0] + a * a * (two_a - two)
        hessian[:, 1, 1] = gradient[:, 1] + b * b * (two_b - two)
        hessian[:, 0, 1] = hessian[:, 1, 0] = -a * b * two
        return gradient, hessian


def _likeliest(counts: _Counts) -> tuple[Floats, Floats]:
    """Return where the likelihood of each board is highest: Newton's method, which never steps down."""
    rates = counts.rates()
    tried = np.stack([counts.likelihood(rates * each, (1 - rates) * each) for each in _STARTS])
    strength = np.array(_STARTS)[tried.argmax(axis=0)]
    place = np.log(np.stack([rates * strength, (1 - rates) * strength], axis=-1))
    height = tried.max(axis=0)
    for _ in range(_ROUNDS):
        gradient, hessian = counts.slopes(*np.exp(place.T))
        values, vectors = np.linalg.eigh(hessian)
        # Along a direction that bends upwards the step still climbs, as far as the bend is strong.
        bends = np.maximum(np.abs(values), 1e-6)
        step = np.einsum("bij,bj,bkj,bk->bi", vectors, 1 / bends, vectors, gradient)
        step /= np.maximum(np.abs(step).max(axis=1, keepdims=True) / 2, 1)
        step[np.abs(step).max(axis=1) < _CLOSE] = 0
        for _ in range(_HALVINGS):
            reached = counts.likelihood(*np.exp((place + step).T))
            down = ~(reached >= height - 1e-13 * np.abs(height))
            if not down.any():
                break
            step[down] /= 2
        step[down], reached[down] = 0, height[down]
        if not step.any():
            break
        place, height = place + step, reached
    a, b = np.exp(place.T)
    return a, b


def _gained(function: Callable[[Floats], Floats], counts: Floats, base: Floats) -> Floats:
    """Return ``function(base + counts) − function(base)``, exactly 0 where there is nothing to count."""
    return np.where(counts > 0, function(base + counts) - function(base), 0.0)


_SHIFT = 8  # from here on the asymptotic series are exact to the last digits


def _log_gamma(x: Floats) -> Floats:
    """Return the logarithm of the gamma function of positive numbers."""
    product = np.ones_like(x)
    for each in range(_SHIFT):
        product = product * (x + each)
    z = x + _SHIFT
    w = 1 / (z * z)
    series = 1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - w * 691 / 360360))))
    return (z - 0.5) * np.log(z) - z + 0.5 * math.log(2 * math.pi) + series / z - np.log(product)


def _digamma(x: Floats) -> Floats:
    """Return the first derivative of `_log_gamma`."""
    before = _of_steps(x, 1)
    z = x + _SHIFT
    w = 1 / (z * z)
    series = w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * 691 / 32760)))))
    return np.log(z) - 0.5 / z - series - before


def _trigamma(x: Floats) -> Floats:
    """Return the second derivative of `_log_gamma`."""
    before = _of_steps(x, 2)
    z = x + _SHIFT
    w = 1 / (z * z)
    series = w * (1 / 6 - w * (1 / 30 - w * (1 / 42 - w * (1 / 30 - w * 5 / 66)))) / z
    return 1 / z + 0.5 * w + series + before


def _of_steps(x: Floats, power: int) -> Floats:
    """Return the sum of ``1 / (x + k)`` to this power over the steps before the series holds."""
    total = np.zeros_like(x)
    for each in range(_SHIFT):
        total = total + (x + each) ** -power
    return total
