"""What differs between two sets of calls, and which groups explain it: always this minus other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import By, names_of, split_or_all
from brightcall_pandas.analysis._groups import Groups, folded_keys, grouped, keys_of_index
from brightcall_pandas.analysis._metrics import METRICS, checked_metrics, metrics_of, needs_median, sums_for
from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis._tallies import SUMS, TALK_TIME, add_up, tally
from brightcall_pandas.frame import column, of_one_region

__all__ = ["compare", "explain_change"]

_USUAL = ("n_calls", "answered", "answer_rate", "talk_time_mean_s", "positive", "positive_rate")
_EXPLAINED = tuple(
    name for name, metric in METRICS.items() if len(metric.sums) == 2 and metric.unit != "calls"
)


def compare(
    df: pd.DataFrame,
    other: pd.DataFrame,
    *,
    by: By = None,
    metrics: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return what differs between these calls and others: this minus other.

    Parameters
    ----------
    df, other
        Calls of every direction, for example of this month and of the last one; a number whose column one of
        them lacks is null.
    by
        Columns or dimensions (``project``, ``agent`` …) to make a row of each; default: one row ``all``.
    metrics
        Names in `definitions` that describe a group of calls; default: n_calls, answered, answer_rate,
        talk_time_mean_s, positive and positive_rate.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`, sorted by label, groups of either side included. For each of
        `metrics` three columns: ``<metric>`` of `df`, ``<metric>_other`` of `other`, and ``<metric>_change``,
        the first minus the second: positive where `df` has more.

    Raises
    ------
    KeyError
        A name in `by` is neither a dimension nor a column.
    ValueError
        `metrics` is not a list of such names.

    Notes
    -----
    A group that one side does not have counts 0 there and has null rates.

    Examples
    --------
    >>> march = pd.DataFrame({"userId": ["Ann", "Bob"], "state": [1, 1]})
    >>> february = pd.DataFrame({"userId": ["Ann", "Ann"], "state": [1, 0]})
    >>> table = march.calls.compare(february, by="agent", metrics=["n_calls", "answer_rate"])
    >>> table[["n_calls_change", "answer_rate_change"]]
           n_calls_change  answer_rate_change
    agent
    Ann              -1                 0.5
    Bob               1                 NaN
    """
    names = checked_metrics(metrics, _USUAL)
    (here, there), index = _sides(df, other, by, names)
    ours, theirs = metrics_of(*here, names), metrics_of(*there, names)
    columns = {}
    for name in names:
        columns[name], columns[f"{name}_other"] = ours[name], theirs[name]
        columns[f"{name}_change"] = ours[name] - theirs[name]
    return pd.DataFrame(columns, index=index)


