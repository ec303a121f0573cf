"""How far chance alone can move a ratio of sums, where the calls of one client depend on each other.

A rate or a mean is a ratio, numerator ÷ denominator, of sums over calls. How far it varies follows from its
linearization (Taylor): with ``e = numerator − ratio × denominator`` of each call, the variance is the sum
over clients of ``(Σ e)²``, ÷ denominator². So all that an interval needs is the sums of a group and, over its
clients, the sums of the products of the client's own sums: `Clustered`. They add up over parts of the calls
that each hold all calls of a client.

::

    rate        Wilson's interval of the rate on calls ÷ design effect    Wilson 1927, Kish 1965
    mean        ratio ± quantile of t × standard error
    difference  square and add, with the correlation of both sides        Newcombe 1998, Zou and Donner 2008
    p-value     likelihood-ratio test ÷ design effect                     Rao and Scott 1984
    many        false discovery rate                                      Benjamini and Hochberg 1995
"""

from __future__ import annotations

from math import erfc, sqrt

import msgspec
import numpy as np
from numpy.typing import NDArray

from brightcall_pandas.analysis._rates import ratio, t_quantiles, wilson

__all__ = [
    "Clustered",
    "Crossed",
    "Interval",
    "beyond_chance",
    "correlation",
    "difference",
    "effects_of_rest",
    "p_values",
    "p_values_of_estimates",
    "p_values_of_excess",
    "p_values_of_rest",
    "pooled_correlations",
    "rate_interval",
    "ratio_interval",
]

Floats = NDArray[np.float64]
Interval = tuple[Floats, Floats]
"""Lower and upper bounds."""


class Clustered(msgspec.Struct, frozen=True):
    """A ratio of sums in each group, and how its clients add up to it.

    Parameters
    ----------
    top, bottom
        Numerator and denominator: sums over the calls of a group.
    top_top, top_bottom, bottom_bottom
        Sum over the group's clients of the product of the client's own sums; a call without a client is a
        client of its own.
    """

    top: Floats
    bottom: Floats
    top_top: Floats
    top_bottom: Floats
    bottom_bottom: Floats

    @property
    def ratio(self) -> Floats:
        """Numerator ÷ denominator; null where the denominator is 0."""
        return ratio(self.top, self.bottom)

    @property
    def clients(self) -> Floats:
        """How many clients with equally many calls tell as much (Kish): the number of clients or less."""
        return ratio(self.bottom**2, self.bottom_bottom)

    def squares(self, usual: Floats) -> Floats:
        """Return the sum over clients of the square of ``numerator − usual × denominator``."""
        squares = self.top_top - 2 * usual * self.top_bottom + usual**2 * self.bottom_bottom
        return np.maximum(squares, 0)  # rounding can leave a hair below nothing


class Crossed(msgspec.Struct, frozen=True):
    """Sums over clients of products of the client's sums in two sets of calls: the first's × the second's."""

    top_top: Floats
    top_bottom: Floats
    bottom_top: Floats
    bottom_bottom: Floats


def _few(clients: Floats) -> Floats:
    """Return by how much a variance that is taken from so many clients is too small."""
    return np.where(clients > 1, clients / np.where(clients > 1, clients - 1, 1), np.inf)


