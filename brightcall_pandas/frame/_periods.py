"""Days as people say them: a date, a month, last week, today, the last 30 days.

A window of days is said in one way wherever one is taken; docs/days.md has it for users.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.frame._period_advice import advice
from brightcall_pandas.frame._settings import day_text, value_error

__all__ = ["calendar_days", "has_own_end", "open_period", "period"]

_WORDS = "'today', 'yesterday', 'last month', a month as '2026-03', a week as '2026-W10'"
_LAST_DAYS = re.compile(r"([0-9]{1,5})\s*d", re.IGNORECASE)
_COUNTED = re.compile(r"(this|current|last|previous)[\s_-]+(week|month|quarter|year)")
_TO_DATE = re.compile(r"(week|month|quarter|year)[\s_-]+to[\s_-]+date|([wmqy])td")
_UNITS = {unit[0]: unit for unit in ("week", "month", "quarter", "year")}
_CALENDAR = re.compile(r"([0-9]{4})(?:-([0-9]{2})|-?W([0-9]{2})|-?Q([1-4]))?", re.IGNORECASE)
_DAYS = ("today", "yesterday")
_DAY = timedelta(days=1)
_COUNTED_FROM_TODAY = "is counted from today, which is not known here; write dates"

Span = tuple[date, date]
"""First and last day."""
Today = Callable[[], date]


@dataclass(frozen=True)
class _Said:
    """What one argument says.

    Parameters
    ----------
    span
        First and last day, or what returns them for the day of today.
    whole
        Whether it has an end of its own, as a month has; a date says only where days begin.
    until_today
        Whether no day after it can be meant, since it lasts until today.
    """

    span: Span | Callable[[date], Span]
    whole: bool = True
    until_today: bool = False

    def on(self, today: Today) -> Span:
        return self.span(today()) if callable(self.span) else self.span


def period(day_from: Any, day_to: Any, today: Today) -> tuple[str, str]:
    """Return the first and the last day of a window as YYYY-MM-DD.

    Parameters
    ----------
    day_from
        A date: YYYY-MM-DD, a date or Timestamp. A period: ``"2026-03"``, ``"2026-W10"``, ``"2026-Q1"``,
        ``"2026"``, a pandas Period, ``"today"``, ``"yesterday"``, or ``"this"`` or ``"last"`` before week,
        month, quarter or year, of which the first day is taken. Or ``"30d"`` for the 30 days whose last one
        is `day_to`. Weeks are those of ISO 8601, from Monday on; what has not ended is up to today with
        ``"this"``.
    day_to
        As `day_from`, but for a number of days; of a period the last day. None: that of the period that
        `day_from` is, and today after a date or a number of days.
    today
        Returns the day of today; called where the window depends on it, once both are known to be right.

    Raises
    ------
    TypeError, ValueError
        One of them is no day, or has two meanings; the message names it, and says what to write.

    Examples
    --------
    >>> period("7d", None, lambda: date(2026, 3, 31))
    ('2026-03-25', '2026-03-31')
    >>> period("last month", None, lambda: date(2026, 3, 31))
    ('2026-02-01', '2026-02-28')
    """
    length = _length(day_from)
    first = None if length else _said("day_from", day_from, f"{_WORDS}, or '30d' for the last 30 days")
    last = None if day_to is None else _said("day_to", day_to, _WORDS)
    now = functools.cache(today)
    ending = last or (first if first and first.whole else None)
    end = now() if ending is None else ending.on(now)[1]
    if first is None:
        assert length is not None
        return day_text("day_from", end - timedelta(days=length - 1)), str(end)
    begin = first.on(now)[0]
    if ending is None and begin > end:
        msg = f"day_from={str(begin)!r} is yet to come; today is {end}"
        raise ValueError(msg)
    return str(begin), str(end)


def open_period(day_from: Any, day_to: Any, today: Today | None = None) -> tuple[str | None, str | None]:
    """Return the first and the last day of a window of which a side may be open, which is None then.

    Parameters
    ----------
    day_from, day_to
        As `period` takes them.
    today
        As `period` takes it; None where nobody knows which day it is: what is counted from today is refused.

    Raises
    ------
    TypeError, ValueError
        As of `period`; and a period is given as `day_from` alone, where it may be meant alone or as a
        beginning.

    Examples
    --------
    >>> open_period("2026-02", "2026-02")
    ('2026-02-01', '2026-02-28')
    >>> open_period(None, "2026-W10")
    (None, '2026-03-08')
    """
    if day_from is None and day_to is None:
        return None, None
    if today is None:
        if _length(day_from):
            raise value_error("day_from", day_from, _COUNTED_FROM_TODAY)
        for name, each in (("day_from", day_from), ("day_to", day_to)):
            if each is not None:
                calendar_days(name, each)
        today = date.today
    if day_from is None:
        return None, str(_said("day_to", day_to, _WORDS).on(today)[1])
    if day_to is not None or _length(day_from):
        return period(day_from, day_to, today)
    first = _said("day_from", day_from, _WORDS)
    if not first.whole:
        return str(first.on(today)[0]), None
    if first.until_today:
        return period(day_from, None, today)
    written = str(day_from) if isinstance(day_from, pd.Period) else day_from
    since = "add day_to='today'" if callable(first.span) else f"write day_from='{first.span[0]}'"
    problem = f"alone has two meanings: add day_to={written!r} for that period, {since} for all since"
    raise value_error("day_from", written, problem)


def calendar_days(name: str, given: Any) -> tuple[str, str]:
    """Return the first and the last day of a date, or of a period of the calendar, where nobody knows today.

    Raises
    ------
    TypeError, ValueError
        It is no day, or is counted from today.
    """
    said = _said(name, given)
    if callable(said.span):
        raise value_error(name, given, _COUNTED_FROM_TODAY)
    first, last = said.span
    return str(first), str(last)


def has_own_end(day_from: Any, name: str = "day_from") -> bool:
    """Tell whether a first day is a period, whose last day is the last one where no other is given."""
    return not _length(day_from) and _said(name, day_from).whole


def _said(name: str, given: Any, others: str = "") -> _Said:
    """Return what a day or a period says, or raise the error of one that cannot be read."""
    if isinstance(given, pd.Period):
        return _Said(_in_calendar(name, (given.start_time.date(), given.end_time.date())))
    if isinstance(given, tuple | list) and len(given) == 2:
        both = ", ".join(map(repr, given))
        raise TypeError(f"{name} takes one day, and day_to is the last one: give {both} without the brackets")
    if isinstance(given, np.datetime64) and not np.isnat(given):
        given = pd.Timestamp(given)
    if isinstance(given, str) and (said := _said_in_words(name, given)) is not None:
        return said
    try:
        day = date.fromisoformat(day_text(name, given, others))
    except ValueError:
        told = advice(given) if isinstance(given, str) else None
        if told is None:
            raise
        raise value_error(name, given, told) from None
    return _Said((day, day), whole=False)


def _said_in_words(name: str, given: str) -> _Said | None:
    text = given.strip()
    folded = text.casefold()
    if folded in _DAYS:
        ago = timedelta(days=_DAYS.index(folded))
        return _Said(lambda today: (today - ago, today - ago), until_today=not ago)
    if match := _COUNTED.fullmatch(folded):
        unit = match[2]
        if match[1] in ("this", "current"):
            return _this(unit)
        return _Said(lambda today: _unit_of(unit, _unit_of(unit, today)[0] - _DAY))
    if match := _TO_DATE.fullmatch(folded):
        return _this(match[1] or _UNITS[match[2]])
    if match := _CALENDAR.fullmatch(text):
        return _Said(_of_calendar(name, given, match))
    if _length(text):
        raise value_error(name, given, "is a number of days; only day_from takes one, up to day_to")
    return None


def _this(unit: str) -> _Said:
    return _Said(lambda today: (_unit_of(unit, today)[0], today), until_today=True)


def _of_calendar(name: str, given: str, match: re.Match[str]) -> Span:
    year, month, week, quarter = match.groups()
    try:
        if week:
            monday = date.fromisocalendar(int(year), int(week), 1)
            return _in_calendar(name, (monday, monday + 6 * _DAY))
        begin = date(int(year), int(month or 3 * int(quarter or 1) - 2), 1)
    except ValueError:
        what = f"week {week}" if week else f"month {month}" if month else "such year"
        raise value_error(name, given, f"does not exist: there is no {what}") from None
    unit = "month" if month else "quarter" if quarter else "year"
    return _in_calendar(name, _unit_of(unit, begin))


def _in_calendar(name: str, span: Span) -> Span:
    """Return a span whose days are in the years that a day can be in."""
    for each in span:
        day_text(name, each)
    return span


def _unit_of(unit: str, day: date) -> Span:
    """Return the first and the last day of the week, month, quarter or year that a day is in."""
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + 6 * _DAY
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    begin = day.replace(month=day.month - (day.month - 1) % months, day=1)
    after = begin.month + months
    return begin, date(begin.year + (after > 12), (after - 1) % 12 + 1, 1) - _DAY


def _length(given: Any) -> int | None:
    """Return how many days a text such as ``30d`` means; None for anything else."""
    match = _LAST_DAYS.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        return None
    if int(match[1]) == 0:
        raise value_error("day_from", given, "covers no day; '1d' is one day")
    return int(match[1])
