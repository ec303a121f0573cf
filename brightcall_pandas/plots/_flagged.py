"""Bars of a rate, those that stand out marked: one picture of several tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from brightcall_pandas.plots._choice import chosen_rows
from brightcall_pandas.plots._formats import counted, percent
from brightcall_pandas.plots._picture import Look, headed
from brightcall_pandas.plots._rows import bar_rows, flag_key, interval_of, row_labels, share_of
from brightcall_pandas.plots._standing import standing_out, verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["flagged_rates"]


def flagged_rates(
    table: pd.DataFrame, look: Look, rate: str, counts: tuple[str, str], *, said: str, about: str
) -> Axes:
    """Draw a bar for each group, the highest first, and a dashed line at the rate of all.

    Parameters
    ----------
    table
        Table with the rate; not empty.
    look
        Look of the picture.
    rate
        Column of the rate.
    counts
        Columns of its numerator and its denominator, the latter an adjective of calls: ``observed``.
    said
        What the title says of the rate of all, behind its number.
    about
        What the rate is.
    """
    top, bottom = (look.facts.total(table, name) for name in counts)
    kind = counts[1]
    share = top / bottom if bottom else np.nan
    shown, hidden = chosen_rows(table, look, table[kind], table[rate])
    standing = standing_out(table, rate, share, look.facts)
    flags, several = standing.flags(shown.index), len(shown) > 1
    ax, fits = bar_rows(
        row_labels(shown.index),
        shown[rate],
        [share_of(*row) for row in zip(shown[rate], shown[kind], strict=True)],
        look,
        intervals=interval_of(shown, rate),
        unit=f"share of {kind} calls",
        beyond=flags,
        whole=share if several else None,
    )
    title = f"{percent(share)} {said}{verdict(table, rate, standing, 'higher', standing.highest)}"
    if np.isnan(share):
        title = f"How many {said} is not known"
    remarks = [
        about,
        f"n = {counted(bottom, f'{kind} call')}",
        f"whiskers: {look.facts.interval}",
        standing.test,
        f"dashed: {percent(share)} of all" if several else "",
        hidden,
        look.facts.cut(table),
    ]
    return headed(
        ax,
        look,
        title,
        look.facts.lines(*remarks),
        form="A bar for each group",
        key=flag_key(flags, look),
        fits=fits,
    )
