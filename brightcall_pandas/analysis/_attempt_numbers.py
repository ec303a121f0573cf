"""Which attempt to reach its client each call is: the first dial, the second one, a later one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import key_of
from brightcall_pandas.analysis._sorting import order_within
from brightcall_pandas.frame import client_codes, column, micros, region_of, with_region

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


def attempt_numbers(
    df: pd.DataFrame, counted: NDArray[np.bool_], clients: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return the number of each call among those to the same client, from 1.

    Parameters
    ----------
    df
        Calls; needs ``clientNumber`` and ``timestamp``. Calls at the same instant stand in the order of their
        ``id``, where the frame has it.
    counted
        Which calls are attempts at all.
    clients
        The codes of `client_codes`, where they are known already.

    Returns
    -------
    numpy.ndarray
        0 for a call that is not counted, or whose client or time is unknown.
    """
    clients, stamps = client_codes(df)[0] if clients is None else clients, column(df, "timestamp")
    rows = np.flatnonzero(counted & (clients >= 0) & stamps.notna().to_numpy())
    codes, times = clients[rows], micros(stamps)[rows]
    order = order_within(codes, times)
    codes, times, rows = codes[order], times[order], rows[order]
    tied = (np.diff(codes) == 0) & (np.diff(times) == 0)
    if tied.any() and "id" in df.columns:
        rows = settled(rows, tied, column(df, "id"), rows)
    begins = np.flatnonzero(np.diff(codes, prepend=-1) != 0)
    lengths = np.diff(begins, append=len(codes))
    numbers = np.zeros(len(df), dtype=np.int64)
    numbers[rows] = np.arange(len(codes)) - np.repeat(begins, lengths) + 1
    return numbers


def settled(
    kept: NDArray[np.int64], tied: NDArray[np.bool_], ids: pd.Series, calls: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Order calls of a client at the same instant by ``id``; ids of digits as numbers.

    Parameters
    ----------
    kept
        What is put in order, one a call.
    tied
        Whether each but the first is at the instant of the one before.
    ids, calls
        The ids of a frame, and where in it the calls are: few are tied, and only their ids are looked at.
    """
    runs = np.concatenate([[0], np.cumsum(~tied)])
    among = np.concatenate([[False], tied]) | np.concatenate([tied, [False]])
    places = np.flatnonzero(among)
    rank = key_of(ids.iloc[calls[places]]).codes
    result = kept.copy()
    result[places] = kept[places[np.lexsort((rank, runs[places]))]]
    return result


def attempt_labels(df: pd.DataFrame) -> pd.Series:
    """Return which dial to its client each outbound call is; null for others."""
    return _labelled(_dials(df), ATTEMPTS, df.index)


def new_or_redial(df: pd.DataFrame) -> pd.Series:
    """Return whether each outbound call is the first dial to its client; null for others."""
    return _labelled(_dials(df), NEW_OR_REDIAL, df.index)


_LABELS = {"attempt": ATTEMPTS, "new_or_redial": NEW_OR_REDIAL}


def labelled_together(sides: Sequence[pd.DataFrame], names: Sequence[str]) -> list[pd.DataFrame]:
    """Return frames with these labels as columns, counted over the calls of all frames.

    A call that is in several frames is one call: the same ``id``, or without it the same client, time and
    direction.
    """
    if not names:
        return list(sides)
    told = [
        pd.DataFrame({each: column(df, each) for each in _DECIDE if each != "id" or "id" in df.columns})
        for df in sides
    ]
    for each in told:
        each["timestamp"] = each["timestamp"].dt.tz_convert("UTC")
    region = next(filter(None, map(region_of, sides)), None)
    together = with_region(pd.concat(told, ignore_index=True), region)
    if _apart(told):
        numbers = _dials(together)
    else:
        deciding = ["id"] if all("id" in each for each in told) else ["clientNumber", "timestamp", "type"]
        places = together.groupby(deciding, sort=False, dropna=False).ngroup().to_numpy()
        once = np.flatnonzero(~pd.Series(places).duplicated())  # groups are numbered as they come
        numbers = _dials(together.iloc[once])[places]
    ends = np.cumsum([0, *map(len, sides)])
    return [
        df.assign(**{name: _labelled(numbers[begin:end], _LABELS[name], df.index) for name in names})
        for df, begin, end in zip(sides, ends[:-1], ends[1:], strict=True)
    ]


def _apart(sides: Sequence[pd.DataFrame]) -> bool:
    """Return whether each frame ends before the next one begins, so that no call is in two of them."""
    spans = sorted((each["timestamp"].min(), each["timestamp"].max()) for each in sides if len(each))
    return all(before[1] < after[0] for before, after in pairwise(spans))


def _dials(df: pd.DataFrame) -> NDArray[np.int64]:
    return attempt_numbers(df, (column(df, "type") == "outbound").to_numpy(dtype=bool))


def _labelled(numbers: NDArray[np.int64], labels: Sequence[str], index: pd.Index) -> pd.Series:
    kind = pd.CategoricalDtype(list(labels), ordered=True)
    codes = np.minimum(numbers, len(labels)) - 1
    return pd.Series(pd.Categorical.from_codes(codes, dtype=kind), index=index)
