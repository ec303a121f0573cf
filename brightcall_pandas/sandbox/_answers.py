"""Answer each endpoint, without HTTP: the parts of a request in, a status and a body out."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from brightcall_pandas.filters import CallFilter
from brightcall_pandas.frame import (
    STATISTICS_COUNTS,
    STATISTICS_DURATIONS,
    STATISTICS_GROUPS,
    STATISTICS_OUTCOME_TYPES,
    STATISTICS_PARTS,
    STATISTICS_STATES,
)
from brightcall_pandas.sandbox._account import AI_COST_PER_MINUTE, KEY_OWNER, TIMEZONE, User, catalog
from brightcall_pandas.sandbox._agents import sql_of_agents, sql_of_user
from brightcall_pandas.sandbox._behavior import AS_IS, Behavior, Refused
from brightcall_pandas.sandbox._table import ON_REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import numpy as np
    import numpy.typing as npt

    from brightcall_pandas.sandbox._table import CallTable

__all__ = [
    "AS_ASKED",
    "DEFAULT_PAGE",
    "ENDPOINTS",
    "LARGEST_PAGE",
    "LISTS",
    "PAGED",
    "Answers",
    "Misreading",
    "ServerAnswer",
    "decoded",
    "refusal",
]

LARGEST_PAGE = 10_000
"""Largest ``itemsPerPage`` that is served; a larger one is refused with 400."""

DEFAULT_PAGE = 100
_DIRECTION = "DESC"  # where the request names none
_DAYS = ("dayFrom", "dayTo")
_COUNTS = {
    "all": "count(*)",
    **{name: f"count(*) FILTER (state = '{state}')" for name, state in STATISTICS_STATES.items()},
    "talks": 'count(*) FILTER ("talkTime" > 0)',
    "unique": 'count(DISTINCT "clientNumber")',
    "firstTime": 'count(*) FILTER ("firstTimeForUser")',
}

_CALLS_OF = {"answer": "state = 'answered'"}  # the calls that a duration covers; by default all of them

_TOTALS = {
    **{
        name: f"count(*) FILTER (coalesce(\"outcomeType\", 'absent') = '{kind}')"
        for name, kind in STATISTICS_OUTCOME_TYPES.items()
    },
    "aiTalkTime": 'coalesce(sum("aiTalkTime"), 0)',
    "allTalkTime": 'coalesce(sum("talkTime"), 0)',
}


_EMPTY = {"list": b'"calls":[],', "null": b'"calls":null,', "absent": b""}
_ERROR = {"status": "error", "error": "database timeout"}


@dataclass(frozen=True)
class ServerAnswer:
    """A status and a JSON body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Misreading:
    """How a faulty server misreads a request.

    Parameters
    ----------
    timezone
        Zone in which days begin, whatever the request says.
    cap
        Largest page; larger ones are cut silently.
    ties
        A number that decides the order of calls of equal rank; None breaks ties by id.
    back
        How many pages before the requested one the rows come from.
    """

    timezone: str | None = None
    cap: int | None = None
    ties: int | None = None
    back: int = 0


AS_ASKED = Misreading()
"""Read the request as it is."""


def refusal(status: int, message: str) -> ServerAnswer:
    """Return an answer that refuses a request, with the reason."""
    return ServerAnswer(status, msgspec.json.encode({"success": False, "message": message}))


