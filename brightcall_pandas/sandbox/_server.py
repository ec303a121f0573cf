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
from typing import TYPE_CHECKING, Any

import numpy as np
import uvicorn

from brightcall_pandas.sandbox._account import TIMEZONE
from brightcall_pandas.sandbox._answers import Answers
from brightcall_pandas.sandbox._breakage import FaultyProtocol
from brightcall_pandas.sandbox._calendar import midnight
from brightcall_pandas.sandbox._changes import Changes
from brightcall_pandas.sandbox._faults import rows_mark
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._records import call_table, planted_chains
from brightcall_pandas.sandbox._service import Service
from brightcall_pandas.sandbox._table import CallTable
from brightcall_pandas.sandbox._truth import truth_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HOST", "Facts", "Wanted", "run"]

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


@dataclass(frozen=True)
class Wanted:
    """What a sandbox is made of; see `start_sandbox`."""

    calls: int
    days: int
    seed: int
    faults: dict[str, Any]
    day_to: date | None = None


def run(wanted: Wanted, *, port: int, ready: Callable[[Facts], None], end_with_stdin: bool = False) -> None:
    """Serve a sandbox until the process is told to end.

    Parameters
    ----------
    wanted
        Which calls, and what goes wrong.
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
        # Its connections inherit it. asyncio sees to it only on listeners of its own making, and without it a
        # small answer waits 40 ms for a sign that its head has come.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if end_with_stdin:
            threading.Thread(target=_end_with_stdin, daemon=True).start()
        service, facts = _service(wanted, listener.getsockname()[1])
        config = uvicorn.Config(
            service.app,
            http=FaultyProtocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
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


def _service(wanted: Wanted, port: int) -> tuple[Service, Facts]:
    calls, seed, faults = wanted.calls, wanted.seed, wanted.faults
    rng = np.random.default_rng(seed)
    ties = faults["unstable_ties"]["seconds"] if "unstable_ties" in faults else 1
    drawn = draw_calls(rng, calls, wanted.days, day_to=wanted.day_to, tie_seconds=ties)
    planted = planted_chains(rng, drawn)
    first, last = drawn.calendar.day_from, drawn.calendar.day_to
    facts = Facts(
        url=f"http://{HOST}:{port}",
        api_key="sandbox-" + hashlib.sha256(f"key {seed}".encode()).hexdigest()[:24],
        # The same rows are the same account, whatever the port: a cache may serve both.
        account="-".join(filter(None, ("sandbox", f"{seed}-{calls}-{first}-{last}", rows_mark(faults)))),
        day_from=str(first),
        day_to=str(last),
        timezone=TIMEZONE,
    )
    table = CallTable(call_table(rng, drawn, planted))
    begin, end = midnight(first), midnight(last + timedelta(1))
    answers = Answers(table, facts.api_key, now=end)
    truth = truth_of(drawn, planted)
    return Service(answers, Changes(table, begin, end), truth, faults, seed), facts


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
