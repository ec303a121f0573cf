"""Parquet → the typed frame, from folders and from addresses: an S3 on this machine, and fsspec in memory."""

from __future__ import annotations

import json

import fsspec
import pandas as pd
import pandas.testing as pdt
import pyarrow.parquet as pq
import pytest

import brightcall_pandas as bc

FILTERS = [
    {"day_from": "2026-03-24", "day_to": "2026-03-25"},
    {"day_to": "2026-W13"},
    {"day_from": "2026-03-29", "timezone": "America/New_York"},
    {"types": "inbound", "states": ["answered", "failed"]},
    {"talk_time_from": 30, "talk_time_to": 90.5, "answer_time_to": 20},
    {"agent_ids": 101},
    {"outcome_types": "absent"},
    {"outcome_types": ["positive", "negative"]},
    {"categories": ["inbound_answered", "failed"]},
    {"search_string": "solar"},
    {"quality_rating": 4},
    {"all_users": True},
]


class TestReadCalls:
    def test_back_dtype_for_dtype(self, folder, calls):
        pdt.assert_frame_equal(bc.read_calls(folder), calls)

    @pytest.mark.parametrize("filters", FILTERS, ids=" ".join)
    def test_filters_are_those_of_rows(self, folder, calls, filters):
        expected = calls.calls.filter(**filters)
        assert 0 < len(expected) <= len(calls)
        pdt.assert_frame_equal(bc.read_calls(folder, **filters), expected.reset_index(drop=True))

    def test_numbers_and_tags(self, folder, calls):
        number = calls["clientNumber"].dropna().iloc[7]
        tag = json.loads(calls.loc[calls["tags"] != "[]", "tags"].iloc[0])[0]
        for filters in ({"number": number}, {"tags": tag}):
            expected = calls.calls.filter(**filters).reset_index(drop=True)
            assert len(expected)
            pdt.assert_frame_equal(bc.read_calls(folder, **filters), expected)

    def test_the_filters_columns_need_not_be_asked_for(self, folder, calls):
        back = bc.read_calls(folder, columns=["talkTime", "id"], states="failed")
        expected = calls.loc[calls["state"] == "failed", ["talkTime", "id"]].reset_index(drop=True)
        pdt.assert_frame_equal(back, expected)

    def test_other_days_are_not_opened(self, folder, tmp_path):
        import shutil

        copy = shutil.copytree(folder, tmp_path / "copy")
        (copy / "day=2026-03-31" / "calls.parquet").write_bytes(b"PAR1 no parquet PAR1")
        assert len(bc.read_calls(copy, day_to="2026-03-30"))
        with pytest.raises(bc.BrightcallError, match=r"day=2026-03-31.*Parquet.*export its days again"):
            bc.read_calls(copy)

    def test_other_row_groups_are_not_read(self, tmp_path):
        # A call each minute for 97 days: more rows than two row groups of 65,536 hold.
        minutes = pd.date_range("2026-03-02", periods=140_000, freq="min", tz="UTC")
        frame = pd.DataFrame({"id": range(140_000), "timestamp": minutes})
        file = frame.calls.to_parquet(tmp_path / "calls.parquet", partition=None)
        assert pq.read_metadata(file).num_row_groups == 3
        last = pq.read_metadata(file).row_group(2).column(0)
        content = bytearray(file.read_bytes())
        # The last byte of the ids in the last group: a page that is read, with its checksum, or not.
        start = last.dictionary_page_offset or last.data_page_offset
        content[start + last.total_compressed_size - 1] ^= 0xFF
        file.write_bytes(content)
        assert len(bc.read_calls(file, day_to="2026-03-03")) == 2 * 24 * 60
        with pytest.raises(bc.BrightcallError, match=r"(?i)crc|checksum"):
            bc.read_calls(file)

    def test_a_label_that_a_day_lacks_is_still_a_category(self, tmp_path):
        frame = pd.DataFrame({"state": [2, 2], "timestamp": ["2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z"]})
        back = bc.read_calls(frame.calls.to_parquet(tmp_path / "out"))
        assert back["state"].cat.categories.tolist() == ["unanswered", "answered", "failed"]
        assert back["state"].tolist() == ["failed", "failed"]

    def test_says_where_it_is_from(self, folder):
        said = bc.read_calls(folder).attrs["brightcall"]
        assert said["source"] == "files"
        assert said["complete"] is True
        assert sum(each["rows"] for each in said["windows"]) == 2_000

    def test_an_fsspec_address(self, folder, calls):
        pdt.assert_frame_equal(bc.read_calls(f"local://{folder}"), calls)

    @pytest.mark.parametrize(
        ("arguments", "error", "said"),
        [
            ({"columns": ["talktime"]}, ValueError, "talkTime"),
            ({"state": "answered"}, TypeError, "states"),
            ({"page": 2}, TypeError, "not a filter"),
            ({"team_ids": 3}, ValueError, "team_ids"),
        ],
    )
    def test_refuses_what_does_not_exist(self, folder, arguments, error, said):
        with pytest.raises(error, match=said):
            bc.read_calls(folder, **arguments)

    def test_a_filter_whose_column_is_missing(self, tmp_path):
        frame = pd.DataFrame({"id": ["1"], "timestamp": ["2026-03-02T09:00:00Z"]})
        with pytest.raises(KeyError, match="state"):
            bc.read_calls(frame.calls.to_parquet(tmp_path / "out"), states="answered")

    def test_nothing_there(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nothing"):
            bc.read_calls(tmp_path / "none")


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("addresses")
    with bc.start_sandbox(calls=400, days=4, seed=3) as sandbox:
        client = sandbox.client(cache_dir=tmp / "cache")
        return bc.export_calls(sandbox.day_from, sandbox.day_to, tmp / "calls", client=client)


@pytest.fixture(scope="module")
def bucket(small_folder):
    """An S3 that answers on this machine, and in it the small_folder, copied as the documentation says."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "nobody")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        files = fsspec.filesystem("s3", skip_instance_cache=True)
        files.mkdir("bucket")
        files.put(str(small_folder), "bucket/calls", recursive=True)
        yield "s3://bucket/calls"
        fsspec.filesystem("s3").clear_instance_cache()
    server.stop()


@pytest.fixture(scope="module")
def memory(small_folder):
    files = fsspec.filesystem("memory")
    files.put(str(small_folder), "/calls", recursive=True)
    yield "memory://calls"
    files.rm("/calls", recursive=True)


@pytest.fixture(params=["bucket", "memory"])
def address(request):
    return request.getfixturevalue(request.param)


class TestReadAddresses:
    def test_the_same_calls(self, address, small_folder):
        frame = bc.read_calls(address)
        pdt.assert_frame_equal(frame, bc.read_calls(small_folder))
        assert len(frame) == 400
        assert frame.attrs["brightcall"]["complete"] is True
        assert sum(each["rows"] for each in frame.attrs["brightcall"]["windows"]) == 400

    def test_columns_and_filters(self, address, small_folder):
        asked = {"columns": ["id", "talkTime"], "day_from": "2026-03-30", "states": "answered"}
        expected = bc.read_calls(small_folder, **asked)
        assert 0 < len(expected) < 200
        pdt.assert_frame_equal(bc.read_calls(address, **asked), expected)

    def test_one_file(self, address, small_folder):
        file = "day=2026-03-30/calls.parquet"
        pdt.assert_frame_equal(bc.read_calls(f"{address}/{file}"), bc.read_calls(small_folder / file))

    def test_nothing_there(self, address):
        with pytest.raises(FileNotFoundError):
            bc.read_calls(f"{address}-elsewhere")


class TestScanAddresses:
    @pytest.fixture(autouse=True)
    def _needs_dask(self):
        pytest.importorskip("dask")

    def test_the_same_tables(self, address, small_folder):
        lazy = bc.scan_calls(address)
        assert lazy.npartitions == 4
        calls = bc.read_calls(small_folder).calls
        for name in ("by_outcome", "summary", "attempts"):
            found = getattr(lazy.calls, name)().compute(scheduler="threads")
            pdt.assert_frame_equal(found, getattr(calls, name)(), check_exact=True)

    def test_days_that_are_not_asked_for_are_no_partitions(self, address, small_folder):
        lazy = bc.scan_calls(address, columns=["id"], day_from="2026-03-31")
        assert lazy.npartitions == 1
        expected = bc.read_calls(small_folder, columns=["id"], day_from="2026-03-31")
        pdt.assert_frame_equal(lazy.compute(scheduler="threads"), expected)


class TestMissingLibrary:
    def test_says_what_to_install(self, monkeypatch):
        def lacking(_):
            raise ImportError("Install s3fs to access S3")

        monkeypatch.setattr("fsspec.core.url_to_fs", lacking)
        with pytest.raises(ModuleNotFoundError, match=r"brightcall-pandas\[s3\]"):
            bc.read_calls("s3://bucket/calls")

    def test_of_another_store_it_names_no_extra_that_does_not_help(self):
        with pytest.raises(ModuleNotFoundError, match="gcsfs") as caught:
            bc.read_calls("gs://bucket/calls")
        assert "brightcall-pandas[" not in str(caught.value)
