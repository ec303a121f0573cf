"""Threads that can be left behind."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import CancelledError, wait

import pytest

from brightcall_pandas.api.workers import Workers


@pytest.fixture
def workers():
    made = Workers(2)
    yield made
    made.close()


class TestSubmit:
    def test_results_come_from_other_threads(self, workers):
        futures = [workers.submit(lambda n=n: (n, threading.get_ident())) for n in range(20)]
        results = [future.result(60) for future in futures]
        assert [n for n, _ in results] == list(range(20))
        assert threading.get_ident() not in {thread for _, thread in results}
        assert len({thread for _, thread in results}) <= 2

    def test_an_error_goes_to_whoever_waits_and_the_thread_goes_on(self, workers):
        def fail():
            raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            workers.submit(fail).result(60)
        assert [workers.submit(lambda: 1).result(60) for _ in range(4)] == [1] * 4

    def test_after_close_it_is_cancelled_so_that_nobody_waits_for_ever(self, workers):
        workers.close()
        with pytest.raises(CancelledError):
            workers.submit(lambda: 1).result(60)


class TestClose:
    def test_running_tasks_end_and_the_rest_is_dropped(self):
        workers, go, begun, ran = Workers(1), threading.Event(), threading.Event(), []

        def running():
            begun.set()
            go.wait(60)
            return "ended"

        first = workers.submit(running)
        rest = [workers.submit(lambda: ran.append(1)) for _ in range(5)]
        assert begun.wait(60)
        workers.close()
        assert workers.stop.is_set()
        go.set()
        assert first.result(60) == "ended"
        assert wait(rest, 60).not_done == set()
        assert all(future.cancelled() for future in rest)
        assert ran == []

    def test_threads_end(self):
        workers = Workers(3)
        assert workers.submit(lambda: 1).result(60) == 1
        workers.close()
        for thread in workers._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in workers._threads)

    def test_the_interpreter_ends_although_a_task_hangs(self):
        code = (
            "import threading\n"
            "from brightcall_pandas.api.workers import Workers\n"
            "begun = threading.Event()\n"
            "def hang():\n"
            "    begun.set()\n"
            "    threading.Event().wait()\n"
            "Workers(2).submit(hang)\n"
            "assert begun.wait(60)\n"
            "print('left')\n"
        )
        said = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=120)
        assert said == "left\n"
