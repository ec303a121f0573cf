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


ERRORS = 4
"""Standard errors within which an estimate lies: chance exceeds them once in 16,000 times."""


def rows_of(
    world: str | World, calls: int = 40_000, days: int = 30, seed: int = 1
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the raw rows of a world, with local times, and the truth; several tests may share them."""
    chosen = WORLDS[world] if isinstance(world, str) else world
    rows, truth = _kept(chosen, calls, days, seed)
    return rows.copy(), truth


def drawn_rows(world: World, calls: int, days: int, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the same, drawn anew: for rows too many to keep."""
    rng = np.random.default_rng(seed)
    drawn = draw_calls(rng, calls, days, world=world)
    planted = planted_chains(rng, drawn)
    rows = call_table(rng, drawn, planted).select(COLUMNS).to_pandas()
    rows["timestamp"] = rows["timestamp"].dt.tz_convert("Europe/Berlin")
    rows["answered"] = rows["state"] == "answered"
    rows["positive"] = rows["outcomeType"] == "positive"
    rows["attempt"] = rows[rows["type"] == "outbound"].groupby("clientNumber").cumcount() + 1
    places, days = pd.factorize(rows["timestamp"].dt.tz_localize(None).dt.normalize())
    rows["day"] = days.strftime("%Y-%m-%d")[places]
    return rows, json.loads(json.dumps(truth_of(drawn, planted)))


_kept = cache(drawn_rows)


def found(estimate: tuple[float, float], planted: float) -> bool:
    """Return whether an estimate lies as close to the planted size as chance lets it."""
    value, error = estimate
    return abs(value - planted) <= ERRORS * error


def sizes(told: dict[str, Any]) -> dict[str, float]:
    """Return the size of each unit, as the truth tells it."""
    return {name: each["size"] for name, each in told["units"].items()}


def outbound(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the outbound calls."""
    return rows[rows["type"] == "outbound"].copy()


def log_odds_ratio(
    rows: pd.DataFrame, hit: str, here: pd.Series, strata: list[str] | None = None
) -> tuple[float, float]:
    """Return the log odds ratio of a hit in these rows against the others, within strata, and its error.

    It is that of Mantel and Haenszel, which small strata do not bias, with the error of Robins, Breslow and
    Greenland.
    """
    names = [] if strata is None else [rows[name] for name in strata]
    counts = pd.DataFrame({"n": 1, "hits": rows[hit].to_numpy()}, index=rows.index)
    table = counts.groupby([*names, here.rename("here")], observed=True).sum().unstack("here").dropna()
    hits, misses = table["hits"], table["n"] - table["hits"]
    n = hits[True] + hits[False] + misses[True] + misses[False]
    with_it, against_it = hits[True] * misses[False] / n, misses[True] * hits[False] / n
    alike, unlike = (hits[True] + misses[False]) / n, (hits[False] + misses[True]) / n
    top, bottom = with_it.sum(), against_it.sum()
    variance = (alike * with_it).sum() / top**2 + (unlike * against_it).sum() / bottom**2
    variance += (alike * against_it + unlike * with_it).sum() / (top * bottom)
    return float(np.log(top / bottom)), float((variance / 2) ** 0.5)


def slope(x: np.ndarray, y: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Return the weighted slope of y over x, and its error from the variances of y."""
    x, y, weight = (np.asarray(each, dtype=float) for each in (x, y, 1 / np.asarray(variance)))
    centered = x - (x * weight).sum() / weight.sum()
    spread = (weight * centered**2).sum()
    return float((weight * centered * y).sum() / spread), float(spread**-0.5)


def slope_of_logs(values: pd.Series, units: pd.Series, planted: dict[str, float]) -> tuple[float, float]:
    """Return the slope of units' mean logarithms over their planted sizes."""
    means = np.log(values[values > 0]).groupby(units, observed=True).agg(["mean", "var", "count"])
    means = means[means.index.isin(planted)]
    return slope(means.index.map(planted).to_numpy(), means["mean"], means["var"] / means["count"])


def slope_of_odds(
    rows: pd.DataFrame, hit: str, measure: pd.Series, strata: list[str] | None = None
) -> tuple[float, float]:
    """Return the slope of the log odds of a hit over a measure, within strata, and its error.

    It is that of greatest likelihood, by Newton's method; each stratum has log odds of its own.
    """
    x, hits = measure.to_numpy(dtype=float), rows[hit].to_numpy(dtype=float)
    names = [rows[name] for name in strata or []]
    stratum = rows.groupby(names, observed=True).ngroup().to_numpy() if names else np.zeros(len(x), int)
    share = np.bincount(stratum, hits) / np.bincount(stratum)
    mixed = (share > 0) & (share < 1)
    kept = mixed[stratum]
    stratum, x, hits = (np.cumsum(mixed) - 1)[stratum[kept]], x[kept], hits[kept]
    odds, value = np.log(share[mixed] / (1 - share[mixed])), 0.0
    for _ in range(6):
        expected = 1 / (1 + np.exp(-odds[stratum] - value * x))
        weight, missing = expected * (1 - expected), hits - expected
        of_strata, mixed_sum, short = (np.bincount(stratum, each) for each in (weight, weight * x, missing))
        information = (weight * x * x).sum() - (mixed_sum**2 / of_strata).sum()
        step = ((missing * x).sum() - (mixed_sum * short / of_strata).sum()) / information
        value, odds = value + step, odds + (short - mixed_sum * step) / of_strata
    return float(value), float(information**-0.5)


def slope_of_units(
    rows: pd.DataFrame, hit: str, unit: str, sizes: dict[str, float], strata: list[str] | None = None
) -> tuple[float, float]:
    """Return the slope of units' log odds over their planted sizes, within strata: 1 if all is found."""
    known = rows[rows[unit].isin(sizes)]
    return slope_of_odds(known, hit, known[unit].map(sizes).astype(float), strata)


def slope_of_shares(rows: pd.DataFrame, planted: dict[str, float]) -> tuple[float, float]:
    """Return the slope of the logarithm of agents' shares over their planted sizes, among those at work.

    Whoever is at work takes a part of the calls of that quarter of an hour, exp(size) beside those of the
    others. An agent is taken to be at work between the first and the last call of the day. The slope is that
    of greatest likelihood, by Newton's method.
    """
    calls = rows[rows["userId"].isin(planted)]
    quarter = calls["timestamp"].dt.hour * 4 + calls["timestamp"].dt.minute // 15
    counts = quarter.groupby([calls["day"], calls["userId"], quarter.rename("quarter")], observed=True).size()
    shifts = quarter.groupby([calls["day"], calls["userId"]], observed=True).agg(["min", "max"]).reset_index()
    # The quarters of the first and the last call are known to have one, so they are left out.
    there = shifts.loc[shifts.index.repeat((shifts["max"] - shifts["min"] - 1).clip(lower=0))]
    there["quarter"] = there["min"] + 1 + there.groupby(["day", "userId"], observed=True).cumcount()
    there["calls"] = counts.reindex(
        pd.MultiIndex.from_frame(there[["day", "userId", "quarter"]]), fill_value=0
    ).to_numpy()
    there["size"] = there["userId"].map(planted).astype(float)
    quarters = there.groupby(["day", "quarter"], observed=True)
    together, value = quarters["calls"].transform("sum"), 0.0
    for _ in range(5):
        there["weight"] = np.exp(value * there["size"])
        there["weighted"] = there["weight"] * there["size"]
        whole = quarters[["weight", "weighted"]].transform("sum")
        expected = together * there["weight"] / whole["weight"]
        around = there["size"] - whole["weighted"] / whole["weight"]
        information = float((expected * around**2).sum())
        value += float(((there["calls"] - expected) * around).sum()) / information
    return value, information**-0.5


_NODES, _WEIGHTS = np.polynomial.hermite.hermgauss(60)
_WEIGHTS = _WEIGHTS / np.sqrt(np.pi)


def over_clients(log_odds: Any, spread: float) -> np.ndarray:
    """Return the rates of clients (last axis) who differ by a normal spread of log odds."""
    odds = np.exp(np.asarray(log_odds, dtype=float)[..., None] + spread * np.sqrt(2) * _NODES)
    return odds / (1 + odds)


def mean_rate(rates: np.ndarray) -> np.ndarray:
    """Return the mean over clients of the rates that `over_clients` returned."""
    return rates @ _WEIGHTS


def share_seen(spread: float, rate: float = 0.25) -> float:
    """Return how much of an effect on log odds is left in the overall rate of units that differ themselves.

    The odds of the mean rate move less than the odds of each: some are near 0 or 1 already.
    """
    around = np.log(rate / (1 - rate)) + np.array([-0.1, 0.1])
    low, high = mean_rate(over_clients(around, spread))
    return float(np.log(high / (1 - high)) - np.log(low / (1 - low))) / 0.2


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
    known = {text: json.loads(text).get(key) for text in rows["crmInfo"].dropna().unique()}
    return rows["crmInfo"].map(known)


def effect(truth: dict[str, Any], what: str, unit: str | None = None, moderator: str | None = None) -> Any:
    """Return what the truth says of an effect."""
    (found,) = (
        each
        for each in truth["effects"]
        if (each["what"], each["unit"], each["moderator"]) == (what, unit, moderator)
    )
    return found
