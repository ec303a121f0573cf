"""Write telephone numbers so that the same number is the same text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["checked_region", "e164_number", "plain_number", "plain_numbers"]

_SEPARATORS = re.compile(r"[\s().\-/]")
_SEPARATORS_ARROW = r"[\s\v\p{Z}().\-/]"  # Arrow's \s is ASCII only
_SHORTEST = 7  # digits of a telephone number; with fewer it is an extension


def plain_number(number: str) -> str:
    """Return a number without separators, an international one with ``+``.

    Parameters
    ----------
    number
        Text, such as ``"+49 (30) 12-3"``, ``"0049 30 123"`` or ``"101"``.

    Returns
    -------
    str
        Blanks and punctuation between digits are gone, and a leading ``00`` is ``+``.

    Examples
    --------
    >>> [plain_number(each) for each in ("+49 (30) 12-3", "004930123", "4930123", "101")]
    ['+4930123', '+4930123', '4930123', '101']
    """
    bare = _SEPARATORS.sub("", number)
    return f"+{bare[2:]}" if bare.startswith("00") else bare


def plain_numbers(numbers: pa.Array) -> pa.Array:
    """Return `plain_number` of each; null where nothing but signs is left. Made for millions.

    Parameters
    ----------
    numbers
        Texts (large_string) and nulls.

    Returns
    -------
    pyarrow.Array
        large_string, as long as `numbers`.

    Examples
    --------
    >>> plain_numbers(pa.array(["+49 (30) 12-3", "101", "-", None], pa.large_string())).to_pylist()
    ['+4930123', '101', None, None]
    """
    # Most columns are written in one way: a step that none of their numbers needs is not run on a million.
    punctuated = pc.invert(pc.ascii_is_alnum(pc.ascii_ltrim(numbers, "+")))
    if pc.any(punctuated).as_py():
        bare = pc.replace_substring_regex(numbers, _SEPARATORS_ARROW, "")
        numbers = pc.if_else(punctuated, bare, numbers)
    prefixed = pc.starts_with(numbers, "00")
    if pc.any(prefixed).as_py():
        numbers = pc.if_else(prefixed, pc.replace_substring_regex(numbers, "^00", "+"), numbers)
    nothing = pc.equal(pc.ascii_ltrim(numbers, "+"), "")
    return pc.if_else(nothing, pa.scalar(None, numbers.type), numbers) if pc.any(nothing).as_py() else numbers


def e164_number(number: str, region: str | None = None) -> str:
    """Return a number as E.164, without its ``+``.

    Parameters
    ----------
    number
        Text, written in any way.
    region
        Two letters of the country (``"DE"``) whose numbers are written without country code.

    Returns
    -------
    str
        What is not a valid number keeps its digits, extensions too; what has other characters stays as it is.

    Examples
    --------
    >>> e164_number("0049 (0)30 901820"), e164_number("030 901820", "DE"), e164_number("101")
    ('4930901820', '4930901820', '101')
    """
    plain = plain_number(number)
    digits = plain.lstrip("+")
    if not digits.isdecimal():
        return number
    if len(digits) < _SHORTEST:
        return digits
    found = (_valid(*reading) for reading in _readings(plain, region))
    return next((each for each in found if each is not None), digits)


def checked_region(region: str | None) -> str | None:
    """Return a region in capitals.

    Raises
    ------
    ValueError
        It is not the code of a country.
    """
    import phonenumbers  # noqa: PLC0415 - its tables are large, and most sessions need none

    if region is None or region.upper() in phonenumbers.SUPPORTED_REGIONS:
        return region if region is None else region.upper()
    msg = f"region={region!r} is not a country; it takes two letters, for example 'DE'"
    raise ValueError(msg)


def _readings(plain: str, region: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield how a number can be read, the likeliest reading first."""
    if plain.startswith("+"):
        yield plain, None
    elif region is None:
        yield f"+{plain}", None
    else:
        if not plain.startswith("0"):
            yield f"+{plain}", None
        yield plain, region


def _valid(text: str, region: str | None) -> str | None:
    """Return the number as E.164 if it is valid."""
    import phonenumbers  # noqa: PLC0415 - see checked_region

    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).lstrip("+")
