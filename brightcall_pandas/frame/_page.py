"""The calls of one answer as columns, and what stands around them.

What stands around them is read leniently. Records become columns at once, page by page, while the values are
still in the processor's cache: all pages together, later, take twice the time. `_table` types the columns.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame._answer import (
    ABSENT,
    NULL,
    ORDER,
    STRAY_NUMBER,
    Answer,
    AnswerReader,
    RecordShape,
    arrow_type,
    can_be_named,
    canonical_json,
    record_decoder,
)
from brightcall_pandas.frame._documents import php_list
from brightcall_pandas.frame._fields import EXTRAS, FIELDS
from brightcall_pandas.frame._kinds import uniform_array
from brightcall_pandas.frame._memory import MEMORY

__all__ = ["Page", "consolidate", "json_texts", "page_of", "page_of_records", "read_page"]

_LISTED = RecordShape()
_DIGITS = 15  # of a number of calls or pages, at most


@dataclass
class Page:
    """The calls of one answer.

    Parameters
    ----------
    columns
        Values by field, and `EXTRAS`: an Arrow array where those of the page are of one kind, a list where
        they are not. Nested values are JSON as it came, in bytes with a NUL behind each, for `json_texts`;
        `EXTRAS` has the unlisted fields of a call as an object.
    length
        Number of calls.
    not_objects
        JSON texts of what stands among the calls and is not an object.
    timezone, number, pages_count, total_items
        As the answer has them; None where absent or of a wrong type.
    catalog
        ``tags``, ``outcomes`` and ``projects`` of the answer.
    mended
        Whether the answer had bytes that are not text, or numbers that JSON lacks.
    left_out
        Whether the list of calls is null, absent or an empty object, as some servers write an empty one.
    """

    columns: dict[str, pa.Array | Sequence[Any]]
    length: int
    not_objects: list[str] = field(default_factory=list)
    timezone: str | None = None
    number: int | None = None
    pages_count: int | None = None
    total_items: int | None = None
    catalog: dict[str, list[Any]] = field(default_factory=dict)
    mended: bool = False
    left_out: bool = False

    def __len__(self) -> int:
        return self.length

    def copy(self) -> Page:
        """Return a page with the same values, whose columns may be taken out."""
        return replace(self, columns=dict(self.columns))

    def values(self, name: str) -> list[Any]:
        """Return a field's value in every row."""
        column = self.columns[name]
        if isinstance(column, pa.Array) and pa.types.is_large_binary(column.type):
            column = json_texts(column)
        return column.to_pylist() if isinstance(column, pa.Array) else list(column)


def read_page(body: bytes, reader: AnswerReader | None = None, *, mended: bool = False) -> Page:
    """Read the calls of an answer as columns.

    Parameters
    ----------
    body
        The answer as it came.
    reader
        The reader of the account's answers; None takes a new one, which is slower.
    mended
        Whether the bytes were mended already.

    Raises
    ------
    msgspec.DecodeError
        The bytes are not a JSON object, or ``calls`` is not an array.
    """
    return page_of((reader or AnswerReader()).read(body, mended=mended))


def page_of(answer: Answer) -> Page:
    """Return the calls of an answer as columns.

    Raises
    ------
    msgspec.DecodeError
        ``calls`` is not an array.
    """
    if answer.shape is None:
        return _page_of_unexpected(answer)
    records = answer.calls or []
    page = _page(answer, records, _columns(records, answer.shape))
    if None in answer.shape.kinds:
        answer.reader.learn(page.columns)
    return page


def consolidate(pages: Sequence[Page]) -> None:
    """Put each column of several pages into one stretch of memory.

    The memory of thousands of small buffers would not go back to the system once their column is typed.
    """
    for name in (*ORDER, EXTRAS.name):
        columns = [page.columns[name] for page in pages]
        arrays = [each for each in columns if isinstance(each, pa.Array)]
        if len(arrays) == len(columns) and len({each.type for each in arrays}) == 1:
            joined, begin = pa.concat_arrays(arrays, memory_pool=MEMORY), 0
            for page in pages:
                page.columns[name] = joined.slice(begin, len(page))
                begin += len(page)


