"""Fold the spellings of outcomes and tags, and show the one that people use most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._groups import NONE, Key
from brightcall_pandas.frame import fold

__all__ = ["folded_key", "folded_keys"]


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
    return [folded_key(key, calls) if _is_folded(key.labels) else key for key in keys]


def _is_folded(labels: pd.Index) -> bool:
    return labels.name in ("outcome", "tag") and isinstance(labels.dtype, pd.StringDtype)


def _unblanked(text: str) -> str:
    return " ".join(text.split())
