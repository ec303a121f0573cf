"""Check the pages of calls: the order of calls, the envelope, the size of pages, totals, and days."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec
import numpy as np

from brightcall_pandas.doctor._days import fitting_zones
from brightcall_pandas.doctor._evidence import Evidence, SeenPage
from brightcall_pandas.doctor._masks import json_type, key_shown, members, skeleton
from brightcall_pandas.doctor._report import Check, Observed
from brightcall_pandas.load import joined, known_zone

__all__ = ["CHECKS", "Overlap", "overlap"]

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
"""Key of the answer with calls → its JSON types; v3 lacks the last key."""

_EXTREMES = ("minTalkTime", "maxTalkTime", "minAnswerTime", "maxAnswerTime")


def _order(evidence: Evidence) -> Observed:
    found = Observed(unsure=[] if evidence.rows else ["no calls were seen"])
    for page in evidence.pages:
        stamps = page.slice.known
        newest_first = (
            page is evidence.probed and evidence.probe is not None and evidence.probe.direction == "DESC"
        )
        if len(stamps) < len(page.slice.stamps):
            found.unsure.append("some timestamps cannot be read")
        if (np.diff(stamps) * (-1 if newest_first else 1) < 0).any():
            first = "newest" if newest_first else "oldest"
            found.differs.append(f"a page requested with the {first} call first is in another order")
    found.differs = list(dict.fromkeys(found.differs))
    if evidence.rows and not found.differs:
        found.holds.append("every page is in order")
    return found


class Overlap(StrEnum):
    """Where the calls of the second page are on the first page."""

    RIGHT = "later pages begin where they should, and requesting transfers and transcripts changes no rows"
    EMPTY = "a later page is empty, although the first page has calls there"
    REPEATED = "a later page has the calls of the page before it"
    STRANGE = "a later page has no call in common with the first one, although it should"
    MOVED = (
        "calls moved between two requests: some were added or removed meanwhile, or showTransfers and "
        "showAICallsWithLog select calls. Try again with older days"
    )
    UNKNOWN = "there is no second page that overlaps the first"


@dataclass(frozen=True)
class _Shared:
    """The calls at the positions that both pages have, as each of them has them."""

    first_ids: list[str]
    second_ids: list[str]
    times_agree: bool
    ties: bool


def _shared(evidence: Evidence) -> _Shared | None:
    if evidence.first is None or evidence.second is None:
        return None
    ids, stamps = evidence.near(evidence.first)
    second_ids, second_stamps = evidence.near(evidence.second)
    start = evidence.second.slice.ask.start
    length = min(len(ids) - start, len(second_ids))
    if length < 1:
        return None
    mine, theirs = stamps[start : start + length], second_stamps[:length]
    return _Shared(
        ids[start : start + length],
        second_ids[:length],
        times_agree=bool((mine == theirs).all()),
        ties=bool((np.diff(mine) == 0).any()),
    )


def overlap(evidence: Evidence) -> Overlap:
    """Return where the calls of the second page are on the first page."""
    if evidence.first is None or evidence.second is None:
        return Overlap.UNKNOWN
    second = evidence.second.slice
    shared = _shared(evidence)
    if shared is None:
        return (
            Overlap.EMPTY
            if not second.rows and evidence.first.slice.rows > second.ask.start
            else Overlap.UNKNOWN
        )
    if shared.times_agree:
        return Overlap.RIGHT if second.total == evidence.first.slice.total else Overlap.MOVED
    position = {each: number for number, each in enumerate(evidence.near(evidence.first)[0])}
    numbered = enumerate(evidence.near(evidence.second)[0], second.ask.start)
    moves = {number - position[each] for number, each in numbered if each in position}
    if not moves:
        return Overlap.STRANGE
    return Overlap.REPEATED if moves == {second.ask.size} else Overlap.MOVED


def _position(evidence: Evidence) -> Observed:
    found_at = overlap(evidence)
    if found_at in (Overlap.MOVED, Overlap.UNKNOWN):
        return Observed(unsure=[str(found_at)])
    if found_at is not Overlap.RIGHT:
        return Observed([str(found_at)])
    found = Observed(holds=[str(found_at)])
    pages = [each.slice for each in (evidence.first, evidence.second) if each is not None]
    if joined(pages):
        found.holds.append("the proof of completeness joins the two pages")
    return found


def _ties(evidence: Evidence) -> Observed:
    shared = _shared(evidence)
    if shared is None or not shared.times_agree:
        return Observed(unsure=["there are no two pages to compare"])
    if shared.first_ids != shared.second_ids:
        return Observed(["calls with equal timestamps come in another order at each request"])
    if not shared.ties:
        return Observed(unsure=["no two of the calls that were read twice have the same timestamp"])
    return Observed(holds=[f"the same in both requests{_rule(evidence)}"])


def _rule(evidence: Evidence) -> str:
    assert evidence.first is not None  # it overlaps another page
    page = evidence.first.slice
    if not all(each.isdigit() for each in page.ids):
        return ""
    steps = np.diff(np.array([int(each) for each in page.ids], dtype=float))[np.diff(page.stamps) == 0]
    return ", by id" if (steps > 0).all() else ", by descending id" if (steps < 0).all() else ""


def _envelope(evidence: Evidence) -> Observed:
    sent = members(evidence.opening.content)
    known = {
        name: kinds
        for name, kinds in _ENVELOPE.items()
        if not (evidence.profile.count and name == "totalItems")
    }
    found = Observed()
    found.differs += [f"{name}: missing" for name in known if name not in sent]
    found.differs += [
        f"{key_shown(name)}: new, {json_type(sent[name])}" for name in sent if name not in known
    ]
    for name in known.keys() & sent.keys():
        if (kind := json_type(sent[name])) not in known[name]:
            found.differs.append(f"{name}: {kind}; expected {' or '.join(known[name])}")
    if "timezone" in sent and json_type(sent["timezone"]) == "string":
        zone = msgspec.json.decode(sent["timezone"])
        found.differs += [] if known_zone(zone) else ["timezone: not an IANA name"]
    for name in ("tags", "outcomes", "projects"):
        if json_type(sent.get(name, b"null")) == "array":
            found.holds.append(f"{name}: {skeleton(msgspec.json.decode(sent[name]))}")
    return found


def _page_size(evidence: Evidence) -> Observed:
    if evidence.page_refused:
        return Observed([f"refused: {evidence.page_size}; the documented size works"])
    if evidence.first is None:
        return Observed(unsure=["no page arrived"])
    if evidence.cut:
        # The size of a page is the server's own number, not the account's, so it may be shown.
        return Observed([f"silently cut: {evidence.first.slice.rows} of the {evidence.page_size} requested"])
    if evidence.first.slice.rows >= evidence.first.slice.ask.size:
        return Observed(holds=[f"honored: {evidence.page_size}"])
    if evidence.cut is None:
        return Observed(unsure=["fewer calls came than the answer promises, and there was no second page"])
    return Observed(unsure=["there are fewer calls than fit on a page; choose days with more"])


def _totals(evidence: Evidence) -> Observed:
    if overlap(evidence) is Overlap.MOVED:
        return Observed(unsure=[str(Overlap.MOVED)])
    found = Observed()
    for page in evidence.pages:
        number = evidence.known_number(page)
        size = evidence.effective_size if page is evidence.first else page.slice.ask.size
        found.differs += [each for each in _wrong(page, number, size) if each not in found.differs]
        if number is not None and not found.differs:
            found.holds = ["they agree with the calls of days that are completely known"]
    if not found.differs and not found.holds:
        found.unsure.append("no day is completely known; choose days with fewer calls")
    return found


def _wrong(page: SeenPage, number: int | None, size: int) -> list[str]:
    """Compare the totals of a page with the number of calls or, if that is unknown, with each other."""
    said, pages, wrong = page.slice.total, page.slice.page.pages_count, []
    if said is not None and number is not None and said != number:
        wrong.append(f"totalItems is {'more' if said > number else 'less'} than the number of calls")
    total = said if number is None else number
    if total is not None and pages is not None and pages != _pages(total, size):
        asked_for = pages == _pages(total, page.slice.ask.size)
        wrong.append(
            "pagesCount is for the size requested, not the size sent"
            if asked_for
            else "pagesCount is not the number of calls divided by the size of a page"
        )
    if page.envelope.get("page", b"") not in (b"", str(page.slice.ask.number).encode()):
        wrong.append("page is not the page requested")
    return wrong


def _extremes(evidence: Evidence) -> Observed:
    if evidence.first is None or evidence.second is None:
        return Observed(unsure=["there was no second page"])
    first, second = evidence.first.envelope, evidence.second.envelope
    if not all(name in first and name in second for name in _EXTREMES):
        return Observed(unsure=["the answer lacks some of them"])
    if changed := [name for name in _EXTREMES if first[name] != second[name]]:
        return Observed([f"not the same on two pages: {', '.join(changed)}"])
    return Observed(holds=["the same on both pages"])


def _pages(total: int, size: int) -> int:
    return -(-total // size)


def _account_days(evidence: Evidence) -> Observed:
    if evidence.first is None or not evidence.rows:
        return Observed(unsure=["no calls were seen"])
    if evidence.asked_zone is not None:
        return Observed(unsure=["the client requests its own timezone"])
    page = evidence.first.slice
    if len(evidence.near(evidence.first)[0]) < len(page.ids):
        return Observed(["some calls are from other days in every timezone"])
    zones = list(dict.fromkeys([evidence.zone, "UTC"]))
    fit = fitting_zones(page.known, page.known, evidence.days, zones)
    if evidence.zone not in fit:
        where = "but of UTC" if fit else "nor of UTC"
        return Observed([f"days do not begin at midnight of the zone that the answer names, {where}"])
    if len(fit) > 1:
        return Observed(unsure=["no call lies where days in that zone and in UTC differ"])
    return Observed(holds=["days begin at midnight of the zone that the answer names"])


def _asked_days(evidence: Evidence) -> Observed:
    if evidence.probe is None:
        return Observed(unsure=["no timezone would separate the calls that were seen"])
    if evidence.probed is None or evidence.first is None:
        return Observed(unsure=["the request for another timezone failed"])
    probe, page = evidence.probe, evidence.probed.slice
    names = {"the requested zone": probe.zone, "the account's own zone": evidence.zone, "UTC": "UTC"}
    zones = list(dict.fromkeys(names.values()))
    newest_first = probe.direction == "DESC"
    days = (probe.day, probe.day)
    fit = fitting_zones(page.known, evidence.first.slice.known, days, zones, newest_first=newest_first)
    if fit == [probe.zone]:
        return Observed(holds=["days begin at midnight of the requested zone"])
    if probe.zone in fit:
        return Observed(unsure=["the calls fit several zones"])
    where = " or ".join(name for name, zone in names.items() if zone in fit) or "none of the zones tried"
    return Observed([f"days do not follow the requested timezone; they fit {where}"])


CHECKS = (
    Check("order", "sortBy timestamp and sortDirection are obeyed", _order),
    Check("ties", "calls with equal timestamps come in the same order in every request", _ties),
    Check("later pages", "page n begins where page n-1 ends", _position),
    Check("envelope", "the answer has the documented keys, with the documented types", _envelope),
    Check("page size", "itemsPerPage is honored for the client's page size", _page_size),
    Check("totals", "totalItems, pagesCount and page agree with the calls", _totals),
    Check("extremes", "minTalkTime … maxAnswerTime cover the whole query, not just the page", _extremes),
    Check(
        "days", "without timezone, days begin at midnight of the zone that the answer names", _account_days
    ),
    Check("timezone", "days begin at midnight of the requested timezone", _asked_days),
)
"""What is assumed of pages of calls."""
