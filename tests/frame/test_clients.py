from __future__ import annotations

import pandas as pd
import pandas.testing as pdt
import pytest

import brightcall_pandas as bc
from brightcall_pandas.frame import client_codes, client_of, has_number, region_of, with_region

# Two people, each in several spellings; the last two calls are of nobody.
NUMBERS = ["+49 151 23456789", "0049 151 23456789", "0151/234 567 89", "+1 512 345 6789", "anonymous", None]


class TestNormalizeNumbers:
    def test_index_name_and_dtype_stay(self):
        crm = pd.Series(NUMBERS, index=list("abcdef"), name="phone")
        found = bc.normalize_numbers(crm, region="DE")
        expected = ["+4915123456789"] * 3 + ["+15123456789", None, None]
        pdt.assert_series_equal(found, pd.Series(expected, index=crm.index, name="phone", dtype="str"))
        assert crm.tolist()[:3] == NUMBERS[:3]

    def test_without_a_region_only_international_numbers_are_one(self):
        found = bc.normalize_numbers(pd.Series(NUMBERS[:3]))
        assert found.tolist() == ["+4915123456789", "+4915123456789", "015123456789"]

    def test_a_crm_can_be_joined(self):
        calls = pd.DataFrame({"clientNumber": ["tel:+49-151-23456789", "unknown"], "state": [1, 1]})
        crm = pd.DataFrame({"phone": ["0151 23456789", None], "name": ["Ada", "nobody"]})
        calls["phone"] = bc.normalize_numbers(calls["clientNumber"], "DE")
        crm["phone"] = bc.normalize_numbers(crm["phone"], "DE")
        joined = calls.dropna(subset="phone").merge(crm, on="phone")
        assert joined["name"].tolist() == ["Ada"]

    @pytest.mark.parametrize(
        "numbers",
        [
            pd.Series([4915123456789, 0]),
            pd.Series([4915123456789.0, None]),
            pd.Series([4915123456789, "0"], dtype=object),
            pd.Series(["4915123456789", " "], dtype="category"),
            pd.Series(["4915123456789", None], dtype="string[python]"),
        ],
    )
    def test_of_any_dtype(self, numbers):
        found = bc.normalize_numbers(numbers, "de")
        assert found.isna().tolist() == [False, True]
        assert (found[0], found.dtype) == ("+4915123456789", "str")

    def test_of_nothing(self):
        assert bc.normalize_numbers(pd.Series([], dtype=object)).tolist() == []
        assert bc.normalize_numbers(pd.Series([None, None])).isna().all()

    def test_what_cannot_be(self):
        with pytest.raises(ValueError, match="region='Germany' is not a country"):
            bc.normalize_numbers(pd.Series(NUMBERS), "Germany")
        with pytest.raises(TypeError, match="takes a Series, not list"):
            bc.normalize_numbers(NUMBERS)


class TestClientOf:
    def test_the_region_of_the_frame_and_another_one(self):
        calls = pd.DataFrame({"clientNumber": NUMBERS}, index=range(10, 16))
        assert client_of(calls).nunique() == 3
        assert client_of(calls, "DE").nunique() == 2
        german = with_region(calls, "de")
        assert (region_of(german), region_of(calls)) == ("DE", None)
        pdt.assert_series_equal(client_of(german), client_of(calls, "DE"))
        assert client_of(german, "FR").nunique() == 3
        assert calls.attrs == {}

    def test_codes_are_equal_where_clients_are(self):
        codes, clients = client_codes(pd.DataFrame({"clientNumber": NUMBERS}), "DE")
        assert codes.tolist() == [0, 0, 0, 1, -1, -1]
        assert clients.tolist() == ["+4915123456789", "+15123456789"]

    def test_needs_the_column(self):
        with pytest.raises(KeyError, match="clientNumber"):
            client_of(pd.DataFrame({"state": [1]}))


class TestHasNumber:
    def test_in_any_spelling(self):
        numbers = pd.Series(NUMBERS, dtype="str")
        assert has_number(numbers, "0151 23456789", "DE").tolist() == [True] * 3 + [False] * 3
        assert has_number(numbers, "0151-23456789").tolist() == [False, False, True, False, False, False]

    def test_what_is_no_number_is_found_as_it_is_written(self):
        numbers = pd.Series([*NUMBERS, "Anonymous"], dtype="str")
        assert has_number(numbers, "anonymous").tolist() == [False] * 4 + [True, False, False]


class TestRegionOfAFrame:
    def test_is_said_and_changes_no_column(self):
        frame = bc.to_frame([{"id": 1, "clientNumber": "0151 23456789"}], region="de")
        assert frame.attrs["brightcall"]["region"] == "DE"
        assert frame.loc[0, "clientNumber"] == "0151 23456789"
        assert bc.to_frame(frame).attrs["brightcall"]["region"] == "DE"
        assert "region" not in bc.to_frame([{"id": 1}]).attrs["brightcall"]

    def test_one_that_does_not_exist(self):
        with pytest.raises(ValueError, match="region='EU' is not a country"):
            bc.to_frame([{"id": 1}], region="EU")

    def test_goes_into_files_and_comes_back(self, tmp_path):
        frame = bc.to_frame(
            [{"id": 1, "clientNumber": "0151 23456789", "timestamp": "2026-03-02T09:00:00Z"}], region="DE"
        )
        frame.calls.to_parquet(tmp_path / "calls")
        assert bc.read_calls(tmp_path / "calls").attrs["brightcall"]["region"] == "DE"
