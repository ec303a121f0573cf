"""What differs between two sets of calls, and which groups explain it: always this minus other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._attempt_numbers import (
    labeled_together,
    say_begins,
    told_of_begins,
    warn_of_begins,
)
from brightcall_pandas.analysis._chance import (
    Clustered,
    Crossed,
    correlation,
    difference,
    p_values,
    p_values_of_estimates,
)
from brightcall_pandas.analysis._clusters import Clusters, all_numbered, clustered, shared
from brightcall_pandas.analysis._dimensions import DIMENSIONS, By, Split, following, names_of, of_direction
from brightcall_pandas.analysis._durations import impossible_durations
from brightcall_pandas.analysis._intervals import Columns, flags, interval, proportions, ratios_of, say_level
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._metrics import (
    METRICS,
    checked_metrics,
    find_metric,
    needs_one_frame,
)
from brightcall_pandas.analysis._rates import checked_confidence, ratio, t_quantiles
from brightcall_pandas.analysis._sides import Sides
from brightcall_pandas.analysis._tallies import Facts, column_of_need
from brightcall_pandas.frame import FIELDS, column, of_one_lead, of_one_region, type_error

__all__ = ["compare", "explain_change"]

_USUAL = ("n_calls", "answered", "answer_rate", "talk_time_mean_s", "positive", "positive_rate")
_EXPLAINED = tuple(
    name
    for name, metric in METRICS.items()
    if len(metric.sums) == 2 and metric.unit != "n" and not metric.counts_clients
)


def compare(
    df: pd.DataFrame,
    other: pd.DataFrame,
    *,
    by: By = None,
    metrics: Sequence[str] | None = None,
    before: pd.DataFrame | None = None,
    confidence: float = 0.95,
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
    before
        Earlier calls, which are not compared: they number the attempts, where `by` names ``attempt`` or
        ``new_or_redial``. Calls of either side among them count once.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`, sorted by label, groups of either side included. For each of
        `metrics` three columns: ``<metric>`` of `df`, ``<metric>_other`` of `other`, and ``<metric>_change``,
        the first minus the second: positive where `df` has more. Of a metric that has a denominator, each is
        followed by ``…_low`` and ``…_high``, its interval.

        ``beyond_chance`` (boolean): whether one of the rates that are calls ÷ calls changed by more than
        chance gives; null where a side has calls of one client only. Of several rates,
        ``<rate>_beyond_chance`` says which. ``attrs["brightcall"]`` names the ``confidence``, and as
        ``false_discovery_rate`` the level of ``beyond_chance``: 1 − `confidence`.

    Raises
    ------
    KeyError
        A name in `by` is neither a dimension nor a column.
    ValueError
        `metrics` is not a list of such names, or `confidence` is not between 0 and 1.

    Notes
    -----
    A group that one side does not have counts 0 there and has null rates. ``attempt`` and ``new_or_redial``
    are counted over the calls of both sides and `before` together. Of clients whose earliest call among these
    is not their first (``firstTimeForTree``), attempts have too low a number:
    ``attrs["brightcall"]["clients"]`` says how many they are, as in `attempts`, and of more than a
    third a warning.

    The interval of each side is that of `breakdown`: linearized, with the client as the cluster. That of the
    change is made of both by square and add (Newcombe 1998, method 10). Clients who are called on both sides
    let the sides go up and down together: their covariance is linearized, too, and taken into account (Zou
    and Donner 2008). ``beyond_chance`` is tested as in `breakdown`, this side against the other.

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
    chosen = list(checked_metrics(metrics, _USUAL).values())
    _refuse_masks(chosen)
    df, other, begins = _numbered(df, other, names_of(by), before)
    sides = Sides.of(df, other, by, chosen)
    values = sides.metrics(chosen)
    sums = sides.with_products(ratios_of(chosen), sides.clusters())
    columns: Columns = {}
    for each in chosen:
        columns |= _change(each, values, sums, confidence)
    found = {each.name: p_values(*_of_metric(each, sums)) for each in proportions(chosen)}
    table = pd.DataFrame(columns | flags(found, confidence), index=sides.index)
    return _with_impossible(say_begins(say_level(table, confidence), begins), (df, other), chosen)


def _numbered(
    df: pd.DataFrame, other: pd.DataFrame, names: Sequence[str], before: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Return both sides with the attempts that `names` has, and how many clients were called before them."""
    if before is not None and not isinstance(before, pd.DataFrame):
        raise type_error("before", "a frame of earlier calls, which number the attempts", before)
    wanted = following(names, df, other)
    if not wanted:
        return df, other, {}
    calls = [*of_one_region(df, other), *([] if before is None else [before])]
    df, other, *_ = labeled_together(calls, wanted)
    dialed = np.concatenate([of_direction(each, "outbound") for each in (df, other)])
    begins = told_of_begins((df, other), dialed, before)
    warn_of_begins(begins, "Pass earlier calls as before=: they number the attempts, and are not compared.")
    return df, other, begins


