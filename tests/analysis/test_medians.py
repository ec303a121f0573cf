from __future__ import annotations

import statistics

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.analysis.groups import grouped, key_of
from brightcall_pandas.analysis.medians import medians


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