def page_of_records(
    records: Sequence[bytes], reader: AnswerReader | None = None, *, mended: bool = False
) -> Page:
    """Return calls that are JSON texts as columns."""
    return read_page(b'{"calls":[' + b",".join(records) + b"]}", reader, mended=mended)


def _page_of_unexpected(answer: Answer) -> Page:
    """Read calls one by one, where some are not objects, or have what was not expected."""
    records: list[Any] = []
    extras: list[str | None] = []
    not_objects: list[str] = []
    unlisted: set[str] = set()
    decoder = record_decoder(_LISTED)
    for text in _list_items(bytes(answer.calls)):
        try:
            members = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        except msgspec.ValidationError:
            not_objects.append(bytes(text).decode(errors="replace"))
            continue
        names = sorted(members.keys() - FIELDS.keys())
        extras.append(_object((msgspec.json.encode(name).decode(), members.pop(name)) for name in names))
        records.append(decoder.decode(msgspec.json.encode(members) if names else text))
        unlisted.update(names)
    columns = _columns(records, _LISTED)
    columns[EXTRAS.name] = pa.array(extras, pa.large_string())
    page = _page(answer, records, columns, not_objects)
    answer.reader.learn(page.columns, list(filter(can_be_named, unlisted)))
    return page


def _list_items(text: bytes) -> list[msgspec.Raw]:
    """Return the items of a JSON list, or of the object that PHP may write for one."""
    if not text.startswith(b"{"):
        return msgspec.json.decode(text or b"null", type=list[msgspec.Raw] | None) or []
    document = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    items = php_list(document) if document else []
    if items is None:
        msg = "Expected `array`, got `object` - at `$.calls`"
        raise msgspec.ValidationError(msg)
    return items


def _page(
    answer: Answer, records: list[Any], columns: dict[str, Any], not_objects: Sequence[str] = ()
) -> Page:
    if answer.mended:
        columns = {name: _with_strays(values) for name, values in columns.items()}
    return Page(
        columns,
        len(records),
        not_objects=list(not_objects),
        mended=answer.mended,
        left_out=not (records or not_objects or isinstance(answer.calls, list)),
        timezone=answer.timezone if isinstance(answer.timezone, str) else None,
        number=_count(answer.page),
        pages_count=_count(answer.pagesCount),
        total_items=_count(answer.totalItems),
        catalog={
            name: value if isinstance(value := getattr(answer, name), list) else []
            for name in ("tags", "outcomes", "projects")
        },
    )


def _columns(records: list[Any], shape: RecordShape) -> dict[str, Any]:
    width = len(ORDER) + len(shape.unlisted)
    flat: list[Any] = []
    for record in map(msgspec.structs.astuple, records):
        flat += record  # at once: tuples that stay would set off the garbage collector on every page
    transposed = [flat[begin::width] for begin in range(width)]
    columns: dict[str, Any] = {}
    alike: dict[Any, dict[str, Sequence[Any]]] = {}
    for name, kind, values in zip(ORDER, shape.kinds, transposed[: len(ORDER)], strict=True):
        if FIELDS[name].nested:
            columns[name] = _raw(values)
        elif kind is int and (packed := _packed(values)) is not None:
            columns[name] = packed
        elif arrow_type(kind) is None:
            columns[name] = _simple(values)
        else:
            alike.setdefault(kind, {})[name] = values
    for kind, some in alike.items():
        columns |= _arrays(some, kind)
    columns[EXTRAS.name] = _extras(transposed[len(ORDER) :], shape.unlisted, len(records))
    return columns


class _StrayNumber(msgspec.Struct, frozen=True):
    """A number that JSON lacks; it fits no field, so that it is counted."""

    name: str

    def __str__(self) -> str:
        return self.name


