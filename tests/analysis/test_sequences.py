from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.analysis import attempts, repeat_callers, repeat_calls
from brightcall_pandas.analysis._dimensions import split
from brightcall_pandas.analysis._rates import wilson
from brightcall_pandas.analysis._sequences import last_seen, sequences


def made(*rows: tuple[str | None, str | None, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["clientNumber", "timestamp", "id"])


class TestSequences:
    def test_sorts_by_client_then_time_and_leaves_unknown_ones_out(self):
        df = made(
            ("x", "2026-03-02T10:00Z", "1"),
            ("y", "2026-03-02T09:00Z", "2"),
            ("x", "2026-03-02T08:00Z", "3"),
            (None, "2026-03-02T08:00Z", "4"),
            ("x", None, "5"),
        )
        found = sequences(df, np.ones(5, dtype=bool))
        assert found.rows.tolist() == [2, 0, 1]
        assert found.clients.tolist() == [0, 0, 1]
        assert found.is_first.tolist() == [True, False, True]
        assert found.is_last.tolist() == [False, True, True]
        assert found.since_first(np.array([1, 1, 1])).tolist() == [1, 2, 1]

    def test_only_calls_in_the_mask(self):
        df = made(("x", "2026-03-02T10:00Z", "1"), ("x", "2026-03-02T11:00Z", "2"))
        assert sequences(df, np.array([False, True])).rows.tolist() == [1]
        assert len(sequences(df, np.array([False, False])).rows) == 0

    def test_calls_at_the_same_instant_are_ordered_by_id_as_numbers(self):
        df = made(
            ("x", "2026-03-02T10:00Z", "10"),
            ("x", "2026-03-02T10:00Z", "9"),
            ("x", "2026-03-02T09:00Z", "11"),
            ("y", "2026-03-02T10:00Z", "8"),
        )
        assert sequences(df, np.ones(4, dtype=bool)).rows.tolist() == [2, 1, 0, 3]

    def test_with_a_split_a_client_is_one_in_each_group(self):
        df = made(("x", "2026-03-02T10:00Z", "1"), ("x", "2026-03-02T11:00Z", "2")).assign(
            projectName=["b", "a"]
        )
        found = sequences(df, np.ones(2, dtype=bool), split(df, "project"))
        assert found.rows.tolist() == [1, 0]
        assert found.is_first.all()


class TestLastSeen:
    def test_is_the_latest_call_unless_told(self):
        df = pd.DataFrame({"timestamp": ["1970-01-01T00:00:03Z", None, "1970-01-01T00:00:02Z"]})
        assert last_seen(df) == 3_000_000
        assert last_seen(df, pd.Timestamp("1970-01-01T00:00:09Z")) == 9_000_000
        assert last_seen(df.iloc[:0]) == 0


@pytest.fixture
def dials() -> pd.DataFrame:
    rows = [
        # client, hour, state, outcome type, project: x reached at the second dial and again at the third,
        # y at the first, z never in two dials, w never in one
        ("x", 9, 0, None, "A"),
        ("x", 10, 1, None, "B"),
        ("x", 11, 1, "positive", "A"),
        ("y", 9, 1, "positive", "A"),
        ("z", 12, 0, None, "A"),
        ("z", 9, 2, None, "B"),
        ("w", 9, 0, None, "A"),
        (None, 9, 1, None, "A"),
    ]
    df = pd.DataFrame(rows, columns=["clientNumber", "hour", "state", "outcomeType", "projectName"])
    stamps = pd.Timestamp("2026-03-02", tz="UTC") + pd.to_timedelta(df.pop("hour"), unit="h")
    return df.assign(timestamp=stamps, type=1).sample(frac=1, random_state=1)


class TestAttempts:
    def test_every_number(self, dials):
        table = attempts(dials)
        assert table.index.tolist() == [1, 2, 3]
        assert table.index.name == "attempt"
        assert table["dials"].tolist() == [4, 2, 1]
        assert table["answered"].tolist() == [1, 1, 1]
        assert table["answer_rate"].tolist() == [0.25, 0.5, 1.0]
        assert table["positive"].tolist() == [1, 0, 1]
        assert table["positive_rate"].tolist() == [0.25, 0.0, 1.0]
        assert table["unreached"].tolist() == [4, 2, 0]
        assert table["reached"].tolist() == [1, 1, 0]
        assert table["marginal_rate"].tolist()[:2] == [0.25, 0.5]
        assert pd.isna(table["marginal_rate"].iloc[2])
        assert table["reach"].tolist() == [0.25, 0.5, 0.5]
        assert table["given_up"].tolist() == [1, 1, 0]

    def test_reach_if_nobody_were_given_up_is_the_product_limit(self, dials):
        # 1 - (1 - 1/4) (1 - 1/2)
        assert attempts(dials)["reach_if_continued"].tolist()[:2] == [0.25, 0.625]

    def test_every_client_is_reached_or_given_up_once(self, dials):
        table = attempts(dials)
        assert table["reached"].sum() + table["given_up"].sum() == table["dials"].iloc[0]

    def test_by_counts_attempts_within_each_group(self, dials):
        table = attempts(dials, by="project")
        assert table.index.names == ["project", "attempt"]
        assert table["dials"].to_dict() == {("A", 1): 4, ("A", 2): 1, ("B", 1): 2}
        assert table["reach"].to_dict() == {("A", 1): 0.25, ("A", 2): 0.5, ("B", 1): 0.5}

    def test_other_directions(self, dials):
        assert len(attempts(dials, direction="inbound")) == 0
        assert attempts(dials, direction=None)["dials"].tolist() == [4, 2, 1]

    def test_what_needs_a_missing_column_is_null_or_an_error(self, dials):
        assert attempts(dials.drop(columns="outcomeType"))["positive_rate"].isna().all()
        for name in ("clientNumber", "timestamp", "state", "type"):
            with pytest.raises(KeyError, match=name):
                attempts(dials.drop(columns=name))

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, dials):
        for by in (None, "project"):
            full, empty = attempts(dials, by=by), attempts(dials.iloc[:0], by=by)
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.names == full.index.names


