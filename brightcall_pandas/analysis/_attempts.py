"""How often a client must be dialled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import By, split
from brightcall_pandas.analysis._groups import Key, grouped, keys_of_index, outer_codes
from brightcall_pandas.analysis._rates import add_rate, ratio
from brightcall_pandas.analysis._sequences import of_direction, sequences
from brightcall_pandas.analysis._spelling import folded_keys
from brightcall_pandas.analysis._tallies import add_up, tally_of
from brightcall_pandas.frame import column

__all__ = ["attempts", "finish_attempts", "tally_attempts"]


def attempts(
    df: pd.DataFrame, *, direction: str | None = "outbound", by: By = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Tell what the first, second, third … dial to a client brings.

    Parameters
    ----------
    df
        Calls; needs ``clientNumber``, ``timestamp``, ``state``, and ``type`` unless `direction` is None.
        ``outcomeType`` is used where present.
    direction
        ``"outbound"``, ``"inbound"``, ``"internal"``, or None for all calls.
    by
        Columns or dimensions (``project``, ``line`` …) that become outer index levels. Attempts are counted
        within each group: a client dialled for two projects has a first dial in both.
    confidence
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        Index ``attempt`` from 1 (below the levels of `by`):

        - ``dials`` (int64): calls that were the n-th to their client
        - ``answered`` (int64), ``answer_rate`` (answered ÷ dials), ``answer_rate_low``, ``answer_rate_high``
        - ``positive`` (int64), ``positive_rate``: dials with a positive outcome ÷ dials
        - ``unreached`` (int64): of the dials, those to clients that no earlier dial had reached
        - ``reached`` (int64): of these, the answered ones: clients reached for the first time
        - ``marginal_rate``: reached ÷ unreached, what one more attempt brings; with ``_low``, ``_high``
        - ``reach``: clients reached by this or an earlier dial ÷ clients dialled at all
        - ``given_up`` (int64): clients not reached whose last dial this was
        - ``reach_if_continued``: the part of the clients that would be reached by this dial if nobody had
          been given up before

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `direction` is another word.

    Notes
    -----
    ``…_low`` and ``…_high`` are Wilson's intervals. Calls without client number or time are left out.

    The data are cut off at both ends. Dials before the first loaded day are not seen, so the count of a
    client's attempts begins with the first one loaded. A client not reached by the last loaded day may have
    been reached after it (right-censoring), so ``reach`` is what happened, not what attempts can do.
    ``reach_if_continued`` is the Kaplan-Meier estimate, ``1 − ∏ (1 − marginal_rate)``; it holds if the
    clients dropped are like those dialled on, and says too much where agents drop the hopeless first.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "clientNumber": ["x", "x", "y", "z"],
    ...         "timestamp": ["2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"] * 2,
    ...         "state": [0, 1, 1, 0],
    ...         "type": 1,
    ...     }
    ... )
    >>> columns = ["dials", "answered", "marginal_rate", "reach"]
    >>> calls.calls.attempts()[columns].round(2)
             dials  answered  marginal_rate  reach
    attempt
    1            3         1           0.33   0.33
    2            1         1           1.00   0.67
    """
    return finish_attempts(tally_attempts(df, direction=direction, by=by), confidence=confidence)


def tally_attempts(df: pd.DataFrame, *, direction: str | None = "outbound", by: By = None) -> pd.DataFrame:
    """Return the sums that `attempts` is made of; they add up where all calls of a client are in one part."""
    parts = split(df, by)
    dialled = sequences(df, of_direction(df, direction), parts)
    rows = dialled.rows if parts.rows is None else parts.rows[dialled.rows]
    ones = np.ones(len(rows), dtype=np.int64)
    answered = (column(df, "state") == "answered").to_numpy(dtype=bool)[rows]
    before = dialled.since_first(answered.astype(np.int64)) - answered
    number = Key(dialled.since_first(ones) - 1, _numbers(dialled.since_first(ones)))
    positive = None
    if "outcomeType" in df.columns:
        positive = (column(df, "outcomeType") == "positive").to_numpy(dtype=bool)[rows]
    contributions = {
        "dials": ones.astype(bool),
        "answered": answered,
        "positive": positive,
        "unreached": before == 0,
        "reached": answered & (before == 0),
        "given_up": dialled.is_last & (before == 0) & ~answered,
    }
    return tally_of([*(key.take(dialled.rows) for key in parts.keys), number], contributions)


def finish_attempts(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `attempts` from its tally."""
    *by, number = folded_keys(keys_of_index(table.index), table["dials"].to_numpy())
    groups = grouped([*by, number])
    sums = add_up(table, groups)
    outer = outer_codes(groups, by)
    result = sums[["dials", "answered"]].copy()
    add_rate(result, "answer_rate", sums["answered"], sums["dials"], confidence)
    result["positive"] = sums["positive"]
    result["positive_rate"] = ratio(sums["positive"], sums["dials"])
    result["unreached"], result["reached"] = sums["unreached"], sums["reached"]
    add_rate(result, "marginal_rate", sums["reached"], sums["unreached"], confidence)
    by_group = result.groupby(outer, sort=False)
    clients = by_group["dials"].transform("first")
    result["reach"] = by_group["reached"].cumsum() / clients
    result["given_up"] = sums["given_up"]
    missed = pd.Series(1 - result["marginal_rate"].to_numpy())
    result["reach_if_continued"] = 1 - missed.groupby(outer).cumprod().to_numpy()
    return result


def _numbers(ordinals: np.ndarray) -> pd.Index:
    return pd.Index(np.arange(1, ordinals.max(initial=0) + 1), name="attempt")
