"""Send at most five requests, each counted, none repeated, bypassing the cache."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import msgspec

from brightcall_pandas.api import (
    Failure,
    RateLimit,
    Transport,
    Verdict,
    hide_keys_in_logs,
    judge,
    promised,
    request_to,
    run_apart,
)
from brightcall_pandas.doctor._masks import members
from brightcall_pandas.errors import AuthenticationError, InvalidResponseError, OfflineError
from brightcall_pandas.load import NO_KEY, Client

__all__ = ["MOST_REQUESTS", "Exchange", "Requester"]

MOST_REQUESTS = 5
"""Requests that a report may take, failed ones included."""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer.

    Parameters
    ----------
    purpose
        What it was for.
    status
        HTTP status; None if no answer came.
    content
        The body, without the key.
    media_type
        Content type, without parameters.
    verdict
        Why the answer is not data; None if it is.
    echoed
        Whether the key was in its body or headers.
    """

    purpose: str
    status: int | None
    content: bytes
    media_type: str
    verdict: Verdict | None
    echoed: bool = False

    @property
    def good(self) -> bool:
        """Tell whether the answer is data."""
        return self.verdict is None

    @property
    def readable(self) -> bool:
        """Tell whether the answer is data, or at least a JSON object in which the data is missing."""
        if self.verdict is None:
            return True
        if self.status != 200 or self.verdict.error is not InvalidResponseError:
            return False
        try:
            members(self.content)
        except msgspec.DecodeError:
            return False
        return True

    @property
    def summary(self) -> str:
        """State the purpose and the result, without quoting the server."""
        if self.status is None:
            return f"{self.purpose}: no answer"
        return f"{self.purpose}: status {self.status}{'' if self.good else ', not data'}"

    @property
    def problem(self) -> str:
        """State why the answer is not data, without quoting the server."""
        if self.verdict is None:
            return ""
        if self.status is None:
            return f"no answer: {self.verdict.reason}"
        return f"{self.verdict.error.__name__}, status {self.status}"


class Requester:
    """Sends requests to one account, and records every exchange.

    Parameters
    ----------
    client
        Its address, key, rate limit and timeout are used, but not its cache.

    Raises
    ------
    OfflineError, AuthenticationError
        The client is offline, or has no key.
    """

    def __init__(self, client: Client) -> None:
        if client.offline:
            msg = "offline=True forbids asking the server"
            raise OfflineError(msg)
        if client.key is None:
            raise AuthenticationError(NO_KEY)
        hide_keys_in_logs()
        self.exchanges: list[Exchange] = []
        self._base_url = client.base_url
        self._limit = RateLimit(client.rate_limit)
        self._hidden = repr(client.key)
        self._transport = Transport(client.key, 1, timeout=client.timeout, answer_limit=client.answer_limit)

    def post(self, path: str, body: dict[str, Any], purpose: str) -> Exchange:
        """Send a request once, without retries.

        Raises
        ------
        RuntimeError
            `MOST_REQUESTS` have been sent already.
        """
        if len(self.exchanges) >= MOST_REQUESTS:
            msg = f"a report takes at most {MOST_REQUESTS} requests"
            raise RuntimeError(msg)
        exchange = self._sent(path, body, purpose)
        self.exchanges.append(exchange)
        return exchange

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _sent(self, path: str, body: dict[str, Any], purpose: str) -> Exchange:
        self._limit.wait(threading.Event())
        request = request_to(self._base_url + path, body)
        try:
            answer = run_apart(lambda _: self._transport.send(request))
        except Failure as failure:
            return Exchange(purpose, None, b"", "", failure.verdict)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        outcome = judge(*answer, promised(path))
        verdict = outcome if isinstance(outcome, Verdict) else None
        # The transport has put this in place of the key wherever the answer had it.
        echoed = self._hidden in f"{answer.headers}" or self._hidden.encode() in answer.content
        return Exchange(purpose, answer.status, answer.content, media_type, verdict, echoed)
