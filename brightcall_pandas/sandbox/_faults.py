"""What can go wrong: the faults, when each of them occurs, and those that bend an answer.

The faults that replace an answer or break its connection need HTTP, and are in `_server`.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from brightcall_pandas.frame import FIELDS, zone_info

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "FAULTS",
    "TAMPERINGS",
    "Fault",
    "FaultPlan",
    "RequestFaults",
    "checked_faults",
    "rows_mark",
    "tamper",
]


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Parameters
    ----------
    doc
        What the client sees.
    options
        Its own options, with their defaults.
    changes_rows
        Whether a cache filled with it holds other rows than a cache filled without.
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
    "capped_page": Fault("itemsPerPage above `cap` is cut silently", {"cap": 100}),
    "refused_page": Fault("itemsPerPage above `cap` is refused with 400", {"cap": 100}),
    "wrong_total": Fault("totalItems is off by `by`", {"by": 3}),
    "missing_total": Fault("totalItems is missing"),
    "wrong_pages": Fault("pagesCount is off by `by`", {"by": 1}),
    "repeated_page": Fault("a page after the first has the rows of the page before"),
    "empty_page": Fault("a page between the first and the last is empty"),
    "outside_rows": Fault(
        "`count` rows from before dayFrom are added at the end of the page", {"count": 1}, True
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
    "utc_bounds": Fault("days begin at midnight UTC, whatever timezone is requested", changes_rows=True),
    "echo_key": Fault("the key comes back in `where`: header, body, error or redirect", {"where": "body"}),
    "mutate": Fault(
        "before a page, this many random rows are inserted, updated and deleted",
        {"insert": 1, "update": 1, "delete": 1},
        True,
    ),
    "grow": Fault("before a page, a call is added that has just begun", changes_rows=True),
    "insert": Fault("before a page, a call is added at any time of the days", changes_rows=True),
    "delete": Fault("before a page, a random call is removed", changes_rows=True),
}
"""Fault by name."""

_LIMITS: dict[str, Any] = {"rate": 1.0, "first": None, "paths": None, "pages": None}
"""Options of every fault: its rate, or only the first n requests; only these paths; only these pages."""


def checked_faults(faults: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Return faults with every option filled in.

    Parameters
    ----------
    faults
        Fault name → rate from 0 to 1, or a mapping of options: those of the fault, and ``rate`` (default 1),
        ``first`` (exactly the first n matching requests), ``paths`` and ``pages`` (only those).

    Raises
    ------
    ValueError
        A fault or an option does not exist, or a rate is outside 0 to 1; the message names it.
    """
    checked = {}
    for name, given in (faults or {}).items():
        if name not in FAULTS:
            msg = f"{name!r} is not a fault; choose from {', '.join(FAULTS)}"
            raise ValueError(msg)
        known = _LIMITS | FAULTS[name].options
        options = dict(given) if isinstance(given, dict) else {"rate": given}
        if unknown := set(options) - set(known):
            msg = f"fault {name!r} has no option {', '.join(sorted(unknown))}; it has {', '.join(known)}"
            raise ValueError(msg)
        checked[name] = known | options
        rate = checked[name]["rate"]
        if not isinstance(rate, int | float) or not 0 <= rate <= 1:
            msg = f"the rate of fault {name!r} is {rate!r}; it must be a number from 0 to 1"
            raise ValueError(msg)
    return checked


def rows_mark(faults: Mapping[str, Any]) -> str:
    """Return a short hash of the faults that change rows; empty when there are none."""
    changing = {name: options for name, options in faults.items() if FAULTS[name].changes_rows}
    text = json.dumps(changing, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8] if changing else ""


class FaultPlan:
    """When each fault occurs: seeded, so that the same requests in the same order meet the same faults.

    Parameters
    ----------
    faults
        As from `checked_faults`.
    seed
        Seed of the draws. Each fault has its own draws, so adding one leaves the others unchanged.
    """

    def __init__(self, faults: dict[str, dict[str, Any]], seed: int) -> None:
        self._faults = faults
        self._draws = {name: random.Random(f"{seed} {name}") for name in faults}  # noqa: S311
        self._matched: Counter[str] = Counter()

    def has(self, *names: str) -> bool:
        """Return whether any of these faults may occur."""
        return any(name in self._faults for name in names)

    def request(self, path: str, page: int, occurred: list[str]) -> RequestFaults:
        """Return the faults of one request; their names are added to `occurred` as they occur."""
        return RequestFaults(self, path, page, occurred)

    def drawn(self, name: str) -> dict[str, Any] | None:
        """Count a matching request; return the fault's options if it occurs, with a random ``chance``."""
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
class RequestFaults:
    """The faults of one request."""

    plan: FaultPlan
    path: str
    page: int
    occurred: list[str]

    def options(
        self, name: str, when: Callable[[dict[str, Any]], bool] | None = None
    ) -> dict[str, Any] | None:
        """Return a fault's options if it occurs, else None; `when` tells whether it applies at all."""
        options = self.plan.options(name, self.path, self.page)
        if options is None or (when is not None and not when(options)):
            return None
        drawn = self.plan.drawn(name)
        if drawn is not None:
            self.occurred.append(name)
        return drawn


