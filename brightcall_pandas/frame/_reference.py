"""Tables to look something up in: a notebook shows all of their rows, and whole cells."""

from __future__ import annotations

import difflib
import re
from html import escape
from typing import Any

import pandas as pd

from brightcall_pandas.errors import NoMatchWarning, warn_user

__all__ = ["ReferenceTable"]

_STYLE = (
    "<style scoped>.brightcall-reference th, .brightcall-reference td "
    "{text-align: left !important; vertical-align: top !important; white-space: normal; max-width: 36em}"
    "</style>"
)


class ReferenceTable(pd.DataFrame):
    """A DataFrame whose form in a notebook leaves nothing out; what is made of it is a plain DataFrame."""

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def matching(self, search: str | None) -> ReferenceTable:
        """Return the rows that have every word of a text in some cell, case aside; all of them for None.

        Where no row has, a warning names the nearest words.

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
        return ReferenceTable(self.loc[found])

    def _repr_html_(self) -> str:
        whole = ("display.max_rows", None, "display.max_columns", None, "display.max_colwidth", None)
        with pd.option_context(*whole):
            shown = self.astype(object).fillna("").to_html(border=0, notebook=True)
        about = f"{len(self):,} row{'s' * (len(self) != 1)}"
        return f"<div class='brightcall-reference'>{_STYLE}{shown}</div><p>{escape(about)}</p>"


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
