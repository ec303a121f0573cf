from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.analysis import answer_time_histogram, talk_time_buckets, talk_time_histogram


def calls(*seconds: float | None, state: str = "answered") -> pd.DataFrame:
    return pd.DataFrame({"talkTime": pd.array(seconds, dtype="float64"), "state": state})


def bins(table: pd.DataFrame) -> dict[tuple[float, float], int]:
    return {(each.left, each.right): count for each, count in table["n_calls"].items()}


class TestTalkTimeHistogram:
    def test_an_edge_belongs_to_one_bin_only(self):
        df = calls(0, 9, 10, 29, 30)
        left = talk_time_histogram(df, [0, 10, 30])
        assert bins(left) == {(0, 10): 2, (10, 30): 2}
        assert left.index.closed == "left"
        right = talk_time_histogram(df, [0, 10, 30], closed="right")
        assert bins(right) == {(0, 10): 2, (10, 30): 2}
        assert right.index.closed == "right"
        assert bins(talk_time_histogram(calls(10), [0, 10, 30])) == {(0, 10): 0, (10, 30): 1}
        assert bins(talk_time_histogram(calls(10), [0, 10, 30], closed="right")) == {(0, 10): 1, (10, 30): 0}

    def test_calls_outside_the_edges_stay_in_the_denominator(self):
        table = talk_time_histogram(calls(1, 5, 5, 60), [2, 10, 30])
        assert table["share"].tolist() == [0.5, 0.0]
        assert table["cumulative_share"].tolist() == [0.5, 0.5]
        assert table.index.name == "talk_time_s"

    def test_unknown_and_impossible_talk_times_count_nowhere(self):
        assert talk_time_histogram(calls(5, None), [0, 10])["share"].tolist() == [1.0]
        table = talk_time_histogram(calls(5, -1_772_442_000, 1e9), 3)
        assert table["share"].tolist() == [1.0, 0.0, 0.0]
        assert table.attrs["impossible"] == {"talkTime": 2}

    def test_answered_calls_only_unless_told(self):
        df = pd.concat([calls(5), calls(5, state="unanswered")])
        assert talk_time_histogram(df, [0, 10])["n_calls"].tolist() == [1]
        assert talk_time_histogram(df, [0, 10], answered_only=False)["n_calls"].tolist() == [2]
        with pytest.raises(KeyError, match="state"):
            talk_time_histogram(df[["talkTime"]])
        assert talk_time_histogram(df[["talkTime"]], [0, 10], answered_only=False)["n_calls"].tolist() == [2]

    def test_edges_that_a_person_would_choose(self):
        assert bins(talk_time_histogram(calls(0, 5, 60, 119))) == {
            (0, 10): 2,
            (10, 30): 0,
            (30, 60): 0,
            (60, 120): 2,
        }
        assert list(bins(talk_time_histogram(calls(120))))[-1] == (120, 180)
        assert list(bins(talk_time_histogram(calls(120), closed="right")))[-1] == (60, 120)
        assert list(bins(talk_time_histogram(calls(0), closed="right"))) == [(-1, 0), (0, 10)]
        assert list(bins(talk_time_histogram(calls(80_000))))[-1] == (57600, 115200)

    def test_a_count_of_equal_bins_that_hold_all(self):
        assert bins(talk_time_histogram(calls(0, 1, 2, 3), 2)) == {(0, 2): 2, (2, 4): 2}
        assert bins(talk_time_histogram(calls(1, 2, 3, 4), 2, closed="right")) == {(0, 2): 2, (2, 4): 2}
        assert bins(talk_time_histogram(calls(7), 3)) == {(7, 8): 1, (8, 9): 0, (9, 10): 0}

    def test_the_last_edge_may_be_infinite(self):
        assert bins(talk_time_histogram(calls(5, 80_000), [0, 10, np.inf])) == {(0, 10): 1, (10, np.inf): 1}

    def test_by_lists_every_bin_in_every_group(self):
        df = calls(5, 15, 15).assign(userId=["b", "a", "b"])
        table = talk_time_histogram(df, [0, 10, 20], by="agent")
        assert table.index.names == ["agent", "talk_time_s"]
        assert table["n_calls"].tolist() == [0, 1, 1, 1]
        assert table["cumulative_share"].tolist() == [0, 1, 0.5, 1]

    def test_nothing_to_count_gives_an_empty_table_of_the_same_kind(self):
        for by in (None, "agent", ["agent", "state"]):
            df = calls(5).assign(userId="a")
            full, empty = talk_time_histogram(df, by=by), talk_time_histogram(df.iloc[:0], by=by)
            assert len(empty) == 0
            assert empty.dtypes.tolist() == full.dtypes.tolist()
            assert empty.index.names == full.index.names
        assert len(talk_time_histogram(calls(None), 4)) == 0

    @pytest.mark.parametrize("edges", [[0], [0, 0], [10, 0], [0, np.nan], [[0, 1]], True, 0, -3])
    def test_edges_that_are_none(self, edges):
        with pytest.raises(ValueError, match="bins="):
            talk_time_histogram(calls(5), edges)

    def test_closed_is_one_of_two_words(self):
        with pytest.raises(ValueError, match="closed='both' is not one of 'left', 'right'"):
            talk_time_histogram(calls(5), closed="both")

    @given(
        st.lists(st.integers(0, 4000), min_size=1),
        st.one_of(st.none(), st.integers(1, 50)),
        st.sampled_from(["left", "right"]),
    )
    def test_edges_not_given_hold_every_call_once(self, seconds, count, closed):
        table = talk_time_histogram(calls(*seconds), count, closed=closed)
        assert table["n_calls"].sum() == len(seconds)
        assert table["cumulative_share"].iloc[-1] == pytest.approx(1)
        for interval, number in table["n_calls"].items():
            assert number == sum(each in interval for each in seconds)


