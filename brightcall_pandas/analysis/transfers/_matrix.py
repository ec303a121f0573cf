"""From whom to whom calls are handed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis._tallies import additive
from brightcall_pandas.analysis.transfers._log import ChainLog, Integers
from brightcall_pandas.analysis.transfers._order import natural_order
from brightcall_pandas.analysis.transfers._reading import Names, Source, chain_log

__all__ = ["Kind", "Normalize", "transfer_matrix"]

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
    """Return how often each pair of parties occurs: index ``from``, ``to``; column ``handovers``."""
    if kind not in get_args(Kind):
        msg = f"kind={kind!r} is not one of {', '.join(get_args(Kind))}"
        raise ValueError(msg)
    log = chain_log(df, source, include_client, names)
    size = max(len(log.parties), 1)
    pairs, calls = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for givers, takers in _steps(log) if kind == "eventually" else [(log.givers, log.givers + 1)]:
        pairs.append(log.steps[givers] * size + log.steps[takers])
        calls.append(log.calls[log.chain_of_step[givers]])
    codes, distinct = pd.factorize(np.concatenate(pairs), sort=True)
    counts = np.bincount(codes, weights=np.concatenate(calls), minlength=len(distinct)).astype(np.int64)
    labels = pd.Index(log.parties, dtype="str")
    index = pd.MultiIndex.from_arrays(
        [labels[distinct // size], labels[distinct % size]], names=["from", "to"]
    )
    return pd.DataFrame({"handovers": counts}, index=index)


def finish_transfer_matrix(table: pd.DataFrame, normalize: Normalize = None) -> pd.DataFrame:
    """Return the table of `transfer_matrix` from its tally."""
    givers, takers = (table.index.get_level_values(each) for each in ("from", "to"))
    labels = natural_order(givers.append(takers).unique())
    if len(labels) > _LARGEST:
        msg = (
            f"a matrix of {len(labels):,} parties would not fit into memory; leave the clients out "
            "(include_client=False), or count pairs with handovers()"
        )
        raise ValueError(msg)
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, (labels.get_indexer(givers), labels.get_indexer(takers)), table["handovers"].to_numpy())
    shown = counts if normalize is None else ratio(counts, _divisor(counts, normalize))
    result = pd.DataFrame(shown, index=labels.rename("from"), columns=labels.rename("to"))
    if normalize is not None:
        result.attrs["handovers"] = int(counts.sum())  # for the picture, which cannot tell it from shares
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
    """Count the hand-overs from each party to each other.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    kind
        ``"directly"`` counts hand-overs. ``"eventually"`` counts all ordered pairs of places in a chain, so
        ``a → b → c`` counts a to b, b to c and a to c.
    normalize
        What the counts are divided by: ``"from"`` the row's sum (where do this party's hand-overs go),
        ``"to"`` the column's sum (where do they come from), ``"all"`` the sum of all.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.DataFrame
        Square: index ``from`` and columns ``to`` are the same labels (str), parties that take part in a
        hand-over, numbers in their order before words. Counts are int64; shares are float64, and null where
        there is nothing to divide by. The diagonal is hand-overs of a party to itself.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.
    ValueError
        `kind` or `normalize` is not understood, or there are more than 10,000 parties.

    Notes
    -----
    Of ``"directly"``, the sum of a row is the number of hand-overs out of that party, the sum of a column
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
    earlier, later = log.givers, log.givers + 1
    while len(earlier):
        yield earlier, later
        last = log.offsets[log.chain_of_step[earlier] + 1] - 1
        earlier, later = earlier[later < last], later[later < last] + 1


def _divisor(counts: Integers, normalize: str) -> Integers:
    if normalize not in _AXES:
        msg = f"normalize={normalize!r} is not one of {', '.join(_AXES)}, None"
        raise ValueError(msg)
    return np.asarray(counts.sum(axis=_AXES[normalize], keepdims=True))
