"""The key figures of all calls, or of each group of them."""

from __future__ import annotations

import pandas as pd

from brightcall_pandas.analysis._dimensions import By, split_or_all
from brightcall_pandas.analysis._groups import grouped, keys_of_index
from brightcall_pandas.analysis._metrics import metrics_of, needs_median, sums_for
from brightcall_pandas.analysis._spelling import folded_keys
from brightcall_pandas.analysis._tallies import tally

__all__ = ["finish_summary", "summary", "tally_summary"]

_METRICS = (
    "n_calls",
    "answered",
    "answer_rate",
    "answer_time_mean_s",
    "talk_time_total_s",
    "talk_time_mean_s",
    "talk_time_median_s",
    "unique_clients",
    "calls_per_client",
    "first_time_share",
    "transferred_share",
    "ai_talk_share",
    "recordings_ready",
)


def summary(df: pd.DataFrame, by: By = None) -> pd.DataFrame:
    """Sum up all calls in one row, or each group of calls.

    Parameters
    ----------
    df
        Calls. No column is required; a number whose column is missing is null.
    by
        Columns or dimensions (``agent``, ``hour``, ``project`` …) to make a row of each.

    Returns
    -------
    pandas.DataFrame
        One row ``all`` (index ``group``), or a row for each group in `by`, sorted by label:

        - ``n_calls``, ``answered`` (int64)
        - ``answer_rate``: answered ÷ calls
        - ``answer_time_mean_s``: mean answer time of answered calls (average speed of answer)
        - ``talk_time_total_s``: over all calls, seconds
        - ``talk_time_mean_s``, ``talk_time_median_s``: over answered calls whose talk time is known
        - ``unique_clients``: distinct client numbers
        - ``calls_per_client``: calls with a client number ÷ distinct client numbers
        - ``first_time_share``: calls marked as the user's first ÷ calls whose mark is known
        - ``transferred_share``: calls transferred at least once ÷ calls
        - ``ai_talk_share``: AI talk time ÷ talk time, both over all calls
        - ``recordings_ready``: calls whose recording can be played

        Without calls the table is empty.

    Raises
    ------
    KeyError
        A name in `by` is unknown.

    Notes
    -----
    `definitions` tells numerator, denominator, treatment of nulls and source of each. A client called by
    two agents counts as a client of both, so distinct clients of the groups may add up to more than all.

    Examples
    --------
    >>> calls = pd.DataFrame({"state": [1, 1, 0, 2], "talkTime": [30, 60, 0, 0]})
    >>> columns = ["n_calls", "answered", "answer_rate", "talk_time_mean_s"]
    >>> calls.calls.summary()[columns]
         n_calls  answered  answer_rate  talk_time_mean_s
    group
    all        4         2          0.5              45.0
    """
    return finish_summary(tally_summary(df, by))


def tally_summary(df: pd.DataFrame, by: By = None) -> pd.DataFrame:
    """Return the sums that `summary` is made of: a row for each group and talk time."""
    return tally(df, split_or_all(df, by), sums_for(_METRICS), median=needs_median(_METRICS))


def finish_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `summary` from its tally."""
    *keys, _ = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    return metrics_of(table, grouped(keys), _METRICS)
