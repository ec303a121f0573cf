"""Which day to request in which timezone, and which zones fit the calls that come."""

from __future__ import annotations

import numpy as np

from brightcall_pandas.doctor._days import DayProbe, fitting_zones, plan_day
from brightcall_pandas.frame import midnight_micros as micros


class TestPlanDay:
    def stamps(self, *times: str) -> np.ndarray:
        return np.array([micros(each[:10], "UTC") + int(each[11:]) * 3_600_000_000 for each in times])

    def test_takes_a_midnight_among_the_calls_of_a_day(self):
        # Calls at 8, 9, 14 and 15 o'clock UTC: midnight in Honolulu (10 UTC) lies between them.
        calls = self.stamps("2026-03-10 08", "2026-03-10 09", "2026-03-10 14", "2026-03-10 15")
        probe = plan_day(calls, "Europe/Berlin")
        assert probe is not None
        begin, end = micros(probe.day, probe.zone), micros(probe.day, probe.zone, 1)
        border = begin if probe.direction == "ASC" else end
        assert ((calls < border).sum(), (calls >= border).sum()) == (2, 2)

    def test_prefers_a_day_whose_calls_are_all_known(self):
        calls = self.stamps(*[f"2026-03-{day} {hour:02}" for day in (10, 11, 12) for hour in (8, 9, 14, 15)])
        probe = plan_day(calls, "UTC")
        assert probe is not None
        assert micros(probe.day, probe.zone) >= calls.min()
        assert micros(probe.day, probe.zone, 1) <= calls.max()

    def test_one_call_divides_nothing(self):
        assert plan_day(self.stamps("2026-03-10 08"), "UTC") is None
        assert plan_day(self.stamps(), "UTC") is None

    def test_says_what_to_ask(self):
        assert DayProbe("2026-03-10", "UTC", "ASC").zone == "UTC"


class TestFittingZones:
    DAY = ("2026-03-10", "2026-03-10")
    ZONES = ["UTC", "Asia/Tokyo"]

    def test_a_row_outside_of_a_zones_day_speaks_against_it(self):
        # 20 o'clock UTC is the 11th in Tokyo, 22 o'clock of the 9th is the 10th there.
        noon = micros("2026-03-10", "UTC") + 12 * 3_600_000_000
        late = noon + 8 * 3_600_000_000
        early = noon - 14 * 3_600_000_000
        every = np.array([early, noon, late])
        assert fitting_zones(np.array([noon]), np.array([noon]), self.DAY, self.ZONES) == self.ZONES
        assert fitting_zones(np.array([noon, late]), every, self.DAY, self.ZONES) == ["UTC"]
        assert fitting_zones(np.array([early, noon]), every, self.DAY, self.ZONES) == ["Asia/Tokyo"]

    def test_a_known_row_that_should_have_come_first_speaks_against_it(self):
        noon = micros("2026-03-10", "UTC") + 12 * 3_600_000_000
        late = noon + 2 * 3_600_000_000
        known = np.array([noon, late, late + 6 * 3_600_000_000])
        # Newest first: the day in Tokyo ends at 15 o'clock UTC, the one in UTC has a later call.
        assert fitting_zones(np.array([late]), known, self.DAY, self.ZONES, newest_first=True) == [
            "Asia/Tokyo"
        ]

    def test_no_row_at_all(self):
        noon = micros("2026-03-10", "UTC") + 12 * 3_600_000_000
        nothing = np.array([], dtype=np.int64)
        assert fitting_zones(nothing, np.array([noon]), self.DAY, ["UTC"]) == []
        assert fitting_zones(nothing, nothing, self.DAY, ["UTC"]) == ["UTC"]
