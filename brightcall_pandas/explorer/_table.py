"""The table of calls below the views: sorted, searched, paged, with the columns that are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from brightcall_pandas.explorer._crossfilter import Crossfilter
from brightcall_pandas.explorer._figures import UNKNOWN
from brightcall_pandas.frame import FIELDS, Names, shown_names

__all__ = ["TableState", "TableView"]

_FIRST_SHOWN = (
    "timestamp",
    "type",
    "state",
    "outcomeTag",
    "talkTime",
    "clientNumber",
    "lineNumber",
    "agent",
)
_SIZES = (8, 25, 100)
_CHANGED_BY_HAND = ("sort", "descending", "find", "page", "size")
_DURATIONS = frozenset(name for name, each in FIELDS.items() if each.unit == "s")


@dataclass(frozen=True)
class TableState:
    """How the table is looked at; which calls pass does not depend on it.

    Parameters
    ----------
    columns
        Names of the columns that are shown, in their order.
    sort
        Column that the rows are sorted by; empty: the order of the frame.
    descending
        Whether the greatest comes first; rows without a value are last in both directions.
    find
        Text that a row must have in one of the columns shown.
    page
        Which page, from 0.
    size
        Rows of a page.
    """

    columns: tuple[str, ...]
    sort: str = ""
    descending: bool = False
    find: str = ""
    page: int = 0
    size: int = _SIZES[0]


class TableView:
    """The rows that pass, page by page.

    Parameters
    ----------
    cross
        Which rows pass.
    columns
        The columns of the frame.
    names
        Names to show for agents and lines.
    """

    def __init__(self, cross: Crossfilter, columns: pd.Index, names: Names = None) -> None:
        self._cross, self._calls, self._names = cross, cross.calls, names
        derived = ["agent"] if cross.calls.has("agent") and "agent" not in columns else []
        own = columns[~columns.duplicated(keep=False)]
        self.columns = [*(name for name in own if isinstance(name, str)), *derived]
        shown = tuple(name for name in _FIRST_SHOWN if name in self.columns)
        self.state = TableState(shown or tuple(self.columns[: len(_FIRST_SHOWN)]))
        self._orders: dict[str, NDArray[np.intp]] = {}
        self._found: tuple[tuple[str, tuple[str, ...]], NDArray[np.bool_]] | None = None

    def change(self, given: Mapping[str, Any]) -> None:
        """Look at the table in another way.

        Raises
        ------
        KeyError
            There is no such column.
        ValueError
            A number is not one of the sizes, or no column would be shown.
        """
        known = {name: given[name] for name in _CHANGED_BY_HAND if name in given}
        wanted = [*given.get("columns", ()), *filter(None, [known.get("sort")])]
        wrong = [name for name in wanted if name not in self.columns]
        if wrong:
            msg = f"the calls have no column {wrong[0]!r}"
            raise KeyError(msg)
        if "columns" in given:
            chosen = set(given["columns"])  # those that are shown stay where they are
            known["columns"] = tuple(
                name for name in dict.fromkeys([*self.state.columns, *self.columns]) if name in chosen
            )
        if known.get("columns") == ():
            msg = "the table needs a column"
            raise ValueError(msg)
        if known.get("size", _SIZES[0]) not in _SIZES:
            msg = f"a page has {', '.join(map(str, _SIZES))} rows, not {known['size']}"
            raise ValueError(msg)
        self.state = replace(self.state, **({"page": 0} | known))

    def shown(self) -> dict[str, Any]:
        """Return the page that is looked at, cell by cell, and what can be chosen."""
        state, rows = self.state, self._rows()
        count = self._calls.size if rows is None else len(rows)
        last = max(0, (count - 1) // state.size)
        page = min(max(0, state.page), last)
        here = slice(page * state.size, (page + 1) * state.size)
        positions = np.arange(self._calls.size)[here] if rows is None else rows[here]
        cells = [self._cells(name, positions) for name in state.columns]
        passing = self._cross.count()
        note = f"{len(positions):,} of {passing:,} calls"
        if state.find:
            note += f"; {count:,} have “{state.find}” in a column shown"
        return {
            "names": list(state.columns),
            "choices": self.columns,
            "rows": [list(row) for row in zip(*cells, strict=True)],
            "positions": positions.tolist(),
            "numeric": [self._is_number(name) for name in state.columns],
            "sort": state.sort,
            "descending": state.descending,
            "find": state.find,
            "page": page,
            "n_pages": last + 1,
            "size": state.size,
            "sizes": list(_SIZES),
            "note": note,
        }

    def value(self, name: str, position: int) -> Any:
        """Return what a cell holds; None if it holds nothing.

        Raises
        ------
        KeyError, IndexError
            There is no such cell.
        """
        if name not in self.columns:
            msg = f"the calls have no column {name!r}"
            raise KeyError(msg)
        value = self._calls.typed(name).iloc[position]
        return None if _is_null(value) else value

    # Which rows

    def _rows(self) -> NDArray[np.intp] | None:
        """Return the rows that pass and are found, in their order; None means all of the frame."""
        state = self.state
        if not state.sort and not state.find:
            return self._cross.rows()
        kept = self._cross.passes()
        if state.find:
            kept = kept & self._finds()
        if not state.sort:
            return np.flatnonzero(kept)
        order = self._order(state.sort, descending=state.descending)
        return order[kept[order]]

    def _order(self, name: str, *, descending: bool) -> NDArray[np.intp]:
        """Return all rows in the order of a column, equal ones in the order of the frame."""
        key = f"{'-' if descending else '+'}{name}"
        if key not in self._orders:
            how = "descending" if descending else "ascending"
            order = pc.array_sort_indices(self._sortable(name), order=how, null_placement="at_end")
            self._orders = {key: order.to_numpy().astype(np.intp)}  # one order is 8 bytes a row
        return self._orders[key]

    def _sortable(self, name: str) -> pa.Array:
        values = self._calls.typed(name)
        if isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype("str")
        try:
            array = pa.array(values, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # a column of one's own, of several types
            array = pa.array(values.astype("str"), from_pandas=True)
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        return pa.array(map(str, array.to_pylist())) if pa.types.is_nested(array.type) else array

    def _finds(self) -> NDArray[np.bool_]:
        """Tell of each row whether one of the columns shown has the text; case does not matter."""
        key = self.state.find, self.state.columns
        if self._found is None or self._found[0] != key:
            found = np.zeros(self._calls.size, dtype=bool)
            for name in self.state.columns:
                found |= self._has_text(name, self.state.find)
            self._found = key, found
        return self._found[1]

    def _has_text(self, name: str, part: str) -> NDArray[np.bool_]:
        """Search a column as it is shown: its texts, or the distinct values that must be written out."""
        values = self._calls.typed(name)
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            return _matches(pa.array(_wall_clock(values)).cast(pa.string()), part)
        if isinstance(values.dtype, pd.StringDtype) and not self._is_named(name):
            return _matches(pa.array(values, from_pandas=True), part)
        codes, distinct = pd.factorize(values)
        texts = pa.array(self._texts(name, pd.Series(distinct)), pa.string())
        return np.append(_matches(texts, part), False)[codes]  # the code of a null is -1

    # What is shown

    def _cells(self, name: str, positions: NDArray[np.intp]) -> list[str]:
        column = self._calls.typed(name)
        # One by one: to take some rows of texts in many parts puts all parts together first.
        return self._texts(name, pd.Series([column.iloc[at] for at in positions], dtype=column.dtype))

    def _is_named(self, name: str) -> bool:
        return self._names is not None and name in ("agent", "lineNumber")

    def _texts(self, name: str, values: pd.Series) -> list[str]:
        if self._is_named(name):
            known = shown_names(values.dropna().unique(), self._names)
            values = values.map(lambda each: known.get(each, each))
        missing = UNKNOWN if name in _DURATIONS else ""
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            texts = pa.array(_wall_clock(values)).cast(pa.string()).to_pylist()
            return [missing if text is None else text for text in texts]
        return [missing if _is_null(value) else _text(value) for value in values.tolist()]

    def _is_number(self, name: str) -> bool:
        dtype = self._calls.typed(name).dtype
        return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)


def _wall_clock(values: pd.Series) -> NDArray[np.datetime64]:
    return np.asarray(values.dt.tz_localize(None).to_numpy(dtype="datetime64[s]"))


def _matches(texts: pa.Array | pa.ChunkedArray, part: str) -> NDArray[np.bool_]:
    hits = pc.match_substring(texts, part, ignore_case=True).fill_null(False)
    return np.asarray(hits.to_numpy(zero_copy_only=False) if isinstance(hits, pa.Array) else hits.to_numpy())


def _is_null(value: Any) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _text(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)
