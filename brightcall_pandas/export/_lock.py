"""One writer a folder: whoever comes second waits until the first is done, or has died."""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import socket
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from brightcall_pandas.cache import ForkAware
from brightcall_pandas.errors import BrightcallError, visible

__all__ = ["Scratch", "folder_lock", "lock_path", "writable"]

_log = logging.getLogger("brightcall_pandas")

_PAUSE_S = 0.1
_SILENT = 10  # pauses after which waiting is worth a word
_STALE_S = 86_400  # nobody writes at one file for a day

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 20  # what is locked cannot be read by others, and they are to read who holds it

    def _try_to_lock(file: int) -> bool:
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_to_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:  # some network drives know no locks
            _warn(f"files cannot be locked here ({error}): do not let two processes write to one folder")
        return True


class _Held(ForkAware):
    """A locked file. The system unlocks it when the process ends, however that is."""

    def __init__(self, file: int) -> None:
        self._file: int | None = file
        self._watch_forks()

    def release(self, path: Path) -> None:
        """Unlock it; a process that was forked meanwhile holds nothing."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # Windows deletes no open file: then it stays, unlocked
                path.unlink()
            os.close(self._file)
            self._file = None

    def _after_fork(self, *, in_child: bool) -> None:
        if in_child and self._file is not None:
            os.close(self._file)
            self._file = None


@dataclass(frozen=True)
class Scratch:
    """Where files lie while they are written.

    Parameters
    ----------
    folder
        The folder.
    owner
        What their names begin with, after a dot.
    """

    folder: Path
    owner: str = ""


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Name the path that could not be written, and why."""
    try:
        yield
    except OSError as error:
        msg = (
            f"{str(path)!r} cannot be written: {error.strerror or error}. What was there is unchanged; make "
            "room, get write permission, or choose another place."
        )
        raise BrightcallError(msg) from error


@contextmanager
def folder_lock(folder: Path) -> Iterator[Scratch]:
    """Keep other threads and processes from writing into a folder; wait where one of them does.

    Parameters
    ----------
    folder
        The folder; it is made if missing.

    Yields
    ------
    Scratch
        Where to write what is to be moved into the folder.
    """
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        path = lock_path(folder)
        held = _waited_for(path, folder)
    try:
        scratch = Scratch(path.parent, f"{folder.name}.")
        _sweep(scratch)
        yield scratch
    finally:
        held.release(path)


def _waited_for(path: Path, folder: Path) -> _Held:
    patience = _SILENT
    while (held := _acquired(path)) is None:
        patience -= 1
        if patience == 0:
            _warn(f"another process is writing to {folder} ({_holder(path)}); waiting until it is done")
        time.sleep(_PAUSE_S)
    return held


def lock_path(folder: Path) -> Path:
    """Return the file that is locked by whoever writes into a folder.

    It lies beside the folder: some readers open no folder in which anything but parquet lies, hidden or not.
    Where nothing can be written there, or nothing moved from there, it lies in the folder.
    """
    folder = folder.resolve()
    above = folder.parent
    beside = above != folder and above.stat().st_dev == folder.stat().st_dev and os.access(above, os.W_OK)
    return (above if beside else folder) / f".{folder.name}.writing"


def _sweep(scratch: Scratch) -> None:
    """Delete what killed processes left behind; young files may be another one's, where locks do not work."""
    for path in scratch.folder.glob(f".{glob.escape(scratch.owner)}tmp-*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()


def _acquired(path: Path) -> _Held | None:
    """Lock the file; None where another one has it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    # Whoever held it deleted it: then the name is another file's by now.
    if not _try_to_lock(file) or not _is_there(path, file):
        os.close(file)
        return None
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    since = datetime.now(UTC).isoformat(timespec="seconds")
    os.write(file, f"process {os.getpid()} on {socket.gethostname()}, since {since}".encode())
    return _Held(file)


def _is_there(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") or "a process that has just begun"
    except OSError:
        return "a process that has just ended"


def _warn(message: str) -> None:
    _log.warning(visible(message))
    warnings.warn(message, RuntimeWarning, stacklevel=3)
