"""Which files at a path or address are the calls: those that say so, each period once.

Whatever else lies in the folder is left out. What is not parquet by its name is nobody's business; a parquet
file that belongs to no set, that is damaged and stands in nobody's place, or that holds a period that another
one holds as well (a sync tool's conflict copy, a backup), is named in a warning.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import fs

from brightcall_pandas.errors import BrightcallError, missing_extra, warn_user
from brightcall_pandas.export._footer import FILE, NO_TIME, Footer, footer_of

__all__ = ["CallFile", "Place", "first_of_set", "footers_read", "of_one_set", "place_of", "readable"]

_SUFFIXES = (".parquet", ".parq", ".pq")
_FOLDER = re.compile(r"(?:day|month)=(\d{4}-\d\d(?:-\d\d)?)")
_READERS = 16  # footers read at a time: each is a round trip where the files lie elsewhere


@dataclass(frozen=True)
class CallFile:
    """A file.

    Parameters
    ----------
    fragment
        The file, as Arrow knows it.
    below
        Its names below the folder that was asked for, its own last.
    """

    fragment: ds.ParquetFileFragment
    below: tuple[str, ...]

    @property
    def path(self) -> str:
        """Its path in its file system."""
        return str(self.fragment.path)

    @property
    def period(self) -> str:
        """Period that its folder is named by; empty if there is none."""
        named = _FOLDER.fullmatch(self.below[-2]) if len(self.below) > 1 else None
        return named[1] if named else ""

    @property
    def set_folder(self) -> tuple[str, ...]:
        """The folder of its set, if it lies where `to_parquet` and `export_calls` put it."""
        return self.below[:-2]

    @property
    def other_keys(self) -> tuple[str, ...]:
        """Folders above it that are named ``key=value``, but for that of the period: two accounts, say."""
        return tuple(name for name in self.below[:-1] if "=" in name and not _FOLDER.fullmatch(name))

    @property
    def footer(self) -> Footer | None:
        """What it says of itself; None if another program wrote it, or a half of it lies beside a period's.

        Raises
        ------
        BrightcallError
            It is damaged, and stands in the place of the file of a period.
        """
        try:
            with readable(self.path):
                return footer_of(self.fragment.metadata.metadata)
        except BrightcallError:
            if self.period and self.below[-1] == FILE:
                raise
            return None

    @property
    def held_period(self) -> str:
        """The period that it says it holds; that of its folder if it does not say."""
        footer = self.footer
        return self.period if footer is None or footer.period is None else footer.period

    @property
    def in_order(self) -> tuple[bool, str]:
        """Calls without a time come last."""
        return self.period in NO_TIME.values(), self.path


@dataclass(frozen=True)
class Place:
    """A file system, a path in it, and the parquet files there: the file itself, or those of the folder."""

    filesystem: Any
    path: str
    files: list[str]

    @property
    def is_file(self) -> bool:
        """Whether the path is a file."""
        return self.files == [self.path]

    def only(self, files: list[str]) -> Place:
        """Return the place with some of its files only."""
        return replace(self, files=files)

    def below(self, file: str) -> tuple[str, ...]:
        """Return the names of a file below the path."""
        if self.is_file:
            return (file.rpartition("/")[2],)
        return tuple(file.removeprefix(self.path).strip("/").split("/"))


def place_of(path: str | os.PathLike[str]) -> Place:
    """List the parquet files at a path or address.

    Raises
    ------
    FileNotFoundError
        There is nothing, or no parquet file.
    BrightcallError
        A pipe or a link to nothing stands in the place of a file.
    ModuleNotFoundError
        An address needs a library that is not installed; the message names what to install.
    """
    given = os.fspath(path)
    if "://" in given:
        filesystem, place = _file_system(given)
    else:
        filesystem, place = fs.LocalFileSystem(), Path(os.path.abspath(given)).as_posix()
        _check_files(Path(place))
    with readable(given):
        found = filesystem.get_file_info(place)
        if found.type == fs.FileType.NotFound:
            msg = f"there is nothing at {given!r}"
            raise FileNotFoundError(msg)
        if found.type != fs.FileType.Directory:
            return Place(filesystem, place, [place])
        inside = filesystem.get_file_info(fs.FileSelector(place, recursive=True))
    present = Place(filesystem, place, [])
    files = [each.path for each in inside if each.is_file and _may_be_calls(present.below(each.path))]
    if not files:
        msg = f"there is no parquet file in {given!r}"
        raise FileNotFoundError(msg)
    return Place(filesystem, place, sorted(files))


def _check_files(place: Path) -> None:
    """Refuse a pipe or a link to nothing where calls would be: Arrow waits for the one and omits the other.

    Raises
    ------
    BrightcallError
        There is one at the path, or in the place of the file of a period below it.
    """
    below = (Path(folder, FILE) for folder, _, names in os.walk(place) if FILE in names)
    for path in (place, *(each for each in below if _FOLDER.fullmatch(each.parent.name))):
        if os.path.lexists(path) and not path.is_file() and not path.is_dir():
            what = "a link to nothing" if path.is_symlink() else "not a file"
            msg = f"{str(path)!r} is {what}. Restore it, or delete it and export its days again."
            raise BrightcallError(msg)


def _may_be_calls(below: tuple[str, ...]) -> bool:
    """Tell whether a file is one of parquet and meant to be seen, as Arrow and Spark see it."""
    return below[-1].lower().endswith(_SUFFIXES) and not any(name[:1] in (".", "_") for name in below)


def _file_system(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it."""
    scheme = address.partition("://")[0]
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - only for addresses

        found, path = url_to_fs(address)
    except ImportError as error:
        if scheme in ("s3", "s3a"):
            raise missing_extra(f"reading {address}", "s3", error) from error
        msg = f"{address} cannot be read ({error}); install fsspec and its package for {scheme}:// addresses"
        raise ModuleNotFoundError(msg, name=error.name) from error
    return fs.PyFileSystem(fs.FSSpecHandler(found)), path.rstrip("/")


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Name the file that could not be read, and what to do about it."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        msg = (
            f"{path!r} cannot be read: {reason}. If it is damaged, restore it, or delete it and export its "
            "days again."
        )
        raise BrightcallError(msg) from error


