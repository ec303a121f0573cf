"""What lies in a folder of calls beside them: strays, copies, and calls of other kinds."""

from __future__ import annotations

import os
import shutil

import pandas as pd
import pandas.testing as pdt
import pytest

import brightcall_pandas as bc

DAY = "day=2026-03-25"
NEEDS_PIPES = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among files")

STRAYS = [
    "Thumbs.db",
    "README.md",
    "summary.csv",
    ".DS_Store",
    "_SUCCESS",
    "_manifest.json",
    f"{DAY}/desktop.ini",
]
STRAYS += [f"{DAY}/calls.parquet.crc", f"{DAY}/.calls.parquet", f"{DAY}/_calls.parquet", "~$calls.xlsx"]

COPIES = [
    f"{DAY}/calls (Anna's conflicted copy 2026-04-01).parquet",
    f"{DAY}/calls.sync-conflict-20260401-120000-ABCDEFG.parquet",
    f"{DAY}/calls-LAPTOP.parquet",
    f"{DAY}/calls (1).PARQUET",
    f"{DAY} (1)/calls.parquet",
    "calls.parquet",
    f"backup/{DAY}/calls.parquet",
]


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


def scanned(path):
    pytest.importorskip("dask")
    return bc.scan_calls(path).compute(scheduler="synchronous").reset_index(drop=True)


class TestStrays:
    def test_that_are_not_parquet_are_nobodys_business(self, copy, calls):
        for name in STRAYS:
            (copy / name).write_text("anything but parquet")
        pdt.assert_frame_equal(bc.read_calls(copy), calls)
        pdt.assert_frame_equal(scanned(copy), calls)

    @pytest.mark.parametrize("name", ["summary.parquet", "a.parquet", f"{DAY}/outcomes.parquet"])
    def test_of_parquet_are_left_out_with_a_warning(self, copy, calls, name):
        pd.DataFrame({"outcome": ["Sold"], "n_calls": [7]}).to_parquet(copy / name)
        with pytest.warns(RuntimeWarning, match=rf"left out.*{name}") as warned:
            pdt.assert_frame_equal(bc.read_calls(copy), calls)
        assert warned[0].filename == __file__
        with pytest.warns(RuntimeWarning, match=name):
            pdt.assert_frame_equal(scanned(copy), calls)

    @pytest.mark.parametrize(
        "name", ["a.parquet", "summary.parquet", f"{DAY}/calls (1).parquet", f"{DAY} 2/calls.parquet"]
    )
    @pytest.mark.parametrize("kept", [0, 7, 500])
    def test_half_of_a_file_beside_them_is_left_out_with_a_warning(self, copy, calls, name, kept):
        """As a sync tool leaves it that was stopped, or that shows a file which is not here yet."""
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_bytes((copy / DAY / "calls.parquet").read_bytes()[:kept])
        with pytest.warns(RuntimeWarning, match="left out, since it is damaged") as warned:
            pdt.assert_frame_equal(bc.read_calls(copy), calls)
        assert str(copy / name) in str(warned[0].message)
        with pytest.warns(RuntimeWarning, match="damaged"):
            pdt.assert_frame_equal(scanned(copy), calls)

    def test_half_of_the_file_of_a_day_is_an_error(self, copy):
        path = copy / DAY / "calls.parquet"
        path.write_bytes(path.read_bytes()[:500])
        for read in (bc.read_calls, scanned):
            with pytest.raises(bc.BrightcallError, match=rf"{DAY}/calls.parquet' cannot be read"):
                read(copy)

    def test_they_stay_strangers_where_no_day_is_asked_for_that_is_there(self, copy):
        pd.DataFrame({"id": ["1"], "timestamp": ["2026-05-01T09:00Z"]}).to_parquet(copy / "mine.parquet")
        with pytest.warns(RuntimeWarning, match="mine.parquet"):
            assert len(bc.read_calls(copy, day_from="2026-05-01")) == 0

    def test_a_file_by_itself_has_no_columns_of_the_folders_above_it(self, tmp_path):
        (tmp_path / "year=2026").mkdir()
        frame = pd.DataFrame({"id": ["1"]})
        file = frame.calls.to_parquet(tmp_path / "year=2026" / "calls.parquet", partition=None)
        assert bc.read_calls(file).columns.tolist() == ["id"]


