"""Histograms of talk time and time to answer: how many take longer than how long."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from brightcall_pandas.plots._choice import chosen_groups, group_sizes, outer_levels
from brightcall_pandas.plots._colors import grid_of, tones_of
from brightcall_pandas.plots._fitting import ColumnLabels, CurveLabels, Fit, PlacedLabels
from brightcall_pandas.plots._formats import counted, duration, durations, number, percent, percent_axis
from brightcall_pandas.plots._labels import is_none, label_of
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._text import Key

__all__ = ["answer_time_histogram", "talk_time_histogram"]

_LOG_TICKS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400)
_QUARTERS = ((0.75, "three quarters"), (0.5, "half"), (0.25, "a quarter"))
_NAME = 28
_TAKE = "take"  # what calls do until they are answered, unless it is callers who wait


@picture
def talk_time_histogram(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how long calls talk: the share that talk at least so long.

    Parameters
    ----------
    table
        Table returned by `analysis.talk_time_histogram`. With outer index levels each group becomes a
        curve.

    Returns
    -------
    matplotlib.axes.Axes
        A falling curve, and not the bars of a histogram, unless all bins have one width: at each edge of a
        bin the share of the calls that talk at least so long, over time on a logarithmic axis. The table
        counts the calls within each bin. Large dots mark where three quarters, half and a quarter of the
        calls still talk: the quartiles that the table tells, else read off within bins. With outer index
        levels a curve for each of the six largest groups.
    """
    return _histogram(table, look, "talk time", "talk")


