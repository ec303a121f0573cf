"""Servers that follow the article and differ from each other: `PERSONAS`, one row each.

A persona sets aspects of `Behavior`. Several can be combined where they set different ones. To add a persona,
add a row; the command line, the documentation's test and the test of loads go by this table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from brightcall_pandas.sandbox._behavior import AS_IS, Behavior

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PERSONAS", "Persona", "behavior_of", "joined_name", "personas_named"]


@dataclass(frozen=True)
class Persona:
    """One way in which a server may follow the article and differ from others.

    Parameters
    ----------
    name
        What it is called.
    topic
        What it is about.
    does
        What it does, as a sentence.
    because
        Why that is plausible, as a sentence.
    sets
        Aspects of `Behavior` and their values.
    may_be_refused
        Why a load of it may end in ``IncompleteDataError``, as a sentence; empty where every table that
        stands still must load whole.
    """

    name: str
    topic: str
    does: str
    because: str
    sets: dict[str, Any] = field(default_factory=dict)
    may_be_refused: str = ""


_SIZES, _ENDS, _DEPTH, _TOTALS = "Page sizes", "Past the last page", "Depth", "Totals"
_ORDER, _DAYS, _TIMES, _IDS, _ERRORS = "Order", "Days and pages", "Times", "Identifiers", "Errors"
_STATISTICS, _AGENTS, _CLIENTS = "Statistics", "Agents", "Clients"

PERSONAS: dict[str, Persona] = {
    each.name: each
    for each in (
        Persona(
            "listed-sizes",
            _SIZES,
            "Honors itemsPerPage only if it is 10, 25, 50, 100, 200 or 500, and sends 100 calls otherwise.",
            "A web page offers these sizes in a list, and anything else falls back to the default.",
            {"sizes": "listed"},
        ),
        Persona(
            "sizes-rounded-down",
            _SIZES,
            "Rounds itemsPerPage down to 10, 25, 50, 100, 200 or 500.",
            "A limit per price plan is often the next lower step of a list.",
            {"sizes": "down"},
        ),
        Persona(
            "sizes-in-tens",
            _SIZES,
            "Rounds itemsPerPage to the nearest multiple of ten.",
            "Answers that are kept for reuse hit more often when sizes are few.",
            {"sizes": "tens"},
        ),
        Persona(
            "sizes-refused-400",
            _SIZES,
            "Refuses any itemsPerPage but 10, 25, 50, 100, 200 and 500, with status 400.",
            "A strict validator knows the choices of the web page only.",
            {"sizes": "refused 400"},
        ),
        Persona(
            "sizes-refused-422",
            _SIZES,
            "Refuses any itemsPerPage but 10, 25, 50, 100, 200 and 500, with status 422.",
            "Laravel and FastAPI report a failed validation with this status.",
            {"sizes": "refused 422"},
        ),
        Persona(
            "sizes-refused-200",
            _SIZES,
            "Refuses any itemsPerPage but 10, 25, 50, 100, 200 and 500, with success: false and status 200.",
            "The answer has a member success, so some errors will not use the status.",
            {"sizes": "refused 200"},
        ),
        Persona(
            "size-ignored",
            _SIZES,
            "Ignores itemsPerPage and always sends 100 calls.",
            "The parameter was renamed, or never reached the query.",
            {"sizes": "fixed"},
        ),
        Persona(
            "at-most-100",
            _SIZES,
            "Sends at most 100 calls a page, without a word.",
            "A cap of 100 protects many public APIs.",
            {"sizes": 100},
        ),
        Persona(
            "at-most-73",
            _SIZES,
            "Sends at most 73 calls a page, without a word.",
            "A limit of the answer's bytes comes out as an odd number of calls.",
            {"sizes": 73},
        ),
        Persona(
            "last-page-again",
            _ENDS,
            "Sends the last page again for any page after it.",
            "Django's Paginator.get_page clamps numbers that are too high.",
            {"past_end": "last"},
        ),
        Persona(
            "first-page-again",
            _ENDS,
            "Sends the first page for any page after the last one.",
            "A page number that is not valid falls back to 1.",
            {"past_end": "first"},
        ),
        Persona(
            "past-end-refused",
            _ENDS,
            "Refuses a page after the last one, with status 404.",
            "Django REST framework does so.",
            {"past_end": "refused"},
        ),
        Persona(
            "depth-1000-refused",
            _DEPTH,
            "Refuses pages that reach beyond the 1,000th call, with status 400.",
            "A search engine with a smaller result window than usual.",
            {"depth": (1_000, "refused")},
        ),
        Persona(
            "depth-1000-empty",
            _DEPTH,
            "Sends no calls beyond the 1,000th, while totals go on.",
            "A LIMIT in an inner query that the count does not have.",
            {"depth": (1_000, "empty")},
        ),
        Persona(
            "depth-10000-refused",
            _DEPTH,
            "Refuses pages that reach beyond the 10,000th call, with status 400.",
            "It is the default result window of Elasticsearch and OpenSearch.",
            {"depth": (10_000, "refused")},
        ),
        Persona(
            "depth-10000-empty",
            _DEPTH,
            "Sends no calls beyond the 10,000th, while totals go on.",
            "The service catches the search engine's error and sends an empty page.",
            {"depth": (10_000, "empty")},
        ),
        Persona(
            "no-totals",
            _TOTALS,
            "Says neither totalItems nor pagesCount; v3 has no endpoint that counts.",
            "Counting is slow on large tables, so it is often left out.",
            {"totals": "absent"},
            "Nothing shows that a day without calls is empty, or that a page lacks a call.",
        ),
        Persona(
            "totals-behind",
            _TOTALS,
            "Says three calls fewer than there are.",
            "The count comes from a replica or a counter that lags.",
            {"totals": "behind"},
        ),
        Persona(
            "totals-capped",
            _TOTALS,
            "Counts no further than 1,000.",
            "The count is limited to stay fast, as in track_total_hits of Elasticsearch.",
            {"totals": "capped"},
        ),
        Persona(
            "totals-of-page",
            _TOTALS,
            "Says the number of calls on the page for the number of all.",
            "The length of the list was taken after it was cut.",
            {"totals": "page"},
        ),
        Persona(
            "totals-zero",
            _TOTALS,
            "Says 0 for the number of calls, whatever it sends.",
            "The member is filled by a later version of the query.",
            {"totals": "zero"},
        ),
        Persona(
            "totals-as-text",
            _TOTALS,
            'Says the number of calls as text, "3000".',
            "A database driver returns a count of 64 bits as text.",
            {"totals": "text"},
        ),
        Persona(
            "totals-too-high",
            _TOTALS,
            "Says seven calls more than there are.",
            "Calls that were deleted softly are counted, and not listed.",
            {"totals": "high"},
            "Totals that are never reached look like calls that never came.",
        ),
        Persona(
            "calls-left-out",
            _TOTALS,
            "Leaves a call out of one page in seven; totals are right.",
            "A row that cannot be rendered at the moment is skipped.",
            {"omits": 0.15},
        ),
        Persona(
            "sorted-inside-newest",
            _ORDER,
            "Cuts pages newest first, and sorts each of them as asked.",
            "The query has a fixed order, and the answer is sorted afterwards.",
            {"order": "inside newest"},
        ),
        Persona(
            "sorted-inside-oldest",
            _ORDER,
            "Cuts pages oldest first, and sorts each of them as asked.",
            "The query goes by the primary key, and the answer is sorted afterwards.",
            {"order": "inside oldest"},
        ),
        Persona(
            "sorted-inside-unsorted",
            _ORDER,
            "Cuts pages in no order of time, and sorts each of them as asked.",
            "The query goes by a hash, as in a partitioned store; the answer is sorted afterwards.",
            {"order": "inside none"},
        ),
        Persona(
            "newest-first",
            _ORDER,
            "Sends the newest calls first, whatever sortDirection says.",
            "A list of calls is read from the top, so nobody noticed.",
            {"order": "newest"},
        ),
        Persona(
            "oldest-first",
            _ORDER,
            "Sends the oldest calls first, whatever sortDirection says.",
            "The query goes by the primary key.",
            {"order": "oldest"},
        ),
        Persona(
            "unsorted",
            _ORDER,
            "Sends calls in an order of its own, the same each time.",
            "Without ORDER BY a store returns rows as they lie.",
            {"order": "none"},
        ),
        Persona(
            "sorted-by-second",
            _ORDER,
            "Writes times with milliseconds and sorts by seconds; within a second the order is random.",
            "The sorted column has type DATETIME, the shown one has fractions.",
            {"unit": "second", "ties": "random"},
        ),
        Persona(
            "sorted-by-minute",
            _ORDER,
            "Sorts by minutes; within a minute the order is random.",
            "An index of a time series keeps minutes.",
            {"unit": "minute", "ties": "random"},
        ),
        Persona(
            "random-ties",
            _ORDER,
            "Sends calls of equal time in another order at each request.",
            "A database promises nothing about ties, and parallel scans show it.",
            {"ties": "random"},
        ),
        Persona(
            "day-to-exclusive",
            _DAYS,
            "Takes dayTo for the first day that is not wanted.",
            "A day without a time is its midnight, and BETWEEN ends there.",
            {"day_to": "exclusive"},
        ),
        Persona(
            "pages-from-0",
            _DAYS,
            "Counts pages from 0.",
            "Spring's Pageable does so.",
            {"first_page": 0},
        ),
        Persona(
            "null-calls",
            _DAYS,
            "Sends calls: null where there are none.",
            "An empty slice of Go is null in JSON.",
            {"empty": "null"},
        ),
        Persona(
            "absent-calls",
            _DAYS,
            "Leaves calls out of the answer where there are none.",
            "Serializers can omit what is empty.",
            {"empty": "absent"},
        ),
        Persona(
            "epoch-seconds",
            _TIMES,
            "Writes times as seconds since 1970.",
            "Telephone exchanges count so, and uniqueId begins with such a number.",
            {"times": "seconds"},
        ),
        Persona(
            "epoch-milliseconds",
            _TIMES,
            "Writes times as milliseconds since 1970.",
            "JavaScript counts so.",
            {"times": "milliseconds"},
        ),
        Persona(
            "local-times",
            _TIMES,
            "Writes times in the answer's timezone, without an offset: 2026-03-30T10:15:00.",
            "The answer names its timezone, so an offset seemed superfluous.",
            {"times": "local"},
        ),
        Persona(
            "spaced-times",
            _TIMES,
            "Writes times in the answer's timezone as 2026-03-30 10:15:00.",
            "That is how MySQL prints them.",
            {"times": "spaced"},
        ),
        Persona(
            "offset-times",
            _TIMES,
            "Writes times with the offset of the answer's timezone: 2026-03-30T10:15:00+02:00.",
            "ISO 8601 recommends it.",
            {"times": "offset"},
        ),
        Persona(
            "times-in-minutes",
            _TIMES,
            "Cuts times to minutes and sorts by these; within a minute the order is random.",
            "Reports for people show no seconds.",
            {"times": "minutes", "unit": "minute", "ties": "random"},
        ),
        Persona(
            "call-of-1970",
            _TIMES,
            "One call is dated 1970-01-01, and sorted so; days are chosen by another column.",
            "A missing time was read as 0.",
            {"odd_time": "1970"},
        ),
        Persona(
            "call-of-2067",
            _TIMES,
            "One call is dated 2067, and sorted so; days are chosen by another column.",
            "The clock of one telephone is wrong.",
            {"odd_time": "2067"},
        ),
        Persona(
            "calls-without-time",
            _TIMES,
            "One call in 40 has no timestamp; it stands where it belongs.",
            "Calls that never connected lack the time of their connection.",
            {"odd_time": "missing"},
        ),
        Persona(
            "unusable-ids",
            _IDS,
            'One call in 50 has "", "null" or 0 for its id.',
            "The record was not saved yet when it was sent.",
            {"ids": "unusable"},
        ),
        Persona(
            "text-ids",
            _IDS,
            "Writes ids as text.",
            "JSON numbers of 64 bits are not safe in JavaScript.",
            {"ids": "text"},
        ),
        Persona(
            "rounded-ids",
            _IDS,
            "Ids of 64 bits are rounded as JavaScript does, so that some 256 calls share one.",
            "A gateway in JavaScript parsed the JSON and wrote it again.",
            {"ids": "rounded"},
        ),
        Persona(
            "errors-in-200",
            _ERRORS,
            "One answer in 20 says status: error with HTTP 200 and an empty list.",
            "A handler reports a timeout of its database in the body only.",
            {"errors": 0.05},
        ),
        Persona(
            "account-user",
            _AGENTS,
            "Sends one userId for all calls, and the agent as involvedAgent1Id, but not of the oldest 300.",
            "A live client reads the agent there, and a webhook of another account has one userId for all.",
            {"agents": "involved"},
        ),
        Persona(
            "account-user-only",
            _AGENTS,
            "Sends one userId for all calls, and only the extension tells the agent.",
            "The article calls agentShortNumber the handling agent, and does not know involvedAgent1Id.",
            {"agents": "extensions"},
        ),
        Persona(
            "number-spellings",
            _CLIENTS,
            "Writes a client's number in six forms, national ones among them; one caller in 7 withholds it.",
            "Numbers come from uploads, web forms and SIP headers, and each source has a form of its own.",
            {"numbers": "mixed"},
        ),
        Persona(
            "v3-statistics",
            _STATISTICS,
            "Under v3, answers statistics in the form of v1, as detailedStat.",
            "A public client reads them so; v3 may have kept the form.",
            {"v3_statistics": "detailed"},
        ),
    )
}
"""Persona by name."""


def personas_named(persona: str | Sequence[str] | None) -> tuple[Persona, ...]:
    """Return the personas that a name, several names or ``"a+b"`` mean, in the order of `PERSONAS`.

    Raises
    ------
    ValueError
        A persona does not exist, or two of them set the same aspect differently; the message names them.
    """
    given = [persona] if isinstance(persona, str) else list(persona or ())
    names = [name.strip() for text in given for name in text.split("+") if name.strip()]
    for name in names:
        if name not in PERSONAS:
            msg = f"{name!r} is not a persona; choose from {', '.join(PERSONAS)}"
            raise ValueError(msg)
    chosen = tuple(each for each in PERSONAS.values() if each.name in names)
    _check_apart(chosen)
    return chosen


def _check_apart(personas: Sequence[Persona]) -> None:
    owners: dict[str, Persona] = {}
    for each in personas:
        for aspect, value in each.sets.items():
            other = owners.setdefault(aspect, each)
            if other.sets[aspect] != value:
                msg = (
                    f"personas {other.name!r} and {each.name!r} cannot be combined: "
                    f"both decide {aspect.replace('_', ' ')}; choose one of them"
                )
                raise ValueError(msg)


def joined_name(personas: Sequence[Persona]) -> str:
    """Return the name of a combination, which is the same in whatever order it was given."""
    return "+".join(each.name for each in personas)


def behavior_of(personas: Sequence[Persona]) -> Behavior:
    """Return what a server of these personas does."""
    sets = {aspect: value for each in personas for aspect, value in each.sets.items()}
    return Behavior(**sets) if sets else AS_IS
