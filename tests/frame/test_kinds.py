import json
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from brightcall_pandas.frame._kinds import kinds_of


def kinds(values):
    return {kind: array.to_pylist() for kind, array in kinds_of(values)}


class TestKindsOf:
    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            (True, "flag"),
            (np.True_, "flag"),
            (7, "integer"),
            (np.int16(7), "integer"),
            (7.5, "real"),
            (np.float32(7.5), "real"),
            (Decimal("7.5"), "real"),
            ("7", "text"),
            (datetime(2026, 3, 2, tzinfo=UTC), "time"),
            (pd.Timestamp("2026-03-02", tz="Europe/Berlin"), "time"),
            ([1], "json"),
            ({"a": 1}, "json"),
            ((1,), "json"),
            ({1}, "json"),
            (np.array([1]), "json"),
            (b"7", "other"),
            (pd.Timedelta(seconds=7), "duration"),
            (np.timedelta64(7, "s"), "other"),
            (1j, "other"),
        ],
    )
    def test_kind_of_a_value_in_a_list(self, value, kind):
        assert list(kinds([None, value])) == [kind]

    @pytest.mark.parametrize(
        "value", [None, float("nan"), np.nan, pd.NA, pd.NaT, np.datetime64("NaT"), Decimal("NaN")]
    )
    def test_missing_values_are_of_no_kind(self, value):
        assert kinds([value]) == {}

    def test_each_array_is_as_long_as_the_values(self):
        assert kinds([1, "a", None, 2, [3]]) == {
            "integer": [1, None, None, 2, None],
            "text": [None, "a", None, None, None],
            "json": [None, None, None, None, "[3]"],
        }

    @pytest.mark.parametrize("number", [7, 7.5])
    @pytest.mark.parametrize("flag", [True, False])
    def test_a_flag_among_numbers_is_none(self, number, flag):
        kind = "integer" if number == 7 else "real"
        assert kinds([number, flag, None]) == {kind: [number, None, None], "flag": [None, flag, None]}

    @pytest.mark.parametrize(
        "value", [datetime(2026, 3, 2, 9, 30), date(2026, 3, 2), np.datetime64("2026-03-02")]
    )
    def test_a_time_without_zone_stays_without(self, value):
        ((kind, array),) = kinds_of([value])
        assert kind == "time"
        assert array.type == pa.timestamp("us")

    def test_times_with_and_without_zone_are_kept_apart(self):
        aware, naive = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10)
        assert [(kind, array.to_pylist()) for kind, array in kinds_of([aware, naive])] == [
            ("time", [aware, None]),
            ("time", [None, naive]),
        ]

    def test_an_integer_beyond_64_bits_is_text(self):
        assert kinds([2**63 - 1]) == {"integer": [2**63 - 1]}
        assert kinds([2**63]) == {"text": ["9223372036854775808"]}

    def test_nested_values_become_compact_json(self):
        values = [["a", "ü"], {"k": [1, None]}, ("x",), np.array(["p", "q"]), {"n": np.int64(3)}]
        assert kinds(values)["json"] == ['["a","ü"]', '{"k":[1,null]}', '["x"]', '["p","q"]', '{"n":3}']

    def test_half_a_surrogate_pair_does_not_stop_the_column(self):
        assert kinds(["fine", "\ud83d"]) == {"text": ["fine", "\ufffd"]}
        assert kinds(["\ud83d\ude00"]) == {"text": ["\U0001f600"]}
        (text,) = kinds([{"a": "\ud83d"}])["json"]
        assert json.loads(text) == {"a": "\ud83d"}

    @pytest.mark.parametrize(
        ("series", "kind"),
        [
            (pd.Series([1, None], dtype="Int64"), "integer"),
            (pd.Series([1, None]), "real"),
            (pd.Series(["a", None]), "text"),
            (pd.Series(["a", None], dtype=object), "text"),
            (pd.Series([True, None], dtype="boolean"), "flag"),
            (pd.Series(pd.to_datetime(["2026-03-02", None])), "time"),
            (pd.Series(pd.to_datetime(["2026-03-02T00:00+05:30", None])), "time"),
            (pd.Series(pd.Categorical(["a", None])), "text"),
            (pd.Series(pd.Categorical([1, None])), "integer"),
            (pd.Series(pd.arrays.SparseArray([1.5, np.nan])), "real"),
            (pd.Series([["a"], None], dtype=pd.ArrowDtype(pa.list_(pa.string()))), "json"),
            (pd.Series([{"a": 1}, None], dtype=pd.ArrowDtype(pa.struct({"a": pa.int64()}))), "json"),
        ],
    )
    def test_series_of_any_dtype(self, series, kind):
        ((found, array),) = kinds_of(series)
        assert found == kind
        assert array.null_count == 1
        assert len(array) == 2

    @pytest.mark.parametrize(
        ("array", "kind"),
        [
            (pa.array([1, None]), "integer"),
            (pa.array([1, None]).dictionary_encode(), "integer"),
            (pa.array(["a", None]).dictionary_encode(), "text"),
            (pa.array(["a", None]).cast(pa.string_view()), "text"),
            (pa.array([Decimal("1.5"), None]), "real"),
            (pa.array([date(2026, 3, 2), None]), "time"),
            (pa.array([b"x", None]), "other"),
            (pa.chunked_array([["a"], [None]]), "text"),
        ],
    )
    def test_arrow_arrays(self, array, kind):
        assert [found for found, _ in kinds_of(array)] == [kind]

    def test_nulls_alone_are_of_no_kind(self):
        assert kinds([]) == kinds([None]) == kinds(pa.nulls(3)) == kinds(pd.Series([], dtype=object)) == {}
