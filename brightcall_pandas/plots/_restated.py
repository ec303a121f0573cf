"""A metric as it was reported, and as it is known now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brightcall_pandas.plots._changes import change_of, scale_of
from brightcall_pandas.plots._choice import chosen_rows
from brightcall_pandas.plots._formats import (
    amounts,
    counted,
    defined,
    is_rate,
    is_seconds,
    number,
    sentence_case,
    words_of,
)
from brightcall_pandas.plots._labels import is_none
from brightcall_pandas.plots._picture import Look, headed, no_data, picture
from brightcall_pandas.plots._rows import change_rows, named_group, row_labels

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
        A row for each group, the largest change on top: a dot for how much the metric changed since it was
        reported, on a line from no change, and at the right both values and the calls. Of more than 30 groups
        the largest are drawn. The last row is that of all calls, where the table tells it.
    """
    metric = _metric(table)
    told = table[table[[f"{metric}_other", metric]].notna().any(axis=1)]
    if told.empty:
        return no_data(look, _TOPIC)
    sizes = told[["n_calls_other", "n_calls"]].max(axis=1)
    shown, hidden = chosen_rows(told, look, sizes, told[f"{metric}_change"].abs(), usual=_ROWS)
    before, after = (shown[name].to_numpy(dtype=np.float64) for name in (f"{metric}_other", metric))
    scale, unit = scale_of(metric, shown)
    changes = shown[f"{metric}_change"].to_numpy(dtype=np.float64) * scale
    # With two decimals: whether 0.1 points changed cannot be told from one.
    texts = [" → ".join(_said(pair, metric, 2)) for pair in zip(before, after, strict=True)]
    counts = [_both(*pair) for pair in zip(shown["n_calls_other"], shown["n_calls"], strict=True)]
    labels = ["all calls" if table.index.name == "all calls" else each for each in row_labels(shown.index)]
    muted = look.tones.muted
    colors = [muted if is_none(label) else look.hue for label in shown.index]
    of_all = _of_all(table)
    if of_all is not None:
        labels.append("all")
        changes = np.append(changes, (of_all[1] - of_all[0]) * scale)
        texts.append(" → ".join(_said(of_all, metric, 2)))
        counts.append(_both(*(look.facts.total(table, name) for name in ("n_calls_other", "n_calls"))))
        colors.append(look.tones.ink)
    if metric != "n_calls":
        texts = [f"{text} ({calls})" for text, calls in zip(texts, counts, strict=True)]
    ax, fits = change_rows(
        labels,
        changes,
        texts,
        look,
        lines=(np.where(np.isnan(changes), np.nan, 0.0), changes),
        colors=colors,
        heading="reported → now" if metric == "n_calls" else "reported → now (calls)",
    )
    unit = ", percentage points" if is_rate(metric) else unit and f",{unit}"
    ax.set_xlabel(f"change of the {words_of(metric)}{unit}")
    then, now = (_moment(table, name) for name in ("as_of", "loaded_at"))
    return headed(
        ax,
        look,
        _finding(shown, metric, then, now, of_all),
        look.facts.lines(
            f"{defined(metric)}, now minus then",
            f"reported: as known on {_day(then)} {then:%Y, %H:%M}" if then else "",
            f"now: {_day(now)} {now:%Y, %H:%M}" if now else "",
            *_calls(table, look),
            hidden,
            look.facts.cut(table),
        ),
        form="A dot for the change of each group, on a line from no change",
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


def _of_all(table: pd.DataFrame) -> Sequence[float] | None:
    """Return the metric of all calls then and now, where the table has groups and tells it."""
    told = table.attrs.get("all")
    return None if told is None or len(table) < 2 or np.isnan(told).any() else told


def _both(there: float, here: float) -> str:
    """Return the calls of a row then and now, once where they are as many."""
    return number(here) if there == here else f"{number(there)} → {number(here)}"


def _moment(table: pd.DataFrame, name: str) -> datetime | None:
    """Return when the calls were known as they are on one side, where the table has it."""
    told = (table.attrs.get("brightcall") or {}).get(name)
    return datetime.fromisoformat(str(told)) if told else None


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B}"


def _calls(table: pd.DataFrame, look: Look) -> list[str]:
    """Return how many calls there are and were, and what became of the others."""
    then, now = (look.facts.total(table, name) for name in ("n_calls_other", "n_calls"))
    n = f"n = {counted(now, 'call')}, {number(then)} when reported"
    if now < then:
        return [n, f"{counted(then - now, 'call')} gone since: the server lists them no longer"]
    return [n, f"{counted(now - then, 'call')} came later" if now > then else ""]


def _finding(
    shown: pd.DataFrame,
    metric: str,
    then: datetime | None,
    now: datetime | None,
    of_all: Sequence[float] | None,
) -> str:
    """Return how the metric of all calls changed, where that is known, and which group changed most."""
    changes = shown[f"{metric}_change"].to_numpy(dtype=np.float64)
    words = words_of(metric)
    if not np.nan_to_num(changes).any():
        return f"The {words} is what was reported"
    named = np.array([not is_none(label) for label in shown.index], dtype=bool)
    sizes = np.nan_to_num(np.abs(changes))
    # What has no name is told only where nothing else has changed.
    most = int(np.argmax(sizes * named if (sizes * named).any() else sizes))
    row, scale = shown.iloc[most], scale_of(metric, shown)
    alone = shown.index.name == "all calls"
    pair = of_all if of_all is not None else [row[f"{metric}_other"], row[metric]]
    before, after = _said(pair, metric)
    reported = f"as reported on {_day(then)}" if then else "as reported"
    since = f"on {_day(now)}" if now else "now"
    both = f"{before} {reported}, {after} {since} ({change_of(pair[1] - pair[0], scale)})"
    if of_all is not None and before == after:
        both = f"{before} {reported} and {since}"
    if alone:
        return f"{sentence_case(words)}: {both}"
    # What is less is no matter for a report; rounded, since 0.3 − 0.299 is a little less than 0.001.
    least, by = (0.001, " by 0.1 points or more") if is_rate(metric) else (1.0, "")
    by = " by 1 s or more" if is_seconds(metric) else by
    moved = int((np.abs(np.nan_to_num(changes)).round(9) >= least).sum())
    name = named_group(shown.index[most], shown.index)
    most_of = f"{moved} of {len(shown)} groups changed{by}, {name} most"
    if of_all is not None:
        return f"{sentence_case(words)} of all: {both}; {most_of} ({change_of(changes[most], scale)})"
    return f"{most_of}: {words} {both}"
