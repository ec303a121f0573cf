"""A frame or a table → Excel and CSV: what a cell holds, and that no text becomes a formula."""

from __future__ import annotations

import re
import sys
import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import openpyxl
import pandas as pd
import pandas.testing as pdt
import polars
import pyarrow as pa
import pytest

import brightcall_pandas as bc
from brightcall_pandas import analysis

RECORDS = [
    {
        "id": 1_000_000_000_000_000_001,
        "timestamp": "2026-03-28T23:30:00Z",
        "clientNumber": "+4930901820",
        "lineNumber": "0049309",
        "talkTime": 12.5,
        "favorite": True,
        "outcomeTag": "Sold",
    },
    {"id": 2, "timestamp": None, "clientNumber": None, "talkTime": None, "label": "=1+1"},
]
FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://127.0.0.1/?"&A1,"click")',
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "{=1+1}",
]
TEXTS = [
    *FORMULAS,
    "http://127.0.0.1/x",
    "0049",
    "1e5",
    "TRUE",
    "2026-03-02",
    " blank ",
    "two\nlines",
    'comma, "quoted"',
    "<r><t>markup</t></r>",
    "<b>&amp;</b>",
    "_x0041_",
    "bell \x07",
    "Грüße 😀",
]


@pytest.fixture
def frame():
    return bc.to_frame(RECORDS, timezone="Europe/Berlin")


def sheet(path, name=None):
    book = openpyxl.load_workbook(path)
    return book[name or book.sheetnames[0]]


def rows(path, name=None):
    """Return the rows of a sheet as dicts."""
    header, *others = sheet(path, name).iter_rows(values_only=True)
    return [dict(zip(header, each, strict=True)) for each in others]


