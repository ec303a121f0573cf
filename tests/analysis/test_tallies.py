from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas import analysis
from brightcall_pandas.analysis._dimensions import split
from brightcall_pandas.analysis._tallies import MEDIANS, SUMS, merge, tally

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "outcomeTag": st.sampled_from(["No", "no ", "NO", "Yes", None, ""]),
            "outcomeType": st.sampled_from(["positive", "negative", None]),
            "state": st.sampled_from(["answered", "unanswered", None]),
            "talkTime": st.sampled_from([0.0, 5.0, 7.0, 60.0, None]),
            "answerTime": st.sampled_from([0.0, 3.0, None]),
            "userId": st.sampled_from(["1", "2", None]),
            "clientNumber": st.sampled_from(["x", "y", "z", None]),
            "tags": st.sampled_from(['["a", "b"]', "[]", None]),
        }
    ),
    max_size=30,
)
BY = st.sampled_from([None, "agent", ["agent", "outcome_type"], "tag", "outcome"])


def frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    columns = [
        "outcomeTag",
        "outcomeType",
        "state",
        "talkTime",
        "answerTime",
        "userId",
        "clientNumber",
        "tags",
    ]
    return pd.DataFrame(rows, columns=columns)


class TestTally:
    def test_counts_flags_and_adds_seconds(self):
        df = pd.DataFrame({"state": [1, 0, 1], "talkTime": [10, 5, None], "userId": ["a", "a", "b"]})
        table = tally(df, split(df, "agent"), ["n_calls", "answered", "talk_time_total_s", "talk_time_known"])
        assert table.to_dict("index") == {
            "a": {"n_calls": 2, "answered": 1, "talk_time_total_s": 15.0, "talk_time_known": 1},
            "b": {"n_calls": 1, "answered": 1, "talk_time_total_s": 0.0, "talk_time_known": 0},
        }

    def test_the_last_level_keeps_how_often_each_value_occurs(self):
        df = pd.DataFrame(
            {"state": [1, 1, 0], "talkTime": [10, 10, 10], "answerTime": [4, 10, 9], "userId": "a"}
        )
        table = tally(
            df, split(df, "agent"), ["n_calls"], medians=["talk_time_median_s", "answer_time_median_s"]
        ).droplevel("agent")
        assert table.sum().to_dict() == {
            "n_calls": 3,
            "talk_time_median_s": 2,  # of answered calls
            "answer_time_median_s": 2,
        }
        assert table.loc[10.0].to_dict() == {
            "n_calls": 0,
            "talk_time_median_s": 2,
            "answer_time_median_s": 1,
        }
        assert table["answer_time_median_s"].get(4.0) == 1

    @pytest.mark.parametrize("name", SUMS)
    def test_a_sum_whose_column_is_missing_is_null(self, name):
        df = pd.DataFrame({"userId": ["a", "b"]})
        values = tally(df, split(df, "agent"), [name])[name]
        assert values.tolist() == [1, 1] if name in ("n_calls", "whole_calls") else values.isna().all()


class TestMerge:
    @settings(max_examples=20, deadline=None)
    @given(ROWS, BY, st.integers(0, 30))
    def test_the_tally_of_all_is_the_sum_of_the_tallies_of_the_parts(self, rows, by, cut):
        def tallied(df: pd.DataFrame) -> pd.DataFrame:
            return tally(df, split(df, by).within(*split(df, "state").keys), sums, medians=[*MEDIANS])

        df = frame(rows)
        of_clients = ("unique_clients", "clients_reached", "clients_won")  # a client may be in both parts
        sums = [name for name in SUMS if name not in of_clients]
        pd.testing.assert_frame_equal(merge([tallied(df.iloc[:cut]), tallied(df.iloc[cut:])]), tallied(df))

    @pytest.mark.parametrize(
        "name", ["by_outcome", "summary", "talk_time_histogram", "answer_time_histogram"]
    )
    @settings(max_examples=20, deadline=None)
    @given(rows=ROWS, by=BY)
    def test_a_table_is_finished_from_the_tallies_of_its_parts(self, name, rows, by):
        df = frame(rows)
        if name == "by_outcome" and by == "outcome":
            by = "agent"
        # All calls of a client stay in one part: that makes distinct clients add up.
        apart = df["clientNumber"].isin(["x", None])
        table = getattr(analysis, name)
        form = analysis.additive_form(table)
        parts = [form.tally(df[mask], by=by) for mask in (apart, ~apart)]
        pd.testing.assert_frame_equal(form.finish(merge(parts)), table(df, by=by))

    def test_options_go_to_the_half_that_takes_them(self):
        form = analysis.additive_form(analysis.by_outcome)
        assert form.options({"by": "agent", "confidence": 0.9}) == ({"by": "agent"}, {"confidence": 0.9})

    def test_a_table_that_needs_all_calls_in_one_place_has_no_additive_form(self):
        assert analysis.additive_form(analysis.quality) is None
