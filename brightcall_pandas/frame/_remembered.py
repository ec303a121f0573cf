"""What was once read from a column of texts, kept for as long as the column lives.

Analysts ask one frame many questions, and most of them begin by telling its clients or its chains apart. An
Arrow array never changes: whoever writes to a column gives it another one. So what was read from an array
holds while it lives, and the next table need not read it again.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["factorized", "remembered"]

T = TypeVar("T")

_FEWEST = 10_000  # rows; fewer are read anew in no time, and a table may cut a frame into many such parts
_KEPT: dict[tuple[Hashable, ...], tuple[tuple[weakref.ref[Any], ...], Any]] = {}


def remembered(
    columns: pd.Series | Sequence[pd.Series],
    what: Hashable,
    read: Callable[[], T],
    *,
    worth: Callable[[T], bool] = lambda _: True,
) -> T:
    """Return what `read` reads from a column, from memory if the same was read from the same values before.

    Parameters
    ----------
    columns
        Texts. Of any other dtype nothing is kept, since such values can change in place.
    what
        What is read: a name and all else, beside the values, that the result depends on.
    read
        Reads it. Nobody may change the result, since others get the same one.
    worth
        Tells whether a result is worth the memory that it takes.
    """
    arrays = [_arrow_of(each) for each in ([columns] if isinstance(columns, pd.Series) else columns)]
    if any(each is None for each in arrays):
        return read()
    key = (*map(id, arrays), what)
    if key not in _KEPT or any(kept() is not each for kept, each in zip(_KEPT[key][0], arrays, strict=True)):
        value = read()
        if not worth(value):
            return value
        _KEPT[key] = tuple(weakref.ref(each, lambda _: _KEPT.pop(key, None)) for each in arrays), value
    found: T = _KEPT[key][1]
    return found


def factorized(column: pd.Series) -> tuple[NDArray[np.int64], pd.Index]:
    """Return `pandas.factorize` of a column, whose codes cannot be written to."""

    def read() -> tuple[NDArray[np.int64], pd.Index]:
        codes, distinct = pd.factorize(column)
        codes = codes.astype(np.int64, copy=False)
        codes.flags.writeable = False
        return codes, distinct

    return remembered(column, "factorized", read)


def _arrow_of(column: pd.Series) -> pa.ChunkedArray | None:
    """Return the array that a column of texts wraps, if it is one that does not change, and long."""
    dtype = column.dtype
    if not isinstance(dtype, pd.StringDtype) or dtype.storage != "pyarrow" or len(column) < _FEWEST:
        return None
    array = column.array.__arrow_array__()
    return array if isinstance(array, pa.ChunkedArray) else None
