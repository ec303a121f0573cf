"""The controls, each made from the row of its filter; conditions without a filter; and what they offer.

The kind of value that a filter takes decides what its control looks like, and its predicate says which
columns it reads. A new row in the table of filters is a new control here without another line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.explorer._counts import Encoded, EncodedCalls
from brightcall_pandas.filters import (
    FILTERS,
    ROW_FILTERS,
    Day,
    Filter,
    Identifier,
    Many,
    Number,
    Text,
    Word,
    predicates,
)
from brightcall_pandas.filters import Codes as CodesOf
from brightcall_pandas.frame import ARROW, NONE, WEEKDAYS, Names, fold, shown_names, tags_of_rows

__all__ = ["CONDITIONS", "CONTROLS", "MOST", "Condition", "Control", "Options", "options_of"]

Kind = Literal["days", "hours", "options", "range", "text"]


@dataclass(frozen=True)
class Condition:
    """A condition on rows that the API has no filter for.

    Parameters
    ----------
    name
        Its name in `Explorer.conditions` and in ``df.calls.filter``.
    columns
        The columns of the explorer's own frame that it reads.
    mask
        Which rows of a frame with these columns meet it.
    """

    name: str
    columns: tuple[str, ...]
    mask: Callable[[pd.DataFrame, Any], np.ndarray]

    @property
    def doc(self) -> str:
        """What it means."""
        return ROW_FILTERS[self.name].doc

    def parse(self, given: Any) -> Any:
        """Return the canonical value, or raise an error that says what is wrong."""
        return ROW_FILTERS[self.name].value.parse(self.name, given)


@dataclass(frozen=True)
class Control:
    """What the page shows for one filter, or for the two ends of a range.

    Parameters
    ----------
    name
        The filter's Python name; for a range without ``_from`` and ``_to``.
    label
        Its heading on the page.
    doc
        What it does.
    kind
        What it looks like.
    arguments
        Filters that it sets, by Python name; none for a condition.
    columns
        Columns that it reads.
    single
        Whether it takes one value rather than several.
    more
        Whether it is folded away below the others.
    """

    name: str
    label: str
    doc: str
    kind: Kind
    arguments: tuple[str, ...]
    columns: tuple[str, ...]
    single: bool = False
    more: bool = False

    @property
    def condition(self) -> Condition | None:
        """The condition behind it; None for a filter of the API."""
        return CONDITIONS.get(self.name)


def _has(values: pd.Series, chosen: Iterable[Any]) -> NDArray[np.bool_]:
    return values.isin(list(chosen)).to_numpy(dtype=bool)


CONDITIONS: dict[str, Condition] = {
    each.name: each
    for each in (
        Condition("hours", ("hour",), lambda df, value: df["hour"].between(*value).to_numpy(dtype=bool)),
        Condition(
            "weekdays", ("weekday",), lambda df, value: _has(df["weekday"], map(WEEKDAYS.index, value))
        ),
        Condition("lines", ("lineNumber",), lambda df, value: _has(df["lineNumber"], value)),
        Condition("campaigns", ("campaign",), lambda df, value: _has(df["campaign"], value)),
        Condition("countries", ("country",), lambda df, value: _has(df["country"], value)),
        Condition(
            "transferred",
            ("transferred",),
            lambda df, value: (df["transferred"] == value).to_numpy(dtype=bool),
        ),
        Condition("paths", ("path",), lambda df, value: _has(df["path"], value)),
        Condition("ai", ("ai",), lambda df, value: (df["ai"] == value).to_numpy(dtype=bool)),
    )
}
"""Conditions by name."""

_LABELS = {
    "day": "Days",
    "hours": "Hours",
    "weekdays": "Weekday",
    "types": "Direction",
    "states": "State",
    "categories": "Category",
    "outcomes": "Outcome",
    "outcome_types": "Outcome type",
    "agent_ids": "Agent",
    "text_projects": "Project",
    "lines": "Line",
    "campaigns": "Campaign",
    "countries": "Country",
    "tags": "Tags",
    "number": "Number",
    "search_string": "Search",
    "talk_time": "Talk time",
    "answer_time": "Answer time",
    "quality_rating": "Quality rating",
    "transferred": "Transferred",
    "paths": "Transfer variant",
    "ai": "AI agent",
}
"""Controls that are always shown, in this order; all others are below *More filters*."""


def _kind_of(each: Filter) -> Kind:
    """Return what the control of a filter looks like."""
    if isinstance(each.value, Day):
        return "days"
    if isinstance(each.value, Number):
        return "options" if isinstance(each.predicate, predicates.Equals) else "range"
    if isinstance(each.value, Many) and isinstance(each.value.of, CodesOf | Word | Text):
        return "options"
    if isinstance(each.value, Many) and isinstance(each.value.of, Identifier) and each.value.of.as_number:
        return "options"
    return "text"


def _all_controls() -> dict[str, Control]:
    made: dict[str, Control] = {}
    for each in FILTERS.values():
        if each.predicate is None:
            continue
        kind = _kind_of(each)
        ends = kind in ("days", "range")
        name = each.argument.rpartition("_")[0] if ends else each.argument
        made[name] = Control(
            name,
            _LABELS.get(name, name.replace("_", " ").capitalize()),
            {"days": "First and last day", "range": "Seconds, least and greatest"}.get(kind, each.doc),
            kind,
            (f"{name}_from", f"{name}_to") if ends else (each.argument,),
            ("agent",) if isinstance(each.predicate, predicates.AnyAgent) else each.predicate.columns,
            single=not isinstance(each.value, Many),
            more=name not in _LABELS,
        )
    for name, condition in CONDITIONS.items():
        kind = "hours" if name == "hours" else "options"
        made[name] = Control(
            name,
            _LABELS[name],
            condition.doc,
            kind,
            (),
            condition.columns,
            single=name in ("transferred", "ai"),
        )
    order = [*_LABELS, *(name for name in made if name not in _LABELS)]
    return {name: made[name] for name in order}


CONTROLS: dict[str, Control] = _all_controls()
"""Controls by name, in the order in which the page shows them."""


MOST = 200
"""Choices that a list shows at once; the page says how many there are, and a search finds the others."""


@dataclass(frozen=True)
class Options:
    """The choices of one control.

    Parameters
    ----------
    labels
        The text beside each box.
    values
        The values of the filter that each choice stands for, such as all spellings of an outcome.
    names
        The columns whose codes are counted.
    pairs
        Which codes belong to which choices: two arrays of equal length.
    """

    labels: list[str]
    values: list[tuple[Any, ...]]
    names: tuple[str, ...]
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]]

    def counts(self, by_code: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the calls of each choice from the calls of each code."""
        code, choice = self.pairs
        return np.bincount(choice, weights=by_code[code], minlength=len(self.labels)).astype(np.int64)

    @cached_property
    def _choice_of(self) -> dict[Any, list[int]]:
        found: dict[Any, list[int]] = {}
        for choice, group in enumerate(self.values):
            for each in group:
                found.setdefault(each, []).append(choice)
        return found

    @cached_property
    def _searched(self) -> list[str]:
        """What is searched of each choice: its label, and the values behind it, such as an id."""
        return [
            "\n".join(map(str, [label, *group])).casefold()
            for label, group in zip(self.labels, self.values, strict=True)
        ]

    def ticked(self, value: Any) -> dict[int, bool | None]:
        """Return the choices that are ticked: True, or None for one of which only some spellings are."""
        values = set(value if isinstance(value, tuple) else () if value is None else (value,))
        touched = sorted({choice for each in values for choice in self._choice_of.get(each, ())})
        return {choice: values.issuperset(self.values[choice]) or None for choice in touched}

    def found(self, part: str) -> list[int]:
        """Return the choices that have a text, case aside; all of them if it is empty."""
        part = part.strip().casefold()
        return (
            [choice for choice, text in enumerate(self._searched) if part in text]
            if part
            else [*range(len(self.labels))]
        )


