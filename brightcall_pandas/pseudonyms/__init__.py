"""Numbers → tokens: in files that are handed on, and in the ledger of late edits.

::

    _tokens        a number, an identifier, or a text → its token
    _fields        what becomes of the values of each field
"""

from brightcall_pandas.pseudonyms._fields import (
    AROUND_CALLS_S,
    Change,
    Reading,
    Times,
    change_of,
    value_with_tokens,
)
from brightcall_pandas.pseudonyms._tokens import A_NUMBER, LEAST_DIGITS, LONG_ENOUGH, NUMBERS, Tokens

__all__ = [
    "AROUND_CALLS_S",
    "A_NUMBER",
    "LEAST_DIGITS",
    "LONG_ENOUGH",
    "NUMBERS",
    "Change",
    "Reading",
    "Times",
    "Tokens",
    "change_of",
    "value_with_tokens",
]
