"""The working time of agents, as their calls show it: from when to when, how much on calls, and the gaps."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._dimensions import By, names_of, split
from brightcall_pandas.analysis._durations import impossible_durations, possible, seconds_of
from brightcall_pandas.analysis._groups import NONE, Groups, Key, folded_keys, grouped
from brightcall_pandas.analysis._periods import period_key
from brightcall_pandas.analysis._rates import ratio
from brightcall_pandas.frame import choice, column, micros, optional_column, timespan

__all__ = ["Per", "agent_time"]

Per = Literal["day", "total"]
"""What a row of `agent_time` is: a day of an agent, or all of the agent's days."""

_SECOND = 1_000_000


def agent_time(
    df: pd.DataFrame, per: Per = "day", *, long_gap: str | pd.Timedelta = "15min", by: By = None
) -> pd.DataFrame:
    """Return from when to when agents worked, how much of it on calls, and how long they waited between.

    Parameters
    ----------
    df
        Calls of every direction; needs ``timestamp``, ``totalTime`` and the agent's column. ``talkTime`` is
        used where present.
    per
        ``"day"``: a row for each day on which the agent has calls. ``"total"``: a row for each agent, whose
        times are added up over these days.
    long_gap
        Gaps longer than this are counted.
    by
        Columns or dimensions (``project``, ``direction`` …) that become outer index levels. The time is then
        that of these calls alone: other calls of the agent are gaps.

    Returns
    -------
    pandas.DataFrame
        Index ``agent``, and ``day`` below it (midnight in the frame's timezone), below the levels of `by`:

        - ``first_call``, ``last_call`` (time): when the first and the last call began
        - ``days`` (int64): days with calls
        - ``n_calls`` (int64)
        - ``span_s``: from the begin of the first call to the end of the last of each day
        - ``calls_per_hour``: calls ÷ hours of the span
        - ``talk_time_total_s``, ``talk_share``: talk time of the calls, and its share of the span
        - ``busy_s``, ``occupancy``: time of the span in which at least one call is on (ringing and hold
          included), and its share of the span
        - ``idle_s``: span less busy time; ``idle_median_s``, ``idle_max_s``: the middle and the longest gap
          between calls of a day; null without gaps
        - ``long_gaps`` (int64): gaps longer than `long_gap`
        - ``overlaps`` (int64): calls that begin while another call of the same agent is on

        Calls without a time or an agent are left out. ``attrs["impossible"]`` says how many durations no call
        can have; they count as unknown. Where no call of a row has a duration (a talk time),
        busy and idle times (talk time and share) are null.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    ValueError
        `per` is neither of both, `long_gap` is not a span of at least 0, or `by` names the agent.

    Notes
    -----
    A call is on from ``timestamp`` until just before ``timestamp`` + ``totalTime``, and belongs to the day on
    which it begins; one without a duration, or with one below 0 or above a day, ends when it begins. The span
    ends with the last of the day's calls, which may be after midnight.

    The span is what calls show: nothing is known of who was at work before the first or after the last call,
    or of a break. One person has one call at a time, so overlaps mean that the agent is not one person: an AI
    agent, an account that several share, or calls that ring at several agents at once.

    Examples
    --------
    >>> stamps = ["2026-03-02T09:00Z", "2026-03-02T09:20Z", "2026-03-02T09:40Z"]
    >>> calls = pd.DataFrame(
    ...     {"userId": "7", "timestamp": stamps, "talkTime": [540, 0, 1000], "totalTime": [600, 60, 1200]}
    ... )
    >>> columns = ["n_calls", "span_s", "calls_per_hour", "talk_share", "idle_s", "long_gaps", "overlaps"]
    >>> calls.calls.agent_time("total")[columns].round(2)
           n_calls  span_s  calls_per_hour  talk_share  idle_s  long_gaps  overlaps
    agent
    7            3  3600.0             3.0        0.43  1740.0          1         0
    """
    choice("per", per, ("day", "total"))
    least = timespan("long_gap", long_gap)
    if "agent" in names_of(by):
        msg = f"by={by!r} names the agent, who has a row anyway"
        raise ValueError(msg)
    calls = _Calls(df, by)
    table = calls.per(per)
    gaps = pd.Series(calls.gap_s).where(calls.gap_s > 0).groupby(table.codes)
    gap_median, gap_max = (each.reindex(range(len(table))).to_numpy() for each in (gaps.median(), gaps.max()))
    talked, lasted = (table.count(~np.isnan(each)) > 0 for each in (calls.talk_s, calls.length_s))
    seconds = np.where(talked, table.sum(np.nan_to_num(calls.talk_s)), np.nan)
    span, busy = calls.span_s(table), np.where(lasted, table.sum(calls.busy_s), np.nan)
    shown = {
        "first_call": calls.times(calls.extreme(table, calls.starts, np.minimum)),
        "last_call": calls.times(calls.extreme(table, calls.starts, np.maximum)),
        "days": calls.days(table),
        "n_calls": table.count(),
        "span_s": span,
        "calls_per_hour": ratio(table.count(), span / 3600),
        "talk_time_total_s": seconds,
        "talk_share": ratio(seconds, span),
        "busy_s": busy,
        "occupancy": ratio(busy, span),
        "idle_s": span - busy,
        "idle_median_s": np.where(lasted, gap_median, np.nan),
        "idle_max_s": np.where(lasted, gap_max, np.nan),
        "long_gaps": table.count(calls.gap_s > least.total_seconds()),
        "overlaps": table.count(calls.is_overlap),
    }
    result = pd.DataFrame(shown, index=table.index)
    if found := impossible_durations(df, ["totalTime", "talkTime"]):
        result.attrs["impossible"] = found
    return result