def options_of(control: Control, calls: EncodedCalls, names: Names = None) -> Options:
    """Return the choices of a control: numbers in their order, texts of an open set by number of calls.

    Agents, lines and parties that have a name in `names` are shown by it.
    """
    if control.name == "weekdays":
        slots = np.arange(168)
        values = [(day,) for day in WEEKDAYS]
        return Options([*WEEKDAYS], values, ("weekday", "hour"), (slots, slots // 24))
    if control.name == "categories":
        return _closed(control, calls.encoded("type", "state"), ("type", "state"))
    encoded = calls.encoded(*control.columns)
    if control.condition and control.single:
        words = {"transferred": ("transferred", "not transferred"), "ai": ("talked", "did not talk")}
        choice = np.arange(2)
        return Options(
            list(words[control.name]), [(True,), (False,)], control.columns, (np.array([1, 0]), choice)
        )
    if control.columns in (("type",), ("state",), ("outcomeType",)):
        return _closed(control, encoded, control.columns)
    groups = _tags(encoded) if control.columns == ("tags",) else _groups(control, encoded)
    return _named(_ranked(groups, encoded, control.columns), control, names)


_NAMED = ("agent", "lineNumber", "path")
"""Columns whose ids may have names."""


def _named(options: Options, control: Control, names: Names) -> Options:
    if names is None or control.columns[0] not in _NAMED:
        return options
    parties = [label.split(ARROW) for label in options.labels]
    known = shown_names(sorted({party for each in parties for party in each}), names)
    return replace(
        options, labels=[ARROW.join(_isolated(str(known[party])) for party in each) for each in parties]
    )


def _isolated(name: str) -> str:
    """Return a name that is written from right to left so that it does not turn the chain around it."""
    turns = any(unicodedata.bidirectional(each) in ("R", "AL") for each in name)
    return f"\u2068{name}\u2069" if turns else name


def _closed(control: Control, encoded: Encoded, names: tuple[str, ...]) -> Options:
    """Let the filter itself tell which combinations each of its words takes."""
    spec = FILTERS[control.arguments[0]]
    assert isinstance(spec.value, Many)
    assert spec.predicate is not None
    words: tuple[str, ...] = getattr(spec.value.of, "words", None) or spec.value.of.field.choices  # type: ignore[attr-defined]
    hits = [np.flatnonzero(spec.predicate.mask(encoded.meaning, (word,), None)) for word in words]
    choices = [np.full(len(hit), choice) for choice, hit in enumerate(hits)]
    pairs = np.concatenate(hits), np.concatenate(choices)
    shown = [word.replace("_", " ") for word in words]
    return Options(shown, [(word,) for word in words], names, pairs)


Groups = dict[str, tuple[dict[Any, None], list[int]]]
"""Folded text → the values that it stands for, and their codes."""


def _groups(control: Control, encoded: Encoded) -> Groups:
    groups: Groups = {}
    for code, label in enumerate(encoded.meaning[control.columns[0]].tolist()):
        if pd.isna(label) or not str(label).strip():
            continue
        key = fold(label) if control.columns == ("outcomeTag",) else str(label)
        values, members = groups.setdefault(key, ({}, []))
        values[label] = None
        members.append(code)
    return groups


def _tags(encoded: Encoded) -> Groups:
    groups: Groups = {}
    positions, tags = tags_of_rows(encoded.meaning["tags"])
    for code, position in enumerate(positions):
        for tag in tags[position]:
            values, members = groups.setdefault(fold(tag), ({}, []))
            values[tag] = None
            if members[-1:] != [code]:  # two spellings of one tag are one tag
                members.append(code)
    return groups


def _ranked(groups: Groups, encoded: Encoded, names: tuple[str, ...]) -> Options:
    n_calls = encoded.counts(None)
    weight = {key: int(n_calls[members].sum()) for key, (_, members) in groups.items()}
    if pd.api.types.is_numeric_dtype(encoded.meaning[names[0]]):
        order = sorted(groups, key=float)
    else:
        order = sorted(groups, key=lambda key: (-weight[key], key == NONE, key))
    labels, values, members, choices = [], [], [], []
    for choice, key in enumerate(order):
        spellings, found = groups[key]
        most = (
            spellings
            if len(found) != len(spellings)
            else [
                label
                for _, label in sorted(zip(found, spellings, strict=True), key=lambda each: -n_calls[each[0]])
            ]
        )
        labels.append(_shown(next(iter(most))))
        values.append(tuple(spellings))
        members += found
        choices += [choice] * len(found)
    pairs = np.array(members, dtype=np.intp), np.array(choices, dtype=np.intp)
    return Options(labels, values, names, pairs)


def _shown(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float) else " ".join(str(label).split())
