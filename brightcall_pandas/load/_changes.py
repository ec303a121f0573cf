"""What came, went and changed between two readings of the same days: as counts, and for the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.cache import CHANGED, ENTRIES, FIRST_SEEN, GONE, NEW, copies, row_text, texts_of
from brightcall_pandas.frame import IDENTITY_FIELDS, TABLE_SCHEMA, call_numbers

__all__ = ["Diff", "Reread", "changes", "diff", "entries_of"]


@dataclass(frozen=True)
class Diff:
    """Two readings laid side by side, call by call.

    Parameters
    ----------
    one, other
        Positions in the older and the newer reading of the calls that both have.
    differs
        Which of these have another value in a field, by field; fields without any are left out.
    gone, new
        Positions of the calls that only the older reading has, and only the newer one.
    """

    one: np.ndarray
    other: np.ndarray
    differs: dict[str, np.ndarray]
    gone: np.ndarray
    new: np.ndarray

    @property
    def changed(self) -> np.ndarray:
        """Which of the calls that both have differ in any field."""
        changed = np.zeros(len(self.one), dtype=bool)
        for each in self.differs.values():
            changed |= each
        return changed


def diff(old: pa.Table, new: pa.Table) -> Diff:
    """Lay two readings of the same days side by side.

    Parameters
    ----------
    old, new
        All columns of the typed table.
    """
    one, other = _same_calls(old, new)
    in_order = len(one) == len(old) == len(new) and np.array_equal(one, other)
    differs = {}
    for name in TABLE_SCHEMA.names:
        before, after = old[name], new[name]
        if in_order and before.equals(after):  # as almost always
            continue
        unlike = _differs(before.take(pa.array(one)), after.take(pa.array(other)))
        if unlike.any():
            differs[name] = unlike
    return Diff(one, other, differs, _others(len(old), one), _others(len(new), other))


def _same_calls(old: pa.Table, new: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions in both readings of the calls that both have."""
    before, after = old.select(IDENTITY_FIELDS), new.select(IDENTITY_FIELDS)
    if before.equals(after):  # then each call stands where it stood
        return np.arange(len(old)), np.arange(len(new))
    calls, copy = _numbered(call_numbers(pa.concat_tables([before, after])), len(old))
    keys = calls * (1 + copy.max(initial=0)) + copy
    _, one, other = np.intersect1d(
        keys[: len(old)], keys[len(old) :], assume_unique=True, return_indices=True
    )
    return one, other


def _others(length: int, places: np.ndarray) -> np.ndarray:
    """Return all other places."""
    others = np.ones(length, dtype=bool)
    others[places] = False
    return np.flatnonzero(others)


def changes(found: Diff) -> dict[str, Any]:
    """Count what differs.

    Returns
    -------
    dict
        ``before``: calls of the older reading; ``new``, ``gone`` and ``changed``: calls that only the newer
        one has, that only the older one has, and that both have with other values; ``fields``: of the
        changed ones, how many have another value in a field, by field.
    """
    return {
        "before": len(found.one) + len(found.gone),
        "new": len(found.new),
        "gone": len(found.gone),
        "changed": int(found.changed.sum()),
        "fields": {name: int(each.sum()) for name, each in found.differs.items()},
    }


@dataclass(frozen=True)
class Reread:
    """Two readings of some days.

    Parameters
    ----------
    old, new
        All columns of the typed table; the older one with when each call was first seen.
    old_days, new_days
        Day of each call, as NumPy dates.
    since
        When the older reading of a day began, by day, in microseconds.
    settled
        Whether a day could no longer change when it was read before, by day.
    """

    old: pa.Table
    new: pa.Table
    old_days: np.ndarray
    new_days: np.ndarray
    since: Callable[[np.ndarray], np.ndarray]
    settled: Callable[[np.ndarray], np.ndarray]

    def stays(self, found: Diff) -> np.ndarray:
        """Tell which calls that both readings have stand on the same day in both."""
        stays: np.ndarray = self.old_days[found.one] == self.new_days[found.other]
        return stays

    def first_seen(self, found: Diff, seen: int) -> np.ndarray:
        """Return when each call of the newer reading was first seen on its day."""
        moments = np.full(len(self.new), seen, dtype=np.int64)
        stays = self.stays(found)
        moments[found.other[stays]] = self.old[FIRST_SEEN].to_numpy()[found.one[stays]]
        return moments


