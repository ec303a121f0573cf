"""The API → parquet: what is written, what a second run requests, and the command."""

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
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pandas.testing as pdt
import pyarrow.parquet as pq
import pytest

import brightcall_pandas as bc


def files(folder):
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*=*/*.parquet")}


def rewrite(path, said):
    """Replace what a file says of its period, as a clock or a server could have made it say."""
    table = pq.read_table(path, partitioning=None)
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({b"brightcall.period": json.dumps(said).encode()})


class TestExportCalls:
    def test_every_call_is_there_once_in_the_folder_of_its_day(self, folder, sandbox):
        days = {path.parent.name: pq.read_metadata(path).num_rows for path in folder.glob("*/*.parquet")}
        assert days == {f"day={day}": rows for day, rows in sandbox.truth["by_day"].items()}

    def test_each_file_tells_of_its_windows(self, folder, sandbox, held):
        told = held(folder)
        assert {day: each["rows"] for day, each in told.items()} == sandbox.truth["by_day"]
        for day, each in told.items():
            assert each["complete"] is True
            assert each["final"] is True
            assert all(
                window["day_from"] <= day <= window["day_to"] and window["proof"]
                for window in each["windows"]
            )

    def test_nothing_but_parquet_lies_in_the_folder(self, folder):
        assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".parquet"}

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

    def test_days_that_may_change_are_read_again(self, tmp_path, held):
        today = datetime.now(UTC).date()
        with bc.start_sandbox(calls=300, days=20, seed=6, day_to=today) as recent:
            client = recent.client(cache_dir=tmp_path / "cache", max_age=0)
            out = bc.export_calls(recent.day_from, recent.day_to, tmp_path / "out", client=client)
            before, asked = files(out), len(recent.requests())
            gone = bc.read_calls(out, columns=["id"])["id"].iloc[-1]
            recent.delete([int(gone)])
            bc.export_calls(recent.day_from, recent.day_to, out, client=client)
            bodies = [json.loads(each["body"]) for each in recent.requests()[asked:]]
        final = {f"day={day}" for day, each in held(out).items() if each["final"]}
        assert 5 <= len(final) <= 15
        assert {name: files(out)[name] for name in final} == {name: before[name] for name in final}
        assert {f"day={body['dayFrom']}" in final for body in bodies} == {False}
        assert gone not in set(bc.read_calls(out)["id"])
        assert len(bc.read_calls(out)) == 299

    def test_a_killed_run_leaves_whole_files_and_is_taken_up(self, sandbox, tmp_path, calls, held):
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
        assert len(before) == len(held(out)) == 3
        assert len(bc.read_calls(out)) == sum(each["rows"] for each in held(out).values())
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

    def test_a_month_is_read_again_until_its_last_day_is_final(self, tmp_path, held):
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
            assert held(out)["2026-03"]["final"] is False
            # With the usual seven days all of March is final: written once more, and then never again.
            settled = running.client(**options)
            bc.export_calls(*days, partition="month", client=settled)
            assert held(out)["2026-03"]["final"] is True
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

    @pytest.mark.parametrize("zone", ["+04:00", "-03:30"])
    @pytest.mark.parametrize("partition", ["day", "month"])
    def test_in_a_zone_that_is_a_fixed_offset(self, sandbox, tmp_path, zone, partition):
        client = sandbox.client(cache_dir=tmp_path / "cache", timezone=zone)
        days = ("2026-03-24", "2026-03-26")
        loaded = bc.load_calls(*days, client=client)
        options = {"client": client, "partition": partition}
        out = bc.export_calls(*days, tmp_path / "calls", **options)
        pdt.assert_frame_equal(bc.read_calls(out), loaded)
        for file in out.glob("day=*/calls.parquet"):
            assert set(bc.read_calls(file)["timestamp"].dt.strftime("day=%Y-%m-%d")) == {file.parent.name}
        before, asked = files(out), len(sandbox.requests())
        bc.export_calls(*days, out, **options)
        assert (files(out), len(sandbox.requests())) == (before, asked)
        tokens = bc.export_calls(*days, tmp_path / "tokens", pseudonymize_key="a secret", **options)
        pdt.assert_series_equal(bc.read_calls(tokens)["timestamp"], loaded["timestamp"])

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

    def test_the_region_of_the_client_is_that_of_the_files(self, sandbox, tmp_path):
        client = sandbox.client(region="de", cache_dir=tmp_path / "cache")
        day = sandbox.day_from
        out = bc.export_calls(day, day, tmp_path / "out", client=client)
        assert bc.read_calls(out).attrs["brightcall"]["region"] == "DE"
        tokens = bc.export_calls(day, day, tmp_path / "tokens", client=client, pseudonymize_key="a secret")
        by_hand = bc.read_calls(out).calls.pseudonymize("a secret", region="DE")
        pdt.assert_series_equal(bc.read_calls(tokens)["clientNumber"], by_hand["clientNumber"])

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
        with pytest.raises(ValueError, match=r"partition='week' is not one of 'day', 'month'$"):
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

    @pytest.mark.parametrize(
        ("said", "again"),
        [
            ({}, False),
            ({"complete": False}, True),
            ({"final": False}, True),
            ({"windows": [{"day_from": "2026-03-31", "fetched_at": "2999-01-01T00:00:00+00:00"}]}, True),
            ({"windows": [{"day_from": "2026-03-31", "fetched_at": "2026-05-01T00:00:00"}]}, True),
        ],
        ids=["nothing", "not proved", "not final", "read in the future", "read at no one knows what time"],
    )
    def test_what_a_file_says_decides_whether_its_day_is_read_again(self, tmp_path, held, said, again):
        with bc.start_sandbox(calls=200, days=2, seed=1) as running:
            client = running.client(cache_dir=tmp_path)
            out = bc.export_calls(running.day_from, running.day_to, tmp_path / "out", client=client)
            rewrite(out / f"day={running.day_to}" / "calls.parquet", held(out)[running.day_to] | said)
            before = files(out)
            bc.export_calls(running.day_from, running.day_to, out, client=client)
        assert held(out)[running.day_to]["complete"] is True
        changed = [name for name in before if files(out)[name] != before[name]]
        assert changed == ([f"day={running.day_to}"] if again else [])

    def test_a_damaged_file_is_written_again(self, sandbox, client, tmp_path, calls):
        out = bc.export_calls(sandbox.day_from, sandbox.day_to, tmp_path / "out", client=client)
        before = files(out)
        (out / "day=2026-03-25" / "calls.parquet").write_bytes(b"PAR1 no parquet PAR1")
        bc.export_calls(sandbox.day_from, sandbox.day_to, out, client=client)
        assert [name for name in before if files(out)[name] != before[name]] == ["day=2026-03-25"]
        pdt.assert_frame_equal(bc.read_calls(out), calls)

    def test_a_file_of_another_program_is_not_replaced(self, sandbox, client, tmp_path):
        (tmp_path / "out" / "day=2026-03-25").mkdir(parents=True)
        foreign = tmp_path / "out" / "day=2026-03-25" / "calls.parquet"
        pd.DataFrame({"mine": [1]}).to_parquet(foreign)
        with pytest.raises(ValueError, match="was not written by brightcall_pandas: choose another folder"):
            bc.export_calls(sandbox.day_from, sandbox.day_to, tmp_path / "out", client=client)
        assert pd.read_parquet(foreign)["mine"].tolist() == [1]

    def test_what_does_not_fit_in_memory_is_loaded_and_written_in_turn(self, tmp_path, held):
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
        written = {day: each["rows"] for day, each in held(out).items()}
        assert 1 <= len(written) < 3
        assert written == dict(list(rows.items())[: len(written)])


