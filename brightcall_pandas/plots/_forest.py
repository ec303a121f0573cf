"""Changes of groups, and what chance makes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from brightcall_pandas.plots._choice import chosen_rows
from brightcall_pandas.plots._colors import RED, grid_of, tones_of
from brightcall_pandas.plots._fitting import EndTexts, Fit, RowLabels
from brightcall_pandas.plots._formats import (
    amounts,
    calls_of,
    change_axis,
    is_rate,
    is_seconds,
    number,
    sentence_case,
    words_of,
)
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import aside
from brightcall_pandas.plots._rows import row_labels
from brightcall_pandas.plots._text import Key

__all__ = ["changes"]

_TOPIC = "Changes"
_WHAT = "change of the {}"

Floats = NDArray[np.float64]


@picture
def changes(table: pd.DataFrame, look: Look) -> Axes:
    """Draw by how much each group changed, with the interval of the change.

    Parameters
    ----------
    table
        Table returned by `analysis.compare`, or by `analysis.explain_change`. Of a comparison the first rate
        is drawn; without one the first metric other than ``n_calls``.

    Returns
    -------
    matplotlib.axes.Axes
        A forest plot: a row for each group, the largest gain on top, with a dot for its change on the line
        of its interval, and at the right both values. Changes beyond chance stand out. Of more than 30
        groups the largest are drawn.
    """
    metric, change = _drawn(table, look)
    words = words_of(metric)
    if not change:
        nothing = "no calls on one side, or on both" if table.empty else f"{words} is not known"
        return no_data(look, _TOPIC, nothing)
    shown, hidden = _chosen(table, change, look)
    scale = 100.0 if is_rate(metric) else 1.0
    low, high = (_column(shown, f"{change}_{end}") * scale for end in ("low", "high"))
    values = _column(shown, change) * scale
    beyond = _beyond(shown, change, metric, low, high)
    ax = look.axes(height=1.9 + look.row_height() * len(shown))
    _dots(ax, values, low, high, beyond)
    begin, end = _span(np.concatenate([values, low, high]))
    labels = row_labels(shown.index)
    ax.set_yticks(np.arange(len(shown)), labels, fontsize=look.small)
    ax.set_ylim(len(shown) - 0.4, -1.15)
    ax.set_xlim(begin, end)
    change_axis(ax.xaxis, begin, end)
    what = _WHAT if change != "effect" else "effect on the {} of all"
    ax.set_xlabel(f"{what.format(words)}{_unit(metric)}")
    fits: list[Fit] = [RowLabels(labels, look.small)]
    if sides := _sides(shown, metric):
        texts, heading = aside(ax, sides, " → ".join(look.facts.sides), look)
        fits.append(EndTexts(texts, [end] * len(texts), begin, end, aligned=True, heading=heading))
    known = bool(np.isfinite(low).any())
    return headed(
        ax,
        look,
        _finding(shown, values, beyond, metric, effect=change == "effect", known=known),
        look.facts.lines(
            _minus(words, look),
            f"lines: {look.facts.interval} of each change, not corrected for their number"
            if known
            else "without intervals",
            _alone(shown, low, high, beyond) if _is_said(table, change, metric) else "",
            f"beyond chance: by Benjamini and Hochberg, over all groups{_level(look)}"
            if _is_said(table, change, metric)
            else "",
            _calls(table, look),
            hidden,
            look.facts.cut(table),
        ),
        form="A dot for each group, on the line of its interval, left or right of no change",
        key=[Key("beyond chance", RED, "dot")] if beyond.any() else [],
        fits=fits,
    )


def _alone(shown: pd.DataFrame, low: Floats, high: Floats, beyond: NDArray[np.bool_]) -> str:
    """Return a remark on lines that keep clear of 0 and prove nothing, since one of so many may."""
    clear = shown.index[((low > 0) | (high < 0)) & ~beyond]
    if not len(clear):
        return ""
    who = label_of(clear[0], 24) if len(clear) == 1 else f"{len(clear)} lines"
    return (
        f"{who} {'clears' if len(clear) == 1 else 'clear'} 0 alone, but not corrected for {len(shown)} groups"
    )


def _dots(ax: Axes, values: Floats, low: Floats, high: Floats, beyond: NDArray[np.bool_]) -> None:
    """Draw changes on their intervals; those beyond chance stand out."""
    tones, places = tones_of(ax, inside=True), np.arange(len(values))
    colors = [RED if each else tones.muted for each in beyond]
    ax.hlines(places, low, high, color=colors, linewidth=2.2, zorder=2)
    ax.scatter(values, places, color=colors, s=36, zorder=3)
    ax.axvline(0, color=tones.ink, linewidth=0.9, zorder=1)
    grid_of(ax, "x")
    ax.tick_params(axis="y", length=0)


def _unit(metric: str) -> str:
    return ", percentage points" if is_rate(metric) else ", seconds" if is_seconds(metric) else ""


def _drawn(table: pd.DataFrame, look: Look) -> tuple[str, str]:
    """Return the metric and the column of its change; no column where there is nothing to draw."""
    if "effect" in table:
        metric = str(table.attrs.get("metric", look.facts.setting("metric", "answer_rate")))
        return metric, "effect" if table["effect"].notna().any() else ""
    metrics = [str(name) for name in table if f"{name}_change" in table]
    told = [name for name in metrics if table[f"{name}_change"].notna().any()]
    rates = [name for name in told if is_rate(name)]
    if not metrics:
        raise KeyError("answer_rate_change")  # a column, which `picture` tells
    metric = next(iter([*rates, *(name for name in told if name != "n_calls"), *told, *metrics]))
    return metric, f"{metric}_change" if metric in told else ""


def _column(shown: pd.DataFrame, name: str) -> Floats:
    return shown[name].to_numpy(dtype=np.float64) if name in shown else np.full(len(shown), np.nan)


def _chosen(table: pd.DataFrame, change: str, look: Look) -> tuple[pd.DataFrame, str]:
    """Return the groups to draw, the largest, in order, and a remark on the others."""
    told = table[table[change].notna()]
    sizes = told[["n_calls", "n_calls_other"]].sum(axis=1) if "n_calls_other" in told else told[change].abs()
    return chosen_rows(told, look, sizes, told[change])


def _is_said(table: pd.DataFrame, change: str, metric: str) -> str:
    """Return the column that says which changes are beyond chance, empty without one."""
    name = "beyond_chance" if change == "effect" else f"{metric}_beyond_chance"
    return name if name in table else ""


def _beyond(shown: pd.DataFrame, change: str, metric: str, low: Floats, high: Floats) -> NDArray[np.bool_]:
    """Return which changes are beyond chance: as the table says, or else by their intervals."""
    if said := _is_said(shown, change, metric):
        return shown[said].fillna(value=False).to_numpy(dtype=bool)
    return (low > 0) | (high < 0)


def _span(every: Floats) -> tuple[float, float]:
    known = every[np.isfinite(every)]
    begin, end = min(known.min(initial=0), 0.0), max(known.max(initial=0), 0.0)
    margin = 0.06 * (end - begin) or 1.0
    return begin - margin, end + margin


def _sides(shown: pd.DataFrame, metric: str) -> list[str]:
    """Return both values of each group, where the table has them."""
    names = next(
        (pair for pair in ((f"{metric}_other", metric), ("rate_other", "rate")) if set(pair) <= set(shown)),
        None,
    )
    if names is None:
        return []
    told = amounts(pd.concat([shown[name] for name in names]), metric)
    texts = [f"{one} → {two}" for one, two in zip(told[: len(shown)], told[len(shown) :], strict=True)]
    if "n_calls_other" not in shown:
        return texts
    counts = zip(texts, shown["n_calls_other"], shown["n_calls"], strict=True)
    return [f"{text} (n = {number(there)}, {number(here)})" for text, there, here in counts]


def _calls(table: pd.DataFrame, look: Look) -> str:
    """Return how many calls there are on both sides."""
    if "n_calls_other" in table:
        here, there = (look.facts.total(table, name) for name in ("n_calls", "n_calls_other"))
        return f"{calls_of(here)}, {number(there)} others"
    counts = table.attrs.get("n_calls")
    return f"{calls_of(counts[0])}, {number(counts[1])} others" if counts else ""


def _level(look: Look) -> str:
    """Return which part of what is called beyond chance may be chance all the same, where that is known."""
    confidence = look.facts.setting("confidence")
    return f", at most {100 * (1 - confidence):.3g} % of them false" if isinstance(confidence, float) else ""


def _minus(words: str, look: Look) -> str:
    """Return what is subtracted from what: by their days, where they are not the same."""
    other, these = look.facts.other_days, look.facts.days
    if not other or not these or other == these:
        return f"{words} of these calls minus that of the others"
    return f"{words} of {these} minus that of {other}"


def _finding(
    shown: pd.DataFrame, values: Floats, beyond: NDArray[np.bool_], metric: str, *, effect: bool, known: bool
) -> str:
    words = words_of(metric)
    if known and not beyond.any():
        of = f" of {len(shown)} groups" if len(shown) > 1 else ""
        return f"{sentence_case(words)}: no change{of} is beyond chance"
    most = int(np.argmax(np.where(beyond | ~beyond.any(), np.abs(values), -1)))
    unit = " points" if is_rate(metric) else " s" if is_seconds(metric) else ""
    size = f"{abs(values[most]):,.1f}{unit}"
    name, up = label_of(shown.index[most], 30), bool(values[most] > 0)
    if effect:
        told = f"{name} moved the {words} {'up' if up else 'down'} by {size}"
    else:
        told = f"{name}: {words} {'rose' if up else 'fell'} by {size}"
    if not known:
        return f"{told}, the largest change" if not effect else f"{told}, more than any other group"
    if beyond.sum() == 1:
        return f"{told}; no other change is beyond chance" if len(shown) > 1 else f"{told}, beyond chance"
    return f"{beyond.sum()} of {len(shown)} changes are beyond chance. {told}"
