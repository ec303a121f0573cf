"""The calls of one client taken together: sums over clients of products of what each one adds to two sums.

They are what `_chance` needs to know besides the sums of a group. A call without a client is a client of its
own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import product

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._chance import Clustered, Crossed
from brightcall_pandas.analysis._groups import (
    Groups,
    Key,
    folded_keys,
    grouped,
    is_folded,
    keys_of_index,
    observed,
    outer_codes,
)
from brightcall_pandas.analysis._sorting import runs_of

__all__ = [
    "Clusters",
    "Parts",
    "Ratio",
    "all_numbered",
    "clustered",
    "crossed",
    "products_for",
    "row_clusters",
    "shared",
]

Values = NDArray[np.bool_] | NDArray[np.float64]
Ratio = tuple[str, str]
"""Names of the sums that are its numerator and its denominator."""


class Clusters:
    """The calls of each client in each group.

    Parameters
    ----------
    codes
        Group of each call.
    n_groups
        How many groups there are.
    clients
        A number for the client of each call, negative where there is none.
    wholes
        For each group the number of the whole that it is part of. None: all groups are parts of one.
    """

    def __init__(
        self,
        codes: NDArray[np.int64],
        n_groups: int,
        clients: NDArray[np.int64],
        wholes: NDArray[np.int64] | None = None,
    ) -> None:
        self._codes, self._n_groups = codes, n_groups
        self._clients = clients
        self._n_clients = int(clients.max(initial=-1)) + 1
        self._wholes = np.zeros(n_groups, dtype=np.int64) if wholes is None else wholes

    @cached_property
    def _told(self) -> NDArray[np.intp] | slice:
        """The calls that have a client."""
        known = self._clients >= 0
        return slice(None) if known.all() else np.flatnonzero(known)

    @cached_property
    def _alone(self) -> NDArray[np.intp]:
        """The calls that have none."""
        return np.flatnonzero(self._clients < 0)

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Number of the pair of group and client of each call that has one; group and client of each pair."""
        size = max(self._n_clients, 1)
        place, pairs = observed(
            self._codes[self._told] * size + self._clients[self._told], self._n_groups * size
        )
        return place, pairs // size, pairs % size

    @cached_property
    def _runs(self) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        """The groups that have pairs, and where the pairs of each begin: they stand group by group."""
        _, groups, _ = self._pairs
        begins = np.flatnonzero(np.diff(groups, prepend=-1))
        return groups[begins], begins

    @cached_property
    def _places(self) -> tuple[NDArray[np.int64], int]:
        """Number of the pair of whole and client that each pair belongs to, and how many there are."""
        _, groups, clients = self._pairs
        if not self._wholes.any():
            return clients, self._n_clients
        codes = self._wholes[groups] * max(self._n_clients, 1) + clients
        place, found = runs_of(codes)
        return place, len(found)

    def of_clients(self, values: Values) -> NDArray[np.float64]:
        """Return the sum of `values`, one a call, of each pair of group and client."""
        place, groups, _ = self._pairs
        return np.bincount(place, weights=values[self._told], minlength=len(groups)).astype(np.float64)

    @property
    def clients_of_pairs(self) -> NDArray[np.int64]:
        """The client of each pair of group and client."""
        return self._pairs[2]

    def of_wholes(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each pair the sum of its client over all groups of the whole, from `of_clients`."""
        place, size = self._places
        return np.bincount(place, weights=sums, minlength=size).astype(np.float64)[place]

    def add_up(
        self, products: NDArray[np.float64], alone: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return the sum in each group of products, one a pair, and of those of calls without a client."""
        some, begins = self._runs
        total = np.zeros(self._n_groups)
        if len(some):
            total[some] = np.add.reduceat(products, begins)
        if alone is not None and len(alone):
            total += np.bincount(self._codes[self._alone], weights=alone, minlength=self._n_groups)
        return total

    def products(
        self, values: Mapping[str, Values | None], ratios: Iterable[Ratio], *, wholes: bool = False
    ) -> dict[str, NDArray[np.float64]]:
        """Return the sums of products that intervals of these ratios need, one value a group.

        Parameters
        ----------
        values
            What each call adds to each sum; None where that is unknown, and then the products are null.
        ratios
            Numerator and denominator of each, keys of `values`.
        wholes
            Whether to compare groups with the rest of their whole, too.
        """
        needed = products_for(ratios, wholes=wholes)
        names = dict.fromkeys(name for pair in needed.values() for name in pair[:2])
        known = {name: np.asarray(values[name]) for name in names if values[name] is not None}
        own = {name: self.of_clients(each) for name, each in known.items()}
        whole = {name: self.of_wholes(each) for name, each in own.items()} if wholes else {}
        alone = {name: each[self._alone].astype(np.float64) for name, each in known.items()}
        result = {}
        for label, (one, other, of_whole) in needed.items():
            if one not in known or other not in known:
                result[label] = np.full(self._n_groups, np.nan)
                continue
            second = whole[other] if of_whole else own[other]
            result[label] = self.add_up(own[one] * second, alone[one] * alone[other])
        return result


def row_clusters(
    clients: NDArray[np.int64], rows: NDArray[np.int64] | None, free: int | None = None
) -> NDArray[np.int64]:
    """Return a number for whatever counted calls depend on each other; negative for a call on its own.

    Parameters
    ----------
    clients
        A number for the client of each call of a frame, -1 where there is none.
    rows
        Position of each counted call, ascending; None: each call counts once.
    free
        The first number that no client has; None: the one behind the last of `clients`.
    """
    if rows is None:
        return clients
    counted = clients[rows]
    if (np.diff(rows) > 0).all():
        return counted
    # A call that counts in several groups depends on itself, though nobody knows its client.
    free = int(clients.max(initial=-1)) + 1 if free is None else free
    return np.where(counted < 0, free + rows, counted)


def all_numbered(clusters: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Return clusters in which each call on its own has a number of its own, too, and how many there are."""
    size, alone = int(clusters.max(initial=-1)) + 1, clusters < 0
    numbered = np.where(alone, size + np.cumsum(alone) - 1, clusters)
    return numbered, size + int(np.count_nonzero(alone))


class Parts(msgspec.Struct, frozen=True):
    """The groups of a finished table, while its tally has rows for their spellings and other parts.

    Parameters
    ----------
    codes
        Group of each call.
    places
        A row of the tally for each group, its first.
    wholes
        For each group the number of the whole that it is part of.
    rows
        How many rows the tally has.
    """

    codes: NDArray[np.int64]
    places: NDArray[np.int64]
    wholes: NDArray[np.int64]
    rows: int

    @classmethod
    def of(cls, groups: Groups, keys: Sequence[Key], *, wholes: int = 0, inner: int = 0) -> Parts:
        """Return the parts of a tally.

        Parameters
        ----------
        groups
            Its rows.
        keys
            What makes them, a label for each call.
        wholes
            How many of the keys, the outer ones, make a whole.
        inner
            How many of the keys, the inner ones, split groups further.
        """
        if not inner and not any(is_folded(key.labels) for key in keys):
            places = np.arange(len(groups))
            return cls(groups.codes, places, outer_codes(groups, keys[:wholes]), len(groups))
        # A client whose calls have two spellings, or are in two inner rows, is one client of the group.
        folded = folded_keys(keys_of_index(groups.index)[: len(keys) - inner], np.ones(len(groups)))
        found = grouped(folded)
        places = np.unique(found.codes, return_index=True)[1]
        return cls(found.codes[groups.codes], places, outer_codes(found, folded[:wholes]), len(groups))

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values, one a group, as a column of the tally that adds up to them."""
        column = np.full(self.rows, np.nan if np.isnan(values).all() else 0.0)
        column[self.places] = values
        return column


def products_for(ratios: Iterable[Ratio], *, wholes: bool = False) -> dict[str, tuple[str, str, bool]]:
    """Return the products that these ratios need: label → the two sums, and whether one is of the whole."""
    needed = {}
    for top, bottom in ratios:
        for one, other in ((top, top), (top, bottom), (bottom, bottom)):
            needed[_within(one, other)] = (one, other, False)
        for one, other in product((top, bottom), repeat=2) if wholes else ():
            needed[_of_whole(one, other)] = (one, other, True)
    return needed


def _within(one: str, other: str) -> str:
    return f"{one} × {other}"


def _of_whole(one: str, other: str) -> str:
    return f"{one} × {other} of the whole"


def clustered(sums: pd.DataFrame, ratio: Ratio) -> Clustered:
    """Return what an interval of a ratio needs, from sums that have its products."""
    top, bottom = ratio
    names = (top, bottom, _within(top, top), _within(top, bottom), _within(bottom, bottom))
    return Clustered(*(sums[name].to_numpy(dtype=np.float64) for name in names))


def crossed(sums: pd.DataFrame, ratio: Ratio) -> Crossed:
    """Return what a comparison with the rest needs besides, from sums with the products of the whole."""
    names = [_of_whole(*pair) for pair in product(ratio, repeat=2)]
    return Crossed(*(sums[name].to_numpy(dtype=np.float64) for name in names))


def shared(sums: pd.DataFrame, ratio: Ratio) -> Crossed:
    """Return the products of each group with the rest of its whole, from sums as for `crossed`."""
    own, whole = clustered(sums, ratio), crossed(sums, ratio)
    return Crossed(
        whole.top_top - own.top_top,
        whole.top_bottom - own.top_bottom,
        whole.bottom_top - own.top_bottom,
        whole.bottom_bottom - own.bottom_bottom,
    )
