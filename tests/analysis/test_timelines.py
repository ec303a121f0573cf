from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.analysis import concurrency, heatmap, over_time
from brightcall_pandas.analysis._rates import wilson


@pytest.fixture
def calls() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "timestamp": pd.to_datetime(
                # Monday 10:00 and 10:30, Wednesday 11:00 in Berlin; not sorted
                ["2026-03-04T10:00Z", "2026-03-02T09:00Z", "2026-03-02T09:30Z", None],
                utc=True,
            ).tz_convert("Europe/Berlin"),
            "state": ["unanswered", "answered", "answered", "answered"],
            "answerTime": [0.0, 4.0, None, 9.0],
            "talkTime": [3.0, 60.0, 20.0, 7.0],
            "userId": ["b", "a", "a", "a"],
        }
    )


class TestOverTime:
    def test_every_number_and_no_gap(self, calls):
        table = over_time(calls, "D")
        assert table.index.name == "timestamp"
        assert [each.isoformat() for each in table.index] == [
            "2026-03-02T00:00:00+01:00",
            "2026-03-03T00:00:00+01:00",
            "2026-03-04T00:00:00+01:00",
        ]
        assert table["n_calls"].tolist() == [2, 0, 1]
        assert table["answered"].tolist() == [2, 0, 0]
        assert table["answer_rate"].fillna(-1).tolist() == [1.0, -1, 0.0]
        assert table["answer_time_mean_s"].fillna(-1).tolist() == [4.0, -1, -1]
        assert table["talk_time_total_s"].tolist() == [80.0, 0.0, 3.0]
        assert table["talk_time_mean_s"].fillna(-1).tolist() == [40.0, -1, -1]

    def test_by_fills_every_group_over_the_whole_time(self, calls):
        table = over_time(calls, "D", by="agent")
        assert table.index.names == ["agent", "timestamp"]
        assert table["n_calls"].tolist() == [2, 0, 0, 0, 0, 1]

    def test_the_hour_that_occurs_twice_has_two_rows(self):
        stamps = pd.to_datetime(["2026-10-25T00:30Z", "2026-10-25T01:30Z"], utc=True).tz_convert(
            "Europe/Berlin"
        )
        assert over_time(pd.DataFrame({"timestamp": stamps}), "h")["n_calls"].tolist() == [1, 1]

    def test_a_day_of_23_hours(self):
        stamps = pd.date_range("2026-03-29", "2026-03-30", freq="h", tz="Europe/Berlin", inclusive="left")
        df = pd.DataFrame({"timestamp": stamps})
        assert over_time(df, "D")["n_calls"].tolist() == [23]
        assert len(over_time(df, "h")) == 23

    def test_times_of_several_zones_are_the_same_instants(self):
        df = pd.DataFrame({"timestamp": ["2026-03-02T23:30:00+01:00", "2026-03-03T00:30:00+02:00"]})
        assert over_time(df, "h")["n_calls"].tolist() == [2]

    def test_only_times_are_needed(self, calls):
        table = over_time(calls[["timestamp"]], "D")
        assert table["n_calls"].tolist() == [2, 0, 1]
        assert table.drop(columns=["n_calls", "complete"]).isna().all(axis=None)
        with pytest.raises(KeyError, match="timestamp"):
            over_time(calls[["state"]])

    @pytest.mark.parametrize("by", [None, "agent", ["agent", "state"]])
    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, calls, by):
        full, empty = over_time(calls, "D", by=by), over_time(calls.iloc[:0], "D", by=by)
        assert len(empty) == 0
        assert empty.dtypes.equals(full.dtypes)
        assert empty.index.names == full.index.names
        assert empty.index.get_level_values(-1).dtype == full.index.get_level_values(-1).dtype


