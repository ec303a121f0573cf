from __future__ import annotations

import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.analysis._groups import grouped, key_of
from brightcall_pandas.analysis._quantiles import medians, quantiles


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
