"""Who the client of a call is: its number, written in one way; what is not a number is not a client."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from brightcall_pandas.errors import brief_errors
from brightcall_pandas.frame._columns import column, typed_array
from brightcall_pandas.frame._fields import FIELDS
from brightcall_pandas.frame._noted import noted
from brightcall_pandas.frame._numbering import countries_of
from brightcall_pandas.frame._phones import checked_region, normalized_number, normalized_numbers
from brightcall_pandas.frame._remembered import factorized, remembered

__all__ = [
    "client_codes",
    "client_countries",
    "client_of",
    "has_number",
    "normalize_numbers",
    "normalized_labels",
    "number_codes",
    "of_one_region",
    "region_of",
    "with_region",
]

_CLIENT = FIELDS["clientNumber"]


def region_of(df: pd.DataFrame, region: str | None = None) -> str | None:
    """Return the country whose numbers are written without country code in a frame.

    Parameters
    ----------
    df
        Calls; what loads and `bc.to_frame` were told with ``region=`` is in their attributes.
    region
        What is asked for; it comes before what the frame says.

    Raises
    ------
    TypeError, ValueError
        `region` is not the code of a country.
    """
    if region is not None:
        return checked_region(region)
    said = df.attrs.get("brightcall")
    known = said.get("region") if isinstance(said, Mapping) else None
    return known if isinstance(known, str) else None


def with_region(df: pd.DataFrame, region: str | None) -> pd.DataFrame:
    """Return the frame with a region in its attributes; the frame itself where none is given."""
    if region is None:
        return df
    return noted(df, region=checked_region(region))


def of_one_region(df: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two frames whose numbers are read in one region: that of the first, else that of the second."""
    region = region_of(df) or region_of(other)
    return with_region(df, region), with_region(other, region)


def client_of(df: pd.DataFrame, region: str | None = None) -> pd.Series:
    """Return the client of each call.

    Parameters
    ----------
    df
        Calls; needs ``clientNumber``. It is not changed.
    region
        Two letters of the country whose numbers are written without country code; None takes the one in
        ``df.attrs["brightcall"]``, if there is one.

    Returns
    -------
    pandas.Series
        str, same index, named ``clientNumber``: the number as `normalize_numbers` writes it; null where
        there is no client. Calls are of one client where these are equal.

    Raises
    ------
    KeyError
        The frame has no ``clientNumber``.
    TypeError, ValueError
        `region` is not the code of a country.

    Examples
    --------
    >>> calls = pd.DataFrame({"clientNumber": ["+49 30 901820", "004930901820", "anonymous"]})
    >>> client_of(calls).tolist()
    ['+4930901820', '+4930901820', nan]
    """
    return _normalized(column(df, _CLIENT.name), region_of(df, region))


def client_codes(df: pd.DataFrame, region: str | None = None) -> tuple[NDArray[np.int64], pd.Index]:
    """Return `client_of` as codes: the position of each call's client in the clients, -1 without one."""
    return number_codes(column(df, _CLIENT.name), region_of(df, region))


def client_countries(df: pd.DataFrame, region: str | None = None) -> pd.Series:
    """Return the country of each call's client as a category of two letters; null where it is not known."""
    codes, numbers = client_codes(df, region)
    of_numbers, countries = countries_of(numbers)
    of_calls = np.append(of_numbers, -1)[codes]  # the code of no client is -1
    return pd.Series(pd.Categorical.from_codes(of_calls, categories=countries), index=df.index)


def number_codes(numbers: pd.Series, region: str | None = None) -> tuple[NDArray[np.int64], pd.Index]:
    """Return a column of numbers as codes: the position of each in the distinct ones, -1 without one.

    Parameters
    ----------
    numbers
        Texts and nulls.
    region
        Two capital letters of a country, or None.

    Returns
    -------
    tuple of numpy.ndarray and pandas.Index
        int64 codes, which cannot be written to, and the numbers as `normalize_numbers` writes them.
    """

    def read() -> tuple[NDArray[np.int64], pd.Index]:
        codes, spellings = factorized(numbers)
        written = normalized_labels(spellings, region)
        if written is spellings:
            return codes, spellings
        of_spelling, distinct = pd.factorize(written)
        clients = np.append(of_spelling, -1)[codes]
        clients.flags.writeable = False
        return clients, distinct

    return remembered(numbers, ("numbers", region), read)


