"""Answers that look right and are not: totals that are off, pages and rows that are not what they seem."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from brightcall_pandas.frame import FIELDS
from brightcall_pandas.sandbox._answers import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from brightcall_pandas.sandbox._faults import Strike

__all__ = ["TAMPERINGS", "tampered"]

_OUTSIDE_ID = 8_000_000_000
_TIMES = [name for name, field in FIELDS.items() if field.kind == "time"]


def tampered(strike: Strike, answer: Answer, asked: dict[str, Any]) -> Answer:
    """Return an answer with what strikes it done to it.

    Parameters
    ----------
    strike
        Which faults strike this request.
    answer
        The right answer.
    asked
        The body of the request.
    """
    body = msgspec.json.decode(answer.body)
    for name, (applies, change) in TAMPERINGS.items():
        if applies(body) and (options := strike(name)):
            change(body, options, asked)
    return Answer(answer.status, msgspec.json.encode(body), answer.headers)


def _wrong_total(body: dict[str, Any], options: dict[str, Any], _: dict[str, Any]) -> None:
    body["totalItems"] = max(0, body["totalItems"] + options["by"])


def _missing_total(body: dict[str, Any], _: dict[str, Any], __: dict[str, Any]) -> None:
    del body["totalItems"]


def _wrong_pages(body: dict[str, Any], options: dict[str, Any], _: dict[str, Any]) -> None:
    body["pagesCount"] = max(0, body["pagesCount"] + options["by"])


def _empty_page(body: dict[str, Any], _: dict[str, Any], __: dict[str, Any]) -> None:
    body["calls"] = []


def _outside_rows(body: dict[str, Any], options: dict[str, Any], asked: dict[str, Any]) -> None:
    # Two days before the first day is outside of it in every timezone.
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
    zone = ZoneInfo(body["timezone"])
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
"""Fault by name: whether an answer is one for it, and what it does to that answer."""
