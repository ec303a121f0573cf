"""What the package logs: a load, a request, a retry; never a key or a phone number."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

import brightcall_pandas as bc

NUMBER = "+4915112345678"


@pytest.fixture
def client(shared, tmp_path, quick_retries):
    made = shared.client(cache_dir=tmp_path, retries=3)
    yield made
    made.close()


def lines(caplog, level):
    return [each.getMessage() for each in caplog.records if each.levelno == level]


class TestLogging:
    def test_one_line_a_load(self, shared, client, caplog):
        caplog.set_level(logging.INFO, "brightcall_pandas")
        for _ in range(2):
            bc.load_calls(shared.day_from, shared.day_to, client=client, progress=False)
        first, second = lines(caplog, logging.INFO)
        days, asked = f"calls from {shared.day_from} to {shared.day_to}: ", client.session.requests
        read = f"0 of 4 days from the cache, 1 windows read ({asked} requests), proved by"
        assert first.startswith(days + read)
        assert second.startswith(f"{days}4 of 4 days from the cache, 0 windows read")

    def test_one_line_a_request(self, shared, client, caplog):
        caplog.set_level(logging.DEBUG, "brightcall_pandas")
        before = len(shared.requests())
        bc.load_calls(shared.day_from, shared.day_to, client=client, progress=False)
        said = lines(caplog, logging.DEBUG)
        assert len(said) == len(shared.requests()) - before
        assert all("status 200" in each and ", page " in each for each in said)

    def test_a_retry_is_a_warning(self, shared, client, caplog):
        shared.set_faults({"http_500": {"first": 1}})
        bc.load_calls(shared.day_from, shared.day_to, client=client, progress=False)
        (said,) = lines(caplog, logging.WARNING)
        assert "ServerError" in said
        assert "trying again in" in said

    def test_never_a_key_nor_a_number(self, shared, tmp_path, caplog, quick_retries):
        caplog.set_level(logging.DEBUG, "brightcall_pandas")
        shared.set_faults({"http_500": {"first": 1}, "echo_key": 1})
        client = bc.Client(shared.api_key, base_url=shared.url, cache_dir=tmp_path, account="x")
        bc.load_calls(shared.day_from, shared.day_to, client=client, progress=False, number=NUMBER)
        assert caplog.records
        text = "\n".join(each.getMessage() for each in caplog.records)
        assert shared.api_key not in text
        assert NUMBER.lstrip("+") not in text

    def test_silent_unless_asked(self):
        code = "import logging, brightcall_pandas\nlogging.getLogger('brightcall_pandas').warning('heard')"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert "heard" not in done.stdout + done.stderr
