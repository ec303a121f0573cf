"""How soon callers are answered and how many give up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._choice import chosen_rows
from brightcall_pandas.plots._colors import BLUE, GREEN, ORANGE, grid_of, tones_of
from brightcall_pandas.plots._fitting import EndTexts, Fit, RowLabels
from brightcall_pandas.plots._flagged import flagged_rates
from brightcall_pandas.plots._formats import counted, duration, percent, percent_axis
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import aside
from brightcall_pandas.plots._rows import FLAG, row_labels, share_of
from brightcall_pandas.plots._standing import standing_out, verdict
from brightcall_pandas.plots._text import Key, Mark

__all__ = ["abandonment", "service_level"]

_LEVELS: dict[str, tuple[str, str, Mark, str]] = {
    "service_level_offered": ("÷ offered", BLUE, "dot", "o"),
    "service_level_excl_short": ("÷ offered without short abandons", ORANGE, "square", "s"),
    "service_level_answered": ("÷ answered", GREEN, "diamond", "D"),
}
_APART = 0.3  # of a row, from one mark to the next


@picture
def service_level(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the share of calls answered in time, for all three denominators.

    Parameters
    ----------
    table
        Table returned by `analysis.service_level`.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each group with three marks, the best first; the line is the interval of the first, which
        stands at the right with its calls. Of more
        than 30 groups the largest are drawn. Groups of which no answer time is known say so.
    """
    topic = "Answered in time"
    if table.empty:
        return no_data(look, topic)
    within = f"within {duration(table['threshold_s'].iloc[0])}" if "threshold_s" in table else "in time"
    if table["answered_in_time"].isna().all():
        return no_data(look, f"Answered {within}", "no answer time is known")
    shown, hidden = chosen_rows(table, look, table["offered"], table["service_level_offered"])
    ax = look.axes(height=1.9 + look.row_height() * len(shown))
    tones, places = tones_of(ax, inside=True), np.arange(len(shown))
    low, high = shown["service_level_offered_low"], shown["service_level_offered_high"]
    ax.hlines(places, low, high, color=tones.rule, linewidth=2.5)
    hues = {BLUE: look.hue}
    # The first lies on its interval, and the others above and below, so that none hides another.
    for (name, (_, color, _, marker)), shift in zip(_LEVELS.items(), (0, -_APART, _APART), strict=True):
        ax.scatter(
            shown[name],
            places + shift,
            s=22,
            color=hues.get(color, color),
            marker=marker,
            linewidth=0,
            zorder=3,
        )
    title, test, share, beyond = _answered(table, within, look)
    if len(shown) > 1:
        ax.axvline(share, color=tones.muted, linewidth=1.2, linestyle="--", zorder=1)
    for place in np.flatnonzero(shown["service_level_offered"].isna()).tolist():
        ax.text(0.01, place, "not known", va="center", fontsize=look.small, color=tones.muted)
    labels = row_labels(shown.index)
    ax.set_yticks(places, labels, fontsize=look.small)
    ax.set_ylim(len(shown) - 0.4, -1.4)
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(-0.02, 1.02)
    grid_of(ax, "x")
    percent_axis(ax.xaxis)
    ax.set_xlabel(f"answered {within}")
    remarks = [
        "offered: answered or given up",
        f"n = {counted(look.facts.total(table, 'offered'), 'offered call')}",
        f"line: {look.facts.interval} of the share of offered calls",
        f"dashed: {percent(share)} of all" if len(shown) > 1 else "",
        test,
        _short_abandons(look),
        hidden,
        look.facts.cut(table),
    ]
    key = [Key(words, hues.get(color, color), mark) for words, color, mark, _ in _LEVELS.values()]
    rows = zip(shown.index, shown["service_level_offered"], shown["offered"], strict=True)
    told = [f"{share_of(*row)}{f' {FLAG}' if label in beyond else ''}" for label, *row in rows]
    remarks.append(f"{FLAG}: beyond chance" if beyond & set(shown.index) else "")
    texts, heading = aside(ax, told, "÷ offered (n)", look)
    ends = [1.02] * len(texts)
    fits: list[Fit] = [
        RowLabels(labels, look.small),
        EndTexts(texts, ends, -0.02, 1.02, aligned=True, heading=heading),
    ]
    return headed(
        ax, look, title, look.facts.lines(*remarks), form="Three marks for each group", key=key, fits=fits
    )


def _short_abandons(look: Look) -> str:
    short = look.facts.seconds("short_abandon_s")
    return f"short abandon: given up within {short}" if short else ""


def _answered(table: pd.DataFrame, within: str, look: Look) -> tuple[str, str, float, frozenset[object]]:
    """Return the finding, how chance was ruled out, the share of all, and the groups beyond chance."""
    known = table[table["answered_in_time"].notna()]
    in_time, offered = (look.facts.total(known, name) for name in ("answered_in_time", "offered"))
    share = in_time / max(offered, 1)
    standing = standing_out(known, "service_level_offered", share, look.facts)
    title = f"{percent(share)} of the offered calls are answered {within}"
    title += verdict(known, "service_level_offered", standing, "lower", standing.lowest)
    return title, standing.test, share, standing.beyond


def _with_short(look: Look) -> str:
    short = look.facts.seconds("short_abandon_s")
    return f", those given up within {short} too" if short else ""


@picture
def abandonment(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the share of calls that callers gave up.

    Parameters
    ----------
    table
        Table returned by `analysis.abandonment`.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each group, the highest first: abandoned ÷ offered calls, with its interval, and a
        line at the share of all. Of more than 30 groups the largest are drawn. The title names a group only
        if it differs from all by more than chance.
    """
    topic = "Callers who gave up"
    if table.empty:
        return no_data(look, topic)
    rate = "abandonment_rate"
    if table[rate].isna().all():
        return no_data(look, topic, "not known, since no state of a call is")
    return flagged_rates(
        table,
        look,
        rate,
        ("abandoned", "offered"),
        said="of the offered calls were given up",
        about=f"calls abandoned ÷ offered{_with_short(look)}",
    )
