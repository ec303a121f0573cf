"""Agents needed for a load: queueing formulas, and the staffing table made with them.

Load is in erlangs (calls a second times seconds a call). All functions work element by element on arrays. No
library is used: the one that is maintained, pyworkforce, has no Erlang A and depends on a roster solver.

- Erlang B: no queue; a caller who finds all agents busy is lost (Erlang 1917).
- Erlang C: an unlimited queue of unlimited patience, M/M/n (Erlang 1917).
- Erlang A: a queue whose callers give up after an exponential time, M/M/n+M (Palm 1946; formulas from Zeltyn
  and Mandelbaum 2005, Call centers with impatient customers).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import (
    DIRECTION_OF_CALLERS,
    By,
    Direction,
    of_direction,
    split,
)
from brightcall_pandas.analysis._durations import impossible_durations, seconds_of
from brightcall_pandas.analysis._groups import Groups, completed, folded_keys, grouped
from brightcall_pandas.analysis._periods import period_key, period_starts
from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.frame import column

__all__ = ["Queue", "erlang_a", "erlang_b", "erlang_c", "next_erlang_b", "staffing"]


Floats = NDArray[np.float64]

_PANELS, _NODES = 24, 16
_HALVINGS = 60
_GAUSS = np.polynomial.legendre.leggauss(_NODES)
_NEGLIGIBLE = 40.0  # e⁻⁴⁰ of the peak adds nothing to a double


class Queue(NamedTuple):
    """What callers experience.

    Parameters
    ----------
    service_level
        Share of all callers who are answered within the threshold.
    answer_time_mean_s
        Mean wait of those who are answered.
    wait_of_all_mean_s
        Mean wait of all callers, those who give up included.
    abandonment_rate
        Share of all callers who give up.
    occupancy
        Share of their time that agents are on calls.
    """

    service_level: Floats
    answer_time_mean_s: Floats
    wait_of_all_mean_s: Floats
    abandonment_rate: Floats
    occupancy: Floats


def next_erlang_b(load: Floats, agents: int, before: Floats) -> Floats:
    """Return Erlang B for one agent more than `before` was for."""
    return load * before / (agents + load * before)


def erlang_b(load: Floats, agents: int) -> Floats:
    """Return the probability that all agents are busy when nobody waits.

    Examples
    --------
    >>> round(float(erlang_b(np.array(10.0), 10)), 4)
    0.2146
    """
    blocked = np.ones_like(np.asarray(load, dtype=np.float64))
    for count in range(1, agents + 1):
        blocked = next_erlang_b(load, count, blocked)
    return blocked


def erlang_c(load: Floats, agents: int, blocked: Floats, handling_s: Floats, threshold_s: float) -> Queue:
    """Return what callers who never give up experience.

    Parameters
    ----------
    load
        Erlangs.
    agents
        Number of agents; with no more agents than erlangs the queue grows forever.
    blocked
        Erlang B of load and agents.
    handling_s
        Mean seconds an agent spends on a call.
    threshold_s
        Callers answered within this many seconds count for the service level.
    """
    spare = agents - load
    stable = spare > 0
    spare = np.where(stable, spare, np.nan)
    waits = agents * blocked / (agents - load * (1 - blocked))
    level = 1 - waits * np.exp(-spare * threshold_s / handling_s)
    wait = np.where(stable, waits * handling_s / spare, np.inf)
    return Queue(
        np.where(stable, level, 0.0),
        wait,
        wait,
        np.zeros_like(load),
        np.minimum(load / agents, 1.0),
    )


def erlang_a(
    load: Floats, agents: int, blocked: Floats, handling_s: Floats, threshold_s: float, *, patience_s: float
) -> Queue:
    """Return what callers who give up after `patience_s` on average experience.

    `blocked` is Erlang B of the load and one agent less; the other parameters are those of `erlang_c`.

    Notes
    -----
    The wait that a caller of endless patience would have is 0 with probability ``ε / (ε + λJ)``, else has
    the density ``λ exp(g(x)) / (ε + λJ)``, with ``g(x) = λ (1 − e^(−x/p)) p − n x / h`` (patience p, handling
    time h), ``J = ∫ exp g`` and ``ε = 1 / blocked``. The integrals are taken by Gauss-Legendre quadrature. As
    patience is exponential, those who give up are the mean wait of all ÷ p.
    """
    rate, leave = load / handling_s, agents / handling_s

    def exponent(x: Floats) -> Floats:
        return rate * -np.expm1(-x / patience_s) * patience_s - leave * x

    # Where callers outnumber what agents can serve, the density peaks at the wait that drives enough away.
    peak_at = np.log(np.maximum(rate / leave, 1.0)) * patience_s
    peak = exponent(peak_at)
    far = (rate * patience_s - peak + _NEGLIGIBLE) / leave
    begin = _crossing(exponent, peak_at, np.zeros_like(far), peak - _NEGLIGIBLE)
    reach = _crossing(exponent, peak_at, far, peak - _NEGLIGIBLE)

    def integrals(end: Floats) -> tuple[Floats, Floats, Floats]:
        """Integrate over waits up to `end`: the density, it times staying, it times staying times wait."""
        x, weights = _nodes(begin, np.maximum(end, begin))
        density = np.exp(exponent(x) - peak) * weights
        stays = density * np.exp(-x / patience_s)
        return density.sum(0), stays.sum(0), (stays * x).sum(0)

    whole, served, waited = integrals(reach)
    within = integrals(np.minimum(reach, threshold_s))[1]
    at_once = np.exp(-peak) / blocked
    norm = at_once + rate * whole
    answered = (at_once + rate * served) / norm
    return Queue(
        (at_once + rate * within) / norm,
        rate * waited / norm / answered,
        (1 - answered) * patience_s,
        1 - answered,
        load * answered / agents,
    )


def _crossing(curve: Callable[[Floats], Floats], inside: Floats, outside: Floats, level: Floats) -> Floats:
    """Return where the curve, falling from `inside` to `outside`, crosses a level; `outside` if nowhere."""
    near, away = inside, outside
    for _ in range(_HALVINGS):
        middle = (near + away) / 2
        above = curve(middle) > level
        near, away = np.where(above, middle, near), np.where(above, away, middle)
    return away


def _nodes(begin: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Return nodes and weights of a composite Gauss-Legendre rule, a row a node."""
    points, weights = _GAUSS
    unit = ((np.arange(_PANELS)[:, None] + (points + 1) / 2).ravel() / _PANELS)[:, None]
    return begin + (end - begin) * unit, (end - begin) * np.tile(weights, _PANELS)[:, None] / (2 * _PANELS)


