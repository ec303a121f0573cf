"""The numbers that describe a group of calls, each defined once.

`METRICS` gives for every number its numerator and denominator, the calls that count, the treatment of nulls
and the source of the definition; tables take their columns from it, and `definitions` shows it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from brightcall_pandas.analysis._groups import Groups
from brightcall_pandas.analysis._rates import medians, ratio
from brightcall_pandas.analysis._tallies import SUMS, TALK_TIME, known_sums

__all__ = [
    "API",
    "METRICS",
    "OURS",
    "TRADE",
    "Definition",
    "Metric",
    "checked_metrics",
    "metrics_of",
    "needs_median",
    "sums_for",
]


class Definition(msgspec.Struct, frozen=True):
    """What a number means.

    Parameters
    ----------
    title
        What people in the trade call it.
    unit
        ``calls``, ``clients``, ``s``, ``rate`` (0 to 1) …
    numerator, denominator
        What is divided by what; a number without denominator is a sum, a count or an extreme.
    nulls
        How missing values are treated.
    source
        Where the definition comes from.
    """

    title: str
    unit: str
    numerator: str
    denominator: str | None
    nulls: str
    source: str


class Metric(Definition, frozen=True):
    """A number that describes any group of calls.

    Parameters
    ----------
    sums
        Names in `tallies.SUMS` that it is made of; the first is the numerator, the second the denominator.
    """

    sums: tuple[str, ...]

    @property
    def is_proportion(self) -> bool:
        """Whether it is calls ÷ calls, so that it has Wilson's interval."""
        return self.unit == "rate" and not any(name.endswith("_s") for name in self.sums)

    def value(self, sums: pd.DataFrame) -> ArrayLike:
        """Return the metric of each row of sums."""
        if len(self.sums) == 1:
            return sums[self.sums[0]].to_numpy()
        return ratio(sums[self.sums[0]], sums[self.sums[1]])


API = "Brightcall article, field list"
TRADE = "call-centre practice"
OURS = "this package"
_AS_ZERO = "a missing talk time adds nothing; null where none is known"
_MEDIAN = "talk_time_median_s"

