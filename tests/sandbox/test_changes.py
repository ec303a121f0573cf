"""A table that changes between requests, and which calls were there all the while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from brightcall_pandas.sandbox import Sandbox, start_sandbox

TOTAL = 60
LATE = {"id": 5, "uniqueId": "5.5", "timestamp": "2026-03-31T10:00:00Z"}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with start_sandbox(calls=TOTAL, days=2, seed=5) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.set_faults(None)
    running.restore()


def ask(sandbox: Sandbox, path: str = "/api/v1/stat/calls", **body: Any) -> dict[str, Any]:
    days = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to, "itemsPerPage": 1_000}
    answer = requests.post(
        sandbox.url + path, params={"api-key": sandbox.api_key}, json=days | body, timeout=30
    )
    told: dict[str, Any] = answer.json()
    return told


def names(answer: dict[str, Any]) -> set[str]:
    return {call["uniqueId"] for call in answer["calls"]}


class TestFaults:
    def test_grow_adds_calls_at_the_end(self, sandbox: Sandbox) -> None:
        newest = ask(sandbox)["calls"][0]["timestamp"]
        sandbox.set_faults({"grow": 1})
        answers = [ask(sandbox) for _ in range(5)]
        assert [each["totalItems"] for each in answers] == [61, 62, 63, 64, 65]
        added = [call for call in answers[-1]["calls"] if call["label"] == "inserted"]
        assert len(added) == 5
        assert all(call["timestamp"] >= newest for call in added)
        assert max(call["timestamp"] for call in added) > newest

    def test_insert_adds_calls_anywhere(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"insert": 1})
        for _ in range(30):
            answer = ask(sandbox)
        added = [call["timestamp"] for call in answer["calls"] if call["label"] == "inserted"]
        assert len(added) == 30
        assert min(added) < "2026-03-30T12" < "2026-03-31T12" < max(added)

    def test_delete_removes_calls(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"delete": 1})
        assert [ask(sandbox)["totalItems"] for _ in range(3)] == [59, 58, 57]

    def test_they_strike_as_often_as_they_should(self, sandbox: Sandbox) -> None:
        sandbox.set_faults({"insert": 0.5, "delete": 0.1})
        earlier = len(sandbox.changes())
        for _ in range(80):
            ask(sandbox, itemsPerPage=1)
        made = [each["change"] for each in sandbox.changes()[earlier:]]
        assert 25 <= made.count("insert") <= 55
        assert 2 <= made.count("delete") <= 18

    def test_the_seed_decides(self, sandbox: Sandbox) -> None:
        def states(seed: int | None) -> list[int]:
            sandbox.restore()
            sandbox.set_faults({"insert": 0.5, "delete": 0.5}, seed=seed)
            return [ask(sandbox)["totalItems"] for _ in range(12)]

        assert states(1) == states(1) != states(2)
        assert states(None) == states(5)


class TestRestore:
    def test_all_is_as_it_was_drawn(self, sandbox: Sandbox) -> None:
        first = ask(sandbox)
        ids = [call["id"] for call in first["calls"]]
        sandbox.insert([LATE])
        sandbox.delete(ids[3:9])
        sandbox.update(ids[0], outcomeTag="Won", timestamp="2026-03-30T01:00:00Z")
        sandbox.update(ids[0], outcomeTag="Lost")
        sandbox.delete([ids[0]])
        sandbox.schedule([{"before_request": 1, "delete": [ids[1]]}])
        assert ask(sandbox) != first
        sandbox.restore()
        assert ask(sandbox) == ask(sandbox) == first

    def test_it_can_be_done_again(self, sandbox: Sandbox) -> None:
        first = ask(sandbox)
        for _ in range(2):
            sandbox.delete([call["id"] for call in first["calls"]])
            assert ask(sandbox)["totalItems"] == 0
            sandbox.restore()
            assert ask(sandbox) == first


class TestSinceMark:
    def test_a_still_table(self, sandbox: Sandbox) -> None:
        sandbox.mark()
        there = names(ask(sandbox))
        ask(sandbox, itemsPerPage=1)
        told = sandbox.since_mark()
        assert told["always"] == told["ever"] == sorted(there)
        assert told["answers"] == 2

    def test_what_comes_and_goes_between_answers(self, sandbox: Sandbox) -> None:
        calls = ask(sandbox)["calls"]
        sandbox.mark()
        sandbox.delete([calls[0]["id"]])  # before the first answer: in no state
        ask(sandbox)
        sandbox.insert([LATE])
        sandbox.delete([calls[1]["id"]])
        ask(sandbox)
        sandbox.delete([5])
        ask(sandbox)
        told = sandbox.since_mark()
        rest = {call["uniqueId"] for call in calls[2:]}
        assert set(told["always"]) == rest
        assert set(told["ever"]) == rest | {"5.5", calls[1]["uniqueId"]}

    def test_what_no_answer_saw_does_not_count(self, sandbox: Sandbox) -> None:
        calls = ask(sandbox)["calls"]
        sandbox.mark()
        ask(sandbox)
        sandbox.insert([LATE])
        sandbox.delete([5])
        ask(sandbox)
        sandbox.delete([calls[1]["id"]])  # after the last answer
        told = sandbox.since_mark()
        assert set(told["always"]) == set(told["ever"]) == {call["uniqueId"] for call in calls}

    def test_a_call_whose_time_moves_was_not_there_always(self, sandbox: Sandbox) -> None:
        calls = ask(sandbox)["calls"]
        sandbox.mark()
        ask(sandbox)
        sandbox.update(calls[0]["id"], timestamp="2026-03-30T01:00:00Z")
        sandbox.update(calls[1]["id"], outcomeTag="Won")
        ask(sandbox)
        told = sandbox.since_mark()
        everyone = {call["uniqueId"] for call in calls}
        assert set(told["always"]) == everyone - {calls[0]["uniqueId"]}
        assert set(told["ever"]) == everyone

    def test_a_table_that_was_empty_at_first(self, sandbox: Sandbox) -> None:
        sandbox.delete([call["id"] for call in ask(sandbox)["calls"]])
        sandbox.mark()
        ask(sandbox)
        sandbox.insert([LATE])
        ask(sandbox)
        assert sandbox.since_mark() == {"always": [], "ever": ["5.5"], "answers": 2}

    def test_refusals_are_no_answers(self, sandbox: Sandbox) -> None:
        sandbox.mark()
        ask(sandbox, itemsPerPage=0)
        ask(sandbox, "/api/v3/stat/calls/count")
        ask(sandbox, "/api/v1/stat/calls-detailedV2", dateInterval="day")
        assert sandbox.since_mark()["answers"] == 1
