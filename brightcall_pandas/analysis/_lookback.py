"""After how many days late changes of calls have come, and how much of recent calls may still change.

The pure part: what readings saw in, an estimate out. `load` gathers what they saw.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._covered import covered
from brightcall_pandas.analysis._turnbull import exposure, turnbull
from brightcall_pandas.frame import micros, optional_column

__all__ = ["LEAST_SETTLE_DAYS", "Lookback", "Seen", "freshness", "lookback_of"]

Floats = NDArray[np.float64]

LEAST_SETTLE_DAYS = 3
"""Days that `settle_days` has at least when it is measured."""

_HOUR = 1 / 24
_DAY_MICROS = 86_400e6
_EVEN_UNTIL, _GROWTH, _LONGEST = 96, 1.015, 400.0  # hours; by which longer stretches grow; days
_LEAST_WATCHED, _ENOUGH_WATCHED = 0.05, 1_000  # part of the calls, or calls, that must have been watched
_PARTS = 4  # of a stretch, to which times are rounded
_WORLDS, _ROUNDS = 100, 100  # of the bootstrap, and steps of each estimate in it
_STEPS = 40  # of the curve that frames carry
_SLACK = 1e-9


class Seen(NamedTuple):
    """What readings saw of a field, in days since each call began.

    Parameters
    ----------
    entries, exits
        Of each call: when it was first seen, and when it was read last.
    after, until
        Of each change: when the reading before began, and when the one that saw it was kept.
    group
        Of each change: a number for what may have been changed together, such as the calls of one day.
    """

    entries: Floats
    exits: Floats
    after: Floats
    until: Floats
    group: NDArray[np.int64]


@dataclass(frozen=True)
class Lookback:
    """After how many days a share of the late changes of a field has come.

    Parameters
    ----------
    field, share, confidence
        What was asked.
    days, days_low, days_high
        Days since a call began after which that share has come, and the interval; None where it is not known,
        and for ``days_high`` where nothing bounds it.
    settle_days
        What ``settle_days`` should be; None where nothing bounds it.
    changes, calls
        Changes that were seen, and calls that were watched.
    from_days, horizon_days
        Ages of calls between which enough of them were watched: the share is that of changes in between.
    why
        Why something is not known; empty where all is.
    ages, changing
        A curve for `freshness`: the share of calls that still get a change after each age, in days.
    seen_until
        When calls were read last, in ISO form.

    Examples
    --------
    >>> Lookback("outcomeTag", 0.99, 0.95, changes=3, calls=80, why="3 changes are too few")
    lookback of outcomeTag: not known, 3 changes are too few
    """

    field: str
    share: float
    confidence: float
    days: float | None = None
    days_low: float | None = None
    days_high: float | None = None
    settle_days: int | None = None
    changes: int = 0
    calls: int = 0
    from_days: float | None = None
    horizon_days: float | None = None
    why: str = ""
    ages: tuple[float, ...] = ()
    changing: tuple[float, ...] = ()
    seen_until: str = ""

    def __repr__(self) -> str:
        if self.days is None or self.from_days is None or self.horizon_days is None:
            return f"lookback of {self.field}: not known, {self.why}"
        high = "no bound" if self.days_high is None else f"{self.days_high:.1f}"
        settle = self.why if self.settle_days is None else f"settle_days={self.settle_days}"
        return (
            f"lookback of {self.field}: {100 * self.share:g} % of late changes within {self.days:.1f} days "
            f"({100 * self.confidence:g} % interval {self.days_low:.1f} to {high}), of {self.changes:,} "
            f"changes in {self.calls:,} calls, from {24 * self.from_days:.0f} hours to "
            f"{self.horizon_days:.0f} days after a call; {settle}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all but the curve as plain values, for JSON."""
        return {name: value for name, value in vars(self).items() if name not in ("ages", "changing")}

    def curve(self) -> pd.DataFrame:
        """Return the share of calls that still get a change, by how many days ago they began.

        Returns
        -------
        pandas.DataFrame
            Index ``days``; ``changing`` (share of all calls), ``come`` (share of the late changes that have
            come by then). Empty where nothing is known.
        """
        index = pd.Index(self.ages, dtype="float64", name="days")
        changing = np.asarray(self.changing, dtype=np.float64)
        most = changing.max(initial=0.0)
        come = 1 - changing / most if most else np.full(len(changing), np.nan)
        return pd.DataFrame({"changing": changing, "come": come}, index=index)


