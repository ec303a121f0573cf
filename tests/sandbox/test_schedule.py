"""Who is at work and when, and one call at a time."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.sandbox import WORLDS, World
from brightcall_pandas.sandbox._account import Staff
from brightcall_pandas.sandbox._draw import Calendar
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._schedule import Queues, at_work


class TestAtWork:
    CALENDAR = Calendar(date(2026, 3, 2), date(2026, 3, 29))

    def present(self, needed: int, people: int = 12) -> np.ndarray:
        days = len(self.CALENDAR.days)
        return at_work(np.random.default_rng(0), self.CALENDAR, Staff(people, 1), np.full(days, needed))

    @pytest.mark.parametrize("needed", [2, 3, 7, 12])
    def test_somebody_is_there_from_seven_to_midnight(self, needed: int) -> None:
        assert self.present(needed)[:, 28:].any(axis=2).all()
        assert not self.present(needed)[:, :28].any()

    def test_as_many_as_are_needed_have_a_shift_with_breaks(self) -> None:
        quarters = self.present(9).sum(axis=1)
        assert ((quarters > 0).sum(axis=1) == 9).all()
        # Eight and a half hours, of which one is breaks.
        assert set(quarters[quarters > 0].tolist()) == {30}

    def test_days_off_go_round(self) -> None:
        worked = self.present(8).any(axis=1).sum(axis=0)
        assert worked.sum() == 8 * 28
        assert worked.max() - worked.min() <= 2

    def test_a_shift_lasts_a_week(self) -> None:
        begins = self.present(12).argmax(axis=1).reshape(4, 7, 12)
        assert (begins == begins[:, :1]).all()
        assert (begins[0, 0] != begins[1, 0]).any()


class TestQueues:
    def test_a_call_begins_when_the_one_before_is_over(self) -> None:
        queues = Queues(np.array([1, 0, 1, 1]), np.array([10, 10, 20, 100]), np.full(4, 1_000))
        assert queues.begin(np.array([30, 5, 5, 5])).tolist() == [10, 10, 40, 100]

    def test_calls_at_the_end_of_the_day_come_before_their_plan(self) -> None:
        queues = Queues(np.array([0, 0, 0]), np.array([50, 90, 95]), np.full(3, 100))
        assert queues.begin(np.array([10, 20, 60])).tolist() == [50, 80, 100]

    @given(
        calls=st.lists(
            st.tuples(st.integers(0, 2), st.integers(0, 1_000), st.integers(1, 60)), min_size=1, max_size=40
        )
    )
    def test_never_two_at_once_and_never_later_than_allowed(self, calls: list[tuple[int, int, int]]) -> None:
        user, planned, busy = np.array(calls).T
        begin = Queues(user, planned, np.full(len(calls), 1_000)).begin(busy)
        assert begin.max() <= 1_000
        for each in range(3):
            order = np.argsort(begin[user == each], kind="stable")
            ends = (begin + busy)[user == each][order]
            assert (begin[user == each][order][1:] >= ends[:-1]).all()


class TestSizes:
    @pytest.mark.parametrize("calls", [0, 1, 2, 3, 17, 14_000])
    @pytest.mark.parametrize("name", ["null", "lively"])
    def test_one_day_of_any_size(self, name: str, calls: int) -> None:
        drawn = draw_calls(np.random.default_rng(0), calls, 1, world=WORLDS[name])
        assert len(drawn) == calls
        order = np.lexsort((drawn.epoch, drawn.user))
        user, begin = drawn.user[order], drawn.epoch[order]
        end = begin + (drawn.ring_s + drawn.talk_s + drawn.hold_s)[order]
        assert not ((user[1:] == user[:-1]) & (begin[1:] < end[:-1])).any()
        assert calls == 0 or drawn.epoch.max() <= drawn.calendar.ends[0]

    def test_calls_that_do_not_fit_into_the_days(self) -> None:
        endless = World("endless", [("talk_time", None, 5)])
        with pytest.raises(ValueError, match="world 'endless': calls take longer than the agents' days"):
            draw_calls(np.random.default_rng(0), 500, 2, world=endless)

    def test_large_accounts_have_more_people(self) -> None:
        people = [draw_calls(np.random.default_rng(0), calls, 1).staff.people for calls in (500, 14_000)]
        assert people == [12, 175]
        users = Staff(1_500, 125).users
        assert len({each.user_id for each in users}) == len({each.extension for each in users}) == 1_625
