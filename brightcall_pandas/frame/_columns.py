"""Any values to the one dtype of their field.

Pages, records in hand, untyped frames, filters and analyses all come through here, so a value means the same
wherever it comes from. `_kinds` sorts what arrived, `_conversions` has a rule for each pair of kind and
field, and this module applies them and speaks pandas.

A value that does not fit becomes null; `typed_array` says how many did not fit, and shows one of them.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from brightcall_pandas.frame._conversions import RULES, Clock, label_array, nulls
from brightcall_pandas.frame._fields import EXTRAS, FIELDS, Field
from brightcall_pandas.frame._kinds import kinds_of

__all__ = ["Clock", "Misfits", "column", "nulls", "optional_column", "to_pandas", "to_series", "typed_array"]


class Misfits(msgspec.Struct):
    """How many values did not fit a field, and the first of them as text."""

    count: int = 0
    example: str | None = None

    def add(self, other: Misfits) -> Misfits:
        """Return the sum of both; the first example stays."""
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
        The array of `field.arrow_type`, as long as `values`, and what became null because it did not fit. A
        blank text that is no value of the field is null, and not counted.
    """
    clock = clock or Clock()
    result: pa.Array | None = None
    misfits = Misfits()
    for kind, array in kinds_of(values):
        rule = RULES[field.kind].get(kind)
        part = nulls(field, len(array)) if rule is None else rule(array, field, clock)
        misfits = misfits.add(_misfits(array, part))
        result = part if result is None else _merge(result, part, field)
    return nulls(field, len(values)) if result is None else result, misfits


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
        Same index. A column that already has its dtype is returned as it is; values that do not fit are null.

    Raises
    ------
    KeyError
        The column is missing; the message names it and says what the field is.

    Examples
    --------
    >>> column(pd.DataFrame({"state": [1, "missed"]}), "state").tolist()
    ['answered', 'unanswered']
    """
    field = _field(name)
    if name not in df.columns:
        msg = (
            f"the frame has no column {name!r} ({field.doc.rstrip('.')}), which this needs. "
            "Load it with bc.load_calls(…, columns=[…]) or add it."
        )
        raise KeyError(msg)
    series = df[name]
    if isinstance(series, pd.DataFrame):
        msg = f"the frame has {series.shape[1]} columns named {name!r}; keep one of them"
        raise ValueError(msg)
    if _is_typed(series, field):
        return series
    if isinstance(series.dtype, pd.DatetimeTZDtype) and field.kind == "time":
        stamps: pd.Series = series.dt.as_unit("us")
        return stamps
    array, _ = typed_array(series, field)
    return to_series(array, field, _zone(series)).set_axis(series.index).rename(name)


def optional_column(df: pd.DataFrame, name: str) -> pd.Series:
    """Return `column`, or nulls of the field's dtype where the frame lacks the column."""
    if name in df.columns:
        return column(df, name)
    field = _field(name)
    return to_series(nulls(field, len(df)), field).set_axis(df.index).rename(name)


def to_series(array: pa.Array, field: Field, timezone: str = "UTC") -> pd.Series:
    """Return a typed Arrow array as a Series of the field's dtype."""
    return to_pandas(pa.table({field.name: array}), timezone)[field.name]


def to_pandas(table: pa.Table, timezone: str = "UTC") -> pd.DataFrame:
    """Return a table of typed Arrow columns as a frame of the fields' dtypes.

    Parameters
    ----------
    table
        Columns of `Field.arrow_type`, named as the fields.
    timezone
        Zone of the time columns of the frame.
    """
    labels = [each.name for each in table.schema if pa.types.is_dictionary(each.type)]
    # Labels go over as codes: Arrow leaves read-only memory, and without rows it loses the choices.
    for name in labels:
        table = table.set_column(table.column_names.index(name), name, _codes(table[name]))
    zoned = [
        each.with_type(pa.timestamp("us", tz=timezone)) if pa.types.is_timestamp(each.type) else each
        for each in table.schema
    ]
    mapper = {pa.bool_(): pd.BooleanDtype()}.get
    frame: pd.DataFrame = table.cast(pa.schema(zoned)).to_pandas(types_mapper=mapper)
    for name in labels:
        codes, choices = frame[name].to_numpy(copy=True), pd.Index(_field(name).choices)
        frame[name] = pd.Categorical.from_codes(codes, categories=choices, validate=False)
    return frame


# Small pieces.


def _field(name: str) -> Field:
    return EXTRAS if name == EXTRAS.name else FIELDS[name]


def _codes(labels: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the code of each label as pandas has it: -1 for null."""
    codes = pa.chunked_array([chunk.indices for chunk in labels.chunks], pa.int8())
    return pc.fill_null(codes, pa.scalar(-1, pa.int8()))


def _zone(series: pd.Series) -> str:
    """Return the zone of a column of Arrow timestamps; other columns that come this far have none."""
    return getattr(getattr(series.dtype, "pyarrow_dtype", None), "tz", None) or "UTC"


def _merge(first: pa.Array, second: pa.Array, field: Field) -> pa.Array:
    if isinstance(first, pa.DictionaryArray):
        return label_array(pc.coalesce(first.indices, second.indices), field)
    return pc.coalesce(first, second)


def _misfits(given: pa.Array, typed: pa.Array) -> Misfits:
    if typed.null_count <= given.null_count:
        return Misfits()
    lost = pc.and_(pc.is_valid(given), pc.is_null(typed))
    if pa.types.is_string(given.type) or pa.types.is_large_string(given.type):
        lost = pc.and_(lost, pc.not_equal(pc.utf8_trim_whitespace(given), ""))  # a blank says nothing
    examples = given.filter(lost)
    return Misfits(len(examples), _shown(examples[0]) if len(examples) else None)


def _shown(value: pa.Scalar) -> str:
    try:
        return str(value.as_py())
    except (ValueError, OverflowError):  # a time that Python does not have
        return str(value.value)


def _is_typed(series: pd.Series, field: Field) -> bool:
    if field.kind == "time":
        return isinstance(series.dtype, pd.DatetimeTZDtype) and series.dtype.unit == "us"
    if field.kind == "label":  # pandas calls two category dtypes equal whatever the order of the labels
        return series.dtype == field.dtype() and tuple(series.cat.categories) == field.choices
    return bool(series.dtype == field.dtype())
