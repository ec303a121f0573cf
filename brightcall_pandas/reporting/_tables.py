"""Tables of a report: which columns are shown, under which headings, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from brightcall_pandas.accessors import shown_texts
from brightcall_pandas.reporting._words import NOTHING

__all__ = ["GROUP", "MOST_ROWS", "as_html", "shown"]

GROUP = "group of rows"
"""Column of cells whose text stands above the rows that have it."""

MOST_ROWS = 60


def shown(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return the cells of a table as texts: these columns, each with its interval behind it.

    Parameters
    ----------
    table
        A table of the catalogue.
    columns
        Headings by name, of levels of the index and of columns; what the table lacks is left out.
    """
    texts = shown_texts(table)
    cells: dict[str, pd.Series] = {}
    for name, heading in columns.items():
        if name not in texts:
            continue
        cells[heading] = texts[name]
        low, high = f"{name}_low", f"{name}_high"
        if low in texts and high in texts:
            cells[heading] = _with_interval(texts[name], texts[low], texts[high])
    return pd.DataFrame(cells)


def _with_interval(middle: pd.Series, low: pd.Series, high: pd.Series) -> pd.Series:
    """Return cells such as ``17.0% (14.9–19.3)``."""
    between = [
        NOTHING if one == NOTHING else f"{one.rstrip('% s')}–{two.rstrip('% s')}"
        for one, two in zip(low, high, strict=True)
    ]
    cells = [
        told if NOTHING in (told, span) else f"{told} ({span})"
        for told, span in zip(middle, between, strict=True)
    ]
    return pd.Series(cells, index=middle.index, dtype="str")


def as_html(cells: pd.DataFrame, name: str, caption: str) -> str:
    """Return a table of texts as HTML: a caption, headings and row headers; great-tables escapes all texts.

    Parameters
    ----------
    cells
        The first column names the rows.
    name
        What the table is called in the page.
    caption
        Says what it shows, to those who hear it as well.
    """
    from great_tables import GT  # noqa: PLC0415
    from markupsafe import escape  # noqa: PLC0415

    few = cells.head(MOST_ROWS)
    grouped = GROUP in few
    if grouped:
        few = few[[GROUP, *few.columns.drop(GROUP)]]
    # Columns get plain names: great-tables makes identifiers of them, and a heading may be anything.
    plain = few.set_axis([f"c{number}" for number in range(len(few.columns))], axis="columns")
    labels: dict[str, Any] = {key: str(told) for key, told in zip(plain.columns, few.columns, strict=True)}
    first = "c1" if grouped else "c0"
    table = GT(plain, rowname_col=first, groupname_col="c0" if grouped else None, id=name)
    table = table.tab_stubhead(label=labels.pop(first))
    labels.pop("c0", None)
    if labels:
        left = [key for key in labels if _is_text(plain[key])]
        table = table.cols_label(labels).cols_align("right").cols_align("left", columns=left)
    page = table.as_raw_html()
    begin = page.index("<table")
    inner = page[begin : page.rindex("</table>") + len("</table>")]
    opening, closing = inner.split(">", 1)
    return f"{opening}><caption>{escape(caption)}</caption>{closing}"


def _is_text(cells: pd.Series) -> bool:
    """Tell whether a column holds words rather than numbers."""
    known = [each for each in cells if each != NOTHING]
    return bool(known) and sum(each[:1].isdigit() or each[:1] in "+−-(" for each in known) < len(known) / 2
