from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import over_time
from brightcall_pandas.analysis._periods import period_key, period_starts

BERLIN = "Europe/Berlin"


def starts(first: str, last: str, freq: str, zone: str = BERLIN) -> list[str]:
    found = period_starts(pd.Timestamp(first, tz=zone), pd.Timestamp(last, tz=zone), freq)
    return [each.isoformat() for each in found]


class TestPeriodStarts:
    def test_days_begin_at_local_midnight_also_around_a_clock_change(self):
        assert starts("2026-03-28 23:30", "2026-03-29 12:00", "D") == [
            "2026-03-28T00:00:00+01:00",
            "2026-03-29T00:00:00+01:00",
            "2026-03-30T00:00:00+02:00",
        ]

    def test_the_hour_that_is_skipped_is_no_period(self):
        assert starts("2026-03-29 01:59", "2026-03-29 03:00", "h") == [
            "2026-03-29T01:00:00+01:00",
            "2026-03-29T03:00:00+02:00",
            "2026-03-29T04:00:00+02:00",
        ]

    def test_the_hour_that_occurs_twice_is_two_periods(self):
        assert starts("2026-10-25 01:30", "2026-10-25 03:30", "hour") == [
            "2026-10-25T01:00:00+02:00",
            "2026-10-25T02:00:00+02:00",
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T03:00:00+01:00",
            "2026-10-25T04:00:00+01:00",
        ]

    def test_the_other_one_of_two_equal_hours_is_left_out_at_the_ends(self):
        second = pd.Timestamp("2026-10-25 01:30", tz="UTC").tz_convert(BERLIN)
        found = period_starts(second, second, "h")
        assert [each.isoformat() for each in found] == [
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T03:00:00+01:00",
        ]
        first = pd.Timestamp("2026-10-25 00:30", tz="UTC").tz_convert(BERLIN)
        found = period_starts(first, first, "h")
        assert [each.isoformat() for each in found] == [
            "2026-10-25T02:00:00+02:00",
            "2026-10-25T02:00:00+01:00",
        ]

    def test_longer_spans_stay_on_the_wall_clock(self):
        assert starts("2026-03-29 01:00", "2026-03-29 13:00", "6h") == [
            "2026-03-29T00:00:00+01:00",
            "2026-03-29T06:00:00+02:00",
            "2026-03-29T12:00:00+02:00",
            "2026-03-29T18:00:00+02:00",
        ]

    def test_weeks_begin_on_monday_and_months_on_the_first(self):
        assert starts("2026-03-29", "2026-03-31", "W", "UTC") == [
            "2026-03-23T00:00:00+00:00",
            "2026-03-30T00:00:00+00:00",
            "2026-04-06T00:00:00+00:00",
        ]
        for freq in ("M", "MS", "ME", "month"):
            assert starts("2026-03-29", "2026-04-01", freq, "UTC") == [
                "2026-03-01T00:00:00+00:00",
                "2026-04-01T00:00:00+00:00",
                "2026-05-01T00:00:00+00:00",
            ]

    def test_a_day_whose_midnight_is_skipped_begins_later(self):
        assert (
            starts("2026-04-24 12:00", "2026-04-24 12:00", "D", "Africa/Cairo")[0]
            == "2026-04-24T01:00:00+03:00"
        )

    @pytest.mark.parametrize(
        "freq",
        "B|7min|2D|-1h|48h|W-XYZ|W-Mon|q-dec|often||d|MIN|ms|1ns|0.5s|0s".split("|"),
    )
    def test_a_period_that_is_none(self, freq):
        with pytest.raises(ValueError, match="freq="):
            starts("2026-03-29", "2026-03-30", freq)

    @pytest.mark.parametrize("freq", [None, 1, 1.5, ["D"], b"D", pd.Timedelta("1h"), pd.offsets.Week()])
    def test_anything_but_text(self, freq):
        with pytest.raises(TypeError, match="freq takes text such as 'day' or '15min', not "):
            starts("2026-03-02", "2026-03-03", freq)


class TestPeriodKey:
    def test_lists_gaps_and_tells_which_calls_have_a_time(self):
        stamps = pd.Series(pd.to_datetime(["2026-03-04T12:00Z", None, "2026-03-02T00:00Z"], utc=True))
        key, known = period_key(stamps, "D")
        assert known.tolist() == [True, False, True]
        assert key.labels.strftime("%d").tolist() == ["02", "03", "04"]
        assert key.codes[known].tolist() == [2, 0]

    def test_no_time_at_all(self):
        key, known = period_key(pd.Series([pd.NaT], dtype="datetime64[us, Europe/Berlin]"), "D")
        assert len(key.labels) == 0
        assert str(key.labels.tz) == BERLIN
        assert not known.any()


