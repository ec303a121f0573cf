from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas import load_calls, start_sandbox
from brightcall_pandas.analysis import callbacks, missed_calls

DAY = pd.Timestamp("2026-03-02", tz="UTC")
COUNTS = [
    "missed", "callers", "no_number", "observed", "called_back", "called_again", "never_called_back", "open",
]  # fmt: skip


def calls(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Return calls given as client, hour, direction and state."""
    df = pd.DataFrame(rows, columns=["clientNumber", "hour", "type", "state"])
    return df.assign(timestamp=DAY + pd.to_timedelta(df.pop("hour"), unit="h"), lineNumber="+1")


@pytest.fixture
def callers() -> pd.DataFrame:
    return calls(
        ("back", 9, 0, 0),
        ("back", 8, 1, 1),  # before the missed call: none
        ("back", 11, 1, 0),  # the callback, which nobody answers
        ("back", 12, 1, 1),
        ("again", 9, 0, 0),
        ("again", 9.5, 0, 0),  # missed a second time
        ("again", 10, 0, 1),
        ("again", 11, 1, 1),
        ("late", 9, 0, 0),
        ("late", 9 + 73, 1, 1),  # after the window of three days
        ("never", 9, 0, 0),
        ("never", 9, 0, 2),  # failed: neither missed nor answered
        (None, 9, 0, 0),
        ("open", 80, 0, 0),
        ("young", 80, 0, 0),
        ("young", 81, 1, 1),
        ("never", 10, 2, 1),  # internal
    )


class TestMissedCalls:
    def test_what_followed_each_of_them(self, callers):
        found = missed_calls(callers)
        told = dict(zip(found["clientNumber"].fillna("-"), found["callback_status"], strict=True))
        assert found.index.tolist() == [0, 4, 5, 8, 10, 12, 13, 14]
        assert told == {
            "back": "called_back",
            "again": "called_again",
            "late": "never",
            "never": "never",
            "-": "no_number",
            "open": "open",
            "young": "called_back",
        }
        assert found["called_back_after_s"].fillna(-1).tolist() == [
            2 * 3600, 2 * 3600, 1.5 * 3600, -1, -1, -1, -1, 3600,
        ]  # fmt: skip
        answered = found["callback_answered"]
        assert answered[answered.notna()].to_dict() == {0: False, 4: True, 5: True, 14: True}
        assert found["called_again_at"].dt.hour.fillna(-1).tolist() == [-1, 10, 10, -1, -1, -1, -1, -1]
        assert found["called_back_at"].dt.hour.fillna(-1).tolist()[:2] == [11, 11]
        assert found[callers.columns].equals(callers.loc[found.index])

    def test_order_and_labels_of_the_rows_stay(self, callers):
        mixed = callers.sample(frac=1, random_state=3)
        found = missed_calls(mixed)
        assert found.index.tolist() == [each for each in mixed.index if each in missed_calls(callers).index]
        pd.testing.assert_frame_equal(found.sort_index(), missed_calls(callers))

    def test_another_window(self, callers):
        told = missed_calls(callers, "1h")["callback_status"].tolist()
        assert told == ["never", *["called_again"] * 2, "never", "never", "no_number", "never", "called_back"]
        assert missed_calls(callers, "4D")["callback_status"].tolist()[3] == "called_back"
        with pytest.raises(ValueError, match="window="):
            missed_calls(callers, "-1h")

    @pytest.mark.parametrize("window", [3, "3", "3M"])
    def test_a_window_without_a_unit_is_refused(self, callers, window):
        with pytest.raises(
            (TypeError, ValueError), match=r"window.*with its unit, such as '15min', '24h' or '7D'"
        ):
            missed_calls(callers, window)

    def test_inbound_calls_alone_show_no_callbacks_and_that_is_said(self, callers):
        inbound = callers.calls.filter(types="inbound")
        for ask in (missed_calls, callbacks):
            with pytest.warns(RuntimeWarning, match="none of these calls is outbound"):
                ask(inbound)

    def test_is_a_frame_of_calls(self, callers):
        assert missed_calls(callers).calls.summary()["n_calls"].tolist() == [8]
        empty = missed_calls(callers.iloc[:0])
        assert len(empty) == 0
        assert empty.columns.tolist() == missed_calls(callers).columns.tolist()


class TestCallbacks:
    def test_every_number(self, callers):
        row = callbacks(callers.sample(frac=1, random_state=2)).loc["all"]
        assert dict(row[COUNTS]) == {
            "missed": 8,
            "callers": 6,
            "no_number": 1,
            "observed": 5,
            "called_back": 1,
            "called_again": 2,
            "never_called_back": 2,
            "open": 2,
        }
        assert row["called_back_rate"] == 0.2
        assert row["called_back_rate_low"] == pytest.approx(0.03622, abs=1e-5)
        assert row["callback_mean_s"] == row["callback_median_s"] == 7200
        assert row["callback_answered"] == 0

    def test_the_end_of_the_data_can_be_told(self, callers):
        row = callbacks(callers, until=DAY + pd.Timedelta("30D")).loc["all"]
        assert row[["observed", "called_back", "never_called_back", "open"]].tolist() == [7, 2, 3, 0]
        assert row["callback_median_s"] == 1.5 * 3600
        assert row["callback_answered"] == 1

    def test_by_groups_the_missed_calls(self, callers):
        df = callers.assign(lineNumber=["+1", "+2"] * 8 + ["+1"])
        table = callbacks(df, by="line")
        assert table["missed"].to_dict() == {"+1": 6, "+2": 2}
        assert table["called_back"].to_dict() == {"+1": 1, "+2": 0}

    def test_what_is_missing_is_an_error(self, callers):
        for name in ("clientNumber", "timestamp", "type", "state"):
            with pytest.raises(KeyError, match=name):
                callbacks(callers.drop(columns=name))

    def test_nobody_missed_gives_an_empty_table_of_the_same_kind(self, callers):
        for none in (callers.iloc[:0], callers.assign(state=1)):
            empty = callbacks(none)
            assert len(empty) == 0
            assert empty.dtypes.equals(callbacks(callers).dtypes)

    @settings(max_examples=25)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["x", "y", None]), st.integers(0, 20), st.integers(0, 2), st.integers(0, 2)
            ),
            min_size=1,
            max_size=20,
        )
    )
    @pytest.mark.filterwarnings("ignore:none of these calls is outbound:RuntimeWarning")
    def test_equals_a_search_call_by_call(self, rows):
        df = calls(*rows)
        window, end = pd.Timedelta("6h"), df["timestamp"].max()
        expected = dict.fromkeys(COUNTS, 0)
        for _, lost in df[(df["type"] == 0) & (df["state"] == 0)].iterrows():
            expected["missed"] += 1
            if lost["clientNumber"] is None or pd.isna(lost["clientNumber"]):
                expected["no_number"] += 1
                continue
            if lost["timestamp"] + window > end:
                expected["open"] += 1
                continue
            expected["observed"] += 1
            after = df[(df["clientNumber"] == lost["clientNumber"]) & (df["timestamp"] > lost["timestamp"])]
            after = after[after["timestamp"] <= lost["timestamp"] + window]
            back = after[after["type"] == 1]["timestamp"].min()
            again = after[(after["type"] == 0) & (after["state"] == 1)]["timestamp"].min()
            if pd.isna(back) and pd.isna(again):
                expected["never_called_back"] += 1
            elif pd.isna(again) or back <= again:
                expected["called_back"] += 1
            else:
                expected["called_again"] += 1
        lost = df[(df["type"] == 0) & (df["state"] == 0)]
        expected["callers"] = lost["clientNumber"].nunique()
        table = callbacks(df, "6h")
        found = table[COUNTS].loc["all"].to_dict() if len(table) else dict.fromkeys(COUNTS, 0)
        if len(table) and not expected["callers"]:
            assert pd.isna(found["callers"])
            found["callers"] = 0
        assert found == expected


class TestTruth:
    """In a world whose callers lose patience more are missed; the sandbox says how many."""

    def test_missed_are_those_that_the_sandbox_drew(self, tmp_path):
        with start_sandbox(calls=4000, days=10, seed=2, world="patience") as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            df = load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
            truth = sandbox.truth["by_direction"]["inbound"]
        row = callbacks(df).loc["all"]
        assert row["missed"] == truth["unanswered"] > 100
        assert row["no_number"] + row["observed"] + row["open"] == row["missed"]
        assert row["called_back"] + row["called_again"] + row["never_called_back"] == row["observed"] > 0
        assert len(df.calls.missed_calls()) == row["missed"]


def test_callers_are_unknown_where_no_call_has_a_number(callers):
    row = callbacks(callers.assign(clientNumber=None)).loc["all"]
    assert row["no_number"] == row["missed"] > 0
    assert pd.isna(row["callers"])
