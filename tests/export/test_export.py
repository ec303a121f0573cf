"""Files: what is written, who can read it, what a second run asks for, and what comes back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pandas.testing as pdt
import polars
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import brightcall_pandas as bc
from brightcall_pandas.frame._fields import FIELD_NAMES, FIELDS


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=2_000, days=10, seed=5) as running:
        yield running


@pytest.fixture
def client(sandbox, tmp_path):
    return sandbox.client(cache_dir=tmp_path / "cache")


@pytest.fixture(scope="module")
def calls(sandbox, tmp_path_factory):
    client = sandbox.client(cache_dir=tmp_path_factory.mktemp("cache"))
    return bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)


@pytest.fixture(scope="module")
def folder(sandbox, tmp_path_factory):
    client = sandbox.client(cache_dir=tmp_path_factory.mktemp("cache"))
    return bc.export_calls(
        sandbox.day_from, sandbox.day_to, tmp_path_factory.mktemp("out") / "calls", client=client
    )


def files(folder):
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*=*/*.parquet")}


def manifest(folder):
    return json.loads((folder / "_manifest.json").read_text())


class TestExportCalls:
    def test_every_call_is_there_once_in_the_folder_of_its_day(self, folder, sandbox):
        days = {path.parent.name: pq.read_metadata(path).num_rows for path in folder.glob("*/*.parquet")}
        assert days == {f"day={day}": rows for day, rows in sandbox.truth["by_day"].items()}

    def test_columns_say_what_they_are(self, folder):
        schema = pq.read_schema(next(folder.glob("*/*.parquet")))
        assert tuple(schema.names) == (*FIELD_NAMES, "extras")
        assert schema.field("talkTime").metadata[b"unit"] == b"s"
        assert schema.field("outcomeTag").metadata[b"description"].decode() == FIELDS["outcomeTag"].doc
        assert json.loads(schema.metadata[b"brightcall"])["schema_version"] == 2

    def test_compressed_with_statistics_dictionaries_and_order(self, folder):
        group = pq.read_metadata(next(folder.glob("*/*.parquet"))).row_group(0)
        column = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
        assert {each.compression for each in column.values()} == {"ZSTD"}
        assert column["timestamp"].statistics.has_min_max
        assert column["outcomeTag"].has_dictionary_page
        assert [each.column_index for each in group.sorting_columns] == [FIELD_NAMES.index("timestamp")]

    def test_rows_are_ordered_by_time(self, folder):
        for path in folder.glob("*/*.parquet"):
            assert pq.read_table(path)["timestamp"].to_pandas().is_monotonic_increasing

    def test_only_the_owner_reads_them(self, folder):
        assert {path.stat().st_mode & 0o777 for path in folder.glob("*/*.parquet")} == {0o600}

    def test_the_manifest_tells_of_each_window(self, folder, sandbox):
        told = manifest(folder)
        assert told["timezone"] == "Europe/Berlin"
        assert {day: held["rows"] for day, held in told["partitions"].items()} == sandbox.truth["by_day"]
        for day, held in told["partitions"].items():
            assert held["complete"] is True
            assert held["final"] is True
            assert all(
                each["day_from"] <= day <= each["day_to"] and each["proof"] for each in held["windows"]
            )

    def test_a_second_run_asks_nothing_and_changes_nothing(self, sandbox, client, tmp_path):
        out = tmp_path / "out"
        bc.export_calls(sandbox.day_from, sandbox.day_to, out, client=client)
        before, asked = files(out), len(sandbox.requests())
        bc.export_calls(sandbox.day_from, sandbox.day_to, out, client=client)
        assert len(sandbox.requests()) == asked
        assert files(out) == before

    def test_a_longer_range_asks_for_the_new_days_only(self, sandbox, client, tmp_path, calls):
        out = tmp_path / "out"
        bc.export_calls(sandbox.day_from, "2026-03-27", out, client=client)
        before, asked = files(out), len(sandbox.requests())
        bc.export_calls(sandbox.day_from, sandbox.day_to, out, client=client)
        bodies = [json.loads(each["body"]) for each in sandbox.requests()[asked:]]
        assert bodies
        assert {body["dayFrom"] >= "2026-03-28" for body in bodies} == {True}
        assert {name: files(out)[name] for name in before} == before
        pdt.assert_frame_equal(bc.read_calls(out), calls)

    def test_days_that_may_change_are_read_again(self, tmp_path):
        today = datetime.now(UTC).date()
        with bc.start_sandbox(calls=300, days=20, seed=6, day_to=today) as recent:
            client = recent.client(cache_dir=tmp_path / "cache", max_age=0)
            out = bc.export_calls(recent.day_from, recent.day_to, tmp_path / "out", client=client)
            before, asked = files(out), len(recent.requests())
            gone = bc.read_calls(out, columns=["id"])["id"].iloc[-1]
            recent.delete([int(gone)])
            bc.export_calls(recent.day_from, recent.day_to, out, client=client)
            bodies = [json.loads(each["body"]) for each in recent.requests()[asked:]]
        final = {f"day={day}" for day, held in manifest(out)["partitions"].items() if held["final"]}
        assert 5 <= len(final) <= 15
        assert {name: files(out)[name] for name in final} == {name: before[name] for name in final}
        assert {f"day={body['dayFrom']}" in final for body in bodies} == {False}
        assert gone not in set(bc.read_calls(out)["id"])
        assert len(bc.read_calls(out)) == 299

    def test_a_killed_run_leaves_whole_files_and_is_taken_up(self, sandbox, tmp_path, calls):
        out = tmp_path / "out"
        code = f"""
            import os, signal, sys
            import brightcall_pandas as bc
            def die(event, arguments, seen=[]):
                if event == "os.rename" and str(arguments[1]).endswith("calls.parquet"):
                    seen.append(arguments)
                    if len(seen) == 4:  # the rows of the fourth day are written, and not yet in their place
                        os.kill(os.getpid(), signal.SIGKILL)
            sys.addaudithook(die)
            client = bc.Client(
                {sandbox.api_key!r}, base_url={sandbox.url!r}, account="killed", cache_dir={str(tmp_path)!r}
            )
            bc.export_calls({sandbox.day_from!r}, {sandbox.day_to!r}, {str(out)!r}, client=client)
        """
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, timeout=120)
        assert done.returncode == -signal.SIGKILL
        before = files(out)
        assert len(before) == len(manifest(out)["partitions"]) == 3
        assert len(bc.read_calls(out)) == sum(each["rows"] for each in manifest(out)["partitions"].values())
        client = sandbox.client(cache_dir=tmp_path / "other")
        bc.export_calls(sandbox.day_from, sandbox.day_to, out, client=client)
        assert {name: files(out)[name] for name in before} == before
        pdt.assert_frame_equal(bc.read_calls(out), calls)

    def test_months_keep_the_days_they_had(self, sandbox, client, tmp_path, calls):
        out = tmp_path / "out"
        bc.export_calls(sandbox.day_from, "2026-03-25", out, partition="month", client=client)
        bc.export_calls("2026-03-26", sandbox.day_to, out, partition="month", client=client)
        assert list(files(out)) == ["month=2026-03"]
        pdt.assert_frame_equal(bc.read_calls(out), calls)

    def test_a_month_is_read_again_until_its_last_day_is_final(self, tmp_path):
        # March's first days are long final, its last ones are not: the boundary lies within the month.
        settle_days = (datetime.now(UTC).date() - date(2026, 3, 17)).days
        with bc.start_sandbox(calls=300, days=31, seed=7) as running:
            assert (running.day_from, running.day_to) == ("2026-03-01", "2026-03-31")
            options = {"cache_dir": tmp_path / "cache", "max_age": 0}
            unsettled = running.client(**options, settle_days=settle_days)
            days = (running.day_from, running.day_to, tmp_path / "out")
            out = bc.export_calls(*days, partition="month", client=unsettled)
            last = bc.read_calls(out)["id"].iloc[-1]
            running.delete([last])
            bc.export_calls(*days, partition="month", client=unsettled)
            assert len(bc.read_calls(out)) == 299
            assert last not in set(bc.read_calls(out)["id"])
            assert manifest(out)["partitions"]["2026-03"]["final"] is False
            # With the usual seven days all of March is final: written once more, and then never again.
            settled = running.client(**options)
            bc.export_calls(*days, partition="month", client=settled)
            assert manifest(out)["partitions"]["2026-03"]["final"] is True
            before, asked = files(out), len(running.requests())
            bc.export_calls(*days, partition="month", client=settled)
            assert len(running.requests()) == asked
            assert files(out) == before

    def test_a_day_without_calls_has_an_empty_file(self, sandbox, client, tmp_path, calls):
        out = bc.export_calls(
            sandbox.day_from, sandbox.day_from, tmp_path / "out", client=client, outcomes="never said"
        )
        back = bc.read_calls(out)
        assert len(files(out)) == 1
        assert len(back) == 0
        pdt.assert_series_equal(back.dtypes, calls.dtypes)

    def test_chosen_columns_and_filters(self, sandbox, client, tmp_path, calls):
        out = bc.export_calls(
            sandbox.day_from,
            sandbox.day_to,
            tmp_path / "out",
            client=client,
            columns=["id", "state"],
            types="inbound",
        )
        inbound = calls.loc[calls["type"] == "inbound", ["id", "state"]].reset_index(drop=True)
        pdt.assert_frame_equal(bc.read_calls(out), inbound)

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"columns": ["id"]}, "columns"),
            ({"types": "inbound"}, "query"),
            ({"partition": "month"}, "partition"),
            ({"pseudonymize_key": "a secret"}, "pseudonymized"),
            ({"timezone": "UTC"}, "timezone"),
        ],
    )
    def test_other_calls_are_refused_before_any_request(self, sandbox, client, folder, change, named):
        bc.count_calls(sandbox.day_from, sandbox.day_to, client=client)  # the zone is known from here on
        before, asked = files(folder), len(sandbox.requests())
        with pytest.raises(ValueError, match=named):
            bc.export_calls(sandbox.day_from, sandbox.day_to, folder, client=client, **change)
        assert len(sandbox.requests()) == asked
        assert files(folder) == before

    def test_a_file_for_a_folder_is_refused_before_any_request(self, sandbox, client, tmp_path):
        (tmp_path / "note").touch()
        asked = len(sandbox.requests())
        for name, said in [
            ("note", "note' is a file, but partition='day' writes a folder: name a folder$"),
            ("calls.parquet", r"names a file, but partition='day' writes a folder: leave out '\.parquet'$"),
            ("note/calls", "note' is a file, not a folder"),
        ]:
            with pytest.raises(ValueError, match=said):
                bc.export_calls(sandbox.day_from, sandbox.day_to, tmp_path / name, client=client)
        with pytest.raises(ValueError, match=r"'week' is not known; it takes 'day', 'month'$"):
            bc.export_calls(
                sandbox.day_from, sandbox.day_to, tmp_path / "calls", client=client, partition="week"
            )
        assert len(sandbox.requests()) == asked
        assert not (tmp_path / "calls").exists()

    def test_offline_from_the_cache(self, sandbox, client, tmp_path, calls):
        bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)
        asked = len(sandbox.requests())
        offline = sandbox.client(cache_dir=tmp_path / "cache", offline=True)
        out = bc.export_calls(sandbox.day_from, sandbox.day_to, tmp_path / "out", client=offline)
        assert len(sandbox.requests()) == asked
        pdt.assert_frame_equal(bc.read_calls(out), calls)

    def test_a_window_that_is_not_proved_is_marked_and_read_again(self, tmp_path):
        with bc.start_sandbox(calls=200, days=2, seed=1) as running:
            client = running.client(cache_dir=tmp_path)
            out = bc.export_calls(running.day_from, running.day_to, tmp_path / "out", client=client)
            content = manifest(out)
            content["partitions"][running.day_to] |= {"complete": False}
            (out / "_manifest.json").write_text(json.dumps(content))
            before = files(out)
            bc.export_calls(running.day_from, running.day_to, out, client=client)
        assert manifest(out)["partitions"][running.day_to]["complete"] is True
        assert [name for name in before if files(out)[name] != before[name]] == [f"day={running.day_to}"]

    def test_what_does_not_fit_in_memory_is_loaded_and_written_in_turn(self, tmp_path):
        # Two of these days are more than the 25,000 calls that may be in memory. The server breaks down when
        # the first file is there. If all days were loaded before that, no request would be left to fail.
        out = tmp_path / "out"
        with bc.start_sandbox(calls=54_000, days=3, seed=4) as running, ThreadPoolExecutor() as threads:
            rows = running.truth["by_day"]
            client = running.client(cache_dir=tmp_path / "cache", retries=0)
            running.latency(0.1)
            export = threads.submit(bc.export_calls, running.day_from, running.day_to, out, client=client)
            while not export.done() and not files(out):
                time.sleep(0.01)
            running.set_faults({"http_500": 1})
            with pytest.raises(bc.ServerError):
                export.result()
        written = {day: each["rows"] for day, each in manifest(out)["partitions"].items()}
        assert 1 <= len(written) < 3
        assert written == dict(list(rows.items())[: len(written)])


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
        assert sorted(files(out)) == ["day=2026-03-02", "day=__HIVE_DEFAULT_PARTITION__"]
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
        with pytest.raises(ValueError, match="'week' is not known; it takes 'day', 'month', None"):
            ONE_CALL.calls.to_parquet(tmp_path / "calls", partition="week")
        assert list(tmp_path.iterdir()) == []


FILTERS = [
    {"day_from": "2026-03-24", "day_to": "2026-03-25"},
    {"day_from": "2026-03-29", "timezone": "America/New_York"},
    {"types": "inbound", "states": ["answered", "failed"]},
    {"talk_time_from": 30, "talk_time_to": 90.5, "answer_time_to": 20},
    {"agent_ids": 501},
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
        with pytest.raises(pa.ArrowInvalid, match="Parquet"):
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
        with pytest.raises(OSError, match=r"(?i)crc|checksum"):
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


class TestOtherReaders:
    def test_pandas(self, folder, calls):
        plain = pd.read_parquet(folder).drop(columns="day")
        assert plain["talkTime"].sum() == calls["talkTime"].sum()
        labels = ["type", "state", "outcomeType"]  # plain pandas knows only the words that occur
        pdt.assert_series_equal(plain.dtypes.drop(labels), calls.dtypes.drop(labels))
        pdt.assert_frame_equal(plain.astype(calls.dtypes), calls)

    def test_duckdb(self, folder, calls):
        query = f"""
            SELECT day::VARCHAR AS day, count(*) AS calls, count(*) FILTER (state = 'answered') AS answered
            FROM read_parquet('{folder}/*/*.parquet', hive_partitioning = true) GROUP BY ALL ORDER BY ALL
        """
        with duckdb.connect() as connection:
            rows = connection.sql(query).fetchall()
        days = calls.groupby(calls["timestamp"].dt.strftime("%Y-%m-%d"))["state"]
        assert rows == [(day, len(states), int((states == "answered").sum())) for day, states in days]

    def test_polars(self, folder, calls):
        table = polars.scan_parquet(folder / "*/*.parquet", hive_partitioning=True)
        found = (
            table.filter(polars.col("state").cast(polars.String) == "answered").select("talkTime").collect()
        )
        assert found["talkTime"].sum() == calls.loc[calls["state"] == "answered", "talkTime"].sum()

    def test_arrow(self, folder, calls):
        table = ds.dataset(folder, partitioning="hive").to_table(filter=ds.field("talkTime") >= 30)
        assert len(table) == int((calls["talkTime"] >= 30).sum())


class TestParquetWriter:
    def test_a_failure_leaves_nothing(self, tmp_path):
        from brightcall_pandas.export._layout import parquet_writer, schema_of, table_of, write_rows

        table = table_of(pd.DataFrame({"id": ["1"]}))

        def write_half():
            with parquet_writer(tmp_path / "calls.parquet", schema_of(table.schema, "UTC", {})) as writer:
                write_rows(writer, table)
                raise RuntimeError("in the middle")

        with pytest.raises(RuntimeError, match="in the middle"):
            write_half()
        assert os.listdir(tmp_path) == []


class TestCommand:
    def run(self, *arguments, **environment):
        command = Path(sys.executable).with_name("brightcall")
        return subprocess.run(
            [command, "export", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=os.environ | environment,
        )

    def test_exports_tells_and_is_repeatable(self, sandbox, tmp_path, calls):
        environment = {
            "BRIGHTCALL_API_KEY": sandbox.api_key,
            "BRIGHTCALL_BASE_URL": sandbox.url,
            "BRIGHTCALL_CACHE_DIR": str(tmp_path / "cache"),
        }
        arguments = [sandbox.day_from, sandbox.day_to, str(tmp_path / "out"), "--json"]
        for _ in range(2):
            done = self.run(*arguments, "--filters", '{"types": "inbound"}', **environment)
            assert done.returncode == 0, done.stderr
            expected = int((calls["type"] == "inbound").sum())
            told = {"path": str(tmp_path / "out"), "partitions": 10, "rows": expected, "complete": True}
            assert json.loads(done.stdout) == told
        assert len(bc.read_calls(tmp_path / "out")) == expected

    @pytest.fixture
    def environment(self, sandbox, tmp_path):
        return {
            "BRIGHTCALL_API_KEY": sandbox.api_key,
            "BRIGHTCALL_BASE_URL": sandbox.url,
            "BRIGHTCALL_CACHE_DIR": str(tmp_path / "cache"),
        }

    def test_from_cron_it_is_silent(self, sandbox, tmp_path, environment):
        sandbox.latency(1.3)  # long enough for a progress bar
        done = self.run(sandbox.day_from, sandbox.day_to, str(tmp_path / "out"), "--quiet", **environment)
        sandbox.latency(0)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert len(files(tmp_path / "out")) == 10

    def test_on_a_terminal_it_shows_how_far_it_is(self, sandbox, tmp_path, environment):
        pty = pytest.importorskip("pty")
        ours, theirs = pty.openpty()
        command = Path(sys.executable).with_name("brightcall")
        arguments = [command, "export", sandbox.day_from, sandbox.day_to, str(tmp_path / "out")]
        sandbox.latency(1.3)  # a bar is shown a second after the first page
        try:
            done = subprocess.run(
                arguments, stderr=theirs, stdout=subprocess.PIPE, check=True, env=os.environ | environment
            )
            os.set_blocking(ours, False)
            shown = os.read(ours, 65536).decode()
        finally:
            sandbox.latency(0)
            os.close(theirs)
            os.close(ours)
        assert re.search(r"Loading.*calls.*pages=", shown)
        assert done.stdout.decode() == f"2000 calls in 10 files of {tmp_path / 'out'}\n"

    def test_days_told_from_today_on(self, tmp_path):
        today = datetime.now().date()
        with bc.start_sandbox(calls=60, days=3, seed=2, day_to=today) as recent:
            environment = {
                "BRIGHTCALL_API_KEY": recent.api_key,
                "BRIGHTCALL_BASE_URL": recent.url,
                "BRIGHTCALL_CACHE_DIR": str(tmp_path / "cache"),
            }
            done = self.run("2d", "yesterday", str(tmp_path / "out"), **environment)
        assert done.returncode == 0, done.stderr
        days = {f"day={today - timedelta(days=ago)}" for ago in (1, 2)}
        assert set(files(tmp_path / "out")) == days

    def test_pseudonyms_with_their_choices(self, sandbox, tmp_path, environment, calls):
        environment |= {"BRIGHTCALL_PSEUDONYM_KEY": "a secret"}
        arguments = [sandbox.day_from, sandbox.day_to, str(tmp_path / "out"), "--pseudonymize"]
        options = ["--keep", "userId, agentShortNumber", "--region", "de", "--free-text", "scan"]
        done = self.run(*arguments, *options, **environment)
        assert done.returncode == 0, done.stderr
        choices = {"keep": ["userId", "agentShortNumber"], "region": "DE", "free_text": "scan"}
        expected = calls.calls.pseudonymize("a secret", **choices)
        pdt.assert_frame_equal(bc.read_calls(tmp_path / "out"), expected)

    def test_a_warning_is_one_line(self, tmp_path):
        faults = {"wrong_total": {"by": 40}, "unstable_ties": {"seconds": 86_400}, "capped_page": {"cap": 60}}
        with bc.start_sandbox(calls=400, days=1, seed=1, faults=faults) as unsure:
            environment = {
                "BRIGHTCALL_API_KEY": unsure.api_key,
                "BRIGHTCALL_BASE_URL": unsure.url,
                "BRIGHTCALL_CACHE_DIR": str(tmp_path / "cache"),
            }
            arguments = [unsure.day_from, unsure.day_to, str(tmp_path / "out"), "--json"]
            failed = self.run(*arguments, **environment)
            done = self.run(*arguments, "--on-incomplete", "warn", **environment)
        assert failed.returncode == 1
        assert re.fullmatch(r"brightcall: .*not proved complete.*\n", failed.stderr)
        assert done.returncode == 0
        assert re.fullmatch(r"brightcall: warning: .*not proved complete.*\n", done.stderr)
        assert json.loads(done.stdout)["complete"] is False

    def test_what_is_asked_wrongly_ends_with_2(self, tmp_path):
        days = ["2026-03-01", "2026-03-02", str(tmp_path / "out")]
        done = self.run(*days)
        assert done.returncode == 2
        assert "set BRIGHTCALL_API_KEY" in " ".join(done.stderr.split())
        key = {"BRIGHTCALL_API_KEY": "k", "BRIGHTCALL_BASE_URL": "http://127.0.0.1:9"}
        done = self.run(*days, "--pseudonymize", **key)
        assert done.returncode == 2
        assert "BRIGHTCALL_PSEUDONYM_KEY" in " ".join(done.stderr.split())
        assert self.run(*days, "--filters", "types", **key).returncode == 2
        assert self.run(*days, "--columns", "talktime", **key).returncode == 2
        assert self.run(*days, "--partition", "week", **key).returncode == 2

    def test_a_refused_key_could_not_be_done(self, sandbox, tmp_path):
        key = {"BRIGHTCALL_API_KEY": "wrong", "BRIGHTCALL_BASE_URL": sandbox.url}
        done = self.run(sandbox.day_from, sandbox.day_to, str(tmp_path / "out"), **key)
        assert done.returncode == 1
        assert "401" in done.stderr
