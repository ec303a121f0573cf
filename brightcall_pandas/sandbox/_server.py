"""The process of a sandbox: it takes a port, draws the calls and serves them, faults included."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from brightcall_pandas.sandbox._account import TIMEZONE
from brightcall_pandas.sandbox._answers import (
    DEFAULT_PAGE,
    ENDPOINTS,
    LISTS,
    PAGED,
    Answers,
    Misreading,
    ServerAnswer,
    decoded,
    refusal,
)
from brightcall_pandas.sandbox._changes import AT_RANDOM, Changes
from brightcall_pandas.sandbox._draw import midnight
from brightcall_pandas.sandbox._faults import TAMPERINGS, FaultPlan, checked_faults, rows_mark, tamper
from brightcall_pandas.sandbox._generate import Drawn, draw_calls
from brightcall_pandas.sandbox._late import Future, told_delays
from brightcall_pandas.sandbox._personas import behavior_of, joined_name, personas_named
from brightcall_pandas.sandbox._records import PlantedChains, call_table, planted_chains
from brightcall_pandas.sandbox._table import CallTable
from brightcall_pandas.sandbox._truth import truth_of
from brightcall_pandas.sandbox._worlds import world_mark, world_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from brightcall_pandas.sandbox._account import User
    from brightcall_pandas.sandbox._draw import Calendar
    from brightcall_pandas.sandbox._effects import World
    from brightcall_pandas.sandbox._faults import RequestFaults

__all__ = ["SandboxInfo", "SandboxSpec", "run"]

_NAME = "brightcall-sandbox"  # by which clients know that they talk to a sandbox
_HOST = "127.0.0.1"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_SLEEP_ERROR_S = 0.0015  # by which a sleep of asyncio may be too long
_HTML = b"<!doctype html><title>Bad gateway</title><h1>Please try again later</h1>"
_TRANSPORT = "brightcall.transport"


@dataclass(frozen=True)
class SandboxInfo:
    """What a client has to know to reach a running sandbox."""

    url: str
    api_key: str
    account: str
    day_from: str
    day_to: str
    timezone: str
    now: str
    calls: int


@dataclass(frozen=True)
class SandboxSpec:
    """Which sandbox to make; see `start_sandbox`."""

    calls: int
    days: int
    seed: int
    faults: dict[str, Any]
    day_to: date | None = None
    persona: str = ""
    world: World | None = None
    now: datetime | None = None


def run(
    spec: SandboxSpec, *, port: int, ready: Callable[[SandboxInfo], None], end_with_stdin: bool = False
) -> None:
    """Serve a sandbox until the process is told to end.

    Parameters
    ----------
    spec
        Which calls to draw, and what goes wrong.
    port
        Port on the loopback interface; 0 takes a free one.
    ready
        Called once, when the server accepts requests.
    end_with_stdin
        End when standard input does, as happens when the parent process is gone.

    Raises
    ------
    OSError
        The port is taken.
    """
    # The port comes first, so that a port in use is reported before the calls are drawn.
    with socket.create_server((_HOST, port)) as listener:
        # Connections inherit this. asyncio sets it only on listeners that it opens itself, and without it a
        # small answer waits 40 ms for the acknowledgment of its headers.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if end_with_stdin:
            threading.Thread(target=_end_with_stdin, daemon=True).start()
        service, info = _service(spec, listener.getsockname()[1])
        config = uvicorn.Config(
            service.app,
            http=_Protocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            headers=[("Server", _NAME)],
            timeout_graceful_shutdown=1,
        )
        server = _Server(config, lambda: ready(info))
        asyncio.run(server.serve(sockets=[listener]))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _service(spec: SandboxSpec, port: int) -> tuple[Service, SandboxInfo]:
    calendar, users, truth, rows = _drawn(spec)
    first, last = calendar.day_from, calendar.day_to
    begin, end = midnight(first), midnight(last + timedelta(1))
    now = end if spec.now is None else int(spec.now.timestamp())
    table = CallTable(rows)
    future = Future(table, spec.seed, now)
    info = SandboxInfo(
        url=f"http://{_HOST}:{port}",
        api_key="sandbox-" + hashlib.sha256(f"key {spec.seed}".encode()).hexdigest()[:24],
        account=_account(spec, first, last, spec.persona),
        day_from=str(first),
        day_to=str(last),
        timezone=TIMEZONE,
        now=datetime.fromtimestamp(now, UTC).isoformat(),
        calls=spec.calls - future.to_come,
    )
    service = Service(
        Answers(table, info.api_key, now=now, users=users),
        Changes(table, begin, end, future),
        truth | {"late_delays": told_delays(), "late_edits": future.told()},
        spec.faults,
        spec.seed,
        account=lambda persona: _account(spec, first, last, persona),
    )
    service.set_persona(spec.persona)
    return service, info


def _drawn(spec: SandboxSpec) -> tuple[Calendar, Sequence[User], dict[str, Any], Iterator[pa.Table]]:
    """Return the days, the users, the truth, and the calls, which nothing holds once they were taken."""
    rng = np.random.default_rng(spec.seed)
    ties = spec.faults["unstable_ties"]["seconds"] if "unstable_ties" in spec.faults else 1
    world = world_of(spec.world)
    drawn = draw_calls(rng, spec.calls, spec.days, day_to=spec.day_to, tie_seconds=ties, world=world)
    planted = planted_chains(rng, drawn)
    return drawn.calendar, drawn.staff.users, truth_of(drawn, planted), _rows(rng, drawn, planted)


def _rows(rng: np.random.Generator, drawn: Drawn, planted: PlantedChains) -> Iterator[pa.Table]:
    rows = [call_table(rng, drawn, planted)]
    del drawn, planted
    yield rows.pop()


def _account(spec: SandboxSpec, first: date, last: date, persona: str) -> str:
    """Return the name of the account: the same rows on any port are the same, so they may share a cache."""
    drawn = f"{spec.seed}-{spec.calls}-{first}-{last}"
    began = "" if spec.now is None else f"at-{int(spec.now.timestamp())}"
    marks = (drawn, began, world_mark(spec.world), rows_mark(spec.faults), persona)
    return "-".join(filter(None, ("sandbox", *marks)))


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


class Service:
    """The endpoints of the API, and under ``/_sandbox/`` the commands that control them.

    Answers are made one at a time, in the thread that serves all connections: a change that is due before a
    request is never seen by an earlier request, and threads taking turns would be slower.

    Parameters
    ----------
    answers
        The endpoints.
    changes
        Changes to their table.
    truth
        What is true of the calls.
    faults
        What goes wrong; see `checked_faults`.
    seed
        Seed of the faults, and of what a persona leaves to chance.
    account
        Gives the name of the account by the name of the personas.
    """

    def __init__(
        self,
        answers: Answers,
        changes: Changes,
        truth: dict[str, Any],
        faults: dict[str, Any],
        seed: int,
        *,
        account: Callable[[str], str],
    ) -> None:
        self._answers = answers
        self._changes = changes
        self._log: list[dict[str, Any]] = []
        self._latency_s = 0.0
        self._seed = seed
        self._account = account
        self._set_faults(faults, None)
        self._commands: dict[str, Callable[[dict[str, Any]], object]] = {
            "requests": lambda _: self._log,
            "truth": lambda _: truth,
            "change": changes.make,
            "changes": lambda _: changes.history,
            "schedule": lambda given: changes.schedule(given["changes"]),
            "latency": lambda given: self._set_latency(given["seconds"]),
            "faults": lambda given: self._set_faults(given["faults"], given["seed"]),
            "persona": lambda given: self.set_persona(given["persona"], given["seed"]),
            "restore": lambda _: self._restore(),
            "advance": lambda given: self._advance(given["seconds"]),
            "mark": lambda _: changes.witness.mark(),
            "since_mark": lambda _: changes.witness.told(),
        }
        self.app = Starlette(
            routes=[
                Route("/_sandbox/{command}", self._command, methods=["POST"]),
                Route("/{path:path}", self._api, methods=_METHODS),
            ]
        )

    def _advance(self, seconds: int) -> int:
        made = self._changes.advance(seconds)
        self._answers.set_clock(self._changes.future.now)
        return made

    def _restore(self) -> None:
        self._changes.restore()
        self._answers.set_clock(self._changes.future.now)

    def _set_latency(self, seconds: float) -> None:
        self._latency_s = float(seconds)

    def _set_faults(self, faults: dict[str, Any] | None, seed: int | None) -> None:
        self._plan = FaultPlan(checked_faults(faults), self._seed if seed is None else seed)

    def set_persona(self, persona: str | list[str] | None, seed: int | None = None) -> str:
        """Behave as a persona, or several; return the name of the account that this is.

        Parameters
        ----------
        persona
            As for `personas_named`.
        seed
            Seed of what it leaves to chance; None is the sandbox's.

        Raises
        ------
        ValueError
            A persona does not exist, or two cannot be combined.
        """
        personas = personas_named(persona)
        name = joined_name(personas)
        self._answers.behave(behavior_of(personas), self._seed if seed is None else seed)
        return self._account(name)

    async def _api(self, request: Request) -> Response:
        body = await request.body()
        entry: dict[str, Any] = {
            "at": time.monotonic(),
            "method": request.method,
            "path": request.url.path,
            "query": dict(request.query_params),
            "headers": dict(request.headers),
            "body": body.decode(errors="replace"),
            "status": None,
            "faults": [],
        }
        self._log.append(entry)
        response = await self._respond(request, body, entry["faults"])
        if self._latency_s:
            await _until(entry["at"] + self._latency_s)
        entry["status"] = response.status_code
        return response

    async def _respond(self, request: Request, body: bytes, occurred: list[str]) -> Response:
        path = request.url.path
        if path not in ENDPOINTS:
            return _plain(refusal(404, f"no endpoint at {path}"))
        if request.method != "POST":
            return _plain(refusal(405, f"{path} takes POST, not {request.method}"))
        asked = _readable(body)
        faults = self._plan.request(path, _whole(asked, "page", 1), occurred)
        if options := faults.options("slow"):
            await asyncio.sleep(options["seconds"])
        instead = _instead_of_answer(faults, request, _whole(asked, "itemsPerPage", DEFAULT_PAGE))
        if instead is not None:
            return instead
        answer = self._answer(request, body, asked, faults)
        return _response(faults, request, answer)

    def _answer(
        self, request: Request, body: bytes, asked: dict[str, Any], faults: RequestFaults
    ) -> ServerAnswer:
        key = request.query_params.get("api-key")
        self._changes.before_request()
        for name, change in AT_RANDOM.items():
            if options := faults.options(name):
                change(self._changes, options)
        others = [name for name in request.query_params if name != "api-key"]
        answer = self._answers.answer(request.url.path, key, body, _misreading(faults, asked), others)
        if answer.status == 200 and request.url.path in PAGED:
            self._changes.witness.answer_made()
        if answer.status != 200 or not self._plan.has(*TAMPERINGS):
            return answer
        content = msgspec.json.decode(answer.body)
        tamper(faults, content, asked)
        return ServerAnswer(answer.status, msgspec.json.encode(content), answer.headers)

    async def _command(self, request: Request) -> Response:
        if not self._answers.knows(request.query_params.get("api-key")):
            return _plain(refusal(401, "the api-key is unknown"))
        command = self._commands.get(request.path_params["command"])
        if command is None:
            return _plain(refusal(404, "unknown command"))
        try:
            result = command(_readable(await request.body()))
        except (ValueError, TypeError, KeyError) as error:
            return _plain(refusal(400, str(error)))
        return _plain(ServerAnswer(200, msgspec.json.encode(result)))


async def _until(moment: float) -> None:
    """Sleep until a moment of the monotonic clock; asyncio's own sleep often takes a millisecond longer."""
    await asyncio.sleep(moment - _SLEEP_ERROR_S - time.monotonic())
    while time.monotonic() < moment:
        await asyncio.sleep(0)


