"""The worlds that have names: `WORLDS`, one row each, and what a user gives turned into one world.

To add a world, add a row; the command line, the documentation's test and the test that finds every planted
effect in the rows go by this table.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from brightcall_pandas.sandbox._effects import EFFECTS, Effect, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

__all__ = [
    "DEFAULT",
    "WORLDS",
    "Worlds",
    "meaning",
    "world_from_text",
    "world_mark",
    "world_of",
    "worlds",
]

DEFAULT = "lively"
"""The world of a sandbox for which none is named."""

_INBOUND_HOURS = (270, 680, 800, 880, 790, 680, 710, 720, 710, 770, 600, 480, 460, 390, 370, 320, 270)
"""Calls of each hour from 7 to 23, in hundredths of a percent, as counted at a bank's call center."""

_DIALING_HOURS = (60, 95, 100, 95, 80, 70, 90, 100, 95, 85, 60, 30)
"""Weights of the hours from 8 to 19, in which a sales team dials."""

_WEEKDAYS = {
    "Monday": 109,
    "Tuesday": 92,
    "Wednesday": 98,
    "Thursday": 96,
    "Friday": 105,
    "Saturday": 32,
    "Sunday": 14,
}
"""Weights of the weekdays, from the same center: its week begins a day earlier, ours on Monday."""


def _profile(kind: str, weights: dict[Any, int], moderator: str | None = None) -> list[Effect]:
    """Return a volume for each unit of a kind, on the scale of logarithms around their mean."""
    mean = sum(weights.values()) / len(weights)
    return [
        Effect("volume", f"{kind}:{unit}", math.log(weight / mean), moderator=moderator)
        for unit, weight in weights.items()
    ]


_HOURS = [
    *_profile("hour", dict(enumerate(_INBOUND_HOURS, 7)), "direction:inbound"),
    *_profile("hour", dict(enumerate(_DIALING_HOURS, 8)), "direction:outbound"),
    *_profile("hour", dict(enumerate(_DIALING_HOURS, 8)), "direction:internal"),
]
_ANSWERED_BY_HOUR = [
    Effect("answer", f"hour:{hour}", size) for hour, size in ((8, -0.2), (17, 0.3), (18, 0.35), (19, 0.2))
]
_A_THIRD_LESS = -0.5
"""Log odds that leave about two thirds of a quarter of answered calls: 0.26 becomes 0.17."""

