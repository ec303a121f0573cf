"""One file of typed calls: all calls of some consecutive days, ordered by time.

Parquet's own checksums cover its pages, but not the footer, which says where they are, what they mean, and
how many rows each day has. So a segment's name ends in a checksum of its footer.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from brightcall_pandas.private import temporary_path
from brightcall_pandas.schema import FIELDS, SCHEMA_VERSION

__all__ = ["Segment", "StoreError", "write_segment", "write_whole"]

_META = b"brightcall"
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)\.(\d{13})\.v(\d+)\.([0-9a-f]{8})\.parquet")
_ROW_GROUP = 131_072
_LABELS = [each.name for each in FIELDS.values() if each.kind == "label"]
_REPEATING = [
    *(
        "campaign",
        "projectName",
        "projectId",
        "insertOrigin",
        "numbersInvolvedJSON",
        "numbersRingedJSON",
        "tags",
    ),
    *("outcomeTag", "treeId", "userId", "agentShortNumber", "lineNumber", "toAnswer", "clientNumber"),
]


class StoreError(Exception):
    """A segment cannot be read."""


@dataclass(frozen=True)
class Segment:
    """One file of the store.

    Parameters
    ----------
    path
        Where it is.
    first, last
        Its days, both inclusive.
    fetched_at
        When its oldest page was fetched, UTC.
    footer
        CRC-32 of its footer.
    schema_version
        Version of the typed schema that it was written with.
    """

    path: Path
    first: date
    last: date
    fetched_at: datetime
    footer: int
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def of(cls, path: Path) -> Segment | None:
        """Read a segment's name; None for any other file."""
        if (match := _NAME.fullmatch(path.name)) is None:
            return None
        try:
            first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2])
        except ValueError:
            return None
        fetched_at = datetime.fromtimestamp(int(match[3]) / 1000, UTC)
        segment = cls(path, first, last, fetched_at, int(match[5], 16), int(match[4]))
        return segment if first <= last else None

    @property
    def days(self) -> list[date]:
        """Every day that it holds."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def meta(self) -> dict[str, Any]:
        """Return its metadata: ``rows`` (of each day) and ``windows`` (report and pages of each)."""
        with self._opened() as file:
            meta: dict[str, Any] = msgspec.json.decode(file.metadata.metadata[_META])
        return meta

    def read(self, days: Sequence[date], columns: Sequence[str]) -> pa.Table:
        """Read some columns of some consecutive days.

        Raises
        ------
        StoreError
            The file is damaged; all checksums are verified.
        """
        with self._opened() as file:
            rows = msgspec.json.decode(file.metadata.metadata[_META])["rows"]
            begin = sum(rows[: (days[0] - self.first).days])
            length = sum(rows[(days[0] - self.first).days : (days[-1] - self.first).days + 1])
            groups = [
                n
                for n in range(file.num_row_groups)
                if n * _ROW_GROUP < begin + length and (n + 1) * _ROW_GROUP > begin
            ]
            table = file.read_row_groups(groups, columns=list(columns))
        offset = groups[0] * _ROW_GROUP if groups else 0
        return _decoded(table.slice(begin - offset, length)).select(columns)

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            if _footer(self.path) != self.footer:
                msg = "its footer is not the one that was written"
                raise StoreError(msg)
            with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            raise StoreError(str(error)) from error


def write_segment(
    folder: Path,
    table: pa.Table,
    first: date,
    rows: Sequence[int],
    *,
    fetched_at: datetime,
    windows: list[dict[str, Any]],
) -> Segment:
    """Write a segment.

    Parameters
    ----------
    folder
        Where to.
    table
        Calls of the typed schema, day by day.
    first
        First day.
    rows
        Number of calls of each day from `first`.
    fetched_at
        When the oldest page was fetched.
    windows
        Report of each window in it, with its pages.

    Raises
    ------
    OSError
        The folder cannot be written; nothing is left behind.
    """
    last = first + timedelta(days=len(rows) - 1)
    meta = {"rows": list(rows), "windows": windows}
    coded = _coded(table).replace_schema_metadata({_META: msgspec.json.encode(meta)})
    stamp = int(fetched_at.timestamp() * 1000)
    options = {"use_dictionary": _REPEATING, "row_group_size": _ROW_GROUP, "write_statistics": False}
    with _temporary(coded, folder, **options) as written:
        footer = _footer(written)
        path = folder / f"{first}_{last}.{stamp:013}.v{SCHEMA_VERSION}.{footer:08x}.parquet"
        written.rename(path)
    return Segment(path, first, last, fetched_at, footer)


def write_whole(table: pa.Table, path: Path, **options: Any) -> None:
    """Write a parquet file that appears whole or not at all, readable by its owner only."""
    with _temporary(table, path.parent, **options) as written:
        written.rename(path)


@contextmanager
def _temporary(table: pa.Table, folder: Path, **options: Any) -> Iterator[Path]:
    """Write a parquet file that is gone again unless it is renamed."""
    temporary = temporary_path(folder)
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        # Arrow's own file: one of Python's would call for the interpreter's lock hundreds of times.
        with pa.OSFile(os.fspath(temporary), "wb") as file:
            pq.write_table(
                table,
                file,
                compression="zstd",
                compression_level=1,
                write_page_checksum=True,
                **options,
            )
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _footer(path: Path) -> int:
    """Return the CRC-32 of a parquet file's footer: metadata, their length (4 bytes), and ``PAR1``."""
    with path.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, os.SEEK_END)
        return zlib.crc32(file.read())


def _coded(table: pa.Table) -> pa.Table:
    """Write labels as their codes: one byte a call, and no dictionary to merge when reading."""
    for name in _LABELS:
        array = table[name].combine_chunks()
        table = table.set_column(table.column_names.index(name), name, array.indices)
    return table


def _decoded(table: pa.Table) -> pa.Table:
    for name in _LABELS:
        if name in table.column_names:
            words = pa.array(FIELDS[name].choices, pa.string())
            chunks = [pa.DictionaryArray.from_arrays(chunk, words) for chunk in table[name].chunks]
            labels = pa.chunked_array(chunks, FIELDS[name].arrow_type)
            table = table.set_column(table.column_names.index(name), name, labels)
    return table