class TestNoFiles:
    """What has the name of a file of calls, and is none: its day must not be missing without a word."""

    @pytest.fixture(params=["a link to nothing", pytest.param("not a file", marks=NEEDS_PIPES)])
    def odd(self, request, copy):
        path = copy / DAY / "calls.parquet"
        path.unlink()
        if request.param == "not a file":
            os.mkfifo(path)
        else:
            path.symlink_to(copy / "nowhere")
        return path, request.param

    def test_in_the_place_of_a_day_is_an_error(self, odd, copy):
        path, what = odd
        for read in (bc.read_calls, scanned):
            for asked in (copy, path):
                with pytest.raises(bc.BrightcallError, match=rf"2026-03-25.*is {what}\. Restore it"):
                    read(asked)

    def test_an_export_writes_that_day_again(self, odd, copy, calls, sandbox, client):
        bc.export_calls(sandbox.day_from, sandbox.day_to, copy, client=client)
        pdt.assert_frame_equal(bc.read_calls(copy), calls)

    def test_beside_it_is_nobodys_business(self, copy, calls):
        (copy / DAY / "link.parquet").symlink_to(copy / "nowhere")
        pdt.assert_frame_equal(bc.read_calls(copy), calls)


class TestCopies:
    @pytest.mark.parametrize("name", COPIES)
    def test_of_a_day_are_left_out_with_a_warning(self, copy, calls, name):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(copy / DAY / "calls.parquet", copy / name)
        with pytest.warns(RuntimeWarning, match=rf"{DAY} in .* calls, read 20.*") as warned:
            pdt.assert_frame_equal(bc.read_calls(copy), calls)
        assert str(copy / name) in str(warned[0].message)
        with pytest.warns(RuntimeWarning, match=DAY):
            pdt.assert_frame_equal(scanned(copy), calls)

    def test_other_days_can_be_read_without_a_word(self, copy, calls):
        shutil.copy(copy / DAY / "calls.parquet", copy / DAY / "calls (1).parquet")
        later = calls.calls.filter(day_from="2026-03-26").reset_index(drop=True)
        pdt.assert_frame_equal(bc.read_calls(copy, day_from="2026-03-26"), later)

    def test_a_copy_with_other_calls_does_not_mix_with_the_day(self, sandbox, copy, calls, tmp_path):
        day = calls.calls.filter(day_from="2026-03-25", day_to="2026-03-25")
        fewer = day.iloc[:-3].calls.to_parquet(tmp_path / "fewer")
        shutil.copy(fewer / DAY / "calls.parquet", copy / DAY / "calls-OTHER.parquet")
        with pytest.warns(RuntimeWarning, match=f"{len(day) - 3} calls.* beside .*{len(day)} calls"):
            pdt.assert_frame_equal(bc.read_calls(copy), calls)

    def test_many_copies_are_one_warning(self, copy, calls):
        shutil.copytree(copy, copy / "backup")
        with pytest.warns(RuntimeWarning, match=r"; and 7 more\.") as warned:
            pdt.assert_frame_equal(bc.read_calls(copy), calls)
        assert len(warned) == 1

    def test_the_only_file_of_a_day_counts_whatever_it_is_called(self, copy, calls):
        (copy / DAY / "calls.parquet").rename(copy / DAY / "calls (1).parquet")
        (copy / "day=2026-03-26").rename(copy / "day=2026-03-26 (2)")
        pdt.assert_frame_equal(bc.read_calls(copy), calls)

    @pytest.mark.parametrize(
        ("early", "late", "counts"),
        [
            ("calls", "calls (1)", "early"),
            ("calls (1)", "calls", "late"),
            ("b", "a", "late"),
            ("a", "b", "late"),
        ],
    )
    def test_the_one_in_its_place_counts_or_else_the_later_reading(self, tmp_path, early, late, counts):
        frame = bc.to_frame([{"id": 1, "timestamp": "2026-03-25T09:00:00Z"}])
        for name, label, read_on in ((early, "early", "2026-04-01"), (late, "late", "2026-04-02")):
            window = {"day_from": "2026-03-25", "day_to": "2026-03-25"}
            window["fetched_at"] = f"{read_on}T09:00:00+00:00"
            frame.attrs["brightcall"] = {"windows": [window]}
            out = frame.assign(label=label).calls.to_parquet(tmp_path / label)
            (tmp_path / "both" / DAY).mkdir(parents=True, exist_ok=True)
            shutil.copy(out / DAY / "calls.parquet", tmp_path / "both" / DAY / f"{name}.parquet")
        with pytest.warns(RuntimeWarning, match="2026-04-01T09:00:00.*2026-04-02T|2026-04-02T.*2026-04-01T"):
            assert bc.read_calls(tmp_path / "both")["label"].tolist() == [counts]


