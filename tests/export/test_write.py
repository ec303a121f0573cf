"""A frame → a folder of parquet files, or a single file."""

from __future__ import annotations

import os
from datetime import timedelta, timezone

import duckdb
import pandas as pd
import pandas.testing as pdt
import polars
import pyarrow.parquet as pq
import pytest

import brightcall_pandas as bc


def files(folder):
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*=*/*.parquet")}


ONE_CALL = pd.DataFrame({"id": ["1"], "timestamp": ["2026-03-02T09:00:00Z"]})


class TestToParquet:
    def test_the_same_files_as_an_export(self, calls, folder, tmp_path):
        out = calls.calls.to_parquet(tmp_path / "out")
        assert files(out).keys() == files(folder).keys()
        for path in folder.glob("*/*.parquet"):
            ours, theirs = pq.read_table(out / path.relative_to(folder)), pq.read_table(path)
            assert ours.schema.equals(theirs.schema, check_metadata=False)
            assert ours.cast(theirs.schema).equals(theirs)

    def test_into_an_export_replaces_whole_days_only(self, sandbox, client, tmp_path):
        out = bc.export_calls(sandbox.day_from, sandbox.day_to, tmp_path / "out", client=client)
        before = files(out)
        bc.load_calls(sandbox.day_to, sandbox.day_to, client=client).calls.to_parquet(out)
        assert [name for name in before if files(out)[name] != before[name]] == [f"day={sandbox.day_to}"]

    def test_a_call_without_time_has_a_folder_of_its_own(self, tmp_path):
        frame = pd.DataFrame({"id": ["1", "2"], "timestamp": ["2026-03-02T09:00:00Z", None]})
        out = frame.calls.to_parquet(tmp_path / "out")
        assert sorted(files(out)) == ["day=1970-01-01", "day=2026-03-02"]
        assert bc.read_calls(out)["id"].tolist() == ["1", "2"]

    def test_fields_are_written_in_their_own_types(self, tmp_path):
        frame = pd.DataFrame({"id": [7], "state": [1], "talkTime": ["12"], "mine": [3]}, index=["x"])
        frame.calls.to_parquet(tmp_path / "calls.parquet", partition=None)
        back = bc.read_calls(tmp_path / "calls.parquet")
        assert back.to_dict("records") == [{"id": "7", "state": "answered", "talkTime": 12.0, "mine": 3}]
        assert back["state"].cat.categories.tolist() == ["unanswered", "answered", "failed"]
        assert frame["talkTime"].tolist() == ["12"]

    def test_other_columns_into_the_same_folder_are_refused(self, tmp_path):
        frame = pd.DataFrame({"id": ["1"], "timestamp": ["2026-03-02T09:00:00Z"]})
        frame.calls.to_parquet(tmp_path / "out")
        with pytest.raises(ValueError, match="columns"):
            frame.assign(state=1).calls.to_parquet(tmp_path / "out")

    def test_a_folder_where_a_file_is_written_is_refused(self, tmp_path):
        (tmp_path / "calls").mkdir()
        written = r"' is a folder, but partition=None writes a single file.*partition='day'"
        for path in (tmp_path / "calls", f"{tmp_path}/calls/", f"{tmp_path}/new/"):
            with pytest.raises(ValueError, match=f"(calls|new){written}"):
                ONE_CALL.calls.to_parquet(path, partition=None)
        assert [each.name for each in tmp_path.rglob("*")] == ["calls"]

    @pytest.mark.parametrize("partition", ["day", "month"])
    def test_a_file_where_a_folder_is_written_is_refused(self, tmp_path, partition):
        (tmp_path / "calls").touch()
        written = rf"partition='{partition}' writes a folder: .*, or pass partition=None"
        with pytest.raises(ValueError, match=f"calls' is a file, but {written}"):
            ONE_CALL.calls.to_parquet(tmp_path / "calls", partition=partition)
        for name in ("new.parquet", "new.PQ"):
            with pytest.raises(ValueError, match=f"{name}' names a file, but {written}"):
                ONE_CALL.calls.to_parquet(tmp_path / name, partition=partition)
        assert [each.name for each in tmp_path.iterdir()] == ["calls"]
        assert (tmp_path / "calls").read_bytes() == b""

    @pytest.mark.parametrize("partition", ["day", None])
    def test_a_path_below_a_file_is_refused(self, tmp_path, partition):
        (tmp_path / "note").touch()
        with pytest.raises(ValueError, match="note' is a file, not a folder"):
            ONE_CALL.calls.to_parquet(tmp_path / "note" / "in" / "calls", partition=partition)

    def test_a_folder_that_is_there_may_be_called_like_a_file(self, tmp_path):
        (tmp_path / "calls.parquet").mkdir()
        assert len(bc.read_calls(ONE_CALL.calls.to_parquet(tmp_path / "calls.parquet"))) == 1

    def test_a_file_is_replaced(self, tmp_path):
        (tmp_path / "calls.parquet").write_text("older")
        file = ONE_CALL.calls.to_parquet(tmp_path / "calls.parquet", partition=None)
        assert bc.read_calls(file)["id"].tolist() == ["1"]

    @pytest.mark.parametrize("name", ["calls.parquet", "calls.xlsx"])
    def test_a_device_or_a_pipe_is_not_replaced(self, tmp_path, name):
        os.mkfifo(tmp_path / name)
        calls = ONE_CALL.calls
        with pytest.raises(ValueError, match=f"{name}' is a device, not a file"):
            calls.to_excel(tmp_path / name) if name.endswith("xlsx") else calls.to_parquet(
                tmp_path / name, partition=None
            )
        assert (tmp_path / name).is_fifo()

    def test_an_unknown_partition_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match="partition='week' is not one of 'day', 'month', None"):
            ONE_CALL.calls.to_parquet(tmp_path / "calls", partition="week")
        assert list(tmp_path.iterdir()) == []


