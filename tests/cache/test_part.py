"""Typed calls of consecutive days: put together, taken apart."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from brightcall_pandas.cache._part import Part, pages_of, pages_text
from brightcall_pandas.frame import TABLE_SCHEMA

FIRST = date(2026, 3, 1)


def day(number):
    return FIRST + timedelta(days=number - 1)


def part(first, rows, *ids, serial=1):
    """Return calls by id; their window is all of the days."""
    table = pa.Table.from_pylist([{"id": each, "uniqueId": f"0.{each}"} for each in ids], TABLE_SCHEMA)
    window = {"day_from": str(day(first)), "day_to": str(day(first + len(rows) - 1)), "rows": len(ids)}
    return Part(day(first), rows, table, [window], [serial] * len(rows))


def shown(made):
    return made.table["id"].to_pylist()


class TestConcat:
    def test_days_calls_and_windows_follow_each_other(self):
        whole = Part.concat([part(1, [1, 1], "3", "4"), part(3, [2], "5", "6", serial=8)])
        assert (whole.days, whole.rows, shown(whole)) == (
            [day(1), day(2), day(3)],
            [1, 1, 2],
            ["3", "4", "5", "6"],
        )
        assert whole.serials == [1, 1, 8]
        assert whole.spans == [(3, 3, False), (4, 4, False), (5, 6, False)]
        assert [each["day_from"] for each in whole.windows] == ["2026-03-01", "2026-03-03"]
        assert whole.repeats == []

    def test_calls_that_stand_in_several_are_found(self):
        whole = Part.concat([part(1, [2], "3", "7"), part(2, [1], "5"), part(3, [2], "7", "9")])
        assert whole.repeats == [[1, 3]]

    def test_and_are_still_known_when_it_is_put_together_again(self):
        twice = Part.concat([part(1, [1], "7"), part(2, [1], "7")])
        assert Part.concat([part(0, [1], "1"), twice]).repeats == [[1, 2]]


class TestBetween:
    WHOLE = part(1, [2, 0, 1], "1", "2", "3")

    @pytest.mark.parametrize(
        ("first", "last", "ids"), [(1, 3, ["1", "2", "3"]), (1, 1, ["1", "2"]), (2, 2, []), (2, 3, ["3"])]
    )
    def test_some_days(self, first, last, ids):
        some = self.WHOLE.between(day(first), day(last))
        assert (some.days[0], some.days[-1], shown(some)) == (day(first), day(last), ids)
        assert sum(some.rows) == len(ids)
        assert some.windows[0]["rows"] == len(ids)


class TestWithout:
    def test_some_calls(self):
        left = part(1, [2, 1], "1", "2", "3").without(np.array([0, 2]))
        assert (shown(left), left.rows) == (["2"], [1, 0])

    def test_none_of_them(self):
        assert shown(part(1, [1], "1").without(np.array([], dtype=int))) == ["1"]


class TestPages:
    def test_there_and_back(self):
        pages = [("k", 1, 500, 7), ("ü", 2, 492, 2**32 - 1)]
        assert pages_of({"pages": pages_text(pages)}) == pages

    def test_nobody_noted_them(self):
        with pytest.raises(KeyError):
            pages_of({"day_from": "2026-03-01"})
