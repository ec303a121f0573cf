"""Agents and outbound lines, compared with one another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._attempt_numbers import ATTEMPTS, attempt_numbers
from brightcall_pandas.analysis._chance import effects_of_rest, p_values_of_excess, rate_interval
from brightcall_pandas.analysis._clusters import clustered, crossed, row_clusters
from brightcall_pandas.analysis._dimensions import (
    DIRECTION_OF_DIALING,
    By,
    Direction,
    names_of,
    of_direction,
    split,
)
from brightcall_pandas.analysis._durations import possible
from brightcall_pandas.analysis._groups import (
    NONE,
    Groups,
    Key,
    folded_keys,
    grouped,
    key_of,
    keys_of_index,
    outer_codes,
)
from brightcall_pandas.analysis._intervals import flags, interval, ratios_of, rest_flags, say_level
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._metrics import (
    METRICS,
    find_metric,
    known_metrics,
    metrics_of,
    sums_for,
    with_further,
)
from brightcall_pandas.analysis._periods import period_key
from brightcall_pandas.analysis._prior import drawn_together
from brightcall_pandas.analysis._rates import normal_quantile, ratio
from brightcall_pandas.analysis._tallies import additive, known_sums, tally, tally_of
from brightcall_pandas.frame import client_codes, column, number, optional_column

__all__ = ["by_agent", "by_line"]

Rate = str | Metric
"""What ``rank_by=`` takes: a metric that is calls ÷ calls."""

_RATES = ("answer_rate", "positive_rate")

_METRICS = (
    "n_calls",
    "answered",
    "answer_rate",
    "positive",
    "positive_rate",
    "talk_time_total_s",
    "talk_time_mean_s",
)


def tally_by_agent(df: pd.DataFrame, *, rank_by: Rate = "answer_rate", by: By = None) -> pd.DataFrame:
    """Return the sums behind `by_agent`: one row per group and agent."""
    chosen = with_further(_METRICS, [_ranking(rank_by)])
    parts = split(df, by).within(*split(df, "agent").keys)
    ratios, wholes = ratios_of(chosen), len(names_of(by))
    return tally(df, parts, sums_for(chosen), ratios=ratios, wholes=wholes)


def _ranks_agents(metric: Metric) -> bool:
    return metric.is_proportion


def _ranking(rank_by: Rate) -> Metric:
    """Return the metric that ranks: one that is calls ÷ calls."""
    found = find_metric(rank_by, "rank_by", fits=_ranks_agents)
    if not _ranks_agents(found):
        rates = known_metrics(_ranks_agents)
        msg = (
            f"rank_by={found.name!r} does not rank agents: give a share that is calls ÷ calls, of your own "
            f"or one of {', '.join(rates)}"
        )
        raise ValueError(msg)
    return found


def finish_by_agent(
    table: pd.DataFrame,
    *,
    rank_by: Rate = "answer_rate",
    min_calls: int = 20,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the table of `by_agent` from its tally."""
    ranking = _ranking(rank_by)
    chosen = with_further(_METRICS, [ranking])
    ranked_by = ranking.name
    *by, agent = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    groups = grouped([*by, agent])
    outer = outer_codes(groups, by)
    result = metrics_of(table, groups, chosen)
    sums = known_sums(table, groups, sums_for(chosen))
    known = np.asarray(groups.index.get_level_values(-1) != NONE)
    for each in dict.fromkeys((*(METRICS[name] for name in _RATES), ranking)):
        hits, trials = (sums[name].to_numpy(dtype=np.float64) for name in each.sums)
        low, high = interval(each, sums, confidence)
        counted = known & ~np.isnan(hits)
        adjusted, at_least = drawn_together(np.where(counted, hits, 0), np.where(counted, trials, 0), outer)
        place = list(result.columns).index(each.name) + 1
        columns = {"low": low, "high": high, "adjusted": adjusted, "adjusted_low": at_least}
        for name, values in columns.items():
            result.insert(place, f"{each.name}_{name}", values)
            place += 1
    ranked = known & ((result["n_calls"] >= min_calls) & result[ranked_by].notna()).to_numpy()
    merit = result[f"{ranked_by}_adjusted_low"].where(ranked).to_numpy()
    low, high = (result[f"{ranked_by}_{end}"].to_numpy() for end in ("low", "high"))
    ranks = np.full((3, len(result)), np.nan)
    for board in _runs(outer):
        ranks[:, board] = _ranks(merit[board], low[board], high[board], ranked[board])
    flag = rest_flags(sums, [ranking], confidence, outer, ranked)["beyond_chance"]
    result.insert(list(result.columns).index(f"{ranked_by}_adjusted_low") + 1, "beyond_chance", flag)
    for place, name in enumerate(("rank", "rank_best", "rank_worst")):
        result.insert(place, name, pd.array(ranks[place], dtype="Int64"))
    order = np.lexsort((-result["n_calls"].to_numpy(), -np.nan_to_num(merit, nan=-1), outer))
    # What one reads first, so that it is on the screen: the rank, its rate, of how many calls, and chance.
    ends = ("_low", "_high", "_adjusted", "_adjusted_low")
    first = ["rank", ranked_by, "n_calls", "beyond_chance", "rank_best", "rank_worst"]
    first += [ranked_by + end for end in ends]
    result = result[[*first, *result.columns.difference(first, sort=False)]].iloc[order]
    result.attrs["rank_by"], result.attrs["ranked_by"] = ranked_by, f"{ranked_by}_adjusted_low"
    return say_level(result, confidence)


