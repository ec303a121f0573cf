"""The answer rate over time against what chance alone would make of it: one chart, or one for each group."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from brightcall_pandas.plots._calendar import Steps, dot_axis, middles_of, moment, steps_of
from brightcall_pandas.plots._choice import chosen_groups, outer_levels
from brightcall_pandas.plots._colors import RED, tones_of
from brightcall_pandas.plots._fitting import cut_to, text_size
from brightcall_pandas.plots._formats import calls_of, counted, number, percent, percent_axis, plural
from brightcall_pandas.plots._labels import is_none, label_of
from brightcall_pandas.plots._limits import SIGMAS, control_limits
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import PointLabels, halo
from brightcall_pandas.plots._settled import hatch_unsettled
from brightcall_pandas.plots._text import Key

__all__ = ["Panels", "control_chart", "ends_of", "small_multiples"]

_PANELS = 12
_NAMED = 2  # periods or groups that are named in a title
_BESIDE, _BESIDE_LABEL = 0.12, 0.3  # of the span of the rates, above and below them
_FALSE = 0.0027  # part of what is alike that lies outside three standard errors
_TOPIC = "Answer rate over time"
_SQUEEZED = 0.75  # of the usual size, of names of panels before parts of them are left out
_IN_BRACKETS = re.compile(r" \([\d,]+\)$")
_OUTSIDE = "outside what chance explains"


@picture
def control_chart(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the answer rate of each period against control limits.

    Parameters
    ----------
    table
        Table returned by `analysis.over_time`, without outer index levels.

    Returns
    -------
    matplotlib.axes.Axes
        A p-chart: the answer rate of each period, that of all whole periods as a line, and around it a band
        of three standard errors, the wider the fewer calls a period has. Periods outside it stand out. Those
        that the days do not fill are hollow; they count neither as outside nor for the line. Those whose
        outcomes have not settled are hatched, where it is known how late they change (`bc.lookback`).

    Raises
    ------
    ValueError
        The table has outer index levels; `small_multiples` draws these.
    """
    if table.index.nlevels > 1:
        levels = ", ".join(map(str, table.index.names[:-1]))
        msg = (
            f"a control chart shows one group of calls, but this table is split by {levels}; "
            "small_multiples draws a chart for each group"
        )
        raise ValueError(msg)
    known = _known(table := table.sort_index())
    if known.empty:
        return no_data(look, _TOPIC, "no calls" if table.empty else "answer rate is not known")
    ax = look.axes()
    steps = _steps(table.index, look)
    mean, outside, whole = _draw(ax, known, steps, look)
    unsettled = hatch_unsettled(ax, steps, look.facts)
    word, words = steps.name, plural(steps.name)
    ax.set_ylabel("answer rate")
    ax.margins(y=_BESIDE)
    percent_axis(ax.yaxis)
    key = [Key(f"{percent(mean)} in all whole {words}", tones_of(ax).muted, "line")]
    key += [Key(_OUTSIDE, RED, "dot")] if outside.any() else []
    key += [Key(f"{word} that is not whole, not counted", look.hue, "ring")] if not whole.all() else []
    return headed(
        ax,
        look,
        _verdict(known[outside], mean, int(whole.sum()), word),
        look.facts.lines(
            f"answered ÷ calls of each {word}",
            f"band: {percent(mean)} ± {SIGMAS:g} standard errors{clustered(table)}",
            unsettled,
            look.facts.n(table),
            look.facts.cut(table),
        ),
        form=f"A line with a dot for each {word}, on a band of control limits",
        key=key,
        fits=[*dot_axis(ax, steps, look.small), _signals(ax, known, steps, outside, look)],
    )


def _known(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["answer_rate"].notna() & (table["n_calls"] > 0)]


def _verdict(outside: pd.DataFrame, mean: float, whole: int, word: str) -> str:
    """Return the finding: which periods lie outside, and on which side."""
    if whole < 2:
        return f"One {word} cannot tell chance from change"
    if outside.empty:
        every = "both" if whole == 2 else f"all {whole}"
        return f"The answer rate of {every} {plural(word)} lies within what chance explains"
    many, rates = len(outside), outside["answer_rate"]
    said = f"{many} of {whole} {plural(word)} {'lies' if many == 1 else 'lie'} {_OUTSIDE}"
    if many > _NAMED:
        above = int((rates > mean).sum())
        return f"{said}: {above} above, {many - above} below"
    begins: Any = pd.DatetimeIndex(outside.index).tz_localize(None)
    each = [f"{moment(stamp, word)} {_way(rate > mean)}" for stamp, rate in zip(begins, rates, strict=True)]
    return f"{said}: {' and '.join(each)}"


