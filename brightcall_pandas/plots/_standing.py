"""Which group may be named in a title: one that differs by more than chance, and has a name."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._formats import counted, number, percent, plural, words_of
from brightcall_pandas.plots._labels import is_none, shortened
from brightcall_pandas.plots._limits import clearly_more
from brightcall_pandas.plots._rows import named_group

__all__ = [
    "Standing",
    "among_named",
    "both_ends",
    "differ",
    "level_of",
    "most_frequent",
    "noun_of",
    "risk_of",
    "standing_out",
    "verdict",
    "widened",
]


@dataclass(frozen=True)
class Standing:
    """The highest and the lowest of the groups whose rate chance alone does not explain.

    Parameters
    ----------
    highest, lowest
        Labels of the groups; null where none is beyond chance on that side.
    test
        How chance was ruled out, with the level.
    groups
        How many groups were held against the others.
    overall
        The rate that the groups were held against.
    beyond
        Labels of all groups that differ by more than chance.
    whole
        What the groups were held against: ``"all"``, ``"all named projects"``.
    """

    highest: Any
    lowest: Any
    test: str
    groups: int
    overall: float
    beyond: frozenset[Any] = frozenset()
    whole: str = "all"

    def flags(self, index: pd.Index) -> list[bool]:
        """Return which of these rows differ by more than chance."""
        return [label in self.beyond for label in index]

    @property
    def nobody(self) -> bool:
        """Whether no group differs by more than chance."""
        return self.highest is None and self.lowest is None


def level_of(facts: Facts) -> str:
    """Return the level of ``beyond_chance`` and its method: ``Benjamini–Hochberg, 5 %``."""
    return f"Benjamini–Hochberg, {risk_of(facts)}"


def risk_of(facts: Facts) -> str:
    """Return how often chance alone is taken for more: ``5 %``."""
    return f"{100 * (1 - _confidence(facts)):g} %"


def _confidence(facts: Facts) -> float:
    confidence = facts.setting("confidence")
    return confidence if isinstance(confidence, float) else 0.95


def standing_out(table: pd.DataFrame, rate: str, overall: float, facts: Facts) -> Standing:
    """Return which groups stand out from the rate of all.

    A table that tells what is beyond chance is believed. Otherwise a group stands out if its interval, wider
    for the more groups there are, does not cover the rate of all.

    Parameters
    ----------
    table
        A row for each group.
    rate
        The column that is drawn.
    overall
        The rate of all groups together.
    facts
        What the table says of itself.
    """
    named = ~np.array([is_none(label) for label in table.index], dtype=bool)
    known = table[named & table[rate].notna().to_numpy()]
    flags = f"{rate}_beyond_chance" if f"{rate}_beyond_chance" in table else "beyond_chance"
    if flags in table:
        beyond = known[flags].fillna(value=False).to_numpy(dtype=bool)
        test = f"chance: each against the rest, {level_of(facts)}"
    else:
        beyond = _apart(known, rate, overall, facts)
        test = f"chance: {risk_of(facts)}, corrected for {number(len(known))} groups"
    return _ends(known[rate], beyond, overall, test=test)


def among_named(table: pd.DataFrame, rate: str, facts: Facts) -> Standing:
    """Return which of the groups that have a name stand out from the others that have one.

    Calls without a project, most of them inbound and answered, would make every project fall short of all
    calls. A group stands out if it differs from the others together by more than the error of the
    difference, which follows from the intervals of both, wider for the more groups there are.

    Parameters
    ----------
    table
        A row for each group, with ``n_calls`` and the interval of the rate.
    rate
        The column that is drawn.
    facts
        What the table says of itself.
    """
    named = ~np.array([is_none(label) for label in table.index], dtype=bool)
    known = table[named & table[rate].notna().to_numpy()]
    calls, rates, low, high = (
        known[name].to_numpy(dtype=np.float64) for name in ("n_calls", rate, f"{rate}_low", f"{rate}_high")
    )
    others = np.maximum(calls.sum() - calls, 1)
    of_others = ((rates * calls).sum() - rates * calls) / others
    squares = (calls * (high - low) / 2) ** 2
    reach = np.hypot((high - low) / 2, np.sqrt(squares.sum() - squares) / others)
    beyond = np.abs(rates - of_others) > widened(max(len(known), 1), facts) * reach
    noun = plural(noun_of(table.index))
    test = (
        f"chance: each against the other named {noun}, {risk_of(facts)}, corrected for {number(len(known))}"
    )
    overall = float((rates * calls).sum() / max(calls.sum(), 1))
    return _ends(known[rate], beyond, overall, test=test, whole=f"all named {noun}")


def _ends(
    values: pd.Series, beyond: np.ndarray, overall: float, *, test: str, whole: str = "all"
) -> Standing:
    """Return the ends of those groups that are beyond chance; one group alone stands out from nothing."""
    above, below = values[beyond & (values > overall)], values[beyond & (values < overall)]
    return Standing(
        # A group of few calls may lie further out and prove nothing.
        above.idxmax() if len(above) else None,
        below.idxmin() if len(below) else None,
        test if len(values) > 1 else "",
        len(values),
        overall,
        frozenset(values.index[beyond]) if len(values) > 1 else frozenset(),
        whole,
    )


def verdict(table: pd.DataFrame, rate: str, standing: Standing, word: str, group: Any) -> str:
    """Return the end of a title: the group that stands out, or that none does; nothing of one group."""
    if standing.groups < 2:
        return ""
    noun = noun_of(table.index)
    if group is None:
        return f"; no {noun} is {word} than chance explains"
    return (
        f"; {word} than chance explains: {named_group(group, table.index)}, {percent(table.loc[group, rate])}"
    )


def both_ends(table: pd.DataFrame, rate: str, standing: Standing, words: str, *, drawn: str = "") -> str:
    """Return a title: the groups beyond chance at both ends, or that there are none.

    Of several on one side their number is told as well; `drawn` stands behind the number of all groups.
    """
    noun = noun_of(table.index)
    if standing.nobody:
        return f"{words}: no {noun} differs by more than chance"
    rates = table.loc[standing.flags(table.index), rate]
    sides = {
        "above": (standing.highest, "highest", int((rates > standing.overall).sum())),
        "below": (standing.lowest, "lowest", int((rates < standing.overall).sum())),
    }
    told = {way: side for way, side in sides.items() if side[0] is not None}
    than = f"the {percent(standing.overall)} of {standing.whole} by more than chance"
    names = {
        way: (named_group(label, table.index), percent(table.loc[label, rate]))
        for way, (label, _, _) in told.items()
    }
    if all(many <= 1 for _, _, many in told.values()):
        each = ", ".join(f"{name} ({value}) {way}" for way, (name, value) in names.items())
        return f"{words}: {each} {than}"
    first, *others = told
    of = f"{told[first][2]} of {counted(standing.groups, noun)}{drawn} {first}"
    counts = " and ".join([of, *(f"{told[way][2]} {way}" for way in others)])
    ends = ", ".join(f"{name} {told[way][1]} ({value})" for way, (name, value) in names.items())
    return f"{words}: {counts} {than}, {ends}"


def most_frequent(shares: pd.Series, every: float, noun: str, letters: int) -> str:
    """Return a title: the group with most of the calls, or those of which none clearly has more.

    Parameters
    ----------
    shares
        Share of the calls of each group.
    every
        How many calls there are.
    noun
        What a group is.
    letters
        How long a name may be.
    """
    most = shares.max()
    first = [label for label in shares.index if not clearly_more(most * every, shares[label] * every)]
    if len(first) == 1:
        return f"{shortened(first[0], letters)} is the most frequent {noun}: {percent(most)} of the calls"
    order = shares[first].sort_values(ascending=False, kind="stable")
    named = ", ".join(f"{shortened(label, letters)} {percent(share)}" for label, share in order[:2].items())
    more = f" and {counted(len(first) - 2, 'other')}" if len(first) > 2 else ""
    return f"No {noun} is clearly the most frequent: {named}{more} of the calls"


def noun_of(index: pd.Index) -> str:
    """Return what one of the groups is: ``project``, ``hour``."""
    return words_of(str(index.name)) if index.nlevels == 1 and index.name is not None else "group"


def widened(many: int, facts: Facts) -> float:
    """Return how many times wider intervals are, corrected after Bonferroni for so many groups."""
    risk, inverse = 1 - _confidence(facts), NormalDist().inv_cdf
    return inverse(1 - risk / many / 2) / inverse(1 - risk / 2)


def differ(one: pd.Series, other: pd.Series, rate: str, many: int, facts: Facts) -> bool:
    """Tell whether two rates differ by more than chance, picked out of this many rates.

    The error of the difference follows from both intervals, corrected after Bonferroni for all pairs: that
    intervals lie apart would ask for more than the level says.
    """
    gap = abs(float(one[rate]) - float(other[rate]))
    reaches = [(float(each[f"{rate}_high"]) - float(each[f"{rate}_low"])) / 2 for each in (one, other)]
    return gap > widened(max(many * (many - 1) // 2, 1), facts) * float(np.linalg.norm(reaches))


def _apart(known: pd.DataFrame, rate: str, overall: float, facts: Facts) -> np.ndarray:
    """Return which intervals, corrected after Bonferroni for the number of groups, do not cover a rate."""
    if f"{rate}_low" not in known or len(known) < 2:
        return np.zeros(len(known), dtype=bool)
    wider = widened(len(known), facts)
    low, high = (known[f"{rate}_{end}"].to_numpy(dtype=np.float64) for end in ("low", "high"))
    apart: np.ndarray = np.abs(overall - (low + high) / 2) > wider * (high - low) / 2
    return apart
