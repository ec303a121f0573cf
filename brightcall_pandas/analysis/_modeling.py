"""Calls as a table for a model: what was known before each call, and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import DIRECTION_OF_DIALING, Direction, of_direction
from brightcall_pandas.frame import choice, client_codes, column, micros, optional_column, with_region

__all__ = ["TARGETS", "model_frame"]

_LABELS = {"type": "direction", "projectName": "project", "campaign": "campaign", "lineNumber": "line"}
_HISTORIES = {"client": "clientNumber", "line": "lineNumber", "project": "projectName"}
_DAY_US = 86_400_000_000


def _answered(df: pd.DataFrame) -> NDArray[np.float64]:
    return (column(df, "state") == "answered").to_numpy().astype(np.float64)


def _positive(df: pd.DataFrame) -> NDArray[np.float64]:
    return (column(df, "outcomeType") == "positive").to_numpy().astype(np.float64)


def _talk_time(df: pd.DataFrame) -> NDArray[np.float64]:
    talked = column(df, "talkTime").to_numpy(dtype=np.float64)
    return np.where(_answered(df) == 1, talked, np.nan)


TARGETS: Mapping[str, Callable[[pd.DataFrame], NDArray[np.float64]]] = {
    "answered": _answered,
    "positive": _positive,
    "talk_time_s": _talk_time,
}
"""What can be predicted, and how it is read from the calls."""


def model_frame(
    df: pd.DataFrame,
    target: str = "answered",
    *,
    direction: Direction = DIRECTION_OF_DIALING,
    region: str | None = None,
) -> pd.DataFrame:
    """Return a table for a model: features that were known before each call, and the target.

    Parameters
    ----------
    df
        Calls; needs ``timestamp``, ``clientNumber``, ``totalTime``, ``state``, the columns of the target, and
        ``type`` unless `direction` is None. Missing ``projectName``, ``campaign``, ``lineNumber`` and
        ``outcomeType`` make their features null. Load some weeks more than you train on: history begins
        with the first call of the frame.
    target
        ``"answered"``, ``"positive"`` (outcome) or ``"talk_time_s"`` (of answered calls, else NaN).
    direction
        The calls to predict: ``"outbound"`` (the default: this is about our own dialing), ``"inbound"``,
        ``"internal"``, or None for all calls. History includes calls of every direction.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code, so that they
        and the international ones are one client. None: what the frame was loaded or made with, if anything.

    Returns
    -------
    pandas.DataFrame
        A row for each call of the direction whose time is known, ordered by time; index as in `df`, so
        ``df.loc[table.index, "timestamp"]`` splits it by time. Columns, all float64 unless said otherwise:

        - ``hour``, ``weekday`` (Monday is 0), ``day_of_month``: in the frame's timezone
        - ``direction``, ``project``, ``campaign``, ``line`` (str)
        - ``attempt``: 1 for the first call of the direction with this client
        - ``since_last_s``: seconds since the last call with this client began; NaN for the first
        - ``client_calls``, ``line_calls``, ``project_calls``: calls that were over when this call began
        - ``…_answer_rate``, ``…_positive_rate``: over these calls; NaN where there are none
        - ``client_talk_time_s``: talk time with the client so far
        - ``line_calls_24h``: calls that began on the line in the 24 hours before
        - the target as the last column, under its own name: 1.0 or 0.0, or seconds

    Raises
    ------
    KeyError
        A needed column is missing.
    ValueError
        `target` or `direction` is not one of these, or `region` is not a country.

    Notes
    -----
    A client is a telephone number, whatever its spelling; without one, its history is null. No feature looks
    past the start of its call. The number of earlier calls is known then; the result of a
    call is known only when it is over, ``totalTime`` after its start. A call whose end is unknown therefore
    never counts in a rate. Agent, durations, outcome, tags and recall of the call itself are not features,
    since they are not known beforehand. An outcome that an agent changes days later cannot be told from one
    set at once; where that is usual, leave out the last days.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "clientNumber": ["x", "x", "y"],
    ...         "timestamp": ["2026-03-02T09:00Z", "2026-03-02T10:00Z", "2026-03-02T11:00Z"],
    ...         "totalTime": [20, 60, 30],
    ...         "state": [0, 1, 1],
    ...         "type": 1,
    ...     }
    ... )
    >>> calls.calls.model_frame()[["hour", "attempt", "since_last_s", "client_answer_rate", "answered"]]
       hour  attempt  since_last_s  client_answer_rate  answered
    0   9.0      1.0           NaN                 NaN       0.0
    1  10.0      2.0        3600.0                 0.0       1.0
    2  11.0      1.0           NaN                 NaN       1.0
    """
    choice("target", target, TARGETS)
    df = with_region(df, region)
    chosen = of_direction(df, direction)
    stamps = column(df, "timestamp")
    known = stamps.notna().to_numpy()
    start, end = micros(stamps), _ends(df, known)
    features: dict[str, object] = _clock(stamps)
    for name, feature in _LABELS.items():
        features[feature] = optional_column(df, name).astype("str").to_numpy()
    earlier = _Earlier.of(_groups(df, "clientNumber"), start, known & chosen)
    features["attempt"] = earlier.calls + 1
    features["since_last_s"] = _since(_Earlier.of(_groups(df, "clientNumber"), start, known), start)
    for name, field in _HISTORIES.items():
        features |= _history(df, name, field, start, end)
    lines = _Earlier.of(_groups(df, "lineNumber"), start, known)
    features["line_calls_24h"] = lines.calls - lines.before(start - _DAY_US)
    features[target] = TARGETS[target](df)
    table = pd.DataFrame(features, index=df.index)
    rows = np.flatnonzero(known & chosen)
    return table.iloc[rows[np.argsort(start[rows], kind="stable")]]


def _clock(stamps: pd.Series) -> dict[str, object]:
    clock = stamps.dt
    return {
        "hour": clock.hour.to_numpy(dtype=np.float64),
        "weekday": clock.day_of_week.to_numpy(dtype=np.float64),
        "day_of_month": clock.day.to_numpy(dtype=np.float64),
    }


def _groups(df: pd.DataFrame, field: str) -> NDArray[np.int64]:
    """Return a number for what each call has in a field, negative where it has nothing."""
    if field == "clientNumber" and field in df.columns:
        return client_codes(df)[0]
    return pd.factorize(optional_column(df, field))[0].astype(np.int64)


def _ends(df: pd.DataFrame, known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return when each call was over; never, if its start or its length is unknown."""
    length = column(df, "totalTime").to_numpy(dtype=np.float64)
    over = known & (length >= 0) & (length < 1e9)
    never = np.iinfo(np.int64).max
    lengths = np.where(over, length, 0.0) * 1e6
    return np.where(over, micros(column(df, "timestamp")) + np.ceil(lengths).astype(np.int64), never)


