"""How tables take metrics, those of this package and the user's own, by name or as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import DIMENSIONS, split_or_all
from brightcall_pandas.analysis._groups import Groups
from brightcall_pandas.analysis._metric import OWN, Metric
from brightcall_pandas.analysis._metric_catalog import METRICS
from brightcall_pandas.analysis._rates import medians
from brightcall_pandas.analysis._tallies import MEDIANS, SUMS, VALUE, Sum, known_sums, tally
from brightcall_pandas.analysis._terms import is_sum, refuse_more_than_rows
from brightcall_pandas.frame import nearest

__all__ = [
    "METRICS",
    "Definitions",
    "Further",
    "checked_metrics",
    "columns_read",
    "definitions_of",
    "distributed_metrics",
    "find_metric",
    "is_summable",
    "known_metrics",
    "medians_in",
    "metric_value",
    "metrics_of",
    "names_taken",
    "needs_one_frame",
    "refuse_empty",
    "refuse_whole_frames",
    "summable",
    "sums_for",
    "with_further",
]

Further = Sequence[str | Metric] | Metric | None
"""What ``metrics=`` takes."""


Fits = Callable[[Metric], bool]
"""Tells whether an argument takes a metric."""


def find_metric(
    metric: str | Metric, argument: str = "metric", others: Sequence[str] = (), fits: Fits | None = None
) -> Metric:
    """Return the metric that an argument names, or is.

    For the message of an unknown name, `others` are what the argument takes besides metrics, and `fits` tells
    which of them it takes; another known metric is returned all the same.

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
    found = OWN.get(metric) or METRICS.get(metric)
    if found is None:
        known = (*known_metrics(fits), *others)
        hint = nearest(metric, known).removesuffix(".")
        msg = f"{argument}={metric!r} is not one of the metrics{hint or '.'} There are: {', '.join(known)}"
        raise ValueError(msg)
    return found


def known_metrics(fits: Fits | None = None) -> list[str]:
    """Return the names of all metrics that fit, for messages."""
    return [name for name, each in {**METRICS, **OWN}.items() if fits is None or fits(each)]


def checked_metrics(metrics: Further, usual: Iterable[str], fits: Fits | None = None) -> dict[str, Metric]:
    """Return what ``metrics=`` names, each once, by name; the usual ones for None.

    Raises
    ------
    TypeError, ValueError
        It is not a list of metrics and their names, or two of them have one name.
    """
    given: Any = list(usual) if metrics is None else [metrics] if isinstance(metrics, Metric) else metrics
    if isinstance(given, str) or not isinstance(given, Iterable) or not (given := list(given)):
        known = ", ".join(known_metrics(fits))
        one = f": write metrics=[{given!r}]" if given in known_metrics() else f", or of names from: {known}"
        msg = f"metrics={metrics!r} must be a list of metrics{one}"
        raise ValueError(msg)
    chosen: dict[str, Metric] = {}
    for each in given:
        found = find_metric(each, "metrics", fits=fits)
        if chosen.setdefault(found.name, found) is not found:
            msg = f"metrics= has two metrics named {found.name!r}; give one of them another name"
            raise ValueError(msg)
    return chosen


def with_further(usual: Iterable[str], metrics: Further) -> list[Metric]:
    """Return the usual metrics of a table, and those in ``metrics=`` that are not among them.

    Raises
    ------
    TypeError, ValueError
        As `checked_metrics`, or one is no sum of what calls add.
    """
    further = {} if metrics is None else checked_metrics(metrics, (), is_summable)
    chosen = {name: METRICS[name] for name in usual}
    return [
        *chosen.values(),
        *(summable(each, "metrics") for each in further.values() if each.name not in chosen),
    ]


def is_summable(metric: Metric) -> bool:
    """Tell whether a metric is made of sums; for a median, a table needs every value."""
    return not medians_in([metric])


def summable(metric: Metric, argument: str) -> Metric:
    """Return a metric that is made of sums.

    Raises
    ------
    ValueError
        It is a median, for which a table needs every value.
    """
    if not is_summable(metric):
        msg = f"{argument}={metric.name!r} is not made of sums: summary and breakdown have it"
        raise ValueError(msg)
    return metric


def sums_for(metrics: Iterable[str | Metric]) -> dict[str, Sum]:
    """Return the sums that a tally needs for these metrics, by name."""
    needed = {"n_calls": SUMS["n_calls"]}
    for each in metrics:
        needed |= find_metric(each).sums_needed()
    return needed


def medians_in(metrics: Iterable[str | Metric]) -> list[str]:
    """Return the medians among metrics, for which a tally must keep how often each value occurs."""
    return [name for each in metrics for name in find_metric(each).sums if name in MEDIANS]


def metrics_of(
    table: pd.DataFrame, groups: Groups, metrics: Iterable[str | Metric], *, empty: bool = False
) -> pd.DataFrame:
    """Return the metrics of each group of a tally's rows, one column each.

    With `empty`, a denominator that no call has is no error, as where there is another side that may have it.

    Raises
    ------
    ValueError
        The denominator of a metric of the user's is true of no call at all.
    """
    chosen = [find_metric(each) for each in metrics]
    sums = _sums_of(table, groups, chosen)
    for each in () if empty else chosen:
        refuse_empty(each, [sums])
    return pd.DataFrame({each.name: each.value(sums) for each in chosen}, index=groups.index)


