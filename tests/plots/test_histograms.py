from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas import analysis, plots


def calls(*seconds: float) -> pd.DataFrame:
    return pd.DataFrame({"talkTime": seconds, "answerTime": seconds, "state": 1})


def ticks(ax) -> list[str]:
    return [label.get_text().replace("\n", " ") for label in ax.get_xticklabels()]


class TestTalkTimeHistogram:
    def test_a_bar_for_each_bin_as_high_as_its_share(self):
        ax = plots.talk_time_histogram(analysis.talk_time_histogram(calls(5, 5, 40, 100)))
        assert ticks(ax) == ["0–10 s", "10–30 s", "30–60 s", "1–2 min"]
        assert [bar.get_height() for bar in ax.patches] == [0.5, 0.0, 0.25, 0.25]
        assert any(text.get_text() == "n = 4 calls" for text in ax.texts)

    def test_says_how_many_calls_lie_outside_the_bins(self):
        ax = plots.talk_time_histogram(analysis.talk_time_histogram(calls(5, 5, 5, 100), [0, 10]))
        assert any("1 of them (25 %) outside" in text.get_text() for text in ax.texts)

    def test_bins_without_end_and_of_zero_alone(self):
        table = analysis.talk_time_histogram(calls(0, 5000), [-1, 0, 3600, np.inf], closed="right")
        assert ticks(plots.talk_time_histogram(table)) == ["0 s", "0–1 h", "≥ 1 h"]

    def test_with_many_bins_only_some_edges_are_named(self):
        ax = plots.talk_time_histogram(analysis.talk_time_histogram(calls(*range(100)), 50))
        assert ticks(ax)[:2] == ["0 s", "10 s"]
        assert len(ticks(ax)) <= 12

    def test_groups_become_lines_the_largest_six_of_them(self):
        df = calls(*[5] * 20).assign(userId=[*"aabbccddeeffgghhii", "j", "a"])
        ax = plots.talk_time_histogram(analysis.talk_time_histogram(df, by="agent"))
        assert len(ax.lines) == 6
        assert any("6 largest of 10 groups" in text.get_text() for text in ax.texts)

    @pytest.mark.parametrize("bins", [None, [100, 200]])
    def test_no_calls(self, bins):
        df = calls(5) if bins else calls()
        ax = plots.talk_time_histogram(analysis.talk_time_histogram(df, bins))
        assert "no calls" in {text.get_text() for text in ax.texts}


class TestAnswerTimeHistogram:
    def test_is_drawn_in_the_same_way(self):
        ax = plots.answer_time_histogram(analysis.answer_time_histogram(calls(3, 7)))
        assert ticks(ax) == ["0–5 s", "5–10 s"]
        assert ax.get_title(loc="left") == "Time to answer"
