"""Groups of calls, agents and lines: a row for each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.frame import NONE
from brightcall_pandas.plots._choice import best_and_worst, chosen_rows
from brightcall_pandas.plots._colors import RED, tones_of
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._formats import (
    amounts,
    calls_of,
    counted,
    defined,
    is_rate,
    number,
    percent,
    sentence_case,
    signed,
    words_of,
)
from brightcall_pandas.plots._labels import is_none, label_of
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import readable
from brightcall_pandas.plots._rows import (
    FLAG,
    bar_rows,
    dot_rows,
    flag_key,
    interval_of,
    named_group,
    row_labels,
)
from brightcall_pandas.plots._standing import (
    Standing,
    among_named,
    both_ends,
    level_of,
    standing_out,
    widened,
)
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
        and attempts keep their order. Calls without a group have a gray bar and are in no comparison. Of
        more than 30 groups the largest are drawn. A value that is not known says so and has no bar.
    """
    topic = sentence_case(f"by {', '.join(words_of(str(name)) for name in table.index.names)}")
    if table.empty:
        return no_data(look, topic)
    metric = _drawn(table)
    words = words_of(metric)
    shown, hidden = chosen_rows(table, look, table["share"], table[metric])
    beside = _A_DAY if _is_uneven(table) else "n_calls"
    texts = amounts(shown[metric], metric)
    if "n_calls" in shown and metric != beside:
        texts = [f"{text} (n = {_count(calls)})" for text, calls in zip(texts, shown[beside], strict=True)]
    intervals = interval_of(shown, metric) if f"{metric}_low" in shown else None
    standing = _standing_of(shown, metric, look)
    beyond = standing.flags(shown.index) if standing else None
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
        beyond=beyond,
        whole=standing.overall if standing else None,
    )
    by = " and ".join(words_of(str(name)) for name in table.index.names)
    remarks = [f"{defined(metric)} of each {by}", look.facts.mixed(metric, table.index.names)]
    if "n_calls" in table:
        of_each = ", calls of a day in brackets" if beside == _A_DAY and metric != beside else ""
        remarks.append(f"n = {counted(_every(table), 'call')}{of_each}")
    if intervals is not None:
        remarks.append(f"whiskers: {look.facts.interval}")
    if standing:
        remarks += [f"dashed: {percent(standing.overall)} of {standing.whole}", standing.test]
        if any(map(is_none, shown.index)):
            remarks.append(f"gray: no {by}, not compared")
    title = _finding(shown, metric, topic, standing, drawn=" drawn" if hidden else "")
    form = f"Bars of the {words}, one for each group"
    return headed(
        ax,
        look,
        title,
        look.facts.lines(*remarks, hidden, look.facts.cut(table)),
        form=form,
        key=flag_key(beyond, look),
        fits=fits,
    )


def _every(table: pd.DataFrame) -> float:
    """Return of how many calls the table is: not the sum, since by tag a call may count in several groups."""
    known = table[table["share"] > 0]
    return 0.0 if known.empty else round(known["n_calls"].iloc[0] / known["share"].iloc[0])


def _count(calls: float) -> str:
    return f"{calls:,.1f}" if calls < 10 and calls != round(calls) else number(calls)


def _standing_of(shown: pd.DataFrame, metric: str, look: Look) -> Standing | None:
    """Return which groups differ by more than chance, of what has intervals.

    Calls that belong to no group are a kind of their own: the groups are then held against each other.
    """
    nameless = np.array([is_none(label) for label in shown.index], dtype=bool)
    if (~nameless).sum() < 2 or not is_rate(metric) or not {f"{metric}_low", "n_calls"} <= set(shown):
        return None
    known = shown[shown[metric].notna()]
    overall = float((known[metric] * known["n_calls"]).sum() / max(known["n_calls"].sum(), 1))
    standing = (
        among_named(shown, metric, look.facts)
        if nameless.any()
        else standing_out(shown, metric, overall, look.facts)
    )
    return standing if standing.groups > 1 else None


def _finding(shown: pd.DataFrame, metric: str, topic: str, standing: Standing | None, *, drawn: str) -> str:
    """Return the finding: of what has intervals only groups beyond chance."""
    if standing:
        return both_ends(shown, metric, standing, sentence_case(words_of(metric)), drawn=drawn)
    named = shown[[not is_none(label) for label in shown.index]]
    return _extremes(named if len(named) else shown, metric, topic)


