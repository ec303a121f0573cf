"""From a window of days to pages: what is sent, and what of an answer the proof needs."""

from __future__ import annotations

import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import numpy as np

from brightcall_pandas.answer import Page, read_page, settle
from brightcall_pandas.api.coverage import Ask, Slice
from brightcall_pandas.api.profiles import Profile
from brightcall_pandas.api.session import ApiSession, Reply
from brightcall_pandas.api.workers import Workers
from brightcall_pandas.columns import Clock, typed_array
from brightcall_pandas.errors import InvalidResponseError
from brightcall_pandas.schema import FIELDS

__all__ = ["Source", "checksum", "days_text", "slice_of"]

_one_at_a_time = threading.Lock()
"""Python lets only one thread read anyway; several that try get in the way of those that ask."""

_AHEAD = 2  # pages for each worker that are asked for before one is read: one under way, one that has come

_SETTLED = 32  # pages that are laid beside each other in memory


@dataclass(frozen=True)
class Source:
    """Pages of one window.

    Parameters
    ----------
    session, profile, workers
        Whom to ask, where, and with how many at once.
    body
        Parameters by API name, with the days, without paging.
    zone
        Zone of times without offset where the answer names none.
    seen
        Called with each page as it comes.
    """

    session: ApiSession
    profile: Profile
    workers: Workers
    body: dict[str, Any]
    zone: str
    seen: Callable[[Slice], None] = lambda _: None

    def fetch(self, asks: Sequence[Ask]) -> list[Slice]:
        """Ask for pages, a few ahead of the one that is read; return them in order.

        The workers only ask. Pages are read here, so that a worker's next request need not wait for that.
        """
        slices: list[Slice] = []
        for each in self._each(asks):
            slices.append(each)
            if len(slices) % _SETTLED == 0:
                settle([each.page for each in slices[-_SETTLED:]])
        return slices

    def _each(self, asks: Sequence[Ask]) -> Iterator[Slice]:
        ahead: deque[tuple[Ask, Future[Reply]]] = deque()
        for ask in asks:
            ahead.append((ask, self.workers.submit(partial(self._asked, ask))))
            if len(ahead) > _AHEAD * self.workers.count:
                yield self._read(*ahead.popleft())
        for each in ahead:
            yield self._read(*each)

    def count(self) -> int | None:
        """Ask the count endpoint, where the profile has one, how many rows there are."""
        if self.profile.count is None:
            return None
        body = self.body | {"page": 1, "itemsPerPage": 1}
        about = f"number of calls {days_text(self.body)}"
        reply = self.workers.submit(lambda: self._ask(self.profile.count or "", body, about)).result()
        return read_page(reply.content).pages_count

    def _asked(self, ask: Ask) -> Reply:
        paging = {"page": ask.number, "itemsPerPage": ask.size, "sortBy": "timestamp", "sortDirection": "ASC"}
        return self._ask(self.profile.calls, self.body | paging, self._about(ask))

    def _read(self, ask: Ask, future: Future[Reply]) -> Slice:
        reply = future.result()
        with _one_at_a_time:
            try:
                page = read_page(reply.content)
            except msgspec.DecodeError as error:
                msg = (
                    f"{self._about(ask)}: the answer has no list of calls ({error}). "
                    "Check base_url and api_version."
                )
                raise InvalidResponseError(msg) from None
            result = slice_of(page, ask, reply.key, checksum(reply.content), self.zone)
        self.seen(result)
        return result

    def _about(self, ask: Ask) -> str:
        return f"calls {days_text(self.body)}, page {ask.number} of {ask.size} rows each"

    def _ask(self, path: str, body: dict[str, Any], about: str) -> Reply:
        return self.session.post(path, body, about=about, stop=self.workers.stop)


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
