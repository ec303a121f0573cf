"""The pages of one window: how they are asked for, what is taken from each, and what they are together."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import msgspec
import numpy as np

from brightcall_pandas.api import Profile, Reply, Request, Task
from brightcall_pandas.errors import IncompleteDataError, InvalidResponseError, RequestError
from brightcall_pandas.frame import FIELDS, Clock, Page, consolidate, midnight_micros, page_of, typed_array
from brightcall_pandas.load._identity import Identities
from brightcall_pandas.load._proof import DAY_MICROS, UNKNOWN, Ask, Bounds, Slice
from brightcall_pandas.load._query import Query, known_zone

__all__ = ["DAY", "PageSource", "Refusal", "WindowPages", "checksum", "days_text", "slice_of"]

DAY = timedelta(days=1)
_NARROWING = {"types", "states", "categories"}
_ASKED_AGAIN = 2  # times, where an answer belongs to another question
_OLDEST = 946_684_800_000_000  # 2000 in microseconds; a time before says that a clock was never set
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
        What shows that it is complete: ``"one page"``, ``"overlap"``, ``"cells"`` or ``"total"``; empty when
        nothing does.
    walks
        How often the window was read.
    problem
        Why it is not proved complete, as a clause.
    learnt
        What was seen of the server, by the names of `ServerFacts`.
    wide
        Whether the pages are of a longer list, so that rows outside of the window are expected.
    final
        Whether each reading lacked as many rows, so that no other way of reading would find them.
    left_out
        Rows that came and belong to other days.
    """

    slices: list[Slice] = field(default_factory=list)
    proof: str = ""
    walks: int = 1
    problem: str = ""
    learnt: dict[str, Any] = field(default_factory=dict)
    wide: bool = False
    final: bool = False
    left_out: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Whether every row is there."""
        return bool(self.proof)

    @property
    def expected(self) -> int | None:
        """Number of rows that the last answer with a total gave."""
        return next((each.total for each in reversed(self.slices) if each.total is not None), None)

    def times(self) -> dict[str, int]:
        """Return the time of each row, in microseconds, as it was last read; `UNKNOWN` where it has none."""
        return {
            row: time
            for each in self.slices
            for row, time in zip(each.ids, each.stamps.tolist(), strict=True)
        }

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
        if self.left_out:
            latest = {row: position for row, position in latest.items() if row not in self.left_out}
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


@dataclass
class Shared:
    """What all readings of a window share.

    Parameters
    ----------
    requests
        How many requests were made.
    identities
        What names the rows.
    echoes
        Whether answers name the page that was asked for; a server may count them in its own way.
    """

    requests: int = 0
    identities: Identities = field(default_factory=Identities)
    echoes: bool = True


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
    shared
        What is shared with all sources that are made of this one.
    """

    profile: Profile
    query: Query
    first: date
    last: date
    seen: Callable[[Slice], None] = lambda _: None
    narrow: dict[str, Any] = field(default_factory=dict)
    shared: Shared = field(default_factory=Shared, repr=False)
    _loose: list[Page] = field(default_factory=list, repr=False)

    @property
    def _asked(self) -> Bounds:
        """The days that are sent."""
        pad = DAY if self.padded else 0 * DAY
        return self.bounds([self.first - pad, self.last + pad])

    @property
    def _believed(self) -> Bounds:
        """Times that may be those of a call: no further than a day from the days that are sent."""
        low, high = self._asked
        return low - DAY_MICROS, high + DAY_MICROS

    @property
    def body(self) -> dict[str, Any]:
        """Parameters by API name, without paging."""
        return self.query.request(self.first, self.last) | self.narrow

    @property
    def padded(self) -> bool:
        """Whether more days are asked for at both ends, because the server starts days elsewhere."""
        return self.query.padded

    def of(self, days: Sequence[date], before: int = 0, after: int = 0) -> PageSource:
        """Return pages of some days, and of some more before and after."""
        first, last = days[0] - before * DAY, days[-1] + after * DAY
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
        """Ask for pages; return the answers in that order, in whatever order they come.

        An answer that belongs to another question is asked for again.

        Raises
        ------
        IncompleteDataError
            The server answers another question than the one asked.
        """
        answers: list[Slice | Refusal] = yield from self._fetched(asks)
        doubts = {n: doubt for n, each in enumerate(answers) if (doubt := self._doubt(each)) is not None}
        for _ in range(_ASKED_AGAIN):
            if not doubts:
                break
            again = yield from self._fetched([asks[n] for n in doubts])
            for n, answer in zip(tuple(doubts), again, strict=True):
                first, answers[n] = doubts.pop(n), answer
                if (doubt := self._doubt(answer)) not in (None, first):
                    doubts[n] = doubt  # else it is right, or says the same again
        for each in answers:
            if isinstance(each, Slice):
                self._check(each)
        return answers

    def _fetched(self, asks: Sequence[Ask]) -> Task[list[Slice | Refusal]]:
        self.shared.requests += len(asks)
        return (yield [self._page(ask) for ask in asks])

    def _doubt(self, each: Slice | Refusal) -> Any:
        """Return what speaks for an answer to another question: another page, calls of other days."""
        if isinstance(each, Refusal):
            return None
        low, high = self._asked
        strays = (each.written != UNKNOWN) & ((each.written < low) | (each.written >= high))
        rows = frozenset(each.ids[n] for n in np.flatnonzero(strays))
        other_page = None if self._names_its_page(each) else each.page.number
        return (other_page, rows) if rows or other_page is not None else None

    def _check(self, each: Slice) -> None:
        """Judge an answer that was asked for again."""
        if not self._names_its_page(each):
            self.shared.echoes = False  # it counts pages in its own way
        far = self._far(each.written)
        if far.sum() > 1 and far.all():
            msg = (
                f"{self._about(each.ask)}: the answer shows calls of other days only, each time it was "
                "asked for. Check whether a proxy keeps or mixes up answers to POST requests."
            )
            raise IncompleteDataError(msg)

    def _names_its_page(self, each: Slice) -> bool:
        said = each.page.number
        return not self.shared.echoes or not each.rows or said is None or said == each.ask.number

    def _far(self, times: np.ndarray) -> np.ndarray:
        """Tell which times are those of other days; an absurd one says nothing."""
        low, high = self._believed
        sane = (times >= _OLDEST) & (times < _newest())
        return sane & ((times < low) | (times >= high))

    def calls_of_other_days(self, read: WindowPages) -> set[str]:
        """Return the calls of other days that a window shows."""
        return {each.ids[n] for each in read.slices for n in np.flatnonzero(self._far(each.written)).tolist()}

    def count(self) -> Task[int | None]:
        """Ask the count endpoint, where the profile has one, how many rows there are."""
        if self.profile.count is None:
            return None
        self.shared.requests += 1
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
        read = partial(self._read, ask)
        return Request(self.profile.calls, self.body | paging, self._about(ask), read, partial(Refusal, ask))

    def _about(self, ask: Ask) -> str:
        way = "" if ask.direction == "ASC" else ", newest first"
        return f"calls {days_text(self.body)}, page {ask.number} of {ask.size} rows each{way}"

    def slice_of(self, page: Page, ask: Ask, key: str, known: int) -> Slice:
        """Take from a page of this source what the proof needs."""
        shared, zone = self.shared, self.query.zone
        return slice_of(page, ask, key, known, zone, identities=shared.identities, believed=self._believed)

    def _read(self, ask: Ask, reply: Reply) -> Slice:
        try:
            page = page_of(reply.answer)
        except msgspec.DecodeError as error:
            about, advice = self._about(ask), "Check base_url and api_version."
            msg = f"{about}: the answer has no list of calls ({error}). {advice}"
            raise InvalidResponseError(msg) from None
        result = self.slice_of(page, ask, reply.key, checksum(reply.content))
        self._loose.append(page)
        if len(self._loose) == _SETTLED:
            consolidate(self._loose)
            self._loose.clear()
        self.seen(result)
        return result


