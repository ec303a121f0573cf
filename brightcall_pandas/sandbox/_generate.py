"""Draw the calls of a made-up dialer from a seed, as columns of codes.

Everything is drawn in whole columns. The order is that of a real day: when, in which direction, with which
client and agent, answered or not, for how long, with which outcome, transferred to whom, to be recalled when.

A transfer chain is the sequence of extensions that a call went through. It is drawn as a pattern (positions
relative to the agent who had the call first) and that agent, so a few patterns make a few hundred variants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from brightcall_pandas.sandbox._account import AI_USER, LINES, OUTCOMES, PROJECTS, TAG_SETS, USERS
from brightcall_pandas.sandbox._draw import LAST_DAY, NONE, Calendar, between, chance, per_mille, pick

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brightcall_pandas.sandbox._draw import Flags, Integers

__all__ = [
    "ANSWERED",
    "FAILED",
    "INBOUND",
    "INTERNAL",
    "NOBODY",
    "OUTBOUND",
    "UNANSWERED",
    "Drawn",
    "chain_parties",
    "draw_calls",
]

INBOUND, OUTBOUND, INTERNAL = 0, 1, 2
UNANSWERED, ANSWERED, FAILED = 0, 1, 2
_DIRECTIONS = (220, 740, 40)
_CONNECT = np.array([340, 290, 250, 210, 180, 150, 120, 100])
"""Answered calls per thousand outbound ones, by attempt: first, second, … eighth and later."""

_ATTEMPTS = (330, 220, 150, 110, 80, 50, 35, 25)
"""Weights of clients called once, twice, … eight times."""

_TALK_S = {0: 1, 100: 6, 250: 18, 500: 52, 750: 130, 900: 300, 970: 640, 990: 1100, 999: 2400, 1000: 5400}
_RING_S = {0: 1, 100: 3, 500: 9, 900: 24, 990: 45, 1000: 90}
_OUTCOMES_OF = {
    # kind of call -> weight of no outcome at all, then of each of OUTCOMES
    "answered": (60, 10, 40, 90, 140, 210, 300, 70, 80),
    "unanswered": (250, 620, 120, 0, 0, 10, 0, 0, 0),
    "failed": (700, 200, 0, 0, 0, 0, 0, 100, 0),
}
_TAGS_OF = {
    "answered": (700, 0, 80, 120, 30, 50, 20),
    "unanswered": (690, 250, 30, 30, 0, 0, 0),
    "failed": (500, 480, 20, 0, 0, 0, 0),
}
_PATTERNS: tuple[tuple[int, ...], ...] = (
    (0,),
    (0, 1),
    (0, 3),
    (0, 1, 0),
    (0, 2, 5),
    (0, 1, 2, 1),
    (0, 0),
    (0, 4, 8, 2),
    (0, 1, 0, 1),
    (0, 3, 6, 9, 1),
    (0, 1, 2, 3, 4, 5),
    (0, 1, 3, 1, 0, 7),
)
"""Positions relative to the first agent, wrapping after the last person; ``(0,)`` is no transfer."""

_WEIGHTS = (0, 420, 180, 120, 100, 60, 30, 40, 20, 15, 10, 5)
ALONE, AI_FIRST, NOBODY = 0, len(_PATTERNS), len(_PATTERNS) + 1
"""Codes: no transfer, the AI transferring to a person, and a call that reached nobody."""

_TRANSFERRED_PER_MILLE = 70
_AI_TRANSFER_PER_MILLE = 150


@dataclass(frozen=True)
class Drawn:
    """Columns of drawn codes, one entry per call, sorted by time."""

    calendar: Calendar
    epoch: Integers
    day: Integers
    direction: Integers
    client: Integers
    attempt: Integers
    user: Integers
    person: Integers
    state: Integers
    project: Integers
    line: Integers
    ring_s: Integers
    talk_s: Integers
    ai_talk_s: Integers
    hold_s: Integers
    outcome: Integers
    spelling: Integers
    tags: Integers
    pattern: Integers
    recall_state: Integers
    recall_epoch: Integers
    recall_first_epoch: Integers

    @property
    def answered(self) -> Flags:
        """Flag the answered calls."""
        return np.equal(self.state, ANSWERED)

    def __len__(self) -> int:
        return len(self.epoch)


def draw_calls(
    rng: np.random.Generator, calls: int, days: int, *, day_to: date | None = None, tie_seconds: int = 1
) -> Drawn:
    """Draw the calls of an account.

    Parameters
    ----------
    rng
        Source of randomness; the same state gives the same calls on every platform.
    calls
        Exact number of calls.
    days
        Number of days, the last of them `day_to` (default `LAST_DAY`).
    day_to
        Last day, in the account's zone.
    tie_seconds
        Round times down to multiples of it, so that calls share a time.
    """
    last = day_to or LAST_DAY
    calendar = Calendar(last - timedelta(days - 1), last)
    epoch, day = calendar.draw_epochs(rng, calls, tie_seconds)
    direction = pick(rng, calls, _DIRECTIONS)
    client, attempt = _draw_clients(rng, direction)
    outbound = direction == OUTBOUND
    by_ai = outbound & chance(rng, 120, calls)
    person = pick(rng, calls, [each.weight for each in USERS])
    state = _draw_states(rng, direction, attempt)
    answered = state == ANSWERED
    ring_s = per_mille(rng, calls, _RING_S)
    # In one of fifty answered calls nobody speaks: answered, but without talk time.
    talk_s = np.where(answered & ~chance(rng, 20, calls), per_mille(rng, calls, _TALK_S), 0)
    pattern = draw_patterns(rng, answered, direction == INBOUND, by_ai)
    alone = np.where(by_ai, talk_s, 0)
    by_ai_first = by_ai & (pattern == AI_FIRST)
    # A call that the AI transfers is the AI's for its first third.
    ai_talk_s = np.where(by_ai_first, talk_s // 3, alone)
    hold_s = np.where(pattern != ALONE, between(rng, 0, 40, calls), 0) * answered
    project = np.where(direction == INTERNAL, NONE, pick(rng, calls, (30, 25, 20, 15, 10)))
    outcome, spelling = _draw_outcomes(rng, state)
    recall_state, recall_epoch, recall_first_epoch = _draw_recalls(rng, epoch, outbound & ~answered)
    return Drawn(
        calendar=calendar,
        epoch=epoch,
        day=day,
        direction=direction,
        client=client,
        attempt=attempt,
        user=np.where(by_ai, AI_USER, person),
        person=person,
        state=state,
        project=project,
        line=np.where(project == NONE, len(LINES) - 1, (project + len(PROJECTS) * (person % 2)) % len(LINES)),
        ring_s=ring_s,
        talk_s=talk_s,
        ai_talk_s=ai_talk_s,
        hold_s=hold_s,
        outcome=outcome,
        spelling=spelling,
        tags=_by_state(rng, state, _TAGS_OF),
        pattern=pattern,
        recall_state=recall_state,
        recall_epoch=recall_epoch,
        recall_first_epoch=recall_first_epoch,
    )


def draw_patterns(rng: np.random.Generator, answered: Flags, inbound: Flags, by_ai: Flags) -> Integers:
    """Draw the code of each call's chain; only answered calls are transferred."""
    size = len(answered)
    transferred = answered & chance(rng, _TRANSFERRED_PER_MILLE, size) & ~by_ai
    codes = np.where(transferred, pick(rng, size, _WEIGHTS), ALONE)
    codes[answered & by_ai & chance(rng, _AI_TRANSFER_PER_MILLE, size)] = AI_FIRST
    codes[inbound & ~answered] = NOBODY
    return codes


