"""The ledger of one query: what later readings of its days saw changed, gone, or new after all.

A file is written before the window that it belongs to, as *pending*, and loses that word when the window
has its name. A process that is killed in between leaves a pending file, and the serial of its window tells
whether that was written: then the file counts, otherwise nobody ever saw that reading, and the next writer
deletes it. Files only ever come; several small ones are put together to a larger one, and only to drop
entries is one written anew. Where a process is killed before the old ones are deleted, entries stand in two
files, and count once.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from brightcall_pandas.cache._entries import ENTRIES
from brightcall_pandas.cache._files import (
    exclusive,
    file_size,
    private_folder,
    read_file,
    temporary_file,
    write_private,
)
from brightcall_pandas.cache._segment import StoreError, footer_checksum
from brightcall_pandas.errors import visible

__all__ = ["Ledger"]

T = TypeVar("T")

_log = logging.getLogger("brightcall_pandas")

_PENDING = "pending-"
_NAME = re.compile(
    r"(?P<pending>pending-)?(?P<first>\d{4}-\d\d-\d\d)_(?P<last>\d{4}-\d\d-\d\d)"
    r"\.(?P<seen>\d{16})\.(?P<serial>\d{8,})\.(?P<footer>[0-9a-f]{8})\.parquet"
)
_TOGETHER = 8  # files of about one size are put together
_SMALLEST = 8_192  # bytes, below which all files are of one size
_LATELY = 86_400_000_000  # a day in microseconds, which entries stay longer at most
_TRIES = 5  # to read what another process puts together meanwhile
_LAYOUT: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "write_page_checksum": True,
    "use_dictionary": ["kind", "field", "old", "new", "pseudonymized"],
    "column_encoding": {
        **dict.fromkeys(("serial", "since", "seen", "copy", "firstSeen", "day"), "DELTA_BINARY_PACKED"),
        **dict.fromkeys(("id", "uniqueId"), "DELTA_BYTE_ARRAY"),
    },
    "write_statistics": False,
}
_OF_TOKENS = ("pseudonymized", "numbers")  # columns that are written where tokens are kept
_IDENTITY = ["day", "serial", "seen", "kind", "id", "uniqueId", "copy", "field"]


@dataclass(frozen=True)
class _File:
    """One file of the ledger."""

    path: Path
    first: date
    last: date
    seen: int
    serial: int
    footer: int
    pending: bool

    @classmethod
    def from_path(cls, path: Path) -> _File | None:
        if (match := _NAME.fullmatch(path.name)) is None:
            return None
        try:
            first, last = date.fromisoformat(match["first"]), date.fromisoformat(match["last"])
        except ValueError:
            return None
        numbers = int(match["seen"]), int(match["serial"]), int(match["footer"], 16)
        return cls(path, first, last, *numbers, match["pending"] is not None)

    @property
    def tier(self) -> int:
        """Number by which files of about one size are known."""
        size, tier = file_size(self.path), 0
        while size > _SMALLEST:
            size, tier = size // _TOGETHER, tier + 1
        return tier

    def read(self) -> pa.Table:
        """Return its entries.

        Raises
        ------
        FileNotFoundError
            Another process has put it together with others.
        OSError, StoreError
            It is damaged; every checksum is verified.
        """
        if footer_checksum(self.path) != self.footer:
            msg = "its footer does not match its name"
            raise StoreError(msg)
        try:
            with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
                return _of_today(file.read())
        except pa.ArrowException as error:
            raise StoreError(str(error)) from error


class Ledger:
    """What later readings of a query's days saw.

    Parameters
    ----------
    folder
        The query's folder in the ledger; made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def floor(self) -> int:
        """Moment, in microseconds, before which entries were dropped, so that nothing older is told."""
        try:
            return int(msgspec.json.decode(read_file(self._floor_file)))
        except (OSError, ValueError, TypeError):
            return 0

    @property
    def _floor_file(self) -> Path:
        return self.folder / "floor.json"

    @property
    def _estimates_file(self) -> Path:
        return self.folder / "lookback.json"

    def estimate(self, field: str, kind: type[T]) -> tuple[datetime, T | None]:
        """Return what was estimated of a field from these entries, and when; None without any."""
        try:
            kept = msgspec.json.decode(read_file(self._estimates_file), type=dict[str, dict[str, Any]])
            found = msgspec.convert(kept[field]["found"], kind)
            return msgspec.convert(kept[field]["at"], datetime), found
        except (OSError, KeyError, ValueError):
            return datetime.min.replace(tzinfo=UTC), None

    def keep_estimate(self, field: str, found: Any, at: datetime) -> None:
        """Keep what was estimated of a field, for those who load.

        Raises
        ------
        OSError
            The folder cannot be written.
        """
        private_folder(self.folder)
        kept: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            kept = msgspec.json.decode(read_file(self._estimates_file), type=dict[str, Any])
        kept[field] = {"at": at, "found": found}
        write_private(self._estimates_file, msgspec.json.encode(kept))

    def drop_estimates(self) -> None:
        """Drop what was estimated, since calls are gone of which it was made."""
        self._estimates_file.unlink(missing_ok=True)

    # Writing, by whoever holds the lock of the windows.

    def add(self, entries: pa.Table) -> Path:
        """Write the entries of one reading, pending until `commit`.

        Raises
        ------
        OSError
            The folder cannot be written.
        """
        private_folder(self.folder)
        return self._written(entries, _PENDING)

    def commit(self, pending: Path) -> None:
        """Let entries count: their window was written."""
        with suppress(FileNotFoundError):  # written anew meanwhile, still pending
            pending.replace(pending.with_name(pending.name.removeprefix(_PENDING)))

    def settle(self, newest: int) -> None:
        """Decide on what a killed process left pending, given the highest serial of any window."""
        for each in self._files():
            if each.pending and each.serial <= newest:
                self.commit(each.path)
            elif each.pending:
                each.path.unlink(missing_ok=True)

    # Reading.

    def read(self, newest: int, first: date = date.min, last: date = date.max) -> pa.Table:
        """Return entries, each once: all of some days, and perhaps of others.

        Parameters
        ----------
        newest
            The highest serial of any window, which tells what counts of that which is pending.
        first, last
            The days.

        Raises
        ------
        StoreError
            A file is damaged. It is set aside, and `floor` tells from when on the ledger is whole.
        """
        for _ in range(_TRIES):
            try:
                files = [each for each in self._files() if each.first <= last and first <= each.last]
                counting = [each for each in files if not each.pending or each.serial <= newest]
                return self._once([each.read() for each in counting])
            except FileNotFoundError:
                continue  # another process has put it together with others
            except (OSError, StoreError):
                self._set_aside_damaged()
        msg = "its ledger changes faster than it can be read"
        raise StoreError(msg)

    def size(self) -> int:
        """Return the bytes that it takes."""
        return sum(file_size(each.path) for each in self._files())

    def _once(self, tables: Sequence[pa.Table]) -> pa.Table:
        entries = pa.concat_tables([ENTRIES.empty_table(), *tables])
        if len(tables) < 2:
            return entries
        again = entries.select(_IDENTITY).to_pandas().duplicated()
        return entries.filter(pa.array(~again.to_numpy())) if again.any() else entries

    def _set_aside_damaged(self) -> None:
        """Set damaged files aside, so that the next reading does without; what they told is not known."""
        for each in self._files():
            try:
                each.read()
            except FileNotFoundError:
                continue
            except (OSError, StoreError) as error:
                self._raise_floor(each.seen + 1)
                each.path.replace(each.path.with_suffix(".damaged"))
                message = (
                    f"a file of the ledger in {self.folder} is damaged ({error}) and was set aside: what "
                    f"calls from {each.first} to {each.last} were like before it is no longer known"
                )
                _log.warning(visible(message))
                warnings.warn(message, RuntimeWarning, stacklevel=5)

    # Keeping it small.

    def compact(self) -> None:
        """Put files of about one size together, once there are several; a convenience.

        Raises
        ------
        OSError, StoreError
            A file cannot be read or written; what there was is still there.
        """
        tiers: dict[int, list[_File]] = {}
        for each in self._files():
            if not each.pending:
                tiers.setdefault(each.tier, []).append(each)
        for files in tiers.values():
            if len(files) >= _TOGETHER:
                with self._alone() as alone:
                    if alone:
                        self._replace(files, self._once([each.read() for each in files]))

    def rewrite(self, change: Callable[[pa.Table], pa.Table]) -> int:
        """Drop or change entries: write the files anew that `change` alters; return how many entries went.

        Raises
        ------
        OSError
            A file cannot be read or written, or another process is at it.
        """
        if not self.folder.is_dir():
            return 0
        dropped = 0
        with self._alone() as alone:
            if not alone:
                msg = f"another process changes {self.folder}"
                raise OSError(msg)
            for each in self._files():
                try:
                    before = each.read()
                except StoreError:
                    each.path.unlink(missing_ok=True)  # nobody can tell what it holds
                    self._raise_floor(each.seen + 1)
                    continue
                after = change(before)
                if not after.equals(before):
                    self._replace([each], after)
                    dropped += len(before) - len(after)
        return dropped

    def prune(self, before: int) -> None:
        """Drop what was seen before a moment, in microseconds.

        Raises
        ------
        OSError
            A file cannot be read or written.
        """
        if self._holds_older(before - _LATELY):  # or else every load would write it anew
            self._raise_floor(before)
            self.rewrite(lambda entries: entries.filter(pc.greater_equal(entries["seen"], before)))

    def drop(self, days: Collection[date]) -> None:
        """Drop what was seen of some days."""
        if days:
            gone = pa.array(sorted(days), pa.date32())
            self.rewrite(lambda entries: entries.filter(pc.invert(pc.is_in(entries["day"], gone))))

    def drop_between(self, first: date, last: date) -> None:
        """Drop what was seen of all days from one to another."""
        if any(each.first <= last and first <= each.last for each in self._files()):
            ends = [pa.scalar(each, pa.date32()) for each in (first, last)]
            self.rewrite(lambda entries: entries.filter(_outside(entries["day"], *ends)))

    def _holds_older(self, before: int) -> bool:
        with suppress(OSError, StoreError):
            return any(pc.min(each.read()["seen"]).as_py() < before for each in self._files())
        return False

    def _raise_floor(self, moment: int) -> None:
        if moment > self.floor:
            write_private(self._floor_file, msgspec.json.encode(moment))

    def drop_damaged(self) -> None:
        """Delete files that were set aside, since nobody can tell what they hold."""
        for each in self.folder.glob("*.damaged"):
            each.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        with exclusive(self.folder) as alone:
            yield alone

    def _replace(self, files: Sequence[_File], entries: pa.Table) -> None:
        new = self._written(entries, _PENDING if files[0].pending else "") if len(entries) else None
        for each in files:
            if each.path != new:
                each.path.unlink(missing_ok=True)

    def _written(self, entries: pa.Table, prefix: str) -> Path:
        entries = entries.sort_by([(name, "ascending") for name in ("day", "id", "serial", "field")])
        unused = [name for name in _OF_TOKENS if entries[name].null_count == len(entries)]
        days, seen, serial = (pc.min_max(entries[name]).as_py() for name in ("day", "seen", "serial"))
        with temporary_file(self.folder) as temporary:
            pq.write_table(entries.drop_columns(unused).combine_chunks(), temporary, **_LAYOUT)
            moments = f"{seen['max']:016}.{serial['max']:08}"
            name = f"{prefix}{days['min']}_{days['max']}.{moments}.{footer_checksum(temporary):08x}.parquet"
            return temporary.replace(self.folder / name)

    def _files(self) -> list[_File]:
        if not self.folder.is_dir():
            return []
        found = [_File.from_path(path) for path in self.folder.iterdir()]
        return sorted((each for each in found if each is not None), key=lambda each: each.path.name)


def _of_today(entries: pa.Table) -> pa.Table:
    """Return entries with all columns; those of tokens are not in every file."""
    for each in ENTRIES:
        if each.name not in entries.column_names:
            entries = entries.append_column(each, pa.nulls(len(entries), each.type))
    return entries.select(ENTRIES.names).cast(ENTRIES)


def _outside(days: pa.ChunkedArray, first: pa.Scalar, last: pa.Scalar) -> pa.ChunkedArray:
    return pc.or_(pc.less(days, first), pc.greater(days, last))
