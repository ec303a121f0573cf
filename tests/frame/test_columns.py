from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from brightcall_pandas.frame._columns import (
    Clock,
    Misfits,
    column,
    optional_column,
    to_pandas,
    to_series,
    typed_array,
)
from brightcall_pandas.frame._fields import EXTRAS, FIELDS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOTHING = object()  # the value does not fit: null, and counted

# kind of the field (by an example of it), what arrived, what becomes of it
RULES = [
    *(
        (name, value, expected)
        for name in ("talkTime", "qualityRating")
        for value, expected in [
            (7, 7.0),
            (-7, -7.0),
            (2**53 + 1, 2.0**53),
            (10**30, 1e30),
            (7.5, 7.5),
            (Decimal("7.5"), 7.5),
            (float("inf"), NOTHING),
            ("7", 7.0),
            (" 7.5 ", 7.5),
            ("+7", 7.0),
            ("-7", -7.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1e400", NOTHING),
            ("", None),
            ("7,5", NOTHING),
            ("0x7", NOTHING),
            ("1_000", NOTHING),
            ("nan", NOTHING),
            ("seven", NOTHING),
            (True, NOTHING),
            (NOON, NOTHING),
            ([7], NOTHING),
            (b"7", NOTHING),
        ]
    ),
    ("favorite", True, True),
    ("favorite", np.False_, False),
    ("favorite", 1, True),
    ("favorite", 0, False),
    ("favorite", 2, NOTHING),
    ("favorite", -1, NOTHING),
    ("favorite", 1.0, True),
    ("favorite", 0.5, NOTHING),
    ("favorite", "true", True),
    ("favorite", " FALSE ", False),
    ("favorite", "1", True),
    ("favorite", "0", False),
    ("favorite", "maybe", NOTHING),
    ("favorite", "", None),
    ("favorite", NOON, NOTHING),
    ("favorite", [True], NOTHING),
    *(
        (name, value, expected)
        for name in ("id", "outcomeTag")
        for value, expected in [
            ("No answer ", "No answer "),
            ("", ""),
            ("007", "007"),
            (500, "500"),
            (-5, "-5"),
            (10**30, "1" + "0" * 30),
            (500.0, "500"),
            (123456789012.0, "123456789012"),
            (2.0**53 - 1, "9007199254740991"),
            (2.0**53, "9.007199254740992e+15"),  # perhaps another integer: it must not look like an id
            (1.5, "1.5"),
            (float("inf"), NOTHING),
            (True, NOTHING),
            (NOON, NOTHING),
            (["500"], NOTHING),
            (b"500", NOTHING),
        ]
    ),
    ("tags", ["Busy", "ü"], '["Busy","ü"]'),
    ("tags", [], "[]"),
    ("tags", np.array(["Busy"]), '["Busy"]'),
    ("crmInfo", {"a": {"b": [1, None]}}, '{"a":{"b":[1,null]}}'),
    ("crmInfo", '{"a": 1}', '{"a": 1}'),
    ("crmInfo", '{"broken', '{"broken'),
    ("crmInfo", 5, "5"),
    ("crmInfo", 5.0, "5"),
    ("crmInfo", True, "true"),
    ("crmInfo", NOON, NOTHING),
    ("type", 0, "inbound"),
    ("type", 1, "outbound"),
    ("type", 2, "internal"),
    ("type", 3, NOTHING),
    ("type", -1, NOTHING),
    ("type", 300, NOTHING),
    ("type", 2.0, "internal"),
    ("type", 1.5, NOTHING),
    ("type", "1", "outbound"),
    ("type", " Outbound ", "outbound"),
    ("type", "outbond", NOTHING),
    ("type", "", None),
    ("type", True, NOTHING),
    ("type", [1], NOTHING),
    ("state", 0, "unanswered"),
    ("state", 1, "answered"),
    ("state", 2, "failed"),
    ("state", "completed", "answered"),
    ("state", "Missed", "unanswered"),
    ("state", "FAILED", "failed"),
    ("outcomeType", "positive", "positive"),
    ("outcomeType", "ABSENT", "absent"),
    ("outcomeType", 1, NOTHING),
    ("outcomeType", "1", NOTHING),
    ("outcomeType", 1.0, NOTHING),
    ("timestamp", "2026-03-02T13:00:00+01:00", NOON),
    ("timestamp", "2026-03-02T12:00:00", NOON),
    ("timestamp", NOON, NOON),
    ("timestamp", 1772452800, NOON),
    ("timestamp", 1772452800000.0, NOON),
    ("timestamp", "noon", NOTHING),
    ("timestamp", True, NOTHING),
    ("recallDate", [2026], NOTHING),
]


def as_object(value):
    return pd.Series([value, None], dtype=object)


class TestTypedArray:
    @pytest.mark.parametrize("container", [lambda value: [value, None], as_object], ids=["list", "object"])
    @pytest.mark.parametrize(("name", "value", "expected"), RULES)
    def test_every_kind_whatever_arrived(self, name, value, expected, container):
        array, misfits = typed_array(container(value), FIELDS[name])
        fits = expected is not NOTHING
        assert array.type == FIELDS[name].arrow_type
        assert array.to_pylist() == [expected if fits else None, None]
        assert misfits.count == (0 if fits else 1)
        assert (misfits.example is None) == fits

    @pytest.mark.parametrize(
        ("name", "series", "expected"),
        [
            ("talkTime", pd.Series([1, None], dtype="Int64"), [1.0, None]),
            ("talkTime", pd.Series([1, None]), [1.0, None]),
            ("talkTime", pd.Series(["1", None]), [1.0, None]),
            ("talkTime", pd.Series(pd.Categorical(["1", None])), [1.0, None]),
            ("talkTime", pd.Series([2**63, 1], dtype="uint64"), [2.0**63, 1.0]),
            ("talkTime", pd.Series([1.5, None], dtype="float32"), [1.5, None]),
            ("id", pd.Series([500, None]), ["500", None]),
            ("id", pd.Series([500, None], dtype="Int64"), ["500", None]),
            ("id", pd.Series(pd.Categorical([500, None])), ["500", None]),
            ("state", pd.Series([1, None]), ["answered", None]),
            ("state", pd.Series([2**63, 1], dtype="uint64"), [None, "answered"]),
            ("state", pd.Series(pd.Categorical([1, None])), ["answered", None]),
            ("state", pd.Series(pd.Categorical(["missed", None])), ["unanswered", None]),
            ("state", pd.Series(pd.Categorical(["1", 1])), ["answered", "answered"]),
            ("favorite", pd.Series([True, False]), [True, False]),
            ("favorite", pd.Series([1.0, None]), [True, None]),
            ("favorite", pd.Series([True, None], dtype="boolean"), [True, None]),
            ("tags", pd.Series([["a"], None]), ['["a"]', None]),
            ("tags", pd.Series([["a"], None], dtype=pd.ArrowDtype(pa.list_(pa.string()))), ['["a"]', None]),
            ("timestamp", pd.Series(pd.to_datetime(["2026-03-02T12:00", None])), [NOON, None]),
            ("timestamp", pd.Series(pd.to_datetime(["2026-03-02T13:00+01:00", None])), [NOON, None]),
            ("timestamp", pd.Series(pd.to_datetime(["2026-03-02T12:00"])).astype("datetime64[ns]"), [NOON]),
        ],
    )
    def test_series_of_other_dtypes(self, name, series, expected):
        array, _ = typed_array(series, FIELDS[name])
        assert array.to_pylist() == expected

    @pytest.mark.parametrize(
        ("name", "array", "expected"),
        [
            ("talkTime", pa.array(["1", "x"]).dictionary_encode(), [1.0, None]),
            ("talkTime", pa.array(["1", "x"]).cast(pa.string_view()), [1.0, None]),
            ("talkTime", pa.array([1, None], pa.uint8()), [1.0, None]),
            ("talkTime", pa.chunked_array([["1"], ["2"]]), [1.0, 2.0]),
            ("state", pa.array(["missed", "lost"]).dictionary_encode(), ["unanswered", None]),
            ("state", pa.array([1, 9]).dictionary_encode(), ["answered", None]),
            ("tags", pa.array([["a"], None]), ['["a"]', None]),
            ("crmInfo", pa.array([{"a": 1}]), ['{"a":1}']),
            ("timestamp", pa.array([NOON], pa.timestamp("ns", "Europe/Berlin")), [NOON]),
            ("id", pa.nulls(2), [None, None]),
        ],
    )
    def test_arrow_arrays(self, name, array, expected):
        assert typed_array(array, FIELDS[name])[0].to_pylist() == expected

    @pytest.mark.parametrize(
        "empty", [[], pd.Series([], dtype=object), pa.nulls(0)], ids=["list", "Series", "Arrow"]
    )
    def test_nothing_gives_an_empty_array_of_the_type(self, empty):
        for each in FIELDS.values():
            array, misfits = typed_array(empty, each)
            assert array.type == each.arrow_type
            assert len(array) == 0
            assert misfits == Misfits(0, None)

    def test_missing_values_are_no_misfits(self):
        values = [None, float("nan"), pd.NA, pd.NaT, np.datetime64("NaT")]
        for each in FIELDS.values():
            array, misfits = typed_array(values, each)
            assert array.null_count == 5
            assert misfits.count == 0

    def test_kinds_may_be_mixed_in_one_column(self):
        array, misfits = typed_array([1, "missed", 2.0, None, "7", True, "completed"], FIELDS["state"])
        assert array.to_pylist() == ["answered", "unanswered", "failed", None, None, None, "answered"]
        assert misfits.count == 2

    def test_all_misfits_are_counted_and_one_is_shown(self):
        _, misfits = typed_array(["x", 1, "y", None, [3]], FIELDS["talkTime"])
        assert misfits == Misfits(3, "x")

    def test_the_clock_reads_times_without_offset(self):
        array, _ = typed_array(["2026-03-02T13:00:00"], FIELDS["recallDate"], Clock("Europe/Berlin"))
        assert array.to_pylist() == [NOON]

    VALUES = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=12),
        st.sampled_from(
            ["1", "answered", "2026-03-02T12:00:00", "2026-03-02T12:00:00Z", "2026-02-30", "\ud800"]
        ),
        st.decimals(),
        st.datetimes(),
        st.datetimes(timezones=st.timezones()),
        st.dates(),
        st.binary(max_size=3),
        st.timedeltas(),
        st.lists(st.one_of(st.none(), st.text(max_size=2), st.floats()), max_size=2),
        st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    )

    @given(st.lists(VALUES, max_size=6), st.sampled_from(list(FIELDS.values())))
    def test_no_value_raises_and_none_changes_its_neighbours(self, values, field):
        array, misfits = typed_array(values, field)
        alone = [typed_array([each], field) for each in values]
        assert array.to_pylist() == [each.to_pylist()[0] for each, _ in alone]
        assert misfits.count == sum(each.count for _, each in alone)


