"""Which lines, agents or projects changed, since when, and by how much.

`_watch_expected` tells what each call was expected to be, `_watch_chart` has the charts and their thresholds,
`_watch_table` makes rows of them.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._attempt_numbers import (
    ATTEMPTS,
    attempt_numbers,
    say_begins,
    settled,
    told_of_begins,
)
from brightcall_pandas.analysis._clusters import all_numbered
from brightcall_pandas.analysis._covered import covered
from brightcall_pandas.analysis._dimensions import (
    DIRECTION_OF_DIALING,
    By,
    Direction,
    Split,
    field_key,
    names_of,
    of_direction,
    split,
)
from brightcall_pandas.analysis._groups import NONE, Groups, grouped, observed
from brightcall_pandas.analysis._metric import Metric
from brightcall_pandas.analysis._metrics import find_metric, known_metrics
from brightcall_pandas.analysis._periods import is_period, period_key
from brightcall_pandas.analysis._rates import checked_confidence
from brightcall_pandas.analysis._tallies import Contribution, Facts, column_of_need
from brightcall_pandas.analysis._watch_expected import Stream, has_others, strata_of, sums_of
from brightcall_pandas.analysis._watch_table import table_of
from brightcall_pandas.analysis._watched import Watched
from brightcall_pandas.frame import client_codes, column, micros, not_one_of

__all__ = ["Against", "watch"]

Against = Literal["others", "itself"]
"""What the calls of a unit are compared with."""

_AGAINST = ("others", "itself")
_MONTH_DAYS = 365.25 / 12
_TIME = "says when calls were made, which is part of what they are compared by"
_COURSE = "is told by how the call went"
_SEVERAL = "puts a call into several groups"
_FEW = "has too few calls each"
_DIMENSIONS = {
    **dict.fromkeys(("hour", "weekday", "client_hour", "client_weekday"), _TIME),
    **dict.fromkeys(("day", "week", "month"), _TIME),
    **dict.fromkeys(("attempt", "new_or_redial"), "is part of what calls are compared by"),
    **dict.fromkeys(("outcome", "outcome_type"), _COURSE),
    "client": _FEW,
    "tag": _SEVERAL,
}
_FIELDS = {
    "timestamp": _TIME,
    **dict.fromkeys(("outcomeTag", "outcomeType", "state", "talkTime", "answerTime"), _COURSE),
    **dict.fromkeys(("clientNumber", "id", "uniqueId"), _FEW),
    "tags": _SEVERAL,
}
"""What cannot be watched, and why: dimensions, unless the frame has a column of that name, and fields."""


def watch(
    df: pd.DataFrame,
    *,
    by: By = "line",
    metric: str | Metric = "answer_rate",
    false_alarms: float = 0.2,
    odds_ratio: float = 0.6,
    against: Against = "others",
    direction: Direction = DIRECTION_OF_DIALING,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Watch lines, agents or projects for a change of a rate: which changed, since when, and by how much.

    Parameters
    ----------
    df
        Calls; needs ``timestamp``, what `by` and the metric read, and ``type`` unless `direction` is None.
        ``projectName`` and ``clientNumber`` are used where present.
    by
        What is watched: ``"line"`` (the default), ``"agent"``, ``"project"``, or any columns and dimensions
        that are known before a call is made. Each group is a unit.
    metric
        A rate, calls ÷ calls, by name or as a `bc.Metric`.
    false_alarms
        How many false alarms a month all units together may give.
    odds_ratio
        The change to be found soonest: odds that fall to this part of what is expected, or rise by as much.
        0.6 takes a rate from 30 % to 20 %, or to 42 %.
    against
        ``"others"``: calls are compared with those of the other units. ``"itself"``: with those of the same
        unit before them. A unit that alone serves a project is compared with itself there in any case.
    direction
        ``"outbound"`` (the default: this is about our own dialing), ``"inbound"``, ``"internal"``, or None
        for all calls.
    confidence
        Confidence of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Index: a level for each name in `by`. What fell comes first, then what rose, then what is steady, the
        most calls first; what cannot be judged comes last.

        - ``state`` (str): ``"fallen"``, ``"risen"``, ``"steady"``, or ``"not judged"``
        - ``since``: since when; of a unit that fell or rose the first call of the change, of a steady one its
          first call, or the first one after an alarm was over
        - ``n_calls``, ``n_calls_since`` (int64): calls in the metric's denominator, all and since then
        - ``observed_since``, ``expected_since``: how many of the latter are in its numerator, and how many
          were expected
        - ``rate_since``, ``rate_expected``: both ÷ calls since then; ``difference``: the first less the
          second, with ``difference_low`` and ``difference_high``
        - ``alarm_at``: which call raised the alarm; null for what is steady or not judged
        - ``chart``: how far the chart is now, 1 where the alarm is raised; ``threshold``: that height in log
          likelihood, of the side on which the chart is farther
        - ``finding`` (str): the row in words; for what is not judged, why

        ``attrs["watch"]`` has the chart of each unit, for its picture, and ``attrs["brightcall"]["clients"]``
        how many clients were called before these calls, as in `attempts`.

    Raises
    ------
    KeyError
        A needed column is missing, or a name in `by` is unknown.
    TypeError, ValueError
        `metric` is no share of calls, `by` names what is only known after the call, or another argument is
        not as above.

    Notes
    -----
    A risk-adjusted CUSUM (Steiner, Cook, Farewell and Treasure 2000). What is expected of a call is told by
    the other units' calls of the same attempt, project and hour, thin strata drawn to wider ones, and moved
    by days on which all others differ. Each call adds log(R) if it is a hit, less log(1 − p + R × p), with p
    expected and R the ratio of odds; a sum below 0 is set to 0. An alarm is raised at the threshold, began
    after the last 0, and is over once the chart has come down to 0 again.

    The threshold of each unit follows from drawing all calls anew, up to 200 times, each a hit as likely as
    expected, with calls of one client as alike as they are, and expectations estimated anew; the draw is
    always the same. ``docs/watch.md`` describes this and its limits. Calls without a time or a unit are left
    out.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> calls = pd.DataFrame({"lineNumber": rng.choice(["A", "B", "C"], 3000), "type": 1})
    >>> calls["timestamp"] = pd.date_range("2026-03-01", periods=3000, freq="10min", tz="UTC")
    >>> late = (calls["lineNumber"] == "B") & (calls["timestamp"] >= "2026-03-15")
    >>> calls["state"] = (rng.random(3000) < np.where(late, 0.15, 0.3)).astype(int)
    >>> table = calls.calls.watch(by="line")
    >>> table["state"]
    line
    B    fallen
    C    steady
    A    steady
    Name: state, dtype: str
    """
    found = _rate(metric)
    _check(by, false_alarms, odds_ratio, against)
    checked_confidence(confidence)
    names = _watchable(df, by)
    stream, groups, told = _stream(df, found, split(df, names), direction, against)
    time = covered(df)
    days = sum(int(end - begin) for begin, end in time.spans) / 86_400e6
    watched = Watched(
        stream=stream,
        units=groups,
        stamps=column(df, "timestamp"),
        why_not=told,
        months=max(days, 1.0) / _MONTH_DAYS,
        false_alarms=float(false_alarms),
        odds_ratio=float(odds_ratio),
        confidence=confidence,
    )
    return say_begins(table_of(watched), told_of_begins([df], of_direction(df, direction)))


