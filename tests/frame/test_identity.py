"""Which rows are the same call."""

from __future__ import annotations

import pyarrow as pa
import pytest

from brightcall_pandas.frame import IDENTITY_FIELDS, TABLE_SCHEMA, call_numbers, typed_table
from brightcall_pandas.frame._page import page_of_records


def same(*calls):
    """Return the calls as letters: the same letter for the same call."""
    records = [str(each).replace("'", '"').replace("None", "null").encode() for each in calls]
    numbers = call_numbers(typed_table([page_of_records(records)], "UTC").table.select(IDENTITY_FIELDS))
    letters = {}
    return "".join(letters.setdefault(each, "abcdefgh"[len(letters)]) for each in numbers.tolist())


class TestCallNumbers:
    def test_calls_of_different_ids(self):
        assert same({"id": 1, "uniqueId": "1.1"}, {"id": 2, "uniqueId": "1.1"}) == "ab"

    def test_an_edit_changes_nothing(self):
        before = {"id": 1, "uniqueId": "1.1", "timestamp": "2026-03-01T23:59:00Z", "outcomeTag": "x"}
        after = before | {"timestamp": "2026-03-02T00:01:00Z", "outcomeTag": "y"}
        assert same(before, after) == "aa"

    def test_an_empty_unique_id_matches_any(self):
        assert same({"id": 1, "uniqueId": ""}, {"id": 1, "uniqueId": "1.1"}, {"id": 1}) == "aaa"

    def test_an_id_that_is_shared_does_not_tell(self):
        calls = [{"id": 7, "uniqueId": each} for each in ("1.1", "1.2", "1.1")]
        assert same(*calls, {"id": 8, "uniqueId": "1.1"}) == "abac"

    def test_of_a_shared_id_without_unique_id_nobody_knows(self):
        calls = [{"id": 7, "uniqueId": each} for each in ("1.1", "1.2", "")]
        assert same(*calls) == "abc"

    @pytest.mark.parametrize("word", ["", "null", "none", "undefined", "NaN", "0", 0, None])
    def test_words_for_nothing_are_no_ids(self, word):
        calls = [{"id": word, "uniqueId": each, "toNumber": "5"} for each in ("1.1", "1.2", "1.1")]
        assert same(*calls) == "aba"

    def test_without_an_id_what_never_changes_tells(self):
        call = {"id": "", "uniqueId": "1.1", "fromNumber": "5", "talkTime": 3}
        assert same(call, call | {"talkTime": 9}, call | {"fromNumber": "6"}) == "aab"

    def test_different_words_for_nothing_say_the_same_although_other_calls_have_them(self):
        calls = [{"id": word, "uniqueId": each} for each in ("1.1", "1.2") for word in ("", "null")]
        assert same(*calls) == "aabb"

    def test_a_time_that_was_edited_does_not_tell_where_there_is_a_unique_id(self):
        calls = [{"id": "", "uniqueId": each, "timestamp": "2026-03-01T23:59:00Z"} for each in ("1.1", "1.2")]
        later = [each | {"timestamp": "2026-03-02T00:01:00Z"} for each in calls]
        assert same(*calls, *later) == "abab"

    def test_without_any_identifier_the_time_tells_too(self):
        call = {"id": "", "uniqueId": "", "timestamp": "2026-03-01T09:00:00Z", "fromNumber": "5"}
        assert same(call, call, call | {"timestamp": "2026-03-01T09:00:01Z"}) == "aab"

    def test_no_calls(self):
        assert len(call_numbers(TABLE_SCHEMA.empty_table())) == 0

    def test_tables_of_several_readings(self):
        one = typed_table([page_of_records([b'{"id":1,"uniqueId":"1.1"}'])], "UTC").table
        other = typed_table([page_of_records([b'{"id":1,"uniqueId":"1.2"}'])], "UTC").table
        assert call_numbers(one).tolist() == call_numbers(other).tolist()
        first, second = call_numbers(pa.concat_tables([one, other])).tolist()
        assert first != second
