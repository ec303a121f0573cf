"""Between which limits rates lie that differ by chance alone.

Calls of one client are alike, so that they tell less than as many calls of different clients. Where a table
has intervals, these know it, and the limits follow them.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.plots._facts import Facts

__all__ = [
    "ALIKE",
    "APART",
    "CLEARLY",
    "SIGMAS",
    "chance_band",
    "clearly_more",
    "clearly_told",
    "continued_band",
    "control_limits",
    "effective_calls",
]

Floats = NDArray[np.float64]

SIGMAS = 3.0
"""Standard errors from the mean to a control limit."""

ALIKE = 3.09
"""Standard errors from the mean within which 99.8 % of those lie who are all alike."""

APART = 1.96
"""Standard errors by which two counts must differ for one to be called the larger."""

CLEARLY = f"clearly: by {APART:g} standard errors"


def clearly_more(more: float, fewer: float) -> bool:
    """Tell whether a count is larger than another by more than chance gives.

    This decides in every title whether something is the most, the first or the peak.
    """
    return more > fewer and more - fewer >= APART * np.sqrt(more + fewer)


def clearly_told(title: str) -> str:
    """Return what "clearly" means, where a title says it."""
    return CLEARLY if " clearly " in title else ""


def chance_band(rate: float, calls: Floats, sigmas: float) -> tuple[Floats, Floats]:
    """Return between which limits rates of so many calls lie, if each call has this chance."""
    error = sigmas * np.sqrt(rate * (1 - rate) / calls)
    return np.maximum(rate - error, 0), np.minimum(rate + error, 1)


def continued_band(table: pd.DataFrame, facts: Facts) -> tuple[Floats, Floats]:
    """Return the interval of ``reach_if_continued``, a Kaplan-Meier estimate.

    It is Greenwood's, on the log-log scale.

    Parameters
    ----------
    table
        What `analysis.attempts` returns, of one group.
    facts
        What the table says of itself.
    """
    n, rate, reach = (
        table[name].to_numpy(dtype=np.float64)
        for name in ("unreached", "marginal_rate", "reach_if_continued")
    )
    left = 1 - reach
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.cumsum(rate / (n * (1 - rate)))) / np.abs(np.log(left))
        ends = [left ** np.exp(sign * _quantile(facts) * error) for sign in (1, -1)]
    low, high = (np.where((left > 0) & (left < 1), 1 - each, np.nan) for each in reversed(ends))
    return low, high


def _quantile(facts: Facts) -> float:
    confidence = facts.setting("confidence")
    return NormalDist().inv_cdf((1 + (confidence if isinstance(confidence, float) else 0.95)) / 2)


def effective_calls(table: pd.DataFrame, rate: str, facts: Facts) -> Floats:
    """Return how many calls of as many clients would tell as much about a rate as the calls of each row.

    Without intervals in the table these are the calls themselves.
    """
    calls = table["n_calls"].to_numpy(dtype=np.float64)
    if f"{rate}_low" not in table:
        return calls
    p, low, high = (table[name].to_numpy(dtype=np.float64) for name in (rate, f"{rate}_low", f"{rate}_high"))
    z = _quantile(facts)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Wilson's interval of few calls is narrower than that of a normal rate: these stay as they are.
        told = p * (1 - p) * (2 * z / (high - low)) ** 2 - z**2
    return np.where(np.isfinite(told) & (told > 1), np.minimum(told, calls), calls)


def control_limits(
    known: pd.DataFrame, facts: Facts
) -> tuple[float, Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the answer rate of all whole periods, its control limits, and which periods lie outside.

    Parameters
    ----------
    known
        Rows of `analysis.over_time` of which the answer rate is known.
    facts
        What the table says of itself.

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
    low, high = chance_band(mean, effective_calls(known, "answer_rate", facts), SIGMAS)
    return mean, low, high, ((rates < low) | (rates > high)) & whole, whole
