"""When calls are planned and who is at work: hours, shifts, breaks, and one call at a time.

Calls are planned first, from the weights of the hours and of who is at work. As it is known only later how
long calls take, whoever is still on the phone, or writing up the last call, begins the next one later.
"""

from __future__ import annotations

from functools import partial
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from brightcall_pandas.sandbox._account import Staff
from brightcall_pandas.sandbox._draw import pick_rows
from brightcall_pandas.sandbox._planted import Known, Planted, day_codes, day_measures, factor, total

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brightcall_pandas.sandbox._draw import Calendar, Flags, Integers

__all__ = [
    "DIRECTION_SHARES",
    "INBOUND",
    "INTERNAL",
    "OUTBOUND",
    "HourWeights",
    "Queues",
    "at_work",
    "chosen_weights",
    "known_of_days",
    "known_of_hours",
    "people_of",
    "staff_for",
]

INBOUND, OUTBOUND, INTERNAL = 0, 1, 2
DIRECTION_SHARES = (220, 740, 40)
_OPEN = ((7, 24), (8, 20), (8, 20))
"""Hours on the clock in which there are calls, by direction: callers also come in the evening."""

_CALLS_A_DAY = 80
"""Calls that a person makes and takes on a working day."""

_QUARTERS = 96
_EARLY, _FIRST, _MIDDLE, _SECOND, _LATE = (28, 62), (32, 66), (36, 70), (46, 80), (62, 96)
_SHIFTS = (_EARLY, _LATE, _FIRST, _SECOND, _MIDDLE, _LATE, _SECOND, _FIRST, _SECOND, _MIDDLE, _SECOND, _FIRST)
"""First and last quarter of an hour of shifts, in the order in which they are filled."""

_BREAKS = ((7, 1), (15, 2), (26, 1))
"""Quarters of an hour after the shift's begin, and how long: a coffee, lunch, a coffee."""

_PRECISION = 10**12


def known_of_days(calendar: Calendar) -> Known:
    """Return what is known of the days themselves, for weights that differ by day."""
    days = calendar.days
    codes, measures = day_codes(days), day_measures(days)
    return Known(
        codes["day"],
        {name: partial(codes.__getitem__, name) for name in codes},
        {name: partial(measures.__getitem__, name) for name in measures},
    )


def known_of_hours(calendar: Calendar, direction: int) -> Known:
    """Return what is known of the hours of the calendar, for calls of a direction."""
    hours, days = calendar.hours, calendar.days
    codes: dict[str, Callable[[], Integers]] = {
        name: partial(np.take, table, hours.day) for name, table in day_codes(days).items()
    }
    codes |= {"hour": lambda: hours.clock, "direction": lambda: np.full(len(hours.day), direction)}
    measures = {name: partial(np.take, table, hours.day) for name, table in day_measures(days).items()}
    return Known(hours.day, codes, measures)


class HourWeights:
    """The weight of each direction (rows) in each hour of the calendar (columns), under these effects.

    What differs by hour or day moves calls of one direction from one hour to another; only effects on the
    direction itself move calls from one direction to another.
    """

    def __init__(self, calendar: Calendar, volume: Sequence[Planted]) -> None:
        self._calendar = calendar
        self._known = [known_of_hours(calendar, row) for row in range(len(DIRECTION_SHARES))]
        timed = [each for each in volume if each.effect.kind not in ("direction", "project", "agent", "team")]
        directed = [each for each in volume if each.effect.kind == "direction"]
        self._timed = [total(timed, each) for each in self._known]
        self._directed = [total(directed, each) for each in self._known]

    @property
    def table(self) -> Integers:
        """Return the weights."""
        return self._weights(self._timed, self._directed)

    def without(self, planted: Planted) -> Integers:
        """Return the weights as they would be without an effect."""
        parts = [self._timed, self._directed]
        place = planted.effect.kind == "direction"
        parts[place] = [
            terms - planted.terms(known) for terms, known in zip(parts[place], self._known, strict=True)
        ]
        return self._weights(*parts)

    def active(self, planted: Planted) -> Flags:
        """Flag where an effect holds, in the form of the weights."""
        return np.array([planted.active(known) for known in self._known])

    def _weights(self, timed: Sequence[Integers], directed: Sequence[Integers]) -> Integers:
        rows, clock = [], self._calendar.hours.clock
        for row, (share, (first, last)) in enumerate(zip(DIRECTION_SHARES, _OPEN, strict=True)):
            weights = np.where((clock >= first) & (clock < last), factor(timed[row]), 0) / 1e6
            scaled = weights / weights.sum() * share * factor(directed[row]) / 1e6
            rows.append(np.rint(scaled * (_PRECISION / sum(DIRECTION_SHARES))))
        return np.array(rows, dtype=np.int64)


