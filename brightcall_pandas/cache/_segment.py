"""One parquet file of typed calls: all calls of some consecutive days, ordered by day and time.

Parquet's own checksums cover its pages, but not the footer, which says where the pages are, what they mean
and how many rows each day has. So the name of the file ends in a checksum of the footer.
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
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from brightcall_pandas.cache._files import check_file, temporary_file
from brightcall_pandas.cache._part import DayHistory, Part, clipped, pages_of
from brightcall_pandas.frame import EXTRAS, FIELDS, MEMORY, SCHEMA_VERSION

__all__ = [
    "FIRST_SEEN",
    "UNDATED",
    "WHOLE",
    "NewSegment",
    "Segment",
    "StoreError",
    "footer_checksum",
    "micros",
    "new_segment",
]

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the time of a reading that was made while the machine's clock was ahead."""

_META = b"brightcall"
_ALL = (*FIELDS, EXTRAS.name)
FIRST_SEEN = "firstSeen"
"""Column of when each call was first seen: the moment at which that reading was kept, in microseconds."""
WHOLE = (*_ALL, FIRST_SEEN)
"""All columns of a segment; the last is stored only where calls came after the first reading of their day."""
_NEVER = 2**62  # since when a day is known that was read while the clock was ahead
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)\.(\d{13})\.(\d{8,})\.v(\d+)\.([0-9a-f]{8})\.parquet")
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
    "column_encoding": {
        **{each.name: "DELTA_BINARY_PACKED" for each in FIELDS.values() if each.kind == "time"},
        FIRST_SEEN: "DELTA_BINARY_PACKED",
    },
    "write_statistics": False,
}


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
        First and last day, both inclusive.
    fetched_at
        When its oldest page was fetched, UTC, by the clock of the machine that read it.
    footer
        CRC-32 of its footer.
    serial
        Number of its latest reading; of two segments the one with the higher number was read later.
    schema_version
        Version of the typed schema with which it was written.
    """

    path: Path
    first: date
    last: date
    fetched_at: datetime
    footer: int
    serial: int = 0
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
        fetched_at = UNDATED + timedelta(milliseconds=int(match[3]))
        segment = cls(path, first, last, fetched_at, int(match[6], 16), int(match[4]), int(match[5]))
        return segment if first <= last else None

    @property
    def days(self) -> list[date]:
        """All days, from first to last."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def rank(self) -> tuple[int, datetime, int, str]:
        """What orders segments: the later reading is the greater, whatever the clock said.

        Of segments with the same reading, the one into which others were merged is the greater.
        """
        return self.serial, self.fetched_at, (self.last - self.first).days, self.path.name

    def is_doubtful(self, now: datetime) -> bool:
        """Tell whether it was read while the clock was ahead, so that its age is unknown."""
        return self.fetched_at == UNDATED or self.fetched_at > now

    def undated(self) -> None:
        """Rename it so that its date is never believed, not even when that time has come."""
        name = _name((self.first, self.last), UNDATED, self.serial, self.footer, self.schema_version)
        self.path.rename(self.path.with_name(name))

    def meta(self) -> dict[str, Any]:
        """Return its metadata: ``rows``, ``serials`` and ``spans`` by day, ``repeats``, and ``windows``."""
        with self._opened() as file:
            return _meta(file)

    def page_keys(self) -> set[str]:
        """Return the keys of the pages from which it was made; none when it is damaged."""
        try:
            windows = self.meta()["windows"]
        except StoreError:
            return set()
        return {key for window in windows if "pages" in window for key, *_ in pages_of(window)}

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
            stored = [name for name in columns if name != FIRST_SEEN or FIRST_SEEN in file.schema_arrow.names]
            table = file.read_row_groups(groups, columns=stored).slice(begin - skipped, length)
        history = self._history(meta)[first : last + 1]
        if len(stored) < len(columns):
            table = table.append_column(
                FIRST_SEEN, pa.array(np.repeat([each.since for each in history], rows))
            )
        by_day = dict(zip(map(str, self.days), meta["rows"], strict=True))
        return Part(
            days[0],
            rows,
            _codes_to_labels(table).select(columns),
            clipped(meta["windows"], days, by_day),
            (meta["serials"] or [self.serial] * len(meta["rows"]))[first : last + 1],
            [tuple(span) for span in meta["spans"][first : last + 1]],
            _between(meta["repeats"], begin, begin + length),
            self,
            history,
        )

    def _history(self, meta: dict[str, Any]) -> list[DayHistory]:
        """Return what the ledger knows of each day; of a file without a ledger, that it was read."""
        if known := meta.get("history"):
            return [DayHistory(*each) for each in known]
        moment = _NEVER if self.fetched_at == UNDATED else micros(self.fetched_at)
        return [DayHistory(moment, moment, 0)] * len(meta["rows"])

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            if footer_checksum(self.path) != self.footer:
                msg = "its footer does not match its name"
                raise StoreError(msg)
            with pq.ParquetFile(self.path, page_checksum_verification=True, pre_buffer=True) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            raise StoreError(str(error)) from error


