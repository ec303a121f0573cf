"""Answers on disk: real files, real locks, real damage."""

from __future__ import annotations

import inspect
import logging
import os
import pickle
import random
import resource
import sqlite3
import stat
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import requests
from requests_cache.backends.sqlite import SQLiteDict

from brightcall_pandas.cache import _answers
from brightcall_pandas.cache._answers import SERIALIZER, PageCache, StoredAnswer, cache_key

PATH = "/api/v1/stat/calls"


def question(number: int) -> requests.PreparedRequest:
    url = f"http://127.0.0.1:9{PATH}"
    return requests.Request("POST", url, data=b'{"page":%d}' % number).prepare()


def answer(number: int) -> bytes:
    """A body that cannot be compressed."""
    return b"{" + random.Random(number).randbytes(2000) + b"}"


def key_of(number: int) -> str:
    return cache_key(question(number))


def entry(number: int, content: bytes | None = None) -> StoredAnswer:
    return StoredAnswer(question(number), answer(number) if content is None else content, datetime.now(UTC))


def save(cache: PageCache, *numbers: int) -> None:
    for number in numbers:
        cache.keep([entry(number)])


def read(cache: PageCache, number: int) -> bytes | None:
    kept = cache.get_response(key_of(number))
    return None if kept is None else kept.content


@pytest.fixture
def path(tmp_path):
    return tmp_path / "account" / "pages.sqlite"


@pytest.fixture
def cache(path):
    made = PageCache(path)
    yield made
    made.close()


@contextmanager
def lock_held(path):
    """Let another process hold the write lock until the block ends, or its input does."""
    code = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "locked\n"
        yield holder
        holder.stdin.close()


