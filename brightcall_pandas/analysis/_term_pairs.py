"""Numerator and denominator of a metric together: what each call adds to both, and what is no share."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._terms import TermValues, is_sum, term_values, term_words

__all__ = ["Pair", "pair_of"]


class Pair(msgspec.Struct, frozen=True):
    """What each call adds to a numerator, and to a denominator; without one, the latter is as the former."""

    above: TermValues
    below: TermValues


def pair_of(name: str, unit: str, numerator: Any, denominator: Any, df: pd.DataFrame) -> Pair:
    """Return what each call of a frame adds to the terms of a metric.

    Raises
    ------
    KeyError, TypeError, ValueError
        As `term_values`, or together they are not what the unit says. Every message names the metric.
    """
    above = term_values(f"metric {name!r}: its numerator", numerator, df)
    below = above
    if denominator is not None:
        below = term_values(f"metric {name!r}: its denominator", denominator, df)
    if unit == "s" and above.adds.dtype == np.bool_ and len(df):
        msg = (
            f"metric {name!r}: its numerator is a condition, and unit='s' is a mean of seconds: add up a "
            "column with ('sum', column), or say unit='share'"
        )
        raise ValueError(msg)
    if unit != "share":
        return Pair(above, below)
    part_of = _as_numbers if is_sum(numerator) else _as_flags
    above, below = part_of(name, "numerator", above), part_of(name, "denominator", below)
    if denominator is not None:
        _refuse_outside(name, term_words(numerator), term_words(denominator), above.adds, below.adds)
    return Pair(above, below)


def _as_numbers(name: str, role: str, values: TermValues) -> TermValues:
    """Return the numbers of a share that is a sum ÷ a sum, none of them below 0."""
    if negative := np.count_nonzero(values.adds < 0):
        msg = (
            f"metric {name!r}: its {role} adds up {negative:,} numbers below 0, so it is not a share; say "
            "unit='n' for a ratio"
        )
        raise ValueError(msg)
    return TermValues(values.adds.astype(np.float64), values.known)


def _as_flags(name: str, role: str, values: TermValues) -> TermValues:
    """Return the flags of a share that is calls ÷ calls."""
    if values.adds.dtype == np.bool_:
        return values
    others = values.adds[~np.isin(values.adds, (0, 1))]
    if len(others):
        msg = (
            f"metric {name!r}: its {role} gives numbers such as {others[0]:g}, and a share counts calls: "
            "give a condition, or say unit='s' for a mean of seconds, unit='n' for a sum or a ratio"
        )
        raise ValueError(msg)
    return TermValues(values.adds.astype(np.bool_), values.known)


def _refuse_outside(
    name: str,
    numerator: str,
    denominator: str,
    above: NDArray[np.bool_] | NDArray[np.float64],
    below: NDArray[np.bool_] | NDArray[np.float64],
) -> None:
    """Refuse a share whose numerator is not a part of its denominator, call by call."""
    flags = above.dtype == np.bool_
    outside = int(np.count_nonzero(above > below if flags else above > below * (1 + 1e-9)))
    if not outside:
        return
    if not below.any():
        msg = (
            f"metric {name!r}: its denominator ({denominator}) is 0: none of the {len(below):,} calls has "
            "it. Check its condition against the values in the frame."
        )
        raise ValueError(msg)
    told = (
        f"{outside:,} of {len(below):,} calls meet its numerator ({numerator}) but not its denominator"
        if flags
        else f"its numerator ({numerator}) exceeds in {outside:,} of {len(below):,} calls its denominator"
    )
    msg = (
        f"metric {name!r}: {told} ({denominator}), so it is not a share. Make the denominator's condition "
        "part of the numerator, or say unit='n' for a ratio."
    )
    raise ValueError(msg)
