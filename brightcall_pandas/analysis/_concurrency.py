"""How many calls go on at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._periods import LONGEST_S, period_starts
from brightcall_pandas.frame import column, micros

__all__ = ["concurrency"]


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
