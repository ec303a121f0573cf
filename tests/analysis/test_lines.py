from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import by_line


def calls(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Return calls given as line, how many, how many answered, hour, week, talk time of the answered."""
    made = [
        (
            line,
            1 if each < answered else 0,
            f"2026-03-{2 + 7 * week:02}T{hour:02}:00Z",
            talk if each < answered else 0,
        )
        for line, many, answered, hour, week, talk in rows
        for each in range(many)
    ]
    df = pd.DataFrame(made, columns=["lineNumber", "state", "timestamp", "talkTime"])
    return df.assign(type=1, projectName="P")


class TestByLine:
    def test_a_line_used_in_a_bad_hour_is_not_blamed_for_it(self):
        # At 9 half of the calls are answered, at 20 a tenth; both lines do as the hour does.
        df = calls(
            ("day", 90, 45, 9, 0, 60),
            ("day", 10, 1, 20, 0, 60),
            ("night", 10, 5, 9, 0, 60),
            ("night", 90, 9, 20, 0, 60),
        )
        table = by_line(df)
        assert table.loc["day", "answer_rate"] == 0.46
        assert table.loc["night", "answer_rate"] == 0.14
        assert table["answer_rate_expected"].to_dict() == pytest.approx({"day": 0.46, "night": 0.14})
        assert table["answer_rate_adjusted"].tolist() == pytest.approx([0.3, 0.3])

    def test_a_line_that_does_worse_than_its_hours_comes_first(self):
        df = calls(("good", 100, 40, 9, 0, 60), ("spam", 100, 20, 9, 0, 5))
        table = by_line(df)
        assert table.index.tolist() == ["spam", "good"]
        assert table["answer_rate_expected"].tolist() == pytest.approx([0.3, 0.3])
        assert table["answer_rate_adjusted"].tolist() == pytest.approx([0.2, 0.4])
        assert table["short_call_share"].tolist() == [1.0, 0.0]
        assert table["trend"].isna().all()

    def test_the_trend_is_the_change_a_week(self):
        # The one line of two falls from 0.4 to 0.2; the other holds 0.3, so each hour's usual rate is 0.3.
        df = calls(
            ("falls", 100, 40, 9, 0, 60),
            ("falls", 100, 20, 9, 1, 60),
            ("holds", 100, 30, 9, 0, 60),
            ("holds", 100, 30, 9, 1, 60),
        )
        table = by_line(df)
        assert table.loc["falls", "trend"] == pytest.approx(-0.2)
        assert table.loc["holds", "trend"] == pytest.approx(0.0, abs=1e-12)
        # standard error √(2 · 0.25 · 100 · 0.3 · 0.7) / (200 · 0.25) = 0.0648
        assert table.loc["falls", "trend_low"] == pytest.approx(-0.2 - 1.96 * 0.064807, abs=1e-5)

    def test_short_is_what_one_calls_short(self):
        df = calls(("a", 10, 10, 9, 0, 15))
        assert by_line(df).loc["a", "short_call_share"] == 0
        assert by_line(df, short_s=20).loc["a", "short_call_share"] == 1

    def test_inbound_calls_and_unknown_times_are_left_out(self):
        df = calls(("a", 2, 1, 9, 0, 60))
        df.loc[0, "type"] = 0
        assert by_line(df)["n_calls"].tolist() == [1]
        assert by_line(df, direction=None)["n_calls"].tolist() == [2]
        df.loc[1, "timestamp"] = None
        assert len(by_line(df)) == 0

    def test_what_is_missing_is_null_or_an_error(self):
        df = calls(("a", 2, 1, 9, 0, 60), ("b", 2, 1, 9, 0, 60))
        assert by_line(df.drop(columns="talkTime"))["short_call_share"].isna().all()
        assert by_line(df.drop(columns="projectName"))["answer_rate_expected"].tolist() == [0.5, 0.5]
        for name in ("lineNumber", "state", "timestamp", "type"):
            with pytest.raises(KeyError, match=name):
                by_line(df.drop(columns=name))

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self):
        full = by_line(calls(("a", 2, 1, 9, 0, 60)))
        empty = by_line(calls())
        assert len(empty) == 0
        assert empty.dtypes.equals(full.dtypes)
