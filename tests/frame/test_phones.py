from __future__ import annotations

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightcall_pandas.frame import checked_region, normalized_number, normalized_numbers

INTERNATIONAL = [
    "+4930901820",
    "004930901820",
    "+49 (30) 90-18-20",
    "00 49 30/901820",
    "+49.30.901820",
    "+49 (0)30 901820",
    "+49030901820",
    "++49 30 901820",
    "+49\u00a030\u2009901\u2011820",
    "＋４９３０９０１８２０",
    "'+4930901820",
    "%2B4930901820",
    "tel:+49-30-901820",
    "tel:30-901820;phone-context=+49",
    "sip:+4930901820@example.com;user=phone",
    "sips:004930901820@192.0.2.7:5061",
    '"Rotes Rathaus" <sip:+4930901820@example.com>;tag=a73kszlfl',
    "+4930901820@example.com",
    "+49 30 901820 ext. 12",
    "+49 30 901820 x12",
    "+49 30 901820;ext=12",
    "+49 30 901820, 12",
    "+49 30 901820#12",
    "+4930901820;user=phone",
    "+4930901820.0",
    "Tel.: +49 30 901820",
]
NATIONAL = [
    "030901820.0",
    "Mobil 030 901820",
    "030 901820",
    "(030) 901820",
    "030/90.18-20",
    "tel:030901820",
    "sip:030901820@example.com",
]
NOTHING = [
    *("", "   ", "\u00a0", "\u200b", "-", "+", "?", "0", "000", "+0", "-1"),
    *("anonymous", "Anonymous ", "ANONYMOUS", "<anonymous>", "restricted", "Unknown", "private", "withheld"),
    *("unavailable", "null", "None", "nan", "<NA>", "N/A", "undefined", "hidden", "blocked"),
    *("Private number", "number withheld", "No Caller ID", "Out of Area", "not available", "unknown_caller"),
    *("anonymous@anonymous.invalid", '"Anonymous" <sip:anonymous@anonymous.invalid>', "tel:anonymous"),
    *("sip:unknown@192.0.2.7", "privatenumber", "unbekannt"),
    *("+266696687", "266696687", "00266696687", "+266 696 687", "+86282452253", "+7378742833", "+8656696"),
]
EXAMPLES = [
    (region, example)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (example := phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.FIXED_LINE))
    and len(str(example.national_number)) >= 5  # shorter ones are taken for extensions
]


