"""Definitions of every number of the catalogue: the metrics, and what single tables add to them."""

from __future__ import annotations

import pandas as pd

from brightcall_pandas.analysis._metric import OWN, RESERVED, Definition
from brightcall_pandas.analysis._metric_catalog import API, METRICS, OF_THE_TRADE, OURS, TRADE
from brightcall_pandas.analysis._people_definitions import NO_CLIENT as _NO_CLIENT
from brightcall_pandas.analysis._people_definitions import NO_TIME as _NO_TIME
from brightcall_pandas.analysis._people_definitions import OF_PEOPLE
from brightcall_pandas.analysis._watch_definitions import OF_WATCH
from brightcall_pandas.analysis.transfers._definitions import OF_TRANSFERS
from brightcall_pandas.errors import brief_errors
from brightcall_pandas.frame import ReferenceTable

__all__ = ["DEFINITIONS", "OF_TABLES", "definition_of", "definitions"]

_OFFERED = "failed calls and unknown states are left out"

OF_TABLES: dict[str, Definition] = {
    # by_outcome, breakdown, histograms, funnel, talk_time_buckets, recalls, quality, variants
    "share": Definition(
        "Share",
        "rate",
        "calls of the row; explain_change: the metric's denominator in the group; "
        "quality: values found; revisions: revised calls",
        "calls of the group that the table counts; explain_change: the metric's denominator over all; "
        "quality: values looked at",
        "no call is left out",
        OURS,
    ),
    "cumulative_share": Definition(
        "Cumulative share",
        "rate",
        "calls of this row and those before",
        "calls of the group that the table counts",
        "histograms: unknown times are left out",
        OURS,
    ),
    "step_rate": Definition(
        "Step rate",
        "rate",
        "calls that meet this stage and all before",
        "calls of the stage before",
        "a null is not met",
        TRADE,
    ),
    "lost": Definition(
        "Lost calls",
        "calls",
        "calls of the stage before that do not get here",
        None,
        "a null is not met",
        TRADE,
    ),
    # breakdown, over_time, by_agent, by_line, compare, explain_change
    "beyond_chance": Definition(
        "Beyond chance",
        "flag",
        "whether a group differs by more than chance gives: from all other groups (by_line: from the rate "
        "expected at its hours, projects and attempts), compare: from the other side, explain_change: its "
        "effect from 0",
        None,
        "null where calls of one client only stand on a side; at most 1 − confidence of those that are true "
        "are expected false",
        "Rao and Scott 1984; Benjamini and Hochberg 1995",
    ),
    # over_time, breakdown
    "complete": Definition(
        "Complete period",
        "flag",
        "whether the days loaded fill the period",
        None,
        "calls that do not say what was loaded: the days from the first to the last call",
        OURS,
    ),
    "n_calls_per_day": Definition(
        "Calls a day",
        "calls",
        "calls of the group",
        "days covered that have the weekday, hour or period of the group, those without calls included",
        "null without times",
        TRADE,
    ),
    # revisions
    "revised": Definition(
        "Revised calls",
        "calls",
        "calls that a later reading saw with another value, gone, or new on a settled day",
        None,
        "what changed and changed back between two readings is not seen",
        OURS,
    ),
    "changes": Definition(
        "Changes",
        "changes",
        "times that a later reading saw another value in a field, or a call gone or new",
        None,
        "of several changes between two readings one is seen",
        OURS,
    ),
    # by_agent
    "rank": Definition(
        "Rank",
        "rank",
        "agents whose adjusted rate has a higher lower end, plus 1",
        None,
        "agents with few calls have none",
        OURS,
    ),
    "rank_best": Definition(
        "Best possible rank", "rank", "agents whose interval lies above, plus 1", None, "as rank", OURS
    ),
    "rank_worst": Definition(
        "Worst possible rank",
        "rank",
        "ranked agents less those whose interval lies below",
        None,
        "as rank",
        OURS,
    ),
    "answer_rate_adjusted": Definition(
        "Adjusted answer rate",
        "rate",
        "by_agent: answered + a; by_line: answered × rate of all lines",
        "by_agent: calls + a + b; by_line: answers expected from hour, project and attempt",
        "an unknown state counts as a call that was not answered",
        "beta-binomial, Griffiths 1973 (empirical Bayes); indirect standardization",
    ),
    "positive_rate_adjusted": Definition(
        "Adjusted positive rate",
        "rate",
        "positive + a",
        "calls + a + b",
        "an unknown outcome type counts as not positive",
        "beta-binomial, Griffiths 1973 (empirical Bayes)",
    ),
    # service_level, abandonment, staffing
    "threshold_s": Definition(
        "In time is within", "s", "the limit that was asked for, 20 s by default", None, "never null", TRADE
    ),
    "short_abandon_s": Definition(
        "Short is below", "s", "the limit that was asked for, 5 s by default", None, "never null", TRADE
    ),
    "offered": Definition("Offered calls", "calls", "answered and unanswered calls", None, _OFFERED, TRADE),
    "answered_in_time": Definition(
        "Answered in time",
        "calls",
        "calls answered within the threshold",
        None,
        "unknown answer times are late; null where none is known",
        TRADE,
    ),
    "abandoned": Definition("Abandoned calls", "calls", "unanswered calls", None, _OFFERED, TRADE),
    "abandoned_short": Definition(
        "Short abandons",
        "calls",
        "unanswered calls shorter than the limit, 5 s by default",
        None,
        "unknown lengths are not short; null where none is known",
        TRADE,
    ),
    "service_level_offered": Definition(
        "Service level, abandons count against", "rate", "answered in time", "offered calls", _OFFERED, TRADE
    ),
    "service_level_excl_short": Definition(
        "Service level, short abandons ignored",
        "rate",
        "answered in time",
        "offered calls less short abandons",
        _OFFERED,
        TRADE,
    ),
    "service_level_answered": Definition(
        "Service level of answered calls", "rate", "answered in time", "answered calls", _OFFERED, TRADE
    ),
    "abandonment_rate": Definition(
        "Abandonment rate", "rate", "abandoned calls", "offered calls", _OFFERED, TRADE
    ),
    "abandonment_rate_excl_short": Definition(
        "Abandonment rate without short abandons",
        "rate",
        "abandoned calls less short abandons",
        "offered calls less short abandons",
        _OFFERED,
        TRADE,
    ),
    "wait_mean_s": Definition(
        "Mean wait of those who gave up",
        "s",
        "callTime of abandoned calls",
        "abandoned calls whose callTime is known",
        "unknown lengths are left out",
        TRADE,
    ),
    "wait_median_s": Definition(
        "Median wait of those who gave up",
        "s",
        "middle callTime of abandoned calls",
        None,
        "unknown lengths are left out",
        TRADE,
    ),
    "handling_time_s": Definition(
        "Average handling time (AHT)",
        "s",
        "talk time and wrap-up of answered calls",
        "answered calls",
        "unknown talk times are left out",
        TRADE,
    ),
    "load_erlangs": Definition(
        "Offered load",
        "erlangs",
        "offered calls × handling time",
        "length of the period",
        _OFFERED,
        "Erlang 1917",
    ),
    "wait_of_all_mean_s": Definition(
        "Mean wait of all callers to expect",
        "s",
        "waits of all callers, those who give up included",
        "callers",
        "null without load",
        "Erlang; Palm 1946",
    ),
    "agents": Definition(
        "Agents needed",
        "agents",
        "the fewest that meet the target",
        None,
        "none without load; null where no talk time is known",
        "Erlang 1917; Palm 1946",
    ),
    "service_level": Definition(
        "Service level to expect",
        "rate",
        "callers answered within the threshold",
        "callers",
        "null without load",
        "Erlang 1917; Palm 1946",
    ),
    "occupancy": Definition(
        "Occupancy",
        "rate",
        "time on calls",
        "time of the agents; agent_time: span of their calls",
        "null without load",
        TRADE,
    ),
    "staff": Definition(
        "Staff to schedule", "agents", "agents needed", "1 − shrinkage", "none without load", TRADE
    ),
    # attempts
    "dials": Definition(
        "Dials", "calls", "calls that were the n-th to their client", None, _NO_CLIENT, TRADE
    ),
    "unreached": Definition(
        "Dials to the unreached", "calls", "n-th dials to clients not reached before", None, _NO_CLIENT, OURS
    ),
    "reached": Definition(
        "First reached", "clients", "clients whose first answered dial is the n-th", None, _NO_CLIENT, OURS
    ),
    "marginal_rate": Definition(
        "Value of one more attempt",
        "rate",
        "first reached",
        "dials to the unreached",
        _NO_CLIENT,
        "hazard, Kaplan and Meier 1958",
    ),
    "reach": Definition(
        "Reach", "rate", "clients reached by the n-th dial", "clients dialed", _NO_CLIENT, TRADE
    ),
    "given_up": Definition(
        "Given up", "clients", "unreached clients whose last loaded dial is the n-th", None, _NO_CLIENT, OURS
    ),
    "reach_if_continued": Definition(
        "Reach if nobody were given up",
        "rate",
        "1 − ∏ (1 − value of one more attempt)",
        None,
        _NO_CLIENT,
        "Kaplan and Meier 1958",
    ),
    # repeat_callers, recalls
    "observed": Definition(
        "Observed calls", "calls", "calls whose whole window lies within the data", None, _NO_CLIENT, OURS
    ),
    "repeated": Definition(
        "Repeated calls",
        "calls",
        "observed calls that a call of the client follows in the window",
        None,
        _NO_CLIENT,
        TRADE,
    ),
    "repeat_rate": Definition("Repeat rate", "rate", "repeated calls", "observed calls", _NO_CLIENT, TRADE),
    "first_contact_resolution": Definition(
        "First-contact resolution (FCR)",
        "rate",
        "observed answered calls not repeated",
        "observed answered calls",
        _NO_CLIENT,
        TRADE,
    ),
    "first_contact_resolution_all": Definition(
        "First-contact resolution, callers who hung up count as resolved",
        "rate",
        "observed calls not repeated",
        "observed calls",
        _NO_CLIENT,
        OURS,
    ),
    "repeated_after_s": Definition(
        "Repeated after",
        "s",
        "begin of the call less that of the client's call before",
        None,
        _NO_CLIENT,
        OURS,
    ),
    "clients": Definition("Clients", "clients", "distinct clients of observed calls", None, _NO_CLIENT, API),
    "repeat_clients": Definition(
        "Repeating clients", "clients", "distinct clients of repeated calls", None, _NO_CLIENT, OURS
    ),
    "recalls": Definition(
        "Promised calls", "calls", "calls of known clients with a recallDate", None, _NO_CLIENT, API
    ),
    "recalls_by_calls": Definition(
        "Promised calls, by the calls alone",
        "calls",
        "promises that have this status by the calls that follow",
        None,
        _NO_CLIENT,
        OURS,
    ),
    "recalls_by_api": Definition(
        "Promised calls, by the API alone",
        "calls",
        "promises that have this status by recallFirstAttemptDate",
        None,
        "an attempt before the promise is none",
        API,
    ),
    "late_mean_s": Definition(
        "Mean delay",
        "s",
        "first attempt, by calls or API, less promised time",
        "late recalls",
        _NO_CLIENT,
        OURS,
    ),
    "late_s": Definition("Delay", "s", "first attempt less promised time", None, "null if never", OURS),
    "late_median_s": Definition("Median delay", "s", "middle delay of late recalls", None, _NO_CLIENT, OURS),
    # concurrency
    "calls_max": Definition(
        "Calls at once",
        "calls",
        "most calls in progress at any instant",
        None,
        "calls without time or duration are left out",
        TRADE,
    ),
    "calls_mean": Definition(
        "Carried load",
        "erlangs",
        "time that calls spend in the period",
        "length of the period",
        "calls without time or duration are left out",
        TRADE,
    ),
    # by_line
    "answer_rate_expected": Definition(
        "Expected answer rate",
        "rate",
        "answers expected from hour, project and attempt",
        "calls",
        _NO_TIME,
        "indirect standardization",
    ),
    "short_call_share": Definition(
        "Short calls",
        "rate",
        "answered calls under the limit",
        "answered calls whose talk time is known",
        "unknown talk times are left out",
        TRADE,
    ),
    "trend": Definition(
        "Trend",
        "rate a week",
        "slope of answered less expected calls",
        "calls",
        _NO_TIME,
        "weighted least squares",
    ),
    # explain_change
    "rate": Definition(
        "Metric of the group",
        "as the metric",
        "numerator of the metric",
        "its denominator",
        "as the metric",
        OURS,
    ),
    "mix_effect": Definition(
        "Mix effect",
        "as the metric",
        "(share − share_other) × (mean rate − mean rate of all)",
        None,
        "a group on one side only is all mix",
        "Kitagawa 1955",
    ),
    "rate_effect": Definition(
        "Rate effect",
        "as the metric",
        "(rate − rate_other) × mean share",
        None,
        "a group on one side only has none",
        "Kitagawa 1955",
    ),
    "effect": Definition(
        "Effect",
        "as the metric",
        "mix effect + rate effect",
        None,
        "adds up to the metric of all these calls less that of the others",
        "Kitagawa 1955",
    ),
    "explained": Definition(
        "Explained",
        "as the metric",
        "√(mix_effect² + rate_spread²), each only where chance seldom gives as much",
        None,
        "as the metric",
        OURS,
    ),
    "rate_spread": Definition(
        "Spread of the changes",
        "as the metric",
        "standard deviation of the groups' changes of the rate beyond chance, weighted by share",
        None,
        "a group on one side only is left out",
        OURS,
    ),
    "groups": Definition("Groups", "groups", "groups of the dimension on either side", None, "–", OURS),
    "largest_effect": Definition(
        "Largest effect", "as the metric", "effect of the group named in largest", None, "as effect", OURS
    ),
    # sensitivity
    "value": Definition(
        "Answer", "as the metric", "numerator of the definition", "its denominator", "as the definition", OURS
    ),
    "counted": Definition("Counted", "calls", "numerator of the definition", None, "as the definition", OURS),
    "counted_of": Definition(
        "Out of", "calls", "denominator of the definition", None, "as the definition", OURS
    ),
    "place_best": Definition(
        "Best place", "place", "best place of the group under any definition", None, "null without any", OURS
    ),
    "place_worst": Definition(
        "Worst place",
        "place",
        "worst place of the group under any definition",
        None,
        "null without any",
        OURS,
    ),
    "places_moved": Definition(
        "Places moved", "places", "worst place − best place", None, "null without any", OURS
    ),
    "side_changes": Definition(
        "Changes sides",
        "flag",
        "whether the group is above the rest under one definition and below it under another",
        None,
        "a null is neither",
        OURS,
    ),
    "verdict_changes": Definition(
        "Changes its verdict",
        "flag",
        "whether the group differs from the rest beyond chance under one definition and not under another",
        None,
        "a null does not differ",
        OURS,
    ),
    # quality, reconcile
    "count": Definition("Found", "values", "values that the check is about", None, "as the check says", OURS),
    "of": Definition(
        "Looked at", "values", "values that the check looked at", None, "as the check says", OURS
    ),
    "rows": Definition(
        "Counted from rows",
        "as the figure",
        "the figure counted from the rows",
        None,
        "null where its column is missing",
        API,
    ),
    "statistics": Definition(
        "Said by the server", "as the figure", "the figure of the statistics endpoint", None, "as sent", API
    ),
    "difference": Definition(
        "Difference",
        "as the figure",
        "counted from rows less said by the server; watch: rate_since less rate_expected",
        None,
        "null where one of them is",
        OURS,
    ),
}
"""Definition of every number that single tables add to the metrics, by column name."""

