"""`report`: what a report is made of, checked before anything is written, and its file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.accessors import calls as calls_of
from brightcall_pandas.accessors import shown_texts
from brightcall_pandas.analysis import (
    Look,
    Metric,
    checked_metrics,
    find_metric,
    findings,
    rows_of_group,
)
from brightcall_pandas.errors import brief_errors
from brightcall_pandas.export import pseudonymize, require_excel, workbook_path
from brightcall_pandas.frame import (
    Names,
    agents_of,
    column,
    day_text,
    names_by_id,
    nearest,
    optional_column,
    shown_names,
    type_error,
    warn_of_absent_leads,
    whole,
    with_agent,
    with_lead,
)
from brightcall_pandas.reporting._book import write_book
from brightcall_pandas.reporting._certificate import (
    SETTLE_DAYS,
    completeness,
    definitions_of,
    late_rates,
    period_of,
    unsettled_from,
    unsettled_words,
)
from brightcall_pandas.reporting._contents import SECTIONS, Material, built_in
from brightcall_pandas.reporting._costs import checked_costs
from brightcall_pandas.reporting._page import as_page, require_html, write_page
from brightcall_pandas.reporting._pictures import drawn, image_of_section
from brightcall_pandas.reporting._section import Image, Part, Section
from brightcall_pandas.reporting._statements import Statement, lead_sentence, statements
from brightcall_pandas.reporting._words import counted, day, days, rate_name

__all__ = ["FORMATS", "Content", "content_of", "report", "write_report"]

FORMATS = (".html", ".htm", ".xlsx")
"""Endings of a report's file."""

_DIMENSIONS = ("project", "agent", "line", "hour")
_OUTBOUND, _INBOUND = ("answer_rate", "positive_rate"), ("answer_rate",)
_WITH_PICTURE = 3  # statements


@dataclass(frozen=True)
class Content:
    """Everything that a report says, before it is a file."""

    title: str
    here: str
    there: str
    lead: str
    said: Sequence[Statement]
    waiting: Sequence[Statement]
    parts: Sequence[Part]
    found: pd.DataFrame
    nothing: str
    looked_at: str
    unsettled: str
    method: str
    certificate: Sequence[str]
    differs: pd.DataFrame | None
    definitions: pd.DataFrame
    version: str
    warnings: Sequence[str] = field(default=())
    most_said: int = 10


