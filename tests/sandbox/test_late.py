"""What happens to calls after they were made, on a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import requests

from brightcall_pandas.sandbox import Sandbox, SandboxError, start_sandbox
from brightcall_pandas.sandbox._late import LATE

EIGHT_DAYS: dict[str, Any] = {"calls": 600, "days": 8, "day_to": "2026-03-08", "now": "2026-03-03T13:00"}
START = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """Eight days, of which the first two and a half are over: 600 calls, most of them still to be made."""
    with start_sandbox(seed=3, **EIGHT_DAYS) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.restore()


def shown(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    url = f"{sandbox.url}/api/v1/stat/calls?api-key={sandbox.api_key}"
    days = {"dayFrom": sandbox.day_from, "dayTo": sandbox.day_to, "itemsPerPage": 10_000}
    return {str(each["id"]): each for each in requests.post(url, json=days, timeout=60).json()["calls"]}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class TestNow:
    def test_calls_after_it_are_not_made_yet(self, sandbox: Sandbox) -> None:
        calls = shown(sandbox)
        assert 0 < len(calls) < 600
        assert max(moment(each["timestamp"]) for each in calls.values()) <= START
        assert sandbox.now == "2026-03-03T12:00:00+00:00"

    def test_by_default_all_are_made(self) -> None:
        with start_sandbox(calls=60, days=2) as sandbox:
            assert len(shown(sandbox)) == 60
            assert sandbox.now == "2026-03-31T22:00:00+00:00"
            assert not {each["id"] for each in sandbox.truth["late_edits"]} - set(shown(sandbox))
            assert sandbox.advance("60d") == len(sandbox.truth["late_edits"]) > 0

    def test_it_is_part_of_the_accounts_name(self, sandbox: Sandbox) -> None:
        assert "at-1772539200" in sandbox.account

    @pytest.mark.parametrize("now", ["2026-02-01", "2026-03-09T00:00:01", "noon"])
    def test_a_time_that_is_none_of_the_days(self, now: str) -> None:
        with pytest.raises(ValueError, match="now="):
            start_sandbox(calls=10, days=8, day_to="2026-03-08", now=now)


class TestAdvance:
    def test_calls_are_made_as_time_passes(self, sandbox: Sandbox) -> None:
        sandbox.advance("1d")
        newest = max(moment(each["timestamp"]) for each in shown(sandbox).values())
        assert START < newest <= START + timedelta(days=1)
        sandbox.advance("5d")
        removed = {each["id"] for each in sandbox.truth["late_edits"] if each["kind"] == "removed"}
        assert len(shown(sandbox)) >= 600 - len(removed)

    def test_every_edit_happens_when_the_truth_says(self, sandbox: Sandbox) -> None:
        edits, steps = sandbox.truth["late_edits"], timedelta(hours=31)
        before, now, seen = shown(sandbox), START, 0
        for _ in range(8):
            sandbox.advance(steps)
            now, after = now + steps, shown(sandbox)
            due = [each for each in edits if now - steps < moment(each["at"]) <= now]
            expected: dict[str, dict[str, Any]] = {}
            for each in due:
                expected.setdefault(each["id"], {}).update({f: new for f, (_, new) in each["fields"].items()})
            gone = {each["id"] for each in due if each["kind"] == "removed"}
            assert not gone & after.keys()
            for name in before.keys() - gone:
                assert after[name] == before[name] | expected.get(name, {})
            before, seen = after, seen + len(due)
        assert {each["kind"] for each in edits} == set(LATE)
        assert seen > 40

    def test_in_one_step_or_in_many(self, sandbox: Sandbox) -> None:
        sandbox.advance("4d")
        at_once = shown(sandbox)
        sandbox.restore()
        for _ in range(8):
            sandbox.advance("12h")
        assert shown(sandbox) == at_once

    def test_the_history_has_the_time_of_each_change(self, sandbox: Sandbox) -> None:
        earlier = len(sandbox.changes())
        made = sandbox.advance("2d")
        history = sandbox.changes()[earlier:]
        assert len(history) == made
        edits = {(each["id"], each["at"]) for each in sandbox.truth["late_edits"]}
        changed = [each for each in history if each["change"] != "insert"]
        assert changed
        assert {(*each["ids"], each["at"]) for each in changed} <= edits
        assert [each["at"] for each in history] == sorted(each["at"] for each in history)

    def test_restore_sets_the_clock_back(self, sandbox: Sandbox) -> None:
        before = shown(sandbox)
        sandbox.advance("9d")
        sandbox.delete([next(iter(before))])
        sandbox.restore()
        assert shown(sandbox) == before
        assert sandbox.clock() - START < timedelta(minutes=10)

    def test_the_clock(self, sandbox: Sandbox) -> None:
        before = sandbox.clock()
        sandbox.advance("2d")
        assert timedelta(days=2) < sandbox.clock() - before < timedelta(days=2, minutes=10)
        assert sandbox.clock() < sandbox.clock()

    @pytest.mark.parametrize("by", ["soon", -1, None])
    def test_what_is_no_duration(self, sandbox: Sandbox, by: Any) -> None:
        with pytest.raises((TypeError, ValueError), match="by"):
            sandbox.advance(by)

    def test_a_sandbox_that_has_ended(self) -> None:
        with start_sandbox(calls=10, days=1) as sandbox:
            pass
        with pytest.raises(SandboxError, match="has ended"):
            sandbox.advance("1d")


class TestDelays:
    def test_they_are_as_the_truth_says(self) -> None:
        """Of outcomes and talk times that are set after the start of a month, few quantiles, by hand."""
        with start_sandbox(calls=30_000, days=30, now="2026-03-02") as sandbox:
            edits, told = sandbox.truth["late_edits"], sandbox.truth["late_delays"]
            made = {each["uniqueId"].split(".")[0] for each in edits}
        assert len(made) > 2_000
        days = np.array(
            [
                moment(each["at"]).timestamp() - int(each["uniqueId"].split(".")[0])
                for each in edits
                if each["kind"] == "outcome"
            ]
        )
        assert abs(len(days) / 30_000 - told["outcome"]["share"]) < 0.006
        for share, seconds in told["outcome"]["delay_s"].items():
            assert abs(np.mean(days <= seconds) - float(share)) < 0.03
        assert told["outcome"]["delay_s"]["0.99"] == 6 * 86_400

    def test_the_seed_decides(self, running: Sandbox) -> None:
        edits = [running.truth["late_edits"]]
        for seed in (3, 2):
            with start_sandbox(seed=seed, **EIGHT_DAYS) as sandbox:
                edits.append(sandbox.truth["late_edits"])
        assert edits[0] == edits[1] != edits[2]
