from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightcall_pandas.frame import checked_region, e164_number, plain_numbers
from brightcall_pandas.frame._phones import plain_number

SPELLINGS = ["+4930901820", "004930901820", "+49 (30) 90-18-20", "00 49 30/901820", "+49.30.901820"]


class TestPlainNumber:
    @pytest.mark.parametrize("spelling", SPELLINGS)
    def test_one_international_number_is_one_text(self, spelling):
        assert plain_number(spelling) == "+4930901820"

    @pytest.mark.parametrize(
        ("number", "plain"),
        [
            ("101", "101"),
            ("030 90\u00a018", "0309018"),
            ("*1", "*1"),
            ("Queue A", "QueueA"),
            (" -", ""),
            ("00", "+"),
        ],
    )
    def test_other_texts(self, number, plain):
        assert plain_number(number) == plain


class TestPlainNumbers:
    @given(st.lists(st.none() | st.text("+0 1()-./4A\u00a0\t*", max_size=8) | st.sampled_from(SPELLINGS)))
    def test_is_plain_number_of_each_and_null_where_nothing_is_left(self, numbers):
        plain = [None if number is None else plain_number(number) for number in numbers]
        expected = [each if each and each.strip("+") else None for each in plain]
        assert plain_numbers(pa.array(numbers, pa.large_string())).to_pylist() == expected


class TestE164Number:
    @pytest.mark.parametrize("spelling", [*SPELLINGS, "4930901820", "+49 (0)30 901820"])
    def test_one_number_is_one_text(self, spelling):
        assert e164_number(spelling) == "4930901820"

    def test_a_region_completes_national_numbers(self):
        assert e164_number("030 901820", "DE") == "4930901820"
        assert e164_number("4930901820", "DE") == "4930901820"
        assert e164_number("030 901820") == "030901820"

    def test_extensions_and_texts_are_no_numbers(self):
        assert [e164_number(each, "DE") for each in ("101", "1-0 1", "Queue A", "*101")] == [
            "101",
            "101",
            "Queue A",
            "*101",
        ]

    def test_a_number_that_is_not_valid_keeps_its_digits(self):
        assert e164_number("+99 999 999 999") == "99999999999"


class TestCheckedRegion:
    def test_in_capitals(self):
        assert (checked_region("de"), checked_region(None)) == ("DE", None)

    def test_an_unknown_one_is_refused(self):
        with pytest.raises(ValueError, match=r"region='XX' is not a country.*'DE'"):
            checked_region("XX")