def entries_of(reread: Reread, found: Diff, seen: int, serial: int) -> pa.Table:
    """Return what differs as entries of the ledger, with all values.

    A call that moved to another day is gone from one and new on the other. Calls that are new on a day that
    was still to grow are no entries: when they were first seen is a column of the window.

    Parameters
    ----------
    reread, found
        The two readings, and how they differ.
    seen, serial
        When the newer one is kept, in microseconds, and its number.
    """
    stays = reread.stays(found)
    late = found.new[reread.settled(reread.new_days[found.new])]
    if not found.differs and not len(found.gone) and not len(late) and stays.all():
        return ENTRIES.empty_table()
    old_rows = _Rows(reread.old, reread.old_days, copies(reread.old, reread.old_days))
    new_rows = _Rows(reread.new, reread.new_days, copies(reread.new, reread.new_days))
    made: list[pa.Table] = []
    for name, differs in found.differs.items():
        at = np.flatnonzero(differs & stays)
        one, other = found.one[at], found.other[at]
        columns = {
            "field": pa.array([name] * len(at), pa.string()),
            "old": texts_of(reread.old[name].take(pa.array(one))),
            "new": texts_of(reread.new[name].take(pa.array(other))),
        }
        made.append(_entries(CHANGED, new_rows, other, columns))
    gone = np.sort(np.concatenate([found.gone, found.one[~stays]]))
    rows = reread.old.take(pa.array(gone))
    names = TABLE_SCHEMA.names
    texts = zip(*(texts_of(rows[name]).to_pylist() for name in names), strict=True)
    columns = {
        "old": pa.array([row_text(dict(zip(names, row, strict=True))) for row in texts], pa.large_string()),
        FIRST_SEEN: rows[FIRST_SEEN].combine_chunks(),
    }
    made.append(_entries(GONE, old_rows, gone, columns))
    new = np.sort(np.concatenate([late, found.other[~stays]]))
    made.append(_entries(NEW, new_rows, new, {}))
    entries = pa.concat_tables(made)
    days = entries["day"].to_numpy().astype("datetime64[D]")
    for name, moments in (("seen", np.full(len(days), seen)), ("since", reread.since(days))):
        entries = entries.set_column(entries.column_names.index(name), name, pa.array(moments, pa.int64()))
    return entries.set_column(1, "serial", pa.array(np.full(len(days), serial), pa.int64()))


class _Rows(NamedTuple):
    """The calls of a reading, the day of each, and which of those that look alike it is."""

    table: pa.Table
    days: np.ndarray
    copies: np.ndarray


def _entries(kind: str, rows: _Rows, at: np.ndarray, columns: dict[str, pa.Array]) -> pa.Table:
    """Return entries of one kind for the calls at some positions."""
    known = {
        "day": pa.array(rows.days[at].astype("datetime64[D]"), pa.date32()),
        "kind": pa.array([kind] * len(at), pa.string()),
        "id": rows.table["id"].take(pa.array(at)).combine_chunks(),
        "uniqueId": rows.table["uniqueId"].take(pa.array(at)).combine_chunks(),
        "copy": pa.array(rows.copies[at], pa.int32()),
        "hidden": pa.array([False] * len(at), pa.bool_()),
        **columns,
    }
    nothing = {each.name: pa.nulls(len(at), each.type) for each in ENTRIES}
    return pa.table(nothing | known).cast(ENTRIES)


def _numbered(numbers: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return calls numbered from 0, and how often each came before in its own reading: so twins differ."""
    _, calls = np.unique(numbers, return_inverse=True)
    copy = np.empty(len(calls), dtype=np.int64)
    for begin, end in ((0, length), (length, len(calls))):
        order = begin + np.argsort(calls[begin:end], kind="stable")
        starts = np.flatnonzero(np.diff(calls[order], prepend=-1))
        sizes = np.diff(starts, append=len(order))
        copy[order] = np.arange(len(order)) - np.repeat(starts, sizes)
    return calls, copy


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
