"""One reading of a window: from its first pages to a chain of pages between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from brightcall_pandas.api import Task
from brightcall_pandas.load._facts import Known
from brightcall_pandas.load._pages import Refusal
from brightcall_pandas.load._plan import LISTED_SIZES, SAFE_SIZE, Choices, plan
from brightcall_pandas.load._proof import (
    NEWEST_FIRST,
    OBEYED,
    OLDEST_FIRST,
    UNKNOWN,
    Ask,
    Bounds,
    Cover,
    Direction,
    Interval,
    Slice,
    contradicted,
    cover,
    observed_order,
    order_unit,
    same_rows,
)

__all__ = ["Fetch", "Reading"]

Fetch: TypeAlias = Callable[[Sequence[Ask]], Task[list[Slice | Refusal]]]

_SMALL = 10  # fewer rows than this on both first pages are the list: no server caps pages at so few
_PATIENCE = 5  # rounds in a row that prove nothing new before another way is tried
_MOST_ASKED = 30  # requests of one reading, besides three for each page: more lead nowhere
_MOST_BLIND = 16  # pages asked for at once where the length of the list is unknown
_MOST_PLANNED = 200  # pages asked for at once where it is known: a total may be absurd


@dataclass
class Reading:
    """One reading of a window, from its first pages to a chain between them."""

    fetch: Fetch
    size: int
    known: Known
    bounds: Bounds | None
    count: int | None = None
    slices: list[Slice] = field(default_factory=list)
    answers: list[Slice | Refusal] = field(default_factory=list)
    limit: int = 0
    problem: str = ""
    over: int = 1 << 60  # position at which no row came
    unit: int = 1
    judged: int = -1  # pages from which the unit was judged

    @property
    def base(self) -> int:
        return self.known.base if self.known.base is not None else 1

    def open(self, given: Sequence[Slice] | None = None, *, both: bool = True) -> Task[None]:
        """Read the first page in both directions."""
        if given and not self.slices:
            self.slices.extend(given)
        ways: tuple[Direction, ...] = ("ASC", "DESC") if both else ("ASC",)
        there = {(each.ask.direction, each.ask.size) for each in self.slices if each.ask.opens}
        size = self.slices[0].ask.size if self.slices else self.size
        asks = [Ask(self.base, size, way, self.base) for way in ways if (way, size) not in there]
        if not asks:
            return
        answers = yield from self.fetch(asks)
        refusals = [each for each in answers if isinstance(each, Refusal)]
        if refusals:
            yield from self._open_otherwise(refusals[0])
            yield from self.open(both=both)
        else:
            self.slices.extend(each for each in answers if isinstance(each, Slice))

    def _open_otherwise(self, refusal: Refusal) -> Task[None]:
        """Read the first page in a form that is not refused: of another size, or with another number."""
        tries = [Ask(self.base, SAFE_SIZE, "ASC", self.base)] if refusal.ask.size != SAFE_SIZE else []
        if self.known.base is None:  # perhaps page 1 is beyond the last page, which is page 0
            tries.append(Ask(0, SAFE_SIZE, "ASC", 0))
        for ask in tries:
            (answer,) = yield from self.fetch([ask])
            if isinstance(answer, Slice):
                self.slices = [answer]
                break
        else:
            raise refusal.error
        if refusal.ask.size != SAFE_SIZE:
            self.known.failed.add(refusal.ask.size)
            self.known.refused.add(refusal.ask.size)
            self.size = SAFE_SIZE
            if refusal.ask.size not in LISTED_SIZES:
                self.known.step = 0
        if ask.base == 0:
            self.known.base = 0

    def prove(self) -> Task[str]:
        """Return the proof, if there is one."""
        early, late = _first(self.slices, "ASC"), _first(self.slices, "DESC")
        if not early.rows and not late.rows:
            return (yield from self._without_rows(early, late))
        if not early.rows or not late.rows:
            self.problem = "the server shows rows at one end of the list only"
            return ""
        if self.bounds is None and _are_few(early, late):
            return "one page"
        self._measure(early, late)
        full = max(early.rows, late.rows) >= min(early.ask.size, self.known.most_rows)
        if full and self.known.order == OBEYED and same_rows(early, late):
            self.known.order = None  # a server that has begun to sort inside of its pages only shows the same
        self.answers = list(self.slices)
        for _ in range(3):  # what is learnt of the direction on the way may change what the pages prove
            order = self.known.order
            chained = yield from self._chain()
            if not chained and self._judge_order() == order:
                return ""
            if not chained:
                continue
            if self.known.order is None and (yield from self._one_page(early, late)):
                return "one page"
            if self.known.order is None:
                self.problem = "the server was not seen to obey the direction"
                return ""
            if self.known.order == order or self._cover().complete:
                break
        if contradicted(self.slices, self._unit(), self.bounds):
            self.problem = "the server's list is not sorted by time"
            return ""
        if not self._cover().complete:
            return ""
        return "one page" if same_rows(early, late) and len(self.slices) == 2 else "overlap"

    def _without_rows(self, early: Slice, late: Slice) -> Task[str]:
        """Return the proof that a list whose first pages show no rows is empty, if there is one."""
        said = {early.total, late.total} if self.count is None else {self.count}
        if any(each for each in said if each):
            self.problem = "the server counts rows and shows none"
            return ""
        if self.bounds is None and said == {0}:
            return "one page"
        self.problem = "the server shows no rows, and does not say that there are none"
        if self.bounds is not None or said != {None} or not (early.page.left_out and late.page.left_out):
            return ""
        # It leaves out what is empty, the number too: then it has to do so once more.
        again = yield from self.fetch([early.ask, late.ask])
        agree = all(isinstance(each, Slice) and each.page.left_out and not each.total for each in again)
        return "one page" if agree else ""

    def _measure(self, early: Slice, late: Slice) -> None:
        """Find out how many rows a page the server sends."""
        rows = max(early.rows, late.rows)
        self.limit = early.ask.size
        if rows != self.limit:
            listed = [each for each in LISTED_SIZES if 0 <= each - rows <= 2]  # it may have left rows out
            self.limit = max(2, listed[0] if listed else rows)
            if rows > early.ask.size:
                self.known.failed.add(early.ask.size)

    # Direction.

    def _unit(self) -> int:
        if self.judged != len(self.slices):
            self.unit, self.judged = order_unit(self.slices, self.bounds), len(self.slices)
        return self.unit

    def _judge_order(self) -> str | None:
        seen = observed_order(self.slices, self._unit(), self.bounds)
        if seen is not None:
            self.known.order = seen
        return self.known.order

    def _one_page(self, early: Slice, late: Slice) -> Task[bool]:
        """See whether the direction is obeyed across pages; tell whether one page is the whole list."""
        if self._judge_order() is not None:
            return False
        base, size = self.base, early.ask.size
        if min(early.rows, late.rows) > 2 * _SMALL and size > _SMALL:
            yield from self._look([(base, _SMALL, "ASC"), (base + 1, _SMALL, "ASC"), (base, _SMALL, "DESC")])
            if self._judge_order() is not None:
                return False
        seconds = yield from self._look([(base + 1, size, "ASC"), (base + 1, size, "DESC")])
        if self._judge_order() is not None or self.bounds is not None or not _nearly_same(early, late):
            return False
        if not all(_ends(first, second) for first, second in zip((early, late), seconds, strict=True)):
            return False
        # A page may be full: then a call too many for it, and one less before the second page was read,
        # would lose one. An empty page that has the same total says that this was not so.
        rows, listed = (early.rows, late.rows), not {early.rows, late.rows}.isdisjoint(LISTED_SIZES)
        if (max(rows) < size and not listed) or all(_agree(early, late, second) for second in seconds):
            return True
        # More than was asked for, and no usual length of a page: the server has a size of its own, which
        # is this one by chance only. Then the page read once more, after the empty one, says as much.
        if min(rows) <= size or listed:
            return False
        again = yield from self._look([(base, size + 1, "ASC"), (base, size + 1, "DESC")])
        return all(isinstance(each, Slice) and same_rows(early, each) for each in (late, *again))

    def _look(self, pages: Sequence[tuple[int, int, Direction]]) -> Task[list[Slice | Refusal]]:
        answers = yield from self.fetch([Ask(number, size, way, self.base) for number, size, way in pages])
        self.slices.extend(each for each in answers if isinstance(each, Slice) and each.rows)
        return answers

    # The chain.

    def _cover(self) -> Cover:
        order = self.known.order or OBEYED
        unit = self._unit()
        if order == NEWEST_FIRST:  # the same list, seen from its other end
            bounds = None if self.bounds is None else (-self.bounds[1], -self.bounds[0])
            mirrored = [_mirrored(each) for each in self.slices]
            return cover(mirrored, OLDEST_FIRST, unit, bounds)
        return cover(self.slices, order, unit, self.bounds)

    def _chain(self) -> Task[bool]:
        """Ask for pages until one chain leads through the window; tell whether it does."""
        stuck, blind, shown, rows = 0, 1, 0, set[str]()
        fewest, farthest, most_seen = np.inf, -np.inf, 0
        while not (state := self._cover()).complete:
            if not self._obeyed and self.bounds is None:
                self.problem = "the server ignores the direction, so one end of the list was not witnessed"
                return False
            chains, reached = len(state.chains), state.high(0) if state.chains else 0
            rows.update(*(each.ids for each in self.slices[shown:]))
            seen, shown = len(rows), len(self.slices)
            forward = chains < fewest or reached > farthest or seen > most_seen + self.limit // 4
            stuck = 0 if forward or self.known.step is None else stuck + 1
            if len(self.answers) > _MOST_ASKED + 3 * seen // self.limit:
                stuck = _PATIENCE  # it goes forward with calls that come meanwhile, and reaches no end
            fewest, farthest, most_seen = min(fewest, chains), max(farthest, reached), max(most_seen, seen)
            if stuck >= _PATIENCE:
                self.problem = self.problem or self._why_stuck()
                return False
            asks = self._next_asks(state, stuck, blind)
            blind = min(_MOST_BLIND, 2 * blind)
            if stuck and self.known.order is None:
                asks += [Ask(self.base + 1, self.limit, way, self.base) for way in ("ASC", "DESC")]
            fresh = [ask for ask in dict.fromkeys(asks) if self._may_tell(ask)]
            if not fresh:
                self.known.step = 0 if self.known.step is None else self.known.step
                stuck += 1
                continue
            answers = yield from self.fetch(fresh)
            total = self._length()
            for answer in answers:
                self._note(answer, total)
            self.answers += answers
            self.slices.extend(each for each in answers if isinstance(each, Slice) and each.rows)
            self._judge_order()
        return True

    def _why_stuck(self) -> str:
        total = self._length()
        if self.known.depth is None:
            return "the pages do not overlap"
        there = "" if total is None else f", and these days have {total:,}"
        return f"the server shows no rows beyond position {self.known.depth:,}{there}"

    def _may_tell(self, ask: Ask) -> bool:
        """Tell whether a page may show what it did not show before: it is new, or the list has changed."""
        before = next((each for each in reversed(self.answers) if each.ask == ask), None)
        if before is None:
            return True
        latest = self.answers[-1]
        return isinstance(before, Slice) and isinstance(latest, Slice) and before.total != latest.total

    def _next_asks(self, state: Cover, stuck: int, blind: int) -> list[Ask]:
        if not state.begun or not state.chains:
            return [Ask(self.base, self.limit, way, self.base) for way in ("ASC", "DESC")]
        total = self._length()
        choices = self._choices(stuck)
        asks: list[Ask] = []
        back = 0 if stuck == 0 else 8 * 4 ** (stuck - 1)
        gaps = len(state.chains) - 1 if state.ended else len(state.chains)
        for gap in range(gaps):
            left = self._position(state.chains[gap], state.high(gap), total, last=True)
            right = None
            if gap + 1 < len(state.chains):
                right = self._position(state.chains[gap + 1], state.low(gap + 1), total, last=False)
            if left is None:
                continue
            left = max(0, left - back)
            if right is None:
                right = min(left + blind * self.limit, max(self.over - 1, left + 1))
            right = max(right, left + 1) + back  # the list has moved, where it lies before the left one
            if total is not None:
                right = min(right, max(left, total - 1))
            probing = self.known.step is None
            asks += plan(left, right, choices, total, most=1 if probing else _MOST_PLANNED)
            if probing and asks:
                break
        return self._each_untried_size_once(asks)

    def _each_untried_size_once(self, asks: Sequence[Ask]) -> list[Ask]:
        if self.known.step != 0:
            return list(asks)
        tried = {self.limit, SAFE_SIZE, *self.known.sizes}
        kept: list[Ask] = []
        for ask in asks:
            if ask.size in tried or ask.size not in {each.size for each in kept}:
                kept.append(ask)
        return kept

    def _choices(self, stuck: int) -> Choices:
        limit = self.limit
        step = self.known.trial if self.known.step is None else self.known.step
        both: tuple[Direction, ...] = ("ASC", "DESC") if self._obeyed else ("ASC",)
        deep = self.known.depth is not None
        if step == 1:
            most = max(2, limit - 3 * stuck)
            sizes = tuple(range(max(2, most // 3), most + 1))
            return Choices(sizes, both if deep or stuck > 1 else ("ASC",), self.known.depth, self.base)
        if step > 1:
            sizes = tuple(range(step, limit + 1, step))
        else:
            usual = {limit, SAFE_SIZE} if not stuck else {limit, *LISTED_SIZES}
            most = limit if stuck < _PATIENCE - 2 else LISTED_SIZES[0]
            sizes = tuple(each for each in usual if each <= most and each not in self.known.failed)
        return Choices(sizes or (limit,), both, self.known.depth, self.base)

    @property
    def _obeyed(self) -> bool:
        return self.known.order in (None, OBEYED)

    def _note(self, answer: Slice | Refusal, total: int | None) -> None:
        """Learn which sizes are honoured, and how deep a list of `total` rows can be read."""
        ask, known = answer.ask, self.known
        if ask.opens:
            return
        inside = total is not None and ask.end + _SMALL <= total
        if isinstance(answer, Refusal) or not answer.rows:
            tried = ask.size in known.sizes or ask.size == self.limit
            if not tried and isinstance(answer, Refusal) and (known.step is None or inside):
                self._size_failed(ask.size)
            elif inside and known.reach:
                known.depth = known.reach
            elif ask.direction == "ASC":
                self.over = min(self.over, ask.start)
            return
        known.reach = max(known.reach, ask.start + answer.rows)
        if answer.rows in (ask.size, ask.size - 1):
            known.sizes.add(ask.size)
            if known.step is None and ask.size % 10:
                known.step = 1
            elif known.step is None and ask.size % 50:
                known.step = 10
        elif answer.rows > ask.size or inside:
            self._size_failed(ask.size)

    def _size_failed(self, size: int) -> None:
        known = self.known
        known.failed.add(size)
        known.sizes.discard(size)
        if size in LISTED_SIZES:
            return
        if size % 10 and known.trial == 1:
            known.trial, known.step = 10, None if self.limit % 10 == 0 and self.limit > 2 * _SMALL else 0
        else:
            known.step = 0

    # Positions.

    def _length(self) -> int | None:
        """Return how many rows the list has: by a row that was seen from both ends, else by its total."""
        if self._obeyed:
            ahead = self._of("ASC")
            for each in reversed(self._of("DESC")):
                behind = {row: n for n, row in enumerate(each.ids, _start(each))}
                sums = Counter(
                    behind[row] + n + 1
                    for page in ahead
                    if not behind.keys().isdisjoint(page.ids)
                    for n, row in enumerate(page.ids, _start(page))
                    if row in behind
                )
                if sums:
                    return sums.most_common(1)[0][0]
        said = [each.total for each in self.slices if each.total is not None]
        said = said or ([self.count] if self.count is not None else [])
        shown = max((_start(each) + each.rows for each in self.slices), default=0)
        return said[-1] if said and said[-1] > shown else None

    def _of(self, direction: Direction) -> list[Slice]:
        return [each for each in self.slices if each.ask.direction == direction]

    def _position(self, chain: Sequence[Interval], edge: int, total: int | None, *, last: bool) -> int | None:
        """Return where the last row before a chain's upper edge stands, or the first one after its lower."""
        at_edge = [each for each in chain if (each.high if last else each.low) == edge]
        places = [self._place(each, total, last=last) for each in at_edge]
        there = [place for place in places if place is not None]
        if not there:
            return None
        return min(there) if last else max(there)

    def _place(self, interval: Interval, total: int | None, *, last: bool) -> int | None:
        each = interval.page
        keys = each.stamps // self._unit()
        good = each.stamps != UNKNOWN
        inner = np.flatnonzero(good & (keys < interval.high) if last else good & (keys > interval.low))
        start = _start(each)
        from_end = self._obeyed and each.ask.direction == "DESC"
        if from_end and total is None:
            return None
        if not len(inner):  # all of one time: the page before or after has to reach beyond
            index = 0 if last != from_end else len(each.ids) - 1
            place = start + index + (-1 if last != from_end else 1)
        else:
            ordered = inner if not from_end else inner[::-1]
            place = start + int(ordered[-1] if last else ordered[0])
        return total - 1 - place if from_end and total is not None else max(0, place)


