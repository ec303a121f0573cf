"""Groups of calls, agents and lines: a row for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.frame import NONE
from brightcall_pandas.plots._choice import best_and_worst, chosen_rows
from brightcall_pandas.plots._colors import tones_of
from brightcall_pandas.plots._formats import (
    amount,
    counted,
    number,
    percent,
    sentence_case,
    signed,
    words_of,
)
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._rows import bar_rows, dot_rows, interval_of, row_labels
from brightcall_pandas.plots._text import Key

__all__ = ["breakdown", "by_agent", "by_line"]

_A_DAY = "n_calls_per_day"
_BESIDE = ("share", "n_calls", _A_DAY)
_NAME = 28
_ROWS = 30


@picture
def breakdown(table: pd.DataFrame, look: Look) -> Axes:
    """Draw one metric of each group.

    Parameters
    ----------
    table
        Table returned by `analysis.breakdown`. The first rate among its metrics is drawn; without a
        rate the first metric other than ``n_calls``; without that the share, or the calls a day where the
        groups are of unequally many days, as weekdays may be.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each group, the highest first, with its interval where the table has one; weekdays, hours
        and attempts keep their order. Of more than 30 groups the largest are drawn. A value that is not known
        says so and has no bar.
    """
    topic = sentence_case(f"by {', '.join(words_of(str(name)) for name in table.index.names)}")
    if table.empty:
        return no_data(look, topic)
    metric = _drawn(table)
    words = words_of(metric)
    shown, hidden = chosen_rows(table, look, table["share"], table[metric])
    beside = _A_DAY if _is_uneven(table) else "n_calls"
    texts = [_text(value, metric) for value in shown[metric]]
    if "n_calls" in shown and metric != beside:
        texts = [f"{text} (n = {_count(calls)})" for text, calls in zip(texts, shown[beside], strict=True)]
    intervals = interval_of(shown, metric) if f"{metric}_low" in shown else None
    ax, fits = bar_rows(
        row_labels(shown.index),
        shown[metric],
        texts,
        look,
        metric=metric,
        intervals=intervals,
        colors=[
            look.hues(dict.fromkeys(map(label_of, shown.index), 1.0))[label_of(each)] for each in shown.index
        ]
        if isinstance(look.color, dict)
        else None,
        unit=words,
    )
    remarks = [f"{words} of each group"]
    if "n_calls" in table:
        of_each = ", calls of a day in brackets" if beside == _A_DAY and metric != beside else ""
        remarks.append(f"n = {counted(_every(table), 'call')}{of_each}")
    if intervals is not None:
        remarks.append(f"whiskers: {look.facts.interval}")
    title = _extremes(shown, metric, topic)
    form = f"Bars of the {words}, one for each group"
    return headed(
        ax, look, title, look.facts.lines(*remarks, hidden, look.facts.cut(table)), form=form, fits=fits
    )


def _every(table: pd.DataFrame) -> float:
    """Return of how many calls the table is: not the sum, since by tag a call may count in several groups."""
    known = table[table["share"] > 0]
    return 0.0 if known.empty else round(known["n_calls"].iloc[0] / known["share"].iloc[0])


def _count(calls: float) -> str:
    return f"{calls:,.1f}" if calls < 10 and calls != round(calls) else number(calls)


def _text(value: float, metric: str) -> str:
    return amount(value, metric)


def _extremes(shown: pd.DataFrame, metric: str, topic: str) -> str:
    """Return the finding: the highest and the lowest group, with their values."""
    values = shown[metric].dropna()
    words = sentence_case(words_of(metric))
    if values.empty:
        return f"{topic}: {words_of(metric)} is not known"
    best, worst = (_named(label, shown.index) for label in (values.idxmax(), values.idxmin()))
    high, low = (amount(each, metric) for each in (values.max(), values.min()))
    if len(values) == 1:
        return f"{words} of {best}: {high}"
    return (
        f"{words}: {high} in all groups" if high == low else f"{words}: {high} for {best}, {low} for {worst}"
    )


def _named(label: Any, index: pd.Index) -> str:
    """Return a group as it is named in a sentence: a number with what it is, as ``hour 9``."""
    text = label_of(label, _NAME)
    return f"{words_of(str(index.name))} {text}" if text[:1].isdigit() and index.nlevels == 1 else text


def _drawn(table: pd.DataFrame) -> str:
    """Return the metric to draw: a rate if the table has one that is known."""
    metrics = [name for name in table.columns if not name.endswith(("_low", "_high")) and name not in _BESIDE]
    rates = [name for name in metrics if f"{name}_low" in table and table[name].notna().any()]
    known = [name for name in metrics if table[name].notna().any()]
    # What was asked for is drawn even where it is not known, rather than something else in its place.
    return str(next(iter([*rates, *known, *metrics]), _A_DAY if _is_uneven(table) else "share"))


def _is_uneven(table: pd.DataFrame) -> bool:
    """Tell whether the groups are of unequally many days, so that their counts do not compare."""
    if _A_DAY not in table:
        return False
    days = (table["share"] / table[_A_DAY]).dropna()
    return len(days) > 0 and not np.allclose(days, days.iloc[0])


@picture
def by_agent(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the rate by which the agents are ranked, adjusted and as counted.

    Parameters
    ----------
    table
        Table returned by `analysis.by_agent`. With outer index levels each row names its group.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each agent, best first: a dot for the adjusted rate, a hollow dot for the rate as counted, a
        line for its interval, and on the right the possible ranks and the calls. Agents without a rank are
        grey. Of more than 30 agents the first and the last 15 that are ranked are drawn.
    """
    if table.empty:
        return no_data(look, "Agents")
    rate = str(table.attrs.get("rank_by", "answer_rate"))
    words = words_of(rate)
    nobody = table.index.get_level_values(-1) == NONE
    told = table[~nobody] if not nobody.all() else table
    ordered = _sorted(told, look, f"{rate}_adjusted")
    # Where not all fit, those of too few calls for a rank must not stand in the place of the last.
    if len(told) > look.rows(_ROWS) and told["rank"].notna().any():
        ordered = ordered[ordered["rank"].notna()]
    shown, hidden = best_and_worst(ordered, look, "agents", usual=_ROWS)
    unranked = len(told) - len(ordered)
    ranked = shown["rank"].notna()
    texts = [
        f"{f'rank {_rank_range(best, worst)}' if known else 'no rank'} (n = {number(calls)})"
        for known, best, worst, calls in zip(
            ranked, shown["rank_best"], shown["rank_worst"], shown["n_calls"], strict=True
        )
    ]
    muted = tones_of(look.ax, inside=True).muted if look.ax is not None else look.tones.muted
    ax, fits = dot_rows(
        row_labels(shown.index),
        shown[f"{rate}_adjusted"],
        texts,
        look,
        intervals=interval_of(shown, rate),
        metric=rate,
        raw=shown[rate],
        colors=[look.hue if known else muted for known in ranked],
        heading="possible ranks (calls)",
    )
    ax.set_xlabel(words)
    least = look.facts.setting("min_calls")
    remarks = [
        f"{words} adjusted towards the mean of all, ranked by the lower end of its interval",
        f"{look.facts.n(table)}",
        f"lines: {look.facts.interval} of the rate as counted",
        f"ranked from {number(least)} calls on" if least else "",
        f"not drawn: {number(table.loc[nobody, 'n_calls'].sum())} without an agent"
        if len(told) < len(table)
        else "",
        f"not drawn: {counted(unranked, 'agent')} of too few calls for a rank" if unranked else "",
        hidden,
        look.facts.cut(table),
    ]
    key = [Key("adjusted", look.hue, "dot"), Key("as counted", muted, "ring")]
    title = _ranking(told, rate)
    return headed(
        ax, look, title, look.facts.lines(*remarks), form="A dot for each agent", key=key, fits=fits
    )


