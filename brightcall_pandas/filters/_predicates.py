"""Which rows a filter matches, once for pandas and once for SQL, side by side.

Each predicate has `columns` (what it reads), `mask` (a boolean NumPy array, as long as the frame) and `sql`
(a DuckDB expression over the typed columns). A null never matches, except where the class says so. `zone` is
the timezone in which days begin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Protocol, runtime_checkable

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame import (
    AGENT_COLUMNS,
    AGENT_FIELDS,
    EXTRAS,
    FIELDS,
    NONE,
    agent_field,
    agent_values,
    agents_of,
    column,
    fold,
    has_number,
    midnight,
    region_of,
    zone_of_times,
)

__all__ = [
    "AnyAgent",
    "AnyLabel",
    "AnyNumber",
    "AnyOf",
    "AnyPart",
    "AtLeast",
    "AtMost",
    "Category",
    "Equals",
    "FromDay",
    "HasNumber",
    "LabelPredicate",
    "OutcomeKind",
    "PartOf",
    "Predicate",
    "ToDay",
    "category_words",
    "literal",
    "lowered",
]

type_field, state_field = FIELDS["type"], FIELDS["state"]


class Predicate(Protocol):
    """A condition that a row fulfils or not."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads."""

    def mask(self, df: pd.DataFrame, value: Any, zone: str | None) -> np.ndarray:
        """Return which rows of a frame match; `zone` None means the frame's own."""

    def sql(self, value: Any, zone: str) -> str:
        """Return the condition as SQL."""


@runtime_checkable
class LabelPredicate(Predicate, Protocol):
    """A predicate whose values are labels of tables, such as outcomes."""

    def mask_of_labels(self, df: pd.DataFrame, value: Any) -> np.ndarray:
        """Answer for each row whether a table counts it under one of these labels."""


class _OfColumn(msgspec.Struct, frozen=True):
    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads."""
        return (self.name,)


class _OfDay:
    columns = ("timestamp",)


class AnyOf(_OfColumn, frozen=True):
    """The column has one of the values."""

    def mask(self, df: pd.DataFrame, value: tuple[str, ...], _zone: str | None) -> np.ndarray:
        """Return which rows match."""
        return column(df, self.name).isin(value).to_numpy(dtype=bool)

    def mask_of_labels(self, df: pd.DataFrame, value: tuple[str, ...]) -> np.ndarray:
        """Answer for each row whether a table counts it under one of these labels."""
        found = self.mask(df, value, None)
        return found | _nothing(column(df, self.name)) if NONE in value else found

    def sql(self, value: tuple[str, ...], _zone: str) -> str:
        """Return the condition as SQL."""
        return f"coalesce({_name(self.name)} IN ({_literals(value)}), FALSE)"


def _nothing(values: pd.Series) -> np.ndarray:
    """Tell of each row whether it has no label: null, or blank text."""
    missing = values.isna()
    if isinstance(values.dtype, pd.StringDtype):
        missing |= values.str.strip() == ""
    return missing.to_numpy(dtype=bool)


class AnyLabel(AnyOf, frozen=True):
    """The column is one of the values; tables fold their spellings."""

    def mask_of_labels(self, df: pd.DataFrame, value: tuple[str, ...]) -> np.ndarray:
        """Answer for each row whether a table counts it under one of these labels."""
        wanted = set(map(fold, value))
        codes, texts = pd.factorize(column(df, self.name))
        return np.array([fold(text) in wanted for text in [*texts, NONE]])[codes]


class AnyAgent:
    """The agent is one of the values.

    Which field the API means is not known, so a row matches where any of the fields that may tell its agent
    has one of the values; as a label of a table, where the one field has it that tells the frame's agents.
    """

    columns: ClassVar[tuple[str, ...]] = AGENT_COLUMNS

    def mask(self, df: pd.DataFrame, value: tuple[str, ...], _zone: str | None) -> np.ndarray:
        """Return which rows match."""
        known = [each for name in AGENT_FIELDS if (each := agent_values(df, name)) is not None]
        known = known or [column(df, AGENT_FIELDS[-1])]  # raises an error that names it
        return np.asarray(np.logical_or.reduce([each.isin(value).to_numpy(dtype=bool) for each in known]))

    def mask_of_labels(self, df: pd.DataFrame, value: tuple[str, ...]) -> np.ndarray:
        """Answer for each row whether a table counts it under one of these labels."""
        values = agent_values(df, agent_field(df)) if NONE not in value else None
        if values is not None:  # who is nobody need not be found out
            return values.isin(value).to_numpy(dtype=bool)
        agents = agents_of(df)
        return (agents.isin(value) | agents.isna()).to_numpy(dtype=bool)

    def sql(self, value: tuple[str, ...], _zone: str) -> str:
        """Return the condition as SQL."""
        return "(" + " OR ".join(self.sql_of(name, value) for name in AGENT_FIELDS) + ")"

    def sql_of(self, field: str, value: tuple[str, ...]) -> str:
        """Return the condition on one field as SQL."""
        told = (
            _name(field)
            if field in FIELDS
            else f"json_extract_string({_name(EXTRAS.name)}, {literal(f'$.{field}')})"
        )
        return f"coalesce({told} IN ({_literals(value)}), FALSE)"


class Equals(_OfColumn, frozen=True):
    """The column has the value."""

    def mask(self, df: pd.DataFrame, value: str | float, _zone: str | None) -> np.ndarray:
        """Return which rows match."""
        return (column(df, self.name) == value).to_numpy(dtype=bool)

    def sql(self, value: str | float, _zone: str) -> str:
        """Return the condition as SQL."""
        return f"coalesce({_name(self.name)} = {literal(value)}, FALSE)"


class HasNumber(Equals, frozen=True):
    """The column has the telephone number; for tables, in any spelling."""

    def mask_of_labels(self, df: pd.DataFrame, value: str) -> np.ndarray:
        """Answer for each row whether it is the same number, read in the frame's region."""
        return has_number(column(df, self.name), value, region_of(df))


