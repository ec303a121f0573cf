"""Windows from the server: how a range is cut, how each is read, and what its rows say of the server."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from operator import itemgetter
from typing import Any, NoReturn

from brightcall_pandas.api import Task, WriteQueue, run_tasks
from brightcall_pandas.cache import Part
from brightcall_pandas.errors import IncompleteDataError, InvalidResponseError, warn_user
from brightcall_pandas.load._account import unusual
from brightcall_pandas.load._cached import CachedWindows
from brightcall_pandas.load._client import Client
from brightcall_pandas.load._facts import ServerFacts
from brightcall_pandas.load._pages import DAY, PageSource, Refusal, WindowPages, days_text
from brightcall_pandas.load._parts import day_by_day, part_of, runs
from brightcall_pandas.load._plan import SAFE_SIZE
from brightcall_pandas.load._progress import Progress
from brightcall_pandas.load._proof import PROOF_VERSION, Ask, Slice
from brightcall_pandas.load._query import Query, known_zone
from brightcall_pandas.load._ranges import DaysRead, read_days
from brightcall_pandas.load._reading import first_pages

__all__ = ["BoundsMoved", "Opening", "WindowReader"]

_ZONES_DIFFER = 14 * 3_600_000_000  # microseconds, at most
_PAGES_A_WINDOW = 16  # at least, in whole days: fewer waste half-empty pages, more are lost by a kill


class BoundsMoved(Exception):  # noqa: N818  (not an error: the load starts again)
    """The answers show that days start at another time than assumed; the account has what was learnt."""


@dataclass(frozen=True)
class Opening:
    """The first pages of some days, in both directions: from where, what came, and when."""

    source: PageSource
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
        Raise where a window cannot be proved complete; otherwise mark it.
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
        self.progress.begin(len(days))
        plans = run_tasks(session, connections, (self._windows(run) for run in runs(days)))
        windows = (self._window(writes, *window) for plan in plans for window in plan)
        return [part for parts in run_tasks(session, connections, windows) for part in parts]

    def opening(self, first: date, last: date) -> Opening:
        """Read the first pages of some days."""
        (opening,) = run_tasks(self.client.session, 1, [self._opened(self._source(first, last))])
        return opening

    def _opened(self, source: PageSource) -> Task[Opening]:
        if self.opened is not None and self.opened.source.body == source.body:
            # The zone may be known only since then.
            return replace(self.opened, source=replace(source, shared=self.opened.source.shared))
        began, facts = self.client.now(), self._facts()
        pages, learnt = yield from first_pages(source.fetch, self.client.page_size, facts)
        self._learn(learnt)
        return Opening(source, pages, began)

    def _windows(self, run: Sequence[date]) -> Task[list[tuple[Sequence[date], Opening | None]]]:
        """Cut a run into windows; its first pages go along when they belong to the only one."""
        source = self._source(run[0], run[-1])
        opening = yield from self._opened(source)
        total = max((each.total for each in opening.pages if each.total is not None), default=None)
        # Padded, each window costs two days more: then the run stays whole.
        if len(run) == 1 or self.query.padded:
            self.progress.expect(total)
            return [(run, opening)]
        if total is None and max(each.rows for each in opening.pages) >= SAFE_SIZE:
            total = yield from source.count()
        limit = self.client.page_size
        self.progress.expect(total)
        if total is None or total <= _PAGES_A_WINDOW * limit:
            return [(run, opening)]
        self.progress.cut((run[0], run[-1]))
        length = math.ceil(_PAGES_A_WINDOW * limit * len(run) / total)
        return [(run[n : n + length], None) for n in range(0, len(run), length)]

    def _window(self, writes: WriteQueue, days: Sequence[date], opening: Opening | None) -> Task[list[Part]]:
        if opening is None:
            opening = Opening(self._source(days[0], days[-1]), (), self.client.now())
        source, began = opening.source, opening.began
        settled = self.client.is_final(began, days[-1])
        readings = yield from read_days(
            source, days, self.client.page_size, self._facts(), opening=opening.pages, settled=settled
        )
        readings = yield from day_by_day(
            readings,
            lambda day: read_days(source, day, self.client.page_size, self._facts(), settled=settled),
        )
        shown = any(page.ids for each in readings for page in each.read.slices)
        self.client.session.shows_calls |= shown
        doubted = not shown and (yield from self._is_empty_everywhere(source))
        if doubted:
            self.progress.say(
                "The server shows no calls at all, neither for these days nor for a year around them. If "
                "you expect some, a proxy may be giving one stored answer to every question. Nothing of this "
                "load is cached."
            )
        sent, parts = source.shared.requests, []
        for each in readings:
            self._check_zone(each.read)
            yield from self._check_days(source.of(each.days), each)
            self._learn(each.read.learnt)
        for number, each in enumerate(readings):  # only now, since pages lose their columns
            requests = sent if number == 0 else 0
            parts.append(self._kept(writes, source, each, began, requests, keep=not doubted))
        self.progress.done((days[0], days[-1]), len(days), sum(sum(part.rows) for part in parts))
        return parts

    def _learn(self, learnt: dict[str, Any]) -> None:
        """Remember what the server was seen to do, and say so where one would not expect it."""
        self.client.cache.learn_of_server(learnt)
        if odd := unusual(learnt):
            said = "; ".join(odd.values())
            self.progress.say(f"{said[0].upper()}{said[1:]}. Loads allow for it; see client.account.")

    def _kept(
        self,
        writes: WriteQueue,
        source: PageSource,
        days: DaysRead,
        began: datetime,
        requests: int,
        *,
        keep: bool,
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
            "wide": read.wide,
        }
        if not read.complete:
            report["problem"] = read.problem
        part = part_of(read, first, last, self.query.zone, report, cut=self.query.padded or read.wide)
        if not read.complete and self.strict:
            self._refuse(source.of(days.days), read)
        if read.complete and keep:
            cached = CachedWindows(self.client, self.query)
            writes.submit(lambda: cached.keep(part, began, read))
        return part

    def _check_zone(self, read: WindowPages) -> None:
        named = known_zone(read.slices[0].page.timezone)
        if not self.names_zone and named not in (None, self.query.zone):
            self.client.cache.learn(timezone=named)  # the account moved since its zone was learnt
            raise BoundsMoved

    def _check_days(self, source: PageSource, days: DaysRead) -> Task[None]:
        """See that calls lie in the days that were asked for; a single one may have been dated wrongly.

        Raises
        ------
        BoundsMoved
            The server starts days in another timezone.
        """
        read, (low, high) = days.read, source.bounds(days.days)
        others = source.calls_of_other_days(read)
        if not self.query.padded and not read.wide:
            inside = [(page.known >= low) & (page.known < high) for page in read.slices]
            outside = {} if all(each.all() for each in inside) else self._just_outside(days, low, high)
            if outside and (yield from self._begins_elsewhere(source, days, outside)):
                self._other_bounds(source)
            if not any(each.any() for each in inside):
                others |= outside.keys()
        if len(others) > 1:
            read.proof, read.problem = "", f"the answers show {len(others)} calls of other days"
            read.left_out |= others

    @staticmethod
    def _just_outside(days: DaysRead, low: int, high: int) -> dict[str, int]:
        """Return the times of calls that lie no further outside than timezones differ."""
        return {
            row: time
            for row, time in days.read.times().items()
            if low - _ZONES_DIFFER <= time < low or high <= time < high + _ZONES_DIFFER
        }

    def _begins_elsewhere(self, source: PageSource, days: DaysRead, outside: Mapping[str, int]) -> Task[bool]:
        """Tell whether calls just outside of some days are on one side, and not in the day next to it."""
        low, high = source.bounds(days.days)
        later = min(outside.values()) >= high
        if not later and max(outside.values()) >= low:
            return False
        row, time = (min if later else max)(outside.items(), key=itemgetter(1))
        day = days.days[-1] + DAY if later else days.days[0] - DAY
        (page,) = yield from source.of([day]).fetch([Ask(1, SAFE_SIZE, "ASC" if later else "DESC")])
        if isinstance(page, Refusal) or row in page.ids:
            return False
        reach = page.known.max(initial=0) if later else page.known.min(initial=time)
        return page.rows < SAFE_SIZE or bool(time < reach if later else reach < time)

    def _is_empty_everywhere(self, source: PageSource) -> Task[bool]:
        """Tell whether the server has shown no call yet, and shows none of the year before and after either.

        A proxy that keeps the answer to one question may give it to all others.
        """
        session = self.client.session
        if not session.shows_calls:  # else answers differ, as far as that goes
            query, year = replace(self.query, body={}), 365 * DAY
            around = replace(source, query=query, first=source.first - year, last=source.last + year)
            (page,) = yield from around.fetch([Ask(1, SAFE_SIZE, "DESC")])
            session.shows_calls = isinstance(page, Refusal) or page.rows > 0
        return not session.shows_calls

    def _other_bounds(self, source: PageSource) -> None:
        if not self.client.cache.account.other_bounds:
            self.client.cache.learn(other_bounds=True)
            warn_user(
                f"the server's calls {days_text(source.body)} reach beyond these days in {self.query.zone}: "
                "it starts days in another timezone. "
                "From now on one more day is read at both ends and cut off."
            )
        raise BoundsMoved

    @staticmethod
    def _refuse(source: PageSource, read: WindowPages) -> NoReturn:
        msg = f"calls {days_text(source.body)} are not proved complete: {read.problem}."
        fewer = ", ask for fewer days" if source.first < source.last else ""
        advice = f"Try again{fewer}, or take them as they are with on_incomplete='warn'."
        raise IncompleteDataError(f"{msg} {advice}")

    def _source(self, first: date, last: date) -> PageSource:
        return PageSource(self.client.profile, self.query, first, last, partial(self._saw, first, last))

    def _saw(self, first: date, last: date, page: Slice) -> None:
        limit = self.client.window_limit
        if page.rows and page.ask.start + page.rows > limit:
            msg = (
                f"calls from {first} to {last}: the server shows more than {limit:,}, and its list may have "
                f"no end. {'Ask for fewer days, or allow' if first < last else 'Allow'} more with bc.Client "
                "window_limit=."
            )
            raise InvalidResponseError(msg)
        self.progress.saw((first, last), page)

    def _facts(self) -> ServerFacts:
        return ServerFacts.of({each.name: each.value for each in self.client.cache.account.server})
