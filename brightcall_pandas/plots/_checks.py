"""How far the rows can be trusted: what checks of them find, and whether they agree with the server."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.path import Path

from brightcall_pandas.plots._cells import cell, cells_framed
from brightcall_pandas.plots._colors import LIGHT_BLUE, RED, tones_of
from brightcall_pandas.plots._formats import calls_of, counted, number, of_all, percent, signed
from brightcall_pandas.plots._labels import shortened
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._rows import bar_rows
from brightcall_pandas.plots._text import Key

__all__ = ["quality", "reconcile"]

_ROWS, _FIGURES = 16, 20
_LEAST = 0.01  # a share below which a bar is too short to be seen: a mark stands in its place
_STUB = Path([(0, -1), (0.4, -1), (0.4, 1), (0, 1), (0, -1)])  # it begins at 0, as a bar does
_NO_FAULTS = ("nulls", "agents", "chain texts", "completeness")
"""What `quality` lists besides faults: what the values look like."""


@picture
def quality(table: pd.DataFrame, look: Look) -> Axes:
    """Draw what the checks of the rows find, and which values are missing.

    Parameters
    ----------
    table
        Table returned by `analysis.quality`.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each check that finds something, then one for each field that has nulls: the share of rows
        concerned, largest first; a mark where it is under one percent. Checks that find nothing and fields
        without nulls are counted in the subtitle. Of more than sixteen bars the first are drawn.
    """
    if table.empty:
        return no_data(look, "Quality of the rows")
    check = table.index.get_level_values(0)
    faults, nulls = table[~check.isin(_NO_FAULTS) & (table["of"] > 0)], table[check == "nulls"]
    found, lacking = (
        each[each["count"] > 0].sort_values("share", ascending=False, kind="stable")
        for each in (faults, nulls)
    )
    every = pd.concat([found, lacking])
    if every.empty:
        return no_data(
            look, "Quality of the rows", "every check passed, and every field has a value in every row"
        )
    shown = every.iloc[: look.rows(_ROWS)]
    kinds = shown.index.get_level_values(0)
    labels = [
        shortened(subject, 60) if kind == "nulls" else f"{kind}: {shortened(subject)}"
        for kind, subject in shown.index
    ]
    ax, fits = bar_rows(
        labels,
        shown["share"],
        [
            f"{percent(share)} ({number(count)} of {number(of)})"
            for share, count, of in zip(shown["share"], shown["count"], shown["of"], strict=True)
        ],
        look,
        colors=(colors := [LIGHT_BLUE if kind == "nulls" else RED for kind in kinds]),
        unit="share of rows",
    )
    small = np.flatnonzero(shown["share"] < _LEAST)
    ax.scatter(
        np.zeros(len(small)),
        small,
        marker=_STUB,
        s=16 * look.small,
        linewidth=0,
        color=[colors[place] for place in small],
        zorder=3,
        clip_on=False,
    )
    return headed(
        ax,
        look,
        _found(found, len(faults)),
        look.facts.lines(
            _windows(table[check == "completeness"]),
            f"{len(nulls) - len(lacking)} of {len(nulls)} fields have a value in every row",
            f"n = {number(table['of'].max())} rows",
            of_all(len(shown), len(every), "bars").replace("largest", "first"),
        ),
        form="A bar for each check that finds something, and for each field with nulls",
        key=[Key("found by a check", RED), Key("null: the field has no value", LIGHT_BLUE)],
        fits=fits,
    )


def _found(found: pd.DataFrame, checks: int) -> str:
    if found.empty:
        return f"None of {checks} checks finds a fault"
    kind, subject = found.index[0]
    worst = f"{kind} {shortened(subject, 30)} in {percent(found['share'].iloc[0])} of rows"
    if len(found) == 1:
        return f"One of {checks} checks finds a fault: {worst}"
    return f"{len(found)} of {checks} checks find a fault, the most common: {worst}"


def _windows(windows: pd.DataFrame) -> str:
    if windows.empty:
        return ""
    whole = windows["detail"].astype(str).str.startswith("complete").sum()
    return f"{number(whole)} of {number(len(windows))} windows of loading are proved complete"


@picture
def reconcile(table: pd.DataFrame, look: Look) -> Axes:
    """Draw which figures agree with the server's statistics.

    Parameters
    ----------
    table
        Table returned by `analysis.reconcile`.

    Returns
    -------
    matplotlib.axes.Axes
        A cell for each figure, downwards, and direction, across: an equals sign where rows and statistics
        agree, else by how much the rows differ; a dash where rows cannot tell. Figures that differ come
        first, then those that cannot be compared; of more than twenty the first are drawn.
    """
    if table.empty:
        return no_data(look, "Rows and statistics")
    directions = list(dict.fromkeys(table.index.get_level_values(0)))
    figures = list(dict.fromkeys(table.index.get_level_values(1)))
    told = table["agrees"].dropna().astype(bool)
    wrong = told[~told]
    differing = set(wrong.index.get_level_values(1))
    odd = differing | set(table.index[table["agrees"].isna()].get_level_values(1))
    if look.sort == "name":
        figures = sorted(figures)
    elif look.sort != "table":
        figures = sorted(figures, key=lambda each: (each not in differing, each not in odd))
    shown = figures[: look.rows(_FIGURES)]
    equal = len([each for each in figures[len(shown) :] if each not in odd])
    ax = look.axes(width=7.0, height=1.6 + 0.8 * look.row_height() * len(shown))
    texts = [
        cell(ax, (directions.index(direction), shown.index(figure)), *_told(agrees, difference, ax), look)
        for (direction, figure), agrees, difference in zip(
            table.index, table["agrees"], table["difference"], strict=True
        )
        if figure in shown
    ]
    return headed(
        ax,
        look,
        _verdict(len(wrong), len(told), len(table)),
        look.facts.lines(
            _cause(table.loc[wrong.index, "likely_cause"]),
            f"{counted(len(figures), 'figure')}, a value for each direction",
            "rows minus statistics; =: equal; –: rows cannot tell; blank: no such statistic",
            _calls(table),
            of_all(len(shown), len(figures), "figures").replace("largest", "first")
            + (
                ", the others equal in every direction"
                if equal and equal == len(figures) - len(shown)
                else ""
            ),
        ),
        form="A table of figures, downwards, and directions, across",
        key=[Key("differs", RED), Key("agrees", LIGHT_BLUE)] if len(wrong) else [],
        fits=cells_framed(ax, shown, directions, texts, look),
    )


def _verdict(wrong: int, told: int, every: int) -> str:
    """Return how many comparisons there are, and how they end."""
    if not told:
        return f"None of {every} values can be compared with the server's statistics"
    compared = f"{told} of {every} values can be compared" if told < every else ""
    if wrong:
        found = f"{wrong} of {told} values differ from the server's statistics"
        return f"{found}, {every - told} cannot be compared" if compared else found
    if compared:
        return f"{compared} with the server's statistics, and all agree"
    return f"All {told} values agree with the server's statistics"


def _told(agrees: Any, difference: float, ax: Axes) -> tuple[str, str]:
    """Return color and words of a cell."""
    if pd.isna(agrees):
        return tones_of(ax, inside=True).grid, "–"
    return (LIGHT_BLUE, "=") if agrees else (RED, _difference(difference))


def _calls(table: pd.DataFrame) -> str:
    """Return how many calls were held against the statistics."""
    every = ("all", "all")
    rows: Any = table["rows"].get(every) if "rows" in table else None
    return "" if rows is None or pd.isna(rows) else calls_of(rows)


def _cause(causes: pd.Series) -> str:
    """Return the cause that most of the differences have."""
    named = causes[causes.fillna("") != ""]
    return f"most likely: {named.mode().iloc[0]}" if len(named) else ""


def _difference(value: float) -> str:
    return "?" if pd.isna(value) else signed(value, 0 if float(value).is_integer() else 1)
