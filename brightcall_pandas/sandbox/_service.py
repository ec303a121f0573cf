"""The HTTP application: requests in, answers out, a log of both, and what goes wrong between them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from brightcall_pandas.sandbox._answers import (
    DEFAULT_PAGE,
    ENDPOINTS,
    LISTS,
    PAGED,
    Answer,
    Slant,
    decoded,
    refusal,
)
from brightcall_pandas.sandbox._breakage import finished, instead_of_answer
from brightcall_pandas.sandbox._control import COMMANDS
from brightcall_pandas.sandbox._faults import Plan, checked_faults
from brightcall_pandas.sandbox._tamper import TAMPERINGS, tampered

if TYPE_CHECKING:
    from starlette.requests import Request

    from brightcall_pandas.sandbox._answers import Answers
    from brightcall_pandas.sandbox._changes import Changes
    from brightcall_pandas.sandbox._faults import Strike

__all__ = ["Service"]

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_COARSE_S = 0.0015  # how exact a sleep of asyncio is


class Service:
    """The endpoints of the API, and under ``/_sandbox/`` the commands by which a test steers them.

    Answers are made one at a time, in the thread that serves all connections: a change that is due before a
    request is never seen by the request before it, and threads that take turns would be slower.

    Parameters
    ----------
    answers
        The endpoints.
    changes
        Changes of their table.
    truth
        What is true of the calls.
    faults
        What goes wrong; see `checked_faults`.
    seed
        Seed of the faults.
    """

    def __init__(
        self, answers: Answers, changes: Changes, truth: dict[str, Any], faults: dict[str, Any], seed: int
    ) -> None:
        self.answers = answers
        self.changes = changes
        self.truth = truth
        self.log: list[dict[str, Any]] = []
        self.latency_s = 0.0
        self._seed = seed
        self.set_faults(faults)
        self.app = Starlette(
            routes=[
                Route("/_sandbox/{command}", self._command, methods=["POST"]),
                Route("/{path:path}", self._api, methods=_METHODS),
            ]
        )

    def set_faults(self, faults: dict[str, Any] | None) -> None:
        """Replace what goes wrong; every count and draw starts anew."""
        self._plan = Plan(checked_faults(faults), self._seed)

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
        self.log.append(entry)
        response = await self._respond(request, body, entry["faults"])
        if self.latency_s:
            await _until(entry["at"] + self.latency_s)
        entry["status"] = response.status_code
        return response

    async def _respond(self, request: Request, body: bytes, struck: list[str]) -> Response:
        path = request.url.path
        if path not in ENDPOINTS:
            return _plain(refusal(404, f"there is nothing at {path}"))
        if request.method != "POST":
            return _plain(refusal(405, f"{path} takes POST, not {request.method}"))
        asked = _readable(body)
        strike = self._plan.request(path, _whole(asked, "page", 1), struck)
        if options := strike("slow"):
            await asyncio.sleep(options["seconds"])
        instead = instead_of_answer(strike, request, _whole(asked, "itemsPerPage", DEFAULT_PAGE))
        if instead is not None:
            return instead
        answer = self._answer(request, body, asked, strike)
        return finished(strike, request, answer)

    def _answer(self, request: Request, body: bytes, asked: dict[str, Any], strike: Strike) -> Answer:
        key = request.query_params.get("api-key")
        self.changes.before_request()
        if options := strike("mutate"):
            self.changes.at_random(options)
        answer = self.answers.answer(request.url.path, key, body, _slant(strike, asked))
        if answer.status == 200 and self._plan.has(*TAMPERINGS):
            return tampered(strike, answer, asked)
        return answer

    async def _command(self, request: Request) -> Response:
        if not self.answers.knows(request.query_params.get("api-key")):
            return _plain(refusal(401, "the api-key is not known"))
        command = COMMANDS.get(request.path_params["command"])
        if command is None:
            return _plain(refusal(404, "there is no such command"))
        try:
            result = command(self, _readable(await request.body()))
        except (ValueError, TypeError, KeyError) as error:
            return _plain(refusal(400, str(error)))
        return _plain(Answer(200, msgspec.json.encode(result)))


async def _until(moment: float) -> None:
    """Sleep until a moment of the monotonic clock; asyncio's own sleep often takes a millisecond longer."""
    await asyncio.sleep(moment - _COARSE_S - time.monotonic())
    while time.monotonic() < moment:
        await asyncio.sleep(0)


def _slant(strike: Strike, asked: dict[str, Any]) -> Slant:
    size, page = _whole(asked, "itemsPerPage", DEFAULT_PAGE), _whole(asked, "page", 1)
    lists, paged = strike.path in LISTS, strike.path in PAGED
    capped = strike("capped_page", lambda options: paged and size > options["cap"])
    ties = strike("unstable_ties", lambda _: lists)
    return Slant(
        timezone="UTC" if strike("utc_bounds") else None,
        cap=capped["cap"] if capped else None,
        ties=int(ties["chance"] * 2**31) if ties else None,
        back=1 if strike("repeated_page", lambda _: lists and page > 1) else 0,
    )


def _readable(body: bytes) -> dict[str, Any]:
    try:
        return decoded(body)
    except ValueError:
        return {}


def _whole(asked: dict[str, Any], name: str, default: int) -> int:
    value = asked.get(name)
    return value if isinstance(value, int) else default


def _plain(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers, "application/json")
