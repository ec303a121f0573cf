"""What becomes of the values of each field when tokens stand for its numbers, names and identifiers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec

from brightcall_pandas.analysis import TIME_KEYS, plain_key, sort_key
from brightcall_pandas.frame import EXTRAS, FIELDS
from brightcall_pandas.pseudonyms._tokens import A_NUMBER, TOKEN, Tokens

__all__ = ["AROUND_CALLS_S", "FREE_TEXTS", "Change", "Reading", "Times", "change_of", "value_with_tokens"]

FREE_TEXTS = ("label", "transcripts", "convoloAiRecordingSummary", "convoloAiRecordingTitle")
"""Fields in which people write, or are written down, in words of their own."""

AROUND_CALLS_S = 2 * 86_400.0
"""Seconds from a call's time: what is farther off is not the time of something in it."""

_CHAINS = ("numbersInvolvedJSON", "numbersRingedJSON", "transfers")
_SPOKEN = (*FREE_TEXTS, "crmInfo", EXTRAS.name)
_RECORDS = ("id", "uniqueId", "treeId", "projectContactId", "recordName")
_NOT_PERSONAL = ("projectId",)  # an identifier, but of no person
_LABELS = ("campaign", "projectName", "insertOrigin", "tags", "outcomeTag")  # the account's own words
_WORDS_AND_TOKENS = re.compile(rf"{TOKEN}|[^\W\d_]+")
_WRITTEN_TIMES = (946_684_800.0, 4_102_444_800.0)  # the years 2000 to 2099

Change = Callable[[str], str | None] | None
Times = tuple[float, float] | None
"""Epoch seconds between which a number may be the time of something in a call; None: no number may."""


class Reading(NamedTuple):
    """How a document is read: what becomes of its texts, and which of its numbers are times."""

    tokens: Tokens
    words: Callable[[str], Any]
    times: Times = None


def change_of(name: str, tokens: Tokens, words: Literal["drop", "scan", "token"], times: Times) -> Change:
    """Return the function that replaces a text of a column; None for a column that is not personal.

    Parameters
    ----------
    name
        Name of the column.
    tokens
        Makes the tokens.
    words
        What becomes of free text: ``"drop"`` leaves its numbers only, and only where they stand alone;
        ``"scan"`` keeps its words; ``"token"`` makes one token of each text.
    times
        When the calls were.
    """
    field = FIELDS.get(name, EXTRAS if name == EXTRAS.name else None)
    if words == "drop" and name in FREE_TEXTS:
        return lambda _: None
    if name in _RECORDS:
        return tokens.of_record
    spoken = {"drop": _numbers_only(tokens), "scan": tokens.in_text, "token": tokens.of_words}[words]
    texts: Callable[[str], Any] | None = None
    if name in _CHAINS:
        texts = tokens.of
    elif name in _SPOKEN:
        texts = spoken
    elif name in _LABELS or field is None:
        texts = tokens.in_text
    if texts is not None:
        reading = Reading(tokens, texts, times)
        return lambda text: _document(text, reading)
    if field is not None and field.kind == "identifier" and name not in _NOT_PERSONAL:
        return tokens.of
    return None


def _numbers_only(tokens: Tokens) -> Callable[[str], str | None]:
    return lambda text: tokens.of(text) if A_NUMBER.fullmatch(text) else None


def _document(text: str, reading: Reading) -> str | None:
    """Replace each value of a JSON text, or the text itself if it is not JSON."""
    try:
        value = msgspec.json.decode(text) if text.lstrip()[:1] in ("[", "{", '"') else None
        if value is not None:
            return msgspec.json.encode(value_with_tokens(value, reading)).decode()
    except (msgspec.DecodeError, RecursionError):
        pass  # what cannot be read as JSON is read as text
    changed = _plain_text(text, reading)
    return changed if changed is None else str(changed)


def _plain_text(text: str, reading: Reading) -> Any:
    tokens = reading.tokens
    if reading.words != tokens.of:
        return reading.words(text)
    if any(mark in text for mark in "[]{}\"'"):
        # Broken JSON: its parts are not known, so any word may be a name.
        return _WORDS_AND_TOKENS.sub(
            lambda found: found[0] if found[0].startswith("*") else tokens.of(found[0]), tokens.in_text(text)
        )
    return ",".join(tokens.of(part.strip()) if part.strip() else part for part in text.split(","))


def value_with_tokens(value: Any, reading: Reading) -> Any:
    """Return a value of a document, as it was decoded, with tokens for all in it that is personal."""
    tokens = reading.tokens
    match value:
        case dict():
            return {_key(key, tokens): _inner(key, each, reading) for key, each in value.items()}
        case list():
            return [value_with_tokens(each, reading) for each in value]
        case bool() | None:
            return value
        case str():
            return reading.words(value)
        case float():
            return tokens.of(str(int(value))) if value.is_integer() else value
    return tokens.of(str(value))


def _inner(key: str, value: Any, reading: Reading) -> Any:
    # Times stay, since they order a chain.
    if plain_key(key) in TIME_KEYS and _is_time(value, reading.times):
        return value
    return value_with_tokens(value, reading)


def _is_time(value: Any, times: Times) -> bool:
    """Tell whether a value is a time: text of a date and a clock, or an epoch about when the calls were."""
    found = sort_key(value)
    if found is None:
        return False
    kind, seconds = found
    if kind != "epoch":
        return "-" in value and ":" in value and _WRITTEN_TIMES[0] <= seconds < _WRITTEN_TIMES[1]
    return times is not None and times[0] <= seconds <= times[1]


def _key(key: str, tokens: Tokens) -> str:
    return tokens.of(key) if A_NUMBER.fullmatch(key) else tokens.in_text(key)
