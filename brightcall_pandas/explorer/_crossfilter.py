"""Which rows pass, and which would pass without one control: a bit for each control that a row fails."""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.explorer._controls import CONTROLS, Control
from brightcall_pandas.explorer._counts import Codes, Counts, Facts
from brightcall_pandas.explorer._selection import Selection
from brightcall_pandas.filters import FILTERS
from brightcall_pandas.filters import _predicates as ask

__all__ = ["Crossfilter"]

Rows = NDArray[np.intp] | None
"""Positions of rows; None means all of them."""


_BITS = {name: 1 << place for place, name in enumerate(CONTROLS)}
assert len(_BITS) <= 32


class Crossfilter:
    """The rows of one frame under a selection that changes one control at a time.

    Parameters
    ----------
    facts
        The frame, coded.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.selection = Selection()
        self._kept: dict[str, tuple[Hashable, NDArray[np.bool_]]] = {}
        self._failed = np.zeros(facts.size, dtype=np.uint32)
        self._rows: dict[str, Rows] = {}
        self._counts = Counts(facts)

    def select(self, selection: Selection) -> None:
        """Take another selection.

        Raises
        ------
        KeyError
            A column that it needs is missing.
        ValueError
            Rows cannot answer it, such as ``team_ids``.
        """
        selection.filter.mask(self._none_of(selection))
        masks = {control.name: self._mask(control, selection) for control in selection.active()}
        for name in {*masks, *self._kept}:
            if masks.get(name) is not self._kept.get(name):
                self._failed &= np.uint32(~_BITS[name] & 0xFFFFFFFF)
                if name in masks:
                    self._failed |= (~masks[name][1]).astype(np.uint32) * np.uint32(_BITS[name])
        self._kept, self._rows, self.selection = masks, {}, selection
        self._counts.forget()

    def rows(self, without: str = "") -> Rows:
        """Return the rows that pass, all controls or all but one."""
        without = without if without in self._kept else ""
        if not self._kept or set(self._kept) == {without}:
            return None
        if without not in self._rows:
            failed = self._failed & np.uint32(~_BITS[without] & 0xFFFFFFFF) if without else self._failed
            self._rows[without] = np.flatnonzero(failed == 0)
        return self._rows[without]

    def counts(self, *names: str, without: str = "") -> NDArray[np.int64]:
        """Return how many of the rows that pass (all controls or all but one) have each code of a fact."""
        without = without if without in self._kept else ""
        return self._counts.of(names, self.rows(without), shared=not without)

    def prepare(self, *names: str) -> None:
        """Code a fact now, and count it for all rows."""
        self._counts.prepare(names)

    def count(self, without: str = "") -> int:
        """Return how many rows pass, all controls or all but one."""
        rows = self.rows(without)
        return self.facts.size if rows is None else len(rows)

    def _none_of(self, selection: Selection) -> pd.DataFrame:
        """Return an empty frame with the columns that there are, on which every question can be tried."""
        asked = {name for control in selection.active() for name in control.columns}
        names = [name for name in asked if self.facts.has(name) and name not in ("hour", "transferred", "ai")]
        return self.facts.frame(tuple(names)).iloc[:0]

    def _mask(self, control: Control, selection: Selection) -> tuple[Hashable, NDArray[np.bool_]]:
        value = selection.value(control.name)
        zone = selection.filter.timezone if control.kind == "days" else None
        known = self._kept.get(control.name)
        if known is not None and known[0] == (value, zone):
            return known
        return (value, zone), self._answer(control, value, zone)

    def _answer(self, control: Control, value: Any, zone: str | None) -> NDArray[np.bool_]:
        if control.condition:
            codes = self.facts.codes(*control.columns)
            return _looked_up(codes, control.condition.mask(codes.meaning, value))
        if control.kind in ("days", "range"):
            frame = self.facts.frame(control.columns)
            ends = zip(control.arguments, value, strict=True)
            masks = [_question(name).mask(frame, end, zone) for name, end in ends if end is not None]
            return np.asarray(np.logical_and.reduce(masks))
        return self._asked(_question(control.arguments[0]), value)

    def _asked(self, question: ask.Predicate, value: Any) -> NDArray[np.bool_]:
        """Ask the distinct values of a column that is coded for its view; of any other, each row.

        To tell the distinct numbers of a million calls takes longer than to ask each of the calls.
        """
        if isinstance(question, ask.AnyPart):
            with ThreadPoolExecutor() as threads:  # most of the time is Arrow's, which lets others work
                return np.asarray(
                    np.logical_or.reduce([*threads.map(self._asked, question.parts, repeat(value))])
                )
        if self.facts.coded(*question.columns):
            codes = self.facts.codes(*question.columns)
            return _looked_up(codes, question.mask(codes.meaning, value, None))
        return question.mask(self.facts.frame(question.columns), value, None)


def _question(name: str) -> ask.Predicate:
    question = FILTERS[name].rows
    assert question is not None
    return question


def _looked_up(codes: Codes, answers: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.asarray(answers, dtype=bool)[codes.codes]
    return found
