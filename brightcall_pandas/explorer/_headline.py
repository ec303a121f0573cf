"""The line above all views: how many calls, and how they differ from all calls."""

from __future__ import annotations

import numpy as np

from brightcall_pandas.analysis import ratio
from brightcall_pandas.explorer._crossfilter import Crossfilter

__all__ = ["Figures"]


class Figures:
    """Calls, answer rate, mean and total talk time, each against all calls.

    Parameters
    ----------
    cross
        Which rows pass; none is left out yet.
    """

    def __init__(self, cross: Crossfilter) -> None:
        self._cross = cross
        facts = cross.facts
        self._met = None
        if facts.has("state"):
            self._met = facts.codes("state").meaning["state"].eq("answered").to_numpy(dtype=bool)
        if facts.has("talkTime"):
            talk = facts.typed("talkTime").to_numpy(dtype=np.float64, na_value=np.nan)
            met = self._met[facts.codes("state").codes] if self._met is not None else np.ones(len(talk), bool)
            self._counted = met & ~np.isnan(talk)
            self._talk = np.nan_to_num(talk)
            self._talk_counted = np.where(self._counted, self._talk, 0.0)
        self._everything = self.now()

    def now(self) -> dict[str, float]:
        """Return the figures of the rows that pass.

        Returns
        -------
        dict
            ``n_calls``; where the columns are there also ``answer_rate`` (answered ÷ calls),
            ``talk_time_total_s`` (all calls) and ``talk_time_mean_s`` (answered calls whose talk time is
            known; all such calls in a frame without states).
        """
        calls = self._cross.count()
        known: dict[str, float] = {"n_calls": calls}
        if self._met is not None:
            answered = self._cross.counts("state")[self._met].sum()
            known["answer_rate"] = float(ratio([answered], [calls])[0])
        if self._cross.facts.has("talkTime"):
            rows = self._cross.rows()
            chosen = slice(None) if rows is None else rows
            count = np.count_nonzero(self._counted[chosen])
            known["talk_time_total_s"] = float(self._talk[chosen].sum())
            known["talk_time_mean_s"] = float(ratio([self._talk_counted[chosen].sum()], [count])[0])
        return known

    def sentence(self) -> str:
        """Return the first figures in words, with the change against everything in points."""
        now = self.now()
        text = f"{now['n_calls']:,.0f} of {self._everything['n_calls']:,.0f} calls"
        if np.isnan(now.get("answer_rate", np.nan)):
            return text
        return f"{text}, answer rate {100 * now['answer_rate']:.0f} % ({self._points(now)})"

    def cards(self) -> list[dict[str, str]]:
        """Return the figures one by one: what, how much, and how that is against everything."""
        now, everything = self.now(), self._everything
        share = f"of {everything['n_calls']:,.0f} ({_percent(now['n_calls'], everything['n_calls'])})"
        cards = [_card("Calls", f"{now['n_calls']:,.0f}", share)]
        if "answer_rate" in now:
            rate = now["answer_rate"]
            known = not np.isnan(rate)
            cards.append(
                _card(
                    "Answer rate",
                    f"{100 * rate:.0f} %" if known else "–",
                    f"{self._points(now)} points" if known else "",
                )
            )
        if "talk_time_mean_s" in now:
            mean, total = now["talk_time_mean_s"], now["talk_time_total_s"]
            change = mean - everything["talk_time_mean_s"]
            cards += [
                _card("Mean talk time", _duration(mean), "" if np.isnan(change) else f"{_signed(change)} s"),
                _card("Talk time in all", _duration(total), _percent(total, everything["talk_time_total_s"])),
            ]
        return cards

    def _points(self, now: dict[str, float]) -> str:
        return _signed(round(100 * now["answer_rate"]) - round(100 * self._everything["answer_rate"]))


def _card(label: str, value: str, against: str) -> dict[str, str]:
    return {"label": label, "value": value, "against": against}


def _signed(change: float) -> str:
    whole = round(change)
    return f"+{whole}" if whole > 0 else f"−{-whole}" if whole < 0 else "±0"


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.3g} %" if whole else "–"


def _duration(seconds: float) -> str:
    if np.isnan(seconds):
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    return f"{seconds / 3_600:,.0f} h"
