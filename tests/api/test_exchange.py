"""A request on a connection that is open already, against real sockets: the test speaks for the server."""

from __future__ import annotations

import contextlib
import datetime
import gc
import gzip
import ipaddress
import itertools
import json
import select
import socket
import ssl
import struct
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from brightcall_pandas.api._key import ApiKey
from brightcall_pandas.api._transport import ApiAdapter, Failure, request_to
from brightcall_pandas.errors import ServerError
from brightcall_pandas.frame._records import Envelope

KEY = "canary-0123456789abcdef"
PATH = "/api/v1/stat/calls"


def answer(body=b'{"calls": []}', *headers, status="200 OK"):
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Far:
    """The far end of one connection."""

    def __init__(self, connection):
        self.connection = connection
        self.port = connection.getpeername()[1]
        self._speaking = []

    def hear(self):
        """Return one request as it came; empty when the near end was closed."""
        heard = b""
        while b"\r\n\r\n" not in heard or len(heard.partition(b"\r\n\r\n")[2]) < _length(heard):
            piece = self.connection.recv(65536)
            if not piece:
                return b""
            heard += piece
        return heard

    def say(self, said):
        self.connection.sendall(said)

    def say_aside(self, said):
        """Say more than fits into the buffers of sockets."""

        def speak():
            with contextlib.suppress(OSError):  # the near end may have heard enough
                self.connection.sendall(said)

        self._speaking.append(threading.Thread(target=speak, daemon=True))
        self._speaking[-1].start()

    def close(self):
        for each in self._speaking:
            each.join(60)
        self.connection.close()

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _length(heard):
    head = heard.partition(b"\r\n\r\n")[0].lower()
    return next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))


class Server:
    def __init__(self, context=None):
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._fars = []
        self.port = self._listening.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"

    def accept(self):
        self._listening.settimeout(60)
        connection, _ = self._listening.accept()
        connection.settimeout(60)
        if self._context is not None:
            connection = self._context.wrap_socket(connection, server_side=True)
        self._fars.append(Far(connection))
        return self._fars[-1]

    def nobody_calls(self):
        self._listening.settimeout(0)
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:
            return True
        connection.close()
        return False

    def close(self):
        for each in self._fars:
            each.close()
        self._listening.close()


class Near:
    """What the library does at this end."""

    def __init__(self, server, connections=1):
        self.adapter = ApiAdapter(ApiKey(KEY), connections)
        self.server = server
        self.url = server.url
        self._usual = {"timeout": 30, "proxies": {}}

    def request(self, **body):
        return request_to(self.url + PATH, body)

    def begin(self, request=None, **options):
        return self.adapter.begin(request or self.request(), **(self._usual | options))

    def send(self, **options):
        return self.adapter.send(self.request(), verify=True, **(self._usual | options))

    def sent(self, said=None, *, close=False):
        """Send on a new connection; return its far end, and the response."""
        with ThreadPoolExecutor(1) as other:
            future = other.submit(self.send)
            far = self.server.accept()
            far.hear()
            far.say(answer() if said is None else said)
            if close:
                far.close()
            return far, future.result(60)

    def opened(self):
        """Open a connection by a first request; return its far end."""
        return self.sent()[0]

    def told(self, far, said=None, *, close=False):
        """Begin on an open connection, and return the response."""
        exchange = self.begin()
        assert exchange is not None
        far.hear()
        far.say(answer() if said is None else said)
        if close:
            far.close()
        return self.end(exchange)

    def end(self, exchange):
        wait_for(exchange)
        return self.adapter.end(exchange)

    def idle_socket(self):
        """Return the socket of the connection that is used next."""
        pool = self.adapter.get_connection_with_tls_context(self.request(), True)
        return pool.pool.queue[-1].sock


def wait_for(exchange):
    deadline = time.monotonic() + 60
    while not exchange.receive():
        assert readable(exchange, deadline - time.monotonic()), "nothing more comes"


