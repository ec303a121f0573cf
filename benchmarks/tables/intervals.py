"""Intervals with the client as the cluster, as someone writes them who knows pandas, NumPy and SciPy.

Calls are added up by group and client once; the linearized variance of a ratio is the sum of squares of
what clients add to ``numerator − ratio × denominator``. Rates get Wilson's interval on calls ÷ design
effect, means that of t; differences the square-and-add interval, with the covariance of clients on both
sides. Groups are tested against the rest, and flagged after Benjamini and Hochberg.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import erfc, stdtrit, xlogy
from scipy.stats import false_discovery_control, norm

Ratios = Mapping[str, tuple[str, str]]
Z = norm.ppf(0.975)


@dataclass
class Sums:
    """What each client adds to each sum in each group."""

    groups: pd.Index
    group: np.ndarray
    client: np.ndarray
    values: dict[str, np.ndarray]

    def total(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self.group, weights=values, minlength=len(self.groups))


def sums_by_client(values: Mapping[str, Any], key: pd.Series, client: pd.Series) -> Sums:
    """Add up values by group and client; a call without a client is a client of its own."""
    clients, names = pd.factorize(client)
    clients = np.where(clients < 0, len(names) + np.arange(len(clients)), clients)
    codes, groups = pd.factorize(key, sort=True)
    size = clients.max() + 1
    place, pairs = pd.factorize(codes * size + clients)
    sums = {name: np.bincount(place, weights=np.asarray(each)) for name, each in values.items()}
    return Sums(pd.Index(groups), pairs // size, pairs % size, sums)


def products(sums: Sums, ratio: tuple[str, str]) -> tuple[np.ndarray, ...]:
    """Return numerator, denominator and the sums of their products over clients, of each group."""
    top, bottom = (sums.values[name] for name in ratio)
    return tuple(map(sums.total, (top, bottom, top * top, top * bottom, bottom * bottom)))


def effect_and_trials(sums: Sums, ratio: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the design effect of each rate, and how many calls of as many clients tell as much."""
    hits, calls, top_top, top_bottom, bottom_bottom = products(sums, ratio)
    rate, clients = hits / calls, calls**2 / bottom_bottom
    variance = top_top - 2 * rate * top_bottom + rate**2 * bottom_bottom
    with np.errstate(divide="ignore", invalid="ignore"):
        certain = (hits == 0) | (hits == calls)
        effect = np.where(certain, bottom_bottom / calls, variance / (calls * rate * (1 - rate)))
        effect = np.fmax(np.fmin(effect * clients / (clients - 1) * (calls - 1) / calls, calls), 1)
        few = np.where(calls == bottom_bottom, 1, t_of(calls - 1) / t_of(clients - 1))
    return effect, np.clip(calls / effect * few**2, 1, calls)


def t_of(degrees: np.ndarray) -> np.ndarray:
    return stdtrit(degrees, 0.975)


