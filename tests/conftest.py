"""Servers that several test modules share: one sandbox that can fail, and one that says what it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

import brightcall_pandas as bc
from brightcall_pandas.sandbox import Sandbox


@pytest.fixture(scope="session")
def _shared_sandbox() -> Iterator[Sandbox]:
    with bc.start_sandbox(calls=240, days=4, seed=11) as running:
        yield running


@pytest.fixture
def shared(_shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox of 240 calls in 4 days; faults end with the test."""
    yield _shared_sandbox
    _shared_sandbox.set_faults(None)
    _shared_sandbox.latency(0)


@pytest.fixture
def fetch_plainly() -> Callable[..., dict[str, dict[str, Any]]]:
    """How a test reads a sandbox's calls without the package: one page with everything, by id."""

    def fetch(sandbox: Sandbox, **body: Any) -> dict[str, dict[str, Any]]:
        days = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to, "itemsPerPage": 10_000}
        url = f"{sandbox.url}/api/v1/stat/calls?api-key={sandbox.api_key}"
        answer = requests.post(url, json=days | body, timeout=60).json()
        assert answer["totalItems"] == len(answer["calls"])
        return {str(call["id"]): call for call in answer["calls"]}

    return fetch


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off as always, but in milliseconds."""
    monkeypatch.setattr(bc.Client, "first_pause", 0.002)


class Scripted:
    """A server that gives the answers it is told, the last one for ever, and keeps what it was asked.

    An answer is ``(status, headers, body)``; a callable gets the request's target and returns one.
    """

    def __init__(self) -> None:
        self.answers: list[Any] = [(200, {}, b'{"success": true, "calls": []}')]
        self.targets: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, target: str) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        given: tuple[int, dict[str, str], bytes] = answer(target) if callable(answer) else answer
        return given

    def _handler(script: Scripted) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # or the body of each answer waits 40 ms

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                script.targets.append(self.path)
                script.headers.append(dict(self.headers))
                script.bodies.append(body)
                status, headers, content = script._next(self.path)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(content))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_CONNECT = do_GET = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def start_cluster() -> Callable[..., Any]:
    """How a test starts dask workers; on a busy machine they may need another go before their deadline."""
    distributed = pytest.importorskip("distributed")

    def start(**options: Any) -> Any:
        given = {
            "n_workers": 2,
            "threads_per_worker": 1,
            "dashboard_address": "127.0.0.1:0",
            "host": "127.0.0.1",
        }
        for last in (False, False, True):
            try:
                return distributed.LocalCluster(processes=True, **(given | options))
            except RuntimeError:
                if last:
                    raise
        return None

    return start
