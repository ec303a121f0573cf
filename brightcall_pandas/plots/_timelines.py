"""Calls over time, in progress at once, and the agents they need."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from brightcall_pandas.plots._calendar import Steps, moment, steps_of, time_axis
from brightcall_pandas.plots._choice import chosen_groups, group_sizes, outer_levels
from brightcall_pandas.plots._colors import BLUE, LIGHT_BLUE, ORANGE, faded, grid_of, tones_of
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._fitting import ColumnLabels, Fit, RowLabels
from brightcall_pandas.plots._formats import count_axis, counted, duration, number, percent, spaced
from brightcall_pandas.plots._heatmaps import DAYS, week_of
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._limits import clearly_more, clearly_told
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._text import Key
from brightcall_pandas.plots._typical_days import typical_days

__all__ = ["concurrency", "over_time", "staffing"]

_MOST_STEPS, _MOST_STEPS_OF_GROUPS = 370, 120  # with more, neighboring steps blur
_NAME = 28
_NAMED = 3  # groups that a title names
_WEEKS = 14  # days from which on a typical week is drawn, and weekdays are compared
_QUIET = 0.5  # of the calls of a usual weekday, below which one is told apart
_QUANTILE = 0.9
_NO_WRAP_UP = "; no wrap-up: fewer than needed where there is any (wrap_up_s=)"
_RARELY = 10  # days: of as many or fewer, nine of ten are all
_MOST_HOURS = 16  # of the day, with more of which half hours are too narrow


@picture
def over_time(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the calls of each period and how many of them were answered.

    Parameters
    ----------
    table
        Table returned by `analysis.over_time`. With outer index levels each group becomes a line.

    Returns
    -------
    matplotlib.axes.Axes
        All calls as light steps, answered calls as dark steps in front of them; with outer index levels a
        line for each of the six largest groups. Periods that the calls do not cover wholly are hatched, or
        dotted where there are lines. Too many periods are added up to days, weeks or months.
    """
    topic = "Calls over time"
    if table.empty:
        return no_data(look, topic)
    ax = look.axes()
    if table.index.nlevels > 1:
        steps, title, remarks, key = _calls_of_groups(ax, table, look)
    else:
        steps, title, remarks, key = _calls_and_answered(ax, table.sort_index(), look)
    fits = time_axis(ax, steps.edges, look.small)
    _upward_counts(ax, f"calls per {steps.name}" if steps.name != "period" else "calls")
    form = f"Steps of the calls of each {steps.name}"
    lines = look.facts.lines(look.facts.n(table), *remarks, clearly_told(title), look.facts.cut(table))
    return headed(ax, look, title, lines, form=form, key=key, fits=fits)


def _together(steps: Steps, what: str) -> str:
    return f"{what} of each {steps.name}" if steps.together else ""


def _calls_and_answered(ax: Axes, table: pd.DataFrame, look: Look) -> tuple[Steps, str, list[str], list[Key]]:
    whole = table["complete"].to_numpy() if "complete" in table else None
    steps = steps_of(table.index, _MOST_STEPS, look.facts, whole)
    calls, answered = steps.sums(table["n_calls"]), steps.sums(table["answered"])
    light = _behind(ax, look)
    ax.stairs(calls, steps.edges, fill=True, color=light, label="calls")
    key = [Key("all calls", light)]
    share = "how many were answered is not known"
    if not np.isnan(answered.astype(np.float64)).any():
        ax.stairs(answered, steps.edges, fill=True, color=look.hue, label="answered")
        key.append(Key("of these answered", look.hue))
        share = f"{percent(answered.sum() / calls.sum() if calls.sum() else np.nan)} answered"
    remarks = [share, *_hatched(ax, calls, steps), _together(steps, "sum")]
    return steps, _seen(calls, steps, look.facts), remarks, key


