"""Which attempt to reach its client each call is: the first dial, the second one, a later one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import key_of
from brightcall_pandas.frame import column, micros

__all__ = [
    "ATTEMPTS",
    "NEW_OR_REDIAL",
    "attempt_labels",
    "attempt_numbers",
    "labelled_together",
    "new_or_redial",
    "settled",
]

ATTEMPTS = ("1", "2", "3", "4", "5", "6+")
NEW_OR_REDIAL = ("new", "redial")

_DECIDE = ("clientNumber", "timestamp", "type", "id")


def attempt_numbers(df: pd.DataFrame, counted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the number of each call among those to the same client, from 1.

    Parameters
    ----------
    df
        Calls; needs ``clientNumber`` and ``timestamp``. Calls at the same instant stand in the order of their
        ``id``, where the frame has it.
    counted
        Which calls are attempts at all.

    Returns
    -------
    numpy.ndarray
        0 for a call that is not counted, or whose client or time is unknown.
    """
    clients, stamps = pd.factorize(column(df, "clientNumber"))[0], column(df, "timestamp")
    rows = np.flatnonzero(counted & (clients >= 0) & stamps.notna().to_numpy())
    codes, times = clients[rows], micros(stamps)[rows]
    order = np.lexsort((times, codes))
    codes, times, rows = codes[order], times[order], rows[order]
    tied = (np.diff(codes) == 0) & (np.diff(times) == 0)
    if tied.any() and "id" in df.columns:
        rows = settled(rows, tied, column(df, "id").iloc[rows])
    begins = np.flatnonzero(np.diff(codes, prepend=-1) != 0)
    lengths = np.diff(begins, append=len(codes))
    numbers = np.zeros(len(df), dtype=np.int64)
    numbers[rows] = np.arange(len(codes)) - np.repeat(begins, lengths) + 1
    return numbers


def settled(kept: NDArray[np.int64], tied: NDArray[np.bool_], ids: pd.Series) -> NDArray[np.int64]:
    """Order calls of a client at the same instant by ``id``; ids of digits as numbers."""
    runs = np.concatenate([[0], np.cumsum(~tied)])
    among = np.concatenate([[False], tied]) | np.concatenate([tied, [False]])
    places = np.flatnonzero(among)
    rank = key_of(ids.iloc[places]).codes
    result = kept.copy()
    result[places] = kept[places[np.lexsort((rank, runs[places]))]]
    return result


def attempt_labels(df: pd.DataFrame) -> pd.Series:
    """Return which dial to its client each outbound call is; null for others."""
    return _labelled(np.minimum(_dials(df), len(ATTEMPTS)) - 1, ATTEMPTS, df.index)


def new_or_redial(df: pd.DataFrame) -> pd.Series:
    """Return whether each outbound call is the first dial to its client; null for others."""
    return _labelled(np.minimum(_dials(df), 2) - 1, NEW_OR_REDIAL, df.index)


def labelled_together(
    sides: Sequence[pd.DataFrame], labels: Callable[[pd.DataFrame], pd.Series], name: str
) -> list[pd.DataFrame]:
    """Return frames with a column of labels that are counted over the calls of all of them.

    A call that is in several frames is one call: the same ``id``, or without it the same client, time and
    direction.
    """
    told = [
        pd.DataFrame({each: column(df, each) for each in _DECIDE if each != "id" or "id" in df.columns})
        for df in sides
    ]
    for each in told:
        each["timestamp"] = each["timestamp"].dt.tz_convert("UTC")
    together = pd.concat(told, ignore_index=True)
    deciding = ["id"] if all("id" in each for each in told) else ["clientNumber", "timestamp", "type"]
    places = together.groupby(deciding, sort=False, dropna=False).ngroup().to_numpy()
    once = np.flatnonzero(~pd.Series(places).duplicated())  # groups are numbered as they come
    of_all = labels(together.iloc[once]).iloc[places]
    ends = np.cumsum([0, *map(len, sides)])
    return [
        df.assign(**{name: of_all.iloc[begin:end].set_axis(df.index)})
        for df, begin, end in zip(sides, ends[:-1], ends[1:], strict=True)
    ]


def _dials(df: pd.DataFrame) -> NDArray[np.int64]:
    return attempt_numbers(df, (column(df, "type") == "outbound").to_numpy(dtype=bool))


def _labelled(codes: NDArray[np.int64], labels: Sequence[str], index: pd.Index) -> pd.Series:
    kind = pd.CategoricalDtype(list(labels), ordered=True)
    return pd.Series(pd.Categorical.from_codes(codes.tolist(), dtype=kind), index=index)
