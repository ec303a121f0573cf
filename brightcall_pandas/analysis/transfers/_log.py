"""The chains of a frame in one flat array, each distinct text once.

Texts repeat: a month of calls has a few thousand distinct ones. So they are encoded first, parsed once,
and kept as one flat array of steps (`ChainLog`); whatever depends on a row is looked up by its code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, pairwise
from typing import Literal, get_args

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import NONE, Key, key_of
from brightcall_pandas.analysis.transfers._parsing import Flags, Integers, Shape, Texts, read_texts
from brightcall_pandas.frame import (
    ARROW,
    Names,
    choice,
    column,
    factorized,
    normalized_numbers,
    optional_column,
    region_of,
    remembered,
    shown_names,
)

__all__ = [
    "ChainLog",
    "Names",
    "Source",
    "chain_log",
    "chains_of",
    "has_text",
    "keys_of_numbers",
    "natural_order",
    "number_keys",
    "text_array",
]

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
        When the party of each step took the call, as it is written; None if no text has a time.
    """

    parties: NDArray[np.object_]
    steps: Integers
    offsets: Integers
    rows: Integers
    readable: Flags
    times: NDArray[np.object_] | None

    def are_repeated(self) -> bool:
        """Tell whether calls share chains; where all differ, their texts would outweigh the calls."""
        return len(self.readable) * 4 <= len(self.rows)

    @cached_property
    def lengths(self) -> Integers:
        """Number of parties in each chain, repetitions counted."""
        return np.diff(self.offsets)

    @cached_property
    def hops(self) -> Integers:
        """Number of transfers in each chain."""
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
    def origins(self) -> Integers:
        """Position in `steps` of each party that transfers the call; the next position is its target."""
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
    def labels(self) -> list[str]:
        """Each chain as `transfer_variants` names it."""
        named = zip(self.paths, self.readable.tolist(), strict=True)
        return [(path or NONE) if readable else UNREADABLE for path, readable in named]

    @cached_property
    def again(self) -> Flags:
        """Whether the party of each step appeared earlier in its chain."""
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
        """Return the key that groups calls by chain; `chains_of` reads its labels."""
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


Source = Literal["auto", "numbersInvolved", "transfers"]
"""Which column the chains are read from."""

_COLUMNS: dict[Source, list[str]] = {
    "auto": ["numbersInvolvedJSON", "transfers"],
    "numbersInvolved": ["numbersInvolvedJSON"],
    "transfers": ["transfers"],
}


_CLIENT_COLUMNS = ["clientNumber", "fromNumber", "toNumber"]


def chain_log(
    df: pd.DataFrame, source: Source = "auto", include_client: bool = False, names: Names = None
) -> ChainLog:
    """Return the chains of a frame; the arguments are those of `transfer_chains`."""
    choice("source", source, get_args(Source))
    log = _all_parties(df, source) if include_client else _others(df, source)
    return log if names is None else _named(log, names)


def _all_parties(df: pd.DataFrame, source: Source) -> ChainLog:
    """Return the chains with the clients in them; nobody may change what it holds."""
    columns = [column(df, name) for name in df.columns.intersection(_COLUMNS[source])]
    return remembered(
        columns, ("chains", source), lambda: _log_of(_chosen(df, source)), worth=ChainLog.are_repeated
    )


def _others(df: pd.DataFrame, source: Source) -> ChainLog:
    """Return the chains without the clients; nobody may change what it holds."""
    names = df.columns.intersection([*_COLUMNS[source], *_CLIENT_COLUMNS]).tolist()
    # Directions say which end is the client's. They are no texts, so their values are part of the key.
    direction = optional_column(df, "type")
    ends = [
        np.packbits((direction == each).to_numpy(dtype=bool)).tobytes() for each in ("inbound", "outbound")
    ]
    return remembered(
        [column(df, name) for name in names],
        ("chains of others", source, region_of(df), *names, *ends),
        lambda: _without_clients(_all_parties(df, source), df),
        worth=ChainLog.are_repeated,
    )


def _chosen(df: pd.DataFrame, source: Source) -> Texts:
    """Return the text that each row's chain is read from."""
    alone = "transfers" in df.columns and "numbersInvolvedJSON" not in df.columns
    if source == "transfers" or (source == "auto" and alone):
        return read_texts(column(df, "transfers"))
    numbers = read_texts(column(df, "numbersInvolvedJSON"))
    if source == "numbersInvolved" or "transfers" not in df.columns:
        return numbers
    transfers = read_texts(column(df, "transfers"))
    complete = transfers.are(Shape.TRANSFERS)
    informative = transfers.named | ~transfers.readable
    by_transfers = complete[transfers.rows] | (~numbers.named[numbers.rows] & informative[transfers.rows])
    rows = np.where(by_transfers, len(numbers.texts) + transfers.rows, numbers.rows)
    return (numbers + transfers).chosen(rows)


def has_text(df: pd.DataFrame, source: Source = "auto") -> Flags:
    """Return which calls have a text that a chain may be read from."""
    known = np.zeros(len(df), dtype=bool)
    for name in df.columns.intersection(_COLUMNS[source]):
        known |= df[name].notna().to_numpy()
    return known


