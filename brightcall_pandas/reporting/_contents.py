"""The sections that every report can have: tables of the catalogue, chosen for who decides on Monday."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.accessors import CallsAccessor
from brightcall_pandas.accessors import calls as calls_of
from brightcall_pandas.analysis import Metric, find_metric
from brightcall_pandas.export import ROW_UNITS
from brightcall_pandas.frame import Names, agents_of, column, optional_column, shown_names
from brightcall_pandas.reporting._costs import Costs
from brightcall_pandas.reporting._pictures import drawn
from brightcall_pandas.reporting._section import Part
from brightcall_pandas.reporting._tables import GROUP, shown
from brightcall_pandas.reporting._watch import FALSE_ALARMS
from brightcall_pandas.reporting._words import NOTHING, counted, day, heading

__all__ = ["SECTIONS", "Material", "built_in"]


@dataclass(frozen=True)
class Material:
    """What sections are made of: the calls of both periods, and what the caller said of them."""

    calls: pd.DataFrame
    previous: pd.DataFrame | None
    here: str
    there: str
    today: date
    names: Names = None
    metrics: Sequence[Metric] = ()
    costs: Costs | None = None
    lines: pd.DataFrame | None = None
    confidence: float = 0.95
    pictures: bool = field(default=True)

    def of(self, direction: str | None, *, previous: bool = False) -> CallsAccessor:
        """Return the calls of one direction of this period or the previous one; all where none is told."""
        df = self.calls if not previous or self.previous is None else self.previous
        if direction is None or "type" not in df.columns:
            return calls_of(df)
        return calls_of(df[(column(df, "type") == direction).to_numpy(dtype=bool)])

    @property
    def other(self) -> pd.DataFrame:
        """The calls of the previous period; none where there is no such period."""
        return self.calls.iloc[:0] if self.previous is None else self.previous


_OF_ALL = ("n_calls", "unique_clients", "talk_time_mean_s")
_OF_DIRECTIONS = {
    "outbound": ("n_calls", "answered", "answer_rate", "positive", "positive_rate", "talk_time_mean_s"),
    "inbound": ("n_calls", "answered", "answer_rate", "positive", "positive_rate", "talk_time_mean_s"),
    "internal": ("n_calls",),
}
_WHOLE = "all calls"


def _kpis(material: Material) -> Part:
    here, other = material.calls, material.other
    has_directions = "type" in here.columns and "type" in other.columns
    of_all = _OF_ALL if has_directions else _OF_DIRECTIONS["outbound"]
    scopes: dict[str, tuple[str, ...]] = {"all": of_all, **(_OF_DIRECTIONS if has_directions else {})}
    wanted = {scope: _with_own(names, material.metrics, scope) for scope, names in scopes.items()}
    every = list({each.name: each for metrics in wanted.values() for each in metrics}.values())
    compared: dict[str, Any] = {"metrics": every, "confidence": material.confidence}
    tables = [calls_of(here).compare(other, **compared)]
    tables += [calls_of(here).compare(other, by="direction", **compared)] if has_directions else []
    known = {str(label): values for table in tables for label, values in table.iterrows()}
    rows, cells = [], []
    for scope, metrics in wanted.items():
        for metric in metrics if scope in known else ():
            label = _WHOLE if scope == "all" else f"{scope} calls"
            rows.append({"calls": label, "figure": metric.name, **_figure(known[scope], metric.name)})
            cells.append({GROUP: label.capitalize(), **_figure_cells(rows[-1], metric, material)})
    columns = ["calls", "figure", *_FIGURE_COLUMNS]
    result = pd.DataFrame(rows, columns=columns).set_index(["calls", "figure"])
    if material.previous is None:
        result = result[["value", "value_low", "value_high"]]
    result.attrs[ROW_UNITS] = [find_metric(name).definition.unit for _, name in result.index]
    against = "" if material.previous is None else f" against {material.there}"
    caption = f"Key figures of {material.here}{against}, with {100 * material.confidence:g}% intervals"
    return Part(
        "kpis", "Key figures", (), result, pd.DataFrame(cells), caption, defined=[each.name for each in every]
    )


def _with_own(names: Sequence[str], own: Sequence[Metric], scope: str) -> list[Metric]:
    """Return the figures of a scope, with the caller's own; of internal calls nobody asks for these."""
    further = [] if scope == "internal" else [each for each in own if each.name not in names]
    return [*(find_metric(name) for name in names), *further]


