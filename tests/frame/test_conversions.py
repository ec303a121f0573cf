from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.frame._columns import typed_array
from brightcall_pandas.frame._conversions import RULES, Clock, label_array, nulls
from brightcall_pandas.frame._fields import FIELDS

TIME = FIELDS["timestamp"]


def instants(values, clock=None):
    array, _ = typed_array(values, TIME, clock)
    return [each and each.astimezone(UTC).replace(tzinfo=None) for each in array.to_pylist()]


def unique_ids(*stamps):
    return pa.array([None if each is None else f"{each.timestamp():.0f}.17" for each in stamps])


class TestRules:
    def test_every_kind_of_field_has_rules(self):
        assert set(RULES) == {each.kind for each in FIELDS.values()}

    def test_every_kind_of_field_reads_text(self):
        assert all("text" in rules for rules in RULES.values())


class TestNulls:
    @pytest.mark.parametrize("name", FIELDS)
    def test_of_the_fields_type(self, name):
        array = nulls(FIELDS[name], 3)
        assert array.type == FIELDS[name].arrow_type
        assert array.null_count == len(array) == 3

    def test_labels_still_know_their_choices(self):
        assert nulls(FIELDS["state"], 1).dictionary.to_pylist() == ["unanswered", "answered", "failed"]


class TestLabelArray:
    def test_takes_positions(self):
        array = label_array(pa.array([2, None, 0], pa.int8()), FIELDS["type"])
        assert array.to_pylist() == ["internal", None, "inbound"]


class TestTimesWithOffset:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-03-02T09:30:15Z",
            "2026-03-02T09:30:15z",
            "2026-03-02 09:30:15Z",
            "2026-03-02T09:30:15.000Z",
            "2026-03-02T09:30:15.000000000Z",
            "2026-03-02T10:30:15+01:00",
            "2026-03-02T10:30:15+0100",
            "2026-03-02T10:30:15+01",
            "2026-03-02T10:30:15 +01:00",
            "  2026-03-02T10:30:15+01:00 ",
            "2026-03-02T04:30:15-05:00",
            "2026-03-02T15:15:15+05:45",
        ],
    )
    def test_all_spellings_of_one_instant(self, text):
        expected = datetime(2026, 3, 2, 9, 30, 15)
        assert instants([text], Clock("America/New_York")) == [expected]
        # Beside others: the reader of a whole column must not fall back to another meaning.
        beside = instants([text, "2026-03-02", None, "x", "2026-03-02T09:30:15+01"], Clock("UTC"))
        assert beside == [expected, datetime(2026, 3, 2), None, None, datetime(2026, 3, 2, 8, 30, 15)]

    @given(
        st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)),
        st.integers(-14 * 60, 14 * 60),
        st.sampled_from(["T", " "]),
    )
    def test_any_offset_is_subtracted(self, wall, minutes, separator):
        aware = wall.replace(tzinfo=timezone(timedelta(minutes=minutes)))
        assert instants([aware.isoformat(sep=separator)]) == [wall - timedelta(minutes=minutes)]
        assert instants([aware]) == [wall - timedelta(minutes=minutes)]

    def test_nanoseconds_are_cut_to_microseconds(self):
        expected = [datetime(2026, 3, 2, 9, 30, 15, 123456)]
        assert instants(["2026-03-02T09:30:15.123456789Z"]) == expected
        assert instants([pd.Timestamp("2026-03-02T09:30:15.123456789Z")]) == expected


class TestTimesWithoutOffset:
    @pytest.mark.parametrize(
        "value",
        [
            "2026-07-01T09:30:00",
            "2026-07-01 09:30:00",
            "2026-07-01T09:30",
            datetime(2026, 7, 1, 9, 30),
            np.datetime64("2026-07-01T09:30"),
        ],
    )
    def test_are_in_the_clocks_zone(self, value):
        assert instants([value]) == [datetime(2026, 7, 1, 9, 30)]
        assert instants([value], Clock("Europe/Berlin")) == [datetime(2026, 7, 1, 7, 30)]
        assert instants([value], Clock("Asia/Kolkata")) == [datetime(2026, 7, 1, 4, 0)]

    @pytest.mark.parametrize("value", ["2026-07-01", date(2026, 7, 1)])
    def test_a_date_is_its_midnight(self, value):
        assert instants([value], Clock("Europe/Berlin")) == [datetime(2026, 6, 30, 22)]

    def test_typed_columns_without_zone(self):
        series = pd.Series(pd.to_datetime(["2026-07-01T09:30", None]))
        for values in (series, series.astype("datetime64[ns]"), pa.array(series, from_pandas=True)):
            assert instants(values, Clock("Europe/Berlin")) == [datetime(2026, 7, 1, 7, 30), None]

    def test_beside_times_with_offset(self):
        values = ["2026-07-01T09:30:00", "2026-07-01T09:30:00Z"]
        assert instants(values, Clock("Europe/Berlin")) == [
            datetime(2026, 7, 1, 7, 30),
            datetime(2026, 7, 1, 9, 30),
        ]


