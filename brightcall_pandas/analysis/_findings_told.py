"""What is told of many differences: how they share one level, how far each may be off, which say the same.

::

    weight     each question has its part of the level, its groups share it alike    Genovese et al. 2006
    interval   the end near no difference reaches as far as the test: it was picked  Benjamini, Yekutieli 2005
    told with  a difference that follows from earlier ones is no news of its own
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._chance import beyond_chance
from brightcall_pandas.analysis._dimensions import Direction
from brightcall_pandas.analysis._findings_calls import Both, CountedCalls, counted
from brightcall_pandas.analysis._intervals import level
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._rates import normal_quantile

__all__ = ["judged"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_QUESTION = ["kind", "direction", "metric", "dimension"]
_SHARES = {"moved": 2.0, "apart": 1.0}  # of a report that comes each week, what moved is the news
_MUCH = 1 / 3  # of a difference, where so much follows from earlier ones


def judged(
    table: pd.DataFrame, both: Both, metrics: Mapping[tuple[str, str], Metric], confidence: float
) -> pd.DataFrame:
    """Return differences with what may be told of them, the surest first: by p-value ÷ weight.

    Parameters
    ----------
    table
        All that was looked at, with p-values and usual intervals.
    both
        The calls.
    metrics
        The rate of each direction and name.
    confidence
        1 − the false discovery rate, and the confidence of the intervals.

    Returns
    -------
    pandas.DataFrame
        With ``weight``, ``beyond_chance`` and ``told_with``; intervals of what is beyond chance are wider.
    """
    table["weight"] = _weights(table)
    evidence = table["p_value"].astype("float64") / table["weight"]
    order = np.argsort(evidence, kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    table["beyond_chance"] = beyond_chance(evidence.to_numpy(dtype=np.float64)[order], level(confidence))
    bars = _bars(table, confidence)
    table["told_with"] = _told_with(table, both, metrics, bars, confidence)
    return _reaching_further(table, bars, confidence)


def _weights(table: pd.DataFrame) -> pd.Series:
    """Return the weight of each test, 1 on average; it depends on what is asked, never on what is found."""
    sizes = table.groupby(_QUESTION, sort=False)["p_value"].transform("size")
    shares = table["kind"].map(_SHARES).astype("float64") / sizes
    return shares / shares.mean()


def _bars(table: pd.DataFrame, confidence: float) -> Floats:
    """Return how many standard errors from no difference each test had to be, to be beyond chance."""
    from statistics import NormalDist  # noqa: PLC0415  (it loads decimals and fractions: not at import)

    least = level(confidence) * max(int(table["beyond_chance"].sum()), 1) / max(len(table), 1)
    cuts = np.minimum(least * table["weight"].to_numpy(dtype=np.float64), level(confidence))
    return np.array([-NormalDist().inv_cdf(each / 2) for each in cuts], dtype=np.float64)


def _reaching_further(table: pd.DataFrame, bars: Floats, confidence: float) -> pd.DataFrame:
    """Return the table with intervals that allow for the choice of what is told.

    What is picked because it is large is larger than the truth more often than not, so that the end near no
    difference is taken at the level of the test. The other end is never wrong because of the choice. No
    interval goes past 0, which the test itself has left out.
    """
    told = table["beyond_chance"].to_numpy(dtype=bool)
    size, low, high = (
        table[name].to_numpy(dtype=np.float64) for name in ("difference", "difference_low", "difference_high")
    )
    reach = (high - low) / 2 / normal_quantile(confidence) * bars
    table["difference_low"] = np.where(told & (size > 0), np.maximum(size - reach, 0), low)
    table["difference_high"] = np.where(told & (size < 0), np.minimum(size + reach, 0), high)
    return table


class _Contrast(msgspec.Struct, frozen=True):
    """The excess of a group as a sum over all calls in hand: of each its weight and whether it is a hit."""

    weights: Floats
    hit: Floats
    here: Mask
    metric: str

    @property
    def excess(self) -> float:
        """Hits of the group less those expected."""
        return float(np.nansum(self.weights * self.hit))

    @property
    def size(self) -> float:
        """Excess ÷ this is the difference."""
        return float(self.weights[self.here].sum())

    def follows(self, other: _Contrast) -> float:
        """Return by how much this rate changes where the other changes by 1, in the calls of the other."""
        if self.metric == other.metric:
            return 1.0
        shared = (other.weights != 0) & ~np.isnan(self.hit) & ~np.isnan(other.hit)
        one, two = self.hit[shared], other.hit[shared]
        spread = float(np.var(two)) if shared.any() else 0.0
        return float(np.mean((one - one.mean()) * (two - two.mean()))) / spread if spread else 0.0


class _Contrasts:
    """Contrasts of rows of the table; what they share is read once."""

    def __init__(self, both: Both, metrics: Mapping[tuple[str, str], Metric]) -> None:
        self._both, self._metrics = both, metrics
        self._known: dict[tuple[str, str], CountedCalls | None] = {}

    @cached_property
    def _all(self) -> NDArray[np.int64]:
        return np.zeros(len(self._both.frame), dtype=np.int64)

    def of(self, row: Mapping[str, Any]) -> _Contrast:
        key = row["direction"], row["metric"]
        if key not in self._known:
            direction: Direction = row["direction"] or None
            self._known[key] = counted(self._both, direction, self._metrics[key])
        calls = self._known[key]
        assert calls is not None  # the row was counted of them
        rows = calls.rows
        codes, labels = self._both.groups(row["dimension"]) if row["dimension"] else (self._all, ["all"])
        mine = codes[rows] == labels.index(row["group"])
        strata = self._both.alike(row["kind"], row["dimension"])[rows]
        known = strata >= 0
        first = known & mine & ~calls.is_other
        second = known & (mine & calls.is_other if row["kind"] == "moved" else ~mine & ~calls.is_other)
        place = np.unique(strata, return_inverse=True)[1]
        sides = [np.bincount(place[each], minlength=int(place.max()) + 1) for each in (first, second)]
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = [np.nan_to_num(each / (sides[0] + sides[1])) for each in sides]
        weights, hit = np.zeros(len(self._all)), np.full(len(self._all), np.nan)
        weights[rows] = np.select([first, second], [shares[1][place], -shares[0][place]], 0.0)
        hit[rows] = calls.hit
        here = np.zeros(len(self._all), dtype=bool)
        here[rows[first]] = True
        return _Contrast(weights, hit, here, row["metric"])


def _told_with(
    table: pd.DataFrame,
    both: Both,
    metrics: Mapping[tuple[str, str], Metric],
    bars: Floats,
    confidence: float,
) -> pd.Series:
    """Return the row with which each difference is told, from which it follows; null for news of its own.

    One after the other, what moved first and then the surest first, each is held against what follows
    of it from the earlier ones: their difference in the calls that both have, of the hits of one rate that
    are hits of the other. It is no news where that is a third of it at least, and the rest is not beyond
    chance by the bar that holds for all.
    """
    told = pd.Series(pd.NA, index=table.index, dtype="Int64")
    beyond = table[table["beyond_chance"]].sort_values(
        "kind", key=lambda kinds: kinds != "moved", kind="stable"
    )
    reading = _Contrasts(both, metrics)
    news: dict[int, tuple[_Contrast, float]] = {}
    rows: Sequence[dict[str, Any]] = beyond.to_dict("records")  # type: ignore[assignment]
    for number, row in zip(beyond.index, rows, strict=True):
        contrast = reading.of(row)
        excess, size = contrast.excess, contrast.size
        expected = {
            each: change * contrast.follows(earlier) * float(contrast.weights[earlier.here].sum())
            for each, (earlier, change) in news.items()
        }
        rest = excess - sum(expected.values())
        reach = (row["difference_high"] - row["difference_low"]) / 2 / normal_quantile(confidence) * size
        toward = np.sign(excess)
        if sum(expected.values()) * toward >= _MUCH * abs(excess) and rest * toward <= bars[number] * reach:
            told[number] = max(expected, key=lambda each: expected[each] * toward)
        else:
            news[number] = contrast, rest / size
    return told
