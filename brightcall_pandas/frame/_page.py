"""One answer of the calls endpoint: its calls as columns, and what is around them.

The envelope is read leniently. Rows become columns at once, page by page, while the values
are still in the processor's cache: whole pages later take twice the time. `frame` gives the columns types.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from brightcall_pandas.frame._fields import EXTRAS, FIELDS
from brightcall_pandas.frame._kinds import uniform
from brightcall_pandas.frame._records import Envelope, opened
from brightcall_pandas.frame._rows import ABSENT, NULL, ORDER, Rows, arrow_type, learn, record

__all__ = ["Page", "documents", "page_of", "page_of_rows", "read_page", "settle"]


@dataclass
class Page:
    """One answer.

    Parameters
    ----------
    columns
        Values by field, and `EXTRAS`: an Arrow array where those of the page are of one kind, a list where
        they are not. Nested values are JSON as it came, in bytes with a NUL behind each, for `documents`;
        `EXTRAS` has the unlisted fields of a row as an object.
    length
        Number of rows.
    strange
        JSON texts standing where a row should be that are no objects.
    timezone, pages_count, total_items
        From the envelope; None where absent or of a wrong type.
    catalog
        ``tags``, ``outcomes`` and ``projects`` of the envelope.
    """

    columns: dict[str, pa.Array | Sequence[Any]]
    length: int
    strange: list[str] = field(default_factory=list)
    timezone: str | None = None
    pages_count: int | None = None
    total_items: int | None = None
    catalog: dict[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.length

    def copy(self) -> Page:
        """Return a page with the same values, from which columns may be taken."""
        return replace(self, columns=dict(self.columns))

    def values(self, name: str) -> list[Any]:
        """Return a field's value in every row."""
        column = self.columns[name]
        if isinstance(column, pa.Array) and pa.types.is_large_binary(column.type):
            column = documents(column)
        return column.to_pylist() if isinstance(column, pa.Array) else list(column)


def read_page(body: bytes) -> Page:
    """Read one answer of the calls endpoint.

    Raises
    ------
    msgspec.DecodeError
        The bytes are no JSON object, or ``calls`` is no array.
    """
    return page_of(opened(body))


def page_of(answer: Envelope) -> Page:
    """Turn an answer's calls into columns.

    Raises
    ------
    msgspec.DecodeError
        ``calls`` is no array.
    """
    if answer.rows is None:
        return _page_of_unexpected(answer)
    page = _page(answer, answer.calls or [], answer.rows)
    if None in answer.rows.kinds:
        learn(page.columns)
    return page


def settle(pages: Sequence[Page]) -> None:
    """Lay columns of several pages beside each other in memory.

    Thousands of small buffers would not be given back to the system when their column has been typed.
    """
    for name in (*ORDER, EXTRAS.name):
        columns = [page.columns[name] for page in pages]
        arrays = [each for each in columns if isinstance(each, pa.Array)]
        if len(arrays) == len(columns) and len({each.type for each in arrays}) == 1:
            joined, begin = pa.concat_arrays(arrays), 0
            for page in pages:
                page.columns[name] = joined.slice(begin, len(page))
                begin += len(page)


def page_of_rows(rows: Sequence[bytes]) -> Page:
    """Make a page of JSON rows."""
    return read_page(b'{"calls":[' + b",".join(rows) + b"]}")


def _page_of_unexpected(answer: Envelope) -> Page:
    """Read an answer row by row, for rows that are no objects, or have what was not expected."""
    rows, strange = [], []
    names: set[str] = set()
    for text in msgspec.json.decode(answer.calls, type=list[msgspec.Raw]):
        try:
            names.update(msgspec.json.decode(text, type=dict[str, msgspec.Raw]).keys() - FIELDS.keys())
            rows.append(text)
        except msgspec.ValidationError:
            strange.append(bytes(text).decode(errors="replace"))
    anything = Rows(unlisted=tuple(sorted(names)))
    decoder = msgspec.json.Decoder(record(anything))
    records = [decoder.decode(text) for text in rows]
    page = _page(answer, records, anything, strange)
    learn(page.columns, anything.unlisted)
    return page


