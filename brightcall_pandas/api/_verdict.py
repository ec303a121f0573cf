"""What an answer is worth: data, a reason to try again, or a final error."""

from __future__ import annotations

import calendar
import email.utils
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec

from brightcall_pandas.api._words import Topic, topic_of
from brightcall_pandas.errors import (
    AuthenticationError,
    BrightcallError,
    InvalidResponseError,
    RateLimitError,
    RequestError,
    ServerError,
    visible,
)
from brightcall_pandas.frame import (
    HTTP_FAILURES,
    Answer,
    AnswerReader,
    NestedTooDeeplyError,
    fault_in,
    is_page,
    may_be_empty,
    names_an_empty_list,
    number_of,
    quoted,
    read_object,
    said_in,
    words_of,
)

__all__ = ["NO_CALLS", "Verdict", "failure_of", "judge", "says_no_calls", "seconds_to_wait"]

NO_CALLS = b'{"success":true,"calls":[],"pagesCount":0,"totalItems":0}'
"""Stands for the body of an answer that only says by its status or in words that there are no calls."""

_CHECK_KEY = "Check BRIGHTCALL_API_KEY, or the key given to bc.Client or bc.login()."
_CHECK_FILTERS = "Check the filters against bc.describe_filters()."
_CHECK_ADDRESS = "Check base_url and api_version: v1 and v3 have other paths, and other hosts."
_SLOWER = "Set a lower rate_limit= or fewer workers= in bc.Client, or wait."
_ASK_PLAN = "Ask whoever manages the account whether its plan includes reports by API."
_ASK_FIREWALL = (
    "The API key may be right. Ask whoever manages the account to allow this machine's address, or try from "
    "another network."
)
_OTHER_DAYS = "Ask for fewer days at once, or for other ones: the server's words tell which it allows."
_LATER = "Try again later."

_PASSING = re.compile(
    r"time.?out|timed out|temporar|unavailable|overload|too many requests|rate.?limit|\bbusy|deadlock|retry"
    r"|try again|connection|internal (server )?error|maintenance|database|gateway|upstream|shutting down",
    re.IGNORECASE,
)
"""Words of what may be over when the same is asked again."""
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
    return status == 404 and not is_page(content) and names_an_empty_list(words_of(content))


def failure_of(status: int, headers: Any, content: bytes) -> Verdict:
    """Return why an answer of a status other than 200 is not data."""
    if 300 <= status < 400:
        host = _host(headers.get("Location", "")) or "another address"
        return Verdict(
            InvalidResponseError,
            f"the server redirects to {host} (status {status})",
            "Redirects are not followed, because they would carry the key along. Check base_url.",
        )
    if 400 <= status < 600:
        said = words_of(content)
        wait = seconds_to_wait(headers.get("Retry-After"))
        return _refusal(f"status {status}{quoted(said)}", said, status, wait, content)
    return Verdict(
        InvalidResponseError,
        f"the server answered with the unexpected status {status}",
        "Check base_url.",
    )


def _refusal(what: str, said: str, status: int, wait: float | None = None, content: bytes = b"") -> Verdict:
    """Judge a failure by its status, and by what the server says of it."""
    topic = topic_of(said)
    page = is_page(content)  # written by something before the server
    if status == 429 or (topic is Topic.RATE and status < 500):
        return Verdict(
            RateLimitError,
            f"the server says too many requests ({what})",
            _SLOWER,
            transient=True,
            retry_after=wait,
        )
    if status >= 500 or status in (408, 425):
        return Verdict(ServerError, f"the server failed ({what})", _LATER, transient=True, retry_after=wait)
    if status == 407:
        advice = "Name it in HTTPS_PROXY: http://name:password@host:port."
        return Verdict(ServerError, f"a proxy asks for a name and a password ({what})", advice)
    error = AuthenticationError if status in (401, 403) else RequestError
    if topic is Topic.ADDRESS or status in (421, 451) or (status == 403 and page):
        return Verdict(
            error, f"a firewall, or the server, does not let this machine in ({what})", _ASK_FIREWALL
        )
    if topic is Topic.PLAN or status == 402:
        return Verdict(error, f"the account may not ask for this ({what})", _ASK_PLAN)
    if topic is Topic.KEY or error is AuthenticationError:
        return Verdict(AuthenticationError, f"the server does not accept the API key ({what})", _CHECK_KEY)
    if status in (404, 405, 410):
        return Verdict(error, f"the server does not know this path ({what})", _CHECK_ADDRESS)
    advice = _OTHER_DAYS if topic is Topic.DAYS else _CHECK_FILTERS
    return Verdict(error, f"the server refused the request ({what})", advice)


