"""The order in which labels of parties stand."""

from __future__ import annotations

import re

import pandas as pd

__all__ = ["natural_order"]

_DIGITS = re.compile(r"(\d+)")


def natural_order(labels: pd.Index) -> pd.Index:
    """Return labels sorted so that numbers stand in their order and before words.

    Examples
    --------
    >>> list(natural_order(pd.Index(["Ann", "101", "99", "q10", "q9"])))
    ['99', '101', 'Ann', 'q9', 'q10']
    """
    return pd.Index(sorted(labels, key=lambda label: (_key(label), label)), dtype="str")


def _key(label: str) -> list[tuple[int, int, str]]:
    parts = [part for part in _DIGITS.split(label) if part]
    return [_number(part) if part.isdecimal() else (1, 0, part) for part in parts]


def _number(digits: str) -> tuple[int, int, str]:
    """Compare as numbers do, however many digits: first by length, then digit by digit."""
    significant = digits.lstrip("0")
    return 0, len(significant), significant
