"""Send the five requests, and collect what their answers show for the checks.

1. the first page of the days, oldest call first, as a load requests it;
2. a page of another size that begins among the last rows of the first page and ends after them, with the two
   flags that should add fields but no rows;
3. ten calls of one day in a timezone whose midnight falls among the calls of that day;
4. the statistics (v1) or the number of calls (v3) of days whose calls are all known;
5. a request that must be refused.

If the server refuses the first one, the size of the page may be the reason: it is sent again with the
documented size of 100, and the refusal replaces the fifth request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from brightcall_pandas.api import Profile
from brightcall_pandas.doctor._days import DayProbe, plan_day
from brightcall_pandas.doctor._masks import members
from brightcall_pandas.doctor._requests import Exchange, Requester
from brightcall_pandas.errors import RequestError
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.frame import TypedTable, midnight_micros, read_page, to_pandas, typed_table
from brightcall_pandas.load import Ask, Client, Slice, farthest, known_zone, request_body, slice_of

__all__ = ["Evidence", "SeenPage", "collect"]

_EARLIEST_ZONE, _LATEST_ZONE = "Pacific/Kiritimati", "Etc/GMT+12"
_SMALL_PAGE = 100  # the documented default
_OVERLAP = 150  # rows that the second page has in common with the first, at most
_SECOND_PAGE = 200
_PROBE = 10
_FLAGS = {"showTransfers": True, "showAICallsWithLog": True}
_NOT_CACHED = ""
_NO_DAY = {"dayFrom": "no-day"}


@dataclass(frozen=True)
class SeenPage:
    """A page of calls, as it arrived and as a load reads it.

    Parameters
    ----------
    exchange
        The request and its answer.
    envelope
        Key of the answer → its value as JSON text.
    rows
        The calls: field → its value as JSON text.
    slice
        What the proof of completeness uses.
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
        First and last day requested.
    asked_zone
        Timezone sent with the first two requests; None if none was.
    page_size
        The client's page size.
    opening
        The first answer with data, or the last refusal.
    refused
        The answer to the request that must be refused, or the refusal of a page.
    page_refused
        Whether the first page was refused for its size.
    first, second, probed
        Pages of calls: of the first, second and third request; None if there is none.
    probe
        What the third request asked for.
    counted
        The fourth answer: statistics or count; None if it was not requested.
    counted_days
        Its days.
    echoed
        Whether any answer contained the key.
    """

    profile: Profile
    days: tuple[str, str]
    asked_zone: str | None
    page_size: int
    opening: Exchange
    refused: Exchange | None = None
    page_refused: bool = False
    first: SeenPage | None = None
    second: SeenPage | None = None
    probe: DayProbe | None = None
    probed: SeenPage | None = None
    counted: Exchange | None = None
    counted_days: tuple[str, str] | None = None
    echoed: bool = False

    @property
    def pages(self) -> list[SeenPage]:
        """List every page of calls that arrived."""
        return [each for each in (self.first, self.second, self.probed) if each is not None]

    @property
    def rows(self) -> list[dict[str, bytes]]:
        """List the rows of all pages; some calls are listed twice."""
        return [row for page in self.pages for row in page.rows]

    @property
    def zone(self) -> str:
        """Return the zone that the first answer names, else the one requested."""
        named = None if self.first is None else self.first.slice.page.timezone
        return known_zone(named) or self.asked_zone or "UTC"

    @property
    def cut(self) -> bool | None:
        """Tell whether the server sent fewer rows than requested although it had more; None if unknown."""
        if self.first is None:
            return None
        sent = self.first.slice.rows
        if sent >= self.first.slice.ask.size:
            return False
        if self.second is not None:
            return bool(set(self.near(self.second)[0]) - set(self.first.slice.ids))
        return False if self.first.slice.total == sent else None

    @property
    def whole(self) -> bool:
        """Tell whether the first page has every call of the days."""
        return (
            self.first is not None and self.cut is False and self.first.slice.rows < self.first.slice.ask.size
        )

    @property
    def effective_size(self) -> int:
        """Return how many rows the server sends when the first page's size is requested."""
        if self.first is None:
            return self.page_size
        return self.first.slice.rows if self.cut else self.first.slice.ask.size

    def known_number(self, page: SeenPage) -> int | None:
        """Return the number of calls in a page's days, if all of them were seen; else None."""
        if self.first is None:
            return None
        known = self.first.slice.known
        if page is not self.probed:  # the first two have the same days
            return len(self.near(self.first)[0]) if self.whole else None
        if self.probe is None or not len(known):
            return None
        begin, end = (
            midnight_micros(self.probe.day, self.probe.zone),
            midnight_micros(self.probe.day, self.probe.zone, 1),
        )
        stamps = page.slice.stamps
        # The first page has every call between its first and its last.
        between = begin >= known.min() and end <= known.max() and self.first.slice.ordered
        if not between or ((stamps < begin) | (stamps >= end)).any():
            return None
        return int(((known >= begin) & (known < end)).sum())

    def near(self, page: SeenPage) -> tuple[list[str], np.ndarray]:
        """Return ids and times of the calls of a page that lie in the days in some timezone."""
        first, last = self.days
        begin, end = midnight_micros(first, _EARLIEST_ZONE), midnight_micros(last, _LATEST_ZONE, 1)
        stamps = page.slice.stamps
        kept = (stamps >= begin) & (stamps < end)
        return [each for each, keep in zip(page.slice.ids, kept, strict=True) if keep], stamps[kept]

    def typed(self) -> TypedTable:
        """Return the calls of all pages as a load types them."""
        return typed_table([each.slice.page.copy() for each in self.pages], self.zone)

    def calls_of(self, days: tuple[str, str]) -> pd.DataFrame:
        """Return the calls of the first page on these days, typed."""
        if self.first is None:
            msg = "no page of calls arrived"
            raise LookupError(msg)
        frame = to_pandas(typed_table([self.first.slice.page.copy()], self.zone).table, self.zone)
        day = frame["timestamp"].dt.strftime("%Y-%m-%d")
        calls: pd.DataFrame = frame.loc[(day >= days[0]) & (day <= days[1])]
        return calls


