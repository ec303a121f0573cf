"""Two sets of calls side by side: the groups of either, and the clients that are in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._attempt_numbers import labeled_together
from brightcall_pandas.analysis._clusters import Clusters, Ratio, row_clusters
from brightcall_pandas.analysis._dimensions import By, Split, following, names_of, split_or_all
from brightcall_pandas.analysis._groups import Groups, folded_keys, grouped, keys_of_index
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._metrics import medians_in, metrics_of, refuse_empty, sums_for
from brightcall_pandas.analysis._tallies import VALUE, Counted, Sum, count, known_sums
from brightcall_pandas.frame import (
    client_codes,
    column,
    of_one_agent,
    of_one_lead,
    of_one_region,
    region_of,
    remembered,
)

__all__ = ["Sides"]


class Sides(msgspec.Struct, frozen=True):
    """The calls of both sides, `df` before `other`, each with its group among those of either side.

    Parameters
    ----------
    frames
        The calls of each side, told apart by the same field and region.
    splits
        What they are grouped by.
    counted
        What was counted of each side.
    groups
        The group of each row of a tally.
    declared
        The sums that were counted.
    """

    frames: tuple[pd.DataFrame, pd.DataFrame]
    splits: tuple[Split, Split]
    counted: tuple[Counted, Counted]
    groups: tuple[Groups, Groups]
    declared: Mapping[str, Sum]

    @classmethod
    def of(cls, first: pd.DataFrame, second: pd.DataFrame, by: By, metrics: Sequence[Metric]) -> Sides:
        """Return the sides of a comparison."""
        first, second = of_one_lead(*of_one_region(first, second))
        if "agent" in names_of(by):
            first, second = of_one_agent(first, second)
        first, second = labeled_together((first, second), following(names_of(by), first, second))
        sums, medians = sums_for(metrics), medians_in(metrics)
        splits = split_or_all(first, by), split_or_all(second, by)
        counted = (
            count(first, splits[0], sums, medians=medians),
            count(second, splits[1], sums, medians=medians),
        )
        both = pd.concat([each.table for each in counted])
        keys = folded_keys(keys_of_index(both.index), both["n_calls"].to_numpy())
        groups = grouped([key for key in keys if key.labels.name != VALUE])
        here, there = np.split(groups.codes, [len(counted[0].table)])
        of_rows = Groups(here, groups.index), Groups(there, groups.index)
        return cls((first, second), splits, counted, of_rows, sums)

    @property
    def tallies(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The sums of each side."""
        here, there = self.counted
        return here.table, there.table

    @property
    def is_other(self) -> NDArray[np.bool_]:
        """Whether a counted call is one of the other side."""
        return np.repeat([False, True], [len(each.groups.codes) for each in self.counted])

    @property
    def codes(self) -> NDArray[np.int64]:
        """The group of each counted call."""
        pairs = zip(self.groups, self.counted, strict=True)
        return np.concatenate([rows.codes[each.groups.codes] for rows, each in pairs])

    def values(self, name: str) -> NDArray[np.float64]:
        """Return what each counted call adds to a sum; null where its side lacks a column."""
        parts = []
        for each in self.counted:
            adds = each.contributions[name]
            known = np.full(len(each.groups.codes), np.nan) if adds is None else adds
            parts.append(known.astype(np.float64))
        return np.concatenate(parts)

    def clusters(self) -> NDArray[np.int64]:
        """Return a number for whatever calls depend on each other: the client, on both sides, or the call."""
        clients, free = _clients_of_both(self.frames)
        found = []
        for each, part in zip(clients, self.splits, strict=True):
            found.append(row_clusters(each, part.rows, free))
            free += len(each)
        return np.concatenate(found)

    @property
    def index(self) -> pd.Index:
        """The groups of either side."""
        return self.groups[0].index

    def sums(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the sums of each group on each side."""
        here, there = (
            known_sums(*each, self.declared) for each in zip(self.tallies, self.groups, strict=True)
        )
        return here, there

    def metrics(self, metrics: Sequence[Metric]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the metrics of each group on each side.

        Raises
        ------
        ValueError
            The denominator of a metric of the user's is 0 on both sides.
        """
        for each in metrics:
            refuse_empty(each, self.sums())
        here, there = (
            metrics_of(*each, metrics, empty=True) for each in zip(self.tallies, self.groups, strict=True)
        )
        return here, there

    def with_products(
        self, ratios: Sequence[Ratio], clusters: NDArray[np.int64]
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the sums of each group on each side, with the products that intervals of ratios need.

        The whole of a group are both of its sides, so that `shared` are the clients on both.
        """
        size = len(self.index)
        codes, both = self.codes + size * self.is_other, np.tile(np.arange(size), 2)
        values = {name: self.values(name) for pair in ratios for name in pair}
        products = Clusters(codes, 2 * size, clusters, both).products(values, ratios, wholes=True)
        here, there = self.sums()
        return (
            here.assign(**{name: values[:size] for name, values in products.items()}),
            there.assign(**{name: values[size:] for name, values in products.items()}),
        )


def _clients_of_both(sides: Sequence[pd.DataFrame]) -> tuple[list[NDArray[np.int64]], int]:
    """Return a number for the client of each call of either side, -1 where there is none, and how many."""
    known = ["clientNumber" in df.columns for df in sides]
    if not all(known):
        # Nobody can be on both sides.
        codes = [
            client_codes(df)[0] if has else np.full(len(df), -1) for df, has in zip(sides, known, strict=True)
        ]
        return codes, max(int(each.max(initial=-1)) + 1 for each in codes)

    def read() -> tuple[list[NDArray[np.int64]], int]:
        (own, here), (others, there) = client_codes(sides[0]), client_codes(sides[1])
        of_each, both = pd.factorize(here.append(there))  # those of this side keep their numbers
        return [own, np.append(np.asarray(of_each)[len(here) :], -1)[others]], len(both)

    numbers = [column(df, "clientNumber") for df in sides]
    return remembered(numbers, ("clients of both", *map(region_of, sides)), read)
