"""Sums that can be added up, and the tables made of them.

A tally is a frame of sums, one row per group. Tallies of parts of the calls, added up by `merge`, are the
tally of all of them; rates come later, when a table is finished. A table function that is made of a tally
says so with the decorator `additive`. Each sum is declared once, in
`SUMS`, as what one call adds to it.

A median has an exact tally too: the level `TALK_TIME` splits every group by the talk time of its answered
calls, so that the tally keeps how often each value occurs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Concatenate, ParamSpec, Protocol, cast

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import Split
from brightcall_pandas.analysis._groups import Groups, Key, folded_keys, grouped, key_of, keys_of_index
from brightcall_pandas.analysis.transfers._log import chain_log
from brightcall_pandas.frame import column

__all__ = [
    "SUMS",
    "TALK_TIME",
    "AdditiveForm",
    "AdditiveTable",
    "Facts",
    "Sum",
    "add_up",
    "additive",
    "additive_form",
    "first_of_pair",
    "merge",
    "tally",
    "tally_of",
]

P = ParamSpec("P")

TALK_TIME = "talk_time_s"
"""Name of the level that holds the talk time of answered calls; null for the others."""

_EMPTY_JSON = ("", "{}", "[]", "null", '""')

Contribution = NDArray[np.bool_] | NDArray[np.float64] | None
"""What each call adds to a sum; None where the frame lacks the column, which makes the sum null."""


class Facts:
    """What the sums need to know about each call, read from the frame once.

    Parameters
    ----------
    df
        Calls in any form.
    split
        What the calls are grouped by, and which rows count.
    """

    def __init__(self, df: pd.DataFrame, split: Split) -> None:
        self._df = df
        self._keys = split.keys
        self._rows = split.rows

    def __len__(self) -> int:
        return len(self._df) if self._rows is None else len(self._rows)

    def has(self, *names: str) -> bool:
        """Return whether the frame has these columns."""
        return all(name in self._df.columns for name in names)

    def series(self, name: str) -> pd.Series:
        """Return a column, a row for each counted call."""
        series = column(self._df, name)
        return series if self._rows is None else series.take(self._rows)

    def seconds(self, name: str) -> NDArray[np.float64]:
        """Return a column of numbers; NaN for a null."""
        return self.series(name).to_numpy(dtype=np.float64)

    def is_true(self, name: str) -> NDArray[np.bool_]:
        """Return where a flag is set; a null is not."""
        return self.series(name).to_numpy(dtype=bool, na_value=False)

    def is_known(self, name: str) -> NDArray[np.bool_]:
        """Return where a column has a value."""
        return self.series(name).notna().to_numpy()

    def has_content(self, name: str) -> NDArray[np.bool_]:
        """Return where a column of JSON has anything in it."""
        values = self.series(name)
        return np.asarray(values.notna() & ~values.str.strip().isin(_EMPTY_JSON), dtype=bool)

    def is_label(self, name: str, label: str) -> NDArray[np.bool_]:
        """Return where a column of a closed set has this label."""
        series = self.series(name)
        return np.asarray(series.cat.codes == series.cat.categories.get_loc(label))

    def first_of(self, name: str) -> NDArray[np.bool_]:
        """Return where a value occurs for the first time in its group; a null never does."""
        values = self.series(name)
        return first_of_pair(self._keys, values, values.notna().to_numpy())

    @property
    def first_of_call(self) -> NDArray[np.bool_]:
        """Where a call is counted for the first time; only when split by tag is it counted again."""
        if self._rows is None:
            return np.ones(len(self), dtype=bool)
        return np.asarray(np.diff(self._rows, prepend=-1) != 0)

    @cached_property
    def answered(self) -> NDArray[np.bool_]:
        """Where the call was answered; an unknown state is not."""
        return self.is_label("state", "answered")

    @cached_property
    def transferred(self) -> NDArray[np.bool_]:
        """Where the call was transferred at least once."""
        log = chain_log(self._df)
        transferred = (log.hops > 0)[log.rows]
        return transferred if self._rows is None else transferred[self._rows]

    @cached_property
    def talk_time(self) -> NDArray[np.float64]:
        """Talk time of answered calls in seconds; NaN for the others."""
        return np.where(self.answered, self.seconds("talkTime"), np.nan)

    @cached_property
    def answer_time(self) -> NDArray[np.float64]:
        """Seconds until an answered call was answered; NaN for the others."""
        return np.where(self.answered, self.seconds("answerTime"), np.nan)


def first_of_pair(keys: Sequence[Key], values: pd.Series, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where, among some of the rows, a value occurs for the first time in its group."""
    codes, uniques = pd.factorize(values)
    pairs = codes[among]
    keys = [key for key in keys if len(key.labels) > 1]  # a single label separates nothing
    if keys:
        # Spellings are folded only when the table is finished, too late to recognize a client seen before.
        folded = folded_keys([key.take(np.flatnonzero(among)) for key in keys], np.ones(len(pairs)))
        pairs = grouped(folded).codes * len(uniques) + pairs
    first = np.zeros(len(codes), dtype=bool)
    first[among] = ~pd.Series(pairs).duplicated()
    return first


