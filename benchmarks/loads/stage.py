"""Where comparisons take place: a sandbox, a scale, a scratch folder, and who writes the results down."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from measure import Contestant, Figure, Protocol, Run, Target

from brightcall_pandas.sandbox import Sandbox

__all__ = ["FULL", "SMALL", "Scale", "Stage"]


@dataclass(frozen=True)
class Scale:
    """How much is loaded, and how often.

    Parameters
    ----------
    calls, wide_calls
        Calls of the sandbox of 30 days, and of that of 91.
    page_size
        Calls a page.
    parsed
        Pages that are turned into frames.
    latency
        Seconds that each answer takes where that is compared.
    rounds, slow_rounds, quick_rounds
        Runs of each contestant; the second where one of them takes half a minute, the third where both are
        a matter of a second, which a busy machine doubles now and then.
    rivals
        Compare with rivals that have to be installed.
    """

    calls: int
    wide_calls: int
    page_size: int
    parsed: int
    latency: float
    rounds: int
    slow_rounds: int
    quick_rounds: int
    rivals: bool

    def with_rounds(self, rounds: int) -> Scale:
        """Return the same with so many runs of every contestant."""
        return replace(self, rounds=rounds, slow_rounds=rounds, quick_rounds=rounds)


FULL = Scale(
    *(200_000, 1_000_000, 500),
    parsed=100,
    latency=0.1,
    rounds=5,
    slow_rounds=3,
    quick_rounds=51,
    rivals=True,
)
SMALL = Scale(
    *(1_000, 2_000, 50), parsed=5, latency=0.02, rounds=0, slow_rounds=0, quick_rounds=0, rivals=False
)


@dataclass(frozen=True)
class Stage:
    """One sandbox and what goes with it."""

    sandbox: Sandbox
    scale: Scale
    protocol: Protocol
    scratch: Path

    @property
    def calls(self) -> int:
        """How many calls there are."""
        return int(self.sandbox.truth["calls"])

    @property
    def pages(self) -> int:
        """How many pages they make."""
        return math.ceil(self.calls / self.scale.page_size)

    def given(self, *days: str, **more: Any) -> dict[str, Any]:
        """Return what a contestant is told; without days, all of them."""
        return {
            "url": self.sandbox.url,
            "key": self.sandbox.api_key,
            "account": self.sandbox.account,
            "timezone": self.sandbox.timezone,
            "page_size": self.scale.page_size,
            "days": days or (self.sandbox.day_from, self.sandbox.day_to),
        } | more

    def contestant(self, label: str, part: str, *days: str, **more: Any) -> Contestant:
        """Return a contestant of this environment."""
        return Contestant(label, "loads.contestants", part, self.given(*days, **more))

    def fetch(self, label: str, asks: Sequence[str], **more: Any) -> Contestant:
        """Return a contestant that only fetches."""
        return Contestant(label, "loads.bare", "fetch", self.given(asks=asks, **more))

    def asks(self, pages: int) -> list[str]:
        """Return the requests for the first pages of all calls."""
        body = {"dayFrom": self.sandbox.day_from, "dayTo": self.sandbox.day_to}
        body |= {"itemsPerPage": self.scale.page_size}
        return [json.dumps(body | {"page": number}) for number in range(1, pages + 1)]

    def asked(self, since: int = 0) -> list[str]:
        """Return the bodies of the requests that the sandbox has seen, but for the first ones."""
        return [each["body"] for each in self.sandbox.requests()[since:]]

    def compare(
        self, what: str, contestants: Sequence[Contestant], runs: Sequence[Sequence[Run]], target: Target
    ) -> None:
        """Print what two contestants took."""
        here, rival = (Figure.of(each.label, taken) for each, taken in zip(contestants, runs, strict=True))
        self.protocol.compare(what, here, rival, target)
