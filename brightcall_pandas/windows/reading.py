"""Windows from the server: how a range is cut, how each is read, and what its rows say of the server."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from brightcall_pandas.api.coverage import Ask, Slice, cover
from brightcall_pandas.api.pages import Read, read_window
from brightcall_pandas.api.reader import Source, days_text
from brightcall_pandas.api.workers import Workers
from brightcall_pandas.client import Client
from brightcall_pandas.errors import IncompleteDataError, RequestError
from brightcall_pandas.progress import Progress
from brightcall_pandas.windows.parts import Part, part_of, runs
from brightcall_pandas.windows.query import Query, is_zone
from brightcall_pandas.windows.shelf import Shelf

__all__ = ["Moved", "Reading"]

_PAGES_A_WINDOW = 16  # at least, in whole days: fewer waste half-empty pages, more are lost by a kill
_SAFE_PAGE_SIZE = 100  # the API's documented default, asked for where a larger page is refused


class Moved(Exception):  # noqa: N818  (no error: the load begins anew)
    """The answers show that days begin elsewhere than thought; what was learnt is in the account."""


@dataclass
class Reading:
    """Reads windows of one query.

    Parameters
    ----------
    client
        Whom to ask.
    query
        Which calls.
    names_zone
        Whether the request names the timezone; otherwise the answers do.
    strict
        Raise where a window cannot be proved complete; otherwise warn and mark it.
    progress
        What shows how far it is.
    """

    client: Client
    query: Query
    names_zone: bool
    strict: bool
    progress: Progress

    def parts(self, days: Sequence[date]) -> list[Part]:
        """Read days; each complete window is in the cache when this returns.

        Raises
        ------
        Moved
            Days begin elsewhere than thought.
        BrightcallError
            A window could not be read, or not proved complete.
        """
        return list(self._parts(days))

    def zone(self, first: date, last: date) -> str:
        """Ask for the zone that the answers name."""
        with Workers(1) as fetchers:
            (page,) = self._source(fetchers, first, last).fetch([Ask(1, 2)])
        return _named_zone(page) or "UTC"

    def _parts(self, days: Sequence[date]) -> Iterator[Part]:
        count = self.client.workers
        with Workers(count) as fetchers, Workers(count) as coordinators:
            planned = [coordinators.submit(partial(self._windows, fetchers, run)) for run in runs(days)]
            read = [
                coordinators.submit(partial(self._window, fetchers, *window))
                for plan in planned
                for window in plan.result()
            ]
            for each in read:
                yield each.result()

    def _windows(self, fetchers: Workers, run: Sequence[date]) -> list[tuple[date, date, Slice | None]]:
        """Cut a run into windows; the first page goes along when it belongs to the only one."""
        whole = (run[0], run[-1], None)
        if len(run) == 1 or self.query.padded:
            return [whole]  # padded, each window costs two days more: then the run stays whole
        source, limit = self._source(fetchers, run[0], run[-1]), self._limit()
        try:
            (first,) = source.fetch([Ask(1, limit)])
        except RequestError:
            return [whole]  # the window's own reading deals with refused page sizes
        total = source.count() if first.total is None else first.total
        if total is None or total <= _PAGES_A_WINDOW * limit or cover([first]).ended:
            return [(run[0], run[-1], first)]
        self.progress.expect(total)
        length = math.ceil(_PAGES_A_WINDOW * limit * len(run) / total)
        cuts = (run[n : n + length] for n in range(0, len(run), length))
        return [(part[0], part[-1], None) for part in cuts]

    def _window(self, fetchers: Workers, first: date, last: date, page: Slice | None) -> Part:
        began = datetime.now(UTC)
        source = self._source(fetchers, first, last)
        count = source.count()
        read = self._read(source, page, count)
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
        part, outside = part_of(read, first, last, self.query.zone, report)
        if outside and not self.query.padded:
            self._other_bounds(source)
        if read.complete:
            Shelf(self.client, self.query).keep(part, began, read)
        else:
            self._incomplete(source, read)
        return part

    def _read(self, source: Source, page: Slice | None, count: int | None) -> Read:
        limit = self._limit()
        try:
            return read_window(source.fetch, limit, page, count)
        except RequestError:
            if limit <= _SAFE_PAGE_SIZE:
                raise
            read = read_window(source.fetch, _SAFE_PAGE_SIZE, None, count)
            self.client.cache.learn(page_cap=_SAFE_PAGE_SIZE)  # so it was the size that was refused
            return read

    def _check_zone(self, read: Read) -> None:
        named = _named_zone(read.slices[0])
        if not self.names_zone and named not in (None, self.query.zone):
            self.client.cache.learn(timezone=named)  # the account moved since its zone was learnt
            raise Moved

    def _other_bounds(self, source: Source) -> None:
        if not self.client.cache.account.other_bounds:
            self.client.cache.learn(other_bounds=True)
            warnings.warn(
                f"the server's calls {days_text(source.body)} reach beyond these days in {self.query.zone}: "
                "it begins days in another timezone. From now on a day more is read at both ends and cut.",
                RuntimeWarning,
                stacklevel=2,
            )
        raise Moved

    def _incomplete(self, source: Source, read: Read) -> None:
        msg = (
            f"calls {days_text(source.body)} are not proved complete: {read.problem}. "
            "Try again, ask for fewer days, or take them as they are with on_incomplete='warn'."
        )
        if self.strict:
            raise IncompleteDataError(msg)
        warnings.warn(msg, RuntimeWarning, stacklevel=2)

    def _source(self, fetchers: Workers, first: date, last: date) -> Source:
        return Source(
            session=self.client.session,
            profile=self.client.profile,
            workers=fetchers,
            body=self.query.request(first, last),
            zone=self.query.zone,
            seen=self.progress.saw,
        )

    def _limit(self) -> int:
        return min(self.client.page_size, self.client.cache.account.page_cap or self.client.page_size)


def _named_zone(page: Slice) -> str | None:
    zone = page.page.timezone
    return zone if zone is not None and is_zone(zone) else None
