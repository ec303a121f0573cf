"""Why no answer came: proxies and certificates are named when they are at fault."""

from __future__ import annotations

import os
import traceback

import certifi
import pytest

import brightcall_pandas as bc
from brightcall_pandas.doctor import report
from tests.api.certificates import certificate, context_of

KEY, PASSWORD = "canary-0123456789abcdef", "secret-of-the-proxy"
DAYS = ("2026-03-01", "2026-03-01")
NAMES = [
    name for each in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (each, each.upper())
]


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in (*NAMES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def failed(tmp_path):
    """Ask in vain; return the error."""
    clients = []

    def failed(base_url, **options):
        clients.append(
            bc.Client(KEY, base_url=base_url, cache_dir=tmp_path, account="mine", allow_http=True, **options)
        )
        with pytest.raises(bc.BrightcallError) as caught:
            bc.count_calls(*DAYS, client=clients[-1])
        said = "".join(traceback.format_exception(caught.value))
        assert KEY not in said
        assert PASSWORD not in said
        return caught.value

    yield failed
    for each in clients:
        each.close()


def status(line, *headers, body=b""):
    head = [f"HTTP/1.1 {line}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.fixture
def behind(start_server, tmp_path, monkeypatch):
    """Start a proxy that lets anybody through to a server that answers something."""

    def behind(answer):
        path = tmp_path / "mine.pem"
        path.write_bytes(certificate("10.0.0.1"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
        context = context_of(path)

        def through(connection):
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with context.wrap_socket(connection, server_side=True) as inner:
                server.hear(inner)
                inner.sendall(answer)

        server = start_server()
        server.answers = [through]
        return server

    return behind


class TestProxies:
    def proxy(self, start_server, monkeypatch, answer, name="HTTPS_PROXY"):
        server = start_server()
        server.answers = [answer]
        monkeypatch.setenv(name, server.url.replace("//", f"//user:{PASSWORD}@"))
        return server

    @pytest.mark.parametrize("url", ["https://api.invalid", "http://api.invalid"])
    def test_that_asks_for_a_password(self, start_server, monkeypatch, failed, url):
        name = f"{url.split(':')[0].upper()}_PROXY"
        server = self.proxy(start_server, monkeypatch, status("407 Proxy Authentication Required"), name)
        error = failed(url)
        assert f"the proxy that {name} names refused the request (status 407)" in str(error)
        assert f"{name} (127.0.0.1:{server.port})" in str(error)
        assert f"{name}=http://name:password@host:port" in str(error)
        assert len(server.heard) == 1  # asking again is no use

    @pytest.mark.parametrize("url", ["https://api.invalid", "http://api.invalid"])
    def test_that_forbids_the_host(self, start_server, monkeypatch, failed, url):
        name = f"{url.split(':')[0].upper()}_PROXY"
        page = status("403 Forbidden", body=b"<html><title>Blocked by policy</title>")
        server = self.proxy(start_server, monkeypatch, page, name)
        error = failed(url)
        assert f"the proxy that {name} names refused the request (status 403)" in str(error)
        assert "NO_PROXY" in str(error)
        assert "API key" not in str(error)
        assert len(server.heard) == 1

    @pytest.mark.parametrize("url", ["https://api.invalid", "http://api.invalid"])
    @pytest.mark.parametrize("code", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
    def test_that_does_not_reach_the_server(self, start_server, monkeypatch, failed, url, code):
        name = f"{url.split(':')[0].upper()}_PROXY"
        server = self.proxy(start_server, monkeypatch, status(code), name)
        error = failed(url, retries=0)
        assert f"that {name} names cannot reach the server (status {code[:3]})" in str(error)
        assert len(server.heard) == 1

    def test_an_error_of_the_server_itself_is_not_the_proxys(self, start_server, monkeypatch, failed):
        answer = status("403 Forbidden", body=b'{"message": "no reports for this key"}')
        self.proxy(start_server, monkeypatch, answer, "HTTP_PROXY")
        error = failed("http://api.invalid")
        assert isinstance(error, bc.AuthenticationError)
        assert "no reports for this key" in str(error)
        assert "proxy" not in str(error)

    @pytest.mark.parametrize("code", ["403 Forbidden", "502 Bad Gateway", "503 Service Unavailable"])
    def test_nor_is_what_comes_through_its_tunnel(self, start_server, monkeypatch, failed, behind, code):
        """By https a proxy that does not show itself sees nothing, so it cannot answer either."""
        page = status(code, body=b"<html><title>The server's own page</title>")
        monkeypatch.setenv("HTTPS_PROXY", behind(page).url)
        error = failed("https://10.0.0.1", retries=0)
        assert "«The server's own page»" in str(error)
        assert "HTTPS_PROXY" not in str(error)

    def test_unless_it_signs_it(self, start_server, monkeypatch, failed, behind):
        answer = status("403 Forbidden", "X-Squid-Error: ERR_ACCESS_DENIED 0", body=b"<html>")
        monkeypatch.setenv("HTTPS_PROXY", behind(answer).url)
        assert "the proxy that HTTPS_PROXY names refused" in str(failed("https://10.0.0.1", retries=0))

    def test_that_asks_to_wait(self, start_server, monkeypatch, failed):
        answer = status("503 Service Unavailable", "Retry-After: 3600", body=b"<html>")
        server = self.proxy(start_server, monkeypatch, answer, "HTTP_PROXY")
        assert "asks to wait 3600 s" in str(failed("http://api.invalid"))
        assert len(server.heard) == 1

    def test_that_is_not_there(self, start_server, monkeypatch, failed):
        server = self.proxy(start_server, monkeypatch, b"")
        server.close()
        error = failed("https://api.invalid", retries=0)
        assert "the proxy that HTTPS_PROXY names cannot be reached" in str(error)
        assert f"HTTPS_PROXY (127.0.0.1:{server.port})" in str(error)
        assert "Connection refused" in str(error)

    @pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4"])
    def test_socks_needs_a_package(self, monkeypatch, failed, scheme):
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:9")
        error = failed("https://api.invalid")
        assert "that ALL_PROXY names speaks SOCKS" in str(error)
        assert "requests[socks]" in str(error)

    @pytest.mark.parametrize(
        "given", ["http://", "http://:8080", "nonsense://host:1", "http://host:99999", "http://[::1", " "]
    )
    def test_that_has_no_address(self, monkeypatch, failed, given):
        monkeypatch.setenv("HTTPS_PROXY", given)
        error = failed("https://api.invalid", retries=0)
        assert "the proxy that HTTPS_PROXY names" in str(error)
        assert "base_url" not in str(error)

    @pytest.mark.parametrize("mark", ["/", "#", "?", "@", "//", ":", "%", " "])
    @pytest.mark.parametrize("scheme", ["http://", ""])
    def test_whose_password_is_not_written_as_it_should_be(self, monkeypatch, failed, mark, scheme):
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}user:{PASSWORD}{mark}{PASSWORD}@127.0.0.1:9")
        assert "HTTPS_PROXY (127.0.0.1:9)" in str(failed("https://api.invalid", retries=0))

    def test_a_report_of_the_doctor_does_not_show_it(self, start_server, monkeypatch, tmp_path):
        server = self.proxy(start_server, monkeypatch, status("407 Proxy Authentication Required"))
        client = bc.Client(KEY, base_url="https://api.invalid", cache_dir=tmp_path)
        said = report(client).to_json()
        client.close()
        assert "the proxy that HTTPS_PROXY names refused" in said
        assert str(server.port) not in said

    def test_named_later_is_obeyed(self, start_server, monkeypatch, tmp_path, failed):
        client = bc.Client(KEY, base_url="https://api.invalid", cache_dir=tmp_path, retries=0)
        with pytest.raises(bc.ServerError, match="host's name is not known"):
            bc.count_calls(*DAYS, client=client)
        server = self.proxy(start_server, monkeypatch, status("403 Forbidden"))
        with pytest.raises(bc.ServerError, match="that HTTPS_PROXY names"):
            bc.count_calls(*DAYS, client=client)
        assert server.heard[0][1].startswith(b"CONNECT api.invalid:443 ")
        monkeypatch.setenv("NO_PROXY", "api.invalid")
        with pytest.raises(bc.ServerError, match="host's name is not known"):
            bc.count_calls(*DAYS, client=client)
        client.close()
        assert len(server.heard) == 1


class TestCertificates:
    @pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_a_file_that_is_not_there(self, monkeypatch, failed, tmp_path, name):
        monkeypatch.setenv(name, str(tmp_path / "none.pem"))
        error = failed("https://127.0.0.1:9")
        assert f"certificates that {name} names does not exist" in str(error)
        assert f"Correct {name}='{tmp_path / 'none.pem'}'" in str(error)

    @pytest.mark.parametrize("content", ["", "no certificate"])
    def test_a_file_without_certificates(self, start_server, monkeypatch, failed, tmp_path, content):
        (tmp_path / "bad.pem").write_text(content)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bad.pem"))
        error = failed(f"https://127.0.0.1:{start_server().port}")
        assert "that REQUESTS_CA_BUNDLE names has no certificates" in str(error)

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads every file")
    def test_a_file_that_nobody_may_read(self, start_server, monkeypatch, failed, tmp_path):
        (tmp_path / "mine.pem").write_text("x")
        (tmp_path / "mine.pem").chmod(0)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "mine.pem"))
        assert "cannot be read" in str(failed(f"https://127.0.0.1:{start_server().port}"))

    def test_a_firewall_of_this_machine_is_not_its_fault(self, monkeypatch, failed, tmp_path):
        """It answers "Permission denied", as does a file that nobody may read."""

        def forbidden(*_, **__):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("urllib3.util.connection.create_connection", forbidden)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
        error = failed("https://api.invalid", retries=0)
        assert "the connection failed (Permission denied)" in str(error)
        assert "REQUESTS_CA_BUNDLE" not in str(error)

    def test_plain_http_has_nothing_to_do_with_it(self, start_server, monkeypatch, failed):
        server = start_server()
        server.close()
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "none.pem")
        assert "Connection refused" in str(failed(server.url, retries=0))