class TestWhereNothingCanBeWritten:
    """A folder that is full, taken away or read-only; here a link to nowhere, which also stops root."""

    @pytest.mark.parametrize("name", ["calls", "calls.parquet", "calls.xlsx", "calls.csv"])
    def test_says_where_and_what_to_do(self, tmp_path, name):
        (tmp_path / "gone").symlink_to(tmp_path / "disk" / "that" / "is" / "not" / "there")
        calls, path = ONE_CALL.calls, tmp_path / "gone" / name
        write = {"calls.xlsx": calls.to_excel, "calls.csv": calls.to_csv}.get(name, calls.to_parquet)
        options = {"partition": None} if name == "calls.parquet" else {}
        with pytest.raises(bc.BrightcallError, match=rf"gone/{name}' cannot be written: .*another place"):
            write(path, **options)
        assert [each.name for each in tmp_path.iterdir()] == ["gone"]

    def test_a_full_disk_leaves_the_older_file(self, tmp_path, monkeypatch):
        file = ONE_CALL.calls.to_parquet(tmp_path / "calls.parquet", partition=None)

        def full(*_, **__):
            raise OSError(28, "No space left on device")

        book = ONE_CALL.calls.to_excel(tmp_path / "calls.xlsx")
        before = book.read_bytes()
        monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_table", full)
        monkeypatch.setattr("zipfile.ZipFile.write", full)
        with pytest.raises(bc.BrightcallError, match="No space left on device"):
            ONE_CALL.assign(id="2").calls.to_parquet(file, partition=None)
        with pytest.raises(bc.BrightcallError, match="No space left on device"):
            ONE_CALL.assign(id="2").calls.to_excel(book)
        assert bc.read_calls(file)["id"].tolist() == ["1"]
        assert book.read_bytes() == before
        assert sorted(tmp_path.iterdir()) == [file, book]


