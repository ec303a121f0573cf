"""The 33 request parameters, declared once.

The signatures of the loaders, the request's body, the row masks, the SQL, the sandbox's validation and
the documentation are derived from `FILTERS`; to add a parameter, add a row.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from datetime import date
from typing import Literal, TypedDict

import msgspec
import pandas as pd

from brightcall_pandas.errors import brief_errors
from brightcall_pandas.filters._predicates import (
    AnyAgent,
    AnyLabel,
    AnyNumber,
    AnyOf,
    AnyPart,
    AtLeast,
    AtMost,
    Category,
    Equals,
    FromDay,
    HasNumber,
    OutcomeKind,
    PartOf,
    Predicate,
    ToDay,
    category_words,
)
from brightcall_pandas.filters._tags import HasTag, PartOfTag
from brightcall_pandas.filters._values import (
    Codes,
    Day,
    Flag,
    Identifier,
    Many,
    Number,
    Text,
    Value,
    Whole,
    Word,
    Zone,
)
from brightcall_pandas.frame import FIELDS, ReferenceTable

__all__ = [
    "FILTERS",
    "FILTER_NAMES",
    "PARAMETERS",
    "Filter",
    "Filters",
    "FiltersAndDays",
    "Parameters",
    "describe_filters",
]


class Filter(msgspec.Struct, frozen=True):
    """One request parameter.

    Parameters
    ----------
    argument
        Its name in Python.
    parameter
        Its name in the API.
    value
        The kind of value that it takes.
    doc
        What it does.
    predicate
        The condition on a row; None where it filters no rows.
    needs_server
        Why it cannot be applied to rows in hand, where that is so.
    paging
        Whether it is one of the four that say which part of the answer to send, and in which order.
    """

    argument: str
    parameter: str
    value: Value
    doc: str
    predicate: Predicate | None = None
    needs_server: str | None = None
    paging: bool = False


_NUMBERS = ("fromNumber", "toNumber", "toAnswer", "lineNumber", "clientNumber")
_ANY_NUMBER = AnyNumber(tuple(map(HasNumber, _NUMBERS)))
_SEARCHED = (*_NUMBERS, "projectName", "outcomeTag", "label", "uniqueId")
_SECONDS = Number()
_TEXTS, _IDS = Many(Text()), Many(Identifier(as_number=True))

PARAMETERS: tuple[Filter, ...] = (
    Filter(
        "search_string",
        "searchString",
        Text(),
        "Part of a number, project name, outcome, tag, label or unique id; case does not matter.",
        AnyPart((*map(PartOf, _SEARCHED), PartOfTag())),
    ),
    Filter("day_from", "dayFrom", Day(), "First day, inclusive; the first one of a period.", FromDay()),
    Filter("day_to", "dayTo", Day(), "Last day, inclusive; the last one of a period.", ToDay()),
    Filter(
        "timezone",
        "timezone",
        Zone(),
        "Timezone in which days begin and the times of the answer are written.",
    ),
    Filter(
        "date_interval",
        "dateInterval",
        Word(("hour", "day", "week", "month", "year")),
        "Interval of the statistics; nothing in the documented answer depends on it.",
    ),
    Filter("types", "types", Many(Codes(FIELDS["type"])), "Direction of the call.", AnyOf("type")),
    Filter("states", "states", Many(Codes(FIELDS["state"])), "How the call ended.", AnyOf("state")),
    Filter(
        "categories",
        "categories",
        Many(Word(category_words())),
        "Direction, state, or a pair of both; a call matches if any of them does.",
        Category(),
    ),
    Filter("agent_ids", "agentIds", _IDS, "Agents, by their ids.", AnyAgent()),
    Filter(
        "team_ids",
        "teamIds",
        _IDS,
        "Teams.",
        needs_server="a call does not say which team its agent is in",
    ),
    Filter(
        "unique_ids",
        "uniqueIds",
        Many(Identifier()),
        "Call sessions, by unique id.",
        AnyOf("uniqueId"),
    ),
    Filter(
        "number",
        "number",
        Identifier(),
        "Phone number in any role. The server takes it as written; rows in any spelling.",
        _ANY_NUMBER,
    ),
    Filter(
        "from_number",
        "fromNumber",
        Identifier(),
        "Phone number of the caller.",
        HasNumber("fromNumber"),
    ),
    Filter("to_number", "toNumber", Identifier(), "Phone number that was called.", HasNumber("toNumber")),
    Filter("to_answer", "toAnswer", Identifier(), "Number expected to answer.", HasNumber("toAnswer")),
    Filter("text_projects", "textProjects", _TEXTS, "Projects, by name.", AnyOf("projectName")),
    Filter("project_ids", "projectIds", _IDS, "Projects, by id.", AnyOf("projectId")),
    Filter("tags", "tags", _TEXTS, "Calls with any of these tags.", HasTag()),
    Filter(
        "outcomes",
        "outcomes",
        _TEXTS,
        "Outcomes. The server takes them exactly as the account spells them; rows in any case.",
        AnyLabel("outcomeTag"),
    ),
    Filter(
        "outcome_types",
        "outcomeTypes",
        Many(Word(FIELDS["outcomeType"].choices)),
        "Types of outcome; `absent` also matches calls without one.",
        OutcomeKind(),
    ),
    Filter(
        "talk_time_from",
        "talkTimeFrom",
        _SECONDS,
        "Shortest talk time, in seconds.",
        AtLeast("talkTime"),
    ),
    Filter(
        "talk_time_to",
        "talkTimeTo",
        _SECONDS,
        "Longest talk time, in seconds.",
        AtMost("talkTime"),
    ),
    Filter(
        "answer_time_from",
        "answerTimeFrom",
        _SECONDS,
        "Shortest time to answer, in seconds.",
        AtLeast("answerTime"),
    ),
    Filter(
        "answer_time_to",
        "answerTimeTo",
        _SECONDS,
        "Longest time to answer, in seconds.",
        AtMost("answerTime"),
    ),
    Filter(
        "all_users",
        "allUsers",
        Flag(),
        "True: calls of all users; False: only those of the owner of the key.",
        needs_server="only the server knows whose key it is (True filters nothing, and is accepted)",
    ),
    Filter("user_id", "userId", Identifier(as_number=True), "One user, by id.", Equals("userId")),
    Filter(
        "quality_rating",
        "qualityRating",
        Number("rating, 0 or more"),
        "Quality rating of the call.",
        Equals("qualityRating"),
    ),
    Filter(
        "show_transfers", "showTransfers", Flag(), "True: calls include `transfers`. No call is left out."
    ),
    Filter(
        "show_ai_calls_with_log",
        "showAICallsWithLog",
        Flag(),
        "True: AI calls include `transcripts`. No call is left out.",
    ),
    Filter("page", "page", Whole(), "Page of the answer, counted from 1.", paging=True),
    Filter("items_per_page", "itemsPerPage", Whole(), "Calls per page.", paging=True),
    Filter(
        "sort_by",
        "sortBy",
        Word(("timestamp", "talkTime", "answerTime")),
        "Field by which the answer is sorted.",
        paging=True,
    ),
    Filter("sort_direction", "sortDirection", Word(("ASC", "DESC")), "Sort order.", paging=True),
)
"""The 33 parameters in the article's order."""