_MOST_AGENTS = 100_000


def staffing(
    df: pd.DataFrame,
    freq: str = "30min",
    *,
    target: float = 0.8,
    threshold_s: float = 20,
    patience_s: float | None = None,
    wrap_up_s: float = 0,
    max_occupancy: float = 1.0,
    shrinkage: float = 0.0,
    direction: Direction = DIRECTION_OF_CALLERS,
    by: By = None,
) -> pd.DataFrame:
    """Return how many agents each period would have needed.

    Parameters
    ----------
    df
        Calls; needs ``timestamp``, ``state``, ``talkTime``, and ``type`` unless `direction` is None.
    freq
        Length of a period, as in `over_time`; within a period the load is taken to be even.
    target
        Share of the callers to be answered within `threshold_s`, between 0 and 1.
    threshold_s
        Seconds within which an answer is in time.
    patience_s
        Mean number of seconds after which callers give up (Erlang A); None means never (Erlang C).
    wrap_up_s
        Seconds that an agent is busy after each call.
    max_occupancy
        Largest share of their time that agents may be on calls.
    shrinkage
        Share of paid time that agents are away from the telephone: breaks, training, illness.
    direction
        ``"inbound"`` (the default: this is about what callers feel), ``"outbound"``, ``"internal"``, or None
        for all calls.
    by
        Columns or dimensions (``project``, ``line`` …) that become outer index levels. Each group is a queue
        with agents of its own, and has every period.

    Returns
    -------
    pandas.DataFrame
        Index ``timestamp``: the start of each period, in the frame's timezone, without gaps (below the levels
        of `by`).

        - ``offered`` (int64): answered and unanswered calls
        - ``handling_time_s``: mean talk time of answered calls + `wrap_up_s`
        - ``load_erlangs``: offered × handling time ÷ length of the period
        - ``agents`` (int64): the fewest that meet `target` and `max_occupancy`
        - ``service_level``, ``abandonment_rate``, ``occupancy``: what callers and agents would then meet;
          null without load
        - ``answer_time_mean_s``: mean wait of the callers who would be answered (average speed of answer)
        - ``wait_of_all_mean_s``: mean wait of all callers, those who give up included; the two are one
          without `patience_s`
        - ``staff`` (int64): agents ÷ (1 − shrinkage), rounded up

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        An option is out of range, or `freq` is not a period.

    Notes
    -----
    A period without an answered call takes the handling time of all calls of its group; where no talk time
    is known at all, load, agents and staff are null. Erlang C counts
    callers who would give up as if they waited, so it asks for more agents than Erlang A. Both treat calls as
    independent and each period as long enough to settle; unanswered callers who try again are counted again.

    Examples
    --------
    >>> stamps = pd.date_range("2026-03-02T09:00", periods=360, freq="5s", tz="UTC")
    >>> calls = pd.DataFrame({"timestamp": stamps, "state": 1, "talkTime": 240.0})
    >>> table = calls.calls.staffing("30min", threshold_s=15, direction=None)
    >>> table[["load_erlangs", "agents", "service_level"]].iloc[0].round(3).tolist()
    [48.0, 55.0, 0.846]
    """
    for name, value, fits, limits in (
        ("target", target, 0 < target < 1, "above 0 and below 1"),
        ("max_occupancy", max_occupancy, 0 < max_occupancy <= 1, "above 0, and at most 1"),
        ("shrinkage", shrinkage, 0 <= shrinkage < 1, "at least 0, and below 1"),
        ("threshold_s", threshold_s, threshold_s >= 0, "at least 0"),
        ("wrap_up_s", wrap_up_s, wrap_up_s >= 0, "at least 0"),
        ("patience_s", patience_s, patience_s is None or patience_s > 0, "above 0"),
    ):
        if not fits:
            msg = f"{name}={value!r} must be {limits}"
            raise ValueError(msg)
    table = _load(df, freq, wrap_up_s, direction, by)
    agents, queue = _fewest(table, target, threshold_s, patience_s, max_occupancy)
    unknown = table["load_erlangs"].isna()
    table["agents"] = _or_null(agents, unknown)
    for name, values in queue._asdict().items():
        table[name] = values
    table["staff"] = _or_null(np.ceil(np.round(agents / (1 - shrinkage), 9)).astype(np.int64), unknown)
    if found := impossible_durations(df, ["talkTime"]):
        table.attrs["impossible"] = found
    return table


