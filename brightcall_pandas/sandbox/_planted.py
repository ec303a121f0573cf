"""Effects on the days of a sandbox: which days they cover, what each unit got, and what that does to calls.

Sizes are whole thousandths from here on, and probabilities whole millionths out of one table, so that a seed
gives the same calls on every platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from brightcall_pandas.sandbox._account import LINES, PROJECTS, Staff
from brightcall_pandas.sandbox._draw import NONE
from brightcall_pandas.sandbox._effects import KINDS, MEASURES, Effect, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from brightcall_pandas.sandbox._draw import Flags, Integers

__all__ = [
    "AI_CODE",
    "FAR",
    "Known",
    "Planted",
    "checked_on_days",
    "code_of",
    "day_codes",
    "day_measures",
    "factor",
    "holidays",
    "log_odds",
    "plant",
    "probability",
    "total",
]

AI_CODE = -2
"""Code of the AI among agents, whatever seat it has."""

FAR = 20_000
_PROBABILITY = np.rint(1e6 / (1 + np.exp(-np.arange(-FAR, FAR + 1) / 1000))).astype(np.int32)
_FACTOR = np.rint(1e6 * np.exp(np.arange(-FAR // 2, FAR // 2 + 1) / 1000)).astype(np.int64)
_SCORES = np.array([round(1000 * NormalDist().inv_cdf((n + 0.5) / 1000)) for n in range(1000)])


def probability(log_odds: Integers) -> Integers:
    """Return probabilities in millionths, of log odds in thousandths."""
    return _PROBABILITY[np.clip(log_odds, -FAR, FAR) + FAR]


def log_odds(share: float) -> int:
    """Return the log odds of a probability, in thousandths."""
    return int(np.rint(1000 * np.log(share / (1 - share))))


def factor(log: Integers) -> Integers:
    """Return factors in millionths, of logarithms in thousandths."""
    half = FAR // 2
    return _FACTOR[np.clip(log, -half, half) + half]


def holidays(year: int) -> frozenset[date]:
    """Return the public holidays of Berlin in a year."""
    # Easter by the method of Meeus, Jones and Butcher.
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * sunday) // 451
    month, day = divmod(epact + sunday - 7 * late + 114, 31)
    easter = date(year, month, day + 1)
    fixed = ((1, 1), (3, 8), (5, 1), (10, 3), (12, 25), (12, 26))
    moved = (-2, 1, 39, 50)  # Good Friday, Easter Monday, Ascension, Whit Monday
    return frozenset([*(date(year, *each) for each in fixed), *(easter + timedelta(step) for step in moved)])


@dataclass(frozen=True)
class Known:
    """What is known of calls, one entry each: the number of the day, codes by kind, and measures.

    Codes and measures are functions, since few worlds need most of them. A code of `NONE` means that the call
    has no such thing; measures are in thousandths.
    """

    day: Integers
    codes: Mapping[str, Callable[[], Integers]]
    measured: Mapping[str, Callable[[], Integers]]


@dataclass(frozen=True)
class Planted:
    """An effect on the days of a sandbox.

    Parameters
    ----------
    effect
        The effect.
    first, last
        Numbers of its first and last day; without a day, `last` is before `first`.
    offsets
        The size of each unit of its kind in thousandths, where each has its own.
    """

    effect: Effect
    first: int
    last: int
    offsets: Integers | None = None

    @property
    def size(self) -> int:
        """Return the size in thousandths."""
        return round(self.effect.size * 1000)

    def active(self, known: Known) -> Flags:
        """Flag the calls that it concerns."""
        here = (known.day >= self.first) & (known.day <= self.last)
        for name in (self.effect.unit, self.effect.moderator):
            if name is None or name in MEASURES:
                continue
            kind, _, value = name.partition(":")
            codes = known.codes[kind]()
            here &= codes == code_of(kind, value) if value else codes >= 0
        return here

    def terms(self, known: Known) -> Integers:
        """Return what it adds to each call, in thousandths."""
        effect, sizes = self.effect, np.asarray(self.size)
        if self.offsets is not None and effect.kind is not None:
            sizes = self.offsets[np.maximum(known.codes[effect.kind](), 0)]
        if effect.moderator in MEASURES:
            sizes = sizes * known.measured[effect.moderator]() // 1000
        return np.where(self.active(known), sizes, 0).astype(np.int32)


def code_of(kind: str, value: str) -> int:
    """Return the code of a unit in the generator's columns."""
    place = KINDS[kind].values.index(value)
    if kind == "agent" and place == len(KINDS[kind].values) - 1:
        return AI_CODE
    return place


