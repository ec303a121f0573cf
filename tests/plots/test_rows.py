from __future__ import annotations

import pandas as pd

from brightcall_pandas.plots._choice import best_and_worst, chosen_groups, chosen_rows
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._picture import Look
from brightcall_pandas.plots._rows import (
    bar_rows,
    dot_rows,
    interval_of,
    row_labels,
    share_and_count,
    share_of,
)


def look(**options: object) -> Look:
    return Look(Facts(), **options)


class TestBarRows:
    def test_first_row_on_top_with_its_text_behind_bar_and_whisker(self):
        intervals = pd.DataFrame({"low": [0.4, None], "high": [0.6, None]})
        ax, _ = bar_rows(["a", "b"], [0.5, None], ["half", "not known"], look(), intervals=intervals)
        assert [bar.get_width() for bar in ax.patches] == [0.5, 0.0]
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
        assert ax.get_ylim()[0] > ax.get_ylim()[1]
        assert [text.xy[0] for text in ax.texts] == [0.6, 0.0]
        assert ax.xaxis.get_major_formatter()(0.25) == "25 %"

    def test_an_axis_of_nearly_all_ends_at_all(self):
        ax, _ = bar_rows(["a", "b"], [0.96, 0.04], ["96 %", "4 %"], look())
        ax.figure.canvas.draw()
        assert max(ax.get_xticks()) == 1

    def test_counts_have_whole_ticks(self):
        ax, _ = bar_rows(["a"], [2000], ["2,000"], look(), metric="recalls")
        assert all(float(tick).is_integer() for tick in ax.get_xticks())
        assert ax.xaxis.get_major_formatter()(2000) == "2,000"


class TestDotRows:
    def test_dots_on_the_line_of_their_interval(self):
        intervals = pd.DataFrame({"low": [0.2], "high": [0.8]})
        ax, _ = dot_rows(["a"], [0.5], ["words"], look(), intervals=intervals, raw=[0.6])
        assert ax.collections[0].get_segments()[0][:, 0].tolist() == [0.2, 0.8]
        assert [each.get_offsets()[0][0] for each in ax.collections[1:]] == [0.6, 0.5]


class TestChosenRows:
    TABLE = pd.DataFrame(
        {"n_calls": [5, 50, 20, 1], "rate": [0.5, 0.2, None, 0.9]},
        index=pd.Index(list("dbca"), name="project"),
    )

    def chosen(self, **options: object) -> tuple[list[str], str]:
        shown, words = chosen_rows(self.TABLE, look(**options), self.TABLE["n_calls"], self.TABLE["rate"])
        return list(shown.index), words

    def test_the_largest_by_value_and_what_is_not_known_last(self):
        assert self.chosen() == (["a", "d", "b", "c"], "")
        assert self.chosen(top=3) == (["d", "b", "c"], "the 3 largest of 4 groups")

    def test_in_the_order_asked_for(self):
        assert self.chosen(sort="name")[0] == list("abcd")
        assert self.chosen(sort="calls")[0] == list("bcda")
        assert self.chosen(sort="table")[0] == list("dbca")

    def test_hours_keep_their_order(self):
        table = self.TABLE.set_index(pd.Index([9, 10, 11, 12], name="hour"))
        shown, _ = chosen_rows(table, look(), table["n_calls"], table["rate"])
        assert list(shown.index) == [9, 10, 11, 12]

    def test_groups_of_series(self):
        sizes = self.TABLE["n_calls"]
        assert chosen_groups(sizes, look(top=2)) == (["b", "c"], "the 2 largest of 4 groups")


class TestBestAndWorst:
    def test_both_ends_of_a_ranking(self):
        table = pd.DataFrame({"rank": range(1, 61)})
        shown, words = best_and_worst(table, look(), "agents")
        assert shown["rank"].tolist() == [*range(1, 16), *range(46, 61)]
        assert words == "the first 15 and the last 15 of 60 agents"

    def test_the_first_where_a_number_is_asked_for(self):
        shown, words = best_and_worst(pd.DataFrame({"rank": range(1, 61)}), look(top=5), "agents")
        assert shown["rank"].tolist() == [1, 2, 3, 4, 5]
        assert words == "the first 5 of 60 agents"


class TestWords:
    def test_brackets_hold_the_denominator(self):
        assert share_of(0.5, 1200) == "50 % (n = 1,200)"
        assert share_of(None, 3) == "not known (n = 3)"
        assert share_and_count(0.25, 300) == "25 % · 300"

    def test_interval_and_labels(self):
        table = pd.DataFrame({"rate_low": [0.1], "rate_high": [0.2]})
        assert interval_of(table, "rate").columns.tolist() == ["low", "high"]
        assert len(row_labels(pd.Index(["x" * 200]))[0]) == 60

    def test_rows_that_stand_together_name_their_group_once(self):
        together = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "x")])
        assert row_labels(together) == ["a · x", "y", "b · x"]
        apart = pd.MultiIndex.from_tuples([("a", "x"), ("b", "x"), ("b", "y"), ("a", "y")])
        assert row_labels(apart) == ["a · x", "b · x", "b · y", "a · y"]

    def test_times_are_told_by_their_day(self):
        days = pd.date_range("2026-03-28", periods=3, tz="Europe/Berlin").rename("day")
        assert row_labels(days) == ["Sat 28 Mar", "Sun 29 Mar", "Mon 30 Mar"]
        halves = pd.date_range("2026-03-28 09:00", periods=2, freq="30min", tz="UTC").rename("30min")
        assert row_labels(halves) == ["Sat 28 Mar 09:00", "Sat 28 Mar 09:30"]