def _seen(calls: NDArray[Any], steps: Steps, facts: Facts) -> str:
    """Return the finding: calls of a weekday and on the others, and the fewest and the most of a whole step.

    Which steps these were is told where either is clearly apart from the next: of some that are alike one is
    the highest by luck. Of parts of a day the fewest are those of the night, of which nobody asks.
    """
    if len(calls) == 1 and facts.first != facts.last:
        return counted(calls[0], "call")
    whole = np.flatnonzero(steps.whole) if steps.whole.any() else np.arange(len(calls))
    if len(whole) == 1:
        at = f"{_preposition(steps.name)} {moment(steps.edges[whole[0]], steps.name)}"
        only = f", the only whole {steps.name}" if len(calls) > 1 else ""
        return f"{counted(calls[whole[0]], 'call')} {at}{only}"
    order = whole[np.argsort(calls[whole], kind="stable")]
    if np.diff(steps.edges).min() < np.timedelta64(1, "D"):
        most = _named(calls, order[-1], steps) if _is_apart(calls, order[-2:]) else number(calls[order[-1]])
        return f"At most {most} calls per {steps.name}"
    ends = (order[:2], order[::-1][:2])
    dated = any(_is_apart(calls, end) for end in ends)
    fewest, most = (
        _named(calls, first, steps) if dated and calls[first] != calls[second] else number(calls[first])
        for first, second in ends
    )
    week = _by_weekday(calls[whole], steps.edges[whole]) if steps.name == "day" else ""
    told = f"fewest {fewest}, most {most}" if fewest != most else f"{most} each"
    return f"{week}; {told}" if week else f"Calls per {steps.name}: {told}"


def _preposition(name: str) -> str:
    return "in" if name in ("week", "month", "quarter", "year") else "on"


def _named(calls: NDArray[Any], place: int, steps: Steps) -> str:
    """Return the calls of a step, and which one it is."""
    return f"{number(calls[place])} ({moment(steps.edges[place], steps.name)})"


def _is_apart(calls: NDArray[Any], places: NDArray[Any]) -> bool:
    """Tell whether one of two steps clearly has more calls than the other."""
    fewer, more = sorted(float(each) for each in calls[places])
    return clearly_more(more, fewer)


def _by_weekday(calls: NDArray[Any], days: NDArray[Any]) -> str:
    """Return the mean of weekdays that have far fewer calls than the others, and that of these.

    Empty where there are fewer than two weeks, or no such weekdays.
    """
    if len(calls) < _WEEKS:
        return ""
    weekday = pd.DatetimeIndex(days).day_of_week.to_numpy()
    means = np.bincount(weekday, calls, 7) / np.bincount(weekday, minlength=7)
    quiet = means < _QUIET * np.median(means)
    if not quiet.any():
        return ""
    busy, others = (float(calls[each].mean()) for each in (~quiet[weekday], quiet[weekday]))
    told = f"{number(busy)} calls a day {_weekdays(~quiet)}, {number(others)} {_weekdays(quiet)}"
    return f"On average {told}"


def _weekdays(chosen: NDArray[np.bool_]) -> str:
    """Return days of the week in words: ``Mon–Fri``, ``Sun–Thu``, ``Sat``."""
    begins = np.flatnonzero(chosen & ~np.roll(chosen, 1))
    runs = []
    for begin in begins:
        length = int(np.argmin(np.roll(chosen, -begin)))
        last = DAYS[(begin + length - 1) % 7]
        runs.append(DAYS[begin] if length == 1 else f"{DAYS[begin]}–{last}")
    return ", ".join(runs)


def _behind(ax: Axes, look: Look) -> str:
    """Return the color of what stands behind the data."""
    paper = tones_of(ax, inside=True)
    if look.color is not None:
        return paper.rule
    return LIGHT_BLUE if look.hue == BLUE else faded(look.hue, paper.paper)


def _hatched(ax: Axes, heights: NDArray[Any], steps: Steps) -> list[str]:
    """Hatch the steps that are not whole; return what to say of them."""
    tones = tones_of(ax, inside=True)
    for place in np.flatnonzero(~steps.whole):
        ax.stairs(
            heights[place : place + 1],
            steps.edges[place : place + 2],
            fill=True,
            facecolor="none",
            edgecolor=tones.ink,
            hatch="///",
            linewidth=0,
            alpha=0.6,
        )
    return _parts(steps, "hatched")


def _parts(steps: Steps, how: str) -> list[str]:
    many = int((~steps.whole).sum())
    if not many:
        return []
    which = f"{many} {steps.name}s of which" if many > 1 else f"a {steps.name} of which"
    return [f"{how}: {which} only a part is loaded"]


