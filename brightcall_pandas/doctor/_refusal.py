"""Checks of the answer to a request that has to be refused, and of what must be in no answer."""

from __future__ import annotations

import msgspec

from brightcall_pandas.doctor._evidence import Evidence
from brightcall_pandas.doctor._findings import Check, Found
from brightcall_pandas.doctor._masks import json_type, key_shown, members
from brightcall_pandas.errors import RequestError

__all__ = ["CHECKS"]

_WORDS = ("message", "error")
_MEDIA_TYPES = ("application/json", "text/html", "text/plain", "application/problem+json")


def _refusal(evidence: Evidence) -> Found:
    exchange = evidence.refused
    if exchange is None:
        return Found(unsure=["nothing was asked that has to be refused"])
    if exchange.good:
        return Found(["a day that is none was accepted"])
    if exchange.status is None:
        return Found(unsure=[exchange.complaint])
    media_type = exchange.media_type if exchange.media_type in _MEDIA_TYPES else "another content type"
    shape = f"status {exchange.status}, {media_type}, {_shape(exchange.content)}"
    if exchange.verdict is None or exchange.verdict.error is not RequestError:
        return Found([f"not understood as a refusal: {shape}"])
    if not any(f"{word}: string" in shape for word in _WORDS):
        return Found([f"says no reason in {' or '.join(_WORDS)}: {shape}"])
    return Found(holds=[shape])


def _shape(content: bytes) -> str:
    try:
        body = members(content)
    except msgspec.DecodeError:
        return "no JSON object" if content else "no body"
    return ", ".join(f"{key_shown(name)}: {json_type(value)}" for name, value in body.items())


def _key(evidence: Evidence) -> Found:
    if evidence.echoed:
        return Found(["it is in the body or in a header of some answer; ours never show it"])
    return Found(holds=["it is in none of the answers"])


CHECKS = (
    Check("refusal", "a bad request is refused with 4xx, or success: false, and a reason as text", _refusal),
    Check("key", "the server does not send the API key back", _key),
)
"""What is assumed of refusals, and of the key."""
