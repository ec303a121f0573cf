"""What changed in calls after they were first seen, and what that makes of a number: the pure part.

`load` knows what changed; here it is counted, by what changed and by whose calls they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._breakdowns import breakdown
from brightcall_pandas.analysis._dimensions import By, names_of, split
from brightcall_pandas.analysis._groups import NONE, folded_keys
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._metrics import find_metric
from brightcall_pandas.analysis._rates import checked_confidence, wilson

__all__ = ["WHAT_CHANGED", "restated_table", "revisions_table"]

WHAT_CHANGED = ("field", "kind", "old", "new")
"""What `by=` of revisions takes besides dimensions and columns of the calls."""

_ALL = "all calls"
_CALL = "_call"


def revisions_table(
    calls: pd.DataFrame, entries: pd.DataFrame, by: By = "field", *, confidence: float = 0.95
) -> pd.DataFrame:
    """Return how many calls were revised, by what changed and by dimensions of the calls.

    Parameters
    ----------
    calls
        The calls, those that have gone included; with ``id`` and ``uniqueId``.
    entries
        What changed, as `bc.revisions` lists it; what is of other calls does not count.
    by
        Names in `WHAT_CHANGED`, dimensions or columns of the calls.
    confidence
        Confidence of the interval.
    """
    checked_confidence(confidence)
    names = names_of(by) or ["field"]
    of_calls = [name for name in names if name not in WHAT_CHANGED]
    members = _members(calls, of_calls)
    changed = _of_calls(entries, calls).merge(members, on=_CALL)
    grouping: dict[str, Any] = {"sort": False, "observed": True, "dropna": False}
    found = changed.groupby(names, **grouping)[_CALL].agg(["nunique", "size"])
    table = pd.DataFrame({"revised": found["nunique"], "changes": found["size"]})
    if of_calls:
        sizes = members.groupby(of_calls, **grouping)[_CALL].nunique().rename("n_calls")
        if len(of_calls) == len(names):
            table = table.reindex(sizes.index, fill_value=0)
        table = table.reset_index().merge(sizes.reset_index(), how="left", on=of_calls).set_index(names)
    else:
        table["n_calls"] = len(calls)
    table = table.astype("int64")
    table["share"] = (table["revised"] / table["n_calls"]).astype("float64")
    table["share_low"], table["share_high"] = wilson(table["revised"], table["n_calls"], confidence)
    table = table[["n_calls", "revised", "share", "share_low", "share_high", "changes"]]
    return table.sort_values("revised", ascending=False, kind="stable")


def _members(calls: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return a row for each call and group that it is in, with the labels of the group."""
    if not names:
        return pd.DataFrame({_CALL: np.arange(len(calls))})
    parts = split(calls, names)
    rows = np.arange(len(calls)) if parts.rows is None else parts.rows
    keys = folded_keys(parts.keys, np.ones(len(rows)))
    labels = {name: key.labels.take(key.codes) for name, key in zip(names, keys, strict=True)}
    return pd.DataFrame({_CALL: rows, **labels})


def _of_calls(entries: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """Return what changed in these calls, with the place of each call."""
    ids = ["id", "uniqueId"]
    held = calls[ids].reset_index(drop=True).fillna("").assign(**{_CALL: np.arange(len(calls))})
    held = held.drop_duplicates(ids)
    told = entries[[*ids, *WHAT_CHANGED]].copy()
    told[ids] = told[ids].fillna("")
    changed = told["kind"] == "changed"
    told["field"] = told["field"].where(changed, "(" + told["kind"] + ")")
    told[["old", "new"]] = told[["old", "new"]].fillna(NONE)
    return told.merge(held, on=ids).drop(columns=ids)


def restated_table(
    now: pd.DataFrame, then: pd.DataFrame, metric: str | Metric, by: By = None
) -> pd.DataFrame:
    """Return a metric of each group as it was known then, and as it is known now.

    ``attrs["all"]`` has the metric of all calls, then and now: it does not follow from those of groups, since
    by tag a call may count in several, and the mean of a time is of answered calls.

    Parameters
    ----------
    now, then
        The calls as they are known now, and as they were then.
    metric
        The metric.
    by
        Dimensions or columns.
    """
    name = find_metric(metric).name
    sides = [_of_groups(each, metric, by) for each in (then, now)]
    before, after = (side.rename(columns={side.columns[-1]: name}) for side in sides)
    table = before.add_suffix("_other").join(after, how="outer", sort=False)
    counts = ["n_calls_other", "n_calls"]
    table[counts] = table[counts].fillna(0).astype("int64")
    of_all = [_value(each, metric) for each in (then, now)]
    if name == "n_calls":
        table["n_calls_change"] = table["n_calls"] - table["n_calls_other"]
        table = table[[*counts, "n_calls_change"]].sort_values(
            "n_calls_other", ascending=False, kind="stable"
        )
        table.attrs["all"] = of_all
        return table
    table[f"{name}_change"] = table[name] - table[f"{name}_other"]
    columns = [*counts, f"{name}_other", name, f"{name}_change"]
    order = (
        table[f"{name}_change"].abs().sort_values(ascending=False, kind="stable", na_position="last").index
    )
    table = table.loc[order, columns]
    table.attrs.update({"metric": name, "all": of_all})
    return table


def _value(calls: pd.DataFrame, metric: str | Metric) -> float:
    """Return a metric of all calls, null where it is not known."""
    told = _of_groups(calls, metric).iloc[:, -1].to_numpy(dtype=np.float64, na_value=np.nan)
    return float(told[0]) if len(told) else np.nan


def _of_groups(calls: pd.DataFrame, metric: str | Metric, by: By = None) -> pd.DataFrame:
    """Return number and metric of each group."""
    if not names_of(by):
        calls, by = calls.assign(**{_ALL: "all"}), _ALL
    asked = [metric] if find_metric(metric).name == "n_calls" else ["n_calls", metric]
    table = breakdown(calls, by, asked)
    name = find_metric(metric).name
    return table[["n_calls"] if name == "n_calls" else ["n_calls", name]]
