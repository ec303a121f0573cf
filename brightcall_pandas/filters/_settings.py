"""Settings that a person gave, read or refused with a message that names them."""

from __future__ import annotations

import contextlib
import math
from datetime import timedelta
from numbers import Integral
from typing import Any

import pandas as pd

__all__ = ["LONGEST_DAYS", "duration", "flag", "number", "positive", "text", "whole"]

LONGEST_DAYS = 36_500
"""No setting is about more than a hundred years."""


def whole(name: str, value: Any, least: int) -> int:
    """Read a whole number from `least` up."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        msg = f"{name} takes a whole number, not {value!r}"
        raise TypeError(msg)
    if value < least:
        msg = f"{name} is {value}; it must be at least {least}"
        raise ValueError(msg)
    return int(value)


def number(name: str, value: Any, *, most: float = math.inf) -> float:
    """Read a finite number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float | Integral):
        msg = f"{name} takes a number, not {value!r}"
        raise TypeError(msg)
    read = float(value)
    if not (math.isfinite(read) and 0 <= read <= most):
        top = "be finite" if most == math.inf else f"be at most {most:g}"
        msg = f"{name} is {value}; it must be at least 0, and {top}"
        raise ValueError(msg)
    return read


def positive(name: str, value: Any, *, most: float = math.inf) -> float:
    """Read a finite number above 0, up to `most`."""
    if number(name, value, most=most) == 0:
        msg = f"{name} is {value}; it must be above 0"
        raise ValueError(msg)
    return float(value)


def flag(name: str, value: Any) -> bool:
    """Read True or False; "false" is neither."""
    if not isinstance(value, bool):
        msg = f"{name} takes True or False, not {value!r}"
        raise TypeError(msg)
    return value


def text(name: str, value: Any) -> str | None:
    """Read a text without blanks around it; None where there is none. The message does not quote it."""
    if value is not None and not isinstance(value, str):
        msg = f"{name} takes a text, not {type(value).__name__}"
        raise TypeError(msg)
    return (value or "").strip() or None


def duration(name: str, value: Any) -> timedelta:
    """Read a duration: seconds, a timedelta, or a text such as ``"10min"``."""
    read: pd.Timedelta | None = None
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        seconds = isinstance(value, int | float | Integral) and not isinstance(value, bool)
        read = pd.Timedelta(float(value), unit="s") if seconds else pd.Timedelta(value)
    # "NaT" reads as no time at all, which compares as False.
    if read is None or not pd.Timedelta(0) <= read <= pd.Timedelta(days=LONGEST_DAYS):
        msg = f"{name}={value!r} is no duration; it takes seconds, a timedelta, or a text such as '10min'"
        raise ValueError(msg)
    return read.to_pytimedelta()
