"""Everything that the page shows, as a few numbers and words: the front end draws them and keeps nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.analysis import ratio
from brightcall_pandas.explorer._controls import CONTROLS, Control, Options, options_of
from brightcall_pandas.explorer._crossfilter import Crossfilter
from brightcall_pandas.filters import FILTERS

__all__ = ["Figures", "Views"]

_TABLE = ("timestamp", "type", "state", "outcomeTag", "talkTime", "clientNumber", "lineNumber")
_ROWS, _BARS, _PATHS = 8, 12, 8
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Views:
    """The views of one frame under the selection of a crossfilter.

    Parameters
    ----------
    cross
        Which rows pass.
    """

    def __init__(self, cross: Crossfilter) -> None:
        self.cross = cross
        self.facts = cross.facts
        self.controls = {
            name: each for name, each in CONTROLS.items() if all(map(self.facts.has, each.columns))
        }
        self._options: dict[str, Options] = {}
        for name, each in self.controls.items():
            if each.kind == "options":
                self._options[name] = options_of(each, self.facts)
        self.figures = Figures(cross)
        self._prepare()

    def all(self) -> dict[str, Any]:
        """Return what the page shows now."""
        return {
            "sentence": self.figures.sentence(),
            "figures": self.figures.cards(),
            "controls": [self.control(each) for each in self.controls.values()],
            "chips": self.chips(),
            "empty": self.empty(),
            "outcomes": self.outcomes(),
            "heatmap": self.heatmap(),
            "paths": self.paths(),
            "table": self.table(),
            "n": self.cross.count(),
            "of": self.facts.size,
        }

    def _prepare(self) -> None:
        """Code now what every view counts, so that the first change is as fast as the next."""
        facts = {("weekday", "hour"), ("path",), ("state",)} | {each.names for each in self._options.values()}
        facts |= {(each.columns[0], "bins") for each in self.controls.values() if each.kind == "range"}
        for names in sorted(facts):
            if all(self.facts.has(name) for name in names if name != "bins"):
                self.cross.prepare(*names)

    # Controls

    def control(self, control: Control) -> dict[str, Any]:
        """Return what one control shows."""
        value = self.cross.selection.value(control.name)
        shown: dict[str, Any] = {
            "name": control.name,
            "label": control.label,
            "doc": control.doc,
            "kind": control.kind,
            "single": control.single,
            "more": control.more,
            "active": value is not None,
        }
        if control.kind == "options":
            return shown | self._choices(control, value)
        if control.kind == "text":
            return shown | {"value": ", ".join(value) if isinstance(value, tuple) else value or ""}
        low, high = value or (None, None)
        shown |= {"low": low, "high": high}
        if control.kind == "range":
            return shown | self.histogram(control)
        if control.kind == "hours":
            by_hour = self.cross.counts("weekday", "hour", without="hours")[:168]
            return shown | {
                "edges": list(range(25)),
                "counts": by_hour.reshape(7, 24).sum(axis=0).tolist(),
                "note": self.facts.zone,
            }
        first, last = self.facts.days() or (None, None)
        return shown | {"least": first, "most": last}

    def _choices(self, control: Control, value: Any) -> dict[str, Any]:
        options = self._options[control.name]
        return {
            "labels": options.labels,
            "counts": self.option_counts(control.name),
            "chosen": options.chosen(value),
            "of": options.of,
        }

    def option_counts(self, name: str) -> list[int]:
        """Return the calls of each choice under the other filters."""
        options = self._options[name]
        counts: list[int] = options.counts(self.cross.counts(*options.names, without=name)).tolist()
        return counts

    def values_of(self, name: str, places: list[int]) -> tuple[Any, ...]:
        """Return the filter's values of the choices at these places, and of those that no box stands for."""
        options, present = self._options[name], self.cross.selection.value(name)
        values = [value for place in places for value in options.values[place]]
        if isinstance(present, tuple):
            whole = [place for place, each in enumerate(options.chosen(present)) if each]
            boxed = {value for place in whole for value in options.values[place]}
            values += [value for value in present if value not in boxed and value not in values]
        return tuple(values)

    def histogram(self, control: Control) -> dict[str, Any]:
        """Return calls by duration under the other filters; those of no duration are counted beside."""
        names = (control.columns[0], "bins")
        edges = self.facts.codes(*names).meaning["to"].to_numpy()[:-1]
        counts = self.cross.counts(*names, without=control.name)
        note = f"{counts[1:-1].sum():,} of {counts.sum():,} calls drawn; 0 s: {counts[0]:,}"
        if counts[-1]:
            note += f"; unknown: {counts[-1]:,}"
        return {"edges": edges.tolist(), "counts": counts[1:-1].tolist(), "note": note, "unit": "s"}

    # Pictures

    def outcomes(self) -> dict[str, Any] | None:
        """Return bars of outcomes under the other filters, the largest first."""
        if "outcomes" not in self._options:
            return None
        options, counts = self._options["outcomes"], self.option_counts("outcomes")
        chosen = options.chosen(self.cross.selection.filter.outcomes)
        calls = self.cross.count("outcomes")
        order = sorted(range(len(counts)), key=lambda place: -counts[place])
        ticked = [place for place in order if chosen[place] is not False]
        bars = sorted({*order[:_BARS], *ticked}, key=lambda place: -counts[place])
        shown = sum(counts[place] for place in bars)
        return {
            "bars": [
                {
                    "place": place,
                    "label": options.labels[place],
                    "calls": counts[place],
                    "share": counts[place] / calls if calls else 0,
                    "chosen": chosen[place] is not False,
                }
                for place in bars
            ],
            "note": f"{shown:,} of {calls:,} calls; {calls - sum(counts):,} have no outcome"
            + (f"; {len(counts) - len(bars)} further outcomes not drawn" if len(counts) > len(bars) else ""),
        }

    def heatmap(self) -> dict[str, Any] | None:
        """Return calls by weekday and hour of the rows that pass."""
        if not self.facts.has("timestamp"):
            return None
        counts = self.cross.counts("weekday", "hour")
        note = f"{counts[:168].sum():,} of {counts.sum():,} calls, {self.facts.zone}"
        return {"days": list(_DAYS), "counts": counts[:168].reshape(7, 24).tolist(), "note": note}

    def paths(self) -> dict[str, Any] | None:
        """Return the most frequent chains of the rows that pass."""
        if not self.facts.has("path"):
            return None
        codes = self.facts.codes("path")
        counts = self.cross.counts("path")
        known = np.flatnonzero(counts)
        enough = np.partition(counts, -_PATHS)[-_PATHS] if len(counts) > _PATHS else 0
        best = known[counts[known] >= enough]
        best = best[np.argsort(-counts[best], kind="stable")[:_PATHS]]
        names = codes.meaning["path"]
        bars = [{"label": names.iloc[at] or "(none)", "calls": int(counts[at])} for at in best]
        note = f"{counts[best].sum():,} of {counts.sum():,} calls in {len(best)} of {len(known):,} variants"
        return {"bars": bars, "note": note}

    def table(self) -> dict[str, Any]:
        """Return the first rows that pass."""
        rows = self.cross.rows()
        first = np.arange(min(_ROWS, self.facts.size)) if rows is None else rows[:_ROWS]
        names = [name for name in _TABLE if self.facts.has(name)]
        columns = [[_cell(value) for value in self.facts.typed(name).iloc[first]] for name in names]
        note = f"{len(first):,} of {self.cross.count():,} calls"
        return {"names": names, "rows": [list(row) for row in zip(*columns, strict=True)], "note": note}

    # Words

    def chips(self) -> list[dict[str, str]]:
        """Return what is set, in words, each to be taken away by itself."""
        selection = self.cross.selection
        shown = [
            {"name": control.name, "text": f"{control.label}: {self._said(control)}"}
            for control in selection.active()
        ]
        arguments = {name for control in CONTROLS.values() for name in control.arguments}
        for name, value in selection.filter.to_dict().items():
            if name not in arguments:
                shown.append({"name": name, "text": f"{FILTERS[name].parameter}: {_words(value)}"})
        return shown

    def _said(self, control: Control) -> str:
        """Return what a control is set to: its choices by their labels, where these stand for all of it."""
        value = self.cross.selection.value(control.name)
        options = self._options.get(control.name)
        if options is not None:
            places = [place for place, each in enumerate(options.chosen(value)) if each]
            found = {each for place in places for each in options.values[place]}
            if found == set(value if isinstance(value, tuple) else (value,)):
                return _words(tuple(options.labels[place] for place in places))
        unit = {"range": " s", "hours": " h"}.get(control.kind, "")
        return _words(value) + unit

    def empty(self) -> str:
        """Return which filter left no row, or an empty text where there are rows."""
        if self.cross.count():
            return ""
        if not self.facts.size:
            return "No call: the frame has no rows."
        active = self.cross.selection.active()
        without = [(self.cross.count(control.name), control) for control in active]
        saving = [(count, control) for count, control in without if count]
        if not saving:
            names = ", ".join(control.label for control in active)
            return f"No call passes. No single filter is the cause; more than one of these must go: {names}."
        parts = [f"{control.label} (without it {count:,})" for count, control in saving]
        return "No call passes. Emptied by " + " or ".join(parts) + "."


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple) and len(value) == 2 and any(each is None for each in value):
        low, high = value
        return f"up to {_words(high)}" if low is None else f"from {_words(low)}"
    if isinstance(value, tuple):
        between = " – " if isinstance(value[0], int | float) else ", "
        return between.join(map(_words, value[:4])) + (
            f" and {len(value) - 4} more" if len(value) > 4 else ""
        )
    return f"{value:g}" if isinstance(value, float) else str(value)


def _cell(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:g}" if isinstance(value, float) else str(value)


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
