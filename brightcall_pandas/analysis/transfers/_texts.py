"""A whole column of texts, each distinct one read once.

Nearly all texts are plain lists of numbers. These are decoded many at a time; only what is not so plain
goes through `parse` one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from brightcall_pandas.analysis.transfers._log import Flags, Integers
from brightcall_pandas.analysis.transfers._parsing import SHAPES, Shape, parse

__all__ = ["Texts", "read_texts"]

_BATCH = 64  # so few that an odd text among them costs little
_lines = msgspec.json.Decoder(tuple[str, ...]).decode_lines


@dataclass(frozen=True)
class Texts:
    """The distinct texts of a column, and what they say.

    Parameters
    ----------
    rows
        Position of each row's text.
    texts
        The distinct texts; null is one.
    shapes
        Position in `SHAPES` of each text's shape.
    parties
        Labels that each text names.
    times
        What a text says of when each party took the call, by position; only texts that say any.
    """

    rows: Integers
    texts: list[str | None]
    shapes: NDArray[np.int8]
    parties: list[tuple[str, ...]]
    times: dict[int, tuple[Any, ...]]

    def are(self, *shapes: Shape) -> Flags:
        """Return which texts have one of these shapes."""
        return np.isin(self.shapes, [SHAPES.index(shape) for shape in shapes])

    @property
    def readable(self) -> Flags:
        """Which texts could be read."""
        return self.are(*(shape for shape in SHAPES if shape.readable))

    @property
    def named(self) -> Flags:
        """Which texts name anybody."""
        return np.fromiter(map(bool, self.parties), bool, len(self.parties))

    def __add__(self, other: Texts) -> Texts:
        """Return the texts of both, one after the other, with the rows of the first."""
        shift = len(self.texts)
        return Texts(
            self.rows,
            self.texts + other.texts,
            np.concatenate([self.shapes, other.shapes]),
            self.parties + other.parties,
            self.times | {place + shift: times for place, times in other.times.items()},
        )

    def chosen(self, rows: Integers) -> Texts:
        """Return other rows' choice among the texts, without texts that none of them chooses."""
        used = np.flatnonzero(np.bincount(rows, minlength=len(self.texts)))
        kept = set(used.tolist())
        places = np.zeros(len(self.texts), dtype=np.int64)
        places[used] = np.arange(len(used))
        return Texts(
            places[rows],
            [self.texts[place] for place in used],
            self.shapes[used],
            [self.parties[place] for place in used],
            {int(places[place]): times for place, times in self.times.items() if place in kept},
        )


def read_texts(column: pd.Series) -> Texts:
    """Read a column of texts (str); the rows are those of the column."""
    array = pa.array(column, pa.large_string(), from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    encoded = array.dictionary_encode(null_encoding="encode")
    rows = encoded.indices.to_numpy().astype(np.int64)
    texts = encoded.dictionary.to_pylist()
    shapes = np.full(len(texts), SHAPES.index(Shape.NUMBERS), dtype=np.int8)
    parties: list[tuple[str, ...]] = [()] * len(texts)
    times: dict[int, tuple[Any, ...]] = {}
    for place in _read_plain(texts, parties):
        parsed = parse(texts[place])
        shapes[place], parties[place] = SHAPES.index(parsed.shape), parsed.parties
        if parsed.times:
            times[place] = parsed.times
    return Texts(rows, texts, shapes, parties, times)


def _read_plain(texts: Sequence[str | None], parties: list[tuple[str, ...]]) -> list[int]:
    """Put the labels of plain lists into `parties`; return the positions of all other texts."""
    plain: list[int] = []
    others: list[int] = []
    for place, text in enumerate(texts):
        (plain if text and text[:2] == '["' and text[-2:] == '"]' else others).append(place)
    for start in range(0, len(plain), _BATCH):
        places = plain[start : start + _BATCH]
        chains = _decoded("\n".join([texts[place] or "" for place in places]), len(places))
        for place, chain in zip(places, chains, strict=False):
            parties[place] = chain
        if not chains:
            others += places
    return others


def _decoded(lines: str, count: int) -> list[tuple[str, ...]]:
    r"""Return the list in each line, or nothing if any is not plain.

    Each line begins with ``["`` and ends with ``"]``, and no string or flat list can go on in the next line.
    So a line has at least one list, and as many lists as lines means that each has exactly one. Escapes and
    what might be a blank label are left to `parse`.
    """
    odd = '""' in lines or '" ' in lines or "\\" in lines or not lines.isascii()
    if odd or lines.count("\n") != count - 1:
        return []
    try:
        chains = _lines(lines)
    except msgspec.DecodeError:
        return []
    return chains if len(chains) == count else []
