"""The one place that touches the network, against real sockets."""

from __future__ import annotations

import gzip
import socket
import threading
import traceback

import pytest
import requests
from requests.adapters import HTTPAdapter

from brightcall_pandas.api._key import ApiKey
from brightcall_pandas.api._transport import ApiAdapter, Failure, is_this_machine
from brightcall_pandas.errors import ServerError

KEY = "canary-0123456789abcdef"


@pytest.fixture
def send(scripted):
    adapter = ApiAdapter(ApiKey(KEY), 1)

    def send(url=scripted.url, **options):
        request = requests.Request("POST", f"{url}/api/v1/stat/calls", data=b"{}").prepare()
        return adapter.send(request, **({"timeout": 30} | options))

    yield send
    adapter.close()


def failure_of(send, **options):
    with pytest.raises(Failure) as caught:
        send(**options)
    text = "".join(traceback.format_exception(caught.value))
    assert KEY not in text
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    return caught.value.verdict


class TestSend:
    def test_the_server_gets_the_key_and_nobody_else(self, send, scripted):
        response = send()
        assert scripted.targets == [f"/api/v1/stat/calls?api-key={KEY}"]
        assert response.url == response.request.url == f"{scripted.url}/api/v1/stat/calls"
        assert response.outcome.has("calls")

    def test_an_echo_is_taken_out(self, send, scripted):
        def echo(target):
            return (
                200,
                {"X-Asked": target, "Set-Cookie": f"last={KEY}"},
                b'{"calls": [], "url": "%s"}' % target.encode(),
            )

        scripted.answers = [echo]
        response = send()
        assert response.headers["X-Asked"] == "/api/v1/stat/calls?api-key=[api-key]"
        assert response.json()["url"] == "/api/v1/stat/calls?api-key=[api-key]"
        assert KEY not in str(dict(response.headers)) + response.text

    def test_an_echo_that_is_compressed(self, send, scripted):
        scripted.answers = [lambda t: (200, {"Content-Encoding": "gzip"} | _length(z := _zipped(t)), z)]
        assert send().json()["url"].endswith("api-key=[api-key]")

    def test_an_echo_in_the_status_line(self, send):
        with socket.create_server(("127.0.0.1", 0)) as server:

            def serve():
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(
                        b'HTTP/1.1 200 %s\r\nContent-Length: 12\r\n\r\n{"calls":[]}' % KEY.encode()
                    )

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            response = send(url=f"http://127.0.0.1:{server.getsockname()[1]}")
            thread.join(60)
        assert response.reason == "[api-key]"
        assert response.raw is None  # it would have the headers as they came

    def test_a_redirect_is_not_followed(self, send, scripted):
        scripted.answers = [lambda target: (302, {"Location": scripted.url + target}, b"")]
        response = send()
        assert len(scripted.targets) == 1
        assert KEY not in response.headers["Location"]
        assert "redirects to 127.0.0.1" in response.outcome.reason

    def test_the_verdict_knows_what_the_path_promises(self, send, scripted):
        scripted.answers = [(200, {}, b'{"success": true}')]
        assert "has no calls" in send().outcome.reason


def _zipped(target: str) -> bytes:
    return gzip.compress(b'{"calls": [], "url": "%s"}' % target.encode())


def _length(body: bytes) -> dict[str, str]:
    return {"Content-Length": str(len(body))}


class TestProxies:
    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
    def test_what_stays_on_this_machine_is_no_proxys_business(self, send, scripted, monkeypatch, name):
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            for other in ("NO_PROXY", "no_proxy"):
                monkeypatch.delenv(other, raising=False)
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
            proxies = requests.utils.get_environ_proxies(scripted.url)
            assert proxies  # the environment does ask for it
            send(proxies=proxies)
            assert len(scripted.targets) == 1
            proxy.settimeout(0)
            with pytest.raises(BlockingIOError):
                proxy.accept()  # nobody called


class TestCertificates:
    @pytest.fixture
    def verified(self, monkeypatch):
        seen = []

        def look(_, request, **options):
            seen.append(options["verify"])
            raise requests.exceptions.SSLError(f"bad certificate for {request.url}")

        monkeypatch.setattr(HTTPAdapter, "send", look)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        return seen

    @pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_the_users_own_bundle(self, send, verified, monkeypatch, name):
        monkeypatch.setenv(name, "/etc/mine.pem")
        failure_of(send, verify=True)
        assert verified == ["/etc/mine.pem"]

    def test_otherwise_the_usual_one(self, send, verified):
        failure_of(send, verify=True)
        assert verified == [True]

    def test_a_bad_certificate_is_final(self, send, verified):
        found = failure_of(send, verify=True)
        assert (found.error, found.transient) == (ServerError, False)
        assert "certificate" in found.reason


class TestFailure:
    def test_nobody_listens(self, send):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        found = failure_of(send, url=f"http://127.0.0.1:{port}")
        assert (found.error, found.transient) == (ServerError, True)
        assert "Connection refused" in found.reason

    def test_no_answer(self, send):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            found = failure_of(send, url=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        assert (found.error, found.transient) == (ServerError, True)
        assert "within 0.2 s" in found.reason

    def test_half_an_answer(self, send, scripted):
        scripted.answers = [(200, {"Content-Length": "5000", "Connection": "close"}, b'{"calls": [')]
        found = failure_of(send)
        assert (found.error, found.transient) == (ServerError, True)

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc",
        ],
    )
    def test_answers_that_are_no_http(self, send, said):
        with socket.create_server(("127.0.0.1", 0)) as server:

            def serve():
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(said)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            try:
                found = send(url=url).outcome
            except Failure as failure:
                found = failure.verdict
            thread.join(60)
        assert found is not None
        assert found.transient
        assert KEY not in found.reason

    def test_a_host_that_is_unknown(self, send, monkeypatch):
        def unknown(*_, **__):
            raise socket.gaierror(-2, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        found = failure_of(send, url="http://nowhere.invalid")
        assert "host's name is not known" in found.reason


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
