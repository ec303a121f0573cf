"""The filter explorer: filter calls without writing code, and take the code with you.

The only room that imports ipywidgets and anywidget::

    _explorer     the selection, the page, and what they give
    _selection    filter and conditions; presets
    _controls     a control for each filter, conditions without a filter, and what they offer
    _counts       columns encoded as small integers, and how many rows have each code
    _crossfilter  which rows pass, and which would pass without one of the controls
    _views        what the page shows, as numbers and words
    _code         the Python code that gives the same rows
    _snapshot     a picture and a table that stay in the notebook
    front/        the page in the browser
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
        The JSON file of saved selections; None means one in the user's configuration folder.
    **options
        Filters and options of `load_calls`: what they exclude is not loaded at all.

    Returns
    -------
    Explorer
        The last expression of a cell shows it.

    Raises
    ------
    TypeError, ValueError, BrightcallError
        As in `load_calls`.
    """
    return Explorer(load_calls(day_from, day_to, **options), presets=presets)
