"""The proof that pages read at different times miss no row.

A page of a list sorted by time is one contiguous stretch of it, taken at one moment. So it shows *every*
row whose time lies strictly between its first and its last row's time. Two pages whose open intervals
overlap therefore leave no row between them unseen, whatever was inserted or deleted before, between or
after the two reads, and in whatever order the server puts rows of equal time. A window is complete when
the first page and the pages that follow it cover all times, and the last of them reaches the list's end.

Nothing here talks to a server: `plan` says which pages to ask for, `cover` what the answers prove.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from brightcall_pandas.frame import Page

__all__ = ["Ask", "Cover", "Slice", "cover", "farthest", "next_ask", "plan"]

_OVERLAP = 8  # rows that planned pages share: enough for a run of equal times in all but busy seconds
_UNKNOWN = np.iinfo(np.int64).min  # how NumPy writes "not a time"
_NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Ask:
    """A page to ask for: `number`, from 1, of pages of `size` rows."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """Position of its first row, from 0."""
        return (self.number - 1) * self.size

    @property
    def end(self) -> int:
        """Position after its last row."""
        return self.number * self.size


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
        Time of each row in microseconds; `_UNKNOWN` where it cannot be read.
    total
        How many rows the window has, according to this answer.
    key, checksum
        The answer's key in the page cache, and `checksum` of its bytes.
    """

    ask: Ask
    page: Page
    ids: list[str]
    stamps: np.ndarray
    total: int | None
    key: str = ""
    checksum: int = 0
    known: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", self.stamps[self.stamps != _UNKNOWN])

    @property
    def ordered(self) -> bool:
        """Whether the rows come in order of time."""
        return bool((self.known[1:] >= self.known[:-1]).all())

    @property
    def rows(self) -> int:
        """Number of rows, strange ones included, since the server counted them too."""
        return len(self.ids) + len(self.page.not_objects)

    @property
    def position(self) -> int:
        """Position after the last row that came."""
        return self.ask.start + self.rows


@dataclass(frozen=True)
class Cover:
    """What a set of pages proves.

    Parameters
    ----------
    reach
        Every row before this time is on one of the pages.
    frontier
        The page that proves it; None before any does.
    ended
        Whether the pages also show every row from there to the end.
    doubtful
        Whether a page ends the list although its own total says that there is more.
    """

    reach: int
    frontier: Slice | None
    ended: bool
    doubtful: bool


def farthest(start: int, limit: int) -> Ask:
    """Return the page of at most `limit` rows that begins at or before `start` and ends farthest."""
    sizes = np.arange(1, limit + 1)
    ends = (start // sizes + 1) * sizes
    best = int(sizes[len(sizes) - 1 - np.argmax(ends[::-1])])
    return Ask(start // best + 1, best)


def plan(end: int, total: int, limit: int) -> list[Ask]:
    """Return overlapping pages that lead from position `end` past the last of `total` rows.

    The last one is not full, if the total is right: a page that is cut short by the end of the list is
    what shows that it is the end.
    """
    asks = []
    while end <= total:
        ask = farthest(max(0, end - min(_OVERLAP, limit // 2)), limit)
        if ask.end <= end:
            break
        asks.append(ask)
        end = ask.end
    return asks


def cover(slices: Sequence[Slice]) -> Cover:
    """Say what pages of one window prove, in whatever order they were read."""
    honoured = max((each.rows for each in slices), default=0)
    usable = [each for each in slices if each.ordered]
    reach, frontier = _NEVER, None
    while True:
        joined = [
            each for each in usable if each.ask.number == 1 or (len(each.known) and each.known[0] < reach)
        ]
        best = max(
            (each for each in joined if len(each.known)), key=lambda each: int(each.known[-1]), default=None
        )
        if best is None or int(best.known[-1]) <= reach:
            break
        reach, frontier = int(best.known[-1]), best
    # A single page needs no order: it shows the whole list of one moment.
    alone = [each for each in slices if each.ask.number == 1 and not each.ordered]
    ends = [each for each in (*joined, *alone) if _is_end(each, honoured)]
    sure = [each for each in ends if not _says_more(each)]
    return Cover(
        reach=reach,
        frontier=frontier,
        # A total that contradicts what the pages show is outvoted by two pages that are cut differently.
        ended=bool(sure) or len({each.ask for each in ends}) > 1,
        doubtful=bool(ends) and not sure,
    )


def next_ask(state: Cover, limit: int, attempt: int) -> Ask:
    """Return the page that carries the proof on from its frontier.

    Each attempt without progress steps farther back, because rows that vanished have moved the list
    towards its beginning, and takes another size, because a page that is cut differently is a new witness.
    """
    size = max(2, limit - 3 * attempt)
    if state.frontier is None:
        return Ask(1, size)
    before = np.flatnonzero((state.frontier.stamps < state.reach) & (state.frontier.stamps != _UNKNOWN))
    anchor = state.frontier.ask.start + (int(before[-1]) if len(before) else -1)
    back = 0 if attempt == 0 else _OVERLAP * 4 ** (attempt - 1)
    return farthest(max(0, anchor - back), size)


def _is_end(each: Slice, honoured: int) -> bool:
    """Tell a page that the end of the list cut short from one that the server cut short."""
    if each.rows >= each.ask.size:
        return False
    if each.rows == 0:
        return each.ask.number == 1 and not each.total
    # A server that has once sent as many rows as were asked for here would have sent more, had it more.
    return each.ask.size <= honoured or each.total == each.position


def _says_more(each: Slice) -> bool:
    return each.total is not None and each.total > each.position
