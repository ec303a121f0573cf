"""Tables of chains: the ways that calls go, how often they are transferred, and what each party does."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import By, Split, split
from brightcall_pandas.analysis._groups import Groups, Key, folded_keys, grouped, key_of, keys_of_index
from brightcall_pandas.analysis._rates import quantiles, ratio, wilson
from brightcall_pandas.analysis._tallies import VALUE, add_up, additive, known_sums, none_known, tally
from brightcall_pandas.analysis.transfers._events import seconds_after_first_transfer
from brightcall_pandas.analysis.transfers._log import (
    ChainLog,
    Names,
    Source,
    chain_log,
    chains_of,
    has_text,
    natural_order,
)
from brightcall_pandas.analysis.transfers._parsing import Flags, Integers
from brightcall_pandas.frame import whole

__all__ = [
    "transfer_parties",
    "transfer_summary",
    "transfer_variants",
]

_SUMS = ("n_calls", "state_known", "answered", "lead_known", "positive")
_OF_CHAINS = ("transferred", "transfers", "hops_max", "ping_pong", "loops", "self_loops", "timed")
_QUANTILES = {
    "talk_time_p25_s": 0.25,
    "talk_time_median_s": 0.5,
    "talk_time_p75_s": 0.75,
    "talk_time_p90_s": 0.9,
}


def tally_transfer_variants(
    df: pd.DataFrame, *, source: Source = "auto", include_client: bool = False, names: Names = None
) -> pd.DataFrame:
    """Return the sums that `transfer_variants` is made of: a row for each chain and talk time."""
    log = chain_log(df, source, include_client, names)
    return tally(df, Split([log.key()]), _SUMS, medians=["talk_time_median_s"])


def finish_transfer_variants(
    table: pd.DataFrame,
    top: int | None = None,
    min_calls: int | None = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the table of `transfer_variants` from its tally."""
    for name, value in (("top", top), ("min_calls", min_calls)):
        if value is not None:
            whole(name, value, 0)
    chain, _ = keys_of_index(table.index)
    groups = grouped([chain])
    chains, paths = chains_of(groups.index)
    hops = np.array([max(len(each) - 1, 0) for each in chains], dtype=np.int64)
    sums = known_sums(table, groups)
    calls, positive = sums["n_calls"].to_numpy(), sums["positive"].to_numpy()
    low, high = wilson(positive, calls, confidence)
    alone = hops == 0
    positive_rate = ratio(positive, calls)
    times = table.index.get_level_values(VALUE).to_numpy(dtype=np.float64)
    talk = quantiles(groups, times, table["talk_time_median_s"].to_numpy(), tuple(_QUANTILES.values()))
    result = pd.DataFrame(
        {
            "chain": pd.Series(chains, dtype=object),
            "hops": hops,
            "n_calls": calls,
            "share": ratio(calls, calls.sum()),
            "cumulative_share": np.nan,
            "answered": sums["answered"].to_numpy(),
            "answer_rate": ratio(sums["answered"], calls),
            "positive": positive,
            "positive_rate": positive_rate,
            "positive_rate_low": low,
            "positive_rate_high": high,
            "lift": ratio(positive_rate, ratio(positive[alone].sum(), calls[alone].sum())),
            **dict(zip(_QUANTILES, talk, strict=True)),
        },
        copy=False,
    ).set_axis(pd.Index(paths, dtype="str", name="path"))
    result = result.take(result.index.argsort()).sort_values("n_calls", ascending=False, kind="stable")
    result["cumulative_share"] = ratio(result["n_calls"].cumsum(), calls.sum())
    return result[result["n_calls"] >= (min_calls or 0)].head(top if top is not None else len(result))


