"""Count what is true of the drawn calls, from the draws themselves.

Nothing here uses the package's analyses: they are checked against these numbers. The result is plain JSON and
is described in ``docs/sandbox.md``.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from brightcall_pandas.frame import FIELDS
from brightcall_pandas.sandbox._account import OUTCOMES, TEAMS, TIMEZONE
from brightcall_pandas.sandbox._draw import NONE
from brightcall_pandas.sandbox._generate import NOBODY, OUTBOUND, Drawn
from brightcall_pandas.sandbox._truth_effects import baseline, effects_of

if TYPE_CHECKING:
    from brightcall_pandas.sandbox._draw import Flags
    from brightcall_pandas.sandbox._records import PlantedChains

__all__ = ["TALK_EDGES", "truth_of"]

TALK_EDGES = (0, 10, 30, 60, 120, 300, 600)
_DIRECTIONS = FIELDS["type"].choices
_STATES = FIELDS["state"].choices


def truth_of(drawn: Drawn, planted: PlantedChains) -> dict[str, Any]:
    """Return the truth about drawn calls as plain JSON values."""
    return {
        "calls": len(drawn),
        "day_from": str(drawn.calendar.day_from),
        "day_to": str(drawn.calendar.day_to),
        "timezone": TIMEZONE,
        "world": drawn.world.name,
        "effects": effects_of(drawn),
        "baseline": baseline(),
        "by_direction": {name: _direction(drawn, code) for code, name in enumerate(_DIRECTIONS)},
        "by_outcome": _by_outcome(drawn),
        "by_day": _by_day(drawn),
        "chains": _chains(planted),
        "attempts": _attempts(drawn),
        "clients": _clients(drawn),
        "talk_time": _talk_time(drawn),
        "recalls": _recalls(drawn),
        "users": [
            {
                "user_id": each.user_id,
                "extension": each.extension,
                "name": each.name,
                "team_id": each.team_id,
                "team": TEAMS[each.team_id],
                "calls": calls,
                "handled": handled,
            }
            for each, calls, handled in zip(drawn.staff.users, *_calls_of_users(drawn), strict=True)
        ],
    }


def _calls_of_users(drawn: Drawn) -> tuple[list[int], list[int]]:
    """Return the calls of each user, and those of them that anybody took or made."""
    users = drawn.user, drawn.user[drawn.pattern != NOBODY]
    calls, handled = (np.bincount(each, minlength=len(drawn.staff.users)).tolist() for each in users)
    return calls, handled


def _direction(drawn: Drawn, code: int) -> dict[str, int]:
    here = drawn.direction == code
    states = np.bincount(drawn.state[here], minlength=len(_STATES)).tolist()
    return {
        "calls": int(here.sum()),
        **dict(zip(_STATES, states, strict=True)),
        "talks": int((drawn.talk_s[here] > 0).sum()),
        "talk_time_total_s": int(drawn.talk_s[here].sum()),
        "total_time_total_s": int((drawn.ring_s + drawn.talk_s + drawn.hold_s)[here].sum()),
    }


def _outcome(drawn: Drawn, here: Flags, spellings: dict[str, int], kind: str | None) -> dict[str, Any]:
    return {
        "calls": int(here.sum()),
        "answered": int((here & drawn.answered).sum()),
        "talk_time_total_s": int(drawn.talk_s[here].sum()),
        "outcome_type": kind,
        "spellings": spellings,
    }


def _by_outcome(drawn: Drawn) -> dict[str, Any]:
    result = {}
    for code, outcome in enumerate(OUTCOMES):
        here = drawn.outcome == code
        counts = np.bincount(drawn.spelling[here], minlength=len(outcome.spellings)).tolist()
        spellings = {name: count for name, count in zip(outcome.spellings, counts, strict=True) if count}
        if spellings:
            result[outcome.name.casefold()] = _outcome(drawn, here, spellings, outcome.kind)
    nothing = drawn.outcome == NONE
    return result | ({"(none)": _outcome(drawn, nothing, {}, "absent")} if nothing.any() else {})


def _by_day(drawn: Drawn) -> dict[str, int]:
    days = drawn.calendar.days
    counts = np.bincount(drawn.day, minlength=len(days)).tolist()
    return {str(day): count for day, count in zip(days, counts, strict=True)}


def _chains(planted: PlantedChains) -> dict[str, Any]:
    readable = np.bincount(planted.code[~planted.broken], minlength=len(planted.parties)).tolist()
    variants: Counter[str] = Counter()
    handovers: dict[str, Counter[str]] = {}
    for parties, calls in zip(planted.parties, readable, strict=True):
        if calls:
            variants[" → ".join(parties)] += calls
        for giver, taker in pairwise(parties if calls else ()):
            handovers.setdefault(giver, Counter())[taker] += calls
    return {
        "variants": dict(variants.most_common()),
        "handovers": {giver: dict(takers) for giver, takers in sorted(handovers.items())},
        "transferred": sum(calls for path, calls in variants.items() if " → " in path),
        "unreadable": int(planted.broken.sum()),
    }


def _attempts(drawn: Drawn) -> dict[str, Any]:
    outbound = drawn.direction == OUTBOUND
    number = drawn.attempt[outbound]
    made, answered = np.bincount(number), np.bincount(number, weights=drawn.answered[outbound])
    # A client called n times is counted at each attempt up to n.
    clients = made - np.append(made[1:], 0)
    return {
        "by_attempt": {
            str(n): {"calls": int(made[n]), "answered": int(answered[n])} for n in range(1, len(made))
        },
        "clients_by_attempts": {str(n): int(clients[n]) for n in range(1, len(made)) if clients[n]},
    }


def _clients(drawn: Drawn) -> dict[str, int]:
    known = drawn.client != NONE
    by_direction = {
        name: len(np.unique(drawn.client[known & (drawn.direction == code)]))
        for code, name in enumerate(_DIRECTIONS)
    }
    return {"all": len(np.unique(drawn.client[known]))} | by_direction


def _talk_time(drawn: Drawn) -> dict[str, Any]:
    talk = drawn.talk_s[drawn.answered]
    counts = np.histogram(talk, bins=[*TALK_EDGES, np.iinfo(np.int64).max])[0].tolist()
    return {
        "total_s": int(drawn.talk_s.sum()),
        "ai_total_s": int(drawn.ai_talk_s.sum()),
        "answered": len(talk),
        "max_s": int(talk.max(initial=0)),
        "histogram": {"edges": list(TALK_EDGES), "calls": counts[:-1], "beyond": counts[-1]},
    }


def _recalls(drawn: Drawn) -> dict[str, Any]:
    states = np.bincount(drawn.recall_state[drawn.recall_state != NONE], minlength=3).tolist()
    return {
        "planned": sum(states),
        "tried": sum(states[1:]),
        "by_state": {str(state): count for state, count in enumerate(states)},
    }
