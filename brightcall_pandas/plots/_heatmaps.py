"""A week as cells of weekday and hour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from brightcall_pandas.plots._colors import RED, ink_on, ramp_on, tones_of
from brightcall_pandas.plots._fitting import CellTexts, ColumnLabels, Fit, RowLabels
from brightcall_pandas.plots._formats import (
    amount,
    amounts,
    counted,
    defined,
    is_rate,
    is_seconds,
    sentence_case,
    words_of,
)
from brightcall_pandas.plots._limits import clearly_more
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._standing import level_of
from brightcall_pandas.plots._text import Key

__all__ = ["DAYS", "heatmap", "week_of"]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FEW, _FEW_OF_RATE = 10, 30  # cells with fewer calls are hatched
_LEAST_HOURS = 8
_NAMED = 2  # hours that a title names
_MOSTLY = 0.75  # of some hours, that lie in the run which a title tells
_MOST_RUN = 0.5  # of the day or the week, that such a run is long at most


@picture
def heatmap(table: pd.DataFrame, look: Look) -> Axes:
    """Draw a value by weekday and hour of the day.

    Parameters
    ----------
    table
        Table returned by `analysis.heatmap`, without outer index levels.

    Returns
    -------
    matplotlib.axes.Axes
        A cell for each hour of the week; darker means more. Hours without calls at both ends of the day are
        left out. Cells that rest on fewer than ten calls, of a rate or a mean fewer than 30, are hatched and
        have no color; for a mean, the calls it is taken over count. Other hours of which the table tells that
        their rate is beyond chance are framed, and the title counts them and says where most of them lie; of
        a number it says if the peak may be chance. An hour stands where it begins.

    Raises
    ------
    ValueError
        The table has outer index levels: a heat map shows one group.
    """
    facts = table.attrs.get("heatmap", {})
    value = str(facts.get("value", "value"))
    words = words_of(value)
    topic = sentence_case(f"{words} by weekday and hour")
    behind = np.asarray(facts.get("counted", np.full(table.shape, np.nan)), dtype=np.float64)
    if table.index.nlevels > 1 and not table.empty:
        levels = ", ".join(map(str, table.index.names[:-1]))
        msg = (
            f"a heat map shows one group of calls, but this table is split by {levels}; "
            "select the calls of one group and draw their heatmap() without by="
        )
        raise ValueError(msg)
    if table.empty or (facts and not (behind > 0).any()):
        return no_data(look, topic, "no calls" if table.empty else f"{words} is not known")
    beyond = np.array(facts["beyond_chance"], dtype=object) if "beyond_chance" in facts else None
    if behind.shape != table.shape:  # rows were cut off
        kept = [place for place, day in enumerate(_weekdays(table)) if day in table.index]
        behind = behind[kept]
        beyond = beyond[kept] if beyond is not None else None
    busy = np.flatnonzero((behind > 0).any(axis=0)) if facts else np.arange(24)
    first = max(min(busy[0], busy[-1] - _LEAST_HOURS + 1), 0)
    hours = np.arange(first, max(busy[-1] + 1, first + _LEAST_HOURS))
    ax = look.axes(width=max(4.5, 1.6 + 0.4 * len(hours)), height=3.4)
    values = table.to_numpy(dtype=np.float64, na_value=np.nan)[:, hours]
    fits, few = week_of(ax, values, behind[:, hours], value, look)
    rows = [str(day)[:3] for day in table.index]
    ax.set_yticks(range(len(rows)), rows, fontsize=look.small)
    ax.set_xlabel("hour of the day")
    columns = [str(hour) for hour in hours]
    edges = [place - 0.5 for place in range(len(hours))]  # an hour stands where it begins
    ax.set_xticks(edges, columns, fontsize=look.small)
    fits += [ColumnLabels(columns, edges, look.small), RowLabels(rows, look.small)]
    unit = "percent" if is_rate(value) else "seconds" if is_seconds(value) else ""
    mean = f", mean of {facts['days']:g} days" if "days" in facts else ""
    remarks = [
        f"{defined(value)}{f', in {unit}' if unit else ''}{mean}",
        look.facts.mixed(value),
        f"n = {counted(facts['n_calls'], 'call')}" if facts else "",
        f"hatched: fewer than {_few(value)} calls" if few else "",
        f"chance: each hour against all others, {level_of(look.facts)}" if beyond is not None else "",
        "hours are not tested for chance" if beyond is None and is_seconds(value) else "",
        look.facts.cut(table),
    ]
    flags = None if beyond is None else np.equal(beyond[:, hours], True)
    framed = flags if flags is not None else np.zeros(values.shape, dtype=bool)
    # Only what the title counts: a hatched hour rests on too few calls to be told.
    framed = framed & ~np.isnan(values) & ~(behind[:, hours] < _few(value))
    for day, hour in np.argwhere(framed):
        corner = (hour - 0.45, day - 0.45)
        ax.add_patch(Rectangle(corner, 0.9, 0.9, fill=False, edgecolor=RED, linewidth=1.8))
    title = _highest(values, behind[:, hours], rows, hours, value=value, beyond=flags) or topic
    return headed(
        ax,
        look,
        title,
        look.facts.lines(*remarks),
        form="A cell for each hour of the week",
        key=[Key("framed: beyond chance", RED, "frame")] if framed.any() else [],
        fits=fits,
    )


def _weekdays(table: pd.DataFrame) -> list[Any]:
    index: Any = table.index
    return list(index.categories) if isinstance(index, pd.CategoricalIndex) else list(index)


def _few(value: str) -> int:
    """Return of how many calls a cell must be to be more than a few."""
    return _FEW_OF_RATE if is_rate(value) or is_seconds(value) else _FEW


def _highest(
    values: NDArray[np.float64],
    behind: NDArray[np.float64],
    rows: list[str],
    hours: NDArray[Any],
    *,
    value: str,
    beyond: NDArray[np.bool_] | None,
) -> str:
    """Return the finding: the highest hour that rests on enough calls and, of a rate, is beyond chance."""
    enough = np.where((behind >= _few(value)) | np.isnan(behind), values, np.nan)
    if np.isnan(enough).all():
        return f"No hour of the week has {_few(value)} calls or more"
    if beyond is not None and (~np.isnan(enough)).sum() > 1:
        told = np.where(beyond, enough, np.nan)
        words, many = sentence_case(words_of(value)), int((~np.isnan(told)).sum())
        if not many:
            return f"{words}: no hour of the week differs by more than chance"
        known = ~np.isnan(values) & (behind > 0)
        mean = float((values * behind)[known].sum() / behind[known].sum())
        above = int((told > mean).sum())
        if many == 1:
            day, hour = np.unravel_index(int(np.nanargmax(told)), told.shape)
            way = f"{amount(told[day, hour], value)} is {'above' if above else 'below'}"
            said = f"{_when(rows[day], hours[hour])}, {way}"
            return f"{words}: {said} the {amount(mean, value)} of all by more than chance"
        # Not the highest of them: of many hours it is the one that had most luck.
        sides = (("above", told > mean), ("below", told <= mean))
        ways = "; ".join(
            f"{int(side.sum())} {way}{_where(side, rows, hours)}" for way, side in sides if side.any()
        )
        of = f"{many} of {(~np.isnan(enough)).sum()} hours of the week differ from {amount(mean, value)}"
        return f"{words}: {of} by more than chance, {ways}"
    day, hour = np.unravel_index(int(np.nanargmax(enough)), enough.shape)
    words = sentence_case(words_of(value))
    if is_seconds(value) and (~np.isnan(enough)).sum() > 1:
        low, high = amounts([np.nanmin(enough), np.nanmax(enough)], value)
        return f"{words}: {low} to {high} by hour of the week"
    title = f"{words} highest {_when(rows[day], hours[hour])}: {amount(enough[day, hour], value)}"
    return title if _is_clear(enough, behind) else f"{title}, but no clear peak"


def _when(day: str, hour: int) -> str:
    """Return an hour of the week: ``Mon 9–10 h``."""
    return f"{day} {hour}–{hour + 1} h"


def _where(side: NDArray[np.bool_], rows: list[str], hours: NDArray[Any]) -> str:
    """Return which hours of the week these are: a few by their names, of more where most of them lie.

    That is the shortest run of hours of the day, or of days, in which at least three quarters of them lie;
    nothing is said where it would be half of the week.
    """
    cells, many = np.argwhere(side), int(side.sum())
    if many <= _NAMED:
        return f": {', '.join(_when(rows[day], hours[hour]) for day, hour in cells)}"
    runs = [_run(side.sum(axis=0)), _run(side.sum(axis=1))]
    parts = [(end - begin) / length for (begin, end, _), length in zip(runs, side.shape[::-1], strict=True)]
    across = parts[0] <= parts[1]
    begin, end, inside = runs[0] if across else runs[1]
    if min(parts) > _MOST_RUN:
        return ""
    if across:
        place = f"{hours[begin]}–{hours[end - 1] + 1} h"
    else:
        place = rows[begin] if end - begin == 1 else f"{rows[begin]}–{rows[end - 1]}"
    return f", {'all' if inside == many else f'{inside} of them'} {place}"


def _run(counts: NDArray[np.int64]) -> tuple[int, int, int]:
    """Return begin and end of the shortest run that has most of some counts, and how many it has."""
    places = np.flatnonzero(counts)
    runs = [
        (int(end) + 1 - int(begin), -int(counts[begin : end + 1].sum()), int(begin))
        for begin in places
        for end in places[places >= begin]
    ]
    length, inside, begin = min(each for each in runs if -each[1] >= _MOSTLY * counts.sum())
    return begin, begin + length, -inside


def _is_clear(enough: NDArray[np.float64], behind: NDArray[np.float64]) -> bool:
    """Tell whether the highest hour has more calls than the next by more than chance gives."""
    order = np.argsort(-np.nan_to_num(enough, nan=-1.0), axis=None, kind="stable")
    first, second = (float(behind.flat[place]) for place in order[:2])
    return bool(np.isnan(first + second) or clearly_more(first, second))


def week_of(
    ax: Axes,
    values: NDArray[np.float64],
    behind: NDArray[np.float64],
    value: str,
    look: Look,
) -> tuple[list[Fit], bool]:
    """Draw cells of weekdays and hours, with their values, and hatch those that rest on few calls.

    Parameters
    ----------
    ax
        Axes to draw on.
    values
        A row for each weekday.
    behind
        How many calls each cell rests on; null where that is not known.
    value
        Name of what is drawn.
    look
        How the picture is drawn.

    Returns
    -------
    tuple
        What is fitted when the axes are drawn, and whether any cell is hatched.
    """
    tones = tones_of(ax, inside=True)
    few = behind < _few(value)
    solid = np.where(few & (behind > 0), np.nan, values)
    known = solid[~np.isnan(solid)]
    low = float(known.min()) if len(known) and (is_rate(value) or is_seconds(value)) else 0.0
    high = float(known.max()) if len(known) else 1.0
    mesh = ax.pcolormesh(
        np.arange(values.shape[1] + 1) - 0.5,
        np.arange(len(values) + 1) - 0.5,
        np.ma.masked_invalid(solid),
        cmap=ramp_on(tones.paper),
        vmin=low - 0.15 * (high - low) if low else 0,
        vmax=high if high > low else low + 1,
    )
    texts = []
    places = int(value.endswith("_per_day") and len(known) > 0 and high < 10)
    for day, hour in np.argwhere(~np.isnan(values)).tolist():
        shown = solid[day, hour]
        color = ink_on(to_hex(tuple(mesh.to_rgba(shown)))) if not np.isnan(shown) else tones.ink
        text = f"{values[day, hour] * 100:.0f}" if is_rate(value) else _short(values[day, hour], places)
        texts.append(ax.text(hour, day, text, ha="center", va="center", color=color))
    hatched = few & (behind > 0) & ~np.isnan(values)
    for day, hour in np.argwhere(hatched):
        corner = (hour - 0.5, day - 0.5)
        ax.add_patch(
            Rectangle(corner, 1, 1, fill=False, hatch="////", edgecolor=tones.rule, alpha=0.6, linewidth=0)
        )
    ax.set_xlim(-0.5, values.shape[1] - 0.5)
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return [CellTexts(texts, look.small)], bool(hatched.any())


def _short(value: float, places: int) -> str:
    return f"{value / 1000:.1f}k" if value >= 10_000 else f"{value:.{places}f}"