@contextmanager
def disk_full_after(size):
    """Let no file grow beyond so many bytes."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


class TestKeeping:
    def test_what_was_saved(self, cache, path):
        before = datetime.now(UTC)
        save(cache, 1, 2)
        kept = cache.get_response(key_of(1))
        assert kept.content == answer(1)
        assert before <= kept.created_at <= datetime.now(UTC)
        assert kept.request.body == b'{"page":1}'
        again = PageCache(path)
        assert read(again, 2) == answer(2)
        again.close()

    def test_the_last_one_counts(self, cache):
        cache.keep([entry(1, b'{"old": 1}')])
        cache.keep([entry(1, b'{"new": 1}')])
        assert read(cache, 1) == b'{"new": 1}'
        assert cache.all_keys() == [key_of(1)]

    def test_what_was_not(self, cache):
        assert cache.get_response(key_of(1)) is None

    def test_several_at_once(self, cache):
        cache.keep(entry(n) for n in range(40))
        assert [read(cache, n) for n in range(40)] == [answer(n) for n in range(40)]
        cache.keep([])
        assert len(cache.all_keys()) == 40

    @pytest.mark.parametrize("content", [b"", b"<html>sorry</html>", b"[1]", b'{"calls": [{"id": 1'])
    def test_what_cannot_be_a_good_answer_is_not_kept(self, cache, content):
        cache.keep([entry(1, content), entry(2)])
        assert cache.all_keys() == [key_of(2)]

    def test_after_it_was_closed_it_is_opened_again(self, cache):
        save(cache, 1)
        cache.close()
        cache.keep([entry(2), entry(3)])
        cache.close()
        assert [read(cache, n) is not None for n in (1, 2, 3)] == [True, True, True]

    def test_by_many_threads(self, cache):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: save(cache, n), range(60)))
            assert list(pool.map(lambda n: read(cache, n), range(60))) == [answer(n) for n in range(60)]

    def test_forget(self, cache):
        save(cache, *range(5))
        cache.forget({key_of(1), key_of(3), "unknown"})
        assert sorted(cache.all_keys()) == sorted([key_of(0), key_of(2), key_of(4)])
        cache.forget([])
        assert len(cache.all_keys()) == 3

    def test_shrink_leaves_nothing_behind(self, cache, path):
        canary = random.Random(7).randbytes(64)
        cache.keep([entry(1, b"{" + canary + b"}")])
        save(cache, 2)

        def found():
            return [each.name for each in path.parent.iterdir() if canary in each.read_bytes()]

        assert found()  # it cannot be compressed: it stands in the file as it is
        cache.forget([key_of(1)])
        cache.shrink()
        assert found() == []
        assert read(cache, 2) == answer(2)


class TestFiles:
    @pytest.mark.parametrize("umask", [0o022, 0o000, 0o077])
    def test_only_the_owner_can_read(self, tmp_path, umask):
        before = os.umask(umask)
        try:
            cache = PageCache(tmp_path / "a" / "b" / "pages.sqlite")
            save(cache, 1)
        finally:
            os.umask(before)
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.rglob("*")}
        assert modes == {
            "a": 0o700,
            "b": 0o700,
            "pages.sqlite": 0o600,
            "pages.sqlite-wal": 0o600,
            "pages.sqlite-shm": 0o600,
        }
        cache.close()

    def test_one_that_was_open_to_others_is_closed_to_them(self, path):
        path.parent.mkdir()
        path.touch(0o666)
        path.chmod(0o666)
        PageCache(path).close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_folders_that_were_there_stay_as_they_are(self, tmp_path):
        tmp_path.chmod(0o755)
        PageCache(tmp_path / "pages.sqlite").close()
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


class TestPickle:
    def test_none_is_ever_read(self, cache, path, tmp_path):
        ran = tmp_path / "ran"

        class Bomb:
            def __reduce__(self):
                return (open, (str(ran), "w"))

        pickle.loads(pickle.dumps(Bomb())).close()
        assert ran.exists()  # the bomb does go off when somebody reads it
        ran.unlink()
        save(cache, 1)
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE responses SET value = ?", (pickle.dumps(Bomb()),))
        connection.close()
        with pytest.warns(RuntimeWarning, match="is damaged"):
            assert read(cache, 1) is None
        assert not ran.exists()


class TestLock:
    @pytest.fixture
    def cache(self, path):
        """A cache that waits for a short time."""
        made = PageCache(path, lock_timeout_s=0.3)
        yield made
        made.close()

    def test_held_for_ever_it_is_given_up_once_and_said(self, cache, path):
        with (
            lock_held(path),
            pytest.warns(RuntimeWarning, match=r"database is locked.*loaded without it") as said,
        ):
            save(cache, 1, 2, 3)
        assert len(said) == 1
        assert cache.trouble == "database is locked"
        assert read(cache, 1) is None

    def test_held_for_ever_when_it_is_opened(self, cache, path):
        with lock_held(path), pytest.warns(RuntimeWarning, match="database is locked") as said:
            other = PageCache(path, lock_timeout_s=0.3)
        save(other, 1)
        assert len(said) == 1
        assert other.all_keys() == []
        other.close()

    def test_held_for_ever_nothing_is_forgotten(self, cache, path):
        save(cache, 1, 2)
        with lock_held(path), pytest.warns(RuntimeWarning, match="database is locked"):
            cache.forget([key_of(1), key_of(2)])
        other = PageCache(path)
        assert len(other.all_keys()) == 2
        other.close()

    def test_by_many_threads_one_warning(self, cache, path):
        with (
            lock_held(path),
            pytest.warns(RuntimeWarning, match="database is locked") as said,
            ThreadPoolExecutor(4) as pool,
        ):
            list(pool.map(lambda n: save(cache, n), range(12)))
        assert len(said) == 1

    def test_is_logged_as_well(self, cache, path, caplog):
        with (
            caplog.at_level(logging.DEBUG, "brightcall_pandas"),
            lock_held(path),
            pytest.warns(RuntimeWarning, match="database is locked"),
        ):
            save(cache, 1, 2)
        (record,) = [each for each in caplog.records if each.name == "brightcall_pandas"]
        assert record.levelno == logging.WARNING
        assert "calls are loaded without it" in record.getMessage()

    def test_reading_needs_no_lock(self, cache, path):
        save(cache, 1)
        with lock_held(path):
            assert read(cache, 1) == answer(1)

    def test_held_for_a_while_it_is_waited_for(self, path):
        cache = PageCache(path, lock_timeout_s=60)
        holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        threading.Timer(0.3, holder.rollback).start()
        save(cache, 1)
        assert read(cache, 1) == answer(1)
        holder.close()
        cache.close()

    @pytest.mark.parametrize(("rest_s", "kept"), [(3600, []), (0, [3])])
    def test_after_a_rest_it_is_tried_again(self, path, rest_s, kept):
        cache = PageCache(path, lock_timeout_s=0.2, rest_s=rest_s)
        with lock_held(path), pytest.warns(RuntimeWarning, match="locked"):
            save(cache, 1)
        save(cache, 3)
        assert (cache.trouble is None) == bool(kept)
        assert [n for n in (1, 3) if read(cache, n) is not None] == kept
        cache.close()

    def test_a_reader_keeps_deleted_answers_in_the_file_and_that_is_said(self, cache, path):
        save(cache, 1)
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM responses").fetchone()
        cache.forget([key_of(1)])
        with pytest.warns(RuntimeWarning, match="database is locked by a reader"):
            cache.shrink()
        assert cache.trouble
        reader.close()

    def test_many_processes_make_the_file_at_once_and_write(self, path):
        code = (
            "import sys, warnings, pathlib\n"
            "warnings.simplefilter('error')\n"
            "from datetime import UTC, datetime\n"
            "from requests import Request\n"
            "from brightcall_pandas.cache import StoredAnswer, PageCache\n"
            "print('ready', flush=True); sys.stdin.readline()\n"
            "for n in range(20):\n"
            "    cache = PageCache(pathlib.Path(sys.argv[1]).with_name(f'{n}.sqlite'))\n"
            "    request = Request('POST', 'http://127.0.0.1:9/x', data=sys.argv[2]).prepare()\n"
            "    cache.keep([StoredAnswer(request, b'{}', datetime.now(UTC))])\n"
            "    assert cache.trouble is None\n"
            "    cache.close()\n"
        )
        children = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(path), name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in ("a", "b", "c")
        ]
        for child in children:
            assert child.stdout.readline() == "ready\n"
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            child.communicate(timeout=120)
        assert [child.returncode for child in children] == [0, 0, 0]
        for n in range(20):
            cache = PageCache(path.with_name(f"{n}.sqlite"))
            bodies = sorted(cache.get_response(key).request.body for key in cache.all_keys())
            assert bodies == [b"a", b"b", b"c"]
            cache.close()


class TestFullDisk:
    def test_it_is_said_once_and_the_load_goes_on_without(self, cache, path):
        save(cache, 1)
        with (
            disk_full_after(path.stat().st_size + 60_000),
            pytest.warns(RuntimeWarning, match=r"cannot be used \(.*disk.*loaded without it") as said,
        ):
            save(cache, *range(2, 200))
        assert len(said) == 1
        assert "disk" in cache.trouble

    def test_what_is_written_together_is_there_together_or_not_at_all(self, cache, path):
        save(cache, 1)
        with (
            disk_full_after(path.stat().st_size + 60_000),
            pytest.warns(RuntimeWarning, match="cannot be used"),
        ):
            cache.keep([entry(n) for n in range(2, 200)])
        again = PageCache(path)
        assert again.all_keys() == [key_of(1)]
        assert read(again, 1) == answer(1)
        again.close()

    def test_when_it_is_made(self, path):
        with disk_full_after(1000), pytest.warns(RuntimeWarning, match=r"cannot be used \(.*disk"):
            cache = PageCache(path)
        save(cache, 1)
        assert read(cache, 1) is None


class TestDamage:
    @pytest.fixture
    def sound(self, path):
        """The bytes of a file with six answers."""
        cache = PageCache(path)
        save(cache, *range(6))
        cache.close()
        assert [each.name for each in path.parent.iterdir()] == [path.name]
        return path.read_bytes()

    def use(self, path):
        """Read everything from a damaged file, then keep something; return how many answers are left."""
        cache = PageCache(path)
        found = {n: read(cache, n) for n in range(6)}
        assert {n for n, content in found.items() if content not in (None, answer(n))} == set()
        save(cache, 77)
        assert read(cache, 77) == answer(77)
        cache.close()
        for each in path.parent.iterdir():
            each.unlink()
        return sum(content is not None for content in found.values())

    def test_a_flipped_byte_is_a_miss_never_another_answer(self, path, sound):
        offsets = [*range(100), *range(100, len(sound), 241)]
        left = []
        for offset in offsets:
            damaged = bytearray(sound)
            damaged[offset] ^= 1 << (offset % 8)
            path.write_bytes(damaged)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                left.append(self.use(path))
        assert len(left) > 150
        assert left.count(5) > 20  # one answer was hit
        assert left.count(0) > 5  # the file was set aside
        assert left.count(6) > 5  # nothing of worth was hit

    @pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.9, 0.999])
    def test_a_half_written_file(self, path, sound, share):
        path.write_bytes(sound[: int(len(sound) * share)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            self.use(path)

    def test_a_file_of_something_else_is_set_aside_with_one_warning(self, path):
        path.parent.mkdir()
        path.write_bytes(b"these are no answers\n" * 500)
        with pytest.warns(
            RuntimeWarning, match=r"is damaged .* it was set aside as pages\.sqlite\.damaged-"
        ) as said:
            cache = PageCache(path)
        save(cache, 1)
        assert read(cache, 1) == answer(1)
        assert len(said) == 1
        (aside,) = path.parent.glob("pages.sqlite.damaged-*")
        assert aside.read_bytes().startswith(b"these are no answers")
        cache.close()

    def test_another_table(self, path):
        path.parent.mkdir()
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE responses (name TEXT)")
        connection.close()
        with pytest.warns(RuntimeWarning, match="was set aside"):
            assert self.use(path) == 0

    def test_an_index_that_leads_to_another_answer(self, cache, path):
        save(cache, 1, 2)
        with sqlite3.connect(path) as connection:
            (value,) = connection.execute(
                "SELECT value FROM responses WHERE key = ?", (key_of(2),)
            ).fetchone()
            connection.execute("UPDATE responses SET value = ? WHERE key = ?", (value, key_of(1)))
        connection.close()
        assert SERIALIZER.loads(value).content == answer(2)  # sound in itself
        with pytest.warns(RuntimeWarning, match="is damaged"):
            assert read(cache, 1) is None
        assert read(cache, 2) == answer(2)

    @pytest.fixture
    def damaged(self, path, sound):
        """A file that can be opened, but not read."""
        path.write_bytes(sound[:4096] + b"\x55" * (len(sound) - 4096))
        return path

    def test_found_by_several_threads_at_once(self, damaged):
        cache = PageCache(damaged)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with ThreadPoolExecutor(8) as pool:
                found = list(pool.map(lambda n: (save(cache, n), read(cache, n))[1], range(40)))
        assert len([each for each in said if "set aside" in str(each.message)]) == 1
        assert cache.trouble is None
        assert found == [answer(n) for n in range(40)]
        assert sorted(cache.all_keys()) == sorted(key_of(n) for n in range(40))
        assert len(list(damaged.parent.glob("*.damaged-*"))) >= 1
        cache.close()

    @pytest.mark.parametrize("begin", [100, 4000, 4096])
    def test_it_is_closed_before_it_is_set_aside(self, path, sound, begin):
        path.write_bytes(sound[:begin] + b"\x55" * (len(sound) - begin))
        with pytest.warns(RuntimeWarning, match="was set aside"):
            PageCache(path).all_keys()
        asides = [each.name for each in path.parent.glob("*.damaged-*")]
        assert len(asides) == 1  # an open file has two others beside it, which would be renamed with it

    def test_another_process_was_first(self, damaged):
        cache, other = PageCache(damaged), PageCache(damaged)
        with pytest.warns(RuntimeWarning, match="was set aside"):
            save(other, 9)
        with pytest.warns(RuntimeWarning, match="is damaged"):
            assert read(cache, 9) == answer(9)  # the other's new file was not set aside
        names = [each.name for each in damaged.parent.glob("*.damaged-*")]
        assert len([name for name in names if not name.endswith(("-wal", "-shm"))]) == 1
        other.close()
        cache.close()

    def test_it_cannot_be_set_aside(self, path):
        path.parent.mkdir()
        longest = path.with_name("p" * 236 + ".sqlite")  # with more behind it no file can have its name
        longest.write_bytes(b"these are no answers\n" * 500)
        with pytest.warns(RuntimeWarning, match=r"cannot be used .*name too long"):
            cache = PageCache(longest)
        save(cache, 1)
        assert read(cache, 1) is None
        assert longest.read_bytes().startswith(b"these are no answers")

    def test_it_is_damaged_and_a_new_one_cannot_be_made(self, path):
        path.parent.mkdir()
        path.write_bytes(b"these are no answers\n" * 500)
        with disk_full_after(1000), pytest.warns(RuntimeWarning, match=r"cannot be used \(.*disk"):
            cache = PageCache(path)
        assert read(cache, 1) is None


class TestOneOverride:
    """What is changed of requests-cache: look at it again when its inside does not do this any more."""

    @pytest.fixture
    def table(self, tmp_path):
        class Counted(SQLiteDict):
            entered = 0

            @contextmanager
            def _acquire_sqlite_lock(self):
                Counted.entered += 1
                with super()._acquire_sqlite_lock():
                    yield

        made = Counted(tmp_path / "table.sqlite", "numbers", serializer=None, wal=True)
        yield made
        made.close()

    def test_there_is_no_other(self):
        of_python = {"_abc_impl"}  # and names with two underscores
        own = {name for name in vars(_answers._Table) if not name.startswith("__")} - of_python
        assert own == {"_acquire_sqlite_lock"}
        assert not {"__init__", "__getitem__", "__setitem__", "__delitem__", "__iter__"} & set(
            vars(_answers._Table)
        )

    def test_has_the_signature_of_what_it_replaces(self):
        replaced = vars(SQLiteDict)["_acquire_sqlite_lock"]
        assert list(inspect.signature(replaced).parameters) == ["self"]
        assert inspect.isgeneratorfunction(inspect.unwrap(replaced))

    def test_whatever_writes_goes_through_it_once(self, table):
        def entered(write):
            before = table.entered
            write()
            return table.entered - before

        def together():
            with table.bulk_commit():
                assert table._active_transaction
                assert table._connection.in_transaction
                table["b"], table["c"] = "2", "3"

        assert table.entered == 1  # to be opened
        assert entered(lambda: table.update({"a": "1"})) == 1
        assert entered(together) == 1
        assert entered(lambda: table.bulk_delete(["a", "b"])) == 1
        assert not table._active_transaction
        assert entered(lambda: table["c"]) == 0
        assert entered(lambda: list(table)) == 0

    def test_is_still_needed_for_errors(self, table):
        with table.bulk_commit():
            raise sqlite3.OperationalError("database or disk is full")  # goes nowhere


class TestImpossiblePlaces:
    def test_a_file_stands_in_the_way(self, tmp_path):
        (tmp_path / "account").write_text("")
        with pytest.warns(RuntimeWarning, match="cannot be used"):
            cache = PageCache(tmp_path / "account" / "pages.sqlite")
        save(cache, 1)
        assert read(cache, 1) is None
        assert cache.all_keys() == []
        cache.forget(["x"])
        cache.shrink()
