from __future__ import annotations

import pandas as pd
import pytest

from brightcall_pandas.analysis import attempts


@pytest.fixture
def calls() -> pd.DataFrame:
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
    def test_every_number(self, calls):
        table = attempts(calls)
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

    def test_reach_if_nobody_were_given_up_is_the_product_limit(self, calls):
        # 1 - (1 - 1/4) (1 - 1/2)
        assert attempts(calls)["reach_if_continued"].tolist()[:2] == [0.25, 0.625]

    def test_every_client_is_reached_or_given_up_once(self, calls):
        table = attempts(calls)
        assert table["reached"].sum() + table["given_up"].sum() == table["dials"].iloc[0]

    def test_by_counts_attempts_within_each_group(self, calls):
        table = attempts(calls, by="project")
        assert table.index.names == ["project", "attempt"]
        assert table["dials"].to_dict() == {("A", 1): 4, ("A", 2): 1, ("B", 1): 2}
        assert table["reach"].to_dict() == {("A", 1): 0.25, ("A", 2): 0.5, ("B", 1): 0.5}

    def test_other_directions(self, calls):
        assert len(attempts(calls, direction="inbound")) == 0
        assert attempts(calls, direction=None)["dials"].tolist() == [4, 2, 1]

    def test_what_needs_a_missing_column_is_null_or_an_error(self, calls):
        assert attempts(calls.drop(columns="outcomeType"))["positive_rate"].isna().all()
        for name in ("clientNumber", "timestamp", "state", "type"):
            with pytest.raises(KeyError, match=name):
                attempts(calls.drop(columns=name))

    def test_an_empty_frame_gives_an_empty_table_of_the_same_kind(self, calls):
        for by in (None, "project"):
            full, empty = attempts(calls, by=by), attempts(calls.iloc[:0], by=by)
            assert len(empty) == 0
            assert empty.dtypes.equals(full.dtypes)
            assert empty.index.names == full.index.names