def _is_share_of_calls(metric: Metric) -> bool:
    return metric.is_proportion and not metric.counts_clients


def _rate(metric: str | Metric) -> Metric:
    """Return a metric that each call adds 0 or 1 to.

    Raises
    ------
    TypeError, ValueError
        It is something else.
    """
    found = find_metric(metric, fits=_is_share_of_calls)
    if _is_share_of_calls(found):
        return found
    why = "counts clients, not calls" if found.counts_clients else f"is {found.formula}"
    msg = (
        f"metric={found.name!r} cannot be watched: it {why}, and a watch needs a share of calls, of your own "
        f"or one of {', '.join(known_metrics(_is_share_of_calls))}"
    )
    raise ValueError(msg)


def _check(by: By, false_alarms: float, odds_ratio: float, against: str) -> None:
    for name, value, most in (("false_alarms", false_alarms, 1000.0), ("odds_ratio", odds_ratio, 1.0)):
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            msg = f"{name} takes a number, not {value!r}"
            raise TypeError(msg)
        if not 0 < value < most:
            msg = f"{name}={value!r} must be above 0 and below {most:g}"
            raise ValueError(msg)
    if against not in _AGAINST:
        raise not_one_of("against", against, _AGAINST)
    if not names_of(by):
        msg = 'by= says what is watched: by="line", by="agent", by="project"'
        raise ValueError(msg)


def _watchable(df: pd.DataFrame, by: By) -> list[str]:
    """Return the names in ``by=``.

    Raises
    ------
    ValueError
        One cannot be watched.
    """
    names = names_of(by)
    for name in names:
        why = _FIELDS.get(name)
        if name not in df.columns:
            why = _TIME if is_period(name) else _DIMENSIONS.get(name, why)
        if why is not None:
            msg = f"by={name!r} cannot be watched: it {why}. Watch lines, agents or projects."
            raise ValueError(msg)
    return names