def normalized_labels(spellings: pd.Index, region: str | None = None) -> pd.Index:
    """Return distinct numbers as `normalize_numbers` writes them, the index itself where none changes.

    Parameters
    ----------
    spellings
        Texts.
    region
        Two capital letters of a country, or None.
    """
    given = pa.array(spellings, pa.large_string(), from_pandas=True)
    given = given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given
    written = normalized_numbers(given, region)
    return spellings if written is given else pd.Index(written.to_pandas(), dtype="str")


def has_number(numbers: pd.Series, value: str, region: str | None = None) -> NDArray[np.bool_]:
    """Return where a column has a number, in any spelling; what is not a number matches letter for letter.

    Parameters
    ----------
    numbers
        Texts and nulls.
    value
        The number.
    region
        Two capital letters of a country, or None.
    """
    wanted = normalized_number(value, region)
    if wanted is None:
        return (numbers == value).to_numpy(dtype=bool, na_value=False)
    codes, distinct = number_codes(numbers, region)
    return np.append(np.asarray(distinct == wanted, dtype=bool), False)[codes]


@brief_errors
def normalize_numbers(numbers: pd.Series, region: str | None = None) -> pd.Series:
    """Return telephone numbers in one spelling, so that frames can be joined by them.

    Parameters
    ----------
    numbers
        Numbers in any spelling, such as those of a CRM's file: texts, or whole numbers.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code.

    Returns
    -------
    pandas.Series
        str, same index and name: an international number, and with `region` a national one, in the form of
        E.164, a plus sign and digits. Null where there is no number: blanks, zeros, words such as
        ``anonymous`` or ``withheld``, and ``+266696687`` and its like, which spell such words on a keypad.

    Raises
    ------
    TypeError
        `numbers` is not a Series.
    ValueError
        `region` is not the code of a country.

    Notes
    -----
    Blanks, dots, dashes, slashes and brackets do not matter, nor do ``tel:`` or ``sip:…@host`` around a
    number, a zero in brackets behind the country code, and an extension at the end (``ext. 12``, ``x12``,
    ``;ext=12``). International are numbers with ``+`` or ``00``. No region is guessed: without one, any
    other number stays as its digits (``0151 234`` is ``0151234``). So do extensions: up to six digits, unless
    the region has numbers that short. What has no number in it stays as it came, without outer blanks.

    With a region, a number that begins with 0 is one of that country. Others can be read in two ways: they
    are national where the country writes its numbers so (``512 345 6789`` in the US), else international
    if there is such a number (``4930901820``), else national if there is such a number.

    Numbers are read by the library ``phonenumbers``, each distinct one once.

    Examples
    --------
    >>> crm = pd.Series(["+49 151 23456789", "0151/234 567 89", "tel:+49-151-23456789", "withheld"])
    >>> normalize_numbers(crm, region="DE").tolist()
    ['+4915123456789', '+4915123456789', '+4915123456789', nan]
    >>> normalize_numbers(crm).tolist()
    ['+4915123456789', '015123456789', '+4915123456789', nan]
    """
    if not isinstance(numbers, pd.Series):
        msg = f"normalize_numbers takes a Series, not {type(numbers).__name__}"
        raise TypeError(msg)
    region = checked_region(region)
    texts, _ = typed_array(numbers, _CLIENT)
    written = _normalized(pd.Series(texts.to_pandas(), dtype="str"), region)
    return pd.Series(written.array, index=numbers.index, name=numbers.name)


def _normalized(numbers: pd.Series, region: str | None) -> pd.Series:
    codes, spellings = factorized(numbers)
    written = normalized_labels(spellings, region)
    if written is spellings:
        return numbers
    labels = written.append(pd.Index([None], dtype="str"))  # the last one is that of code -1
    return pd.Series(labels.take(codes).array, index=numbers.index, name=numbers.name)
