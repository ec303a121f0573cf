"""Anything already in hand to the typed frame: records, answers, JSON, webhooks, frames of any library."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa

from brightcall_pandas.errors import brief_errors, warn_user
from brightcall_pandas.frame._answer import AnswerReader, decoded
from brightcall_pandas.frame._columns import to_pandas
from brightcall_pandas.frame._documents import calls_in, is_call, is_event, merged_events
from brightcall_pandas.frame._fields import EXTRAS, FIELDS, SCHEMA_VERSION
from brightcall_pandas.frame._page import Page, page_of_records, read_page
from brightcall_pandas.frame._table import TABLE_SCHEMA, TypedTable, json_text, typed_columns, typed_table
from brightcall_pandas.frame._zones import zone_name

__all__ = ["to_frame", "warn_of_unread_times"]

_KNOWN = frozenset(TABLE_SCHEMA.names)
_BYTE_ORDERS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16, as Windows' PowerShell writes it


@brief_errors
def to_frame(records: Any, *, timezone: str = "UTC") -> pd.DataFrame:
    """Return the typed frame of anything already in hand.

    Parameters
    ----------
    records
        A list of records, one API answer, a list of answers, JSON text, a JSON file or its path, events of
        the dialer's webhooks (those of one call become one row), or an untyped DataFrame of pandas, Polars,
        Arrow, DuckDB or any library that offers Arrow's C stream or the dataframe interchange protocol.
    timezone
        Zone of the frame's times, and of times in `records` that carry no offset: an IANA name, an offset
        such as ``+04:00``, or a Windows name.

    Returns
    -------
    pandas.DataFrame
        The 45 fields in the article's order and `extras`; dtypes as `bc.describe_fields()` says. The index
        of a DataFrame is kept, else it counts from 0. What did not fit is null and counted in
        ``df.calls.quality()``.

    Raises
    ------
    InvalidResponseError
        It is an answer that says that something failed, or an object of unknown form.
    ValueError
        The text or the file is not JSON, or the timezone does not exist.
    TypeError
        `records` is something else.

    Warns
    -----
    RuntimeWarning
        None of the times of a column could be read.

    Notes
    -----
    Times are read as ISO 8601 (also without separators, with a comma before fractions, with ``UTC`` or
    ``GMT`` behind), as mail writes them (RFC 2822) and JavaScript's ``Date``, and as epochs, numbers or
    text: below 7.26e9 they are seconds, from 1e11 milliseconds, from 1e14 microseconds, from 1e17
    nanoseconds, each until the year 2200; a text has to lie after 1999. A date such as ``02.03.2026``
    does not say which number is the month, so it is null and counted.

    Examples
    --------
    >>> calls = to_frame([{"id": 7, "state": 1, "talkTime": "12", "new": True}])
    >>> calls.loc[0, ["id", "state", "extras"]].tolist()
    ['7', 'answered', '{"new":true}']
    >>> float(calls.loc[0, "talkTime"])
    12.0
    """
    timezone = zone_name("timezone", timezone)
    typed, index = _typed_of(records, timezone)
    frame = to_pandas(typed.table, timezone)
    if index is not None:
        frame.index = index
    frame.attrs["brightcall"] = {
        "source": "records",
        "schema_version": SCHEMA_VERSION,
        "misfits": typed.report(),
    }
    warn_of_unread_times(frame, typed.report())
    return frame


def warn_of_unread_times(frame: pd.DataFrame, misfits: Mapping[str, Any]) -> None:
    """Warn where no time of a column could be read; single ones are only counted."""
    for name in frame.columns.intersection([each.name for each in FIELDS.values() if each.kind == "time"]):
        if name in misfits and frame[name].isna().all():
            count, example = misfits[name]["count"], misfits[name]["example"]
            warn_user(
                f"none of the {count:,} times in {name!r} could be read, for example {example!r}. "
                "bc.to_frame says which forms are read; convert others with pandas.to_datetime first."
            )


# What is in hand.


def _typed_of(records: Any, timezone: str) -> tuple[TypedTable, pd.Index | None]:
    if isinstance(records, pd.DataFrame):
        return _of_frame(records, timezone), records.index
    if (table := _arrow_table(records)) is not None:
        return _of_arrow(table, timezone), None
    if isinstance(records, os.PathLike) or (isinstance(records, str) and not _is_json(records)):
        records = _file(Path(records))
    if hasattr(records, "read"):
        records = records.read()
    if isinstance(records, str):
        records = records.encode(errors="surrogatepass")
    if isinstance(records, bytes | bytearray):
        return typed_table(_pages_of_text(bytes(records)), timezone), None
    if isinstance(records, Mapping):
        return _typed_records(_calls([records], alone=True), timezone), None
    if not isinstance(records, Iterable):
        raise _not_accepted(records)
    return _typed_records(_calls(_mappings(records)), timezone), None


def _is_json(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


def _not_accepted(records: Any) -> TypeError:
    hint = "; call its .compute() or .collect() first" if hasattr(type(records), "columns") else ""
    return TypeError(
        f"to_frame takes records, an API answer, JSON or a DataFrame, not {type(records).__name__}{hint}"
    )


def _mappings(records: Iterable[Any]) -> list[Mapping[str, Any]]:
    if hasattr(type(records), "columns"):  # a lazy frame: its items are names, or nothing
        raise _not_accepted(records)
    rows = list(records)
    for position, record in enumerate(rows):
        if not isinstance(record, Mapping):
            msg = f"record {position} is not a dict but {type(record).__name__}: {str(record)[:80]!r}"
            raise TypeError(msg)
    return rows


def _calls(documents: Sequence[Mapping[str, Any]], *, alone: bool = False) -> list[Mapping[str, Any]]:
    """Return calls, those of answers in the place of the answers.

    Parameters
    ----------
    documents
        Calls, answers or webhooks.
    alone
        Whether they are one object that stands by itself.
    """
    if documents and all(map(is_event, documents)):
        return merged_events(documents)
    # Among calls, one without any field that is known is a call too: what it has is kept.
    lenient = not alone and any(map(is_call, documents))
    calls: list[Mapping[str, Any]] = []
    for document in documents:
        inner = [document] if lenient and "calls" not in document else calls_in(document)
        calls += _mappings(inner) if inner and inner[0] is not document else inner
    return calls


def _typed_records(records: Sequence[Mapping[str, Any]], timezone: str) -> TypedTable:
    columns: dict[str, Any] = {name: [row.get(name) for row in records] for name in FIELDS}
    unknown = [{key: value for key, value in row.items() if key not in _KNOWN} for row in records]
    columns[EXTRAS.name] = [
        json_text(extra) if extra else row.get(EXTRAS.name)
        for row, extra in zip(records, unknown, strict=True)
    ]
    return typed_columns(columns.get, len(records), timezone)


# JSON.


def _pages_of_text(text: bytes) -> list[Page]:
    """Return the pages of an answer, of a list of answers or records, or of one of these a line."""
    if text[:2] in _BYTE_ORDERS:
        text = text.decode("utf-16", errors="replace").encode()
    text = text.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        parts, mended = decoded(text, _parts_of_document)
    except msgspec.DecodeError as whole:
        try:
            parts, mended = decoded(text, _parts_of_lines)
        except msgspec.DecodeError:
            msg = f"the text is neither JSON nor JSON lines of records or answers: {whole}"
            raise ValueError(msg) from None
    alone = text[:1] == b"{" and len(parts) == 1
    members = [msgspec.json.decode(part, type=dict[str, msgspec.Raw]) for part in parts]
    reader = AnswerReader()
    answers = [each for each in members if "calls" in each]
    if not answers and not alone and any(map(is_call, members)) and not all(map(is_event, members)):
        return [page_of_records(parts, reader, mended=mended)]
    if len(answers) == len(parts) and all(bytes(each["calls"]).startswith(b"[") for each in answers):
        for each in answers:
            around = {name: msgspec.json.decode(text) for name, text in each.items() if name != "calls"}
            calls_in(around | {"calls": []})  # raises where the answer says that something failed
        return [read_page(part, reader, mended=mended) for part in parts]
    calls = _calls([msgspec.json.decode(part) for part in parts], alone=alone)
    return [page_of_records([json_text(call).encode() for call in calls], reader, mended=mended)]


def _parts_of_document(text: bytes, mended: bool) -> tuple[list[bytes], bool]:
    if text[:1] != b"[":
        msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        return [text], mended
    parts = msgspec.json.decode(text, type=list[msgspec.Raw])
    return _objects(parts), mended


def _parts_of_lines(text: bytes, mended: bool) -> tuple[list[bytes], bool]:
    return _objects([msgspec.Raw(line) for line in text.splitlines() if line.strip()]), mended


def _objects(parts: Sequence[msgspec.Raw]) -> list[bytes]:
    for part in parts:
        msgspec.json.decode(part, type=dict[str, msgspec.Raw])
    return [bytes(part) for part in parts]


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{str(path)!r} is neither JSON text nor a readable file: {error.strerror}"
        raise ValueError(msg) from None


# Frames.


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
    return typed_columns(columns.get, len(frame), timezone)


def _arrow_table(records: Any) -> pa.Table | None:
    """Return the Arrow table of any object that offers itself in one of the common ways; None for others."""
    if isinstance(records, pa.Table):
        return records
    try:
        if hasattr(records, "__arrow_c_stream__"):
            return pa.RecordBatchReader.from_stream(records).read_all()
        if hasattr(records, "__arrow_c_array__"):
            return pa.Table.from_batches([pa.record_batch(records)])
        if hasattr(records, "__dataframe__"):
            from pyarrow.interchange import from_dataframe  # noqa: PLC0415 - only few need it

            return from_dataframe(records)
    except (pa.ArrowException, TypeError, ValueError) as error:
        msg = f"to_frame cannot read this {type(records).__name__} as a table of calls: {error}"
        raise TypeError(msg) from error
    return None


def _of_arrow(table: pa.Table, timezone: str) -> TypedTable:
    if len(set(table.column_names)) < table.num_columns:
        twice = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
        msg = f"the table has columns of the same name: {twice}; keep one of each"
        raise ValueError(msg)
    columns: dict[str, Any] = {name: table[name] for name in table.column_names if name in _KNOWN}
    others = [name for name in table.column_names if name not in _KNOWN]
    if others:
        rows = table.select(others).to_pylist()
        columns[EXTRAS.name] = [json_text(kept) if (kept := _given(row)) else None for row in rows]
    return typed_columns(columns.get, table.num_rows, timezone)


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None}