def readable(socket_, seconds=60):
    return bool(select.select([socket_], [], [], max(0, seconds))[0])


def comes_cut(near, far, said, cuts):
    """Have an answer come in pieces, the last byte alone, and check that it is whole then and not before."""
    exchange = near.begin()
    far.hear()
    assert not exchange.receive()
    for start, end in itertools.pairwise(cuts):
        far.say(said[start:end])
        assert readable(exchange)
        assert not exchange.receive()
    far.say(said[-1:])
    assert near.end(exchange).content == CALLS


@pytest.fixture
def server(monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    made = Server()
    yield made
    made.close()


@pytest.fixture
def near(server):
    made = Near(server)
    yield made
    made.adapter.close()


@pytest.fixture
def far(near):
    """The far end of a connection that is open and idle."""
    return near.opened()


class TestBegin:
    def test_none_where_no_connection_is_open_and_nothing_was_sent(self, near, server):
        assert near.begin() is None
        assert server.nobody_calls()

    def test_the_open_connection_is_used_again_and_again(self, near, server, far):
        for number in range(3):
            exchange = near.begin(near.request(page=number))
            assert exchange is not None
            heard = far.hear()
            assert heard.startswith(b"POST " + PATH.encode())
            assert heard.endswith(b'{"page":%d}' % number)
            far.say(answer())
            assert near.end(exchange).status_code == 200
        assert server.nobody_calls()

    def test_what_is_asked_is_the_same_as_by_send(self, near, server):
        def told(heard):
            head, _, body = heard.partition(b"\r\n\r\n")
            first, *lines = head.split(b"\r\n")
            headers = dict(line.split(b": ", 1) for line in lines)
            return first, {name.lower(): value for name, value in headers.items()}, body

        with ThreadPoolExecutor(1) as other:
            future = other.submit(near.send)
            far = server.accept()
            sent = far.hear()
            far.say(answer())
            future.result(60)
        exchange = near.begin()
        begun = far.hear()
        exchange.drop()
        assert told(begun) == told(sent)

    def test_none_while_the_only_connection_is_in_use(self, near, server, far):
        exchange = near.begin()
        assert near.begin() is None
        far.hear()
        far.say(answer())
        near.end(exchange)
        near.told(far)
        assert server.nobody_calls()

    def test_two_at_once_on_two_connections_each_get_their_own_answer(self, server):
        near = Near(server, connections=2)
        with ThreadPoolExecutor(2) as others:
            futures = [others.submit(near.send) for _ in range(2)]
            fars = [server.accept() for _ in range(2)]
            for each in fars:
                each.hear()
                each.say(answer())
            for each in futures:
                each.result(60)
        exchanges = {page: near.begin(near.request(page=page)) for page in (1, 2)}
        for each in fars:
            asked = each.hear().partition(b"\r\n\r\n")[2]
            each.say(answer(b'{"calls": [], "asked": %s}' % asked))
        for page, exchange in exchanges.items():
            assert near.end(exchange).json()["asked"] == {"page": page}
        near.adapter.close()

    def test_none_after_the_server_closed_the_idle_connection(self, near, server, far):
        far.close()
        assert readable(near.idle_socket())
        assert near.begin() is None
        assert near.sent()[1].status_code == 200  # and a new one is opened as ever

    def test_none_after_something_came_that_nobody_asked_for(self, near, far):
        far.say(answer(b'{"calls": [], "late": true}'))
        assert readable(near.idle_socket())
        assert near.begin() is None
        assert near.sent()[1].json() == {"calls": []}

    def test_none_where_the_request_cannot_be_sent_any_more(self, near, far):
        near.idle_socket().shutdown(socket.SHUT_WR)
        assert near.begin() is None
        assert far.hear() == b""
        assert near.sent()[1].status_code == 200

    def test_none_after_close(self, near, far):
        near.adapter.close()
        assert far.hear() == b""
        assert near.begin() is None

    def test_what_is_under_way_while_all_is_closed_still_comes_to_its_end(self, near, far):
        exchange = near.begin()
        near.adapter.close()
        far.hear()
        far.say(answer(b'{"calls": [1]}'))
        assert near.end(exchange).json() == {"calls": [1]}
        del exchange
        gc.collect()
        assert far.hear() == b""  # no connection is left open

    def test_none_where_a_proxy_is_between(self, near, server, monkeypatch):
        def here(host, port, *_):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", here)
        near.url = f"http://api.example:{server.port}"
        far = near.opened()
        assert near.begin(proxies={"http": "http://proxy.example:3128"}) is None
        exchange = near.begin()  # the connection is open, and would have been used
        assert far.hear().startswith(b"POST")
        exchange.drop()


class TestKey:
    def test_the_server_gets_it_and_nobody_else(self, near, far):
        exchange = near.begin()
        assert far.hear().startswith(f"POST {PATH}?api-key={KEY} HTTP/1.1\r\n".encode())
        far.say(answer())
        response = near.end(exchange)
        assert response.url == response.request.url == exchange.request.url == near.url + PATH

    def test_an_echo_is_taken_out(self, near, far):
        body = b'{"calls": [], "url": "?api-key=%s"}' % KEY.encode()
        response = near.told(far, answer(body, f"X-Asked: ?api-key={KEY}", f"Set-Cookie: last={KEY}"))
        assert response.json()["url"] == response.headers["X-Asked"] == "?api-key=[api-key]"
        assert KEY not in str(dict(response.headers)) + response.text + str(response.cookies)

    def test_an_echo_that_is_compressed(self, near, far):
        body = gzip.compress(b'{"calls": [], "url": "?api-key=%s"}' % KEY.encode())
        assert near.told(far, answer(body, "Content-Encoding: gzip")).json()["url"] == "?api-key=[api-key]"


CALLS = json.dumps({"success": True, "calls": [{"id": n, "name": "ü€😀"} for n in range(40)]}).encode()
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n%s\r\n%s"


def _chunks(body, size=100):
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"


KEEPING = {
    "length": answer(CALLS, "X-Two: a", "X-Two: b", "Content-Type: application/json"),
    "chunked": CHUNKED % (b"", _chunks(CALLS)),
    "gzip": answer(gzip.compress(CALLS), "Content-Encoding: gzip"),
    "chunked gzip": CHUNKED % (b"Content-Encoding: gzip\r\n", _chunks(gzip.compress(CALLS))),
    "after a 100": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(CALLS),
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
    "chunked close": CHUNKED % (b"Connection: close\r\n", _chunks(CALLS)),
    "until close": b"HTTP/1.1 200 OK\r\n\r\n" + CALLS,
    "HTTP/1.0 until close": b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + CALLS,
    "HTTP/1.0 with length": answer(CALLS).replace(b"HTTP/1.1", b"HTTP/1.0"),
}


class TestAnswers:
    @pytest.mark.parametrize("name", [*KEEPING, *CLOSING])
    def test_is_the_same_as_that_of_send(self, near, server, name):
        def told(response):
            headers = {name.lower(): value for name, value in response.headers.items()}
            return response.status_code, headers, response.content, response.outcome, response.url

        said, close = (KEEPING | CLOSING)[name], name in CLOSING
        other = Near(server)
        _, sent = other.sent(said, close=close)
        begun = near.told(near.opened(), said, close=close)
        assert told(begun) == told(sent)
        assert (begun.content == CALLS) is isinstance(begun.outcome, Envelope)
        other.adapter.close()

    @pytest.mark.parametrize("name", KEEPING)
    def test_the_connection_is_used_again(self, near, server, far, name):
        near.told(far, KEEPING[name])
        assert near.told(far, answer(b'{"calls": [2]}')).json() == {"calls": [2]}
        assert server.nobody_calls()

    @pytest.mark.parametrize("name", ["close", "chunked close", "HTTP/1.0 with length"])
    def test_is_not_used_again_where_the_server_says_that_it_will_close_it(self, near, far, name):
        near.told(far, CLOSING[name])
        assert near.begin() is None
        assert far.hear() == b""
        assert near.sent()[1].status_code == 200

    @pytest.mark.parametrize("name", ["length", "chunked", "chunked gzip", "after a 100"])
    def test_comes_in_small_pieces(self, near, far, name):
        said = KEEPING[name]
        comes_cut(near, far, said, [*range(40), *range(40, len(said), 97), len(said) - 1])

    def test_each_part_of_an_answer_may_take_its_time(self, near, far):
        exchange = near.begin()
        far.hear()
        deadlines = [exchange.deadline]
        for piece in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 13\r\n"):
            far.say(piece)
            assert readable(exchange)
            exchange.receive()
            deadlines.append(exchange.deadline)
        assert deadlines == sorted(set(deadlines))
        exchange.drop()

    def test_more_than_the_buffers_hold(self, near, far):
        body = json.dumps({"calls": list(range(2_000_000))}).encode()
        exchange = near.begin()
        far.hear()
        far.say_aside(answer(body))
        assert near.end(exchange).content == body

    def test_what_comes_after_the_end_is_not_taken_for_the_next_answer(self, near, far):
        response = near.told(far, answer(b'{"calls": [1]}') + answer(b'{"calls": ["stale"]}'))
        assert response.json() == {"calls": [1]}
        assert near.begin() is None
        assert near.sent(answer(b'{"calls": [2]}'))[1].json() == {"calls": [2]}


class TestFailure:
    @staticmethod
    def failure_of(near, exchange):
        wait_for(exchange)
        with pytest.raises(Failure) as caught:
            near.adapter.end(exchange)
        assert KEY not in "".join(traceback.format_exception(caught.value))
        assert (caught.value.__context__, caught.value.__cause__) == (None, None)
        found = caught.value.verdict
        assert (found.error, found.transient) == (ServerError, True)
        assert KEY not in found.reason
        return found

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"HTTP/1.1 200 O",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"calls": [',
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"SSH-2.0-OpenSSH_9.6\r\n",
        ],
    )
    def test_the_server_closes_too_early(self, near, far, said):
        exchange = near.begin()
        far.hear()
        far.say(said)
        far.close()
        assert "the connection failed" in self.failure_of(near, exchange).reason
        assert near.begin() is None

    @pytest.mark.parametrize(
        "said",
        [
            b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
            b"\0" * 100 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n?api-key=%s\r\n\r\n" % KEY.encode(),
        ],
    )
    def test_what_is_no_http_is_not_waited_for(self, near, far, said):
        exchange = near.begin()
        far.hear()
        far.say(said)
        assert "the connection failed" in self.failure_of(near, exchange).reason
        assert near.begin() is None
        assert far.hear() == b""

    def test_headers_without_end(self, near, far):
        exchange = near.begin()
        far.hear()
        far.say_aside(b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 20_000)
        self.failure_of(near, exchange)
        assert near.begin() is None

    def test_what_says_it_is_gzip_and_is_not(self, near, far):
        exchange = near.begin()
        far.hear()
        far.say(answer(b"abcd", "Content-Encoding: gzip"))
        self.failure_of(near, exchange)

    @pytest.mark.parametrize("length", [2, len(gzip.compress(CALLS)) - 20])
    def test_gzip_that_is_cut_off_is_no_data(self, near, far, length):
        found = near.told(far, answer(gzip.compress(CALLS)[:length], "Content-Encoding: gzip")).outcome
        assert found.transient
        assert "cut off" in found.reason

    def test_the_server_resets_the_connection_when_it_is_asked(self, near, far):
        exchange = near.begin()
        far.hear()
        far.reset()
        assert "Connection reset" in self.failure_of(near, exchange).reason
        assert near.begin() is None

    def test_the_server_closes_an_idle_connection_just_when_it_is_used(self, near, far):
        sock = near.idle_socket()
        exchange = near.begin()
        far.close()  # before it has read what was sent
        assert readable(sock)
        self.failure_of(near, exchange)
        assert near.sent()[1].status_code == 200


