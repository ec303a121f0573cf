"""Which of many rates differ by more than chance gives: one list of all that was looked at, and one level.

A rate of a group can have *moved* since other calls, or stand *apart* from the other groups of the same
calls. Either is tested within strata, so that nothing is said of a group that a third thing explains: first
dials are answered more often than further ones, and come early in a list's life.

::

    excess      Σ hits − expected, from the rate of both sides in each stratum    Cochran 1954
    p-value     Cochran, Mantel and Haenszel, ÷ design effect of clients          Rao and Scott 1984
    difference  Mantel–Haenszel's, excess ÷ Σ weights                             Greenland and Robins 1985
    many        false discovery rate over the whole list                          Benjamini and Hochberg 1995

How these become statements is in `_findings_told`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._chance import p_values_of_excess
from brightcall_pandas.analysis._dimensions import Direction, split
from brightcall_pandas.analysis._findings_calls import Both, CountedCalls, counted, together
from brightcall_pandas.analysis._findings_told import judged
from brightcall_pandas.analysis._groups import NONE, folded_keys, grouped
from brightcall_pandas.analysis._intervals import level
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._rates import checked_confidence, normal_quantile, ratio

__all__ = ["FINDING_COLUMNS", "Look", "findings", "rows_of_group"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FINDING_COLUMNS = (
    "kind", "direction", "metric", "dimension", "group", "hits", "n", "rate", "hits_other", "n_other",
    "rate_other", "difference", "difference_low", "difference_high", "p_value", "weight", "beyond_chance",
    "told_with", "since",
)  # fmt: skip
"""Columns of `findings`."""

_OF_TIME = ("hour", "weekday")
_ENOUGH = 5.0  # hits and misses expected on either side, so that the test holds
_ENOUGH_CLIENTS = 10
_MOST_APART = 0.2  # shares of hits and of misses that have a group: else the group is told by the result


class Look(msgspec.Struct, frozen=True):
    """What is looked at: some rates of the calls of one direction.

    Parameters
    ----------
    direction
        Of the calls; None: of every direction.
    metrics
        Rates that are calls ÷ calls.
    """

    direction: Direction
    metrics: Sequence[Metric]


def findings(
    df: pd.DataFrame,
    other: pd.DataFrame | None,
    looks: Sequence[Look],
    dimensions: Sequence[str],
    *,
    before: pd.DataFrame | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return all differences that were looked at, the surest first: by p-value ÷ weight.

    Parameters
    ----------
    df
        Calls, for example of a week.
    other
        Calls to hold them against, for example of the week before; None: groups are only held against each
        other.
    looks
        Which rates of which calls.
    dimensions
        What makes groups; the whole is looked at, too.
    before
        Calls before all these, by which attempts are numbered; those of a client whose first call is not in
        sight are left out of what is held against the other calls, if ``firstTimeForTree`` tells.
    confidence
        1 − the false discovery rate over all rows of the table, and the confidence of the intervals.

    Returns
    -------
    pandas.DataFrame
        A row for each rate of each group that has enough calls to be tested (5 hits and 5 misses expected on
        either side, 10 clients), columns `FINDING_COLUMNS`: ``kind`` (``moved`` since the other calls, or
        ``apart`` from the other groups), ``n`` and ``hits`` (denominator and numerator of ``rate``), the same
        of the side that it is held against, ``difference`` within the strata with its interval,
        ``p_value``, ``weight`` (by which it is divided), ``beyond_chance``, ``told_with`` (the row that lets
        expect it; null for news of its own), and ``since`` (of what moved: the day from which on).

    Notes
    -----
    What moved is held against the other calls at the same attempt, what stands apart against the other groups
    at the same attempt, hour and project; calls without a group are in no group and in no rest. A dimension
    is left out where hits have a group much more often than misses, or less: who took a call that nobody
    answered, nobody knows. The client is the cluster: the
    variance is multiplied by the larger of two design effects, that of the group and that of all groups
    pooled, 1 at least.

    The level is that of the whole table. Each question (has the answer rate of outbound calls moved for any
    project?) has the same part of it, one about what moved twice that of one about what stands apart; its
    groups share it alike. So the whole, which is one test, is not measured by the bar of thirteen agents.
    These weights depend on what is asked, and not on what is found (Genovese, Roeder and Wasserman 2006,
    False discovery control with p-value weighting).

    What is told was picked because it is large. So the end of its interval near no difference is that of
    Benjamini and Yekutieli (2005, False discovery rate-adjusted multiple confidence intervals for selected
    parameters): of the intervals of all that is beyond chance, at most 1 − `confidence` are expected to miss.
    The other end cannot be led astray by the choice, and is the usual one.

    Of what moved, and then of what stands apart, the surest is news; a further difference is told with news
    from which at least a third of it follows, unless what is left is beyond chance by itself: the rise of a
    project is seen in the agents who work in it, and that of answers in the leads.
    """
    checked_confidence(confidence)
    both = Both(*together(df, other), before)
    rows = [
        row
        for look in looks
        for metric in look.metrics
        for row in _of_metric(both, look.direction, metric, dimensions, confidence)
    ]
    metrics = {(str(look.direction or ""), metric.name): metric for look in looks for metric in look.metrics}
    table = judged(pd.DataFrame(rows, columns=list(FINDING_COLUMNS)), both, metrics, confidence)
    table.attrs["brightcall"] = {"confidence": confidence, "false_discovery_rate": level(confidence)}
    return table