class TestHeatmap:
    def test_counts_by_weekday_and_hour_of_the_frames_zone(self, calls):
        table = heatmap(calls)
        assert table.shape == (7, 24)
        assert table.index.tolist()[0] == "Monday"
        assert table.index.name == "weekday"
        assert table.columns.name == "hour"
        assert table.loc["Monday", 10] == 2
        assert table.loc["Wednesday", 11] == 1
        assert table.to_numpy().sum() == 3

    def test_rates_are_null_where_there_are_no_calls(self, calls):
        table = heatmap(calls, "talk_time_mean_s")
        assert table.loc["Monday", 10] == 40
        assert table.notna().sum().sum() == 1
        assert heatmap(calls, "answer_rate").loc["Wednesday", 11] == 0

    def test_tells_how_many_calls_stand_behind_each_cell(self, calls):
        facts = heatmap(calls, "answer_rate").attrs["heatmap"]
        assert (facts["value"], facts["n_calls"]) == ("answer_rate", 3)
        assert facts["counted"][0][10] == 2
        assert sum(map(sum, facts["counted"])) == 3

    def test_behind_a_mean_stand_the_calls_that_it_is_the_mean_of(self, calls):
        facts = heatmap(calls, "talk_time_mean_s").attrs["heatmap"]
        assert facts["n_calls"] == 3
        assert facts["counted"][0][10] == sum(map(sum, facts["counted"])) == 2

    def test_by_lists_a_week_for_every_group(self, calls):
        # a: Monday 10:00 and 10:30; b: Wednesday 11:00; nobody: Monday 10:15; one more has no time
        calls = pd.concat(
            [calls, pd.DataFrame({"timestamp": [calls["timestamp"].iloc[1]], "state": ["unanswered"]})]
        )
        table = heatmap(calls, "answer_rate", by="agent")
        assert table.index.names == ["agent", "weekday"]
        assert table.shape == (21, 24)
        assert table.index.get_level_values("agent").unique().tolist() == ["a", "b", "(none)"]
        assert table.index.get_level_values("weekday")[:7].tolist() == heatmap(calls).index.tolist()
        assert table.loc[("a", "Monday"), 10] == 1.0
        assert table.loc[("b", "Wednesday"), 11] == 0.0
        assert table.loc[("(none)", "Monday"), 10] == 0.0
        assert table.notna().sum().sum() == 3
        counted = table.attrs["heatmap"]["counted"]
        assert (len(counted), counted[0][10], counted[9][11], counted[14][10]) == (21, 2, 1, 1)
        assert table.attrs["heatmap"]["n_calls"] == 4

    def test_by_of_an_empty_frame_and_of_an_unknown_name(self, calls):
        full, empty = heatmap(calls, by="agent"), heatmap(calls.iloc[:0], by="agent")
        assert len(empty) == 0
        assert empty.index.names == full.index.names
        assert empty.dtypes.equals(full.dtypes)
        with pytest.raises(KeyError, match="by='bells'"):
            heatmap(calls, by="bells")

    def test_a_value_that_is_none(self, calls):
        with pytest.raises(ValueError, match="answer_rate"):
            heatmap(calls, "unique_client")
        with pytest.raises(ValueError, match="value='talk_time_median_s' is not made of sums"):
            heatmap(calls, "talk_time_median_s")

    def test_an_empty_frame_gives_no_rows_and_the_same_columns(self, calls):
        empty = heatmap(calls.iloc[:0])
        assert len(empty) == 0
        assert empty.columns.equals(heatmap(calls).columns)
        assert empty.dtypes.equals(heatmap(calls).dtypes)


NINE = pd.Timestamp("2026-03-02T09:00:00", tz="UTC")


def spans_of_calls(*spans: tuple[float, float | None]) -> pd.DataFrame:
    """Return calls given as second of the start and duration."""
    return pd.DataFrame(
        {
            "timestamp": NINE + pd.to_timedelta([start for start, _ in spans], unit="s"),
            "totalTime": pd.array([length for _, length in spans], dtype="float64"),
        }
    )