@brief_errors
def report(
    calls: pd.DataFrame,
    previous: pd.DataFrame | None = None,
    *,
    path: str | os.PathLike[str] = "report.html",
    title: str = "The calls of the week",
    sections: Sequence[str | Section] | None = None,
    names: Names = None,
    metrics: Sequence[str | Metric] | None = None,
    lead: Sequence[str] | None = None,
    agent: str | None = None,
    costs: Mapping[str, Any] | None = None,
    before: pd.DataFrame | None = None,
    stats: pd.DataFrame | None = None,
    settle_days: int | None = None,
    today: str | date | None = None,
    pseudonyms: str | bytes | None = None,
    confidence: float = 0.95,
) -> Path:
    """Write a report that is read in two minutes: what differs beyond chance first, then the tables.

    Parameters
    ----------
    calls
        The calls to report, for example of a week.
    previous
        The calls to hold them against, for example of the week before. None: no comparison over time.
    path
        The file, named ``….html`` or ``….xlsx``; replaced if it exists, whole or not at all.
    title
        Title of the report.
    sections
        Which sections, in this order: ``"kpis"``, ``"outcomes"``, ``"funnel"``, ``"agents"``, ``"lines"``,
        ``"hours"``, ``"attempts"``, ``"callbacks"``, ``"costs"``, and sections of your own (`bc.Section`).
        None: all of these, costs only where `costs` are given.
    names
        Names to show for ids of agents, lines and projects, as in ``df.calls.by_agent(names=…)``.
    metrics
        Further metrics (`bc.Metric`, or names in ``definitions``), for the key figures; those that are calls
        ÷ calls are looked at for what differs, too.
    lead
        Outcomes that are a lead. None: what the frame says, else calls whose outcome type is positive.
    agent
        Field or column that tells the agents. None: what the frame says, else what its calls decide.
    costs
        What calls cost: ``{"per_call": 0.02, "per_minute": 0.05, "fixed": 900, "currency": "EUR"}``.
    before
        Calls before those of `previous`. They are not reported; attempts are numbered by them.
    stats
        What `bc.load_stats` returns for the days of `calls`: the report says whether they agree.
    settle_days
        Days after which calls change no more. Rates that rest on outcomes may still rise until then, so their
        falls are told as not settled yet. None: 7.
    today
        Day whose callbacks are listed. None: the day after the last one of `calls`.
    pseudonyms
        Secret: numbers and agents appear as tokens that it makes, as in ``df.calls.pseudonymize(key)``.
    confidence
        1 − the share of reports that may say something false where nothing differs; and the confidence of the
        intervals.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    TypeError, ValueError
        An argument means nothing, `previous` shares calls with `calls`, or `path` has another ending. Nothing
        has been written then.
    ModuleNotFoundError
        The extra ``report`` is not installed.

    Notes
    -----
    A statement is made only if it survives Benjamini and Hochberg (1995) over all groups and rates that the
    report looked at, so that of periods in which nothing differs at most 1 − `confidence` get any. Groups are
    held against their own previous calls at the same attempt, and against the other groups at the same
    attempt, project and hour. ``docs/report.md`` has the whole method, and how often it is right.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> stamps = pd.date_range("2026-03-02 09:00", periods=40, freq="h", tz="UTC")
    >>> calls = pd.DataFrame({"timestamp": stamps, "state": [1, 0] * 20, "userId": ["7", "8"] * 20})
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +SKIP
    ...     report(calls, path=pathlib.Path(folder, "report.html"), sections=["kpis", "agents"]).name
    'report.html'
    """
    file = checked_path(path)
    content = content_of(
        calls, previous, title=title, sections=sections, names=names, metrics=metrics, lead=lead, agent=agent,
        costs=costs, before=before, stats=stats, settle_days=settle_days, today=today, pseudonyms=pseudonyms,
        confidence=confidence, pictures=file.suffix.lower() != ".xlsx",
    )  # fmt: skip
    return write_report(content, file)


def checked_path(path: str | os.PathLike[str]) -> Path:
    """Return the file of a report, once what writes it is known to be there.

    Raises
    ------
    ValueError
        It is a folder or an address, or has another ending than a report.
    ModuleNotFoundError
        An extra is missing.
    """
    if not isinstance(path, str | os.PathLike):
        raise type_error("path", "the name of a file, such as 'report.html'", path)
    file = workbook_path(path)
    if file.suffix.lower() not in FORMATS:
        msg = f"{str(file)!r} is not named as a report: end it in .html or .xlsx"
        raise ValueError(msg)
    if file.suffix.lower() == ".xlsx":
        require_excel("report as a workbook")
    else:
        require_html()
    return file


def write_report(content: Content, file: Path) -> Path:
    """Write a report as what its file is named."""
    (write_book if file.suffix.lower() == ".xlsx" else write_page)(content, file)
    return file