def _runs(codes: NDArray[np.int64]) -> list[slice]:
    """Return where each run of equal codes stands, in an ascending array."""
    edges = [*np.flatnonzero(np.diff(codes, prepend=-1)), len(codes)]
    return [slice(begin, end) for begin, end in pairwise(edges)]


def _ranks(
    merit: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    ranked: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return rank, best and worst possible rank of the agents of one board; null where not ranked."""
    rank = pd.Series(merit).rank(ascending=False, method="min").to_numpy()
    best = 1 + _count(low[ranked], above=high)
    worst = ranked.sum() - _count(-high[ranked], above=-low)
    return np.where(ranked, [rank, np.fmin(best, rank), np.fmax(worst, rank)], np.nan)


def _count(values: NDArray[np.float64], *, above: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each bound how many of the values lie above it."""
    return len(values) - np.searchsorted(np.sort(values), above, side="right")


@additive(tally_by_agent, finish_by_agent, whole_clients=True, durations=("talkTime",))
def by_agent(
    df: pd.DataFrame,
    *,
    rank_by: Rate = "answer_rate",
    min_calls: int = 20,
    by: By = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Rank the agents by the lower bound of their adjusted rate, so that few calls count for little.

    Parameters
    ----------
    df
        Calls of every direction; needs the field that tells the agents: ``involvedAgent1Id`` (also in
        ``extras``), ``agentShortNumber`` or ``userId``. ``state``, ``outcomeType`` and ``talkTime`` are used
        where present.
    rank_by
        The rate whose adjusted lower bound, ``…_adjusted_low``, ranks, calls ÷ calls: ``"answer_rate"``,
        ``"positive_rate"``, another one in `definitions`, or a metric of your own (`bc.Metric`).
    min_calls
        Agents with fewer calls are listed below the others, without a rank.
    by
        Columns or dimensions (``project``, ``month`` …) that become outer index levels. Each group is ranked
        and adjusted on its own, as if it were the only one.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index ``agent`` (below the levels of `by`), best rank first, then agents without a rank by number of
        calls:

        - ``rank`` (Int64, null without one): by ``…_adjusted_low`` of the rate that ranks; equal ones share
          the better rank
        - the rate that ranks, and ``n_calls`` (int64)
        - ``beyond_chance`` (boolean): whether this rate of a ranked agent differs from that of all other
          calls of the group by more than chance gives, not from that of the agent next in rank; null for
          agents without a rank
        - ``rank_best``, ``rank_worst`` (Int64): the range of ranks that the intervals leave possible
        - the other four columns of the rate that ranks, then those of the others in this order:
        - ``answered`` (int64), ``answer_rate`` (answered ÷ calls), ``answer_rate_low``,
          ``answer_rate_high``, ``answer_rate_adjusted``, ``answer_rate_adjusted_low``
        - ``positive`` (int64), ``positive_rate`` (positive ÷ calls), ``positive_rate_low``,
          ``positive_rate_high``, ``positive_rate_adjusted``, ``positive_rate_adjusted_low``
        - ``talk_time_total_s``: over all calls, seconds
        - ``talk_time_mean_s``: over answered calls whose talk time is known

        ``attrs["rank_by"]`` names the rate, ``attrs["ranked_by"]`` the column that ranks.
        ``attrs["brightcall"]`` has the ``confidence`` and, as ``false_discovery_rate``, the level of
        ``beyond_chance``: 1 − `confidence`.

    Raises
    ------
    KeyError
        The frame lacks the field that tells its agents, or a name in `by` is unknown.
    ValueError
        `rank_by` is not such a rate, or `confidence` is not between 0 and 1.

    Notes
    -----
    ``…_low`` and ``…_high`` are Wilson's interval on calls ÷ design effect, with the client as the cluster,
    and ``beyond_chance`` is tested, as in `breakdown`. ``…_adjusted`` is the empirical-Bayes estimate
    ``(hits + a) / (calls + a + b)``: the rate is drawn towards that of all agents of the group, the more so
    the fewer the calls. ``a`` and ``b`` belong to the beta distribution that the agents' rates are taken to
    come from, and are those that make the counts likeliest (beta-binomial, Griffiths 1973), with the penalty
    ``√ρ (1 − ρ)¹⁹`` on the intra-class correlation ``ρ = 1 / (a + b + 1)``. The first factor keeps agents who
    differ little from all being drawn onto one rate (Chung and others 2013, A nondegenerate penalized
    likelihood estimator), the second one keeps a handful of agents from letting rates be anything. All agents
    enter the estimate, including those with few calls or a great many; each counts once, so that a dialer
    with most of the calls does not say what is usual.

    ``…_adjusted_low`` is the adjusted rate less 1.96 standard deviations of its posterior ``Beta``, whatever
    the `confidence`, and not below 0. It ranks, so that two answers out of two do not lead the board: under a
    prior that leaves two answers to decide, ``2 − 1.96 √2`` is below 0.

    Calls without an agent are listed as ``(none)`` and neither ranked nor adjusted. The best possible rank
    counts the ranked agents whose interval lies wholly above the agent's own, the worst one those whose
    interval lies wholly below.

    Examples
    --------
    >>> agents = ["Ann"] * 2 + ["Bob"] * 100 + ["Cid"] * 100
    >>> states = [1] * 2 + [1] * 90 + [0] * 10 + [1] * 50 + [0] * 50
    >>> table = pd.DataFrame({"userId": agents, "state": states}).calls.by_agent(min_calls=1)
    >>> table[["rank", "answer_rate", "answer_rate_adjusted"]].round(2)
           rank  answer_rate  answer_rate_adjusted
    agent
    Bob       1          0.9                  0.88
    Ann       2          1.0                  0.78
    Cid       3          0.5                  0.52
    """
    table = tally_by_agent(df, rank_by=rank_by, by=by)
    return finish_by_agent(table, rank_by=rank_by, min_calls=min_calls, confidence=confidence)


_OF_LINES = (("answered", "n_calls"), ("short", "talks"))


def tally_by_line(
    df: pd.DataFrame, *, short_s: float = 10, direction: Direction = DIRECTION_OF_DIALING, by: By = None
) -> pd.DataFrame:
    """Return the sums behind `by_line`: one row per group, line, hour, project, attempt and week."""
    short_s, counted = number("short_s", short_s), of_direction(df, direction)
    week, known = period_key(column(df, "timestamp"), "W")
    line, hour = split(df, ["line", "hour"]).keys
    project = key_of(optional_column(df, "projectName"), "project")
    clients = np.full(len(df), -1) if "clientNumber" not in df.columns else client_codes(df)[0]
    attempt = _attempts(df, counted, clients)
    inner = (line, hour, project, attempt, Key(week.codes, week.labels.rename("week")))
    parts = split(df, by).within(*inner).where(known & counted)
    answered = (column(df, "state") == "answered").to_numpy(dtype=bool)
    talk = possible(optional_column(df, "talkTime").to_numpy(dtype=np.float64))
    measured = answered & ~np.isnan(talk)
    has_talk = "talkTime" in df.columns
    sums = {
        "n_calls": parts.pick(np.ones(len(df), dtype=bool)),
        "state_known": parts.pick(column(df, "state").notna().to_numpy()),
        "answered": parts.pick(answered),
        "talks": parts.pick(measured) if has_talk else None,
        "short": parts.pick(measured & (talk < short_s)) if has_talk else None,
    }
    clusters = row_clusters(clients, parts.rows)
    wholes = len(names_of(by))
    return tally_of(parts.keys, sums, clusters, ratios=_OF_LINES, wholes=wholes, inner=len(inner) - 1)


def _attempts(df: pd.DataFrame, counted: NDArray[np.bool_], clients: NDArray[np.int64]) -> Key:
    """Return the key of how many of the counted calls a client has got so far; 0 where that is unknown."""
    numbers = np.zeros(len(df), dtype=np.int64)
    if "clientNumber" in df.columns:
        numbers = np.minimum(attempt_numbers(df, counted, clients), len(ATTEMPTS))
    return Key(numbers, pd.RangeIndex(len(ATTEMPTS) + 1, name="attempt"))


def finish_by_line(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `by_line` from its tally."""
    keys = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    *by, line, hour, project, attempt, week = keys
    groups, strata = grouped([*by, line]), grouped([*by, hour, project, attempt])
    outer = outer_codes(groups, by)
    whole = grouped(by) if by else Groups(np.zeros(len(table), dtype=np.int64), pd.RangeIndex(1))
    calls, answered = (table[name].to_numpy(dtype=np.float64) for name in ("n_calls", "answered"))
    usual = ratio(strata.sum(answered), strata.sum(calls))[strata.codes]
    sums = known_sums(table, groups)
    result = sums[["n_calls", "answered"]].copy()
    of_answers, of_short = (clustered(sums, each) for each in _OF_LINES)
    result["answer_rate"] = of_answers.ratio
    result["answer_rate_low"], result["answer_rate_high"] = rate_interval(of_answers, confidence)
    # Where no state is known, nothing can be expected either.
    expected = np.where(sums["answered"].isna(), np.nan, groups.sum(calls * usual))
    result["answer_rate_expected"] = ratio(expected, sums["n_calls"])
    of_all_lines = ratio(whole.sum(answered), whole.sum(calls))[outer]
    result["answer_rate_adjusted"] = ratio(sums["answered"], expected) * of_all_lines
    _, effects = effects_of_rest(of_answers, crossed(sums, _OF_LINES[0]), outer)
    cells = grouped([*by, line, hour, project, attempt])
    variance = _variance_of_excess(cells, strata, groups, calls, usual)
    found = p_values_of_excess(sums["answered"].to_numpy(dtype=np.float64) - expected, variance, effects)
    result["beyond_chance"] = flags({"answer_rate": found}, confidence)["beyond_chance"]
    result["short_call_share"] = of_short.ratio
    result["short_call_share_low"], result["short_call_share_high"] = rate_interval(of_short, confidence)
    # Wall-clock time: a clock change makes no week shorter.
    weeks = pd.DatetimeIndex(week.labels).tz_localize(None).asi8[week.codes] / (7 * 86_400 * 1e6)
    slope, error, step = _slope(groups, weeks, calls, answered - calls * usual, calls * usual * (1 - usual))
    slope = np.where(np.isnan(expected), np.nan, slope)
    reach = normal_quantile(confidence) * error + step / 2
    result["trend"] = slope
    result["trend_low"], result["trend_high"] = slope - reach, slope + reach
    result = result.iloc[np.lexsort((result["answer_rate_adjusted"].to_numpy(), outer))]
    return say_level(result, confidence)


def _variance_of_excess(
    cells: Groups, strata: Groups, groups: Groups, calls: NDArray[np.float64], usual: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the variance of answered − expected calls of each line, if each call were on its own.

    `cells` are the lines within each stratum; of a stratum with one line nothing can differ.
    """
    places = np.unique(cells.codes, return_index=True)[1]
    own, all_lines = cells.sum(calls), strata.sum(calls)[strata.codes[places]]
    rate = usual[places]
    of_cells = own * ratio(all_lines - own, np.maximum(all_lines - 1, 1)) * rate * (1 - rate)
    return np.bincount(groups.codes[places], weights=of_cells, minlength=len(groups)).astype(np.float64)


def _slope(groups: Groups, *arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weighted least-squares slope of ``excess / calls`` over time, and how sure it is.

    Its standard error, and how far one answer more or less at the end can move it: answers come whole.
    """
    time, calls, excess, variance = arrays
    centered = time - ratio(groups.sum(time * calls), groups.sum(calls))[groups.codes]
    spread = groups.sum(calls * centered**2)
    spread = np.where(spread > 1e-9, spread, np.nan)
    farthest = np.zeros(len(groups))
    np.maximum.at(farthest, groups.codes, np.abs(centered))
    error = np.sqrt(groups.sum(centered**2 * variance))
    return groups.sum(centered * excess) / spread, error / spread, farthest / spread


@additive(tally_by_line, finish_by_line, whole_clients=True, durations=("talkTime",), attempts="adjusted for")
def by_line(
    df: pd.DataFrame,
    *,
    short_s: float = 10,
    direction: Direction = DIRECTION_OF_DIALING,
    by: By = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare the lines that clients are called from, at equal hours, projects and attempts.

    Parameters
    ----------
    df
        Calls; needs ``lineNumber``, ``state``, ``timestamp``, and ``type`` unless `direction` is None.
        ``projectName``, ``clientNumber`` and ``talkTime`` are used where present.
    short_s
        Answered calls with less talk time are short: the client hung up at once.
    direction
        ``"outbound"`` (the default: this is about our own dialing), ``"inbound"``, ``"internal"``, or None
        for all calls.
    by
        Columns or dimensions (``month``, ``direction`` …) that become outer index levels. The expected rate
        of a line is computed within its group.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index ``line`` (below the levels of `by`), lowest adjusted answer rate first:

        - ``n_calls``, ``answered`` (int64), ``answer_rate`` (answered ÷ calls), ``answer_rate_low``,
          ``answer_rate_high``
        - ``answer_rate_expected``: the rate that the line's calls would have if each were answered as often
          as all calls of the same hour, project and attempt
        - ``answer_rate_adjusted``: answer rate ÷ expected rate × answer rate of all lines
        - ``beyond_chance`` (boolean): whether answer rate and expected rate differ by more than chance gives;
          null where they cannot, such as for a line alone
        - ``short_call_share``: answered calls under `short_s` ÷ answered calls whose talk time is known, with
          ``short_call_share_low``, ``short_call_share_high``
        - ``trend``: change of the answer rate per week beyond what hour, project and attempt explain, with
          ``trend_low``, ``trend_high``; null for a line seen in one week only

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `direction` is not a direction, or `confidence` is not between 0 and 1.

    Notes
    -----
    The adjustment is indirect standardization (as epidemiologists compute a standardized mortality ratio)
    over hour of the day × project × attempt; a line that alone serves a project or an hour is compared with
    itself there. The attempt is the call's number among the counted calls of its client in the frame: 1 to
    5, or 6 and more. First dials are answered more often than further ones and come early in a list's life,
    so that without it every line would seem to fall; dials before the first loaded day are not seen, and
    ``attrs["brightcall"]["clients"]`` says of how many clients (``begun_before`` of ``begin_known``, as in
    `attempts`). A number that carriers or clients mark as spam shows a low adjusted rate, many short calls
    and a falling trend. The trend is the least-squares slope of answered − expected calls over weeks,
    weighted by calls; its interval treats answers as independent and is widened by half an answer (Yates
    1934). Calls without a line are listed as ``(none)``, calls without a time are left out.

    The intervals of both rates are Wilson's on calls ÷ design effect, with the client as the cluster, as in
    `breakdown`. ``beyond_chance`` comes from the test of Cochran, Mantel and Haenszel over hours × projects ×
    attempts with Yates' correction, ÷ design effect, after Benjamini and Hochberg (1995) over all lines; its
    level, 1 − `confidence`, is ``false_discovery_rate`` in ``attrs["brightcall"]``.

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
    table = tally_by_line(df, short_s=short_s, direction=direction, by=by)
    return finish_by_line(table, confidence=confidence)
