"""Threads that can be left behind: Ctrl-C does not wait for an answer that hangs."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, Self, TypeVar

__all__ = ["Backlog", "Workers"]

T = TypeVar("T")


class Workers:
    """A fixed number of daemon threads.

    `concurrent.futures` joins its threads when the interpreter ends, so a hanging answer would hold up
    the end of the program; these do not.

    Parameters
    ----------
    count
        Number of threads.
    """

    def __init__(self, count: int) -> None:
        self._tasks: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self.stop = threading.Event()
        self._closing = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Callable[[], T]) -> Future[T]:
        """Run a task when a thread is free; after `close` it is cancelled, so that nobody waits for it."""
        future: Future[T] = Future()
        with self._closing:
            if self.stop.is_set():
                _drop(future)
            else:
                self._tasks.put((future, task))
        return future

    def close(self) -> None:
        """Let running tasks end, drop the rest, wait for nothing."""
        with self._closing:
            self.stop.set()
            for _ in self._threads:
                self._tasks.put(None)

    def _run(self) -> None:
        while (item := self._tasks.get()) is not None:
            future, task = item
            if self.stop.is_set():
                _drop(future)
                continue
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(task())
            except BaseException as error:  # handed to whoever waits
                future.set_exception(error)


class Backlog:
    """Tasks that are put off: one thread does them, in the order given.

    At the end of a ``with`` block they are done, also after an error; Ctrl-C drops them.

    Parameters
    ----------
    most
        How many may wait.
    """

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._worker = Workers(1)
        self._pending: deque[Future[Any]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None or issubclass(kind, Exception):
                wait(self._pending)
            if kind is None:
                self._reap(0)
        finally:
            self._worker.close()

    def put_off(self, task: Callable[[], T]) -> Future[T]:
        """Do a task when there is time; wait where too many do.

        Raises
        ------
        Exception
            What an earlier task raised.
        """
        self._reap(self._most - 1)
        future = self._worker.submit(task)
        self._pending.append(future)
        return future

    def _reap(self, most: int) -> None:
        while self._pending and (self._pending[0].done() or len(self._pending) > most):
            self._pending.popleft().result()


def _drop(future: Future[Any]) -> None:
    """Cancel a future, and tell whoever waits for it."""
    future.cancel()
    future.set_running_or_notify_cancel()