def _of_content(content: bytes, promised: Sequence[str], reader: AnswerReader) -> Verdict | Answer:
    advice = "Check base_url; if it is right, the server or a proxy is at fault."
    try:
        answer = reader.read(content)
    except NestedTooDeeplyError:
        what = "the answer is nested deeper than can be read"
        return Verdict(InvalidResponseError, what, advice)
    except (msgspec.DecodeError, ValueError, OverflowError) as error:
        what = "HTML" if is_page(content) else "not a JSON object"
        return Verdict(
            InvalidResponseError,
            f"the answer is {what}, or is cut off ({error})",
            advice,
            transient=True,
        )
    if (fault := _fault(answer, content)) is not None:
        return fault
    if promised and not any(map(answer.has, promised)) and not _says_nothing(answer, content, promised):
        # Otherwise it would be taken for a day without calls.
        return Verdict(
            InvalidResponseError,
            f"the answer has no {' or '.join(promised)}{quoted(_said(content))}",
            f"Check api_version, and {advice[0].lower()}{advice[1:]}",
            transient=True,
        )
    return answer


def _says_nothing(answer: Answer, content: bytes, promised: Sequence[str]) -> bool:
    """Tell whether a list of calls was left out because it is empty, as some servers do."""
    if "calls" not in promised or not answer.is_blank("calls"):
        return False
    said = _said(content)
    speaks = (
        said
        or answer.calls is not msgspec.UNSET
        or any(getattr(answer, each) is not None for each in _ENVELOPE)
    )
    # A page past the end is empty too, whatever the totals; the proof holds all rows against these.
    totals = () if number_of(answer.page) > 0 else (answer.totalItems, answer.pagesCount)
    return bool(speaks) and may_be_empty(said, *totals)


def _said(content: bytes) -> str:
    """Return what an answer says in its own words; calls in it may hold what cannot be read."""
    try:
        return said_in(read_object(content))
    except (msgspec.DecodeError, ValueError):
        return ""


# Errors in answers whose status says that all is well.


def _fault(answer: Answer, content: bytes) -> Verdict | None:
    """Return why an answer is not data that says itself that something failed; None where it does not."""
    if not (what := fault_in(partial(getattr, answer))):
        return None
    numbers = (number_of(each) for each in (answer.code, answer.status))
    status = next((each for each in numbers if each in HTTP_FAILURES), None)
    said = words_of(content)
    return _of_fault(f"{what}{quoted(said)}", said, status, refused=what.startswith("success"))


def _of_fault(what: str, said: str, status: int | None, *, refused: bool) -> Verdict:
    """Judge a failure by its status, else by its words; of what tells nothing, that it may pass."""
    topic = topic_of(said)
    if topic in (Topic.KEY, Topic.RATE) or status in (401, 403, 407, 429):
        return _refusal(what, said, status or (401 if topic is Topic.KEY else 429))
    passing = _PASSING.search(said) or (status or 0) >= 500 or status in (408, 425)
    if not passing and (refused or status is not None or topic is not None or _REFUSAL.search(said)):
        return _refusal(what, said, status or 400)
    reason = f"the server answered with an error ({what})"
    return Verdict(ServerError, reason, _LATER, transient=True)


def _host(location: str) -> str:
    try:
        return visible(urlsplit(location).netloc)
    except ValueError:
        return ""


def seconds_to_wait(retry_after: str | None) -> float | None:
    """Read Retry-After, which is a number of seconds or a date."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        until = email.utils.parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    # A date is in GMT, also where it does not say so.
    try:
        return max(0.0, calendar.timegm(until.utctimetuple()) - time.time())
    except (ValueError, OverflowError):  # before the first year, or after the last
        return None
