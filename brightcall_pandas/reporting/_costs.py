"""What calls cost, if the caller says what a call, a minute or the period costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.accessors import calls as calls_of
from brightcall_pandas.frame import nearest, type_error
from brightcall_pandas.reporting._words import NOTHING

__all__ = ["Costs", "checked_costs"]

_TERMS = ("per_call", "per_minute", "fixed")
_ROWS = {
    "total": "Costs",
    "per_call": "For each call",
    "per_answered": "For each answered call",
    "per_lead": "For each lead",
}


@dataclass(frozen=True)
class Costs:
    """What a call, a minute of talk and the period itself cost."""

    per_call: float = 0.0
    per_minute: float = 0.0
    fixed: float = 0.0
    currency: str = ""

    @property
    def words(self) -> str:
        """What was said of the costs."""
        unit = f" {self.currency}" if self.currency else ""
        told = {"a call": self.per_call, "a minute of talk": self.per_minute, "the period": self.fixed}
        return "By " + ", ".join(f"{value:,.2f}{unit} {what}" for what, value in told.items() if value) + "."

    def table(self, df: pd.DataFrame, previous: pd.DataFrame | None) -> pd.DataFrame:
        """Return the costs of both periods, and what they come to for a call, an answered one and a lead."""
        sides = {"value": df} | ({} if previous is None else {"before": previous})
        columns = {name: self._of(each) for name, each in sides.items()}
        return pd.DataFrame(columns, index=pd.Index(list(_ROWS), name="cost"))

    def _of(self, df: pd.DataFrame) -> list[float]:
        told = calls_of(df).compare(
            df.iloc[:0], metrics=["n_calls", "answered", "positive", "talk_time_total_s"]
        )
        if told.empty:
            return [self.fixed, np.nan, np.nan, np.nan]
        row = told.iloc[0]
        minutes = row["talk_time_total_s"] / 60 if self.per_minute else 0.0
        total = self.fixed + self.per_call * row["n_calls"] + self.per_minute * minutes
        counts = [row[name] for name in ("n_calls", "answered", "positive")]
        return [total, *(total / each if each > 0 else np.nan for each in counts)]

    def cells(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table as texts."""
        unit = f" {self.currency}" if self.currency else ""
        headings = {"value": "This period", "before": "Before"}
        cells = {"Figure": [_ROWS[name] for name in table.index]}
        for name in map(str, table):
            cells[headings[name]] = [
                NOTHING if pd.isna(each) else f"{each:,.2f}{unit}" for each in table[name]
            ]
        return pd.DataFrame(cells)


def checked_costs(given: Any) -> Costs | None:
    """Return the costs that ``costs=`` names.

    Raises
    ------
    TypeError, ValueError
        It is not a mapping of these terms to numbers from 0 on.
    """
    if given is None:
        return None
    known = 'a dict such as {"per_call": 0.02, "per_minute": 0.05, "fixed": 900, "currency": "EUR"}'
    if not isinstance(given, Mapping):
        raise type_error("costs", known, given)
    for name, value in given.items():
        if name not in (*_TERMS, "currency"):
            msg = f"costs= has {name!r}{nearest(str(name), (*_TERMS, 'currency'))} It takes {known}"
            raise ValueError(msg)
        if name == "currency":
            if not isinstance(value, str):
                raise type_error("costs['currency']", "text", value)
        elif isinstance(value, bool) or not isinstance(value, Real):
            raise type_error(f"costs[{name!r}]", "a number", value)
        elif not 0 <= float(value) < float("inf"):
            msg = f"costs[{name!r}]={value!r} must be a number from 0 on"
            raise ValueError(msg)
    if not any(given.get(name) for name in _TERMS):
        msg = f"costs= names no cost; give {known}"
        raise ValueError(msg)
    return Costs(**given)
