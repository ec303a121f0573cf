"""Random columns: weights, quantiles and the times of calls."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from brightcall_pandas.sandbox._draw import Calendar, midnight, per_mille, pick

BERLIN = ZoneInfo("Europe/Berlin")


class TestCalendar:
    def test_a_day_of_the_clock_change_has_23_hours(self) -> None:
        assert midnight(date(2026, 3, 30)) - midnight(date(2026, 3, 29)) == 23 * 3600

    def test_epochs_lie_in_their_days(self) -> None:
        calendar = Calendar(date(2026, 3, 28), date(2026, 3, 30))
        epochs, days = calendar.draw_epochs(np.random.default_rng(0), 2_000, 1)
        for epoch, day in zip(epochs.tolist(), days.tolist(), strict=True):
            assert datetime.fromtimestamp(epoch, BERLIN).date() == calendar.days[day]
        assert (np.diff(epochs) >= 0).all()


class TestPick:
    def test_follows_the_weights(self) -> None:
        counts = np.bincount(pick(np.random.default_rng(0), 10_000, [1, 0, 3]), minlength=3)
        assert counts[1] == 0
        assert abs(counts[2] - 7_500) < 200


class TestPerMille:
    def test_follows_the_quantiles(self) -> None:
        values = per_mille(np.random.default_rng(0), 10_000, {0: 0, 500: 10, 1000: 1000})
        assert values.min() >= 0
        assert values.max() < 1000
        assert abs((values < 10).sum() - 5_000) < 200
