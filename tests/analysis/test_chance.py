"""Intervals and tests against statsmodels, worked examples, and the laws that they follow.

statsmodels is imported by the tests that need it: each process that collects this module would take a second.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.analysis._chance import (
    Clustered,
    Crossed,
    beyond_chance,
    correlation,
    difference,
    effective_trials,
    p_values,
    p_values_of_rest,
    rate_interval,
    ratio_interval,
)
from brightcall_pandas.analysis._clusters import Clusters, clustered, crossed, products_for
from brightcall_pandas.analysis._rates import normal_quantile, t_quantiles, wilson

RATE = ("hits", "calls")


def sums_of(groups, clients, hits, calls=None, wholes=None) -> pd.DataFrame:
    """Return the sums of each group and their products, as a table has them."""
    groups = np.asarray(groups)
    hits = np.asarray(hits, dtype=np.float64)
    values = {"hits": hits, "calls": np.ones(len(hits)) if calls is None else np.asarray(calls, dtype=float)}
    size = int(groups.max()) + 1
    wholes = None if wholes is None else np.asarray(wholes)
    found = Clusters(groups, size, np.asarray(clients), wholes).products(values, [RATE], wholes=True)
    sums = {name: np.bincount(groups, weights=each, minlength=size) for name, each in values.items()}
    return pd.DataFrame(sums | found)


def sides_of(first: tuple, second: tuple) -> tuple[Clustered, Clustered, Crossed]:
    """Return two sides of one group, each given as clients and hits, and what they share."""
    (clients, hits), (others, other_hits) = first, second
    both = sums_of([0] * len(clients) + [1] * len(others), [*clients, *others], [*hits, *other_hits])
    sums, whole = clustered(both, RATE), crossed(both, RATE)
    one, other = (
        Clustered(*(getattr(sums, name)[[place]] for name in Clustered.__struct_fields__)) for place in (0, 1)
    )
    # The products with the whole less those with the group itself: those with the other side.
    apart = Crossed(
        whole.top_top[[0]] - one.top_top,
        whole.top_bottom[[0]] - one.top_bottom,
        whole.bottom_top[[0]] - one.top_bottom,
        whole.bottom_bottom[[0]] - one.bottom_bottom,
    )
    return one, other, apart


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    """Calls of 60 clients who differ, some of them in both of two groups."""
    rng = np.random.default_rng(3)
    clients = np.repeat(np.arange(60), rng.integers(1, 7, 60))
    hits = rng.random(len(clients)) < rng.beta(0.8, 1.5, 60)[clients]
    groups = rng.integers(0, 2, len(clients))
    seconds = rng.exponential(100, len(clients)) * (1 + clients % 3)
    return pd.DataFrame({"client": clients, "hit": hits.astype(float), "group": groups, "seconds": seconds})


class TestAgainstStatsmodels:
    @pytest.mark.parametrize("column", ["hit", "seconds"])
    def test_the_variance_of_a_mean_clustered_by_client(self, drawn, column):
        from statsmodels.regression.linear_model import OLS

        sums = clustered(sums_of(np.zeros(len(drawn), dtype=int), drawn["client"], drawn[column]), RATE)
        fit = OLS(drawn[column], np.ones(len(drawn))).fit(
            cov_type="cluster", cov_kwds={"groups": drawn["client"], "use_correction": False}
        )
        assert sums.squares(sums.ratio) / sums.bottom**2 == pytest.approx(fit.cov_params().to_numpy()[0])

    def test_the_variance_of_a_difference_of_groups_that_share_clients(self, drawn):
        from statsmodels.regression.linear_model import OLS

        side = [drawn[drawn["group"] == group] for group in (0, 1)]
        one, other, apart = sides_of(*((each["client"], each["seconds"]) for each in side))
        together = correlation(one, other, apart, rates=False)
        variances = [
            each.squares(each.ratio) / each.bottom**2 * (each.clients / (each.clients - 1))
            for each in (one, other)
        ]
        # Without the corrections for few clients, which statsmodels makes once for both.
        few = [each.clients / (each.clients - 1) for each in (one, other)]
        shared = together * np.sqrt(variances[0] * variances[1])
        variance = variances[0] / few[0] + variances[1] / few[1] - 2 * shared
        fit = OLS(drawn["seconds"], np.column_stack([np.ones(len(drawn)), drawn["group"]])).fit(
            cov_type="cluster", cov_kwds={"groups": drawn["client"], "use_correction": False}
        )
        assert variance == pytest.approx(fit.cov_params().to_numpy()[1, 1])

    @given(st.integers(0, 50), st.integers(1, 50), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
    def test_wilson(self, hits, trials, confidence):
        from statsmodels.stats.proportion import proportion_confint

        hits = min(hits, trials)
        low, high = proportion_confint(hits, trials, alpha=1 - confidence, method="wilson")
        assert wilson(hits, trials, confidence) == pytest.approx((low, high), abs=1e-12)

    @pytest.mark.parametrize("counts", [(56, 70, 48, 80), (0, 10, 3, 12), (5, 5, 1, 30)])
    def test_newcombe(self, counts):
        from statsmodels.stats.proportion import confint_proportions_2indep

        hits, trials, other_hits, others = counts
        first = hits / trials, wilson(hits, trials)
        found = difference(first, (other_hits / others, wilson(other_hits, others)))
        assert found == pytest.approx(confint_proportions_2indep(*counts, method="newcomb"))

    @given(
        st.lists(st.floats(0, 1) | st.sampled_from([0.001, 0.01, 0.04]), min_size=1, max_size=30),
        st.sampled_from([0.01, 0.05, 0.2]),
    )
    def test_benjamini_hochberg(self, values, level):
        from statsmodels.stats.multitest import multipletests

        expected = multipletests(values, alpha=level, method="fdr_bh")[0]
        assert beyond_chance(np.array(values), level).tolist() == expected.tolist()

    def test_quantiles_of_t(self):
        degrees = np.array([1, 2, 2.5, 3, 4.7, 10, 30, 400, 1e9])
        for confidence in (0.5, 0.8, 0.95, 0.999):
            expected = scipy.stats.t.ppf((1 + confidence) / 2, degrees)
            assert t_quantiles(degrees, confidence) == pytest.approx(expected, rel=5e-5)
        assert t_quantiles(np.array([1.4]), 0.95) == pytest.approx(scipy.stats.t.ppf(0.975, 1.4), rel=0.05)
        assert np.isnan(t_quantiles(np.array([0.0, -1.0, np.nan]), 0.95)).all()


class TestRateInterval:
    def test_worked_by_hand(self):
        # Three clients, two calls each, answered 2, 0 and 1 times: rate 1/2, e = 1, -1, 0.
        # (1 + 1) × 3/2 clients against 6 × 1/4 × 6/5 of calls apart: 3 / 1.8.
        sums = clustered(sums_of([0] * 6, [0, 0, 1, 1, 2, 2], [1, 1, 0, 0, 1, 0]), RATE)
        few = (2.5705818 / 4.3026527) ** 2  # t of 5 and of 2 degrees
        assert effective_trials(sums) == pytest.approx(6 / (3 / 1.8) * few)
        low, high = rate_interval(sums)
        trials = effective_trials(sums)
        assert [low, high] == [*map(pytest.approx, wilson(trials / 2, trials))]

    @given(st.integers(0, 400), st.integers(1, 400), st.floats(0.5, 0.99))
    def test_one_call_a_client_is_wilson_exactly(self, hits, calls, confidence):
        hits = min(hits, calls)
        clients = np.arange(calls)
        clients[::3] = -1  # so is a call without a client
        sums = clustered(sums_of([0] * calls, clients, np.arange(calls) < hits), RATE)
        low, high = rate_interval(sums, confidence)
        expected = wilson(hits, calls, confidence)
        assert (float(low[0]), float(high[0])) == (float(expected[0]), float(expected[1]))

    @given(st.lists(st.tuples(st.integers(-1, 5), st.booleans()), min_size=1, max_size=40))
    def test_it_is_never_narrower_than_wilson_and_holds_the_rate(self, calls):
        clients, hits = zip(*calls, strict=True)
        sums = clustered(sums_of([0] * len(calls), clients, hits), RATE)
        low, high = rate_interval(sums)
        least, most = wilson(sum(hits), len(hits))
        assert 0 <= low[0] <= least + 1e-12
        assert most - 1e-12 <= high[0] <= 1
        assert low[0] <= sum(hits) / len(hits) <= high[0]

    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 5), st.booleans()), min_size=1, max_size=40))
    def test_the_order_of_calls_does_not_matter(self, calls):
        there = sums_of(*zip(*calls, strict=True))
        back = sums_of(*zip(*calls[::-1], strict=True))
        pd.testing.assert_frame_equal(there, back, check_exact=True)

    def test_calls_of_one_client_count_as_one(self):
        sums = clustered(sums_of([0] * 9 + [1] * 9, [7] * 9 + [8] * 9, [1] * 9 + [1, 0, 0] * 3), RATE)
        assert effective_trials(sums).tolist() == [1, 1]

    def test_no_answer_at_all_does_not_show_how_alike_calls_are(self):
        # 40 clients with three calls each: as if they were all alike.
        sums = clustered(sums_of([0] * 120, np.repeat(np.arange(40), 3), [0] * 120), RATE)
        assert 30 < effective_trials(sums)[0] <= 40

    def test_no_calls_no_interval(self):
        sums = clustered(sums_of([1, 1], [0, 1], [1, 0]), RATE)
        low, high = rate_interval(sums)
        assert np.isnan([low[0], high[0]]).all()
        assert not np.isnan([low[1], high[1]]).any()


class TestRatioInterval:
    def test_one_call_a_client_is_that_of_student(self):
        seconds = np.array([10.0, 20.0, 60.0, 30.0])
        sums = clustered(sums_of([0] * 4, [0, 1, -1, 3], seconds), RATE)
        low, high = scipy.stats.t.interval(0.95, 3, loc=30, scale=seconds.std(ddof=1) / 2)
        assert ratio_interval(sums) == (pytest.approx([low], rel=1e-4), pytest.approx([high], rel=1e-4))

    def test_of_one_client_nobody_knows(self):
        sums = clustered(sums_of([0, 0, 1], [4, 4, -1], [5.0, 9.0, 3.0]), RATE)
        assert np.isnan(ratio_interval(sums)).all()


class TestDifference:
    def test_clients_on_both_sides_who_do_not_change(self):
        # Each client answers on both sides or on none: the rates go up and down together.
        hits = [1, 0, 0, 1, 0, 0, 1, 0, 1, 1]
        same = sides_of((range(10), hits), (range(10), hits))
        others = sides_of((range(10), hits), (range(10, 20), hits))
        assert correlation(*same, rates=True) == pytest.approx(1, abs=0.11)
        assert correlation(*others, rates=True) == 0
        intervals = [
            difference(
                (one.ratio, rate_interval(one)),
                (other.ratio, rate_interval(other)),
                correlation(one, other, apart, rates=True),
            )
            for one, other, apart in (same, others)
        ]
        widths = [high - low for low, high in intervals]
        assert widths[0] < widths[1] / 2

    def test_null_where_a_side_is(self):
        nothing = wilson(0, 0)
        assert np.isnan(difference((np.nan, nothing), (0.5, wilson(1, 2)))).all()

    def test_the_other_way_round(self):
        there = difference((0.8, wilson(8, 10)), (0.3, wilson(6, 20)), 0.4)
        back = difference((0.3, wilson(6, 20)), (0.8, wilson(8, 10)), 0.4)
        assert there == pytest.approx((-back[1], -back[0]))


class TestPValues:
    def two_groups(self, hits, calls, others_hits, others, each=1):
        """Return the p-value of a group against another, every client with `each` calls, all alike."""
        groups = np.repeat([0, 1], [calls, others])
        flags = np.concatenate([np.arange(calls) < hits, np.arange(others) < others_hits])
        sums = sums_of(
            np.repeat(groups, each), np.repeat(np.arange(calls + others), each), np.repeat(flags, each)
        )
        return p_values_of_rest(clustered(sums, RATE), crossed(sums, RATE), np.zeros(2, dtype=int))

    def test_worked_by_hand(self):
        # 20 of 40 against 10 of 40: 15 are expected on each side, and less Yates' half they are 4.5 apart.
        hits = 2 * (19.5 * np.log(19.5 / 15) + 10.5 * np.log(10.5 / 15))
        misses = 2 * (20.5 * np.log(20.5 / 25) + 29.5 * np.log(29.5 / 25))
        z = np.sqrt(hits + misses)
        found = self.two_groups(20, 40, 10, 40)
        assert found[0] == pytest.approx(found[1])
        assert z == pytest.approx(normal_quantile(1 - found[0]))

    def test_calls_of_a_client_that_are_all_alike_tell_nothing_more(self):
        once, thrice = self.two_groups(20, 40, 10, 40), self.two_groups(20, 40, 10, 40, each=3)
        assert thrice == pytest.approx(once, rel=0.05)

    def test_few_hits_are_no_finding(self):
        # 2 of 3 where one in twenty answers: an exact test finds that once in 140 times.
        found = self.two_groups(2, 3, 50, 1_000)
        assert 0.005 < found[0] < 0.05

    def test_nothing_to_tell(self):
        one_group = sums_of([0, 0], [0, 1], [0, 1])
        found = p_values_of_rest(clustered(one_group, RATE), crossed(one_group, RATE), np.zeros(1, dtype=int))
        assert np.isnan(found).all()
        one_client = sums_of([0, 0, 0, 1, 1], [0, 0, 0, 1, 2], [1, 1, 1, 0, 0])
        found = p_values_of_rest(
            clustered(one_client, RATE), crossed(one_client, RATE), np.zeros(2, dtype=int)
        )
        assert np.isnan(found).all()

    def test_all_alike(self):
        assert self.two_groups(0, 10, 0, 10).tolist() == [1, 1]

    def test_wholes_are_apart(self):
        first = ([0] * 30 + [1] * 30, list(range(60)), [1] * 10 + [0] * 20 + [1] * 20 + [0] * 10)
        alone = sums_of(*first)
        found = p_values_of_rest(clustered(alone, RATE), crossed(alone, RATE), np.zeros(2, dtype=int))
        twice = sums_of(
            first[0] + [2] * 30 + [3] * 30,
            first[1] + list(range(60)),
            first[2] + [1] * 60,
            wholes=[0, 0, 1, 1],
        )
        both = p_values_of_rest(clustered(twice, RATE), crossed(twice, RATE), np.array([0, 0, 1, 1]))
        assert both[:2] == pytest.approx(found)
        assert both[2:].tolist() == [1, 1]

    def test_clients_that_come_again_and_change(self):
        # McNemar: 40 of 100 clients turn from no to yes, nobody back; as two sides of strangers it is less.
        hits, later = [1] * 30 + [0] * 70, [1] * 70 + [0] * 30
        same = p_values(*sides_of((range(100), hits), (range(100), later)))
        strangers = p_values(*sides_of((range(100), hits), (range(100, 200), later)))
        assert same < strangers < 1e-6

    def test_at_most_the_promised_share_where_nothing_differs(self):
        rng = np.random.default_rng(0)
        tables = []
        for _ in range(400):
            clients = np.repeat(np.arange(150), 4)
            hits = rng.random(600) < rng.beta(1, 3, 150)[clients]
            sums = sums_of(rng.integers(0, 8, 600), clients, hits)
            found = p_values_of_rest(clustered(sums, RATE), crossed(sums, RATE), np.zeros(8, dtype=int))
            tables.append(found)
        assert 0.02 < np.mean(np.array(tables) < 0.05) <= 0.055
        assert np.mean([beyond_chance(each, 0.05).any() for each in tables]) <= 0.06


class TestBeyondChance:
    def test_worked_by_hand(self):
        # In order .01 ≤ .05/4, .02 ≤ .05·2/4, .04 > .05·3/4, .045 ≤ .05: all four, by the last one.
        assert beyond_chance(np.array([0.04, 0.01, 0.045, 0.02]), 0.05).all()
        assert beyond_chance(np.array([0.04, 0.01, 0.06, 0.02]), 0.05).tolist() == [False, True, False, True]

    def test_no_tests(self):
        assert beyond_chance(np.array([np.nan, np.nan]), 0.05).tolist() == [False, False]
        assert beyond_chance(np.array([]), 0.05).tolist() == []


class TestProducts:
    def test_against_a_loop(self):
        rng = np.random.default_rng(1)
        groups, wholes = rng.integers(0, 6, 300), np.array([0, 0, 1, 1, 2, 2])
        clients, hits, calls = (rng.integers(least, most, 300) for least, most in ((-1, 40), (0, 2), (0, 3)))
        found = sums_of(groups, clients, hits, calls, wholes)
        values = {"hits": hits, "calls": calls}
        ids = [(f"client {each}" if each >= 0 else f"call {place}") for place, each in enumerate(clients)]
        rows = pd.DataFrame(values | {"id": ids, "group": groups, "whole": wholes[groups]})
        for label, (one, other, of_whole) in products_for([RATE], wholes=True).items():
            for group, some in rows.groupby("group"):
                beside = rows[rows["whole"] == wholes[group]] if of_whole else some
                expected = sum(
                    each[one].sum() * beside.loc[beside["id"] == name, other].sum()
                    for name, each in some.groupby("id")
                )
                assert found.loc[group, label] == expected

    def test_what_is_unknown_makes_its_products_null(self):
        values = {"hits": None, "calls": np.ones(3)}
        found = Clusters(np.array([0, 0, 1]), 2, np.array([0, 0, 1])).products(values, [RATE])
        assert np.isnan(found["hits × hits"]).all()
        assert np.isnan(found["hits × calls"]).all()
        assert found["calls × calls"].tolist() == [4, 1]