WORLDS: dict[str, World] = {
    each.name: each
    for each in (
        World(
            "null",
            (),
            "Nothing differs: not by agent, team, line, project, hour, weekday, day, lead or list.",
        ),
        World(
            "agents",
            [
                Effect("answer", "agent", 0.25),
                Effect("positive", "agent", 0.5),
                Effect("talk_time", "agent", 0.2),
                Effect("volume", "agent", 0.3),
            ],
            "Agents differ in how often they are answered, how well they sell, how long they talk, and how "
            "much they do.",
        ),
        World(
            "hours",
            [*_HOURS, *_ANSWERED_BY_HOUR],
            "Calls come and go by the hour, and clients answer more in the evening.",
        ),
        World(
            "weekdays",
            [
                *_profile("weekday", _WEEKDAYS),
                Effect("answer", "weekday:Monday", -0.2),
                Effect("answer", "weekday:Saturday", 0.4),
            ],
            "Few calls at the weekend; clients answer less on Mondays and more on Saturdays.",
        ),
        World(
            "clients",
            [Effect("answer", "client", 1.0)],
            "Some clients answer, some do not, each time that they are called.",
        ),
        World(
            "burnt_line",
            [Effect("answer", "line:+49305550103", _A_THIRD_LESS, from_day=0.5)],
            "A line loses a third of its answers from the middle of the days on: it was marked as spam.",
        ),
        World(
            "ageing_lists",
            [Effect("answer", None, -0.15, moderator="list_weeks")],
            "Clients of an uploaded list answer less with every week since the upload.",
        ),
        World(
            "speed_to_lead",
            [
                Effect("answer", "source:web", -0.12, moderator="lead_doublings"),
                Effect("positive", "source:web", -0.08, moderator="lead_doublings"),
            ],
            "A lead of the web answers and buys less with every doubling of the time until it is called.",
        ),
        World(
            "ai_handover",
            [
                Effect("handover", None, 0.9, from_day=0.5),
                Effect("positive", "handed_over:yes", 0.8),
            ],
            "The AI hands over more calls from the middle of the days on; what it hands over ends well more "
            "often.",
        ),
        World(
            "seasons",
            [
                Effect("volume", None, 0.35, moderator="season"),
                Effect("volume", None, 0.03, moderator="weeks"),
                Effect("volume", "holiday:yes", -1.6),
            ],
            "The number of calls grows by 3 % a week, is highest in January, and a fifth on public holidays.",
        ),
        World(
            "patience",
            [
                Effect("patience", "project:Renewals", -0.6),
                Effect("patience", None, 0.3, from_day=0.5),
                Effect("wait", "hour:12", 0.7),
            ],
            "Callers of one project give up sooner; all have more patience from the middle of the days on; "
            "at noon they wait twice as long.",
        ),
        World(
            "mix_change",
            [
                Effect("answer", "project:Renewals", 0.9),
                Effect("volume", "project:Renewals", 1.2, from_day=0.5),
            ],
            "The share of a project that is answered more often grows, so the overall rate rises; no "
            "project's rate changes.",
        ),
        World(
            "rate_change",
            [
                Effect("answer", "project:Renewals", 1.3),
                Effect("volume", "project:Renewals", 1.9, from_day=0.5),
                Effect("answer", None, -0.2, from_day=0.5),
            ],
            "The rate of every project falls while the overall one rises (Simpson's paradox).",
        ),
        World(
            "new_script",
            [
                Effect("positive", "team:North", 0.5, from_day=0.5),
                Effect("positive", "team:Service", 0.5, from_day=0.5),
                Effect("talk_time", "team:North", 0.15, from_day=0.5),
                Effect("talk_time", "team:Service", 0.15, from_day=0.5),
            ],
            "Half of the teams have a new script from the middle of the days on: they sell more and "
            "talk longer.",
        ),
        World(
            "lively",
            [
                *_HOURS,
                *_ANSWERED_BY_HOUR,
                *_profile("weekday", _WEEKDAYS),
                Effect("answer", "agent", 0.12),
                Effect("positive", "agent", 0.35),
                Effect("talk_time", "agent", 0.15),
                Effect("volume", "agent", 0.2),
                Effect("answer", "client", 0.5),
                Effect("answer", "weekday:Saturday", 0.25),
                Effect("answer", "project:Heat pumps", -0.25),
                Effect("positive", "project:Renewals", 0.4),
                Effect("answer", "line:+49305550103", _A_THIRD_LESS, from_day=0.6),
                Effect("answer", None, -0.08, moderator="list_weeks"),
                Effect("answer", "source:web", -0.08, moderator="lead_doublings"),
                Effect("positive", "team:North", 0.3, from_day=0.5),
                Effect("positive", "handed_over:yes", 0.6),
                Effect("patience", "project:Renewals", -0.4),
                Effect("volume", "holiday:yes", -1.2),
            ],
            "A working sales team: some of all that, at sizes that one meets.",
        ),
    )
}
"""World by name."""


def world_of(given: str | World | Sequence[str | World] | None) -> World:
    """Return the world that a name, ``"a+b"``, a `World`, several of these, or None means.

    Raises
    ------
    ValueError
        A name does not exist, or it is none of these.
    """
    if given is None:
        return WORLDS[DEFAULT]
    listed = [given] if isinstance(given, (str, World)) else given
    if not isinstance(listed, Iterable) or isinstance(listed, (bytes, dict)):
        raise _not_a_world(given)
    chosen: list[World] = []
    for each in listed:
        if isinstance(each, World):
            chosen.append(each)
        elif isinstance(each, str) and each.strip():
            chosen += [_named(name.strip()) for name in each.split("+")]
        else:
            raise _not_a_world(each)
    if not chosen:
        raise _not_a_world(given)
    first, *others = sorted(dict.fromkeys(chosen), key=lambda each: (_place(each), each.name))
    for other in others:
        first += other
    return first


def world_from_text(text: str) -> World:
    """Return the world that an option of a command line means: a name, ``a+b``, or JSON."""
    if not text.lstrip().startswith(("{", "[")):
        return world_of(text)
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        msg = f"the world is not JSON: {error}"
        raise ValueError(msg) from None
    listed = given if isinstance(given, list) else [given]
    return world_of([each if isinstance(each, str) else World.from_dict(each) for each in listed])