def _page(answer: Envelope, records: list[Any], rows: Rows, strange: Sequence[str] = ()) -> Page:
    return Page(
        _columns(records, rows),
        len(records),
        strange=list(strange),
        timezone=answer.timezone if isinstance(answer.timezone, str) else None,
        pages_count=_count(answer.pagesCount),
        total_items=_count(answer.totalItems),
        catalog={
            name: value if isinstance(value := getattr(answer, name), list) else []
            for name in ("tags", "outcomes", "projects")
        },
    )


def _columns(records: list[Any], rows: Rows) -> dict[str, Any]:
    """Turn rows into columns."""
    width = len(ORDER) + len(rows.unlisted)
    flat: list[Any] = []
    for row in map(msgspec.structs.astuple, records):
        flat += row  # at once: tuples that stay would set off the garbage collector on every page
    values = [flat[begin::width] for begin in range(width)]
    columns: dict[str, Any] = {}
    for name, kind, column in zip(ORDER, rows.kinds, values[: len(ORDER)], strict=True):
        columns[name] = _raw(column) if FIELDS[name].nested else _simple(column, kind)
    columns[EXTRAS.name] = _extras(values[len(ORDER) :], rows.unlisted, len(records))
    return columns


def _simple(values: list[Any], kind: Any) -> pa.Array | list[Any]:
    if (type_ := arrow_type(kind)) is not None:  # then the decoder has seen to it: Arrow would cut 1.5 to 1
        try:
            return _integers(values) if kind is int else pa.array(values, type_)
        except OverflowError:
            pass
    array = uniform(values)
    return values if array is None else array


def _integers(values: list[int | None]) -> pa.Array:
    try:  # a third of the time that Arrow takes for each
        packed = struct.pack(f"{len(values)}q", *values)
    except struct.error:  # there is a null, or one of more than 64 bits
        return pa.array(values, pa.int64())
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(packed)])


def _raw(values: Sequence[msgspec.Raw]) -> pa.Array:
    """Return JSON values as they came, each with a NUL behind it."""
    if values.count(NULL) == len(values):  # as a rule: few accounts use them all
        return pa.nulls(len(values))
    # NUL stands in no JSON; to make bytes of one value after the other takes longer than all this.
    together = b"\0".join([*values, b""])
    ends = np.zeros(len(values) + 1, dtype=np.int64)
    ends[1:] = np.flatnonzero(np.frombuffer(together, dtype=np.uint8) == 0) + 1
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(together)]
    return pa.Array.from_buffers(pa.large_binary(), len(values), buffers)


def documents(raw: pa.LargeBinaryArray) -> pa.LargeStringArray:
    """Turn nested values into texts: a string's own content, anything else as compact JSON.

    Each distinct value is read once: best of many pages together.
    """
    coded = raw.dictionary_encode()
    texts = pa.array(map(_document, coded.dictionary.to_pylist()), pa.large_string())
    return texts.take(coded.indices)


def _document(text: bytes) -> str | None:
    text = text.rstrip(b"\0")
    if text == b"null":
        return None
    if text[:1] == b'"':
        content: str = msgspec.json.decode(text)
        return content
    return msgspec.json.format(text, indent=-1).decode()


def _extras(values: Sequence[Sequence[msgspec.Raw]], unlisted: Sequence[str], length: int) -> pa.Array:
    """Return the unlisted fields of every row as a JSON object; null where it has none."""
    if not unlisted:
        return pa.nulls(length, pa.large_string())
    labels = [msgspec.json.encode(name).decode() for name in unlisted]
    rows = zip(*values, strict=True)
    return pa.array([_object(zip(labels, row, strict=True)) for row in rows], pa.large_string())


def _object(members: Any) -> str | None:
    present = [
        f"{label}:{msgspec.json.format(text, indent=-1).decode()}"
        for label, text in members
        if text is not ABSENT
    ]
    return "{" + ",".join(present) + "}" if present else None


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 else None
