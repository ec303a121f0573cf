"""Ask the server once, with retries, and keep good answers.

Order of operations of `ApiSession.ask`, which waits for the answer:

1. wait for the rate limit and send (`_transport` adds the key);
2. judge the answer (`_verdict`): a transient failure waits and goes back to 1, a final one raises the error
   that the verdict names;
3. return a good answer. `ApiSession.keep` stores it, in place of an older one.

`ApiSession.receive` returns an answer of status 200 undecoded: the thread that makes columns of it decodes it
with `ApiSession.read`, so that what was decoded is still in the processor's cache.

`ApiSession.kept` returns what is stored. How old it may be is for the caller to say: that depends on whether
the days asked for can still change.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from requests import PreparedRequest
from requests_cache.models.request import CachedRequest

from brightcall_pandas.api._bounds import ANSWER_LIMIT
from brightcall_pandas.api._key import ApiKey
from brightcall_pandas.api._profiles import promised
from brightcall_pandas.api._retries import FIRST_PAUSE_S, LONGEST_WAIT_S, RateLimit, pause
from brightcall_pandas.api._transport import Failure, Transport, request_to
from brightcall_pandas.api._verdict import NO_CALLS, Verdict, failure_of, judge, says_no_calls
from brightcall_pandas.api._workers import run_apart
from brightcall_pandas.cache import PageCache, StoredAnswer, cache_key
from brightcall_pandas.errors import InvalidResponseError
from brightcall_pandas.frame import Answer, AnswerReader

__all__ = ["ApiSession", "Received", "Reply", "unreadable"]

_log = logging.getLogger("brightcall_pandas")


_SANDBOX = "brightcall-sandbox"  # what a sandbox says in the header Server


@dataclass(frozen=True)
class Reply:
    """A good answer.

    Parameters
    ----------
    request
        What was asked, without key.
    content
        The body: a JSON object that is no error.
    answer
        What it holds.
    key
        Its key in the page cache.
    from_cache
        Whether it came from there.
    fetched_at
        When the server gave it, UTC.
    """

    request: PreparedRequest | CachedRequest
    content: bytes
    answer: Answer
    key: str
    from_cache: bool
    fetched_at: datetime

    @property
    def stored(self) -> StoredAnswer:
        """The answer as it is kept."""
        return StoredAnswer(self.request, self.content, self.fetched_at)


class Received(NamedTuple):
    """An answer of status 200 that nobody has decoded yet.

    Parameters
    ----------
    request
        What was asked, without key.
    content
        The body.
    fetched_at
        When it came, UTC.
    attempts
        How often the request was sent until then.
    """

    request: PreparedRequest
    content: bytes
    fetched_at: datetime
    attempts: int


class ApiSession:
    """Requests to one account.

    Parameters
    ----------
    base_url
        Scheme and host, without a slash at the end.
    key
        The API key.
    cache
        The page cache; None keeps nothing.
    connections
        How many requests may be under way at once.
    rate_limit
        Requests a second; None does not limit.
    timeout
        Seconds that a request may take, as `Timeout.of` reads them.
    answer_limit
        Bytes that an answer may have, unpacked.
    retries
        How often a transient failure is tried again.
    first_pause
        The longest pause before the first retry, in seconds; each further one may be twice as long.
    answered
        Called with each good answer.

    Attributes
    ----------
    requests
        How many were made.
    shows_calls
        Whether some answer had calls.
    at_sandbox
        Whether the last answer was that of a sandbox, which names itself; the address does not tell, since a
        tunnel to a real server also begins on this machine.
    """

    def __init__(
        self,
        base_url: str,
        key: ApiKey,
        *,
        cache: PageCache | None,
        connections: int,
        rate_limit: float | None,
        timeout: float | Sequence[float],
        retries: int,
        answer_limit: int = ANSWER_LIMIT,
        first_pause: float = FIRST_PAUSE_S,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._base_url = base_url
        self._retries = retries
        self._first_pause = first_pause
        self._answered = answered
        self._limit = RateLimit(rate_limit)
        self._reader = AnswerReader()
        self._transport = Transport(key, connections, timeout=timeout, answer_limit=answer_limit)
        self._cache = cache
        self._counting = threading.Lock()
        self.requests = 0
        self.shows_calls = False
        self.at_sandbox = False

    def ask(
        self, path: str, body: dict[str, Any], *, about: str, stop: threading.Event | None = None
    ) -> Reply:
        """Ask the server.

        Parameters
        ----------
        path
            Path of the endpoint.
        body
            Parameters by API name.
        about
            What is asked for, in words, for messages.
        stop
            When set, waiting ends at once.

        Raises
        ------
        BrightcallError
            As `errors` draws them; the message says `about` what.
        concurrent.futures.CancelledError
            `stop` was set before the request was sent.
        """

        def receive(alone: threading.Event, failed: tuple[int, Verdict] | None = None) -> Received:
            return self.receive(path, body, about=about, stop=stop or alone, failed=failed)

        received = run_apart(receive)
        while isinstance(reply := self.read(path, received), Verdict):
            received = run_apart(partial(receive, failed=(received.attempts, reply)))
        return reply

    def receive(
        self,
        path: str,
        body: dict[str, Any],
        *,
        about: str,
        stop: threading.Event | None = None,
        failed: tuple[int, Verdict] | None = None,
    ) -> Received:
        """Ask the server until an answer comes that may be good, and leave it to `read`.

        Parameters
        ----------
        path, body, about, stop
            As in `ask`.
        failed
            How often this was asked already, and what `read` made of the last answer.

        Raises
        ------
        BrightcallError, concurrent.futures.CancelledError
            As in `ask`.
        """
        request, waiting = self._request(path, body), stop or threading.Event()
        attempts, verdict = failed or (0, None)
        while True:
            if verdict is not None:
                self._wait(verdict, attempts, waiting, about)
            attempts += 1
            sent = self._sent(path, request, waiting, about)
            if not isinstance(sent, Verdict):
                return Received(request, sent, datetime.now(UTC), attempts)
            verdict = sent

    def read(self, path: str, received: Received) -> Reply | Verdict:
        """Return what an answer holds, or why it is not data."""
        request, content, fetched_at, _ = received
        answer = judge(200, {}, content, promised(path), self._reader)
        if isinstance(answer, Verdict):
            return answer
        self._answered()
        return Reply(request, content, answer, cache_key(request), from_cache=False, fetched_at=fetched_at)

    def keep(self, answers: Sequence[StoredAnswer]) -> None:
        """Keep good answers, in place of older ones."""
        if self._cache is not None:
            self._cache.keep(answers)

    def kept(self, path: str, body: dict[str, Any]) -> Reply | None:
        """Return the cached answer to a request, however old; None where there is none that is good."""
        key = cache_key(self._request(path, body))
        kept = None if self._cache is None else self._cache.get_response(key)
        if kept is None:
            return None
        content = kept.content
        # Judged again: it may have been kept by a version that knew less of what errors look like.
        answer = judge(200, {}, content, promised(path), self._reader)
        if isinstance(answer, Verdict):
            return None
        return Reply(kept.request, content, answer, key, from_cache=True, fetched_at=kept.created_at)

    def close(self) -> None:
        """Close connections and files."""
        self._transport.close()
        if self._cache is not None:
            self._cache.close()

    def _request(self, path: str, body: dict[str, Any]) -> PreparedRequest:
        return request_to(self._base_url + path, body)

    def _sent(
        self, path: str, request: PreparedRequest, stop: threading.Event, about: str
    ) -> bytes | Verdict:
        """Send a request once; return the body of an answer of status 200, or what stands for it."""
        self._limit.wait(stop)
        if stop.is_set():  # nobody waits for the answer any more
            raise CancelledError
        with self._counting:
            self.requests += 1
        began = time.monotonic()
        try:
            status, headers, content = self._transport.send(request)
        except Failure as failure:
            return failure.verdict
        self.at_sandbox = headers.get("Server") == _SANDBOX
        took = 1000 * (time.monotonic() - began)
        _log.debug("%s: status %d, %d bytes, %.0f ms", about, status, len(content), took)
        if says_no_calls(status, content, promised(path)):
            return NO_CALLS
        return content if status == 200 else failure_of(status, headers, content)

    def _wait(self, verdict: Verdict, attempts: int, stop: threading.Event, about: str) -> None:
        """Wait before the next attempt; raise where there is none."""
        again = verdict.transient and attempts <= self._retries
        seconds = pause(attempts, verdict, self._first_pause) if again else None
        if seconds is not None:
            _log.warning("%s: %s; trying again in %.1f s", about, verdict.error.__name__, seconds)
        if seconds is None or stop.wait(seconds):
            raise verdict.error(self._transport.scrubbed(_message(about, verdict, attempts)))


def unreadable(error: Exception) -> Exception:
    """Return an error of this package in place of what reading an answer has raised; others as they are."""
    if not isinstance(error, ValueError | ArithmeticError | RecursionError):
        return error
    msg = (
        f"what the server sent cannot be read ({type(error).__name__}: {error}). "
        "Check base_url; if it is right, please report this."
    )
    made = InvalidResponseError(msg).with_traceback(error.__traceback__)
    made.__cause__ = error
    return made


def _message(about: str, verdict: Verdict, attempts: int) -> str:
    tries = f" after {attempts} attempts" if attempts > 1 else ""
    waits = ""
    if verdict.retry_after is not None and verdict.retry_after > LONGEST_WAIT_S:
        waits = (
            f" The server asks to wait {verdict.retry_after:.0f} s; "
            f"no wait here is longer than {LONGEST_WAIT_S:.0f} s."
        )
    return f"{about}: {verdict.reason}{tries}.{waits} {verdict.advice}"
