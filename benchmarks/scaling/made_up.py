"""Files of as many calls as one likes: a month of the sandbox's, again and again."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.export._footer import FILE
from brightcall_pandas.export._layout import parquet_writer, schema_of, table_of, write_rows
from brightcall_pandas.frame._columns import to_pandas
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._records import call_table, planted_chains

__all__ = ["FIRST", "write_months"]

FIRST = date(2020, 1, 1)
_DAYS = 30
_DAY_US = 86_400_000_000


def write_months(folder: Path, calls: int, months: int) -> None:
    """Write months of thirty days with so many calls each, one file a day, as an export has them.

    Every month has other identifiers and other clients, so a table of clients grows with the months. The
    days are those of UTC, in which none is shorter or longer than others.
    """
    month = _month(calls)
    schema = schema_of(month.schema, "UTC", {"source": "benchmark"})
    for number in range(months):
        table = _later(month, number)
        days = (table["timestamp"].cast(pa.int64()).to_numpy() // _DAY_US).astype(np.int64)
        edges = np.searchsorted(days, np.arange(days[0], days[0] + _DAYS + 1))
        for day, (begin, end) in enumerate(pairwise(edges)):
            name = FIRST + timedelta(days=number * _DAYS + day)
            file = folder / f"day={name}" / FILE
            file.parent.mkdir(parents=True)
            with parquet_writer(file, schema) as writer:
                write_rows(writer, table.slice(begin, end - begin))


def _month(calls: int) -> pa.Table:
    """Return a month that begins with the first day, in order of time."""
    rng = np.random.default_rng(0)
    drawn = draw_calls(rng, calls, _DAYS)
    table = table_of(to_pandas(call_table(rng, drawn, planted_chains(rng, drawn)), "UTC"))
    table = table.sort_by("timestamp")
    stamps = table["timestamp"].cast(pa.int64()).to_numpy()
    start = (FIRST - date(1970, 1, 1)).days * _DAY_US
    # The sandbox's month has a change of clocks, so its days are not quite those of UTC.
    moved = start + (stamps - stamps[0]) * ((_DAYS * _DAY_US - 1) / (stamps[-1] - stamps[0]))
    return _with(table, timestamp=pa.array(moved.astype(np.int64)).cast(table["timestamp"].type))


def _later(month: pa.Table, number: int) -> pa.Table:
    us = month["timestamp"].cast(pa.int64())
    stamps = pc.add(us, number * _DAYS * _DAY_US).cast(month["timestamp"].type)
    suffix, nothing = (pa.scalar(text, pa.large_string()) for text in (f"{number:03d}", ""))
    others = {
        name: pc.binary_join_element_wise(month[name].cast(pa.large_string()), suffix, nothing)
        for name in ("id", "uniqueId", "clientNumber")
    }
    return _with(month, timestamp=stamps, **others)


def _with(table: pa.Table, **columns: pa.Array | pa.ChunkedArray) -> pa.Table:
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    return table
