"""Expected values are published numbering facts: country codes, area codes, and where they are."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import phonenumbers
import phonenumbers.timezone
import pytest

from brightcall_pandas.frame import (
    SEVERAL_ZONES,
    countries_of,
    country_name,
    country_of,
    description_of,
    line_type_of,
    zone_of_country,
    zone_of_number,
)

KNOWN = [
    # number, country, where, kind of line, zone
    ("+4930901820", "DE", "Berlin", "fixed_line", "Europe/Berlin"),
    ("+4915123456789", "DE", "Germany", "mobile", "Europe/Berlin"),
    ("+442079460000", "GB", "London", "fixed_line", "Europe/London"),
    ("+447400123456", "GB", "United Kingdom", "mobile", "Europe/London"),  # and Jersey's clock, and two more
    ("+12125550123", "US", "New York, NY", "fixed_line_or_mobile", "America/New_York"),
    ("+14165550123", "CA", "Ontario", "fixed_line_or_mobile", "America/Toronto"),
    ("+18005550100", "US", None, "toll_free", SEVERAL_ZONES),
    ("+34612345678", "ES", "Spain", "mobile", SEVERAL_ZONES),  # on the Canaries it is an hour earlier
    ("+61291234567", "AU", "Sydney", "fixed_line", "Australia/Sydney"),
    ("+81312345678", "JP", "Tokyo", "fixed_line", "Asia/Tokyo"),
    ("+80012345678", None, None, "toll_free", None),  # of no country
    ("030901820", None, None, None, None),
    ("101", None, None, None, None),
    ("x", None, None, None, None),
]


def clock(zone):
    """Two names of one clock, such as London's and Jersey's, are one zone."""
    if zone in (None, SEVERAL_ZONES):
        return zone
    return [ZoneInfo(zone).utcoffset(datetime(2026, month, 15, tzinfo=UTC)) for month in (1, 7)]


@pytest.mark.parametrize(("number", "country", "where", "kind", "zone"), KNOWN)
class TestWhatANumberTells:
    def test_country(self, number, country, where, kind, zone):
        assert country_of(number) == country

    def test_description(self, number, country, where, kind, zone):
        assert description_of(number) == where

    def test_line_type(self, number, country, where, kind, zone):
        assert line_type_of(number) == kind

    def test_zone(self, number, country, where, kind, zone):
        assert clock(zone_of_number(number)) == clock(zone)


class TestZones:
    @pytest.mark.parametrize("kind", ["FIXED_LINE", "MOBILE"])
    def test_one_zone_of_the_library_is_the_zone(self, kind):
        wanted = getattr(phonenumbers.PhoneNumberType, kind)
        examples = [
            phonenumbers.example_number_for_type(region, wanted)
            for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        ]
        expected, found = {}, {}
        for example in filter(None, examples):
            zones = phonenumbers.timezone.time_zones_for_number(example)
            number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            if len(zones) == 1 and zones[0] != "Etc/Unknown":
                expected[number] = clock(zones[0])
            elif len({tuple(clock(each)) for each in zones} - {None}) > 1:
                expected[number] = SEVERAL_ZONES
            else:
                continue
            found[number] = clock(zone_of_number(number))
        assert len(expected) > 200
        assert found == expected

    def test_countries_of_one_clock(self):
        assert zone_of_country("+49…") == "Europe/Berlin"
        assert [zone_of_country(each) for each in ("+1212", "+7495", "0151", "101")] == [None] * 4

    def test_a_number_that_nobody_has_been_given_is_where_its_area_is(self):
        assert zone_of_number("+12125550") == "America/New_York"


class TestManyNumbers:
    def test_many_numbers_have_the_countries_that_each_has(self):
        german = "+4930901820 +493090182 +49 +4"
        shared_codes = "+15551234567 +12125551234 +14165551234 +79161234567 +77011234567 +441481960194"
        odd = "+447700900123 +12402345678 +12423221234 +12462345678 +999123 0309 +49x"
        numbers = pd.Index(f"{german} {shared_codes} {odd}".split())
        codes, countries = countries_of(numbers)
        found = [None if code < 0 else countries[code] for code in codes]
        assert found == [country_of(number) for number in numbers]
        assert {"DE", "US", "CA", "BS", "BB", "RU", "KZ", "GG"} <= set(found)
        assert len(countries_of(numbers[:0])[0]) == 0


class TestCountryName:
    @pytest.mark.parametrize(
        ("code", "name"),
        [("DE", "Germany"), ("GB", "United Kingdom"), ("CI", "Côte d'Ivoire"), ("south", "south")],
    )
    def test_the_english_name_of_a_code_and_anything_else_as_it_is(self, code, name):
        assert country_name(code) == name
