"""Random columns: weights, quantiles and the times of calls."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from brightcall_pandas.sandbox._draw import Calendar, mean_of, midnight, per_mille, pick, pick_rows

BERLIN = ZoneInfo("Europe/Berlin")


class TestCalendar:
    def test_a_day_of_the_clock_change_has_23_hours(self) -> None:
        assert midnight(date(2026, 3, 30)) - midnight(date(2026, 3, 29)) == 23 * 3600

    def test_its_hours_follow_one_another(self) -> None:
        calendar = Calendar(date(2026, 3, 28), date(2026, 3, 30))
        hours = calendar.hours
        assert np.diff(hours.start).tolist() == [3600] * (24 + 23 + 24 - 1)
        for start, day, clock in zip(
            hours.start.tolist(), hours.day.tolist(), hours.clock.tolist(), strict=True
        ):
            local = datetime.fromtimestamp(start, BERLIN)
            assert (local.date(), local.hour) == (calendar.days[day], clock)

    def test_the_hour_at_any_second(self) -> None:
        hours = Calendar(date(2026, 3, 28), date(2026, 3, 30)).hours
        epochs = np.arange(hours.start[0], hours.start[-1] + 3600, 1_117)
        clock = [datetime.fromtimestamp(epoch, BERLIN).hour for epoch in epochs.tolist()]
        assert hours.clock_at(epochs).tolist() == clock

    def test_its_days_end_a_second_before_midnight(self) -> None:
        calendar = Calendar(date(2026, 3, 29), date(2026, 3, 30))
        ends = [datetime.fromtimestamp(each, BERLIN).isoformat() for each in calendar.ends.tolist()]
        assert ends == ["2026-03-29T23:59:59+02:00", "2026-03-30T23:59:59+02:00"]


class TestPick:
    def test_follows_the_weights(self) -> None:
        counts = np.bincount(pick(np.random.default_rng(0), 10_000, [1, 0, 3]), minlength=3)
        assert counts[1] == 0
        assert abs(counts[2] - 7_500) < 200


class TestPickRows:
    def test_follows_the_weights_of_each_row(self) -> None:
        rows = np.repeat([0, 1], 10_000)
        drawn = pick_rows(np.random.default_rng(0), rows, np.array([[1, 0, 3], [0, 2, 0]]))
        first, second = (np.bincount(drawn[rows == row], minlength=3) for row in (0, 1))
        assert first[1] == 0
        assert abs(first[2] - 7_500) < 200
        assert second.tolist() == [0, 10_000, 0]


class TestMeanOf:
    def test_is_the_mean_of_what_is_drawn(self) -> None:
        # Half lies evenly between 0 and 10, half between 10 and 100: 0.5 × 5 + 0.5 × 55.
        assert mean_of({0: 0, 500: 10, 1000: 100}) == 30


class TestPerMille:
    def test_follows_the_quantiles(self) -> None:
        values = per_mille(np.random.default_rng(0), 10_000, {0: 0, 500: 10, 1000: 1000})
        assert values.min() >= 0
        assert values.max() < 1000
        assert abs((values < 10).sum() - 5_000) < 200
