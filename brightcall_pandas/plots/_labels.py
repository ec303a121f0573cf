"""Names of groups as they can be written: whatever letters and signs they have, and short enough."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from numbers import Integral
from typing import Any

import pandas as pd
from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, fontManager, get_font

from brightcall_pandas.frame import NONE

__all__ = ["families", "is_none", "label_of", "label_or_hour", "legible", "names_in", "shortened"]

_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_FIRST_STRONG, _END = "\u2068", "\u2069"
_BOX = "□"
_OTHER_SCRIPTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Noto Sans Thai",
    "Noto Sans Armenian",
    "Noto Sans Georgian",
    "Noto Sans Ethiopic",
    "Noto Sans Symbols2",
    "Noto Sans Symbols",
    "Noto Emoji",
    "Noto Sans",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "Segoe UI",
    "Segoe UI Symbol",
    "Arial Unicode MS",
)
"""Families that are taken where the user's own lack a letter and they are installed."""


def families(letters: Iterable[str]) -> list[str]:
    """Return the user's font families, and behind them installed ones for letters that these lack."""
    own = list(rcParams["font.family"])
    lacking = {letter for letter in letters if ord(letter) > 0x7E} - _covered(tuple(own))
    found = []
    for family in _OTHER_SCRIPTS if lacking else ():
        if family in _installed() and (has := lacking & _covered((family,))):
            found.append(family)
            lacking -= has
    return own + found


@lru_cache(maxsize=1)
def _installed() -> frozenset[str]:
    return frozenset(entry.name for entry in fontManager.ttflist)


def _covered(names: tuple[str, ...]) -> frozenset[str]:
    """Return the letters that a list of families has together."""
    settings: Any = rcParams
    generic = tuple(
        tuple(settings[f"font.{name}"]) if f"font.{name}" in settings else (name,) for name in names
    )
    return frozenset().union(*(_letters_of(each) for each in generic))


@lru_cache(maxsize=64)
def _letters_of(choices: tuple[str, ...]) -> frozenset[str]:
    """Return the letters of the first of these families that is installed, which is the one that is used."""
    known = next((name for name in choices if name in _installed()), "DejaVu Sans")
    return frozenset(map(chr, get_font(fontManager.findfont(FontProperties(family=[known]))).get_charmap()))


def legible(text: str) -> str:
    """Return text in the letters that the fonts have, with names written from right to left kept apart.

    A letter that no font has is a box. What follows an Arabic or Hebrew name, such as ``< 10 s``, is not
    turned around by it.
    """
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFC", text)
    has = _covered(tuple(rcParams["font.family"]))
    written = "".join(
        letter if letter in has or letter.isspace() else "" if _is_joiner(letter) else _BOX
        for letter in plain
    )
    if any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in written):
        return f"{_FIRST_STRONG}{written}{_END}"
    return written


def _is_joiner(letter: str) -> bool:
    """Tell whether a letter only says how its neighbors are drawn: variants, joiners, shades."""
    return unicodedata.category(letter) in ("Cf", "Mn", "Sk")


def shortened(label: object, width: int = 40) -> str:
    """Return the label in at most `width` characters, cut in the middle so that both ends can be read."""
    text = " ".join(str(label).split())
    if len(text) <= width:
        return legible(text)
    head = (width - 1) * 2 // 3
    return legible(f"{text[:head].rstrip()}…{text[len(text) - (width - 1 - head) :].lstrip()}")


def label_of(group: object, width: int = 40) -> str:
    """Return the label of a group, with the levels of a tuple joined, each kept apart from the others."""
    levels = group if isinstance(group, tuple) else (group,)
    return " · ".join(shortened(level, max(width // len(levels), 12)) for level in levels)


def is_none(group: object) -> bool:
    """Tell whether a label is that of what has no name: calls without a project, say."""
    return any(level == NONE for level in (group if isinstance(group, tuple) else (group,)))


def label_or_hour(group: object, level: object, width: int = 40) -> str:
    """Return the label of one level of an index: of an hour from when to when, of a time its day as well."""
    if level == "hour" and isinstance(group, Integral):
        return f"{group}–{int(group) + 1} h"
    if isinstance(group, pd.Timestamp):  # the subtitle has the year and the zone
        at = "" if group == group.normalize() else f" {group:%H:%M}"
        return f"{group:%a} {group.day} {group:%b}{at}"
    return shortened(group, width)


def names_in(table: pd.DataFrame) -> set[str]:
    """Return the letters of all names that a table has in its index, its columns and its chains."""
    letters: set[str] = set()
    for index in (table.index, table.columns):
        for place in range(index.nlevels):
            level = index.levels[place] if isinstance(index, pd.MultiIndex) else index
            if not pd.api.types.is_numeric_dtype(level) and not isinstance(level, pd.DatetimeIndex):
                letters.update(*map(str, level))
    return letters
