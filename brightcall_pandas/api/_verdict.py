"""What an answer is worth: data, a reason to try again, or a final error."""

from __future__ import annotations

import calendar
import email.utils
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

__all__ = ["Verdict", "judge"]

_SHOWN = 300  # characters of the server's own words in a message


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
    if status == 200:
        return _of_content(content, promised, reader or AnswerReader())
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
            "Check BRIGHTCALL_API_KEY, or the key given to bc.Client.",
        )
    if status == 429:
        return Verdict(
            RateLimitError,
            "the server says too many requests (status 429)",
            "Set rate_limit= or fewer workers= in bc.Client, or wait.",
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
            "Check the filters against bc.describe_filters().",
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
    if answer.success is False or answer.success in (0, "false"):
        return Verdict(
            RequestError,
            f"the server refused the request (success: false{_words(answer)})",
            "Check the filters against bc.describe_filters().",
        )
    if promised and not any(map(answer.has, promised)):
        # Otherwise it would be taken for a day without calls.
        return Verdict(
            InvalidResponseError,
            f"the answer has no {' or '.join(promised)}{_words(answer)}",
            f"Check api_version, and {advice[0].lower()}{advice[1:]}",
            transient=True,
        )
    return answer


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


def _words(answer: Answer) -> str:
    said = answer.message or answer.error
    return f", «{str(said)[:_SHOWN]}»" if said else ""


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
