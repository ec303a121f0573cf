"""A typical day of each group: what is enough at each hour on nine of ten days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._choice import chosen_groups, outer_levels
from brightcall_pandas.plots._fitting import ColumnLabels, Fit, RowLabels
from brightcall_pandas.plots._formats import number
from brightcall_pandas.plots._heatmaps import week_of
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._picture import Look, headed

__all__ = ["typical_days"]

_GROUPS = 12
_QUANTILE = 0.9


def typical_days(values: pd.Series, look: Look, title: str, remarks: list[str]) -> Axes:
    """Draw a row of cells for each group, those with the highest peaks first, and a column for each hour.

    Parameters
    ----------
    values
        A value for each group and period of an hour or less; of two weeks or more.
    look
        How the picture is drawn.
    title, remarks
        The finding, and what must be known.
    """
    outer: Any = outer_levels(values)
    stamps: Any = values.index.get_level_values(-1)
    walls = stamps.tz_localize(None)
    groups = [values.index.get_level_values(level) for level in outer]
    highest = values.groupby([*groups, walls.normalize(), walls.hour], observed=True, dropna=False).max()
    every = list(range(len(outer)))
    days = walls.normalize().nunique()
    # A group without calls in an hour of a day has no row for it, and needs nothing then.
    needed = highest.groupby(level=[*every, len(outer) + 1], observed=True, dropna=False).apply(
        lambda each: np.quantile(
            np.append(each.to_numpy(dtype=np.float64), np.zeros(max(days - len(each), 0))),
            _QUANTILE,
            method="higher",
        )
    )
    peaks = values.groupby(level=outer, sort=False, observed=True, dropna=False).max()
    most = look.top or max(min(look.rows(_GROUPS), _GROUPS), 1)
    shown, hidden = chosen_groups(peaks, look, usual=most)
    table: Any = needed.unstack(fill_value=0)
    busy = [int(hour) for hour in table.columns[(table.to_numpy() > 0).any(axis=0)]] or [0]
    hours = range(busy[0], busy[-1] + 1)
    cells = table.reindex(columns=hours, fill_value=0).loc[shown].to_numpy(dtype=np.float64)
    ax = look.axes(width=max(5.0, 2.6 + 0.26 * len(hours)), height=1.9 + look.row_height(1.1) * len(shown))
    cells = np.where(cells > 0, cells, np.nan)
    fits, _ = week_of(ax, cells, np.full(cells.shape, np.nan), str(values.name), look)
    names = [f"{label_of(group, 28)} (peak {number(peaks[group])})" for group in shown]
    ax.set_yticks(range(len(names)), names, fontsize=look.small)
    ax.set_xlabel("hour of the day")
    labels: list[Fit] = [
        ColumnLabels([str(hour) for hour in hours], list(range(len(hours))), look.small),
        RowLabels(names, look.small),
    ]
    lines = look.facts.lines(
        *remarks,
        f"cells: enough on nine of ten of the {number(days)} days; blank: 0",
        hidden.replace("largest", "highest"),
    )
    return headed(ax, look, title, lines, form="A row of hours for each group", fits=[*fits, *labels])
