"""What a filter takes: each kind of value parses what a person writes and encodes what the API reads.

`parse` returns a canonical, hashable value or raises ``TypeError`` / ``ValueError`` that names the
argument, what was given and what would do. `encode` turns the canonical value into JSON.
"""

from __future__ import annotations

import difflib
import math
import re
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from brightcall_pandas.frame import CALENDAR, Field

__all__ = [
    "Codes",
    "Day",
    "Flag",
    "Identifier",
    "Many",
    "Number",
    "Text",
    "Value",
    "Whole",
    "Word",
    "Zone",
    "nearest",
]


class Value(Protocol):
    """The kind of value that a filter takes."""

    @property
    def accepts(self) -> str:
        """What may be written, in words."""

    def parse(self, argument: str, given: Any) -> Any:
        """Return the canonical value, or say what is wrong with `given`."""

    def encode(self, value: Any) -> Any:
        """Return the value as the API's JSON has it."""


def nearest(name: str, names: Iterable[str]) -> str:
    """End a sentence: ``"; did you mean 'x'?"`` with the nearest of `names`, or a full stop."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else "."


@dataclass(frozen=True)
class Text:
    """A text."""

    accepts: str = "text"

    def parse(self, argument: str, given: Any) -> str:
        """Return the text as it is; an empty one is refused."""
        if not isinstance(given, str):
            msg = f"{argument} takes a text, not {_shown(given)}"
            raise TypeError(msg)
        if not given.strip():
            msg = f"{argument} is empty; leave it out to filter nothing"
            raise ValueError(msg)
        return _encodable(argument, given)

    def encode(self, value: str) -> str:
        """Return the text."""
        return value


@dataclass(frozen=True)
class Identifier:
    """A label that is often a number: 500 and "500" are the same."""

    accepts: str = "text or whole number"
    as_number: bool = False

    def parse(self, argument: str, given: Any) -> str:
        """Return the identifier as text."""
        if isinstance(given, float) and given.is_integer():
            given = int(given)  # what pandas makes of an integer beside a null
        if isinstance(given, bool) or not isinstance(given, str | int):
            given = _unboxed(given, argument, self.accepts)
        text = str(given).strip()
        if not text:
            msg = f"{argument} holds an empty identifier"
            raise ValueError(msg)
        return _encodable(argument, text)

    def encode(self, value: str) -> str | int:
        """Return a number where the API numbers these and nothing is lost by it, else the text."""
        return int(value) if self.as_number and re.fullmatch(r"0|[1-9][0-9]{0,15}", value) else value


@dataclass(frozen=True)
class Word:
    """One of a closed set of words."""

    words: tuple[str, ...]

    @property
    def accepts(self) -> str:
        """List the words."""
        return "one of " + ", ".join(self.words)

    def parse(self, argument: str, given: Any) -> str:
        """Return the word as the set spells it; case does not matter."""
        by_fold = {word.casefold(): word for word in self.words}
        word = by_fold.get(str(given).strip().casefold())
        if word is None:
            hint = nearest(str(given), self.words)
            msg = f"{argument} does not know {given!r}{hint} It takes {self.accepts}."
            raise ValueError(msg)
        return word

    def encode(self, value: str) -> str:
        """Return the word."""
        return value


@dataclass(frozen=True)
class Codes:
    """A label of a coded field, as a word or as the API's number."""

    field: Field

    @property
    def accepts(self) -> str:
        """List labels and codes."""
        return "one of " + ", ".join(f"{label} ({code})" for code, label in enumerate(self.field.choices))

    def parse(self, argument: str, given: Any) -> str:
        """Return the label."""
        label = None if isinstance(given, bool) else self.field.words.get(str(given).strip().casefold())
        if label is None:
            hint = nearest(str(given), self.field.words)
            msg = f"{argument} does not know {given!r}{hint} It takes {self.accepts}."
            raise ValueError(msg)
        return label

    def encode(self, value: str) -> int:
        """Return the code."""
        return self.field.choices.index(value)


@dataclass(frozen=True)
class Many:
    """One or more values of another kind; order and repetition do not matter."""

    of: Value

    @property
    def accepts(self) -> str:
        """Say so of the inner kind."""
        return f"one or more: {self.of.accepts}"

    def parse(self, argument: str, given: Any) -> tuple[Any, ...]:
        """Return the sorted distinct values."""
        if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
            given = [given]
        values = sorted({self.of.parse(argument, each) for each in given})
        if not values:
            msg = f"{argument} is an empty list; leave it out to filter nothing"
            raise ValueError(msg)
        return tuple(values)

    def encode(self, value: tuple[Any, ...]) -> list[Any]:
        """Return the list of encoded values."""
        return [self.of.encode(each) for each in value]


