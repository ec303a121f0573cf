"""How likely a hit is for each watched call: what the other units make of the like.

A call is compared with calls of the other units at the same attempt × project × hour. Such strata are thin,
so that the expectation is built up in steps: the rate of the attempt, moved by what the project and then the
hour make of it, and last the stratum itself. Each step counts the more, the more its labels differ beyond
chance. All of it is leave-one-out: no unit has a say in what is expected of it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import observed

__all__ = [
    "ENOUGH",
    "Expectation",
    "Floats",
    "Stream",
    "has_others",
    "likelihoods",
    "moved",
    "spread_of_days",
    "strata_of",
    "sums_of",
    "without_change",
]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

ENOUGH = 20
"""So many expected hits, and so many misses, make something to compare with."""

_PRIOR = 25.0  # calls
_LEAST_SPREAD = 0.0025  # of log odds: what differs by 5 % may not be seen
_LEAST = 1e-4  # no call is surer than that to be a hit, or a miss


class Strata(msgspec.Struct, frozen=True):
    """The strata of each unit that occur: unit, attempt, project and hour, and how many calls there are."""

    units: Codes
    attempts: Codes
    projects: Codes
    hours: Codes
    calls: Floats


class Stream(msgspec.Struct, frozen=True, dict=True):
    """The watched calls, unit by unit and in each by time.

    Parameters
    ----------
    rows
        Position of each call in the frame.
    hits
        Whether it is counted by the metric's numerator.
    units
        Its unit, ascending, without gaps.
    cells
        Its stratum within the unit, a position in `strata`.
    strata
        The strata of each unit.
    days
        Its day, from 0.
    clients
        A number for its client, from 0; a call without one has a number of its own.
    own_level
        Whether it is compared with its unit's calls of the project before it, at the level that these had.
    """

    rows: Codes
    hits: NDArray[np.bool_]
    units: Codes
    cells: Codes
    strata: Strata
    days: Codes
    clients: Codes
    own_level: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.units)

    @cached_property
    def n_units(self) -> int:
        """How many units there are."""
        return int(self.units[-1]) + 1 if len(self) else 0

    @cached_property
    def bounds(self) -> Codes:
        """Where the calls of each unit begin, and where the last ones end."""
        return np.searchsorted(self.units, np.arange(self.n_units + 1))

    @cached_property
    def n_days(self) -> int:
        """How many days there are."""
        return int(self.days.max(initial=-1)) + 1

    @cached_property
    def runs(self) -> tuple[Codes, Codes]:
        """The calls with a level of their own, project by project, and where those of each begin."""
        places = np.flatnonzero(self.own_level)
        pairs = self.units[places] * (int(self.strata.projects.max(initial=0)) + 1)
        pairs += self.strata.projects[self.cells[places]]
        order = np.argsort(pairs, kind="stable")
        return places[order], np.flatnonzero(np.diff(pairs[order], prepend=-1))

    def first(self, most: int) -> tuple[Stream, Floats]:
        """Return the first so many calls of each unit, and what part of its calls they are."""
        sizes = np.diff(self.bounds)
        kept = np.flatnonzero(np.arange(len(self)) - self.bounds[self.units] < most)
        names = ("rows", "hits", "units", "cells", "days", "clients", "own_level")
        some: dict[str, Any] = {name: getattr(self, name)[kept] for name in names}
        return Stream(strata=self.strata, **some), np.minimum(most / sizes, 1)


def strata_of(units: Codes, attempts: Codes, projects: Codes, hours: Codes) -> tuple[Codes, Strata]:
    """Return the stratum of each call, within its unit, and all of these."""
    codes, places = units, [np.arange(int(units.max(initial=-1)) + 1)]
    for each in (projects, attempts, hours):
        size = int(each.max(initial=0)) + 1
        codes, found = observed(codes * size + each, len(places[0]) * size)
        places = [*(place[found // size] for place in places), found % size]
    unit, project, attempt, hour = places
    return codes, Strata(unit, attempt, project, hour, sums_of(codes, len(unit)))


def sums_of(codes: Codes, size: int, values: NDArray[Any] | None = None) -> Floats:
    """Return the sums of values, or the counts, over equal codes, which are below `size`.

    Of values in rows it returns a row for each.
    """
    if values is None or values.ndim == 1:
        return np.bincount(codes, values, size).astype(np.float64)
    many = len(values)
    if many == 1:
        return np.bincount(codes, values[0], size).astype(np.float64)[np.newaxis]
    flat = (np.arange(many)[:, np.newaxis] * size + codes).ravel()
    return np.bincount(flat, values.ravel(), many * size).astype(np.float64).reshape(many, size)


class _Sums:
    """Sums over the strata that share a label: of all units, and of all but one's own."""

    def __init__(self, strata: Strata, *labels: Codes) -> None:
        codes = np.zeros(len(strata.units), dtype=np.int64)
        for each in labels:
            codes = codes * (int(each.max(initial=0)) + 1) + each
        self._codes, shared = observed(codes, int(codes.max(initial=0)) + 1)
        many = int(strata.units.max(initial=0)) + 1
        self._alone = many == 1
        self._own, pairs = observed(self._codes * many + strata.units, len(shared) * many)
        self._sizes = len(shared), len(pairs)

    def __call__(self, values: Floats) -> tuple[Floats, Floats]:
        """Return for each stratum the sum of all, and that of the other units; of a single unit its own."""
        of_all = sums_of(self._codes, self._sizes[0], values)[:, self._codes]
        if self._alone:
            return of_all, of_all
        return of_all, of_all - sums_of(self._own, self._sizes[1], values)[:, self._own]

    def prior(self, hits: Floats, calls: Floats, rates: Floats) -> float:
        """Return how many calls the step before counts for: few where labels differ beyond chance."""
        excess, weight = (
            sums_of(self._codes, self._sizes[0], each[0])
            for each in (hits - calls * rates, calls * rates * (1 - rates))
        )
        usual = float((rates * (1 - rates) * calls).sum() / max(calls.sum(), 1))
        return 1 / (max(variance_between(excess, weight), _LEAST_SPREAD) * max(usual, _LEAST))


