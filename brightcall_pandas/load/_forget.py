"""`bc.forget`: a person's number, in whatever spelling, out of the cache."""

from __future__ import annotations

from typing import Any

from brightcall_pandas.cache import Forgotten
from brightcall_pandas.errors import brief_errors
from brightcall_pandas.frame import normalized_number
from brightcall_pandas.load._client import Client, current_client

__all__ = ["forget"]

_LEAST_DIGITS = 7
_LONGEST_CODE = 3  # digits of a country code


@brief_errors
def forget(client_number: str | int, *, client: Client | None = None) -> Forgotten:
    """Remove a person from the cache: from answers, windows and the ledger of late edits.

    Every call in which the number stands, or stood, goes, with all that the ledger tells of it, and so does
    every answer of the server that shows it. Then all that is left is searched for the number.

    Parameters
    ----------
    client_number
        The number, in any spelling; a national one needs the client's ``region=``.
    client
        Whose cache; None takes the default client's.

    Returns
    -------
    Forgotten
        How many ``calls``, ``entries`` of the ledger and ``answers`` went, and how many files and answers
        were ``searched`` afterwards without finding the number.

    Raises
    ------
    TypeError, ValueError
        That is not a telephone number.
    CacheError
        The number is still found, as when another load is under way, or a file cannot be changed; or the
        ledger has tokens (``ledger="pseudonyms"``) of a key that is not the client's, so that nobody can tell
        whether they stand for the number. All else has been removed and searched then.

    Notes
    -----
    The server is not asked, and still has the calls: have them removed there first, or the next reading of
    their days brings them back. Exported files, frames and pictures are yours to delete. The number is
    looked for in its international spelling, and in the national one where the client has a ``region=``.
    """
    current = current_client(client)
    spellings = _spellings(client_number, current.region)
    tokens = current.tokens
    if tokens is None:
        return current.cache.forget(spellings)
    of_number = {each for spelling in spellings for each in tokens.of_runs(spelling)}
    return current.cache.forget(spellings, of_number, tokens.fingerprint)


def _spellings(client_number: Any, region: str | None) -> set[str]:
    """Return the digits of a number as it may be written."""
    if isinstance(client_number, bool) or not isinstance(client_number, str | int):
        msg = f"client_number takes a telephone number, not {type(client_number).__name__}"
        raise TypeError(msg)
    number = normalized_number(str(client_number), region) or ""
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) >= _LEAST_DIGITS):
        msg = f"client_number={client_number!r} is not a telephone number of at least {_LEAST_DIGITS} digits"
        raise ValueError(msg)
    if not number.startswith("+"):
        return {digits}
    national = {
        written
        for length in range(1, _LONGEST_CODE + 1)
        for written in (digits[length:], "0" + digits[length:])
        if region is not None and normalized_number(written, region) == number
    }
    return {digits, "00" + digits, *national}
