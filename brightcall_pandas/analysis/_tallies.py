"""Sums that can be added up, and the tables made of them.

A tally is a frame of sums, one row per group. Tallies of parts of the calls, added up by `merge`, are the
tally of all of them; rates come later, when a table is finished. A table function that is made of a tally
says so with the decorator `additive`. Each sum is declared once, in
`SUMS`, as what one call adds to it.

A median has an exact tally too: the level `TALK_TIME` splits every group by the talk time of its answered
calls, so that the tally keeps how often each value occurs.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Concatenate, ParamSpec, Protocol, cast

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._clients import add_told, told_of_clients
from brightcall_pandas.analysis._clusters import Clusters, Parts, Ratio, row_clusters
from brightcall_pandas.analysis._dimensions import Split, names_of
from brightcall_pandas.analysis._durations import impossible_durations, possible
from brightcall_pandas.analysis._groups import Groups, Key, folded_keys, grouped, key_of, keys_of_index
from brightcall_pandas.analysis.transfers._log import chain_log
from brightcall_pandas.frame import (
    FIELDS,
    client_codes,
    column,
    lead_field,
    leads_of,
    leads_told,
    region_of,
    with_region,
)

__all__ = [
    "LEAD",
    "SUMS",
    "TALK_TIME",
    "AdditiveForm",
    "AdditiveTable",
    "Counted",
    "Facts",
    "Sum",
    "add_up",
    "additive",
    "additive_form",
    "column_of_need",
    "count",
    "first_of_pair",
    "known_sums",
    "merge",
    "none_known",
    "tally",
    "tally_of",
]

P = ParamSpec("P")

TALK_TIME = "talk_time_s"
"""Name of the level that holds the talk time of answered calls; null for the others."""

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


def tally(
    df: pd.DataFrame,
    split: Split,
    sums: Sequence[str] | Mapping[str, Sum],
    *,
    median: bool = False,
    ratios: Sequence[Ratio] = (),
    wholes: int = 0,
) -> pd.DataFrame:
    """Return the sums of each group of calls.

    Parameters
    ----------
    df
        Calls in any form.
    split
        What the calls are grouped by.
    sums
        Names in `SUMS`, or sums by name.
    median
        Whether the last level splits the answered calls by talk time.
    ratios
        Pairs of `sums` whose products over the calls of each client are added, for their intervals. They add
        up over parts that each hold all calls of a client.
    wholes
        How many of the keys, the outer ones, make the wholes with the rest of which a group is compared.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each key; one column a sum. Counts are int64, seconds float64, sums whose column
        the frame lacks are null. The products of a group stand in the first of its rows.
    """
    counted = count(df, split, sums, median=median)
    if ratios:
        parts = Parts.of(counted.groups, counted.keys, wholes=wholes, inner=int(median))
        return _with_products(counted.table, parts, counted.contributions, counted.facts.clusters, ratios)
    return counted.table


class Counted(msgspec.Struct, frozen=True):
    """A tally, and what it was counted from.

    Parameters
    ----------
    table
        The tally.
    groups
        The row of the tally for each counted call.
    keys
        What makes them.
    contributions
        What each counted call adds to each sum.
    facts
        What is known of the calls.
    """

    table: pd.DataFrame
    groups: Groups
    keys: Sequence[Key]
    contributions: Mapping[str, Contribution]
    facts: Facts


def count(
    df: pd.DataFrame, split: Split, sums: Sequence[str] | Mapping[str, Sum], *, median: bool = False
) -> Counted:
    """Return the tally of calls, and what it was counted from; see `tally`."""
    facts = Facts(df, split)
    keys = list(split.keys)
    if median:
        known = facts.talk_time if facts.has("state", "talkTime") else np.full(len(facts), np.nan)
        keys.append(key_of(pd.Series(known), TALK_TIME))
    groups = grouped(keys)
    named = sums if isinstance(sums, Mapping) else {name: SUMS[name] for name in sums}
    contributions = {name: each(facts) for name, each in named.items()}
    return Counted(_table(groups, contributions), groups, keys, contributions, facts)


def _with_products(
    table: pd.DataFrame,
    parts: Parts,
    contributions: Mapping[str, Contribution],
    clusters: NDArray[np.int64],
    ratios: Sequence[Ratio],
) -> pd.DataFrame:
    found = Clusters(parts.codes, len(parts.places), clusters, parts.wholes)
    products = found.products(contributions, ratios, wholes=True)
    # All at once: pandas is slow, and says so, where many columns are added one by one.
    columns = {name: table[name].array for name in table}
    columns |= {name: parts.spread(values) for name, values in products.items()}
    return pd.DataFrame(columns, index=table.index)


def tally_of(
    keys: Sequence[Key],
    contributions: Mapping[str, Contribution],
    clusters: NDArray[np.int64] | None = None,
    *,
    ratios: Sequence[Ratio] = (),
    wholes: int = 0,
    inner: int = 0,
) -> pd.DataFrame:
    """Return the sums of contributions that a table computes itself, one entry per row of the keys.

    With `ratios` (see `tally`), `clusters` are the clients, as `row_clusters` numbers them, and `inner` is
    how many of the keys, the inner ones, only split groups further.
    """
    groups = grouped(keys)
    table = _table(groups, contributions)
    if clusters is not None:
        parts = Parts.of(groups, keys, wholes=wholes, inner=inner)
        return _with_products(table, parts, contributions, clusters, ratios)
    return table


def _table(groups: Groups, contributions: Mapping[str, Contribution]) -> pd.DataFrame:
    sums: dict[str, NDArray[np.number]] = {}
    of_all: NDArray[np.int64] | None = None
    for name, each in contributions.items():
        if each is not None and each.dtype == np.bool_ and each.all():  # often: nothing is unknown
            sums[name] = of_all = groups.count() if of_all is None else of_all
        else:
            sums[name] = _sum(groups, each)
    return pd.DataFrame(sums, index=groups.index)


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


def known_sums(
    table: pd.DataFrame, groups: Groups, declared: Mapping[str, Sum] | None = None
) -> pd.DataFrame:
    """Return the sums of a tally over groups of its rows; null where no call of a group has a known value.

    A sum whose calls with a known value are not in the tally is as `add_up` returns it. `declared` has the
    sums that are not in `SUMS`.
    """
    sums = add_up(table, groups)
    of = SUMS if declared is None else {**SUMS, **declared}
    columns = {name: sums[name] for name in sums}
    for name in [each for each in sums if each in of and of[each].known in sums]:
        known = sums[of[name].known]
        # A period without calls has none that could be known: its sum is 0.
        columns[name] = none_known(sums[name], known, sums["n_calls"], throughout=of[name].throughout)
    return pd.DataFrame(columns, index=sums.index)


def none_known(sums: pd.Series, known: pd.Series, of: pd.Series, *, throughout: bool = False) -> pd.Series:
    """Return sums, null for groups in which none of the calls that they are about has a known value.

    Parameters
    ----------
    sums
        A sum of each group.
    known
        Of how many calls of the group the value is known.
    of
        How many calls of the group the sum is about; of no calls it stays as it is.
    throughout
        Whether only a value that is known in no group at all is unknown.
    """
    lacks = np.broadcast_to(known.sum(), len(known)) == 0 if throughout else known.to_numpy() == 0
    unknown = lacks & (of > 0).to_numpy()
    return sums.astype(np.float64).mask(unknown) if unknown.any() else sums


def merge(tallies: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the tally of all calls from the tallies of parts of them."""
    parts = list(tallies)
    table = pd.concat(parts)
    merged = add_up(table, grouped(keys_of_index(table.index)))
    merged.attrs = {}
    for part in parts:
        _say_impossible(merged, part.attrs.get(_IMPOSSIBLE, {}))
    return merged


