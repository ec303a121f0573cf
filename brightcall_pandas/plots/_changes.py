"""What changed between two sets of calls, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import ROW_HEIGHT, dot_rows, first_rows, largest_rows, row_labels
from brightcall_pandas.plots._style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    calls_of,
    housed,
    is_rate,
    new_axes,
    no_data,
    number,
    signed,
    titled,
    words_of,
)

__all__ = ["compare", "explain_change"]

_TITLE = "What moved the figure"
_ROWS = 12


@housed
def compare(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw one metric of each group on both sides.

    Parameters
    ----------
    table
        Table returned by `analysis.compare`. The first rate among its metrics is drawn; without a
        rate the first metric other than ``n_calls``.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each group: a dot for these calls, a hollow dot for the other calls, a line between the two,
        and on the right the change and the calls of both sides. Of more than 30 groups the largest are drawn.
    """
    if table.empty:
        return no_data(new_axes(ax), "Compared")
    metric = _compared(table)
    words = words_of(metric)
    title = f"{words[:1].upper()}{words[1:]}, compared"
    both, here, counts = [f"{metric}_other", metric], is_rate(metric), "n_calls" in table
    told = table[table[both].notna().any(axis=1)]
    if told.empty:
        return no_data(new_axes(ax), title, f"{words} is not known")
    both_calls = ["n_calls", "n_calls_other"]
    shown, hidden = largest_rows(told, told[both_calls].sum(axis=1)) if counts else first_rows(told)
    ends = pd.DataFrame({"low": shown[both].min(axis=1), "high": shown[both].max(axis=1)})
    ax = dot_rows(
        row_labels(shown.index),
        shown[metric],
        _changes(shown, metric),
        intervals=ends,
        raw=shown[both[0]],
        names=("other calls", "these calls"),
        ax=ax,
        shares=here,
    )
    # A small change must look small.
    left, right = ax.get_xlim()
    more = (0.05 if here else 0.05 * max(abs(left), abs(right))) - (right - left)
    if more > 0:
        ax.set_xlim(left - more / 2, right + more / 2)
    unit = "" if here else ", s" if metric.endswith("_s") else ""
    ax.set_xlabel(f"{words}{unit}")
    ax.annotate(
        "change (calls, other calls)" if counts else "change",
        (1, 1),
        (6, 3),
        xycoords="axes fraction",
        textcoords="offset points",
        color=GREY,
    )
    n = f"{calls_of(table['n_calls'].sum())} against {number(table['n_calls_other'].sum())}" if counts else ""
    titled(ax, title, f"{n}{hidden}".removeprefix("; "), key=True)
    return ax


def _compared(table: pd.DataFrame) -> str:
    metrics = [str(name) for name in table if f"{name}_change" in table]
    told = [name for name in metrics if table[[name, f"{name}_other"]].notna().any(axis=None)]
    rates = [name for name in told if is_rate(name)]
    return next(iter([*rates, *(name for name in metrics if name != "n_calls"), *metrics]))


def _changes(shown: pd.DataFrame, metric: str) -> list[str]:
    """Return the text beside each row: the change, and in brackets the calls of both sides."""
    scale, unit = (100, " points") if is_rate(metric) else (1, " s" if metric.endswith("_s") else "")
    changes = shown[f"{metric}_change"] * scale
    texts = ["–" if pd.isna(each) else signed(each, 1) + unit for each in changes]
    if "n_calls" not in shown:
        return texts
    counts = zip(texts, shown["n_calls"], shown["n_calls_other"], strict=True)
    return [f"{text}  ({number(here)}, {number(there)})" for text, here, there in counts]


@housed
def explain_change(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what explains the change of a rate: dimensions, or the groups of one.

    Parameters
    ----------
    table
        Table returned by `analysis.explain_change`.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each group, largest effect first: a bar for the change of its rate, a bar for the change of
        its share, and a mark for both together. Groups after the first twelve are drawn as one row. Of a
        table of dimensions a row for each, the one that explains most first: what its groups' rates and
        shares do, and on the right how much it explains beyond chance.
    """
    if table.empty:
        return no_data(new_axes(ax), _TITLE, "no calls on one side, or on both")
    metric = str(table.attrs.get("metric", "answer_rate"))
    scale, unit = (1, "seconds") if metric.endswith("_s") else (100, "percentage points")
    ranked = "explained" in table
    effects = table[["rate_effect", "mix_effect", "effect"]] * scale
    shown = effects if ranked or len(table) <= _ROWS + 1 else effects.iloc[:_ROWS]
    labels = row_labels(shown.index)
    if len(shown) < len(table):
        labels.append(f"{len(table) - len(shown)} more")
        shown = pd.DataFrame(
            np.vstack([shown, effects.iloc[len(shown) :].sum()]), columns=effects.columns, index=labels
        )
    texts = [signed(effect, 2) for effect in shown["effect"]]
    if ranked:
        texts = [f"explains {number(round(each * scale, 2))}" if each else "–" for each in table["explained"]]
    ax = new_axes(ax, height=1.9 + ROW_HEIGHT * 1.3 * len(labels))
    what = "rate" if is_rate(metric) else "mean"
    names = ("rates changed", "shares changed") if ranked else (f"its {what} changed", "its share changed")
    _effect_bars(ax, shown, texts, names)
    words = words_of(metric)
    ax.set_yticks(np.arange(len(labels)), labels)
    ax.set_xlabel(f"effect on the {words} of all, {unit}")
    moved = _moved(table, scale, unit)
    calls = table.attrs.get("n_calls")
    n = f"; n = {number(calls[0])} calls, {number(calls[1])} others" if calls else ""
    titled(ax, f"What moved the {words}", moved + n, key=True)
    return ax


def _effect_bars(ax: Axes, shown: pd.DataFrame, texts: list[str], names: tuple[str, str]) -> None:
    """Draw two bars and a mark for each row, and its text at their end."""
    places = np.arange(len(shown))
    ax.barh(places - 0.19, shown["rate_effect"], height=0.36, color=BLUE, label=names[0])
    ax.barh(places + 0.19, shown["mix_effect"], height=0.36, color=ORANGE, label=names[1])
    ax.scatter(shown["effect"], places, s=30, color=INK, zorder=3, marker="|", linewidth=2, label="both")
    ends = shown.max(axis=1).clip(lower=0)
    for place, end, text in zip(places, ends, texts, strict=True):
        ax.annotate(text, (end, place), (5, 0), textcoords="offset points", va="center")
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.12)


def _moved(table: pd.DataFrame, scale: int, unit: str) -> str:
    """Return from where to where the metric moved, in words; this minus other."""
    of_all = table.attrs.get("of_all")
    if of_all is None:  # attrs get lost on the way, as in a file
        if "share" not in table:
            return f"{signed(table['effect'].iloc[0] * scale, 2)} {unit}"
        of_all = [(table[f"share{side}"] * table[f"rate{side}"]).sum() for side in ("", "_other")]
    these, other = (each * scale for each in of_all)
    return f"from {other:.2f} (the others) to {these:.2f}: {signed(these - other, 2)} {unit}"