def lookback_of(seen: Seen, field: str, share: float, confidence: float, seen_until: str = "") -> Lookback:
    """Return after how many days a share of the changes that readings saw has come.

    Parameters
    ----------
    seen
        What readings saw.
    field
        The field, for the result.
    share
        Share of the changes.
    confidence
        Confidence of the interval.
    seen_until
        When calls were read last.
    """
    known: dict[str, Any] = {"changes": len(seen.after), "calls": len(seen.entries), "seen_until": seen_until}

    def unknown(why: str) -> Lookback:
        return Lookback(field, share, confidence, why=why, **known)

    if not len(seen.entries):
        return unknown("nothing was read twice")
    edges = _edges(float(seen.exits.max()))
    watched = exposure(edges, seen.entries, np.maximum(seen.exits, seen.entries))
    enough = np.flatnonzero(watched >= min(_LEAST_WATCHED * len(seen.entries), _ENOUGH_WATCHED))
    if not len(seen.after):
        return unknown("no change was seen")
    needed = f"{100 * share:g} % takes at least {math.ceil(1 / (1 - share) - _SLACK):,}"
    few = f"{len(seen.after):,} change{'s' * (len(seen.after) != 1)}"
    if len(seen.after) * (1 - share) < 1 - _SLACK:
        return unknown(f"{few}, and {needed}")
    if not len(enough):
        return unknown("calls were not watched for long enough")
    first, last = int(enough[0]), int(enough[-1]) + 1
    estimate = _Estimate.of(seen, edges, watched, first, last)
    if estimate.effective * (1 - share) < 1 - _SLACK:
        return unknown(f"{few}, worth {estimate.effective:.0f} that come one by one, and {needed}")
    low, high = estimate.bounds(share, confidence)
    settle = None if high is None else max(LEAST_SETTLE_DAYS, math.ceil(high - _SLACK))
    ages, changing = estimate.curve()
    return Lookback(
        field,
        share,
        confidence,
        days=estimate.quantile(share),
        days_low=low,
        days_high=high,
        settle_days=settle,
        from_days=float(edges[first]),
        horizon_days=float(edges[last]),
        why="" if settle is not None else estimate.why_open(share, confidence),
        ages=ages,
        changing=changing,
        **known,
    )


def _edges(longest: float) -> Floats:
    """Return where stretches begin and end: hours at first, then as long as a small part of the age."""
    edges = [hour * _HOUR for hour in range(_EVEN_UNTIL + 1)]
    while edges[-1] < min(longest, _LONGEST):
        edges.append(edges[-1] * _GROWTH)
    return np.array(edges)


def _places(edges: Floats, ages: Floats) -> Floats:
    """Return ages counted in stretches, rounded to parts of one."""
    return np.asarray(np.round(np.interp(ages, edges, np.arange(len(edges))) * _PARTS) / _PARTS)


