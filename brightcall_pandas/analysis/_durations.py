"""Durations that a call can have: others poison sums and means, so they are left out, and said.

A negative one, often a whole epoch with a minus sign, and one of more than a day are no lengths of calls.
They count as unknown in every table; `quality` lists them, and a table's ``attrs["impossible"]`` says how
many there are in its frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import LONGEST_S
from brightcall_pandas.frame import column

__all__ = ["impossible_durations", "possible", "seconds_of"]


def possible(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return durations, null where no call can last so long."""
    if not len(seconds) or (seconds.min() >= 0 and seconds.max() <= LONGEST_S):  # false for a null
        return seconds
    absurd = (seconds < 0) | (seconds > LONGEST_S)
    return np.where(absurd, np.nan, seconds) if absurd.any() else seconds


def seconds_of(df: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return a column of durations; null for one that is unknown or impossible."""
    return possible(column(df, name).to_numpy(dtype=np.float64))


def impossible_durations(df: pd.DataFrame, names: Sequence[str]) -> dict[str, int]:
    """Return how many durations of each column are impossible, of those that have any."""
    found = {}
    for name in names:
        if name in df.columns:
            seconds = column(df, name).to_numpy(dtype=np.float64)
            kept = possible(seconds)
            if kept is not seconds:
                found[name] = int(np.count_nonzero(np.isnan(kept)) - np.count_nonzero(np.isnan(seconds)))
    return found
