"""What each party does with the calls that come to it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._groups import Groups, grouped, keys_of_index
from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.analysis._tallies import add_up, additive
from brightcall_pandas.analysis.transfers._order import natural_order
from brightcall_pandas.analysis.transfers._reading import Names, Source, chain_log

__all__ = ["transfer_parties"]


def tally_transfer_parties(
    df: pd.DataFrame, *, source: Source = "auto", include_client: bool = False, names: Names = None
) -> pd.DataFrame:
    """Return the counts that `transfer_parties` is made of, a row for each party."""
    log = chain_log(df, source, include_client, names)
    weights = log.calls[log.chain_of_step]
    place = np.arange(len(log.steps))
    takes = np.zeros(len(place), dtype=bool)
    takes[log.givers + 1] = True
    hands = np.zeros(len(place), dtype=bool)
    hands[log.givers] = True
    itself = takes & (log.steps == np.roll(log.steps, 1))
    parties = Groups(log.steps, pd.Index(log.parties, dtype="str", name="party"))
    flags = {
        "n_calls": ~log.again,
        "started": ~takes,
        "received": takes,
        "handed_on": hands,
        "ended_at": ~hands,
        "kept": ~takes & ~hands,
        "redo": log.again & ~itself,
        "self_loops": itself,
    }
    counts = {name: parties.sum(weights * each).astype(np.int64) for name, each in flags.items()}
    return pd.DataFrame(counts, index=parties.index)


def finish_transfer_parties(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `transfer_parties` from its tally."""
    result = add_up(table, grouped(keys_of_index(table.index)))
    result["handed_on_rate"] = ratio(result["handed_on"], result["started"] + result["received"])
    result["redo_share"] = ratio(result["redo"], result["received"])
    result = result.loc[natural_order(result.index)].rename_axis("party")
    return result.sort_values("n_calls", ascending=False, kind="stable")


@additive(tally_transfer_parties, finish_transfer_parties)
def transfer_parties(
    df: pd.DataFrame, *, source: Source = "auto", include_client: bool = False, names: Names = None
) -> pd.DataFrame:
    """Count for each party what it received, handed on and kept.

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
        - ``received``: hand-overs to it
        - ``handed_on``: hand-overs by it
        - ``ended_at``: calls that ended with it
        - ``kept``: calls that it had from beginning to end, alone
        - ``redo``: hand-overs by which a call came back to it from another party
        - ``self_loops``: hand-overs to itself; they count as received and as handed on
        - ``handed_on_rate``: handed on ÷ (started + received): of all times that it had a call
        - ``redo_share``: redo ÷ received

    Raises
    ------
    KeyError
        The frame has neither column that chains are read from.

    Notes
    -----
    A party has a call as often as it started or received one; each time it hands it on or the call ends
    there, so ``started + received = handed_on + ended_at``. Over all parties, ``received`` and ``handed_on``
    both add up to the hops of all calls.

    Examples
    --------
    >>> calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102", "101"]', '["101", "102"]', "[101]"]})
    >>> parties = transfer_parties(calls)
    >>> counts = ["n_calls", "started", "received", "handed_on", "ended_at", "kept", "redo"]
    >>> parties.loc["101", counts].tolist()
    [3, 3, 1, 2, 2, 1, 1]
    """
    table = tally_transfer_parties(df, source=source, include_client=include_client, names=names)
    return finish_transfer_parties(table)
