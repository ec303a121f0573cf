"""What is not known is null, never 0; what cannot be is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas import analysis

COLUMNS = (
    "answerTime", "talkTime", "aiTalkTime", "callTime", "state", "outcomeType", "clientNumber",
    "isRecordReady", "numbersInvolvedJSON", "firstTimeForUser",
)  # fmt: skip


def calls() -> pd.DataFrame:
    """Return six inbound and six outbound calls, half of each answered, of two projects."""
    return pd.DataFrame(
        {
            "timestamp": pd.date_range("2026-03-02T09:00", periods=12, freq="h", tz="UTC"),
            "type": [0, 1] * 6,
            "state": [1, 1, 0, 0] * 3,
            "projectName": ["A", "A", "A", "A", "B", "B"] * 2,
            "userId": ["7", "8"] * 6,
            "lineNumber": "L",
            "clientNumber": [f"+49151{each}" for each in range(12)],
            "answerTime": 5.0,
            "talkTime": 60.0,
            "aiTalkTime": 20.0,
            "callTime": 70.0,
            "totalTime": 75.0,
            "outcomeTag": "Sold",
            "outcomeType": "positive",
            "isRecordReady": True,
            "firstTimeForUser": True,
            "numbersInvolvedJSON": '["101","102"]',
        }
    )


UNKNOWN = {
    "answerTime": {
        "summary": ["answer_time_mean_s", "answer_time_median_s"],
        "over_time": ["answer_time_mean_s"],
        "service_level": ["answered_in_time", "service_level_offered", "service_level_answered"],
    },
    "talkTime": {
        "summary": ["talk_time_total_s", "talk_time_mean_s", "talk_time_median_s", "ai_talk_share"],
        "by_agent": ["talk_time_total_s", "talk_time_mean_s"],
        "by_outcome": ["talk_time_total_s", "talk_time_mean_s"],
        "by_line": ["short_call_share"],
        "over_time": ["talk_time_total_s"],
        "staffing": ["handling_time_s", "load_erlangs", "agents", "staff"],
    },
    "aiTalkTime": {"summary": ["ai_talk_share"]},
    "callTime": {
        "abandonment": ["abandoned_short", "abandonment_rate_excl_short", "wait_mean_s"],
        "service_level": ["abandoned_short", "service_level_excl_short"],
    },
    "state": {
        "summary": ["answered", "answer_rate", "talk_time_mean_s"],
        "by_agent": ["answered", "answer_rate", "answer_rate_adjusted", "rank"],
        "by_line": ["answered", "answer_rate", "answer_rate_expected", "answer_rate_adjusted", "trend"],
        "by_outcome": ["answered", "answer_rate"],
        "attempts": ["answered", "answer_rate", "reached", "marginal_rate", "reach", "given_up"],
        "transfer_variants": ["answered", "answer_rate"],
    },
    "outcomeType": {
        "by_agent": ["positive", "positive_rate", "positive_rate_adjusted"],
        "attempts": ["positive", "positive_rate"],
        "talk_time_buckets": ["positive", "positive_rate"],
        "transfer_variants": ["positive", "positive_rate"],
    },
    "clientNumber": {"summary": ["unique_clients", "calls_per_client"]},
    "isRecordReady": {"summary": ["recordings_ready"]},
    "numbersInvolvedJSON": {"summary": ["transferred_share"]},
    "firstTimeForUser": {"summary": ["first_time_share"]},
}


class TestUnknownIsNotZero:
    @pytest.mark.parametrize("column", COLUMNS)
    def test_of_all_calls(self, column):
        unknown = calls().assign(**{column: None})
        for name, numbers in UNKNOWN[column].items():
            table = getattr(analysis, name)(unknown)
            of = next(each for each in ("n_calls", "offered", "dials") if each in table)
            table = table[table[of] > 0]
            assert len(table)
            assert table[numbers].isna().all(axis=None), name
            assert getattr(analysis, name)(calls())[numbers[0]].notna().any() or name == "by_line"

    def test_of_a_group(self):
        df = calls()
        df["talkTime"] = df["talkTime"].where(df["projectName"] == "B")
        df["state"] = df["state"].where(df["projectName"] == "B")
        table = df.calls.breakdown("project", ["n_calls", "answered", "answer_rate", "talk_time_total_s"])
        assert table["n_calls"].to_dict() == {"A": 8, "B": 4}
        assert table["talk_time_total_s"].isna().to_dict() == {"A": True, "B": False}
        assert table["answered"].isna().to_dict() == {"A": True, "B": False}
        assert table["answer_rate_low"].isna().to_dict() == {"A": True, "B": False}
        assert table.loc["B", "talk_time_total_s"] == 240

    def test_one_known_value_is_enough(self):
        df = calls()
        df["talkTime"] = df["talkTime"].where(df.index == 0)
        assert analysis.summary(df)["talk_time_total_s"].tolist() == [60]

    def test_a_null_outcome_or_client_says_something_of_a_single_group(self):
        df = calls()
        none = df["projectName"] == "A"
        df[["outcomeType", "clientNumber"]] = df[["outcomeType", "clientNumber"]].mask(none)
        table = df.calls.breakdown("project", ["positive", "positive_rate", "unique_clients"])
        assert table["positive"].to_dict() == {"A": 0, "B": 4}
        assert table["positive_rate"].to_dict() == {"A": 0, "B": 1}
        assert table["unique_clients"].to_dict() == {"A": 0, "B": 4}

    def test_a_period_without_calls_has_none(self):
        table = analysis.over_time(calls().iloc[[0, 11]], "h")
        assert table["answered"].tolist() == [1, *[0] * 11]
        assert table["talk_time_total_s"].tolist() == [60, *[0] * 10, 60]

    def test_parts_know_what_others_do_not(self):
        df = calls()
        df["talkTime"] = df["talkTime"].where(df.index < 6)
        df["outcomeType"] = df["outcomeType"].where(df.index < 6)
        for name in ("summary", "by_agent", "by_outcome", "over_time"):
            tally, finish = (getattr(getattr(analysis, name).additive, half) for half in ("tally", "finish"))
            parts = analysis.merge([tally(df.iloc[:6]), tally(df.iloc[6:])])
            days = {"days": analysis.covered(df, None)} if name == "over_time" else {}
            pd.testing.assert_frame_equal(finish(parts, **days), getattr(analysis, name)(df))

    def test_agents_of_whom_nothing_is_known_move_nobody(self):
        df = calls()
        unknown = df.iloc[:5].assign(userId="9", state=None)
        alone, beside = (analysis.by_agent(each, min_calls=1) for each in (df, pd.concat([df, unknown])))
        assert beside.loc["9", ["rank", "answer_rate_adjusted"]].isna().all()
        assert (
            beside.loc[alone.index, "answer_rate_adjusted"].tolist() == alone["answer_rate_adjusted"].tolist()
        )


IMPOSSIBLE = [-1_772_442_000.0, -1.0, 86_401.0, 1_772_442_000.0, np.inf]


class TestImpossibleDurations:
    @pytest.mark.parametrize("value", IMPOSSIBLE)
    def test_enter_no_sum_and_no_mean_and_are_said(self, value):
        df = calls()
        poisoned = pd.concat([df, df.iloc[:2].assign(talkTime=value, answerTime=value, aiTalkTime=value)])
        row = analysis.summary(poisoned).loc["all"]
        assert row["n_calls"] == 14
        assert row[["talk_time_total_s", "talk_time_mean_s", "answer_time_mean_s"]].tolist() == [720, 60, 5]
        assert row["ai_talk_share"] == pytest.approx(1 / 3)
        said = analysis.summary(poisoned).attrs["impossible"]
        assert said == {"answerTime": 2, "talkTime": 2, "aiTalkTime": 2}
        assert "impossible" not in analysis.summary(df).attrs

    @pytest.mark.parametrize("value", IMPOSSIBLE)
    def test_quality_counts_them(self, value):
        found = analysis.quality(calls().assign(talkTime=value), now="2026-04-01T00:00Z")
        kind = ("negative", "talkTime") if value < 0 else ("impossible", "talkTime > 24 h")
        assert found.loc[kind, "count"] == 12

    @pytest.mark.parametrize("name", ["by_agent", "by_outcome", "over_time", "talk_time_buckets", "by_line"])
    def test_every_table_with_talk_time_says_so(self, name):
        df = calls()
        poisoned = df.assign(talkTime=df["talkTime"].mask(df.index == 1, -5))
        table = getattr(analysis, name)(poisoned)
        assert table.attrs["impossible"] == {"talkTime": 1}
        if "talk_time_total_s" in table:
            assert table["talk_time_total_s"].sum() in (660, 300)  # of all calls, or of the answered ones

    def test_merged_parts_say_how_many(self):
        df = calls().assign(talkTime=[-1.0, *[60.0] * 10, 1e6])
        form = analysis.by_outcome.additive
        table = form.finish(analysis.merge([form.tally(df.iloc[:6]), form.tally(df.iloc[6:])]))
        assert table.attrs["impossible"] == {"talkTime": 2}
        pd.testing.assert_frame_equal(table, analysis.by_outcome(df))

    def test_a_day_is_possible(self):
        assert analysis.summary(calls().assign(talkTime=86_400.0))["talk_time_mean_s"].tolist() == [86_400]

    def test_no_conversation_comes_of_them(self):
        df = calls().assign(talkTime=1e9)
        assert analysis.funnel(df)["n_calls"].tolist() == [12, 6, 0, 0]

    def test_the_server_is_compared_with_what_it_sent(self):
        df = calls().assign(talkTime=-5.0)
        sides = pd.Index(["all", "inbound", "outbound", "internal"], name="direction")
        stats = pd.DataFrame({"allTalkTime_s": [-60.0, np.nan, np.nan, np.nan]}, index=sides)
        table = analysis.reconcile(df, stats)
        assert table.loc[("all", "allTalkTime_s"), ["rows", "difference"]].tolist() == [-60, 0]
