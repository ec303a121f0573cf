"""Rows as the API writes them: JSON text made by DuckDB, once for each row.

A row is kept in pieces, because two of its fields are sent only on request: whatever stands between them
is one piece, and each of them is one. A page is then a matter of joining pieces that are there already.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame import FIELDS, Field

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import numpy.typing as npt

__all__ = ["ON_REQUEST", "Pieces"]

ON_REQUEST = {"transfers": "show_transfers", "transcripts": "show_ai_calls_with_log"}
"""Field that is sent on request only, and the filter that asks for it."""

_NUMBERED = ("id", "projectId", "projectContactId", "treeId", "userId")
"""Identifiers that the wire has as numbers; any other, and one that is no number, is a text."""

_TEXT_OF_JSON = ("numbersInvolvedJSON", "numbersRingedJSON")
"""JSON fields that the wire has as text; the others are nested values."""

_BLOCK = 100_000
_SMALL = 4_000


class Pieces:
    """Rendered rows, addressed by their position; rows are added, never changed."""

    def __init__(self) -> None:
        self._blocks: list[pa.Table] = []
        self._starts: list[int] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Render the rows of the table ``calls`` that are not here yet."""
        columns = ", ".join(f"encode({sql}) AS {name}" for name, sql in _PIECES.items())
        query = f"SELECT {columns} FROM calls WHERE pos >= {len(self)} ORDER BY pos"  # noqa: S608
        # In blocks, so that a million rows never stand in memory twice.
        for batch in connection.sql(query).to_arrow_reader(_BLOCK):
            self._append(pa.Table.from_batches([batch.cast(_SCHEMA)]))

    def rows(self, positions: npt.NDArray[np.int64], asked: set[str]) -> bytes:
        """Return the rows at these positions, joined by commas; `asked` names fields of `ON_REQUEST`."""
        names = [name for name in _PIECES if name not in ON_REQUEST or name in asked]
        block = np.searchsorted(self._starts, positions, side="right") - 1
        texts = np.empty(len(positions), dtype=object)
        for number in np.unique(block):
            here = block == number
            texts[here] = _taken(self._blocks[number], positions[here] - self._starts[number], names)
        return b",".join(texts.tolist())

    def _append(self, fresh: pa.Table) -> None:
        # A table that is changed a row at a time would end in as many blocks; small ones are joined.
        if self._blocks and len(self._blocks[-1]) + len(fresh) <= _SMALL:
            self._blocks[-1] = pa.concat_tables([self._blocks[-1], fresh]).combine_chunks()
        else:
            self._blocks.append(fresh)
            self._starts.append(self._length)
        self._length += len(fresh)


def _taken(block: pa.Table, positions: npt.NDArray[np.int64], names: list[str]) -> npt.NDArray[np.object_]:
    columns = block.select(names).take(pa.array(positions)).columns
    # Joined to one piece a row; of one chunk each, since taking from several would join them every time.
    return np.array(pc.binary_join_element_wise(*columns, _NOTHING).to_pylist(), dtype=object)


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
