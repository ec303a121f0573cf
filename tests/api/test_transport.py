"""The one place that touches the network, against real sockets."""

from __future__ import annotations

import codecs
import contextlib
import gc
import gzip
import http.client
import itertools
import json
import socket
import struct
import threading
import traceback
import warnings
import zlib
from urllib.parse import urlsplit

import pytest
import requests

import brightcall_pandas as bc
from brightcall_pandas.api import ApiKey, Failure, Transport, is_this_machine, judge, promised, request_to
from brightcall_pandas.errors import InvalidResponseError, ServerError
from brightcall_pandas.frame import Answer
from tests.api.certificates import certificate, context_of

KEY = "canary-0123456789abcdef"
PATH = "/api/v1/stat/calls"
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PROXIES = [
    name for each in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (each, each.upper())
]


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


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """No proxy and no certificates of the environment."""
    for name in (*BUNDLES, *PROXIES):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server(start_server):
    return start_server()


@pytest.fixture
def send():
    """Send a request by a transport that lasts as long as the test."""
    made = {}

    def send(server, timeout=30, limit=100_000_000, **body):
        if (timeout, limit) not in made:
            made[timeout, limit] = Transport(ApiKey(KEY), 1, timeout=timeout, answer_limit=limit)
        return made[timeout, limit].send(request_to(server.url + PATH, body))

    yield send
    for transport in made.values():
        transport.close()


def judged(found):
    """Return what an answer holds, or why it is not data."""
    return judge(*found, promised(PATH))


def outcome_of(send, server, **options):
    """Send; return what came of it, without the key in any case."""
    try:
        found = send(server, **options)
    except Failure as error:
        failure = error
    else:
        assert KEY not in repr(found)
        return judged(found)
    assert KEY not in "".join(traceback.format_exception(failure))
    assert (failure.__context__, failure.__cause__) == (None, None)
    return failure.verdict


class TestSend:
    def test_the_server_gets_the_key_and_nobody_else(self, send, scripted):
        found = send(scripted)
        assert scripted.targets == [f"{PATH}?api-key={KEY}"]
        assert found.status == 200
        assert judged(found).has("calls")
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
        assert "redirects to 127.0.0.1" in judged(found).reason


class TestEncodings:
    """Words of a refusal that are not UTF-8."""

    SAID = "Доступ запрещён"

    @pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "UTF-16", "iso-8859-5"])
    @pytest.mark.parametrize("form", ["{}", '{{"message": "{}"}}', "<title>{}</title>"])
    def test_named_by_the_header(self, send, server, encoding, form):
        body = form.format(self.SAID).encode(encoding)
        line = f"Content-Type: text/plain; Charset={encoding}"
        server.answers = [answer(body, line, status="403 Forbidden")]
        assert f"«{self.SAID}»" in outcome_of(send, server).reason

    @pytest.mark.parametrize("tag", ["<meta charset=cp1251>", '<meta content="text/html; charset=CP1251">'])
    def test_named_by_the_page(self, send, server, tag):
        body = f"<head>{tag}<title>{self.SAID}</title></head>".encode("cp1251") + b"x" * 50_000
        server.answers = [answer(body, status="403 Forbidden")]
        assert f"«{self.SAID}»" in outcome_of(send, server).reason

    @pytest.mark.parametrize("name", ["none", "hex", "zip", "unicode_escape", "punycode", "utf-8"])
    def test_by_a_name_that_is_no_help(self, send, server, name):
        body = b"no \xff use at all"
        server.answers = [answer(body, f"Content-Type: text/plain; charset={name}", status="403 Forbidden")]
        assert "«no " in outcome_of(send, server).reason

    def test_data_stays_as_it_came(self, send, server):
        body = b'{"calls": [{"clientName": "\xff"}]}'
        server.answers = [answer(body, "Content-Type: application/json; charset=ISO-8859-1")]
        assert send(server).content == body


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
    "after hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + answer(CALLS),
    "after word that it takes long": b"HTTP/1.1 102 Processing\r\n\r\n" * 2 + answer(CALLS),
    "chunked with trailers": chunked(CALLS)[:-2] + b"X-Checksum: 1\r\nodd\r\n\r\n",
    "its length twice": answer(CALLS, b"Content-Length: %d" % len(CALLS)),
    "its length twice in one line": answer(CALLS).replace(b"\r\n\r\n", b", %d\r\n\r\n" % len(CALLS), 1),
    "a blank before the colon of its length": answer(CALLS).replace(b"Length:", b"Length :"),
    "a byte order mark": answer(b"\xef\xbb\xbf" + CALLS),
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
        assert (first.content.removeprefix(codecs.BOM_UTF8) == CALLS) is (name in GOOD)
        assert isinstance(judged(first), Answer) is (name in GOOD or name == "no content")
        assert second.content == b'{"calls": [2]}'
        assert [connection for connection, _ in server.heard] == [0, 0]

    @pytest.mark.parametrize("name", CLOSING)
    def test_or_another_where_the_server_closes_it(self, send, server, name):
        server.answers = [closing(CLOSING[name])]
        for _ in range(2):
            found = send(server)
            assert found.content == CALLS
            assert isinstance(judged(found), Answer)
        assert len(server.heard) == server.connections == 2

    @pytest.mark.parametrize("name", ["length", "chunked", "chunked gzip", "after a 100"])
    def test_comes_in_small_parts(self, send, server, name):
        said = GOOD[name]
        cuts = [*range(40), *range(40, len(said), 97), len(said) - 1, len(said)]
        server.answers = [[said[start:end] for start, end in itertools.pairwise(cuts)]]
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
        assert server.said.acquire(timeout=60)
        assert send(server).content == b'{"calls": [2]}'
        assert len(server.heard) == 2


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
    "no colon, and folded": b"odd\r\n one: 1\r\n\ttwo",
    "a line break of old": b"X-Odd: one\rtwo: 2\rthree",
    "as mail begins": b"From me",
    "a second status": b"HTTP/1.1 200 OK",
}


