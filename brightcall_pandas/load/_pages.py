"""Read one window page by page until it is proved complete, or say that this cannot be proved.

`_proof` holds the proof; this module asks for pages until it is found. Where the server's order makes
it impossible (no order at all, or more rows of one time than fit a page), the whole window in one page
settles it; and where the server does not send that, only a constant total that equals the number of
distinct rows of several walks is accepted.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import msgspec
import numpy as np

from brightcall_pandas.api import Profile, Reply, Request, Task
from brightcall_pandas.errors import IncompleteDataError, InvalidResponseError, RequestError
from brightcall_pandas.frame import FIELDS, Clock, Page, consolidate, page_of, typed_array
from brightcall_pandas.load._proof import Ask, Cover, Slice, cover, next_ask, plan

__all__ = ["PageSource", "WindowPages", "checksum", "days_text", "read_window", "slice_of"]

Fetch: TypeAlias = Callable[[Sequence[Ask]], Task[list[Slice]]]

_SETTLED = 128  # pages that are laid beside each other in memory
_PATIENCE = 6  # pages in a row that prove nothing new before another way is tried
_WALKS = 3  # walks of the last resort
_SMALLEST_CAP = 10  # no server caps pages at fewer rows than this


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
        How often reading on from the last proved page had to start again.
    problem
        Why it is not proved complete, as a clause.
    """

    slices: list[Slice] = field(default_factory=list)
    proof: str = ""
    walks: int = 1
    problem: str = ""

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


def read_window(
    fetch: Fetch, limit: int, first: Slice | None = None, hint: int | None = None
) -> Task[WindowPages]:
    """Read a window completely.

    Parameters
    ----------
    fetch
        Asks the server for pages sorted by ascending time, at once, and returns them in that order.
    limit
        Rows a page to ask for.
    first
        The first page, when it was read already.
    hint
        About how many rows there are, where the pages themselves do not say so.

    Returns
    -------
    WindowPages
        Check `complete`.
    """
    slices = [first] if first is not None else (yield from fetch([Ask(1, limit)]))
    limit, trusted = _limit(slices[0], limit)
    read = WindowPages(slices)
    if not _may_be_all(slices[0], hint):
        if not slices[0].rows:
            return WindowPages(slices, problem="the server counts rows and shows none")
    elif not trusted and slices[0].rows < _SMALLEST_CAP:
        # No server caps pages at so few rows, so this is the end of the list.
        return WindowPages(slices, proof="one page")
    state = cover(slices)
    if state.ended:
        read.proof = "one page"
        return read
    total = hint if slices[0].total is None else slices[0].total
    if total is not None and (asks := plan(slices[0].position, total, limit)):
        slices.extend((yield from fetch(asks)))
        state = cover(slices)
    state = yield from _persist(fetch, slices, state, limit, read)
    if state.ended:
        read.proof = "overlap"
        return read
    return (yield from _last_resort(fetch, read, limit))


def _limit(first: Slice, limit: int) -> tuple[int, bool]:
    """Return how many rows a page the server sends, and whether the first page's end can be trusted."""
    if first.rows >= first.ask.size or first.rows == 0:
        return limit, True
    if first.total is None:
        return max(2, first.rows), False
    return (max(2, first.rows) if first.total != first.rows else limit), True


def _may_be_all(first: Slice, hint: int | None) -> bool:
    """Tell whether nothing that was counted says that there is more than the first page."""
    return (hint is None or hint <= first.rows) and (first.page.pages_count or 0) <= 1


def _persist(fetch: Fetch, slices: list[Slice], state: Cover, limit: int, read: WindowPages) -> Task[Cover]:
    attempt = 0
    while not state.ended and attempt < _PATIENCE:
        slices.extend((yield from fetch([next_ask(state, limit, attempt)])))
        new = cover(slices)
        attempt = 0 if new.reach > state.reach else attempt + 1
        read.walks += attempt == 1
        state = new
    return state