@dataclass(frozen=True)
class Number:
    """A number, not negative."""

    accepts: str = "number of seconds, not negative"

    def parse(self, argument: str, given: Any) -> float:
        """Return the number."""
        try:
            number = float("nan") if isinstance(given, bool) else float(given)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if not math.isfinite(number):
            msg = f"{argument} takes a {self.accepts}; not {_shown(given)}"
            raise TypeError(msg) if not isinstance(given, str | float) else ValueError(msg)
        if number < 0:
            msg = f"{argument} is {given}; it takes a {self.accepts}"
            raise ValueError(msg)
        return number

    def encode(self, value: float) -> float | int:
        """Return an integer where it is one."""
        return int(value) if value.is_integer() else value


@dataclass(frozen=True)
class Whole:
    """A whole number from 1 up."""

    accepts: str = "whole number from 1"

    def parse(self, argument: str, given: Any) -> int:
        """Return the number."""
        if isinstance(given, bool) or not isinstance(given, int):
            given = _unboxed(given, argument, self.accepts)
        if not isinstance(given, int):
            msg = f"{argument} takes a {self.accepts}, not {_shown(given)}"
            raise TypeError(msg)
        if given < 1:
            msg = f"{argument} is {given}; it takes a {self.accepts}"
            raise ValueError(msg)
        return given

    def encode(self, value: int) -> int:
        """Return the number."""
        return value


@dataclass(frozen=True)
class Flag:
    """True or False."""

    accepts: str = "True or False"

    def parse(self, argument: str, given: Any) -> bool:
        """Return the flag; nothing but a bool will do, since ``"false"`` is true in Python."""
        if type(given).__name__ in ("bool_", "bool"):
            return bool(given)
        msg = f"{argument} takes True or False, not {_shown(given)}"
        raise TypeError(msg)

    def encode(self, value: bool) -> bool:
        """Return the flag."""
        return value


@dataclass(frozen=True)
class Day:
    """A calendar day."""

    accepts: str = "YYYY-MM-DD, date or Timestamp"

    def parse(self, argument: str, given: Any) -> str:
        """Return the day as YYYY-MM-DD."""
        if not isinstance(given, str | date):
            msg = f"{argument} takes a day ({self.accepts}), not {_shown(given)}"
            raise TypeError(msg)
        try:
            text = given.strip() if isinstance(given, str) else given.strftime("%Y-%m-%d")
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError
            day = date.fromisoformat(text)
        except ValueError:
            msg = f"{argument}={given!r} is no day; it takes {self.accepts}, for example 2026-03-31"
            raise ValueError(msg) from None
        first, end = CALENDAR
        if not first <= day < end:
            msg = f"{argument}={text} is outside the years {first.year} to {end.year - 1}"
            raise ValueError(msg)
        return text

    def encode(self, value: str) -> str:
        """Return the day."""
        return value


@dataclass(frozen=True)
class Zone:
    """The name of a timezone."""

    accepts: str = "IANA name, for example Europe/Berlin"

    def parse(self, argument: str, given: Any) -> str:
        """Return the zone's name."""
        name = given.key if isinstance(given, zoneinfo.ZoneInfo) else given
        if not isinstance(name, str):
            msg = f"{argument} takes a timezone's name ({self.accepts}), not {_shown(given)}"
            raise TypeError(msg)
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            hint = nearest(name, zoneinfo.available_timezones())
            msg = f"{argument}={name!r} is no timezone known here{hint} It takes an {self.accepts}."
            raise ValueError(msg) from None
        return name

    def encode(self, value: str) -> str:
        """Return the name."""
        return value


def _unboxed(given: Any, argument: str, accepts: str) -> Any:
    """Turn a NumPy integer into Python's; refuse all that is no number."""
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        msg = f"{argument} takes {accepts}, not {_shown(given)}"
        raise TypeError(msg)
    return given.__index__()


def _encodable(argument: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        msg = f"{argument}={text!r} holds half of a surrogate pair, which no request can carry"
        raise ValueError(msg) from None
    return text


def _shown(given: Any) -> str:
    return f"{given!r} ({type(given).__name__})"
