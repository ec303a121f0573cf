"""The Python code that gives the same rows without the explorer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd

from brightcall_pandas.explorer._selection import Selection
from brightcall_pandas.filters import CallFilter

__all__ = ["load_filter", "python_code", "split_filter"]

_DAYS = ("day_from", "day_to")


def load_filter(df: pd.DataFrame) -> CallFilter:
    """Return the filter that a frame was loaded with; an empty one if its provenance does not say."""
    query = df.attrs.get("brightcall", {}).get("query") or {}
    try:
        return CallFilter.from_request(query, required=())
    except ValueError:  # numbers in it are pseudonyms, which the API does not know
        return CallFilter()


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


def python_code(
    selection: Selection, loaded: CallFilter, days: tuple[str, str], zone: str, agent: str | None
) -> str:
    """Return two lines that give the same rows: one loads them from the API, one filters the frame."""
    request, rest = split_filter(selection, loaded, days)
    conditions = _conditions(selection, zone)
    from_api = request.code() + _filtered(rest, agent) + conditions
    from_frame = "df" + _filtered(selection.filter, agent) + conditions
    return f"calls = {from_api}\ncalls = {from_frame}"


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
    if "lines" in given:
        given["lines"] = list(given["lines"])
    if "hours" in given:
        given["timezone"] = zone
    arguments = [f"{name}={value!r}" for name, value in given.items()]
    return f".calls.filter({', '.join(arguments)})" if given else ""


def _moved(day: str, by: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=by)).isoformat()
