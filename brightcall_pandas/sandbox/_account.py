"""The made-up account behind the sandbox: its users, teams, lines, projects, outcomes and tags.

Everything that the generator draws from and that the server answers with is declared here, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "AI_COST_PER_MINUTE",
    "AI_USER",
    "CAMPAIGNS",
    "KEY_OWNER",
    "LINES",
    "OUTCOMES",
    "PROJECTS",
    "TAG_SETS",
    "TEAMS",
    "TIMEZONE",
    "USERS",
    "Outcome",
    "User",
    "catalogue",
]

TIMEZONE = "Europe/Berlin"
"""The account's own zone, which an answer names when the request has none."""

AI_COST_PER_MINUTE = 0.12
"""Price of a minute of AI talk time, from which ``aiTalkCost`` follows."""


@dataclass(frozen=True)
class User:
    """A user who makes and takes calls: id, extension, team, and weight in the draw."""

    user_id: int
    extension: str
    name: str
    team_id: int
    weight: int


@dataclass(frozen=True)
class Outcome:
    """An outcome, its type, and the spellings in which it arrives, each with a weight."""

    name: str
    kind: str
    spellings: dict[str, int]


TEAMS = {1: "North", 2: "South", 3: "Service", 4: "Robots"}

USERS = (
    User(501, "101", "Ada", 1, 12),
    User(502, "102", "Bela", 1, 11),
    User(503, "103", "Cem", 1, 10),
    User(504, "104", "Dora", 1, 9),
    User(505, "105", "Emil", 2, 12),
    User(506, "106", "Femke", 2, 10),
    User(507, "107", "Goran", 2, 8),
    User(508, "108", "Hanna", 2, 7),
    User(509, "109", "Ines", 3, 7),
    User(510, "110", "Jonas", 3, 6),
    User(511, "111", "Kaja", 3, 5),
    User(512, "112", "Levi", 3, 3),
    User(513, "900", "AI agent", 4, 0),
)
"""Twelve people, then the AI, whose calls are drawn separately; hence its weight of zero."""

AI_USER = len(USERS) - 1
"""Position of the AI in `USERS`."""

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


def catalogue() -> dict[str, list[Any]]:
    """Return what every answer with calls lists: the account's ``tags``, ``outcomes`` and ``projects``."""
    return {
        "tags": sorted({tag for tags in TAG_SETS for tag in tags}),
        "outcomes": [outcome.name for outcome in OUTCOMES],
        "projects": [{"id": project_id, "name": name} for project_id, name in PROJECTS.items()],
    }