@additive(tally_transfer_variants, finish_transfer_variants, durations=("talkTime",))
def transfer_variants(
    df: pd.DataFrame,
    top: int | None = None,
    min_calls: int | None = None,
    *,
    confidence: float = 0.95,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.DataFrame:
    """Count the calls that went each way, with their outcomes and talk times.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``. ``state``, ``outcomeType`` and ``talkTime``
        are used where present.
    top
        Keep so many rows, the most frequent ones.
    min_calls
        Keep variants of at least so many calls.
    confidence
        Of the interval of ``positive_rate``.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.DataFrame
        Index ``path``, most calls first, variants of equally many calls in the order of their text:

        - ``chain`` (tuple of str), ``hops`` (int64)
        - ``n_calls`` (int64)
        - ``share``: calls ÷ all calls
        - ``cumulative_share``: share of this variant and all above it
        - ``answered`` (int64), ``answer_rate``: answered ÷ calls
        - ``positive`` (int64), ``positive_rate``: calls whose outcome type is positive ÷ calls
        - ``positive_rate_low``, ``positive_rate_high``: Wilson's interval of it
        - ``lift``: positive rate ÷ positive rate of all calls that were not transferred
        - ``talk_time_p25_s``, ``talk_time_median_s``, ``talk_time_p75_s``, ``talk_time_p90_s``: quantiles
          over its answered calls whose talk time is known, seconds

        What needs a column that the frame lacks is null.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.
    ValueError
        `top` or `min_calls` is negative, or another argument is not understood.

    Notes
    -----
    Variants partition the calls: each call has one, chains of a single party included. Calls with no party
    at all are ``(none)``, calls whose text cannot be read ``(unreadable)``; both count as not transferred.
    Shares refer to all calls, also when `top` or `min_calls` leaves rows out. Only answered calls can be
    transferred, so a lift over all calls also reflects which calls were answered; for the effect of the
    transfer alone, pass only answered calls.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "numbersInvolvedJSON": ['["101"]', '["101"]', '["101", "102"]', "[101]"],
    ...         "outcomeType": ["positive", "negative", "positive", None],
    ...     }
    ... )
    >>> transfer_variants(calls)[["n_calls", "share", "positive_rate", "lift"]].reset_index()
            path  n_calls  share  positive_rate  lift
    0        101      3   0.75       0.333333   1.0
    1  101 → 102      1   0.25       1.000000   3.0
    """
    table = tally_transfer_variants(df, source=source, include_client=include_client, names=names)
    return finish_transfer_variants(table, top, min_calls, confidence=confidence)


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
    rest = seconds_after_first_transfer(df, log)
    every = np.arange(len(df)) if parts.rows is None else parts.rows
    groups, chains, rest = grouped(parts.keys), log.rows[every], rest[every]
    counts = {
        "n_calls": np.ones(len(log.hops)),
        "transferred": log.hops > 0,
        "transfers": log.hops,
        "ping_pong": _ping_pong(log),
        "loops": log.loops,
        "self_loops": _self_loops(log),
        "unreadable": ~log.readable,
    }
    sums = {name: groups.sum(each.astype(np.float64)[chains]) for name, each in counts.items()}
    sums["timed"] = groups.sum((~np.isnan(rest)).astype(np.float64))
    sums["chain_known"] = groups.sum(has_text(df, source).astype(np.float64)[every])
    table = pd.DataFrame(sums, index=groups.index).astype(np.int64)
    table["after_transfer_total_s"] = groups.sum(np.nan_to_num(rest))
    return table


def finish_transfer_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `transfer_summary` from its tally."""
    *keys, _ = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    groups = grouped(keys)
    sums = add_up(table, groups)
    longest = np.zeros(len(groups), dtype=np.int64)
    np.maximum.at(longest, groups.codes, table.index.get_level_values("hops").to_numpy(dtype=np.int64))
    sums["hops_max"] = longest
    for name in _OF_CHAINS:
        sums[name] = none_known(sums[name], sums["chain_known"], sums["n_calls"], throughout=True)
    return pd.DataFrame(
        {
            "n_calls": sums["n_calls"],
            "transferred": sums["transferred"],
            "transfer_rate": ratio(sums["transferred"], sums["n_calls"]),
            "transfers": sums["transfers"],
            "hops_mean": ratio(sums["transfers"], sums["n_calls"]),
            "hops_mean_transferred": ratio(sums["transfers"], sums["transferred"]),
            "hops_max": sums["hops_max"],
            "ping_pong": sums["ping_pong"],
            "ping_pong_share": ratio(sums["ping_pong"], sums["transferred"]),
            "loops": sums["loops"],
            "loop_share": ratio(sums["loops"], sums["transferred"]),
            "self_loops": sums["self_loops"],
            "self_loop_share": ratio(sums["self_loops"], sums["transfers"]),
            "timed": sums["timed"],
            "after_transfer_total_s": sums["after_transfer_total_s"].where(sums["timed"] > 0),
            "after_transfer_mean_s": ratio(sums["after_transfer_total_s"], sums["timed"]),
            "unreadable": sums["unreadable"],
        },
        index=groups.index,
    )


@additive(tally_transfer_summary, finish_transfer_summary, durations=("totalTime", "callTime"))
def transfer_summary(
    df: pd.DataFrame,
    *,
    by: By = None,
    source: Source = "auto",
    include_client: bool = False,
    names: Names = None,
) -> pd.DataFrame:
    """Sum up the transfers of all calls in one row, or of each group of calls.

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

        - ``n_calls`` (int64), ``transferred`` (int64): calls transferred at least once
        - ``transfer_rate``: transferred ÷ calls
        - ``transfers`` (int64): hops of all calls
        - ``hops_mean``: transfers ÷ calls; ``hops_mean_transferred``: transfers ÷ transferred calls
        - ``hops_max`` (int64): transfers of the longest chain
        - ``ping_pong`` (int64): calls in which a party got the call straight back from the one that it
          transferred it to (``a → b → a``); ``ping_pong_share``: of transferred calls
        - ``loops`` (int64): calls in which a party appears again, at once or later; ``loop_share``: of
          transferred calls
        - ``self_loops`` (int64): transfers of a party to itself; ``self_loop_share``: of transfers
        - ``timed`` (int64): transferred calls whose first transfer has a known time
        - ``after_transfer_total_s``, ``after_transfer_mean_s``: seconds from the first transfer to the
          end of the call, over the timed calls; null where there are none
        - ``unreadable`` (int64): calls whose text cannot be read; they count as not transferred

        Without calls the table is empty. Where no call has a chain's text at all, all but ``n_calls`` and
        ``unreadable`` is null.

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from, or a name in `by` is unknown.

    Notes
    -----
    A call ends ``totalTime`` (where that is null, ``callTime``) after it began. The cost of transfers is
    known only for the ``timed`` calls: see `transfer_events` for what makes a time known.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "101"]', '["101", "102"]', "[101]"]})
    >>> summary = transfer_summary(calls).loc["all"]
    >>> int(summary["transfers"]), float(summary["hops_mean"]), float(summary["ping_pong_share"])
    (3, 1.0, 0.5)
    """
    table = tally_transfer_summary(df, by=by, source=source, include_client=include_client, names=names)
    return finish_transfer_summary(table)


def _ping_pong(log: ChainLog) -> Flags:
    """Return whether each chain has a step to another party and straight back."""
    place = log.origins[np.isin(log.origins + 1, log.origins, assume_unique=True)]
    first, second, third = (log.steps[place + step] for step in range(3))
    flags = np.zeros(len(log.hops), dtype=bool)
    flags[log.chain_of_step[place[(first == third) & (first != second)]]] = True
    return flags


def _self_loops(log: ChainLog) -> Integers:
    """Return the number of transfers of a party to itself in each chain."""
    itself = log.origins[log.steps[log.origins] == log.steps[log.origins + 1]]
    return np.bincount(log.chain_of_step[itself], minlength=len(log.hops))


def tally_transfer_parties(
    df: pd.DataFrame, *, source: Source = "auto", include_client: bool = False, names: Names = None
) -> pd.DataFrame:
    """Return the counts that `transfer_parties` is made of, a row for each party."""
    log = chain_log(df, source, include_client, names)
    weights = log.calls[log.chain_of_step]
    place = np.arange(len(log.steps))
    arrives = np.zeros(len(place), dtype=bool)
    arrives[log.origins + 1] = True
    leaves = np.zeros(len(place), dtype=bool)
    leaves[log.origins] = True
    itself = arrives & (log.steps == np.roll(log.steps, 1))
    parties = Groups(log.steps, pd.Index(log.parties, dtype="str", name="party"))
    flags = {
        "n_calls": ~log.again,
        "started": ~arrives,
        "received": arrives,
        "transferred_on": leaves,
        "ended_at": ~leaves,
        "kept": ~arrives & ~leaves,
        "redo": log.again & ~itself,
        "self_loops": itself,
    }
    counts = {name: parties.sum(weights * each).astype(np.int64) for name, each in flags.items()}
    return pd.DataFrame(counts, index=parties.index)


def finish_transfer_parties(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `transfer_parties` from its tally."""
    result = add_up(table, grouped(keys_of_index(table.index)))
    result["transferred_on_rate"] = ratio(result["transferred_on"], result["started"] + result["received"])
    result["redo_share"] = ratio(result["redo"], result["received"])
    result = result.loc[natural_order(result.index)].rename_axis("party")
    return result.sort_values("n_calls", ascending=False, kind="stable")


