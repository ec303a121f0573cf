"""One load, from cache and server.

Order of operations of `Loading.parts`:

1. for each day, the segment that was fetched last is used if it is final or fresh enough, or if the client
   is offline (`_cached`);
2. the days that are left form runs of consecutive ones; the first page of a run tells how many calls it has,
   and so into how many windows it is cut: a sparse run is read as one, a busy one day by day (`_windows`);
3. windows are read at the same time; each is proved complete (`_pages`, `_proof`), typed (`_parts`) and
   written as a segment behind the reader's back (`api.WriteQueue`);
4. parts come back in order of days, from memory or from segments, each call in one of them (`_union`);
5. behind the reader's back, files are put together and the cache is kept to its limit.

Where answers show that days start on another boundary than assumed, that is remembered and the load starts
again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from brightcall_pandas.api import WriteQueue
from brightcall_pandas.cache import Part, Segment
from brightcall_pandas.errors import IncompleteDataError, OfflineError
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.load._as_of import checked_moment, parts_as_of
from brightcall_pandas.load._cached import CachedWindows
from brightcall_pandas.load._client import Client
from brightcall_pandas.load._parts import DAY, in_order, runs
from brightcall_pandas.load._personal import make_ledgers_strict
from brightcall_pandas.load._progress import Progress
from brightcall_pandas.load._query import Query, known_zone, request_body
from brightcall_pandas.load._watched import measure_settle
from brightcall_pandas.load._windows import BoundsMoved, Opening, WindowReader

__all__ = ["Loading"]

_log = logging.getLogger("brightcall_pandas")

_TRIES = 5  # starts of one load, in case days move, or files vanish or turn out damaged while they are read


@dataclass
class Loading:
    """One load.

    Parameters
    ----------
    client
        The client to use.
    spec
        Which calls; with both days.
    columns
        Columns of the parts.
    refresh
        Read every day from the server again.
    strict
        Raise where a window cannot be proved complete; otherwise warn and mark it.
    progress
        What shows how far it is.
    as_of
        Return the calls as they were known then, without asking the server; see `checked_moment`.
    """

    client: Client
    spec: CallFilter
    columns: Sequence[str]
    refresh: bool = False
    strict: bool = True
    progress: Progress = field(default_factory=Progress)
    as_of: Any = None

    @property
    def zone(self) -> str:
        """Zone in which days start: the one asked for, or else the one that the answers name."""
        return self._sent_zone or self.client.cache.account.timezone or "UTC"

    @property
    def days(self) -> list[date]:
        """The days asked for."""
        first, last = date.fromisoformat(self.spec.day_from), date.fromisoformat(self.spec.day_to)
        return [first + n * DAY for n in range((last - first).days + 1)]

    def of_days(self, first: date, last: date) -> Loading:
        """Return the same load of other days."""
        return replace(self, spec=self.spec.replace(day_from=str(first), day_to=str(last)))

    def parts(self, writes: WriteQueue) -> Iterator[Part]:
        """Return the calls in order of days; what was read is in the cache once the writes are done.

        Raises
        ------
        BrightcallError
            As `errors` draws them.
        """
        days = self.days
        if self.as_of is not None:
            yield from self._parts_as_of(days)
            return
        if not self.client.offline:
            make_ledgers_strict(self.client)
        opening = self._learn_zone(days[0], days[-1])
        if self.client.measures_settle:
            measure_settle(self.client, self.query.key)
        for _ in range(_TRIES):
            try:
                have = self._have(days, opening, writes)
            except BoundsMoved:
                opening = None
                continue
            if have is not None:
                yield from in_order(have, days)
                return
        msg = f"the answers, or the cache {self.client.cache.folder}, change faster than they can be read"
        raise IncompleteDataError(f"{msg}. Try again.")

    @property
    def moment(self) -> datetime | None:
        """The moment that `as_of` means; None without one.

        Raises
        ------
        TypeError, ValueError
            It is not a day or a time, or is still to come.
        """
        if self.as_of is None:
            return None
        moment = checked_moment(self.as_of, self.zone)
        if moment > (now := self.client.now()):
            msg = f"as_of={self.as_of!r} is still to come: it is {now.isoformat(sep=' ', timespec='seconds')}"
            raise ValueError(msg)
        return moment

    def _parts_as_of(self, days: Sequence[date]) -> Iterator[Part]:
        moment = self.moment
        assert moment is not None
        cached = CachedWindows(self.client, self.query)
        parts = parts_as_of(cached, days, self.columns, moment)
        yield from in_order({day: part for part in parts for day in part.days}, days)

    def _have(
        self, days: Sequence[date], opening: Opening | None, writes: WriteQueue
    ) -> dict[date, Part] | None:
        """Return the part of each day; None when a part of the cache could not be read."""
        query = self.query
        cached = CachedWindows(self.client, query)
        chosen = self._chosen(cached, days)
        missing = [day for day in days if day not in chosen]
        parts: list[Part] = []
        if missing and self.client.offline:
            lacking = ", ".join(f"{run[0]} to {run[-1]}" for run in runs(missing))
            msg = f"the cache lacks {lacking}, and offline=True forbids asking the server"
            raise OfflineError(f"{msg}. Load them once online.")
        if missing:
            cached.before_reading(missing)
            parts += self._reading(query, opening).parts(missing, writes)
        kept, sound = cached.read(chosen, self.columns)
        united = cached.united(parts + kept) if sound else None
        if united is None:
            return None
        writes.submit(partial(cached.tidy, days, chosen))
        self._log(parts, len(missing), len(days))
        return {day: part for part in united for day in part.days}

    def _log(self, read: Sequence[Part], missing: int, days: int) -> None:
        windows = [window for part in read for window in part.windows]
        proofs = {window["proof"] or "nothing" for window in windows}
        _log.info(
            "calls from %s to %s: %d of %d days from the cache, %d windows read (%d requests), proved by %s",
            self.spec.day_from,
            self.spec.day_to,
            days - missing,
            days,
            len(windows),
            sum(window["requests"] for window in windows),
            ", ".join(sorted(proofs)) or "an earlier load",
        )

    def _chosen(self, cached: CachedWindows, days: Sequence[date]) -> dict[date, Segment]:
        return {} if self.refresh else cached.chosen(days)

    def _learn_zone(self, first: date, last: date) -> Opening | None:
        """Learn the account's zone where it is not known yet; return the page that told it."""
        cache = self.client.cache
        if self._sent_zone is not None or cache.account.timezone is not None:
            return None
        if self.client.offline:
            msg = "offline=True, and the cache does not know this account's timezone"
            raise OfflineError(f"{msg}. Give bc.Client timezone=, or load once online.")
        opening = self._reading(self.query).opening(first, last)
        cache.learn(timezone=known_zone(opening.pages[0].page.timezone) or "UTC")
        return opening

    def _reading(self, query: Query, opened: Opening | None = None) -> WindowReader:
        return WindowReader(
            self.client, query, self._sent_zone is not None, self.strict, self.progress, opened
        )

    @property
    def _sent_zone(self) -> str | None:
        zone: str | None = self.spec.timezone or self.client.timezone
        return zone

    @property
    def query(self) -> Query:
        """The question, apart from the days."""
        body = request_body(self.spec.without("day_from", "day_to"), self._sent_zone)
        return Query(self.client.profile.name, body, self.zone, self.client.cache.account.other_bounds)
