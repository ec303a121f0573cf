"""A picture and a table that stay in the notebook when the kernel is gone."""

from __future__ import annotations

import html
import io
from itertools import zip_longest
from typing import Any

import pandas as pd

from brightcall_pandas import analysis

__all__ = ["as_html", "as_png"]

_DRAWN = {
    "by_outcome": ("outcomeTag",),
    "talk_time_histogram": ("talkTime",),
    "heatmap": ("timestamp",),
    "transfer_variants": ("numbersInvolvedJSON", "transfers"),
}
"""Tables whose pictures are frozen, and the columns of which each needs one."""


def as_png(calls: pd.DataFrame, sentence: str) -> bytes:
    """Draw calls as a PNG: outcomes, talk time, weekday and hour, and ways that calls go.

    Parameters
    ----------
    calls
        The calls; pictures whose column is missing are left out.
    sentence
        What stands above the pictures.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - not before a picture is asked for

    from brightcall_pandas import plots  # noqa: PLC0415

    names = [name for name, columns in _DRAWN.items() if not set(columns).isdisjoint(calls.columns)]
    rows = max(1, (len(names) + 1) // 2)
    figure = Figure(figsize=(13, 0.5 + 4.25 * rows), layout="constrained", facecolor="white")
    figure.suptitle(sentence, x=0.01, ha="left", fontsize=13, fontweight="bold")
    for axes, name in zip_longest(figure.subplots(rows, 2, squeeze=False).flat, names):
        if name is None:
            axes.set_axis_off()
        else:
            getattr(plots, name)(getattr(analysis, name)(calls), ax=axes)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return buffer.getvalue()


def as_html(view: dict[str, Any], code: str) -> str:
    """Return what is chosen, the first rows and the code as HTML without scripts."""
    table = view["table"]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table["names"])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in table["rows"]
    )
    chips = "; ".join(html.escape(chip["text"]) for chip in view["chips"]) or "no filter"
    return (
        f"<p><b>{html.escape(view['sentence'])}</b><br>{chips}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{html.escape(table['note'])}</p><pre>{html.escape(code)}</pre>"
    )
