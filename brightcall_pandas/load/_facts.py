"""What a server was seen to do with requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from brightcall_pandas.load._proof import OBEYED

__all__ = ["Known", "ServerFacts"]


@dataclass(frozen=True)
class ServerFacts:
    """What this account's server was seen to do; None and empty where it was not seen yet.

    Parameters
    ----------
    sizes
        Page sizes that it honours, of those that were asked for.
    step
        Sizes that it honours besides: all multiples of this; 0 where only those of a list.
    order
        What it makes of the direction: `OBEYED`, `NEWEST_FIRST` or `OLDEST_FIRST`, whatever is asked for.
    exact_totals
        Whether its totals are exact, as seen on a list longer than the pages that said so.
    most_rows
        Most rows that came in one page.
    depth
        Position beyond which it shows no rows, in either direction.
    first_page
        Number of the first page.
    agreed
        Windows without a meaningful total whose second reading added nothing.
    refused
        Page sizes that were refused.
    exclusive
        Whether ``dayTo`` is the first day that is not part of the range.
    constant_totals
        Whether its totals are the same whatever is asked for, and so say nothing.
    """

    sizes: tuple[int, ...] = ()
    step: int | None = None
    order: str | None = None
    exact_totals: bool | None = None
    most_rows: int = 0
    depth: int | None = None
    first_page: int | None = None
    agreed: int = 0
    refused: tuple[int, ...] = ()
    exclusive: bool | None = None
    constant_totals: bool | None = None

    @property
    def limit_loads(self) -> bool:
        """Whether windows are read otherwise than from a server of which nothing is known."""
        odd = (self.depth, self.constant_totals, self.exclusive, self.refused, self.first_page == 0)
        return any(odd) or self.step not in (None, 1) or self.order not in (None, OBEYED)

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> ServerFacts:
        """Return facts by name, as they come out of a file: names of another version are passed over."""
        names = {each.name for each in fields(cls)}
        ours: dict[str, Any] = {name: value for name, value in known.items() if name in names}
        ours |= {name: tuple(ours[name]) for name in ("sizes", "refused") if name in ours}  # JSON has lists
        return cls(**ours)


@dataclass
class Known:
    """What is known of the server while a window is read."""

    sizes: set[int]
    step: int | None
    order: str | None
    depth: int | None
    base: int | None
    most_rows: int  # that a page was seen to have
    refused: set[int] = field(default_factory=set)
    trial: int = 1  # the step that is tried, while none is known
    failed: set[int] = field(default_factory=set)
    reach: int = 0  # the farthest position at which rows came
