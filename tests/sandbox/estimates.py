"""Plain estimates of planted effects from raw rows: counts, logarithms and their standard errors."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.sandbox import WORLDS, World
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._records import call_table, planted_chains
from brightcall_pandas.sandbox._truth import truth_of

COLUMNS = [
    "answerTime",
    "callTime",
    "clientNumber",
    "crmInfo",
    "lineNumber",
    "outcomeType",
    "projectName",
    "state",
    "talkTime",
    "timestamp",
    "totalTime",
    "transfers",
    "type",
    "userId",
]


def rows_of(
    world: str | World, calls: int = 40_000, days: int = 30, seed: int = 1
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the raw rows of a world, with local times, and the truth; several tests may share them."""
    chosen = WORLDS[world] if isinstance(world, str) else world
    rows, truth = _drawn(chosen, calls, days, seed)
    return rows.copy(), truth


@cache
def _drawn(world: World, calls: int, days: int, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    drawn = draw_calls(rng, calls, days, world=world)
    planted = planted_chains(rng, drawn)
    rows = call_table(rng, drawn, planted).select(COLUMNS).to_pandas()
    rows["timestamp"] = rows["timestamp"].dt.tz_convert("Europe/Berlin")
    rows["answered"] = rows["state"] == "answered"
    rows["positive"] = rows["outcomeType"] == "positive"
    rows["attempt"] = rows[rows["type"] == "outbound"].groupby("clientNumber").cumcount() + 1
    rows["day"] = rows["timestamp"].dt.date.astype(str)
    return rows, json.loads(json.dumps(truth_of(drawn, planted)))


def log_odds_ratio(
    rows: pd.DataFrame, hit: str, here: pd.Series, strata: list[str] | None = None
) -> tuple[float, float]:
    """Return the log odds ratio of a hit in these rows against the others, within strata, and its error."""
    names = [] if strata is None else [rows[name] for name in strata]
    counts = pd.DataFrame({"n": 1, "hits": rows[hit].to_numpy()}, index=rows.index)
    table = counts.groupby([*names, here.rename("here")], observed=True).sum().unstack("here").dropna()
    hits, misses = table["hits"], table["n"] - table["hits"]
    ratio = np.log((hits[True] + 0.5) * (misses[False] + 0.5) / ((misses[True] + 0.5) * (hits[False] + 0.5)))
    cells = [hits[True], hits[False], misses[True], misses[False]]
    variance = sum(1 / (each + 0.5) for each in cells)
    return float((ratio / variance).sum() / (1 / variance).sum()), float((1 / variance).sum() ** -0.5)


def slope(x: np.ndarray, y: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Return the weighted slope of y over x, and its error from the variances of y."""
    x, y, weight = (np.asarray(each, dtype=float) for each in (x, y, 1 / np.asarray(variance)))
    centered = x - (x * weight).sum() / weight.sum()
    spread = (weight * centered**2).sum()
    return float((weight * centered * y).sum() / spread), float(spread**-0.5)


def slope_of_units(
    rows: pd.DataFrame, hit: str, unit: str, sizes: dict[str, float], strata: list[str] | None = None
) -> tuple[float, float]:
    """Return the slope of units' log odds over their planted sizes, within strata: 1 if all is found."""
    known = rows[rows[unit].isin(sizes)]
    return slope_of_bins(known, hit, known[unit].map(sizes), None, strata)


def slope_of_bins(
    rows: pd.DataFrame,
    hit: str,
    measure: pd.Series,
    edges: list[float] | None,
    strata: list[str] | None = None,
) -> tuple[float, float]:
    """Return the slope of the log odds of a hit over a measure, within strata, and its error.

    The measure is cut at edges; without edges, each of its values is a bin.
    """
    names = [] if strata is None else [rows[name] for name in strata]
    frame = pd.DataFrame({"x": measure.astype(float), "n": 1, "hits": rows[hit]})
    bins = measure if edges is None else pd.cut(measure, edges)
    grouped = frame.groupby([*names, bins.rename("bin")], observed=True)
    table = grouped.agg(x=("x", "mean"), n=("n", "sum"), hits=("hits", "sum")).query("n >= 30")
    hits, misses = table["hits"] + 0.5, table["n"] - table["hits"] + 0.5
    found = np.log(hits / misses)
    variance = 1 / hits + 1 / misses
    if not names:
        return slope(table["x"], found, variance)
    parts = [
        slope(table["x"][key], found[key], variance[key])
        for key in table.index.droplevel("bin").unique()
        if len(table.loc[key]) > 1
    ]
    values, errors = np.array(parts).T
    return float((values / errors**2).sum() / (1 / errors**2).sum()), float((1 / errors**2).sum() ** -0.5)


def longest_overlap(rows: pd.DataFrame) -> float:
    """Return by how many seconds two calls of the same agent overlap, at worst; 0 or less if none do."""
    ordered = rows.sort_values(["userId", "timestamp"], kind="stable")
    begin = ordered["timestamp"].dt.tz_convert("UTC").astype("int64") // 10**6
    ends = begin + ordered["totalTime"]
    worst = float("-inf")
    for _, times in pd.DataFrame({"begin": begin, "end": ends}).groupby(ordered["userId"]):
        begins, over = times["begin"].to_numpy(), times["end"].cummax().to_numpy()
        if len(begins) > 1:
            worst = max(worst, float((over[:-1] - begins[1:]).max()))
    return worst


def crm(rows: pd.DataFrame, key: str) -> pd.Series:
    """Return a member of ``crmInfo``, null where it is absent."""
    return rows["crmInfo"].map(lambda text: json.loads(text).get(key), na_action="ignore")


def effect(truth: dict[str, Any], what: str, unit: str | None = None, moderator: str | None = None) -> Any:
    """Return what the truth says of an effect."""
    (found,) = (
        each
        for each in truth["effects"]
        if (each["what"], each["unit"], each["moderator"]) == (what, unit, moderator)
    )
    return found
