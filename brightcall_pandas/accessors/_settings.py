"""What every table says of itself: the arguments it was made with, the days of its calls, and its totals.

It stands in ``table.attrs["brightcall"]``, so that pictures, exports and readers need not guess it, and it
survives ``head()``.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from brightcall_pandas.analysis import Metric, covered, find_metric, freshness
from brightcall_pandas.frame import optional_column, zone_name

__all__ = ["says_settings", "with_settings"]

P = ParamSpec("P")
T = TypeVar("T")

_FRAMES = frozenset({"df", "other", "before", "names", "agent", "client", "reported"})
_MOST_COLUMNS = 60


def says_settings(
    function: Callable[Concatenate[pd.DataFrame, P], T],
) -> Callable[Concatenate[pd.DataFrame, P], T]:
    """Make a table say in its attributes what it was made with; what returns no table stays as it is."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def table(df: pd.DataFrame, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result = function(df, *args, **kwargs)
        if isinstance(result, pd.DataFrame):
            given = signature.bind(df, *args, **kwargs).arguments
            given.pop(next(iter(given)))
            with_settings(result, df, function, given)
        return result

    return table


def with_settings(
    table: pd.DataFrame, df: pd.DataFrame, function: Callable[..., Any], given: Mapping[str, Any]
) -> pd.DataFrame:
    """Return a table whose attributes say what it was made with and of which calls.

    Parameters
    ----------
    table
        What `function` returned; its attributes are completed.
    df
        The calls.
    function
        The analysis.
    given
        Its arguments by name, without the calls.

    Returns
    -------
    pandas.DataFrame
        The same table. ``attrs["brightcall"]`` has ``settings`` (all arguments, defaults included),
        ``n_calls``, ``directions``, ``first_day``, ``last_day``, ``timezone`` of the calls, ``rows`` and
        ``totals`` of the table, ``other`` (the same of the calls compared with) and ``before`` (of those that
        number attempts).
    """
    settings = _settings(function, given)
    said = _calls_of(df, settings)
    other = given.get("other")
    if isinstance(other, pd.DataFrame):
        said["other"] = _calls_of(other, settings)
    if isinstance(before := given.get("before"), pd.DataFrame):
        said["before"] = _calls_of(before, settings)
    if (fresh := freshness(df)) is not None:
        said["freshness"] = fresh
    said |= {"settings": settings, "rows": len(table), "units": _units(given)}
    if not table.columns.name and len(table.columns) <= _MOST_COLUMNS:
        said["totals"] = _totals(table)
    table.attrs["brightcall"] = said | (table.attrs.get("brightcall") or {})
    return table


def _settings(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all arguments by name, defaults included, as values that JSON has."""
    defaults = {
        name: each.default
        for name, each in inspect.signature(function).parameters.items()
        if each.default is not each.empty
    }
    return {name: _plain(value) for name, value in {**defaults, **given}.items() if name not in _FRAMES}


def _units(given: Mapping[str, Any]) -> dict[str, str]:
    """Return the units of the metrics that were asked for, whose names need not tell them."""
    units: dict[str, str] = {}
    for name in ("metric", "metrics", "value"):
        asked = given.get(name)
        for each in asked if isinstance(asked, list | tuple) else [asked]:
            if isinstance(each, str | Metric):
                try:
                    metric = find_metric(each)
                except (KeyError, ValueError):  # n_calls_per_day of a heat map is none
                    continue
                units[metric.name] = metric.unit
    return units


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Metric):
        return value.name
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value)


def _calls_of(df: pd.DataFrame, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return number, days, zone and direction of calls."""
    said: dict[str, Any] = {"n_calls": len(df), "directions": _directions(df)}
    if settings.get("direction"):
        said["directions"] = [settings["direction"]]
    time = covered(df, None)
    if time.zone is None or not len(time.spans):
        return said
    zone = time.zone
    first, last = (_day(micros, zone) for micros in (time.spans[0, 0], time.spans[-1, 1] - 1))
    return said | {"first_day": str(first), "last_day": str(last), "timezone": zone_name("timezone", zone)}


def _day(micros: int, zone: Any) -> date:
    return pd.Timestamp(int(micros), unit="us", tz="UTC").tz_convert(zone).date()


def _directions(df: pd.DataFrame) -> list[str]:
    """Return the directions that calls have, in one order; none where that is not known."""
    if "type" not in df.columns:
        return []
    labels = optional_column(df, "type").array
    present = {label for code, label in enumerate(labels.categories) if code in labels.codes}
    return [each for each in ("inbound", "outbound", "internal") if each in present]


def _totals(table: pd.DataFrame) -> dict[str, int]:
    counts = table.select_dtypes(["integer", "bool"])
    return {str(name): int(counts[name].sum()) for name in counts if isinstance(name, str)}
