"""Which rows of a frame ``.calls.filter`` keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.analysis import chain_log, chains_match
from brightcall_pandas.filters import ROW_FILTERS, CallFilter

__all__ = ["matching_rows"]


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


def _by_chain(df: pd.DataFrame, name: str, value: Any) -> np.ndarray:
    """Return which rows meet a condition on their chains of transfers."""
    if name == "transferred":
        met: np.ndarray = chains_match(df, at_least=1).to_numpy(dtype=bool) == value
        return met
    log = chain_log(df)
    return np.isin(np.asarray(log.labels, dtype=object), value)[log.rows]
