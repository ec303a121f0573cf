"""What an answer is worth: data, a reason to try again, or a final error."""

from __future__ import annotations

import calendar
import email.utils
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from brightcall_pandas.errors import (
    AuthenticationError,
    BrightcallError,
    InvalidResponseError,
    RateLimitError,
    RequestError,
    ServerError,
)
from brightcall_pandas.frame import Answer, AnswerReader

__all__ = ["NO_CALLS", "Verdict", "failure_of", "judge", "says_no_calls"]

NO_CALLS = b'{"success":true,"calls":[],"pagesCount":0,"totalItems":0}'
"""Stands for the body of an answer that only says by its status or in words that there are no calls."""

_SHOWN = 300  # characters of the server's own words in a message
_CHECK_KEY = "Check BRIGHTCALL_API_KEY, or the key given to bc.Client."
_CHECK_FILTERS = "Check the filters against bc.describe_filters()."
_SLOWER = "Set rate_limit= or fewer workers= in bc.Client, or wait."

_HTTP_FAILURES = range(400, 600)
_NO = frozenset({"err", "error", "errors", "fail", "failed", "failure", "false", "ko", "no", "nok"})
_HARMLESS = frozenset({
    *("", "0", "false", "n/a", "no", "none", "null", "nil", "undefined", "-"),
    *("ok", "okay", "success", "successful", "no error", "no errors"),
})  # fmt: skip
_WORDING = ("message", "detail", "details", "description", "error", "reason", "title", "text", "msg")
"""Members of an error in which its words stand."""

_ABOUT_KEY = re.compile(
    r"unauthori[sz]ed|unauthenticated|forbidden|(invalid|unknown|wrong|missing|expired) (api.?)?(key|token)",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"time.?out|timed out|temporar|unavailable|overload|too many requests|rate.?limit|\bbusy|deadlock|retry"
    r"|try again|connection|internal (server )?error|maintenance|database|gateway|upstream|shutting down",
    re.IGNORECASE,
)
"""Words of what may be over when the same is asked again."""
_NOTHING = re.compile(
    r"\b(?:no|zero|0) (?:\w+ ){0,2}?(?:calls?|records?|results?|data|rows?|items?|entries)\b", re.IGNORECASE
)
"""Words of an empty list, unless they are about a page of it."""
_ENVELOPE = (
    "success", "status", "timezone", "page", "pagesCount", "totalItems", "tags", "outcomes", "projects",
)  # fmt: skip
"""Members that an answer of calls has besides these."""
_REFUSAL = re.compile(
    r"invalid|must|not? allowed|support|exceed|maximum|minimum|range|required|unknown(?! error)|bad request"
    r"|per.?page|page.?size|filter|parameter|argument|not found|denied|permission",
    re.IGNORECASE,
)
"""Words of what stays refused."""


@dataclass(frozen=True)
class Verdict:
    """Why an answer is not data.

    Parameters
    ----------
    error
        Class of the error that it becomes.
    reason
        What happened, as a clause.
    advice
        What to do, as a sentence.
    transient
        Whether the same request may succeed later.
    retry_after
        Seconds that the server asks to wait; None when it does not say.
    """

    error: type[BrightcallError]
    reason: str
    advice: str
    transient: bool = False
    retry_after: float | None = None


def judge(
    status: int,
    headers: Any,
    content: bytes,
    promised: Sequence[str] = (),
    reader: AnswerReader | None = None,
) -> Verdict | Answer:
    """Return what an answer holds, or why it is not data.

    Parameters
    ----------
    status
        HTTP status.
    headers
        Headers, by case-insensitive name.
    content
        The body.
    promised
        Parts of which a good answer has at least one.
    reader
        The reader of the account's answers; None takes a new one.
    """
    if says_no_calls(status, content, promised):
        status, content = 200, NO_CALLS
    if status == 200:
        return _of_content(content, promised, reader or AnswerReader())
    return failure_of(status, headers, content)


def says_no_calls(status: int, content: bytes, promised: Sequence[str]) -> bool:
    """Tell whether an answer without data says by its status that there are no calls.

    That is 204 (no content), and 404 whose words say so: a 404 without such words is of a wrong path.
    """
    if "calls" not in promised and "totalItems" not in promised:
        return False
    if status == 204:
        return not content.strip()
    return status == 404 and _names_an_empty_list(_said(content) or _plain_words(content))


def _names_an_empty_list(said: str) -> bool:
    return _NOTHING.search(said) is not None and "page" not in said.lower()


def failure_of(status: int, headers: Any, content: bytes) -> Verdict:
    """Return why an answer of a status other than 200 is not data."""
    if 300 <= status < 400:
        host = _host(headers.get("Location", "")) or "another address"
        return Verdict(
            InvalidResponseError,
            f"the server redirects to {host} (status {status})",
            "Redirects are not followed, because they would carry the key along. Check base_url.",
        )
    if status in (401, 403):
        return Verdict(
            AuthenticationError,
            f"the server does not accept the API key (status {status}{_said(content)})",
            _CHECK_KEY,
        )
    if status == 429:
        return Verdict(
            RateLimitError,
            "the server says too many requests (status 429)",
            _SLOWER,
            transient=True,
            retry_after=_seconds(headers.get("Retry-After")),
        )
    if status >= 500 or status in (408, 425):
        return Verdict(
            ServerError,
            f"the server failed (status {status})",
            "Try again later.",
            transient=True,
            retry_after=_seconds(headers.get("Retry-After")),
        )
    if 400 <= status < 500:
        return Verdict(
            RequestError,
            f"the server refused the request (status {status}{_said(content)})",
            _CHECK_FILTERS,
        )
    return Verdict(
        InvalidResponseError,
        f"the server answered with the unexpected status {status}",
        "Check base_url.",
    )


