"""One answer of the calls endpoint, taken apart in one pass.

The 13 parts of the envelope are read leniently. A row becomes a `Record`: plain values as Python has them,
nested ones still as the JSON text that the server sent. `frame` gives them types.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec

from brightcall_pandas.schema import FIELDS

__all__ = ["Page", "page_of_rows", "read_page"]

_NULL = msgspec.Raw(b"null")
_MISSING = msgspec.Raw(b"")  # stands where a row lacks an unlisted field that other rows have
_REMEMBERED = 64  # unlisted fields; a server that has more is read more slowly

_unlisted: tuple[str, ...] = ()
"""Fields that the article does not list and that were seen so far: the next page is read for them at once."""


class _Envelope(msgspec.Struct):
    tags: Any = None
    outcomes: Any = None
    projects: Any = None
    timezone: Any = None
    pagesCount: Any = None  # noqa: N815  (the API's name)
    totalItems: Any = None  # noqa: N815


class _General(_Envelope):
    calls: list[msgspec.Raw] = []


@dataclass
class Page:
    """One answer.

    Parameters
    ----------
    records
        Rows, with an attribute for each of the 45 fields: null where absent.
    body
        The JSON that holds exactly these rows; None when there is none.
    unlisted
        Names of further fields, which a record has as attributes ``x0``, ``x1``, ….
    strange
        JSON texts standing where a row should be that are no objects.
    timezone, pages_count, total_items
        From the envelope; None where absent or of a wrong type.
    catalog
        ``tags``, ``outcomes`` and ``projects`` of the envelope.
    """

    records: list[Any]
    body: bytes | None = None
    unlisted: tuple[str, ...] = ()
    strange: list[str] = field(default_factory=list)
    timezone: str | None = None
    pages_count: int | None = None
    total_items: int | None = None
    catalog: dict[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.records)

    def values(self, name: str) -> list[Any]:
        """Return a field's value in every row; JSON as bytes where the field is nested."""
        values = map(attrgetter(name), self.records)
        return list(map(bytes, values)) if FIELDS[name].nested else list(values)

    def extras(self) -> list[str | None]:
        """Return the unlisted fields of every row as a JSON object; None where it has none."""
        if not self.unlisted:
            return [None] * len(self.records)
        labels = [msgspec.json.encode(name).decode() for name in self.unlisted]
        rows = zip(*(map(attrgetter(f"x{n}"), self.records) for n in range(len(labels))), strict=True)
        return [_object(zip(labels, row, strict=True)) for row in rows]


def read_page(body: bytes) -> Page:
    """Read one answer of the calls endpoint.

    Raises
    ------
    msgspec.DecodeError
        The bytes are no JSON object, or ``calls`` is no array.
    """
    try:
        return _read(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return _read(_mended(body))


def page_of_rows(rows: Sequence[bytes]) -> Page:
    """Make a page of JSON rows."""
    return read_page(b'{"calls":[' + b",".join(rows) + b"]}")


def _read(body: bytes) -> Page:
    unlisted = _unlisted
    try:
        answer = _decoder(unlisted).decode(body)
    except msgspec.ValidationError:
        return _read_rows(body)
    return _page(answer, answer.calls, body=body, unlisted=unlisted)


def _read_rows(body: bytes) -> Page:
    """Read an answer row by row, for rows that are no objects or have fields not seen before."""
    global _unlisted  # noqa: PLW0603  (what was learnt of the server's rows)
    answer = msgspec.json.decode(body, type=_General)
    rows, strange = [], []
    names = set(_unlisted)
    for text in answer.calls:
        try:
            names.update(msgspec.json.decode(text, type=dict[str, msgspec.Raw]).keys() - FIELDS.keys())
            rows.append(text)
        except msgspec.ValidationError:
            strange.append(bytes(text).decode(errors="replace"))
    unlisted = tuple(sorted(names))
    if len(unlisted) <= _REMEMBERED:
        _unlisted = unlisted
    decoder = msgspec.json.Decoder(_record(unlisted))
    records = [decoder.decode(text) for text in rows]
    return _page(answer, records, body=None if strange else body, unlisted=unlisted, strange=strange)


def _page(answer: Any, records: list[Any], **more: Any) -> Page:
    return Page(
        records,
        timezone=answer.timezone if isinstance(answer.timezone, str) else None,
        pages_count=_count(answer.pagesCount),
        total_items=_count(answer.totalItems),
        catalog={
            name: value if isinstance(value := getattr(answer, name), list) else []
            for name in ("tags", "outcomes", "projects")
        },
        **more,
    )


@functools.lru_cache(maxsize=16)
def _record(unlisted: tuple[str, ...]) -> type[Any]:
    nested = [(name, msgspec.Raw, _NULL) for name, each in FIELDS.items() if each.nested]
    plain = [(name, Any, None) for name, each in FIELDS.items() if not each.nested]
    further = [(f"x{n}", msgspec.Raw, _MISSING) for n in range(len(unlisted))]
    names = {f"x{n}": name for n, name in enumerate(unlisted)}
    return msgspec.defstruct(
        "Record", [*plain, *nested, *further], rename=names, gc=False, forbid_unknown_fields=True
    )


@functools.lru_cache(maxsize=16)
def _decoder(unlisted: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    record: Any = _record(unlisted)
    answer = msgspec.defstruct("Answer", [("calls", list[record], [])], bases=(_Envelope,))
    return msgspec.json.Decoder(answer)


def _object(members: Any) -> str | None:
    present = [
        f"{label}:{msgspec.json.format(text, indent=-1).decode()}"
        for label, text in members
        if text is not _MISSING
    ]
    return "{" + ",".join(present) + "}" if present else None


def _mended(body: bytes) -> bytes:
    """Replace half surrogate pairs, which JSON can write and UTF-8 cannot; anything else stays an error."""
    try:
        answer = json.loads(body)
    except ValueError:
        raise msgspec.DecodeError("no JSON") from None
    text = json.dumps(answer, ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 else None
