"""Parquet out: files that any reader of parquet opens, and that say what is in them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec
import pandas as pd
import pyarrow as pa

from brightcall_pandas.columns import column
from brightcall_pandas.schema import EXTRAS, FIELDS, SCHEMA_VERSION
from brightcall_pandas.store import write_whole

__all__ = ["to_parquet"]

_PERIODS = {"day": "%Y-%m-%d", "month": "%Y-%m"}
_FILE = "calls.parquet"
_NO_TIME = "__HIVE_DEFAULT_PARTITION__"  # what Hive, Arrow and DuckDB read as null


def to_parquet(
    df: pd.DataFrame, path: str | os.PathLike[str], *, partition: Literal["day", "month"] | None = "day"
) -> Path:
    """Write calls as parquet.

    Parameters
    ----------
    df
        Calls; with `partition` it needs the column ``timestamp``. It is not changed.
    path
        With `partition` a folder, in which each period gets a folder of its own (``day=2026-03-31``, in the
        frame's timezone) with one file; a period that is there already is replaced, others stay. Without it
        a file.
    partition
        ``"day"``, ``"month"`` or None.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        `partition` is unknown, or `path` is of the wrong kind.
    KeyError
        There is no ``timestamp`` to partition by.

    Notes
    -----
    zstd, dictionaries for labels, page checksums, rows ordered by time. The schema's metadata has what
    ``df.attrs["brightcall"]`` says, each column's has its description and unit. The index is not written. A
    reader never sees half a file: each appears by rename.
    """
    path = Path(path)
    if partition is None:
        if path.is_dir():
            msg = f"{str(path)!r} is a folder; name a file, or give partition='day'"
            raise ValueError(msg)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(_table(df), path)
        return path
    if partition not in _PERIODS:
        msg = f"partition={partition!r} is not known; it takes 'day', 'month' or None"
        raise ValueError(msg)
    if path.is_file():
        msg = f"{str(path)!r} is a file; with partition={partition!r} name a folder, or give partition=None"
        raise ValueError(msg)
    stamps = column(df, "timestamp").reset_index(drop=True)
    path.mkdir(parents=True, exist_ok=True)
    periods = stamps.dt.strftime(_PERIODS[partition]).fillna(_NO_TIME)
    table = _table(df)
    for period, rows in stamps.groupby(periods, sort=True):
        folder = path / f"{partition}={period}"
        folder.mkdir(exist_ok=True)
        order = rows.sort_values(kind="stable").index.to_numpy()
        write_whole(table.take(pa.array(order)), folder / _FILE)
    return path


def _table(df: pd.DataFrame) -> pa.Table:
    table = pa.Table.from_pandas(df, preserve_index=False)
    known = FIELDS | {EXTRAS.name: EXTRAS}
    fields = [
        each.with_metadata(_described(each.name)) if each.name in known else each for each in table.schema
    ]
    says = msgspec.json.encode(
        {"schema_version": SCHEMA_VERSION, **df.attrs.get("brightcall", {})}, enc_hook=str
    )
    metadata = {**(table.schema.metadata or {}), b"brightcall": says}
    return table.cast(pa.schema(fields)).replace_schema_metadata(metadata)


def _described(name: str) -> dict[str, str]:
    field = FIELDS.get(name, EXTRAS)
    return {"description": field.doc} | ({"unit": field.unit} if field.unit else {})
