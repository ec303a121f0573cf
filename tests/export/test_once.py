"""Files that were written at different times, together: each call once."""

from __future__ import annotations

import json

import pandas as pd
import pandas.testing as pdt
import pyarrow.parquet as pq
import pytest

import brightcall_pandas as bc

DAYS = ["2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31"]


def late_call(number, time, **fields):
    return {"id": number, "uniqueId": f"0.{number}", "timestamp": time, **fields}


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=60, days=4, seed=9, day_to=DAYS[-1]) as running:
        yield running


@pytest.fixture
def moved(sandbox, tmp_path):
    """A folder of four days, and a call that moved past midnight between two runs."""
    number = 990_001
    sandbox.insert([late_call(number, "2026-03-29T23:59:00+02:00", label="early", state=0)])
    client = sandbox.client(cache_dir=tmp_path / "cache")
    folder = bc.export_calls(*DAYS[:2], tmp_path / "calls", client=client)
    sandbox.update(number, timestamp="2026-03-30T00:01:00+02:00", label="late", state=1)
    bc.export_calls(DAYS[0], DAYS[-1], folder, client=client)
    yield folder
    sandbox.delete([number])


class TestCallsThatMoved:
    def test_stand_once_as_they_were_read_last(self, moved):
        frame = bc.read_calls(moved)
        assert len(frame) == 61
        assert frame.loc[frame["id"] == "990001", "label"].tolist() == ["late"]
        row = frame.calls.quality().loc[("moved", "2026-03-29")]
        assert (row["count"], row["of"]) == (1, 62)

    def test_whatever_is_read_of_them(self, moved):
        assert len(bc.read_calls(moved, columns=["talkTime"])) == 61
        assert bc.read_calls(moved, columns=["label"])["label"].isin(["early", "late"]).sum() == 1

    def test_a_filter_does_not_bring_back_what_they_were(self, moved):
        unanswered = bc.read_calls(moved, states="unanswered")
        answered = bc.read_calls(moved, states="answered")
        assert ("990001" in set(unanswered["id"]), "990001" in set(answered["id"])) == (False, True)
        whole = bc.read_calls(moved)
        expected = whole[whole["state"] == "unanswered"].reset_index(drop=True)
        pdt.assert_frame_equal(unanswered, expected)

    def test_a_day_by_itself_is_as_it_was_read(self, moved):
        assert "990001" in set(bc.read_calls(moved, day_to=DAYS[1])["id"])

    def test_on_dask_too(self, moved):
        pytest.importorskip("dask")
        lazy = bc.scan_calls(moved)
        assert lazy.npartitions == 4
        frame = lazy.compute(scheduler="synchronous")
        pdt.assert_frame_equal(frame.reset_index(drop=True), bc.read_calls(moved))

    def test_the_day_that_was_read_last_counts_also_when_it_is_the_earlier_one(self, sandbox, tmp_path):
        sandbox.insert([late_call(990_002, "2026-03-30T00:01:00+02:00", label="before")])
        client = sandbox.client(cache_dir=tmp_path / "cache")
        folder = tmp_path / "calls"
        earlier = bc.load_calls(DAYS[2], DAYS[3], client=client)
        (window,) = earlier.attrs["brightcall"]["windows"]
        window["fetched_at"] = "2026-10-01T09:00:00+00:00"
        earlier.calls.to_parquet(folder)
        sandbox.update(990_002, timestamp="2026-03-29T23:59:00+02:00", label="after")
        bc.load_calls(DAYS[1], DAYS[1], client=client).calls.to_parquet(folder)
        sandbox.delete([990_002])
        frame = bc.read_calls(folder)
        assert frame.loc[frame["id"] == "990002", "label"].tolist() == ["after"]


