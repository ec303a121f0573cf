"""What another dial to a client brings, by how long after the one before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._attempt_numbers import ATTEMPTS
from brightcall_pandas.analysis._dimensions import DIRECTION_OF_DIALING, By, Direction, of_direction, split
from brightcall_pandas.analysis._groups import Key, closed_key, folded_keys, grouped, keys_of_index
from brightcall_pandas.analysis._rates import add_rate
from brightcall_pandas.analysis._sequences import Sequences, Span, sequences, window_length
from brightcall_pandas.analysis._tallies import additive, known_sums, tally_of
from brightcall_pandas.frame import column, with_region

__all__ = ["attempt_gaps"]

_AGAIN = ATTEMPTS[1:]  # the first attempt has none before it
_EDGES: Sequence[Span] = ("1h", "4h", "1D", "3D", "7D")
_UNITS = (("day", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_SECOND = 1_000_000  # in microseconds
_MANY = 100  # of a unit: then each end has a unit of its own


def tally_attempt_gaps(
    df: pd.DataFrame,
    edges: Sequence[Span] = _EDGES,
    *,
    direction: Direction = DIRECTION_OF_DIALING,
    by: By = None,
    region: str | None = None,
) -> pd.DataFrame:
    """Return the sums behind `attempt_gaps`: one row per group, number of the dial, and gap."""
    bounds = _bounds(edges)
    df = with_region(df, region)
    parts = split(df, by)
    dialed = sequences(df, of_direction(df, direction), parts)
    rows = dialed.rows if parts.rows is None else parts.rows[dialed.rows]
    answered = (column(df, "state") == "answered").to_numpy(dtype=bool)[rows]
    unreached = dialed.since_first(answered.astype(np.int64)) - answered == 0
    again = np.flatnonzero(~dialed.is_first)
    number, gap = _keys(dialed, bounds, again)
    contributions = {
        "n_calls": np.ones(len(again), dtype=bool),
        "state_known": column(df, "state").notna().to_numpy()[rows[again]],
        "answered": answered[again],
        "unreached": unreached[again],
        "reached": (answered & unreached)[again],
    }
    return tally_of([*(key.take(dialed.rows[again]) for key in parts.keys), number, gap], contributions)


def _keys(dialed: Sequences, bounds: NDArray[np.int64], again: NDArray[np.int64]) -> tuple[Key, Key]:
    """Return which dial to its client each of these is, and how long after the one before."""
    ordinals = dialed.since_first(np.ones(len(dialed.rows), dtype=np.int64))[again]
    gaps = (dialed.times[again] - dialed.times[again - 1]) if len(again) else np.empty(0, dtype=np.int64)
    return (
        closed_key(np.minimum(ordinals - 2, len(_AGAIN) - 1), _AGAIN, "attempt"),
        closed_key(np.searchsorted(bounds, gaps, side="right"), _labels(bounds), "gap"),
    )


def finish_attempt_gaps(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the table of `attempt_gaps` from its tally."""
    keys = folded_keys(keys_of_index(table.index), table["n_calls"].to_numpy())
    sums = known_sums(table, grouped(keys)).rename(columns={"n_calls": "dials"})
    reaching = ["unreached", "reached"]
    if (unknown := sums["answered"].isna()).any():
        sums[reaching] = sums[reaching].astype(np.float64).mask(unknown)
    result = sums[["dials", "answered"]].copy()
    add_rate(result, "answer_rate", sums["answered"], sums["dials"], confidence)
    result[reaching] = sums[reaching]
    add_rate(result, "marginal_rate", sums["reached"], sums["unreached"], confidence)
    return result


