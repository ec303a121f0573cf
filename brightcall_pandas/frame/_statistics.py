"""The statistics answer, declared once: its groups, its figures and the table that they become.

The loader, the comparison with the rows, the sandbox and the doctor all read these names.
"""

from __future__ import annotations

__all__ = [
    "STATISTICS_COUNTS",
    "STATISTICS_DTYPES",
    "STATISTICS_DURATIONS",
    "STATISTICS_GROUPS",
    "STATISTICS_OUTCOME_TYPES",
    "STATISTICS_PARTS",
    "STATISTICS_STATES",
    "STATISTICS_TOTALS",
]

STATISTICS_GROUPS = {"all": "all", "in": "inbound", "out": "outbound", "our": "internal"}
"""Group of the answer → direction of the calls in it; ``all`` is every call."""

STATISTICS_COUNTS = ("all", "fail", "success", "talks", "error", "unique", "firstTime", "active")
"""Counts that every group has."""

STATISTICS_STATES = {"fail": "unanswered", "success": "answered", "error": "failed"}
"""Count → state of the calls that it counts."""

STATISTICS_DURATIONS = {"total": "totalTime", "call": "callTime", "answer": "answerTime"}
"""Duration that every group has → field that it summarizes."""

STATISTICS_PARTS = {"sum": "sum_s", "count": "count", "min": "min_s", "max": "max_s"}
"""Part of a duration → how its column ends: ``total.sum`` is ``total_sum_s``."""

STATISTICS_OUTCOME_TYPES = {
    "tagsSuccess": "positive",
    "tagsDefault": "neutral",
    "tagsFail": "negative",
    "tagsNoResult": "absent",
}
"""Count over the whole account → outcome type of the calls that it counts."""

STATISTICS_TOTALS = {
    **{name: name for name in STATISTICS_OUTCOME_TYPES},
    "aiTalkTime": "aiTalkTime_s",
    "allTalkTime": "allTalkTime_s",
    "aiTalkCost": "aiTalkCost",
}
"""Figure over the whole account → its column, which is known in the row ``all`` only."""


def _dtype(column: str) -> str:
    return "float64" if column.endswith("_s") or column == "aiTalkCost" else "Int64"


STATISTICS_DTYPES = {
    column: _dtype(column)
    for column in (
        *STATISTICS_COUNTS,
        *(f"{name}_{part}" for name in STATISTICS_DURATIONS for part in STATISTICS_PARTS.values()),
        *STATISTICS_TOTALS.values(),
    )
}
"""Column of the flattened table → its dtype, in order."""
