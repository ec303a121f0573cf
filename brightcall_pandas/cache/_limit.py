"""The bound on what an account's folder may take: what is not needed goes, the oldest unused first."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from brightcall_pandas.cache._answers import PageCache
from brightcall_pandas.cache._files import file_size, read_file, write_private
from brightcall_pandas.cache._segment import Segment
from brightcall_pandas.cache._store import Store

__all__ = ["Dropped", "last_dropped", "note", "size_of", "touch", "trim"]

_ROOM = 0.9  # of the limit is used once something had to go, or something would have to go at every load
_ROUNDS = 3  # of dropping and measuring: how large an answer is in the page cache is only known on average


class Dropped(msgspec.Struct, frozen=True):
    """What was dropped last, since the limit was reached.

    Parameters
    ----------
    at
        When, UTC.
    files
        Number of files of typed calls.
    first_day, last_day
        The days that they held; None without any.
    pages
        Number of answers.
    """

    at: datetime
    files: int
    first_day: str | None
    last_day: str | None
    pages: int


def size_of(folder: Path) -> int:
    """Return the bytes that all files below a folder take."""
    return sum(file_size(Path(path, name)) for path, _, names in os.walk(folder) for name in names)


def touch(segments: Iterable[Segment]) -> None:
    """Note that segments are used now."""
    for each in segments:
        with contextlib.suppress(OSError):  # a folder may be readable only
            os.utime(each.path)


def last_dropped(file: Path) -> Dropped | None:
    """Return what was dropped last; None where nothing was, or nobody knows."""
    try:
        return msgspec.json.decode(read_file(file), type=Dropped)
    except (OSError, msgspec.DecodeError):
        return None


def trim(
    folder: Path, limit: int, stores: Collection[Store], pages: PageCache | None, needed: Collection[Path]
) -> Dropped | None:
    """Drop what is not needed until a folder takes no more than its limit.

    Files that were set aside go first, then answers from which no typed calls are made, then segments with
    their answers, those first that were not used for longest. What is needed stays, even above the limit.

    Parameters
    ----------
    folder
        The account's folder.
    limit
        Bytes that it may take.
    stores
        The second tier.
    pages
        The first tier; None where there is none.
    needed
        Segments of the present load.

    Returns
    -------
    Dropped
        What was dropped; None when nothing was.
    """
    if size_of(folder) <= limit:
        return None
    for damaged in (*folder.glob("windows/*/*.damaged"), *folder.glob("pages.sqlite.damaged-*")):
        damaged.unlink(missing_ok=True)
    segments = [segment for store in stores for segment in store.segments()]
    used = {segment: segment.page_keys() for segment in segments}
    loose = set(pages.all_keys() if pages else ()).difference(*used.values())
    going = sorted((each for each in segments if each.path not in needed), key=_last_used)
    gone: list[Segment] = []
    forgotten: set[str] = set()
    for _ in range(_ROUNDS):
        _forget(pages, loose)
        forgotten |= loose
        loose = set()
        excess = size_of(folder) - _ROOM * limit
        if excess <= 0 or not going:
            break
        average = _average(folder, pages)
        while going and excess > 0:
            segment = going.pop(0)
            # What another segment is made of as well stays.
            mine = used.pop(segment).difference(*used.values())
            excess -= file_size(segment.path) + average * len(mine)
            with contextlib.suppress(OSError):
                segment.path.unlink(missing_ok=True)
            gone.append(segment)
            loose |= mine
    if loose:
        _forget(pages, loose)
        forgotten |= loose
    return _noted(gone, forgotten) if gone or forgotten else None


def note(file: Path, dropped: Dropped) -> None:
    """Write what was dropped, for `last_dropped`."""
    with contextlib.suppress(OSError):
        write_private(file, msgspec.json.encode(dropped))


def _noted(gone: Collection[Segment], forgotten: Collection[str]) -> Dropped:
    first = min((str(each.first) for each in gone), default=None)
    last = max((str(each.last) for each in gone), default=None)
    return Dropped(datetime.now(UTC), len(gone), first, last, len(forgotten))


def _forget(pages: PageCache | None, keys: Collection[str]) -> None:
    if pages is not None and keys:
        pages.forget(keys)
        pages.shrink()


def _average(folder: Path, pages: PageCache | None) -> float:
    """Return the bytes that an answer takes on average."""
    number = len(pages.all_keys()) if pages else 0
    return sum(map(file_size, folder.glob("pages.sqlite*"))) / number if number else 0.0


def _last_used(segment: Segment) -> float:
    """Return when a segment was used last; never, where the clock was ahead."""
    try:
        used = segment.path.stat().st_mtime
    except OSError:
        return 0.0
    return used if used <= time.time() else 0.0
