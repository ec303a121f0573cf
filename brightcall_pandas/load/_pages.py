"""Read one window so that each of its rows is there, once, or say that this cannot be proved.

`coverage` holds the proof; this module asks for pages until it is found. Where the server's order makes
it impossible (no order at all, or more rows of one time than fit a page), the whole window in one page
settles it; and where the server does not send that, only a constant total that equals the number of
distinct rows of several walks is accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from brightcall_pandas.api import Talk
from brightcall_pandas.errors import IncompleteDataError, RequestError
from brightcall_pandas.load._proof import Ask, Cover, Slice, cover, next_ask, plan

__all__ = ["Read", "read_window"]

Fetch: TypeAlias = Callable[[Sequence[Ask]], Talk[list[Slice]]]

_PATIENCE = 6  # pages in a row that prove nothing new before another way is tried
_WALKS = 3  # walks of the last resort
_SMALLEST_CAP = 10  # no server caps pages at fewer rows than this


@dataclass
class Read:
    """A window that was read.

    Parameters
    ----------
    slices
        Every page, in the order of reading.
    proof
        What shows that it is complete: ``"one page"``, ``"overlap"``, ``"total"``; empty when nothing does.
    walks
        How often the way from begin to end had to be taken up.
    problem
        Why it is not proved complete, as a clause.
    """

    slices: list[Slice] = field(default_factory=list)
    proof: str = ""
    walks: int = 1
    problem: str = ""

    @property
    def complete(self) -> bool:
        """Whether every row is there."""
        return bool(self.proof)

    @property
    def expected(self) -> int | None:
        """Number of rows that the last answer with a total gave."""
        return next((each.total for each in reversed(self.slices) if each.total is not None), None)

    def latest_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return each row once, as it was last read.

        Returns
        -------
        tuple of numpy.ndarray
            Positions in the concatenation of all pages, ordered by time and then by id, and the times in
            microseconds.
        """
        latest: dict[str, int] = {}
        offset = 0
        for each in self.slices:
            latest.update(zip(each.ids, range(offset, offset + len(each.ids)), strict=True))
            offset += len(each.ids)
        positions = np.fromiter(latest.values(), dtype=np.int64, count=len(latest))
        ids = np.array(list(latest), dtype=str)
        empty = np.empty(0, dtype=np.int64)
        stamps = np.concatenate([empty, *(each.stamps for each in self.slices)])[positions]
        order = np.lexsort((ids, np.char.str_len(ids), stamps))
        return positions[order], stamps[order]

    @property
    def duplicates(self) -> int:
        """Number of copies that came besides the first; pages overlap on purpose, so some are expected."""
        seen = [row for each in self.slices for row in each.ids]
        return len(seen) - len(set(seen))


def read_window(fetch: Fetch, limit: int, first: Slice | None = None, hint: int | None = None) -> Talk[Read]:
    """Read a window completely.

    Parameters
    ----------
    fetch
        Asks the server for pages sorted by ascending time, at once, and returns them in that order.
    limit
        Rows a page to ask for.
    first
        The first page, when it was read already.
    hint
        About how many rows there are, where the pages themselves do not say so.

    Returns
    -------
    Read
        Check `complete`.
    """
    slices = [first] if first is not None else (yield from fetch([Ask(1, limit)]))
    limit, trusted = _limit(slices[0], limit)
    read = Read(slices)
    if not _may_be_all(slices[0], hint):
        if not slices[0].rows:
            return Read(slices, problem="the server counts rows and shows none")
    elif not trusted and slices[0].rows < _SMALLEST_CAP:
        # So few rows are no cap; and the list's end needs no second witness.
        return Read(slices, proof="one page")
    state = cover(slices)
    if state.ended:
        read.proof = "one page"
        return read
    total = hint if slices[0].total is None else slices[0].total
    if total is not None and (asks := plan(slices[0].position, total, limit)):
        slices.extend((yield from fetch(asks)))
        state = cover(slices)
    state = yield from _persist(fetch, slices, state, limit, read)
    if state.ended:
        read.proof = "overlap"
        return read
    return (yield from _last_resort(fetch, read, limit))


def _limit(first: Slice, limit: int) -> tuple[int, bool]:
    """Return how many rows a page the server sends, and whether the first page's end can be trusted."""
    if first.rows >= first.ask.size or first.rows == 0:
        return limit, True
    if first.total is None:
        return max(2, first.rows), False
    return (max(2, first.rows) if first.total != first.rows else limit), True


def _may_be_all(first: Slice, hint: int | None) -> bool:
    """Tell whether nothing that was counted says that there is more than the first page."""
    return (hint is None or hint <= first.rows) and (first.page.pages_count or 0) <= 1


def _persist(fetch: Fetch, slices: list[Slice], state: Cover, limit: int, read: Read) -> Talk[Cover]:
    attempt = 0
    while not state.ended and attempt < _PATIENCE:
        slices.extend((yield from fetch([next_ask(state, limit, attempt)])))
        new = cover(slices)
        attempt = 0 if new.reach > state.reach else attempt + 1
        read.walks += attempt == 1
        state = new
    return state


def _last_resort(fetch: Fetch, read: Read, limit: int) -> Talk[Read]:
    if (whole := (yield from _in_one_page(fetch, read))) is not None:
        return Read([whole], proof="one page", walks=read.walks + 1)
    agreed = 0
    for _ in range(_WALKS + 1):
        if _contradictory(read.slices):
            read.problem = (
                "the server's totals contradict its pages, and the order of the rows proves nothing"
            )
            return read
        totals = {each.total for each in read.slices if each.total is not None}
        rows = len({row for each in read.slices for row in each.ids})
        if len(totals) != 1:
            said = (
                "the number of rows changed while they were read" if totals else "the server gives no total"
            )
            read.problem = f"{said}, and the order of the rows proves nothing"
            return read
        # Once may be chance: a row lost for a row that vanished. A further walk would show both.
        agreed = agreed + 1 if totals == {rows} else 0
        if agreed > 1:
            read.proof = "total"
            return read
        read.walks += 1
        asks = [Ask(number, limit) for number in range(1, max(totals) // limit + 2)]
        read.slices.extend((yield from fetch(asks)))
    read.problem = (
        f"the server says {read.expected} rows, but {rows} distinct ones came in {read.walks} walks"
    )
    return read


def _contradictory(slices: Sequence[Slice]) -> bool:
    """Tell whether a page shows rows beyond its own total, or ends before it though no cap cut it."""
    cap = max(each.rows for each in slices)
    return any(
        each.position > each.total or (each.rows < min(each.ask.size, cap) and each.position < each.total)
        for each in slices
        if each.total is not None and each.rows
    )


def _in_one_page(fetch: Fetch, read: Read) -> Talk[Slice | None]:
    if read.expected is None:
        return None
    try:
        (whole,) = yield from fetch([Ask(1, read.expected + max(10, read.expected // 20))])
    except (RequestError, IncompleteDataError):
        return None
    return whole if whole.rows == whole.total and whole.rows < whole.ask.size else None
