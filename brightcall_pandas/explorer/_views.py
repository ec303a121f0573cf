"""Everything that the page shows, as numbers and words: the front end draws them and keeps nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.analysis import ratio
from brightcall_pandas.explorer._controls import CONTROLS, Control, Options, options_of
from brightcall_pandas.explorer._crossfilter import Crossfilter
from brightcall_pandas.filters import FILTERS

__all__ = ["KeyFigures", "Views"]

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
        self.calls = cross.calls
        self.controls = {
            name: each for name, each in CONTROLS.items() if all(map(self.calls.has, each.columns))
        }
        self._options: dict[str, Options] = {}
        for name, each in self.controls.items():
            if each.kind == "options":
                self._options[name] = options_of(each, self.calls)
        self.figures = KeyFigures(cross)
        self._prepare()

    def all(self) -> dict[str, Any]:
        """Return everything that the page shows now."""
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
            "n_calls": self.cross.count(),
            "n_calls_total": self.calls.size,
        }

    def _prepare(self) -> None:
        """Encode what every view counts, so that the first change is as fast as the next."""
        columns = {("weekday", "hour"), ("path",), ("state",)} | {
            each.names for each in self._options.values()
        }
        columns |= {(each.columns[0], "bins") for each in self.controls.values() if each.kind == "range"}
        for names in sorted(columns):
            if all(self.calls.has(name) for name in names if name != "bins"):
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
                "note": self.calls.zone,
            }
        first, last = self.calls.days() or (None, None)
        return shown | {"least": first, "most": last}

    def _choices(self, control: Control, value: Any) -> dict[str, Any]:
        options = self._options[control.name]
        return {
            "labels": options.labels,
            "counts": self.option_counts(control.name),
            "chosen": options.chosen(value),
            "total": options.total,
        }

    def option_counts(self, name: str) -> list[int]:
        """Return the number of calls of each choice under the other filters."""
        options = self._options[name]
        counts: list[int] = options.counts(self.cross.counts(*options.names, without=name)).tolist()
        return counts

    def values_of(self, name: str, choices: list[int]) -> tuple[Any, ...]:
        """Return the filter's values when these boxes are ticked; values without a box of their own stay."""
        options, present = self._options[name], self.cross.selection.value(name)
        values = [value for choice in choices for value in options.values[choice]]
        if isinstance(present, tuple):
            ticked = [choice for choice, each in enumerate(options.chosen(present)) if each]
            boxed = {value for choice in ticked for value in options.values[choice]}
            values += [value for value in present if value not in boxed and value not in values]
        return tuple(values)

    def histogram(self, control: Control) -> dict[str, Any]:
        """Return calls by duration under the other filters; zero and unknown ones are counted in the note."""
        names = (control.columns[0], "bins")
        edges = self.calls.encoded(*names).meaning["to"].to_numpy()[:-1]
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
        n_calls = self.cross.count("outcomes")
        order = sorted(range(len(counts)), key=lambda choice: -counts[choice])
        ticked = [choice for choice in order if chosen[choice] is not False]
        bars = sorted({*order[:_BARS], *ticked}, key=lambda choice: -counts[choice])
        shown = sum(counts[choice] for choice in bars)
        return {
            "bars": [
                {
                    "choice": choice,
                    "label": options.labels[choice],
                    "n_calls": counts[choice],
                    "share": counts[choice] / n_calls if n_calls else 0,
                    "chosen": chosen[choice] is not False,
                }
                for choice in bars
            ],
            "note": f"{shown:,} of {n_calls:,} calls; {n_calls - sum(counts):,} have no outcome"
            + (f"; {len(counts) - len(bars)} further outcomes not drawn" if len(counts) > len(bars) else ""),
        }

    def heatmap(self) -> dict[str, Any] | None:
        """Return calls by weekday and hour of the rows that pass."""
        if not self.calls.has("timestamp"):
            return None
        counts = self.cross.counts("weekday", "hour")
        note = f"{counts[:168].sum():,} of {counts.sum():,} calls, {self.calls.zone}"
        return {"days": list(_DAYS), "counts": counts[:168].reshape(7, 24).tolist(), "note": note}

    def paths(self) -> dict[str, Any] | None:
        """Return the most frequent transfer variants of the rows that pass."""
        if not self.calls.has("path"):
            return None
        names = self.calls.encoded("path").meaning["path"]
        counts = self.cross.counts("path")
        known = np.flatnonzero(counts)
        enough = np.partition(counts, -_PATHS)[-_PATHS] if len(counts) > _PATHS else 0
        best = known[counts[known] >= enough]
        best = best[np.argsort(-counts[best], kind="stable")[:_PATHS]]
        bars = [{"label": names.iloc[at] or "(none)", "n_calls": int(counts[at])} for at in best]
        note = f"{counts[best].sum():,} of {counts.sum():,} calls in {len(best)} of {len(known):,} variants"
        return {"bars": bars, "note": note}

    def table(self) -> dict[str, Any]:
        """Return the first rows that pass."""
        rows = self.cross.rows()
        first = np.arange(min(_ROWS, self.calls.size)) if rows is None else rows[:_ROWS]
        names = [name for name in _TABLE if self.calls.has(name)]
        columns = [[_cell(value) for value in self.calls.typed(name).iloc[first]] for name in names]
        note = f"{len(first):,} of {self.cross.count():,} calls"
        return {"names": names, "rows": [list(row) for row in zip(*columns, strict=True)], "note": note}

    # Words

    def chips(self) -> list[dict[str, str]]:
        """Return in words what is set; each chip can be removed by itself."""
        selection = self.cross.selection
        shown = [
            {"name": control.name, "text": f"{control.label}: {self._value_in_words(control)}"}
            for control in selection.active()
        ]
        arguments = {name for control in CONTROLS.values() for name in control.arguments}
        for name, value in selection.filter.to_dict().items():
            if name not in arguments:
                shown.append({"name": name, "text": f"{FILTERS[name].parameter}: {_words(value)}"})
        return shown

    def _value_in_words(self, control: Control) -> str:
        """Return what a control is set to: the labels of its choices, if these cover the whole value."""
        value = self.cross.selection.value(control.name)
        options = self._options.get(control.name)
        if options is not None:
            ticked = [choice for choice, each in enumerate(options.chosen(value)) if each]
            found = {each for choice in ticked for each in options.values[choice]}
            if found == set(value if isinstance(value, tuple) else (value,)):
                return _words(tuple(options.labels[choice] for choice in ticked))
        unit = {"range": " s", "hours": " h"}.get(control.kind, "")
        return _words(value) + unit

    def empty(self) -> str:
        """Return which filter left no row, or an empty text if there are rows."""
        if self.cross.count():
            return ""
        if not self.calls.size:
            return "No calls: the frame is empty."
        active = self.cross.selection.active()
        without = [(self.cross.count(control.name), control) for control in active]
        saving = [(count, control) for count, control in without if count]
        if not saving:
            names = ", ".join(control.label for control in active)
            return f"No calls pass. No single filter is the cause; remove more than one of these: {names}."
        parts = [f"{control.label} (without it {count:,})" for count, control in saving]
        return "No calls pass because of " + " or ".join(parts) + "."


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


