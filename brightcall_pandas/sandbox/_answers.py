"""What each endpoint answers, without HTTP: a request's parts in, a status and a body out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from brightcall_pandas.filters import CallFilter
from brightcall_pandas.sandbox._account import KEY_OWNER, TIMEZONE, USERS, catalogue
from brightcall_pandas.sandbox._render import ON_REQUEST
from brightcall_pandas.sandbox._statistics import detailed_stat

if TYPE_CHECKING:
    from collections.abc import Callable

    from brightcall_pandas.sandbox._table import CallTable

__all__ = [
    "DEFAULT_PAGE",
    "ENDPOINTS",
    "LARGEST_PAGE",
    "LISTS",
    "PAGED",
    "STRAIGHT",
    "Answer",
    "Answers",
    "Slant",
    "decoded",
    "refusal",
]

LARGEST_PAGE = 10_000
"""Largest ``itemsPerPage`` that is served; a larger one is refused with 400."""

DEFAULT_PAGE = 100
_DAYS = ("dayFrom", "dayTo")


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Slant:
    """How a faulty server reads a request: not quite as it was asked.

    Parameters
    ----------
    timezone
        Zone in which days begin, whatever was asked for.
    cap
        Largest page, cut without a word.
    ties
        A number that decides the order of calls of equal rank; None breaks ties by id.
    back
        How many pages before the asked one the rows come from.
    """

    timezone: str | None = None
    cap: int | None = None
    ties: int | None = None
    back: int = 0


STRAIGHT = Slant()
"""As it was asked."""


def refusal(status: int, message: str) -> Answer:
    """Return an answer that says no, and why."""
    return Answer(status, msgspec.json.encode({"success": False, "message": message}))


class Answers:
    """The endpoints over one table of calls.

    Parameters
    ----------
    table
        The calls.
    api_key
        The one key that is accepted.
    now
        Epoch second that counts as now, for calls in progress.
    """

    def __init__(self, table: CallTable, api_key: str, now: int) -> None:
        self.table = table
        self._key = api_key
        self._now = f"to_timestamp({now})"
        self._catalogue = catalogue()

    def answer(self, path: str, key: str | None, body: bytes, slant: Slant = STRAIGHT) -> Answer:
        """Answer a POST to one of `ENDPOINTS`."""
        if not self.knows(key):
            return refusal(401, "the api-key is missing" if key is None else "the api-key is not known")
        try:
            return ENDPOINTS[path](self, decoded(body), slant)
        except ValueError as error:
            return refusal(400, str(error))

    def knows(self, key: str | None) -> bool:
        """Return whether a key is the one that is accepted."""
        return key == self._key

    def calls(self, body: dict[str, Any], slant: Slant) -> Answer:
        """One page of calls in the envelope of v1."""
        return self._page(body, slant, with_total=True)

    def calls_list(self, body: dict[str, Any], slant: Slant) -> Answer:
        """One page of calls as v3 lists them: without a total."""
        return self._page(body, slant, with_total=False)

    def calls_count(self, body: dict[str, Any], slant: Slant) -> Answer:
        """Return the number of pages that v3's list has for the same body."""
        asked = CallFilter.from_request(body, required=_DAYS)
        total = self.table.query(f"SELECT count(*) AS n FROM calls WHERE {self._where(asked, slant)}")[0]["n"]  # noqa: S608
        return _json({"success": True, "pagesCount": _pages(total, _size(asked, slant))})

    def statistics(self, body: dict[str, Any], slant: Slant) -> Answer:
        """Return the statistics of v1."""
        asked = CallFilter.from_request(body, required=(*_DAYS, "dateInterval"))
        stat = detailed_stat(self.table, self._where(asked, slant), self._now)
        return _json({"success": True, "detailedStat": stat})

    def chart(self, body: dict[str, Any], _: Slant) -> Answer:
        """Stand for the undocumented statistics of v3: a success that nobody can read anything from."""
        CallFilter.from_request(body, required=(*_DAYS, "dateInterval"))
        return _json({"success": True, "chart": {"xAxis": [], "series": []}})

    def _page(self, body: dict[str, Any], slant: Slant, *, with_total: bool) -> Answer:
        asked = CallFilter.from_request(body, required=_DAYS)
        page, size = asked.page or 1, _size(asked, slant)
        fields = {name for name, argument in ON_REQUEST.items() if getattr(asked, argument)}
        start = max(0, page - 1 - slant.back) * size
        part = slice(start, start + size)
        found, rows = self.table.page(self._where(asked, slant), _order(asked, slant), part, fields)
        total = len(found.positions)
        around = {
            **self._catalogue,
            **found.extremes,
            "timezone": asked.timezone or TIMEZONE,
            "page": page,
            "pagesCount": _pages(total, size),
        }
        if with_total:
            around["totalItems"] = total
        # The rows are JSON already: the envelope is closed around them by hand.
        return Answer(200, b'{"success":true,"calls":[' + rows + b"]," + msgspec.json.encode(around)[1:])

    def _where(self, asked: CallFilter, slant: Slant) -> str:
        """Return the condition; what only the server knows (teams, the key's owner) is put in first."""
        zone = slant.timezone or asked.timezone or TIMEZONE
        conditions = [asked.without("team_ids", "all_users").replace(timezone=zone)]
        if asked.team_ids is not None:
            members = [each.user_id for each in USERS if str(each.team_id) in map(str, asked.team_ids)]
            conditions.append(CallFilter(agent_ids=members or ["nobody"]))
        if asked.all_users is False:
            conditions.append(CallFilter(user_id=KEY_OWNER))
        return " AND ".join(each.to_sql() for each in conditions)


def decoded(body: bytes) -> dict[str, Any]:
    """Return the body of a request; raise ValueError if it is no JSON object."""
    try:
        value = msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError:
        value = None
    if not isinstance(value, dict):
        msg = "the body is no JSON object"
        raise ValueError(msg)
    return value


def _order(asked: CallFilter, slant: Slant) -> str:
    direction = asked.sort_direction or "DESC"
    # Ties are broken by the id, in the same direction, so that DESC is ASC read backwards.
    by_id = f"TRY_CAST(id AS BIGINT) {direction}, id {direction}"
    ties = by_id if slant.ties is None else f"hash(id, {slant.ties})"
    return f'"{asked.sort_by or "timestamp"}" {direction}, {ties}'


def _size(asked: CallFilter, slant: Slant) -> int:
    size: int = asked.items_per_page or DEFAULT_PAGE
    if size > LARGEST_PAGE:
        msg = f"itemsPerPage is {size}; the largest page has {LARGEST_PAGE} items"
        raise ValueError(msg)
    return size if slant.cap is None else min(size, slant.cap)


def _pages(total: int, size: int) -> int:
    return -(-total // size)


def _json(value: dict[str, Any]) -> Answer:
    return Answer(200, msgspec.json.encode(value))


ENDPOINTS: dict[str, Callable[[Answers, dict[str, Any], Slant], Answer]] = {
    "/api/v1/stat/calls": Answers.calls,
    "/api/v1/stat/calls-detailedV2": Answers.statistics,
    "/api/v3/stat/calls/list": Answers.calls_list,
    "/api/v3/stat/calls/count": Answers.calls_count,
    "/api/v3/stat/calls-detailed-e-chart": Answers.chart,
}
"""Handler by path; all take POST."""

LISTS = frozenset({"/api/v1/stat/calls", "/api/v3/stat/calls/list"})
"""Endpoints that send calls."""

PAGED = LISTS | {"/api/v3/stat/calls/count"}
"""Endpoints for which the size of a page matters."""
