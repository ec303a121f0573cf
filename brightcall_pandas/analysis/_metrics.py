"""The metrics of this package, and how tables take metrics of every kind.

`METRICS` gives for every number its numerator and denominator, the calls that count, the treatment of nulls
and the source of the definition; tables take their columns from it, and `definitions` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._groups import Groups
from brightcall_pandas.analysis._metric import MEDIAN, OWN, Metric, Tallied
from brightcall_pandas.analysis._rates import medians
from brightcall_pandas.analysis._tallies import SUMS, TALK_TIME, Sum, known_sums
from brightcall_pandas.frame import nearest

__all__ = [
    "API",
    "METRICS",
    "OURS",
    "TRADE",
    "Metrics",
    "checked_metrics",
    "count_clients",
    "distributed_metrics",
    "find_metric",
    "metrics_of",
    "needs_median",
    "sums_for",
]

API = "Brightcall article, field list"
TRADE = "call-centre practice"
OURS = "this package"
_AS_ZERO = "a missing talk time adds nothing; null where none is known"
_NO_STATE = "an unknown state counts as a call that was not answered; null where none is known"
_NO_TALK = "an unknown talk time counts as none; null where nothing is known"
_NO_OUTCOME = "a call without an outcome is not positive; null where no call of all has one"
_NO_CLIENT = "calls without a client (no number, or withheld) are left out; null where no call of all has one"

_CALLS = Tallied("n_calls", "calls")
_ANSWERED = Tallied("answered", "answered calls")
_TALKED_30S = Tallied("talked_30s", "answered calls of 30 s of talk or more")
_CLIENTS = Tallied("unique_clients", "distinct clients", "clients")
_POSITIVE = Tallied(
    "positive", "calls whose outcome lead= names; without it, those whose outcome type is positive"
)

CONTACT, CONVERSATION, CONVERSION = "contact_rate", "conversation_rate", "conversion_rate"
"""Families: what the trade calls by one name and defines in several ways."""

_GENERAL = (
    Metric("n_calls", numerator=_CALLS, unit="n", title="Calls", nulls="every row counts", source=API),
    Metric(
        "answered",
        numerator=Tallied(
            "answered", "calls whose state is answered; rung_parties: calls that the party took"
        ),
        unit="n",
        title="Answered calls",
        nulls="an unknown state is not answered; null where none is known",
        source=API,
    ),
    Metric(
        "answer_rate",
        numerator=_ANSWERED,
        denominator=_CALLS,
        title="Answer rate (answer-seizure ratio, ASR; connect or connection rate)",
        nulls=_NO_STATE,
        source="ITU-T E.411",
        family=CONTACT,
    ),
    Metric(
        "answer_time_mean_s",
        numerator=Tallied("answer_time_answered_s", "answer time of answered calls"),
        denominator=Tallied("answer_time_known", "answered calls whose answer time is known"),
        unit="s",
        title="Average speed of answer (ASA)",
        nulls="unknown answer times are left out",
        source=TRADE,
    ),
    Metric(
        "talk_time_total_s",
        numerator=Tallied("talk_time_total_s", "talk time of all calls"),
        unit="s",
        title="Talk time",
        nulls=_AS_ZERO,
        source=API,
    ),
    Metric(
        "talk_time_mean_s",
        numerator=Tallied("talk_time_answered_s", "talk time of answered calls"),
        denominator=Tallied("talk_time_known", "answered calls whose talk time is known"),
        unit="s",
        title="Average talk time (average call duration, ACD)",
        nulls="unknown talk times are left out",
        source=TRADE,
    ),
    Metric(
        MEDIAN,
        numerator=Tallied(MEDIAN, "middle talk time of answered calls (the mean of the two middle ones)"),
        unit="s",
        title="Median talk time",
        nulls="unknown talk times are left out",
        source=TRADE,
    ),
    Metric(
        "unique_clients",
        numerator=Tallied(
            "unique_clients", "distinct clients: telephone numbers, whatever their spelling", "clients"
        ),
        unit="n",
        title="Distinct clients",
        nulls=_NO_CLIENT,
        source=API,
    ),
    Metric(
        "calls_per_client",
        numerator=Tallied("client_calls", "calls of known clients"),
        denominator=_CLIENTS,
        unit="n",
        title="Calls per client",
        nulls="calls without a client (no number, or withheld) are left out",
        source=TRADE,
    ),
    Metric(
        "first_time_share",
        numerator=Tallied("first_time", "calls marked as the user's first (firstTimeForUser)"),
        denominator=Tallied("first_time_known", "calls whose mark is known"),
        title="First calls",
        nulls="unknown marks are left out",
        source=API,
    ),
    Metric(
        "transferred_share",
        numerator=Tallied("transferred", "calls transferred at least once"),
        denominator=_CALLS,
        title="Transfer rate",
        nulls="a call whose chain cannot be read is not transferred; null where no call of all has one",
        source=OURS,
    ),
    Metric(
        "ai_talk_share",
        numerator=Tallied("ai_talk_time_total_s", "AI talk time of all calls"),
        denominator=Tallied("talk_time_total_s", "talk time of all calls"),
        title="Talk time of the AI agent",
        nulls="missing times add nothing; null where none is known",
        source=OURS,
    ),
    Metric(
        "recordings_ready",
        numerator=Tallied("recordings_ready", "calls whose recording can be played"),
        unit="n",
        title="Recordings ready",
        nulls="an unknown mark is not ready; null where no call of all has one",
        source=API,
    ),
    Metric(
        "transcript_share",
        numerator=Tallied("with_transcript", "answered calls that have a transcript"),
        denominator=_ANSWERED,
        title="Calls with a transcript",
        nulls="an empty transcript is none; null where no call at all has one",
        source=OURS,
    ),
    Metric(
        "positive",
        numerator=_POSITIVE,
        unit="n",
        title="Positive outcomes (leads)",
        nulls=_NO_OUTCOME,
        source=API,
    ),
    Metric(
        "positive_rate",
        numerator=_POSITIVE,
        denominator=_CALLS,
        title="Positive rate (leads per call)",
        nulls=_NO_OUTCOME,
        source="KPI Depot, Outbound Call Conversion Rate",
        family=CONVERSION,
    ),
)

_OF_THE_TRADE = (
    Metric(
        "answer_rate_delivered",
        numerator=_ANSWERED,
        denominator=Tallied("delivered", "answered and unanswered calls"),
        title="Answer rate of the calls that got through",
        nulls="failed calls and unknown states are left out",
        source="the network effectiveness ratio of ITU-T E.425 leaves out what the network failed to deliver",
        family=CONTACT,
    ),
    Metric(
        "contact_rate",
        numerator=Tallied("talked", "answered calls with talk time"),
        denominator=_CALLS,
        title="Contact rate: somebody talked",
        nulls=_NO_TALK,
        source="VeriRoute, Improving Contact Rates: live conversations ÷ attempts; `talks` of the API",
        family=CONTACT,
    ),
    Metric(
        "contact_rate_10s",
        numerator=Tallied("talked_10s", "answered calls of 10 s of talk or more"),
        denominator=_CALLS,
        title="Contact rate: somebody stayed on the line",
        nulls=_NO_TALK,
        source="Trellus, Connect Rate: instant hang-ups are left out, by a duration set beforehand",
        family=CONTACT,
    ),
    Metric(
        "contact_rate_30s",
        numerator=_TALKED_30S,
        denominator=_CALLS,
        title="Contact rate: conversations per call",
        nulls=_NO_TALK,
        source="call-centre practice: talk times under 10 s, under 30 s, and above",
        family=CONTACT,
    ),
    Metric(
        "contact_rate_outcome",
        numerator=Tallied("outcome_told", "answered calls with a positive, neutral or negative outcome"),
        denominator=_CALLS,
        title="Contact rate by what the agent noted",
        nulls="an answered call without an outcome is no contact; null where no call of all has one",
        source="Convoso, Contact Rate Report: contacts by disposition",
        family=CONTACT,
    ),
    Metric(
        "contact_rate_clients",
        numerator=Tallied("clients_reached", "distinct clients with an answered call", "clients"),
        denominator=_CLIENTS,
        title="Contact rate of the list: clients reached",
        nulls=_NO_CLIENT,
        source="Convoso, Connection Rate vs. Contact Rate, 2024; AAPOR Standard Definitions, CON1",
        family=CONTACT,
    ),
    Metric(
        "conversation_rate",
        numerator=_TALKED_30S,
        denominator=_ANSWERED,
        title="Conversation rate: 30 s of talk",
        nulls=_NO_TALK,
        source="call-centre practice: talk times under 10 s, under 30 s, and above",
        family=CONVERSATION,
    ),
    Metric(
        "conversation_rate_120s",
        numerator=Tallied("talked_120s", "answered calls of 2 min of talk or more"),
        denominator=_ANSWERED,
        title="Conversation rate: 2 min of talk",
        nulls=_NO_TALK,
        source="InsightSquared, What Call Duration Says About Your Sales Team",
        family=CONVERSATION,
    ),
    Metric(
        "conversation_rate_300s",
        numerator=Tallied("talked_300s", "answered calls of 5 min of talk or more"),
        denominator=_ANSWERED,
        title="Conversation rate: 5 min of talk",
        nulls=_NO_TALK,
        source="Heinz Marketing, A Much Better Daily Metric for Managing Inside Sales, 2011",
        family=CONVERSATION,
    ),
    Metric(
        "conversation_rate_outcome",
        numerator=Tallied("outcome_told", "answered calls with a positive, neutral or negative outcome"),
        denominator=_ANSWERED,
        title="Conversation rate by what the agent noted",
        nulls="an answered call without an outcome is no conversation; null where no call of all has one",
        source="Glencoco, Conversations: by disposition, whatever the duration",
        family=CONVERSATION,
    ),
    Metric(
        "conversion_rate",
        numerator=Tallied("positive_answered", "answered calls that are positive"),
        denominator=_ANSWERED,
        title="Conversion rate: leads per answered call",
        nulls=_NO_OUTCOME,
        source="UserVox, Conversion Indicators: interested ÷ connected calls",
        family=CONVERSION,
    ),
    Metric(
        "conversion_rate_30s",
        numerator=Tallied("positive_30s", "answered calls of 30 s of talk or more that are positive"),
        denominator=_TALKED_30S,
        title="Conversion rate: leads per conversation (close rate)",
        nulls=_NO_OUTCOME,
        source="ViciFast, Conversion rate: wins per live conversation",
        family=CONVERSION,
    ),
    Metric(
        "conversion_rate_clients",
        numerator=Tallied("clients_won", "distinct clients with a positive call", "clients"),
        denominator=_CLIENTS,
        title="Conversion rate of the list: clients won",
        nulls=_NO_CLIENT,
        source="Sound Telecom, Conversion Rate: orders ÷ leads used",
        family=CONVERSION,
    ),
)

METRICS: dict[str, Metric] = {each.name: each for each in (*_GENERAL, *_OF_THE_TRADE)}
"""Every metric of this package by column name."""

Metrics = Mapping[str, Metric]
"""The metrics of a table, by the name that their columns have."""


def find_metric(metric: str | Metric, argument: str = "metric") -> Metric:
    """Return the metric that an argument names, or is.

    Raises
    ------
    TypeError
        It is neither.
    ValueError
        No metric has this name; the message says which one is near.
    """
    if isinstance(metric, Metric):
        return metric
    if not isinstance(metric, str):
        msg = f"{argument} takes the name of a metric or a bc.Metric, not {metric!r}"
        raise TypeError(msg)
    found = METRICS.get(metric) or OWN.get(metric)
    if found is None:
        known = (*METRICS, *OWN)
        hint = nearest(metric, known).removesuffix(".")
        msg = f"{argument}={metric!r} is not one of {', '.join(known)}{hint}"
        raise ValueError(msg)
    return found


def checked_metrics(
    metrics: Sequence[str | Metric] | Metric | None, usual: Iterable[str]
) -> dict[str, Metric]:
    """Return what ``metrics=`` names, each once, by name; the usual ones for None.

    Raises
    ------
    TypeError, ValueError
        It is not a list of metrics and their names, or two of them have one name.
    """
    given: Any = list(usual) if metrics is None else [metrics] if isinstance(metrics, Metric) else metrics
    if isinstance(given, str) or not isinstance(given, Iterable) or not (given := list(given)):
        msg = (
            f"metrics={metrics!r} must be a list of metrics, or of names from: {', '.join((*METRICS, *OWN))}"
        )
        raise ValueError(msg)
    chosen: dict[str, Metric] = {}
    for each in given:
        found = find_metric(each, "metrics")
        if chosen.setdefault(found.name, found) is not found:
            msg = f"metrics= has two metrics named {found.name!r}; give one of them another name"
            raise ValueError(msg)
    return chosen


def sums_for(metrics: Iterable[str | Metric]) -> dict[str, Sum]:
    """Return the sums that a tally needs for these metrics, by name."""
    needed = {"n_calls": SUMS["n_calls"]}
    for each in metrics:
        needed |= find_metric(each).sums_needed()
    return needed


def needs_median(metrics: Iterable[str | Metric]) -> bool:
    """Return whether a tally must keep how often each talk time occurs."""
    return any(MEDIAN in find_metric(each).sums for each in metrics)


def metrics_of(table: pd.DataFrame, groups: Groups, metrics: Iterable[str | Metric]) -> pd.DataFrame:
    """Return the metrics of each group of a tally's rows, one column each.

    Raises
    ------
    ValueError
        The denominator of a metric of the user's is true of no call at all.
    """
    chosen = [find_metric(each) for each in metrics]
    sums = known_sums(table, groups, sums_for(chosen))
    if needs_median(chosen):
        times = table.index.get_level_values(TALK_TIME).to_numpy(dtype=np.float64)
        sums[MEDIAN] = medians(groups, times, table["talk_time_known"].to_numpy())
    for each in chosen:
        refuse_empty(each, [sums])
    return pd.DataFrame({each.name: each.value(sums) for each in chosen}, index=groups.index)


def refuse_empty(metric: Metric, sides: Iterable[pd.DataFrame]) -> None:
    """Refuse a metric of the user's whose denominator no call of all has, though there are calls.

    Raises
    ------
    ValueError
        It is null everywhere: more likely a mistake than an answer.
    """
    if not metric.is_own or metric.denominator is None:
        return
    sides = list(sides)
    calls = sum(int(sums["n_calls"].sum()) for sums in sides)
    if calls and not any(float(sums[metric.sums[1]].sum()) for sums in sides):
        what = metric.definition.denominator
        msg = (
            f"metric {metric.name!r}: its denominator ({what}) is 0: none of the {calls:,} calls has it, so "
            "there is nothing to divide by. Check its condition against the values in the frame."
        )
        raise ValueError(msg)


_ARGUMENTS = ("metric", "metrics", "rank_by", "value")
"""Arguments of tables that take metrics."""


def distributed_metrics(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of a table in which names of the user's metrics are these: another process knows none.

    Raises
    ------
    ValueError
        A metric has a mask, which belongs to one frame.
    """
    return {name: _distributed(value) if name in _ARGUMENTS else value for name, value in options.items()}


def _distributed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_distributed(each) for each in value]
    if isinstance(value, str):
        return OWN.get(value, value)
    if isinstance(value, Metric) and value.needs_mask:
        raise needs_one_frame(value, "calls in parts have no order that it could follow")
    return value


def needs_one_frame(metric: Metric, why: str) -> ValueError:
    """Return the error of a metric with a mask, where there is more than one frame."""
    return ValueError(
        f"metric {metric.name!r} has a mask, which belongs to one frame, and {why}: write it as an "
        "expression, a CallFilter or a function of the frame"
    )


def count_clients(options: Mapping[str, Any]) -> bool:
    """Return whether a table with these options counts clients, by one of its metrics."""
    given = [value for name, value in options.items() if name in _ARGUMENTS]
    flat = [each for value in given for each in (value if isinstance(value, list | tuple) else [value])]
    found = [METRICS.get(each) if isinstance(each, str) else each for each in flat]
    return any(isinstance(each, Metric) and each.counts_clients for each in found)
