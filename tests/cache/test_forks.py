"""A process that forks: whatever its threads do at that moment, parent and child go on by themselves."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

BEGIN = """
    import os, signal, sqlite3, sys, threading, time
    from datetime import UTC, datetime
    from pathlib import Path

    from requests import Request

    from brightcall_pandas.cache import PageCache, RenewedLock, StoredAnswer, cache_key

    def answer(number):
        request = Request("POST", "http://127.0.0.1/calls", json={"page": number}).prepare()
        return StoredAnswer(request, b'{"calls": [%d]}' % number, datetime.now(UTC))

    def found(cache, numbers):
        kept = [cache.get_response(cache_key(answer(number).request)) for number in numbers]
        return [each and each.content for each in kept] == [b'{"calls": [%d]}' % n for n in numbers]

    def right_in_a_child(check):
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # a child that waits for ever is killed, and so is not right
            os._exit(0 if check() else 1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def run(code, *arguments):
    """Run a program of its own: pytest's process has threads and locks of others."""
    program = textwrap.dedent(BEGIN) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return done


class TestRenewedLock:
    def test_is_free_in_the_child_while_a_thread_of_the_parent_holds_it(self):
        run("""
            lock, held, done = RenewedLock(), threading.Event(), threading.Event()

            def hold():
                with lock:
                    held.set()
                    done.wait()

            def taken():
                with lock:
                    return True

            thread = threading.Thread(target=hold, daemon=True)
            thread.start()
            held.wait()
            assert right_in_a_child(taken)
            assert thread.is_alive()
            done.set()
            thread.join()
            assert taken() and right_in_a_child(taken)
        """)

    def test_one_that_is_gone_is_told_nothing(self):
        run("""
            for _ in range(100):
                RenewedLock()
            assert right_in_a_child(lambda: True)
        """)


class TestPageCache:
    def test_parent_and_child_read_and_write_at_once(self, tmp_path):
        path = tmp_path / "pages.sqlite"
        run(
            """
            cache = PageCache(Path(sys.argv[1]))
            cache.keep([answer(0)])
            children = []
            for child in range(1, 5):
                children.append(os.fork())
                if children[-1] == 0:
                    signal.alarm(60)
                    mine = range(100 * child, 100 * child + 40)
                    for number in mine:
                        cache.keep([answer(number)])
                    os._exit(0 if found(cache, [0, *mine]) and cache.trouble is None else 1)
            for number in range(1, 40):
                cache.keep([answer(number)])
            cache.close()
            ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            assert ends == [0, 0, 0, 0], ends
            assert found(cache, [*range(40), *(100 * child + n for child in range(1, 5) for n in range(40))])
            """,
            path,
        )
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    def test_the_parent_closes_last_and_takes_nothing_from_the_child(self, tmp_path):
        """SQLite deletes its log when the last connection closes; the child's must count as one."""
        run(
            """
            cache = PageCache(Path(sys.argv[1]))
            cache.keep([answer(0)])
            ready, go = os.pipe(), os.pipe()
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                cache.keep([answer(1)])
                os.write(ready[1], b"x")
                os.read(go[0], 1)
                cache.keep([answer(2)])
                os._exit(0)
            os.read(ready[0], 1)
            assert found(cache, [0, 1])
            cache.close()
            os.write(go[1], b"x")
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert found(cache, [0, 1, 2])
            """,
            tmp_path / "pages.sqlite",
        )

    def test_a_thread_is_in_the_middle_of_writing(self, tmp_path):
        run(
            """
            path = Path(sys.argv[1])
            cache = PageCache(path, lock_timeout_s=60)
            cache.keep([answer(0)])
            other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            other.execute("BEGIN IMMEDIATE")
            writing = threading.Thread(target=cache.keep, args=([answer(1)],))
            writing.start()  # and has the lock of the cache, since it waits for that of the file
            release = threading.Timer(0.3, other.close)
            release.start()
            assert right_in_a_child(lambda: found(cache, [0]))
            writing.join()
            assert found(cache, [0, 1])
            """,
            tmp_path / "pages.sqlite",
        )