@pytest.fixture
def repeated_calls() -> pd.DataFrame:
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
    def test_every_number(self, repeated_calls):
        row = repeat_callers(repeated_calls).loc["all"]
        assert row[["n_calls", "observed", "repeated"]].tolist() == [7, 5, 1]
        assert row["repeat_rate"] == 0.2
        # answered: x on the 2nd (repeated) and the 5th, y twice; unanswered: x on the 3rd
        assert row["first_contact_resolution"] == 0.75
        assert row["first_contact_resolution_all"] == 0.8
        assert row["repeat_rate_low"] == pytest.approx(0.03622, abs=1e-5)
        assert row[["clients", "repeat_clients"]].tolist() == [2, 1]

    def test_a_longer_window_sees_more_and_observes_less(self, repeated_calls):
        row = repeat_callers(repeated_calls, "3D").loc["all"]
        assert row[["n_calls", "observed", "repeated"]].tolist() == [7, 5, 3]
        assert repeat_callers(repeated_calls, "30D").loc["all", "observed"] == 0

    def test_the_end_of_the_data_can_be_told(self, repeated_calls):
        later = pd.Timestamp("2026-04-01", tz="UTC")
        assert repeat_callers(repeated_calls, until=later).loc["all", ["observed", "repeated"]].tolist() == [
            7,
            2,
        ]

    def test_answered_calls_only_as_first_contacts(self, repeated_calls):
        row = repeat_callers(repeated_calls, answered_only=True).loc["all"]
        assert row[["n_calls", "observed", "repeated"]].tolist() == [6, 4, 1]

    def test_who_hung_up_had_no_contact_that_could_resolve_anything(self):
        stamps = [f"2026-03-0{day}T09:00Z" for day in (2, 2, 2, 9)]
        df = pd.DataFrame(
            {"clientNumber": list("wxyz"), "timestamp": stamps, "type": 0, "state": [1, 0, 0, 1]}
        )
        row = repeat_callers(df).loc["all"]
        assert row[["first_contact_resolution", "first_contact_resolution_all"]].tolist() == [1.0, 1.0]
        again = pd.concat([df, df.iloc[:1].assign(timestamp="2026-03-02T10:00Z")])  # w, who was answered
        row = repeat_callers(again).loc["all"]
        assert row["first_contact_resolution"] == 0.5  # of two answered calls, one is repeated
        assert row["first_contact_resolution_all"] == 0.75
        unknown = repeat_callers(df.drop(columns="state")).loc["all"]
        assert unknown.isna().to_dict()["first_contact_resolution"]
        assert unknown["first_contact_resolution_all"] == 1.0

    def test_by_groups_the_first_calls(self, repeated_calls):
        table = repeat_callers(repeated_calls, by="agent")
        assert table["observed"].to_dict() == {"a": 2, "b": 3}
        assert table["repeated"].to_dict() == {"a": 1, "b": 0}

    @pytest.mark.parametrize("window", ["0h", "-1D"])
    def test_a_window_that_is_none(self, repeated_calls, window):
        with pytest.raises(ValueError, match="window="):
            repeat_callers(repeated_calls, window)

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, repeated_calls):
        empty = repeat_callers(repeated_calls.iloc[:0])
        assert len(empty) == 0
        assert empty.dtypes.equals(repeat_callers(repeated_calls).dtypes)
        assert len(repeat_callers(repeated_calls, direction="outbound")) == 0


