"""Calls along the clock and the calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import WEEKDAYS, By, split
from brightcall_pandas.analysis._groups import completed, keys_of_index
from brightcall_pandas.analysis._metrics import METRICS, metrics_of, sums_for
from brightcall_pandas.analysis._periods import period_key, period_starts
from brightcall_pandas.analysis._spelling import folded_keys
from brightcall_pandas.analysis._tallies import tally
from brightcall_pandas.frame import column

__all__ = [
    "finish_heatmap",
    "finish_over_time",
    "heatmap",
    "over_time",
    "tally_heatmap",
    "tally_over_time",
]

_METRICS = (
    "n_calls",
    "answered",
    "answer_rate",
    "answer_time_mean_s",
    "talk_time_total_s",
    "talk_time_mean_s",
)


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
