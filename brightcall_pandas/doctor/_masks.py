"""Reduce what an answer says to what may be shown: its shape.

A digit becomes ``#``, a letter ``x``. A name of the API (a field, a key of the answer) is kept if it looks
like one, and not like a number or a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["json_type", "key_shown", "masked", "members", "skeleton", "word_shown"]

_LONGEST = 40
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?")
_KEY = re.compile(r"(?!.*\d{3})[A-Za-z_][A-Za-z0-9_]{0,39}")
_TRADE = """
    abandoned accepted active answered blocked busy cancelled canceled completed congestion connected
    declined disconnected dropped ended error expired external failed finished forwarded hangup in incoming
    inprogress internal local lost missed neutral none noanswer notanswered offline other out outgoing pending
    queued rejected ringing started success timeout transferred unavailable unknown unreachable voicemail
"""
_WORDS = frozenset(_TRADE.split())
"""Words for a state, a type or an outcome type that are shown; any other unknown word is masked."""
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_DEPTH = 3  # levels of a nested value that are shown
_KINDS = {b'"': "string", b"{": "object", b"[": "array", b"t": "boolean", b"f": "boolean", b"n": "null"}


def masked(text: str) -> str:
    """Return the shape of a text.

    Examples
    --------
    >>> masked("+49 170-555"), masked("Ada L."), masked("2026-03-02T08:13:22Z")
    ('+## ###-###', 'xxx x.', '####-##-##T##:##:##Z')
    """
    letters = "" if not _ISO_TIME.fullmatch(text) else "TZ"
    shape = "".join(each if each in letters else _mask(each) for each in text[:_LONGEST])
    return shape + ("…" if len(text) > _LONGEST else "")


def key_shown(name: str) -> str:
    """Return a key unchanged if it is spelled like a field of the API, else its shape.

    Examples
    --------
    >>> key_shown("involvedAgent1Id"), key_shown("+4930555"), key_shown("Ada L.")
    ('involvedAgent1Id', '+#######', 'xxx x.')
    """
    return name if _KEY.fullmatch(name) else masked(name)


def word_shown(word: str) -> str:
    """Return a label unchanged if it is a term of the trade or a small code, else its shape.

    Examples
    --------
    >>> word_shown("No-Answer"), word_shown("7"), word_shown("Ada")
    ('No-Answer', '7', 'xxx')
    """
    plain = re.sub(r"[\s_-]", "", word).casefold()
    return word if plain in _WORDS or re.fullmatch(r"[0-9]{1,2}", word) else masked(word)


def members(content: bytes) -> dict[str, bytes]:
    """Return the members of a JSON object, each as JSON text.

    Raises
    ------
    msgspec.DecodeError
        The content is not a JSON object.
    """
    return {name: bytes(value) for name, value in _members(content).items()}


def json_type(raw: bytes) -> str:
    """Return the type of a JSON value.

    Examples
    --------
    >>> [json_type(each) for each in (b"1", b"1.5", b'"12"', b'"x"', b"[]", b"null")]
    ['integer', 'number', 'string of digits', 'string', 'array', 'null']
    """
    kind = _KINDS.get(raw[:1])
    if kind is None:
        return "number" if any(each in raw for each in b".eE") else "integer"
    return "string of digits" if kind == "string" and re.fullmatch(rb'"[+-]?\d+(\.\d+)?"', raw) else kind


def skeleton(value: Any, depth: int = _DEPTH) -> str:
    """Return the structure of a nested value; keys are masked, because some structures use names as keys.

    Examples
    --------
    >>> skeleton({"Ada": [{"at": 3}, {"at": 4}], "ok": True})
    'object{xx: boolean, xxx: array[object{xx: integer}]}'
    """
    if isinstance(value, Mapping):
        if not depth:
            return "object"
        members = {f"{masked(str(key))}: {skeleton(each, depth - 1)}" for key, each in value.items()}
        return "object{" + ", ".join(sorted(members)) + "}"
    if isinstance(value, list):
        if not depth:
            return "array"
        return "array[" + " | ".join(sorted({skeleton(each, depth - 1) for each in value})) + "]"
    return json_type(msgspec.json.encode(value))


def _mask(character: str) -> str:
    if character.isdigit() or character.isnumeric():
        return "#"
    if character.isascii() and not character.isalpha():
        return character if character.isprintable() else " "
    return "x"
