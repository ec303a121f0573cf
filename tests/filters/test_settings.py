"""Settings that a person gave."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest

from brightcall_pandas.filters._settings import duration, flag, number, positive, text, whole


class TestWhole:
    @pytest.mark.parametrize("value", [2, 500, np.int64(7)])
    def test_numbers(self, value):
        read = whole("page_size", value, 2)
        assert (read, type(read)) == (int(value), int)

    @pytest.mark.parametrize("value", [True, 2.0, "2", None, math.nan])
    def test_others(self, value):
        with pytest.raises(TypeError, match="page_size takes a whole number"):
            whole("page_size", value, 2)

    def test_too_small(self):
        with pytest.raises(ValueError, match="page_size is 1; it must be at least 2"):
            whole("page_size", 1, 2)


class TestNumber:
    @pytest.mark.parametrize("value", [0, 2.5, np.float64(1), np.int32(3)])
    def test_numbers(self, value):
        read = number("settle_days", value)
        assert (read, type(read)) == (value, float)

    @pytest.mark.parametrize("value", [True, "2", None])
    def test_others(self, value):
        with pytest.raises(TypeError, match="settle_days takes a number"):
            number("settle_days", value)

    @pytest.mark.parametrize("value", [-1, math.nan, math.inf, -math.inf, 101])
    def test_that_cannot_be(self, value):
        with pytest.raises(ValueError, match=r"settle_days is .* at least 0, and be at most 100"):
            number("settle_days", value, most=100)


class TestPositive:
    def test_above_zero(self):
        assert positive("timeout", 0.001) == 0.001
        with pytest.raises(ValueError, match="timeout is 0; it must be above 0"):
            positive("timeout", 0)


class TestFlag:
    def test_true_and_false(self):
        assert flag("offline", True) is True
        assert flag("offline", False) is False

    @pytest.mark.parametrize("value", ["false", 0, None, "yes"])
    def test_nothing_else(self, value):
        with pytest.raises(TypeError, match="offline takes True or False"):
            flag("offline", value)


class TestText:
    @pytest.mark.parametrize(
        ("value", "read"), [("a", "a"), (" a\n", "a"), ("", None), ("  ", None), (None, None)]
    )
    def test_without_blanks_around(self, value, read):
        assert text("api_key", value) == read

    def test_others_are_not_quoted(self):
        with pytest.raises(TypeError, match="api_key takes a text, not bytes") as caught:
            text("api_key", b"canary")
        assert "canary" not in str(caught.value)


class TestDuration:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            (0, 0),
            (90, 90),
            (1.5, 1.5),
            ("10min", 600),
            ("7D", 7 * 86400),
            (timedelta(hours=1), 3600),
            (np.int64(5), 5),
        ],
    )
    def test_seconds_text_timedelta(self, value, seconds):
        assert duration("max_age", value) == timedelta(seconds=seconds)

    @pytest.mark.parametrize(
        "value",
        [
            "soon",
            "NaT",
            "",
            -1,
            "-1D",
            True,
            None,
            math.nan,
            math.inf,
            1e30,
            timedelta(days=-1),
            "999999D",
            [],
        ],
    )
    def test_no_duration(self, value):
        with pytest.raises(ValueError, match=r"max_age=.* is no duration"):
            duration("max_age", value)
