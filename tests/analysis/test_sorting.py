"""Quick orders of whole numbers are those of NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from brightcall_pandas.analysis._sorting import order_within, runs_of, stable_order


@pytest.mark.parametrize("largest", [1, 50, 2**40, 2**62])
@pytest.mark.parametrize("size", [0, 1, 2, 1_000])
def test_orders_are_numpys(largest: int, size: int) -> None:
    rng = np.random.default_rng(size)
    codes, times = rng.integers(0, largest, size), rng.integers(-5, 5, size)
    assert stable_order(codes).tolist() == np.argsort(codes, kind="stable").tolist()
    assert order_within(codes, times).tolist() == np.lexsort((times, codes)).tolist()
    distinct, positions = np.unique(codes, return_inverse=True)
    for ours, numpys in zip(runs_of(codes), (positions, distinct), strict=True):
        assert ours.tolist() == numpys.tolist()
