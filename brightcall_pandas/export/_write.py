"""A frame → parquet: a folder of files or a single file, which any reader opens."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from brightcall_pandas.export._footer import (
    FILE,
    NO_TIME,
    PERIODS,
    Identity,
    Period,
    can_be_said,
    held_periods,
    period_metadata,
    window_reports,
)
from brightcall_pandas.export._layout import is_field, parquet_writer, schema_of, table_of, write_rows
from brightcall_pandas.export._lock import folder_lock, writable
from brightcall_pandas.frame import (
    SCHEMA_VERSION,
    column,
    count_agents,
    known_agent,
    not_one_of,
    zone_of_times,
)

__all__ = ["file_path", "folder_path", "single_file", "to_parquet"]

_OF_WINDOWS = ("windows", "misfits", "moved", "complete")  # each file tells of its own period's only
_FILE_SUFFIXES = (".parquet", ".parq", ".pq")
_PERIOD_FOLDER = re.compile(r"(day|month)=\d{4}-\d\d(-\d\d)?")
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
        replaced, others stay. Calls without a time go to 1970-01-01, and a frame without calls writes an
        empty file there. With ``partition=None``, a **file** (``"calls.parquet"``), replaced if it exists.
    partition
        ``"day"`` or ``"month"`` to write a folder, None to write a file.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    TypeError
        A column of your own has values that parquet has no type for.
    ValueError
        `partition` is unknown; `path` is or is named like a file where a folder is written, or the reverse,
        lies in a folder of another export, or is an address (``s3://…``); two columns have the same name, or
        one that of the `partition`; or the folder holds calls with other columns, in another timezone or
        pseudonymized with another key.
    KeyError
        There is no ``timestamp`` to partition by. So far nothing has been written.
    BrightcallError
        The disk is full, or nothing can be written there. Files that were whole stay as they were.

    Notes
    -----
    The layout is that of `bc.export_calls`: zstd, dictionaries, page checksums, statistics, rows ordered by
    time. The footer holds what ``df.attrs["brightcall"]`` says, and each column's description and unit.
    Fields are written in their own types, whatever the frame's; the index is not written. Columns of your own
    keep their types, but a category comes back as its values. Each file appears by rename, so a reader never
    sees half of one. `bc.read_calls` reads the frame back.

    Examples
    --------
    >>> import tempfile
    >>> calls = pd.DataFrame({"id": ["1", "2"], "timestamp": ["2026-03-02T09:00Z", "2026-03-03T09:00Z"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     days = calls.calls.to_parquet(f"{folder}/calls")
    ...     file = calls.calls.to_parquet(f"{folder}/calls.parquet", partition=None)
    ...     sorted(each.name for each in days.iterdir()), file.is_file()
    (['day=2026-03-02', 'day=2026-03-03'], True)
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
    _refuse_export_above(folder)
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
    _refuse_device(file)
    _refuse_file_above(file)
    _refuse_export_above(file, levels=1)  # the file of a period may be replaced
    return file


def single_file(path: str | os.PathLike[str]) -> Path:
    """Return the file that something other than parquet goes into; refuse a path that cannot be one."""
    file = _local_path(path)
    if file.is_dir() or os.fspath(path).endswith(("/", os.sep)):
        msg = f"{str(file)!r} is a folder: name a file in it"
        raise ValueError(msg)
    _refuse_device(file)
    _refuse_file_above(file)
    _refuse_export_above(file)
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


def _refuse_device(path: Path) -> None:
    """Refuse a device or a pipe: what is written appears by rename, which would put a file in its place."""
    if path.exists() and not path.is_file():
        msg = f"{str(path)!r} is a device, not a file, and would be replaced: name a file"
        raise ValueError(msg)


def _refuse_file_above(path: Path) -> None:
    """Refuse a path below a file: its folder could not be made."""
    above = next((each for each in path.parents if each.exists()), None)
    if above is not None and not above.is_dir():
        msg = f"{str(path)!r} cannot be written: {str(above)!r} is a file, not a folder"
        raise ValueError(msg)


def _refuse_export_above(path: Path, *, levels: int | None = None) -> None:
    """Refuse a path in a folder of calls by period: readers would take what lies there for a part of it.

    Parameters
    ----------
    path
        The path.
    levels
        How far above it to look; None means all the way.
    """
    for above in [*path.absolute().parents][:levels]:
        if any(_PERIOD_FOLDER.fullmatch(each.parent.name) for each in above.glob(f"*=*/{FILE}")):
            msg = f"{str(path)!r} lies in {str(above)!r}, which holds calls by period: choose another place"
            raise ValueError(msg)


def _write_file(df: pd.DataFrame, path: Path) -> Path:
    table = table_of(df)
    schema = schema_of(table.schema, _zone(df), _metadata(df), df)
    with writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with parquet_writer(path, schema) as writer:
        write_rows(writer, _ordered(table))
    return path


def _write_folder(df: pd.DataFrame, folder: Path, partition: str) -> Path:
    _refuse_column(df, partition)
    table = table_of(df)
    periods = (
        column(df, "timestamp")
        .dt.strftime(PERIODS[partition])
        .fillna(NO_TIME[partition])
        .reset_index(drop=True)
    )
    rows_of = dict(periods.groupby(periods, sort=True).indices) or {NO_TIME[partition]: np.array([], int)}
    identity = _identity(df, table, partition)
    common = {name: value for name, value in _metadata(df).items() if name not in _OF_WINDOWS}
    with folder_lock(folder) as scratch:
        held = held_periods(folder, identity, same_query=False)
        for period, rows in rows_of.items():
            if not len(rows) and held:
                continue  # a frame without calls replaces no period
            metadata = common | {"set": identity, "period": period}
            schema = schema_of(table.schema, _zone(df), metadata, df)
            path = folder / f"{partition}={period}" / FILE
            with parquet_writer(path, schema, scratch) as writer:
                write_rows(writer, _ordered(table.take(pa.array(rows))))
                writer.add_key_value_metadata(period_metadata(_held(df, str(period), len(rows))))
    return folder


def _refuse_column(df: pd.DataFrame, partition: str) -> None:
    """Refuse a column of the name that the folders give to all calls in them."""
    for name in df.columns:
        if str(name).casefold() == partition:
            msg = (
                f"column {name!r} has the name that partition={partition!r} gives to its folders: rename it, "
                "or pass partition=None to write a single file"
            )
            raise ValueError(msg)


def _ordered(table: pa.Table) -> pa.Table:
    if "timestamp" not in table.column_names:
        return table
    # Sorted by pandas, since Arrow's sort is not stable.
    order = table["timestamp"].to_pandas().sort_values(kind="stable", na_position="first").index
    return table.take(pa.array(order.to_numpy()))


def _provenance(df: pd.DataFrame) -> dict[str, Any]:
    said = df.attrs.get("brightcall")
    return dict(said) if isinstance(said, dict) and can_be_said(said) else {}


def _metadata(df: pd.DataFrame) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, **_agent(df), **_provenance(df), "timezone": _zone(df)}


def _agent(df: pd.DataFrame) -> dict[str, str]:
    """Return the field that all calls of the frame decide for, so that its parts cannot decide otherwise."""
    decided = count_agents(df).field if known_agent(df) is None else None
    return {} if decided is None else {"agent": decided, "agent_by": "calls"}


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
        other_types={each.name: str(each.type) for each in table.schema if not is_field(each.name)},
        query=None if query is None else {k: v for k, v in query.items() if k not in ("dayFrom", "dayTo")},
        pseudonymized=_provenance(df).get("pseudonymized"),
    )


def _held(df: pd.DataFrame, period: str, rows: int) -> Period:
    """Return what is known of a period; never that it is final, since rows may have been filtered out."""
    windows = [
        each
        for each in _provenance(df).get("windows") or []
        if str(each["day_from"])[: len(period)] <= period <= str(each["day_to"])[: len(period)]
    ]
    proved = [each.get("complete") for each in windows] or [None]
    complete = None if None in proved and False not in proved else all(proved)
    return Period(rows=rows, complete=complete, windows=window_reports(windows))
