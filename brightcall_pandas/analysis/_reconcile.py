"""The rows compared with the server's own statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import Split
from brightcall_pandas.analysis._tallies import Facts
from brightcall_pandas.frame import (
    FIELDS,
    STATISTICS_DURATIONS,
    STATISTICS_GROUPS,
    STATISTICS_OUTCOME_TYPES,
    STATISTICS_STATES,
    STATISTICS_TOTALS,
    column,
    factorized,
)

__all__ = ["reconcile"]

_UNTOLD = ("active", "aiTalkCost")
_TOLERANCE = 1e-6
_PAGES = (500, 100)  # page sizes that clients request, the larger first


def reconcile(df: pd.DataFrame, stats: pd.DataFrame) -> pd.DataFrame:
    """Compare the rows with the statistics endpoint, figure by figure.

    Parameters
    ----------
    df
        All calls of some days. A figure whose column is missing is null.
    stats
        What `bc.load_stats` returns for the same days and filters, without ``freq``.

    Returns
    -------
    pandas.DataFrame
        Index ``direction`` (all, inbound, outbound, internal), ``figure`` (the column of `stats`); every
        count and duration, on ``all`` also the outcome types and talk times of the account:

        - ``rows``: the figure counted from the rows
        - ``statistics``: the figure that the server gives
        - ``difference``: rows − statistics
        - ``agrees`` (boolean): whether both are equal; null where one is unknown
        - ``likely_cause`` (str): empty where they agree

    Raises
    ------
    ValueError
        `stats` is not such a frame, or is split by period.

    Notes
    -----
    Counted as the article names them: ``all`` calls, ``success`` answered, ``fail`` unanswered, ``error``
    failed, ``talks`` with talk time above 0, ``unique`` distinct client numbers, ``firstTime`` calls marked
    ``firstTimeForUser``; durations over all calls, ``answer`` over answered ones. ``active`` (calls in
    progress when the server counted) and ``aiTalkCost`` cannot be counted from rows. A cause is a hint: it
    would explain a difference of that size, which does not mean that it did.

    Examples
    --------
    >>> calls = pd.DataFrame({"type": [0, 1], "state": [1, 1], "talkTime": [20, 0]})
    >>> directions = pd.Index(["all", "inbound", "outbound", "internal"], name="direction")
    >>> stats = pd.DataFrame({"all": [2, 1, 1, 0], "success": [1, 1, 0, 0]}, index=directions)
    >>> table = calls.calls.reconcile(stats)
    >>> table.loc["outbound", ["rows", "statistics", "agrees"]]
             rows  statistics  agrees
    figure
    all       1.0         1.0    True
    success   1.0         0.0   False
    >>> table.loc[("outbound", "success"), "likely_cause"]
    'late update: calls changed between the two readings'
    """
    if stats.index.nlevels != 1 or not {*STATISTICS_GROUPS.values()} <= set(stats.index):
        msg = "stats must be what bc.load_stats(…) returns without freq=: one row per direction"
        raise ValueError(msg)
    figures = _figures(df)
    # The account's own figures stand on the row `all` only.
    pairs = [
        (direction, str(name))
        for direction in STATISTICS_GROUPS.values()
        for name in stats.columns
        if direction == "all" or name not in STATISTICS_TOTALS.values()
    ]
    index = pd.MultiIndex.from_tuples(pairs, names=["direction", "figure"])
    rows = np.array([figures.get(pair, np.nan) for pair in pairs], dtype=np.float64)
    said = np.array([_number(stats.loc[pair]) for pair in pairs], dtype=np.float64)
    table = pd.DataFrame({"rows": rows, "statistics": said, "difference": rows - said}, index=index)
    known = table["difference"].notna()
    table["agrees"] = (table["difference"].abs() < _TOLERANCE).astype("boolean").where(known)
    table["likely_cause"] = pd.array(list(_causes(df, table)), dtype="str")
    return table


def _number(value: Any) -> float:
    return np.nan if pd.isna(value) else float(value)


def _figures(df: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Count every figure from the rows, for each direction."""
    facts = Facts(df, Split(), as_sent=True)
    places: dict[str, Any] = {"all": slice(None)}
    if facts.has("type"):
        places |= {name: np.flatnonzero(facts.is_label("type", name)) for name in FIELDS["type"].choices}
    marks, seconds = _marks(facts), _seconds(facts)
    clients = factorized(facts.series("clientNumber"))[0] if facts.has("clientNumber") else None
    figures: dict[tuple[str, str], float] = {}
    for direction, rows in places.items():
        for name, mark in marks.items():
            figures[direction, name] = float(np.count_nonzero(mark[rows]))
        for name, values in seconds.items():
            here = values[rows]
            here = here[~np.isnan(here)]
            figures[direction, f"{name}_sum_s"] = here.sum()
            figures[direction, f"{name}_count"] = len(here)
            figures[direction, f"{name}_min_s"] = here.min() if len(here) else np.nan
            figures[direction, f"{name}_max_s"] = here.max() if len(here) else np.nan
        if clients is not None:
            # Code -1, no client, counts in the place before the first one.
            figures[direction, "unique"] = float(np.count_nonzero(np.bincount(clients[rows] + 1)[1:]))
    for name, field in (("aiTalkTime_s", "aiTalkTime"), ("allTalkTime_s", "talkTime")):
        if facts.has(field):
            values = facts.seconds(field)
            figures["all", name] = np.nan if np.isnan(values).all() and len(values) else np.nansum(values)
    return figures


