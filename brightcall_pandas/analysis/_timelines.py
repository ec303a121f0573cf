"""Calls along the clock and the calendar, and how many are in progress at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import LONGEST_S, WEEKDAYS, By, period_key, period_starts, split
from brightcall_pandas.analysis._groups import completed, folded_keys, keys_of_index
from brightcall_pandas.analysis._metrics import METRICS, metrics_of, sums_for
from brightcall_pandas.analysis._tallies import additive, tally
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


def tally_over_time(df: pd.DataFrame, freq: str = "D", by: By = None) -> pd.DataFrame:
    """Return the sums that `over_time` is made of: a row for each group and period that has calls."""
    period, known = period_key(column(df, "timestamp"), freq)
    parts = split(df, by).within(period).where(known)
    return tally(df, parts, sums_for(_METRICS))


def finish_over_time(table: pd.DataFrame, freq: str = "D") -> pd.DataFrame:
    """Return the table of `over_time` from its tally."""
    *by, period = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    starts = pd.DatetimeIndex(period.labels)
    every = starts
    if len(starts):
        every = period_starts(starts[0], starts[-1], freq)[:-1].rename("timestamp")
    groups = completed(by, every.get_indexer(starts)[period.codes], every)
    return metrics_of(table, groups, _METRICS)


@additive(tally_over_time, finish_over_time)
def over_time(df: pd.DataFrame, freq: str = "D", by: By = None) -> pd.DataFrame:
    """Follow the calls through time.

    Parameters
    ----------
    df
        Calls; needs ``timestamp``. ``state``, ``answerTime`` and ``talkTime`` are used where present.
    freq
        Length of a period: a span that divides the day (``"15min"``, ``"h"``, ``"2h"``), or ``"D"``, ``"W"``
        (from Monday), ``"M"``, ``"Q"``, ``"Y"``.
    by
        Columns or dimensions (``agent``, ``project`` …) that become outer index levels.

    Returns
    -------
    pandas.DataFrame
        Index ``timestamp``: where each period begins, in the frame's timezone (below the levels of `by`). No
        period between the first and the last call is left out.

        - ``n_calls``, ``answered`` (int64)
        - ``answer_rate``: answered ÷ calls
        - ``answer_time_mean_s``: mean answer time of answered calls (average speed of answer)
        - ``talk_time_total_s``: over all calls, seconds
        - ``talk_time_mean_s``: over answered calls whose talk time is known

        Without calls in it a period has counts and totals of 0 and null rates.

    Raises
    ------
    KeyError
        The frame has no ``timestamp``, or a name in `by` is unknown.
    ValueError
        `freq` is no such period.

    Notes
    -----
    A call belongs to the period in which it begins; calls without a time are left out. Days are those of
    the wall clock: around a clock change they have 23 or 25 hours, and the hour that occurs twice has two
    rows.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00:00Z", "2026-03-04T09:00:00Z"]
    >>> calls = pd.DataFrame({"timestamp": stamps, "state": [1, 0]})
    >>> calls.calls.over_time("D")[["n_calls", "answer_rate"]]
                             n_calls  answer_rate
    timestamp
    2026-03-02 00:00:00+00:00      1          1.0
    2026-03-03 00:00:00+00:00      0          NaN
    2026-03-04 00:00:00+00:00      1          0.0
    """
    return finish_over_time(tally_over_time(df, freq, by), freq)


def tally_heatmap(df: pd.DataFrame, value: str = "n_calls") -> pd.DataFrame:
    """Return the sums that `heatmap` is made of: a row for each weekday and hour that has calls."""
    if value not in _VALUES:
        msg = f"value={value!r} must be one of {', '.join(_VALUES)}"
        raise ValueError(msg)
    known = column(df, "timestamp").notna().to_numpy()
    return tally(df, split(df, ["weekday", "hour"]).where(known), sums_for(["n_calls", value]))


def finish_heatmap(table: pd.DataFrame, value: str = "n_calls") -> pd.DataFrame:
    """Return the table of `heatmap` from its tally."""
    weekday, hour = table.index.get_level_values(0), table.index.get_level_values(1)
    cells = pd.Index(WEEKDAYS).get_indexer(weekday) * 24 + hour.to_numpy(dtype=np.int64)
    groups = completed([], cells, pd.RangeIndex(7 * 24))
    values = metrics_of(table, groups, [value])[value].to_numpy().reshape(-1, 24)
    days = pd.Index(WEEKDAYS if len(groups) else [], dtype="str", name="weekday")
    result = pd.DataFrame(values, index=days, columns=pd.RangeIndex(24, name="hour"))
    _, *divisor = METRICS[value].sums
    counted = groups.sum(np.nan_to_num(table[divisor[0] if divisor else "n_calls"].to_numpy())).reshape(
        -1, 24
    )
    calls = int(table["n_calls"].sum())
    result.attrs["heatmap"] = {"value": value, "n_calls": calls, "counted": counted.tolist()}
    return result


@additive(tally_heatmap, finish_heatmap)
def heatmap(df: pd.DataFrame, value: str = "n_calls") -> pd.DataFrame:
    """Lay the calls out by weekday and hour.

    Parameters
    ----------
    df
        Calls; needs ``timestamp``, and what the value is made of.
    value
        What each cell tells: ``"n_calls"``, ``"answered"``, ``"answer_rate"``, ``"answer_time_mean_s"``,
        ``"talk_time_total_s"``, ``"talk_time_mean_s"``, ``"positive"`` or ``"positive_rate"``, as
        `definitions` defines them.

    Returns
    -------
    pandas.DataFrame
        Index ``weekday`` (Monday to Sunday), columns ``hour`` (0 to 23). A cell without calls is 0 for
        counts and totals, null for rates and means. ``attrs["heatmap"]`` holds the value's name, the number
        of all ``n_calls``, and ``counted``, row by row how many calls stand behind each cell (of a mean those
        it is the mean of), so that a picture can mark the cells that rest on few. Without calls the table
        has no rows.

    Raises
    ------
    KeyError
        The frame has no ``timestamp``.
    ValueError
        `value` is none of these.

    Notes
    -----
    Weekday and hour are those of the wall clock in the frame's timezone; calls without a time are left out.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00:00Z", "2026-03-02T09:30:00Z", "2026-03-03T10:00:00Z"]
    >>> calls = pd.DataFrame({"timestamp": stamps, "state": [1, 0, 1]})
    >>> table = calls.calls.heatmap("answer_rate")
    >>> float(table.loc["Monday", 9]), float(table.loc["Tuesday", 10])
    (0.5, 1.0)
    """
    return finish_heatmap(tally_heatmap(df, value), value)


_VALUES = (
    "n_calls",
    "answered",
    "answer_rate",
    "answer_time_mean_s",
    "talk_time_total_s",
    "talk_time_mean_s",
    "positive",
    "positive_rate",
)


def concurrency(df: pd.DataFrame, freq: str = "1min") -> pd.DataFrame:
    """Count the calls in progress.

    Parameters
    ----------
    df
        Calls; needs ``timestamp`` and ``totalTime``.
    freq
        Length of a period: a span that divides the day (``"1min"``, ``"15min"``, ``"h"``), or ``"D"``,
        ``"W"``, ``"M"``, ``"Q"``, ``"Y"``.

    Returns
    -------
    pandas.DataFrame
        Index ``timestamp``: where each period begins, in the frame's timezone, from the first start to the
        last end without gaps.

        - ``calls_max`` (int64): the most calls in progress at any instant of the period
        - ``calls_mean``: calls in progress on average over the period, the load in erlangs

        ``attrs["n_calls"]`` says how many calls were ever in progress.

    Raises
    ------
    KeyError
        A needed column is missing.
    ValueError
        `freq` is no such period.

    Notes
    -----
    A call is in progress from ``timestamp`` on and no more at ``timestamp`` + ``totalTime`` (ringing and hold
    included). The maximum is exact, found by a sweep over all starts and ends and not by looking once a
    period. Calls without time or duration, and those of 0 s or less or of more than a day, are
    never in progress.

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
    goes_on = stamps.notna().to_numpy() & (seconds > 0) & (seconds <= LONGEST_S)
    times = micros(stamps)[goes_on]
    starts = np.sort(times, kind="stable")  # quick where calls come in order of time
    ends = np.sort(times + np.round(seconds[goes_on] * 1e6).astype(np.int64))
    edges = _edges(starts, ends, stamps, freq)
    most, mean = _most_and_mean(starts, ends, edges.asi8)
    result = pd.DataFrame({"calls_max": most, "calls_mean": mean}, index=edges[:-1].rename("timestamp"))
    result.attrs["n_calls"] = len(starts)
    return result


def _edges(
    starts: NDArray[np.int64], ends: NDArray[np.int64], stamps: pd.Series, freq: str
) -> pd.DatetimeIndex:
    """Return where the periods begin, and where the last one ends."""
    if not len(starts):
        return pd.DatetimeIndex(stamps.iloc[:0]).as_unit("us")
    first, last = (
        pd.Timestamp(int(each), unit="us", tz="UTC").tz_convert(stamps.dt.tz).as_unit("us")
        for each in (starts[0], ends[-1] - 1)
    )
    return period_starts(first, last, freq)


def _most_and_mean(
    starts: NDArray[np.int64], ends: NDArray[np.int64], edges: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each period the most calls in progress, and the time that they spend in it ÷ its length."""
    begun, ended = np.searchsorted(starts, edges), np.searchsorted(ends, edges, side="right")
    carried = (begun - ended)[:-1]
    # More than were carried over can only be in progress when some call starts.
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
