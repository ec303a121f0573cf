"""What came, went and changed between two readings of the same days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame import IDENTITY_FIELDS, call_numbers

__all__ = ["changes"]


def changes(old: pa.Table, new: pa.Table) -> dict[str, Any]:
    """Compare two readings of the same days, call by call.

    Parameters
    ----------
    old, new
        All columns of the typed table.

    Returns
    -------
    dict
        ``before``: calls of the older reading; ``new``, ``gone`` and ``changed``: calls that only the newer
        one has, that only the older one has, and that both have with other values; ``fields``: of the
        changed ones, how many have another value in a field, by field.
    """
    both = pa.concat_tables([old.select(IDENTITY_FIELDS), new.select(IDENTITY_FIELDS)])
    calls, copies = _numbered(call_numbers(both), len(old))
    keys = calls * (1 + copies.max(initial=0)) + copies
    _, one, other = np.intersect1d(
        keys[: len(old)], keys[len(old) :], assume_unique=True, return_indices=True
    )
    fields, changed = {}, np.zeros(len(one), dtype=bool)
    for name in old.column_names:
        differs = _differs(old[name].take(pa.array(one)), new[name].take(pa.array(other)))
        if count := int(differs.sum()):
            fields[name] = count
            changed |= differs
    return {
        "before": len(old),
        "new": len(new) - len(one),
        "gone": len(old) - len(one),
        "changed": int(changed.sum()),
        "fields": fields,
    }


def _numbered(numbers: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return calls numbered from 0, and how often each came before in its own reading: so twins differ."""
    _, calls = np.unique(numbers, return_inverse=True)
    copies = np.empty(len(calls), dtype=np.int64)
    for begin, end in ((0, length), (length, len(calls))):
        order = begin + np.argsort(calls[begin:end], kind="stable")
        starts = np.flatnonzero(np.diff(calls[order], prepend=-1))
        sizes = np.diff(starts, append=len(order))
        copies[order] = np.arange(len(order)) - np.repeat(starts, sizes)
    return calls, copies


def _differs(one: pa.ChunkedArray, other: pa.ChunkedArray) -> np.ndarray:
    """Tell where two columns have different values; two nulls are the same."""
    if pa.types.is_dictionary(one.type):
        one, other = one.cast(one.type.value_type), other.cast(other.type.value_type)
    unequal = pc.fill_null(pc.not_equal(one, other), True)
    if pa.types.is_floating(one.type):  # NaN is not equal to itself
        unequal = pc.and_not(unequal, pc.and_kleene(pc.is_nan(one), pc.is_nan(other)).fill_null(False))
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    differs: np.ndarray = pc.and_not(unequal, both_null).to_numpy()
    return differs
