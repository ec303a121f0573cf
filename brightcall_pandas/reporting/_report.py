"""`report`: what a report is made of, checked before anything is written, and its file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from brightcall_pandas.accessors import shown_texts
from brightcall_pandas.analysis import Look, Metric, checked_metrics, find_metric, findings
from brightcall_pandas.errors import brief_errors
from brightcall_pandas.export import pseudonymize
from brightcall_pandas.frame import Names, column, day_text, flag
from brightcall_pandas.reporting._book import write_book
from brightcall_pandas.reporting._certificate import (
    completeness,
    definitions_of,
    late_rates,
    period_of,
    unsettled_from,
    unsettled_words,
)
from brightcall_pandas.reporting._checks import (
    FORMATS,
    checked_frames,
    checked_options,
    checked_path,
    checked_sections,
    refuse_masks,
    short_tokens,
    told_frames,
)
from brightcall_pandas.reporting._contents import Material, built_in
from brightcall_pandas.reporting._costs import checked_costs
from brightcall_pandas.reporting._options import Options
from brightcall_pandas.reporting._page import write_page
from brightcall_pandas.reporting._pictures import image_of_section, with_pictures
from brightcall_pandas.reporting._section import Part, Section
from brightcall_pandas.reporting._sentences import looked_at, method, unsettled_sentence, warnings_of
from brightcall_pandas.reporting._statements import Statement, lead_sentence, since, statements
from brightcall_pandas.reporting._watch import alarms, briefly, since_by_watch, watched
from brightcall_pandas.reporting._words import days

__all__ = ["FORMATS", "Content", "checked_path", "content_of", "report", "write_report"]

_DIMENSIONS = ("project", "agent", "line", "hour")
_OUTBOUND, _INBOUND = ("answer_rate", "positive_rate"), ("answer_rate",)


@dataclass(frozen=True)
class Content:
    """Everything that a report says, before it is a file."""

    title: str
    here: str
    there: str
    lead: str
    said: Sequence[Statement]
    alarms: Sequence[str]
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
    most_also: int = 3


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
    pictures: bool = True,
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
        What `bc.load_stats` returns for the days of ``calls``: the report says whether they agree.
    settle_days
        Days after which calls change no more. Rates that rest on outcomes may still rise until then, so their
        falls are told as not settled yet. None: what `bc.lookback` has measured, if it is known; else 7.
    today
        Day whose callbacks are listed. None: the day after the last one of ``calls``.
    pseudonyms
        Secret: numbers and agents appear as tokens that it makes, as in ``df.calls.pseudonymize(key)``.
    pictures
        Whether to draw pictures: without them a page is small, and made in a second.
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
        An argument means nothing, `previous` shares calls with ``calls``, or `path` has another ending.
        Nothing has been written then.
    ModuleNotFoundError
        The extra ``report`` is not installed.

    Notes
    -----
    A statement is made only if it survives Benjamini and Hochberg (1995) over all groups and rates that the
    report looked at, so that of periods in which nothing differs at most 1 − `confidence` get any. Groups are
    held against their own previous calls at the same attempt, and against the other groups at the same
    attempt, project and hour. What moved comes first, the surest first; what one statement lets expect of
    others is told with it. ``docs/report.md`` has the whole method, and how often it is right.

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
    options = Options(
        title=title, sections=sections, names=names, metrics=metrics, lead=lead, agent=agent, costs=costs,
        before=before, stats=stats, settle_days=settle_days, today=today, pseudonyms=pseudonyms,
        confidence=confidence, pictures=flag("pictures", pictures) and file.suffix.lower() != ".xlsx",
    )  # fmt: skip
    content = content_of(calls, previous, options)
    return write_report(content, file)


def write_report(content: Content, file: Path) -> Path:
    """Write a report as what its file is named."""
    (write_book if file.suffix.lower() == ".xlsx" else write_page)(content, file)
    return file


def content_of(
    calls: pd.DataFrame, previous: pd.DataFrame | None = None, options: Options | None = None
) -> Content:
    """Return what a report says; the parameters are those of `report`."""
    from brightcall_pandas import __version__  # noqa: PLC0415 - the package is there by now

    given = options or Options()
    checked_options(given)
    frames = checked_frames(calls, previous, given.before)
    chosen = checked_sections(given.sections, has_costs=given.costs is not None)
    further = [] if given.metrics is None else list(checked_metrics(given.metrics, ()).values())
    refuse_masks(further)
    money, names = checked_costs(given.costs), given.names
    if given.pseudonyms is not None:
        frames = {name: pseudonymize(df, given.pseudonyms) for name, df in frames.items()}
    frames = told_frames(frames, given.lead, given.agent)
    calls, previous = frames["calls"], frames.get("previous")
    if given.pseudonyms is not None:
        names = short_tokens(calls)
    periods = {name: period_of(df) for name, df in frames.items()}
    spans = {name: "no days" if each is None else days(*each) for name, each in periods.items()}
    last = periods["calls"][1] if periods["calls"] else date(1970, 1, 1)
    due = last + timedelta(days=1)
    if given.today is not None:
        due = date.fromisoformat(day_text("today", given.today))
    there = "" if previous is None else spans["previous"]
    looks = _looks(calls, further)
    before, confidence = frames.get("before"), given.confidence
    found = findings(calls, previous, looks, _DIMENSIONS, before=before, confidence=confidence)
    first_open = unsettled_from(calls, given.settle_days)
    open_days = unsettled_words(first_open, last)
    late = late_rates([each for look in looks for each in look.metrics], calls)
    said, waiting = statements(found, names, there, late, open_days)
    parts_in_hand = [frames[name] for name in ("before", "previous", "calls") if name in frames]
    for number, moment in since_by_watch(said, parts_in_hand).items():
        said[number] = since(said[number], moment)
    lines = watched(parts_in_hand, names)
    if given.pictures:
        said = with_pictures(said, calls, previous, names)
    material = Material(
        calls,
        previous,
        spans["calls"],
        there,
        due,
        names,
        further,
        money,
        lines,
        given.confidence,
        given.pictures,
    )
    parts = [
        part
        for number, each in enumerate(chosen)
        if (part := built_in(each, material) if isinstance(each, str) else _own(each, number)) is not None
    ]
    sides = {spans["calls"] or "These calls": calls}
    sides |= {} if previous is None else {there: previous}
    certificate, differs = completeness(sides, given.stats)
    has_previous = previous is not None
    first = lead_sentence(said, briefly(lines), len(found), has_previous=has_previous)
    return Content(
        title=given.title,
        here=spans["calls"],
        there=there,
        lead=first if len(calls) else "No calls.",
        said=said,
        alarms=alarms(lines),
        waiting=waiting,
        parts=parts,
        found=_shown_findings(found),
        nothing="Nothing moved, and no group stands apart, beyond chance."
        if has_previous
        else "No group stands apart from the others beyond chance.",
        looked_at=looked_at(found),
        unsettled=unsettled_sentence(open_days, late),
        method=method(len(found), given.confidence, has_previous=has_previous),
        certificate=certificate,
        differs=differs,
        definitions=definitions_of(
            [*(name for look in looks for name in _names(look)), *(n for part in parts for n in part.defined)]
        ),
        version=__version__,
        warnings=warnings_of(frames, periods),
    )


def _names(look: Look) -> list[str]:
    return [each.name for each in look.metrics]


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
    table = found.drop(columns="told_with")
    of = found[["kind", "direction", "metric", "dimension", "group"]].agg(" ".join, axis=1)
    table["told_with"] = [None if pd.isna(each) else of[each] for each in found["told_with"]]
    table["since"] = (
        pd.to_datetime(table["since"], utc=True).dt.tz_localize(None) if len(table) else table["since"]
    )
    return table
