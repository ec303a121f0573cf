"""What a filter takes: each kind of value parses what a person writes, and encodes what the API reads.

`parse` returns a canonical, hashable value, or raises a ``TypeError`` or ``ValueError`` that names the
argument, what was given and what is accepted. `encode` turns the canonical value into JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any, Protocol

import msgspec

from brightcall_pandas.frame import (
    Field,
    checked_region,
    choice,
    day_text,
    flag,
    not_one_of,
    number,
    type_error,
    value_error,
    whole,
    zone_name,
)

__all__ = [
    "Codes",
    "Country",
    "Day",
    "Flag",
    "Hours",
    "Identifier",
    "Many",
    "Number",
    "Text",
    "Value",
    "Whole",
    "Word",
    "Zone",
]


class Value(Protocol):
    """The kind of value that a filter takes."""

    @property
    def accepts(self) -> str:
        """What is accepted, in words."""

    def parse(self, argument: str, given: Any) -> Any:
        """Return the canonical value, or raise an error that says what is wrong with `given`."""

    def encode(self, value: Any) -> Any:
        """Return the value as the API's JSON has it."""


class Text:
    """Text."""

    accepts = "text"

    def parse(self, argument: str, given: Any) -> str:
        """Return the text as it is; empty text is refused."""
        if not isinstance(given, str):
            raise type_error(argument, self.accepts, given)
        if not given.strip():
            raise value_error(argument, given, "is empty; leave it out to filter nothing")
        return _encodable(argument, given)

    def encode(self, value: str) -> str:
        """Return the text."""
        return value


class Identifier(msgspec.Struct, frozen=True):
    """A label that is often a number: 500 and "500" are the same."""

    accepts: str = "text or a whole number"
    as_number: bool = False

    def parse(self, argument: str, given: Any) -> str:
        """Return the identifier as text."""
        if isinstance(given, float) and given.is_integer():
            given = int(given)  # what pandas makes of an integer beside a null
        if isinstance(given, bool) or not isinstance(given, str | Integral):
            raise type_error(argument, self.accepts, given)
        text = str(given).strip()
        if not text:
            raise value_error(argument, given, "is an empty identifier; leave it out to filter nothing")
        return _encodable(argument, text)

    def encode(self, value: str) -> str | int:
        """Return a number where the API has numbers and nothing is lost by it, else the text."""
        return int(value) if self.as_number and re.fullmatch(r"0|[1-9][0-9]{0,15}", value) else value


class Word(msgspec.Struct, frozen=True):
    """One of a closed set of words."""

    words: tuple[str, ...]

    @property
    def accepts(self) -> str:
        """List the words."""
        return "one of " + ", ".join(self.words)

    def parse(self, argument: str, given: Any) -> str:
        """Return the word in the spelling of the set; case does not matter."""
        by_fold = {word.casefold(): word for word in self.words}
        word = by_fold.get(str(given).strip().casefold())
        return choice(argument, given, self.words) if word is None else word

    def encode(self, value: str) -> str:
        """Return the word."""
        return value


class Codes(msgspec.Struct, frozen=True):
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
            raise not_one_of(argument, given, self.field.words, self.accepts.removeprefix("one of "))
        return label

    def encode(self, value: str) -> int:
        """Return the code."""
        return self.field.choices.index(value)


class Country:
    """A country, by its two letters."""

    accepts = "two letters of a country, for example DE"

    def parse(self, argument: str, given: Any) -> str:
        """Return both letters in capitals."""
        if not isinstance(given, str):
            raise type_error(argument, self.accepts, given)
        try:
            return str(checked_region(given))
        except ValueError:
            raise value_error(argument, given, f"is not a country; it takes {self.accepts}") from None

    def encode(self, value: str) -> str:
        """Return both letters."""
        return value


class Many(msgspec.Struct, frozen=True):
    """One or more values of another kind; order and repetition do not matter."""

    of: Value

    @property
    def accepts(self) -> str:
        """What the inner kind accepts, and that several will do."""
        one = self.of.accepts
        return f"one or more of {one[7:]}" if one.startswith("one of ") else f"{one}, or a list"

    def parse(self, argument: str, given: Any) -> tuple[Any, ...]:
        """Return the sorted distinct values."""
        if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
            given = [given]
        values = sorted({self.of.parse(argument, each) for each in given})
        if not values:
            raise value_error(argument, given, "is empty; leave it out to filter nothing")
        return tuple(values)

    def encode(self, value: tuple[Any, ...]) -> list[Any]:
        """Return the list of encoded values."""
        return [self.of.encode(each) for each in value]


class Number(msgspec.Struct, frozen=True):
    """A number, 0 or more; text that is a number will do."""

    accepts: str = "seconds, 0 or more"

    def parse(self, argument: str, given: Any) -> float:
        """Return the number."""
        if isinstance(given, str):
            try:
                given = float(given)
            except ValueError:
                raise value_error(argument, given, "is not a number") from None
        return number(argument, given)

    def encode(self, value: float) -> float | int:
        """Return an integer where the number is whole."""
        return int(value) if value.is_integer() else value


class Whole:
    """A whole number, 1 or more."""

    accepts = "whole number, 1 or more"

    def parse(self, argument: str, given: Any) -> int:
        """Return the number."""
        return whole(argument, given, 1)

    def encode(self, value: int) -> int:
        """Return the number."""
        return value


class Flag:
    """True or False."""

    accepts = "True or False"

    def parse(self, argument: str, given: Any) -> bool:
        """Return the flag."""
        return flag(argument, given)

    def encode(self, value: bool) -> bool:
        """Return the flag."""
        return value


class Hours:
    """The first and the last hour of a part of the day."""

    accepts = "first and last hour, 0 to 23, both inclusive, such as (9, 17)"

    def parse(self, argument: str, given: Any) -> tuple[int, int]:
        """Return both hours."""
        try:
            first, last = given
        except (TypeError, ValueError):
            raise type_error(argument, self.accepts, given) from None
        low, high = whole(argument, first, 0), whole(argument, last, 0)
        if not low <= high <= 23:
            problem = "is not a pair of hours from 0 to 23, the first not after the last, as (9, 17)"
            raise value_error(argument, given, problem)
        return low, high

    def encode(self, value: tuple[int, int]) -> list[int]:
        """Return both hours as a list."""
        return list(value)


class Day:
    """A calendar day."""

    accepts = "YYYY-MM-DD, date, Timestamp or a period such as 2026-03"

    def parse(self, argument: str, given: Any) -> str:
        """Return the day as YYYY-MM-DD."""
        return day_text(argument, given)

    def encode(self, value: str) -> str:
        """Return the day."""
        return value


class Zone:
    """The name of a timezone."""

    accepts = "IANA name, for example Europe/Berlin"

    def parse(self, argument: str, given: Any) -> str:
        """Return the zone's name."""
        return zone_name(argument, given)

    def encode(self, value: str) -> str:
        """Return the name."""
        return value


def _encodable(argument: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        problem = "holds half of a surrogate pair, which no request can carry"
        raise value_error(argument, text, problem) from None
    return text
