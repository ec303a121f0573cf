"""Columns out of several pages: which rows of them, in which order, and how they are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from brightcall_pandas.frame._page import Page, documents

__all__ = ["Choice", "joined"]

_STRETCHES = 4  # of consecutive rows a page; more take longer to be put together than rows taken one by one


@dataclass(frozen=True)
class Choice:
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
    def of(cls, lengths: Sequence[int], rows: np.ndarray) -> Choice:
        """Choose rows by position in the concatenation of pages of these lengths."""
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


def joined(pages: Sequence[Page], choice: Choice, name: str) -> pa.Array | list[Any]:
    """Take a column out of pages, which lose it: as one Arrow array where all are of one type."""
    columns = [page.columns.pop(name) for page in pages]
    parts = [_part(columns[page], begin, end) for page, begin, end in choice.stretches]
    arrays = [each for each in parts if isinstance(each, pa.Array)]
    kind = next((each.type for each in arrays if each.type != pa.null()), pa.null())
    alike = [
        each if each.type == kind else each.cast(kind) for each in arrays if each.type in (kind, pa.null())
    ]
    if len(alike) == len(parts):
        # Combining chunks takes up to three times as long.
        whole = pa.concat_arrays(alike or [pa.nulls(0, kind)])
        chosen = whole if choice.order is None else whole.take(choice.order)
        return documents(chosen) if pa.types.is_large_binary(kind) else chosen
    values = [value for each in parts for value in (each.to_pylist() if isinstance(each, pa.Array) else each)]
    return values if choice.order is None else [values[n] for n in choice.order.to_pylist()]


def _part(column: pa.Array | Sequence[Any], begin: int, end: int) -> pa.Array | Sequence[Any]:
    return column if end - begin == len(column) else column[begin:end]  # a slice takes longer than to look
