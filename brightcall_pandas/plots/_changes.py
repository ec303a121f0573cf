"""What changed between two sets of calls, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from brightcall_pandas.plots._choice import chosen_rows
from brightcall_pandas.plots._colors import second_hue_on, tones_of
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._fitting import EndTexts, Fit, RowLabels
from brightcall_pandas.plots._formats import (
    amounts,
    change_axis,
    defined,
    is_rate,
    is_seconds,
    number,
    sentence_case,
    signed,
    unit_of,
    words_of,
)
from brightcall_pandas.plots._labels import is_none, label_of
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import aside
from brightcall_pandas.plots._rows import FLAG, dot_rows, flag_key, named_group, row_labels
from brightcall_pandas.plots._standing import level_of, noun_of
from brightcall_pandas.plots._text import Key

__all__ = ["beyond_of", "change_of", "change_span", "compare", "explain_change", "scale_of"]

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
        A row for each group, the largest increase first: an arrow from a hollow dot for the other calls to
        its head for these calls, and on the right the change and the calls of both sides. Where the table
        tells what is beyond chance, other arrows are gray. Of more than 30 groups the largest are drawn.
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
    shown, aloof = _without_outliers(shown, both, metric)
    beyond = beyond_of(shown, metric)
    ends = pd.DataFrame({"low": shown[both].min(axis=1), "high": shown[both].max(axis=1)})
    ax, fits = dot_rows(
        row_labels(shown.index),
        shown[metric],
        _changes(shown, metric),
        look,
        intervals=ends,
        metric=metric,
        raw=shown[both[0]],
        heading=f"change{f' ± {look.facts.interval}' if f'{metric}_change_low' in shown else ''}"
        f"{' (calls)' if counts else ''}",
        beyond=None if beyond is None else list(beyond),
        arrows=True,
        # A small change must look small.
        span=0.05 if rate else 0.05 * float(np.nanmax(np.abs(shown[both].to_numpy(dtype=np.float64)))),
    )
    ax.set_xlabel(words)
    n = ""
    if counts:
        here, there = (look.facts.total(table, name) for name in ("n_calls", "n_calls_other"))
        n = look.facts.n_of_both(here, there)
    muted = tones_of(ax, inside=True).muted
    key = [Key(_side(look.facts, "these", other=False), look.hue if beyond is None else muted, "arrow")]
    key.insert(0, Key(_side(look.facts, "others", other=True), muted, "ring"))
    if beyond is not None:
        key += [replace(each, mark="arrow") for each in flag_key(list(beyond), look)]
    chance = f"chance: {level_of(look.facts)}" if f"{metric}_beyond_chance" in shown else ""
    alone = ""
    if f"{metric}_change_low" in shown and len(shown) > 1:
        alone = f"±: {look.facts.interval} of each change alone, not corrected"
    lines = [defined(metric), n, alone, chance, aloof, hidden, look.facts.cut(table), *look.facts.lines()]
    title = _largest_change(shown, metric, beyond)
    form = f"An arrow for each group, from the {words} of the others to that of these"
    return headed(ax, look, title, [line for line in lines if line], form=form, key=key, fits=fits)


def _without_outliers(shown: pd.DataFrame, both: list[str], metric: str) -> tuple[pd.DataFrame, str]:
    """Return rows without those that have no name and lie far from the others, and a remark on them.

    Calls without a project, mostly inbound, would press all projects into a corner of the axis.
    """
    nameless = np.array([is_none(label) for label in shown.index], dtype=bool)
    values = shown[both].to_numpy(dtype=np.float64)
    if nameless.all() or not nameless.any():
        return shown, ""
    low, high = np.nanmin(values[~nameless]), np.nanmax(values[~nameless])
    far = nameless & ((values > 2 * high - low) | (values < 2 * low - high)).any(axis=1)
    if not far.any():
        return shown, ""
    pairs = [amounts(each, metric) for each in values[far]]
    told = ", ".join(
        f"{label_of(label)} ({there} → {here})"
        for label, (there, here) in zip(shown.index[far], pairs, strict=True)
    )
    return shown[~far], f"not drawn, far from the others: {told}"


def _side(facts: Facts, words: str, *, other: bool) -> str:
    days = facts.other_days if other else facts.days
    return (
        days if days and facts.days != facts.other_days else f"{words} ({days})" if days else f"{words} calls"
    )


def _compared(table: pd.DataFrame) -> str:
    metrics = [str(name) for name in table if f"{name}_change" in table]
    if not metrics:
        raise KeyError("answer_rate_change")  # a column, which `picture` tells
    told = [name for name in metrics if table[[name, f"{name}_other"]].notna().any(axis=None)]
    rates = [name for name in told if is_rate(name)]
    return next(iter([*rates, *(name for name in metrics if name != "n_calls"), *metrics]))


def scale_of(metric: str, of: pd.DataFrame | None = None) -> tuple[float, str]:
    """Return the factor by which changes of a metric are told, and their unit: that of both values."""
    if is_rate(metric):
        return 100.0, " points"
    if not is_seconds(metric):
        return 1.0, ""
    if of is None:
        return 1.0, " s"
    unit, size = unit_of(of[[f"{metric}_other", metric]].to_numpy(dtype=np.float64).ravel())
    return 1 / size, f" {unit}"


def change_of(value: float, scale: tuple[float, str]) -> str:
    """Return a change with its sign and unit."""
    return "not known" if pd.isna(value) else f"{signed(scale[0] * value, 1)}{scale[1]}"


def change_span(changes: pd.Series, scale: tuple[float, str]) -> str:
    """Return from where to where changes go: ``−4.4 to +1.0 points``."""
    low, high = (signed(scale[0] * each, 1) for each in (changes.min(), changes.max()))
    return f"{high}{scale[1]}" if low == high else f"{low} to {high}{scale[1]}"


def beyond_of(shown: pd.DataFrame, metric: str) -> pd.Series | None:
    """Return which groups changed by more than chance, null where the table does not tell."""
    if f"{metric}_beyond_chance" in shown:
        return shown[f"{metric}_beyond_chance"].fillna(value=False).astype(bool)
    low, high = f"{metric}_change_low", f"{metric}_change_high"
    return (shown[low] > 0) | (shown[high] < 0) if {low, high} <= set(shown) else None


def _largest_change(shown: pd.DataFrame, metric: str, beyond: pd.Series | None) -> str:
    """Return the finding: the largest change, if it is told that chance does not explain it."""
    words, changes = sentence_case(words_of(metric)), shown[f"{metric}_change"].dropna()
    if changes.empty:
        return f"{words} is known on one side only"
    if len(shown) == 1:
        row = shown.loc[changes.index[0]]
        where = "" if label_of(changes.index[0]) == "all" else f" of {label_of(changes.index[0], _NAME)}"
        before, after = amounts([row[f"{metric}_other"], row[metric]], metric)
        moved = f"from {before} to {after}"
        verdict = "" if beyond is None else f", {'' if beyond.iloc[0] else 'not '}beyond chance"
        return f"{words}{where} {moved} ({change_of(changes.iloc[0], scale_of(metric, shown))}{verdict})"
    named = changes[[not is_none(label) for label in changes.index]]
    named = named if len(named) else changes
    if beyond is not None:
        named = named[beyond.loc[named.index].to_numpy()]
        if named.empty:
            span = change_span(changes, scale_of(metric, shown))
            return f"{words} changed for no {noun_of(shown.index)} by more than chance ({span})"
    most: Any = named.abs().idxmax()
    how = "most" if beyond is None else "beyond chance"
    change = change_of(changes[most], scale_of(metric, shown))
    return f"{words} changed {how} for {named_group(most, shown.index)}: {change}"


def _changes(shown: pd.DataFrame, metric: str) -> list[str]:
    """Return the text beside each row: the change, and in brackets the calls of both sides."""
    scale, unit = scale_of(metric, shown)
    texts = [change_of(each, (scale, unit)) for each in shown[f"{metric}_change"]]
    if {f"{metric}_change_low", f"{metric}_change_high"} <= set(shown):
        reaches = (shown[f"{metric}_change_high"] - shown[f"{metric}_change_low"]) / 2 * scale
        texts = [
            text if pd.isna(reach) or pd.isna(change) else f"{signed(scale * change, 1)} ± {reach:.1f}{unit}"
            for text, change, reach in zip(texts, shown[f"{metric}_change"], reaches, strict=True)
        ]
    if "n_calls" not in shown:
        return texts
    counts = zip(texts, shown["n_calls"], shown["n_calls_other"], strict=True)
    return [f"{text} ({number(there)} → {number(here)})" for text, here, there in counts]


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
        its share, and a mark for both together on the line of its interval. Groups after the first twelve are
        drawn as one row. Of a table of dimensions a row for each, the one that explains most first: what its
        groups' rates and shares do, and on the right how much it explains beyond chance.
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
    flags = _flags(table, len(shown)) if not ranked else [False] * len(shown)
    texts = [
        f"{signed(effect, 2)}{f' {FLAG}' if flag else ''}"
        for effect, flag in zip(shown["effect"], flags, strict=True)
    ]
    heading, intervals = "both", _intervals(table, len(shown), scale)
    if not ranked and (of_all := _all(table, scale)) is not None:
        labels.append("all")
        shown = pd.concat([shown, pd.DataFrame([of_all[0]], columns=shown.columns, index=["all"])])
        texts.append(signed(of_all[0][2], 2))
        intervals = np.column_stack([intervals, of_all[1]])
    if ranked:
        heading = "explains beyond chance"
        unit_after = " s" if is_seconds(metric) else " points"
        texts = [f"{each * scale:.2f}{unit_after}" if each else "nothing" for each in table["explained"]]
    what = "rate" if is_rate(metric) else "mean"
    names = ("rates changed", "shares changed") if ranked else (f"its {what} changed", "its share changed")
    ax = look.axes(height=1.9 + look.row_height(1.3) * len(labels))
    fits = _effect_bars(ax, shown, texts, labels, look, heading=heading, intervals=intervals)
    words = words_of(metric)
    ax.set_xlabel(f"effect on the {words} of all, {unit}")
    calls = table.attrs.get("n_calls")
    tones = tones_of(ax, inside=True)
    remarks = [
        defined(metric),
        f"bars: what each {'dimension' if ranked else noun_of(table.index)} adds by its {what} "
        f"and by its share of calls",
        look.facts.n_of_both(*calls) if calls else "",
        _chance(table, scale, ranked, look.facts),
        f"from {look.facts.other_days} to {look.facts.when}" if look.facts.other_days else look.facts.when,
    ]
    key = [Key(names[0], look.hue), Key(names[1], second_hue_on(tones.paper)), Key("both", tones.ink, "tick")]
    key += [Key(f"{FLAG} beyond chance", tones.ink, "line")] if any(flags) else []
    title = _moved(table, metric, scale)
    form = f"Bars for each {'dimension' if ranked else 'group'}"
    return headed(ax, look, title, [each for each in remarks if each], form=form, key=key, fits=fits)


def _chance(table: pd.DataFrame, scale: int, ranked: bool, facts: Facts) -> str:
    """Return a remark on intervals: of the whole change, or of the effect of each group."""
    if "effect_low" not in table:
        return ""
    if ranked:
        low, high = (signed(table[f"effect_{end}"].iloc[0] * scale, 1) for end in ("low", "high"))
        return f"{facts.interval} of the change: {low} to {high}"
    chance = f"; chance: {level_of(facts)}" if "beyond_chance" in table else ""
    ends = table[["effect_low", "effect_high"]].to_numpy(dtype=np.float64)
    clear = ((ends[:, 0] > 0) | (ends[:, 1] < 0)) & ~np.array(_flags(table, len(table)))
    alone = ""
    if "beyond_chance" in table and clear.any():
        who = (
            label_of(table.index[int(np.argmax(clear))], 24) if clear.sum() == 1 else f"{clear.sum()} of them"
        )
        alone = f", of which {who} {'clears' if clear.sum() == 1 else 'clear'} 0 alone"
    return f"lines: {facts.interval} of both, not corrected{alone}{chance}"


def _flags(table: pd.DataFrame, many: int) -> list[bool]:
    """Return which of the rows drawn are beyond chance; a row of several groups is not."""
    if "beyond_chance" not in table:
        return [False] * many
    told = [bool(each) for each in table["beyond_chance"].fillna(value=False)][:many]
    return [*told[: many - 1], False] if many < len(table) else told


def _all(table: pd.DataFrame, scale: int) -> tuple[list[float], list[float]] | None:
    """Return the effects of all groups together and the interval of their sum, where the table tells it."""
    ends = table.attrs.get("change_of_all")
    if len(table) < 2 or ends is None or np.isnan(ends).any():
        return None
    sums = [float(table[name].sum()) * scale for name in ("rate_effect", "mix_effect", "effect")]
    return sums, [each * scale for each in ends]


def _intervals(table: pd.DataFrame, many: int, scale: int) -> np.ndarray:
    """Return the ends of the interval of each effect; null for a row of several groups."""
    ends = np.full((2, many), np.nan)
    # The effect of a dimension is the whole change, whose interval is told once.
    if "explained" not in table and {"effect_low", "effect_high"} <= set(table):
        told = table[["effect_low", "effect_high"]].to_numpy(dtype=np.float64)[:many].T * scale
        ends[:, : told.shape[1]] = told
        if many < len(table):
            ends[:, -1] = np.nan
    return ends


def _effect_bars(
    ax: Axes,
    shown: pd.DataFrame,
    texts: list[str],
    labels: list[str],
    look: Look,
    *,
    heading: str,
    intervals: np.ndarray,
) -> list[Fit]:
    """Draw two bars, a mark and its interval for each row, and its text at the right."""
    places, tones = np.arange(len(shown)), tones_of(ax, inside=True)
    ax.barh(places - 0.19, shown["rate_effect"], height=0.36, color=look.hue)
    ax.barh(places + 0.19, shown["mix_effect"], height=0.36, color=second_hue_on(tones.paper))
    ax.hlines(places, *intervals, color=tones.ink, linewidth=1, zorder=3)
    ax.scatter(shown["effect"], places, s=60, color=tones.ink, zorder=3, marker="|", linewidth=2)
    ax.axvline(0, color=tones.ink, linewidth=0.8)
    ax.set_yticks(places, labels, fontsize=look.small)
    ax.set_ylim(len(shown) - 0.4, -1.5)
    ax.tick_params(axis="y", length=0)
    every = np.concatenate([shown.to_numpy(dtype=np.float64).ravel(), intervals.ravel()])
    low, high = 1.08 * float(np.nanmin(every, initial=0.0)), 1.04 * float(np.nanmax(every, initial=0.0))
    low, high = _with_ticks(low, high if high > low else low + 1)
    ax.set_xlim(low, high)
    change_axis(ax.xaxis, low, high)
    written, above = aside(ax, texts, heading, look)
    return [
        RowLabels(labels, look.small),
        EndTexts(written, [high] * len(written), low, high, aligned=True, heading=above),
    ]


def _with_ticks(low: float, high: float) -> tuple[float, float]:
    """Return limits that go on to a tick on a side that would end just before its first."""
    step = float(np.diff(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))[0])
    return (min(low, -step) if low < -step / 2 else low), (max(high, step) if high > step / 2 else high)


def _moved(table: pd.DataFrame, metric: str, scale: int) -> str:
    """Return from where to where the metric moved, in words, and what did most of it; this minus other."""
    words, of_all = sentence_case(words_of(metric)), table.attrs.get("of_all")
    cause = _cause(table)
    if of_all is None:  # attrs get lost on the way, as in a file
        if "share" not in table:
            return f"{words} changed by {change_of(table['effect'].iloc[0], scale_of(metric))}{cause}"
        of_all = [(table[f"share{side}"] * table[f"rate{side}"]).sum() for side in ("", "_other")]
    these, other = (each * scale for each in of_all)
    unit = " %" if scale == 100 else " s"
    if f"{these:.1f}" == f"{other:.1f}":
        return f"{words} stayed at {these:.1f}{unit}{cause}"
    verb = "rose" if these > other else "fell"
    sums = _all(table, scale) if "explained" not in table else None
    within = ", within chance" if sums is not None and sums[1][0] <= 0 <= sums[1][1] else ""
    return f"{words} {verb} from {other:.1f}{unit} to {these:.1f}{unit}{within}{cause}"


def _cause(table: pd.DataFrame) -> str:
    """Return the end of the title: what did most of it, if chance does not explain that."""
    if "explained" in table:
        first: Any = table.index[0]
        covers = "effect_low" in table and table["effect_low"].iloc[0] <= 0 <= table["effect_high"].iloc[0]
        within = ", within chance" if covers else ""
        if not table["explained"].iloc[0]:
            return f"{within}; no dimension explains it beyond chance"
        return f"{within}; {words_of(label_of(first, _NAME))} explains most"
    named = table[[not is_none(label) for label in table.index]]
    named = named if len(named) else table
    if "beyond_chance" in named and len(table) > 1:
        named = named[named["beyond_chance"].fillna(value=False).astype(bool)]
        if named.empty:
            return f"; no {noun_of(table.index)} moved it by more than chance"
    most: Any = named["effect"].abs().idxmax()
    return f", most by {named_group(most, table.index)}"
