"""The chains of a frame in one flat array, each distinct text once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import NONE, Key, key_of

__all__ = ["ARROW", "UNREADABLE", "ChainLog", "Flags", "Integers", "chains_of"]

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

ARROW = " → "
"""What stands between the parties of a path."""

UNREADABLE = "(unreadable)"
"""The path of a chain that could not be read; one that names nobody is ``(none)``."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, ...]).decode


@dataclass(frozen=True)
class ChainLog:
    """The chains of a frame, each distinct text once.

    Parameters
    ----------
    parties
        Label of each party.
    steps
        Position in `parties` of each step, chain after chain.
    offsets
        Where each chain begins in `steps`, and the end of the last one.
    rows
        Position of each call's chain.
    readable
        Whether each chain could be read.
    times
        When the party of each step took the call, as the text says it; None when no text says any.
    """

    parties: NDArray[np.object_]
    steps: Integers
    offsets: Integers
    rows: Integers
    readable: Flags
    times: NDArray[np.object_] | None

    @cached_property
    def lengths(self) -> Integers:
        """Number of parties in each chain, repetitions counted."""
        return np.diff(self.offsets)

    @cached_property
    def hops(self) -> Integers:
        """Number of hand-overs in each chain."""
        return np.maximum(self.lengths - 1, 0)

    @cached_property
    def calls(self) -> Integers:
        """Number of calls that have each chain."""
        return np.bincount(self.rows, minlength=len(self.lengths))

    @cached_property
    def chain_of_step(self) -> Integers:
        """Position of the chain that each step belongs to."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @cached_property
    def givers(self) -> Integers:
        """Position in `steps` of each party that hands over; the next position takes."""
        return np.flatnonzero(self.chain_of_step[1:] == self.chain_of_step[:-1])

    @cached_property
    def tuples(self) -> list[tuple[str, ...]]:
        """Each chain as a tuple of labels."""
        labels = self.parties[self.steps].tolist()
        ends = self.offsets.tolist()
        return [tuple(labels[start:end]) for start, end in pairwise(ends)]

    @cached_property
    def paths(self) -> list[str]:
        """Each chain as text; empty where nobody is known."""
        return list(map(ARROW.join, self.tuples))

    @cached_property
    def again(self) -> Flags:
        """Whether the party of each step was in its chain before."""
        pairs = self.chain_of_step * max(len(self.parties), 1) + self.steps
        return pd.Series(pairs).duplicated().to_numpy()

    @cached_property
    def loops(self) -> Flags:
        """Whether a party appears again in each chain."""
        loops = np.zeros(len(self.lengths), dtype=bool)
        loops[self.chain_of_step[self.again]] = True
        return loops

    def ends(self, step: Literal[0, -1]) -> pa.Array:
        """Return the label of the first (0) or last (-1) party of each chain, null where there is none."""
        known = self.lengths > 0
        where = self.offsets[:-1] if step == 0 else self.offsets[1:] - 1
        codes = np.zeros(len(known), dtype=np.int64)
        codes[known] = self.steps[where[known]]
        return pa.array(self.parties, pa.large_string()).take(pa.array(codes, mask=~known))

    def key(self) -> Key:
        """Return the key that tells calls apart by chain; `chains_of` reads its labels."""
        texts = [
            _encode(chain).decode() if readable else UNREADABLE
            for chain, readable in zip(self.tuples, self.readable.tolist(), strict=True)
        ]
        return key_of(pd.Series(texts, dtype="str"), "chain").take(self.rows)

    def take(self, chains: Integers) -> tuple[Integers, Integers]:
        """Return positions in `steps` of some chains, one after another, and which of `chains` each is of."""
        lengths = self.lengths[chains]
        which = np.repeat(np.arange(len(chains)), lengths)
        shift = self.offsets[chains] - (np.cumsum(lengths) - lengths)
        return np.arange(len(which)) + shift[which], which


def chains_of(labels: pd.Index) -> tuple[list[tuple[str, ...]], list[str]]:
    """Return the chain and the path that each label of `ChainLog.key` stands for."""
    chains = [() if label == UNREADABLE else _decode(label) for label in labels]
    paths = [ARROW.join(chain) or NONE for chain in chains]
    return chains, [
        UNREADABLE if label == UNREADABLE else path for label, path in zip(labels, paths, strict=True)
    ]
