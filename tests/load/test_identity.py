"""Which rows are the same call, in one answer and in several."""

import json

import pytest

from brightcall_pandas.frame import read_page
from brightcall_pandas.load._identity import Identities

FIRST = {
    "timestamp": "2026-03-03T12:00:00Z",
    "label": "a",
    "fromNumber": "+4930",
    "toNumber": "+4940",
    "type": 1,
}


def named(*answers):
    """Return the names of the rows of several answers, one list an answer."""
    identities = Identities()
    pages = [read_page(json.dumps({"calls": list(calls)}).encode()) for calls in answers]
    return [identities.names(page) for page in pages]


def call(**fields):
    return FIRST | fields


class TestById:
    def test_the_id_is_the_name(self):
        assert named([call(id=7, uniqueId="1.1"), call(id="8", uniqueId="1.2")]) == [["7", "8"]]

    def test_an_edit_is_the_same_call(self):
        (first,), (second,) = named(
            [call(id=7, uniqueId="1.1")],
            [call(id=7, uniqueId="1.1", label="b", timestamp="2026-03-04T00:00:01Z")],
        )
        assert first == second

    def test_rounded_ids_are_told_apart_by_unique_id(self):
        calls = [call(id=9007199254740992, uniqueId=f"1.{n}") for n in range(300)]
        first, second = named(calls, calls[150:])
        assert len(set(first)) == 300
        assert second == first[150:]

    @pytest.mark.parametrize("order", [("", "1.1"), ("1.1", "")])
    def test_an_empty_unique_id_matches_any(self, order):
        (first,), (second,) = named(*([call(id=7, uniqueId=each)] for each in order))
        assert first == second

    def test_legs_of_one_unique_id_are_calls_of_their_own(self):
        (names,) = named([call(id=7, uniqueId="1.1"), call(id=8, uniqueId="1.1")])
        assert len(set(names)) == 2


@pytest.mark.parametrize("nothing", ["", "null", "None", "0", 0, None, "undefined", "NaN"])
class TestWithoutId:
    def test_the_unique_id_stands_for_it(self, nothing):
        calls = [call(id=nothing, uniqueId="1.1"), call(id=nothing, uniqueId="1.2")]
        first, second = named(calls, [calls[1] | {"label": "edited"}, calls[0]])
        assert len(set(first)) == 2
        assert second == first[::-1]

    def test_side_by_side_all_fields_tell_calls_apart(self, nothing):
        calls = [call(id=nothing, label=each) for each in "ab"]
        first, second = named(calls, calls[::-1])
        assert len(set(first)) == 2
        assert second == first[::-1]

    def test_twins_of_one_answer_stay_two(self, nothing):
        twin = call(id=nothing)
        first, second = named([twin, twin], [twin, twin])
        assert len(set(first)) == 2
        assert set(second) == set(first)

    def test_an_edit_between_two_answers_is_the_same_call(self, nothing):
        (first,), (second,) = named([call(id=nothing)], [call(id=nothing, label="edited")])
        assert first == second

    def test_whatever_another_answer_writes_for_nothing(self, nothing):
        (first,), (second,) = named([call(id=nothing)], [call(id="none")])
        assert first == second

    def test_other_numbers_are_another_call(self, nothing):
        (first,), (second,) = named([call(id=nothing)], [call(id=nothing, toNumber="+4950")])
        assert first != second
