"""Features for a model: worked out by hand, and blind to everything after a call's start."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import brightcall_pandas as bc

# x is dialled at 9:00, calls at 9:30 while the call to y of 9:20 is going on, and is dialled again at 11:00.
CALLS = pd.DataFrame(
    {
        "id": ["1", "2", "3", "4", "5"],
        "timestamp": [
            "2026-03-02T09:00:00Z",
            "2026-03-02T09:20:00Z",
            "2026-03-02T09:30:00Z",
            "2026-03-02T11:00:00Z",
            "2026-03-03T09:10:00Z",
        ],
        "clientNumber": ["x", "y", "x", "x", None],
        "lineNumber": ["L", "L", "L", "M", "L"],
        "projectName": ["Solar", "Solar", "Solar", None, "Solar"],
        "campaign": "Spring",
        "type": ["outbound", "outbound", "inbound", "outbound", "outbound"],
        "state": ["answered", "answered", "unanswered", "unanswered", "answered"],
        "outcomeType": ["positive", "negative", None, None, "positive"],
        "talkTime": [50.0, 3000.0, 0.0, 0.0, 20.0],
        "totalTime": [60.0, 3600.0, 10.0, 20.0, 30.0],
    },
    index=list("abcde"),
)


class TestModelFrame:
    def test_by_hand(self):
        table = CALLS.calls.model_frame()
        nan = np.nan
        expected = pd.DataFrame(
            {
                "hour": [9.0, 9.0, 11.0, 9.0],
                "weekday": [0.0, 0.0, 0.0, 1.0],
                "day_of_month": [2.0, 2.0, 2.0, 3.0],
                "direction": ["outbound"] * 4,
                "project": ["Solar", "Solar", None, "Solar"],
                "campaign": ["Spring"] * 4,
                "line": ["L", "L", "M", "L"],
                "attempt": [1.0, 1.0, 2.0, nan],
                "since_last_s": [nan, nan, 5400.0, nan],
                "client_calls": [0.0, 0.0, 2.0, nan],
                "client_answer_rate": [nan, nan, 0.5, nan],
                "client_positive_rate": [nan, nan, 0.5, nan],
                "client_talk_time_s": [0.0, 0.0, 50.0, nan],
                "line_calls": [0.0, 1.0, 0.0, 3.0],
                "line_answer_rate": [nan, 1.0, nan, 2 / 3],
                "line_positive_rate": [nan, 1.0, nan, 1 / 3],
                "project_calls": [0.0, 1.0, nan, 3.0],
                "project_answer_rate": [nan, 1.0, nan, 2 / 3],
                "project_positive_rate": [nan, 1.0, nan, 1 / 3],
                "line_calls_24h": [0.0, 1.0, 0.0, 2.0],
                "answered": [1.0, 1.0, 0.0, 1.0],
            },
            index=["a", "b", "d", "e"],
        )
        pdt.assert_frame_equal(table, expected.astype({"project": "str"}), check_column_type=False)

    def test_a_call_that_is_going_on_has_no_outcome_yet(self):
        table = CALLS.calls.model_frame(direction=None)
        assert table.loc["c", "line_calls"] == 1.0  # the call of 9:20 began on this line, and is not over
        assert table.loc["c", "line_calls_24h"] == 2.0

    def test_rows_come_in_order_of_time_whatever_the_frames_order(self):
        table = CALLS.iloc[::-1].calls.model_frame()
        pdt.assert_frame_equal(table, CALLS.calls.model_frame())

    def test_targets(self):
        assert CALLS.calls.model_frame("positive")["positive"].tolist() == [1.0, 0.0, 0.0, 1.0]
        talk = CALLS.calls.model_frame("talk_time_s")["talk_time_s"]
        assert talk.fillna(-1).tolist() == [50.0, 3000.0, -1.0, 20.0]

    def test_the_target_is_the_last_column_and_nothing_else_tells_it(self):
        names = set(CALLS.calls.model_frame().columns[:-1])
        assert CALLS.calls.model_frame().columns[-1] == "answered"
        assert not names & {"state", "talkTime", "totalTime", "answerTime", "outcomeTag", "userId", "tags"}

    def test_empty(self):
        table = CALLS.iloc[:0].calls.model_frame()
        assert len(table) == 0
        assert table.columns.tolist() == CALLS.calls.model_frame().columns.tolist()

    def test_other_words_are_refused(self):
        with pytest.raises(ValueError, match="target='sold'"):
            CALLS.calls.model_frame("sold")
        with pytest.raises(ValueError, match="direction"):
            CALLS.calls.model_frame(direction="up")

    def test_needs_its_columns(self):
        with pytest.raises(KeyError, match="totalTime"):
            CALLS.drop(columns="totalTime").calls.model_frame()

    def test_from_the_sandbox(self, tmp_path):
        with bc.start_sandbox(calls=2_000, days=5, seed=3) as sandbox:
            calls = bc.load_calls(sandbox.day_from, sandbox.day_to, client=sandbox.client(cache_dir=tmp_path))
            planted = sandbox.truth["attempts"]["by_attempt"]
        table = calls.calls.model_frame()
        assert len(table) == sandbox.truth["by_direction"]["outbound"]["calls"]
        dials = table["attempt"].value_counts()
        assert {str(int(n)): int(count) for n, count in dials.items()} == {
            str(n): each["calls"] for n, each in planted.items()
        }


STAMPS = st.integers(0, 6).map(lambda n: pd.Timestamp("2026-03-02T09:00Z") + pd.Timedelta(minutes=10 * n))
LENGTHS = st.sampled_from([0.0, 30.0, 600.0, 1500.0, 90_000.0, np.nan])
ROWS = st.fixed_dictionaries(
    {
        "timestamp": STAMPS,
        "clientNumber": st.sampled_from(["x", "y", None]),
        "lineNumber": st.sampled_from(["L", "M"]),
        "projectName": st.sampled_from(["Solar", "Wind"]),
        "campaign": st.just("Spring"),
        "type": st.sampled_from(["outbound", "inbound"]),
        "state": st.sampled_from(["answered", "unanswered", "failed"]),
        "outcomeType": st.sampled_from(["positive", "negative", None]),
        "talkTime": st.sampled_from([0.0, 20.0, 500.0]),
        "totalTime": LENGTHS,
    }
)


class TestLeakage:
    @settings(max_examples=20)
    @given(st.lists(ROWS, min_size=2, max_size=7), st.lists(ROWS, min_size=7, max_size=7), st.data())
    def test_nothing_after_a_calls_start_changes_its_features(self, rows, others, data):
        before = pd.DataFrame(rows)
        row = data.draw(st.integers(0, len(rows) - 1))
        start = before.loc[row, "timestamp"]
        after = before.copy()
        for n, other in enumerate(others[: len(rows)]):
            began = before.loc[n, "timestamp"]
            over = began + pd.Timedelta(seconds=before["totalTime"].fillna(1e6)[n])
            if began >= start and n != row:
                # What begins later, or at the same instant, may be anything that begins then.
                later = start + pd.Timedelta(minutes=10 * n)
                after.loc[n] = pd.Series(other | {"timestamp": later})
            elif n == row or over >= start:
                # What goes on at the start, and the call itself: all that is known only when it is over.
                for name in ("state", "outcomeType", "talkTime"):
                    after.loc[n, name] = other[name]
                still = max((start - began).total_seconds(), 0.0) + n
                after.loc[n, "totalTime"] = still
        ours = before.calls.model_frame(direction=None).drop(columns="answered")
        theirs = after.calls.model_frame(direction=None).drop(columns="answered")
        pdt.assert_series_equal(ours.loc[row], theirs.loc[row])

    def test_what_came_before_does_change_them(self):
        """So the test above can fail: a feature that sees nothing would pass it, too."""
        changed = CALLS.copy()
        changed.loc["a", "state"] = "unanswered"
        ours, theirs = CALLS.calls.model_frame(), changed.calls.model_frame()
        assert ours.loc["d", "client_answer_rate"] == 0.5
        assert theirs.loc["d", "client_answer_rate"] == 0.0
