"""From any values to the one dtype of their field.

There is a single rule for each pair of *what arrived* (text, whole number, real number, flag, time,
JSON) and *what the field is* (`schema.Kind`): `_RULES`. Pages, records in hand, untyped frames, filters
and analyses all go through it, so a value means the same wherever it comes in.

A value that does not fit becomes null; `typed_array` says how many did not and shows one of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.schema import EXTRAS, FIELDS, Field

__all__ = ["Clock", "Misfits", "column", "nulls", "optional_column", "to_pandas", "to_series", "typed_array"]

_EPOCH_TOLERANCE_S = 1800  # half of the usual clock change: nearer to one of two readings than to the other
_MILLISECONDS_FROM = 1e11  # an epoch at or above it counts milliseconds; as seconds it would be the year 5138
_ISO_DATE = r"^\s*\d{4}-\d{2}-\d{2}"
_HAS_OFFSET = r"([Zz]|[+-]\d{2}:?\d{2})\s*$"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True)
class Clock:
    """What is needed to read a time that carries no offset.

    Parameters
    ----------
    timezone
        The zone in which such a time is meant.
    unique_ids
        ``uniqueId`` of the same rows (epoch seconds, dot, sequence), which settles the hour that a
        clock change makes ambiguous. None: such times become null.
    """

    timezone: str = "UTC"
    unique_ids: pa.Array | None = None


@dataclass
class Misfits:
    """How many values did not fit a field, and the first of them as text."""

    count: int = 0
    example: str | None = None

    def add(self, other: Misfits) -> Misfits:
        """Return the sum of both; the older example wins."""
        return Misfits(self.count + other.count, self.example if self.count else other.example)


def typed_array(values: Any, field: Field, clock: Clock | None = None) -> tuple[pa.Array, Misfits]:
    """Convert values of any kind to the Arrow type of a field.

    Parameters
    ----------
    values
        Arrow array, pandas Series or a list of Python values.
    field
        The field that the values belong to.
    clock
        How to read times without offset; UTC when None.

    Returns
    -------
    tuple of pyarrow.Array and Misfits
        The array of `field.arrow_type`, as long as `values`, and what became null because it did not fit.
    """
    clock = clock or Clock()
    result: pa.Array | None = None
    misfits = Misfits()
    for group, array in _groups(values):
        rule = _RULES[field.kind].get(group)
        part = nulls(field, len(array)) if rule is None else rule(array, field, clock)
        misfits = misfits.add(_misfits(array, part))
        result = part if result is None else _merge(result, part)
    return nulls(field, len(values)) if result is None else result, misfits


def nulls(field: Field, length: int) -> pa.Array:
    """Return that many nulls of the field's type; labels still know their choices."""
    if field.kind == "label":
        return _label(pa.nulls(length, pa.int8()), field)
    return pa.nulls(length, field.arrow_type)


def column(df: pd.DataFrame, name: str) -> pd.Series:
    """Return a field's column in its own dtype, whatever the frame.

    Parameters
    ----------
    df
        A typed frame, an untyped one, or one made by hand. It is not changed.
    name
        API name of the field.

    Returns
    -------
    pandas.Series
        Same index. A column that has its dtype already is returned as it is; values that do not fit are null.

    Raises
    ------
    KeyError
        The column is missing; the message names it and says what the field is.

    Examples
    --------
    >>> column(pd.DataFrame({"state": [1, "missed"]}), "state").tolist()
    ['answered', 'unanswered']
    """
    field = EXTRAS if name == EXTRAS.name else FIELDS[name]
    if name not in df.columns:
        msg = (
            f"this needs the column {name!r} ({field.doc.rstrip('.')}); the frame has no such column. "
            "Load it with bc.load_calls(…, columns=[…]) or add it."
        )
        raise KeyError(msg)
    series = df[name]
    if isinstance(series, pd.DataFrame):
        msg = f"the frame has {series.shape[1]} columns named {name!r}; keep one of them"
        raise ValueError(msg)
    if _is_typed(series, field):
        return series
    array, _ = typed_array(series, field)
    zone = _zone(series)
    return to_series(array, field, zone).set_axis(series.index).rename(name)


