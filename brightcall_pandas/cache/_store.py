"""The second tier of the cache: typed calls as parquet files.

Each query has a folder. A file in it, a *segment*, holds all calls of some consecutive days. Its name says
which days they are, when they were fetched, and the number of that reading, its *serial*: one more than any
serial in the folder before. When several segments hold the same day, the one with the highest serial counts,
whatever the clock said. A segment appears complete, by being renamed, and never changes. So readers need no
lock; a file that vanishes under a reader was replaced by another one. Writers hold a lock while they choose a
serial or replace segments; a killed process leaves nothing but a temporary file.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from brightcall_pandas.cache._files import exclusive
from brightcall_pandas.cache._ledger import Ledger
from brightcall_pandas.cache._part import Part
from brightcall_pandas.cache._segment import WHOLE, Segment, new_segment
from brightcall_pandas.errors import visible
from brightcall_pandas.frame import SCHEMA_VERSION

__all__ = ["Store"]

_log = logging.getLogger("brightcall_pandas")

_ABANDONED_S = 3600  # age at which a temporary file belongs to no running process
_DAY = timedelta(days=1)


class Store:
    """The segments of one query.

    Parameters
    ----------
    folder
        The query's folder.
    unreadable
        Damaged files that could not be set aside and are skipped; `set_aside` adds to it.
    """

    def __init__(self, folder: Path, unreadable: set[Path] | None = None) -> None:
        self.folder = folder
        self._unreadable = set() if unreadable is None else unreadable

    @property
    def ledger(self) -> Ledger:
        """What later readings of the query's days saw."""
        return Ledger(self.folder.parent.parent / "ledger" / self.folder.name)

    def segments(self) -> list[Segment]:
        """Return all segments, the latest reading first."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        paths = {self.folder / name for name in names} - self._unreadable
        found = [segment for path in paths if (segment := Segment.from_path(path)) is not None]
        return sorted(found, key=lambda each: each.rank, reverse=True)

    def latest(self) -> dict[date, Segment]:
        """Return for each day the segment that was read last."""
        latest: dict[date, Segment] = {}
        for segment in self.segments():
            for day in segment.days:
                latest.setdefault(day, segment)
        return latest

    def write(self, part: Part, fetched_at: datetime, serial: int | None = None) -> Segment:
        """Write a segment.

        Parameters
        ----------
        part
            The calls.
        fetched_at
            When the oldest page was fetched.
        serial
            Number of the reading, where the calls were read before; None takes the next one.

        Raises
        ------
        OSError
            The folder cannot be written; nothing is left behind.
        """
        with new_segment(self.folder, part) as new, exclusive(self.folder):
            return new.named(fetched_at, self.newest + 1 if serial is None else serial)

    def put(self, part: Part, fetched_at: datetime, serial: int) -> Segment:
        """Write a segment as `write` does, for one who holds the folder's lock (`exclusive`)."""
        with new_segment(self.folder, part) as new:
            return new.named(fetched_at, serial)

    @property
    def newest(self) -> int:
        """The highest serial of any reading; 0 without any."""
        return max((each.serial for each in self.segments()), default=0)

    def drop(self, segments: Iterable[Segment]) -> None:
        """Delete segments."""
        for each in segments:
            each.path.unlink(missing_ok=True)

    def set_aside(self, segment: Segment, reason: object) -> None:
        """Rename a damaged segment so that it is not read again, and warn."""
        aside = segment.path.with_suffix(".damaged")
        try:
            segment.path.rename(aside)
        except FileNotFoundError:
            return  # another process did it
        except OSError as error:
            self._unreadable.add(segment.path)
            done = f"{segment.path.name} cannot be set aside ({error}), so it is skipped"
        else:
            done = f"the file was set aside as {aside.name}"
        message = (
            f"the cached calls from {segment.first} to {segment.last} are damaged ({reason}); "
            f"{done}, and its days are read again"
        )
        _log.warning(visible(message))
        warnings.warn(message, RuntimeWarning, stacklevel=4)

    def doubt_future(self, now: datetime) -> None:
        """Take the date from segments that were read while the clock was ahead."""
        for each in self.segments():
            if each.fetched_at > now:
                each.undated()

    def compact(
        self, is_final: Callable[[Segment, date], bool], *, least: int = 2, most_bytes: float = float("inf")
    ) -> bool:
        """Merge what is final and scattered over several segments.

        Of each segment only the days count that no later reading has. A merged segment has the latest of
        their fetch times and the highest of their serials: with it all of its days are still final. A
        segment that is larger than all others beside it stays as it is, so that no call is written again
        and again.

        Parameters
        ----------
        is_final
            Tells whether a day could no longer change when a segment was fetched.
        least
            Pieces that must follow each other before they are merged.
        most_bytes
            Size of what is rewritten at most, so that it does not take long.

        Returns
        -------
        bool
            Whether anything was merged; `sweep` then deletes what it was merged from.

        Raises
        ------
        StoreError, OSError
            A segment cannot be read, or a new one cannot be written; the old ones are still there.
        """
        runs = [run for run in _runs(self._final_pieces(is_final)) if len(run) >= least]
        groups = [group for run in runs for group in _worth_merging(run, most_bytes)]
        return [self._merge(group) for group in groups].count(True) > 0

    def _final_pieces(self, is_final: Callable[[Segment, date], bool]) -> list[_Piece]:
        """Return the days of segments that will not be read again, of each consecutive ones, in order."""
        latest = self.latest()
        open_ = {segment for day, segment in latest.items() if not is_final(segment, day)}
        pieces: list[_Piece] = []
        for day in sorted(latest):
            segment = latest[day]
            if segment in open_ or segment.schema_version != SCHEMA_VERSION:
                continue
            if pieces and pieces[-1].segment == segment and day - pieces[-1].days[-1] == _DAY:
                pieces[-1].days.append(day)
            else:
                pieces.append(_Piece(segment, [day]))
        return pieces

    def _merge(self, pieces: Sequence[_Piece]) -> bool:
        part = Part.concat([each.segment.read(each.days, WHOLE) for each in pieces])
        with new_segment(self.folder, part) as new, exclusive(self.folder) as alone:
            latest = self.latest()
            unchanged = all(latest.get(day) == each.segment for each in pieces for day in each.days)
            if alone and unchanged:
                new.named(
                    max(each.segment.fetched_at for each in pieces),
                    max(each.segment.serial for each in pieces),
                )
        return alone and unchanged

    def sweep(self) -> set[str]:
        """Delete what killed processes left behind, and segments whose days were all read again later.

        Returns
        -------
        set of str
            Keys of the pages from which only deleted segments were made.
        """
        newer: set[date] = set()
        kept: list[Segment] = []
        gone: list[Segment] = []
        with exclusive(self.folder) as alone:
            for each in self.segments() if alone else ():
                (gone if newer.issuperset(each.days) else kept).append(each)
                newer.update(each.days)
            # What others are made of stays, as when segments were merged.
            pages = {key for each in gone for key in each.page_keys()}
            if pages:
                pages.difference_update(*(each.page_keys() for each in kept if _shares_days(each, gone)))
            self.drop(gone)
        for path in self.folder.glob(".tmp-*"):
            try:
                if time.time() - path.stat().st_mtime > _ABANDONED_S:
                    path.unlink(missing_ok=True)
            except OSError:
                continue
        return pages if gone else set()