class TestRepeatCalls:
    def test_returns_the_later_call_of_each_pair(self, repeated_calls):
        named = repeated_calls.assign(id=[f"call {each}" for each in repeated_calls.index])
        found = repeat_calls(named)
        # x on the 3rd, exactly 24 h after; z at 10:00, whose window is not over yet
        assert set(found.index) == {1, 6}
        assert found.index.tolist() == [each for each in named.index if each in (1, 6)]
        found = found.sort_index()
        assert found["repeats_id"].tolist() == ["call 0", "call 5"]
        assert found["repeated_after_s"].tolist() == [86_400, 3600]
        assert found["repeats_at"].dt.day.tolist() == [2, 8]
        assert found[named.columns].equals(named.loc[found.index])

    def test_are_as_many_as_the_table_counts(self, repeated_calls):
        over = pd.Timestamp("2026-04-01", tz="UTC")
        for window in ("1h", "24h", "3D", "7D"):
            for answered_only in (False, True):
                row = repeat_callers(repeated_calls, window, answered_only=answered_only, until=over)
                assert (
                    len(repeat_calls(repeated_calls, window, answered_only=answered_only))
                    == row.loc["all", "repeated"]
                )

    def test_the_earlier_call_must_be_answered_where_only_contacts_count(self, repeated_calls):
        assert set(repeat_calls(repeated_calls, "3D").index) == {1, 2, 4, 6}
        assert set(repeat_calls(repeated_calls, "3D", answered_only=True).index) == {1, 4, 6}

    def test_is_a_frame_of_calls(self, repeated_calls):
        assert repeat_calls(repeated_calls).calls.summary()["n_calls"].tolist() == [2]
        empty = repeat_calls(repeated_calls.iloc[:0])
        assert len(empty) == 0
        assert empty.columns.tolist() == repeat_calls(repeated_calls).columns.tolist()
        with pytest.raises(ValueError, match="window="):
            repeat_calls(repeated_calls, "0h")


def test_reach_and_positive_rate_have_wilsons_interval():
    # Of 20 clients 5 are reached by the first dial, and 4 more by the second one.
    numbers = [f"+4930{place:07d}" for place in range(20)]
    first = pd.DataFrame({"clientNumber": numbers, "state": [1] * 5 + [0] * 15})
    second = pd.DataFrame({"clientNumber": numbers[5:], "state": [1] * 4 + [0] * 11})
    days = [first.assign(timestamp="2026-03-02T09:00Z"), second.assign(timestamp="2026-03-03T09:00Z")]
    table = attempts(pd.concat(days).assign(type=1, outcomeType="positive"))
    assert table[["reach_low", "reach_high"]].to_numpy().ravel().tolist() == pytest.approx(
        [*map(float, wilson(5, 20)), *map(float, wilson(9, 20))]
    )
    assert table["positive_rate_low"].tolist() == pytest.approx([float(wilson(n, n)[0]) for n in (20, 15)])
