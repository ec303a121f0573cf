"""The server's table of calls: found by a condition, ordered, rendered as JSON, and changed.

A rendered row is kept in pieces, because two of its fields are sent only on request: whatever stands between
them is one piece, and each of them is one. A page is then a matter of joining pieces that are already there.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame import FIELD_NAMES, FIELDS, Field, typed_array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt

__all__ = ["ON_REQUEST", "CallTable", "Matches", "RenderedRows", "typed_rows"]

_MOST_RESULTS = 64
_DEFAULTS: dict[str, Any] = {
    "seconds": 0,
    "flag": False,
    "identifier": "",
    "text": "",
    "json": "[]",
    "time": "2026-03-31T12:00:00Z",
}
"""Value, by kind, of a field that must not be null and that a record leaves out."""

_LABEL_DEFAULTS = {"type": "outbound", "state": "unanswered"}
ON_REQUEST = {name: field.on_request for name, field in FIELDS.items() if field.on_request}
"""Field that is sent only on request → the filter that requests it."""

_NUMBERED = ("id", "projectId", "projectContactId", "treeId", "userId")
"""Identifiers that the API writes as numbers; the others, and values that are not numeric, are text."""

_TEXT_OF_JSON = ("numbersInvolvedJSON", "numbersRingedJSON")
"""JSON fields that the API writes as text; the others are nested values."""

_IDENTITY = 'hash("uniqueId", "timestamp")'
_BLOCK = 100_000
_SMALL = 4_000


@dataclass(frozen=True)
class Matches:
    """The calls that a condition selects: their positions, in order, and the extremes over all of them."""

    positions: npt.NDArray[np.int64]
    extremes: dict[str, float | None]


class CallTable:
    """Calls in DuckDB, and the same calls as rendered rows.

    It is not thread-safe. Results are kept until the table changes.

    Parameters
    ----------
    rows
        Typed columns of `FIELDS`, as `typed_rows` or the generator makes them, in one table or several. Each
        is let go as soon as it is stored, since a million rows take a gigabyte.
    """

    def __init__(self, rows: Iterable[pa.Table]) -> None:
        self._results: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        self._store(iter(rows))
        for name in ("ready", "gone"):
            self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM calls LIMIT 0")  # noqa: S608
        self._rendered = RenderedRows()
        self._rendered.add(self._connection, "calls")
        self._drawn = len(self._rendered)

    def _store(self, rows: Iterator[pa.Table]) -> None:
        numbered = "SELECT row_number() OVER () - 1 + {} AS pos, * FROM fresh"
        statement, stored = "CREATE TABLE calls AS", 0
        for each in rows:
            self._connection.register("fresh", each)
            self._connection.execute(f"{statement} {numbered.format(stored)}")
            self._connection.unregister("fresh")
            statement, stored = "INSERT INTO calls", stored + len(each)
            del each
            pa.default_memory_pool().release_unused()

    def rows(self, positions: npt.NDArray[np.int64], asked: set[str]) -> bytes:
        """Return the rendered rows at some positions, joined by commas."""
        return self._rendered.rows(positions, asked)

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Run a query over ``calls`` and return its rows; they are kept until the table changes."""

        def run() -> list[dict[str, Any]]:
            cursor = self._connection.execute(sql)
            names = [each[0] for each in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        rows: list[dict[str, Any]] = self._cached(("query", sql), run)
        return rows

    def numbers(self, *columns: str) -> list[npt.NDArray[Any]]:
        """Return columns, given as SQL whose values are numbers, of all calls in order of position."""
        chosen = ", ".join(f"{sql} AS c{number}" for number, sql in enumerate(columns))
        found = self._connection.execute(f"SELECT {chosen} FROM calls ORDER BY pos").fetchnumpy()  # noqa: S608
        return [np.asarray(found[f"c{number}"]) for number in range(len(columns))]

    def at(self, positions: npt.NDArray[np.integer[Any]], columns: Sequence[str]) -> pa.Table:
        """Return columns of the calls at some positions, in order of position."""
        chosen = ", ".join(f'"{name}"' for name in columns)
        self._connection.register("wanted", pa.table({"pos": positions}))
        query = f"SELECT {chosen} FROM calls JOIN wanted USING (pos) ORDER BY pos"  # noqa: S608
        found: pa.Table = self._connection.sql(query).to_arrow_table()
        self._connection.unregister("wanted")
        return found

    def hide_after(self, epoch: int) -> range:
        """Take the drawn calls that begin after a moment out of the table; return them, for `show`."""
        later = f'pos < {self._drawn} AND epoch("timestamp") > {epoch}'
        self._connection.execute(f"INSERT INTO ready SELECT * FROM calls WHERE {later}")  # noqa: S608
        return range(self._drawn - len(self._removed(later)), self._drawn)

    def hide(self, positions: range) -> None:
        """Take rows out of the table that `hide_after` has returned."""
        self._removed(f"pos >= {positions.start} AND pos < {positions.stop}")

    def _removed(self, condition: str) -> list[tuple[Any, ...]]:
        removed = self._connection.execute(
            f"DELETE FROM calls WHERE {condition} RETURNING id"  # noqa: S608
        ).fetchall()
        self._results.clear()
        return removed

    def insert(self, rows: pa.Table) -> None:
        """Add typed rows."""
        self.show(self.prepare(rows))

    def prepare(self, rows: pa.Table) -> range:
        """Render typed rows without adding them, which takes long; return their positions, for `show`."""
        first = len(self._rendered)
        self._connection.register("fresh", rows)
        self._connection.execute(
            f"INSERT INTO ready SELECT row_number() OVER () - 1 + {first}, * FROM fresh"  # noqa: S608
        )
        self._connection.unregister("fresh")
        self._rendered.add(self._connection, "ready")
        return range(first, first + len(rows))

    def show(self, positions: range) -> None:
        """Add rows that are prepared."""
        bounds = [positions.start, positions.stop]
        self._connection.execute("INSERT INTO calls SELECT * FROM ready WHERE pos >= ? AND pos < ?", bounds)
        self._results.clear()

    def delete(self, ids: Iterable[object]) -> list[str]:
        """Remove the calls with these ids; return the ids that existed."""
        wanted = {"ids": [str(each) for each in ids]}
        # `restore` and `unique_ids` need what goes.
        self._connection.execute("INSERT INTO gone SELECT * FROM calls WHERE list_contains($ids, id)", wanted)
        removed = self._connection.execute(
            "DELETE FROM calls WHERE list_contains($ids, id) RETURNING id", wanted
        ).fetchall()
        self._results.clear()
        return [row[0] for row in removed]

    def restore(self) -> None:
        """Put back the calls as they were drawn, and remove all others."""
        self._connection.execute(f"DELETE FROM calls WHERE pos >= {self._drawn}")  # noqa: S608
        self._connection.execute(f"INSERT INTO calls SELECT * FROM gone WHERE pos < {self._drawn}")  # noqa: S608
        self._connection.execute("DELETE FROM gone")
        self._results.clear()

    def state(self) -> npt.NDArray[np.uint64]:
        """Return a number for each call, sorted: equal where ``uniqueId`` and time are."""
        found = self._connection.execute(f"SELECT {_IDENTITY} AS number FROM calls").fetchnumpy()  # noqa: S608
        return np.unique(np.asarray(found["number"], dtype=np.uint64))

    def unique_ids(self, state: npt.NDArray[np.uint64]) -> list[str]:
        """Return the ``uniqueId`` of numbers that `state` gave since `restore`, sorted."""
        found = self._connection.execute(
            f'SELECT DISTINCT {_IDENTITY} AS number, "uniqueId" AS name '  # noqa: S608
            "FROM (FROM calls UNION ALL FROM gone)"
        ).fetchnumpy()
        known = np.isin(np.asarray(found["number"], dtype=np.uint64), state)
        return sorted(set(np.asarray(found["name"])[known].tolist()))

    def update(self, call_id: object, fields: Mapping[str, Any]) -> int:
        """Change fields of a call; return how many calls have that id.

        The changed call gets a new position, so that rendered rows are never modified; the order of an
        answer does not depend on positions.
        """
        return self.amend({str(call_id): fields})

    def amend(self, changes: Mapping[str, Mapping[str, Any]]) -> int:
        """Change fields of several calls, given by id; return how many calls have these ids."""
        found = self._connection.sql(
            "SELECT * EXCLUDE pos FROM calls WHERE list_contains($ids, id)", params={"ids": list(changes)}
        )
        old = found.to_arrow_table()
        if not len(old):
            return 0
        new = old.cast(_schema(old))
        ids = new["id"].to_pylist()
        for name in dict.fromkeys(name for fields in changes.values() for name in fields):
            amended = [each for each, id_ in enumerate(ids) if name in changes[id_]]
            (array,) = _typed_columns([{name: changes[ids[each]][name]} for each in amended]).values()
            mask = np.zeros(len(ids), dtype=bool)
            mask[amended] = True
            column = pc.replace_with_mask(new[name].combine_chunks(), pa.array(mask), array)
            new = new.set_column(new.schema.get_field_index(name), name, column)
        self.delete(changes)
        self.insert(new)
        return len(old)

    def matches(self, where: str, order: str) -> Matches:
        """Return everything that a condition selects, in order."""

        def find() -> Matches:
            columns = self._connection.execute(
                f'SELECT pos, "talkTime", "answerTime" FROM calls WHERE {where} ORDER BY {order}'  # noqa: S608
            ).fetchnumpy()
            extremes = {
                f"{end}{name[0].upper()}{name[1:]}": _extreme(function, columns[name])
                for name in ("talkTime", "answerTime")
                for end, function in (("min", np.min), ("max", np.max))
            }
            return Matches(np.asarray(columns["pos"]), extremes)

        matches: Matches = self._cached(("matches", where, order), find)
        return matches

    def _cached(self, key: tuple[object, ...], compute: Callable[[], Any]) -> Any:
        if key not in self._results:
            self._results[key] = compute()
            if len(self._results) > _MOST_RESULTS:
                self._results.popitem(last=False)
        self._results.move_to_end(key)
        return self._results[key]


def typed_rows(records: list[dict[str, Any]]) -> pa.Table:
    """Return API records as typed rows; a field left out is null, or empty where it must not be null.

    Raises
    ------
    ValueError
        A record has an unknown field, or a value that does not fit; the message names the field.
    """
    filled = [{name: _default(name) for name in FIELD_NAMES} | record for record in records]
    return pa.table(_typed_columns(filled))


def _typed_columns(records: list[dict[str, Any]]) -> dict[str, pa.Array]:
    columns = {}
    for name in records[0] if records else FIELD_NAMES:
        if name not in FIELDS:
            msg = f"{name!r} is not a field of a call"
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
    """Return an extreme as the API writes it: whole seconds as integers, None if there are no calls."""
    if not len(values):
        return None
    value = float(function(values))
    return int(value) if value.is_integer() else value


class RenderedRows:
    """Rendered rows, addressed by their position; rows are added, never changed."""

    def __init__(self) -> None:
        self._blocks: list[pa.Table] = []
        self._starts: list[int] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        """Render the rows of a table that have not been rendered yet."""
        columns = ", ".join(f"encode({sql}) AS {name}" for name, sql in _PIECES.items())
        query = f"SELECT {columns} FROM {table} WHERE pos >= {len(self)} ORDER BY pos"  # noqa: S608
        # In blocks, so that a million rows are never in memory twice.
        for batch in connection.sql(query).to_arrow_reader(_BLOCK):
            self._append(pa.Table.from_batches([batch.cast(_SCHEMA)]))

    def rows(self, positions: npt.NDArray[np.int64], asked: set[str]) -> bytes:
        """Return the rows at these positions, joined by commas; `asked` names fields of `ON_REQUEST`."""
        names = [name for name in _PIECES if name not in ON_REQUEST or name in asked]
        block = np.searchsorted(self._starts, positions, side="right") - 1
        texts = np.empty(len(positions), dtype=object)
        for number in np.unique(block):
            here = block == number
            texts[here] = _joined_rows(self._blocks[number], positions[here] - self._starts[number], names)
        return b",".join(texts.tolist())

    def _append(self, fresh: pa.Table) -> None:
        # A table that is changed one row at a time would end up in as many blocks; small ones are merged.
        if self._blocks and len(self._blocks[-1]) + len(fresh) <= _SMALL:
            self._blocks[-1] = pa.concat_tables([self._blocks[-1], fresh]).combine_chunks()
        else:
            self._blocks.append(fresh)
            self._starts.append(self._length)
        self._length += len(fresh)


def _joined_rows(
    block: pa.Table, positions: npt.NDArray[np.int64], names: list[str]
) -> npt.NDArray[np.object_]:
    columns = block.select(names).take(pa.array(positions)).columns
    # Each column has a single chunk: taking from several would concatenate them every time.
    return np.array(pc.binary_join_element_wise(*columns, _NOTHING).to_pylist(), dtype=object)


def _value(field: Field) -> str:
    """Return SQL for a field's JSON text, null where the value is null."""
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
    """Return SQL for ``,"name":value``; an optional field without a value is absent."""
    present = f"""',"{field.name}":' || {_value(field)}"""
    if field.name in ON_REQUEST:
        return f"coalesce({present}, '')"
    null = f"""',"{field.name}":null'"""
    # Calls of the AI have null where others lack the field: both forms occur, and both must be read.
    missing = f"""CASE WHEN "aiTalkTime" > 0 THEN {null} ELSE '' END""" if field.optional else null
    return f"coalesce({present}, {missing})"


def _pieces() -> Iterator[tuple[str, str]]:
    runs = groupby(FIELDS.values(), key=lambda field: field.name if field.name in ON_REQUEST else "")
    for number, (name, fields) in enumerate(runs):
        yield name or f"piece_{number}", " || ".join(_member(field) for field in fields)


_PIECES = dict(_pieces())
_FIRST, *_, _LAST = _PIECES
# The first member has no comma before it, and the braces go around the whole row.
_PIECES[_FIRST] = f"'{{' || substr({_PIECES[_FIRST]}, 2)"
_PIECES[_LAST] = f"{_PIECES[_LAST]} || '}}'"
_SCHEMA = pa.schema([(name, pa.large_binary()) for name in _PIECES])
_NOTHING = pa.scalar(b"", pa.large_binary())
