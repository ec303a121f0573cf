"""From pages, records or untyped frames to the typed table, and a count of what did not fit.

All end in `typed_array`, so they cannot disagree about what a value means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame._answer import STRAY_NUMBER, UNREADABLE, AnswerReader
from brightcall_pandas.frame._columns import Clock, Misfits, nulls, to_pandas, typed_array
from brightcall_pandas.frame._fields import EXTRAS, FIELDS, SCHEMA_VERSION
from brightcall_pandas.frame._page import Page, json_texts, page_of_records, read_page

__all__ = ["TABLE_SCHEMA", "TypedTable", "to_frame", "typed_table"]

TABLE_SCHEMA = pa.schema([(each.name, each.arrow_type) for each in (*FIELDS.values(), EXTRAS)])
"""The typed table: 45 fields in the article's order, then `extras`."""

_QUOTED_STRAY = re.compile(f'"{STRAY_NUMBER.pattern}"', re.IGNORECASE)
_KNOWN = frozenset(TABLE_SCHEMA.names)
_ROW = "(row)"  # stands for the field in the report where a whole row is not an object
_STRETCHES = 4  # of consecutive rows a page; to put more together takes longer than to take rows one by one


class TypedTable(msgspec.Struct):
    """A typed table and, by field, what did not fit."""

    table: pa.Table
    misfits: dict[str, Misfits] = {}

    def report(self) -> dict[str, dict[str, Any]]:
        """Return the misfits as JSON has them: ``count`` and ``example`` by field."""
        return {name: {"count": each.count, "example": each.example} for name, each in self.misfits.items()}


def to_frame(records: Any, *, timezone: str = "UTC") -> pd.DataFrame:
    """Return the typed frame of anything already in hand.

    Parameters
    ----------
    records
        A list of records, one API answer, a list of answers, JSON text, the path of a JSON file, or an
        untyped DataFrame.
    timezone
        Zone of the frame's times, and of times in `records` that carry no offset.

    Returns
    -------
    pandas.DataFrame
        The 45 fields in the article's order and `extras`; dtypes as `bc.describe_fields()` says. The index
        of a DataFrame is kept, else it counts from 0. What did not fit is null and counted in
        ``df.calls.quality()``.

    Raises
    ------
    ValueError
        The text or the file is not JSON, or the timezone does not exist.
    TypeError
        `records` is something else.

    Examples
    --------
    >>> calls = to_frame([{"id": 7, "state": 1, "talkTime": "12", "new": True}])
    >>> calls.loc[0, ["id", "state", "extras"]].tolist()
    ['7', 'answered', '{"new":true}']
    >>> float(calls.loc[0, "talkTime"])
    12.0
    """
    typed, index = _typed_of(records, timezone)
    frame = to_pandas(typed.table, timezone)
    if index is not None:
        frame.index = index
    frame.attrs["brightcall"] = {
        "source": "records",
        "schema_version": SCHEMA_VERSION,
        "misfits": typed.report(),
    }
    return frame


def typed_table(pages: Sequence[Page], timezone: str, rows: np.ndarray | None = None) -> TypedTable:
    """Return the typed table of the rows of some pages.

    Parameters
    ----------
    pages
        The pages. Each column leaves them when it is typed, so that calls are in memory only once.
    timezone
        Zone of times without offset.
    rows
        Positions in all pages together: which rows, and in which order. None takes all, as they came.
    """
    length = sum(map(len, pages))
    selection = _Selection.of([len(page) for page in pages], np.arange(length) if rows is None else rows)
    typed = _typed_columns(partial(_taken_column, pages, selection), len(selection), timezone)
    if not_objects := [text for page in pages for text in page.not_objects]:
        typed.misfits[_ROW] = Misfits(len(not_objects), not_objects[0])
    if any(page.mended for page in pages):
        _count_unreadable(typed)
    return typed


