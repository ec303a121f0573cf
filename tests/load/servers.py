"""Model servers in memory: every way in which a server may follow the article and differ from the others.

A `ModelServer` holds a list of calls and answers pages of it, as a `Persona` says; the list may change before
each answer. It remembers which calls were there in every state from which an answer was made: these a
complete reading must have, and none that never was there.
"""

from __future__ import annotations

import bisect
import functools
import random
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from brightcall_pandas.errors import RequestError
from brightcall_pandas.frame import Page
from brightcall_pandas.load._pages import Refusal
from brightcall_pandas.load._proof import Ask, Slice

DAY = 86_400_000_000
FIRST_DAY = 20_500  # days since 1970
_LISTED = (10, 25, 50, 100, 200, 500)
_UNITS = {"ms": 1_000, "s": 1_000_000, "min": 60_000_000}


class Call(NamedTuple):
    """A call: its time in microseconds, its identity, its type and state."""

    time: int
    identity: int
    type: int = 0
    state: int = 0


@dataclass(frozen=True)
class Persona:
    """How a server differs from what one would assume.

    Parameters
    ----------
    sizes
        Which page sizes it honours: ``any``; ``listed`` only, the default of 100 otherwise; ``down`` to such
        a list; ``tens``, to which it rounds; ``refused``, those of no list; ``ignored``, always 100;
        ``cap``, at most `cap`.
    past_end
        What comes after the last page: ``empty``, the ``last`` page again, the ``first``, or ``refused``.
    depth
        What comes beyond position 1,000: everything (empty text), ``refused`` or ``empty``.
    totals
        ``exact``, ``none``, ``behind`` by three, ``capped`` at 1,000, of the ``page``, ``zero``, ``text``,
        ``high`` by seven, of the ``account`` whatever was asked for, or ``drops``: right, but a row is left
        out of a page now and then.
    order
        ``right``; sorted ``inside`` of the page only, pages being cut newest first; ``inside oldest``;
        ``inside none``, and ``inside reversed`` where the direction says from which end pages are cut; the
        direction ignored (``newest``, ``oldest``); ``none``.
    ties
        Rows of equal time come in ``stable`` or ``random`` order.
    unit
        Unit by which it sorts: ``ms``, ``s``, ``min``; ``min cut`` also says times in minutes.
    exclusive
        Whether ``dayTo`` is not part of the range.
    from_zero
        Whether pages are counted from 0.
    v3
        Whether totals come from a count endpoint only.
    """

    sizes: str = "any"
    past_end: str = "empty"
    depth: str = ""
    totals: str = "exact"
    order: str = "right"
    ties: str = "stable"
    unit: str = "ms"
    exclusive: bool = False
    from_zero: bool = False
    v3: bool = False
    cap: int = 100

    @property
    def honest(self) -> bool:
        """Whether a total says how many rows there are."""
        return self.totals in ("exact", "drops") or self.v3


PERSONAS: dict[str, Persona] = {
    "as assumed": Persona(),
    "sizes of a list": Persona(sizes="listed"),
    "sizes rounded down": Persona(sizes="down"),
    "sizes in tens": Persona(sizes="tens"),
    "other sizes refused": Persona(sizes="refused"),
    "size ignored": Persona(sizes="ignored"),
    "at most 100 rows": Persona(sizes="cap"),
    "at most 73 rows": Persona(sizes="cap", cap=73),
    "last page again": Persona(past_end="last"),
    "first page again": Persona(past_end="first"),
    "past the end refused": Persona(past_end="refused"),
    "1,000 rows deep, refused": Persona(depth="refused"),
    "1,000 rows deep, empty": Persona(depth="empty"),
    "no totals": Persona(totals="none"),
    "totals behind": Persona(totals="behind"),
    "totals capped": Persona(totals="capped"),
    "totals of the page": Persona(totals="page"),
    "totals zero": Persona(totals="zero"),
    "totals as text": Persona(totals="text"),
    "totals too high": Persona(totals="high"),
    "totals of the account": Persona(totals="account"),
    "rows left out": Persona(totals="drops"),
    "sorted inside the page": Persona(order="inside"),
    "sorted inside, oldest first": Persona(order="inside oldest"),
    "sorted inside, no order": Persona(order="inside none"),
    "always newest first": Persona(order="newest"),
    "always oldest first": Persona(order="oldest"),
    "sorted inside, no order, reversed": Persona(order="inside reversed"),
    "no order": Persona(order="none"),
    "ties at random": Persona(ties="random"),
    "sorted by second": Persona(unit="s", ties="random"),
    "sorted by minute": Persona(unit="min", ties="random"),
    "times in minutes": Persona(unit="min cut", ties="random"),
    "dayTo exclusive": Persona(exclusive=True),
    "pages from 0": Persona(from_zero=True),
    "v3": Persona(v3=True, totals="none"),
}


