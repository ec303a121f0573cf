"""Who passes calls on, and who gets them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from brightcall_pandas.plots._colors import tones_of
from brightcall_pandas.plots._formats import NOT_KNOWN, counted, number, of_all, percent
from brightcall_pandas.plots._labels import label_of
from brightcall_pandas.plots._limits import ALIKE, chance_band
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._rows import dot_rows, flag_key
from brightcall_pandas.plots._text import Key

__all__ = ["transfer_parties"]

_ROWS = 20


@picture
def transfer_parties(table: pd.DataFrame, look: Look) -> Axes:
    """Draw which share of its calls each party passed on.

    Parameters
    ----------
    table
        Table returned by `analysis.transfer_parties`.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each of twenty parties, those beyond chance and those with most transfers, the highest
        rate on top: a dot for the share of its calls that it passed on, a line for the limits of chance,
        and at the right how many of how many that are and how many calls it was passed. The title names
        who passes on more or fewer than others by more than chance.
    """
    busy = table["received"] + table["transferred_on"]
    some = table[busy > 0]
    if some.empty:
        return no_data(look, "Transfers by party", "no calls" if table.empty else "no transfers")
    mean, low, high, beyond = _limits(table)
    shown = _chosen(some, beyond[(busy > 0).to_numpy()], look)
    places = table.index.get_indexer(shown.index)
    flags = [bool(each) for each in beyond[places]]
    counts = zip(
        shown["transferred_on"], shown["started"] + shown["received"], shown["received"], strict=True
    )
    ax, fits = dot_rows(
        [label_of(each) for each in shown.index],
        pd.Series(_rates(shown)),
        [
            f"{percent(on / of) if of else NOT_KNOWN} · {number(on)} of {number(of)} ({number(got)})"
            for on, of, got in counts
        ],
        look,
        intervals=pd.DataFrame({"low": low[places], "high": high[places]}),
        metric="share",
        heading="passed on (was passed)",
        beyond=flags if any(flags) else None,
        whole=mean,
    )
    ax.set_xlabel("share of its calls that a party passed on")
    key = [Key("passed on", look.hue, "dot"), Key("limits of chance", tones_of(ax, inside=True).rule, "line")]
    return headed(
        ax,
        look,
        _finding(table),
        look.facts.lines(
            "passed on ÷ times that it had a call, first or by a transfer; in brackets: transfers to it",
            f"dashed: {percent(mean)} of all",
            "limits of chance: within them lie 99.8 % of parties who are all alike",
            f"n = {counted(table['transferred_on'].sum(), 'transfer')}",
            of_all(len(shown), len(some), "parties with transfers").replace("largest ", ""),
            look.facts.cut(table),
        ),
        form="A dot for each party, for the share that it passed on, on the line of the limits of chance",
        key=[*key, *(replace(each, mark="dot") for each in flag_key(flags, look))],
        fits=fits,
    )


def _chosen(some: pd.DataFrame, beyond: NDArray[np.bool_], look: Look) -> pd.DataFrame:
    """Return the parties to draw, in order: those beyond chance, whom the title is about, and the busiest."""
    busy = some["received"] + some["transferred_on"]
    order = np.lexsort((-busy.to_numpy(dtype=np.float64), ~beyond))
    largest: pd.DataFrame = some.iloc[order[: look.rows(_ROWS)]]
    if look.sort == "name":
        return largest.sort_index()
    if look.sort == "table":
        return some[some.index.isin(largest.index)]
    by = largest["n_calls"] if look.sort == "calls" else pd.Series(_rates(largest), largest.index)
    return largest.loc[by.sort_values(ascending=False, kind="stable", na_position="last").index]


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
