"""One set of formats for all pictures: counts, shares, spans of time, days, and names of metrics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axis import Axis
from matplotlib.ticker import Formatter, MaxNLocator

__all__ = [
    "NOT_KNOWN",
    "amount",
    "amounts",
    "calls_of",
    "change_axis",
    "count_axis",
    "counted",
    "days_text",
    "defined",
    "duration",
    "durations",
    "field_words",
    "is_rate",
    "is_seconds",
    "number",
    "of_all",
    "percent",
    "percent_axis",
    "plural",
    "seconds_axis",
    "sentence_case",
    "signed",
    "spaced",
    "told_units",
    "unit_of",
    "value_axis",
    "words_of",
]

NOT_KNOWN = "not known"
"""What stands in place of a value that a table does not have: never 0."""

_UNITS = (("days", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


_units: ContextVar[Mapping[str, str]] = ContextVar("units", default=MappingProxyType({}))


@contextmanager
def told_units(units: Mapping[str, str]) -> Iterator[None]:
    """Take the units of metrics from what a table says of them, while it is drawn."""
    token = _units.set(units)
    try:
        yield
    finally:
        _units.reset(token)


def number(value: float) -> str:
    """Return a count with separators: ``20,000``."""
    return NOT_KNOWN if pd.isna(value) else f"{value:,.0f}"


def counted(count: float, word: str) -> str:
    """Return a number with its noun: ``1 call``, ``2,000 calls``."""
    return f"{number(count)} {word if count == 1 else plural(word)}"


def plural(word: str) -> str:
    """Return several of a noun: ``weeks``, ``countries``, ``half hours``."""
    if word.endswith("s"):
        return word
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else f"{word}s"


def calls_of(count: float) -> str:
    """Return how many calls a picture rests on: ``n = 20,000 calls``."""
    return f"n = {counted(count, 'call')}"


def of_all(shown: int, every: int, noun: str = "groups") -> str:
    """Return a remark on rows that are not drawn, empty if there are none."""
    return f"the {number(shown)} largest of {number(every)} {noun}" if shown < every else ""


def percent(share: float) -> str:
    """Return a share as a percentage, with a decimal where it matters: ``41 %``, ``3.2 %``, ``< 0.1 %``."""
    if pd.isna(share):
        return NOT_KNOWN
    if share == 0:
        return "0 %"
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.9995 < share < 1:
        return "> 99.9 %"
    near = share < 0.0995 or 0.99 <= share < 1
    return f"{share:.{1 if near else 0}%}".replace("%", " %")


def duration(seconds: float) -> str:
    """Return a span of time in the unit a person would choose: ``53 s``, ``2.5 min``, ``3 h``."""
    if pd.isna(seconds):
        return NOT_KNOWN
    unit, size = next(
        (each for each in _UNITS if seconds >= 2 * each[1] or (seconds >= each[1] and not seconds % each[1])),
        _UNITS[-1],
    )
    value = seconds / size
    decimals = 0 if value >= 10 or abs(value - round(value)) < 0.05 else 1
    return f"{value:,.{decimals}f} {unit}"


def durations(seconds: Iterable[float]) -> list[str]:
    """Return spans of time that are compared, all in one unit: ``60 s`` and ``117 s``, not ``1 min``.

    The unit is the one a person would choose for the longest, unless the shortest has less than one of it.
    """
    spans = [float(each) for each in seconds]
    unit, size = unit_of(spans)
    near = [each / size for each in spans if each < 10 * size]
    decimals = 0 if all(abs(each - round(each)) < 0.05 for each in near) else 1
    return [
        NOT_KNOWN if np.isnan(each) else f"{each / size:,.{0 if each >= 10 * size else decimals}f} {unit}"
        for each in spans
    ]


def unit_of(seconds: Iterable[float]) -> tuple[str, int]:
    """Return the unit in which these spans of time are told, and its seconds."""
    known = [each for each in seconds if each > 0 and np.isfinite(each)]
    if not known:
        return _UNITS[-1]
    most = dict(_UNITS)[duration(max(known)).rpartition(" ")[2]]
    return next(each for each in _UNITS if each[1] <= most and (each[1] <= min(known) or each[1] == 1))


def amounts(values: Iterable[float], metric: str) -> list[str]:
    """Return values that are compared as their metric is told, spans of time all in one unit."""
    return durations(values) if is_seconds(metric) else [amount(each, metric) for each in values]


def amount(value: float, metric: str) -> str:
    """Return a value as its metric is told: a share in percent, seconds as a span, a count as a number."""
    if pd.isna(value):
        return NOT_KNOWN
    if is_rate(metric):
        return percent(value)
    if is_seconds(metric):
        return duration(value)
    return f"{value:,.1f}" if abs(value) < 100 and value != round(value) else number(value)


def signed(value: float, decimals: int) -> str:
    """Return a change with its sign: ``+1.5``, ``−0.2``; one that rounds to zero is ``+0.0``."""
    return f"{round(value, decimals) + 0.0:+,.{decimals}f}".replace("-", "−")


def spaced(span: str) -> str:
    """Return a span of time as pandas writes it, with a space before its unit: ``24 h``, ``15 min``."""
    return re.sub(r"(?<=\d)(?=[A-Za-z])", " ", span)


def days_text(first: date, last: date) -> str:
    """Return a span of days: ``2–31 March 2026``, ``28 March – 3 April 2026``."""
    if first == last:
        return f"{first.day} {first:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day} {last:%B %Y}"
    begin = f"{first.day} {first:%B}" if first.year == last.year else f"{first.day} {first:%B %Y}"
    return f"{begin} – {last.day} {last:%B %Y}"


def is_rate(metric: str) -> bool:
    """Return whether a metric is a share from 0 to 1: by what its table says, else by its name."""
    if metric in _units.get():
        return _units.get()[metric] == "share"
    return metric == "share" or metric.endswith(("_rate", "_share"))


def is_seconds(metric: str) -> bool:
    """Return whether a metric is a time in seconds: by what its table says, else by its name."""
    if metric in _units.get():
        return _units.get()[metric] == "s"
    return metric.endswith("_s")


def words_of(metric: str) -> str:
    """Return the name of a metric as words: ``talk time mean``, ``calls``."""
    return metric.removeprefix("n_").removesuffix("_s").replace("_", " ")


def field_words(name: str) -> str:
    """Return the name of a field of a call as words: ``talk time`` of ``talkTime``."""
    parts = re.split(r"(?<=[a-z])(?=[A-Z])|_", name)
    words = " ".join(part if part.isupper() else part.lower() for part in parts)
    return re.sub(r"\bai\b", "AI", words)


_DEFINED = {"answer_rate": "answered ÷ calls", "positive_rate": "calls with a positive outcome ÷ calls"}


def defined(metric: str) -> str:
    """Return what is divided by what, of the rates that pictures draw; of others their name."""
    return _DEFINED.get(metric, words_of(metric))


def sentence_case(words: str) -> str:
    """Return words that begin with a capital letter."""
    return words[:1].upper() + words[1:]


class _Within(MaxNLocator):
    """Place ticks between two bounds only: an axis is longer where there is text beside the bars."""

    def __init__(self, low: float = -np.inf, high: float = np.inf, **options: Any) -> None:
        self.low, self.high = low, high
        super().__init__(nbins="auto", **options)

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Return the ticks between two limits."""
        slack = 1e-9 + 1e-6 * abs(vmax - vmin)
        ticks = super().tick_values(max(vmin, self.low), min(vmax, self.high))
        return [tick for tick in ticks if self.low - slack <= tick <= self.high + slack]


