"""Draw the ways that calls go from party to party."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from matplotlib.text import Text
from numpy.typing import NDArray

from brightcall_pandas.plots._choice import chosen_rows
from brightcall_pandas.plots._colors import ink_on, tones_of
from brightcall_pandas.plots._fitting import CellTexts, Fit
from brightcall_pandas.plots._flow import transfers_of_each
from brightcall_pandas.plots._formats import calls_of, counted, number, percent
from brightcall_pandas.plots._labels import shortened
from brightcall_pandas.plots._limits import clearly_more
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._standing import standing_out

__all__ = ["transfer_variants"]

_ROWS = 15
_STEPS = 7  # parties of a chain that are drawn; of a longer one the last is the number of the rest
_LETTERS = 24
_TIP = 0.14  # how far a chevron points, in widths of one
_PANEL, _GAP = 2.5, 0.4  # width of a panel beside the chevrons, and of the space before it, in inches
_COUNTS = 1.2  # inches for counts that have no bars


@picture
def transfer_variants(table: pd.DataFrame, look: Look) -> Axes:
    """Draw the most frequent ways that transferred calls went.

    Parameters
    ----------
    table
        What `analysis.transfer_variants` returns.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each of the fifteen most frequent variants with a transfer, fewer in a figure of which the
        size is given: its parties as chevrons, the busiest in colors of their own; its share of the
        transferred calls; and, where known, its rate of positive outcomes with its interval, beside that of
        all calls, and of the answered ones, that were not transferred; else a bar for its share. Calls of one
        party are counted in the subtitle; they are drawn only when there are no others. ``top=`` counts
        variants with a transfer.
    """
    transferred = table[table["hops"] > 0]
    drawn = transferred if len(transferred) else table
    if not len(drawn):
        return no_data(look, "Ways that calls go")
    shown, _ = chosen_rows(drawn, look, drawn["n_calls"], drawn["n_calls"], usual=look.legible(_ROWS))
    steps = min(max(shown["hops"].max() + 1, 2), _STEPS)
    parties = [shortened(party, _LETTERS) for chain in shown["chain"] for party in chain[:steps]]
    letters = max(map(len, parties), default=0)
    chevron = max(0.8, 0.4 + 0.0092 * look.small * letters)
    panel, gap = _PANEL / chevron, _GAP / chevron
    known = bool(shown["positive_rate"].notna().any())
    counts = _COUNTS / chevron if known else panel
    right = steps + gap + counts + (gap + panel if known else 0)
    ax = look.axes(width=0.4 + chevron * right, height=1.5 + look.row_height(1.06) * len(shown))
    ax.set_xlim(-0.05, right)
    ax.set_ylim(len(shown) + (1.9 if known else -0.4), -1.7)
    ax.set_axis_off()
    fits = _chevrons(ax, table, shown, steps, look)
    if known:
        fits += _counts(ax, shown, drawn, (steps + gap, counts), begins=np.zeros(len(shown)), look=look)
        fits += _rates(ax, shown, _answered_alone(table), (steps + 2 * gap + counts, panel), look)
    else:
        lengths = (0.45 * panel / shown["n_calls"].max() * shown["n_calls"]).to_numpy(dtype=np.float64)
        ax.barh(np.arange(len(shown)), lengths, left=steps + gap, height=0.6, color=look.hue)
        fits += _counts(ax, shown, drawn, (steps + gap, panel), begins=lengths + 0.03 * panel, look=look)
    form = "A chain of parties for each way, with its calls"
    return headed(
        ax,
        look,
        _finding(table, shown, look),
        look.facts.lines(*_remarks(table, drawn, shown, look)),
        form=form,
        fits=fits,
    )


def _finding(table: pd.DataFrame, shown: pd.DataFrame, look: Look) -> str:
    every = _every(table)
    transferred = table.loc[table["hops"] > 0, "n_calls"].sum()
    most = float(shown["n_calls"].max())
    first = shown.index[[not clearly_more(most, each) for each in shown["n_calls"]]]
    first = first[np.argsort(-shown.loc[first, "n_calls"].to_numpy(), kind="stable")]
    way = " and ".join(
        shortened(" → ".join(map(str, shown.loc[path, "chain"])) or path, 48) for path in first[:2]
    )
    if look.facts.cut(table) and len(first) > 2:
        return f"None of these ways has more than {percent(shown['share'].max())} of the calls"
    if look.facts.cut(table):
        return f"Most frequent of these ways: {way}, {percent(shown['share'].max())} of the calls"
    if not transferred:
        return f"No call was transferred; most were of {way}"
    share = f"{percent(transferred / every)} of the calls were transferred"
    ways = int((table["hops"] > 0).sum())
    together = percent(shown["n_calls"].sum() / transferred)
    drawn = f"; the {len(shown)} drawn are {together} of them" if len(shown) < ways else ""
    if len(first) > 2:
        none = f"none with more than {percent(most / transferred)}"
        return f"{share}, in {ways} ways, {none}{drawn or ' of them'}"
    return f"{share}, most often {way}{drawn}"


def _every(table: pd.DataFrame) -> float:
    return float(round(table["n_calls"].iloc[0] / table["share"].iloc[0]))


def _remarks(table: pd.DataFrame, drawn: pd.DataFrame, shown: pd.DataFrame, look: Look) -> list[str]:
    kind = "with a transfer" if shown["hops"].iloc[0] else "without one"
    some = f"{len(shown)} of " if len(shown) < len(drawn) else ""
    ways = f"{some}{counted(len(drawn), 'way')} {kind} ({counted(shown['n_calls'].sum(), 'call')})"
    lines = f"lines: {look.facts.interval}" if shown["positive_rate"].notna().any() else ""
    positive = "positive outcomes: ÷ calls that went this way" if lines else ""
    colors = "colors: the parties with most transfers"
    gone = table.loc[table["hops"] > 0, "n_calls"].sum()
    n = (
        f"n = {number(gone)} transferred calls of {number(_every(table))}"
        if gone
        else calls_of(_every(table))
    )
    differing = _differing(drawn, shown, look) if lines else ""
    return [n, ways, positive, differing, lines, colors, look.facts.cut(table)]


def _differing(drawn: pd.DataFrame, shown: pd.DataFrame, look: Look) -> str:
    """Return how many of the ways shown differ in their positive outcomes from all of their kind."""
    known = drawn[drawn["positive_rate"].notna()]
    overall = float(known["positive"].sum() / known["n_calls"].sum())
    standing = standing_out(shown, "positive_rate", overall, look.facts)
    if standing.groups < 2:
        return ""
    many = len(standing.beyond)
    which = f"{many or 'none'} of {standing.groups} {'differ' if many > 1 else 'differs'}"
    return f"{which} by more than chance from the {percent(overall)} of all {len(drawn)}; {standing.test}"


def _answered_alone(table: pd.DataFrame) -> float:
    """Return the rate of positive outcomes of answered calls of one party, null where it is not known.

    A call must be answered to be transferred, so that these are the ones to compare with.
    """
    alone = table[table["hops"] == 0]
    answered, positive = (float(alone[name].astype("Float64").sum()) for name in ("answered", "positive"))
    return positive / answered if answered and positive <= answered else np.nan


def _hues(table: pd.DataFrame, shown: pd.DataFrame, look: Look) -> dict[str, str]:
    """Return the colors of parties, by all transfers of the table: those of `transfer_flow`."""
    rows = zip(table["chain"], table["n_calls"], strict=True)
    busy = transfers_of_each((*pair, calls) for chain, calls in rows for pair in pairwise(chain))
    drawn = dict.fromkeys((party for chain in shown["chain"] for party in chain), 0)
    return look.hues(drawn | busy)


def _chevrons(ax: Axes, table: pd.DataFrame, shown: pd.DataFrame, steps: int, look: Look) -> list[Fit]:
    hues = _hues(table, shown, look)
    tones, texts = tones_of(ax, inside=True), []
    for row, (path, chain) in enumerate(shown["chain"].items()):
        if not chain:
            ax.text(0.05, row, shortened(path), va="center", color=tones.muted, fontsize=look.small)
        for step, party in enumerate(chain if len(chain) <= steps else chain[: steps - 1]):
            texts.append(_chevron(ax, row, step, shortened(party, _LETTERS), hues[party]))
        if len(chain) > steps:
            texts.append(_chevron(ax, row, steps - 1, f"+ {len(chain) - steps + 1} more", tones.grid))
    return [CellTexts(texts, look.small, width=0.86, height=0.58, cut=True)]


def _chevron(ax: Axes, row: int, step: int, text: str, color: str) -> Text:
    left, right, top, bottom = step, step + 0.97, row - 0.36, row + 0.36
    notch = left + (_TIP if step else 0)
    corners = [(left, top), (right, top), (right + _TIP, row), (right, bottom), (left, bottom), (notch, row)]
    edge = tones_of(ax, inside=True).paper
    ax.add_patch(Polygon(corners, closed=True, facecolor=color, edgecolor=edge, linewidth=0.8))
    place = (notch + right + _TIP / 2) / 2
    return ax.text(place, row, text, ha="center", va="center", color=ink_on(color))


def _counts(
    ax: Axes,
    shown: pd.DataFrame,
    drawn: pd.DataFrame,
    room: tuple[float, float],
    *,
    begins: NDArray[np.float64],
    look: Look,
) -> list[Fit]:
    """Write the share and the number of the calls of each row, so far from the left of the room for them."""
    left, width = room
    transferred = bool(shown["hops"].iloc[0])
    heading = "of transferred calls" if transferred else "of all calls"
    above = ax.text(left, -1.2, heading, color=tones_of(ax, inside=True).muted, va="center")
    shares = shown["n_calls"] / drawn["n_calls"].sum() if transferred else shown["share"]
    texts = [
        ax.text(left + begin, row, f"{percent(share)} · {number(calls)}", va="center")
        for row, (begin, share, calls) in enumerate(zip(begins, shares, shown["n_calls"], strict=True))
    ]
    return [
        CellTexts(texts, look.small, width=width - float(begins.max()), height=0.9),
        CellTexts([above], look.small, width=width, height=0.7),
    ]


def _rates(
    ax: Axes, shown: pd.DataFrame, answered: float, room: tuple[float, float], look: Look
) -> list[Fit]:
    """Draw rates of positive outcomes; lines are their intervals. The scale ends where they do."""
    left, width = room
    tones = tones_of(ax, inside=True)
    heading = ax.text(left, -1.2, "positive outcomes", color=tones.muted, va="center")
    most = float(np.nanmax(shown["positive_rate_high"].to_numpy(dtype=np.float64)))
    end = next(each for each in (0.1, 0.25, 0.5, 1.0) if most <= each or each == 1.0)
    scale, bottom = 0.68 * width / end, len(shown) - 0.45
    ticks = []
    for tick in (0, end / 2, end):
        ax.plot([left + tick * scale] * 2, [-0.45, bottom], color=tones.grid, linewidth=0.8, zorder=0)
        words = f"{100 * tick:g} %"
        ticks.append(
            ax.text(left + tick * scale, bottom + 0.1, words, color=tones.muted, ha="center", va="top")
        )
    rows = np.arange(len(shown))
    low, high = (left + shown[f"positive_rate_{side}"] * scale for side in ("low", "high"))
    ax.hlines(rows, low, high, color=tones.muted)
    ax.plot(left + shown["positive_rate"] * scale, rows, "o", color=tones.ink, markersize=4)
    texts = [
        ax.text(left + 0.72 * width, row, percent(rate), va="center")
        for row, rate in enumerate(shown["positive_rate"])
    ]
    fits: list[Fit] = [
        CellTexts(texts, look.small, width=0.28 * width, height=0.9),
        CellTexts([heading], look.small, width=width, height=0.7),
        CellTexts(ticks, look.small, width=0.3 * width, height=0.75),
    ]
    alone = (shown["positive_rate"] / shown["lift"]).dropna()
    if len(alone) and alone.iloc[0] <= end:
        place = left + alone.iloc[0] * scale
        ax.plot([place] * 2, [-0.45, bottom + 0.55], color=tones.ink, linewidth=1, linestyle=":", zorder=1)
        notes = [f"not transferred: {percent(alone.iloc[0])} (dotted)"]
        if not np.isnan(answered) and answered <= end:
            place = left + answered * scale
            ax.plot([place] * 2, [-0.45, bottom], color=tones.ink, linewidth=1, linestyle="--", zorder=1)
            notes.append(f"of these answered: {percent(answered)} (dashed)")
        written = [
            ax.text(left, bottom + 0.9 + 0.75 * row, words, ha="left", va="top")
            for row, words in enumerate(notes)
        ]
        fits.append(CellTexts(written, look.small, width=width, height=0.75))
    return fits
