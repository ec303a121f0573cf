"""The beta-binomial fit against SciPy's likelihood, maximized by SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from brightcall_pandas.analysis._prior import beta_binomial, drawn_together

MIXES = {
    "a few agents": ([2, 90, 50], [2, 100, 100]),
    "two agents": ([15, 10], [20, 20]),
    "all alike": ([130] * 12, [500] * 12),
    "a dialer beside people": ([2_000, *range(90, 190, 10), 2], [20_000, *[500] * 10, 2]),
    "a dialer beside two people who are alike": ([400, 130, 130, 2], [20_000, 500, 500, 2]),
    "rates of 0 and 1": ([0, 500, 0, 500, 2], [500] * 4 + [2]),
    "hardly any answers": ([0, 0, 0, 2], [20_000, 500, 500, 2]),
    "many with few calls": ([0, 1, 2, 1, 0, 3] * 20, [3] * 120),
    "far apart": ([5, 250, 480, 30, 400], [500] * 5),
}


def fitted_by_scipy(hits: list[int], trials: list[int]) -> tuple[float, float]:
    """Return ``a`` and ``b`` where SciPy's beta-binomial likelihood × √ρ (1 − ρ)¹⁹ is highest."""

    def loss(place: np.ndarray) -> float:
        a, b = np.exp(place)
        rho = 1 / (a + b + 1)
        likelihood = scipy.stats.betabinom.logpmf(hits, trials, a, b).sum()
        return -(likelihood + 0.5 * np.log(rho) + 19 * np.log1p(-rho))

    mean = (np.array(hits) / trials).mean()
    options = {"xatol": 1e-7, "fatol": 1e-11, "maxiter": 2_000}
    found = [
        scipy.optimize.minimize(
            loss, np.log([mean * size, (1 - mean) * size]), method="Nelder-Mead", options=options
        )
        for size in (2, 100)
    ]
    a, b = np.exp(min(found, key=lambda each: each.fun).x)
    return float(a), float(b)


class TestBetaBinomial:
    @pytest.mark.parametrize("mix", MIXES)
    def test_is_what_scipy_finds(self, mix):
        hits, trials = (np.array(each, dtype=float) for each in MIXES[mix])
        prior = beta_binomial(hits, trials, np.zeros(len(hits), dtype=np.int64))
        a, b = fitted_by_scipy(*MIXES[mix])
        assert prior.mean[0] == pytest.approx(a / (a + b), rel=1e-3, abs=1e-6)
        assert prior.strength[0] == pytest.approx(a + b, rel=1e-3)

    def test_each_board_is_fitted_alone(self):
        boards = np.repeat(np.arange(len(MIXES)), [len(hits) for hits, _ in MIXES.values()])
        hits, trials = (np.concatenate(each).astype(float) for each in zip(*MIXES.values(), strict=True))
        together = beta_binomial(hits, trials, boards)
        for board, (few, of) in enumerate(MIXES.values()):
            alone = beta_binomial(
                np.array(few, dtype=float), np.array(of, dtype=float), np.zeros(len(few), dtype=np.int64)
            )
            assert together.strength[board] == pytest.approx(alone.strength[0], rel=1e-6)
            assert together.mean[board] == pytest.approx(alone.mean[0], rel=1e-6)

    def test_finds_what_rates_were_drawn_from(self):
        rng = np.random.default_rng(0)
        trials = rng.integers(50, 2_000, 3_000)
        hits = rng.binomial(trials, rng.beta(6, 14, 3_000))
        prior = beta_binomial(hits.astype(float), trials.astype(float), np.zeros(3_000, dtype=np.int64))
        assert prior.mean[0] == pytest.approx(0.3, abs=0.006)
        assert prior.strength[0] == pytest.approx(20, rel=0.08)


class TestDrawnTogether:
    def test_is_mean_and_lower_end_of_the_posterior(self):
        hits, trials = MIXES["a dialer beside people"]
        a, b = fitted_by_scipy(hits, trials)
        means, lows = drawn_together(hits, trials, np.zeros(len(hits), dtype=np.int64))
        for mean, low, hit, trial in zip(means, lows, hits, trials, strict=True):
            posterior = scipy.stats.beta(hit + a, trial - hit + b)
            assert mean == pytest.approx(posterior.mean(), rel=1e-4)
            assert low == pytest.approx(posterior.mean() - 1.96 * posterior.std(), rel=1e-3)

    def test_where_every_trial_is_a_hit_or_none_is_nothing_is_drawn(self):
        boards = np.array([0, 0, 1, 1])
        means, lows = drawn_together([0, 0, 5, 7], [5, 9, 5, 7], boards)
        assert means.tolist() == lows.tolist() == [0, 0, 1, 1]

    def test_without_trials_there_is_no_rate(self):
        means, lows = drawn_together([0, 3, 0], [0, 4, 0], np.array([0, 0, 1]))
        assert np.isnan(means).tolist() == np.isnan(lows).tolist() == [True, False, True]
        assert len(drawn_together([], [], np.zeros(0, dtype=np.int64))[0]) == 0