def _sorted(table: pd.DataFrame, look: Look, value: str) -> pd.DataFrame:
    """Return rows in the order asked for; by default as they are ranked."""
    if look.sort == "calls":
        return table.sort_values("n_calls", ascending=False, kind="stable")
    if look.sort == "value":
        return table.sort_values(value, ascending=False, kind="stable")
    if look.sort == "name":
        return table.iloc[np.argsort([label_of(each, 200).casefold() for each in table.index], kind="stable")]
    return table


def _ranking(table: pd.DataFrame, rate: str) -> str:
    ranked = table[table["rank"].notna()]
    if ranked.empty:
        return "No agent has enough calls for a rank"
    if len(ranked) == 1:
        only: Any = ranked.index[0]
        return f"{sentence_case(words_of(rate))} of {label_of(only, _NAME)}: {percent(ranked[rate].iloc[0])}"
    sure = int((ranked["rank_best"] == ranked["rank_worst"]).sum())
    best: Any = ranked["rank"].idxmin()
    highest = percent(ranked[f"{rate}_adjusted"].max())
    lead = f"{label_of(best, _NAME)} leads with an adjusted {words_of(rate)} of {highest}"
    place = ranked.loc[[best]].iloc[0]
    if sure == len(ranked):
        return f"{lead}, and all {len(ranked)} ranks are certain"
    return f"{lead}; by chance alone its rank may be {_rank_range(place['rank_best'], place['rank_worst'])}"


