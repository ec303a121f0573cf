"""Promised calls: which were made, how late, and with what result."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import DIRECTION_OF_DIALING, By, Direction, of_direction, split
from brightcall_pandas.analysis._groups import closed_key, completed, folded_keys, key_of, keys_of_index
from brightcall_pandas.analysis._rates import medians, ratio
from brightcall_pandas.analysis._sequences import last_seen
from brightcall_pandas.analysis._tallies import add_up, additive, tally_of
from brightcall_pandas.frame import client_codes, column, micros, with_region

__all__ = ["recalls"]

_STATUS = ("kept", "late", "missed", "open")
_LATE = "late_s"


def tally_recalls(
    df: pd.DataFrame,
    *,
    tolerance: str | pd.Timedelta = "15min",
    direction: Direction = DIRECTION_OF_DIALING,
    until: pd.Timestamp | None = None,
    by: By = None,
    region: str | None = None,
) -> pd.DataFrame:
    """Return the sums behind `recalls`: one row per group, status and delay.

    They add up if all calls of a client are in one part, and every part is given the same `until`.
    """
    df = with_region(df, region)
    margin = pd.Timedelta(tolerance)
    if not margin >= pd.Timedelta(0):
        msg = f"tolerance={tolerance!r} must be a span of at least 0, such as '15min'"
        raise ValueError(msg)
    slack = margin // pd.Timedelta(microseconds=1)
    promised = column(df, "recallDate").notna().to_numpy() & column(df, "timestamp").notna().to_numpy()
    promised &= client_codes(df)[0] >= 0
    due = micros(column(df, "recallDate"))
    made = _call_made(df, promised, due - slack, direction)
    delay = np.where(made >= 0, micros(column(df, "timestamp"))[made] - due, 0)
    overdue = due + slack < last_seen(df, until)
    status = np.select([(made >= 0) & (delay <= slack), made >= 0, overdue], [0, 1, 2], 3)
    late = np.where(status == 1, delay / 1e6, np.nan)
    parts = split(df, by)
    parts = parts.within(closed_key(status, _STATUS, "status"), key_of(pd.Series(late), _LATE)).where(
        promised
    )
    sums: dict[str, NDArray[np.bool_] | None] = {"recalls": promised, "made": made >= 0}
    for name, field, word in (("answered", "state", "answered"), ("positive", "outcomeType", "positive")):
        there = field in df.columns
        hit = (column(df, field) == word).to_numpy(dtype=bool)[made] & (made >= 0) if there else None
        sums[name] = hit
    return tally_of(parts.keys, {name: None if v is None else parts.pick(v) for name, v in sums.items()})


def finish_recalls(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `recalls` from its tally."""
    *by, status, late = folded_keys(keys_of_index(table.index), table["recalls"].to_numpy())
    place = pd.Index(_STATUS).get_indexer(status.labels)[status.codes]
    groups = completed(by, place, pd.Index(_STATUS, dtype="str", name="status"))
    sums = add_up(table, groups)
    seconds = late.labels.to_numpy(dtype=np.float64)[late.codes]
    counts = table["recalls"].to_numpy()
    due = sums["recalls"].to_numpy().reshape(-1, len(_STATUS)) * (np.array(_STATUS) != "open")
    result = sums[["recalls"]].copy()
    result["share"] = ratio(due, due.sum(axis=1, keepdims=True) * (np.array(_STATUS) != "open")).ravel()
    result["late_mean_s"] = ratio(
        groups.sum(np.where(np.isnan(seconds), 0, seconds) * counts), groups.sum(counts * ~np.isnan(seconds))
    )
    result["late_median_s"] = medians(groups, seconds, counts)
    for name, rate in (("answered", "answer_rate"), ("positive", "positive_rate")):
        result[name] = sums[name]
        result[rate] = ratio(sums[name], sums["made"])
    return result


