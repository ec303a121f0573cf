"""Which rows and groups of a table are drawn, and in which order."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.frame import Sort
from brightcall_pandas.plots._formats import number, of_all
from brightcall_pandas.plots._labels import is_none, label_of
from brightcall_pandas.plots._picture import Look

__all__ = ["best_and_worst", "chosen_groups", "chosen_rows", "group_sizes", "has_order", "outer_levels"]

_ROWS = 30
_SERIES = 6


def has_order(index: pd.Index) -> bool:
    """Tell whether labels have an order of their own: hours, weekdays, attempts, months."""
    levels = [index.get_level_values(place) for place in range(index.nlevels)]
    return any(_is_ordered(level) for level in levels)


def _is_ordered(level: pd.Index) -> bool:
    dtype: Any = level.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return bool(dtype.ordered)
    return bool(pd.api.types.is_numeric_dtype(dtype) or hasattr(level, "freqstr") or _is_time(dtype))


def _is_time(dtype: Any) -> bool:
    return isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype) or pd.api.types.is_datetime64_any_dtype(dtype)


def _order(sort: Sort, index: Any, values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return places in the order asked for; what is not known comes last."""
    places = np.arange(len(index))
    if sort == "table":
        return places
    if sort == "name":
        return np.array(sorted(places, key=lambda place: label_of(index[place], 200).casefold()), dtype=int)
    keys = values if sort == "value" else sizes
    return np.argsort(-np.nan_to_num(keys.astype(np.float64), nan=-np.inf), kind="stable")


def _named_first(index: Any, order: np.ndarray) -> np.ndarray:
    """Return places with those that have no name, as calls without a project, behind the others."""
    return order[np.argsort([is_none(index[place]) for place in order], kind="stable")]


def chosen_rows(
    table: pd.DataFrame,
    look: Look,
    sizes: pd.Series,
    values: pd.Series,
    *,
    usual: int = _ROWS,
    noun: str = "groups",
) -> tuple[pd.DataFrame, str]:
    """Return the rows to draw, the largest of the table, in their order, and a remark on the others.

    Parameters
    ----------
    table
        The table.
    look
        How many rows are asked for, and in which order.
    sizes
        How many calls each row rests on, which decides which rows are drawn.
    values
        What is drawn of each row, which decides their order.
    usual
        How many rows are drawn of a table that has more.
    noun
        What the rows are.
    """
    most, size = look.rows(usual), sizes.to_numpy(dtype=np.float64, na_value=np.nan)
    largest = np.sort(np.argsort(-np.nan_to_num(size), kind="stable")[:most])
    sort = look.sort or ("table" if has_order(table.index) else "value")
    drawn = values.to_numpy(dtype=np.float64, na_value=np.nan)[largest]
    order = _order(sort, table.index[largest], drawn, size[largest])
    order = order if look.sort == "table" else _named_first(table.index[largest], order)
    return table.iloc[largest[order]], of_all(len(largest), len(table), noun)


def best_and_worst(
    table: pd.DataFrame, look: Look, noun: str, *, usual: int = _ROWS
) -> tuple[pd.DataFrame, str]:
    """Return the first and the last rows of a table that is ranked, as many as fit, and a remark."""
    most = look.rows(usual)
    if len(table) <= most:
        return table, ""
    if look.top is not None:
        return table.iloc[:most], f"the first {number(most)} of {number(len(table))} {noun}"
    head = -(-most // 2)
    shown = pd.concat([table.iloc[:head], table.iloc[len(table) - (most - head) :]])
    return shown, f"the first {head} and the last {most - head} of {number(len(table))} {noun}"


def outer_levels(table: pd.DataFrame | pd.Series) -> list[Hashable]:
    """Return the levels of an index that tell the groups: all but the last."""
    return list(range(table.index.nlevels - 1))


def group_sizes(values: pd.Series) -> pd.Series:
    """Return the sum of each group, in the order of the table."""
    return values.groupby(level=outer_levels(values), sort=False, observed=True, dropna=False).sum()


def chosen_groups(
    sizes: pd.Series,
    look: Look,
    *,
    usual: int = _SERIES,
    values: pd.Series | None = None,
    noun: str = "groups",
) -> tuple[list[Any], str]:
    """Return the labels of the groups to draw, the largest, in their order, and a remark on the others."""
    most = look.top or usual
    largest = np.sort(np.argsort(-sizes.to_numpy(dtype=np.float64), kind="stable")[:most])
    of_each = (sizes if values is None else values.reindex(sizes.index)).to_numpy(dtype=np.float64)[largest]
    order = _order(
        look.sort or "value", sizes.index[largest], of_each, sizes.to_numpy(dtype=np.float64)[largest]
    )
    return [sizes.index[place] for place in largest[order]], of_all(len(largest), len(sizes), noun)
