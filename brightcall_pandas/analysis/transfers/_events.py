"""Transfers one by one, with their times, and the event log for process mining."""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from brightcall_pandas.analysis._durations import possible
from brightcall_pandas.analysis.transfers._log import ChainLog, Names, Source, chain_log
from brightcall_pandas.analysis.transfers._parsing import Integers
from brightcall_pandas.frame import (
    FIELDS,
    Clock,
    column,
    micros,
    optional_column,
    to_series,
    typed_array,
    zone_of_times,
)

__all__ = ["seconds_after_first_transfer", "to_event_log", "transfer_events"]


class _Visits(msgspec.Struct, frozen=True):
    """Every party that every call came to: `row` of the call, `place` in the log's steps, `step` from 0."""

    row: Integers
    place: Integers
    step: Integers

    def __getitem__(self, kept: NDArray[np.bool_]) -> _Visits:
        return _Visits(self.row[kept], self.place[kept], self.step[kept])


def transfer_events(
    df: pd.DataFrame, *, source: Source = "auto", include_client: bool = False, names: Names = None
) -> pd.DataFrame:
    """Return the transfers, one row each.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``. ``id``, ``timestamp`` and ``uniqueId`` are
        used where present.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.DataFrame
        Calls in the order of `df`, transfers in theirs; the index is the label of the call in `df`:

        - ``id`` (str): of the call
        - ``hop`` (int64): 1 for a call's first transfer
        - ``from``, ``to`` (str): who transferred, and who took the call
        - ``time`` (datetime64[us, timezone of ``timestamp``]): when it was taken; null where not known
        - ``after_s`` (float64): seconds from the beginning of the call to ``time``

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.

    Notes
    -----
    A time is known where the text gives the party that took the call a time of day with its date: an ISO
    text (without offset it is in the timezone of the frame) or an epoch in seconds or milliseconds.
    ``after_s`` is null where the time lies before the call began.

    Examples
    --------
    >>> calls = pd.DataFrame({"id": ["7"], "numbersInvolvedJSON": ['["101", "102", "103"]']})
    >>> transfer_events(calls)[["id", "hop", "from", "to"]]
      id  hop from   to
    0  7    1  101  102
    0  7    2  102  103
    """
    log = chain_log(df, source, include_client, names)
    visits = _visits(log)
    visits = visits[visits.step > 0]
    labels = pd.Index(log.parties, dtype="str")
    times = _times(df, log, visits)
    table = pd.DataFrame(
        {
            "id": optional_column(df, "id").take(visits.row).array,
            "hop": visits.step,
            "from": labels[log.steps[visits.place - 1]],
            "to": labels[log.steps[visits.place]],
            "time": times.array,
            "after_s": _after(df, visits, times),
        }
    )
    return table.set_axis(df.index.take(visits.row))


