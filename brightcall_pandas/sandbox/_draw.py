"""Draw random columns: whole numbers with given weights, and the calendar.

A generator of test data has to give the same rows everywhere. Floating-point logarithms and exponentials
differ in the last digit between platforms, so every draw here is an integer compared with integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from brightcall_pandas.sandbox._account import TIMEZONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Integers = npt.NDArray[np.integer[Any]]
    Flags = npt.NDArray[np.bool_]

__all__ = [
    "LAST_DAY",
    "NONE",
    "Calendar",
    "Hours",
    "between",
    "chance",
    "mean_of",
    "midnight",
    "per_mille",
    "pick",
    "pick_rows",
]

NONE = -1
"""Code of a missing value (no client, no project, no outcome), which becomes null."""

LAST_DAY = date(2026, 3, 31)
"""Default last day; the month before it includes the 23-hour day of a clock change, 29 March 2026."""


_WHOLE, _GOLDEN = 2**31, 1_327_217_885


def pick(rng: np.random.Generator, size: int, weights: Sequence[int] | Integers) -> Integers:
    """Draw `size` positions in `weights`, each in proportion to its integer weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.int64))
    return np.searchsorted(edges, rng.integers(edges[-1], size=size), side="right").astype(np.int64)


def pick_rows(
    rng: np.random.Generator, row: Integers, weights: Integers, *, evenly: bool = False
) -> Integers:
    """Draw a column for each entry of `row`, in proportion to the weights of that row.

    Parameters
    ----------
    rng
        Source of randomness.
    row
        Row of `weights` for each entry.
    weights
        Whole numbers; no row has only zeros.
    evenly
        Let entries that follow one another have different columns as far as the weights allow, so that each
        column comes at about equal distances.
    """
    edges = np.cumsum(weights.astype(np.int64).ravel())
    ends = edges[weights.shape[1] - 1 :: weights.shape[1]]
    begin = np.concatenate([[0], ends[:-1]])
    width = (ends - begin)[row]
    if evenly:
        # Multiples of the golden ratio, of which no few come close to each other.
        turn = (rng.integers(_WHOLE) + np.arange(len(row)) * _GOLDEN) % _WHOLE
        drawn = turn * width // _WHOLE
    else:
        drawn = rng.integers(0, width)
    column: Integers = np.searchsorted(edges, begin[row] + drawn, side="right") % weights.shape[1]
    return column


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


def mean_of(quantiles: dict[int, int]) -> float:
    """Return the mean of a distribution that `per_mille` draws from."""
    pairs = pairwise(quantiles.items())
    return sum((high - low) * (first + last) / 2000 for (low, first), (high, last) in pairs)


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

    @cached_property
    def hours(self) -> Hours:
        """List every hour of the days."""
        starts, owners, local = [], [], []
        zone = ZoneInfo(TIMEZONE)
        for number, day in enumerate(self.days):
            # Elapsed hours, not hours on the clock: the day of a clock change has 23 or 25 of them.
            for start in range(midnight(day), midnight(day + timedelta(1)), 3600):
                starts.append(start)
                owners.append(number)
                local.append(datetime.fromtimestamp(start, zone).hour)
        return Hours(np.array(starts), np.array(owners), np.array(local))

    @cached_property
    def starts(self) -> Integers:
        """List the first second of each day."""
        return np.array([midnight(day) for day in self.days])

    @cached_property
    def ends(self) -> Integers:
        """List the last second of each day."""
        return np.array([midnight(day + timedelta(1)) - 1 for day in self.days])


@dataclass(frozen=True)
class Hours:
    """The hours of a calendar, one after the other: start, number of the day, and hour on the clock."""

    start: Integers
    day: Integers
    clock: Integers

    def clock_at(self, epoch: Integers) -> Integers:
        """Return the hour on the clock at each time."""
        place = np.clip((epoch - self.start[0]) // 3600, 0, len(self.clock) - 1)
        hours: Integers = self.clock[place]
        return hours