class KeyFigures:
    """The line above all views: calls, answer rate, mean and total talk time, each against all calls.

    Parameters
    ----------
    cross
        Which rows pass; all of them do so far.
    """

    def __init__(self, cross: Crossfilter) -> None:
        self._cross = cross
        calls = cross.calls
        self._answered = None
        if calls.has("state"):
            self._answered = calls.encoded("state").meaning["state"].eq("answered").to_numpy(dtype=bool)
        if calls.has("talkTime"):
            talk = calls.typed("talkTime").to_numpy(dtype=np.float64, na_value=np.nan)
            self._has_mean = ~np.isnan(talk)
            if self._answered is not None:
                self._has_mean &= self._answered[calls.encoded("state").codes]
            self._talk = np.nan_to_num(talk)
            self._talk_answered = np.where(self._has_mean, self._talk, 0.0)
        self._all_calls = self.current()

    def current(self) -> dict[str, float]:
        """Return the figures of the rows that pass.

        Returns
        -------
        dict
            ``n_calls``; where the columns are there also ``answer_rate`` (answered ÷ calls),
            ``talk_time_total_s`` (all calls) and ``talk_time_mean_s`` (answered calls whose talk time is
            known; all such calls in a frame without states).
        """
        n_calls = self._cross.count()
        known: dict[str, float] = {"n_calls": n_calls}
        if self._answered is not None:
            answered = self._cross.counts("state")[self._answered].sum()
            known["answer_rate"] = float(ratio([answered], [n_calls])[0])
        if self._cross.calls.has("talkTime"):
            rows = self._cross.rows()
            chosen = slice(None) if rows is None else rows
            count = np.count_nonzero(self._has_mean[chosen])
            known["talk_time_total_s"] = float(self._talk[chosen].sum())
            known["talk_time_mean_s"] = float(ratio([self._talk_answered[chosen].sum()], [count])[0])
        return known

    def sentence(self) -> str:
        """Return calls and answer rate in words, with the difference from all calls in points."""
        now = self.current()
        text = f"{now['n_calls']:,.0f} of {self._all_calls['n_calls']:,.0f} calls"
        if np.isnan(now.get("answer_rate", np.nan)):
            return text
        return f"{text}, answer rate {100 * now['answer_rate']:.0f} % ({self._points(now)})"

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
                    f"{100 * rate:.0f} %" if known else "–",
                    f"{self._points(now)} points" if known else "",
                )
            )
        if "talk_time_mean_s" in now:
            mean, total = now["talk_time_mean_s"], now["talk_time_total_s"]
            change = mean - all_calls["talk_time_mean_s"]
            cards += [
                _card("Mean talk time", _duration(mean), "" if np.isnan(change) else f"{_signed(change)} s"),
                _card("Total talk time", _duration(total), _percent(total, all_calls["talk_time_total_s"])),
            ]
        return cards

    def _points(self, now: dict[str, float]) -> str:
        return _signed(round(100 * now["answer_rate"]) - round(100 * self._all_calls["answer_rate"]))


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