def _or_zero(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(values), 0.0, values)


class Sum(msgspec.Struct, frozen=True):
    """What one call adds to a sum.

    Parameters
    ----------
    needs
        Columns that it reads; without one of them the sum is null.
    adds
        Makes the contribution of each call.
    """

    needs: tuple[str, ...]
    adds: Callable[[Facts], Contribution]

    def __call__(self, facts: Facts) -> Contribution:
        """Return what each call adds; None where the frame lacks a column."""
        return self.adds(facts) if facts.has(*self.needs) else None


_TALK = ("state", "talkTime")
_ANSWER = ("state", "answerTime")

SUMS: dict[str, Sum] = {
    "n_calls": Sum((), lambda facts: np.ones(len(facts), dtype=bool)),
    "whole_calls": Sum((), lambda facts: facts.first_of_call),
    "answered": Sum(("state",), lambda facts: facts.answered),
    "talk_time_total_s": Sum(("talkTime",), lambda facts: _or_zero(facts.seconds("talkTime"))),
    "talk_time_answered_s": Sum(_TALK, lambda facts: _or_zero(facts.talk_time)),
    "talk_time_known": Sum(_TALK, lambda facts: ~np.isnan(facts.talk_time)),
    "answer_time_answered_s": Sum(_ANSWER, lambda facts: _or_zero(facts.answer_time)),
    "answer_time_known": Sum(_ANSWER, lambda facts: ~np.isnan(facts.answer_time)),
    "unique_clients": Sum(("clientNumber",), lambda facts: facts.first_of("clientNumber")),
    "client_calls": Sum(("clientNumber",), lambda facts: facts.is_known("clientNumber")),
    "first_time": Sum(("firstTimeForUser",), lambda facts: facts.is_true("firstTimeForUser")),
    "first_time_known": Sum(("firstTimeForUser",), lambda facts: facts.is_known("firstTimeForUser")),
    "ai_talk_time_total_s": Sum(("aiTalkTime",), lambda facts: _or_zero(facts.seconds("aiTalkTime"))),
    "recordings_ready": Sum(("isRecordReady",), lambda facts: facts.is_true("isRecordReady")),
    "transferred": Sum(("numbersInvolvedJSON",), lambda facts: facts.transferred),
    "with_transcript": Sum(
        ("state", "transcripts"), lambda facts: facts.answered & facts.has_content("transcripts")
    ),
    "positive": Sum(("outcomeType",), lambda facts: facts.is_label("outcomeType", "positive")),
}
"""What one call adds to each sum: flags are counted, seconds are added.

``unique_clients`` counts a client at its first call in the group, so it adds up over parts of the calls
only where all calls of a client are in one part.
"""


