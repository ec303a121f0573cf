"""The calls of each client, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import Split
from brightcall_pandas.analysis._groups import grouped, key_of
from brightcall_pandas.frame import FIELDS, column, micros

__all__ = ["Sequences", "last_seen", "of_direction", "sequences"]


@dataclass(frozen=True)
class Sequences:
    """Calls sorted by client, then by time.

    Parameters
    ----------
    rows
        Position of each call among the counted ones.
    clients
        Code of its client, ascending. With a split, a client is one in each group.
    times
        When it began, in microseconds since 1970.
    """

    rows: NDArray[np.int64]
    clients: NDArray[np.int64]
    times: NDArray[np.int64]

    @property
    def is_first(self) -> NDArray[np.bool_]:
        """Which calls are the first of their client."""
        return np.asarray(np.diff(self.clients, prepend=-1) != 0)

    @property
    def is_last(self) -> NDArray[np.bool_]:
        """Which calls are the last of their client."""
        return np.asarray(np.diff(self.clients, append=-1) != 0)

    def since_first(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the running sum of `counts` within each client, the call itself included."""
        running = np.cumsum(counts)
        before = (running - counts)[self.is_first]
        return running - np.repeat(before, np.bincount(self.clients))


def sequences(df: pd.DataFrame, mask: NDArray[np.bool_], split: Split | None = None) -> Sequences:
    """Return the calls in `mask` whose client and time are known, client by client.

    Calls of a client at the same instant stand in the order of their ``id``, where the frame has it.
    """
    split = split or Split()
    rows = np.arange(len(df)) if split.rows is None else split.rows
    clients, stamps = column(df, "clientNumber"), column(df, "timestamp")
    known = (mask & clients.notna().to_numpy() & stamps.notna().to_numpy())[rows]
    kept = np.flatnonzero(known)
    keys = [key.take(kept) for key in split.keys]
    codes = pd.factorize(clients.iloc[rows[kept]])[0].astype(np.int64)
    if keys:
        codes = grouped([*keys, key_of(pd.Series(codes))]).codes
    times = micros(stamps)[rows[kept]]
    order = np.lexsort((times, codes))
    codes, times, kept = codes[order], times[order], kept[order]
    tied = (np.diff(codes) == 0) & (np.diff(times) == 0)
    if tied.any() and "id" in df.columns:
        kept = _settled(kept, tied, column(df, "id").iloc[rows[kept]])
    return Sequences(kept, _dense(codes), times)


def _settled(kept: NDArray[np.int64], tied: NDArray[np.bool_], ids: pd.Series) -> NDArray[np.int64]:
    """Order calls of a client at the same instant by ``id``; ids of digits as numbers."""
    runs = np.concatenate([[0], np.cumsum(~tied)])
    among = np.concatenate([[False], tied]) | np.concatenate([tied, [False]])
    places = np.flatnonzero(among)
    rank = key_of(ids.iloc[places]).codes
    settled = kept.copy()
    settled[places] = kept[places[np.lexsort((rank, runs[places]))]]
    return settled


def _dense(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ascending codes renumbered without gaps."""
    return np.cumsum(np.diff(codes, prepend=codes[:1]) != 0)


def last_seen(df: pd.DataFrame, until: pd.Timestamp | None = None) -> int:
    """Return the end of what was observed, in microseconds since 1970: `until`, else the latest call."""
    if until is not None:
        return int(micros(pd.Series([pd.Timestamp(until)]))[0])
    return int(micros(column(df, "timestamp").dropna()).max(initial=0))


def of_direction(df: pd.DataFrame, direction: str | None) -> NDArray[np.bool_]:
    """Return which calls go in this direction; None means all.

    Raises
    ------
    KeyError
        The frame has no ``type``.
    ValueError
        There is no such direction.
    """
    if direction is None:
        return np.ones(len(df), dtype=bool)
    choices = FIELDS["type"].choices
    if direction not in choices:
        msg = f"direction={direction!r} must be None or one of {', '.join(choices)}"
        raise ValueError(msg)
    return (column(df, "type") == direction).to_numpy(dtype=bool)
