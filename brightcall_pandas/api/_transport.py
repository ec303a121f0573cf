"""The one place that touches the network: it adds the key, below the cache."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
import socket
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from brightcall_pandas.api._key import ApiKey, hide_keys_in_logs
from brightcall_pandas.api._verdict import Verdict
from brightcall_pandas.errors import ServerError

__all__ = ["Failure", "HttpAnswer", "Transport", "is_this_machine", "request_to"]

_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|\[?::1\]?")


class Failure(Exception):  # noqa: N818  (the error is the verdict's)
    """No answer came; carries the verdict, and nothing of the URL."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


class HttpAnswer(NamedTuple):
    """What came back, without the key.

    Parameters
    ----------
    status
        HTTP status.
    headers
        Headers, by case-insensitive name.
    content
        The body.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes


class Transport:
    """Sends with the key, returns without it.

    What leaves this class, as body, header or exception, has never seen the key; so nothing above it, the
    cache first of all, can write it down. Connecting, certificates and proxies are left to requests.

    Parameters
    ----------
    key
        The API key.
    connections
        How many requests may be under way at once.
    """

    def __init__(self, key: ApiKey, connections: int) -> None:
        hide_keys_in_logs(key)
        self._key = key
        self._http = HTTPAdapter(
            max_retries=0, pool_connections=1, pool_maxsize=connections, pool_block=False
        )

    def send(
        self, request: requests.PreparedRequest, timeout: float, proxies: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """Send a request and wait for the whole answer; redirects are not followed.

        Raises
        ------
        Failure
            No answer came.
        """
        failure: Verdict | None = None
        try:
            response = self._http.send(
                self._keyed(request),
                stream=True,
                timeout=timeout,
                verify=_certificates(),
                # Requests that stay on this machine never go through a proxy.
                proxies={} if is_this_machine(urlsplit(request.url or "").hostname) else proxies,
            )
            # At once: requests would read it 10 kB at a time, which takes longer than the page's way here.
            content = response.raw.read(decode_content=True)
        except _FAILURES as error:
            failure = _why(error, timeout)
        # Raised out here, so that the original exception, whose text has the URL, is not its context.
        if failure is not None:
            raise Failure(failure)
        content = self._key.scrubbed_bytes(content)
        headers = CaseInsensitiveDict(
            {name: self._key.scrubbed(value) for name, value in response.headers.items()}
        )
        return HttpAnswer(response.status_code, headers, content)

    def close(self) -> None:
        """Close the connections; they are opened again when they are needed."""
        self._http.close()

    def _keyed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        keyed = request.copy()
        keyed.url = self._key.added_to(request.url or "")
        return keyed


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


def _certificates() -> str | bool:
    """Return the user's own bundle of certificates, where the environment names one."""
    # requests itself looks these up only in calls that would also read the user's netrc.
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return next(filter(None, map(os.environ.get, names)), True)


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
        return Verdict(ServerError, "base_url is not a usable address", advice)
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
