"""How much of an answer, and of what is concluded from it, hangs on the definition of the metric."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import By, Split, names_of, split
from brightcall_pandas.analysis._groups import NONE, Key, folded_keys, grouped, keys_of_index
from brightcall_pandas.analysis._intervals import interval, ratios_of, rest_flags, say_level
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._metrics import Definitions, definitions_of, metrics_of, sums_for
from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis._tallies import additive, known_sums, tally

__all__ = ["sensitivity"]

_TOP = 3
_ALL = pd.Index(["all"], dtype="str", name="all calls")  # the one group that there is without ``by=``


def tally_sensitivity(
    df: pd.DataFrame, metric: Definitions = "contact_rate", *, by: By = None
) -> pd.DataFrame:
    """Return the sums behind `sensitivity`."""
    parts = split(df, by) if names_of(by) else Split([Key(np.zeros(len(df), dtype=np.int64), _ALL)])
    members = definitions_of(metric)
    return tally(df, parts, sums_for(members), ratios=ratios_of(members))


def finish_sensitivity(
    table: pd.DataFrame, metric: Definitions = "contact_rate", *, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the table of `sensitivity` from its tally."""
    members = definitions_of(metric)
    groups = grouped(folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy()))
    values = metrics_of(table, groups, members)
    sums = known_sums(table, groups, sums_for(members))
    if table.index.names == [_ALL.name]:
        return say_level(_answers(members, values, sums, confidence), confidence)
    return say_level(_places(members, values, sums, confidence), confidence)


