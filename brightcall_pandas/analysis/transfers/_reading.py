"""From the texts of a frame to its chains: which text tells, who is the client, what are the names.

Texts repeat: a month of calls has a few thousand distinct ones. So they are encoded first, read once,
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

from brightcall_pandas.analysis.transfers._clients import client_of_rows, number_keys
from brightcall_pandas.analysis.transfers._log import ChainLog
from brightcall_pandas.analysis.transfers._parsing import Shape
from brightcall_pandas.analysis.transfers._texts import Texts, read_texts
from brightcall_pandas.frame import column

__all__ = ["Names", "Source", "chain_log"]

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
    log = _log_of(_chosen(df, source))
    if not include_client:
        log = _without_clients(log, df)
    return _named(log, names) if names else log


def _chosen(df: pd.DataFrame, source: Source) -> Texts:
    """Return the text that tells each row's chain."""
    alone = "transfers" in df.columns and "numbersInvolvedJSON" not in df.columns
    if source == "transfers" or (source == "auto" and alone):
        return read_texts(column(df, "transfers"))
    numbers = read_texts(column(df, "numbersInvolvedJSON"))
    if source == "numbersInvolved" or "transfers" not in df.columns:
        return numbers
    transfers = read_texts(column(df, "transfers"))
    complete = transfers.are(Shape.HANDOVERS)
    telling = transfers.named | ~transfers.readable
    by_transfers = complete[transfers.rows] | (~numbers.named[numbers.rows] & telling[transfers.rows])
    rows = np.where(by_transfers, len(numbers.texts) + transfers.rows, numbers.rows)
    return (numbers + transfers).chosen(rows)


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