def _way(above: bool) -> str:
    return "above" if above else "below"


def clustered(table: pd.DataFrame) -> str:
    """Return a remark on limits that follow intervals which take the calls of a client together."""
    return " by client" if "answer_rate_low" in table else ""


def _steps(stamps: Any, look: Look) -> Steps:
    """Return the periods of a table as steps of a time axis, none of them put together."""
    return steps_of(stamps, len(stamps), look.facts)


def _draw(
    ax: Axes, known: pd.DataFrame, steps: Steps, look: Look, size: float = 5.0
) -> tuple[float, NDArray[np.bool_], NDArray[np.bool_]]:
    """Draw rates on the band of their limits; return the mean, what lies outside, and what is whole.

    `steps` are those of the whole table: of periods that `known` lacks nothing is drawn.
    """
    tones, (mean, low, high, outside, whole) = tones_of(ax, inside=True), control_limits(known, look.facts)
    begins = pd.DatetimeIndex(steps.edges[:-1])
    places = np.flatnonzero(begins.isin(pd.DatetimeIndex(known.index).tz_localize(None)))
    # A period that is not whole is not judged, and has no band that it could seem to lie outside of.
    band = np.full((2, len(begins) + 1), np.nan)
    band[:, places[whole]] = low[whole], high[whole]
    after = places[whole] + 1
    band[:, after] = np.where(np.isnan(band[:, after]), band[:, after - 1], band[:, after])
    ax.fill_between(steps.edges, band[0], band[1], step="post", color=tones.band, linewidth=0, zorder=1)
    ax.axhline(mean, color=tones.muted, linewidth=1, zorder=2)
    middles, rates = _middles(known, steps), known["answer_rate"].to_numpy(dtype=np.float64)
    ax.plot(middles, rates, color=look.hue, linewidth=1.4, zorder=3)
    for chosen, fill, color, larger in (
        (whole & ~outside, look.hue, look.hue, 1.0),
        (~whole, tones.paper, look.hue, 1.0),
        (outside, RED, RED, 1.5),
    ):
        ax.plot(middles[chosen], rates[chosen], "o", color=color, mfc=fill, ms=size * larger, zorder=4)
    ax.set_xlim(steps.edges[0], steps.edges[-1])
    return mean, outside, whole


def _signals(
    ax: Axes,
    known: pd.DataFrame,
    steps: Steps,
    outside: NDArray[np.bool_],
    look: Look,
    *,
    dated: bool = False,
) -> PointLabels:
    """Write the rate, and the date if asked, at each period outside its limits: off the line and the band."""
    points = np.column_stack([_middles(known, steps), known["answer_rate"].to_numpy(dtype=np.float64)])
    form: Any = {"transform": IdentityTransform(), "fontweight": "bold", "in_layout": False}
    form["path_effects"] = halo(ax)
    ink = tones_of(ax, inside=True).ink
    rates, stamps = points[outside, 1], pd.DatetimeIndex(known.index)[outside]
    words = [
        f"{stamp.day} {stamp:%b}: {percent(rate)}" if dated else percent(rate)
        for stamp, rate in zip(stamps, rates, strict=True)
    ]
    texts = [ax.text(0, 0, each, color=ink, fontsize=look.small, **form) for each in words]
    places = np.arange(len(points))
    between = np.linspace(0, len(points) - 1, 12 * len(points))
    line = np.column_stack([np.interp(between, places, each) for each in points.T])
    middle = float(np.median(points[:, 1]))
    return PointLabels(texts, points[outside], line, [1 if rate > middle else -1 for rate in rates])


def _middles(known: pd.DataFrame, steps: Steps) -> NDArray[np.float64]:
    """Return the middles of those steps whose rate is known."""
    begins = pd.DatetimeIndex(steps.edges[:-1])
    return middles_of(steps)[begins.isin(pd.DatetimeIndex(known.index).tz_localize(None))]