_IMPOSSIBLE = "impossible"


def _say_impossible(table: pd.DataFrame, found: Mapping[str, int]) -> pd.DataFrame:
    """Add to what a table's attrs say of durations that were left out."""
    if found:
        before = table.attrs.get(_IMPOSSIBLE, {})
        table.attrs[_IMPOSSIBLE] = before | {name: before.get(name, 0) + found[name] for name in found}
    return table


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
    tally: Callable[..., pd.DataFrame],
    finish: Callable[..., pd.DataFrame],
    *,
    whole_clients: bool = False,
    durations: Sequence[str] = (),
) -> Callable[[Callable[Concatenate[pd.DataFrame, P], pd.DataFrame]], AdditiveTable[P]]:
    """Declare a table function additive: it is ``finish(tally(df, …), …)``; see `AdditiveForm`.

    The table's ``attrs["impossible"]`` says how many of its `durations` were left out.
    """

    @functools.wraps(tally)
    def tallied(df: pd.DataFrame, *args: Any, **kwargs: Any) -> pd.DataFrame:
        return _say_impossible(tally(df, *args, **kwargs), impossible_durations(df, durations))

    @functools.wraps(finish)
    def finished(sums: pd.DataFrame, *args: Any, **kwargs: Any) -> pd.DataFrame:
        result = finish(sums, *args, **kwargs)
        result.attrs.pop(_IMPOSSIBLE, None)  # pandas may have carried it along already
        return _say_impossible(result, sums.attrs.get(_IMPOSSIBLE, {}))

    def declare(table: Callable[Concatenate[pd.DataFrame, P], pd.DataFrame]) -> AdditiveTable[P]:
        arguments = inspect.signature(table)

        @functools.wraps(table)
        def with_attrs(df: pd.DataFrame, /, *args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
            given = arguments.bind(df, *args, **kwargs).arguments
            result = _say_impossible(table(df, *args, **kwargs), impossible_durations(df, durations))
            counts = told_of_clients(with_region(df, given.get("region")), names_of(given.get("by")))
            if counts or whole_clients:
                add_told(result, [counts], region_of(df, given.get("region")))
            return result

        declared = cast("AdditiveTable[P]", with_attrs)
        declared.additive = AdditiveForm(tallied, finished, whole_clients)
        return declared

    return declare


def additive_form(table: Callable[..., Any]) -> AdditiveForm | None:
    """Return the halves of a table function; None for one that needs all calls in one place."""
    form: AdditiveForm | None = getattr(table, "additive", None)
    return form
