"""Which rows of typed tables are the same call.

A call is known by its ``id`` and ``uniqueId`` together, and an empty ``uniqueId`` matches any. Where the id
is unusable (missing, a word for nothing, or shared by calls of different ``uniqueId``), ``uniqueId`` and the
fields that never change stand for it; without a ``uniqueId`` the time as well.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

__all__ = ["CONSTANT_FIELDS", "IDENTITY_FIELDS", "NO_ID", "call_numbers"]

NO_ID = frozenset(
    ["", "0", "-", "null", "Null", "NULL", "none", "None", "NONE", "nil", "undefined", "nan", "NaN", "N/A"]
)
"""Texts that some program has written for a missing id."""

CONSTANT_FIELDS = ("type", "fromNumber", "toNumber", "treeId")
"""Fields that an edit does not change."""

IDENTITY_FIELDS = ("id", "uniqueId", "timestamp", *CONSTANT_FIELDS)
"""All fields that a call may be known by."""


def call_numbers(table: pa.Table) -> np.ndarray:
    """Return a number for each row, the same for rows that are the same call.

    Parameters
    ----------
    table
        Typed calls with at least `IDENTITY_FIELDS`. To compare several readings, put their tables together:
        whether an id is shared by different calls shows in all of them.

    Returns
    -------
    numpy.ndarray
        One int64 a row.
    """
    ids, words = pd.factorize(_texts(table, "id"))
    missing = np.isin(words.astype(object), list(NO_ID)) if len(words) else np.zeros(0, dtype=bool)
    if len(words) == len(ids) and not missing.any():
        return np.asarray(ids, dtype=np.int64)
    unique_ids, texts = pd.factorize(_texts(table, "uniqueId"))
    unique_ids = np.where(np.isin(unique_ids, np.flatnonzero(np.asarray(texts == ""))), -1, unique_ids)
    shared = _ids_of_several(ids, unique_ids, len(words))
    numbers = np.asarray(ids, dtype=np.int64)
    told_by_both = shared[ids] & (unique_ids >= 0) & ~missing[ids]
    numbers = np.where(told_by_both, len(words) + ids * (len(texts) + 1) + unique_ids, numbers)
    odd = np.flatnonzero((missing | shared)[ids] & ~told_by_both)
    if len(odd):
        numbers[odd] = -1 - _numbers_by_content(table, odd, np.where(missing[ids], -1, ids), unique_ids)
    return numbers


def _texts(table: pa.Table, name: str) -> pd.Series:
    texts: pd.Series = table[name].to_pandas().fillna("")
    return texts


def _ids_of_several(ids: np.ndarray, unique_ids: np.ndarray, count: int) -> np.ndarray:
    """Tell of each id whether calls of different uniqueId have it."""
    named = unique_ids >= 0
    pairs = pd.DataFrame({"id": ids[named], "unique": unique_ids[named]}).drop_duplicates()
    return np.bincount(pairs["id"].to_numpy(), minlength=count) > 1


def _numbers_by_content(
    table: pa.Table, rows: np.ndarray, ids: np.ndarray, unique_ids: np.ndarray
) -> np.ndarray:
    """Return a number for what each row has besides an id of its own."""
    content = table.select(["timestamp", *CONSTANT_FIELDS]).take(pa.array(rows)).to_pandas()
    content = content.astype("str").assign(id=ids[rows], unique=unique_ids[rows])
    content["timestamp"] = content["timestamp"].where(content["unique"] < 0, "")
    numbers = content.groupby(list(content.columns), sort=False, dropna=False).ngroup()
    return np.asarray(numbers, dtype=np.int64)