_OUTSIDE_ID = 8_000_000_000
_TIMES = [name for name, field in FIELDS.items() if field.kind == "time"]


def tamper(faults: RequestFaults, body: dict[str, Any], asked: dict[str, Any]) -> None:
    """Change a correct answer in place, as the faults of its request demand.

    Parameters
    ----------
    faults
        The faults of the request.
    body
        The answer.
    asked
        The body of the request.
    """
    for name, (applies, change) in TAMPERINGS.items():
        if applies(body) and (options := faults.options(name)):
            change(body, options, asked)


def _wrong_total(body: dict[str, Any], options: dict[str, Any], _: dict[str, Any]) -> None:
    body["totalItems"] = max(0, body["totalItems"] + options["by"])


def _missing_total(body: dict[str, Any], _: dict[str, Any], __: dict[str, Any]) -> None:
    del body["totalItems"]


def _wrong_pages(body: dict[str, Any], options: dict[str, Any], _: dict[str, Any]) -> None:
    body["pagesCount"] = max(0, body["pagesCount"] + options["by"])


def _empty_page(body: dict[str, Any], _: dict[str, Any], __: dict[str, Any]) -> None:
    body["calls"] = []


def _outside_rows(body: dict[str, Any], options: dict[str, Any], asked: dict[str, Any]) -> None:
    # Two days before the first day is outside it in every timezone.
    before = datetime.fromisoformat(asked["dayFrom"]).replace(tzinfo=UTC) - timedelta(days=2)
    for row in body["calls"][: options["count"]]:
        call_id = _OUTSIDE_ID + int(row["id"])
        stamp = f"{before:%Y-%m-%dT%H:%M:%SZ}"
        unique = f"{int(before.timestamp())}.{call_id}"
        body["calls"].append(row | {"id": call_id, "timestamp": stamp, "uniqueId": unique})


def _string_numbers(body: dict[str, Any], options: dict[str, Any], _: dict[str, Any]) -> None:
    for row in body["calls"]:
        row |= {name: str(row[name]) for name in options["fields"] if row.get(name) is not None}
    for row in body["calls"][: options["nonsense"]]:
        row["answerTime"] = "unknown"


def _new_fields(body: dict[str, Any], _: dict[str, Any], __: dict[str, Any]) -> None:
    for row in body["calls"]:
        row |= {"involvedAgent1Id": row.get("userId"), "sentiment": {"score": 0.5}}


def _missing_fields(body: dict[str, Any], options: dict[str, Any], _: dict[str, Any]) -> None:
    for row in body["calls"]:
        for name in options["fields"]:
            row.pop(name, None)


def _naive_timestamps(body: dict[str, Any], _: dict[str, Any], __: dict[str, Any]) -> None:
    zone = zone_info(body["timezone"])
    for row in body["calls"]:
        for name in _TIMES:
            if row.get(name) is not None:
                local = datetime.fromisoformat(row[name]).astimezone(zone)
                row[name] = f"{local:%Y-%m-%dT%H:%M:%S}"


def _has_total(body: dict[str, Any]) -> bool:
    return "totalItems" in body


def _has_pages(body: dict[str, Any]) -> bool:
    return "pagesCount" in body


def _has_calls(body: dict[str, Any]) -> bool:
    return bool(body.get("calls"))


def _is_between(body: dict[str, Any]) -> bool:
    return _has_calls(body) and 1 < body["page"] < body["pagesCount"]


_Change = tuple[
    "Callable[[dict[str, Any]], bool]", "Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], None]"
]
TAMPERINGS: dict[str, _Change] = {
    "empty_page": (_is_between, _empty_page),
    "wrong_total": (_has_total, _wrong_total),
    "missing_total": (_has_total, _missing_total),
    "wrong_pages": (_has_pages, _wrong_pages),
    "outside_rows": (_has_calls, _outside_rows),
    "string_numbers": (_has_calls, _string_numbers),
    "new_fields": (_has_calls, _new_fields),
    "missing_fields": (_has_calls, _missing_fields),
    "naive_timestamps": (_has_calls, _naive_timestamps),
}
"""Fault by name: whether it applies to an answer, and what it does to it."""