class Expectation:
    """What is expected of the strata of each unit.

    Parameters
    ----------
    strata
        The strata.
    calls, hits
        Calls of each of them that others may be compared with, and which of these are hits. They tell how far
        projects, hours and strata differ beyond chance: by so much each of them moves the rate.
    """

    def __init__(self, strata: Strata, calls: Floats, hits: Floats) -> None:
        attempt, project, hour = strata.attempts, strata.projects, strata.hours
        self._calls = calls[np.newaxis]
        self._whole, self._attempt = _Sums(strata), _Sums(strata, attempt)
        self._steps = [_Sums(strata, *labels) for labels in ((project,), (hour,), (attempt, project, hour))]
        self._priors: list[float] = []
        rates, together = self._rates(hits[np.newaxis])
        self.rates: Floats = rates[0]
        """The expected rates, of which the unit's own calls say nothing."""
        self.together: Floats = together[0]
        """The rates of all units together: those that each would have if no unit differed."""

    def anew(self, hits: Floats) -> Floats:
        """Return what is expected if these were the hits: a row for each time that they were drawn."""
        return self._rates(hits)[0]

    def _rates(self, hits: Floats) -> tuple[Floats, Floats]:
        """Return the expected rates, and those of all units together.

        At each step both are moved in the same way, by the others' calls and by all calls. What was expected
        of the others' calls is told by the rates of all, at the level of the others.
        """
        calls = self._calls
        (found, _), (many, _) = self._attempt(hits), self._attempt(calls)
        (of_all, of_others), (all_calls, others_calls) = self._whole(hits), self._whole(calls)
        together = (found + _PRIOR * (of_all + 1) / (all_calls + 2)) / (many + _PRIOR)
        rates = moved(together, of_others, self._whole(calls * together)[1], others_calls, prior=1.0)
        for place, of_label in enumerate(self._steps):
            if place == len(self._priors):
                self._priors.append(of_label.prior(hits, calls, together))
            prior = self._priors[place]
            sums = [of_label(each) for each in (hits, calls * together, calls)]
            level = (of_others + 1) / (self._whole(calls * together)[1] + 1)
            hits_there, expected, calls_there = (others for _, others in sums)
            rates = moved(rates, hits_there, np.minimum(level * expected, calls_there), calls_there, prior)
            hits_there, expected, calls_there = (every for every, _ in sums)
            together = moved(together, hits_there, expected, calls_there, prior)
        return np.clip(rates, _LEAST, 1 - _LEAST), np.clip(together, _LEAST, 1 - _LEAST)


