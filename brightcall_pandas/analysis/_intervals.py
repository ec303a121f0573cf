"""The columns that say how far chance goes: intervals beside a metric, and which groups differ beyond chance.

`_chance` has the statistics, `_clusters` the sums that they need.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._chance import (
    Interval,
    beyond_chance,
    p_values_of_rest,
    rate_interval,
    ratio_interval,
)
from brightcall_pandas.analysis._clusters import Ratio, clustered, crossed
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._metrics import find_metric
from brightcall_pandas.analysis._rates import checked_confidence

__all__ = [
    "Columns",
    "flags",
    "interval",
    "proportions",
    "ratios_of",
    "rest_flags",
    "say_level",
    "with_intervals",
]

Columns = dict[str, Any]
"""Arrays by the name of their column; their index comes later."""


def ratios_of(metrics: Iterable[str | Metric]) -> list[Ratio]:
    """Return numerator and denominator of each of the metrics that has both."""
    pairs = [find_metric(each).sums for each in metrics]
    return [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]


def proportions(metrics: Iterable[str | Metric]) -> list[Metric]:
    """Return those of the metrics that are calls ÷ calls, which can be tested."""
    return [each for each in map(find_metric, metrics) if each.is_proportion]


def interval(metric: str | Metric, sums: pd.DataFrame, confidence: float) -> Interval:
    """Return the interval of a metric that has a denominator, from sums with its products."""
    found = find_metric(metric)
    of_metric = clustered(sums, ratios_of([found])[0])
    if found.is_proportion:
        return rate_interval(of_metric, confidence)
    low, high = ratio_interval(of_metric, confidence)
    return np.maximum(low, 0), np.minimum(high, 1) if found.unit == "share" else high


def with_intervals(
    metrics: Iterable[str | Metric], values: pd.DataFrame, sums: pd.DataFrame, confidence: float
) -> Columns:
    """Return the columns of metrics, each that has a denominator followed by ``_low`` and ``_high``."""
    columns: Columns = {}
    for each in map(find_metric, metrics):
        name = each.name
        columns[name] = values[name].to_numpy()
        if ratios_of([each]):
            columns[f"{name}_low"], columns[f"{name}_high"] = interval(each, sums, confidence)
    return columns


def rest_flags(
    sums: pd.DataFrame,
    metrics: Iterable[str | Metric],
    confidence: float,
    wholes: NDArray[np.int64] | None = None,
    tested: NDArray[np.bool_] | None = None,
) -> Columns:
    """Return `flags` of the rates that lie apart from those of the rest.

    Parameters
    ----------
    sums
        Sums of each group, with the products of the whole.
    metrics
        Those of them that are calls ÷ calls are tested.
    confidence
        1 − level.
    wholes
        Number of the whole of each group; None: all groups are parts of one.
    tested
        Which groups are tested; None: all.
    """
    wholes = np.zeros(len(sums), dtype=np.int64) if wholes is None else wholes
    found = {}
    for each in proportions(metrics):
        (ratio,) = ratios_of([each])
        values = p_values_of_rest(clustered(sums, ratio), crossed(sums, ratio), wholes)
        found[each.name] = values if tested is None else np.where(tested, values, np.nan)
    return flags(found, confidence)


def flags(found: dict[str, NDArray[np.float64]], confidence: float) -> Columns:
    """Return the columns that say which groups differ beyond chance.

    Parameters
    ----------
    found
        The p-values of each rate, one a group; null where there is no test.
    confidence
        1 − the false discovery rate over all tests of the table.

    Returns
    -------
    dict
        ``beyond_chance``: whether any of the rates does; null where none is tested. Of several rates also
        ``<rate>_beyond_chance``.
    """
    if not found:
        return {}
    values = np.array(list(found.values()))
    beyond = beyond_chance(values, level(confidence))
    tested = ~np.isnan(values)
    columns: Columns = {}
    if len(found) > 1:
        for name, said, known in zip(found, beyond, tested, strict=True):
            columns[f"{name}_beyond_chance"] = pd.arrays.BooleanArray(said, ~known)
    columns["beyond_chance"] = pd.arrays.BooleanArray(np.any(beyond, axis=0), ~np.any(tested, axis=0))
    return columns


def level(confidence: float) -> float:
    """Return the share of false ones among the groups that are said to differ beyond chance."""
    return round(1 - checked_confidence(confidence), 12)


def say_level(table: pd.DataFrame, confidence: float, *, flagged: bool | None = None) -> pd.DataFrame:
    """Note the confidence of intervals, and the level of ``beyond_chance``, in a table's attributes.

    `flagged` tells whether anything is tested; None: whether the table has the column.
    """
    said = {"confidence": checked_confidence(confidence)}
    if "beyond_chance" in table.columns if flagged is None else flagged:
        said["false_discovery_rate"] = level(confidence)
    table.attrs["brightcall"] = {**(table.attrs.get("brightcall") or {}), **said}
    return table
