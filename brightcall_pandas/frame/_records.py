"""One answer of the API as JSON: the parts around its calls, and the calls as records.

An answer is decoded here, once: what it is worth (`api.verdict`) and what it holds (`answer`) are read from
the same result.
"""

from __future__ import annotations

import functools
import json
from typing import Any, ClassVar

import msgspec

from brightcall_pandas.frame._rows import NULL, Rows, expected, record

__all__ = ["Envelope", "opened"]

_OPENING = {"calls": b"[", "detailedStat": b"{"}


class Envelope(msgspec.Struct):
    """An answer, its members under the API's names; what it has beyond these is left out.

    `calls` are records of `rows`, or None where the answer has none. Where they are not what rows are
    expected to be, `rows` is None and `calls` is the JSON that came.
    """

    rows: ClassVar[Rows | None] = None

    success: Any = None
    message: Any = None
    error: Any = None
    tags: Any = None
    outcomes: Any = None
    projects: Any = None
    timezone: Any = None
    pagesCount: Any = None  # noqa: N815  (the API's name)
    totalItems: Any = None  # noqa: N815
    detailedStat: msgspec.Raw = NULL  # noqa: N815
    calls: Any = None

    def has(self, name: str) -> bool:
        """Tell whether a member is there, and of the type that it should have."""
        value = getattr(self, name)
        if isinstance(value, msgspec.Raw):
            return bytes(memoryview(value)[:1]) == _OPENING[name]
        return value is not None


class _Unexpected(Envelope):
    calls: msgspec.Raw = NULL


def opened(body: bytes) -> Envelope:
    """Decode an answer.

    Raises
    ------
    msgspec.DecodeError
        The bytes are no JSON object.
    """
    try:
        return _decoded(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if (mended := _mended(body)) is None:
            raise
    return _decoded(mended)


def _decoded(body: bytes) -> Envelope:
    try:
        return _decoder(expected()).decode(body)
    except msgspec.ValidationError:
        return msgspec.json.decode(body, type=_Unexpected)


@functools.lru_cache(maxsize=16)
def _decoder(rows: Rows) -> msgspec.json.Decoder[Envelope]:
    row: Any = record(rows)
    expectation = msgspec.defstruct(
        "Expected", [("calls", list[row] | None, None)], bases=(Envelope,), namespace={"rows": rows}
    )
    return msgspec.json.Decoder(expectation)


def _mended(body: bytes) -> bytes | None:
    """Replace half surrogate pairs, which JSON can write and UTF-8 cannot; None for what is no JSON."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    text = json.dumps(answer, ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
