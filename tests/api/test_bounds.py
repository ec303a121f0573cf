"""No answer takes more time or memory than it may, whatever the server does."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import subprocess
import sys
import time
import zlib

import pytest

import brightcall_pandas as bc
from brightcall_pandas.api import ApiKey, Failure, Timeout, Transport, request_to
from brightcall_pandas.errors import InvalidResponseError, ServerError

GOOD = b'{"calls": []}'


def head(*lines, length=None):
    sized = [] if length is None else [f"Content-Length: {length}"]
    return "\r\n".join(["HTTP/1.1 200 OK", *sized, *lines]).encode() + b"\r\n\r\n"


@pytest.fixture
def server(start_server):
    return start_server()


@pytest.fixture
def send(server):
    """Send a request with some bounds; return the body, or the verdict."""
    with contextlib.ExitStack() as stack:

        def send(**bounds):
            transport = Transport(ApiKey("any-key-whatever"), 1, **bounds)
            stack.callback(transport.close)
            try:
                return transport.send(request_to(server.url + "/x", {})).content
            except Failure as failure:
                return failure.verdict

        yield send


def without_end(*parts, pause=0.01):
    """Say parts one after the other, until the other side has closed."""

    def say(connection):
        for each in itertools.chain(parts[:-1], itertools.repeat(parts[-1])):
            connection.sendall(each)
            time.sleep(pause)

    return say


class TestTimeout:
    def test_a_number_is_for_connecting_and_each_part_and_ten_times_it_in_all(self):
        assert Timeout.of(30) == (30, 30, 300)

    def test_three_numbers(self):
        assert Timeout.of((3, 20, 60)) == Timeout(connect=3, read=20, total=60)


SLOW = {
    "the body": without_end(head(length=10**6), b"x"),
    "a body without length": without_end(head(), b"x"),
    "a chunk": without_end(head("Transfer-Encoding: chunked"), b"1\r\nx\r\n"),
    "the headers": without_end(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
    "the status line": without_end(b"HTTP/1.1 200 ", b"x"),
    "answers before the answer": without_end(b"HTTP/1.1 100 Continue\r\n\r\n"),
}


class TestTotal:
    @pytest.mark.parametrize("name", SLOW)
    def test_whatever_comes_bit_by_bit(self, send, server, name):
        server.answers = [SLOW[name]]
        found = send(timeout=(5, 5, 0.3))
        assert (found.error, found.transient) == (InvalidResponseError, False)
        assert "not there after 0.3 s" in found.reason
        assert "timeout=" in found.advice

    @pytest.mark.timeout(
        60
    )  # as one part, it would take minutes to unpack, whatever the time that is allowed
    def test_a_body_packed_in_empty_pieces(self, send, server):
        server.answers = [without_end(head("Content-Encoding: gzip"), gzip.compress(b"") * 10_000, pause=0)]
        assert "not there after 1 s" in send(timeout=(5, 5, 1), answer_limit=10_000_000).reason

    def test_a_part_that_does_not_come_is_what_it_was(self, send, server):
        server.answers = [b""]
        found = send(timeout=(5, 0.2, 60))
        assert (found.error, found.transient) == (ServerError, True)
        assert "no answer came within 0.2 s" in found.reason

    def test_the_next_request_has_time_of_its_own(self, server):
        server.answers = [head(length=len(GOOD)) + GOOD]
        transport = Transport(ApiKey("any-key-whatever"), 1, timeout=(5, 5, 1.0))
        for _ in range(3):
            assert transport.send(request_to(server.url + "/x", {})).content == GOOD
            time.sleep(0.4)
        transport.close()
        assert server.connections == 1

    def test_a_load_says_so(self, server, tmp_path):
        server.answers = [SLOW["the body"]]
        client = bc.Client("any-key", base_url=server.url, cache_dir=tmp_path, timeout=(5, 5, 0.3))
        with pytest.raises(bc.InvalidResponseError, match=r"not there after 0\.3 s.*timeout="):
            bc.load_calls("2026-03-01", "2026-03-01", client=client)
        client.close()


BOMB, OTHER_BOMB = gzip.compress(b"\0" * 60_000_000, 1), zlib.compress(b"\0" * 60_000_000, 1)
TOO_LARGE = {
    "gzip": head("Content-Encoding: gzip", length=len(BOMB)) + BOMB,
    "deflate": head("Content-Encoding: deflate", length=len(OTHER_BOMB)) + OTHER_BOMB,
    "plain": head(length=2_000_001) + b"x" * 2_000_001,
    "without end": without_end(head(), b"x" * 100_000, pause=0),
    "chunks without end": without_end(
        head("Transfer-Encoding: chunked"), b"186a0\r\n" + b"x" * 100_000 + b"\r\n", pause=0
    ),
}


class TestAnswerLimit:
    @pytest.mark.parametrize("name", TOO_LARGE)
    def test_more_is_refused(self, send, server, name):
        server.answers = [TOO_LARGE[name], head(length=len(GOOD)) + GOOD]
        found = send(answer_limit=2_000_000)
        assert (found.error, found.transient) == (InvalidResponseError, False)
        assert "more than 2 MB" in found.reason
        assert "answer_limit=" in found.advice
        assert send(answer_limit=2_000_000) == GOOD

    def test_as_much_will_do(self, send, server):
        body = b"x" * 2_000_000
        server.answers = [
            head(length=len(body)) + body,
            head("Content-Encoding: gzip", "Transfer-Encoding: chunked")
            + b"%x\r\n%s\r\n0\r\n\r\n" % (len(gzip.compress(body)), gzip.compress(body)),
        ]
        assert send(answer_limit=2_000_000) == body
        assert send(answer_limit=2_000_000) == body

    @pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in kB on Linux only")
    def test_a_bomb_takes_no_memory(self, server, tmp_path):
        """1 MB that unpacks to 250 MB, in a process of its own, so that its memory can be measured."""
        bomb = gzip.compress(b"\0" * 250_000_000, 1)
        server.answers = [head("Content-Encoding: gzip", length=len(bomb)) + bomb]
        code = f"""
import resource, sys
from brightcall_pandas.api import ApiKey, Failure, Transport, request_to
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    Transport(ApiKey("any-key-whatever"), 1, answer_limit=10_000_000).send(request_to("{server.url}/x", {{}}))
except Failure as failure:
    print(failure.verdict.error.__name__, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        name, grown = done.stdout.split()
        assert name == "InvalidResponseError"
        assert int(grown) < 100_000  # kB: some copies of what the limit allows

    def test_a_setting_of_the_client(self, server, tmp_path):
        server.answers = [TOO_LARGE["plain"]]
        client = bc.Client("any-key", base_url=server.url, cache_dir=tmp_path, answer_limit="1 MB")
        with pytest.raises(bc.InvalidResponseError, match="more than 1 MB"):
            bc.count_calls("2026-03-01", "2026-03-01", client=client)
        client.close()


class TestHead:
    @pytest.mark.parametrize(
        "lines",
        [
            without_end(b"HTTP/1.1 100 Continue\r\nX-More: " + b"x" * 50_000 + b"\r\n\r\n", pause=0),
            without_end(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 60_000 + b"\r\n", pause=0),
        ],
        ids=["answers before the answer", "lines"],
    )
    def test_without_end(self, send, server, lines):
        server.answers = [lines]
        found = send(timeout=60)
        assert found.error is InvalidResponseError
        assert "before the answer's body has more than 1 MB" in found.reason
