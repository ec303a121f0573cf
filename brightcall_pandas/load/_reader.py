"""From a window of days to pages: what is sent, and what of an answer the proof needs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import numpy as np

from brightcall_pandas.api import Profile, Question, Reply, Talk
from brightcall_pandas.errors import InvalidResponseError
from brightcall_pandas.frame import FIELDS, Clock, Page, page_of, settle, typed_array
from brightcall_pandas.load._proof import Ask, Slice

__all__ = ["Source", "checksum", "days_text", "slice_of"]

_SETTLED = 128  # pages that are laid beside each other in memory


@dataclass(frozen=True)
class Source:
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

    def fetch(self, asks: Sequence[Ask]) -> Talk[list[Slice]]:
        """Ask for pages; return them in order, in whatever order they come."""
        return (yield [self._page(ask) for ask in asks])

    def count(self) -> Talk[int | None]:
        """Ask the count endpoint, where the profile has one, how many rows there are."""
        if self.profile.count is None:
            return None
        body = self.body | {"page": 1, "itemsPerPage": 1}
        about = f"number of calls {days_text(self.body)}"
        question = Question(self.profile.count, body, about, lambda reply: page_of(reply.opened))
        (page,) = yield [question]
        count: int | None = page.pages_count
        return count

    def _page(self, ask: Ask) -> Question:
        paging = {"page": ask.number, "itemsPerPage": ask.size, "sortBy": "timestamp", "sortDirection": "ASC"}
        about = f"calls {days_text(self.body)}, page {ask.number} of {ask.size} rows each"
        return Question(self.profile.calls, self.body | paging, about, partial(self._read, ask, about))

    def _read(self, ask: Ask, about: str, reply: Reply) -> Slice:
        try:
            page = page_of(reply.opened)
        except msgspec.DecodeError as error:
            msg = f"{about}: the answer has no list of calls ({error}). Check base_url and api_version."
            raise InvalidResponseError(msg) from None
        result = slice_of(page, ask, reply.key, checksum(reply.content), self.zone)
        self._loose.append(page)
        if len(self._loose) == _SETTLED:
            settle(self._loose)
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
