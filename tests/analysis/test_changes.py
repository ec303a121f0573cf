from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.analysis import compare, explain_change, summary


def calls(**groups: tuple[int, int]) -> pd.DataFrame:
    """Return calls of projects, each given as (answered, calls)."""
    rows = [
        {"projectName": name, "state": 1 if each < answered else 0, "talkTime": 10.0}
        for name, (answered, many) in groups.items()
        for each in range(many)
    ]
    return pd.DataFrame(rows, columns=["projectName", "state", "talkTime"])


class TestCompare:
    def test_both_sides_and_the_difference(self):
        options = {"by": "project", "metrics": ["n_calls", "answer_rate"]}
        table = compare(calls(A=(1, 2), B=(1, 1)), calls(A=(1, 4)), **options)
        assert table.index.tolist() == ["A", "B"]
        assert table["n_calls"].tolist() == [2, 1]
        assert table["n_calls_other"].tolist() == [4, 0]
        assert table["n_calls_change"].tolist() == [-2, 1]
        assert table["answer_rate_change"].tolist()[0] == 0.25
        assert table["answer_rate_other"].isna().tolist() == [False, True]

    def test_without_by_one_row(self):
        table = compare(calls(A=(1, 2)), calls(A=(1, 4)))
        assert table.index.tolist() == ["all"]
        assert table["answer_rate"].tolist() == [0.5]
        assert table["positive"].isna().all()

    def test_spellings_of_both_sides_are_one_outcome(self):
        here, there = pd.DataFrame({"outcomeTag": ["No", "No"]}), pd.DataFrame({"outcomeTag": ["NO "]})
        table = compare(here, there, by="outcome", metrics=["n_calls"])
        assert table["n_calls_change"].to_dict() == {"No": 1}

    def test_medians_and_clients_can_be_compared(self):
        table = compare(calls(A=(2, 2)), calls(A=(1, 1)), metrics=["talk_time_median_s"])
        assert table["talk_time_median_s_change"].tolist() == [0.0]

    def test_empty_frames_give_an_empty_table_of_the_same_kind(self):
        full, empty = compare(calls(A=(1, 2)), calls(A=(1, 2))), compare(calls(), calls())
        assert len(empty) == 0
        assert empty.dtypes.equals(full.dtypes)

    def test_metrics_that_are_none(self):
        with pytest.raises(ValueError, match="metrics="):
            compare(calls(), calls(), metrics=["bells"])


class TestExplainChange:
    def test_mix_and_rate_effects(self):
        table = explain_change(calls(A=(1, 1), B=(1, 3)), calls(A=(2, 2), B=(1, 2)))
        assert table.index.tolist() == ["B", "A"]
        assert table["share_other"].tolist() == [0.5, 0.5]
        assert table["share"].tolist() == [0.75, 0.25]
        assert table["rate_other"].tolist() == [0.5, 1.0]
        assert table["rate"].tolist() == [pytest.approx(1 / 3), 1.0]
        # (1/3 - 1/2) · 0.625; 0.25 · (5/12 - 0.625), -0.25 · (1 - 0.625)
        assert table["rate_effect"].tolist() == pytest.approx([-0.104167, 0], abs=1e-6)
        assert table["mix_effect"].tolist() == pytest.approx([-0.052083, -0.09375], abs=1e-6)
        assert table["effect"].sum() == pytest.approx(0.5 - 0.75)

    @pytest.mark.parametrize("side", [0, 1])
    def test_a_column_of_the_metric_that_one_side_lacks_is_an_error(self, side):
        sides = [calls(A=(1, 2)), calls(A=(1, 2))]
        sides[side] = sides[side].drop(columns="state")
        with pytest.raises(KeyError, match=r"'state' \(How the call ended"):
            explain_change(*sides)

    def test_a_group_on_one_side_only_is_all_mix(self):
        table = explain_change(calls(B=(1, 2), C=(0, 2)), calls(A=(2, 2), B=(1, 2)))
        assert table.loc[["A", "C"], "rate_effect"].tolist() == [0, 0]
        assert table.loc["A", ["rate"]].isna().all()
        assert table["effect"].sum() == pytest.approx(0.25 - 0.75)

    @given(
        *[
            st.dictionaries(
                st.sampled_from("ABCD"), st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1
            )
            for _ in "12"
        ],
        st.sampled_from(["answer_rate", "talk_time_mean_s"]),
    )
    def test_effects_add_up_to_this_minus_other(self, here, there, metric):
        sides = [calls(**{name: (min(a, n), n) for name, (a, n) in each.items()}) for each in (here, there)]
        sides[1]["talkTime"] = [float(each) for each in range(len(sides[1]))]
        if metric == "talk_time_mean_s" and not all((each["state"] == 1).any() for each in sides):
            return
        table = explain_change(*sides, metric, by="project")
        first, second = (summary(each)[metric].iloc[0] for each in sides)
        assert table["effect"].sum() == pytest.approx(first - second)
        assert (table["mix_effect"] + table["rate_effect"]).tolist() == pytest.approx(
            table["effect"].tolist()
        )

    def test_names_the_metric(self):
        assert explain_change(calls(A=(1, 2)), calls(A=(1, 2))).attrs["metric"] == "answer_rate"

    @pytest.mark.parametrize("metric", ["n_calls", "calls_per_client", "talk_time_median_s", "bells"])
    def test_a_metric_without_denominator(self, metric):
        with pytest.raises(ValueError, match="metric="):
            explain_change(calls(A=(1, 2)), calls(A=(1, 2)), metric)

    def test_by_must_name_something(self):
        with pytest.raises(ValueError, match="by="):
            explain_change(calls(A=(1, 2)), calls(A=(1, 2)), by=None)

    def test_nothing_to_explain_gives_an_empty_table_of_the_same_kind(self):
        full = explain_change(calls(A=(1, 2)), calls(A=(1, 2)))
        for here, there in ((calls(), calls()), (calls(A=(1, 2)), calls()), (calls(), calls(A=(1, 2)))):
            empty = explain_change(here, there)
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
