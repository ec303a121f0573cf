"""Agents and outbound lines compared with one another."""

from __future__ import annotations

from statistics import NormalDist
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import period_key, split
from brightcall_pandas.analysis._groups import NONE, Groups, grouped, key_of, keys_of_index
from brightcall_pandas.analysis._metrics import METRICS, metrics_of, sums_for
from brightcall_pandas.analysis._rates import add_rate, ratio, shrunk, wilson
from brightcall_pandas.analysis._sequences import of_direction
from brightcall_pandas.analysis._tallies import add_up, additive, tally, tally_of
from brightcall_pandas.frame import column, optional_column

__all__ = ["by_agent", "by_line"]


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


@additive(tally_by_agent, finish_by_agent)
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


def _count(values: NDArray[np.float64], *, above: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each bound how many of the values lie above it."""
    return len(values) - np.searchsorted(np.sort(values), above, side="right")


def tally_by_line(
    df: pd.DataFrame, *, short_s: float = 10, direction: str | None = "outbound"
) -> pd.DataFrame:
    """Return the sums that `by_line` is made of: a row for each line, hour, project and week."""
    week, known = period_key(column(df, "timestamp"), "W")
    line, hour = split(df, ["line", "hour"]).keys
    project = key_of(optional_column(df, "projectName"), "project")
    rows = np.flatnonzero(known & of_direction(df, direction))
    answered = (column(df, "state") == "answered").to_numpy(dtype=bool)[rows]
    talk = optional_column(df, "talkTime").to_numpy(dtype=np.float64)[rows]
    told = answered & ~np.isnan(talk)
    there = "talkTime" in df.columns
    sums = {
        "n_calls": np.ones(len(rows), dtype=bool),
        "answered": answered,
        "talks": told if there else None,
        "short": (told & (talk < short_s)) if there else None,
    }
    keys = [key.take(rows) for key in (line, hour, project, week)]
    return tally_of([keys[0], keys[1], keys[2], key_of(keys[3].labels.take(keys[3].codes), "week")], sums)


def finish_by_line(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `by_line` from its tally."""
    line, hour, project, week = keys_of_index(table.index)
    groups, strata = grouped([line]), grouped([hour, project])
    calls, answered = (table[name].to_numpy(dtype=np.float64) for name in ("n_calls", "answered"))
    usual = ratio(strata.sum(answered), strata.sum(calls))[strata.codes]
    sums = add_up(table, groups)
    result = sums[["n_calls", "answered"]].copy()
    add_rate(result, "answer_rate", sums["answered"], sums["n_calls"], confidence)
    expected = groups.sum(calls * usual)
    result["answer_rate_expected"] = ratio(expected, sums["n_calls"])
    result["answer_rate_adjusted"] = ratio(sums["answered"], expected) * ratio(answered.sum(), calls.sum())
    add_rate(result, "short_call_share", sums["short"], sums["talks"], confidence)
    # Wall-clock time: a clock change makes no week shorter.
    weeks = pd.DatetimeIndex(week.labels).tz_localize(None).asi8[week.codes] / (7 * 86_400 * 1e6)
    slope, error = _slope(groups, weeks, calls, answered - calls * usual, calls * usual * (1 - usual))
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    result["trend"] = slope
    result["trend_low"], result["trend_high"] = slope - z * error, slope + z * error
    return result.iloc[np.argsort(result["answer_rate_adjusted"].to_numpy(), kind="stable")]


@additive(tally_by_line, finish_by_line)
def by_line(
    df: pd.DataFrame,
    *,
    short_s: float = 10,
    direction: str | None = "outbound",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare the lines that clients are called from.

    Parameters
    ----------
    df
        Calls; needs ``lineNumber``, ``state``, ``timestamp``, and ``type`` unless `direction` is None.
        ``projectName`` and ``talkTime`` are used where present.
    short_s
        Answered calls that talk for less are short: the client hung up at once.
    direction
        ``"outbound"``, ``"inbound"``, ``"internal"``, or None for all calls.
    confidence
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        Index ``line``, lowest adjusted answer rate first:

        - ``n_calls``, ``answered`` (int64), ``answer_rate``, ``answer_rate_low``, ``answer_rate_high``
          (Wilson)
        - ``answer_rate_expected``: what the line's calls would have if each were answered as often as all
          calls of the same hour and project
        - ``answer_rate_adjusted``: answer rate ÷ expected one × answer rate of all lines
        - ``short_call_share``: answered calls under `short_s` ÷ answered calls whose talk time is known, with
          ``short_call_share_low``, ``short_call_share_high`` (Wilson)
        - ``trend``: change of the answer rate a week beyond what hour and project explain, with
          ``trend_low``, ``trend_high``; null for a line seen in one week only

    Raises
    ------
    KeyError
        A needed column is missing.
    ValueError
        `direction` is another word, or `confidence` is not between 0 and 1.

    Notes
    -----
    The adjustment is indirect standardisation (as epidemiologists compute a standardised mortality ratio)
    over hour of the day × project; a line that alone serves a project or an hour is compared with itself
    there. A number that carriers or clients mark as spam shows a low adjusted rate, many short calls and a
    falling trend. The trend is the least-squares slope of answered − expected calls over weeks, weighted by
    calls; its interval takes answers as independent. Calls without a line are the line ``(none)``, calls
    without a time are left out.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "lineNumber": ["A"] * 4 + ["B"] * 4,
    ...         "state": [1, 1, 1, 0, 1, 0, 0, 0],
    ...         "timestamp": "2026-03-02T09:00:00Z",
    ...         "type": 1,
    ...     }
    ... )
    >>> columns = ["n_calls", "answer_rate", "answer_rate_expected", "answer_rate_adjusted"]
    >>> calls.calls.by_line()[columns]
        n_calls  answer_rate  answer_rate_expected  answer_rate_adjusted
    line
    B         4         0.25                   0.5                  0.25
    A         4         0.75                   0.5                  0.75
    """
    return finish_by_line(tally_by_line(df, short_s=short_s, direction=direction), confidence=confidence)


def _slope(groups: Groups, *arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted least-squares slope of ``excess / calls`` over time, and its standard error."""
    time, calls, excess, variance = arrays
    centred = time - ratio(groups.sum(time * calls), groups.sum(calls))[groups.codes]
    spread = groups.sum(calls * centred**2)
    spread = np.where(spread > 1e-9, spread, np.nan)
    return groups.sum(centred * excess) / spread, np.sqrt(groups.sum(centred**2 * variance)) / spread
