"""Calls of the AI agent: which it hands over to people, and what comes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import By, some_rows, split
from brightcall_pandas.analysis._durations import seconds_of
from brightcall_pandas.analysis._groups import closed_key, completed, folded_keys, key_of, keys_of_index
from brightcall_pandas.analysis._rates import add_rate, medians, rate_columns, ratio
from brightcall_pandas.analysis._tallies import SUMS, Facts, additive, known_sums, none_known, tally_of
from brightcall_pandas.analysis.transfers._log import chain_log
from brightcall_pandas.frame import FIELDS, optional_column

__all__ = ["ai_handover"]

_ROWS = ("handed_over", "ai_alone")
_HUMAN = "human_talk_s"
_OUTCOMES = FIELDS["outcomeType"].choices


def tally_ai_handover(df: pd.DataFrame, *, by: By = None) -> pd.DataFrame:
    """Return the sums behind `ai_handover`: one row per group, hand-over and time with a person."""
    df = some_rows(df, np.flatnonzero(seconds_of(df, "aiTalkTime") > 0), by)
    ai, talk = (seconds_of(df, name) for name in ("aiTalkTime", "talkTime"))
    handed_over = _handed_over(df, ai, talk)
    human = np.where(handed_over, np.maximum(talk - ai, 0), np.nan)
    parts = split(df, by).within(
        closed_key(np.where(handed_over, 0, 1), _ROWS, "handover"), key_of(pd.Series(human), _HUMAN)
    )
    facts = Facts(df, parts)
    sums: dict[str, NDArray[np.bool_] | NDArray[np.float64] | None] = {
        "n_calls": np.ones(len(facts), dtype=bool),
        "ai_talk_total_s": parts.pick(ai),
        "human_known": ~np.isnan(parts.pick(human)),
    }
    kinds = optional_column(df, "outcomeType").fillna("absent")
    for name in _OUTCOMES:
        there = "outcomeType" in df.columns
        sums[name] = parts.pick((kinds == name).to_numpy(dtype=bool)) if there else None
    for name in ("state_known", "answered", "with_transcript", "outcome_type_known"):
        sums[name] = SUMS[name](facts)
    return tally_of(parts.keys, sums)


def _handed_over(df: pd.DataFrame, ai: NDArray[np.float64], talk: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which calls of the AI agent went on to somebody: by their chain, or else by who talked."""
    longer = talk > ai
    if not {"numbersInvolvedJSON", "transfers"} & set(df.columns):
        return longer
    log = chain_log(df)
    known = (log.readable & (log.lengths > 0))[log.rows]
    return np.where(known, (log.hops > 0)[log.rows], longer)


def finish_ai_handover(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `ai_handover` from its tally."""
    *by, handover, human = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    every = pd.Index(_ROWS, dtype="str", name="handover")
    groups = completed(by, every.get_indexer(handover.labels)[handover.codes], every)
    sums = known_sums(table, groups)
    seconds, known = human.labels.to_numpy(dtype=np.float64)[human.codes], table["human_known"].to_numpy()
    calls = sums["n_calls"].to_numpy()
    of = calls.reshape(-1, len(_ROWS)).sum(axis=1).repeat(len(_ROWS))
    result = pd.DataFrame(
        {"n_calls": calls, **rate_columns("share", calls, of, confidence)}, index=groups.index
    )
    result["ai_talk_mean_s"] = ratio(sums["ai_talk_total_s"], calls)
    result["human_talk_mean_s"] = ratio(groups.sum(np.nan_to_num(seconds) * known), sums["human_known"])
    result["human_talk_median_s"] = medians(groups, seconds, known)
    for name in _OUTCOMES:
        result[name] = none_known(sums[name], sums["outcome_type_known"], sums["n_calls"], throughout=True)
    add_rate(result, "positive_rate", result["positive"], sums["n_calls"], confidence)
    result["transcript_share"] = ratio(sums["with_transcript"], sums["answered"])
    return result


@additive(tally_ai_handover, finish_ai_handover, durations=("aiTalkTime", "talkTime"))
def ai_handover(df: pd.DataFrame, *, by: By = None, confidence: float = 0.95) -> pd.DataFrame:
    """Return which calls the AI agent handed over to people, and what came of them.

    Parameters
    ----------
    df
        Calls of every direction; needs ``aiTalkTime`` and ``talkTime``. ``numbersInvolvedJSON``,
        ``transfers``, ``outcomeType``, ``state`` and ``transcripts`` are used where present.
    by
        Columns or dimensions that become outer index levels. By ``outcome`` the table tells which outcomes
        follow a hand-over, and how many of the calls with each outcome were handed over.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index ``handover`` (below the levels of `by`): ``handed_over``, ``ai_alone``. Calls in which the AI
        agent talked (``aiTalkTime`` above 0):

        - ``n_calls`` (int64)
        - ``share``: calls ÷ calls of both rows, so in the first row the share handed over; with ``_low``,
          ``_high`` (Wilson)
        - ``ai_talk_mean_s``: mean time with the AI agent
        - ``human_talk_mean_s``, ``human_talk_median_s``: time with people (``talkTime`` less
          ``aiTalkTime``) of the calls handed over; null for the others
        - ``positive``, ``neutral``, ``negative``, ``absent`` (int64): calls by the type of their outcome;
          without one they are absent
        - ``positive_rate``: positive ÷ calls; with ``_low``, ``_high`` (Wilson)
        - ``transcript_share``: answered calls that have a transcript ÷ answered calls; null where no call
          has one, since they come only with ``bc.load_calls(…, show_ai_calls_with_log=True)``

        A number whose column the frame lacks, or has no value in, is null. Without calls of the AI agent the
        table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.

    Notes
    -----
    A call was handed over if its transfer chain has a second party. Where the chain names nobody or cannot be
    read, it was if somebody other than the AI agent talked (``talkTime`` above ``aiTalkTime``). That
    ``talkTime`` includes the time with the AI agent is an assumption, see ``docs/live-service.md``. The AI
    agent chooses what it hands over, so the two rows differ by more than the hand-over.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "aiTalkTime": [20, 30, 0],
    ...         "talkTime": [80, 30, 50],
    ...         "numbersInvolvedJSON": ['["900", "101"]', '["900"]', '["101"]'],
    ...         "outcomeType": ["positive", None, "positive"],
    ...     }
    ... )
    >>> calls.calls.ai_handover()[["n_calls", "share", "human_talk_mean_s", "positive", "absent"]]
                 n_calls  share  human_talk_mean_s  positive  absent
    handover
    handed_over        1    0.5               60.0         1       0
    ai_alone           1    0.5                NaN         0       1
    """
    return finish_ai_handover(tally_ai_handover(df, by=by), confidence=confidence)
