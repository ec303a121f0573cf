from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.analysis import by_outcome

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
def calls() -> pd.DataFrame:
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
    def test_every_number(self, calls):
        table = by_outcome(calls)
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

    def test_intervals_are_wilsons(self, calls):
        # 4 of 8 and 2 of 8: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), worked out by hand.
        table = by_outcome(calls)
        assert table["share_low"].tolist() == pytest.approx([0.21521, 0.07148, 0.07148], abs=1e-5)
        assert table["share_high"].tolist() == pytest.approx([0.78479, 0.59072, 0.59072], abs=1e-5)
        narrower = by_outcome(calls, confidence=0.5)
        assert (narrower["share_low"] > table["share_low"]).all()

    def test_by_adds_levels_and_shares_are_within_the_group(self, calls):
        table = by_outcome(calls, "agent")
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

    def test_spellings_can_stay_apart(self, calls):
        table = by_outcome(calls, fold_case=False)
        assert table["n_calls"].to_dict() == {
            "(none)": 2,
            "No Answer": 2,
            " No  Answer ": 1,
            "Sold": 1,
            "no answer": 1,
            "sold": 1,
        }

    def test_only_the_defining_column_is_needed(self, calls):
        table = by_outcome(calls[["outcomeTag"]])
        assert table["n_calls"].tolist() == [4, 2, 2]
        assert table.drop(columns=["n_calls", "share", "share_low", "share_high"]).isna().all(axis=None)
        with pytest.raises(KeyError, match=r"outcomeTag.*Outcome of the call"):
            by_outcome(calls.drop(columns="outcomeTag"))

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, calls):
        for by in (None, "agent", ["agent", "state"]):
            full, empty = by_outcome(calls, by), by_outcome(calls.iloc[:0], by)
            assert len(empty) == 0
            assert empty.columns.tolist() == COLUMNS
            assert empty.dtypes.tolist() == full.dtypes.tolist()
            assert empty.index.names == full.index.names

    def test_raw_codes_mean_the_same_as_labels(self, calls):
        raw = calls.assign(state=[0, 1, 1, 1, 1, 2, 1, None], talkTime=calls["talkTime"].astype(object))
        pd.testing.assert_frame_equal(by_outcome(raw), by_outcome(calls))

    def test_the_frame_stays_as_it_was(self, calls):
        before = calls.copy(deep=True)
        by_outcome(calls, ["agent", "state"])
        pd.testing.assert_frame_equal(calls, before)

    def test_the_order_of_rows_does_not_matter(self, calls):
        pd.testing.assert_frame_equal(by_outcome(calls.iloc[::-1]), by_outcome(calls))

    def test_a_group_without_known_talk_time_has_no_mean(self):
        table = by_outcome(pd.DataFrame({"outcomeTag": ["a"], "state": [1], "talkTime": [None]}))
        assert np.isnan(table.loc["a", "talk_time_mean_s"])
        assert table.loc["a", "talk_time_total_s"] == 0
