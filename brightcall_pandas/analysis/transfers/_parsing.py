"""Read the texts of ``numbersInvolvedJSON`` and ``transfers``: the parties of a call, in order.

The vendor does not say what these texts look like, so every form that makes sense is read, and a form
that does not is named and left unread: `Shape` lists them, `Shape.readable` says which are which.
No text makes this raise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from brightcall_pandas.frame import php_list, remembered

__all__ = [
    "SHAPES",
    "TIME_KEYS",
    "Flags",
    "Integers",
    "Parsed",
    "Shape",
    "Texts",
    "parse",
    "plain_key",
    "read_texts",
    "sort_key",
]

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_T = TypeVar("_T")


class Step(NamedTuple):
    """A party that took the call, and when.

    `origin` is None for a party on its own. For a transfer it is the party that transferred the call, or
    ``""`` where the text does not name it.
    """

    party: str
    origin: str | None
    time: Any


# Keys are compared in lower case without "_" and "-". Earlier ones win.
_NUMBER_KEYS = (
    "number", "phone", "phonenumber", "ext", "extension", "shortnumber", "agentshortnumber", "party",
)  # fmt: skip
_PERSON_KEYS = ("agent", "agentid", "user", "userid", "name")
_FROM_KEYS = (
    "from", "fromnumber", "fromext", "fromextension", "fromagent", "fromagentid", "fromuser", "fromuserid",
    "transferredfrom", "source", "src",
)  # fmt: skip
_TO_KEYS = (
    "to", "tonumber", "toext", "toextension", "toagent", "toagentid", "touser", "touserid",
    "transferredto", "target", "destination", "dst",
)  # fmt: skip
TIME_KEYS = ("timestamp", "time", "at", "date", "datetime", "startedat", "starttime", "start", "createdat")

_LARGEST = 10**30  # a larger integer is not a phone number
_MILLISECONDS_FROM = 1e11
_EPOCHS = (1e9, 7.26e9)  # from 2001 to 2200; a number outside may be a duration, a position, anything


def step_of(item: Any) -> Step | None:
    """Return the party or transfer that an element describes; None if it is neither."""
    if not isinstance(item, dict):
        label = _label(item)
        return Step(label, None, None) if label else None
    known = _known(tuple(item))
    if number := _first(item, known.numbers, _party):
        return Step(number, None, time_of(item))
    if target := _first(item, known.targets, _party):
        return Step(target, _first(item, known.origins, _party) or "", time_of(item))
    if _first(item, known.origins, _party):
        return None  # a transfer without a target
    person = _first(item, known.people, _party)
    return Step(person, None, time_of(item)) if person else None


def _party(value: Any) -> str | None:
    """Return the label of a value, or of the small object that describes a party."""
    if isinstance(value, dict):
        known = _known(tuple(value))
        return _first(value, known.numbers + known.people, _label)
    return _label(value)


def _label(value: Any) -> str | None:
    if isinstance(value, str):
        return value if value.strip() else None
    match value:
        case bool():
            return None
        case int():
            return str(value) if abs(value) < _LARGEST else None
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < _LARGEST else None
    return None


def is_blank(value: Any) -> bool:
    """Return whether a value names nobody: null or blank text."""
    return value is None or (isinstance(value, str) and not value.strip())


def time_of(item: Any) -> Any:
    """Return the time of an element as it is written; None if it has none.

    Times are ISO texts with a time of day, and epochs in seconds or milliseconds.
    """
    if not isinstance(item, dict):
        return None
    return _first(item, _known(tuple(item)).times, lambda time: time if sort_key(time) else None)


def sort_key(time: Any) -> tuple[str, float] | None:
    """Return the kind of a time, within which times compare, and its value."""
    match time:
        case bool():
            return None
        case int() | float():
            seconds = time / 1000 if _MILLISECONDS_FROM <= time < _LARGEST else time
            return ("epoch", float(seconds)) if _EPOCHS[0] <= seconds < _EPOCHS[1] else None
        case str():
            return _moment(time.strip())
    return None


def _moment(text: str) -> tuple[str, float] | None:
    if len(text) <= len("2026-03-29"):
        return None
    try:
        stamp = datetime.fromisoformat(text)
        if stamp.tzinfo is None:
            return "naive", stamp.replace(tzinfo=UTC).timestamp()
        return "zoned", stamp.timestamp()
    except (ValueError, OverflowError):
        return None


def plain_key(key: str) -> str:
    """Return a key as it is compared."""
    return key.lower().replace("_", "").replace("-", "")


class _Known(NamedTuple):
    """Keys of an object that mean something, as the object writes them; those that win come first."""

    numbers: tuple[str, ...]
    people: tuple[str, ...]
    origins: tuple[str, ...]
    targets: tuple[str, ...]
    times: tuple[str, ...]


@lru_cache(maxsize=4096)  # the objects of a column have few sets of keys
def _known(keys: tuple[str, ...]) -> _Known:
    plain = {plain_key(key): key for key in keys}
    wanted = (_NUMBER_KEYS, _PERSON_KEYS, _FROM_KEYS, _TO_KEYS, TIME_KEYS)
    return _Known(*(tuple(plain[name] for name in names if name in plain) for names in wanted))


def _first(item: dict[str, Any], keys: Sequence[str], read: Callable[[Any], _T | None]) -> _T | None:
    """Return the first value under `keys` that `read` makes something of."""
    for key in keys:
        if (found := read(item[key])) is not None:
            return found
    return None


class Shape(StrEnum):
    """The form of a text."""

    NULL = "null"
    EMPTY = "empty"
    NUMBERS = "list of numbers"
    OBJECTS = "list of objects"
    KEYED = "object keyed by number"
    TEXT = "comma-separated text"
    TRANSFERS = "list of transfers"
    NO_ORIGIN = "transfers without origin"
    UNKNOWN = "unknown structure"
    BROKEN = "broken text"

    @property
    def readable(self) -> bool:
        """Whether the parties are known, even if there are none."""
        return self not in (Shape.NO_ORIGIN, Shape.UNKNOWN, Shape.BROKEN)


SHAPES = tuple(Shape)
"""Every shape, in the order of tables."""


class Parsed(NamedTuple):
    """A text that was read.

    Parameters
    ----------
    shape
        Form of the text.
    parties
        Labels in order, verbatim; empty when unreadable.
    times
        When each party took the call, as it is written (None where it is not); empty if the text has no
        time at all.
    """

    shape: Shape
    parties: tuple[str, ...] = ()
    times: tuple[Any, ...] = ()


_ODD = re.compile(r"[\[\]{}\"'\\;|<>]")  # not part of a number: text that has one is something else
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\s*[+*#(]?\d[\d\s().*#/-]*")

_list_of_text = msgspec.json.Decoder(list[str]).decode
_anything = msgspec.json.Decoder().decode


def parse(text: str | None) -> Parsed:
    """Return the parties that one text names.

    Parameters
    ----------
    text
        A list of numbers or of objects (or an object by position, as PHP may write it), an object keyed by
        number, comma-separated text, or null.

    Returns
    -------
    Parsed
        Form, labels and times. An unreadable text has no labels.

    Notes
    -----
    JSON integers become text; nulls and blank texts in a list are not parties. A list with one element
    that cannot be understood is unreadable as a whole, because a chain with a gap would count
    transfers that never happened. If every element has a time, they are sorted by it. In comma-separated
    text each part must contain a digit.

    An object is a transfer when it names a target (``to`` …) and no number of its own. Its origin is
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
    if text.startswith("[{"):
        return _other(text.strip())
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
    items = [each for each in php_list(document) or [] if not is_blank(each)]
    if any(step_of(each) is not None for each in items) and not any(map(sort_key, items)):
        return _list(items)
    if all(map(_NUMBER.fullmatch, document)):
        return _legs(
            [Step(key.strip(), None, time_of(value)) for key, value in document.items()], Shape.KEYED
        )
    return _list([document])


