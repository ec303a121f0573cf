"""Anything already in hand to the typed frame: records, answers, JSON, webhooks, frames of any library."""

from __future__ import annotations

import contextlib
import gzip
import os
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa

from brightcall_pandas.errors import brief_errors, warn_user
from brightcall_pandas.frame._agents import checked_agent, count_agents, known_agent, with_agent
from brightcall_pandas.frame._answer import AnswerReader, decoded
from brightcall_pandas.frame._clients import region_of, with_region
from brightcall_pandas.frame._columns import to_pandas, typed_array
from brightcall_pandas.frame._documents import calls_in, is_call, is_event, is_of_event, merged_events
from brightcall_pandas.frame._field_names import field_names, renamed, warn_of_close_names
from brightcall_pandas.frame._fields import EXTRAS, FIELDS, SCHEMA_VERSION
from brightcall_pandas.frame._kinds import json_text
from brightcall_pandas.frame._leads import checked_lead, known_lead, warn_of_absent_leads, with_lead
from brightcall_pandas.frame._page import Page, page_of_records, read_page
from brightcall_pandas.frame._phones import checked_region
from brightcall_pandas.frame._table import TABLE_SCHEMA, TypedTable, typed_columns, typed_table
from brightcall_pandas.frame._zones import zone_name

__all__ = ["to_frame", "warn_of_unread_times"]

_KNOWN = frozenset(TABLE_SCHEMA.names)
_ANSWERED = frozenset(("calls", "success"))  # members of answers, and of no call
_LONGEST_SHOWN = 200  # characters of a path that a message quotes: it may be a text that is no JSON
_GZIP = b"\x1f\x8b"
_BYTE_ORDERS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16, as Windows' PowerShell writes it


