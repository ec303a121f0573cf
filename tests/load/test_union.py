"""Parts of one load together: each call once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from brightcall_pandas.cache import Part
from brightcall_pandas.frame import TABLE_SCHEMA
from brightcall_pandas.load._union import once

FIRST = date(2026, 3, 1)


def part(day, *calls, serial=None, rows=None):
    """Return a part; calls are pairs of an id and the hour of March, None for no time."""
    table = pa.Table.from_pylist(
        [
            {
                "id": each,
                "uniqueId": f"0.{each}",
                "timestamp": None
                if hour is None
                else datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour),
            }
            for each, hour in calls
        ],
        TABLE_SCHEMA,
    )
    rows = rows or [len(calls)]
    last = day + len(rows) - 1
    report = {
        "day_from": f"2026-03-{day:02}",
        "day_to": f"2026-03-{last:02}",
        "rows": len(calls),
        "untimed": sum(hour is None for _, hour in calls),
    }
    serials = [] if serial is None else [serial] * len(rows)
    return Part(FIRST + timedelta(days=day - 1), rows, table, [report], serials)


def shown(parts):
    return [each.table["id"].to_pylist() for each in parts]


class TestOnce:
    def test_nothing_stands_twice(self):
        parts = [part(2, ("5", 25)), part(1, ("3", 1), ("4", 2))]
        assert once(parts, "UTC") == [parts[1], parts[0]]

    def test_a_call_that_moved_is_on_the_day_of_the_later_reading(self):
        early, late = ("7", 23), ("7", 24)
        for serials, expected in (((1, 2), [["1"], ["7", "9"]]), ((2, 1), [["1", "7"], ["9"]])):
            first = part(1, ("1", 1), early, serial=serials[0])
            second = part(2, late, ("9", 30), serial=serials[1])
            assert shown(once([first, second], "UTC")) == expected

    def test_what_was_just_read_is_later(self):
        parts = [part(1, ("1", 1), ("7", 23)), part(2, ("7", 24), ("9", 30), serial=9)]
        assert shown(once(parts, "UTC")) == [["1", "7"], ["9"]]

    def test_of_two_days_that_were_read_at_once_the_later_counts(self):
        parts = [part(1, ("1", 1), ("7", 23)), part(2, ("7", 24), ("9", 30))]
        assert shown(once(parts, "UTC")) == [["1"], ["7", "9"]]

    def test_the_report_tells(self):
        left, right = once([part(1, ("1", 1), ("7", 23), serial=1), part(2, ("7", 24), serial=2)], "UTC")
        assert (left.rows, left.windows[0]["rows"], left.windows[0]["moved"]) == ([1], 1, 1)
        assert "moved" not in right.windows[0]

    def test_without_a_time_the_earliest_day_counts_whatever_was_read_last(self):
        parts = [part(day, ("5", None), (str(day * 100), 24 * day), serial=9 - day) for day in (2, 1, 3)]
        united = once(parts, "UTC")
        assert shown(united) == [["5", "100"], ["200"], ["300"]]
        assert [each.windows[0]["untimed"] for each in united] == [1, 0, 0]
        assert all("moved" not in each.windows[0] for each in united)

    def test_a_time_far_from_the_day_is_none(self):
        parts = [part(day, ("5", 24 * 2_000), (str(day * 100), 24 * day), serial=day) for day in (1, 2)]
        assert shown(once(parts, "UTC")) == [["5", "100"], ["200"]]

    def test_a_time_on_a_neighboring_day_is_one(self):
        """As on a server that starts its days in another timezone: within a day of it, the time counts."""
        for hour, days in ((23, (2, 3)), (24 * 2 + 1, (1, 2))):
            parts = [part(day, ("5", hour), (str(day * 100), 24 * day), serial=day) for day in days]
            assert shown(once(parts, "UTC")) == [[str(days[0] * 100)], ["5", str(days[1] * 100)]]

    def test_a_call_that_got_a_time_later(self):
        parts = [part(1, ("5", None), ("6", 1), serial=1), part(2, ("5", 25), ("7", 26), serial=2)]
        assert shown(once(parts, "UTC")) == [["6"], ["5", "7"]]

    def test_twins_on_the_day_that_counts_stay(self):
        parts = [part(1, ("7", 22), ("7", 23), serial=1), part(2, ("7", 24), ("7", 25), ("8", 30), serial=2)]
        assert shown(once(parts, "UTC")) == [[], ["7", "7", "8"]]

    def test_days_of_one_part_that_were_read_at_different_times(self):
        merged = Part.concat(
            [part(1, ("1", 1), ("7", 23), serial=4), part(2, ("7", 24), ("9", 30), serial=3)]
        )
        (united,) = once([merged], "UTC")
        assert (shown([united]), united.rows) == ([["1", "7", "9"]], [2, 1])

    def test_and_of_others_as_well(self):
        merged = Part.concat([part(1, ("7", 23), serial=1), part(2, ("7", 24), serial=2)])
        united = once([merged, part(3, ("7", 48), ("8", 50), serial=3)], "UTC")
        assert shown(united) == [[], ["7", "8"]]
        assert [each.rows for each in united] == [[0, 0], [2]]
