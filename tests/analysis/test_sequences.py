from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.analysis._dimensions import split
from brightcall_pandas.analysis._sequences import last_seen, of_direction, sequences


def calls(*rows: tuple[str | None, str | None, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["clientNumber", "timestamp", "id"])


class TestSequences:
    def test_sorts_by_client_then_time_and_leaves_unknown_ones_out(self):
        df = calls(
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
        df = calls(("x", "2026-03-02T10:00Z", "1"), ("x", "2026-03-02T11:00Z", "2"))
        assert sequences(df, np.array([False, True])).rows.tolist() == [1]
        assert len(sequences(df, np.array([False, False])).rows) == 0

    def test_calls_at_the_same_instant_are_ordered_by_id_as_numbers(self):
        df = calls(
            ("x", "2026-03-02T10:00Z", "10"),
            ("x", "2026-03-02T10:00Z", "9"),
            ("x", "2026-03-02T09:00Z", "11"),
            ("y", "2026-03-02T10:00Z", "8"),
        )
        assert sequences(df, np.ones(4, dtype=bool)).rows.tolist() == [2, 1, 0, 3]

    def test_with_a_split_a_client_is_one_in_each_group(self):
        df = calls(("x", "2026-03-02T10:00Z", "1"), ("x", "2026-03-02T11:00Z", "2")).assign(
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


class TestOfDirection:
    def test_a_null_goes_nowhere(self):
        df = pd.DataFrame({"type": [0, 1, None]})
        assert of_direction(df, "outbound").tolist() == [False, True, False]
        assert of_direction(df, None).all()
        with pytest.raises(ValueError, match="direction="):
            of_direction(df, "sideways")
