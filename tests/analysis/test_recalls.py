from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas import load_calls, start_sandbox
from brightcall_pandas.analysis import late_recalls, recalls

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


@pytest.fixture
def witnesses() -> pd.DataFrame:
    """Six promises for 12:00; when the API says that they were tried; what state it gives them."""
    said = {"api": 12, "both": 15, "early": 10, "late": 13, "before": 8, "agreed": None, "other": None}
    state = {"api": 2, "early": 2, "both": 2, "late": 1, "before": 0}
    df = calls(
        *((client, 9, 12, 0, None, 1) for client in ("api", "both", "early", "late", "before", "agreed")),
        ("both", 14, None, 1, None, 1),  # earlier than the API says: late by 2 h, not by 3
        ("agreed", 12, None, 1, None, 1),
        ("other", 20, None, 1, None, 1),
    )
    promise = df["recallDate"].notna()
    hours = df["clientNumber"].map(said).where(promise)
    return df.assign(
        recallFirstAttemptDate=DAY + pd.to_timedelta(hours.astype(float), unit="h"),
        recallState=df["clientNumber"].map(state).where(promise),
    )


class TestRecalls:
    def test_every_number(self, promises):
        table = recalls(promises.sample(frac=1, random_state=2))
        assert table.index.tolist() == ["kept", "late", "missed", "open"]
        assert table["recalls"].tolist() == [2, 1, 1, 1]
        assert table["share"].fillna(-1).tolist() == [0.5, 0.25, 0.25, -1]
        # Wilson's interval of two of four: (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) ÷ (1 + z²/n).
        assert table.loc["kept", ["share_low", "share_high"]].tolist() == pytest.approx(
            [0.15, 0.85], abs=1e-3
        )
        assert table.loc["open", ["share_low", "share_high"]].isna().all()
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

    def test_the_verdict_goes_by_the_earlier_of_both_witnesses(self, witnesses):
        table = recalls(witnesses)
        assert table["recalls"].tolist() == [3, 2, 1, 0]
        assert table["recalls_by_calls"].tolist() == [1, 1, 4, 0]
        assert table["recalls_by_api"].tolist() == [2, 2, 2, 0]
        assert table["late_mean_s"].fillna(-1).tolist() == [-1, 1.5 * 3600, -1, -1]  # 1 h and 2 h
        assert table["recall_states"].fillna("").tolist() == ["2: 2, none: 1", "1: 1, 2: 1", "0: 1", ""]

    def test_without_what_the_api_says_the_calls_alone_judge(self, witnesses):
        table = recalls(witnesses.drop(columns=["recallFirstAttemptDate", "recallState"]))
        assert table["recalls"].tolist() == table["recalls_by_calls"].tolist() == [1, 1, 4, 0]
        assert table[["recalls_by_api", "recall_states"]].isna().all(axis=None)

    def test_by_a_state_the_counts_of_both_witnesses_stay_with_the_promise(self, witnesses):
        table = recalls(witnesses, by="recallState").loc[2.0]
        assert table["recalls"].tolist() == [2, 1, 0, 0]
        assert table["recalls_by_calls"].tolist() == [0, 1, 2, 0]

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

    @settings(max_examples=25)
    @given(st.lists(CALL, min_size=1, max_size=15), st.data())
    def test_equals_a_search_call_by_call(self, rows, data):
        df = calls(*rows)
        said = [data.draw(st.none() | HOURS) for _ in rows]
        df["recallFirstAttemptDate"] = DAY + pd.to_timedelta(pd.Series(said, dtype=float), unit="h")
        end, slack = df["timestamp"].max(), pd.Timedelta("15min")
        expected = dict.fromkeys(("kept", "late", "missed", "open"), 0)
        for _, promise in df[df["recallDate"].notna()].iterrows():
            later = df[(df["type"] == 1) & (df["clientNumber"] == promise["clientNumber"])]["timestamp"]
            made = later[(later > promise["timestamp"]) & (later >= promise["recallDate"] - slack)]
            tries = made.tolist()
            if pd.notna(said := promise["recallFirstAttemptDate"]) and said >= promise["timestamp"]:
                tries.append(said)
            if tries:
                expected["kept" if min(tries) <= promise["recallDate"] + slack else "late"] += 1
            else:
                expected["missed" if promise["recallDate"] + slack < end else "open"] += 1
        found = recalls(df)["recalls"].to_dict() or dict.fromkeys(expected, 0)
        assert found == expected


