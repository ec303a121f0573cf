"""A frame → parquet: a folder of files or a single file, which any reader opens."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa

from brightcall_pandas.export._layout import (
    FILE,
    NO_TIME,
    PERIODS,
    parquet_writer,
    schema_of,
    table_of,
    write_rows,
)
from brightcall_pandas.export._lock import folder_lock
from brightcall_pandas.export._manifest import Identity, Manifest, Partition, window_reports
from brightcall_pandas.frame import SCHEMA_VERSION, column, not_one_of, zone_of_times

__all__ = ["file_path", "folder_path", "to_parquet"]

_FILE_SUFFIXES = (".parquet", ".parq", ".pq")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)  # two letters or more: C:/ is a drive


def to_parquet(
    df: pd.DataFrame, path: str | os.PathLike[str], *, partition: Literal["day", "month"] | None = "day"
) -> Path:
    """Write calls as parquet: a folder with one file for each day or month, or a single file.

    Parameters
    ----------
    df
        Calls; with a `partition` they need the column ``timestamp``. Not modified.
    path
        With a `partition`, a **folder** (``"calls"``): each period gets a folder of its own in it
        (``day=2026-03-31``, in the frame's timezone) with one file. A period that is already there is
        replaced, others stay. With ``partition=None``, a **file** (``"calls.parquet"``), replaced if it
        exists.
    partition
        ``"day"`` or ``"month"`` to write a folder, None to write a file.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        `partition` is unknown; `path` is or is named like a file where a folder is written, or the reverse;
        it is an address (``s3://…``); or the folder holds calls with other columns, in another timezone or
        pseudonymized with another key. Nothing has been written then.
    KeyError
        There is no ``timestamp`` to partition by.

    Notes
    -----
    The layout is that of `bc.export_calls`: zstd, dictionaries, page checksums, statistics, rows ordered by
    time. The schema's metadata holds what ``df.attrs["brightcall"]`` says, and each column's description and
    unit. Fields are written in their own types, whatever the frame's; the index is not written. Each file
    appears by rename, so a reader never sees half of one. `bc.read_calls` reads the frame back.

    Examples
    --------
    >>> import tempfile
    >>> calls = pd.DataFrame({"id": ["1", "2"], "timestamp": ["2026-03-02T09:00Z", "2026-03-03T09:00Z"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     days = calls.calls.to_parquet(f"{folder}/calls")
    ...     file = calls.calls.to_parquet(f"{folder}/calls.parquet", partition=None)
    ...     sorted(each.name for each in days.iterdir()), file.is_file()
    (['_manifest.json', 'day=2026-03-02', 'day=2026-03-03'], True)
    """
    if partition is None:
        return _write_file(df, file_path(path))
    return _write_folder(df, folder_path(path, partition, choices=(*PERIODS, None)), partition)


def folder_path(
    path: str | os.PathLike[str], partition: str, *, choices: Sequence[str | None] = tuple(PERIODS)
) -> Path:
    """Return the folder that a partitioned write goes into; refuse a path that cannot be one."""
    folder = _local_path(path)
    if partition not in PERIODS:
        raise not_one_of("partition", partition, PERIODS, ", ".join(map(repr, choices)))
    instead = ", or pass partition=None to write a single file" if None in choices else ""
    if folder.is_file():
        msg = (
            f"{str(folder)!r} is a file, but partition={partition!r} writes a folder: name a folder{instead}"
        )
        raise ValueError(msg)
    if folder.suffix.lower() in _FILE_SUFFIXES and not folder.is_dir():
        msg = (
            f"{str(folder)!r} names a file, but partition={partition!r} writes a folder: "
            f"leave out {folder.suffix!r}{instead}"
        )
        raise ValueError(msg)
    _refuse_file_above(folder)
    return folder


def file_path(path: str | os.PathLike[str]) -> Path:
    """Return the file that a write without partition goes into; refuse a path that cannot be one."""
    file = _local_path(path)
    if file.is_dir() or os.fspath(path).endswith(("/", os.sep)):
        msg = (
            f"{str(file)!r} is a folder, but partition=None writes a single file: name a file, such as "
            f"{str(file / FILE)!r}, or pass partition='day' to write a folder"
        )
        raise ValueError(msg)
    _refuse_file_above(file)
    return file


def _local_path(path: str | os.PathLike[str]) -> Path:
    if _ADDRESS.match(os.fspath(path)):
        msg = (
            f"{os.fspath(path)!r} is an address, and calls are written to a local (or mounted) folder only: "
            "an object store cannot replace a file by rename. Write to a folder, then copy it there, for "
            "example with: aws s3 sync calls s3://bucket/calls"
        )
        raise ValueError(msg)
    return Path(path)


def _refuse_file_above(path: Path) -> None:
    """Refuse a path below a file: its folder could not be made."""
    above = next((each for each in path.parents if each.exists()), None)
    if above is not None and not above.is_dir():
        msg = f"{str(path)!r} cannot be written: {str(above)!r} is a file, not a folder"
        raise ValueError(msg)


def _write_file(df: pd.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = table_of(df)
    _write(path, _ordered(table), _schema(df, table))
    return path


def _write_folder(df: pd.DataFrame, folder: Path, partition: str) -> Path:
    periods = column(df, "timestamp").dt.strftime(PERIODS[partition]).fillna(NO_TIME).reset_index(drop=True)
    table = table_of(df)
    folder.mkdir(parents=True, exist_ok=True)
    with folder_lock(folder):
        manifest = Manifest.open(folder, _identity(df, table, partition), same_query=False)
        for period, rows in periods.groupby(periods, sort=True):
            file = folder / f"{partition}={period}" / FILE
            file.parent.mkdir(exist_ok=True)
            _write(file, _ordered(table.take(pa.array(rows.index.to_numpy()))), _schema(df, table))
            manifest.record(str(period), _partition(df, str(period), len(rows)))
    return folder


def _write(path: Path, table: pa.Table, schema: pa.Schema) -> None:
    with parquet_writer(path, schema) as writer:
        write_rows(writer, table)


def _ordered(table: pa.Table) -> pa.Table:
    if "timestamp" not in table.column_names:
        return table
    # Sorted by pandas, since Arrow's sort is not stable.
    order = table["timestamp"].to_pandas().sort_values(kind="stable", na_position="first").index
    return table.take(pa.array(order.to_numpy()))


def _provenance(df: pd.DataFrame) -> dict[str, Any]:
    return dict(df.attrs.get("brightcall") or {})


def _schema(df: pd.DataFrame, table: pa.Table) -> pa.Schema:
    return schema_of(table.schema, _zone(df), {"schema_version": SCHEMA_VERSION, **_provenance(df)})


def _zone(df: pd.DataFrame) -> str:
    if "timestamp" in df.columns:
        return zone_of_times(column(df, "timestamp"))
    return str(_provenance(df).get("timezone", "UTC"))


def _identity(df: pd.DataFrame, table: pa.Table, partition: str) -> Identity:
    query = _provenance(df).get("query")
    return Identity(
        partition=partition,
        timezone=_zone(df),
        columns=table.column_names,
        query=None if query is None else {k: v for k, v in query.items() if k not in ("dayFrom", "dayTo")},
        pseudonymized=_provenance(df).get("pseudonymized"),
    )


def _partition(df: pd.DataFrame, period: str, rows: int) -> Partition:
    """Return what is known of a period; never that it is final, since rows may have been filtered out."""
    windows = [
        each
        for each in _provenance(df).get("windows") or []
        if str(each["day_from"])[: len(period)] <= period <= str(each["day_to"])[: len(period)]
    ]
    complete = all(each.get("complete", True) for each in windows) if windows else None
    return Partition(rows=rows, complete=complete, windows=window_reports(windows))
