from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import breakdown


@pytest.fixture
def calls() -> pd.DataFrame:
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
    def test_usual_metrics_most_calls_first_nulls_shown(self, calls):
        table = breakdown(calls, "project")
        assert table.index.tolist() == ["B", "A", "(none)"]
        assert table["share"].tolist() == [0.5, 0.25, 0.25]
        assert table["n_calls"].tolist() == [2, 1, 1]
        assert table["answered"].tolist() == [1, 1, 0]
        assert table["answer_rate"].tolist() == [0.5, 1.0, 0.0]
        assert table["talk_time_total_s"].tolist() == [25.0, 10.0, 0.0]
        assert table["positive"].tolist() == [0, 1, 0]
        assert table["positive_rate"].tolist() == [0.0, 1.0, 0.0]

    def test_rates_of_calls_have_wilsons_interval(self, calls):
        table = breakdown(calls, "project", ["answer_rate", "talk_time_mean_s", "ai_talk_share"])
        assert table.columns.tolist() == [
            "share",
            "answer_rate",
            "answer_rate_low",
            "answer_rate_high",
            "talk_time_mean_s",
            "ai_talk_share",
        ]
        # 1 of 2 and 1 of 1
        assert table["answer_rate_low"].tolist()[:2] == pytest.approx([0.094531, 0.206549], abs=1e-6)

    def test_medians_and_distinct_clients_can_be_asked_for(self, calls):
        table = breakdown(calls, "project", ["talk_time_median_s", "unique_clients"])
        assert table.loc["B"].tolist() == [0.5, 20.0, 1.0]

    def test_ordered_labels_keep_their_order(self, calls):
        assert breakdown(calls, "hour").index.tolist() == [8, 9]
        assert breakdown(calls, "state").index.tolist() == ["unanswered", "answered"]
        assert breakdown(calls, ["project", "hour"]).index.tolist() == [("A", 9), ("B", 9), ("(none)", 8)]

    def test_a_call_counts_in_each_of_its_tags_and_shares_are_of_calls(self, calls):
        table = breakdown(calls, "tag", ["n_calls"])
        assert table["n_calls"].to_dict() == {"t": 2, "(none)": 2, "u": 1}
        assert table["share"].to_dict() == {"t": 0.5, "(none)": 0.5, "u": 0.25}

    def test_outcomes_are_folded(self, calls):
        assert breakdown(calls, "outcome", ["n_calls"])["n_calls"].to_dict() == {"NO": 3, "(none)": 1}

    def test_a_column_of_ones_own(self, calls):
        df = calls.assign(team=[1.5, 1.5, None, 2.5])
        table = breakdown(df, "team", ["n_calls"])
        assert table["n_calls"].tolist() == [2, 1, 1]
        assert pd.isna(table.index[2])

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, calls):
        for by in ("project", "tag", ["project", "hour"]):
            full, empty = breakdown(calls, by), breakdown(calls.iloc[:0], by)
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.names == full.index.names

    @pytest.mark.parametrize("metrics", [[], "n_calls", ["bells"]])
    def test_metrics_that_are_none(self, calls, metrics):
        with pytest.raises(ValueError, match="metrics="):
            breakdown(calls, "project", metrics)

    @pytest.mark.parametrize("by", [None, []])
    def test_by_must_name_something(self, calls, by):
        with pytest.raises(ValueError, match="by="):
            breakdown(calls, by)
