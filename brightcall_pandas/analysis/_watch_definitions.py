"""Definitions of the numbers of `watch`."""

from __future__ import annotations

from brightcall_pandas.analysis._metric import Definition
from brightcall_pandas.analysis._metric_catalog import OURS

__all__ = ["OF_WATCH"]

_STEINER = "Steiner, Cook, Farewell and Treasure 2000"
_SINCE = "calls that nothing can be compared with are left out"

OF_WATCH: dict[str, Definition] = {
    "n_calls_since": Definition(
        "Calls since then",
        "calls",
        "calls in the metric's denominator since the unit is in its state",
        None,
        f"{_SINCE}; 0 for what is not judged",
        OURS,
    ),
    "observed_since": Definition(
        "Observed since then",
        "calls",
        "those of n_calls_since that are in the metric's numerator",
        None,
        "as the metric; 0 for what is not judged",
        OURS,
    ),
    "expected_since": Definition(
        "Expected since then",
        "calls",
        "n_calls_since at the rates of other units' calls at the same attempt, project and hour; where no "
        "other unit has the project, at the rate of the unit's own calls before",
        None,
        "null for what is not judged",
        "indirect standardization, leave-one-out",
    ),
    "rate_since": Definition(
        "Rate since then", "rate", "observed_since", "n_calls_since", "null for what is not judged", OURS
    ),
    "rate_expected": Definition(
        "Expected rate", "rate", "expected_since", "n_calls_since", "null for what is not judged", OURS
    ),
    "chart": Definition(
        "Chart",
        "alarms",
        "risk-adjusted CUSUM after the last call, of a fall or a rise, whichever is nearer to its alarm",
        "threshold",
        "null for what is not watched",
        _STEINER,
    ),
    "threshold": Definition(
        "Threshold",
        "log likelihood ratio",
        "height of the chart that calls drawn anew without a change pass as seldom as false_alarms says",
        None,
        "null for what is not watched",
        _STEINER,
    ),
}
"""Definition of every number of `watch` that no other table has."""