def content_of(
    calls: pd.DataFrame,
    previous: pd.DataFrame | None = None,
    *,
    title: str = "The calls of the week",
    sections: Sequence[str | Section] | None = None,
    names: Names = None,
    metrics: Sequence[str | Metric] | None = None,
    lead: Sequence[str] | None = None,
    agent: str | None = None,
    costs: Mapping[str, Any] | None = None,
    before: pd.DataFrame | None = None,
    stats: pd.DataFrame | None = None,
    settle_days: int | None = None,
    today: str | date | None = None,
    pseudonyms: str | bytes | None = None,
    confidence: float = 0.95,
    pictures: bool = True,
) -> Content:
    """Return what a report says; the parameters are those of `report`."""
    from brightcall_pandas import __version__  # noqa: PLC0415 - the package is there by now

    frames = _checked_frames(calls, previous, before)
    chosen = _checked_sections(sections, has_costs=costs is not None)
    further = list(checked_metrics(metrics, ()).values()) if metrics is not None else []
    _refuse_masks(further)
    if not isinstance(title, str) or not title.strip():
        raise type_error("title", "a text that is not blank", title)
    names_by_id(names)
    money = checked_costs(costs)
    settle = SETTLE_DAYS if settle_days is None else whole("settle_days", settle_days, 0)
    if pseudonyms is not None:
        if names is not None:
            msg = "names= would undo pseudonyms=: give one of them"
            raise ValueError(msg)
        frames = {name: pseudonymize(df, pseudonyms) for name, df in frames.items()}
    frames = _told(frames, lead, agent)
    calls, previous = frames["calls"], frames.get("previous")
    if pseudonyms is not None:
        names = _short_tokens(calls)
    periods = {name: period_of(df) for name, df in frames.items()}
    spans = {name: "no days" if each is None else days(*each) for name, each in periods.items()}
    last = periods["calls"][1] if periods["calls"] else date(1970, 1, 1)
    due = last + timedelta(days=1) if today is None else date.fromisoformat(day_text("today", today))
    there = "" if previous is None else spans["previous"]
    looks = _looks(calls, further)
    found = findings(calls, previous, looks, _DIMENSIONS, before=frames.get("before"), confidence=confidence)
    first_open = unsettled_from(calls, settle)
    open_days = unsettled_words(first_open, last)
    late = late_rates([each for look in looks for each in look.metrics])
    every = statements(found, names, there, late, open_days)
    said = [each for each in every if each.settled]
    if pictures:
        said = _with_pictures(said, calls, previous, names)
    material = Material(
        calls, previous, spans["calls"], there, due, names, further, money, confidence, pictures
    )
    parts = [
        part
        for number, each in enumerate(chosen)
        if (part := built_in(each, material) if isinstance(each, str) else _own(each, number)) is not None
    ]
    sides = {spans["calls"] or "These calls": calls}
    sides |= {} if previous is None else {there: previous}
    certificate, differs = completeness(sides, stats)
    has_previous = previous is not None
    return Content(
        title=title,
        here=spans["calls"],
        there=there,
        lead=lead_sentence(said, len(found), has_previous=has_previous) if len(calls) else "No calls.",
        said=said,
        waiting=[each for each in every if not each.settled],
        parts=parts,
        found=_shown_findings(found),
        nothing="Nothing moved, and no group stands apart, beyond chance."
        if has_previous
        else "No group stands apart from the others beyond chance.",
        looked_at=_looked_at(found, looks),
        unsettled=_unsettled(open_days, late, settle),
        method=_method(len(found), confidence),
        certificate=certificate,
        differs=differs,
        definitions=definitions_of([*(name for look in looks for name in _names(look)), *(n for part in parts for n in part.defined)]),
        version=__version__,
        warnings=_warnings(frames, periods),
    )


def _names(look: Look) -> list[str]:
    return [each.name for each in look.metrics]


def _checked_frames(
    calls: pd.DataFrame, previous: pd.DataFrame | None, before: pd.DataFrame | None
) -> dict[str, pd.DataFrame]:
    given = {"calls": calls, "previous": previous, "before": before}
    for name, df in given.items():
        if df is None and name != "calls":
            continue
        if not isinstance(df, pd.DataFrame):
            raise type_error(name, "a frame of calls, as bc.load_calls and bc.to_frame return it", df)
        if not len(df.columns):
            msg = f"{name} has no columns: give a frame of calls"
            raise ValueError(msg)
    if previous is None and before is not None:
        msg = "before= are the calls before previous=: give those, too"
        raise ValueError(msg)
    frames = {name: df for name, df in given.items() if df is not None}
    _refuse_shared(frames)
    return frames


def _refuse_shared(frames: Mapping[str, pd.DataFrame]) -> None:
    """Refuse periods that share calls: they would be held against themselves."""
    seen: dict[str, pd.Series] = {
        name: column(df, "id").dropna() for name, df in frames.items() if "id" in df.columns
    }
    pairs = [("calls", "previous"), ("calls", "before"), ("previous", "before")]
    for one, other in pairs:
        if one in seen and other in seen and (shared := int(seen[one].isin(seen[other]).sum())):
            msg = (
                f"{one} and {other} share {counted(shared, 'call')}: the periods must not overlap. Load them "
                "for days of their own"
            )
            raise ValueError(msg)


