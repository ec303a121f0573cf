from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.analysis import concurrency

NINE = pd.Timestamp("2026-03-02T09:00:00", tz="UTC")


def calls(*spans: tuple[float, float | None]) -> pd.DataFrame:
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
        table = concurrency(calls((150, 30), (0, 60), (59, 2)))
        assert table["calls_max"].tolist() == [2, 1, 1]
        assert table["calls_mean"].tolist() == pytest.approx([61 / 60, 1 / 60, 0.5])
        assert table.index[0] == NINE
        assert table.index.name == "timestamp"

    def test_who_ends_when_another_starts_does_not_overlap(self):
        assert concurrency(calls((0, 10), (10, 10)))["calls_max"].tolist() == [1]

    def test_a_call_that_ends_on_the_edge_does_not_open_a_period(self):
        assert len(concurrency(calls((0, 60)))) == 1

    def test_long_calls_fill_every_period_between(self):
        assert concurrency(calls((30, 150)))["calls_max"].tolist() == [1, 1, 1]
        assert concurrency(calls((30, 150)))["calls_mean"].tolist() == [0.5, 1.0, 1.0]

    def test_calls_without_time_or_duration_are_never_in_progress(self):
        df = calls((0, 0), (0, None), (0, -5), (0, 10), (0, 1e15), (0, float("inf")))
        df.loc[len(df)] = [pd.NaT, 10.0]
        assert concurrency(df)["calls_max"].tolist() == [1]

    def test_nothing_in_progress_gives_an_empty_table_of_the_same_kind(self):
        full = concurrency(calls((0, 10)))
        for empty in (concurrency(calls()), concurrency(calls((0, 0)))):
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.dtype == full.index.dtype

    @given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 90)), min_size=1, max_size=12))
    def test_equals_counting_second_by_second(self, spans):
        table = concurrency(calls(*spans))
        first = table.index[0]
        for start, row in table.iterrows():
            seconds = range(int((start - NINE).total_seconds()), int((start - NINE).total_seconds()) + 60)
            counts = [sum(begin <= second < begin + length for begin, length in spans) for second in seconds]
            assert row["calls_max"] == max(counts)
            assert row["calls_mean"] == pytest.approx(sum(counts) / 60)
        assert (table.index[-1] - first).total_seconds() / 60 == len(table) - 1
