"""What differs between two sets of calls, and which groups explain it: always this minus other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import msgspec
import numpy as np
import pandas as pd

from brightcall_pandas.analysis._attempt_numbers import labelled_together
from brightcall_pandas.analysis._dimensions import DIMENSIONS, By, Split, following, names_of, split_or_all
from brightcall_pandas.analysis._durations import impossible_durations
from brightcall_pandas.analysis._groups import Groups, folded_keys, grouped, keys_of_index
from brightcall_pandas.analysis._metrics import METRICS, checked_metrics, metrics_of, needs_median, sums_for
from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis._tallies import SUMS, TALK_TIME, Facts, column_of_need, known_sums, tally
from brightcall_pandas.frame import FIELDS, column, of_one_agent, of_one_lead, of_one_region

__all__ = ["compare", "explain_change"]

_USUAL = ("n_calls", "answered", "answer_rate", "talk_time_mean_s", "positive", "positive_rate")
_EXPLAINED = tuple(name for name, metric in METRICS.items() if len(metric.sums) == 2 and metric.unit != "n")


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
    names = list(checked_metrics(metrics, _USUAL))
    (here, there), index = _sides(df, other, by, names)
    ours, theirs = metrics_of(*here, names), metrics_of(*there, names)
    columns = {}
    for name in names:
        columns[name], columns[f"{name}_other"] = ours[name], theirs[name]
        columns[f"{name}_change"] = ours[name] - theirs[name]
    return _with_impossible(pd.DataFrame(columns, index=index), (df, other), names)


def explain_change(
    df: pd.DataFrame, other: pd.DataFrame, metric: str = "answer_rate", *, by: By = None
) -> pd.DataFrame:
    """Return what explains the change of a rate: which dimension best, or what each of its groups did.

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
        Dimension or column whose groups explain the change, or several. None tries every dimension that can
        be a cause and whose column both sides have: not the client, and nothing that is known only after the
        call or tells the sides apart by date.

    Returns
    -------
    pandas.DataFrame
        Without `by`, index ``dimension``, the one that explains most first:

        - ``explained``: how far the dimension moves the metric beyond chance, in the metric's unit: the root
          of ``mix_effect² + rate_spread²``, each part counted only where chance alone seldom gives as much
        - ``mix_effect``: what the differences in the groups' shares do to the metric over all calls
        - ``rate_effect``: what the differences in their rates do
        - ``effect``: both together: the metric over all calls of `df` minus that of `other`
        - ``rate_spread``: how differently the groups' rates changed: the standard deviation beyond chance of
          these changes, weighted by the groups' shares; 0 where all changed alike
        - ``groups`` (int64): how many groups it has
        - ``largest``: the group of the largest effect, with ``largest_effect``

        With `by`, index: a level for each name in it, largest effect first:

        - ``share``, ``share_other``: the group's share of the metric's denominator on each side
        - ``rate``, ``rate_other``: the metric in the group; null where the group is absent
        - ``mix_effect``: what the difference in its share does to the metric over all calls
        - ``rate_effect``: what the difference in its rate does
        - ``effect``: both together

        Here the column ``effect`` adds up to the metric over all calls of `df` minus that of `other`,
        exactly. In both tables ``attrs["metric"]`` names the metric, ``attrs["n_calls"]`` has the number of
        calls of `df` and of `other`, and ``attrs["of_all"]`` the metric over all of them. If one side has no
        call that the metric counts, the table is empty.

    Raises
    ------
    KeyError
        A column is missing, or a name in `by` is unknown.
    ValueError
        `metric` is not one of these, or `by` names ``tag``: a call has several, so that effects would not add
        up.

    Notes
    -----
    Kitagawa's decomposition (1955, Components of a difference between two rates): ``rate_effect =
    (rate − rate_other) × mean share``, ``mix_effect = (share − share_other) × (mean rate − mean rate of
    all)``. A larger share helps if the group's rate lies above that of all. The whole effect of a group that
    only one side has is a mix effect.

    ``attempt`` and ``new_or_redial`` are counted over the calls of both sides together, so that a client
    dialed in February is dialed again in March. A part of ``explained`` counts where it exceeds what calls
    that differ by chance only give in one of twenty cases (``mix_effect`` by its standard error from
    multinomial shares, the spread by mean and variance of the weighted sum of squares); repeated calls of one
    client are taken to be independent.

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
    >>> march.calls.explain_change(february).index.tolist()
    ['project']
    """
    if metric not in _EXPLAINED:
        msg = f"metric={metric!r} is not one of {', '.join(_EXPLAINED)}"
        raise ValueError(msg)
    df, other = of_one_lead(df, other)
    for calls, sum_ in product((df, other), METRICS[metric].sums):
        for name in SUMS[sum_].needs:
            column(calls, column_of_need(calls, name))  # raises an error that names the missing column
    if not names_of(by):
        return _with_impossible(_ranked_dimensions(df, other, metric), (df, other), [metric])
    if "tag" in names_of(by) and not ("tag" in df.columns and "tag" in other.columns):
        msg = (
            "by='tag' cannot explain a change: a call counts in each of its tags, so the effects would not "
            "add up. Make a column that says whether a call has the tag, for example "
            "df.assign(vip=df['tags'].str.contains('\"VIP\"')), and explain by that, or see "
            "df.calls.compare(other, by='tag')"
        )
        raise ValueError(msg)
    return _with_impossible(_kitagawa(df, other, metric, by), (df, other), [metric])


def _with_impossible(
    table: pd.DataFrame, sides: Sequence[pd.DataFrame], metrics: Sequence[str]
) -> pd.DataFrame:
    """Say in the table's attrs how many durations of both sides its metrics leave out."""
    needed = dict.fromkeys(need for name in sums_for(metrics) for need in SUMS[name].needs)
    durations = [name for name in needed if name in FIELDS and FIELDS[name].unit == "s"]
    found = [impossible_durations(each, durations) for each in sides]
    counts = {name: sum(each.get(name, 0) for each in found) for name in durations}
    if any(counts.values()):
        table.attrs["impossible"] = {name: count for name, count in counts.items() if count}
    return table


