"""The first tier of the cache: the server's answers as they came, in one SQLite file an account.

The storage is requests-cache's. Three things are ours: what an entry holds (`entry`: the body and little
else, with a checksum, never a pickle), a bound on waiting for a lock that another process holds, and that a
cache in trouble makes a load slower but never makes it fail.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from requests_cache.backends.base import BaseCache
from requests_cache.backends.sqlite import SQLiteDict
from requests_cache.models.response import CachedResponse

from brightcall_pandas.cache._entry import cache_key, read_entry
from brightcall_pandas.cache._files import private_file, private_folder

__all__ = ["PageCache"]

T = TypeVar("T")

_LOCK_DEADLINE_S = 5.0
_REST_S = 60.0  # how long a cache in trouble is left alone
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_OUTWARD = (
    *_BUSY,
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM),
    *(sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT),
)
"""What goes wrong around a database file that is sound in itself."""


class _Pages(SQLiteDict):
    """requests-cache's SQLite table, in our form, with an end to waiting for a lock, and to its use."""

    def __init__(self, path: Path) -> None:
        self.retired = False
        super().__init__(path, table_name="responses", serializer=None, wal=True, timeout=0.1)

    @contextmanager
    def connection(self, commit: bool = False) -> Iterator[sqlite3.Connection]:
        """Use the connection alone: another thread may find the file damaged, and close it."""
        with self._lock:
            if self.retired:  # requests-cache would open whatever has the file's name by now
                raise sqlite3.ProgrammingError("the file was set aside")
            with super().connection(commit) as connection:
                yield connection

    def retire(self) -> None:
        """Close for good, once no other thread is at it."""
        with self._lock:
            self.retired = True
            self.close()  # type: ignore[no-untyped-call]

    def serialize(self, value: Any) -> bytes:
        written: bytes = value  # by `entry`, before the lock was taken
        return written

    def deserialize(self, key: str, value: object) -> CachedResponse | None:
        response = read_entry(value)
        # A flipped bit in an index leads to another entry, sound in itself.
        if response is None or cache_key(response.request) != key:
            _warn(f"an answer in the page cache {self.db_path} is damaged; it is fetched again when needed")
            return None
        return response

    def keep(self, entries: Mapping[str, bytes]) -> None:
        with self.connection(commit=True):
            self.update(entries)

    def shrink(self) -> None:
        """Leave nothing of deleted answers in the file, nor in the log beside it."""
        with self.connection() as connection:
            connection.execute(f"PRAGMA busy_timeout = {_LOCK_DEADLINE_S * 1000:.0f}")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _acquire_sqlite_lock(self) -> Iterator[None]:
        deadline = time.monotonic() + _LOCK_DEADLINE_S
        assert self._connection is not None  # requests-cache opens it before it asks for the lock
        with self._lock:
            while True:
                try:
                    self._connection.execute("BEGIN IMMEDIATE")
                    break
                except sqlite3.OperationalError as error:
                    if not _is(error, _BUSY) or time.monotonic() > deadline:
                        raise
                    time.sleep(0.005)
            self._active_transaction = True
            try:
                yield
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise
            finally:
                self._active_transaction = False


class PageCache(BaseCache):
    """Answers by cache key, in a file that only its owner can read.

    Parameters
    ----------
    path
        The SQLite file; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(cache_name=str(path))
        self.path = path
        self.trouble: str | None = None
        self._rest_until = 0.0
        self._file: tuple[int, int] | None = None
        self._mending = threading.Lock()
        if (error := self._opened()) is not None:
            self._failed(error, self.responses)

    def get_response(self, key: str, default: CachedResponse | None = None) -> CachedResponse | None:
        """Return an answer, or `default`."""
        kept: CachedResponse | None = self._tried(lambda pages: pages.get(key), None)
        return default if kept is None else kept

    def keep(self, entries: Mapping[str, bytes]) -> None:
        """Keep answers, as `entry.written_entry` writes them, in place of older ones."""
        self._tried(lambda pages: pages.keep(entries), None)

    def forget(self, keys: Collection[str]) -> None:
        """Drop answers that are no longer needed."""
        if keys:
            self._tried(lambda pages: pages.bulk_delete(list(keys)), None)

    def shrink(self) -> None:
        """Leave nothing of forgotten answers in the file."""
        self._tried(lambda pages: pages.shrink(), None)

    def all_keys(self) -> list[str]:
        """Return the key of every answer."""
        return self._tried(list, [])

    def _tried(self, action: Callable[[Any], T], otherwise: T) -> T:
        """Do something with the table; when it cannot be done, say so once and go on without."""
        for _ in range(2):  # the second time with a new file, where the first was damaged
            pages = self._usable()
            if pages is None:
                break
            try:
                return action(pages)
            except (sqlite3.Error, OSError) as error:
                self._failed(error, pages)
        return otherwise

    def _usable(self) -> Any:
        if self.trouble is None:
            return self.responses
        with self._mending:
            if self.trouble is not None and time.monotonic() >= self._rest_until:
                self._settle(self._opened())
            return self.responses if self.trouble is None else None

    def _failed(self, error: Exception, pages: Any) -> None:
        with self._mending:
            if self.trouble is not None or pages is not self.responses:
                return  # another thread was here first
            if not self._is_damage(error):
                self._settle(error)
                return
            aside = f"{self.path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
            self._settle(self._set_aside(aside) or self._opened())
            if self.trouble is None:
                _warn(f"the page cache {self.path} is damaged ({error}); it was set aside as {aside}")

    def _is_damage(self, error: Exception) -> bool:
        if _is(error, (sqlite3.SQLITE_READONLY,)):  # a flipped bit in the file can say so too
            return os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        return isinstance(error, sqlite3.DatabaseError) and not _is(error, _OUTWARD)

    def _settle(self, error: Exception | None) -> None:
        self.trouble = None if error is None else str(error)
        if error is not None:
            self._rest_until = time.monotonic() + _REST_S
            _warn(f"the page cache {self.path} cannot be used ({error}); calls are loaded without it")

    def _opened(self) -> Exception | None:
        """Open the file; return why it cannot be."""
        deadline = time.monotonic() + _LOCK_DEADLINE_S
        while True:
            try:
                private_folder(self.path.parent)
                private_file(self.path)
                self._file = _identity(self.path)
                self.responses = _Pages(self.path)
            except (sqlite3.Error, OSError) as error:
                if not _is(error, _BUSY) or time.monotonic() > deadline:
                    return error
                time.sleep(0.005)
            else:
                return None

    def _set_aside(self, aside: str) -> Exception | None:
        """Rename a damaged file so that it is not read again; return why it cannot be."""
        if isinstance(self.responses, _Pages):  # it was once opened
            self.responses.retire()
        try:
            if _identity(self.path) != self._file:
                return None  # another process did it
            # The log goes first: left alone, it would be played into the new file.
            for suffix in ("-wal", "-shm", ""):
                old = self.path.with_name(self.path.name + suffix)
                if old.exists():
                    old.rename(self.path.with_name(aside + suffix))
        except OSError as problem:
            return problem
        return None


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell a file from another one that takes its name later."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _is(error: Exception, codes: Collection[int]) -> bool:
    """Tell whether SQLite gave an error one of these codes, in whatever variant."""
    return getattr(error, "sqlite_errorcode", -1) & 0xFF in codes


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=2)
