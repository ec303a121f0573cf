"""A sandbox to examine, and a relay before it that may change what it answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest
import requests

import brightcall_pandas as bc
from brightcall_pandas.sandbox import Sandbox

Change = Callable[[str, dict[str, Any]], Any]
Answer = tuple[int, str, bytes]  # status, content type, body


class Relay:
    """A server between the doctor and the sandbox, which may replace each answer on its way."""

    def __init__(self, target: Sandbox) -> None:
        self.replace: Callable[[str, Answer], Answer] = lambda _, answer: answer
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(target.url))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def change(self, change: Change) -> None:
        """Let `change` have each answer with data, by path."""

        def replace(path: str, answer: Answer) -> Answer:
            status, kind, content = answer
            if status != 200:
                return answer
            return status, kind, msgspec.json.encode(change(path, msgspec.json.decode(content)))

        self.replace = replace

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(relay, target: str) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kind = {"Content-Type": self.headers["Content-Type"]}
                sent = requests.post(target + self.path, data=body, headers=kind, timeout=30)
                answer = sent.status_code, sent.headers["Content-Type"], sent.content
                status, kind_sent, content = relay.replace(self.path.partition("?")[0], answer)
                self.send_response(status)
                self.send_header("Content-Type", kind_sent)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with bc.start_sandbox(calls=300, days=6, seed=8) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.set_faults(None)


@pytest.fixture
def relay(sandbox: Sandbox) -> Iterator[Relay]:
    running = Relay(sandbox)
    yield running
    running.stop()
