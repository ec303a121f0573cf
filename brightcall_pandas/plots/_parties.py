"""Who passes calls on, and who gets them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from brightcall_pandas.plots._colors import BLUE, ORANGE, tones_of
from brightcall_pandas.plots._fitting import EndTexts, RowLabels
from brightcall_pandas.plots._formats import counted, number, of_all, percent
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._limits import ALIKE, chance_band
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._placed import aside
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
    ax.barh(places, shown["received"], color=BLUE, height=0.72)
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
    rates, heading = aside(
        ax,
        [
            f"{percent(on / of)} (of {number(of)})"
            for on, of in zip(shown["transferred_on"], had, strict=True)
        ],
        "passed on",
        look,
    )
    reach = 1.22 * most
    return headed(
        ax,
        look,
        _finding(table),
        look.facts.lines(
            "passed on: transfers by it ÷ times that it had a call, first or by a transfer",
            "beyond chance: above where 99.8 % of parties lie who are alike",
            f"n = {counted(table['transferred_on'].sum(), 'transfer')}",
            of_all(len(shown), len(some), "parties with transfers"),
            look.facts.cut(table),
        ),
        form="Two bars for each party, to the left what it passed on, to the right what it was passed",
        key=[Key("passed on", ORANGE), Key("was passed", BLUE)],
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
    had = (table["started"] + table["received"]).to_numpy(dtype=np.float64)
    on = table["transferred_on"].to_numpy(dtype=np.float64)
    mean = on.sum() / had.sum()
    _, high = chance_band(mean, np.where(had > 0, had, np.nan), ALIKE)
    rates = np.divide(on, had, out=np.zeros_like(on), where=had > 0)
    beyond = np.flatnonzero(rates > high)
    if not len(beyond):
        return f"Parties pass on {percent(mean)} of the calls they have, none more than chance explains"
    most = beyond[np.argmax(rates[beyond])]
    share = f"passes on {percent(rates[most])} of the calls it has, all together {percent(mean)}"
    return f"{label_of(table.index[most], 30)} {share}"
