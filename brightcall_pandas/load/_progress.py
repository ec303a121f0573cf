"""A progress bar that shows calls and pages, and stays away from loads too short to need one."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import date
from typing import Self

from tqdm.auto import tqdm

from brightcall_pandas.errors import visible
from brightcall_pandas.load._bar import Bar, UnfailingStream
from brightcall_pandas.load._proof import Slice

__all__ = ["Progress"]

_log = logging.getLogger("brightcall_pandas")

_SHORT_S = 1.0  # a load shorter than this shows no bar
_ALMOST = 0.99  # as long as it is not finished: what is read may have to be read again
_FORM = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"

Window = tuple[date, date]
"""First and last day of what is read at once."""


@dataclass
class _Count:
    days: int = 0
    calls: int = 0

    def add(self, days: int, calls: int) -> None:
        self.days += days
        self.calls += calls


class Progress:
    """Shows how far a load is, as long as its context lasts.

    The bar is of the calls that the server announced, or of days where it announces none. Pages overlap, and
    each call counts once. Neither share nor figure falls, also where a window is read again; the last figure
    is that of the calls loaded.

    Parameters
    ----------
    show
        True: at once; None: when the load takes longer than a second; False: never.
    """

    def __init__(self, show: bool | None = False) -> None:
        self._show = show
        self._bar: Bar | None = None
        self._began = time.time()
        self._lock = threading.Lock()
        self._pages = 0
        self._whole: tuple[int, int | None] | None = None
        self._earlier = _Count()
        self._read = _Count()
        self._days = 0
        self._expected: int | None = 0
        self._open: dict[Window, set[str]] = {}
        self._most = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._lock:
            if self._bar is not None:
                if kind is not None:
                    self._bar.name("Stopped")
                self._bar.close()

    def whole(self, days: int, calls: int | None) -> None:
        """Say what all parts of a load have together, which are begun one after another."""
        with self._lock:
            self._whole = days, calls

    def begin(self, days: int) -> None:
        """Begin to read so many days, or begin again."""
        with self._lock:
            self._days, self._expected, self._read = days, 0, _Count()
            self._open.clear()

    def expect(self, calls: int | None) -> None:
        """Say how many calls are to come of some of the days; None where the server does not tell."""
        with self._lock:
            known = self._expected is not None and calls is not None
            self._expected = (self._expected or 0) + (calls or 0) if known else None

    def saw(self, window: Window, page: Slice) -> None:
        """Count a page of a window."""
        with self._lock:
            self._pages += 1
            self._open.setdefault(window, set()).update(page.ids)
            self._draw()

    def cut(self, window: Window) -> None:
        """Forget the pages of a window that is read in pieces."""
        with self._lock:
            self._open.pop(window, None)

    def done(self, window: Window, days: int, calls: int) -> None:
        """Count a window that was read to its end."""
        with self._lock:
            self._open.pop(window, None)
            self._read.add(days, calls)
            self._draw()

    def end_part(self, days: int, calls: int) -> None:
        """Count a part of the whole, cached days included."""
        with self._lock:
            self._earlier.add(days, calls)
            self._days, self._expected, self._read = 0, 0, _Count()
            self._open.clear()
            self._draw()

    def finish(self, calls: int) -> None:
        """Say how many calls were loaded, cached ones included."""
        with self._lock:
            if self._bar is not None:
                self._bar.name("Loaded")
                self._show_state(1.0, f"{calls:,}/{calls:,}")

    def say(self, line: str) -> None:
        """Show a line, where progress is shown at all."""
        shown = visible(line)
        _log.info(shown)
        if self._show is not False:
            tqdm.write(shown, file=UnfailingStream())

    def _draw(self) -> None:
        if self._show is False or (self._show is None and time.time() - self._began < _SHORT_S):
            return
        counted = self._earlier.calls + self._read.calls + sum(map(len, self._open.values()))
        self._most = calls = max(self._most, counted)
        days, total = self._whole or (self._days, self._expected)
        if total:
            total = max(total, calls)
            self._show_state(min(calls / total, _ALMOST), f"{calls:,}/{total:,}")
        else:
            read = self._earlier.days + self._read.days
            self._show_state(min(read / max(days, 1), _ALMOST), f"{calls:,}")

    def _show_state(self, part: float, calls: str) -> None:
        said = f"{calls} calls, {self._pages:,} page{'s' * (self._pages != 1)}"
        if self._bar is None:
            self._bar = Bar(
                tqdm, desc="Loading", bar_format=_FORM, postfix=said, total=1.0, initial=part, miniters=0
            )
            self._bar.began(self._began)
        self._bar.show(max(part - self._bar.n, 0), said)  # more to come than was known takes nothing back
