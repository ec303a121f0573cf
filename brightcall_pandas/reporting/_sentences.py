"""What a report says of itself: what it looked at, how, what is not settled, and what to beware of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from brightcall_pandas.reporting._words import counted, rate_name

__all__ = ["looked_at", "method", "unsettled_sentence", "warnings_of"]


def looked_at(found: pd.DataFrame) -> str:
    rates: dict[str, list[str]] = {}
    pairs = sorted(set(zip(found["direction"], found["metric"], strict=True)))
    for direction, metric in sorted(pairs, key=lambda each: each[0] != "outbound"):
        rates.setdefault(direction, []).append(rate_name(metric))
    told = ", ".join(
        f"{' and '.join(names)} of {f'{name} ' if name else ''}calls" for name, names in rates.items()
    )
    by = ", ".join(dict.fromkeys(name for name in found["dimension"] if name)) or "all together"
    return (
        f"Looked at {counted(len(found), 'difference')}: {told or 'no rate'}; by {by}. A group counts where "
        "at least 5 hits and 5 misses are expected on either side, from 10 clients."
    )


def unsettled_sentence(open_days: str, late: Sequence[str]) -> str:
    if not open_days or not late:
        return ""
    rates = " and ".join(rate_name(each) for each in dict.fromkeys(late))
    return f"Calls of {open_days} may still get an outcome: the {rates} may still rise."


def method(tests: int, confidence: float, *, has_previous: bool) -> str:
    risk = f"{100 * (1 - confidence):g}%"
    moved = " (one about what moved twice that of one about what stands apart)" if has_previous else ""
    return (
        f"A statement is made only if it is beyond chance over all {tests:,} differences that this report "
        f"looked at (false discovery rate {risk}, Benjamini and Hochberg): where nothing differs, at most "
        f"{risk} of reports make any. Each question, such as whether any line’s answer rate differs, has the "
        f"same part of that risk{moved}, and its groups share it alike. Groups are held against their own "
        "earlier calls at the same attempt, and against the other groups at the same attempt, project and "
        "hour (Cochran, Mantel and Haenszel); calls to one client count as one group of calls that depend on "
        f"each other. Intervals are of {100 * confidence:g}% confidence; those of statements reach further "
        "towards no difference, because what is picked for its size tends to be overstated (Benjamini and "
        "Yekutieli). A difference that follows from an earlier statement is told with it. Pictures and "
        "tables show what was counted, and claim nothing."
    )


def warnings_of(
    frames: Mapping[str, pd.DataFrame], periods: Mapping[str, tuple[date, date] | None]
) -> list[str]:
    told = []
    for name, what in (("calls", "these days"), ("previous", "the days before")):
        said = frames[name].attrs.get("brightcall") if name in frames else None
        if isinstance(said, Mapping) and said.get("complete") is False:
            told.append(f"The calls of {what} are not proved complete: some may be missing.")
    here, there = periods["calls"], periods.get("previous")
    if here is not None and there is not None:
        lengths = [(each[1] - each[0]).days + 1 for each in (here, there)]
        if lengths[0] != lengths[1]:
            told.append(
                f"The periods have {lengths[0]} and {lengths[1]} days: compare their rates, not their counts."
            )
        if there[1] >= here[0]:
            told.append("The days of both periods overlap, or stand in another order than earlier and later.")
    return told
