"""Which calls went a certain way: masks, to be combined with ``&``, ``|`` and ``~``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from brightcall_pandas.analysis.transfers._reading import Names, Source, chain_log

__all__ = [
    "chains_at_least",
    "chains_contain",
    "chains_contain_eventually",
    "chains_end_with",
    "chains_loop",
    "chains_start_with",
]

Chain = tuple[str, ...]


def chains_start_with(
    df: pd.DataFrame,
    *parties: object,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.Series:
    """Tell which calls began with these parties, in this order.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    *parties
        Labels as `transfer_chains` shows them (so by name, where `names` are given); ``101`` is ``"101"``.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.Series
        bool, with the index of `df`. A chain that names nobody or cannot be read is False.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.
    ValueError
        No party is given.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102"]', '["102", "101"]', "[101]"]})
    >>> chains_start_with(calls, 101).tolist()
    [True, False, True]
    """
    wanted = _labels(parties)
    return _mask(df, lambda chain: chain[: len(wanted)] == wanted, source, include_client, names)


def chains_end_with(
    df: pd.DataFrame,
    *parties: object,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.Series:
    """Tell which calls ended with these parties, in this order.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    *parties
        Labels as `transfer_chains` shows them.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.Series
        bool, with the index of `df`. A chain that names nobody or cannot be read is False.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.
    ValueError
        No party is given.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102"]', '["102", "101"]', "[101]"]})
    >>> chains_end_with(calls, "102", "101").tolist()
    [False, True, False]
    """
    wanted = _labels(parties)
    return _mask(df, lambda chain: chain[-len(wanted) :] == wanted, source, include_client, names)


def chains_contain(
    df: pd.DataFrame,
    *parties: object,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.Series:
    """Tell which calls went through these parties directly one after the other.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    *parties
        Labels as `transfer_chains` shows them.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.Series
        bool, with the index of `df`. A chain that names nobody or cannot be read is False.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.
    ValueError
        No party is given.

    See Also
    --------
    chains_contain_eventually : others may come in between.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "103"]', '["101", "103"]', "[101]"]})
    >>> chains_contain(calls, "101", "103").tolist()
    [False, True, False]
    """
    wanted = _labels(parties)
    return _mask(df, lambda chain: _has_run(chain, wanted), source, include_client, names)


def chains_contain_eventually(
    df: pd.DataFrame,
    *parties: object,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.Series:
    """Tell which calls went through these parties in this order, whoever came in between.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    *parties
        Labels as `transfer_chains` shows them.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.Series
        bool, with the index of `df`. A chain that names nobody or cannot be read is False.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.
    ValueError
        No party is given.

    See Also
    --------
    chains_contain : nobody may come in between.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "103"]', '["103", "101"]', "[101]"]})
    >>> chains_contain_eventually(calls, "101", "103").tolist()
    [True, False, False]
    """
    wanted = _labels(parties)
    return _mask(df, lambda chain: _has_in_order(chain, wanted), source, include_client, names)


def chains_at_least(
    df: pd.DataFrame,
    hops: int,
    *,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.Series:
    """Tell which calls were handed over at least so often.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    hops
        Number of hand-overs.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.Series
        bool, with the index of `df`. A chain that names nobody or cannot be read has no hop.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102"]', '["102", "101", "102"]', "[101]"]})
    >>> chains_at_least(calls, 2).tolist()
    [False, True, False]
    """
    log = chain_log(df, source, include_client, names)
    return pd.Series((log.hops >= hops)[log.rows], index=df.index)


def chains_loop(
    df: pd.DataFrame, *, source: Source = "auto", include_client: bool = False, names: Names = None
) -> pd.Series:
    """Tell which calls came to a party again, at once or later.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.Series
        bool, with the index of `df`. A chain that names nobody or cannot be read is False.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102"]', '["102", "101", "102"]', "[101]"]})
    >>> calls[chains_loop(calls) | ~chains_start_with(calls, "101")].index.tolist()
    [1]
    """
    log = chain_log(df, source, include_client, names)
    return pd.Series(log.loops[log.rows], index=df.index)


def _mask(
    df: pd.DataFrame, fits: Callable[[Chain], bool], source: Source, include_client: bool, names: Names
) -> pd.Series:
    """Ask once for each distinct chain."""
    log = chain_log(df, source, include_client, names)
    answers = np.fromiter(map(fits, log.tuples), bool, len(log.tuples))
    return pd.Series(answers[log.rows], index=df.index)


def _labels(parties: tuple[object, ...]) -> Chain:
    if not parties:
        msg = "name at least one party"
        raise ValueError(msg)
    return tuple(map(str, parties))


def _has_run(chain: Chain, wanted: Chain) -> bool:
    return any(chain[i : i + len(wanted)] == wanted for i in range(len(chain) - len(wanted) + 1))


def _has_in_order(chain: Chain, wanted: Chain) -> bool:
    rest = iter(chain)
    return all(party in rest for party in wanted)