def _list(items: Sequence[Any]) -> Parsed:
    steps = [step for item in items if (step := step_of(item)) is not None]
    if len(steps) < len(items):
        return Parsed(Shape.UNKNOWN)
    transfers = sum(step.origin is not None for step in steps)
    if transfers:
        return _transfers(steps) if transfers == len(steps) else Parsed(Shape.UNKNOWN)
    if any(isinstance(item, dict) for item in items):
        return _legs(steps, Shape.OBJECTS)
    return _numbers([step.party for step in steps])


def _numbers(labels: Sequence[str]) -> Parsed:
    return Parsed(Shape.NUMBERS, tuple(labels)) if labels else Parsed(Shape.EMPTY)


def _legs(steps: Sequence[Step], shape: Shape) -> Parsed:
    steps = _in_time_order(steps)
    return _timed(shape, [step.party for step in steps], [step.time for step in steps])


def _transfers(steps: Sequence[Step]) -> Parsed:
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
    return _timed(Shape.TRANSFERS, parties, times)


def _timed(shape: Shape, parties: Sequence[str], times: Sequence[Any]) -> Parsed:
    known = any(time is not None for time in times)
    return Parsed(shape, tuple(parties), tuple(times) if known else ())


def _in_time_order(steps: Sequence[Step]) -> Sequence[Step]:
    keys = [key for step in steps if (key := sort_key(step.time)) is not None]
    if len(keys) < len(steps) or len({kind for kind, _ in keys}) > 1:
        return steps  # some times are missing or do not compare: keep the order of the text
    return [steps[position] for position in sorted(range(len(steps)), key=keys.__getitem__)]


