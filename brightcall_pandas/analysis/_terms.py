"""What a metric's numerator or denominator may be, and what each call adds to it.

A term is a filter, a function of the frame, a mask, an expression on columns, or the sum of a column. All are
read to one form, `TermValues`; what cannot be read is refused with a message that names the metric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NoReturn, Protocol, runtime_checkable

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brightcall_pandas.analysis._expressions import Expression, read_column
from brightcall_pandas.frame import FIELDS

__all__ = [
    "Filtering",
    "Term",
    "TermValues",
    "checked_term",
    "is_mask",
    "is_sum",
    "refuse_more_than_rows",
    "term_columns",
    "term_values",
    "term_words",
]


@runtime_checkable
class Filtering(Protocol):
    """Something that says which calls are meant, as `bc.CallFilter` does."""

    def mask(self, df: pd.DataFrame, *, fold_case: bool) -> pd.Series:
        """Return which calls match."""

    def to_request(self) -> dict[str, Any]:
        """Return the filter as the API has it."""


Mask = Sequence[bool] | NDArray[np.bool_] | pd.Series
Term = Filtering | Callable[[pd.DataFrame], Any] | Mask | str | tuple[str, str]
"""What a numerator or a denominator may be."""

_FORMS = (
    'a CallFilter, an expression on columns such as "talkTime >= 60", a function of the frame, a mask, or '
    '("sum", column)'
)


_MASKS = (np.ndarray, pd.Series, pd.Index, list, pd.api.extensions.ExtensionArray)


class TermValues(msgspec.Struct, frozen=True):
    """What each call adds.

    Parameters
    ----------
    adds
        Flags, of which a null is False, or numbers, of which a null is 0.
    known
        Where it is no null.
    """

    adds: NDArray[np.bool_] | NDArray[np.float64]
    known: NDArray[np.bool_]


def is_sum(term: object) -> bool:
    """Tell whether a term is the sum of a column."""
    return isinstance(term, tuple | list) and len(term) == 2 and isinstance(term[0], str) and term[0] == "sum"


def is_mask(term: object) -> bool:
    """Tell whether a term is a mask, which belongs to one frame and to no other."""
    return not (isinstance(term, str | Filtering) or callable(term) or is_sum(term))


def checked_term(about: str, term: Any) -> None:
    """Refuse what is no term, as far as that can be told without calls.

    Parameters
    ----------
    about
        What it is, the subject of messages: ``"metric 'x': its numerator"``.
    term
        What was given.

    Raises
    ------
    TypeError, ValueError
        It is none.
    """
    if isinstance(term, str):
        try:
            _parsed(term)
        except ValueError as error:
            msg = f"{about}: {error}"
            raise ValueError(msg) from None
    elif is_sum(term):
        if not isinstance(term[1], str) or not term[1]:
            msg = f"{about} sums a column by its name, not {term[1]!r}"
            raise TypeError(msg)
    elif isinstance(term, pd.DataFrame | type | dict) or not (
        isinstance(
            term, Filtering | np.ndarray | pd.Series | pd.Index | list | pd.api.extensions.ExtensionArray
        )
        or callable(term)
    ):
        msg = f"{about} is {_FORMS}, not {_shown(term)}"
        raise TypeError(msg)


def term_words(term: Any) -> str:
    """Return what definitions say of a term."""
    if isinstance(term, str):
        return term
    if is_sum(term):
        return f"sum of {term[1]}"
    if isinstance(term, Filtering):
        return f"calls of {term!r}"
    if callable(term):
        doc, name = getattr(term, "__doc__", None), getattr(term, "__name__", type(term).__name__)
        return (doc or "").strip().partition("\n")[0] or f"what {name}(calls) returns"
    return f"a mask of {len(term):,} calls"


def term_columns(term: Any) -> list[str]:
    """Return the columns that a term is known to read."""
    if isinstance(term, str):
        return _parsed(term).columns
    return [term[1]] if is_sum(term) else []


def term_values(about: str, term: Any, df: pd.DataFrame) -> TermValues:
    """Return what each call of a frame adds to a term.

    Parameters
    ----------
    about
        What the term is, the subject of messages.
    term
        One that was checked.
    df
        Calls in any form.

    Raises
    ------
    KeyError
        A column is missing.
    TypeError, ValueError
        The term gives something else than a flag or a number for each call, or a mask is of another frame.
    """
    try:
        found, from_mask = _found(term, df)
    except KeyError as error:
        msg = f"{about} needs a column: {error.args[0] if error.args else error}"
        raise KeyError(msg) from error
    except (TypeError, ValueError) as error:
        msg = f"{about}: {error}"
        raise type(error)(msg) if type(error) in (TypeError, ValueError) else ValueError(msg) from error
    except Exception as error:
        msg = f"{about} raised {type(error).__name__}: {error}"
        raise ValueError(msg) from error
    return _read(about, found, df, "mask" if from_mask else "result")


def refuse_more_than_rows(about: str, term: Any, df: pd.DataFrame) -> None:
    """Refuse a function that looks at more than one call at a time, where the calls come in parts.

    Raises
    ------
    ValueError
        It says otherwise of some of these calls when it sees them without the others.
    """
    if not callable(term) or isinstance(term, Filtering) or len(df) < 2:
        return
    whole = term_values(about, term, df).adds
    for some in (slice(None, None, 2), slice(1, None, 2)):
        if not np.array_equal(term_values(about, term, df.iloc[some]).adds, whole[some]):
            msg = (
                f"{about} looks at more than one call at a time, such as at a mean of all, and calls in "
                "parts have no such thing: compute it first, and compare each call with the number"
            )
            raise ValueError(msg)


def _found(term: Any, df: pd.DataFrame) -> tuple[Any, bool]:
    """Return what a term gives for a frame, and whether it was in hand before."""
    if isinstance(term, str):
        return _parsed(term).values(df), False
    if is_sum(term):
        return _numbers(read_column(df, term[1]), term[1]), False
    if isinstance(term, Filtering):
        return term.mask(df, fold_case=True), False
    if callable(term):
        return term(df.copy(deep=False)), False
    return term, True


def _read(about: str, found: Any, df: pd.DataFrame, what: str) -> TermValues:
    """Return flags or numbers of what a term gave."""
    if np.ndim(found) != 1 or isinstance(found, dict | set | str):
        shown = (
            _shown(found)
            if np.ndim(found) == 0
            else f"a {type(found).__name__} of {np.ndim(found)} dimensions"
        )
        msg = f"{about}: its {what} is {shown}, not a flag or a number for each call"
        raise TypeError(msg)
    if len(found) != len(df):
        _refuse_length(about, what, len(found), len(df))
    if isinstance(found, pd.Series) and not found.index.equals(df.index):
        msg = (
            f"{about}: the index of its {what} is not that of the calls, though both have {len(df):,} rows: "
            "make it from the frame itself, or pass its .to_numpy() if the order is the same"
        )
        raise ValueError(msg)
    values = _plain(pd.Series(found).reset_index(drop=True))
    known = values.notna().to_numpy()
    if pd.api.types.is_bool_dtype(values.dtype):
        return TermValues(values.to_numpy(dtype=bool, na_value=False), known)
    if not _are_numbers(values):
        msg = f"{about}: its {what} is of {_kind(values)}, not a flag or a number for each call"
        raise TypeError(msg)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if infinite := np.count_nonzero(np.isinf(numbers)):
        msg = f"{about}: its {what} is infinite for {infinite:,} of {len(df):,} calls"
        raise ValueError(msg)
    known = known & ~np.isnan(numbers)
    return TermValues(np.where(known, numbers, 0.0), known)


def _refuse_length(about: str, what: str, length: int, rows: int) -> NoReturn:
    whose = (
        " A mask belongs to one frame: an expression, a CallFilter or a function goes with every frame."
        if what == "mask"
        else ""
    )
    msg = f"{about}: its {what} has {length:,} entries, but the frame has {rows:,} calls.{whose}"
    raise ValueError(msg)


def _numbers(values: pd.Series, name: str) -> pd.Series:
    """Return a column as numbers to be added up."""
    plain = _plain(values)
    if not _are_numbers(plain):
        told = f" ({FIELDS[name].doc.rstrip('.')})" if name in FIELDS else ""
        msg = f"a sum of {_kind(plain)} is not a number: column {name!r}{told} has no numbers to add up"
        raise TypeError(msg)
    return plain.astype("Float64")


def _plain(values: pd.Series) -> pd.Series:
    """Return values whose dtype says what they are, where Python objects hide flags or numbers."""
    if not pd.api.types.is_object_dtype(values.dtype):
        return values
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in ("boolean", "empty"):
        return values.astype("boolean")
    if kind in ("integer", "floating", "mixed-integer-float", "decimal"):
        return pd.to_numeric(values).astype(np.float64)
    return values


def _are_numbers(values: pd.Series) -> bool:
    dtype = values.dtype
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)


def _kind(values: pd.Series) -> str:
    """Return what values are that are no numbers."""
    if isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(values):
        return "text"
    return "times" if pd.api.types.is_datetime64_any_dtype(values.dtype) else str(values.dtype)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Expression:
    return Expression.parse(text)


def _shown(term: object) -> str:
    shown = repr(term)
    return shown if len(shown) <= 60 and "\n" not in shown else type(term).__name__
