from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.analysis import funnel, talk_time_buckets


@pytest.fixture
def calls() -> pd.DataFrame:
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
    def test_every_number(self, calls):
        table = funnel(calls)
        assert table.index.tolist() == ["dialled", "answered", "conversation ≥ 30 s", "positive outcome"]
        assert table.index.name == "stage"
        assert table["n_calls"].tolist() == [5, 3, 2, 1]
        assert table["share"].tolist() == [1.0, 0.6, 0.4, 0.2]
        assert table["step_rate"].fillna(-1).tolist() == pytest.approx([-1, 0.6, 2 / 3, 0.5])
        assert table["lost"].tolist() == [0, 2, 1, 1]
        # Wilson, 1 of 2
        assert table["step_rate_low"].iloc[3] == pytest.approx(0.09453, abs=1e-5)

    def test_stages_of_ones_own(self, calls):
        stages = {
            "long": lambda df: df["talkTime"] > 20,
            "positive": pd.Series([None, True, True, False, True], dtype="boolean"),
            "b": np.array([False, False, True, True, True]),
        }
        assert funnel(calls, stages)["n_calls"].to_dict() == {"long": 4, "positive": 3, "b": 2}

    def test_by_lists_every_stage_in_every_group(self, calls):
        table = funnel(calls, by="agent")
        assert table["n_calls"].tolist() == [2, 2, 1, 0, 3, 1, 1, 1]
        assert table["share"].tolist() == pytest.approx([1, 1, 0.5, 0, 1, 1 / 3, 1 / 3, 1 / 3])

    def test_nobody_at_the_first_stage(self, calls):
        table = funnel(
            calls, {"never": lambda df: df["talkTime"] > 1e6, "after": lambda df: df["talkTime"] > 0}
        )
        assert table["n_calls"].tolist() == [0, 0]
        assert table["share"].isna().all()

    @pytest.mark.parametrize("stages", [{}, ["answered"]])
    def test_stages_that_are_none(self, calls, stages):
        with pytest.raises(ValueError, match="stages="):
            funnel(calls, stages)

    def test_a_mask_of_another_length(self, calls):
        with pytest.raises(ValueError, match="'short' has 2 entries, the frame has 5 rows"):
            funnel(calls, {"short": [True, False]})

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, calls):
        for by in (None, "agent"):
            full, empty = funnel(calls, by=by), funnel(calls.iloc[:0], by=by)
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.names == full.index.names


class TestTalkTimeBuckets:
    def test_every_number(self, calls):
        df = pd.concat([calls, pd.DataFrame({"state": [1, 1], "talkTime": [9.9, None]})])
        table = talk_time_buckets(df)
        assert table.index.tolist() == ["< 10 s", "10–30 s", "≥ 30 s"]
        assert table["n_calls"].tolist() == [1, 1, 2]
        assert table["share"].tolist() == [0.25, 0.25, 0.5]
        assert table["talk_time_total_s"].tolist() == [9.9, 29.0, 430.0]
        assert table["positive"].tolist() == [0, 1, 1]
        assert table["positive_rate"].tolist() == [0.0, 1.0, 0.5]

    def test_edges_of_ones_own(self, calls):
        assert talk_time_buckets(calls, [400])["n_calls"].to_dict() == {"< 400 s": 2, "≥ 400 s": 1}

    def test_by_lists_every_bucket_in_every_group(self, calls):
        assert talk_time_buckets(calls, by="agent")["n_calls"].tolist() == [0, 1, 1, 0, 0, 1]
        assert talk_time_buckets(calls, by="agent")["share"].tolist() == [0, 0.5, 0.5, 0, 0, 1]

    @pytest.mark.parametrize("edges", [[], [30, 10], [10, 10], [float("nan")]])
    def test_edges_that_are_none(self, calls, edges):
        with pytest.raises(ValueError, match="edges="):
            talk_time_buckets(calls, edges)

    def test_no_answered_call_gives_an_empty_table_of_the_same_kind(self, calls):
        for empty in (talk_time_buckets(calls.iloc[:0]), talk_time_buckets(calls.assign(state=0))):
            assert len(empty) == 0
            assert empty.dtypes.equals(talk_time_buckets(calls).dtypes)
