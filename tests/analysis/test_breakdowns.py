from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.analysis import breakdown, by_outcome, funnel, summary
from brightcall_pandas.analysis._rates import wilson


@pytest.fixture
def summary_calls() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "state": ["answered", "answered", "unanswered", "answered", None],
            "answerTime": [4.0, 8.0, 30.0, None, 2.0],
            "talkTime": [30.0, 60.0, 5.0, 120.0, None],
            "clientNumber": ["x", "y", "x", None, "x"],
            "firstTimeForUser": pd.array([True, False, None, True, False], dtype="boolean"),
            "aiTalkTime": [10.0, None, 0.0, 33.0, 0.0],
            "isRecordReady": pd.array([True, True, False, None, False], dtype="boolean"),
            "numbersInvolvedJSON": ['["1", "2"]', '["1"]', None, "broken", '["3", "4", "3"]'],
            "userId": ["a", "a", "b", "b", "a"],
        }
    )


class TestSummary:
    def test_every_number(self, summary_calls):
        table = summary(summary_calls)
        assert table.index.tolist() == ["all"]
        assert table.loc["all"].to_dict() == pytest.approx(
            {
                "n_calls": 5,
                "answered": 3,
                "answer_rate": 0.6,
                "answer_time_mean_s": 6.0,
                "answer_time_median_s": 6.0,
                "talk_time_total_s": 215.0,
                "talk_time_mean_s": 70.0,
                "talk_time_median_s": 60.0,
                "unique_clients": 2,
                "calls_per_client": 2.0,
                "first_time_share": 0.5,
                "transferred_share": 0.4,
                "ai_talk_share": 43 / 215,
                "recordings_ready": 2,
            }
        )

    def test_by_makes_a_row_of_each_group(self, summary_calls):
        table = summary(summary_calls, by="agent")
        assert table.index.tolist() == ["a", "b"]
        assert table["n_calls"].tolist() == [3, 2]
        assert table["unique_clients"].tolist() == [2, 1]
        assert table["calls_per_client"].tolist() == [1.5, 1.0]
        assert table["talk_time_median_s"].tolist() == [45.0, 120.0]

    def test_one_long_wait_moves_the_mean_and_not_the_median(self):
        calls = pd.DataFrame({"state": [1, 1, 1, 0, 1], "answerTime": [2.0, 4.0, 90.0, 7.0, None]})
        row = summary(calls).loc["all"]
        assert (row["answer_time_mean_s"], row["answer_time_median_s"]) == (32.0, 4.0)
        assert np.isnan(row["talk_time_median_s"])

    def test_spellings_of_an_outcome_do_not_count_a_client_twice(self, summary_calls):
        spelled = summary_calls.assign(outcomeTag=["no", "NO", "no ", "No", "no"])
        assert summary(spelled, by="outcome")["unique_clients"].to_dict() == {"no": 2}

    def test_nothing_but_rows_is_needed(self):
        table = summary(pd.DataFrame({"other": [1, 2]}))
        assert table.loc["all", "n_calls"] == 2
        assert table.drop(columns="n_calls").isna().all(axis=None)

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, summary_calls):
        for by in (None, "agent"):
            full, empty = summary(summary_calls, by=by), summary(summary_calls.iloc[:0], by=by)
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.names == full.index.names

    def test_no_answered_call(self, summary_calls):
        table = summary(summary_calls.assign(state="failed"))
        assert table.loc["all", "answer_rate"] == 0
        assert np.isnan(table.loc["all", "talk_time_mean_s"])


@pytest.fixture
def breakdown_calls() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "projectName": ["A", "B", "B", None],
            "state": [1, 1, 0, 0],
            "talkTime": [10, 20, 5, 0],
            "outcomeType": ["positive", None, "negative", None],
            "clientNumber": ["x", "y", "y", "x"],
            "tags": ['["t", "u"]', '["t"]', "[]", None],
            "timestamp": ["2026-03-02T09:00Z", "2026-03-02T09:00Z", "2026-03-02T09:00Z", "2026-03-02T08:00Z"],
            "outcomeTag": ["No", "no ", "NO", None],
        }
    )


