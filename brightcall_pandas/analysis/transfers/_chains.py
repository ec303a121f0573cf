"""The chain of parties of each call, and which calls went a certain way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from numbers import Integral

import numpy as np
import pandas as pd
import pyarrow as pa

from brightcall_pandas.analysis.transfers._log import ChainLog, Names, Source, chain_log
from brightcall_pandas.analysis.transfers._parsing import Flags
from brightcall_pandas.errors import warn_user

__all__ = ["chains_match", "matching_chains", "transfer_chains"]

Chain = tuple[str, ...]
Parties = str | int | Iterable[str | int]
"""One party, or several in order; a path such as ``"101 → 102"`` is several."""

_ARROWS = re.compile(r"\s*(?:→|->|>)\s*")
_PARTIES_SHOWN = 8


def transfer_chains(
    df: pd.DataFrame, *, source: Source = "auto", include_client: bool = False, names: Names = None
) -> pd.DataFrame:
    """Return the chain of parties of each call.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``. It is not changed.
    source
        Column that chains are read from: ``"numbersInvolved"``, ``"transfers"``, or ``"auto"``, which takes
        ``transfers`` where it names both sides of its transfers, else ``numbersInvolvedJSON`` where it
        names anybody, else whatever ``transfers`` says.
    include_client
        Keep the client's own number in the chain.
    names
        Names to show for ids: a dict such as ``{101: "Ann"}``, a Series indexed by id, or a frame with the
        columns ``id`` and ``name`` (or two columns, in this order). Ids are text or numbers; one without a
        name stays as it is, and of ids that share a name each is shown behind it.

    Returns
    -------
    pandas.DataFrame
        One row per call, with the index of `df`: ``chain`` (tuple of str, labels verbatim), ``path`` (str,
        the labels joined by an arrow; empty when nobody is known), ``hops`` (int64), ``transferred``
        (bool), ``first``, ``last`` (str, null when nobody is known), ``loops`` (bool), ``parse_ok`` (bool).

    Raises
    ------
    KeyError
        The column is missing.
    ValueError
        An unknown `source`.

    Notes
    -----
    A hop is one transfer: the number of parties in the chain minus one, zero for an empty chain.
    ``transferred`` means at least one hop; ``loops`` means that a party appears again, at once or later. The
    client is ``clientNumber``; where it is null, the caller of an inbound or the callee of an outbound call.
    It is recognized however its number is written (`bc.normalize_numbers`, in the frame's region), and where
    it is withheld, by any word for that. A text that cannot be read gives an empty chain with ``parse_ok``
    False; null and empty texts are not failures. `quality` counts the forms of the texts.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "101"]', "7", '["101", ']})
    >>> transfer_chains(calls)[["path", "hops", "loops", "parse_ok"]]
                  path  hops  loops  parse_ok
    0  101 → 102 → 101     2   True      True
    1                7     0  False      True
    2                      0  False     False
    """
    log = chain_log(df, source, include_client, names)
    chains = np.empty(len(log.tuples), dtype=object)
    chains[:] = log.tuples
    rows = pa.array(log.rows)
    table = {
        "chain": chains[log.rows],
        "path": _text(pa.array(log.paths, pa.large_string()).take(rows)),
        "hops": log.hops[log.rows],
        "transferred": (log.hops > 0)[log.rows],
        "first": _text(log.ends(0).take(rows)),
        "last": _text(log.ends(-1).take(rows)),
        "loops": log.loops[log.rows],
        "parse_ok": log.readable[log.rows],
    }
    return pd.DataFrame(table, copy=False).set_axis(df.index)


def chains_match(
    df: pd.DataFrame,
    *,
    starts: Parties | None = None,
    ends: Parties | None = None,
    contains: Parties | None = None,
    eventually: Parties | None = None,
    at_least: int | None = None,
    loops: bool | None = None,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.Series:
    """Return which calls went a certain way.

    Every condition that is given must hold. Combine masks with ``&``, ``|`` and ``~`` for anything else.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``. It is not changed.
    starts
        The chain starts with this party, or with these parties in this order. Parties are labels as
        `transfer_chains` shows them (so names, where `names` are given); ``101`` is ``"101"``. Several are
        a list, a tuple, or a path: ``["101", "102"]``, ``"101 → 102"`` and ``"101 > 102"`` are the same.
    ends
        The chain ends with this party, or with these parties in this order.
    contains
        The chain has these parties in this order, one directly after the other.
    eventually
        The chain has these parties in this order; others may come in between.
    at_least
        The call was transferred at least this many times.
    loops
        True: a party appears again, at once or later. False: none does.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.Series
        bool, with the index of `df`. A chain that is empty or cannot be read has no party, no hop and no
        loop.

    Raises
    ------
    KeyError
        The frame has neither of the columns that chains are read from.
    ValueError
        No condition is given, a list of parties is empty or has no order, or a value or `source` is not
        understood.

    Warns
    -----
    RuntimeWarning
        No chain of the frame has a party that is named; the message says which there are.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "103"]', '["101", "103"]', "[103]"]})
    >>> chains_match(calls, starts=101).tolist()
    [True, True, False]
    >>> chains_match(calls, contains=["101", "103"]).tolist()
    [False, True, False]
    >>> chains_match(calls, eventually=["101", "103"], at_least=2).tolist()
    [True, False, False]
    """
    log = chain_log(df, source, include_client, names)
    asked = {"starts": starts, "ends": ends, "contains": contains, "eventually": eventually}
    parties = {name: list(each) if isinstance(each, Iterator) else each for name, each in asked.items()}
    _warn_of_unknown(log, parties)
    return pd.Series(_meeting(log, parties, at_least, loops), index=df.index)


def matching_chains(
    df: pd.DataFrame,
    *,
    starts: Parties | None = None,
    ends: Parties | None = None,
    contains: Parties | None = None,
    eventually: Parties | None = None,
    at_least: int | None = None,
    loops: bool | None = None,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.Series:
    """Return `chains_match` of a part of the calls, where a party that others have may be unknown."""
    log = chain_log(df, source, include_client, names)
    parties = {"starts": starts, "ends": ends, "contains": contains, "eventually": eventually}
    return pd.Series(_meeting(log, parties, at_least, loops), index=df.index)


def _meeting(
    log: ChainLog, parties: Mapping[str, Parties | None], at_least: int | None, loops: bool | None
) -> Flags:
    """Return of each call whether its chain meets all conditions."""
    conditions = list(_conditions(log, parties, at_least, loops))
    if not conditions:
        msg = (
            "chains_match needs at least one condition: starts=, ends=, contains=, eventually=, at_least= "
            "or loops="
        )
        raise ValueError(msg)
    flags: Flags = np.logical_and.reduce(conditions)[log.rows]
    return flags


def _conditions(
    log: ChainLog, parties: Mapping[str, Parties | None], at_least: int | None, loops: bool | None
) -> Iterator[Flags]:
    """Yield, for each condition that is given, which of the distinct chains meet it."""
    for name, given in parties.items():
        if given is not None:
            wanted, meets = _labels(name, given, log), _MEETS[name]
            yield np.fromiter((meets(chain, wanted) for chain in log.tuples), bool, len(log.tuples))
    if at_least is not None:
        if isinstance(at_least, bool) or not isinstance(at_least, Integral):
            msg = f"at_least={at_least!r} must be a whole number of transfers"
            raise ValueError(msg)
        yield log.hops >= at_least
    if loops is not None:
        if not isinstance(loops, bool | np.bool_):
            msg = f"loops={loops!r} must be True or False"
            raise ValueError(msg)
        yield log.loops == loops


def _labels(name: str, parties: Parties, log: ChainLog) -> Chain:
    """Return the labels of parties that are given in any form."""
    if isinstance(parties, Set | Mapping):
        msg = f"{name}={parties!r} has no order; list the parties, for example [101, 102]"
        raise ValueError(msg)
    listed = [parties] if isinstance(parties, str) or not isinstance(parties, Iterable) else list(parties)
    known = set(log.parties)
    labels = [label for each in listed for label in _path(each, known)]
    if not labels or not all(labels):
        msg = f"{name}= is empty; name at least one party"
        raise ValueError(msg)
    return tuple(labels)


def _path(party: object, known: Set[str]) -> list[str]:
    """Return the parties of a path; one party, if it is a label as it stands."""
    if isinstance(party, float) and party.is_integer():
        party = int(party)
    text = str(party)
    if text in known:
        return [text]
    return [text.strip()] if text.strip() in known else _ARROWS.split(text.strip())


def _warn_of_unknown(log: ChainLog, asked: Mapping[str, Parties | None]) -> None:
    known = set(log.parties)
    for name, given in asked.items():
        unknown = [] if given is None else [each for each in _labels(name, given, log) if each not in known]
        if unknown and known:
            shown = ", ".join(map(repr, log.parties[:_PARTIES_SHOWN]))
            more = f" and {len(known) - _PARTIES_SHOWN:,} more" if len(known) > _PARTIES_SHOWN else ""
            warn_user(
                f"{name}=: no chain of these calls has {', '.join(map(repr, unknown))}, so none matches. The "
                f"parties are {shown}{more}; df.calls.transfer_parties() lists them, by name where names= "
                "are given."
            )


def _has_run(chain: Chain, wanted: Chain) -> bool:
    return any(chain[i : i + len(wanted)] == wanted for i in range(len(chain) - len(wanted) + 1))


def _has_in_order(chain: Chain, wanted: Chain) -> bool:
    rest = iter(chain)
    return all(party in rest for party in wanted)


_MEETS: dict[str, Callable[[Chain, Chain], bool]] = {
    "starts": lambda chain, wanted: chain[: len(wanted)] == wanted,
    "ends": lambda chain, wanted: chain[-len(wanted) :] == wanted,
    "contains": _has_run,
    "eventually": _has_in_order,
}
"""Whether a chain meets a condition on parties."""


def _text(array: pa.Array) -> pd.Series:
    return pd.Series(pd.array(array, dtype="str"))
