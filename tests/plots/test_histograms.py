from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas import analysis, plots
from brightcall_pandas.accessors import _frame as accessor  # noqa: F401  (registers .calls)


def calls(*seconds: float) -> pd.DataFrame:
    return pd.DataFrame({"talkTime": seconds, "answerTime": seconds, "state": 1})


def words(ax) -> str:
    return " | ".join(text.get_text() for text in ax.texts)


class TestTalkTimeHistogram:
    def test_a_point_at_each_end_of_a_bin_as_high_as_the_share_that_lasts_longer(self):
        ax = plots.talk_time_histogram(analysis.talk_time_histogram(calls(5, 5, 40, 100)))
        curve = ax.lines[0]
        # Below 10 s two of four; at 30, 60 and 120 s: two, one, none are left.
        assert curve.get_xdata()[1:].tolist() == [10, 30, 60, 120]
        assert curve.get_ydata().tolist() == [1, 0.5, 0.5, 0.25, 0]
        assert not ax.patches
        assert "n = 4 calls" in words(ax)

    def test_half_of_the_calls_are_the_finding(self):
        ax = plots.talk_time_histogram(analysis.talk_time_histogram(calls(5, 20, 24, 70)))
        assert ax.get_title(loc="left") == "Half of the answered calls talk 22 s or longer"
        large = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
        assert large == [16.25, 22, 35.5]

    def test_without_quartiles_of_the_calls_they_are_read_off_within_bins(self):
        # Of four calls three end in the bin from 10 to 30 s: half are left in its middle, on the log axis.
        table = analysis.talk_time_histogram(calls(5, 20, 20, 20))
        table.attrs.clear()
        ax = plots.talk_time_histogram(table)
        half = np.exp(np.log(10) + (np.log(30) - np.log(10)) / 3)
        assert ax.get_title(loc="left") == f"Half of the answered calls talk longer than about {half:.0f} s"
        assert [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1][1] == pytest.approx(
            half
        )

    def test_the_curve_begins_at_the_first_end_of_a_bin_that_a_logarithmic_axis_has(self):
        # A quarter ends before 10 s, so that no quartile lies left of it.
        ax = plots.talk_time_histogram(analysis.talk_time_histogram(calls(5, 20, 20, 100)))
        assert ax.lines[0].get_xydata()[0].tolist() == [10, 0.75]
        assert ax.get_xlabel() == "talk time (log scale)"

    def test_bins_of_one_width_are_bars_as_high_as_their_share(self):
        ax = plots.talk_time_histogram(analysis.talk_time_histogram(calls(5, 5, 5, 15, 100), [0, 10, 20]))
        assert [bar.get_height() for bar in ax.patches] == [0.6, 0.2]
        assert [bar.get_x() for bar in ax.patches] == [0, 10]
        assert "n = 5 calls, 1 of them outside the bins" in words(ax)

    def test_a_bin_without_end_has_no_point(self):
        table = analysis.talk_time_histogram(calls(0, 5000), [-1, 0, 3600, np.inf], closed="right")
        ax = plots.talk_time_histogram(table)
        assert np.isfinite(ax.lines[0].get_xdata()).all()
        assert ax.lines[0].get_ydata()[-1] == 0.5

    def test_groups_become_curves_the_largest_six_of_them(self):
        df = calls(*[5] * 20).assign(userId=[*"aabbccddeeffgghhii", "j", "a"])
        ax = plots.talk_time_histogram(analysis.talk_time_histogram(df, by="agent"))
        assert len(ax.lines) == 12  # a curve and its entry in the key
        assert "6 largest of 10 groups" in words(ax)
        assert ax.get_title(loc="left") == "Half of the answered calls talk 5 s or longer, by group"

    def test_no_calls(self):
        assert "no calls" in words(plots.talk_time_histogram(analysis.talk_time_histogram(calls())))

    def test_a_talk_time_that_is_not_known_is_not_zero(self):
        table = analysis.talk_time_histogram(calls(5), [100, 200])
        assert "talk time is not known" in words(plots.talk_time_histogram(table))


class TestAnswerTimeHistogram:
    def test_it_says_from_when_to_when_the_time_is_and_in_which_field_it_stands(self):
        df = calls(5, 5, 40, 100).assign(callTime=100)
        told = "time to answer: from the start of a call until it is answered (answerTime)"
        for options in ({}, {"bins": 3}):
            text = words(df.calls.plot.answer_time_histogram(**options))
            assert told in text
            assert "callTime" not in text
        text = words(df.calls.plot.answer_time_histogram(answered_only=False))
        assert f"{told}, of others how long they rang (callTime)" in text
        assert "answerTime" not in words(df.calls.plot.talk_time_histogram())

    def test_is_drawn_in_the_same_way(self):
        ax = calls(3, 7).calls.plot.answer_time_histogram()
        assert ax.lines[0].get_xdata()[1:].tolist() == [5, 10]
        assert ax.get_title(loc="left") == "Half of the answered calls take 5 s or longer to be answered"
        assert ax.get_ylabel() == "share that take as long"

    def test_only_callers_wait(self):
        assert "wait" not in plots.describe(calls(3, 7).assign(type=1).calls.plot.answer_time_histogram())
        ax = calls(3, 7).assign(type=0).calls.plot.answer_time_histogram()
        assert ax.get_title(loc="left") == "Half of the answered calls wait 5 s or longer"
        assert ax.get_ylabel() == "share that wait as long"

    def test_of_calls_that_nobody_answered_it_is_until_they_end(self):
        ax = calls(3, 7).assign(callTime=9).calls.plot.answer_time_histogram(answered_only=False)
        assert ax.get_title(loc="left").replace("\n", " ").endswith("to be answered or to end")

    def test_groups_too(self):
        df = calls(3, 7).assign(userId=["a", "b"])
        title = df.calls.plot.answer_time_histogram(by="agent").get_title(loc="left").replace("\n", " ")
        assert title == "Half of the answered calls take 3 s to 7 s or longer to be answered, by group"