def _answers(
    members: list[Metric], values: pd.DataFrame, sums: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """Return a row for each definition."""
    rows: dict[str, dict[str, Any]] = {}
    for each in members if len(values) else ():
        above, *below = (float(sums[name].iloc[0]) for name in each.sums)
        low = high = np.nan
        if below:
            low, high = (float(bound[0]) for bound in interval(each, sums, confidence))
        rows[each.name] = {
            "value": float(values[each.name].iloc[0]),
            "value_low": low,
            "value_high": high,
            "counted": above,
            "counted_of": below[0] if below else np.nan,
            "formula": each.formula,
            "source": each.definition.source,
        }
    kinds = dict.fromkeys(("value", "value_low", "value_high", "counted", "counted_of"), "float64")
    kinds |= {"formula": "str", "source": "str"}
    index = pd.Index(rows, dtype="str", name="definition")
    result = pd.DataFrame(list(rows.values()), index=index, columns=list(kinds)).astype(kinds)
    result.attrs["metric"] = members[0].name
    return result


def _places(
    members: list[Metric], values: pd.DataFrame, sums: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """Return a row for each group: its value and its place under each definition."""
    nobody = np.asarray(values.index.get_level_values(-1) == NONE, dtype=bool)
    columns: dict[str, Any] = {}
    flags = rest_flags(sums, members, confidence, tested=~nobody)
    ranks, sides, beyond = {}, {}, {}
    for each in members:
        ranked = values[each.name].mask(nobody)
        ranks[each.name] = ranked.rank(ascending=False, method="min").to_numpy()
        above, *below = (np.nan_to_num(sums[name].to_numpy(dtype=np.float64)) for name in each.sums)
        of = below[0] if below else np.ones(len(above))
        sides[each.name] = np.sign(values[each.name].to_numpy() - ratio(above.sum() - above, of.sum() - of))
        told = flags.get(f"{each.name}_beyond_chance", flags.get("beyond_chance"))
        beyond[each.name] = sides[each.name] * (0 if told is None else told.to_numpy(bool, na_value=False))
        columns[each.name], columns[f"{each.name}_rank"] = values[each.name], ranks[each.name]
    places = np.array(list(ranks.values())).reshape(len(members), len(values))
    known = ~np.isnan(places).all(axis=0)
    best, worst = np.full(len(values), np.nan), np.full(len(values), np.nan)
    best[known], worst[known] = np.nanmin(places[:, known], axis=0), np.nanmax(places[:, known], axis=0)
    columns |= {"place_best": best, "place_worst": worst, "places_moved": worst - best}
    turned, told_apart = (
        np.nan_to_num(list(each.values())).reshape(len(members), len(values)) for each in (sides, beyond)
    )
    columns["side_changes"] = (turned > 0).any(axis=0) & (turned < 0).any(axis=0)
    columns["verdict_changes"] = (told_apart != told_apart[:1]).any(axis=0)
    result = pd.DataFrame(columns, index=values.index)
    first = members[0].name
    result = result.sort_values(f"{first}_rank", kind="stable")
    result.attrs["metric"] = first
    result.attrs["conclusions"] = _conclusions(members, result)
    return result


def _conclusions(members: list[Metric], table: pd.DataFrame) -> dict[str, Any]:
    """Return what is concluded under each definition, and which conclusions change."""
    best, top = {}, {}
    for each in members:
        order = table[f"{each.name}_rank"].dropna().sort_values(kind="stable")
        if not len(order):
            continue
        # Which of groups that share a place comes first nobody can say: they stand in order of labels.
        best[each.name] = sorted(str(label) for label in order.index[order == order.iloc[0]])
        leading = order[order <= _TOP]
        top[each.name] = [
            str(label) for label, _ in sorted(leading.items(), key=lambda pair: (pair[1], str(pair[0])))
        ][:_TOP]
    turned, told = (
        [str(label) for label in table.index[table[name].to_numpy()]]
        for name in ("side_changes", "verdict_changes")
    )
    return {
        "best": best,
        "top_three": top,
        "side_of_the_rest": turned,
        "beyond_chance": told,
        "changes": [
            name
            for name, changed in (
                ("best", len({tuple(each) for each in best.values()}) > 1),
                ("top_three", len({tuple(each) for each in top.values()}) > 1),
                ("side_of_the_rest", bool(turned)),
                ("beyond_chance", bool(told)),
            )
            if changed
        ],
    }


@additive(tally_sensitivity, finish_sensitivity, whole_clients=True, durations=("talkTime",))
def sensitivity(
    df: pd.DataFrame,
    metric: str | Metric = "contact_rate",
    *,
    by: By = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the answer under each definition that is in use of one metric, and what changes with it.

    Parameters
    ----------
    df
        Calls; a definition whose column is missing is null.
    metric
        ``"contact_rate"``, ``"conversation_rate"``, ``"conversion_rate"``, any metric of these families, or a
        family of your own (`bc.Metric` with ``family=``). Definitions of the same unit are compared.
    by
        Columns or dimensions (``agent``, ``project`` …) whose groups are compared under each definition.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Without `by`, index ``definition``, the metric that was asked for first:

        - ``value``, with ``value_low``, ``value_high``, its interval as in `breakdown`
        - ``counted``, ``counted_of``: its numerator and denominator
        - ``formula``, ``source`` (str): what is divided by what, and where the definition comes from

        With `by`, index: a level for each name in it, best first by the metric that was asked for:

        - each definition's value, and ``<definition>_rank``, the group's place by it, 1 for the highest;
          equal ones share the better place, and a group without label (``(none)``) has none
        - ``place_best``, ``place_worst``: its best and worst place under any definition; ``places_moved``
          their difference
        - ``side_changes`` (bool): whether the group lies above the rest under one definition, and below it
          under another one
        - ``verdict_changes`` (bool): whether the group differs from the rest beyond chance under one
          definition, and under another one does not, or on the other side

        There ``attrs["conclusions"]`` has what is concluded under each definition (``best``: the best group,
        or several that share the place; ``top_three`` in order; ``side_of_the_rest`` and ``beyond_chance``:
        the groups whose ``side_changes`` and whose ``verdict_changes``), and under ``changes`` which of these
        four are not the same under all. In both tables ``attrs["metric"]`` names the metric.

    Raises
    ------
    KeyError
        A name in `by` is unknown.
    TypeError, ValueError
        `metric` is none, or has no other definition.

    Notes
    -----
    ``definitions("contact rate")`` lists the definitions of a family. The rest are all other groups
    together. Ranks say nothing of chance: groups that hardly differ may change places by it. What lies beyond
    chance is tested as in `breakdown`, all groups under all definitions together.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "userId": ["Ann"] * 4 + ["Bob"] * 4,
    ...         "state": [1, 1, 1, 0, 1, 1, 0, 0],
    ...         "talkTime": [5, 8, 12, 0, 40, 50, 0, 0],
    ...     }
    ... )
    >>> calls.calls.sensitivity("contact_rate")["value"].dropna()
    definition
    contact_rate             0.625
    answer_rate              0.625
    answer_rate_delivered    0.625
    contact_rate_10s         0.375
    contact_rate_30s         0.250
    Name: value, dtype: float64
    >>> table = calls.calls.sensitivity("contact_rate", by="userId")
    >>> table[["contact_rate_rank", "contact_rate_30s_rank", "places_moved"]]
            contact_rate_rank  contact_rate_30s_rank  places_moved
    userId
    Ann                   1.0                    2.0           1.0
    Bob                   2.0                    1.0           1.0
    >>> table.attrs["conclusions"]["changes"]
    ['best', 'top_three', 'side_of_the_rest']
    """
    return finish_sensitivity(tally_sensitivity(df, metric, by=by), metric, confidence=confidence)
