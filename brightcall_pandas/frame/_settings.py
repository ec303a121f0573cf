"""Settings and arguments, read or refused in the same words everywhere.

Each function takes the name of an argument and the value given, and returns the value in its one form. There
are four kinds of refusal, each with one wording::

    TypeError     {name} takes {what}, not {value!r}
    ValueError    {name}={value!r} is not {what}
    ValueError    {name}={value!r} must be {range}
    ValueError    {name}={value!r} is not one of {choices}; did you mean {nearest!r}?
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date, timedelta
from numbers import Integral, Real
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from brightcall_pandas.errors import nearest
from brightcall_pandas.frame._fields import CALENDAR
from brightcall_pandas.frame._period_advice import no_such_day

__all__ = [
    "LONGEST_DAYS",
    "choice",
    "day_text",
    "duration",
    "flag",
    "fraction",
    "nearest",
    "not_one_of",
    "number",
    "positive",
    "size",
    "text",
    "timespan",
    "type_error",
    "value_error",
    "whole",
]

LONGEST_DAYS = 36_500
"""No setting is about more than a hundred years."""

_LONGEST_SHOWN = 80  # characters of a refused value that a message quotes

_DAYS = re.compile(r"(?<=[0-9 ])d\b")
_NUMBER = re.compile(r"\s*[+-]?\d*\.?\d+\s*")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)

T = TypeVar("T", bound=str)


def whole(name: str, value: Any, least: int) -> int:
    """Return a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise type_error(name, "a whole number", value)
    if value < least:
        raise value_error(name, value, f"must be at least {least}")
    return int(value)


def number(name: str, value: Any, *, most: float = math.inf) -> float:
    """Return a finite number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise type_error(name, "a number", value)
    try:
        read = float(value)
    except OverflowError:
        read = math.inf
    if not (math.isfinite(read) and 0 <= read <= most):
        limits = "a finite number, at least 0" if most == math.inf else f"between 0 and {most:g}"
        raise value_error(name, value, f"must be {limits}")
    return read


def positive(name: str, value: Any, *, most: float = math.inf) -> float:
    """Return a finite number above 0, up to `most`."""
    read = number(name, value, most=most)
    if read == 0:
        raise value_error(name, value, "must be above 0")
    return read


def fraction(name: str, value: Any) -> float:
    """Return a number between 0 and 1, neither of the two."""
    read = number(name, value)
    if not 0 < read < 1:
        raise value_error(name, value, "must be between 0 and 1, for example 0.95")
    return read


def flag(name: str, value: Any) -> bool:
    """Return True or False; nothing else will do, since ``"false"`` is true in Python."""
    if not isinstance(value, bool | np.bool_):
        raise type_error(name, "True or False", value)
    return bool(value)


def text(name: str, value: Any) -> str | None:
    """Return text without blanks around it; None where there is none.

    The message does not quote what was given: it may be a key.
    """
    if value is not None and not isinstance(value, str):
        msg = f"{name} takes text, not {type(value).__name__}"
        raise TypeError(msg)
    return (value or "").strip() or None


def choice(name: str, value: Any, allowed: Iterable[T]) -> T:
    """Return one of the allowed words; the message lists them, and names the nearest if one is near."""
    words = list(allowed)
    for word in words:
        if isinstance(value, str) and value == word:
            return word
    raise not_one_of(name, value, words)


def duration(name: str, value: Any) -> timedelta:
    """Return a duration, given in seconds, as a timedelta, or as text such as ``"10min"``."""
    what = "a duration (seconds, a timedelta, or text such as '10min')"
    if isinstance(value, Real) and not isinstance(value, bool):
        return _timedelta(name, value, what, unit="s").to_pytimedelta()
    return _timespan(name, value, what).to_pytimedelta()


def timespan(name: str, value: Any) -> pd.Timedelta:
    """Return a span given as text such as ``"24h"``, or as a timedelta.

    A number is refused: pandas would take 3 for three nanoseconds, and whoever writes it means hours or days.
    """
    return _timespan(name, value, "a span with its unit, such as '15min', '24h' or '7D'")


def _timespan(name: str, value: Any, what: str) -> pd.Timedelta:
    if not isinstance(value, str | timedelta | np.timedelta64 | pd.offsets.BaseOffset):
        raise type_error(name, what, value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        raise value_error(name, value, f"is not {what}")
    return _timedelta(name, value, what)


def _timedelta(name: str, value: Any, what: str, unit: Literal["s"] | None = None) -> pd.Timedelta:
    try:
        if unit is not None:
            read = pd.Timedelta(float(value), unit=unit)
        else:  # pandas no longer takes "2d", which is how people write it
            read = pd.Timedelta(_DAYS.sub("D", value) if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        raise value_error(name, value, f"is not {what}") from None
    if pd.isna(read):
        raise value_error(name, value, f"is not {what}")
    if not pd.Timedelta(0) <= read <= pd.Timedelta(days=LONGEST_DAYS):
        raise value_error(name, value, f"must be between 0 and {LONGEST_DAYS} days")
    return read


def size(name: str, value: Any) -> int:
    """Return bytes, given as a number or as text such as ``"2 GB"`` (of 10⁹) or ``"2 GiB"`` (of 2³⁰)."""
    if isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        if match is None:
            raise value_error(name, value, "is not a size; give bytes, or text such as '500 MB' or '2 GB'")
        value = float(match[1]) * (1024 if match[3] else 1000) ** " kmgt".index(match[2].lower() or " ")
    return int(positive(name, value))


def day_text(name: str, value: Any, others: str = "") -> str:
    """Return a calendar day, given as YYYY-MM-DD, date or Timestamp, as YYYY-MM-DD.

    `others` names what else the argument takes, for the message.
    """
    if not isinstance(value, str | date):
        more = f", or {others}" if others else ""
        raise type_error(name, f"a date (YYYY-MM-DD, date or Timestamp){more}", value)
    written = value.strip() if isinstance(value, str) else "" if pd.isna(value) else f"{value:%Y-%m-%d}"
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written):
            raise ValueError
        read = date.fromisoformat(written)
    except ValueError:
        if parts := re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", written):
            raise value_error(name, value, no_such_day(*map(int, parts.groups()))) from None
        more = f", or give {others}" if others else ""
        what = f"a date; write it as YYYY-MM-DD, for example 2026-03-31{more}"
        raise value_error(name, value, f"is not {what}") from None
    first, end = CALENDAR
    if not first <= read < end:
        raise value_error(name, written, f"must be in the years {first.year} to {end.year - 1}")
    return written


def type_error(name: str, what: str, value: Any) -> TypeError:
    """Return the error of a value that is of another type than an argument takes."""
    return TypeError(f"{name} takes {what}, not {_shown(value)}")


def value_error(name: str, value: Any, problem: str) -> ValueError:
    """Return the error of a value that is of the right type and wrong all the same."""
    return ValueError(f"{name}={_shown(value)} {problem}")


def not_one_of(name: str, value: Any, allowed: Iterable[str], listed: str | None = None) -> ValueError:
    """Return the error of a value that is none of the allowed words; `listed` shows them otherwise."""
    words = list(allowed)
    listed = ", ".join(map(repr, words)) if listed is None else listed
    hint = nearest(str(value), words).removesuffix(".")
    return value_error(name, value, f"is not one of {listed}{hint}")


def _shown(value: Any) -> str:
    """Return what a message shows of a value: all of it, or its type where that would fill the screen."""
    try:
        shown = repr(value)
    except ValueError:  # of an integer with thousands of digits
        return type(value).__name__
    return shown if len(shown) <= _LONGEST_SHOWN and "\n" not in shown else type(value).__name__