class TestBreakdown:
    def test_usual_metrics_most_calls_first_nulls_shown(self, breakdown_calls):
        table = breakdown(breakdown_calls, "project")
        assert table.index.tolist() == ["B", "A", "(none)"]
        assert table["share"].tolist() == [0.5, 0.25, 0.25]
        assert table["n_calls"].tolist() == [2, 1, 1]
        assert table["answered"].tolist() == [1, 1, 0]
        assert table["answer_rate"].tolist() == [0.5, 1.0, 0.0]
        assert table["talk_time_total_s"].tolist() == [25.0, 10.0, 0.0]
        assert table["positive"].tolist() == [0, 1, 0]
        assert table["positive_rate"].tolist() == [0.0, 1.0, 0.0]

    def test_rates_of_calls_have_wilsons_interval(self, breakdown_calls):
        table = breakdown(breakdown_calls, "project", ["answer_rate", "talk_time_mean_s", "ai_talk_share"])
        assert table.columns.tolist() == [
            "share",
            "n_calls_per_day",
            "answer_rate",
            "answer_rate_low",
            "answer_rate_high",
            "talk_time_mean_s",
            "talk_time_mean_s_low",
            "talk_time_mean_s_high",
            "ai_talk_share",
            "ai_talk_share_low",
            "ai_talk_share_high",
            "beyond_chance",
        ]
        # 1 of 2, but both to one client, so that they count as one, and 1 of 1
        assert table["answer_rate_low"].tolist()[:2] == pytest.approx([0.054621, 0.206549], abs=1e-6)

    def test_calls_of_one_client_tell_less_than_calls_of_many(self):
        # The same calls, to 90 clients once each, and to 30 clients three times, who answer always or never.
        df = pd.DataFrame({"projectName": ["A"] * 90, "state": [1] * 30 + [0] * 60})
        once = df.assign(clientNumber=[f"+4930{place:07d}" for place in range(90)])
        thrice = df.assign(clientNumber=[f"+4930{place // 3:07d}" for place in range(90)])
        bounds = [
            breakdown(each, "project", ["answer_rate"])[["answer_rate_low", "answer_rate_high"]].to_numpy()[0]
            for each in (df, once, thrice)
        ]
        assert bounds[0].tolist() == bounds[1].tolist() == [float(each) for each in wilson(30, 90)]
        # All alike within a client: as 30 calls, and a little less, since 30 clients tell the variance.
        assert bounds[2] == pytest.approx(wilson(10, 30), abs=0.01)
        assert bounds[2][0] < wilson(10, 30)[0]

    def test_groups_that_differ_beyond_chance(self):
        # Lines B to E answer 30 of 100, line A 60, line F one of two.
        answered = {"A": (60, 100), **dict.fromkeys("BCDE", (30, 100)), "F": (1, 2)}
        rows = [(name, place < hits) for name, (hits, calls) in answered.items() for place in range(calls)]
        df = pd.DataFrame(rows, columns=["lineNumber", "state"]).astype({"state": int})
        table = breakdown(df, "line", ["answer_rate"])
        assert table.index[table["beyond_chance"]].tolist() == ["A"]
        assert str(table["beyond_chance"].dtype) == "boolean"
        assert table.attrs["brightcall"]["false_discovery_rate"] == 0.05
        assert breakdown(df, "line", confidence=0.9).attrs["brightcall"]["false_discovery_rate"] == 0.1
        shuffled = breakdown(df.sample(frac=1, random_state=1), "line", ["answer_rate"])
        pd.testing.assert_frame_equal(shuffled.sort_index(), table.sort_index())

    def test_of_several_rates_each_is_flagged(self):
        df = pd.DataFrame(
            {
                "lineNumber": ["A"] * 100 + ["B"] * 100,
                "state": [1] * 70 + [0] * 30 + [1] * 20 + [0] * 80,
                "outcomeType": (["positive"] * 10 + [None] * 90) * 2,
            }
        )
        table = breakdown(df, "line")
        assert table["answer_rate_beyond_chance"].all()
        assert not table["positive_rate_beyond_chance"].any()
        assert table["beyond_chance"].all()

    def test_one_group_has_nothing_to_differ_from(self):
        table = breakdown(pd.DataFrame({"lineNumber": ["A"] * 9, "state": [0, 1, 1] * 3}), "line")
        assert table["beyond_chance"].isna().all()
        assert "beyond_chance" not in breakdown(pd.DataFrame({"lineNumber": ["A", "B"]}), "line", ["n_calls"])

    def test_spellings_and_talk_times_do_not_tear_a_client_apart(self):
        df = pd.DataFrame(
            {
                "outcomeTag": ["Sold", " sold", "SOLD", "Busy"] * 10,
                "state": [1, 1, 1, 0] * 10,
                "talkTime": [float(place) for place in range(40)],
                "clientNumber": [f"+4930{place // 4:07d}" for place in range(40)],
            }
        )
        metrics = ["answer_rate", "talk_time_mean_s"]
        folded = df.assign(outcomeTag=df["outcomeTag"].str.strip().str.capitalize())
        table = breakdown(df, "outcome", [*metrics, "talk_time_median_s"])
        expected = breakdown(folded, "outcome", metrics).rename({"Sold": table.index[0]})
        pd.testing.assert_frame_equal(table[expected.columns], expected)

    def test_medians_and_distinct_clients_can_be_asked_for(self, breakdown_calls):
        table = breakdown(breakdown_calls, "project", ["talk_time_median_s", "unique_clients"])
        assert table.drop(columns="n_calls_per_day").loc["B"].tolist() == [0.5, 20.0, 1.0]

    def test_calls_a_day_are_those_of_the_days_that_have_the_weekday(self):
        # Two calls on each of 30 days from a Sunday on, which has five Sundays and Mondays.
        stamps = pd.date_range("2026-03-01T12:00", periods=30, freq="D", tz="UTC").repeat(2)
        df = pd.DataFrame({"timestamp": stamps, "projectName": ["Solar", "Wind"] * 30})
        table = breakdown(df, "weekday", ["n_calls"])
        assert table["n_calls"].tolist() == [10, 8, 8, 8, 8, 8, 10]
        assert table["n_calls_per_day"].tolist() == [2.0] * 7
        assert breakdown(df, "project", ["n_calls"])["n_calls_per_day"].tolist() == [1.0, 1.0]
        assert set(breakdown(df, ["project", "weekday"])["n_calls_per_day"]) == {1.0}
        # Weeks from 23 February to 30 March have 1, 7, 7, 7, 7 and 1 of these days.
        assert breakdown(df, "week", ["n_calls"])["n_calls"].tolist() == [2, 14, 14, 14, 14, 2]
        assert breakdown(df, "week", ["n_calls"])["n_calls_per_day"].tolist() == [2.0] * 6
        assert breakdown(df, "hour")["n_calls_per_day"].tolist() == [2.0]

    def test_calls_a_day_are_not_known_without_times(self, breakdown_calls):
        untimed = breakdown(breakdown_calls.drop(columns="timestamp"), "project")
        assert untimed["n_calls_per_day"].isna().all()
        one = breakdown(breakdown_calls.assign(timestamp=["2026-03-02T09:00Z", None, None, None]), "weekday")
        assert one["n_calls_per_day"].fillna(-1).to_dict() == {"Monday": 1.0, "(none)": -1.0}

    def test_ordered_labels_keep_their_order(self, breakdown_calls):
        assert breakdown(breakdown_calls, "hour").index.tolist() == [8, 9]
        assert breakdown(breakdown_calls, "state").index.tolist() == ["unanswered", "answered"]
        assert breakdown(breakdown_calls, ["project", "hour"]).index.tolist() == [
            ("A", 9),
            ("B", 9),
            ("(none)", 8),
        ]

    def test_a_call_counts_in_each_of_its_tags_and_shares_are_of_calls(self, breakdown_calls):
        table = breakdown(breakdown_calls, "tag", ["n_calls"])
        assert table["n_calls"].to_dict() == {"t": 2, "(none)": 2, "u": 1}
        assert table["share"].to_dict() == {"t": 0.5, "(none)": 0.5, "u": 0.25}

    def test_outcomes_are_folded(self, breakdown_calls):
        assert breakdown(breakdown_calls, "outcome", ["n_calls"])["n_calls"].to_dict() == {
            "NO": 3,
            "(none)": 1,
        }

    def test_a_column_of_ones_own(self, breakdown_calls):
        df = breakdown_calls.assign(team=[1.5, 1.5, None, 2.5])
        table = breakdown(df, "team", ["n_calls"])
        assert table["n_calls"].tolist() == [2, 1, 1]
        assert pd.isna(table.index[2])

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, breakdown_calls):
        for by in ("project", "tag", ["project", "hour"]):
            full, empty = breakdown(breakdown_calls, by), breakdown(breakdown_calls.iloc[:0], by)
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.names == full.index.names

    @pytest.mark.parametrize("metrics", [[], "n_calls", ["bells"]])
    def test_metrics_that_are_none(self, breakdown_calls, metrics):
        with pytest.raises(ValueError, match="metrics="):
            breakdown(breakdown_calls, "project", metrics)

    @pytest.mark.parametrize("by", [None, []])
    def test_by_must_name_something(self, breakdown_calls, by):
        with pytest.raises(ValueError, match="by="):
            breakdown(breakdown_calls, by)


