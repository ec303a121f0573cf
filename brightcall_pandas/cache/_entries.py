"""What the ledger says of calls that are no longer as they were: a row for each thing that a reading saw.

Values are kept as text, so that an entry can be read whatever the typed schema has become since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.cache._segment import FIRST_SEEN
from brightcall_pandas.frame import FIELDS, TABLE_SCHEMA

__all__ = ["CHANGED", "ENTRIES", "GONE", "NEW", "copies", "row_text", "rows_of", "texts_of", "typed"]

CHANGED, GONE, NEW = "changed", "gone", "new"

ENTRIES = pa.schema(
    [
        ("day", pa.date32()),
        ("serial", pa.int64()),
        ("since", pa.int64()),
        ("seen", pa.int64()),
        ("kind", pa.string()),
        ("id", pa.string()),
        ("uniqueId", pa.string()),
        ("copy", pa.int32()),
        ("field", pa.string()),
        ("old", pa.large_string()),
        ("new", pa.large_string()),
        (FIRST_SEEN, pa.int64()),
        ("hidden", pa.bool_()),
        ("pseudonymized", pa.string()),
        ("numbers", pa.large_string()),
    ]
)
"""Columns of an entry.

``day`` in whose window the call stands; ``serial`` of the reading that saw it; ``since``, when the reading
before began, and ``seen``, when this one was kept, in microseconds; ``kind``; ``id`` and ``uniqueId`` of the
call in this reading, of one that is gone in the one before; ``copy``, which of several that these do not tell
apart; ``field``, ``old`` and ``new`` of a change; the whole row of a call that is gone is in ``old``;
``firstSeen`` of a call that is gone; ``hidden``: the value before was left out, since it is personal, or
stands there as a token; ``pseudonymized``: which key has made the tokens; ``numbers``: tokens of the numbers
in what stands there as one token.
"""


def texts_of(column: pa.ChunkedArray) -> pa.Array:
    """Return values as text, from which `typed` makes the same values; null stays null."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.int64())
    return array.cast(pa.large_string())


def typed(texts: pa.Array, name: str) -> pa.Array:
    """Return the values of a field that `texts_of` has written.

    Raises
    ------
    pyarrow.ArrowException
        The field had another type when they were written.
    """
    kind = TABLE_SCHEMA.field(name).type
    if pa.types.is_dictionary(kind):
        words = pa.array(FIELDS[name].choices, kind.value_type)
        codes = pc.index_in(texts.cast(kind.value_type), words).cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(codes, words)
    if pa.types.is_timestamp(kind):
        return texts.cast(pa.int64()).cast(kind)
    return texts.cast(kind)


def row_text(row: Mapping[str, str | None]) -> str:
    """Return a row of texts as one; fields without a value are left out."""
    return msgspec.json.encode({name: text for name, text in row.items() if text is not None}).decode()


def rows_of(texts: Sequence[str], first_seen: Iterable[int]) -> pa.Table:
    """Return the typed rows that `row_text` has written, with when each was first seen."""
    rows = [msgspec.json.decode(each, type=dict[str, str]) for each in texts]
    columns: dict[str, pa.Array] = {}
    for name in TABLE_SCHEMA.names:
        columns[name] = typed(pa.array([row.get(name) for row in rows], pa.large_string()), name)
    return pa.table(columns).append_column(FIRST_SEEN, pa.array(list(first_seen), pa.int64()))


def copies(table: pa.Table, days: np.ndarray) -> np.ndarray:
    """Return a number for each row: 0, or which it is of those of its day with the same id and uniqueId.

    These are numbered in the order of all that they say, so that the number follows from the calls alone.
    """
    keys = pd.DataFrame({"day": days, "id": _texts(table, "id"), "uniqueId": _texts(table, "uniqueId")})
    number = np.zeros(len(table), dtype=np.int64)
    twins = np.flatnonzero(keys.duplicated(keep=False).to_numpy())
    if len(twins):
        alike = table.select(TABLE_SCHEMA.names).take(pa.array(twins))
        columns = [texts_of(alike[name]).to_pylist() for name in alike.column_names]
        said = keys.iloc[twins].assign(said=list(map(repr, zip(*columns, strict=True))), at=twins)
        said = said.sort_values(["day", "id", "uniqueId", "said"], kind="stable")
        number[said["at"].to_numpy()] = said.groupby(["day", "id", "uniqueId"]).cumcount().to_numpy()
    return number


def _texts(table: pa.Table, name: str) -> list[str]:
    texts: list[str] = pc.fill_null(table[name].cast(pa.string()), "").to_pylist()
    return texts
