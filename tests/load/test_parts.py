"""Which rows belong to which days, to the microsecond, and how parts come back in order."""

from __future__ import annotations

import json
from datetime import date

import pytest

from brightcall_pandas.frame import read_page
from brightcall_pandas.load._pages import WindowPages, slice_of
from brightcall_pandas.load._parts import in_order, part_of, runs
from brightcall_pandas.load._proof import Ask

BERLIN = "Europe/Berlin"
MARCH_3, MARCH_4, MARCH_5 = date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5)


def part(times, first, last, zone=BERLIN, cut=True):
    """Return the part that calls of these times make, numbered from 0."""
    calls = [{"id": str(number), "timestamp": time} for number, time in enumerate(times)]
    page = read_page(json.dumps({"calls": calls, "timezone": zone}).encode())
    read = WindowPages([slice_of(page, Ask(1, 500), "", 0, zone)])
    return part_of(read, first, last, zone, {"source": "test"}, cut=cut)


def ids(made):
    return made.table.column("id").to_pylist()


class TestPartOf:
    def test_a_day_begins_at_midnight_and_ends_before_the_next_one(self):
        times = [
            "2026-03-02T23:59:59.999999+01:00",
            "2026-03-03T00:00:00+01:00",
            "2026-03-04T23:59:59.999999+01:00",
            "2026-03-05T00:00:00+01:00",
            "2026-03-05T00:00:00.000001+01:00",
        ]
        made = part(times, MARCH_3, MARCH_4)
        assert (ids(made), made.rows) == (["1", "2"], [1, 1])
        made = part(times, MARCH_5, MARCH_5)
        assert (ids(made), made.rows) == (["3", "4"], [2])

    def test_midnight_between_two_days_belongs_to_the_later(self):
        times = ["2026-03-03T23:59:59.999999+01:00", "2026-03-04T00:00:00+01:00", "2026-03-04T12:00:00+01:00"]
        made = part(times, MARCH_3, MARCH_5)
        assert (ids(made), made.rows) == (["0", "1", "2"], [1, 2, 0])

    @pytest.mark.parametrize(
        ("day", "begins", "ends"),
        [
            (date(2026, 3, 29), "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),  # 23 hours
            (date(2025, 10, 26), "2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z"),  # 25 hours
        ],
    )
    def test_days_on_which_the_clocks_change(self, day, begins, ends):
        made = part([begins, ends.replace(":00Z", ":00.000000Z"), ends.replace("00Z", "00.5Z")], day, day)
        assert ids(made) == ["0"]
        last = ends.replace("22:00:00Z", "21:59:59.999999Z").replace("23:00:00Z", "22:59:59.999999Z")
        assert ids(part([last], day, day)) == ["0"]

    def test_calls_of_other_days_belong_to_the_nearest_day_where_they_are_not_cut_off(self):
        times = ["2026-03-02T12:00:00+01:00", "2026-03-04T12:00:00+01:00", "2026-03-06T12:00:00+01:00"]
        made = part(times, MARCH_3, MARCH_5, cut=False)
        assert (ids(made), made.rows) == (["0", "1", "2"], [1, 1, 1])

    def test_a_call_whose_time_cannot_be_read_belongs_to_the_first_day(self):
        made = part(["2026-03-04T12:00:00+01:00", "noon", None], MARCH_3, MARCH_5)
        assert (sorted(ids(made)), made.rows) == (["0", "1", "2"], [2, 1, 0])
        assert set(ids(made)[:2]) == {"1", "2"}

    def test_no_calls(self):
        made = part([], MARCH_3, MARCH_5)
        assert (ids(made), made.rows) == ([], [0, 0, 0])

    def test_the_report_says_how_many_and_what_did_not_fit(self):
        made = part(["2026-03-03T12:00:00+01:00", "noon"], MARCH_3, MARCH_3)
        (report,) = made.windows
        assert (report["source"], report["rows"]) == ("test", 2)
        assert report["misfits"]["timestamp"]["count"] == 1


class TestRuns:
    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            ([], []),
            ([3], [[3]]),
            ([3, 4, 5], [[3, 4, 5]]),
            ([3, 5], [[3], [5]]),
            ([3, 4, 6, 8, 9], [[3, 4], [6], [8, 9]]),
        ],
    )
    def test_only_days_that_follow_each_other(self, days, expected):
        made = runs([date(2026, 3, day) for day in days])
        assert [[day.day for day in run] for run in made] == expected

    def test_over_the_end_of_a_month(self):
        assert len(runs([date(2026, 2, 28), date(2026, 3, 1)])) == 1


class TestInOrder:
    def test_each_part_once_in_order_of_days(self):
        two, one = object(), object()
        have = {MARCH_5: one, MARCH_4: two, MARCH_3: two}
        assert list(in_order(have, [MARCH_3, MARCH_4, MARCH_5])) == [two, one]
