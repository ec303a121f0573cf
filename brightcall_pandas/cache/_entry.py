"""What is kept of an answer: how it is written, and the key under which it is found again."""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pyarrow as pa
from requests import PreparedRequest
from requests_cache.models.request import CachedRequest
from requests_cache.models.response import CachedResponse

__all__ = ["cache_key", "read_entry", "written_entry"]

_MAGIC = b"BCP1"
_CODEC = pa.Codec("zstd", compression_level=1)


class _Entry(msgspec.Struct, array_like=True):
    """What is kept of an answer besides its body."""

    url: str
    request_body: bytes
    created_at: datetime
    length: int


def written_entry(request: PreparedRequest | CachedRequest, content: bytes, created_at: datetime) -> bytes:
    """Write an answer: magic, CRC-32 of the rest, length of the head, head as JSON, body as zstd."""
    head = msgspec.json.encode(_Entry(request.url or "", _body(request), created_at, len(content)))
    rest: bytes = len(head).to_bytes(4, "big") + head + _CODEC.compress(content, asbytes=True)
    return _MAGIC + zlib.crc32(rest).to_bytes(4, "big") + rest


def read_entry(value: object) -> CachedResponse | None:
    """Read an answer; None when it is damaged, or something that was never written here."""
    if not isinstance(value, bytes) or value[:4] != _MAGIC:
        return None
    if zlib.crc32(value[8:]) != int.from_bytes(value[4:8], "big"):
        return None
    end = 12 + int.from_bytes(value[8:12], "big")
    try:
        entry = msgspec.json.decode(value[12:end], type=_Entry)
        content = _CODEC.decompress(value[end:], decompressed_size=entry.length, asbytes=True)
    except (msgspec.DecodeError, OSError, ValueError):
        return None
    response = CachedResponse(
        url=entry.url,
        created_at=entry.created_at,
        status_code=200,
        request=CachedRequest(method="POST", url=entry.url, body=entry.request_body),
    )
    response._content = content
    return response


def cache_key(request: PreparedRequest | CachedRequest, **_: Any) -> str:
    """Tell requests apart by path and body; not by host, so that the sandbox may change its port."""
    path = urlsplit(str(request.url)).path
    return hashlib.sha256(path.encode() + b"\n" + _body(request)).hexdigest()


def _body(request: PreparedRequest | CachedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else body