def _checked_sections(given: Any, *, has_costs: bool) -> list[str | Section]:
    if given is None:
        return [name for name in SECTIONS if name != "costs" or has_costs]
    known = f"{', '.join(map(repr, SECTIONS))}, and bc.Section(…)"
    if isinstance(given, str | Section) or not isinstance(given, Sequence):
        raise type_error("sections", f"a list of {known}", given)
    chosen: list[str | Section] = list(given)
    for each in chosen:
        if isinstance(each, Section):
            continue
        if not isinstance(each, str):
            raise type_error("sections", f"a list of {known}", each)
        if each not in SECTIONS:
            msg = f"sections= has {each!r}{nearest(each, SECTIONS)} There are {known}"
            raise ValueError(msg)
        if chosen.count(each) > 1:
            msg = f"sections= has {each!r} twice"
            raise ValueError(msg)
        if each == "costs" and not has_costs:
            msg = "sections= has 'costs', but costs= says nothing of them"
            raise ValueError(msg)
    return chosen


def _refuse_masks(metrics: Sequence[Metric]) -> None:
    for each in metrics:
        if each.needs_mask:
            msg = (
                f"metric {each.name!r} has a mask, which belongs to one frame, and a report looks at parts of "
                "several: write it as an expression, a CallFilter or a function of the frame"
            )
            raise ValueError(msg)


def _told(
    frames: Mapping[str, pd.DataFrame], lead: Sequence[str] | None, agent: str | None
) -> dict[str, pd.DataFrame]:
    """Return frames that say what a lead is, and what tells the agents, where the caller says so."""
    told = dict(frames)
    if lead is not None:
        told = {name: with_lead(df, lead) for name, df in told.items()}
        warn_of_absent_leads(told["calls"])
    if agent is not None:
        told = {name: with_agent(df, agent) for name, df in told.items()}
    return told


def _short_tokens(calls: pd.DataFrame) -> dict[str, str]:
    """Return tokens of agents and lines as people can tell them apart: their first digits."""
    labels = list(optional_column(calls, "lineNumber").dropna().astype("str").unique())
    try:
        labels += list(agents_of(calls).dropna().astype("str").unique())
    except KeyError:  # nobody knows the agents
        pass
    tokens = [each for each in dict.fromkeys(labels) if each.startswith("*")]
    for length in (6, 9, 12):
        short = {each: each[:length] for each in tokens}
        if len(set(short.values())) == len(tokens):
            return short
    return {}


def _looks(calls: pd.DataFrame, further: Sequence[Metric]) -> list[Look]:
    """Return what the report looks at: rates of outbound and inbound calls, and those of the caller."""
    own = [each for each in further if each.is_proportion]

    def rates(names: Sequence[str]) -> list[Metric]:
        usual = [find_metric(name) for name in names]
        return [*usual, *(each for each in own if each.name not in names)]

    if "type" not in calls.columns:
        return [Look(None, rates(_OUTBOUND))]
    there = set(column(calls, "type").dropna().unique())
    looks = {"outbound": _OUTBOUND, "inbound": _INBOUND}
    return [Look(name, rates(names)) for name, names in looks.items() if name in there]  # type: ignore[arg-type]


def _with_pictures(
    said: Sequence[Statement], calls: pd.DataFrame, previous: pd.DataFrame | None, names: Names
) -> list[Statement]:
    """Return the statements, the first of them with a picture; one picture shows all groups that stand apart."""
    shown: set[tuple[Any, ...]] = set()
    result = []
    for number, each in enumerate(said):
        row = each.row
        same = (row["kind"], row["direction"], row["metric"], row["dimension"])
        key = (*same, row["group"]) if row["kind"] == "moved" else same
        if number < _WITH_PICTURE and key not in shown:
            shown.add(key)
            result.append(replace(each, image=_picture_of(each, calls, previous, names)))
        else:
            result.append(each)
    return result


