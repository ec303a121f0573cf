"""JSON objects that hold calls: answers, frames written as JSON, webhooks, and calls themselves.

`calls_in` knows each by its members. What it does not know is an error, or a table would count it as a call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from brightcall_pandas.errors import InvalidResponseError
from brightcall_pandas.frame._fields import EXTRAS, FIELDS
from brightcall_pandas.frame._words import fault_in, may_be_empty, quoted, said_in

__all__ = ["calls_in", "is_call", "is_event", "is_of_event", "merged_events", "php_list"]

_POSITION = re.compile(r"0|[1-9][0-9]{0,3}")
_TAKEN_OUT = 10  # items of a list that PHP wrote as an object, at most
_KNOWN = frozenset((*FIELDS, EXTRAS.name))
_ENVELOPE = frozenset(
    (
        *("success", "calls", "tags", "outcomes", "projects", "timezone", "page", "pagesCount", "totalItems"),
        *("minTalkTime", "maxTalkTime", "minAnswerTime", "maxAnswerTime", "message", "status", "code"),
    )
)
_OF_ANYTHING = frozenset(("id", "type", "state", "label", "tags", "timestamp"))
"""Fields of a call whose names other objects have as well, such as the error of a web server."""
_REASONS = ("message", "error", "errors", "msg", "debug", "detail", "reason", "title")
_OF_ERRORS = _ENVELOPE.union(_REASONS) - {"tags", "status", "code"}
_FEW = 2  # such names, beside those of an error
_SHOWN = 200  # characters of what was given in a message
_OF_CALLS_ONLY = frozenset(("uniqueId", "timestamp"))
_EVENT = frozenset(
    (
        *("clientPhone", "startTimestampMs", "answerTimestampMs", "endTimestampMs", "shortNumber"),
        *("agentId", "agentName"),
    )
)
_DIRECTIONS = {"incoming": "inbound", "outgoing": "outbound"}


def calls_in(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the calls that a JSON object holds.

    Raises
    ------
    InvalidResponseError
        It is an answer that says that something failed, or of a form that is not known.
    """
    if "calls" in document:
        return _calls_of_answer(document)
    if is_call(document) and not _is_by_column(document):
        return [document]
    for read in (_by_column, _split, _by_row):
        if (calls := read(document)) is not None:
            return calls
    _check(document)
    if document.keys() <= _ENVELOPE and document.get("success") and _may_be_empty(document):
        return []  # the list was left out because it is empty
    raise _unknown(document)


def is_call(names: Collection[Any]) -> bool:
    """Tell whether what has members of these names is a call: no answer, and no error."""
    named = _KNOWN.intersection(names)
    if not named or "calls" in names:
        return False
    return not (named <= _OF_ANYTHING and len(named) <= _FEW and _OF_ERRORS.intersection(names))


def php_list(document: Any) -> list[Any] | None:
    """Return the items of a list that PHP wrote as an object; None for all else.

    PHP writes an object with positions as keys where a list does not begin with 0 or lacks some of them,
    because items were taken out. Here up to ten may be lacking, so that extensions, such as 101, are no
    positions.
    """
    if not isinstance(document, Mapping) or not document:
        return None
    if not all(map(_POSITION.fullmatch, map(str, document))):
        return None
    return list(document.values()) if max(map(int, document)) < len(document) + _TAKEN_OUT else None


# Answers.


