"""Columns out of several pages, against rows picked one by one."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas.frame._joined import Choice, joined
from brightcall_pandas.frame._page import read_page

VALUES = {"label": lambda n: f"text {n}", "id": lambda n: n, "crmInfo": lambda n: {"n": [n]}}


def pages_of(lengths, odd=()):
    """Return pages with so many rows, counted through; rows in `odd` have values of another kind."""
    pages, begin = [], 0
    for length in lengths:
        rows = [
            {name: (n % 2 == 0 if n in odd else make(n)) for name, make in VALUES.items()}
            for n in range(begin, begin + length)
        ]
        pages.append(read_page(json.dumps({"calls": rows}).encode()))
        begin += length
    return pages


def plain(column):
    return column.to_pylist() if isinstance(column, pa.Array) else column


lengths = st.lists(st.integers(0, 12), max_size=6)


@given(lengths, st.data())
@settings(max_examples=300, deadline=None)
def test_the_rows_asked_for_in_their_order(sizes, data):
    total = sum(sizes)
    rows = data.draw(
        st.one_of(
            st.lists(st.integers(0, total - 1), max_size=30) if total else st.just([]),
            st.permutations(range(total)),
            st.sets(st.integers(0, max(total - 1, 0)), max_size=total).map(sorted) if total else st.just([]),
        )
    )
    choice = Choice.of(sizes, np.array(rows, dtype=np.int64))
    pages = pages_of(sizes)
    assert len(choice) == len(rows)
    assert plain(joined(pages, choice, "label")) == [f"text {n}" for n in rows]
    assert plain(joined(pages, choice, "id")) == rows
    assert plain(joined(pages, choice, "crmInfo")) == [json.dumps({"n": [n]}).replace(" ", "") for n in rows]


@pytest.mark.parametrize("rows", [[0, 1, 2, 3, 4, 5], [5, 0, 4, 1], [1, 2, 3], []])
def test_values_of_several_kinds(rows):
    pages = pages_of([3, 3], odd={4})
    column = joined(pages, Choice.of([3, 3], np.array(rows, dtype=np.int64)), "label")
    assert plain(column) == [True if n == 4 else f"text {n}" for n in rows]


def test_a_column_leaves_its_pages():
    pages = pages_of([2, 3])
    joined(pages, Choice.of([2, 3], np.arange(5)), "label")
    assert all("label" not in page.columns and "id" in page.columns for page in pages)


class TestChoice:
    def test_pages_that_overlap_are_a_stretch_each(self):
        rows = np.r_[0:492, 500:992, 1000:1500]
        assert Choice.of([500, 500, 500], rows).stretches == [(0, 0, 492), (1, 0, 492), (2, 0, 500)]

    def test_a_stretch_ends_where_its_page_ends(self):
        assert Choice.of([2, 0, 3], np.arange(1, 5)).stretches == [(0, 1, 2), (2, 0, 3)]

    def test_rows_in_disorder_are_taken_one_by_one(self):
        choice = Choice.of([9, 9], np.arange(18)[::-1])
        assert choice.stretches == [(0, 0, 9), (1, 0, 9)]
        assert choice.order.to_pylist() == list(range(18))[::-1]
