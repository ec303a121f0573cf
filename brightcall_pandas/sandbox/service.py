"""The HTTP application: requests in, answers out, and a log of both."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from brightcall_pandas.sandbox.answers import ENDPOINTS, Answer, refusal
from brightcall_pandas.sandbox.control import COMMANDS, Changes

if TYPE_CHECKING:
    from starlette.requests import Request

    from brightcall_pandas.sandbox.answers import Answers

__all__ = ["Service"]


class Service:
    """The endpoints of the API, and under ``/_sandbox/`` the commands by which a test steers them.

    Parameters
    ----------
    answers
        The endpoints.
    truth
        What is true of the calls.
    """

    def __init__(self, answers: Answers, truth: dict[str, Any]) -> None:
        self.answers = answers
        self.truth = truth
        self.log: list[dict[str, Any]] = []
        self.changes = Changes(answers.table)
        self.latency_s = 0.0
        any_method = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        self.app = Starlette(
            routes=[
                Route("/_sandbox/{command}", self._command, methods=["POST"]),
                Route("/{path:path}", self._api, methods=any_method),
            ]
        )

    async def _api(self, request: Request) -> Response:
        body = await request.body()
        entry: dict[str, Any] = {
            "method": request.method,
            "path": request.url.path,
            "query": dict(request.query_params),
            "headers": dict(request.headers),
            "body": body.decode(errors="replace"),
            "status": None,
        }
        self.log.append(entry)
        answer = await run_in_threadpool(self._answer, request, body)
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        entry["status"] = answer.status
        return Response(answer.body, answer.status, answer.headers, "application/json")

    def _answer(self, request: Request, body: bytes) -> Answer:
        path = request.url.path
        if path not in ENDPOINTS:
            return refusal(404, f"there is nothing at {path}")
        if request.method != "POST":
            return refusal(405, f"{path} takes POST, not {request.method}")
        self.changes.before_request()
        return self.answers.answer(path, request.query_params.get("api-key"), body)

    async def _command(self, request: Request) -> Response:
        if not self.answers.knows(request.query_params.get("api-key")):
            return _json(401, {"message": "the api-key is not known"})
        command = COMMANDS.get(request.path_params["command"])
        if command is None:
            return _json(404, {"message": "no such command"})
        try:
            given = msgspec.json.decode(await request.body() or b"{}")
            return _json(200, await run_in_threadpool(command, self, given))
        except (ValueError, TypeError, KeyError) as error:
            return _json(400, {"message": str(error)})


def _json(status: int, value: object) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
