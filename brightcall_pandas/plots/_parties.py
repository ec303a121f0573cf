"""Who passes calls on, and who gets them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from brightcall_pandas.plots._colors import ORANGE, tones_of
from brightcall_pandas.plots._fitting import EndTexts, RowLabels
from brightcall_pandas.plots._formats import NOT_KNOWN, counted, number, of_all, percent
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._limits import ALIKE, chance_band
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import aside
from brightcall_pandas.plots._rows import FLAG
from brightcall_pandas.plots._text import Key

__all__ = ["transfer_parties"]

_ROWS = 20


@picture
def transfer_parties(table: pd.DataFrame, look: Look) -> Axes:
    """Draw how many calls each party passed on, and how many it was passed.

    Parameters
    ----------
    table
        Table returned by `analysis.transfer_parties`.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each of the twenty parties with most transfers: to the left those by it, to the right those
        to it, and beside it the share of its calls that it passed on. The title names who passes on more than
        others by more than chance.
    """
    busy = table["received"] + table["transferred_on"]
    some = table[busy > 0]
    if some.empty:
        return no_data(look, "Transfers by party", "no calls" if table.empty else "no transfers")
    shown = _chosen(some, look)
    ax = look.axes(height=1.7 + look.row_height() * len(shown))
    tones, places = tones_of(ax, inside=True), np.arange(len(shown))
    ax.barh(places, -shown["transferred_on"], color=ORANGE, height=0.72)
    ax.barh(places, shown["received"], color=look.hue, height=0.72)
    ax.axvline(0, color=tones.ink, linewidth=0.8)
    _counts(ax, shown, look)
    labels = [label_of(each) for each in shown.index]
    ax.set_yticks(places, labels, fontsize=look.small)
    ax.set_ylim(len(shown) - 0.4, -1.15)
    ax.tick_params(axis="y", length=0)
    most = float(max(shown["transferred_on"].max(), shown["received"].max(), 1))
    # The axis is longer than its ticks, where there is text beside the bars.
    ticks = [tick for tick in MaxNLocator(5, integer=True).tick_values(-most, most) if abs(tick) <= most]
    ax.set_xticks(ticks, [number(abs(tick)) for tick in ticks])
    ax.set_xlabel("transfers")
    had = shown["started"] + shown["received"]
    mean, low, high, beyond = _limits(table)
    places_of = table.index.get_indexer(shown.index)
    rates, heading = aside(
        ax,
        [
            f"{percent(on / of) if of else NOT_KNOWN} of {number(of)}"
            f" ({100 * low[place]:.1f}–{100 * high[place]:.1f}){f' {FLAG}' if beyond[place] else ''}"
            for on, of, place in zip(shown["transferred_on"], had, places_of, strict=True)
        ],
        "passed on (limits of chance, %)",
        look,
    )
    reach = 1.22 * most
    return headed(
        ax,
        look,
        _finding(table),
        look.facts.lines(
            "passed on: transfers by it ÷ times that it had a call, first or by a transfer",
            f"limits of chance: where 99.8 % of parties lie who all pass on {percent(mean)}",
            f"{FLAG}: beyond them" if beyond[places_of].any() else "",
            f"n = {counted(table['transferred_on'].sum(), 'transfer')}",
            of_all(len(shown), len(some), "parties with transfers"),
            look.facts.cut(table),
        ),
        form="Two bars for each party, to the left what it passed on, to the right what it was passed",
        key=[Key("passed on", ORANGE), Key("was passed", look.hue)],
        fits=[
            RowLabels(labels, look.small),
            EndTexts(rates, [reach] * len(rates), -reach, reach, aligned=True, heading=heading),
        ],
    )


def _counts(ax: Axes, shown: pd.DataFrame, look: Look) -> None:
    """Write at the end of each bar how many transfers it stands for."""
    ink = tones_of(ax, inside=True).ink
    for name, sign, side in (("transferred_on", -1, "right"), ("received", 1, "left")):
        for place, count in enumerate(shown[name]):
            ax.annotate(
                number(count),
                (sign * count, place),
                (4 * sign, 0),
                textcoords="offset points",
                va="center",
                ha=side,
                fontsize=look.small,
                color=ink,
                in_layout=False,
            )


def _chosen(some: pd.DataFrame, look: Look) -> pd.DataFrame:
    """Return the parties to draw, in order."""
    busy = some["received"] + some["transferred_on"]
    largest = some.loc[busy.sort_values(ascending=False, kind="stable").index[: look.rows(_ROWS)]]
    if look.sort == "name":
        return largest.sort_index()
    if look.sort == "table":
        return some[some.index.isin(largest.index)]
    if look.sort == "calls":
        return largest.sort_values("n_calls", ascending=False, kind="stable")
    return largest


def _finding(table: pd.DataFrame) -> str:
    mean, _, _, beyond = _limits(table)
    if not beyond.any():
        return f"Parties pass on {percent(mean)} of the calls they have; none differs by more than chance"
    rates = _rates(table)
    most = int(np.argmax(np.where(beyond, np.abs(rates - mean), -1)))
    way = "above" if rates[most] > mean else "below"
    told = f"{label_of(table.index[most], 30)} passes on {percent(rates[most])} of the calls it has"
    if beyond.sum() > 1:
        some = f"{beyond.sum()} parties pass on more or fewer calls than chance explains"
        return f"{some}: {told}, all {percent(mean)}"
    return f"{told}, {way} the {percent(mean)} of all by more than chance"


def _rates(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return which part of the calls that a party had it passed on; null of a party that had none."""
    had = (table["started"] + table["received"]).to_numpy(dtype=np.float64)
    on = table["transferred_on"].to_numpy(dtype=np.float64)
    return np.asarray(np.divide(on, had, out=np.full_like(on, np.nan), where=had > 0))


def _limits(
    table: pd.DataFrame,
) -> tuple[float, NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return the rate of all parties, the limits of chance of each, and who lies beyond them."""
    had = (table["started"] + table["received"]).to_numpy(dtype=np.float64)
    mean = float(table["transferred_on"].sum() / had.sum())
    low, high = chance_band(mean, np.where(had > 0, had, np.nan), ALIKE)
    rates = _rates(table)
    return mean, low, high, (rates > high) | (rates < low)
