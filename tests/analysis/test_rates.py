from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.analysis.rates import ratio, wilson


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