COLUMNS = [
    "outcome_type",
    "n_calls",
    "share",
    "share_low",
    "share_high",
    "answered",
    "answer_rate",
    "talk_time_total_s",
    "talk_time_mean_s",
    "talk_time_median_s",
]


@pytest.fixture
def outcome_calls() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "outcomeTag": ["No Answer", "no answer", " No  Answer ", "Sold", "sold", None, "", "No Answer"],
            "outcomeType": ["neutral", "negative", "negative", "positive", None, None, "absent", None],
            "state": [
                "unanswered",
                "answered",
                "answered",
                "answered",
                "answered",
                "failed",
                "answered",
                None,
            ],
            "talkTime": [5.0, 10.0, 30.0, 100.0, None, 0.0, 7.0, 2.0],
            "userId": ["1", "1", "2", "1", "2", "2", "2", "2"],
        },
        index=[3, 3, 3, 0, 0, 1, 1, 1],
    )


class TestByOutcome:
    def test_every_number(self, outcome_calls):
        table = by_outcome(outcome_calls)
        assert table.index.tolist() == ["No Answer", "Sold", "(none)"]
        assert table.index.name == "outcome"
        assert table.columns.tolist() == COLUMNS
        assert table["outcome_type"].tolist() == ["negative", "positive", "absent"]
        assert table["n_calls"].tolist() == [4, 2, 2]
        assert table["share"].tolist() == [0.5, 0.25, 0.25]
        assert table["answered"].tolist() == [2, 2, 1]
        assert table["answer_rate"].tolist() == [0.5, 1.0, 0.5]
        assert table["talk_time_total_s"].tolist() == [47.0, 100.0, 7.0]
        assert table["talk_time_mean_s"].tolist() == [20.0, 100.0, 7.0]
        assert table["talk_time_median_s"].tolist() == [20.0, 100.0, 7.0]

    def test_intervals_are_wilsons(self, outcome_calls):
        # 4 of 8 and 2 of 8: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), worked out by hand.
        table = by_outcome(outcome_calls)
        assert table["share_low"].tolist() == pytest.approx([0.21521, 0.07148, 0.07148], abs=1e-5)
        assert table["share_high"].tolist() == pytest.approx([0.78479, 0.59072, 0.59072], abs=1e-5)
        narrower = by_outcome(outcome_calls, confidence=0.5)
        assert (narrower["share_low"] > table["share_low"]).all()

    def test_by_adds_levels_and_shares_are_within_the_group(self, outcome_calls):
        table = by_outcome(outcome_calls, by="agent")
        assert table.index.names == ["agent", "outcome"]
        assert table["n_calls"].to_dict() == {
            ("1", "No Answer"): 2,
            ("1", "Sold"): 1,
            ("2", "(none)"): 2,
            ("2", "No Answer"): 2,
            ("2", "Sold"): 1,
        }
        assert table["share"].groupby("agent").sum().tolist() == pytest.approx([1, 1])
        assert table.loc[("1", "Sold"), "share"] == pytest.approx(1 / 3)
        assert list(table.index)[2:4] == [("2", "No Answer"), ("2", "(none)")]

    def test_spellings_can_stay_apart(self, outcome_calls):
        table = by_outcome(outcome_calls, fold_case=False)
        assert table["n_calls"].to_dict() == {
            "(none)": 2,
            "No Answer": 2,
            " No  Answer ": 1,
            "Sold": 1,
            "no answer": 1,
            "sold": 1,
        }

    def test_only_the_defining_column_is_needed(self, outcome_calls):
        table = by_outcome(outcome_calls[["outcomeTag"]])
        assert table["n_calls"].tolist() == [4, 2, 2]
        assert table.drop(columns=["n_calls", "share", "share_low", "share_high"]).isna().all(axis=None)
        with pytest.raises(KeyError, match=r"outcomeTag.*Outcome of the call"):
            by_outcome(outcome_calls.drop(columns="outcomeTag"))

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, outcome_calls):
        outcome_calls["state"] = outcome_calls["state"].fillna("failed")
        for by in (None, "agent", ["agent", "state"]):
            full, empty = by_outcome(outcome_calls, by=by), by_outcome(outcome_calls.iloc[:0], by=by)
            assert len(empty) == 0
            assert empty.columns.tolist() == COLUMNS
            assert empty.dtypes.tolist() == full.dtypes.tolist()
            assert empty.index.names == full.index.names

    def test_raw_codes_mean_the_same_as_labels(self, outcome_calls):
        raw = outcome_calls.assign(
            state=[0, 1, 1, 1, 1, 2, 1, None], talkTime=outcome_calls["talkTime"].astype(object)
        )
        pd.testing.assert_frame_equal(by_outcome(raw), by_outcome(outcome_calls))

    def test_the_frame_stays_as_it_was(self, outcome_calls):
        before = outcome_calls.copy(deep=True)
        by_outcome(outcome_calls, by=["agent", "state"])
        pd.testing.assert_frame_equal(outcome_calls, before)

    def test_the_order_of_rows_does_not_matter(self, outcome_calls):
        pd.testing.assert_frame_equal(by_outcome(outcome_calls.iloc[::-1]), by_outcome(outcome_calls))

    def test_a_group_without_known_talk_time_has_no_mean(self):
        table = by_outcome(pd.DataFrame({"outcomeTag": ["a"], "state": [1], "talkTime": [None]}))
        assert np.isnan(table.loc["a", "talk_time_mean_s"])
        assert np.isnan(table.loc["a", "talk_time_total_s"])


