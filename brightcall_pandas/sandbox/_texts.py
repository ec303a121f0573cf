"""Text columns from codes and numbers, without a loop over rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brightcall_pandas.sandbox._draw import Flags, Integers

__all__ = ["NONE", "choose", "digits", "joined", "only", "words"]

NONE = -1
"""The code of nothing: no client, no project, no outcome; it becomes a null."""

_TEXT = pa.large_string()


def words(choices: Sequence[str | None], position: Integers) -> pa.Array:
    """Return the word at each position; null where the position is `NONE`."""
    return pa.array(choices, _TEXT).take(pa.array(position, mask=position == NONE))


def digits(number: Integers) -> pa.Array:
    """Return whole numbers as text."""
    return pa.array(number).cast(_TEXT)


def joined(*parts: str | pa.Array) -> pa.Array:
    """Join constants and columns, row by row; null where a part is null."""
    columns = [pa.scalar(part, _TEXT) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*columns, pa.scalar("", _TEXT))


def only(condition: Flags, values: pa.Array) -> pa.Array:
    """Return the values where the condition holds, else null."""
    return pc.if_else(pa.array(condition), values, pa.scalar(None, values.type))


def choose(condition: Flags, then: pa.Array, otherwise: pa.Array) -> pa.Array:
    """Return the first values where the condition holds, else the second."""
    return pc.if_else(pa.array(condition), then, otherwise)
