"""What one call adds to each sum: read from the frame once, and declared once, in `SUMS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._clusters import row_clusters
from brightcall_pandas.analysis._dimensions import Split
from brightcall_pandas.analysis._durations import possible
from brightcall_pandas.analysis._groups import Key, folded_keys, grouped
from brightcall_pandas.analysis.transfers._log import chain_log
from brightcall_pandas.frame import FIELDS, client_codes, column, lead_field, leads_of, leads_told

__all__ = [
    "LEAD",
    "MEDIANS",
    "SUMS",
    "Contribution",
    "Facts",
    "Median",
    "Sum",
    "column_of_need",
    "first_of_pair",
]

LEAD = "lead"
"""Stands for the field that tells the leads of a frame, among the columns that a sum needs."""

_EMPTY_JSON = ("", "{}", "[]", "null", '""')

Contribution = NDArray[np.bool_] | NDArray[np.float64] | None
"""What each call adds to a sum; None where the frame lacks the column, which makes the sum null."""


def column_of_need(df: pd.DataFrame, name: str) -> str:
    """Return the column that a sum needs of a frame."""
    return lead_field(df) if name == LEAD else name


class Facts:
    """What the sums need to know about each call, read from the frame once.

    Parameters
    ----------
    df
        Calls in any form.
    split
        What the calls are grouped by, and which rows count.
    as_sent
        Whether durations that no call can have are counted too, as a server does.
    """

    def __init__(self, df: pd.DataFrame, split: Split, *, as_sent: bool = False) -> None:
        self._df = df
        self._as_sent = as_sent
        self._keys = split.keys
        self._rows = split.rows
        self.kept: dict[Any, Any] = {}  # what metrics of the user's have evaluated, for each of their sums

    def __len__(self) -> int:
        return len(self._df) if self._rows is None else len(self._rows)

    @property
    def frame(self) -> pd.DataFrame:
        """The calls, those that are not counted among them."""
        return self._df

    def has(self, *names: str) -> bool:
        """Return whether the frame has these columns, or the one that tells its leads."""
        return all(column_of_need(self._df, name) in self._df.columns for name in names)

    def pick(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values, given one per call of the frame, for the calls that are counted."""
        return values if self._rows is None else values[self._rows]

    def series(self, name: str) -> pd.Series:
        """Return a column, a row for each counted call."""
        series = column(self._df, name)
        return series if self._rows is None else series.take(self._rows)

    def seconds(self, name: str) -> NDArray[np.float64]:
        """Return a column of numbers; NaN for a null, and for a duration that no call can have."""
        values = self.series(name).to_numpy(dtype=np.float64)
        return values if self._as_sent or FIELDS[name].unit != "s" else possible(values)

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

    @cached_property
    def _clients(self) -> NDArray[np.int64]:
        return client_codes(self._df)[0]

    @property
    def clients(self) -> NDArray[np.int64]:
        """A number for the client of each call, -1 where there is none."""
        return self._clients if self._rows is None else self._clients[self._rows]

    @property
    def clusters(self) -> NDArray[np.int64]:
        """A number for whatever calls depend on each other: the client, and -1 for a call without one."""
        if not self.has("clientNumber"):
            return row_clusters(np.full(len(self._df), -1), self._rows)
        return row_clusters(self._clients, self._rows)

    @property
    def first_of_client(self) -> NDArray[np.bool_]:
        """Where a client occurs for the first time in its group."""
        return self.first_of_clients(np.ones(len(self), dtype=bool))

    def first_of_clients(self, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return where, among some of the calls, a client occurs for the first time in its group."""
        return first_of_pair(self._keys, self.clients, among & (self.clients >= 0))

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
    def lead(self) -> NDArray[np.bool_]:
        """Where the call is a lead: its outcome is one that the user named, or else its type is positive."""
        return self.pick(leads_of(self._df))

    @property
    def lead_known(self) -> NDArray[np.bool_]:
        """Where it is known whether the call is a lead."""
        return self.pick(leads_told(self._df))

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

    @property
    def talk_told(self) -> NDArray[np.bool_]:
        """Where it is known how long the call talked: it was not answered, or its talk time is known."""
        return self.is_known("state") & (~self.answered | ~np.isnan(self.talk_time))

    @cached_property
    def answer_time(self) -> NDArray[np.float64]:
        """Seconds until an answered call was answered; NaN for the others."""
        return np.where(self.answered, self.seconds("answerTime"), np.nan)


def first_of_pair(
    keys: Sequence[Key], codes: NDArray[np.int64], among: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return where, among some of the rows, a code, 0 or more, occurs for the first time in its group."""
    pairs = codes[among]
    keys = [key for key in keys if len(key.labels) > 1]  # a single label separates nothing
    if keys:
        # Spellings are folded only when the table is finished, too late to recognize a client seen before.
        folded = folded_keys([key.take(np.flatnonzero(among)) for key in keys], np.ones(len(pairs)))
        pairs = grouped(folded).codes * (codes.max(initial=0) + 1) + pairs
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
    known
        Name of the sum that counts the calls of which the value is known: a group with none has no sum.
    throughout
        Whether only a column without any value is unknown, since a null says something of a single call:
        no client, no outcome.
    """

    needs: tuple[str, ...]
    adds: Callable[[Facts], Contribution]
    known: str | None = None
    throughout: bool = False

    def __call__(self, facts: Facts) -> Contribution:
        """Return what each call adds; None where the frame lacks a column."""
        return self.adds(facts) if facts.has(*self.needs) else None


_TALK = ("state", "talkTime")
_ANSWER = ("state", "answerTime")

SUMS: dict[str, Sum] = {
    "n_calls": Sum((), lambda facts: np.ones(len(facts), dtype=bool)),
    "whole_calls": Sum((), lambda facts: facts.first_of_call),
    "state_known": Sum(("state",), lambda facts: facts.is_known("state")),
    "answered": Sum(("state",), lambda facts: facts.answered, "state_known"),
    "talk_time_total_known": Sum(("talkTime",), lambda facts: ~np.isnan(facts.seconds("talkTime"))),
    "talk_time_total_s": Sum(
        ("talkTime",), lambda facts: _or_zero(facts.seconds("talkTime")), "talk_time_total_known"
    ),
    "talk_time_answered_s": Sum(_TALK, lambda facts: _or_zero(facts.talk_time)),
    "talk_time_known": Sum(_TALK, lambda facts: ~np.isnan(facts.talk_time)),
    "answer_time_answered_s": Sum(_ANSWER, lambda facts: _or_zero(facts.answer_time)),
    "answer_time_known": Sum(_ANSWER, lambda facts: ~np.isnan(facts.answer_time)),
    "unique_clients": Sum(
        ("clientNumber",), lambda facts: facts.first_of_client, "client_calls", throughout=True
    ),
    "client_calls": Sum(("clientNumber",), lambda facts: facts.clients >= 0),
    "first_time": Sum(("firstTimeForUser",), lambda facts: facts.is_true("firstTimeForUser")),
    "first_time_known": Sum(("firstTimeForUser",), lambda facts: facts.is_known("firstTimeForUser")),
    "ai_talk_time_known": Sum(("aiTalkTime",), lambda facts: ~np.isnan(facts.seconds("aiTalkTime"))),
    "ai_talk_time_total_s": Sum(
        ("aiTalkTime",), lambda facts: _or_zero(facts.seconds("aiTalkTime")), "ai_talk_time_known"
    ),
    "recording_known": Sum(("isRecordReady",), lambda facts: facts.is_known("isRecordReady")),
    "recordings_ready": Sum(
        ("isRecordReady",), lambda facts: facts.is_true("isRecordReady"), "recording_known", throughout=True
    ),
    "chain_known": Sum(("numbersInvolvedJSON",), lambda facts: facts.is_known("numbersInvolvedJSON")),
    "transferred": Sum(
        ("numbersInvolvedJSON",), lambda facts: facts.transferred, "chain_known", throughout=True
    ),
    "with_transcript": Sum(
        ("state", "transcripts"),
        lambda facts: facts.answered & facts.has_content("transcripts"),
        "with_transcript",
        throughout=True,
    ),
    "outcome_type_known": Sum(("outcomeType",), lambda facts: facts.is_known("outcomeType")),
    "delivered": Sum(
        ("state",), lambda facts: facts.is_known("state") & ~facts.is_label("state", "failed"), "state_known"
    ),
    "talk_told": Sum(_TALK, lambda facts: facts.talk_told),
    "talked": Sum(_TALK, lambda facts: facts.talk_time > 0, "talk_told"),
    "talked_10s": Sum(_TALK, lambda facts: facts.talk_time >= 10, "talk_told"),
    "talked_30s": Sum(_TALK, lambda facts: facts.talk_time >= 30, "talk_told"),
    "talked_120s": Sum(_TALK, lambda facts: facts.talk_time >= 120, "talk_told"),
    "talked_300s": Sum(_TALK, lambda facts: facts.talk_time >= 300, "talk_told"),
    "outcome_told": Sum(
        ("state", "outcomeType"),
        lambda facts: (
            facts.answered & facts.is_known("outcomeType") & ~facts.is_label("outcomeType", "absent")
        ),
        "outcome_type_known",
        throughout=True,
    ),
    "clients_reached": Sum(
        ("state", "clientNumber"),
        lambda facts: facts.first_of_clients(facts.answered),
        "client_calls",
        throughout=True,
    ),
    "clients_won": Sum(
        (LEAD, "clientNumber"),
        lambda facts: facts.first_of_clients(facts.lead),
        "lead_known",
        throughout=True,
    ),
    "positive_answered": Sum(
        ("state", LEAD), lambda facts: facts.lead & facts.answered, "lead_known", throughout=True
    ),
    "positive_30s": Sum(
        (*_TALK, LEAD), lambda facts: facts.lead & (facts.talk_time >= 30), "lead_known", throughout=True
    ),
    "lead_known": Sum((LEAD,), lambda facts: facts.lead_known),
    "positive": Sum((LEAD,), lambda facts: facts.lead, "lead_known", throughout=True),
}
"""What one call adds to each sum: flags are counted, seconds are added.

``unique_clients`` counts a client at its first call in the group, so it adds up over parts of the calls
only where all calls of a client are in one part.
"""


class Median(msgspec.Struct, frozen=True):
    """A number that is no sum, nor made of two: the middle one of the values of a group's calls.

    Parameters
    ----------
    known
        Name of the sum that counts the calls that have a value.
    values
        Makes the value of each call; NaN where it has none.
    """

    known: str
    values: Callable[[Facts], NDArray[np.float64]]

    def __call__(self, facts: Facts) -> NDArray[np.float64]:
        """Return the value of each call; NaN throughout where the frame lacks a column."""
        return self.values(facts) if facts.has(*SUMS[self.known].needs) else np.full(len(facts), np.nan)


MEDIANS: dict[str, Median] = {
    "answer_time_median_s": Median("answer_time_known", lambda facts: facts.answer_time),
    "talk_time_median_s": Median("talk_time_known", lambda facts: facts.talk_time),
}
"""The medians that tables have, by name."""
