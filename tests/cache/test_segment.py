"""One file of typed calls: what goes in comes out, or it says that it is damaged."""

from __future__ import annotations

import json
import os
import re
import resource
import stat
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from brightcall_pandas.cache._part import Part
from brightcall_pandas.cache._segment import UNDATED, Segment, StoreError, new_segment
from brightcall_pandas.frame._fields import FIELDS, SCHEMA_VERSION
from brightcall_pandas.frame._table import TABLE_SCHEMA

DAYS = [date(2026, 3, day) for day in (1, 2, 3)]
ROWS = [3, 0, 2]
FETCHED = datetime(2026, 5, 1, 12, 0, 0, 123_000, tzinfo=UTC)
WINDOWS = [{"day_from": "2026-03-01", "day_to": "2026-03-03", "rows": 5, "pages": '[["k",1,5,7]]'}]
SPANS = [[0, -1, True], [0, -1, False], [0, -1, True]]
META = {"rows": ROWS, "serials": [], "spans": SPANS, "repeats": [], "windows": WINDOWS}
STATES = ["answered", None, "failed", "unanswered", "answered"]


def table() -> pa.Table:
    """Five calls: three on the first day, two on the third."""
    hours = [
        datetime(2026, 3, day, hour, tzinfo=UTC) for day, hour in ((1, 8), (1, 9), (1, 9), (3, 0), (3, 23))
    ]
    rows = [
        {"id": f"id-{n}", "timestamp": hour, "talkTime": n * 1.5, "label": f"ünï {n}", "tags": f'["{n}"]'}
        for n, hour in enumerate(hours)
    ]
    made = pa.Table.from_pylist(rows, schema=TABLE_SCHEMA)
    for name in ("type", "state", "outcomeType"):
        words = list(FIELDS[name].choices)
        values = STATES if name == "state" else [None] * 5
        codes = pa.array([None if each is None else words.index(each) for each in values], pa.int8())
        column = pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string())).cast(
            FIELDS[name].arrow_type
        )
        made = made.set_column(made.column_names.index(name), name, column)
    return made


def part(rows: list[int] = ROWS) -> Part:
    return Part(DAYS[0], rows, table(), WINDOWS)


def write_segment(folder: Path, part: Part, fetched_at: datetime, serial: int = 7, **options: int) -> Segment:
    with new_segment(folder, part, **options) as new:
        return new.named(fetched_at, serial)


@pytest.fixture
def segment(tmp_path) -> Segment:
    return write_segment(tmp_path, part(), FETCHED)


class TestWriteSegment:
    def test_the_name_says_what_it_holds(self, segment):
        days, stamp, serial, version, footer, kind = segment.path.name.split(".")
        assert (days, stamp, serial, version, kind) == (
            "2026-03-01_2026-03-03",
            str(int(FETCHED.timestamp() * 1000)),
            "00000007",
            f"v{SCHEMA_VERSION}",
            "parquet",
        )
        assert len(footer) == 8

    def test_and_is_read_back(self, segment):
        assert Segment.from_path(segment.path) == segment
        assert segment.days == DAYS
        assert segment.fetched_at == FETCHED

    def test_only_its_owner_can_read_it(self, tmp_path):
        before = os.umask(0)
        try:
            path = write_segment(tmp_path, part(), FETCHED).path
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_labels_take_a_byte(self, segment):
        assert pq.read_schema(segment.path).field("state").type == pa.int8()

    @pytest.mark.parametrize("room", [10, 1000])
    def test_a_full_disk_leaves_nothing(self, tmp_path, room):
        before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
        try:
            with pytest.raises(OSError, match="File too large"):
                write_segment(tmp_path, part(), FETCHED)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
        assert list(tmp_path.iterdir()) == []

    def test_its_windows_stand_in_it_once(self, tmp_path):
        def size(pages):
            window = {"day_from": "2026-03-01", "day_to": "2026-03-03", "pages": "x" * pages}
            return write_segment(tmp_path, replace(part(), windows=[window]), FETCHED).path.stat().st_size

        assert size(10_000) - size(0) < 10_100

    def test_what_was_read_is_written_as_it_was(self, segment, tmp_path):
        (tmp_path / "again").mkdir()
        again = write_segment(tmp_path / "again", segment.read(DAYS), FETCHED)
        first, second = segment.read(DAYS), again.read(DAYS)
        assert second.table.equals(first.table)
        assert replace(second, table=None, segment=None) == replace(first, table=None, segment=None)


