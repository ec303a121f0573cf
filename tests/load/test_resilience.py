"""The cache survives anything: real processes, real signals, real files, real limits."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

import brightcall_pandas as bc
from brightcall_pandas.frame._fields import SCHEMA_VERSION
from tests.load.copied_program import CopiedProgram

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, limits and users as POSIX has them")

PROGRAM = Path(__file__).with_name("loading_process.py")
PATIENCE_S = 120  # guards against hanging for ever; nothing is measured


class Process:
    """A `loading_process`, steered line by line."""

    def __init__(self, job, anew=False):
        command = [str(PROGRAM), json.dumps(job)]
        if anew:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self._process = subprocess.Popen([sys.executable, *command], **pipes, text=True)
        else:
            self._process = CopiedProgram(command)
        self.pid = self._process.pid
        assert self.hear() == "ready"

    def tell(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def hear(self):
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    def interrupt(self):
        self._process.send_signal(signal.SIGINT)

    def end(self):
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()
        return self._process.returncode


@pytest.fixture
def truth(shared, fetch_plainly):
    calls = fetch_plainly(shared)
    return {"ids": sorted(calls), "talk_time": sum(call["talkTime"] for call in calls.values())}


@pytest.fixture
def job(shared, tmp_path):
    """What a process is to load: four days in many small pages, and so in more than one window."""
    return {
        "url": shared.url,
        "api_key": shared.api_key,
        "account": shared.account,
        "cache_dir": str(tmp_path / "cache"),
        "elsewhere": str(tmp_path / "elsewhere"),
        "days": [shared.day_from, shared.day_to],
        "options": {"page_size": 10, "timezone": "Europe/Berlin"},
    }


@pytest.fixture
def start():
    """How a process is started; it is ended with the test."""
    started = []

    def start(job, **how):
        started.append(Process(job, **how))
        return started[-1]

    yield start
    for process in started:
        if process._process.poll() is None:
            process._process.kill()
        process.end()


@pytest.fixture
def client(job, shared):
    made = shared.client(cache_dir=job["cache_dir"], **job["options"])
    yield made
    made.close()


def assert_right(found, truth):
    assert {name: found[name] for name in truth} == truth


def load(client, days, **options):
    frame = bc.load_calls(*days, client=client, **options)
    return {"ids": sorted(frame["id"]), "talk_time": float(frame["talkTime"].sum())}


def segments(job):
    return sorted(Path(job["cache_dir"]).rglob("*.parquet"))


def left_behind(job):
    return sorted(Path(job["cache_dir"]).rglob(".tmp-*"))


def days_asked(shared, since):
    bodies = [json.loads(seen["body"]) for seen in shared.requests()[since:]]
    return {(body["dayFrom"], body["dayTo"]) for body in bodies}


def struck(shared, since):
    return {name for seen in shared.requests()[since:] for name in seen["faults"]}


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class TestFourProcesses:
    def test_load_the_same_cold_range_at_once(self, start, job, truth, shared, client):
        processes = [start(job) for _ in range(4)]
        for process in processes:
            process.tell("load")
        for process in processes:
            found = process.hear()
            assert_right(found, truth)
            assert found["warnings"] == []
        since = len(shared.requests())
        assert load(client, job["days"]) == truth
        assert len(shared.requests()) == since
        assert left_behind(job) == []
        assert client.cache.info()["calls"] == 240


class TestKill:
    def test_again_and_again_then_a_load_that_is_complete(self, start, job, truth, shared, client):
        shared.latency(0.005)
        nursery = start(job)
        began = time.monotonic()
        nursery.tell("fork")
        nursery.hear()
        assert nursery.hear() == 0
        whole = time.monotonic() - began  # as long as a load takes here and now, nobody killing it
        draw, ends = random.Random(5), []
        while ends.count(-signal.SIGKILL) < 8:
            assert len(ends) < 100
            nursery.tell("fork")
            child = nursery.hear()
            time.sleep(draw.uniform(0, whole))  # early, late, in a window, between two
            with suppress(ProcessLookupError):  # it was faster
                os.kill(child, signal.SIGKILL)
            ends.append(nursery.hear())
        shared.latency(0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing of it is damaged
            assert load(client, job["days"]) == truth
            since = len(shared.requests())
            assert load(client, job["days"]) == truth
            assert load(client, job["days"], refresh=True) == truth
        assert days_asked(shared, since) != set()
        assert client.cache.info()["damaged"] == 0
        with closing(sqlite3.connect(client.cache.folder / "pages.sqlite")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    def test_it_resumes_where_it_stopped(self, start, job, truth, shared, client):
        since = len(shared.requests())
        shared.set_faults({"hang": {"pages": [4], "first": 1}})  # one of the windows is never read
        process = start(job | {"options": job["options"] | {"timeout": 3600}})
        process.tell("load")
        wait_until(lambda: segments(job) and "hang" in struck(shared, since))
        os.kill(process.pid, signal.SIGKILL)
        assert process.end() == -signal.SIGKILL
        shared.set_faults(None)
        done = {name for path in segments(job) for name in path.name.split(".")[0].split("_")}
        since = len(shared.requests())
        assert load(client, job["days"]) == truth
        asked = {day for pair in days_asked(shared, since) for day in pair}
        assert done
        assert not asked & done


class TestInterrupt:
    @pytest.mark.parametrize(
        ("faults", "options", "command"),
        [
            ({"hang": 1}, {"timeout": 3600}, "load twice"),
            ({"hang": {"pages": [2, 3, 4, 5, 6, 7]}}, {"timeout": 3600}, "load twice"),
            ({"rate_limit": {"retry_after": 100}}, {"retries": 20}, "load twice"),
            ({"http_500": {"first": 1}}, {"rate_limit": 0.01}, "load"),
            ({"hang": 1}, {"timeout": 3600}, "count"),
        ],
        ids=[
            "hanging at first",
            "hanging in the middle",
            "told to wait",
            "at the rate limit",
            "a small request",
        ],
    )
    def test_stops_at_once_and_leaves_the_cache_sound(
        self, start, job, truth, shared, client, faults, options, command
    ):
        since = len(shared.requests())
        shared.set_faults(faults)
        process = start(job | {"options": job["options"] | options})
        process.tell(command)
        # In the middle: some fault has struck, and what it struck is being waited for.
        wait_until(lambda: struck(shared, since))
        time.sleep(0.1)
        process.interrupt()
        assert process.hear() == {"interrupted": True}
        shared.set_faults(None)
        if command == "load twice":  # the same client, in the same process, goes on as if nothing had been
            process.tell("go on")
            found = process.hear()
            assert_right(found, truth)
            assert found["warnings"] == []
        assert process.end() == 0
        assert left_behind(job) == []
        assert load(client, job["days"]) == truth
        assert client.cache.info()["damaged"] == 0

    def test_the_program_ends_although_answers_hang(self, start, job, shared):
        since = len(shared.requests())
        shared.set_faults({"hang": 1})
        process = start(job | {"options": job["options"] | {"timeout": 3600}}, anew=True)
        process.tell("load")
        wait_until(lambda: struck(shared, since))
        process.interrupt()
        assert process.hear() == {"interrupted": True}
        assert process.end() == 0  # its threads still wait for an answer


class TestLock:
    @pytest.fixture(autouse=True)
    def impatient(self, client):
        client.cache.lock_timeout_s = 0.3

    @contextmanager
    def held(self, path, kind):
        """Let another process hold a lock for ever."""
        code = (
            "import sqlite3, sys\n"
            "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "connection.execute(f'BEGIN {sys.argv[2]}')\n"
            "print('held', flush=True)\n"
            "sys.stdin.read()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(path), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as holder:
            assert holder.stdout.readline() == "held\n"
            yield
            holder.stdin.close()

    @pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
    def test_held_for_ever_the_load_goes_on_without_and_says_so(self, job, truth, client, shared, kind):
        first = job["days"][0]
        load(client, [first, first])  # so that there is a file
        client.close()
        client.cache.lock_timeout_s = 0.3
        with self.held(client.cache.folder / "pages.sqlite", kind):
            with pytest.warns(RuntimeWarning, match="locked.*loaded without it") as said:
                assert load(client, job["days"]) == truth
            assert len(said) == 1
            since = len(shared.requests())
            assert load(client, job["days"]) == truth  # typed windows need no lock
            assert len(shared.requests()) == since

    def test_taken_in_the_middle(self, job, truth, client):
        first = job["days"][0]
        load(client, [first, first])
        with self.held(client.cache.folder / "pages.sqlite", "IMMEDIATE"):
            with pytest.warns(RuntimeWarning, match="locked.*loaded without it") as said:
                assert load(client, job["days"], refresh=True) == truth
            assert len(said) == 1

    def test_a_server_that_fails_as_well(self, job, truth, client, shared, quick_retries):
        first = job["days"][0]
        load(client, [first, first])
        shared.set_faults({"http_500": {"first": 3}})
        with (
            self.held(client.cache.folder / "pages.sqlite", "IMMEDIATE"),
            pytest.warns(RuntimeWarning, match="locked.*loaded without it"),
        ):
            assert load(client, job["days"], refresh=True) == truth


class TestDamage:
    def flipped(self, path, offset, bit):
        content = bytearray(path.read_bytes())
        content[offset % len(content)] ^= 1 << bit
        path.write_bytes(content)

    def test_a_flipped_byte_in_the_typed_tier(self, job, truth, client, shared):
        draw = random.Random(1)
        for _ in range(8):
            load(client, job["days"])
            victim = draw.choice(segments(job))
            self.flipped(victim, draw.randrange(victim.stat().st_size), draw.randrange(8))
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                since = len(shared.requests())
                assert load(client, job["days"]) == truth
            assert len(said) <= 1
            if said:
                assert "are damaged" in str(said[0].message)
                first, last = victim.name.split(".")[0].split("_")
                assert all(first <= a and b <= last for a, b in days_asked(shared, since))

    def test_a_flipped_byte_in_the_page_tier(self, job, truth, client, shared):
        """Typed windows of an older schema lead to the pages; what is damaged there is asked for again."""
        draw = random.Random(2)
        damaged = 0
        for _ in range(8):
            load(client, job["days"])
            client.close()
            age(job)
            path = client.cache.folder / "pages.sqlite"
            self.flipped(path, draw.randrange(path.stat().st_size), draw.randrange(8))
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                assert load(client, job["days"]) == truth
                assert bc.count_calls(*job["days"], client=client) == 240
            damaged += bool(said)
        assert damaged > 0

    @pytest.mark.parametrize("share", [0.0, 0.2, 0.9])
    def test_half_written_files(self, job, truth, client, share):
        load(client, job["days"])
        client.close()
        for path in [
            *segments(job),
            client.cache.folder / "pages.sqlite",
            client.cache.folder / "account.json",
        ]:
            if path.exists():
                path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        with pytest.warns(RuntimeWarning, match="damaged"):
            assert load(client, job["days"]) == truth
        assert load(client, job["days"]) == truth

    def test_files_that_are_gone(self, job, truth, client):
        load(client, job["days"])
        client.close()
        for path in [*segments(job)[:1], client.cache.folder / "pages.sqlite"]:
            path.unlink()
        assert load(client, job["days"]) == truth


def age(job):
    """Make all typed windows those of an older schema."""
    for path in segments(job):
        path.rename(path.with_name(path.name.replace(f".v{SCHEMA_VERSION}.", ".v0.")))


class TestOlderSchema:
    def test_is_rebuilt_from_pages_without_a_request(self, job, truth, client, shared):
        load(client, job["days"])
        names = [path.name for path in segments(job)]
        age(job)
        since = len(shared.requests())
        assert load(client, job["days"]) == truth
        assert len(shared.requests()) == since
        assert sorted(path.name.split(".")[0] for path in segments(job)) == sorted(
            n.split(".")[0] for n in names
        )
        assert all(f".v{SCHEMA_VERSION}." in path.name for path in segments(job))

    def test_offline_too(self, job, truth, client, shared):
        load(client, job["days"])
        age(job)
        offline = shared.client(cache_dir=job["cache_dir"], offline=True, **job["options"])
        assert load(offline, job["days"]) == truth
        offline.close()

    def test_pages_that_are_missing_are_asked_for(self, job, truth, client, shared):
        load(client, job["days"])
        age(job)
        victim = segments(job)[0]
        first, last = victim.name.split(".")[0].split("_")
        keys = client.cache.pages.all_keys()
        mine = [key for key in keys if f'"dayFrom":"{first}","dayTo":"{last}"' in kept_body(client, key)]
        assert 0 < len(mine) < len(keys)
        client.cache.pages.forget(mine[-1:])
        since = len(shared.requests())
        assert load(client, job["days"]) == truth
        assert days_asked(shared, since) == {(first, last)}


def kept_body(client, key):
    return client.cache.pages.get_response(key).request.body.decode()


def closed_to_writing(folder, readable=True):
    for each in [*folder.rglob("*"), folder]:
        each.chmod((0o555 if each.is_dir() else 0o444) if readable else 0o500)


class TestReadOnlyFolder:
    """By a process that has given up its rights: root may write anywhere."""

    @pytest.fixture
    def job(self, job):
        # Not in pytest's own folder, which each run of it closes to others.
        with tempfile.TemporaryDirectory(dir="/tmp", prefix="brightcall-tests-") as folder:
            Path(folder).chmod(0o755)
            yield job | {"as_nobody": True, "cache_dir": f"{folder}/cache"}
            for each in [*Path(folder).rglob("*")]:
                each.chmod(0o700)

    def test_empty(self, start, job, truth):
        folder = Path(job["cache_dir"])
        folder.mkdir()
        closed_to_writing(folder)
        process = start(job)
        process.tell("load")
        found = process.hear()
        assert_right(found, truth)
        assert any("cannot be used" in each for each in found["warnings"])
        assert any("cannot be kept" in each for each in found["warnings"])
        assert list(folder.iterdir()) == []

    def test_filled_it_is_read(self, start, job, truth, client, shared):
        load(client, job["days"])
        client.close()
        closed_to_writing(Path(job["cache_dir"]))
        process = start(job)
        since = len(shared.requests())
        process.tell("load")
        found = process.hear()
        assert_right(found, truth)
        assert found["warnings"] == []
        assert len(shared.requests()) == since

    def test_filled_with_a_damaged_file(self, start, job, truth, client, shared):
        load(client, job["days"])
        client.close()
        victim = segments(job)[0]
        victim.write_bytes(b"half")
        closed_to_writing(Path(job["cache_dir"]))
        process = start(job)
        since = len(shared.requests())
        process.tell("load")
        found = process.hear()
        assert_right(found, truth)
        assert any("cannot be set aside" in each for each in found["warnings"])
        first, last = victim.name.split(".")[0].split("_")
        assert days_asked(shared, since) == {(first, last)}

    def test_one_that_nobody_else_may_enter(self, start, job, truth, client):
        load(client, job["days"])
        client.close()
        if os.geteuid() != 0:
            closed_to_writing(Path(job["cache_dir"]), readable=False)
        process = start(job)
        process.tell("load")
        found = process.hear()
        assert_right(found, truth)


class TestFullDisk:
    @pytest.mark.parametrize("file_size", [0, 5_000, 40_000])
    def test_files_that_may_not_grow(self, start, job, truth, shared, client, file_size):
        process = start(job | {"file_size": file_size})
        process.tell("load")
        found = process.hear()
        assert_right(found, truth)
        assert found["warnings"]
        process.end()
        assert left_behind(job) == []
        assert all(
            path.stat().st_size <= file_size for path in Path(job["cache_dir"]).rglob("*") if path.is_file()
        )
        assert load(client, job["days"]) == truth  # with room again, whatever was left is sound or replaced
        assert load(client, job["days"]) == truth

    def test_and_a_damaged_page_cache(self, start, job, truth, client):
        load(client, job["days"])
        client.close()
        folder = Path(job["cache_dir"]) / job["account"]
        (folder / "pages.sqlite").write_bytes(b"these are no answers" * 200)
        shutil.rmtree(folder / "windows")
        process = start(job | {"file_size": 0})
        process.tell("load")
        found = process.hear()
        assert_right(found, truth)
        assert found["warnings"]

    def test_a_small_file_system(self, start, job, truth):
        folder = Path(job["cache_dir"])
        folder.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=False, capture_output=True
        )
        if mounted.returncode:
            pytest.skip("no file system may be mounted here; RLIMIT_FSIZE is tested above")
        try:
            process = start(job)
            process.tell("load")
            found = process.hear()
            assert_right(found, truth)
            assert found["warnings"]
            process.end()
            assert left_behind(job) == []
        finally:
            subprocess.run(["umount", str(folder)], check=True)
