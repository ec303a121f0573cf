"""Rows of an answer as records, whose fields are expected to have what they had before.

A decoder that knows what comes refuses anything else, for nothing; so whoever makes columns of records need
not look at each value again. What it refuses is read once more, without expectations, and remembered.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from brightcall_pandas.frame._fields import FIELDS

__all__ = ["ABSENT", "NULL", "ORDER", "Rows", "arrow_type", "expected", "learn", "record"]

NULL = msgspec.Raw(b"null")
ABSENT = msgspec.Raw(b"")
"""Stands where a row lacks an unlisted field that other rows have."""

ORDER = tuple(FIELDS)
"""Listed fields as a record has them; the unlisted ones follow."""

_REMEMBERED = 64  # unlisted fields; a server that has more is read more slowly
_ARROW = {int: pa.int64(), str: pa.string(), bool: pa.bool_()}
_NOTHING_KNOWN = tuple(Any if each.nested else None for each in FIELDS.values())
_KINDS = {type_.id: kind for kind, type_ in _ARROW.items()}


class Rows(NamedTuple):
    """What rows have.

    Parameters
    ----------
    kinds
        By listed field: int, str or bool where all values are of this kind or null; Any where they may be of
        several, or are nested; None where nothing is known.
    unlisted
        Fields that the article does not list.
    """

    kinds: tuple[Any, ...] = _NOTHING_KNOWN
    unlisted: tuple[str, ...] = ()


_expected = Rows()


def expected() -> Rows:
    """Return what rows had so far."""
    return _expected


def learn(columns: Mapping[str, pa.Array | Sequence[Any]], unlisted: Sequence[str] = ()) -> None:
    """Remember what the rows of a page had, beside what others had before."""
    global _expected  # noqa: PLW0603  (one server's rows are like another's)
    kinds = tuple(_kind(kind, columns[name]) for kind, name in zip(_expected.kinds, ORDER, strict=True))
    names = tuple(sorted({*_expected.unlisted, *unlisted}))
    _expected = Rows(kinds, names if len(names) <= _REMEMBERED else _expected.unlisted)


def arrow_type(kind: Any) -> pa.DataType | None:
    """Return the type of a column whose values are all of a kind; None where they need not be."""
    return _ARROW.get(kind)


@functools.lru_cache(maxsize=16)
def record(rows: Rows) -> type[Any]:
    """Return the msgspec type of such rows; it refuses other fields, and values of another kind."""
    listed = [_member(name, kind) for name, kind in zip(ORDER, rows.kinds, strict=True)]
    further = [(f"x{n}", msgspec.Raw, ABSENT) for n in range(len(rows.unlisted))]
    names = {f"x{n}": name for n, name in enumerate(rows.unlisted)}
    return msgspec.defstruct(
        "Record", [*listed, *further], rename=names, gc=False, forbid_unknown_fields=True
    )


def _member(name: str, kind: Any) -> tuple[str, Any, Any]:
    if FIELDS[name].nested:
        return name, msgspec.Raw, NULL
    return name, kind | None if kind in _ARROW else Any, None


def _kind(known: Any, column: pa.Array | Sequence[Any]) -> Any:
    type_ = column.type if isinstance(column, pa.Array) else None
    if type_ == pa.null():
        return known
    found = Any if type_ is None else _KINDS.get(type_.id, Any)
    return found if known in (None, found) else Any