DEFINITIONS: dict[str, Definition] = {
    **{name: metric.definition for name, metric in METRICS.items()},
    **OF_TABLES,
    **OF_PEOPLE,
    **OF_WATCH,
    **OF_TRANSFERS,
}
"""Definition of every number of this package by column name."""

RESERVED.update(set(DEFINITIONS) - OF_THE_TRADE)


def definition_of(name: str) -> Definition | None:
    """Return the definition of a number by column name, this package's or the user's; None without one."""
    own = OWN.get(name)
    return DEFINITIONS.get(name) if own is None else own.definition


@brief_errors
def definitions(search: str | None = None) -> pd.DataFrame:
    """Return the definition of every number of the catalogue, and of every `bc.Metric` that was made.

    Parameters
    ----------
    search
        Only the numbers that have these words in their name or definition, such as ``"answer rate"``.

    Returns
    -------
    pandas.DataFrame
        Index ``metric`` (the column's name in the tables); columns ``title``, ``unit``, ``numerator``,
        ``denominator`` (null for sums, counts and extremes), ``nulls`` (how missing values are treated) and
        ``source`` of the definition, all str.

    Notes
    -----
    ``<metric>_low`` and ``<metric>_high`` are the interval of a metric: of a rate Wilson's. In `breakdown`,
    `over_time`, `heatmap`, `by_agent`, `by_line`, `compare` and `explain_change` it allows for calls of one
    client that resemble each other. ``<rate>_beyond_chance`` says which of several rates differ.
    ``<total>_per_day`` is the total ÷ the days that the calls cover and that have the weekday and hour
    (`heatmap`), ``<metric>_other`` and ``<metric>_change`` the other side and the difference (this minus
    other) in `compare`.

    Examples
    --------
    >>> definitions().loc["answer_rate", ["numerator", "denominator"]].tolist()
    ['answered calls', 'calls']
    >>> definitions("erlang 1917").index.tolist()
    ['load_erlangs', 'agents', 'service_level']
    """
    columns = list(Definition.__struct_fields__)
    every = {**DEFINITIONS, **{name: metric.definition for name, metric in OWN.items()}}
    rows = [[getattr(each, name) for name in columns] for each in every.values()]
    index = pd.Index(every, dtype="str", name="metric")
    return ReferenceTable(rows, index=index, columns=columns, dtype="str").matching(search)
