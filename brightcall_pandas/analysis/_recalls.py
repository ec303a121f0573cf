"""Promised calls: which were made, how late, and with what result.

Two sources say whether a promise was kept: the calls of the frame, and the API's own
``recallFirstAttemptDate``. Either may know of an attempt that the other does not: a call may not be loaded,
or was made from elsewhere, and the API may not connect a call with the promise. Both are told, and the
verdict takes the earlier attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import (
    DIRECTION_OF_DIALING,
    By,
    Direction,
    Split,
    of_direction,
    some_rows,
    split,
)
from brightcall_pandas.analysis._groups import (
    Groups,
    Key,
    closed_key,
    completed,
    folded_keys,
    key_of,
    keys_of_index,
)
from brightcall_pandas.analysis._rates import add_rate, medians, ratio
from brightcall_pandas.analysis._sequences import last_seen
from brightcall_pandas.analysis._tallies import SUMS, Facts, add_up, additive, none_known, tally_of
from brightcall_pandas.frame import (
    choice,
    client_codes,
    column,
    micros,
    optional_column,
    timespan,
    with_region,
)

__all__ = ["first_calls", "late_recalls", "recalls"]

_STATUS = ("kept", "late", "missed", "open")
_LATE = "late_s"
_CALLS, _API, _STATE = "recalls_by_calls", "recalls_by_api", "recall_states"
_OF_CALLS = {"answered": "state_known", "positive": "lead_known"}
_RATES = {"answered": "answer_rate", "positive": "positive_rate"}
_NEVER = np.iinfo(np.int64).max


class Promises(NamedTuple):
    """What became of promised calls, one entry a promise. Times are in microseconds since 1970."""

    rows: NDArray[np.int64]
    due: NDArray[np.int64]
    call: NDArray[np.int64]
    """Position of the first call to the client that can keep it; -1 where there is none."""
    tried: NDArray[np.int64]
    """The earlier of that call and the attempt that the API names; `_NEVER` where there is neither."""
    status: NDArray[np.int64]
    by_calls: NDArray[np.int64]
    by_api: NDArray[np.int64]


def promises(
    df: pd.DataFrame, tolerance: str | pd.Timedelta, direction: Direction, until: pd.Timestamp | None
) -> Promises:
    """Return what became of the calls that were promised, by what the calls show and by what the API says."""
    slack = timespan("tolerance", tolerance) // pd.Timedelta(microseconds=1)
    clients, stamps = client_codes(df)[0], column(df, "timestamp")
    promised = column(df, "recallDate").notna().to_numpy() & stamps.notna().to_numpy() & (clients >= 0)
    rows, times = np.flatnonzero(promised), micros(stamps)
    made, due = times[rows], micros(column(df, "recallDate").iloc[rows])
    possible = of_direction(df, direction) & stamps.notna().to_numpy()
    # The promise itself is a call to the client: only later ones count.
    call = first_calls(clients, times, rows, np.maximum(due - slack, made + 1), np.flatnonzero(possible))
    called = np.where(call >= 0, times[call], _NEVER)
    said = optional_column(df, "recallFirstAttemptDate").iloc[rows]
    attempted = np.where(said.notna() & (micros(said) >= made), micros(said), _NEVER)
    overdue = due + slack < last_seen(df, until)

    def judged(tried: NDArray[np.int64]) -> NDArray[np.int64]:
        on_time = tried <= due + slack
        return np.asarray(np.select([on_time, tried < _NEVER, overdue], [0, 1, 2], 3))

    tried = np.minimum(called, attempted)
    return Promises(rows, due, call, tried, judged(tried), judged(called), judged(attempted))


def tally_recalls(
    df: pd.DataFrame,
    *,
    tolerance: str | pd.Timedelta = "15min",
    direction: Direction = DIRECTION_OF_DIALING,
    until: pd.Timestamp | None = None,
    by: By = None,
    region: str | None = None,
) -> pd.DataFrame:
    """Return the sums behind `recalls`: one row per group, status (three of them), state and delay.

    They add up if all calls of a client are in one part, and every part is given the same `until`.
    """
    df = with_region(df, region)
    found = promises(df, tolerance, direction, until)
    made, promised = found.call >= 0, some_rows(df, found.rows, by)
    late = np.where(found.status == _STATUS.index("late"), (found.tried - found.due) / 1e6, np.nan)
    parts = split(promised, by).within(
        closed_key(found.status, _STATUS, "status"),
        closed_key(found.by_calls, _STATUS, _CALLS),
        closed_key(found.by_api, _STATUS, _API),
        key_of(optional_column(promised, "recallState").reset_index(drop=True), _STATE),
        key_of(pd.Series(late), _LATE),
    )
    every = np.ones(len(promised), dtype=bool)
    sums: dict[str, NDArray[np.bool_] | None] = {
        "recalls": every,
        "made": made,
        "told": optional_column(promised, "recallFirstAttemptDate").notna().to_numpy(),
        "stated": every if "recallState" in df.columns else None,
    }
    facts = Facts(df, Split())
    for each in (name for pair in _OF_CALLS.items() for name in pair):
        adds = SUMS[each](facts)
        sums[each] = None if adds is None else np.asarray(adds, dtype=bool)[found.call] & made
    return tally_of(parts.keys, {name: None if v is None else parts.pick(v) for name, v in sums.items()})


def finish_recalls(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `recalls` from its tally."""
    counts = table["recalls"].to_numpy()
    *by, status, by_calls, by_api, state, late = folded_keys(keys_of_index(table.index), counts)
    every = pd.Index(_STATUS, dtype="str", name="status")

    def of_status(key: Key) -> Groups:
        return completed(by, every.get_indexer(key.labels)[key.codes], every)

    groups = of_status(status)
    sums = add_up(table, groups)
    seconds = late.labels.to_numpy(dtype=np.float64)[late.codes]
    due = sums["recalls"].to_numpy().reshape(-1, len(_STATUS)) * (np.array(_STATUS) != "open")
    result = sums[["recalls"]].copy()
    of_due = due.sum(axis=1, keepdims=True) * (np.array(_STATUS) != "open")
    add_rate(result, "share", due.ravel(), of_due.ravel(), confidence)
    result[_CALLS] = of_status(by_calls).sum(counts).astype(np.int64)
    told = of_status(by_api).sum(counts) if table["told"].any() else None
    result[_API] = pd.Series(told, result.index, dtype="Int64")
    result["late_mean_s"] = ratio(
        groups.sum(np.where(np.isnan(seconds), 0, seconds) * counts), groups.sum(counts * ~np.isnan(seconds))
    )
    result["late_median_s"] = medians(groups, seconds, counts)
    for name, known in _OF_CALLS.items():
        result[name] = none_known(sums[name], sums[known], sums["made"], throughout=name == "positive")
        result[_RATES[name]] = ratio(result[name], sums["made"])
    result[_STATE] = _states(groups, state, table["stated"].to_numpy(dtype=np.float64))
    return result


