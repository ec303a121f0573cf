"""Which rows of a frame ``.calls.filter`` keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.analysis import chain_log, chains_match
from brightcall_pandas.filters import ROW_FILTERS, CallFilter
from brightcall_pandas.frame import column, nearest, zone_of_times

__all__ = ["matching_rows", "unmatched_paths", "zone_of_rows"]

_LISTED = 5


def matching_rows(
    df: pd.DataFrame,
    spec: CallFilter,
    conditions: Mapping[str, Any],
    *,
    fold_case: bool,
    agent: str | None = None,
) -> np.ndarray:
    """Return which rows pass a filter of the API and `parsed_conditions` of rows."""
    mask = spec.mask(df, fold_case=fold_case, agent=agent).to_numpy(dtype=bool)
    for name, value in conditions.items():
        predicate = ROW_FILTERS[name].predicate
        if predicate is None:
            mask = mask & _by_chain(df, name, value)
        else:
            mask = mask & predicate.mask(df, value, spec.timezone)
    return mask


def zone_of_rows(df: pd.DataFrame) -> str:
    """Return the zone of a frame's times, in which its days begin."""
    return zone_of_times(column(df, "timestamp"))


def _by_chain(df: pd.DataFrame, name: str, value: Any) -> np.ndarray:
    """Return which rows meet a condition on their chains of transfers."""
    if name == "transferred":
        met: np.ndarray = chains_match(df, at_least=1).to_numpy(dtype=bool) == value
        return met
    log = chain_log(df)
    return np.isin(np.asarray(log.labels, dtype=object), value)[log.rows]


def unmatched_paths(df: pd.DataFrame, conditions: Mapping[str, Any], passed: np.ndarray) -> str:
    """Return a sentence about paths that no row of a frame has, and what is there instead.

    Parameters
    ----------
    df
        Calls; of a frame without rows nothing is said.
    conditions
        The `parsed_conditions`.
    passed
        Which rows pass.

    Returns
    -------
    str
        Empty where each path has a row, whether or not that row passes the other filters.
    """
    wanted = conditions.get("paths", ())
    if not len(df) or (len(wanted) < 2 and (not wanted or passed.any())):
        return ""
    log = chain_log(df)
    calls = pd.Series(log.calls).groupby(np.asarray(log.labels, dtype=object)).sum()
    lacking = [path for path in wanted if path not in calls.index]
    if not lacking:
        return ""
    known = calls.sort_values(ascending=False, kind="stable").index.tolist()
    listed = ", ".join(map(repr, known[:_LISTED]))
    rest = f" and {len(known) - _LISTED:,} more" if len(known) > _LISTED else ""
    named = " or ".join(f"paths={path!r}" for path in lacking[:_LISTED])
    hint = nearest(lacking[0], known)
    return f"None of these {len(df):,} calls has {named}{hint} They have {listed}{rest}."
