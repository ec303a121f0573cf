"""The second tier of the cache: typed windows as parquet files.

A query has a folder; a file in it, a *segment*, holds all calls of some consecutive days, ordered by time.
Its name says which days and when they were fetched, its metadata which pages it was made of. A segment
appears whole, by rename, and is never changed; where several hold a day, the one fetched last counts. So
processes need no lock, and killing one leaves nothing but a temporary file.
"""

from __future__ import annotations

import os
import re
import secrets
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from brightcall_pandas.schema import EXTRAS, FIELDS, SCHEMA_VERSION

__all__ = ["Segment", "Store", "StoreError", "write_whole"]

_META = b"brightcall"
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})_(\d{4}-\d{2}-\d{2})\.(\d+)\.v(\d+)\.[0-9a-f]+\.parquet")
_ABANDONED_S = 24 * 3600
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
    schema_version
        Version of the typed schema that it was written with.
    """

    path: Path
    first: date
    last: date
    fetched_at: datetime
    schema_version: int = SCHEMA_VERSION

    @property
    def days(self) -> list[date]:
        """Every day that it holds."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def meta(self) -> dict[str, Any]:
        """Return its metadata: ``rows`` (of each day) and ``windows`` (report and pages of each)."""
        try:
            found = pq.read_metadata(self.path).metadata or {}
            meta: dict[str, Any] = msgspec.json.decode(found[_META])
        except (OSError, pa.ArrowException, KeyError, msgspec.DecodeError) as error:
            raise StoreError(str(error)) from error
        return meta

    def read(self, days: Sequence[date], columns: Sequence[str]) -> pa.Table:
        """Read some columns of some consecutive days.

        Raises
        ------
        StoreError
            The file is damaged; page checksums are verified.
        """
        rows = self.meta()["rows"]
        begin = sum(rows[: (days[0] - self.first).days])
        length = sum(rows[(days[0] - self.first).days : (days[-1] - self.first).days + 1])
        try:
            with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
                groups = [
                    n
                    for n in range(file.num_row_groups)
                    if n * _ROW_GROUP < begin + length and (n + 1) * _ROW_GROUP > begin
                ]
                table = file.read_row_groups(groups, columns=list(columns))
        except (OSError, pa.ArrowException) as error:
            raise StoreError(str(error)) from error
        offset = groups[0] * _ROW_GROUP if groups else 0
        return _decoded(table.slice(begin - offset, length)).select(columns)


class Store:
    """The segments of one query.

    Parameters
    ----------
    folder
        The query's folder; made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def segments(self) -> list[Segment]:
        """Return every segment, the one fetched last first."""
        try:
            names = sorted(os.listdir(self.folder))
        except OSError:
            return []
        found = []
        for name in names:
            if (match := _NAME.fullmatch(name)) is not None:
                fetched = datetime.fromtimestamp(int(match[3]) / 1000, UTC)
                first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2])
                found.append(Segment(self.folder / name, first, last, fetched, int(match[4])))
        return sorted(found, key=lambda each: each.fetched_at, reverse=True)

    def write(
        self,
        table: pa.Table,
        first: date,
        rows: Sequence[int],
        fetched_at: datetime,
        windows: list[dict[str, Any]],
    ) -> Segment:
        """Write a segment.

        Parameters
        ----------
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
        coded = _coded(table)
        coded = coded.replace_schema_metadata({_META: msgspec.json.encode(meta)})
        stamp = int(fetched_at.timestamp() * 1000)
        path = self.folder / f"{first}_{last}.{stamp}.v{SCHEMA_VERSION}.{secrets.token_hex(4)}.parquet"
        write_whole(coded, path, use_dictionary=_REPEATING, row_group_size=_ROW_GROUP)
        return Segment(path, first, last, fetched_at)

    def drop(self, segments: Iterable[Segment]) -> None:
        """Delete segments."""
        for each in segments:
            each.path.unlink(missing_ok=True)

    def set_aside(self, segment: Segment, reason: object) -> None:
        """Rename a damaged segment so that it is not read again, and say so."""
        aside = segment.path.with_suffix(".damaged")
        try:
            segment.path.rename(aside)
        except OSError:
            return  # another process did it, or the folder is read-only: then it is reported every time
        warnings.warn(
            f"the cached calls {segment.first} to {segment.last} are damaged ({reason}); "
            f"the file was set aside as {aside.name} and its days are read again",
            RuntimeWarning,
            stacklevel=4,
        )

    def compact(self, segments: Sequence[Segment]) -> None:
        """Rewrite segments that follow each other as one, with the oldest of their times.

        Raises
        ------
        StoreError, OSError
            One cannot be read, or the new one not written; the old ones are still there.
        """
        names = [each.name for each in (*FIELDS.values(), EXTRAS)]
        for group in _adjacent(segments):
            metas = [each.meta() for each in group]
            self.write(
                pa.concat_tables([each.read(each.days, names) for each in group]),
                group[0].first,
                [rows for meta in metas for rows in meta["rows"]],
                min(each.fetched_at for each in group),
                [window for meta in metas for window in meta["windows"]],
            )
            self.drop(group)

    def sweep(self) -> set[str]:
        """Delete what killed processes left, and segments of which every day was fetched again later.

        Returns
        -------
        set of str
            Keys of the pages that the deleted segments were made of.
        """
        newer: set[date] = set()
        pages: set[str] = set()
        for each in self.segments():
            if newer.issuperset(each.days):
                pages.update(_pages(each))
                each.path.unlink(missing_ok=True)
            newer.update(each.days)
        for path in self.folder.glob(".tmp-*"):
            try:
                if time.time() - path.stat().st_mtime > _ABANDONED_S:
                    path.unlink(missing_ok=True)
            except OSError:
                continue
        return pages


def write_whole(table: pa.Table, path: Path, **options: Any) -> None:
    """Write a parquet file that appears whole or not at all, readable by its owner only."""
    temporary = path.parent / f".tmp-{os.getpid()}-{secrets.token_hex(4)}"
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            pq.write_table(
                table,
                file,
                compression="zstd",
                compression_level=1,
                write_page_checksum=True,
                **options,
            )
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _adjacent(segments: Sequence[Segment]) -> list[list[Segment]]:
    groups: list[list[Segment]] = []
    for each in sorted(segments, key=lambda segment: segment.first):
        if groups and each.first - groups[-1][-1].last == timedelta(days=1):
            groups[-1].append(each)
        else:
            groups.append([each])
    return [group for group in groups if len(group) > 1]


def _pages(segment: Segment) -> set[str]:
    try:
        return {key for window in segment.meta()["windows"] for key, *_ in window.get("pages", ())}
    except StoreError:
        return set()


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
