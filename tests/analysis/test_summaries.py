from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.analysis import summary


@pytest.fixture
def calls() -> pd.DataFrame:
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
    def test_every_number(self, calls):
        table = summary(calls)
        assert table.index.tolist() == ["all"]
        assert table.loc["all"].to_dict() == pytest.approx(
            {
                "n_calls": 5,
                "answered": 3,
                "answer_rate": 0.6,
                "answer_time_mean_s": 6.0,
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

    def test_by_makes_a_row_of_each_group(self, calls):
        table = summary(calls, "agent")
        assert table.index.tolist() == ["a", "b"]
        assert table["n_calls"].tolist() == [3, 2]
        assert table["unique_clients"].tolist() == [2, 1]
        assert table["calls_per_client"].tolist() == [1.5, 1.0]
        assert table["talk_time_median_s"].tolist() == [45.0, 120.0]

    def test_spellings_of_an_outcome_do_not_count_a_client_twice(self, calls):
        spelled = calls.assign(outcomeTag=["no", "NO", "no ", "No", "no"])
        assert summary(spelled, "outcome")["unique_clients"].to_dict() == {"no": 2}

    def test_nothing_but_rows_is_needed(self):
        table = summary(pd.DataFrame({"other": [1, 2]}))
        assert table.loc["all", "n_calls"] == 2
        assert table.drop(columns="n_calls").isna().all(axis=None)

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, calls):
        for by in (None, "agent"):
            full, empty = summary(calls, by), summary(calls.iloc[:0], by)
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.names == full.index.names

    def test_no_answered_call(self, calls):
        table = summary(calls.assign(state="failed"))
        assert table.loc["all", "answer_rate"] == 0
        assert np.isnan(table.loc["all", "talk_time_mean_s"])
