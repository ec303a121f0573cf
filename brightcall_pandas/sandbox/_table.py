"""The table of calls: found by a condition, ordered, rendered, changed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from brightcall_pandas.frame import FIELD_NAMES, FIELDS, typed_array
from brightcall_pandas.sandbox._render import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt

__all__ = ["CallTable", "Found", "typed_rows"]

_REMEMBERED = 64

_DEFAULTS: dict[str, Any] = {
    "seconds": 0,
    "flag": False,
    "identifier": "",
    "text": "",
    "json": "[]",
    "time": "2026-03-31T12:00:00Z",
}
"""What a record that leaves out a field that may not be null gets instead, by kind."""
_LABEL_DEFAULTS = {"type": "outbound", "state": "unanswered"}


@dataclass(frozen=True)
class Found:
    """What a condition found: positions in the order asked for, and the extremes of the whole of it."""

    positions: npt.NDArray[np.int64]
    extremes: dict[str, float | None]


class CallTable:
    """Calls in DuckDB, and the same calls as rendered rows.

    For one thread. What was found is remembered until a change.

    Parameters
    ----------
    rows
        Typed columns of `FIELDS`, as `typed_rows` or the generator makes them.
    """

    def __init__(self, rows: pa.Table) -> None:
        self._remembered: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.register("fresh", rows)
        self._connection.execute("CREATE TABLE calls AS SELECT row_number() OVER () - 1 AS pos, * FROM fresh")
        self._connection.unregister("fresh")
        self._pieces = Pieces()
        self._pieces.add(self._connection)

    def page(self, where: str, order: str, page: slice, asked: set[str]) -> tuple[Found, bytes]:
        """Return everything that a condition finds, and the rendered rows of one slice of it."""
        found = self._found(where, order)
        return found, self._pieces.rows(found.positions[page], asked)

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Run a query over ``calls`` and return its rows; the answer is remembered until a change."""

        def run() -> list[dict[str, Any]]:
            cursor = self._connection.execute(sql)
            names = [each[0] for each in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        rows: list[dict[str, Any]] = self._recalled(("query", sql), run)
        return rows

    def insert(self, rows: pa.Table) -> None:
        """Add typed rows."""
        first = len(self._pieces)
        self._connection.register("fresh", rows)
        self._connection.execute(
            f"INSERT INTO calls SELECT row_number() OVER () - 1 + {first}, * FROM fresh"  # noqa: S608
        )
        self._connection.unregister("fresh")
        self._pieces.add(self._connection)
        self._remembered.clear()

    def delete(self, ids: Iterable[object]) -> list[str]:
        """Remove the calls of these ids; return the ids that there were."""
        wanted = [str(each) for each in ids]
        removed = self._connection.execute(
            "DELETE FROM calls WHERE list_contains($ids, id) RETURNING id", {"ids": wanted}
        ).fetchall()
        self._remembered.clear()
        return [row[0] for row in removed]

    def update(self, call_id: object, fields: Mapping[str, Any]) -> int:
        """Change fields of a call; return how many calls have that id.

        The changed call gets a new position, so that rendered rows are never touched; the order of an
        answer does not depend on it.
        """
        one = self._connection.sql(
            "SELECT * EXCLUDE pos FROM calls WHERE id = $id", params={"id": str(call_id)}
        )
        old = one.to_arrow_table()
        if not len(old):
            return 0
        new = old.cast(_schema(old))
        for name, array in _typed_columns([dict(fields)] * len(old)).items():
            new = new.set_column(new.schema.get_field_index(name), name, array)
        self.delete([call_id])
        self.insert(new)
        return len(old)

    def _found(self, where: str, order: str) -> Found:
        def find() -> Found:
            columns = self._connection.execute(
                f'SELECT pos, "talkTime", "answerTime" FROM calls WHERE {where} ORDER BY {order}'  # noqa: S608
            ).fetchnumpy()
            extremes = {
                f"{end}{name[0].upper()}{name[1:]}": _extreme(function, columns[name])
                for name in ("talkTime", "answerTime")
                for end, function in (("min", np.min), ("max", np.max))
            }
            return Found(np.asarray(columns["pos"]), extremes)

        found: Found = self._recalled(("found", where, order), find)
        return found

    def _recalled(self, key: tuple[object, ...], compute: Callable[[], Any]) -> Any:
        if key not in self._remembered:
            self._remembered[key] = compute()
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        self._remembered.move_to_end(key)
        return self._remembered[key]


def typed_rows(records: list[dict[str, Any]]) -> pa.Table:
    """Turn API records into typed rows; a field left out is null, or empty where it may not be null.

    Raises
    ------
    ValueError
        A record has a name that is no field, or a value that does not fit; the message names the field.
    """
    filled = [{name: _default(name) for name in FIELD_NAMES} | record for record in records]
    return pa.table(_typed_columns(filled))


def _typed_columns(records: list[dict[str, Any]]) -> dict[str, pa.Array]:
    columns = {}
    for name in records[0] if records else FIELD_NAMES:
        if name not in FIELDS:
            msg = f"{name!r} is no field of a call"
            raise ValueError(msg)
        array, misfits = typed_array([record[name] for record in records], FIELDS[name])
        if misfits.count:
            msg = f"{name} cannot be {misfits.example!r}"
            raise ValueError(msg)
        columns[name] = array.dictionary_decode() if FIELDS[name].kind == "label" else array
    return columns


def _default(name: str) -> Any:
    field = FIELDS[name]
    return None if field.nullable else _LABEL_DEFAULTS.get(name, _DEFAULTS.get(field.kind))


def _schema(table: pa.Table) -> pa.Schema:
    return pa.schema(
        [
            (name, pa.string() if FIELDS[name].kind == "label" else FIELDS[name].arrow_type)
            for name in table.column_names
        ]
    )


def _extreme(function: Callable[[Any], Any], values: Any) -> float | None:
    """Return an extreme as the wire has it: whole seconds as integers, none of no calls."""
    if not len(values):
        return None
    value = float(function(values))
    return int(value) if value.is_integer() else value
