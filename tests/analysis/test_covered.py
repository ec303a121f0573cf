from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.analysis import covered, covered_together, over_time
from brightcall_pandas.analysis._covered import days_behind

BERLIN = "Europe/Berlin"


def loaded(
    *stamps: str, days: tuple[str, str] = ("2026-03-01", "2026-03-31"), read: str | None = None, rows: int = 0
) -> pd.DataFrame:
    """Return calls whose attributes say which days were loaded, as a load leaves them."""
    df = pd.DataFrame({"timestamp": pd.to_datetime([*stamps]).tz_localize(BERLIN)})
    window = {"day_from": days[0], "day_to": days[1], "rows": rows or len(df), "complete": True}
    if read is not None:
        window["fetched_at"] = read
    df.attrs["brightcall"] = {"timezone": BERLIN, "windows": [window]}
    return df


def spans(df: pd.DataFrame, days: object = None) -> list[tuple[str, str]]:
    return [
        tuple(f"{pd.Timestamp(int(each), unit='us', tz=BERLIN):%m-%d %H:%M}" for each in span)
        for span in covered(df, days).spans
    ]


class TestCovered:
    def test_the_days_of_the_load(self):
        assert spans(loaded("2026-03-05 09:00")) == [("03-01 00:00", "04-01 00:00")]

    def test_days_that_were_loaded_apart_stay_apart(self):
        df = loaded("2026-03-01 09:00", "2026-03-09 09:00", days=("2026-03-01", "2026-03-02"), rows=1)
        first, later = (
            df.attrs["brightcall"]["windows"][0],
            {"day_from": "2026-03-09", "day_to": "2026-03-09"},
        )
        df.attrs["brightcall"]["windows"] = [first, later | {"rows": 1}]
        assert spans(df) == [("03-01 00:00", "03-03 00:00"), ("03-09 00:00", "03-10 00:00")]
        assert over_time(df, "D")["complete"].tolist() == [True, True, *[False] * 6, True]

    def test_a_clock_that_calls_show_to_have_been_behind_cuts_no_day(self):
        """They came days after the load is said to have read them."""
        df = loaded("2026-03-20 09:00", read="2026-03-10T12:00:00Z")
        assert spans(df) == [("03-01 00:00", "04-01 00:00")]
        assert spans(loaded("2026-03-10 09:00", read="2026-03-10T12:00:00Z"))[-1][1] == "03-10 13:00"

    def test_of_a_part_of_the_calls_the_days_from_its_first_to_its_last(self):
        df = loaded("2026-03-05 09:00", "2026-03-07 09:00", rows=3)
        assert spans(df) == [("03-05 00:00", "03-08 00:00")]

    def test_without_attributes_the_days_from_the_first_to_the_last_call(self):
        df = loaded("2026-03-28 09:00", "2026-03-30 09:00")
        for attrs in (
            {},
            {"brightcall": None},
            {"brightcall": {"windows": [{"rows": 3}], "timezone": BERLIN}},
        ):
            df.attrs = attrs
            assert spans(df) == [("03-28 00:00", "03-31 00:00")]

    def test_a_day_that_was_still_going_on_is_covered_until_it_was_read(self):
        df = loaded("2026-03-31 14:00", read="2026-03-31T14:30:00+02:00")
        assert spans(df) == [("03-01 00:00", "03-31 14:30")]
        assert over_time(df, "D")["complete"].tolist() == [False]
        assert over_time(df, "h")["complete"].tolist() == [False]
        earlier = loaded("2026-03-31 13:00", read="2026-03-31T14:30:00+02:00")
        assert over_time(earlier, "h")["complete"].tolist() == [True]

    def test_a_clock_that_was_wrong_when_they_were_read_says_nothing(self):
        assert spans(loaded("2026-03-31 14:00", read="2026-03-05T00:00:00Z"))[0][1] == "04-01 00:00"

    def test_calls_outside_the_days_of_the_load_are_other_calls(self):
        df = loaded("2026-03-05 09:00", "2026-04-07 09:00")
        assert spans(df) == [("03-05 00:00", "04-08 00:00")]

    def test_days_can_be_given(self):
        df = loaded("2026-03-05 09:00")
        assert spans(df, ("2026-03-02", "2026-03-08")) == [("03-02 00:00", "03-09 00:00")]
        assert over_time(df, "W", days=("2026-03-02", "2026-03-08"))["complete"].tolist() == [True]
        assert over_time(df, "W", days=("2026-03-02", "2026-03-07"))["complete"].tolist() == [False]
        table = df.calls.breakdown("weekday", days=("2026-03-02", "2026-03-15"))
        assert table["n_calls_per_day"].tolist() == [0.5]  # a call on two Thursdays

    def test_a_period_of_the_calendar_will_do(self):
        df = loaded("2026-03-05 09:00", "2026-03-12 09:00")
        assert over_time(df, "W", days="2026-W10")["complete"].tolist() == [True, False]
        assert over_time(df, "W", days=("2026-W10", "2026-W11"))["complete"].tolist() == [True, True]

    @pytest.mark.parametrize(
        ("days", "error"),
        [
            ("2026-03-02", TypeError),
            ("this month", ValueError),
            (("2026-03-02",), TypeError),
            ((1, 2), TypeError),
            (("2026-03-08", "2026-03-02"), ValueError),
            (("2026-03-02", "soon"), ValueError),
        ],
    )
    def test_days_that_are_none(self, days, error):
        with pytest.raises(error, match="days"):
            over_time(loaded("2026-03-05 09:00"), days=days)

    def test_parts_cover_what_all_of_them_do(self):
        whole = loaded("2026-03-05 09:00", "2026-03-09 09:00", "2026-03-20 09:00")
        parts = [covered(whole.iloc[:2]), covered(whole.iloc[2:]), covered(whole.iloc[:0])]
        assert covered_together(parts).spans.tolist() == covered(whole).spans.tolist()
        some = [covered(whole.iloc[:1]), covered(whole.iloc[1:2])]
        assert covered_together(some).spans.tolist() == covered(whole.iloc[:2]).spans.tolist()

    def test_no_calls(self):
        assert len(covered(pd.DataFrame({"timestamp": []})).spans) == 0
        assert len(covered(pd.DataFrame({"state": [1]})).spans) == 0


