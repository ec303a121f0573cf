"""Every control, made from the row of its filter; and four conditions that the API has no filter for.

A filter's kind of value decides what its control looks like, its question says which columns it reads. A new
row in the table of filters is a new control here without another line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from brightcall_pandas.filters import FILTERS, Codes, Day, Filter, Identifier, Many, Number, Text, Word
from brightcall_pandas.filters import _predicates as ask

__all__ = ["CONDITIONS", "CONTROLS", "Condition", "Control"]

Kind = Literal["days", "hours", "options", "range", "text"]


@dataclass(frozen=True)
class Condition:
    """A question that rows answer and the API does not ask.

    Parameters
    ----------
    name
        Its name in `Explorer.conditions`.
    doc
        What it asks.
    columns
        The columns of the explorer's own frame that it reads.
    parse
        Returns the canonical value, or raises ``ValueError``.
    mask
        Answers for each row of a frame with these columns.
    code
        The same question in pandas, over ``calls``.
    """

    name: str
    doc: str
    columns: tuple[str, ...]
    parse: Callable[[Any], Any]
    mask: Callable[[pd.DataFrame, Any], np.ndarray]
    code: Callable[[Any, str], str]


@dataclass(frozen=True)
class Control:
    """What the page shows for one filter, or for the two ends of a range.

    Parameters
    ----------
    name
        The filter's Python name; of a range without ``_from`` and ``_to``.
    label
        What stands on it.
    doc
        What it does.
    kind
        What it looks like.
    arguments
        Filters that it sets, by Python name; none where it is a condition.
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
        """The condition behind it, where it is no filter of the API."""
        return CONDITIONS.get(self.name)


def _hours(given: Any) -> tuple[int, int]:
    low, high = (int(each) for each in given)
    if not 0 <= low <= high <= 23:
        msg = f"hours={given!r}: takes two hours from 0 to 23, the first not after the last, as (9, 17)"
        raise ValueError(msg)
    return low, high


def _yes(given: Any) -> bool:
    if given is True or given is False:
        return given
    if str(given).casefold() in ("true", "false"):
        return str(given).casefold() == "true"
    msg = f"takes True or False, not {given!r}"
    raise ValueError(msg)


def _labels(given: Any) -> tuple[str, ...]:
    parsed: tuple[str, ...] = Many(Identifier()).parse("lines", given)
    return parsed


def _not(wanted: bool, condition: str) -> str:
    return condition if wanted else f"~({condition})"


CONDITIONS: dict[str, Condition] = {
    each.name: each
    for each in (
        Condition(
            "hours",
            "Hours of the day in which the call began, both inclusive.",
            ("hour",),
            _hours,
            lambda df, value: df["hour"].between(*value).to_numpy(dtype=bool),
            lambda value, zone: (
                f'calls["timestamp"].dt.tz_convert({zone!r}).dt.hour.between({value[0]}, {value[1]})'
            ),
        ),
        Condition(
            "lines",
            "Phone lines used for the call.",
            ("lineNumber",),
            _labels,
            lambda df, value: ask.AnyOf("lineNumber").mask(df, value, None),
            lambda value, _: f'calls["lineNumber"].isin({list(value)!r})',
        ),
        Condition(
            "transferred",
            "Whether the call was transferred at least once.",
            ("transferred",),
            _yes,
            lambda df, value: (df["transferred"] == value).to_numpy(dtype=bool),
            lambda value, _: _not(value, "calls.calls.chains_match(at_least=1)"),
        ),
        Condition(
            "ai",
            "Whether the AI agent talked.",
            ("ai",),
            _yes,
            lambda df, value: (df["ai"] == value).to_numpy(dtype=bool),
            lambda value, _: _not(value, 'calls["aiTalkTime"] > 0'),
        ),
    )
}
"""Conditions by name."""

_LABELS = {
    "day": "Days",
    "hours": "Hours",
    "types": "Direction",
    "states": "State",
    "categories": "Category",
    "outcomes": "Outcome",
    "outcome_types": "Outcome type",
    "agent_ids": "Agent",
    "text_projects": "Project",
    "lines": "Line",
    "tags": "Tags",
    "number": "Number",
    "search_string": "Search",
    "talk_time": "Talk time",
    "answer_time": "Answer time",
    "quality_rating": "Quality rating",
    "transferred": "Transferred",
    "ai": "AI agent",
}
"""What stands in front, in this order; every other filter is found below *More filters*."""


def _kind_of(each: Filter) -> Kind:
    """Return what the control of a filter looks like."""
    if isinstance(each.value, Day):
        return "days"
    if isinstance(each.value, Number):
        return "options" if isinstance(each.rows, ask.Equals) else "range"
    if isinstance(each.value, Many) and isinstance(each.value.of, Codes | Word | Text):
        return "options"
    if isinstance(each.value, Many) and isinstance(each.value.of, Identifier) and each.value.of.as_number:
        return "options"
    return "text"


def _made() -> dict[str, Control]:
    made: dict[str, Control] = {}
    for each in FILTERS.values():
        if each.rows is None:
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
            each.rows.columns,
            single=not isinstance(each.value, Many),
            more=name not in _LABELS,
        )
    for name, asked in CONDITIONS.items():
        kind = "hours" if name == "hours" else "options"
        made[name] = Control(
            name, _LABELS[name], asked.doc, kind, (), asked.columns, single=name in ("transferred", "ai")
        )
    order = [*_LABELS, *(name for name in made if name not in _LABELS)]
    return {name: made[name] for name in order}


CONTROLS: dict[str, Control] = _made()
"""Control by name, in the order in which the page shows them."""
