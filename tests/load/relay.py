"""A server between a client and a sandbox that may change what is answered. It is no test itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

Question = Callable[[dict[str, Any]], dict[str, Any]]
"""Gets the body of a request and returns the one to ask instead."""

Change = Callable[[dict[str, Any], bytes], bytes | tuple[int, bytes] | None]
"""Gets the body of a request and the answer to it; may give a status too; None is a server's failure."""


class Relay:
    """Stands before a server.

    Parameters
    ----------
    url
        The server.
    """

    def __init__(self, url: str) -> None:
        self.question: Question = lambda body: body
        self.change: Change = lambda _, content: content
        self.asked: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(url))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def days(self, since: int = 0) -> set[tuple[str, str]]:
        """Return the days that were asked for."""
        return {(body["dayFrom"], body["dayTo"]) for body in self.asked[since:]}

    def _handler(relay, url: str) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                relay.asked.append(body)
                sent = requests.post(url + self.path, json=relay.question(body), timeout=60)
                changed = relay.change(body, sent.content)
                status, content = changed if isinstance(changed, tuple) else (sent.status_code, changed)
                self.send_response(500 if content is None else status)
                self.send_header("Content-Type", "application/json")
                if status != 204:
                    self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        return Handler