class _Cells(msgspec.Struct, frozen=True):
    """Both sides of each group in each stratum: what a difference within strata is made of.

    `group` has the group of each cell; `first`, `second` are calls of both sides, `hits` those of the first,
    `all_hits` those of both.
    """

    group: Ints
    first: Floats
    second: Floats
    hits: Floats
    all_hits: Floats

    @property
    def calls(self) -> Floats:
        """Calls of both sides."""
        return self.first + self.second

    @property
    def usual(self) -> Floats:
        """The rate of both sides together."""
        return ratio(self.all_hits, self.calls)

    def add_up(self, values: Floats, groups: int) -> Floats:
        """Return the sum over the cells of each group that have both sides."""
        told = (self.first > 0) & (self.second > 0)
        return np.bincount(self.group[told], weights=values[told], minlength=groups).astype(np.float64)

    def variance(self, difference: Floats | None = None) -> Floats:
        """Return the variance of the excess of each cell; with a difference, that both rates lie apart."""
        apart = np.zeros(len(self.group)) if difference is None else difference[self.group]
        weight, few = self.first * self.second / self.calls, self.calls / np.maximum(self.calls - 1, 1)
        here = np.clip(self.usual + self.second / self.calls * apart, 0, 1)
        there = np.clip(self.usual - self.first / self.calls * apart, 0, 1)
        one, two = ratio(here * (1 - here), self.first), ratio(there * (1 - there), self.second)
        return weight**2 * (np.nan_to_num(one) + np.nan_to_num(two)) * few


def _of_metric(
    both: Both, direction: Direction, metric: Metric, dimensions: Sequence[str], confidence: float
) -> Iterator[dict[str, object]]:
    """Return the rows of one rate of the calls of one direction."""
    if (calls := counted(both, direction, metric)) is None:
        return
    rows, has_other = calls.rows, bool(calls.is_other.any())
    same = both.alike("moved", "")[rows]
    told: dict[str, object] = {"direction": direction or "", "metric": metric.name}
    if has_other:
        whole = np.zeros(len(rows), dtype=np.int64), ["all"]
        yield from _moved(both, calls, whole, same, {**told, "dimension": ""}, confidence)
    for name in dimensions:
        codes, labels = both.groups(name)
        codes = codes[rows]
        named = both.named(name)
        if named[np.unique(codes)].sum() < 2 if labels else True:
            continue  # of a single group all is said already
        if _told_by_result(named[codes], calls.hit):
            continue
        of_dimension = {**told, "dimension": name}
        if has_other and name not in _OF_TIME:
            yield from _moved(both, calls, (codes, labels), same, of_dimension, confidence)
        alike = both.alike("apart", name)[rows]
        yield from _apart(calls, (codes, labels), alike, of_dimension, confidence)