def _picture_of(
    statement: Statement, calls: pd.DataFrame, previous: pd.DataFrame | None, names: Names
) -> Image | None:
    """Return the rate of a statement's group day by day, or of all groups side by side."""
    from brightcall_pandas import plots  # noqa: PLC0415 - matplotlib loads when something is drawn

    row = statement.row
    metric = row["metric"]
    frames = [df for df in (previous, calls) if df is not None] if row["kind"] == "moved" else [calls]
    df = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    df.attrs = dict(calls.attrs)
    if row["direction"]:
        df = df[(column(df, "type") == row["direction"]).to_numpy(dtype=bool)]
    name = rate_name(metric)
    if row["kind"] == "moved":
        df = df[rows_of_group(df, row["dimension"], row["group"])]
        who = shown_names([row["group"]], names)[row["group"]] if row["dimension"] else f"{row['direction']} calls"
        table = _unflagged(calls_of(df).breakdown("day", [metric]))
        return drawn(plots.breakdown, table, f"{name[0].upper()}{name[1:]} of {who}, day by day", figsize=(8, 3.2))
    table = _unflagged(calls_of(df).breakdown(row["dimension"], [metric], names=names))
    return drawn(plots.breakdown, table, f"{name[0].upper()}{name[1:]} by {row['dimension']}", figsize=(8, 3.6))


def _unflagged(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that claims nothing by itself."""
    return table.drop(columns=[name for name in table if name.endswith("beyond_chance")])


def _own(section: Section, number: int) -> Part:
    table = section.table
    image = image_of_section(section)
    return Part(
        f"own-{number}",
        section.title,
        [section.text] if section.text else [],
        table,
        None if table is None else shown_texts(table.head(1_000)),
        section.title,
        () if image is None else (image,),
    )


def _shown_findings(found: pd.DataFrame) -> pd.DataFrame:
    table = found.copy()
    table["since"] = pd.to_datetime(table["since"], utc=True).dt.tz_localize(None) if len(table) else table["since"]
    return table


def _looked_at(found: pd.DataFrame, looks: Sequence[Look]) -> str:
    rates = {
        look.direction: " and ".join(rate_name(each.name) for each in look.metrics) for look in looks
    }
    told = ", ".join(f"{names} of {f'{name} ' if name else ''}calls" for name, names in rates.items())
    by = ", ".join(dict.fromkeys(name for name in found["dimension"] if name)) or "all together"
    return (
        f"Looked at {counted(len(found), 'difference')}: {told or 'no rate'}; by {by}. A group counts where at "
        "least 5 hits and 5 misses are expected on either side, from 10 clients."
    )


def _unsettled(open_days: str, late: Sequence[str], settle: int) -> str:
    if not open_days:
        return ""
    rates = " and ".join(rate_name(each) for each in late)
    what = f"the {rates} may still rise" if rates else "their outcomes may still change"
    return f"Calls of {open_days} may still get an outcome for {counted(settle, 'day')} after the call: {what}."


def _method(tests: int, confidence: float) -> str:
    risk = f"{100 * (1 - confidence):g}%"
    return (
        f"A statement is made only if it is beyond chance over all {tests:,} differences that this report "
        f"looked at (false discovery rate {risk}, Benjamini and Hochberg): where nothing differs, at most "
        f"{risk} of reports make any. Groups are held against their own earlier calls at the same attempt, and "
        "against the other groups at the same attempt, project and hour (Cochran, Mantel and Haenszel); calls "
        "to one client count as one group of calls that depend on each other. Intervals are of "
        f"{100 * confidence:g}% confidence. Pictures and tables show what was counted, and claim nothing."
    )


def _warnings(
    frames: Mapping[str, pd.DataFrame], periods: Mapping[str, tuple[date, date] | None]
) -> list[str]:
    told = []
    for name, what in (("calls", "these days"), ("previous", "the days before")):
        said = frames[name].attrs.get("brightcall") if name in frames else None
        if isinstance(said, Mapping) and said.get("complete") is False:
            told.append(f"The calls of {what} are not proved complete: some may be missing.")
    here, there = periods["calls"], periods.get("previous")
    if here is not None and there is not None:
        lengths = [(each[1] - each[0]).days + 1 for each in (here, there)]
        if lengths[0] != lengths[1]:
            told.append(
                f"The periods have {lengths[0]} and {lengths[1]} days: compare their rates, not their counts."
            )
        if there[1] >= here[0]:
            told.append("The days of both periods overlap, or stand in another order than earlier and later.")
    return told