def _extremes(shown: pd.DataFrame, metric: str, topic: str) -> str:
    """Return the highest and the lowest group, with their values."""
    values = shown[metric].dropna()
    words = sentence_case(words_of(metric))
    if values.empty:
        return f"{topic}: {words_of(metric)} is not known"
    best, worst = (named_group(label, shown.index) for label in (values.idxmax(), values.idxmin()))
    high, low = amounts([values.max(), values.min()], metric)
    if len(values) == 1:
        return f"{words} of {best}: {high}"
    return (
        f"{words}: {high} in all groups" if high == low else f"{words}: {high} for {best}, {low} for {worst}"
    )


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
    """Draw the rate by which the agents are ranked, shrunk towards the mean and as counted.

    Parameters
    ----------
    table
        Table returned by `analysis.by_agent`. With outer index levels each row names its group.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each agent, best first: a dot for the rate shrunk towards the mean, with a line down to its
        lower end, by which the agents rank; below it a hollow dot for the rate as counted on the line of its
        interval, and on the right the possible ranks and the calls. Agents without a rank are gray. Of more
        than 30 agents the first and the last 15 that are ranked are drawn.
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
        ranked_at=shown.get(f"{rate}_adjusted_low"),
    )
    ax.set_xlabel(words)
    least = look.facts.setting("min_calls")
    remarks = [
        f"{defined(rate)}, shrunk towards the mean",
        look.facts.mixed(rate, table.index.names),
        calls_of(look.facts.total(table, "n_calls") - table.loc[nobody, "n_calls"].sum())
        if len(told) < len(table)
        else look.facts.n(table),
        "ranks: by the intervals as counted",
        f"ranked from {number(least)} calls on" if least else "",
        f"not drawn: {counted(table.loc[nobody, 'n_calls'].sum(), 'call')} without an agent"
        if len(told) < len(table)
        else "",
        f"not drawn: {counted(unranked, 'agent')} of too few calls for a rank" if unranked else "",
        hidden,
        look.facts.cut(table),
    ]
    ranks = (
        "; tick: 1.96 standard deviations lower, by which they rank"
        if f"{rate}_adjusted_low" in shown
        else ""
    )
    key = [
        Key(f"shrunk{ranks}", look.hue, "dot"),
        Key(f"as counted; line: {look.facts.interval}", muted, "ring"),
    ]
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
    name, place = named_group(best, table.index), ranked.loc[[best]].iloc[0]
    if sure == len(ranked):
        lead = f"{sentence_case(name)} leads with a shrunk {words_of(rate)} of {highest}"
        return f"{lead}, and all {len(ranked)} ranks are certain"
    ranks = _rank_range(place["rank_best"], place["rank_worst"])
    if place["rank_worst"] == 1:
        return f"{sentence_case(name)} leads with a shrunk {words_of(rate)} of {highest}"
    first = int((ranked["rank_best"] == 1).sum())
    could = f"{first} of {counted(len(ranked), 'agent')} could rank first by {words_of(rate)}"
    return f"{could}; {name}, now first, could have rank {ranks}"


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
        A row for each line, highest adjusted rate first: a dot for the adjusted rate, a hollow dot for the
        rate as counted, a line for its interval, and on the right the share of short calls and the trend. Of
        more than 30 lines the first and the last 15 are drawn. The title tells the line that falls most, if
        any falls by more than chance.
    """
    if table.empty:
        return no_data(look, "Lines")
    look.sort = look.sort or "value"
    shown, hidden = best_and_worst(_sorted(table, look, "answer_rate_adjusted"), look, "lines")
    muted = look.tones.muted
    beyond = (
        [bool(each) for each in shown["beyond_chance"].fillna(value=False)]
        if "beyond_chance" in shown
        else None
    )
    moved, tested = _trends_beyond(shown, table, look.facts)
    ax, fits = dot_rows(
        row_labels(shown.index),
        shown["answer_rate_adjusted"],
        [
            _short_and_trend(*each)
            for each in zip(
                shown["n_calls"],
                shown["short_call_share"],
                shown["trend"],
                _reach_of_trend(shown),
                moved,
                strict=True,
            )
        ],
        look,
        intervals=_of_adjusted(shown),
        metric="answer_rate",
        raw=shown["answer_rate"],
        heading="calls, short ones, change a week",
        beyond=beyond,
        whole=_middle(table),
        flag_names=True,  # behind the texts it would seem to flag the change
    )
    ax.set_xlabel("answer rate")
    short = look.facts.seconds("short_s")
    remarks = [
        "answered ÷ all calls of the line, adjusted for hour, project and attempt",
        look.facts.n(table),
        f"lines: {look.facts.interval} of the adjusted rate",
        f"short calls: talk time below {short} ÷ answered" if short else "",
        f"change: percentage points, ± {look.facts.interval}{tested}",
        f"dashed: {percent(_middle(table))} of all",
        f"chance: answered against expected, {level_of(look.facts)}" if "beyond_chance" in table else "",
        hidden,
        look.facts.cut(table),
    ]
    flag = readable(look.hue if isinstance(look.color, str) else RED, tones_of(ax, inside=True).paper)
    for text in ax.texts:
        if text.get_text().endswith(FLAG):
            text.set_color(flag)
    title = _of_lines(table) + _worst_change(shown["trend"][moved])
    key = [Key("adjusted", look.hue, "dot"), Key("as counted", muted, "ring")]
    key += [replace(each, mark="dot") for each in flag_key(beyond, look)]
    return headed(ax, look, title, look.facts.lines(*remarks), form="A dot for each line", key=key, fits=fits)