class AnyPart(msgspec.Struct, frozen=True):
    """At least one of several conditions holds."""

    parts: tuple[Predicate, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads."""
        return tuple(name for part in self.parts for name in part.columns)

    def mask(self, df: pd.DataFrame, value: Any, zone: str | None) -> np.ndarray:
        """Return which rows match."""
        return np.asarray(np.logical_or.reduce([part.mask(df, value, zone) for part in self.parts]))

    def sql(self, value: Any, zone: str) -> str:
        """Return the condition as SQL."""
        return "(" + " OR ".join(part.sql(value, zone) for part in self.parts) + ")"


class AnyNumber(AnyPart, frozen=True):
    """At least one of several columns has the telephone number; for tables, in any spelling."""

    parts: tuple[HasNumber, ...]

    def mask_of_labels(self, df: pd.DataFrame, value: str) -> np.ndarray:
        """Answer for each row whether one of its numbers is the same, read in the frame's region."""
        return np.asarray(np.logical_or.reduce([part.mask_of_labels(df, value) for part in self.parts]))


class AtLeast(_OfColumn, frozen=True):
    """The column is at least the value."""

    def mask(self, df: pd.DataFrame, value: float, _zone: str | None) -> np.ndarray:
        """Return which rows match."""
        return (column(df, self.name) >= value).to_numpy(dtype=bool)

    def sql(self, value: float, _zone: str) -> str:
        """Return the condition as SQL."""
        return f"coalesce({_name(self.name)} >= {literal(value)}, FALSE)"


class AtMost(_OfColumn, frozen=True):
    """The column is at most the value."""

    def mask(self, df: pd.DataFrame, value: float, _zone: str | None) -> np.ndarray:
        """Return which rows match."""
        return (column(df, self.name) <= value).to_numpy(dtype=bool)

    def sql(self, value: float, _zone: str) -> str:
        """Return the condition as SQL."""
        return f"coalesce({_name(self.name)} <= {literal(value)}, FALSE)"


class OutcomeKind(_OfColumn, frozen=True):
    """The outcome type is one of the values; ``absent`` also matches a null."""

    name: str = "outcomeType"

    def mask(self, df: pd.DataFrame, value: tuple[str, ...], zone: str | None) -> np.ndarray:
        """Return which rows match."""
        found = AnyOf(self.name).mask(df, value, zone)
        return found | column(df, self.name).isna().to_numpy() if "absent" in value else found

    def sql(self, value: tuple[str, ...], _zone: str) -> str:
        """Return the condition as SQL."""
        return f"coalesce({_name(self.name)}, 'absent') IN ({_literals(value)})"


class Category:
    """The direction, the state, or the pair of both is one of the values; ``all`` matches every row."""

    columns: ClassVar[tuple[str, ...]] = ("type", "state")

    def mask(self, df: pd.DataFrame, value: tuple[str, ...], zone: str | None) -> np.ndarray:
        """Return which rows match."""
        found = np.zeros(len(df), dtype=bool)
        for word in value:
            hit = np.ones(len(df), dtype=bool)
            for name, label in _parts(word):
                hit &= Equals(name).mask(df, label, zone)
            found |= hit
        return found

    def sql(self, value: tuple[str, ...], zone: str) -> str:
        """Return the condition as SQL."""
        ands = (" AND ".join(Equals(name).sql(label, zone) for name, label in _parts(word)) for word in value)
        return "(" + " OR ".join(f"({each or 'TRUE'})" for each in ands) + ")"


class PartOf(_OfColumn, frozen=True):
    """The column contains the text; case does not matter."""

    def mask(self, df: pd.DataFrame, value: str, _zone: str | None) -> np.ndarray:
        """Return which rows match."""
        (part,) = lowered([value])
        texts = column(df, self.name).str.lower()
        return texts.str.contains(part, regex=False, na=False).to_numpy(dtype=bool)

    def sql(self, value: str, _zone: str) -> str:
        """Return the condition as SQL."""
        return f"coalesce(contains(lower({_name(self.name)}), lower({literal(value)})), FALSE)"


class FromDay(_OfDay):
    """The call began on that day or later."""

    def mask(self, df: pd.DataFrame, value: str, zone: str | None) -> np.ndarray:
        """Return which rows match."""
        stamps = column(df, "timestamp")
        return (stamps >= midnight(value, zone or zone_of_times(stamps))).to_numpy(dtype=bool)

    def sql(self, value: str, zone: str) -> str:
        """Return the condition as SQL."""
        return f'coalesce("timestamp" >= {_instant(midnight(value, zone))}, FALSE)'


class ToDay(_OfDay):
    """The call began on that day or earlier."""

    def mask(self, df: pd.DataFrame, value: str, zone: str | None) -> np.ndarray:
        """Return which rows match."""
        stamps = column(df, "timestamp")
        return (stamps < midnight(value, zone or zone_of_times(stamps), days=1)).to_numpy(dtype=bool)

    def sql(self, value: str, zone: str) -> str:
        """Return the condition as SQL."""
        return f'coalesce("timestamp" < {_instant(midnight(value, zone, days=1))}, FALSE)'


def category_words() -> tuple[str, ...]:
    """Return the 16 categories: ``all``, the types, the states, and each pair of type and state."""
    pairs = (f"{kind}_{state}" for kind in type_field.choices for state in state_field.choices)
    return ("all", *type_field.choices, *("answered", "unanswered", "failed"), *pairs)


def _parts(category: str) -> Iterable[tuple[str, str]]:
    for word in category.split("_"):
        if word in type_field.choices:
            yield "type", word
        elif word in state_field.choices:
            yield "state", word


def lowered(texts: list[str]) -> list[str]:
    """Return texts in lower case, letter by letter as pandas and DuckDB do.

    `str.lower` looks at the context: it knows a final sigma.
    """
    found: list[str] = pc.utf8_lower(pa.array(texts, pa.large_string())).to_pylist()
    return found


def _name(name: str) -> str:
    return f'"{name}"'


def literal(value: str | float) -> str:
    """Return text or a number as SQL."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"DOUBLE '{float(value)!r}'"  # a bare 0.1 would be a DECIMAL, which becomes another double


def _literals(values: Iterable[str]) -> str:
    return ", ".join(literal(value) for value in values)


def _instant(stamp: pd.Timestamp) -> str:
    return f"TIMESTAMPTZ '{stamp.tz_convert('UTC').isoformat(sep=' ')}'"
