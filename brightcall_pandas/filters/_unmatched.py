"""Values of a filter that no row has: misspelt ones, above all, which would leave no rows without a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.filters._callfilter import CallFilter
from brightcall_pandas.filters._predicates import AnyAgent, LabelPredicate
from brightcall_pandas.filters._rows import ROW_FILTERS, RowFilter
from brightcall_pandas.filters._table import FILTERS, Filter
from brightcall_pandas.filters._values import Identifier, Many, Text
from brightcall_pandas.frame import NONE, agents_of, column, fold, nearest, tags_of_rows, with_agent

__all__ = ["unmatched_values"]

_MOST_IDS = 20  # that are listed: more say nothing, and may be telephone numbers
_MOST_VALUES = 20  # of one filter; nobody types a longer list
_NAMED = 3  # values in a sentence
_LISTED = 10  # labels in a sentence
_COMPARED = 1_000  # labels among which the nearest is looked for


def unmatched_values(
    df: pd.DataFrame,
    spec: CallFilter,
    conditions: Mapping[str, Any],
    passed: np.ndarray,
    *,
    fold_case: bool,
    agent: str | None = None,
) -> str:
    """Return sentences about values of filters that no row of a frame has, and what is there instead.

    Only labels, names, numbers and identifiers are looked at: words of a closed set are checked when a filter
    is made, and a range without calls is an answer.

    Parameters
    ----------
    df
        Calls; of a frame without rows nothing is said.
    spec, conditions, fold_case, agent
        The filter.
    passed
        Which rows pass it.

    Returns
    -------
    str
        Empty where each value has a row, whether or not that row passes the other filters.
    """
    if not len(df):
        return ""
    if agent is not None:
        df = with_agent(df, agent)
    given: list[tuple[Filter | RowFilter, Any]] = [
        (FILTERS[name], value) for name, value in spec.to_dict().items()
    ]
    given += [(ROW_FILTERS[name], value) for name, value in conditions.items()]
    said = []
    for each, value in given:
        if not _is_typed(each):
            continue
        values = value if isinstance(value, tuple) else (value,)
        as_label = fold_case or (agent is not None and isinstance(each.predicate, AnyAgent))
        lacking = _lacking(df, each, values, passed, fold_case=as_label)
        if lacking := [one for one in lacking if one != NONE]:
            said.append(_sentence(df, each, lacking, fold_case=as_label))
    return " ".join(said)


def _is_typed(each: Filter | RowFilter) -> bool:
    """Tell whether a filter takes words or numbers that can be misspelt."""
    return isinstance(_kind(each), Text | Identifier) and each.predicate is not None


def _kind(each: Filter | RowFilter) -> Any:
    return each.value.of if isinstance(each.value, Many) else each.value


def _lacking(
    df: pd.DataFrame,
    each: Filter | RowFilter,
    values: tuple[str, ...],
    passed: np.ndarray,
    *,
    fold_case: bool,
) -> list[str]:
    """Return the values that no row has; of a long list only if that holds for all of them."""
    if len(values) == 1 and passed.any():  # it has the rows that pass
        return []
    predicate: Any = each.predicate

    def is_in(rows: pd.DataFrame, values: tuple[str, ...]) -> bool:
        wanted = values if isinstance(each.value, Many) else values[0]
        if fold_case and isinstance(predicate, LabelPredicate):
            return bool(predicate.mask_of_labels(rows, wanted).any())
        return bool(predicate.mask(rows, wanted, None).any())

    rows = df[[name for name in dict.fromkeys(predicate.columns) if name in df.columns]]
    if len(values) > _MOST_VALUES:
        return [] if passed.any() or is_in(rows, values) else list(values)
    # Most values are among the rows that pass, which are fewer.
    some = rows[passed].drop_duplicates()
    return [one for one in values if not is_in(some, (one,)) and not is_in(rows, (one,))]


def _sentence(df: pd.DataFrame, each: Filter | RowFilter, lacking: list[str], *, fold_case: bool) -> str:
    named = " or ".join(f"{each.argument}={value!r}" for value in lacking[:_NAMED])
    more = f" or {len(lacking) - _NAMED} more of its values" if len(lacking) > _NAMED else ""
    labels = _labels(df, each)
    if fold_case and isinstance(each.predicate, LabelPredicate):
        spellings: dict[str, str] = {}
        for label in labels:
            spellings.setdefault(fold(label), label)
        labels = list(spellings.values())
    is_text = isinstance(_kind(each), Text)
    if not is_text and len(labels) > _MOST_IDS:
        labels = []
    hint = nearest(lacking[0], labels[:_COMPARED] if is_text else [])
    told = f"None of these {len(df):,} calls has {named}{more}{hint}"
    if not labels:
        return told
    listed = ", ".join(map(repr, labels[:_LISTED]))
    rest = f" and {len(labels) - _LISTED:,} more" if len(labels) > _LISTED else ""
    return f"{told} They have {listed}{rest}."


def _labels(df: pd.DataFrame, each: Filter | RowFilter) -> list[str]:
    """Return what the rows have, the most frequent first; nothing where that is no single column."""
    if isinstance(each.predicate, AnyAgent):
        return [str(agent) for agent in agents_of(df).value_counts().index]
    columns: tuple[str, ...] = () if each.predicate is None else each.predicate.columns
    if len(columns) != 1:
        return []
    values = column(df, columns[0])
    if columns[0] == "tags":
        codes, tags = tags_of_rows(values)
        counts = pd.Series(codes).value_counts()
        return list(dict.fromkeys(tag for code in counts.index for tag in tags[code]))
    return [str(value) for value in values.value_counts().index if str(value).strip()]
