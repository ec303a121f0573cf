"""What a folder says of its files, and what becomes of that when it is written again."""

from __future__ import annotations

import json
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from brightcall_pandas.export._manifest import (
    MANIFEST,
    Identity,
    Manifest,
    Partition,
    read_manifest,
    window_reports,
)

KIND = Identity(partition="day", timezone="UTC", columns=["id"], query={"types": [1]})
DAY = "2026-03-02"
FINAL = Partition(rows=3, days=[DAY, "2026-03-03"], complete=True, final=True)


def other(**changed):
    said = {"partition": "day", "timezone": "UTC", "columns": ["id"], "query": {"types": [1]}}
    return Identity(**said | changed)


class TestOpen:
    def test_a_new_folder_has_an_empty_one(self, tmp_path):
        made = Manifest.open(tmp_path, KIND)
        assert (made.identity, made.partitions) == (KIND, {})
        assert list(tmp_path.iterdir()) == []

    def test_one_that_was_written(self, tmp_path):
        Manifest(tmp_path, KIND).record(DAY, FINAL)
        assert Manifest.open(tmp_path, other()) == Manifest(tmp_path, KIND, {DAY: FINAL})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("partition", "month"),
            ("timezone", "Europe/Berlin"),
            ("columns", ["id", "state"]),
            ("query", None),
            ("pseudonymized", "abc"),
            ("schema_version", 1),
        ],
    )
    def test_calls_of_another_kind_are_refused(self, tmp_path, name, value):
        Manifest(tmp_path, KIND).record(DAY, FINAL)
        with pytest.raises(ValueError, match=f"holds calls with {name}=.*choose another folder"):
            Manifest.open(tmp_path, other(**{name: value}))

    def test_another_query_is_not_where_nobody_minds(self, tmp_path):
        Manifest(tmp_path, KIND).record(DAY, FINAL)
        assert Manifest.open(tmp_path, other(query=None), same_query=False).partitions == {DAY: FINAL}
        with pytest.raises(ValueError, match="timezone"):
            Manifest.open(tmp_path, other(timezone="Europe/Berlin"), same_query=False)

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"partition": "day"}'])
    def test_a_damaged_one_is_none(self, tmp_path, content):
        (tmp_path / MANIFEST).write_bytes(content)
        assert read_manifest(tmp_path) is None
        assert Manifest.open(tmp_path, KIND).partitions == {}


class TestIsFinal:
    @pytest.fixture
    def file(self, tmp_path):
        (tmp_path / "calls.parquet").touch()
        return tmp_path / "calls.parquet"

    def test_all_of_its_days_or_some(self, tmp_path, file):
        held = Manifest(tmp_path, KIND, {DAY: FINAL})
        assert held.is_final(DAY, {DAY, "2026-03-03"}, file)
        assert held.is_final(DAY, {DAY}, file)

    def test_not_with_a_further_day(self, tmp_path, file):
        assert not Manifest(tmp_path, KIND, {DAY: FINAL}).is_final(DAY, {DAY, "2026-03-04"}, file)

    def test_not_without_its_file(self, tmp_path, file):
        file.unlink()
        assert not Manifest(tmp_path, KIND, {DAY: FINAL}).is_final(DAY, {DAY}, file)

    def test_not_what_is_unknown(self, tmp_path, file):
        assert not Manifest(tmp_path, KIND, {DAY: FINAL}).is_final("2026-03-03", {"2026-03-03"}, file)

    @pytest.mark.parametrize(("complete", "final"), [(True, False), (False, True), (None, True)])
    def test_not_what_may_change_or_lacks_calls(self, tmp_path, file, complete, final):
        held = Partition(rows=3, days=[DAY], complete=complete, final=final)
        assert not Manifest(tmp_path, KIND, {DAY: held}).is_final(DAY, {DAY}, file)


class TestRecord:
    def test_keeps_what_another_run_has_written_since(self, tmp_path):
        one, two = Manifest.open(tmp_path, KIND), Manifest.open(tmp_path, KIND)
        one.record("2026-03-03", FINAL)
        two.record(DAY, Partition(rows=1))
        assert list(read_manifest(tmp_path).partitions) == [DAY, "2026-03-03"]  # in order
        one.record(DAY, Partition(rows=2))
        assert read_manifest(tmp_path).partitions == {DAY: Partition(rows=2), "2026-03-03": FINAL}

    def test_what_was_damaged_since_is_written_anew(self, tmp_path):
        made = Manifest.open(tmp_path, KIND)
        made.record(DAY, FINAL)
        (tmp_path / MANIFEST).write_text("{")
        made.record("2026-03-03", Partition(rows=1))
        assert read_manifest(tmp_path).partitions == {DAY: FINAL, "2026-03-03": Partition(rows=1)}

    def test_says_the_kind_and_can_be_read_by_people(self, tmp_path):
        windows = [{"day_from": date(2026, 3, 2), "zone": ZoneInfo("UTC")}]  # as a frame may have it
        Manifest(tmp_path, KIND).record(DAY, Partition(rows=1, windows=windows))
        text = (tmp_path / MANIFEST).read_text()
        assert text.startswith('{\n "partition": "day",\n')
        told = json.loads(text)
        assert (told["timezone"], told["columns"], told["query"]) == ("UTC", ["id"], {"types": [1]})
        assert told["partitions"][DAY]["windows"] == [{"day_from": "2026-03-02", "zone": "UTC"}]


class TestWindowReports:
    def test_misfits_are_counted_and_not_shown(self):
        window = {"day_from": DAY, "rows": 3, "pages": ["a", "b"]}
        lost = {"toNumber": {"count": 2, "example": "+4930901820"}}
        assert window_reports([window | {"misfits": lost}]) == [
            {"day_from": DAY, "rows": 3, "misfits": {"toNumber": 2}}
        ]

    @pytest.mark.parametrize("given", [{}, {"misfits": None}, {"misfits": {}}])
    def test_none(self, given):
        assert window_reports([given]) == [{"misfits": {}}]