def moved(rates: Floats, hits: Floats, expected: Floats, calls: Floats, prior: float = _PRIOR) -> Floats:
    """Return rates at another level: that at which calls of which so many were expected had so many hits.

    A lower level takes the same part of each rate, a higher one the same part of what it lacks to 1, so that
    the mean is right and no rate leaves 0 to 1.
    """
    usual = expected / np.maximum(calls, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        down = (hits + prior * usual) / (expected + prior * usual)
        up = (calls - hits + prior * (1 - usual)) / (calls - expected + prior * (1 - usual))
    return np.where(calls <= 0, rates, np.where(down <= 1, rates * down, 1 - (1 - rates) * up))


def likelihoods(
    stream: Stream, hits: NDArray[np.bool_], rates: Floats, spread: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return how likely each call is a hit, and which calls have something to be compared with.

    Parameters
    ----------
    stream
        The calls.
    hits
        Which of them are hits, a row for each time that they were drawn.
    rates
        Expected rates of the strata, one row for all or one for each.
    spread
        Variance of the days, see `spread_of_days`; 0: days do not differ.
    """
    found = np.broadcast_to(rates[:, stream.cells], hits.shape)
    judged = np.ones(hits.shape, dtype=bool)
    if stream.own_level.any():
        found = found.copy()
        places, begins = stream.runs
        found[:, places], judged[:, places] = _at_own_level(found[:, places], hits[:, places], begins)
    if spread:
        found = _of_the_day(stream, hits, found, spread)
    return np.clip(found, _LEAST, 1 - _LEAST), judged


def without_change(stream: Stream, expectation: Expectation, spread: float) -> Floats:
    """Return how likely each call is a hit if no unit differs, nor changes."""
    rates = expectation.together[stream.cells]
    if stream.own_level.any():
        places, begins = stream.runs
        runs = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(places)))
        sums = (sums_of(runs, len(begins), each) for each in (stream.hits[places], rates[places], None))
        hits, expected, calls = (each[runs] for each in sums)
        rates[places] = moved(rates[places], hits, expected, calls, prior=1.0)
    if spread:
        rates = _of_the_day(stream, stream.hits[np.newaxis], rates[np.newaxis], spread, everyone=True)[0]
    return np.clip(rates, _LEAST, 1 - _LEAST)


def _at_own_level(rates: Floats, hits: NDArray[np.bool_], begins: Codes) -> tuple[Floats, NDArray[np.bool_]]:
    """Return rates at the level of the calls before, and where these are `ENOUGH`; runs begin at `begins`."""
    lengths = np.diff(begins, append=rates.shape[1])
    before = []
    for values in (hits, rates):
        running = np.cumsum(values, axis=1, dtype=np.float64) - values
        before.append(running - np.repeat(running[:, begins], lengths, axis=1))
    calls = np.arange(rates.shape[1]) - np.repeat(begins, lengths)
    judged = (before[1] >= ENOUGH) & (calls - before[1] >= ENOUGH)
    return moved(rates, before[0], before[1], np.broadcast_to(calls, rates.shape), prior=1.0), judged


def _of_the_day(
    stream: Stream, hits: NDArray[np.bool_], rates: Floats, spread: float, *, everyone: bool = False
) -> Floats:
    """Return rates as far as they were moved on a day for all the others alike, or for `everyone`."""
    codes, size = stream.units * stream.n_days + stream.days, stream.n_units * stream.n_days
    excess, weight = (
        sums_of(codes, size, each).reshape(-1, stream.n_units, stream.n_days)
        for each in (hits - rates, rates * (1 - rates))
    )
    own = 0.0 if everyone else 1.0
    excess, weight = (each.sum(axis=1, keepdims=True) - own * each for each in (excess, weight))
    shift = np.exp(excess / (weight + 1 / spread)).reshape(-1, size)[:, codes]
    return np.asarray(rates * shift / (1 - rates + rates * shift))


def spread_of_days(stream: Stream, rates: Floats) -> float:
    """Return by how much days differ for all units alike, beyond chance: the variance of their log odds."""
    excess, weight = (
        sums_of(stream.days, stream.n_days, each) for each in (stream.hits - rates, rates * (1 - rates))
    )
    if (weight > 0).sum() < _DAYS or stream.n_units < _UNITS:
        return 0.0
    found = variance_between(excess, weight)
    chance = np.sqrt(2 * (weight > 0).sum()) / weight.sum()
    return found if found > chance else 0.0


def variance_between(excess: Floats, weight: Floats) -> float:
    """Return by how much labels differ beyond chance: the variance of their log odds.

    Parameters
    ----------
    excess
        Hits less expected ones of each label.
    weight
        Their variance by chance. (excess ÷ weight)² is then on average the variance sought + 1 ÷ weight; each
        label counts by its weight.
    """
    known = weight > 0
    if not known.any():
        return 0.0
    return max(float((excess[known] ** 2 / weight[known] - 1).sum() / weight.sum()), 0.0)


_DAYS, _UNITS = 7, 3  # of fewer nobody can tell what is common to them


def has_others(strata: Strata, hits: Floats) -> NDArray[np.bool_]:
    """Return for each stratum whether other units have `ENOUGH` hits and misses in its project."""
    if int(strata.units.max(initial=0)) == 0:
        return np.zeros(len(strata.units), dtype=bool)
    sums = _Sums(strata, strata.projects)
    found, calls = (sums(each[np.newaxis])[1][0] for each in (hits, strata.calls))
    return np.asarray((found >= ENOUGH) & (calls - found >= ENOUGH))
