"""What tables take besides their own arguments: who the agents are, how ids are shown, what a lead is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from brightcall_pandas.analysis import names_of
from brightcall_pandas.frame import (
    LEAD_DOC,
    NAMES_DOC,
    Names,
    documented,
    known_agent,
    known_lead,
    named_table,
    of_one_agent,
    of_one_lead,
    warn_of_absent_leads,
    with_agent,
    with_lead,
)

__all__ = [
    "AGENT_DOC",
    "OF_AGENTS",
    "OF_LEADS",
    "marked_table",
    "of_people",
    "options_of",
    "shows_people",
    "uses_agents",
    "with_people_documented",
]

P = ParamSpec("P")
T = TypeVar("T")

OF_AGENTS = frozenset({"agent_time", "by_agent"})
"""Tables that are about agents whatever they are split by."""

_OF_LINES = frozenset({"by_line"})

OF_LEADS = frozenset(
    ("attempts", "breakdown", "by_agent", "compare", "explain_change", "funnel", "heatmap", "over_time",
     "recalls", "restated", "sensitivity", "talk_time_buckets", "transfer_variants", "watch")
)  # fmt: skip
"""Tables that count what is positive, or take a metric that does."""

AGENT_DOC = (
    'Field that tells the agents (``"involvedAgent1Id"``, ``"agentShortNumber"``, ``"userId"``), or a\n'
    "column of the frame. None: what the frame's attributes say, else what its calls decide."
)
"""How ``agent=`` is documented."""


def shows_people(function: Callable[..., Any]) -> bool:
    """Tell whether a table can show agents, lines or projects: it is about them, or takes ``by=``."""
    name = function.__name__
    return name in OF_AGENTS | _OF_LINES or "by" in inspect.signature(function).parameters


def uses_agents(function: Callable[..., Any], given: Mapping[str, Any]) -> bool:
    """Tell whether a table of these arguments depends on who the agents are."""
    by = given["by"] if "by" in given else _default_by(function)
    return function.__name__ in OF_AGENTS or "agent" in names_of(by)


def _default_by(function: Callable[..., Any]) -> Any:
    parameter = inspect.signature(function).parameters.get("by")
    return None if parameter is None or parameter.default is inspect.Parameter.empty else parameter.default


def of_people(
    function: Callable[Concatenate[pd.DataFrame, P], T],
) -> Callable[Concatenate[pd.DataFrame, P], T]:
    """Make a table take ``agent=`` and ``names=``; one that shows nobody stays as it is."""
    takes = options_of(function)
    if not takes:
        return function
    signature = inspect.signature(function)
    takes_names = "names" in signature.parameters
    computed: Callable[..., Any] = function

    @functools.wraps(function)
    def table(
        df: pd.DataFrame,
        /,
        *args: Any,
        agent: str | None = None,
        names: Names = None,
        lead: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> Any:
        asked = {"agent": agent, "names": names, "lead": lead}
        refused = {name: value for name, value in asked.items() if name not in takes and value is not None}
        try:
            given = signature.bind(df, *args, **kwargs, **refused).arguments
        except TypeError:
            return computed(df, *args, **kwargs, **refused)  # raises an error of its own
        given.pop(next(iter(given)))
        used = uses_agents(function, given)
        if lead is not None:
            df = with_lead(df, lead)
            warn_of_absent_leads(df)
        if "lead" in takes and isinstance(given.get("other"), pd.DataFrame):
            df, given["other"] = of_one_lead(df, given["other"])
        if agent is not None:
            df = with_agent(df, agent)
        if used and isinstance(given.get("other"), pd.DataFrame):
            df, given["other"] = of_one_agent(df, given["other"])
        elif used:
            df = with_agent(df)
        if takes_names:
            given["names"] = names
        result = computed(df, **given)
        if not isinstance(result, pd.DataFrame):
            return result
        return marked_table(
            named_table(result, names) if shows_people(function) else result,
            agent=known_agent(df) if used else None,
            lead=known_lead(df) if "lead" in takes else None,
        )

    finished: Callable[Concatenate[pd.DataFrame, P], T] = with_people_documented(table, function)
    return finished


def marked_table(table: pd.DataFrame, **told: Any) -> pd.DataFrame:
    """Return a table whose attributes say what its agents and leads were told by; None says nothing."""
    if told := {name: value for name, value in told.items() if value is not None}:
        table.attrs["brightcall"] = {**(table.attrs.get("brightcall") or {}), **told}
    return table


_OPTIONS = {
    "agent": ("str | None", AGENT_DOC),
    "names": ("Names", NAMES_DOC),
    "lead": ("Sequence[str] | None", LEAD_DOC),
}


def options_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return which of ``agent``, ``names`` and ``lead`` a table takes, as its own arguments or not."""
    told = (*(("agent", "names") if shows_people(function) else ()), *_of_leads(function))
    own = ("names",) if told and "names" in inspect.signature(function).parameters else ()
    return tuple(dict.fromkeys((*told, *own)))


def _of_leads(function: Callable[..., Any]) -> tuple[str, ...]:
    return ("lead",) if function.__name__ in OF_LEADS else ()


def with_people_documented(table: Any, function: Callable[..., Any]) -> Any:
    """Complete signature and docstring of a table with ``agent``, ``names`` and ``lead``."""
    signature = inspect.signature(function)
    new = [name for name in options_of(function) if name not in signature.parameters]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_OPTIONS[name][0])
        for name in new
    ]
    table.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *added])
    table.__doc__ = documented(function.__doc__, {name: _OPTIONS[name][1] for name in new})
    return table
