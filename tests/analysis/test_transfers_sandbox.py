"""The chains that the sandbox planted, read back from what it sends over HTTP."""

from collections.abc import Iterator
from functools import cache

import pandas as pd
import pytest
import requests

import brightcall_pandas.accessors._frame  # noqa: F401 - registers .calls
from brightcall_pandas.sandbox import Sandbox, start_sandbox

CALLS = 12_000


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(calls=CALLS, days=30, seed=5) as running:
        yield running


@cache
def calls_of(sandbox: Sandbox, *, transfers: bool) -> pd.DataFrame:
    days = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to}
    rows = []
    for page in range(1, 5):
        answer = requests.post(
            f"{sandbox.url}/api/v1/stat/calls",
            params={"api-key": sandbox.api_key},
            json=days | {"showTransfers": transfers, "page": page, "itemsPerPage": CALLS // 4},
            timeout=60,
        )
        rows += answer.json()["calls"]
    assert len(rows) == CALLS
    return pd.DataFrame(rows)


@pytest.fixture(scope="module", params=[False, True], ids=["numbersInvolved", "transfers"])
def calls(request: pytest.FixtureRequest, sandbox: Sandbox) -> pd.DataFrame:
    """The calls as they came, untyped, without and with the array of transfers."""
    return calls_of(sandbox, transfers=request.param)


class TestPlantedChains:
    def test_every_variant_with_its_calls(self, sandbox, calls):
        planted = dict(sandbox.truth["chains"]["variants"])
        planted["(none)"] = planted.pop("")
        planted["(unreadable)"] = sandbox.truth["chains"]["unreadable"]
        assert max(path.count("→") for path in planted) == 5
        assert calls.calls.transfer_variants()["n_calls"].to_dict() == planted

    def test_every_transfer(self, sandbox, calls):
        planted = pd.DataFrame(sandbox.truth["chains"]["handovers"]).T.fillna(0)
        table = calls.calls.transfer_matrix()
        shown = planted.reindex(index=table.index, columns=table.columns, fill_value=0)
        assert table.to_numpy().tolist() == shown.to_numpy().tolist()
        assert len(calls.calls.transfer_events()) == planted.to_numpy().sum()

    def test_the_totals(self, sandbox, calls):
        row = calls.calls.transfer_summary().loc["all"]
        truth = sandbox.truth["chains"]
        assert (row["n_calls"], row["transferred"]) == (CALLS, truth["transferred"])
        assert row["unreadable"] == truth["unreadable"] > 0

    def test_what_came_of_them(self, calls):
        table = calls.calls.transfer_variants()
        paths = calls.calls.transfer_chains()["path"]
        positive = (calls["outcomeType"] == "positive").groupby(paths.to_numpy()).sum()
        assert table["positive"].drop(["(none)", "(unreadable)"]).to_dict() == positive.drop("").to_dict()

    def test_the_event_log_has_every_party_of_every_call(self, sandbox, calls):
        truth = sandbox.truth["chains"]["variants"]
        log = calls.calls.to_event_log()
        assert len(log) == sum(len(path.split(" → ")) * count for path, count in truth.items() if path)
        assert log["time:timestamp"].dt.tz is not None
        assert log.groupby("case:concept:name")["time:timestamp"].is_monotonic_increasing.all()

    def test_names_of_the_truth_reach_the_tables(self, sandbox, calls):
        names = {user["extension"]: user["name"] for user in sandbox.truth["users"]}
        assert set(calls.calls.transfer_matrix(names=names).index) <= set(names.values())


class TestBothSources:
    def test_say_the_same(self, sandbox):
        calls = calls_of(sandbox, transfers=True)
        moved = calls.calls.transfer_chains(source="transfers")
        involved = calls.calls.transfer_chains(source="numbersInvolved")
        both = moved["transferred"]
        assert both.sum() == sandbox.truth["chains"]["transferred"]
        assert moved.loc[both, "path"].tolist() == involved.loc[both, "path"].tolist()
