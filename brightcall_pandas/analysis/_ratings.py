"""How calls were rated, and who was rung and did not answer."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import (
    DIRECTION_OF_CALLERS,
    By,
    Direction,
    of_direction,
    split,
    split_or_all,
)
from brightcall_pandas.analysis._groups import folded_keys, grouped, key_of, keys_of_index
from brightcall_pandas.analysis._rates import add_rate, ratio
from brightcall_pandas.analysis._tallies import add_up, additive, none_known, tally_of
from brightcall_pandas.analysis.transfers._log import chain_log, keys_of_numbers, number_keys, text_array
from brightcall_pandas.analysis.transfers._parsing import read_texts
from brightcall_pandas.frame import column, optional_column, region_of

__all__ = ["ratings", "rung_parties"]


def tally_ratings(df: pd.DataFrame, *, low: float = 2, by: By = "agent") -> pd.DataFrame:
    """Return the sums behind `ratings`."""
    parts = split_or_all(df, by)
    rating = parts.pick(column(df, "qualityRating").to_numpy(dtype=np.float64))
    known = ~np.isnan(rating)
    sums = {
        "n_calls": np.ones(len(rating), dtype=bool),
        "rated": known,
        "rating_total": np.where(known, rating, 0.0),
        "low": rating <= low,
    }
    return tally_of(parts.keys, sums)


def finish_ratings(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `ratings` from its tally."""
    sums = add_up(table, grouped(folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())))
    result = sums[["n_calls", "rated"]].copy()
    result["unrated"] = sums["n_calls"] - sums["rated"]
    result["rating_mean"] = ratio(sums["rating_total"], sums["rated"])
    result["low"] = sums["low"]
    add_rate(result, "low_share", sums["low"], sums["rated"], confidence)
    return result


@additive(tally_ratings, finish_ratings)
def ratings(df: pd.DataFrame, *, low: float = 2, by: By = "agent", confidence: float = 0.95) -> pd.DataFrame:
    """Return how calls were rated, by agent or by any groups.

    Parameters
    ----------
    df
        Calls of every direction; needs ``qualityRating`` and the columns of `by`.
    low
        A rating up to this one is low. The documentation does not say how far the scale goes; look at yours:
        ``df["qualityRating"].describe()``.
    by
        Columns or dimensions (``agent``, ``project``, ``week`` …) to make a row of each; None: one row
        ``all``.
    confidence
        Confidence of the interval, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`, sorted by label (or ``group``):

        - ``n_calls`` (int64)
        - ``rated``, ``unrated`` (int64): calls with and without a rating
        - ``rating_mean``: mean of the ratings; null without any
        - ``low`` (int64): calls with a low rating
        - ``low_share``: low ÷ rated; with ``low_share_low``, ``low_share_high`` (Wilson)

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.

    Notes
    -----
    Few calls are rated, and not by chance: who rates, and which calls, differs between agents.

    Examples
    --------
    >>> calls = pd.DataFrame({"userId": ["7", "7", "7", "8"], "qualityRating": [5, 2, None, None]})
    >>> calls.calls.ratings()[["rated", "unrated", "rating_mean", "low_share"]]
           rated  unrated  rating_mean  low_share
    agent
    7          2        1          3.5        0.5
    8          0        1          NaN        NaN
    """
    return finish_ratings(tally_ratings(df, low=low, by=by), confidence=confidence)


def tally_rung_parties(
    df: pd.DataFrame, *, direction: Direction = DIRECTION_OF_CALLERS, by: By = None
) -> pd.DataFrame:
    """Return the sums behind `rung_parties`: one row per group and party."""
    chosen, parts = of_direction(df, direction), split(df, by)
    place_of = np.cumsum(chosen) - 1  # of each call among those chosen
    texts = read_texts(column(df, "numbersRingedJSON")[chosen])
    parties = [tuple(dict.fromkeys(each)) for each in texts.parties]
    lengths = np.array(list(map(len, parties)), dtype=np.int64)
    labels = pd.Series(list(chain.from_iterable(parties)), dtype="str")
    base = np.arange(len(df)) if parts.rows is None else parts.rows
    among = np.flatnonzero(chosen[base])
    base = base[among]
    text_of = texts.rows[place_of[base]]
    of_row = lengths[text_of]
    places = np.repeat(np.arange(len(base)), of_row)
    within = np.arange(len(places)) - np.repeat(np.cumsum(of_row) - of_row, of_row)
    rung = (np.cumsum(lengths) - lengths)[text_of[places]] + within
    states = column(df, "state").iloc[base[places]]
    answered = (states == "answered").to_numpy(dtype=bool)
    key, taker = key_of(labels, "party"), _takers(df, chosen)
    rows = place_of[base[places]]
    known = taker.is_valid().to_numpy(zero_copy_only=False)[rows]
    names = taker.dictionary_encode()
    same = _same(pa.array(labels, pa.large_string()), names.dictionary, region_of(df))
    is_taker = same[rung] == names.indices.fill_null(-1).to_numpy()[rows]
    alone = of_row[places] == 1
    took = answered & np.where(known, is_taker, alone)
    sums = {
        "n_rung": np.ones(len(rows), dtype=bool),
        "state_known": states.notna().to_numpy(),
        "taken": answered,
        "taker_known": answered & (known | alone),
        "answered": took,
    }
    return tally_of([*(each.take(among[places]) for each in parts.keys), key.take(rung)], sums)


