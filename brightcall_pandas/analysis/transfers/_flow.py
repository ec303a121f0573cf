"""Through which stages the transferred calls flow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brightcall_pandas.analysis.transfers._log import ChainLog, Integers
from brightcall_pandas.analysis.transfers._order import natural_order
from brightcall_pandas.analysis.transfers._reading import Names, Source, chain_log

__all__ = ["OTHER", "transfer_flow"]

OTHER = "(other)"
"""The party that stands for all that a table leaves out."""


def transfer_flow(
    df: pd.DataFrame,
    parties: int = 12,
    hops: int = 5,
    *,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.DataFrame:
    """Count the transferred calls on each link from one party at one step to another at the next.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    parties
        So many parties are shown by themselves, those with the most hand-overs; the rest is ``(other)``.
    hops
        Hand-overs after so many are left out.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.DataFrame
        Index ``hop`` (1 for the first hand-over), ``from``, ``to``, parties within a hop by their hand-overs
        in all, most first, ``(other)`` last; column ``n_calls`` (int64).

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.
    ValueError
        `parties` or `hops` is not positive.

    Notes
    -----
    What arrives at a party at a hop and does not leave it at the next one ended there (or went on beyond
    `hops`).

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "7"]', '["101", "102"]', "[101]"]})
    >>> transfer_flow(calls).reset_index()
       hop from   to  n_calls
    0    1  101  102      2
    1    2  102    7      1
    """
    for name, value in (("parties", parties), ("hops", hops)):
        if value < 1:
            msg = f"{name}={value} must be at least 1"
            raise ValueError(msg)
    log = chain_log(df, source, include_client, names)
    givers, calls = log.givers, log.calls[log.chain_of_step[log.givers]]
    codes, labels = _folded(log, givers, calls, parties)
    hop = givers - log.offsets[log.chain_of_step[givers]] + 1
    shown = hop <= hops
    links = pd.DataFrame(
        {"hop": hop, "from": codes[givers], "to": codes[givers + 1], "n_calls": calls}, copy=False
    )[shown]
    table = links.groupby(["hop", "from", "to"], as_index=False)["n_calls"].sum()
    levels = [table["hop"], labels[table["from"]], labels[table["to"]]]
    index = pd.MultiIndex.from_arrays(levels, names=["hop", "from", "to"])
    return pd.DataFrame({"n_calls": table["n_calls"].to_numpy()}, index=index)


def _folded(log: ChainLog, givers: Integers, calls: Integers, parties: int) -> tuple[Integers, pd.Index]:
    """Return for each step the rank of its party by hand-overs, the rest as one, and the labels by rank."""
    both = np.concatenate([log.steps[givers], log.steps[givers + 1]])
    weights = np.bincount(both, weights=np.tile(calls, 2), minlength=len(log.parties))
    busy = pd.Series(weights, index=pd.Index(log.parties, dtype="str"))[weights > 0]
    # Equally busy ones in the order of their labels, whatever the order of the calls.
    order = busy.loc[natural_order(busy.index)].sort_values(ascending=False, kind="stable").index
    # One party alone is better shown by its name than as "other".
    kept = order if len(order) <= parties + 1 else order[:parties]
    rank = kept.get_indexer(pd.Index(log.parties, dtype="str"))
    return np.where(rank < 0, len(kept), rank)[log.steps], kept.append(pd.Index([OTHER], dtype="str"))
