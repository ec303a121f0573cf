"""Which days can have calls in common, and which calls stand on several."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from brightcall_pandas.cache._repeats import groups_of, id_spans, repeated_rows, shared_days
from brightcall_pandas.frame import TABLE_SCHEMA


def column(*ids):
    return pa.chunked_array([pa.array(ids, pa.string())])


class TestIdSpans:
    def test_of_each_day(self):
        assert id_spans(column("5", "3", "9", "7"), [3, 0, 1]) == [
            (3, 9, False),
            (0, -1, False),
            (7, 7, False),
        ]

    @pytest.mark.parametrize("odd", ["0", "", None, "call-1", "1.5", "99999999999999999999"])
    def test_ids_that_are_no_numbers_are_only_marked(self, odd):
        assert id_spans(column("5", odd, "7"), [2, 1]) == [(5, 5, True), (7, 7, False)]

    def test_no_calls(self):
        assert id_spans(column(), [0]) == [(0, -1, False)]


class TestSharedDays:
    def shared(self, *stretches):
        return [each.tolist() for each in shared_days(stretches)]

    def test_spans_that_do_not_meet(self):
        assert self.shared([(1, 5, False), (6, 9, False)], [(10, 12, False)]) == [[False, False], [False]]

    def test_the_days_that_meet(self):
        assert self.shared([(1, 5, False), (6, 9, False)], [(9, 12, False)]) == [[False, True], [True]]

    def test_ids_of_another_kind_meet_each_other_only(self):
        numbers, odd, empty = (1, 5, False), (0, -1, True), (0, -1, False)
        assert self.shared([numbers], [odd]) == [[False], [False]]
        assert self.shared([numbers, odd], [empty, odd]) == [[False, True], [False, True]]

    def test_days_of_one_stretch_are_not_compared(self):
        assert self.shared([(1, 5, False), (1, 5, False)]) == [[False, False]]


class TestGroupsOf:
    def test_numbers_on_several_days(self):
        numbers, days = np.array([4, 2, 4, 2, 9]), np.array([0, 0, 1, 0, 1])
        assert groups_of(numbers, days) == [[0, 2]]

    def test_all_copies_of_such_a_number(self):
        assert groups_of(np.array([4, 4, 4]), np.array([0, 0, 1])) == [[0, 1, 2]]

    def test_none(self):
        assert groups_of(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)) == []


def test_repeated_rows():
    rows = [{"id": each, "uniqueId": f"0.{each}"} for each in ("1", "2", "2", "3", "1")]
    assert repeated_rows(pa.Table.from_pylist(rows, TABLE_SCHEMA), [3, 2]) == [[0, 4]]