def _with_strays(column: pa.Array | Sequence[Any]) -> pa.Array | Sequence[Any]:
    """Return a column with numbers that JSON lacks as what they are, instead of texts."""
    if isinstance(column, pa.Array) and not pa.types.is_string(column.type):
        return column
    values = column.to_pylist() if isinstance(column, pa.Array) else column
    strays = {
        row: _StrayNumber(found[1])
        for row, value in enumerate(values)
        if isinstance(value, str) and (found := STRAY_NUMBER.fullmatch(value))
    }
    return [strays.get(row, value) for row, value in enumerate(values)] if strays else column


def _simple(values: Sequence[Any]) -> pa.Array | Sequence[Any]:
    array = uniform_array(values)
    return values if array is None else array


def _packed(values: Sequence[int | None]) -> pa.Array | None:
    """Return integers as an array, in a third of the time that Arrow takes; None where that needs Arrow."""
    try:
        packed = struct.pack(f"{len(values)}q", *values)
    except struct.error:  # a null, or a number of more than 64 bits
        return None
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(packed)])


def _arrays(columns: dict[str, Sequence[Any]], kind: Any) -> dict[str, pa.Array | Sequence[Any]]:
    """Return columns whose values are all of one kind, as the decoder made sure: Arrow would cut 1.5 to 1.

    All at once: each call of Arrow leaves the interpreter to threads that receive, and waits to get it back.
    """
    try:
        joined = pa.array([*itertools.chain.from_iterable(columns.values())], arrow_type(kind))
    except OverflowError:
        return {name: _simple(values) for name, values in columns.items()}
    length = len(joined) // len(columns)
    return {name: joined.slice(n * length, length) for n, name in enumerate(columns)}


def _raw(values: Sequence[msgspec.Raw]) -> pa.Array:
    """Return JSON values as they came, each followed by a NUL."""
    if values.count(NULL) == len(values):  # usually so: few accounts use them all
        return pa.nulls(len(values))
    # JSON never contains NUL; making bytes of each value by itself takes longer than all this.
    together = b"\0".join([*values, b""])
    ends = np.zeros(len(values) + 1, dtype=np.int64)
    ends[1:] = np.flatnonzero(np.frombuffer(together, dtype=np.uint8) == 0) + 1
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(together)]
    return pa.Array.from_buffers(pa.large_binary(), len(values), buffers)


def json_texts(raw: pa.LargeBinaryArray) -> pa.LargeStringArray:
    """Return nested values as texts: the content of a string, anything else as compact JSON.

    Each distinct value is read once, so many pages are best read together.
    """
    coded = raw.dictionary_encode()
    texts = pa.array(map(_json_text, coded.dictionary.to_pylist()), pa.large_string())
    return pc.take(texts, coded.indices, memory_pool=MEMORY)


def _json_text(text: bytes) -> str | None:
    text = text.rstrip(b"\0")
    if text == b"null":
        return None
    if text[:1] == b'"':
        content: str = msgspec.json.decode(text)
        return content
    return _compact(text)


def _compact(text: bytes | msgspec.Raw) -> str:
    return canonical_json(msgspec.json.format(text, indent=-1)).decode()


def _extras(values: Sequence[Sequence[msgspec.Raw]], unlisted: Sequence[str], length: int) -> pa.Array:
    """Return the unlisted fields of every call as a JSON object; null where it has none."""
    if not unlisted:
        return pa.nulls(length, pa.large_string())
    labels = [msgspec.json.encode(name).decode() for name in unlisted]
    rows = zip(*values, strict=True)
    return pa.array([_object(zip(labels, row, strict=True)) for row in rows], pa.large_string())


def _object(members: Iterable[tuple[str, msgspec.Raw]]) -> str | None:
    present = [f"{label}:{_compact(text)}" for label, text in members if text is not ABSENT]
    return "{" + ",".join(present) + "}" if present else None


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 10**_DIGITS else None  # what is larger counts nothing