def _of_content(content: bytes, promised: Sequence[str], reader: AnswerReader) -> Verdict | Answer:
    advice = "Check base_url; if it is right, the server or a proxy is at fault."
    try:
        answer = reader.read(content)
    except msgspec.DecodeError as error:
        what = "HTML" if content.lstrip()[:1] == b"<" else "not a JSON object"
        return Verdict(
            InvalidResponseError,
            f"the answer is {what}, or is cut off ({error})",
            advice,
            transient=True,
        )
    if (fault := _fault(answer)) is not None:
        return fault
    if promised and not any(map(answer.has, promised)) and not _says_nothing(answer, promised):
        # Otherwise it would be taken for a day without calls.
        return Verdict(
            InvalidResponseError,
            f"the answer has no {' or '.join(promised)}{_words(answer)}",
            f"Check api_version, and {advice[0].lower()}{advice[1:]}",
            transient=True,
        )
    return answer


def _says_nothing(answer: Answer, promised: Sequence[str]) -> bool:
    """Tell whether a list of calls was left out because it is empty, as some servers do."""
    left_out = "calls" in promised and answer.is_blank("calls")
    if not left_out or any(_number(each) for each in (answer.totalItems, answer.pagesCount)):
        return False
    if said := _words(answer):
        return _names_an_empty_list(said)
    return answer.calls is not msgspec.UNSET or any(getattr(answer, name) is not None for name in _ENVELOPE)


# Errors in answers whose status says that all is well.


def _fault(answer: Answer) -> Verdict | None:
    """Return why an answer is not data that says itself that something failed; None where it does not."""
    refused = _is_no(answer.success) or answer.success in (0, "0")
    if refused:
        what = f"success: {_shown(answer.success)}"
    elif _is_no(answer.status) or _number(answer.status) in _HTTP_FAILURES:
        what = f"status: {_shown(answer.status)}"
    elif _complaint(answer.error):
        what = "error"
    elif _complaint(answer.errors):
        what = "errors"
    elif _number(answer.code) >= _HTTP_FAILURES.start and _complaint(answer.message):
        what = f"code: {_shown(answer.code)}"
    else:
        return None
    numbers = (_number(each) for each in (answer.code, answer.status))
    status = next((each for each in numbers if each in _HTTP_FAILURES), None)
    return _of_fault(f"{what}{_words(answer)}", status, refused)


def _of_fault(said: str, status: int | None, refused: bool) -> Verdict:
    """Judge a failure by its status, else by its words; of what tells nothing, that it may pass."""
    if status in (401, 403) or _ABOUT_KEY.search(said):
        return Verdict(AuthenticationError, f"the server does not accept the API key ({said})", _CHECK_KEY)
    if status == 429:
        reason = f"the server says too many requests ({said})"
        return Verdict(RateLimitError, reason, _SLOWER, transient=True)
    passing = _PASSING.search(said) or (status or 0) >= 500 or status in (408, 425)
    if not passing and (refused or status is not None or _REFUSAL.search(said)):
        return Verdict(RequestError, f"the server refused the request ({said})", _CHECK_FILTERS)
    reason = f"the server answered with an error ({said})"
    return Verdict(ServerError, reason, "Try again later.", transient=True)


def _is_no(value: Any) -> bool:
    """Tell whether a member that says how it went says that it failed."""
    return value.strip().lower() in _NO if isinstance(value, str) else value is False


def _number(value: Any) -> int:
    """Return a code; 0 where there is none."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}\s*", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _complaint(value: Any) -> str:
    """Return what an error says; empty where nothing failed."""
    if isinstance(value, str):
        said = value.strip()
        return "" if said.lower() in _HARMLESS else said
    if isinstance(value, dict):
        words = [_complaint(value[name]) for name in _WORDING if name in value]
        others = [f"{name}: {said}" for name, each in value.items() if (said := _inner(each))]
        return "; ".join(filter(None, words or others))
    if isinstance(value, list):
        return "; ".join(filter(None, map(_complaint, value)))
    return _shown(value) if value else ""


def _inner(value: Any) -> str:
    """Return what a member of an error says: not every number is one of a failure."""
    if isinstance(value, str | dict | list):
        return _complaint(value)
    return str(value) if _number(value) in _HTTP_FAILURES else ""


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _host(location: str) -> str:
    try:
        return urlsplit(location).netloc
    except ValueError:
        return ""


def _said(content: bytes) -> str:
    """Quote the server's own message, where there is one."""
    try:
        return _words(AnswerReader().read(content))
    except msgspec.DecodeError:
        return ""


def _plain_words(content: bytes) -> str:
    """Return a short text as it is; nothing where it is JSON, a web page, or long."""
    text = content.decode(errors="replace").strip()
    return "" if len(text) > _SHOWN or text[:1] in ("{", "[", "<") else text


def _words(answer: Answer) -> str:
    """Quote the server's own words, from wherever they stand; nothing where it has none."""
    places = [each for each in (answer.error, answer.errors, answer.message) if not isinstance(each, bool)]
    said = "; ".join(dict.fromkeys(filter(None, map(_complaint, places))))
    return f", «{said[:_SHOWN]}»" if said else ""


def _seconds(retry_after: str | None) -> float | None:
    """Read Retry-After, which is a number of seconds or a date."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        until = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    # A date is in GMT, also where it does not say so.
    return max(0.0, calendar.timegm(until.utctimetuple()) - time.time())
