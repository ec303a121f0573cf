"""What a fork of the process must not copy: locks that are held, connections that are open.

A fork copies the memory of all threads, but only the one that forks goes on in the child. A lock that another
thread holds stays locked there for ever; a socket is read by both processes, so that each gets answers of the
other; and SQLite takes the locks of the parent's connection for the child's own. So whoever has such things
is told: before the fork, to close what cannot be copied, and in the child, to take new ones.
"""

from __future__ import annotations

import os
import threading
from types import TracebackType
from weakref import WeakValueDictionary

__all__ = ["ForkAware", "RenewedLock"]


class ForkAware:
    """Base of what is told when the process forks, for as long as it lives; `_watch_forks` begins that."""

    def _watch_forks(self) -> None:
        _watching[id(self)] = self

    def _before_fork(self) -> None:
        """Bring everything into a state that can be copied."""

    def _after_fork(self, *, in_child: bool) -> None:
        """Go on, in the child with locks and connections of its own."""


_watching: WeakValueDictionary[int, ForkAware] = WeakValueDictionary()
_this_thread = threading.local()  # two threads may fork at once


def _before() -> None:
    _this_thread.told = told = []
    for reference in _watching.valuerefs():  # one list at once: other threads are running
        if (each := reference()) is not None:
            each._before_fork()
            told.append(each)


def _after_in_parent() -> None:
    _tell_after(in_child=False)


def _after_in_child() -> None:
    _tell_after(in_child=True)


def _tell_after(*, in_child: bool) -> None:
    for each in _this_thread.__dict__.pop("told", []):
        each._after_fork(in_child=in_child)


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)


class RenewedLock(ForkAware):
    """A lock that is free in a forked child, whoever holds it in the parent.

    For what is whole between any two steps of its holder: the child finds it as it was in their middle.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watch_forks()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def _after_fork(self, *, in_child: bool) -> None:
        if in_child:
            self._lock = threading.Lock()