def collect(requester: Requester, client: Client, days: tuple[str, str]) -> Evidence:
    """Send the requests; each depends on what the earlier answers left open.

    Parameters
    ----------
    requester
        Sends them.
    client
        Its version, timezone and page size are used.
    days
        First and last day.
    """
    body = request_body(CallFilter(day_from=days[0], day_to=days[1]), client.timezone)
    evidence = _opening(requester, client, days, body)
    if evidence.first is not None and evidence.first.rows:
        _second_page(requester, evidence, body)
        _other_day(requester, evidence, body)
        _count(requester, evidence, body)
    if evidence.refused is None and evidence.first is not None:
        evidence.refused = requester.post(
            client.profile.calls, _paged(body | _NO_DAY, Ask(1, 1)), "a day that is not a date"
        )
    evidence.echoed = any(each.echoed for each in requester.exchanges)
    return evidence


def _opening(requester: Requester, client: Client, days: tuple[str, str], body: dict[str, Any]) -> Evidence:
    ask, refused = Ask(1, client.page_size), None
    opening = requester.post(
        client.profile.calls, _paged(body, ask), "calls, oldest first, with the client's page size"
    )
    if (
        opening.verdict is not None
        and opening.verdict.error is RequestError
        and client.page_size > _SMALL_PAGE
    ):
        ask, refused = Ask(1, _SMALL_PAGE), opening
        opening = requester.post(
            client.profile.calls, _paged(body, ask), "the same with the documented page size"
        )
    evidence = Evidence(client.profile, days, client.timezone, client.page_size, opening, refused)
    evidence.page_refused = refused is not None and opening.good
    evidence.first = _seen(opening, ask, client.timezone or "UTC")
    return evidence


def _second_page(requester: Requester, evidence: Evidence, body: dict[str, Any]) -> None:
    assert evidence.first is not None  # otherwise this is not called
    sent = evidence.first.slice.rows
    ask = farthest(sent - max(1, min(_OVERLAP, sent // 3)), min(_SECOND_PAGE, sent))
    exchange = requester.post(
        evidence.profile.calls,
        _paged(body | _FLAGS, ask),
        "a page across the end of the first one, with transfers",
    )
    evidence.second = _seen(exchange, ask, evidence.zone)


def _other_day(requester: Requester, evidence: Evidence, body: dict[str, Any]) -> None:
    assert evidence.first is not None  # otherwise this is not called
    evidence.probe = probe = plan_day(evidence.first.slice.known, evidence.zone)
    if probe is None:
        return
    ask = Ask(1, _PROBE)
    wanted = {"dayFrom": probe.day, "dayTo": probe.day, "timezone": probe.zone}
    exchange = requester.post(
        evidence.profile.calls,
        _paged(body | wanted, ask) | {"sortDirection": probe.direction},
        "a few calls of one day in another timezone",
    )
    evidence.probed = _seen(exchange, ask, probe.zone)


def _count(requester: Requester, evidence: Evidence, body: dict[str, Any]) -> None:
    profile = evidence.profile
    if profile.count is not None:
        evidence.counted_days = evidence.days
        wanted = body | {"page": 1, "itemsPerPage": 1}
        evidence.counted = requester.post(profile.count, wanted, "the number of calls")
    else:
        evidence.counted_days = first, last = _known_days(evidence) or evidence.days
        wanted = body | {"dayFrom": first, "dayTo": last}
        evidence.counted = requester.post(profile.stats, wanted, "the statistics")


def _known_days(evidence: Evidence) -> tuple[str, str] | None:
    """Return the days whose calls are all on the first page; None if there is no such day."""
    if evidence.whole or evidence.first is None or not len(evidence.first.slice.known):
        return evidence.days
    newest = pd.Timestamp(int(evidence.first.slice.known.max()), unit="us", tz="UTC").tz_convert(
        evidence.zone
    )
    last = newest.date() - timedelta(days=1)
    return (evidence.days[0], str(last)) if last >= date.fromisoformat(evidence.days[0]) else None


def _paged(body: dict[str, Any], ask: Ask) -> dict[str, Any]:
    return body | {
        "page": ask.number,
        "itemsPerPage": ask.size,
        "sortBy": "timestamp",
        "sortDirection": "ASC",
    }


def _seen(exchange: Exchange, ask: Ask, zone: str) -> SeenPage | None:
    """Return the page that an answer holds; None if it holds none."""
    if not exchange.good:
        return None
    try:
        page = read_page(exchange.content)
        envelope = members(exchange.content)
        calls = msgspec.json.decode(envelope.get("calls", b"[]"), type=list[msgspec.Raw])
    except msgspec.DecodeError:
        return None
    rows = [members(bytes(call)) for call in calls if bytes(call)[:1] == b"{"]
    zone = known_zone(page.timezone) or zone
    return SeenPage(exchange, envelope, rows, slice_of(page, ask, _NOT_CACHED, 0, zone))
