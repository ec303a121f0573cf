"""Which rows pass, and which would without one of the controls: a row has a bit for each one it fails."""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.explorer._controls import CONTROLS, Control
from brightcall_pandas.explorer._counts import Counts, Encoded, EncodedCalls
from brightcall_pandas.explorer._selection import Selection
from brightcall_pandas.filters import FILTERS, predicates
from brightcall_pandas.frame import AGENT_COLUMNS, with_agent

__all__ = ["Crossfilter"]

Rows = NDArray[np.intp] | None
"""Positions of rows; None means all of them."""


_BITS = {name: 1 << position for position, name in enumerate(CONTROLS)}
assert len(_BITS) <= 32


class Crossfilter:
    """The rows of one frame under a selection that changes one control at a time.

    Parameters
    ----------
    calls
        The frame, encoded.
    """

    def __init__(self, calls: EncodedCalls) -> None:
        self.calls = calls
        self.selection = Selection()
        self._masks: dict[str, tuple[Hashable, NDArray[np.bool_]]] = {}
        self._failed = np.zeros(calls.size, dtype=np.uint32)
        self._rows: dict[frozenset[str], Rows] = {}
        self._counted: dict[tuple[tuple[str, ...], frozenset[str]], NDArray[np.int64]] = {}
        self._counts = Counts(calls)

    def select(self, selection: Selection) -> None:
        """Change to another selection.

        Raises
        ------
        KeyError
            A column that it needs is missing.
        ValueError
            It has a filter that does not work on rows, such as ``team_ids``.
        """
        selection.filter.mask(self._none_of(selection))
        masks = {control.name: self._mask(control, selection) for control in selection.active()}
        for name in {*masks, *self._masks}:
            if masks.get(name) is not self._masks.get(name):
                self._failed &= np.uint32(~_BITS[name] & 0xFFFFFFFF)
                if name in masks:
                    self._failed |= (~masks[name][1]).astype(np.uint32) * np.uint32(_BITS[name])
        self._masks, self._rows, self._counted, self.selection = masks, {}, {}, selection
        self._counts.forget()

    def rows(self, *without: str) -> Rows:
        """Return the rows that pass all controls, or all but some."""
        left = self._masks.keys() & set(without)
        if len(left) == len(self._masks):
            return None
        key = frozenset(left)
        if key not in self._rows:
            bits = sum(_BITS[name] for name in left)
            failed = self._failed & np.uint32(~bits & 0xFFFFFFFF) if bits else self._failed
            self._rows[key] = np.flatnonzero(failed == 0)
        return self._rows[key]

    def passes(self) -> NDArray[np.bool_]:
        """Tell of each row whether it passes."""
        return np.asarray(self._failed == 0)

    def counts(self, *names: str, without: tuple[str, ...] = ()) -> NDArray[np.int64]:
        """Return how many of the rows that pass all controls, or all but some, have each code of a column."""
        left = frozenset(self._masks.keys() & set(without))
        if (names, left) not in self._counted:
            self._counted[names, left] = self._counts.of(names, self.rows(*left), shared=not left)
        return self._counted[names, left]

    def prepare(self, *names: str) -> None:
        """Encode a column now, and count it for all rows."""
        self._counts.prepare(names)

    def count(self, *without: str) -> int:
        """Return how many rows pass all controls, or all but some."""
        rows = self.rows(*without)
        return self.calls.size if rows is None else len(rows)

    def _none_of(self, selection: Selection) -> pd.DataFrame:
        """Return no rows of the columns that a selection reads, to find out whether it can be answered."""
        needed = {name for control in selection.active() for name in control.columns}
        if "agent" in needed:
            needed.update(AGENT_COLUMNS)
        derived = ("agent", "country", "hour", "weekday", "transferred", "path", "ai")
        names = [name for name in needed if self.calls.has(name) and name not in derived]
        return self.calls.frame(tuple(names)).iloc[:0]

    def _mask(self, control: Control, selection: Selection) -> tuple[Hashable, NDArray[np.bool_]]:
        value = selection.value(control.name)
        zone = selection.filter.timezone if control.kind == "days" else None
        present = self._masks.get(control.name)
        if present is not None and present[0] == (value, zone):
            return present
        return (value, zone), self._compute_mask(control, value, zone)

    def _compute_mask(self, control: Control, value: Any, zone: str | None) -> NDArray[np.bool_]:
        if control.condition:
            encoded = self.calls.encoded(*control.columns)
            return _looked_up(encoded, control.condition.mask(encoded.meaning, value))
        if control.kind in ("days", "range"):
            frame = self.calls.frame(control.columns)
            ends = zip(control.arguments, value, strict=True)
            masks = [_predicate(name).mask(frame, end, zone) for name, end in ends if end is not None]
            return np.asarray(np.logical_and.reduce(masks))
        return self._predicate_mask(_predicate(control.arguments[0]), value)

    def _predicate_mask(self, predicate: predicates.Predicate, value: Any) -> NDArray[np.bool_]:
        """Test the distinct values of a column that a view has encoded already; of any other, each row.

        Finding the distinct numbers of a million calls takes longer than testing each of the calls.
        """
        if isinstance(predicate, predicates.AnyPart):
            with (
                ThreadPoolExecutor() as threads
            ):  # most of the time is spent in Arrow, which releases the GIL
                return np.asarray(
                    np.logical_or.reduce([*threads.map(self._predicate_mask, predicate.parts, repeat(value))])
                )
        if isinstance(predicate, predicates.AnyAgent):
            encoded = self.calls.encoded("agent")
            return _looked_up(encoded, predicate.mask_of_labels(with_agent(encoded.meaning, "agent"), value))
        if self.calls.is_encoded(*predicate.columns):
            encoded = self.calls.encoded(*predicate.columns)
            return _looked_up(encoded, predicate.mask(encoded.meaning, value, None))
        return predicate.mask(self.calls.frame(predicate.columns), value, None)


def _predicate(name: str) -> predicates.Predicate:
    predicate = FILTERS[name].predicate
    assert predicate is not None
    return predicate


def _looked_up(encoded: Encoded, answers: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.asarray(answers, dtype=bool)[encoded.codes]
    return found
