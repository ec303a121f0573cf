from __future__ import annotations

import pandas as pd

from brightcall_pandas.plots._rows import (
    bar_rows,
    dot_rows,
    first_rows,
    interval_of,
    largest_rows,
    row_labels,
    shares_and_counts,
)


class TestBarRows:
    def test_first_row_on_top_with_its_text_behind_bar_and_whisker(self):
        intervals = pd.DataFrame({"low": [0.4, None], "high": [0.6, None]})
        ax = bar_rows(
            ["a", "b"], [0.5, None], ["half", "unknown"], intervals=intervals, unit="share of calls"
        )
        assert [bar.get_width() for bar in ax.patches] == [0.5, 0.0]
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
        assert ax.get_ylim()[0] > ax.get_ylim()[1]
        assert [text.xy[0] for text in ax.texts] == [0.6, 0.0]
        assert ax.xaxis.get_major_formatter()(0.25) == "25 %"

    def test_counts_have_whole_ticks(self):
        ax = bar_rows(["a"], [1], ["1"], unit="promised calls", shares=False)
        assert all(float(tick).is_integer() for tick in ax.get_xticks())
        assert ax.xaxis.get_major_formatter()(2000) == "2,000"


class TestDotRows:
    def test_dots_on_the_line_of_their_interval(self):
        intervals = pd.DataFrame({"low": [0.2], "high": [0.8]})
        ax = dot_rows(["a"], [0.5], ["words"], intervals=intervals, raw=[0.6])
        assert ax.collections[0].get_segments()[0][:, 0].tolist() == [0.2, 0.8]
        assert [each.get_offsets()[0][0] for each in ax.collections[1:]] == [0.6, 0.5]


class TestFirstRows:
    def test_thirty_and_what_is_hidden(self):
        table = pd.DataFrame({"n_calls": range(60)})
        shown, words = first_rows(table, "agents")
        assert len(shown) == 30
        assert words == "; 30 of 60 agents"
        assert first_rows(table.iloc[:30])[1] == ""

    def test_whole_groups_where_rows_belong_together(self):
        index = pd.MultiIndex.from_product([range(20), list("abcd")])
        shown, words = first_rows(pd.DataFrame({"n_calls": range(80)}, index=index))
        assert len(shown) == 28
        assert words == "; 7 of 20 groups"

    def test_rows_of_a_group_that_do_not_belong_together(self):
        index = pd.MultiIndex.from_product([range(2), range(20)])
        shown, words = first_rows(pd.DataFrame({"n_calls": range(40)}, index=index), whole_groups=False)
        assert len(shown) == 30
        assert words == "; 30 of 40 groups"


class TestLargestRows:
    def test_thirty_in_their_order_and_what_is_hidden(self):
        table = pd.DataFrame({"n_calls": [*range(10), *range(50, 0, -1)]})
        shown, words = largest_rows(table, table["n_calls"])
        assert shown["n_calls"].tolist() == list(range(50, 20, -1))
        assert words == "; the 30 largest of 60 groups"
        assert largest_rows(table.iloc[:30], table["n_calls"][:30])[1] == ""


class TestWords:
    def test_interval_labels_and_texts(self):
        table = pd.DataFrame({"rate_low": [0.1], "rate_high": [0.2]})
        assert interval_of(table, "rate").columns.tolist() == ["low", "high"]
        assert row_labels(pd.Index(["x" * 40])) == ["x" * 18 + "…" + "x" * 9]
        assert shares_and_counts(pd.Series([0.5, None]), pd.Series([1200, 0])) == ["50 %  (1,200)", "–  (0)"]

    def test_rows_that_stand_together_name_their_group_once(self):
        together = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "x")])
        assert row_labels(together) == ["a · x", "y", "b · x"]
        apart = pd.MultiIndex.from_tuples([("a", "x"), ("b", "x"), ("b", "y"), ("a", "y")])
        assert row_labels(apart) == ["a · x", "b · x", "b · y", "a · y"]
