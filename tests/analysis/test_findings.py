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


def two_weeks(rates: dict[tuple[str, str], tuple[int, int]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """This week and the one before: of 400 calls of each project and agent, so many answered in each."""
    weeks = []
    for side in (0, 1):
        parts = [
            calls(hits[side], 400, projectName=project, userId=agent)
            for (project, agent), hits in rates.items()
        ]
        weeks.append(pd.concat(parts, ignore_index=True))
    return weeks[0], weeks[1]


def news(found: pd.DataFrame) -> list[tuple[str, str]]:
    """What is told on its own: what moved first, the surest first."""
    told = found[found["beyond_chance"] & found["told_with"].isna()]
    told = told.sort_values("kind", key=lambda kinds: kinds != "moved", kind="stable")
    return list(zip(told["kind"], told["group"], strict=True))


class TestToldWith:
    def test_a_change_of_all_is_told_once(self):
        here, other = two_weeks({(p, a): (100, 160) for p in "AB" for a in "78"})
        found = findings(here, other, [ANSWERED], ["project", "agent"])
        assert set(found[found["beyond_chance"]]["group"]) == {"all", "A", "B", "7", "8"}
        assert news(found) == [("moved", "all")]
        assert found.loc[0, "group"] == "all"
        assert set(found[found["beyond_chance"]]["told_with"].dropna()) == {0}

    def test_a_project_is_told_and_not_the_agent_who_works_in_it(self):
        # In project C both of its agents fall; in the other projects nobody does.
        rates = {(p, a): (160, 160) for p in "AB" for a in "789"} | {("C", a): (60, 160) for a in "79"}
        here, other = two_weeks(rates)
        found = findings(here, other, [ANSWERED], ["project", "agent"])
        beyond = found[(found["kind"] == "moved") & found["beyond_chance"]].set_index("group")
        assert {"C", "9", "7", "all"} <= set(beyond.index)
        assert news(found)[0] == ("moved", "C")
        place = found.index[(found["kind"] == "moved") & (found["group"] == "C")][0]
        assert (beyond.loc[["9", "7", "all"], "told_with"] == place).all()

    def test_that_a_group_stands_apart_since_it_moved_is_no_news(self):
        here, other = two_weeks({("A", "7"): (60, 160), ("B", "7"): (160, 160), ("C", "7"): (160, 160)})
        found = findings(here, other, [ANSWERED], ["project"])
        apart = found[(found["kind"] == "apart") & (found["group"] == "A")].iloc[0]
        assert bool(apart["beyond_chance"])
        assert news(found)[0] == ("moved", "A")
        assert found.loc[apart["told_with"], "group"] == "A"

    def test_fewer_leads_of_fewer_answers_are_no_news(self):
        here, other = two_weeks({("A", "7"): (80, 200), ("B", "7"): (200, 200), ("C", "7"): (200, 200)})
        for df in (here, other):  # every other answered call is a lead
            turn = df.groupby(["projectName", "state"]).cumcount() % 2 == 0
            df["outcomeType"] = np.where((df["state"] == 1) & turn, "positive", "negative")
        look = Look(None, [find_metric("answer_rate"), find_metric("positive_rate")])
        found = findings(here, other, [look], ["project"])
        leads = found[(found["metric"] == "positive_rate") & (found["group"] == "A")]
        assert leads["beyond_chance"].all()
        assert leads["told_with"].notna().all()
        assert news(found)[0] == ("moved", "A")

    def test_two_things_are_two(self):
        rates = {
            ("A", "7"): (60, 160),
            ("B", "7"): (260, 160),
            ("C", "7"): (160, 160),
            ("D", "7"): (160, 160),
        }
        here, other = two_weeks(rates)
        found = findings(here, other, [ANSWERED], ["project"])
        assert [group for kind, group in news(found) if kind == "moved"] == ["A", "B"]


class TestWeights:
    def test_each_question_has_its_part_and_its_groups_share_it(self):
        here, other = two_weeks({(p, "7"): (160, 160) for p in "ABCD"})
        found = findings(here, other, [ANSWERED], ["project"]).set_index(["kind", "group"])
        # Three questions, of 1, 4 and 4 tests, with parts of 2, 2 and 1: 5 of 9 tests on average.
        assert found.loc[("moved", "all"), "weight"] == pytest.approx(2 / 1 * 9 / 5)
        assert found.loc[("moved", "A"), "weight"] == pytest.approx(2 / 4 * 9 / 5)
        assert found.loc[("apart", "A"), "weight"] == pytest.approx(1 / 4 * 9 / 5)


class TestIntervals:
    def test_that_of_what_is_picked_reaches_further_towards_nothing(self):
        here, other = calls(30, 100), calls(50, 100)
        alone = moved(here, other).loc["all"]
        beside = pd.concat([calls(40, 100, projectName=each) for each in "ABCDEFGH"], ignore_index=True)
        many = moved(
            pd.concat([calls(0, 100, projectName="X"), beside], ignore_index=True),
            pd.concat([calls(50, 100, projectName="X"), beside], ignore_index=True),
            "project",
        ).loc["X"]
        # Of one test nothing is picked: the usual interval.
        assert alone["difference"] - alone["difference_low"] == pytest.approx(
            alone["difference_high"] - alone["difference"]
        )
        assert many["difference"] - many["difference_low"] < many["difference_high"] - many["difference"]
        assert many["difference_high"] < 0
