"""How soon callers are answered, and how many give up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import (
    DIRECTION_OF_CALLERS,
    By,
    Direction,
    of_direction,
    split_or_all,
)
from brightcall_pandas.analysis._durations import seconds_of
from brightcall_pandas.analysis._groups import folded_keys, grouped, key_of, keys_of_index
from brightcall_pandas.analysis._rates import add_rate, medians, ratio
from brightcall_pandas.analysis._tallies import Contribution, add_up, additive, tally_of
from brightcall_pandas.frame import column, number

__all__ = ["abandonment", "service_level"]

_WAIT = "wait_s"

SHORT_ABANDON_S = 5.0
"""Callers who give up sooner had a wrong number or a change of mind: the one limit of short abandons."""


def tally_service_level(
    df: pd.DataFrame,
    threshold_s: float = 20,
    *,
    short_abandon_s: float = SHORT_ABANDON_S,
    direction: Direction = DIRECTION_OF_CALLERS,
    by: By = None,
) -> pd.DataFrame:
    """Return the sums behind `service_level`."""
    threshold_s = number("threshold_s", threshold_s)
    short_abandon_s = number("short_abandon_s", short_abandon_s)
    answered, abandoned = _answered_and_abandoned(df, direction)
    answer_time = seconds_of(df, "answerTime")
    short: Contribution = None
    waits: Contribution = None
    if "callTime" in df.columns:
        waited = seconds_of(df, "callTime")
        short, waits = abandoned & (waited < short_abandon_s), abandoned & ~np.isnan(waited)
    offered = answered | abandoned
    contributions = {
        "offered": offered,
        "answered": answered,
        "answered_in_time": answered & (answer_time <= threshold_s),
        "abandoned": abandoned,
        "abandoned_short": short,
        "timed": answered & ~np.isnan(answer_time),
        "waits": waits,
    }
    parts = split_or_all(df, by).where(offered)
    return tally_of(
        parts.keys, {name: None if each is None else parts.pick(each) for name, each in contributions.items()}
    )


def _where_known(counts: pd.Series, known: pd.Series, of: pd.Series) -> pd.Series:
    """Return counts, null where nothing is known of any of the calls that they are about."""
    unknown = (known == 0) & (of > 0)
    return counts.astype(np.float64).mask(unknown) if unknown.any() else counts


def finish_service_level(
    table: pd.DataFrame, threshold_s: float = 20, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the table of `service_level` from its tally."""
    sums = add_up(table, grouped(folded_keys(keys_of_index(table.index), table["offered"].to_numpy())))
    result = sums.drop(columns=["timed", "waits"])
    for name, known, of in (
        ("answered_in_time", "timed", "answered"), ("abandoned_short", "waits", "abandoned"),
    ):  # fmt: skip
        result[name] = _where_known(sums[name], sums[known], sums[of])
    hits = result["answered_in_time"].to_numpy()
    for name, trials in (
        ("offered", result["offered"]),
        ("excl_short", result["offered"] - result["abandoned_short"]),
        ("answered", result["answered"]),
    ):
        add_rate(result, f"service_level_{name}", hits, trials.to_numpy(), confidence)
    result.insert(0, "threshold_s", float(threshold_s))
    return result