class TestDrop:
    def test_says_how_long_was_waited(self, near, far):
        exchange = near.begin(timeout=12.5)
        exchange.drop()
        with pytest.raises(Failure) as caught:
            near.adapter.end(exchange)
        assert "no answer came within 12.5 s" in caught.value.verdict.reason
        assert caught.value.verdict.transient
        assert (caught.value.__context__, caught.value.__cause__) == (None, None)

    def test_a_late_answer_is_not_taken_for_another_one(self, near, far):
        exchange = near.begin()
        far.hear()
        exchange.drop()
        assert near.begin() is None
        with contextlib.suppress(OSError):  # told that nobody listens
            far.say(answer(b'{"calls": ["late"]}'))
        other, response = near.sent(answer(b'{"calls": ["mine"]}'))
        assert response.json() == {"calls": ["mine"]}
        assert other.port != far.port
        assert near.told(other, answer(b'{"calls": ["next"]}')).json() == {"calls": ["next"]}

    def test_after_the_answer_the_connection_is_not_given_back_twice(self, near, far):
        exchange = near.begin()
        far.hear()
        far.say(answer(CALLS))
        wait_for(exchange)
        exchange.drop()
        first = near.begin()
        assert first is not None  # it stayed open
        assert near.begin() is None  # and is the only one
        first.drop()

    def test_half_an_answer_is_none(self, near, far):
        exchange = near.begin()
        far.hear()
        far.say(answer(CALLS)[:-1])
        assert readable(exchange)
        assert not exchange.receive()
        exchange.drop()
        with pytest.raises(Failure):
            near.adapter.end(exchange)
        assert near.begin() is None


