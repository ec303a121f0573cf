"""Which ways calls go, how many go each way, and what comes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._dimensions import Split
from brightcall_pandas.analysis._groups import grouped, keys_of_index
from brightcall_pandas.analysis._rates import quantiles, ratio, wilson
from brightcall_pandas.analysis._tallies import TALK_TIME, add_up, additive, tally
from brightcall_pandas.analysis.transfers._log import chains_of
from brightcall_pandas.analysis.transfers._reading import Names, Source, chain_log

__all__ = ["transfer_variants"]

_SUMS = ("n_calls", "answered", "positive", "talk_time_known")
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
    return tally(df, Split([log.key()]), _SUMS, median=True)


def finish_transfer_variants(
    table: pd.DataFrame,
    top: int | None = None,
    min_calls: int | None = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the table of `transfer_variants` from its tally."""
    for name, value in (("top", top), ("min_calls", min_calls)):
        if value is not None and value < 0:
            msg = f"{name}={value} must not be negative"
            raise ValueError(msg)
    chain, _ = keys_of_index(table.index)
    groups = grouped([chain])
    chains, paths = chains_of(groups.index)
    hops = np.array([max(len(each) - 1, 0) for each in chains], dtype=np.int64)
    sums = add_up(table, groups)
    calls, positive = sums["n_calls"].to_numpy(), sums["positive"].to_numpy()
    low, high = wilson(positive, calls, confidence)
    alone = hops == 0
    positive_rate = ratio(positive, calls)
    times = table.index.get_level_values(TALK_TIME).to_numpy(dtype=np.float64)
    talk = quantiles(groups, times, table["talk_time_known"].to_numpy(), tuple(_QUANTILES.values()))
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


@additive(tally_transfer_variants, finish_transfer_variants)
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
    """Count the calls that went each way, and say what came of them.

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
    handed on, so a lift over all calls also tells answered from unanswered; for the effect of the hand-over
    alone, give the answered calls.

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
