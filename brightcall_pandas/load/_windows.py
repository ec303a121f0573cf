"""Windows from the server: how a range is cut, how each is read, and what its rows say of the server."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from brightcall_pandas.api import Task, WriteQueue, run_tasks
from brightcall_pandas.cache import Part
from brightcall_pandas.errors import IncompleteDataError
from brightcall_pandas.load._cached import CachedWindows
from brightcall_pandas.load._client import Client
from brightcall_pandas.load._pages import PageSource, WindowPages, days_text
from brightcall_pandas.load._parts import day_by_day, part_of, runs
from brightcall_pandas.load._progress import Progress
from brightcall_pandas.load._proof import PROOF_VERSION, Slice
from brightcall_pandas.load._query import Query, known_zone
from brightcall_pandas.load._ranges import DaysRead, read_days
from brightcall_pandas.load._reading import SAFE_SIZE, ServerFacts, first_pages

__all__ = ["BoundsMoved", "Opening", "WindowReader"]

_PAGES_A_WINDOW = 16  # at least, in whole days: fewer waste half-empty pages, more are lost by a kill


class BoundsMoved(Exception):  # noqa: N818  (not an error: the load starts again)
    """The answers show that days start at another time than assumed; the account has what was learnt."""


@dataclass(frozen=True)
class Opening:
    """The first pages of some days, in both directions: what was asked, what came, and when."""

    body: dict[str, Any]
    pages: Sequence[Slice]
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
        First pages that were read already, and need not be again.
    """

    client: Client
    query: Query
    names_zone: bool
    strict: bool
    progress: Progress
    opened: Opening | None = None

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
        return [part for parts in run_tasks(session, connections, windows) for part in parts]

    def opening(self, first: date, last: date) -> Opening:
        """Read the first pages of some days."""
        (opening,) = run_tasks(self.client.session, 1, [self._opened(self._source(first, last))])
        return opening

    def _opened(self, source: PageSource) -> Task[Opening]:
        if self.opened is not None and self.opened.body == source.body:
            return self.opened
        began, facts = datetime.now(UTC), self._facts()
        pages, learnt = yield from first_pages(source.fetch, self.client.page_size, facts)
        self.client.cache.learn_of_server(learnt)
        return Opening(source.body, pages, began)

    def _windows(self, run: Sequence[date]) -> Task[list[tuple[Sequence[date], Opening | None]]]:
        """Cut a run into windows; its first pages go along when they belong to the only one."""
        source = self._source(run[0], run[-1])
        opening = yield from self._opened(source)
        # Padded, each window costs two days more: then the run stays whole.
        if len(run) == 1 or self.query.padded:
            return [(run, opening)]
        total = max((each.total for each in opening.pages if each.total is not None), default=None)
        if total is None and max(each.rows for each in opening.pages) >= SAFE_SIZE:
            total = yield from source.count()
        limit = self.client.page_size
        if total is None or total <= _PAGES_A_WINDOW * limit:
            return [(run, opening)]
        self.progress.expect(total)
        length = math.ceil(_PAGES_A_WINDOW * limit * len(run) / total)
        return [(run[n : n + length], None) for n in range(0, len(run), length)]

    def _window(self, writes: WriteQueue, days: Sequence[date], opening: Opening | None) -> Task[list[Part]]:
        source = self._source(days[0], days[-1])
        began = datetime.now(UTC) if opening is None else opening.began
        settled = self.client.is_final(began, days[-1])
        pages = () if opening is None else opening.pages
        readings = yield from read_days(
            source, days, self.client.page_size, self._facts(), opening=pages, settled=settled
        )
        readings = yield from day_by_day(
            readings,
            lambda day: read_days(source, day, self.client.page_size, self._facts(), settled=settled),
        )
        sent = source.sent[0] + len(pages)
        parts = []
        for number, each in enumerate(readings):
            self._check_zone(each.read)
            self.client.cache.learn_of_server(each.read.learnt)
            parts.append(self._kept(writes, source, each, began, sent if number == 0 else 0))
        return parts

    def _kept(
        self, writes: WriteQueue, source: PageSource, days: DaysRead, began: datetime, requests: int
    ) -> Part:
        read, first, last = days.read, days.days[0], days.days[-1]
        report: dict[str, Any] = {
            "day_from": str(first),
            "day_to": str(last),
            "expected": None if self.query.padded or read.wide else read.expected,  # it counts other days
            "requests": requests,
            "source": "network",
            "fetched_at": began.isoformat(timespec="seconds"),
            "walks": read.walks,
            "duplicates": read.duplicates,
            "complete": read.complete,
            "proof": read.proof,
            "rules": PROOF_VERSION,
        }
        part = self._typed(source.of(days.days), read, first, last, report)
        if read.complete:
            cached = CachedWindows(self.client, self.query)
            writes.submit(lambda: cached.keep(part, began, read))
        return part

    def _typed(
        self, source: PageSource, read: WindowPages, first: date, last: date, report: dict[str, Any]
    ) -> Part:
        part, outside = part_of(read, first, last, self.query.zone, report)
        if outside and not self.query.padded and not read.wide:
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
        return PageSource(self.client.profile, self.query, first, last, self.progress.saw)

    def _facts(self) -> ServerFacts:
        return ServerFacts.of({each.name: each.value for each in self.client.cache.account.server})
