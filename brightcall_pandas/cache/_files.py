"""Files and folders that only their owner can read, whatever the umask."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from brightcall_pandas.cache._forks import ForkAware

__all__ = [
    "check_file",
    "exclusive",
    "file_size",
    "private_file",
    "private_folder",
    "read_file",
    "temporary_file",
    "temporary_path",
    "write_private",
]

# Where a system lacks these, it has no named pipes in folders, or no links that a user makes.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def private_folder(path: Path) -> None:
    """Make a folder and its missing parents; a folder that exists stays as it is."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in missing:
        each.chmod(0o700)


def private_file(path: Path) -> None:
    """Make an empty file, or make an existing one private; SQLite's log beside it gets the same mode.

    Raises
    ------
    OSError
        It cannot be made, or what is there is a link or no file.
    """
    with _opened(path, os.O_CREAT | os.O_WRONLY | _NO_LINK) as file:
        mode = os.fstat(file).st_mode
    if mode & 0o077:
        path.chmod(0o600)


def read_file(path: Path) -> bytes:
    """Return the bytes of a file, and wait for nobody: a named pipe is no file.

    Raises
    ------
    OSError
        It cannot be read, or what is there is no file.
    """
    with _opened(path, os.O_RDONLY) as file, os.fdopen(os.dup(file), "rb") as stream:
        return stream.read()


def check_file(path: Path) -> None:
    """Raise OSError where a path has no file that can be read without waiting for somebody."""
    with _opened(path, os.O_RDONLY):
        pass


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    file = os.open(path, flags | _NO_WAIT, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            msg = "it is not a file"
            raise OSError(msg)
        yield file
    finally:
        os.close(file)


def file_size(path: Path) -> int:
    """Return the bytes of a file; 0 where another process removed it."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def write_private(path: Path, content: bytes) -> None:
    """Write a file that appears complete or not at all."""
    with temporary_file(path.parent) as temporary:
        temporary.write_bytes(content)
        temporary.replace(path)


@contextmanager
def temporary_file(folder: Path, owner: str = "") -> Iterator[Path]:
    """Make an empty file that is deleted at the end of the block, unless it was renamed.

    Parameters
    ----------
    folder
        Where to make it.
    owner
        What its name begins with, after a dot, where others keep files in the same folder.
    """
    temporary = temporary_path(folder, owner)
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink()


def temporary_path(folder: Path, owner: str = "") -> Path:
    """Return a path that no other process uses; `Store.sweep` deletes old ones by their name."""
    return folder / f".{owner}tmp-{os.getpid()}-{secrets.token_hex(4)}"


class _Turns(ForkAware):
    """Lets one thread of the process lock folders at a time, and no fork come in between.

    A child that is forked meanwhile would take the lock of SQLite for its own process's, and wait for ever.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._watch_forks()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def _before_fork(self) -> None:
        self._lock.acquire()

    def _after_fork(self, *, in_child: bool) -> None:
        if in_child:
            self._lock = threading.RLock()
        else:
            self._lock.release()


_TURNS = _Turns()


@contextmanager
def exclusive(folder: Path, *, timeout_s: float = 5.0) -> Iterator[bool]:
    """Keep other processes and threads out of a block that changes a folder.

    The lock is SQLite's, on an empty file: it works on every system and ends with its process.

    Parameters
    ----------
    folder
        The folder.
    timeout_s
        How long to wait for another one, in seconds.

    Yields
    ------
    bool
        Whether nobody else is in such a block; False where the lock could not be had.
    """
    path = folder / ".lock"
    with _TURNS, ExitStack() as stack:
        try:
            private_file(path)
            lock = stack.enter_context(closing(sqlite3.connect(path, timeout_s, isolation_level=None)))
            lock.execute("BEGIN EXCLUSIVE")
            alone = True
        except (OSError, sqlite3.Error):
            alone = False
        yield alone
