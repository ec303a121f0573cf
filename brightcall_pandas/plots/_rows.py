"""Tables drawn row by row: a bar or a dot for each row, with its interval, its label and a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.text import Text
from numpy.typing import NDArray

from brightcall_pandas.frame import NONE
from brightcall_pandas.plots._colors import RED, grid_of, tones_of
from brightcall_pandas.plots._fitting import EndTexts, Fit, RowLabels
from brightcall_pandas.plots._formats import change_axis, is_rate, number, percent, value_axis, words_of
from brightcall_pandas.plots._labels import label_of, label_or_hour
from brightcall_pandas.plots._picture import Look
from brightcall_pandas.plots._placed import aside, ground
from brightcall_pandas.plots._text import Key

__all__ = [
    "FLAG",
    "bar_rows",
    "change_rows",
    "dot_rows",
    "flag_key",
    "interval_of",
    "named_group",
    "row_labels",
    "share_and_count",
    "share_of",
]

FLAG = "*"
"""Sign of a row that differs by more than chance."""

_APART = 0.15  # of a row, from its middle to either of two lines
_BAR = 0.72  # of a row, at most
_THICKEST = 0.5  # inches of a bar


def bar_rows(
    labels: Sequence[str],
    values: Sequence[float] | pd.Series,
    texts: Sequence[str],
    look: Look,
    *,
    metric: str = "share",
    intervals: pd.DataFrame | None = None,
    colors: Sequence[str] | str | None = None,
    unit: str = "",
    beyond: Sequence[bool] | None = None,
    whole: float | None = None,
) -> tuple[Axes, list[Fit]]:
    """Draw a horizontal bar for each row, the first on top.

    Parameters
    ----------
    labels, values, texts
        Label and length of each bar, and the text beside it. A value that is not known has no bar.
    look
        How the picture is drawn.
    metric
        What the values are, which decides how the axis is labeled.
    intervals
        Columns ``low`` and ``high`` for the first rows, drawn as whiskers.
    colors
        One color for all bars, or one for each.
    unit
        Label of the axis.
    beyond
        Which rows differ by more than chance: they have a color and a sign of their own.
    whole
        The value of all rows together, drawn as a dashed line.

    Returns
    -------
    tuple
        The axes, and what is fitted each time they are drawn.
    """
    ax = look.axes(height=1.3 + look.row_height() * len(labels))
    tones = tones_of(ax, inside=True)
    places = range(len(labels))
    lengths = np.asarray(values, dtype=np.float64)
    usual = [tones.muted if _has_no_name(label) else look.hue for label in labels]
    if beyond is not None:
        texts = _flagged(texts, beyond)
        usual = _flag_colors(usual, beyond, look)
    if whole is not None:
        _line_of_all(ax, whole)
    ax.barh(
        places,
        np.nan_to_num(lengths),
        color=colors or usual,
        height=_thickness(ax, len(labels)),
    )
    ends = np.nan_to_num(lengths)
    if intervals is not None:
        known = np.flatnonzero(intervals["low"].notna().to_numpy())
        low, upper = (intervals[name].to_numpy(dtype=np.float64)[known] for name in ("low", "high"))
        reach = np.maximum(np.array([lengths[known] - low, upper - lengths[known]]), 0)
        ax.errorbar(lengths[known], known, xerr=reach, fmt="none", ecolor=tones.ink, elinewidth=1)
        ends[known] = np.maximum(ends[known], upper)
    written = [
        _beside(ax, text, end, place, look, muted=np.isnan(length))
        for place, end, text, length in zip(places, ends, texts, lengths, strict=True)
    ]
    fits = _rows(ax, labels, look)
    high = float(ends.max(initial=0)) or 1.0
    value_axis(ax.xaxis, metric, 1.0 if is_rate(metric) and 0.9 < high <= 1 else high * 1.02)
    ax.set_xlim(0, high * 1.25)
    ax.set_xlabel(unit)
    return ax, [*fits, EndTexts(written, ends, 0.0, high * 1.02)]


def _flagged(texts: Sequence[str], beyond: Sequence[bool]) -> list[str]:
    """Return the texts of rows, with a sign behind those beyond chance, so that it is told without colors."""
    return [f"{text} {FLAG}" if each else text for text, each in zip(texts, beyond, strict=True)]


def _flag_colors(colors: Sequence[str], beyond: Sequence[bool], look: Look) -> list[str]:
    """Return the colors of rows, one of their own for those beyond chance unless the caller chose one."""
    flag = look.hue if isinstance(look.color, str) else RED
    return [flag if each else color for color, each in zip(colors, beyond, strict=True)]


def _line_of_all(ax: Axes, value: float) -> None:
    if not np.isnan(value):
        ax.axvline(value, color=tones_of(ax, inside=True).muted, linewidth=1.2, linestyle="--", zorder=3)


def flag_key(beyond: Sequence[bool] | None, look: Look) -> list[Key]:
    """Return the entry of the key for rows beyond chance, if there are any."""
    if beyond is None or not any(beyond):
        return []
    return [Key(f"{FLAG} beyond chance", look.hue if isinstance(look.color, str) else RED)]


def _thickness(ax: Axes, rows: int) -> float:
    """Return how thick a bar is, as a part of its row: two bars on a slide are no beams."""
    figure: Any = ax.get_figure(root=True)
    pitch = figure.get_figheight() * ax.get_position().height / max(rows, 1)
    return float(min(_BAR, max(_THICKEST / pitch, 0.25)))


def _has_no_name(label: str) -> bool:
    return NONE in label.split(" · ")


def _beside(ax: Axes, text: str, end: float, place: int, look: Look, *, muted: bool) -> Text:
    tones = tones_of(ax, inside=True)
    return ax.annotate(
        text,
        (end, place),
        (5, 0),
        textcoords="offset points",
        va="center",
        fontsize=look.small,
        color=tones.muted if muted else tones.ink,
        in_layout=False,
        annotation_clip=False,
        bbox=ground(ax),  # off the line of all
    )


def dot_rows(
    labels: Sequence[str],
    values: Sequence[float] | pd.Series,
    texts: Sequence[str],
    look: Look,
    *,
    intervals: pd.DataFrame,
    metric: str = "share",
    raw: Sequence[float] | pd.Series | None = None,
    colors: Sequence[str] | str | None = None,
    heading: str = "",
    span: float = 0.0,
    beyond: Sequence[bool] | None = None,
    whole: float | None = None,
    ranked_at: pd.Series | None = None,
    flag_names: bool = False,
    arrows: bool = False,
) -> tuple[Axes, list[Fit]]:
    """Draw a dot for each row, the first on top, on the line of its interval.

    Parameters
    ----------
    labels, values, texts
        Label and position of each dot, and the text that stands at the right.
    look
        How the picture is drawn.
    intervals
        Columns ``low`` and ``high``.
    metric
        What the values are, which decides how the axis is labeled.
    raw
        Position of a second, hollow dot in each row.
    colors
        One color for all dots, or one for each.
    heading
        What stands above the texts.
    span
        How much the axis shows at least, so that a small difference looks small.
    beyond, whole
        As in `bar_rows`.
    ranked_at
        What the rows are ranked by, drawn as a tick in each, with a line to the dot; that of the interval is
        that of the hollow dot then, and stands with it below.
    flag_names
        Whether the sign of a row beyond chance stands before its name, rather than behind its text.
    arrows
        Whether each row is an arrow from the hollow dot: its line is thin and its dot a head, so that nobody
        takes a change for an interval. With `beyond`, the arrows of the other rows are gray.

    Returns
    -------
    tuple
        The axes, and what is fitted each time they are drawn.
    """
    larger = max(float(rcParams["font.size"]) / 10, 1.0)  # for the text above a single row
    ax = look.axes(height=max(1.6 * larger + look.row_height() * len(labels), 2.8 * larger))
    tones = tones_of(ax, inside=True)
    places = np.arange(len(labels))
    # Arrows of which it is known that chance explains them are gray, as in `changes`.
    usual = [look.hue if beyond is None or not arrows else tones.muted] * len(labels)
    if beyond is not None:
        if flag_names:  # before them: a long name is cut at its end
            labels = [f"{FLAG} {name}" if each else name for name, each in zip(labels, beyond, strict=True)]
        else:
            texts = _flagged(texts, beyond)
        usual = _flag_colors(usual, beyond, look)
    if whole is not None:
        _line_of_all(ax, whole)
    # A rate that is ranked has a line of its own, so that of the rate as counted stands a little lower.
    raised, lowered = (0.0, 0.0) if ranked_at is None else (-_APART, _APART)
    color, width = (colors or usual, 1.4) if arrows else (tones.rule, 2.5)
    ax.hlines(places + lowered, intervals["low"], intervals["high"], color=color, linewidth=width)
    if raw is not None:
        ax.scatter(raw, places + lowered, s=26, facecolor="none", edgecolor=tones.muted, zorder=5)
    if ranked_at is not None:
        ax.hlines(places + raised, ranked_at, values, color=colors or usual, linewidth=2)
        ax.scatter(ranked_at, places + raised, s=40, marker="|", color=colors or usual, linewidth=2, zorder=5)
    if arrows and raw is not None:
        _heads(ax, np.asarray(values, dtype=np.float64), np.asarray(raw, dtype=np.float64), colors or usual)
    else:
        ax.scatter(values, places + raised, s=34, color=colors or usual, zorder=4)
    low, high = _limits([intervals["low"], intervals["high"], values, raw, ranked_at], metric, span)
    aside: Any = {"xycoords": ("axes fraction", "data"), "in_layout": False, "annotation_clip": False}
    size = look.small
    written = [
        ax.annotate(
            text,
            (1, place),
            xytext=(1, place),
            textcoords=aside["xycoords"],
            va="center",
            fontsize=size,
            color=tones.ink,
            **aside,
        )
        for place, text in zip(places, texts, strict=True)
    ]
    above = (
        ax.annotate(
            heading,
            (1, -1),
            xytext=(1, -1),
            textcoords=aside["xycoords"],
            va="center",
            fontsize=size,
            color=tones.muted,
            **aside,
        )
        if heading
        else None
    )
    fits = _rows(ax, labels, look, headed=bool(heading))
    grid_of(ax, "x")
    value_axis(ax.xaxis, metric, high)
    ax.set_xlim(low, high)
    return ax, [*fits, EndTexts(written, [high] * len(written), low, high, aligned=True, heading=above)]


def _heads(
    ax: Axes, values: NDArray[np.float64], begins: NDArray[np.float64], colors: Sequence[str] | str
) -> None:
    """Draw the heads of arrows; what is known at their end only is a dot."""
    places, of_each = np.arange(len(values)), np.broadcast_to(colors, len(values))
    for marker, chosen in ((">", values >= begins), ("<", values < begins), ("o", np.isnan(begins))):
        ax.scatter(values[chosen], places[chosen], s=52, color=of_each[chosen], marker=marker, zorder=4)


def change_rows(
    labels: Sequence[str],
    values: NDArray[np.float64],
    texts: Sequence[str],
    look: Look,
    *,
    lines: tuple[NDArray[np.float64], NDArray[np.float64]],
    colors: Sequence[str],
    heading: str = "",
) -> tuple[Axes, list[Fit]]:
    """Draw a dot and a line for each row on an axis of changes, which shows where there is none.

    Parameters
    ----------
    labels, values, texts
        Label and change of each row, and the text that stands at the right; no texts leave no room for them.
    look
        How the picture is drawn.
    lines
        Where the line of each row begins and ends.
    colors
        The color of each row.
    heading
        What stands above the texts.

    Returns
    -------
    tuple
        The axes, and what is fitted each time they are drawn.
    """
    ax = look.axes(height=1.9 + look.row_height() * len(labels))
    places = np.arange(len(labels))
    ax.hlines(places, *lines, color=colors, linewidth=2.2, zorder=2)
    ax.scatter(values, places, color=colors, s=36, zorder=3)
    ax.axvline(0, color=tones_of(ax, inside=True).ink, linewidth=0.9, zorder=1)
    grid_of(ax, "x")
    every = np.concatenate([values, *lines])
    known = every[np.isfinite(every)]
    begin, end = min(known.min(initial=0), 0.0), max(known.max(initial=0), 0.0)
    margin = 0.06 * (end - begin) or 1.0
    begin, end = begin - margin, end + margin
    fits = _rows(ax, labels, look)
    ax.set_ylim(len(labels) - 0.4, -1.5)
    ax.set_xlim(begin, end)
    change_axis(ax.xaxis, begin, end)
    if texts:
        written, above = aside(ax, texts, heading, look)
        fits.append(EndTexts(written, [end] * len(written), begin, end, aligned=True, heading=above))
    return ax, fits


def _limits(values: Sequence[Any], metric: str, span: float) -> tuple[float, float]:
    """Return limits in which all values lie, with some room, and shares within 0 to 100 %."""
    every = np.concatenate([np.asarray(each, dtype=np.float64) for each in values if each is not None])
    every = every[~np.isnan(every)]
    if not len(every):
        return 0.0, 1.0
    low, high = float(every.min()), float(every.max())
    margin = max(0.06 * (high - low), (span - (high - low)) / 2, 1e-3 * max(abs(high), 1e-3))
    low, high = low - margin, high + margin
    if is_rate(metric):
        return max(low, -0.02), min(high, 1.02)
    return low, high


def interval_of(table: pd.DataFrame, rate: str) -> pd.DataFrame:
    """Return the interval of a rate as columns ``low`` and ``high``."""
    return table[[f"{rate}_low", f"{rate}_high"]].set_axis(["low", "high"], axis=1)


def named_group(label: Any, index: pd.Index, width: int = 28) -> str:
    """Return a group as a sentence names it: ``9–10 h``, and a number with what it is: ``agent 106``."""
    if index.nlevels > 1:
        return label_of(label, width)
    text = label_or_hour(label, index.name, width)
    told = index.name is not None and index.name != "hour" and text.lstrip("+")[:1].isdigit()
    return f"{words_of(str(index.name))} {text}" if told else text


def share_of(share: float, calls: float) -> str:
    """Return the text beside a bar: a share, and in brackets the number that it is a share of."""
    return f"{percent(share)} (n = {number(calls)})"


def share_and_count(share: float, count: float) -> str:
    """Return the text beside a bar whose share is of all: the share, and how many that are."""
    return f"{percent(share)} · {number(count)}"


def row_labels(index: pd.Index) -> list[str]:
    """Return a label for each row of a table.

    Where the rows of a group stand below each other, only the first one names the group.
    """
    last = index.names[-1]
    if index.nlevels == 1:
        return [_row_label(label, last) for label in index]
    groups = [label_of(label[:-1]) for label in index]
    begins = [place == 0 or groups[place - 1] != group for place, group in enumerate(groups)]
    together = sum(begins) == len(set(groups))
    return [
        f"{group} · {label_or_hour(label[-1], last)}"
        if begin or not together
        else label_or_hour(label[-1], last)
        for group, begin, label in zip(groups, begins, index, strict=True)
    ]


def _row_label(label: Any, level: Any) -> str:
    """Return the label of a row; an agent of whom only the number is known says so."""
    text = label_or_hour(label, level, 60)
    return f"{level} {text}" if level == "agent" and text.isdecimal() else text


def _rows(ax: Axes, labels: Sequence[str], look: Look, *, headed: bool = False) -> list[Fit]:
    ax.set_yticks(np.arange(len(labels)), labels, fontsize=look.small)
    ax.set_ylim(len(labels) - 0.4, -1.55 if headed else -0.6)
    ax.tick_params(axis="y", length=0)
    return [RowLabels(labels, look.small)]