def _last_resort(fetch: Fetch, read: WindowPages, limit: int) -> Task[WindowPages]:
    if (whole := (yield from _in_one_page(fetch, read))) is not None:
        return WindowPages([whole], proof="one page", walks=read.walks + 1)
    agreed = 0
    for _ in range(_WALKS + 1):
        if _contradictory(read.slices):
            read.problem = (
                "the server's totals contradict its pages, and the order of the rows proves nothing"
            )
            return read
        totals = {each.total for each in read.slices if each.total is not None}
        rows = len({row for each in read.slices for row in each.ids})
        if len(totals) != 1:
            said = (
                "the number of rows changed while they were read" if totals else "the server gives no total"
            )
            read.problem = f"{said}, and the order of the rows proves nothing"
            return read
        # Once may be chance: a row lost for a row that vanished. A further walk would show both.
        agreed = agreed + 1 if totals == {rows} else 0
        if agreed > 1:
            read.proof = "total"
            return read
        read.walks += 1
        asks = [Ask(number, limit) for number in range(1, max(totals) // limit + 2)]
        read.slices.extend((yield from fetch(asks)))
    read.problem = (
        f"the server says {read.expected} rows, but {rows} distinct ones came in {read.walks} walks"
    )
    return read


def _contradictory(slices: Sequence[Slice]) -> bool:
    """Tell whether a page shows rows beyond its own total, or ends before it though no cap cut it."""
    cap = max(each.rows for each in slices)
    return any(
        each.position > each.total or (each.rows < min(each.ask.size, cap) and each.position < each.total)
        for each in slices
        if each.total is not None and each.rows
    )


def _in_one_page(fetch: Fetch, read: WindowPages) -> Task[Slice | None]:
    if read.expected is None:
        return None
    try:
        (whole,) = yield from fetch([Ask(1, read.expected + max(10, read.expected // 20))])
    except (RequestError, IncompleteDataError):
        return None
    return whole if whole.rows == whole.total and whole.rows < whole.ask.size else None


# From a window to its pages.


@dataclass(frozen=True)
class PageSource:
    """Pages of one window.

    Parameters
    ----------
    profile
        Where to ask.
    body
        Parameters by API name, with the days, without paging.
    zone
        Zone of times without offset where the answer names none.
    seen
        Called with each page as it comes.
    """

    profile: Profile
    body: dict[str, Any]
    zone: str
    seen: Callable[[Slice], None] = lambda _: None
    _loose: list[Page] = field(default_factory=list, init=False, repr=False)

    def fetch(self, asks: Sequence[Ask]) -> Task[list[Slice]]:
        """Ask for pages; return them in order, in whatever order they come."""
        return (yield [self._page(ask) for ask in asks])

    def count(self) -> Task[int | None]:
        """Ask the count endpoint, where the profile has one, how many rows there are."""
        if self.profile.count is None:
            return None
        body = self.body | {"page": 1, "itemsPerPage": 1}
        about = f"number of calls {days_text(self.body)}"
        question = Request(self.profile.count, body, about, lambda reply: page_of(reply.answer))
        (page,) = yield [question]
        count: int | None = page.pages_count
        return count

    def _page(self, ask: Ask) -> Request:
        paging = {"page": ask.number, "itemsPerPage": ask.size, "sortBy": "timestamp", "sortDirection": "ASC"}
        about = f"calls {days_text(self.body)}, page {ask.number} of {ask.size} rows each"
        return Request(self.profile.calls, self.body | paging, about, partial(self._read, ask, about))

    def _read(self, ask: Ask, about: str, reply: Reply) -> Slice:
        try:
            page = page_of(reply.answer)
        except msgspec.DecodeError as error:
            msg = f"{about}: the answer has no list of calls ({error}). Check base_url and api_version."
            raise InvalidResponseError(msg) from None
        result = slice_of(page, ask, reply.key, checksum(reply.content), self.zone)
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