def _refuse_masks(metrics: Sequence[Metric]) -> None:
    for each in metrics:
        if each.needs_mask:
            raise needs_one_frame(each, "there are two sides")


def _change(
    metric: Metric, values: Sequence[pd.DataFrame], sums: Sequence[pd.DataFrame], confidence: float
) -> Columns:
    """Return the columns of one metric: of both sides and of the change, with intervals if it is a ratio."""
    name = metric.name
    here, there = (each[name].to_numpy() for each in values)
    if not ratios_of([metric]):
        return {name: here, f"{name}_other": there, f"{name}_change": here - there}
    bounds = [interval(metric, each, confidence) for each in sums]
    together = correlation(*_of_metric(metric, sums), rates=metric.is_proportion)
    changed = difference((here, bounds[0]), (there, bounds[1]), together)
    columns: Columns = {}
    for label, middle, (low, high) in (
        (name, here, bounds[0]),
        (f"{name}_other", there, bounds[1]),
        (f"{name}_change", here - there, changed),
    ):
        columns |= {label: middle, f"{label}_low": low, f"{label}_high": high}
    return columns


def _of_metric(metric: Metric, sums: Sequence[pd.DataFrame]) -> tuple[Clustered, Clustered, Crossed]:
    """Return numerator and denominator of a metric on both sides, and what the sides share."""
    (ratio_,) = ratios_of([metric])
    return clustered(sums[0], ratio_), clustered(sums[1], ratio_), shared(sums[0], ratio_)