def rate_interval(sums: Sums, ratio: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    hits, calls = (sums.total(sums.values[name]) for name in ratio)
    rate, (_, n) = hits / calls, effect_and_trials(sums, ratio)
    middle = (rate + Z**2 / (2 * n)) / (1 + Z**2 / n)
    spread = Z * np.sqrt(rate * (1 - rate) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return middle - spread, middle + spread


def mean_error(sums: Sums, ratio: tuple[str, str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each mean, its standard error, and how many clients tell it."""
    total, count, top_top, top_bottom, bottom_bottom = products(sums, ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, clients = total / count, count**2 / bottom_bottom
        variance = (top_top - 2 * mean * top_bottom + mean**2 * bottom_bottom) / count**2
        few = np.where(clients > 1, clients / (clients - 1), np.nan)
    return mean, np.sqrt(variance * few), clients


def mean_interval(sums: Sums, ratio: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    mean, error, clients = mean_error(sums, ratio)
    reach = t_of(clients - 1) * error
    return mean - reach, mean + reach


def p_values(sums: Sums, ratio: tuple[str, str]) -> np.ndarray:
    """Return the p-value of each group against the rest; how alike a client's calls are is pooled."""
    hits, calls, top_top, top_bottom, bottom_bottom = products(sums, ratio)
    top, bottom = (sums.values[name] for name in ratio)
    of_client = [np.bincount(sums.client, weights=each) for each in (top, bottom)]
    usual = hits.sum() / calls.sum()
    spread = usual * (1 - usual)
    squares = top_top - 2 * usual * top_bottom + usual**2 * bottom_bottom
    pairs = bottom_bottom - calls
    within = max(0, squares.sum() - calls.sum() * spread) / (spread * pairs.sum())
    with_all = sums.total(bottom * of_client[1][sums.client])
    across = with_all - bottom_bottom
    all_squares = ((of_client[0] - usual * of_client[1]) ** 2).sum()
    between = max(0, all_squares - squares.sum()) / (spread * across.sum())
    rest, others = calls.sum() - calls, pairs.sum() - pairs
    variance = (calls + within * pairs) / calls**2 - 2 * between * across / (calls * rest)
    variance += (rest + within * others + between * (across.sum() - 2 * across)) / rest**2
    effect = variance / (1 / calls + 1 / rest)
    n, m, total = calls / effect, rest / effect, hits.sum() / effect
    apart = hits / effect - n * usual
    apart = np.sign(apart) * np.maximum(np.abs(apart) - 0.5 * np.maximum(1, 1 / effect), 0)
    expected = [n * usual, n * (1 - usual), m * usual, m * (1 - usual)]
    found = [n * usual + apart, n * (1 - usual) - apart, total - n * usual - apart]
    found.append(m - found[2])
    statistic = 2 * sum(xlogy(x, x / e) for x, e in zip(found, expected, strict=True))
    return erfc(np.sqrt(np.maximum(statistic, 0) / 2))


def add_intervals(table: pd.DataFrame, sums: Sums, rates: Ratios, means: Ratios) -> pd.DataFrame:
    """Add the intervals of rates and means, and which groups differ beyond chance."""
    table = table.reindex(sums.groups) if len(table) == len(sums.groups) else table
    found = {}
    for name, ratio in rates.items():
        place = sums.groups.get_indexer(table.index)
        for end, values in zip(("low", "high"), rate_interval(sums, ratio), strict=True):
            table[f"{name}_{end}"] = np.append(values, np.nan)[place]
        found[name] = p_values(sums, ratio)
    for name, ratio in means.items():
        for end, values in zip(("low", "high"), mean_interval(sums, ratio), strict=True):
            table[f"{name}_{end}"] = np.append(values, np.nan)[sums.groups.get_indexer(table.index)]
    beyond = false_discovery_control(np.ravel(list(found.values()))).reshape(len(found), -1) <= 0.05
    table["beyond_chance"] = np.append(beyond.any(axis=0), False)[sums.groups.get_indexer(table.index)]
    return table


def add_changes(table: pd.DataFrame, sums: Sums, rates: Ratios, means: Ratios) -> pd.DataFrame:
    """Add the intervals of both sides, ``(side, group)`` in `sums`, and those of the change."""
    size = len(table)
    first = sums.group < size
    other = pd.Series(np.flatnonzero(~first), index=(sums.group - size)[~first] * 2**40 + sums.client[~first])
    here = np.flatnonzero(first)
    there = other.reindex(sums.group[here] * 2**40 + sums.client[here])
    here, there = here[there.notna()], there.dropna().to_numpy(dtype=int)
    for name, ratio in {**rates, **means}.items():
        low, high = rate_interval(sums, ratio) if name in rates else mean_interval(sums, ratio)
        total, count = (sums.total(sums.values[each]) for each in ratio)
        with np.errstate(invalid="ignore"):
            value = total / count
        if name in rates:
            variance = value * (1 - value) * effect_and_trials(sums, ratio)[0] / count
        else:
            variance = mean_error(sums, ratio)[1] ** 2
        left = sums.values[ratio[0]] - value[sums.group] * sums.values[ratio[1]]
        shared = np.bincount(sums.group[here], weights=left[here] * left[there], minlength=size)
        with np.errstate(divide="ignore", invalid="ignore"):
            together = shared / (count[:size] * count[size:]) / np.sqrt(variance[:size] * variance[size:])
        together = np.nan_to_num(together, nan=0, posinf=0, neginf=0)
        change = value[:size] - value[size:]
        below, above = (value - low), (high - value)
        for end, one, two, sign in (("low", below, above, -1), ("high", above, below, 1)):
            reach = one[:size] ** 2 + two[size:] ** 2 - 2 * together * one[:size] * two[size:]
            table[f"{name}_change_{end}"] = change + sign * np.sqrt(reach)
        table[f"{name}_low"], table[f"{name}_high"] = low[:size], high[:size]
        table[f"{name}_other_low"], table[f"{name}_other_high"] = low[size:], high[size:]
        table[f"{name}_change"] = change
    return table


def errors_of_effects(sums: Sums, ratio: tuple[str, str]) -> np.ndarray:
    """Return the standard errors of what groups explain of a change, ``(side, group)`` in `sums`."""
    size = len(sums.groups) // 2
    side, group = sums.group // size, sums.group % size
    top, bottom = (sums.values[each] for each in ratio)
    total = [np.bincount(side, weights=each) for each in (top, bottom)]
    of_all = total[0] / total[1]
    share = sums.total(bottom).reshape(2, -1) / total[1][:, None]
    rate = sums.total(top).reshape(2, -1) / sums.total(bottom).reshape(2, -1)
    sign = np.array([1, -1])
    moved = [np.bincount(sums.client, weights=bottom * (side == each) / total[1][each]) for each in (0, 1)]
    rest = (top - of_all[side] * bottom) / total[1][side]
    moved.append(np.bincount(sums.client, weights=rest))
    weights = [*(-sign[:, None] * (rate - of_all.mean()) * share), -(share[0] - share[1]) / 2]
    place, pairs = pd.factorize(group * (sums.client.max() + 1) + sums.client)
    own = np.bincount(place, weights=(top - of_all.mean() * bottom) * sign[side] / total[1][side])
    groups, clients = np.divmod(pairs, sums.client.max() + 1)
    variance = np.bincount(groups, weights=own**2)
    for one, each in zip(weights, moved, strict=True):
        variance += 2 * one * np.bincount(groups, weights=own * each[clients])
        variance += one * sum(two * (each @ other) for two, other in zip(weights, moved, strict=True))
    calls = np.bincount(sums.client, weights=bottom)
    behind = calls.sum() ** 2 / (calls**2).sum()
    return np.sqrt(variance * behind / (behind - 1)) * t_of(behind - 1)
