"""The parts of one query that are on disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from brightcall_pandas.cache import Part, Segment, Store, StoreError, pages_of, pages_text
from brightcall_pandas.frame import SCHEMA_VERSION, AnswerReader, read_page
from brightcall_pandas.load._client import Client
from brightcall_pandas.load._pages import PageSource, WindowPages, checksum
from brightcall_pandas.load._parts import DAY, part_of
from brightcall_pandas.load._proof import Ask
from brightcall_pandas.load._query import Query

__all__ = ["CachedWindows"]

_COMPACT_FROM = 8  # segments of one load from which on they are rewritten as one


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

    def chosen(self, days: Sequence[date]) -> dict[date, Segment]:
        """Return the segment of each day that can serve it: final, young enough, or offline any."""
        wanted = set(days)
        latest: dict[date, Segment] = {}
        for segment in self._store.segments():
            for day in wanted.intersection(segment.days) - latest.keys():
                latest[day] = segment
        client = self._client
        usable = {
            day: segment
            for day, segment in latest.items()
            if client.offline or client.is_fresh(segment.fetched_at, day)
        }
        return self._of_this_version(usable)

    def read(self, chosen: dict[date, Segment], columns: Sequence[str]) -> tuple[list[Part], bool]:
        """Read days from their segments.

        Returns
        -------
        tuple of list and bool
            The parts, and whether all could be read; a damaged segment is set aside.
        """
        parts, sound = [], True
        groups = list(_groups(chosen))
        for segment, days in groups:
            try:
                part = segment.read(days, columns)
            except StoreError as error:
                sound = False
                if segment.path.exists():  # else another process has just compacted it
                    self._store.set_aside(segment, error)
                continue
            windows = [each | {"source": "cache"} for each in part.windows]
            parts.append(replace(part, windows=windows))
        if sound and len(groups) >= _COMPACT_FROM:
            self._compact([segment for segment, _ in groups])
        return parts, sound

    def keep(self, part: Part, fetched_at: datetime, read: WindowPages) -> None:
        """Write a window; a cache that cannot be written makes the next load slower, not this one fail."""
        pages = pages_text((each.key, each.ask.number, each.ask.size, each.checksum) for each in read.slices)
        kept = replace(part, windows=[part.windows[0] | {"pages": pages}])
        cache = self._client.cache
        try:
            store = cache.prepared(self._store)
            store.write(kept, fetched_at)
            cache.pages.forget(store.sweep() - {each.key for each in read.slices})
        except OSError as error:
            cache.failed(error)

    def _compact(self, segments: Sequence[Segment]) -> None:
        """Rewrite final segments that follow each other as one: many small files read slowly."""
        final = [each for each in segments if self._client.is_final(each.fetched_at, each.last)]
        with contextlib.suppress(OSError, StoreError):  # a convenience: the segments are still there
            self._store.compact(final)

    def _of_this_version(self, chosen: dict[date, Segment]) -> dict[date, Segment]:
        """Rebuild segments of another schema version from their pages, without the server."""
        old = {segment for segment in chosen.values() if segment.schema_version != SCHEMA_VERSION}
        rebuilt = {segment: self._rebuilt(segment) for segment in old}
        current = {day: rebuilt.get(segment, segment) for day, segment in chosen.items()}
        return {day: segment for day, segment in current.items() if segment is not None}

    def _rebuilt(self, segment: Segment) -> Segment | None:
        """Return None where the pages are not all there as they were."""
        try:
            whole = Part.concat([self._from_pages(window) for window in segment.meta()["windows"]])
            new = self._client.cache.prepared(self._store).write(whole, segment.fetched_at)
        except (StoreError, OSError, LookupError):
            return None
        self._store.drop([segment])
        return new

    def _from_pages(self, window: dict[str, Any]) -> Part:
        if window["wide"]:  # its pages do not say which calls without a time belong to these days
            raise LookupError(window["day_from"])
        first, last = date.fromisoformat(window["day_from"]), date.fromisoformat(window["day_to"])
        source = PageSource(self._client.profile, self._query, first, last)
        slices = []
        for key, number, size, known in pages_of(window):
            kept = self._client.cache.pages.get_response(key)
            if kept is None or checksum(kept.content) != known:
                raise LookupError(key)
            page = read_page(kept.content, self._reader)
            slices.append(source.slice_of(page, Ask(number, size), key, known))
        return part_of(WindowPages(slices), first, last, self._query.zone, window, cut=self._query.padded)


def _groups(chosen: dict[date, Segment]) -> Iterator[tuple[Segment, list[date]]]:
    """Group consecutive days of one segment."""
    group: list[date] = []
    for day in sorted(chosen):
        if group and (chosen[day] != chosen[group[0]] or day - group[-1] != DAY):
            yield chosen[group[0]], group
            group = []
        group.append(day)
    if group:
        yield chosen[group[0]], group
