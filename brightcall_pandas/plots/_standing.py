"""Which group may be named in a title: one that differs by more than chance, and has a name."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._formats import number, percent, words_of
from brightcall_pandas.plots._labels import is_none, shortened
from brightcall_pandas.plots._rows import named_group

__all__ = ["Standing", "both_ends", "level_of", "most_frequent", "noun_of", "standing_out", "verdict"]


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
    """

    highest: Any
    lowest: Any
    test: str
    groups: int

    @property
    def nobody(self) -> bool:
        """Whether no group differs by more than chance."""
        return self.highest is None and self.lowest is None


def level_of(facts: Facts) -> str:
    """Return the level of ``beyond_chance`` and its method: ``Benjamini–Hochberg, 5 %``."""
    return f"Benjamini–Hochberg, {100 * (1 - _confidence(facts)):g} %"


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
        test = f"chance: {100 * (1 - _confidence(facts)):g} %, corrected for {number(len(known))} groups"
    values = known[rate]
    above, below = values[beyond & (values > overall)], values[beyond & (values < overall)]
    return Standing(
        # A group of few calls may lie further out and prove nothing.
        above.idxmax() if len(above) else None,
        below.idxmin() if len(below) else None,
        test if len(known) > 1 else "",
        len(known),
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


def both_ends(table: pd.DataFrame, rate: str, standing: Standing, words: str) -> str:
    """Return a title: the groups beyond chance at both ends, or that there are none."""
    if standing.nobody:
        return f"{words}: no {noun_of(table.index)} differs by more than chance"
    ends = [each for each in (standing.highest, standing.lowest) if each is not None]
    told = ", ".join(
        f"{percent(table.loc[each, rate])} for {named_group(each, table.index)}" for each in ends
    )
    return f"{words}: {told}{'' if len(ends) > 1 else ', beyond chance'}"


def most_frequent(shares: pd.Series, noun: str, letters: int) -> str:
    """Return a title: the group with the largest share of the calls, or those that share the first place."""
    most = shares.max()
    first = [shortened(label, letters) for label in shares.index[shares == most]]
    if len(first) == 1:
        return f"{first[0]} is the most frequent {noun}: {percent(most)} of the calls"
    if len(first) == 2:
        return f"{' and '.join(first)} are the most frequent {noun}s: {percent(most)} of the calls each"
    return f"{len(first)} {noun}s are equally frequent, and none more: {percent(most)} of the calls each"


def noun_of(index: pd.Index) -> str:
    """Return what one of the groups is: ``project``, ``hour``."""
    return words_of(str(index.name)) if index.nlevels == 1 and index.name is not None else "group"


def _apart(known: pd.DataFrame, rate: str, overall: float, facts: Facts) -> np.ndarray:
    """Return which intervals, corrected after Bonferroni for the number of groups, do not cover a rate."""
    if f"{rate}_low" not in known or len(known) < 2:
        return np.zeros(len(known), dtype=bool)
    risk, inverse = 1 - _confidence(facts), NormalDist().inv_cdf
    wider = inverse(1 - risk / len(known) / 2) / inverse(1 - risk / 2)
    low, high = (known[f"{rate}_{end}"].to_numpy(dtype=np.float64) for end in ("low", "high"))
    apart: np.ndarray = np.abs(overall - (low + high) / 2) > wider * (high - low) / 2
    return apart
