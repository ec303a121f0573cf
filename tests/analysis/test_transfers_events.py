"""Transfers with their times, and the event log."""

import json

import pandas as pd
import pytest

from brightcall_pandas.analysis import to_event_log, transfer_events


def moves(*steps):
    """Write a ``transfers`` text from (from, to, time)."""
    return json.dumps([{"from": giver, "to": taker, "timestamp": time} for giver, taker, time in steps])


def calls(transfers, began="2026-03-02T09:00:00Z", **columns):
    frame = pd.DataFrame({"id": [str(7 + n) for n in range(len(transfers))], "transfers": transfers})
    frame["timestamp"] = pd.to_datetime(pd.Series(began, index=frame.index), utc=True).dt.as_unit("us")
    return frame.assign(**columns)


class TestTransferEvents:
    def test_one_row_each(self):
        frame = calls([moves((1, 2, None), (2, 3, None)), None, moves((4, 5, None))]).set_axis(
            ["a", "a", "b"]
        )
        table = transfer_events(frame)
        assert table.columns.tolist() == ["id", "hop", "from", "to", "time", "after_s"]
        assert table.index.tolist() == ["a", "a", "b"]
        assert table[["id", "hop", "from", "to"]].to_numpy().tolist() == [
            ["7", 1, "1", "2"],
            ["7", 2, "2", "3"],
            ["9", 1, "4", "5"],
        ]
        assert table[["time", "after_s"]].isna().all(axis=None)

    @pytest.mark.parametrize(
        "time",
        [
            "2026-03-02T09:00:30Z",
            "2026-03-02T10:00:30+01:00",
            "2026-03-02T09:00:30",
            1772442030,
            1772442030000,
        ],
    )
    def test_times_in_every_spelling(self, time):
        row = transfer_events(calls([moves((1, 2, time))])).iloc[0]
        assert row["time"] == pd.Timestamp("2026-03-02T09:00:30Z")
        assert row["after_s"] == 30

    def test_a_time_without_offset_is_in_the_timezone_of_the_frame(self):
        frame = calls([moves((1, 2, "2026-03-02T10:00:30"))])
        frame["timestamp"] = frame["timestamp"].dt.tz_convert("Europe/Berlin")
        table = transfer_events(frame)
        assert table["after_s"].tolist() == [30]
        assert str(table["time"].dtype) == "datetime64[us, Europe/Berlin]"

    def test_the_hour_that_occurs_twice_is_settled_by_the_call_id(self):
        frame = calls(
            [moves((1, 2, "2026-10-25T02:30:10"))] * 2, ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]
        )
        frame["timestamp"] = frame["timestamp"].dt.tz_convert("Europe/Berlin")
        frame["uniqueId"] = ["1792888200.1", "1792891800.2"]
        assert transfer_events(frame)["after_s"].tolist() == [10, 10]

    def test_times_of_numbers_involved(self):
        text = json.dumps([{"number": "1", "time": None}, {"number": "2", "time": "2026-03-02T09:00:05Z"}])
        frame = calls([None]).assign(numbersInvolvedJSON=[text])
        assert transfer_events(frame)["after_s"].tolist() == [5]

    def test_a_time_before_the_call_is_shown_but_not_measured(self):
        row = transfer_events(calls([moves((1, 2, "2026-03-02T08:00:00Z"))])).iloc[0]
        assert row["time"] == pd.Timestamp("2026-03-02T08:00:00Z")
        assert pd.isna(row["after_s"])

    def test_dtypes_do_not_depend_on_the_rows(self):
        full = transfer_events(calls([moves((1, 2, "2026-03-02T09:00:30Z"))]))
        for frame in (calls([None]), calls([moves((1, 2, None))]), calls([moves((1, 2, 3))]).iloc[:0]):
            assert transfer_events(frame).dtypes.to_dict() == full.dtypes.to_dict()

    def test_further_columns_may_be_missing(self):
        row = transfer_events(pd.DataFrame({"transfers": [moves((1, 2, "2026-03-02T09:00:30Z"))]})).iloc[0]
        assert (row["from"], row["to"], row["time"]) == ("1", "2", pd.Timestamp("2026-03-02T09:00:30Z"))
        assert pd.isna(row["id"])
        assert pd.isna(row["after_s"])

    def test_names_and_client(self):
        frame = calls([moves((5, 1, None), (1, 2, None))], clientNumber="5")
        assert transfer_events(frame, names={2: "Bo"})[["from", "to"]].to_numpy().tolist() == [["1", "Bo"]]


class TestToEventLog:
    def test_one_event_for_each_party(self):
        frame = calls([moves((1, 2, "2026-03-02T09:00:30Z"), (2, 3, None)), moves((4, 5, None))])
        log = to_event_log(frame)
        assert log.columns.tolist() == [
            "case:concept:name", "concept:name", "time:timestamp", "org:resource", "time_known",
        ]  # fmt: skip
        assert log["case:concept:name"].tolist() == ["7", "7", "7", "8", "8"]
        assert log["concept:name"].tolist() == log["org:resource"].tolist() == ["1", "2", "3", "4", "5"]
        assert log["time_known"].tolist() == [True, True, False, True, False]
        began = pd.Timestamp("2026-03-02T09:00:00Z")
        after = [0, 30_000_000, 30_000_001, 0, 1]
        assert log["time:timestamp"].tolist() == [began + pd.Timedelta(each, "us") for each in after]

    def test_calls_stand_by_their_beginning(self):
        frame = calls(
            [moves((1, 2, None)), moves((3, 4, None))], ["2026-03-02T10:00:00Z", "2026-03-02T09:00:00Z"]
        )
        assert to_event_log(frame)["case:concept:name"].tolist() == ["8", "8", "7", "7"]

    def test_times_rise_within_a_call_whatever_the_data_say(self):
        legs = [
            (1, 2, "2026-03-02T09:05:00Z"),
            (2, 3, None),
            (3, 4, "2026-03-02T09:01:00Z"),
            (4, 5, "2026-03-02T09:09:00Z"),
        ]
        log = to_event_log(calls([moves(*legs)]))
        assert log["concept:name"].tolist() == ["1", "2", "3", "4", "5"]
        assert log["time:timestamp"].is_monotonic_increasing
        assert log["time:timestamp"].is_unique
        assert log["time_known"].tolist() == [True, True, False, False, True]

    def test_keeps_the_timezone(self):
        frame = calls([moves((1, 2, None))])
        frame["timestamp"] = frame["timestamp"].dt.tz_convert("Asia/Dubai").dt.as_unit("ns")
        assert str(to_event_log(frame)["time:timestamp"].dtype) == "datetime64[us, Asia/Dubai]"

    def test_calls_without_id_time_or_party_have_no_events(self):
        frame = calls([moves((1, 2, None)), moves((1, 2, None)), None, moves((3, 4, None))])
        frame.loc[0, "id"] = None
        frame.loc[1, "timestamp"] = pd.NaT
        assert to_event_log(frame)["case:concept:name"].tolist() == ["10", "10"]

    def test_empty(self):
        full, empty = to_event_log(calls([moves((1, 2, None))])), to_event_log(calls([None]))
        assert empty.empty
        assert empty.dtypes.to_dict() == full.dtypes.to_dict()

    @pytest.mark.parametrize("name", ["id", "timestamp"])
    def test_a_missing_column_is_named(self, name):
        with pytest.raises(KeyError, match=name):
            to_event_log(calls([None]).drop(columns=name))