def _calls_of_groups(ax: Axes, table: pd.DataFrame, look: Look) -> tuple[Steps, str, list[str], list[Key]]:
    totals, outer = group_sizes(table["n_calls"]), outer_levels(table)
    stamps: Any = table.index.unique(table.index.nlevels - 1)
    by_group = table["n_calls"].groupby(level=outer, sort=False, observed=True, dropna=False)
    whole: Any = None
    if "complete" in table:
        whole = table["complete"].groupby(level=-1).all().reindex(stamps).to_numpy()
    steps = steps_of(stamps, _MOST_STEPS_OF_GROUPS, look.facts, whole)
    groups, hidden = chosen_groups(totals, look)
    names = {group: label_of(group, _NAME) for group in groups}
    hues = look.hues({names[group]: totals[group] for group in groups})
    key = []
    for group in groups:
        periods = by_group.get_group(group if isinstance(group, tuple) else (group,)).droplevel(outer)
        heights = np.add.reduceat(periods.reindex(stamps, fill_value=0).to_numpy(), steps.first)
        _line(ax, heights, steps, hues[names[group]], names[group])
        key.append(Key(f"{names[group]} (n = {number(totals[group])})", hues[names[group]], "line"))
    largest = groups[int(np.argmax([totals[group] for group in groups]))]
    every = look.facts.total(table, "n_calls")
    share = percent(totals[largest] / every) if every else "not known"
    title = f"Most calls are of {names[largest]}: {share} of {number(every)}"
    sizes = sorted((totals[group] for group in groups), reverse=True)
    if len(sizes) > 1 and not clearly_more(sizes[0], sizes[1]):
        title = f"No group clearly has the most of {number(every)} calls; {names[largest]} has {share}"
    return steps, title, [*_parts(steps, "dotted"), _together(steps, "sum"), hidden], key


def _line(ax: Axes, heights: NDArray[Any], steps: Steps, color: str, name: str) -> None:
    """Draw steps as a line, dotted where they are not whole."""
    solid = np.where(steps.whole, heights.astype(np.float64), np.nan)
    ax.stairs(solid, steps.edges, color=color, linewidth=1.6, baseline=None, label=name)
    for place in np.flatnonzero(~steps.whole):
        part = steps.edges[place : place + 2]
        ax.stairs(heights[place : place + 1], part, color=color, linewidth=1.6, baseline=None, linestyle=":")


