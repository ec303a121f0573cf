"""How fast to ask, and how long to wait before asking again."""

from __future__ import annotations

import random
import threading
import time

from brightcall_pandas.api._verdict import Verdict

__all__ = ["FIRST_PAUSE_S", "LONGEST_WAIT_S", "RateLimit", "pause"]

LONGEST_WAIT_S = 120.0
"""A server that asks for a longer wait than this is not waited for."""

FIRST_PAUSE_S = 0.5
"""The longest pause before the first retry; each further one may be twice as long."""

_LONGEST_PAUSE_S = 30.0


class RateLimit:
    """Spaces requests evenly, over all threads of a client.

    Parameters
    ----------
    per_second
        Requests a second; None does not limit.
    """

    def __init__(self, per_second: float | None) -> None:
        self.interval = 0.0 if per_second is None else 1.0 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self, stop: threading.Event) -> None:
        """Wait for this request's turn; return early when `stop` is set."""
        if not self.interval:
            return
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + self.interval
        stop.wait(max(0.0, turn - time.monotonic()))


def pause(attempt: int, verdict: Verdict, first: float = FIRST_PAUSE_S) -> float | None:
    """Return the seconds to wait after a failed attempt, or None when that would be too long.

    Parameters
    ----------
    attempt
        Number of attempts that failed, from 1.
    verdict
        Why the last one failed. Its `retry_after` is a lower bound.
    first
        The longest pause after the first attempt, in seconds.
    """
    if verdict.retry_after is not None and verdict.retry_after > LONGEST_WAIT_S:
        return None
    half: float = min(_LONGEST_PAUSE_S, first * 2 ** (attempt - 1)) / 2
    # Half fixed, half random: threads that failed together, or were told the same wait, come back spread out.
    spread: float = random.uniform(0.0, half)  # noqa: S311
    return max(half, verdict.retry_after or 0.0) + spread
