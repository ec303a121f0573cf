"""The segments of one query: which count, which go, which are put together."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from brightcall_pandas.cache._store import Part, Store, StoreError, pages_text
from brightcall_pandas.frame._table import TABLE_SCHEMA

MARCH = date(2026, 3, 1)
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def day(number: int) -> date:
    return MARCH + timedelta(days=number - 1)


def calls(*ids: str) -> pa.Table:
    return pa.Table.from_pylist([{"id": each} for each in ids], schema=TABLE_SCHEMA)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def write(store, first, last, *, minute=0, text="call", pages=()):
    """Write a segment with one call a day, called by its text and its day."""
    numbers = range(first, last + 1)
    table = calls(*(f"{text}-{number}" for number in numbers))
    windows = [
        {
            "day_from": str(day(first)),
            "day_to": str(day(last)),
            "pages": pages_text((key, 1, 5, 7) for key in pages),
        }
    ]
    return store.write(Part(day(first), [1] * len(numbers), table, windows), MAY + timedelta(minutes=minute))


def ids(segment):
    return segment.read(segment.days, ["id"]).table["id"].to_pylist()


class TestSegments:
    def test_the_one_fetched_last_comes_first(self, store):
        written = [write(store, 1, 2, minute=minute) for minute in (3, 9, 1)]
        assert store.segments() == [written[1], written[0], written[2]]

    def test_other_files_do_not_matter(self, store, tmp_path):
        segment = write(store, 1, 1)
        (tmp_path / "2026-99-99_2026-99-99.1777636800123.v1.0123abcd.parquet").write_text("")
        (tmp_path / "notes.txt").write_text("")
        assert store.segments() == [segment]

    def test_no_folder(self, tmp_path):
        assert Store(tmp_path / "none").segments() == []

    def test_a_file_in_place_of_the_folder(self, tmp_path):
        (tmp_path / "file").write_text("")
        assert Store(tmp_path / "file").segments() == []


class TestDrop:
    def test_twice_does_no_harm(self, store):
        segment = write(store, 1, 1)
        store.drop([segment])
        store.drop([segment])
        assert store.segments() == []


class TestSetAside:
    def test_is_not_read_again_and_said(self, store, tmp_path):
        segment = write(store, 1, 3)
        with pytest.warns(
            RuntimeWarning, match=r"from 2026-03-01 to 2026-03-03 are damaged \(why\).*set aside as"
        ):
            store.set_aside(segment, "why")
        assert store.segments() == []
        assert [each.suffix for each in tmp_path.iterdir()] == [".damaged"]

    def test_is_logged_as_well(self, store, caplog):
        segment = write(store, 1, 3)
        with pytest.warns(RuntimeWarning, match="are damaged"):
            store.set_aside(segment, "why")
        (record,) = caplog.records
        assert (record.name, record.levelname) == ("brightcall_pandas", "WARNING")
        assert "its days are read again" in record.getMessage()

    def test_another_process_did_it(self, store):
        segment = write(store, 1, 1)
        store.drop([segment])
        store.set_aside(segment, "why")  # no warning, which would be an error here

    def test_it_cannot_be_and_so_is_skipped(self, tmp_path):
        unreadable = set()
        store = Store(tmp_path, unreadable)
        segment, other = write(store, 1, 1), write(store, 2, 2)
        segment.path.with_suffix(".damaged").mkdir()  # a folder has the name that it would get
        with pytest.warns(RuntimeWarning, match=r"cannot be set aside .*Is a directory.*skipped"):
            store.set_aside(segment, "why")
        assert store.segments() == [other]
        assert Store(tmp_path, unreadable).segments() == [other]
        assert len(Store(tmp_path).segments()) == 2


class TestCompact:
    def test_neighbours_become_one(self, store):
        parts = [write(store, 3, 3, minute=1), write(store, 1, 2, minute=5), write(store, 4, 6)]
        store.compact(parts)
        (whole,) = store.segments()
        assert whole.days == [day(n) for n in range(1, 7)]
        assert ids(whole) == [f"call-{n}" for n in range(1, 7)]
        assert whole.meta()["rows"] == [1] * 6
        assert [each["day_from"] for each in whole.meta()["windows"]] == [str(day(n)) for n in (1, 3, 4)]

    def test_days_stay_as_late_as_the_latest_so_that_all_stay_final(self, store):
        store.compact([write(store, 1, 1, minute=0), write(store, 2, 2, minute=60)])
        (whole,) = store.segments()
        assert whole.fetched_at == MAY + timedelta(hours=1)

    def test_a_gap_is_kept(self, store):
        parts = [write(store, 1, 1), write(store, 2, 2), write(store, 4, 4), write(store, 5, 5)]
        store.compact(parts)
        assert sorted((each.first, each.last) for each in store.segments()) == [
            (day(1), day(2)),
            (day(4), day(5)),
        ]

    def test_a_single_one_stays(self, store):
        segment = write(store, 1, 1)
        store.compact([segment])
        assert store.segments() == [segment]

    def test_what_shares_a_day_with_a_later_reading_stays(self, store):
        old = write(store, 1, 5, minute=5, text="old")
        newer = write(store, 5, 6, minute=10, text="newer")
        third, fourth = write(store, 7, 7, minute=1), write(store, 8, 8, minute=1)
        store.compact([old, newer, third, fourth])
        by_day = {}
        for segment in store.segments():
            for number, each in zip(segment.days, ids(segment), strict=True):
                by_day.setdefault(number, each)
        assert [by_day[day(n)] for n in range(1, 9)] == [
            *("old-1", "old-2", "old-3", "old-4", "newer-5", "newer-6", "call-7", "call-8")
        ]
        assert len(store.segments()) == 3

    def test_the_same_one_given_twice(self, store):
        first, second = write(store, 1, 1), write(store, 2, 2)
        store.compact([first, second, first])
        (whole,) = store.segments()
        assert ids(whole) == ["call-1", "call-2"]

    def test_a_damaged_one_leaves_all_as_they_are(self, store):
        parts = [write(store, 1, 1), write(store, 2, 2)]
        parts[1].path.write_bytes(b"PAR1")
        with pytest.raises(StoreError):
            store.compact(parts)
        assert sorted(store.segments(), key=lambda each: each.first) == parts


class TestSweep:
    def test_what_was_fetched_again_goes_with_its_pages(self, store):
        write(store, 1, 2, minute=0, pages=["a", "b"])
        newer = write(store, 1, 3, minute=1, pages=["b", "c"])
        assert store.sweep() == {"a"}
        assert store.segments() == [newer]

    def test_covered_by_several_together(self, store):
        write(store, 1, 4, minute=0, pages=["old"])
        write(store, 1, 2, minute=1)
        write(store, 3, 4, minute=2)
        assert store.sweep() == {"old"}
        assert len(store.segments()) == 2

    def test_a_day_that_no_later_one_holds_keeps_it(self, store):
        write(store, 1, 4, minute=0)
        write(store, 1, 3, minute=1)
        assert store.sweep() == set()
        assert len(store.segments()) == 2

    def test_pages_in_use_stay_when_compacting_was_cut_short(self, store):
        write(store, 1, 1, minute=0, pages=["a"])
        write(store, 2, 2, minute=0, pages=["b"])
        write(store, 1, 2, minute=0, pages=["a", "b"])  # the whole, before its parts were dropped
        assert store.sweep() == set()

    def test_a_damaged_one_has_no_pages_to_forget(self, store):
        write(store, 1, 1, pages=["a"]).path.write_bytes(b"")
        write(store, 1, 1, minute=1)
        assert store.sweep() == set()
        assert len(store.segments()) == 1

    def test_what_killed_processes_left(self, store, tmp_path):
        old, young = tmp_path / ".tmp-1-00000000", tmp_path / ".tmp-2-00000000"
        old.write_text("")
        young.write_text("")
        hours_ago = time.time() - 5 * 3600
        os.utime(old, (hours_ago, hours_ago))
        store.sweep()
        assert list(tmp_path.glob(".tmp-*")) == [young]
