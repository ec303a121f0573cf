"""Periods whose outcomes have not settled: hatched, where it is known how late outcomes change."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from brightcall_pandas.plots._calendar import Steps
from brightcall_pandas.plots._colors import tones_of
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._formats import words_of

__all__ = ["hatch_unsettled"]


def hatch_unsettled(ax: Axes, steps: Steps, facts: Facts) -> str:
    """Hatch the periods whose outcomes have not settled; return what to say of them, nothing without any."""
    if facts.settled_before is None:
        return ""
    late = steps.edges[1:] > np.datetime64(facts.settled_before)
    if not late.any():
        return ""
    first: Any
    untyped: Any = ax
    first, last = untyped.convert_xunits([steps.edges[:-1][late][0], steps.edges[-1]])
    place: Any = ax.get_xaxis_transform()
    form: Any = {"fill": False, "hatch": "///", "edgecolor": tones_of(ax, inside=True).grid, "linewidth": 0}
    ax.add_patch(Rectangle((first, 0), last - first, 1, transform=place, zorder=0.5, **form))
    some = facts.changing
    share = "less than 0.1 %" if some < 0.001 else f"about {100 * some:.1f} %"
    what = "outcome" if facts.changing_field == "outcomeTag" else words_of(facts.changing_field)
    return f"hatched: not settled, {share} of all calls still to get another {what}"
