"""Spacing of requests and growth of pauses; hardly any is waited for."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from brightcall_pandas.api._retries import LONGEST_WAIT_S, RateLimit, pause
from brightcall_pandas.api._verdict import Verdict
from brightcall_pandas.errors import ServerError

FAILED = Verdict(ServerError, "the server failed", "Try again.", transient=True)


class Recorder(threading.Event):
    """Does not wait, but remembers for how long it should have."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def wait(self, timeout=None):
        self.waits.append(timeout)
        return self.is_set()


class TestRateLimit:
    def test_none_does_not_wait(self):
        stop = Recorder()
        RateLimit(None).wait(stop)
        assert stop.waits == []

    def test_spaces_requests_evenly(self):
        limit, stop = RateLimit(0.001), Recorder()
        for _ in range(4):
            limit.wait(stop)
        assert [round(wait, -2) for wait in stop.waits] == [0, 1000, 2000, 3000]

    def test_a_quiet_time_saves_nothing_up(self):
        limit, stop = RateLimit(2), Recorder()
        limit.wait(stop)
        time.sleep(1.6)  # three turns that nobody took
        limit.wait(stop)
        limit.wait(stop)
        assert stop.waits[:2] == [0.0, 0.0]
        assert 0 < stop.waits[2] <= 0.5

    def test_all_threads_share_it(self):
        limit, stop = RateLimit(0.001), Recorder()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: limit.wait(stop), range(40)))
        assert sorted(round(wait, -2) for wait in stop.waits) == [1000 * n for n in range(40)]

    def test_a_stop_ends_the_wait(self):
        limit, stop = RateLimit(0.001), threading.Event()
        stop.set()
        limit.wait(stop)
        limit.wait(stop)  # its turn would be in 1000 s; pytest's timeout guards this


class TestPause:
    @pytest.mark.parametrize(
        ("attempt", "most"), [(1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 30.0), (50, 30.0)]
    )
    def test_doubles_up_to_a_bound(self, attempt, most):
        drawn = [pause(attempt, FAILED) for _ in range(200)]
        assert most / 2 <= min(drawn)
        assert max(drawn) <= most

    def test_of_another_length_at_first(self):
        drawn = [pause(2, FAILED, first=10) for _ in range(200)]
        assert min(drawn) >= 10
        assert max(drawn) <= 20

    def test_is_spread(self):
        drawn = [pause(3, FAILED) for _ in range(200)]
        assert len(set(drawn)) > 100
        assert max(drawn) - min(drawn) > 0.5  # of a whole 1.0

    def test_waits_as_long_as_the_server_asks_and_spreads_that_too(self):
        asked = Verdict(ServerError, "", "", transient=True, retry_after=7.0)
        drawn = [pause(1, asked) for _ in range(200)]
        assert min(drawn) >= 7.0
        assert max(drawn) <= 7.25
        assert len(set(drawn)) > 100

    def test_no_wait_asked_for_still_backs_off(self):
        asked = Verdict(ServerError, "", "", transient=True, retry_after=0.0)
        assert min(pause(2, asked) for _ in range(50)) >= 0.5

    def test_too_long_a_wait_is_refused(self):
        longest = Verdict(ServerError, "", "", transient=True, retry_after=LONGEST_WAIT_S)
        longer = Verdict(ServerError, "", "", transient=True, retry_after=LONGEST_WAIT_S + 1)
        assert pause(1, longest) >= LONGEST_WAIT_S
        assert pause(1, longer) is None