def world_mark(world: World | None) -> str:
    """Return what the name of an account says of its world: its name, and a digest of its effects.

    The digest changes with the effects, so that calls of an older definition are never taken from a cache.
    """
    chosen = world_of(world)
    effects = json.dumps([asdict(each) for each in chosen.effects])
    return f"{chosen.name}-{hashlib.sha256(effects.encode()).hexdigest()[:8]}"


def _place(world: World) -> int:
    """Return where a world stands, so that a combination is the same in whatever order it was given."""
    names = list(WORLDS)
    return names.index(world.name) if WORLDS.get(world.name) == world else len(names)


def _named(name: str) -> World:
    if name not in WORLDS:
        near = get_close_matches(name, WORLDS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(WORLDS)}"
        msg = f"{name!r} is not a world; {hint}"
        raise ValueError(msg)
    return WORLDS[name]


def _not_a_world(given: object) -> ValueError:
    return ValueError(f"world={given!r} is not a world: a name, a World, or a list of these")


class Worlds:
    """The worlds by name: ``worlds["burnt_line"]``, ``worlds.burnt_line``, and `describe`."""

    def __getitem__(self, name: str) -> World:
        """Return the world of a name, or of several joined by ``+``."""
        try:
            return world_of(name)
        except ValueError as error:
            raise KeyError(str(error)) from None

    def __getattr__(self, name: str) -> World:
        if name not in WORLDS:
            msg = f"{name!r} is not a world; choose from {', '.join(WORLDS)}"
            raise AttributeError(msg)
        return WORLDS[name]

    def __iter__(self) -> Iterator[str]:
        return iter(WORLDS)

    def __len__(self) -> int:
        return len(WORLDS)

    def __contains__(self, name: object) -> bool:
        return name in WORLDS

    def __dir__(self) -> list[str]:
        """List the worlds and `describe`."""
        return [*WORLDS, "describe"]

    def __repr__(self) -> str:
        return f"<worlds: {', '.join(WORLDS)}>"

    def describe(self, world: str | World | Sequence[str | World] | None = None) -> pd.DataFrame:
        """Return what worlds plant, one row an effect.

        Parameters
        ----------
        world
            A name, a `World` or several of them; None lists all that have a name.

        Returns
        -------
        pandas.DataFrame
            Index ``world``; columns ``what``, ``unit``, ``size``, ``scale`` (``log odds`` or ``log``),
            ``times`` (the odds ratio, or the factor; null where every unit has its own), ``from_day``,
            ``to_day``, ``moderator``, and ``meaning`` as a sentence. A world without effects has one row.
        """
        import pandas as pd  # noqa: PLC0415  (a command line that lists worlds does without it)

        chosen = WORLDS.values() if world is None else [world_of(world)]
        rows = [_row(each, effect) for each in chosen for effect in each.effects or (None,)]
        return pd.DataFrame(rows).set_index("world")


worlds = Worlds()


def _row(world: World, effect: Effect | None) -> dict[str, Any]:
    if effect is None:
        empty = ("what", "unit", "size", "scale", "times", "from_day", "to_day", "moderator")
        return {"world": world.name, **dict.fromkeys(empty), "meaning": "Nothing differs."}
    what = EFFECTS[effect.what]
    return {
        "world": world.name,
        "what": effect.what,
        "unit": effect.unit,
        "size": effect.size,
        "scale": what.scale,
        "times": None if effect.is_spread else round(math.exp(effect.size), 3),
        "from_day": effect.from_day,
        "to_day": effect.to_day,
        "moderator": effect.moderator,
        "meaning": meaning(effect),
    }


def meaning(effect: Effect) -> str:
    """Return what an effect says, as a sentence."""
    what = EFFECTS[effect.what]
    if effect.is_spread:
        said = [f"differs by {effect.unit}, standard deviation {effect.size:g} ({what.scale})"]
    else:
        said = [f"times {math.exp(effect.size):.3g}", *([f"in {effect.unit}"] if effect.unit else [])]
    if effect.moderator is not None:
        said.append(f"{'in' if ':' in effect.moderator else 'for each of'} {effect.moderator}")
    for word, day in (("from", effect.from_day), ("to", effect.to_day)):
        if day is not None:
            said.append(f"{word} {day}" if isinstance(day, str) else f"{word} {day:.0%} of the days")
    return f"{what.calls[0].upper()}{what.calls[1:]}, {what.moves}: {' '.join(said)}."