class TestToExcel:
    def test_a_call(self, frame, tmp_path):
        first, second = rows(frame.calls.to_excel(tmp_path / "calls.xlsx"))
        assert list(first) == frame.columns.tolist()
        assert first["timestamp"] == datetime(2026, 3, 29, 0, 30)  # Berlin is an hour ahead of UTC
        assert (first["id"], first["clientNumber"]) == ("1000000000000000001", "+4930901820")
        assert first["lineNumber"] == "0049309"
        assert (first["talkTime"], first["favorite"], first["outcomeTag"]) == (12.5, True, "Sold")
        assert [second[name] for name in ("timestamp", "clientNumber", "talkTime", "favorite")] == [None] * 4
        assert second["label"] == "=1+1"

    def test_the_sheet_is_named_by_what_its_rows_are(self, frame, tmp_path):
        tables = {
            "Calls": frame,
            "By outcome": frame.calls.by_outcome(),
            "By project and outcome": frame.calls.by_outcome(by="project"),
            "Table": frame.calls.summary(),
        }
        named = pd.DataFrame({"n_calls": [1]}, index=pd.Index(["x"], name="a/b: [longest of all levels"))
        for name, table in tables.items():
            book = openpyxl.load_workbook(table.calls.to_excel(tmp_path / "table.xlsx"))
            assert book.sheetnames == [name, "Definitions"]
        book = openpyxl.load_workbook(named.calls.to_excel(tmp_path / "table.xlsx"))
        assert book.sheetnames == ["By a b   longest of all levels", "Definitions"]

    def test_the_file_is_its_owners(self, frame, tmp_path):
        path = frame.calls.to_excel(tmp_path / "new" / "calls.xlsx")
        assert path.stat().st_mode & 0o777 == 0o600
        assert [each.name for each in path.parent.iterdir()] == ["calls.xlsx"]

    def test_replaces_the_file(self, frame, tmp_path):
        path = tmp_path / "calls.xlsx"
        path.write_text("older")
        assert len(rows(frame.calls.to_excel(path))) == 2

    def test_no_text_becomes_a_formula_or_anything_else(self, tmp_path):
        frame = pd.DataFrame({"label": TEXTS, "=1+1": TEXTS})
        path = frame.calls.to_excel(tmp_path / "calls.xlsx")
        cells = list(sheet(path).iter_rows())
        assert [each.value for each in cells[0]] == ["label", "=1+1"]
        for text, (cell, other) in zip(TEXTS, cells[1:], strict=True):
            assert cell.data_type == other.data_type == "s"
            written = text.replace("\r", "\n")  # XML knows one kind of line end
            # Excel reads _xHHHH_ as a character, which openpyxl leaves as it is.
            found = re.sub(r"_x([0-9A-F]{4})_", lambda code: chr(int(code[1], 16)), cell.value)
            assert found.replace("\r", "\n") == written
        with zipfile.ZipFile(path) as book:
            parts = {name: book.read(name).decode() for name in book.namelist()}
        assert not any("<f>" in text or "<f " in text or "hyperlink" in text for text in parts.values())
        assert not any("externalLink" in name for name in parts)

    def test_the_header_stays_in_view_and_columns_are_wide_enough(self, frame, tmp_path):
        table = frame.calls.over_time("D")
        for path, frozen in (
            (frame.calls.to_excel(tmp_path / "calls.xlsx"), "A2"),
            (table.calls.to_excel(tmp_path / "table.xlsx"), "B2"),
        ):
            assert sheet(path).freeze_panes == frozen
        widths = sheet(tmp_path / "calls.xlsx").column_dimensions
        letters = {cell.value: cell.column_letter for cell in sheet(tmp_path / "calls.xlsx")[1]}
        assert widths[letters["timestamp"]].width >= len("2026-03-29 00:30:00")
        assert widths[letters["id"]].width >= len("1000000000000000001")
        assert widths[letters["recallFirstAttemptDate"]].width >= len("recallFirstAttemptDate")
        assert all(width.width <= 62 for width in widths.values())

    def test_definitions_of_fields_name_unit_and_zone(self, frame, tmp_path):
        said = {
            each["column"]: each for each in rows(frame.calls.to_excel(tmp_path / "c.xlsx"), "Definitions")
        }
        assert said["timestamp"]["unit"] == "Europe/Berlin"
        assert said["talkTime"]["unit"] == "s"
        assert said["clientNumber"]["meaning"] == "Phone number of the client."
        assert said["(rows)"]["meaning"] == "2"
        assert set(frame.columns) <= set(said)

    def test_definitions_of_a_table_are_those_of_the_catalogue(self, frame, tmp_path):
        path = frame.calls.by_outcome().calls.to_excel(tmp_path / "t.xlsx")
        said = {each["column"]: each for each in rows(path, "Definitions")}
        assert said["answer_rate"]["numerator"] == "answered calls"
        assert said["answer_rate"]["denominator"] == "calls"
        assert said["share_low"]["meaning"] == "lower end of the interval of Share"

    def test_rates_are_percentages_and_days_are_dates(self, frame, tmp_path):
        known = frame.assign(state="answered")
        path = known.calls.over_time("D").calls.to_excel(tmp_path / "t.xlsx")
        header, first = list(sheet(path).iter_rows(max_row=2))
        formats = {name.value: cell.number_format for name, cell in zip(header, first, strict=True)}
        assert formats["timestamp"] == "yyyy-mm-dd"
        assert formats["answer_rate"] == "0.0%"
        assert rows(path)[0]["timestamp"] == datetime(2026, 3, 29)

    def test_a_number_of_a_table_is_not_the_field_of_that_name(self, calls, tmp_path):
        table = calls.calls.transfer_summary()
        (first, *_) = rows(table.calls.to_excel(tmp_path / "t.xlsx"))
        assert first["transfers"] == table["transfers"].iloc[0] > 0

    def test_an_empty_frame_has_its_header(self, frame, tmp_path):
        path = frame.iloc[:0].calls.to_excel(tmp_path / "c.xlsx")
        assert [cell.value for cell in sheet(path)[1]] == frame.columns.tolist()
        assert sheet(path).max_row == 1

    def test_zones_with_a_fixed_offset(self, tmp_path):
        frame = bc.to_frame(RECORDS, timezone="+04:00")
        path = frame.calls.to_excel(tmp_path / "c.xlsx")
        assert rows(path)[0]["timestamp"] == datetime(2026, 3, 29, 3, 30)
        said = {each["column"]: each["unit"] for each in rows(path, "Definitions")}
        assert said["timestamp"] == "UTC+04:00"

    @pytest.mark.parametrize(
        ("values", "cell", "form"),
        [
            ([date(2026, 3, 2)], datetime(2026, 3, 2), "yyyy-mm-dd"),
            ([datetime(2026, 3, 2, 9, 30), "x"], datetime(2026, 3, 2, 9, 30), "yyyy-mm-dd hh:mm:ss"),
            (pd.array([date(2026, 3, 2)], pd.ArrowDtype(pa.date32())), datetime(2026, 3, 2), "yyyy-mm-dd"),
            (
                pd.array(
                    [pd.Timestamp("2026-03-02T09:30Z")], pd.ArrowDtype(pa.timestamp("us", "Asia/Dubai"))
                ),
                datetime(2026, 3, 2, 13, 30),
                "yyyy-mm-dd hh:mm:ss",
            ),
            (pd.array([timedelta(minutes=2)], pd.ArrowDtype(pa.duration("s"))), 120, "0.0"),
            ([timedelta(minutes=2), "x"], 120, "General"),
            (pd.array([Decimal("1.50")], pd.ArrowDtype(pa.decimal128(5, 2))), 1.5, "General"),
            ([Decimal(10**20)], "100000000000000000000", "General"),
        ],
    )
    def test_times_lengths_and_decimals_of_any_kind(self, tmp_path, values, cell, form):
        frame = pd.DataFrame({"mine": values})
        found = sheet(frame.calls.to_excel(tmp_path / "c.xlsx"))["A2"]
        assert (found.value, found.number_format) == (cell, form)

    def test_times_of_several_zones_keep_their_offsets(self, tmp_path):
        times = [pd.Timestamp("2026-03-02T09:00+01:00"), pd.Timestamp("2026-03-02T09:00+02:00")]
        found = rows(pd.DataFrame({"mine": times}, dtype=object).calls.to_excel(tmp_path / "c.xlsx"))
        assert [each["mine"] for each in found] == ["2026-03-02 09:00:00+01:00", "2026-03-02 09:00:00+02:00"]

    def test_the_last_moment_that_excel_knows(self, tmp_path):
        last = pd.Series([pd.Timestamp("9999-12-31T23:59:59.999999").as_unit("us")])
        (found,) = rows(pd.DataFrame({"until": last}).calls.to_excel(tmp_path / "c.xlsx"))
        assert found["until"] == datetime(9999, 12, 31, 23, 59, 59, 999000)

    def test_values_that_no_cell_holds_are_text(self, tmp_path):
        frame = pd.DataFrame(
            {
                "number": [10**16, 1],
                "float": [float("inf"), 1e300],
                "list": [["a", 1], None],
                "early": pd.to_datetime(["1899-12-31 10:00", "1900-03-01 00:00"]),
                "interval": pd.interval_range(0, 2),
                "length": pd.to_timedelta([90, None], unit="s"),
                "half": pd.Series(["\ud83d", "b"], dtype=object),
                "complex": [1j, 2j],
                "missing": pd.array([None, 3], dtype="Int64"),
            }
        )
        first, second = rows(frame.calls.to_excel(tmp_path / "c.xlsx"))
        assert list(first.values()) == [
            "10000000000000000", "inf", '["a",1]', "1899-12-31 10:00:00", "(0, 1]", 90, "�", "1j", None,
        ]  # fmt: skip
        assert [second[name] for name in ("number", "float", "list", "length")] == ["1", 1e300, None, None]
        assert (second["early"], second["missing"]) == (datetime(1900, 3, 1), 3)

    def test_a_text_that_is_too_long_is_cut_with_a_warning(self, tmp_path):
        frame = pd.DataFrame({"transcripts": ["x" * 32_767, "y" * 32_768, "😀" * 16_384]})
        with pytest.warns(RuntimeWarning, match=r"32,767 characters a cell.*'transcripts'; to_parquet"):
            path = frame.calls.to_excel(tmp_path / "c.xlsx")
        first, second, third = (each["transcripts"] for each in rows(path))
        assert first == "x" * 32_767
        assert second == "y" * 32_766 + "…"
        assert third == "😀" * 16_383 + "…"

    def test_too_many_rows_are_refused_and_it_says_what_to_do(self, tmp_path):
        frame = pd.DataFrame({"talkTime": range(1_048_576)})
        with pytest.raises(ValueError, match=r"1,048,576 rows do not fit .*filter.*by_outcome.*to_csv"):
            frame.calls.to_excel(tmp_path / "c.xlsx")
        wide = pd.DataFrame([range(16_385)])
        with pytest.raises(ValueError, match=r"16,385 columns do not fit"):
            wide.calls.to_excel(tmp_path / "c.xlsx")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("calls.xls", r"name it '.*calls\.xlsx'"),
            ("calls", r"name it '.*calls\.xlsx'"),
            ("folder", "is a folder: name a file"),
            ("note/calls.xlsx", "note' is a file, not a folder"),
            ("out/calls.xlsx", "holds calls by period"),
        ],
    )
    def test_paths_that_are_refused(self, frame, tmp_path, name, said):
        (tmp_path / "folder").mkdir()
        (tmp_path / "note").touch()
        frame.calls.to_parquet(tmp_path / "out")
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(ValueError, match=said):
            frame.calls.to_excel(tmp_path / name)
        assert sorted(tmp_path.rglob("*")) == before

    def test_without_the_library_it_says_what_to_install(self, frame, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "xlsxwriter", None)
        with pytest.raises(ModuleNotFoundError, match=r'pip install "brightcall-pandas\[excel\]"'):
            frame.calls.to_excel(tmp_path / "c.xlsx")
        assert list(tmp_path.iterdir()) == []