CLOCK_CHANGES = {
    # zone: day on which the clock goes forward, day on which it goes back, by how many minutes
    "Australia/Lord_Howe": ("2026-10-04", "2026-04-05", 30),
    "Pacific/Chatham": ("2026-09-27", "2026-04-05", 60),
    "Europe/Berlin": ("2026-03-29", "2026-10-25", 60),
    "America/St_Johns": ("2006-04-02", "2006-10-29", 60),  # at one minute past midnight
    "Antarctica/Troll": ("2026-03-29", "2026-10-25", 120),
    "Asia/Kathmandu": ("2026-04-05", "2026-10-25", 0),
}
CHANGING_DAYS = [
    (zone, day, sign * minutes)
    for zone, (forward, back, minutes) in CLOCK_CHANGES.items()
    for day, sign in ((forward, -1), (back, 1))
]


def every_minute(zone: str, day: str) -> pd.DatetimeIndex:
    """Return each minute of a day and of those around it."""
    first = pd.Timestamp(day) - pd.Timedelta("1D")
    edges = (each.tz_localize(zone) for each in (first, first + pd.Timedelta("3D")))
    return pd.date_range(*edges, freq="1min", inclusive="left")


@pytest.mark.parametrize(("zone", "day", "longer"), CHANGING_DAYS)
class TestClockChanges:
    """Real zones on the days on which their clocks change, also by parts of an hour."""

    @pytest.mark.parametrize("freq", ["15min", "30min", "1h", "2h", "6h", "1D", "W", "M"])
    def test_every_minute_is_in_one_period_and_periods_follow_one_another(self, zone, day, longer, freq):
        every = every_minute(zone, day)
        table = over_time(pd.DataFrame({"timestamp": every}), freq)
        assert table["n_calls"].sum() == len(every) == 3 * 1440 + longer
        assert table.index.is_monotonic_increasing
        assert table.index.is_unique
        assert (table["n_calls"] > 0).all()

    def test_days_begin_at_midnight(self, zone, day, longer):
        table = over_time(pd.DataFrame({"timestamp": every_minute(zone, day)}), "1D")
        assert table["n_calls"].tolist() == [1440, 1440 + longer, 1440]
        assert set(table.index.strftime("%H:%M")) == {"00:00"}


class TestHalfAnHour:
    """Lord Howe's clock goes from 2:00 to 2:30 in October, and back from 2:00 to 1:30 in April."""

    def test_the_half_hour_that_is_skipped_is_no_period(self):
        found = starts("2026-10-04 01:30", "2026-10-04 02:30", "30min", "Australia/Lord_Howe")
        assert found == [
            "2026-10-04T01:30:00+10:30",
            "2026-10-04T02:30:00+11:00",
            "2026-10-04T03:00:00+11:00",
        ]

    def test_the_half_hour_that_occurs_twice_is_two_periods(self):
        found = starts("2026-04-05 01:00", "2026-04-05 02:00", "30min", "Australia/Lord_Howe")
        assert found == [
            "2026-04-05T01:00:00+11:00",
            "2026-04-05T01:30:00+11:00",
            "2026-04-05T01:30:00+10:30",
            "2026-04-05T02:00:00+10:30",
            "2026-04-05T02:30:00+10:30",
        ]

    @pytest.mark.parametrize(
        ("zone", "day", "longer"), [each for each in CHANGING_DAYS if each[0] != "America/St_Johns"]
    )
    def test_quarters_of_an_hour_are_all_equally_long_and_begin_by_the_clock(self, zone, day, longer):
        every = every_minute(zone, day)
        found = period_starts(every[0], every[-1], "15min")
        assert set(pd.Series(found).diff().dropna()) == {pd.Timedelta("15min")}
        assert len(found) - 1 == (3 * 1440 + longer) / 15
        assert set(found.minute % 15) == {0}

    def test_of_an_hour_the_repeated_half_is_a_period_of_its_own(self):
        found = starts("2026-04-05 01:00", "2026-04-05 02:00", "1h", "Australia/Lord_Howe")
        assert found == [
            "2026-04-05T01:00:00+11:00",
            "2026-04-05T01:30:00+10:30",
            "2026-04-05T02:00:00+10:30",
            "2026-04-05T03:00:00+10:30",
        ]
