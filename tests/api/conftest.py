"""What several tests of the API's side need."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from brightcall_pandas.api import ApiKey, ApiSession
from brightcall_pandas.cache import PageCache


@pytest.fixture
def cache(tmp_path):
    made = PageCache(tmp_path / "account" / "pages.sqlite")
    yield made
    made.close()


@pytest.fixture
def make(request, scripted, cache):
    """Make sessions with the scripted server, with the test module's own key if it has one."""
    key, made = getattr(request.module, "KEY", "any-key"), []

    def make(**options):
        given = {"cache": cache, "connections": 2, "rate_limit": None, "timeout": 60, "retries": 3}
        given |= {"first_pause": 0.002} | options
        made.append(ApiSession(scripted.url, ApiKey(key), **given))
        return made[-1]

    yield make
    for session in made:
        session.close()


@pytest.fixture
def session(make):
    return make()


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


@pytest.fixture
def new_threads():
    """How the threads are found that a test has started, but for those of its server."""
    before = set(threading.enumerate())

    def new_threads():
        return [
            each
            for each in threading.enumerate()
            if each not in before and "process_request_thread" not in each.name
        ]

    return new_threads
