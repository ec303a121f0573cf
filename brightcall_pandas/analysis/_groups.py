"""Rows into groups: the label of each row, the order of the labels, how nulls and spellings are shown.

A `Key` assigns each row a label (by agent, by hour …); `grouped` combines keys into the groups that occur.
Spellings of one outcome that differ in case and blanks only are one label, shown in its most frequent form.
Rows are addressed by position, never by index label, so a frame's index may hold anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._sorting import runs_of
from brightcall_pandas.frame import NONE, factorized, fold

__all__ = [
    "NONE",
    "Groups",
    "Key",
    "closed_key",
    "completed",
    "folded_key",
    "folded_keys",
    "grouped",
    "is_folded",
    "key_of",
    "keys_of_index",
    "observed",
    "outer_codes",
]

_DENSE = 24  # up to so many possible groups a row, marking each that occurs beats hashing


class Key(msgspec.Struct, frozen=True):
    """A label for each row.

    Parameters
    ----------
    codes
        Position in `labels`, one a row.
    labels
        The labels in the order of the table, named.
    """

    codes: NDArray[np.int64]
    labels: pd.Index

    def take(self, rows: NDArray[np.int64]) -> Key:
        """Return the key of some of the rows, by position."""
        return Key(self.codes[rows], self.labels)


class Groups(msgspec.Struct, frozen=True):
    """The groups that occur: position in `index`, one a row."""

    codes: NDArray[np.int64]
    index: pd.Index

    def __len__(self) -> int:
        return len(self.index)

    def count(self, mask: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Return how many rows (of those in `mask`) each group has."""
        if len(self) == 1 and mask is not None:
            return np.array([np.count_nonzero(mask)])
        codes = self.codes if mask is None or mask.all() else self.codes[mask]
        return np.bincount(codes, minlength=len(self))

    def sum(self, values: NDArray[np.number]) -> NDArray[np.float64]:
        """Return the sum of `values` in each group; a null makes the sum null."""
        # Without rows, bincount ignores its weights and returns integers.
        return np.bincount(self.codes, weights=values, minlength=len(self)).astype(np.float64)


def key_of(values: pd.Series | pd.Index, name: str | None = None) -> Key:
    """Return the key that labels rows by value.

    Labels are sorted, numbers written as text as numbers; those of a closed set keep its order. Nulls come
    last: as ``(none)`` among texts and closed sets, else as null. A blank text is a null.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        series = pd.Series(values)
        codes, labels = _without_blanks(series.cat.codes.to_numpy().astype(np.int64), series.cat.categories)
        return closed_key(codes, labels, name)
    if (whole := _whole_key(values, name)) is not None:
        return whole
    codes, uniques = factorized(values) if isinstance(values, pd.Series) else pd.factorize(values)
    codes, labels = _without_blanks(codes, pd.Index(uniques, dtype=values.dtype))
    order = _order(labels)
    codes, labels = _rank(order)[codes], labels.take(order)
    missing = codes < 0
    if missing.any():
        codes, labels = _with_null(codes, labels, missing)
    return Key(codes, labels.rename(name))


_LARGEST_COUNTED = 100_000  # whole numbers up to here, such as seconds of a day, are counted, not hashed


def _whole_key(values: pd.Series | pd.Index, name: str | None) -> Key | None:
    """Return the key of floats that are whole and small, the quick way; None for all else."""
    if values.dtype != np.float64 or len(values) < _LARGEST_COUNTED:
        return None
    given = values.to_numpy()
    missing = np.isnan(given)
    if not (np.fmin.reduce(given) >= 0 and np.fmax.reduce(given) < _LARGEST_COUNTED):
        return None
    filled = np.where(missing, _LARGEST_COUNTED, given)
    whole = filled.astype(np.int64)
    if not (whole == filled).all():
        return None
    codes, found = observed(whole, _LARGEST_COUNTED + 1)
    labels = np.where(found == _LARGEST_COUNTED, np.nan, found.astype(np.float64))
    return Key(codes, pd.Index(labels, name=name))


def closed_key(codes: NDArray[np.int64], choices: Sequence[object] | pd.Index, name: str | None) -> Key:
    """Return the key of a closed set: position in `choices`, one a row, negative for a null."""
    labels = pd.Index(choices)
    if NONE not in labels:
        labels = labels.append(pd.Index([NONE]))
    codes = np.where(codes < 0, labels.get_indexer(pd.Index([NONE]))[0], codes)
    return Key(codes, pd.CategoricalIndex(labels, categories=labels, ordered=True, name=name))


def keys_of_index(index: pd.Index) -> list[Key]:
    """Return a key for each level of an index."""
    return [key_of(index.get_level_values(level), str(name)) for level, name in enumerate(index.names)]


def grouped(keys: Sequence[Key]) -> Groups:
    """Return the groups that occur, in the order of the keys' labels, the first key outermost."""
    first = keys[0]
    codes, width = first.codes, len(first.labels)
    places = [np.arange(width)]  # of each key so far, which label each code stands for
    for key in keys[1:]:
        size = len(key.labels)
        if width * size > len(codes) // 4:  # too many to count later, if they are not counted now
            codes, found = observed(codes, width)
            places, width = [place[found] for place in places], len(found)
        codes = codes * size + key.codes
        places = [np.repeat(place, size) for place in places] + [np.tile(np.arange(size), width)]
        width *= size
    codes, found = observed(codes, width)
    places = [place[found] for place in places]
    if len(keys) == 1:
        return Groups(codes, first.labels.take(places[0]))
    levels: list[Any] = [key.labels for key in keys]
    codes_of_levels: list[Any] = places
    index = pd.MultiIndex(levels, codes_of_levels, names=[each.name for each in levels])
    return Groups(codes, index)


