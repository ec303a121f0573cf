from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas import analysis, plots


def table(*outcomes: str | None, **columns: object) -> pd.DataFrame:
    return analysis.by_outcome(pd.DataFrame({"outcomeTag": list(outcomes), **columns}))


class TestByOutcome:
    def test_a_bar_for_each_outcome_with_share_and_count_beside_it(self):
        ax = plots.by_outcome(table("a", "a", "a", "b"))
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
        assert [bar.get_width() for bar in ax.patches] == [0.75, 0.25]
        texts = {text.get_text() for text in ax.texts}
        assert {"75 % · 3", "25 % · 1"} <= texts
        assert any("n = 4 calls" in text for text in texts)

    @pytest.mark.parametrize(
        ("outcomes", "title"),
        [
            # 20 against 9 calls are more than 1.96 √29 = 10.6 apart, 20 against 10 less than 10.7.
            ("a" * 20 + "b" * 9, "a is the most frequent outcome: 69 % of the calls"),
            ("a" * 20 + "b" * 10, "No outcome is clearly the most frequent: a 67 %, b 33 % of the calls"),
            ("abc", "No outcome is clearly the most frequent: a 33 %, b 33 % and 1 other of the calls"),
        ],
    )
    def test_an_outcome_is_called_the_most_frequent_only_beyond_chance(self, outcomes, title):
        assert plots.by_outcome(table(*outcomes)).get_title(loc="left").replace("\n", " ") == title

    def test_whiskers_reach_from_low_to_high(self):
        shown = table("a", "a", "a", "b")
        whisker = plots.by_outcome(shown).collections[0].get_segments()[0]
        assert whisker[:, 0].tolist() == pytest.approx(
            [shown["share_low"].iloc[0], shown["share_high"].iloc[0]]
        )

    def test_many_outcomes_are_folded_into_one_bar(self):
        ax = plots.by_outcome(table(*(f"outcome {number}" for number in range(60))))
        labels = [label.get_text() for label in ax.get_yticklabels()]
        assert len(labels) == 13
        assert labels[-1] == "48 more outcomes"
        assert sum(bar.get_width() for bar in ax.patches) == pytest.approx(1)
        assert ax.get_title(loc="left").startswith("No outcome is clearly the most frequent: ")

    def test_thirteen_outcomes_are_all_shown(self):
        ax = plots.by_outcome(table(*(f"outcome {number}" for number in range(13))))
        assert not any("more" in label.get_text() for label in ax.get_yticklabels())

    def test_long_names_are_shortened(self):
        ax = plots.by_outcome(table("x" * 200))
        ax.figure.canvas.draw()
        label = ax.get_yticklabels()[0]
        assert "…" in label.get_text()
        assert label.get_window_extent().x0 >= 0

    def test_the_colour_tells_the_type(self):
        ax = plots.by_outcome(table("a", "b", outcomeType=["positive", "negative"]))
        assert [text.get_text() for text in ax.texts[-2:]] == ["positive (+)", "negative (−)"]
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a (+)", "b (−)"]

    def test_calls_without_an_outcome_stand_last_and_are_not_the_finding(self):
        ax = plots.by_outcome(table(*[None] * 30, *"a" * 20, *"b" * 9))
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "(none)"]
        assert ax.get_title(loc="left") == "a is the most frequent outcome: 34 % of the calls"

    def test_calls_without_an_outcome_are_not_among_the_folded(self):
        df = pd.DataFrame({"outcomeTag": [None] * 3 + list("aaaabbcd")})
        ax = plots.by_outcome(analysis.by_outcome(df), top=1)
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "(none)", "3 more outcomes"]
        assert [bar.get_width() for bar in ax.patches] == pytest.approx([4 / 11, 3 / 11, 4 / 11])

    def test_groups_become_stacked_bars(self):
        df = pd.DataFrame({"outcomeTag": list("aabbbc"), "userId": list("111222")})
        ax = plots.by_outcome(analysis.by_outcome(df, by="agent"))
        assert [label.get_text() for label in ax.get_yticklabels()] == ["2 (n = 3)", "1 (n = 3)"]
        assert sum(bar.get_width() for bar in ax.patches) == pytest.approx(2)

    def test_no_calls(self):
        ax = plots.by_outcome(table())
        assert "no calls" in {text.get_text() for text in ax.texts}
