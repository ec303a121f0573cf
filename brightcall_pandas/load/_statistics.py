"""The server's own statistics, as a table."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, Unpack

import pandas as pd

from brightcall_pandas.api import Reply
from brightcall_pandas.errors import InvalidResponseError, brief_errors
from brightcall_pandas.filters import Filters, lists_filters
from brightcall_pandas.frame import (
    STATISTICS_COUNTS,
    STATISTICS_DTYPES,
    STATISTICS_DURATIONS,
    STATISTICS_GROUPS,
    STATISTICS_PARTS,
    STATISTICS_TOTALS,
    choice,
    midnight,
    read_object,
)
from brightcall_pandas.load._client import Client, loading_client
from brightcall_pandas.load._loaders import Day, small_answer, spec_of, zone_of
from brightcall_pandas.load._pages import days_text
from brightcall_pandas.load._query import request_body

__all__ = ["load_stats"]

_UNDOCUMENTED = (
    "API v3 does not document its statistics, and these have another form than v1's: "
    "use bc.Client(api_version='v1') for load_stats, or count the calls with df.calls.summary()."
)
_FREQS = {"day": "D", "week": "W", "month": "M", "D": "D", "W": "W", "M": "M"}


@brief_errors
@lists_filters
def load_stats(
    day_from: Day,
    day_to: Day | None = None,
    *,
    freq: Literal["day", "week", "month", "D", "W", "M"] | None = None,
    refresh: bool = False,
    client: Client | None = None,
    **filters: Unpack[Filters],
) -> pd.DataFrame:
    """Load the server's own statistics of some days.

    Parameters
    ----------
    day_from, day_to
        First and last day, as in `load_calls`: ``"2026-03-02"``, ``"2026-03"``, ``"30d"``.
    freq
        Also split by day, ISO week or month (``"day"``, ``"week"``, ``"month"``, or pandas' ``"D"``, ``"W"``,
        ``"M"``): one request a period, since the answer itself has none (and a small one for the account's
        timezone where it is not known yet). The first and the last period hold only the days asked for.
    refresh
        Ask the server again, and replace what is cached.
    client
        The client to use; None takes the default one (`bc.use`, or the environment).
    **filters
        Any of `bc.describe_filters()`.

    Returns
    -------
    pandas.DataFrame
        Index ``direction`` (all, inbound, outbound, internal), with `freq` also an outer level ``period``
        (first day of the period, in the client's timezone). Columns: the API's counts ``all, fail, success,
        talks, error, unique, firstTime, active`` (Int64); for each of ``total``, ``call`` and ``answer`` the
        four ``…_sum_s, …_count, …_min_s, …_max_s`` (float64 in seconds, counts Int64); and on the row `all`
        only, the account-wide ``tagsSuccess, tagsDefault, tagsFail, tagsNoResult`` (Int64) and
        ``aiTalkTime_s, allTalkTime_s, aiTalkCost`` (float64).

    Raises
    ------
    InvalidResponseError
        The answer has another form than v1's. That of v3 is undocumented: it is read where it has this form.
    TypeError, ValueError
        A filter, a day or a period that does not exist; before any request.
    BrightcallError
        As ``bc.errors`` draws them. An answer without statistics is not kept.
    """
    client = loading_client(client)
    if freq is not None:
        choice("freq", freq, _FREQS)
    spec = spec_of(client, day_from, day_to, filters)
    zone = spec.timezone or client.timezone
    spans = [(spec.day_from, spec.day_to)]
    if freq is not None:
        spans = _periods(spec.day_from, spec.day_to, _FREQS[freq])
    bodies = [request_body(spec.replace(day_from=first, day_to=last), zone) for first, last in spans]
    path = client.profile.stats
    frames = []
    advice = "Check base_url and api_version." if client.profile.stats_known else _UNDOCUMENTED
    for body in bodies:
        about = f"statistics {days_text(body)}"
        read = partial(_statistics, about, advice)
        frames.append(small_answer(client, path, body, about, read, refresh=refresh))
    if freq is None:
        return frames[0]
    starts = pd.DatetimeIndex([midnight(first, zone_of(client, spec)) for first, _ in spans])
    return pd.concat(frames, keys=starts, names=["period"])


def _periods(first: str, last: str, freq: str) -> list[tuple[str, str]]:
    """Return the first and the last of these days in each period."""
    days = pd.period_range(first, last, freq="D")
    groups = pd.Series(days.astype(str), index=days).groupby(days.asfreq(freq))
    return [(group.iloc[0], group.iloc[-1]) for _, group in groups]


def _statistics(about: str, advice: str, reply: Reply) -> pd.DataFrame:
    """Return the table of one statistics answer."""
    answer = read_object(reply.content)
    detail = answer.get("detailedStat")
    if not isinstance(detail, dict) or not any(
        isinstance(detail.get(name), dict) for name in STATISTICS_GROUPS
    ):
        members = f"; it has {', '.join(map(repr, answer))}" if answer else ""
        msg = f"{about}: the answer has no detailedStat with a group{members}. {advice}"
        raise InvalidResponseError(msg)
    rows = {label: _direction(detail.get(name)) for name, label in STATISTICS_GROUPS.items()}
    rows["all"] |= {
        column: _number(_first(name, detail, answer)) for name, column in STATISTICS_TOTALS.items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(STATISTICS_DTYPES))
    frame.index.name = "direction"
    return frame.astype(STATISTICS_DTYPES)


def _direction(group: Any) -> dict[str, float | None]:
    """Return one group's figures by column; null for what it lacks."""
    group = group if isinstance(group, dict) else {}
    row = {name: _number(group.get(name)) for name in STATISTICS_COUNTS}
    for name in STATISTICS_DURATIONS:
        values = group.get(name) if isinstance(group.get(name), dict) else {}
        row |= {f"{name}_{column}": _number(values.get(part)) for part, column in STATISTICS_PARTS.items()}
    return row


def _first(name: str, *places: Any) -> Any:
    """Look beside the four groups, then beside ``detailedStat``: the article can be read either way."""
    return next((place[name] for place in places if isinstance(place, dict) and name in place), None)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
