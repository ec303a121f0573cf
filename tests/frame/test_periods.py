"""Days as people say them."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest

from brightcall_pandas.frame import period

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

    @pytest.mark.parametrize(
        "given",
        [
            ("2026-02-01", "2026-02-03"),
            (date(2026, 2, 1), datetime(2026, 2, 3, 23)),
            (pd.Timestamp("2026-02-01 12:00", tz="Asia/Dubai"), pd.Timestamp("2026-02-03")),
            ("3d", "2026-02-03"),
        ],
    )
    def test_dates_do_not_depend_on_today(self, given):
        assert period(*given, never) == ("2026-02-01", "2026-02-03")

    @pytest.mark.parametrize(
        ("given", "error", "message"),
        [
            (("tomorrow",), ValueError, "day_from='tomorrow' is not a date.*'today', 'yesterday', or '30d'"),
            (("30 days",), ValueError, "day_from='30 days' is not a date"),
            (("last week",), ValueError, "day_from='last week' is not a date"),
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
