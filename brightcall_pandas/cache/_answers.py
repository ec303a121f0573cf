"""The first tier of the cache: the server's answers as they came, in one SQLite file for each account.

The storage is requests-cache's, used through what it documents: a SQLite table, a serializer, a key function,
a filter and settings. The serializer is ours, with a checksum and without pickle. Around the storage,
`PageCache` opens the file, waits for a lock for a limited time, and sets a damaged file aside: a cache in
trouble makes a load slower but never makes it fail.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec
import pyarrow as pa
from requests import PreparedRequest, Response
from requests_cache import CachedSession, CacheSettings
from requests_cache.backends.base import BaseCache
from requests_cache.backends.sqlite import SQLiteDict
from requests_cache.models.request import CachedRequest
from requests_cache.models.response import CachedResponse
from requests_cache.serializers.pipeline import SerializerPipeline, Stage

from brightcall_pandas.cache._files import check_file, private_file, private_folder
from brightcall_pandas.cache._forks import ForkAware
from brightcall_pandas.errors import visible

__all__ = ["SERIALIZER", "PageCache", "StoredAnswer", "cache_key"]

T = TypeVar("T")

_log = logging.getLogger("brightcall_pandas")

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NOT_DAMAGE = (
    *_BUSY,
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM),
    *(sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT),
)
"""Errors that say nothing against the database file itself."""
_BUSY_TIMEOUT_MS = 100  # SQLite's own wait, which Ctrl-C cannot interrupt; `PageCache` repeats it
_PAUSE_S = 0.005


class StoredAnswer(NamedTuple):
    """A good answer of the server, to be kept.

    Parameters
    ----------
    request
        What was asked, without the API key.
    content
        The body of the answer: a JSON object.
    created_at
        When the server gave it, UTC.
    """

    request: PreparedRequest | CachedRequest
    content: bytes
    created_at: datetime


def cache_key(request: PreparedRequest | CachedRequest, **_: Any) -> str:
    """Return the key of a request: a hash of path and body.

    The host is left out, so that an account in the sandbox keeps its cache when the sandbox changes its port.
    """
    path = urlsplit(str(request.url)).path
    return hashlib.sha256(path.encode() + b"\n" + _body(request)).hexdigest()


def _body(request: PreparedRequest | CachedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else body


def _response(url: str, request_body: bytes, content: bytes, created_at: datetime) -> CachedResponse:
    return CachedResponse(
        url=url,
        created_at=created_at,
        status_code=200,
        request=CachedRequest(method="POST", url=url, body=request_body),
        content=content,
    )


# How an answer is written.

_MAGIC = b"BCP1"
_CODEC = pa.Codec("zstd", compression_level=1)


class _Head(msgspec.Struct, array_like=True):
    """What is kept of an answer besides its body."""

    url: str
    request_body: bytes
    created_at: datetime
    length: int


_HEAD = msgspec.json.Decoder(_Head)  # made before there are threads: as in `_account`


def _dumps(response: CachedResponse) -> bytes:
    """Write an answer: magic, CRC-32 of the rest, length of the head, head as JSON, body as zstd."""
    content, url = response.content, response.request.url
    head = msgspec.json.encode(_Head(url, _body(response.request), response.created_at, len(content)))
    rest: bytes = len(head).to_bytes(4, "big") + head + _CODEC.compress(content, asbytes=True)
    return _MAGIC + zlib.crc32(rest).to_bytes(4, "big") + rest


def _loads(value: object) -> CachedResponse | None:
    """Read an answer; return None when it is damaged or was written by something else."""
    if not isinstance(value, bytes) or value[:4] != _MAGIC:
        return None
    if zlib.crc32(value[8:]) != int.from_bytes(value[4:8], "big"):
        return None
    end = 12 + int.from_bytes(value[8:12], "big")
    try:
        head = _HEAD.decode(value[12:end])
        content = _CODEC.decompress(value[end:], decompressed_size=head.length, asbytes=True)
    except (msgspec.DecodeError, OSError, ValueError):
        return None
    return _response(head.url, head.request_body, content, head.created_at)


SERIALIZER = SerializerPipeline([Stage(dumps=_dumps, loads=_loads)], name="brightcall", is_binary=True)
"""Turns an answer into bytes and back."""


# Where it is kept.


class _Table(SQLiteDict):
    """requests-cache's table, with the one change that it needs.

    requests-cache asks for a lock for ever, whatever `busy_timeout` says, and takes no notice of what goes
    wrong in a transaction, such as a full disk. Here both raise.
    """

    @contextmanager
    def _acquire_sqlite_lock(self) -> Iterator[None]:
        with self._lock:
            assert self._connection is not None  # requests-cache opens it before it asks for the lock
            self._connection.execute("BEGIN IMMEDIATE")  # waits for as long as busy_timeout says
            self._active_transaction = True
            try:
                yield
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise
            finally:
                self._active_transaction = False


def _is_good(response: Response) -> bool:
    """Tell whether an answer may be kept; `api` judges it more closely, before it gets here."""
    content = response.content.strip()
    return response.status_code == 200 and content.startswith(b"{") and content.endswith(b"}")


class _Storage(NamedTuple):
    """An open file."""

    table: _Table
    cache: BaseCache
    settings: CacheSettings


def _open_storage(path: Path) -> _Storage:
    """Open requests-cache on a file; it is made when it is not there."""
    table = _Table(
        path, table_name="responses", serializer=SERIALIZER, wal=True, busy_timeout=_BUSY_TIMEOUT_MS
    )
    cache = BaseCache(cache_name=str(path))
    cache.responses = table
    session = CachedSession(  # sends nothing, but is how a cache gets its settings
        backend=cache,
        key_fn=cache_key,
        filter_fn=_is_good,
        allowable_methods=["POST"],
        ignored_parameters=[],  # requests carry no API key, and a changed body would have another cache key
    )
    return _Storage(table, session.cache, session.settings)


class PageCache(ForkAware):
    """The answers of one account by cache key, in a file that only its owner can read.

    Threads and processes may share it, forked ones too. None of its methods raises an error of the database
    or the disk: where the file cannot be used, a warning says so once, nothing is found and nothing is kept.

    Parameters
    ----------
    path
        The SQLite file; made when it is not there.
    lock_timeout_s
        How long to wait for a lock that another process holds, in seconds.
    rest_s
        How long a file that could not be used is left alone, in seconds.

    Attributes
    ----------
    trouble
        Why the file cannot be used at the moment; None when it can.
    """

    def __init__(self, path: Path, *, lock_timeout_s: float = 5.0, rest_s: float = 60.0) -> None:
        self.path = path
        self.trouble: str | None = None
        self._lock_timeout_s = lock_timeout_s
        self._rest_s = rest_s
        self._rest_until = 0.0
        self._storage: _Storage | None = None  # while the file is open
        self._file: tuple[int, int] | None = None
        self._lock = threading.RLock()  # any thread may find the file damaged, and close and rename it
        self._watch_forks()
        self._attempt(lambda _: None, None)

    def get_response(self, key: str) -> CachedResponse | None:
        """Return the answer with a key; None when there is none, or only a damaged one."""

        def read(storage: _Storage) -> CachedResponse | None:
            try:
                response: CachedResponse | None = storage.table[key]
            except KeyError:
                return None
            # A flipped bit in an index leads to another entry, which is sound in itself.
            if response is None or storage.cache.create_key(response.request) != key:
                _warn(f"an answer in the page cache {self.path} is damaged; it is fetched again when needed")
                return None
            return response

        return self._attempt(read, None)

    def keep(self, answers: Iterable[StoredAnswer]) -> None:
        """Keep good answers in one transaction, in place of older ones to the same requests."""
        responses = [
            _response(request.url or "", _body(request), content, created_at)
            for request, content, created_at in answers
        ]

        def write(storage: _Storage) -> None:
            with storage.table.bulk_commit():
                for each in filter(storage.settings.filter_fn, responses):
                    storage.table[storage.cache.create_key(each.request)] = each

        if responses:
            self._attempt(write, None)

    def forget(self, keys: Collection[str]) -> None:
        """Delete the answers with these keys; keys that are not there do no harm."""
        if keys:
            self._attempt(lambda storage: storage.cache.delete(*keys), None)

    def shrink(self) -> None:
        """Leave nothing of deleted answers in the file, nor in the log beside it."""

        def vacuum(storage: _Storage) -> None:
            storage.table.vacuum()  # type: ignore[no-untyped-call]

        def empty_log(storage: _Storage) -> None:
            with storage.table.connection() as connection:
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                error = sqlite3.OperationalError("database is locked by a reader")
                error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise error

        self._attempt(vacuum, None)
        self._attempt(empty_log, None)

    def all_keys(self) -> list[str]:
        """Return the key of every answer."""
        return self._attempt(lambda storage: list(storage.table), [])

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        with self._lock:
            if self._storage is not None:
                self._storage.table.close()  # type: ignore[no-untyped-call]
                self._storage = None

    def _before_fork(self) -> None:
        # SQLite counts locks by process: with an open file the child would take its parent's for its own.
        self._lock.acquire()
        with suppress(sqlite3.Error):
            self.close()

    def _after_fork(self, *, in_child: bool) -> None:
        if in_child:
            self._lock = threading.RLock()
        else:
            self._lock.release()

    def _attempt(self, action: Callable[[_Storage], T], default: T) -> T:
        """Return the result of an action, or `default` where the file cannot be used, after saying so."""
        with self._lock:
            if self.trouble is not None and time.monotonic() < self._rest_until:
                return default
            try:
                try:
                    result = self._until_unlocked(action)
                except sqlite3.DatabaseError as error:
                    if not self._is_damage(error):
                        raise
                    self._replace_file(error)
                    result = self._until_unlocked(action)
            except (sqlite3.Error, OSError) as error:
                self.close()
                self.trouble = str(error)
                self._rest_until = time.monotonic() + self._rest_s
                _warn(f"the page cache {self.path} cannot be used ({error}); calls are loaded without it")
                return default
            self.trouble = None
            return result

    def _until_unlocked(self, action: Callable[[_Storage], T]) -> T:
        """Return the result of an action on the open file, once no other process is in its way."""
        deadline = time.monotonic() + self._lock_timeout_s
        while True:
            try:
                return action(self._open())
            except sqlite3.OperationalError as error:
                if not _is(error, _BUSY) or time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE_S)

    def _open(self) -> _Storage:
        if self._storage is None:
            private_folder(self.path.parent)
            private_file(self.path)
            for suffix in ("-journal", "-wal", "-shm"):  # which SQLite would wait for if they were pipes
                with suppress(FileNotFoundError):
                    check_file(self.path.with_name(self.path.name + suffix))
            self._file = _identity(self.path)
            self._storage = _open_storage(self.path)
        return self._storage

    def _is_damage(self, error: sqlite3.Error) -> bool:
        if _is(error, (sqlite3.SQLITE_READONLY,)):  # a flipped bit in the file can say so too
            return os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        return not _is(error, _NOT_DAMAGE)

    def _replace_file(self, error: sqlite3.Error) -> None:
        """Rename a damaged file, so that it is not read again, and open a new one."""
        error.with_traceback(None)  # in its frames may be a connection, which would still be open
        self.close()
        aside = f"{self.path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        if _identity(self.path) == self._file:  # or else another process has done it
            # The log goes first: left alone, it would be played into the new file.
            for suffix in ("-wal", "-shm", ""):
                old = self.path.with_name(self.path.name + suffix)
                if old.exists():
                    old.rename(self.path.with_name(aside + suffix))
        self._until_unlocked(lambda _: None)
        _warn(f"the page cache {self.path} is damaged ({error}); it was set aside as {aside}")


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell a file from another one that takes its name later."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _is(error: Exception, codes: Collection[int]) -> bool:
    """Tell whether SQLite gave an error one of these codes, in any of its variants."""
    return getattr(error, "sqlite_errorcode", -1) & 0xFF in codes


def _warn(message: str) -> None:
    _log.warning(visible(message))
    warnings.warn(message, RuntimeWarning, stacklevel=2)
