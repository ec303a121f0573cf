"""Which label in a chain is the client's own number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from brightcall_pandas.columns import optional_column

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
    found = pc.index_in(number_keys(_clients(df)), value_set=keys, skip_nulls=True)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def number_keys(numbers: pa.Array) -> pa.Array:
    """Return numbers so written that the same number is the same text.

    Blanks and punctuation between digits go, and so do a leading ``+`` or ``00``; a text of which nothing
    is left is null.
    """
    punctuated = pc.invert(pc.ascii_is_alnum(pc.ascii_ltrim(numbers, "+")))
    if pc.any(punctuated).as_py():
        bare = pc.replace_substring_regex(numbers, r"[\s().\-/]", "")
        numbers = pc.if_else(punctuated, bare, numbers)
    numbers = pc.ascii_ltrim(numbers, "+")
    numbers = pc.if_else(pc.starts_with(numbers, "00"), pc.utf8_slice_codeunits(numbers, 2), numbers)
    return pc.if_else(pc.equal(numbers, ""), pa.scalar(None, numbers.type), numbers)


def _clients(df: pd.DataFrame) -> pa.Array:
    """Return ``clientNumber``, where it is null the other end of an inbound or outbound call."""
    clients = _array(optional_column(df, "clientNumber"))
    if not clients.null_count:
        return clients
    direction = optional_column(df, "type")
    caller, callee = _array(optional_column(df, "fromNumber")), _array(optional_column(df, "toNumber"))
    for word, number in (("inbound", caller), ("outbound", callee)):
        here = pa.array((direction == word).to_numpy(dtype=bool, na_value=False))
        clients = pc.coalesce(clients, pc.if_else(here, number, pa.scalar(None, number.type)))
    return clients


def _array(series: pd.Series) -> pa.Array:
    array = pa.array(series, pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