@additive(tally_recalls, finish_recalls, whole_clients=True)
def recalls(
    df: pd.DataFrame,
    *,
    tolerance: str | pd.Timedelta = "15min",
    direction: Direction = DIRECTION_OF_DIALING,
    until: pd.Timestamp | None = None,
    by: By = None,
    region: str | None = None,
) -> pd.DataFrame:
    """Count the promised calls that were made, and say how late and with what result.

    Parameters
    ----------
    df
        Calls; needs ``recallDate``, ``clientNumber``, ``timestamp``, and ``type`` unless `direction` is None.
        ``state`` and ``outcomeType`` are used where present.
    tolerance
        A call this much before or after the promised time is still on time.
    direction
        Which calls can keep a promise: ``"outbound"`` (the default: this is about our own dialing),
        ``"inbound"``, ``"internal"``, or None for all calls.
    until
        End of the observed time; default: the latest call of the frame.
    by
        Columns or dimensions of the call that made the promise (``agent``, ``project`` …) that become outer
        index levels.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code, so that they
        and the international ones are one client. None: what the frame was loaded or made with, if anything.

    Returns
    -------
    pandas.DataFrame
        Index ``status`` (below the levels of `by`), all four listed:

        - ``kept``: the call was made on time
        - ``late``: the call was made later
        - ``missed``: the call fell due and was not made
        - ``open``: the call was not overdue yet at the end of the data

        Columns:

        - ``recalls`` (int64): calls of known clients that have a ``recallDate``
        - ``share``: recalls ÷ recalls that fell due (kept, late and missed); null for open
        - ``late_mean_s``, ``late_median_s``: how long after the promised time the call was made, over the
          late ones
        - ``answered``, ``answer_rate``: the calls made that were answered, and their share
        - ``positive``, ``positive_rate``: the calls made that had a positive outcome, and their share

        Without promises the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `tolerance` is negative, `direction` is not a direction, or `region` not a country.

    Notes
    -----
    A promise is matched with the first call to the client that comes after the promise was made and no
    earlier than `tolerance` before the promised time; an earlier call does not keep it. A missed promise may
    have been kept by a call that is not in the frame, for example one that was filtered out. One call can
    keep two promises to the same client.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "clientNumber": ["x", "x", "y"],
    ...         "timestamp": ["2026-03-02T09:00:00Z", "2026-03-03T10:00:00Z", "2026-03-04T09:00:00Z"],
    ...         "recallDate": ["2026-03-03T09:00:00Z", None, "2026-03-05T09:00:00Z"],
    ...         "type": 1,
    ...     }
    ... )
    >>> calls.calls.recalls()[["recalls", "late_mean_s"]]
            recalls  late_mean_s
    status
    kept          0          NaN
    late          1       3600.0
    missed        0          NaN
    open          1          NaN
    """
    table = tally_recalls(df, tolerance=tolerance, direction=direction, until=until, by=by, region=region)
    return finish_recalls(table)


def _call_made(
    df: pd.DataFrame, promised: NDArray[np.bool_], earliest: NDArray[np.int64], direction: Direction
) -> NDArray[np.int64]:
    """Return for each promise the position of the first call to the client that can keep it, else -1."""
    clients, stamps = client_codes(df)[0], column(df, "timestamp")
    waiting = np.zeros(clients.max(initial=0) + 2, dtype=bool)
    waiting[clients[promised]] = True
    possible = np.flatnonzero(of_direction(df, direction) & waiting[clients] & stamps.notna().to_numpy())
    promises = np.flatnonzero(promised)
    times = micros(stamps)
    # The promise itself is a call to the client: only later ones count.
    after = np.maximum(earliest[promises], times[promises] + 1)
    rows, wanted = np.concatenate([promises, possible]), len(promises)
    order = np.lexsort(
        (np.arange(len(rows)) >= wanted, np.concatenate([after, times[possible]]), clients[rows])
    )
    is_call = order >= wanted
    # Walking back from the end, the last call seen is the next one.
    upcoming = np.where(is_call, np.arange(len(order)), len(order))
    upcoming = np.minimum.accumulate(upcoming[::-1])[::-1][~is_call]
    asked, found = rows[order[~is_call]], upcoming < len(order)
    call = rows[order[upcoming[found]]]
    found[found] = clients[call] == clients[asked[found]]
    made = np.full(len(df), -1, dtype=np.int64)
    made[asked[found]] = rows[order[upcoming[found]]]
    return made
