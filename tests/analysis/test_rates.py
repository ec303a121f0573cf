from __future__ import annotations

import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.analysis._groups import grouped, key_of
from brightcall_pandas.analysis._rates import add_rate, medians, quantiles, ratio, wilson


class TestRatio:
    def test_nothing_out_of_nothing_is_null(self):
        assert np.isnan(ratio([0, 3], [0, 4])).tolist() == [True, False]
        assert ratio(3, 4) == 0.75


class TestWilson:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81/263, 15/148, 0/20, 1/29.
    @pytest.mark.parametrize(
        ("hits", "trials", "low", "high"),
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
    )
    def test_published_values(self, hits, trials, low, high):
        assert wilson(hits, trials) == pytest.approx((low, high), abs=5e-5)

    def test_no_trials_no_interval(self):
        assert np.isnan(wilson(0, 0)).all()

    @pytest.mark.parametrize("confidence", [0, 1, 95, -0.5])
    def test_a_confidence_that_is_none(self, confidence):
        with pytest.raises(ValueError, match="between 0 and 1"):
            wilson(1, 2, confidence)

    @given(st.integers(0, 10**6), st.integers(1, 10**6), st.floats(0.01, 0.999))
    def test_holds_the_rate_and_stays_within_0_and_1(self, hits, trials, confidence):
        hits = min(hits, trials)
        low, high = wilson(hits, trials, confidence)
        assert 0 <= low <= hits / trials <= high <= 1

    @given(st.integers(0, 1000), st.integers(1, 1000))
    def test_is_the_same_mirrored_for_misses(self, hits, trials):
        hits = min(hits, trials)
        low, high = wilson(hits, trials)
        assert wilson(trials - hits, trials) == pytest.approx((1 - high, 1 - low))


class TestAddRate:
    def test_appends_rate_and_interval(self):
        table = pd.DataFrame({"n_calls": [2]})
        add_rate(table, "rate", [1], [2])
        assert table.columns.tolist() == ["n_calls", "rate", "rate_low", "rate_high"]
        assert table.loc[0, "rate"] == 0.5


class TestMedians:
    def test_middle_value_or_mean_of_the_two_middle_ones(self):
        groups = grouped([key_of(pd.Series(["a", "a", "b", "b", "c"], dtype="str"))])
        values = np.array([10.0, 1.0, 4.0, 2.0, np.nan])
        counts = np.array([1, 2, 1, 1, 9])
        assert medians(groups, values, counts).tolist()[:2] == [1.0, 3.0]
        assert np.isnan(medians(groups, values, counts)[2])

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(0, 4)), min_size=1))
    def test_equals_the_median_of_the_values_written_out(self, rows):
        groups = grouped([key_of(pd.Series([name for name, _, _ in rows], dtype="str"))])
        values = np.array([float(value) for _, value, _ in rows])
        found = dict(
            zip(groups.index, medians(groups, values, np.array([n for _, _, n in rows])), strict=True)
        )
        for name in groups.index:
            written = [value for who, value, n in rows if who == name for _ in range(n)]
            if written:
                assert found[name] == statistics.median(written)
            else:
                assert np.isnan(found[name])


class TestQuantiles:
    def test_interpolate_between_neighbours(self):
        groups = grouped([key_of(pd.Series(["a", "a", "b", "c"], dtype="str"))])
        values, counts = np.array([10.0, 0.0, 5.0, np.nan]), np.array([1, 4, 0, 2])
        # Written out, group a is 0, 0, 0, 0, 10: places 2 and 3.6 of 0 to 4.
        middle, ninth = quantiles(groups, values, counts, (0.5, 0.9))
        assert middle.tolist()[0] == 0.0
        assert ninth.tolist()[0] == pytest.approx(6.0)
        assert np.isnan([*middle[1:], *ninth[1:]]).all()

    def test_infinite_values_are_values(self):
        groups = grouped([key_of(pd.Series(["a", "a"], dtype="str"))])
        assert quantiles(groups, np.array([1.0, np.inf]), np.array([1, 3]), (0, 0.5)) == [1.0, np.inf]
