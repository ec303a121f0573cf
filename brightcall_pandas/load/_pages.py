"""The pages of one window: how they are asked for, what is taken from each, and what they are together."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import msgspec
import numpy as np

from brightcall_pandas.api import Profile, Reply, Request, Task
from brightcall_pandas.errors import InvalidResponseError, RequestError
from brightcall_pandas.frame import FIELDS, Clock, Page, consolidate, midnight_micros, page_of, typed_array
from brightcall_pandas.load._proof import Ask, Bounds, Slice
from brightcall_pandas.load._query import Query

__all__ = ["PageSource", "Refusal", "WindowPages", "checksum", "days_text", "slice_of"]

_NARROWING = {"types", "states", "categories"}
_SETTLED = 128  # pages that are laid beside each other in memory


@dataclass(frozen=True)
class Refusal:
    """A page that the server refused to send.

    Parameters
    ----------
    ask
        What was asked for.
    error
        What it said.
    """

    ask: Ask
    error: RequestError


@dataclass
class WindowPages:
    """A window that was read.

    Parameters
    ----------
    slices
        Every page, in the order of reading.
    proof
        What shows that it is complete: ``"one page"``, ``"overlap"``, ``"total"``; empty when nothing does.
    walks
        How often the window was read.
    problem
        Why it is not proved complete, as a clause.
    learnt
        What was seen of the server, by the names of `ServerFacts`.
    wide
        Whether the pages are of a longer list, so that rows outside of the window are expected.
    """

    slices: list[Slice] = field(default_factory=list)
    proof: str = ""
    walks: int = 1
    problem: str = ""
    learnt: dict[str, Any] = field(default_factory=dict)
    wide: bool = False

    @property
    def complete(self) -> bool:
        """Whether every row is there."""
        return bool(self.proof)

    @property
    def expected(self) -> int | None:
        """Number of rows that the last answer with a total gave."""
        return next((each.total for each in reversed(self.slices) if each.total is not None), None)

    def latest_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return each row once, as it was last read.

        Returns
        -------
        tuple of numpy.ndarray
            Positions in the concatenation of all pages, ordered by time and then by id, and the times in
            microseconds.
        """
        latest: dict[str, int] = {}
        offset = 0
        for each in self.slices:
            latest.update(zip(each.ids, range(offset, offset + len(each.ids)), strict=True))
            offset += len(each.ids)
        positions = np.fromiter(latest.values(), dtype=np.int64, count=len(latest))
        ids = np.array(list(latest), dtype=str)
        empty = np.empty(0, dtype=np.int64)
        stamps = np.concatenate([empty, *(each.stamps for each in self.slices)])[positions]
        order = np.lexsort((ids, np.char.str_len(ids), stamps))
        return positions[order], stamps[order]

    @property
    def duplicates(self) -> int:
        """Number of copies that came besides the first; pages overlap on purpose, so some are expected."""
        seen = [row for each in self.slices for row in each.ids]
        return len(seen) - len(set(seen))


# From a window to its pages.


