"""Days that are read at once, and how they are cut where that proves nothing.

In this order, each only where the one before failed: all days at once; half of them; one day, with rows of
its neighbours as witnesses of its ends; one day by types; one day by types and states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, Self

from brightcall_pandas.api import Task
from brightcall_pandas.errors import RequestError
from brightcall_pandas.load._facts import ServerFacts
from brightcall_pandas.load._pages import Refusal, WindowPages
from brightcall_pandas.load._plan import SAFE_SIZE
from brightcall_pandas.load._proof import DAY_MICROS, UNKNOWN, Ask, Bounds, Slice, distinct_rows
from brightcall_pandas.load._reading import read_window

__all__ = ["DaysRead", "Source", "read_days"]

_TYPES = (0, 1, 2)
_STATES = (0, 1, 2)


class Source(Protocol):
    """Pages of one question."""

    def fetch(self, asks: Sequence[Ask]) -> Task[list[Slice | Refusal]]:
        """Ask for pages at once; return the answers in that order."""
        ...

    def count(self) -> Task[int | None]:
        """Ask the endpoint that counts, where there is one."""
        ...

    @property
    def padded(self) -> bool:
        """Whether more days are asked for at both ends anyway."""
        ...

    def of(self, days: Sequence[Any], before: int = 0, after: int = 0) -> Self:
        """Return pages of some days, and of some more before and after."""
        ...

    def narrowed(self, types: int, states: int | None = None) -> Self | None:
        """Return pages of one type, or of one type and state; None where the question has either already."""
        ...

    def bounds(self, days: Sequence[Any]) -> Bounds:
        """Return the first microsecond of some days, and the first after them."""
        ...


@dataclass
class DaysRead:
    """Some days, and their pages."""

    days: Sequence[Any]
    read: WindowPages


def read_days(
    source: Source,
    days: Sequence[Any],
    size: int,
    facts: ServerFacts | None = None,
    *,
    opening: Sequence[Slice] = (),
    settled: bool = False,
) -> Task[list[DaysRead]]:
    """Read consecutive days, cut as finely as the server makes necessary.

    Parameters
    ----------
    source
        What to ask.
    days
        The days.
    size
        Rows a page to ask for.
    facts
        What the server was seen to do.
    opening
        First pages of these days that were read already.
    settled
        Whether their calls no longer change, as a rule.

    Returns
    -------
    list of DaysRead
        Together all of the days, in order; check each `read.complete`.
    """
    reader = _DaysReader(source, size, settled)
    known = facts or ServerFacts()
    parts = yield from reader.read(days, known, opening)
    if not known.limit_loads or all(part.read.complete for part in parts):
        return parts
    # What was learnt may hold no longer, or never have held: learn it again.
    parts = yield from reader.read(days, ServerFacts(), ())
    learnt = vars(ServerFacts()).copy()
    for part in parts:
        learnt |= part.read.learnt
        part.read.learnt = dict(learnt)
    return parts


@dataclass(frozen=True)
class _DaysReader:
    source: Source
    size: int
    settled: bool

    def read(self, days: Sequence[Any], facts: ServerFacts, opening: Sequence[Slice]) -> Task[list[DaysRead]]:
        read = yield from self._as_asked(days, facts, opening)
        if read.complete or (len(days) == 1 and not read.slices):
            return [DaysRead(days, read)]
        facts = replace(facts, **read.learnt)
        if len(days) > 1:
            parts: list[DaysRead] = []
            for half in (days[: len(days) // 2], days[len(days) // 2 :]):
                got = yield from self.read(half, facts, ())
                for part in got:
                    facts = replace(facts, **part.read.learnt)
                parts += got
            return parts
        if not read.final:
            read = yield from self._otherwise(days, facts, read)
        return [DaysRead(days, read)]

    def _as_asked(
        self, days: Sequence[Any], facts: ServerFacts, opening: Sequence[Slice]
    ) -> Task[WindowPages]:
        """Read days; see that the last of them is among them, and that no further one is."""
        if facts.exclusive:
            # The opening is that of a list without the last day.
            read = yield from self._window(self.source.of(days, after=1), facts, ())
            if not _any_between(read.slices, *self._after(days)):
                return read
            facts = replace(facts, exclusive=None)  # it includes dayTo: what was learnt is wrong
        try:
            read = yield from self._window(self.source.of(days), facts, opening)
        except RequestError:
            if facts.exclusive is not None or self.source.padded:
                raise
            again = yield from self._one_day_more(days, facts)  # dayTo may have to lie after dayFrom
            if again is None:
                raise
            return again
        if facts.exclusive is not None or not read.complete or self.source.padded:
            return read
        return (yield from self._with_last_day(days, facts, read))

    def _with_last_day(self, days: Sequence[Any], facts: ServerFacts, read: WindowPages) -> Task[WindowPages]:
        """Find out whether the last day is part of the range."""
        low, high = self.source.bounds(days[-1:])
        if _any_between(read.slices, low, high):
            read.learnt["exclusive"] = False
            return read
        # Perhaps a quiet day; perhaps the server takes dayTo for the first day that is not wanted.
        wider = self.source.of(days[-1:], after=1)
        (page,) = yield from wider.fetch([_first(replace(facts, **read.learnt))])
        if isinstance(page, Refusal):
            read.proof, read.problem = "", "these days show no call, and a longer list is refused"
            return read
        if not _any_between([page], low, high) and (page.rows or not (yield from self._said(wider, page))):
            return read
        again = yield from self._one_day_more(days, facts)
        if again is not None:
            return again
        read.proof, read.problem = "", "the list of these days lacks calls that a longer list has"
        return read

    def _said(self, source: Source, page: Slice) -> Task[int | None]:
        """Return how many rows there are, as a page says, or else the endpoint that counts."""
        return page.total if page.total is not None else (yield from source.count())

    def _one_day_more(self, days: Sequence[Any], facts: ServerFacts) -> Task[WindowPages | None]:
        """Read days as the first ones of a longer list; None unless that list ends with the last of them."""
        low, high = self.source.bounds(days[-1:])
        try:
            read = yield from self._window(self.source.of(days, after=1), facts, ())
        except RequestError:
            return None
        if not read.complete or not _any_between(read.slices, low, high):
            return None
        if _any_between(read.slices, *self._after(days)):
            return None
        read.learnt["exclusive"] = True
        return read

    def _after(self, days: Sequence[Any]) -> Bounds:
        """Return the day after some days."""
        _, high = self.source.bounds(days)
        return high, high + DAY_MICROS

    def _window(self, source: Source, facts: ServerFacts, opening: Sequence[Slice]) -> Task[WindowPages]:
        count = yield from source.count()
        return (
            yield from read_window(
                source.fetch,
                self.size,
                facts,
                opening=opening,
                count=count,
                settled=self.settled,
                recount=source.count,
                type_totals=partial(self._type_totals, source, facts),
            )
        )

    def _type_totals(self, source: Source, facts: ServerFacts) -> Task[list[int | None]]:
        totals: list[int | None] = []
        for types in _TYPES:
            narrow = source.narrowed(types)
            totals.append(None if narrow is None else (yield from self._total(narrow, facts)))
        return totals

    def _total(self, source: Source, facts: ServerFacts) -> Task[int | None]:
        count = yield from source.count()
        if count is not None:
            return count
        (page,) = yield from source.fetch([_first(facts)])
        return None if isinstance(page, Refusal) else page.total

    # A single day.

    def _otherwise(self, days: Sequence[Any], facts: ServerFacts, read: WindowPages) -> Task[WindowPages]:
        wide = yield from self._with_neighbors(days, facts, read)
        if wide.complete:
            return wide
        for states in ((None,), _STATES):
            cells = yield from self._cells(days, facts, states)
            if cells is not None:
                return cells
        return read

    def _with_neighbors(
        self, days: Sequence[Any], facts: ServerFacts, read: WindowPages
    ) -> Task[WindowPages]:
        totals = [each.total for each in read.slices if each.total is not None]
        source = self.source.of(days, before=1, after=2 if facts.exclusive else 1)
        count = yield from self.source.of(days, after=bool(facts.exclusive)).count()
        said = min(totals, default=None) if count is None else count
        bounds = self.source.bounds(days)
        try:
            wide = yield from read_window(
                source.fetch, self.size, facts, count=said, bounds=bounds, settled=self.settled
            )
        except RequestError:
            return WindowPages([], problem="a longer list is refused")
        # Which day a call without a time belongs to, the longer list does not say.
        here = {row for each in read.slices for row in each.ids}
        wide.left_out = {row for row, time in wide.times().items() if time == UNKNOWN} - here
        return wide

    def _cells(
        self, days: Sequence[Any], facts: ServerFacts, states: Sequence[int | None]
    ) -> Task[WindowPages | None]:
        """Read each type, or each type and state; what stands in no cell shows in the total."""
        whole = self.source.of(days, after=bool(facts.exclusive))
        before = yield from self._total(whole, facts)
        if not before:
            return None
        slices: list[Slice] = []
        rows: list[set[str]] = []
        walks = 0
        for types in _TYPES:
            for state in states:
                narrow = whole.narrowed(types, state)
                if narrow is None:
                    return None
                try:
                    cell = yield from self._window(narrow, facts, ())
                except RequestError:
                    return None  # nobody asked for a type: what is refused is ours
                if not cell.complete:
                    return None
                facts = replace(facts, **cell.learnt)
                slices += cell.slices
                walks += cell.walks
                rows.append({row for each in cell.slices for row in each.ids})
        after = yield from self._total(whole, facts)
        apart = sum(map(len, rows)) == len(set().union(*rows))
        if before != after or not apart or distinct_rows(slices) != before:
            return None
        return WindowPages(slices, "cells", walks)


def _first(facts: ServerFacts) -> Ask:
    base = facts.first_page if facts.first_page is not None else 1
    return Ask(base, SAFE_SIZE, "ASC", base)


def _any_between(slices: Sequence[Slice], low: int, high: int) -> bool:
    return any(((each.known >= low) & (each.known < high)).any() for each in slices)
