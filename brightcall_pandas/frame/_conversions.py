"""One rule for each pair of what arrived and what the field is: `RULES`.

What arrives is one of ``flag``, ``integer``, ``real``, ``text``, ``time``, ``duration`` and ``json``, into
which `_kinds` sorts values; what the field is, is its `Field.kind`. A rule takes an Arrow array and returns
one of the field's type and the same length, null where a value does not fit. Where a pair has no rule, no
value fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame._answer import canonical_json
from brightcall_pandas.frame._fields import CALENDAR, FIELDS, Field
from brightcall_pandas.frame._memory import MEMORY
from brightcall_pandas.frame._times import EPOCH_UNITS, odd_time

__all__ = ["EPOCH_OF_ID", "RULES", "Clock", "Rule", "label_array", "nulls"]

EPOCH_OF_ID = r"^(?:.*[^\d.])?(\d{9,10})(?:\.\d+)?$"
"""The epoch in a ``uniqueId``; Asterisk may put the name of its system before it."""

_EPOCH_TOLERANCE_S = 1800  # half of the usual clock change: farther off, the id says nothing of this call
_CALENDAR = tuple(pa.scalar(bound).cast(pa.timestamp("us")) for bound in CALENDAR)
_ISO_DATE = r"^\s*\d{4}-\d{2}-\d{2}"
_HAS_OFFSET = r"[Tt ]\d{2}[\d:.,]*\s*([Zz]|[+-]\d{2}(:?\d{2})?)\s*$"
_WHOLE = re.compile(r"^(\d+)[.,]0+$")
_FLAGS = dict.fromkeys(("true", "1", "yes", "y", "t", "on"), True) | dict.fromkeys(
    ("false", "0", "no", "n", "f", "off"), False
)
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


class Clock(msgspec.Struct, frozen=True):
    """What it takes to read a time without offset.

    Parameters
    ----------
    timezone
        The zone that such a time is in.
    unique_ids
        ``uniqueId`` of the same rows (epoch seconds, dot, sequence). A time in the hour that a clock change
        makes ambiguous is read as the nearer of its two instants, if the epoch is within half an hour of
        it; else it becomes null. None: all such times become null.
    """

    timezone: str = "UTC"
    unique_ids: pa.Array | None = None


def nulls(field: Field, length: int) -> pa.Array:
    """Return `length` nulls of the field's type; labels keep their choices."""
    if field.kind == "label":
        return label_array(pa.nulls(length, pa.int8()), field)
    return pa.nulls(length, field.arrow_type)


def label_array(positions: pa.Array, field: Field) -> pa.Array:
    """Return the labels that stand at these positions among the field's choices."""
    return pa.DictionaryArray.from_arrays(positions, pa.array(field.choices, pa.string()))


# Numbers.


