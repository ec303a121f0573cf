"""The tables of calls loaded over HTTP, against what the sandbox knows of the calls that it drew."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from brightcall_pandas import load_calls, load_stats, start_sandbox
from brightcall_pandas.frame import fold

BY_HAND = Path(__file__).parents[2] / "benchmarks" / "catalog.py"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Any]:
    with start_sandbox(calls=6000, days=20, seed=5) as running:
        yield running


@pytest.fixture(scope="module")
def client(sandbox, tmp_path_factory):
    return sandbox.client(cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def calls(sandbox, client) -> pd.DataFrame:
    return load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)


class TestTruth:
    def test_outcomes(self, sandbox, calls):
        truth = sandbox.truth["by_outcome"]
        table = calls.calls.by_outcome()
        assert {fold(name) for name in table.index} == {fold(name) for name in truth}
        for name, row in table.iterrows():
            told = next(each for spelling, each in truth.items() if fold(spelling) == fold(name))
            for column, truly in (("n_calls", "calls"), ("answered",) * 2, ("talk_time_total_s",) * 2):
                assert row[column] == told[truly], (name, column)
            if name != "(none)":
                assert row["outcome_type"] == told["outcome_type"]
                assert name == max(told["spellings"], key=told["spellings"].get).strip()

    def test_directions(self, sandbox, calls):
        table = calls.calls.summary(by="direction")
        truth = pd.DataFrame(sandbox.truth["by_direction"]).T.rename(columns={"calls": "n_calls"})
        for column in ("n_calls", "answered", "talk_time_total_s"):
            assert table[column].to_dict() == truth[column].to_dict()

    def test_days(self, sandbox, calls):
        table = calls.calls.over_time("D")
        found = {str(stamp.date()): calls for stamp, calls in table["n_calls"].items() if calls}
        assert found == sandbox.truth["by_day"]

    def test_clients(self, sandbox, calls):
        assert calls.calls.summary().loc["all", "unique_clients"] == sandbox.truth["clients"]["all"]

    def test_attempts(self, sandbox, calls):
        table = calls.calls.attempts()
        truth = sandbox.truth["attempts"]["by_attempt"]
        assert table["dials"].to_dict() == {int(number): told["calls"] for number, told in truth.items()}
        assert table["answered"].to_dict() == {
            int(number): told["answered"] for number, told in truth.items()
        }

    def test_promised_calls(self, sandbox, calls):
        assert calls.calls.recalls()["recalls"].sum() == sandbox.truth["recalls"]["planned"]

    def test_transfers(self, sandbox, calls):
        share = calls.calls.summary()["transferred_share"].iloc[0]
        assert share == pytest.approx(sandbox.truth["chains"]["transferred"] / 6000)

    def test_agents(self, sandbox, calls):
        users = [each for each in sandbox.truth["users"] if each["calls"]]
        handled = {each["extension"]: each["handled"] for each in users}
        missed = sum(each["calls"] - each["handled"] for each in users)
        assert missed
        assert calls.calls.by_agent()["n_calls"].to_dict() == handled | {"(none)": missed}
        by_user = {str(each["user_id"]): each["calls"] for each in users}
        assert calls.calls.by_agent(agent="userId")["n_calls"].to_dict() == by_user

    def test_every_figure_agrees_with_the_statistics_endpoint(self, sandbox, client, calls):
        table = calls.calls.reconcile(load_stats(sandbox.day_from, sandbox.day_to, client=client))
        untold = table["agrees"].isna()
        assert set(table.index[untold].get_level_values("figure")) <= {"active", "aiTalkCost"}
        assert table["agrees"][~untold].all()
        assert (~untold).sum() == 82

    def test_a_load_without_its_last_page_is_noticed(self, sandbox, client, calls):
        stats = load_stats(sandbox.day_from, sandbox.day_to, client=client)
        table = calls.iloc[500:].calls.reconcile(stats)
        assert not table["agrees"].loc[("all", "all")]
        assert table["likely_cause"].loc[("all", "all")] == "page missing: 1 × 500 rows"

    def test_quality_tells_the_windows(self, sandbox, calls):
        table = calls.calls.quality().loc["completeness"]
        assert table["count"].sum() == table["of"].sum() == 6000


class TestByHand:
    def test_every_table_equals_the_plain_pandas_code_of_the_benchmark(self):
        done = subprocess.run(
            [sys.executable, str(BY_HAND), "--small"],
            capture_output=True,
            text=True,
            check=False,
            timeout=250,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("×") >= 22
