"""How tables take metrics, those of this package and the user's own, by name or as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import split_or_all
from brightcall_pandas.analysis._groups import Groups
from brightcall_pandas.analysis._metric import MEDIAN, OWN, Metric
from brightcall_pandas.analysis._metric_catalogue import METRICS
from brightcall_pandas.analysis._rates import medians
from brightcall_pandas.analysis._tallies import SUMS, TALK_TIME, Sum, known_sums, tally
from brightcall_pandas.frame import nearest

__all__ = [
    "METRICS",
    "Metrics",
    "checked_metrics",
    "count_clients",
    "distributed_metrics",
    "find_metric",
    "metric_value",
    "metrics_of",
    "needs_median",
    "sums_for",
]

Metrics = Mapping[str, Metric]
"""The metrics of a table, by the name that their columns have."""


def find_metric(metric: str | Metric, argument: str = "metric") -> Metric:
    """Return the metric that an argument names, or is.

    Raises
    ------
    TypeError
        It is neither.
    ValueError
        No metric has this name; the message says which one is near.
    """
    if isinstance(metric, Metric):
        return metric
    if not isinstance(metric, str):
        msg = f"{argument} takes the name of a metric or a bc.Metric, not {metric!r}"
        raise TypeError(msg)
    found = METRICS.get(metric) or OWN.get(metric)
    if found is None:
        known = (*METRICS, *OWN)
        hint = nearest(metric, known).removesuffix(".")
        msg = f"{argument}={metric!r} is not one of {', '.join(known)}{hint}"
        raise ValueError(msg)
    return found


def checked_metrics(
    metrics: Sequence[str | Metric] | Metric | None, usual: Iterable[str]
) -> dict[str, Metric]:
    """Return what ``metrics=`` names, each once, by name; the usual ones for None.

    Raises
    ------
    TypeError, ValueError
        It is not a list of metrics and their names, or two of them have one name.
    """
    given: Any = list(usual) if metrics is None else [metrics] if isinstance(metrics, Metric) else metrics
    if isinstance(given, str) or not isinstance(given, Iterable) or not (given := list(given)):
        msg = (
            f"metrics={metrics!r} must be a list of metrics, or of names from: {', '.join((*METRICS, *OWN))}"
        )
        raise ValueError(msg)
    chosen: dict[str, Metric] = {}
    for each in given:
        found = find_metric(each, "metrics")
        if chosen.setdefault(found.name, found) is not found:
            msg = f"metrics= has two metrics named {found.name!r}; give one of them another name"
            raise ValueError(msg)
    return chosen


def sums_for(metrics: Iterable[str | Metric]) -> dict[str, Sum]:
    """Return the sums that a tally needs for these metrics, by name."""
    needed = {"n_calls": SUMS["n_calls"]}
    for each in metrics:
        needed |= find_metric(each).sums_needed()
    return needed


def needs_median(metrics: Iterable[str | Metric]) -> bool:
    """Return whether a tally must keep how often each talk time occurs."""
    return any(MEDIAN in find_metric(each).sums for each in metrics)


def metrics_of(table: pd.DataFrame, groups: Groups, metrics: Iterable[str | Metric]) -> pd.DataFrame:
    """Return the metrics of each group of a tally's rows, one column each.

    Raises
    ------
    ValueError
        The denominator of a metric of the user's is true of no call at all.
    """
    chosen = [find_metric(each) for each in metrics]
    sums = _sums_of(table, groups, chosen)
    for each in chosen:
        refuse_empty(each, [sums])
    return pd.DataFrame({each.name: each.value(sums) for each in chosen}, index=groups.index)


def _sums_of(table: pd.DataFrame, groups: Groups, metrics: Sequence[Metric]) -> pd.DataFrame:
    sums = known_sums(table, groups, sums_for(metrics))
    if needs_median(metrics):
        times = table.index.get_level_values(TALK_TIME).to_numpy(dtype=np.float64)
        sums[MEDIAN] = medians(groups, times, table["talk_time_known"].to_numpy())
    return sums


def refuse_empty(metric: Metric, sides: Iterable[pd.DataFrame]) -> None:
    """Refuse a metric of the user's whose denominator no call of all has, though there are calls.

    Raises
    ------
    ValueError
        It is null everywhere: more likely a mistake than an answer.
    """
    if not metric.is_own or metric.denominator is None:
        return
    sides = list(sides)
    calls = sum(int(sums["n_calls"].sum()) for sums in sides)
    if calls and not any(float(sums[metric.sums[1]].sum()) for sums in sides):
        what = metric.definition.denominator
        msg = (
            f"metric {metric.name!r}: its denominator ({what}) is 0: none of the {calls:,} calls has it, so "
            "there is nothing to divide by. Check its condition against the values in the frame."
        )
        raise ValueError(msg)


def metric_value(df: pd.DataFrame, metric: str | Metric) -> float:
    """Return a metric of all calls of a frame; null where they are none, or there is nothing to divide by.

    Raises
    ------
    KeyError, TypeError, ValueError
        As the tables do, but for a denominator that no call has: of a few calls it is an answer.

    Examples
    --------
    >>> calls = pd.DataFrame({"state": [1, 0], "talkTime": [40, 0]})
    >>> metric_value(calls, "answer_rate"), metric_value(calls.iloc[:0], "answer_rate")
    (0.5, nan)
    """
    found = find_metric(metric)
    table = tally(df, split_or_all(df, None), sums_for([found]), median=needs_median([found]))
    sums = _sums_of(table, Groups(np.zeros(len(table), dtype=np.int64), pd.RangeIndex(1)), [found])
    return float(np.asarray(found.value(sums), dtype=np.float64)[0]) if len(df) else np.nan


_ARGUMENTS = ("metric", "metrics", "rank_by", "value")
"""Arguments of tables that take metrics."""


def distributed_metrics(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of a table in which names of the user's metrics are these: another process knows none.

    Raises
    ------
    ValueError
        A metric has a mask, which belongs to one frame.
    """
    return {name: _distributed(value) if name in _ARGUMENTS else value for name, value in options.items()}


def _distributed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_distributed(each) for each in value]
    if isinstance(value, str):
        return OWN.get(value, value)
    if isinstance(value, Metric) and value.needs_mask:
        raise needs_one_frame(value, "calls in parts have no order that it could follow")
    return value


def needs_one_frame(metric: Metric, why: str) -> ValueError:
    """Return the error of a metric with a mask, where there is more than one frame."""
    return ValueError(
        f"metric {metric.name!r} has a mask, which belongs to one frame, and {why}: write it as an "
        "expression, a CallFilter or a function of the frame"
    )


def count_clients(options: Mapping[str, Any]) -> bool:
    """Return whether a table with these options counts clients, by one of its metrics."""
    given = [value for name, value in options.items() if name in _ARGUMENTS]
    flat = [each for value in given for each in (value if isinstance(value, list | tuple) else [value])]
    found = [METRICS.get(each) if isinstance(each, str) else each for each in flat]
    return any(isinstance(each, Metric) and each.counts_clients for each in found)
