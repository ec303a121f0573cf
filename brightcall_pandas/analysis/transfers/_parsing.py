"""One text of ``numbersInvolvedJSON`` or ``transfers`` to the parties of a call, in order.

The vendor does not say what these texts look like, so every form that makes sense is read, and a form
that does not is named and left unread: `Shape` lists them, `Shape.readable` says which are which.
Nothing here raises because of a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from brightcall_pandas.analysis.transfers._elements import Step, is_blank, sort_key, step_of, time_of

__all__ = ["SHAPES", "Parsed", "Shape", "parse"]


class Shape(StrEnum):
    """What a text turned out to be."""

    NULL = "null"
    EMPTY = "empty"
    NUMBERS = "list of numbers"
    OBJECTS = "list of objects"
    KEYED = "object keyed by number"
    TEXT = "comma-separated text"
    HANDOVERS = "list of hand-overs"
    NO_ORIGIN = "hand-overs without origin"
    UNKNOWN = "unknown structure"
    BROKEN = "broken text"

    @property
    def readable(self) -> bool:
        """Whether the parties are known: also that there are none."""
        return self not in (Shape.NO_ORIGIN, Shape.UNKNOWN, Shape.BROKEN)


SHAPES = tuple(Shape)
"""Every shape, in the order of tables."""


class Parsed(NamedTuple):
    """A text that was read.

    Parameters
    ----------
    shape
        What the text turned out to be.
    parties
        Labels in order, verbatim; empty when unreadable.
    times
        When each party took the call, as the text says it (None where it does not); empty when it says
        no time at all.
    """

    shape: Shape
    parties: tuple[str, ...] = ()
    times: tuple[Any, ...] = ()


_ODD = re.compile(r"[\[\]{}\"'\\;|<>]")  # no part of a number; text that has one was meant as something else
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\s*[+*#(]?\d[\d\s().*#/-]*")

_list_of_text = msgspec.json.Decoder(list[str]).decode
_anything = msgspec.json.Decoder().decode


def parse(text: str | None) -> Parsed:
    """Read the parties of one text.

    Parameters
    ----------
    text
        A list of numbers or of objects, an object keyed by number, comma-separated text, or null.

    Returns
    -------
    Parsed
        Shape, labels and times. An unreadable text has no labels.

    Notes
    -----
    JSON integers become text; nulls and blank texts in a list are no parties. A list with one element
    that cannot be understood is unreadable as a whole, because a chain with a hole would count wrong
    hand-overs. Elements that all carry a time are put in its order. In comma-separated text each part
    must contain a digit.

    An object is a hand-over when it names a target (``to`` …) and no number of its own. Who hands over is
    the party that took the call last; where an object names another origin, the call must have gone there
    in between, and that step is part of the chain: ``a to b, a to c`` reads ``a, b, a, c``.

    Examples
    --------
    >>> parse('["101", 102]').parties
    ('101', '102')
    >>> parse('[{"from": "101", "to": "102"}, {"from": "102", "to": "7"}]').parties
    ('101', '102', '7')
    >>> parse('["101", ').shape.value
    'broken text'
    """
    if text is None:
        return Parsed(Shape.NULL)
    try:
        parties = _list_of_text(text)
    except (msgspec.DecodeError, RecursionError):
        return _other(text.strip())
    return _numbers([each for each in parties if each.strip()])


def _other(text: str) -> Parsed:
    if not text.startswith(("[", "{", '"')):
        return _separated(text)  # a bare number too, which JSON would rewrite ("0049…", "1e5")
    try:
        document = _anything(text)
    except (msgspec.DecodeError, RecursionError):
        return Parsed(Shape.BROKEN)
    if isinstance(document, dict):
        return _object(document)
    if isinstance(document, list):
        return _list([each for each in document if not is_blank(each)])
    inner = document.strip()  # JSON that was encoded twice, or a quoted list
    return parse(inner) if inner.startswith(("[", "{")) else _separated(inner)


def _separated(text: str) -> Parsed:
    if text in ("", "null"):
        return Parsed(Shape.EMPTY)
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words and not _ODD.search(text) and all(map(_DIGIT.search, words)):
        return Parsed(Shape.TEXT, tuple(words))
    return Parsed(Shape.BROKEN)


def _object(document: dict[str, Any]) -> Parsed:
    if not document:
        return Parsed(Shape.EMPTY)
    if all(map(_NUMBER.fullmatch, document)):
        return _legs(
            [Step(key.strip(), None, time_of(value)) for key, value in document.items()], Shape.KEYED
        )
    return _list([document])


def _list(items: Sequence[Any]) -> Parsed:
    steps = [step for item in items if (step := step_of(item)) is not None]
    if len(steps) < len(items):
        return Parsed(Shape.UNKNOWN)
    handed = sum(step.origin is not None for step in steps)
    if handed:
        return _handovers(steps) if handed == len(steps) else Parsed(Shape.UNKNOWN)
    if any(isinstance(item, dict) for item in items):
        return _legs(steps, Shape.OBJECTS)
    return _numbers([step.party for step in steps])


def _numbers(labels: Sequence[str]) -> Parsed:
    return Parsed(Shape.NUMBERS, tuple(labels)) if labels else Parsed(Shape.EMPTY)


def _legs(steps: Sequence[Step], shape: Shape) -> Parsed:
    steps = _in_time_order(steps)
    return _timed(shape, [step.party for step in steps], [step.time for step in steps])


def _handovers(steps: Sequence[Step]) -> Parsed:
    steps = _in_time_order(steps)
    if not steps[0].origin:
        return Parsed(Shape.NO_ORIGIN)
    parties, times = [steps[0].origin], [None]
    for step in steps:
        if step.origin and step.origin != parties[-1]:
            parties.append(step.origin)
            times.append(None)
        parties.append(step.party)
        times.append(step.time)
    return _timed(Shape.HANDOVERS, parties, times)


def _timed(shape: Shape, parties: Sequence[str], times: Sequence[Any]) -> Parsed:
    known = any(time is not None for time in times)
    return Parsed(shape, tuple(parties), tuple(times) if known else ())


def _in_time_order(steps: Sequence[Step]) -> Sequence[Step]:
    keys = [key for step in steps if (key := sort_key(step.time)) is not None]
    if len(keys) < len(steps) or len({kind for kind, _ in keys}) > 1:
        return steps  # without a time each, or with times that do not compare, the order of the text stands
    return [steps[position] for position in sorted(range(len(steps)), key=keys.__getitem__)]
