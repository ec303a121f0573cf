"""Settings and arguments: what each takes, and the words in which others are refused."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.frame import (
    choice,
    day_text,
    duration,
    flag,
    nearest,
    number,
    positive,
    size,
    text,
    timespan,
    whole,
)


def message(error: type[Exception], read, *args, **options) -> str:
    with pytest.raises(error) as caught:
        read(*args, **options)
    assert type(caught.value) is error
    return str(caught.value)


class TestWhole:
    @pytest.mark.parametrize("value", [2, 500, np.int64(7)])
    def test_numbers(self, value):
        read = whole("page_size", value, 2)
        assert (read, type(read)) == (int(value), int)

    @pytest.mark.parametrize(
        ("value", "shown"),
        [(True, "True"), (2.0, "2.0"), ("2", "'2'"), ("x", "'x'"), (None, "None"), (math.nan, "nan")],
    )
    def test_others(self, value, shown):
        said = message(TypeError, whole, "page_size", value, 2)
        assert said == f"page_size takes a whole number, not {shown}"

    def test_too_small(self):
        assert message(ValueError, whole, "page_size", 1, 2) == "page_size=1 must be at least 2"


class TestNumber:
    @pytest.mark.parametrize("value", [0, 2.5, np.float64(1), np.float32(1), np.int32(3)])
    def test_numbers(self, value):
        read = number("settle_days", value)
        assert (read, type(read)) == (value, float)

    @pytest.mark.parametrize(("value", "shown"), [(True, "True"), ("2", "'2'"), (None, "None"), ([], "[]")])
    def test_others(self, value, shown):
        assert message(TypeError, number, "settle_days", value) == f"settle_days takes a number, not {shown}"

    @pytest.mark.parametrize("value", [-1, math.nan, math.inf, -math.inf, 101])
    def test_that_cannot_be(self, value):
        said = message(ValueError, number, "settle_days", value, most=100)
        assert said == f"settle_days={value} must be between 0 and 100"

    @pytest.mark.parametrize("value", [-1, math.nan, math.inf])
    def test_without_a_greatest(self, value):
        said = message(ValueError, number, "talk_time_from", value)
        assert said == f"talk_time_from={value} must be a finite number, at least 0"

    @pytest.mark.parametrize("digits", [400, 5000])
    def test_a_number_that_fills_the_screen_is_not_quoted(self, digits):
        assert message(ValueError, number, "x", 10**digits) == "x=int must be a finite number, at least 0"

    def test_the_ends_belong_to_it(self):
        assert (number("x", 0, most=100), number("x", 100, most=100)) == (0, 100)


class TestPositive:
    def test_above_zero(self):
        assert positive("timeout", 0.001) == 0.001
        assert message(ValueError, positive, "timeout", 0) == "timeout=0 must be above 0"

    def test_up_to_a_greatest(self):
        assert positive("timeout", 60, most=60) == 60
        assert message(ValueError, positive, "timeout", 61, most=60) == "timeout=61 must be between 0 and 60"


class TestSize:
    @pytest.mark.parametrize(
        ("value", "read"),
        [(1_000, 1_000), ("12", 12), (" 2 GB ", 2 * 10**9), ("1.5kB", 1_500), ("3MiB", 3 * 2**20)],
    )
    def test_bytes_and_text(self, value, read):
        assert size("size", value) == read

    @pytest.mark.parametrize("value", ["", "GB", "two GB", "-2 GB", "2 XB", 0, -1, float("inf")])
    def test_no_size(self, value):
        with pytest.raises(ValueError, match="size="):
            size("size", value)


class TestFlag:
    @pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
    def test_true_and_false(self, value):
        read = flag("offline", value)
        assert (read, type(read)) == (bool(value), bool)

    @pytest.mark.parametrize(
        ("value", "shown"), [("false", "'false'"), (0, "0"), (None, "None"), ("yes", "'yes'")]
    )
    def test_nothing_else(self, value, shown):
        assert message(TypeError, flag, "offline", value) == f"offline takes True or False, not {shown}"


class TestText:
    @pytest.mark.parametrize(
        ("value", "read"), [("a", "a"), (" a\n", "a"), ("", None), ("  ", None), (None, None)]
    )
    def test_without_blanks_around(self, value, read):
        assert text("api_key", value) == read

    def test_others_are_not_quoted(self):
        assert message(TypeError, text, "api_key", b"canary") == "api_key takes text, not bytes"


class TestChoice:
    def test_one_of_the_words(self):
        assert choice("on_incomplete", "warn", ("raise", "warn")) == "warn"

    def test_the_nearest_is_named(self):
        said = message(ValueError, choice, "on_incomplete", "Raised", ("raise", "warn"))
        assert said == "on_incomplete='Raised' is not one of 'raise', 'warn'; did you mean 'raise'?"

    @pytest.mark.parametrize(
        ("value", "shown"), [("ignore", "'ignore'"), (None, "None"), (3, "3"), ([], "[]")]
    )
    def test_none_is_near(self, value, shown):
        said = message(ValueError, choice, "on_incomplete", value, ("raise", "warn"))
        assert said == f"on_incomplete={shown} is not one of 'raise', 'warn'"

    def test_words_of_a_dict(self):
        assert choice("way", "out", {"in": 0, "out": 1}) == "out"


class TestDuration:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            (0, 0),
            (90, 90),
            (1.5, 1.5),
            ("10min", 600),
            ("7D", 7 * 86400),
            ("2d", 2 * 86400),
            ("1 d 12h", 36 * 3600),
            (timedelta(hours=1), 3600),
            (pd.Timedelta("1h"), 3600),
            (np.int64(5), 5),
            (36_500 * 86_400, 36_500 * 86_400),
        ],
    )
    def test_seconds_text_timedelta(self, value, seconds):
        assert duration("max_age", value) == timedelta(seconds=seconds)

    @pytest.mark.parametrize("value", [True, None, [], pd.NaT])
    def test_others(self, value):
        said = message(TypeError, duration, "max_age", value)
        assert said == (
            f"max_age takes a duration (seconds, a timedelta, or text such as '10min'), not {value}"
        )

    @pytest.mark.parametrize("value", ["soon", "NaT", "", math.nan, 1e30, math.inf])
    def test_no_duration(self, value):
        said = message(ValueError, duration, "max_age", value)
        assert said == (
            f"max_age={value!r} is not a duration (seconds, a timedelta, or text such as '10min')"
        )

    @pytest.mark.parametrize("value", [-1, "-1D", timedelta(days=-1), "36501D"])
    def test_out_of_range(self, value):
        said = message(ValueError, duration, "max_age", value)
        assert said == f"max_age={value!r} must be between 0 and 36500 days"


class TestTimespan:
    @pytest.mark.parametrize(
        ("value", "hours"),
        [("24h", 24), ("7D", 168), ("2d", 48), (timedelta(hours=1), 1), (pd.Timedelta("90min"), 1.5)],
    )
    def test_text_with_a_unit_or_a_timedelta(self, value, hours):
        assert timespan("window", value) == pd.Timedelta(hours=hours)

    @pytest.mark.parametrize("value", [3, 1.5, True, None, ["1h"]])
    def test_a_number_is_refused_since_its_unit_is_not_known(self, value):
        with pytest.raises(
            TypeError, match="window takes a span with its unit, such as '15min', '24h' or '7D'"
        ):
            timespan("window", value)

    @pytest.mark.parametrize("value", ["3", " 1.5", "3M", "soon", "", "-1h", "36501D"])
    def test_what_is_no_span(self, value):
        with pytest.raises(ValueError, match=f"window={value!r} "):
            timespan("window", value)


class TestDayText:
    @pytest.mark.parametrize(
        "value",
        [
            "2026-03-31",
            " 2026-03-31\n",
            date(2026, 3, 31),
            datetime(2026, 3, 31, 23),
            pd.Timestamp("2026-03-31"),
        ],
    )
    def test_days(self, value):
        assert day_text("day_from", value) == "2026-03-31"

    @pytest.mark.parametrize(("value", "shown"), [(20260331, "20260331"), (None, "None"), ([], "[]")])
    def test_others(self, value, shown):
        said = message(TypeError, day_text, "day_from", value)
        assert said == f"day_from takes a date (YYYY-MM-DD, date or Timestamp), not {shown}"

    @pytest.mark.parametrize("value", ["2026-3-1", "2026-03-01T00:00", "tomorrow", "", pd.NaT])
    def test_not_a_date(self, value):
        said = message(ValueError, day_text, "day_from", value)
        assert said == (f"day_from={value!r} is not a date; write it as YYYY-MM-DD, for example 2026-03-31")

    @pytest.mark.parametrize("value", ["1969-12-31", "2200-01-01", "0001-01-01"])
    def test_outside_of_the_calendar(self, value):
        said = message(ValueError, day_text, "day_to", value)
        assert said == f"day_to={value!r} must be in the years 1970 to 2199"

    @pytest.mark.parametrize("value", ["1970-01-01", "2199-12-31"])
    def test_ends_of_the_calendar(self, value):
        assert day_text("day_to", value) == value


class TestNearest:
    def test_a_near_one_a_far_one(self):
        assert nearest("talktime", ["talkTime", "callTime"]) == "; did you mean 'talkTime'?"
        assert nearest("TALK TIME", ["talkTime", "callTime"]) == "; did you mean 'talkTime'?"
        assert nearest("zzz", ["talkTime"]) == "."
