"""Columns that are no fields of the API, as texts in which numbers can be found."""

from __future__ import annotations

import math
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from brightcall_pandas.pseudonyms import LONG_ENOUGH

__all__ = ["texts_of"]

_OF_NOBODY = (bool, date, time, timedelta)


def texts_of(series: pd.Series) -> pd.Series | None:
    """Return the values of a column that is no field, as texts; None where they can be of nobody."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return texts_of(series.astype(dtype.categories.dtype))
    if isinstance(dtype, pd.SparseDtype):
        return texts_of(pd.Series(np.asarray(series), index=series.index, name=series.name))
    types, kind = pd.api.types, str(dtype)
    of_objects = types.is_object_dtype(dtype)
    if (
        types.is_bool_dtype(dtype)
        or types.is_datetime64_any_dtype(dtype)
        or types.is_timedelta64_dtype(dtype)
    ):
        return None
    if isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype) or kind.startswith(("date", "time", "duration")):
        return None
    if isinstance(dtype, pd.StringDtype):
        return series
    values = pd.Series(list(map(_text_of, series.tolist())), index=series.index, dtype=object)
    if types.is_numeric_dtype(dtype) and not any(map(_may_be_of_somebody, values)):
        return None
    if of_objects and all(each is None or isinstance(each, _OF_NOBODY) for each in series.tolist()):
        return None
    return values


def _text_of(value: Any) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float | Decimal):
        if math.isnan(value):
            return None
        whole = math.isfinite(value) and value == int(value)
        return str(int(value)) if whole else str(value)
    if isinstance(value, dict | list | tuple | set | np.ndarray):
        return msgspec.json.encode(value, enc_hook=_plain).decode()
    return str(value)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _may_be_of_somebody(text: str | None) -> bool:
    """Tell whether a number is whole and long enough for a telephone, an extension or an agent."""
    digits = (text or "").lstrip("-")
    return digits.isdecimal() and len(digits) >= LONG_ENOUGH