_ENDS = ("", "_low", "_high")
_FIGURE_COLUMNS = (*(f"value{end}" for end in _ENDS), "before", *(f"change{end}" for end in _ENDS))


def _figure(values: pd.Series, name: str) -> dict[str, Any]:
    told = {f"value{end}": values.get(f"{name}{end}", np.nan) for end in _ENDS}
    told["before"] = values[f"{name}_other"]
    return told | {f"change{end}": values.get(f"{name}_change{end}", np.nan) for end in _ENDS}


def _figure_cells(row: Mapping[str, Any], metric: Metric, material: Material) -> dict[str, str]:
    unit = metric.definition.unit
    cells = {"Figure": _title(metric), "This period": _written(row["value"], unit)}
    if not pd.isna(row["value_low"]):
        cells["This period"] += f" ({_span(row['value_low'], row['value_high'], unit)})"
    if material.previous is not None:
        cells["Before"] = _written(row["before"], unit)
        cells["Change"] = _written(row["change"], unit, sign=True)
        if not pd.isna(row["change_low"]):
            cells["Change"] += f" ({_change_span(row['change_low'], row['change_high'], unit)})"
    return cells


def _title(metric: Metric) -> str:
    return metric.title if metric.is_own and metric.title else heading(metric.name)


def _written(value: Any, unit: str, *, sign: bool = False) -> str:
    if pd.isna(value):
        return NOTHING
    mark = "+" if sign else ""
    if unit == "rate":
        return f"{100 * value:{mark}.1f}{' points' if sign else '%'}".replace("-", "−")
    text = (
        f"{value:{mark},.1f} s"
        if unit == "s"
        else f"{value:{mark},.0f}"
        if float(value).is_integer()
        else f"{value:{mark},.2f}"
    )
    return text.replace("-", "−")


def _span(low: float, high: float, unit: str) -> str:
    return f"{100 * low:.1f}–{100 * high:.1f}" if unit == "rate" else f"{low:,.1f}–{high:,.1f}"


def _change_span(low: float, high: float, unit: str) -> str:
    ends = [
        _written(each, unit, sign=True).removesuffix(" points").removesuffix(" s") for each in (low, high)
    ]
    return " to ".join(ends)


def _outcomes(material: Material) -> Part:
    table = calls_of(material.calls).by_outcome(confidence=material.confidence)
    if material.previous is not None:
        before = calls_of(material.previous).by_outcome()["share"]
        before.index = before.index.str.casefold()
        table["share_other"] = table.index.str.casefold().map(before.to_dict()).astype(float)
    columns = {
        "outcome": "Outcome", "n_calls": "Calls", "share": "Share", "share_other": "Share before",
        "talk_time_mean_s": "Mean talk time",
    }  # fmt: skip
    cells = shown(table, columns)
    if "share_other" in table:
        cells["Share before"] = [NOTHING if pd.isna(each) else f"{each:.1%}" for each in table["share_other"]]
    image = _picture(
        material, "by_outcome", table.drop(columns="share_other", errors="ignore"), "Outcomes of all calls"
    )
    return Part(
        "outcomes", "Outcomes", (), table, cells, f"Calls of {material.here} by outcome", image, ["share"]
    )


def _funnel(material: Material) -> Part:
    calls = material.of("outbound")
    table = calls.funnel(confidence=material.confidence)
    columns = {
        "stage": "Stage",
        "n_calls": "Calls",
        "share": "Of all",
        "step_rate": "Of the stage before",
        "lost": "Lost here",
    }
    image = _picture(material, "funnel", table, "How far outbound calls get")
    return Part(
        "funnel",
        "Funnel",
        (),
        table,
        shown(table, columns),
        "Outbound calls by stage",
        image,
        ["step_rate", "lost"],
    )


