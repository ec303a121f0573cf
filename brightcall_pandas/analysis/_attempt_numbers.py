"""Which attempt to reach its client each call is: the first dial, the second one, a later one.

Attempts are counted over the calls at hand, so a client who was called before them has no first attempt here.
``firstTimeForTree`` of a client's earliest call tells: `begun_before`, and `told_of_begins` for a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import key_of
from brightcall_pandas.analysis._sorting import order_within
from brightcall_pandas.errors import warn_user
from brightcall_pandas.frame import client_codes, column, micros, region_of, with_region

__all__ = [
    "ATTEMPTS",
    "NEW_OR_REDIAL",
    "attempt_labels",
    "attempt_numbers",
    "begun_before",
    "labeled_together",
    "new_or_redial",
    "say_begins",
    "settled",
    "told_of_begins",
    "warn_of_begins",
]

ATTEMPTS = ("1", "2", "3", "4", "5", "6+")
NEW_OR_REDIAL = ("new", "redial")

_DECIDE = ("clientNumber", "timestamp", "type", "id")
_FIRST = "firstTimeForTree"  # of a call whether it is the client's first
_IN_SIGHT = ("clientNumber", "timestamp", _FIRST)
_BOUND = 1 / 3
"""Of the clients whose begin is known, the share begun before the calls from which a table warns.

A whole account has none, and its outbound calls have those who called in first, a sixth in the sandbox. Of
its last two weeks a third have begun before; then every third "first" dial is a later one.
"""


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
    return _labeled(_dials(df), ATTEMPTS, df.index)


def new_or_redial(df: pd.DataFrame) -> pd.Series:
    """Return whether each outbound call is the first dial to its client; null for others."""
    return _labeled(_dials(df), NEW_OR_REDIAL, df.index)


_LABELS = {"attempt": ATTEMPTS, "new_or_redial": NEW_OR_REDIAL}


def labeled_together(sides: Sequence[pd.DataFrame], names: Sequence[str]) -> list[pd.DataFrame]:
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
        df.assign(**{name: _labeled(numbers[begin:end], _LABELS[name], df.index) for name in names})
        for df, begin, end in zip(sides, ends[:-1], ends[1:], strict=True)
    ]


def begun_before(sides: Sequence[pd.DataFrame]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return the client of each call of all frames, and of each client whether its first call is in none.

    Returns
    -------
    tuple
        A number for the client of each call, the frames one after another, -1 where there is none. Of each
        number 1 if the client's earliest call in the frames is known not to be the client's first, 0 if it
        is, -1 where that is unknown.
    """
    every = sides[0]
    if len(sides) > 1:
        every = pd.concat([each.reindex(columns=list(_IN_SIGHT)) for each in sides], ignore_index=True)
        every = with_region(every, next(filter(None, map(region_of, sides)), None))
    clients, stamps = client_codes(every)[0], column(every, "timestamp")
    rows = np.flatnonzero((clients >= 0) & stamps.notna().to_numpy())
    times = micros(stamps)[rows]
    if (np.diff(times) < 0).any():
        rows = rows[np.argsort(times, kind="stable")]
    earliest = np.full(int(clients.max(initial=-1)) + 1, -1)
    earliest[clients[rows[::-1]]] = rows[::-1]  # the one that is written last stays
    is_first = column(every, _FIRST).iloc[np.maximum(earliest, 0)]
    found = np.where(is_first.fillna(value=False).to_numpy(dtype=bool), 0, 1).astype(np.int8)
    found[is_first.isna().to_numpy() | (earliest < 0)] = -1
    return clients, found


def told_of_begins(
    sides: Sequence[pd.DataFrame], counted: NDArray[np.bool_], before: pd.DataFrame | None = None
) -> dict[str, int]:
    """Count the clients whose first call is out of sight, so that their attempts have too low a number.

    Parameters
    ----------
    sides
        The calls of a table.
    counted
        Which of all these are attempts.
    before
        Further calls that number them.

    Returns
    -------
    dict
        ``begin_known``: clients with attempts of whose earliest call ``firstTimeForTree`` tells whether it is
        their first; ``begun_before``: of these, those for whom it is not. Nothing where it tells of nobody.
    """
    needed = [name for name in _IN_SIGHT if not all(name in each.columns for each in sides)]
    if needed or not len(counted):
        return {}
    clients, begun = begun_before([*sides, *([] if before is None else [before])])
    of_attempts = clients[: len(counted)][counted]
    has_attempts = np.zeros(len(begun), dtype=bool)
    has_attempts[of_attempts[of_attempts >= 0]] = True
    known = begun[has_attempts & (begun >= 0)]
    return {"begun_before": int((known == 1).sum()), "begin_known": len(known)} if len(known) else {}


def warn_of_begins(told: Mapping[str, int], remedy: str) -> None:
    """Warn where more than a third of the clients were called before the calls at hand."""
    begun, known = told.get("begun_before", 0), told.get("begin_known", 0)
    if begun > _BOUND * known:
        warn_user(
            f"{begun:,} of {known:,} clients had calls before the earliest one here (its firstTimeForTree "
            f"is false), but attempts are counted from that one: what stands as attempt 1 is often a later "
            f"one, which is answered less than a first. {remedy}"
        )


def say_begins(table: pd.DataFrame, told: Mapping[str, int]) -> pd.DataFrame:
    """Note in a table's attributes what `told_of_begins` counted."""
    if told:
        said = table.attrs.get("brightcall") or {}
        table.attrs["brightcall"] = {**said, "clients": {**said.get("clients", {}), **told}}
    return table


def _apart(sides: Sequence[pd.DataFrame]) -> bool:
    """Return whether each frame ends before the next one begins, so that no call is in two of them."""
    spans = sorted((each["timestamp"].min(), each["timestamp"].max()) for each in sides if len(each))
    return all(before[1] < after[0] for before, after in pairwise(spans))


def _dials(df: pd.DataFrame) -> NDArray[np.int64]:
    return attempt_numbers(df, (column(df, "type") == "outbound").to_numpy(dtype=bool))


def _labeled(numbers: NDArray[np.int64], labels: Sequence[str], index: pd.Index) -> pd.Series:
    kind = pd.CategoricalDtype(list(labels), ordered=True)
    codes = np.minimum(numbers, len(labels)) - 1
    return pd.Series(pd.Categorical.from_codes(codes, dtype=kind), index=index)