class TestComplete:
    """Of `over_time`: a month that begins on a Sunday and ends on a Tuesday."""

    DF = loaded("2026-03-01 09:00", "2026-03-31 09:00")

    def test_the_first_and_the_last_week_are_not_filled(self):
        assert over_time(self.DF, "W")["complete"].tolist() == [False, True, True, True, True, False]
        assert over_time(self.DF, "M")["complete"].tolist() == [True]
        assert over_time(self.DF, "Q")["complete"].tolist() == [False]
        assert over_time(self.DF, "D")["complete"].all()
        assert over_time(self.DF, "W")["complete"].dtype == bool

    def test_of_every_group(self):
        table = over_time(self.DF.assign(userId=["a", "b"]), "W", by="agent")
        assert table["complete"].tolist() == [False, True, True, True, True, False] * 2

    def test_days_loaded_on_both_sides_fill_the_weeks(self):
        df = loaded("2026-03-04 09:00", "2026-03-12 09:00")
        assert over_time(df, "W")["complete"].tolist() == [True, True]


class TestDaysBehind:
    """Days counted by hand: March 2026 in Berlin, whose clock skips 2:00 on Sunday, 29 March."""

    TIME = covered(loaded("2026-03-05 09:00"))

    def index(self, name: str, df: pd.DataFrame) -> pd.Index:
        return df.calls.breakdown(name, ["n_calls"]).index

    def test_weekdays(self):
        df = pd.DataFrame({"timestamp": pd.date_range("2026-03-02", periods=7, tz=BERLIN)})
        assert days_behind(self.index("weekday", df), self.TIME).tolist() == [5, 5, 4, 4, 4, 4, 5]

    def test_hours(self):
        df = pd.DataFrame({"timestamp": pd.date_range("2026-03-02", periods=4, freq="h", tz=BERLIN)})
        assert days_behind(self.index("hour", df), self.TIME).tolist() == [31, 31, 30, 31]

    def test_an_hour_that_occurs_twice_is_of_one_day(self):
        df = loaded("2026-10-25 09:00", days=("2026-10-25", "2026-10-26"))
        hours = pd.DataFrame({"timestamp": pd.date_range("2026-03-02 02:00", periods=1, freq="h", tz=BERLIN)})
        assert days_behind(self.index("hour", hours), covered(df)).tolist() == [2]

    def test_part_of_a_day_counts_in_part(self):
        df = loaded("2026-03-31 11:00", days=("2026-03-30", "2026-03-31"), read="2026-03-31T12:00+02:00")
        assert days_behind(pd.RangeIndex(2), covered(df)).tolist() == [1.5, 1.5]
        found = df.calls.heatmap("n_calls_per_day")
        assert found.loc["Tuesday", 11] == 1
        assert found.loc["Tuesday", [10, 12]].fillna(-1).tolist() == [0, -1]
        assert np.isnan(found.loc["Sunday", 11])

    def test_a_column_of_ones_own_that_is_named_as_a_period(self):
        df = loaded("2026-03-05 09:00").assign(D="mine")
        assert df.calls.breakdown("D")["n_calls_per_day"].tolist() == [pytest.approx(1 / 31)]


class TestLoads:
    """Calls that were loaded from a sandbox know their days."""

    def test_days_without_calls_count(self, tmp_path):
        with bc.start_sandbox(calls=300, days=10, seed=3) as sandbox:
            client = sandbox.client(cache_dir=tmp_path / "cache")
            asked = {"client": client, "progress": False}
            df = bc.load_calls(sandbox.day_from, sandbox.day_to, search_string="nobody has this", **asked)
            assert len(df) == 0
            df = bc.load_calls(sandbox.day_from, sandbox.day_to, talk_time_from=400, **asked)
        seen = df["timestamp"].dt.date.nunique()
        assert 0 < seen < 10
        table = df.calls.breakdown("direction", ["n_calls"])
        assert table["n_calls_per_day"].sum() == pytest.approx(len(df) / 10)