def _takers(df: pd.DataFrame, chosen: NDArray[np.bool_]) -> pa.Array:
    """Return who took each of the chosen calls, if it was answered.

    Of an inbound call it is the agent, else the number called.
    """
    called, agent = (
        keys_of_numbers(text_array(optional_column(df, name)[chosen]), region_of(df))
        for name in ("toNumber", "agentShortNumber")
    )
    if "numbersInvolvedJSON" in df.columns or "transfers" in df.columns:
        log = chain_log(df)
        agent = pc.coalesce(number_keys(log.ends(0), region_of(df)).take(pa.array(log.rows[chosen])), agent)
    if "type" not in df.columns:
        return agent
    inbound = (column(df, "type") == "inbound").to_numpy(dtype=bool)[chosen]
    return pc.if_else(pa.array(inbound), agent, called)


def _same(labels: pa.Array, takers: pa.Array, region: str | None) -> NDArray[np.int64]:
    """Return for each label the position of the same number, -2 where there is none."""
    found = pc.index_in(keys_of_numbers(labels, region), value_set=takers)
    return np.asarray(found.fill_null(-2).to_numpy(zero_copy_only=False), dtype=np.int64)


def finish_rung_parties(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `rung_parties` from its tally."""
    sums = add_up(table, grouped(folded_keys(keys_of_index(table.index), table["n_rung"].to_numpy())))
    taken = none_known(sums["taken"], sums["state_known"], sums["n_rung"])
    sums["answered"] = none_known(sums["answered"], sums["taker_known"], sums["taken"]).mask(taken.isna())
    result = sums[["n_rung", "answered"]].copy()
    add_rate(result, "answer_rate", sums["answered"], sums["n_rung"], confidence)
    result["not_answered"] = sums["n_rung"] - sums["answered"]
    result["taken_elsewhere"] = taken - sums["answered"]
    result["missed"] = sums["n_rung"] - taken
    return result


@additive(tally_rung_parties, finish_rung_parties)
def rung_parties(
    df: pd.DataFrame, *, direction: Direction = DIRECTION_OF_CALLERS, by: By = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Return who was rung, and how often they answered.

    Parameters
    ----------
    df
        Calls; needs ``numbersRingedJSON``, ``state``, and ``type`` unless `direction` is None.
        ``numbersInvolvedJSON``, ``transfers`` and ``agentShortNumber`` are used where present.
    direction
        ``"inbound"`` (the default: whom callers wait for), ``"outbound"``, ``"internal"``, or None for all
        calls.
    by
        Columns or dimensions (``hour``, ``line`` …) that become outer index levels.
    confidence
        Confidence of the interval, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index ``party`` (below the levels of `by`), sorted by label; a number, extension or name as it is
        written in ``numbersRingedJSON``:

        - ``n_rung`` (int64): calls that rang at the party
        - ``answered`` (int64): of these, those that the party took
        - ``answer_rate``: answered ÷ n_rung; with ``_low``, ``_high`` (Wilson)
        - ``not_answered`` (int64): n_rung less answered
        - ``taken_elsewhere`` (int64): of the not answered, those that somebody else took
        - ``missed`` (int64): of the not answered, those that nobody took

        Calls that rang nobody, and texts that cannot be read, have no row. Counts are null where no state,
        or of no answered call who took it, is known.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `direction` is not a direction.

    Notes
    -----
    The first party of the transfer chain took an answered inbound call, or ``agentShortNumber`` where the
    chain names nobody; of other calls it is the number called (``toNumber``). Where neither is known, a party
    that was rung alone took it. Where several are rung at once only one of them can answer: compare
    ``missed``, not ``not_answered``.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "type": 0,
    ...         "state": [1, 1, 0],
    ...         "numbersRingedJSON": '["101", "102"]',
    ...         "numbersInvolvedJSON": ['["101"]', '["102", "101"]', None],
    ...     }
    ... )
    >>> calls.calls.rung_parties()[["n_rung", "answered", "not_answered", "taken_elsewhere", "missed"]]
           n_rung  answered  not_answered  taken_elsewhere  missed
    party
    101         3         1             2               1       1
    102         3         1             2               1       1
    """
    return finish_rung_parties(tally_rung_parties(df, direction=direction, by=by), confidence=confidence)
