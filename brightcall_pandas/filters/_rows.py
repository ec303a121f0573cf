"""Conditions that only rows in hand can answer: the API has no parameter for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
import numpy as np
import pandas as pd

from brightcall_pandas.filters._predicates import AnyOf
from brightcall_pandas.filters._values import Country, Flag, Hours, Identifier, Many, Text, Value, Word
from brightcall_pandas.frame import WEEKDAYS, client_countries, column

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


class _DayOfWeek:
    columns = ("timestamp",)

    def mask(self, df: pd.DataFrame, value: tuple[str, ...], zone: str | None) -> np.ndarray:
        stamps = column(df, "timestamp")
        local = stamps if zone is None else stamps.dt.tz_convert(zone)
        wanted = [WEEKDAYS.index(each) for each in value]
        chosen: np.ndarray = local.dt.day_of_week.isin(wanted).to_numpy(dtype=bool)
        return chosen


class _ClientCountry:
    columns = ("clientNumber",)

    def mask(self, df: pd.DataFrame, value: tuple[str, ...], _zone: str | None) -> np.ndarray:
        column(df, "clientNumber")  # a frame without it is told so
        countries: np.ndarray = client_countries(df).isin(value).to_numpy(dtype=bool)
        return countries


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
        RowFilter(
            "weekdays", Many(Word(WEEKDAYS)), "Days of the week on which the call began.", _DayOfWeek()
        ),
        RowFilter("lines", Many(Identifier()), "Phone lines used for the call.", AnyOf("lineNumber")),
        RowFilter("campaigns", Many(Text()), "Campaigns of the call.", AnyOf("campaign")),
        RowFilter(
            "countries", Many(Country()), "Countries of the client's number, two letters.", _ClientCountry()
        ),
        RowFilter("transferred", Flag(), "Whether the call was transferred at least once."),
        RowFilter("paths", Many(Text()), "Who took the call, one after the other, such as ``101 → 102``."),
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
