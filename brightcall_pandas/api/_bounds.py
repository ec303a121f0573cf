"""What one request may take at most, in time and in bytes, whatever the server or a relay does.

urllib3 bounds the time of each single read, so an answer that comes byte by byte lasts for ever; and it does
not bound what stands before the body. Both are bounded where bytes come in: in the file that http.client
reads an answer from. There, too, the head is made such that http.client finds the length of the body in it.
"""

from __future__ import annotations

import http.client
import io
import math
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import urllib3
from requests.adapters import HTTPAdapter

from brightcall_pandas.frame import positive, type_error

__all__ = ["ANSWER_LIMIT", "BoundedAdapter", "LimitError", "Timeout", "bounded_body", "within"]

ANSWER_LIMIT = 100_000_000
"""Bytes that an answer may have, unless a setting says otherwise."""

_LONGEST_S = 24 * 3600.0
_IN_ALL = 10  # times what may pass between two parts of an answer
_HEAD_BYTES = 1_000_000
_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*(:.*)", re.DOTALL)
_SAME_LENGTHS = re.compile(rb"(content-length:\s*(\d+))(\s*,\s*\2)+\s*", re.IGNORECASE)
_PART_BYTES = 2**17  # urllib3 takes the longer to unpack a part the more pieces it was packed in, squared
_PLAIN_BYTES = 2**22  # of a body that is not packed: with each part, the thread waits for the one that reads


class LimitError(OSError):
    """An answer is larger or slower than it may be."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason, self.advice = reason, advice


class Timeout(NamedTuple):
    """Seconds that a request may take.

    Parameters
    ----------
    connect
        Until there is a connection.
    read
        Between two parts of the answer.
    total
        From the connection to the end of the answer.
    """

    connect: float
    read: float
    total: float

    @classmethod
    def of(cls, given: float | Sequence[float]) -> Timeout:
        """Read the setting ``timeout``: a number, or all three."""
        if isinstance(given, tuple | list):
            if len(given) != len(cls._fields):
                raise type_error("timeout", "a number or three: to connect, for each part, in all", given)
            return cls(*(positive("timeout", each, most=_LONGEST_S) for each in given))
        part = positive("timeout", given, most=_LONGEST_S)
        return cls(part, part, _IN_ALL * part)


class _Budget(threading.local):
    """What is left to the request that a thread waits for."""

    until = math.inf
    total = math.inf


_budget = _Budget()


@contextmanager
def within(total: float) -> Iterator[None]:
    """Bound the time in which this thread gets an answer, in seconds."""
    _budget.until, _budget.total = time.monotonic() + total, total
    try:
        yield
    finally:
        _budget.until = _budget.total = math.inf


def bounded_body(raw: urllib3.HTTPResponse, limit: int) -> bytes:
    """Read a body, unpacked.

    Raises
    ------
    LimitError
        It has more bytes than the limit.
    """
    packed = "Content-Encoding" in raw.headers
    most = _PART_BYTES if packed else min(raw.length_remaining or _PART_BYTES, _PLAIN_BYTES)
    parts, size = [], 0
    while part := raw.read(most, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > limit:
            raw.close()  # what is left of it must not be taken for the next answer
            raise LimitError(
                f"the answer has more than {limit / 1e6:,.0f} MB",
                "Ask for smaller pages (page_size= in bc.Client), or allow more (answer_limit=).",
            )
    return b"".join(parts)


class _BoundedFile(io.RawIOBase):
    """What comes from a connection, as long as there is time, and room in the head of an answer."""

    def __init__(self, inner: Any, connection: socket.socket) -> None:
        super().__init__()
        self._inner = inner
        self._connection = connection
        self.room: float = _HEAD_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _budget.until - time.monotonic()
        if left <= 0:
            raise _too_slow()
        waits = self._connection.gettimeout()
        if waits is None or left < waits:
            self._connection.settimeout(left)
        try:
            count: int | None = self._inner.readinto(buffer)
        except TimeoutError:
            if time.monotonic() >= _budget.until:
                raise _too_slow() from None
            raise
        self.room -= count or 0
        if self.room < 0:
            raise LimitError(
                f"what stands before the answer's body has more than {_HEAD_BYTES / 1e6:.0f} MB",
                "Check base_url; if it is right, the server or a proxy is at fault.",
            )
        return count

    def close(self) -> None:
        self._inner.close()
        super().close()


def _too_slow() -> LimitError:
    return LimitError(
        f"the answer was not there after {_budget.total:g} s",
        "Ask for smaller pages (page_size= in bc.Client), or wait longer "
        "(timeout=, three numbers: to connect, for each part, in all).",
    )


class _Head:
    """The lines before a body, as http.client reads them best.

    At a line that is not a header it stops, so that the length of the body, if it stands below, is never
    seen, and the rest of the answer is waited for until the time is up. Some relays add such lines.

    Parameters
    ----------
    lines
        The file that the answer comes from.
    """

    def __init__(self, lines: io.BufferedReader) -> None:
        self._lines = lines
        self._follows = False  # on a status line, or on a header
        self._skips = False

    def readline(self, limit: int = -1) -> bytes:
        while True:
            line = self._lines.readline(limit)
            text = line.rstrip(b"\r\n")
            if not self._follows or not text:  # a status line, or the end of a head
                self._follows, self._skips = bool(text), False
                return line
            if text[:1] not in b" \t":  # or else it goes on with the header above
                header = _HEADER.fullmatch(text)
                self._skips = header is None
                text = b"" if header is None else header[1] + header[2]
            if not self._skips:
                return _SAME_LENGTHS.sub(rb"\1", text).replace(b"\r", b" ") + b"\r\n"

    def close(self) -> None:
        self._lines.close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._bounded = _BoundedFile(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._bounded)

    def begin(self) -> None:
        lines = self.fp
        self.fp = _Head(lines)  # type: ignore[assignment]
        try:
            super().begin()
            while 101 < self.status < 200:  # http.client itself skips 100 only
                self.headers = None  # type: ignore[assignment]  # or nothing more would be read
                super().begin()
        finally:
            if self.fp is not None:  # it was closed where the status line is none
                self.fp = lines
        self._bounded.room = math.inf


def _bounded(pool_class: type[Any]) -> type[Any]:
    """Return the same kind of pool, whose answers are bounded."""
    connection = type("Connection", (pool_class.ConnectionCls,), {"response_class": _BoundedResponse})
    return type(pool_class.__name__, (pool_class,), {"ConnectionCls": connection})


class BoundedAdapter(HTTPAdapter):
    """requests' adapter, whose answers are bounded by `within`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._bound(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not known:
            self._bound(manager)
        return manager

    @staticmethod
    def _bound(manager: Any) -> None:
        classes = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {scheme: _bounded(each) for scheme, each in classes.items()}