def _told_by_result(named: NDArray[np.bool_], hit: Floats) -> bool:
    """Tell whether a call has a group because it is a hit, as one has an agent because it was answered."""
    shares = [float(named[hit == each].mean()) if (hit == each).any() else 1.0 for each in (0, 1)]
    return abs(shares[1] - shares[0]) > _MOST_APART


def _moved(  # noqa: PLR0917
    both: Both,
    calls: CountedCalls,
    groups: tuple[Ints, list[str]],
    strata: Ints,
    told: dict[str, object],
    confidence: float,
) -> Iterator[dict[str, object]]:
    """Return the rows of groups held against their own other calls; calls of no stratum are left out."""
    codes, labels = groups
    sides = [_totals(codes, len(labels), calls, calls.is_other == other) for other in (False, True)]
    known = strata >= 0
    calls = CountedCalls(*(getattr(calls, name)[known] for name in calls.__struct_fields__))
    codes, strata = codes[known], strata[known]
    place, cells = _cell_codes(codes, strata)
    here = ~calls.is_other
    size = len(cells)

    def sums(values: Floats, mask: NDArray[np.bool_]) -> Floats:
        return np.bincount(place[mask], weights=values[mask], minlength=size).astype(np.float64)

    ones = np.ones(len(codes))
    first, second = sums(ones, here), sums(ones, ~here)
    found = _Cells(cells, first, second, sums(calls.hit, here), sums(calls.hit, ones > 0))
    share = np.where(here, second[place], -first[place]) / found.calls[place]
    moved = share * (calls.hit - found.usual[place])
    effects = _design_effects(codes, len(labels), calls.clients, moved)
    clients = [_distinct(codes[mask], calls.clients[mask], len(labels)) for mask in (here, ~here)]
    for number, row in _rows(found, labels, effects, np.minimum(*clients), confidence):
        named = _named(labels[number], sides, number)
        yield {
            "kind": "moved",
            **told,
            **named,
            **row,
            "since": _since(both, calls, codes == number, place, found),
        }


def _apart(
    calls: CountedCalls,
    groups: tuple[Ints, list[str]],
    strata: Ints,
    told: dict[str, object],
    confidence: float,
) -> Iterator[dict[str, object]]:
    """Return the rows of groups held against all others, among the calls of this side that have a stratum."""
    codes, labels = groups
    here = ~calls.is_other & (strata >= 0)
    codes, hit, clients = codes[here], calls.hit[here], calls.clients[here]
    stratum = np.unique(strata[here], return_inverse=True)[1]
    place, cells = _cell_codes(codes, stratum)
    of_cell = np.zeros(len(cells), dtype=np.int64)
    of_cell[place] = stratum
    first = np.bincount(place, minlength=len(cells)).astype(np.float64)
    hits = np.bincount(place, weights=hit, minlength=len(cells)).astype(np.float64)
    calls_of, hits_of = (
        np.bincount(of_cell, weights=each)[of_cell].astype(np.float64) for each in (first, hits)
    )
    found = _Cells(cells, first, calls_of - first, hits, hits_of)
    effects = _design_effects(codes, len(labels), clients, hit - found.usual[place])
    counts = np.bincount(codes, minlength=len(labels)), np.bincount(codes, weights=hit, minlength=len(labels))
    sides = [counts, (counts[0].sum() - counts[0], counts[1].sum() - counts[1])]
    distinct = _distinct(codes, clients, len(labels))
    for number, row in _rows(found, labels, effects, distinct, confidence):
        yield {"kind": "apart", **told, **_named(labels[number], sides, number), **row, "since": None}


def _cell_codes(codes: Ints, strata: Ints) -> tuple[Ints, Ints]:
    """Return the cell of each call, and the group of each cell."""
    size = int(strata.max(initial=0)) + 1
    cells, place = np.unique(codes * size + strata, return_inverse=True)
    return place, cells // size


def _totals(codes: Ints, groups: int, calls: CountedCalls, mask: NDArray[np.bool_]) -> tuple[Ints, Floats]:
    """Return calls and hits of each group on one side."""
    hits = np.bincount(codes[mask], weights=calls.hit[mask], minlength=groups)
    return np.bincount(codes[mask], minlength=groups), hits.astype(np.float64)


