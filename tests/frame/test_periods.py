"""Days as people say them."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.frame import calendar_days, has_own_end, open_period, period

TODAY = date(2026, 3, 1)


def days(day_from, day_to=None):
    return period(day_from, day_to, lambda: TODAY)


def never():
    raise AssertionError("nobody needs to know which day it is")


class TestPeriod:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (("30d",), ("2026-01-31", "2026-03-01")),  # 1 day of January, 28 of February, 1 of March
            (("1d",), ("2026-03-01", "2026-03-01")),
            ((" 7 D ",), ("2026-02-23", "2026-03-01")),
            (("30d", "today"), ("2026-01-31", "2026-03-01")),
            (("30d", "yesterday"), ("2026-01-30", "2026-02-28")),
            (("7d", "2024-03-03"), ("2024-02-26", "2024-03-03")),  # over a leap day
            (("7d", date(2024, 3, 3)), ("2024-02-26", "2024-03-03")),
            (("today",), ("2026-03-01", "2026-03-01")),
            (("yesterday",), ("2026-02-28", "2026-02-28")),
            (("Yesterday", "TODAY"), ("2026-02-28", "2026-03-01")),
            (("2026-02-01",), ("2026-02-01", "2026-03-01")),
            (("2026-02-01", "yesterday"), ("2026-02-01", "2026-02-28")),
        ],
    )
    def test_days(self, given, expected):
        assert days(*given) == expected

    def test_a_first_day_that_is_yet_to_come(self):
        assert days("2026-03-01") == ("2026-03-01", "2026-03-01")
        assert days("2026-03-02", "2026-03-03") == ("2026-03-02", "2026-03-03")
        with pytest.raises(ValueError, match="day_from='2026-03-02' is yet to come; today is 2026-03-01"):
            days("2026-03-02")

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (("this week",), ("2026-02-23", "2026-03-01")),  # the 1st of March 2026 is a Sunday
            (("last week",), ("2026-02-16", "2026-02-22")),
            (("this month",), ("2026-03-01", "2026-03-01")),
            (("Last-Month",), ("2026-02-01", "2026-02-28")),
            (("this quarter",), ("2026-01-01", "2026-03-01")),
            (("last quarter",), ("2025-10-01", "2025-12-31")),
            (("this year",), ("2026-01-01", "2026-03-01")),
            (("last_year",), ("2025-01-01", "2025-12-31")),
            (("previous month",), ("2026-02-01", "2026-02-28")),  # as "last month"
            (("current quarter",), ("2026-01-01", "2026-03-01")),  # as "this quarter"
            (("year to date",), ("2026-01-01", "2026-03-01")),
            (("WTD",), ("2026-02-23", "2026-03-01")),
            (("2026-02", "today"), ("2026-02-01", "2026-03-01")),
            (("2026-02-10", "last month"), ("2026-02-10", "2026-02-28")),
            (("last month", "this week"), ("2026-02-01", "2026-03-01")),
            (("7d", "last month"), ("2026-02-22", "2026-02-28")),
        ],
    )
    def test_periods_counted_from_today(self, given, expected):
        assert days(*given) == expected

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (("2024-02",), ("2024-02-01", "2024-02-29")),
            (("2026-12",), ("2026-12-01", "2026-12-31")),
            ((" 2026-W10 ",), ("2026-03-02", "2026-03-08")),
            (("2026w01",), ("2025-12-29", "2026-01-04")),
            (("2026-W53",), ("2026-12-28", "2027-01-03")),
            (("2026-Q1",), ("2026-01-01", "2026-03-31")),
            (("2026q4",), ("2026-10-01", "2026-12-31")),
            (("2026",), ("2026-01-01", "2026-12-31")),
            (("2026-01", "2026-03"), ("2026-01-01", "2026-03-31")),
            (("2026-02-10", "2026-02"), ("2026-02-10", "2026-02-28")),
            ((pd.Period("2026-02"),), ("2026-02-01", "2026-02-28")),
            ((pd.Period("2026-02-04", "W"), pd.Period("2026-02-20", "D")), ("2026-02-02", "2026-02-20")),
        ],
    )
    def test_periods_of_the_calendar_do_not_depend_on_today(self, given, expected):
        assert period(given[0], given[1] if len(given) > 1 else None, never) == expected

    @pytest.mark.parametrize(
        "given",
        [
            ("2026-02-01", "2026-02-03"),
            (date(2026, 2, 1), datetime(2026, 2, 3, 23)),
            (pd.Timestamp("2026-02-01 12:00", tz="Asia/Dubai"), pd.Timestamp("2026-02-03")),
            ("3d", "2026-02-03"),
            (np.datetime64("2026-02-01"), np.datetime64("2026-02-03T23:00")),
        ],
    )
    def test_dates_do_not_depend_on_today(self, given):
        assert period(*given, never) == ("2026-02-01", "2026-02-03")

    @pytest.mark.parametrize(
        ("given", "error", "message"),
        [
            (("tomorrow",), ValueError, "day_from='tomorrow' is not a date.*'today'.*'last month'.*or '30d'"),
            (("next week",), ValueError, "day_from='next week' is not a date"),
            (("2026-13",), ValueError, "day_from='2026-13' does not exist: there is no month 13"),
            (("2025-W53",), ValueError, "day_from='2025-W53' does not exist: there is no week 53"),
            (("1950",), ValueError, "must be in the years 1970 to 2199"),
            ((2026,), TypeError, "day_from takes a date .*not 2026"),
            ((np.datetime64("NaT"),), TypeError, "day_from takes a date"),
            ((("2026-02-01", "2026-02-03"),), TypeError, "give '2026-02-01', '2026-02-03' without the brack"),
            (
                ("2026-02-30",),
                ValueError,
                "^day_from='2026-02-30' does not exist: February 2026 has 28 days$",
            ),
            (("2024-02-30",), ValueError, "February 2024 has 29 days"),
            (("2026-02-01", "2026-04-31"), ValueError, "^day_to='2026-04-31' .*: April 2026 has 30 days"),
            (("2026-13-01",), ValueError, "day_from='2026-13-01' does not exist: there is no month 13"),
            (("1950-01-01",), ValueError, "must be in the years 1970 to 2199"),
            (("-3d",), ValueError, "day_from='-3d' is not a date"),
            (("0d",), ValueError, "day_from='0d' covers no day; '1d' is one day"),
            (("99999d", "2026-03-01"), ValueError, "must be in the years 1970 to 2199"),
            ((30,), TypeError, "day_from takes a date .*'30d' for the last 30 days, not 30"),
            ((None,), TypeError, "day_from takes a date"),
            (("30d", "7d"), ValueError, "day_to='7d' is a number of days; only day_from takes one"),
            (("today", "tomorrow"), ValueError, "day_to='tomorrow' is not a date"),
            (("today", 7), TypeError, "day_to takes a date"),
        ],
    )
    def test_what_is_wrong_is_named_before_anybody_is_asked(self, given, error, message):
        with pytest.raises(error, match=message):
            period(given[0], given[1] if len(given) > 1 else None, never)

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ("30 days", "write '30d' for 30 days of which today is the last, '30d', 'yesterday' for those"),
            ("last 7 days", "write '7d' for 7 days of which today is the last, '7d', 'yesterday' for those"),
            ("past week", "write '7d' for 7 days up to today, 'last week' for whole weeks"),
            ("4w", "write '28d' for 28 days up to today"),
            ("this past week", "write '7d' for 7 days up to today, 'last week' for whole weeks"),
            ("last seven days", "write '7d' for 7 days of which today is the last"),
            ("last_30_days", "write '30d' for 30 days of which today is the last"),
            ("two weeks", "write '14d' for 14 days up to today"),
            ("fortnight", "write '14d' for 14 days up to today"),
            (
                "last 2 quarters",
                "write '182d' for 182 days up to today, '2026-Q1', '2026-Q2' for whole quarters",
            ),
            ("7 days ago", "is one day: write its date, .*; '7d' is 7 days of which today is the last"),
            ("last 24 hours", "less than whole days, which are loaded: write '2d'"),
            ("month", "does not say which month: write 'this month' or 'last month'"),
            ("30.02.2026", "does not exist: February 2026 has 28 days"),
            ("31 April 2026", "does not exist: April 2026 has 30 days"),
            ("2026/2/30", "does not exist: February 2026 has 28 days"),
            ("last 3 months", "write '90d' for 90 days up to today, '2026-01', '2026-03' for whole months"),
            ("02/03/2026", "has two meanings: write '2026-03-02' or '2026-02-03'"),
            ("March", "does not say of which year: write '2026-03'"),
            ("Monday", "has two meanings, .*: write the date"),
            ("week 9", "does not say of which year: write '2026-W09'"),
        ],
    )
    def test_two_meanings_are_refused_with_what_to_write(self, given, told):
        with pytest.raises(ValueError, match=rf"^day_from='{given}' .*{told}"):
            period(given, None, never)

    @pytest.mark.parametrize(
        ("given", "written"),
        [
            ("13.03.2026", "'2026-03-13'"),
            ("2026/3/2", "'2026-03-02'"),
            ("20260302", "'2026-03-02'"),
            ("2 March 2026", "'2026-03-02'"),
            ("Mar 2nd, 2026", "'2026-03-02'"),
            ("September 2026", "'2026-09'"),
            ("3/2026", "'2026-03'"),
            ("2026-3", "'2026-03'"),
            ("Q1 2026", "'2026-Q1'"),
            ("2026-03-02 to 2026-03-31", "as two arguments, '2026-03-02', '2026-03-31'"),
        ],
    )
    def test_another_form_is_refused_with_the_right_one(self, given, written):
        with pytest.raises(ValueError, match=f"(write|written|them) {written}$"):
            period(given, None, never)


class TestOpenPeriod:
    """Windows of which a side may be left out, as of filters and of the cache."""

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ((None, None), (None, None)),
            (("2026-02-10", None), ("2026-02-10", None)),
            ((None, "2026-02"), (None, "2026-02-28")),
            (("2026-W06", "2026-W07"), ("2026-02-02", "2026-02-15")),
            ((None, "yesterday"), (None, "2026-02-28")),
            (("today", None), ("2026-03-01", "2026-03-01")),
            (("this month", None), ("2026-03-01", "2026-03-01")),
            (("7d", None), ("2026-02-23", "2026-03-01")),
        ],
    )
    def test_days(self, given, expected):
        assert open_period(*given, lambda: TODAY) == expected

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ("2026-02", "add day_to='2026-02' for that period, write day_from='2026-02-01' for all since"),
            (pd.Period("2026-02"), "add day_to='2026-02' for that period"),
            ("last week", "add day_to='last week' for that period, add day_to='today' for all since"),
            ("yesterday", "add day_to='yesterday' for that period"),
        ],
    )
    def test_a_period_alone_may_be_a_beginning(self, given, told):
        with pytest.raises(ValueError, match=rf"alone has two meanings: {told}"):
            open_period(given, None, lambda: TODAY)

    @pytest.mark.parametrize("given", ["tomorrow", "7d", "last 7 days"])
    def test_a_last_day_that_is_none_is_named(self, given):
        with pytest.raises(ValueError, match=f"^day_to='{given}'"):
            open_period(None, given, lambda: TODAY)

    @pytest.mark.parametrize("given", [("today", None), (None, "last week"), ("7d", "2026-02-10")])
    def test_without_a_clock_nothing_is_counted_from_today(self, given):
        with pytest.raises(ValueError, match="is counted from today, which is not known here; write dates"):
            open_period(*given)
        with pytest.raises(ValueError, match="days='today' is counted from today"):
            calendar_days("days", "today")


def test_what_has_an_end_of_its_own():
    assert [has_own_end(each) for each in ("2026-03", "today", "last week")] == [True] * 3
    assert [has_own_end(each) for each in ("2026-03-01", "30d", TODAY)] == [False] * 3