class TestCommand:
    @pytest.fixture
    def run(self, brightcall):
        return partial(brightcall, "export")

    def test_exports_tells_and_is_repeatable(self, run, environment, sandbox, tmp_path, calls):
        arguments = [sandbox.day_from, sandbox.day_to, str(tmp_path / "out"), "--json"]
        for _ in range(2):
            done = run(*arguments, "--filters", '{"types": "inbound"}', **environment)
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

    def test_from_cron_it_is_silent(self, run, sandbox, tmp_path, environment):
        sandbox.latency(1.3)  # long enough for a progress bar
        done = run(sandbox.day_from, sandbox.day_to, str(tmp_path / "out"), "--quiet", **environment)
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
        assert re.search(r"Loading.*calls, .* pages", shown)
        assert done.stdout.decode() == f"2000 calls in 10 files in {tmp_path / 'out'}\n"

    def test_days_told_from_today_on(self, run, tmp_path):
        today = datetime.now(ZoneInfo("Europe/Berlin")).date()  # the sandbox's account counts days there
        with bc.start_sandbox(calls=60, days=3, seed=2, day_to=today) as recent:
            environment = {
                "BRIGHTCALL_API_KEY": recent.api_key,
                "BRIGHTCALL_BASE_URL": recent.url,
                "BRIGHTCALL_CACHE_DIR": str(tmp_path / "cache"),
            }
            done = run("2d", "yesterday", str(tmp_path / "out"), **environment)
        assert done.returncode == 0, done.stderr
        days = {f"day={today - timedelta(days=ago)}" for ago in (1, 2)}
        assert set(files(tmp_path / "out")) == days

    def test_pseudonyms_with_their_choices(self, run, sandbox, tmp_path, environment, calls):
        environment |= {"BRIGHTCALL_PSEUDONYM_KEY": "a secret"}
        arguments = [sandbox.day_from, sandbox.day_to, str(tmp_path / "out"), "--pseudonymize"]
        arguments += ["--ledger", "pseudonyms"]
        options = ["--keep", "userId, agentShortNumber", "--region", "de", "--free-text", "scan"]
        done = run(*arguments, *options, **environment)
        assert done.returncode == 0, done.stderr
        choices = {"keep": ["userId", "agentShortNumber"], "region": "DE", "free_text": "scan"}
        expected = calls.calls.pseudonymize("a secret", **choices)
        pdt.assert_frame_equal(bc.read_calls(tmp_path / "out"), expected)
        client = sandbox.client(cache_dir=environment["BRIGHTCALL_CACHE_DIR"], account=None)
        assert client.cache.info()["ledger"] == "pseudonyms"

    def test_a_warning_is_one_line(self, run, tmp_path):
        faults = {"wrong_total": {"by": 40}, "unstable_ties": {"seconds": 86_400}, "capped_page": {"cap": 60}}
        with bc.start_sandbox(calls=400, days=1, seed=1, faults=faults) as unsure:
            environment = {
                "BRIGHTCALL_API_KEY": unsure.api_key,
                "BRIGHTCALL_BASE_URL": unsure.url,
                "BRIGHTCALL_CACHE_DIR": str(tmp_path / "cache"),
            }
            arguments = [unsure.day_from, unsure.day_to, str(tmp_path / "out"), "--json"]
            failed = run(*arguments, **environment)
            done = run(*arguments, "--on-incomplete", "warn", **environment)
        assert failed.returncode == 1
        assert re.fullmatch(r"brightcall: .*not proved complete.*\n", failed.stderr)
        assert done.returncode == 0
        assert re.fullmatch(r"brightcall: warning: .*not proved complete.*\n", done.stderr)
        assert json.loads(done.stdout)["complete"] is False

    def test_what_is_asked_wrongly_ends_with_2(self, run, tmp_path):
        days = ["2026-03-01", "2026-03-02", str(tmp_path / "out")]
        done = run(*days)
        assert done.returncode == 2
        assert "set BRIGHTCALL_API_KEY" in " ".join(done.stderr.split())
        key = {"BRIGHTCALL_API_KEY": "k", "BRIGHTCALL_BASE_URL": "http://127.0.0.1:9"}
        done = run(*days, "--pseudonymize", **key)
        assert done.returncode == 2
        assert "BRIGHTCALL_PSEUDONYM_KEY" in " ".join(done.stderr.split())
        done = run(*days, "--ledger", "pseudonyms", **key)
        assert done.returncode == 2
        assert "set BRIGHTCALL_PSEUDONYM_KEY" in " ".join(done.stderr.split())
        assert run(*days, "--filters", "types", **key).returncode == 2
        assert run(*days, "--columns", "talktime", **key).returncode == 2
        assert run(*days, "--partition", "week", **key).returncode == 2

    def test_a_refused_key_could_not_be_done(self, run, sandbox, tmp_path):
        key = {"BRIGHTCALL_API_KEY": "wrong", "BRIGHTCALL_BASE_URL": sandbox.url}
        done = run(sandbox.day_from, sandbox.day_to, str(tmp_path / "out"), **key)
        assert done.returncode == 1
        assert "401" in done.stderr
