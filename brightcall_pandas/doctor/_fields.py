"""Check single calls: their fields, JSON types, words and formats."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import numpy as np
import pandas as pd

from brightcall_pandas.analysis import Shape, parse
from brightcall_pandas.doctor._evidence import Evidence
from brightcall_pandas.doctor._masks import json_type, key_shown, masked, skeleton, word_shown
from brightcall_pandas.doctor._report import Check, FieldSeen, Observed
from brightcall_pandas.frame import (
    EPOCH_OF_ID,
    FIELDS,
    Field,
    agents_of,
    count_agents,
    to_pandas,
)

__all__ = ["CHECKS", "fields_seen"]

_MOST_SHAPES = 3
_TEXT = ("string", "string of digits")
_TYPES: dict[str, tuple[str, ...]] = {
    "seconds": ("integer", "number"),
    "number": ("integer", "number"),
    "flag": ("boolean",),
    "identifier": ("integer", *_TEXT),
    "text": _TEXT,
    "label": ("string",),
    "time": ("string",),
    "json": ("object", "array", *_TEXT),
}
"""JSON types by kind of the field."""
_OWN_TYPES: dict[str, tuple[str, ...]] = {
    "type": ("integer", "string"),
    "state": ("integer", "string"),
    "numbersInvolvedJSON": _TEXT,
    "numbersRingedJSON": _TEXT,
    "tags": ("array",),
    "transfers": ("array",),
    "transcripts": ("object",),
}
"""JSON types of fields about which more is known."""
_OF_PARTIES = ("numbersInvolvedJSON", "numbersRingedJSON", "transfers")
_OFFSET = re.compile(r"([Zz]|[+-]\d\d:?\d\d)\s*$")
_TOLERANCE_S = 900  # the session may begin some time before the call


def fields_seen(evidence: Evidence) -> tuple[FieldSeen, ...]:
    """Return how each known field arrived, then each new one."""
    rows = evidence.rows
    if not rows:
        return ()
    new = sorted({name for row in rows for name in row} - FIELDS.keys())
    known = [
        FieldSeen(name, _expected(each), _types(rows, name), _shapes(rows, each))
        for name, each in FIELDS.items()
    ]
    return (*known, *(FieldSeen(key_shown(name), "not known", _types(rows, name), ()) for name in new))


def _new(evidence: Evidence) -> Observed:
    rows = evidence.rows
    names = sorted({name for row in rows for name in row} - FIELDS.keys())
    differs = [f"{key_shown(name)}: {_structure(rows, name)}, in {_share(rows, name)}" for name in names]
    return Observed(differs, _nothing(rows), [] if names or not rows else ["no other fields"])


def _missing(evidence: Evidence) -> Observed:
    rows = evidence.rows
    required = [name for name, each in FIELDS.items() if not each.optional]
    lacking = [name for name in required if any(name not in row for row in rows)]
    differs = [f"{name}: absent; present in {_share(rows, name)}" for name in lacking]
    return Observed(differs, _nothing(rows), [] if lacking or not rows else ["all that must be present"])


def _json_types(evidence: Evidence) -> Observed:
    rows, found = evidence.rows, Observed(unsure=_nothing(evidence.rows))
    for name, each in FIELDS.items():
        allowed = {*_allowed(each), "absent", *(["null"] if each.nullable else [])}
        if odd := [kind for kind in _types(rows, name) if kind not in allowed]:
            found.differs.append(f"{name}: {', '.join(odd)}; expected {_expected(each)}")
    if rows and not found.differs:
        found.holds.append("every field")
    return found


def _values(evidence: Evidence) -> Observed:
    if not evidence.rows:
        return Observed(unsure=_nothing(evidence.rows))
    lost = evidence.typed().misfits
    differs = [
        f"{name}: some values become null, for example {_lost_shown(name, each.example)}"
        for name, each in lost.items()
    ]
    return Observed(differs, holds=[] if lost else ["no value becomes null"])


def _words(evidence: Evidence) -> Observed:
    found = Observed(unsure=_nothing(evidence.rows))
    for name, each in FIELDS.items():
        if each.kind != "label":
            continue
        words = {_plain(row[name]) for row in evidence.rows if row.get(name, b"null") != b"null"}
        known = {word for word in words if word.strip().casefold() in each.words}
        if unknown := sorted(word_shown(word) for word in words - known):
            found.differs.append(f"{name}: unknown {', '.join(unknown)}")
        if known:
            found.holds.append(f"{name}: {', '.join(sorted(known))}")
    return found


def _offsets(evidence: Evidence) -> Observed:
    found = Observed(unsure=_nothing(evidence.rows))
    for name in (name for name, each in FIELDS.items() if each.kind == "time"):
        forms = Counter(_time_form(row[name]) for row in evidence.rows if row.get(name, b"null") != b"null")
        found.holds += [f"{name}: {form}" for form in forms if form == "with offset, Z"]
        found.differs += [f"{name}: {form}" for form in forms if form != "with offset, Z"]
    return found


def _clock(evidence: Evidence) -> Observed:
    if not evidence.rows:
        return Observed(unsure=_nothing(evidence.rows))
    calls = to_pandas(evidence.typed().table, evidence.zone)
    epochs = pd.to_numeric(calls["uniqueId"].str.extract(EPOCH_OF_ID)[0]).to_numpy(float)
    stamps = calls["timestamp"].dt.tz_convert("UTC").dt.as_unit("us").astype("int64").to_numpy() / 1e6
    usable = ~np.isnan(epochs) & calls["timestamp"].notna().to_numpy()
    if not usable.any():
        form = masked(next((each for each in calls["uniqueId"].dropna()), ""))
        return Observed(unsure=[f"uniqueId has no epoch: {form or 'always empty'}"])
    late = float(np.median((stamps - epochs)[usable]))
    at = pd.Timestamp(float(np.median(epochs[usable])), unit="s", tz=evidence.zone)
    offset = (at.tz_localize(None) - at.tz_convert("UTC").tz_localize(None)).total_seconds()
    if abs(late) <= _TOLERANCE_S:
        return Observed(holds=["timestamp and the epoch in uniqueId agree"])
    if abs(late - offset) <= _TOLERANCE_S:
        return Observed(["timestamp is local time written as UTC: it is late by the zone's offset"])
    if abs(late + offset) <= _TOLERANCE_S:
        return Observed(["timestamp is early by the zone's offset: times without an offset are in UTC"])
    return Observed(["timestamp and the epoch in uniqueId disagree, but not by the zone's offset"])


def _identity(evidence: Evidence) -> Observed:
    found = Observed(unsure=_nothing(evidence.rows))
    for page in evidence.pages:
        ids = [row.get("id", b"null") for row in page.rows]
        if b"null" in ids:
            found.differs.append("some calls have no id")
        elif len(set(ids)) < len(ids):
            found.differs.append("a page has the same id twice")
    if evidence.rows and not found.differs:
        found.holds.append("no page has the same id twice")
    return found


def _agent(evidence: Evidence) -> Observed:
    """See which field tells the agents of answered calls."""
    if not evidence.rows:
        return Observed(unsure=_nothing(evidence.rows))
    calls = to_pandas(evidence.typed().table, evidence.zone)
    counts = count_agents(calls)
    field = counts.field
    if field is None or not counts.answered_have[field]:
        return Observed(unsure=["no answered call tells its agent"])
    values = {name: agents_of(calls, name).nunique() for name in counts.have}
    several = {name: "several" if number > 1 else "one value" for name, number in values.items() if number}
    if values["userId"] == 1 and values[field] > 1:
        return Observed([f"userId has one value, {field} several: agents are told by {field}"])
    told = ", ".join(f"{name} {said}" for name, said in several.items())
    if counts.settled is None:
        return Observed(unsure=[f"too few answered calls were seen to decide for the account: {told}"])
    return Observed(holds=[f"agents are told by {field}: of {told}"])


CHECKS = (
    Check("new fields", "calls have no fields but the 45 documented ones", _new),
    Check("missing fields", "every call has all documented fields except the optional ones", _missing),
    Check("JSON types", "every field has a JSON type that its kind allows", _json_types),
    Check("values", "every value can be read as the kind of its field", _values),
    Check("words", "type, state and outcomeType use the documented codes and words", _words),
    Check("time form", "times are ISO 8601 in UTC, with Z", _offsets),
    Check("clock", "timestamp is the same instant as the epoch in uniqueId", _clock),
    Check("agent", "userId, or a field that tells it better, differs from agent to agent", _agent),
    Check("identity", "the calls of a page have different ids", _identity),
)
"""What is assumed of calls."""


def _nothing(rows: list[dict[str, bytes]]) -> list[str]:
    return [] if rows else ["no calls were seen"]


def _allowed(each: Field) -> tuple[str, ...]:
    return _OWN_TYPES.get(each.name, _TYPES[each.kind])


def _expected(each: Field) -> str:
    words = [kind for kind in _allowed(each) if kind != "string of digits"]
    return " or ".join([*words, *(["null"] if each.nullable else []), *(["absent"] if each.optional else [])])


def _types(rows: list[dict[str, bytes]], name: str) -> tuple[str, ...]:
    kinds = Counter(json_type(row[name]) if name in row else "absent" for row in rows)
    return tuple(kind for kind, _ in kinds.most_common())


def _structure(rows: list[dict[str, bytes]], name: str) -> str:
    nested = [row[name] for row in rows if row.get(name, b"")[:1] in (b"{", b"[")]
    kinds = {kind for kind in _types(rows, name) if kind not in ("absent", "object", "array")}
    return " | ".join(sorted(kinds | {skeleton(_decoded(each)) for each in nested}))


def _share(rows: list[dict[str, bytes]], name: str) -> str:
    have = sum(name in row for row in rows)
    return "every call" if have == len(rows) else "some calls" if have else "no call"


def _shapes(rows: list[dict[str, bytes]], each: Field) -> tuple[str, ...]:
    """Return the most common shapes; none for free text, and for parties how they were read."""
    values = [row[each.name] for row in rows if row.get(each.name, b"null") != b"null"]
    if each.kind in ("text", "flag", "label"):
        return ()
    if each.name in _OF_PARTIES:
        shapes = Counter(_parties(value) for value in values)
    elif each.kind == "json":
        shapes = Counter(skeleton(_decoded(value)) for value in values)
    else:
        shapes = Counter(masked(_plain(value)) for value in values if value[:1] == b'"')
    return tuple(shape for shape, _ in shapes.most_common(_MOST_SHAPES))


def _parties(value: bytes) -> str:
    text = _plain(value)
    shape = parse(text).shape
    if shape is not Shape.UNKNOWN:
        return str(shape)
    try:
        return skeleton(msgspec.json.decode(text))
    except msgspec.DecodeError:
        return str(shape)


def _time_form(value: bytes) -> str:
    if value[:1] != b'"':
        return f"{json_type(value)}, not text"
    text = _plain(value)
    offset = _OFFSET.search(text)
    kind = "without offset" if offset is None else "with offset, Z" if offset[1] in "Zz" else "with offset"
    return kind if kind == "with offset, Z" else f"{kind}, {masked(text)}"


def _lost_shown(name: str, example: str | None) -> str:
    if name not in FIELDS or FIELDS[name].kind == "json":
        return "a value of another structure"
    return f"«{masked(example or '')}»"


def _plain(value: bytes) -> str:
    content = _decoded(value)
    return content if isinstance(content, str) else value.decode(errors="replace")


def _decoded(value: bytes) -> object:
    try:
        content: object = msgspec.json.decode(value)
    except msgspec.DecodeError:  # half of a surrogate pair
        content = value.decode(errors="replace")
    return content