@additive(tally_transfer_parties, finish_transfer_parties)
def transfer_parties(
    df: pd.DataFrame, *, source: Source = "auto", include_client: bool = False, names: Names = None
) -> pd.DataFrame:
    """Count the calls that each party started, received, transferred on and kept.

    Parameters
    ----------
    df
        Calls; needs ``numbersInvolvedJSON`` or ``transfers``.
    source, include_client, names
        As in `transfer_chains`.

    Returns
    -------
    pandas.DataFrame
        Index ``party``, most calls first, parties of equally many calls in the order of their labels; all
        counts are int64:

        - ``n_calls``: calls that came to the party, each once
        - ``started``: calls that began with it
        - ``received``: transfers to it
        - ``transferred_on``: transfers by it
        - ``ended_at``: calls that ended with it
        - ``kept``: calls that it had from beginning to end, alone
        - ``redo``: transfers by which a call came back to it from another party
        - ``self_loops``: transfers to itself; they count as received and as transferred on
        - ``transferred_on_rate``: transferred on ÷ (started + received): of all times that it had a call
        - ``redo_share``: redo ÷ received

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.

    Notes
    -----
    A party has a call as often as it started or received one. Each time it transfers the call on or the
    call ends there, so ``started + received = transferred_on + ended_at``. Over all parties, ``received``
    and ``transferred_on`` both add up to the hops of all calls.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "101"]', '["101", "102"]', "[101]"]})
    >>> parties = transfer_parties(calls)
    >>> counts = ["n_calls", "started", "received", "transferred_on", "ended_at", "kept", "redo"]
    >>> parties.loc["101", counts].tolist()
    [3, 3, 1, 2, 2, 1, 1]
    """
    table = tally_transfer_parties(df, source=source, include_client=include_client, names=names)
    return finish_transfer_parties(table)
