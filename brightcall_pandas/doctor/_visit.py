"""The five requests: what each is for, and how its answer leads to the next.

1. the first page of the days asked for, oldest call first, as a load asks for it;
2. a page that is cut differently, begins among the last rows of the first one and ends past them, with the
   two flags that are said to add fields and no rows;
3. ten calls of one day in a timezone whose midnight falls among the calls of that day;
4. the statistics (v1) or the number of calls (v3) of days whose calls are all known;
5. a request that has to be refused.

When the server refuses the first one, it may be for the size of the page: it is asked again for the
documented 100, and that refusal stands for the fifth request.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pandas as pd

from brightcall_pandas.doctor._days import plan_day
from brightcall_pandas.doctor._evidence import Evidence, Seen
from brightcall_pandas.doctor._masks import members
from brightcall_pandas.doctor._requests import Asker, Exchange
from brightcall_pandas.errors import RequestError
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.frame import read_page
from brightcall_pandas.load import Ask, Client, farthest, known_zone, request_body, slice_of

__all__ = ["collect"]

_SMALL_PAGE = 100  # the documented default
_OVERLAP = 150  # rows that the second page shares with the first
_SECOND_PAGE = 200
_PROBE = 10
_FLAGS = {"showTransfers": True, "showAICallsWithLog": True}
_NOT_CACHED = ""
_NO_DAY = {"dayFrom": "no-day"}


def collect(asker: Asker, client: Client, days: tuple[str, str]) -> Evidence:
    """Ask, each time for what the answers before leave open.

    Parameters
    ----------
    asker
        Whom to ask.
    client
        Its version, timezone and page size are used.
    days
        First and last day.
    """
    body = request_body(CallFilter(day_from=days[0], day_to=days[1]), client.timezone)
    evidence = _opening(asker, client, days, body)
    if evidence.first is not None and evidence.first.rows:
        _second_page(asker, evidence, body)
        _other_day(asker, evidence, body)
        _sums(asker, evidence, body)
    if evidence.refused is None and evidence.first is not None:
        evidence.refused = asker.post(
            client.profile.calls, _paged(body | _NO_DAY, Ask(1, 1)), "a day that is none"
        )
    evidence.echoed = any(each.echoed for each in asker.exchanges)
    return evidence


def _opening(asker: Asker, client: Client, days: tuple[str, str], body: dict[str, Any]) -> Evidence:
    ask, refused = Ask(1, client.page_size), None
    opened = asker.post(
        client.profile.calls, _paged(body, ask), "calls, oldest first, in pages of the client's size"
    )
    if opened.verdict is not None and opened.verdict.error is RequestError and client.page_size > _SMALL_PAGE:
        ask, refused = Ask(1, _SMALL_PAGE), opened
        opened = asker.post(
            client.profile.calls, _paged(body, ask), "the same in pages of the documented size"
        )
    evidence = Evidence(client.profile, days, client.timezone, client.page_size, opened, refused)
    evidence.page_refused = refused is not None and opened.good
    evidence.first = _seen(opened, ask, client.timezone or "UTC")
    return evidence


def _second_page(asker: Asker, evidence: Evidence, body: dict[str, Any]) -> None:
    assert evidence.first is not None  # only then is it called
    sent = evidence.first.slice.rows
    ask = farthest(sent - max(1, min(_OVERLAP, sent // 3)), min(_SECOND_PAGE, sent))
    exchange = asker.post(
        evidence.profile.calls,
        _paged(body | _FLAGS, ask),
        "a page across the end of the first, with transfers",
    )
    evidence.again = _seen(exchange, ask, evidence.zone)


def _other_day(asker: Asker, evidence: Evidence, body: dict[str, Any]) -> None:
    assert evidence.first is not None  # only then is it called
    evidence.probe = probe = plan_day(evidence.first.slice.known, evidence.zone)
    if probe is None:
        return
    ask = Ask(1, _PROBE)
    wanted = {"dayFrom": probe.day, "dayTo": probe.day, "timezone": probe.zone}
    exchange = asker.post(
        evidence.profile.calls,
        _paged(body | wanted, ask) | {"sortDirection": probe.direction},
        "a few calls of one day in another timezone",
    )
    evidence.probed = _seen(exchange, ask, probe.zone)


def _sums(asker: Asker, evidence: Evidence, body: dict[str, Any]) -> None:
    profile = evidence.profile
    if profile.count is not None:
        evidence.sums_days = evidence.days
        wanted = body | {"page": 1, "itemsPerPage": 1}
        evidence.sums = asker.post(profile.count, wanted, "the number of calls")
    elif profile.stats is not None:
        evidence.sums_days = first, last = _known_days(evidence) or evidence.days
        wanted = body | {"dayFrom": first, "dayTo": last}
        evidence.sums = asker.post(profile.stats, wanted, "the statistics")


def _known_days(evidence: Evidence) -> tuple[str, str] | None:
    """Return the days of which the first page has every call; None when there is no such day."""
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


def _seen(exchange: Exchange, ask: Ask, zone: str) -> Seen | None:
    """Read a page; None when the answer is none."""
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
    return Seen(exchange, envelope, rows, slice_of(page, ask, _NOT_CACHED, 0, zone))