def chain_parties(code: int, agent: int, person: int) -> tuple[str, ...]:
    """Return the extensions of a chain.

    Parameters
    ----------
    code
        Code of the pattern.
    agent
        Position in `USERS` of the user who had the call first.
    person
        Position of the person to whom the AI transfers the call.
    """
    if code == NOBODY:
        return ()
    if code == AI_FIRST:
        return USERS[AI_USER].extension, USERS[person].extension
    if agent == AI_USER:
        return (USERS[AI_USER].extension,)
    return tuple(USERS[(agent + step) % AI_USER].extension for step in _PATTERNS[code])


def _draw_clients(rng: np.random.Generator, direction: Integers) -> tuple[Integers, Integers]:
    """Return the client of each call, and the number of the attempt (from 1) for outbound calls."""
    client = np.full(len(direction), NONE)
    attempt = np.zeros(len(direction), dtype=np.int64)
    outbound = np.flatnonzero(direction == OUTBOUND)
    planned = pick(rng, max(len(outbound), 1), _ATTEMPTS) + 1
    owner = np.repeat(np.arange(len(planned)), planned)[: len(outbound)]
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    number = np.arange(len(owner)) - np.repeat(first, np.bincount(owner)) if len(owner) else owner
    # Each client's attempts start anywhere, about a thirtieth of the whole span apart.
    begin = rng.integers(0, 30_000, size=len(planned))
    gap = between(rng, 200, 1800, len(planned))
    order = np.argsort(begin[owner] + number * gap[owner], kind="stable")
    client[outbound] = owner[order]
    attempt[outbound] = number[order] + 1
    inbound = np.flatnonzero(direction == INBOUND)
    known = int(owner[-1]) + 1 if len(owner) else 0
    back = chance(rng, 550, len(inbound)) & (known > 0)
    strangers = known + rng.integers(0, max(len(inbound) // 3, 1), size=len(inbound))
    client[inbound] = np.where(back, rng.integers(0, max(known, 1), size=len(inbound)), strangers)
    # One caller in a hundred withholds the number.
    client[inbound[chance(rng, 10, len(inbound))]] = NONE
    return client, attempt


def _draw_states(rng: np.random.Generator, direction: Integers, attempt: Integers) -> Integers:
    connect = np.array([720, 0, 800])[direction]
    outbound = direction == OUTBOUND
    connect[outbound] = _CONNECT[np.minimum(attempt[outbound], len(_CONNECT)) - 1]
    fail = np.array([20, 90, 10])[direction]
    drawn = rng.integers(1000, size=len(direction))
    return np.where(drawn < connect, ANSWERED, np.where(drawn >= 1000 - fail, FAILED, UNANSWERED))


def _by_state(rng: np.random.Generator, state: Integers, weights: Mapping[str, Sequence[int]]) -> Integers:
    drawn = {name: pick(rng, len(state), each) for name, each in weights.items()}
    return np.choose(state, [drawn["unanswered"], drawn["answered"], drawn["failed"]])


def _draw_outcomes(rng: np.random.Generator, state: Integers) -> tuple[Integers, Integers]:
    """Return the position in `OUTCOMES` (or `NONE`), and the position of the spelling."""
    outcome = _by_state(rng, state, _OUTCOMES_OF) - 1
    drawn = [pick(rng, len(state), list(each.spellings.values())) for each in OUTCOMES]
    return outcome, np.choose(np.maximum(outcome, 0), drawn)


def _draw_recalls(
    rng: np.random.Generator, epoch: Integers, possible: Flags
) -> tuple[Integers, Integers, Integers]:
    """Return the state (0 planned, 1 tried, 2 done), the due time and the first attempt, or `NONE`."""
    size = len(epoch)
    state = np.where(possible & chance(rng, 90, size), pick(rng, size, (40, 25, 35)), NONE)
    due = np.where(state == NONE, NONE, epoch + between(rng, 1, 72, size) * 3600)
    tried = np.where(state > 0, due + between(rng, -10, 240, size) * 60, NONE)
    return state, due, tried


assert all(len(weights) == len(OUTCOMES) + 1 for weights in _OUTCOMES_OF.values())
assert all(len(weights) == len(TAG_SETS) for weights in _TAGS_OF.values())
