"""Results of different contestants in a form in which they can be compared.

What the server sent is turned into types here a second time, plainly and without the package's own
conversions, so that a mistake of theirs would show.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from measure import fingerprint

from brightcall_pandas.frame._fields import FIELDS, Field

ROW = ("id", "timestamp", "talkTime", "totalTime", "state", "type", "outcomeTag", "numbersInvolvedJSON")
"""Fields by which rows are compared with a rival that has types of its own."""


def plain_frame(rows: Sequence[Mapping[str, Any]], timezone: str) -> pd.DataFrame:
    """Type decoded JSON rows, for well-formed rows only."""
    columns = {name: _plain(each, [row.get(name) for row in rows], timezone) for name, each in FIELDS.items()}
    columns["extras"] = pd.Series([None] * len(rows), dtype="str")
    return pd.DataFrame(columns)


def _plain(each: Field, values: list[Any], timezone: str) -> Any:
    match each.kind:
        case "seconds" | "number":
            return pd.Series(values, dtype="float64")
        case "flag":
            return pd.Series(values, dtype="boolean")
        case "label":
            words = [each.choices[value] if isinstance(value, int) else value for value in values]
            return pd.Series(words, dtype=pd.CategoricalDtype(list(each.choices)))
        case "time":
            return pd.to_datetime(pd.Series(values, dtype="str"), utc=True).astype(
                f"datetime64[us, {timezone}]"
            )
        case "json":
            values = [value if isinstance(value, str) else _json(value) for value in values]
    return pd.Series([None if value is None else str(value) for value in values], dtype="str")


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def digest(frame: pd.DataFrame) -> dict[str, Any]:
    """Sum up each column, with its dtype, in one number.

    The order of rows does not matter where they have an ``id``; then the sums of two frames, modulo 2⁶⁴, add
    up to those of both together.
    """
    rows = _hashes(frame["id"]) if "id" in frame else np.arange(len(frame), dtype=np.uint64)
    sums: dict[str, Any] = {"calls": len(frame)}
    for name in frame.columns:
        mixed = (rows * np.uint64(31)) ^ _hashes(frame[name])
        sums[f"{name}: {frame[name].dtype}"] = int(mixed.sum(dtype=np.uint64))
    return sums


def row_fingerprint(frame: pd.DataFrame) -> str:
    """Return the fingerprint of the fields in `ROW`, in types that any program has."""
    columns = []
    for name in ROW:
        column = frame[name]
        if name == "timestamp":
            texts = column.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        elif FIELDS[name].kind == "label":
            texts = column.cat.codes.astype(str)
        elif FIELDS[name].kind == "seconds":
            texts = column.astype("int64").astype(str)
        else:
            texts = column
        columns.append([text if isinstance(text, str) else "" for text in texts])
    return fingerprint(zip(*columns, strict=True))


def _hashes(column: pd.Series) -> np.ndarray:
    if column.dtype == "float64":  # one NaN for all
        column = column.where(column.notna(), np.nan)
    return pd.util.hash_pandas_object(column, index=False).to_numpy()
