"""What moved, and what stands apart: expected values are worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.analysis import FINDING_COLUMNS, Look, find_metric, findings

ANSWERED = Look(None, [find_metric("answer_rate")])


def calls(hits: int, n: int, **columns: object) -> pd.DataFrame:
    """Calls of which so many are answered."""
    return pd.DataFrame({"state": [1] * hits + [0] * (n - hits), **columns})


def moved(here: pd.DataFrame, other: pd.DataFrame, *dimensions: str, **options: object) -> pd.DataFrame:
    found = findings(here, other, [ANSWERED], dimensions, **options)
    return found[found["kind"] == "moved"].set_index("group")


class TestMoved:
    def test_the_test_is_that_of_cochran_mantel_and_haenszel(self):
        found = moved(calls(30, 100), calls(50, 100))
        row = found.loc["all"]
        assert (row["hits"], row["n"], row["rate"]) == (30, 100, 0.3)
        assert (row["hits_other"], row["n_other"], row["rate_other"]) == (50, 100, 0.5)
        # 30 hits where 40 are expected; the variance is 100 · 100 · 80 · 120 ÷ (200² · 199) = 12.06.
        assert row["p_value"] == pytest.approx(0.006227, abs=1e-5)
        # (0.3 · 0.7 + 0.5 · 0.5) ÷ 100 · 200 ÷ 199, its root times 1.96
        assert row["difference"] == pytest.approx(-0.2)
        assert row["difference_low"] == pytest.approx(-0.2 - 0.13326, abs=1e-4)
        assert row["difference_high"] == pytest.approx(-0.2 + 0.13326, abs=1e-4)
        assert bool(row["beyond_chance"])

    def test_a_change_of_the_mix_of_attempts_is_no_change(self):
        # Firsts are answered in 40 of 100, seconds in 20 of 100, on both sides; only their shares change.
        def side(firsts: int, seconds: int) -> pd.DataFrame:
            parts = [
                calls(firsts * 2 // 5, firsts, attempt=1),
                calls(seconds // 5, seconds, attempt=2),
            ]
            return pd.concat(parts, ignore_index=True)

        row = moved(side(100, 400), side(400, 100)).loc["all"]
        assert row["rate"] == pytest.approx(0.24)
        assert row["rate_other"] == pytest.approx(0.36)
        assert row["difference"] == pytest.approx(0)
        assert row["p_value"] == pytest.approx(1)

    def test_says_since_when(self):
        days = pd.date_range("2026-03-02 12:00", periods=14, tz="Europe/Berlin")

        def side(rates: dict[int, int]) -> pd.DataFrame:
            parts = [calls(hits, 50, timestamp=days[day]) for day, hits in rates.items()]
            return pd.concat(parts, ignore_index=True)

        earlier, later = dict.fromkeys(range(7), 25), {day: 25 if day < 10 else 5 for day in range(7, 14)}
        row = moved(side(later), side(earlier)).loc["all"]
        assert row["since"] == pd.Timestamp("2026-03-12", tz="Europe/Berlin")

    def test_calls_to_one_client_count_for_little(self):
        clients = np.repeat(np.arange(20), 5)
        alike = {"clientNumber": [f"+49301000{each:02}" for each in clients]}
        found = moved(calls(30, 100, **alike), calls(50, 100, **alike))
        apart = moved(calls(30, 100), calls(50, 100))
        assert found.loc["all", "p_value"] > 10 * apart.loc["all", "p_value"]

    def test_clients_dialed_before_the_first_call_in_sight_are_not_compared(self):
        def side(day: str, hits: int, *, first: bool, start: int) -> pd.DataFrame:
            numbers = [f"+4930100{each:04}" for each in range(start, start + 100)]
            stamp = pd.Timestamp(f"{day} 10:00", tz="UTC")
            return calls(hits, 100, clientNumber=numbers, timestamp=stamp, type=1, firstTimeForTree=first)

        here = pd.concat(
            [side("2026-03-09", 40, first=True, start=0), side("2026-03-09", 0, first=False, start=100)]
        )
        other = pd.concat(
            [side("2026-03-02", 40, first=True, start=200), side("2026-03-02", 100, first=False, start=300)]
        )
        row = moved(here, other).loc["all"]
        assert (row["n"], row["n_other"]) == (200, 200)
        assert row["difference"] == pytest.approx(0)

    def test_calls_before_number_the_attempts(self):
        numbers = [f"+4930100{each:04}" for each in range(100)]
        told = {"clientNumber": numbers, "type": 1}
        here = calls(20, 100, timestamp=pd.Timestamp("2026-03-09", tz="UTC"), **told)
        others = [f"+4930200{each:04}" for each in range(100)]
        other = calls(40, 100, timestamp=pd.Timestamp("2026-03-02", tz="UTC"), clientNumber=others, type=1)
        before = calls(40, 100, timestamp=pd.Timestamp("2026-02-20", tz="UTC"), **told)
        assert len(moved(here, other)) == 1
        # By the calls before, all of these are second attempts, and all of the others first ones.
        assert len(moved(here, other, before=before)) == 0


class TestApart:
    def test_a_group_is_held_against_the_others(self):
        both = pd.concat(
            [calls(30, 100, projectName="A"), calls(50, 100, projectName="B")], ignore_index=True
        )
        found = findings(both, None, [ANSWERED], ["project"]).set_index("group")
        assert found["kind"].unique().tolist() == ["apart"]
        assert found.loc["A", "difference"] == pytest.approx(-0.2)
        assert found.loc["B", "difference"] == pytest.approx(0.2)
        assert (found.loc["A", "hits_other"], found.loc["A", "n_other"]) == (50, 100)
        assert found.loc["A", "p_value"] == pytest.approx(0.006227, abs=1e-5)

    def test_calls_without_a_group_are_in_no_rest(self):
        parts = [
            calls(40, 100, projectName="A"),
            calls(40, 100, projectName="B"),
            calls(30, 50, projectName=None),
        ]
        found = findings(pd.concat(parts, ignore_index=True), None, [ANSWERED], ["project"])
        assert found["group"].tolist() == ["A", "B"]
        assert found["difference"].tolist() == pytest.approx([0, 0])

    def test_a_group_that_the_result_tells_is_not_looked_at(self):
        # Who would have taken a call that nobody answered, nobody knows.
        both = calls(100, 200, projectName=["A", "B"] * 50 + ["A"] * 30 + [None] * 70)
        assert findings(both, None, [ANSWERED], ["project"]).empty

    def test_few_calls_are_not_tested(self):
        both = pd.concat([calls(4, 8, projectName="A"), calls(50, 100, projectName="B")], ignore_index=True)
        assert findings(both, None, [ANSWERED], ["project"]).empty


class TestManyTests:
    def test_one_level_holds_for_all_that_was_looked_at(self):
        # On its own, project 0 differs at 5 %; among twenty that do not, it may well be chance.
        def week(hits: int) -> pd.DataFrame:
            parts = [calls(hits, 100, projectName="0")]
            parts += [calls(40, 100, projectName=str(each)) for each in range(1, 20)]
            return pd.concat(parts, ignore_index=True)

        found = moved(week(55), week(40), "project")
        assert found.loc["0", "p_value"] < 0.05
        assert not found["beyond_chance"].any()
        assert moved(week(75), week(40), "project").loc["0", "beyond_chance"]

    def test_a_level_of_nothing_is_refused(self):
        with pytest.raises(ValueError, match="confidence"):
            findings(calls(3, 9), None, [ANSWERED], [], confidence=1)


class TestNothingToTest:
    @pytest.mark.parametrize(
        "here", [calls(0, 0), calls(0, 50), calls(50, 50), pd.DataFrame({"talkTime": [1.0] * 50})]
    )
    def test_is_an_empty_table(self, here):
        found = findings(here, here, [ANSWERED], ["project", "agent", "line", "hour"])
        assert found.empty
        assert tuple(found.columns) == FINDING_COLUMNS
