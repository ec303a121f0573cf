"""The typed frame: dtypes that never depend on the data, and two ways to it that agree."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import brightcall_pandas as bc
from brightcall_pandas.frame import (
    FIELD_NAMES,
    FIELDS,
    TABLE_SCHEMA,
    AnswerReader,
    read_page,
    to_pandas,
    typed_table,
)

ROW = {
    "id": 7,
    "type": 1,
    "state": 1,
    "talkTime": 12,
    "timestamp": "2026-03-02T09:13:22+01:00",
    "tags": ["Busy"],
    "numbersInvolvedJSON": '["101"]',
    "favorite": False,
    "outcomeTag": None,
}


class TestToFrame:
    def test_all_columns_in_order_whatever_comes(self):
        for records in ([], [ROW], {"calls": [ROW]}, "[]", pd.DataFrame({"id": [1]})):
            assert tuple(bc.to_frame(records).columns) == (*FIELD_NAMES, "extras")

    def test_dtypes_follow_the_field_and_not_the_data(self):
        odd = dict.fromkeys(FIELD_NAMES, "odd")
        expected = bc.describe_fields()["dtype"].str.replace("<timezone>", "Europe/Berlin").to_dict()
        for records in ([], [ROW], [odd], [dict.fromkeys(FIELD_NAMES)], [ROW, odd]):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # no time of the odd one can be read
                frame = bc.to_frame(records, timezone="Europe/Berlin")
            dtypes = frame.dtypes.astype(str).to_dict()
            assert {name: dtypes[name] for name in FIELD_NAMES} == expected
            assert dtypes["extras"] == "str"

    def test_labels_keep_their_closed_set(self):
        frame = bc.to_frame([ROW])
        assert frame["state"].cat.categories.tolist() == ["unanswered", "answered", "failed"]
        assert bc.to_frame([])["type"].cat.categories.tolist() == ["inbound", "outbound", "internal"]

    def test_values(self):
        row = bc.to_frame([ROW]).iloc[0]
        assert (row["id"], row["type"], row["state"], row["talkTime"]) == ("7", "outbound", "answered", 12.0)
        assert row["timestamp"] == pd.Timestamp("2026-03-02T08:13:22Z")
        assert (row["tags"], row["numbersInvolvedJSON"]) == ('["Busy"]', '["101"]')
        assert row["favorite"] is False or row["favorite"] == False  # noqa: E712
        assert pd.isna(row["outcomeTag"])
        assert pd.isna(row["campaign"])

    def test_every_form_of_the_same_calls_gives_the_same_frame(self, tmp_path):
        answer = {
            "success": True,
            "calls": [ROW, {"id": "x9", "state": "missed", "new": 1}],
            "timezone": "UTC",
        }
        file = tmp_path / "Anrufe März.json"
        file.write_text(json.dumps(answer), encoding="utf-8")
        expected = bc.to_frame(answer["calls"])
        lines = "\n".join(json.dumps(call) for call in answer["calls"])
        for form in (
            answer,
            [answer],
            json.dumps(answer),
            json.dumps(answer["calls"]),
            lines,
            file,
            str(file),
        ):
            pdt.assert_frame_equal(bc.to_frame(form), expected)
        assert json.loads(expected.loc[1, "extras"]) == {"new": 1}

    def test_a_typed_frame_stays_as_it_is(self):
        typed = bc.to_frame([ROW, {"new": [1]}], timezone="Europe/Berlin")
        pdt.assert_frame_equal(bc.to_frame(typed, timezone="Europe/Berlin"), typed)

    def test_an_untyped_frame_keeps_its_index_and_its_other_columns(self):
        raw = pd.DataFrame({"id": [5, 6], "state": [1, None], "mine": ["a", None]}, index=["p", "q"])
        before = raw.copy()
        frame = bc.to_frame(raw)
        assert frame.index.tolist() == ["p", "q"]
        assert frame["id"].tolist() == ["5", "6"]
        assert frame["state"].tolist()[0] == "answered"
        assert frame["extras"].tolist()[0] == '{"mine":"a"}'
        assert pd.isna(frame["extras"].iloc[1])
        pdt.assert_frame_equal(raw, before)

    def test_what_does_not_fit_is_null_and_counted_and_the_row_stays(self):
        frame = bc.to_frame([ROW | {"talkTime": "soon"}, ROW | {"talkTime": {}}, ROW])
        assert frame["talkTime"].isna().tolist() == [True, True, False]
        assert frame.attrs["brightcall"]["misfits"] == {"talkTime": {"count": 2, "example": "soon"}}

    def test_rows_that_are_not_objects_are_counted(self):
        frame = bc.to_frame('{"calls":[{"id":1},null]}')
        assert frame["id"].tolist() == ["1"]
        assert frame.attrs["brightcall"]["misfits"]["(row)"] == {"count": 1, "example": "null"}

    def test_the_frame_can_be_written_to(self):
        frame = bc.to_frame(json.dumps([ROW, ROW]))
        for name, value in {"talkTime": 5.0, "label": "x", "favorite": True, "state": "failed"}.items():
            frame.loc[0, name] = value
            assert frame.loc[0, name] == value
        frame.loc[0, "timestamp"] = pd.Timestamp("2026-01-01", tz="UTC")

    @pytest.mark.parametrize("pages", [1, 2])
    @pytest.mark.parametrize("columns", [list(TABLE_SCHEMA.names), ["timestamp"], ["state"], ["talkTime"]])
    def test_writing_to_a_frame_leaves_its_table_alone(self, pages, columns):
        table = typed_table([read_page(json.dumps({"calls": [ROW, ROW]}).encode())], "UTC").table
        before = table.to_pylist()
        frame = to_pandas(pa.concat_tables([table.select(columns)] * pages), "Europe/Berlin")
        midnight = pd.Timestamp("2026-01-01", tz="Europe/Berlin")
        written = {"talkTime": 5.0, "label": "x", "favorite": True, "state": "failed", "timestamp": midnight}
        for name in written.keys() & set(columns):
            frame.loc[0, name] = written[name]
            assert frame.loc[0, name] == written[name]
            frame[name].array[1] = written[name]
        assert table.to_pylist() == before  # others may have the same memory

    def test_it_groups_drops_duplicates_and_goes_through_parquet(self, tmp_path):
        frame = bc.to_frame([ROW, ROW, {"id": 8}], timezone="Europe/Berlin")
        assert len(frame.drop_duplicates()) == 2
        assert frame.groupby("tags", dropna=False).size().tolist() == [2, 1]
        frame.to_parquet(tmp_path / "calls.parquet")
        pdt.assert_frame_equal(pd.read_parquet(tmp_path / "calls.parquet"), frame)

    @pytest.mark.parametrize(
        ("records", "error", "says"),
        [
            ("no such file.json", ValueError, "neither JSON text nor a readable file"),
            (Path("no such file.json"), ValueError, "neither JSON text nor a readable file"),
            ("{broken", ValueError, "neither JSON nor JSON lines"),
            (5, TypeError, "not int"),
            ([1], TypeError, "record 0 is not a dict"),
            (pd.DataFrame([[1, 2]], columns=["id", "id"]), ValueError, "columns of the same name"),
        ],
    )
    def test_what_it_cannot_read_is_told(self, records, error, says):
        with pytest.raises(error, match=says):
            bc.to_frame(records)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["2026-03-02T09:00:00Z", "2026-03-02 09:00", "answered", "12", "500.0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
records = st.lists(
    st.dictionaries(st.sampled_from([*FIELD_NAMES, "new", "other new"]), json_values, max_size=12), max_size=6
)


class TestTheWays:
    @given(records, st.integers(0, 6))
    @settings(max_examples=100, deadline=None)
    def test_it_does_not_matter_where_pages_are_cut(self, rows, cut):
        whole, *parts = (
            read_page(json.dumps({"calls": some}).encode()) for some in (rows, rows[:cut], rows[cut:])
        )
        at_once = typed_table([whole], "Europe/Berlin")
        in_parts = typed_table(parts, "Europe/Berlin")
        assert in_parts.table.equals(at_once.table)
        assert {name: each.count for name, each in in_parts.misfits.items()} == {
            name: each.count for name, each in at_once.misfits.items()
        }

    @given(records)
    @settings(max_examples=40, deadline=None)
    def test_json_text_and_records_in_hand_agree(self, rows):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # where no time can be read
            from_text = bc.to_frame(json.dumps({"calls": rows}))
            in_hand = bc.to_frame({"calls": rows})
        nested = [name for name, each in FIELDS.items() if each.kind == "json"] + ["extras"]
        plain = [name for name in FIELDS if name not in nested]
        pdt.assert_frame_equal(from_text[plain], in_hand[plain], check_like=False)
        for name in nested:  # the same JSON; numbers may be spelt otherwise
            for left, right in zip(from_text[name], in_hand[name], strict=True):
                assert (pd.isna(left) and pd.isna(right)) or same_json(left, right)


def same_json(left: str, right: str) -> bool:
    try:
        return json.loads(left) == json.loads(right)
    except ValueError:
        return left == right


class TestTypedTable:
    def test_chosen_rows_come_in_the_order_asked_for_and_only_they_count(self):
        page = read_page(
            json.dumps({"calls": [ROW | {"id": n, "talkTime": "no"} for n in range(4)]}).encode()
        )
        typed = typed_table([page], "UTC", np.array([3, 1]))
        assert typed.table["id"].to_pylist() == ["3", "1"]
        assert typed.misfits["talkTime"].count == 2

    @pytest.mark.parametrize("before", [1, 2**70, "x", 0.5, True, None])
    def test_what_the_page_before_held_changes_nothing(self, before):
        reader = AnswerReader()
        row = dict.fromkeys(("id", "talkTime", "state", "favorite"), before)
        read_page(json.dumps({"calls": [row]}).encode(), reader)
        rows = [
            {"id": 2**53 + 1, "talkTime": 5, "state": 1, "favorite": 1},
            {"id": 2.0, "talkTime": 6.0, "state": 2.0, "favorite": 0.0},
            {"id": None, "talkTime": None, "state": None, "favorite": None},
        ]
        typed = typed_table([read_page(json.dumps({"calls": rows}).encode(), reader)], "UTC")
        assert typed.table["id"].to_pylist() == ["9007199254740993", "2", None]
        assert typed.table["talkTime"].to_pylist() == [5, 6, None]
        assert typed.table["state"].to_pylist() == ["answered", "failed", None]
        assert typed.table["favorite"].to_pylist() == [True, False, None]
        assert not typed.misfits


class TestRowsOfPages:
    """Rows are chosen by their position in all pages together, and come in the order of the choice."""

    VALUES = {"label": lambda n: f"text {n}", "id": lambda n: n, "crmInfo": lambda n: {"n": [n]}}

    def pages_of(self, lengths, odd=()):
        """Return pages with so many rows, counted through; rows in `odd` have values of another kind."""
        pages, begin = [], 0
        for length in lengths:
            rows = [
                {name: (n % 2 == 0 if n in odd else make(n)) for name, make in self.VALUES.items()}
                for n in range(begin, begin + length)
            ]
            pages.append(read_page(json.dumps({"calls": rows}).encode()))
            begin += length
        return pages

    def check(self, lengths, rows):
        table = typed_table(self.pages_of(lengths), "UTC", np.array(rows, dtype=np.int64)).table
        assert table.num_rows == len(rows)
        assert table["label"].to_pylist() == [f"text {n}" for n in rows]
        assert table["id"].to_pylist() == [str(n) for n in rows]
        assert table["crmInfo"].to_pylist() == [f'{{"n":[{n}]}}' for n in rows]

    @given(st.lists(st.integers(0, 12), max_size=6), st.data())
    @settings(max_examples=300, deadline=None)
    def test_any_rows_in_any_order(self, lengths, data):
        total = sum(lengths)
        some = st.lists(st.integers(0, total - 1), max_size=30) if total else st.just([])
        ascending = st.sets(st.integers(0, total - 1), max_size=total).map(sorted) if total else st.just([])
        self.check(lengths, data.draw(st.one_of(some, st.permutations(range(total)), ascending)))

    @pytest.mark.parametrize(
        ("lengths", "rows"),
        [
            pytest.param([500, 500, 500], [*range(492), *range(500, 992), *range(1000, 1500)], id="overlaps"),
            pytest.param([2, 0, 3], [1, 2, 3, 4], id="an empty page"),
            pytest.param([9, 9], [*range(18)][::-1], id="backwards"),
            pytest.param([3, 3], [], id="none"),
        ],
    )
    def test_cases(self, lengths, rows):
        self.check(lengths, rows)

    @pytest.mark.parametrize("rows", [[0, 1, 2, 3, 4, 5], [5, 0, 4, 1], [1, 2, 3], []])
    def test_values_of_several_kinds(self, rows):
        chosen = np.array(rows, dtype=np.int64)
        typed = typed_table(self.pages_of([3, 3], odd={4}), "UTC", chosen)
        assert typed.table["label"].to_pylist() == [None if n == 4 else f"text {n}" for n in rows]
        assert ("label" in typed.misfits) == (4 in rows)

    def test_columns_leave_their_pages(self):
        pages = self.pages_of([2, 3])
        typed_table(pages, "UTC")
        assert [page.columns for page in pages] == [{}, {}]
