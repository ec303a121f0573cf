"""The Python code that gives the same rows without the explorer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd

from brightcall_pandas.explorer._selection import Selection
from brightcall_pandas.filters import CallFilter

__all__ = ["doubts", "from_api", "from_frame", "load_filter", "split_filter"]

_DAYS = ("day_from", "day_to")


def load_filter(df: pd.DataFrame) -> CallFilter:
    """Return the filter that a frame was loaded with; an empty one if its provenance does not say."""
    return _known_filter(df) or CallFilter()


def _known_filter(df: pd.DataFrame) -> CallFilter | None:
    query = df.attrs.get("brightcall", {}).get("query") or {}
    try:
        return CallFilter.from_request(query, required=())
    except ValueError:  # numbers in it are pseudonyms, which the API does not know
        return None


def split_filter(
    selection: Selection, loaded: CallFilter, days: tuple[str, str]
) -> tuple[CallFilter, CallFilter]:
    """Return the filter for the API, and the one that is left for its rows.

    Parameters
    ----------
    selection
        What is chosen.
    loaded
        The filter that the frame was loaded with.
    days
        First and last day of the frame, used if it was not loaded.

    Returns
    -------
    tuple of CallFilter and CallFilter
        Both together, and the conditions, give the rows. Days are narrowed; if load and selection set any
        other filter to different values, the load's goes to the API and the selection's to the rows.
    """
    chosen = selection.filter.to_dict()
    request = loaded.to_dict()
    request.pop("date_interval", None)
    if request.get("all_users") is True:
        del request["all_users"]
    rest: dict[str, Any] = {}
    fixed = "day_from" in request
    days_apart = fixed and (
        chosen.get("timezone") not in (None, request.get("timezone"))
        or chosen.get("day_from", "") > request["day_to"]
        or chosen.get("day_to", "9999") < request["day_from"]
    )
    for name, value in chosen.items():
        if days_apart and name in ("timezone", *_DAYS):
            rest[name] = value
        elif name in _DAYS and name in request:
            request[name] = (max if name == "day_from" else min)(request[name], value)
        elif request.setdefault(name, value) != value:
            rest[name] = value
    # Days of another zone reach into the day before and the day after.
    spare = 1 if "timezone" in request and not fixed else 0
    request.setdefault("day_from", min(_moved(days[0], -spare), request.get("day_to", "9999")))
    request.setdefault("day_to", max(_moved(days[1], spare), request["day_from"]))
    return CallFilter(**request), CallFilter(**rest)


def from_frame(selection: Selection, name: str, zone: str, agent: str | None) -> str:
    """Return an expression that takes the rows from the frame of a name."""
    return f"{name}{_filtered(selection.filter, agent)}{_conditions(selection, zone)}"


def from_api(
    selection: Selection,
    loaded: CallFilter,
    days: tuple[str, str],
    zone: str,
    agent: str | None,
    *,
    load_calls: str,
    client: str | None = None,
) -> str:
    """Return an expression that loads the rows; what the API cannot filter follows as a filter of rows."""
    request, rest = split_filter(selection, loaded, days)
    load = load_calls + request.code().removeprefix("bc.load_calls")
    if client is not None:
        load = f"{load[:-1]}, client={client})"
    return f"{load}{_filtered(rest, agent)}{_conditions(selection, zone)}"


def doubts(df: pd.DataFrame, *, client_unknown: bool = False) -> str:
    """Return why a load may not give the rows of a frame, as a comment; an empty text if it does.

    Parameters
    ----------
    df
        The frame.
    client_unknown
        Whether it was loaded with a client that the statement cannot name.
    """
    said = df.attrs.get("brightcall", {})
    windows = said.get("windows")
    loaded = sum(each.get("rows", 0) for each in windows) if isinstance(windows, list) else len(df)
    found = []
    if not said.get("query"):
        found.append("the frame does not say how it was loaded: these are all calls of its days")
    elif _known_filter(df) is None:
        found.append("the frame was loaded with filters that are pseudonyms now: they are left out")
    elif len(df) < loaded:
        found.append(f"the frame explored has {len(df):,} of the {loaded:,} calls loaded")
    if client_unknown:
        found.append("the client that loaded them has no name here: this takes the default one")
    return f"  # {'; '.join(found)}" if found else ""


def _filtered(spec: CallFilter, agent: str | None) -> str:
    """Return the call that filters rows; an empty text if there is nothing to filter."""
    given = {name: value for name, value in spec.to_dict().items() if not name.startswith("sort_")}
    arguments = [f"{name}={list(v) if isinstance(v, tuple) else v!r}" for name, v in given.items()]
    if spec.has_labels:
        arguments.append("fold_case=False")
    if spec.agent_ids is not None and agent is not None:
        arguments.append(f"agent={agent!r}")
    return f".calls.filter({', '.join(arguments)})" if given else ""


def _conditions(selection: Selection, zone: str) -> str:
    """Return the call that filters rows by what the API has no filter for; hours are those of the frame."""
    given = dict(selection.conditions)
    for name, value in given.items():
        if isinstance(value, tuple) and name != "hours":
            given[name] = list(value)
    if {"hours", "weekdays"} & given.keys():
        given["timezone"] = zone
    arguments = [f"{name}={value!r}" for name, value in given.items()]
    return f".calls.filter({', '.join(arguments)})" if given else ""


def _moved(day: str, by: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=by)).isoformat()
