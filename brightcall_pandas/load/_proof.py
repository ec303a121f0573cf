"""The proof that pages read at different times miss no row.

A page of a list sorted by time is one contiguous stretch of it, taken at one moment. So it shows *every*
row whose time lies strictly between its first and its last row's time. Two pages whose open intervals
overlap therefore leave no row between them unseen, whatever was inserted or deleted before, between or
after the two reads, and in whatever order the server puts rows of equal time. A window is complete when
overlapping intervals form a chain from one witnessed end of the list to the other.

The first page ascending begins the list and the first page descending ends it, but only on a server that
was seen to obey the direction across pages. What an answer says of itself (its total, its number of pages)
can accuse a chain of lacking rows, and never proves one.

Nothing here talks to a server: `_pages` asks, `_plan` says which pages are worth asking for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from brightcall_pandas.frame import Page

__all__ = [
    "DAY_MICROS",
    "NEWEST_FIRST",
    "OBEYED",
    "OLDEST_FIRST",
    "PROOF_VERSION",
    "UNKNOWN",
    "Ask",
    "Bounds",
    "Cover",
    "Direction",
    "Slice",
    "contradicted",
    "cover",
    "distinct_rows",
    "fresh_rows",
    "joined",
    "observed_order",
    "order_unit",
    "same_rows",
]

PROOF_VERSION = 2  # windows proved by the rules of an earlier version are read again

UNKNOWN = np.iinfo(np.int64).min  # how NumPy writes "not a time"
_BEGINNING = np.iinfo(np.int64).min  # before every row
_END = np.iinfo(np.int64).max  # after every row

_MILLISECOND, _SECOND, _MINUTE = 1_000, 1_000_000, 60_000_000
DAY_MICROS = 86_400_000_000
_PAIRS = 8  # neighbours in order by the finer unit, before that unit is believed
_ROWS = 8  # rows that lie beyond another page, before the pages are believed to follow each other
_MOST = 0.8  # the part of a page's new rows that must lie beyond; the rest may have come meanwhile

Direction: TypeAlias = Literal["ASC", "DESC"]
Bounds: TypeAlias = tuple[int, int]  # microseconds: the first of the window, and the first after it

OBEYED = "obeyed"
NEWEST_FIRST = "newest first"  # whatever is asked for
OLDEST_FIRST = "oldest first"


@dataclass(frozen=True)
class Ask:
    """A page to ask for.

    Parameters
    ----------
    number
        Number of the page, as it is sent.
    size
        Rows a page.
    direction
        Order of time.
    base
        Number of the list's first page.
    """

    number: int
    size: int
    direction: Direction = "ASC"
    base: int = 1

    @property
    def opens(self) -> bool:
        """Whether it is the list's first page in its direction."""
        return self.number == self.base

    @property
    def start(self) -> int:
        """Position of its first row in its direction, from 0."""
        return (self.number - self.base) * self.size

    @property
    def end(self) -> int:
        """Position after its last row in its direction."""
        return self.start + self.size


@dataclass(frozen=True)
class Slice:
    """What one page showed.

    Parameters
    ----------
    ask
        What was asked for.
    page
        The answer.
    ids
        Identity of each row.
    stamps
        Time of each row in microseconds; `UNKNOWN` where it cannot be read.
    total
        How many rows the window has, according to this answer.
    key, checksum
        The answer's key in the page cache, and `checksum` of its bytes.
    written
        Time of each row as the answer has it, also where it is not believed.
    """

    ask: Ask
    page: Page
    ids: list[str]
    stamps: np.ndarray
    total: int | None
    key: str = ""
    checksum: int = 0
    written: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    known: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", self.stamps[self.stamps != UNKNOWN])

    @property
    def rows(self) -> int:
        """Number of rows, strange ones included, since the server counted them too."""
        return len(self.ids) + len(self.page.not_objects)

    @property
    def ordered(self) -> bool:
        """Whether the rows come in ascending order of time."""
        return bool((self.known[1:] >= self.known[:-1]).all())

    def times(self, bounds: Bounds | None) -> np.ndarray:
        """Return the times that are believed: not those more than a day outside of the window."""
        if bounds is None:
            return self.known
        return self.known[(self.known >= bounds[0] - DAY_MICROS) & (self.known < bounds[1] + DAY_MICROS)]


@dataclass(frozen=True)
class Interval:
    """Times, strictly between which a page shows every row.

    Parameters
    ----------
    low, high
        In the unit of order.
    page
        The page.
    """

    low: int
    high: int
    page: Slice