class TestAttributes:
    """What a frame says of itself goes into the file; but anybody may write there."""

    def test_come_back(self, calls, tmp_path):
        for partition in ("day", None):
            back = bc.read_calls(calls.calls.to_parquet(tmp_path / f"{partition}", partition=partition))
            said, before = back.attrs["brightcall"], calls.attrs["brightcall"]
            assert said["complete"] is True
            assert said["timezone"] == "Europe/Berlin"
            kept = ("day_from", "day_to", "rows", "fetched_at", "proof")
            assert [{name: each[name] for name in kept} for each in said["windows"]] == [
                {name: each[name] for name in kept} for each in before["windows"]
            ]

    @pytest.mark.parametrize(
        ("proved", "complete"),
        [({}, None), ({"complete": None}, None), ({"complete": True}, True), ({"complete": False}, False)],
    )
    def test_what_no_window_says_is_not_proved(self, tmp_path, held, proved, complete):
        frame = ONE_CALL.copy()
        day = str(frame["timestamp"].iloc[0])[:10]
        frame.attrs["brightcall"] = {"windows": [{"day_from": day, "day_to": day} | proved]}
        (told,) = held(frame.calls.to_parquet(tmp_path / "calls")).values()
        assert told["complete"] is complete

    @pytest.mark.parametrize(
        "said",
        [
            None,
            "text",
            {},
            {"complete": "yes"},
            {"windows": 7},
            {"query": [1]},
            {"set": {}},
            {1: {2}},
            {"x": 1j},
        ],
        ids=str,
    )
    def test_that_are_something_else_are_left_out(self, tmp_path, said):
        frame = ONE_CALL.copy()
        frame.attrs["brightcall"] = said
        for partition in ("day", None):
            back = bc.read_calls(frame.calls.to_parquet(tmp_path / f"{partition}", partition=partition))
            assert back["id"].tolist() == ["1"]
            assert "complete" not in back.attrs["brightcall"]


class TestEmptyFrames:
    @pytest.mark.parametrize("partition", ["day", "month", None])
    def test_come_back_column_for_column(self, calls, tmp_path, partition):
        back = bc.read_calls(calls.iloc[:0].calls.to_parquet(tmp_path / "out", partition=partition))
        pdt.assert_frame_equal(back, calls.iloc[:0])

    @pytest.mark.parametrize("partition", ["day", None])
    def test_also_those_without_dtypes(self, tmp_path, partition):
        frame = pd.DataFrame({"id": [], "timestamp": [], "state": [], "mine": []})
        back = bc.read_calls(frame.calls.to_parquet(tmp_path / "out", partition=partition))
        assert back.columns.tolist() == ["id", "timestamp", "state", "mine"]
        assert back["state"].cat.categories.tolist() == ["unanswered", "answered", "failed"]
        assert len(back) == 0

    def test_replace_no_period(self, tmp_path):
        out = ONE_CALL.calls.to_parquet(tmp_path / "out")
        before = files(out)
        ONE_CALL.iloc[:0].calls.to_parquet(out)
        assert files(out) == before

    def test_may_be_followed_by_others(self, tmp_path):
        out = ONE_CALL.iloc[:0].calls.to_parquet(tmp_path / "out")
        ONE_CALL.calls.to_parquet(out)
        assert bc.read_calls(out)["id"].tolist() == ["1"]
        assert len(pd.read_parquet(out)) == 1

    def test_without_columns_there_is_nothing_to_write(self, tmp_path):
        for frame in (pd.DataFrame(), pd.DataFrame(index=[1, 2])):
            with pytest.raises(ValueError, match="no columns"):
                frame.calls.to_parquet(tmp_path / "calls.parquet", partition=None)
        assert list(tmp_path.iterdir()) == []


def with_column(values, name="mine"):
    return ONE_CALL.loc[[0, 0]].reset_index(drop=True).assign(**{name: values})


