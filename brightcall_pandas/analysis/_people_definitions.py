"""Definitions of the numbers about agents' time, ratings, hand-overs by the AI agent, and callbacks."""

from __future__ import annotations

from brightcall_pandas.analysis._metric import Definition
from brightcall_pandas.analysis._metric_catalog import API, OURS, TRADE

__all__ = ["NO_CLIENT", "NO_TIME", "OF_PEOPLE"]

NO_CLIENT = "calls without a client (no number, or withheld) or without time are left out"
NO_TIME = "calls without a time are left out"

OF_PEOPLE: dict[str, Definition] = {
    # agent_time
    "days": Definition("Days with calls", "days", "days on which the agent has calls", None, NO_TIME, OURS),
    "span_s": Definition(
        "Span",
        "s",
        "from the begin of the first call to the end of the last, day by day",
        None,
        NO_TIME,
        OURS,
    ),
    "calls_per_hour": Definition("Calls an hour", "calls", "calls", "hours of the span", NO_TIME, TRADE),
    "talk_share": Definition(
        "Share of talk", "rate", "talk time", "span", "a missing talk time adds nothing", TRADE
    ),
    "busy_s": Definition(
        "Busy time",
        "s",
        "time of the span in which at least one call is on",
        None,
        "a call of unknown duration takes no time",
        TRADE,
    ),
    "idle_s": Definition("Idle time", "s", "span less busy time", None, NO_TIME, TRADE),
    "idle_median_s": Definition("Median gap", "s", "middle gap between calls of a day", None, NO_TIME, OURS),
    "idle_max_s": Definition("Longest gap", "s", "longest gap between calls of a day", None, NO_TIME, OURS),
    "long_gaps": Definition(
        "Long gaps", "gaps", "gaps between calls of a day longer than the limit", None, NO_TIME, OURS
    ),
    "overlaps": Definition(
        "Overlaps",
        "calls",
        "calls that begin while another call of the same agent is on",
        None,
        "a call of unknown duration is never on",
        OURS,
    ),
    # ratings, rung_parties
    "rated": Definition("Rated calls", "calls", "calls with a qualityRating", None, "null is unrated", API),
    "unrated": Definition(
        "Unrated calls", "calls", "calls without a qualityRating", None, "null is unrated", API
    ),
    "rating_mean": Definition(
        "Mean rating", "rating", "ratings", "rated calls", "unrated calls are left out", TRADE
    ),
    "low": Definition(
        "Low ratings",
        "calls",
        "calls with a rating up to the limit",
        None,
        "unrated calls are left out",
        OURS,
    ),
    "low_share": Definition(
        "Share of low ratings", "rate", "low ratings", "rated calls", "unrated calls are left out", OURS
    ),
    "n_rung": Definition(
        "Rung", "calls", "calls that rang at the party", None, "texts that cannot be read are left out", API
    ),
    "not_answered": Definition(
        "Not answered",
        "calls",
        "calls that rang at the party, which did not take them",
        None,
        "as n_rung",
        OURS,
    ),
    "taken_elsewhere": Definition(
        "Taken elsewhere",
        "calls",
        "not answered calls that another party took",
        None,
        "as n_rung",
        OURS,
    ),
    # ai_handover
    "ai_talk_mean_s": Definition(
        "Mean time with the AI agent",
        "s",
        "AI talk time",
        "calls in which the AI agent talked",
        "calls without AI talk time are left out",
        OURS,
    ),
    "human_talk_mean_s": Definition(
        "Mean time with people",
        "s",
        "talk time less AI talk time of calls handed over",
        "calls handed over whose talk time is known",
        "unknown talk times are left out",
        OURS,
    ),
    "human_talk_median_s": Definition(
        "Median time with people",
        "s",
        "middle time with people",
        None,
        "unknown talk times are left out",
        OURS,
    ),
    "neutral": Definition(
        "Neutral outcomes", "calls", "calls whose outcome type is neutral", None, "unknown is absent", API
    ),
    "negative": Definition(
        "Negative outcomes", "calls", "calls whose outcome type is negative", None, "unknown is absent", API
    ),
    "absent": Definition(
        "No outcome", "calls", "calls whose outcome type is absent or unknown", None, "unknown is absent", API
    ),
    # callbacks, missed_calls
    "missed": Definition(
        "Missed calls",
        "calls",
        "unanswered inbound calls; rung_parties: calls that rang at the party and nobody took",
        None,
        NO_TIME,
        TRADE,
    ),
    "callers": Definition(
        "Missed callers", "clients", "distinct clients of missed calls", None, NO_CLIENT, TRADE
    ),
    "no_number": Definition(
        "Missed calls without number", "calls", "missed calls without client number", None, NO_TIME, OURS
    ),
    "called_back": Definition(
        "Called back",
        "calls",
        "observed missed calls after which an outbound call to the client came first",
        None,
        NO_CLIENT,
        TRADE,
    ),
    "called_back_rate": Definition(
        "Callback rate", "rate", "missed calls called back", "observed missed calls", NO_CLIENT, TRADE
    ),
    "callback_mean_s": Definition(
        "Mean time to call back",
        "s",
        "begin of the callback less that of the missed call",
        "missed calls called back",
        NO_CLIENT,
        TRADE,
    ),
    "callback_median_s": Definition(
        "Median time to call back", "s", "middle time to call back", None, NO_CLIENT, TRADE
    ),
    "callback_answered": Definition(
        "Callbacks answered", "calls", "missed calls whose callback was answered", None, NO_CLIENT, OURS
    ),
    "called_again": Definition(
        "Called again",
        "calls",
        "observed missed calls after which the client called again first and was answered",
        None,
        NO_CLIENT,
        OURS,
    ),
    "never_called_back": Definition(
        "Never called back",
        "calls",
        "observed missed calls after which neither happened within the window",
        None,
        NO_CLIENT,
        TRADE,
    ),
    "open": Definition(
        "Open", "calls", "missed calls whose window is not over at the end", None, NO_CLIENT, OURS
    ),
    "called_back_after_s": Definition(
        "Called back after",
        "s",
        "begin of the callback less that of the missed call",
        None,
        "null if never",
        OURS,
    ),
}
"""Definition of every number that these tables add, by column name."""
