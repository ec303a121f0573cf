"""What the answers of the five requests show; the checks ask it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from brightcall_pandas.api import Profile
from brightcall_pandas.doctor._days import DayProbe
from brightcall_pandas.doctor._requests import Exchange
from brightcall_pandas.frame import Typed, midnight_micros, to_pandas, typed_pages
from brightcall_pandas.load import Slice, known_zone

__all__ = ["Evidence", "Seen"]

_EARLIEST_ZONE, _LATEST_ZONE = "Pacific/Kiritimati", "Etc/GMT+12"


@dataclass(frozen=True)
class Seen:
    """A page of calls, as it came and as a load reads it.

    Parameters
    ----------
    exchange
        The request and its answer.
    envelope
        The answer's keys, values as JSON text.
    rows
        The calls, field by field as JSON text.
    slice
        What the proof of completeness takes from it.
    """

    exchange: Exchange
    envelope: dict[str, bytes]
    rows: list[dict[str, bytes]]
    slice: Slice


@dataclass
class Evidence:
    """What the answers show.

    Parameters
    ----------
    profile
        Version of the API.
    days
        First and last day asked for.
    asked_zone
        Timezone sent along with the first two requests; None when none was.
    page_size
        Rows a page that the client wants.
    opened
        The answer of the first request that was answered with data, or the last refusal.
    refused
        The answer to the request that had to be refused, or to a page that was.
    page_refused
        Whether the page was refused for its size.
    first, again, probed
        Pages of calls; None where none came.
    probe
        What the third request asked for.
    sums
        The fourth answer; None when it was not asked for.
    sums_days
        Its days.
    echoed
        Whether some answer had the key in it.
    """

    profile: Profile
    days: tuple[str, str]
    asked_zone: str | None
    page_size: int
    opened: Exchange
    refused: Exchange | None = None
    page_refused: bool = False
    first: Seen | None = None
    again: Seen | None = None
    probe: DayProbe | None = None
    probed: Seen | None = None
    sums: Exchange | None = None
    sums_days: tuple[str, str] | None = None
    echoed: bool = False

    @property
    def pages(self) -> list[Seen]:
        """Every page of calls that came."""
        return [each for each in (self.first, self.again, self.probed) if each is not None]

    @property
    def rows(self) -> list[dict[str, bytes]]:
        """Rows of all pages; some of them come twice."""
        return [row for page in self.pages for row in page.rows]

    @property
    def zone(self) -> str:
        """Zone that the first answer names, else the one asked for."""
        named = None if self.first is None else self.first.slice.page.timezone
        return known_zone(named) or self.asked_zone or "UTC"

    @property
    def cut(self) -> bool | None:
        """Whether the server sent fewer rows than asked for, and had more; None when that is not known."""
        if self.first is None:
            return None
        sent = self.first.slice.rows
        if sent >= self.first.slice.ask.size:
            return False
        if self.again is not None:
            return bool(set(self.near(self.again)[0]) - set(self.first.slice.ids))
        return False if self.first.slice.total == sent else None

    @property
    def whole(self) -> bool:
        """Whether the first page shows every call of the days."""
        return (
            self.first is not None and self.cut is False and self.first.slice.rows < self.first.slice.ask.size
        )

    @property
    def effective_size(self) -> int:
        """Rows a page that the server sends when it is asked for the first page's size."""
        if self.first is None:
            return self.page_size
        return self.first.slice.rows if self.cut else self.first.slice.ask.size

    def known_number(self, page: Seen) -> int | None:
        """Return how many calls there are behind a page, where all of them were seen; else None."""
        if self.first is None:
            return None
        known = self.first.slice.known
        if page is not self.probed:  # the first two ask for the same days
            return len(self.near(self.first)[0]) if self.whole else None
        if self.probe is None or not len(known):
            return None
        begin, end = (
            midnight_micros(self.probe.day, self.probe.zone),
            midnight_micros(self.probe.day, self.probe.zone, 1),
        )
        stamps = page.slice.stamps
        # The first page shows every call between its first and its last one.
        between = begin >= known.min() and end <= known.max() and self.first.slice.ordered
        if not between or ((stamps < begin) | (stamps >= end)).any():
            return None
        return int(((known >= begin) & (known < end)).sum())

    def near(self, page: Seen) -> tuple[list[str], np.ndarray]:
        """Return ids and times of the calls of a page that lie in its days in some zone of the world."""
        first, last = self.days
        begin, end = midnight_micros(first, _EARLIEST_ZONE), midnight_micros(last, _LATEST_ZONE, 1)
        stamps = page.slice.stamps
        kept = (stamps >= begin) & (stamps < end)
        return [each for each, keep in zip(page.slice.ids, kept, strict=True) if keep], stamps[kept]

    def typed(self) -> Typed:
        """Return the calls of all pages as a load types them."""
        return typed_pages([each.slice.page.copy() for each in self.pages], self.zone)

    def calls_of(self, days: tuple[str, str]) -> pd.DataFrame:
        """Return the calls of the first page that lie in these days, typed."""
        if self.first is None:
            msg = "no page of calls came"
            raise LookupError(msg)
        frame = to_pandas(typed_pages([self.first.slice.page.copy()], self.zone).table, self.zone)
        day = frame["timestamp"].dt.strftime("%Y-%m-%d")
        calls: pd.DataFrame = frame.loc[(day >= days[0]) & (day <= days[1])]
        return calls
