"""A metric as it was reported, and as it is known now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._choice import chosen_rows
from brightcall_pandas.plots._colors import tones_of
from brightcall_pandas.plots._formats import (
    amounts,
    counted,
    defined,
    is_rate,
    is_seconds,
    number,
    signed,
    words_of,
)
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._rows import dot_rows, named_group, row_labels
from brightcall_pandas.plots._text import Key

__all__ = ["restated"]

_ROWS = 30
_TOPIC = "As reported and now"


@picture
def restated(table: pd.DataFrame, look: Look) -> Axes:
    """Draw a metric of each group as it was reported, and as it is known now.

    Parameters
    ----------
    table
        Table returned by ``df.calls.restated``.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each group, the largest change on top: a hollow dot for the metric as it was known when it
        was reported, a dot for what it is now, a line between them, and at the right both values. Of more
        than 30 groups the largest are drawn.
    """
    metric = _metric(table)
    told = table[table[[f"{metric}_other", metric]].notna().any(axis=1)]
    if told.empty:
        return no_data(look, _TOPIC)
    sizes = told[["n_calls_other", "n_calls"]].max(axis=1)
    shown, hidden = chosen_rows(told, look, sizes, told[f"{metric}_change"].abs(), usual=_ROWS)
    before, after = (shown[name].to_numpy(dtype=np.float64) for name in (f"{metric}_other", metric))
    then = table["n_calls_other"].sum()
    ends = pd.DataFrame({"low": np.fmin(before, after), "high": np.fmax(before, after)})
    # With two decimals: whether 0.1 points changed cannot be told from one.
    texts = [" → ".join(_said(pair, metric, 2)) for pair in zip(before, after, strict=True)]
    labels = ["all calls" if table.index.name == "all calls" else each for each in row_labels(shown.index)]
    ax, fits = dot_rows(
        labels,
        shown[metric],
        texts,
        look,
        intervals=ends,
        metric=metric,
        raw=shown[f"{metric}_other"],
        heading="reported → now",
    )
    ax.set_xlabel(words_of(metric))
    return headed(
        ax,
        look,
        _finding(shown, metric, _reported_on(table)),
        look.facts.lines(
            defined(metric),
            _moment(table),
            f"n = {counted(table['n_calls'].sum(), 'call')}, {number(then)} when reported",
            hidden,
            look.facts.cut(table),
        ),
        form="A hollow dot for the value as reported and a dot for the value now, for each group",
        key=[Key("as reported", tones_of(ax).muted, "ring"), Key("now", look.hue, "dot")],
        fits=fits,
    )


def _metric(table: pd.DataFrame) -> str:
    """Return the metric that the table has then and now."""
    names = [str(name).removesuffix("_change") for name in table if str(name).endswith("_change")]
    return names[-1]


def _said(pair: Sequence[float], metric: str, places: int = 1) -> list[str]:
    """Return a value as it was reported and as it is now, in words."""
    told = [f"{100 * each:.{places}f} %" for each in pair] if is_rate(metric) else amounts(pair, metric)
    return ["none" if np.isnan(each) else words for each, words in zip(pair, told, strict=True)]


def _moment(table: pd.DataFrame) -> str:
    said = table.attrs.get("brightcall") or {}
    return f"reported: as known on {str(said['as_of'])[:16].replace('T', ' ')}" if said.get("as_of") else ""


def _reported_on(table: pd.DataFrame) -> str:
    """Return ``as reported on 31 March``, without the day where the table does not have it."""
    as_of = (table.attrs.get("brightcall") or {}).get("as_of")
    if not as_of:
        return "as reported"
    day = date.fromisoformat(str(as_of)[:10])
    return f"as reported on {day.day} {day:%B}"


def _finding(shown: pd.DataFrame, metric: str, reported: str) -> str:
    """Return which group changed most."""
    changes = shown[f"{metric}_change"].to_numpy(dtype=np.float64)
    words = words_of(metric)
    if not np.nan_to_num(changes).any():
        return f"The {words} is what was reported"
    most = int(np.nanargmax(np.abs(changes)))
    row = shown.iloc[most]
    before, after = _said([row[f"{metric}_other"], row[metric]], metric)
    both = f"{before} {reported}, {after} now"
    if is_rate(metric):
        size = f"{signed(100 * changes[most], 1)} points"
    else:
        size = f"{signed(changes[most], 0)}{' s' if is_seconds(metric) else ''}"
    if shown.index.name == "all calls":
        return f"{words[:1].upper()}{words[1:]}: {both} ({size})"
    # What is less is not seen on the axis; rounded, since 0.3 − 0.299 is a little less than 0.001.
    least, by = (0.001, " by 0.1 points or more") if is_rate(metric) else (1.0, "")
    by = " by 1 s or more" if is_seconds(metric) else by
    moved = int((np.abs(np.nan_to_num(changes)).round(9) >= least).sum())
    name = named_group(shown.index[most], shown.index)
    return f"{moved} of {len(shown)} groups changed{by}, {name} most: {words} {both} ({size})"