def relayed(server, url, line):
    """Have a server stand before another one, and add a header line to each of its answers."""

    def relay(connection):
        _, asked = server.heard[-1]
        upstream = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        with contextlib.closing(upstream):
            while asked is not None:  # all that come on this connection
                head, _, body = asked.partition(b"\r\n\r\n")
                method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
                upstream.request(method, target, body, {"Content-Type": "application/json"})
                got = upstream.getresponse()
                said = answer(got.read(), "Content-Type: application/json", line, status=got.status)
                connection.sendall(said)
                asked = server.hear(connection)

    server.answers = [relay]


class TestOddHeaders:
    @pytest.mark.parametrize("whole", [answer(CALLS), chunked(CALLS)], ids=["length", "chunked"])
    @pytest.mark.parametrize("first", [False, True])
    @pytest.mark.parametrize("name", ODD)
    def test_cost_nothing(self, send, server, name, first, whole):
        status, rest = whole.split(b"\r\n", 1)
        framing, body = rest.split(b"\r\n\r\n", 1)
        lines = [ODD[name], framing] if first else [framing, ODD[name]]
        server.answers = [b"\r\n".join([status, *lines, b"", body])]
        for _ in range(3):
            assert send(server).content == CALLS
        assert [connection for connection, _ in server.heard] == [0, 0, 0]

    @pytest.mark.parametrize("name", ["a blank before the colon", "no colon", "folded"])
    def test_behind_a_relay_a_load_sends_as_many_requests_as_without(self, shared, server, tmp_path, name):
        relayed(server, shared.url, ODD[name])
        asked = {}
        for way, url in {"straight": shared.url, "by relay": server.url}.items():
            before = len(shared.requests())
            client = shared.client(base_url=url, cache_dir=tmp_path / way, page_size=20, workers=2)
            frame = bc.load_calls(shared.day_from, shared.day_to, client=client, progress=False)
            asked[way] = len(shared.requests()) - before
            assert len(frame) == frame["id"].nunique() == 240
            assert client.session.requests == asked[way]
            client.close()
        assert asked["by relay"] == asked["straight"] > 12
        assert server.connections <= 2


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("certificates") / "server.pem"
    path.write_bytes(certificate())
    return str(path)


