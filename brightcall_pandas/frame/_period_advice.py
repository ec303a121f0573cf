"""What to write instead of days that have two meanings, or that are written in another form."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date

__all__ = ["advice", "no_such_day"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_BEFORE = r"(?:in )?(?:the |this )?(?:last|past|previous) "
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
        ],
        1,
    )
} | {"fortnight": "2 weeks", "a": "1"}
_YEAR = r"(?:,? ([0-9]{4}))?"
_UNITS = {
    "w": (7, "'last week'", "'2026-W10', '2026-W13'", "whole weeks, from Monday to Sunday"),
    "m": (30, "'last month'", "'2026-01', '2026-03'", "whole months"),
    "q": (91, "'last quarter'", "'2026-Q1', '2026-Q2'", "whole quarters"),
    "y": (365, "'last year'", "'2025', '2026'", "whole years"),
}
"""Days of a unit; how one of them and several are written, and what that means."""


def advice(text: str) -> str | None:
    """Return what is wrong with a text that says no days, and what to write; None where that is no guess."""
    written = " ".join(text.casefold().split())
    if re.fullmatch(_DAY, written):  # what is wrong with it is no matter of its form
        return None
    # As it stands first: what joins the parts of a date is no blank.
    for folded in dict.fromkeys([written, _in_plain_words(written)]):
        for form, told in _FORMS:
            if (match := form.fullmatch(folded)) and (said := told(*match.groups())):
                return said
    return None


def no_such_day(year: int, month: int, day: int) -> str:
    """Return why there is no such day of the calendar; an empty text where there is one."""
    if not 1 <= month <= 12:
        return f"does not exist: there is no month {month}"
    last = calendar.monthrange(year, month)[1] if year else 31
    if not 1 <= day <= last:
        return f"does not exist: {calendar.month_name[month]} {year} has {last} days"
    return ""


def _in_plain_words(folded: str) -> str:
    """Return a text with blanks between its words and numbers, and with numbers as digits."""
    parts = re.findall(r"[a-z]+|[0-9]+|[^a-z0-9\s_-]+", folded)
    return " ".join(_NUMBERS.get(part, part) for part in parts)


def _last_days(count: str) -> str:
    if not int(count):
        return "covers no day; '1d' is one day"
    return (
        f"has two meanings: write '{count}d' for {count} days of which today is the last, "
        f"'{count}d', 'yesterday' for those before today"
    )


def _last_units(count: str | None, unit: str) -> str | None:
    length, one, several, whole = _UNITS[unit]
    number = int(count or 1)
    written = one if number == 1 else several
    days = number * length
    return f"has two meanings: write '{days}d' for {days} days up to today, {written} for {whole}"


def _days_ago(count: str) -> str:
    return f"is one day: write its date, as YYYY-MM-DD; '{count}d' is {count} days of which today is the last"


def _hours(count: str) -> str:
    days = max(1, -(-int(count) // 24)) + 1
    return f"is less than whole days, which are loaded: write '{days}d', and compare its timestamp"


def _which(unit: str) -> str:
    return f"does not say which {unit}: write 'this {unit}' or 'last {unit}'"


def _of_year(written: str, year: str | None) -> str:
    return f"must be written '{written}'" if year else f"does not say of which year: write '{written}'"


def _month(name: str, year: str | None) -> str:
    return _of_year(f"{year or 2026}-{_number_of(name):02}", year)


def _quarter(number: str, year: str | None) -> str:
    return _of_year(f"{year or 2026}-Q{number}", year)


def _week(number: str) -> str:
    return _of_year(f"2026-W{int(number):02}", None)


def _weekday() -> str:
    return "has two meanings, one in this week and one in the last: write the date, as YYYY-MM-DD"


def _day_of_month(name: str, day: str, year: str | None) -> str | None:
    month = _number_of(name)
    written = _date(year or "2026", month, int(day))
    return _of_year(written, year) if written else no_such_day(int(year or 2026), month, int(day))


def _number_of(month: str) -> int:
    return _MONTHS.index(month[:3]) + 1


def _year_last(first: str, second: str, year: str) -> str | None:
    orders = dict.fromkeys([(int(second), int(first)), (int(first), int(second))])
    read = [each for month, day in orders if (each := _date(year, month, day))]
    if len(read) > 1:
        return f"has two meanings: write '{read[0]}' or '{read[1]}'"
    if read:
        return _not_iso("date", "YYYY-MM-DD", read[0])
    day, month = (first, second) if int(second) <= 12 else (second, first)
    return no_such_day(int(year), int(month), int(day))


def _year_first(year: str, month: str, day: str) -> str | None:
    written = _date(year, int(month), int(day))
    if written is None:
        return no_such_day(int(year), int(month), int(day))
    return _not_iso("date", "YYYY-MM-DD", written)


def _month_of_year(month: str, year: str) -> str | None:
    return _not_iso("month", "YYYY-MM", f"{year}-{int(month):02}") if 1 <= int(month) <= 12 else None


def _not_iso(what: str, form: str, written: str) -> str:
    return f"is not a {what} as {form}: write '{written}'"


def _two_days(first: str, last: str) -> str:
    return f"holds two days: write them as two arguments, '{first}', '{last}'"


def _date(year: str, month: int, day: int) -> str | None:
    try:
        return str(date(int(year), month, day))
    except ValueError:
        return None


_FORMS: list[tuple[re.Pattern[str], Callable[..., str | None]]] = [
    (re.compile(form), told)
    for form, told in (
        (r"([0-9]{1,5}) ?days?", _last_days),
        (rf"{_BEFORE}([0-9]{{1,5}}) ?(?:d|days?)", _last_days),
        (rf"(?:{_BEFORE})?([1-9][0-9]{{0,2}}) ?(w|m|q|y)(?:ks?|eeks?|o|onths?|uarters?|ears?)?", _last_units),
        (r"(?:in )?(?:the |this )?past() (w|m|q|y)(?:eek|onth|uarter|ear)", _last_units),
        (r"([0-9]{1,5}) ?d(?:ays?)? (?:ago|back)", _days_ago),
        (rf"(?:{_BEFORE})?([0-9]{{1,5}}) ?h(?:ours?)?", _hours),
        (r"(week|month|quarter|year)", _which),
        (rf"{_MONTH}{_YEAR}", _month),
        (rf"{_MONTH} ([0-9]{{1,2}})(?:st|nd|rd|th)?{_YEAR}", _day_of_month),
        (
            rf"([0-9]{{1,2}})(?:st|nd|rd|th|\.)? {_MONTH}{_YEAR}",
            lambda day, *rest: _day_of_month(rest[0], day, rest[1]),
        ),
        (r"(?:quarter |q)([1-4])(?:[ /-]?([0-9]{4}))?", _quarter),
        (r"(?:week |w|kw ?)([0-9]{1,2})", _week),
        (rf"(?:last |this )?{_WEEKDAY}", _weekday),
        (r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})", _year_last),
        (r"([0-9]{4})[./-]([0-9]{1,2})[./-]([0-9]{1,2})", _year_first),
        (r"([0-9]{4})([0-9]{2})([0-9]{2})", _year_first),
        (r"([0-9]{1,2})[./-]([0-9]{4})", _month_of_year),
        (r"([0-9]{4})[./-]([0-9]{1,2})", lambda year, month: _month_of_year(month, year)),
        (r"([0-9]{4})([0-9]{2})", lambda year, month: _month_of_year(month, year)),
        (rf"({_DAY}) ?(?:/|\.\.|:|-|–|to|until) ?({_DAY})", _two_days),
    )
]