@dataclass(frozen=True)
class PageSource:
    """Pages of some days.

    Parameters
    ----------
    profile
        Where to ask.
    query
        Which calls.
    first, last
        The days, both inclusive.
    seen
        Called with each page as it comes.
    narrow
        Parameters that narrow the query.
    """

    profile: Profile
    query: Query
    first: date
    last: date
    seen: Callable[[Slice], None] = lambda _: None
    narrow: dict[str, Any] = field(default_factory=dict)
    sent: list[int] = field(default_factory=lambda: [0])  # requests, shared by all that were made of this one
    _loose: list[Page] = field(default_factory=list, repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """Parameters by API name, without paging."""
        return self.query.request(self.first, self.last) | self.narrow

    def of(self, days: Sequence[date], before: int = 0, after: int = 0) -> PageSource:
        """Return pages of some days, and of some more before and after."""
        first, last = days[0] - timedelta(days=before), days[-1] + timedelta(days=after)
        return replace(self, first=first, last=last)

    def narrowed(self, types: int, states: int | None = None) -> PageSource | None:
        """Return pages of one type, or of one type and state; None where the query has either already."""
        if not _NARROWING.isdisjoint(self.query.body):
            return None
        narrow = {"types": [types]} | ({} if states is None else {"states": [states]})
        return replace(self, narrow=narrow)

    def bounds(self, days: Sequence[date]) -> Bounds:
        """Return the first microsecond of some days, and the first after them."""
        first, zone = str(days[0]), self.query.zone
        return midnight_micros(first, zone, 0), midnight_micros(first, zone, (days[-1] - days[0]).days + 1)

    def fetch(self, asks: Sequence[Ask]) -> Task[list[Slice | Refusal]]:
        """Ask for pages; return the answers in that order, in whatever order they come."""
        self.sent[0] += len(asks)
        return (yield [self._page(ask) for ask in asks])

    def count(self) -> Task[int | None]:
        """Ask the count endpoint, where the profile has one, how many rows there are."""
        if self.profile.count is None:
            return None
        self.sent[0] += 1
        body = self.body | {"page": 1, "itemsPerPage": 1}
        about = f"number of calls {days_text(self.body)}"
        question = Request(
            self.profile.count, body, about, lambda reply: page_of(reply.answer).pages_count, lambda _: None
        )
        (count,) = yield [question]
        known: int | None = count
        return known

    def _page(self, ask: Ask) -> Request:
        paging = {
            "page": ask.number,
            "itemsPerPage": ask.size,
            "sortBy": "timestamp",
            "sortDirection": ask.direction,
        }
        way = "" if ask.direction == "ASC" else ", newest first"
        about = f"calls {days_text(self.body)}, page {ask.number} of {ask.size} rows each{way}"
        read = partial(self._read, ask, about)
        return Request(self.profile.calls, self.body | paging, about, read, partial(Refusal, ask))

    def _read(self, ask: Ask, about: str, reply: Reply) -> Slice:
        try:
            page = page_of(reply.answer)
        except msgspec.DecodeError as error:
            msg = f"{about}: the answer has no list of calls ({error}). Check base_url and api_version."
            raise InvalidResponseError(msg) from None
        result = slice_of(page, ask, reply.key, checksum(reply.content), self.query.zone)
        self._loose.append(page)
        if len(self._loose) == _SETTLED:
            consolidate(self._loose)
            self._loose.clear()
        self.seen(result)
        return result


def checksum(content: bytes) -> int:
    """Return a number by which the same page is known again."""
    return zlib.crc32(content)


def slice_of(page: Page, ask: Ask, key: str, known: int, zone: str) -> Slice:
    """Take from a page what the proof needs.

    Parameters
    ----------
    page, ask
        The page, and what was asked for.
    key, known
        Its key in the page cache, and its `checksum`.
    zone
        Zone of times without offset where the page names none.
    """
    typed_ids, _ = typed_array(page.columns["id"], FIELDS["id"])
    ids = typed_ids.to_pylist()
    if None in ids:  # no identity of its own: then all that is known of the row is its identity
        whole = zip(*(page.values(name) for name in FIELDS), strict=True)
        ids = [repr(row) if each is None else each for each, row in zip(ids, whole, strict=True)]
    times, own_zone = page.columns["timestamp"], page.timezone or zone
    stamps, lost = typed_array(times, FIELDS["timestamp"], Clock(own_zone))
    if lost.count:  # perhaps an hour that comes twice, which uniqueId settles
        unique_ids, _ = typed_array(page.columns["uniqueId"], FIELDS["uniqueId"])
        stamps, _ = typed_array(times, FIELDS["timestamp"], Clock(own_zone, unique_ids))
    micros = np.asarray(stamps.to_numpy(zero_copy_only=False), dtype="datetime64[us]").view(np.int64)
    return Slice(ask, page, ids, micros, page.total_items, key, known)


def days_text(body: dict[str, Any]) -> str:
    """Return the days of a request in words."""
    first, last = body.get("dayFrom"), body.get("dayTo")
    return f"of {first}" if first == last else f"from {first} to {last}"
