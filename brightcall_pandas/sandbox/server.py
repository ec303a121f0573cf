"""The process of a sandbox: takes a port, draws the calls, serves them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import sys
import threading
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import uvicorn

from brightcall_pandas.sandbox.account import TIMEZONE
from brightcall_pandas.sandbox.answers import Answers
from brightcall_pandas.sandbox.calendar import midnight
from brightcall_pandas.sandbox.generate import draw_calls
from brightcall_pandas.sandbox.records import call_table, planted_chains
from brightcall_pandas.sandbox.service import Service
from brightcall_pandas.sandbox.table import CallTable
from brightcall_pandas.sandbox.truth import truth_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HOST", "Facts", "run"]

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Facts:
    """What a client has to know of a running sandbox."""

    url: str
    api_key: str
    account: str
    day_from: str
    day_to: str
    timezone: str


def run(
    calls: int,
    days: int,
    seed: int,
    *,
    day_to: date | None = None,
    port: int = 0,
    ready: Callable[[Facts], None],
    end_with_stdin: bool = False,
) -> None:
    """Serve a sandbox until the process is told to end.

    Parameters
    ----------
    calls, days, seed, day_to
        What to draw; see `draw_calls`.
    port
        Port on the loopback interface; 0 takes a free one.
    ready
        Called once, when requests are answered.
    end_with_stdin
        End when standard input ends, as it does when the process that started this one is gone.

    Raises
    ------
    OSError
        The port is taken.
    """
    # The port comes first: one that is taken should not cost the time of drawing the calls.
    with socket.create_server((HOST, port)) as listener:
        if end_with_stdin:
            threading.Thread(target=_end_with_stdin, daemon=True).start()
        service, facts = _service(calls, days, seed, day_to, listener.getsockname()[1])
        config = uvicorn.Config(
            service.app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        server = _Server(config, lambda: ready(facts))
        asyncio.run(server.serve(sockets=[listener]))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _service(calls: int, days: int, seed: int, day_to: date | None, port: int) -> tuple[Service, Facts]:
    rng = np.random.default_rng(seed)
    drawn = draw_calls(rng, calls, days, day_to=day_to)
    planted = planted_chains(rng, drawn)
    first, last = drawn.calendar.day_from, drawn.calendar.day_to
    facts = Facts(
        url=f"http://{HOST}:{port}",
        api_key="sandbox-" + hashlib.sha256(f"key {seed}".encode()).hexdigest()[:24],
        # The same rows are the same account, whatever the port: a cache may serve both.
        account=f"sandbox-{seed}-{calls}-{first}-{last}",
        day_from=str(first),
        day_to=str(last),
        timezone=TIMEZONE,
    )
    table = CallTable(call_table(rng, drawn, planted))
    answers = Answers(table, facts.api_key, now=midnight(last + timedelta(1)))
    return Service(answers, truth_of(drawn, planted)), facts


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
