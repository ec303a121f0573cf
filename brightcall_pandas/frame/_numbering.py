"""What a telephone number tells of whom it belongs to: country, region, kind of line, timezone.

``phonenumbers`` knows the numbering plans; each number is looked up once.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = [
    "SEVERAL_ZONES",
    "countries_of",
    "country_name",
    "country_of",
    "description_of",
    "line_type_of",
    "zone_of_country",
    "zone_of_number",
]

SEVERAL_ZONES = "several"
"""Stands for the zone of a number that may be in any of several, whose clocks differ."""

_KEPT = 2**18
_MONTHS = tuple(datetime(year, month, 1, tzinfo=UTC) for year in range(2000, 2036) for month in range(1, 13))


@lru_cache(maxsize=_KEPT)
def country_of(number: str) -> str | None:
    """Return the two letters of a number's country; None for one without country code, or of no country."""
    import phonenumbers  # noqa: PLC0415 - its tables are large, and most sessions need none

    found = _parsed(number)
    region = None if found is None else phonenumbers.region_code_for_number(found)
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


def countries_of(numbers: pd.Index) -> tuple[NDArray[np.int64], pd.Index]:
    """Return `country_of` of each of many numbers, as codes and the countries; -1 where it is not known.

    Where a country code is that of one country, one number of each length tells the country of all.
    """
    texts, nothing = pa.array(numbers, pa.large_string()), pa.scalar("", pa.large_string())
    lengths = pc.utf8_length(texts).cast(pa.large_string())
    heads = pc.binary_join_element_wise(pc.utf8_slice_codeunits(texts, 0, 4), lengths, nothing)
    plain = pc.match_substring_regex(texts, r"^\+[0-9]+$").to_numpy(zero_copy_only=False)
    codes, kinds = pd.factorize(heads.to_pandas())
    alone = _codes_of_one_country()
    shared = np.array([not any(head[:size] in alone for size in (2, 3, 4)) for head in kinds], dtype=bool)
    by_itself = ~plain | (shared[codes] if len(kinds) else np.zeros(0, dtype=bool))
    # The others are told by the first number of their kind.
    codes = np.where(by_itself, len(kinds) + np.arange(len(codes)), codes)
    kinds_of_rows, firsts = np.unique(codes, return_index=True)
    countries = [country_of(number) for number in numbers.take(firsts)]
    labels, found = pd.factorize(pd.Index(countries, dtype="str"))
    return labels[np.searchsorted(kinds_of_rows, codes)], found


@lru_cache
def _codes_of_one_country() -> frozenset[str]:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # noqa: PLC0415 - see country_of

    return frozenset(f"+{code}" for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if len(regions) == 1)


@lru_cache
def country_name(code: str) -> str:
    """Return a country's English name, given its two letters; what is no such code is returned as it is."""
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415 - see country_of

    names = LOCALE_DATA.get(code, {})
    name = names.get("en", code)
    while name.startswith("*"):  # the same as in another language
        name = names[name[1:]]
    return name or code


@lru_cache(maxsize=_KEPT)
def description_of(number: str) -> str | None:
    """Return where a number is, in English: a town, a state, or its country; None where that is not known."""
    from phonenumbers import geocoder  # noqa: PLC0415 - half a second

    found = _parsed(number)
    return None if found is None else geocoder.description_for_number(found, "en") or None


@lru_cache(maxsize=_KEPT)
def line_type_of(number: str) -> str | None:
    """Return the kind of line, such as ``mobile``; None where the numbering plan has no such number."""
    import phonenumbers  # noqa: PLC0415 - see country_of

    found = _parsed(number)
    kind = phonenumbers.PhoneNumberType.UNKNOWN if found is None else phonenumbers.number_type(found)
    return _line_types().get(kind)


@lru_cache(maxsize=_KEPT)
def zone_of_number(number: str) -> str | None:
    """Return the timezone of a number: its name, `SEVERAL_ZONES`, or None where it is not known.

    Names of the same clock, such as London's and Jersey's, are one zone.
    """
    from phonenumbers import timezone  # noqa: PLC0415 - see country_of

    if (zone := zone_of_country(number)) is not None:
        return zone
    found = _parsed(number)
    if found is None:
        return None
    names = timezone.time_zones_for_number(found)
    if names == (timezone.UNKNOWN_TIMEZONE,):  # a number that nobody has been given yet
        names = timezone.time_zones_for_geographical_number(found)
    return _one_zone(names)


def zone_of_country(number: str) -> str | None:
    """Return the timezone of a number's country code, where one clock holds in all that has this code."""
    zones = _countries_of_one_clock()
    return zones.get(number[:2]) or zones.get(number[:3]) or zones.get(number[:4])


@lru_cache
def _countries_of_one_clock() -> dict[str, str]:
    """Return the zones of the country codes in which one clock holds, by ``+`` and code."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # noqa: PLC0415 - see country_of
    from phonenumbers.tzdata import TIMEZONE_DATA  # noqa: PLC0415

    names: dict[str, set[str]] = {}
    for prefix, zones in TIMEZONE_DATA.items():
        code = next(c for c in (prefix[:1], prefix[:2], prefix[:3]) if int(c) in COUNTRY_CODE_TO_REGION_CODE)
        names.setdefault(f"+{code}", set()).update(zones)
    zones_of = {code: _one_zone(tuple(sorted(each))) for code, each in names.items()}
    return {code: zone for code, zone in zones_of.items() if zone not in (None, SEVERAL_ZONES)}


@lru_cache
def _one_zone(names: tuple[str, ...]) -> str | None:
    clocks: dict[tuple[Any, ...], str] = {}
    for name in names:
        try:
            zone = zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):  # Etc/Unknown, or newer than this system's zones
            continue
        clocks.setdefault(tuple(zone.utcoffset(month) for month in _MONTHS), name)
    if len(clocks) > 1:
        return SEVERAL_ZONES
    return next(iter(clocks.values()), None)


def _parsed(number: str) -> Any:
    import phonenumbers  # noqa: PLC0415 - see country_of

    if not number.startswith("+"):
        return None
    try:
        return phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None


@lru_cache
def _line_types() -> dict[int, str]:
    from phonenumbers import PhoneNumberType  # noqa: PLC0415 - see country_of

    names = (
        *("fixed_line", "mobile", "fixed_line_or_mobile", "toll_free", "premium_rate", "shared_cost", "voip"),
        *("personal_number", "pager", "uan", "voicemail"),
    )
    return {getattr(PhoneNumberType, name.upper()): name for name in names}