def _sums_of(table: pd.DataFrame, groups: Groups, metrics: Sequence[Metric]) -> pd.DataFrame:
    sums = known_sums(table, groups, sums_for(metrics))
    for name in medians_in(metrics):
        values = table.index.get_level_values(VALUE).to_numpy(dtype=np.float64)
        sums[name] = medians(groups, values, table[name].to_numpy())
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
    table = tally(df, split_or_all(df, None), sums_for([found]), medians=medians_in([found]))
    sums = _sums_of(table, Groups(np.zeros(len(table), dtype=np.int64), pd.RangeIndex(1)), [found])
    return float(np.asarray(found.value(sums), dtype=np.float64)[0]) if len(df) else np.nan


Definitions = str | Metric | list[Metric]
"""A metric, or a family by name; or all of its definitions, for a process that does not know them."""


def definitions_of(metric: Definitions) -> list[Metric]:
    """Return the metrics of a family, the one that was asked for first.

    Raises
    ------
    TypeError, ValueError
        It is neither a metric nor a family, or has no other definition.
    """
    if isinstance(metric, list):
        return metric
    every = list({**METRICS, **OWN}.values())
    families = dict.fromkeys(each.family for each in every if each.family)
    if isinstance(metric, str) and metric in families and metric not in (*METRICS, *OWN):
        asked = next(each for each in every if each.family == metric)
    else:
        asked = find_metric(metric, others=list(families), fits=lambda each: bool(each.family))
    family = asked.family or (asked.name if asked.name in families else "")
    others = [each for each in every if family and each.family == family]
    members = {asked.name: asked} | {
        each.name: each for each in others if each.unit == asked.unit and each.name != asked.name
    }
    if len(members) == 1:
        of_family = f"no other metric has its family {family!r}" if family else "it has no family"
        msg = (
            f"metric {asked.name!r} has one definition only, since {of_family}: give bc.Metric(…, family=…) "
            f"to each, or choose one of the families {', '.join(map(repr, families))}"
        )
        raise ValueError(msg)
    return list(members.values())


_ARGUMENTS = ("metrics", "rank_by", "stages", "value")
"""Arguments of tables that take metrics."""

_FAMILY = "metric"
"""The argument that stands for all definitions of a metric."""


def names_taken(argument: str) -> list[str]:
    """Return the names that an argument of tables takes: metrics, dimensions, or none."""
    if argument == "by":
        return list(DIMENSIONS)
    if argument == "rank_by":
        return known_metrics(lambda each: each.is_proportion)
    return known_metrics() if argument in {*_ARGUMENTS, _FAMILY} - {"stages"} else []


def distributed_metrics(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of a table in which names of the user's metrics are these: another process knows none.

    Raises
    ------
    ValueError
        A metric has a mask, which belongs to one frame.
    """
    resolved = {name: _distributed(value) for name, value in options.items() if name in _ARGUMENTS}
    if _FAMILY in options:
        resolved[_FAMILY] = _distributed(definitions_of(options[_FAMILY]))
    return {**options, **resolved}


def refuse_whole_frames(options: Mapping[str, Any], part: pd.DataFrame) -> None:
    """Refuse metrics and stages among `distributed_metrics` that need all calls in one place.

    Raises
    ------
    ValueError
        A function looks at more than one call at a time.
    """
    for value in (options[name] for name in (*_ARGUMENTS, _FAMILY) if name in options):
        given = (
            value if isinstance(value, list) else value.values() if isinstance(value, Mapping) else [value]
        )
        for each in given:
            if isinstance(each, Metric) and each.is_own:
                for role, term in (("numerator", each.numerator), ("denominator", each.denominator)):
                    refuse_more_than_rows(f"metric {each.name!r}: its {role}", term, part)
            elif callable(each):
                refuse_more_than_rows("a stage", each, part)


def columns_read(options: Mapping[str, Any]) -> set[str] | None:
    """Return the columns that the metrics among `distributed_metrics` read; None where nobody can know."""
    given = [value for name, value in options.items() if name in (*_ARGUMENTS, _FAMILY)]
    read: set[str] = set()
    while given:
        each = given.pop()
        if isinstance(each, Mapping):
            given += each.values()
        elif isinstance(each, list):
            given += each
        elif isinstance(each, str) and each in METRICS:
            read.update(METRICS[each].needs)
        elif isinstance(each, Metric):
            terms = [each.numerator, each.denominator] if each.is_own else []
            if any(not isinstance(term, str) and not is_sum(term) for term in terms if term is not None):
                return None
            read.update(each.needs)
        elif each is not None and not isinstance(each, str):  # a stage that is a filter or a function
            return None
    return read


def _distributed(value: Any) -> Any:
    if isinstance(value, list | tuple) and not is_sum(value):
        return [_distributed(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _distributed(each) for name, each in value.items()}
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