class TestColumnsOfYourOwn:
    """What `to_parquet` takes, `read_calls` gives back; what could not be read is not written."""

    @pytest.mark.parametrize(
        "values",
        [
            pd.array([2**53 + 1, None], dtype="Int64"),
            pd.array([0.5, None], dtype="Float32"),
            pd.array(["a", None], dtype="string"),
            [True, False],
            pd.array([True, None], dtype="boolean"),
            pd.to_datetime(["2026-01-01 12:00", None]),
            pd.to_datetime(["2026-01-01 12:00", None]).tz_localize("Asia/Dubai"),
            pd.to_datetime(["2026-01-01 12:00", None]).tz_localize("+04:00"),
            pd.to_timedelta([1.5, None], unit="s"),
            pd.period_range("2026-01", periods=2, freq="M"),
            pd.interval_range(0, 2),
        ],
        ids=lambda values: str(getattr(values, "dtype", "bool")),
    )
    @pytest.mark.parametrize("partition", ["day", None])
    def test_keep_their_types(self, tmp_path, values, partition):
        frame = with_column(values)
        back = bc.read_calls(frame.calls.to_parquet(tmp_path / "out", partition=partition))
        pdt.assert_series_equal(back["mine"], frame["mine"])

    def test_a_category_comes_back_as_its_values(self, tmp_path):
        frame = with_column(pd.Categorical(["b", "a"]))
        for partition in ("day", None):
            back = bc.read_calls(frame.calls.to_parquet(tmp_path / f"{partition}", partition=partition))
            assert back["mine"].tolist() == ["b", "a"]

    @pytest.mark.parametrize(
        "values",
        [
            pd.Series([1, "x"], dtype=object),
            pd.Series([[1], ["a"]]),
            [1j, 2j],
            [2**70, 1],
            pd.Series(["\ud83d", "x"], dtype=object),
            pd.arrays.SparseArray([1, 0]),
        ],
        ids=["mixed", "mixed lists", "complex", "too large", "half an emoji", "sparse"],
    )
    def test_without_a_type_are_refused_by_name(self, tmp_path, values):
        for partition in ("day", None):
            with pytest.raises(TypeError, match=r"column 'mine' \(.*cannot be written as parquet .*astype"):
                with_column(values).calls.to_parquet(tmp_path / "out", partition=partition)
        assert list(tmp_path.iterdir()) == []

    def test_names_that_a_file_cannot_hold_apart_are_refused(self, tmp_path):
        several = [
            pd.concat([ONE_CALL, ONE_CALL[["id"]]], axis=1),
            with_column(1, name="1").assign(x=2).rename(columns={"x": 1}),
            pd.concat({"left": ONE_CALL, "right": ONE_CALL}, axis=1),
        ]
        for frame, said in zip(several, ("named 'id'", "named '1'", "2 levels"), strict=True):
            for partition in ("day", None):
                with pytest.raises(ValueError, match=said):
                    frame.calls.to_parquet(tmp_path / "out", partition=partition)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(("name", "partition"), [("day", "day"), ("Day", "day"), ("month", "month")])
    def test_the_name_that_the_folders_give_is_refused(self, tmp_path, name, partition):
        with pytest.raises(ValueError, match=f"column '{name}' has the name that partition='{partition}'"):
            with_column("x", name).calls.to_parquet(tmp_path / "out", partition=partition)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(("name", "partition"), [("day", "month"), ("month", "day"), ("day", None)])
    def test_elsewhere_that_name_is_one_like_others(self, tmp_path, name, partition):
        out = with_column("x", name).calls.to_parquet(tmp_path / "out", partition=partition)
        assert bc.read_calls(out)[name].tolist() == ["x", "x"]

    def test_another_type_into_the_same_folder_is_refused(self, tmp_path):
        out = with_column([1, 2]).calls.to_parquet(tmp_path / "out")
        later = with_column(["a", "b"]).assign(timestamp="2026-03-03T09:00:00Z")
        with pytest.raises(ValueError, match=r"other_types=\{'mine': 'int64'\}"):
            later.calls.to_parquet(out)
        assert bc.read_calls(out)["mine"].tolist() == [1, 2]

    def test_what_would_lie_beside_the_folders_of_the_periods_is_refused(self, tmp_path):
        out = ONE_CALL.calls.to_parquet(tmp_path / "out")
        with pytest.raises(ValueError, match=r"out', which holds calls by period"):
            ONE_CALL.calls.to_parquet(out / "more.parquet", partition=None)
        for inside in (out / "sub", out / "day=2026-03-02" / "sub"):
            with pytest.raises(ValueError, match=r"out', which holds calls by period"):
                ONE_CALL.calls.to_parquet(inside)
        assert sorted(each.name for each in out.rglob("*")) == ["calls.parquet", "day=2026-03-02"]


