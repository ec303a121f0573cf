"""Ask the server once, through the page cache, with retries.

Order of operations of `ApiSession.post`, which waits for the answer:

1. wait for the rate limit and send (`transport` adds the key and judges the answer);
2. a transient failure waits and goes back to 1, a final one raises the error that the verdict names;
3. a good answer is stored, in place of an older one, and returned.

`ApiSession.begin` and `ApiSession.end` are the same in two halves and without waiting, for whoever asks
for much at once (`desk`): they need an idle connection and no rate limit, and leave retries to `post`.

`ApiSession.kept` returns what is stored. How old it may be is for the caller to say: that depends on whether
the days asked for can still change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from requests import PreparedRequest
from requests_cache.models.request import CachedRequest

from brightcall_pandas.api._exchange import Exchange
from brightcall_pandas.api._key import ApiKey
from brightcall_pandas.api._retries import LONGEST_WAIT_S, RateLimit, pause
from brightcall_pandas.api._transport import ApiAdapter, Failure, request_to
from brightcall_pandas.api._verdict import Verdict
from brightcall_pandas.cache import PageCache, cache_key, written_entry
from brightcall_pandas.frame import Envelope, opened

__all__ = ["ApiSession", "Reply"]


@dataclass(frozen=True)
class Reply:
    """A good answer.

    Parameters
    ----------
    request
        What was asked, without key.
    content
        The body: a JSON object that does not say ``success: false``.
    opened
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
    opened: Envelope
    key: str
    from_cache: bool
    fetched_at: datetime


class ApiSession:
    """A connection to one account.

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
        Requests a second, or a limit that others share; None does not limit.
    timeout
        Seconds to wait for a connection, and for each part of an answer.
    retries
        How often a transient failure is tried again.
    """

    def __init__(
        self,
        base_url: str,
        key: ApiKey,
        *,
        cache: PageCache | None,
        connections: int,
        rate_limit: float | RateLimit | None,
        timeout: float,
        retries: int,
    ) -> None:
        self._base_url = base_url
        self._timeout = timeout
        self._retries = retries
        self._limit = rate_limit if isinstance(rate_limit, RateLimit) else RateLimit(rate_limit)
        self._http = requests.Session()
        self._adapter = ApiAdapter(key, connections)
        self._http.mount(base_url, self._adapter)
        self._cache = cache
        self._proxies = requests.utils.get_environ_proxies(base_url)  # once, where requests would each time
        self._counting = threading.Lock()
        self.requests = 0

    def post(
        self,
        path: str,
        body: dict[str, Any],
        *,
        about: str,
        stop: threading.Event | None = None,
        failed: Verdict | None = None,
    ) -> Reply:
        """Ask the server, and keep its answer.

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
        failed
            What came of a first attempt that was made already.

        Raises
        ------
        BrightcallError
            As `errors` draws them; the message says `about` what.
        concurrent.futures.CancelledError
            `stop` was set before the request was sent.
        """
        request = self._request(path, body)
        waiting = stop or threading.Event()
        answer: Reply | Verdict | None = failed
        attempt = 0
        while True:
            attempt += 1
            answer = answer or self._sent(request, waiting)
            if isinstance(answer, Reply):
                self.keep(self.entry(answer))
                return answer
            wait = pause(attempt, answer) if answer.transient and attempt <= self._retries else None
            if wait is None or waiting.wait(wait):
                raise answer.error(_message(about, answer, attempt))
            answer = None

    def begin(self, path: str, body: dict[str, Any]) -> Exchange | None:
        """Send a request and wait for nothing; None where that cannot be done, and `post` must.

        Parameters
        ----------
        path, body
            As `post` takes them.
        """
        if not self._limit.unlimited:
            return None
        exchange = self._adapter.begin(self._request(path, body), self._timeout, self._proxies)
        if exchange is not None:
            self._count()
        return exchange

    def end(self, exchange: Exchange) -> Reply | Verdict:
        """Return what came of `begin`: a good answer, for `entry`, or why there is none, for `post`."""
        return _reply(lambda: self._adapter.end(exchange))

    def entry(self, reply: Reply) -> dict[str, bytes]:
        """Write a good answer as it is kept; nothing where there is no cache."""
        if self._cache is None:
            return {}
        return {reply.key: written_entry(reply.request, reply.content, reply.fetched_at)}

    def keep(self, entries: Mapping[str, bytes]) -> None:
        """Keep good answers, in place of older ones."""
        if self._cache is not None:
            self._cache.keep(entries)

    def kept(self, path: str, body: dict[str, Any]) -> Reply | None:
        """Return the cached answer to a request, however old; None where there is none."""
        key = cache_key(self._request(path, body))
        kept = None if self._cache is None else self._cache.get_response(key)
        if kept is None:
            return None
        content = kept.content
        return Reply(kept.request, content, opened(content), key, from_cache=True, fetched_at=kept.created_at)

    def close(self) -> None:
        """Close connections and files."""
        self._http.close()
        if self._cache is not None:
            self._cache.close()  # type: ignore[no-untyped-call]

    def _request(self, path: str, body: dict[str, Any]) -> requests.PreparedRequest:
        return request_to(self._base_url + path, body)

    def _sent(self, request: requests.PreparedRequest, stop: threading.Event) -> Reply | Verdict:
        self._limit.wait(stop)
        if stop.is_set():  # nobody waits for the answer any more
            raise CancelledError
        self._count()
        return _reply(
            lambda: self._http.send(
                request, timeout=self._timeout, proxies=dict(self._proxies), allow_redirects=False
            )
        )

    def _count(self) -> None:
        with self._counting:
            self.requests += 1


def _reply(answer: Callable[[], requests.Response]) -> Reply | Verdict:
    try:
        response = answer()
    except Failure as failure:
        return failure.verdict
    outcome: Verdict | Envelope = response.outcome  # type: ignore[attr-defined]
    if isinstance(outcome, Verdict):
        return outcome
    request, key = response.request, cache_key(response.request)
    return Reply(request, response.content, outcome, key, from_cache=False, fetched_at=datetime.now(UTC))


def _message(about: str, verdict: Verdict, attempts: int) -> str:
    tries = f" after {attempts} attempts" if attempts > 1 else ""
    waits = ""
    if verdict.retry_after is not None and verdict.retry_after > LONGEST_WAIT_S:
        waits = (
            f" It asks to wait {verdict.retry_after:.0f} s; {LONGEST_WAIT_S:.0f} s is the most waited here."
        )
    return f"{about}: {verdict.reason}{tries}.{waits} {verdict.advice}"
