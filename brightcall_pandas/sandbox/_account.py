"""The made-up account behind the sandbox: its users, teams, lines, projects, outcomes and tags.

Everything that the generator draws from and that the server answers with is declared here, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = [
    "AI",
    "AI_COST_PER_MINUTE",
    "CAMPAIGNS",
    "KEY_OWNER",
    "LINES",
    "OUTCOMES",
    "PEOPLE",
    "PROJECTS",
    "TAG_SETS",
    "TEAMS",
    "TIMEZONE",
    "Outcome",
    "Staff",
    "User",
    "catalog",
]

TIMEZONE = "Europe/Berlin"
"""The account's own zone, which an answer names when the request has none."""

AI_COST_PER_MINUTE = 0.12
"""Price of a minute of AI talk time, from which ``aiTalkCost`` follows."""


@dataclass(frozen=True)
class User:
    """A user who makes and takes calls."""

    user_id: int
    extension: str
    name: str
    team_id: int


@dataclass(frozen=True)
class Outcome:
    """An outcome, its type, and the spellings in which it arrives, each with a weight."""

    name: str
    kind: str
    spellings: dict[str, int]


TEAMS = {1: "North", 2: "South", 3: "Service", 4: "Robots"}

AI = "AI"
"""What the AI is called where an agent is named."""

_NAMES = ("Ada", "Bela", "Cem", "Dora", "Emil", "Femke", "Goran", "Hanna", "Ines", "Jonas", "Kaja", "Levi")
_PEOPLE_TEAMS, _AI_TEAM = (1, 2, 3), 4
_FIRST_ID, _FIRST_AI_ID = 501, 900_001


def _person(position: int) -> User:
    extension = 101 + position if position < 799 else 10_001 + position
    name = _NAMES[position] if position < len(_NAMES) else f"Agent {extension}"
    team = _PEOPLE_TEAMS[position // 4 % len(_PEOPLE_TEAMS)]
    return User(_FIRST_ID + position + (position >= len(_NAMES)), str(extension), name, team)


def _ai(position: int) -> User:
    """Return a seat of the AI, which takes one call at a time, too."""
    if not position:
        return User(_FIRST_ID + len(_NAMES), "900", "AI agent", _AI_TEAM)
    extension = 900 + position if position < 100 else 90_000 + position
    return User(_FIRST_AI_ID + position, str(extension), f"AI agent {position + 1}", _AI_TEAM)


PEOPLE = tuple(map(_person, range(len(_NAMES))))
"""The people of every account; one with more calls than they can make has more people."""


@dataclass(frozen=True)
class Staff:
    """Who makes and takes the calls: so many people, and after them so many seats of the AI."""

    people: int
    seats: int

    @cached_property
    def users(self) -> tuple[User, ...]:
        """List the people, then the AI's seats; positions in it are the codes of the draw."""
        return (*map(_person, range(self.people)), *map(_ai, range(self.seats)))


KEY_OWNER = 501
"""User who owns the API key; ``allUsers: false`` returns only this user's calls."""

PROJECTS = {
    11: "Solar North",
    12: "Solar South",
    13: "Heat pumps",
    14: "Renewals",
    15: "Welcome calls",
}

CAMPAIGNS = ("Spring 2026", None, "Spring 2026", "Loyalty", None)
"""Campaign of each project, in the order of `PROJECTS`."""

LINES = tuple(f"+49305550{number:03d}" for number in range(101, 109))

OUTCOMES = (
    Outcome("No Answer", "neutral", {"No Answer": 60, "No answer": 25, " no answer ": 9, "NO ANSWER": 6}),
    Outcome("Voicemail", "neutral", {"Voicemail": 85, "voicemail": 15}),
    Outcome("Meeting booked", "positive", {"Meeting booked": 80, "Meeting Booked": 15, "Meeting  booked": 5}),
    Outcome("Interested", "positive", {"Interested": 90, "interested ": 10}),
    Outcome("Call back later", "neutral", {"Call back later": 75, "Call Back Later": 25}),
    Outcome("Not interested", "negative", {"Not interested": 70, "Not Interested": 24, "not interested": 6}),
    Outcome("Wrong number", "negative", {"Wrong number": 100}),
    Outcome("Do not call", "negative", {"Do not call": 88, "DO NOT CALL": 12}),
)

TAG_SETS: tuple[tuple[str, ...], ...] = (
    (),
    ("Busy",),
    ("VIP",),
    ("Follow-up",),
    ("VIP", "Follow-up"),
    ("Complaint",),
    ("Complaint", "Follow-up"),
)
"""Combinations of tags that calls have; ``Busy`` is a tag here, not an outcome."""


def catalog() -> dict[str, list[Any]]:
    """Return what every answer with calls lists: the account's ``tags``, ``outcomes`` and ``projects``."""
    return {
        "tags": sorted({tag for tags in TAG_SETS for tag in tags}),
        "outcomes": [outcome.name for outcome in OUTCOMES],
        "projects": [{"id": project_id, "name": name} for project_id, name in PROJECTS.items()],
    }
