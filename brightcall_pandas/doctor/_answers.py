"""Check the other answers: statistics (v1), count (v3) and refusal, and that the key does not come back."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pandas as pd

from brightcall_pandas.doctor._evidence import Evidence
from brightcall_pandas.doctor._masks import json_type, key_shown, members
from brightcall_pandas.doctor._pages import Overlap, overlap
from brightcall_pandas.doctor._report import Check, Observed
from brightcall_pandas.errors import RequestError
from brightcall_pandas.frame import (
    STATISTICS_COUNTS,
    STATISTICS_DURATIONS,
    STATISTICS_GROUPS,
    STATISTICS_OUTCOME_TYPES,
    STATISTICS_PARTS,
    STATISTICS_STATES,
    STATISTICS_TOTALS,
    read_page,
)

__all__ = ["CHECKS"]

_NO_ROWS = "no day is completely known; choose fewer days"
_UNITS = {60.0: "in minutes", 3600.0: "in hours", 0.001: "in milliseconds"}
_WORDS = ("message", "error")
_MEDIA_TYPES = ("application/json", "text/html", "text/plain", "application/problem+json")


def _shape(evidence: Evidence) -> Observed:
    detail, found = _detail(evidence)
    if detail is None:
        return found
    found.differs += _keys("detailedStat", detail, {*STATISTICS_GROUPS, *STATISTICS_TOTALS})
    for name, group in ((name, detail[name]) for name in STATISTICS_GROUPS if name in detail):
        found.differs += _keys(name, group, {*STATISTICS_COUNTS, *STATISTICS_DURATIONS})
        for part in STATISTICS_DURATIONS if isinstance(group, dict) else ():
            if part in group:
                found.differs += _keys(f"{name}.{part}", group[part], set(STATISTICS_PARTS))
    for path, value in _leaves(detail):
        if path not in STATISTICS_GROUPS and (kind := json_type(msgspec.json.encode(value))) not in (
            "integer",
            "number",
            "null",
        ):
            found.differs.append(f"{path}: {kind}; expected a number")
    if not found.differs:
        found.holds.append("all keys are there, with numbers")
    return found


def _keys(where: str, given: Any, expected: set[str]) -> list[str]:
    if not isinstance(given, dict):
        return [f"{where}: not an object"]
    missing = [f"{where}: {name} is missing" for name in sorted(expected - given.keys())]
    return missing + [f"{where}: {key_shown(name)} is new" for name in sorted(given.keys() - expected)]


def _leaves(tree: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    leaves = []
    for name, value in tree.items():
        path = f"{above}{key_shown(name)}"
        leaves += _leaves(value, f"{path}.") if isinstance(value, dict) else [(path, value)]
    return leaves


def _against_rows(evidence: Evidence) -> Observed:
    detail, found = _detail(evidence)
    if detail is None:
        return found
    if overlap(evidence) is Overlap.MOVED:
        return Observed(unsure=[str(Overlap.MOVED)])
    days = evidence.counted_days
    assert days is not None  # there was an answer
    known = _known_days(evidence)
    given = dict(_leaves(detail))
    if not known:
        return _total_alone(evidence, given)
    calls = evidence.calls_of(days)
    for name, value in _expected(calls).items():
        if name in given and not _same(given[name], value):
            found.differs.append(f"{name} {_how(given[name], value, name, calls)}")
    if not found.differs:
        found.holds.append("every count and duration follows from the calls of the same days")
    return found


def _known_days(evidence: Evidence) -> bool:
    """Tell whether the first page has every call of the days of the statistics."""
    return evidence.whole or evidence.counted_days != evidence.days


def _total_alone(evidence: Evidence, given: dict[str, Any]) -> Observed:
    total = None if evidence.first is None else evidence.first.slice.total
    if total is None or "all.all" not in given:
        return Observed(unsure=[_NO_ROWS])
    if not _same(given["all.all"], total):
        return Observed(["all.all is not totalItems of the page of calls"])
    return Observed(unsure=["all.all is totalItems of the page of calls", _NO_ROWS])


def _expected(calls: pd.DataFrame) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    for group, direction in STATISTICS_GROUPS.items():
        rows = calls if direction == "all" else calls[(calls["type"] == direction).to_numpy()]
        answered = (rows["state"] == "answered").to_numpy()
        values |= {
            f"{group}.all": len(rows),
            **{
                f"{group}.{name}": int((rows["state"] == state).sum())
                for name, state in STATISTICS_STATES.items()
            },
            f"{group}.talks": int((rows["talkTime"] > 0).sum()),
            f"{group}.unique": rows["clientNumber"].nunique(),
            f"{group}.firstTime": int(rows["firstTimeForUser"].fillna(False).sum()),
        }
        for name, column in STATISTICS_DURATIONS.items():
            seconds = (rows[answered] if name == "answer" else rows)[column]
            values |= {f"{group}.{name}.{part}": _of(seconds, part) for part in STATISTICS_PARTS}
    kinds = calls["outcomeType"].astype("str").fillna("absent").value_counts()
    return values | {
        **{name: int(kinds.get(kind, 0)) for name, kind in STATISTICS_OUTCOME_TYPES.items()},
        "aiTalkTime": float(calls["aiTalkTime"].sum()),
        "allTalkTime": float(calls["talkTime"].sum()),
    }


def _of(seconds: pd.Series, part: str) -> float | None:
    value = float(getattr(seconds, part)())
    return None if math.isnan(value) else value


def _same(given: Any, value: float | None) -> bool:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return given is None and not value
    return math.isclose(given, value or 0, abs_tol=0.01)


def _how(given: Any, value: float | None, name: str, calls: pd.DataFrame) -> str:
    """Say how a number differs, without showing it; name another way to count that would give it."""
    if not isinstance(given, int | float) or not value:
        return "has a value where the calls give none" if not value else "is not a number"
    for factor, unit in _UNITS.items():
        if math.isclose(given * factor, value, rel_tol=0.001):
            return f"is {unit}"
    other = [words for words, number in _readings(name, calls).items() if number == given]
    also = f"; it is the number of {' or '.join(other)}" if other else ""
    return f"is {'more' if given > value else 'less'} than the calls give{also}"


def _readings(name: str, calls: pd.DataFrame) -> dict[str, int]:
    """Return what else a count over the whole account may count."""
    if not name.startswith("all.") or name.count(".") > 1:
        return {}
    state = calls["state"].astype("str")
    return {
        "all calls": len(calls),
        "answered calls": int((state == "answered").sum()),
        "unanswered calls": int((state == "unanswered").sum()),
        "failed calls": int((state == "failed").sum()),
        "unanswered and failed calls": int(state.isin(["unanswered", "failed"]).sum()),
        "calls with talk time": int((calls["talkTime"] > 0).sum()),
        "distinct uniqueIds": calls["uniqueId"].nunique(),
        "distinct fromNumbers": calls["fromNumber"].nunique(),
        "distinct toNumbers": calls["toNumber"].nunique(),
        "calls with firstTimeForTree": int(calls["firstTimeForTree"].fillna(False).sum()),
    }


def _count(evidence: Evidence) -> Observed:
    if evidence.counted is None or not evidence.counted.good or evidence.first is None:
        return Observed(
            unsure=[
                f"the request failed: {evidence.counted.problem}"
                if evidence.counted
                else "no calls were seen"
            ]
        )
    count = read_page(evidence.counted.content).pages_count
    if count is None:
        return Observed(["the answer has no pagesCount"])
    if overlap(evidence) is Overlap.MOVED:
        return Observed(unsure=[str(Overlap.MOVED)])
    number = evidence.known_number(evidence.first)
    if number is not None:
        if count != number:
            return Observed([f"{'more' if count > number else 'fewer'} than the number of calls"])
        return Observed(holds=["pagesCount is the number of calls, with pages of one"])
    if evidence.first.slice.page.pages_count not in (None, -(-count // evidence.effective_size)):
        return Observed(["the number of calls does not give the pagesCount of the list"])
    return Observed(unsure=["there are more calls than were read; choose days with fewer"])


def _detail(evidence: Evidence) -> tuple[dict[str, Any] | None, Observed]:
    if evidence.counted is None:
        return None, Observed(unsure=["no calls were seen"])
    if not evidence.counted.readable:
        return None, Observed(unsure=[f"the request failed: {evidence.counted.problem}"])
    detail = msgspec.json.decode(evidence.counted.content).get("detailedStat")
    if not isinstance(detail, dict):
        return None, Observed(["detailedStat is missing, or not an object"])
    return detail, Observed()


def _refusal(evidence: Evidence) -> Observed:
    exchange = evidence.refused
    if exchange is None:
        return Observed(unsure=["no request was sent that must be refused"])
    if exchange.good:
        return Observed(["a day that is not a date was accepted"])
    if exchange.status is None:
        return Observed(unsure=[exchange.problem])
    media_type = exchange.media_type if exchange.media_type in _MEDIA_TYPES else "another content type"
    shape = f"status {exchange.status}, {media_type}, {_members_shown(exchange.content)}"
    if exchange.verdict is None or exchange.verdict.error is not RequestError:
        return Observed([f"not recognizable as a refusal: {shape}"])
    if not any(f"{word}: string" in shape for word in _WORDS):
        return Observed([f"gives no reason in {' or '.join(_WORDS)}: {shape}"])
    return Observed(holds=[shape])


def _members_shown(content: bytes) -> str:
    try:
        body = members(content)
    except msgspec.DecodeError:
        return "not a JSON object" if content else "no body"
    return ", ".join(f"{key_shown(name)}: {json_type(value)}" for name, value in body.items())


def _key(evidence: Evidence) -> Observed:
    if evidence.echoed:
        return Observed(["it is in the body or in a header of an answer; this package never shows it"])
    return Observed(holds=["it is in none of the answers"])


CHECKS = (
    Check("statistics", "detailedStat has the documented tree of numbers", _shape, ("v1",)),
    Check(
        "sums",
        "the statistics count the calls of the same days as docs/sandbox.md describes",
        _against_rows,
        ("v1",),
    ),
    Check(
        "count", "pagesCount of the count request is the number of calls, with pages of one", _count, ("v3",)
    ),
    Check("refusal", "a bad request is refused with 4xx or success: false, with a reason as text", _refusal),
    Check("key", "the server does not send the API key back", _key),
)
"""What is assumed of the other answers."""
