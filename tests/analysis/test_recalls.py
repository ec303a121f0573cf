from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.analysis import recalls

DAY = pd.Timestamp("2026-03-02", tz="UTC")

HOURS = st.integers(0, 30)
CALL = st.tuples(
    st.sampled_from("xyz"), HOURS, st.none() | HOURS, st.just(0), st.none(), st.sampled_from([0, 1])
)


def calls(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Return calls given as client, hour, promised hour, state, outcome type, direction."""
    df = pd.DataFrame(rows, columns=["clientNumber", "hour", "due", "state", "outcomeType", "type"])
    stamp, due = (
        DAY + pd.to_timedelta(pd.to_numeric(df.pop(name), errors="coerce"), unit="h")
        for name in ("hour", "due")
    )
    return df.assign(timestamp=stamp, recallDate=due, userId="a")


@pytest.fixture
def promises() -> pd.DataFrame:
    return calls(
        ("kept", 9, 12, 0, None, 1),
        ("kept", 12.2, None, 1, "positive", 1),
        ("early", 9, 12, 0, None, 1),
        ("early", 11.8, None, 0, None, 1),  # within the tolerance
        ("late", 9, 12, 0, None, 1),
        ("late", 10, None, 1, None, 1),  # too early to keep it
        ("late", 14, None, 1, "negative", 1),
        ("missed", 9, 12, 0, None, 1),
        ("missed", 13, None, 1, None, 0),  # an inbound call keeps no promise
        ("open", 9, 40, 0, None, 1),
        (None, 9, 12, 0, None, 1),
        ("other", 15, None, 1, None, 1),
    )


class TestRecalls:
    def test_every_number(self, promises):
        table = recalls(promises.sample(frac=1, random_state=2))
        assert table.index.tolist() == ["kept", "late", "missed", "open"]
        assert table["recalls"].tolist() == [2, 1, 1, 1]
        assert table["share"].fillna(-1).tolist() == [0.5, 0.25, 0.25, -1]
        assert table["late_mean_s"].fillna(-1).tolist() == [-1, 7200, -1, -1]
        assert table["late_median_s"].fillna(-1).tolist() == [-1, 7200, -1, -1]
        assert table["answered"].tolist() == [1, 1, 0, 0]
        assert table["answer_rate"].fillna(-1).tolist() == [0.5, 1.0, -1, -1]
        assert table["positive"].tolist() == [1, 0, 0, 0]
        assert table["positive_rate"].fillna(-1).tolist() == [0.5, 0.0, -1, -1]

    def test_options_move_the_limits(self, promises):
        assert recalls(promises, tolerance="3h")["recalls"].tolist() == [3, 0, 0, 2]
        assert recalls(promises, tolerance="1min")["recalls"].to_dict()["late"] == 2
        assert recalls(promises, direction=None)["recalls"].tolist() == [2, 2, 0, 1]
        assert recalls(promises, until=DAY + pd.Timedelta("3D"))["recalls"].tolist() == [2, 1, 2, 0]
        with pytest.raises(ValueError, match="tolerance="):
            recalls(promises, tolerance="-1s")

    def test_by_lists_every_status_in_every_group(self, promises):
        table = recalls(promises.assign(userId=["a"] * 7 + ["b"] * 5), by="agent")
        assert table["recalls"].tolist() == [2, 1, 0, 0, 0, 0, 1, 1]
        assert table["share"].fillna(-1).tolist()[:3] == pytest.approx([2 / 3, 1 / 3, 0])

    def test_what_is_missing_is_null_or_an_error(self, promises):
        table = recalls(promises.drop(columns=["state", "outcomeType"]))
        assert table[["answered", "answer_rate", "positive", "positive_rate"]].isna().all(axis=None)
        for name in ("recallDate", "clientNumber", "timestamp", "type"):
            with pytest.raises(KeyError, match=name):
                recalls(promises.drop(columns=name))

    def test_no_promises_give_an_empty_table_of_the_same_kind(self, promises):
        for empty in (recalls(promises.iloc[:0]), recalls(promises.assign(recallDate=pd.NaT))):
            assert len(empty) == 0
            assert empty.dtypes.equals(recalls(promises).dtypes)

    @given(st.lists(CALL, min_size=1, max_size=15))
    def test_equals_a_search_call_by_call(self, rows):
        df = calls(*rows)
        end, slack = df["timestamp"].max(), pd.Timedelta("15min")
        expected = dict.fromkeys(("kept", "late", "missed", "open"), 0)
        for _, promise in df[df["recallDate"].notna()].iterrows():
            later = df[(df["type"] == 1) & (df["clientNumber"] == promise["clientNumber"])]["timestamp"]
            made = later[(later > promise["timestamp"]) & (later >= promise["recallDate"] - slack)]
            if len(made):
                expected["kept" if made.min() <= promise["recallDate"] + slack else "late"] += 1
            else:
                expected["missed" if promise["recallDate"] + slack < end else "open"] += 1
        found = recalls(df)["recalls"].to_dict() or dict.fromkeys(expected, 0)
        assert found == expected