class TestFromPath:
    @pytest.mark.parametrize(
        "name",
        [
            "notes.txt",
            ".tmp-12-abcdef01",
            "2026-03-01_2026-03-03.1777636800123.00000007.v1.0123abcd.damaged",
            "2026-13-01_2026-13-03.1777636800123.00000007.v1.0123abcd.parquet",
            "2026-03-03_2026-03-01.1777636800123.00000007.v1.0123abcd.parquet",
            "2026-03-01_2026-03-03.999999999999999999.00000007.v1.0123abcd.parquet",
            "2026-03-01_2026-03-03.1777636800123.00000007.v1.xyz.parquet",
        ],
    )
    def test_other_files_are_none(self, name):
        assert Segment.from_path(Path("/folder") / name) is None

    def test_another_version(self):
        found = Segment.from_path(
            Path("/folder/2026-03-01_2026-03-03.1777636800123.00000012.v7.0123abcd.parquet")
        )
        assert (found.serial, found.schema_version, found.footer) == (12, 7, 0x0123ABCD)


class TestRead:
    @pytest.mark.parametrize(
        ("days", "rows"),
        [(DAYS, slice(0, 5)), (DAYS[:1], slice(0, 3)), (DAYS[1:2], slice(0, 0)), (DAYS[1:], slice(3, 5))],
    )
    def test_some_days(self, segment, days, rows):
        read = segment.read(days, TABLE_SCHEMA.names)
        expected = table().slice(rows.start, rows.stop - rows.start)
        assert read.table.equals(expected.combine_chunks())
        assert read.days == days
        assert read.rows == [ROWS[DAYS.index(day)] for day in days]

    def test_windows_with_other_days_too_tell_of_these_days_only(self, tmp_path):
        windows = [
            {"day_from": "2026-03-01", "day_to": "2026-03-02", "rows": 3, "expected": 3, "pages": "[]"},
            {"day_from": "2026-03-03", "day_to": "2026-03-03", "rows": 2, "expected": 2, "pages": "[]"},
        ]
        segment = write_segment(tmp_path, replace(part(), windows=windows), FETCHED)
        assert segment.read(DAYS, ["id"]).windows == windows
        assert segment.read(DAYS[2:], ["id"]).windows == windows[1:]
        left, right = segment.read(DAYS[1:], ["id"]).windows
        assert right == windows[1]
        assert left == {
            "day_from": "2026-03-02",
            "day_to": "2026-03-02",
            "rows": 0,
            "expected": None,
            "pages": "[]",
            "read": ["2026-03-01", "2026-03-02"],
        }

    def test_the_reading_of_each_day(self, tmp_path):
        assert write_segment(tmp_path, part(), FETCHED, serial=12).read(DAYS[:2]).serials == [12, 12]
        merged = write_segment(tmp_path, replace(part(), serials=[4, 12, 9]), FETCHED, serial=12)
        assert merged.read(DAYS[1:]).serials == [12, 9]

    def test_calls_that_stand_on_several_of_the_days(self, tmp_path):
        segment = write_segment(tmp_path, replace(part(), repeats=[[0, 3], [1, 2, 4]]), FETCHED)
        assert segment.read(DAYS).repeats == [[0, 3], [1, 2, 4]]
        assert segment.read(DAYS[:2]).repeats == [[1, 2]]
        assert segment.read(DAYS[2:]).repeats == []

    def test_some_columns_in_their_order(self, segment):
        assert segment.read(DAYS, ["talkTime", "state"]).table.to_pydict() == {
            "talkTime": [0.0, 1.5, 3.0, 4.5, 6.0],
            "state": STATES,
        }

    def test_days_that_span_row_groups(self, tmp_path):
        segment = write_segment(tmp_path, part([2, 1, 2]), FETCHED, rows_per_group=2)
        assert pq.read_metadata(segment.path).num_row_groups == 3
        for days, ids in ((DAYS[:1], [0, 1]), (DAYS[1:2], [2]), (DAYS[1:], [2, 3, 4]), (DAYS, range(5))):
            assert segment.read(days, ["id"]).table["id"].to_pylist() == [f"id-{n}" for n in ids]

    @pytest.mark.parametrize("rows", [[0, 2, 3], [2, 0, 3], [2, 3, 0]])
    def test_a_day_without_calls_at_the_edge_of_a_row_group(self, tmp_path, rows):
        segment = write_segment(tmp_path, part(rows), FETCHED, rows_per_group=2)
        found = [segment.read([day], ["id"]).table["id"].to_pylist() for day in DAYS]
        ids = [f"id-{n}" for n in range(5)]
        assert found == [ids[: rows[0]], ids[rows[0] : rows[0] + rows[1]], ids[rows[0] + rows[1] :]]

    def test_of_several_row_groups_only_those_asked_for_are_read(self, tmp_path):
        segment = write_segment(tmp_path, part([2, 1, 2]), FETCHED, rows_per_group=2)
        column = pq.read_metadata(segment.path).row_group(0).column(0)
        damaged = bytearray(segment.path.read_bytes())
        damaged[column.dictionary_page_offset or column.data_page_offset] ^= 0xFF
        segment.path.write_bytes(damaged)
        assert segment.read(DAYS[1:], ["id"]).table["id"].to_pylist() == ["id-2", "id-3", "id-4"]
        with pytest.raises(StoreError):
            segment.read(DAYS[:1], TABLE_SCHEMA.names)

    def test_no_calls(self, tmp_path):
        segment = write_segment(tmp_path, Part(DAYS[0], [0], TABLE_SCHEMA.empty_table(), []), FETCHED)
        assert segment.read(DAYS[:1], ["id"]).table.num_rows == 0


