"""How many of the changes that come to calls late have come after how long: from readings alone.

Nobody sees when a call was changed, only that it was between two readings. And each call is seen for some
time only, from its first reading to its last. The estimate is that of Turnbull (1976): masses on stretches of
time, each as large as what the changes that may lie in it make it. A call that was not watched at some age
tells nothing of changes at that age, so each mass is counted per call watched: that is the maximum likelihood
of a mean function from panel counts (Wellner and Zhang 2000), and with all calls watched for equally long it
is Turnbull's estimate of the delays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["exposure", "turnbull"]

Floats = NDArray[np.float64]
_CLOSE = 1e-7  # of all mass, by which masses still move at most when the estimate is done
_ROUNDS = 3_000


def turnbull(
    begins: Floats,
    ends: Floats,
    watched: Floats,
    weights: Floats | None = None,
    *,
    start: Floats | None = None,
    rounds: int = _ROUNDS,
) -> Floats:
    """Return how many changes a call gets in each stretch of time.

    Parameters
    ----------
    begins, ends
        Between which times each change lies, counted in stretches: 2.5 is the middle of the third one.
    watched
        Calls that were watched in each stretch; where none was, no mass lies.
    weights
        How often each change counts; several rows give several estimates. None: once.
    start
        Masses to begin with; None begins with equal ones.
    rounds
        Steps at most.

    Returns
    -------
    numpy.ndarray
        A mass for each stretch, in the last dimension.
    """
    counts = np.ones((1, len(begins))) if weights is None else np.atleast_2d(weights)
    known = watched > 0
    shape = (len(counts), len(watched))
    masses = np.broadcast_to(np.where(known, 1.0, 0.0) if start is None else start, shape).copy()
    spread = _Spread(begins, ends, len(watched))
    calls = np.where(known, watched, np.inf)
    for _ in range(rounds):
        new = masses * spread(masses, counts) / calls
        done = np.abs(new - masses).sum(axis=1) <= _CLOSE * new.sum(axis=1)
        masses = new
        if done.all():
            break
    return masses[0] if weights is None or np.ndim(weights) == 1 else masses


class _Spread:
    """Spreads what is known of times over the stretches, in one pass, however many changes there are.

    Within a stretch mass is spread evenly: of one that lies in part between two times, this part counts.
    """

    def __init__(self, begins: Floats, ends: Floats, length: int) -> None:
        self._length = length
        self._sides = [_Side.of(each, length) for each in (begins, ends)]

    def __call__(self, masses: Floats, counts: Floats) -> Floats:
        """Return for each stretch the sum of count ÷ mass over the changes that may lie in it."""
        until = np.concatenate([np.zeros((len(masses), 1)), np.cumsum(masses, axis=1)], axis=1)
        low, high = (until[:, each.cells] + each.parts * masses[:, each.cells] for each in self._sides)
        inside = high - low
        per_mass = np.divide(counts, inside, out=np.zeros_like(inside), where=(counts > 0) & (inside > 0))
        steps = np.zeros((len(masses), self._length))
        parts = np.zeros_like(steps)
        for sign, side in zip((1, -1), self._sides, strict=True):
            if len(side.at):
                ordered = per_mass[:, side.order]
                steps[:, side.at] += sign * np.add.reduceat(ordered, side.first, axis=1)
                ordered = ordered * side.parts[side.order]
                parts[:, side.at] -= sign * np.add.reduceat(ordered, side.first, axis=1)
        return np.asarray(np.maximum(np.cumsum(steps, axis=1) + parts, 0.0))


class _Side(NamedTuple):
    """One end of what is known of changes: the stretch each lies in, and what part of that lies before."""

    cells: NDArray[np.int64]
    parts: Floats
    order: NDArray[np.int64]
    first: NDArray[np.int64]
    at: NDArray[np.int64]

    @classmethod
    def of(cls, places: Floats, length: int) -> _Side:
        cells = np.clip(np.floor(places).astype(np.int64), 0, length - 1)
        order = np.argsort(cells, kind="stable")
        at, first = np.unique(cells[order], return_index=True)
        return cls(cells, np.clip(places - cells, 0.0, 1.0), order, first, at)


def exposure(edges: Floats, entries: Floats, exits: Floats) -> Floats:
    """Return how many calls were watched in each stretch; one that was for a part of it counts in part.

    Parameters
    ----------
    edges
        Where each stretch begins, and the last one ends.
    entries, exits
        From when to when each call was watched.
    """
    both = [_time_after(edges, np.sort(each)) for each in (entries, exits)]
    time = both[0] - both[1]
    return np.asarray(np.maximum(np.diff(time) / np.diff(edges), 0.0))


def _time_after(edges: Floats, moments: Floats) -> Floats:
    """Return for each edge the sum of how long it lies after the moments before it."""
    sums = np.concatenate([[0.0], np.cumsum(moments)])
    before = np.searchsorted(moments, edges, side="right")
    return np.asarray(before * edges - sums[before])
