"""Windows from the server: how a range is cut, how each is read, and what its rows say of the server."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from brightcall_pandas.api import Task, WriteQueue, run_tasks
from brightcall_pandas.cache import Part
from brightcall_pandas.errors import IncompleteDataError, RequestError
from brightcall_pandas.load._cached import CachedWindows
from brightcall_pandas.load._client import Client
from brightcall_pandas.load._pages import PageSource, WindowPages, days_text
from brightcall_pandas.load._parts import part_of, runs
from brightcall_pandas.load._progress import Progress
from brightcall_pandas.load._proof import Ask, Slice
from brightcall_pandas.load._query import Query, known_zone
from brightcall_pandas.load._reading import read_window

__all__ = ["BoundsMoved", "FirstPage", "WindowReader"]

_log = logging.getLogger("brightcall_pandas")

_PAGES_A_WINDOW = 16  # at least, in whole days: fewer waste half-empty pages, more are lost by a kill
_SAFE_PAGE_SIZE = 100  # the API's documented default, asked for where a larger page is refused


class BoundsMoved(Exception):  # noqa: N818  (not an error: the load starts again)
    """The answers show that days start at another time than assumed; the account has what was learnt."""


@dataclass(frozen=True)
class FirstPage:
    """The first page of some days: what was asked, what came, and when."""

    body: dict[str, Any]
    page: Slice
    began: datetime


@dataclass
class WindowReader:
    """Reads windows of one query.

    Parameters
    ----------
    client
        The client to use.
    query
        Which calls.
    names_zone
        Whether the request names the timezone; otherwise the answers do.
    strict
        Raise where a window cannot be proved complete; otherwise warn and mark it.
    progress
        What shows how far it is.
    opened
        A first page that was read already, and need not be again.
    """

    client: Client
    query: Query
    names_zone: bool
    strict: bool
    progress: Progress
    opened: FirstPage | None = None

    def parts(self, days: Sequence[date], writes: WriteQueue) -> list[Part]:
        """Read days; each complete window is in the cache once the writes are done.

        Raises
        ------
        BoundsMoved
            Days start at another time than assumed.
        BrightcallError
            A window could not be read, or not proved complete.
        """
        session, connections = self.client.session, self.client.workers
        plans = run_tasks(session, connections, (self._windows(run) for run in runs(days)))
        windows = (self._window(writes, *window) for plan in plans for window in plan)
        return run_tasks(session, connections, windows)

    def opening(self, first: date, last: date) -> FirstPage:
        """Read the first page of some days."""
        (opening,) = run_tasks(self.client.session, 1, [self._opened(self._source(first, last))])
        return opening

    def _opened(self, source: PageSource) -> Task[FirstPage]:
        if self.opened is not None and self.opened.body == source.body:
            return self.opened
        began, limit = datetime.now(UTC), self._limit()
        try:
            (page,) = yield from source.fetch([Ask(1, limit)])
        except RequestError:
            if limit <= _SAFE_PAGE_SIZE:
                raise
            _log.warning("%d calls a page are refused; asking for %d", limit, _SAFE_PAGE_SIZE)
            (page,) = yield from source.fetch([Ask(1, _SAFE_PAGE_SIZE)])
            self.client.cache.learn(page_cap=_SAFE_PAGE_SIZE)  # so it was the size that was refused
        return FirstPage(source.body, page, began)

    def _windows(self, run: Sequence[date]) -> Task[list[tuple[date, date, FirstPage | None]]]:
        """Cut a run into windows; its first page goes along when it belongs to the only one."""
        source = self._source(run[0], run[-1])
        opening = yield from self._opened(source)
        whole = (run[0], run[-1], opening)
        # Padded, each window costs two days more: then the run stays whole.
        if len(run) == 1 or self.query.padded or cover([opening.page]).ended:
            return [whole]
        total = opening.page.total if opening.page.total is not None else (yield from source.count())
        limit = self._limit()
        if total is None or total <= _PAGES_A_WINDOW * limit:
            return [whole]
        self.progress.expect(total)
        length = math.ceil(_PAGES_A_WINDOW * limit * len(run) / total)
        cuts = (run[n : n + length] for n in range(0, len(run), length))
        return [(part[0], part[-1], None) for part in cuts]

    def _window(self, writes: WriteQueue, first: date, last: date, opening: FirstPage | None) -> Task[Part]:
        source = self._source(first, last)
        page, began = (None, datetime.now(UTC)) if opening is None else (opening.page, opening.began)
        count = yield from source.count()
        read = yield from read_window(source.fetch, self._limit(), page, count)
        self._check_zone(read)
        expected = count if read.expected is None else read.expected
        report: dict[str, Any] = {
            "day_from": str(first),
            "day_to": str(last),
            "expected": None if self.query.padded else expected,  # the server counts other days then
            "requests": len(read.slices) + (self.client.profile.count is not None),
            "source": "network",
            "fetched_at": began.isoformat(timespec="seconds"),
            "walks": read.walks,
            "duplicates": read.duplicates,
            "complete": read.complete,
            "proof": read.proof,
        }
        part = self._typed(source, read, first, last, report)
        if read.complete:
            cached = CachedWindows(self.client, self.query)
            writes.submit(lambda: cached.keep(part, began, read))
        return part

    def _typed(
        self, source: PageSource, read: WindowPages, first: date, last: date, report: dict[str, Any]
    ) -> Part:
        part, outside = part_of(read, first, last, self.query.zone, report)
        if outside and not self.query.padded:
            self._other_bounds(source)
        if not read.complete:
            self._incomplete(source, read)
        return part

    def _check_zone(self, read: WindowPages) -> None:
        named = known_zone(read.slices[0].page.timezone)
        if not self.names_zone and named not in (None, self.query.zone):
            self.client.cache.learn(timezone=named)  # the account moved since its zone was learnt
            raise BoundsMoved

    def _other_bounds(self, source: PageSource) -> None:
        if not self.client.cache.account.other_bounds:
            self.client.cache.learn(other_bounds=True)
            warnings.warn(
                f"the server's calls {days_text(source.body)} reach beyond these days in {self.query.zone}: "
                "it starts days in another timezone. "
                "From now on one more day is read at both ends and cut off.",
                RuntimeWarning,
                stacklevel=2,
            )
        raise BoundsMoved

    def _incomplete(self, source: PageSource, read: WindowPages) -> None:
        msg = (
            f"calls {days_text(source.body)} are not proved complete: {read.problem}. "
            "Try again, ask for fewer days, or take them as they are with on_incomplete='warn'."
        )
        if self.strict:
            raise IncompleteDataError(msg)
        warnings.warn(msg, RuntimeWarning, stacklevel=2)

    def _source(self, first: date, last: date) -> PageSource:
        return PageSource(
            profile=self.client.profile,
            body=self.query.request(first, last),
            zone=self.query.zone,
            seen=self.progress.saw,
        )

    def _limit(self) -> int:
        return min(self.client.page_size, self.client.cache.account.page_cap or self.client.page_size)