class TestMisfits:
    def test_add_sums_counts_and_keeps_the_older_example(self):
        assert Misfits(2, "x").add(Misfits(3, "y")) == Misfits(5, "x")
        assert Misfits().add(Misfits(3, "y")) == Misfits(3, "y")
        assert Misfits(2, "x").add(Misfits()) == Misfits(2, "x")


class TestColumn:
    @pytest.mark.parametrize("name", [*FIELDS, "extras"])
    def test_has_the_fields_dtype_whatever_the_frame(self, name):
        field = EXTRAS if name == "extras" else FIELDS[name]
        series = column(pd.DataFrame({name: ["1", None, {"a": 1}]}, index=[5, 5, 7]), name)
        assert series.dtype == field.dtype()
        assert series.index.tolist() == [5, 5, 7]
        assert series.name == name

    def test_a_typed_column_is_returned_as_it_is(self):
        typed = {
            name: to_series(typed_array([None, None], each)[0], each, "Asia/Tokyo")
            for name, each in FIELDS.items()
        }
        df = pd.DataFrame(typed)
        for name in FIELDS:
            assert column(df, name).dtype == df[name].dtype == FIELDS[name].dtype("Asia/Tokyo")
        assert np.shares_memory(column(df, "talkTime"), df["talkTime"])

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC+01:00", "UTC"])
    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    def test_a_time_column_keeps_its_zone(self, zone, unit):
        stamps = pd.Series(pd.to_datetime(["2026-03-02T12:00Z", None])).dt.tz_convert(zone).dt.as_unit(unit)
        series = column(pd.DataFrame({"timestamp": stamps}), "timestamp")
        assert str(series.dtype) == f"datetime64[us, {zone}]"
        assert series[0] == pd.Timestamp("2026-03-02T12:00Z")

    def test_a_time_column_of_arrow_keeps_its_zone(self):
        dtype = pd.ArrowDtype(pa.timestamp("us", tz="Europe/Berlin"))
        series = column(pd.DataFrame({"timestamp": pd.Series([NOON], dtype=dtype)}), "timestamp")
        assert str(series.dtype) == "datetime64[us, Europe/Berlin]"
        assert series[0] == pd.Timestamp(NOON)

    def test_labels_in_another_order_are_put_in_the_fields_order(self):
        shuffled = pd.Categorical(["answered", None], ["failed", "answered", "unanswered"])
        series = column(pd.DataFrame({"state": shuffled}), "state")
        assert series.cat.categories.tolist() == ["unanswered", "answered", "failed"]
        assert series.cat.codes.tolist() == [1, -1]

    def test_duplicate_index_labels_stay_with_their_rows(self):
        df = pd.DataFrame({"state": [1, "missed", 2]}, index=["a", "a", "b"])
        series = column(df, "state")
        assert series.tolist() == ["answered", "unanswered", "failed"]
        assert series.index.tolist() == ["a", "a", "b"]

    def test_does_not_change_the_frame(self):
        df = pd.DataFrame(
            {
                "state": [1, "missed"],
                "talkTime": ["5", "x"],
                "tags": [["a"], None],
                "timestamp": ["2026-03-02T12:00:00", None],
            },
            index=[3, 3],
        )
        before = df.copy(deep=True)
        for name in df:
            column(df, name)
        assert_frame_equal(df, before)

    def test_a_missing_column_is_named_and_explained(self):
        with pytest.raises(KeyError) as caught:
            column(pd.DataFrame({"id": ["1"]}), "outcomeTag")
        assert "'outcomeTag' (Outcome of the call, as the account spells it)" in str(caught.value)

    def test_a_column_that_is_there_twice_is_refused(self):
        df = pd.DataFrame([[1, 2]], columns=["state", "state"])
        with pytest.raises(ValueError, match="2 columns named 'state'"):
            column(df, "state")

    def test_an_empty_frame(self):
        for name, each in FIELDS.items():
            series = column(pd.DataFrame({name: []}), name)
            assert len(series) == 0
            assert series.dtype == each.dtype()


