"""From the texts of a frame to its chains.

Texts repeat: a month of calls has a few thousand distinct ones. So they are encoded first, parsed once,
and kept as one flat array of steps (`ChainLog`); whatever depends on a row is looked up by its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa

from brightcall_pandas.analysis.transfers.clients import client_of_rows, number_keys
from brightcall_pandas.analysis.transfers.log import ChainLog, Integers
from brightcall_pandas.analysis.transfers.parsing import Parsed, Shape, parse
from brightcall_pandas.columns import column

__all__ = ["Names", "Source", "chain_log", "parsed_texts"]

Source = Literal["auto", "numbersInvolved", "transfers"]
"""Which column the chains are read from."""

Names = Mapping[Any, str] | None
"""Names to show for labels, such as ``{101: "Ann"}``."""


def chain_log(
    df: pd.DataFrame, source: Source = "auto", include_client: bool = False, names: Names = None
) -> ChainLog:
    """Read the chains of a frame; the arguments are those of `transfer_chains`."""
    if source not in get_args(Source):
        msg = f"source={source!r} is not one of {', '.join(get_args(Source))}"
        raise ValueError(msg)
    rows, parsed = _chosen(df, source)
    log = _log_of(rows, parsed)
    if not include_client:
        log = _without_clients(log, df)
    return _named(log, names) if names else log


def parsed_texts(texts: pd.Series) -> tuple[Integers, list[str | None], list[Parsed]]:
    """Return each row's position among the distinct texts (null is one), these, and what they say."""
    array = pa.array(texts, pa.large_string(), from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    encoded = array.dictionary_encode(null_encoding="encode")
    distinct = encoded.dictionary.to_pylist()
    return encoded.indices.to_numpy().astype(np.int64), distinct, list(map(parse, distinct))


def _chosen(df: pd.DataFrame, source: Source) -> tuple[Integers, list[Parsed]]:
    """Return the position of each row's text, and what each text says."""
    alone = "transfers" in df.columns and "numbersInvolvedJSON" not in df.columns
    if source == "transfers" or (source == "auto" and alone):
        rows, _, parsed = parsed_texts(column(df, "transfers"))
        return rows, parsed
    rows, _, numbers = parsed_texts(column(df, "numbersInvolvedJSON"))
    if source == "numbersInvolved" or "transfers" not in df.columns:
        return rows, numbers
    transfer_rows, _, transfers = parsed_texts(column(df, "transfers"))
    nobody = np.array([not each.parties for each in numbers], dtype=bool)
    complete = np.array([each.shape is Shape.HANDOVERS for each in transfers], dtype=bool)
    telling = np.array([bool(each.parties) or not each.shape.readable for each in transfers], dtype=bool)
    by_transfers = complete[transfer_rows] | (nobody[rows] & telling[transfer_rows])
    return _used(np.where(by_transfers, len(numbers) + transfer_rows, rows), numbers + transfers)


def _used(rows: Integers, parsed: list[Parsed]) -> tuple[Integers, list[Parsed]]:
    """Leave out texts that no call uses, so that nobody is a party who is only named in them."""
    used = np.flatnonzero(np.bincount(rows, minlength=len(parsed)))
    places = np.zeros(len(parsed), dtype=np.int64)
    places[used] = np.arange(len(used))
    return places[rows], [parsed[place] for place in used]


def _log_of(rows: Integers, parsed: list[Parsed]) -> ChainLog:
    labels = list(chain.from_iterable(each.parties for each in parsed))
    encoded = pa.array(labels, pa.large_string()).dictionary_encode()
    lengths = np.fromiter((len(each.parties) for each in parsed), np.int64, len(parsed))
    times = None
    if any(each.times for each in parsed):
        times = np.empty(len(labels), dtype=object)
        times[:] = [time for each in parsed for time in each.times or [None] * len(each.parties)]
    return ChainLog(
        parties=np.array(encoded.dictionary.to_pylist(), dtype=object),
        steps=encoded.indices.to_numpy().astype(np.int64),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        rows=rows,
        readable=np.fromiter((each.shape.readable for each in parsed), bool, len(parsed)),
        times=times,
    )


def _without_clients(log: ChainLog, df: pd.DataFrame) -> ChainLog:
    """Take each call's client out of its chain."""
    party_keys = number_keys(pa.array(log.parties, pa.large_string())).dictionary_encode()
    clients = client_of_rows(df, party_keys.dictionary)
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
    codes, parties = pd.factorize(log.steps[steps])  # a client whom nobody else is, is no party any more
    return ChainLog(
        parties=log.parties[parties],
        steps=codes,
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        rows=rows,
        readable=log.readable[chains],
        times=None if log.times is None else log.times[steps],
    )


def _named(log: ChainLog, names: Mapping[Any, str]) -> ChainLog:
    shown = {str(label): str(name) for label, name in names.items()}
    labels = [shown.get(label, label) for label in log.parties]
    encoded = pa.array(labels, pa.large_string()).dictionary_encode()
    parties = np.array(encoded.dictionary.to_pylist(), dtype=object)
    return replace(log, parties=parties, steps=encoded.indices.to_numpy()[log.steps].astype(np.int64))
