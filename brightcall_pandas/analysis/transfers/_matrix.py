"""Who transfers calls to whom: as a matrix, stage by stage, and as a graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis._tallies import additive
from brightcall_pandas.analysis.transfers._log import ChainLog, Names, Source, chain_log, natural_order
from brightcall_pandas.analysis.transfers._parsing import Integers
from brightcall_pandas.analysis.transfers._tables import transfer_parties
from brightcall_pandas.errors import missing_extra
from brightcall_pandas.frame import choice, whole

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "Kind",
    "Normalize",
    "to_networkx",
    "transfer_flow",
    "transfer_matrix",
]

Kind = Literal["directly", "eventually"]
Normalize = Literal["from", "to", "all"] | None

_AXES: dict[str, int | None] = {"from": 1, "to": 0, "all": None}
_LARGEST = 10_000  # parties; beyond it the square takes more than a gigabyte


def tally_transfer_matrix(
    df: pd.DataFrame,
    kind: Kind = "directly",
    *,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.DataFrame:
    """Return how often each pair of parties occurs: index ``from``, ``to``; column ``transfers``."""
    choice("kind", kind, get_args(Kind))
    log = chain_log(df, source, include_client, names)
    size = max(len(log.parties), 1)
    pairs, calls = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for origins, targets in _steps(log) if kind == "eventually" else [(log.origins, log.origins + 1)]:
        pairs.append(log.steps[origins] * size + log.steps[targets])
        calls.append(log.calls[log.chain_of_step[origins]])
    codes, distinct = pd.factorize(np.concatenate(pairs), sort=True)
    counts = np.bincount(codes, weights=np.concatenate(calls), minlength=len(distinct)).astype(np.int64)
    labels = pd.Index(log.parties, dtype="str")
    index = pd.MultiIndex.from_arrays(
        [labels[distinct // size], labels[distinct % size]], names=["from", "to"]
    )
    return pd.DataFrame({"transfers": counts}, index=index)


def finish_transfer_matrix(table: pd.DataFrame, normalize: Normalize = None) -> pd.DataFrame:
    """Return the table of `transfer_matrix` from its tally."""
    origins, targets = (table.index.get_level_values(each) for each in ("from", "to"))
    labels = natural_order(origins.append(targets).unique())
    if len(labels) > _LARGEST:
        msg = (
            f"a matrix of {len(labels):,} parties would not fit into memory; leave the clients out "
            "(include_client=False), or count pairs with transfer_events()"
        )
        raise ValueError(msg)
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(
        counts, (labels.get_indexer(origins), labels.get_indexer(targets)), table["transfers"].to_numpy()
    )
    shown = counts if normalize is None else ratio(counts, _divisor(counts, normalize))
    result = pd.DataFrame(shown, index=labels.rename("from"), columns=labels.rename("to"))
    if normalize is not None:
        result.attrs["transfers"] = int(counts.sum())  # for the picture, which cannot tell it from shares
    return result


@additive(tally_transfer_matrix, finish_transfer_matrix)
def transfer_matrix(
    df: pd.DataFrame,
    kind: Kind = "directly",
    normalize: Normalize = None,
    *,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.DataFrame:
    """Count the transfers from each party to each other.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    kind
        ``"directly"`` counts transfers. ``"eventually"`` counts all ordered pairs of places in a chain, so
        ``a → b → c`` counts a to b, b to c and a to c.
    normalize
        What the counts are divided by: ``"from"`` the row's sum (where do this party's transfers go),
        ``"to"`` the column's sum (where do they come from), ``"all"`` the sum of all.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.DataFrame
        Square: index ``from`` and columns ``to`` are the same labels (str), parties that take part in a
        transfer, numbers in their order before words. Counts are int64; shares are float64, and null where
        there is nothing to divide by. The diagonal is transfers of a party to itself.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.
    ValueError
        `kind` or `normalize` is not understood, or there are more than 10,000 parties.

    Notes
    -----
    Of ``"directly"``, the sum of a row is the number of transfers out of that party, the sum of a column
    the number into it, and the sum of all the number of hops of all calls.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "101"]', '["101", "102"]', "[101]"]})
    >>> transfer_matrix(calls)  # doctest: +NORMALIZE_WHITESPACE
    to    101  102
    from
    101     0    2
    102     1    0
    """
    table = tally_transfer_matrix(df, kind, source=source, include_client=include_client, names=names)
    return finish_transfer_matrix(table, normalize)


def _steps(log: ChainLog) -> Iterator[tuple[Integers, Integers]]:
    """Yield the places of all ordered pairs in a chain, by the distance between the two."""
    earlier, later = log.origins, log.origins + 1
    while len(earlier):
        yield earlier, later
        last = log.offsets[log.chain_of_step[earlier] + 1] - 1
        earlier, later = earlier[later < last], later[later < last] + 1


def _divisor(counts: Integers, normalize: str) -> Integers:
    axis = _AXES[choice("normalize", normalize, _AXES)]
    return np.asarray(counts.sum(axis=axis, keepdims=True))


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
        So many parties are shown by themselves, those with the most transfers; the rest is ``(other)``.
    hops
        Transfers after so many are left out.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.DataFrame
        Index ``hop`` (1 for the first transfer), ``from``, ``to``, parties within a hop by their transfers
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
        whole(name, value, 1)
    log = chain_log(df, source, include_client, names)
    origins, calls = log.origins, log.calls[log.chain_of_step[log.origins]]
    codes, labels = _folded(log, origins, calls, parties)
    hop = origins - log.offsets[log.chain_of_step[origins]] + 1
    shown = hop <= hops
    links = pd.DataFrame(
        {"hop": hop, "from": codes[origins], "to": codes[origins + 1], "n_calls": calls}, copy=False
    )[shown]
    table = links.groupby(["hop", "from", "to"], as_index=False)["n_calls"].sum()
    levels = [table["hop"], labels[table["from"]], labels[table["to"]]]
    index = pd.MultiIndex.from_arrays(levels, names=["hop", "from", "to"])
    return pd.DataFrame({"n_calls": table["n_calls"].to_numpy()}, index=index)


def _folded(log: ChainLog, origins: Integers, calls: Integers, parties: int) -> tuple[Integers, pd.Index]:
    """Return for each step the rank of its party by transfers, the rest as one, and the labels by rank."""
    both = np.concatenate([log.steps[origins], log.steps[origins + 1]])
    weights = np.bincount(both, weights=np.tile(calls, 2), minlength=len(log.parties))
    busy = pd.Series(weights, index=pd.Index(log.parties, dtype="str"))[weights > 0]
    # Equally busy ones in the order of their labels, whatever the order of the calls.
    order = busy.loc[natural_order(busy.index)].sort_values(ascending=False, kind="stable").index
    # One party alone is better shown by its name than as "other".
    kept = order if len(order) <= parties + 1 else order[:parties]
    rank = kept.get_indexer(pd.Index(log.parties, dtype="str"))
    return np.where(rank < 0, len(kept), rank)[log.steps], kept.append(pd.Index([OTHER], dtype="str"))


def to_networkx(
    df: pd.DataFrame,
    kind: Kind = "directly",
    *,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> nx.DiGraph:
    """Return the weighted directed graph of transfers.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    kind
        What an edge counts, as in `transfer_matrix`.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    networkx.DiGraph
        A node for each party, with the columns of `transfer_parties` as attributes; an edge for each pair
        that occurs, with the attribute ``weight`` (int).

    Raises
    ------
    ModuleNotFoundError
        The extra ``graph`` is not installed.
    KeyError
        The frame has neither column that chains are read from.
    ValueError
        `kind` is not understood.

    Notes
    -----
    Parties that never took part in a transfer are nodes without edges.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102"]', '["101", "102"]', "[103]"]})
    >>> graph = to_networkx(calls)
    >>> sorted(graph), graph["101"]["102"]["weight"], graph.nodes["103"]["kept"]
    (['101', '102', '103'], 2, 1)
    """
    try:
        import networkx as nx  # noqa: PLC0415 - optional
    except ImportError as error:
        raise missing_extra("to_networkx", "graph", error) from error
    pairs = tally_transfer_matrix(df, kind, source=source, include_client=include_client, names=names)
    nodes = transfer_parties(df, source=source, include_client=include_client, names=names)
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes.to_dict("index").items())
    origins, targets = (pairs.index.get_level_values(each) for each in ("from", "to"))
    graph.add_weighted_edges_from(zip(origins, targets, pairs["transfers"].tolist(), strict=True))
    return graph
