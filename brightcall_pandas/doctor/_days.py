"""In which timezone days begin: what to ask, and what the answer proves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from brightcall_pandas.frame import midnight_micros

__all__ = ["DayProbe", "fitting", "plan_day"]

_ZONES = (
    "Pacific/Honolulu",
    "America/Los_Angeles",
    "America/Chicago",
    "America/Sao_Paulo",
    "Atlantic/Azores",
    "UTC",
    "Europe/Athens",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Bangkok",
    "Asia/Tokyo",
    "Australia/Brisbane",
    "Pacific/Auckland",
)  # whose midnights fall into most hours of the day


@dataclass(frozen=True)
class DayProbe:
    """One day in one timezone, and from which end its calls are asked for."""

    day: str
    zone: str
    direction: str


def plan_day(stamps: np.ndarray, home: str) -> DayProbe | None:
    """Return a day whose calls tell how the server reads `timezone`.

    Parameters
    ----------
    stamps
        Times of known calls, in microseconds.
    home
        Zone of the account.

    Returns
    -------
    DayProbe or None
        Calls are known that this day has at home and in UTC but not in the probe's zone; they are what the
        server would send first if it did not follow the zone. A day that lies between known calls is
        preferred: the number of its calls is known as well. None when no day has such calls.
    """
    best: tuple[tuple[bool, int], DayProbe] | None = None
    for day in _days(stamps, home):
        common = stamps[_within(stamps, day, home) & _within(stamps, day, "UTC")]
        for zone in _ZONES:
            begin, end = midnight_micros(day, zone), midnight_micros(day, zone, 1)
            expected = int(((stamps >= begin) & (stamps < end)).sum())
            for direction, strangers in (("ASC", (common < begin).sum()), ("DESC", (common >= end).sum())):
                whole = bool(begin >= stamps.min() and end <= stamps.max())
                score = whole, min(expected, int(strangers))
                if score[1] and (best is None or score > best[0]):
                    best = score, DayProbe(day, zone, direction)
    return None if best is None else best[1]


def fitting(
    shown: np.ndarray,
    known: np.ndarray,
    days: tuple[str, str],
    zones: list[str],
    *,
    newest_first: bool = False,
) -> list[str]:
    """Return the zones in which a page of some days can have begun and ended those days.

    Parameters
    ----------
    shown
        Times of the rows of the page, in microseconds, in the order that was asked for.
    known
        Times of all calls that are known. One that a zone would put before the first row of the page,
        and that is not there, speaks against this zone.
    days
        First and last day asked for.
    zones
        The zones to judge.
    newest_first
        Whether the newest calls were asked for first.
    """
    fit = []
    for zone in zones:
        begin, end = midnight_micros(days[0], zone), midnight_micros(days[1], zone, 1)
        mine = known[(known >= begin) & (known < end)]
        if len(shown):
            passed = mine > shown.max() if newest_first else mine < shown.min()
            stray = (shown < begin) | (shown >= end)
        else:
            passed, stray = np.ones(len(mine), dtype=bool), shown
        if not passed.any() and not stray.any():
            fit.append(zone)
    return fit


def _days(stamps: np.ndarray, home: str) -> Iterator[str]:
    local = pd.DatetimeIndex(stamps.view("datetime64[us]")).tz_localize("UTC").tz_convert(home)
    yield from sorted(set(local.strftime("%Y-%m-%d")))


def _within(stamps: np.ndarray, day: str, zone: str) -> np.ndarray:
    within: np.ndarray = (stamps >= midnight_micros(day, zone)) & (stamps < midnight_micros(day, zone, 1))
    return within
