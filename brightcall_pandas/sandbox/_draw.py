"""Draw random columns: whole numbers with given weights, and the times of calls.

A generator of test data has to give the same rows everywhere. Floating-point logarithms and exponentials
differ in the last digit between platforms, so every draw here is an integer compared with integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from brightcall_pandas.sandbox._account import TIMEZONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

__all__ = ["LAST_DAY", "NONE", "Calendar", "between", "chance", "midnight", "per_mille", "pick"]

NONE = -1
"""Code of a missing value (no client, no project, no outcome), which becomes null."""

LAST_DAY = date(2026, 3, 31)
"""Default last day; the month before it includes the 23-hour day of a clock change, 29 March 2026."""

_WEEKDAYS = (100, 105, 105, 100, 85, 25, 8)
_HOURS = (1, 1, 1, 1, 1, 1, 2, 10, 60, 95, 100, 95, 80, 70, 90, 100, 95, 85, 60, 30, 10, 4, 2, 1)


def pick(rng: np.random.Generator, size: int, weights: Sequence[int] | Integers) -> Integers:
    """Draw `size` positions in `weights`, each in proportion to its integer weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.int64))
    return np.searchsorted(edges, rng.integers(edges[-1], size=size), side="right").astype(np.int64)


def chance(rng: np.random.Generator, rate: Integers | int, size: int) -> Flags:
    """Draw `size` flags, true with a probability of `rate` per thousand; each may have its own rate."""
    return np.asarray(rng.integers(1000, size=size) < rate)


def between(rng: np.random.Generator, low: int, high: int, size: int) -> Integers:
    """Draw `size` integers from `low` to `high`, both included."""
    return rng.integers(low, high + 1, size=size)


def per_mille(rng: np.random.Generator, size: int, quantiles: dict[int, int]) -> Integers:
    """Draw `size` integers from a distribution given by its quantiles.

    Parameters
    ----------
    rng
        Source of randomness.
    size
        How many.
    quantiles
        Thousandth (0 to 1000, ascending) → value (ascending); values in between are spread evenly.
    """
    knots = np.array(list(quantiles), dtype=np.int64) * 1000
    values = np.array(list(quantiles.values()), dtype=np.int64)
    drawn = rng.integers(1_000_000, size=size)
    segment = np.searchsorted(knots, drawn, side="right") - 1
    width = np.diff(knots)[segment]
    drawn_values: Integers = values[segment] + np.diff(values)[segment] * (drawn - knots[segment]) // width
    return drawn_values


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
        """List every day, in order."""
        return [self.day_from + timedelta(step) for step in range((self.day_to - self.day_from).days + 1)]

    def draw_epochs(self, rng: np.random.Generator, size: int, tie_seconds: int) -> tuple[Integers, Integers]:
        """Draw `size` sorted epoch seconds, mostly in working hours; return them and the day of each.

        They are rounded down to multiples of `tie_seconds`, so that calls share a time if it is above 1.
        """
        starts, owners, weights = [], [], []
        zone = ZoneInfo(TIMEZONE)
        for number, day in enumerate(self.days):
            # Elapsed hours, not hours on the clock: the day of a clock change has 23 or 25 of them.
            for start in range(midnight(day), midnight(day + timedelta(1)), 3600):
                starts.append(start)
                owners.append(number)
                weights.append(_WEEKDAYS[day.weekday()] * _HOURS[datetime.fromtimestamp(start, zone).hour])
        hour = pick(rng, size, weights)
        second = rng.integers(3600, size=size)
        epochs = np.array(starts)[hour] + second - second % tie_seconds
        order = np.argsort(epochs, kind="stable")
        return epochs[order], np.array(owners)[hour][order]