@dataclass(frozen=True)
class Cover:
    """What a set of pages proves.

    Parameters
    ----------
    chains
        Intervals that overlap, from the earliest to the latest chain; between two chains rows may be missing.
    begun, ended
        Whether the first chain starts at the window's beginning, and the last one reaches its end.
    unit
        Microseconds of the unit in which the pages are in order.
    """

    chains: list[list[Interval]]
    begun: bool
    ended: bool
    unit: int

    @property
    def complete(self) -> bool:
        """Whether one chain leads from the beginning to the end."""
        return len(self.chains) == 1 and self.begun and self.ended

    def low(self, chain: int) -> int:
        """Return the time at which a chain starts."""
        return self.chains[chain][0].low

    def high(self, chain: int) -> int:
        """Return the time that a chain reaches."""
        return max(each.high for each in self.chains[chain])


# Order.


def order_unit(slices: Iterable[Slice], bounds: Bounds | None = None) -> int:
    """Return the unit of time, in microseconds, by which the server is seen to sort.

    A finer unit is believed only where it decided between several neighbours that are equal by the coarser
    one: rows that are sorted by minute come in order of milliseconds as well, where no two share a minute.
    """
    pages = [each.times(bounds) for each in slices]
    unit = _MINUTE
    for finer in (_SECOND, _MILLISECOND, 1):
        right = 0
        for times in pages:
            keys = times // unit
            if len(keys) < 2 or not _in_order(keys):
                continue
            trend = 1 if (keys[0], times[0]) <= (keys[-1], times[-1]) else -1
            ties = keys[1:] == keys[:-1]
            fine = np.diff(times // finer)[ties] * trend
            if (fine < 0).any():
                return unit
            right += int((fine > 0).sum())
        if right < _PAIRS:
            return unit
        unit = finer
    return unit


def _in_order(keys: np.ndarray) -> bool:
    steps = np.diff(keys)
    return bool((steps >= 0).all() or (steps <= 0).all())


def observed_order(slices: Sequence[Slice], unit: int, bounds: Bounds | None = None) -> str | None:
    """Return what pages beyond the first ones show of the direction; None where they show too little.

    A server that sorts inside of the page only shows the same rows on the first page ascending and on the
    first page descending, each in the right order: only further pages tell.
    """
    ascending = _flow([each for each in slices if each.ask.direction == "ASC"], unit, bounds)
    descending = _flow([each for each in slices if each.ask.direction == "DESC"], unit, bounds)
    if ascending < 0:
        return NEWEST_FIRST if descending <= 0 else None
    if descending > 0:
        return OLDEST_FIRST if ascending >= 0 else None
    if ascending > 0 and (descending < 0 or _apart(slices, unit, bounds)):
        return OBEYED
    return None


def _flow(slices: Sequence[Slice], unit: int, bounds: Bounds | None) -> int:
    """Return 1 where further pages follow the first one in time, -1 where they precede it, else 0."""
    votes: Counter[int] = Counter()
    firsts = [each for each in slices if each.ask.opens]
    for later in slices:
        if not later.ask.opens:
            votes.update(_follows(first, later, unit, bounds) for first in firsts)
    if votes[1] and votes[-1]:
        return 0
    return 1 if votes[1] else -1 if votes[-1] else 0


def _apart(slices: Sequence[Slice], unit: int, bounds: Bounds | None) -> bool:
    """Tell whether the first page descending lies beyond the first page ascending, of the same size."""
    firsts = [each for each in slices if each.ask.opens]
    return any(
        _follows(early, late, unit, bounds) > 0
        for early in firsts
        if early.ask.direction == "ASC"
        for late in firsts
        if late.ask.direction == "DESC" and late.ask.size == early.ask.size
    )


def _follows(first: Slice, later: Slice, unit: int, bounds: Bounds | None) -> int:
    times = first.times(bounds)
    if not len(times):
        return 0
    shown, stamps = set(first.ids), later.known
    if not shown.isdisjoint(later.ids):
        new = np.fromiter((row not in shown for row in later.ids), dtype=bool, count=len(later.ids))
        stamps = later.stamps[new & (later.stamps != UNKNOWN)]
    if bounds is not None:
        stamps = stamps[(stamps >= bounds[0] - DAY_MICROS) & (stamps < bounds[1] + DAY_MICROS)]
    after = int((stamps // unit > times.max() // unit).sum())
    before = int((stamps // unit < times.min() // unit).sum())
    if after >= max(_ROWS, _MOST * len(stamps)):
        return 1
    return -1 if before >= max(_ROWS, _MOST * len(stamps)) else 0


# Chains.


def cover(slices: Iterable[Slice], order: str, unit: int, bounds: Bounds | None = None) -> Cover:
    """Say what pages of one window prove, in whatever order they were read.

    Parameters
    ----------
    slices
        The pages.
    order
        `OBEYED`, `NEWEST_FIRST` or `OLDEST_FIRST`.
    unit
        Microseconds of the unit by which the server sorts.
    bounds
        The window; where the pages are of a longer list, rows outside of it witness its ends.
    """
    intervals = sorted(_intervals(slices, order, unit, bounds), key=lambda each: (each.low, -each.high))
    chains: list[list[Interval]] = []
    high = _BEGINNING
    for each in intervals:
        if chains and each.low < high:
            chains[-1].append(each)
        else:
            chains.append([each])
        high = max(high, each.high) if len(chains[-1]) > 1 else each.high
    if bounds is None:
        first, last = _BEGINNING, _END
    else:
        # A page that shows a row of the day before shows the window's beginning; so at the end.
        first, last = bounds[0] // unit - 1, -(-bounds[1] // unit)
        chains = [each for each in chains if max(one.high for one in each) > first + 1 and each[0].low < last]
    begun = bool(chains) and chains[0][0].low <= first
    ended = bool(chains) and max(each.high for each in chains[-1]) >= last
    return Cover(chains, begun, ended, unit)


def _intervals(slices: Iterable[Slice], order: str, unit: int, bounds: Bounds | None) -> Iterator[Interval]:
    for each in slices:
        keys = each.times(bounds) // unit
        if not len(keys) or not _in_order(keys):
            continue
        ascending = order == OLDEST_FIRST or (order == OBEYED and each.ask.direction == "ASC")
        backwards = keys[0] > keys[-1] if ascending else keys[0] < keys[-1]
        if order == OBEYED and backwards:
            continue  # sorted against what was asked for: which end it shows is open
        low = _BEGINNING if each.ask.opens and ascending else int(keys.min())
        high = _END if each.ask.opens and not ascending else int(keys.max())
        if low < high:
            yield Interval(low, high, each)


def joined(slices: Sequence[Slice]) -> bool:
    """Tell whether the stretches that pages show overlap, so that no row between them is unseen."""
    return len(cover(slices, OBEYED, order_unit(slices)).chains) == 1


def contradicted(slices: Sequence[Slice], unit: int, bounds: Bounds | None = None) -> bool:
    """Tell whether pages lack so many rows inside of their own stretch that the list cannot be sorted.

    A few may have come or gone between two pages. Where a server cuts an unsorted list into pages and sorts
    each of them, all pages span the same times and each shows other rows.
    """
    pages = [(each, within // unit) for each in slices if len(within := each.times(bounds))]
    every_copy = np.sort(np.concatenate([each.known for each in slices])) // unit if pages else np.empty(0)
    # To count a row once is slow, and seldom needed: pages overlap little.
    if len(pages) < 2 or not any(_lacks(page, within, every_copy) for page, within in pages):
        return False
    times: dict[str, int] = {}
    for each in slices:
        times.update(zip(each.ids, each.stamps.tolist(), strict=True))
    once = np.sort(np.fromiter(times.values(), dtype=np.int64, count=len(times))) // unit
    return any(_lacks(page, within, once) for page, within in pages)


def _lacks(page: Slice, within: np.ndarray, every: np.ndarray) -> bool:
    """Tell whether a page shows far fewer rows than there are inside of its stretch."""
    there = int(np.searchsorted(every, within.max(), "left") - np.searchsorted(every, within.min(), "right"))
    shown = len(set(page.ids))
    return there - shown > max(_ROWS, 0.3 * shown)


# Rows and totals.


def distinct_rows(slices: Iterable[Slice], until: int | None = None) -> int:
    """Count the rows that pages show; copies inside one answer count, since the server counts them.

    Parameters
    ----------
    slices
        The pages.
    until
        Count no rows after this time.
    """
    most: dict[str, int] = {}
    odd = 0
    for each in slices:
        odd = max(odd, len(each.page.not_objects))
        ids = each.ids
        if until is not None and len(each.known) and each.known.max() > until:
            ids = [row for row, late in zip(ids, (each.stamps > until).tolist(), strict=True) if not late]
        if len(set(ids)) == len(ids):
            most.update(dict.fromkeys(set(ids).difference(most), 1))
        else:
            for row, copies in Counter(ids).items():
                most[row] = max(copies, most.get(row, 0))
    return sum(most.values()) + odd


def same_rows(one: Slice, other: Slice) -> bool:
    """Tell whether two pages show the same rows."""
    return len(one.ids) == len(other.ids) and set(one.ids) == set(other.ids)


def fresh_rows(slices: Sequence[Slice], begin: int) -> int:
    """Count the rows that pages from number `begin` on show and those before do not."""
    before = {row for each in slices[:begin] for row in each.ids}
    return len({row for each in slices[begin:] for row in each.ids} - before)
