"""One parquet file of typed calls: all calls of some consecutive days, ordered by time.

Parquet's own checksums cover its pages, but not the footer, which says where the pages are, what they mean
and how many rows each day has. So the name of the file ends in a checksum of the footer.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from brightcall_pandas.cache._files import temporary_file
from brightcall_pandas.frame import EXTRAS, FIELDS, SCHEMA_VERSION

__all__ = ["Part", "Segment", "StoreError", "pages_of", "pages_text", "write_segment"]

_META = b"brightcall"
_ALL = (*FIELDS, EXTRAS.name)
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)\.(\d{13})\.v(\d+)\.([0-9a-f]{8})\.parquet")
_ROWS_PER_GROUP = 131_072
_LABELS = [each.name for each in FIELDS.values() if each.kind == "label"]
_REPEATING = [
    *("campaign", "projectName", "projectId", "insertOrigin", "tags", "outcomeTag", "treeId", "userId"),
    *("numbersInvolvedJSON", "numbersRingedJSON", "agentShortNumber", "lineNumber", "clientNumber"),
    "toAnswer",
    *(each.name for each in FIELDS.values() if each.kind in ("seconds", "number", "label")),
]
"""Columns in which few values come again and again."""
_LAYOUT: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "write_page_checksum": True,
    # With dictionaries, a few columns are read in 70 % of the time, and the file is smaller.
    "use_dictionary": _REPEATING,
    "column_encoding": {each.name: "DELTA_BINARY_PACKED" for each in FIELDS.values() if each.kind == "time"},
    "write_statistics": False,
}

Page = tuple[str, int, int, int]
"""A page from which a window was made: its key in the page cache, its number, size and checksum."""


class StoreError(Exception):
    """A segment cannot be read."""


@dataclass(frozen=True)
class Part:
    """The calls of some consecutive days, ordered by time.

    Parameters
    ----------
    first
        First day.
    rows
        Number of calls on each day.
    table
        The calls, typed.
    windows
        Report of each window that has one of these days: ``day_from, day_to, rows, expected, requests,
        source, fetched_at, walks, duplicates, complete, proof, misfits``, and ``pages`` if it was kept, for
        `pages_of`.
    """

    first: date
    rows: list[int]
    table: pa.Table
    windows: list[dict[str, Any]]

    @classmethod
    def concat(cls, parts: Sequence[Part]) -> Part:
        """Return parts as one; each must start on the day after the one before it."""
        return cls(
            parts[0].first,
            [rows for part in parts for rows in part.rows],
            pa.concat_tables([part.table for part in parts]),
            [window for part in parts for window in part.windows],
        )

    @property
    def days(self) -> list[date]:
        """The days."""
        return [self.first + timedelta(days=n) for n in range(len(self.rows))]


def pages_text(pages: Iterable[Page]) -> str:
    """Return the pages of a window as JSON text, for its report.

    One text and not a list, since readers of a segment hardly ever need it, and a month has thousands.
    """
    return msgspec.json.encode(list(pages)).decode()


def pages_of(window: Mapping[str, Any]) -> list[Page]:
    """Return the pages from which a window was made.

    Raises
    ------
    KeyError
        The window was not kept, so its pages were not recorded.
    """
    pages: str | list[Page] = window["pages"]  # a list in older files
    return msgspec.json.decode(pages, type=list[Page]) if isinstance(pages, str) else pages


@dataclass(frozen=True)
class Segment:
    """One file of the store.

    Parameters
    ----------
    path
        Where it is.
    first, last
        First and last day, both inclusive.
    fetched_at
        When its oldest page was fetched, UTC.
    footer
        CRC-32 of its footer.
    schema_version
        Version of the typed schema with which it was written.
    """

    path: Path
    first: date
    last: date
    fetched_at: datetime
    footer: int
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def from_path(cls, path: Path) -> Segment | None:
        """Return the segment with a path, from its name alone; None for any other file."""
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
        """All days, from first to last."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def meta(self) -> dict[str, Any]:
        """Return its metadata: ``rows`` (number for each day) and ``windows`` (report and pages of each)."""
        with self._opened() as file:
            return _meta(file)

    def read(self, days: Sequence[date], columns: Sequence[str] = _ALL) -> Part:
        """Return some consecutive days, with all columns or some.

        Raises
        ------
        StoreError
            The file is damaged; every checksum is verified.
        """
        with self._opened() as file:
            meta = _meta(file)
            first, last = ((day - self.first).days for day in (days[0], days[-1]))
            rows = meta["rows"][first : last + 1]
            begin, length = sum(meta["rows"][:first]), sum(rows)
            groups, skipped = _row_groups(file, begin, begin + length)
            table = file.read_row_groups(groups, columns=list(columns)).slice(begin - skipped, length)
        first_day, last_day = str(days[0]), str(days[-1])
        windows = [
            each for each in meta["windows"] if each["day_from"] <= last_day and first_day <= each["day_to"]
        ]
        return Part(days[0], rows, _codes_to_labels(table).select(columns), windows)

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            if _footer(self.path) != self.footer:
                msg = "its footer does not match its name"
                raise StoreError(msg)
            with pq.ParquetFile(self.path, page_checksum_verification=True, pre_buffer=True) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            raise StoreError(str(error)) from error


