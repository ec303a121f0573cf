"""Find out in which timezone days begin: what to request, and what the answer proves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from brightcall_pandas.frame import midnight_micros

__all__ = ["DayProbe", "fitting_zones", "plan_day"]

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
)  # their midnights fall into most hours of the day


@dataclass(frozen=True)
class DayProbe:
    """One day in one timezone, and from which end its calls are requested."""

    day: str
    zone: str
    direction: str


def plan_day(stamps: np.ndarray, home: str) -> DayProbe | None:
    """Return a day whose calls show how the server interprets `timezone`.

    Parameters
    ----------
    stamps
        Times of known calls, in microseconds.
    home
        Zone of the account.

    Returns
    -------
    DayProbe or None
        A day that has known calls which belong to it at home and in UTC but not in the probe's zone; the
        server would send these first if it did not follow the zone. A day that lies between known calls is
        preferred, because the number of its calls is known as well. None if no day has such calls.
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


def fitting_zones(
    shown: np.ndarray,
    known: np.ndarray,
    days: tuple[str, str],
    zones: list[str],
    *,
    newest_first: bool = False,
) -> list[str]:
    """Return the zones whose days are consistent with a page of calls.

    Parameters
    ----------
    shown
        Times of the rows of the page, in microseconds, in the order requested.
    known
        Times of all known calls. A call that would come before the first row of the page in some zone, but is
        missing there, rules this zone out.
    days
        First and last day requested.
    zones
        The zones to try.
    newest_first
        Whether the newest calls were requested first.
    """
    fit = []
    for zone in zones:
        begin, end = midnight_micros(days[0], zone), midnight_micros(days[1], zone, 1)
        within = known[(known >= begin) & (known < end)]
        if len(shown):
            skipped = within > shown.max() if newest_first else within < shown.min()
            outside = (shown < begin) | (shown >= end)
        else:
            skipped, outside = np.ones(len(within), dtype=bool), shown
        if not skipped.any() and not outside.any():
            fit.append(zone)
    return fit


def _days(stamps: np.ndarray, home: str) -> Iterator[str]:
    local = pd.DatetimeIndex(stamps.view("datetime64[us]")).tz_localize("UTC").tz_convert(home)
    yield from sorted(set(local.strftime("%Y-%m-%d")))


def _within(stamps: np.ndarray, day: str, zone: str) -> np.ndarray:
    within: np.ndarray = (stamps >= midnight_micros(day, zone)) & (stamps < midnight_micros(day, zone, 1))
    return within
