"""Tables to look something up in: a notebook shows all of their rows, and whole cells."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

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
        rows = cells.agg(" ".join, axis=1).str.casefold()
        found = [all(word in row for word in words) for row in rows]
        return ReferenceTable(self.loc[found])

    def _repr_html_(self) -> str:
        whole = ("display.max_rows", None, "display.max_columns", None, "display.max_colwidth", None)
        with pd.option_context(*whole):
            shown = self.astype(object).fillna("").to_html(border=0, notebook=True)
        about = f"{len(self):,} row{'s' * (len(self) != 1)}"
        return f"<div class='brightcall-reference'>{_STYLE}{shown}</div><p>{escape(about)}</p>"
