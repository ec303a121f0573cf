"""The segments of one query: which count, which go, which are put together."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from brightcall_pandas.cache._part import Part, pages_text
from brightcall_pandas.cache._segment import StoreError
from brightcall_pandas.cache._store import Store
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
            "rows": len(numbers),
            "pages": pages_text((key, 1, 5, 7) for key in pages),
        }
    ]
    return store.write(Part(day(first), [1] * len(numbers), table, windows), MAY + timedelta(minutes=minute))


def final(segment, day):
    return True


def by_day(store):
    """Return the call of each day as a load would find it, and in how many files they are."""
    latest = store.latest()
    calls = [latest[each].read([each], ["id"]).table["id"].to_pylist() for each in sorted(latest)]
    return [call for (call,) in calls]


def ids(segment):
    return segment.read(segment.days, ["id"]).table["id"].to_pylist()


class TestSegments:
    def test_the_one_written_last_comes_first_whatever_its_date(self, store):
        written = [write(store, 1, 2, minute=minute) for minute in (9, 3, 1)]
        assert store.segments() == written[::-1]
        assert [each.serial for each in written] == [1, 2, 3]

    def test_the_serial_of_a_reading_that_is_gone_is_not_missed(self, store):
        write(store, 1, 1)
        store.drop([write(store, 1, 1)])
        assert write(store, 1, 1).serial == 2

    def test_latest_of_each_day(self, store):
        old, new = write(store, 1, 3, minute=9), write(store, 2, 2, minute=1)
        assert store.latest() == {day(1): old, day(2): new, day(3): old}

    def test_other_files_do_not_matter(self, store, tmp_path):
        segment = write(store, 1, 1)
        (tmp_path / "2026-99-99_2026-99-99.1777636800123.00000001.v1.0123abcd.parquet").write_text("")
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
        assert [each.suffix for each in tmp_path.glob("2026*")] == [".damaged"]

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


class TestDoubtFuture:
    def test_only_the_date_goes(self, store):
        sound, ahead = write(store, 1, 1, minute=0), write(store, 2, 2, minute=60)
        store.doubt_future(MAY + timedelta(minutes=30))
        second, first = store.segments()
        assert (first, second.serial, second.days) == (sound, ahead.serial, ahead.days)
        assert second.is_doubtful(MAY + timedelta(days=9_999))
        assert by_day(store) == ["call-1", "call-2"]


class TestCompact:
    def merged(self, store, is_final=final, **options):
        done = store.compact(is_final, **options)
        store.sweep()
        return done

    def test_neighbours_become_one(self, store):
        write(store, 3, 3), write(store, 1, 2), write(store, 4, 6)
        assert self.merged(store)
        (whole,) = store.segments()
        assert whole.days == [day(n) for n in range(1, 7)]
        assert ids(whole) == [f"call-{n}" for n in range(1, 7)]
        assert whole.meta()["serials"] == [2, 2, 1, 3, 3, 3]
        assert [each["day_from"] for each in whole.meta()["windows"]] == [str(day(n)) for n in (1, 3, 4)]

    def test_days_stay_as_late_as_the_latest_so_that_all_stay_final(self, store):
        write(store, 1, 1, minute=0), write(store, 2, 2, minute=60)
        assert self.merged(store)
        (whole,) = store.segments()
        assert (whole.fetched_at, whole.serial) == (MAY + timedelta(hours=1), 2)

    def test_a_gap_is_kept(self, store):
        for number in (1, 2, 4, 5):
            write(store, number, number)
        assert self.merged(store)
        assert sorted((each.first, each.last) for each in store.segments()) == [
            (day(1), day(2)),
            (day(4), day(5)),
        ]

    def test_a_single_one_stays(self, store):
        segment = write(store, 1, 1)
        assert not self.merged(store)
        assert store.segments() == [segment]

    def test_readings_that_overlap_become_the_latest_of_each_day(self, store):
        for number in range(1, 9):  # three days at a time, every day
            write(store, number, number + 2, text=f"reading{number}")
        expected = [*(f"reading{n}-{n}" for n in range(1, 9)), "reading8-9", "reading8-10"]
        assert by_day(store) == expected
        assert self.merged(store)
        (whole,) = store.segments()
        assert ids(whole) == expected
        assert whole.meta()["serials"] == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]
        assert sum(each["rows"] for each in whole.meta()["windows"]) == 10

    def test_a_later_reading_still_counts_afterwards(self, store):
        write(store, 1, 2), write(store, 3, 4)
        self.merged(store)
        write(store, 2, 2, minute=-90, text="later")
        assert by_day(store) == ["call-1", "later-2", "call-3", "call-4"]

    def test_what_is_not_final_stays_with_all_of_its_file(self, store):
        first, second = write(store, 1, 1), write(store, 2, 2)
        third, fourth = write(store, 3, 3), write(store, 4, 5)
        assert self.merged(store, lambda _, each: each != day(4))
        assert {first, second, third}.isdisjoint(store.segments())
        assert fourth in store.segments()
        assert len(store.segments()) == 2

    def test_the_largest_stays_until_the_others_are_as_large(self, store):
        large = store.write(
            Part(day(1), [40_000], calls(*(f"call-{n}-{n * n}" for n in range(40_000))), []), MAY
        )
        write(store, 2, 2), write(store, 3, 3)
        assert self.merged(store)
        assert large in store.segments()
        assert len(store.segments()) == 2

    def test_at_least_so_many_pieces(self, store):
        for number in range(1, 4):
            write(store, number, number)
        assert not self.merged(store, least=4)
        assert self.merged(store, least=3)

    def test_no_more_bytes_than_allowed(self, store):
        sizes = [write(store, number, number).path.stat().st_size for number in range(1, 6)]
        assert self.merged(store, most_bytes=2.5 * max(sizes))
        assert len(store.segments()) == 4

    def test_a_damaged_one_leaves_all_as_they_are(self, store):
        parts = [write(store, number, number) for number in (1, 2, 3)]
        parts[1].path.write_bytes(b"PAR1")
        with pytest.raises(StoreError):
            store.compact(final)
        assert sorted(store.segments(), key=lambda each: each.first) == parts

    def test_what_was_read_again_meanwhile_is_left(self, store, tmp_path):
        write(store, 1, 1), write(store, 2, 2)
        other = Store(tmp_path)

        def is_final(segment, number):
            if number == day(2):  # another process, while this one is about to merge
                write(other, 2, 2, text="later")
            return True

        assert not self.merged(store, is_final)
        assert by_day(store) == ["call-1", "later-2"]


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