def _agents(material: Material) -> Part:
    calls = material.of("outbound")
    has_leads = "outcomeType" in material.calls.columns or "outcomeTag" in material.calls.columns
    rank_by = "positive_rate" if has_leads else "answer_rate"
    table = calls.by_agent(rank_by=rank_by, confidence=material.confidence, **_named(material))
    table = table.drop(columns="beyond_chance")  # of this table alone; the statements go by all of them
    if len(table):
        ends = table[["rank_best", "rank_worst"]]
        table["possible_ranks"] = [
            NOTHING if pd.isna(best) else f"{best:.0f} to {worst:.0f}"
            for best, worst in ends.itertuples(index=False)
        ]
    columns = {
        "agent": "Agent", "rank": "Rank", "possible_ranks": "Possible ranks", "n_calls": "Calls",
        "positive_rate": "Lead rate", "positive_rate_adjusted": "Fair lead rate",
        "answer_rate": "Answer rate", "talk_time_mean_s": "Mean talk time",
    }  # fmt: skip
    text = [
        "Ranks are fair: an agent with few calls is drawn towards the rate of all. Possible ranks are those "
        "that chance leaves open."
    ]
    shows = table.drop(columns="possible_ranks", errors="ignore")
    image = _picture(material, "by_agent", shows, f"{heading(rank_by)} by agent")
    return Part(
        "agents",
        "Agents",
        text,
        shows,
        shown(table, columns),
        "Outbound calls by agent, best rank first",
        image,
        [f"{rank_by}_adjusted", "rank"],
    )


def _lines(material: Material) -> Part:
    whole = calls_of(material.calls).by_line(confidence=material.confidence, **_named(material))
    table = whole.drop(columns=["beyond_chance", "trend", "trend_low", "trend_high"])  # of weeks, not of one
    columns = {
        "line": "Line", "n_calls": "Calls", "answer_rate": "Answer rate",
        "answer_rate_expected": "Expected", "short_call_share": "Short calls",
    }  # fmt: skip
    cells = shown(table, columns)
    text = [
        "Expected is the average rate of calls at the line's hours, projects and attempts; clients or "
        "carriers may have marked a line below it as spam."
    ]
    if material.lines is not None:
        told = material.lines.reindex(table.index)
        table[["watch", "watch_since"]] = told[["state", "since"]]
        cells["Watch"] = [_state(*each) for each in told[["state", "since"]].itertuples(index=False)]
        text.append(
            f"The watch looks at all calls in hand; {FALSE_ALARMS:g} false alarms a month are to be expected."
        )
        image = _picture(material, "watch", material.lines, "How far each line is from an alarm")
    else:
        image = _picture(material, "by_line", whole.drop(columns="beyond_chance"), "Answer rate by line")
    defined = ["answer_rate_expected", "short_call_share"]
    return Part("lines", "Lines", text, table, cells, "Outbound calls by line, lowest first", image, defined)


def _state(state: Any, since: Any) -> str:
    if pd.isna(state):
        return NOTHING
    return f"{state} since {since:%d %b}" if state in ("fallen", "risen") else str(state)


def _hours(material: Material) -> Part:
    calls = material.of("outbound")
    table = calls.breakdown(
        "hour", ["n_calls", "answer_rate", "positive_rate"], confidence=material.confidence
    )
    left_out = [name for name in map(str, table) if name.endswith("beyond_chance")]
    table = table.drop(columns=[*left_out, "n_calls_per_day"])
    columns = {"hour": "Hour", "n_calls": "Calls", "answer_rate": "Answer rate", "positive_rate": "Lead rate"}
    cells = shown(table, columns)
    cells["Hour"] = [
        f"{int(each)}–{int(each) + 1}" if str(each).isdigit() else each for each in cells["Hour"]
    ]
    image = _picture(
        material, "heatmap", _plain(calls.heatmap("answer_rate")), "Answer rate by hour of the week"
    )
    return Part("hours", "Hours", (), table, cells, "Outbound calls by hour of the day", image)


def _plain(heatmap: pd.DataFrame) -> pd.DataFrame:
    """Return a heat map that marks no cell: what stands apart in this table alone is not claimed."""
    heatmap.attrs["heatmap"] = {
        name: each for name, each in heatmap.attrs["heatmap"].items() if name != "beyond_chance"
    }
    return heatmap


def _attempts(material: Material) -> Part:
    calls = material.of("outbound")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* had calls before the earliest one here")  # the text says it
        table = calls.attempts(confidence=material.confidence)
    columns = {
        "attempt": "Attempt", "dials": "Calls", "answer_rate": "Answer rate", "positive_rate": "Lead rate",
        "reach": "Clients reached so far",
    }  # fmt: skip
    image = _picture(material, "attempts", table, "What each further attempt reaches")
    text = ["Attempts are counted within this period."]
    told = table.attrs["brightcall"].get("clients", {})
    if told.get("begun_before"):
        of = f"{told['begun_before']:,} of {counted(told['begin_known'], 'client')}"
        text.append(
            f"{of} had calls before their earliest one here, so that some first attempts are later ones."
        )
    return Part(
        "attempts",
        "Attempts",
        text,
        table,
        shown(table, columns),
        "Outbound calls by attempt",
        image,
        ["reach"],
    )