class _Calls:
    """The calls of agents, agent by agent in order of time; all arrays have one entry a call.

    Parameters
    ----------
    df
        Calls in any form.
    by
        What the agents are split by.
    """

    def __init__(self, df: pd.DataFrame, by: By) -> None:
        stamps, length = column(df, "timestamp"), seconds_of(df, "totalTime")
        parts = split(df, [*names_of(by), "agent"])
        agent = parts.keys[-1]
        nobody = agent.labels.isin([NONE]) | agent.labels.isna()
        day, known = period_key(stamps, "D")
        kept = known if parts.rows is None else known[parts.rows]
        places = np.flatnonzero(kept & ~nobody[agent.codes])
        rows = places if parts.rows is None else parts.rows[places]
        keys = folded_keys([key.take(places) for key in parts.keys], np.ones(len(places)))
        times = micros(stamps)[rows]
        agents = grouped(keys) if len(rows) else Groups(rows, pd.Index([]))
        order = _in_order(agents.codes, times, np.nan_to_num(length[rows]))
        rows, codes, self.starts = rows[order], agents.codes[order], times[order]
        self.keys = [key.take(order) for key in keys]
        self.day = Key(day.codes[rows], day.labels.rename("day"))
        self.zone = stamps.dt.tz
        self.length_s, self.talk_s = (
            length[rows],
            possible(optional_column(df, "talkTime").to_numpy(np.float64))[rows],
        )
        self.ends = self.starts + np.round(np.nan_to_num(self.length_s) * _SECOND).astype(np.int64)
        self._agent_days = grouped([*self.keys, self.day])
        self.is_overlap = self.starts < self._latest_end_before(codes)
        before = self._latest_end_before(self._agent_days.codes)
        self.busy_s = np.maximum(self.ends - np.maximum(self.starts, before), 0) / _SECOND
        self.gap_s = np.maximum(self.starts - before, 0) / _SECOND

    def _latest_end_before(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the latest end of a group's calls that began before each call; its own begin if none did."""
        latest = pd.Series(self.ends).groupby(codes).cummax().to_numpy()
        is_first = np.diff(codes, prepend=-1) != 0
        return np.where(is_first, self.starts, np.concatenate([self.starts[:1], latest[:-1]]))

    def per(self, per: Per) -> Groups:
        """Return the rows of the table."""
        return self._agent_days if per == "day" else grouped(self.keys)

    def times(self, values: NDArray[np.int64]) -> pd.DatetimeIndex:
        """Return instants as times of the frame's zone."""
        return pd.DatetimeIndex(values.view("datetime64[us]")).tz_localize("UTC").tz_convert(self.zone)

    def extreme(self, table: Groups, values: NDArray[np.int64], of: np.ufunc) -> NDArray[np.int64]:
        """Return the smallest or the largest value of each row."""
        start = np.iinfo(np.int64).max if of is np.minimum else np.iinfo(np.int64).min
        result = np.full(len(table), start)
        of.at(result, table.codes, values)
        return result

    def span_s(self, table: Groups) -> NDArray[np.float64]:
        """Return the time from the first begin to the last end of each day, added up over the days."""
        days = self._agent_days
        ends, starts = (
            self.extreme(days, each, of) for each, of in ((self.ends, np.maximum), (self.starts, np.minimum))
        )
        return self._of_days(table).sum((ends - starts) / _SECOND)

    def days(self, table: Groups) -> NDArray[np.int64]:
        """Return how many days with calls each row has."""
        return self._of_days(table).count()

    def _of_days(self, table: Groups) -> Groups:
        """Return the row of the table that each day of an agent belongs to."""
        row = np.zeros(len(self._agent_days), dtype=np.int64)
        row[self._agent_days.codes] = table.codes
        return Groups(row, table.index)


def _in_order(
    codes: NDArray[np.int64], times: NDArray[np.int64], lengths: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the order by agent, then by time; of calls that begin at once the shorter comes first."""
    order = np.argsort(times, kind="stable")  # quick where calls come in order of time
    small = codes.astype(np.uint16) if codes.max(initial=0) < 65_536 else codes  # which are sorted by radix
    order = order[np.argsort(small[order], kind="stable")]
    tied = (np.diff(codes[order]) == 0) & (np.diff(times[order]) == 0)
    return np.lexsort((lengths, times, codes)) if tied.any() else order
