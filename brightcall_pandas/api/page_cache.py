"""The first tier of the cache: the server's answers as they came, in one SQLite file an account.

requests-cache does the work. Three things are ours: what an entry holds (the body and little else, with
a checksum, never a pickle), a bound on waiting for a lock that another process holds, and that a cache in
trouble makes a load slower but never makes it fail.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import warnings
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import requests
from requests_cache.backends.base import BaseCache
from requests_cache.backends.sqlite import SQLiteDict
from requests_cache.models.request import CachedRequest
from requests_cache.models.response import CachedResponse
from requests_cache.serializers.pipeline import SerializerPipeline, Stage

__all__ = ["PageCache", "private_file", "private_folder"]

_LOCK_DEADLINE_S = 5.0
_MAGIC = b"BCP1"
_CODEC = pa.Codec("zstd", compression_level=1)


class _Entry(msgspec.Struct, array_like=True):
    """What is kept of an answer besides its body."""

    url: str
    request_body: bytes
    created_at: datetime
    length: int


class _Form:
    """Answer ↔ bytes: magic, CRC-32 of the rest, length of the head, head as JSON, body as zstd."""

    def dumps(self, response: CachedResponse) -> bytes:
        """Write an answer."""
        content = response.content
        body = response.request.body
        entry = _Entry(response.request.url, body or b"", response.created_at, len(content))
        head = msgspec.json.encode(entry)
        rest: bytes = len(head).to_bytes(4, "big") + head + _CODEC.compress(content, asbytes=True)
        return _MAGIC + zlib.crc32(rest).to_bytes(4, "big") + rest

    def loads(self, value: bytes) -> CachedResponse:
        """Read an answer; a damaged one is a ValueError, which requests-cache takes as a miss."""
        if value[:4] != _MAGIC or zlib.crc32(value[8:]) != int.from_bytes(value[4:8], "big"):
            msg = "the entry is damaged"
            raise ValueError(msg)
        end = 12 + int.from_bytes(value[8:12], "big")
        entry = msgspec.json.decode(value[12:end], type=_Entry)
        response = CachedResponse(
            url=entry.url,
            created_at=entry.created_at,
            status_code=200,
            request=CachedRequest(method="POST", url=entry.url, body=entry.request_body),
        )
        response._content = _CODEC.decompress(value[end:], decompressed_size=entry.length, asbytes=True)
        return response


_SERIALIZER = SerializerPipeline([Stage(_Form())], name="page", is_binary=True)


class _Pages(SQLiteDict):
    """requests-cache's SQLite table, except that it gives up on a lock instead of waiting for ever."""

    @contextmanager
    def _acquire_sqlite_lock(self) -> Iterator[None]:
        deadline = time.monotonic() + _LOCK_DEADLINE_S
        assert self._connection is not None  # requests-cache opens it before it asks for the lock
        with self._lock:
            while True:
                try:
                    self._connection.execute("BEGIN IMMEDIATE")
                    break
                except sqlite3.OperationalError:
                    if time.monotonic() > deadline:
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
        self._opening = threading.Lock()
        self._open()

    def get_response(self, key: str, default: CachedResponse | None = None) -> CachedResponse | None:
        """Return an answer, or `default`; a damaged database is set aside."""
        if self.trouble:
            return default
        try:
            kept: CachedResponse | None = self.responses.get(key)
        except sqlite3.DatabaseError as error:
            self._failed(error)
            return None
        return default if kept is None else kept

    def save_response(
        self, response: requests.Response, cache_key: str | None = None, expires: datetime | None = None
    ) -> None:
        """Keep an answer; when that fails, say so once and go on without."""
        if self.trouble:
            return
        try:
            super().save_response(response, cache_key, expires)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)

    def forget(self, keys: Collection[str]) -> None:
        """Drop answers that are no longer needed."""
        if self.trouble or not keys:
            return
        try:
            self.responses.bulk_delete(list(keys))
        except sqlite3.Error as error:
            self._failed(error)

    def _open(self) -> None:
        try:
            private_folder(self.path.parent)
            private_file(self.path)
            self.responses = _Pages(
                self.path, table_name="responses", serializer=_SERIALIZER, wal=True, timeout=0.1
            )
        except (sqlite3.Error, OSError) as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        with self._opening:
            if self.trouble:
                return
            if _is_damage(error):
                aside = self.path.with_name(f"{self.path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
                _warn(f"the page cache {self.path} is damaged ({error}); it was set aside as {aside.name}")
                self.responses.close()  # type: ignore[no-untyped-call]
                for suffix in ("", "-wal", "-shm"):
                    old = self.path.with_name(self.path.name + suffix)
                    if old.exists():
                        old.rename(aside.with_name(aside.name + suffix))
                self._open()
                return
            self.trouble = str(error)
            _warn(f"the page cache {self.path} cannot be used ({error}); this load goes on without it")


def private_folder(path: Path) -> None:
    """Make a folder that only its owner can enter, whatever the umask."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in missing:
        each.chmod(0o700)


def private_file(path: Path) -> None:
    """Make a file that only its owner can read, whatever the umask; SQLite's side files inherit that."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _is_damage(error: Exception) -> bool:
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.OperationalError | sqlite3.IntegrityError | sqlite3.ProgrammingError
    )


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=6)
