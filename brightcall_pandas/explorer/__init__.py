"""The filter explorer: filter calls without writing code, and take the code with you.

The only room that imports ipywidgets and anywidget::

    _explorer     the selection, the page, and what they give
    _selection    filter and conditions; presets
    _controls     a control for each filter, conditions without a filter, and what they offer
    _counts       columns encoded as small integers, and how many rows have each code
    _crossfilter  which rows pass, and which would pass without some of the controls
    _views        what the page shows, as numbers and words
    _days         how many days a cell of the heat map is the mean of, and how many make a bar
    _figures      the figures above all views
    _table        the rows that pass: sorted, searched, page by page
    _code         the statement that gives the same rows
    _origin       what things are called where the code is pasted
    _stored       what a notebook keeps, to be seen without its kernel
    _snapshot     a picture and a table that a user asks for
    _page         the widget, its program and its style
    front/        the page in the browser
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, Unpack

import pandas as pd

from brightcall_pandas.analysis import Further
from brightcall_pandas.errors import brief_errors
from brightcall_pandas.explorer._explorer import Explorer
from brightcall_pandas.filters import Filters, lists_filters
from brightcall_pandas.frame import Names
from brightcall_pandas.load import Client, Day, load_calls

__all__ = [
    "Explorer",
    "explore",
]


@brief_errors
@lists_filters
def explore(
    day_from: Day,
    day_to: Day | None = None,
    *,
    presets: str | os.PathLike[str] | None = None,
    columns: Sequence[str] | None = None,
    refresh: bool = False,
    on_incomplete: Literal["raise", "warn"] = "raise",
    progress: bool | None = None,
    names: Names = None,
    metrics: Further = None,
    stored: bool = True,
    client: Client | None = None,
    **filters: Unpack[Filters],
) -> Explorer:
    """Load the calls of some days and explore them.

    Parameters
    ----------
    day_from, day_to
        First and last day, as in `load_calls`: ``"2026-03-02"``, ``"2026-03"``, ``"30d"``.
    presets
        The JSON file of saved selections; None means one in the user's configuration folder.
    columns, refresh, on_incomplete, progress, client
        As in `load_calls`.
    names, metrics, stored
        As in ``df.calls.explore``.
    **filters
        Any of `bc.describe_filters()`: what they exclude is not loaded at all.

    Returns
    -------
    Explorer
        The last expression of a cell shows it.

    Raises
    ------
    TypeError, ValueError, BrightcallError
        As in `load_calls`.
    """
    if isinstance(day_from, pd.DataFrame):
        msg = (
            "bc.explore loads the calls of some days; a frame that is there is explored by df.calls.explore()"
        )
        raise TypeError(msg)
    calls = load_calls(
        day_from,
        day_to,
        columns=columns,
        refresh=refresh,
        on_incomplete=on_incomplete,
        progress=progress,
        client=client,
        **filters,
    )
    return Explorer(calls, presets=presets, names=names, metrics=metrics, stored=stored, client=client)
