"""Everything that the page shows, as numbers and words: the front end draws them and keeps nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis import Further, MetricOfRows, calls_a_day, checked_metrics
from brightcall_pandas.explorer._controls import CONTROLS, MOST, Control, Options, options_of
from brightcall_pandas.explorer._crossfilter import Crossfilter
from brightcall_pandas.explorer._days import CoveredDays, drawn_days
from brightcall_pandas.explorer._figures import KeyFigures
from brightcall_pandas.explorer._table import TableView
from brightcall_pandas.filters import FILTERS
from brightcall_pandas.frame import WEEKDAYS, Names

__all__ = ["Views"]

_BARS, _PATHS = 12, 8
_PICKS = {
    "timestamp": "day",
    "type": "types",
    "state": "states",
    "outcomeTag": "outcomes",
    "outcomeType": "outcome_types",
    "agent": "agent_ids",
    "projectName": "text_projects",
    "projectId": "project_ids",
    "lineNumber": "lines",
    "campaign": "campaigns",
    "talkTime": "talk_time",
    "answerTime": "answer_time",
    "qualityRating": "quality_rating",
    "clientNumber": "number",
    "fromNumber": "from_number",
    "toNumber": "to_number",
    "toAnswer": "to_answer",
    "uniqueId": "unique_ids",
    "userId": "user_id",
}
"""The control that a cell of a column sets."""

_OF_CELL = ("weekdays", "hours")


class Views:
    """The views of one frame under the selection of a crossfilter.

    Parameters
    ----------
    df
        The frame.
    cross
        Which of its rows pass.
    names
        Names to show for agents, lines and parties.
    metrics
        Metrics whose figures are shown beside the others.
    """

    def __init__(
        self,
        df: pd.DataFrame,
        cross: Crossfilter,
        names: Names = None,
        metrics: Further = None,
    ) -> None:
        self.cross = cross
        self.calls = cross.calls
        self.controls = {
            name: each for name, each in CONTROLS.items() if all(map(self.calls.has, each.columns))
        }
        self._days = CoveredDays(df)
        self._options: dict[str, Options] = {}
        self._searches: dict[str, str] = {}
        for name, each in self.controls.items():
            if each.kind == "options":
                self._options[name] = options_of(each, self.calls, names)
        chosen = [] if metrics is None else checked_metrics(metrics, ()).values()
        self.figures = KeyFigures(cross, [MetricOfRows(df, each) for each in chosen])
        self.table = TableView(cross, df.columns, names)
        self._prepare()

    def all(self) -> dict[str, Any]:
        """Return everything that the page shows now."""
        return {
            "sentence": self.figures.sentence(),
            "figures": self.figures.cards(),
            "controls": [self.control(each) for each in self.controls.values()],
            "chips": self.chips(),
            "empty": self.empty(),
            "days": self.days(),
            "outcomes": self.outcomes(),
            "heatmap": self.heatmap(),
            "paths": self.paths(),
            "table": self.table.shown() | {"picks": self.picks()},
            "n_calls": self.cross.count(),
            "n_calls_total": self.calls.size,
        }

    def _prepare(self) -> None:
        """Encode what every view counts, so that the first change is as fast as the next."""
        columns = {("weekday", "hour"), ("day",), ("state",)} | {
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
            by_hour = self.cross.counts("weekday", "hour", without=("hours",))[:168]
            return shown | {
                "edges": list(range(25)),
                "counts": by_hour.reshape(7, 24).sum(axis=0).tolist(),
                "note": self.calls.zone,
            }
        first, last = self.calls.days() or (None, None)
        return shown | {"least": first, "most": last}

    def _choices(self, control: Control, value: Any) -> dict[str, Any]:
        options, ticked = self._options[control.name], self._options[control.name].ticked(value)
        found = options.found(self._searches.get(control.name, ""))
        places = sorted({*found[:MOST], *ticked})  # what is chosen can always be taken back
        counts = self.option_counts(control.name)
        return {
            "places": places,
            "labels": [options.labels[place] for place in places],
            "counts": counts[places].tolist(),
            "chosen": [ticked.get(place, False) for place in places],
            "n_found": len(found),
            "total": len(options.labels),
            "find": self._searches.get(control.name, ""),
        }

    def search(self, name: str, part: str) -> None:
        """Show only the choices of a control that have a text, and those that are chosen.

        Raises
        ------
        KeyError
            The control has no choices.
        """
        if name not in self._options:
            msg = f"{name!r} has no choices"
            raise KeyError(msg)
        self._searches[name] = part

    def option_counts(self, name: str) -> NDArray[np.int64]:
        """Return the number of calls of each choice under the other filters."""
        options = self._options[name]
        return options.counts(self.cross.counts(*options.names, without=(name,)))

    def values_of(self, name: str, choices: list[int]) -> tuple[Any, ...]:
        """Return the filter's values when these boxes are ticked; values without a box of their own stay."""
        options, present = self._options[name], self.cross.selection.value(name)
        values = [value for choice in choices for value in options.values[choice]]
        if isinstance(present, tuple):
            ticked = [choice for choice, each in options.ticked(present).items() if each]
            boxed = {value for choice in ticked for value in options.values[choice]}
            values += [value for value in present if value not in boxed and value not in values]
        return tuple(values)

    def histogram(self, control: Control) -> dict[str, Any]:
        """Return calls by duration under the other filters; zero and unknown ones are counted in the note."""
        names = (control.columns[0], "bins")
        edges = self.calls.encoded(*names).meaning["to"].to_numpy()[:-1]
        counts = self.cross.counts(*names, without=(control.name,))
        note = f"{counts[1:-1].sum():,} of {counts.sum():,} calls drawn; 0 s: {counts[0]:,}"
        if counts[-1]:
            note += f"; not known: {counts[-1]:,}"
        return {"edges": edges.tolist(), "counts": counts[1:-1].tolist(), "note": note, "unit": "s"}

    # Pictures

    def outcomes(self) -> dict[str, Any] | None:
        """Return bars of outcomes under the other filters, the largest first."""
        if "outcomes" not in self._options:
            return None
        bars, counts = self._bars("outcomes", _BARS)
        n_calls, drawn = self.cross.count("outcomes"), sum(bar["n_calls"] for bar in bars)
        note = f"{drawn:,} of {n_calls:,} calls; {n_calls - counts.sum():,} have no outcome"
        if len(counts) > len(bars):
            note += f"; {len(counts) - len(bars)} further outcomes not drawn"
        return {"bars": bars, "note": note}

    def paths(self) -> dict[str, Any] | None:
        """Return bars of the most frequent transfer variants under the other filters."""
        if "paths" not in self._options:
            return None
        bars, _ = self._bars("paths", _PATHS)
        known = np.count_nonzero(self.cross.counts("path", without=("paths",)))
        drawn = sum(bar["n_calls"] for bar in bars)
        n_drawn = sum(bar["n_calls"] > 0 for bar in bars)
        note = f"{drawn:,} of {self.cross.count('paths'):,} calls in {n_drawn} of {known:,} variants"
        return {"bars": bars, "note": note}

    def _bars(self, name: str, most: int) -> tuple[list[dict[str, Any]], NDArray[np.int64]]:
        """Return the largest choices of a control and those that are chosen, and the calls of all choices."""
        options, counts = self._options[name], self.option_counts(name)
        ticked = options.ticked(self.cross.selection.value(name))
        n_calls = self.cross.count(name)
        order: list[int] = np.argsort(-counts, kind="stable")[:most].tolist()
        largest = [choice for choice in order if counts[choice] or name == "outcomes"]
        bars = [
            {
                "choice": choice,
                "label": options.labels[choice],
                "n_calls": int(counts[choice]),
                "share": counts[choice] / n_calls if n_calls else 0,
                "chosen": choice in ticked,
            }
            for choice in sorted({*largest, *ticked}, key=lambda choice: (-counts[choice], choice))
        ]
        return bars, counts

    def heatmap(self) -> dict[str, Any] | None:
        """Return calls by weekday and hour under the other filters: totals, and the mean of the days."""
        if not self.calls.has("timestamp"):
            return None
        counts = self.cross.counts("weekday", "hour", without=_OF_CELL)
        totals = counts[:168].reshape(7, 24)
        days = self._days.of_cells(self.cross.selection.filter)
        a_day = calls_a_day(totals, days)
        note = f"{totals.sum():,} of {counts.sum():,} calls, {self.calls.zone}"
        return {
            "days": list(WEEKDAYS),
            "counts": totals.tolist(),
            "a_day": [[None if np.isnan(each) else round(each, 3) for each in row] for row in a_day.tolist()],
            "n_days": np.round(days, 2).tolist(),
            "chosen": self._chosen_cells(),
            "note": f"{note}; a cell is the mean of its days",
        }

    def _chosen_cells(self) -> list[list[bool]]:
        """Tell of each weekday and hour whether the selection takes it."""
        first, last = self.cross.selection.conditions.get("hours", (0, 23))
        weekdays = self.cross.selection.conditions.get("weekdays", WEEKDAYS)
        return [[day in weekdays and first <= hour <= last for hour in range(24)] for day in WEEKDAYS]

    def days(self) -> dict[str, Any] | None:
        """Return calls by day under the other filters; by several days where there are too many to draw."""
        if not self.calls.has("timestamp") or self.calls.days() is None:
            return None
        encoded = self.calls.encoded("day")
        names = encoded.meaning["day"].tolist()[:-1]
        counts = self.cross.counts("day", without=("day",))
        step, starts = drawn_days(len(names), date.fromisoformat(names[0]).weekday())
        bars = np.add.reduceat(counts[:-1], starts) if names else counts[:0]
        low, high = self.cross.selection.value("day") or (None, None)
        span = {1: "a bar is a day", 7: "a bar is a week, from Monday"}.get(step, f"a bar is {step} days")
        note = f"{counts[:-1].sum():,} of {counts.sum():,} calls, {self.calls.zone}; {span}"
        ends = [*starts.tolist(), len(names)]
        after = str(date.fromisoformat(names[-1]) + timedelta(days=1))
        return {
            "name": "day",
            "kind": "days",
            "edges": [*(names[at] for at in starts), after],
            "last_days": [names[end - 1] for end in ends[1:]],
            "counts": bars.tolist(),
            "low": low,
            "high": high,
            "note": note,
        }

    # The table

    def picks(self) -> dict[str, str]:
        """Return the control that a cell of each column of the table can set."""
        return {column: name for column, name in _PICKS.items() if name in self.controls}

    def picked(self, column: str, position: int) -> tuple[str, Any]:
        """Return the control that a cell sets, and the value that it sets it to.

        Raises
        ------
        KeyError
            There is no such cell, or no control for it.
        ValueError
            The cell is empty.
        """
        name, value = self.picks().get(column), self.table.value(column, position)
        if name is None:
            msg = f"there is no control for the column {column!r}"
            raise KeyError(msg)
        if value is None or not str(value).strip():
            msg = f"this call has no {column}"
            raise ValueError(msg)
        control = self.controls[name]
        if control.kind == "days":
            return name, (f"{value:%Y-%m-%d}",) * 2
        if control.kind == "range":
            return name, (value, value)
        if name in self._options and not control.single:
            groups = (group for group in self._options[name].values if value in group)
            return name, list(next(groups, (value,)))
        return name, value

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
            ticked = [choice for choice, each in options.ticked(value).items() if each]
            found = {each for choice in ticked for each in options.values[choice]}
            if found == set(value if isinstance(value, tuple) else (value,)):
                return _words(tuple(options.labels[choice] for choice in ticked))
        unit = {"range": " s", "hours": " h"}.get(control.kind, "")
        if control.kind in ("days", "range", "hours") and None not in value:
            low, high = map(_words, value)
            return (low if low == high else f"{low} – {high}") + unit
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
        more = f" and {len(value) - 4} more" if len(value) > 4 else ""
        return ", ".join(map(_words, value[:4])) + more
    return f"{value:.12g}" if isinstance(value, float) else str(value)
