"""The charts of a watch: how far each unit is from an alarm, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator
from numpy.typing import NDArray

from brightcall_pandas.plots._calendar import Steps, middles_of
from brightcall_pandas.plots._choice import chosen_groups
from brightcall_pandas.plots._colors import RED, tones_of
from brightcall_pandas.plots._control import Panels, ends_of
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._formats import (
    counted,
    defined,
    number,
    percent,
    plural,
    sentence_case,
    words_of,
)
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._text import Key

__all__ = ["watch"]

_PANELS = 12
_NAMED = 2  # units that are named in a title
_TOPIC = "Watch"
_CHANGED = ("fallen", "risen")
_REACH = 1.35  # what is seen of a chart whose alarm is at 1


@dataclass(frozen=True)
class _Charts:
    """The charts of a table: the days of their steps, and for each row the lines of a rise and of a fall."""

    steps: Steps
    lines: Mapping[int, tuple[NDArray[np.float64], NDArray[np.float64]]]


@picture
def watch(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how far each unit is from an alarm, day by day, a small chart for each.

    Parameters
    ----------
    table
        Table returned by `analysis.watch`.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of the whole picture, with a panel for each of twelve units, those that changed first and
        then the largest: upwards how far the chart of a rise is, downwards that of a fall, with dashed lines
        where the alarm is raised. Of units that changed the line stands out from the change on, with a bar
        beside it, and a dot is the alarm. What cannot be judged is not drawn.
    """
    charts = _charts_of(table)
    if charts is None or not charts.lines:
        return no_data(look, _TOPIC, _nothing(table))
    drawn = table.iloc[list(charts.lines)]
    if look.sort is None:
        look.sort = "table"  # what changed comes first, then the largest
    changed = drawn["state"].isin(_CHANGED).to_numpy()
    most = drawn["n_calls"] + changed * (drawn["n_calls"].max() + 1)
    shown, hidden = chosen_groups(most, look, usual=_PANELS, values=drawn["chart"], noun="units")
    ax = look.axes(width=9.0, height=1.6 + 1.4 * -(-len(shown) // 4))
    ax.set_axis_off()
    places = dict(zip(drawn.index, charts.lines, strict=True))
    panels = [_panel(ax, table.iloc[places[unit]], charts, places[unit], look) for unit in shown]
    by = " and ".join(str(name).replace("_", " ") for name in table.index.names)
    names = [f"{label_of(unit)} ({number(drawn['n_calls'].loc[unit])})" for unit in shown]
    return headed(
        ax,
        look,
        _found(drawn[changed], len(drawn), by, look.facts),
        look.facts.lines(*_remarks(table, by, look.facts), hidden, look.facts.cut(table)),
        form="A small chart for each unit, up for a rise and down for a fall, the alarm at the dashed lines",
        key=[
            Key("alarm is raised", tones_of(ax).muted, "dashes"),
            *(
                [Key("since it changed", RED, "line"), Key("call that raised the alarm", RED, "dot")]
                if changed.any()
                else []
            ),
        ],
        fits=[Panels(panels, names, ends_of(charts.steps), look.small)],
    )


def _nothing(table: pd.DataFrame) -> str:
    """Return why nothing can be drawn of a table."""
    if "watch" not in table.attrs:
        return "the table does not have its charts"
    return (
        "no calls" if table.empty else f"{counted(table['n_calls'].sum(), 'call')}, too few to judge anything"
    )


def _charts_of(table: pd.DataFrame) -> _Charts | None:
    """Return the charts of a table's rows; None of a table that has none."""
    told = table.attrs.get("watch")
    if not isinstance(told, Mapping) or not told["begins"]:
        return None
    edges = np.array(told["begins"], dtype="datetime64[us]")
    many = len(edges) - 1
    days = int((edges[1] - edges[0]) / np.timedelta64(1, "D"))
    name = "day" if days == 1 else f"{days} days"
    steps = Steps(np.arange(many), edges, name, days > 1, np.ones(many, dtype=bool))
    # Rows may have been chosen, sorted or renamed since: each is known by its calls and its threshold.
    known = {tuple(key): place for place, key in enumerate(told["keys"])}
    lines = {}
    keys = zip(table["n_calls"].tolist(), table["threshold"].tolist(), strict=True)
    for row, key in enumerate(keys):
        place = known.get(key)
        if place is not None and told["falls"][place] and table["state"].iloc[row] != "not judged":
            lines[row] = (np.array(told["rises"][place]), np.array(told["falls"][place]))
    return _Charts(steps, lines)


def _panel(ax: Axes, row: Any, charts: _Charts, place: int, look: Look) -> Axes:
    """Draw the chart of one unit."""
    panel, middles = ax.inset_axes((0, 0, 1, 1)), middles_of(charts.steps)
    panel.set_in_layout(False)
    tones = tones_of(panel, inside=True)
    panel.axhline(0, color=tones.muted, linewidth=0.8, zorder=1)
    changed = row["state"] if row["state"] in _CHANGED else ""
    for side, values, way in zip(_CHANGED[::-1], charts.lines[place], (1, -1), strict=True):
        panel.axhline(way, color=tones.muted, linewidth=1, linestyle=(0, (4, 3)), zorder=2)
        parts = [(slice(None), look.hue)]
        if side == changed:
            since, alarm = (_step(row[name], charts.steps) for name in ("since", "alarm_at"))
            parts = [(slice(since + 1), look.hue), (slice(since, None), RED)]
        for part, color in parts:
            line = middles[part], way * values[part]
            panel.plot(*line, color=color, linewidth=1.4, zorder=3, solid_joinstyle="round")
            panel.fill_between(line[0], 0, line[1], color=color, alpha=0.15, linewidth=0, zorder=1)
        if side == changed:
            panel.plot(
                middles[[since, -1]], [way * 1.17] * 2, color=RED, linewidth=2.5, solid_capstyle="butt"
            )
            panel.plot(middles[alarm], way * values[alarm], "o", color=RED, ms=5, zorder=4)
    panel.set_ylim(-_REACH, _REACH)
    panel.set_xlim(charts.steps.edges[0], charts.steps.edges[-1])
    panel.set_xticks([])
    panel.yaxis.set_major_locator(_BothSides([-1, 1]))
    panel.yaxis.set_major_formatter(FixedFormatter(["fall", "rise"]))
    return panel


class _BothSides(FixedLocator):
    """Ticks of which none is left out, however little room there is."""

    def set_params(self, nbins: int | None = None) -> None:
        """Keep both."""


def _step(stamp: pd.Timestamp, steps: Steps) -> int:
    """Return the step in which a time lies."""
    place = int(np.searchsorted(steps.edges, np.datetime64(stamp.tz_localize(None)), side="right")) - 1
    return min(max(place, 0), len(steps.edges) - 2)


def _found(changed: pd.DataFrame, judged: int, by: str, facts: Facts) -> str:
    """Return which units changed, and since when."""
    rate = words_of(str(facts.setting("metric", "rate")))
    units = counted(judged, by) if judged == 1 else f"all {number(judged)} {plural(by)}"
    if changed.empty:
        return f"The {rate} of {units} is steady"
    each = [_told(unit, row) for unit, row in changed.iloc[:_NAMED].iterrows()]
    if len(changed) > _NAMED:
        each.append(f"{len(changed) - _NAMED} more changed")
    return f"{sentence_case(rate)}: {'; '.join(each)}"


def _told(unit: Any, row: pd.Series) -> str:
    """Return at what rate a unit is since it changed, what was expected, and when the alarm was raised.

    The rate is that of all days since, so "fell to 16 % on 17 March" would be taken for the rate of that day.
    """
    expected, rate = percent(row["rate_expected"]), percent(row["rate_since"])
    since, alarm = (f"{day.day} {day:%B}" for day in (row["since"], row["alarm_at"]))
    return f"{label_of(unit, 30)} at {rate} since {since}, {expected} expected (alarm on {alarm})"


def _remarks(table: pd.DataFrame, by: str, facts: Facts) -> Sequence[str]:
    """Return what is compared with what, how seldom an alarm is false, and what is not drawn."""
    with_what = (
        "its own calls before" if facts.setting("against") == "itself" else f"those of every other {by}"
    )
    allowed = facts.setting("false_alarms")
    unjudged = int((table["state"] == "not judged").sum())
    return [
        defined(str(facts.setting("metric", "rate"))),
        f"expected: by {with_what}, of the same attempt, project and hour",
        "lines: evidence of a rise, upwards, and of a fall, downwards, as a part of what raises the alarm",
        f"false alarms: at most {allowed:g} a month in all" if isinstance(allowed, int | float) else "",
        f"{facts.n(table)}, those of each {by} in brackets",
        f"not drawn: {counted(unjudged, by)} that cannot be judged" if unjudged else "",
    ]
