"""The figures above all views, each against all calls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from brightcall_pandas.analysis import Metric, MetricOfRows, ratio
from brightcall_pandas.explorer._crossfilter import Crossfilter
from brightcall_pandas.explorer._selection import Selection

__all__ = ["UNKNOWN", "KeyFigures", "duration"]

UNKNOWN = "not known"
"""What is shown for a figure without a value, which is not 0."""


class KeyFigures:
    """The line above all views: calls, answer rate, mean and total talk time, each against all calls.

    Parameters
    ----------
    cross
        Which rows pass; all of them do so far.
    metrics
        Further figures.
    """

    def __init__(self, cross: Crossfilter, metrics: Sequence[MetricOfRows] = ()) -> None:
        self._cross = cross
        self._metrics = [(each, each.of(None)) for each in metrics]
        calls = cross.calls
        self._answered = None
        if calls.has("state"):
            self._answered = calls.encoded("state").meaning["state"].eq("answered").to_numpy(dtype=bool)
        if calls.has("talkTime"):
            talk = calls.typed("talkTime").to_numpy(dtype=np.float64, na_value=np.nan)
            self._known = ~np.isnan(talk)
            self._has_mean = self._known
            if self._answered is not None:
                self._has_mean = self._known & self._answered[calls.encoded("state").codes]
            self._talk = np.nan_to_num(talk)
            self._talk_answered = np.where(self._has_mean, self._talk, 0.0)
        self._counted: tuple[Selection, dict[str, float]] | None = None
        self._all_calls = self.current()

    def current(self) -> dict[str, float]:
        """Return the figures of the rows that pass.

        Returns
        -------
        dict
            ``n_calls``; where the columns are there also ``answer_rate`` (answered ÷ calls),
            ``talk_time_total_s`` (all calls whose talk time is known; null without any),
            ``talk_time_unknown`` (calls whose talk time is not known) and ``talk_time_mean_s`` (answered
            calls whose talk time is known; all such calls in a frame without states).
        """
        if self._counted is None or self._counted[0] is not self._cross.selection:
            self._counted = self._cross.selection, self._count()
        return self._counted[1]

    def _count(self) -> dict[str, float]:
        n_calls = self._cross.count()
        known: dict[str, float] = {"n_calls": n_calls}
        if self._answered is not None:
            answered = self._cross.counts("state")[self._answered].sum()
            known["answer_rate"] = float(ratio([answered], [n_calls])[0])
        if self._cross.calls.has("talkTime"):
            rows = self._cross.rows()
            chosen = slice(None) if rows is None else rows
            count = np.count_nonzero(self._has_mean[chosen])
            n_known = int(np.count_nonzero(self._known[chosen]))
            known["talk_time_unknown"] = n_calls - n_known
            known["talk_time_total_s"] = float(self._talk[chosen].sum()) if n_known else np.nan
            known["talk_time_mean_s"] = float(ratio([self._talk_answered[chosen].sum()], [count])[0])
        return known

    def sentence(self) -> str:
        """Return calls and answer rate in words, with the difference from all calls in points."""
        now = self.current()
        text = f"{now['n_calls']:,.0f} of {self._all_calls['n_calls']:,.0f} calls"
        if np.isnan(now.get("answer_rate", np.nan)):
            return text
        points = self._points(now)
        return f"{text}, answer rate {100 * now['answer_rate']:.0f} %{f' ({points})' if points else ''}"

    def cards(self) -> list[dict[str, str]]:
        """Return the figures one by one: label, value, and comparison with all calls."""
        now, all_calls = self.current(), self._all_calls
        share = f"of {all_calls['n_calls']:,.0f} ({_percent(now['n_calls'], all_calls['n_calls'])})"
        cards = [_card("Calls", f"{now['n_calls']:,.0f}", share)]
        if "answer_rate" in now:
            rate = now["answer_rate"]
            known = not np.isnan(rate)
            cards.append(
                _card(
                    "Answer rate",
                    f"{100 * rate:.0f} %" if known else UNKNOWN,
                    self._points(now) if known else "",
                )
            )
        if "talk_time_mean_s" in now:
            mean, total = now["talk_time_mean_s"], now["talk_time_total_s"]
            change = mean - all_calls["talk_time_mean_s"]
            share = "" if np.isnan(total) else _percent(total, all_calls["talk_time_total_s"])
            lacking = f"{now['talk_time_unknown']:,.0f} not known" if now["talk_time_unknown"] else ""
            cards += [
                _card("Mean talk time", duration(mean), self._against(change, "s")),
                _card("Total talk time", duration(total), "; ".join(filter(None, (share, lacking)))),
            ]
        rows = self._cross.rows()
        return cards + [
            self._card_of_metric(each.metric, each.of(rows), of_all) for each, of_all in self._metrics
        ]

    def _card_of_metric(self, metric: Metric, value: float, of_all: float) -> dict[str, str]:
        """Return the card of a metric, against its value of all calls."""
        told = metric.definition
        change = value - of_all
        if np.isnan(value):
            shown, against = UNKNOWN, ""
        elif metric.unit == "share":
            shown, against = f"{100 * value:.1f} %", self._against(100 * change, "points", digits=1)
        elif told.unit == "s" and told.denominator is not None:
            shown, against = duration(value), self._against(change, "s")
        elif told.denominator is None:
            shown = duration(value) if told.unit == "s" else f"{value:,.12g}"
            against = _percent(value, of_all)
        else:
            shown, against = f"{value:,.3g}", f"{of_all:,.3g} for all calls"
        label = metric.title or metric.name[:1].upper() + metric.name[1:].replace("_", " ")
        return _card(label, shown, against if not np.isnan(change) else "", f"{told.title}: {metric.formula}")

    def _points(self, now: dict[str, float]) -> str:
        change = round(100 * now["answer_rate"]) - round(100 * self._all_calls["answer_rate"])
        return self._against(change, "points")

    def _against(self, change: float, unit: str, digits: int = 0) -> str:
        """Return the difference from all calls; nothing where all calls are chosen, or it is not known."""
        if np.isnan(change) or self.current()["n_calls"] == self._all_calls["n_calls"]:
            return ""
        shown = round(change, digits)
        return f"{'+' if shown > 0 else '−'}{abs(shown):.12g} {unit}" if shown else "as of all calls"


def _card(label: str, value: str, against: str, doc: str = "") -> dict[str, str]:
    return {"label": label, "value": value, "against": against, "doc": doc}


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.3g} %" if whole else "–"


def duration(seconds: float) -> str:
    """Return seconds as a person says them."""
    if np.isnan(seconds):
        return UNKNOWN
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    return f"{seconds / 3_600:,.0f} h"
