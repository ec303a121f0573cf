"""Draw the calls of a made-up dialer from a seed and a world, as columns of codes.

Everything is drawn in whole columns. The order is that of a real day: when, in which direction, with which
client, by whom of those at work, about what, answered or not, for how long, transferred to whom, with which
outcome, to be recalled when.

A transfer chain is the sequence of extensions that a call went through. It is drawn as a pattern (positions
relative to the agent who had the call first) and that agent, so a few patterns make a few hundred variants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from brightcall_pandas.sandbox._account import LINES, OUTCOMES, PROJECTS, TAG_SETS, TEAMS, Staff
from brightcall_pandas.sandbox._clients import UPLOAD, WEB, attempts_of, created_before, draw_clients, uploads
from brightcall_pandas.sandbox._conversations import (
    AI_FIRST,
    ANSWERED,
    FAILED,
    NOBODY,
    PATTERNS,
    UNANSWERED,
    Script,
    draw_chances,
)
from brightcall_pandas.sandbox._draw import (
    LAST_DAY,
    NONE,
    Calendar,
    between,
    chance,
    pick,
    pick_rows,
)
from brightcall_pandas.sandbox._planted import (
    AI_CODE,
    Known,
    Planted,
    checked_on_days,
    day_codes,
    day_measures,
    log_odds,
    plant,
    probability,
    total,
)
from brightcall_pandas.sandbox._schedule import (
    INBOUND,
    INTERNAL,
    OUTBOUND,
    HourWeights,
    Queues,
    at_work,
    chosen_weights,
    people_of,
    staff_for,
)
from brightcall_pandas.sandbox._worlds import world_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brightcall_pandas.sandbox._draw import Flags, Integers
    from brightcall_pandas.sandbox._effects import World

__all__ = [
    "ANSWERED",
    "FAILED",
    "INBOUND",
    "INTERNAL",
    "NOBODY",
    "OUTBOUND",
    "POSITIVE",
    "PROJECT_WEIGHTS",
    "UNANSWERED",
    "Drawn",
    "chain_parties",
    "draw_calls",
]

_BY_AI_PER_MILLE = 120
PROJECT_WEIGHTS = np.array([range(len(PROJECTS)), [30_000, 25_000, 20_000, 15_000, 10_000]])
"""The code of each project, and how many calls it has compared with the others."""

_LINES_OF_A_PROJECT = 3
POSITIVE = 0.23
"""Share of answered calls that end with a positive outcome."""

_OUTCOMES_OF = {
    # kind of call -> weight of no outcome at all, then of each of OUTCOMES
    "positive": (0, 0, 0, 90, 140, 0, 0, 0, 0),
    "other": (60, 10, 40, 0, 0, 210, 300, 70, 80),
    "unanswered": (250, 620, 120, 0, 0, 10, 0, 0, 0),
    "failed": (700, 200, 0, 0, 0, 0, 0, 100, 0),
}
_TAGS_OF = {
    "answered": (700, 0, 80, 120, 30, 50, 20),
    "unanswered": (690, 250, 30, 30, 0, 0, 0),
    "failed": (500, 480, 20, 0, 0, 0, 0),
}
_ROUNDS = 20
"""More rounds than any account needs until calls and their times agree: two or three are usual."""


@dataclass(frozen=True)
class Drawn:
    """Columns of drawn codes, one entry per call, sorted by time, and what they were drawn from."""

    calendar: Calendar
    world: World
    planted: Sequence[Planted]
    staff: Staff
    epoch: Integers
    day: Integers
    direction: Integers
    client: Integers
    attempt: Integers
    source: Integers
    upload: Integers
    created: Integers
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
    answer_odds: Integers
    handover_odds: Integers
    positive_odds: Integers

    @property
    def answered(self) -> Flags:
        """Flag the answered calls."""
        return np.equal(self.state, ANSWERED)

    @property
    def by_ai(self) -> Flags:
        """Flag the calls that the AI made."""
        return np.greater_equal(self.user, self.staff.people)

    @property
    def known(self) -> Known:
        """Return what effects need to know of the calls."""
        return _known(self.calendar, vars(self))

    @cached_property
    def hour_weights(self) -> HourWeights:
        """Return from what the hours of the calls were drawn."""
        return HourWeights(self.calendar, _volume(self.planted))

    def __len__(self) -> int:
        return len(self.epoch)


def draw_calls(
    rng: np.random.Generator,
    calls: int,
    days: int,
    *,
    day_to: date | None = None,
    tie_seconds: int = 1,
    world: World | None = None,
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
    world
        What differs; None is the default world.

    Raises
    ------
    ValueError
        The effects of the world cannot be planted on these days, or leave calls no time.
    """
    last = day_to or LAST_DAY
    calendar = Calendar(last - timedelta(days - 1), last)
    world = world_of(world)
    planted, staff, plan = _planned(rng, calls, calendar, world)
    plan, happened = _made(rng, calendar, staff, planted, plan)
    if (plan["epoch"] < calendar.starts[plan["day"]]).any():
        msg = (
            f"world {world.name!r}: calls take longer than the agents' days have hours; "
            "talk_time, wait and patience need smaller sizes"
        )
        raise ValueError(msg)
    plan |= {
        name: happened[name]
        for name in ("state", "ring_s", "talk_s", "hold_s", "pattern", "answer_odds", "handover_odds")
    }
    plan["epoch"] -= plan["epoch"] % tie_seconds
    order = np.argsort(plan["epoch"], kind="stable")
    plan = {name: column[order] for name, column in plan.items()}
    plan["created"] = created_before(plan["created"], plan["client"], plan["epoch"])
    plan["attempt"] = attempts_of(plan["client"], plan["direction"] == OUTBOUND).astype(np.int32)
    return Drawn(calendar, world, planted, staff, **plan, **_aftermath(rng, calendar, staff, planted, plan))


