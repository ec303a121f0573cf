"""A picture and a table that stay in the notebook when the kernel is gone."""

from __future__ import annotations

import html
import io
from typing import Any

__all__ = ["as_html", "as_png"]


def as_png(view: dict[str, Any]) -> bytes:
    """Draw what the page shows as a PNG.

    Parameters
    ----------
    view
        As `Views.all` returns it.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - not before a picture is asked for

    from brightcall_pandas.plots.style import BLUE, GREY, shortened  # noqa: PLC0415

    figure = Figure(figsize=(11, 6.5), layout="constrained", facecolor="white")
    figure.suptitle(view["sentence"], x=0.01, ha="left", fontsize=13, fontweight="bold")
    places = iter(figure.subplots(2, 2).flat)
    talk = next((each for each in view["controls"] if each["name"] == "talk_time"), None)
    for title, picture in (
        ("Outcomes", view["outcomes"]),
        ("Talk time, seconds", talk),
        ("Calls by weekday and hour", view["heatmap"]),
        ("Chain variants", view["paths"]),
    ):
        axes = next(places)
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
        if picture is None:
            axes.set_axis_off()
            continue
        if "bars" in picture:
            bars = picture["bars"][::-1]
            axes.barh(range(len(bars)), [bar["calls"] for bar in bars], color=BLUE)
            axes.set_yticks(range(len(bars)), [shortened(bar["label"]) for bar in bars], fontsize=8)
        elif "days" in picture:
            axes.imshow(picture["counts"], aspect="auto", cmap="Blues")
            axes.set_yticks(range(7), picture["days"], fontsize=8)
        else:
            edges = picture["edges"]
            places_of_bins = range(len(picture["counts"]))
            axes.bar(places_of_bins, picture["counts"], width=0.9, align="edge", color=BLUE)
            shown = range(0, len(edges), max(1, len(edges) // 8))
            axes.set_xticks(list(shown), [f"{edges[at]:g}" for at in shown], fontsize=8)
        axes.set_xlabel(picture["note"], fontsize=8, color=GREY, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
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