@additive(tally_service_level, finish_service_level, durations=("answerTime", "callTime"))
def service_level(
    df: pd.DataFrame,
    threshold_s: float = 20,
    *,
    short_abandon_s: float = SHORT_ABANDON_S,
    direction: Direction = DIRECTION_OF_CALLERS,
    by: By = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the share of callers answered in time.

    Parameters
    ----------
    df
        Calls; needs ``state`` and ``answerTime``, and ``type`` unless `direction` is None. ``callTime`` tells
        how long those who gave up had waited.
    threshold_s
        Calls answered after at most this many seconds are answered in time.
    short_abandon_s
        Callers who give up sooner than this (a wrong number, a change of mind) do not count against
        ``service_level_excl_short``; as in `abandonment`.
    direction
        ``"inbound"`` (the default: this is about what callers feel), ``"outbound"``, ``"internal"``, or None
        for all calls.
    by
        Columns or dimensions (``hour``, ``project`` …) to make a row of each.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row ``all`` (index ``group``), or a row for each group in `by`, sorted by label:

        - ``threshold_s``: within how many seconds is in time
        - ``offered``, ``answered``, ``answered_in_time``, ``abandoned``, ``abandoned_short`` (int64)
        - ``service_level_offered``: answered in time ÷ offered; all abandoned calls count against it
        - ``service_level_excl_short``: answered in time ÷ (offered − abandoned short)
        - ``service_level_answered``: answered in time ÷ answered; abandoned calls are ignored
        - each of these rates with ``_low`` and ``_high``, Wilson's interval

        Without such calls the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `direction` is not a direction.

    Notes
    -----
    Offered calls are the answered and the unanswered ones; failed calls and those of unknown state reached
    nobody and are left out. Vendors' reports differ in the denominator (Cisco calls the first "abandoned
    calls have a negative impact", the second "abandoned calls ignored"), so a service level without its
    denominator says little. An answered call whose answer time is unknown was not answered in time, and an
    abandoned call whose ``callTime`` is unknown was not short. Where that is unknown of all of them, the
    counts, and the rates that need them, are null.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {"type": 0, "state": [1, 1, 0, 0], "answerTime": [5, 40, 0, 0], "callTime": [65, 90, 3, 60]}
    ... )
    >>> calls.calls.service_level().loc["all", ["service_level_offered", "service_level_answered"]].tolist()
    [0.25, 0.5]
    >>> round(float(calls.calls.service_level()["service_level_excl_short"].iloc[0]), 2)
    0.33
    """
    table = tally_service_level(df, threshold_s, short_abandon_s=short_abandon_s, direction=direction, by=by)
    return finish_service_level(table, threshold_s, confidence=confidence)


def tally_abandonment(
    df: pd.DataFrame, *, direction: Direction = DIRECTION_OF_CALLERS, by: By = None
) -> pd.DataFrame:
    """Return the sums behind `abandonment`: one row per group and time waited."""
    answered, abandoned = _answered_and_abandoned(df, direction)
    offered = answered | abandoned
    waited = np.full(len(df), np.nan)
    if "callTime" in df.columns:
        waited[abandoned] = seconds_of(df, "callTime")[abandoned]
    parts = split_or_all(df, by).within(key_of(pd.Series(waited), _WAIT)).where(offered)
    waits = parts.pick(~np.isnan(waited)) if "callTime" in df.columns else None
    contributions = {"offered": parts.pick(offered), "abandoned": parts.pick(abandoned), "waits": waits}
    return tally_of(parts.keys, contributions)


def finish_abandonment(
    table: pd.DataFrame, *, short_abandon_s: float = SHORT_ABANDON_S, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the table of `abandonment` from its tally."""
    *by, wait = folded_keys(keys_of_index(table.index), table["offered"].to_numpy())
    groups = grouped(by)
    waited = wait.labels.to_numpy(dtype=np.float64)[wait.codes]
    waits = table["waits"].to_numpy()
    sums = add_up(table, groups)
    result = sums[["offered", "abandoned"]].copy()
    short_abandon_s = number("short_abandon_s", short_abandon_s)
    short = groups.sum(np.where(waited < short_abandon_s, waits, waits * 0))
    result.insert(0, "short_abandon_s", float(short_abandon_s))
    counted = pd.Series(short, index=groups.index).astype(table["waits"].dtype)
    result["abandoned_short"] = _where_known(counted, sums["waits"], sums["abandoned"])
    short = result["abandoned_short"].to_numpy(dtype=np.float64)
    add_rate(result, "abandonment_rate", result["abandoned"], result["offered"], confidence)
    add_rate(
        result,
        "abandonment_rate_excl_short",
        result["abandoned"] - short,
        result["offered"] - short,
        confidence,
    )
    total = groups.sum(np.where(np.isnan(waited), 0, waited) * waits)
    result["wait_mean_s"] = ratio(total, sums["waits"])
    result["wait_median_s"] = medians(groups, waited, waits)
    return result


@additive(tally_abandonment, finish_abandonment, durations=("callTime",))
def abandonment(
    df: pd.DataFrame,
    *,
    short_abandon_s: float = SHORT_ABANDON_S,
    direction: Direction = DIRECTION_OF_CALLERS,
    by: By = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count the callers who gave up, and how long they waited.

    Parameters
    ----------
    df
        Calls; needs ``state``, and ``type`` unless `direction` is None. ``callTime`` tells how long those
        who gave up had waited.
    short_abandon_s
        Callers who give up sooner than this (a wrong number, a change of mind) are left out of
        ``abandonment_rate_excl_short``.
    direction
        ``"inbound"`` (the default: this is about what callers feel), ``"outbound"``, ``"internal"``, or None
        for all calls.
    by
        Columns or dimensions (``hour``, ``project`` …) to make a row of each.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row ``all`` (index ``group``), or a row for each group in `by`, sorted by label:

        - ``short_abandon_s``: who gives up sooner than this many seconds is a short abandon
        - ``offered``, ``abandoned``, ``abandoned_short`` (int64)
        - ``abandonment_rate``: abandoned ÷ offered
        - ``abandonment_rate_excl_short``: (abandoned − abandoned short) ÷ (offered − abandoned short)
        - each of these rates with ``_low`` and ``_high``, Wilson's interval
        - ``wait_mean_s``, ``wait_median_s``: seconds that those who gave up had waited, where known

        Without such calls the table is empty.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `direction` is not a direction.

    Notes
    -----
    Offered calls are the answered and the unanswered ones, abandoned calls the unanswered ones; failed calls
    and those of unknown state reached nobody and are left out. An abandoned call whose ``callTime`` is
    unknown was not short; where it is unknown of all of them, whatever depends on it is null.

    Examples
    --------
    >>> calls = pd.DataFrame({"type": 0, "state": [1, 1, 0, 0], "callTime": [65, 90, 3, 60]})
    >>> table = calls.calls.abandonment()
    >>> table[["offered", "abandoned", "abandonment_rate", "wait_mean_s"]].loc["all"].tolist()
    [4.0, 2.0, 0.5, 31.5]
    """
    table = tally_abandonment(df, direction=direction, by=by)
    return finish_abandonment(table, short_abandon_s=short_abandon_s, confidence=confidence)


def _answered_and_abandoned(
    df: pd.DataFrame, direction: Direction
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    state, here = column(df, "state"), of_direction(df, direction)
    answered, unanswered = ((state == word).to_numpy(dtype=bool) for word in ("answered", "unanswered"))
    return here & answered, here & unanswered