@dataclass
class _Piece:
    """Consecutive days of a segment that no later reading has."""

    segment: Segment
    days: list[date]

    @property
    def size(self) -> float:
        """Bytes that it takes, roughly: of a file that holds other days as well, its part."""
        return self.segment.path.stat().st_size * len(self.days) / len(self.segment.days)


def _runs(pieces: Iterable[_Piece]) -> list[list[_Piece]]:
    """Group pieces that follow each other without a gap."""
    runs: list[list[_Piece]] = []
    for each in pieces:
        if runs and each.days[0] - runs[-1][-1].days[-1] == _DAY:
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def _worth_merging(run: Sequence[_Piece], most_bytes: float) -> Iterator[Sequence[_Piece]]:
    """Return neighbours that are to be one segment: all, or those on either side of the largest."""
    sizes = [each.size for each in run]
    largest = sizes.index(max(sizes))
    whole = len(run[largest].days) == len(run[largest].segment.days)
    alone = whole and 2 * sizes[largest] > sum(sizes)
    for begin, end in ((0, largest), (largest + 1, len(run))) if alone else ((0, len(run)),):
        group = _most_within(run[begin:end], sizes[begin:end], most_bytes)
        if len(group) > 1:
            yield group


def _most_within(pieces: Sequence[_Piece], sizes: Sequence[float], most_bytes: float) -> Sequence[_Piece]:
    """Return the greatest number of neighbours that together are no larger."""
    best, begin, total = (0, 0), 0, 0.0
    for end, size in enumerate(sizes, 1):
        total += size
        while total > most_bytes:
            total -= sizes[begin]
            begin += 1
        best = max(best, (begin, end), key=lambda span: span[1] - span[0])
    return pieces[slice(*best)]


def _shares_days(segment: Segment, others: Iterable[Segment]) -> bool:
    return any(segment.first <= each.last and each.first <= segment.last for each in others)