def explain_change(
    df: pd.DataFrame,
    other: pd.DataFrame,
    metric: str | Metric = "answer_rate",
    *,
    by: By = None,
    before: pd.DataFrame | None = None,
    confidence: float = 0.95,
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
    before
        Earlier calls, which are not compared: they number the attempts
        (``attempt``, ``new_or_redial``). Calls of either side among them count once.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Without `by`, index ``dimension``, the one that explains most first:

        - ``explained``: how far the dimension moves the metric beyond chance, in the metric's unit: the root
          of ``mix_effect² + rate_spread²``, each part counted only where chance alone seldom gives as much
        - ``mix_effect``: what the differences in the groups' shares do to the metric over all calls
        - ``rate_effect``: what the differences in their rates do
        - ``effect``: both together: the metric over all calls of `df` minus that of `other`, with its
          interval ``effect_low``, ``effect_high``
        - ``rate_spread``: how differently the groups' rates changed: the standard deviation beyond chance of
          these changes, weighted by the groups' shares; 0 where all changed alike
        - ``groups`` (int64): how many groups it has
        - ``largest``: the group of the largest effect, with ``largest_effect``

        With `by`, index: a level for each name in it, largest effect first:

        - ``share``, ``share_other``: the group's share of the metric's denominator on each side
        - ``rate``, ``rate_other``: the metric in the group; null where the group is absent. ``rate_change``:
          the first minus the second. Each with its interval, ``…_low`` and ``…_high``, as in `compare`
        - ``mix_effect``: what the difference in its share does to the metric over all calls
        - ``rate_effect``: what the difference in its rate does
        - ``effect``: both together, with its interval ``effect_low``, ``effect_high``
        - ``beyond_chance`` (boolean): whether the effect differs from 0 by more than chance gives

        Here the column ``effect`` adds up to the metric over all calls of `df` minus that of `other`,
        exactly. In both tables ``attrs["metric"]`` names the metric, ``attrs["n_calls"]`` has the number of
        calls of `df` and of `other`, and ``attrs["of_all"]`` the metric over all of them; of the groups of
        one dimension ``attrs["change_of_all"]`` has the ends of the interval of their difference.
        ``attrs["brightcall"]`` names the ``confidence``, and as ``false_discovery_rate`` the level of
        ``beyond_chance``: 1 − `confidence`. If one side has no
        call that the metric counts, the table is empty.

    Raises
    ------
    KeyError
        A column is missing, or a name in `by` is unknown.
    ValueError
        `metric` is not one of these, `confidence` is not between 0 and 1, or `by` names ``tag``: a call has
        several, so that effects would not add up.

    Notes
    -----
    Kitagawa's decomposition (1955, Components of a difference between two rates): ``rate_effect =
    (rate − rate_other) × mean share``, ``mix_effect = (share − share_other) × (mean rate − mean rate of
    all)``. A larger share helps if the group's rate lies above that of all. The whole effect of a group that
    only one side has is a mix effect.

    ``attempt`` and ``new_or_redial`` are counted over the calls of both sides and `before` together, so that
    a client dialed in February is dialed again in March. Without the calls before February, a fifth dial of
    then is a first one, and a change of rates looks like one of the mix, or the other way round. Of clients
    whose earliest call among these is not their first (``firstTimeForTree``),
    ``attrs["brightcall"]["clients"]`` has the number, as in `attempts`; of more than a third a warning
    says so, too. A part of ``explained`` counts where it exceeds what calls that differ by chance only give
    in one of twenty cases (``mix_effect`` by its standard error from multinomial shares, the spread by mean
    and variance of the weighted sum of squares), with the client as the cluster.

    An effect is a sum of products of shares and rates. Its variance is linearized (Taylor) with the client as
    the cluster, over both sides together, so that it allows for clients who are called on both. The tests of
    ``beyond_chance`` come from effect ÷ standard error, after Benjamini and Hochberg (1995) over the groups.

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
    checked_confidence(confidence)
    explained = _explainable(metric)
    df, other = of_one_lead(df, other)
    for calls, name in product((df, other), () if explained.is_own else explained.needs):
        column(calls, column_of_need(calls, name))  # raises an error that names the missing column
    if not names_of(by):
        ranked = _ranked_dimensions(df, other, explained, before, confidence)
        return _with_impossible(ranked, (df, other), [explained])
    if "tag" in names_of(by) and not ("tag" in df.columns and "tag" in other.columns):
        msg = (
            "by='tag' cannot explain a change: a call counts in each of its tags, so the effects would not "
            "add up. Make a column that says whether a call has the tag, for example "
            "df.assign(vip=df['tags'].str.contains('\"VIP\"')), and explain by that, or see "
            "df.calls.compare(other, by='tag')"
        )
        raise ValueError(msg)
    df, other, begins = _numbered(df, other, names_of(by), before)
    table = say_begins(_kitagawa(df, other, explained, by, confidence), begins)
    return _with_impossible(table, (df, other), [explained])


def _adds_up(metric: Metric) -> bool:
    return len(metric.sums) == 2 if metric.is_own else metric.name in _EXPLAINED


def _explainable(metric: str | Metric) -> Metric:
    """Return the metric whose change is to be explained: a ratio of sums that add up over groups."""
    found = find_metric(metric, fits=_adds_up)
    if not _adds_up(found):
        why = (
            " has no denominator" if len(found.sums) < 2 else " counts clients, who do not add up over groups"
        )
        msg = f"metric={found.name!r}{why}: it is not one of {', '.join(_EXPLAINED)}, nor a ratio of your own"
        raise ValueError(msg)
    if found.is_own:
        _refuse_masks([found])
    return found


def _with_impossible(
    table: pd.DataFrame, sides: Sequence[pd.DataFrame], metrics: Sequence[Metric]
) -> pd.DataFrame:
    """Say in the table's attrs how many durations of both sides its metrics leave out."""
    needed = dict.fromkeys(name for each in metrics for name in each.needs)
    durations = [name for name in needed if name in FIELDS and FIELDS[name].unit == "s"]
    found = [impossible_durations(each, durations) for each in sides]
    counts = {name: sum(each.get(name, 0) for each in found) for name in durations}
    if any(counts.values()):
        table.attrs["impossible"] = {name: count for name, count in counts.items() if count}
    return table


def _kitagawa(
    df: pd.DataFrame, other: pd.DataFrame, metric: Metric, by: By, confidence: float | None
) -> pd.DataFrame:
    """Return the effects of the groups of a dimension; without intervals where `confidence` is None."""
    sides = Sides.of(df, other, by, [metric])
    (pair,) = ratios_of([metric])
    sums = sides.sums()
    top, bottom = (np.array([each[name].to_numpy(dtype=np.float64) for each in sums]) for name in pair)
    total = bottom.sum(axis=1, keepdims=True)
    share, rate = ratio(bottom, total), ratio(top, bottom)
    # A group that one side lacks has no rate there: with that of the other side all its effect is mix.
    filled = np.where(np.isnan(rate), rate[::-1], rate)
    of_all = ratio(top.sum(axis=1), total[:, 0])
    rate_effect = (filled[0] - filled[1]) * share.mean(axis=0)
    mix_effect = (share[0] - share[1]) * (filled.mean(axis=0) - of_all.mean())
    columns: Columns = {
        "share": share[0],
        "share_other": share[1],
        "rate": rate[0],
        "rate_other": rate[1],
        "mix_effect": mix_effect,
        "rate_effect": rate_effect,
        "effect": mix_effect + rate_effect,
    }
    if confidence is not None:
        columns = _with_chance(columns, sides, metric, of_all, confidence)
    result = pd.DataFrame(columns, index=sides.index)
    present: pd.DataFrame = result[(bottom.sum(axis=0) > 0) & (total > 0).all()]
    present = present.sort_values("effect", key=abs, ascending=False, kind="stable")
    n_calls = [int(table["n_calls"].sum()) for table in sides.tallies]
    present.attrs |= {"metric": metric.name, "n_calls": n_calls, "of_all": of_all.tolist()}
    if confidence is not None:
        present.attrs["change_of_all"] = list(_interval_of_all(df, other, metric, confidence))
    return present if confidence is None else say_level(present, confidence)


def _with_chance(
    columns: Columns, sides: Sides, metric: Metric, of_all: NDArray[np.float64], confidence: float
) -> Columns:
    """Return the columns of `_kitagawa`, those of intervals among them."""
    clusters = sides.clusters()
    sums = sides.with_products(ratios_of([metric]), clusters)
    values = [pd.DataFrame({metric.name: columns[name]}) for name in ("rate", "rate_other")]
    named = {
        name.replace(metric.name, "rate", 1): each
        for name, each in _change(metric, values, sums, confidence).items()
    }
    shares = np.array([columns[name] for name in ("share", "share_other")])
    rates = np.array([columns[name] for name in ("rate", "rate_other")])
    rates = np.where(np.isnan(rates), rates[::-1], rates)
    error, clients = _errors_of_effects(sides, metric, clusters, np.array([shares, rates]), of_all)
    reach = t_quantiles(np.array([clients - 1]), confidence) * error
    effect = columns["effect"]
    result = {name: columns[name] for name in ("share", "share_other")} | named
    result |= {name: columns[name] for name in ("mix_effect", "rate_effect")}
    result |= {"effect": effect, "effect_low": effect - reach, "effect_high": effect + reach}
    return result | flags({"effect": p_values_of_estimates(effect, error)}, confidence)


def _errors_of_effects(
    sides: Sides,
    metric: Metric,
    clusters: NDArray[np.int64],
    shares_and_rates: NDArray[np.float64],
    of_all: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """Return the linearized standard error of the effect of each group, and how many clients tell it.

    With shares s, rates r, and the mean R of the metrics of both sides, an effect is ``s (r − R)`` of this
    side less that of the other. What a client moves it by is the sum, signed by side, of three things: what
    it adds to ``numerator − R × denominator`` of the group, to the denominator over all, and to R.
    """
    shares, rates = shares_and_rates
    top, bottom = (sides.values(name) for name in ratios_of([metric])[0])
    clusters, size = all_numbered(clusters)
    side = sides.is_other.astype(np.int64)
    totals = np.bincount(side, weights=bottom, minlength=2)
    sign, scaled = np.array([1.0, -1.0]), ratio(1, totals)[side]
    middle = of_all.mean()
    own = Clusters(sides.codes, len(sides.index), clusters)
    of_group = own.of_clients((top - middle * bottom) * sign[side] * scaled)
    of_client = [
        np.bincount(clusters, weights=bottom * scaled * (side == each), minlength=size) for each in (0, 1)
    ]
    of_client.append(np.bincount(clusters, weights=(top - of_all[side] * bottom) * scaled, minlength=size))
    weights = [*(-sign[:, None] * (rates - middle) * shares), -(shares[0] - shares[1]) / 2]
    pairs = own.clients_of_pairs
    variance = own.add_up(of_group**2)
    for weight, moved in zip(weights, of_client, strict=True):
        variance += 2 * weight * own.add_up(of_group * moved[pairs])
        for other_weight, other in zip(weights, of_client, strict=True):
            variance += weight * other_weight * (moved @ other)
    calls = np.bincount(clusters, weights=bottom, minlength=size)
    clients = float(calls.sum() ** 2 / ((calls**2).sum() or np.nan))
    return np.sqrt(np.maximum(variance, 0) * clients / max(clients - 1, 1)), clients


_NO_CAUSES = (
    "client", "region", "outcome", "outcome_type", "tag", "day", "week", "month", "quarter", "year",
)  # fmt: skip
"""Dimensions of which a group says nothing of why: too small, known after the call, or on one side only."""

_RANKED = (
    "explained", "mix_effect", "rate_effect", "effect", "effect_low", "effect_high", "rate_spread", "groups",
    "largest", "largest_effect",
)  # fmt: skip
_ONE_SIDED, _TWO_SIDED = 1.645, 1.96  # standard deviations that chance exceeds in one of twenty cases


def _ranked_dimensions(
    df: pd.DataFrame, other: pd.DataFrame, metric: Metric, before: pd.DataFrame | None, confidence: float
) -> pd.DataFrame:
    """Return the dimensions by how much of the change they explain."""
    rows, attrs = {}, {}
    known = all({"clientNumber", "timestamp", "type"} <= set(each.columns) for each in (df, other))
    df, other, begins = _numbered(df, other, list(DIMENSIONS) if known else [], before)
    noise = [_Noise.of(each, metric) for each in (df, other)]
    for name in [*(name for name in DIMENSIONS if name not in _NO_CAUSES), "campaign"]:
        try:
            table = _kitagawa(df, other, metric, name, None)
        except KeyError:  # a column that this dimension reads is missing
            continue
        attrs = table.attrs
        if len(table):
            rows[name] = _explained(table, noise)
    result = pd.DataFrame(rows.values(), index=pd.Index(rows, dtype="str", name="dimension"), columns=_RANKED)
    result["effect_low"], result["effect_high"] = _interval_of_all(df, other, metric, confidence)
    kinds = dict.fromkeys(_RANKED, "float64") | {"groups": "int64", "largest": "str"}
    result = result.astype(kinds).sort_values("explained", ascending=False, kind="stable")
    result.attrs |= attrs
    return say_begins(say_level(result, confidence), begins)


def _interval_of_all(
    df: pd.DataFrame, other: pd.DataFrame, metric: Metric, confidence: float
) -> tuple[float, float]:
    """Return the interval of the change of a metric over all calls."""
    sides = Sides.of(df, other, None, [metric])
    if not len(sides.index):
        return np.nan, np.nan
    values = sides.metrics([metric])
    sums = sides.with_products(ratios_of([metric]), sides.clusters())
    found = _change(metric, values, sums, confidence)
    return float(found[f"{metric.name}_change_low"][0]), float(found[f"{metric.name}_change_high"][0])


class _Noise(msgspec.Struct, frozen=True):
    """How much chance there is in a metric of one side.

    Parameters
    ----------
    total
        The metric's denominator over all calls.
    variance
        Variance of the metric of a group whose denominator is 1.
    calls
        How many clients with equally many calls tell as much as these do about shares of the denominator.
    """

    total: float
    variance: float
    calls: float

    @classmethod
    def of(cls, df: pd.DataFrame, metric: Metric) -> _Noise:
        """Return the noise of these calls: that of a ratio of sums over clients, to the first order."""
        facts = Facts(df, Split())
        clients, size = all_numbered(facts.clusters)
        top, bottom = (
            np.bincount(
                clients, weights=metric.sums_needed()[name](facts), minlength=size
            )  # columns are there
            for name in metric.sums
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