def design_effects(sums: Clustered) -> Floats:
    """Return the variance of each rate ÷ the one that it had if each call were of a client of its own.

    At least 1, with one call a client exactly 1; at most as many as there are calls. A rate of 0 or 1 does
    not show how alike the calls of a client are: they are taken to be all alike.
    """
    rate = sums.ratio
    if_apart = sums.bottom * rate * (1 - rate)
    # Of whole counts the difference of both is exact, and exactly 0 with one call a client.
    excess = (
        (sums.top_top - sums.top)
        - 2 * rate * (sums.top_bottom - sums.top)
        + rate**2 * (sums.bottom_bottom - sums.bottom)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        effects = np.where(if_apart > 0, 1 + excess / if_apart, sums.bottom_bottom / sums.bottom)
        effects = effects * _few(sums.clients) / _few(sums.bottom)
    return np.where(sums.bottom > 0, np.fmax(np.fmin(effects, sums.bottom), 1), np.nan)


def effective_trials(sums: Clustered, confidence: float = 0.95) -> Floats:
    """Return the calls ÷ design effect: how many calls of as many clients tell as much about the rate.

    With few clients it is less, by the squared ratio of the quantiles of t for calls and for clients (Korn
    and Graubard 1998), but 1 at least.
    """
    calls, clients = sums.bottom, sums.clients
    one_each = sums.bottom_bottom == calls
    with np.errstate(divide="ignore", invalid="ignore"):
        few = t_quantiles(calls - 1, confidence) / t_quantiles(clients - 1, confidence)
        trials = calls / design_effects(sums) * few**2
    trials = np.where(one_each, calls, np.clip(np.nan_to_num(trials, nan=1), 1, calls))
    return np.where(calls > 0, trials, np.nan)


def rate_interval(sums: Clustered, confidence: float = 0.95) -> Interval:
    """Return the interval of each rate that is calls ÷ calls: Wilson's, on calls ÷ design effect.

    Parameters
    ----------
    sums
        Calls that are hits, and calls in all.
    confidence
        Probability that the interval covers the true rate, between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper bound, between 0 and 1; null for no calls. With one call a client they are those of
        `wilson` exactly.

    Notes
    -----
    Kish (1965, Survey Sampling) calls the variance of a sample in clusters ÷ that of as many independent
    calls the design effect. Here the former is linearized, with the client as the cluster.

    Examples
    --------
    Two clients, each dialed twice, one of them answered both times:

    >>> sums = Clustered(*(np.array([each]) for each in (2.0, 4.0, 4.0, 4.0, 8.0)))
    >>> low, high = rate_interval(sums)
    >>> bool(low[0] < wilson(2, 4)[0]), bool(high[0] > wilson(2, 4)[1])
    (True, True)
    """
    trials = effective_trials(sums, confidence)
    return wilson(sums.ratio * trials, trials, confidence)


def ratio_interval(sums: Clustered, confidence: float = 0.95) -> Interval:
    """Return the interval of each ratio of sums: the ratio ± quantile of t × its linearized standard error.

    Null where fewer than two clients tell it. With one call a client, and a mean over calls, it is Student's.
    """
    reach = t_quantiles(sums.clients - 1, confidence) * np.sqrt(_variances(sums))
    return sums.ratio - reach, sums.ratio + reach


def _variances(sums: Clustered) -> Floats:
    """Return the linearized variance of each ratio; null where only one client tells it."""
    few = np.where(sums.clients > 1, _few(sums.clients), np.nan)
    return ratio(sums.squares(sums.ratio) * few, sums.bottom**2)


def correlation(first: Clustered, second: Clustered, crossed: Crossed, *, rates: bool) -> Floats:
    """Return how two ratios go along with each other because of clients that are in both; else 0.

    Parameters
    ----------
    first, second
        The ratios.
    crossed
        Of the clients that are in both.
    rates
        Whether they are calls ÷ calls, whose variance is that of `rate_interval`.
    """
    a, b = first.ratio, second.ratio
    together = (
        crossed.top_top - b * crossed.top_bottom - a * crossed.bottom_top + a * b * crossed.bottom_bottom
    )
    variances = [_rate_variances(each) if rates else _variances(each) for each in (first, second)]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = together / (first.bottom * second.bottom) / np.sqrt(variances[0] * variances[1])
    return np.clip(np.nan_to_num(value, nan=0, posinf=0, neginf=0), -1, 1)


def _rate_variances(sums: Clustered) -> Floats:
    rate = sums.ratio
    return ratio(rate * (1 - rate) * design_effects(sums), sums.bottom)


def difference(
    first: tuple[Floats, Interval], second: tuple[Floats, Interval], correlations: Floats | float = 0.0
) -> Interval:
    """Return the interval of first − second, from the interval of each.

    Parameters
    ----------
    first, second
        An estimate and its interval.
    correlations
        How they go along with each other, −1 to 1; see `correlation`.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper bound; null where one of the estimates is.

    Notes
    -----
    Newcombe (1998): Interval estimation for the difference between independent proportions, method 10; with
    correlation Zou and Donner (2008). The distance of each estimate from its bound is squared, and added up.

    Examples
    --------
    Newcombe's first example, 56 of 70 against 48 of 80:

    >>> low, high = difference((56 / 70, wilson(56, 70)), (48 / 80, wilson(48, 80)))
    >>> round(float(low), 4), round(float(high), 4)
    (0.0524, 0.3339)
    """

    def reach(one: Floats, other: Floats) -> Floats:
        return np.sqrt(np.maximum(one**2 + other**2 - 2 * correlations * one * other, 0))

    (one, (low, high)), (other, (other_low, other_high)) = first, second
    change = one - other
    return change - reach(one - low, other_high - other), change + reach(high - one, other - other_low)


def pooled_correlations(within: tuple[Floats, Floats], between: tuple[Floats, Floats]) -> tuple[float, float]:
    """Return how alike two calls to one client are: both of one group, and of two groups.

    Parameters
    ----------
    within, between
        Of the pairs of calls of one client, over all groups: the sums of their products of
        ``hit − usual rate``, and what they would be if all calls of a client were alike.

    Returns
    -------
    tuple of float
        Intra-class correlations, 0 to 1; 0 where there are no such pairs.
    """
    found = (float(np.nansum(each[0])) / (float(np.nansum(each[1])) or 1.0) for each in (within, between))
    first, second = (min(max(each, 0.0), 1.0) for each in found)
    return first, second


def p_values(first: Clustered, second: Clustered, crossed: Crossed) -> Floats:
    """Return how often chance alone sets two rates at least so far apart, for each group.

    Parameters
    ----------
    first, second
        Calls that are hits, and calls in all, of each group on two sides.
    crossed
        Of the clients that are on both sides.

    Returns
    -------
    numpy.ndarray
        Null where one of the sides has calls of one client only, or none.

    Notes
    -----
    See `p_values_of_rest`.
    """
    usual = ratio(first.top + second.top, first.bottom + second.bottom)
    spread = usual * (1 - usual)
    together = crossed.top_top - usual * (crossed.top_bottom + crossed.bottom_top)
    together = together + usual**2 * crossed.bottom_bottom
    pairs = [each.bottom_bottom - each.bottom for each in (first, second)]
    excess = [each.squares(usual) - _squares_if_apart(each, usual) for each in (first, second)]
    within, between = pooled_correlations(
        (excess[0] + excess[1], spread * (pairs[0] + pairs[1])), (together, spread * crossed.bottom_bottom)
    )
    inner = [within * each for each in pairs]
    effects = _effects_on_difference(first, second, inner, between * crossed.bottom_bottom)
    return _p_values(first, second, effects)


def p_values_of_rest(sums: Clustered, crossed: Crossed, whole: NDArray[np.int64]) -> Floats:
    """Return how often chance alone sets the rate of a group at least so far from that of all other groups.

    Parameters
    ----------
    sums
        Calls that are hits, and calls in all, of each group.
    crossed
        The client's sums in the group × those in all groups of its whole.
    whole
        Which groups are compared with each other: a number for each group.

    Returns
    -------
    numpy.ndarray
        Null where the group or the rest has calls of one client only, or none.

    Notes
    -----
    The test is the likelihood-ratio test of a table of two by two with Yates' correction, on counts ÷ design
    effect (Rao and Scott 1984, On chi-squared tests for multiway contingency tables). The design effect of
    the difference follows from how alike two calls of one client are, estimated once over all groups: of a
    single group, and from rates of 0 or 1, nobody could tell.

    Examples
    --------
    >>> sums = Clustered(*(np.array([a, b]) for a, b in [(30.0, 60.0), (100.0, 100.0)] + [(30.0, 60.0)] * 2
    ...     + [(100.0, 100.0)]))
    >>> alone = Crossed(sums.top_top, sums.top_bottom, sums.top_bottom, sums.bottom_bottom)
    >>> bool((p_values_of_rest(sums, alone, np.zeros(2, dtype=int)) < 0.001).all())
    True
    """
    rest, effects = effects_of_rest(sums, crossed, whole)
    return _p_values(sums, rest, effects)


def effects_of_rest(sums: Clustered, crossed: Crossed, whole: NDArray[np.int64]) -> tuple[Clustered, Floats]:
    """Return the rest of its whole for each group, and the design effect of their difference.

    The parameters are those of `p_values_of_rest`.
    """

    def in_whole(values: Floats) -> Floats:
        return np.bincount(whole, weights=np.nan_to_num(values)).astype(np.float64)[whole]

    top, bottom, top_top, top_bottom, bottom_bottom = map(
        in_whole, (sums.top, sums.bottom, crossed.top_top, crossed.top_bottom, crossed.bottom_bottom)
    )
    usual = ratio(top, bottom)
    spread = usual * (1 - usual)
    excess = sums.squares(usual) - _squares_if_apart(sums, usual)
    # The products with the whole are those with the group itself, and those with the others.
    outer = crossed.top_top - usual * (crossed.top_bottom + crossed.bottom_top)
    outer = outer + usual**2 * crossed.bottom_bottom - sums.squares(usual)
    pairs = sums.bottom_bottom - sums.bottom
    others = crossed.bottom_bottom - sums.bottom_bottom
    within, between = pooled_correlations((excess, spread * pairs), (outer, spread * others))
    rest = Clustered(
        top - sums.top,
        bottom - sums.bottom,
        top_top - 2 * crossed.top_top + sums.top_top,
        top_bottom - crossed.top_bottom - crossed.bottom_top + sums.top_bottom,
        bottom_bottom - 2 * crossed.bottom_bottom + sums.bottom_bottom,
    )
    inner = [
        within * pairs,
        within * (in_whole(pairs) - pairs) + between * (in_whole(others) - 2 * others),
    ]
    return rest, _effects_on_difference(sums, rest, inner, between * others)


def p_values_of_excess(excess: Floats, variance: Floats, effects: Floats) -> Floats:
    """Return how often chance alone sets counts at least so far from those expected.

    Parameters
    ----------
    excess, variance
        Counts less what is expected of them, and the variance of that if each call were of a client of its
        own. A variance of 0 tells nothing (null).
    effects
        Design effects.

    Notes
    -----
    The test of Cochran, Mantel and Haenszel with Yates' correction, ÷ design effect.
    """
    apart = np.maximum(np.abs(excess) - 0.5 * np.maximum(effects, 1), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(variance > 0, apart / np.sqrt(variance * effects), np.nan)
    return _two_sided(distance)


def p_values_of_estimates(estimates: Floats, errors: Floats) -> Floats:
    """Return how often chance alone sets estimates at least so far from 0, from their standard errors."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _two_sided(np.where(errors > 0, estimates / errors, np.nan))


def _two_sided(distance: Floats) -> Floats:
    """Return how often chance goes beyond a number of standard errors, to either side."""
    values = np.full(len(distance), np.nan)
    told = ~np.isnan(distance)
    values[told] = [erfc(each / sqrt(2)) for each in np.abs(distance[told])]
    return values


def _squares_if_apart(sums: Clustered, usual: Floats) -> Floats:
    """Return `Clustered.squares` as they would be with one call a client."""
    return sums.top * (1 - 2 * usual) + usual**2 * sums.bottom


def _effects_on_difference(
    first: Clustered, second: Clustered, inner: list[Floats], across: Floats
) -> Floats:
    """Return the design effect of the difference of two rates.

    `inner` and `across` are the pairs of calls of one client, on one side and on two, each times how alike
    they are.
    """
    a, b = first.bottom, second.bottom
    variance = ratio(a + inner[0], a**2) + ratio(b + inner[1], b**2) - 2 * ratio(across, a * b)
    return np.maximum(ratio(variance, ratio(1, a) + ratio(1, b)), _LEAST_EFFECT)


_LEAST_EFFECT = 0.05  # where all calls of a client are alike, on both sides, nothing would be left


def _p_values(first: Clustered, second: Clustered, effects: Floats) -> Floats:
    calls, others = first.bottom / effects, second.bottom / effects
    hits = (first.top + second.top) / effects
    expected = ratio(hits * calls, calls + others)
    # Yates: counts are whole, so half a call lies within what chance rounds; of a client's calls, all of it.
    apart = first.top / effects - expected
    apart = np.sign(apart) * np.maximum(np.abs(apart) - 0.5 * np.maximum(1, 1 / effects), 0)
    cells = [
        (expected + apart, expected),
        (calls - expected - apart, calls - expected),
        (hits - expected - apart, hits - expected),
        (others - hits + expected + apart, others - hits + expected),
    ]
    statistic = 2 * np.sum([_weighted_log(*cell) for cell in cells], axis=0)
    told = (first.clients > 1) & (second.clients > 1) & ~np.isnan(statistic)
    return _two_sided(np.where(told, np.sqrt(np.maximum(statistic, 0)), np.nan))


def _weighted_log(count: Floats, expected: Floats) -> Floats:
    """Return ``count × log(count ÷ expected)``; 0 where there is nothing to count."""
    some = (count > 0) & (expected > 0)
    logs = np.log(np.where(some, count, 1) / np.where(some, expected, 1))
    return np.where(np.isnan(count), np.nan, np.where(some, count * logs, 0.0))


def beyond_chance(p_values: Floats, level: float) -> NDArray[np.bool_]:
    """Return which of many p-values are beyond chance, so that at most `level` of these are expected false.

    Parameters
    ----------
    p_values
        One a test; a null is no test.
    level
        False discovery rate, between 0 and 1.

    Returns
    -------
    numpy.ndarray
        False for a null.

    Notes
    -----
    Benjamini and Hochberg (1995), Controlling the false discovery rate: with the p-values in ascending order,
    all up to the last one that is at most ``place ÷ tests × level``. Where nothing differs, any claim at all
    is made in at most `level` of tables.

    Examples
    --------
    >>> beyond_chance(np.array([0.01, 0.5, 0.03, np.nan]), 0.05).tolist()
    [True, False, True, False]
    """
    tested = ~np.isnan(p_values)
    given = np.sort(p_values[tested].ravel())
    reached = np.flatnonzero(given <= np.arange(1, len(given) + 1) / max(len(given), 1) * level)
    least = given[reached[-1]] if len(reached) else -1.0
    return tested & (np.where(tested, p_values, 2) <= least)
