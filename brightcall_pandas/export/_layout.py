"""What a file of calls looks like: its columns and metadata, and how it is written.

The same for a frame and for an export, so a reader need not know which of them wrote a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from brightcall_pandas.cache import temporary_file
from brightcall_pandas.export._footer import META, PERIODS
from brightcall_pandas.export._lock import Scratch, writable
from brightcall_pandas.frame import EXTRAS, FIELDS, TABLE_SCHEMA, column, label_array, to_pandas

__all__ = [
    "chosen_fields",
    "is_field",
    "parquet_writer",
    "period_of",
    "schema_of",
    "table_of",
    "write_rows",
]

_ROW_GROUP = 65_536
_KNOWN = FIELDS | {EXTRAS.name: EXTRAS}
_OFFSET = re.compile(r"[+-]\d\d:\d\d")
_NAMED_OFFSETS = {f"{hours:+03d}:00" for hours in range(-12, 15)}


def period_of(day: date, partition: str) -> str:
    """Return the period that a day belongs to."""
    return day.strftime(PERIODS[partition])


def is_field(name: str) -> bool:
    """Tell whether a column is one of the API's fields, or `extras`."""
    return name in _KNOWN


def table_of(df: pd.DataFrame) -> pa.Table:
    """Return a frame as a table of the fields' types; other columns keep theirs.

    Raises
    ------
    TypeError
        A column has values that parquet has no type for.
    ValueError
        The frame has no columns, two of the same name, or names of several levels.
    """
    _check_names(df.columns)
    unindexed = df.reset_index(drop=True)
    typed = {
        name: column(unindexed, name) if name in _KNOWN else unindexed[name] for name in unindexed.columns
    }
    arrays = {str(name): _array(series, str(name)) for name, series in typed.items()}
    return pa.table(arrays)


def _check_names(names: pd.Index) -> None:
    if not len(names):
        msg = "the frame has no columns: there is nothing to write"
        raise ValueError(msg)
    if names.nlevels > 1:
        msg = (
            f"the names of the columns have {names.nlevels} levels, and a file has one: join them, for "
            "example with df.columns = df.columns.map('.'.join)"
        )
        raise ValueError(msg)
    written = names.map(str)
    if twice := written[written.duplicated()].unique().tolist():
        msg = f"the frame has several columns named {', '.join(map(repr, twice))}: keep one of each"
        raise ValueError(msg)


def chosen_fields(columns: Sequence[str]) -> pa.Schema:
    """Return some fields in the types of the loader."""
    return pa.schema([TABLE_SCHEMA.field(name) for name in columns])


def schema_of(
    table: pa.Schema, timezone: str, metadata: dict[str, Any], frame: pd.DataFrame | None = None
) -> pa.Schema:
    """Return the schema of a file with these columns.

    Parameters
    ----------
    table
        Columns in the types of `table_of` or of the loader.
    timezone
        Zone in which the times are shown.
    metadata
        What the file says of its calls.
    frame
        The frame that the columns are from; its dtypes are those of the columns that are no fields.

    Returns
    -------
    pyarrow.Schema
        Times in the zone; each field with its description and unit; pandas' own metadata, so that plain
        `pandas.read_parquet` returns the same dtypes.
    """
    fields = [_described(each, timezone) for each in table]
    known = TABLE_SCHEMA.empty_table().select([name for name in table.names if name in _KNOWN])
    example = to_pandas(known, timezone)
    given = {} if frame is None else {str(name): frame[name].iloc[:0] for name in frame.columns}
    for each in table:
        if each.name not in _KNOWN:
            plain = pa.array([], each.type).to_pandas()
            own = given.get(each.name)
            example[each.name] = own if own is not None and _has_a_name(own.dtype) else plain
    pandas = pa.Schema.from_pandas(example[table.names], preserve_index=False).metadata
    return pa.schema(fields, metadata=pandas | {META: msgspec.json.encode(metadata, enc_hook=str)})


def _has_a_name(dtype: Any) -> bool:
    """Tell whether pandas knows a dtype by what the metadata call it, and its values make it up."""
    try:
        return bool(pd.api.types.pandas_dtype(str(dtype)) == dtype) and dtype != "category"
    except TypeError:
        return False


@contextmanager
def parquet_writer(
    path: Path, schema: pa.Schema, scratch: Scratch | None = None
) -> Iterator[pq.ParquetWriter]:
    """Open a file for writing; it appears when the block ends without error, whole, for its owner only.

    Parameters
    ----------
    path
        The file; the folder right above it is made if missing.
    schema
        Its columns.
    scratch
        Where it lies until it is whole; None means beside its place.
    """
    scratch = scratch or Scratch(path.parent)
    with writable(path), temporary_file(scratch.folder, scratch.owner) as temporary:
        with temporary.open("wb") as file, _writer(file, schema) as writer:
            yield writer
        path.parent.mkdir(exist_ok=True)
        temporary.replace(path)


def write_rows(writer: pq.ParquetWriter, table: pa.Table) -> None:
    """Append rows, a row group at a time, so that the cast never copies the whole table."""
    for begin in range(0, max(1, len(table)), _ROW_GROUP):
        writer.write_table(table.slice(begin, _ROW_GROUP).cast(writer.schema))


def _writer(file: Any, schema: pa.Schema) -> pq.ParquetWriter:
    position = schema.get_field_index("timestamp")
    order = [pq.SortingColumn(position, nulls_first=True)] if position >= 0 else None
    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        write_page_checksum=True,
        write_statistics=True,
        sorting_columns=order,
    )


def _array(series: pd.Series, name: str) -> pa.Array:
    if name not in _KNOWN:
        return _other_array(series, name)
    field = _KNOWN[name]
    if field.kind == "label":
        codes = series.cat.codes.to_numpy()
        return label_array(pa.array(codes, pa.int8(), mask=codes < 0), field)
    return pa.array(series, field.arrow_type, from_pandas=True)


def _other_array(series: pd.Series, name: str) -> pa.Array:
    """Return a column that is no field: text as text, categories as their values."""
    try:
        array = pa.array(series, from_pandas=True)
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        reason = str(error).partition("\n")[0]
        msg = (
            f"column {name!r} ({series.dtype}) cannot be written as parquet ({reason}): give its values one "
            f"type, for example with df[{name!r}].astype(str), or leave it out"
        )
        raise TypeError(msg) from error
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):  # each file would have categories of its own
        array = array.dictionary_decode()
    if pa.types.is_timestamp(array.type) and array.type.tz:
        array = array.cast(pa.timestamp(array.type.unit, tz=_stored_zone(array.type.tz)))
    return array


def _stored_zone(zone: str) -> str:
    """Return the zone that the columns of a file name: Polars opens none whose offset has no name of its own.

    Their instants are the same in UTC, and the metadata name the zone for `bc.read_calls`.
    """
    return "UTC" if _OFFSET.fullmatch(zone) and zone not in _NAMED_OFFSETS else zone


def _described(each: pa.Field, timezone: str) -> pa.Field:
    if each.name not in _KNOWN:
        return each
    field = _KNOWN[each.name]
    kind = pa.timestamp("us", tz=_stored_zone(timezone)) if field.kind == "time" else field.arrow_type
    metadata = {"description": field.doc} | ({"unit": field.unit} if field.unit else {})
    return pa.field(each.name, kind, metadata=metadata)
