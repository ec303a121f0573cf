"""What happens in calls: answered or not, after how long, for how long, and handed over to whom.

All chances are drawn beforehand, one number a call and question; what a call is like then follows from when
it begins. When it begins follows from the calls before it. So both are worked out in turn until they agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brightcall_pandas.sandbox._draw import between, chance, per_mille, pick
from brightcall_pandas.sandbox._effects import MEASURES
from brightcall_pandas.sandbox._planted import factor, log_odds, probability, total
from brightcall_pandas.sandbox._schedule import INBOUND, INTERNAL, OUTBOUND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brightcall_pandas.sandbox._draw import Flags, Integers
    from brightcall_pandas.sandbox._planted import Known, Planted

__all__ = [
    "AI_FIRST",
    "ALONE",
    "ANSWERED",
    "CONNECT",
    "FAILED",
    "HANDOVER",
    "NOBODY",
    "PATIENCE_S",
    "PATTERNS",
    "SILENT_PER_MILLE",
    "UNANSWERED",
    "WAIT_S",
    "Chances",
    "Conversations",
    "Script",
    "draw_chances",
]

UNANSWERED, ANSWERED, FAILED = 0, 1, 2
CONNECT = (0.34, 0.29, 0.25, 0.21, 0.18, 0.15, 0.12, 0.10)
"""Share of outbound calls that are answered, by attempt, where nothing differs: first, second, … eighth."""

HANDOVER = 0.15
"""Share of answered calls of the AI that it hands over."""

PATIENCE_S = 240
"""Mean of how long a caller would wait; times are exponential, so giving up is as likely in every second."""

SILENT_PER_MILLE = 20
"""Answered calls in which nobody speaks."""

_FAILED_MILLIONTHS = {INBOUND: 9_000, OUTBOUND: 90_000, INTERNAL: 10_000}
_INTERNAL_ANSWERED = 800_000
_TALK_S = {0: 1, 100: 6, 250: 18, 500: 52, 750: 130, 900: 300, 970: 640, 990: 1100, 999: 2400, 1000: 5400}
_INBOUND_TALK_S = {0: 3, 100: 25, 250: 58, 500: 110, 750: 214, 900: 392, 990: 1000, 1000: 2400}
_RING_S = {0: 1, 100: 3, 500: 9, 900: 24, 990: 45, 1000: 90}
WAIT_S = {0: 1, 340: 2, 400: 12, 500: 34, 600: 56, 700: 85, 800: 128, 900: 205, 970: 360, 1000: 1200}
"""How long it takes until someone could answer a caller: a distribution by thousandths."""

_EXPONENTIAL = np.rint(-1000 * np.log(1 - (np.arange(1000) + 0.5) / 1000)).astype(np.int64)

PATTERNS: tuple[tuple[int, ...], ...] = (
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
ALONE, AI_FIRST, NOBODY = 0, len(PATTERNS), len(PATTERNS) + 1
"""Codes: no transfer, the AI transferring to a person, and a call that reached nobody."""

_TRANSFERRED_PER_MILLE = 70


@dataclass(frozen=True)
class Chances:
    """What chance decides of each call: numbers in millionths to be compared with, seconds, and patterns."""

    answer: Integers
    handover: Integers
    ring_s: Integers
    wait_s: Integers
    patience_s: Integers
    talk_s: Integers
    hold_s: Integers
    pattern: Integers
    wrap_answered_s: Integers
    wrap_s: Integers


def draw_chances(rng: np.random.Generator, direction: Integers, by_ai: Flags) -> Chances:
    """Draw what chance decides, before any call is made."""
    size = len(direction)
    long, short = (per_mille(rng, size, each) for each in (_INBOUND_TALK_S, _TALK_S))
    talk = np.where(direction == INBOUND, long, short)
    wrap = np.where(by_ai, 1, between(rng, 5, 60, size))
    transferred = chance(rng, _TRANSFERRED_PER_MILLE, size) & ~by_ai
    patience = _EXPONENTIAL[rng.integers(1000, size=size)] * PATIENCE_S // 1000
    columns = {
        "answer": rng.integers(1_000_000, size=size, dtype=np.int32),
        "handover": rng.integers(1_000_000, size=size, dtype=np.int32),
        "ring_s": per_mille(rng, size, _RING_S),
        "wait_s": per_mille(rng, size, WAIT_S),
        "patience_s": np.maximum(patience, 1),
        "talk_s": np.where(chance(rng, SILENT_PER_MILLE, size), 0, talk),
        "hold_s": between(rng, 0, 40, size),
        "pattern": np.where(transferred, pick(rng, size, _WEIGHTS), ALONE),
        "wrap_answered_s": wrap,
        "wrap_s": np.where(by_ai, 1, between(rng, 1, 8, size)),
    }
    return Chances(**{name: column.astype(np.int32) for name, column in columns.items()})


@dataclass(frozen=True)
class Conversations:
    """What happened in each call. Log odds and logarithms, in thousandths, are those it was drawn with."""

    state: Integers
    ring_s: Integers
    talk_s: Integers
    hold_s: Integers
    pattern: Integers
    busy_s: Integers
    answer_odds: Integers
    handover_odds: Integers


class Terms:
    """What effects add to calls; what does not depend on the second at which they begin is added up once."""

    def __init__(self, planted: Sequence[Planted], what: str, known: Known) -> None:
        mine = [each for each in planted if each.effect.what == what]
        self._timed = [each for each in mine if _is_timed(each)]
        self._fixed = total([each for each in mine if not _is_timed(each)], known)

    def at(self, known: Known) -> Integers:
        """Return what they add, in thousandths, to calls that begin when it is known."""
        return self._fixed + total(self._timed, known) if self._timed else self._fixed


def _is_timed(planted: Planted) -> bool:
    effect = planted.effect
    return "hour" in effect.kinds or (effect.moderator in MEASURES and MEASURES[effect.moderator].timed)


class Script:
    """What follows from when calls begin, for fixed chances and effects.

    Parameters
    ----------
    chances
        What chance decides.
    planted
        The effects.
    known
        What is known of the calls, with the times for which they were planned.
    direction, attempt, by_ai
        Of each call.
    """

    def __init__(
        self,
        chances: Chances,
        planted: Sequence[Planted],
        known: Known,
        *,
        direction: Integers,
        attempt: Integers,
        by_ai: Flags,
    ) -> None:
        self._chances, self._direction, self._by_ai = chances, direction, by_ai
        base = np.array([log_odds(share) for share in CONNECT], dtype=np.int32)
        self._base = base[np.clip(attempt, 1, len(CONNECT)) - 1]
        self._terms = {
            name: Terms(planted, name, known)
            for name in ("answer", "handover", "talk_time", "wait", "patience")
        }

    def at(self, known: Known) -> Conversations:
        """Return what happens in calls that begin when it is known."""
        chances, inbound, outbound = self._chances, self._direction == INBOUND, self._direction == OUTBOUND
        terms = {name: each.at(known) for name, each in self._terms.items()}
        odds = self._base + terms["answer"]
        wait, patience = (
            np.maximum(seconds * factor(terms[name]) // 1_000_000, 1)
            for name, seconds in (("wait", chances.wait_s), ("patience", chances.patience_s))
        )
        share = np.where(outbound, probability(odds), _INTERNAL_ANSWERED)
        answered = np.where(inbound, wait <= patience, chances.answer < share)
        failing = np.array([_FAILED_MILLIONTHS[each] for each in (INBOUND, OUTBOUND, INTERNAL)])
        failed = (chances.answer >= 1_000_000 - failing[self._direction]) & (inbound | ~answered)
        answered &= ~failed
        talk = chances.talk_s * factor(terms["talk_time"]) // 1_000_000
        talk = np.where(answered, np.where(chances.talk_s > 0, np.maximum(talk, 1), 0), 0)
        handover_odds = log_odds(HANDOVER) + terms["handover"]
        pattern = np.where(answered, chances.pattern, ALONE)
        pattern[answered & self._by_ai & (chances.handover < probability(handover_odds))] = AI_FIRST
        pattern[inbound & ~answered] = NOBODY
        hold = np.where(answered & (pattern != ALONE), chances.hold_s, 0)
        ring = np.where(inbound & ~failed, np.minimum(wait, patience), chances.ring_s)
        wrap = np.where(answered, chances.wrap_answered_s, chances.wrap_s)
        return Conversations(
            state=np.where(answered, ANSWERED, np.where(failed, FAILED, UNANSWERED)),
            ring_s=ring,
            talk_s=talk,
            hold_s=hold,
            pattern=pattern,
            busy_s=ring + talk + hold + wrap,
            answer_odds=odds,
            handover_odds=handover_odds,
        )