@brief_errors
def to_frame(
    records: Any,
    *,
    timezone: str = "UTC",
    agent: str | None = None,
    region: str | None = None,
    lead: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the typed frame of anything already in hand.

    Parameters
    ----------
    records
        A list of records, one API answer, a list of answers, JSON text, a JSON file or its path (also packed
        by gzip), a response of requests or httpx, events of the dialer's webhooks (those of one call become
        one row), or an untyped DataFrame of pandas, Polars, Arrow, DuckDB or any library that offers Arrow's
        C stream or the dataframe interchange protocol. Columns and levels of the index that are named as
        fields are these, whatever their case and with or without underscores, blanks and dashes
        (``talk_time``, ``TALKTIME``); all others go to `extras`.
    timezone
        Zone of the frame's times, and of times in `records` that carry no offset: an IANA name, an offset
        such as ``+04:00``, or a Windows name.
    agent
        Field that tells the agents: ``"involvedAgent1Id"``, ``"agentShortNumber"`` or ``"userId"``, or
        another field. None: that of `records`, where these are a frame that has one, else what the calls
        decide. At least 50 answered calls decide for good: filters and slices of the frame inherit it.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code. It changes no
        column; tables go by it where they tell clients apart, as `bc.normalize_numbers` does. None: that of
        `records`, where these are a frame that has one.
    lead
        Outcomes that are a lead, such as ``["Meeting booked", "Qualified"]``, whatever their case and blanks:
        what tables count as positive. None: those of `records`, where these are a frame that names some, else
        calls whose outcome type is positive.

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
        The text or the file is not JSON, a table has no field of a call, two columns of one name or two that
        mean one field, the timezone or the region does not exist, or `agent` is not a field.
    TypeError
        `records` is something else, or `lead` is not texts.

    Warns
    -----
    RuntimeWarning
        None of the times of a column could be read, or names resemble fields without being them.
    NoMatchWarning
        No call has an outcome that `lead` names.

    Notes
    -----
    Times are read as ISO 8601 (also without separators, with a comma before fractions, with ``UTC`` or
    ``GMT`` behind), as mail writes them (RFC 2822) and JavaScript's ``Date``, and as epochs, numbers or
    text, of the years 2000 to 2199: from 9.47e8 they are seconds, from 9.47e11 milliseconds, from 9.47e14
    microseconds, from 9.47e17 nanoseconds. A date such as ``02.03.2026`` does not say which number is the
    month, so it is null and counted, and so is 0.

    Examples
    --------
    >>> calls = to_frame([{"id": 7, "state": 1, "talkTime": "12", "new": True}])
    >>> calls.loc[0, ["id", "state", "extras"]].tolist()
    ['7', 'answered', '{"new":true}']
    >>> float(calls.loc[0, "talkTime"])
    12.0
    """
    timezone, region = zone_name("timezone", timezone), checked_region(region)
    given_lead = None if lead is None else checked_lead(lead)
    agent = None if agent is None else checked_agent(agent, FIELDS)
    settled_by = "argument"
    if isinstance(records, pd.DataFrame):
        region = region_of(records) if region is None else region
        lead = known_lead(records) if lead is None else lead
        if agent is None and (agent := known_agent(records)) is not None:
            settled_by = str(records.attrs["brightcall"].get("agent_by", "calls"))
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
    frame = with_lead(with_region(frame, region), lead)
    if given_lead is not None:
        warn_of_absent_leads(frame)
    if agent is None and (agent := count_agents(frame).settled) is not None:
        settled_by = "calls"
    return frame if agent is None else with_agent(frame, agent, by=settled_by)


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
    given = _in_hand(records)
    if isinstance(given, pd.DataFrame):
        return _of_frame(given, timezone), given.index
    if isinstance(given, pa.Table):
        return _of_arrow(given, timezone), None
    if isinstance(given, bytes | bytearray | memoryview):
        return _of_text(bytes(given), timezone), None
    if isinstance(given, Mapping) and any(isinstance(each, pd.Series) for each in given.values()):
        return _of_frame(pd.DataFrame(dict(given)), timezone), None
    if isinstance(given, Mapping):
        return _typed_records(_calls([given], alone=True), timezone), None
    if not isinstance(given, Iterable):
        raise _not_accepted(given)
    return _typed_records(_calls(_mappings(given)), timezone), None


def _in_hand(records: Any) -> Any:
    """Return the frame, the Arrow table, the bytes or the Python objects that something stands for."""
    if isinstance(records, pd.DataFrame):
        plain = records.astype(object).where(records.notna(), None) if is_event(records.columns) else None
        return records if plain is None else plain.to_dict("records")
    if isinstance(records, pd.Series):  # a row of a frame, or a column of records
        return records.to_dict() if is_call(records.index) else records.tolist()
    if (table := _arrow_table(records)) is not None:
        return table.to_pylist() if is_event(table.column_names) else table
    if isinstance(records, os.PathLike) or (isinstance(records, str) and not _is_json(records)):
        return _file(Path(records))
    if hasattr(records, "status_code") and hasattr(records, "content"):
        return records.content  # of a response of requests or httpx
    text = records.read() if hasattr(records, "read") else records
    return text.encode(errors="surrogatepass") if isinstance(text, str) else text


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
    if any(map(is_event, documents)):
        events = [each for each in documents if is_of_event(each)]
        others = [each for each in documents if not is_of_event(each)]
        return merged_events(events) + (_calls(others) if others else [])
    documents = renamed(documents)
    # Among calls, one without any field that is known is a call too: what it has is kept.
    lenient = not alone and any(map(is_call, documents))
    calls: list[Mapping[str, Any]] = []
    for document in documents:
        inner = [document] if lenient and _ANSWERED.isdisjoint(document) else calls_in(document)
        calls += _mappings(inner) if inner and inner[0] is not document else inner
    return calls


def _typed_records(records: Sequence[Mapping[str, Any]], timezone: str) -> TypedTable:
    warn_of_close_names(dict.fromkeys(name for row in records for name in row))
    columns: dict[str, Any] = {name: [row.get(name) for row in records] for name in FIELDS}
    columns[EXTRAS.name] = [
        _extras(row.get(EXTRAS.name), {key: value for key, value in row.items() if key not in _KNOWN})
        for row in records
    ]
    return typed_columns(columns.get, len(records), timezone)


def _extras(kept: Any, others: Mapping[Any, Any]) -> Any:
    """Return fields that are not listed, beside those that were put into `extras` before."""
    if not others:
        return kept
    before = kept
    if isinstance(kept, str):
        with contextlib.suppress(msgspec.DecodeError, RecursionError):
            before = msgspec.json.decode(kept)
    if not isinstance(before, Mapping):
        before = {EXTRAS.name: before} if isinstance(before, str | list | int) and before else {}
    return json_text({**before, **{str(name): value for name, value in others.items()}})


# JSON.


def _of_text(text: bytes, timezone: str) -> TypedTable:
    try:
        return typed_table(_pages_of_text(text), timezone)
    except msgspec.MsgspecError as error:  # numbers of thousands of digits, for example
        msg = f"the text is JSON that cannot be read as calls: {error}"
        raise ValueError(msg) from None


def _pages_of_text(text: bytes) -> list[Page]:
    """Return the pages of an answer, of a list of answers or records, or of one of these a line."""
    if text[:2] == _GZIP:
        text = _unpacked(text)
    if text[:2] in _BYTE_ORDERS:
        text = text.decode("utf-16", errors="replace").encode()
    text = text.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        parts, mended = decoded(text, _parts_of_document)
    except msgspec.DecodeError as whole:
        try:
            parts, mended = decoded(text, _parts_of_lines)
        except msgspec.DecodeError:
            msg = (
                f"the text is neither JSON nor JSON lines of records or answers ({whole}); read parquet with "
                "bc.read_calls, and tables of other kinds with pandas, then pass the frame"
            )
            raise ValueError(msg) from None
    alone = text[:1] == b"{" and len(parts) == 1
    members = [msgspec.json.decode(part, type=dict[str, msgspec.Raw]) for part in parts]
    reader = AnswerReader()
    answers = [each for each in members if "calls" in each]
    as_fields = renamed(members) is members
    if as_fields and not alone and any(map(is_call, members)) and all(map(_is_plain, members)):
        warn_of_close_names(dict.fromkeys(name for each in members for name in each))
        return [page_of_records(parts, reader, mended=mended)]
    if len(answers) == len(parts) and all(bytes(each["calls"]).startswith(b"[") for each in answers):
        for each in answers:
            around = {name: msgspec.json.decode(text) for name, text in each.items() if name != "calls"}
            calls_in(around | {"calls": []})  # raises where the answer says that something failed
        return [read_page(part, reader, mended=mended) for part in parts]
    calls = _calls([msgspec.json.decode(part) for part in parts], alone=alone)
    warn_of_close_names(dict.fromkeys(name for each in calls for name in each))
    return [page_of_records([json_text(call).encode() for call in calls], reader, mended=mended)]


def _unpacked(text: bytes) -> bytes:
    try:
        return gzip.decompress(text)
    except (OSError, EOFError, zlib.error) as error:
        msg = f"the text was packed by gzip and cannot be unpacked: {error}"
        raise ValueError(msg) from None


def _is_plain(names: Collection[str]) -> bool:
    return _ANSWERED.isdisjoint(names) and not is_event(names)


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
        named = str(path) if len(str(path)) <= _LONGEST_SHOWN else f"{str(path)[:_LONGEST_SHOWN]}…"
        msg = f"{named!r} is neither JSON text nor a readable file: {error.strerror}"
        raise ValueError(msg) from None


# Frames.


def _of_frame(frame: pd.DataFrame, timezone: str) -> TypedTable:
    if frame.columns.nlevels > 1:
        msg = (
            f"the names of the columns have {frame.columns.nlevels} levels, and those of calls have one: "
            "take the level with the fields, for example df.columns = df.columns.get_level_values(-1)"
        )
        raise ValueError(msg)
    fields = field_names([*frame.columns, *(each for each in frame.index.names if each not in frame.columns)])
    plain = frame.set_axis(pd.RangeIndex(len(frame))).rename(columns=fields)
    # A field that was made the index is still one.
    for level, given in enumerate(frame.index.names):
        name = fields.get(str(given), given)
        if name in _KNOWN and name not in plain.columns:
            plain[name] = frame.index.get_level_values(level)
    others = _others(plain.columns.tolist(), len(plain))
    columns: dict[str, Any] = {name: plain[name] for name in plain.columns if name in _KNOWN}
    if others:
        unlisted = plain[others].astype(object)
        rows = unlisted.where(unlisted.notna(), None).to_dict("records")
        columns[EXTRAS.name] = _extras_of_rows(columns.get(EXTRAS.name), rows)
    return typed_columns(columns.get, len(plain), timezone)


def _others(names: Sequence[Any], rows: int) -> list[Any]:
    """Return the names of a table that are not fields; refuse a table that has no calls."""
    index = pd.Index(names, dtype=object)
    if not index.is_unique:
        twice = index[index.duplicated()].unique().tolist()
        msg = f"the table has columns of the same name: {twice}; keep one of each"
        raise ValueError(msg)
    if "calls" in names and _KNOWN.intersection(names) <= {"tags"}:
        msg = "the table has answers, not calls: pass what is in their 'calls', or the answers as they came"
        raise ValueError(msg)
    if rows and _KNOWN.isdisjoint(names):
        shown = ", ".join(map(str, names[:8])) + (" …" if len(names) > 8 else "")
        msg = (
            f"the table has none of the fields of a call, only {shown or 'no column'}: rename its columns as "
            "bc.describe_fields() has them"
        )
        raise ValueError(msg)
    warn_of_close_names(names)
    return [name for name in names if name not in _KNOWN]


def _extras_of_rows(kept: Any, rows: Sequence[Mapping[Any, Any]]) -> list[Any]:
    before = [None] * len(rows) if kept is None else typed_array(kept, EXTRAS)[0].to_pylist()
    return [_extras(text, _given(row)) for text, row in zip(before, rows, strict=True)]


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
    fields = field_names(table.column_names)
    table = table.rename_columns([fields.get(name, name) for name in table.column_names])
    others = _others(table.column_names, len(table))
    columns: dict[str, Any] = {name: table[name] for name in table.column_names if name in _KNOWN}
    if others:
        rows = _rows(table.select(others))
        columns[EXTRAS.name] = _extras_of_rows(columns.get(EXTRAS.name), rows)
    return typed_columns(columns.get, table.num_rows, timezone)


def _rows(table: pa.Table) -> Sequence[Mapping[Any, Any]]:
    try:
        rows: Sequence[Mapping[Any, Any]] = table.to_pylist()
    except (ValueError, OverflowError):  # times that Python does not have
        kinds = [pa.string() if pa.types.is_timestamp(each.type) else each.type for each in table.schema]
        rows = table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True)))).to_pylist()
    return rows


def _given(row: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in row.items() if value is not None}
