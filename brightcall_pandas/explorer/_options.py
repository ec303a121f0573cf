"""What a control offers, and how many calls stand behind each choice under the other filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.explorer._codes import Codes
from brightcall_pandas.explorer._controls import Control
from brightcall_pandas.explorer._crossfilter import Crossfilter
from brightcall_pandas.filters import FILTERS, Many
from brightcall_pandas.frame import fold, tags_of_rows

__all__ = ["MOST", "Options", "options_of"]

MOST = 200
"""Choices that a list shows; the page says how many there are."""


@dataclass(frozen=True)
class Options:
    """The choices of one control.

    Parameters
    ----------
    labels
        What stands beside each box.
    values
        The values of the filter that each choice stands for: all spellings of an outcome.
    of
        How many choices there are, with those that are not shown.
    names
        The facts whose codes are counted.
    pairs
        Which codes belong to which choices: two arrays of equal length.
    """

    labels: list[str]
    values: list[tuple[Any, ...]]
    of: int
    names: tuple[str, ...]
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]]

    def counts(self, by_code: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the calls of each choice from the calls of each code."""
        code, choice = self.pairs
        return np.bincount(choice, weights=by_code[code], minlength=len(self.labels)).astype(np.int64)

    def chosen(self, value: Any) -> list[bool | None]:
        """Return which choices are ticked; None where only some of the spellings are."""
        values = set(value if isinstance(value, tuple) else () if value is None else (value,))
        found = [[each in values for each in group] for group in self.values]
        return [True if all(group) else None if any(group) else False for group in found]


def options_of(control: Control, cross: Crossfilter) -> Options:
    """Return the choices of a control: numbers in their order, texts of an open set with most calls first."""
    facts = cross.facts
    if control.name == "categories":
        return _closed(control, facts.codes("type", "state"), ("type", "state"))
    codes = facts.codes(*control.columns)
    if control.condition and control.single:
        words = {"transferred": ("transferred", "not transferred"), "ai": ("talked", "did not talk")}
        place = np.arange(2)
        return Options(
            list(words[control.name]), [(True,), (False,)], 2, control.columns, (np.array([1, 0]), place)
        )
    if control.columns in (("type",), ("state",), ("outcomeType",)):
        return _closed(control, codes, control.columns)
    groups = _tags(codes) if control.columns == ("tags",) else _labels(control, codes)
    return _ranked(groups, codes, control.columns)


def _closed(control: Control, codes: Codes, names: tuple[str, ...]) -> Options:
    """Ask the filter itself which combinations each word takes."""
    asked = FILTERS[control.arguments[0]]
    assert isinstance(asked.value, Many)
    assert asked.rows is not None
    words: tuple[str, ...] = getattr(asked.value.of, "words", None) or asked.value.of.field.choices  # type: ignore[attr-defined]
    hits = [np.flatnonzero(asked.rows.mask(codes.meaning, (word,), None)) for word in words]
    places = [np.full(len(hit), place) for place, hit in enumerate(hits)]
    pairs = np.concatenate(hits), np.concatenate(places)
    shown = [word.replace("_", " ") for word in words]
    return Options(shown, [(word,) for word in words], len(words), names, pairs)


Groups = dict[str, tuple[dict[Any, None], list[int]]]
"""Folded text → the values that it stands for, and their codes."""


def _labels(control: Control, codes: Codes) -> Groups:
    groups: Groups = {}
    for code, label in enumerate(codes.meaning[control.columns[0]].tolist()):
        if pd.isna(label) or not str(label).strip():
            continue
        key = fold(label) if control.columns == ("outcomeTag",) else str(label)
        values, members = groups.setdefault(key, ({}, []))
        values[label] = None
        members.append(code)
    return groups


def _tags(codes: Codes) -> Groups:
    groups: Groups = {}
    positions, tags = tags_of_rows(codes.meaning["tags"])
    for code, position in enumerate(positions):
        for tag in tags[position]:
            values, members = groups.setdefault(fold(tag), ({}, []))
            values[tag] = None
            if members[-1:] != [code]:  # two spellings of one tag are one tag
                members.append(code)
    return groups


def _ranked(groups: Groups, codes: Codes, names: tuple[str, ...]) -> Options:
    calls = codes.of(None)
    weight = {key: int(calls[members].sum()) for key, (_, members) in groups.items()}
    if pd.api.types.is_numeric_dtype(codes.meaning[names[0]]):
        order = sorted(groups, key=float)
    else:
        order = sorted(groups, key=lambda key: (-weight[key], key))
    labels, values, members, places = [], [], [], []
    for place, key in enumerate(order[:MOST]):
        spellings, found = groups[key]
        most = (
            spellings
            if len(found) != len(spellings)
            else [
                label
                for _, label in sorted(zip(found, spellings, strict=True), key=lambda each: -calls[each[0]])
            ]
        )
        labels.append(_shown(next(iter(most))))
        values.append(tuple(spellings))
        members += found
        places += [place] * len(found)
    pairs = np.array(members, dtype=np.intp), np.array(places, dtype=np.intp)
    return Options(labels, values, len(order), names, pairs)


def _shown(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float) else " ".join(str(label).split())