def _planned(
    rng: np.random.Generator, calls: int, calendar: Calendar, world: World
) -> tuple[list[Planted], Staff, dict[str, Integers]]:
    """Return the effects, who works here, and the calls as they are planned, in order of time."""
    staff, needed = staff_for(
        calls, HourWeights(calendar, _volume(checked_on_days(world, calendar.days))).table, calendar
    )
    planted = plant(rng, world, calendar.days, staff, 2 * calls + 1)
    volume = _volume(planted)
    weights = HourWeights(calendar, volume).table
    cell = pick(rng, calls, weights.ravel())
    direction, hour = cell // weights.shape[1], cell % weights.shape[1]
    epoch = calendar.hours.start[hour] + rng.integers(3600, size=calls)
    order = np.argsort(epoch, kind="stable")
    epoch, direction, day = epoch[order], direction[order], calendar.hours.day[hour][order]
    clients = draw_clients(rng, calendar, direction, epoch, day)
    present = at_work(rng, calendar, staff, needed)
    weights = _work(calendar, staff, volume)
    person = people_of(rng, calendar, present, weights[:, :-1], day=day, epoch=epoch)
    # The AI's share grows with its own weight, compared with all that people do.
    people = np.full(len(weights), (1000 - _BY_AI_PER_MILLE) * 1000)
    by_ai = (direction == OUTBOUND) & (pick_rows(rng, day, np.stack([people, weights[:, -1]], axis=1)) == 1)
    seat = staff.people + rng.integers(staff.seats, size=calls)
    project = pick_rows(rng, day, chosen_weights(calendar, volume, ["project"], PROJECT_WEIGHTS))
    project = np.where(direction == INTERNAL, NONE, project)
    line = (project + 3 * rng.integers(_LINES_OF_A_PROJECT, size=calls)) % len(LINES)
    plan = vars(clients) | {
        "epoch": epoch,
        "day": day,
        "direction": direction,
        "user": np.where(by_ai, seat, person),
        "person": person,
        "project": project,
        "line": np.where(project == NONE, len(LINES) - 1, line),
    }
    wide = ("epoch", "created")
    narrow = {name: column if name in wide else column.astype(np.int32) for name, column in plan.items()}
    return planted, staff, narrow


def _volume(planted: Sequence[Planted]) -> list[Planted]:
    return [each for each in planted if each.effect.what == "volume"]


def _work(calendar: Calendar, staff: Staff, volume: Sequence[Planted]) -> Integers:
    """Return how much each person does on each day, compared with the others; the last column is the AI."""
    teams = list(TEAMS)
    team = [teams.index(each.team_id) for each in staff.users[: staff.people]]
    base = np.array(
        [
            [*range(staff.people), AI_CODE],
            [*team, len(teams) - 1],
            [1000] * staff.people + [_BY_AI_PER_MILLE * 1000],
        ]
    )
    return chosen_weights(calendar, volume, ["agent", "team"], base)


def _known(calendar: Calendar, plan: Mapping[str, Any]) -> Known:
    """Return what effects need to know of calls, from their columns."""
    day, staff = plan["day"], plan["staff"]
    codes: dict[str, Any] = {
        name: partial(np.take, table, day) for name, table in day_codes(calendar.days).items()
    }
    teams = list(TEAMS)
    team = np.array([teams.index(each.team_id) for each in staff.users])
    codes |= {
        "hour": lambda: calendar.hours.clock_at(plan["epoch"]),
        "agent": lambda: np.where(plan["user"] < staff.people, plan["user"], AI_CODE),
        "team": lambda: team[plan["user"]],
        "attempt": lambda: plan["attempt"] - 1,
        "handed_over": lambda: np.where(plan["pattern"] == AI_FIRST, 0, NONE),
    }
    for name in ("line", "project", "direction", "source", "client"):
        codes[name] = partial(plan.__getitem__, name)
    measured: dict[str, Any] = {
        name: partial(np.take, table, day) for name, table in day_measures(calendar.days).items()
    }
    measured |= {
        "attempts": lambda: np.maximum(plan["attempt"] - 1, 0) * 1000,
        "list_weeks": lambda: _list_weeks(calendar, plan),
        "lead_doublings": lambda: _lead_doublings(plan),
    }
    return Known(day, codes, measured)