class TestOtherFiles:
    def test_calls_of_one_file_stay_as_they_are(self, tmp_path):
        frame = pd.DataFrame({"id": [1, 1], "timestamp": "2026-03-02T09:00:00Z"})
        file = frame.calls.to_parquet(tmp_path / "calls.parquet", partition=None)
        assert len(bc.read_calls(file)) == 2
        folder = frame.calls.to_parquet(tmp_path / "calls")
        assert len(bc.read_calls(folder)) == 2

    def test_without_ids_nothing_is_left_out(self, tmp_path):
        frame = pd.DataFrame(
            {"talkTime": [1, 1], "timestamp": ["2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z"]}
        )
        assert len(bc.read_calls(frame.calls.to_parquet(tmp_path / "calls"))) == 2

    def test_the_ids_of_two_accounts_are_of_different_calls(self, tmp_path):
        for account, days in (("north", (25, 26)), ("south", (26, 27))):
            calls = [{"id": id_, "timestamp": f"2026-03-{day}T09:00Z"} for id_, day in enumerate(days)]
            bc.to_frame(calls).calls.to_parquet(tmp_path / f"account={account}")
        frame = bc.read_calls(tmp_path)
        assert frame.groupby("account")["id"].agg(list).to_dict() == {
            "north": ["0", "1"],
            "south": ["0", "1"],
        }
        assert frame.attrs["brightcall"]["moved"] == {}

    @pytest.mark.parametrize("partition", ["day", "month"])
    def test_ids_whose_spans_meet_are_looked_at_and_kept(self, tmp_path, partition):
        days = pd.date_range("2026-03-02", periods=60, freq="D", tz="UTC")
        frame = bc.to_frame(
            pd.DataFrame({"id": range(60), "uniqueId": "", "timestamp": days}).sample(60, random_state=1)
        )
        frame["timestamp"] = days
        assert len(bc.read_calls(frame.calls.to_parquet(tmp_path / "calls", partition=partition))) == 60


class TestWhichReadingCounts:
    """A call that stands in two files; nothing but the files tells which of them was read last."""

    @pytest.fixture
    def folder(self, tmp_path):
        days = ("2026-03-01", "2026-03-31", "2026-04-01", "2026-04-30")
        ids, labels = (1, 7, 7, 2), ("", "march", "april", "")
        calls = [
            {"id": id_, "timestamp": f"{day}T09:00:00Z", "label": label}
            for id_, day, label in zip(ids, days, labels, strict=True)
        ]
        return bc.to_frame(calls).calls.to_parquet(tmp_path / "calls", partition="month")

    @staticmethod
    def label(folder):
        frame = bc.read_calls(folder)
        assert sorted(frame["id"]) == ["1", "2", "7"]
        return frame.loc[frame["id"] == "7", "label"].item()

    @staticmethod
    def was_read(folder, times):
        for path in folder.glob("month=*/calls.parquet"):
            table = pq.read_table(path, partitioning=None)
            windows = [
                {"day_from": day, "day_to": day, "fetched_at": f"{at}T09:00:00+00:00"}
                for day, at in times.items()
                if day.startswith(path.parent.name.removeprefix("month="))
            ]
            said = {"rows": len(table), "windows": windows}
            with pq.ParquetWriter(path, table.schema) as writer:
                writer.write_table(table)
                writer.add_key_value_metadata({b"brightcall.period": json.dumps(said).encode()})

    def test_the_later_day_where_nothing_is_known(self, folder):
        assert self.label(folder) == "april"

    def test_that_of_its_day_and_not_of_others_in_the_file(self, folder):
        days = ("2026-03-01", "2026-03-31", "2026-04-01", "2026-04-30")
        early, later, latest = "2026-10-01", "2026-10-05", "2026-10-09"
        self.was_read(folder, dict(zip(days, (latest, early, later, early), strict=True)))
        assert self.label(folder) == "april"
        self.was_read(folder, dict(zip(days, (early, later, early, latest), strict=True)))
        assert self.label(folder) == "march"

    def test_that_of_the_file_where_no_window_has_the_day(self, folder):
        self.was_read(folder, {"2026-03-01": "2026-10-05", "2026-04-01": "2026-10-01"})
        assert self.label(folder) == "march"

    def test_files_that_do_not_say_which_ids_they_hold_are_looked_at(self, folder):
        for file in folder.glob("*/*.parquet"):
            pq.write_table(pq.read_table(file), file, write_statistics=False)
        assert self.label(folder) == "april"

    def test_files_of_one_and_the_same_call(self, tmp_path):
        calls = [{"id": 7, "timestamp": f"2026-03-0{day}T09:00:00Z", "label": str(day)} for day in (1, 2)]
        folder = bc.to_frame(calls).calls.to_parquet(tmp_path / "calls")
        assert bc.read_calls(folder)["label"].tolist() == ["2"]