class TestPatience:
    def test_of_the_connection_is_as_before(self, near, far):
        before = near.idle_socket().gettimeout()
        near.told(far)
        assert near.idle_socket().gettimeout() == before

    def test_a_later_send_waits_as_long_as_it_says(self, near, far):
        near.told(far)
        with pytest.raises(Failure) as caught:
            near.send(timeout=0.2)
        assert far.hear().startswith(b"POST")  # it was sent on this connection
        assert "no answer came within 0.2 s" in caught.value.verdict.reason

    def test_a_later_send_waits_for_an_answer(self, near, far):
        near.told(far)
        with ThreadPoolExecutor(1) as other:
            future = other.submit(near.send)
            far.hear()
            far.say(answer(CALLS))
            assert future.result(60).content == CALLS


class TestTls:
    @pytest.fixture
    def context(self, tmp_path, monkeypatch):
        path = tmp_path / "server.pem"
        path.write_bytes(_certificate())
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(path)
        return made

    @pytest.fixture
    def server(self, context):
        made = Server(context)
        yield made
        made.close()

    def test_a_large_answer_is_whole(self, near, server, far):
        body = json.dumps({"calls": [{"id": n} for n in range(40_000)]}).encode()
        assert len(body) > 450_000
        for _ in range(3):
            exchange = near.begin()
            assert far.hear().startswith(f"POST {PATH}?api-key={KEY} ".encode())
            far.say_aside(answer(body))
            assert near.end(exchange).content == body
        assert server.nobody_calls()

    def test_records_that_come_one_by_one(self, near, far):
        said = answer(CALLS)
        comes_cut(near, far, said, [*range(0, len(said) - 1, 200), len(said) - 1])

    def test_the_server_closes_in_the_middle(self, near, far):
        exchange = near.begin()
        far.hear()
        far.say(answer(CALLS)[:-1])
        far.close()
        TestFailure.failure_of(near, exchange)
        assert near.begin() is None


def _certificate():
    """Return a certificate of this machine that signs itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    uses = "content_commitment key_encipherment data_encipherment key_agreement crl_sign encipher_only"
    usage = dict.fromkeys([*uses.split(), "decipher_only"], False)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
