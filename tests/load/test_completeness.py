"""Every window is complete, through HTTP, against a server whose table changes between pages.

What was there is asked for by a plain request for everything at once, never by the code under test.
"""

from __future__ import annotations

import tempfile
from typing import Any

import pandas as pd
import pytest
import requests
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

import brightcall_pandas as bc

LATEST = 24
plainly = requests.Session()
at_request = st.integers(1, LATEST)


def one_page(sandbox: Any, rows: int, **days: str) -> dict[str, Any]:
    """Ask plainly, without the package."""
    body = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to, "itemsPerPage": rows} | days
    url = f"{sandbox.url}/api/v1/stat/calls?api-key={sandbox.api_key}"
    answer: dict[str, Any] = plainly.post(url, json=body, timeout=60).json()
    return answer


def everything(sandbox: Any, **days: str) -> dict[str, dict[str, Any]]:
    """Read all calls of the days in one plain page, by id."""
    answer = one_page(sandbox, 10_000, **days)
    assert answer["totalItems"] == len(answer["calls"])
    return {str(call["id"]): call for call in answer["calls"]}


class ChangingTable(RuleBasedStateMachine):
    """Rows come, change and go while pages are read; every load that returns must keep the promise."""

    sandbox: Any
    original: dict[str, dict[str, Any]]

    @initialize()
    def as_at_first(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.inserted = 0
        now = self.settled()
        self.sandbox.delete([each for each in now if now[each] != self.original.get(each)])
        now = self.settled()
        self.sandbox.insert([call for each, call in self.original.items() if each not in now])

    @rule(
        page_size=st.integers(12, 40),
        workers=st.integers(1, 3),
        version=st.sampled_from(["v1", "v3"]),
        deleted=st.lists(st.tuples(at_request, st.integers(0, 1000)), max_size=8),
        updated=st.lists(st.tuples(at_request, st.integers(0, 1000)), max_size=3),
        inserted=st.lists(st.tuples(at_request, st.integers(0, 86_399)), max_size=8),
    )
    def load(self, page_size, workers, version, deleted, updated, inserted) -> None:
        there = self.settled()
        ids = sorted(there)
        changes = [{"before_request": at, "delete": [ids[n % len(ids)]]} for at, n in deleted]
        changes += [
            {"before_request": at, "update": {"id": ids[n % len(ids)], "outcomeTag": "Changed"}}
            for at, n in updated
        ]
        changes += [{"before_request": at, "insert": [self.new_call(second)]} for at, second in inserted]
        self.sandbox.schedule(changes)
        earlier = len(self.sandbox.changes())
        client = self.sandbox.client(
            cache_dir=self.folder.name,
            page_size=page_size,
            workers=workers,
            api_version=version,
            account=version,
        )
        days = self.sandbox.day_from, self.sandbox.day_to
        frame = bc.load_calls(*days, client=client, refresh=True, progress=False)
        touched: dict[str, set[str]] = {"insert": set(), "update": set(), "delete": set()}
        for change in self.sandbox.changes()[earlier:]:
            touched[change["change"]].update(change["ids"])

        returned = set(frame["id"])
        assert len(returned) == len(frame)
        assert there.keys() - touched["delete"] <= returned
        assert returned <= there.keys() | touched["insert"]
        assert frame.attrs["brightcall"]["complete"]
        for row in frame.itertuples():
            if row.id not in touched["insert"]:
                before = there[row.id]["outcomeTag"]
                same = pd.isna(row.outcomeTag) if before is None else row.outcomeTag == before
                assert same or (row.id in touched["update"] and row.outcomeTag == "Changed")
        if not any(touched.values()):
            assert returned == there.keys()

    def settled(self) -> dict[str, dict[str, Any]]:
        """Let changes happen that no load met, and read what is there then."""
        while self.sandbox.schedule([]):
            one_page(self.sandbox, 1)
        return everything(self.sandbox)

    def new_call(self, second: int) -> dict[str, Any]:
        self.inserted += 1
        stamp = pd.Timestamp(self.sandbox.day_to, tz=self.sandbox.timezone) + pd.Timedelta(seconds=second)
        return {
            "id": 8_000_000_000 + self.inserted,
            "timestamp": stamp.isoformat(),
            "uniqueId": f"{int(stamp.timestamp())}.{self.inserted}",
        }

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=260, days=2, seed=3) as running:
        yield running


def test_whatever_changes_between_pages_a_load_keeps_its_promise(sandbox):
    ChangingTable.sandbox, ChangingTable.original = sandbox, everything(sandbox)
    run_state_machine_as_test(
        ChangingTable,
        settings=settings(
            max_examples=6, stateful_step_count=3, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


class TestHowManyRequests:
    def test_a_sparse_year_costs_a_handful(self, tmp_path):
        with bc.start_sandbox(calls=300, days=365, seed=2) as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            frame = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
            assert set(frame["id"]) == everything(sandbox).keys()
            assert len(frame) == 300
            asked = sum(each["path"].endswith("/calls") for each in sandbox.requests())
            # Both ends, three small pages of first contact, and the plain request of this test.
            assert asked <= 6

    def test_twenty_thousand_calls_come_once_each(self, tmp_path):
        with bc.start_sandbox(calls=20_000, days=30, seed=0) as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            frame = bc.load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
            truth = sandbox.truth
        assert len(frame) == frame["id"].nunique() == truth["calls"] == 20_000
        by_direction = frame.groupby("type", observed=False).agg(
            calls=("id", "size"), talk=("talkTime", "sum"), total=("totalTime", "sum")
        )
        for direction, sums in truth["by_direction"].items():
            assert by_direction.loc[direction].tolist() == [
                sums["calls"],
                sums["talk_time_total_s"],
                sums["total_time_total_s"],
            ]
        days = frame["timestamp"].dt.strftime("%Y-%m-%d").value_counts()
        assert days.to_dict() == {day: calls for day, calls in truth["by_day"].items() if calls}
