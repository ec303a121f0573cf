"""One sandbox, its calls, and an export of it, for all modules that only read them."""

from __future__ import annotations

import pytest

import brightcall_pandas as bc


@pytest.fixture(scope="session")
def sandbox():
    with bc.start_sandbox(calls=2_000, days=10, seed=5) as running:
        yield running


@pytest.fixture
def client(sandbox, tmp_path):
    return sandbox.client(cache_dir=tmp_path / "cache")


@pytest.fixture(scope="session")
def calls(sandbox, tmp_path_factory):
    client = sandbox.client(cache_dir=tmp_path_factory.mktemp("cache"))
    return bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)


@pytest.fixture(scope="session")
def folder(sandbox, tmp_path_factory):
    client = sandbox.client(cache_dir=tmp_path_factory.mktemp("cache"))
    return bc.export_calls(
        sandbox.day_from, sandbox.day_to, tmp_path_factory.mktemp("out") / "calls", client=client
    )