class TestAnswerTimeHistogram:
    def test_counts_answer_times_of_answered_calls(self):
        df = pd.DataFrame({"answerTime": [0, 4, 5, 40], "state": [1, 1, 1, 0]})
        table = answer_time_histogram(df)
        assert bins(table) == {(0, 5): 2, (5, 10): 1}
        assert table.index.name == "answer_time_s"
        assert table["n_calls"].sum() == 3

    def test_of_others_it_is_the_time_that_they_rang(self):
        # As the API sends them: nobody answered, so their answer time is 0, and callTime is all ringing.
        df = pd.DataFrame({"answerTime": [4, 0, 0], "state": [1, 0, 2], "callTime": [64, 33, 7]})
        assert bins(answer_time_histogram(df)) == {(0, 5): 1}
        table = answer_time_histogram(df, answered_only=False)
        assert {edges: n for edges, n in bins(table).items() if n} == {(0, 5): 1, (5, 10): 1, (30, 45): 1}
        table = answer_time_histogram(df.drop(columns="callTime"), answered_only=False)
        assert table["n_calls"].tolist() == [1]

    def test_spellings_of_an_outcome_are_one_level(self):
        df = calls(5, 6, 7).assign(outcomeTag=["No Answer", "no answer", " No  answer"])
        assert talk_time_histogram(df, [0, 10], by="outcome")["n_calls"].tolist() == [3]


@pytest.fixture
def bucket_calls() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "state": [1, 1, 1, 0, None],
            "talkTime": [30, 29, 400, 0, 50],
            "outcomeType": [None, "positive", "positive", "positive", "positive"],
            "userId": ["a", "a", "b", "b", "b"],
        },
        index=[1, 1, 1, 1, 1],
    )


class TestTalkTimeBuckets:
    def test_every_number(self, bucket_calls):
        df = pd.concat([bucket_calls, pd.DataFrame({"state": [1, 1], "talkTime": [9.9, None]})])
        table = talk_time_buckets(df)
        assert table.index.tolist() == ["< 10 s", "10–30 s", "≥ 30 s"]
        assert table["n_calls"].tolist() == [1, 1, 2]
        assert table["share"].tolist() == [0.25, 0.25, 0.5]
        assert table["talk_time_total_s"].tolist() == [9.9, 29.0, 430.0]
        assert table["positive"].tolist() == [0, 1, 1]
        assert table["positive_rate"].tolist() == [0.0, 1.0, 0.5]

    def test_edges_of_ones_own(self, bucket_calls):
        assert talk_time_buckets(bucket_calls, [400])["n_calls"].to_dict() == {"< 400 s": 2, "≥ 400 s": 1}

    def test_by_lists_every_bucket_in_every_group(self, bucket_calls):
        assert talk_time_buckets(bucket_calls, by="agent")["n_calls"].tolist() == [0, 1, 1, 0, 0, 1]
        assert talk_time_buckets(bucket_calls, by="agent")["share"].tolist() == [0, 0.5, 0.5, 0, 0, 1]

    @pytest.mark.parametrize("edges", [[], [30, 10], [10, 10], [float("nan")]])
    def test_edges_that_are_none(self, bucket_calls, edges):
        with pytest.raises(ValueError, match="edges="):
            talk_time_buckets(bucket_calls, edges)

    def test_no_answered_call_gives_an_empty_table_of_the_same_kind(self, bucket_calls):
        for empty in (
            talk_time_buckets(bucket_calls.iloc[:0]),
            talk_time_buckets(bucket_calls.assign(state=0)),
        ):
            assert len(empty) == 0
            assert empty.dtypes.equals(talk_time_buckets(bucket_calls).dtypes)

    def test_by_of_no_value_of_an_empty_frame_and_of_an_unknown_name(self, bucket_calls):
        df = bucket_calls.assign(userId=["a", None, "b", "b", "b"])
        table = talk_time_buckets(df, by="agent")
        assert table.loc["(none)", "n_calls"].tolist() == [0, 1, 0]
        empty = talk_time_buckets(df.iloc[:0], by="agent")
        assert len(empty) == 0
        assert empty.index.names == table.index.names
        assert empty.dtypes.equals(table.dtypes)
        with pytest.raises(KeyError, match="by='bells'"):
            talk_time_buckets(df, by="bells")
        with pytest.raises(KeyError, match=r"by='projct' .*; did you mean 'project'\?"):
            talk_time_buckets(df, by="projct")
