"""The parts of one query that are on disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from brightcall_pandas.cache import (
    FIRST_SEEN,
    WHOLE,
    DayHistory,
    Part,
    Segment,
    Store,
    StoreError,
    exclusive,
    file_size,
    micros,
    pages_of,
    pages_text,
    touch,
)
from brightcall_pandas.errors import CacheError
from brightcall_pandas.frame import SCHEMA_VERSION, AnswerReader, read_page
from brightcall_pandas.load._client import Client
from brightcall_pandas.load._pages import PageSource, WindowPages, checksum
from brightcall_pandas.load._parts import DAY, part_of
from brightcall_pandas.load._personal import Strictness, as_chosen, note
from brightcall_pandas.load._proof import Ask
from brightcall_pandas.load._query import Query
from brightcall_pandas.load._successor import Successor
from brightcall_pandas.load._union import once

__all__ = ["CachedWindows", "groups"]

_COMPACT_FROM = 8  # pieces of final days, one after the other, from which on they are put together
_QUICKLY_WRITTEN = 4 * 2**20  # bytes that are put together after a load that read files, however few
_PART_OF_READ = 2  # of what a load read from files, half may be put together after it
_TRIES = 5  # to read what other processes replace meanwhile


class CachedWindows:
    """Typed windows of one query.

    Parameters
    ----------
    client
        Whose cache it is, and what counts as fresh.
    query
        The query.
    """

    def __init__(self, client: Client, query: Query) -> None:
        self._client = client
        self._query = query
        self._reader = AnswerReader()

    @property
    def _store(self) -> Store:
        return self._client.cache.store(self._query.key)

    def chosen(self, days: Iterable[date]) -> dict[date, Segment]:
        """Return the segment of each day that can serve it: final, young enough, or offline any."""
        latest, client = self._store.latest(), self._client
        usable = {
            day: latest[day]
            for day in days
            if day in latest and (client.offline or client.is_fresh(latest[day].fetched_at, day))
        }
        return self._of_this_version(usable)

    @property
    def zone(self) -> str:
        """Timezone in which days start."""
        return self._query.zone

    def latest_of(self, days: Iterable[date]) -> dict[date, Segment]:
        """Return the segment of each day that was read last, however old."""
        latest = self._store.latest()
        return self._of_this_version({day: latest[day] for day in days if day in latest})

    def before_reading(self, days: Iterable[date]) -> None:
        """Rebuild segments of another schema version while their pages are there: a reading replaces them."""
        self.latest_of(days)

    def ledger(self, days: Sequence[date]) -> tuple[pa.Table, int]:
        """Return the ledger's entries of some days, and from when on it is whole, in microseconds.

        Raises
        ------
        StoreError
            It changes faster than it can be read.
        """
        store = self._store
        entries = store.ledger.read(store.newest, days[0], days[-1])
        return entries, store.ledger.floor

    def set_aside_damaged(self, segments: Iterable[Segment]) -> None:
        """Set segments aside that are there and cannot be read."""
        for each in set(segments):
            try:
                each.read(each.days, WHOLE)
            except StoreError as error:
                if os.path.lexists(each.path):
                    self._store.set_aside(each, error)

    def read(
        self, chosen: dict[date, Segment], columns: Sequence[str], tries: int = _TRIES
    ) -> tuple[list[Part], bool]:
        """Read days from their segments.

        Returns
        -------
        tuple of list and bool
            The parts, and whether all could be read; a damaged segment is set aside.
        """
        parts: list[Part] = []
        vanished: list[date] = []
        sound = True
        for segment, days in groups(chosen):
            try:
                part = segment.read(days, columns)
            except StoreError as error:
                if os.path.lexists(segment.path):  # also a link whose file is gone
                    sound = False
                    self._store.set_aside(segment, error)
                else:
                    vanished += days
                continue
            parts.append(replace(part, windows=[each | {"source": "cache"} for each in part.windows]))
        touch(set(chosen.values()))
        if sound and vanished:  # another process has just replaced them
            again = self.chosen(vanished)
            if tries == 0 or len(again) < len(vanished):
                return parts, False
            more, sound = self.read(again, columns, tries - 1)
            parts += more
        return parts, sound

    def united(self, parts: Sequence[Part]) -> list[Part] | None:
        """Return parts in which each call stands once; None where a file vanished meanwhile."""
        try:
            return once(parts, self._query.zone)
        except StoreError:
            return None

    def keep(self, part: Part, fetched_at: datetime, read: WindowPages) -> None:
        """Write a window; a cache that cannot be written makes the next load slower, not this one fail.

        What the window tells of changes since an older reading goes into its report, also that of `part`, and
        into the ledger: both appear, or neither does.
        """
        pages = pages_text((each.key, each.ask.number, each.ask.size, each.checksum) for each in read.slices)
        cache = self._client.cache
        (report,) = part.windows
        kept = replace(part, windows=[report | {"pages": pages}])
        try:
            store = cache.prepared(self._store)
            with exclusive(store.folder) as alone:
                self._put(store, kept, fetched_at, alone=alone)
            cache.pages.forget(store.sweep() - {each.key for each in read.slices})
        except OSError as error:
            cache.failed(error)

    def _put(self, store: Store, part: Part, fetched_at: datetime, *, alone: bool) -> None:
        """Write a window, and what its reading saw; what has changed goes into its report as well."""
        client, ledger, serial = self._client, store.ledger, store.newest + 1
        successor = Successor(part, self._older(part), client.now(), client.is_final)
        part.windows[0]["changes"].update(successor.changes)
        if not alone:  # another process may be writing the ledger at this moment
            store.put(successor.alone(), fetched_at, serial)
            return
        ledger.settle(serial - 1)
        entries = successor.entries(serial)
        pending = None if entries is None else ledger.add(self._as_chosen(entries))
        store.put(successor.part(entries), fetched_at, serial)
        if pending is not None:
            ledger.commit(pending)

    def _as_chosen(self, entries: pa.Table) -> pa.Table:
        """Return entries as strict with personal values as the account's ledger is."""
        try:
            chosen = as_chosen(self._client)
        except CacheError:  # another client has chosen tokens meanwhile, and this one has no key
            return Strictness("fields-only").of(entries)
        note(self._client, chosen)
        return chosen.of(entries)

    def _older(self, part: Part) -> list[Part]:
        """Return the readings that a window replaces, as far as they can be compared with it."""
        latest = self._store.latest()
        older = {
            day: latest[day]
            for day in part.days
            if day in latest and latest[day].schema_version == SCHEMA_VERSION
        }
        try:
            return [segment.read(days, WHOLE) for segment, days in groups(older)]
        except StoreError:
            return []

    def tidy(self, days: Sequence[date], read: Mapping[date, Segment]) -> None:
        """Do what can wait until a load has its calls: put files together, and keep to the cache's limit.

        Parameters
        ----------
        days
            The days of the load.
        read
            Those of them that it read from files, with these; the others came from the server. What is put
            together is in proportion to it, so that no load waits for long.
        """
        store, cache = self._store, self._client.cache
        most = max(
            _QUICKLY_WRITTEN, sum(file_size(each.path) for each in set(read.values())) // _PART_OF_READ
        )
        with contextlib.suppress(OSError, StoreError):  # a convenience: the segments are still there
            # Not after a load from the server alone, which needs its time and memory; the next load does it.
            if read and store.compact(self._is_final, least=_COMPACT_FROM, most_bytes=most):
                cache.pages.forget(store.sweep())
            if self._client.ledger_days is not None:
                store.ledger.prune(micros(self._client.now() - timedelta(days=self._client.ledger_days)))
            store.ledger.compact()
        latest = store.latest()
        needed = {latest[day].path for day in days if day in latest}
        cache.tidy(needed, online=len(read) < len(days))

    def _is_final(self, segment: Segment, day: date) -> bool:
        return self._client.is_final(segment.fetched_at, day)

    def _of_this_version(self, chosen: dict[date, Segment]) -> dict[date, Segment]:
        """Rebuild segments of another schema version from their pages, without the server."""
        old = {segment for segment in chosen.values() if segment.schema_version != SCHEMA_VERSION}
        rebuilt = {segment: self._rebuilt(segment) for segment in old}
        current = {day: rebuilt.get(segment, segment) for day, segment in chosen.items()}
        return {day: segment for day, segment in current.items() if segment is not None}

    def _rebuilt(self, segment: Segment) -> Segment | None:
        """Return None where the pages are not all there as they were."""
        try:
            meta = segment.meta()
            whole = Part.concat([self._from_pages(window) for window in meta["windows"]])
            whole = _with_history(replace(whole, serials=meta["serials"]), segment)
            new = self._client.cache.prepared(self._store).write(whole, segment.fetched_at, segment.serial)
        except (StoreError, OSError, LookupError):
            return None
        self._store.drop([segment])
        return new

    def _from_pages(self, window: Mapping[str, Any]) -> Part:
        if window["wide"]:  # its pages do not say which calls without a time belong to these days
            raise LookupError(window["day_from"])
        first, last = map(date.fromisoformat, window.get("read") or (window["day_from"], window["day_to"]))
        source = PageSource(self._client.profile, self._query, first, last)
        slices = []
        for key, number, size, known in pages_of(window):
            kept = self._client.cache.pages.get_response(key)
            if kept is None or checksum(kept.content) != known:
                raise LookupError(key)
            page = read_page(kept.content, self._reader)
            slices.append(source.slice_of(page, Ask(number, size), key, known))
        cut = self._query.padded
        part = part_of(WindowPages(slices), first, last, self._query.zone, dict(window), cut=cut)
        report = {"day_from": str(first), "day_to": str(last)}
        whole = replace(part, windows=[part.windows[0] | report])
        return whole.between(*map(date.fromisoformat, (window["day_from"], window["day_to"])))


def _with_history(rebuilt: Part, segment: Segment) -> Part:
    """Return calls that were typed anew with what their file says of when each was first seen.

    Where these are not the same calls in the same order, it is known of each day only how it was read last.
    """
    old = segment.read(segment.days, ["id", FIRST_SEEN])
    if old.table["id"].equals(rebuilt.table["id"]):
        table = rebuilt.table.append_column(FIRST_SEEN, old.table[FIRST_SEEN])
        return replace(rebuilt, table=table, history=old.history)
    return replace(rebuilt, history=[DayHistory(each.read, each.read, 0) for each in old.history])


def groups(chosen: Mapping[date, Segment]) -> Iterator[tuple[Segment, list[date]]]:
    """Group consecutive days of one segment."""
    group: list[date] = []
    for day in sorted(chosen):
        if group and (chosen[day] != chosen[group[0]] or day - group[-1] != DAY):
            yield chosen[group[0]], group
            group = []
        group.append(day)
    if group:
        yield chosen[group[0]], group
