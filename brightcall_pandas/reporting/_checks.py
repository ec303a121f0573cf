"""What is refused before a report is made: files, frames, sections and options that mean nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from brightcall_pandas.analysis import Metric
from brightcall_pandas.export import require_excel, workbook_path
from brightcall_pandas.frame import (
    agents_of,
    checked_lead,
    column,
    names_by_id,
    nearest,
    optional_column,
    type_error,
    warn_of_absent_leads,
    whole,
    with_agent,
    with_lead,
)
from brightcall_pandas.reporting._contents import SECTIONS
from brightcall_pandas.reporting._costs import checked_costs
from brightcall_pandas.reporting._options import Options
from brightcall_pandas.reporting._page import require_html
from brightcall_pandas.reporting._section import Section
from brightcall_pandas.reporting._words import counted

__all__ = [
    "FORMATS",
    "checked_frames",
    "checked_options",
    "checked_path",
    "checked_sections",
    "refuse_masks",
    "short_tokens",
    "told_frames",
]

FORMATS = (".html", ".htm", ".xlsx")
"""Endings of a report's file."""


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


def checked_options(given: Options) -> None:
    """Refuse options that mean nothing, before anything is loaded for a report.

    Raises
    ------
    TypeError, ValueError
        One of them means nothing; the message names it.
    """
    if given.title is not None and not (isinstance(given.title, str) and given.title.strip()):
        raise type_error("title", "a text that is not blank", given.title)
    checked_sections(given.sections, has_costs=given.costs is not None)
    names_by_id(given.names)
    if given.lead is not None:
        checked_lead(given.lead)
    checked_costs(given.costs)
    if given.settle_days is not None:
        whole("settle_days", given.settle_days, 0)
    if given.pseudonyms is not None and given.names is not None:
        msg = "names= would undo pseudonyms=: give one of them"
        raise ValueError(msg)


def checked_frames(
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


def checked_sections(given: Any, *, has_costs: bool) -> list[str | Section]:
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
            msg = "sections= has 'costs', but costs= was not given"
            raise ValueError(msg)
    return chosen


def refuse_masks(metrics: Sequence[Metric]) -> None:
    for each in metrics:
        if each.needs_mask:
            msg = (
                f"metric {each.name!r} has a mask, which belongs to one frame, and a report looks at parts "
                "of several: write it as an expression, a CallFilter or a function of the frame"
            )
            raise ValueError(msg)


def told_frames(
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


def short_tokens(calls: pd.DataFrame) -> dict[str, str]:
    """Return tokens of agents and lines as people can tell them apart: their first digits."""
    labels = list(optional_column(calls, "lineNumber").dropna().astype("str").unique())
    with suppress(KeyError):  # nobody knows the agents
        labels += list(agents_of(calls).dropna().astype("str").unique())
    tokens = [each for each in dict.fromkeys(labels) if each.startswith("*")]
    for length in (6, 9, 12):
        short = {each: each[:length] for each in tokens}
        if len(set(short.values())) == len(tokens):
            return short
    return {}
