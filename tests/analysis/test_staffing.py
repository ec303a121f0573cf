from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.analysis import staffing
from brightcall_pandas.analysis._staffing import erlang_a, erlang_b, erlang_c


def queue_c(load: float, agents: int, handling_s: float, threshold_s: float):
    loads = np.array([load])
    return erlang_c(loads, agents, erlang_b(loads, agents), np.array([handling_s]), threshold_s)


def queue_a(load: float, agents: int, handling_s: float, threshold_s: float, patience_s: float):
    loads = np.array([load])
    fewer = erlang_b(loads, agents - 1)
    return erlang_a(loads, agents, fewer, np.array([handling_s]), threshold_s, patience_s=patience_s)


def birth_and_death(load: float, agents: int, handling_s: float, patience_s: float) -> tuple[float, float]:
    """Return abandonment and occupancy from the balance equations of M/M/n+M, queues up to 4,000."""
    size = np.arange(1, 4000)
    leave = np.minimum(size, agents) / handling_s + np.maximum(size - agents, 0) / patience_s
    logs = np.concatenate([[0], np.cumsum(np.log(load / handling_s) - np.log(leave))])
    chance = np.exp(logs - logs.max())
    chance /= chance.sum()
    states = np.arange(len(chance))
    waiting = (np.maximum(states - agents, 0) * chance).sum()
    return waiting / patience_s / (load / handling_s), (np.minimum(states, agents) * chance).sum() / agents


class TestErlangB:
    # Published tables of Erlang B, for example ITU-D teletraffic engineering handbook.
    @pytest.mark.parametrize(
        ("load", "agents", "blocked"), [(1, 1, 0.5), (3, 5, 0.1101), (10, 10, 0.2146), (15, 20, 0.0456)]
    )
    def test_published_values(self, load, agents, blocked):
        assert erlang_b(np.array(float(load)), agents) == pytest.approx(blocked, abs=5e-5)


class TestErlangC:
    def test_the_worked_example_of_360_calls_in_half_an_hour(self):
        # Westbay's and Mitan's textbook example: 48 erlangs, 55 agents: P(wait) 23.9 %, 8.2 s, 85 % in 15 s.
        queue = queue_c(48, 55, 240, 15)
        assert queue.service_level[0] == pytest.approx(0.846, abs=5e-4)
        assert queue.answer_time_mean_s[0] == pytest.approx(8.2, abs=0.05)
        assert queue.wait_of_all_mean_s[0] == queue.answer_time_mean_s[0]
        assert queue.occupancy[0] == pytest.approx(48 / 55)
        at_once = queue_c(48, 55, 240, 0)
        assert 1 - at_once.service_level[0] == pytest.approx(0.239, abs=5e-4)

    def test_the_example_of_garnett_mandelbaum_and_reiman(self):
        # 2002, Designing a call center with impatient customers, table 1: 48 calls a minute, 50 agents.
        queue = queue_c(48, 50, 60, 20)
        assert queue.answer_time_mean_s[0] == pytest.approx(20.8, abs=0.05)
        assert queue.occupancy[0] == pytest.approx(0.96)

    def test_too_few_agents_never_answer_in_time(self):
        queue = queue_c(10, 10, 60, 20)
        assert queue.service_level[0] == 0
        assert queue.answer_time_mean_s[0] == np.inf
        assert queue.occupancy[0] == 1


class TestErlangA:
    def test_the_example_of_garnett_mandelbaum_and_reiman(self):
        # The same call center with a patience of two minutes: 3.1 % give up, 3.7 s wait, 93 % occupancy.
        queue = queue_a(48, 50, 60, 12.5, 120)
        assert queue.abandonment_rate[0] == pytest.approx(0.031, abs=5e-4)
        assert queue.wait_of_all_mean_s[0] == pytest.approx(3.7, abs=0.05)
        assert queue.occupancy[0] == pytest.approx(0.93, abs=5e-3)

    @pytest.mark.parametrize(
        ("load", "agents", "handling_s", "patience_s"),
        [
            (48, 30, 60, 60),
            (3, 3, 200, 30),
            (0.5, 1, 100, 1000),
            (100, 90, 180, 300),
            (20, 40, 60, 60),
            (50, 40, 60, 20_000),
        ],
    )
    def test_equals_the_balance_equations(self, load, agents, handling_s, patience_s):
        queue = queue_a(load, agents, handling_s, 20, patience_s)
        abandonment, occupancy = birth_and_death(load, agents, handling_s, patience_s)
        assert queue.abandonment_rate[0] == pytest.approx(abandonment, rel=1e-6, abs=1e-12)
        assert queue.occupancy[0] == pytest.approx(occupancy, rel=1e-6)

    def test_endless_patience_is_erlang_c(self):
        patient, endless = queue_a(48, 55, 240, 15, 1e7), queue_c(48, 55, 240, 15)
        assert patient.service_level[0] == pytest.approx(endless.service_level[0], abs=1e-4)
        assert patient.answer_time_mean_s[0] == pytest.approx(endless.answer_time_mean_s[0], rel=1e-3)

    def test_all_who_do_not_give_up_are_answered_in_the_end(self):
        queue = queue_a(48, 45, 60, 1e6, 60)
        assert queue.service_level[0] == pytest.approx(1 - queue.abandonment_rate[0])


