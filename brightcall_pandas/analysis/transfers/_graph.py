"""Hand-overs as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from brightcall_pandas.analysis.transfers._matrix import Kind, tally_transfer_matrix
from brightcall_pandas.analysis.transfers._parties import transfer_parties
from brightcall_pandas.analysis.transfers._reading import Names, Source

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["to_networkx"]


def to_networkx(
    df: pd.DataFrame,
    kind: Kind = "directly",
    *,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> nx.DiGraph:
    """Return the weighted directed graph of hand-overs.

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
    ImportError
        networkx is not installed.
    KeyError
        The frame has neither column that chains are read from.
    ValueError
        `kind` is not understood.

    Notes
    -----
    Parties that never took part in a hand-over are nodes without edges.

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
        msg = (
            "the graph of hand-overs needs networkx; install it with: pip install 'brightcall-pandas[graph]'"
        )
        raise ImportError(msg) from error
    pairs = tally_transfer_matrix(df, kind, source=source, include_client=include_client, names=names)
    nodes = transfer_parties(df, source=source, include_client=include_client, names=names)
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes.to_dict("index").items())
    givers, takers = (pairs.index.get_level_values(each) for each in ("from", "to"))
    graph.add_weighted_edges_from(zip(givers, takers, pairs["handovers"].tolist(), strict=True))
    return graph
