"""One rate limit for all workers: the caller deals turns to ask, the workers take them from a queue."""

from __future__ import annotations

import importlib
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from brightcall_pandas.api.limits import RateLimit
from brightcall_pandas.errors import RateLimitError

__all__ = ["Turns", "dealing"]

_LOOK_S = 1.0  # how often a waiting worker looks whether it is still to wait
_PATIENCE_S = 60.0
_WAITING = 1_000  # so many requests may wait for a turn before anybody loses patience


class Turns(RateLimit):
    """The limit of a worker: its turns are dealt by the caller.

    Parameters
    ----------
    queue
        A queue of the cluster, from which each turn is taken once.
    per_second
        Turns a second.
    """

    def __init__(self, queue: Any, per_second: float) -> None:
        super().__init__(None)
        self._queue = queue
        self._patience = _PATIENCE_S + _WAITING / per_second

    @property
    def unlimited(self) -> bool:
        """Never: each turn is dealt."""
        return False

    def wait(self, stop: threading.Event) -> None:
        """Wait for a turn."""
        deadline = time.monotonic() + self._patience
        while not stop.is_set():
            with suppress(TimeoutError):
                self._queue.get(timeout=_LOOK_S)
                return
            if time.monotonic() > deadline:
                msg = (
                    f"nobody dealt a turn to ask for {self._patience:.0f} s: the process that deals "
                    "them has ended, or cannot reach the scheduler. Start the load again."
                )
                raise RateLimitError(msg)


@contextmanager
def dealing(cluster: Any, limit: RateLimit) -> Iterator[str]:
    """Deal turns while the block runs; yield the name of their queue.

    The turns are those of the caller's own limit, so its own requests count as well. None is dealt ahead:
    after a rest one turn is waiting, not many.
    """
    queue = importlib.import_module("distributed").Queue(
        f"brightcall-turns-{uuid.uuid4().hex}", client=cluster, maxsize=1
    )
    over = threading.Event()

    def deal() -> None:
        with suppress(OSError):  # without a scheduler nobody asks
            while not over.is_set():
                if queue.qsize():
                    over.wait(limit.interval / 4)
                else:
                    limit.wait(over)
                    queue.put(None)

    dealer = threading.Thread(target=deal, daemon=True, name="brightcall-turns")
    dealer.start()
    try:
        yield queue.name
    finally:
        over.set()
        dealer.join(10)
        queue.close()
