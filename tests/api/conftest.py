"""What several tests of the API's side need."""

from __future__ import annotations

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
        given = {"cache": cache, "connections": 2, "rate_limit": None, "timeout": 60, "retries": 3} | options
        made.append(ApiSession(scripted.url, ApiKey(key), **given))
        return made[-1]

    yield make
    for session in made:
        session.close()


@pytest.fixture
def session(make):
    return make()