def _first(slices: Sequence[Slice], direction: Direction) -> Slice:
    return next(each for each in slices if each.ask.opens and each.ask.direction == direction)


def _start(each: Slice) -> int:
    """Return the position of a page's first row in its direction, as the server cuts pages."""
    if each.ask.opens:
        return 0
    size = each.ask.size
    size = max(size, each.rows)
    return (each.ask.number - each.ask.base) * size


def _are_few(early: Slice, late: Slice) -> bool:
    """Tell whether both first pages show the same few rows: no server caps pages at so few."""
    if max(early.rows, late.rows) >= min(_SMALL, early.ask.size):
        return False
    return _nearly_same(early, late)


def _nearly_same(one: Slice, other: Slice) -> bool:
    """Tell whether two pages show the same rows, but for what may have come and gone between them."""
    mine, theirs = set(one.ids), set(other.ids)
    return len(mine ^ theirs) <= 2 + len(mine) // 20 and bool(mine & theirs)


def _ends(first: Slice, second: Slice | Refusal) -> bool:
    """Tell whether the second page shows that nothing follows the first one."""
    if isinstance(second, Refusal) or not second.rows:
        return True
    # Some servers send the last page again, which is the first one here.
    return first.rows < first.ask.size and _nearly_same(first, second) and second.total == second.rows


def _agree(early: Slice, late: Slice, empty: Slice | Refusal) -> bool:
    """Tell whether an empty page says the number of rows that both first pages show."""
    if isinstance(empty, Refusal) or empty.rows or not same_rows(early, late):
        return False
    return early.rows == early.total == late.total == empty.total


def _mirrored(each: Slice) -> Slice:
    stamps = np.where(each.stamps == UNKNOWN, UNKNOWN, -each.stamps)
    return Slice(each.ask, each.page, each.ids, stamps, each.total, each.key, each.checksum)