_BATCH = 64  # small, so that one irregular text costs little
_lines = msgspec.json.Decoder(tuple[str, ...]).decode_lines


class Texts(msgspec.Struct, frozen=True):
    """The distinct texts of a column, parsed.

    Parameters
    ----------
    rows
        Position of each row's text.
    texts
        The distinct texts; null is one.
    shapes
        Position in `SHAPES` of each text's form.
    parties
        Labels that each text names.
    times
        When each party took the call, by position of the text; only texts that have times.
    """

    rows: Integers
    texts: list[str | None]
    shapes: NDArray[np.int8]
    parties: list[tuple[str, ...]]
    times: dict[int, tuple[Any, ...]]

    def are(self, *shapes: Shape) -> Flags:
        """Return which texts have one of these forms."""
        return np.isin(self.shapes, [SHAPES.index(shape) for shape in shapes])

    @property
    def readable(self) -> Flags:
        """Which texts could be read."""
        return self.are(*(shape for shape in SHAPES if shape.readable))

    @property
    def named(self) -> Flags:
        """Which texts name anybody."""
        return np.fromiter(map(bool, self.parties), bool, len(self.parties))

    def __add__(self, other: Texts) -> Texts:
        """Return the texts of both, one after the other, keeping the rows of the first."""
        shift = len(self.texts)
        return Texts(
            self.rows,
            self.texts + other.texts,
            np.concatenate([self.shapes, other.shapes]),
            self.parties + other.parties,
            self.times | {place + shift: times for place, times in other.times.items()},
        )

    def chosen(self, rows: Integers) -> Texts:
        """Return the texts that other rows use, given the position of each row's text."""
        used = np.flatnonzero(np.bincount(rows, minlength=len(self.texts)))
        kept = set(used.tolist())
        places = np.zeros(len(self.texts), dtype=np.int64)
        places[used] = np.arange(len(used))
        return Texts(
            places[rows],
            [self.texts[place] for place in used],
            self.shapes[used],
            [self.parties[place] for place in used],
            {int(places[place]): times for place, times in self.times.items() if place in kept},
        )


def read_texts(column: pd.Series) -> Texts:
    """Return the parsed texts of a column (str); nobody may change them."""
    return remembered(column, "texts of chains", lambda: _read(column), worth=_repeat)


def _repeat(texts: Texts) -> bool:
    """Tell whether texts repeat; of others, Python's objects would take more memory than the column."""
    return len(texts.texts) * 4 <= len(texts.rows)


def _read(column: pd.Series) -> Texts:
    array = pa.array(column, pa.large_string(), from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    encoded = array.dictionary_encode(null_encoding="encode")
    rows = encoded.indices.to_numpy().astype(np.int64)
    texts = encoded.dictionary.to_pylist()
    shapes = np.full(len(texts), SHAPES.index(Shape.NUMBERS), dtype=np.int8)
    parties: list[tuple[str, ...]] = [()] * len(texts)
    times: dict[int, tuple[Any, ...]] = {}
    for place in _read_plain(texts, parties):
        parsed = parse(texts[place])
        shapes[place], parties[place] = SHAPES.index(parsed.shape), parsed.parties
        if parsed.times:
            times[place] = parsed.times
    return Texts(rows, texts, shapes, parties, times)


def _read_plain(texts: Sequence[str | None], parties: list[tuple[str, ...]]) -> list[int]:
    """Put the labels of plain lists into `parties`; return the positions of all other texts."""
    plain: list[int] = []
    others: list[int] = []
    for place, text in enumerate(texts):
        (plain if text and text[:2] == '["' and text[-2:] == '"]' else others).append(place)
    for start in range(0, len(plain), _BATCH):
        places = plain[start : start + _BATCH]
        chains = _decoded("\n".join([texts[place] or "" for place in places]), len(places))
        for place, chain in zip(places, chains, strict=False):
            parties[place] = chain
        if not chains:
            others += places
    return others


def _decoded(lines: str, count: int) -> list[tuple[str, ...]]:
    r"""Return the list in each line, or nothing if any is not plain.

    Each line begins with ``["`` and ends with ``"]``, and no string or flat list can continue on the next
    line. So a line has at least one list, and as many lists as lines means that each has exactly one.
    Escapes and what might be a blank label are left to `parse`.
    """
    odd = '""' in lines or '" ' in lines or "\\" in lines or not lines.isascii()
    if odd or lines.count("\n") != count - 1:
        return []
    try:
        chains = _lines(lines)
    except msgspec.DecodeError:
        return []
    return chains if len(chains) == count else []
