"""The second tier of the cache: typed windows as parquet files.

A query has a folder; a file in it, a *segment*, holds all calls of some consecutive days. Its name says
which days and when they were fetched, its metadata which pages it was made of. A segment appears whole, by
rename, and is never changed; where several hold a day, the one fetched last counts. So processes need no
lock, and killing one leaves nothing but a temporary file.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path

from brightcall_pandas.cache._segment import Part, Segment, StoreError, pages_of, pages_text, write_segment

__all__ = ["Part", "Segment", "Store", "StoreError", "pages_of", "pages_text"]

_ABANDONED_S = 3600


class Store:
    """The segments of one query.

    Parameters
    ----------
    folder
        The query's folder; made when something is written.
    unreadable
        Damaged files that could not be set aside, and so are passed over; added to here.
    """

    def __init__(self, folder: Path, unreadable: set[Path] | None = None) -> None:
        self.folder = folder
        self._unreadable = set() if unreadable is None else unreadable

    def segments(self) -> list[Segment]:
        """Return every segment, the one fetched last first."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        paths = {self.folder / name for name in names} - self._unreadable
        found = [segment for path in sorted(paths) if (segment := Segment.of(path)) is not None]
        return sorted(found, key=lambda each: each.fetched_at, reverse=True)

    def write(self, part: Part, fetched_at: datetime) -> Segment:
        """Write a segment; see `write_segment`."""
        return write_segment(self.folder, part, fetched_at)

    def drop(self, segments: Iterable[Segment]) -> None:
        """Delete segments."""
        for each in segments:
            each.path.unlink(missing_ok=True)

    def set_aside(self, segment: Segment, reason: object) -> None:
        """Rename a damaged segment so that it is not read again, and say so."""
        aside = segment.path.with_suffix(".damaged")
        try:
            segment.path.rename(aside)
        except FileNotFoundError:
            return  # another process did it
        except OSError as error:
            self._unreadable.add(segment.path)
            done = f"{segment.path.name} cannot be set aside ({error}), so it is passed over"
        else:
            done = f"the file was set aside as {aside.name}"
        warnings.warn(
            f"the cached calls {segment.first} to {segment.last} are damaged ({reason}); "
            f"{done}, and its days are read again",
            RuntimeWarning,
            stacklevel=4,
        )

    def compact(self, segments: Sequence[Segment]) -> None:
        """Rewrite final segments that follow each other as one.

        It gets the latest of their times: for all of its days that is late enough to be final, which the
        earliest would not be. Segments that share a day with another one are left alone, so that no day
        changes place with a later reading of itself.

        Raises
        ------
        StoreError, OSError
            One cannot be read, or the new one not written; the old ones are still there.
        """
        pairs = combinations({*segments, *self.segments()}, 2)
        alone = set(segments).difference(*(pair for pair in pairs if _share(*pair)))
        for group in _adjacent(alone):
            whole = Part.joined([each.read(each.days) for each in group])
            self.write(whole, max(each.fetched_at for each in group))
            self.drop(group)

    def sweep(self) -> set[str]:
        """Delete what killed processes left, and segments of which every day was fetched again later.

        Returns
        -------
        set of str
            Keys of the pages that only the deleted segments were made of.
        """
        newer: set[date] = set()
        pages: set[str] = set()
        kept: list[Segment] = []
        for each in self.segments():
            if newer.issuperset(each.days):
                # Killed while compacting, a process leaves segments made of the same pages.
                pages |= _pages(each).difference(*(_pages(other) for other in kept if _share(each, other)))
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


def _share(one: Segment, other: Segment) -> bool:
    """Tell whether two segments hold the same day."""
    return one.first <= other.last and other.first <= one.last


def _adjacent(segments: Iterable[Segment]) -> list[list[Segment]]:
    groups: list[list[Segment]] = []
    for each in sorted(segments, key=lambda segment: segment.first):
        if groups and each.first - groups[-1][-1].last == timedelta(days=1):
            groups[-1].append(each)
        else:
            groups.append([each])
    return [group for group in groups if len(group) > 1]


def _pages(segment: Segment) -> set[str]:
    try:
        return {
            key for window in segment.meta()["windows"] if "pages" in window for key, *_ in pages_of(window)
        }
    except StoreError:
        return set()