def _distinct(codes: Ints, clients: Ints, groups: int) -> Floats:
    """Return how many clients each group has."""
    pairs = np.unique(codes * (int(clients.max(initial=0)) + 1) + clients)
    return np.bincount(pairs // (int(clients.max(initial=0)) + 1), minlength=groups).astype(np.float64)


def _design_effects(codes: Ints, groups: int, clients: Ints, moved: Floats) -> Floats:
    """Return by how much calls of one client, resembling each other, raise the variance of each group."""
    size = int(clients.max(initial=0)) + 1
    pairs, place = np.unique(codes * size + clients, return_inverse=True)
    of_client = np.bincount(place, weights=moved) ** 2
    together_ = np.bincount(pairs // size, weights=of_client, minlength=groups)
    alone = np.bincount(codes, weights=moved**2, minlength=groups)
    own = np.nan_to_num(ratio(together_, alone), nan=1.0)
    pooled = together_.sum() / alone.sum() if alone.sum() else 1.0
    return np.maximum(np.maximum(own, pooled), 1.0)


def _rows(
    cells: _Cells, labels: Sequence[str], effects: Floats, clients: Floats, confidence: float
) -> Iterator[tuple[int, dict[str, object]]]:
    """Return difference, interval and p-value of each group that can be tested and has a name."""
    size = len(labels)
    weights = cells.add_up(cells.first * cells.second / cells.calls, size)
    expected = cells.first * cells.usual
    excess = cells.add_up(cells.hits - expected, size)
    variance = cells.add_up(cells.variance(), size)
    difference = np.nan_to_num(ratio(excess, weights))
    error = np.sqrt(np.maximum(cells.add_up(cells.variance(difference), size), variance * 0.25) * effects)
    reach = normal_quantile(confidence) * ratio(error, weights)
    p_values = p_values_of_excess(excess, variance, effects)
    counts = [
        cells.add_up(side * rate, size)
        for side in (cells.first, cells.second)
        for rate in (cells.usual, 1 - cells.usual)
    ]
    enough = (np.min(counts, axis=0) >= _ENOUGH) & (clients >= _ENOUGH_CLIENTS) & ~np.isnan(p_values)
    for number in np.flatnonzero(enough):
        if labels[int(number)] != NONE:
            yield (
                int(number),
                {
                    "difference": difference[number],
                    "difference_low": difference[number] - reach[number],
                    "difference_high": difference[number] + reach[number],
                    "p_value": p_values[number],
                },
            )


def _named(label: str, sides: Sequence[tuple[Ints, Floats]], number: int) -> dict[str, object]:
    """Return a group's name, and its calls, hits and rate on both sides."""
    row: dict[str, object] = {"group": label}
    for ending, (calls, hits) in zip(("", "_other"), sides, strict=True):
        n, hit = int(calls[number]), round(float(hits[number]))
        row |= {f"hits{ending}": hit, f"n{ending}": n, f"rate{ending}": hit / n if n else np.nan}
    return row


def _since(
    both: Both, calls: CountedCalls, mine: NDArray[np.bool_], place: Ints, cells: _Cells
) -> pd.Timestamp | None:
    """Return the day from which on a group's rate is another one: where the sum of hits − expected turns."""
    days, labels = both.days
    surplus = (calls.hit - cells.usual[place])[mine]
    turned = np.cumsum(np.bincount(days[calls.rows[mine]], weights=surplus, minlength=len(labels)))
    return labels[int(np.argmax(np.abs(turned[:-1]))) + 1] if len(turned) > 1 else None


def rows_of_group(df: pd.DataFrame, dimension: str, group: str) -> NDArray[np.bool_]:
    """Return which calls are of a group that `findings` names; all of them for no dimension."""
    if not dimension:
        return np.ones(len(df), dtype=bool)
    found = grouped(folded_keys(split(df, dimension).keys, np.ones(len(df))))
    labels = np.array([str(label) == group for label in found.index], dtype=bool)
    mask: NDArray[np.bool_] = labels[found.codes] if len(labels) else np.zeros(len(df), dtype=bool)
    return mask