def _number_from_integer(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    # Not safe: above 2**53 the nearest double is the best that there is.
    return array.cast(field.arrow_type, safe=False, memory_pool=MEMORY)


def _number_from_real(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    real = array.cast(pa.float64())
    return _where(pc.is_finite(real), real, field)


def _number_from_text(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(_plain(array))
    numeric = _where(pc.match_substring_regex(trimmed, _NUMBER), trimmed)
    # Arrow's cast knows no leading plus sign, and reads 1e400 as infinite.
    return _number_from_real(pc.replace_substring_regex(numeric, r"^\+", ""), field, clock)


def _seconds_from_duration(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    if not pa.types.is_duration(array.type):
        return array.cast(field.arrow_type)  # seconds already
    micros = array.cast(pa.duration("us"), safe=False).cast(pa.int64())
    return pc.divide(micros.cast(field.arrow_type, safe=False), 1e6)


# Text, identifiers, and JSON, where a bare number or flag is a document too.


def _text(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    return _plain(array).cast(field.arrow_type, memory_pool=MEMORY)


def _identifier_from_text(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    """Return an identifier; ``500.0``, which a program made of a number, as ``500``."""
    text = _text(array, field, clock)
    if field.dotted or not pc.any(pc.ends_with(text, ".0")).as_py():
        return text
    return pc.replace_substring_regex(text, r"^([+-]?\d+)\.0$", r"\1")


def _json_from_text(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    """Return JSON text without needless escapes."""
    text = _text(array, field, clock)
    if not pc.any(pc.match_substring(text, "\\")).as_py():
        return text
    escaped = pc.fill_null(pc.match_substring_regex(text, r"(?s)^\s*[\[{].*\\[u/]"), False)
    if not pc.any(escaped).as_py():
        return text
    return pa.array(
        [
            canonical_json(each.encode()).decode() if odd else each
            for each, odd in zip(text.to_pylist(), escaped.to_pylist(), strict=True)
        ],
        field.arrow_type,
    )


def _text_from_real(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    """Return 500.0, which pandas makes of an integer beside a null, as ``500``."""
    real = _number_from_real(array, msgspec.structs.replace(field, kind="number"), clock)
    # Above 2**53 a double no longer tells one integer from the next: such an id is already lost.
    whole = pc.and_(pc.equal(pc.floor(real), real), pc.less(pc.abs(real), 2.0**53))
    as_integer = _where(whole, real).cast(pa.int64()).cast(field.arrow_type)
    return pc.coalesce(as_integer, real.cast(field.arrow_type))


# Flags and labels.


def _cast(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    return array.cast(field.arrow_type, memory_pool=MEMORY)


def _flag_from_number(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    return _where(pc.is_in(array, pa.array([0, 1], array.type)), pc.not_equal(array, 0), field)


def _flag_from_text(array: pa.Array, _: Field, __: Clock) -> pa.Array:
    return _translate(array, _FLAGS, pa.bool_())


def _label_from_text(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    positions = {word: field.choices.index(label) for word, label in field.words.items()}
    return label_array(_translate(array, positions, pa.int8()), field)


def _label_from_integer(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    if not field.coded:
        return nulls(field, len(array))
    codes = pa.array(range(len(field.choices)), array.type)
    return label_array(_where(pc.is_in(array, codes), array).cast(pa.int8()), field)


def _label_from_real(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    return _label_from_text(_text_from_real(array, FIELDS["label"], clock), field, clock)


# Times.


def _time_from_number(array: pa.Array, field: Field, _: Clock) -> pa.Array:
    epoch = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    micros = np.zeros(len(epoch), dtype=np.int64)
    missing = np.ones(len(epoch), dtype=bool)
    for units, (low, end) in EPOCH_UNITS.items():
        counted = (epoch >= low) & (epoch < end)  # never true of NaN
        micros[counted] = np.round(epoch[counted] / units * 1e6).astype(np.int64)
        missing &= ~counted
    return _in_calendar(pa.array(micros, mask=missing).cast(pa.timestamp("us")).cast(field.arrow_type))


def _time_from_time(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    if pa.types.is_date(array.type):
        array = array.cast(pa.timestamp("s" if pa.types.is_date32(array.type) else "ms"))
    array = _in_calendar(array)  # before the cast: in microseconds some would be other times
    if array.type.tz is None:
        return _localized(array.cast(pa.timestamp("us"), safe=False), clock)
    return array.cast(field.arrow_type, safe=False)


def _time_from_text(array: pa.Array, field: Field, clock: Clock) -> pa.Array:
    text = _plain(array)
    try:
        return _in_calendar(
            text.cast(field.arrow_type, memory_pool=MEMORY)
        )  # all have an offset, as a server usually writes them
    except pa.ArrowInvalid:
        pass
    dated = _where(pc.match_substring_regex(text, _ISO_DATE), text)
    zoned = pc.match_substring_regex(dated, _HAS_OFFSET)
    if pc.all(zoned).as_py() is not False:
        read = _in_calendar(_parsed(dated, field.arrow_type))
    else:
        naive = _localized(_parsed(_where(pc.invert(zoned), dated), pa.timestamp("us")), clock)
        read = pc.coalesce(_in_calendar(_parsed(_where(zoned, dated), field.arrow_type)), naive)
    unread = pc.and_(pc.is_null(read), pc.not_equal(pc.utf8_trim_whitespace(text), ""))
    return pc.coalesce(read, _odd_times(_where(unread, text), clock)) if pc.any(unread).as_py() else read


def _odd_times(text: pa.Array, clock: Clock) -> pa.Array:
    """Return times in rarer forms, read one by one."""
    found = {each: odd_time(each) for each in text.unique().to_pylist() if each}
    read = [found.get(each) for each in text.to_pylist()]
    zoned = [None if each is None or each.tzinfo is None else each for each in read]
    naive = [None if each is None or each.tzinfo is not None else each for each in read]
    instants = _in_calendar(pa.array(zoned, pa.timestamp("us", tz="UTC")))
    return pc.coalesce(instants, _localized(pa.array(naive, pa.timestamp("us")), clock))


def _parsed(text: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return text.cast(kind)
    except pa.ArrowInvalid:  # some odd spelling in the column: a slower and more tolerant parser
        texts = pd.Series(text.to_pylist(), dtype="str").str.upper()  # z and t are ISO 8601 as well
        stamps = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
        return pa.array(stamps.dt.as_unit("us"), pa.timestamp("us", tz="UTC"), from_pandas=True).cast(kind)


def _localized(naive: pa.Array, clock: Clock) -> pa.Array:
    """Return the instants of wall-clock times; an hour that occurs twice is settled by ``uniqueId``."""
    stamps = pd.Series(_in_calendar(naive).to_pandas()).astype("datetime64[us]")
    earlier = np.ones(len(stamps), dtype=bool)
    first = stamps.dt.tz_localize(clock.timezone, ambiguous=earlier, nonexistent="NaT")
    second = stamps.dt.tz_localize(clock.timezone, ambiguous=~earlier, nonexistent="NaT")
    if not first.equals(second):
        epoch = _epochs(clock, len(stamps))
        from_first, from_second = (first - epoch).abs(), (second - epoch).abs()
        nearest = first.where(from_first < from_second, second.where(from_second < from_first))
        near = np.minimum(from_first, from_second) <= pd.Timedelta(seconds=_EPOCH_TOLERANCE_S)
        first = first.where(first == second, nearest.where(near))
    return pa.array(first.dt.tz_convert("UTC"), pa.timestamp("us", tz="UTC"), from_pandas=True)


def _epochs(clock: Clock, length: int) -> pd.Series:
    if clock.unique_ids is None:
        return pd.Series(pd.NaT, index=range(length), dtype="datetime64[us, UTC]")
    text = pd.Series(clock.unique_ids.to_pylist(), dtype="str")
    seconds = pd.to_numeric(text.str.extract(EPOCH_OF_ID)[0])
    return pd.to_datetime(seconds, unit="s", utc=True).dt.as_unit("us")


def _in_calendar(times: pa.Array) -> pa.Array:
    extremes = pc.min_max(times)
    low, high = extremes["min"].value, extremes["max"].value
    first, end = (bound.cast(times.type) for bound in _CALENDAR)
    if low is None or (low >= first.value and high < end.value):
        return times
    return _where(pc.and_(pc.greater_equal(times, first), pc.less(times, end)), times)


# Small pieces of several rules.


def _plain(array: pa.Array) -> pa.Array:
    return array.dictionary_decode() if isinstance(array, pa.DictionaryArray) else array


def _where(condition: pa.Array, array: pa.Array, field: Field | None = None) -> pa.Array:
    kept = pc.if_else(condition, array, pa.scalar(None, array.type))
    return kept if field is None else kept.cast(field.arrow_type)


def _translate(array: pa.Array, meanings: dict[str, Any], kind: pa.DataType) -> pa.Array:
    """Return the meaning of each text; case, outer blanks, and ``.0`` behind a number do not matter."""
    encoded = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
    words = [_WHOLE.sub(r"\1", (word or "").strip().casefold()) for word in encoded.dictionary.to_pylist()]
    known = [meanings.get(word) for word in words]
    return pa.array(known, kind).take(encoded.indices)


Rule = Callable[[pa.Array, Field, Clock], pa.Array]
_NUMBER_RULES: dict[str, Rule] = {
    "integer": _number_from_integer,
    "real": _number_from_real,
    "text": _number_from_text,
}
_TEXT_RULES: dict[str, Rule] = {"text": _text, "integer": _cast, "real": _text_from_real}
RULES: dict[str, dict[str, Rule]] = {
    "seconds": _NUMBER_RULES | {"duration": _seconds_from_duration},
    "number": _NUMBER_RULES,
    "flag": {
        "flag": _cast,
        "integer": _flag_from_number,
        "real": _flag_from_number,
        "text": _flag_from_text,
    },
    "identifier": _TEXT_RULES | {"text": _identifier_from_text},
    "text": _TEXT_RULES,
    "json": _TEXT_RULES | {"json": _text, "flag": _cast, "text": _json_from_text},
    "label": {"text": _label_from_text, "integer": _label_from_integer, "real": _label_from_real},
    "time": {
        "text": _time_from_text,
        "time": _time_from_time,
        "integer": _time_from_number,
        "real": _time_from_number,
    },
}
"""Rule by kind of the field and kind of the value."""
