"""Times in their rarer forms, read one by one: where a column has any, its usual reader refused them.

Every form says which number is which. A text such as ``02.03.2026`` does not, so it is not read.
"""

from __future__ import annotations

import email.utils
import re
from datetime import UTC, datetime

__all__ = ["EPOCH_UNITS", "odd_time"]

_FROM, _UNTIL = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2000, 2200))

EPOCH_UNITS = {units: (_FROM * units, _UNTIL * units) for units in (1, 1e3, 1e6, 1e9)}
"""Units a second → the numbers that count in it: the years 2000 to 2199. No call is older; 0 is no time."""

_CLOCK = r"(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?"
_OFFSET = r"(?:Z|(?:UTC|GMT)?\s*[+-]\d\d(?::?\d\d)?|UTC|GMT)"
_ISO = re.compile(
    rf"(\d{{4}})([-/]?)(\d\d)\2(\d\d)(?:(?:T|\s+){_CLOCK}\s*({_OFFSET})?(?:\s+(?:UTC|GMT|Z))?(?:\[[\w/+-]+\])?)?",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")
_EPOCH = re.compile(r"(?:/Date\()?(\d{9,19})(?:[.,](\d+))?(?:[+-]\d{4})?(?:\)/)?")
_OF_JAVASCRIPT = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d{4}) (\d\d:\d\d:\d\d) GMT([+-]\d{4})(?: \(.*\))?"
)
_OF_MAIL = re.compile(
    r"(?:[A-Z][a-z]{2},? )?[\w ]+ \d\d:\d\d(?::\d\d)?(?: \d{4})?(?: ([+-]\d{4}|UTC?|GMT|Z|[ECMP][SD]T))?"
)


def odd_time(text: str) -> datetime | None:
    """Return the time that a text says; without a zone where it names none, None where it is no time.

    Examples
    --------
    >>> odd_time("20260302T093015,5+0100").isoformat()
    '2026-03-02T09:30:15.500000+01:00'
    >>> odd_time("Mon, 02 Mar 2026 09:30:15 GMT") == odd_time("1772443815000")
    True
    """
    plain = text.strip()
    try:
        if (iso := _ISO.fullmatch(plain)) is not None:
            return _of_iso(iso)
        if (digits := _DIGITS.fullmatch(plain)) is not None:
            return datetime(*map(int, digits.groups()))  # type: ignore[arg-type]
        if (epoch := _EPOCH.fullmatch(plain)) is not None:
            return _of_epoch(float(f"{epoch[1]}.{epoch[2] or 0}"))
        if (script := _OF_JAVASCRIPT.fullmatch(plain)) is not None:
            month, day, year, clock, offset = script.groups()
            plain = f"{day} {month} {year} {clock} {offset}"
        return _of_mail(plain)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _of_iso(found: re.Match[str]) -> datetime:
    year, _, month, day, hour, minute, second, fraction, offset = found.groups()
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    read = datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micros
    )
    if offset is None:
        # Behind the clock, a zone's name may stand alone.
        return read.replace(tzinfo=UTC) if found[0].upper().endswith(("UTC", "GMT", "Z")) else read
    signed = re.sub(r"[^\d+-]", "", offset)
    zone = datetime.strptime(signed.ljust(5, "0"), "%z").tzinfo if signed else UTC
    return read.replace(tzinfo=zone)


def _of_epoch(number: float) -> datetime | None:
    for units, (low, end) in EPOCH_UNITS.items():
        if low <= number < end:
            return datetime.fromtimestamp(number / units, UTC)
    return None


def _of_mail(text: str) -> datetime | None:
    if (zone := _OF_MAIL.fullmatch(text)) is None:
        return None
    read = email.utils.parsedate_to_datetime(text)
    # Of "-0000" Python makes a time without zone, as of none at all.
    return read.replace(tzinfo=UTC) if read.tzinfo is None and zone[1] else read
