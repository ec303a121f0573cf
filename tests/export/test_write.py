"""A frame → a folder of parquet files, or a single file."""

from __future__ import annotations

import pandas as pd
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

    def test_an_unknown_partition_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match="partition='week' is not one of 'day', 'month', None"):
            ONE_CALL.calls.to_parquet(tmp_path / "calls", partition="week")
        assert list(tmp_path.iterdir()) == []


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