@picture
def answer_time_histogram(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how long calls take to be answered: the share that take at least so long.

    Parameters
    ----------
    table
        Table returned by `analysis.answer_time_histogram`. With outer index levels each group becomes a
        curve.

    Returns
    -------
    matplotlib.axes.Axes
        A falling curve, and not the bars of a histogram, unless all bins have one width: at each edge of a
        bin the share of the calls that take at least so long, over time on a logarithmic axis. The table
        counts the calls within each bin. Large dots mark where three quarters, half and a quarter of the
        calls are not yet answered: the quartiles that the table tells, else read off within bins. With outer
        index levels a curve for each of the six largest groups. That calls wait is said of inbound ones only.
    """
    inbound = set(look.facts.directions) == {"inbound"}
    return _histogram(table, look, "time to answer", "wait" if inbound else _TAKE)


def _histogram(table: pd.DataFrame, look: Look, topic: str, verb: str) -> Axes:
    name = f"{topic[:1].upper()}{topic[1:]}"
    if table.empty or not table["n_calls"].sum() or table["cumulative_share"].isna().all():
        return no_data(look, name, "no calls" if table.empty else f"{topic} is not known")
    bins: Any = table.index.unique(table.index.nlevels - 1)
    ax = look.axes()
    chosen = "bins" not in look.facts.settings or look.facts.setting("bins") is not None
    if table.index.nlevels == 1 and chosen and _are_equal(bins):
        return _bars(ax, table, bins, look, topic)
    edges = np.append(bins.left.to_numpy(dtype=np.float64), bins.right[-1])
    edges = np.where(edges < 0, 0, edges)  # the first bin closed on the right begins below 0
    grouped = table.index.nlevels > 1
    title, remarks, key, fits = (_curves if grouped else _curve)(ax, table, edges, look, verb)
    fits += _time_scale(ax, edges, look, drawn_from=float(ax.dataLim.x0))
    ax.set_ylim(0, 1.04)
    percent_axis(ax.yaxis)
    grid_of(ax, "y")
    ax.set_ylabel(f"share that {verb} as long")
    ax.set_xlabel(f"{topic} (log scale)")
    what = f"share of the {_what(look)} that {verb} as long as the time shown, or longer"
    lines = [what, _measured(topic, look), *remarks, look.facts.cut(table)]
    form = f"A falling curve of the share of calls that {verb} longer, over time"
    return headed(ax, look, title, look.facts.lines(*lines), form=form, key=key, fits=fits)


def _until(verb: str, look: Look) -> str:
    """Return what calls take their time for, as the end of a title."""
    if verb != _TAKE:
        return ""
    return " to be answered" if look.facts.setting("answered_only", True) else " to be answered or to end"


def _what(look: Look) -> str:
    return "answered calls" if look.facts.setting("answered_only", True) else "calls"


def _measured(topic: str, look: Look) -> str:
    """Return from when to when the time to answer is, and its field; talk time says so itself."""
    if topic == "talk time":
        return ""
    others = "" if look.facts.setting("answered_only", True) else ", of others how long they rang (callTime)"
    return f"time to answer: from the start of a call until it is answered (answerTime){others}"


def _are_equal(bins: Any) -> bool:
    widths = (bins.right - bins.left).to_numpy(dtype=np.float64)
    return len(widths) > 1 and bool(np.isfinite(widths).all() and np.allclose(widths, widths[0]))


def _outside(table: pd.DataFrame) -> tuple[float, float]:
    """Return the number of calls inside the bins, and below or above them."""
    inside, covered = float(table["n_calls"].sum()), float(table["cumulative_share"].iloc[-1])
    return inside, round(inside / covered) - inside if covered else 0.0


def _time_at(share: float, edges: NDArray[np.float64], alive: NDArray[np.float64]) -> float:
    """Return when a share is left, read off between two edges; null beyond the last edge that is finite."""
    finite = np.isfinite(edges)
    times, left = edges[finite], alive[finite]
    if left[-1] > share or left[0] < share:
        return float("nan")
    return float(np.exp(np.interp(-share, -left, np.log(_on_log(times)))))


def _longer(share: float, time: str, alive: NDArray[np.float64], *, exact: bool) -> str:
    """Return a time in words: about so long, where no edge of a bin says it exactly."""
    if exact:
        return f"{time} or longer"
    return f"longer than {'' if np.isclose(alive, share).any() else 'about '}{time}"


def _told_quartiles(table: pd.DataFrame, group: int = 0, groups: int = 1) -> dict[float, float]:
    """Return the quartiles of one of the groups, by the share of calls that last as long, if the table knows.

    A table of which groups were cut off no longer tells whose they are.
    """
    told = table.attrs.get("quartiles_s")
    if not isinstance(told, list) or len(told) != groups:
        return {}
    return {1 - at: float(time) for at, time in zip((0.25, 0.5, 0.75), told[group], strict=True)}


def _line_through(
    ax: Axes,
    times: NDArray[np.float64],
    alive: NDArray[np.float64],
    quartiles: dict[float, float],
    look: Look,
) -> None:
    """Draw the curve through the ends of bins and the quartiles."""
    inside = {share: time for share, time in quartiles.items() if times[0] < time < times[-1]}
    xs, ys = np.append(times, [*inside.values()]), np.append(alive, [*inside])
    order = np.lexsort((-ys, xs))
    ax.plot(_on_log(xs[order]), np.minimum.accumulate(ys[order]), color=look.hue, linewidth=2)


def _curve(
    ax: Axes, table: pd.DataFrame, edges: NDArray[np.float64], look: Look, verb: str
) -> tuple[str, list[str], list[Key], list[Fit]]:
    inside, outside = _outside(table)
    alive = np.append(1.0, 1 - table["cumulative_share"].to_numpy())
    shown = np.isfinite(edges)
    if shown.sum() > 2 and edges[0] == 0 and alive[1] >= _QUARTERS[0][0]:
        shown[0] = False  # a logarithmic axis has no 0; without a dot left of it the first edge is the begin
    ax.plot(_on_log(edges[shown]), alive[shown], color=look.hue, linestyle="none", marker="o", markersize=3.5)
    tones = tones_of(ax, inside=True)
    told = _told_quartiles(table)
    times = {share: told.get(share, _time_at(share, edges, alive)) for share, _ in _QUARTERS}
    _line_through(ax, edges[shown], alive[shown], {} if not told else times, look)
    in_words = dict(zip(times, durations(times.values()), strict=True))
    texts = []
    for share, words in _QUARTERS:
        time = times[share]
        if np.isnan(time) or time <= 0:
            continue
        ax.plot(_on_log([time]), [share], marker="o", markersize=8, color=look.hue)
        texts.append(
            ax.annotate(
                f"{words} {verb} {_longer(share, in_words[share], alive, exact=bool(told))}",
                (float(_on_log([time])[0]), share),
                (8, 4),
                textcoords="offset points",
                fontsize=look.small,
                color=tones.ink,
                in_layout=False,
            )
        )
    median, what = times[0.5], _what(look)
    lead = (
        f"Half of the {what} {verb} {_longer(0.5, in_words[0.5], alive, exact=bool(told))}"
        if not np.isnan(median)
        else f"{percent(alive[shown][-1])} of the {what} {verb} {duration(edges[shown][-1])} or longer"
    )
    title = f"{lead}{_until(verb, look)}"
    more = f", {number(outside)} of them outside the bins" if outside else ""
    remarks = [
        f"n = {counted(inside + outside, 'call')}{more}",
        f"large dots: quartiles{'' if told else ', read off within their bins'}",
    ]
    return title, remarks, [], [CurveLabels(texts)]


def _curves(
    ax: Axes, table: pd.DataFrame, edges: NDArray[np.float64], look: Look, verb: str
) -> tuple[str, list[str], list[Key], list[Fit]]:
    calls = group_sizes(table["n_calls"])
    by_group = table["cumulative_share"].groupby(
        level=outer_levels(table), sort=False, observed=True, dropna=False
    )
    # A table of which rows were cut off may lack the last bins of a group.
    alive = {
        group: np.append(1.0, 1 - each.to_numpy())
        for group, each in zip(calls.index, (part for _, part in by_group), strict=True)
    }
    told = [_told_quartiles(table, place, len(calls)).get(0.5) for place in range(len(calls))]
    medians = pd.Series(
        [
            _time_at(0.5, edges[: len(alive[group])], alive[group]) if median is None else median
            for median, group in zip(told, calls.index, strict=True)
        ],
        index=calls.index,
    )
    groups, hidden = chosen_groups(calls, look, values=medians)
    names = {group: label_of(group, _NAME) for group in groups}
    hues = look.hues({names[group]: calls[group] for group in groups})
    key = []
    for group in groups:
        color = hues[names[group]]
        times = edges[: len(alive[group])]
        shown = np.isfinite(times)
        ax.plot(_on_log(times[shown]), alive[group][shown], color=color, linewidth=1.8, label=names[group])
        key.append(Key(f"{names[group]} (n = {number(calls[group])})", color, "line"))
    known = medians.loc[[group for group in groups if not is_none(group)] or groups].dropna()
    title, what = f"How long calls {verb}{_until(verb, look)}, by group", _what(look)
    if len(known):
        about = "about " if None in told else ""
        ends = list(dict.fromkeys(durations([known.min(), known.max()])))
        title = f"Half of the {what} {verb} {about}{' to '.join(ends)} or longer{_until(verb, look)}"
        title += ", by group" if len(known) > 1 else f" in {names[known.index[0]]}"
    untested = "groups are not tested for chance" if len(known) > 1 else ""
    return title, [f"n = {counted(calls.sum(), 'call')} in the bins", untested, hidden], key, []


def _on_log(times: Any) -> NDArray[np.float64]:
    """Return times for a logarithmic axis, on which what is under half a second stands at its left end."""
    return np.maximum(np.asarray(times, dtype=np.float64), 0.5)


def _time_scale(ax: Axes, edges: NDArray[np.float64], look: Look, *, drawn_from: float) -> list[Fit]:
    """Make the axis logarithmic, with ticks at the spans that people know."""
    finite = edges[np.isfinite(edges)]
    least = max(finite[finite > 0].min(initial=np.inf) / 3, 0.5)
    low = 1.0 if least < 1 else next((t for t in reversed(_LOG_TICKS) if t <= least), 1.0)
    if drawn_from > 1.5 * low:  # no curve reaches down to where the first bin begins
        low = 0.85 * drawn_from
    high = max(float(finite.max()), 2 * low)
    ax.set_xscale("log")
    ax.set_xlim(low, high * 1.35)
    ticks = [tick for tick in _LOG_TICKS if low <= tick <= high * 1.05]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    return [PlacedLabels(ticks, [duration(tick) for tick in ticks], look.small)]


def _bars(ax: Axes, table: pd.DataFrame, bins: Any, look: Look, topic: str) -> Axes:
    """Draw bins of one width as bars that stand side by side."""
    left = bins.left.to_numpy(dtype=np.float64)
    width = float((bins.right - bins.left)[0])
    ax.bar(left, table["share"], width=0.96 * width, align="edge", color=look.hue)
    inside, outside = _outside(table)
    ax.set_ylim(0, float(table["share"].max()) * 1.08)
    ax.set_xlim(left[0], left[-1] + width)
    percent_axis(ax.yaxis)
    grid_of(ax, "y")
    ax.set_ylabel("share of calls")
    ax.set_xlabel(topic)
    most = int(np.argmax(table["share"].to_numpy()))
    edges = [*left, left[-1] + width]
    closed = "without the upper end" if bins.closed == "left" else "without the lower end"
    begin, end = durations(edges[most : most + 2])
    title = f"{percent(table['share'].max())} of the calls have a {topic} of {begin} to {end}"
    more = f", {number(outside)} of them outside the bins" if outside else ""
    remarks = [f"share of calls in each bin of {duration(width)}, {closed}"]
    remarks += [
        _measured(topic, look),
        f"n = {counted(inside + outside, 'call')}{more}",
        look.facts.cut(table),
    ]
    fits = [
        ColumnLabels(
            ["0" if not edge else each for edge, each in zip(edges, durations(edges), strict=True)],
            edges,
            look.small,
        )
    ]
    return headed(ax, look, title, look.facts.lines(*remarks), form="Bars of one width", fits=fits)