def optional_column(df: pd.DataFrame, name: str) -> pd.Series:
    """Return `column`, or nulls of the field's dtype where the frame has no such column."""
    if name in df.columns:
        return column(df, name)
    field = FIELDS[name]
    return to_series(nulls(field, len(df)), field).set_axis(df.index).rename(name)


def to_series(array: pa.Array, field: Field, timezone: str = "UTC") -> pd.Series:
    """Turn a typed Arrow array into a pandas Series of the field's dtype."""
    return to_pandas(pa.table({field.name: array}), timezone)[field.name]


def to_pandas(table: pa.Table, timezone: str = "UTC") -> pd.DataFrame:
    """Turn a table of typed Arrow columns into a frame of the fields' dtypes.

    Parameters
    ----------
    table
        Columns of `Field.arrow_type`, named as the fields.
    timezone
        Zone of the time columns of the frame.
    """
    zoned = [
        each.with_type(pa.timestamp("us", tz=timezone)) if pa.types.is_timestamp(each.type) else each
        for each in table.schema
    ]
    mapper = {pa.bool_(): pd.BooleanDtype()}.get
    frame: pd.DataFrame = table.cast(pa.schema(zoned)).to_pandas(types_mapper=mapper)
    return frame


# What arrived: one array for each kind of value, null where another kind stands.


def _groups(values: Any) -> Iterable[tuple[str, pa.Array]]:
    if isinstance(values, pd.Series):
        values = _series_values(values)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        if not pa.types.is_null(values.type):
            yield _group_of(values.type), values
        return
    buckets: dict[str, list[Any]] = {}
    for position, value in enumerate(values):
        if (group := _group_of_value(value)) is None:
            continue
        if group not in buckets:
            buckets[group] = [None] * len(values)
        buckets[group][position] = (
            msgspec.json.encode(value, enc_hook=str).decode() if group == "json" else value
        )
    for group, bucket in buckets.items():
        array = _array_of(bucket, group)
        yield group if group in ("json", "other") else _group_of(array.type), array


def _series_values(series: pd.Series) -> Any:
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    if series.dtype == object:
        return series.tolist()
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_convert("UTC")
    return pa.array(series, from_pandas=True)


def _group_of(kind: pa.DataType) -> str:
    is_a = pa.types
    if is_a.is_dictionary(kind):
        return _group_of(kind.value_type)
    if is_a.is_boolean(kind):
        return "flag"
    if is_a.is_integer(kind):
        return "integer"
    if is_a.is_floating(kind) or is_a.is_decimal(kind):
        return "real"
    if is_a.is_timestamp(kind) or is_a.is_date(kind):
        return "time"
    if is_a.is_string(kind) or is_a.is_large_string(kind) or is_a.is_string_view(kind):
        return "text"
    return "other"


