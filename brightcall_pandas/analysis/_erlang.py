"""Queues: what so much load does to so many agents.

Load is in erlangs (calls a second times seconds a call). All functions work element by element on arrays. No
library is used: the one that is kept up, pyworkforce, has no Erlang A and brings a solver for rosters along.

- Erlang B: no queue, who finds all agents busy is lost (Erlang 1917).
- Erlang C: an endless queue of endless patience, M/M/n (Erlang 1917).
- Erlang A: a queue whose callers give up after an exponential time, M/M/n+M (Palm 1946; formulas from Zeltyn
  and Mandelbaum 2005, Call centers with impatient customers).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Queue", "erlang_a", "erlang_b", "erlang_c", "next_erlang_b"]

Floats = NDArray[np.float64]

_PANELS, _NODES = 24, 16
_HALVINGS = 60
_GAUSS = np.polynomial.legendre.leggauss(_NODES)
_NEGLIGIBLE = 40.0  # what is e⁻⁴⁰ of the peak adds nothing to a double


class Queue(NamedTuple):
    """What callers meet.

    Parameters
    ----------
    service_level
        Part of all callers who are answered within the threshold.
    answer_time_mean_s
        Mean wait of those who are answered.
    abandonment_rate
        Part of all callers who give up.
    occupancy
        Part of their time that agents are on calls.
    """

    service_level: Floats
    answer_time_mean_s: Floats
    abandonment_rate: Floats
    occupancy: Floats


def next_erlang_b(load: Floats, agents: int, before: Floats) -> Floats:
    """Return Erlang B for one agent more than `before` was for."""
    return load * before / (agents + load * before)


def erlang_b(load: Floats, agents: int) -> Floats:
    """Return the probability that all agents are busy, where nobody waits.

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
    """Return what patient callers meet.

    Parameters
    ----------
    load
        Erlangs.
    agents
        How many; with no more agents than erlangs the queue grows for ever.
    blocked
        Erlang B of load and agents.
    handling_s
        Mean seconds an agent spends on a call.
    threshold_s
        Answered within so many seconds counts for the service level.
    """
    spare = agents - load
    stable = spare > 0
    spare = np.where(stable, spare, np.nan)
    waits = agents * blocked / (agents - load * (1 - blocked))
    level = 1 - waits * np.exp(-spare * threshold_s / handling_s)
    return Queue(
        np.where(stable, level, 0.0),
        np.where(stable, waits * handling_s / spare, np.inf),
        np.zeros_like(load),
        np.minimum(load / agents, 1.0),
    )


def erlang_a(
    load: Floats, agents: int, blocked: Floats, handling_s: Floats, threshold_s: float, *, patience_s: float
) -> Queue:
    """Return what callers meet who give up after `patience_s` on average.

    `blocked` is Erlang B of the load and one agent less; the other parameters are those of `erlang_c`.

    Notes
    -----
    The wait that a caller of endless patience would have is 0 with probability ``ε / (ε + λJ)``, else has
    the density ``λ exp(g(x)) / (ε + λJ)``, with ``g(x) = λ (1 − e^(−x/p)) p − n x / h`` (patience p, handling
    time h), ``J = ∫ exp g`` and ``ε = 1 / blocked``. The integrals are taken by Gauss-Legendre quadrature.
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
