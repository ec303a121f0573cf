"""What a server says when something failed, from wherever in an answer its words stand."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from brightcall_pandas.errors import visible
from brightcall_pandas.frame._answer import UNREADABLE, decoded

__all__ = [
    "HTTP_FAILURES",
    "fault_in",
    "is_page",
    "may_be_empty",
    "names_an_empty_list",
    "number_of",
    "quoted",
    "said_in",
    "words_of",
]

HTTP_FAILURES = range(400, 600)
"""Codes with which an answer says that something failed."""

_SHOWN = 300  # characters of the server's own words in a message
_READ = 10_000  # bytes of a page, or characters of words, that are looked at
_DEEPEST = 8  # levels of an error that are looked at
_NO = frozenset({"err", "error", "errors", "fail", "failed", "failure", "false", "ko", "no", "nok"})
_HARMLESS = frozenset({
    *("", "0", "false", "n/a", "no", "none", "null", "nil", "undefined", "-"),
    *("ok", "okay", "success", "successful", "no error", "no errors"),
})  # fmt: skip
_PLACES = (
    *("error", "errors", "message", "messages", "msg", "detail", "details", "reason"),
    *("errormessage", "errormsg", "errordescription", "errordetail", "errordetails", "description"),
    *("title", "text", "fault", "faultstring", "exception", "violations", "debug"),
)
"""Members in which words stand, in the order in which they are quoted; without capitals, ``_`` and ``-``."""
_SILENT = frozenset({"success", "status", "ok", "timezone", "type"})
"""Members whose text says nothing of the reason."""
_NOTHING = re.compile(
    r"\b(?:no|zero|0) (?:\w+ ){0,2}?(?:calls?|records?|results?|data|rows?|items?|entries)\b", re.IGNORECASE
)
"""Words of an empty list, unless they are about a page of it."""
_HEADINGS = tuple(
    re.compile(rf"<{tag}\b[^>]*>(.*?)</{tag}>", re.IGNORECASE | re.DOTALL) for tag in ("title", "h1")
)
_UNSEEN = re.compile(r"<(head|script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL)


def words_of(content: bytes) -> str:
    """Return the words of an answer that says that something failed; empty where it has none.

    That may be JSON of any form, a page, or plain text.
    """
    try:
        document = decoded(content, lambda text, _: msgspec.json.decode(text))
    except (msgspec.DecodeError, ValueError):
        return _of_text(content)
    if isinstance(document, dict):
        return _of_object(document)[:_READ]
    said = complaint(document)[:_READ]
    return said if any(map(str.isalpha, said)) else ""


def said_in(answer: Mapping[str, Any], depth: int = 0) -> str:
    """Return what an answer says in the members that are there for words."""
    named = {_plain(name): each for name, each in answer.items()}
    said = (complaint(named[name], depth) for name in _PLACES if not isinstance(named.get(name), bool | None))
    return "; ".join(dict.fromkeys(filter(None, said)))


def fault_in(member: Callable[[str], Any]) -> str:
    """Return the member by which an answer says that something failed; empty where none does.

    Parameters
    ----------
    member
        Returns a member of the answer, by its name; None where it is absent.
    """
    success, status, code = map(member, ("success", "status", "code"))
    if _is_no(success) or success in (0, "0"):
        return f"success: {_shown(success)}"
    if _is_no(status) or number_of(status) in HTTP_FAILURES:
        return f"status: {_shown(status)}"
    if (name := next((name for name in ("error", "errors") if complaint(member(name))), None)) is not None:
        return name
    if number_of(code) >= HTTP_FAILURES.start and complaint(member("message")):
        return f"code: {_shown(code)}"
    return ""


def may_be_empty(said: str, *totals: Any) -> bool:
    """Tell whether an answer without a list may mean an empty one: no word and no number says otherwise."""
    return not any(map(number_of, totals)) and (not said or names_an_empty_list(said))


def names_an_empty_list(said: str) -> bool:
    """Tell whether words say that there are no calls."""
    return _NOTHING.search(said) is not None and "page" not in said.lower()


def quoted(said: str) -> str:
    """Return words as part of a message, cut to what one reads; nothing where there are none."""
    return f", «{visible(said)[:_SHOWN]}»" if said else ""


def number_of(value: Any) -> int:
    """Return a code; 0 where there is none."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def is_page(content: bytes) -> bool:
    """Tell whether content is HTML or XML: something before the server wrote it."""
    return content[:_READ].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def complaint(value: Any, depth: int = 0) -> str:
    """Return what an error says; empty where nothing failed."""
    if depth > _DEEPEST:
        return ""
    if isinstance(value, str):
        said = " ".join(value.split())
        return "" if said.lower() in _HARMLESS else said
    if isinstance(value, Mapping):
        if said := said_in(value, depth + 1):
            return said
        others = {name: each for name, each in value.items() if _plain(name) not in _PLACES}
        return "; ".join(
            f"{name}: {said}" for name, each in others.items() if (said := _inner(each, depth + 1))
        )
    if isinstance(value, list):
        return "; ".join(filter(None, (complaint(each, depth + 1) for each in value)))
    return _shown(value) if value else ""


def _of_object(answer: Mapping[str, Any], depth: int = 0) -> str:
    """Return the words of an object; where none stand in their place, those of what it wraps, or any text.

    Lists are passed over, since calls may be in them.
    """
    if depth > _DEEPEST:
        return ""
    if said := said_in(answer):
        return said
    wrapped = (_of_object(each, depth + 1) for each in answer.values() if isinstance(each, Mapping))
    if said := next(filter(None, wrapped), ""):
        return said
    texts = {name: each for name, each in answer.items() if isinstance(each, str)}
    return "; ".join(
        f"{name}: {said}"
        for name, each in texts.items()
        if _plain(name) not in _SILENT and (said := complaint(each))
    )


def _of_text(content: bytes) -> str:
    """Return the title of a page, or its text, or plain text; empty for anything else."""
    text = content[:_READ].decode("utf-8-sig", errors="replace").strip()
    if 10 * text.count(UNREADABLE) > len(text) or "\0" in text:
        return ""
    if is_page(content):
        headings = (_seen(found[1]) for each in _HEADINGS if (found := each.search(text)) is not None)
        return next(filter(None, headings), "") or _seen(text)
    is_text = any(map(str.isalpha, text)) and not text.startswith(("{", "["))
    return complaint(text) if is_text else ""


def _seen(markup: str) -> str:
    """Return what a browser would show of a piece of a page."""
    return complaint(html.unescape(_UNSEEN.sub(" ", markup)))


def _inner(value: Any, depth: int) -> str:
    """Return what a member of an error says: not every number is one of a failure."""
    if isinstance(value, str | dict | list):
        return complaint(value, depth)
    return str(value) if number_of(value) in HTTP_FAILURES else ""


def _plain(name: Any) -> str:
    """Return the name of a member as it stands in `_PLACES`."""
    return str(name).lower().replace("_", "").replace("-", "")


def _is_no(value: Any) -> bool:
    """Tell whether a member that says how it went says that it failed."""
    return value.strip().lower() in _NO if isinstance(value, str) else value is False


def _shown(value: Any) -> str:
    """Return a value as JSON, cut to what one reads."""
    try:
        return msgspec.json.encode(value).decode()[:_SHOWN]
    except (
        TypeError,
        ValueError,
        RecursionError,
        OverflowError,
    ):  # such as an integer that msgspec cannot write
        return type(value).__name__
