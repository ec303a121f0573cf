"""The code that gives the same rows without the explorer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd

from brightcall_pandas.explorer._controls import CONDITIONS
from brightcall_pandas.explorer._selection import Selection
from brightcall_pandas.filters import CallFilter

__all__ = ["asked_of_the_api", "code", "loaded_with"]

_DAYS = ("day_from", "day_to")


def loaded_with(df: pd.DataFrame) -> CallFilter:
    """Return the filter that a frame was loaded with; an empty one where its provenance does not say."""
    query = df.attrs.get("brightcall", {}).get("query") or {}
    try:
        return CallFilter.from_request(query, required=())
    except ValueError:  # numbers in it are pseudonyms: nobody can ask for them any more
        return CallFilter()


def asked_of_the_api(
    selection: Selection, loaded: CallFilter, days: tuple[str, str]
) -> tuple[CallFilter, CallFilter]:
    """Return what to ask the API for, and what is left to ask of its rows.

    Parameters
    ----------
    selection
        What is chosen.
    loaded
        The filter that the frame was loaded with.
    days
        First and last day of the frame, for one that was not loaded.

    Returns
    -------
    tuple of CallFilter and CallFilter
        Both together, and the conditions, give the rows. Days are narrowed; where load and selection set
        another filter to different values, the load's is asked of the API, the selection's of the rows.
    """
    chosen = selection.filter.to_dict()
    asked = loaded.to_dict()
    asked.pop("date_interval", None)
    if asked.get("all_users") is True:
        del asked["all_users"]
    rest: dict[str, Any] = {}
    fixed = "day_from" in asked
    days_apart = fixed and (
        chosen.get("timezone") not in (None, asked.get("timezone"))
        or chosen.get("day_from", "") > asked["day_to"]
        or chosen.get("day_to", "9999") < asked["day_from"]
    )
    for name, value in chosen.items():
        if days_apart and name in ("timezone", *_DAYS):
            rest[name] = value
        elif name in _DAYS and name in asked:
            asked[name] = max(asked[name], value) if name == "day_from" else min(asked[name], value)
        elif asked.setdefault(name, value) != value:
            rest[name] = value
    # Days of another zone reach into the day before and the day after.
    spare = 1 if "timezone" in asked and not fixed else 0
    asked.setdefault("day_from", min(_moved(days[0], -spare), asked.get("day_to", "9999")))
    asked.setdefault("day_to", max(_moved(days[1], spare), asked["day_from"]))
    return CallFilter(**asked), CallFilter(**rest)


def code(selection: Selection, loaded: CallFilter, days: tuple[str, str], zone: str) -> str:
    """Return two lines that give the same rows: one asks the API, one the frame in hand."""
    asked, rest = asked_of_the_api(selection, loaded, days)
    conditions = _conditions(selection, zone)
    from_api = asked.code() + _filtered(rest) + conditions
    in_hand = "df" + _filtered(selection.filter) + conditions
    return f"calls = {from_api}\ncalls = {in_hand}"


def _filtered(spec: CallFilter) -> str:
    """Return the filter of rows as pandas has it; nothing when there is nothing to ask."""
    given = {name: value for name, value in spec.to_dict().items() if not name.startswith("sort_")}
    words = [f"{name}={list(v) if isinstance(v, tuple) else v!r}" for name, v in given.items()]
    if spec.has_labels:
        words.append("fold_case=False")
    return f".calls.filter({', '.join(words)})" if given else ""


def _conditions(selection: Selection, zone: str) -> str:
    parts = [CONDITIONS[name].code(value, zone) for name, value in selection.conditions.items()]
    if not parts:
        return ""
    joined = parts[0] if len(parts) == 1 else " & ".join(f"({part})" for part in parts)
    return f".loc[lambda calls: {joined}]"


def _moved(day: str, by: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=by)).isoformat()
