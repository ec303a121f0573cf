"""The calls that the sandbox draws, and what it tells of them, held against the rows themselves."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from brightcall_pandas.frame import FIELDS
from brightcall_pandas.sandbox import WORLDS
from brightcall_pandas.sandbox._account import Staff
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._records import call_table, planted_chains
from brightcall_pandas.sandbox._truth import truth_of

BERLIN = ZoneInfo("Europe/Berlin")
PINNED = ({"inbound": 189, "outbound": 179, "internal": 36}, 68205)
"""Answered calls by direction and seconds of talk of 1,000 calls from seed 0."""


def drawn(calls: int, days: int, seed: int, **options: Any) -> tuple[pa.Table, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    codes = draw_calls(rng, calls, days, **options)
    planted = planted_chains(rng, codes)
    return call_table(rng, codes, planted), truth_of(codes, planted)


@pytest.fixture(scope="module")
def sample() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    table, truth = drawn(20_000, 30, 0)
    return table.to_pylist(), json.loads(json.dumps(truth))


def party_path(row: dict[str, Any]) -> str | None:
    """Read a chain in the plainest way; None where it is broken JSON."""
    text = row["numbersInvolvedJSON"]
    try:
        value = json.loads(text) if text else []
    except json.JSONDecodeError:
        if '"' in text:
            return None
        value = text.split(",")
    value = [value] if isinstance(value, int) else list(value)
    parties = [
        str(each.get("number", each.get("phone"))) if isinstance(each, dict) else str(each) for each in value
    ]
    return " → ".join(party for party in parties if party != row["clientNumber"])


class TestDrawCalls:
    @pytest.mark.parametrize(("calls", "days"), [(0, 1), (1, 1), (2, 3), (7, 2), (100, 1), (4_999, 30)])
    def test_exactly_as_many_calls_as_asked(self, calls: int, days: int) -> None:
        table, truth = drawn(calls, days, 1)
        assert len(table) == truth["calls"] == sum(truth["by_day"].values()) == calls
        assert len(truth["by_day"]) == days

    def test_same_seed_same_calls(self) -> None:
        assert drawn(500, 5, 3)[0].equals(drawn(500, 5, 3)[0])
        assert not drawn(500, 5, 3)[0].equals(drawn(500, 5, 4)[0])

    @pytest.mark.parametrize("name", WORLDS)
    def test_in_every_world(self, name: str) -> None:
        one, other, third = (drawn(300, 30, seed, world=WORLDS[name]) for seed in (3, 3, 4))
        assert one[0].equals(other[0])
        assert one[1] == other[1]
        assert not one[0].equals(third[0])

    def test_the_calls_of_a_seed_do_not_change_from_platform_to_platform(self) -> None:
        _, truth = drawn(1_000, 30, 0)
        states = {name: each["answered"] for name, each in truth["by_direction"].items()}
        assert (states, truth["talk_time"]["total_s"]) == PINNED

    def test_days_are_those_of_the_account(self, sample: Any) -> None:
        rows, truth = sample
        counts = Counter(str(row["timestamp"].astimezone(BERLIN).date()) for row in rows)
        assert truth["by_day"] == {day: counts[day] for day in truth["by_day"]}
        assert sum(counts.values()) == sum(truth["by_day"].values())
        assert (truth["day_from"], truth["day_to"]) == ("2026-03-02", "2026-03-31")
        assert truth["by_day"]["2026-03-29"] > 0

    def test_another_last_day(self) -> None:
        _, truth = drawn(50, 3, 0, day_to=date(2025, 10, 27))
        assert list(truth["by_day"]) == ["2025-10-25", "2025-10-26", "2025-10-27"]

    def test_looks_like_a_dialer(self, sample: Any) -> None:
        rows, truth = sample
        local = [row["timestamp"].astimezone(BERLIN) for row in rows]
        at_work = sum(8 <= stamp.hour < 20 and stamp.weekday() < 5 for stamp in local)
        answered = sum(row["state"] == "answered" for row in rows)
        connect = {n: each["answered"] / each["calls"] for n, each in truth["attempts"]["by_attempt"].items()}
        talk = sorted(row["talkTime"] for row in rows if row["talkTime"] > 0)
        assert at_work > 0.85 * len(rows)
        assert 0.28 < answered / len(rows) < 0.45
        assert connect["1"] > connect["3"] > connect["6"]
        assert sum(talk) / len(talk) > 1.8 * talk[len(talk) // 2]
        assert len({row["userId"] for row in rows}) == 13
        assert len({row["lineNumber"] for row in rows}) == 8
        assert len({row["projectName"] for row in rows} - {None}) == 5
        assert {"No Answer", "No answer", " no answer "} <= {row["outcomeTag"] for row in rows}

    def test_ties_on_request(self) -> None:
        table, _ = drawn(500, 5, 0, tie_seconds=60)
        assert all(stamp.second == 0 for stamp in table["timestamp"].to_pylist())


class TestCallTable:
    def test_columns_are_those_of_the_schema(self) -> None:
        table, _ = drawn(50, 2, 0)
        assert table.column_names == list(FIELDS)
        for name, field in FIELDS.items():
            expected = pa.large_string() if field.kind == "label" else field.arrow_type
            assert table.schema.field(name).type == expected, name

    def test_only_what_may_be_null_is(self, sample: Any) -> None:
        rows, _ = sample
        for name, field in FIELDS.items():
            nulls = sum(row[name] is None for row in rows)
            assert (nulls > 0) == (field.nullable or field.optional), name
            assert nulls < len(rows), name

    def test_durations_agree(self, sample: Any) -> None:
        rows, _ = sample
        for row in rows:
            assert row["totalTime"] >= row["callTime"] >= row["talkTime"] >= row["aiTalkTime"] >= 0
            assert (row["answerTime"] > 0) == (row["state"] == "answered")
            assert row["state"] == "answered" or row["talkTime"] == 0

    def test_identifiers(self, sample: Any) -> None:
        rows, _ = sample
        assert len({row["id"] for row in rows}) == len({row["uniqueId"] for row in rows}) == len(rows)
        for row in rows:
            assert int(row["uniqueId"].split(".")[0]) == row["timestamp"].timestamp()

    def test_first_time_flags(self, sample: Any) -> None:
        rows, _ = sample
        seen: set[Any] = set()
        for row in rows:
            client, pair = row["clientNumber"], (row["clientNumber"], row["userId"])
            assert row["firstTimeForTree"] == (None if client is None else client not in seen)
            assert row["firstTimeForUser"] == (None if client is None else pair not in seen)
            seen |= {client, pair}

    def test_recalls_follow_the_call(self, sample: Any) -> None:
        rows, _ = sample
        for row in rows:
            assert (row["recallDate"] is None) == (row["recallState"] is None)
            assert (row["recallFirstAttemptDate"] is not None) == ((row["recallState"] or 0) > 0)
            assert row["recallDate"] is None or row["recallDate"] > row["timestamp"]

    def test_transfers_tell_the_same_chain(self, sample: Any) -> None:
        rows, _ = sample
        for row in rows:
            path = party_path(row)
            if row["transfers"] is None:
                assert path is None or " → " not in path
            else:
                steps = json.loads(row["transfers"])
                assert path == " → ".join([steps[0]["from"], *(step["to"] for step in steps)])


class TestTruthOf:
    def test_by_direction(self, sample: Any) -> None:
        rows, truth = sample
        for name, told in truth["by_direction"].items():
            here = [row for row in rows if row["type"] == name]
            states = Counter(row["state"] for row in here)
            assert told == {
                "calls": len(here),
                **{state: states[state] for state in ("unanswered", "answered", "failed")},
                "talks": sum(row["talkTime"] > 0 for row in here),
                "talk_time_total_s": sum(row["talkTime"] for row in here),
                "total_time_total_s": sum(row["totalTime"] for row in here),
            }

    def test_by_outcome(self, sample: Any) -> None:
        rows, truth = sample
        groups = defaultdict(list)
        for row in rows:
            groups[" ".join((row["outcomeTag"] or "(none)").split()).casefold()].append(row)
        assert set(truth["by_outcome"]) == set(groups)
        for name, told in truth["by_outcome"].items():
            here = groups[name]
            kinds = Counter(row["outcomeType"] for row in here if row["outcomeType"])
            assert told == {
                "calls": len(here),
                "answered": sum(row["state"] == "answered" for row in here),
                "talk_time_total_s": sum(row["talkTime"] for row in here),
                "outcome_type": kinds.most_common(1)[0][0],
                "spellings": dict(Counter(row["outcomeTag"] for row in here if row["outcomeTag"])),
            }

    def test_chains(self, sample: Any) -> None:
        rows, truth = sample
        paths = [party_path(row) for row in rows]
        readable = Counter(path for path in paths if path is not None)
        handovers: Counter[tuple[str, str]] = Counter()
        for path, calls in readable.items():
            for pair in pairwise(path.split(" → ")):
                handovers[pair] += calls
        told = truth["chains"]
        assert told["variants"] == dict(readable)
        assert told["unreadable"] == paths.count(None) > 0
        assert told["transferred"] == sum(row["transfers"] is not None for row in rows)
        assert {(a, b): n for a, row in told["handovers"].items() for b, n in row.items()} == dict(handovers)

    def test_chains_of_every_kind_are_planted(self, sample: Any) -> None:
        _, truth = sample
        chains = [path.split(" → ") for path in truth["chains"]["variants"]]
        assert {len(chain) for chain in chains} == {1, 2, 3, 4, 5, 6}
        assert any(chain[0] == chain[-1] and len(chain) == 3 for chain in chains)
        assert any(a == b for chain in chains for a, b in pairwise(chain))

    def test_attempts(self, sample: Any) -> None:
        rows, truth = sample
        made: Counter[str] = Counter()
        calls: Counter[str] = Counter()
        answered: Counter[str] = Counter()
        for row in rows:
            if row["type"] == "outbound":
                made[row["clientNumber"]] += 1
                calls[str(made[row["clientNumber"]])] += 1
                answered[str(made[row["clientNumber"]])] += row["state"] == "answered"
        assert truth["attempts"] == {
            "by_attempt": {n: {"calls": calls[n], "answered": answered[n]} for n in sorted(calls, key=int)},
            "clients_by_attempts": {str(n): each for n, each in sorted(Counter(made.values()).items())},
        }

    def test_clients(self, sample: Any) -> None:
        rows, truth = sample
        groups = defaultdict(set)
        for row in rows:
            if row["clientNumber"] is not None:
                groups["all"].add(row["clientNumber"])
                groups[row["type"]].add(row["clientNumber"])
        assert truth["clients"] == {name: len(groups[name]) for name in truth["clients"]}

    def test_talk_time(self, sample: Any) -> None:
        rows, truth = sample
        told, talk = truth["talk_time"], [row["talkTime"] for row in rows if row["state"] == "answered"]
        bins = list(pairwise(told["histogram"]["edges"]))
        assert told["total_s"] == sum(talk)
        assert told["ai_total_s"] == sum(row["aiTalkTime"] for row in rows)
        assert (told["answered"], told["max_s"]) == (len(talk), max(talk))
        assert told["histogram"]["calls"] == [sum(low <= each < high for each in talk) for low, high in bins]
        assert told["histogram"]["beyond"] == sum(each >= 600 for each in talk)

    def test_recalls(self, sample: Any) -> None:
        rows, truth = sample
        states = Counter(int(row["recallState"]) for row in rows if row["recallState"] is not None)
        assert truth["recalls"] == {
            "planned": sum(row["recallDate"] is not None for row in rows),
            "tried": sum(row["recallFirstAttemptDate"] is not None for row in rows),
            "by_state": {str(state): states[state] for state in (0, 1, 2)},
        }

    def test_users(self, sample: Any) -> None:
        rows, truth = sample
        calls = Counter(row["userId"] for row in rows)
        assert {str(each["user_id"]): each["calls"] for each in truth["users"]} == dict(calls)
        assert len(truth["users"]) == len(Staff(12, 1).users)
