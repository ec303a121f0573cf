"""What calls can be split by (``by=``), periods (``freq=``) and directions (``direction=``).

Each dimension reads one column and makes labels of it. Any column of the frame can be named too. A period
begins where people say it does: days at local midnight, weeks on Monday, hours on the hour. Around a clock
change a day has 23 or 25 hours, and the hour that occurs twice is two periods.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._attempt_numbers import attempt_labels, new_or_redial
from brightcall_pandas.analysis._clients import (
    client_key,
    client_times,
    country_key,
    line_type_key,
    region_key,
)
from brightcall_pandas.analysis._groups import Key, closed_key, key_of
from brightcall_pandas.frame import FIELDS, agents_of, column, fold, micros, nearest, not_one_of, tags_of_rows

__all__ = [
    "DIMENSIONS",
    "DIRECTION_OF_CALLERS",
    "DIRECTION_OF_DIALING",
    "LONGEST_S",
    "WEEKDAYS",
    "By",
    "Dimension",
    "Direction",
    "Split",
    "field_key",
    "follows_clients",
    "names_of",
    "of_direction",
    "period_key",
    "period_starts",
    "split",
    "split_or_all",
]


LONGEST_S = 86_400.0
"""Longest plausible duration in seconds; no call lasts longer than a day."""

_WORDS = {
    "minute": "min",
    "hour": "h",
    "day": "D",
    "week": "W",
    "month": "M",
    "quarter": "Q",
    "year": "Y",
    "MS": "M",
    "ME": "M",
    "QS": "Q",
    "QE": "Q",
    "YS": "Y",
    "YE": "Y",
}
_CALENDAR = ("D", "W", "M", "Q", "Y")
_DAY = pd.Timedelta(days=1)
_HOUR = pd.Timedelta(hours=1)


def period_starts(first: pd.Timestamp, last: pd.Timestamp, freq: str) -> pd.DatetimeIndex:
    """Return where the periods from `first` to `last` begin, and where the last one ends.

    Parameters
    ----------
    first, last
        Times of one timezone.
    freq
        A span that divides the day (``"15min"``, ``"h"``, ``"2h"``), or a calendar period: ``"D"``, ``"W"``
        (from Monday), ``"M"``, ``"Q"``, ``"Y"``; the words ``hour``, ``day``, ``week``, ``month``,
        ``quarter`` and ``year`` do as well.

    Raises
    ------
    ValueError
        `freq` is not one of these.
    """
    wall_first, wall_last = first.tz_localize(None), last.tz_localize(None)
    name = _WORDS.get(freq, freq)
    if name.split("-")[0] in _CALENDAR:
        try:
            periods = pd.period_range(pd.Period(wall_first, name), pd.Period(wall_last, name) + 1)
        except ValueError as error:
            raise _refused(freq) from error
        return _between(_localized(periods.start_time, first), first, last)
    step = _step(name, freq)
    walls = pd.date_range(wall_first.floor(step), wall_last.floor(step) + step, freq=step)
    return _between(_localized(walls, first, step if step <= _HOUR else None), first, last)


def _between(starts: pd.DatetimeIndex, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """Drop starts outside the range, such as the other one of two equal hours."""
    low, high = starts.searchsorted(first, side="right") - 1, starts.searchsorted(last, side="right")
    return starts[low : high + 1]


def _step(name: str, freq: str) -> pd.Timedelta:
    try:
        offset: Any = pd.tseries.frequencies.to_offset(name)
        step = pd.Timedelta(offset)
    except (ValueError, TypeError) as error:
        raise _refused(freq) from error
    if step <= pd.Timedelta(0) or _DAY % step:
        raise _refused(freq)
    return step


def _refused(freq: str) -> ValueError:
    return ValueError(
        f"freq={freq!r} is not a period; it takes a span that divides the day ('15min', 'h', '2h'), one of "
        "D, W, M, Q, Y, or one of the words hour, day, week, month, quarter, year"
    )


def _localized(
    walls: pd.DatetimeIndex, like: pd.Timestamp, fill: pd.Timedelta | None = None
) -> pd.DatetimeIndex:
    """Return wall-clock times as times of the zone.

    A time that occurs twice is taken the first time. Where a clock change leaves a gap longer than `fill`,
    the gap is filled with steps of it: the second one of two equal hours.
    """
    summer = np.ones(len(walls), dtype=bool)
    places = walls.as_unit("us").tz_localize(like.tz, ambiguous=summer, nonexistent="shift_forward")
    starts = places.asi8
    starts = starts[np.diff(starts, prepend=starts[0] - 1) > 0]
    if fill is not None:
        step = fill // pd.Timedelta(microseconds=1)
        gaps = np.flatnonzero(np.diff(starts) > step)
        for gap in gaps[::-1]:
            starts = np.insert(starts, gap + 1, np.arange(starts[gap] + step, starts[gap + 1], step))
    return pd.DatetimeIndex(starts.view("datetime64[us]")).tz_localize("UTC").tz_convert(like.tz)


def period_key(stamps: pd.Series, freq: str) -> tuple[Key, NDArray[np.bool_]]:
    """Return the key that labels calls by period, and which of them have a time at all.

    Labels are the starts of the periods, named ``timestamp``, gaps included. Calls without a time carry
    code 0 and are to be left out.
    """
    known = stamps.notna().to_numpy()
    if not known.any():
        none = pd.DatetimeIndex(stamps.iloc[:0]).as_unit("us")
        return Key(np.zeros(len(stamps), dtype=np.int64), none.rename("timestamp")), known
    starts = period_starts(stamps.min(), stamps.max(), freq)
    codes = np.searchsorted(starts.asi8, micros(stamps), side="right") - 1
    return Key(np.where(known, codes, 0), starts[:-1].rename("timestamp")), known


Direction = Literal["inbound", "outbound", "internal"] | None
"""What every ``direction=`` takes; None means all calls."""

DIRECTION_OF_CALLERS: Direction = "inbound"
"""Default of tables about what callers feel: `service_level`, `abandonment`, `repeat_callers`, `staffing`."""

DIRECTION_OF_DIALING: Direction = "outbound"
"""Default of tables about what our own dialing does: `attempts`, `by_line`, `recalls`, `model_frame`.

