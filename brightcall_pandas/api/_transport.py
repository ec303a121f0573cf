"""The one place that touches the network: it adds the key, below the cache."""

from __future__ import annotations

import codecs
import contextlib
import functools
import importlib.metadata
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import requests
from requests.structures import CaseInsensitiveDict

from brightcall_pandas.api._bounds import ANSWER_LIMIT, BoundedAdapter, Timeout, bounded_body, within
from brightcall_pandas.api._failures import ProxySettings, certificates, refusal_of_proxy, why_no_answer
from brightcall_pandas.api._key import ApiKey, hide_keys_in_logs
from brightcall_pandas.api._verdict import Verdict

__all__ = ["Failure", "HttpAnswer", "Transport", "request_to"]


_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_TEXT_BYTES = 20_000  # of a refusal in another encoding


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
    timeout
        Seconds that a request may take, as `Timeout.of` reads them.
    answer_limit
        Bytes that an answer may have, unpacked.
    """

    def __init__(
        self,
        key: ApiKey,
        connections: int,
        *,
        timeout: float | Sequence[float] = 30,
        answer_limit: int = ANSWER_LIMIT,
    ) -> None:
        hide_keys_in_logs(key)
        self._key = key
        self._timeout = Timeout.of(timeout)
        self._answer_limit = answer_limit
        self._proxies = ProxySettings()
        self._http = BoundedAdapter(
            max_retries=0, pool_connections=1, pool_maxsize=connections, pool_block=False
        )

    def send(self, request: requests.PreparedRequest) -> HttpAnswer:
        """Send a request and wait for the whole answer; redirects are not followed.

        Raises
        ------
        Failure
            No answer came.
        """
        failure: Verdict | None = None
        url = request.url or ""
        try:
            with within(self._timeout.total):
                response = self._http.send(
                    self._keyed(request),
                    stream=True,
                    timeout=(self._timeout.connect, self._timeout.read),
                    verify=certificates(),
                    proxies=self._proxies.of(url),
                )
                # At once: requests would read 10 kB at a time, which takes longer than the page's way here.
                content = bounded_body(response.raw, self._answer_limit)
        except Exception as error:  # of any kind: whatever it is, its frames and its text may have the URL
            failure = why_no_answer(error, self._timeout, self._proxies.proxy(url), url)
        # Raised out here, so that the original exception, whose text has the URL, is not its context.
        if failure is not None:
            raise Failure(failure)
        status = response.status_code
        if status != 200:
            content = _in_utf8(content, response.headers.get("Content-Type", ""))
        content = self._key.scrubbed_bytes(content)
        headers = CaseInsensitiveDict(
            {name: self._key.scrubbed(value) for name, value in response.headers.items()}
        )
        proxy = None if status == 200 else self._proxies.proxy(url)
        if proxy is not None:
            tunneled = urlsplit(url).scheme == "https"
            refused = refusal_of_proxy(status, headers, content, proxy, url, tunneled=tunneled)
            if refused is not None:
                raise Failure(refused)
        return HttpAnswer(status, headers, content)

    def scrubbed(self, text: str) -> str:
        """Return a text without the key, which an answer may have had in a spelling of its own."""
        return self._key.scrubbed(text)

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


def _in_utf8(content: bytes, media_type: str) -> bytes:
    """Return the beginning of a text that names another encoding, in UTF-8; all else as it is.

    Only of refusals: of data, a byte that is not UTF-8 is more likely a broken one than in the encoding that
    a server names for whatever it sends.
    """
    try:
        content.decode()
    except UnicodeDecodeError:
        head = content[:_TEXT_BYTES]
        by_mark = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None
        named = _CHARSET.search(media_type + head.decode("ascii", errors="replace"))
        encoding = by_mark or (named and named[1])
        if encoding:
            with contextlib.suppress(LookupError, ValueError):
                return head.decode(encoding, errors="replace").encode()
    return content


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