def _stream(
    df: pd.DataFrame, metric: Metric, parts: Split, direction: Direction, against: str
) -> tuple[Stream, Groups, list[str]]:
    """Return the watched calls, the units of all calls, and why a unit is not judged, empty where it is."""
    timed = of_direction(df, direction) & column(df, "timestamp").notna().to_numpy()
    hits, counts, known = _contributions(df, metric)
    kept = np.flatnonzero(timed & counts)
    units = grouped([key.take(kept) for key in parts.keys])
    told = _not_watched(units, known[kept])
    rows, codes = _in_order(df, kept, units.codes, told == "")
    has_clients = "clientNumber" in df.columns
    clients = client_codes(df)[0] if has_clients else np.full(len(df), -1)
    attempts = np.minimum(attempt_numbers(df, timed, clients), len(ATTEMPTS)) if has_clients else clients + 1
    stamps = column(df, "timestamp").take(rows)
    projects = field_key(df, "projectName", "project").codes if "projectName" in df.columns else attempts * 0
    hours = stamps.dt.hour.to_numpy().astype(np.int64)
    cells, strata = strata_of(codes, attempts[rows], projects[rows], hours)
    of_cells = sums_of(cells, len(strata.units), hits[rows])
    own = ~has_others(strata, of_cells) if against == "others" else np.ones(len(strata.units), dtype=bool)
    alone = all_numbered(clients[rows])
    stream = Stream(
        rows=rows,
        hits=hits[rows],
        units=codes,
        cells=cells,
        strata=strata,
        days=period_key(stamps, "D")[0].codes,
        clients=observed(*alone)[0],
        own_level=own[cells],
    )
    return stream, units, told.tolist()


def _contributions(
    df: pd.DataFrame, metric: Metric
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return for each call whether it is in the metric's numerator, in its denominator, and known to be.

    Raises
    ------
    KeyError
        A column is missing.
    ValueError
        Calls add other numbers than 0 and 1.
    """
    for name in metric.needs:
        column(df, column_of_need(df, name))  # which says what is missing
    facts, needed = Facts(df, Split()), metric.sums_needed()
    above, below = (_flags(metric, needed[name](facts)) for name in metric.sums)
    telling = needed[metric.sums[0]]
    if telling.known is None:
        return above & below, below, np.ones(len(df), dtype=bool)
    known = _flags(metric, needed[telling.known](facts))
    return above & below, below, np.full(len(df), known.any()) if telling.throughout else known


def _flags(metric: Metric, values: Contribution) -> NDArray[np.bool_]:
    if values is None or not np.isin(values, (0, 1)).all():
        msg = f"metric={metric.name!r} cannot be watched: a call adds other numbers than 0 and 1 to it"
        raise ValueError(msg)
    return values.astype(bool)


def _not_watched(units: Groups, known: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Return for each unit why it is not watched; empty where it is."""
    index = units.index
    levels = [index.get_level_values(level) for level in range(index.nlevels)]
    nameless = np.any([each.isna() | (each == NONE) for each in levels], axis=0)
    what = " and ".join(str(name) for name in index.names)
    told = np.full(len(units), "", dtype=object)
    told[units.count(known) == 0] = "what the metric counts is not known of any of these calls"
    told[nameless] = f"calls without {what} are not watched"
    return told


def _in_order(
    df: pd.DataFrame, kept: NDArray[np.int64], codes: NDArray[np.int64], watched: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the calls of watched units, unit by unit and each by time, and their units, without gaps."""
    if not watched.all():
        among = watched[codes]
        kept, codes = kept[among], codes[among]
        codes = (np.cumsum(watched) - 1)[codes]
    times = micros(column(df, "timestamp"))[kept]
    if (np.diff(times) <= 0).all():  # newest first, as they come
        kept, codes, times = kept[::-1], codes[::-1], times[::-1]
    elif (np.diff(times) < 0).any():
        order = np.argsort(times, kind="stable")
        kept, codes, times = kept[order], codes[order], times[order]
    order = np.argsort(codes.astype(np.int16) if len(watched) < 2**15 else codes, kind="stable")
    kept, codes, times = kept[order], codes[order], times[order]
    tied = (np.diff(codes) == 0) & (np.diff(times) == 0)
    if tied.any() and "id" in df.columns:
        kept = settled(kept, tied, column(df, "id"), kept)
    return kept, codes
