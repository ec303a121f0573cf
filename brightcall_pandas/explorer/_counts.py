"""How many rows have each code. Facts of few codes are counted together: one pass serves many views."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from brightcall_pandas.explorer._codes import Facts

__all__ = ["Counts"]

_LARGEST = 16_000  # codes of a cube: so few that counting stays in the processor's cache


@dataclass
class _Cube:
    """Facts that are counted together: the code of each combination, and the counts of the present rows."""

    names: list[tuple[str, ...]]
    sizes: list[int]
    codes: NDArray[np.int16]
    now: NDArray[np.int64] | None = None


@dataclass
class Counts:
    """Counts of the rows that pass, each made once for a selection.

    Parameters
    ----------
    facts
        The frame, coded.
    """

    facts: Facts
    _cubes: list[_Cube] = field(default_factory=list)
    _place: dict[tuple[str, ...], tuple[_Cube, int]] = field(default_factory=dict)
    _of_all: dict[tuple[str, ...], NDArray[np.int64]] = field(default_factory=dict)

    def of(self, names: tuple[str, ...], rows: NDArray[np.intp] | None, *, shared: bool) -> NDArray[np.int64]:
        """Return the calls of each code.

        Parameters
        ----------
        names
            The fact.
        rows
            Which rows; None means all.
        shared
            Whether they are the rows of all views, rather than of one control.
        """
        codes = self.facts.codes(*names)
        if rows is None:
            if names not in self._of_all:
                self._of_all[names] = codes.of(None)
            return self._of_all[names]
        if not shared or not self._fits(names):
            return codes.of(rows)
        cube, axis = self._cube_of(names)
        if cube.now is None:
            cube.now = np.bincount(cube.codes[rows], minlength=int(np.prod(cube.sizes)))
        others = tuple(each for each in range(len(cube.sizes)) if each != axis)
        summed: NDArray[np.int64] = cube.now.reshape(cube.sizes).sum(axis=others)
        return summed

    def prepare(self, names: tuple[str, ...]) -> None:
        """Code a fact, and count it for all rows."""
        self.of(names, None, shared=True)
        if self._fits(names):
            self._cube_of(names)

    def forget(self) -> None:
        """Forget what belongs to the rows before."""
        for cube in self._cubes:
            cube.now = None

    def _fits(self, names: tuple[str, ...]) -> bool:
        return len(self.facts.codes(*names)) * 2 <= _LARGEST

    def _cube_of(self, names: tuple[str, ...]) -> tuple[_Cube, int]:
        """Return the cube of a fact and its axis there; a new fact joins a cube that has room."""
        if names not in self._place:
            codes = self.facts.codes(*names)
            size = len(codes)
            cube = next((each for each in self._cubes if np.prod(each.sizes) * size <= _LARGEST), None)
            if cube is None:
                cube = _Cube([], [], np.zeros(self.facts.size, dtype=np.int16))
                self._cubes.append(cube)
            cube.codes = (cube.codes * np.int16(size) + codes.codes).astype(np.int16)
            cube.sizes.append(size)
            cube.names.append(names)
            cube.now = None
            self._place[names] = cube, len(cube.sizes) - 1
        return self._place[names]