@dataclass(frozen=True)
class NewSegment:
    """A segment that is written and has no name yet, so that no reader sees it."""

    path: Path
    first: date
    last: date
    footer: int

    def named(self, fetched_at: datetime, serial: int) -> Segment:
        """Give it its name, and so show it to readers."""
        path = self.path.with_name(_name((self.first, self.last), fetched_at, serial, self.footer))
        self.path.rename(path)
        return Segment(path, self.first, self.last, fetched_at, self.footer, serial)


@contextmanager
def new_segment(folder: Path, part: Part, *, rows_per_group: int = _ROWS_PER_GROUP) -> Iterator[NewSegment]:
    """Write a segment; it vanishes at the end of the block unless it was given a name.

    Parameters
    ----------
    folder
        The folder to write it to.
    part
        The calls, with all columns of the typed schema.
    rows_per_group
        Rows in each of parquet's row groups, the least that can be read.

    Raises
    ------
    OSError
        The folder cannot be written; nothing is left behind.
    """
    told: dict[str, Any] = {
        "rows": part.rows,
        "serials": part.serials,
        "spans": part.id_spans(),
        "repeats": part.repeats,
        "windows": part.windows,
    }
    if part.history:
        told["history"] = part.history
    meta = msgspec.json.encode(told)
    with temporary_file(folder) as temporary:
        table = _labels_to_codes(_without_plain_first_seen(part)).replace_schema_metadata()
        path = os.fspath(temporary)
        if any("\ud800" <= each <= "\udfff" for each in path):  # stand for bytes of a name
            msg = f"Arrow takes no path with bytes that are not UTF-8: {path!r}"
            raise OSError(msg)
        # Arrow's own file: one of Python's would take the interpreter's lock hundreds of times.
        with (
            pa.OSFile(path, "wb") as file,
            pq.ParquetWriter(file, table.schema, memory_pool=MEMORY, **_LAYOUT) as writer,
        ):
            writer.write_table(table, rows_per_group)
            # Not in the schema, which Arrow writes, and parses on opening, a second time as Base64.
            writer.add_key_value_metadata({_META: meta})
        yield NewSegment(temporary, part.days[0], part.days[-1], footer_checksum(temporary))


def micros(moment: datetime) -> int:
    """Return a time as microseconds."""
    return (moment - UNDATED) // timedelta(microseconds=1)


def _without_plain_first_seen(part: Part) -> pa.Table:
    """Return the calls, and when each was first seen only where that is not when its day was."""
    if FIRST_SEEN not in part.table.column_names:
        return part.table
    plain = np.repeat(np.array([each.since for each in part.history], dtype=np.int64), part.rows)
    same = np.array_equal(part.table[FIRST_SEEN].to_numpy(), plain)
    return part.table.drop_columns([FIRST_SEEN]) if same else part.table


def _name(
    days: tuple[date, date], fetched_at: datetime, serial: int, footer: int, version: int = SCHEMA_VERSION
) -> str:
    first, last = days
    stamp = (fetched_at - UNDATED) // timedelta(milliseconds=1)
    return f"{first}_{last}.{stamp:013}.{serial:08}.v{version}.{footer:08x}.parquet"


def _between(groups: Sequence[Sequence[int]], begin: int, end: int) -> list[list[int]]:
    """Return groups of positions as they are in a stretch of rows; of what is alone there, nothing."""
    inside = ([row - begin for row in group if begin <= row < end] for group in groups)
    return [group for group in inside if len(group) > 1]


def _row_groups(file: pq.ParquetFile, begin: int, end: int) -> tuple[list[int], int]:
    """Return the row groups that hold some rows, and how many rows come before these groups."""
    sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    starts = [sum(sizes[:n]) for n in range(len(sizes))]
    groups = [n for n, start in enumerate(starts) if start < end and begin < start + sizes[n]]
    return groups, starts[groups[0]] if groups else begin


def _meta(file: pq.ParquetFile) -> dict[str, Any]:
    meta: dict[str, Any] = msgspec.json.decode(file.metadata.metadata[_META])
    return meta


def footer_checksum(path: Path) -> int:
    """Return the CRC-32 of a parquet file's footer: metadata, its length (4 bytes) and ``PAR1``."""
    check_file(path)
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