def _group_of_value(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool() | np.bool_():
            return "flag"
        case str():
            return "text"
        case list() | dict() | tuple() | set() | np.ndarray():
            return "json"
    if value is pd.NaT or value is pd.NA:
        return None
    match value:
        case int() | np.integer():
            return "integer"
        case float() | np.floating() | Decimal():
            return None if math.isnan(value) else "real"
        case datetime() | date() | np.datetime64():
            return "time"
    return "other"


def _array_of(bucket: list[Any], group: str) -> pa.Array:
    if group == "time":
        stamps = [None if value is None else pd.Timestamp(value) for value in bucket]
        if any(stamp is not None and stamp.tzinfo is None for stamp in stamps):
            return pa.array(
                [None if stamp is None else stamp.isoformat() for stamp in stamps], pa.large_string()
            )
        return pa.array(stamps, pa.timestamp("us", tz="UTC"))
    if group == "integer":
        small = all(value is None or -(2**63) <= value < 2**63 for value in bucket)
        return (
            pa.array(bucket, pa.int64())
            if small
            else pa.array([None if v is None else str(v) for v in bucket])
        )
    if group == "real":
        return pa.array([None if value is None else float(value) for value in bucket], pa.float64())
    if group == "flag":
        return pa.array([None if value is None else bool(value) for value in bucket], pa.bool_())
    return pa.array([None if value is None else str(value) for value in bucket], pa.large_string())


# The rules.


def _cast(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    return array.cast(field.arrow_type)


def _number_from_real(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    real = array.cast(pa.float64())
    return _where(pc.is_finite(real), real, field)


def _number_from_text(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(_plain(array))
    numeric = _where(pc.match_substring_regex(trimmed, _NUMBER), trimmed)
    # Arrow's cast knows no leading plus sign.
    return pc.replace_substring_regex(numeric, r"^\+", "").cast(field.arrow_type)


def _text(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    return _plain(array).cast(field.arrow_type)


def _text_from_real(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    """Write 500.0, which pandas makes of an integer beside a null, as ``500``."""
    real = _number_from_real(array, replace(field, kind="number"), clock)
    # Above 2**53 a double no longer tells one integer from the next: such an id is already lost.
    whole = pc.and_(pc.equal(pc.floor(real), real), pc.less(pc.abs(real), 2.0**53))
    as_integer = _where(whole, real).cast(pa.int64()).cast(field.arrow_type)
    return pc.coalesce(as_integer, real.cast(field.arrow_type))


def _flag_from_number(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    return _where(pc.is_in(array, pa.array([0, 1], array.type)), pc.not_equal(array, 0), field)


def _flag_from_text(array: pa.Array, _: Field, __: Clock) -> pa.Array:
    return _translate(array, {"true": True, "1": True, "false": False, "0": False}, pa.bool_())


def _label_from_text(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    positions = {word: field.choices.index(label) for word, label in field.words.items()}
    return _label(_translate(array, positions, pa.int8()), field)


def _label_from_integer(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    if not field.coded:
        return nulls(field, len(array))
    known = pc.and_(pc.greater_equal(array, 0), pc.less(array, len(field.choices)))
    return _label(_where(known, array).cast(pa.int8()), field)


def _label_from_real(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    return _label_from_text(_text_from_real(array, FIELDS["label"], clock), field, clock)


def _label(positions: pa.Array, field: Field) -> pa.Array:
    return pa.DictionaryArray.from_arrays(positions, pa.array(field.choices, pa.string()))


def _time_from_number(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    epoch = _number_from_real(array, FIELDS["talkTime"], clock).to_numpy(zero_copy_only=False)
    seconds = np.where(np.abs(epoch) >= _MILLISECONDS_FROM, epoch / 1000, epoch)
    # Outside the years 1970 to 2200 a number is no epoch, whatever it is.
    seconds = np.where((seconds >= 0) & (seconds < 7.26e9), seconds, np.nan)
    missing = np.isnan(seconds)
    micros = np.where(missing, 0, np.round(seconds * 1e6)).astype("int64")
    return pa.array(micros, mask=missing).cast(pa.timestamp("us")).cast(field.arrow_type)


def _time_from_time(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    if pa.types.is_date(array.type) or array.type.tz is None:
        return _localised(array.cast(pa.timestamp("us"), safe=False), clock)
    return array.cast(field.arrow_type, safe=False)


def _time_from_text(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    text = _plain(array)
    dated = _where(pc.match_substring_regex(text, _ISO_DATE), text)
    zoned = pc.match_substring_regex(dated, _HAS_OFFSET)
    if pc.all(zoned).as_py() is not False:
        return _parsed(dated, field.arrow_type)
    naive = _localised(_parsed(_where(pc.invert(zoned), dated), pa.timestamp("us")), clock)
    return pc.coalesce(_parsed(_where(zoned, dated), field.arrow_type), naive)


def _parsed(text: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return text.cast(kind)
    except pa.ArrowInvalid:  # a few odd spellings in the column: the slower and more tolerant reader
        stamps = pd.to_datetime(
            pd.Series(text.to_pylist(), dtype="str"),
            format="ISO8601",
            errors="coerce",
            utc=kind.tz is not None,
        )
        return pa.array(stamps.dt.as_unit("us"), kind, from_pandas=True)


def _localised(naive: pa.Array, clock: Clock) -> pa.Array:
    """Read wall-clock times in the clock's zone; the hour that occurs twice is settled by ``uniqueId``."""
    stamps = pd.Series(naive.to_pandas()).astype("datetime64[us]")
    dst = np.ones(len(stamps), dtype=bool)
    first = stamps.dt.tz_localize(clock.timezone, ambiguous=dst, nonexistent="NaT")
    second = stamps.dt.tz_localize(clock.timezone, ambiguous=~dst, nonexistent="NaT")
    if not first.equals(second):
        epoch = _epochs(clock, len(stamps))
        near_first = (first - epoch).abs() <= pd.Timedelta(seconds=_EPOCH_TOLERANCE_S)
        near_second = (second - epoch).abs() <= pd.Timedelta(seconds=_EPOCH_TOLERANCE_S)
        settled = first.where(near_first, second.where(near_second))
        first = first.where(first == second, settled)
    return pa.array(first.dt.tz_convert("UTC"), pa.timestamp("us", tz="UTC"), from_pandas=True)


def _epochs(clock: Clock, length: int) -> pd.Series:
    if clock.unique_ids is None:
        return pd.Series(pd.NaT, index=range(length), dtype="datetime64[us, UTC]")
    text = pd.Series(clock.unique_ids.to_pylist(), dtype="str")
    seconds = pd.to_numeric(text.str.extract(r"^(\d{9,10})(?:\.\d+)?$")[0])
    return pd.to_datetime(seconds, unit="s", utc=True).dt.as_unit("us")


_Rule = Callable[[pa.Array, Field, Clock], pa.Array]
_NUMBER_RULES: dict[str, _Rule] = {"integer": _cast, "real": _number_from_real, "text": _number_from_text}
_TEXT_RULES: dict[str, _Rule] = {"text": _text, "integer": _cast, "real": _text_from_real}
_RULES: dict[str, dict[str, _Rule]] = {
    "seconds": _NUMBER_RULES,
    "number": _NUMBER_RULES,
    "flag": {
        "flag": _cast,
        "integer": _flag_from_number,
        "real": _flag_from_number,
        "text": _flag_from_text,
    },
    "identifier": _TEXT_RULES,
    "text": _TEXT_RULES,
    # A JSON document that is a bare number or flag is still a document.
    "json": _TEXT_RULES | {"json": _text, "flag": _cast},
    "label": {"text": _label_from_text, "integer": _label_from_integer, "real": _label_from_real},
    "time": {
        "text": _time_from_text,
        "time": _time_from_time,
        "integer": _time_from_number,
        "real": _time_from_number,
    },
}


# Small pieces.


def _plain(array: pa.Array) -> pa.Array:
    return array.dictionary_decode() if isinstance(array, pa.DictionaryArray) else array


def _where(condition: pa.Array, array: pa.Array, field: Field | None = None) -> pa.Array:
    kept = pc.if_else(condition, array, pa.scalar(None, array.type))
    return kept if field is None else kept.cast(field.arrow_type)


def _translate(array: pa.Array, meanings: dict[str, Any], kind: pa.DataType) -> pa.Array:
    """Replace each distinct text by its meaning; case and outer blanks do not matter."""
    encoded = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
    known = [
        meanings.get(word.strip().casefold()) if word else None for word in encoded.dictionary.to_pylist()
    ]
    return pa.array(known, kind).take(encoded.indices)


def _merge(first: pa.Array, second: pa.Array) -> pa.Array:
    if isinstance(first, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(pc.coalesce(first.indices, second.indices), first.dictionary)
    return pc.coalesce(first, second)


def _misfits(given: pa.Array, typed: pa.Array) -> Misfits:
    count = typed.null_count - given.null_count
    if count <= 0:
        return Misfits()
    lost = pc.and_(pc.is_valid(given), pc.is_null(typed))
    return Misfits(count, str(given.filter(lost)[0].as_py()))


def _is_typed(series: pd.Series, field: Field) -> bool:
    if field.kind == "time":
        return isinstance(series.dtype, pd.DatetimeTZDtype)
    return bool(series.dtype == field.dtype())


def _zone(series: pd.Series) -> str:
    return str(series.dt.tz) if isinstance(series.dtype, pd.DatetimeTZDtype) else "UTC"