@pytest.fixture
def funnel_calls() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "state": [1, 1, 1, 0, None],
            "talkTime": [30, 29, 400, 0, 50],
            "outcomeType": [None, "positive", "positive", "positive", "positive"],
            "userId": ["a", "a", "b", "b", "b"],
        },
        index=[1, 1, 1, 1, 1],
    )


class TestFunnel:
    def test_every_number(self, funnel_calls):
        table = funnel(funnel_calls)
        assert table.index.tolist() == ["all calls", "answered", "conversation ≥ 30 s", "positive outcome"]
        assert table.index.name == "stage"
        assert table["n_calls"].tolist() == [5, 3, 2, 1]
        assert table["share"].tolist() == [1.0, 0.6, 0.4, 0.2]
        assert table["step_rate"].fillna(-1).tolist() == pytest.approx([-1, 0.6, 2 / 3, 0.5])
        assert table["lost"].tolist() == [0, 2, 1, 1]
        # Wilson, 1 of 2
        assert table["step_rate_low"].iloc[3] == pytest.approx(0.09453, abs=1e-5)

    def test_stages_of_ones_own(self, funnel_calls):
        stages = {
            "long": lambda df: df["talkTime"] > 20,
            "positive": pd.Series([None, True, True, False, True], funnel_calls.index, dtype="boolean"),
            "b": np.array([False, False, True, True, True]),
        }
        assert funnel(funnel_calls, stages)["n_calls"].to_dict() == {"long": 4, "positive": 3, "b": 2}

    def test_stages_are_said_as_metrics_are(self, funnel_calls):
        talks = bc.Metric("stage of talks", numerator="talkTime > 20", denominator="talkTime >= 0")
        ways = [
            {"all": "talkTime >= 0", "long": talks, "positive": "positive"},
            {
                "all": lambda df: [True] * len(df),
                "long": "talkTime > 20",
                "positive": "outcomeType == 'positive'",
            },
            {
                "all": bc.CallFilter(),
                "long": "stage of talks",
                "positive": bc.CallFilter(outcome_types="positive"),
            },
        ]
        for stages in ways:
            found = funnel(funnel_calls, stages)["n_calls"].to_dict()
            assert found == {"all": 5, "long": 4, "positive": 3}
        assert funnel(funnel_calls, [talks, "positive"])["n_calls"].to_dict() == {
            "stage of talks": 4,
            "positive": 3,
        }

    @pytest.mark.parametrize(
        ("stage", "told"),
        [
            ("talkTme > 3", "stage 'bad' needs a column: .*'talkTme'"),
            ("talkTime", "stage 'bad' gives numbers"),
            ("unique_clients", "stage 'bad' counts distinct clients"),
            (pd.Series([True] * 5, index=range(5, 10)), "stage 'bad': the index of its mask"),
            (lambda df: 1 / 0, "stage 'bad' raised ZeroDivisionError"),
            (7, "stage 'bad' is a CallFilter, .* not 7"),
        ],
    )
    def test_a_stage_that_is_none_is_named(self, funnel_calls, stage, told):
        with pytest.raises((KeyError, TypeError, ValueError), match=told):
            funnel(funnel_calls, {"all": bc.CallFilter(), "bad": stage})

    def test_by_lists_every_stage_in_every_group(self, funnel_calls):
        table = funnel(funnel_calls, by="agent")
        assert table["n_calls"].tolist() == [2, 2, 1, 0, 3, 1, 1, 1]
        assert table["share"].tolist() == pytest.approx([1, 1, 0.5, 0, 1, 1 / 3, 1 / 3, 1 / 3])

    def test_nobody_at_the_first_stage(self, funnel_calls):
        table = funnel(
            funnel_calls, {"never": lambda df: df["talkTime"] > 1e6, "after": lambda df: df["talkTime"] > 0}
        )
        assert table["n_calls"].tolist() == [0, 0]
        assert table["share"].isna().all()

    @pytest.mark.parametrize("stages", [{}, ["nothing"], "answered", ["answered", "answered"], 5])
    def test_stages_that_are_none(self, funnel_calls, stages):
        with pytest.raises(ValueError, match="stages="):
            funnel(funnel_calls, stages)

    def test_a_mask_of_another_length(self, funnel_calls):
        with pytest.raises(
            ValueError, match="stage 'short': its mask has 2 entries, but the frame has 5 calls"
        ):
            funnel(funnel_calls, {"short": [True, False]})

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, funnel_calls):
        for by in (None, "agent"):
            full, empty = funnel(funnel_calls, by=by), funnel(funnel_calls.iloc[:0], by=by)
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.names == full.index.names
