"""The metrics of this package: what divides what, which calls count, and where the definition comes from.

The first ones are columns of tables. The others are what the trade calls by the same name and defines
otherwise; `sensitivity` compares them.
"""

from __future__ import annotations

from brightcall_pandas.analysis._metric import Metric, Tallied

__all__ = ["API", "METRICS", "OF_THE_TRADE", "OURS", "TRADE"]

API = "Brightcall article, field list"
TRADE = "call-center practice"
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
        "answer_time_median_s",
        numerator=Tallied(
            "answer_time_median_s", "middle answer time of answered calls (the mean of the two middle ones)"
        ),
        unit="s",
        title="Median time to answer",
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
        "talk_time_median_s",
        numerator=Tallied(
            "talk_time_median_s", "middle talk time of answered calls (the mean of the two middle ones)"
        ),
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
        source="call-center practice: talk times under 10 s, under 30 s, and above",
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
        source="call-center practice: talk times under 10 s, under 30 s, and above",
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

OF_THE_TRADE: frozenset[str] = frozenset(each.name for each in _OF_THE_TRADE)
"""Names that the user may give to a definition of another meaning: no table shows them unless asked."""

METRICS: dict[str, Metric] = {each.name: each for each in (*_GENERAL, *_OF_THE_TRADE)}
"""Every metric of this package by column name."""
