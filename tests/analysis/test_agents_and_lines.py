from __future__ import annotations

import itertools
from statistics import NormalDist

import pandas as pd
import pytest

from brightcall_pandas.analysis import breakdown, by_agent, by_line


def team(**agents: tuple[int, int]) -> pd.DataFrame:
    """Return the calls of agents, each given as (answered, calls)."""
    counts = [(1 if hit else 0, name, many) for name, (answered, calls) in agents.items()
              for hit, many in ((True, answered), (False, calls - answered))]  # fmt: skip
    states, names, many = zip(*counts, strict=True) if counts else ([], [], [])
    df = pd.DataFrame({"userId": pd.Series(names, dtype="str"), "state": pd.Series(states, dtype="int64")})
    return df.loc[df.index.repeat(many)].reset_index(drop=True)


ADJUSTED, AT_LEAST = [0.88438, 0.78379, 0.52476], [0.82522, 0.56990, 0.43237]


class TestByAgent:
    def test_the_rate_that_ranks_stands_beside_the_ranks(self):
        df = team(a=(5, 9), b=(3, 9)).assign(outcomeType="positive")
        for rate, other in (("answer_rate", "positive_rate"), ("positive_rate", "answer_rate")):
            columns = list(by_agent(df, rank_by=rate, min_calls=1))
            assert columns[:6] == ["rank", rate, "n_calls", "beyond_chance", "rank_best", "rank_worst"]
            ends = ("_low", "_high", "_adjusted", "_adjusted_low")
            assert columns[6:10] == [f"{rate}{end}" for end in ends]
            assert {other, *(f"{other}{end}" for end in ends)} < set(columns[10:])
            assert list(by_agent(df.iloc[:0], rank_by=rate)) == columns

    def test_two_of_two_does_not_lead_the_board(self):
        table = by_agent(team(lucky=(2, 2), good=(90, 100), poor=(50, 100)), min_calls=1)
        assert table.index.tolist() == ["good", "lucky", "poor"]
        assert table["rank"].tolist() == [1, 2, 3]
        assert table["answer_rate"].tolist() == [0.9, 1.0, 0.5]
        # SciPy's beta-binomial with the penalty has its maximum at a = 8.3686, b = 2.8601
        assert table["answer_rate_adjusted"].tolist() == pytest.approx(ADJUSTED, abs=1e-4)
        assert table["answer_rate_adjusted_low"].tolist() == pytest.approx(AT_LEAST, abs=1e-4)

    @pytest.mark.parametrize(
        ("answered", "people", "dialer", "rank_by"),
        [
            *itertools.product(
                [(5,), (130,), (100, 160), (0, 500), (500,)], [1, 10], [0, 2_000, 20_000], ["answer_rate"]
            ),
            *((answered, 3, 12_000, "positive_rate") for answered in [(5,), (100, 160), (0, 500)]),
        ],
    )
    def test_two_of_two_never_leads_beside_a_dialer(self, rank_by, dialer, people, answered):
        agents = {f"p{each}": (answered[each % len(answered)], 500) for each in range(people)}
        df = team(dialer=(dialer, 20_000), novice=(2, 2), **agents)
        df = df.assign(state=df["state"].map({1: "answered", 0: "unanswered"}).astype("category"))
        df["outcomeType"] = df["state"].cat.rename_categories(
            {"answered": "positive", "unanswered": "negative"}
        )
        table = by_agent(df, min_calls=1, rank_by=rank_by)
        assert table.index[0] != "novice"
        first = table.iloc[0]
        assert first["rank"] == 1
        # Only where all have the same lower end, such as 0 or 1, do they share the first rank.
        assert table.loc["novice", "rank"] > 1 or first[f"{rank_by}_adjusted_low"] in (0, 1)

    def test_the_interval_leaves_these_ranks_possible(self):
        table = by_agent(team(lucky=(2, 2), good=(90, 100), poor=(50, 100)), min_calls=1)
        # Wilson: good 0.826-0.945, lucky 0.342-1.000, poor 0.404-0.596
        assert table["rank_best"].tolist() == [1, 1, 2]
        assert table["rank_worst"].tolist() == [2, 3, 3]

    def test_few_calls_no_rank_and_last(self):
        table = by_agent(team(few=(3, 3), good=(90, 100), poor=(50, 100)))
        assert table.index.tolist() == ["good", "poor", "few"]
        assert table["rank"].isna().tolist() == [False, False, True]
        assert table.loc["good", ["rank_best", "rank_worst"]].tolist() == [1, 1]
        assert table.loc["few", ["rank_best", "rank_worst"]].isna().all()

    def test_agents_who_do_not_differ_share_the_rate_of_all(self):
        table = by_agent(team(a=(10, 20), b=(10, 20)))
        assert table["answer_rate_adjusted"].tolist() == pytest.approx([0.5, 0.5])
        assert table["rank"].tolist() == [1, 1]
        assert table["rank_worst"].tolist() == [2, 2]

    def test_calls_without_an_agent_are_listed_and_not_ranked(self):
        df = pd.concat([team(a=(10, 20)), team(b=(15, 20)).assign(userId=None)])
        table = by_agent(df)
        assert table["n_calls"].to_dict() == {"a": 20, "(none)": 20}
        assert table["rank"].isna().to_dict() == {"a": False, "(none)": True}
        assert table.loc["a", "answer_rate_adjusted"] == pytest.approx(0.5)

    def test_can_be_ranked_by_positive_outcomes(self):
        df = team(a=(30, 30), b=(10, 30))
        df["outcomeType"] = ["negative"] * 30 + ["positive"] * 30
        assert by_agent(df).index.tolist() == ["a", "b"]
        table = by_agent(df, rank_by="positive_rate")
        assert table.index.tolist() == ["b", "a"]
        assert table["positive"].tolist() == [30, 0]

    @pytest.mark.parametrize("rate", ["answer_rate", "positive_rate"])
    def test_says_which_column_ranks(self, rate):
        df = team(lucky=(3, 3), good=(90, 100), poor=(50, 100)).assign(outcomeType="positive")
        table = by_agent(df, rank_by=rate, min_calls=1)
        merit = table[table.attrs["ranked_by"]]
        assert merit.rank(ascending=False, method="min").tolist() == table["rank"].tolist()
        assert rate in table.attrs["ranked_by"]

    def test_only_agents_are_needed(self):
        table = by_agent(pd.DataFrame({"userId": ["a"] * 30 + ["b"] * 40}))
        assert table["n_calls"].to_dict() == {"b": 40, "a": 30}
        assert table.drop(columns="n_calls").isna().all(axis=None)

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self):
        full = by_agent(team(a=(1, 2)))
        empty = by_agent(team(a=(1, 2)).iloc[:0])
        assert len(empty) == 0
        assert empty.dtypes.equals(full.dtypes)

    def test_by_ranks_each_group_as_if_it_were_the_only_one(self):
        solar = team(lucky=(2, 2), good=(90, 100), poor=(50, 100)).assign(projectName="Solar")
        wind = team(poor=(15, 20), good=(10, 20)).assign(projectName="Wind")
        nobody = team(good=(1, 2)).assign(projectName=None)
        table = by_agent(pd.concat([nobody, wind, solar]), min_calls=1, by="project")
        assert table.index.names == ["project", "agent"]
        assert table.index.tolist() == [
            ("Solar", "good"), ("Solar", "lucky"), ("Solar", "poor"),
            ("Wind", "poor"), ("Wind", "good"),
            ("(none)", "good"),
        ]  # fmt: skip
        assert table["rank"].tolist() == [1, 2, 3, 1, 2, 1]
        # Solar as above; for Wind SciPy's maximum is at a = 25.304, b = 15.198; one agent keeps its rate.
        adjusted = [*ADJUSTED, 0.66616, 0.58352, 0.5]
        assert table["answer_rate_adjusted"].tolist() == pytest.approx(adjusted, abs=1e-4)
        # Wilson: good 0.826-0.945, lucky 0.342-1.000, poor 0.404-0.596; in Wind 0.531-0.888 and 0.299-0.701
        assert table["rank_best"].tolist() == [1, 1, 2, 1, 1, 1]
        assert table["rank_worst"].tolist() == [2, 3, 3, 2, 2, 1]

    def test_by_of_an_empty_frame_and_of_an_unknown_name(self):
        df = team(a=(1, 2)).assign(projectName="Solar")
        full, empty = by_agent(df, by="project"), by_agent(df.iloc[:0], by="project")
        assert len(empty) == 0
        assert empty.index.names == full.index.names
        assert empty.dtypes.equals(full.dtypes)
        with pytest.raises(KeyError, match="by='bells'"):
            by_agent(df, by="bells")

    def test_a_rate_that_is_none(self):
        with pytest.raises(ValueError, match="positive_rate"):
            by_agent(team(a=(1, 2)), rank_by="n_calls")


