from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import abandonment, service_level


@pytest.fixture
def calls() -> pd.DataFrame:
    rows = [
        # type, state, answerTime, callTime, hour
        (0, 1, 5, 65, 9),
        (0, 1, 20, 90, 9),
        (0, 1, 21, 90, 10),
        (0, 1, None, 90, 10),
        (0, 0, 0, 3, 9),
        (0, 0, 0, 19, 9),
        (0, 0, 0, 60, 10),
        (0, 0, 0, None, 10),
        (0, 2, 0, 0, 9),
        (0, None, 0, 0, 9),
        (1, 1, 5, 65, 9),
    ]
    return pd.DataFrame(rows, columns=["type", "state", "answerTime", "callTime", "shift"])


class TestServiceLevel:
    def test_all_three_denominators(self, calls):
        row = service_level(calls).loc["all"]
        counts = ["offered", "answered", "answered_in_time", "abandoned", "abandoned_short"]
        assert row[counts].tolist() == [8, 4, 2, 4, 1]
        assert row["service_level_offered"] == 2 / 8
        assert row["service_level_excl_short"] == 2 / 7
        assert row["service_level_answered"] == 2 / 4
        # Wilson, 2 of 8
        assert row["service_level_offered_low"] == pytest.approx(0.07148, abs=1e-5)

    def test_limits_can_be_moved(self, calls):
        assert service_level(calls, 21)["answered_in_time"].tolist() == [3]
        assert service_level(calls, 21)["threshold_s"].tolist() == [21.0]
        assert service_level(calls, short_abandon_s=20)["abandoned_short"].tolist() == [2]

    def test_who_gives_up_at_the_limit_is_not_short(self):
        calls = pd.DataFrame({"type": 0, "state": 0, "callTime": [4.9, 5, 5.1], "answerTime": 0})
        for table in (service_level(calls), abandonment(calls)):
            assert table["abandoned_short"].tolist() == [1]

    def test_short_abandons_are_those_of_abandonment(self, calls):
        for by in (None, "shift"):
            for options in ({}, {"short_abandon_s": 20}):
                here, there = service_level(calls, by=by, **options), abandonment(calls, by=by, **options)
                assert here["abandoned_short"].tolist() == there["abandoned_short"].tolist()

    def test_unknown_answer_times_are_not_late(self, calls):
        table = service_level(calls.assign(answerTime=[None] * len(calls)))
        levels = [name for name in table if name.startswith("service_level")]
        assert table[["answered_in_time", *levels]].isna().all(axis=None)
        assert table[["offered", "answered", "abandoned"]].loc["all"].tolist() == [8, 4, 4]
        table = service_level(
            calls.assign(answerTime=calls["answerTime"].where(calls["shift"] == 9)), by="shift"
        )
        assert table["service_level_offered"].isna().tolist() == [False, True]
        # Nobody was answered, which is known: nobody was answered in time.
        gave_up = calls[calls["state"] == 0].assign(answerTime=None)
        assert service_level(gave_up)["service_level_offered"].tolist() == [0]

    def test_impossible_times_are_unknown(self, calls):
        table = service_level(calls.assign(answerTime=-1_772_442_000))
        assert table["answered_in_time"].isna().all()
        assert table.attrs["impossible"] == {"answerTime": len(calls)}

    def test_the_table_says_which_limits_it_has(self, calls):
        assert service_level(calls, by="shift")["threshold_s"].tolist() == [20.0, 20.0]
        assert abandonment(calls)["short_abandon_s"].tolist() == [5.0]
        assert abandonment(calls, short_abandon_s=30)["short_abandon_s"].tolist() == [30.0]

    def test_of_any_direction(self, calls):
        assert service_level(calls, direction="outbound")["offered"].tolist() == [1]
        assert service_level(calls, direction=None)["offered"].tolist() == [9]
        assert len(service_level(calls, direction="internal")) == 0
        with pytest.raises(ValueError, match="inbound"):
            service_level(calls, direction="in")

    def test_by_makes_a_row_of_each_group(self, calls):
        table = service_level(calls, by="shift")
        assert table.index.tolist() == [9, 10]
        assert table["offered"].tolist() == [4, 4]
        assert table["service_level_offered"].tolist() == [0.5, 0.0]

    def test_what_needs_a_missing_column_is_null(self, calls):
        row = service_level(calls.drop(columns="callTime")).loc["all"]
        assert row[["abandoned_short", "service_level_excl_short"]].isna().all()
        assert row["service_level_offered"] == 0.25
        for name in ("state", "answerTime", "type"):
            with pytest.raises(KeyError, match=name):
                service_level(calls.drop(columns=name))

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, calls):
        empty = service_level(calls.iloc[:0])
        assert len(empty) == 0
        assert empty.dtypes.equals(service_level(calls).dtypes)


class TestAbandonment:
    def test_every_number(self, calls):
        row = abandonment(calls).loc["all"]
        assert row[["offered", "abandoned", "abandoned_short"]].tolist() == [8, 4, 1]
        assert row["abandonment_rate"] == 0.5
        assert row["abandonment_rate_excl_short"] == pytest.approx(3 / 7)
        assert row["abandonment_rate_low"] == pytest.approx(0.21522, abs=1e-5)
        assert row["wait_mean_s"] == pytest.approx(82 / 3)
        assert row["wait_median_s"] == 19

    def test_unknown_waits_are_not_long(self, calls):
        table = abandonment(calls.assign(callTime=calls["callTime"].where(calls["shift"] == 9)), by="shift")
        assert table["abandoned_short"].isna().tolist() == [False, True]
        assert table["abandonment_rate_excl_short"].isna().tolist() == [False, True]
        assert table["abandonment_rate"].notna().all()

    def test_by_makes_a_row_of_each_group(self, calls):
        table = abandonment(calls, by="shift", short_abandon_s=20)
        assert table["abandoned_short"].tolist() == [2, 0]
        assert table["wait_median_s"].tolist() == [11, 60]

    def test_what_needs_a_missing_column_is_null(self, calls):
        row = abandonment(calls.drop(columns="callTime")).loc["all"]
        assert row["abandonment_rate"] == 0.5
        assert (
            row[["abandoned_short", "abandonment_rate_excl_short", "wait_mean_s", "wait_median_s"]]
            .isna()
            .all()
        )

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, calls):
        empty = abandonment(calls.iloc[:0])
        assert len(empty) == 0
        assert empty.dtypes.equals(abandonment(calls).dtypes)
