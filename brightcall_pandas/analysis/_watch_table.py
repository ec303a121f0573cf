"""The rows of `watch`: the state of each unit, since when, by how much, and all of it in words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._chance import Clustered, difference, rate_interval
from brightcall_pandas.analysis._groups import Groups, observed
from brightcall_pandas.analysis._rates import ratio, wilson
from brightcall_pandas.analysis._watch_chart import (
    Chart,
    charted,
    client_correlation,
    scores,
    tails,
)
from brightcall_pandas.analysis._watch_expected import (
    ENOUGH,
    Expectation,
    Floats,
    Stream,
    likelihoods,
    moved,
    spread_of_days,
)

__all__ = ["Watched", "table_of"]

STATES = ("fallen", "risen", "steady", "not judged")
_STEPS = 60
_COLUMNS = {
    "state": "str",
    "since": "time",
    "n_calls": "int64",
    "n_calls_since": "int64",
    "observed_since": "int64",
    "expected_since": "float64",
    "rate_since": "float64",
    "rate_expected": "float64",
    "difference": "float64",
    "difference_low": "float64",
    "difference_high": "float64",
    "alarm_at": "time",
    "chart": "float64",
    "threshold": "float64",
    "finding": "str",
}


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
    """

    stream: Stream
    units: Groups
    why_not: Sequence[str]
    stamps: pd.Series
    months: float
    false_alarms: float
    odds_ratio: float
    confidence: float

    @property
    def ratios(self) -> tuple[float, float]:
        """The changes: a fall, a rise."""
        return self.odds_ratio, 1 / self.odds_ratio

    @cached_property
    def expectation(self) -> Expectation:
        """What is expected of the strata of each unit."""
        strata = self.stream.strata
        return Expectation(strata, np.bincount(self.stream.cells, self.stream.hits, len(strata.units)))

    @property
    def plain(self) -> Floats:
        """The expected rate of each stratum of each unit."""
        return self.expectation.rates

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
    def thresholds(self) -> Floats:
        """The threshold of each watched unit for a fall and for a rise."""
        rates, judged = self.told
        found = tails(
            self.stream,
            self.expectation,
            rates,
            judged,
            self.ratios,
            spread=self.spread,
            correlation=client_correlation(self.stream, rates),
        )
        allowed = self.false_alarms * self.months / len(found)
        falls = found[0].threshold(allowed / self.stream.n_units)
        able = max(int((self.deepest >= falls).sum()), 1)  # the others cannot give a false alarm
        return np.column_stack([tail.threshold(allowed / able) for tail in found])

    @cached_property
    def deepest(self) -> Floats:
        """How far the chart of a fall would get if each judged call were a miss."""
        rates, judged = self.told
        added = scores(np.zeros(len(rates), dtype=bool), rates, judged, self.odds_ratio)
        return np.bincount(self.stream.units, added, self.stream.n_units)

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


class Verdict(msgspec.Struct, frozen=True):
    """The state of a unit.

    Parameters
    ----------
    state
        One of `STATES`.
    begin
        Since which of its calls.
    alarm
        Which of its calls raised the alarm that goes on, if one does.
    side
        Which chart tells it: that of a fall, that of a rise.
    """

    state: str
    begin: int = 0
    alarm: int | None = None
    side: int = 0


def table_of(watched: Watched) -> pd.DataFrame:
    """Return the table of `watch`."""
    stream = watched.stream
    verdicts = [_verdict(watched, unit) for unit in range(stream.n_units)]
    since = _since(watched, verdicts) if verdicts else {}
    counts = watched.units.count().tolist()
    rows: list[dict[str, Any]] = []
    unit = 0
    for why, many in zip(watched.why_not, counts, strict=True):
        if why:
            rows.append({"state": STATES[-1], "n_calls": many, "finding": why})
            continue
        told = {name: values[unit] for name, values in since.items()}
        rows.append({"n_calls": many} | _row(watched, unit, verdicts[unit], told))
        unit += 1
    result = _frame(rows, watched)
    order = np.lexsort((-result["n_calls"], [STATES.index(each) for each in result["state"]]))
    result = result.iloc[order]
    result.attrs["watch"] = _pictured(watched, order)
    return result


def _frame(rows: Sequence[dict[str, Any]], watched: Watched) -> pd.DataFrame:
    empty = {"str": "", "int64": 0, "float64": np.nan, "time": None}
    columns = {}
    for name, kind in _COLUMNS.items():
        values = [row.get(name, empty[kind]) for row in rows]
        if kind == "time":
            told = np.array([-1 if each is None else each for each in values], dtype=np.int64)
            stamps = watched.stamps.take(np.maximum(told, 0)) if len(watched.stamps) else watched.stamps
            columns[name] = stamps.mask(told < 0).array
        else:
            columns[name] = pd.array(values, dtype=kind) if kind == "str" else np.array(values, dtype=kind)
    return pd.DataFrame(columns, index=watched.units.index)