def tally(df: pd.DataFrame, split: Split, sums: Sequence[str], *, median: bool = False) -> pd.DataFrame:
    """Return the sums of each group of calls.

    Parameters
    ----------
    df
        Calls in any form.
    split
        What the calls are grouped by.
    sums
        Names in `SUMS`.
    median
        Whether the last level splits the answered calls by talk time.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each key; one column a sum. Counts are int64, seconds float64, sums whose column
        the frame lacks are null.
    """
    facts = Facts(df, split)
    keys = list(split.keys)
    if median:
        known = facts.talk_time if facts.has("state", "talkTime") else np.full(len(facts), np.nan)
        keys.append(key_of(pd.Series(known), TALK_TIME))
    return tally_of(keys, {name: SUMS[name](facts) for name in sums})


def tally_of(keys: Sequence[Key], contributions: Mapping[str, Contribution]) -> pd.DataFrame:
    """Return the sums of contributions that a table computes itself, one entry per row of the keys."""
    groups = grouped(keys)
    return pd.DataFrame(
        {name: _sum(groups, each) for name, each in contributions.items()}, index=groups.index
    )


def _sum(groups: Groups, contribution: Contribution) -> NDArray[np.int64] | NDArray[np.float64]:
    if contribution is None:
        return np.full(len(groups), np.nan)
    if contribution.dtype == np.bool_:
        return groups.count(contribution.astype(np.bool_, copy=False))
    return groups.sum(contribution.astype(np.float64, copy=False))


def add_up(table: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    """Return the sums of a tally over groups of its rows; a null stays null."""
    sums = pd.DataFrame({name: groups.sum(table[name].to_numpy()) for name in table}, index=groups.index)
    if len(table):
        # A group without rows would show 0 for a sum that is unknown for every other group.
        sums[table.columns[table.isna().all()]] = np.nan
    return sums.astype(table.dtypes)


def merge(tallies: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the tally of all calls from the tallies of parts of them."""
    table = pd.concat(list(tallies))
    return add_up(table, grouped(keys_of_index(table.index)))


class AdditiveForm(msgspec.Struct, frozen=True):
    """The two halves of an additive table.

    Parameters
    ----------
    tally
        Counts the sums of some calls: a frame of calls and options in, a tally out.
    finish
        Makes the table: a tally and options in.
    whole_clients
        Whether tallies add up only over parts that each hold all calls of a client. Such a table follows a
        client from call to call, or counts distinct clients.
    """

    tally: Callable[..., pd.DataFrame]
    finish: Callable[..., pd.DataFrame]
    whole_clients: bool = False

    def options(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the options of the table that `tally` takes, and those that `finish` takes."""
        tallied, finished = (inspect.signature(half).parameters for half in (self.tally, self.finish))
        return (
            {name: value for name, value in given.items() if name in tallied},
            {name: value for name, value in given.items() if name in finished},
        )

    @property
    def until_needed(self) -> bool:
        """Whether the tally depends on the latest call of all, so that every part must be given ``until``."""
        return "until" in inspect.signature(self.tally).parameters

    @property
    def days_needed(self) -> bool:
        """Whether the table depends on the time that all calls cover: `finish` is given it as ``days``."""
        return "days" in inspect.signature(self.finish).parameters


class AdditiveTable(Protocol[P]):
    """A table function that can be counted in parts: its `AdditiveForm` says how."""

    additive: AdditiveForm

    def __call__(self, df: pd.DataFrame, /, *args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
        """Return the table of these calls."""


def additive(
    tally: Callable[..., pd.DataFrame], finish: Callable[..., pd.DataFrame], *, whole_clients: bool = False
) -> Callable[[Callable[Concatenate[pd.DataFrame, P], pd.DataFrame]], AdditiveTable[P]]:
    """Declare a table function additive: it is ``finish(tally(df, …), …)``; see `AdditiveForm`."""

    def declare(table: Callable[Concatenate[pd.DataFrame, P], pd.DataFrame]) -> AdditiveTable[P]:
        declared = cast("AdditiveTable[P]", table)
        declared.additive = AdditiveForm(tally, finish, whole_clients)
        return declared

    return declare


def additive_form(table: Callable[..., Any]) -> AdditiveForm | None:
    """Return the halves of a table function; None for one that needs all calls in one place."""
    form: AdditiveForm | None = getattr(table, "additive", None)
    return form