class TestParts:
    """Files that were written by themselves, in the place of the file of a day."""

    def test_are_the_day(self, copy, calls):
        path = copy / DAY / "calls.parquet"
        day = bc.read_calls(path)
        day.iloc[:10].calls.to_parquet(path, partition=None)
        day.iloc[10:].calls.to_parquet(path.with_name("more.parquet"), partition=None)
        pdt.assert_frame_equal(bc.read_calls(copy), calls)

    def test_beside_the_file_of_the_day_they_are_left_out(self, copy, calls):
        day = bc.read_calls(copy / DAY / "calls.parquet")
        day.iloc[:10].calls.to_parquet(copy / DAY / "more.parquet", partition=None)
        with pytest.warns(RuntimeWarning, match=r"left out.*more\.parquet"):
            pdt.assert_frame_equal(bc.read_calls(copy), calls)

    def test_with_other_columns_they_are_left_out(self, copy, calls):
        path = copy / DAY / "calls.parquet"
        bc.read_calls(path)[["id", "timestamp"]].calls.to_parquet(path, partition=None)
        with pytest.warns(RuntimeWarning, match=r"left out.*day=2026-03-25"):
            assert len(bc.read_calls(copy)) == len(calls.calls.filter(day_to="2026-03-24")) + len(
                calls.calls.filter(day_from="2026-03-26")
            )

    def test_the_next_export_writes_the_day_again(self, copy, calls, sandbox, client):
        path = copy / DAY / "calls.parquet"
        bc.read_calls(path).iloc[:10].calls.to_parquet(path, partition=None)
        bc.export_calls(sandbox.day_from, sandbox.day_to, copy, client=client)
        pdt.assert_frame_equal(bc.read_calls(copy), calls)


class TestSets:
    def test_a_difference_in_columns_is_told_by_what_is_different(self, copy, calls):
        with pytest.raises(ValueError, match=r"holds calls with columns=\[…\], not \[…, 'mine'\]: choose"):
            calls.assign(mine=1).calls.to_parquet(copy)
        with pytest.raises(ValueError, match=r"columns=\[…, 'label'\], not \[…\]"):
            calls.drop(columns="label").calls.to_parquet(copy)

    def test_another_program_wrote_one_with_other_types(self, tmp_path):
        for day, ids in (("2026-03-25", [1]), ("2026-03-26", [[1]])):
            (tmp_path / "theirs" / f"day={day}").mkdir(parents=True)
            pd.DataFrame({"id": ids}).to_parquet(tmp_path / "theirs" / f"day={day}" / "part.parquet")
        with pytest.raises(bc.BrightcallError, match=r"day=2026-03-26/part.parquet' cannot be read"):
            bc.read_calls(tmp_path / "theirs")

    def test_of_two_kinds_cannot_be_read_together(self, copy, tmp_path, calls):
        other = calls[["id", "timestamp"]].calls.to_parquet(tmp_path / "other")
        shutil.rmtree(copy / DAY)
        shutil.copytree(other / DAY, copy / DAY)
        with pytest.raises(bc.BrightcallError, match=r"columns=.*Move one of them"):
            bc.read_calls(copy)

    def test_two_in_one_folder_are_named(self, copy, tmp_path):
        shutil.copytree(copy, tmp_path / "both" / "north")
        assert len(bc.read_calls(tmp_path / "both")) == 2_000
        shutil.copytree(copy, tmp_path / "both" / "south")
        with pytest.raises(ValueError, match=r"several sets of calls .*'north', 'south'.*read one"):
            bc.read_calls(tmp_path / "both")

    def test_folders_named_by_what_they_differ_in_are_columns(self, copy, tmp_path):
        for account in ("north", "south"):
            shutil.copytree(copy, tmp_path / "both" / f"account={account}")
        back = bc.read_calls(tmp_path / "both", columns=["talkTime", "account"])
        assert back.groupby("account").size().to_dict() == {"north": 2_000, "south": 2_000}

    def test_of_another_program_are_read_as_they_are(self, tmp_path):
        for day in ("2026-03-25", "2026-03-26"):
            (tmp_path / "theirs" / f"day={day}").mkdir(parents=True)
            stamps = pd.to_datetime([f"{day}T09:00Z"])
            frame = pd.DataFrame({"id": [day], "timestamp": stamps})
            for part in (0, 1):
                frame.to_parquet(tmp_path / "theirs" / f"day={day}" / f"part-{part}.parquet")
        assert len(bc.read_calls(tmp_path / "theirs")) == 4
        assert len(bc.read_calls(tmp_path / "theirs", day_from="2026-03-26")) == 2

    def test_a_folder_without_parquet_is_not_an_empty_one(self, tmp_path):
        (tmp_path / "notes.txt").touch()
        with pytest.raises(FileNotFoundError, match="no parquet file"):
            bc.read_calls(tmp_path)
