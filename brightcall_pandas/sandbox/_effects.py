"""What a world can plant: effects as data, checked when they are written down.

`EFFECTS`, `KINDS` and `MEASURES` are the table from which the generator draws, the errors quote, and
``docs/sandbox.md`` is held to. To add an effect, add a row here and the place in the generator that draws
what it moves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from difflib import get_close_matches
from numbers import Real
from typing import Any

from brightcall_pandas.errors import brief_dataclass, brief_errors
from brightcall_pandas.frame import FIELDS
from brightcall_pandas.sandbox._account import AI, LINES, PEOPLE, PROJECTS, TEAMS

__all__ = ["EFFECTS", "KINDS", "LARGEST", "MEASURES", "Effect", "Kind", "Measure", "What", "World"]

LARGEST = 8.0
"""Largest size of an effect, on either side: an odds ratio of 3,000."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True)
class What:
    """A thing that effects move.

    Parameters
    ----------
    scale
        ``"log odds"`` or ``"log"``.
    calls
        The calls that it concerns.
    moves
        What is moved, as a phrase.
    kinds
        Names in `KINDS` by which it can differ.
    measures
        Names in `MEASURES` with which it can grow.
    """

    scale: str
    calls: str
    moves: str
    kinds: tuple[str, ...]
    measures: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of unit: what it is, its units, other names of these, and whether each can have its own size."""

    doc: str
    values: tuple[str, ...] = ()
    aliases: Mapping[str, str] | None = None
    spread: bool = False


@dataclass(frozen=True)
class Measure:
    """A number that a call has, for effects whose size is per one of it; `timed` if it needs the second."""

    doc: str
    timed: bool = False


_PEOPLE = {str(each.user_id): each.extension for each in PEOPLE} | {
    each.name: each.extension for each in PEOPLE
}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

KINDS: dict[str, Kind] = {
    "agent": Kind(
        "the agent, by extension, user id or name; `AI` is the AI",
        (*(each.extension for each in PEOPLE), AI),
        _PEOPLE,
        spread=True,
    ),
    "team": Kind("the agent's team", tuple(TEAMS.values()), {str(key): TEAMS[key] for key in TEAMS}),
    "line": Kind("the line", LINES, spread=True),
    "project": Kind(
        "the project, by name or id",
        tuple(PROJECTS.values()),
        {str(key): name for key, name in PROJECTS.items()},
        spread=True,
    ),
    "direction": Kind("the direction of the call", tuple(FIELDS["type"].choices)),
    "hour": Kind("the hour in which the call begins", tuple(map(str, range(24))), spread=True),
    "weekday": Kind("the weekday", _WEEKDAYS, spread=True),
    "day": Kind("the day", spread=True),
    "month": Kind("the month of the year, 1 to 12", tuple(map(str, range(1, 13)))),
    "holiday": Kind("public holidays in Berlin", ("yes",)),
    "attempt": Kind("the attempt to reach the client, 1 to 8", tuple(map(str, range(1, 9)))),
    "source": Kind("where the client comes from: an `upload`, or a lead of the `web`", ("upload", "web")),
    "handed_over": Kind("calls that the AI handed over to a person", ("yes",)),
    "client": Kind("the client", spread=True),
}
"""Kinds of units. The position of a value is the code that the generator draws."""

MEASURES: dict[str, Measure] = {
    "weeks": Measure("weeks since the first day"),
    "season": Measure("the time of the year: 1 in the middle of January, -1 in the middle of July"),
    "list_weeks": Measure("weeks since the client's list was uploaded; 0 for other clients"),
    "lead_doublings": Measure(
        "how often the time since the lead arrived has doubled beyond an hour; 0 for other clients",
        timed=True,
    ),
    "attempts": Measure("attempts before this one"),
}

_TIME = ("hour", "weekday", "day", "month", "holiday")
_WHERE = ("line", "project")
_WHO = ("agent", "team")
_CLIENT = ("attempt", "source", "client")
_SLOW = ("weeks", "season")

EFFECTS: dict[str, What] = {
    "answer": What(
        "log odds",
        "outbound calls",
        "the odds that a call is answered",
        (*_WHO, *_WHERE, *_TIME, *_CLIENT),
        tuple(MEASURES),
    ),
    "positive": What(
        "log odds",
        "answered calls",
        "the odds of a positive outcome",
        (*_WHO, *_WHERE, "direction", *_TIME, *_CLIENT, "handed_over"),
        tuple(MEASURES),
    ),
    "talk_time": What(
        "log",
        "answered calls",
        "the talk time",
        (*_WHO, *_WHERE, "direction", *_TIME, *_CLIENT),
        tuple(MEASURES),
    ),
    "handover": What(
        "log odds",
        "answered calls of the AI",
        "the odds that it hands over to a person",
        (*_WHERE, *_TIME, *_CLIENT),
        tuple(MEASURES),
    ),
    "patience": What(
        "log", "inbound calls", "how long a caller would wait before giving up", (*_WHERE, *_TIME), _SLOW
    ),
    "wait": What(
        "log", "inbound calls", "how long it takes until someone could answer", (*_WHERE, *_TIME), _SLOW
    ),
    "volume": What(
        "log",
        "calls",
        "how many there are, compared with the others",
        ("direction", *_TIME, "project", *_WHO),
        _SLOW,
    ),
}
"""What effects move."""


@brief_dataclass
@dataclass(frozen=True)
class Effect:
    """One thing that differs, where, by how much and when.

    Parameters
    ----------
    what
        What is moved: ``"answer"``, ``"positive"``, ``"talk_time"``, ``"handover"``, ``"patience"``,
        ``"wait"`` or ``"volume"``.
    unit
        Where: ``"line:+49305550101"``, ``"team:North"``, ``"hour:17"`` …; a kind alone, such as ``"agent"``,
        gives each of its units a size of its own; None is everywhere.
    size
        By how much, in log odds (``answer``, ``positive``, ``handover``) or as a logarithm (the others):
        ``-0.7`` halves the odds, or the talk time. Where `unit` is a kind alone, the standard deviation of
        the sizes. Thousandths count.
    from_day, to_day
        First and last day: a date, or a share of the sandbox's days from 0 to 1 (``from_day=0.5`` begins in
        the middle, ``to_day=0.5`` ends just before it). None is the first, or the last.
    moderator
        What makes it larger or smaller: a unit, outside of which it is nothing (``"direction:inbound"``), or
        a measure of which `size` is per one (``"weeks"``, ``"list_weeks"`` …).

    Raises
    ------
    ValueError
        A name does not exist, a size is not a finite number, a day is not a date, or they do not go together.

    Examples
    --------
    >>> Effect("answer", "agent:Ada", 0.4, from_day="2026-03-16")
    Effect(what='answer', unit='agent:101', size=0.4, from_day='2026-03-16', to_day=None, moderator=None)
    """

    what: str
    unit: str | None = None
    size: float = 0.0
    from_day: str | date | float | None = None
    to_day: str | date | float | None = None
    moderator: str | None = None

    def __post_init__(self) -> None:
        what = EFFECTS.get(self.what) if isinstance(self.what, str) else None
        if what is None:
            raise _unknown("what", self.what, EFFECTS)
        unit, moderator = self.unit, self.moderator
        if unit is not None:
            unit = _checked_unit("unit", unit, self.what, what.kinds, alone=True)
        if moderator is not None and moderator not in what.measures:
            moderator = _checked_moderator(moderator, self.what, what)
        changed = {
            "unit": unit,
            "size": _checked_size(self),
            "from_day": _checked_day("from_day", self.from_day),
            "to_day": _checked_day("to_day", self.to_day),
            "moderator": moderator,
        }
        for name, value in changed.items():
            object.__setattr__(self, name, value)
        _check_together(self)

    @property
    def kind(self) -> str | None:
        """Name the kind of its unit, None where it is everywhere."""
        return None if self.unit is None else self.unit.partition(":")[0]

    @property
    def is_spread(self) -> bool:
        """Tell whether each unit of its kind has a size of its own."""
        return self.unit is not None and ":" not in self.unit

    @property
    def kinds(self) -> set[str]:
        """Name the kinds of units that it needs to know of a call."""
        return {name.partition(":")[0] for name in (self.unit, self.moderator) if name} - set(MEASURES)


@dataclass(frozen=True, init=False)
class World:
    """What differs in a sandbox: a name and its effects.

    Parameters
    ----------
    name
        Letters, digits, ``_`` and ``-``; a combination has a ``+`` between the names.
    effects
        Each an `Effect`, or its arguments as a tuple or mapping.
    doc
        What it is like, as a sentence.

    Raises
    ------
    ValueError
        The name or an effect is not valid; the message names it.

    Examples
    --------
    >>> world = World("tired", [("answer", "weekday:Friday", -0.3), {"what": "wait", "size": 0.5}])
    >>> [effect.unit for effect in world.effects]
    ['weekday:Friday', None]
    """

    name: str
    effects: tuple[Effect, ...]
    doc: str

    @brief_errors
    def __init__(
        self,
        name: str,
        effects: Iterable[Effect | Sequence[Any] | Mapping[str, Any]] = (),
        doc: str = "",
    ) -> None:
        if not isinstance(name, str) or not all(map(_NAME.fullmatch, name.split("+"))):
            msg = f"name={name!r} is not a name of a world: letters, digits, _ and -, at most 40 of them"
            raise ValueError(msg)
        if isinstance(effects, (str, Mapping, Effect)) or not isinstance(effects, Iterable):
            msg = f"world {name!r}: effects={effects!r} is not a list of effects"
            raise ValueError(msg)
        if not isinstance(doc, str):
            msg = f"world {name!r}: doc={doc!r} is not text"
            raise ValueError(msg)
        planted = dict.fromkeys(_effect(name, n, each) for n, each in enumerate(effects, 1))
        for field, value in (("name", name), ("effects", tuple(planted)), ("doc", doc)):
            object.__setattr__(self, field, value)

    def __add__(self, other: World) -> World:
        """Return the world that has the effects of both."""
        if not isinstance(other, World):
            return NotImplemented
        names = dict.fromkeys([*self.name.split("+"), *other.name.split("+")])
        docs = dict.fromkeys(filter(None, (self.doc, other.doc)))
        return World("+".join(names), (*self.effects, *other.effects), " ".join(docs))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values, which `from_dict` reads."""
        return asdict(self) | {"effects": [asdict(each) for each in self.effects]}

    @classmethod
    def from_dict(cls, given: Any) -> World:
        """Return the world that `to_dict` wrote, or that a person wrote as JSON."""
        if not isinstance(given, Mapping) or not {"name"} <= set(given) <= {"name", "effects", "doc"}:
            msg = 'a world is a JSON object: {"name": "mine", "effects": [["answer", "team:North", 0.4]]}'
            raise ValueError(msg)
        return cls(**given)


