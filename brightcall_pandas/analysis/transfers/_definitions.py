"""Definitions of the numbers that only tables of transfers have."""

from __future__ import annotations

from brightcall_pandas.analysis._metric import Definition
from brightcall_pandas.analysis._metric_catalog import OURS, TRADE

__all__ = ["OF_TRANSFERS"]

_UNREAD = "a chain that cannot be read counts as no transfer"
_UNTIMED = "transfers without a known time are left out"
_TALK = "unknown talk times are left out"
_MINING = "process mining: van der Aalst and Song 2004"

OF_TRANSFERS: dict[str, Definition] = {
    # transfer_chains, transfer_variants, transfer_events
    "hops": Definition(
        "Transfers of a call", "transfers", "parties of the chain, repetitions counted, less 1", None,
        "0 for a chain that is empty or cannot be read", OURS,
    ),
    "hop": Definition(
        "Number of the transfer", "transfers", "transfers of the call up to this one", None, _UNREAD, OURS
    ),
    "transferred": Definition(
        "Transferred calls", "calls", "calls transferred at least once", None, _UNREAD, TRADE
    ),
    "loops": Definition(
        "Calls with a loop", "calls", "calls in which a party appears again, at once or later", None,
        _UNREAD, OURS,
    ),
    "lift": Definition(
        "Lift", "ratio", "positive rate of the variant", "positive rate of calls that were not transferred",
        "an unknown outcome type counts as a call that was not positive", TRADE,
    ),
    "talk_time_p25_s": Definition(
        "Talk time, first quartile", "s", "talk time that a quarter of the answered calls stay below", None,
        _TALK, "linear interpolation",
    ),
    "talk_time_p75_s": Definition(
        "Talk time, third quartile", "s", "talk time that three quarters of the answered calls stay below",
        None, _TALK, "linear interpolation",
    ),
    "talk_time_p90_s": Definition(
        "Talk time, ninth decile", "s", "talk time that nine tenths of the answered calls stay below", None,
        _TALK, "linear interpolation",
    ),
    "after_s": Definition(
        "Time of the transfer", "s", "when the party took the call, less when the call began", None,
        "null where no time is known, or one before the call began", OURS,
    ),
    # transfer_summary
    "transfer_rate": Definition(
        "Transfer rate", "rate", "calls transferred at least once", "calls", _UNREAD, TRADE
    ),
    "transfers": Definition("Transfers", "transfers", "hops of all calls", None, _UNREAD, _MINING),
    "hops_mean": Definition("Transfers per call", "transfers", "transfers", "calls", _UNREAD, OURS),
    "hops_mean_transferred": Definition(
        "Transfers per transferred call", "transfers", "transfers", "transferred calls", _UNREAD, OURS
    ),
    "hops_max": Definition(
        "Longest chain", "transfers", "hops of the call that has most", None, _UNREAD, OURS
    ),
    "ping_pong": Definition(
        "Calls with ping-pong", "calls", "calls with transfers a → b → a between two parties", None, _UNREAD,
        OURS,
    ),
    "ping_pong_share": Definition(
        "Ping-pong", "rate", "calls with ping-pong", "transferred calls", _UNREAD, OURS
    ),
    "loop_share": Definition("Loops", "rate", "calls with a loop", "transferred calls", _UNREAD, OURS),
    "self_loops": Definition(
        "Transfers to itself", "transfers", "transfers of a party to itself", None, _UNREAD, _MINING
    ),
    "self_loop_share": Definition(
        "Share of transfers to itself", "rate", "transfers of a party to itself", "transfers", _UNREAD,
        OURS,
    ),
    "timed": Definition(
        "Timed calls", "calls", "transferred calls whose first transfer has a known time", None, _UNTIMED,
        OURS,
    ),
    "after_transfer_total_s": Definition(
        "Time after the first transfer", "s", "from the first transfer to the end of the call", None,
        _UNTIMED, OURS,
    ),
    "after_transfer_mean_s": Definition(
        "Mean time after the first transfer", "s", "from the first transfer to the end of the call",
        "timed calls", _UNTIMED, OURS,
    ),
    "unreadable": Definition(
        "Unreadable chains", "calls", "calls whose text cannot be read", None,
        "null and empty texts are no failure", OURS,
    ),
    # transfer_parties
    "started": Definition("Calls begun", "calls", "calls that began with the party", None, _UNREAD, OURS),
    "received": Definition("Calls received", "transfers", "transfers to the party", None, _UNREAD, _MINING),
    "transferred_on": Definition(
        "Calls transferred on", "transfers", "transfers by the party", None, _UNREAD, _MINING
    ),
    "ended_at": Definition("Calls ended", "calls", "calls that ended with the party", None, _UNREAD, OURS),
    "kept": Definition(
        "Calls kept", "calls", "calls that the party had from beginning to end, alone", None, _UNREAD, OURS
    ),
    "redo": Definition(
        "Calls that came back", "transfers", "transfers to the party from another, after it had the call",
        None, _UNREAD, OURS,
    ),
    "redo_share": Definition(
        "Share that came back", "rate", "transfers by which a call came back", "transfers to the party",
        _UNREAD, OURS,
    ),
    "transferred_on_rate": Definition(
        "Rate transferred on", "rate", "transfers by the party", "calls begun and calls received", _UNREAD,
        OURS,
    ),
}  # fmt: skip
"""Definition of every number that only tables of transfers have, by column name."""
