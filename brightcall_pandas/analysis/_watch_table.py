"""The rows of `watch`: the state of each unit, since when, by how much, and all of it in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._chance import Clustered, difference, rate_interval
from brightcall_pandas.analysis._groups import observed
from brightcall_pandas.analysis._rates import ratio, wilson
from brightcall_pandas.analysis._watch_expected import ENOUGH, Floats, Stream, moved, sums_of
from brightcall_pandas.analysis._watched import Watched

__all__ = ["table_of"]

STATES = ("fallen", "risen", "steady", "not judged")
_STEPS = 60
_APART = 4  # so many changes are looked at one after the other
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
    watched = _apart(watched) if len(watched.stream) else watched
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
    states = np.array([STATES.index(each) for each in result["state"]], dtype=np.int64)
    order = np.lexsort((-result["n_calls"].to_numpy(), states))
    result = result.iloc[order]
    keys = zip(result["n_calls"].tolist(), result["threshold"].tolist(), strict=True)
    result.attrs["watch"] = _pictured(watched, order) | {"keys": [list(key) for key in keys]}
    return result


def _apart(watched: Watched) -> Watched:
    """Return what is watched, with none of its units compared with calls that belong to a change.

    A unit that fell makes those that are compared with it seem to rise. So the clearest change is found
    first, its calls are left out, and what is left is looked at again.
    """
    left_out: list[int] = []
    while len(left_out) < _APART:
        clearest = max(
            ((clarity, unit) for unit, clarity in watched.clarity.items() if unit not in left_out),
            default=None,
        )
        if clearest is None:
            break
        left_out.append(clearest[1])
        watched = msgspec.structs.replace(watched, found=(watched.tails, watched.calls_changed(left_out)))
    return watched


def _frame(rows: Sequence[dict[str, Any]], watched: Watched) -> pd.DataFrame:
    empty = {"str": "", "int64": 0, "float64": np.nan, "time": -1}
    columns: dict[str, Any] = {}
    for name, kind in _COLUMNS.items():
        values = [row.get(name, empty[kind]) for row in rows]
        if kind == "time":
            told = np.array(values, dtype=np.int64)
            stamps = watched.stamps.take(np.maximum(told, 0)) if len(watched.stamps) else watched.stamps
            columns[name] = stamps.mask(told < 0).array
        else:
            columns[name] = pd.Series(values, dtype="str").array if kind == "str" else np.array(values, kind)
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
    starts = stream.bounds[:-1] + np.array([each.begin for each in verdicts], dtype=np.int64)
    calls = np.flatnonzero(judged & (np.arange(len(stream)) >= starts[stream.units]))
    rates, units = rates[calls], stream.units[calls]
    for unit, verdict in enumerate(verdicts):
        if verdict.alarm is not None:
            within = slice(*np.searchsorted(units, (unit, unit + 1)))
            rates[within] = _level_before(watched, unit, int(starts[unit]), calls[within], rates[within])
    clustered = _of_clients(stream, calls)
    expected_count = sums_of(units, stream.n_units, rates)
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
    hits, many = (sums_of(place, len(pairs), each) for each in (stream.hits[calls], None))
    products = (hits, many, hits * hits, hits * many, many * many)
    return Clustered(*(sums_of(pairs // size, stream.n_units, each) for each in products))


def _behind(stream: Stream, calls: NDArray[np.int64], starts: NDArray[np.int64]) -> Floats:
    """Return on how many calls the expected rate of each unit rests.

    Those are the others' calls of its projects, or its own calls before; projects count by their share.
    """
    strata, units = stream.strata, stream.n_units
    projects = int(strata.projects.max()) + 1

    def counted(rows: NDArray[np.int64] | slice) -> Floats:
        codes = stream.units[rows] * projects + strata.projects[stream.cells[rows]]
        return sums_of(codes, units * projects).reshape(units, projects)

    every = counted(slice(None))
    begins = np.where(starts > stream.bounds[:-1], starts, stream.bounds[1:])
    past = counted(np.flatnonzero(np.arange(len(stream)) < begins[stream.units]))
    own = np.zeros(every.shape, dtype=bool)
    own[stream.units[stream.own_level], strata.projects[stream.cells[stream.own_level]]] = True
    rests = np.maximum(np.where(own, past, every.sum(axis=0) - every), 1)
    shares = ratio(counted(calls), sums_of(stream.units[calls], units)[:, np.newaxis])
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
        hits, expected, many = (
            np.array(float(each)) for each in (stream.hits[past].sum(), plain[past].sum(), len(past))
        )
        if min(expected, many - expected) >= ENOUGH:
            result[now] = moved(plain[calls[now]], hits, expected, many, prior=1.0)
    return result


def _too_few(watched: Watched, unit: int) -> str:
    """Return why a unit is not judged: even if each call were a miss, the chart would not get high enough."""
    stream, (rates, judged) = watched.stream, watched.told
    calls = slice(*stream.bounds[unit : unit + 2])
    compared = int(judged[calls].sum())
    if not compared:
        kinds = f"{ENOUGH} that count and {ENOUGH} that do not"
        return (
            f"nothing to compare {len(rates[calls]):,} calls with: it takes {kinds}, of others or before them"
        )
    needed = int(np.ceil(compared * watched.thresholds[unit, 0] / max(watched.deepest[unit], 1e-9)))
    return f"too few calls to tell: {compared:,}, and even if none of them counted it would take {needed:,}"


def _in_words(watched: Watched, row: dict[str, Any], *, seen: bool) -> str:
    """Return a row as a sentence; `seen` tells whether the unit has calls before."""
    since = f"since {_day(watched, row['since'])}"
    if not seen:
        since = f"since its first call, {_day(watched, row['since'])}"
    expected = f"{_percent(row['rate_expected'])} expected"
    rates = f"{_percent(row['rate_since'])} of {row['n_calls_since']:,} calls, {expected}"
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
    """Return the charts as a picture needs them: for each row how far they got in each span of days."""
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