class TestOptionalColumn:
    @pytest.mark.parametrize("name", [*FIELDS, "extras"])
    def test_missing_gives_nulls_of_the_dtype(self, name):
        field = EXTRAS if name == "extras" else FIELDS[name]
        series = optional_column(pd.DataFrame({"other": [1, 2]}, index=["x", "x"]), name)
        assert series.dtype == field.dtype()
        assert series.isna().tolist() == [True, True]
        assert series.index.tolist() == ["x", "x"]
        assert series.name == name

    def test_present_gives_the_column(self):
        assert optional_column(pd.DataFrame({"state": [1]}), "state").tolist() == ["answered"]


class TestToPandas:
    def test_dtypes_and_zone(self):
        table = pa.table(
            {
                "timestamp": pa.array([NOON, None], pa.timestamp("us", "UTC")),
                "favorite": pa.array([True, None]),
                "id": pa.array(["1", None], pa.large_string()),
                "talkTime": pa.array([1.0, None]),
            }
        )
        frame = to_pandas(table, "Europe/Berlin")
        assert frame.dtypes.astype(str).to_dict() == {
            "timestamp": "datetime64[us, Europe/Berlin]",
            "favorite": "boolean",
            "id": "str",
            "talkTime": "float64",
        }
        assert frame["timestamp"][0].isoformat() == "2026-03-02T13:00:00+01:00"
        assert frame.iloc[1].isna().all()


class TestToSeries:
    def test_is_named_as_the_field(self):
        series = to_series(pa.array([1.5, None]), FIELDS["talkTime"])
        assert series.name == "talkTime"
        assert series.dtype == "float64"
        assert series.iloc[0] == 1.5
