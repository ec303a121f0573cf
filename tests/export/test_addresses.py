"""Files at addresses: an S3 on this machine, and fsspec's file system in memory."""

from __future__ import annotations

import fsspec
import pandas.testing as pdt
import pytest

import brightcall_pandas as bc

pytest.importorskip("dask")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("addresses")
    with bc.start_sandbox(calls=400, days=4, seed=3) as sandbox:
        client = sandbox.client(cache_dir=tmp / "cache")
        return bc.export_calls(sandbox.day_from, sandbox.day_to, tmp / "calls", client=client)


@pytest.fixture(scope="module")
def bucket(folder):
    """An S3 that answers on this machine, and in it the folder, copied as the documentation says."""
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
        files.put(str(folder), "bucket/calls", recursive=True)
        yield "s3://bucket/calls"
        fsspec.filesystem("s3").clear_instance_cache()
    server.stop()


@pytest.fixture(scope="module")
def memory(folder):
    files = fsspec.filesystem("memory")
    files.put(str(folder), "/calls", recursive=True)
    yield "memory://calls"
    files.rm("/calls", recursive=True)


@pytest.fixture(params=["bucket", "memory"])
def address(request):
    return request.getfixturevalue(request.param)


class TestReadCalls:
    def test_the_same_calls(self, address, folder):
        frame = bc.read_calls(address)
        pdt.assert_frame_equal(frame, bc.read_calls(folder))
        assert len(frame) == 400
        assert frame.attrs["brightcall"]["complete"] is True  # so the manifest was read too
        assert sum(each["rows"] for each in frame.attrs["brightcall"]["windows"]) == 400

    def test_columns_and_filters(self, address, folder):
        asked = {"columns": ["id", "talkTime"], "day_from": "2026-03-30", "states": "answered"}
        expected = bc.read_calls(folder, **asked)
        assert 0 < len(expected) < 200
        pdt.assert_frame_equal(bc.read_calls(address, **asked), expected)

    def test_one_file(self, address, folder):
        file = "day=2026-03-30/calls.parquet"
        pdt.assert_frame_equal(bc.read_calls(f"{address}/{file}"), bc.read_calls(folder / file))

    def test_nothing_there(self, address):
        with pytest.raises(FileNotFoundError):
            bc.read_calls(f"{address}-elsewhere")


class TestScanCalls:
    def test_the_same_tables(self, address, folder):
        lazy = bc.scan_calls(address)
        assert lazy.npartitions == 4
        calls = bc.read_calls(folder).calls
        for name in ("by_outcome", "summary", "attempts"):
            found = getattr(lazy.calls, name)().compute(scheduler="threads")
            pdt.assert_frame_equal(found, getattr(calls, name)(), check_exact=True)

    def test_days_that_are_not_asked_for_are_no_partitions(self, address, folder):
        lazy = bc.scan_calls(address, columns=["id"], day_from="2026-03-31")
        assert lazy.npartitions == 1
        expected = bc.read_calls(folder, columns=["id"], day_from="2026-03-31")
        pdt.assert_frame_equal(lazy.compute(scheduler="threads"), expected)


class TestWriting:
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


class TestMissingLibrary:
    def test_says_what_to_install(self, monkeypatch):
        def lacking(_):
            raise ImportError("Install s3fs to access S3")

        monkeypatch.setattr("fsspec.core.url_to_fs", lacking)
        with pytest.raises(ModuleNotFoundError, match=r"brightcall-pandas\[s3\]"):
            bc.read_calls("s3://bucket/calls")