def to_event_log(
    df: pd.DataFrame, *, source: Source = "auto", include_client: bool = False, names: Names = None
) -> pd.DataFrame:
    """Return the event log that process-mining tools read: one row for each party that a call came to.

    Parameters
    ----------
    df
        Calls; needs ``id``, ``timestamp``, and ``numbersInvolvedJSON`` or ``transfers``.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.DataFrame
        Calls by beginning, a call's events in order, numbered from 0:

        - ``case:concept:name`` (str): ``id`` of the call
        - ``concept:name`` (str): the party, so that tools draw the graph of transfers
        - ``time:timestamp`` (datetime64[us, timezone of ``timestamp``]), ascending within a call
        - ``org:resource`` (str): the party
        - ``time_known`` (bool): whether the data say when the party took the call

    Raises
    ------
    KeyError
        A column is missing.

    Notes
    -----
    The first event has the time at which the call began. An event whose time is not known, or contradicts
    the order of the chain, follows the one before by a microsecond: tools that sort by time keep the order,
    and ``time_known`` says which times to measure with. Calls without an ``id`` or ``timestamp``, or without
    any party, have no events. The names of columns are those of the IEEE 1849 (XES) standard as pandas-based
    tools spell them.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {"id": ["7"], "timestamp": ["2026-03-02T09:00:00Z"], "numbersInvolvedJSON": ['["101", "102"]']}
    ... )
    >>> to_event_log(calls)[["case:concept:name", "concept:name", "time_known"]]
      case:concept:name concept:name  time_known
    0                 7          101        True
    1                 7          102       False
    """
    log = chain_log(df, source, include_client, names)
    ids, stamps = column(df, "id"), column(df, "timestamp")
    # A stable sort, so that calls of the same second keep their order.
    by_beginning = np.argsort(micros(stamps), kind="stable")
    visits = _visits(log, by_beginning[(ids.notna() & stamps.notna()).to_numpy()[by_beginning]])
    began = stamps.take(visits.row).reset_index(drop=True)
    given = _times(df, log, visits)
    times = _ascending(began, given, visits)
    party = pd.Index(log.parties, dtype="str")[log.steps[visits.place]]
    return pd.DataFrame(
        {
            "case:concept:name": ids.take(visits.row).array,
            "concept:name": party,
            "time:timestamp": times.array,
            "org:resource": party,
            "time_known": (visits.step == 0) | (times == given).to_numpy(),
        }
    )


def seconds_after_first_transfer(df: pd.DataFrame, log: ChainLog) -> NDArray[np.float64]:
    """Return each call's seconds from its first transfer to its end; null where not known.

    A call ends ``totalTime`` after it began, where that is null ``callTime`` after it.
    """
    visits = _visits(log)
    visits = visits[visits.step == 1]
    after = _after(df, visits, _times(df, log, visits))
    length, called = (
        possible(optional_column(df, name).to_numpy(dtype=np.float64)) for name in ("totalTime", "callTime")
    )
    rest = np.where(np.isnan(length), called, length)[visits.row] - after
    result = np.full(len(df), np.nan)
    result[visits.row] = np.where(rest >= 0, rest, np.nan)
    return result


def _visits(log: ChainLog, rows: Integers | None = None) -> _Visits:
    """Return the visits of some calls (of all by default), call after call."""
    chosen = log.rows if rows is None else log.rows[rows]
    place, which = log.take(chosen)
    return _Visits(which if rows is None else rows[which], place, place - log.offsets[chosen[which]])


def _times(df: pd.DataFrame, log: ChainLog, visits: _Visits) -> pd.Series:
    """Return when each visit began, as far as the texts say; in the timezone of the frame."""
    field, zone = FIELDS["timestamp"], zone_of_times(optional_column(df, "timestamp"))
    if log.times is None:
        return to_series(pa.nulls(len(visits.row), field.arrow_type), field, zone)
    ids = pa.array(optional_column(df, "uniqueId").take(visits.row), pa.large_string(), from_pandas=True)
    array, _ = typed_array(log.times[visits.place].tolist(), field, Clock(zone, ids))
    return to_series(array, field, zone)


def _after(df: pd.DataFrame, visits: _Visits, times: pd.Series) -> NDArray[np.float64]:
    began = optional_column(df, "timestamp").take(visits.row).reset_index(drop=True)
    seconds = (times - began).dt.total_seconds().to_numpy()
    return np.where(seconds >= 0, seconds, np.nan)


def _ascending(began: pd.Series, given: pd.Series, visits: _Visits) -> pd.Series:
    """Return the given times; one that is missing or goes back follows the one before by a microsecond."""
    known = given.notna().to_numpy() & (visits.step > 0)
    # Less one microsecond for each step, "later than the one before" becomes "not earlier".
    lowest = micros(began)
    if known.any():
        stated = np.where(known, micros(given) - visits.step, lowest)
        lowest = np.asarray(pd.Series(stated).groupby(visits.row).cummax(), dtype=np.int64)
    ascending = pd.Series((lowest + visits.step).astype("datetime64[us]"))
    return ascending.dt.tz_localize("UTC").dt.tz_convert(began.dt.tz)
