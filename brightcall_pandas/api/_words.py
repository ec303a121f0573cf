"""What a server says when it refuses, from wherever its words stand; and what they are about."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgspec

from brightcall_pandas.errors import visible
from brightcall_pandas.frame import read_object

__all__ = ["HTTP_FAILURES", "Topic", "complaint", "number_of", "quoted", "shown", "topic_of", "words_of"]

_SHOWN = 300  # characters of the server's own words in a message
_DEEPEST = 8  # levels of an error that are looked at
HTTP_FAILURES = range(400, 600)
_HARMLESS = frozenset({
    *("", "0", "false", "n/a", "no", "none", "null", "nil", "undefined", "-"),
    *("ok", "okay", "success", "successful", "no error", "no errors"),
})  # fmt: skip
_PLACES = ("error", "errors", "message", "msg", "detail", "details", "reason", "debug")
"""Members of an answer in which its words stand."""
_WORDING = ("message", "detail", "details", "description", "error", "reason", "title", "text", "msg", "debug")
"""Members of an error in which its words stand."""
_TITLE = re.compile(r"<title[^>]*>([^<]+)</title>|<h1[^>]*>([^<]+)</h1>", re.IGNORECASE)


class Topic(Enum):
    """What a refusal is about."""

    RATE = re.compile(
        r"too many requests|rate.?limit|throttl|requests per (second|minute|hour)", re.IGNORECASE
    )
    ADDRESS = re.compile(
        r"\bIPs?\b|ip.address|white.?list|allow.?list|firewall|cloudflare|captcha|incapsula|zscaler"
        r"|you have been blocked|request blocked|web filter",
        re.IGNORECASE,
    )
    PLAN = re.compile(
        r"\b(your|current|this) plan\b|\bplan (does|do) not|upgrade|payment|billing|licen[cs]e|quota"
        r"|\btrial\b|subscribe"
        r"|subscription (plan|has|is|does|expired|ended|required)|no (active )?subscription"
        r"|not (enabled|activated|included|available) (for|in) (your|this) (account|plan|company)",
        re.IGNORECASE,
    )
    KEY = re.compile(
        r"unauthori[sz]ed|unauthenticated|forbidden|authenticat"
        r"|(invalid|unknown|wrong|missing|expired|revoked|bad|no) (api.?)?(key|token)"
        r"|(api.?)?(key|token)\b.{0,20}\b(invalid|unknown|wrong|missing|expired|revoked|required|not)",
        re.IGNORECASE,
    )
    DAYS = re.compile(
        r"(date|day|time)s?.?(range|period|interval|window)|(range|period|interval|window) of (days|dates)"
        r"|\b\d+ ?(days|months|weeks|years)\b|older than|too old|retention"
        r"|too (many|long).{0,20}\b(days|period)\b"
        r"|\bdayFrom\b|\bdayTo\b|in the future",
        re.IGNORECASE,
    )


def topic_of(said: str) -> Topic | None:
    """Return what words are about; None where they do not tell."""
    return next((each for each in Topic if each.value.search(said)), None)


def words_of(content: bytes) -> str:
    """Return the server's own words, from wherever they stand in an answer; empty where it has none."""
    try:
        answer = read_object(content)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _loose(content)
    places = [answer[name] for name in _PLACES if not isinstance(answer.get(name), bool | None)]
    return "; ".join(dict.fromkeys(filter(None, map(complaint, places))))


def quoted(said: str) -> str:
    """Return words as part of a message, cut to what one reads; nothing where there are none."""
    return f", «{visible(said)[:_SHOWN]}»" if said else ""


def shown(value: Any) -> str:
    """Return a value as JSON, cut to what one reads."""
    try:
        return msgspec.json.encode(value).decode()[:_SHOWN]
    except (ValueError, RecursionError, OverflowError):  # such as an integer too large for msgspec to write
        return type(value).__name__


def complaint(value: Any, depth: int = 0) -> str:
    """Return what an error says; empty where nothing failed."""
    if depth > _DEEPEST:
        return ""
    if isinstance(value, str):
        said = " ".join(value.split())
        return "" if said.lower() in _HARMLESS else said
    if isinstance(value, Mapping):
        words = [complaint(value[name], depth + 1) for name in _WORDING if name in value]
        others = [f"{name}: {said}" for name, each in value.items() if (said := _inner(each, depth + 1))]
        return "; ".join(filter(None, words or others))
    if isinstance(value, list):
        return "; ".join(filter(None, (complaint(each, depth + 1) for each in value)))
    return shown(value) if value else ""


def number_of(value: Any) -> int:
    """Return a code; 0 where there is none."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _inner(value: Any, depth: int) -> str:
    """Return what a member of an error says: not every number is one of a failure."""
    if isinstance(value, str | dict | list):
        return complaint(value, depth)
    return str(value) if number_of(value) in HTTP_FAILURES else ""


def _loose(content: bytes) -> str:
    """Return the title of a page, or plain text; empty for anything else."""
    try:
        text = content[:10_000].decode().strip()
    except UnicodeDecodeError:
        return ""
    if text.startswith("<"):
        title = _TITLE.search(text)
        return "" if title is None else complaint(html.unescape(title[1] or title[2]))
    is_text = any(map(str.isalpha, text)) and not text.startswith(("{", "["))
    return complaint(text.strip('"')) if is_text else ""
