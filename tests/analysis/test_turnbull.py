"""The estimate behind the lookback: against lifelines, and against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from brightcall_pandas.analysis._turnbull import exposure, turnbull

# Between which times twelve things happened, no two ends alike, and what lifelines 0.30.3 makes of them:
# ``lifelines.fitters.npmle.npmle(LEFT, RIGHT, tol=1e-14)``. It cannot be installed beside pandas 3.
LEFT = [1.538, 2.13, 0.647, 1.534, 0.031, 8.545, 0.025, 6.449, 1.217, 0.497, 0.36, 0.753]
RIGHT = [2.925, 3.183, 3.383, 3.079, 1.228, 11.924, 1.098, 10.137, 3.041, 2.411, 1.897, 2.065]
LIFELINES = {1.098: 0.333333, 1.228: 0.0, 1.897: 0.222222, 2.411: 0.277778, 10.137: 0.166667}


def cells(left, right):
    """Return the times between which something changes, and where each interval begins and ends in them."""
    edges = np.unique([*left, *right])
    return edges, *(np.searchsorted(edges, each).astype(float) for each in (left, right))


class TestTurnbull:
    def test_agrees_with_lifelines_where_all_were_watched_for_equally_long(self):
        edges, begins, ends = cells(LEFT, RIGHT)
        masses = turnbull(begins, ends, np.ones(len(edges) - 1), rounds=100_000)
        come = np.cumsum(masses) / masses.sum()
        expected = np.cumsum(list(LIFELINES.values()))
        at = np.searchsorted(edges[1:], list(LIFELINES))
        np.testing.assert_allclose(come[at], expected, atol=1e-3)

    def test_exact_times_are_counted(self):
        masses = turnbull(np.array([0.0, 1.0, 1.0]), np.array([1.0, 2.0, 2.0]), np.array([10.0, 10.0, 10.0]))
        np.testing.assert_allclose(masses, [0.1, 0.2, 0.0], atol=1e-9)

    def test_a_change_counts_for_the_calls_that_were_watched(self):
        # Ten calls were watched at first, of which five still were later: one change of each.
        masses = turnbull(np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([10.0, 5.0]))
        np.testing.assert_allclose(masses, [0.1, 0.2], atol=1e-9)

    def test_what_may_lie_in_two_goes_where_others_are(self):
        masses = turnbull(np.array([0.0, 0.0]), np.array([1.0, 2.0]), np.array([4.0, 4.0]), rounds=10_000)
        np.testing.assert_allclose(masses, [0.5, 0.0], atol=1e-3)

    def test_half_a_stretch_has_half_its_mass(self):
        # Four calls were watched in the later half of the only stretch, and one of them changed: had they
        # been watched in the whole, two would have.
        masses = turnbull(np.array([0.5]), np.array([1.0]), np.array([2.0]))
        np.testing.assert_allclose(masses, [0.5], atol=1e-9)

    def test_nobody_watched(self):
        masses = turnbull(np.array([0.0]), np.array([2.0]), np.array([3.0, 0.0]))
        np.testing.assert_allclose(masses, [1 / 3, 0.0], atol=1e-9)

    def test_several_at_once_are_each_as_if_alone(self):
        edges, begins, ends = cells(LEFT, RIGHT)
        watched, rng = np.ones(len(edges) - 1), np.random.default_rng(1)
        weights = rng.integers(0, 3, (3, len(LEFT))).astype(float)
        together = turnbull(begins, ends, watched, weights, rounds=500)
        alone = [turnbull(begins, ends, watched, each, rounds=500) for each in weights]
        np.testing.assert_allclose(together, alone, atol=1e-5)


class TestExposure:
    def test_parts_count_in_part(self):
        # From 0.5 to 2 and from 1 to 3.
        watched = exposure(np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.5, 1.0]), np.array([2.0, 3.0]))
        np.testing.assert_allclose(watched, [0.5, 2.0, 0.5])

    @pytest.mark.parametrize("calls", [0, 1])
    def test_nobody(self, calls):
        watched = exposure(np.array([0.0, 1.0]), np.full(calls, 5.0), np.full(calls, 6.0))
        np.testing.assert_allclose(watched, [0.0])
