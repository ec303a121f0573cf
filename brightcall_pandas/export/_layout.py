"""What a file of calls looks like: its columns, metadata and folder, and how it is written.

The same for a frame and for an export, so a reader need not know which of them wrote a file.
"""

from __future__ import annotations

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
from brightcall_pandas.frame import EXTRAS, FIELDS, TABLE_SCHEMA, column, label_array, to_pandas

__all__ = [
    "FILE",
    "META",
    "NO_TIME",
    "PERIODS",
    "chosen_fields",
    "parquet_writer",
    "period_of",
    "schema_of",
    "table_of",
    "write_rows",
]

PERIODS = {"day": "%Y-%m-%d", "month": "%Y-%m"}
"""Partition → format of the period in the name of its folder."""

FILE = "calls.parquet"
META = b"brightcall"  # key of the metadata in a schema
NO_TIME = "__HIVE_DEFAULT_PARTITION__"  # what Hive, Arrow and DuckDB read as null

_ROW_GROUP = 65_536
_KNOWN = FIELDS | {EXTRAS.name: EXTRAS}


def period_of(day: date, partition: str) -> str:
    """Return the period that a day belongs to."""
    return day.strftime(PERIODS[partition])


def table_of(df: pd.DataFrame) -> pa.Table:
    """Return a frame as a table of the fields' types; other columns keep theirs."""
    unindexed = df.reset_index(drop=True)
    typed = {
        name: column(unindexed, name) if name in _KNOWN else unindexed[name] for name in unindexed.columns
    }
    arrays = {str(name): _array(series, str(name)) for name, series in typed.items()}
    return pa.table(arrays)


def chosen_fields(columns: Sequence[str]) -> pa.Schema:
    """Return some fields in the types of the loader."""
    return pa.schema([TABLE_SCHEMA.field(name) for name in columns])


def schema_of(table: pa.Schema, timezone: str, metadata: dict[str, Any]) -> pa.Schema:
    """Return the schema of a file with these columns.

    Parameters
    ----------
    table
        Columns in the types of `table_of` or of the loader.
    timezone
        Zone in which the times are shown.
    metadata
        What the file says of its calls.

    Returns
    -------
    pyarrow.Schema
        Times in the zone; each field with its description and unit; pandas' own metadata, so that plain
        `pandas.read_parquet` returns the same dtypes.
    """
    fields = [_described(each, timezone) for each in table]
    known = TABLE_SCHEMA.empty_table().select([name for name in table.names if name in _KNOWN])
    example = to_pandas(known, timezone)
    for each in table:
        if each.name not in _KNOWN:
            example[each.name] = pa.array([], each.type).to_pandas()
    pandas = pa.Schema.from_pandas(example[table.names], preserve_index=False).metadata
    return pa.schema(fields, metadata=pandas | {META: msgspec.json.encode(metadata, enc_hook=str)})


@contextmanager
def parquet_writer(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """Open a file for writing; it appears when the block ends without error, whole, for its owner only."""
    with temporary_file(path.parent) as temporary:
        with temporary.open("wb") as file, _writer(file, schema) as writer:
            yield writer
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
        return pa.array(series, from_pandas=True)
    field = _KNOWN[name]
    if field.kind == "label":
        codes = series.cat.codes.to_numpy()
        return label_array(pa.array(codes, pa.int8(), mask=codes < 0), field)
    return pa.array(series, field.arrow_type, from_pandas=True)


def _described(each: pa.Field, timezone: str) -> pa.Field:
    if each.name not in _KNOWN:
        return each
    field = _KNOWN[each.name]
    kind = pa.timestamp("us", tz=timezone) if field.kind == "time" else field.arrow_type
    metadata = {"description": field.doc} | ({"unit": field.unit} if field.unit else {})
    return pa.field(each.name, kind, metadata=metadata)
