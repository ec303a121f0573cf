from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import staffing


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
