"""What another dial brings, by how long after the one before."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text

from brightcall_pandas.plots._cells import cell, cells_framed, shade
from brightcall_pandas.plots._facts import Facts
from brightcall_pandas.plots._formats import counted, number, percent
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._standing import differ

__all__ = ["attempt_gaps"]

_TOPIC = "Attempts by the time between them"
_FEW = 30  # clients: a rate of fewer is hatched and sets no color


@picture
def attempt_gaps(table: pd.DataFrame, look: Look) -> Axes:
    """Draw what another attempt brings, by how long after the one before.

    Parameters
    ----------
    table
        Table returned by `analysis.attempt_gaps`, without outer index levels.

    Returns
    -------
    matplotlib.axes.Axes
        A cell for each attempt and gap: the share of clients not reached before whom it reached, and of how
        many; darker means more. Cells of fewer than 30 clients are hatched and set no color. The title
        compares the gaps before the second attempt, where they differ by more than chance.

    Raises
    ------
    ValueError
        The table has outer index levels: the picture shows one group.
    """
    if table.index.nlevels > 2:
        levels = ", ".join(map(str, table.index.names[:-2]))
        msg = f"this picture shows one group of calls, but the table is split by {levels}; draw one group"
        raise ValueError(msg)
    told = table[table["unreached"] > 0]
    if told.empty:
        return no_data(look, _TOPIC, _nothing(table))
    attempts, gaps = (_labels(told, level) for level in (0, 1))
    ax = look.axes(
        width=max(2.4 + 1.1 * len(gaps), 6.0), height=1.8 + 1.8 * look.row_height() * len(attempts)
    )
    texts = _cells(ax, told, attempts, gaps, look)
    ax.set_xlabel("since the attempt before")
    return headed(
        ax,
        look,
        _finding(told, attempts[0], look.facts),
        look.facts.lines(
            "clients reached (a call answered) ÷ clients called who were not reached before (in brackets)",
            f"n = {counted(told['unreached'].sum(), 'attempt')}",
            look.facts.cut(table),
            f"hatched: fewer than {_FEW}" if (told["unreached"] < _FEW).any() else "",
            "blank: no such attempt" if len(told) < len(attempts) * len(gaps) else "",
            _tested(told, attempts, look.facts),
        ),
        form="A cell for each attempt, downwards, and gap, across; darker for a higher share",
        fits=cells_framed(ax, [f"attempt {each}" for each in attempts], gaps, texts, look),
    )


def _tested(told: pd.DataFrame, attempts: list[str], facts: Facts) -> str:
    """Return which differences were held against chance: those that the title compares."""
    rows: Any = told.xs(attempts[0], level=0)
    if (rows["unreached"] >= _FEW).sum() < 2:
        return "not tested for chance"
    others = ", later attempts are not tested" if len(attempts) > 1 else ""
    return f"chance: {facts.interval} of differences before attempt {attempts[0]}, corrected{others}"


def _nothing(table: pd.DataFrame) -> str:
    if table.empty:
        return "no client was dialed twice"
    known = table["unreached"].notna().any()
    return "no client was dialed again before being reached" if known else "who was reached is not known"


def _labels(told: pd.DataFrame, level: int) -> list[str]:
    """Return the labels of a level that occur, in their order."""
    index: Any = told.index
    return [str(each) for each in index.remove_unused_levels().levels[level]]


def _cells(ax: Axes, told: pd.DataFrame, attempts: list[str], gaps: list[str], look: Look) -> list[Text]:
    """Draw a cell for each attempt and gap; return the texts in them."""
    enough = told[told["unreached"] >= _FEW]["marginal_rate"]
    top = float(enough.max()) if len(enough) and enough.max() > 0 else 1.0
    texts = []
    for (attempt, gap), rate, clients in zip(
        told.index, told["marginal_rate"], told["unreached"], strict=True
    ):
        where = (gaps.index(str(gap)), attempts.index(str(attempt)))
        words = f"{percent(rate)} ({number(clients)})"
        texts.append(cell(ax, where, shade(ax, rate / top), words, look, hatched=bool(clients < _FEW)))
    return texts


def _finding(told: pd.DataFrame, attempt: str, facts: Facts) -> str:
    """Compare the gaps before the first of these attempts."""
    rows: Any = told.xs(attempt, level=0)
    every = percent(rows["reached"].sum() / rows["unreached"].sum())
    rows = rows[rows["unreached"] >= _FEW]
    begin = f"Attempt {attempt} reaches"
    if len(rows) < 2:
        return f"{begin} {every} of the clients not reached before"
    best, worst = (rows.sort_values("marginal_rate", kind="stable").iloc[place] for place in (-1, 0))
    if differ(best, worst, "marginal_rate", len(rows), facts):
        shares = (f"{percent(each['marginal_rate'])} after {each.name}" for each in (best, worst))
        return f"{begin} {', '.join(shares)}"
    names = [gap for gap in map(str, told.xs(attempt, level=0).index) if gap in set(map(str, rows.index))]
    return f"{begin} {every}; before it no gap from {names[0]} to {names[-1]} differs by more than chance"
