"""From pages, records or untyped frames to the typed frame, and a count of what did not fit.

All end in `columns.typed_array`, so they cannot disagree about what a value means.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from brightcall_pandas.frame._columns import Clock, Misfits, nulls, to_pandas, typed_array
from brightcall_pandas.frame._fields import EXTRAS, FIELDS, SCHEMA_VERSION
from brightcall_pandas.frame._joined import Choice, joined
from brightcall_pandas.frame._page import Page, page_of_rows, read_page

__all__ = ["TABLE_SCHEMA", "Typed", "to_frame", "typed_pages"]

TABLE_SCHEMA = pa.schema([(each.name, each.arrow_type) for each in (*FIELDS.values(), EXTRAS)])
"""The typed table: 45 fields in the article's order, then `extras`."""

_KNOWN = frozenset(TABLE_SCHEMA.names)
_ROW = "(row)"  # stands for the field in the report where a whole row is no object


@dataclass
class Typed:
    """A typed table and, by field, what did not fit."""

    table: pa.Table
    misfits: dict[str, Misfits] = field(default_factory=dict)

    def report(self) -> dict[str, dict[str, Any]]:
        """Return the misfits as JSON has them: field → ``count`` and ``example``."""
        return {name: {"count": each.count, "example": each.example} for name, each in self.misfits.items()}


def to_frame(records: Any, *, timezone: str = "UTC") -> pd.DataFrame:
    """Make the typed frame of anything already in hand.

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
        The text or the file is no JSON, or the timezone does not exist.
    TypeError
        `records` is none of the above.

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


def typed_pages(pages: Sequence[Page], timezone: str, rows: np.ndarray | None = None) -> Typed:
    """Make the typed table of the rows of some pages.

    Parameters
    ----------
    pages
        Answers, or pages made of records. Each column leaves them as it is typed: calls are in memory once.
    timezone
        Zone of times without offset.
    rows
        Positions in the concatenation of the pages: which rows, and in which order. None: all, as they came.
    """
    length = sum(map(len, pages))
    choice = Choice.of([len(page) for page in pages], np.arange(length) if rows is None else rows)
    typed = _typed_columns(partial(joined, pages, choice), len(choice), timezone)
    if strange := [text for page in pages for text in page.strange]:
        typed.misfits[_ROW] = Misfits(len(strange), strange[0])
    return typed


def _typed_records(records: Sequence[Mapping[str, Any]], timezone: str) -> Typed:
    columns: dict[str, Any] = {name: [row.get(name) for row in records] for name in FIELDS}
    unknown = [{key: value for key, value in row.items() if key not in _KNOWN} for row in records]
    columns[EXTRAS.name] = [
        json_text(extra) if extra else row.get(EXTRAS.name)
        for row, extra in zip(records, unknown, strict=True)
    ]
    return _typed_columns(columns.get, len(records), timezone)


def _typed_columns(values_of: Callable[[str], Any], length: int, timezone: str) -> Typed:
    """Type one column after the other, so that only one of them is in memory more than once."""
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
    return Typed(pa.table(arrays, schema=TABLE_SCHEMA), misfits)


def json_text(value: Any) -> str:
    """Return compact JSON; what JSON does not know is written as its text."""
    return msgspec.json.encode(value, enc_hook=str).decode()


# What `to_frame` accepts.


def _typed_of(records: Any, timezone: str) -> tuple[Typed, pd.Index | None]:
    if isinstance(records, pd.DataFrame):
        return _of_frame(records, timezone), records.index
    if isinstance(records, Path) or (isinstance(records, str) and records.lstrip()[:1] not in ("{", "[")):
        records = _file(Path(records))
    if isinstance(records, str):
        records = records.encode()
    if isinstance(records, bytes):
        return typed_pages(_pages_of_text(records), timezone), None
    if isinstance(records, Mapping):
        records = [records]
    if not isinstance(records, Iterable):
        msg = f"to_frame takes records, an API answer, JSON or a DataFrame, not {type(records).__name__}"
        raise TypeError(msg)
    return _typed_records(_flat(records), timezone), None


def _flat(records: Iterable[Any]) -> list[Mapping[str, Any]]:
    """Put answers in place of their calls."""
    flat: list[Mapping[str, Any]] = []
    for position, record in enumerate(records):
        if not isinstance(record, Mapping):
            msg = f"record {position} is no dict but {type(record).__name__}: {str(record)[:80]!r}"
            raise TypeError(msg)
        if isinstance(record.get("calls"), list):
            flat.extend(_flat(record["calls"]))
        else:
            flat.append(record)
    return flat


def _pages_of_text(text: bytes) -> list[Page]:
    """Read an answer, a list of answers or records, or one of these a line."""
    text = text.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        parts = msgspec.json.decode(text, type=list[msgspec.Raw]) if text[:1] == b"[" else [msgspec.Raw(text)]
        kinds = [msgspec.json.decode(part, type=dict[str, msgspec.Raw]) for part in parts]
    except msgspec.DecodeError as whole:
        try:
            parts = [msgspec.Raw(line) for line in text.splitlines() if line.strip()]
            kinds = [msgspec.json.decode(part, type=dict[str, msgspec.Raw]) for part in parts]
        except msgspec.DecodeError:
            msg = f"this is neither JSON nor JSON lines of records or answers: {whole}"
            raise ValueError(msg) from None
    pages = []
    rows: list[bytes] = []
    for part, kind in zip(parts, kinds, strict=True):
        if bytes(kind.get("calls", b""))[:1] == b"[":
            pages.append(read_page(bytes(part)))
        else:
            rows.append(bytes(part))
    return [*pages, page_of_rows(rows)] if rows or not pages else pages


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{str(path)!r} is neither JSON text nor a file that can be read: {error.strerror}"
        raise ValueError(msg) from None


def _of_frame(frame: pd.DataFrame, timezone: str) -> Typed:
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