@picture
def small_multiples(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the answer rate of each group over time, a small control chart for each.

    Parameters
    ----------
    table
        Table returned by `analysis.over_time` with ``by=``: for each project, agent or line.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of the whole picture, with a panel for each of the twelve largest groups, all on the same
        scale: its answer rate, its mean as a line, and a band of three standard errors. Periods outside it
        stand out; those that the days do not fill are hollow and do not count.

    Raises
    ------
    ValueError
        The table has no outer index levels; `control_chart` draws it.
    """
    if table.index.nlevels == 1:
        msg = "small multiples show groups, and this table has none: use by= (by='project'), or control_chart"
        raise ValueError(msg)
    known = _known(table)
    if known.empty:
        return no_data(look, _TOPIC, "no calls" if table.empty else "answer rate is not known")
    known, nameless = _named(known)
    by_group = known.groupby(level=outer_levels(known), sort=False, observed=True, dropna=False)
    calls = by_group["n_calls"].sum()
    rates = by_group["answered"].sum() / calls
    if look.sort is None:
        look.sort = "calls"
    shown, hidden = chosen_groups(calls, look, usual=_PANELS, values=rates)
    ax = look.axes(width=9.0, height=1.6 + 1.4 * -(-len(shown) // 4))
    ax.set_axis_off()
    stamps: Any = known.index.get_level_values(-1).unique().sort_values()
    steps = _steps(stamps, look)
    panels, labels, outside, whole = _panels(ax, by_group, shown, steps, look)
    points = int(whole.sum())
    by = " and ".join(str(name).replace("_", " ") for name in table.index.names[:-1])
    names = [f"{label_of(group)} ({number(calls[group])})" for group in shown]
    return headed(
        ax,
        look,
        _found(outside, len(shown), by, steps.name),
        look.facts.lines(
            f"answer rate: answered ÷ calls of each {steps.name}, by {by}",
            f"band: the group's mean ± {SIGMAS:g} standard errors{clustered(table)}",
            *{hatch_unsettled(panel, steps, look.facts) for panel in panels},
            f"of {number(points)} dots about {_FALSE * points:.1f} lie outside by chance",
            calls_of(look.facts.total(table, "n_calls") - nameless),
            f"not drawn: {counted(nameless, 'call')} without {by}" if nameless else "",
            hidden,
            look.facts.cut(table),
        ),
        form="A small line chart for each group, all on one scale",
        key=[
            *([Key(_OUTSIDE, RED, "dot")] if outside else []),
            *([] if whole.all() else [Key(f"{steps.name} that is not whole, not counted", look.hue, "ring")]),
        ],
        fits=[Panels(panels, names, ends_of(steps), look.small, labels)],
    )


def ends_of(steps: Steps) -> tuple[str, str]:
    """Return when the first and the last step begin, as short as can be: the subtitle has the years."""
    first, last = pd.Timestamp(steps.edges[0]), pd.Timestamp(steps.edges[-2])
    if last - first > pd.Timedelta(days=360):
        return f"{first:%b %Y}", f"{last:%b %Y}"
    return f"{first.day} {first:%b}", f"{last.day} {last:%b}"


def _named(known: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Return the rows of groups that have a name, and how many calls the others have.

    These would set the scale of all panels, as calls without a project do that are mostly inbound.
    """
    index: Any = known.index
    outer = index.droplevel(-1)
    nameless = np.array([is_none(each) for each in outer], dtype=bool)
    if nameless.all():
        return known, 0.0
    return known[~nameless], float(known["n_calls"].to_numpy()[nameless].sum())


def _found(outside: dict[Any, str], shown: int, by: str, word: str) -> str:
    """Return which groups have periods outside, and on which side."""
    if not outside:
        return f"The answer rate of each {by} stays within what chance explains"
    told = [f"{label_of(each, 30)} ({way})" for each, way in outside.items()]
    *begin, last = told[:_NAMED] if len(told) <= _NAMED else [*told[:_NAMED], f"{len(told) - _NAMED} more"]
    names = f"{', '.join(begin)} and {last}" if begin else last
    which = f"{len(told)} of {shown} {plural(by)} {'has' if len(told) == 1 else 'have'} {plural(word)}"
    return f"{which} with an answer rate beyond what chance explains: {names}"


def _panels(
    ax: Axes, by_group: Any, shown: Sequence[Any], steps: Steps, look: Look
) -> tuple[list[Axes], list[PointLabels], dict[Any, str], NDArray[np.bool_]]:
    """Draw a panel for each group.

    Return them, the labels of dots outside, the groups that have any, and which of all dots are whole.
    """
    panels, labels, rates, wholes = [], [], [], []
    outside: dict[Any, str] = {}
    for group in shown:
        part = by_group.get_group(group if isinstance(group, tuple) else (group,))
        part = part.droplevel(outer_levels(part))
        panel = ax.inset_axes((0, 0, 1, 1))
        panel.set_in_layout(False)
        mean, out, whole = _draw(panel, part, steps, look, size=3.5)
        ways = {_way(rate > mean) for rate in part["answer_rate"].to_numpy()[out]}
        if ways:
            outside[group] = " and ".join(sorted(ways))
        wholes.append(whole)
        rates.append(part["answer_rate"].to_numpy(dtype=np.float64))
        panels.append(panel)
        labels.append(_signals(panel, part, steps, out, look, dated=True))
    every = np.concatenate(rates)
    span = max(every.max() - every.min(), 0.1)
    # Above and below what lies outside there is room for its label.
    above, below = (
        (_BESIDE_LABEL if any(way in ways for ways in outside.values()) else _BESIDE) * span
        for way in ("above", "below")
    )
    for panel in panels:
        panel.set_ylim(max(every.min() - below, 0), min(every.max() + above, 1))
        percent_axis(panel.yaxis)
        own: Any = panel.yaxis.get_major_locator()
        own.set_params(min_n_ticks=1)  # on a low panel two would touch
        panel.set_xticks([])
    return panels, labels, outside, np.concatenate(wholes)


@dataclass
class Panels:
    """Panels side by side and below one another, as many in a row as there is room for."""

    panels: Sequence[Axes]
    names: Sequence[str]
    ends: tuple[str, str]
    size: float
    labels: Sequence[PointLabels] = ()

    def __post_init__(self) -> None:
        """Make the texts of each panel: its name above it, first and last period below."""
        self._titles = [_word(panel, self.size, y=1.0, va="bottom", weight="bold") for panel in self.panels]
        self._begins = [_word(panel, self.size, y=0.0, va="top") for panel in self.panels]
        self._finals = [_word(panel, self.size, y=0.0, va="top", x=1.0, ha="right") for panel in self.panels]

    def fit(self, ax: Axes, renderer: Any) -> None:
        """Place the panels."""
        box, figure = ax.get_window_extent(), ax.get_figure(root=False)
        assert figure is not None
        font = self._begins[0].get_fontproperties()
        line = 1.5 * text_size(renderer, "lp", font)[1]
        ticks = 1.2 * text_size(renderer, "100 %", font)[0] + 4 * renderer.points_to_pixels(1)
        dates_wide = 1.3 * sum(text_size(renderer, each, font)[0] for each in self.ends)
        columns = min(
            max(int((box.width - ticks) // max(1.15 * dates_wide, 8 * line)), 1), 4, len(self.panels)
        )
        columns = min(columns, -(-len(self.panels) // -(-len(self.panels) // columns)))
        rows = -(-len(self.panels) // columns)
        gap = 0.8 * line
        wide = (box.width - ticks - (columns - 1) * gap) / columns
        high = max(box.height / rows - 2 * line, 4.0)
        names, size = self._names(renderer, wide)
        for place, panel in enumerate(self.panels):
            row, column = divmod(place, columns)
            left = box.x0 + ticks + column * (wide + gap)
            bottom = box.y1 - (row + 1) * box.height / rows + 0.9 * line
            free: Any = panel
            free.set_axes_locator(None)  # which would put it where `inset_axes` did
            panel.set_position(
                (
                    (left - figure.bbox.x0) / figure.bbox.width,
                    (bottom - figure.bbox.y0) / figure.bbox.height,
                    wide / figure.bbox.width,
                    high / figure.bbox.height,
                )
            )
            panel.tick_params(axis="y", labelleft=column == 0, labelsize=self.size)
            free.yaxis.get_major_locator().set_params(nbins=max(min(int(high / (1.2 * line)), 4), 1))
            self._titles[place].set(text=names[place], fontsize=size)
            self._write(place, last=place + columns >= len(self.panels))
            if self.labels:
                self.labels[place].fit(panel, renderer)

    def _names(self, renderer: Any, wide: float) -> tuple[list[str], float]:
        """Return the names as they fit: smaller, then without the number in brackets, then cut.

        A number that is cut in two is another one.
        """
        font = self._titles[0].get_fontproperties().copy()
        for names in (self.names, [_IN_BRACKETS.sub("", name) for name in self.names]):
            font.set_size(self.size)
            part = wide / max(text_size(renderer, name, font)[0] for name in names)
            font.set_size(self.size * min(max(0.98 * part, _SQUEEZED), 1))
            if 0.98 * part >= _SQUEEZED:
                break
        return [cut_to(renderer, name, font, wide) for name in names], font.get_size_in_points()

    def _write(self, place: int, *, last: bool) -> None:
        begin, final = self._begins[place], self._finals[place]
        for text, words in ((begin, self.ends[0]), (final, self.ends[1])):
            text.set_text(words if last else "")
        begin.set_position((0, -3))
        final.set_position((0, -3))


def _word(
    panel: Axes, size: float, *, y: float, va: str, x: float = 0.0, ha: str = "left", weight: str = "normal"
) -> Text:
    return panel.annotate(
        "", (x, y), (0, 3 if y else -3), xycoords="axes fraction", textcoords="offset points",
        ha=ha, va=va, fontsize=size, fontweight=weight, color=tones_of(panel).ink, annotation_clip=False,
    )  # fmt: skip