class Answers:
    """The endpoints over one table of calls.

    Parameters
    ----------
    table
        The calls.
    api_key
        The only key that is accepted.
    now
        Epoch second that counts as now, for calls in progress.
    users
        The account's users, with their teams.
    """

    def __init__(self, table: CallTable, api_key: str, now: int, users: Sequence[User]) -> None:
        self.table = table
        self._users = users
        self._key = api_key
        self.set_clock(now)
        self._catalog = catalog()
        self.behave(AS_IS, 0)

    def set_clock(self, now: int) -> None:
        """Take another epoch second for now."""
        self._now = f"to_timestamp({now})"

    def behave(self, behavior: Behavior, seed: int) -> None:
        """Answer so from now on; `seed` decides what the behavior leaves to chance."""
        self.behavior = behavior
        self._draw = random.Random(seed)  # noqa: S311

    def answer(
        self,
        path: str,
        key: str | None,
        body: bytes,
        misreading: Misreading = AS_ASKED,
        others: Collection[str] = (),
    ) -> ServerAnswer:
        """Answer a POST to one of `ENDPOINTS`; `others` stand in the query string besides the key."""
        if not self.knows(key):
            return refusal(401, "the api-key is missing" if key is None else "the api-key is unknown")
        if others:
            names = ", ".join(map(repr, others))
            return refusal(400, f"unknown in the query string: {names}; parameters belong into the JSON body")
        try:
            return ENDPOINTS[path](self, decoded(body), misreading)
        except Refused as refused:
            return refusal(refused.status, refused.message)
        except ValueError as error:
            return refusal(400, str(error))

    def knows(self, key: str | None) -> bool:
        """Return whether a key is the one that is accepted."""
        return key == self._key

    def calls(self, body: dict[str, Any], misreading: Misreading) -> ServerAnswer:
        """Return one page of calls in the envelope of v1."""
        return self._page(body, misreading, with_total=True)

    def calls_list(self, body: dict[str, Any], misreading: Misreading) -> ServerAnswer:
        """Return one page of calls as v3 lists them, without a total."""
        return self._page(body, misreading, with_total=False)

    def calls_count(self, body: dict[str, Any], misreading: Misreading) -> ServerAnswer:
        """Return the number of pages that v3's list has for the same body."""
        asked, size = self._asked(body, misreading)
        if self._draw.random() < self.behavior.errors:
            return _json(_ERROR)
        where = self._where(asked, misreading)
        total = self.table.query(f"SELECT count(*) AS n FROM calls WHERE {where}")[0]["n"]  # noqa: S608
        counts = self.behavior.counts(total, min(total, size), size)
        if not counts:
            raise Refused(404, "calls are not counted here")
        return _json({"success": True, "pagesCount": counts["pagesCount"]})

    def statistics(self, body: dict[str, Any], misreading: Misreading) -> ServerAnswer:
        """Return the statistics of v1."""
        return self._detailed(CallFilter.from_request(body, required=(*_DAYS, "dateInterval")), misreading)

    def _detailed(self, asked: CallFilter, misreading: Misreading) -> ServerAnswer:
        stat = detailed_stat(self.table, self._where(asked, misreading), self._now)
        return _json({"success": True, "detailedStat": stat})

    def chart(self, body: dict[str, Any], misreading: Misreading) -> ServerAnswer:
        """Stand in for the undocumented statistics of v3: v1's form, or a success with nothing to read in it.

        Clients of the live service send no ``dateInterval`` here.
        """
        asked = CallFilter.from_request(body, required=_DAYS)
        if self.behavior.v3_statistics == "chart":
            return _json({"success": True, "chart": {"xAxis": [], "series": []}})
        return self._detailed(asked, misreading)

    def _page(self, body: dict[str, Any], misreading: Misreading, *, with_total: bool) -> ServerAnswer:
        asked, size = self._asked(body, misreading)
        behavior, page = self.behavior, asked.page or 1
        if self._draw.random() < behavior.errors:
            return _json({"calls": []} | _ERROR)
        matches = self.table.matches(self._where(asked, misreading), self._order(asked, misreading))
        total = len(matches.positions)
        positions = matches.positions[behavior.rows(max(0, page - 1 - misreading.back), size, total)]
        around = {
            **self._catalog,
            **matches.extremes,
            "timezone": asked.timezone or TIMEZONE,
            "page": page - 1 + behavior.first_page,
            **behavior.counts(total, len(positions), size),
        }
        if not with_total:
            around.pop("totalItems", None)
        calls = _EMPTY[behavior.empty]
        if len(positions):
            calls = b'"calls":[' + self._rows(positions, asked) + b"],"
        # The rows are JSON already, so the envelope is put around them by hand.
        return ServerAnswer(200, b'{"success":true,' + calls + msgspec.json.encode(around)[1:])

    def _asked(self, body: dict[str, Any], misreading: Misreading) -> tuple[CallFilter, int]:
        """Return what a body asks for, its page counted from 1, and how many calls a page has."""
        page = body.get("page")
        if self.behavior.first_page == 0 and isinstance(page, int):
            body = body | {"page": page + 1}
        asked = CallFilter.from_request(body, required=_DAYS)
        return asked, self.behavior.page_size(_size(asked, misreading))

    def _rows(self, positions: npt.NDArray[np.int64], asked: CallFilter) -> bytes:
        """Return calls as JSON, joined by commas."""
        fields = {name for name, argument in ON_REQUEST.items() if getattr(asked, argument)}
        rows = self.table.rows(positions, fields)
        if not self.behavior.rewrites:
            return rows
        direction, zone = asked.sort_direction or _DIRECTION, asked.timezone or TIMEZONE
        calls = msgspec.json.decode(b"[" + rows + b"]")
        return msgspec.json.encode(self.behavior.rewritten(calls, direction, zone, self._draw))[1:-1]

    def _where(self, asked: CallFilter, misreading: Misreading) -> str:
        """Return the condition; what only the server knows (teams, the key's owner) is resolved here."""
        zone = misreading.timezone or asked.timezone or TIMEZONE
        last = self.behavior.last_day(asked.day_to)
        if last < asked.day_from:
            return "FALSE"
        fields = self.behavior.agents
        others = asked.without("team_ids", "all_users", "agent_ids", "user_id")
        conditions = [others.replace(timezone=zone, day_to=last).to_sql()]
        if asked.agent_ids is not None:
            conditions.append(sql_of_agents(asked.agent_ids, fields))
        if asked.user_id is not None:
            conditions.append(sql_of_user(asked.user_id, fields))
        if asked.team_ids is not None:
            members = [each.user_id for each in self._users if str(each.team_id) in map(str, asked.team_ids)]
            conditions.append(CallFilter(agent_ids=members or ["nobody"]).to_sql(agent="userId"))
        if asked.all_users is False and fields == "users":  # else the key's user is that of all calls
            conditions.append(sql_of_user(KEY_OWNER, fields))
        return " AND ".join(conditions)

    def _order(self, asked: CallFilter, misreading: Misreading) -> str:
        direction = self.behavior.direction(asked.sort_direction or _DIRECTION)
        chance = misreading.ties
        if chance is None and self.behavior.ties == "random":
            chance = self._draw.getrandbits(31)
        # Ties are broken by the id, in the same direction, so that DESC is ASC read backwards.
        by_id = f"TRY_CAST(id AS BIGINT) {direction}, id {direction}"
        ties = by_id if chance is None else f"hash(id, {chance})"
        return self.behavior.sort(asked.sort_by or "timestamp", direction, ties)