def _marks(facts: Facts) -> dict[str, NDArray[np.bool_]]:
    marks = {"all": np.ones(len(facts), dtype=bool)}
    if facts.has("state"):
        marks |= {name: facts.is_label("state", word) for name, word in STATISTICS_STATES.items()}
    if facts.has("talkTime"):
        marks["talks"] = facts.seconds("talkTime") > 0
    if facts.has("firstTimeForUser"):
        marks["firstTime"] = facts.is_true("firstTimeForUser")
    if facts.has("outcomeType"):
        marks |= {
            name: facts.is_label("outcomeType", word) for name, word in STATISTICS_OUTCOME_TYPES.items()
        }
        marks["tagsNoResult"] = marks["tagsNoResult"] | facts.series("outcomeType").isna().to_numpy()
    return marks


def _seconds(facts: Facts) -> dict[str, NDArray[np.float64]]:
    seconds = {name: facts.seconds(field) for name, field in STATISTICS_DURATIONS.items() if facts.has(field)}
    answer = seconds.pop("answer", None)
    # Without the state nobody knows which calls the server counted.
    if answer is not None and facts.has("state"):
        seconds["answer"] = np.where(facts.answered, answer, np.nan)
    return seconds


def _causes(df: pd.DataFrame, table: pd.DataFrame) -> Iterator[str]:
    """Yield for each figure what would explain its difference; an empty text where there is none."""
    difference = float(table["difference"].get(("all", "all"), np.nan))
    of_rows = _cause(df, difference)
    agrees = table["agrees"].fillna(False)
    for (_, name), same, rows, said in zip(
        table.index, agrees, table["rows"], table["statistics"], strict=True
    ):
        if same:
            yield ""
        elif name in _UNTOLD:
            yield "rows cannot tell"
        elif np.isnan(said):
            yield "" if np.isnan(rows) else "the server does not give it"
        else:
            yield "no row has it" if np.isnan(rows) else of_rows


def _cause(df: pd.DataFrame, difference: float) -> str:
    """Return what would explain that so many rows are too many (or, below zero, too few)."""
    if np.isnan(difference):
        return ""
    if difference == 0:
        return "late update: calls changed between the two readings"
    if "id" in df.columns and difference == column(df, "id").dropna().duplicated().sum():
        return f"duplicates: {difference:g} rows repeat an id"
    for size in _PAGES:
        if difference < 0 and difference % size == 0:
            return f"page missing: {-difference / size:g} × {size} rows"
    near = _near_midnight(df)
    if abs(difference) <= near:
        return f"start of the day: {near} calls lie near the first or the last midnight"
    if difference < 0:
        return "rows are missing, or calls arrived after the rows were read"
    return "too many rows: the statistics are of other days or filters, or calls arrived after them"


def _near_midnight(df: pd.DataFrame) -> int:
    """Count the calls that would fall outside if the server's days began at midnight UTC."""
    stamps = (
        column(df, "timestamp").dropna()
        if "timestamp" in df.columns
        else pd.Series(dtype="datetime64[us, UTC]")
    )
    if stamps.empty:
        return 0
    first, last = stamps.min().normalize(), stamps.max().normalize() + pd.Timedelta(days=1)
    width = max(abs(first.utcoffset()), pd.Timedelta(hours=1))
    return int(((stamps < first + width) | (stamps >= last - width)).sum())
