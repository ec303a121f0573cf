"""What moved between two sets of calls, and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import By, names_of, split_or_all
from brightcall_pandas.analysis._groups import Groups, folded_keys, grouped, keys_of_index
from brightcall_pandas.analysis._metrics import METRICS, metrics_of, needs_median, sums_for
from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis._tallies import SUMS, TALK_TIME, add_up, tally
from brightcall_pandas.frame import column

__all__ = ["compare", "explain_change"]

_USUAL = ("n_calls", "answered", "answer_rate", "talk_time_mean_s", "positive", "positive_rate")
_EXPLAINED = tuple(
    name for name, metric in METRICS.items() if len(metric.sums) == 2 and metric.unit != "n_calls"
)


def compare(
    df: pd.DataFrame, other: pd.DataFrame, by: By = None, metrics: Sequence[str] | None = None
) -> pd.DataFrame:
    """Set the calls against other calls: this month against the last one.

    Parameters
    ----------
    df, other
        Calls; a number whose column one of them lacks is null.
    by
        Columns or dimensions to make a row of each; default: one row ``all``.
    metrics
        Names in `definitions` that describe a group of calls; default: calls, answered, answer_rate,
        talk_time_mean_s, positive and positive_rate.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`, sorted by label, groups of either side included. For each of
        `metrics` three columns: ``<metric>`` of `df`, ``<metric>_other`` of `other`, and ``<metric>_change``,
        the first minus the second.

    Raises
    ------
    KeyError
        A name in `by` is neither a dimension nor a column.
    ValueError
        A name in `metrics` is none.

    Notes
    -----
    A group that one side does not have counts 0 there and has null rates.

    Examples
    --------
    >>> march = pd.DataFrame({"userId": ["Ann", "Bob"], "state": [1, 1]})
    >>> february = pd.DataFrame({"userId": ["Ann", "Ann"], "state": [1, 0]})
    >>> table = march.calls.compare(february, "agent", ["n_calls", "answer_rate"])
    >>> table[["n_calls_change", "answer_rate_change"]]
           n_calls_change  answer_rate_change
    agent
    Ann              -1                 0.5
    Bob               1                 NaN
    """
    names = list(_USUAL if metrics is None else metrics)
    if isinstance(metrics, str) or not set(names) <= set(METRICS):
        msg = f"metrics={metrics!r} must be a list of: {', '.join(METRICS)}"
        raise ValueError(msg)
    (here, there), index = _sides(df, other, by, names)
    ours, theirs = metrics_of(*here, names), metrics_of(*there, names)
    columns = {}
    for name in names:
        columns[name], columns[f"{name}_other"] = ours[name], theirs[name]
        columns[f"{name}_change"] = ours[name] - theirs[name]
    return pd.DataFrame(columns, index=index)


def explain_change(
    before: pd.DataFrame, after: pd.DataFrame, metric: str = "answer_rate", by: By = "project"
) -> pd.DataFrame:
    """Tell which groups moved a rate: by doing better or worse, or by growing or shrinking.

    Parameters
    ----------
    before, after
        Calls; need the columns of `by` and of the metric.
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

        - ``share_before``, ``share_after``: the group's part of the metric's denominator
        - ``rate_before``, ``rate_after``: the metric in the group; null where the group is absent
        - ``mix_effect``: what the change of its share did to the metric of all
        - ``rate_effect``: what the change of its rate did
        - ``effect``: both together

        The column ``effect`` adds up to the change of the metric over all calls, exactly. ``attrs["metric"]``
        names the metric, ``attrs["n_calls"]`` has the calls of both sides. If one side has no call that the
        metric counts, there is nothing to explain and the table is empty.

    Raises
    ------
    KeyError
        A column is missing, or a name in `by` is unknown.
    ValueError
        `metric` is none of these, or `by` names nothing.

    Notes
    -----
    Kitagawa's decomposition (1955, Components of a difference between two rates): ``rate_effect =
    (rate_after − rate_before) × mean share``, ``mix_effect = (share_after − share_before) × (mean rate −
    mean rate of all)``. Growth of a group helps if its rate lies above that of all. The whole change of
    a group that only one side has is a mix effect.

    Examples
    --------
    >>> before = pd.DataFrame({"projectName": ["A", "A", "B", "B"], "state": [1, 1, 1, 0]})
    >>> after = pd.DataFrame({"projectName": ["A", "B", "B", "B"], "state": [1, 0, 1, 0]})
    >>> table = before.calls.explain_change(after, "answer_rate", "project")
    >>> table[["mix_effect", "rate_effect", "effect"]].round(3)
             mix_effect  rate_effect  effect
    project
    B            -0.052       -0.104  -0.156
    A            -0.094        0.000  -0.094
    >>> float(table["effect"].sum())
    -0.25
    """
    if metric not in _EXPLAINED:
        msg = f"metric={metric!r} must be one of {', '.join(_EXPLAINED)}"
        raise ValueError(msg)
    if not names_of(by):
        msg = "by= must name the groups that explain the change"
        raise ValueError(msg)
    for df, sum_ in product((before, after), METRICS[metric].sums):
        for name in SUMS[sum_].needs:
            column(df, name)  # says what is missing
    sides, index = _sides(before, after, by, [metric])
    top, bottom = (
        np.array([add_up(table, groups)[name].to_numpy(dtype=np.float64) for table, groups in sides])
        for name in METRICS[metric].sums
    )
    total = bottom.sum(axis=1, keepdims=True)
    share, rate = ratio(bottom, total), ratio(top, bottom)
    # A group that one side lacks has no rate there: with that of the other side all its effect is mix.
    filled = np.where(np.isnan(rate), rate[::-1], rate)
    rate_effect = (filled[1] - filled[0]) * share.mean(axis=0)
    mix_effect = (share[1] - share[0]) * (filled.mean(axis=0) - ratio(top.sum(axis=1), total[:, 0]).mean())
    result = pd.DataFrame(
        {
            "share_before": share[0],
            "share_after": share[1],
            "rate_before": rate[0],
            "rate_after": rate[1],
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
    """Return the tallies of both sides, each with its rows' groups among those that either side has."""
    sums, median = dict.fromkeys(["n_calls", *sums_for(metrics)]), needs_median(metrics)
    tallies = [tally(df, split_or_all(df, by), list(sums), median=median) for df in (first, second)]
    both = pd.concat(tallies)
    keys = folded_keys(keys_of_index(both.index), both["n_calls"].to_numpy())
    groups = grouped([key for key in keys if key.labels.name != TALK_TIME])
    cut = len(tallies[0])
    here, there = Groups(groups.codes[:cut], groups.index), Groups(groups.codes[cut:], groups.index)
    return ((tallies[0], here), (tallies[1], there)), groups.index
