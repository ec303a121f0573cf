"""A frame → parquet that any reader opens, and that says what is in it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa

from brightcall_pandas.export._layout import (
    FILE,
    NO_TIME,
    PERIODS,
    schema_of,
    table_of,
    write_rows,
    written_whole,
)
from brightcall_pandas.export._manifest import Held, Identity, Manifest, told_windows
from brightcall_pandas.frame import SCHEMA_VERSION, column

__all__ = ["checked_folder", "local_path", "to_parquet"]

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)  # two letters or more: C:/ is a drive


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
        `partition` is unknown, `path` is of the wrong kind or an address (``s3://…``), or the folder holds
        calls with other columns, in another timezone or of another key.
    KeyError
        There is no ``timestamp`` to partition by.

    Notes
    -----
    The same layout as `bc.export_calls`: zstd, dictionaries, page checksums, statistics, rows ordered by
    time. The schema's metadata has what ``df.attrs["brightcall"]`` says, each column's its description and
    unit. Fields are written in their own types, whatever the frame's. The index is not written. A reader
    never sees half a file: each appears by rename. `bc.read_calls` brings the frame back.
    """
    path = local_path(path)
    if partition is None:
        if path.is_dir():
            msg = f"{str(path)!r} is a folder; name a file, or give partition='day'"
            raise ValueError(msg)
        path.parent.mkdir(parents=True, exist_ok=True)
        table = table_of(df)
        _write(path, _ordered(table), _schema(df, table))
        return path
    checked_folder(path, partition)
    periods = column(df, "timestamp").dt.strftime(PERIODS[partition]).fillna(NO_TIME).reset_index(drop=True)
    table = table_of(df)
    manifest = Manifest.of(path, _identity(df, table, partition), same_query=False)
    path.mkdir(parents=True, exist_ok=True)
    for period, rows in periods.groupby(periods, sort=True):
        file = path / f"{partition}={period}" / FILE
        file.parent.mkdir(exist_ok=True)
        _write(file, _ordered(table.take(pa.array(rows.index.to_numpy()))), _schema(df, table))
        manifest.record(str(period), _held(df, str(period), len(rows)))
    return path


def local_path(path: str | os.PathLike[str]) -> Path:
    """Return a path of this machine; refuse an address of an object store."""
    if _ADDRESS.match(os.fspath(path)):
        msg = (
            f"{os.fspath(path)!r} is an address, and calls are written to a local (or mounted) folder: an "
            "object store cannot replace a file by rename. Write to a folder, then copy it there, for "
            "example with: aws s3 sync calls s3://bucket/calls"
        )
        raise ValueError(msg)
    return Path(path)


def checked_folder(path: Path, partition: str) -> None:
    """Refuse a partition that does not exist, and a file where a folder is meant."""
    if partition not in PERIODS:
        msg = f"partition={partition!r} is not known; it takes {', '.join(map(repr, PERIODS))} or None"
        raise ValueError(msg)
    if path.is_file():
        msg = f"{str(path)!r} is a file; with partition={partition!r} name a folder"
        raise ValueError(msg)


def _write(path: Path, table: pa.Table, schema: pa.Schema) -> None:
    with written_whole(path, schema) as writer:
        write_rows(writer, table)


def _ordered(table: pa.Table) -> pa.Table:
    if "timestamp" not in table.column_names:
        return table
    # By pandas, since Arrow's sort is not stable.
    order = table["timestamp"].to_pandas().sort_values(kind="stable", na_position="first").index
    return table.take(pa.array(order.to_numpy()))


def _loaded(df: pd.DataFrame) -> dict[str, Any]:
    return dict(df.attrs.get("brightcall") or {})


def _schema(df: pd.DataFrame, table: pa.Table) -> pa.Schema:
    return schema_of(table.schema, _zone(df), {"schema_version": SCHEMA_VERSION, **_loaded(df)})


def _zone(df: pd.DataFrame) -> str:
    if "timestamp" in df.columns:
        return str(column(df, "timestamp").dt.tz)
    return str(_loaded(df).get("timezone", "UTC"))


def _identity(df: pd.DataFrame, table: pa.Table, partition: str) -> Identity:
    query = _loaded(df).get("query")
    return Identity(
        partition=partition,
        timezone=_zone(df),
        columns=table.column_names,
        query=None if query is None else {k: v for k, v in query.items() if k not in ("dayFrom", "dayTo")},
        pseudonymized=_loaded(df).get("pseudonymized"),
    )


def _held(df: pd.DataFrame, period: str, rows: int) -> Held:
    """Return what is known of a period; never that it is final, since rows may have been taken out."""
    windows = [
        each
        for each in _loaded(df).get("windows") or []
        if str(each["day_from"])[: len(period)] <= period <= str(each["day_to"])[: len(period)]
    ]
    complete = all(each.get("complete", True) for each in windows) if windows else None
    return Held(rows=rows, complete=complete, windows=told_windows(windows))
