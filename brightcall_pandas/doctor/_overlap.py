"""Checks of the order of calls, on the stretch that two pages share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from brightcall_pandas.doctor._evidence import Evidence
from brightcall_pandas.doctor._findings import Check, Found
from brightcall_pandas.load import cover

__all__ = ["CHECKS", "Place", "place"]


def _order(evidence: Evidence) -> Found:
    found = Found(unsure=[] if evidence.rows else ["no call was seen"])
    for page in evidence.pages:
        stamps = page.slice.known
        newest_first = (
            page is evidence.probed and evidence.probe is not None and evidence.probe.direction == "DESC"
        )
        if len(stamps) < len(page.slice.stamps):
            found.unsure.append("some timestamps cannot be read")
        if (np.diff(stamps) * (-1 if newest_first else 1) < 0).any():
            first = "newest" if newest_first else "oldest"
            found.differs.append(f"a page that was asked for with the {first} call first is in another order")
    found.differs = list(dict.fromkeys(found.differs))
    if evidence.rows and not found.differs:
        found.holds.append("every page is in order")
    return found


class Place(StrEnum):
    """Where the second page's calls stand in the first page."""

    RIGHT = "later pages begin where they should, and transfers and transcripts change no row"
    EMPTY = "a later page is empty, although the first one shows calls in its place"
    REPEATED = "a later page shows the calls of the page before"
    STRANGE = "a later page shares no call with the first one, although it should"
    MOVED = (
        "calls moved between two requests: some came or went meanwhile, or showTransfers and "
        "showAICallsWithLog choose calls. Run it again with older days"
    )
    UNKNOWN = "no second page came that shares a place with the first"


@dataclass(frozen=True)
class _Shared:
    """The calls in the places that both pages show, as each of them has them."""

    first_ids: list[str]
    again_ids: list[str]
    times_agree: bool
    ties: bool


def _shared(evidence: Evidence) -> _Shared | None:
    if evidence.first is None or evidence.again is None:
        return None
    ids, stamps = evidence.near(evidence.first)
    again_ids, again_stamps = evidence.near(evidence.again)
    start = evidence.again.slice.ask.start
    length = min(len(ids) - start, len(again_ids))
    if length < 1:
        return None
    mine, theirs = stamps[start : start + length], again_stamps[:length]
    return _Shared(
        ids[start : start + length],
        again_ids[:length],
        times_agree=bool((mine == theirs).all()),
        ties=bool((np.diff(mine) == 0).any()),
    )


def place(evidence: Evidence) -> Place:
    """Tell where the second page's calls stand in the first page."""
    if evidence.first is None or evidence.again is None:
        return Place.UNKNOWN
    again = evidence.again.slice
    shared = _shared(evidence)
    if shared is None:
        return (
            Place.EMPTY if not again.rows and evidence.first.slice.rows > again.ask.start else Place.UNKNOWN
        )
    if shared.times_agree:
        return Place.RIGHT if again.total == evidence.first.slice.total else Place.MOVED
    position = {each: number for number, each in enumerate(evidence.near(evidence.first)[0])}
    numbered = enumerate(evidence.near(evidence.again)[0], again.ask.start)
    moves = {number - position[each] for number, each in numbered if each in position}
    if not moves:
        return Place.STRANGE
    return Place.REPEATED if moves == {again.ask.size} else Place.MOVED


def _position(evidence: Evidence) -> Found:
    stands = place(evidence)
    if stands in (Place.MOVED, Place.UNKNOWN):
        return Found(unsure=[str(stands)])
    if stands is not Place.RIGHT:
        return Found([str(stands)])
    found = Found(holds=[str(stands)])
    pages = [each.slice for each in (evidence.first, evidence.again) if each is not None]
    if cover(pages).frontier is pages[1]:
        found.holds.append("the proof of completeness joins the two pages")
    return found


def _ties(evidence: Evidence) -> Found:
    shared = _shared(evidence)
    if shared is None or not shared.times_agree:
        return Found(unsure=["no two pages can be compared"])
    if shared.first_ids != shared.again_ids:
        return Found(["calls of equal timestamp come in another order at each request"])
    if not shared.ties:
        return Found(unsure=["no two calls that were read twice have the same timestamp"])
    return Found(holds=[f"the same at both requests{_rule(evidence)}"])


def _rule(evidence: Evidence) -> str:
    assert evidence.first is not None  # it shares calls with another
    page = evidence.first.slice
    if not all(each.isdigit() for each in page.ids):
        return ""
    steps = np.diff(np.array([int(each) for each in page.ids], dtype=float))[np.diff(page.stamps) == 0]
    return ", by id" if (steps > 0).all() else ", by id downwards" if (steps < 0).all() else ""


CHECKS = (
    Check("order", "sortBy timestamp and sortDirection are obeyed", _order),
    Check("ties", "calls of equal timestamp come in the same order at every request", _ties),
    Check("later pages", "page n begins where page n-1 ends", _position),
)
"""What is assumed of the order of calls."""
