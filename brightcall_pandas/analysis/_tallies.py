"""Sums that can be added up, and the tables made of them.

A tally is a frame of sums, one row per group. Tallies of parts of the calls, added up by `merge`, are the
tally of all of them; rates come later, when a table is finished. A table function that is made of a tally
says so with the decorator `additive`. `_sums` declares what one call adds to each sum.

A median has an exact tally too: below each group, the level `VALUE` has a row for every value that occurs,
with how often it does. To all other sums such a row adds nothing.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, cast

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._attempt_numbers import told_of_begins, warn_of_begins
from brightcall_pandas.analysis._clients import add_told, told_of_clients
from brightcall_pandas.analysis._clusters import Clusters, Parts, Ratio
from brightcall_pandas.analysis._dimensions import (
    DIRECTION_OF_DIALING,
    Split,
    following,
    names_of,
    of_direction,
)
from brightcall_pandas.analysis._durations import impossible_durations
from brightcall_pandas.analysis._groups import Groups, Key, grouped, key_of, keys_of_index
from brightcall_pandas.analysis._sums import (
    LEAD,
    MEDIANS,
    SUMS,
    Contribution,
    Facts,
    Sum,
    column_of_need,
    first_of_pair,
)
from brightcall_pandas.frame import region_of, with_region

__all__ = [
    "LEAD",
    "MEDIANS",
    "SUMS",
    "VALUE",
    "AdditiveForm",
    "AdditiveTable",
    "Contribution",
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

VALUE = "(value)"
"""Name of the level that holds the values behind medians; null in the row with all other sums of a group."""


def tally(
    df: pd.DataFrame,
    split: Split,
    sums: Sequence[str] | Mapping[str, Sum],
    *,
    medians: Sequence[str] = (),
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
    medians
        Names in `MEDIANS`, each a column that counts the values of which it is the middle one.
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
    counted = count(df, split, sums, medians=medians)
    if ratios:
        parts = Parts.of(counted.groups, counted.keys, wholes=wholes)
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
    df: pd.DataFrame, split: Split, sums: Sequence[str] | Mapping[str, Sum], *, medians: Sequence[str] = ()
) -> Counted:
    """Return the tally of calls, and what it was counted from; see `tally`."""
    facts = Facts(df, split)
    named = sums if isinstance(sums, Mapping) else {name: SUMS[name] for name in sums}
    contributions = {name: each(facts) for name, each in named.items()}
    if not medians:
        groups = grouped(split.keys)
        return Counted(_table(groups, contributions), groups, split.keys, contributions, facts)
    groups, often = _by_value(split.keys, {name: MEDIANS[name](facts) for name in medians})
    return Counted(_table(groups, contributions).assign(**often), groups, split.keys, contributions, facts)


def _by_value(
    keys: Sequence[Key], values: Mapping[str, NDArray[np.float64]]
) -> tuple[Groups, dict[str, NDArray[np.int64]]]:
    """Return groups with a row for each value that occurs in them, and how often it does, by its name."""
    known = [np.flatnonzero(~np.isnan(each)) for each in values.values()]
    calls = np.arange(len(keys[0].codes))
    rows = np.concatenate([calls, *known])
    found = [each[at] for each, at in zip(values.values(), known, strict=True)]
    value = key_of(pd.Series(np.concatenate([np.full(len(calls), np.nan), *found])), VALUE)
    groups = grouped([*(key.take(rows) for key in keys), value])
    of_calls, *of_values = np.split(groups.codes, np.cumsum([len(calls), *map(len, known)])[:-1])
    often = [np.bincount(each, minlength=len(groups)) for each in of_values]
    return Groups(of_calls, groups.index), dict(zip(values, often, strict=True))


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
    attempts
        Whether the table numbers the attempts of clients: to show them, or to compare alike ones.
    """

    tally: Callable[..., pd.DataFrame]
    finish: Callable[..., pd.DataFrame]
    whole_clients: bool = False
    attempts: Literal["shown", "adjusted for"] | None = None

    def told(self, df: pd.DataFrame, given: Mapping[str, Any]) -> dict[str, int]:
        """Count what the table does not know of clients, in calls or in all calls of some clients.

        What `told_of_clients` and `told_of_begins` count, for these arguments of the table.
        """
        names = names_of(given.get("by"))
        counts = told_of_clients(df, names)
        if self.attempts or following(names, df):
            direction: Any = given.get("direction", DIRECTION_OF_DIALING) if self.attempts else "outbound"
            counts |= told_of_begins([df], of_direction(df, direction))
        return counts

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


_REMEDY = "Load the days before, too, and leave no calls of a client out by a filter."


def additive(
    tally: Callable[..., pd.DataFrame],
    finish: Callable[..., pd.DataFrame],
    *,
    whole_clients: bool = False,
    durations: Sequence[str] = (),
    attempts: Literal["shown", "adjusted for"] | None = None,
) -> Callable[[Callable[Concatenate[pd.DataFrame, P], pd.DataFrame]], AdditiveTable[P]]:
    """Declare a table function additive: it is ``finish(tally(df, …), …)``; see `AdditiveForm`.

    The table's ``attrs["impossible"]`` says how many of its `durations` were left out. A table that numbers
    attempts, as its rows, in `by` or to compare alike ones, says in ``attrs["brightcall"]["clients"]`` how
    many clients had begun before; it warns where it shows attempts and many had.
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
        form = AdditiveForm(tallied, finished, whole_clients, attempts)

        @functools.wraps(table)
        def with_attrs(df: pd.DataFrame, /, *args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
            given = arguments.bind(df, *args, **kwargs).arguments
            result = _say_impossible(table(df, *args, **kwargs), impossible_durations(df, durations))
            counts = form.told(with_region(df, given.get("region")), given)
            if attempts != "adjusted for":
                warn_of_begins(counts, _REMEDY)
            if counts or whole_clients:
                add_told(result, [counts], region_of(df, given.get("region")))
            return result

        declared = cast("AdditiveTable[P]", with_attrs)
        declared.additive = form
        return declared

    return declare


def additive_form(table: Callable[..., Any]) -> AdditiveForm | None:
    """Return the halves of a table function; None for one that needs all calls in one place."""
    form: AdditiveForm | None = getattr(table, "additive", None)
    return form