@pytest.fixture
def calls() -> pd.DataFrame:
    """360 calls of four minutes in half an hour, then nothing, then one unanswered call."""
    stamps = pd.date_range("2026-03-02T09:00", periods=360, freq="5s", tz="UTC")
    busy = pd.DataFrame({"timestamp": stamps, "state": 1, "talkTime": 240.0, "type": 0})
    late = pd.DataFrame(
        {"timestamp": [pd.Timestamp("2026-03-02T10:10", tz="UTC")], "state": 0, "talkTime": 0.0, "type": 0}
    )
    return pd.concat([busy, late])


class TestStaffing:
    def test_the_textbook_example_needs_55_agents(self, calls):
        table = staffing(calls, threshold_s=15)
        assert table["offered"].tolist() == [360, 0, 1]
        assert table["load_erlangs"].tolist() == pytest.approx([48, 0, 240 / 1800])
        assert table["agents"].tolist() == [55, 0, 1]
        assert table["service_level"].iloc[0] == pytest.approx(0.846, abs=5e-4)
        assert table["answer_time_mean_s"].iloc[0] == pytest.approx(8.2, abs=0.05)
        assert table["staff"].tolist() == [55, 0, 1]

    def test_one_agent_fewer_would_miss_the_target(self, calls):
        table = staffing(calls, threshold_s=15, target=0.84)
        assert table["agents"].iloc[0] == 55
        assert staffing(calls, threshold_s=15, target=0.85)["agents"].iloc[0] == 56

    def test_impatient_callers_need_fewer_agents(self, calls):
        table = staffing(calls, threshold_s=15, patience_s=120)
        assert table["agents"].iloc[0] < 55
        assert table["service_level"].iloc[0] >= 0.8
        assert 0 < table["abandonment_rate"].iloc[0] < 0.1

    def test_options_add_agents(self, calls):
        assert staffing(calls, threshold_s=15, max_occupancy=0.8)["agents"].iloc[0] == 60
        assert staffing(calls, threshold_s=15, shrinkage=0.3)["staff"].iloc[0] == 79
        assert staffing(calls, wrap_up_s=60)["load_erlangs"].iloc[0] == 60

    def test_a_period_without_answered_calls_takes_the_usual_handling_time(self, calls):
        assert staffing(calls)["handling_time_s"].tolist() == [240, 240, 240]

    def test_the_load_of_a_day_with_a_clock_change_is_over_23_hours(self):
        stamp = pd.Timestamp("2026-03-29T12:00", tz="Europe/Berlin")
        df = pd.DataFrame({"timestamp": [stamp], "state": [1], "talkTime": [23 * 360.0], "type": 0})
        assert staffing(df, "D")["load_erlangs"].tolist() == [0.1]

    def test_other_directions_and_failed_calls_are_left_out(self, calls):
        assert len(staffing(calls, direction="outbound")) == 0
        assert len(staffing(calls.assign(state=2))) == 0

    def test_by_gives_each_group_a_queue_of_its_own_over_all_periods(self, calls):
        # Solar has 360 calls of 240 s from 9:00 to 9:30: 48 erlangs. Wind has one unanswered call at 10:10
        # and one answered at 9:10 that took 90 s, so its load is 90/1800 in both of its periods.
        solar, late = calls.iloc[:360], calls.iloc[360:]
        early = late.assign(timestamp=pd.Timestamp("2026-03-02T09:10", tz="UTC"), state=1, talkTime=90.0)
        df = pd.concat(
            [
                late.assign(projectName="Wind"),
                solar.assign(projectName="Solar"),
                early.assign(projectName="Wind"),
            ]
        )
        table = staffing(df, threshold_s=15, by="project")
        assert table.index.names == ["project", "timestamp"]
        assert table.index.get_level_values(0).tolist() == ["Solar"] * 3 + ["Wind"] * 3
        assert table["offered"].tolist() == [360, 0, 0, 1, 0, 1]
        assert table["handling_time_s"].tolist() == [240, 240, 240, 90, 90, 90]
        assert table["load_erlangs"].tolist() == pytest.approx([48, 0, 0, 0.05, 0, 0.05])
        assert table["agents"].tolist() == [55, 0, 0, 1, 0, 1]

    def test_by_of_an_empty_frame_of_no_value_and_of_an_unknown_name(self, calls):
        df = calls.assign(projectName=None)
        table = staffing(df, by="project")
        assert table.index.get_level_values("project").unique().tolist() == ["(none)"]
        empty = staffing(df.iloc[:0], by="project")
        assert len(empty) == 0
        assert empty.index.names == table.index.names
        assert empty.dtypes.equals(table.dtypes)
        with pytest.raises(KeyError, match="by='bells'"):
            staffing(df, by="bells")

    @pytest.mark.parametrize(
        "option",
        [
            {"target": 0},
            {"target": 1},
            {"shrinkage": 1},
            {"max_occupancy": 0},
            {"patience_s": 0},
            {"threshold_s": -1},
        ],
    )
    def test_options_out_of_range(self, calls, option):
        with pytest.raises(ValueError, match=next(iter(option))):
            staffing(calls, **option)

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, calls):
        empty = staffing(calls.iloc[:0])
        assert len(empty) == 0
        assert empty.dtypes.equals(staffing(calls).dtypes)