class TestLateRecalls:
    def test_returns_the_calls_themselves_with_what_became_of_them(self, witnesses):
        mixed = witnesses.sample(frac=1, random_state=1)
        found = late_recalls(mixed)
        assert found.index.tolist() == [each for each in mixed.index if each in (1, 3, 4)]
        found = found.sort_index()
        assert found["clientNumber"].tolist() == ["both", "late", "before"]
        assert found["recall_status"].tolist() == ["late", "late", "missed"]
        assert found["status_by_calls"].tolist() == ["late", "missed", "missed"]
        assert found["status_by_api"].tolist() == ["late", "late", "missed"]
        assert found["late_s"].fillna(-1).tolist() == [7200, 3600, -1]
        assert found["called_at"].dt.hour.fillna(-1).tolist() == [14, -1, -1]
        assert found["recalled_at"].dt.hour.fillna(-1).tolist() == [14, 13, -1]
        assert str(found["recalled_at"].dtype) == str(witnesses["recallDate"].dtype)
        assert found[witnesses.columns].equals(witnesses.loc[found.index])

    def test_other_promises(self, witnesses, promises):
        assert late_recalls(witnesses, status="kept")["clientNumber"].tolist() == ["api", "early", "agreed"]
        assert late_recalls(promises, status=["open", "missed"])["clientNumber"].tolist() == [
            "missed",
            "open",
        ]
        with pytest.raises(ValueError, match="status"):
            late_recalls(promises, status="lost")

    def test_its_rows_are_those_that_the_table_counts(self, witnesses):
        for status, count in recalls(witnesses)["recalls"].items():
            assert len(late_recalls(witnesses, status=str(status))) == count

    def test_is_a_frame_of_calls(self, witnesses):
        assert late_recalls(witnesses).calls.summary()["n_calls"].tolist() == [3]
        empty = late_recalls(witnesses.iloc[:0])
        assert len(empty) == 0
        assert empty.columns.tolist() == late_recalls(witnesses).columns.tolist()


class TestTruth:
    def test_what_the_api_says_was_tried_is_not_called_missed(self, tmp_path):
        with start_sandbox(calls=5000, days=10, seed=4) as sandbox:
            client = sandbox.client(cache_dir=tmp_path)
            df = load_calls(sandbox.day_from, sandbox.day_to, client=client, progress=False)
            truth = sandbox.truth["recalls"]
        table = recalls(df)
        assert table["recalls"].sum() == truth["planned"]
        assert table.loc[["kept", "late"], "recalls_by_api"].sum() == truth["tried"] > 0
        assert table.loc[["kept", "late"], "recalls"].sum() >= truth["tried"]
        lost = df.calls.late_recalls(status="missed")
        assert lost["recallFirstAttemptDate"].isna().all()
        assert set(lost["recallState"]) == {0.0}


class TestUnknownIsNoZero:
    def test_no_state_and_no_outcome_type_is_known(self, promises):
        table = recalls(promises.assign(state=None, outcomeType=None))
        called = table.loc[["kept", "late"]]
        assert called[["answered", "answer_rate", "positive", "positive_rate"]].isna().all(axis=None)

    def test_the_api_tells_of_no_attempt_at_all(self, promises):
        silent = promises.assign(recallFirstAttemptDate=None)
        assert recalls(silent)["recalls_by_api"].isna().all()
        found = late_recalls(silent)
        assert len(found)
        assert found["status_by_api"].isna().all()
