"""Read one window until it is proved complete, or say why that cannot be proved.

Order of operations of `read_window`:

1. the first page ascending and the first page descending, sent together: the second is the window's last
   page, so it witnesses the end. Where this account's totals are known to be exact, a single page will do;
2. pages that overlap lead from one to the other (`_plan`): of odd sizes where the server honours them, else
   of sizes that every server offers, across whose seams lies a page counted from the other end;
3. the direction is believed once pages beyond the first ones were seen to follow it;
4. totals may accuse the chain: then the window is read again, cut otherwise, up to two times;
5. an account without totals that say anything is read twice, until a reading adds nothing;
6. where no chain can be had, several walks that agree with a constant total settle it, if the totals of the
   three types add up to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from brightcall_pandas.api import Task
from brightcall_pandas.load._chain import Fetch, Reading
from brightcall_pandas.load._facts import Known, ServerFacts
from brightcall_pandas.load._pages import Refusal, WindowPages
from brightcall_pandas.load._plan import LISTED_SIZES, SAFE_SIZE
from brightcall_pandas.load._proof import (
    OBEYED,
    Ask,
    Bounds,
    Direction,
    Slice,
    distinct_rows,
    fresh_rows,
    same_rows,
)

__all__ = ["first_pages", "read_window"]

Count: TypeAlias = Callable[[], Task[int | None]]
TypeTotals: TypeAlias = Callable[[], Task[list[int | None]]]

_READINGS = 3  # of one window, where totals accuse or say nothing
_WALKS = 4  # of the last resort
_MOST_WALKED = 1_000_000  # rows; a larger total of one day is no number of calls
_COUNTS = 4  # tries to take a page between two counts that agree
_AGREED = 3  # windows whose second reading added nothing, after which one is enough


def read_window(
    fetch: Fetch,
    size: int,
    facts: ServerFacts | None = None,
    *,
    opening: Sequence[Slice] = (),
    count: int | None = None,
    bounds: Bounds | None = None,
    settled: bool = False,
    recount: Count | None = None,
    type_totals: TypeTotals | None = None,
) -> Task[WindowPages]:
    """Read a window completely.

    Parameters
    ----------
    fetch
        Asks the server for pages sorted by time, at once, and returns the answers in that order.
    size
        Rows a page to ask for.
    facts
        What the server was seen to do.
    opening
        First pages that were read already.
    count
        How many rows there are, as an endpoint of its own says.
    bounds
        The window, where the pages are of a longer list; rows outside of it witness its ends.
    settled
        Whether the window's calls no longer change, as a rule.
    recount
        Asks that endpoint again: calls that came between the count and the pages would make up for others
        that the pages lack.
    type_totals
        Asks for the totals of the three types.

    Returns
    -------
    WindowPages
        Check `complete`; `learnt` has what was seen of the server, by the names of `ServerFacts`.

    Raises
    ------
    RequestError
        The server refuses the window itself, whatever the size of the pages.
    """
    window = _Window(
        fetch,
        size,
        facts or ServerFacts(),
        count=count,
        bounds=bounds,
        settled=settled,
        recount=recount,
        types=type_totals,
    )
    return (yield from window.read(opening))


def first_pages(fetch: Fetch, size: int, facts: ServerFacts) -> Task[tuple[list[Slice], dict[str, Any]]]:
    """Read the first page in both directions; in one where this account's totals are known to be exact.

    Returns
    -------
    tuple of list and dict
        The pages, and what was seen of the server.

    Raises
    ------
    RequestError
        The server refuses the window itself, whatever the size of the pages.
    """
    window = _Window(fetch, size, facts, count=None, bounds=None, settled=False, recount=None, types=None)
    reading = Reading(fetch, window.size, window.known, None)
    yield from reading.open(both=not facts.exact_totals)
    return reading.slices, window.learnt("", 0)


@dataclass
class _Window:
    fetch: Fetch
    size: int
    facts: ServerFacts
    count: int | None
    bounds: Bounds | None
    settled: bool
    recount: Count | None
    types: TypeTotals | None
    slices: list[Slice] = field(default_factory=list)
    readings: int = 0
    later_count: int | None = None
    lasts: dict[int, int | None] = field(default_factory=dict)  # last page of each reading → count then
    counted: tuple[int, int] = (0, 0)  # how many pages were counted, and the rows in them

    def __post_init__(self) -> None:
        facts = self.facts
        self.constant_totals = bool(facts.constant_totals)
        self.known = Known(
            set(facts.sizes), facts.step, facts.order, facts.depth, facts.first_page, facts.most_rows
        )
        self.known.refused = set(facts.refused)
        if self.size in facts.refused:
            self.size = SAFE_SIZE

    def read(self, opening: Sequence[Slice]) -> Task[WindowPages]:
        reading = Reading(self.fetch, self.size, self.known, self.bounds, self.count)
        if self.facts.exact_totals and self.bounds is None:
            yield from reading.open(opening or None, both=False)
            if self._is_alone(reading.slices):
                self._take(reading)
                return self._result("one page")
        yield from reading.open(opening or None)
        proof = yield from reading.prove()
        self._take(reading)
        if not proof and (yield from self._other_base()):
            return (yield from self.read(()))
        if not proof:
            return (yield from self._by_totals(reading.problem))
        return (yield from self._held_against_totals(proof))

    def _is_alone(self, slices: Sequence[Slice]) -> bool:
        """Tell whether a single page is the whole list, on a server whose totals are known to be exact."""
        if len(slices) != 1:
            return False
        first = slices[0]
        longest = min(first.ask.size, self.facts.most_rows)
        said = {first.total, self.count} - {None}
        return said == {first.rows} and first.rows < longest

    def _take(self, reading: Reading) -> None:
        self.slices.extend(reading.slices)
        for each in reading.slices[:2]:
            if each.ask.opens and each.ask.direction == "DESC":
                self.lasts[id(each)] = self.count
        self.readings += 1

    def _other_base(self) -> Task[bool]:
        """Tell whether the server counts pages from 0: then page 1 is not the first one, if it exists."""
        if self.known.base is not None:
            return False
        first = next((each for each in self.slices if each.ask.opens and each.ask.direction == "ASC"), None)
        size = first.ask.size if first is not None else self.size
        zeroth = yield from self.fetch([Ask(0, size, "ASC", 0)])
        page = zeroth[0]
        if isinstance(page, Slice) and page.rows and (first is None or _precedes(page, first)):
            self.known.base = 0
            self.slices, self.counted = [], (0, 0)
            return True
        self.known.base = 1
        return False

    # Totals.

    def _count_again(self) -> Task[None]:
        """Count once more after the first pages: where both counts agree, the pages were taken in between."""
        if self.count is not None and self.recount is not None and self.slices:
            self.later_count = yield from self.recount()

    def _settle_count(self) -> Task[None]:
        """Take the last page once more, between two counts that agree, where the first ones did not.

        A call that came between the count and the last page would make up for one that is lacking.
        """
        later, last = self.later_count, next((each for each in self.slices if id(each) in self.lasts), None)
        if self.recount is None or later is None or last is None or last.total is not None:
            return
        if not self._lacking_at(last, later):
            return
        for _ in range(_COUNTS):
            before = yield from self.recount()
            (page,) = yield from self.fetch([last.ask])
            after = yield from self.recount()
            if isinstance(page, Refusal) or not page.rows:
                return
            self.slices.append(page)
            self.lasts = {id(page): max(before or 0, after or 0)}
            if before == after:
                return

    def _totals(self) -> list[int]:
        if self.constant_totals:
            return []
        said = [each.total for each in self.slices if each.total is not None]
        return ([self.count] if self.count is not None else []) + said

    def _lacking(self) -> int:
        """Return how many rows are lacking, as totals say; 0 where one reading at least has all of its own.

        The last page of a reading was taken at one moment: the rows found that are no later than its latest
        one are compared with its own total. So calls that came at the end since then, which nobody has to
        show, cannot make up for others that were lost.
        """
        if self.constant_totals:
            return 0
        if self.bounds is not None:
            return 0 if self.count is None else max(0, self.count - self._found())
        lacking = [
            self._lacking_at(each, self.lasts[id(each)]) for each in self.slices if id(each) in self.lasts
        ]
        pages = self._pages_say()
        return max(min(lacking, default=0), pages - self._found() if pages else 0)

    def _lacking_at(self, last: Slice, count: int | None) -> int:
        total = last.total if last.total is not None else count
        if total is None:
            return 0
        if self.known.order != OBEYED or not len(last.known):
            return max(0, total - self._found())
        latest = int(last.known.max())
        if all(each.known.max(initial=latest) <= latest for each in self.slices):
            return max(0, total - self._found())
        return max(0, total - distinct_rows(self.slices, latest))

    def _pages_say(self) -> int:
        """Return the rows that there are at least, by the number of pages of a size that is honoured.

        Only where no answer says the number of rows itself.
        """
        if self.bounds is not None or self._totals():
            return 0
        least = [
            (each.page.pages_count - 1) * each.ask.size + 1
            for each in self.slices[:2]
            if each.page.pages_count and each.rows == each.ask.size
        ]
        return min(least, default=0)

    def _found(self) -> int:
        """Return how many rows came; counted anew where pages came since."""
        if self.counted[0] != len(self.slices):
            self.counted = len(self.slices), self._count_rows()
        return self.counted[1]

    def _count_rows(self) -> int:
        if self.bounds is None:
            return distinct_rows(self.slices)
        low, high = self.bounds
        inside = {
            row
            for each in self.slices
            for row, time in zip(each.ids, each.stamps.tolist(), strict=True)
            if low <= time < high
        }
        return len(inside)

    def _held_against_totals(self, proof: str) -> Task[WindowPages]:
        lacking = self._lacking()  # kept, since it counts all rows
        doubtful = lacking or not self._found() or self._is_untold()
        if doubtful and (yield from self._other_base()):
            return (yield from self.read(()))
        yield from self._count_again()
        if self.later_count is not None:
            yield from self._settle_count()
            lacking = self._lacking()
        agreed, lacked = 0, []
        while lacking or (self._is_silent() and not agreed):
            if lacking:
                lacked.append(lacking)
            if self.readings == _READINGS:
                break
            before = len(self.slices)
            if not (yield from self._again()):
                return self._result("", "a second reading could not be proved complete")
            agreed = int(fresh_rows(self.slices, before) == 0)
            lacking = self._lacking()
            if lacking and (yield from self._totals_are_constant()):
                self.constant_totals, lacking = True, 0
        if lacking:
            why = f"{lacking} rows are lacking, as the server's own totals say"
            if len(lacked) < _READINGS or len(set(lacked)) > 1:
                return self._result("", why)
            read = self._result("", f"{why}, in each reading: it may count calls that it never shows")
            read.final = True
            return read
        if self._is_silent() and not agreed:
            return self._result(
                "", "each reading shows rows that those before did not, and no total says why"
            )
        return self._result(proof, agreed=agreed)

    def _is_silent(self) -> bool:
        """Tell whether no total can accuse, and a second reading has to."""
        return self.settled and self._is_untold()

    def _is_untold(self) -> bool:
        """Tell whether no total says that all came, nor windows enough that were read twice."""
        return not self._meaningful() and self.facts.agreed < _AGREED

    def _totals_are_constant(self) -> Task[bool]:
        """Tell whether totals do not answer the question: three disjoint types have as many as the whole."""
        if self.types is None:
            return False
        said = set(self._totals())
        return len(said) == 1 and said.isdisjoint([0]) and set((yield from self.types())) == said

    def _meaningful(self) -> bool:
        totals = self._totals() if self.bounds is None else [self.count or 0]
        return max(totals, default=-1) >= self._found()

    def _again(self) -> Task[bool]:
        """Read the window again, cut otherwise; tell whether that reading is proved as well."""
        reading = Reading(self.fetch, self._other_size(), self.known, self.bounds, self.count)
        yield from reading.open()
        proof = yield from reading.prove()
        self._take(reading)
        yield from self._count_again()
        yield from self._settle_count()
        return bool(proof)

    def _other_size(self) -> int:
        usual = max((each.rows for each in self.slices[:2]), default=self.size)
        if self.known.step:
            step, most = self.known.step, min(self.size, max(usual, 10))
            most -= most % step
            # Of few sizes, all divide some seam: then a larger one.
            other = most - step * (1 + 2 * self.readings)
            return other if 2 * other > most else most + step * (1 + self.readings)
        fitting = [
            each for each in LISTED_SIZES if usual / 3 < each < usual and each not in self.known.failed
        ]
        return fitting[-1] if fitting and self.readings % 2 else self.size

    # The last resort.

    def _by_totals(self, problem: str) -> Task[WindowPages]:
        if self.bounds is not None:
            return self._result("", problem)
        if (most := max(self._totals(), default=0)) > _MOST_WALKED:
            return self._result("", f"{problem}, and the server says {most} rows, too many to read twice")
        whole = yield from self._in_one_page()
        if whole is not None:
            self.slices, self.counted = whole, (0, 0)
            return self._result("one page")
        size = max((each.rows for each in self.slices), default=0)
        if size < 2:
            return self._result("", problem)
        before, latest = set[str](), set[str]()
        for number in range(_WALKS + 1):  # the last turn only judges
            totals = set(self._totals())
            if len(totals) != 1:
                said = "the number of rows changed meanwhile" if totals else "the server gives no total"
                return self._result("", f"{problem}, and {said}")
            (total,) = totals
            if self._found() > total:
                return self._result("", f"{problem}, and the totals contradict the pages")
            if latest == before and len(latest) == total:
                adds_up = yield from self._types_add_up(total)
                return self._result("total" if adds_up else "", "" if adds_up else problem)
            if number < _WALKS:
                way: Direction = "DESC" if number % 2 else "ASC"
                before, latest = latest, (yield from self._walk(size, total, way))
        found = self._found()
        return self._result("", f"{problem}; the server says {total} rows, and {found} distinct ones came")

    def _walk(self, size: int, total: int, direction: Direction) -> Task[set[str]]:
        base = self.known.base if self.known.base is not None else 1
        asks = [Ask(base + n, size, direction, base) for n in range(total // size + 1)]
        pages = [each for each in (yield from self.fetch(asks)) if isinstance(each, Slice)]
        self.slices.extend(pages)
        self.readings += 1
        return {row for each in pages for row in each.ids}

    def _types_add_up(self, total: int) -> Task[bool]:
        if self.types is None:
            return False
        parts = yield from self.types()
        return None not in parts and sum(part for part in parts if part is not None) == total

    def _in_one_page(self) -> Task[list[Slice] | None]:
        """Ask for everything in one page, in both directions."""
        totals = self._totals()
        # A total that only counts the page that says it would agree with any page, and a constant one none.
        more = any(each.total is not None and each.total > each.rows > 0 for each in self.slices)
        if not totals or not more:
            return None
        # A server that sent more than was asked for has a size of its own, whatever is asked for now.
        own = max((each.rows for each in self.slices if each.rows > each.ask.size), default=0)
        roomy = max(totals) + max(10, max(totals) // 20)
        listed = [each for each in LISTED_SIZES if each > max(totals) and each not in self.known.failed]
        base = self.known.base if self.known.base is not None else 1
        for size in (roomy, *listed[-1:]):
            pages = yield from self.fetch([Ask(base, size, way, base) for way in ("ASC", "DESC")])
            whole = [each for each in pages if isinstance(each, Slice)]
            said = all(own < each.rows < size and each.rows == each.total for each in whole)
            if len(whole) == 2 and same_rows(*whole) and said:
                return whole
        return None

    # What comes out.

    def _result(self, proof: str, problem: str = "", agreed: int = 0) -> WindowPages:
        problem = "" if proof else problem or "the order of its rows proves nothing"
        read = WindowPages(self.slices, proof, self.readings, problem, learnt=self.learnt(proof, agreed))
        read.wide = self.bounds is not None
        return read

    def learnt(self, proof: str, agreed: int) -> dict[str, Any]:
        known, facts = self.known, self.facts
        most = max((each.rows for each in self.slices), default=0)
        now: dict[str, Any] = {
            "sizes": tuple(sorted(known.sizes.intersection(LISTED_SIZES))),
            "step": known.step,
            "order": known.order,
            "refused": tuple(sorted(known.refused)),
            "depth": known.depth,
            "most_rows": max(most, facts.most_rows),
            "agreed": min(_AGREED, facts.agreed + agreed),
        }
        exact = self._totals_are_exact(proof)
        if exact is not None:
            now["exact_totals"] = exact
        if self.constant_totals:
            now["constant_totals"] = True
        if known.base == 0 or exact:
            now["first_page"] = known.base if known.base is not None else 1
        return {name: value for name, value in now.items() if value != getattr(facts, name)}

    def _totals_are_exact(self, proof: str) -> bool | None:
        """Judge totals by a proved chain that is longer than the pages that said them."""
        if self.bounds is not None or proof != "overlap" or self.constant_totals:
            return None
        said = {each.total if each.total is not None else self.count for each in self.slices}
        longest = max(each.rows for each in self.slices)
        found = self._found()
        if len(said) > 1:
            return None  # it changed meanwhile
        (total,) = said
        if total != found:
            return False
        return True if found > longest and len(self.slices) > 2 and self.readings == 1 else None


def _precedes(zeroth: Slice, first: Slice) -> bool:
    """Tell whether page 0 is a page before page 1: not the same one, and none from the end of the list."""
    shared = len(set(zeroth.ids) & set(first.ids))
    if shared > 0.5 * min(len(zeroth.ids), len(first.ids)) > 0:
        return False
    sorted_pages = zeroth.ordered and first.ordered and len(zeroth.known) > 1 and len(first.known) > 1
    return not sorted_pages or bool(zeroth.known[-1] <= first.known[len(first.known) // 2])
