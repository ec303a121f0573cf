"""A progress bar that shows calls and pages, and stays away from loads too short to need one."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from typing import Any

from tqdm.auto import tqdm

from brightcall_pandas.errors import visible
from brightcall_pandas.load._proof import Slice

__all__ = ["Progress"]

_log = logging.getLogger("brightcall_pandas")

_SHORT_S = 1.0  # a load shorter than this shows no bar


class _Unfailing:
    """Standard error, except that a full disk behind it ends no load, nor that there is none.

    Services, and Windows' pythonw, have no standard error.

    tqdm does not let go of its lock when writing fails, so the error must not reach it.
    """

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # or it is closed, or cannot write a character
            if sys.stderr is not None:
                sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if sys.stderr is not None:
                sys.stderr.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


class Progress:
    """Shows how far a load is.

    Parameters
    ----------
    show
        True: at once; None: when the load takes longer than a second; False: never.
    """

    def __init__(self, show: bool | None = False) -> None:
        self._show = show
        self._bar: tqdm[Any] | None = None
        self._expected: int | None = None
        self._pages = 0
        self._lock = threading.Lock()

    def expect(self, calls: int) -> None:
        """Say how many calls are to come."""
        with self._lock:
            self._expected = (self._expected or 0) + calls
            if self._bar is not None:
                self._bar.total = self._expected

    def saw(self, page: Slice) -> None:
        """Count a page."""
        self.add(page.rows, 1)

    def add(self, calls: int, pages: int) -> None:
        """Count pages."""
        if self._show is False:
            return
        with self._lock:
            if self._bar is None:
                delay = 0.0 if self._show else _SHORT_S
                self._bar = tqdm(
                    total=self._expected, unit=" calls", desc="Loading", delay=delay, file=_Unfailing()
                )
            self._pages += pages
            self._bar.set_postfix(pages=self._pages, refresh=False)
            self._bar.update(calls)

    def say(self, line: str) -> None:
        """Show a line, where progress is shown at all."""
        shown = visible(line)
        _log.info(shown)
        if self._show is not False:
            tqdm.write(shown, file=_Unfailing())

    def close(self) -> None:
        """Take the bar to its end."""
        with self._lock:
            if self._bar is not None:
                self._bar.close()
