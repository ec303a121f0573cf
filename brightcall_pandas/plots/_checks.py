"""How far the rows can be trusted: what checks of them find, and whether they agree with the server."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.frame import FIELDS
from brightcall_pandas.plots._cells import cell, cells_framed
from brightcall_pandas.plots._colors import LIGHT_BLUE, RED, tones_of
from brightcall_pandas.plots._formats import calls_of, counted, field_words, number, of_all, percent, signed
from brightcall_pandas.plots._labels import shortened
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import readable
from brightcall_pandas.plots._rows import bar_rows
from brightcall_pandas.plots._text import Key

__all__ = ["quality", "reconcile"]

_ROWS, _FIGURES = 18, 20
_NAMED = 3  # figures that a remark names
_NO_FAULTS = ("nulls", "agents", "chain texts", "completeness")
"""What `quality` lists besides faults: what the values look like."""

_ON_REQUEST = [name for name, field in FIELDS.items() if field.on_request]
_FAILED = "failed"
_OF_CHECKS, _OF_NULLS = "checks", "without a value: share of rows"

_CHECKED = {
    "changes": "no change since: calls of {}",
    "clients": "no client with {}",
    "duplicates": "no call twice",
    "future": "no call in the future",
    "impossible": "{} never longer than {}",
    "misfits": "{}: values fit",
    "moved": "on one day only: calls of {}",
    "negative": "{} never below zero",
    "overlaps": "no agent in two calls at once",
    "unreadable": "{} can be read",
    "untimed": "every call has a time",
    "unusable ids": "every call has an id of its own",
}
"""What each check says of good rows, with a place for its subject."""

_STATISTICS = {
    "all": "calls",
    "success": "answered",
    "fail": "unanswered",
    "error": "failed",
    "talks": "conversations",
    "unique": "clients",
    "firstTime": "first calls",
    "tagsSuccess": "positive outcomes",
    "tagsDefault": "neutral outcomes",
    "tagsFail": "negative outcomes",
    "tagsNoResult": "without outcome",
    "active": "calls in progress",
    "aiTalkTime_s": "AI's talk time, s",
    "allTalkTime_s": "talk time, s",
    "aiTalkCost": "cost of AI's talk time",
}
_SPANS = {"total": "total time", "call": "call time", "answer": "time to answer"}
_KINDS = {"sum_s": "sum, s", "count": "calls", "min_s": "shortest, s", "max_s": "longest, s"}
"""Plain names of the server's figures: ``answer_max_s`` is the ``time to answer: longest, s``."""


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
        A row for each check of the rows, those that failed first, with the rows concerned, and apart from
        them a bar for each field that has nulls, with the share of rows. Fields that come only on request and
        are in no row are not missing, and named below. Of more than eighteen rows the first are drawn, and
        those that passed as one; a slide has as many as can be read from afar.
    """
    if table.empty:
        return no_data(look, "Quality of the rows")
    check = table.index.get_level_values(0)
    checks, nulls = table[~check.isin(_NO_FAULTS) & (table["of"] > 0)], table[check == "nulls"]
    checks = checks.sort_values("share", ascending=False, kind="stable")
    fields = nulls.index.get_level_values(1)
    unsent = nulls[(nulls["share"] == 1).to_numpy() & fields.isin(_ON_REQUEST)]
    nulls = nulls.drop(unsent.index)
    lacking = nulls[nulls["count"] > 0].sort_values("share", ascending=False, kind="stable")
    if checks.empty and lacking.empty:
        return no_data(look, "Quality of the rows", "every field has a value in every row")
    most = look.rows(look.legible(_ROWS))
    room = most - min(len(lacking), most // 3)
    failed = int((checks["count"] > 0).sum())
    # Which of those that passed would be drawn is of no interest: where not all fit, they are one row.
    done = checks if len(checks) <= room else checks.iloc[: min(failed, max(room - 1, 1))]
    passed = len(checks) - failed if len(done) < len(checks) else 0
    empty = lacking.iloc[: max(most - len(done) - bool(passed), 0)]
    labels, values, texts = _listed(done, empty, passed)
    ax, fits = bar_rows(labels, values, texts, look, colors=LIGHT_BLUE)
    red = readable(RED, tones_of(ax, inside=True).paper)
    for text in ax.texts:
        if text.get_text().startswith(_FAILED):
            text.set_color(red)
    if empty.empty:
        ax.xaxis.set_visible(False)
    return headed(
        ax,
        look,
        _found(checks.iloc[:failed], len(checks)),
        look.facts.lines(
            f"{counted(failed - len(done), 'further check')} failed" if failed > len(done) else "",
            _windows(table[check == "completeness"]),
            f"{len(nulls) - len(lacking)} of {len(nulls)} fields have a value in every row",
            f"sent only on request: {', '.join(field_words(each) for _, each in unsent.index)}"
            if len(unsent)
            else "",
            f"n = {number(table['of'].max())} rows",
            of_all(len(empty), len(lacking), "fields with nulls"),
        ),
        form="A list of checks, passed or failed, and a bar for each field with nulls",
        fits=fits,
    )


def _listed(
    checks: pd.DataFrame, nulls: pd.DataFrame, passed: int
) -> tuple[list[str], list[float], list[str]]:
    """Return label, length and text of each row: what has no length stands in a quieter ink.

    `passed` checks are one row.
    """
    labels: list[str] = []
    values: list[float] = []
    texts: list[str] = []
    for heading, rows in ((_OF_CHECKS, checks), (_OF_NULLS, nulls)):
        if rows.empty and not (passed and heading == _OF_CHECKS):
            continue
        labels, values, texts = [*labels, ""], [*values, np.nan], [*texts, heading]
        for (kind, subject), share, count, of in zip(
            rows.index, rows["share"], rows["count"], rows["of"], strict=True
        ):
            told = f"{percent(share)} ({number(count)} of {number(of)})"
            labels.append(_named(kind, subject))
            values.append(share if kind == "nulls" else 0.0 if count else np.nan)
            texts.append(told if kind == "nulls" else f"{_FAILED} in {told}" if count else "passed")
        if passed and heading == _OF_CHECKS:
            labels.append(counted(passed, "check" if checks.empty else "other check"))
            values.append(np.nan)
            texts.append("passed")
    return labels, values, texts


def _named(kind: str, subject: str) -> str:
    """Return what a check says of good rows, or the field that has nulls, in words."""
    words = [shortened(field_words(part), 40) for part in subject.split(" > ")]
    if kind == "nulls":
        return words[0]
    return _CHECKED.get(kind, f"{kind}: {{}}").format(*words)


def _found(failed: pd.DataFrame, checks: int) -> str:
    if not checks:
        return "No check could be made of these rows"
    if failed.empty:
        return f"All {checks} checks passed" if checks > 1 else "The only check passed"
    worst = f"{percent(failed['share'].iloc[0])} of rows: “{_named(*failed.index[0])}”"
    if len(failed) == 1:
        return f"1 of {counted(checks, 'check')} failed, in {worst}"
    return f"{len(failed)} of {checks} checks failed, the first in {worst}"


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
        A row for each figure that differs, with how much the rows differ in each direction, and below them
        how many figures of the direction agree and how many cannot be compared. Of more than twenty figures
        that differ the first are drawn.
    """
    if table.empty:
        return no_data(look, "Rows and statistics")
    directions = list(dict.fromkeys(table.index.get_level_values(0)))
    told = table["agrees"].dropna().astype(bool)
    wrong = told[~told]
    differing = list(dict.fromkeys(wrong.index.get_level_values(1)))
    if look.sort == "name":
        differing = sorted(differing, key=_figure)
    shown = differing[: look.rows(_FIGURES)]
    rows = [*map(_figure, shown), "figures that agree", "cannot be compared"]
    ax = look.axes(width=7.0, height=1.8 + 0.8 * look.row_height() * len(rows))
    quiet = tones_of(ax, inside=True).grid
    texts = [
        cell(ax, (directions.index(direction), shown.index(figure)), RED, _difference(difference), look)
        for (direction, figure), difference in table.loc[wrong.index, "difference"].items()
        if figure in shown
    ]
    figures = table.index.get_level_values(1).nunique()
    of_each = table["agrees"].groupby(level=0, sort=False)
    for place, direction in enumerate(directions):
        agrees = of_each.get_group(direction)
        counts = (agrees.fillna(value=False).sum(), agrees.isna().sum())
        for row, (count, color) in enumerate(zip(counts, (LIGHT_BLUE, quiet), strict=True), len(shown)):
            texts.append(cell(ax, (place, row), color, number(count), look))
    return headed(
        ax,
        look,
        _verdict(len(wrong), len(told), len(table)),
        look.facts.lines(
            _cause(table.loc[wrong.index, "likely_cause"]),
            f"rows minus the server's statistics, for {len(differing)} of {counted(figures, 'figure')}"
            if len(wrong)
            else f"{counted(figures, 'figure')}, none differs",
            _untold(table),
            _calls(table),
            of_all(len(shown), len(differing), "figures that differ").replace("largest", "first"),
        ),
        form="A table of figures that differ, downwards, and directions, across",
        key=[Key("differs", RED), Key("agrees", LIGHT_BLUE)] if len(wrong) else [],
        fits=cells_framed(ax, rows, directions, texts, look),
    )


def _untold(table: pd.DataFrame) -> str:
    """Return a remark on figures that rows cannot tell."""
    names = [_figure(name) for name in dict.fromkeys(table.index[table["agrees"].isna()].get_level_values(1))]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"cannot be compared, since rows do not tell: {', '.join(names[:_NAMED])}{more}" if names else ""


def _figure(name: str) -> str:
    """Return the plain name of a figure of the server's."""
    span, _, kind = name.partition("_")
    if span in _SPANS and kind in _KINDS:
        return f"{_SPANS[span]}: {_KINDS[kind]}"
    return _STATISTICS.get(name, field_words(name))


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


def _calls(table: pd.DataFrame) -> str:
    """Return how many calls were held against the statistics."""
    every = ("all", "all")
    rows: Any = table["rows"].get(every) if "rows" in table else None
    return "" if rows is None or pd.isna(rows) else calls_of(rows) if rows else "no calls"


def _cause(causes: pd.Series) -> str:
    """Return the cause that most of the differences have."""
    named = causes[causes.fillna("") != ""]
    return f"most likely: {named.mode().iloc[0]}" if len(named) else ""


def _difference(value: float) -> str:
    return "?" if pd.isna(value) else signed(value, 0 if float(value).is_integer() else 1)