def outer_codes(groups: Groups, outer: Sequence[Key]) -> NDArray[np.int64]:
    """Return for each group the position of the outer group that it is part of; 0 without outer keys."""
    codes = np.zeros(len(groups), dtype=np.int64)
    if outer:
        codes[groups.codes] = grouped(outer).codes
    return codes


def completed(outer: Sequence[Key], codes: NDArray[np.int64], inner: pd.Index) -> Groups:
    """Return groups that list every label of `inner` below each outer group that occurs.

    Parameters
    ----------
    outer
        Keys of the outer levels; may be none.
    codes
        Position in `inner`, one a row.
    inner
        All labels of the innermost level. Without rows there are no groups.
    """
    if not outer:
        return Groups(codes, inner if len(codes) else inner[:0])
    above = grouped(outer)
    places = np.repeat(np.arange(len(above)), len(inner))
    levels = [above.index.get_level_values(level).take(places) for level in range(above.index.nlevels)]
    below = inner.take(np.tile(np.arange(len(inner)), len(above)))
    index = pd.MultiIndex.from_arrays([*levels, below], names=[*above.index.names, inner.name])
    return Groups(above.codes * len(inner) + codes, index)


def observed(codes: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each row's position among the codes (below `size`) that occur, and these codes, ascending."""
    if size <= _DENSE * len(codes) + 1000:
        occurs = np.zeros(size, dtype=bool)
        occurs[codes] = True
        found = np.flatnonzero(occurs)
        if len(found) == size:
            return codes, found
        narrow = np.int32 if size < 2**31 else np.int64
        return (np.cumsum(occurs, dtype=narrow)[codes] - 1).astype(np.int64), found
    return runs_of(codes)


def _order(labels: pd.Index) -> NDArray[np.intp]:
    """Return the order that sorts the labels; values that Python cannot compare are sorted as text."""
    if labels.dtype == object:
        return np.array(sorted(range(len(labels)), key=lambda each: str(labels[each])), dtype=np.intp)
    order = np.asarray(labels.argsort(), dtype=np.intp)
    if isinstance(labels.dtype, pd.StringDtype):
        none = np.asarray(labels == NONE)
        if labels[~none].str.isdecimal().all():
            # Identifiers such as extensions: 9 stands before 10.
            order = order[np.argsort(labels.str.len().to_numpy()[order], kind="stable")]
        order = order[np.argsort(none[order], kind="stable")]
    return order


def _rank(order: NDArray[np.intp]) -> NDArray[np.int64]:
    """Invert a permutation; one place more, reached as -1, keeps nulls at -1."""
    rank = np.full(len(order) + 1, -1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _without_blanks(codes: NDArray[np.int64], labels: pd.Index) -> tuple[NDArray[np.int64], pd.Index]:
    """Return codes in which blank texts are nulls."""
    if not (isinstance(labels.dtype, pd.StringDtype) or labels.dtype == object):
        return codes, labels
    blank = np.array([isinstance(each, str) and not each.strip() for each in labels], dtype=bool)
    if not blank.any():
        return codes, labels
    places = np.append(np.where(blank, -1, np.cumsum(~blank) - 1), -1)  # the last one is that of nulls
    return places[codes], labels[~blank]


def _with_null(
    codes: NDArray[np.int64], labels: pd.Index, missing: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], pd.Index]:
    if not (isinstance(labels.dtype, pd.StringDtype) or labels.dtype == object):
        return np.where(missing, len(labels), codes), labels.append(pd.Index([None], dtype=labels.dtype))
    if NONE not in labels:
        labels = labels.insert(len(labels), NONE)
    return np.where(missing, labels.get_indexer(pd.Index([NONE]))[0], codes), labels


def folded_key(key: Key, calls: NDArray[np.float64], *, fold_case: bool = True) -> Key:
    """Return the key in which spellings of one outcome or tag are one label.

    Parameters
    ----------
    key
        The key of the spellings as they came.
    calls
        How many calls stand behind each row of the key; the most frequent spelling gives the label.
    fold_case
        False keeps each spelling apart and as it came.

    Returns
    -------
    Key
        Labels in alphabetical order. No outcome, or a blank one, is ``(none)``, which comes last. Of two
        spellings equally frequent the first in order of code points is shown.
    """
    spellings = [str(label) for label in key.labels]
    weights = np.bincount(key.codes, weights=calls, minlength=len(spellings))
    labels: dict[str, str] = {}
    folded = [(fold(text) if fold_case else text) if text.strip() else NONE for text in spellings]
    for place in sorted(range(len(spellings)), key=lambda each: (-weights[each], spellings[each])):
        text = spellings[place] if not fold_case else _unblanked(spellings[place])
        labels.setdefault(folded[place], text if folded[place] != NONE else NONE)
    order = sorted(labels, key=lambda each: (each == NONE, labels[each]))
    position = {each: place for place, each in enumerate(order)}
    codes = np.array([position[each] for each in folded], dtype=np.int64)
    return Key(
        codes[key.codes], pd.Index([labels[each] for each in order], dtype="str", name=key.labels.name)
    )


def folded_keys(keys: Sequence[Key], calls: NDArray[np.float64]) -> list[Key]:
    """Return the keys, those of the dimensions ``outcome`` and ``tag`` folded."""
    return [folded_key(key, calls) if is_folded(key.labels) else key for key in keys]


def is_folded(labels: pd.Index) -> bool:
    """Tell whether spellings of these labels are folded when a table is finished."""
    return labels.name in ("outcome", "tag") and isinstance(labels.dtype, pd.StringDtype)


def _unblanked(text: str) -> str:
    return " ".join(text.split())
