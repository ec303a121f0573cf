"""Threads that can be left behind, and writes that one of them does."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, wait

import pytest

from brightcall_pandas.api import WriteQueue
from brightcall_pandas.api._threads import Workers


def assert_end(threads):
    for each in threads:
        each.join(60)
        assert not each.is_alive()


class TestWorkers:
    @pytest.fixture
    def workers(self):
        made = Workers(2)
        yield made
        made.close()

    def test_results_come_from_other_threads(self, workers):
        futures = [workers.submit(lambda n=n: (n, threading.get_ident())) for n in range(20)]
        results = [future.result(60) for future in futures]
        assert [n for n, _ in results] == list(range(20))
        assert threading.get_ident() not in {thread for _, thread in results}
        assert len({thread for _, thread in results}) <= 2

    def test_an_error_goes_to_whoever_waits_and_the_thread_goes_on(self, workers):
        with pytest.raises(LookupError, match="mine"):
            workers.submit(lambda: fail(LookupError("mine"))).result(60)
        assert [workers.submit(lambda: 1).result(60) for _ in range(4)] == [1] * 4

    def test_after_close_it_is_cancelled_so_that_nobody_waits_for_ever(self, workers):
        workers.close()
        with pytest.raises(CancelledError):
            workers.submit(lambda: 1).result(60)

    def test_at_close_running_tasks_end_and_the_rest_is_dropped(self, new_threads):
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
        assert_end(new_threads())

    def test_the_interpreter_ends_although_a_task_hangs(self):
        code = (
            "import threading\n"
            "from brightcall_pandas.api._threads import Workers\n"
            "begun = threading.Event()\n"
            "def hang():\n"
            "    begun.set()\n"
            "    threading.Event().wait()\n"
            "Workers(2).submit(hang)\n"
            "assert begun.wait(60)\n"
            "print('left')\n"
        )
        assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=120) == "left\n"


class TestWriteQueue:
    @pytest.mark.parametrize("most", [1, 3, 50])
    def test_one_other_thread_does_all_in_order(self, most):
        done = []
        with WriteQueue(most) as writes:
            for n in range(20):
                writes.submit(lambda n=n: done.append((n, threading.get_ident())))
        assert [n for n, _ in done] == list(range(20))
        (thread,) = {thread for _, thread in done}
        assert thread != threading.get_ident()

    def test_results_can_be_had(self):
        with WriteQueue(2) as writes:
            assert writes.submit(lambda: 7).result(60) == 7

    def test_nothing_submitted(self):
        with WriteQueue(2):
            pass

    def test_nobody_waits_where_there_is_room(self):
        go, done = threading.Event(), []
        with WriteQueue(3) as writes:
            writes.submit(lambda: go.wait(60))
            writes.submit(lambda: done.append(1))
            writes.submit(lambda: done.append(2))
            assert done == []
            go.set()
        assert done == [1, 2]

    def test_one_more_than_may_wait_is_taken_when_the_first_is_done(self):
        go, full, story = threading.Event(), threading.Event(), []

        def slow():
            go.wait(60)
            story.append("first done")

        def submit_one_more():
            full.set()
            writes.submit(lambda: None)
            story.append("one more submitted")

        with WriteQueue(2) as writes:
            writes.submit(slow)
            writes.submit(lambda: None)
            other = threading.Thread(target=submit_one_more)
            other.start()
            assert full.wait(60)
            other.join(0.2)
            assert story == []
            go.set()
            other.join(60)
        assert story == ["first done", "one more submitted"]

    def test_an_error_is_raised_when_the_next_one_is_submitted(self):
        mine, done = LookupError("mine"), []

        def work():
            with WriteQueue(3) as writes:
                wait([writes.submit(lambda: fail(mine))], 60)
                writes.submit(lambda: done.append(1))
                raise AssertionError("it was not raised")

        with pytest.raises(LookupError) as caught:
            work()
        assert caught.value is mine
        assert done == []

    def test_an_error_is_raised_at_the_end(self):
        mine = LookupError("mine")
        with pytest.raises(LookupError) as caught, WriteQueue(3) as writes:
            writes.submit(lambda: fail(mine))
        assert caught.value is mine

    def test_an_error_that_is_raised_at_the_end_drops_nothing(self):
        failing, done = threading.Event(), []

        def work():
            with WriteQueue(9) as writes:
                writes.submit(lambda: failing.wait(60) and fail(LookupError("mine")))
                writes.submit(lambda: time.sleep(0.2))  # time enough to drop the next
                writes.submit(lambda: done.append(1))
                failing.set()

        with pytest.raises(LookupError, match="mine"):
            work()
        assert done == [1]

    def test_of_several_errors_the_first_is_raised(self):
        go = threading.Event()

        def work():
            with WriteQueue(9) as writes:
                writes.submit(lambda: go.wait(60) and fail(LookupError("first")))
                writes.submit(lambda: fail(OSError("second")))
                go.set()

        with pytest.raises(LookupError, match="first"):
            work()

    @pytest.mark.parametrize("error", [None, OSError("of a task")])
    def test_after_an_error_of_the_block_all_is_done_and_that_error_is_raised(self, error):
        go, mine, done = threading.Event(), LookupError("mine"), []

        def work():
            with WriteQueue(9) as writes:
                writes.submit(lambda: go.wait(60))
                writes.submit(lambda: error and fail(error))
                for n in range(3):
                    writes.submit(lambda n=n: done.append(n))
                go.set()
                raise mine

        with pytest.raises(LookupError) as caught:
            work()
        assert caught.value is mine
        assert done == [0, 1, 2]

    def test_ctrl_c_waits_for_nothing_and_drops_what_waits(self):
        go, begun, ended, done = threading.Event(), threading.Event(), threading.Event(), []
        writes = WriteQueue(9)

        def hang():
            begun.set()
            go.wait(60)
            ended.set()

        def work():
            with writes:
                writes.submit(hang)
                waiting.extend(writes.submit(lambda n=n: done.append(n)) for n in range(3))
                assert begun.wait(60)
                raise KeyboardInterrupt

        waiting = []
        with pytest.raises(KeyboardInterrupt):
            work()
        assert not ended.is_set()
        go.set()
        assert wait(waiting, 60).not_done == set()
        assert all(each.cancelled() for each in waiting)
        assert ended.is_set()
        assert done == []

    @pytest.mark.parametrize("error", [None, LookupError(), KeyboardInterrupt()], ids=repr)
    def test_the_thread_ends(self, error, new_threads):
        def work():
            with WriteQueue(2) as writes:
                writes.submit(lambda: None)
                if error is not None:
                    raise error

        with contextlib.suppress(LookupError, KeyboardInterrupt):
            work()
        assert_end(new_threads())


def fail(error):
    raise error
