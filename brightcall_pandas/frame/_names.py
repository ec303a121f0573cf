"""Names for ids: of agents, lines, parties and projects, in tables and pictures. The data keep the ids."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from brightcall_pandas.frame._columns import to_series, typed_array
from brightcall_pandas.frame._fields import Field
from brightcall_pandas.frame._labels import NONE
from brightcall_pandas.frame._settings import type_error

__all__ = ["ARROW", "NAMES_DOC", "Names", "documented", "named_table", "names_by_id", "shown_names"]

Names = Mapping[Any, Any] | pd.Series | pd.DataFrame | None
"""What every ``names=`` takes: names by id, as a dict or a Series, or a frame of ids and names."""

ARROW = " → "
"""The separator of the parties in a path."""

NAMES_DOC = (
    'Names to show for ids of agents, lines, parties and projects: a dict such as ``{101: "Ann"}``, a\n'
    "Series indexed by id, or a frame with the columns ``id`` and ``name`` (or two columns, in this order).\n"
    "Ids are text or numbers; one without a name stays as it is, and of ids that share a name each is shown\n"
    "behind it."
)
"""How ``names=`` is documented."""

_IDENTIFIER = Field("id", "identifier", "")
_LEVELS = frozenset(
    ("agent", "line", "project", "party", "from", "to", "first", "last", "agentShortNumber", "userId",
     "involvedAgent1Id", "toAnswer", "lineNumber", "projectId", "projectName")
)  # fmt: skip
"""Levels and columns of tables whose labels are ids of these."""

_PATHS, _CHAIN = ("path",), "chain"


def names_by_id(names: Names) -> dict[str, str]:
    """Return the name of each id; those that share a name are told apart by their ids.

    Raises
    ------
    TypeError
        It is neither a mapping nor a Series nor a frame.
    ValueError
        A frame has neither the columns ``id`` and ``name`` nor two columns, or an id has two names.

    Examples
    --------
    >>> names_by_id({101: "Ann", "102": "Bo", 103.0: "Ann", 104: None})
    {'101': 'Ann (101)', '102': 'Bo', '103': 'Ann (103)'}
    """
    known: dict[str, str] = {}
    for key, name in _pairs(names):
        if name is None or pd.isna(name) or not str(name).strip() or not key:
            continue
        if known.setdefault(key, str(name).strip()) != str(name).strip():
            msg = f"names= has two names for {key!r}: {known[key]!r} and {str(name).strip()!r}; keep one"
            raise ValueError(msg)
    shared = Counter(known.values())
    return {key: f"{name} ({key})" if shared[name] > 1 else name for key, name in known.items()}


def _pairs(names: Names) -> Iterable[tuple[str, Any]]:
    if names is None:
        return []
    if isinstance(names, pd.DataFrame):
        if {"id", "name"} <= set(names.columns):
            ids, said = names["id"], names["name"]
        elif names.shape[1] == 2:
            ids, said = names.iloc[:, 0], names.iloc[:, 1]
        else:
            msg = (
                f"names= takes a frame with the columns 'id' and 'name', or two columns, not one with "
                f"{names.shape[1]}: {', '.join(map(str, names.columns[:5]))}"
            )
            raise ValueError(msg)
        return list(zip(_ids(ids.tolist()), said.tolist(), strict=True))
    if isinstance(names, pd.Series):
        return list(zip(_ids(names.index.tolist()), names.tolist(), strict=True))
    if isinstance(names, Mapping):
        return list(zip(_ids(list(names)), names.values(), strict=True))
    raise type_error("names", "a dict, a Series indexed by id, or a frame of ids and names", names)


def _ids(keys: list[Any]) -> list[str]:
    """Return ids as frames have them: 101, 101.0 and "101" are one."""
    typed = to_series(typed_array(keys, _IDENTIFIER)[0], _IDENTIFIER)
    return ["" if pd.isna(each) else str(each).strip() for each in typed]


def shown_names(labels: Iterable[Any], names: Names) -> dict[Any, Any]:
    """Return what is shown for each label: its name, or itself; no two labels are shown alike.

    Examples
    --------
    >>> shown_names(["101", "102", "Bo"], {101: "Ann", 102: "Bo"})
    {'101': 'Ann', '102': 'Bo (102)', 'Bo': 'Bo'}
    """
    known, labels = names_by_id(names), list(labels)
    unnamed = {str(label) for label in labels if str(label) not in known}
    shown = {}
    for label in labels:
        name = known.get(str(label), label) if label != NONE else label
        shown[label] = f"{name} ({label})" if name is not label and name in unnamed else name
    return shown


def named_table(table: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Return a table with names in place of ids, in the levels of its index and its columns that have any."""
    if names is None:
        return table
    names_by_id(names)  # a wrong argument is refused, whatever the table shows
    shown = table.copy(deep=False)
    shown.index = _named_index(table.index, names)
    shown.columns = _named_index(table.columns, names)
    if _CHAIN in table.columns:
        chains = table[_CHAIN].tolist()
        known = shown_names(sorted({party for chain in chains for party in chain}), names)
        shown[_CHAIN] = pd.Series(
            [tuple(map(known.get, chain)) for chain in chains], shown.index, dtype=object
        )
    return shown


def _named_index(index: pd.Index, names: Names) -> pd.Index:
    if isinstance(index, pd.MultiIndex):
        levels: list[Any] = [_named_level(index.levels[n], name, names) for n, name in enumerate(index.names)]
        if not any(new is not old for new, old in zip(levels, index.levels, strict=True)):
            return index
        return index.set_levels(levels)
    return _named_level(index, index.name, names)


def _named_level(labels: pd.Index, level: Any, names: Names) -> pd.Index:
    if level in _PATHS:
        parties = {party for path in labels for party in str(path).split(ARROW)}
        shown = shown_names(sorted(parties), names)
        paths = [ARROW.join(shown[party] for party in str(path).split(ARROW)) for path in labels]
        return pd.Index(paths, dtype="str", name=level)
    if level not in _LEVELS:
        return labels
    shown = shown_names(labels.unique(), names)
    return pd.Index([str(shown[each]) for each in labels], dtype="str", name=level)


def documented(doc: str | None, told: Mapping[str, str]) -> str | None:
    """Return a docstring whose section of parameters ends with these."""
    if not doc:
        return doc
    plain = inspect.cleandoc(doc)
    added = "".join(
        f"\n{name}\n" + "\n".join(f"    {line}" for line in text.split("\n")) for name, text in told.items()
    )
    before, section, after = plain.partition("\n\nReturns\n-------\n")
    return f"{before}{added}{section}{after}" if section else plain
