"""The one place that touches the network: it adds the key below the cache, and judges what comes back."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
import socket
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import h11
import msgspec
import requests
import urllib3
from requests.adapters import HTTPAdapter

from brightcall_pandas.api._exchange import Exchange, begun
from brightcall_pandas.api._key import ApiKey, hide_keys_in_logs
from brightcall_pandas.api._profiles import promised
from brightcall_pandas.api._verdict import Verdict, judge
from brightcall_pandas.errors import ServerError

__all__ = ["ApiAdapter", "Failure", "is_this_machine", "request_to"]

_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, h11.RemoteProtocolError, OSError)
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|\[?::1\]?")


class Failure(requests.RequestException):
    """No answer came; carries the verdict, and nothing of the URL."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


class ApiAdapter(HTTPAdapter):
    """Sends with the key, returns without it.

    What leaves this class, as response, header or exception, has never seen the key; so nothing above it,
    the cache first of all, can write it down. What the answer holds, or the verdict on it, is
    attached as ``response.outcome``.

    Parameters
    ----------
    key
        The API key.
    connections
        How many requests may be under way at once.
    """

    def __init__(self, key: ApiKey, connections: int) -> None:
        hide_keys_in_logs(key)
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=connections, pool_block=False)
        self._key = key

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request and wait for the whole answer."""
        keyed, options = self._keyed(request), self._usual(request, options)
        sent = functools.partial(super().send, keyed, **options)
        return self._taken(request, options.get("timeout"), sent)

    def begin(
        self, request: requests.PreparedRequest, timeout: float, proxies: Mapping[str, str]
    ) -> Exchange | None:
        """Send a request on a connection that is open and idle; None where `send` has to open one.

        What goes through a proxy is left to `send` too. The answer is for `end`, once it is whole.
        """
        options = self._usual(request, {"verify": True, "proxies": proxies})
        try:
            if requests.utils.select_proxy(request.url or "", options["proxies"]):
                return None
            pool = self.get_connection_with_tls_context(request, options["verify"])
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            return None  # `send` says what is wrong
        assert isinstance(pool, urllib3.HTTPConnectionPool)
        return begun(pool, request, self._keyed(request), timeout)

    def end(self, exchange: Exchange) -> requests.Response:
        """Return the answer to what was begun."""
        request = exchange.request
        return self._taken(request, exchange.timeout, lambda: self.build_response(request, exchange.answer()))

    def _keyed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        keyed = request.copy()
        keyed.url = self._key.added_to(request.url or "")
        return keyed

    def _usual(self, request: requests.PreparedRequest, options: dict[str, Any]) -> dict[str, Any]:
        if is_this_machine(urlsplit(request.url or "").hostname):
            options["proxies"] = {}  # what stays on this machine is no proxy's business
        if options.get("verify") is True:
            # requests itself looks these up only in calls that would also read the user's netrc.
            names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
            options["verify"] = next(filter(None, map(os.environ.get, names)), True)
        return options

    def _taken(
        self, request: requests.PreparedRequest, timeout: Any, answer: Callable[[], requests.Response]
    ) -> requests.Response:
        failure: Verdict | None = None
        try:
            response = answer()
            # At once: requests would read pieces of 10 kB, which takes a page longer than its way here.
            content = response.raw.read(decode_content=True)
        except _FAILURES as error:
            failure = _why(error, timeout)
        # Raised out here, so that the original exception, whose text has the URL, is not its context.
        if failure is not None:
            raise Failure(failure)
        response._content = self._key.scrubbed_bytes(content)
        response._content_consumed = True  # type: ignore[attr-defined]
        response.raw, response.reason = None, self._key.scrubbed(response.reason or "")
        for name, value in list(response.headers.items()):
            response.headers[name] = self._key.scrubbed(value)
        response.url, response.request = request.url or "", request
        response.outcome = judge(  # type: ignore[attr-defined]
            response.status_code,
            response.headers,
            response.content,
            promised(urlsplit(response.url).path),
        )
        return response


def request_to(url: str, body: Mapping[str, Any]) -> requests.PreparedRequest:
    """Return the request that asks for something, yet without key."""
    request = _to(url).copy()
    request.prepare_body(msgspec.json.encode(body, order="sorted"), None)
    return request


@functools.lru_cache(maxsize=16)
def _to(url: str) -> requests.PreparedRequest:
    # Prepared without a session, which would look for a password of this host in the user's netrc.
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": f"brightcall-pandas/{importlib.metadata.version('brightcall-pandas')}",
    }
    return requests.Request("POST", url, headers=headers).prepare()


def is_this_machine(host: str | None) -> bool:
    """Tell whether a host is the loopback interface."""
    return _LOOPBACK.fullmatch(host or "") is not None


def _why(error: Exception, timeout: Any) -> Verdict:
    advice = "Check the network and base_url, or try again later."
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return Verdict(
            ServerError,
            "the server's certificate was not accepted",
            "Check base_url; where a proxy has a certificate of its own, name it in REQUESTS_CA_BUNDLE.",
        )
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return Verdict(ServerError, f"no answer came within {timeout} s", advice, transient=True)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Verdict(ServerError, "base_url is no usable address", advice)
    return Verdict(ServerError, f"the connection failed ({_root(error)})", advice, transient=True)


def _root(error: BaseException) -> str:
    """Name the innermost cause by its kind, since texts may quote the URL."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        inner = getattr(current, "reason", None)
        args = [each for each in current.args if isinstance(each, BaseException)]
        current = inner if isinstance(inner, BaseException) else (args[0] if args else current.__cause__)
    last = seen[-1]
    if isinstance(last, socket.gaierror):
        return "the host's name is not known"
    if isinstance(last, OSError) and last.strerror:
        return last.strerror
    return type(last).__name__
