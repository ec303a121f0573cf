"""From a range of days to its calls: what the cache has, what must be read, how it is cut, what is kept.

Order of operations of `Loading.parts`:

1. of each day, the segment that was fetched last is taken when it is final, fresh enough, or offline;
2. consecutive days that are left form runs; the first page of a run tells how many calls it has, and so
   into how many windows it is cut: a sparse run is read as one, a busy one day by day;
3. windows are read at once, each is proved complete (`api.pages`), typed, and written as a segment;
4. parts come back in order of days, from memory or from segments.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import warnings
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from brightcall_pandas.answer import read_page
from brightcall_pandas.api.coverage import Ask, Slice, cover
from brightcall_pandas.api.pages import Read, read_window
from brightcall_pandas.api.reader import Source, days_text, slice_of
from brightcall_pandas.api.workers import Workers
from brightcall_pandas.client import Client
from brightcall_pandas.errors import IncompleteDataError, OfflineError, RequestError
from brightcall_pandas.filters import CallFilter, midnight
from brightcall_pandas.frame import Typed, typed_pages
from brightcall_pandas.progress import Progress
from brightcall_pandas.schema import SCHEMA_VERSION
from brightcall_pandas.store import Segment, Store, StoreError

__all__ = ["Loading", "Part"]

_PAGES_A_WINDOW = (
    8  # a run is cut so that a window has about this many pages, but is never shorter than a day
)
_SAFE_PAGE_SIZE = 100  # the API's documented default, asked for where a larger page is refused
_COMPACT_FROM = 8  # segments of one load from which on they are rewritten as one
_TRIES = 5  # readings of the cache, in case files vanish or prove damaged while it is read
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Part:
    """The calls of some consecutive days, ordered by time.

    Parameters
    ----------
    first
        First day.
    rows
        Number of calls of each day.
    table
        The calls, typed.
    windows
        Report of each window.
    """

    first: date
    rows: list[int]
    table: pa.Table
    windows: list[dict[str, Any]]

    @property
    def days(self) -> list[date]:
        """The days."""
        return [self.first + n * _DAY for n in range(len(self.rows))]


@dataclass
class Loading:
    """One load.

    Parameters
    ----------
    client
        Whom to ask.
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
    """

    client: Client
    spec: CallFilter
    columns: Sequence[str]
    refresh: bool = False
    strict: bool = True
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        first, last = date.fromisoformat(self.spec.day_from), date.fromisoformat(self.spec.day_to)
        self._days = [first + n * _DAY for n in range((last - first).days + 1)]
        self._sent_zone: str | None = self.spec.timezone or self.client.timezone
        self._known_zone = self._sent_zone or self.client.cache.account.timezone
        self._body = request_body(self.spec, self._sent_zone)
        self._said_bounds = threading.Lock()

    @property
    def zone(self) -> str:
        """Zone in which days begin: the one asked for, or else the one that the answers name."""
        return self._known_zone or "UTC"

    def parts(self) -> Iterator[Part]:
        """Return the calls in order of days."""
        self._learn_zone()
        have: dict[date, Part] = {}
        for _ in range(_TRIES):
            chosen = self._chosen([day for day in self._days if day not in have])
            missing = [day for day in self._days if day not in have and day not in chosen]
            for part in self._fetched(missing) if missing else ():
                have.update(dict.fromkeys(part.days, part))
            if self._read_cached(chosen, have):
                break
        else:
            msg = f"the cache {self._store.folder} changes faster than it can be read; try again"
            raise IncompleteDataError(msg)
        yield from _in_order(have, self._days)

    # The cache.

    @property
    def _store(self) -> Store:
        identity = [self.client.profile.name, self.zone, self._without_days()]
        query = hashlib.sha256(msgspec.json.encode(identity, order="sorted")).hexdigest()[:24]
        return self.client.cache.store(query)

    def _without_days(self) -> dict[str, Any]:
        return {name: value for name, value in self._body.items() if name not in ("dayFrom", "dayTo")}

    def _chosen(self, days: Sequence[date]) -> dict[date, Segment]:
        """Return the segment of each day that the cache can serve."""
        if self.refresh:
            return {}
        wanted = set(days)
        chosen: dict[date, Segment] = {}
        for segment in self._store.segments():
            for day in wanted.intersection(segment.days) - chosen.keys():
                chosen[day] = segment
        usable = {
            day: segment
            for day, segment in chosen.items()
            if self.client.offline or self.client.is_fresh(segment.fetched_at, day)
        }
        return self._of_this_version(usable)

    def _of_this_version(self, chosen: dict[date, Segment]) -> dict[date, Segment]:
        """Rebuild segments of another schema version from their pages, without the server."""
        old = {segment for segment in chosen.values() if segment.schema_version != SCHEMA_VERSION}
        rebuilt = {segment: self._rebuilt(segment) for segment in old}
        current = {day: rebuilt.get(segment, segment) for day, segment in chosen.items()}
        return {day: segment for day, segment in current.items() if segment is not None}

    def _rebuilt(self, segment: Segment) -> Segment | None:
        """Return None where the pages are not all there as they were."""
        try:
            windows = segment.meta()["windows"]
            parts = [self._from_pages(window) for window in windows]
            tables = pa.concat_tables([part.table for part in parts])
            rows = [row for part in parts for row in part.rows]
            store = self.client.cache.prepared(self._store)
            new = store.write(tables, parts[0].first, rows, segment.fetched_at, windows)
        except (StoreError, OSError, LookupError):
            return None
        self._store.drop([segment])
        return new

    def _from_pages(self, window: dict[str, Any]) -> Part:
        pages = self.client.cache.pages
        slices = []
        for key, number, size, checksum in window["pages"]:
            kept = pages.get_response(key)
            if kept is None or zlib.crc32(kept.content) != checksum:
                raise LookupError(key)
            slices.append(slice_of(read_page(kept.content), Ask(number, size), key, self.zone))
        first, last = date.fromisoformat(window["day_from"]), date.fromisoformat(window["day_to"])
        return self._part(Read(slices), first, last, window)[0]

    def _read_cached(self, chosen: dict[date, Segment], have: dict[date, Part]) -> bool:
        """Read segments into `have`; False when one was damaged or gone."""
        sound = True
        groups = list(_groups(chosen))
        for segment, days in groups:
            try:
                table = segment.read(days, self.columns)
                meta = segment.meta()
            except StoreError as error:
                sound = False
                if segment.path.exists():
                    self._store.set_aside(segment, error)
                continue
            begin = (days[0] - segment.first).days
            windows = [
                each | {"source": "cache"}
                for each in meta["windows"]
                if each["day_from"] <= str(days[-1]) and str(days[0]) <= each["day_to"]
            ]
            part = Part(days[0], meta["rows"][begin : begin + len(days)], table, windows)
            have.update(dict.fromkeys(days, part))
        if sound and len(groups) >= _COMPACT_FROM:
            self._compact([segment for segment, _ in groups])
        return sound

    def _compact(self, segments: Sequence[Segment]) -> None:
        """Rewrite final segments that follow each other as one: many small files read slowly."""
        final = [each for each in segments if self.client.is_final(each.fetched_at, each.last)]
        with contextlib.suppress(OSError, StoreError):  # a convenience: the segments are still there
            self._store.compact(final)

    # The server.

    def _learn_zone(self) -> None:
        if self._known_zone is not None:
            return
        if self.client.offline:
            msg = (
                "offline=True, and the cache does not know this account's timezone: give bc.Client timezone="
            )
            raise OfflineError(msg)
        with _working(1) as workers:
            (first,) = self._source(workers, self._days[0], self._days[-1]).fetch([Ask(1, 2)])
        self._note_zone(first)

    def _note_zone(self, first: Slice) -> None:
        """Remember the zone that an answer names, so that the next load need not ask."""
        zone = first.page.timezone
        if self._known_zone is None:
            self._known_zone = zone if zone is not None and is_zone(zone) else "UTC"
            self.client.cache.learn(timezone=self._known_zone)

    def _source(self, workers: Workers, first: date, last: date) -> Source:
        return Source(
            session=self.client.session,
            profile=self.client.profile,
            workers=workers,
            body=self._body | {"dayFrom": str(first), "dayTo": str(last)},
            zone=self.zone,
            seen=self.progress.saw,
        )

    def _fetched(self, days: Sequence[date]) -> list[Part]:
        """Read days from the server; each window is in the cache when this returns, or the load fails."""
        if self.client.offline:
            runs = ", ".join(f"{run[0]} to {run[-1]}" for run in _runs(days))
            msg = (
                f"the cache lacks {runs}, and offline=True forbids to ask the server. Load them once online."
            )
            raise OfflineError(msg)
        with _working(self.client.workers) as fetchers, _working(self.client.workers) as coordinators:
            planned = [coordinators.submit(partial(self._windows, fetchers, run)) for run in _runs(days)]
            read = [
                coordinators.submit(partial(self._window, fetchers, *window))
                for plan in planned
                for window in plan.result()
            ]
            return [each.result() for each in read]

    def _windows(self, workers: Workers, run: Sequence[date]) -> list[tuple[date, date, Slice | None]]:
        """Cut a run into windows; the first page goes along when it belongs to the only one."""
        if len(run) == 1 or self._padding():
            # With other bounds each window costs two days more: then the run stays whole.
            return [(run[0], run[-1], None)]
        source = self._source(workers, run[0], run[-1])
        limit = self._limit()
        try:
            (first,) = source.fetch([Ask(1, limit)])
        except RequestError:
            return [(run[0], run[-1], None)]  # the window's own reading deals with refused page sizes
        total = first.total if first.total is not None else source.count()
        if total is None or total <= _PAGES_A_WINDOW * limit or cover([first]).ended:
            return [(run[0], run[-1], first)]
        length = max(1, round(_PAGES_A_WINDOW * limit * len(run) / total))
        self.progress.expect(total)
        return [
            (part[0], part[-1], None) for part in (run[n : n + length] for n in range(0, len(run), length))
        ]

    def _window(self, workers: Workers, first: date, last: date, page: Slice | None) -> Part:
        began = datetime.now(UTC)
        pad = self._padding()
        source = self._source(workers, first - pad, last + pad)
        read = self._read(source, page)
        report: dict[str, Any] = {
            "day_from": str(first),
            "day_to": str(last),
            "expected": read.expected if not pad else None,
            "requests": len(read.slices),
            "source": "network",
            "fetched_at": began.isoformat(timespec="seconds"),
            "walks": read.walks,
            "duplicates": read.duplicates,
            "complete": read.complete,
            "proof": read.proof,
        }
        part, outside = self._part(read, first, last, report)
        if outside and not pad:
            self._say_bounds(source)
            return self._window(workers, first, last, None)
        if not read.complete:
            self._incomplete(source, read)
            return part
        self._keep(part, began, read)
        return part

    def _read(self, source: Source, page: Slice | None) -> Read:
        limit = self._limit()
        try:
            return read_window(source.fetch, limit, page, source.count())
        except RequestError:
            if limit <= _SAFE_PAGE_SIZE:
                raise
            read = read_window(source.fetch, _SAFE_PAGE_SIZE, None, source.count())
            self.client.cache.learn(page_cap=_SAFE_PAGE_SIZE)  # so it was the size that was refused
            return read

    def _part(self, read: Read, first: date, last: date, report: dict[str, Any]) -> tuple[Part, int]:
        """Type the rows of a window that lie in its days; also return how many do not."""
        positions, stamps = read.latest_rows()
        edges = np.array(
            [_micros(midnight(str(first), self.zone, n)) for n in range((last - first).days + 2)]
        )
        unknown = stamps == np.iinfo(np.int64).min
        inside = unknown | ((stamps >= edges[0]) & (stamps < edges[-1]))
        zone = next((each.page.timezone for each in read.slices if each.page.timezone), None) or self.zone
        typed: Typed = typed_pages([each.page for each in read.slices], zone, positions[inside])
        # A call whose time cannot be read counts to the window's first day.
        day = np.where(unknown, 0, np.searchsorted(edges, stamps, side="right") - 1)[inside]
        rows = np.bincount(day, minlength=len(edges) - 1).tolist()
        whole = report | {"rows": int(inside.sum()), "misfits": typed.report()}
        return Part(first, rows, typed.table, [whole]), int((~inside).sum())

    def _keep(self, part: Part, fetched_at: datetime, read: Read) -> None:
        """Write a window; a cache that cannot be written makes the next load slower, not this one fail."""
        pages = [
            (each.key, each.ask.number, each.ask.size, zlib.crc32(each.page.body or b""))
            for each in read.slices
        ]
        windows = [part.windows[0] | {"pages": pages}]
        try:
            store = self.client.cache.prepared(self._store)
            store.write(part.table, part.first, part.rows, fetched_at, windows)
            self.client.cache.pages.forget(store.sweep() - {key for key, *_ in pages})
        except OSError as error:
            self.client.cache.failed(error)

    def _incomplete(self, source: Source, read: Read) -> None:
        msg = (
            f"calls {days_text(source.body)} are not proved complete: {read.problem}. "
            "Try again, ask for fewer days, or take them as they are with on_incomplete='warn'."
        )
        if self.strict:
            raise IncompleteDataError(msg)
        warnings.warn(msg, RuntimeWarning, stacklevel=2)

    def _padding(self) -> timedelta:
        return _DAY if self.client.cache.account.other_bounds else timedelta(0)

    def _say_bounds(self, source: Source) -> None:
        with self._said_bounds:
            if self.client.cache.account.other_bounds:
                return
            self.client.cache.learn(other_bounds=True)
            warnings.warn(
                f"the server's calls {days_text(source.body)} reach beyond these days in {self.zone}: it "
                "begins days in another timezone. From now on a day more is read at both ends and cut off.",
                RuntimeWarning,
                stacklevel=2,
            )

    def _limit(self) -> int:
        return min(self.client.page_size, self.client.cache.account.page_cap or self.client.page_size)


def request_body(spec: CallFilter, zone: str | None) -> dict[str, Any]:
    """Return the body that a specification sends, with what clients in the wild always send."""
    filled = spec.replace(
        timezone=zone,
        all_users=True if spec.all_users is None else spec.all_users,
        date_interval=spec.date_interval or "day",
    )
    return filled.to_request()


def is_zone(name: str) -> bool:
    """Tell whether a timezone's name is known here."""
    try:
        CallFilter(timezone=name)
    except ValueError:
        return False
    return True


class _working(Workers):  # noqa: N801  (used as a function)
    """Workers that are closed at the end of a ``with`` block, whatever ended it."""

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _micros(stamp: pd.Timestamp) -> int:
    return round(float(stamp.timestamp()) * 1e6)


def _runs(days: Sequence[date]) -> list[list[date]]:
    """Group consecutive days."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == _DAY:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _groups(chosen: dict[date, Segment]) -> Iterator[tuple[Segment, list[date]]]:
    """Group consecutive days of one segment."""
    group: list[date] = []
    for day in sorted(chosen):
        if group and (chosen[day] != chosen[group[0]] or day - group[-1] != _DAY):
            yield chosen[group[0]], group
            group = []
        group.append(day)
    if group:
        yield chosen[group[0]], group


def _in_order(have: dict[date, Part], days: Sequence[date]) -> Iterator[Part]:
    """Return each part once, in order of days."""
    last: Part | None = None
    for day in days:
        if (part := have[day]) is not last:
            yield part
            last = part
