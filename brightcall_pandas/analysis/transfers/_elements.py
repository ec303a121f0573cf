"""One element of a list or object of numbers: which party it names, who handed over, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

__all__ = ["TIME_KEYS", "Step", "is_blank", "plain_key", "sort_key", "step_of", "time_of"]

_T = TypeVar("_T")


class Step(NamedTuple):
    """A party that took the call, and when.

    `origin` is None for a party on its own; of a hand-over it is the one who handed over, or ``""``
    where the text does not say who.
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

_LARGEST = 10**30  # an integer above it is no number of a phone
_MILLISECONDS_FROM = 1e11
_EPOCHS = (1e9, 7.26e9)  # from 2001 to 2200; a number outside may be a duration, a position, anything


def step_of(item: Any) -> Step | None:
    """Read one element: a party, a hand-over, or None when it is neither."""
    if not isinstance(item, dict):
        label = _label(item)
        return Step(label, None, None) if label else None
    plain = _plain(item)
    if number := _first(plain, _NUMBER_KEYS, _party):
        return Step(number, None, time_of(item))
    if target := _first(plain, _TO_KEYS, _party):
        return Step(target, _first(plain, _FROM_KEYS, _party) or "", time_of(item))
    if _first(plain, _FROM_KEYS, _party):
        return None  # handed over to nobody knows whom
    person = _first(plain, _PERSON_KEYS, _party)
    return Step(person, None, time_of(item)) if person else None


def _party(value: Any) -> str | None:
    """Return the label of a value, or of the small object that describes a party."""
    if isinstance(value, dict):
        return _first(_plain(value), _NUMBER_KEYS + _PERSON_KEYS, _label)
    return _label(value)


def _label(value: Any) -> str | None:
    match value:
        case bool():
            return None
        case str():
            return None if is_blank(value) else value
        case int():
            return str(value) if abs(value) < _LARGEST else None
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < _LARGEST else None
    return None


def is_blank(value: Any) -> bool:
    """Tell whether a value names nobody: null or blank text."""
    return value is None or (isinstance(value, str) and not value.strip())


def time_of(item: Any) -> Any:
    """Return the time that an element tells, as it tells it; None when it tells none.

    Times are ISO texts with a time of day, and epochs in seconds or milliseconds.
    """
    if not isinstance(item, dict):
        return None
    return _first(_plain(item), TIME_KEYS, lambda time: time if sort_key(time) else None)


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


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {plain_key(key): value for key, value in item.items()}


def _first(item: dict[str, Any], keys: Sequence[str], read: Callable[[Any], _T | None]) -> _T | None:
    """Return the first value under `keys` that `read` makes something of."""
    return next((found for key in keys if (found := read(item.get(key))) is not None), None)
