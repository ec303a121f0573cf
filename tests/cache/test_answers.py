"""Answers on disk: real files, real locks, real damage."""

from __future__ import annotations

import os
import pickle
import random
import sqlite3
import stat
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import requests

from brightcall_pandas.cache import _answers as page_cache
from brightcall_pandas.cache._answers import PageCache
from brightcall_pandas.cache._entry import cache_key, read_entry, written_entry

PATH = "/api/v1/stat/calls"


def question(number: int) -> requests.PreparedRequest:
    url = f"http://127.0.0.1:9{PATH}"
    return requests.Request("POST", url, data=b'{"page":%d}' % number).prepare()


def answer(number: int) -> bytes:
    """A body that cannot be compressed."""
    return random.Random(number).randbytes(2000)


def key_of(number: int) -> str:
    return cache_key(question(number))


def entry(number: int, content: bytes | None = None) -> dict[str, bytes]:
    body = answer(number) if content is None else content
    return {key_of(number): written_entry(question(number), body, datetime.now(UTC))}


def save(cache: PageCache, *numbers: int) -> None:
    for number in numbers:
        cache.keep(entry(number))


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


@pytest.fixture
def locked(cache, path):
    """Another process that holds the write lock until the test ends."""
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
        cache.keep(entry(1, b"old"))
        cache.keep(entry(1, b"new"))
        assert read(cache, 1) == b"new"
        assert cache.all_keys() == [key_of(1)]

    def test_what_was_not(self, cache):
        assert cache.get_response(key_of(1)) is None
        assert cache.get_response(key_of(1), "default") == "default"

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
        cache.keep(entry(1, canary))
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
    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch):
        monkeypatch.setattr(page_cache, "_LOCK_DEADLINE_S", 0.3)

    def test_held_for_ever_it_is_given_up_once_and_said(self, cache, locked):
        with pytest.warns(RuntimeWarning, match="database is locked.*loaded without it") as said:
            save(cache, 1, 2, 3)
        assert len(said) == 1
        assert cache.trouble == "database is locked"
        assert read(cache, 1) is None

    def test_held_for_ever_when_it_is_opened(self, locked, path):
        with pytest.warns(RuntimeWarning, match="database is locked") as said:
            other = PageCache(path)
        save(other, 1)
        assert len(said) == 1
        assert other.all_keys() == []
        other.close()

    def test_by_many_threads_one_warning(self, cache, locked):
        with pytest.warns(RuntimeWarning, match="database is locked") as said, ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: save(cache, n), range(12)))
        assert len(said) == 1

    def test_reading_needs_no_lock(self, cache, path):
        save(cache, 1)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        assert read(cache, 1) == answer(1)
        holder.close()

    def test_held_for_a_while_it_is_waited_for(self, cache, path, monkeypatch):
        monkeypatch.setattr(page_cache, "_LOCK_DEADLINE_S", 60)
        holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        threading.Timer(0.3, holder.rollback).start()
        save(cache, 1)
        assert read(cache, 1) == answer(1)
        holder.close()

    def test_after_a_rest_it_is_tried_again(self, cache, locked, monkeypatch):
        with pytest.warns(RuntimeWarning, match="locked"):
            save(cache, 1)
        locked.stdin.close()
        locked.wait(60)
        save(cache, 2)
        assert cache.trouble  # still at rest
        monkeypatch.setattr(cache, "_rest_until", 0.0)
        save(cache, 3)
        assert cache.trouble is None
        assert [read(cache, n) is not None for n in (1, 2, 3)] == [False, False, True]

    def test_many_processes_make_the_file_at_once(self, path):
        code = (
            "import sys, warnings, pathlib\n"
            "warnings.simplefilter('error')\n"
            "from brightcall_pandas.cache._answers import PageCache\n"
            "print('ready', flush=True); sys.stdin.readline()\n"
            "for n in range(20):\n"
            "    cache = PageCache(pathlib.Path(sys.argv[1]).with_name(f'{n}.sqlite'))\n"
            "    assert cache.trouble is None\n"
            "    cache.close()\n"
        )
        children = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        for child in children:
            assert child.stdout.readline() == "ready\n"
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            child.communicate(timeout=120)
        assert [child.returncode for child in children] == [0, 0, 0]


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
        assert read_entry(value).content == answer(2)  # sound in itself
        with pytest.warns(RuntimeWarning, match="is damaged"):
            assert read(cache, 1) is None
        assert read(cache, 2) == answer(2)

    def test_found_by_several_threads_at_once(self, path, sound):
        damaged = bytearray(sound)
        damaged[4096:] = b"\x55" * (len(sound) - 4096)
        path.write_bytes(damaged)
        cache = PageCache(path)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda n: save(cache, n), range(40)))
        assert len([each for each in said if "set aside" in str(each.message)]) == 1
        assert cache.trouble is None
        assert len(cache.all_keys()) > 30  # what was saved while it was set aside may be missing
        assert len(list(path.parent.glob("*.damaged-*"))) >= 1
        cache.close()

    def test_found_while_another_thread_is_at_it(self, path, sound):
        path.write_bytes(sound)
        cache = PageCache(path)
        pages, inside, done = cache.responses, threading.Event(), threading.Event()
        counted = []

        def count():
            with pages.connection() as connection:
                inside.set()
                done.wait(0.2)  # long enough for the other thread to close it, were it free to
                counted.append(connection.execute("SELECT count(*) FROM responses").fetchone()[0])

        reading = threading.Thread(target=count)
        reading.start()
        assert inside.wait(30)
        with pytest.warns(RuntimeWarning, match="was set aside"):
            cache._failed(sqlite3.DatabaseError("malformed"), pages)
        done.set()
        reading.join(30)
        assert counted == [6]
        with pytest.raises(sqlite3.ProgrammingError, match="set aside"):
            len(pages)  # the new file is not for who still has the old one
        assert cache.all_keys() == []
        cache.close()

    def test_another_process_was_first(self, path, sound):
        cache = PageCache(path)
        path.rename(path.with_name("elsewhere"))
        for each in path.parent.glob("pages.sqlite-*"):
            each.unlink()
        other = PageCache(path)
        save(other, 9)
        with pytest.warns(RuntimeWarning, match="is damaged"):
            cache._failed(sqlite3.DatabaseError("malformed"), cache.responses)
        assert read(cache, 9) == answer(9)  # the other's new file was not set aside
        other.close()
        cache.close()

    def test_it_cannot_be_set_aside(self, path, monkeypatch):
        path.parent.mkdir()
        path.write_bytes(b"these are no answers\n" * 500)

        def refuse(*_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(type(path), "rename", refuse)
        with pytest.warns(RuntimeWarning, match="cannot be used .*Permission denied"):
            cache = PageCache(path)
        save(cache, 1)
        assert read(cache, 1) is None

    def test_it_is_damaged_and_a_new_one_cannot_be_made(self, path, monkeypatch):
        path.parent.mkdir()
        path.write_bytes(b"these are no answers\n" * 500)
        opened = page_cache._Pages.init_db

        def full(self):
            if not path.read_bytes():
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            opened(self)

        monkeypatch.setattr(page_cache._Pages, "init_db", full)
        with pytest.warns(RuntimeWarning, match="cannot be used .*disk is full"):
            cache = PageCache(path)
        assert read(cache, 1) is None


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