def _misreading(faults: RequestFaults, asked: dict[str, Any]) -> Misreading:
    size, page = _whole(asked, "itemsPerPage", DEFAULT_PAGE), _whole(asked, "page", 1)
    lists, paged = faults.path in LISTS, faults.path in PAGED
    capped = faults.options("capped_page", lambda options: paged and size > options["cap"])
    ties = faults.options("unstable_ties", lambda _: lists)
    return Misreading(
        timezone="UTC" if faults.options("utc_bounds") else None,
        cap=capped["cap"] if capped else None,
        ties=int(ties["chance"] * 2**31) if ties else None,
        back=1 if faults.options("repeated_page", lambda _: lists and page > 1) else 0,
    )


def _readable(body: bytes) -> dict[str, Any]:
    try:
        return decoded(body)
    except ValueError:
        return {}


def _whole(asked: dict[str, Any], name: str, default: int) -> int:
    value = asked.get(name)
    return value if isinstance(value, int) else default


class _Protocol(H11Protocol):
    """uvicorn's HTTP protocol, which also gives the application the bare connection."""

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
        # Closing with a linger time of zero sends a reset instead of an orderly end.
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
        await _closed(receive)


class _Hang(Response):
    """No answer: the connection stays open until the client closes it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await _closed(receive)


class _Truncated(Response):
    """Half of the announced body, then the end of the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        head = (
            f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(self.body)}\r\n\r\n"
        )
        scope[_TRANSPORT].write(head.encode() + bytes(self.body[: len(self.body) // 2]))
        scope[_TRANSPORT].close()
        await _closed(receive)


def _instead_of_answer(faults: RequestFaults, request: Request, page_size: int) -> Response | None:
    """Return the response that replaces an answer, or None when no such fault occurs.

    Parameters
    ----------
    faults
        The faults of the request.
    request
        The request; its URL has the key that may be echoed.
    page_size
        The request's ``itemsPerPage``.
    """
    for name, make in _INSTEAD.items():
        if options := faults.options(name):
            return make(options)
    if options := faults.options(
        "refused_page", lambda options: faults.path in PAGED and page_size > options["cap"]
    ):
        return _plain(refusal(400, f"itemsPerPage is {page_size}; the largest allowed is {options['cap']}"))
    if options := faults.options("echo_key", lambda options: options["where"] in _ECHOES):
        return _ECHOES[options["where"]](str(request.url), request.url.query)
    return None


def _response(faults: RequestFaults, request: Request, answer: ServerAnswer) -> Response:
    """Return the response for an answer, with the faults that occur while it is sent."""
    headers, body = answer.headers, answer.body
    if options := faults.options("echo_key", lambda options: options["where"] not in _ECHOES):
        if options["where"] == "header":
            headers = headers | {"X-Request-Url": str(request.url)}
        else:
            body = msgspec.json.encode(msgspec.json.decode(body) | {"request": str(request.url)})
    if faults.options("truncated"):
        return _Truncated(body)
    if faults.options("truncated_json"):
        body = body[: len(body) // 2]
    return Response(body, answer.status, headers, "application/json")


def _plain(answer: ServerAnswer, headers: dict[str, str] | None = None) -> Response:
    return Response(answer.body, answer.status, headers, "application/json")


async def _closed(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


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
    "success_false": lambda _: _plain(ServerAnswer(200, refusal(400, "the report is not available").body)),
    "redirect": lambda options: Response(status_code=302, headers={"Location": options["to"]}),
}
_ECHOES: dict[str, Callable[[str, str], Response]] = {
    "error": lambda url, _: _plain(refusal(400, f"cannot answer {url}")),
    "redirect": lambda _, query: Response(
        status_code=302, headers={"Location": f"http://elsewhere.invalid/?{query}"}
    ),
}
