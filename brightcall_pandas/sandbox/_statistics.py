"""The statistics answer: counts and durations by direction, from the same rows as the calls answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brightcall_pandas.frame import (
    STATISTICS_COUNTS,
    STATISTICS_DURATIONS,
    STATISTICS_GROUPS,
    STATISTICS_OUTCOME_TYPES,
    STATISTICS_PARTS,
    STATISTICS_STATES,
)
from brightcall_pandas.sandbox._account import AI_COST_PER_MINUTE

if TYPE_CHECKING:
    from brightcall_pandas.sandbox._table import CallTable

__all__ = ["detailed_stat"]

_COUNTS = {
    "all": "count(*)",
    **{name: f"count(*) FILTER (state = '{state}')" for name, state in STATISTICS_STATES.items()},
    "talks": 'count(*) FILTER ("talkTime" > 0)',
    "unique": 'count(DISTINCT "clientNumber")',
    "firstTime": 'count(*) FILTER ("firstTimeForUser")',
}

_CALLS_OF = {"answer": "state = 'answered'"}  # the calls that a duration is over; all where it is not named

_BESIDE = {
    **{
        name: f"count(*) FILTER (coalesce(\"outcomeType\", 'absent') = '{kind}')"
        for name, kind in STATISTICS_OUTCOME_TYPES.items()
    },
    "aiTalkTime": 'coalesce(sum("aiTalkTime"), 0)',
    "allTalkTime": 'coalesce(sum("talkTime"), 0)',
}


def detailed_stat(table: CallTable, where: str, now: str) -> dict[str, Any]:
    """Return the tree ``detailedStat`` over the calls that a condition finds.

    Parameters
    ----------
    table
        The calls.
    where
        SQL condition.
    now
        SQL of the instant that counts as now: a call that ends after it is ``active``.

    Notes
    -----
    ``all`` is the union of the other three, so a client who is in two of them is one in ``all.unique``.
    The ends of no durations at all are null, their sum and count nought.
    """
    counts = _COUNTS | {"active": f'count(*) FILTER ("timestamp" + to_seconds("totalTime") > {now})'}
    columns = [f'{sql} AS "{name}"' for name, sql in counts.items()]
    for name, field in STATISTICS_DURATIONS.items():
        which = _CALLS_OF.get(name, "TRUE")
        # The parts are named as SQL names its functions.
        columns += [f'{part}("{field}") FILTER ({which}) AS "{name}.{part}"' for part in STATISTICS_PARTS]
    columns += [f"{sql} AS {name}" for name, sql in _BESIDE.items()]
    rows = table.query(
        f"SELECT type AS direction, {', '.join(columns)} FROM calls WHERE {where} "  # noqa: S608
        "GROUP BY GROUPING SETS ((type), ())"
    )
    by_direction = {row["direction"] or "all": row for row in rows}
    nothing = dict.fromkeys(rows[0])
    groups = {name: _group(by_direction.get(label, nothing)) for name, label in STATISTICS_GROUPS.items()}
    beside = {name: _number(by_direction["all"][name]) for name in _BESIDE}
    cost = round(beside["aiTalkTime"] / 60 * AI_COST_PER_MINUTE, 2)
    return groups | beside | {"aiTalkCost": cost}


def _group(row: dict[str, Any]) -> dict[str, Any]:
    durations = {
        name: {
            "sum": _number(row[f"{name}.sum"]),
            "count": _number(row[f"{name}.count"]),
            "min": None if row[f"{name}.min"] is None else _number(row[f"{name}.min"]),
            "max": None if row[f"{name}.max"] is None else _number(row[f"{name}.max"]),
        }
        for name in STATISTICS_DURATIONS
    }
    return {name: _number(row[name]) for name in STATISTICS_COUNTS} | durations


def _number(value: float | None) -> float:
    number = float(value or 0)
    return int(number) if number.is_integer() else number
