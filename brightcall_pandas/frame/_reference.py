"""Tables to look something up in: a notebook shows all of their rows, and whole cells."""

from __future__ import annotations

import difflib
import re
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from brightcall_pandas.errors import NoMatchWarning, warn_user

__all__ = ["ReferenceTable"]

_MOST_FOUND = 6  # rows of a search that a page shows at once
_STYLE = (
    "<style scoped>.brightcall-reference th, .brightcall-reference td "
    "{text-align: left !important; vertical-align: top !important; white-space: normal; max-width: 36em}"
    "</style>"
)


class ReferenceTable(pd.DataFrame):
    """A DataFrame whose form in a notebook leaves nothing out; what is made of it is a plain DataFrame."""

    _metadata: ClassVar[list[str]] = ["most_shown"]
    most_shown: int | None = None  # rows that a page shows at once; the others are behind a line to click

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def matching(self, search: str | None) -> ReferenceTable:
        """Return the rows that have every word of a text in some cell, case aside; all of them for None.

        Rows that have them in their name come first, then those that have them in the first column. Where no
        row has them, a warning names the nearest words.

        Raises
        ------
        TypeError
            What to search for is not text.
        """
        if search is not None and not isinstance(search, str):
            msg = f"search takes text, not {type(search).__name__}"
            raise TypeError(msg)
        words = (search or "").casefold().split()
        cells = self.reset_index().astype(object).fillna("").astype(str)
        rows = cells.agg(" ".join, axis=1).str.casefold().tolist()
        found = [all(word in row for word in words) for row in rows]
        if not any(found):
            warn_user(_nothing_has(words, rows), NoMatchWarning)
        if not words:
            return self
        names, others = (cells.iloc[:, number].str.casefold().str.replace("_", " ") for number in (0, 1))
        in_name = [all(word.replace("_", " ") in name for word in words) for name in names]
        in_first = [all(word in text for word in words) for text in names + " " + others]
        best = sorted(np.flatnonzero(found).tolist(), key=lambda row: (not in_name[row], not in_first[row]))
        table = ReferenceTable(self.iloc[best])
        table.most_shown = _MOST_FOUND
        return table

    def _repr_html_(self) -> str:
        first = len(self) if self.most_shown is None else self.most_shown
        about = f"{len(self):,} row{'s' * (len(self) != 1)}"
        if len(self) <= first:
            return f"<div class='brightcall-reference'>{_STYLE}{_page(self)}</div><p>{about}</p>"
        more = f"{len(self) - first:,} more rows that have it: click, or search for another word as well"
        return (
            f"<div class='brightcall-reference'>{_STYLE}{_page(self.iloc[:first])}<details>"
            f"<summary>{more}</summary>{_page(self.iloc[first:])}</details></div><p>{about}</p>"
        )


def _page(rows: pd.DataFrame) -> str:
    whole = ("display.max_rows", None, "display.max_columns", None, "display.max_colwidth", None)
    with pd.option_context(*whole):
        return str(pd.DataFrame(rows).astype(object).fillna("").to_html(border=0, notebook=True))


def _nothing_has(words: list[str], rows: list[str]) -> str:
    """Return what to say of a search that found no row."""
    text = " ".join(rows)
    unknown = [word for word in words if word not in text]
    if not unknown:
        return f"No row has all of these words, though each is in some row: {', '.join(words)}."
    known = sorted(set(re.findall(r"[^\W\d_]{3,}", text)))
    near = difflib.get_close_matches(unknown[0], known, n=3)
    hint = f"; the nearest here: {', '.join(map(repr, near))}" if near else ""
    return f"No row has {unknown[0]!r}{hint}. Without a search, all {len(rows)} rows are returned."
