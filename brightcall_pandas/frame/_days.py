"""Where days begin, and times as whole microseconds since 1970, in which they are compared."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

__all__ = ["WEEKDAYS", "micros", "midnight", "midnight_micros"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""Days of the week, the first as pandas counts them."""


def midnight(day: str, zone: str, days: int = 0) -> pd.Timestamp:
    """Return the instant at which a day begins in a timezone, `days` days later.

    Where the clock skips midnight, the day begins at the first instant after the gap; where midnight comes
    twice, at the first.
    """
    start = pd.Timestamp(day) + pd.Timedelta(days=days)
    return start.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")


@functools.lru_cache(maxsize=4096)
def midnight_micros(day: str, zone: str, days: int = 0) -> int:
    """Return `midnight` in microseconds since 1970 in UTC."""
    return round(midnight(day, zone, days).timestamp() * 1e6)


def micros(stamps: pd.Series) -> np.ndarray:
    """Return times as microseconds since 1970 in UTC; a missing one is the smallest integer."""
    times: np.ndarray = stamps.dt.as_unit("us").to_numpy(dtype="datetime64[us]").astype(np.int64)
    return times