# Functions of the module, not lambdas, so that a figure can be pickled.
def _tick_percent(share: float, _: Any = None) -> str:
    return f"{round(100 * share, 6):g} %"


def _tick_count(count: float, _: Any = None) -> str:
    return number(count)


class _Spans(Formatter):
    """Writes the ticks of an axis of seconds, all in one unit."""

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        """Return ticks as they are written beside one another."""
        ticks = list(values)
        return [
            f"{'−' if tick < 0 else ''}{told}" if tick else "0"
            for tick, told in zip(ticks, durations(map(abs, ticks)), strict=True)
        ]

    def __call__(self, value: float, _: Any = None) -> str:
        """Return a tick as it is written alone."""
        return self.format_ticks([value])[0]


def _tick_change(value: float, _: Any = None) -> str:
    if abs(value) < 1e-9:
        return "0"
    return f"{value:+,.10g}".replace("-", "−")


def _tick_value(value: float, _: Any = None) -> str:
    return f"{value:,.10g}".replace("-", "−")


def change_axis(axis: Axis, low: float, high: float) -> None:
    """Label an axis of changes with their signs, between two bounds: beside them there may be text."""
    axis.set_major_locator(_Within(low, high, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(_tick_change)


def percent_axis(axis: Axis, high: float = 1.0) -> None:
    """Label an axis of shares in percent, with no ticks outside 0 to 100 %, nor above `high`."""
    axis.set_major_locator(_Within(0.0, min(high, 1.0), steps=[1, 2, 5, 10]))
    axis.set_major_formatter(_tick_percent)


def count_axis(axis: Axis, high: float = np.inf) -> None:
    """Label an axis of counts with whole numbers, with separators."""
    axis.set_major_locator(_Within(0.0, high, integer=True, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(_tick_count)


def seconds_axis(axis: Axis, high: float = np.inf) -> None:
    """Label an axis of seconds with spans of time."""
    limits = axis.get_view_interval()
    steps = [1, 2, 5, 10] if min(high, limits[1]) < 120 else [1, 1.2, 3, 6, 10]
    axis.set_major_locator(_Within(-np.inf, high, steps=steps))
    axis.set_major_formatter(_Spans())


def value_axis(axis: Axis, metric: str, high: float = np.inf) -> None:
    """Label an axis as its metric is told."""
    if is_rate(metric):
        percent_axis(axis, high)
    elif is_seconds(metric):
        seconds_axis(axis, high)
    else:
        axis.set_major_locator(_Within(-np.inf, high, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(_tick_value)
