"""Answers that are none: refusals, redirects, pages of HTML, and connections that break."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from brightcall_pandas.sandbox._answers import PAGED, Answer, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from brightcall_pandas.sandbox._faults import Strike

__all__ = ["FaultyProtocol", "finished", "instead_of_answer"]

_HTML = b"<!doctype html><title>Bad gateway</title><h1>Please try again later</h1>"
_TRANSPORT = "brightcall.transport"


class FaultyProtocol(H11Protocol):
    """uvicorn's HTTP protocol, which also lets the application reach the bare connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            scope[_TRANSPORT] = self.transport
            await inner(scope, receive, send)

        self.app = with_transport


class _Reset(Response):
    """No answer: the connection is reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        transport = scope[_TRANSPORT]
        # Closing with no time to linger is what sends a reset instead of an orderly end.
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
        await _gone(receive)


class _Hang(Response):
    """No answer: the connection stays open until the client has had enough."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await _gone(receive)


class _Truncated(Response):
    """Half of the body that was announced, and then the end of the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        head = (
            f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(self.body)}\r\n\r\n"
        )
        scope[_TRANSPORT].write(head.encode() + bytes(self.body[: len(self.body) // 2]))
        scope[_TRANSPORT].close()
        await _gone(receive)


def instead_of_answer(strike: Strike, request: Request, page_size: int) -> Response | None:
    """Return what comes instead of an answer, or None when no such fault strikes.

    Parameters
    ----------
    strike
        Which faults strike this request.
    request
        The request; its address holds the key that may be echoed.
    page_size
        What the request asks for as ``itemsPerPage``.
    """
    for name, make in _INSTEAD.items():
        if options := strike(name):
            return make(options)
    if options := strike("refused_page", lambda options: strike.path in PAGED and page_size > options["cap"]):
        return _plain(refusal(400, f"itemsPerPage is {page_size}; it must not be above {options['cap']}"))
    if options := strike("echo_key", lambda options: options["where"] in _ECHOES):
        return _ECHOES[options["where"]](str(request.url), request.url.query)
    return None


def finished(strike: Strike, request: Request, answer: Answer) -> Response:
    """Return an answer as the response that is sent, with what goes wrong on the way."""
    headers, body = answer.headers, answer.body
    if options := strike("echo_key", lambda options: options["where"] not in _ECHOES):
        if options["where"] == "header":
            headers = headers | {"X-Request-Url": str(request.url)}
        else:
            body = msgspec.json.encode(msgspec.json.decode(body) | {"request": str(request.url)})
    if strike("truncated"):
        return _Truncated(body)
    if strike("truncated_json"):
        body = body[: len(body) // 2]
    return Response(body, answer.status, headers, "application/json")


def _plain(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    return Response(answer.body, answer.status, headers, "application/json")


_INSTEAD: dict[str, Callable[[dict[str, Any]], Response]] = {
    "reset": lambda _: _Reset(),
    "hang": lambda _: _Hang(),
    "rate_limit": lambda options: _plain(
        refusal(429, "too many requests"), {"Retry-After": str(options["retry_after"])}
    ),
    "rate_limit_bare": lambda _: _plain(refusal(429, "too many requests")),
    "http_500": lambda _: _plain(refusal(500, "something went wrong")),
    "http_502": lambda _: Response(_HTML, 502, media_type="text/html"),
    "http_503": lambda _: Response(b"", 503),
    "html": lambda _: Response(_HTML, 200, media_type="text/html"),
    "success_false": lambda _: _plain(Answer(200, refusal(400, "the report is not available").body)),
    "redirect": lambda options: Response(status_code=302, headers={"Location": options["to"]}),
}
_ECHOES: dict[str, Callable[[str, str], Response]] = {
    "error": lambda url, _: _plain(refusal(400, f"cannot answer {url}")),
    "redirect": lambda _, query: Response(
        status_code=302, headers={"Location": f"http://elsewhere.invalid/?{query}"}
    ),
}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
