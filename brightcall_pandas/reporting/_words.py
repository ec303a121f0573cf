"""Numbers, days and names of rates as the report writes them."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from brightcall_pandas.analysis import find_metric

__all__ = [
    "NOTHING",
    "counted",
    "day",
    "days",
    "heading",
    "percent",
    "percent_range",
    "points",
    "rate_name",
    "title_of",
]

NOTHING = "–"
_RATES = {"answer_rate": "answer rate", "positive_rate": "lead rate"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_HEADINGS = {
    "n_calls": "Calls",
    "positive": "Leads",
    "positive_rate": "Lead rate",
    "talk_time_mean_s": "Mean talk time",
    "unique_clients": "Clients",
}


def percent(value: float) -> str:
    """Return a rate as percent: ``17.0%``."""
    return NOTHING if pd.isna(value) else f"{100 * value:.1f}%"


def percent_range(low: float, high: float) -> str:
    """Return an interval of a rate: ``14.9–19.3%``."""
    return NOTHING if pd.isna(low) or pd.isna(high) else f"{100 * low:.1f}–{100 * high:.1f}%"


def points(value: float) -> str:
    """Return a difference of rates: ``−8.9``."""
    size = f"{abs(100 * value):.1f}"
    return size if size == "0.0" else f"{'−' if value < 0 else '+'}{size}"


def counted(number: int, word: str) -> str:
    """Return a number of things: ``1 call``, ``2,000 calls``."""
    return f"{number:,} {word}{'s' * (number != 1)}"


def day(value: date) -> str:
    """Return a day: ``24 March 2026``."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def days(first: date, last: date) -> str:
    """Return a span of days, saying month and year once where they are the same."""
    if first == last:
        return day(first)
    begin = f"{first.day}"
    if first.month != last.month or first.year != last.year:
        begin += f" {_MONTHS[first.month - 1]}"
    if first.year != last.year:
        begin += f" {first.year}"
    return f"{begin}–{day(last)}" if " " not in begin else f"{begin} – {day(last)}"


def title_of(period: tuple[date, date] | None) -> str:
    """Return the title of a report of these days; unless they are a usual period, they stand beside it."""
    if period is None:
        return "The calls"
    first, last = period
    after = last + timedelta(days=1)
    if first.day == after.day == 1 and (after - first).days <= 31:
        return f"The calls of {_MONTHS[first.month - 1]} {first.year}"
    return {1: "The calls of the day", 7: "The calls of the week"}.get((after - first).days, "The calls")


def rate_name(metric: str) -> str:
    """Return what a rate is called in a sentence."""
    if metric in _RATES:
        return _RATES[metric]
    found = find_metric(metric)
    return found.title or metric.replace("_", " ")


def heading(name: str) -> str:
    """Return a column's heading: ``Answer rate``."""
    if name in _HEADINGS:
        return _HEADINGS[name]
    words = name.removesuffix("_s").replace("_", " ").strip() or name
    return words[0].upper() + words[1:]