def _of_adjusted(shown: pd.DataFrame) -> pd.DataFrame:
    """Return the interval of the adjusted rate: that of the rate as counted, times what adjusts it."""
    factor = shown["answer_rate_adjusted"] / shown["answer_rate"].where(shown["answer_rate"] > 0)
    return interval_of(shown, "answer_rate").mul(factor.fillna(1.0), axis=0)


def _of_lines(table: pd.DataFrame) -> str:
    """Return the finding: the line that is lowest beyond chance, or that none is."""
    named = table[[not is_none(label) for label in table.index]]
    rates = named["answer_rate_adjusted"].dropna()
    if rates.empty:
        return "Lines: answer rate is not known"
    span = f"{percent(rates.min())} to {percent(rates.max())}"
    if len(rates) == 1:
        return f"{_line(rates.index[0])} has an adjusted answer rate of {percent(rates.iloc[0])}"
    if "beyond_chance" not in named:
        return f"Adjusted answer rates of {counted(len(rates), 'line')}: {span}"
    beyond = rates[named["beyond_chance"].reindex(rates.index).fillna(value=False).to_numpy(dtype=bool)]
    if beyond.empty:
        return f"No line's answer rate differs by more than chance: {span} adjusted"
    middle = _middle(table)
    most: Any = beyond.idxmin() if beyond.min() < middle else beyond.idxmax()
    way = "below" if beyond.min() < middle else "above"
    rate = f"{_line(most)} has an adjusted answer rate of {percent(beyond[most])}"
    return f"{rate}, {way} the {percent(middle)} of all by more than chance"


def _middle(table: pd.DataFrame) -> float:
    """Return the answer rate of all lines together."""
    known = table[table["answer_rate"].notna()]
    return float((known["answer_rate"] * known["n_calls"]).sum() / max(known["n_calls"].sum(), 1))


def _reach_of_trend(shown: pd.DataFrame) -> pd.Series:
    """Return how far the interval of each trend reaches to either side; null where the table has none."""
    if not {"trend_low", "trend_high"} <= set(shown):
        return pd.Series(np.nan, shown.index)
    return (shown["trend_high"] - shown["trend_low"]) / 2


def _trends_beyond(shown: pd.DataFrame, table: pd.DataFrame, facts: Facts) -> tuple[list[bool], str]:
    """Return which trends of the lines drawn are beyond chance, and what to say of the test.

    Their intervals are made wider after Bonferroni for all lines of the table whose trend is known. Of a
    table that claims nothing of chance, as in a report, nothing is claimed of its trends.
    """
    reach = _reach_of_trend(shown)
    many = int((table["trend"].notna() & _reach_of_trend(table).notna()).sum())
    if not many or "beyond_chance" not in table:
        return [False] * len(shown), ""
    beyond = (shown["trend"].abs() > widened(many, facts) * reach).tolist()
    which = FLAG if any(beyond) else "none"
    return beyond, f", {which} beyond chance, corrected for {counted(many, 'line')}"


def _worst_change(moves: pd.Series) -> str:
    """Return the end of a title: the line that falls most, of those whose change is beyond chance."""
    if not (moves < 0).any():
        return ""
    worst: Any = moves.idxmin()
    return f"; {label_of(worst, _NAME)} falls by {-100 * moves.min():.1f} points a week"


def _line(label: Any) -> str:
    return f"Line {label_of(label, _NAME)}"


def _short_and_trend(calls: float, short: float, trend: float, reach: float, beyond: bool) -> str:
    words = [f"n = {number(calls)}"]
    words += [] if np.isnan(short) else [f"{percent(short)} short"]
    if not np.isnan(trend):
        either = "" if np.isnan(reach) else f" ± {reach * 100:.1f}"
        words.append(f"{signed(trend * 100, 1)}{either} a week{f' {FLAG}' if beyond else ''}")
    return ", ".join(words)