@picture
def concurrency(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how many calls were in progress at once.

    Parameters
    ----------
    table
        Table returned by `analysis.concurrency`. With outer index levels each group becomes a line.

    Returns
    -------
    matplotlib.axes.Axes
        Up to two weeks: the most calls at once in each period as filled steps and the mean as a line. Two
        weeks and more: a typical week, the number that was not exceeded in nine of ten weeks at each half
        hour. The title tells the peak and its time. With outer index levels the most calls at once of the six
        groups with the highest peaks, a line each; of two weeks and more a typical day of each group.
        Too many periods are drawn as hours or days, each with its
        highest maximum and its mean.
    """
    topic = "Calls in progress"
    if table.empty or table["calls_max"].isna().all():
        return no_data(look, topic, "no calls" if table.empty else "not known")
    peak = table["calls_max"].max()
    n = f"n = {counted(table.attrs['n_calls'], 'call')}" if "n_calls" in table.attrs else ""
    if table.index.nlevels > 1:
        title = f"At most {counted(peak, 'call')} at once, of {_with_most(table['calls_max'])}"
        if _is_long(table.index.get_level_values(-1).unique().sort_values()):
            return typical_days(
                table["calls_max"], look, title, ["most calls at once", n, look.facts.cut(table)]
            )
        return _peaks(table["calls_max"], look, title, [n, look.facts.cut(table)], "calls at once")
    when: Any = table["calls_max"].idxmax()
    title = f"At most {counted(peak, 'call')} at once, first {_on(when)}"
    if _is_long(table.index):
        told = ("At most {} at once in any {each}", "call", f"peak {number(peak)}, {_on(when)}")
        return _typical_week(
            table["calls_max"], look, (title, *told), ["most calls at once, ringing or talking", n], table
        )
    columns = {"calls_max": "most calls at once", "calls_mean": "mean (erlangs)"}
    return _highest_and_mean(table, look, columns, title, [n])


@picture
def staffing(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how many agents each period needs and the load they would carry.

    Parameters
    ----------
    table
        Table returned by `analysis.staffing`. With outer index levels each group becomes a line.

    Returns
    -------
    matplotlib.axes.Axes
        Up to two weeks: agents as filled steps, the load in erlangs as a line. Two weeks and more: a typical
        week, the agents that suffice in nine of ten weeks at each half hour. With outer index levels the
        agents of the six groups that need most, a line each; of two weeks and more a typical day of each
        group. Too many periods are drawn as hours or days,
        each with its highest number of agents and its mean load.
    """
    topic = "Agents needed"
    if table.empty or table["agents"].isna().all():
        return no_data(look, topic, "no calls" if table.empty else "not known, since no handling time is")
    most = table["agents"].max()
    n = look.facts.n(table, "offered")
    goal = _goal(look)
    remarks, needed = [goal, n], [f"agents needed for {goal}" if goal else "agents needed", n]
    if table.index.nlevels > 1:
        title = f"At most {counted(most, 'agent')} needed, for {_with_most(table['agents'])}"
        if _is_long(table.index.get_level_values(-1).unique().sort_values()):
            said = [*needed, look.facts.cut(table)]
            return typical_days(table["agents"], look, title, said)
        return _peaks(table["agents"], look, title, [*remarks, look.facts.cut(table)], "agents")
    when: Any = table["agents"].idxmax()
    title = f"At most {counted(most, 'agent')} needed, first {_on(when)}"
    if _is_long(table.index):
        told = ("No {each} of the week needs more than {}", "agent", f"peak {number(most)}, {_on(when)}")
        return _typical_week(table["agents"], look, (title, *told), needed, table)
    columns = {"agents": "agents needed", "load_erlangs": "load (erlangs)"}
    return _highest_and_mean(table, look, columns, title, remarks)


def _with_most(values: pd.Series) -> str:
    """Return the groups that reach the highest value, which several may."""
    peaks = values.groupby(level=outer_levels(values), sort=False, observed=True, dropna=False).max()
    names = [label_of(group, _NAME) for group in peaks.index[peaks == peaks.max()]]
    if len(names) <= _NAMED:
        return " and ".join(names)
    return f"each of {number(len(names))} groups"


def _on(when: pd.Timestamp) -> str:
    return f"on {when:%a} {when.day} {when:%B} at {when:%H:%M}"


def _goal(look: Look) -> str:
    """Return what the agents must reach: ``80 % answered within 20 s (Erlang)``."""
    target, within = look.facts.setting("target"), look.facts.seconds("threshold_s")
    if not (target and within):
        return ""
    patience, wrap_up = look.facts.seconds("patience_s"), look.facts.setting("wrap_up_s")
    model = (
        f"Erlang A, patience {patience}"
        if patience
        else "Erlang C: nobody hangs up, so rather more than needed"
    )
    freq = look.facts.setting("freq")
    period = spaced(freq) if isinstance(freq, str) else "period"
    handled = f"; handling time: mean talk time of each {period}{_plus(wrap_up)}"
    return f"{percent(target)} answered within {within} ({model}){handled}"


def _plus(wrap_up: Any) -> str:
    return f" + {duration(wrap_up)}" if isinstance(wrap_up, int | float) and wrap_up else _NO_WRAP_UP


def _is_long(stamps: Any) -> bool:
    """Tell whether there are two weeks or more of short periods, so that weeks can be compared."""
    if len(stamps) < 2:
        return False
    step = np.median(np.diff(stamps.tz_localize(None).to_numpy()))
    return bool(stamps[-1] - stamps[0] >= pd.Timedelta(days=_WEEKS) and step <= np.timedelta64(1, "h"))


def _typical_week(
    values: pd.Series, look: Look, titles: tuple[str, str, str, str], remarks: list[str], table: pd.DataFrame
) -> Axes:
    """Draw for each half hour of the week the number that was enough in nine of ten weeks.

    `titles` are the title where that is the highest number, and otherwise its form, the noun that is counted,
    and the peak.
    """
    stamps: Any = values.index
    walls = stamps.tz_localize(None)
    per_day = 24 if np.median(np.diff(walls.to_numpy())) > np.timedelta64(30, "m") else 48
    if per_day == 48 and len(np.unique(walls[values.to_numpy() > 0].hour)) > _MOST_HOURS:
        per_day = 24
    slot = (walls.hour * per_day // 24 + (walls.minute >= 30) * (per_day == 48)).to_numpy()
    of_slots = values.groupby([walls.normalize(), slot]).max()
    days: Any = of_slots.index.get_level_values(0)
    enough = of_slots.groupby([days.day_of_week, of_slots.index.get_level_values(1)]).quantile(
        _QUANTILE, interpolation="higher"
    )
    week = enough.unstack().reindex(index=range(7), columns=range(per_day)).to_numpy(dtype=np.float64)
    busy = np.flatnonzero(np.nan_to_num(week).max(axis=0) > 0)
    begin, end = (int(busy[0]), int(busy[-1]) + 1) if len(busy) else (0, per_day)
    begin, end = begin - begin % (per_day // 24), -(-end // (per_day // 24)) * (per_day // 24)
    shown = np.where(week[:, begin:end] > 0, week[:, begin:end], np.nan)
    ax = look.axes(width=max(5.0, 1.6 + 0.24 * shown.shape[1]), height=3.6)
    fits, _ = week_of(ax, shown, np.full(shown.shape, np.nan), str(values.name), look)
    ax.set_yticks(range(7), DAYS, fontsize=look.small)
    ax.set_xlabel("hour of the day")
    hours = range(begin, end, per_day // 24)
    labels: list[Fit] = [
        ColumnLabels(
            [str(each * 24 // per_day) for each in hours], [each - begin - 0.5 for each in hours], look.small
        ),
        RowLabels(list(DAYS), look.small),
    ]
    each = "half hour" if per_day == 48 else "hour"
    many: Any = np.bincount(days.unique().day_of_week, minlength=7)
    of = f"{many.min()}–{many.max()}" if many.min() < many.max() else str(many.max())
    title, form, noun, peak = titles
    if many.max() > _RARELY:
        enough_in = f"cells: enough on nine of ten of the {of} days of that {each}"
        most = float(np.nanmax(shown, initial=0.0))
        title = f"{form.format(counted(most, noun), each=each)} on nine of ten of its days; {peak}"
    else:
        enough_in = f"cells: highest of the {of} days of that {each}"
    blank = "blank: no call" if np.isnan(shown).any() else ""
    lines = look.facts.lines(*remarks, enough_in, blank, look.facts.cut(table))
    return headed(ax, look, title, lines, form=f"A cell for each {each} of a week", fits=[*fits, *labels])


def _highest_and_mean(
    table: pd.DataFrame, look: Look, columns: dict[str, str], title: str, remarks: list[str]
) -> Axes:
    """Draw one column as filled steps and another as a line; each is a column and its name in the key."""
    ax = look.axes()
    (high, high_name), (mean, mean_name) = columns.items()
    steps = steps_of(table.index, _MOST_STEPS, look.facts)
    sizes = np.diff(np.append(steps.first, len(table)))
    means = np.add.reduceat(table[mean].fillna(0).to_numpy(), steps.first) / sizes
    ax.stairs(
        steps.highest(table[high]),
        steps.edges,
        fill=True,
        color=faded(look.hue, tones_of(ax, inside=True).paper),
        label=high_name,
    )
    ax.stairs(means, steps.edges, color=ORANGE, linewidth=1.4, baseline=None, label=mean_name)
    fits = time_axis(ax, steps.edges, look.small)
    _upward_counts(ax, high_name)
    said = f"highest and mean of each {steps.name}" if steps.together else f"of each {steps.name}"
    key = [Key(high_name, faded(look.hue, tones_of(ax, inside=True).paper)), Key(mean_name, ORANGE, "line")]
    lines = look.facts.lines(said, *remarks, look.facts.cut(table))
    return headed(ax, look, title, lines, form=f"Steps for each {steps.name}", key=key, fits=fits)


def _peaks(values: pd.Series, look: Look, title: str, remarks: list[str], unit: str) -> Axes:
    """Draw a line for each of the groups with the highest values."""
    ax = look.axes()
    outer = outer_levels(values)
    by_group = values.groupby(level=outer, sort=False, observed=True, dropna=False)
    peaks = by_group.max()
    groups, hidden = chosen_groups(peaks, look)
    stamps: Any = values.index.get_level_values(-1).unique().sort_values()
    steps = steps_of(stamps, _MOST_STEPS_OF_GROUPS, look.facts)
    names = {group: label_of(group, _NAME) for group in groups}
    hues = look.hues({names[group]: peaks[group] for group in groups})
    key = []
    for group in groups:
        series = by_group.get_group(group if isinstance(group, tuple) else (group,)).droplevel(outer)
        heights = np.maximum.reduceat(series.reindex(stamps, fill_value=0).to_numpy(), steps.first)
        color = hues[names[group]]
        ax.stairs(heights, steps.edges, color=color, linewidth=1.6, baseline=None, label=names[group])
        key.append(Key(f"{names[group]} (most: {number(peaks[group])})", hues[names[group]], "line"))
    fits = time_axis(ax, steps.edges, look.small)
    _upward_counts(ax, unit)
    said = f"highest of each {steps.name}"
    hidden = hidden.replace("largest", "highest")
    lines = look.facts.lines(said, *remarks, hidden)
    return headed(ax, look, title, lines, form=f"A line of steps for each group, {said}", key=key, fits=fits)


def _upward_counts(ax: Axes, label: str) -> None:
    ax.set_ylim(0)
    ax.set_ylabel(label)
    count_axis(ax.yaxis)
    grid_of(ax, "y")
