"""One file of typed calls: all calls of some consecutive days, ordered by time.

Parquet's own checksums cover its pages, but not the footer, which says where they are, what they mean, and
how many rows each day has. So a segment's name ends in a checksum of its footer.
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
    *(each.name for each in FIELDS.values() if each.kind in ("seconds", "number", "label")),
]
_LAYOUT: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "write_page_checksum": True,
    # So a few columns are read in seven tenths of the time that plain ones take, and the file is smaller.
    "use_dictionary": _REPEATING,
    "column_encoding": {each.name: "DELTA_BINARY_PACKED" for each in FIELDS.values() if each.kind == "time"},
    "write_statistics": False,
}

Page = tuple[str, int, int, int]
"""A page that a window was made of: its key in the page cache, number, size, and checksum."""


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
        Number of calls of each day.
    table
        The calls, typed.
    windows
        Report of each window that has one of these days: ``day_from, day_to, rows, expected, requests,
        source, fetched_at, walks, duplicates, complete, proof, misfits``, and ``pages`` where it was kept,
        which `pages_of` reads.
    """

    first: date
    rows: list[int]
    table: pa.Table
    windows: list[dict[str, Any]]

    @classmethod
    def joined(cls, parts: Sequence[Part]) -> Part:
        """Put parts together, of which each begins on the day after the one before."""
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
    """Write the pages that a window was made of.

    As one text, since hardly anybody who reads a segment asks for them, and a month has thousands.
    """
    return msgspec.json.encode(list(pages)).decode()


def pages_of(window: Mapping[str, Any]) -> list[Page]:
    """Return the pages that a window was made of.

    Raises
    ------
    KeyError
        The window was not kept, and so nobody noted them.
    """
    pages: str | list[Page] = window["pages"]  # files had a list before
    return msgspec.json.decode(pages, type=list[Page]) if isinstance(pages, str) else pages


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
            return _meta(file)

    def read(self, days: Sequence[date], columns: Sequence[str] = _ALL) -> Part:
        """Read some consecutive days, and of their columns all or some.

        Raises
        ------
        StoreError
            The file is damaged; all checksums are verified.
        """
        with self._opened() as file:
            meta = _meta(file)
            first, last = ((day - self.first).days for day in (days[0], days[-1]))
            rows = meta["rows"][first : last + 1]
            begin, length = sum(meta["rows"][:first]), sum(rows)
            groups = [
                n
                for n in range(file.num_row_groups)
                if n * _ROW_GROUP < begin + length and (n + 1) * _ROW_GROUP > begin
            ]
            table = file.read_row_groups(groups, columns=list(columns))
        offset = groups[0] * _ROW_GROUP if groups else 0
        begin_day, end_day = str(days[0]), str(days[-1])
        windows = [
            each for each in meta["windows"] if each["day_from"] <= end_day and begin_day <= each["day_to"]
        ]
        return Part(days[0], rows, _decoded(table.slice(begin - offset, length)).select(columns), windows)

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            if _footer(self.path) != self.footer:
                msg = "its footer is not the one that was written"
                raise StoreError(msg)
            with pq.ParquetFile(self.path, page_checksum_verification=True, pre_buffer=True) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            raise StoreError(str(error)) from error


def write_segment(folder: Path, part: Part, fetched_at: datetime) -> Segment:
    """Write a segment.

    Parameters
    ----------
    folder
        Where to.
    part
        The calls, with all columns of the typed schema.
    fetched_at
        When the oldest page was fetched.

    Raises
    ------
    OSError
        The folder cannot be written; nothing is left behind.
    """
    first, last = part.days[0], part.days[-1]
    meta = msgspec.json.encode({"rows": part.rows, "windows": part.windows})
    stamp = int(fetched_at.timestamp() * 1000)
    with temporary_file(folder) as temporary:
        _write(_coded(part.table).replace_schema_metadata(), meta, temporary)
        footer = _footer(temporary)
        path = folder / f"{first}_{last}.{stamp:013}.v{SCHEMA_VERSION}.{footer:08x}.parquet"
        temporary.rename(path)
    return Segment(path, first, last, fetched_at, footer)


def _write(table: pa.Table, meta: bytes, path: Path) -> None:
    # Arrow's own file: one of Python's would call for the interpreter's lock hundreds of times.
    with pa.OSFile(os.fspath(path), "wb") as file, pq.ParquetWriter(file, table.schema, **_LAYOUT) as writer:
        writer.write_table(table, _ROW_GROUP)
        # Not with the schema, which Arrow writes, and parses when it opens a file, a second time as Base64.
        writer.add_key_value_metadata({_META: meta})


def _meta(file: pq.ParquetFile) -> dict[str, Any]:
    meta: dict[str, Any] = msgspec.json.decode(file.metadata.metadata[_META])
    return meta


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
            chunks = [_labels(chunk, words) for chunk in table[name].chunks]
            labels = pa.chunked_array(chunks, FIELDS[name].arrow_type)
            table = table.set_column(table.column_names.index(name), name, labels)
    return table


def _labels(codes: pa.Array, words: pa.Array) -> pa.DictionaryArray:
    """Return what codes stand for; checked here, since Arrow's own check takes twenty times as long."""
    least, most = pc.min_max(codes).values()
    if least.is_valid and not 0 <= least.as_py() <= most.as_py() < len(words):
        msg = f"it has labels beyond the {len(words)} that there are"
        raise StoreError(msg)
    return pa.DictionaryArray.from_arrays(codes, words, safe=False)
