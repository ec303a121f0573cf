"""Columns encoded as small integers, and how many rows have each code.

Encoding is done once, so a change costs a look-up and a count for each view. Columns with few codes are
counted together: one pass serves many views.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis import chain_log
from brightcall_pandas.frame import (
    AGENT_COLUMNS,
    AGENT_FIELDS,
    FIELDS,
    agents_of,
    client_countries,
    column,
    zone_of_times,
)

__all__ = ["Counts", "Encoded", "EncodedCalls", "combined", "nice_edges"]

_MOST_BINS = 30


@dataclass(frozen=True)
class Encoded:
    """A code for each row, and a frame of what each code stands for; the last code is null."""

    codes: NDArray[Any]
    meaning: pd.DataFrame

    def __len__(self) -> int:
        return len(self.meaning)

    def counts(self, rows: NDArray[np.intp] | None) -> NDArray[np.int64]:
        """Return how many of the rows (None means all) have each code."""
        chosen = self.codes if rows is None else self.codes[rows]
        return np.bincount(chosen, minlength=len(self)).astype(np.int64)


class EncodedCalls:
    """The columns of a frame of calls, each encoded on first use.

    Beside the API's columns: ``agent``, ``country`` of the client, ``hour``, ``weekday`` and ``day`` in the
    frame's own zone, ``transferred``, ``path`` and ``ai``. A duration followed by ``bins`` is
    encoded in bins.

    Parameters
    ----------
    df
        The calls.
    """

    def __init__(self, df: pd.DataFrame) -> None:
        self.size = len(df)
        self._df = df
        self._typed: dict[str, pd.Series] = {}
        self._encoded: dict[tuple[str, ...], Encoded] = {}
        self._days: tuple[str, str] | None = None

    def has(self, name: str) -> bool:
        """Tell whether the frame has a column, or the columns that it is derived from."""
        needs = {
            "agent": (*AGENT_FIELDS, *AGENT_COLUMNS),
            "country": ("clientNumber",),
            "hour": ("timestamp",),
            "day": ("timestamp",),
            "weekday": ("timestamp",),
            "ai": ("aiTalkTime",),
            "path": ("numbersInvolvedJSON", "transfers"),
            "transferred": ("numbersInvolvedJSON", "transfers"),
        }
        return any(each in self._df.columns for each in needs.get(name, (name,)))

    def typed(self, name: str) -> pd.Series:
        """Return a column of the API in its own dtype, index from 0."""
        if name not in self._typed:
            if name == "agent":
                values = agents_of(self._df)
            elif name == "country":
                values = client_countries(self._df)
            else:
                values = column(self._df, name) if name in FIELDS else self._df[name]
            self._typed[name] = values.reset_index(drop=True)
        return self._typed[name]

    def frame(self, names: tuple[str, ...]) -> pd.DataFrame:
        """Return some of the API's columns."""
        return pd.DataFrame({name: self.typed(name) for name in names}, copy=False)

    @property
    def zone(self) -> str:
        """The zone in which the frame's times are written."""
        return zone_of_times(self.typed("timestamp")) if self.has("timestamp") else "UTC"

    def is_encoded(self, *names: str) -> bool:
        """Tell whether a column, or a combination of several, has been encoded."""
        return names in self._encoded

    def encoded(self, *names: str) -> Encoded:
        """Return a column, or the combinations of several, encoded."""
        if names not in self._encoded:
            self._encoded[names] = self._encode(names)
        return self._encoded[names]

    def days(self) -> tuple[str, str] | None:
        """Return the first and the last day of the frame; None if it has no times."""
        if self._days is None and self.has("timestamp"):
            stamps = self.typed("timestamp")
            first, last = stamps.min(), stamps.max()
            self._days = None if pd.isna(first) else (f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}")
        return self._days

    def _encode(self, names: tuple[str, ...]) -> Encoded:
        if names == ("weekday", "hour"):
            return self._hours()
        if names[1:] == ("bins",):
            return self._binned(names[0])
        if len(names) > 1:
            return combined([self.encoded(name) for name in names])
        (name,) = names
        if name in ("hour", "weekday"):
            return self.encoded("weekday", "hour")
        if name == "day":
            return self._of_days()
        if name in ("path", "transferred"):
            return self._chains(name)
        if name == "ai":
            talked = (self.typed("aiTalkTime") > 0).to_numpy(dtype=np.int8)
            return Encoded(talked, pd.DataFrame({"ai": pd.Series([False, True, None], dtype=object)}))
        series = self.typed(name)
        if isinstance(series.dtype, pd.CategoricalDtype):
            codes, labels = series.cat.codes.to_numpy(), series.cat.categories
        else:
            codes, labels = pd.factorize(series)
        codes = np.where(codes < 0, len(labels), codes).astype(_small(len(labels) + 1))
        dtype = FIELDS[name].dtype(self.zone) if name in FIELDS else "str"
        meaning = pd.Series([*labels, None], dtype=dtype)
        return Encoded(codes, pd.DataFrame({name: meaning}))

    def _hours(self) -> Encoded:
        """Encode weekday and hour together; the hour alone is a sum over seven of these."""
        stamps = self.typed("timestamp")
        local = stamps.dt.day_of_week * 24 + stamps.dt.hour
        codes = local.fillna(168).to_numpy(dtype=np.uint8)
        slots = np.arange(169, dtype=float)
        slots[168] = np.nan
        return Encoded(codes, pd.DataFrame({"weekday": slots // 24, "hour": slots % 24}))

    def _of_days(self) -> Encoded:
        """Encode the days from the first to the last one; days without calls have a code too."""
        stamps = self.typed("timestamp")
        local = stamps.dt.tz_localize(None).to_numpy(dtype="datetime64[D]")
        known = ~np.isnat(local)
        if not known.any():
            return Encoded(
                np.zeros(self.size, dtype=np.uint8), pd.DataFrame({"day": pd.Series([None], dtype="str")})
            )
        first, last = local[known].min(), local[known].max()
        days = np.arange(first, last + 1)
        codes = np.where(known, (local - first).astype(np.int64), len(days))
        return Encoded(codes.astype(_small(len(days) + 1)), pd.DataFrame({"day": [*days.astype(str), None]}))

    def _chains(self, name: str) -> Encoded:
        log = chain_log(self._df)
        moved = (log.hops > 0)[log.rows].astype(np.int8)
        meaning = pd.DataFrame({"transferred": pd.Series([False, True, None], dtype=object)})
        self._encoded["transferred",] = Encoded(moved, meaning)
        codes, paths = pd.factorize(np.asarray(log.labels, dtype=object))
        known = pd.Series([*paths, None], dtype="str")
        self._encoded["path",] = Encoded(codes[log.rows].astype(np.int32), pd.DataFrame({"path": known}))
        return self._encoded[name,]

    def _binned(self, name: str) -> Encoded:
        """Encode a duration: zeros first, then bins closed on the right, then null."""
        values = self.typed(name).to_numpy(dtype=np.float64, na_value=np.nan)
        edges = nice_edges(values)
        codes = np.searchsorted(edges, values, side="left")
        codes = np.where(np.isnan(values), len(edges), np.clip(codes, 0, len(edges) - 1))
        return Encoded(codes.astype(np.int16), pd.DataFrame({"to": [*edges, np.nan]}))


def nice_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return round edges from 0 that show most of the durations; the last one is the longest."""
    above = values[values > 0]
    if not len(above):
        return np.array([0.0, 1.0])
    most, usual = float(above.max()), float(np.quantile(above, 0.97))
    step = next(
        (size for size in (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800) if usual / size <= _MOST_BINS),
        float(np.ceil(usual / _MOST_BINS)),
    )
    edges = np.arange(0.0, usual + step, step)
    return np.append(edges[edges < most], np.ceil(most))


def combined(parts: list[Encoded]) -> Encoded:
    """Return one code for each combination of several codes."""
    codes = np.zeros(len(parts[0].codes), dtype=np.int32)
    positions = np.indices([len(part) for part in parts]).reshape(len(parts), -1)
    for part in parts:
        codes = codes * len(part) + part.codes
    meaning = pd.concat(
        [part.meaning.take(at).reset_index(drop=True) for part, at in zip(parts, positions, strict=True)],
        axis=1,
    )
    return Encoded(codes.astype(_small(len(meaning))), meaning)


def _small(size: int) -> type[Any]:
    return np.uint8 if size <= 255 else np.int16 if size <= 32_000 else np.int32


_LARGEST = 16_000  # codes of a cube: few enough for counting to stay in the processor's cache


@dataclass
class _Cube:
    """Columns that are counted together: the code of each combination, and the counts of the current rows."""

    names: list[tuple[str, ...]]
    sizes: list[int]
    codes: NDArray[np.int16]
    counts: NDArray[np.int64] | None = None


@dataclass
class Counts:
    """Counts of the rows that pass, each made once for a selection.

    Parameters
    ----------
    calls
        The frame, encoded.
    """

    calls: EncodedCalls
    _cubes: list[_Cube] = field(default_factory=list)
    _axes: dict[tuple[str, ...], tuple[_Cube, int]] = field(default_factory=dict)
    _of_all: dict[tuple[str, ...], NDArray[np.int64]] = field(default_factory=dict)

    def of(self, names: tuple[str, ...], rows: NDArray[np.intp] | None, *, shared: bool) -> NDArray[np.int64]:
        """Return the calls of each code.

        Parameters
        ----------
        names
            The column, or the columns that are combined.
        rows
            Which rows; None means all.
        shared
            Whether all views count these rows, rather than one control.
        """
        encoded = self.calls.encoded(*names)
        if rows is None:
            if names not in self._of_all:
                self._of_all[names] = encoded.counts(None)
            return self._of_all[names]
        if not shared or not self._fits(names):
            return encoded.counts(rows)
        cube, axis = self._cube_of(names)
        if cube.counts is None:
            cube.counts = np.bincount(cube.codes[rows], minlength=int(np.prod(cube.sizes)))
        others = tuple(each for each in range(len(cube.sizes)) if each != axis)
        summed: NDArray[np.int64] = cube.counts.reshape(cube.sizes).sum(axis=others)
        return summed

    def prepare(self, names: tuple[str, ...]) -> None:
        """Encode a column, and count it for all rows."""
        self.of(names, None, shared=True)
        if self._fits(names):
            self._cube_of(names)

    def forget(self) -> None:
        """Forget the counts of the rows before."""
        for cube in self._cubes:
            cube.counts = None

    def _fits(self, names: tuple[str, ...]) -> bool:
        return len(self.calls.encoded(*names)) * 2 <= _LARGEST

    def _cube_of(self, names: tuple[str, ...]) -> tuple[_Cube, int]:
        """Return the cube of a column and its axis there; a new column joins a cube that has room."""
        if names not in self._axes:
            encoded = self.calls.encoded(*names)
            size = len(encoded)
            cube = next((each for each in self._cubes if np.prod(each.sizes) * size <= _LARGEST), None)
            if cube is None:
                cube = _Cube([], [], np.zeros(self.calls.size, dtype=np.int16))
                self._cubes.append(cube)
            cube.codes = (cube.codes * np.int16(size) + encoded.codes).astype(np.int16)
            cube.sizes.append(size)
            cube.names.append(names)
            cube.counts = None
            self._axes[names] = cube, len(cube.sizes) - 1
        return self._axes[names]
