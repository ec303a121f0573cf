"""How long calls talk and ring, in bins and in buckets.

A tally counts how often each length occurs, so that the bins can be chosen when all calls are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import By, split
from brightcall_pandas.analysis._groups import (
    Groups,
    Key,
    completed,
    folded_keys,
    grouped,
    key_of,
    keys_of_index,
)
from brightcall_pandas.analysis._rates import add_rate, quantiles, ratio
from brightcall_pandas.analysis._tallies import SUMS, Contribution, Facts, additive, known_sums, tally_of
from brightcall_pandas.frame import choice, whole

__all__ = ["answer_time_histogram", "talk_time_buckets", "talk_time_histogram"]

Bins = int | Sequence[float] | NDArray[np.number] | None
Closed = Literal["left", "right"]

_QUARTILES = (0.25, 0.5, 0.75)
_TALK_EDGES = (0, 10, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)
_ANSWER_EDGES = (0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 3600)


def tally_talk_time_histogram(df: pd.DataFrame, *, by: By = None, answered_only: bool = True) -> pd.DataFrame:
    """Return the sums behind `talk_time_histogram`: one row per group and talk time."""
    return _tally(df, "talkTime", "talk_time_s", by, answered_only)


def finish_talk_time_histogram(
    table: pd.DataFrame, bins: Bins = None, *, closed: Closed = "left"
) -> pd.DataFrame:
    """Return the table of `talk_time_histogram` from its tally."""
    return _finish(table, bins, closed, _TALK_EDGES)


@additive(tally_talk_time_histogram, finish_talk_time_histogram, durations=("talkTime",))
def talk_time_histogram(
    df: pd.DataFrame,
    bins: Bins = None,
    *,
    by: By = None,
    answered_only: bool = True,
    closed: Closed = "left",
) -> pd.DataFrame:
    """Count calls by talk time.

    Parameters
    ----------
    df
        Calls; needs ``talkTime``, and ``state`` if `answered_only`.
    bins
        Ascending edges in seconds (the last may be infinite), or a number of bins of equal width (in whole
        seconds) that hold all calls, or None for edges that a person would choose: 0, 10, 30 s, then 1,
        2, 3, 5, 10 min … as far as needed.
    by
        Columns or dimensions (``agent``, ``hour``, ``project`` …) that become outer index levels.
    answered_only
        Whether only answered calls are counted.
    closed
        Which edge belongs to a bin: ``"left"``, [0, 10) and [10, 30), or ``"right"``, (0, 10] and (10, 30].
        Edges chosen for ``"right"`` begin at -1 if there are calls of 0 s.

    Returns
    -------
    pandas.DataFrame
        Index ``talk_time_s`` of intervals (below the levels of `by`), every bin listed:

        - ``n_calls`` (int64)
        - ``share``: calls ÷ calls counted in the group
        - ``cumulative_share``: sum of the shares up to this bin

        ``attrs["quartiles_s"]`` holds lower quartile, median and upper quartile of each group, in seconds and
        from the calls themselves, not from the bins. Without calls to count the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `bins` are not ascending edges or a positive count, or `closed` is neither of the two.

    Notes
    -----
    Only calls whose talk time is known are counted. Those outside the edges have no row but stay in the
    denominator of ``share``, so the last ``cumulative_share`` says how much the bins cover.

    Examples
    --------
    >>> calls = pd.DataFrame({"talkTime": [0, 5, 10, 700], "state": "answered"})
    >>> calls.calls.talk_time_histogram([0, 10, 60])
                n_calls  share  cumulative_share
    talk_time_s
    [0.0, 10.0)       2   0.50              0.50
    [10.0, 60.0)      1   0.25              0.75
    """
    table = tally_talk_time_histogram(df, by=by, answered_only=answered_only)
    return finish_talk_time_histogram(table, bins, closed=closed)


def tally_answer_time_histogram(
    df: pd.DataFrame, *, by: By = None, answered_only: bool = True
) -> pd.DataFrame:
    """Return the sums behind `answer_time_histogram`: one row per group and answer time."""
    return _tally(df, "answerTime", "answer_time_s", by, answered_only, of_others="callTime")


def finish_answer_time_histogram(
    table: pd.DataFrame, bins: Bins = None, *, closed: Closed = "left"
) -> pd.DataFrame:
    """Return the table of `answer_time_histogram` from its tally."""
    return _finish(table, bins, closed, _ANSWER_EDGES)


@additive(tally_answer_time_histogram, finish_answer_time_histogram, durations=("answerTime",))
def answer_time_histogram(
    df: pd.DataFrame,
    bins: Bins = None,
    *,
    by: By = None,
    answered_only: bool = True,
    closed: Closed = "left",
) -> pd.DataFrame:
    """Count calls by the time until they were answered.

    Parameters
    ----------
    df
        Calls; needs ``answerTime`` and ``state``. ``callTime`` tells how long the others rang.
    bins
        Ascending edges in seconds (the last may be infinite), or a number of bins of equal width (in whole
        seconds) that hold all calls, or None for edges that a person would choose: every 5 s up to 30 s,
        then wider.
    by
        Columns or dimensions (``agent``, ``hour``, ``project`` …) that become outer index levels.
    answered_only
        Whether only answered calls are counted. For the others it is the time that they rang, ``callTime``:
        their ``answerTime`` is 0, since nobody answered.
    closed
        Which edge belongs to each bin: ``"left"``, [0, 5) and [5, 10), or ``"right"``, (0, 5] and (5, 10].
        Edges chosen for ``"right"`` begin at -1 if there are calls of 0 s.

    Returns
    -------
    pandas.DataFrame
        Index ``answer_time_s`` of intervals (below the levels of `by`), every bin listed:

        - ``n_calls`` (int64)
        - ``share``: calls ÷ calls counted in the group
        - ``cumulative_share``: sum of the shares up to this bin

        ``attrs["quartiles_s"]`` holds lower quartile, median and upper quartile of each group, in seconds and
        from the calls themselves, not from the bins. Without calls to count the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `bins` are not ascending edges or a positive count, or `closed` is neither of the two.

    Notes
    -----
    Only calls whose time is known are counted. Those outside the edges have no row but stay in the
    denominator of ``share``, so the last ``cumulative_share`` says how much the bins cover.

    Examples
    --------
    >>> calls = pd.DataFrame({"answerTime": [3, 8, 8, 21], "state": "answered"})
    >>> calls.calls.answer_time_histogram(2)
                 n_calls  share  cumulative_share
    answer_time_s
    [3.0, 13.0)        3   0.75              0.75
    [13.0, 23.0)       1   0.25              1.00
    """
    table = tally_answer_time_histogram(df, by=by, answered_only=answered_only)
    return finish_answer_time_histogram(table, bins, closed=closed)


def _tally(
    df: pd.DataFrame, field: str, name: str, by: By, answered_only: bool, *, of_others: str | None = None
) -> pd.DataFrame:
    """Count how often each duration occurs; `of_others` is the field of calls that were not answered."""
    parts = split(df, by)
    facts = Facts(df, parts)
    seconds = facts.seconds(field)
    if answered_only:
        seconds = np.where(facts.answered, seconds, np.nan)
    elif of_others is not None:
        others = facts.seconds(of_others) if facts.has(of_others) else np.nan
        seconds = np.where(facts.answered, seconds, others)
    counted = ~np.isnan(seconds)
    rows = np.flatnonzero(counted)
    groups = grouped([*(key.take(rows) for key in parts.keys), key_of(pd.Series(seconds[rows]), name)])
    return pd.DataFrame({"n_calls": groups.count()}, index=groups.index)


def _finish(table: pd.DataFrame, bins: Bins, closed: Closed, usual: Sequence[float]) -> pd.DataFrame:
    choice("closed", closed, ("left", "right"))
    *by, seconds = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    values = seconds.labels.to_numpy(dtype=np.float64)
    edges = _edges(bins, values[np.isfinite(values)], closed, usual)
    side: Literal["left", "right"] = "right" if closed == "left" else "left"
    intervals = pd.IntervalIndex.from_breaks(edges, closed=closed, name=seconds.labels.name)
    bin_ = (np.searchsorted(edges, values, side=side) - 1)[seconds.codes]
    groups = completed(by, np.clip(bin_, 0, len(intervals) - 1), intervals)
    calls = table["n_calls"].to_numpy()
    inside = groups.sum(calls * ((bin_ >= 0) & (bin_ < len(intervals))))
    counted = groups.sum(calls).reshape(-1, len(intervals)).sum(axis=1, keepdims=True)
    share = ratio(inside.reshape(-1, len(intervals)), counted)
    result = pd.DataFrame(
        {
            "n_calls": inside.astype(np.int64),
            "share": share.ravel(),
            "cumulative_share": share.cumsum(axis=1).ravel(),
        },
        index=groups.index,
    )
    whole = Groups(groups.codes // len(intervals), groups.index[:: len(intervals)])
    quartiles = np.array(quantiles(whole, values[seconds.codes], calls.astype(np.float64), _QUARTILES))
    result.attrs["quartiles_s"] = quartiles.T.tolist()
    return result


def _edges(
    bins: Bins, values: NDArray[np.float64], closed: Closed, usual: Sequence[float]
) -> NDArray[np.float64]:
    """Return the edges in seconds; `values` are sorted."""
    if bins is None:
        return _usual_edges(values, closed, usual)
    if isinstance(bins, (int, np.integer)) and not isinstance(bins, bool):
        return _equal_edges(whole("bins", bins, 1), values, closed)
    edges = np.asarray(bins, dtype=np.float64)
    if edges.ndim != 1 or len(edges) < 2 or not all(low < high for low, high in pairwise(edges)):
        msg = f"bins={bins!r} must be a count, or at least two ascending edges in seconds"
        raise ValueError(msg)
    return edges


def _usual_edges(values: NDArray[np.float64], closed: Closed, usual: Sequence[float]) -> NDArray[np.float64]:
    edges = [float(edge) for edge in usual]
    longest = values[-1] if len(values) else 0.0
    while longest >= edges[-1]:
        edges.append(edges[-1] * 2)
    needed = np.searchsorted(edges, longest, side="right" if closed == "left" else "left")
    edges = edges[: max(int(needed), 1) + 1]
    if closed == "right" and len(values) and values[0] <= 0:
        edges.insert(0, -1.0)
    return np.array(edges)


def _equal_edges(count: int, values: NDArray[np.float64], closed: Closed) -> NDArray[np.float64]:
    if not len(values):
        return np.arange(count + 1, dtype=np.float64)
    # The open edge lies beyond the last value, so that the bins hold all calls.
    low, high = (values[0], values[-1] + 1) if closed == "left" else (values[0] - 1, values[-1])
    width = max(np.ceil((np.ceil(high) - np.floor(low)) / count), 1.0)
    edges: NDArray[np.float64] = np.floor(low) + width * np.arange(count + 1)
    return edges


def tally_talk_time_buckets(
    df: pd.DataFrame, edges: Sequence[float] = (10, 30), *, by: By = None
) -> pd.DataFrame:
    """Return the sums behind `talk_time_buckets`."""
    bounds = _bounds(edges)
    parts = split(df, by)
    facts = Facts(df, parts)
    talk_time = facts.talk_time
    counted = ~np.isnan(talk_time)
    bucket = Key(
        np.searchsorted(bounds, talk_time, side="right"), pd.RangeIndex(len(bounds) + 1, name="bucket")
    )
    rows = np.flatnonzero(counted)
    sums: dict[str, Contribution] = {"n_calls": counted[rows], "talk_time_total_s": talk_time[rows]}
    for name in ("lead_known", "positive"):
        adds = SUMS[name](facts)
        sums[name] = None if adds is None else adds[rows]
    return tally_of([key.take(rows) for key in (*parts.keys, bucket)], sums)


def finish_talk_time_buckets(
    table: pd.DataFrame, edges: Sequence[float] = (10, 30), *, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the table of `talk_time_buckets` from its tally."""
    bounds = _bounds(edges)
    *by, bucket = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    names = [
        f"< {bounds[0]:g} s",
        *(f"{low:g}–{high:g} s" for low, high in pairwise(bounds)),
        f"≥ {bounds[-1]:g} s",
    ]
    place = bucket.labels.to_numpy(dtype=np.int64)[bucket.codes]
    sums = known_sums(table, completed(by, place, pd.Index(names, dtype="str", name="bucket")))
    of = sums["n_calls"].to_numpy().reshape(-1, len(names)).sum(axis=1).repeat(len(names))
    result = sums[["n_calls"]].copy()
    add_rate(result, "share", sums["n_calls"], of, confidence)
    result["talk_time_total_s"], result["positive"] = sums["talk_time_total_s"], sums["positive"]
    result["positive_rate"] = ratio(sums["positive"], sums["n_calls"])
    return result