def _list_weeks(calendar: Calendar, plan: Mapping[str, Any]) -> Integers:
    since = np.array([(calendar.day_from - monday).days for monday in uploads(calendar)])
    days = plan["day"] + since[np.maximum(plan["upload"], 0)]
    return np.where(plan["source"] == UPLOAD, days * 1000 // 7, 0)


def _lead_doublings(plan: Mapping[str, Any]) -> Integers:
    seconds = np.maximum(plan["epoch"] - plan["created"], 1)
    doublings = np.rint(1000 * np.log2(seconds / 3600)).astype(np.int64)
    return np.where(plan["source"] == WEB, doublings, 0)


def _made(
    rng: np.random.Generator,
    calendar: Calendar,
    staff: Staff,
    planted: Sequence[Planted],
    plan: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the calls with the times at which they were made, and what happened in them."""
    by_ai = plan["user"] >= staff.people
    chances = draw_chances(rng, plan["direction"], by_ai)
    plan = plan | {"staff": staff}
    known = _known(calendar, plan)
    columns = {name: plan[name] for name in ("direction", "attempt")}
    script = Script(chances, planted, known, **columns, by_ai=by_ai)
    queues = Queues(plan["user"], plan["epoch"], calendar.ends[plan["day"]])
    begun = plan["epoch"]
    for _ in range(_ROUNDS):
        happened = script.at(_known(calendar, plan | {"epoch": begun}))
        then = queues.begin(happened.busy_s)
        if np.array_equal(then, begun):
            break
        begun = then
    plan = plan | {"epoch": begun}
    del plan["staff"]
    return plan, vars(happened)


def _aftermath(
    rng: np.random.Generator,
    calendar: Calendar,
    staff: Staff,
    planted: Sequence[Planted],
    plan: dict[str, Any],
) -> dict[str, Integers]:
    """Return what comes of the calls, which are in order of time by now."""
    state, talk_s, size = plan["state"], plan["talk_s"], len(plan["state"])
    answered, outbound = state == ANSWERED, plan["direction"] == OUTBOUND
    by_ai = plan["user"] >= staff.people
    # A call that the AI transfers is the AI's for its first third.
    ai_talk_s = np.where(plan["pattern"] == AI_FIRST, talk_s // 3, np.where(by_ai, talk_s, 0))
    known = _known(calendar, plan | {"staff": staff})
    odds = log_odds(POSITIVE) + total([each for each in planted if each.effect.what == "positive"], known)
    positive = rng.integers(1_000_000, size=size) < probability(odds)
    outcome, spelling = _draw_outcomes(rng, state, positive)
    recall_state, recall_epoch, recall_first_epoch = _draw_recalls(rng, plan["epoch"], outbound & ~answered)
    return {
        "ai_talk_s": ai_talk_s,
        "positive_odds": odds,
        "outcome": outcome,
        "spelling": spelling,
        "tags": _by_state(rng, state, _TAGS_OF),
        "recall_state": recall_state.astype(np.int32),
        "recall_epoch": recall_epoch,
        "recall_first_epoch": recall_first_epoch,
    }


def chain_parties(staff: Staff, code: int, agent: int, person: int) -> tuple[str, ...]:
    """Return the extensions of a chain.

    Parameters
    ----------
    staff
        Who there is.
    code
        Code of the pattern.
    agent
        Position of the user who had the call first.
    person
        Position of the person to whom the AI transfers the call.
    """
    users = staff.users
    if code == NOBODY:
        return ()
    if code == AI_FIRST:
        return users[agent].extension, users[person].extension
    if agent >= staff.people:
        return (users[agent].extension,)
    return tuple(users[(agent + step) % staff.people].extension for step in PATTERNS[code])


def _by_state(rng: np.random.Generator, state: Integers, weights: Mapping[str, Sequence[int]]) -> Integers:
    drawn = {name: pick(rng, len(state), each) for name, each in weights.items()}
    return np.choose(state, [drawn["unanswered"], drawn["answered"], drawn["failed"]]).astype(np.int32)


def _draw_outcomes(rng: np.random.Generator, state: Integers, positive: Flags) -> tuple[Integers, Integers]:
    """Return the position in `OUTCOMES` (or `NONE`), and the position of the spelling."""
    drawn = {name: pick(rng, len(state), each) for name, each in _OUTCOMES_OF.items()}
    answered = np.where(positive, drawn["positive"], drawn["other"])
    outcome = np.choose(state, [drawn["unanswered"], answered, drawn["failed"]]) - 1
    spellings = [pick(rng, len(state), list(each.spellings.values())) for each in OUTCOMES]
    spelling = np.choose(np.maximum(outcome, 0), spellings)
    return outcome.astype(np.int32), spelling.astype(np.int32)


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