def _newest() -> int:
    """Return the latest time that a call may have, in microseconds; clocks differ by less than two days."""
    return (time.time_ns() // 1000) + 2 * DAY_MICROS


def checksum(content: bytes) -> int:
    """Return a number by which the same page is known again."""
    return zlib.crc32(content)


def slice_of(
    page: Page,
    ask: Ask,
    key: str,
    known: int,
    zone: str,
    *,
    identities: Identities | None = None,
    believed: Bounds | None = None,
) -> Slice:
    """Take from a page what the proof needs.

    Parameters
    ----------
    page, ask
        The page, and what was asked for.
    key, known
        Its key in the page cache, and its `checksum`.
    zone
        Zone of times without offset where the page names none.
    identities
        What names the rows of the window's pages; None for a page by itself.
    believed
        A time outside of these is taken for none.
    """
    names = (identities or Identities()).names(page)
    times, own_zone = page.columns["timestamp"], known_zone(page.timezone) or zone
    stamps, lost = typed_array(times, FIELDS["timestamp"], Clock(own_zone))
    if lost.count:  # perhaps an hour that comes twice, which uniqueId settles
        unique_ids, _ = typed_array(page.columns["uniqueId"], FIELDS["uniqueId"])
        stamps, _ = typed_array(times, FIELDS["timestamp"], Clock(own_zone, unique_ids))
    micros = np.asarray(stamps.to_numpy(zero_copy_only=False), dtype="datetime64[us]").view(np.int64)
    written = micros
    if believed is not None:
        absurd = (micros < believed[0]) | (micros >= believed[1])
        micros = np.where(absurd, UNKNOWN, micros) if absurd.any() else micros
    return Slice(ask, page, names, micros, page.total_items, key, known, written)


def days_text(body: dict[str, Any]) -> str:
    """Return the days of a request in words."""
    first, last = body.get("dayFrom"), body.get("dayTo")
    return f"of {first}" if first == last else f"from {first} to {last}"
