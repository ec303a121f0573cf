"""The second tier of the cache: typed calls as parquet files.

Each query has a folder. A file in it, a *segment*, holds all calls of some consecutive days. Its name says
which days they are and when they were fetched, its metadata which pages it was made from. A segment appears
complete, by being renamed, and never changes; when several hold the same day, the one fetched last counts. So
processes need no lock, and a killed process leaves nothing but a temporary file.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path

from brightcall_pandas.cache._segment import Part, Segment, StoreError, pages_of, pages_text, write_segment

__all__ = ["Part", "Segment", "Store", "StoreError", "pages_of", "pages_text"]

_log = logging.getLogger("brightcall_pandas")

_ABANDONED_S = 3600  # age at which a temporary file belongs to no running process


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

    def segments(self) -> list[Segment]:
        """Return all segments, latest fetch first."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        paths = {self.folder / name for name in names} - self._unreadable
        found = [segment for path in sorted(paths) if (segment := Segment.from_path(path)) is not None]
        return sorted(found, key=lambda each: each.fetched_at, reverse=True)

    def write(self, part: Part, fetched_at: datetime) -> Segment:
        """Write a segment; see `write_segment`."""
        return write_segment(self.folder, part, fetched_at)

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
        _log.warning(message)
        warnings.warn(message, RuntimeWarning, stacklevel=4)

    def compact(self, segments: Sequence[Segment]) -> None:
        """Merge final segments that follow each other into one.

        The new segment has the latest of their fetch times: with it all of its days are still final, which
        they might not be with the earliest. Segments that share a day with another one are left alone, or an
        old version of the day could come out on top of a newer one.

        Raises
        ------
        StoreError, OSError
            A segment cannot be read, or the new one cannot be written; the old ones are still there.
        """
        pairs = combinations({*segments, *self.segments()}, 2)
        apart = set(segments).difference(*(pair for pair in pairs if _overlap(*pair)))
        for group in _adjacent(apart):
            merged = Part.concat([each.read(each.days) for each in group])
            self.write(merged, max(each.fetched_at for each in group))
            self.drop(group)

    def sweep(self) -> set[str]:
        """Delete what killed processes left behind, and segments whose days were all fetched again later.

        Returns
        -------
        set of str
            Keys of the pages from which only deleted segments were made.
        """
        newer: set[date] = set()
        pages: set[str] = set()
        kept: list[Segment] = []
        for each in self.segments():
            if newer.issuperset(each.days):
                # A process killed while compacting leaves two segments made from the same pages.
                pages |= _pages(each).difference(*(_pages(other) for other in kept if _overlap(each, other)))
                each.path.unlink(missing_ok=True)
            else:
                kept.append(each)
            newer.update(each.days)
        for path in self.folder.glob(".tmp-*"):
            try:
                if time.time() - path.stat().st_mtime > _ABANDONED_S:
                    path.unlink(missing_ok=True)
            except OSError:
                continue
        return pages


def _overlap(one: Segment, other: Segment) -> bool:
    """Tell whether two segments have a day in common."""
    return one.first <= other.last and other.first <= one.last


def _adjacent(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Return groups of two or more segments that follow each other without a gap."""
    groups: list[list[Segment]] = []
    for each in sorted(segments, key=lambda segment: segment.first):
        if groups and each.first - groups[-1][-1].last == timedelta(days=1):
            groups[-1].append(each)
        else:
            groups.append([each])
    return [group for group in groups if len(group) > 1]


def _pages(segment: Segment) -> set[str]:
    """Return the keys of the pages from which a segment was made; none when it is damaged."""
    try:
        return {
            key for window in segment.meta()["windows"] if "pages" in window for key, *_ in pages_of(window)
        }
    except StoreError:
        return set()
