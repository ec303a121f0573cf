"""Callers whom nobody answered: called back, how soon, or never."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import By, of_direction, some_rows, split_or_all
from brightcall_pandas.analysis._groups import folded_keys, grouped, key_of, keys_of_index
from brightcall_pandas.analysis._rates import add_rate, medians, ratio
from brightcall_pandas.analysis._recalls import first_calls
from brightcall_pandas.analysis._sequences import Span, last_seen, window_length
from brightcall_pandas.analysis._tallies import add_up, additive, first_of_pair, none_known, tally_of
from brightcall_pandas.errors import warn_user
from brightcall_pandas.frame import client_codes, column, micros, with_region

__all__ = ["callbacks", "missed_calls"]

_STATUS = ("called_back", "called_again", "never", "open", "no_number")
_AFTER = "called_back_after_s"


class Missed(NamedTuple):
    """What followed unanswered inbound calls, one entry each; positions are -1 where nothing did."""

    rows: NDArray[np.int64]
    back: NDArray[np.int64]
    """The first outbound call to the client within the window."""
    again: NDArray[np.int64]
    """The client's first answered call within the window."""
    is_over: NDArray[np.bool_]
    """Whether the whole window lies within the data."""
    status: NDArray[np.int64]
    clients: NDArray[np.int64]


def missed(df: pd.DataFrame, window: Span, until: pd.Timestamp | None) -> Missed:
    """Return what followed each unanswered inbound call."""
    length = window_length(window)
    clients, stamps, states = client_codes(df)[0], column(df, "timestamp"), column(df, "state")
    timed, times = stamps.notna().to_numpy(), micros(stamps)
    inbound = of_direction(df, "inbound") & timed
    rows = np.flatnonzero(inbound & (states == "unanswered").to_numpy(dtype=bool))
    known = rows[clients[rows] >= 0]
    ours = of_direction(df, "outbound") & timed
    theirs = inbound & (states == "answered").to_numpy(dtype=bool)
    found = []
    for possible in (ours, theirs):
        call = np.full(len(df), -1, dtype=np.int64)
        call[known] = first_calls(clients, times, known, times[known] + 1, np.flatnonzero(possible))
        late = (call[rows] >= 0) & (times[call[rows]] - times[rows] > length)
        found.append(np.where(late, -1, call[rows]))
    back, again = found
    is_over = times[rows] <= last_seen(df, until) - length
    first = (back >= 0) & ((again < 0) | (times[back] <= times[again]))
    status = np.select([clients[rows] < 0, first, again >= 0, is_over], [4, 0, 1, 2], 3)
    return Missed(rows, back, again, is_over, np.asarray(status), clients[rows])


def _warn_without_dials(df: pd.DataFrame) -> None:
    """Warn where callbacks cannot be seen, as in inbound calls alone: all callers would seem to wait."""
    if of_direction(df, "inbound").any() and not of_direction(df, "outbound").any():
        warn_user(
            "none of these calls is outbound, so no callback can be seen, and callers who were called back "
            "count as waiting. Ask the calls of all directions, before a filter by direction."
        )


def missed_calls(
    df: pd.DataFrame, window: Span = "3D", *, until: pd.Timestamp | None = None, region: str | None = None
) -> pd.DataFrame:
    """Return the inbound calls that nobody answered, and what followed: called back, how soon, or never.

    Parameters
    ----------
    df
        Calls; needs ``type``, ``state``, ``clientNumber`` and ``timestamp``.
    window
        How long after the call a callback counts; three days reach over a weekend.
    until
        End of the observed time; default: the latest call of the frame.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code, so that they
        and the international ones are one client. None: what the frame was loaded or made with, if anything.

    Returns
    -------
    pandas.DataFrame
        The unanswered inbound calls that have a time, in their order, with their index and all columns, and

        - ``callback_status`` (category): ``called_back``: an outbound call to the client came first;
          ``called_again``: the client called again first, and was answered; ``never``: neither within the
          window; ``open``: neither yet, and the window is not over at the end of the data; ``no_number``: the
          client cannot be called back
        - ``called_back_at`` (time), ``called_back_after_s`` (float64): when the first outbound call to the
          client within the window began, and how long after this call, seconds
        - ``callback_answered`` (boolean): whether that call was answered; null without one
        - ``called_again_at`` (time): when the client's first answered call within the window began

    Raises
    ------
    KeyError
        A needed column is missing.
    TypeError, ValueError
        `window` is not a positive span.

    Notes
    -----
    An outbound call to the client is a callback, whatever it was made for. A client who calls three times in
    vain and is called back once was missed three times, and called back three times.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00Z", "2026-03-02T09:20Z", "2026-03-02T10:00Z", "2026-03-09T10:00Z"]
    >>> calls = pd.DataFrame(
    ...     {"clientNumber": list("xxyz"), "timestamp": stamps, "type": [0, 1, 0, 0], "state": [0, 1, 0, 1]}
    ... )
    >>> calls.calls.missed_calls()[["clientNumber", "callback_status", "called_back_after_s"]]
      clientNumber callback_status  called_back_after_s
    0            x     called_back               1200.0
    2            y           never                  NaN
    """
    found = missed(with_region(df, region), window, until)
    _warn_without_dials(df)
    stamps = column(df, "timestamp")
    times, result = micros(stamps), df.iloc[found.rows].copy()
    result["callback_status"] = pd.Categorical(np.array(_STATUS)[found.status], categories=list(_STATUS))
    # Taken at -1, a nullable array answers with its null.
    result["called_back_at"] = stamps.array.take(found.back, allow_fill=True)
    known = found.back >= 0
    result[_AFTER] = np.where(known, (times[found.back] - times[found.rows]) / 1e6, np.nan)
    answered = pd.array((column(df, "state") == "answered").to_numpy(dtype=bool), dtype="boolean")
    result["callback_answered"] = answered.take(found.back, allow_fill=True)
    result["called_again_at"] = stamps.array.take(found.again, allow_fill=True)
    return result