def _or_null(counts: NDArray[np.int64], unknown: pd.Series) -> NDArray[np.int64] | NDArray[np.float64]:
    return np.where(unknown, np.nan, counts) if unknown.any() else counts


def _load(df: pd.DataFrame, freq: str, wrap_up_s: float, direction: Direction, by: By) -> pd.DataFrame:
    """Return how many calls each period of each group has, how long they take, and the load they make."""
    state, stamps = column(df, "state"), column(df, "timestamp")
    answered = (state == "answered").to_numpy(dtype=bool)
    offered = answered | (state == "unanswered").to_numpy(dtype=bool)
    offered &= of_direction(df, direction) & stamps.notna().to_numpy()
    period, codes = period_key(stamps[offered], freq)[0], np.zeros(len(df), dtype=np.int64)
    codes[offered] = period.codes
    parts = split(df, by).where(offered)
    talk = parts.pick(np.where(answered, seconds_of(df, "talkTime"), np.nan))
    known = ~np.isnan(talk)
    talk = np.where(known, talk, 0.0)
    keys = folded_keys(parts.keys, np.ones(len(talk)))
    groups = completed(keys, parts.pick(codes), period.labels)
    outer = grouped(keys) if keys else Groups(np.zeros(len(talk), dtype=np.int64), pd.RangeIndex(1))
    usual = ratio(outer.sum(talk), outer.count(known)).repeat(len(period.labels))[: len(groups)]
    handled = ratio(groups.sum(talk), groups.count(known))
    calls, starts = groups.count(), pd.DatetimeIndex(period.labels)
    seconds = np.array([])
    if len(starts):
        lengths = np.diff(period_starts(starts[0], starts[-1], freq).asi8) / 1e6
        seconds = np.tile(lengths, len(groups) // len(lengths))
    table = pd.DataFrame({"offered": calls}, index=groups.index)
    table["handling_time_s"] = np.where(np.isnan(handled), usual, handled) + wrap_up_s
    table["load_erlangs"] = np.where(calls > 0, calls * table["handling_time_s"] / seconds, 0.0)
    return table


def _fewest(
    table: pd.DataFrame, target: float, threshold_s: float, patience_s: float | None, max_occupancy: float
) -> tuple[NDArray[np.int64], Queue]:
    """Add agents one by one, in all periods at once, until each period has enough."""
    load, handling = table["load_erlangs"].to_numpy(), table["handling_time_s"].to_numpy()
    agents = np.zeros(len(load), dtype=np.int64)
    queue = Queue(*(np.full(len(load), np.nan) for _ in Queue._fields))
    open_ = np.flatnonzero(load > 0)
    blocked = np.ones(len(open_))
    for count in range(1, _MOST_AGENTS):
        if not len(open_):
            break
        fewer, blocked = blocked, next_erlang_b(load[open_], count, blocked)
        if patience_s is None:
            met = erlang_c(load[open_], count, blocked, handling[open_], threshold_s)
        else:
            met = erlang_a(load[open_], count, fewer, handling[open_], threshold_s, patience_s=patience_s)
        enough = (met.service_level >= target) & (met.occupancy <= max_occupancy)
        agents[open_[enough]] = count
        for whole, values in zip(queue, met, strict=True):
            whole[open_[enough]] = values[enough]
        open_, blocked = open_[~enough], blocked[~enough]
    return agents, queue
