"""What the watch says: the alarms of lines, and since when a group's rate is another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from brightcall_pandas.accessors import calls as calls_of
from brightcall_pandas.frame import Names
from brightcall_pandas.reporting._statements import Statement
from brightcall_pandas.reporting._words import day

__all__ = ["FALSE_ALARMS", "alarms", "briefly", "since_by_watch", "watched"]

FALSE_ALARMS = 0.05
"""False alarms a month over all lines: a report is read every week, and its reader must believe it."""

_WATCHED = ("line", "agent", "project")


def watched(parts: Sequence[pd.DataFrame], names: Names = None) -> pd.DataFrame | None:
    """Return the watch over the lines of all calls in hand; None where there is nothing to watch."""
    return _watch(parts, "line", "answer_rate", names)


def alarms(table: pd.DataFrame | None) -> list[str]:
    """Return the alarms of the lines that are not over, as sentences."""
    if table is None:
        return []
    raised = table[table["state"].isin(["fallen", "risen"])]
    return [f"Line {line}: {words}." for line, words in zip(raised.index, raised["finding"], strict=True)]


def briefly(table: pd.DataFrame | None) -> list[str]:
    """Return the same in a few words each."""
    if table is None:
        return []
    raised = table[table["state"].isin(["fallen", "risen"])]
    return [
        f"line {line} {state} since {day(since)}"
        for line, state, since in zip(raised.index, raised["state"], raised["since"], strict=True)
    ]


def since_by_watch(said: Sequence[Statement], parts: Sequence[pd.DataFrame]) -> dict[int, pd.Timestamp]:
    """Return since when the watch has an alarm, for each statement that it knows of."""
    tables: dict[tuple[str, str], pd.DataFrame | None] = {}
    found = {}
    for number, each in enumerate(said):
        row = each.row
        key = row["dimension"], row["metric"]
        if (
            row["kind"] != "moved"
            or row["dimension"] not in _WATCHED
            or row["direction"] not in ("", "outbound")
        ):
            continue
        if key not in tables:
            tables[key] = _watch(parts, *key)
        table = tables[key]
        if table is None or row["group"] not in table.index:
            continue
        seen = table.loc[row["group"]]
        if seen["state"] == ("risen" if row["difference"] > 0 else "fallen"):
            found[number] = seen["since"]
    return found


def _watch(parts: Sequence[pd.DataFrame], by: str, metric: str, names: Names = None) -> pd.DataFrame | None:
    every = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    every.attrs = dict(parts[-1].attrs)
    options: dict[str, Any] = {"names": names}
    has_direction = "type" in every.columns
    try:
        table = calls_of(every).watch(
            by=by,
            metric=metric,
            false_alarms=FALSE_ALARMS,
            direction="outbound" if has_direction else None,
            **options,
        )
    except (KeyError, ValueError):  # a column is missing, or the metric cannot be watched
        return None
    return table if len(table) else None