def tally_callbacks(
    df: pd.DataFrame,
    window: Span = "3D",
    *,
    until: pd.Timestamp | None = None,
    by: By = None,
    region: str | None = None,
) -> pd.DataFrame:
    """Return the sums behind `callbacks`: one row per group and delay.

    They add up if all calls of a client are in one part, and every part is given the same `until`.
    """
    df = with_region(df, region)
    found, times = missed(df, window, until), micros(column(df, "timestamp"))
    calls = some_rows(df, found.rows, by)
    has_number = found.status != _STATUS.index("no_number")
    observed = has_number & found.is_over
    status = np.where(observed, found.status, -1)
    called_back = status == _STATUS.index("called_back")
    after = np.where(called_back, (times[found.back] - times[found.rows]) / 1e6, np.nan)
    answered = (column(df, "state") == "answered").to_numpy(dtype=bool)[found.back]
    sums = {
        "missed": np.ones(len(calls), dtype=bool),
        "no_number": ~has_number,
        "observed": observed,
        "called_back": called_back,
        "callback_answered": called_back & answered,
        "called_again": status == _STATUS.index("called_again"),
        "never_called_back": status == _STATUS.index("never"),
        "open": has_number & ~found.is_over,
    }
    outer = split_or_all(calls, by)
    parts = outer.within(key_of(pd.Series(after), _AFTER))
    picked = {name: parts.pick(each) for name, each in sums.items()}
    picked["callers"] = first_of_pair(outer.keys, parts.pick(found.clients), parts.pick(has_number))
    return tally_of(parts.keys, picked)


def finish_callbacks(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `callbacks` from its tally."""
    counts = table["called_back"].to_numpy()
    *keys, delay = folded_keys(keys_of_index(table.index), table["missed"].to_numpy())
    groups = grouped(keys)
    sums = add_up(table, groups)
    with_number = sums["missed"] - sums["no_number"]
    sums["callers"] = none_known(sums["callers"], with_number, sums["missed"], throughout=True)
    seconds = delay.labels.to_numpy(dtype=np.float64)[delay.codes]
    result = sums[["missed", "callers", "no_number", "observed", "called_back"]].copy()
    add_rate(result, "called_back_rate", sums["called_back"], sums["observed"], confidence)
    result["callback_mean_s"] = ratio(groups.sum(np.nan_to_num(seconds) * counts), sums["called_back"])
    result["callback_median_s"] = medians(groups, seconds, counts)
    result["callback_answered"] = sums["callback_answered"]
    result["called_again"], result["never_called_back"] = sums["called_again"], sums["never_called_back"]
    result["open"] = sums["open"]
    return result


@additive(tally_callbacks, finish_callbacks, whole_clients=True)
def callbacks(
    df: pd.DataFrame,
    window: Span = "3D",
    *,
    until: pd.Timestamp | None = None,
    by: By = None,
    region: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count the callers whom nobody answered: called back, how soon, or never.

    Parameters
    ----------
    df
        Calls; needs ``type``, ``state``, ``clientNumber`` and ``timestamp``.
    window
        How long after the call a callback counts; three days reach over a weekend.
    until
        End of the observed time; default: the latest call of the frame.
    by
        Columns or dimensions of the missed call (``line``, ``hour`` …) to make a row of each.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code, so that they
        and the international ones are one client. None: what the frame was loaded or made with, if anything.
    confidence
        Confidence of the interval, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row ``all`` (index ``group``), or a row for each group in `by`, sorted by label:

        - ``missed`` (int64): unanswered inbound calls that have a time
        - ``callers`` (int64): distinct clients of these; null where no call has a number
        - ``no_number`` (int64): missed calls without a client number, which nobody can call back
        - ``observed`` (int64): missed calls with a number whose whole window lies before `until`
        - ``called_back`` (int64): of the observed, those after which an outbound call to the client came
          first
        - ``called_back_rate``: called_back ÷ observed; with ``_low``, ``_high`` (Wilson)
        - ``callback_mean_s``, ``callback_median_s``: how long that took
        - ``callback_answered`` (int64): of the called back, those whose callback was answered
        - ``called_again`` (int64): of the observed, those after which the client called again first and was
          answered
        - ``never_called_back`` (int64): of the observed, those after which neither happened in the window
        - ``open`` (int64): missed calls with a number whose window was not over

        Without missed calls the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    TypeError, ValueError
        `window` is not a positive span.

    Notes
    -----
    ``missed`` = no_number + observed + open, and ``observed`` = called_back + called_again +
    never_called_back. `missed_calls` returns the calls themselves.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00Z", "2026-03-02T09:20Z", "2026-03-02T10:00Z", "2026-03-09T10:00Z"]
    >>> calls = pd.DataFrame(
    ...     {"clientNumber": list("xxyz"), "timestamp": stamps, "type": [0, 1, 0, 0], "state": [0, 1, 0, 1]}
    ... )
    >>> columns = ["missed", "called_back", "callback_median_s", "never_called_back"]
    >>> calls.calls.callbacks()[columns]
           missed  called_back  callback_median_s  never_called_back
    group
    all         2            1             1200.0                  1
    """
    _warn_without_dials(df)
    return finish_callbacks(
        tally_callbacks(df, window, until=until, by=by, region=region), confidence=confidence
    )