def _kitagawa(df: pd.DataFrame, other: pd.DataFrame, metric: str, by: By) -> pd.DataFrame:
    """Return the effects of the groups of a dimension."""
    sides, index = _sides(df, other, by, [metric])
    top, bottom = (
        np.array([known_sums(table, groups)[name].to_numpy(dtype=np.float64) for table, groups in sides])
        for name in METRICS[metric].sums
    )
    total = bottom.sum(axis=1, keepdims=True)
    share, rate = ratio(bottom, total), ratio(top, bottom)
    # A group that one side lacks has no rate there: with that of the other side all its effect is mix.
    filled = np.where(np.isnan(rate), rate[::-1], rate)
    of_all = ratio(top.sum(axis=1), total[:, 0])
    rate_effect = (filled[0] - filled[1]) * share.mean(axis=0)
    mix_effect = (share[0] - share[1]) * (filled.mean(axis=0) - of_all.mean())
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
    n_calls = [int(table["n_calls"].sum()) for table, _ in sides]
    present.attrs |= {"metric": metric, "n_calls": n_calls, "of_all": of_all.tolist()}
    return present


_NO_CAUSES = (
    "client", "region", "outcome", "outcome_type", "tag", "day", "week", "month", "quarter", "year",
)  # fmt: skip
"""Dimensions of which a group says nothing of why: too small, known after the call, or on one side only."""

_RANKED = (
    "explained", "mix_effect", "rate_effect", "effect", "rate_spread", "groups", "largest", "largest_effect",
)  # fmt: skip
_ONE_SIDED, _TWO_SIDED = 1.645, 1.96  # standard deviations that chance exceeds in one of twenty cases


