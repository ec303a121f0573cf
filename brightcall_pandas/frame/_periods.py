"""Days as people say them: a date, today, yesterday, the last 30 days."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from brightcall_pandas.frame._settings import day_text, value_error

__all__ = ["period"]

_AGO = {"today": 0, "yesterday": 1}
_WORDS = "'today', 'yesterday'"
_LAST_DAYS = re.compile(r"([0-9]{1,5})\s*d", re.IGNORECASE)


def period(day_from: Any, day_to: Any, today: Callable[[], date]) -> tuple[str, str]:
    """Return the first and the last day of a period as YYYY-MM-DD.

    Parameters
    ----------
    day_from
        YYYY-MM-DD, a date or Timestamp, ``"today"``, ``"yesterday"``, or ``"30d"`` for the 30 days whose last
        one is `day_to`.
    day_to
        As `day_from`, but for a number of days. None: today, or yesterday where `day_from` is that.
    today
        Returns the day of today; called where the period depends on it, once both are known to be right.

    Raises
    ------
    TypeError, ValueError
        One of them is not a day; the message names it.

    Examples
    --------
    >>> period("7d", None, lambda: date(2026, 3, 31))
    ('2026-03-25', '2026-03-31')
    """
    length = _length(day_from)
    first = None if length else _day("day_from", day_from, f"{_WORDS}, or '30d' for the last 30 days")
    if day_to is None:
        last: str | int = 1 if first == 1 else 0
    else:
        last = _day("day_to", day_to, _WORDS)
    now = today() if isinstance(first, int) or isinstance(last, int) else None
    end = _dated(last, now)
    if length:
        first = str(date.fromisoformat(end) - timedelta(days=length - 1))
        return day_text("day_from", first), end
    assert first is not None
    return _dated(first, now), end


def _length(given: Any) -> int | None:
    """Return how many days a text such as ``30d`` means; None for anything else."""
    match = _LAST_DAYS.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        return None
    if int(match[1]) == 0:
        raise value_error("day_from", given, "covers no day; '1d' is one day")
    return int(match[1])


def _day(name: str, given: Any, others: str) -> str | int:
    """Return a day as YYYY-MM-DD, or how many days ago it is."""
    if isinstance(given, str):
        if (ago := _AGO.get(given.strip().casefold())) is not None:
            return ago
        if _length(given):
            raise value_error(name, given, "is a number of days; only day_from takes one, up to day_to")
    return day_text(name, given, others)


def _dated(day: str | int, today: date | None) -> str:
    if isinstance(day, str):
        return day
    assert today is not None
    return str(today - timedelta(days=day))
