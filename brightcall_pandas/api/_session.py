"""Ask the server once, with retries, and keep good answers.

Order of operations of `ApiSession.ask`, which waits for the answer:

1. wait for the rate limit and send (`transport` adds the key and judges the answer);
2. a transient failure waits and goes back to 1, a final one raises the error that the verdict names;
3. a good answer is returned. `ApiSession.keep` stores it, in place of an older one.

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
from typing import Any

import requests
from requests import PreparedRequest
from requests_cache.models.request import CachedRequest

from brightcall_pandas.api._key import ApiKey
from brightcall_pandas.api._profiles import promised
from brightcall_pandas.api._retries import FIRST_PAUSE_S, LONGEST_WAIT_S, RateLimit, pause
from brightcall_pandas.api._transport import Failure, Transport, request_to
from brightcall_pandas.api._verdict import Verdict, judge
from brightcall_pandas.cache import PageCache, StoredAnswer, cache_key
from brightcall_pandas.frame import Answer, AnswerReader

__all__ = ["ApiSession", "Reply"]

_log = logging.getLogger("brightcall_pandas")


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
        Seconds to wait for a connection, and for each part of an answer.
    retries
        How often a transient failure is tried again.
    first_pause
        The longest pause before the first retry, in seconds; each further one may be twice as long.
    answered
        Called with each good answer, before it is returned.

    Attributes
    ----------
    requests
        How many were made.
    shows_calls
        Whether some answer had calls.
    """

    def __init__(
        self,
        base_url: str,
        key: ApiKey,
        *,
        cache: PageCache | None,
        connections: int,
        rate_limit: float | None,
        timeout: float,
        retries: int,
        first_pause: float = FIRST_PAUSE_S,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._base_url = base_url
        self._timeout = timeout
        self._retries = retries
        self._first_pause = first_pause
        self._answered = answered
        self._limit = RateLimit(rate_limit)
        self._reader = AnswerReader()
        self._transport = Transport(key, connections, self._reader)
        self._cache = cache
        self._proxies = requests.utils.get_environ_proxies(base_url)  # once: the look-up is slow
        self._counting = threading.Lock()
        self.requests = 0
        self.shows_calls = False

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
        request = self._request(path, body)
        waiting = stop or threading.Event()
        attempt = 0
        while True:
            attempt += 1
            answer = self._answer(request, waiting, about)
            if isinstance(answer, Reply):
                self._answered()
                return answer
            again = answer.transient and attempt <= self._retries
            wait = pause(attempt, answer, self._first_pause) if again else None
            if wait is not None:
                _log.warning("%s: %s; trying again in %.1f s", about, answer.error.__name__, wait)
            if wait is None or waiting.wait(wait):
                raise answer.error(_message(about, answer, attempt))

    def keep(self, replies: Sequence[Reply]) -> None:
        """Keep good answers, in place of older ones."""
        if self._cache is not None:
            self._cache.keep(StoredAnswer(each.request, each.content, each.fetched_at) for each in replies)

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

    def _answer(self, request: PreparedRequest, stop: threading.Event, about: str) -> Reply | Verdict:
        self._limit.wait(stop)
        if stop.is_set():  # nobody waits for the answer any more
            raise CancelledError
        with self._counting:
            self.requests += 1
        began = time.monotonic()
        try:
            answer = self._transport.send(request, self._timeout, self._proxies)
        except Failure as failure:
            return failure.verdict
        _log.debug(
            "%s: status %d, %d bytes, %.0f ms",
            about,
            answer.status,
            len(answer.content),
            1000 * (time.monotonic() - began),
        )
        if isinstance(answer.outcome, Verdict):
            return answer.outcome
        return Reply(
            request,
            answer.content,
            answer.outcome,
            cache_key(request),
            from_cache=False,
            fetched_at=datetime.now(UTC),
        )


def _message(about: str, verdict: Verdict, attempts: int) -> str:
    tries = f" after {attempts} attempts" if attempts > 1 else ""
    waits = ""
    if verdict.retry_after is not None and verdict.retry_after > LONGEST_WAIT_S:
        waits = (
            f" The server asks to wait {verdict.retry_after:.0f} s; "
            f"no wait here is longer than {LONGEST_WAIT_S:.0f} s."
        )
    return f"{about}: {verdict.reason}{tries}.{waits} {verdict.advice}"
