"""The filter explorer: ask calls questions without writing code, and leave with the code.

The only package that imports ipywidgets and anywidget. `controls` makes a control of every filter,
`selection` is the one state, `coding` and `crossfilter` answer which rows pass, `counts`, `options` and
`views` count what the page shows, `code` writes the lines that give the same rows, `page` and ``front/`` draw
in the browser, and `explorer` ties all together.
"""

from __future__ import annotations

import os
from datetime import date
from typing import Any

from brightcall_pandas.explorer._explorer import Explorer
from brightcall_pandas.filters import lists_filters
from brightcall_pandas.load import load_calls

__all__ = [
    "Explorer",
    "explore",
]


@lists_filters
def explore(
    day_from: str | date,
    day_to: str | date,
    *,
    presets: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Explorer:
    """Load the calls of some days and explore them.

    Parameters
    ----------
    day_from, day_to
        First and last day, both inclusive.
    presets
        The JSON file of saved selections; None takes one in the user's configuration folder.
    **options
        Filters and options of `load_calls`: what they leave out is not loaded at all.

    Returns
    -------
    Explorer
        The last expression of a cell shows it.

    Raises
    ------
    TypeError, ValueError, BrightcallError
        As `load_calls`.
    """
    return Explorer(load_calls(day_from, day_to, **options), presets=presets)