@additive(tally_talk_time_buckets, finish_talk_time_buckets, durations=("talkTime",))
def talk_time_buckets(
    df: pd.DataFrame, edges: Sequence[float] = (10, 30), *, by: By = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Count answered calls by talk time in few buckets: hung up, short, a conversation.

    Parameters
    ----------
    df
        Calls; needs ``state`` and ``talkTime``. ``outcomeType`` is used where present.
    edges
        Ascending seconds where one bucket ends and the next begins.
    by
        Columns or dimensions (``agent``, ``project`` …) that become outer index levels.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index ``bucket``, one more than there are edges (below the levels of `by`): ``"< 10 s"``,
        ``"10–30 s"``, ``"≥ 30 s"``. An edge belongs to the bucket above it.

        - ``n_calls`` (int64): answered calls whose talk time is known
        - ``share``: calls ÷ calls of the group, with ``share_low``, ``share_high`` (Wilson)
        - ``talk_time_total_s``: seconds
        - ``positive`` (int64), ``positive_rate``: calls with a positive outcome ÷ calls

        Without answered calls the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `edges` do not ascend.

    Examples
    --------
    >>> calls = pd.DataFrame({"state": 1, "talkTime": [3, 10, 40, 400]})
    >>> calls.calls.talk_time_buckets()[["n_calls", "share"]]
           n_calls  share
    bucket
    < 10 s       1   0.25
    10–30 s      1   0.25
    ≥ 30 s       2   0.50
    """
    return finish_talk_time_buckets(tally_talk_time_buckets(df, edges, by=by), edges, confidence=confidence)


def _bounds(edges: Sequence[float]) -> NDArray[np.float64]:
    bounds = np.asarray(edges, dtype=np.float64)
    if bounds.ndim != 1 or not len(bounds) or not (np.diff(bounds) > 0).all() or np.isnan(bounds).any():
        msg = f"edges={edges!r} must be ascending seconds, for example (10, 30)"
        raise ValueError(msg)
    return bounds