FILTERS: dict[str, Filter] = {each.argument: each for each in PARAMETERS}
"""Parameter by Python argument."""

FILTER_NAMES: tuple[str, ...] = tuple(each.argument for each in PARAMETERS if not each.paging)
"""The 29 that say which calls are meant, not which part of the answer to send."""


# What each parameter takes, for type checkers, and the words that editors offer; any case will do, so text of
# any kind is allowed. Tests hold these to the table: the same names in its order, and the same words.

Labels = str | int | Iterable[str | int] | None
Words = str | Iterable[str] | None
Type = Literal["inbound", "outbound", "internal", 0, 1, 2]
State = Literal["unanswered", "answered", "failed", 0, 1, 2]
OutcomeType = Literal["positive", "neutral", "negative", "absent"]
Interval = Literal["hour", "day", "week", "month", "year"]
CategoryWord = Literal[
    "all",
    "inbound",
    "outbound",
    "internal",
    "answered",
    "unanswered",
    "failed",
    "inbound_unanswered",
    "inbound_answered",
    "inbound_failed",
    "outbound_unanswered",
    "outbound_answered",
    "outbound_failed",
    "internal_unanswered",
    "internal_answered",
    "internal_failed",
]


class Filters(TypedDict, total=False):
    """The filters of a function that has the days as arguments of its own; None is as good as not given."""

    search_string: str | None
    timezone: str | zoneinfo.ZoneInfo | None
    date_interval: Interval | str | None
    types: Type | Iterable[Type] | Labels
    states: State | Iterable[State] | Labels
    categories: CategoryWord | Iterable[CategoryWord] | Words
    agent_ids: Labels
    team_ids: Labels
    unique_ids: Labels
    number: str | int | None
    from_number: str | int | None
    to_number: str | int | None
    to_answer: str | int | None
    text_projects: Words
    project_ids: Labels
    tags: Words
    outcomes: Words
    outcome_types: OutcomeType | Iterable[OutcomeType] | Words
    talk_time_from: float | None
    talk_time_to: float | None
    answer_time_from: float | None
    answer_time_to: float | None
    all_users: bool | None
    user_id: str | int | None
    quality_rating: float | None
    show_transfers: bool | None
    show_ai_calls_with_log: bool | None


class FiltersAndDays(Filters, total=False):
    """All filters, the days among them."""

    day_from: str | date | pd.Period | None
    day_to: str | date | pd.Period | None


class Parameters(FiltersAndDays, total=False):
    """All filters, and what says how an answer is paged and sorted."""

    page: int | None
    items_per_page: int | None
    sort_by: Literal["timestamp", "talkTime", "answerTime"] | str | None
    sort_direction: Literal["ASC", "DESC"] | str | None


@brief_errors
def describe_filters(search: str | None = None) -> pd.DataFrame:
    """Describe the 33 request parameters.

    Parameters
    ----------
    search
        Only those that have these words in their name, what they accept or their description, such as
        ``"time"``.

    Returns
    -------
    pandas.DataFrame
        Index ``argument`` (name in Python, in the article's order); columns ``parameter`` (name in the
        API), ``accepts``, ``filters`` (False for the four that only page and sort), ``on_rows`` (whether
        ``df.calls.filter`` can apply it, without the server), ``description``.

    Examples
    --------
    >>> describe_filters().loc["talk_time_from", "parameter"]
    'talkTimeFrom'
    >>> describe_filters("sort").index.tolist()
    ['sort_by', 'sort_direction']
    """
    table = ReferenceTable(
        {
            "parameter": [each.parameter for each in PARAMETERS],
            "accepts": [each.value.accepts for each in PARAMETERS],
            "filters": [not each.paging for each in PARAMETERS],
            "on_rows": [each.needs_server is None and not each.paging for each in PARAMETERS],
            "description": [each.doc for each in PARAMETERS],
        },
        index=pd.Index([each.argument for each in PARAMETERS], name="argument"),
    )
    return table.matching(search)