def chosen_weights(
    calendar: Calendar, volume: Sequence[Planted], kinds: Sequence[str], base: Integers
) -> Integers:
    """Return the weight of each unit (columns) on each day (rows), whose codes by kind are given.

    Parameters
    ----------
    calendar
        The days.
    volume
        Effects on the volume.
    kinds
        Kinds of the units: ``("agent", "team")`` or ``("project",)``.
    base
        One row a kind with the code of each unit, and a last row with the weights that they have by
        themselves.
    """
    days, weights = known_of_days(calendar), base[-1]
    here = [each for each in volume if each.effect.kind in kinds]
    columns = []
    for unit, weight in enumerate(weights):
        codes = dict(days.codes)
        for kind, row in zip(kinds, base, strict=False):
            codes[kind] = partial(np.full, len(days.day), row[unit])
        terms = total(here, Known(days.day, codes, days.measured))
        columns.append(weight * factor(terms) // 1_000_000)
    return np.array(columns, dtype=np.int64).T


def staff_for(calls: int, weights: Integers, calendar: Calendar) -> tuple[Staff, Integers]:
    """Return who an account of this size has, and how many people work on each day."""
    of_day = np.bincount(calendar.hours.day, weights=weights.sum(axis=0), minlength=len(calendar.days))
    expected = np.rint(calls * of_day / of_day.sum()).astype(np.int64)
    needed = np.maximum(-(-expected // _CALLS_A_DAY), 2)
    people = max(12, int(needed.max()))
    return Staff(people, -(-people // 12)), needed


def at_work(rng: np.random.Generator, calendar: Calendar, staff: Staff, needed: Integers) -> Flags:
    """Return who is at work: by day, quarter of an hour on the clock, and person.

    Days off go round. Whoever works keeps about the same shift for a week. Nobody takes a break while nobody
    else is there.
    """
    people, days = staff.people, len(needed)
    step = next(n for n in range(max(1, people * 3 // 10), people + 2) if gcd(n, people) == 1)
    turn = (rng.permutation(people) + step * np.arange(days)[:, None]) % people
    works = turn < needed[:, None]
    week = (np.arange(days) + calendar.day_from.weekday()) // 7
    place = rng.random((week[-1] + 1, people))[week]
    rank = np.argsort(np.argsort(np.where(works, place, 2.0), axis=1), axis=1)
    shift = np.array(_SHIFTS)[rank % len(_SHIFTS)]
    quarter = np.arange(_QUARTERS)[:, None]
    begin, end = shift[:, None, :, 0], shift[:, None, :, 1]
    on_shift = works[:, None, :] & (quarter >= begin) & (quarter < end)
    present, stagger = on_shift.copy(), (rank + rank // 4) % 4
    for after, length in _BREAKS:
        pause = begin + after + stagger[:, None, :]
        present &= (quarter < pause) | (quarter >= pause + length)
    alone = ~present.any(axis=2)
    present[alone] = on_shift[alone]
    return present


def people_of(
    rng: np.random.Generator,
    calendar: Calendar,
    present: Flags,
    weights: Integers,
    *,
    day: Integers,
    epoch: Integers,
) -> Integers:
    """Draw a person at work for each call.

    Parameters
    ----------
    rng
        Source of randomness.
    calendar
        The days.
    present
        Who is at work, from `at_work`.
    weights
        How much each person (columns) works on each day (rows), compared with others.
    day, epoch
        The day of each call, and its time.
    """
    quarter = calendar.hours.clock_at(epoch) * 4 + epoch % 3600 // 900
    of_bins = (present * weights[:, None, :]).reshape(-1, present.shape[2])
    return pick_rows(rng, day * _QUARTERS + quarter, of_bins, evenly=True)


class Queues:
    """The planned calls of each agent, in their order; an agent makes and takes them one at a time.

    Parameters
    ----------
    user
        Agent of each call.
    planned
        When it is planned, as epoch second.
    latest
        When it must have begun, at the end of its day.
    """

    def __init__(self, user: Integers, planned: Integers, latest: Integers) -> None:
        self._order = np.lexsort((planned, user))
        self._user = user[self._order].astype(np.int64)
        self._planned, self._latest = planned[self._order], latest[self._order]

    def begin(self, busy: Integers) -> Integers:
        """Return when each call begins, if it keeps its agent busy for so many seconds.

        No call begins before the agent is free; where a day would end before all calls have begun, earlier
        ones begin before they were planned.
        """
        taken = busy[self._order].astype(np.int64)
        before = np.cumsum(taken) - taken
        if not len(taken):
            return before
        # Each agent's times lie beyond those of the agent before, so one pass serves all of them.
        apart = self._user * (int(self._latest.max() - self._planned.min()) + int(taken.sum()) + 1)
        soonest = np.maximum.accumulate(self._planned - before + apart)
        last = np.minimum.accumulate((self._latest - before + apart)[::-1])[::-1]
        begin = np.empty_like(before)
        begin[self._order] = np.minimum(soonest, last) + before - apart
        return begin