class TestTls:
    @pytest.fixture
    def server(self, start_server, bundle):
        return start_server(context_of(bundle))

    @pytest.mark.parametrize("name", BUNDLES)
    def test_the_users_own_bundle(self, send, server, bundle, monkeypatch, name):
        monkeypatch.setenv(name, bundle)
        body = json.dumps({"calls": [{"id": n} for n in range(40_000)]}).encode()
        server.answers = [answer(body)]
        for _ in range(3):
            assert send(server).content == body
        assert [connection for connection, _ in server.heard] == [0, 0, 0]
        assert all(heard.startswith(f"POST {PATH}?api-key={KEY} ".encode()) for _, heard in server.heard)

    def test_a_certificate_that_nobody_vouches_for_is_final(self, send, server):
        found = outcome_of(send, server)
        assert (found.error, found.transient) == (ServerError, False)
        assert "certificate was not accepted" in found.reason
        assert "REQUESTS_CA_BUNDLE" in found.advice
        assert server.heard == []  # the key least of all

    def test_one_of_another_host(self, send, start_server, tmp_path, monkeypatch):
        path = tmp_path / "other.pem"
        path.write_bytes(certificate("127.0.0.2"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
        server = start_server(context_of(path))
        found = outcome_of(send, server)
        assert not found.transient
        assert server.heard == []

    def test_records_that_come_one_by_one(self, send, server, bundle, monkeypatch):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        said = answer(CALLS)
        server.answers = [[said[start : start + 200] for start in range(0, len(said), 200)]]
        assert send(server).content == CALLS

    @pytest.mark.parametrize("ends", [closing(b""), resets])
    def test_a_connection_that_ends_while_it_is_made_is_tried_again(self, send, start_server, ends):
        server = start_server()
        server.hear = ends  # with the first bytes, which are no HTTP
        server.url = server.url.replace("http:", "https:")
        found = outcome_of(send, server)
        assert (found.error, found.transient) == (ServerError, True)
        assert "certificate" not in found.reason
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()  # Python's own ssl leaves a socket open that was reset just before the handshake

    def test_a_server_that_speaks_no_tls(self, send, start_server):
        server = start_server()
        server.hear = lambda connection: connection.sendall(answer())
        server.url = server.url.replace("http:", "https:")
        found = outcome_of(send, server)
        assert "the connection failed" in found.reason
        assert "certificate" not in found.reason

    def test_the_server_closes_in_the_middle(self, send, server, bundle, monkeypatch):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        server.answers = [closing(answer(CALLS)[:-1])]
        assert outcome_of(send, server).transient


class TestProxies:
    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
    def test_what_stays_on_this_machine_is_no_proxys_business(
        self, send, scripted, server, monkeypatch, name
    ):
        monkeypatch.setenv(name, server.url)
        assert requests.utils.get_environ_proxies(scripted.url)  # the environment does ask for it
        send(scripted)
        assert len(scripted.targets) == 1
        assert server.heard == []

    def client(self, tmp_path, **options):
        return bc.Client(KEY, cache_dir=tmp_path, account="mine", retries=0, **options)

    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
    def test_plain_http_to_elsewhere_goes_by_the_environments_proxy(
        self, server, tmp_path, monkeypatch, name
    ):
        monkeypatch.setenv(name, server.url)
        server.answers = [answer(b'{"success": true, "calls": [], "totalItems": 7}')]
        client = self.client(tmp_path, base_url="http://api.invalid", allow_http=True)
        assert bc.count_calls("2026-03-01", "2026-03-01", client=client) == 7
        assert bc.count_calls("2026-03-01", "2026-03-02", client=client) == 7
        client.close()
        assert [number for number, _ in server.heard] == [0, 0]
        assert server.heard[0][1].startswith(f"POST http://api.invalid{PATH}?api-key={KEY} HTTP/1.1".encode())

    def test_but_not_to_a_host_that_the_environment_excepts(self, server, tmp_path, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", server.url)
        monkeypatch.setenv("NO_PROXY", "api.invalid")
        client = self.client(tmp_path, base_url="http://api.invalid", allow_http=True)
        with pytest.raises(bc.ServerError):
            bc.count_calls("2026-03-01", "2026-03-01", client=client)
        client.close()
        assert server.heard == []

    def test_of_https_a_proxy_sees_the_host_and_nothing_else(self, server, tmp_path, monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        server.answers = [answer(b"", status="403 Forbidden")]
        client = self.client(tmp_path, base_url="https://api.invalid")
        with pytest.raises(bc.ServerError) as caught:
            bc.count_calls("2026-03-01", "2026-03-01", client=client)
        client.close()
        assert KEY not in "".join(traceback.format_exception(caught.value))
        ((_, heard),) = server.heard
        assert heard.startswith(b"CONNECT api.invalid:443 ")
        assert KEY.encode() not in heard


NO_HTTP = {
    "a greeting": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "zeros": b"\0" * 100 + b"\r\n\r\n",
    "a chunk without length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 20_000,
    "no gzip": answer(b"abcd", "Content-Encoding: gzip"),
}
CUT = {
    "at once": b"",
    "in the status line": b"HTTP/1.1 200 O",
    "in the headers": b"HTTP/1.1 200 OK\r\nContent-Le",
    "after a 100": b"HTTP/1.1 100 Continue\r\n\r\n",
    "in the body": answer(CALLS)[:-1],
    "in a chunk": chunked(CALLS)[:-200],
    "between two chunks": chunked(CALLS, size=len(CALLS))[: -len(b"0\r\n\r\n")],
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc",
    "a line": b"SSH-2.0-OpenSSH_9.6\r\n",
    "the key": b"HTTP/1.1 500 %s\r\n?api-key=%s\r\n\r\n" % (KEY.encode(), KEY.encode()),
}


class TestFailure:
    def test_nobody_listens(self, send, server):
        server.close()
        found = outcome_of(send, server)
        assert (found.error, found.transient) == (ServerError, False)  # nothing will come up by itself
        assert "Connection refused" in found.reason
        host = server.url.removeprefix("http://")
        assert host in found.advice
        assert host not in found.reason  # which goes into public reports
        assert "brightcall sandbox" in found.advice

    def test_nobody_listens_elsewhere(self, send, server, monkeypatch):
        monkeypatch.setattr("brightcall_pandas.api._failures.is_this_machine", lambda _: False)
        server.close()
        found = outcome_of(send, server)
        assert (found.error, found.transient) == (ServerError, True)
        assert f"base_url ({server.url.removeprefix('http://')})" in found.advice

    def test_no_answer(self, send, server):
        server.answers = [b""]
        found = outcome_of(send, server, timeout=0.2)
        assert (found.error, found.transient) == (ServerError, True)
        assert "no answer came within 0.2 s" in found.reason

    def test_a_late_answer_is_not_taken_for_another_one(self, send, server):
        go = threading.Event()
        late = answer(b'{"calls": ["late"]}')
        server.answers = [
            lambda connection: go.wait(60) and connection.sendall(late),
            answer(b'{"calls": ["mine"]}'),
        ]
        assert "no answer came" in outcome_of(send, server, timeout=0.2).reason
        go.set()
        assert send(server).content == b'{"calls": ["mine"]}'
        assert server.connections == 2

    @pytest.mark.parametrize("name", CUT)
    @pytest.mark.parametrize("reused", [True, False])
    def test_the_server_closes_too_early(self, send, server, name, reused):
        server.answers = [closing(CUT[name]), answer(CALLS)]
        if reused:
            server.answers.insert(0, answer(CALLS))
            send(server)
        found = outcome_of(send, server)
        assert found.transient
        assert KEY not in found.reason
        assert send(server).content == CALLS

    @pytest.mark.parametrize("name", NO_HTTP)
    def test_what_is_no_http_is_not_waited_for(self, send, server, name):
        server.answers = [NO_HTTP[name], answer(CALLS)]
        found = outcome_of(send, server)
        assert not isinstance(found, Answer)
        assert found.transient or "unexpected status 101" in found.reason
        assert KEY not in found.reason
        assert send(server).content == CALLS

    def test_what_cannot_be_unpacked_is_named(self, send, server):
        server.answers = [answer(b"abcd", "Content-Encoding: gzip")]
        found = outcome_of(send, server)
        assert (found.error, found.transient) == (InvalidResponseError, True)
        assert "cannot be unpacked" in found.reason

    @pytest.mark.parametrize("length", [2, len(gzip.compress(CALLS)) - 20])
    def test_gzip_that_is_cut_off_is_not_data(self, send, server, length):
        server.answers = [answer(gzip.compress(CALLS)[:length], "Content-Encoding: gzip")]
        found = outcome_of(send, server)
        assert found.transient

    def test_the_server_resets_the_connection(self, send, server):
        server.answers = [resets, answer(CALLS)]
        found = outcome_of(send, server)
        assert found.transient
        assert "Connection reset" in found.reason
        assert send(server).content == CALLS

    @pytest.mark.parametrize("ends", [closing(b""), resets])
    def test_an_idle_connection_that_ends_just_when_it_is_used_again_costs_a_retry(
        self, make, server, scripted, ends
    ):
        scripted.url = server.url
        session = make(cache=None, retries=1)
        server.answers = [answer(CALLS), ends, answer(CALLS)]
        for _ in range(2):
            assert session.ask(PATH, {}, about="calls").content == CALLS
        assert [connection for connection, _ in server.heard] == [0, 0, 1]
        assert session.requests == 3

    def test_a_host_that_is_unknown(self, send):
        class Nowhere:
            url = "http://nowhere.invalid"

        assert "host's name is not known" in outcome_of(send, Nowhere).reason


class TestIsThisMachine:
    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
    def test_loopback(self, host):
        assert is_this_machine(host)

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "evil-localhost",
            "",
            None,
            "::2",
        ],
    )
    def test_others(self, host):
        assert not is_this_machine(host)
