"""From pages or columns to the typed table, and a count of what did not fit.

All end in `typed_array`, so they cannot disagree about what a value means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame._answer import STRAY_NUMBER, UNREADABLE
from brightcall_pandas.frame._columns import Clock, Misfits, nulls, typed_array
from brightcall_pandas.frame._fields import EXTRAS, FIELDS
from brightcall_pandas.frame._memory import MEMORY
from brightcall_pandas.frame._page import Page, json_texts

__all__ = ["TABLE_SCHEMA", "TypedTable", "typed_columns", "typed_table"]

TABLE_SCHEMA = pa.schema([(each.name, each.arrow_type) for each in (*FIELDS.values(), EXTRAS)])
"""The typed table: 45 fields in the article's order, then `extras`."""

_QUOTED_STRAY = re.compile(f'"{STRAY_NUMBER.pattern}"', re.IGNORECASE)
_ROW = "(row)"  # stands for the field in the report where a whole row is not an object
_STRETCHES = 4  # of consecutive rows a page; to put more together takes longer than to take rows one by one


class TypedTable(msgspec.Struct):
    """A typed table and, by field, what did not fit."""

    table: pa.Table
    misfits: dict[str, Misfits] = {}

    def report(self) -> dict[str, dict[str, Any]]:
        """Return the misfits as JSON has them: ``count`` and ``example`` by field."""
        return {name: {"count": each.count, "example": each.example} for name, each in self.misfits.items()}


def typed_table(pages: Sequence[Page], timezone: str, rows: np.ndarray | None = None) -> TypedTable:
    """Return the typed table of the rows of some pages.

    Parameters
    ----------
    pages
        The pages. Each column leaves them when it is typed, so that calls are in memory only once.
    timezone
        Zone of times without offset.
    rows
        Positions in all pages together: which rows, and in which order. None takes all, as they came.
    """
    length = sum(map(len, pages))
    selection = _Selection.of([len(page) for page in pages], np.arange(length) if rows is None else rows)
    typed = typed_columns(partial(_taken_column, pages, selection), len(selection), timezone)
    if not_objects := [text for page in pages for text in page.not_objects]:
        typed.misfits[_ROW] = Misfits(len(not_objects), not_objects[0])
    if any(page.mended for page in pages):
        _count_unreadable(typed)
    return typed


def _count_unreadable(typed: TypedTable) -> None:
    """Count texts of which a part could not be read: they are not null, but not what was said either."""
    for place, name in enumerate(typed.table.column_names):
        column = typed.table[name]
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            continue
        found = column.filter(pc.match_substring(column, UNREADABLE))
        if len(found):
            example = _QUOTED_STRAY.sub(r"\1", found[0].as_py())
            lost = typed.misfits.get(name, Misfits())
            typed.misfits[name] = lost.add(Misfits(len(found), example))
            typed.table = typed.table.set_column(
                place, typed.table.schema.field(name), _without_strays(column)
            )


def _without_strays(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return JSON texts with null for each number that JSON lacks."""
    texts = pc.replace_substring_regex(column, f"(?i){_QUOTED_STRAY.pattern}", "null")
    alone = pc.match_substring_regex(texts, f"(?i)^{STRAY_NUMBER.pattern}$")
    return pc.if_else(alone, pa.scalar(None, column.type), texts)


class _Selection(msgspec.Struct, frozen=True):
    """Which rows of some pages, and in which order.

    Parameters
    ----------
    stretches
        Consecutive rows, one stretch after the other: number of the page, first row, row after the last.
    order
        Positions in all stretches together; None where they are in order already.
    """

    stretches: list[tuple[int, int, int]]
    order: pa.Array | None = None

    @classmethod
    def of(cls, lengths: Sequence[int], rows: np.ndarray) -> _Selection:
        """Select rows by position in the concatenation of pages of these lengths."""
        starts = np.cumsum([0, *lengths])[:-1]
        pages = np.searchsorted(starts, rows, side="right") - 1
        begins = np.flatnonzero((np.diff(rows, prepend=-2) != 1) | (np.diff(pages, prepend=-1) != 0))
        if len(begins) > _STRETCHES * len(lengths):
            return cls([(n, 0, length) for n, length in enumerate(lengths)], pa.array(rows, pa.int64()))
        pages = pages[begins]
        first = rows[begins] - starts[pages]
        last = first + np.diff(begins, append=len(rows))
        return cls(list(zip(pages.tolist(), first.tolist(), last.tolist(), strict=True)))

    def __len__(self) -> int:
        if self.order is not None:
            return len(self.order)
        return sum(end - begin for _, begin, end in self.stretches)


def _taken_column(pages: Sequence[Page], selection: _Selection, name: str) -> pa.Array | list[Any]:
    """Take a column out of pages, which lose it: as one Arrow array where all are of one type."""
    columns = [page.columns.pop(name) for page in pages]
    arrays = [each for each in columns if isinstance(each, pa.Array)]
    kind = next((each.type for each in arrays if each.type != pa.null()), pa.null())
    if len(arrays) == len(columns) and all(each.type in (kind, pa.null()) for each in arrays):
        alike = [each if each.type == kind else each.cast(kind) for each in arrays]
        parts = [
            alike[page] if end - begin == len(pages[page]) else alike[page].slice(begin, end - begin)
            for page, begin, end in selection.stretches  # slicing takes longer than looking
        ]
        # Combining chunks takes up to three times as long.
        whole = pa.concat_arrays(parts or [pa.nulls(0, kind)], memory_pool=MEMORY)
        order = selection.order
        taken = whole if order is None else pc.take(whole, order, memory_pool=MEMORY)
        return json_texts(taken) if pa.types.is_large_binary(kind) else taken
    lists = [each.to_pylist() if isinstance(each, pa.Array) else each for each in columns]
    values = [value for page, begin, end in selection.stretches for value in lists[page][begin:end]]
    return values if selection.order is None else [values[n] for n in selection.order.to_pylist()]


def typed_columns(values_of: Callable[[str], Any], length: int, timezone: str) -> TypedTable:
    """Type one column after the other, so that only one of them is in memory twice."""
    clock = Clock(timezone)
    arrays, misfits = {}, {}
    for each in sorted((*FIELDS.values(), EXTRAS), key=lambda each: each.name != "uniqueId"):
        values = values_of(each.name)
        array, lost = nulls(each, length), Misfits()
        if values is not None:
            array, lost = typed_array(values, each, clock)
        if each.name == "uniqueId":
            clock = Clock(timezone, array)
        arrays[each.name] = array
        if lost.count:
            misfits[each.name] = lost
    return TypedTable(pa.table(arrays, schema=TABLE_SCHEMA), misfits)