def _ranked_dimensions(df: pd.DataFrame, other: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the dimensions by how much of the change they explain."""
    rows, attrs = {}, {}
    sides = of_one_region(df, other)
    if all({"clientNumber", "timestamp", "type"} <= set(each.columns) for each in sides):
        df, other = labelled_together(sides, following(DIMENSIONS, *sides))
    noise = [_Noise.of(each, metric) for each in (df, other)]
    for name in [*(name for name in DIMENSIONS if name not in _NO_CAUSES), "campaign"]:
        try:
            table = _kitagawa(df, other, metric, name)
        except KeyError:  # a column that this dimension reads is missing
            continue
        attrs = table.attrs
        if len(table):
            rows[name] = _explained(table, noise)
    result = pd.DataFrame(rows.values(), index=pd.Index(rows, dtype="str", name="dimension"), columns=_RANKED)
    kinds = dict.fromkeys(_RANKED, "float64") | {"groups": "int64", "largest": "str"}
    result = result.astype(kinds).sort_values("explained", ascending=False, kind="stable")
    result.attrs |= attrs
    return result


class _Noise(msgspec.Struct, frozen=True):
    """How much chance there is in a metric of one side.

    Parameters
    ----------
    total
        The metric's denominator over all calls.
    variance
        Variance of the metric of a group whose denominator is 1.
    calls
        How many equal calls tell as much as these do about shares of the denominator.
    """

    total: float
    variance: float
    calls: float

    @classmethod
    def of(cls, df: pd.DataFrame, metric: str) -> _Noise:
        """Return the noise of these calls: that of a ratio of sums, to the first order."""
        facts = Facts(df, Split())
        top, bottom = (
            np.asarray(SUMS[name](facts), dtype=np.float64)  # the columns are there
            for name in METRICS[metric].sums
        )
        total = bottom.sum() or np.nan
        rest = top - top.sum() / total * bottom
        return cls(float(total), float((rest**2).sum() / total), float(total**2 / (bottom**2).sum()))


def _explained(table: pd.DataFrame, noise: Sequence[_Noise]) -> dict[str, object]:
    """Return the row of one dimension, from the effects of its groups."""
    shares, rates = (table[[name, f"{name}_other"]].to_numpy().T for name in ("share", "rate"))
    totals, variances, calls = (
        np.array([[getattr(each, name)] for each in noise]) for name in ("total", "variance", "calls")
    )
    middle = np.nanmean(rates, axis=0)
    mix = float(table["mix_effect"].sum())
    scatter = (shares * (middle - (shares * middle).sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
    moved = abs(mix) > _TWO_SIDED * np.sqrt((scatter / calls[:, 0]).sum())
    both = ~np.isnan(rates).any(axis=0)
    weight = shares.mean(axis=0)[both]
    weight = weight / (weight.sum() or 1)
    change = rates[0, both] - rates[1, both]
    spread = (weight * (change - (weight * change).sum()) ** 2).sum()
    # What chance alone gives: the mean of this sum of squares, and the standard deviation around it.
    by_chance = weight * (1 - weight) * (variances / (shares * totals)[:, both]).sum(axis=0)
    beyond = spread - by_chance.sum()
    if beyond <= _ONE_SIDED * np.sqrt(2 * (by_chance**2).sum()):
        beyond = 0.0
    return {
        "explained": float(np.sqrt(moved * mix**2 + beyond)),
        "mix_effect": mix,
        "rate_effect": float(table["rate_effect"].sum()),
        "effect": float(table["effect"].sum()),
        "rate_spread": float(np.sqrt(beyond)),
        "groups": len(table),
        "largest": str(table.index[0]),
        "largest_effect": float(table["effect"].iloc[0]),
    }


_Side = tuple[pd.DataFrame, Groups]


def _sides(
    first: pd.DataFrame, second: pd.DataFrame, by: By, metrics: Sequence[str]
) -> tuple[tuple[_Side, _Side], pd.Index]:
    """Return the tallies of both sides, each with its rows' groups among those of either side."""
    first, second = of_one_lead(*of_one_region(first, second))
    if "agent" in names_of(by):
        first, second = of_one_agent(first, second)
    first, second = labelled_together((first, second), following(names_of(by), first, second))
    sums, median = dict.fromkeys(["n_calls", *sums_for(metrics)]), needs_median(metrics)
    tallies = [tally(df, split_or_all(df, by), list(sums), median=median) for df in (first, second)]
    both = pd.concat(tallies)
    keys = folded_keys(keys_of_index(both.index), both["n_calls"].to_numpy())
    groups = grouped([key for key in keys if key.labels.name != TALK_TIME])
    cut = len(tallies[0])
    here, there = Groups(groups.codes[:cut], groups.index), Groups(groups.codes[cut:], groups.index)
    return ((tallies[0], here), (tallies[1], there)), groups.index