class TestNormalizedNumber:
    @pytest.mark.parametrize("spelling", INTERNATIONAL)
    @pytest.mark.parametrize("region", [None, "DE", "US"])
    def test_an_international_number_is_one_text_in_every_spelling(self, spelling, region):
        assert normalized_number(spelling, region) == "+4930901820"

    @pytest.mark.parametrize("spelling", NATIONAL)
    def test_a_national_number_needs_its_region(self, spelling):
        assert normalized_number(spelling, "DE") == "+4930901820"
        assert normalized_number(spelling) == "030901820"

    @pytest.mark.parametrize("word", NOTHING)
    @pytest.mark.parametrize("region", [None, "DE"])
    def test_what_is_no_number_is_none(self, word, region):
        assert normalized_number(word, region) is None

    @pytest.mark.parametrize(
        ("number", "region", "written"),
        [
            ("+39 06 6982", None, "+39066982"),  # the Vatican's exchange in Rome: its zero belongs to it
            ("06 6982", "IT", "+39066982"),
            ("+39 (0)6 6982", None, "+39066982"),
            ("8 (495) 123-45-67", "RU", "+74951234567"),  # Russia dials 8 where others dial 0
            ("06 1 412 4000", "HU", "+3614124000"),  # and Hungary 06
            ("011 49 30 901820", "US", "+4930901820"),  # abroad is 011 from North America
            ("(512) 345-6789", "US", "+15123456789"),
            ("1 512 345 6789", "US", "+15123456789"),
            ("+52 1 55 1234 5678", None, "+5215512345678"),
        ],
    )
    def test_each_country_has_its_own_prefixes(self, number, region, written):
        assert normalized_number(number, region) == written

    def test_digits_without_prefix_are_national_only_where_they_are_written_so(self):
        assert normalized_number("5123456789", "US") == "+15123456789"
        assert normalized_number("4930901820", "DE") == "+4930901820"
        assert normalized_number("971501234567", "DE") == "+971501234567"
        assert normalized_number("1701234567", "DE") == "+491701234567"  # a table has eaten its zero
        assert normalized_number("4930901820") == "4930901820"

    @pytest.mark.parametrize(
        "words",
        [
            "Unterdrückte Nummer", "Rufnummer unterdrückt", "keine Nummer", "unbekannter Anrufer", "Geheim",
            "Numéro masqué", "appelant inconnu", "número oculto", "numero privato", "Afgeschermd nummer",
            "skjult nummer", "numer nieznany", "номер скрыт", "неизвестный номер", "非通知", "not provided",
            "XXXXXXX",
        ],
    )  # fmt: skip
    def test_no_number_in_other_languages(self, words):
        assert normalized_number(words, "DE") is None

    def test_what_has_no_number_stays(self):
        kept = ["101", "*101", "x", "Queue A", "alice@example.com", f"*{'7' * 30}", "4f9a7712", "Ann Private"]
        assert [normalized_number(each, "DE") for each in kept] == kept
        assert normalized_number(" Queue A ", "DE") == "Queue A"

    def test_numbers_that_cannot_be_keep_their_digits(self):
        assert normalized_number("+49 (30) 12") == "+493012"
        assert normalized_number("0301", "DE") == "0301"
        assert normalized_number("+99 999 999 999 999 999") == "+99999999999999999"

    @pytest.mark.parametrize("form", ["NATIONAL", "INTERNATIONAL", "RFC3966"])
    def test_each_country_s_example_is_found_as_the_country_writes_it(self, form):
        forms = phonenumbers.PhoneNumberFormat
        expected = {region: phonenumbers.format_number(each, forms.E164) for region, each in EXAMPLES}
        written = {
            region: phonenumbers.format_number(each, getattr(forms, form)) for region, each in EXAMPLES
        }
        assert {region: normalized_number(each, region) for region, each in written.items()} == expected

    @given(
        st.sampled_from(["DE", "FR", "AU", "JP", "AT", "CH", "ZA", "IN", "BR", "GB", "IT", "US"]),
        st.from_regex(r"0[1-9][0-9]{5,12}", fullmatch=True),
    )
    @settings(max_examples=500)
    def test_behind_a_trunk_prefix_the_library_tells_what_is_a_number(self, region, number):
        parsed = phonenumbers.parse(number, region)
        e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        possible = phonenumbers.is_possible_number_with_reason(parsed)
        is_number = possible == phonenumbers.ValidationResult.IS_POSSIBLE
        assert normalized_number(number, region) == (e164 if is_number else number)


class TestNormalizedNumbers:
    @given(
        st.lists(
            st.none()
            | st.text("+0 1()-./4A\u00a0\t*", max_size=12)
            | st.sampled_from([*INTERNATIONAL, *NATIONAL, *NOTHING, "+4915123456789", "101"])
        )
    )
    def test_is_normalized_number_of_each(self, numbers):
        expected = [None if number is None else normalized_number(number, "DE") for number in numbers]
        assert normalized_numbers(pa.array(numbers, pa.large_string()), "DE").to_pylist() == expected

    @given(st.text("+0123456789 ()-./xa", max_size=16))
    def test_a_number_once_normalized_stays_as_it_is(self, number):
        for region in (None, "DE", "US"):
            once = normalized_number(number, region)
            assert once is None or normalized_number(once, region) == once


class TestCheckedRegion:
    def test_in_capitals(self):
        assert (checked_region("de"), checked_region(None)) == ("DE", None)

    def test_an_unknown_one_is_refused(self):
        with pytest.raises(ValueError, match=r"region='XX' is not a country.*'DE'"):
            checked_region("XX")
        with pytest.raises(TypeError, match="two letters"):
            checked_region(49)
