"""The one place that touches the network, against real sockets."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import http.client
import ipaddress
import json
import os
import socket
import ssl
import struct
import threading
import traceback
import zlib
from urllib.parse import urlsplit

import pytest
import requests

import brightcall_pandas as bc
from brightcall_pandas.api import Failure, Transport, is_this_machine, request_to
from brightcall_pandas.api import ApiKey, ApiSession
from brightcall_pandas.api._transport import HttpAnswer
from brightcall_pandas.errors import ServerError
from brightcall_pandas.frame import Envelope

KEY = "canary-0123456789abcdef"
PATH = "/api/v1/stat/calls"
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PROXIES = [name for each in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (each, each.upper())]


def answer(body=b'{"calls": []}', *lines, status="200 OK"):
    """Return an answer as bytes, with further header lines at its end."""
    head = [f"HTTP/1.1 {status}".encode(), b"Content-Length: %d" % len(body)]
    head += [each.encode() if isinstance(each, str) else each for each in lines]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def closing(said):
    """Say something, and close the connection."""
    return lambda connection: connection.sendall(said)


def resets(connection):
    """Close the connection in a way that tells the other side so."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class RawServer:
    """A server that says bytes: to each request the next of its answers, and the last one for ever.

    An answer is bytes, a list of them to say one by one, or a function that gets the connection and after
    which that is closed.
    """

    def __init__(self, context=None):
        self.answers = [answer()]
        self.heard = []  # number of the connection, and the request
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
            while (asked := _request(connection)) is not None:
                with self._lock:
                    self.heard.append((number, asked))
                    said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if callable(said):
                    said(connection)
                    return
                for each in [said] if isinstance(said, bytes) else said:
                    connection.sendall(each)


def _request(connection):
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


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """No proxy and no certificates of the environment."""
    for name in (*BUNDLES, *PROXIES):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    made = RawServer()
    yield made
    made.close()


@pytest.fixture
def send():
    """Send a request by a transport that lasts as long as the test."""
    transport = Transport(ApiKey(KEY), 1)

    def send(server, timeout=30, proxies=None, **body):
        return transport.send(request_to(server.url + PATH, body), timeout, proxies)

    yield send
    transport.close()


def outcome_of(send, server, **options):
    """Return what an answer holds, or why it is not data; without the key in any case."""
    try:
        found = send(server, **options)
    except Failure as failure:
        assert KEY not in "".join(traceback.format_exception(failure))
        assert (failure.__context__, failure.__cause__) == (None, None)
        return failure.verdict
    assert KEY not in f"{found.headers}{found.content!r}"
    return found.outcome


class TestSend:
    def test_the_server_gets_the_key_and_nobody_else(self, send, scripted):
        found = send(scripted)
        assert scripted.targets == [f"{PATH}?api-key={KEY}"]
        assert found.status == 200
        assert found.outcome.has("calls")
        assert KEY not in repr(found)

    def test_an_echo_is_taken_out(self, send, scripted):
        def echo(target):
            headers = {"X-Asked": target, "Set-Cookie": f"last={KEY}"}
            return 200, headers, b'{"calls": [], "url": "%s"}' % target.encode()

        scripted.answers = [echo]
        found = send(scripted)
        assert found.headers["x-asked"] == f"{PATH}?api-key=[api-key]"
        assert found.headers["Set-Cookie"] == "last=[api-key]"
        assert json.loads(found.content)["url"] == f"{PATH}?api-key=[api-key]"

    def test_an_echo_that_is_compressed(self, send, server):
        body = gzip.compress(b'{"calls": [], "url": "?api-key=%s"}' % KEY.encode())
        server.answers = [answer(body, "Content-Encoding: gzip")]
        assert json.loads(send(server).content)["url"] == "?api-key=[api-key]"

    def test_an_echo_in_the_status_line(self, send, server):
        server.answers = [answer(status=f"200 {KEY}")]
        assert KEY not in repr(send(server))

    def test_a_redirect_is_not_followed(self, send, scripted):
        scripted.answers = [lambda target: (302, {"Location": scripted.url + target}, b"")]
        found = send(scripted)
        assert len(scripted.targets) == 1
        assert KEY not in found.headers["Location"]
        assert "redirects to 127.0.0.1" in found.outcome.reason

    def test_the_verdict_knows_what_the_path_promises(self, send, scripted):
        scripted.answers = [(200, {}, b'{"success": true}')]
        assert "has no calls" in send(scripted).outcome.reason


CALLS = json.dumps({"success": True, "calls": [{"id": n, "name": "ü€😀"} for n in range(40)]}).encode()


def chunked(body, *lines, size=100):
    head = [b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", *lines]
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in parts)
    return b"\r\n".join(head) + b"\r\n\r\n" + chunks + b"0\r\n\r\n"


GOOD = {
    "length": answer(CALLS, "X-Two: a", "X-Two: b", "Content-Type: application/json"),
    "chunked": chunked(CALLS),
    "gzip": answer(gzip.compress(CALLS), "Content-Encoding: gzip"),
    "deflate": answer(zlib.compress(CALLS), "Content-Encoding: deflate"),
    "chunked gzip": chunked(gzip.compress(CALLS), b"Content-Encoding: gzip"),
    "after a 100": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(CALLS),
}
OTHER = {
    "empty": answer(b""),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "html": answer(b"<html>"),
    "refused": answer(b'{"message": "no"}', status="401 Unauthorized"),
    "busy": answer(b"", "Retry-After: 7", status="429 Too Many Requests"),
    "elsewhere": answer(b"", "Location: http://elsewhere.invalid/", status="302 Found"),
    "broken": answer(b"", status="503 Service Unavailable"),
}
CLOSING = {
    "close": answer(CALLS, "Connection: close"),
    "until close": b"HTTP/1.1 200 OK\r\n\r\n" + CALLS,
    "HTTP/1.0 until close": b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + CALLS,
    "HTTP/1.0 with length": answer(CALLS).replace(b"HTTP/1.1", b"HTTP/1.0"),
}