def _states(groups: Groups, state: Key, counts: NDArray[np.float64]) -> pd.Series:
    """Return for each group how often each state occurs, as text, the most frequent first."""
    size = max(len(state.labels), 1)
    table = np.bincount(groups.codes * size + state.codes, np.nan_to_num(counts), len(groups) * size)
    names = ["none" if pd.isna(each) else f"{each:g}" for each in state.labels]
    texts = []
    for row in table.reshape(-1, size):
        order = [place for place in np.argsort(-row, kind="stable") if row[place]]
        texts.append(", ".join(f"{names[place]}: {row[place]:.0f}" for place in order) or None)
    return pd.Series(texts, index=groups.index, dtype="str")


@additive(tally_recalls, finish_recalls, whole_clients=True)
def recalls(
    df: pd.DataFrame,
    *,
    tolerance: str | pd.Timedelta = "15min",
    direction: Direction = DIRECTION_OF_DIALING,
    until: pd.Timestamp | None = None,
    by: By = None,
    region: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count the promised calls that were made, and say how late and with what result.

    Parameters
    ----------
    df
        Calls; needs ``recallDate``, ``clientNumber``, ``timestamp``, and ``type`` unless `direction` is None.
        ``recallFirstAttemptDate``, ``recallState``, ``state`` and ``outcomeType`` are used where present.
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
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index ``status`` (below the levels of `by`), the verdict, all four listed:

        - ``kept``: the first attempt, by either source, was on time
        - ``late``: the first attempt was later
        - ``missed``: the call fell due, and neither source knows of an attempt
        - ``open``: the call was not overdue yet at the end of the data, and was not attempted

        Columns:

        - ``recalls`` (int64): calls of known clients that have a ``recallDate``
        - ``share``: recalls ÷ recalls that fell due (kept, late and missed); null for open; with
          ``share_low`` and ``share_high`` (Wilson)
        - ``recalls_by_calls`` (int64): how many would have this status by the calls of the frame alone
        - ``recalls_by_api`` (Int64): how many would have it by ``recallFirstAttemptDate`` alone; null where
          the frame lacks it, or no promise has one
        - ``late_mean_s``, ``late_median_s``: how long after the promised time the first attempt was, over the
          late ones
        - ``answered``, ``answer_rate``: of the promises whose call is in the frame, those whose call was
          answered, and their share
        - ``positive``, ``positive_rate``: of the same, those whose call had a positive outcome
        - ``recall_states`` (str): how often each ``recallState`` occurs among them, such as ``2: 31, 1: 7``;
          what these numbers mean is not documented, so nothing rests on them

        Without promises the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    TypeError, ValueError
        `tolerance` is not a span or is negative, `direction` is not a direction, `region` not a country, or
        `confidence` not between 0 and 1.

    Notes
    -----
    By the calls, a promise is matched with the first call to the client that comes after the promise was made
    and no earlier than `tolerance` before the promised time; an earlier call is not taken for the one
    promised. One call can keep two promises to the same client. By the API, the attempt is
    ``recallFirstAttemptDate``, also where it is early; one before the promise was made is none. The verdict
    goes by the earlier of both. The two differ where the call is not in the frame (filtered out, not loaded,
    made from elsewhere) and where the API did not connect a call with the promise. Which calls they are says
    `late_recalls`.

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
    return finish_recalls(table, confidence=confidence)


def late_recalls(
    df: pd.DataFrame,
    *,
    status: str | Sequence[str] = ("late", "missed"),
    tolerance: str | pd.Timedelta = "15min",
    direction: Direction = DIRECTION_OF_DIALING,
    until: pd.Timestamp | None = None,
    region: str | None = None,
) -> pd.DataFrame:
    """Return the calls that promised another one which came late or never.

    Parameters
    ----------
    df
        Calls, as for `recalls`.
    status
        Which promises: ``"kept"``, ``"late"``, ``"missed"``, ``"open"``, or several of them.
    tolerance, direction, until, region
        As for `recalls`.

    Returns
    -------
    pandas.DataFrame
        The calls that made the promises, in their order, with their index and all columns, and

        - ``recall_status`` (category): ``late``, ``missed`` …, the verdict of `recalls`
        - ``status_by_calls``, ``status_by_api`` (category): what the calls alone show, and what the API alone
          says
        - ``called_at`` (time): the first call to the client in the frame that can keep the promise
        - ``recalled_at`` (time): the earlier of that and ``recallFirstAttemptDate``
        - ``late_s`` (float64): ``recalled_at`` less ``recallDate``, seconds; null where nobody called

    Raises
    ------
    KeyError
        A needed column is missing.
    TypeError, ValueError
        `status` is none of these, `tolerance` is not a span or is negative, or `direction` is not a
        direction.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "clientNumber": ["x", "x", "y"],
    ...         "timestamp": ["2026-03-02T09:00Z", "2026-03-03T10:00Z", "2026-03-04T09:00Z"],
    ...         "recallDate": ["2026-03-03T09:00Z", None, "2026-03-05T09:00Z"],
    ...         "type": 1,
    ...     }
    ... )
    >>> calls.calls.late_recalls()[["clientNumber", "recall_status", "late_s"]]
      clientNumber recall_status  late_s
    0            x          late  3600.0
    """
    wanted = [choice("status", each, _STATUS) for each in ([status] if isinstance(status, str) else status)]
    found = promises(with_region(df, region), tolerance, direction, until)
    kept = np.isin(np.array(_STATUS)[found.status], wanted)
    rows, tried, due = found.rows[kept], found.tried[kept], found.due[kept]
    stamps = column(df, "timestamp")

    def times(values: NDArray[np.int64], known: NDArray[np.bool_]) -> pd.Series:
        instants = np.where(known, values, 0).view("datetime64[us]")
        shown = pd.Series(instants, index=df.index[rows]).dt.tz_localize("UTC").dt.tz_convert(stamps.dt.tz)
        return shown.where(known)

    result, call = df.iloc[rows].copy(), found.call[kept]
    is_told = optional_column(df, "recallFirstAttemptDate").iloc[found.rows].notna().any()
    by_api = found.by_api if is_told else np.full_like(found.by_api, -1)
    by_source = {
        "recall_status": found.status, "status_by_calls": found.by_calls, "status_by_api": by_api,
    }  # fmt: skip
    for name, codes in by_source.items():
        result[name] = pd.Categorical.from_codes(codes[kept], categories=pd.Index(_STATUS))
    result["called_at"] = times(micros(stamps)[call], call >= 0).array
    result["recalled_at"] = times(tried, tried < _NEVER).array
    result["late_s"] = np.where(tried < _NEVER, (tried - due) / 1e6, np.nan)
    return result


def first_calls(
    clients: NDArray[np.int64],
    times: NDArray[np.int64],
    asked: NDArray[np.int64],
    earliest: NDArray[np.int64],
    possible: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the first call of the same client at a given time or later.

    Parameters
    ----------
    clients, times
        Of every call of the frame.
    asked
        Positions of the calls that are asked for; they have a client.
    earliest
        For each of these, from when on.
    possible
        Positions of the calls that may be found.

    Returns
    -------
    numpy.ndarray
        For each of `asked` the position of the call, -1 where there is none.
    """
    waiting = np.zeros(clients.max(initial=0) + 2, dtype=bool)  # the last place is that of nobody, -1
    waiting[clients[asked]] = True
    possible = possible[waiting[clients[possible]]]
    rows, wanted = np.concatenate([asked, possible]), len(asked)
    order = np.lexsort(
        (np.arange(len(rows)) >= wanted, np.concatenate([earliest, times[possible]]), clients[rows])
    )
    is_call = order >= wanted
    # Walking back from the end, the last call seen is the next one.
    upcoming = np.where(is_call, np.arange(len(order)), len(order))
    upcoming = np.minimum.accumulate(upcoming[::-1])[::-1][~is_call]
    who, found = order[~is_call], upcoming < len(order)
    call = rows[order[upcoming[found]]]
    found[found] = clients[call] == clients[asked[who[found]]]
    result = np.full(wanted, -1, dtype=np.int64)
    result[who[found]] = rows[order[upcoming[found]]]
    return result