class TestConcurrency:
    def test_the_maximum_is_exact_and_the_mean_is_weighted_by_time(self):
        # 0-60 and 59-61 overlap for one second, which no look once a minute would see; 150-180 alone
        table = concurrency(spans_of_calls((150, 30), (0, 60), (59, 2)))
        assert table["calls_max"].tolist() == [2, 1, 1]
        assert table["calls_mean"].tolist() == pytest.approx([61 / 60, 1 / 60, 0.5])
        assert table.index[0] == NINE
        assert table.index.name == "timestamp"

    def test_who_ends_when_another_starts_does_not_overlap(self):
        assert concurrency(spans_of_calls((0, 10), (10, 10)))["calls_max"].tolist() == [1]

    def test_a_call_that_ends_on_the_edge_does_not_open_a_period(self):
        assert len(concurrency(spans_of_calls((0, 60)))) == 1

    def test_long_calls_fill_every_period_between(self):
        assert concurrency(spans_of_calls((30, 150)))["calls_max"].tolist() == [1, 1, 1]
        assert concurrency(spans_of_calls((30, 150)))["calls_mean"].tolist() == [0.5, 1.0, 1.0]

    def test_calls_without_time_or_duration_are_never_in_progress(self):
        df = spans_of_calls((0, 0), (0, None), (0, -5), (0, 10), (0, 1e15), (0, float("inf")))
        df.loc[len(df)] = [pd.NaT, 10.0]
        assert concurrency(df)["calls_max"].tolist() == [1]

    def test_by_sweeps_each_group_over_all_periods(self):
        # a: 0-60 and 30-90 overlap; b: 100-130; nobody: 170-180. Three minutes in all.
        df = spans_of_calls((100, 30), (0, 60), (30, 60), (170, 10))
        df["userId"] = ["b", "a", "a", None]
        table = concurrency(df, by="agent")
        assert table.index.names == ["agent", "timestamp"]
        assert table["calls_max"].tolist() == [2, 1, 0, 0, 1, 1, 0, 0, 1]
        expected = [90 / 60, 30 / 60, 0, 0, 20 / 60, 10 / 60, 0, 0, 10 / 60]
        assert table["calls_mean"].tolist() == pytest.approx(expected)
        assert table.loc["(none)"].index.tolist() == concurrency(df).index.tolist()
        assert table.attrs["n_calls"] == 4

    def test_by_of_an_empty_frame_and_of_an_unknown_name(self):
        df = spans_of_calls((0, 10)).assign(userId="a")
        full = concurrency(df, by="agent")
        for none in (df.iloc[:0], df.assign(totalTime=0.0)):
            empty = concurrency(none, by="agent")
            assert len(empty) == 0
            assert empty.index.names == full.index.names
            assert empty.dtypes.equals(full.dtypes)
        with pytest.raises(KeyError, match="by='bells'"):
            concurrency(df, by="bells")

    def test_the_words_of_periods_mean_the_same_as_aliases(self):
        df = spans_of_calls((0, 10), (90_000, 10))
        for word, alias in (("hour", "h"), ("day", "D"), ("week", "W"), ("month", "M")):
            pd.testing.assert_frame_equal(concurrency(df, word), concurrency(df, alias))

    def test_nothing_in_progress_gives_an_empty_table_of_the_same_kind(self):
        full = concurrency(spans_of_calls((0, 10)))
        for empty in (concurrency(spans_of_calls()), concurrency(spans_of_calls((0, 0)))):
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.dtype == full.index.dtype

    @given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 90)), min_size=1, max_size=12))
    def test_equals_counting_second_by_second(self, spans):
        table = concurrency(spans_of_calls(*spans))
        first = table.index[0]
        for start, row in table.iterrows():
            seconds = range(int((start - NINE).total_seconds()), int((start - NINE).total_seconds()) + 60)
            counts = [sum(begin <= second < begin + length for begin, length in spans) for second in seconds]
            assert row["calls_max"] == max(counts)
            assert row["calls_mean"] == pytest.approx(sum(counts) / 60)
        assert (table.index[-1] - first).total_seconds() / 60 == len(table) - 1


class TestChance:
    def month(self) -> pd.DataFrame:
        """Return ten days of 40 calls, 12 of them answered, on the last day 36; clients come again."""
        rows = [(day, place, place < (36 if day == 9 else 12)) for day in range(10) for place in range(40)]
        days, places, answered = zip(*rows, strict=True)
        stamps = pd.Timestamp("2026-03-02T09:00", tz="UTC") + pd.to_timedelta(days, unit="D")
        numbers = [f"+4930{place * 7 + day % 2:07d}" for day, place in zip(days, places, strict=True)]
        calls = {"timestamp": stamps, "clientNumber": numbers, "state": np.array(answered, dtype=int)}
        return pd.DataFrame(calls | {"talkTime": 30.0, "answerTime": 5.0})

    def test_a_day_that_differs_from_the_others(self):
        table = over_time(self.month(), "D")
        assert table["beyond_chance"].tolist() == [False] * 9 + [True]
        # One call a client and day.
        low, high = wilson(12, 40)
        assert table["answer_rate_low"].iloc[0] == low
        assert table["answer_rate_high"].iloc[0] == high
        # All talk 30 s.
        assert table["talk_time_mean_s_low"].tolist() == table["talk_time_mean_s_high"].tolist() == [30] * 10

    def test_periods_are_compared_within_their_group(self):
        df = pd.concat([self.month().assign(projectName="A", state=1), self.month().assign(projectName="B")])
        table = over_time(df, "D", by="project")
        assert not table.loc["A", "beyond_chance"].any()
        assert table.loc["B", "beyond_chance"].tolist() == [False] * 9 + [True]

    def test_cells_of_a_heat_map(self):
        table = heatmap(self.month(), "answer_rate")
        said = table.attrs["heatmap"]
        # Mondays and Tuesdays are two days each, and the tenth day is a Wednesday, of which there are two.
        assert said["beyond_chance"][2][9] is True
        assert said["beyond_chance"][0][9] is False
        assert said["beyond_chance"][0][8] is None
        assert said["low"][3][9] == wilson(12, 40)[0]
        assert table.attrs["brightcall"]["false_discovery_rate"] == 0.05
        assert "low" not in heatmap(self.month()).attrs["heatmap"]

    @pytest.mark.parametrize("table", [over_time, heatmap])
    def test_a_confidence_that_is_none(self, table):
        with pytest.raises(ValueError, match="between 0 and 1"):
            table(self.month(), confidence=95)