def _verdict(watched: Watched, unit: int) -> Verdict:
    charts, limits = watched.charts[unit], watched.thresholds[unit]
    alarms = [(each, side) for side, chart in enumerate(charts) for each in chart.alarms]
    if going := [(each.alarm, each.begin, side) for each, side in alarms if each.end is None]:
        alarm, begin, side = max(going)
        return Verdict(STATES[side], begin, alarm, side)
    side = int(np.argmax([chart.values[-1] / limit for chart, limit in zip(charts, limits, strict=True)]))
    if watched.deepest[unit] < limits[0]:
        return Verdict(STATES[-1], side=side)
    judged = np.flatnonzero(watched.told[1][slice(*watched.stream.bounds[unit : unit + 2])])
    over = max((each.end + 1 for each, _ in alarms if each.end is not None), default=0)
    return Verdict(STATES[2], min(max(over, int(judged[0])), int(judged[-1])), side=side)


def _row(watched: Watched, unit: int, verdict: Verdict, since: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a watched unit."""
    stream, side = watched.stream, verdict.side
    limit = float(watched.thresholds[unit, side])
    columns: dict[str, Any] = {
        "state": verdict.state,
        "chart": float(watched.charts[unit][side].values[-1]) / limit,
        "threshold": limit,
    }
    if verdict.state == STATES[-1]:
        return columns | {"finding": _too_few(watched, unit)}
    first = int(stream.bounds[unit])
    columns |= since | {"since": int(stream.rows[first + verdict.begin])}
    if verdict.alarm is not None:
        columns["alarm_at"] = int(stream.rows[first + verdict.alarm])
    return columns | {"finding": _in_words(watched, columns, seen=bool(verdict.begin))}


def _since(watched: Watched, verdicts: Sequence[Verdict]) -> dict[str, NDArray[Any]]:
    """Return observed and expected of each watched unit since it is in its state, and their difference."""
    stream, (rates, judged) = watched.stream, watched.told
    starts = stream.bounds[:-1] + [each.begin for each in verdicts]
    calls = np.flatnonzero(judged & (np.arange(len(stream)) >= starts[stream.units]))
    rates, units = rates[calls], stream.units[calls]
    for unit, verdict in enumerate(verdicts):
        if verdict.alarm is not None:
            within = slice(*np.searchsorted(units, (unit, unit + 1)))
            rates[within] = _level_before(watched, unit, int(starts[unit]), calls[within], rates[within])
    clustered = _of_clients(stream, calls)
    expected_count = np.bincount(units, rates, stream.n_units)
    rate, expected = clustered.ratio, ratio(expected_count, clustered.bottom)
    behind = _behind(stream, calls, starts)
    low, high = difference(
        (rate, rate_interval(clustered, watched.confidence)),
        (expected, wilson(expected * behind, behind, watched.confidence)),
    )
    return {
        "n_calls_since": clustered.bottom.astype(np.int64),
        "observed_since": clustered.top.astype(np.int64),
        "expected_since": expected_count,
        "rate_since": rate,
        "rate_expected": expected,
        "difference": rate - expected,
        "difference_low": low,
        "difference_high": high,
    }


def _of_clients(stream: Stream, calls: NDArray[np.int64]) -> Clustered:
    """Return hits and calls of each unit, among some calls, and how its clients add up to them."""
    size = int(stream.clients.max()) + 1
    place, pairs = observed(stream.units[calls] * size + stream.clients[calls], stream.n_units * size)
    hits = np.bincount(place, stream.hits[calls], len(pairs))
    many = np.bincount(place, minlength=len(pairs)).astype(np.float64)
    products = (hits, many, hits * hits, hits * many, many * many)
    return Clustered(*(np.bincount(pairs // size, each, stream.n_units) for each in products))


def _behind(stream: Stream, calls: NDArray[np.int64], starts: NDArray[np.int64]) -> Floats:
    """Return on how many calls the expected rate of each unit rests.

    Those are the others' calls of its projects, or its own calls before, each project by its share in `calls`.
    """
    strata, units = stream.strata, stream.n_units
    projects = int(strata.projects.max()) + 1

    def counted(rows: NDArray[np.int64] | slice) -> Floats:
        codes = stream.units[rows] * projects + strata.projects[stream.cells[rows]]
        return np.bincount(codes, minlength=units * projects).reshape(units, projects).astype(np.float64)

    every = counted(slice(None))
    begins = np.where(starts > stream.bounds[:-1], starts, stream.bounds[1:])
    past = counted(np.flatnonzero(np.arange(len(stream)) < begins[stream.units]))
    own = np.zeros(every.shape, dtype=bool)
    own[stream.units[stream.own_level], strata.projects[stream.cells[stream.own_level]]] = True
    rests = np.maximum(np.where(own, past, every.sum(axis=0) - every), 1)
    shares = ratio(counted(calls), np.bincount(stream.units[calls], minlength=units)[:, np.newaxis])
    return ratio(1, (shares**2 / rests).sum(axis=1))


def _level_before(watched: Watched, unit: int, start: int, calls: NDArray[np.int64], rates: Floats) -> Floats:
    """Return expected rates, those at the unit's own level at the level before a change."""
    stream, own = watched.stream, watched.stream.own_level
    if not own[calls].any():
        return rates
    projects, plain = stream.strata.projects[stream.cells], watched.plain[stream.cells]
    result = rates.copy()
    before = np.arange(stream.bounds[unit], start)
    for project in np.unique(projects[calls[own[calls]]]):
        past = before[own[before] & (projects[before] == project)]
        now = own[calls] & (projects[calls] == project)
        sums = (stream.hits[past].sum(), plain[past].sum(), len(past))
        if min(sums[1], sums[2] - sums[1]) >= ENOUGH:
            level = (np.array(float(each)) for each in sums)
            result[now] = moved(plain[calls[now]], *level, prior=1.0)
    return result


def _too_few(watched: Watched, unit: int) -> str:
    """Return why a unit is not judged: even if each call were a miss, the chart would not get high enough."""
    stream, (rates, judged) = watched.stream, watched.told
    calls = slice(*stream.bounds[unit : unit + 2])
    compared = int(judged[calls].sum())
    if not compared:
        return f"too few calls to tell: {len(rates[calls]):,}, and no calls before them to compare with"
    needed = int(np.ceil(compared * watched.thresholds[unit, 0] / max(watched.deepest[unit], 1e-9)))
    at_most = f" at an expected {rates[calls][judged[calls]].mean():.1%}".replace("%", " %")
    return f"too few calls to tell: {compared:,}{at_most}; even none of {needed - 1:,} would not raise the alarm"


def _in_words(watched: Watched, row: dict[str, Any], *, seen: bool) -> str:
    """Return a row as a sentence; `seen` tells whether the unit has calls before."""
    since = f"since {_day(watched, row['since'])}"
    if not seen:
        since = f"since its first call, {_day(watched, row['since'])}"
    rates = f"{_percent(row['rate_since'])} of {row['n_calls_since']:,} calls, {_percent(row['rate_expected'])} expected"
    if row["state"] == "steady":
        return f"steady {since}: {rates}"
    points = f"{abs(100 * row['difference']):.1f} points {'below' if row['difference'] < 0 else 'above'}"
    low, high = (100 * row[f"difference_{end}"] for end in ("low", "high"))
    return (
        f"{row['state']} {since}: {rates}, {points} ({low:+.1f} to {high:+.1f}); "
        f"alarm on {_day(watched, row['alarm_at'])}"
    ).replace("-", "\u2212")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _day(watched: Watched, row: int) -> str:
    stamp = watched.stamps.iloc[row]
    return f"{stamp.day} {stamp:%B %Y, %H:%M}"


def _pictured(watched: Watched, order: NDArray[np.int64]) -> dict[str, Any]:
    """Return the charts as a picture needs them: for each row how far they got in each of some spans of days."""
    stream = watched.stream
    if not len(stream):
        return {"begins": [], "falls": [], "rises": [], "alarms": []}
    width = -(-stream.n_days // _STEPS)
    steps = stream.days // width
    many = int(steps.max()) + 1
    first = watched.stamps.iloc[stream.rows[np.argmin(stream.days)]].tz_localize(None).normalize()
    sides: list[list[list[float]]] = [[[] for _ in watched.why_not] for _ in STATES[:2]]
    alarms = [0] * len(watched.why_not)
    for unit, place in enumerate(np.flatnonzero([not why for why in watched.why_not]).tolist()):
        inner = steps[stream.bounds[unit] : stream.bounds[unit + 1]]
        begins = np.flatnonzero(np.diff(inner, prepend=-1))
        alarms[place] = sum(len(chart.alarms) for chart in watched.charts[unit])
        for side, chart in enumerate(watched.charts[unit]):
            highest = np.maximum.reduceat(chart.values, begins) / watched.thresholds[unit, side]
            last = np.searchsorted(inner[begins], np.arange(many), side="right") - 1
            ends = chart.values[np.append(begins[1:], len(inner)) - 1] / watched.thresholds[unit, side]
            seen = np.isin(np.arange(many), inner[begins])
            line = np.where(last < 0, 0.0, np.where(seen, highest[last], ends[last]))
            sides[side][place] = np.round(np.minimum(line, 1), 3).tolist()
    return {
        "begins": pd.date_range(first, periods=many + 1, freq=f"{width}D").strftime("%Y-%m-%d").tolist(),
        "falls": [sides[0][place] for place in order],
        "rises": [sides[1][place] for place in order],
        "alarms": [alarms[place] for place in order],
    }
