"""One sandbox, its calls, and an export of it, for all modules that only read them."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
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


@pytest.fixture(scope="session")
def held():
    """How a test learns what the files of a folder say of themselves: period → what it holds."""

    def held(folder):
        footers = [pq.read_metadata(path).metadata for path in sorted(folder.glob("*=*/calls.parquet"))]
        return {
            json.loads(each[b"brightcall"])["period"]: json.loads(each[b"brightcall.period"])
            for each in footers
        }

    return held
