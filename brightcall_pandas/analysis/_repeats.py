"""Callers who call again, and callers who need not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import By, split_or_all
from brightcall_pandas.analysis._groups import grouped, keys_of_index
from brightcall_pandas.analysis._rates import add_rate
from brightcall_pandas.analysis._sequences import last_seen, of_direction, sequences
from brightcall_pandas.analysis._spelling import folded_keys
from brightcall_pandas.analysis._tallies import add_up, first_of_pair, tally_of
from brightcall_pandas.frame import column

__all__ = ["finish_repeat_callers", "repeat_callers", "tally_repeat_callers"]

Span = str | pd.Timedelta


def repeat_callers(
    df: pd.DataFrame,
    window: Span = "24h",
    *,
    direction: str | None = "inbound",
    answered_only: bool = False,
    until: pd.Timestamp | None = None,
    by: By = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Tell how many callers call again within a while.

    Parameters
    ----------
    df
        Calls; needs ``clientNumber``, ``timestamp``, ``type`` unless `direction` is None, and ``state`` if
        `answered_only`.
    window
        A further call of the same client at most so much later is a repetition.
    direction
        ``"inbound"``, ``"outbound"``, ``"internal"``, or None for all calls.
    answered_only
        Whether only answered calls are looked at as first contacts. Any call can be the repetition.
    until
        End of what was observed; default: the latest call of the frame.
    by
        Columns or dimensions of the first call (``agent``, ``outcome`` …) to make a row of each.
    confidence
        Of the interval.

    Returns
    -------
    pandas.DataFrame
        One row ``all`` (index ``group``), or a row for each group in `by`, sorted by label:

        - ``n_calls`` (int64): calls of known clients
        - ``observed`` (int64): of these, the calls whose whole window lies before `until`
        - ``repeated`` (int64): of these, the calls that another call of the client followed in the window
        - ``repeat_rate``: repeated ÷ observed; ``repeat_rate_low``, ``repeat_rate_high``: Wilson's interval
        - ``first_contact_resolution``: 1 − repeat_rate
        - ``clients``, ``repeat_clients`` (int64): distinct clients of the observed and the repeated calls

        Without such calls the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `window` is no positive span, or `direction` another word.

    Notes
    -----
    Calls younger than one window at the end of the data may still be repeated, so they are in ``n_calls`` but
    not in ``observed``. That nobody called again is taken as resolved, as the trade does; a client who
    gave up or called from another number looks the same.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00Z", "2026-03-02T10:00Z", "2026-03-02T09:00Z", "2026-03-09T09:00Z"]
    >>> calls = pd.DataFrame({"clientNumber": list("xxyy"), "timestamp": stamps, "type": 0})
    >>> table = calls.calls.repeat_callers("24h")
    >>> table[["n_calls", "observed", "repeated"]].loc["all"].tolist()
    [4, 3, 1]
    """
    table = tally_repeat_callers(
        df, window, direction=direction, answered_only=answered_only, until=until, by=by
    )
    return finish_repeat_callers(table, confidence=confidence)


def tally_repeat_callers(
    df: pd.DataFrame,
    window: Span = "24h",
    *,
    direction: str | None = "inbound",
    answered_only: bool = False,
    until: pd.Timestamp | None = None,
    by: By = None,
) -> pd.DataFrame:
    """Return the sums that `repeat_callers` is made of.

    They add up where all calls of a client are in one part and `until` is given.
    """
    span = pd.Timedelta(window)
    if not span > pd.Timedelta(0):
        msg = f"window={window!r} must be a positive span such as '24h' or '7D'"
        raise ValueError(msg)
    calls = sequences(df, of_direction(df, direction))
    length = span // pd.Timedelta(microseconds=1)
    followed = ~calls.is_last & (np.diff(calls.times, append=0) <= length)
    end = last_seen(df, until)
    flags = {name: np.zeros(len(df), dtype=bool) for name in ("n_calls", "observed", "repeated")}
    flags["n_calls"][calls.rows] = True
    flags["observed"][calls.rows] = calls.times <= end - length
    flags["repeated"][calls.rows] = followed
    if answered_only:
        flags["n_calls"] &= (column(df, "state") == "answered").to_numpy(dtype=bool)
    flags["observed"] &= flags["n_calls"]
    flags["repeated"] &= flags["observed"]
    parts = split_or_all(df, by).where(flags["n_calls"])
    sums = {name: parts.pick(each) for name, each in flags.items()}
    clients = column(df, "clientNumber").iloc[np.arange(len(df)) if parts.rows is None else parts.rows]
    sums["clients"] = first_of_pair(parts.keys, clients, sums["observed"])
    sums["repeat_clients"] = first_of_pair(parts.keys, clients, sums["repeated"])
    return tally_of(parts.keys, sums)


def finish_repeat_callers(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `repeat_callers` from its tally."""
    sums = add_up(table, grouped(folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())))
    result = sums[["n_calls", "observed", "repeated"]].copy()
    add_rate(result, "repeat_rate", sums["repeated"], sums["observed"], confidence)
    result["first_contact_resolution"] = 1 - result["repeat_rate"]
    return result.assign(clients=sums["clients"], repeat_clients=sums["repeat_clients"])
