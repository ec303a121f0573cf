"""``agent=`` and ``names=`` of tables and pictures: which field tells the agents, and how ids are shown."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from brightcall_pandas.frame import (
    NAMES_DOC,
    Names,
    documented,
    known_agent,
    named_table,
    of_one_agent,
    with_agent,
)

__all__ = [
    "AGENT_DOC",
    "OF_AGENTS",
    "marked_table",
    "of_people",
    "shows_people",
    "uses_agents",
    "with_people_documented",
]

P = ParamSpec("P")
T = TypeVar("T")

OF_AGENTS = frozenset({"agent_time", "by_agent"})
"""Tables that are about agents whatever they are split by."""

_OF_LINES = frozenset({"by_line"})

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
    return function.__name__ in OF_AGENTS or "agent" in ([by] if isinstance(by, str) else list(by or ()))


def _default_by(function: Callable[..., Any]) -> Any:
    parameter = inspect.signature(function).parameters.get("by")
    return None if parameter is None or parameter.default is inspect.Parameter.empty else parameter.default


def of_people(
    function: Callable[Concatenate[pd.DataFrame, P], T],
) -> Callable[Concatenate[pd.DataFrame, P], T]:
    """Make a table take ``agent=`` and ``names=``; one that shows nobody stays as it is."""
    if not shows_people(function):
        return function
    signature = inspect.signature(function)
    takes_names = "names" in signature.parameters
    computed: Callable[..., Any] = function

    @functools.wraps(function)
    def table(
        df: pd.DataFrame, /, *args: Any, agent: str | None = None, names: Names = None, **kwargs: Any
    ) -> Any:
        try:
            given = signature.bind(df, *args, **kwargs).arguments
        except TypeError:
            return computed(df, *args, **kwargs)  # raises an error of its own
        given.pop(next(iter(given)))
        used = uses_agents(function, given)
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
        return marked_table(named_table(result, names), known_agent(df) if used else None)

    finished: Callable[Concatenate[pd.DataFrame, P], T] = with_people_documented(table, function)
    return finished


def marked_table(table: pd.DataFrame, agent: str | None) -> pd.DataFrame:
    """Return a table whose attributes say which field told its agents; None where it has none."""
    if agent is not None:
        table.attrs["brightcall"] = {**(table.attrs.get("brightcall") or {}), "agent": agent}
    return table


def with_people_documented(table: Any, function: Callable[..., Any]) -> Any:
    """Complete signature and docstring of a table with ``agent`` and ``names``."""
    signature = inspect.signature(function)
    told = {"agent": AGENT_DOC, "names": NAMES_DOC}
    new = {name: text for name, text in told.items() if name not in signature.parameters}
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation="Names" if name == "names" else "str | None",
        )
        for name in new
    ]
    table.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *added])
    table.__doc__ = documented(function.__doc__, new)
    return table