_MOST_CALLBACKS, _MOST_OVERDUE = 40, 10


def _callbacks(material: Material) -> Part:
    parts = [each for each in (material.previous, material.calls) if each is not None]
    every = pd.concat(parts, ignore_index=True) if len(parts) > 1 else material.calls
    every.attrs = dict(material.calls.attrs)
    zone = column(every, "timestamp").dt.tz
    begin = pd.Timestamp(material.today).tz_localize(zone)
    promised = calls_of(every).late_recalls(status=("open", "missed"), until=begin)
    due = promised["recallDate"]
    is_today = (due >= begin) & (due < begin + pd.Timedelta(days=1))
    overdue = due < begin
    listed = (
        promised[is_today | overdue]
        .assign(_today=is_today)
        .sort_values(["_today", "recallDate"], ascending=[False, True])
    )
    table = pd.DataFrame(
        {
            "due": listed["recallDate"].to_numpy() if listed.empty else listed["recallDate"].array,
            "client": _shown(optional_column(listed, "clientNumber"), None),
            "agent": _shown(_agents_or_none(listed), material.names),
            "project": _shown(optional_column(listed, "projectName"), material.names),
            "status": ["due today" if each else "overdue, not called" for each in listed["_today"]],
        },
        index=pd.RangeIndex(len(listed)),
    )
    now, late = int(is_today.sum()), int(overdue.sum())
    # Of the overdue ones the latest matter most; the workbook has all.
    first = table.head(min(now, _MOST_CALLBACKS))
    listed_here = pd.concat([first, table.iloc[now:].tail(_MOST_OVERDUE)]) if late else first
    cells = pd.DataFrame(
        {
            "Due": [f"{each:%d %b, %H:%M}" for each in listed_here["due"]],
            **{name.capitalize(): listed_here[name] for name in ("client", "agent", "project", "status")},
        }
    )
    text = [f"Due on {day(material.today)}: {counted(now, 'callback')}. Overdue and never called: {late:,}."]
    if len(cells) < now + late:
        text.append(f"{len(cells)} of them are listed here; the workbook has all.")
    caption = "Promised callbacks that are due or overdue"
    return Part("callbacks", "Callbacks due today", text, table.set_index("due"), cells, caption)


def _agents_or_none(df: pd.DataFrame) -> pd.Series:
    try:
        return agents_of(df)
    except KeyError:
        return pd.Series(None, index=df.index, dtype="str")


def _named(material: Material) -> dict[str, Any]:
    """Return ``names=`` of tables: type checkers do not see that all of them take it."""
    return {"names": material.names}


def _shown(values: pd.Series, names: Names) -> list[str]:
    known = shown_names(values.dropna().unique(), names)
    return [NOTHING if pd.isna(each) else str(known[each]) for each in values]


def _costs(material: Material) -> Part | None:
    if material.costs is None:
        return None
    table = material.costs.table(material.calls, material.previous)
    cells = material.costs.cells(table)
    return Part("costs", "Costs", [material.costs.words], table, cells, "Costs of all calls")


def _picture(material: Material, name: str, table: pd.DataFrame, title: str) -> tuple[Any, ...]:
    from brightcall_pandas import plots  # noqa: PLC0415 - matplotlib loads when something is drawn

    image = drawn(getattr(plots, name), table, title) if material.pictures else None
    return () if image is None else (image,)


SECTIONS: dict[str, Callable[[Material], Part | None]] = {
    "kpis": _kpis,
    "outcomes": _outcomes,
    "funnel": _funnel,
    "agents": _agents,
    "lines": _lines,
    "hours": _hours,
    "attempts": _attempts,
    "callbacks": _callbacks,
    "costs": _costs,
}
"""What ``sections=`` of a report may name, in the usual order."""

_TITLES = {"kpis": "Key figures", "callbacks": "Callbacks due today"}


def built_in(name: str, material: Material) -> Part | None:
    """Return a section; of calls that lack a column it says so; None where there is nothing to say."""
    try:
        return SECTIONS[name](material)
    except KeyError as error:
        title = _TITLES.get(name, name.capitalize())
        return Part(name, title, [f"Not shown: {error.args[0] if error.args else error}"])