def _rank_range(best: float, worst: float) -> str:
    return f"{best:.0f}" if best == worst else f"{best:.0f}–{worst:.0f}"


@picture
def by_line(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the answer rate of each line, adjusted and as counted.

    Parameters
    ----------
    table
        Table returned by `analysis.by_line`. With outer index levels each row names its group.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each line, lowest adjusted rate first: a dot for the adjusted rate, a hollow dot for the
        rate as counted, a line for its interval, and on the right the share of short calls and the trend. Of
        more than 30 lines the first and the last 15 are drawn.
    """
    if table.empty:
        return no_data(look, "Lines")
    shown, hidden = best_and_worst(_sorted(table, look, "answer_rate_adjusted"), look, "lines")
    muted = look.tones.muted
    ax, fits = dot_rows(
        row_labels(shown.index),
        shown["answer_rate_adjusted"],
        [
            _short_and_trend(short, trend)
            for short, trend in zip(shown["short_call_share"], shown["trend"], strict=True)
        ],
        look,
        intervals=interval_of(shown, "answer_rate"),
        metric="answer_rate",
        raw=shown["answer_rate"],
        heading="short calls, change a week",
    )
    ax.set_xlabel("answer rate")
    short = look.facts.seconds("short_s")
    remarks = [
        "answered ÷ all calls of the line, adjusted for hour, project and attempt",
        look.facts.n(table),
        f"lines: {look.facts.interval} of the rate as counted",
        f"short calls: talk time below {short} ÷ answered" if short else "",
        "change: percentage points",
        hidden,
        look.facts.cut(table),
    ]
    rates = table["answer_rate_adjusted"].dropna()
    title = "Lines: answer rate is not known"
    if len(rates):
        lowest: Any = rates.idxmin()
        title = f"Line {label_of(lowest, _NAME)} has the lowest adjusted answer rate: {percent(rates.min())}"
        if len(rates) > 1:
            title += f" (highest: {percent(rates.max())})"
    key = [Key("adjusted", look.hue, "dot"), Key("as counted", muted, "ring")]
    return headed(ax, look, title, look.facts.lines(*remarks), form="A dot for each line", key=key, fits=fits)


def _short_and_trend(short: float, trend: float) -> str:
    words = [] if np.isnan(short) else [f"{percent(short)} short"]
    if not np.isnan(trend):
        words.append(f"{signed(trend * 100, 1)} a week")
    return ", ".join(words)