class _Earlier(msgspec.Struct, frozen=True):
    """Moments of each group, sorted, to count those before a given moment.

    Parameters
    ----------
    groups
        Group of each call; negative without a group.
    moments
        All moments, ascending.
    keys
        Group and place of its moment among all, as one number, ascending, of those that count.
    order
        Which call each of these is.
    times
        When each call began.
    """

    groups: NDArray[np.int64]
    moments: NDArray[np.int64]
    keys: NDArray[np.int64]
    order: NDArray[np.int64]
    times: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        groups: NDArray[np.int64],
        times: NDArray[np.int64],
        counted: NDArray[np.bool_],
        moments_of: NDArray[np.int64] | None = None,
    ) -> _Earlier:
        """Sort the calls of each group by a moment: their start, or `moments_of`."""
        own = times if moments_of is None else moments_of
        rows = np.flatnonzero(counted & (groups >= 0))
        moments = np.unique(own[rows])
        keys = groups[rows] * (len(moments) + 1) + np.searchsorted(moments, own[rows])
        order = np.argsort(keys, kind="stable")
        return cls(groups, moments, keys[order], rows[order], times)

    @property
    def calls(self) -> NDArray[np.float64]:
        """How many moments of its group lie before the start of each call; NaN without a group."""
        return self.before(self.times)

    def before(self, limit: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how many moments of each call's group lie before a limit."""
        first, last = self._bounds(limit)
        return np.where(self.groups < 0, np.nan, (last - first).astype(np.float64))

    def last(self) -> NDArray[np.int64]:
        """Return the call whose moment is the last before the start of each call; -1 where there is none."""
        first, last = self._bounds(self.times)
        found = self.order[np.maximum(last - 1, 0)] if len(self.order) else np.zeros_like(last)
        return np.where((last > first) & (self.groups >= 0), found, -1)

    def total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of `values` over the calls of the group whose moment lies before each start."""
        running = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values[self.order]))])
        first, last = self._bounds(self.times)
        return np.where(self.groups < 0, np.nan, running[last] - running[first])

    def _bounds(self, limit: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        size = len(self.moments) + 1
        place = np.searchsorted(self.moments, limit)
        first = np.searchsorted(self.keys, self.groups * size)
        return first, np.searchsorted(self.keys, self.groups * size + place)


def _since(earlier: _Earlier, start: NDArray[np.int64]) -> NDArray[np.float64]:
    last = earlier.last()
    return np.where(last >= 0, (start - start[last]) / 1e6, np.nan)


def _history(
    df: pd.DataFrame, name: str, field: str, start: NDArray[np.int64], end: NDArray[np.int64]
) -> dict[str, object]:
    """Return what the finished calls of a client, a line or a project say when a call begins."""
    over = end < np.iinfo(np.int64).max
    ended = _Earlier.of(_groups(df, field), start, over, moments_of=end)
    calls = ended.calls
    positive = (optional_column(df, "outcomeType") == "positive").to_numpy().astype(np.float64)
    features: dict[str, object] = {f"{name}_calls": calls}
    with np.errstate(invalid="ignore", divide="ignore"):
        features[f"{name}_answer_rate"] = ended.total(_answered(df)) / calls
        features[f"{name}_positive_rate"] = ended.total(positive) / calls
    if name == "client":
        features["client_talk_time_s"] = ended.total(
            optional_column(df, "talkTime").to_numpy(dtype=np.float64)
        )
    return features
