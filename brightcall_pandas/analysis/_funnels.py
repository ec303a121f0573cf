"""How far calls get."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import By, names_of, split
from brightcall_pandas.analysis._groups import Key, completed, keys_of_index
from brightcall_pandas.analysis._rates import add_rate, rate_columns, ratio
from brightcall_pandas.analysis._spelling import folded_keys
from brightcall_pandas.analysis._tallies import Facts, add_up, tally_of
from brightcall_pandas.frame import column

__all__ = [
    "finish_funnel",
    "finish_talk_time_buckets",
    "funnel",
    "talk_time_buckets",
    "tally_funnel",
    "tally_talk_time_buckets",
]

Stages = Mapping[str, Callable[[pd.DataFrame], object] | object] | None
"""Name of each stage and which calls reach it: a mask, or a function of the frame that returns one."""


def _answered(df: pd.DataFrame) -> NDArray[np.bool_]:
    return (column(df, "state") == "answered").to_numpy(dtype=bool)


def _conversation(df: pd.DataFrame) -> NDArray[np.bool_]:
    return (column(df, "talkTime") >= 30).to_numpy(dtype=bool)


def _positive(df: pd.DataFrame) -> NDArray[np.bool_]:
    return (column(df, "outcomeType") == "positive").to_numpy(dtype=bool)


_USUAL: Mapping[str, Callable[[pd.DataFrame], object]] = {
    "dialled": lambda df: np.ones(len(df), dtype=bool),
    "answered": _answered,
    "conversation ≥ 30 s": _conversation,
    "positive outcome": _positive,
}


def funnel(
    df: pd.DataFrame, stages: Stages = None, *, by: By = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Tell how many calls get from stage to stage.

    Parameters
    ----------
    df
        Calls; the usual stages need ``state``, ``talkTime`` and ``outcomeType``.
    stages
        Name of each stage, in order, with a mask of the calls that meet it, or a function that makes the mask
        from the frame. Default: dialled (every row), answered, conversation ≥ 30 s, positive outcome.
    by
        Columns or dimensions (``agent``, ``project`` …) that become outer index levels.
    confidence
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        Index ``stage`` in order (below the levels of `by`):

        - ``n_calls`` (int64): calls that meet this stage and all before it
        - ``share``: calls ÷ calls of the first stage
        - ``step_rate``: calls ÷ calls of the stage before, with ``step_rate_low``, ``step_rate_high``
          (Wilson); null for the first stage
        - ``lost`` (int64): calls of the stage before that do not get here; 0 for the first stage

        Without calls the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `stages` is empty, or a mask is not as long as the frame.

    Notes
    -----
    A call that skips a stage does not come back: a positive outcome after 20 s of talk counts as lost at
    the third stage. A null in a mask is not met. To look at outbound calls only, filter first:
    ``df.calls.filter(types="outbound").calls.funnel()``.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {"state": [1, 1, 1, 0], "talkTime": [40, 90, 5, 0], "outcomeType": ["positive", None, None, None]}
    ... )
    >>> calls.calls.funnel()[["n_calls", "share", "lost"]]
                       n_calls  share  lost
    stage
    dialled                  4   1.00     0
    answered                 3   0.75     1
    conversation ≥ 30 s      2   0.50     1
    positive outcome         1   0.25     1
    """
    return finish_funnel(tally_funnel(df, stages, by=by), stages, confidence=confidence)


def tally_funnel(df: pd.DataFrame, stages: Stages = None, *, by: By = None) -> pd.DataFrame:
    """Return the sums that `funnel` is made of: how many calls get to which stage and no further."""
    masks = [_mask(stage, df, name) for name, stage in _checked(stages).items()]
    met = list(accumulate(masks, np.logical_and))
    depths = pd.RangeIndex(len(met) + 1, name="stage")
    if not names_of(by):
        # Counting masks is quicker than grouping rows.
        counts = np.array([len(df), *map(np.count_nonzero, met), 0])
        stopped = counts[:-1] - counts[1:]
        return pd.DataFrame({"n_calls": stopped[stopped > 0]}, index=depths[stopped > 0])
    parts = split(df, by).within(Key(np.sum(met, axis=0, dtype=np.int64), depths))
    return tally_of(parts.keys, {"n_calls": np.ones(len(parts.keys[0].codes), dtype=bool)})


