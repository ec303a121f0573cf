"""How often calls are handed over, how far they go, and what it costs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import By, Split, split
from brightcall_pandas.analysis._groups import Key, folded_keys, grouped, key_of, keys_of_index
from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis._tallies import add_up, additive
from brightcall_pandas.analysis.transfers._events import seconds_after_first_handover
from brightcall_pandas.analysis.transfers._log import ChainLog, Flags, Integers
from brightcall_pandas.analysis.transfers._reading import Names, Source, chain_log

__all__ = ["transfer_summary"]


def tally_transfer_summary(
    df: pd.DataFrame,
    *,
    by: By = None,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.DataFrame:
    """Return the sums that `transfer_summary` is made of: a row for each group and number of hops."""
    log = chain_log(df, source, include_client, names)
    parts = split(df, by)
    if by is None:
        parts = Split([Key(np.zeros(len(df), dtype=np.int64), pd.Index(["all"], dtype="str", name="group"))])
    parts = parts.within(key_of(pd.Series(log.hops), "hops").take(log.rows))
    rest = seconds_after_first_handover(df, log)
    every = np.arange(len(df)) if parts.rows is None else parts.rows
    groups, chains, rest = grouped(parts.keys), log.rows[every], rest[every]
    counts = {
        "n_calls": np.ones(len(log.hops)),
        "transferred": log.hops > 0,
        "handovers": log.hops,
        "ping_pong": _ping_pong(log),
        "loops": log.loops,
        "self_loops": _self_loops(log),
        "unreadable": ~log.readable,
    }
    sums = {name: groups.sum(each.astype(np.float64)[chains]) for name, each in counts.items()}
    sums["timed"] = groups.sum((~np.isnan(rest)).astype(np.float64))
    table = pd.DataFrame(sums, index=groups.index).astype(np.int64)
    table["after_handover_total_s"] = groups.sum(np.nan_to_num(rest))
    return table


def finish_transfer_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `transfer_summary` from its tally."""
    *keys, _ = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    groups = grouped(keys)
    sums = add_up(table, groups)
    longest = np.zeros(len(groups), dtype=np.int64)
    np.maximum.at(longest, groups.codes, table.index.get_level_values("hops").to_numpy(dtype=np.int64))
    return pd.DataFrame(
        {
            "n_calls": sums["n_calls"],
            "transferred": sums["transferred"],
            "transfer_rate": ratio(sums["transferred"], sums["n_calls"]),
            "handovers": sums["handovers"],
            "hops_mean": ratio(sums["handovers"], sums["n_calls"]),
            "hops_mean_transferred": ratio(sums["handovers"], sums["transferred"]),
            "hops_max": longest,
            "ping_pong": sums["ping_pong"],
            "ping_pong_share": ratio(sums["ping_pong"], sums["transferred"]),
            "loops": sums["loops"],
            "loop_share": ratio(sums["loops"], sums["transferred"]),
            "self_loops": sums["self_loops"],
            "self_loop_share": ratio(sums["self_loops"], sums["handovers"]),
            "timed": sums["timed"],
            "after_handover_total_s": sums["after_handover_total_s"].where(sums["timed"] > 0),
            "after_handover_mean_s": ratio(sums["after_handover_total_s"], sums["timed"]),
            "unreadable": sums["unreadable"],
        },
        index=groups.index,
    )


@additive(tally_transfer_summary, finish_transfer_summary)
def transfer_summary(
    df: pd.DataFrame,
    *,
    by: By = None,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.DataFrame:
    """Sum up the hand-overs of all calls in one row, or of each group of calls.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``. ``timestamp``, ``totalTime`` and ``callTime``
        are used where present.
    by
        Columns or dimensions (``agent``, ``hour``, ``project`` …) to make a row of each.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.DataFrame
        One row ``all`` (index ``group``), or a row for each group in `by`, sorted by label:

        - ``n_calls`` (int64), ``transferred`` (int64): calls handed over at least once
        - ``transfer_rate``: transferred ÷ calls
        - ``handovers`` (int64): hops of all calls
        - ``hops_mean``: hand-overs ÷ calls; ``hops_mean_transferred``: hand-overs ÷ transferred calls
        - ``hops_max`` (int64): hand-overs of the longest chain
        - ``ping_pong`` (int64): calls in which a party got the call straight back from the one that it
          handed it to (``a → b → a``); ``ping_pong_share``: of transferred calls
        - ``loops`` (int64): calls in which a party appears again, at once or later; ``loop_share``: of
          transferred calls
        - ``self_loops`` (int64): hand-overs of a party to itself; ``self_loop_share``: of hand-overs
        - ``timed`` (int64): transferred calls whose first hand-over has a known time
        - ``after_handover_total_s``, ``after_handover_mean_s``: seconds from the first hand-over to the
          end of the call, over the timed calls; null where there are none
        - ``unreadable`` (int64): calls whose text cannot be read; they count as not transferred

        Without calls the table is empty.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from, or a name in `by` is unknown.

    Notes
    -----
    A call ends ``totalTime`` (where that is null, ``callTime``) after it began. What hand-overs cost can be
    said only of the ``timed`` calls: see `handovers` for what makes a time known.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "101"]', '["101", "102"]', "[101]"]})
    >>> summary = transfer_summary(calls).loc["all"]
    >>> int(summary["handovers"]), float(summary["hops_mean"]), float(summary["ping_pong_share"])
    (3, 1.0, 0.5)
    """
    table = tally_transfer_summary(df, by=by, source=source, include_client=include_client, names=names)
    return finish_transfer_summary(table)


def _ping_pong(log: ChainLog) -> Flags:
    """Return whether each chain has a step to another party and straight back."""
    place = log.givers[np.isin(log.givers + 1, log.givers, assume_unique=True)]
    first, second, third = (log.steps[place + step] for step in range(3))
    flags = np.zeros(len(log.hops), dtype=bool)
    flags[log.chain_of_step[place[(first == third) & (first != second)]]] = True
    return flags


def _self_loops(log: ChainLog) -> Integers:
    """Return the number of hand-overs of a party to itself in each chain."""
    itself = log.givers[log.steps[log.givers] == log.steps[log.givers + 1]]
    return np.bincount(log.chain_of_step[itself], minlength=len(log.hops))
