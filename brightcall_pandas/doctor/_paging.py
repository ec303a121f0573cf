"""Checks of the list: its envelope, the size of its pages, and what is said of the whole."""

from __future__ import annotations

import msgspec

from brightcall_pandas.doctor._evidence import Evidence, Seen
from brightcall_pandas.doctor._findings import Check, Found
from brightcall_pandas.doctor._masks import json_type, key_shown, members, skeleton
from brightcall_pandas.doctor._overlap import Place, place
from brightcall_pandas.load import known_zone

__all__ = ["CHECKS"]

_NUMBERS = ("integer", "number", "null")
_ENVELOPE: dict[str, tuple[str, ...]] = {
    "success": ("boolean",),
    "calls": ("array",),
    "tags": ("array",),
    "outcomes": ("array",),
    "projects": ("array",),
    "minTalkTime": _NUMBERS,
    "maxTalkTime": _NUMBERS,
    "minAnswerTime": _NUMBERS,
    "maxAnswerTime": _NUMBERS,
    "timezone": ("string",),
    "page": ("integer",),
    "pagesCount": ("integer",),
    "totalItems": ("integer",),
}
"""JSON types by key of the calls answer; v3 lacks the last one."""
_EXTREMES = ("minTalkTime", "maxTalkTime", "minAnswerTime", "maxAnswerTime")


def _envelope(evidence: Evidence) -> Found:
    if not evidence.opened.good:
        return Found(unsure=[f"the first request failed: {evidence.opened.complaint}"])
    sent = members(evidence.opened.content)
    known = {
        name: kinds
        for name, kinds in _ENVELOPE.items()
        if not (evidence.profile.count and name == "totalItems")
    }
    found = Found()
    found.differs += [f"{name}: missing" for name in known if name not in sent]
    found.differs += [
        f"{key_shown(name)}: new, {json_type(sent[name])}" for name in sent if name not in known
    ]
    for name in known.keys() & sent.keys():
        if (kind := json_type(sent[name])) not in known[name]:
            found.differs.append(f"{name}: {kind}; expected {' or '.join(known[name])}")
    if "timezone" in sent and json_type(sent["timezone"]) == "string":
        zone = msgspec.json.decode(sent["timezone"])
        found.differs += [] if known_zone(zone) else ["timezone: no name of the IANA list"]
    for name in ("tags", "outcomes", "projects"):
        if json_type(sent.get(name, b"null")) == "array":
            found.holds.append(f"{name}: {skeleton(msgspec.json.decode(sent[name]))}")
    return found


def _page_size(evidence: Evidence) -> Found:
    if evidence.page_refused:
        return Found([f"refused: {evidence.page_size}; the documented size is served"])
    if evidence.first is None:
        return Found(unsure=["no page came"])
    if evidence.cut:
        # What a page holds at most is the server's own number, not the account's.
        return Found([f"silently cut: {evidence.first.slice.rows} of {evidence.page_size} asked for"])
    if evidence.first.slice.rows >= evidence.first.slice.ask.size:
        return Found(holds=[f"honoured: {evidence.page_size}"])
    if evidence.cut is None:
        return Found(unsure=["fewer calls came than are said to be there, and no second page told more"])
    return Found(unsure=["there are fewer calls than a page holds; choose days with more"])


def _totals(evidence: Evidence) -> Found:
    if place(evidence) is Place.MOVED:
        return Found(unsure=[str(Place.MOVED)])
    found = Found()
    for page in evidence.pages:
        number = evidence.known_number(page)
        size = evidence.effective_size if page is evidence.first else page.slice.ask.size
        found.differs += [each for each in _wrong(page, number, size) if each not in found.differs]
        if number is not None and not found.differs:
            found.holds = ["they agree with the calls of days that are known whole"]
    if not found.differs and not found.holds:
        found.unsure.append("no day is known with all of its calls; choose days with fewer")
    return found


def _wrong(page: Seen, number: int | None, size: int) -> list[str]:
    """Compare what a page says of the whole with the number of calls, or, that unknown, with itself."""
    said, pages, wrong = page.slice.total, page.slice.page.pages_count, []
    if said is not None and number is not None and said != number:
        wrong.append(f"totalItems is {'more' if said > number else 'less'} than the calls that there are")
    total = said if number is None else number
    if total is not None and pages is not None and pages != _pages(total, size):
        asked_for = pages == _pages(total, page.slice.ask.size)
        follows = (
            "is for the size asked for, not the size sent" if asked_for else "is not calls by size of a page"
        )
        wrong.append(f"pagesCount {follows}")
    if page.envelope.get("page", b"") not in (b"", str(page.slice.ask.number).encode()):
        wrong.append("page is not the page asked for")
    return wrong


def _extremes(evidence: Evidence) -> Found:
    if evidence.first is None or evidence.again is None:
        return Found(unsure=["no second page came"])
    first, again = evidence.first.envelope, evidence.again.envelope
    if not all(name in first and name in again for name in _EXTREMES):
        return Found(unsure=["the answer lacks some of them"])
    if changed := [name for name in _EXTREMES if first[name] != again[name]]:
        return Found([f"another value on another page: {', '.join(changed)}"])
    return Found(holds=["the same on both pages"])


CHECKS = (
    Check("envelope", "the answer has the documented keys, of the documented types", _envelope),
    Check("page size", "itemsPerPage is honoured at the size that the client asks for", _page_size),
    Check("totals", "totalItems, pagesCount and page agree with the calls that come", _totals),
    Check("extremes", "minTalkTime … maxAnswerTime are over the whole query, not over the page", _extremes),
)
"""What is assumed of the list of calls."""


def _pages(total: int, size: int) -> int:
    return -(-total // size)
