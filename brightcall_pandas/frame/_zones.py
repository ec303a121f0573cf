"""Names of timezones, as people and systems write them, to the one name under which all parts know a zone.

That is the IANA name, or an offset such as ``+04:00``: pandas, Arrow, parquet and DuckDB know both.
"""

from __future__ import annotations

import difflib
import functools
import re
import zoneinfo
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import pandas as pd

from brightcall_pandas.frame._settings import type_error, value_error

__all__ = ["zone_info", "zone_name", "zone_of_times"]

_LONGEST_OFFSET = timedelta(hours=14)
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-])\s*(\d{1,2})(?::?([0-5]\d))?(?::?00)?", re.IGNORECASE)
_FILE = re.compile(r"zoneinfo/([\w/+-]+)")
_OF_ONE_MACHINE = frozenset(("localtime", "posixrules", "Factory"))  # elsewhere another zone, or none
_UTC = frozenset({"utc", "z", "zulu", "gmt", "utc0", "etc/utc"})


def zone_name(name: str, value: Any) -> str:
    """Return the name of a timezone.

    Parameters
    ----------
    name
        Name of the argument, for the message.
    value
        An IANA name in any case, ``Z``, an offset (``+04:00``, ``GMT+4``, east of Greenwich), a Windows name
        (``Arabian Standard Time``), or a ZoneInfo or datetime.timezone.

    Returns
    -------
    str
        The IANA name in its own spelling, or an offset as ``+04:00``; a zero offset is ``UTC``.

    Raises
    ------
    TypeError, ValueError
        It is not one of these; the message names the nearest zone.

    Examples
    --------
    >>> [zone_name("timezone", each) for each in ("asia/dubai", "GMT+4", "z", "Arabian Standard Time")]
    ['Asia/Dubai', '+04:00', 'UTC', 'Asia/Dubai']
    """
    read = _written(value)
    if read is None:
        raise type_error(name, "the name of a timezone, for example 'Europe/Berlin'", value)
    found = _zone(read)
    if found is None:
        hint = _nearest(read)
        what = f"a timezone known here{hint} Give an IANA name, for example 'Europe/Berlin'."
        raise value_error(name, value, f"is not {what}")
    return found


def zone_info(name: str) -> tzinfo:
    """Return the zone of a name that `zone_name` returned."""
    if name[:1] not in "+-":
        return zoneinfo.ZoneInfo(name)
    hours, minutes = name[1:].split(":")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(offset if name[0] == "+" else -offset)


def zone_of_times(stamps: pd.Series) -> str:
    """Return the name of the zone of a column of times; UTC where it has none.

    The name that pandas prints is not one that Arrow reads: for an offset it is ``UTC+04:00``.
    """
    zone = getattr(stamps.dtype, "tz", None)
    return "UTC" if zone is None else zone_name("timezone", zone)


def _written(value: Any) -> str | None:
    """Return a zone as text; None for what is none."""
    if isinstance(value, str):
        return value
    if not isinstance(value, tzinfo):
        return None
    key = getattr(value, "key", None) or getattr(value, "zone", None)  # of zoneinfo, of pytz
    if key:
        return str(key)
    if (file := _FILE.search(repr(value))) is not None:  # of dateutil
        return file[1]
    winter, summer = (value.utcoffset(datetime(2026, month, 1)) for month in (1, 7))
    return _offset_name(winter) if winter is not None and winter == summer else None


@functools.lru_cache(maxsize=256)
def _zone(written: str) -> str | None:
    plain = written.strip()
    if plain.casefold() in _UTC:
        return "UTC" if plain.casefold() != "etc/utc" else "Etc/UTC"
    if (offset := _OFFSET.fullmatch(plain)) is not None:
        length = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return None if length > _LONGEST_OFFSET else _offset_name(length if offset[1] == "+" else -length)
    known = _iana().get(plain.casefold().replace(" ", "_"))
    return known or _windows().get(plain.casefold())


def _offset_name(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


@functools.cache
def _iana() -> dict[str, str]:
    return {each.casefold(): each for each in sorted(zoneinfo.available_timezones() - _OF_ONE_MACHINE)}


@functools.cache
def _windows() -> dict[str, str]:
    from tzlocal.windows_tz import win_tz  # noqa: PLC0415 - a table that few sessions need

    return {name.casefold(): zone for name, zone in win_tz.items()}


def _nearest(written: str) -> str:
    """Return the end of a sentence with the nearest zone: by its name, its city, or its name in Windows."""
    if any(map(str.isdigit, written)):
        return "; offsets go from -14:00 to +14:00."
    zones = {each.rpartition("/")[2]: each for each in _iana().values()} | _windows() | _iana()
    by_name = {name.casefold().replace("_", " "): zone for name, zone in zones.items()}
    asked = written.strip().casefold().replace("_", " ")
    close = difflib.get_close_matches(asked, by_name, n=1, cutoff=0.5)
    return f"; did you mean {by_name[close[0]]!r}?" if close else "."
