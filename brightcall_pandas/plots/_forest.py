"""Changes of groups, and what chance makes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from brightcall_pandas.plots._changes import change_span
from brightcall_pandas.plots._choice import chosen_rows
from brightcall_pandas.plots._colors import RED
from brightcall_pandas.plots._formats import (
    amounts,
    defined,
    is_rate,
    is_seconds,
    number,
    sentence_case,
    words_of,
)
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._rows import change_rows, row_labels
from brightcall_pandas.plots._standing import level_of
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
    muted = look.tones.muted
    ax, fits = change_rows(
        row_labels(shown.index),
        values,
        _sides(shown, metric),
        look,
        lines=(low, high),
        colors=[RED if each else muted for each in beyond],
        heading=_heading(shown, look),
    )
    what = _WHAT if change != "effect" else "effect on the {} of all"
    ax.set_xlabel(f"{what.format(words)}{_unit(metric)}")
    known, said = bool(np.isfinite(low).any()), bool(_is_said(table, change, metric))
    return headed(
        ax,
        look,
        _finding(shown, values, beyond, metric, effect=change == "effect", known=known),
        look.facts.lines(
            defined(metric),
            _minus(look),
            f"lines: {look.facts.interval} of each change{_alone(shown, low, high, beyond, said=said)}"
            if known
            else "without intervals",
            f"chance: {level_of(look.facts)}" if said else "",
            _calls(table, look),
            hidden,
            look.facts.cut(table),
        ),
        form="A dot for each group, on the line of its interval, left or right of no change",
        key=[Key("beyond chance", RED, "dot")] if beyond.any() else [],
        fits=fits,
    )


def _alone(shown: pd.DataFrame, low: Floats, high: Floats, beyond: NDArray[np.bool_], *, said: bool) -> str:
    """Return a remark on lines that keep clear of 0 and prove nothing, since one of so many may."""
    clear = shown.index[((low > 0) | (high < 0)) & ~beyond]
    if not said or not len(clear):
        return ", not corrected for their number"
    who = label_of(clear[0], 24) if len(clear) == 1 else f"{len(clear)} of them"
    return (
        f" alone; not corrected for {len(shown)} groups, {who} {'clears' if len(clear) == 1 else 'clear'} 0"
    )


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
    return [f"{text} ({number(there)} → {number(here)})" for text, there, here in counts]


def _heading(shown: pd.DataFrame, look: Look) -> str:
    """Return what the texts beside the rows are: the value before and after, and the calls of either side."""
    return f"{' → '.join(look.facts.sides)}{' (calls)' if 'n_calls_other' in shown else ''}"


def _calls(table: pd.DataFrame, look: Look) -> str:
    """Return how many calls there are on both sides."""
    if "n_calls_other" in table:
        here, there = (look.facts.total(table, name) for name in ("n_calls", "n_calls_other"))
        return look.facts.n_of_both(here, there)
    counts = table.attrs.get("n_calls")
    return look.facts.n_of_both(*counts) if counts else ""


def _minus(look: Look) -> str:
    """Return what is subtracted from what: by their days, where they are not the same."""
    other, these = look.facts.sides
    return f"{these} minus {other}"


def _finding(
    shown: pd.DataFrame, values: Floats, beyond: NDArray[np.bool_], metric: str, *, effect: bool, known: bool
) -> str:
    words = words_of(metric)
    unit = " points" if is_rate(metric) else " s" if is_seconds(metric) else ""
    if known and not beyond.any():
        of = f" of {len(shown)} groups" if len(shown) > 1 else ""
        span = change_span(pd.Series(values), (1.0, unit))
        return f"{sentence_case(words)}: no change{of} is beyond chance ({span})"
    most = int(np.argmax(np.where(beyond | ~beyond.any(), np.abs(values), -1)))
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
