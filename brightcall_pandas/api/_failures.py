"""Why no answer came: the network, certificates, or a proxy, which is named when it is at fault."""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import get_environ_proxies, select_proxy

from brightcall_pandas.api._bounds import LimitError, Timeout
from brightcall_pandas.api._verdict import Verdict, seconds_to_wait
from brightcall_pandas.errors import InvalidResponseError, ServerError, install_line

__all__ = [
    "Proxy",
    "ProxySettings",
    "certificates",
    "is_this_machine",
    "is_usable",
    "refusal_of_proxy",
    "why_no_answer",
]

_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|\[?::1\]?")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXIES = tuple(
    name for each in ("https_proxy", "http_proxy", "all_proxy", "no_proxy") for name in (each, each.upper())
)
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    urllib3.exceptions.LocationParseError,
    urllib3.exceptions.URLSchemeUnknown,
    UnicodeError,
)
_OF_PROXIES = (403, 502, 503, 504)
_SIGNS = ("X-Squid-Error", "Proxy-Authenticate", "Proxy-Status")


@dataclass(frozen=True, repr=False)
class Proxy:
    """The proxy that a request goes by.

    Parameters
    ----------
    url
        Its address; it may hold a password.
    variable
        The variable of the environment that names it; None where the system's settings do.
    """

    url: str
    variable: str | None

    @property
    def where(self) -> str:
        """What to correct: the variable, or the system's settings, with the proxy's host."""
        address = self.url.partition("//")[2] or self.url
        host = re.split("[/?#]", address.rpartition("@")[2])[0]  # in this order: a password may have any
        return f"{self.variable or 'the proxy in the system settings'} ({host or 'no host'})"

    def __str__(self) -> str:
        # Without its host: reasons also go into reports that may be shown to anybody.
        return "the proxy " + (f"that {self.variable} names" if self.variable else "of the system settings")

    def __repr__(self) -> str:
        return str(self)  # tracebacks that show local variables must not show the password


class ProxySettings:
    """The proxies that the environment names for a host; looked up again when it says something else."""

    def __init__(self) -> None:
        self._known: tuple[tuple[str | None, ...], str, dict[str, str]] | None = None

    def of(self, url: str) -> Mapping[str, str]:
        """Return the proxies by scheme; none for this machine, whose requests never leave it."""
        host = urlsplit(url).hostname
        if is_this_machine(host):
            return {}
        said = tuple(map(os.environ.get, _PROXIES))
        known = self._known
        if known is None or known[:2] != (said, host or ""):
            known = self._known = (said, host or "", get_environ_proxies(url))
        return known[2]

    def proxy(self, url: str) -> Proxy | None:
        """Return the proxy by which a request goes; None where it goes straight."""
        chosen = select_proxy(url, self.of(url))
        if not chosen:
            return None
        named = (name for name in _PROXIES if os.environ.get(name) == chosen)
        return Proxy(chosen, next(named, None))


def certificates() -> str | bool:
    """Return the user's own bundle of certificates, where the environment names one."""
    # requests itself looks these up only in calls that would also read the user's netrc.
    return next(filter(None, map(os.environ.get, _BUNDLES)), True)


def is_this_machine(host: str | None) -> bool:
    """Tell whether a host is the loopback interface."""
    return _LOOPBACK.fullmatch(host or "") is not None


def is_usable(url: str) -> bool:
    """Tell whether requests can be sent to an address, as far as that can be said without sending one."""
    try:
        prepared = requests.Request("POST", url).prepare()
        return bool((urlsplit(prepared.url or "").hostname or "").encode("idna"))
    except (requests.RequestException, ValueError):
        return False


def why_no_answer(error: Exception, timeout: Timeout, proxy: Proxy | None, url: str) -> Verdict:
    """Return the verdict on a request that brought no answer.

    The advice names the host. Nothing else of the URL is in it, and nothing at all in the reason, which also
    goes into reports that may be shown to anybody.
    """
    causes, host = list(_causes(error)), _host(url)
    network = f"Check the network and base_url ({host}), or try again later."
    for each in causes:
        if isinstance(each, LimitError):
            return Verdict(InvalidResponseError, each.reason, each.advice)
    if (bundle := _bad_bundle(causes)) is not None:
        return bundle
    if proxy is not None and (fault := _of_proxy(causes, proxy, host)) is not None:
        return fault
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes):
        return Verdict(
            ServerError,
            "the server's certificate was not accepted",
            f"Check base_url ({host}); where a proxy has a certificate of its own, name it in "
            "REQUESTS_CA_BUNDLE.",
        )
    by = f" by {proxy}" if proxy is not None else ""
    late = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    if isinstance(error, late):
        connects = any(isinstance(each, urllib3.exceptions.ConnectTimeoutError) for each in causes)
        seconds = timeout.connect if connects else timeout.read
        return Verdict(ServerError, f"no answer came within {seconds:g} s{by}", network, transient=True)
    if any(isinstance(each, urllib3.exceptions.DecodeError) for each in causes):
        reason = "the answer is cut off, or cannot be unpacked"
        return Verdict(InvalidResponseError, reason, network, transient=True)
    if any(isinstance(each, _NO_ADDRESS) for each in causes):
        return Verdict(ServerError, "base_url is not a usable address", network)
    if proxy is None and isinstance(causes[-1], ConnectionRefusedError) and is_this_machine(_hostname(url)):
        return Verdict(
            ServerError,
            f"no server is running on this machine at that address ({_named(causes[-1])})",
            f"Nothing answers at {host}: if that was a sandbox, it has ended. Start one with "
            "bc.start_sandbox(), or with the command: brightcall sandbox",
        )
    return Verdict(ServerError, f"the connection failed{by} ({_named(causes[-1])})", network, transient=True)


