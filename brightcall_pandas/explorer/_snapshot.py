"""A picture and a table that stay in the notebook after the kernel has ended."""

from __future__ import annotations

import html
import io
from itertools import zip_longest
from typing import Any

import pandas as pd

from brightcall_pandas import analysis
from brightcall_pandas.explorer._stored import NO_FORMULAS
from brightcall_pandas.frame import Names

__all__ = ["as_html", "as_png"]

_DRAWN: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "by_outcome": (("outcomeTag",), {}),
    "talk_time_histogram": (("talkTime",), {}),
    "heatmap": (("timestamp",), {"value": "n_calls_per_day"}),
    "transfer_variants": (("numbersInvolvedJSON", "transfers"), {}),
}
"""Tables that are drawn: the columns of which each needs at least one, and its arguments."""


def as_png(calls: pd.DataFrame, sentence: str, names: Names = None) -> tuple[bytes, str]:
    """Return a PNG of calls, and what it shows: outcomes, talk time, weekday and hour, transfer variants.

    Parameters
    ----------
    calls
        The calls; a picture whose column is missing is left out.
    sentence
        The heading.
    names
        Names to show for parties.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - only when a picture is drawn

    from brightcall_pandas import plots  # noqa: PLC0415

    drawn = [name for name, (columns, _) in _DRAWN.items() if not set(columns).isdisjoint(calls.columns)]
    rows = max(1, (len(drawn) + 1) // 2)
    figure = Figure(figsize=(13, 0.5 + 4.25 * rows), layout="constrained")
    figure.suptitle(sentence, x=0.01, ha="left", fontsize=13, fontweight="bold")
    said = [f"{sentence}."]
    for axes, name in zip_longest(figure.subplots(rows, 2, squeeze=False).flat, drawn):
        if name is None:
            axes.set_axis_off()
        else:
            table = getattr(analysis, name)(calls, **_DRAWN[name][1])
            getattr(plots, name)(table, ax=axes, names=names)
            said.append(plots.describe(axes))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return buffer.getvalue(), " ".join(said)


def as_html(view: dict[str, Any], code: str) -> str:
    """Return the selection, the first rows and the code as HTML without scripts."""
    table = view["table"]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table["names"])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in table["rows"]
    )
    chips = "; ".join(html.escape(chip["text"]) for chip in view["chips"]) or "no filter"
    return (
        f'<div class="{NO_FORMULAS}">'
        f"<p><b>{html.escape(view['sentence'])}</b><br>{chips}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{html.escape(table['note'])}</p><pre>{html.escape(code)}</pre></div>"
    )