class TestClock:
    NOW = datetime(2026, 5, 1, 12, 0, 1, tzinfo=UTC)

    def test_the_later_reading_is_greater_whatever_its_date(self, tmp_path):
        year = timedelta(days=365)
        ranks = [
            write_segment(tmp_path, part(), at, serial).rank
            for at, serial in ((FETCHED + year, 3), (FETCHED, 4), (FETCHED - year, 5))
        ]
        assert ranks == sorted(ranks)

    def test_a_date_to_come_is_doubted(self, tmp_path):
        for at, doubtful in ((FETCHED, False), (FETCHED + timedelta(seconds=5), True), (UNDATED, True)):
            assert write_segment(tmp_path, part(), at).is_doubtful(self.NOW) == doubtful

    def test_without_its_date_it_is_doubted_for_good(self, tmp_path):
        segment = write_segment(tmp_path, part(), FETCHED + timedelta(days=365))
        segment.undated()
        (path,) = tmp_path.iterdir()
        found = Segment.from_path(path)
        assert found.is_doubtful(self.NOW + timedelta(days=9_999))
        assert (found.serial, found.days) == (segment.serial, DAYS)
        assert found.read(DAYS).table.equals(table().combine_chunks())


class TestMeta:
    def test_rows_and_windows(self, segment):
        assert segment.meta() == META


class TestLabels:
    @pytest.mark.parametrize("code", [-1, 100])
    def test_codes_of_no_label_are_refused(self, segment, code):
        stored = pq.read_table(segment.path)
        codes = pa.array([0, code, None, 0, 0], pa.int8())
        changed = stored.set_column(stored.column_names.index("state"), "state", codes)
        with pq.ParquetWriter(segment.path, changed.schema, write_page_checksum=True) as writer:
            writer.write_table(changed)
            writer.add_key_value_metadata(
                {"brightcall": json.dumps(META)}  # all else is as it should be
            )
        content = segment.path.read_bytes()
        footer = zlib.crc32(content[-8 - int.from_bytes(content[-8:-4], "little") :])
        path = segment.path.with_name(
            re.sub(r"[0-9a-f]{8}\.parquet", f"{footer:08x}.parquet", segment.path.name)
        )
        other = Segment.from_path(segment.path.rename(path))
        assert other.read(DAYS, ["id"]).table.num_rows == 5
        with pytest.raises(StoreError, match="label codes outside 0 to 2"):
            other.read(DAYS, ["state"])


class TestDamage:
    """Whatever byte is flipped, what is read is right or nothing is."""

    def outcome(self, segment):
        try:
            whole, part, meta = (
                segment.read(DAYS, TABLE_SCHEMA.names),
                segment.read(DAYS[2:], ["id"]).table,
                segment.meta(),
            )
        except StoreError:
            return "refused"
        assert whole.table.schema == TABLE_SCHEMA
        assert whole.table.equals(table().combine_chunks())
        assert (whole.rows, whole.windows) == (ROWS, WINDOWS)
        assert part["id"].to_pylist() == ["id-3", "id-4"]
        assert meta == META
        return "right"

    def test_a_flipped_byte(self, segment):
        sound = segment.path.read_bytes()
        outcomes = []
        for offset in range(0, len(sound), 37):
            damaged = bytearray(sound)
            damaged[offset] ^= 1 << (offset % 8)
            segment.path.write_bytes(damaged)
            outcomes.append(self.outcome(segment))
        assert len(outcomes) > 200
        assert outcomes.count("refused") > 100

    def test_a_flipped_byte_of_the_footer_is_always_seen(self, segment):
        sound = segment.path.read_bytes()
        begin = len(sound) - 8 - pq.read_metadata(segment.path).serialized_size
        for offset in range(begin, len(sound), 13):
            damaged = bytearray(sound)
            damaged[offset] ^= 1 << (offset % 8)
            segment.path.write_bytes(damaged)
            with pytest.raises(StoreError):
                segment.read(DAYS, ["id"])

    @pytest.mark.parametrize("length", [0, 1, 7, 8, 12, 500, -9, -1])
    def test_a_half_written_file(self, segment, length):
        segment.path.write_bytes(segment.path.read_bytes()[:length])
        assert self.outcome(segment) == "refused"

    def test_a_missing_file(self, segment):
        segment.path.unlink()
        assert self.outcome(segment) == "refused"

    def test_the_name_of_another(self, segment, tmp_path):
        other = write_segment(tmp_path, part([1, 1, 3]), FETCHED)
        other.path.replace(segment.path)
        assert self.outcome(segment) == "refused"

    def test_a_folder(self, segment):
        segment.path.unlink()
        segment.path.mkdir()
        assert self.outcome(segment) == "refused"