class TestAnswers:
    @pytest.mark.parametrize("name", [*GOOD, *OTHER])
    def test_one_connection_serves_one_request_after_the_other(self, send, server, name):
        server.answers = [(GOOD | OTHER)[name], answer(b'{"calls": [2]}')]
        first, second = send(server), send(server)
        assert (first.content == CALLS) is isinstance(first.outcome, Envelope) is (name in GOOD)
        assert second.content == b'{"calls": [2]}'
        assert [connection for connection, _ in server.heard] == [0, 0]

    @pytest.mark.parametrize("name", CLOSING)
    def test_or_another_where_the_server_closes_it(self, send, server, name):
        server.answers = [closing(CLOSING[name])]
        for _ in range(2):
            found = send(server)
            assert found.content == CALLS
            assert isinstance(found.outcome, Envelope)
        assert len(server.heard) == server.connections == 2

    @pytest.mark.parametrize("name", ["length", "chunked", "chunked gzip", "after a 100"])
    def test_comes_in_small_parts(self, send, server, name):
        said = GOOD[name]
        cuts = [*range(40), *range(40, len(said), 97), len(said) - 1, len(said)]
        server.answers = [[said[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]]
        assert send(server).content == CALLS

    def test_more_than_the_buffers_hold(self, send, server):
        body = json.dumps({"calls": list(range(2_000_000))}).encode()
        server.answers = [answer(body)]
        assert send(server).content == body

    @pytest.mark.parametrize("stale", [answer(b'{"calls": ["stale"]}'), b"\r\n", b"garbage"])
    @pytest.mark.parametrize("at_once", [True, False])
    def test_what_comes_after_the_end_is_not_taken_for_the_next_answer(self, send, server, stale, at_once):
        first = answer(b'{"calls": [1]}')
        server.answers = [first + stale if at_once else [first, stale], answer(b'{"calls": [2]}')]
        assert send(server).content == b'{"calls": [1]}'
        following = outcome_of(send, server)
        if isinstance(following, Envelope):
            assert following.calls == [2] or [call.id for call in following.calls] == [2]
        else:  # it came when the connection was in use again
            assert following.transient


ODD = {
    "a blank before the colon": b"X-Odd : 1",
    "no colon": b"odd",
    "folded": b"X-Odd: one\r\n two\r\n\tthree",
    "letters that are not Latin": "X-Odd: жук €".encode(),
    "a name that is not Latin": "X-Жук: 1".encode(),
    "an underscore": b"X_ODD: 1",
    "no name": b": 1",
    "no value": b"X-Odd:",
    "a control character": b"X-Odd: a\x01b\x7f",
    "twice": b"X-Odd: 1\r\nX-Odd: 2",
    "very long": b"X-Odd: " + b"x" * 30_000,
}


class Relay:
    """Stands before a server, and adds a header line to each answer."""

    def __init__(self, url, line):
        self._upstream = urlsplit(url).netloc
        self._line = line
        self._server = RawServer()
        self._server.answers = [self._relay]
        self.url = self._server.url
        self.close = self._server.close

    @property
    def heard(self):
        return self._server.heard

    def _relay(self, connection):
        """Answer the request that was just heard, and all that follow on this connection."""
        number, asked = self.heard[-1]
        upstream = http.client.HTTPConnection(self._upstream, timeout=60)
        with contextlib.closing(upstream):
            while asked is not None:
                head, _, body = asked.partition(b"\r\n\r\n")
                method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
                upstream.request(method, target, body, {"Content-Type": "application/json"})
                got = upstream.getresponse()
                said = answer(got.read(), "Content-Type: application/json", self._line, status=got.status)
                connection.sendall(said)
                asked = _request(connection)
                self.heard.append((number, asked))


class TestOddHeaders:
    @pytest.mark.parametrize("name", ODD)
    def test_cost_nothing(self, send, server, name):
        server.answers = [answer(CALLS, ODD[name])]
        for _ in range(3):
            assert send(server).content == CALLS
        assert [connection for connection, _ in server.heard] == [0, 0, 0]

    @pytest.mark.parametrize("name", ["a blank before the colon", "no colon", "folded"])
    def test_behind_a_relay_a_load_sends_as_many_requests_as_without(self, shared, tmp_path, name):
        asked = []
        relay = Relay(shared.url, ODD[name])
        for url in (shared.url, relay.url):
            before = len(shared.requests())
            client = shared.client(
                base_url=url, cache_dir=tmp_path / str(len(asked)), page_size=20, workers=1, retries=0
            )
            frame = bc.load_calls(shared.day_from, shared.day_to, client=client, progress=False)
            client.close()
            assert len(frame) == frame["id"].nunique() == 240
            asked.append(len(shared.requests()) - before)
            assert client.session.requests == 0 or client.session.requests == asked[-1]
        assert asked[0] == asked[1] > 12
        relay.close()
