"""Which label in a chain is the client's own number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from brightcall_pandas.frame import optional_column

__all__ = ["client_of_rows", "number_keys"]


def client_of_rows(df: pd.DataFrame, keys: pa.Array) -> NDArray[np.int64]:
    """Return the position in `keys` of each call's client, negative where it is none of them.

    Parameters
    ----------
    df
        Calls.
    keys
        Numbers as `number_keys` writes them, without repetition.
    """
    clients = _array(optional_column(df, "clientNumber"))
    positions = _positions(clients, keys)
    unknown = np.flatnonzero(clients.is_null().to_numpy(zero_copy_only=False))
    if len(unknown):
        needed = df[df.columns.intersection(["type", "fromNumber", "toNumber"])]
        positions[unknown] = _positions(_other_ends(needed.iloc[unknown]), keys)
    return positions


def number_keys(numbers: pa.Array) -> pa.Array:
    """Return numbers so written that the same number is the same text.

    Blanks and punctuation between digits go, and so do a leading ``+`` or ``00``; a text of which nothing
    is left is null.
    """
    # Most columns are written in one way: what none of their numbers needs is not done to a million.
    plain = pc.ascii_ltrim(numbers, "+")
    punctuated = pc.invert(pc.ascii_is_alnum(plain))
    if pc.any(punctuated).as_py():
        bare = pc.replace_substring_regex(numbers, r"[\s().\-/]", "")
        plain = pc.ascii_ltrim(pc.if_else(punctuated, bare, numbers), "+")
    abroad = pc.starts_with(plain, "00")
    if pc.any(abroad).as_py():
        plain = pc.if_else(abroad, pc.utf8_slice_codeunits(plain, 2), plain)
    nothing = pc.equal(plain, "")
    return pc.if_else(nothing, pa.scalar(None, plain.type), plain) if pc.any(nothing).as_py() else plain


def _positions(numbers: pa.Array, keys: pa.Array) -> NDArray[np.int64]:
    found = pc.index_in(number_keys(numbers), value_set=keys, skip_nulls=True)
    return np.array(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _other_ends(df: pd.DataFrame) -> pa.Array:
    """Return the caller of inbound and the callee of outbound calls."""
    direction = optional_column(df, "type")
    caller, callee = _array(optional_column(df, "fromNumber")), _array(optional_column(df, "toNumber"))
    ends = pa.nulls(len(df), caller.type)
    for word, number in (("inbound", caller), ("outbound", callee)):
        here = pa.array((direction == word).to_numpy(dtype=bool, na_value=False))
        ends = pc.if_else(here, number, ends)
    return ends


def _array(series: pd.Series) -> pa.Array:
    array = pa.array(series, pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