def _calls_of_answer(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    _check(answer)
    calls = answer["calls"]
    if calls is None or calls == {}:
        if not _may_be_empty(answer):
            msg = f"the answer's calls are {calls}, and its other members do not say that there are none"
            raise InvalidResponseError(f"{msg}{quoted(said_in(answer))}")
        return []
    items = calls if isinstance(calls, list | tuple) else php_list(calls)
    if items is None:
        msg = f"the answer's calls are not a list but {type(calls).__name__}: {str(calls)[:_SHOWN]!r}"
        raise InvalidResponseError(msg)
    return list(items)


def _check(answer: Mapping[str, Any]) -> None:
    """Raise the error of an answer that says that something failed."""
    if what := fault_in(answer.get):
        raise InvalidResponseError(f"the answer says that something failed ({what}{quoted(said_in(answer))})")


def _may_be_empty(answer: Mapping[str, Any]) -> bool:
    total = answer["totalItems"] if "totalItems" in answer else answer.get("pagesCount")
    return may_be_empty(said_in(answer), total)


def _unknown(document: Mapping[str, Any]) -> InvalidResponseError:
    names = list(map(str, document))
    members = f"only {', '.join(names[:8])}{' …' if len(names) > 8 else ''}" if names else "nothing"
    inner = next((name for name in names if isinstance(document[name], list | Mapping)), "calls")
    said = quoted(said_in(document))
    return InvalidResponseError(
        f"the object is neither a call nor an answer with calls: it has {members}{said}. "
        f"Pass the list of calls itself, for example to_frame(answer[{inner!r}])."
    )


# Frames that pandas wrote as JSON.


def _is_by_column(document: Mapping[str, Any]) -> bool:
    """Tell whether the members are columns: objects by row, or lists of one length."""
    columns = list(document.values())
    plain = any(name in FIELDS and not FIELDS[name].nested for name in document)
    if all(isinstance(column, Mapping) for column in columns):
        return plain
    if not plain or not all(isinstance(column, list | tuple) for column in columns):
        return False
    if len(set(map(len, columns))) > 1:
        lengths = ", ".join(f"{name} {len(column)}" for name, column in list(document.items())[:8])
        msg = f"the lists of the columns are not of one length: {lengths}"
        raise InvalidResponseError(msg)
    return True


def _by_column(document: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    if not _is_by_column(document):
        return None
    columns = {
        name: column if isinstance(column, Mapping) else dict(enumerate(column))
        for name, column in document.items()
    }
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    return [{name: column.get(row) for name, column in columns.items()} for row in rows]


def _split(document: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    names, rows = document.get("columns"), document.get("data")
    if isinstance(rows, list) and "schema" in document:
        return rows
    if not isinstance(names, list) or not isinstance(rows, list):
        return None
    if any(not isinstance(row, list | tuple) or len(row) != len(names) for row in rows):
        msg = f"the rows under 'data' do not all have the {len(names)} values that 'columns' names"
        raise InvalidResponseError(msg)
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def _by_row(document: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    rows = list(document.values())
    return rows if rows and all(isinstance(row, Mapping) and is_call(row) for row in rows) else None


# The dialer's webhooks.


def is_event(names: Collection[Any]) -> bool:
    """Tell whether what has members of these names is what the dialer sends to a webhook."""
    return is_of_event(names) and not _EVENT.isdisjoint(names)


def is_of_event(names: Collection[Any]) -> bool:
    """Tell the same where other events are beside it: some say little more than which call they are of."""
    return "callId" in names and _OF_CALLS_ONLY.isdisjoint(names)


def merged_events(events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the calls that events are about, each once: its later events complete the earlier ones."""
    calls: dict[str, dict[str, Any]] = {}
    for position, event in enumerate(events):
        named = "" if event["callId"] is None else str(event["callId"]).strip()
        known = calls.setdefault(
            named or f"\0{position}", {}
        )  # nobody knows which other ones are of its call
        known.update({name: value for name, value in event.items() if value is not None})
    return [_call_of_event(event) for event in calls.values()]


def _call_of_event(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event as a call; its own ``id`` is not the API's."""
    rest = {"eventId" if name == "id" else name: value for name, value in event.items()}
    start, answer, end = (
        _milliseconds(rest.get(f"{moment}TimestampMs")) for moment in ("start", "answer", "end")
    )
    call = {
        "uniqueId": rest.pop("callId", None),
        "type": _DIRECTIONS.get(str(said := rest.pop("type", None)).strip().lower(), said),
        "clientNumber": rest.pop("clientPhone", None),
        "agentShortNumber": rest.pop("shortNumber", None),
        "timestamp": start,
        "answerTime": _seconds(start, answer),
        "talkTime": _seconds(answer, end) if answer else _none_if(end is None, 0.0),
        "totalTime": _seconds(start, end),
        "state": "answered" if answer else _none_if(end is None, "unanswered"),
    }
    for name in ("lineNumber", "userId", "treeId", "recordName"):
        call[name] = rest.pop(name, None)
    for moment in ("start", "answer", "end"):
        rest.pop(f"{moment}TimestampMs", None)
    return call | rest


def _milliseconds(value: Any) -> float | None:
    try:
        return float(value) or None
    except (TypeError, ValueError):
        return None


def _seconds(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else (end - begin) / 1000


def _none_if(unknown: bool, value: Any) -> Any:
    return None if unknown else value