def _bad_bundle(causes: list[BaseException]) -> Verdict | None:
    """Return what is wrong with the user's own bundle of certificates; None where it is not at fault."""
    name = next(filter(os.environ.get, _BUNDLES), None)
    first, last = causes[0], causes[-1]
    if name is None:
        return None
    if type(first) is OSError and "CA certificate bundle" in str(first):
        what = "does not exist"
    elif isinstance(last, PermissionError) and isinstance(first, requests.exceptions.SSLError):
        what = "cannot be read"
    elif isinstance(last, ssl.SSLError) and last.library in ("X509", "PEM"):
        what = "has no certificates"
    else:
        return None
    return Verdict(
        ServerError,
        f"the file of certificates that {name} names {what}",
        f"Correct {name}={os.environ[name]!r}, or unset it to use the usual certificates.",
    )


def _of_proxy(causes: list[BaseException], proxy: Proxy, host: str) -> Verdict | None:
    """Return what a proxy did wrong; None where it is not at fault."""
    said = " ".join(map(str, causes))
    if "SOCKS" in said and "dependencies" in said:
        return Verdict(
            ServerError,
            f"{proxy} speaks SOCKS, and the package that speaks it is not installed",
            f"For {proxy.where}, run: {install_line('requests[socks]')}",
        )
    if (refused := _TUNNEL.search(said)) is not None:
        return _of_proxy_status(int(refused[1]), proxy, host)
    # The server's own address was looked at when the client was made.
    if any(isinstance(each, _NO_ADDRESS) for each in causes):
        return Verdict(ServerError, f"{proxy} has no usable address", f"Correct {proxy.where}.")
    asked = (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)
    if any(isinstance(each, asked) for each in causes):
        advice = f"Check the network and {proxy.where}, or {_without(host)}."
        reason = f"{proxy} cannot be reached ({_named(causes[-1])})"
        return Verdict(ServerError, reason, advice, transient=True)
    return None


def refusal_of_proxy(
    status: int, headers: Mapping[str, str], content: bytes, proxy: Proxy, url: str, *, tunneled: bool
) -> Verdict | None:
    """Return the verdict on a status that comes from a proxy; None where it may well be the server's.

    Parameters
    ----------
    status, headers, content
        What came.
    proxy, url
        The proxy, and what was asked for.
    tunneled
        Whether the proxy passed on what it could not read, so that it could not answer either.
    """
    signed = any(name in headers for name in _SIGNS)
    # Servers of the API answer JSON, proxies write pages.
    ours = tunneled or content.lstrip()[:1] in (b"{", b"[")
    if status == 407 or signed or (status in _OF_PROXIES and not ours):
        return _of_proxy_status(status, proxy, _host(url), seconds_to_wait(headers.get("Retry-After")))
    return None


def _of_proxy_status(status: int, proxy: Proxy, host: str, wait: float | None = None) -> Verdict:
    reason, ask = f"{proxy} refused the request (status {status})", f"ask whoever runs {proxy.where}"
    if status == 407:
        advice = f"It asks for a name and a password: {proxy.variable or 'HTTPS_PROXY'}=http://name:password@host:port"
        return Verdict(ServerError, reason, f"{advice}. It is {proxy.where}.")
    if status >= 500:
        advice = f"Try again later; if it stays so, {ask}, or {_without(host)}."
        reason = f"{proxy} cannot reach the server (status {status})"
        return Verdict(ServerError, reason, advice, transient=True, retry_after=wait)
    return Verdict(ServerError, reason, f"{ask[0].upper()}{ask[1:]} to allow {host}, or {_without(host)}.")


def _without(host: str) -> str:
    return f"name {host} in NO_PROXY if it can be reached without"


def _host(url: str) -> str:
    """Return host and port of an address; it has no name or password, which clients refuse."""
    try:
        return urlsplit(url).netloc or "no host"
    except ValueError:
        return "no host"


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Return an error and what caused it, the innermost last."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        inner = getattr(current, "reason", None)
        args = [each for each in current.args if isinstance(each, BaseException)]
        current = inner if isinstance(inner, BaseException) else (args[0] if args else current.__cause__)


def _named(error: BaseException) -> str:
    """Name a cause by its kind, since texts may quote the URL."""
    if isinstance(error, socket.gaierror):
        return "the host's name is not known"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