ARGUMENTS = {"over_time": ["D"], "repeat_callers": ["1D"], "breakdown": ["type"]}
NEED_MORE = {"chains_match", "compare", "definitions", "explain_change", "funnel", "reconcile", "to_networkx"}


class TestTables:
    @pytest.mark.parametrize("name", [each for each in analysis.__all__ if each not in NEED_MORE])
    def test_every_table_goes_into_both(self, calls, tmp_path, name):
        table = getattr(calls.head(300).calls, name)(*ARGUMENTS.get(name, ()))
        found = rows(table.calls.to_excel(tmp_path / "t.xlsx"))
        assert len(found) == len(table)
        read = pd.read_csv(table.calls.to_csv(tmp_path / "t.csv"))
        assert len(read) == len(table)
        if len(table):
            assert list(found[0]) == read.columns.tolist()
            assert set(table.columns.map(str)) <= set(found[0])
            assert {name for name in table.index.names if name} <= set(found[0])

    def test_several_levels_become_columns_and_joined_names(self, tmp_path):
        index = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["agent", None])
        columns = pd.MultiIndex.from_tuples([("inbound", "answer_rate"), ("inbound", "n_calls")])
        table = pd.DataFrame([[0.5, 2]] * 4, index=index, columns=columns)
        path = table.calls.to_excel(tmp_path / "t.xlsx")
        assert list(rows(path)[3].items()) == [
            ("agent", "b"), ("level_1", 2), ("inbound / answer_rate", 0.5), ("inbound / n_calls", 2),
        ]  # fmt: skip
        said = {each["column"]: each["meaning"] for each in rows(path, "Definitions")}
        assert said["inbound / answer_rate"].startswith("Answer rate")