Tables without ``direction=`` count calls of every direction.
"""

By = str | Sequence[str] | None
"""What every ``by=`` takes: a dimension or column, several of them, or None."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Dimension(msgspec.Struct, frozen=True):
    """A way to split calls: a column, and how its values become labels.

    Parameters
    ----------
    column
        API name of the field that it reads.
    doc
        What the labels are.
    key
        Makes the key of that column.
    of_frame
        Makes the key of a frame instead, where that takes more than the column.
    whole_clients
        Whether it follows a client from call to call, so that all calls of a client must be at hand.
    """

    column: str
    doc: str
    key: Callable[[pd.Series, str], Key] = key_of
    of_frame: Callable[[pd.DataFrame, str], Key] | None = None
    whole_clients: bool = False


@dataclass(frozen=True)
class Split:
    """Keys of the rows that are counted.

    Parameters
    ----------
    keys
        One key a dimension.
    rows
        Position of each counted row in the frame; None when each row counts once. A call with two tags
        counts in both.
    """

    keys: list[Key] = field(default_factory=list)
    rows: NDArray[np.int64] | None = None

    def pick(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values, given one per call of the frame, for the rows that are counted."""
        return values if self.rows is None else values[self.rows]

    def within(self, *keys: Key) -> Split:
        """Return the split with further keys, given one row per call, as inner levels."""
        inner = keys if self.rows is None else [key.take(self.rows) for key in keys]
        return Split([*self.keys, *inner], self.rows)

    def where(self, mask: NDArray[np.bool_]) -> Split:
        """Return the split of the calls in `mask`, which has one entry per call of the frame."""
        if mask.all():
            return self
        kept = np.flatnonzero(mask if self.rows is None else mask[self.rows])
        rows = kept if self.rows is None else self.rows[kept]
        return Split([key.take(kept) for key in self.keys], rows)


def _hour(stamps: pd.Series, name: str) -> Key:
    hours = stamps.dt.hour.fillna(24).to_numpy(dtype=np.int64)
    return Key(hours, pd.Index([*range(24), None], dtype="Int64", name=name))


def _weekday(stamps: pd.Series, name: str) -> Key:
    codes = stamps.dt.day_of_week.fillna(-1).to_numpy(dtype=np.int64)
    return closed_key(codes, WEEKDAYS, name)


def _client_hour(df: pd.DataFrame, name: str) -> Key:
    return _hour(client_times(df), name)


def _client_weekday(df: pd.DataFrame, name: str) -> Key:
    return _weekday(client_times(df), name)


def _period(freq: str) -> Callable[[pd.Series, str], Key]:
    """Return the function that labels times by the start of their period."""

    def key(stamps: pd.Series, name: str) -> Key:
        periods, known = period_key(stamps, freq)
        codes = np.where(known, periods.codes, len(periods.labels))
        return Key(codes, periods.labels.insert(len(periods.labels), pd.NaT).rename(name))

    return key


def _keyed(read: Callable[[pd.DataFrame], pd.Series]) -> Callable[[pd.DataFrame, str], Key]:
    """Return what makes the key of labels that are read from a frame."""

    def key(df: pd.DataFrame, name: str) -> Key:
        return key_of(read(df), name)

    return key


DIMENSIONS: dict[str, Dimension] = {
    "agent": Dimension("userId", "agent of the call, by the field that tells it", of_frame=_keyed(agents_of)),
    "attempt": Dimension(
        "clientNumber",
        "which dial to the client it is, by the outbound calls in the frame: 1 to 5, 6+",
        of_frame=_keyed(attempt_labels),
        whole_clients=True,
    ),
    "new_or_redial": Dimension(
        "clientNumber",
        "whether an outbound call is the first dial to the client in the frame, or a further one",
        of_frame=_keyed(new_or_redial),
        whole_clients=True,
    ),
    "client": Dimension("clientNumber", "client: its number, in one spelling", of_frame=client_key),
    "direction": Dimension("type", "inbound, outbound, internal"),
    "line": Dimension("lineNumber", "phone line used for the call"),
    "outcome": Dimension("outcomeTag", "outcome, folded by case and blanks"),
    "outcome_type": Dimension("outcomeType", "positive, neutral, negative, absent"),
    "project": Dimension("projectName", "project"),
    "tag": Dimension(
        "tags", "each tag of the call, folded by case and blanks: a call with two tags counts in both"
    ),
    "hour": Dimension("timestamp", "hour of the day, 0 to 23, in the frame's timezone", _hour),
    "weekday": Dimension("timestamp", "Monday to Sunday, in the frame's timezone", _weekday),
    "day": Dimension("timestamp", "midnight that began the day, in the frame's timezone", _period("D")),
    "week": Dimension("timestamp", "midnight that began the week, a Monday", _period("W")),
    "month": Dimension("timestamp", "midnight that began the month", _period("M")),
    "country": Dimension(
        "clientNumber", "country of the client's number, two letters as in ISO 3166", of_frame=country_key
    ),
    "region": Dimension(
        "clientNumber",
        "where the client's number is, in English: town, state, or country of a mobile number",
        of_frame=region_key,
    ),
    "number_type": Dimension(
        "clientNumber", "kind of the client's line: fixed_line, mobile, toll_free …", of_frame=line_type_key
    ),
    "client_hour": Dimension(
        "clientNumber", "hour of the day, 0 to 23, by the client's own clock", of_frame=_client_hour
    ),
    "client_weekday": Dimension(
        "clientNumber", "Monday to Sunday, by the client's own clock", of_frame=_client_weekday
    ),
}
"""The names that ``by=`` accepts besides those of columns."""


def names_of(by: By) -> list[str]:
    """Return the names in ``by=``."""
    if by is None:
        return []
    names = [by] if isinstance(by, str) else list(by)
    if len(set(names)) < len(names):
        msg = f"by={by!r} names something twice"
        raise ValueError(msg)
    return names


def follows_clients(by: By, columns: pd.Index) -> bool:
    """Return whether ``by=`` names a dimension for which all calls of a client must be in one part."""
    computed = [name for name in names_of(by) if name in DIMENSIONS and name not in columns]
    return any(DIMENSIONS[name].whole_clients for name in computed)


def split(df: pd.DataFrame, by: By) -> Split:
    """Return the keys named in ``by=``, in its order.

    Raises
    ------
    KeyError
        A name is neither a dimension nor a column.
    """
    names = names_of(by)
    if not names:
        return Split()
    if "tag" not in names or "tag" in df.columns:
        return Split([_key(df, name) for name in names])
    rows, tags = _tags(column(df, "tags"))
    return Split([tags if name == "tag" else _key(df, name).take(rows) for name in names], rows)


def split_or_all(df: pd.DataFrame, by: By) -> Split:
    """Return the keys named in ``by=``; without it, all calls are one group, ``all``."""
    if names_of(by):
        return split(df, by)
    return Split([Key(np.zeros(len(df), dtype=np.int64), pd.Index(["all"], dtype="str", name="group"))])


def _key(df: pd.DataFrame, name: str) -> Key:
    if name in FIELDS:
        return field_key(df, name, name)
    if name in df.columns:
        return key_of(df[name], name)
    if name not in DIMENSIONS:
        known = ", ".join(DIMENSIONS)
        meant = nearest(name, (*DIMENSIONS, *map(str, df.columns)))
        msg = f"by={name!r} is neither a column of the frame nor one of: {known}{meant}"
        raise KeyError(msg)
    dimension = DIMENSIONS[name]
    if dimension.of_frame is not None:
        return dimension.of_frame(df, name)
    if dimension.key is key_of:
        return field_key(df, dimension.column, name)
    return dimension.key(column(df, dimension.column), name)


def field_key(df: pd.DataFrame, field: str, name: str) -> Key:
    """Return the key of a field; of a category of texts only its categories are looked at."""
    if not FIELDS[field].choices and field in df.columns:
        values = df[field]
        if isinstance(values.dtype, pd.CategoricalDtype):
            words = pd.DataFrame({field: pd.Series([*values.cat.categories, None], dtype=object)})
            key = key_of(column(words, field), name)
            # The code of a null is -1, and the last of the words is null.
            return key.take(values.cat.codes.to_numpy().astype(np.int64))
    return key_of(column(df, field), name)


def _tags(texts: pd.Series) -> tuple[NDArray[np.int64], Key]:
    """Return a row for each tag of each call (one for a call without tags), and the key of the tags."""
    codes, tags = tags_of_rows(texts)
    lists = [_distinct(each) for each in tags]
    lengths = np.array([len(each) for each in lists])[codes]
    rows = np.repeat(np.arange(len(texts)), lengths)
    starts = np.concatenate([[0], np.cumsum([len(each) for each in lists])[:-1]])[codes]
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    words = pd.Series([tag for each in lists for tag in each], dtype="str")
    key = key_of(words, "tag")
    return rows, key.take(np.repeat(starts, lengths) + within)


def _distinct(tags: list[str]) -> list[str | None]:
    """Return each tag once, in its first spelling without outer blanks; only None where there is none."""
    spellings: dict[str, str | None] = {}
    for tag in tags:
        spellings.setdefault(fold(tag), tag.strip())
    return list(spellings.values()) or [None]


def of_direction(df: pd.DataFrame, direction: Direction) -> NDArray[np.bool_]:
    """Return which calls go in this direction; None means all.

    Raises
    ------
    KeyError
        The frame has no ``type``.
    ValueError
        `direction` is not a direction.
    """
    if direction is None:
        return np.ones(len(df), dtype=bool)
    choices = FIELDS["type"].choices
    if direction not in choices:
        listed = f"{', '.join(map(repr, choices))}, or None for all calls"
        raise not_one_of("direction", direction, choices, listed)
    return (column(df, "type") == direction).to_numpy(dtype=bool)