_FIELDS = tuple(each.name for each in fields(Effect))
_CHOSEN = ("project", "agent", "team")


def _effect(name: str, number: int, given: Any) -> Effect:
    if isinstance(given, Effect):
        return given
    try:
        if isinstance(given, Mapping):
            if unknown := [each for each in given if each not in _FIELDS]:
                raise _unknown("argument", unknown[0], _FIELDS)
            return Effect(**given)
        if isinstance(given, (tuple, list)) and 1 <= len(given) <= len(_FIELDS):
            return Effect(*given)
        msg = f"{given!r} is not an effect: ({', '.join(_FIELDS)}), a mapping, or an Effect"
        raise ValueError(msg)
    except (ValueError, TypeError) as error:
        msg = f"world {name!r}, effect {number}: {error}"
        raise ValueError(msg) from None


def _unknown(name: str, given: object, known: Iterable[str]) -> ValueError:
    names = list(known)
    near = get_close_matches(str(given), names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; choose from {', '.join(names)}"
    return ValueError(f"{name}={given!r} does not exist{hint}")


def _checked_size(effect: Effect) -> float:
    size = effect.size
    if isinstance(size, bool) or not isinstance(size, Real) or not math.isfinite(size):
        msg = f"size={size!r} is not a number"
        raise ValueError(msg)
    if abs(float(size)) > LARGEST:
        msg = f"size={size!r} is too large: from {-LARGEST:g} to {LARGEST:g}, on the scale of logarithms"
        raise ValueError(msg)
    return round(float(size), 3)


def _checked_unit(name: str, given: object, what: str, kinds: tuple[str, ...], *, alone: bool) -> str:
    if not isinstance(given, str):
        msg = f'{name}={given!r} is not a unit: "kind:value", with a kind of {", ".join(kinds)}'
        raise ValueError(msg)
    kind, colon, value = (part.strip() for part in given.partition(":"))
    if kind not in KINDS:
        raise _unknown(name, given, KINDS)
    if kind not in kinds:
        msg = f"{name}={given!r}: {what} cannot differ by {kind}; it can by {', '.join(kinds)}"
        raise ValueError(msg)
    units = KINDS[kind]
    if not colon:
        if alone and units.spread:
            return kind
        examples = ", ".join(f"{kind}:{each}" for each in units.values[:3])
        msg = f"{name}={given!r} names no unit; say which one, for example {examples}"
        raise ValueError(msg)
    if not units.values:
        msg = f"{name}={given!r}: single ones cannot be named, only all of them: {kind!r}"
        raise ValueError(msg)
    names = {each.casefold(): each for each in units.values}
    names |= {other.casefold(): each for other, each in (units.aliases or {}).items()}
    if value.casefold() not in names:
        msg = f"{name}={given!r}: there is no {kind} {value!r}; choose from {', '.join(units.values)}"
        raise ValueError(msg)
    return f"{kind}:{names[value.casefold()]}"


def _checked_moderator(given: object, what: str, of: What) -> str:
    if isinstance(given, str) and ":" not in given:
        if given in MEASURES:
            msg = f"moderator={given!r}: {what} cannot grow with it; it can with {', '.join(of.measures)}"
            raise ValueError(msg)
        raise _unknown("moderator", given, [*of.measures, *(f"{kind}:…" for kind in of.kinds)])
    return _checked_unit("moderator", given, what, of.kinds, alone=False)


def _checked_day(name: str, given: object) -> str | float | None:
    if given is None:
        return None
    if isinstance(given, datetime):
        given = given.date()
    if isinstance(given, date):
        return given.isoformat()
    if isinstance(given, str):
        try:
            return date.fromisoformat(given).isoformat()
        except ValueError:
            pass
    elif isinstance(given, (int, float)) and not isinstance(given, bool) and 0 <= given <= 1:
        return float(given)
    msg = f"{name}={given!r} is neither a date, YYYY-MM-DD, nor a share of the days from 0 to 1"
    raise ValueError(msg)


def _check_together(effect: Effect) -> None:
    first, last = effect.from_day, effect.to_day
    if type(first) is type(last) and first is not None and first > last:  # type: ignore[operator]
        msg = f"from_day={first!r} is after to_day={last!r}"
        raise ValueError(msg)
    if effect.is_spread and effect.size < 0:
        msg = f"size={effect.size!r} is the standard deviation of {effect.unit}s here, and cannot be negative"
        raise ValueError(msg)
    if effect.moderator is not None and effect.moderator.partition(":")[0] == effect.kind:
        msg = f"unit={effect.unit!r} and moderator={effect.moderator!r} are of one kind"
        raise ValueError(msg)
    if effect.what == "volume":
        _check_volume(effect)


def _check_volume(effect: Effect) -> None:
    given = effect.moderator
    moderator = None if given is None else given.partition(":")[0]
    if effect.unit is None and effect.from_day is effect.to_day is moderator is None:
        msg = "volume needs a unit, days or a moderator: how many calls there are in all is given"
        raise ValueError(msg)
    chosen = effect.kind in _CHOSEN
    if moderator in _CHOSEN or (chosen and moderator in ("direction", "hour")):
        what = f"{effect.kind} is chosen by the day" if chosen else "the time of a call comes first"
        msg = f"moderator={given!r}: volume of unit={effect.unit!r} cannot depend on it, since {what}"
        raise ValueError(msg)
