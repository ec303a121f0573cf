"""What test modules share: a sandbox that can fail, servers that say what one tells them, the command."""

from __future__ import annotations

import contextlib
import functools
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

import brightcall_pandas as bc
from brightcall_pandas.sandbox import Sandbox

# Programs, which find their neighbor only when they are run as such.
collect_ignore = ["command_server.py", "kernel_server.py"]


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


@pytest.fixture(scope="session")
def run_copied(
    tmp_path_factory: pytest.TempPathFactory, copied_sandboxes: Any
) -> Iterator[Callable[..., Any] | None]:
    """How a test runs a program: its path ("" for the command line), arguments and environment in.

    Each is a process of its own: a copy of one that has imported everything, which costs a hundredth of
    starting Python. None where something cannot be forked.
    """
    if copied_sandboxes is None:
        yield None
        return
    folder = tmp_path_factory.mktemp("commands")
    copied_sandboxes.begin()
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("command_server.py")), copied_sandboxes.address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"

        def run(path: str, *arguments: Any, **environment: str) -> subprocess.CompletedProcess[str]:
            assert server.stdin is not None
            assert server.stdout is not None
            job = {
                "path": path,
                "arguments": [str(each) for each in arguments],
                "environment": os.environ | environment,
                "folder": str(Path.cwd()),
                "stdout": str(folder / "stdout"),
                "stderr": str(folder / "stderr"),
            }
            server.stdin.write(json.dumps(job) + "\n")
            server.stdin.flush()
            status = int(server.stdout.readline())
            said = (Path(job[name]).read_text(encoding="utf-8") for name in ("stdout", "stderr"))
            return subprocess.CompletedProcess(job["arguments"], status, *said)

        yield run
        server.stdin.close()


@pytest.fixture(scope="session")
def brightcall(run_copied: Callable[..., Any] | None) -> Callable[..., Any]:
    """How a test runs the command line: arguments and environment in, exit status and what was printed out.

    Where something cannot be forked it is the installed command.
    """
    return run_installed if run_copied is None else functools.partial(run_copied, "")


@pytest.fixture(scope="session")
def run_script(run_copied: Callable[..., Any] | None) -> Callable[..., Any]:
    """How a test runs a program of this repository: its path, and as `brightcall`."""
    return started_script if run_copied is None else run_copied


def started_script(path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python that starts anew."""
    command = [sys.executable, path, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)


def run_installed(*arguments: Any, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    return subprocess.run(
        [Path(sys.executable).with_name("brightcall"), *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        env=os.environ | environment,
        check=False,
    )


@pytest.fixture
def installed() -> Callable[..., Any]:
    """How a test runs the command as it is installed, in a Python that starts anew."""
    return run_installed


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


class RawServer:
    """A server that says bytes: to each request the next of its answers, and the last one for ever.

    An answer is bytes, a list of them to say one by one, or a function that gets the connection and after
    which that is closed.
    """

    def __init__(self, context=None):
        self.answers = [b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"calls": []}']
        self.heard = []  # number of the connection, and the request
        self.said = threading.Semaphore(0)  # released with each answer
        self._context = context
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._connections = []
        self.port = self._listening.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def connections(self):
        return len({number for number, _ in self.heard})

    def close(self):
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self._connections:
            each.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                number = len(self._connections)
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection, number):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            if self._context is not None:
                connection = stack.enter_context(self._context.wrap_socket(connection, server_side=True))
            while (asked := self.hear(connection)) is not None:
                with self._lock:
                    self.heard.append((number, asked))
                    said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if callable(said):
                    said(connection)
                    return
                for each in [said] if isinstance(said, bytes) else said:
                    connection.sendall(each)
                self.said.release()

    @staticmethod
    def hear(connection):
        """Return one request as it came; None when the other side has closed."""
        heard = b""
        while b"\r\n\r\n" not in heard or len(heard.partition(b"\r\n\r\n")[2]) < _body_length(heard):
            part = connection.recv(65536)
            if not part:
                return None
            heard += part
        return heard


def _body_length(heard):
    lines = heard.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
    return next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)


@pytest.fixture
def start_server():
    """Start raw servers, with TLS where a context is given."""
    started = []

    def start(context=None):
        started.append(RawServer(context))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture(scope="session")
def start_cluster() -> Iterator[Callable[..., Any]]:
    """How a test starts dask workers; on a busy machine they may need another go before their deadline.

    Each is a process of its own, forked from one that has imported dask and pandas (where there are forks).
    """
    distributed, dask = pytest.importorskip("distributed"), pytest.importorskip("dask")

    def start(**options: Any) -> Any:
        given = {
            "n_workers": 2,
            "threads_per_worker": 1,
            "dashboard_address": "127.0.0.1:0",  # nobody looks at it; others may have clusters
            "host": "127.0.0.1",
        }
        for last in (False, False, True):
            try:
                return distributed.LocalCluster(processes=True, **(given | options))
            except RuntimeError:
                if last:
                    raise
        return None

    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    with dask.config.set({"distributed.worker.multiprocessing-method": method}):
        yield start
