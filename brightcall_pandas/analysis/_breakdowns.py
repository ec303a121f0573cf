"""Any split of the calls, with the numbers asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import By, names_of, split
from brightcall_pandas.analysis._groups import grouped, keys_of_index
from brightcall_pandas.analysis._metrics import METRICS, metrics_of, needs_median, sums_for
from brightcall_pandas.analysis._rates import ratio, wilson
from brightcall_pandas.analysis._spelling import folded_keys
from brightcall_pandas.analysis._tallies import TALK_TIME, tally

__all__ = ["breakdown", "finish_breakdown", "tally_breakdown"]

_USUAL = (
    "n_calls",
    "answered",
    "answer_rate",
    "talk_time_total_s",
    "talk_time_mean_s",
    "positive",
    "positive_rate",
)


def breakdown(
    df: pd.DataFrame, by: By, metrics: Sequence[str] | None = None, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Split the calls by anything and describe each group.

    Parameters
    ----------
    df
        Calls; needs the columns of `by`. A number whose column is missing is null.
    by
        A dimension (``agent``, ``campaign``, ``client``, ``direction``, ``hour``, ``line``, ``outcome``,
        ``outcome_type``, ``project``, ``tag``, ``weekday``, ``day``, ``week``, ``month``), a column of the
        frame, or several.
    metrics
        Names in `definitions` that describe a group of calls; default: calls, answered, answer_rate,
        talk_time_total_s, talk_time_mean_s, positive and positive_rate.
    confidence
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`; missing values are a group of their own. One unordered name:
        most calls first; else in the order of the labels. Columns:

        - ``share``: calls of the group ÷ all calls
        - each of `metrics`, and behind each rate that is calls ÷ calls ``<rate>_low`` and ``<rate>_high``,
          Wilson's interval

    Raises
    ------
    KeyError
        A name in `by` is neither a dimension nor a column.
    ValueError
        `by` names nothing, or a name in `metrics` is none.

    Notes
    -----
    By ``tag`` a call counts once in each of its tags, so shares may add up to more than 1.

    Examples
    --------
    >>> calls = pd.DataFrame({"projectName": ["Solar", "Solar", None], "state": [1, 0, 1]})
    >>> table = calls.calls.breakdown("project", ["n_calls", "answer_rate"])
    >>> table[["share", "n_calls", "answer_rate"]].round(2)
             share  n_calls  answer_rate
    project
    Solar     0.67      2          0.5
    (none)    0.33      1          1.0
    """
    table = tally_breakdown(df, by, metrics)
    return finish_breakdown(table, metrics, confidence=confidence)


def tally_breakdown(df: pd.DataFrame, by: By, metrics: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the sums that `breakdown` is made of."""
    names = _checked(metrics)
    if not names_of(by):
        msg = "by= must name at least one dimension or column"
        raise ValueError(msg)
    sums = ["n_calls", "whole_calls", *sums_for(names)]
    return tally(df, split(df, by), list(dict.fromkeys(sums)), median=needs_median(names))


def finish_breakdown(
    table: pd.DataFrame, metrics: Sequence[str] | None = None, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the table of `breakdown` from its tally."""
    names = _checked(metrics)
    keys = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    groups = grouped([key for key in keys if key.labels.name != TALK_TIME])
    calls = groups.sum(table["n_calls"].to_numpy())
    values = metrics_of(table, groups, names)
    columns = {"share": ratio(calls, table["whole_calls"].sum())}
    for name in names:
        columns[name] = values[name].to_numpy()
        if METRICS[name].is_proportion:
            hits, trials = (groups.sum(table[each].to_numpy()) for each in METRICS[name].sums)
            columns[f"{name}_low"], columns[f"{name}_high"] = wilson(hits, trials, confidence)
    result = pd.DataFrame(columns, index=groups.index)
    if isinstance(result.index.dtype, pd.StringDtype):
        result = result.iloc[np.argsort(-calls, kind="stable")]
    return result


def _checked(metrics: Sequence[str] | None) -> list[str]:
    names = list(_USUAL if metrics is None else metrics)
    if isinstance(metrics, str) or not names or not set(names) <= set(METRICS):
        msg = f"metrics={metrics!r} must be a list of: {', '.join(METRICS)}"
        raise ValueError(msg)
    return list(dict.fromkeys(names))
