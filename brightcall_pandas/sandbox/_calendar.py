"""When calls happen: every hour of the days asked for, with its weight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from brightcall_pandas.sandbox._account import TIMEZONE
from brightcall_pandas.sandbox._draw import pick

if TYPE_CHECKING:
    from brightcall_pandas.sandbox._draw import Integers

__all__ = ["LAST_DAY", "Calendar", "midnight"]

LAST_DAY = date(2026, 3, 31)
"""Default last day; a month before it holds the 23-hour day of the clock change, 29 March 2026."""

_WEEKDAYS = (100, 105, 105, 100, 85, 25, 8)
_HOURS = (1, 1, 1, 1, 1, 1, 2, 10, 60, 95, 100, 95, 80, 70, 90, 100, 95, 85, 60, 30, 10, 4, 2, 1)


def midnight(day: date) -> int:
    """Return the epoch second at which a day begins in the account's zone."""
    return int(datetime.combine(day, time(), ZoneInfo(TIMEZONE)).timestamp())


@dataclass(frozen=True)
class Calendar:
    """The days of a sandbox, both included."""

    day_from: date
    day_to: date

    @property
    def days(self) -> list[date]:
        """Every day, in order."""
        return [self.day_from + timedelta(step) for step in range((self.day_to - self.day_from).days + 1)]

    def draw_epochs(self, rng: np.random.Generator, size: int, tie_seconds: int) -> tuple[Integers, Integers]:
        """Draw `size` sorted epoch seconds in working hours mostly; return them and the day of each.

        `tie_seconds` above one rounds them down to its multiples, so that calls share a time.
        """
        starts, owners, weights = [], [], []
        zone = ZoneInfo(TIMEZONE)
        for number, day in enumerate(self.days):
            # Real hours, not names of hours: a day of a clock change has 23 or 25 of them.
            for start in range(midnight(day), midnight(day + timedelta(1)), 3600):
                starts.append(start)
                owners.append(number)
                weights.append(_WEEKDAYS[day.weekday()] * _HOURS[datetime.fromtimestamp(start, zone).hour])
        hour = pick(rng, size, weights)
        second = rng.integers(3600, size=size)
        epochs = np.array(starts)[hour] + second - second % tie_seconds
        order = np.argsort(epochs, kind="stable")
        return epochs[order], np.array(owners)[hour][order]
