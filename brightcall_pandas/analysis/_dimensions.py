"""What calls can be split by (``by=``), and directions (``direction=``).

Each dimension reads one column and makes labels of it. Any column of the frame can be named too, and any
period (``"week"``, ``"30min"``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._attempt_numbers import attempt_labels, labeled_together, new_or_redial
from brightcall_pandas.analysis._clients import (
    client_key,
    client_times,
    country_key,
    line_type_key,
    region_key,
)
from brightcall_pandas.analysis._groups import Key, closed_key, key_of
from brightcall_pandas.analysis._periods import is_period, period_key
from brightcall_pandas.frame import (
    FIELDS,
    WEEKDAYS,
    agents_of,
    column,
    fold,
    nearest,
    not_one_of,
    tags_of_rows,
    type_error,
)

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
    "by_time",
    "field_key",
    "following",
    "follows_clients",
    "names_of",
    "of_direction",
    "some_rows",
    "split",
    "split_or_all",
]


LONGEST_S = 86_400.0
"""Longest plausible duration in seconds; no call lasts longer than a day."""

Direction = Literal["inbound", "outbound", "internal"] | None
"""What every ``direction=`` takes; None means all calls."""

DIRECTION_OF_CALLERS: Direction = "inbound"
"""Default of tables about what callers feel: `service_level`, `abandonment`, `repeat_callers`, `staffing`."""

DIRECTION_OF_DIALING: Direction = "outbound"
"""Default of tables about what our own dialing does: `attempts`, `by_line`, `recalls`, `model_frame`.

Tables without ``direction=`` count calls of every direction.
"""

By = str | Sequence[str] | None
"""What every ``by=`` takes: a dimension, a column or a period, several of them, or None."""


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


def _outcome_type(kinds: pd.Series, name: str) -> Key:
    """Return the key of outcome types: a call without one is ``absent``, as it is for the API's filter."""
    return key_of(kinds.fillna("absent"), name)


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
    "outcome_type": Dimension(
        "outcomeType", "positive, neutral, negative, absent; as for the API, none is absent", _outcome_type
    ),
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
"""The names that ``by=`` accepts besides those of columns and periods."""


def by_time(names: Sequence[str], df: pd.DataFrame | None = None) -> list[str]:
    """Return those of the names in ``by=`` that split calls by when they began.

    A column of the frame that has the name of a period is that column.
    """
    own = set() if df is None else set(df.columns)
    return [name for name in names if name not in own and _is_of_time(name)]


def _is_of_time(name: str) -> bool:
    return DIMENSIONS[name].column == "timestamp" if name in DIMENSIONS else is_period(name)


def names_of(by: By) -> list[str]:
    """Return the names in ``by=``."""
    if by is None:
        return []
    if not isinstance(by, Iterable):
        raise type_error("by", "the name of a dimension or a column, or several", by)
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


def some_rows(df: pd.DataFrame, rows: NDArray[np.int64], by: By) -> pd.DataFrame:
    """Return some rows; what their dimensions are is told by all rows of the frame."""
    (df,) = labeled_together([df], following(names_of(by), df))
    return df.iloc[rows]


def following(names: Iterable[str], *frames: pd.DataFrame) -> list[str]:
    """Return the dimensions that follow a client from call to call, and are no columns of the frames."""
    dimensions = [name for name in names if name in DIMENSIONS and DIMENSIONS[name].whole_clients]
    return [name for name in dimensions if not any(name in df.columns for df in frames)]


def _key(df: pd.DataFrame, name: str) -> Key:
    if name in FIELDS:
        return field_key(df, name, name)
    if name in df.columns:
        return key_of(df[name], name)
    if name in DIMENSIONS:
        dimension = DIMENSIONS[name]
        if dimension.of_frame is not None:
            return dimension.of_frame(df, name)
        if dimension.key is key_of:
            return field_key(df, dimension.column, name)
        return dimension.key(column(df, dimension.column), name)
    if isinstance(name, str) and is_period(name):  # columns may be named by numbers
        return _period(name)(column(df, "timestamp"), name)
    known = ", ".join(DIMENSIONS)
    meant = nearest(str(name), (*DIMENSIONS, *map(str, df.columns)))
    msg = (
        f"by={name!r} is neither a column of the frame nor a period such as '30min' or 'quarter' "
        f"nor one of: {known}{meant}"
    )
    raise KeyError(msg)


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
