"""Report where a live service differs from what this package assumes, in at most five small requests.

::

    _requests    requests, counted, bypassing the cache
    _evidence    the five requests, and what their answers show
    _days        which day shows where days begin
    _fields · _pages · _answers     the checks, each with its assumption
    _masks       what may be shown of an answer
    _report      findings and the report
"""

from __future__ import annotations

import importlib.metadata
import math
from datetime import date, timedelta

from brightcall_pandas.doctor import _answers, _fields, _pages
from brightcall_pandas.doctor._evidence import Evidence, collect
from brightcall_pandas.doctor._report import Check, Finding, Judgement, Report
from brightcall_pandas.doctor._requests import Requester
from brightcall_pandas.errors import BrightcallError
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.frame import has_own_end, open_period, period, zone_info
from brightcall_pandas.load import Client, current_client

__all__ = [
    "CHECKS",
    "Report",
    "report",
]

CHECKS: tuple[Check, ...] = (
    *_fields.CHECKS,
    *_pages.CHECKS,
    *_answers.CHECKS,
)
"""Every assumption that is checked."""

_DEFAULT_DAYS = 7
_NO_CALLS = "there are no calls on these days; choose others"


def report(
    client: Client | None = None, *, day_from: str | date | None = None, day_to: str | date | None = None
) -> Report:
    """Examine the service of an account.

    At most five requests are sent, and none is repeated. Of the cache only what loads have seen of the server
    is read, and nothing is written.

    Parameters
    ----------
    client
        The client to use; None means the default one.
    day_from, day_to
        Days to examine, as in `load_calls`. A few days, long past, with 100 to 500 calls in all are best.
        Default: the last seven days that are final by the client's `settle_days`.

    Returns
    -------
    Report
        Contains no number, name, id, host or key of the account. Its `exit_code` is 0 if nothing differs from
        what is assumed, 1 if something does, 2 if it could not be determined; `failure` says why.

    Raises
    ------
    TypeError, ValueError
        A day is not a date, or `client` is not a client; raised before any request.
    """
    client = current_client(client)
    days = _days(client, day_from, day_to)
    about = (
        client.profile.name,
        importlib.metadata.version("brightcall-pandas"),
        "the documented host" if client.base_url == client.profile.base_url else "another host",
    )
    try:
        requester = Requester(client)
    except BrightcallError as error:  # raised before a request, so the message is our own
        return Report(*about, failure=str(error))
    try:
        evidence = collect(requester, client, days)
    finally:
        requester.close()
    checks = [each for each in CHECKS if client.profile.name in each.versions and evidence.opening.readable]
    findings = sorted((check.finding(evidence) for check in checks), key=_differences_first)
    return Report(
        *about,
        requests=tuple(each.summary for each in requester.exchanges),
        findings=tuple(findings),
        fields=_fields.fields_seen(evidence),
        known=client.account.shareable,
        failure=_failure(evidence),
    )


def _days(client: Client, day_from: str | date | None, day_to: str | date | None) -> tuple[str, str]:
    zone = client.timezone or client.cache.account.timezone or "UTC"  # no request is spent on it
    today = client.now().astimezone(zone_info(zone)).date()
    settled = today - timedelta(days=math.ceil(client.settle.days) + 2)
    if day_to is None and (day_from is None or not has_own_end(day_from)):
        day_to = settled
    if day_from is None:
        day_from, day_to = f"{_DEFAULT_DAYS}d", open_period(None, day_to, lambda: today)[1]
    first, last = period(day_from, day_to, lambda: today)
    spec = CallFilter(day_from=first, day_to=last)
    return spec.day_from, spec.day_to


def _failure(evidence: Evidence) -> str:
    if not evidence.opening.readable:
        return f"the first request failed: {evidence.opening.problem}"
    if evidence.first is None:
        return "the answer has no list of calls"
    return "" if evidence.rows else _NO_CALLS


def _differences_first(finding: Finding) -> int:
    return list(Judgement).index(finding.judgement)
