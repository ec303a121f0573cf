"""At most five requests, each counted, none repeated: past the cache, with the key added below."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from requests.utils import get_environ_proxies

from brightcall_pandas.api import Failure, RateLimit, Transport, Verdict, hide_keys_in_logs, request_to
from brightcall_pandas.errors import AuthenticationError, OfflineError
from brightcall_pandas.load import Client

__all__ = ["MOST_REQUESTS", "Asker", "Exchange"]

MOST_REQUESTS = 5
"""Requests that an examination may cost, failed ones included."""


@dataclass(frozen=True)
class Exchange:
    """A request, and what came back.

    Parameters
    ----------
    purpose
        What it was to show.
    status
        HTTP status; None when no answer came.
    content
        The body, without the key.
    media_type
        Content type, without parameters.
    verdict
        Why the answer is no data; None when it is.
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
        """Whether the answer is data."""
        return self.verdict is None

    @property
    def summary(self) -> str:
        """Purpose and result, in words that are not the server's."""
        if self.status is None:
            return f"{self.purpose}: nothing came back"
        return f"{self.purpose}: status {self.status}{'' if self.good else ', no data'}"

    @property
    def complaint(self) -> str:
        """Why it is no data, in words that are not the server's."""
        if self.verdict is None:
            return ""
        if self.status is None:
            return f"nothing came back: {self.verdict.reason}"
        return f"{self.verdict.error.__name__}, status {self.status}"


class Asker:
    """Asks one account, and remembers every exchange.

    Parameters
    ----------
    client
        Its address, key, rate limit and timeout are used; its cache is not.

    Raises
    ------
    OfflineError, AuthenticationError
        The client may not ask, or has no key.
    """

    def __init__(self, client: Client) -> None:
        if client.offline:
            msg = "offline=True forbids to ask the server"
            raise OfflineError(msg)
        if client._key is None:
            msg = "no API key: set BRIGHTCALL_API_KEY in the environment, or give bc.Client api_key="
            raise AuthenticationError(msg)
        hide_keys_in_logs()
        self.exchanges: list[Exchange] = []
        self._base_url = client.base_url
        self._timeout = client.timeout
        self._limit = RateLimit(client.rate_limit)
        self._hidden = repr(client._key)
        self._transport = Transport(client._key, 1)

    def post(self, path: str, body: dict[str, Any], purpose: str) -> Exchange:
        """Send a request once.

        Raises
        ------
        RuntimeError
            It would be one more than `MOST_REQUESTS`.
        """
        if len(self.exchanges) >= MOST_REQUESTS:
            msg = f"an examination costs at most {MOST_REQUESTS} requests"
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
            answer = self._transport.send(request, self._timeout, get_environ_proxies(self._base_url))
        except Failure as failure:
            return Exchange(purpose, None, b"", "", failure.verdict)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        verdict = answer.outcome if isinstance(answer.outcome, Verdict) else None
        # The transport has put this in place of the key, wherever it came back.
        echoed = self._hidden in f"{answer.headers}" or self._hidden.encode() in answer.content
        return Exchange(purpose, answer.status, answer.content, media_type, verdict, echoed)
