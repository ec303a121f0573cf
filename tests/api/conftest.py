"""What several tests of the API's side need."""

from __future__ import annotations

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