def _log_of(texts: Texts) -> ChainLog:
    encoded = pa.array(chain.from_iterable(texts.parties), pa.large_string()).dictionary_encode()
    offsets = np.zeros(len(texts.parties) + 1, dtype=np.int64)
    np.cumsum(list(map(len, texts.parties)), out=offsets[1:])
    times = None
    if texts.times:
        times = np.full(offsets[-1], None, dtype=object)
        for place, each in texts.times.items():
            times[offsets[place] : offsets[place + 1]] = each
    return ChainLog(
        parties=np.array(encoded.dictionary.to_pylist(), dtype=object),
        steps=encoded.indices.to_numpy().astype(np.int64),
        offsets=offsets,
        rows=texts.rows,
        readable=texts.readable,
        times=times,
    )


def _without_clients(log: ChainLog, df: pd.DataFrame) -> ChainLog:
    """Return the chains without each call's own client."""
    party_keys = number_keys(pa.array(log.parties, pa.large_string()), region_of(df)).dictionary_encode()
    clients = _client_of_rows(df, party_keys.dictionary)
    if (clients < 0).all():
        return log
    # Each pair of a chain and a client in it makes a chain of its own; client 0 stands for none.
    size = len(party_keys.dictionary) + 1
    rows, pairs = pd.factorize(log.rows * size + clients + 1)
    chains, client_of_chain = np.divmod(pairs, size)
    steps, chain_of_step = log.take(chains)
    key_of_party = party_keys.indices.fill_null(-1).to_numpy() + 1
    keys = key_of_party[log.steps[steps]]
    kept = (keys == 0) | (keys != client_of_chain[chain_of_step])
    lengths = np.bincount(chain_of_step[kept], minlength=len(chains))
    steps = steps[kept]
    codes, parties = pd.factorize(log.steps[steps])  # drops parties that were only ever clients
    return ChainLog(
        parties=log.parties[parties],
        steps=codes,
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        rows=rows,
        readable=log.readable[chains],
        times=None if log.times is None else log.times[steps],
    )


def _named(log: ChainLog, names: Names) -> ChainLog:
    """Return the chains with names; two parties are never shown alike, so the steps stay as they are."""
    shown = shown_names(log.parties.tolist(), names)
    return replace(log, parties=np.array([str(shown[each]) for each in log.parties], dtype=object))


def _client_of_rows(df: pd.DataFrame, keys: pa.Array) -> NDArray[np.int64]:
    """Return the position in `keys` of each call's client, negative where it is none of them.

    Parameters
    ----------
    df
        Calls.
    keys
        Numbers as `number_keys` writes them, without repetition.
    """
    clients, region = optional_column(df, "clientNumber"), region_of(df)
    positions = _positions(clients, keys, region)
    unknown = np.flatnonzero(clients.isna().to_numpy())
    if len(unknown):
        needed = df[df.columns.intersection(["type", "fromNumber", "toNumber"])]
        positions[unknown] = _positions(_other_ends(needed.iloc[unknown]), keys, region)
    return positions


def number_keys(numbers: pa.Array, region: str | None) -> pa.Array:
    """Return a text of each number: the same for the same number, with or without ``+``.

    Words such as ``anonymous`` share one. Zeros are no number either, but may be the operator's extension.
    """
    written = normalized_numbers(numbers, region)
    if written.null_count > numbers.null_count:
        word = pc.match_substring_regex(numbers, r"[\pL1-9]")
        of_nothing = pc.if_else(word, _WITHHELD, pc.if_else(pc.ascii_is_decimal(numbers), numbers, None))
        written = pc.coalesce(written, of_nothing)
    return pc.ascii_ltrim(written, "+")


def keys_of_numbers(numbers: pa.Array, region: str | None) -> pa.Array:
    """Return `number_keys` of numbers that repeat, each distinct one read once."""
    encoded = numbers.dictionary_encode()
    return number_keys(encoded.dictionary, region).take(encoded.indices)


def _positions(numbers: pd.Series, keys: pa.Array, region: str | None) -> NDArray[np.int64]:
    codes, spellings = factorized(numbers)
    own = remembered(numbers, ("keys", region), lambda: number_keys(text_array(spellings), region))
    found = pc.index_in(own, value_set=keys, skip_nulls=True)
    return np.append(found.fill_null(-1).to_numpy(zero_copy_only=False), -1)[codes].astype(np.int64)


def _other_ends(df: pd.DataFrame) -> pd.Series:
    """Return the caller of inbound and the callee of outbound calls."""
    direction = optional_column(df, "type")
    ends = optional_column(df, "fromNumber").where(direction == "inbound")
    return ends.mask(direction == "outbound", optional_column(df, "toNumber"))


def text_array(texts: pd.Series | pd.Index) -> pa.Array:
    """Return texts as one Arrow array; a missing one is null."""
    array = pa.array(texts, pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


_WITHHELD = "withheld"
_DIGITS = re.compile(r"(\d+)")


def natural_order(labels: pd.Index) -> pd.Index:
    """Return labels sorted so that numbers stand in their order and before words.

    Examples
    --------
    >>> list(natural_order(pd.Index(["Ann", "101", "99", "q10", "q9"])))
    ['99', '101', 'Ann', 'q9', 'q10']
    """
    return pd.Index(sorted(labels, key=lambda label: (_key(label), label)), dtype="str")


def _key(label: str) -> list[tuple[int, int, str]]:
    parts = [part for part in _DIGITS.split(label) if part]
    return [_number(part) if part.isdecimal() else (1, 0, part) for part in parts]


def _number(digits: str) -> tuple[int, int, str]:
    """Compare as numbers do, however many digits: first by length, then digit by digit."""
    significant = digits.lstrip("0")
    return 0, len(significant), significant