class TestClockChange:
    # On 2026-10-25 in Berlin, 02:30 comes twice: at 00:30 and at 01:30 UTC. On 2026-03-29 it never comes.
    TWICE = "2026-10-25T02:30:00"
    FIRST = datetime(2026, 10, 25, 0, 30)
    SECOND = datetime(2026, 10, 25, 1, 30)

    @pytest.mark.parametrize("reading", [FIRST, SECOND])
    @pytest.mark.parametrize("late_s", [-1500, 0, 7, 1500])
    def test_the_hour_that_comes_twice_is_settled_by_unique_id(self, reading, late_s):
        ids = unique_ids((reading + timedelta(seconds=late_s)).replace(tzinfo=UTC))
        assert instants([self.TWICE], Clock("Europe/Berlin", ids)) == [reading]

    # 2026-10-25T00:00Z is 1792886400; both readings are 30 and 90 minutes after it.
    @pytest.mark.parametrize(
        ("epoch", "reading"),
        [
            (1792886399, None),  # 30 min 1 s before the first reading
            (1792886400, FIRST),  # 30 min before it
            (1792888200, FIRST),
            (1792889999, FIRST),  # 29 min 59 s after it
            (1792890001, SECOND),  # 29 min 59 s before the second reading
            (1792891800, SECOND),
            (1792893600, SECOND),  # 30 min after it
            (1792893601, None),  # 30 min 1 s after it
        ],
    )
    def test_an_id_settles_within_half_an_hour_of_a_reading(self, epoch, reading):
        clock = Clock("Europe/Berlin", pa.array([f"{epoch}.17"]))
        assert instants([self.TWICE], clock) == [reading]

    @pytest.mark.parametrize("prefix", ["", "pbx-", "pbx1-", "pbx.1-", "10.0.0.1-", "Ö_"])
    def test_an_id_may_begin_with_the_name_of_its_system(self, prefix):
        clock = Clock("Europe/Berlin", pa.array([f"{prefix}1792891800.17"]))
        assert instants([self.TWICE], clock) == [self.SECOND]

    @pytest.mark.parametrize("unique_id", [None, "", "abc", "1.5", "1761352200", "1772439015.4"], ids=str)
    def test_an_id_that_tells_nothing_leaves_null(self, unique_id):
        array, misfits = typed_array(
            [self.TWICE], TIME, Clock("Europe/Berlin", pa.array([unique_id], pa.string()))
        )
        assert array.to_pylist() == [None]
        assert (misfits.count, misfits.example) == (1, self.TWICE)

    def test_without_ids_null_and_counted(self):
        array, misfits = typed_array([self.TWICE, "2026-10-25T01:59:59"], TIME, Clock("Europe/Berlin"))
        assert array.null_count == misfits.count == 1
        assert misfits.example == self.TWICE

    def test_halfway_between_both_readings_is_not_guessed(self):
        ids = unique_ids(datetime(2026, 10, 25, 1, 0, tzinfo=UTC))
        assert instants([self.TWICE], Clock("Europe/Berlin", ids)) == [None]

    def test_the_hour_that_never_comes_is_null_and_counted(self):
        ids = unique_ids(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
        array, misfits = typed_array(["2026-03-29T02:30:00"], TIME, Clock("Europe/Berlin", ids))
        assert array.to_pylist() == [None]
        assert misfits.count == 1

    def test_rows_keep_their_own_ids(self):
        values = ["2026-10-25T12:00:00", self.TWICE, "2026-10-25T10:00:00Z", self.TWICE, None]
        ids = unique_ids(
            None,
            self.SECOND.replace(tzinfo=UTC),
            self.FIRST.replace(tzinfo=UTC),
            self.FIRST.replace(tzinfo=UTC),
            self.SECOND.replace(tzinfo=UTC),
        )
        assert instants(values, Clock("Europe/Berlin", ids)) == [
            datetime(2026, 10, 25, 11),
            self.SECOND,
            datetime(2026, 10, 25, 10),
            self.FIRST,
            None,
        ]

    @pytest.mark.parametrize("reading", [datetime(2026, 4, 4, 14, 45), datetime(2026, 4, 4, 15, 15)])
    def test_a_change_of_half_an_hour_takes_the_nearer_reading(self, reading):
        ids = unique_ids(reading.replace(tzinfo=UTC))
        assert instants(["2026-04-05T01:45:00"], Clock("Australia/Lord_Howe", ids)) == [reading]


class TestEpochs:
    @pytest.mark.parametrize(
        "value",
        [
            *(1772443815, 1772443815.0, 1772443815000, np.int64(1772443815)),
            *(1772443815 * 10**6, 1772443815 * 10**9),
            *("1772443815", "1772443815.0", "1772443815000", "1772443815000000", "1772443815000000000"),
        ],
    )
    def test_seconds_and_their_parts(self, value):
        assert instants([value]) == [datetime(2026, 3, 2, 9, 30, 15)]

    @pytest.mark.parametrize(
        "value", ["123456789", "0", "946684799", 0, 0.0, 30, 20260302, 946684799, 9.4e11]
    )
    def test_what_would_be_before_2000_is_no_epoch(self, value):
        array, misfits = typed_array([value], TIME)
        assert array.to_pylist() == [None]
        assert misfits.count == 1

    def test_fractions(self):
        assert instants([1772443815.25, 1772443815250]) == [datetime(2026, 3, 2, 9, 30, 15, 250000)] * 2

    @pytest.mark.parametrize(
        "value", [-1, -1e12, 1772443815 * 10**3 * 50, 1772443815 * 10**12, 7.3e9, 5e10, float("inf")]
    )
    def test_other_numbers_are_no_epoch(self, value):
        array, misfits = typed_array([value], TIME)
        assert array.to_pylist() == [None]
        assert misfits.count == 1


class TestDurations:
    @pytest.mark.parametrize(
        "values",
        [
            [timedelta(seconds=90.5), None],
            [timedelta(seconds=90.5), ""],
            pd.Series(pd.to_timedelta([90.5, None], unit="s")),
            pd.Series(pd.to_timedelta([90.5, None], unit="s")).astype(object),
            pa.array([90_500, None], pa.duration("ms")),
            pa.array([90_500_000_000, None], pa.duration("ns")),
        ],
    )
    def test_are_seconds(self, values):
        array, misfits = typed_array(values, FIELDS["talkTime"])
        assert array.to_pylist() == [90.5, None]
        assert misfits.count == 0

    def test_are_no_time_and_no_name(self):
        for name in ("timestamp", "id", "state"):
            array, misfits = typed_array([timedelta(seconds=90)], FIELDS[name])
            assert (array.to_pylist(), misfits.count) == ([None], 1)


class TestNoTimes:
    @pytest.mark.parametrize(
        "value",
        [
            "0001-01-01T00:00:00",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59",
            "9999-12-31T23:59:59+01:00",
            "2026-02-30",
            "2026-13-01T00:00:00Z",
            "2026-03-02T25:00:00",
            "2026-03-02T09:30:00 GMT+1",
            "2026-03-02 and then",
            "Mon, 02 Mar 2026 09:30:15 XYZ",
            "0000-00-00 00:00:00",
            "02.03.2026",
            "March 2, 2026",
            "now",
            True,
            [2026],
            b"2026-03-02",
        ],
    )
    @pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland"])
    def test_null_and_counted_and_the_neighbours_stay(self, value, zone):
        array, misfits = typed_array([value, "2026-03-02T09:30:15Z"], TIME, Clock(zone))
        assert [each is None for each in array.to_pylist()] == [True, False]
        assert misfits.count == 1

    @pytest.mark.parametrize("blank", ["", "  "])
    def test_a_blank_says_nothing(self, blank):
        array, misfits = typed_array([blank, "2026-03-02T09:30:15Z"], TIME)
        assert array.null_count == 1
        assert misfits.count == 0

    @given(st.text("0123456789T:Zz+- .,/", max_size=16), st.sampled_from(["UTC", "Europe/Berlin"]))
    def test_whatever_follows_a_date_is_read_right_or_not_at_all(self, rest, zone):
        text = "2026-03-02" + rest
        (found,) = instants([text], Clock(zone))
        try:
            expected = datetime.fromisoformat(text.strip())
        except ValueError:
            return  # more spellings are read than Python's; that none raises is what is checked for these
        if expected.tzinfo is None:
            expected = pd.Timestamp(expected).tz_localize(zone).to_pydatetime()
        assert found in (None, expected.astimezone(UTC).replace(tzinfo=None))


class TestRarerForms:
    NINE = datetime(2026, 3, 2, 9, 30, 15)

    @pytest.mark.parametrize(
        "text",
        [
            "Mon, 02 Mar 2026 09:30:15 +0000",
            "2 Mar 2026 10:30:15 +0100",
            "Mon, 02 Mar 2026 09:30:15 GMT",
            "Mon, 02 Mar 2026 09:30:15 -0000",
            "Mon Mar 02 2026 10:30:15 GMT+0100 (Central European Standard Time)",
            "2026-03-02 09:30:15 UTC",
            "2026-03-02T09:30:15 GMT",
            "2026-03-02 10:30:15 +0100 UTC",
            "2026-03-02T10:30:15 GMT+0100",
            "2026-03-02T09:30:15,0Z",
            "2026-03-02 10:30:15,000 +0100",
            "20260302T093015Z",
            "20260302T103015+0100",
            "20260302T103015.000+01",
            "2026/03/02 09:30:15Z",
            "2026-03-02T10:30:15+01:00[Europe/Berlin]",
            "/Date(1772443815000)/",
        ],
    )
    @pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
    def test_with_a_zone(self, text, zone):
        others = ["2026-03-02T09:30:15Z", None, "x"]
        assert instants([text, *others], Clock(zone)) == [self.NINE, self.NINE, None, None]

    @pytest.mark.parametrize(
        "text",
        [
            "2026-03-02 10:30:15,000",
            "20260302T103015",
            "20260302 103015",
            "20260302103015",
            "2026/03/02 10:30:15",
            "Mon Mar  2 10:30:15 2026",
            "Mon, 02 Mar 2026 10:30:15",
        ],
    )
    def test_without_one(self, text):
        assert instants([text, "2026-03-02T09:30:15Z"], Clock("Europe/Berlin")) == [self.NINE, self.NINE]

    def test_an_hour_that_comes_twice_is_settled_all_the_same(self):
        clock = Clock("Europe/Berlin", pa.array(["pbx-1792891800.17"]))
        assert instants(["20261025T023000"], clock) == [datetime(2026, 10, 25, 1, 30)]

    def test_fractions_behind_a_comma(self):
        assert instants(["2026-03-02T09:30:15,5Z"]) == [datetime(2026, 3, 2, 9, 30, 15, 500000)]


class TestWords:
    @pytest.mark.parametrize(
        ("name", "values", "expected"),
        [
            (
                "favorite",
                ["1.0", "0.0", "1", "yes", "No", " t ", "1.5"],
                [True, False, True, True, False, True, None],
            ),
            ("state", ["1.0", "2.00", "0", " 1 "], ["answered", "failed", "unanswered", "answered"]),
            ("type", ["1.0", "Outbound"], ["outbound", "outbound"]),
            ("userId", ["500.0", "500", "5.5"], ["500", "500", "5.5"]),
            ("clientNumber", ["4930901820.0", "+4930901820.0"], ["4930901820", "+4930901820"]),
            ("uniqueId", ["1772443815.0"], ["1772443815.0"]),  # there it counts the channels of a second
            ("treeId", ["1772443815.0"], ["1772443815.0"]),
            ("talkTime", ["12.0", " 7 "], [12.0, 7.0]),
            ("tags", ['["\\u0433"]', '["г"]', r"C:\users"], ['["г"]', '["г"]', r"C:\users"]),
        ],
    )
    def test_read(self, name, values, expected):
        assert typed_array(values, FIELDS[name])[0].to_pylist() == expected

    @pytest.mark.parametrize("name", ["favorite", "state", "talkTime", "recallDate", "qualityRating"])
    def test_a_blank_is_nothing(self, name):
        array, misfits = typed_array(["", " ", None], FIELDS[name])
        assert array.null_count == 3
        assert misfits.count == 0
