"""Rows as the API writes them: JSON text made by DuckDB, once for each row.

A row is kept in pieces, because two of its fields are sent only on request: whatever stands between them
is one piece, and each of them is one. A page is then a matter of joining pieces that are there already.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.schema import FIELDS, Field

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import numpy as np
    import numpy.typing as npt

__all__ = ["ON_REQUEST", "Pieces"]

ON_REQUEST = {"transfers": "show_transfers", "transcripts": "show_ai_calls_with_log"}
"""Field that is sent on request only, and the filter that asks for it."""

_NUMBERED = ("id", "projectId", "projectContactId", "treeId", "userId")
"""Identifiers that the wire has as numbers; any other, and one that is no number, is a text."""

_TEXT_OF_JSON = ("numbersInvolvedJSON", "numbersRingedJSON")
"""JSON fields that the wire has as text; the others are nested values."""

_BATCH = 100_000


class Pieces:
    """Rendered rows, addressed by their position; rows are added, never changed."""

    def __init__(self) -> None:
        self._first = self._later = _SCHEMA.empty_table()

    def __len__(self) -> int:
        return len(self._first) + len(self._later)

    def add(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Render the rows of the table ``calls`` that are not here yet."""
        columns = ", ".join(f"encode({sql}) AS {name}" for name, sql in _PIECES.items())
        query = f"SELECT {columns} FROM calls WHERE pos >= {len(self)} ORDER BY pos"  # noqa: S608
        # In batches, so that a million rows never stand in memory in two forms.
        batches = [batch.cast(_SCHEMA) for batch in connection.sql(query).to_arrow_reader(_BATCH)]
        fresh = pa.Table.from_batches(batches, _SCHEMA)
        # Taking rows from chunks would join the chunks each time, so each of the two is one; and only what
        # came later is copied at a change, not the rows of the beginning.
        if len(self._first):
            self._later = pa.concat_tables([self._later, fresh]).combine_chunks()
        else:
            self._first = fresh.combine_chunks()

    def rows(self, positions: npt.NDArray[np.int64], asked: set[str]) -> bytes:
        """Return the rows at these positions, joined by commas; `asked` names fields of `ON_REQUEST`."""
        names = [name for name in _PIECES if name not in ON_REQUEST or name in asked]
        later = positions >= len(self._first)
        texts = _taken(self._first, positions[~later], names)
        if later.any():
            added = _taken(self._later, positions[later] - len(self._first), names)
            by_age = iter(texts), iter(added)
            texts = [next(by_age[is_later]) for is_later in later.tolist()]
        return b",".join(texts)


def _taken(pieces: pa.Table, positions: npt.NDArray[np.int64], names: list[str]) -> list[bytes]:
    columns = pieces.select(names).take(pa.array(positions)).columns
    texts: list[bytes] = pc.binary_join_element_wise(*columns, _NOTHING).to_pylist()
    return texts


def _value(field: Field) -> str:
    """Return the SQL of a field's JSON text, null where the value is null."""
    name = f'"{field.name}"'
    if field.kind in ("seconds", "number"):
        whole = f"CAST(CAST({name} AS BIGINT) AS VARCHAR)"
        return f"CASE WHEN {name} = floor({name}) THEN {whole} ELSE CAST({name} AS VARCHAR) END"
    if field.kind == "flag":
        return f"CAST({name} AS VARCHAR)"
    if field.kind == "time":
        return f"strftime(timezone('UTC', {name}), '\"%Y-%m-%dT%H:%M:%SZ\"')"
    if field.coded:
        codes = " ".join(f"WHEN '{label}' THEN '{code}'" for code, label in enumerate(field.choices))
        return f"CASE {name} {codes} END"
    if field.kind == "json" and field.name not in _TEXT_OF_JSON:
        return name
    text = f"CAST(to_json({name}) AS VARCHAR)"
    if field.name in _NUMBERED:
        return f"coalesce(CAST(TRY_CAST({name} AS BIGINT) AS VARCHAR), {text})"
    return text


def _member(field: Field) -> str:
    """Return the SQL of ``,"name":value``; an optional field without a value is absent."""
    present = f"""',"{field.name}":' || {_value(field)}"""
    if field.name in ON_REQUEST:
        return f"coalesce({present}, '')"
    null = f"""',"{field.name}":null'"""
    # A call of the AI says null where another says nothing: both forms occur, and both must be read.
    missing = f"""CASE WHEN "aiTalkTime" > 0 THEN {null} ELSE '' END""" if field.optional else null
    return f"coalesce({present}, {missing})"


def _pieces() -> Iterator[tuple[str, str]]:
    runs = groupby(FIELDS.values(), key=lambda field: field.name if field.name in ON_REQUEST else "")
    for number, (name, fields) in enumerate(runs):
        yield name or f"piece_{number}", " || ".join(_member(field) for field in fields)


_PIECES = dict(_pieces())
_FIRST, *_, _LAST = _PIECES
# The first member has no comma before it, and the braces stand at the outer ends.
_PIECES[_FIRST] = f"'{{' || substr({_PIECES[_FIRST]}, 2)"
_PIECES[_LAST] = f"{_PIECES[_LAST]} || '}}'"
_SCHEMA = pa.schema([(name, pa.large_binary()) for name in _PIECES])
_NOTHING = pa.scalar(b"", pa.large_binary())