def explain_change(
    df: pd.DataFrame, other: pd.DataFrame, metric: str = "answer_rate", *, by: By = "project"
) -> pd.DataFrame:
    """Return what each group did to the change of a rate: by its own rate, or by its share.

    Parameters
    ----------
    df, other
        Calls of every direction; need the columns of `by` and of the metric. The change is `df` minus
        `other`, as in `compare`: call it on the later calls and pass the earlier ones.
    metric
        A name in `definitions` that has a denominator: ``answer_rate``, ``positive_rate``,
        ``talk_time_mean_s``, ``answer_time_mean_s``, ``first_time_share``, ``transferred_share``,
        ``ai_talk_share``.
    by
        Dimension or column whose groups explain the change, or several.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`, largest effect first:

        - ``share``, ``share_other``: the group's share of the metric's denominator on each side
        - ``rate``, ``rate_other``: the metric in the group; null where the group is absent
        - ``mix_effect``: what the difference in its share does to the metric over all calls
        - ``rate_effect``: what the difference in its rate does
        - ``effect``: both together

        The column ``effect`` adds up to the metric over all calls of `df` minus that of `other`, exactly.
        ``attrs["metric"]`` names the metric, ``attrs["n_calls"]`` has the number of calls of `df` and of
        `other`. If one side has no call that the metric counts, the table is empty.

    Raises
    ------
    KeyError
        A column is missing, or a name in `by` is unknown.
    ValueError
        `metric` is not one of these, or `by` names nothing.

    Notes
    -----
    Kitagawa's decomposition (1955, Components of a difference between two rates): ``rate_effect =
    (rate − rate_other) × mean share``, ``mix_effect = (share − share_other) × (mean rate − mean rate of
    all)``. A larger share helps if the group's rate lies above that of all. The whole effect of a group that
    only one side has is a mix effect.

    Examples
    --------
    >>> february = pd.DataFrame({"projectName": ["A", "A", "B", "B"], "state": [1, 1, 1, 0]})
    >>> march = pd.DataFrame({"projectName": ["A", "B", "B", "B"], "state": [1, 0, 1, 0]})
    >>> table = march.calls.explain_change(february, "answer_rate", by="project")
    >>> table[["mix_effect", "rate_effect", "effect"]].round(3)
             mix_effect  rate_effect  effect
    project
    B            -0.052       -0.104  -0.156
    A            -0.094        0.000  -0.094
    >>> float(table["effect"].sum())
    -0.25
    """
    if metric not in _EXPLAINED:
        msg = f"metric={metric!r} is not one of {', '.join(_EXPLAINED)}"
        raise ValueError(msg)
    if not names_of(by):
        msg = "by= must name the groups that explain the change, for example by='project'"
        raise ValueError(msg)
    for calls, sum_ in product((df, other), METRICS[metric].sums):
        for name in SUMS[sum_].needs:
            column(calls, name)  # raises an error that names the missing column
    sides, index = _sides(df, other, by, [metric])
    top, bottom = (
        np.array([add_up(table, groups)[name].to_numpy(dtype=np.float64) for table, groups in sides])
        for name in METRICS[metric].sums
    )
    total = bottom.sum(axis=1, keepdims=True)
    share, rate = ratio(bottom, total), ratio(top, bottom)
    # A group that one side lacks has no rate there: with that of the other side all its effect is mix.
    filled = np.where(np.isnan(rate), rate[::-1], rate)
    rate_effect = (filled[0] - filled[1]) * share.mean(axis=0)
    mix_effect = (share[0] - share[1]) * (filled.mean(axis=0) - ratio(top.sum(axis=1), total[:, 0]).mean())
    result = pd.DataFrame(
        {
            "share": share[0],
            "share_other": share[1],
            "rate": rate[0],
            "rate_other": rate[1],
            "mix_effect": mix_effect,
            "rate_effect": rate_effect,
            "effect": mix_effect + rate_effect,
        },
        index=index,
    )
    present: pd.DataFrame = result[(bottom.sum(axis=0) > 0) & (total > 0).all()]
    present = present.sort_values("effect", key=abs, ascending=False, kind="stable")
    present.attrs |= {"metric": metric, "n_calls": [int(table["n_calls"].sum()) for table, _ in sides]}
    return present


_Side = tuple[pd.DataFrame, Groups]


def _sides(
    first: pd.DataFrame, second: pd.DataFrame, by: By, metrics: Sequence[str]
) -> tuple[tuple[_Side, _Side], pd.Index]:
    """Return the tallies of both sides, each with its rows' groups among those of either side."""
    sums, median = dict.fromkeys(["n_calls", *sums_for(metrics)]), needs_median(metrics)
    tallies = [
        tally(df, split_or_all(df, by), list(sums), median=median) for df in of_one_region(first, second)
    ]
    both = pd.concat(tallies)
    keys = folded_keys(keys_of_index(both.index), both["n_calls"].to_numpy())
    groups = grouped([key for key in keys if key.labels.name != TALK_TIME])
    cut = len(tallies[0])
    here, there = Groups(groups.codes[:cut], groups.index), Groups(groups.codes[cut:], groups.index)
    return ((tallies[0], here), (tallies[1], there)), groups.index
