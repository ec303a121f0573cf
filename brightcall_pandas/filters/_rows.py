"""Conditions that only rows in hand can answer: the API has no parameter for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
import numpy as np
import pandas as pd

from brightcall_pandas.filters._predicates import AnyOf
from brightcall_pandas.filters._values import Flag, Hours, Identifier, Many, Value
from brightcall_pandas.frame import column

__all__ = ["ROW_FILTERS", "RowFilter", "parsed_conditions"]


class _RowPredicate(Protocol):
    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads."""

    def mask(self, df: pd.DataFrame, value: Any, zone: str | None) -> np.ndarray:
        """Return which rows of a frame match; `zone` None means the frame's own."""


class _HourOfDay:
    columns = ("timestamp",)

    def mask(self, df: pd.DataFrame, value: tuple[int, int], zone: str | None) -> np.ndarray:
        stamps = column(df, "timestamp")
        local = stamps if zone is None else stamps.dt.tz_convert(zone)
        within: np.ndarray = local.dt.hour.between(*value).to_numpy(dtype=bool)
        return within


class _AiTalked:
    columns = ("aiTalkTime",)

    def mask(self, df: pd.DataFrame, value: bool, _zone: str | None) -> np.ndarray:
        talked: np.ndarray = (column(df, "aiTalkTime") > 0).to_numpy(dtype=bool)
        return talked if value else ~talked


class RowFilter(msgspec.Struct, frozen=True):
    """One condition on rows.

    Parameters
    ----------
    argument
        Its name in Python.
    value
        The kind of value that it takes.
    doc
        What it means.
    predicate
        Which rows match; None where chains of transfers tell, which `analysis` reads.
    """

    argument: str
    value: Value
    doc: str
    predicate: _RowPredicate | None = None


ROW_FILTERS: dict[str, RowFilter] = {
    each.argument: each
    for each in (
        RowFilter(
            "hours", Hours(), "Hours of the day in which the call began, both inclusive.", _HourOfDay()
        ),
        RowFilter("lines", Many(Identifier()), "Phone lines used for the call.", AnyOf("lineNumber")),
        RowFilter("transferred", Flag(), "Whether the call was transferred at least once."),
        RowFilter("ai", Flag(), "Whether the AI agent talked.", _AiTalked()),
    )
}
"""Condition by Python argument."""


def parsed_conditions(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions that are given, each in its canonical form; None is as good as not given.

    Raises
    ------
    TypeError, ValueError
        One of them does not take its value; the message names it.
    """
    return {
        name: each.value.parse(name, given[name])
        for name, each in ROW_FILTERS.items()
        if given.get(name) is not None
    }