def line_calls(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Return calls given as line, how many, how many answered, hour, week, talk time of the answered."""
    made = [
        (
            line,
            1 if each < answered else 0,
            f"2026-03-{2 + 7 * week:02}T{hour:02}:00Z",
            talk if each < answered else 0,
        )
        for line, many, answered, hour, week, talk in rows
        for each in range(many)
    ]
    df = pd.DataFrame(made, columns=["lineNumber", "state", "timestamp", "talkTime"])
    return df.assign(type=1, projectName="P")


class TestByLine:
    def test_a_line_used_in_a_bad_hour_is_not_blamed_for_it(self):
        # At 9 half of the calls are answered, at 20 a tenth; both lines do as the hour does.
        df = line_calls(
            ("day", 90, 45, 9, 0, 60),
            ("day", 10, 1, 20, 0, 60),
            ("night", 10, 5, 9, 0, 60),
            ("night", 90, 9, 20, 0, 60),
        )
        table = by_line(df)
        assert table.loc["day", "answer_rate"] == 0.46
        assert table.loc["night", "answer_rate"] == 0.14
        assert table["answer_rate_expected"].to_dict() == pytest.approx({"day": 0.46, "night": 0.14})
        assert table["answer_rate_adjusted"].tolist() == pytest.approx([0.3, 0.3])

    def test_a_line_that_does_worse_than_its_hours_comes_first(self):
        df = line_calls(("good", 100, 40, 9, 0, 60), ("spam", 100, 20, 9, 0, 5))
        table = by_line(df)
        assert table.index.tolist() == ["spam", "good"]
        assert table["answer_rate_expected"].tolist() == pytest.approx([0.3, 0.3])
        assert table["answer_rate_adjusted"].tolist() == pytest.approx([0.2, 0.4])
        assert table["short_call_share"].tolist() == [1.0, 0.0]
        assert table["trend"].isna().all()

    def test_the_trend_is_the_change_a_week(self):
        # The one line of two falls from 0.4 to 0.2; the other holds 0.3, so each hour's usual rate is 0.3.
        df = line_calls(
            ("falls", 100, 40, 9, 0, 60),
            ("falls", 100, 20, 9, 1, 60),
            ("holds", 100, 30, 9, 0, 60),
            ("holds", 100, 30, 9, 1, 60),
        )
        table = by_line(df)
        assert table.loc["falls", "trend"] == pytest.approx(-0.2)
        assert table.loc["holds", "trend"] == pytest.approx(0.0, abs=1e-12)
        # standard error √(2 · 0.25 · 100 · 0.3 · 0.7) / (200 · 0.25) = 0.0648; half an answer at half a week
        # from the middle is 0.5 · 0.5 / 50 = 0.005
        assert table.loc["falls", "trend_low"] == pytest.approx(-0.2 - 1.96 * 0.064807 - 0.005, abs=1e-5)

    def test_a_line_is_not_blamed_for_calling_again(self):
        # First dials are answered half the time and second ones a tenth: line "a" dials first in week 0 and
        # again in week 1, line "b" the other way round.
        firsts = [
            ("a", 40, 20, 9, 0, 60),
            ("b", 10, 5, 9, 0, 60),
            ("b", 40, 20, 9, 1, 60),
            ("a", 10, 5, 9, 1, 60),
        ]
        again = [
            ("a", 40, 4, 9, 1, 60),
            ("b", 10, 1, 9, 1, 60),
            ("b", 40, 4, 9, 2, 60),
            ("a", 10, 1, 9, 2, 60),
        ]
        df = pd.concat([line_calls(*firsts), line_calls(*again)], ignore_index=True)
        df["clientNumber"] = [f"+4930{1000 + each}" for each in (*range(100), *range(50), *range(50, 100))]
        table = by_line(df)
        assert table["trend"].tolist() == pytest.approx([0, 0], abs=1e-12)
        assert table["answer_rate"].tolist() == pytest.approx(table["answer_rate_expected"].tolist())
        assert (by_line(df.drop(columns="clientNumber")).loc["a", "trend_high"]) < 0

    def test_inbound_calls_are_no_attempts(self):
        df = line_calls(("a", 4, 2, 9, 0, 60), ("b", 4, 2, 10, 0, 60))
        df["clientNumber"], df["type"] = "x", [0, 0, 0, 0, 1, 1, 1, 1]
        # Four dials to one client: each is alone with its attempt.
        assert by_line(df)["answer_rate_expected"].tolist() == [0.5]
        assert by_line(df)["n_calls"].tolist() == [4]

    def test_short_is_what_one_calls_short(self):
        df = line_calls(("a", 10, 10, 9, 0, 15))
        assert by_line(df).loc["a", "short_call_share"] == 0
        assert by_line(df, short_s=20).loc["a", "short_call_share"] == 1
        with pytest.raises(TypeError, match="short_s takes a number, not '20s'"):
            by_line(df, short_s="20s")

    def test_inbound_calls_and_unknown_times_are_left_out(self):
        df = line_calls(("a", 2, 1, 9, 0, 60))
        df.loc[0, "type"] = 0
        assert by_line(df)["n_calls"].tolist() == [1]
        assert by_line(df, direction=None)["n_calls"].tolist() == [2]
        df.loc[1, "timestamp"] = None
        assert len(by_line(df)) == 0

    def test_what_is_missing_is_null_or_an_error(self):
        df = line_calls(("a", 2, 1, 9, 0, 60), ("b", 2, 1, 9, 0, 60))
        assert by_line(df.drop(columns="talkTime"))["short_call_share"].isna().all()
        assert by_line(df.drop(columns="projectName"))["answer_rate_expected"].tolist() == [0.5, 0.5]
        for name in ("lineNumber", "state", "timestamp", "type"):
            with pytest.raises(KeyError, match=name):
                by_line(df.drop(columns=name))

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self):
        full = by_line(line_calls(("a", 2, 1, 9, 0, 60)))
        empty = by_line(line_calls())
        assert len(empty) == 0
        assert empty.dtypes.equals(full.dtypes)

    def test_by_expects_of_a_line_what_its_group_does(self):
        # In Solar half of all calls are answered, in Wind a fifth; line "a" calls for both.
        solar = line_calls(("a", 10, 4, 9, 0, 60), ("b", 10, 6, 9, 0, 60)).assign(campaign="Solar")
        wind = line_calls(("a", 10, 2, 9, 0, 5)).assign(campaign="Wind")
        nowhere = line_calls(("b", 2, 1, 9, 0, 60)).assign(campaign=None)
        table = by_line(pd.concat([wind, solar, nowhere]), by="campaign")
        assert table.index.names == ["campaign", "line"]
        assert table.index.tolist() == [("Solar", "a"), ("Solar", "b"), ("Wind", "a"), ("(none)", "b")]
        assert table["n_calls"].tolist() == [10, 10, 10, 2]
        assert table["answer_rate"].tolist() == [0.4, 0.6, 0.2, 0.5]
        assert table["answer_rate_expected"].tolist() == pytest.approx([0.5, 0.5, 0.2, 0.5])
        assert table["answer_rate_adjusted"].tolist() == pytest.approx([0.4, 0.6, 0.2, 0.5])
        assert table["short_call_share"].tolist() == [0, 0, 1, 0]

    def test_by_of_an_empty_frame_and_of_an_unknown_name(self):
        df = line_calls(("a", 2, 1, 9, 0, 60))
        full, empty = by_line(df, by="project"), by_line(df.iloc[:0], by="project")
        assert len(empty) == 0
        assert empty.index.names == full.index.names
        assert empty.dtypes.equals(full.dtypes)
        with pytest.raises(KeyError, match="by='bells'"):
            by_line(df, by="bells")


class TestBeyondChance:
    def test_only_ranked_agents_are_tested(self):
        usual = dict.fromkeys("bcdefgh", (30, 100))
        flags = by_agent(team(a=(60, 100), **usual, i=(9, 9)))["beyond_chance"]
        assert flags[["a", *usual]].tolist() == [True] + [False] * 7
        assert flags.isna()["i"]

    def test_a_line_is_compared_at_equal_hours(self):
        # At 9 nobody answers one of four lines less than another; line A dials at 9 only, when few answer.
        hours = {9: {"A": 8, "B": 8, "C": 8, "D": 8}, 15: {"B": 28, "C": 28, "D": 28}}
        rows = [
            (line, f"2026-03-02T{hour:02d}:00Z", int(place < hits))
            for hour, lines in hours.items()
            for line, hits in lines.items()
            for place in range(40)
        ]
        df = pd.DataFrame(rows, columns=["lineNumber", "timestamp", "state"]).assign(type=1)
        assert breakdown(df, "line", ["answer_rate"])["beyond_chance"]["A"]
        assert not by_line(df)["beyond_chance"].any()

    def test_cochran_mantel_haenszel(self):
        # Two hours, two lines: of 40 calls each, A has 10 and 20 answers, B 20 and 30. So 15 and 25 are
        # expected of A, 10 less are found, and less Yates' half 9.5. Variances 80 · 80 ÷ 4 ÷ 79 · p q.
        hits = {("A", 9): 10, ("B", 9): 20, ("A", 15): 20, ("B", 15): 30}
        rows = [
            (line, f"2026-03-02T{hour:02d}:00Z", int(place < answered))
            for (line, hour), answered in hits.items()
            for place in range(40)
        ]
        df = pd.DataFrame(rows, columns=["lineNumber", "timestamp", "state"]).assign(type=1)
        variance = 1_600 / 79 * (30 / 80 * 50 / 80 + 50 / 80 * 30 / 80)
        confidence = 2 * NormalDist().cdf(9.5 / variance**0.5) - 1
        assert by_line(df, confidence=confidence - 1e-6)["beyond_chance"].all()
        assert not by_line(df, confidence=confidence + 1e-6)["beyond_chance"].any()
