"""What came of the calls."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import By, split
from brightcall_pandas.analysis._groups import Groups, grouped, key_of, keys_of_index, outer_codes
from brightcall_pandas.analysis._metrics import metrics_of, sums_for
from brightcall_pandas.analysis._rates import ratio, wilson
from brightcall_pandas.analysis._spelling import folded_key, folded_keys
from brightcall_pandas.analysis._tallies import tally
from brightcall_pandas.frame import FIELDS, column, optional_column

__all__ = ["by_outcome", "finish_by_outcome", "tally_by_outcome"]

_METRICS = (
    "n_calls",
    "answered",
    "answer_rate",
    "talk_time_total_s",
    "talk_time_mean_s",
    "talk_time_median_s",
)


def by_outcome(
    df: pd.DataFrame, by: By = None, *, fold_case: bool = True, confidence: float = 0.95
) -> pd.DataFrame:
    """Count calls, answers and talk time of each outcome.

    Parameters
    ----------
    df
        Calls; needs ``outcomeTag``. ``outcomeType``, ``state`` and ``talkTime`` are used where present.
    by
        Columns or dimensions (``agent``, ``hour``, ``project`` …) that become outer index levels.
    fold_case
        Whether spellings that differ in case and blanks only are one outcome.
    confidence
        Of the interval of ``share``.

    Returns
    -------
    pandas.DataFrame
        Index ``outcome`` (below the levels of `by`), most calls first within each group:

        - ``outcome_type`` (category): the most frequent type of these calls; of equally frequent ones the
          first of positive, neutral, negative, absent; null where no call has one
        - ``n_calls`` (int64)
        - ``share``: calls ÷ calls of the group (of all calls without `by`)
        - ``share_low``, ``share_high``: Wilson's interval of ``share``
        - ``answered`` (int64): calls whose state is answered
        - ``answer_rate``: answered ÷ calls
        - ``talk_time_total_s``: over all calls of the outcome, seconds
        - ``talk_time_mean_s``, ``talk_time_median_s``: over its answered calls whose talk time is known

        What needs a column that the frame lacks is null.

    Raises
    ------
    KeyError
        The frame has no ``outcomeTag``, or a name in `by` is unknown.
    ValueError
        `confidence` is not between 0 and 1.

    Notes
    -----
    Spellings are folded by case, outer blanks and runs of blanks, and shown in the most frequent one (of
    equally frequent ones the first in order of code points), which is the same in every group. A null or
    blank outcome is ``(none)``.

    Examples
    --------
    >>> tags = ["Sold", "no answer", "No answer", "No answer "]
    >>> calls = pd.DataFrame({"outcomeTag": tags, "state": [1, 0, 0, 1]})
    >>> calls.calls.by_outcome()[["n_calls", "share", "answer_rate"]]
             n_calls  share  answer_rate
    outcome
    No answer      3   0.75     0.333333
    Sold           1   0.25     1.000000
    """
    return finish_by_outcome(tally_by_outcome(df, by), fold_case=fold_case, confidence=confidence)


def tally_by_outcome(df: pd.DataFrame, by: By = None) -> pd.DataFrame:
    """Return the sums that `by_outcome` is made of: a row for each spelling, type and talk time."""
    spelling = key_of(column(df, "outcomeTag"), "outcome")
    kind = key_of(optional_column(df, "outcomeType"), "outcome_type")
    return tally(df, split(df, by).within(spelling, kind), sums_for(_METRICS), median=True)


def finish_by_outcome(
    table: pd.DataFrame, *, fold_case: bool = True, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the table of `by_outcome` from its tally."""
    *by, spelling, kind, _ = keys_of_index(table.index)
    calls = table["n_calls"].to_numpy()
    by = folded_keys(by, calls)
    groups = grouped([*by, folded_key(spelling, calls, fold_case=fold_case)])
    result = metrics_of(table, groups, _METRICS)
    outer = outer_codes(groups, by)
    of = np.bincount(outer, weights=result["n_calls"])[outer]
    low, high = wilson(result["n_calls"], of, confidence)
    result.insert(0, "outcome_type", _most_frequent(groups, kind.codes, calls))
    result.insert(2, "share", ratio(result["n_calls"], of))
    result.insert(3, "share_low", low)
    result.insert(4, "share_high", high)
    # The sort is stable: outcomes of equally many calls stay in alphabetical order.
    return result.iloc[np.lexsort((-result["n_calls"].to_numpy(), outer))]


def _most_frequent(groups: Groups, kinds: NDArray[np.int64], calls: NDArray[np.int64]) -> pd.Series:
    """Return the type that most calls of each group have; the last code stands for none."""
    choices = FIELDS["outcomeType"].choices
    size = len(choices) + 1
    counts = np.bincount(groups.codes * size + kinds, weights=calls, minlength=len(groups) * size)
    known = counts.reshape(-1, size)[:, : len(choices)]
    codes = np.where(known.sum(axis=1) > 0, known.argmax(axis=1), -1)
    types = pd.Categorical.from_codes(codes.tolist(), dtype=pd.CategoricalDtype(list(choices)))
    return pd.Series(types, index=groups.index)
