"""Checks of what the server has counted itself: the statistics of v1, the number of calls of v3."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pandas as pd

from brightcall_pandas.doctor._evidence import Evidence
from brightcall_pandas.doctor._findings import Check, Found
from brightcall_pandas.doctor._masks import json_type, key_shown
from brightcall_pandas.doctor._overlap import Place, place
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

_NO_ROWS = "no day is known with all of its calls; choose fewer days"
_UNITS = {60.0: "in minutes", 3600.0: "in hours", 0.001: "in milliseconds"}


def _shape(evidence: Evidence) -> Found:
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
        found.holds.append("all keys, and numbers in all of them")
    return found


def _keys(where: str, given: Any, expected: set[str]) -> list[str]:
    if not isinstance(given, dict):
        return [f"{where}: no object"]
    missing = [f"{where}: {name} is missing" for name in sorted(expected - given.keys())]
    return missing + [f"{where}: {key_shown(name)} is new" for name in sorted(given.keys() - expected)]


def _leaves(tree: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    leaves = []
    for name, value in tree.items():
        path = f"{above}{key_shown(name)}"
        leaves += _leaves(value, f"{path}.") if isinstance(value, dict) else [(path, value)]
    return leaves


def _against_rows(evidence: Evidence) -> Found:
    detail, found = _detail(evidence)
    if detail is None:
        return found
    if place(evidence) is Place.MOVED:
        return Found(unsure=[str(Place.MOVED)])
    days = evidence.sums_days
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
    """Tell whether the first page has every call of the statistics' days."""
    return evidence.whole or evidence.sums_days != evidence.days


def _total_alone(evidence: Evidence, given: dict[str, Any]) -> Found:
    total = None if evidence.first is None else evidence.first.slice.total
    if total is None or "all.all" not in given:
        return Found(unsure=[_NO_ROWS])
    if not _same(given["all.all"], total):
        return Found(["all.all is not totalItems of the calls"])
    return Found(unsure=["all.all is totalItems of the calls", _NO_ROWS])


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
    """Say how a number differs without saying either; where another reading of the calls fits, which."""
    if not isinstance(given, int | float) or not value:
        return "is there where the calls give none" if not value else "is no number"
    for factor, unit in _UNITS.items():
        if math.isclose(given * factor, value, rel_tol=0.001):
            return f"is {unit}"
    other = [words for words, number in _readings(name, calls).items() if number == given]
    also = f"; it is what {' or '.join(other)} would be" if other else ""
    return f"is {'more' if given > value else 'less'} than the calls give{also}"


def _readings(name: str, calls: pd.DataFrame) -> dict[str, int]:
    """Return what else a count may count, for the account as a whole."""
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
        "distinct uniqueId": calls["uniqueId"].nunique(),
        "distinct fromNumber": calls["fromNumber"].nunique(),
        "distinct toNumber": calls["toNumber"].nunique(),
        "calls with firstTimeForTree": int(calls["firstTimeForTree"].fillna(False).sum()),
    }


def _count(evidence: Evidence) -> Found:
    if evidence.sums is None or not evidence.sums.good or evidence.first is None:
        return Found(
            unsure=[f"the request failed: {evidence.sums.complaint}" if evidence.sums else "no call was seen"]
        )
    count = read_page(evidence.sums.content).pages_count
    if count is None:
        return Found(["the answer has no pagesCount"])
    if place(evidence) is Place.MOVED:
        return Found(unsure=[str(Place.MOVED)])
    number = evidence.known_number(evidence.first)
    if number is not None:
        if count != number:
            return Found([f"{'more' if count > number else 'fewer'} than the calls that there are"])
        return Found(holds=["the number of calls, asked for in pages of one"])
    if evidence.first.slice.page.pages_count not in (None, -(-count // evidence.effective_size)):
        return Found(["the number of calls does not lead to pagesCount of the list"])
    return Found(unsure=["there are more calls than were read; choose days with fewer"])


def _detail(evidence: Evidence) -> tuple[dict[str, Any] | None, Found]:
    if evidence.sums is None:
        return None, Found(unsure=["no call was seen"])
    if not evidence.sums.good:
        return None, Found(unsure=[f"the request failed: {evidence.sums.complaint}"])
    detail = msgspec.json.decode(evidence.sums.content).get("detailedStat")
    if not isinstance(detail, dict):
        return None, Found(["detailedStat is missing, or no object"])
    return detail, Found()


CHECKS = (
    Check("statistics", "detailedStat has the documented tree of numbers", _shape, ("v1",)),
    Check(
        "sums",
        "the statistics count the calls of the same days, in the way docs/sandbox.md reads them",
        _against_rows,
        ("v1",),
    ),
    Check(
        "count", "pagesCount of the count request is the number of calls, in pages of one", _count, ("v3",)
    ),
)
"""What is assumed of the server's own counts."""