def _count_unreadable(typed: TypedTable) -> None:
    """Count texts of which a part could not be read: they are not null, but not what was said either."""
    for place, name in enumerate(typed.table.column_names):
        column = typed.table[name]
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            continue
        found = column.filter(pc.match_substring(column, UNREADABLE))
        if len(found):
            example = _QUOTED_STRAY.sub(r"\1", found[0].as_py())
            lost = typed.misfits.get(name, Misfits())
            typed.misfits[name] = lost.add(Misfits(len(found), example))
            typed.table = typed.table.set_column(
                place, typed.table.schema.field(name), _without_strays(column)
            )


def _without_strays(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return JSON texts with null for each number that JSON lacks."""
    texts = pc.replace_substring_regex(column, f"(?i){_QUOTED_STRAY.pattern}", "null")
    alone = pc.match_substring_regex(texts, f"(?i)^{STRAY_NUMBER.pattern}$")
    return pc.if_else(alone, pa.scalar(None, column.type), texts)


class _Selection(msgspec.Struct, frozen=True):
    """Which rows of some pages, and in which order.

    Parameters
    ----------
    stretches
        Consecutive rows, one stretch after the other: number of the page, first row, row after the last.
    order
        Positions in all stretches together; None where they are in order already.
    """

    stretches: list[tuple[int, int, int]]
    order: pa.Array | None = None

    @classmethod
    def of(cls, lengths: Sequence[int], rows: np.ndarray) -> _Selection:
        """Select rows by position in the concatenation of pages of these lengths."""
        starts = np.cumsum([0, *lengths])[:-1]
        pages = np.searchsorted(starts, rows, side="right") - 1
        begins = np.flatnonzero((np.diff(rows, prepend=-2) != 1) | (np.diff(pages, prepend=-1) != 0))
        if len(begins) > _STRETCHES * len(lengths):
            return cls([(n, 0, length) for n, length in enumerate(lengths)], pa.array(rows, pa.int64()))
        pages = pages[begins]
        first = rows[begins] - starts[pages]
        last = first + np.diff(begins, append=len(rows))
        return cls(list(zip(pages.tolist(), first.tolist(), last.tolist(), strict=True)))

    def __len__(self) -> int:
        if self.order is not None:
            return len(self.order)
        return sum(end - begin for _, begin, end in self.stretches)


def _taken_column(pages: Sequence[Page], selection: _Selection, name: str) -> pa.Array | list[Any]:
    """Take a column out of pages, which lose it: as one Arrow array where all are of one type."""
    columns = [page.columns.pop(name) for page in pages]
    parts = [_stretch(columns[page], begin, end) for page, begin, end in selection.stretches]
    arrays = [each for each in parts if isinstance(each, pa.Array)]
    kind = next((each.type for each in arrays if each.type != pa.null()), pa.null())
    alike = [
        each if each.type == kind else each.cast(kind) for each in arrays if each.type in (kind, pa.null())
    ]
    if len(alike) == len(parts):
        # Combining chunks takes up to three times as long.
        whole = pa.concat_arrays(alike or [pa.nulls(0, kind)])
        taken = whole if selection.order is None else whole.take(selection.order)
        return json_texts(taken) if pa.types.is_large_binary(kind) else taken
    values = [value for each in parts for value in (each.to_pylist() if isinstance(each, pa.Array) else each)]
    return values if selection.order is None else [values[n] for n in selection.order.to_pylist()]


def _stretch(column: pa.Array | Sequence[Any], begin: int, end: int) -> pa.Array | Sequence[Any]:
    return column if end - begin == len(column) else column[begin:end]  # slicing takes longer than looking


def _typed_records(records: Sequence[Mapping[str, Any]], timezone: str) -> TypedTable:
    columns: dict[str, Any] = {name: [row.get(name) for row in records] for name in FIELDS}
    unknown = [{key: value for key, value in row.items() if key not in _KNOWN} for row in records]
    columns[EXTRAS.name] = [
        json_text(extra) if extra else row.get(EXTRAS.name)
        for row, extra in zip(records, unknown, strict=True)
    ]
    return _typed_columns(columns.get, len(records), timezone)


def _typed_columns(values_of: Callable[[str], Any], length: int, timezone: str) -> TypedTable:
    """Type one column after the other, so that only one of them is in memory twice."""
    clock = Clock(timezone)
    arrays, misfits = {}, {}
    for each in sorted((*FIELDS.values(), EXTRAS), key=lambda each: each.name != "uniqueId"):
        values = values_of(each.name)
        array, lost = nulls(each, length), Misfits()
        if values is not None:
            array, lost = typed_array(values, each, clock)
        if each.name == "uniqueId":
            clock = Clock(timezone, array)
        arrays[each.name] = array
        if lost.count:
            misfits[each.name] = lost
    return TypedTable(pa.table(arrays, schema=TABLE_SCHEMA), misfits)


def json_text(value: Any) -> str:
    """Return compact JSON; what JSON has no form for is written as text."""
    return msgspec.json.encode(value, enc_hook=str).decode()


# What `to_frame` accepts.


def _typed_of(records: Any, timezone: str) -> tuple[TypedTable, pd.Index | None]:
    if isinstance(records, pd.DataFrame):
        return _of_frame(records, timezone), records.index
    if isinstance(records, Path) or (isinstance(records, str) and records.lstrip()[:1] not in ("{", "[")):
        records = _file(Path(records))
    if isinstance(records, str):
        records = records.encode()
    if isinstance(records, bytes):
        return typed_table(_pages_of_text(records), timezone), None
    if isinstance(records, Mapping):
        records = [records]
    if not isinstance(records, Iterable):
        msg = f"to_frame takes records, an API answer, JSON or a DataFrame, not {type(records).__name__}"
        raise TypeError(msg)
    return _typed_records(_flat(records), timezone), None


def _flat(records: Iterable[Any]) -> list[Mapping[str, Any]]:
    """Return records, those of answers in the place of the answers."""
    flat: list[Mapping[str, Any]] = []
    for position, record in enumerate(records):
        if not isinstance(record, Mapping):
            msg = f"record {position} is not a dict but {type(record).__name__}: {str(record)[:80]!r}"
            raise TypeError(msg)
        if isinstance(record.get("calls"), list):
            flat.extend(_flat(record["calls"]))
        else:
            flat.append(record)
    return flat


def _pages_of_text(text: bytes) -> list[Page]:
    """Return the pages of an answer, of a list of answers or records, or of one of these a line."""
    text = text.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        parts = msgspec.json.decode(text, type=list[msgspec.Raw]) if text[:1] == b"[" else [msgspec.Raw(text)]
        kinds = [msgspec.json.decode(part, type=dict[str, msgspec.Raw]) for part in parts]
    except msgspec.DecodeError as whole:
        try:
            parts = [msgspec.Raw(line) for line in text.splitlines() if line.strip()]
            kinds = [msgspec.json.decode(part, type=dict[str, msgspec.Raw]) for part in parts]
        except msgspec.DecodeError:
            msg = f"the text is neither JSON nor JSON lines of records or answers: {whole}"
            raise ValueError(msg) from None
    reader = AnswerReader()
    pages = []
    records: list[bytes] = []
    for part, kind in zip(parts, kinds, strict=True):
        if bytes(kind.get("calls", b""))[:1] == b"[":
            pages.append(read_page(bytes(part), reader))
        else:
            records.append(bytes(part))
    return [*pages, page_of_records(records, reader)] if records or not pages else pages


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{str(path)!r} is neither JSON text nor a readable file: {error.strerror}"
        raise ValueError(msg) from None


def _of_frame(frame: pd.DataFrame, timezone: str) -> TypedTable:
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()].tolist()
        msg = f"the frame has columns of the same name: {twice}; keep one of each"
        raise ValueError(msg)
    columns: dict[str, Any] = {name: frame[name] for name in frame.columns if name in _KNOWN}
    others = [name for name in frame.columns if name not in _KNOWN]
    if others:
        rows = json.loads(frame[others].to_json(orient="records", date_format="iso"))
        columns[EXTRAS.name] = [json_text(kept) if (kept := _given(row)) else None for row in rows]
    return _typed_columns(columns.get, len(frame), timezone)


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None}