def total(planted: Iterable[Planted], known: Known) -> Integers:
    """Return what effects add to each call together, in thousandths."""
    result = np.zeros(len(known.day), dtype=np.int32)
    for each in planted:
        result += each.terms(known)
    return result


def checked_on_days(world: World, days: Sequence[date]) -> list[Planted]:
    """Return the effects of a world on these days, without the sizes that units get.

    Raises
    ------
    ValueError
        An effect lies outside the days, or two effects of the same kind meet on a day.
    """
    planted = [Planted(each, *_range(world, each, days)) for each in world.effects]
    seen: dict[tuple[str, str | None, str | None], list[Planted]] = {}
    for each in planted:
        effect = each.effect
        others = seen.setdefault((effect.what, effect.unit, effect.moderator), [])
        for other in others:
            if max(each.first, other.first) <= min(each.last, other.last):
                msg = (
                    f"world {world.name!r}: {_short(other.effect)} and {_short(effect)} conflict: they move "
                    "the same thing on the same days; give one of them, or days that do not overlap"
                )
                raise ValueError(msg)
        others.append(each)
    return planted


def _short(effect: Effect) -> str:
    parts = [effect.what, *filter(None, (effect.unit, effect.moderator))]
    return f"{' '.join(parts)} of size {effect.size:g}"


def _range(world: World, effect: Effect, days: Sequence[date]) -> tuple[int, int]:
    bounds = []
    for name, given, default in (("from_day", effect.from_day, 0), ("to_day", effect.to_day, len(days) - 1)):
        if given is None:
            bounds.append(default)
        elif isinstance(given, float):
            # A share ends just before the day at which the next one would begin.
            bounds.append(int(given * len(days)) - (name == "to_day"))
        else:
            number = (date.fromisoformat(str(given)) - days[0]).days
            if not 0 <= number < len(days):
                msg = (
                    f"world {world.name!r}: {name}={given!r} of {_short(effect)} lies outside the sandbox's "
                    f"days, {days[0]} to {days[-1]}"
                )
                raise ValueError(msg)
            bounds.append(number)
    first, last = bounds
    if last < first and isinstance(effect.from_day, str) != isinstance(effect.to_day, str):
        msg = f"world {world.name!r}: {_short(effect)} ends before it begins, on {days[0]} to {days[-1]}"
        raise ValueError(msg)
    return first, last


def plant(
    rng: np.random.Generator, world: World, days: Sequence[date], staff: Staff, clients: int
) -> list[Planted]:
    """Return the effects of a world on these days, with the sizes that units get, drawn from the seed.

    Parameters
    ----------
    rng
        Source of randomness.
    world
        The world.
    days
        Its days.
    staff
        Who makes the calls; people get sizes, the AI none.
    clients
        How many clients there can be.
    """
    units = {
        "agent": staff.people,
        "line": len(LINES),
        "project": len(PROJECTS),
        "hour": 24,
        "weekday": 7,
        "day": len(days),
        "client": clients,
    }
    return [
        Planted(each.effect, each.first, each.last, _offsets(rng, each, units[str(each.effect.kind)]))
        if each.effect.is_spread
        else each
        for each in checked_on_days(world, days)
    ]


def _offsets(rng: np.random.Generator, planted: Planted, units: int) -> Integers:
    """Return a size for each unit: normal scores in random order with the effect's standard deviation."""
    if units > 1000:
        scores = _SCORES[rng.integers(len(_SCORES), size=units)]
        return (scores * planted.size // 1000).astype(np.int16)
    normal = NormalDist()
    scores = np.array([normal.inv_cdf((n + 0.5) / units) for n in range(units)])
    spread = np.sqrt(np.mean(scores**2)) or 1.0
    return np.rint(planted.size * scores / spread).astype(np.int32)[rng.permutation(units)]


def day_codes(days: Sequence[date]) -> dict[str, Integers]:
    """Return the code of each day by kind: weekday, month, holiday, and the day itself."""
    free = {each for year in {day.year for day in days} for each in holidays(year)}
    return {
        "day": np.arange(len(days)),
        "weekday": np.array([day.weekday() for day in days]),
        "month": np.array([day.month - 1 for day in days]),
        "holiday": np.array([0 if day in free else NONE for day in days]),
    }


def day_measures(days: Sequence[date]) -> dict[str, Integers]:
    """Return the measures of each day, in thousandths."""
    of_year = np.array([day.timetuple().tm_yday for day in days])
    return {
        "weeks": np.arange(len(days)) * 1000 // 7,
        "season": np.rint(1000 * np.cos(2 * np.pi * (of_year - 15) / 365.25)).astype(np.int64),
    }
