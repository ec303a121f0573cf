"""Groups of calls, agents and lines: a row for each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._rows import (
    bar_rows,
    dot_rows,
    first_rows,
    interval_of,
    largest_rows,
    row_labels,
)
from brightcall_pandas.plots._style import (
    BLUE,
    GREY,
    calls_of,
    housed,
    is_rate,
    new_axes,
    no_data,
    number,
    percent,
    signed,
    titled,
    words_of,
)

__all__ = ["breakdown", "by_agent", "by_line"]

_A_DAY = "n_calls_per_day"
_BESIDE = ("share", "n_calls", _A_DAY)
_AGENTS, _LINES = "Agents", "Lines"


@housed
def breakdown(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw one metric of each group.

    Parameters
    ----------
    table
        Table returned by `analysis.breakdown`. The first rate among its metrics is drawn; without a
        rate the first metric other than ``n_calls``; without that the share, or the calls a day where the
        groups are of unequally many days, as weekdays may be.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each group in the order of the table, with its interval where the table has one. Of more
        than 30 groups the largest are drawn.
    """
    title = f"By {', '.join(str(name) for name in table.index.names)}"
    if table.empty:
        return no_data(new_axes(ax), title)
    metric = _drawn(table)
    shown, hidden = largest_rows(table, table["share"])
    texts = [_text(value, metric) for value in shown[metric]]
    beside = _A_DAY if _is_uneven(table) else "n_calls"
    if "n_calls" in shown and metric != beside:
        texts = [f"{text}  ({number(calls)})" for text, calls in zip(texts, shown[beside], strict=True)]
    intervals = interval_of(shown, metric) if f"{metric}_low" in shown else None
    words = words_of(metric)
    ax = bar_rows(
        row_labels(shown.index),
        shown[metric],
        texts,
        intervals=intervals,
        ax=ax,
        unit=f"{words}{', s' if metric.endswith('_s') else ''}",
        shares=is_rate(metric),
    )
    remarks = [words]
    if "n_calls" in table:
        # Not the sum: by tag, a call may count in several groups.
        every = round(table["n_calls"].iloc[0] / table["share"].iloc[0])
        of_each = {metric: "", _A_DAY: ", those of each group a day in brackets"}
        remarks = [calls_of(every) + of_each.get(beside, ", those of each group in brackets"), words]
    if intervals is not None:
        remarks.append("whiskers: Wilson interval")
    titled(ax, title, "; ".join(remarks) + hidden)
    return ax


def _text(value: float, metric: str) -> str:
    if pd.isna(value):
        return "–"
    return percent(value) if is_rate(metric) else number(value)


def _drawn(table: pd.DataFrame) -> str:
    """Return the metric to draw: a rate if the table has one that is known."""
    metrics = [name for name in table.columns if not name.endswith(("_low", "_high")) and name not in _BESIDE]
    rates = [name for name in metrics if f"{name}_low" in table and table[name].notna().any()]
    known = [name for name in metrics if table[name].notna().any()]
    return str(next(iter([*rates, *known]), _A_DAY if _is_uneven(table) else "share"))


def _is_uneven(table: pd.DataFrame) -> bool:
    """Tell whether the groups are of unequally many days, so that their counts do not compare."""
    if _A_DAY not in table:
        return False
    days = (table["share"] / table[_A_DAY]).dropna()
    return len(days) > 0 and not np.allclose(days, days.iloc[0])


@housed
def by_agent(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the rate by which the agents are ranked, adjusted and as counted.

    Parameters
    ----------
    table
        Table returned by `analysis.by_agent`. With outer index levels each row names its group.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each agent, best first: a dot for the adjusted rate, a hollow dot for the rate as counted, a
        line for its interval, and on the right the possible ranks and the calls. Agents without a rank are
        grey. Of more than 30 agents the first 30 are drawn.
    """
    if table.empty:
        return no_data(new_axes(ax), _AGENTS)
    rate = str(table.attrs.get("rank_by", "answer_rate"))
    shown, hidden = first_rows(table, "agents", whole_groups=False)
    ranked = shown["rank"].notna()
    texts = [
        f"{f'rank {_rank_range(best, worst)}' if known else 'not ranked'}, {number(calls)} calls"
        for known, best, worst, calls in zip(
            ranked, shown["rank_best"], shown["rank_worst"], shown["n_calls"], strict=True
        )
    ]
    ax = dot_rows(
        row_labels(shown.index),
        shown[f"{rate}_adjusted"],
        texts,
        intervals=interval_of(shown, rate),
        raw=shown[rate],
        colours=[BLUE if known else GREY for known in ranked],
        ax=ax,
    )
    ax.set_xlabel(words_of(rate))
    n = calls_of(table["n_calls"].sum())
    remarks = f"{n}; ranked by the lower end of the adjusted rate; grey lines: Wilson interval{hidden}"
    titled(ax, _AGENTS, remarks, key=True)
    return ax


def _rank_range(best: float, worst: float) -> str:
    return f"{best:.0f}" if best == worst else f"{best:.0f}–{worst:.0f}"


@housed
def by_line(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the answer rate of each line, adjusted and as counted.

    Parameters
    ----------
    table
        Table returned by `analysis.by_line`. With outer index levels each row names its group.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each line, lowest adjusted rate first: a dot for the adjusted rate, a hollow dot for the
        rate as counted, a line for its interval, and on the right the share of short calls and the trend. Of
        more than 30 lines the first 30 are drawn.
    """
    if table.empty:
        return no_data(new_axes(ax), _LINES)
    shown, hidden = first_rows(table, "by_line", whole_groups=False)
    ax = dot_rows(
        row_labels(shown.index),
        shown["answer_rate_adjusted"],
        [
            _short_and_trend(short, trend)
            for short, trend in zip(shown["short_call_share"], shown["trend"], strict=True)
        ],
        intervals=interval_of(shown, "answer_rate"),
        raw=shown["answer_rate"],
        ax=ax,
    )
    ax.set_xlabel("answer rate")
    n = calls_of(table["n_calls"].sum())
    remarks = f"{n}; adjusted for hour, project and attempt; grey lines: Wilson interval{hidden}"
    titled(ax, _LINES, remarks, key=True)
    return ax


def _short_and_trend(short: float, trend: float) -> str:
    words = [] if np.isnan(short) else [f"{percent(short)} short"]
    if not np.isnan(trend):
        words.append(f"{signed(trend * 100, 1)} points a week")
    return ", ".join(words)
