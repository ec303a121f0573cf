"""Calls along the clock and the calendar, and how many are in progress at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._covered import Covered, Days, calls_a_day, covered, days_behind, fills
from brightcall_pandas.analysis._dimensions import LONGEST_S, WEEKDAYS, By, names_of, split
from brightcall_pandas.analysis._durations import impossible_durations
from brightcall_pandas.analysis._groups import Groups, completed, folded_keys, grouped, keys_of_index
from brightcall_pandas.analysis._intervals import (
    interval,
    ratios_of,
    rest_flags,
    say_level,
    with_intervals,
)
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._metrics import (
    Further,
    find_metric,
    is_summable,
    metrics_of,
    summable,
    sums_for,
    with_further,
)
from brightcall_pandas.analysis._periods import period_key, period_starts
from brightcall_pandas.analysis._tallies import additive, known_sums, tally
from brightcall_pandas.frame import column, micros

__all__ = ["concurrency", "heatmap", "over_time"]


_METRICS = (
    "n_calls",
    "answered",
    "answer_rate",
    "answer_time_mean_s",
    "talk_time_total_s",
    "talk_time_mean_s",
)


def tally_over_time(
    df: pd.DataFrame, freq: str = "D", *, metrics: Further = None, by: By = None
) -> pd.DataFrame:
    """Return the sums behind `over_time`: one row per group and period that has calls."""
    chosen = with_further(_METRICS, metrics)
    period, known = period_key(column(df, "timestamp"), freq)
    parts = split(df, by).within(period).where(known)
    ratios, wholes = ratios_of(chosen), len(names_of(by))
    return tally(df, parts, sums_for(chosen), ratios=ratios, wholes=wholes)


def finish_over_time(
    table: pd.DataFrame,
    freq: str = "D",
    *,
    metrics: Further = None,
    confidence: float = 0.95,
    days: Covered,
) -> pd.DataFrame:
    """Return the table of `over_time` from its tally, and the time that the calls cover."""
    chosen = with_further(_METRICS, metrics)
    *by, period = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    starts = pd.DatetimeIndex(period.labels)
    every, complete = starts, np.zeros(0, dtype=bool)
    if len(starts):
        edges = period_starts(starts[0], starts[-1], freq)
        every, complete = edges[:-1].rename("timestamp"), fills(edges, days)
    groups = completed(by, every.get_indexer(starts)[period.codes], every)
    sums = known_sums(table, groups, sums_for(chosen))
    wholes = np.arange(len(groups)) // max(len(every), 1)
    columns = with_intervals(chosen, metrics_of(table, groups, chosen), sums, confidence)
    columns |= rest_flags(sums, chosen, confidence, wholes)
    result = say_level(pd.DataFrame(columns, index=groups.index), confidence)
    result["complete"] = np.resize(complete, len(result))
    return result


@additive(tally_over_time, finish_over_time, whole_clients=True, durations=("answerTime", "talkTime"))
def over_time(
    df: pd.DataFrame,
    freq: str = "D",
    *,
    metrics: Further = None,
    by: By = None,
    confidence: float = 0.95,
    days: Days = None,
) -> pd.DataFrame:
    """Count calls and answers in each period.

    Parameters
    ----------
    df
        Calls of every direction; needs ``timestamp``. ``state``, ``answerTime`` and ``talkTime`` are used
        where present.
    freq
        Length of a period: a span that divides the day (``"15min"``, ``"h"``, ``"2h"``), or ``"D"``, ``"W"``
        (from Monday), ``"M"``, ``"Q"``, ``"Y"``; the words ``"hour"``, ``"day"``, ``"week"``, ``"month"``,
        ``"quarter"`` and ``"year"`` mean the same.
    metrics
        Further metrics: your own (`bc.Metric`), or names in `definitions` that describe a group of calls, but
        not the median. They stand behind the usual ones.
    by
        Columns or dimensions (``agent``, ``project`` …) that become outer index levels.
    confidence
        Confidence of the intervals, between 0 and 1.
    days
        First and last day that the calls were loaded for, or a period such as ``"2026-03"``. None: the days
        of the load, else from the first call to the last.

    Returns
    -------
    pandas.DataFrame
        Index ``timestamp``: the start of each period, in the frame's timezone (below the levels of `by`). No
        period between the first and the last call is left out, and every group has every period.

        - ``n_calls``, ``answered`` (int64)
        - ``answer_rate``: answered ÷ calls
        - ``answer_time_mean_s``: mean answer time of answered calls (average speed of answer)
        - ``talk_time_total_s``: over all calls, seconds
        - ``talk_time_mean_s``: over answered calls whose talk time is known
        - after the rate and both means ``…_low`` and ``…_high``, their intervals, with the client as the
          cluster as in `breakdown`
        - ``beyond_chance`` (boolean): whether the answer rate differs from that of all other periods of the
          group by more than chance gives, as in `breakdown`; its level is in ``attrs["brightcall"]``
        - ``complete`` (bool): whether the days fill the period. The first and the last week of a month are
          often part of one only, and so is a day that was still going on when it was loaded: their counts
          compare with nothing

        A period without calls has counts and totals of 0 and null rates.

    Raises
    ------
    KeyError
        The frame has no ``timestamp``, or a name in `by` is unknown.
    TypeError, ValueError
        `freq` is not such a period, `confidence` is not between 0 and 1, or `days` are not two days in their
        order.

    Notes
    -----
    The days are those that ``df.attrs["brightcall"]`` names as loaded, up to the moment at which they were
    read. Of a part of the calls loaded (filtered, or cut out), and of calls that do not say what was loaded,
    they are the days from the first to the last call, wholly. `days` overrules both.

    A call belongs to the period in which it begins; calls without a time are left out. Days are those of
    the wall clock: around a clock change they have 23 or 25 hours, and the hour that occurs twice has two
    rows.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00:00Z", "2026-03-04T09:00:00Z"]
    >>> calls = pd.DataFrame({"timestamp": stamps, "state": [1, 0]})
    >>> calls.calls.over_time("D")[["n_calls", "answer_rate", "complete"]]
                               n_calls  answer_rate  complete
    timestamp
    2026-03-02 00:00:00+00:00        1          1.0      True
    2026-03-03 00:00:00+00:00        0          NaN      True
    2026-03-04 00:00:00+00:00        1          0.0      True
    >>> calls.calls.over_time("W")["complete"].tolist()
    [False]
    """
    table = tally_over_time(df, freq, metrics=metrics, by=by)
    return finish_over_time(table, freq, metrics=metrics, confidence=confidence, days=covered(df, days))


_A_DAY = "_per_day"
_CELLS = 7 * 24
_VALUES_A_DAY = tuple(total + _A_DAY for total in ("n_calls", "answered", "positive"))


def tally_heatmap(df: pd.DataFrame, value: str | Metric | None = None, *, by: By = None) -> pd.DataFrame:
    """Return the sums behind `heatmap`: one row per group, weekday and hour that has calls."""
    metric = _metric_of(value)
    known = column(df, "timestamp").notna().to_numpy()
    parts = split(df, by).within(*split(df, ["weekday", "hour"]).keys).where(known)
    ratios, wholes = ratios_of([metric]), len(names_of(by))
    return tally(df, parts, sums_for([metric]), ratios=ratios, wholes=wholes)


def finish_heatmap(
    table: pd.DataFrame, value: str | Metric | None = None, *, confidence: float = 0.95, days: Covered
) -> pd.DataFrame:
    """Return the table of `heatmap` from its tally, and the time that the calls cover."""
    metric = _metric_of(value)
    a_day = value in _VALUES_A_DAY
    *by, weekday, _ = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    week = pd.Index(WEEKDAYS, dtype="str", name="weekday")
    rows = completed(by, week.get_indexer(weekday.labels)[weekday.codes], week)
    hours = table.index.get_level_values(-1).to_numpy(dtype=np.int64)
    cells = Groups(rows.codes * 24 + hours, pd.RangeIndex(len(rows) * 24))
    values = metrics_of(table, cells, [metric])[metric.name].to_numpy().reshape(-1, 24)
    if a_day:
        values = calls_a_day(values, np.resize(days_of_cells(days), values.shape))
    result = pd.DataFrame(values, index=rows.index, columns=pd.RangeIndex(24, name="hour"))
    _, *divisor = metric.sums
    behind = np.nan_to_num(table[divisor[0] if divisor else "n_calls"].to_numpy())
    counted = cells.sum(behind).reshape(-1, 24)
    calls = int(table["n_calls"].sum())
    shown = metric.name + (_A_DAY if a_day else "")
    result.attrs["heatmap"] = {"value": shown, "n_calls": calls, "counted": counted.tolist()}
    if a_day:
        result.attrs["heatmap"]["days"] = float(days_behind(pd.RangeIndex(1), days)[0])
    said = _chance_of_cells(known_sums(table, cells, sums_for([metric])), metric, confidence)
    result.attrs["heatmap"] |= said
    return say_level(result, confidence, flagged="beyond_chance" in said)


def _chance_of_cells(sums: pd.DataFrame, metric: Metric, confidence: float) -> dict[str, object]:
    """Return what a heat map's attributes say of chance, row by row, for a value that has a denominator."""
    if not ratios_of([metric]):
        return {}
    low, high = interval(metric, sums, confidence)
    found: dict[str, Any] = {"low": low, "high": high}
    for name, flag in rest_flags(sums, [metric], confidence, np.arange(len(sums)) // _CELLS).items():
        found[name] = flag.to_numpy(dtype=object, na_value=None)  # attributes are compared, which NA forbids
    return {name: each.reshape(-1, 24).tolist() for name, each in found.items()}


def _metric_of(value: str | Metric | None) -> Metric:
    """Return the metric that a heat map shows, in total or a day."""
    if value is None or value in _VALUES_A_DAY:
        return find_metric(str(value or "n_calls").removesuffix(_A_DAY))
    return summable(find_metric(value, "value", _VALUES_A_DAY, is_summable), "value")


def days_of_cells(days: Covered) -> NDArray[np.float64]:
    """Return how many of the days covered have each weekday and hour, weekdays as rows."""
    weekdays = pd.CategoricalIndex(WEEKDAYS, categories=WEEKDAYS).repeat(24)
    hours = pd.Index(np.tile(np.arange(24), 7), dtype="Int64")
    index = pd.MultiIndex.from_arrays([weekdays, hours], names=["weekday", "hour"])
    return np.nan_to_num(days_behind(index, days)).reshape(7, 24)


@additive(tally_heatmap, finish_heatmap, whole_clients=True, durations=("answerTime", "talkTime"))
def heatmap(
    df: pd.DataFrame,
    value: str | Metric | None = None,
    *,
    by: By = None,
    confidence: float = 0.95,
    days: Days = None,
) -> pd.DataFrame:
    """Return a value for each weekday and hour.

    Parameters
    ----------
    df
        Calls; needs ``timestamp``, and what the value is made of.
    value
        What each cell holds: a metric of your own (`bc.Metric`), or a name in `definitions` that describes a
        group of calls, such as ``"n_calls"``, ``"answer_rate"``, ``"talk_time_mean_s"`` or
        ``"positive_rate"``, but not the median; or, on the mean of the days, ``"n_calls_per_day"``,
        ``"answered_per_day"`` or ``"positive_per_day"``. None: ``"n_calls"`` in the table, and
        ``"n_calls_per_day"`` in the picture, where weekdays are to be compared.
    by
        Columns or dimensions (``agent``, ``project`` …) that become outer index levels, seven rows each.
    confidence
        Confidence of the intervals, between 0 and 1.
    days
        First and last day that the calls were loaded for. None: the days of the load, as in `over_time`.

    Returns
    -------
    pandas.DataFrame
        Index ``weekday`` (Monday to Sunday, below the levels of `by`), columns ``hour`` (0 to 23). A cell
        without calls is 0 for counts and totals, null for rates and means. ``attrs["heatmap"]`` holds the
        ``value``'s name, the number of all calls as ``n_calls``, and ``counted``, row by row the number of
        calls behind each cell (for a mean, those that it averages), so that a picture can mark cells that
        rest on few; of a mean of days also ``days``, how many there are. Of a rate or a mean it holds ``low``
        and ``high``, the interval of each cell, and of a rate ``beyond_chance``, whether the cell differs
        from all other cells of the group, all row by row and as in `breakdown`; the level is in
        ``attrs["brightcall"]``. Without calls the table has no rows.

    Raises
    ------
    KeyError
        The frame has no ``timestamp``, or a name in `by` is unknown.
    TypeError, ValueError
        `value` is none of these, `confidence` is not between 0 and 1, or `days` are not two days in their
        order.

    Notes
    -----
    Weekday and hour are those of the wall clock in the frame's timezone; calls without a time are left out.

    Counts are totals: of 30 days from a Sunday on, five are Sundays and Mondays and four are Wednesdays, so
    the same traffic every day makes Mondays a quarter busier. ``…_per_day`` divides by the number of days
    covered that have this weekday and hour, those without calls included: a day covered in part counts in
    part, and a day whose clock skips the hour not at all. A cell that no day covers is null.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00:00Z", "2026-03-02T09:30:00Z", "2026-03-03T10:00:00Z"]
    >>> calls = pd.DataFrame({"timestamp": stamps, "state": [1, 0, 1]})
    >>> table = calls.calls.heatmap("answer_rate")
    >>> float(table.loc["Monday", 9]), float(table.loc["Tuesday", 10])
    (0.5, 1.0)
    """
    table = tally_heatmap(df, value, by=by)
    return finish_heatmap(table, value, confidence=confidence, days=covered(df, days))


def concurrency(df: pd.DataFrame, freq: str = "1min", *, by: By = None) -> pd.DataFrame:
    """Count the calls in progress at once.

    Parameters
    ----------
    df
        Calls of every direction; needs ``timestamp`` and ``totalTime``.
    freq
        Length of a period: a span that divides the day (``"1min"``, ``"15min"``, ``"h"``), or ``"D"``,
        ``"W"``, ``"M"``, ``"Q"``, ``"Y"``; the words ``"hour"``, ``"day"``, ``"week"``, ``"month"``,
        ``"quarter"`` and ``"year"`` mean the same.
    by
        Columns or dimensions (``agent``, ``project`` …) that become outer index levels. Every group has
        every period.

    Returns
    -------
    pandas.DataFrame
        Index ``timestamp``: the start of each period, in the frame's timezone, from the first start to the
        last end without gaps (below the levels of `by`).

        - ``calls_max`` (int64): the most calls in progress at any instant of the period
        - ``calls_mean``: time that calls spend in the period ÷ its length: the load in erlangs

        ``attrs["n_calls"]`` is the number of calls that were ever in progress.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `freq` is not such a period.

    Notes
    -----
    A call is in progress from ``timestamp`` until just before ``timestamp`` + ``totalTime`` (ringing and hold
    included). The maximum is exact: it comes from a sweep over all starts and ends, not from samples. Calls
    without time or duration, and those that last 0 s or less or more than a day, are never in progress.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00:00Z", "2026-03-02T09:00:30Z", "2026-03-02T09:02:00Z"]
    >>> calls = pd.DataFrame({"timestamp": stamps, "totalTime": [60, 60, 30]})
    >>> calls.calls.concurrency("1min")
                               calls_max  calls_mean
    timestamp
    2026-03-02 09:00:00+00:00          2         1.5
    2026-03-02 09:01:00+00:00          1         0.5
    2026-03-02 09:02:00+00:00          1         0.5
    """
    stamps = column(df, "timestamp")
    seconds = column(df, "totalTime").to_numpy(dtype=np.float64)
    in_progress = stamps.notna().to_numpy() & (seconds > 0) & (seconds <= LONGEST_S)
    parts = split(df, by).where(in_progress)
    rows = parts.pick(np.arange(len(df)))
    starts = micros(stamps)[rows]
    ends = starts + np.round(seconds[rows] * 1e6).astype(np.int64)
    edges = _edges(starts, ends, stamps, freq)
    keys = folded_keys(parts.keys, np.ones(len(rows)))
    spans = [(starts, ends)]
    if keys:
        groups = grouped(keys)
        order = np.argsort(groups.codes, kind="stable")
        cuts = np.cumsum(groups.count())[:-1]
        spans = list(zip(np.split(starts[order], cuts), np.split(ends[order], cuts), strict=True))
    every = edges[:-1].rename("timestamp")
    index = completed(keys, np.zeros(len(rows), dtype=np.int64), every).index
    # A stable sort is quick where calls already come in order of time.
    counted = [_most_and_mean(np.sort(a, kind="stable"), np.sort(b), edges.asi8) for a, b in spans]
    most, mean = (np.concatenate(each)[: len(index)] for each in zip(*counted, strict=True))
    result = pd.DataFrame({"calls_max": most, "calls_mean": mean}, index=index)
    result.attrs["n_calls"] = int(np.count_nonzero(in_progress))
    if found := impossible_durations(df, ["totalTime"]):
        result.attrs["impossible"] = found
    return result


def _edges(
    starts: NDArray[np.int64], ends: NDArray[np.int64], stamps: pd.Series, freq: str
) -> pd.DatetimeIndex:
    """Return where the periods begin, and where the last one ends."""
    if not len(starts):
        return pd.DatetimeIndex(stamps.iloc[:0]).as_unit("us")
    first, last = (
        pd.Timestamp(int(each), unit="us", tz="UTC").tz_convert(stamps.dt.tz).as_unit("us")
        for each in (starts.min(), ends.max() - 1)
    )
    return period_starts(first, last, freq)


def _most_and_mean(
    starts: NDArray[np.int64], ends: NDArray[np.int64], edges: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each period the most calls in progress, and the time that they spend in it ÷ its length."""
    begun, ended = np.searchsorted(starts, edges), np.searchsorted(ends, edges, side="right")
    carried = (begun - ended)[:-1]
    # More calls than were carried over can be in progress only when a call starts.
    most = carried.copy()
    starting = np.flatnonzero(np.diff(begun))
    if len(starting):
        at_start = np.arange(1, len(starts) + 1) - np.searchsorted(ends, starts, side="right")
        most[starting] = np.maximum(most[starting], np.maximum.reduceat(at_start, begun[:-1][starting]))
    lengths = np.diff(edges).astype(np.float64)
    spent = carried * lengths
    for times, passed, sign in ((starts, begun, 1), (ends, ended, -1)):
        place = np.repeat(np.arange(len(lengths)), np.diff(passed))
        left = edges[1:][place] - times[passed[0] : passed[-1]] if len(edges) else times
        spent += sign * np.bincount(place, weights=left, minlength=len(lengths))
    return most, spent / lengths
