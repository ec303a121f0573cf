"""A frame as a sheet has it: its index as columns, one line of names, and values that a cell can hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from brightcall_pandas.analysis import BETWEEN, Meaning, Meanings
from brightcall_pandas.frame import column

__all__ = ["SheetColumn", "sheet_columns"]

_LONGEST_NUMBER = 10**15  # spreadsheets keep 15 digits


@dataclass(frozen=True)
class SheetColumn:
    """A column of a sheet.

    Parameters
    ----------
    name
        Its name.
    values
        Texts, numbers, flags, or times; what no cell can hold is text. Missing ones are None, NaN or NaT.
    meaning
        What it means.
    in_index
        Whether it is part of the index.
    """

    name: str
    values: pd.Series
    meaning: Meaning
    in_index: bool = False


def sheet_columns(df: pd.DataFrame) -> list[SheetColumn]:
    """Return the columns of a frame's sheet, in order.

    An index that only counts the rows is left out. Fields are in their own types, so identifiers and
    telephone numbers are text.
    """
    meanings = Meanings(df)
    levels = [_level(df.index, number) for number in range(df.index.nlevels)]
    found = [_sheet_column(name, each, meanings, in_index=True) for name, each in levels if name is not None]
    plain = df.set_axis(pd.RangeIndex(len(df)))
    for position, label in enumerate(plain.columns):
        name = BETWEEN.join(map(str, label)) if isinstance(label, tuple) else str(label)
        typed = meanings.is_field(name) and isinstance(plain.get(label), pd.Series)
        values = column(plain, name) if typed else plain.iloc[:, position]
        found.append(_sheet_column(name, values, meanings))
    return found


def _level(index: pd.Index, number: int) -> tuple[str | None, pd.Series]:
    """Return the name and values of a level; no name for one that only counts or numbers the rows."""
    values = index.get_level_values(number)
    name = values.name
    if name is None and not (index.nlevels == 1 and pd.api.types.is_integer_dtype(values.dtype)):
        name = "index" if index.nlevels == 1 else f"level_{number}"
    return None if name is None else str(name), pd.Series(values).reset_index(drop=True)


def _sheet_column(name: str, values: pd.Series, meanings: Meanings, *, in_index: bool = False) -> SheetColumn:
    values = _without_arrow(values)
    dtype, meaning, types = values.dtype, meanings.of(name), pd.api.types
    if isinstance(dtype, pd.DatetimeTZDtype):
        meaning = meaning._replace(unit=str(dtype.tz))
    elif types.is_timedelta64_dtype(dtype):
        values, meaning = values.dt.total_seconds(), meaning._replace(unit="s")
    elif types.is_integer_dtype(dtype) and _too_long(values):
        values = pd.Series(
            [None if pd.isna(each) else str(each) for each in values], values.index, dtype=object
        )
    elif types.is_complex_dtype(dtype) or not (
        types.is_numeric_dtype(dtype) or types.is_datetime64_dtype(dtype)
    ):
        values = pd.Series([_cell(each) for each in values.astype(object)], values.index, dtype=object)
    return SheetColumn(name, values, meaning, in_index)


def _without_arrow(values: pd.Series) -> pd.Series:
    """Return a column of Arrow's times, lengths or decimals as pandas has them."""
    kind = getattr(values.dtype, "pyarrow_dtype", None)
    if kind is None:
        return values
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        plain: pd.Series = pa.chunked_array(pa.array(values)).to_pandas().set_axis(values.index)
        return plain
    return values.astype(object) if pa.types.is_decimal(kind) else values


def _too_long(values: pd.Series) -> bool:
    return bool((~values.dropna().between(-_LONGEST_NUMBER, _LONGEST_NUMBER)).any())


def _cell(value: Any) -> Any:
    """Return any value as a cell can hold it."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return str(value)  # a column of other zones than one
    if isinstance(value, str | bool | float | np.bool_ | np.floating | date):  # a Timestamp is a date
        return value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, int | np.integer):
        return int(value) if abs(int(value)) <= _LONGEST_NUMBER else str(value)
    if isinstance(value, Decimal):
        return float(value) if abs(value) <= _LONGEST_NUMBER else str(value)
    if isinstance(value, list | tuple | dict | np.ndarray):
        plain = value.tolist() if isinstance(value, np.ndarray) else value
        return msgspec.json.encode(plain, enc_hook=str).decode()
    return None if pd.isna(value) else str(value)
