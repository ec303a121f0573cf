"""What is watched, and what follows from it: what is expected, the thresholds, the charts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import Groups
from brightcall_pandas.analysis._watch_chart import (
    Chart,
    Tail,
    charted,
    client_correlation,
    scores,
    tails,
)
from brightcall_pandas.analysis._watch_expected import (
    Expectation,
    Floats,
    Stream,
    likelihoods,
    spread_of_days,
    sums_of,
)

__all__ = ["Watched"]


class Watched(msgspec.Struct, frozen=True, dict=True):
    """What is watched, and how.

    Parameters
    ----------
    stream
        The calls that are watched.
    units
        All units, those that are not watched among them.
    why_not
        Why a unit is not watched; empty where it is.
    stamps
        When each call of the frame began.
    months
        How long these calls took.
    false_alarms
        How many of them a month.
    odds_ratio
        The change to be found.
    confidence
        Confidence of the intervals.
    found
        What peaks charts have where nothing changed, and which calls belong to a change, if that is known:
        others are not compared with these.
    """

    stream: Stream
    units: Groups
    why_not: Sequence[str]
    stamps: pd.Series
    months: float
    false_alarms: float
    odds_ratio: float
    confidence: float
    found: tuple[list[Tail], NDArray[np.bool_]] | None = None

    @property
    def ratios(self) -> tuple[float, float]:
        """The changes: a fall, a rise."""
        return self.odds_ratio, 1 / self.odds_ratio

    @cached_property
    def expectation(self) -> Expectation:
        """What is expected of the strata of each unit."""
        stream, size = self.stream, len(self.stream.strata.units)
        if self.found is None:
            return Expectation(stream.strata, stream.strata.calls, sums_of(stream.cells, size, stream.hits))
        usual = ~self.found[1]
        calls, hits = (sums_of(stream.cells, size, each) for each in (usual, usual & stream.hits))
        return Expectation(stream.strata, calls, hits)

    @property
    def plain(self) -> Floats:
        """The expected rate of each stratum of each unit."""
        rates: Floats = self.expectation.rates
        return rates

    @cached_property
    def spread(self) -> float:
        """Variance of the days."""
        return spread_of_days(self.stream, self._told(0.0)[0])

    def _told(self, spread: float) -> tuple[Floats, NDArray[np.bool_]]:
        rates, judged = likelihoods(self.stream, self.stream.hits[np.newaxis], self.plain[np.newaxis], spread)
        return rates[0], judged[0]

    @cached_property
    def told(self) -> tuple[Floats, NDArray[np.bool_]]:
        """How likely each call is a hit, and which calls are judged."""
        return self._told(self.spread)

    @cached_property
    def tails(self) -> list[Tail]:
        """What peaks the charts of a fall and of a rise have where nothing changed."""
        if self.found is not None:
            return self.found[0]
        rates, judged = self.told
        alike = client_correlation(self.stream, rates)
        options: Any = {"spread": self.spread, "correlation": alike}
        return tails(self.stream, self.expectation, rates, judged, self.ratios, **options)

    @cached_property
    def thresholds(self) -> Floats:
        """The threshold of each watched unit for a fall and for a rise."""
        allowed = self.false_alarms * self.months / len(self.tails)
        falls = self.tails[0].threshold(allowed / self.stream.n_units)
        able = max(int((self.deepest >= falls).sum()), 1)  # the others cannot give a false alarm
        return np.column_stack([tail.threshold(allowed / able) for tail in self.tails])

    @property
    def clarity(self) -> dict[int, float]:
        """How clear the change is of each unit whose alarm goes on: its evidence ÷ √calls."""
        return {
            unit: float(evidence / np.sqrt(max(end - begin, 1)))
            for unit, (begin, end, evidence) in self._changes().items()
        }

    def calls_changed(self, units: Sequence[int]) -> NDArray[np.bool_]:
        """Return which calls belong to the changes of some units, those found before among them."""
        result = np.zeros(len(self.stream), dtype=bool) if self.found is None else self.found[1].copy()
        for unit, (begin, end, _) in self._changes().items():
            if unit in units:
                result[begin:end] = True
        return result

    def _changes(self) -> dict[int, tuple[int, int, float]]:
        """Return begin, end and evidence of each change that goes on, by unit."""
        rates, judged = self.told
        found = {}
        for unit, (first, end) in enumerate(pairwise(self.stream.bounds.tolist())):
            for chart, ratio in zip(self.charts[unit], self.ratios, strict=True):
                for begin in (first + each.begin for each in chart.alarms if each.end is None):
                    calls = slice(begin, end)
                    added = scores(self.stream.hits[calls], rates[calls], judged[calls], ratio)
                    found[unit] = (begin, end, float(added.sum()))
        return found

    @cached_property
    def deepest(self) -> Floats:
        """How far the chart of a fall would get if each judged call were a miss."""
        rates, judged = self.told
        added = scores(np.zeros(len(rates), dtype=bool), rates, judged, self.odds_ratio)
        return sums_of(self.stream.units, self.stream.n_units, added)

    @cached_property
    def charts(self) -> list[tuple[Chart, ...]]:
        """The charts of each watched unit: of a fall, of a rise."""
        rates, judged = self.told
        added = [scores(self.stream.hits, rates, judged, ratio) for ratio in self.ratios]
        bounds = self.stream.bounds
        return [
            tuple(
                charted(side[begin:end], threshold)
                for side, threshold in zip(added, self.thresholds[unit], strict=True)
            )
            for unit, (begin, end) in enumerate(pairwise(bounds.tolist()))
        ]