def combined(one: Persona, other: Persona) -> Persona:
    """Return a persona with the oddities of both; where both differ in the same thing, of the second."""
    odd = {
        name: value
        for each in (one, other)
        for name, value in vars(each).items()
        if value != getattr(Persona(), name)
    }
    return replace(Persona(), **odd)


@dataclass(frozen=True)
class Changes:
    """What happens to the list before an answer, each with a probability.

    Parameters
    ----------
    grow
        A call that has just ended is added at the end.
    insert
        A call is added anywhere.
    delete
        A call vanishes.
    """

    grow: float = 0.0
    insert: float = 0.0
    delete: float = 0.0


CHANGES: dict[str, Changes] = {
    "still": Changes(),
    "growing": Changes(grow=0.5),
    "busy": Changes(grow=0.5, insert=0.05, delete=0.05),
    "edited": Changes(grow=0.1, insert=0.1, delete=0.1),
    "wild": Changes(insert=0.5, delete=0.5),
}


@dataclass(frozen=True)
class Question:
    """Which calls: days since 1970, both part of the range, and what narrows them."""

    first: int
    last: int
    types: int | None = None
    states: int | None = None


@dataclass
class ModelServer:
    """A server, as `Persona` says."""

    calls: list[Call]
    persona: Persona = field(default_factory=Persona)
    changes: Changes = field(default_factory=Changes)
    seed: int = 0
    requests: int = field(default=0, init=False)
    rows_sent: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.calls = sorted(self.calls)
        self.always = set(self.calls)
        self.ever = set(self.calls)
        self._next = 1 + max((each.identity for each in self.calls), default=0)
        self._hashed = random.Random(self.seed).getrandbits(30) | 1
        self._lists: dict[Any, list[Call]] = {}
        self._answers = 0

    # What changes.

    def insert(self, call: Call) -> None:
        bisect.insort(self.calls, call)
        self.ever.add(call)
        self._lists.clear()

    def delete(self, call: Call) -> None:
        self.calls.remove(call)
        self.always.discard(call)
        self._lists.clear()

    def _change(self) -> None:
        self._answers += 1
        if self._answers == 1 or not self.calls:
            return
        chance = self.random.random
        low, high = self.calls[0].time, self.calls[-1].time
        if chance() < self.changes.grow:
            self.insert(self._new(min(high + self.random.randrange(30_000_000), (high // DAY + 1) * DAY - 1)))
        if chance() < self.changes.insert:
            self.insert(self._new(self.random.randint(low, high)))
        if chance() < self.changes.delete and self.calls:
            self.delete(self.random.choice(self.calls))

    def _new(self, time: int) -> Call:
        self._next += 1
        return Call(time, self._next, self.random.randrange(3), self.random.randrange(3))

    # What is answered.

    def page(self, question: Question, ask: Ask) -> Slice | Refusal:
        assert ask.direction in ("ASC", "DESC")
        assert min(ask.number, ask.size) >= ask.base >= 0
        self._change()
        self.requests += 1
        size = self._size(ask.size)
        if size is None:
            return Refusal(ask, RequestError("the server refused the request (status 400)"))
        rows = self._list(question, ask.direction)
        number = ask.number - (0 if self.persona.from_zero else 1)
        if number < 0:
            number = 0
        shown = self._cut(rows, number, size)
        if shown is None:
            return Refusal(ask, RequestError("the server refused the request (status 400)"))
        if self.persona.order.startswith("inside"):
            shown = sorted(shown, key=self._key, reverse=ask.direction == "DESC")
        if self.persona.totals == "drops" and len(shown) > 1 and self.random.random() < 0.15:
            shown = list(shown)
            shown.pop(self.random.randrange(len(shown)))
        self.rows_sent += len(shown)
        total, pages = self._total(len(rows), len(shown), size)
        stamps = np.array([each.time for each in shown], dtype=np.int64)
        if self.persona.unit == "min cut":
            stamps -= stamps % _UNITS["min"]
        page = Page({}, len(shown), total_items=total, pages_count=pages)
        return Slice(ask, page, [str(each.identity) for each in shown], stamps, total)

    def count(self, question: Question) -> int | None:
        if not self.persona.v3:
            return None
        self._change()
        self.requests += 1
        size = self._size(1)
        return None if size is None else -(-len(self._list(question, "ASC")) // size)

    def _size(self, asked: int) -> int | None:
        match self.persona.sizes:
            case "listed":
                return asked if asked in _LISTED else 100
            case "down":
                return max((each for each in _LISTED if each <= asked), default=10)
            case "tens":
                return max(10, round(asked, -1))
            case "refused":
                return asked if asked in _LISTED else None
            case "ignored":
                return 100
            case "cap":
                return min(asked, self.persona.cap)
        return asked

    def _cut(self, rows: Sequence[Call], number: int, size: int) -> Sequence[Call] | None:
        start, end = number * size, (number + 1) * size
        if self.persona.depth and end > 1000:
            if self.persona.depth == "refused":
                return None
            return rows[start:1000] if start < 1000 else []
        if start >= len(rows) and number > 0:
            match self.persona.past_end:
                case "last":
                    start = max(0, len(rows) - 1) // size * size
                case "first":
                    start = 0
                case "refused":
                    return None
        return rows[start : start + size]

    @functools.cached_property
    def _unit(self) -> int:
        return _UNITS[self.persona.unit.split()[0]]

    def _key(self, call: Call) -> int:
        return call.time // self._unit

    def _list(self, question: Question, direction: str) -> list[Call]:
        order = self.persona.order
        if order in ("newest", "inside"):
            direction = "DESC"
        elif order in ("oldest", "inside oldest"):
            direction = "ASC"
        key = (question, direction)
        if key not in self._lists:
            last = question.last - (1 if self.persona.exclusive else 0)
            rows = self.calls[
                bisect.bisect_left(self.calls, (question.first * DAY,)) : bisect.bisect_left(
                    self.calls, ((last + 1) * DAY,)
                )
            ]
            if question.types is not None:
                rows = [each for each in rows if each.type == question.types]
            if question.states is not None:
                rows = [each for each in rows if each.state == question.states]
            if order in ("none", "inside none", "inside reversed"):
                backwards = order == "inside reversed" and direction == "DESC"
                rows.sort(key=lambda each: each.identity * self._hashed % 1_000_003, reverse=backwards)
            elif self.persona.unit == "ms":
                rows = rows[::-1] if direction == "DESC" else rows  # by time and identity as they stand
            elif self.persona.ties == "stable":
                sign = -1 if direction == "DESC" else 1
                rows.sort(key=lambda each: (sign * self._key(each), each.identity))
            self._lists[key] = rows
        rows = self._lists[key]
        if self.persona.ties == "random" and order not in ("none", "inside none", "inside reversed"):
            sign, unit, tie = (-1 if direction == "DESC" else 1), self._unit, self.random.random
            rows = sorted(rows, key=lambda each: (sign * (each.time // unit), tie()))
        return rows

    def _total(self, rows: int, shown: int, size: int) -> tuple[int | None, int | None]:
        match self.persona.totals:
            case "none" | "text":
                return None, None
            case "behind":
                rows = max(0, rows - 3)
            case "capped":
                rows = min(rows, 1000)
            case "page":
                rows = shown
            case "zero":
                rows = 0
            case "high":
                rows += 7
            case "account":
                rows = len(self.calls)
        if self.persona.v3:
            return None, None
        return rows, -(-rows // size)


@dataclass(frozen=True)
class ModelSource:
    """Pages of one question to a model server, as `load._ranges` asks for them."""

    server: ModelServer
    question: Question

    def fetch(self, asks: Sequence[Ask]) -> Generator[list[Any], Any, list[Slice | Refusal]]:
        yield []  # nobody else has to be asked
        return [self.server.page(self.question, ask) for ask in asks]

    def count(self) -> Generator[list[Any], Any, int | None]:
        yield []
        return self.server.count(self.question)

    @property
    def padded(self) -> bool:
        return False

    def of(self, days: Sequence[int], before: int = 0, after: int = 0) -> ModelSource:
        return replace(self, question=replace(self.question, first=days[0] - before, last=days[-1] + after))

    def narrowed(self, types: int, states: int | None = None) -> ModelSource:
        return replace(self, question=replace(self.question, types=types, states=states))

    def bounds(self, days: Sequence[int]) -> tuple[int, int]:
        return days[0] * DAY, (days[-1] + 1) * DAY


def finished(task: Generator[Any, Any, Any]) -> Any:
    """Run a task that asks nobody, and return its result."""
    while True:
        try:
            next(task)
        except StopIteration as end:
            return end.value


def made_up_calls(count: int, *, days: int = 1, seed: int = 0, step: int = 1_000) -> list[Call]:
    """Return calls between 8:00 and 18:00 of consecutive days, at multiples of `step` microseconds."""
    return list(_made_up_calls(count, days, seed, step))


@functools.cache  # thousands of loads read the same few hundred tables
def _made_up_calls(count: int, days: int, seed: int, step: int) -> tuple[Call, ...]:
    rng = random.Random(seed)
    calls = []
    for number in range(count):
        day = FIRST_DAY + number * days // max(1, count)
        time = day * DAY + 8 * 3_600_000_000 + rng.randrange(36_000_000_000 // step) * step
        calls.append(Call(time, number + 1, rng.randrange(3), rng.randrange(3)))
    return calls


def with_neighbors(calls: Iterable[Call], each_side: int, days: int = 1, seed: int = 1) -> list[Call]:
    """Return calls, and some of the day before and the day after."""
    rng, result = random.Random(seed), list(calls)
    begin = 1 + max((each.identity for each in result), default=0)
    for number in range(2 * each_side):
        day = FIRST_DAY - 1 if number < each_side else FIRST_DAY + days
        time = day * DAY + 8 * 3_600_000_000 + rng.randrange(36_000_000) * 1_000
        result.append(Call(time, begin + number, rng.randrange(3), rng.randrange(3)))
    return result