@dataclass(frozen=True)
class _Estimate:
    """Masses by age, among those ages at which enough calls were watched, and how far they can be trusted."""

    edges: Floats
    masses: Floats
    effective: float  # changes that would tell as much, if none of them came together with another one

    @classmethod
    def of(cls, seen: Seen, edges: Floats, watched: Floats, first: int, last: int) -> _Estimate:
        places = (_places(edges, np.maximum(each, 0.0)) for each in (seen.after, seen.until))
        spans, place = np.unique(np.column_stack(list(places)), axis=0, return_inverse=True)
        spans[:, 1] = np.maximum(spans[:, 1], spans[:, 0] + 1 / _PARTS)
        place = place.reshape(-1)
        counts = np.bincount(place, minlength=len(spans)).astype(np.float64)
        # Ages at which hardly any call was watched would draw mass that lies behind them.
        watched = np.where(np.arange(len(watched)) < first, 0.0, watched)
        masses = turnbull(spans[:, 0], spans[:, 1], watched, counts)
        groups, member = np.unique(seen.group, return_inverse=True)
        by_group = np.zeros((len(groups), len(spans)))
        np.add.at(by_group, (member.reshape(-1), place), 1.0)
        drawn = np.random.default_rng(len(place)).poisson(1.0, (_WORLDS, len(groups))) @ by_group
        drawn = drawn[drawn.sum(axis=1) > 0]
        worlds = turnbull(
            spans[:, 0], spans[:, 1], watched, drawn, start=masses + _SLACK * masses.max(), rounds=_ROUNDS
        )
        inside = slice(first, last)
        effective = _effective(masses[inside], worlds[:, inside], len(seen.after))
        return cls(edges[first : last + 1], masses[inside], effective)

    @property
    def come(self) -> Floats:
        """The share of the changes that have come by the end of each stretch."""
        return np.asarray(np.cumsum(self.masses) / max(self.masses.sum(), 1e-300))

    def quantile(self, share: float) -> float:
        """Return the age by which a share has come."""
        place = int(np.searchsorted(self.come, share - _SLACK))
        before = self.come[place - 1] if place else 0.0
        part = (share - before) / max(self.come[place] - before, 1e-300)
        return float(
            self.edges[place] + min(max(part, 0.0), 1.0) * (self.edges[place + 1] - self.edges[place])
        )

    def bounds(self, share: float, confidence: float) -> tuple[float, float | None]:
        """Return the interval of the age by which a share has come; no upper end where nothing bounds it.

        It ends at those changes, counted by age, between which a binomial count puts the share: the interval
        of a quantile that needs no distribution. Behind the last age that was watched there may be as many
        changes as in the second half of the ages watched: nobody has seen that there are fewer.
        """
        n = int(self.effective)
        least, _ = _ranks(n, share, confidence)
        low = float(self.edges[int(np.searchsorted(self.come, least / n - _SLACK))])
        inflated = share * (1 + self._unseen)
        _, most = _ranks(n, inflated, confidence) if inflated < 1 else (0, n + 1)
        if most > n:
            return low, None
        return low, float(self.edges[int(np.searchsorted(self.come, most / n - _SLACK)) + 1])

    @property
    def _unseen(self) -> float:
        """Share of the changes that came in the second half of the ages watched."""
        return float(1 - self.come[np.searchsorted(self.edges[1:], self.edges[-1] / 2)])

    def why_open(self, share: float, confidence: float) -> str:
        """Return why there is no upper end."""
        if share ** int(self.effective) > (1 - confidence) / 2:
            needed = math.ceil(math.log((1 - confidence) / 2) / math.log(share))
            return (
                f"too few changes to bound it: {self.effective:.0f}, and {100 * share:g} % takes {needed:,}"
            )
        return (
            f"changes were still coming when calls were {self.edges[-1]:.0f} days old, and nobody looked "
            "later: read older days again (refresh=True), or watch days for longer (settle_days=)"
        )

    def curve(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return ages, and the share of calls that still get a change after each."""
        left = np.append(np.cumsum(self.masses[::-1])[::-1], 0.0)
        chosen = np.unique(np.append(np.arange(0, len(left), max(len(left) // _STEPS, 1)), len(left) - 1))
        ages, changing = self.edges[chosen].round(4), np.minimum(left[chosen], 1.0).round(6)
        return tuple(ages.tolist()), tuple(changing.tolist())


def _effective(masses: Floats, worlds: Floats, changes: int) -> float:
    """Return how many changes, each by itself, would vary as little as these do in the bootstrap."""
    come = np.cumsum(masses) / max(masses.sum(), 1e-300)
    sums = np.cumsum(worlds, axis=1)
    drawn = sums / np.maximum(sums[:, -1:], 1e-300)
    told = (come > 0.5) & (come < 0.995)
    variances = drawn.var(axis=0)
    told &= variances > 0
    if not told.any():
        return float(changes)
    worth = np.median(come[told] * (1 - come[told]) / variances[told])
    return float(min(worth, changes))


def _ranks(n: int, share: float, confidence: float) -> tuple[int, int]:
    """Return between which of n ordered values the quantile of a share lies with this confidence.

    The greatest lower rank and the smallest upper one that exclude half of the rest each; the lower is 0 and
    the upper n + 1 where there is none.
    """
    counts = np.arange(n + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    chances = np.exp(
        logs[n]
        - logs[counts]
        - logs[n - counts]
        + counts * math.log(share)
        + (n - counts) * math.log1p(-share)
    )
    below = np.cumsum(chances)  # of so many values at most that are smaller than the quantile
    tail = (1 - confidence) / 2
    return int(np.searchsorted(below, tail, side="right")), int(np.searchsorted(below, 1 - tail - _SLACK)) + 1


def freshness(df: pd.DataFrame) -> dict[str, Any] | None:
    """Return how much of what is known of calls is still expected to change; None where nobody knows.

    Parameters
    ----------
    df
        Calls, with the estimate of their account in their attributes.

    Returns
    -------
    dict
        ``field`` of the estimate; ``share_changing``, of the calls, expected to get another value after they
        were read; ``settled_before``: calls that began before have had the lookback's share of their changes
        (ISO form).
    """
    said = df.attrs.get("brightcall")
    known = said.get("lookback") if isinstance(said, Mapping) else None
    if not isinstance(known, Mapping) or known.get("days") is None or "timestamp" not in df.columns:
        return None
    spans = covered(df, None)
    stamps = optional_column(df, "timestamp")
    if spans.windows is None or not stamps.notna().any():
        return None
    times = micros(stamps)[stamps.notna().to_numpy()]
    ages, still = (np.asarray(known[name], dtype=np.float64) for name in ("ages", "changing"))
    expected, latest = 0.0, 0
    for begin, end, read, _ in spans.windows:
        latest = max(latest, read)
        if (read - end) / _DAY_MICROS < ages[-1]:
            mine = times[(times >= begin) & (times < end)]
            expected += float(np.interp((read - mine) / _DAY_MICROS, ages, still, right=0.0).sum())
    settled = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=latest, days=-known["days"])
    return {
        "field": known["field"],
        "share_changing": round(expected / len(times), 6),
        "settled_before": settled.astimezone(spans.zone).isoformat(timespec="seconds"),
    }
