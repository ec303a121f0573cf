"""How the agents do, without luck leading the board."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import split
from brightcall_pandas.analysis._groups import NONE, grouped, keys_of_index
from brightcall_pandas.analysis._metrics import METRICS, metrics_of, sums_for
from brightcall_pandas.analysis._rates import shrunk, wilson
from brightcall_pandas.analysis._tallies import tally

__all__ = ["by_agent", "finish_by_agent", "tally_by_agent"]

Rate = Literal["answer_rate", "positive_rate"]

_METRICS = (
    "n_calls",
    "answered",
    "answer_rate",
    "positive",
    "positive_rate",
    "talk_time_total_s",
    "talk_time_mean_s",
)


def by_agent(
    df: pd.DataFrame, *, rank_by: Rate = "answer_rate", min_calls: int = 20, confidence: float = 0.95
) -> pd.DataFrame:
    """Compare the agents.

    Parameters
    ----------
    df
        Calls; needs ``userId``. ``state``, ``outcomeType`` and ``talkTime`` are used where present.
    rank_by
        The rate that ranks: ``"answer_rate"`` or ``"positive_rate"``.
    min_calls
        Agents with fewer calls are listed below the others and have no rank.
    confidence
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        Index ``agent``, best rank first, then those without a rank by number of calls:

        - ``rank`` (null without): by the adjusted rate; equal rates share the better rank
        - ``rank_best``, ``rank_worst``: the ranks that the intervals leave possible
        - ``n_calls``, ``answered`` (int64), ``answer_rate``, ``answer_rate_low``, ``answer_rate_high``,
          ``answer_rate_adjusted``
        - ``positive`` (int64), ``positive_rate``, ``positive_rate_low``, ``positive_rate_high``,
          ``positive_rate_adjusted``
        - ``talk_time_total_s``, ``talk_time_mean_s``

        ``attrs["rank_by"]`` names the rate that ranks.

    Raises
    ------
    KeyError
        The frame has no ``userId``.
    ValueError
        `rank_by` is another word, or `confidence` is not between 0 and 1.

    Notes
    -----
    ``…_low`` and ``…_high`` are Wilson's interval. ``…_adjusted`` is the empirical-Bayes estimate (see
    `rates.shrunk`): the rate is drawn towards that of all agents, the more so the fewer the calls, so that
    two answers out of two do not lead the board. It is estimated from all agents, also those with few
    calls; calls without an agent are listed as ``(none)`` and neither ranked nor adjusted. The best
    possible rank of an agent counts the ranked agents whose interval lies wholly above the agent's own, the
    worst one those whose interval lies wholly below.

    Examples
    --------
    >>> agents = ["Ann"] * 2 + ["Bob"] * 100 + ["Cid"] * 100
    >>> states = [1] * 2 + [1] * 90 + [0] * 10 + [1] * 50 + [0] * 50
    >>> table = pd.DataFrame({"userId": agents, "state": states}).calls.by_agent(min_calls=1)
    >>> table[["rank", "answer_rate", "answer_rate_adjusted"]].round(2)
           rank  answer_rate  answer_rate_adjusted
    agent
    Bob     1.0          0.9                  0.90
    Ann     2.0          1.0                  0.86
    Cid     3.0          0.5                  0.50
    """
    return finish_by_agent(tally_by_agent(df), rank_by=rank_by, min_calls=min_calls, confidence=confidence)


def tally_by_agent(df: pd.DataFrame) -> pd.DataFrame:
    """Return the sums that `by_agent` is made of: a row for each agent."""
    return tally(df, split(df, "agent"), sums_for(_METRICS))


def finish_by_agent(
    table: pd.DataFrame, *, rank_by: Rate = "answer_rate", min_calls: int = 20, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the table of `by_agent` from its tally."""
    if rank_by not in get_args(Rate):
        msg = f"rank_by={rank_by!r} must be one of {', '.join(get_args(Rate))}"
        raise ValueError(msg)
    groups = grouped(keys_of_index(table.index))
    result = metrics_of(table, groups, _METRICS)
    known = np.asarray(result.index != NONE)
    for rate in get_args(Rate):
        hits, trials = (result[name].to_numpy(dtype=np.float64) for name in METRICS[rate].sums)
        low, high = wilson(hits, trials, confidence)
        adjusted = shrunk(hits * known, trials * known)
        place = list(result.columns).index(rate) + 1
        for name, values in (("low", low), ("high", high), ("adjusted", adjusted)):
            result.insert(place, f"{rate}_{name}", values)
            place += 1
    ranked = known & ((result["n_calls"] >= min_calls) & result[rank_by].notna()).to_numpy()
    merit = result[f"{rank_by}_adjusted"].where(ranked)
    rank = merit.rank(ascending=False, method="min")
    low, high = (result[f"{rank_by}_{end}"].to_numpy() for end in ("low", "high"))
    best = 1 + _count(low[ranked], above=high)
    worst = ranked.sum() - _count(-high[ranked], above=-low)
    result.insert(0, "rank", rank)
    result.insert(1, "rank_best", np.where(ranked, np.fmin(best, rank), np.nan))
    result.insert(2, "rank_worst", np.where(ranked, np.fmax(worst, rank), np.nan))
    result = result.iloc[np.lexsort((-result["n_calls"].to_numpy(), -merit.fillna(-1).to_numpy()))]
    result.attrs["rank_by"] = rank_by
    return result


def _count(values: NDArray[np.float64], *, above: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each bound how many of the values lie above it."""
    return len(values) - np.searchsorted(np.sort(values), above, side="right")
