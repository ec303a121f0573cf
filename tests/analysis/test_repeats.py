from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import repeat_callers


@pytest.fixture
def calls() -> pd.DataFrame:
    rows = [
        # client, day, hour, state, agent
        ("x", 2, 9, 1, "a"),
        ("x", 3, 9, 0, "b"),  # exactly 24 h later: a repetition
        ("x", 5, 9, 1, "a"),
        ("y", 2, 9, 1, "b"),
        ("y", 3, 10, 1, "b"),  # 25 h later: none
        ("z", 8, 9, 1, "a"),  # too young to be observed
        ("z", 8, 10, 1, "a"),
        (None, 2, 9, 1, "a"),
    ]
    df = pd.DataFrame(rows, columns=["clientNumber", "day", "hour", "state", "userId"])
    stamps = pd.to_datetime(
        "2026-03-0" + df.pop("day").astype(str) + "T" + df.pop("hour").astype(str) + ":00Z"
    )
    return df.assign(timestamp=stamps, type=0).sample(frac=1, random_state=3)


class TestRepeatCallers:
    def test_every_number(self, calls):
        row = repeat_callers(calls).loc["all"]
        assert row[["n_calls", "observed", "repeated"]].tolist() == [7, 5, 1]
        assert row["repeat_rate"] == 0.2
        assert row["first_contact_resolution"] == 0.8
        assert row["repeat_rate_low"] == pytest.approx(0.03622, abs=1e-5)
        assert row[["clients", "repeat_clients"]].tolist() == [2, 1]

    def test_a_longer_window_sees_more_and_observes_less(self, calls):
        row = repeat_callers(calls, "3D").loc["all"]
        assert row[["n_calls", "observed", "repeated"]].tolist() == [7, 5, 3]
        assert repeat_callers(calls, "30D").loc["all", "observed"] == 0

    def test_the_end_of_the_data_can_be_told(self, calls):
        later = pd.Timestamp("2026-04-01", tz="UTC")
        assert repeat_callers(calls, until=later).loc["all", ["observed", "repeated"]].tolist() == [7, 2]

    def test_answered_calls_only_as_first_contacts(self, calls):
        row = repeat_callers(calls, answered_only=True).loc["all"]
        assert row[["n_calls", "observed", "repeated"]].tolist() == [6, 4, 1]

    def test_by_groups_the_first_calls(self, calls):
        table = repeat_callers(calls, by="agent")
        assert table["observed"].to_dict() == {"a": 2, "b": 3}
        assert table["repeated"].to_dict() == {"a": 1, "b": 0}

    @pytest.mark.parametrize("window", ["0h", "-1D"])
    def test_a_window_that_is_none(self, calls, window):
        with pytest.raises(ValueError, match="window="):
            repeat_callers(calls, window)

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, calls):
        empty = repeat_callers(calls.iloc[:0])
        assert len(empty) == 0
        assert empty.dtypes.equals(repeat_callers(calls).dtypes)
        assert len(repeat_callers(calls, direction="outbound")) == 0
