"""Where clients are, by the countries of their numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.frame import NONE, country_name
from brightcall_pandas.plots._colors import GRAY
from brightcall_pandas.plots._formats import calls_of, counted, number, percent, signed
from brightcall_pandas.plots._labels import shortened
from brightcall_pandas.plots._limits import clearly_more
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._rows import bar_rows, interval_of
from brightcall_pandas.plots._standing import differ

__all__ = ["by_country"]

_TOPIC = "Calls by country"
_ROWS = 20


@picture
def by_country(table: pd.DataFrame, look: Look) -> Axes:
    """Draw where clients are, by the countries of their numbers.

    Parameters
    ----------
    table
        Table returned by ``analysis.breakdown(df, "country")``.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each country, most calls first: its share of all calls, and beside it the calls and their
        answer rate with its interval. Calls whose client or country is not known are a gray bar at the end.
        Of more than twenty countries the largest are drawn, and the others as one bar. Of one country, and
        calls of none, the answer rates are drawn: there are no shares to compare.
    """
    if table.empty or not table["n_calls"].sum():
        return no_data(look, _TOPIC)
    every = table["n_calls"].sum()
    known, nobody = table[table.index != NONE], table[table.index == NONE]
    if len(known) == len(nobody) == 1 and "answer_rate" in table and table["answer_rate"].notna().all():
        return _one_country(pd.concat([known, nobody]), every, look)
    if look.sort == "name":
        known = known.sort_index()
    elif look.sort == "value" and "answer_rate" in known:
        known = known.sort_values("answer_rate", ascending=False, kind="stable")
    elif look.sort != "table":
        known = known.sort_values("n_calls", ascending=False, kind="stable")
    most = look.rows(_ROWS)
    shown, rest = known.iloc[:most], known.iloc[most:]
    labels = [_country(each) for each in shown.index]
    counts, texts = shown["n_calls"].tolist(), [_text(row) for _, row in shown.iterrows()]
    if len(rest):
        labels.append(f"{len(rest)} other countries" if len(rest) > 1 else "another country")
        counts.append(rest["n_calls"].sum())
        texts.append(number(counts[-1]))
    muted = [look.hue] * len(shown) + [GRAY] * (len(counts) - len(shown))
    if len(nobody):
        labels.append("not known")
        counts.append(nobody["n_calls"].sum())
        texts.append(_text(nobody.iloc[0]))
        muted.append(GRAY)
    ax, fits = bar_rows(
        labels, [count / every for count in counts], texts, look, colors=muted, unit="share of calls"
    )
    return headed(
        ax,
        look,
        _finding(known, every),
        look.facts.lines(
            "country: that of the client's number",
            f"beside each bar: its calls, and how many were answered with the {look.facts.interval}"
            if "answer_rate" in table
            else "",
            look.facts.mixed("answer_rate") if "answer_rate" in table else "",
            calls_of(every),
        ),
        form="A bar for each country, as long as its share of the calls",
        fits=fits,
    )


def _one_country(table: pd.DataFrame, every: float, look: Look) -> Axes:
    """Draw the answer rate of the one country that is known, and that of the calls of none."""
    rates, counts = table["answer_rate"], table["n_calls"]
    intervals = interval_of(table, "answer_rate") if "answer_rate_low" in table else None
    shares = [percent(count / every) for count in counts]
    rows = zip(rates, counts, shares, strict=True)
    country = _country(table.index[0])
    ax, fits = bar_rows(
        [country, "not known"],
        rates,
        [f"{percent(rate)} of {counted(count, 'call')} ({share} of all)" for rate, count, share in rows],
        look,
        metric="answer_rate",
        intervals=intervals,
        colors=[look.hue, GRAY],
        unit="answer rate",
    )
    title = f"{shares[0]} of the calls are with clients in {country}: {percent(rates.iloc[0])} answered"
    title += f", {percent(rates.iloc[1])} where no country is known"
    chance = ""
    if intervals is not None and intervals.notna().all(axis=None):
        apart = differ(table.iloc[0], table.iloc[1], "answer_rate", len(table), look.facts)
        title += ", further apart than chance explains" if apart else ", no more apart than by chance"
        reach = np.linalg.norm((intervals["high"] - intervals["low"]) / 2)
        gap = signed(100 * (rates.iloc[0] - rates.iloc[1]), 1)
        chance = f"difference: {gap} ± {100 * reach:.1f} percentage points ({look.facts.interval})"
    return headed(
        ax,
        look,
        title,
        look.facts.lines(
            "answered ÷ calls, by the country of the client's number",
            look.facts.mixed("answer_rate"),
            f"whiskers: {look.facts.interval}" if intervals is not None else "",
            chance,
            calls_of(every),
        ),
        form="A bar for the country and one for calls of none, as long as their answer rates",
        fits=fits,
    )


def _country(code: object) -> str:
    """Return a country as people call it; a name that is none of the codes stays as it is."""
    return shortened(country_name(str(code)))


def _text(row: pd.Series) -> str:
    words = f"{number(row['n_calls'])}"
    if pd.isna(row.get("answer_rate")):
        return words
    ends = (
        ""
        if pd.isna(row.get("answer_rate_low"))
        else f" ({100 * row['answer_rate_low']:.0f}–{100 * row['answer_rate_high']:.0f})"
    )
    return f"{words} calls, {percent(row['answer_rate'])}{ends} answered"


def _finding(known: pd.DataFrame, every: float) -> str:
    if known.empty:
        return "The country of no client is known"
    first = known["n_calls"].idxmax()
    share = percent(known["n_calls"].max() / every)
    if len(known) == 1:
        return f"{share} of the calls are with clients in {_country(first)}; no other country is known"
    second = known["n_calls"].nlargest(2).iloc[-1]
    most = f", the most of {len(known)} countries" if clearly_more(known["n_calls"].max(), second) else ""
    return f"{share} of the calls are with clients in {_country(first)}{most}"
