"""Threads that ask the server, or write files, while another one waits."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

__all__ = ["GLANCE_S", "Workers", "run_apart"]

T = TypeVar("T")

GLANCE_S = 1.0
"""How long to wait before looking up: not every system lets Ctrl-C end the waiting."""


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
        """Run a task when a thread is free; after `close` it is cancelled, so that nothing waits for it."""
        future: Future[T] = Future()
        with self._closing:
            if self.stop.is_set():
                _cancel(future)
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
                _cancel(future)
                continue
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(task())
            except BaseException as error:  # handed to whoever waits
                future.set_exception(error)
            del item, future, task  # or the last answer stays in memory for as long as the thread waits


def run_apart(task: Callable[[threading.Event], T]) -> T:
    """Return the result of a task that a thread of its own runs.

    Ctrl-C reaches the thread that waits. So it waits for nothing, and its traceback has no frame in which a
    library holds the API key.

    Parameters
    ----------
    task
        Gets an event, which is set when nobody waits for it any more.
    """
    workers = Workers(1)
    try:
        future = workers.submit(lambda: task(workers.stop))
        while not wait([future], GLANCE_S).done:
            pass
        return future.result()
    finally:
        workers.close()


def _cancel(future: Future[Any]) -> None:
    """Cancel a future, and tell whoever waits for it."""
    future.cancel()
    future.set_running_or_notify_cancel()
