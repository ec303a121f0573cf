"""What came, went and changed between two readings."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from brightcall_pandas.frame import TABLE_SCHEMA
from brightcall_pandas.load import _changes

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)


def reading(*calls):
    rows = [{"uniqueId": f"0.{each['id']}", "timestamp": NINE} | each for each in calls]
    return pa.Table.from_pylist(rows, TABLE_SCHEMA)


def changes(old, new):
    return _changes.changes(_changes.diff(old, new))


class TestChanges:
    def test_new_gone_and_changed_with_their_fields(self):
        old = reading({"id": "1"}, {"id": "2", "talkTime": 5.0}, {"id": "3", "label": "a"}, {"id": "4"})
        new = reading(
            {"id": "2", "talkTime": 6.0, "label": "x"}, {"id": "3", "label": "b"}, {"id": "9"}, {"id": "1"}
        )
        assert changes(old, new) == {
            "before": 4,
            "new": 1,
            "gone": 1,
            "changed": 2,
            "fields": {"label": 2, "talkTime": 1},
        }

    def test_the_same_in_another_order(self):
        calls = [{"id": "1", "talkTime": 5.0}, {"id": "2", "talkTime": float("nan")}, {"id": "3"}]
        assert changes(reading(*calls), reading(*reversed(calls))) == {
            "before": 3,
            "new": 0,
            "gone": 0,
            "changed": 0,
            "fields": {},
        }

    def test_a_value_that_came_or_went_is_a_change(self):
        found = changes(reading({"id": "1", "label": "a"}), reading({"id": "1", "outcomeTag": "b"}))
        assert (found["changed"], found["fields"]) == (1, {"label": 1, "outcomeTag": 1})

    def test_twins_are_counted(self):
        twin = {"id": "", "uniqueId": "", "fromNumber": "5"}
        found = changes(reading(twin, twin, twin), reading(twin))
        assert (found["new"], found["gone"], found["changed"]) == (0, 2, 0)

    def test_nothing_before(self):
        found = changes(TABLE_SCHEMA.empty_table(), reading({"id": "1"}))
        assert (found["before"], found["new"], found["gone"], found["changed"]) == (0, 1, 0, 0)