class TestZones:
    """One call at 23:30 UTC: on the next day where clocks are ahead."""

    @pytest.mark.parametrize(
        ("zone", "day"),
        [
            ("+04:00", "2026-03-03"),
            ("-03:30", "2026-03-02"),
            ("+05:45", "2026-03-03"),
            ("Asia/Dubai", "2026-03-03"),
            ("Etc/GMT-4", "2026-03-03"),
            ("dateutil/Europe/Berlin", "2026-03-03"),
            (timezone(timedelta(hours=-8)), "2026-03-02"),
        ],
        ids=str,
    )
    def test_come_back_and_every_program_opens_them(self, tmp_path, zone, day):
        stamps = pd.Series(pd.to_datetime(["2026-03-02T23:30Z"]).as_unit("us"), name="timestamp")
        frame = pd.DataFrame({"id": ["1"], "timestamp": stamps.dt.tz_convert(zone)})
        out = frame.calls.to_parquet(tmp_path / "out")
        assert list(files(out)) == [f"day={day}"]
        for back in (bc.read_calls(out), bc.read_calls(out, day_from=day, day_to=day)):
            pdt.assert_series_equal(back["timestamp"], stamps.dt.tz_convert(back["timestamp"].dt.tz))
            assert back["timestamp"].iloc[0].isoformat() == frame["timestamp"].iloc[0].isoformat()
        assert len(bc.read_calls(out, day_to="2026-03-01")) == 0
        assert pd.read_parquet(out)["timestamp"].iloc[0] == stamps.iloc[0]
        assert polars.read_parquet(out)["timestamp"][0] == stamps.iloc[0].to_pydatetime()
        with duckdb.connect() as connection:
            rows = connection.sql(
                f"SELECT epoch(timestamp) FROM read_parquet('{out}/**/*.parquet')"
            ).fetchall()
        assert rows == [(stamps.iloc[0].timestamp(),)]

    def test_of_a_frame_with_a_fixed_offset_the_second_write_fits_the_first(self, tmp_path):
        records = [{"id": 1, "timestamp": "2026-03-02T23:30:00Z"}]
        frame = bc.to_frame(records, timezone="+04:00")
        out = frame.calls.to_parquet(tmp_path / "out")
        bc.read_calls(out).calls.to_parquet(out)
        pdt.assert_frame_equal(bc.read_calls(out), frame)


class TestAddresses:
    @pytest.mark.parametrize("address", ["s3://bucket/calls", "gs://bucket/calls", "memory://calls"])
    def test_is_refused_and_says_what_to_do(self, address, folder, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        frame = bc.read_calls(folder)
        client = bc.Client("key", base_url="http://127.0.0.1:9", cache_dir=tmp_path / "cache")
        with pytest.raises(ValueError, match=r"is an address.* aws s3 sync"):
            bc.export_calls("2026-03-30", "2026-03-31", address, client=client)
        for partition in ("day", None):
            with pytest.raises(ValueError, match=r"is an address.* aws s3 sync"):
                frame.calls.to_parquet(address, partition=partition)
        assert list(tmp_path.iterdir()) == []  # in particular no folder called "s3:"
