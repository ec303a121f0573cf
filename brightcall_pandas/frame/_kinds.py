"""What arrived, sorted into the kinds that `_conversions` has rules for.

The kinds are ``flag``, ``integer``, ``real``, ``text``, ``time``, ``duration`` and ``json`` (anything nested,
written as JSON text); everything else is ``other``, for which there is no rule.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

__all__ = ["json_text", "kinds_of", "uniform_array"]

_DIGITS = 40  # of a whole number, at most; Decimal knows some that no memory holds

_STRING_OR_STRAY = re.compile(r'("(?:[^"\\]|\\.)*+")|-?(?:NaN|Infinity)')

# What Arrow raises where values are of several kinds.
_SEVERAL_KINDS = (pa.ArrowException, TypeError, ValueError, OverflowError)
_SIMPLE = frozenset(
    each.id
    for each in (
        *(pa.null(), pa.bool_(), pa.string(), pa.large_string()),
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.float16(), pa.float32(), pa.float64()),
    )
)


def kinds_of(values: Any) -> Iterator[tuple[str, pa.Array]]:
    """Yield values by the kinds that the rules know.

    Parameters
    ----------
    values
        Arrow array, pandas Series or a list of Python values.

    Yields
    ------
    tuple of str and pyarrow.Array
        A kind that occurs, and an array as long as `values` with the values of this kind, null elsewhere.
        Times come twice where some have a zone and some have none.

    Examples
    --------
    >>> {kind: array.to_pylist() for kind, array in kinds_of([1, "answered", None])}
    {'integer': [1, None, None], 'text': [None, 'answered', None]}
    """
    values = _array_or_list(values)
    array = _unwrapped(values) if isinstance(values, pa.Array) else uniform_array(values)
    if array is not None:
        if not pa.types.is_null(array.type):
            yield _kind_of_type(array.type), array
        return
    buckets: dict[str, list[Any]] = {}
    for position, value in enumerate(values):
        if (kind := _kind_of_value(value)) is None:
            continue
        if kind not in buckets:
            buckets[kind] = [None] * len(values)
        buckets[kind][position] = json_text(value) if kind == "json" else _plainly(value)
    for kind, bucket in buckets.items():
        array = _array_of(bucket, kind)
        yield kind if kind in ("json", "other", "duration") else _kind_of_type(array.type), array


def _array_or_list(values: Any) -> pa.Array | Sequence[Any]:
    """Return an Arrow array whose type tells the kind, or Python values, which tell it one by one."""
    if isinstance(values, pd.Series):
        values = _series_values(values)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.ExtensionArray) and values.type.extension_name == "arrow.json":
        values = values.storage
    return values.to_pylist() if isinstance(values, pa.Array) and _is_of_objects(values.type) else values


def _series_values(series: pd.Series) -> pa.Array | Sequence[Any]:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype) and dtype.categories.dtype != "str":
        series = series.astype(object)
    if isinstance(dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_convert("UTC")  # Arrow does not know every zone that pandas does
    if series.dtype == object:
        return series.tolist()
    try:
        return pa.array(series, from_pandas=True)
    except pa.ArrowException:  # Arrow has no type for it, for example for a sparse one
        return series.astype(object).tolist()


def uniform_array(values: Sequence[Any]) -> pa.Array | None:
    """Return the array of a list whose values are all of one simple kind: the usual case, and the fast one.

    Parameters
    ----------
    values
        Python values; None, NaN and pandas' nulls become null.

    Returns
    -------
    pyarrow.Array or None
        Of booleans, numbers, texts or nulls; None where values are of several kinds, or of another one.
    """
    first = next((value for value in values if value is not None), None)
    if isinstance(first, dict | list | tuple):
        return None  # and Arrow crashes where one holds itself
    try:
        array = pa.array(values)
    except _SEVERAL_KINDS:
        array = None
    floating = array is not None and pa.types.is_floating(array.type)
    if floating and bool in map(type, values):
        return None  # Arrow makes 0 or 1 of a flag among reals
    if array is None or floating:  # looking for NaN takes twice the time
        try:
            array = pa.array(values, from_pandas=True)
        except _SEVERAL_KINDS:
            return None
    return array if array.type.id in _SIMPLE else None


def _is_of_objects(type_: pa.DataType) -> bool:
    is_uuid = isinstance(type_, pa.BaseExtensionType) and type_.extension_name == "arrow.uuid"
    return pa.types.is_nested(type_) or pa.types.is_decimal(type_) or is_uuid


def _unwrapped(array: pa.Array) -> pa.Array:
    """Return plain values; texts may stay dictionary-encoded, which makes translation faster."""
    if pa.types.is_dictionary(array.type) and pa.types.is_string_view(array.type.value_type):
        # as Polars gives its categories; Arrow can do little with them
        array = pa.DictionaryArray.from_arrays(array.indices, array.dictionary.cast(pa.large_string()))
    if pa.types.is_dictionary(array.type) and _kind_of_type(array.type) != "text":
        return array.dictionary_decode()
    return array.cast(pa.large_string()) if pa.types.is_string_view(array.type) else array


def _kind_of_type(type_: pa.DataType) -> str:
    is_a = pa.types
    if is_a.is_dictionary(type_):
        return _kind_of_type(type_.value_type)
    if is_a.is_boolean(type_):
        return "flag"
    if is_a.is_integer(type_):
        return "integer"
    if is_a.is_floating(type_):
        return "real"
    if is_a.is_timestamp(type_) or is_a.is_date(type_):
        return "time"
    if is_a.is_duration(type_):
        return "duration"
    if is_a.is_string(type_) or is_a.is_large_string(type_):
        return "text"
    return "other"


def _kind_of_value(value: Any) -> str | None:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    match value:
        case bool() | np.bool_():
            return "flag"
        case str() | UUID():
            return "text"
        case list() | dict() | tuple() | set() | np.ndarray():
            return "json"
        case np.timedelta64():  # numpy takes it for an integer
            return None if np.isnat(value) else "other"
        case int() | np.integer():
            return "integer"
        case float() | np.floating():
            return None if math.isnan(value) else "real"
        case Decimal():
            return None if value.is_nan() else "integer" if _is_whole(value) else "real"
        case timedelta():
            return "duration"
        case np.datetime64():
            return None if np.isnat(value) else "wall time"
        case datetime():
            return "wall time" if value.tzinfo is None else "time"
        case date():
            return "wall time"
    return "other"


def _is_whole(number: Decimal) -> bool:
    return number.is_finite() and number == number.to_integral_value() and number.adjusted() < _DIGITS


def _plainly(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and _is_whole(value) else value


def _array_of(bucket: list[Any], kind: str) -> pa.Array:
    if kind in ("time", "wall time"):
        stamps = [None if value is None else pd.Timestamp(value).as_unit("us") for value in bucket]
        return pa.array(stamps, pa.timestamp("us", tz="UTC" if kind == "time" else None))
    if kind == "duration":
        return pa.array([None if value is None else value.total_seconds() for value in bucket], pa.float64())
    if kind == "integer" and all(value is None or -(2**63) <= value < 2**63 for value in bucket):
        return pa.array(bucket, pa.int64())
    if kind == "real":
        return pa.array([None if value is None else float(value) for value in bucket], pa.float64())
    if kind == "flag":
        return pa.array([None if value is None else bool(value) for value in bucket], pa.bool_())
    return _text_array([None if value is None else str(value) for value in bucket])


def _text_array(texts: list[str | None]) -> pa.Array:
    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write and UTF-8 cannot
        whole = [
            text and text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts
        ]
        return pa.array(whole, pa.large_string())


def json_text(value: Any) -> str:
    """Return compact JSON; what JSON has no form for is written as text.

    Raises
    ------
    ValueError
        It is nested deeper than can be written, or holds itself.
    """
    try:
        return msgspec.json.encode(value, enc_hook=_plain_object).decode()
    except RecursionError:
        msg = "a value is nested deeper than can be written as JSON, or holds itself"
        raise ValueError(msg) from None
    except UnicodeEncodeError:  # as in `_text_array`; here the escape can stay
        text = json.dumps(value, default=_plain_object, separators=(",", ":"))
        return _STRING_OR_STRAY.sub(lambda found: found[1] or "null", text)


def _plain_object(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)
