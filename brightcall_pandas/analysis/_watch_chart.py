"""Risk-adjusted CUSUM charts, and their thresholds, found by drawing the same calls anew without any change.

Steiner, Cook, Farewell and Treasure (2000): Monitoring surgical performance using risk-adjusted cumulative
sum charts. Each call adds the log-likelihood ratio of odds that changed to odds as expected; the sum starts
anew at 0 whenever it would fall below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from brightcall_pandas.analysis._watch_expected import (
    Expectation,
    Floats,
    Stream,
    likelihoods,
    sums_of,
    without_change,
)

__all__ = ["Alarm", "Chart", "Tail", "charted", "client_correlation", "scores", "tails"]

SEED = 2000
_DRAWN = 300_000  # calls that are drawn in all
_MOST = 200  # times that all calls are drawn at most
_AT_ONCE = 150_000  # calls held in memory
_TAIL = 400  # highest peaks, from which the tail is told
_SHARED = 10.0  # peaks that the rate of all units stands for in that of one
_DROP = 1e4  # no chart gets that high
_LOWEST = 2.0  # below, peaks do not fall off exponentially


class Alarm(msgspec.Struct, frozen=True):
    """An alarm of a unit, by the positions of its calls.

    Parameters
    ----------
    begin
        The first call after the last zero: the change began there.
    alarm
        The call that raised the alarm.
    end
        The call with which it is over; None: it goes on.
    """

    begin: int
    alarm: int
    end: int | None


class Chart(msgspec.Struct, frozen=True):
    """The value of a chart after each call, and its alarms."""

    values: Floats
    alarms: Sequence[Alarm]


def scores(hits: NDArray[np.bool_], rates: Floats, judged: NDArray[np.bool_], odds_ratio: float) -> Floats:
    """Return what each call adds to the chart of a change of the odds."""
    added = np.where(hits, np.log(odds_ratio), 0.0) - np.log1p((odds_ratio - 1) * rates)
    return added if judged.all() else np.where(judged, added, 0.0)


def charted(added: Floats, threshold: float) -> Chart:
    """Return the chart of one unit.

    It stays at the threshold while an alarm goes on, and the alarm ends when it is back at 0: after as clear
    a sign that nothing is changed any more.
    """
    values, alarms, start = _from_zero(added), [], 0
    while (over := np.flatnonzero(values[start:] >= threshold)).size:
        alarm = start + int(over[0])
        zeros = np.flatnonzero(values[start:alarm] == 0)
        begin = start + int(zeros[-1]) + 1 if len(zeros) else start
        walked = np.concatenate([[0.0], np.cumsum(added[alarm + 1 :])])
        held = threshold - (np.maximum.accumulate(walked) - walked)
        back = np.flatnonzero(held <= 0)
        if not len(back):
            values[alarm:] = held
            alarms.append(Alarm(begin, alarm, None))
            break
        end = alarm + int(back[0])
        values[alarm:end], values[end] = held[: end - alarm], 0.0
        values[end + 1 :] = _from_zero(added[end + 1 :])
        alarms.append(Alarm(begin, alarm, end))
        start = end + 1
    return Chart(values, alarms)


def _from_zero(added: Floats) -> Floats:
    """Return a sum that starts anew at 0 whenever it would fall below."""
    running = np.cumsum(added)
    return np.asarray(running - np.minimum(np.minimum.accumulate(running), 0))


def client_correlation(stream: Stream, rates: Floats) -> float:
    """Return how alike two calls of one client are beyond what is expected of them, 0 to 1."""
    left = (stream.hits - rates) / np.sqrt(rates * (1 - rates))
    size = int(stream.clients.max(initial=-1)) + 1
    calls = np.bincount(stream.clients, minlength=size)
    total, squares = (np.bincount(stream.clients, each, size) for each in (left, left**2))
    pairs = float((calls * (calls - 1.0)).sum())
    return float(np.clip((total**2 - squares).sum() / pairs, 0.0, 1.0)) if pairs else 0.0


class Tail(msgspec.Struct, frozen=True):
    """How many peaks a chart has in the time of the calls where nothing changed, by their height.

    Parameters
    ----------
    low
        Height from which on peaks fall off exponentially.
    rates
        How many each unit has above it.
    decay
        How fast they fall off.
    """

    low: float
    rates: Floats
    decay: float

    def threshold(self, each: float) -> Floats:
        """Return the height that so many peaks of each unit pass; of one without peaks there is none."""
        with np.errstate(divide="ignore"):
            height = self.low + np.log(self.rates / each) / self.decay
        return np.where(self.rates > 0, np.maximum(height, _LOWEST), np.inf)


def tails(
    stream: Stream,
    expectation: Expectation,
    rates: Floats,
    judged: NDArray[np.bool_],
    odds_ratios: Sequence[float],
    *,
    spread: float,
    correlation: float,
) -> list[Tail]:
    """Return what peaks charts have where nothing changed, for each change of the odds.

    Parameters
    ----------
    stream, expectation, rates, judged
        The calls, what is expected of their strata, how likely each is a hit, and which are judged.
    odds_ratios
        The changes.
    spread
        Variance of the days.
    correlation
        How alike calls of one client are.
    """
    known = np.where(judged, rates * (1 - rates), 0.0)
    telling = sums_of(stream.units, stream.n_units, known)
    found: list[list[tuple[Floats, NDArray[np.int64]]]] = [[] for _ in odds_ratios]
    many = max(1, min(_DRAWN // max(len(stream), 1), _MOST))
    part, whole = stream, np.ones(stream.n_units)
    if len(stream) > _DRAWN:
        part, whole = stream.first(_longest(np.diff(stream.bounds)))
    places = np.arange(len(part)) + part.units + 1
    truth = without_change(stream, expectation, spread)[_among(stream, part)]
    for hits in _drawn(part, truth, correlation, many):
        if part is stream:
            of_strata = sums_of(stream.cells, len(stream.strata.units), hits)
            anew = expectation.anew(of_strata)
            drawn, told = likelihoods(stream, hits, anew, spread)
        else:
            drawn, told = np.broadcast_to(truth, hits.shape), np.ones(hits.shape, dtype=bool)
        for place, ratio in enumerate(odds_ratios):
            found[place].append(_peaks(scores(hits, drawn, told, ratio), places, part))
    return [_tail(of_side, telling, whole * many) for of_side in found]


def _longest(sizes: NDArray[np.int64]) -> int:
    """Return how many calls of each unit can be drawn."""
    most = int(sizes.max())
    while most > 1 and np.minimum(sizes, most).sum() > _DRAWN:
        most = int(most * 0.9)
    return most


def _among(stream: Stream, part: Stream) -> NDArray[np.int64]:
    """Return the positions of the calls of a part, the first ones of each unit."""
    if part is stream:
        return np.arange(len(stream))
    return np.arange(len(part)) - part.bounds[part.units] + stream.bounds[part.units]


def _drawn(stream: Stream, rates: Floats, correlation: float, many: int) -> Iterator[NDArray[np.bool_]]:
    """Yield hits drawn at their rates, some rows at a time; calls of one client are as alike as they are."""
    rng, left = np.random.default_rng(SEED), many
    n_clients = int(stream.clients.max(initial=-1)) + 1
    while left:
        rows = min(left, max(_AT_ONCE // max(len(stream), 1), 1))
        chance = rng.random((rows, len(stream)), dtype=np.float32)
        if correlation:
            of_client = rng.random((rows, n_clients), dtype=np.float32)[:, stream.clients]
            follows = rng.random((rows, len(stream)), dtype=np.float32) < np.sqrt(correlation)
            chance = np.where(follows, of_client, chance)
        yield chance < rates
        left -= rows


def _peaks(added: Floats, places: NDArray[np.int64], stream: Stream) -> tuple[Floats, NDArray[np.int64]]:
    """Return how high charts get between two zeros, and of which unit each such peak is."""
    wide = np.full((len(added), len(stream) + stream.n_units), -_DROP)  # every unit starts at 0
    wide[:, places] = added
    running = np.cumsum(wide.ravel())
    values = running - np.minimum.accumulate(running)
    zeros = np.flatnonzero(values == 0)
    peaks = np.maximum.reduceat(values, zeros)
    kept = np.flatnonzero(peaks > 0)
    of_place = np.repeat(np.arange(stream.n_units), np.diff(stream.bounds) + 1)
    return peaks[kept], of_place[zeros[kept] % wide.shape[1]]


def _tail(found: Sequence[tuple[Floats, NDArray[np.int64]]], telling: Floats, drawn: Floats) -> Tail:
    """Return the tail of peaks.

    Parameters
    ----------
    found
        Peaks, and the unit of each.
    telling
        How much the calls of each unit tell.
    drawn
        How often these calls were drawn.
    """
    peaks, units = (np.concatenate(parts) for parts in zip(*found, strict=True))
    tail = min(_TAIL, len(peaks))
    if not tail:
        return Tail(0.0, np.zeros(len(telling)), 1.0)
    low = float(np.partition(peaks, len(peaks) - tail)[len(peaks) - tail])
    above = peaks >= low
    # Of independent calls they fall off at a rate of 1, of calls that are alike more slowly.
    decay = min(1.0, 1 / max(float((peaks[above] - low).mean()), 1e-9))
    counted = np.bincount(units[above], minlength=len(telling))
    usual = counted.sum() / max(float((telling * drawn).sum()), 1e-9) * telling
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.where(telling > 0, (counted + _SHARED) / (drawn + _SHARED / usual), 0.0)
    return Tail(low, rates, decay)