class TestToCsv:
    def test_comes_back_in_pandas_duckdb_and_polars(self, frame, tmp_path):
        path = frame.drop(columns="label").calls.to_csv(tmp_path / "calls.csv")
        assert path.read_bytes().startswith(b"\xef\xbb\xbfanswerTime,")
        back = bc.to_frame(pd.read_csv(path, dtype=str), timezone="Europe/Berlin")
        pdt.assert_frame_equal(back, frame.assign(label=None).astype(frame.dtypes))
        with duckdb.connect() as connection:
            found = connection.sql(f"SELECT id::VARCHAR, epoch(timestamp) FROM read_csv('{path}') LIMIT 1")
            assert found.fetchall() == [("1000000000000000001", 1_774_740_600.0)]
        read = polars.read_csv(path)
        assert read.columns == [name for name in frame.columns if name != "label"]
        assert read["timestamp"][0] == "2026-03-29 00:30:00+01:00"

    @pytest.mark.parametrize("text", [each for each in FORMULAS if each != "{=1+1}"])
    def test_no_text_becomes_a_formula(self, tmp_path, text):
        frame = pd.DataFrame({"label": [text, f"a;{text}", f"a\n{text}"], text: [1, 2, 3]})
        back = pd.read_csv(frame.calls.to_csv(tmp_path / "calls.csv"), dtype=str)
        marked = text if text[0] not in "\t\r" else f"{text[0]}'{text[1:]}"
        assert back["label"].tolist() == [f"'{marked}", f"a;'{marked}", f"a\n'{marked}"]
        assert back.columns.tolist() == ["label", f"'{marked}"]

    def test_all_other_texts_stay_as_they_are(self, tmp_path):
        texts = [each for each in TEXTS if each not in FORMULAS] + [
            "+4930901820",
            "-5",
            "-0.5",
            "a = b",
            "x-y",
        ]
        texts += ["a; b - c", "user@example.com", "{=1+1}"]
        path = pd.DataFrame({"label": texts}).calls.to_csv(tmp_path / "calls.csv")
        assert pd.read_csv(path, dtype=str, keep_default_na=False)["label"].tolist() == texts

    def test_half_an_emoji_is_an_unknown_character(self, tmp_path):
        frame = pd.DataFrame({"mine": pd.Series(["\ud83d", "b"], dtype=object)})
        path = frame.calls.to_csv(tmp_path / "c.csv")
        assert pd.read_csv(path)["mine"].tolist() == ["�", "b"]

    def test_both_hours_of_a_clock_change_can_be_told_apart(self, tmp_path):
        stamps = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]
        frame = bc.to_frame([{"timestamp": each} for each in stamps], timezone="Europe/Berlin")
        back = pd.read_csv(frame.calls.to_csv(tmp_path / "c.csv"))
        assert back["timestamp"].tolist() == ["2026-10-25 02:30:00+02:00", "2026-10-25 02:30:00+01:00"]

    def test_paths_that_are_refused(self, frame, tmp_path):
        with pytest.raises(ValueError, match="is a folder"):
            frame.calls.to_csv(tmp_path)
        with pytest.raises(ValueError, match="is an address"):
            frame.calls.to_csv("s3://bucket/calls.csv")
        assert list(tmp_path.iterdir()) == []


class TestProgress:
    @pytest.mark.parametrize(("show", "said"), [(True, "Written calls.xlsx: 100%"), (False, ""), (None, "")])
    def test_is_shown_where_it_is_wished_or_takes_long(self, show, said, tmp_path, capsys):
        calls = bc.to_frame([{"id": number} for number in range(150)])
        calls.calls.to_excel(tmp_path / "calls.xlsx", progress=show)
        shown = capsys.readouterr().err
        assert said in shown
        assert ("150/150 rows" in shown) is bool(show)

    def test_pandas_reads_what_was_written(self, tmp_path):
        calls = bc.to_frame([{"id": number, "talkTime": number} for number in range(3)])
        assert pd.read_excel(calls.calls.to_excel(tmp_path / "calls.xlsx"))["talkTime"].tolist() == [0, 1, 2]

    def test_a_file_that_fails_is_not_called_written(self, tmp_path, capsys):
        class Unspeakable:
            def __str__(self):
                raise ValueError("no words")

        table = pd.DataFrame({"mine": [1, Unspeakable()]}, dtype=object)
        with pytest.raises(ValueError, match="no words"):
            table.calls.to_excel(tmp_path / "mine.xlsx", progress=True)
        assert "Written" not in capsys.readouterr().err