def decoded(body: bytes) -> dict[str, Any]:
    """Return the body of a request; raise ValueError if it is not a JSON object."""
    try:
        value = msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError:
        value = None
    if not isinstance(value, dict):
        msg = "the body is not a JSON object"
        raise ValueError(msg)
    return value


def _size(asked: CallFilter, misreading: Misreading) -> int:
    size: int = asked.items_per_page or DEFAULT_PAGE
    if size > LARGEST_PAGE:
        msg = f"itemsPerPage is {size}; the largest page has {LARGEST_PAGE} items"
        raise ValueError(msg)
    return size if misreading.cap is None else min(size, misreading.cap)


def _json(value: dict[str, Any]) -> ServerAnswer:
    return ServerAnswer(200, msgspec.json.encode(value))


def detailed_stat(table: CallTable, where: str, now: str) -> dict[str, Any]:
    """Return the tree ``detailedStat`` over the calls that a condition selects.

    Parameters
    ----------
    table
        The calls.
    where
        SQL condition.
    now
        SQL for the instant that counts as now: a call that ends after it is ``active``.

    Notes
    -----
    ``all`` is the union of the other three, so a client in two of them counts once in ``all.unique``.
    If there are no durations, their minimum and maximum are null, their sum and count zero.
    """
    counts = _COUNTS | {"active": f'count(*) FILTER ("timestamp" + to_seconds("totalTime") > {now})'}
    columns = [f'{sql} AS "{name}"' for name, sql in counts.items()]
    for name, column in STATISTICS_DURATIONS.items():
        which = _CALLS_OF.get(name, "TRUE")
        # The parts have the names of SQL functions.
        columns += [f'{part}("{column}") FILTER ({which}) AS "{name}.{part}"' for part in STATISTICS_PARTS]
    columns += [f"{sql} AS {name}" for name, sql in _TOTALS.items()]
    rows = table.query(
        f"SELECT type AS direction, {', '.join(columns)} FROM calls WHERE {where} "  # noqa: S608
        "GROUP BY GROUPING SETS ((type), ())"
    )
    by_direction = {row["direction"] or "all": row for row in rows}
    nothing = dict.fromkeys(rows[0])
    groups = {name: _group(by_direction.get(label, nothing)) for name, label in STATISTICS_GROUPS.items()}
    totals = {name: _number(by_direction["all"][name]) for name in _TOTALS}
    cost = round(totals["aiTalkTime"] / 60 * AI_COST_PER_MINUTE, 2)
    return groups | totals | {"aiTalkCost": cost}


def _group(row: dict[str, Any]) -> dict[str, Any]:
    durations = {
        name: {
            "sum": _number(row[f"{name}.sum"]),
            "count": _number(row[f"{name}.count"]),
            "min": None if row[f"{name}.min"] is None else _number(row[f"{name}.min"]),
            "max": None if row[f"{name}.max"] is None else _number(row[f"{name}.max"]),
        }
        for name in STATISTICS_DURATIONS
    }
    return {name: _number(row[name]) for name in STATISTICS_COUNTS} | durations


def _number(value: float | None) -> float:
    number = float(value or 0)
    return int(number) if number.is_integer() else number


ENDPOINTS: dict[str, Callable[[Answers, dict[str, Any], Misreading], ServerAnswer]] = {
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
