"""The calls that are looked at for what differs: both sides in one frame, with groups and strata."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._attempt_numbers import begun_before, labeled_together
from brightcall_pandas.analysis._clusters import all_numbered
from brightcall_pandas.analysis._dimensions import Direction, Split, of_direction, split
from brightcall_pandas.analysis._groups import NONE, folded_keys, grouped
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._tallies import Facts
from brightcall_pandas.frame import client_codes, column, of_one_agent, of_one_lead, of_one_region

__all__ = ["Both", "CountedCalls", "counted", "together"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_STRATA = {"moved": ("attempt",), "apart": ("attempt", "project", "hour")}
"""What calls must have alike to be compared, for each kind of finding."""

_NEEDS = {
    "attempt": ("clientNumber", "timestamp", "type"),
    "project": ("projectName",),
    "hour": ("timestamp",),
}
_FIRST = "firstTimeForTree"  # of a call whether it is the client's first


class Both:
    """The calls of both sides, and what groups and strata they are in, read once for all rates."""

    def __init__(self, both: pd.DataFrame, is_other: NDArray[np.bool_], before: pd.DataFrame | None) -> None:
        self.is_other = is_other
        self.frame, self.begun_before = _with_attempts(both, before)
        self._found: dict[str, tuple[Ints, list[str]]] = {}

    def groups(self, name: str) -> tuple[Ints, list[str]]:
        """Return the group of each call, and their labels; one group where the frame cannot tell."""
        if name not in self._found:
            self._found[name] = self._read(name)
        return self._found[name]

    def _read(self, name: str) -> tuple[Ints, list[str]]:
        if set(_NEEDS.get(name, ())) <= set(self.frame.columns) or name in self.frame.columns:
            try:
                found = grouped(folded_keys(split(self.frame, name).keys, np.ones(len(self.frame))))
            except KeyError:
                pass
            else:
                return found.codes.astype(np.int64), [str(label) for label in found.index]
        return np.zeros(len(self.frame), dtype=np.int64), []

    def strata(self, names: Sequence[str]) -> Ints:
        """Return a number for the stratum of each call."""
        codes = np.zeros(len(self.frame), dtype=np.int64)
        for name in names:
            more, labels = self.groups(name)
            codes = codes * max(len(labels), 1) + more
        return codes

    def named(self, dimension: str) -> NDArray[np.bool_]:
        """Return which groups have a name."""
        return np.array([label != NONE for label in self.groups(dimension)[1]], dtype=bool)

    def alike(self, kind: str, dimension: str) -> Ints:
        """Return a number for the calls that each call is compared with; −1 for none.

        What moved is held against calls of the same attempt, if its earlier attempts are in sight; what
        stands apart against those of the same attempt, project and hour in other groups.
        """
        if kind == "moved":
            return np.where(self.begun_before, -1, self.strata(_STRATA["moved"]))
        strata = self.strata([each for each in _STRATA["apart"] if each != dimension])
        return np.where(self.named(dimension)[self.groups(dimension)[0]], strata, -1)

    @cached_property
    def clients(self) -> Ints:
        """A number for the client of each call; a call without one has its own."""
        known = "clientNumber" in self.frame.columns
        clients = client_codes(self.frame)[0] if known else np.full(len(self.frame), -1)
        return all_numbered(clients)[0].astype(np.int64)

    @cached_property
    def days(self) -> tuple[Ints, pd.Index]:
        """The day of each call, and the days; one day where times are unknown."""
        if "timestamp" not in self.frame.columns:
            return np.zeros(len(self.frame), dtype=np.int64), pd.DatetimeIndex([pd.NaT])
        days = column(self.frame, "timestamp").dt.normalize()
        codes, labels = pd.factorize(days, sort=True)
        return np.maximum(codes, 0).astype(np.int64), pd.DatetimeIndex(labels)


class CountedCalls(msgspec.Struct, frozen=True):
    """The calls that one rate counts: of each its place, whether it is a hit, its side and its client."""

    rows: Ints
    hit: Floats
    is_other: NDArray[np.bool_]
    clients: Ints


def counted(both: Both, direction: Direction, metric: Metric) -> CountedCalls | None:
    """Return the calls in the denominator of a rate; None where nothing is known of it."""
    facts = Facts(both.frame, Split())
    needed = metric.sums_needed()
    top, bottom = (needed[name](facts) for name in metric.sums)
    if top is None or bottom is None:
        return None
    rows = np.flatnonzero(np.asarray(bottom, dtype=bool) & of_direction(both.frame, direction))
    hit = np.asarray(top, dtype=np.float64)[rows]
    return CountedCalls(rows, hit, both.is_other[rows], both.clients[rows]) if len(rows) else None


def together(df: pd.DataFrame, other: pd.DataFrame | None) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Return the calls of both sides in one frame, told apart alike, and which of them are of the other."""
    if other is None:
        return df.reset_index(drop=True), np.zeros(len(df), dtype=bool)
    df, other = of_one_lead(*of_one_region(df, other))
    with suppress(KeyError):  # nobody knows the agents, and so nobody asks for them
        df, other = of_one_agent(df, other)
    both = pd.concat([df.assign(), other.assign()], ignore_index=True)
    both.attrs = dict(df.attrs)
    return both, np.repeat([False, True], [len(df), len(other)])


def _with_attempts(both: pd.DataFrame, before: pd.DataFrame | None) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Return calls with the number of their attempt, and of which calls earlier ones are out of sight."""
    if "attempt" in both.columns or not set(_NEEDS["attempt"]) <= set(both.columns):
        return both, np.zeros(len(both), dtype=bool)
    sides = [both] if before is None else [both, before]
    numbered = labeled_together(sides, ["attempt"])[0]
    if _FIRST not in both.columns:
        return numbered, np.zeros(len(both), dtype=bool)
    clients, begun = begun_before(sides)
    of_calls = np.append(begun, 0)[clients[: len(both)]] == 1  # -1, no client, takes the last one
    dialed = of_direction(both, "outbound")
    return numbered, of_calls & dialed
