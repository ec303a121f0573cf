"""How a server behaves where the article leaves it open: sizes, ends, totals, order, and the form of rows.

A `Behavior` without arguments is the sandbox as it is; `_personas` names the others. Nothing here knows HTTP
or the table: numbers and rows in, numbers and rows out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Literal

from brightcall_pandas.frame import FIELDS, zone_info
from brightcall_pandas.sandbox._agents import AgentFields, write_agents
from brightcall_pandas.sandbox._numbers import NumberForms, write_numbers

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = ["AS_IS", "LISTED_SIZES", "Behavior", "Refused"]

LISTED_SIZES = (10, 25, 50, 100, 200, 500)
_DEFAULT_SIZE = 100
_MOST_COUNTED = 1_000
_BEHIND, _AHEAD = 3, 7
_TIMES = [name for name, field in FIELDS.items() if field.kind == "time"]

_ODD_CALL = "1000010"  # the tenth of the drawn calls
_ODD_TIMES = {"1970": "1970-01-01T00:00:00Z", "2067": "2067-05-14T09:12:31Z"}
_TIMELESS_EVERY, _UNUSABLE_EVERY = 40, 50
_UNUSABLE = ("", "null", 0)
_LARGE_ID = 1_760_000_000_000_000_000  # where one double in 256 whole numbers is exact


class Refused(Exception):  # noqa: N818  (a server's answer, not a failure of ours)
    """The server does not answer such a request.

    Parameters
    ----------
    status
        HTTP status; 200 stands for a body that says ``success: false``.
    message
        The reason.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Behavior:
    """What a server does, aspect by aspect.

    Parameters
    ----------
    sizes
        Page sizes that it honors: ``any``; ``listed`` ones, the default otherwise; rounded ``down`` to these;
        rounded to ``tens``; ``fixed`` at the default; ``refused 400``, ``refused 422`` or ``refused 200`` for
        those of no list; a number is the largest page.
    past_end
        A page after the last one: ``empty``, the ``last`` or the ``first`` page again, or ``refused``.
    depth
        Position beyond which no call is sent, and whether such a page is ``refused`` or ``empty``.
    totals
        ``exact``, ``absent``, ``behind`` by 3, ``capped`` at 1,000, of the ``page``, ``zero``, ``text`` or
        ``high`` by 7.
    omits
        Share of the pages that lack one call.
    order
        ``asked``; always ``newest`` or ``oldest`` first; ``none``; or the pages are cut in one of these
        orders and sorted inside only: ``inside newest``, ``inside oldest``, ``inside none``.
    unit
        Unit of time by which it sorts: ``exact``, ``second`` (times then have milliseconds) or ``minute``.
    ties
        Calls of equal rank: ``by id``, or ``random``, anew for each request.
    day_to
        ``inclusive`` or ``exclusive``.
    first_page
        Number of the first page.
    times
        How a time is written: ``utc``, ``seconds`` or ``milliseconds`` since 1970, ``local``, local and
        ``spaced``, with an ``offset``, or cut to ``minutes``.
    empty
        An answer without calls: an empty ``list``, ``null``, or ``absent``.
    ids
        ``numbers``; ``unusable`` on some calls; ``text``; ``rounded`` as JavaScript rounds 64 bits.
    odd_time
        ``none``; one call of ``1970`` or ``2067``; ``missing`` on some calls.
    errors
        Share of the answers that say ``status: error``, with HTTP 200 and no calls.
    agents
        Fields that tell the agent: ``users``: ``userId`` and the extension, one for each person;
        ``involved``: ``userId`` is one number for the account, and ``involvedAgent1Id`` the agent's;
        ``extensions``: so, without that field.
    numbers
        How clients' numbers are written: ``e164``, and null where one is withheld; or ``mixed``: in six
        forms, national ones among them, and one caller in 7 withholds it, for which words stand.
    v3_statistics
        Form of v3's statistics: a ``chart`` in which nothing can be read, or ``detailed`` as those of v1.
    """

    sizes: str | int = "any"
    past_end: Literal["empty", "last", "first", "refused"] = "empty"
    depth: tuple[int, Literal["refused", "empty"]] | None = None
    totals: str = "exact"
    omits: float = 0.0
    order: str = "asked"
    unit: Literal["exact", "second", "minute"] = "exact"
    ties: Literal["by id", "random"] = "by id"
    day_to: Literal["inclusive", "exclusive"] = "inclusive"
    first_page: Literal[0, 1] = 1
    times: str = "utc"
    empty: Literal["list", "null", "absent"] = "list"
    ids: str = "numbers"
    odd_time: str = "none"
    errors: float = 0.0
    agents: AgentFields = "users"
    numbers: NumberForms = "e164"
    v3_statistics: Literal["chart", "detailed"] = "chart"

    def hides_calls(self, *, edited: bool) -> bool:
        """Tell whether calls can be missing although no answer shows it, so that nobody can notice.

        A call that is left out of a page shows in totals alone. Where calls come and go at any time of the
        days meanwhile, others make up for those left out.

        Parameters
        ----------
        edited
            Whether calls come and go anywhere, not at the end only.
        """
        honest = self.totals in ("exact", "text")
        return bool(self.omits) and (edited or not honest)

    # The request.

    def last_day(self, day_to: str) -> str:
        """Return the last day whose calls are in the answer."""
        exclusive = self.day_to == "exclusive"
        return str(date.fromisoformat(day_to) - timedelta(days=1)) if exclusive else day_to

    def page_size(self, asked: int) -> int:
        """Return how many calls a page has.

        Raises
        ------
        Refused
            The server does not serve pages of this size.
        """
        if isinstance(self.sizes, int):
            return min(asked, self.sizes)
        rule, _, status = self.sizes.partition(" ")
        if rule == "refused" and asked not in LISTED_SIZES:
            allowed = ", ".join(map(str, LISTED_SIZES))
            raise Refused(int(status), f"itemsPerPage must be one of {allowed}; it is {asked}")
        return _SIZES.get(rule, _as_asked)(asked)

    def rows(self, page: int, size: int, total: int) -> slice:
        """Return the positions that a page shows.

        Parameters
        ----------
        page
            Number of the page; the first one is 0.
        size
            Calls a page.
        total
            Calls of the list.

        Raises
        ------
        Refused
            The page is past the end, or too deep.
        """
        start, end = page * size, (page + 1) * size
        if self.depth is not None and end > self.depth[0]:
            most, manner = self.depth
            if manner == "refused":
                raise Refused(400, f"page × itemsPerPage is {end}; results end at {most}")
            return slice(min(start, most), most)
        if page > 0 and start >= total:
            if self.past_end == "refused":
                raise Refused(404, "invalid page: that page contains no results")
            if self.past_end == "last":
                start = max(0, total - 1) // size * size
            elif self.past_end == "first":
                start = 0
        return slice(start, start + size)

    def direction(self, asked: str) -> str:
        """Return the direction in which pages are cut."""
        return {"newest": "DESC", "oldest": "ASC"}.get(self.order.removeprefix("inside "), asked)

    def sort(self, column: str, direction: str, ties: str) -> str:
        """Return the order in which pages are cut, as SQL; `ties` is that of calls of equal rank."""
        if self.order.endswith("none"):
            return "hash(id)"
        key = f'"{column}"'
        if column == "timestamp":
            key = key if self.unit == "exact" else f"date_trunc('{self.unit}', {key})"
            if odd := _ODD_TIMES.get(self.odd_time):
                key = f"CASE WHEN id = '{_ODD_CALL}' THEN TIMESTAMPTZ '{odd}' ELSE {key} END"
        return f"{key} {direction}, {ties}"

    # The answer.

    def counts(self, calls: int, shown: int, size: int) -> dict[str, int | str]:
        """Return ``pagesCount`` and ``totalItems`` as the server says them; nothing where it does not.

        Parameters
        ----------
        calls
            Calls of the list.
        shown
            Calls of this page.
        size
            Calls a page.
        """
        said = {
            "behind": max(0, calls - _BEHIND),
            "capped": min(calls, _MOST_COUNTED),
            "page": shown,
            "zero": 0,
            "high": calls + _AHEAD,
        }.get(self.totals, calls)
        pages = -(-said // size)
        if self.totals == "absent":
            return {}
        if self.totals == "text":
            return {"pagesCount": str(pages), "totalItems": str(said)}
        return {"pagesCount": pages, "totalItems": said}

    @property
    def rewrites(self) -> bool:
        """Whether rows are sent otherwise than they are kept."""
        kept = (
            self.omits,
            self.times,
            self.ids,
            self.odd_time,
            self.agents,
            self.numbers,
            self.unit == "second",
        )
        as_is = AS_IS.omits, AS_IS.times, AS_IS.ids, AS_IS.odd_time, AS_IS.agents, AS_IS.numbers, False
        return kept != as_is or self.sorts_inside

    @property
    def sorts_inside(self) -> bool:
        """Whether pages are sorted after they are cut."""
        return self.order.startswith("inside")

    def rewritten(
        self, calls: list[dict[str, Any]], direction: str, zone: str, draw: random.Random
    ) -> list[dict[str, Any]]:
        """Return the calls of a page as this server sends them.

        Parameters
        ----------
        calls
            The calls, in the sandbox's own form; they are changed in place.
        direction
            Order that was asked for.
        zone
            Zone of the answer.
        draw
            Decides which call is left out.
        """
        for call in calls:
            self._set_odd_time(call)
        if self.sorts_inside:
            calls.sort(key=self._rank, reverse=direction == "DESC")
        if len(calls) > 1 and draw.random() < self.omits:
            calls.pop(draw.randrange(len(calls)))
        write = _TIME_FORMS[self.times]
        clock = zone_info(zone)
        for call in calls:
            if write is not None:
                for name in _TIMES:
                    if call.get(name) is not None:
                        call[name] = write(datetime.fromisoformat(call[name]), clock)
            write_agents(call, self.agents)
            write_numbers(call, self.numbers)
            call["id"] = _IDS[self.ids](int(call["id"]))
        return calls

    def _set_odd_time(self, call: dict[str, Any]) -> None:
        number, stamp = int(call["id"]), call["timestamp"]
        if self.odd_time == "missing" and number % _TIMELESS_EVERY == 0:
            call["timestamp"] = None
        elif str(number) == _ODD_CALL and self.odd_time in _ODD_TIMES:
            call["timestamp"] = _ODD_TIMES[self.odd_time]
        elif self.unit == "second" and stamp is not None:
            call["timestamp"] = f"{stamp.removesuffix('Z')}.{number * 389 % 1000:03}Z"

    def _rank(self, call: dict[str, Any]) -> str:
        stamp = call["timestamp"] or ""
        return str(stamp[:16] if self.unit == "minute" else stamp[:19])


AS_IS = Behavior()


def _as_asked(asked: int) -> int:
    return asked


def _listed(asked: int) -> int:
    return asked if asked in LISTED_SIZES else _DEFAULT_SIZE


def _rounded_down(asked: int) -> int:
    return max((size for size in LISTED_SIZES if size <= asked), default=LISTED_SIZES[0])


def _in_tens(asked: int) -> int:
    return max(10, (asked + 5) // 10 * 10)


def _fixed(_: int) -> int:
    return _DEFAULT_SIZE


_SIZES: dict[str, Callable[[int], int]] = {
    "listed": _listed,
    "down": _rounded_down,
    "tens": _in_tens,
    "fixed": _fixed,
}


def _epoch_seconds(moment: datetime, _: tzinfo) -> int:
    return int(moment.timestamp())


def _epoch_milliseconds(moment: datetime, _: tzinfo) -> int:
    return round(moment.timestamp() * 1000)


def _local(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).replace(tzinfo=None).isoformat()


def _spaced(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _with_offset(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).isoformat()


def _in_minutes(moment: datetime, _: tzinfo) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:00Z}"


_TIME_FORMS: dict[str, Callable[[datetime, tzinfo], int | str] | None] = {
    "utc": None,
    "seconds": _epoch_seconds,
    "milliseconds": _epoch_milliseconds,
    "local": _local,
    "spaced": _spaced,
    "offset": _with_offset,
    "minutes": _in_minutes,
}


def _unusable(number: int) -> int | str:
    turn, rest = divmod(number, _UNUSABLE_EVERY)
    return number if rest else _UNUSABLE[turn % len(_UNUSABLE)]


def _rounded(number: int) -> int:
    return int(float(_LARGE_ID + number))


_IDS: dict[str, Callable[[int], int | str]] = {
    "numbers": int,
    "unusable": _unusable,
    "text": str,
    "rounded": _rounded,
}
