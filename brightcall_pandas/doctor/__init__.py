"""What a live service does otherwise than this package assumes, in at most five small requests.

::

    asking    requests, counted, past the cache      masks    what of an answer may be shown
    visit     the five requests                      evidence what their answers show
    days      which day tells where days begin
    fields · paging · overlap · bounds · sums · refusal       the checks, each with its assumption
    findings  what a check found; the report
"""

from __future__ import annotations

import importlib.metadata
import math
from datetime import UTC, date, datetime, timedelta

from brightcall_pandas.doctor import _bounds, _fields, _overlap, _paging, _refusal, _sums
from brightcall_pandas.doctor._evidence import Evidence
from brightcall_pandas.doctor._findings import Check, Finding, Judgement, Report
from brightcall_pandas.doctor._requests import Asker
from brightcall_pandas.doctor._visit import collect
from brightcall_pandas.errors import BrightcallError
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.load import Client, current_client

__all__ = [
    "CHECKS",
    "Report",
    "report",
]

CHECKS: tuple[Check, ...] = (
    *_paging.CHECKS,
    *_fields.CHECKS,
    *_overlap.CHECKS,
    *_bounds.CHECKS,
    *_sums.CHECKS,
    *_refusal.CHECKS,
)
"""Every assumption that is looked at."""

_DEFAULT_DAYS = 7
_NO_CALLS = "there are no calls in these days; choose others"


def report(
    client: Client | None = None, *, day_from: str | date | None = None, day_to: str | date | None = None
) -> Report:
    """Examine the service of an account.

    It asks at most five times, never repeats a request, and neither reads nor writes the cache.

    Parameters
    ----------
    client
        Whom to ask; None takes the default one.
    day_from, day_to
        Days to look at. Best are a few, long past, with 100 to 500 calls in all. Default: the last seven days
        that the client's `settle_days` calls final.

    Returns
    -------
    Report
        Holds no number, name, id, host or key of the account. Its `exit_code` is 0 when nothing differs from
        what is assumed, 1 when something does, 2 when it could not be told; then `failure` says why.

    Raises
    ------
    TypeError, ValueError
        A day that is none, or a client that is none; before any request.
    """
    client = current_client(client)
    days = _days(client, day_from, day_to)
    about = (
        client.profile.name,
        importlib.metadata.version("brightcall-pandas"),
        "the documented host" if client.base_url == client.profile.base_url else "another host",
    )
    try:
        asker = Asker(client)
    except BrightcallError as error:  # raised before a request, so the words are ours
        return Report(*about, failure=str(error))
    try:
        evidence = collect(asker, client, days)
    finally:
        asker.close()
    checks = [each for each in CHECKS if client.profile.name in each.versions and evidence.opened.good]
    findings = sorted((check.finding(evidence) for check in checks), key=_differences_first)
    return Report(
        *about,
        requests=tuple(each.summary for each in asker.exchanges),
        findings=tuple(findings),
        fields=_fields.fields_seen(evidence),
        failure=_failure(evidence),
    )


def _days(client: Client, day_from: str | date | None, day_to: str | date | None) -> tuple[str, str]:
    settled = datetime.now(UTC).date() - timedelta(days=math.ceil(client.settle.days) + 2)
    last = CallFilter(day_to=settled if day_to is None else day_to).day_to
    week_before = date.fromisoformat(last) - timedelta(days=_DEFAULT_DAYS - 1)
    spec = CallFilter(day_from=week_before if day_from is None else day_from, day_to=last)
    return spec.day_from, spec.day_to


def _failure(evidence: Evidence) -> str:
    if not evidence.opened.good:
        return f"the first request failed: {evidence.opened.complaint}"
    if evidence.first is None:
        return "the answer has no list of calls"
    return "" if evidence.rows else _NO_CALLS


def _differences_first(finding: Finding) -> int:
    return list(Judgement).index(finding.judgement)