def footers_read(files: Collection[CallFile]) -> list[Footer | None]:
    """Return what each file says of itself."""
    if len(files) < _READERS:
        return [each.footer for each in files]
    with ThreadPoolExecutor(_READERS) as threads:
        return list(threads.map(lambda each: each.footer, files))


def first_of_set(place: Place) -> str:
    """Return the first readable file that says that it belongs to a set; the first of all if none does."""
    in_place = [each for each in place.files if place.below(each)[-1] == FILE]
    for file in in_place:
        try:
            metadata = pq.read_metadata(file, filesystem=place.filesystem).metadata
        except (pa.ArrowInvalid, OSError):
            continue  # whoever reads its calls is told
        if (footer := footer_of(metadata)) is not None and footer.identity is not None:
            return file
    return (in_place or place.files)[0]


def of_one_set(files: Collection[CallFile], columns: Sequence[str]) -> list[CallFile]:
    """Return the files that belong to a set, each period once, in order.

    Parameters
    ----------
    files
        The files.
    columns
        Columns of the set.

    Raises
    ------
    BrightcallError
        They are of different kinds.
    ValueError
        They are several sets, each in a folder of its own.
    """
    known = list(zip(files, footers_read(files), strict=True))
    ours = [(file, footer) for file, footer in known if footer is not None and footer.identity is not None]
    counted, copies = _each_period_once(ours)
    _check_kind(counted)
    chosen = [file for file, _ in counted]
    held = {(file.set_folder, file.period) for file in chosen}
    others = [(file, footer) for file, footer in known if footer is None or footer.identity is None]
    parts = [file for file, footer in others if footer is not None and _is_part(file, columns, held)]
    strangers = [repr(file.path) for file, _ in others if file not in parts]
    if strangers:
        warn_user(
            f"left out, since it is damaged or does not belong to the calls of this folder: "
            f"{_first(strangers)}. Move it out of the folder."
        )
    if copies:
        warn_user(
            f"the same calls are there twice, and the first file of each pair is left out: {_first(copies)}. "
            "Tools that sync folders make such copies: delete the one that is not wanted, and put the other "
            "in its place."
        )
    return sorted(chosen + parts, key=lambda each: each.in_order)


def _is_part(file: CallFile, columns: Sequence[str], held: Collection[tuple[tuple[str, ...], str]]) -> bool:
    """Tell whether a file of ours, written by itself, was put in the place of the file of a period."""
    return (
        file.period != ""
        and (file.set_folder, file.period) not in held
        and file.fragment.physical_schema.names == list(columns)
    )


def _each_period_once(
    files: Collection[tuple[CallFile, Footer]],
) -> tuple[list[tuple[CallFile, Footer]], list[str]]:
    """Return one file for each period, and what there is to say of the others.

    It is the one in its own place, else the one that was read last.
    """
    folders = _set_folders([file for file, _ in files])

    def claim(each: tuple[CallFile, Footer]) -> tuple[tuple[str, ...], str]:
        file, footer = each
        inside = [folder for folder in folders if file.below[: len(folder)] == folder]
        return max(inside, key=len, default=()), footer.folder

    def merit(each: tuple[CallFile, Footer]) -> tuple[bool, str, str]:
        file, footer = each
        in_place = file.set_folder in folders and file.below[-2:] == (footer.folder, FILE)
        return in_place, footer.read_at, file.path

    counted: list[tuple[CallFile, Footer]] = []
    copies: list[str] = []
    for (_, folder), claimants in groupby(sorted(files, key=claim), claim):
        (best, said), *others = sorted(claimants, key=merit, reverse=True)
        counted.append((best, said))
        copies += [
            f"{folder} in {file.path!r} ({_said(footer)}) beside {best.path!r} ({_said(said)})"
            for file, footer in others
        ]
    return counted, copies


def _set_folders(files: Collection[CallFile]) -> set[tuple[str, ...]]:
    """Return the folders of the sets: the one asked for, or those below it that are named ``key=value``."""
    folders = {file.set_folder for file in files if file.period}
    here = {folder for folder in folders if all("=" in name for name in folder)}
    if not here and len(folders) > 1:
        names = ", ".join(repr("/".join(folder)) for folder in sorted(folders))
        msg = f"there are several sets of calls in this folder ({names}): read one of them"
        raise ValueError(msg)
    return here or folders


def _check_kind(files: Collection[tuple[CallFile, Footer]]) -> None:
    """Refuse files of different kinds: together they cannot be read."""
    first, kind = next(iter(files), (None, None))
    for file, footer in files:
        if (
            first is not None
            and kind is not None
            and kind.identity is not None
            and footer.identity is not None
            and (difference := kind.identity.difference(footer.identity, same_query=False))
        ):
            msg = (
                f"{first.path!r} holds calls with {difference} as in {file.path!r}: together they cannot be "
                "read. Move one of them to another folder."
            )
            raise BrightcallError(msg)


def _said(footer: Footer) -> str:
    rows = f"{footer.held.rows} calls" if footer.held is not None else "calls"
    return f"{rows}, read {footer.read_at[:19]}" if footer.read_at else rows


def _first(texts: Sequence[str]) -> str:
    return "; ".join(texts[:3]) + (f"; and {len(texts) - 3} more" if len(texts) > 3 else "")
