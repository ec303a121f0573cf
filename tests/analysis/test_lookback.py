"""After how many days late changes have come: worlds whose truth is known, and figures worked out by hand."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas import analysis
from brightcall_pandas.analysis import Lookback, Seen, freshness, lookback_of

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def worlds():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        return importlib.import_module("lookback")


def seen(delays, entered=0.0, left=30.0, width=0.0):
    """Return calls of which each changed once, after a delay, as seen by readings close by."""
    delays = np.asarray(delays, dtype=float)
    calls = len(delays)
    return Seen(
        np.full(calls, entered),
        np.full(calls, left),
        delays,
        delays + width,
        np.arange(calls),
    )


def found(delays, share=0.9, confidence=0.95, **options):
    return lookback_of(seen(delays, **options), "outcomeTag", share, confidence)


class TestLookback:
    def test_an_interval_of_ranks(self):
        # The 90 % quantile of 100 values lies with 95 % between the 85th and the 96th (Conover 1999, 3.2):
        # of 100, 84 or fewer are smaller with 2.1 %, and 96 or more with 2.4 %.
        delays = np.arange(100) / 24 + 0.5 / 24  # one in each hour
        got = found(delays)
        assert got.days == pytest.approx(90 / 24, abs=0.05)
        assert got.days_low == pytest.approx(84 / 24, abs=0.05)
        assert got.days_high == pytest.approx(96 / 24, abs=0.05)
        assert got.settle_days == 4
        assert (got.changes, got.calls, got.why) == (100, 100, "")

    def test_settle_days_are_never_below_three(self):
        got = found(np.linspace(0.1, 0.9, 200))
        assert got.days_high < 1
        assert got.settle_days == 3

    @pytest.mark.parametrize(
        ("delays", "share", "why"),
        [
            ([], 0.9, "nothing was read twice"),
            ([1.0], 0.9, "1 change, and 90 % takes at least 10"),
            ([1.0] * 99, 0.99, "99 changes, and 99 % takes at least 100"),
        ],
    )
    def test_what_is_not_known_is_said_and_no_number_given(self, delays, share, why):
        got = found(delays, share)
        assert got.days is got.days_low is got.days_high is got.settle_days is None
        assert got.why == why
        assert f"not known, {why}" in repr(got)

    def test_no_change_was_seen(self):
        nothing = np.zeros(0)
        got = lookback_of(Seen(np.zeros(5), np.full(5, 9.0), nothing, nothing, nothing), "label", 0.9, 0.95)
        assert (got.days, got.why) == (None, "no change was seen")

    def test_too_few_for_an_upper_end(self):
        got = found(np.linspace(0.1, 5, 150), share=0.99)
        assert got.days is not None
        assert got.days_high is got.settle_days is None
        assert got.why == "too few changes to bound it: 150, and 99 % takes 368"

    def test_changes_that_still_come_when_nobody_looks_any_more(self):
        got = found(np.linspace(0.1, 7.9, 2_000), left=8.0)
        assert got.days == pytest.approx(7.1, abs=0.1)  # of those that could be seen
        assert got.days_high is got.settle_days is None
        assert "changes were still coming when calls were 8 days old" in got.why

    def test_changes_that_come_together_count_as_few(self):
        rng = np.random.default_rng(1)
        days = np.repeat(rng.exponential(1.0, 60), 20)  # twenty at once, again and again
        together = seen(days)._replace(group=np.repeat(np.arange(60), 20))
        apart = found(days)
        got = lookback_of(together, "outcomeTag", 0.9, 0.95)
        assert got.days == apart.days
        assert got.days_high > apart.days_high

    def test_the_curve_tells_what_is_left(self):
        delays = np.repeat([0.5, 2.5], [75, 25])
        curve = found(delays, width=0.01).curve()
        assert curve.index.name == "days"
        assert curve.loc[0.0, "changing"] == pytest.approx(1.0)
        assert curve[curve.index > 1]["come"].iloc[0] == pytest.approx(0.75, abs=0.01)
        assert curve["changing"].iloc[-1] == 0.0
        assert (curve["changing"].diff().dropna() <= 0).all()
        assert Lookback("f", 0.9, 0.95).curve().empty

    def test_to_dict_is_plain(self):
        told = found(np.linspace(0.1, 5, 150)).to_dict()
        assert told["field"] == "outcomeTag"
        assert "ages" not in told
        assert all(isinstance(value, str | int | float | None) for value in told.values())

    @pytest.mark.parametrize("share", [0.9, 0.99])
    def test_the_interval_covers_what_was_planted(self, worlds, share):
        covered = [worlds.covers(worlds.world(seed, "nightly", calls=8_000), share) for seed in range(4)]
        assert sum(covered) >= 3

    def test_first_readings_in_the_night_are_told_apart_from_readings_by_day(self, worlds):
        by_day, night = (
            lookback_of(worlds.world(1, name, calls=8_000), "outcomeTag", 0.9, 0.95)
            for name in ("nightly", "only at night")
        )
        assert by_day.from_days < 0.1
        assert night.from_days > 0.2  # calls are hours old when they are read first


class TestFreshness:
    LOOKBACK = {"field": "outcomeTag", "share": 0.99, "days": 2.0, "ages": [0.0, 4.0], "changing": [0.4, 0.0]}

    def calls(self, times, fetched, known=LOOKBACK):
        df = pd.DataFrame({"timestamp": pd.to_datetime(times).tz_localize("UTC"), "outcomeTag": "x"})
        window = {"day_from": "2026-03-01", "day_to": "2026-03-02", "rows": len(df), "fetched_at": fetched}
        said = {"timezone": "UTC", "windows": [window]}
        df.attrs["brightcall"] = said | ({} if known is None else {"lookback": known})
        return df

    def test_by_hand(self):
        # Two days old, of which 0.2 still change, and one day, of which 0.3 do.
        df = self.calls(["2026-03-01 12:00", "2026-03-02 12:00"], "2026-03-03T12:00:00+00:00")
        assert freshness(df) == {
            "field": "outcomeTag",
            "share_changing": 0.25,
            "settled_before": "2026-03-01T12:00:00+00:00",
        }
        assert df.calls.by_outcome().attrs["brightcall"]["freshness"]["share_changing"] == 0.25

    def test_old_calls_change_no_more(self):
        df = self.calls(["2026-03-01 12:00", "2026-03-02 12:00"], "2026-05-01T00:00:00+00:00")
        assert freshness(df)["share_changing"] == 0

    @pytest.mark.parametrize("known", [None, {"days": None}])
    def test_not_known(self, known):
        df = self.calls(["2026-03-01 12:00"], "2026-03-03T12:00:00+00:00", known)
        assert freshness(df) is None
        assert "freshness" not in df.calls.by_outcome().attrs["brightcall"]

    def test_it_survives_a_choice_of_rows(self):
        df = self.calls(["2026-03-01 12:00", "2026-03-02 12:00"], "2026-03-03T12:00:00+00:00")
        assert freshness(df[df["timestamp"] > "2026-03-02"])["share_changing"] == 0.3

    def test_a_frame_without_times(self):
        assert freshness(pd.DataFrame({"outcomeTag": ["x"]})) is None
        assert "lookback" not in analysis.__all__