@additive(tally_attempt_gaps, finish_attempt_gaps, whole_clients=True, attempts="shown")
def attempt_gaps(
    df: pd.DataFrame,
    edges: Sequence[Span] = _EDGES,
    *,
    direction: Direction = DIRECTION_OF_DIALING,
    by: By = None,
    region: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return what another dial to a client brings, by how long after the one before.

    Parameters
    ----------
    df
        Calls; needs ``clientNumber``, ``timestamp``, ``state``, and ``type`` unless `direction` is None.
    edges
        Where one gap ends and the next begins, ascending, such as ``("1h", "1D", "7D")``; a gap of exactly
        an hour belongs to those that begin there.
    direction
        ``"outbound"`` (the default: this is about our own dialing), ``"inbound"``, ``"internal"``, or None
        for all calls.
    by
        Columns or dimensions (``project``, ``line`` …) that become outer index levels. Attempts are counted
        within each group, and gaps lie between its dials.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code, so that they
        and the international ones are one client. None: what the frame was loaded or made with, if anything.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index ``attempt`` (``"2"`` to ``"5"``, ``"6+"``) and ``gap`` (``"< 1 h"``, ``"1–4 h"`` …), below the
        levels of `by`; a row for what occurs:

        - ``dials`` (int64): calls that were the n-th to their client, so long after the one before
        - ``answered`` (int64), ``answer_rate`` (answered ÷ dials), ``answer_rate_low``, ``answer_rate_high``
        - ``unreached`` (int64): of the dials, those to clients that no earlier dial had reached
        - ``reached`` (int64): of these, the answered ones
        - ``marginal_rate``: reached ÷ unreached; with ``_low``, ``_high``

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `edges` do not ascend from above 0, `direction` is not a direction, or `region` not a country.

    Notes
    -----
    A gap lies between the beginnings of two dials. ``marginal_rate`` is the one to compare gaps by: clients
    who were reached before are called back for other reasons. It says what happened, not what waiting does:
    who was dialed again within the hour was chosen by somebody, or by a rule.

    ``…_low`` and ``…_high`` are Wilson's intervals. Calls without client or time are left out, and dials
    before the first loaded day are not seen; attributes and a warning say how often, as in `attempts`.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "clientNumber": ["x", "x", "y", "y"],
    ...         "timestamp": pd.to_datetime(["2026-03-02 09:00", "2026-03-02 09:30"] * 2, utc=True),
    ...         "state": [0, 1, 0, 0],
    ...         "type": 1,
    ...     }
    ... )
    >>> calls.calls.attempt_gaps()[["dials", "reached", "marginal_rate"]]
                   dials  reached  marginal_rate
    attempt gap
    2       < 1 h      2        1            0.5
    """
    return finish_attempt_gaps(
        tally_attempt_gaps(df, edges, direction=direction, by=by, region=region), confidence=confidence
    )


def _bounds(edges: Sequence[Span]) -> NDArray[np.int64]:
    """Return the edges in microseconds."""
    if isinstance(edges, str):
        edges = (edges,)
    try:
        bounds = [window_length(each) for each in edges]
    except (TypeError, ValueError):
        bounds = []
    if not bounds or any(after <= before for before, after in pairwise(bounds)):
        msg = f"edges={tuple(map(str, edges))!r} must be spans that ascend, such as ('1h', '1D', '7D')"
        raise ValueError(msg)
    return np.array(bounds, dtype=np.int64)


def _labels(bounds: NDArray[np.int64]) -> list[str]:
    seconds = [each / _SECOND for each in bounds.tolist()]
    return [
        f"< {_amount(seconds[0])}",
        *(_between(low, high) for low, high in pairwise(seconds)),
        f"≥ {_amount(seconds[-1])}",
    ]


def _between(low: float, high: float) -> str:
    """Return both ends, in one unit where that is readable: ``1–4 h``, ``90 min–3 days``."""
    unit, size = _unit(low, high)
    if high / size < _MANY:
        return f"{low / size:g}–{_amount(high, unit, size)}"
    return f"{_amount(low)}–{_amount(high)}"


def _amount(seconds: float, unit: str = "", size: float = 0) -> str:
    unit, size = (unit, size) if unit else _unit(seconds)
    return f"{seconds / size:g} {unit}{'s' if unit == 'day' and seconds != size else ''}"


def _unit(*seconds: float) -> tuple[str, int]:
    """Return the largest unit in which these are whole numbers."""
    return next((each for each in _UNITS if not any(one % each[1] for one in seconds)), _UNITS[-1])
