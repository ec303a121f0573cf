"""Threads that can be left behind."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from concurrent.futures import CancelledError, wait

import pytest

from brightcall_pandas.api._threads import Backlog, Workers


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
            "from brightcall_pandas.api._threads import Workers\n"
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


class TestBacklog:
    @pytest.mark.parametrize("most", [1, 3, 50])
    def test_one_other_thread_does_all_in_order(self, most):
        done = []
        with Backlog(most) as backlog:
            for n in range(20):
                backlog.put_off(lambda n=n: done.append((n, threading.get_ident())))
        assert [n for n, _ in done] == list(range(20))
        (thread,) = {thread for _, thread in done}
        assert thread != threading.get_ident()

    def test_results_can_be_had(self):
        with Backlog(2) as backlog:
            assert backlog.put_off(lambda: 7).result(60) == 7

    def test_nothing_put_off(self):
        with Backlog(2):
            pass

    def test_nobody_waits_where_there_is_room(self):
        go, done = threading.Event(), []
        with Backlog(3) as backlog:
            backlog.put_off(lambda: go.wait(60))
            backlog.put_off(lambda: done.append(1))
            backlog.put_off(lambda: done.append(2))
            assert done == []
            go.set()
        assert done == [1, 2]

    def test_one_more_than_may_wait_is_put_off_when_the_first_is_done(self):
        go, full, story = threading.Event(), threading.Event(), []

        def slow():
            go.wait(60)
            story.append("first done")

        def put_off_one_more():
            full.set()
            backlog.put_off(lambda: None)
            story.append("one more put off")

        with Backlog(2) as backlog:
            backlog.put_off(slow)
            backlog.put_off(lambda: None)
            other = threading.Thread(target=put_off_one_more)
            other.start()
            assert full.wait(60)
            other.join(0.2)
            assert story == []
            go.set()
            other.join(60)
        assert story == ["first done", "one more put off"]

    def test_an_error_is_raised_when_the_next_one_is_put_off(self):
        mine, done = LookupError("mine"), []

        def work():
            with Backlog(3) as backlog:
                wait([backlog.put_off(lambda: fail(mine))], 60)
                backlog.put_off(lambda: done.append(1))
                raise AssertionError("it was not raised")

        with pytest.raises(LookupError) as caught:
            work()
        assert caught.value is mine
        assert done == []

    def test_an_error_is_raised_at_the_end(self):
        mine = LookupError("mine")
        with pytest.raises(LookupError) as caught, Backlog(3) as backlog:
            backlog.put_off(lambda: fail(mine))
        assert caught.value is mine

    def test_an_error_that_is_raised_at_the_end_drops_nothing(self):
        failing, done = threading.Event(), []

        def work():
            with Backlog(9) as backlog:
                backlog.put_off(lambda: failing.wait(60) and fail(LookupError("mine")))
                backlog.put_off(lambda: backlog._worker.stop.wait(0.5))  # time enough to drop the next
                backlog.put_off(lambda: done.append(1))
                failing.set()

        with pytest.raises(LookupError, match="mine"):
            work()
        assert done == [1]

    def test_of_several_errors_the_first_is_raised(self):
        go = threading.Event()

        def work():
            with Backlog(9) as backlog:
                backlog.put_off(lambda: go.wait(60) and fail(LookupError("first")))
                backlog.put_off(lambda: fail(OSError("second")))
                go.set()

        with pytest.raises(LookupError, match="first"):
            work()

    @pytest.mark.parametrize("error", [None, OSError("of a task")])
    def test_after_an_error_of_the_block_all_is_done_and_that_error_is_raised(self, error):
        go, mine, done = threading.Event(), LookupError("mine"), []

        def work():
            with Backlog(9) as backlog:
                backlog.put_off(lambda: go.wait(60))
                backlog.put_off(lambda: error and fail(error))
                for n in range(3):
                    backlog.put_off(lambda n=n: done.append(n))
                go.set()
                raise mine

        with pytest.raises(LookupError) as caught:
            work()
        assert caught.value is mine
        assert done == [0, 1, 2]

    def test_ctrl_c_waits_for_nothing_and_drops_what_waits(self):
        go, begun, ended, done = threading.Event(), threading.Event(), threading.Event(), []
        backlog = Backlog(9)

        def hang():
            begun.set()
            go.wait(60)
            ended.set()

        def work():
            with backlog:
                backlog.put_off(hang)
                waiting.extend(backlog.put_off(lambda n=n: done.append(n)) for n in range(3))
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
    def test_the_thread_ends(self, error):
        backlog = Backlog(2)

        def work():
            with backlog:
                backlog.put_off(lambda: None)
                if error is not None:
                    raise error

        with contextlib.suppress(LookupError, KeyboardInterrupt):
            work()
        (thread,) = backlog._worker._threads
        thread.join(60)
        assert not thread.is_alive()


def fail(error):
    raise error