METRICS: dict[str, Metric] = {
    "n_calls": Metric("Calls", "calls", "calls", None, "every row counts", API, ("n_calls",)),
    "answered": Metric(
        "Answered calls",
        "calls",
        "calls whose state is answered; rung_parties: calls that the party took",
        None,
        "an unknown state is not answered; null where none is known",
        API,
        ("answered",),
    ),
    "answer_rate": Metric(
        "Answer rate (answer-seizure ratio, ASR)",
        "rate",
        "answered calls",
        "calls",
        "an unknown state counts as a call that was not answered; null where none is known",
        "ITU-T E.411",
        ("answered", "n_calls"),
    ),
    "answer_time_mean_s": Metric(
        "Average speed of answer (ASA)",
        "s",
        "answer time of answered calls",
        "answered calls whose answer time is known",
        "unknown answer times are left out",
        TRADE,
        ("answer_time_answered_s", "answer_time_known"),
    ),
    "talk_time_total_s": Metric(
        "Talk time", "s", "talk time of all calls", None, _AS_ZERO, API, ("talk_time_total_s",)
    ),
    "talk_time_mean_s": Metric(
        "Average talk time (average call duration, ACD)",
        "s",
        "talk time of answered calls",
        "answered calls whose talk time is known",
        "unknown talk times are left out",
        TRADE,
        ("talk_time_answered_s", "talk_time_known"),
    ),
    _MEDIAN: Metric(
        "Median talk time",
        "s",
        "middle talk time of answered calls (the mean of the two middle ones)",
        None,
        "unknown talk times are left out",
        TRADE,
        (_MEDIAN,),
    ),
    "unique_clients": Metric(
        "Distinct clients",
        "clients",
        "distinct clients: telephone numbers, whatever their spelling",
        None,
        "calls without a client (no number, or withheld) are left out; null where no call of all has one",
        API,
        ("unique_clients",),
    ),
    "calls_per_client": Metric(
        "Calls per client",
        "calls",
        "calls of known clients",
        "distinct clients",
        "calls without a client (no number, or withheld) are left out",
        TRADE,
        ("client_calls", "unique_clients"),
    ),
    "first_time_share": Metric(
        "First calls",
        "rate",
        "calls marked as the user's first (firstTimeForUser)",
        "calls whose mark is known",
        "unknown marks are left out",
        API,
        ("first_time", "first_time_known"),
    ),
    "transferred_share": Metric(
        "Transfer rate",
        "rate",
        "calls transferred at least once",
        "calls",
        "a call whose chain cannot be read counts as not transferred; null where no call of all has one",
        OURS,
        ("transferred", "n_calls"),
    ),
    "ai_talk_share": Metric(
        "Talk time of the AI agent",
        "rate",
        "AI talk time of all calls",
        "talk time of all calls",
        "missing times add nothing; null where none is known",
        OURS,
        ("ai_talk_time_total_s", "talk_time_total_s"),
    ),
    "recordings_ready": Metric(
        "Recordings ready",
        "calls",
        "calls whose recording can be played",
        None,
        "an unknown mark is not ready; null where no call of all has one",
        API,
        ("recordings_ready",),
    ),
    "transcript_share": Metric(
        "Calls with a transcript",
        "rate",
        "answered calls that have a transcript",
        "answered calls",
        "an empty transcript is none; null where no call at all has one",
        OURS,
        ("with_transcript", "answered"),
    ),
    "positive": Metric(
        "Positive outcomes",
        "calls",
        "calls whose outcome type is positive",
        None,
        "an unknown outcome type is not positive; null where no call of all has one",
        API,
        ("positive",),
    ),
    "positive_rate": Metric(
        "Positive rate (conversion)",
        "rate",
        "calls whose outcome type is positive",
        "calls",
        "an unknown outcome type counts as a call that was not positive; null where no call of all has one",
        TRADE,
        ("positive", "n_calls"),
    ),
}
"""Every metric by column name."""


def checked_metrics(metrics: Sequence[str] | None, usual: Sequence[str]) -> list[str]:
    """Return the names in ``metrics=``, each once; those of `usual` for None.

    Raises
    ------
    ValueError
        It is not a list of names of metrics.
    """
    names = list(usual if metrics is None else metrics)
    if isinstance(metrics, str) or not names or not set(names) <= set(METRICS):
        msg = f"metrics={metrics!r} must be a list of names from: {', '.join(METRICS)}"
        raise ValueError(msg)
    return list(dict.fromkeys(names))


def sums_for(metrics: Sequence[str]) -> list[str]:
    """Return the sums that a tally needs for these metrics."""
    needed = dict.fromkeys(["n_calls"])
    needed |= dict.fromkeys(name for metric in metrics for name in METRICS[metric].sums)
    if needed.pop(_MEDIAN, 0) is None:
        needed["talk_time_known"] = None
    for name in list(needed):
        if (known := SUMS[name].known) is not None:
            needed[known] = None
    return list(needed)


def needs_median(metrics: Sequence[str]) -> bool:
    """Return whether a tally must keep how often each talk time occurs."""
    return _MEDIAN in metrics


def metrics_of(table: pd.DataFrame, groups: Groups, metrics: Sequence[str]) -> pd.DataFrame:
    """Return the metrics of each group of a tally's rows, one column each."""
    sums = known_sums(table, groups)
    if needs_median(metrics):
        times = table.index.get_level_values(TALK_TIME).to_numpy(dtype=np.float64)
        sums[_MEDIAN] = medians(groups, times, table["talk_time_known"].to_numpy())
    return pd.DataFrame({name: METRICS[name].value(sums) for name in metrics}, index=groups.index)
