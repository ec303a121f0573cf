"""How long conversations last: the share that still talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from brightcall_pandas.plots._colors import tones_of
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._fitting import Fit, PlacedLabels, RowLabels
from brightcall_pandas.plots._formats import (
    counted,
    duration,
    durations,
    number,
    of_all,
    percent,
    percent_axis,
)
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._limits import APART
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._standing import differ

__all__ = ["talk_time_survival"]

_TOPIC = "How long conversations last"
_LINES = 6
_TICKS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
_SHOWN = 0.004  # share that still talks, below which nothing is drawn
_ROW = 0.1  # of the height of all calls, for the row of a group
_ENDS = {min: "--", max: "-"}  # forms of the curves of the shortest and the longest median
_THIN = 0.9  # points: the width of the other curves
_SAMPLE = (0.012, 0.075)  # of the width of the axes, where a row shows how its curve is drawn
_ALL = 0.85  # share that still talks, down to which the axis need not reach


@dataclass(frozen=True)
class _Curve:
    """Which share of the calls of a group still talks after so many seconds."""

    calls: float
    seconds: NDArray[np.float64]
    share: NDArray[np.float64]

    def reaches(self, share: float) -> float:
        """Return after how many seconds this share still talks, between two bins in proportion."""
        below = np.flatnonzero(self.share <= share)
        if not len(below):
            return np.nan
        after = int(below[0])
        (earlier, higher), (later, lower) = (
            (self.seconds[each], self.share[each]) for each in (after - 1, after)
        )
        return float(later - (later - earlier) * (share - lower) / (higher - lower))

    @property
    def median(self) -> float:
        """Seconds that half of the calls reach."""
        return self.reaches(0.5)

    @property
    def interval(self) -> tuple[float, float]:
        """Between which seconds the median lies, as far as so many calls tell."""
        half = APART * 0.5 / np.sqrt(self.calls)
        return self.reaches(0.5 + half), self.reaches(0.5 - half)


@picture
def talk_time_survival(table: pd.DataFrame, look: Look) -> Axes:
    """Draw which share of the answered calls still talks after so many seconds.

    Parameters
    ----------
    table
        Table returned by `analysis.talk_time_histogram`, the finer its bins the better; the accessor takes a
        second each at first. With outer index levels each group becomes a curve.

    Returns
    -------
    matplotlib.axes.Axes
        A curve for each of the six largest groups, on a logarithmic axis of time: the share of its answered
        calls that talk at least so long. Dots are medians, with their intervals as lines: of groups in a row
        each below the curves, with a sample of the curve behind the name. The title compares the longest and
        the shortest median, if they differ by more than chance; the other curves are thin and gray.
    """
    curves = _curves(table)
    if not curves:
        return no_data(look, _TOPIC, "no answered calls whose talk time is known")
    largest = sorted(curves, key=lambda group: -curves[group].calls)[: look.top or _LINES]
    split = table.index.nlevels > 1
    ax = look.axes(height=4.4 + (look.row_height() * len(largest) if split else 0))
    styles = _styles({group: curves[group] for group in largest}, ax, look, split=split)
    first, last = _begin([curves[group] for group in largest]), 1.0
    for place, group in enumerate(largest):
        curve, style = curves[group], styles[group]
        drawn = curve.seconds > 0
        ax.plot(curve.seconds[drawn], curve.share[drawn], **style)
        height = -_ROW * (place + 1) if split else 0.5
        if split:
            _sample(ax, height, style)
        row: Any = {"color": style["color"], "zorder": 3}
        ax.plot(curve.interval, [height] * 2, linewidth=1.6, solid_capstyle="butt", **row)
        ax.plot(curve.interval, [height] * 2, "|", markersize=7, **row)
        ax.plot([curve.median], [height], "o", markersize=4.5 if style["linewidth"] > _THIN else 3.5, **row)
        last = max(last, float(curve.seconds[curve.share > _SHOWN].max(initial=1)))
    ax.axhline(0.5, color=tones_of(ax, inside=True).rule, linewidth=0.8, zorder=0)
    fits = _shares_and_rows(ax, {group: curves[group] for group in largest} if split else {}, look)
    ax.set_xscale("log")
    ax.minorticks_off()
    last = max(last, 10 * first)
    ax.set_xlim(first, 1.15 * last)  # room for the label of a tick at the very end
    ax.set_xlabel("talk time (log scale)")
    ticks = [each for each in _TICKS if first <= each <= last]
    fits.append(PlacedLabels(ticks, [duration(each) for each in ticks], look.small))
    ax.set_xticks(ticks)
    return headed(
        ax,
        look,
        _finding({group: curves[group] for group in largest}, curves, _noun(table), split=split),
        look.facts.lines(
            "share of answered calls that talk at least so long",
            f"n = {counted(sum(each.calls for each in curves.values()), 'answered call')}",
            of_all(len(largest), len(curves), f"{_noun(table)}s"),
            f"dots: median{f' of each {_noun(table)}' if split else ''} with its 95 % interval"
            f"{', the longest and the shortest in color' if split and len(largest) > len(_ENDS) else ''}",
            "chance: 95 % interval of the longest minus the shortest, corrected for all pairs"
            if split
            else "",
        ),
        form="A falling curve for each group over a logarithmic axis of talk time",
        fits=fits,
    )


def _styles(groups: Mapping[object, _Curve], ax: Axes, look: Look, *, split: bool) -> dict[object, Any]:
    """Return how each curve is drawn: that of the longest median, that of the shortest, and the others gray.

    These two are what the title compares; of six curves in six forms none could be followed.
    """
    if not split:
        return {group: {"color": look.hue, "linewidth": 2.0, "linestyle": "-"} for group in groups}
    hues = look.hues({label_of(group): curve.calls for group, curve in groups.items()})
    known = [group for group, curve in groups.items() if not np.isnan(curve.median)] or list(groups)
    ends = {choose(known, key=lambda group: groups[group].median): form for choose, form in _ENDS.items()}
    muted = tones_of(ax, inside=True).muted
    styles: dict[object, Any] = {}
    for group in groups:
        own = look.color is not None or group in ends
        styles[group] = {
            "color": hues[label_of(group)] if own else muted,
            "linewidth": 2.0 if group in ends else _THIN,
            "linestyle": ends.get(group, "-"),
            "zorder": 2.5 if group in ends else 2,
        }
    return styles


def _sample(ax: Axes, height: float, style: Mapping[str, Any]) -> None:
    """Draw behind the name of a group how its curve is drawn, off the interval if that reaches so far."""
    form: Any = {"transform": ax.get_yaxis_transform(), "solid_capstyle": "butt"}
    begin, end = _SAMPLE
    paper = tones_of(ax, inside=True).paper
    ax.plot([begin, end], [height] * 2, **form, **{**style, "zorder": 5})
    ax.plot([begin / 2, end + begin], [height] * 2, color=paper, linewidth=9, zorder=4, **form)


def _begin(curves: Sequence[_Curve]) -> float:
    """Return where the axis begins: at the last tick by which few calls of any curve have ended."""
    early = min(curve.reaches(_ALL) for curve in curves)
    return float(next((each for each in reversed(_TICKS) if each <= early), 1))


def _noun(table: pd.DataFrame) -> str:
    """Return what the groups are: ``outcome``, or ``group`` where they have no name or several."""
    names = table.index.names[:-1]
    return str(names[0]).replace("_", " ") if len(names) == 1 and names[0] is not None else "group"


def _shares_and_rows(ax: Axes, groups: Mapping[object, _Curve], look: Look) -> list[Fit]:
    """Label the axis of shares, and below it a row for each group with its median."""
    if not groups:
        ax.set_ylim(0, 1.02)
        percent_axis(ax.yaxis)
        ax.set_ylabel("still talking")
        return []
    ax.axhline(0, color=tones_of(ax, inside=True).rule, linewidth=0.8, zorder=0)
    ax.set_ylim(-_ROW * (len(groups) + 0.6), 1.02)
    spans = durations(each for curve in groups.values() for each in (curve.median, *curve.interval))
    named = {
        -_ROW * (place + 1): _row_name(group, curve, spans[3 * place : 3 * place + 3])
        for place, (group, curve) in enumerate(groups.items())
    }
    ticks = {share: percent(share) for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)}
    places, labels = zip(*sorted((named | ticks).items()), strict=True)
    ax.set_yticks(places, labels, fontsize=look.small)
    return [RowLabels(labels, look.small, places)]


def _row_name(group: object, curve: _Curve, spans: Sequence[str]) -> str:
    """Return the name of a group with its median, the interval of that, and its calls."""
    median, *ends = spans
    bare = "–".join(each.rpartition(" ")[0] for each in ends)
    between = "" if np.isnan(curve.interval).any() else f" ({bare})"
    return f"{label_of(group, 30)}: {median}{between}, n = {number(curve.calls)}"


def _curves(table: pd.DataFrame) -> dict[object, _Curve]:
    """Return the curve of each group that has calls."""
    levels = list(range(table.index.nlevels - 1))
    groups = (
        table.groupby(level=levels, sort=False, observed=True, dropna=False) if levels else [("all", table)]
    )
    curves = {}
    for group, rows in groups:
        inside, covered = rows["n_calls"].sum(), rows["cumulative_share"].iloc[-1]
        if not inside:
            continue
        bins = rows.index.get_level_values(-1)
        edges = np.array([*(each.left for each in bins), bins[-1].right], dtype=np.float64)
        share = 1 - np.concatenate([[0.0], rows["share"].to_numpy(dtype=np.float64).cumsum()])
        told = np.isfinite(edges)  # the last bin may be open
        key = group[0] if isinstance(group, tuple) and len(group) == 1 else group
        curves[key] = _Curve(float(round(inside / covered)), edges[told], share[told])
    return curves


def _finding(
    curves: Mapping[object, _Curve], every: Mapping[object, _Curve], noun: str, *, split: bool
) -> str:
    """Return the finding: of the groups that are drawn those that differ, or what holds for all calls."""
    known = {group: curve for group, curve in curves.items() if not np.isnan(curve.median)}
    if not known:
        return "How long half of the conversations last is not known"
    longest, shortest = (choose(known, key=lambda group: known[group].median) for choose in (max, min))
    if len(known) == 1 or not split:
        return f"Half of the conversations last {duration(known[longest].median)} or longer"
    if _differ(known[longest], known[shortest], len(known)):
        high, low = durations([known[longest].median, known[shortest].median])
        most, least = (label_of(group, 30) for group in (longest, shortest))
        return f"{most}: half of the answered calls last {high} or longer; {least}: {low}"
    median = duration(_together(every).median)
    return f"Half of the answered calls last {median} or longer, and no {noun} differs by more than chance"


def _differ(longest: _Curve, shortest: _Curve, many: int) -> bool:
    """Tell whether medians differ by more than chance, picked out of this many."""
    one, other = (
        pd.Series({"median": curve.median, "median_low": low, "median_high": high})
        for curve in (longest, shortest)
        for low, high in [curve.interval]
    )
    return differ(one, other, "median", many, Facts())


def _together(curves: Mapping[object, _Curve]) -> _Curve:
    """Return the curve of the calls of all these groups; a table that was cut may lack last bins of one."""
    bins = min(len(curve.seconds) for curve in curves.values())
    calls = [curve.calls for curve in curves.values()]
    shares = np.average([curve.share[:bins] for curve in curves.values()], axis=0, weights=calls)
    return _Curve(sum(calls), next(iter(curves.values())).seconds[:bins], shares)
