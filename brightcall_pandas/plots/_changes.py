"""What changed between two sets of calls, and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._choice import chosen_rows
from brightcall_pandas.plots._colors import BLUE, ORANGE, tones_of
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._fitting import EndTexts, Fit, RowLabels
from brightcall_pandas.plots._formats import (
    amount,
    is_rate,
    is_seconds,
    number,
    sentence_case,
    signed,
    value_axis,
    words_of,
)
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._rows import dot_rows, row_labels
from brightcall_pandas.plots._text import Key

__all__ = ["compare", "explain_change"]

_ROWS = 12
_NAME = 28


@picture
def compare(table: pd.DataFrame, look: Look) -> Axes:
    """Draw one metric of each group on both sides.

    Parameters
    ----------
    table
        Table returned by `analysis.compare`. The first rate among its metrics is drawn; without a
        rate the first metric other than ``n_calls``.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each group, the largest increase first: a dot for these calls, a hollow dot for the other
        calls, a line between the two, and on the right the change and the calls of both sides. Of more than
        30 groups the largest are drawn.
    """
    if table.empty:
        return no_data(look, "Compared")
    metric = _compared(table)
    words = words_of(metric)
    both, rate, counts = [f"{metric}_other", metric], is_rate(metric), "n_calls" in table
    told = table[table[both].notna().any(axis=1)]
    if told.empty:
        return no_data(look, sentence_case(f"{words}, compared"), f"{words} is not known")
    sizes = told[["n_calls", "n_calls_other"]].sum(axis=1) if counts else pd.Series(1, told.index)
    shown, hidden = chosen_rows(told, look, sizes, told[f"{metric}_change"])
    ends = pd.DataFrame({"low": shown[both].min(axis=1), "high": shown[both].max(axis=1)})
    ax, fits = dot_rows(
        row_labels(shown.index),
        shown[metric],
        _changes(shown, metric),
        look,
        intervals=ends,
        metric=metric,
        raw=shown[both[0]],
        heading="change (n, n of the other calls)" if counts else "change",
        # A small change must look small.
        span=0.05 if rate else 0.05 * float(np.nanmax(np.abs(shown[both].to_numpy(dtype=np.float64)))),
    )
    ax.set_xlabel(words)
    n = ""
    if counts:
        here, there = (look.facts.total(table, name) for name in ("n_calls", "n_calls_other"))
        n = f"n = {number(here)} calls against {number(there)}"
    muted = tones_of(ax, inside=True).muted
    key = [Key(_side(look.facts, "these calls", other=False), look.hue, "dot")]
    key.append(Key(_side(look.facts, "other calls", other=True), muted, "ring"))
    lines = [words, n, hidden, look.facts.cut(table), *look.facts.lines()]
    title = _largest_change(shown, metric)
    form = f"Two dots of the {words} for each group"
    return headed(ax, look, title, [line for line in lines if line], form=form, key=key, fits=fits)


def _side(facts: Facts, words: str, *, other: bool) -> str:
    days = facts.other_days if other else facts.days
    return f"{words} ({days})" if days else words


def _compared(table: pd.DataFrame) -> str:
    metrics = [str(name) for name in table if f"{name}_change" in table]
    told = [name for name in metrics if table[[name, f"{name}_other"]].notna().any(axis=None)]
    rates = [name for name in told if is_rate(name)]
    return next(iter([*rates, *(name for name in metrics if name != "n_calls"), *metrics]))


def _change(value: float, metric: str) -> str:
    """Return a change with its sign and unit."""
    if pd.isna(value):
        return "not known"
    if is_rate(metric):
        return f"{signed(100 * value, 1)} points"
    return f"{signed(value, 1)}{' s' if is_seconds(metric) else ''}"


def _largest_change(shown: pd.DataFrame, metric: str) -> str:
    words, changes = sentence_case(words_of(metric)), shown[f"{metric}_change"].dropna()
    if changes.empty:
        return f"{words} is known on one side only"
    if len(shown) == 1:
        row = shown.loc[changes.index[0]]
        where = "" if label_of(changes.index[0]) == "all" else f" of {label_of(changes.index[0], _NAME)}"
        moved = f"from {amount(row[f'{metric}_other'], metric)} to {amount(row[metric], metric)}"
        return f"{words}{where} {moved} ({_change(changes.iloc[0], metric)})"
    most: Any = changes.abs().idxmax()
    return f"{words} changed most for {label_of(most, _NAME)}: {_change(changes[most], metric)}"


def _changes(shown: pd.DataFrame, metric: str) -> list[str]:
    """Return the text beside each row: the change, and in brackets the calls of both sides."""
    texts = [_change(each, metric) for each in shown[f"{metric}_change"]]
    if "n_calls" not in shown:
        return texts
    counts = zip(texts, shown["n_calls"], shown["n_calls_other"], strict=True)
    return [f"{text} ({number(here)}, {number(there)})" for text, here, there in counts]


@picture
def explain_change(table: pd.DataFrame, look: Look) -> Axes:
    """Draw what explains the change of a rate: dimensions, or the groups of one.

    Parameters
    ----------
    table
        Table returned by `analysis.explain_change`.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each group, largest effect first: a bar for the change of its rate, a bar for the change of
        its share, and a mark for both together. Groups after the first twelve are drawn as one row. Of a
        table of dimensions a row for each, the one that explains most first: what its groups' rates and
        shares do, and on the right how much it explains beyond chance.
    """
    if table.empty:
        return no_data(look, "What moved the figure", "no calls on one side, or on both")
    metric = str(table.attrs.get("metric", "answer_rate"))
    scale, unit = (1, "seconds") if is_seconds(metric) else (100, "percentage points")
    ranked = "explained" in table
    effects = table[["rate_effect", "mix_effect", "effect"]] * scale
    most = look.rows(_ROWS)
    shown = effects if ranked or len(table) <= most + 1 else effects.iloc[:most]
    labels = [words_of(label) for label in row_labels(shown.index)] if ranked else row_labels(shown.index)
    if len(shown) < len(table):
        labels.append(f"{len(table) - len(shown)} more")
        shown = pd.DataFrame(
            np.vstack([shown, effects.iloc[len(shown) :].sum()]), columns=effects.columns, index=labels
        )
    texts = [signed(effect, 2) for effect in shown["effect"]]
    if ranked:
        unit_after = " s" if is_seconds(metric) else " points"
        texts = [
            f"explains {each * scale:.2f}{unit_after}" if each else "no more than chance"
            for each in table["explained"]
        ]
    what = "rate" if is_rate(metric) else "mean"
    names = ("rates changed", "shares changed") if ranked else (f"its {what} changed", "its share changed")
    ax = look.axes(height=1.9 + look.row_height(1.3) * len(labels))
    fits = _effect_bars(ax, shown, texts, labels, look)
    words = words_of(metric)
    ax.set_xlabel(f"effect on the {words} of all, {unit}")
    calls = table.attrs.get("n_calls")
    tones = tones_of(ax, inside=True)
    remarks = [
        f"effect of each {'dimension' if ranked else 'group'}: of its own change, and of its share's",
        f"n = {number(calls[0])} calls against {number(calls[1])}" if calls else "",
        f"{look.facts.days} against {look.facts.other_days}" if look.facts.other_days else "",
        "" if look.facts.other_days else look.facts.when,
    ]
    key = [Key(names[0], BLUE), Key(names[1], ORANGE), Key("both", tones.ink, "tick")]
    title = _moved(table, metric, scale)
    form = f"Bars for each {'dimension' if ranked else 'group'}"
    return headed(ax, look, title, [each for each in remarks if each], form=form, key=key, fits=fits)


def _effect_bars(ax: Axes, shown: pd.DataFrame, texts: list[str], labels: list[str], look: Look) -> list[Fit]:
    """Draw two bars and a mark for each row, and its text at their end."""
    places, tones = np.arange(len(shown)), tones_of(ax, inside=True)
    ax.barh(places - 0.19, shown["rate_effect"], height=0.36, color=BLUE)
    ax.barh(places + 0.19, shown["mix_effect"], height=0.36, color=ORANGE)
    ax.scatter(shown["effect"], places, s=60, color=tones.ink, zorder=3, marker="|", linewidth=2)
    ends = shown.max(axis=1).clip(lower=0).fillna(0.0).to_numpy()
    written = [
        ax.annotate(
            text,
            (end, place),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=look.small,
            in_layout=False,
        )
        for place, end, text in zip(places, ends, texts, strict=True)
    ]
    ax.axvline(0, color=tones.ink, linewidth=0.8)
    ax.set_yticks(places, labels, fontsize=look.small)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    low = 1.08 * float(np.nanmin(shown.to_numpy(dtype=np.float64), initial=0.0))
    high = 1.02 * float(np.nanmax(shown.to_numpy(dtype=np.float64), initial=0.0))
    high = high if high > low else low + 1
    ax.set_xlim(low, high)
    value_axis(ax.xaxis, "effect", high)
    return [RowLabels(labels, look.small), EndTexts(written, ends, low, high)]


def _moved(table: pd.DataFrame, metric: str, scale: int) -> str:
    """Return from where to where the metric moved, in words, and what did most of it; this minus other."""
    words, of_all = sentence_case(words_of(metric)), table.attrs.get("of_all")
    first: Any = table.index[0]
    most = f"most by {words_of(label_of(first, _NAME)) if 'explained' in table else label_of(first, _NAME)}"
    if of_all is None:  # attrs get lost on the way, as in a file
        if "share" not in table:
            return f"{words} changed by {_change(table['effect'].iloc[0], metric)}, {most}"
        of_all = [(table[f"share{side}"] * table[f"rate{side}"]).sum() for side in ("", "_other")]
    these, other = (each * scale for each in of_all)
    unit = " %" if scale == 100 else " s"
    change = _change((these - other) / scale, metric)
    return f"{words}: {other:.1f}{unit} on the other side, {these:.1f}{unit} here ({change}), {most}"