def finish_funnel(table: pd.DataFrame, stages: Stages = None, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `funnel` from its tally."""
    names = list(_checked(stages))
    *by, depth = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    place = depth.labels.to_numpy(dtype=np.int64)[depth.codes]
    stage = pd.Index(names, dtype="str", name="stage")
    groups = completed(by, np.maximum(place - 1, 0), stage)
    stopped = groups.sum(table["n_calls"].to_numpy() * (place > 0)).reshape(-1, len(names))
    reached = stopped[:, ::-1].cumsum(axis=1)[:, ::-1]
    before = np.column_stack([np.full(len(reached), np.nan), reached[:, :-1]])
    return pd.DataFrame(
        {
            "n_calls": reached.ravel().astype(np.int64),
            "share": ratio(reached, reached[:, :1]).ravel(),
            **rate_columns("step_rate", reached.ravel(), before.ravel(), confidence),
            "lost": np.nan_to_num(before - reached).ravel().astype(np.int64),
        },
        index=groups.index,
    )


def _checked(stages: Stages) -> Mapping[str, object]:
    if stages is None:
        return _USUAL
    if not isinstance(stages, Mapping) or not stages:
        msg = "stages= must map the name of each stage to a mask or to a function of the frame"
        raise ValueError(msg)
    return stages


def _mask(stage: object, df: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    values = np.asarray(stage(df) if callable(stage) else stage)
    mask = values
    if values.dtype != np.bool_:
        mask = pd.array(values, dtype="boolean").to_numpy(dtype=bool, na_value=False)
    if mask.shape != (len(df),):
        msg = f"the mask of stage {name!r} has {mask.size} entries, the frame has {len(df)} rows"
        raise ValueError(msg)
    return mask


def talk_time_buckets(
    df: pd.DataFrame, edges: Sequence[float] = (10, 30), *, by: By = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Sort answered calls by how long they talked: hung up, short, real.

    Parameters
    ----------
    df
        Calls; needs ``state`` and ``talkTime``. ``outcomeType`` is used where present.
    edges
        Ascending seconds where one bucket ends and the next begins.
    by
        Columns or dimensions (``agent``, ``project`` …) that become outer index levels.
    confidence
        Of the intervals.

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


def tally_talk_time_buckets(
    df: pd.DataFrame, edges: Sequence[float] = (10, 30), *, by: By = None
) -> pd.DataFrame:
    """Return the sums that `talk_time_buckets` is made of."""
    bounds = _bounds(edges)
    parts = split(df, by)
    facts = Facts(df, parts)
    talk_time = facts.talk_time
    counted = ~np.isnan(talk_time)
    bucket = Key(
        np.searchsorted(bounds, talk_time, side="right"), pd.RangeIndex(len(bounds) + 1, name="bucket")
    )
    rows = np.flatnonzero(counted)
    positive = facts.is_label("outcomeType", "positive")[rows] if facts.has("outcomeType") else None
    sums = {"n_calls": counted[rows], "talk_time_total_s": talk_time[rows], "positive": positive}
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
    sums = add_up(table, completed(by, place, pd.Index(names, dtype="str", name="bucket")))
    of = sums["n_calls"].to_numpy().reshape(-1, len(names)).sum(axis=1).repeat(len(names))
    result = sums[["n_calls"]].copy()
    add_rate(result, "share", sums["n_calls"], of, confidence)
    result["talk_time_total_s"], result["positive"] = sums["talk_time_total_s"], sums["positive"]
    result["positive_rate"] = ratio(sums["positive"], sums["n_calls"])
    return result


def _bounds(edges: Sequence[float]) -> NDArray[np.float64]:
    bounds = np.asarray(edges, dtype=np.float64)
    if bounds.ndim != 1 or not len(bounds) or not (np.diff(bounds) > 0).all() or np.isnan(bounds).any():
        msg = f"edges={edges!r} must be ascending seconds, for example (10, 30)"
        raise ValueError(msg)
    return bounds
