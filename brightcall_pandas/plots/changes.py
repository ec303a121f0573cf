"""What moved between two sets of calls, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots.rows import ROW_HEIGHT, row_labels
from brightcall_pandas.plots.style import BLUE, INK, ORANGE, housed, new_axes, no_data, titled

__all__ = ["explain_change"]

_TITLE = "What moved the figure"
_ROWS = 12


@housed
def explain_change(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what each group did to the figure of all.

    Parameters
    ----------
    table
        What `analysis.explain_change` returns.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each group, largest effect first: one bar for the change of its rate, one for the change of
        its share, a mark for both together. Groups beyond the first twelve are one row.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE)
    effects = table[["rate_effect", "mix_effect", "effect"]]
    shown = effects if len(table) <= _ROWS + 1 else effects.iloc[:_ROWS]
    labels = row_labels(shown.index)
    if len(shown) < len(table):
        labels.append(f"{len(table) - len(shown)} more")
        shown = pd.DataFrame(
            np.vstack([shown, effects.iloc[len(shown) :].sum()]), columns=effects.columns, index=labels
        )
    metric = str(table.attrs.get("metric", "answer_rate"))
    words = metric.removesuffix("_s").replace("_", " ")
    scale, unit = (1, "seconds") if metric.endswith("_s") else (100, "percentage points")
    shown = shown * scale
    ax = new_axes(ax, height=1.9 + ROW_HEIGHT * 1.3 * len(labels))
    places = np.arange(len(labels))
    ax.barh(places - 0.19, shown["rate_effect"], height=0.36, color=BLUE, label="its rate changed")
    ax.barh(places + 0.19, shown["mix_effect"], height=0.36, color=ORANGE, label="its share changed")
    ax.scatter(shown["effect"], places, s=30, color=INK, zorder=3, marker="|", linewidth=2, label="both")
    for place, effect, *parts in zip(
        places, shown["effect"], shown["rate_effect"], shown["mix_effect"], strict=True
    ):
        end = max(effect, *parts, 0.0)
        text = f"{effect:+.2f}".replace("-", "−")
        ax.annotate(text, (end, place), (5, 0), textcoords="offset points", va="center")
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set_yticks(places, labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.12)
    ax.set_xlabel(f"effect on the {words} of all, {unit}")
    before, after = (
        (table[f"share_{when}"] * table[f"rate_{when}"]).sum() * scale for when in ("before", "after")
    )
    change = f"{after - before:+.2f}".replace("-", "−")
    titled(ax, f"What moved the {words}", f"from {before:.2f} to {after:.2f}: {change} {unit}", key=True)
    return ax
