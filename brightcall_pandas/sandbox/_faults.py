"""What can go wrong: the faults, declared once, and the plan that says when each of them strikes."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FAULTS", "Fault", "Plan", "Strike", "checked_faults", "rows_mark"]


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Parameters
    ----------
    doc
        What the client gets to see.
    options
        Options of its own, with their defaults.
    changes_rows
        Whether a cache filled under it holds other rows than one filled without.
    """

    doc: str
    options: dict[str, Any] = field(default_factory=dict)
    changes_rows: bool = False


FAULTS: dict[str, Fault] = {
    "rate_limit": Fault("429 with Retry-After", {"retry_after": 1}),
    "rate_limit_bare": Fault("429 without Retry-After"),
    "http_500": Fault("500 with a JSON body"),
    "http_502": Fault("502 with an HTML body"),
    "http_503": Fault("503 with an empty body"),
    "reset": Fault("the connection is reset before an answer"),
    "slow": Fault("the answer comes late", {"seconds": 1.0}),
    "hang": Fault("the answer never comes; the connection stays open"),
    "truncated": Fault("the body ends before its Content-Length"),
    "truncated_json": Fault("the body is cut, and its Content-Length says so: valid HTTP, broken JSON"),
    "html": Fault("200 with an HTML page"),
    "success_false": Fault("200 with success: false"),
    "redirect": Fault("302 to `to`", {"to": "http://elsewhere.invalid/api"}),
    "capped_page": Fault("itemsPerPage above `cap` is cut without a word", {"cap": 100}),
    "refused_page": Fault("itemsPerPage above `cap` is refused with 400", {"cap": 100}),
    "wrong_total": Fault("totalItems is off by `by`", {"by": 3}),
    "missing_total": Fault("totalItems is missing"),
    "wrong_pages": Fault("pagesCount is off by `by`", {"by": 1}),
    "repeated_page": Fault("a page after the first has the rows of the page before"),
    "empty_page": Fault("a page between the first and the last is empty"),
    "outside_rows": Fault(
        "`count` rows from before dayFrom stand at the end of the page", {"count": 1}, True
    ),
    "unstable_ties": Fault(
        "rows of equal rank come in another order at each request; times are rounded to `seconds`",
        {"seconds": 60},
        True,
    ),
    "string_numbers": Fault(
        "numbers of `fields` are text; the first `nonsense` rows of a page have no number in answerTime",
        {"fields": ["id", "userId", "type", "talkTime", "callTime"], "nonsense": 1},
        True,
    ),
    "new_fields": Fault("rows have fields that the article does not list", changes_rows=True),
    "missing_fields": Fault("rows lack `fields`", {"fields": ["label", "qualityRating"]}, True),
    "naive_timestamps": Fault(
        "times have no offset and are meant in the answer's timezone", changes_rows=True
    ),
    "utc_bounds": Fault("days begin at midnight UTC, whatever timezone was asked for", changes_rows=True),
    "echo_key": Fault("the key comes back in `where`: header, body, error or redirect", {"where": "body"}),
    "mutate": Fault(
        "before a page so many rows are inserted, updated and deleted at random",
        {"insert": 1, "update": 1, "delete": 1},
        True,
    ),
}
"""Fault by name."""

_LIMITS: dict[str, Any] = {"rate": 1.0, "first": None, "paths": None, "pages": None}
"""Options of every fault: how often, only the first so many requests, only on these paths, these pages."""


def checked_faults(faults: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Return faults with every option filled in.

    Parameters
    ----------
    faults
        Fault name → rate from 0 to 1, or a mapping of options: those of the fault, and ``rate`` (default 1),
        ``first`` (the first so many matching requests, and no other), ``paths`` and ``pages`` (only there).

    Raises
    ------
    ValueError
        A fault or an option that does not exist, or a rate outside 0 to 1; the message names it.
    """
    checked = {}
    for name, given in (faults or {}).items():
        if name not in FAULTS:
            msg = f"{name!r} is no fault; there are {', '.join(FAULTS)}"
            raise ValueError(msg)
        known = _LIMITS | FAULTS[name].options
        options = dict(given) if isinstance(given, dict) else {"rate": given}
        if unknown := set(options) - set(known):
            msg = f"fault {name!r} has no option {sorted(unknown)}; it has {', '.join(known)}"
            raise ValueError(msg)
        checked[name] = known | options
        rate = checked[name]["rate"]
        if not isinstance(rate, int | float) or not 0 <= rate <= 1:
            msg = f"the rate of fault {name!r} is {rate!r}; it goes from 0 to 1"
            raise ValueError(msg)
    return checked


def rows_mark(faults: Mapping[str, Any]) -> str:
    """Return a mark of the faults under which a cache would hold other rows; empty when there are none."""
    changing = {name: options for name, options in faults.items() if FAULTS[name].changes_rows}
    text = json.dumps(changing, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8] if changing else ""


class Plan:
    """When each fault strikes: seeded, so that the same requests in the same order meet the same faults.

    Parameters
    ----------
    faults
        As from `checked_faults`.
    seed
        Seed of the draws. Each fault draws for itself, so one more fault leaves the others as they were.
    """

    def __init__(self, faults: dict[str, dict[str, Any]], seed: int) -> None:
        self._faults = faults
        self._draws = {name: random.Random(f"{seed} {name}") for name in faults}  # noqa: S311
        self._matched: Counter[str] = Counter()

    def has(self, *names: str) -> bool:
        """Return whether any of these faults may strike."""
        return any(name in self._faults for name in names)

    def request(self, path: str, page: int, struck: list[str]) -> Strike:
        """Return the question which faults strike one request; `struck` gets their names."""
        return Strike(self, path, page, struck)

    def strikes(self, name: str) -> dict[str, Any] | None:
        """Count a matching request; return the fault's options if it strikes, with a ``chance`` drawn."""
        options = self._faults[name]
        self._matched[name] += 1
        number, draw = self._matched[name], self._draws[name]
        first, hit = options["first"], draw.random() < options["rate"]
        return options | {"chance": draw.random()} if (hit if first is None else number <= first) else None

    def options(self, name: str, path: str, page: int) -> dict[str, Any] | None:
        """Return the options of a fault if it is planned for such a request."""
        options = self._faults.get(name)
        if options is None:
            return None
        paths, pages = options["paths"], options["pages"]
        return options if (paths is None or path in paths) and (pages is None or page in pages) else None


@dataclass(frozen=True)
class Strike:
    """Whether a fault strikes one request."""

    plan: Plan
    path: str
    page: int
    struck: list[str]

    def __call__(
        self, name: str, when: Callable[[dict[str, Any]], bool] | None = None
    ) -> dict[str, Any] | None:
        """Return the fault's options if it strikes; `when` says whether the request is one for it at all."""
        options = self.plan.options(name, self.path, self.page)
        if options is None or (when is not None and not when(options)):
            return None
        struck = self.plan.strikes(name)
        if struck is not None:
            self.struck.append(name)
        return struck