def write_segment(
    folder: Path, part: Part, fetched_at: datetime, *, rows_per_group: int = _ROWS_PER_GROUP
) -> Segment:
    """Write a segment and return it.

    Parameters
    ----------
    folder
        The folder to write it to.
    part
        The calls, with all columns of the typed schema.
    fetched_at
        When the oldest page was fetched.
    rows_per_group
        Rows in each of parquet's row groups, the least that can be read.

    Raises
    ------
    OSError
        The folder cannot be written; nothing is left behind.
    """
    first, last = part.days[0], part.days[-1]
    meta = msgspec.json.encode({"rows": part.rows, "windows": part.windows})
    stamp = int(fetched_at.timestamp() * 1000)
    with temporary_file(folder) as temporary:
        table = _labels_to_codes(part.table).replace_schema_metadata()
        # Arrow's own file: one of Python's would take the interpreter's lock hundreds of times.
        with (
            pa.OSFile(os.fspath(temporary), "wb") as file,
            pq.ParquetWriter(file, table.schema, **_LAYOUT) as writer,
        ):
            writer.write_table(table, rows_per_group)
            # Not in the schema, which Arrow writes, and parses on opening, a second time as Base64.
            writer.add_key_value_metadata({_META: meta})
        footer = _footer(temporary)
        path = folder / f"{first}_{last}.{stamp:013}.v{SCHEMA_VERSION}.{footer:08x}.parquet"
        temporary.rename(path)
    return Segment(path, first, last, fetched_at, footer)


def _row_groups(file: pq.ParquetFile, begin: int, end: int) -> tuple[list[int], int]:
    """Return the row groups that hold some rows, and how many rows come before these groups."""
    sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    starts = [sum(sizes[:n]) for n in range(len(sizes))]
    groups = [n for n, start in enumerate(starts) if start < end and begin < start + sizes[n]]
    return groups, starts[groups[0]] if groups else begin


def _meta(file: pq.ParquetFile) -> dict[str, Any]:
    meta: dict[str, Any] = msgspec.json.decode(file.metadata.metadata[_META])
    return meta


def _footer(path: Path) -> int:
    """Return the CRC-32 of a parquet file's footer: metadata, its length (4 bytes) and ``PAR1``."""
    with path.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, os.SEEK_END)
        return zlib.crc32(file.read())


def _labels_to_codes(table: pa.Table) -> pa.Table:
    """Return a table with codes for labels: one byte a call, and no dictionaries to merge when reading."""
    for name in _LABELS:
        array = table[name].combine_chunks()
        table = table.set_column(table.column_names.index(name), name, array.indices)
    return table


def _codes_to_labels(table: pa.Table) -> pa.Table:
    for name in _LABELS:
        if name in table.column_names:
            words = pa.array(FIELDS[name].choices, pa.string())
            chunks = [_labels(chunk, words) for chunk in table[name].chunks]
            labels = pa.chunked_array(chunks, FIELDS[name].arrow_type)
            table = table.set_column(table.column_names.index(name), name, labels)
    return table


def _labels(codes: pa.Array, words: pa.Array) -> pa.DictionaryArray:
    """Return the labels of some codes; checked here, since Arrow's own check takes twenty times as long."""
    least, most = pc.min_max(codes).values()
    if least.is_valid and not 0 <= least.as_py() <= most.as_py() < len(words):
        msg = f"it has label codes outside 0 to {len(words) - 1}"
        raise StoreError(msg)
    return pa.DictionaryArray.from_arrays(codes, words, safe=False)
