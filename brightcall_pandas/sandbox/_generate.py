"""Calls of a made-up dialer, drawn from a seed, with the truth about them.

Everything is drawn in whole columns. The order is that of a real day: when, in which direction, with which
client and agent, answered or not, for how long, with which outcome, handed on to whom, to be recalled when.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from brightcall_pandas.sandbox import _chains as chains
from brightcall_pandas.sandbox._account import AI_USER, LINES, OUTCOMES, PROJECTS, TAG_SETS, USERS
from brightcall_pandas.sandbox._calendar import LAST_DAY, Calendar
from brightcall_pandas.sandbox._draw import between, chance, per_mille, pick
from brightcall_pandas.sandbox._texts import NONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brightcall_pandas.sandbox._draw import Flags, Integers

__all__ = ["ANSWERED", "FAILED", "INBOUND", "INTERNAL", "OUTBOUND", "UNANSWERED", "Drawn", "draw_calls"]

INBOUND, OUTBOUND, INTERNAL = 0, 1, 2
UNANSWERED, ANSWERED, FAILED = 0, 1, 2
_DIRECTIONS = (220, 740, 40)
_CONNECT = np.array([340, 290, 250, 210, 180, 150, 120, 100])
"""Answered in a thousand outbound calls, by attempt: the first, the second, … the eighth and later."""

_ATTEMPTS = (330, 220, 150, 110, 80, 50, 35, 25)
"""Weight of clients called once, twice, … eight times."""

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


@dataclass(frozen=True)
class Drawn:
    """Columns of drawn codes, one entry a call, sorted by time."""

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
        """Which calls were answered."""
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
    # One answered call in fifty is hung up before a word: answered, but no talk.
    talk_s = np.where(answered & ~chance(rng, 20, calls), per_mille(rng, calls, _TALK_S), 0)
    pattern = chains.draw_patterns(rng, answered, direction == INBOUND, by_ai)
    alone = np.where(by_ai, talk_s, 0)
    handed_over = by_ai & (pattern == chains.AI_FIRST)
    # A call that the AI hands over is the AI's for its first third.
    ai_talk_s = np.where(handed_over, talk_s // 3, alone)
    hold_s = np.where(pattern != chains.ALONE, between(rng, 0, 40, calls), 0) * answered
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


def _draw_clients(rng: np.random.Generator, direction: Integers) -> tuple[Integers, Integers]:
    """Return the client of each call, and for outbound calls which attempt it is (from one)."""
    client = np.full(len(direction), NONE)
    attempt = np.zeros(len(direction), dtype=np.int64)
    outbound = np.flatnonzero(direction == OUTBOUND)
    planned = pick(rng, max(len(outbound), 1), _ATTEMPTS) + 1
    owner = np.repeat(np.arange(len(planned)), planned)[: len(outbound)]
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    number = np.arange(len(owner)) - np.repeat(first, np.bincount(owner)) if len(owner) else owner
    # Each client's attempts start anywhere and follow each other at about a thirtieth of the whole span.
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
    # One caller in a hundred hides the number.
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
    """Return the position in `OUTCOMES` (or `NONE`) and that of the spelling."""
    outcome = _by_state(rng, state, _OUTCOMES_OF) - 1
    drawn = [pick(rng, len(state), list(each.spellings.values())) for each in OUTCOMES]
    return outcome, np.choose(np.maximum(outcome, 0), drawn)


def _draw_recalls(
    rng: np.random.Generator, epoch: Integers, possible: Flags
) -> tuple[Integers, Integers, Integers]:
    """Return state (0 planned, 1 tried, 2 done), due time and time of the first try; `NONE` where none."""
    size = len(epoch)
    state = np.where(possible & chance(rng, 90, size), pick(rng, size, (40, 25, 35)), NONE)
    due = np.where(state == NONE, NONE, epoch + between(rng, 1, 72, size) * 3600)
    tried = np.where(state > 0, due + between(rng, -10, 240, size) * 60, NONE)
    return state, due, tried


assert all(len(weights) == len(OUTCOMES) + 1 for weights in _OUTCOMES_OF.values())
assert all(len(weights) == len(TAG_SETS) for weights in _TAGS_OF.values())
