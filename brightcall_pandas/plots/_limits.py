"""Between which limits rates lie that differ by chance alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["ALIKE", "SIGMAS", "chance_band", "control_limits"]

Floats = NDArray[np.float64]

SIGMAS = 3.0
"""Standard errors from the mean to a control limit."""

ALIKE = 3.09
"""Standard errors from the mean within which 99.8 % of those lie who are all alike."""


def chance_band(rate: float, calls: Floats, sigmas: float) -> tuple[Floats, Floats]:
    """Return between which limits rates of so many calls lie, if each call has this chance."""
    error = sigmas * np.sqrt(rate * (1 - rate) / calls)
    return np.maximum(rate - error, 0), np.minimum(rate + error, 1)


def control_limits(known: pd.DataFrame) -> tuple[float, Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the answer rate of all whole periods, its control limits, and which periods lie outside.

    Parameters
    ----------
    known
        Rows of `analysis.over_time` of which the answer rate is known.

    Returns
    -------
    tuple
        The rate; lower and upper limit of each period; which periods lie outside; which ones are whole. Where
        no period is whole, all count as if they were.
    """
    rates, calls = (known[name].to_numpy(dtype=np.float64) for name in ("answer_rate", "n_calls"))
    whole = known["complete"].to_numpy(dtype=bool)
    whole = whole if whole.any() else np.ones(len(known), dtype=bool)
    mean = float((rates * calls)[whole].sum() / calls[whole].sum())
    low, high = chance_band(mean, calls, SIGMAS)
    return mean, low, high, ((rates < low) | (rates > high)) & whole, whole
