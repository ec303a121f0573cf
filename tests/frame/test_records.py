"""An answer as JSON has it: what is there, and what its rows are taken for."""

from __future__ import annotations

import msgspec
import pytest

from brightcall_pandas.frame._page import page_of, read_page
from brightcall_pandas.frame._records import opened


class TestHas:
    @pytest.mark.parametrize("calls", [b"[]", b"[1]", b'[{"id": 1}]', b'[{"id": 1, "new": 2}]', b" [ ] "])
    def test_calls_are_a_list(self, calls):
        assert opened(b'{"calls":' + calls + b"}").has("calls")

    @pytest.mark.parametrize("calls", [b"null", b"{}", b'"[]"', b"7", b"false"])
    def test_anything_else_is_none(self, calls):
        assert not opened(b'{"calls":' + calls + b"}").has("calls")

    def test_statistics_are_an_object(self):
        assert opened(b'{"detailedStat": {"a": 1}}').has("detailedStat")
        assert not opened(b'{"detailedStat": [1]}').has("detailedStat")

    @pytest.mark.parametrize("calls", [b"[]", b"[5]"])  # rows as expected, and others
    def test_a_number_may_be_anything_but_null(self, calls):
        answer = opened(b'{"pagesCount": "0", "totalItems": null, "calls": ' + calls + b"}")
        assert answer.has("pagesCount")
        assert not answer.has("totalItems")

    @pytest.mark.parametrize("name", ["calls", "detailedStat", "pagesCount", "totalItems"])
    def test_what_is_absent_is_not_there(self, name):
        assert not opened(b"{}").has(name)


class TestOpened:
    @pytest.mark.parametrize(
        "body", [b"", b"null", b"[]", b'"calls"', b"<html>", b'{"calls": [', b"{}{}", b'{"a": NaN}', b"\xff"]
    )
    def test_what_is_no_object_is_refused(self, body):
        with pytest.raises(msgspec.DecodeError):
            opened(body)

    def test_says_where_it_is_broken(self):
        with pytest.raises(msgspec.DecodeError, match="truncated"):
            opened(b'{"calls": [{"id": 1}')

    def test_half_a_surrogate_pair_spoils_nothing_else(self):
        answer = opened(b'{"message": "cut \\ud83d", "totalItems": 3}')
        assert (answer.message, answer.totalItems) == ("cut \ufffd", 3)

    def test_calls_are_as_they_would_be_read_from_the_bytes(self):
        body = b'{"calls": [{"id": 1, "tags": ["x"]}, {"id": 2, "new": 0.5}], "timezone": "Asia/Tokyo"}'
        page, same = page_of(opened(body)), read_page(body)
        assert page.timezone == same.timezone == "Asia/Tokyo"
        assert page.values("id") == same.values("id") == [1, 2]
        assert page.values("tags") == same.values("tags") == ['["x"]', None]
        assert page.values("extras") == same.values("extras") == [None, '{"new":0.5}']

    def test_what_another_page_taught_meanwhile_changes_nothing(self):
        kept = opened(b'{"calls": [{"id": 1, "talkTime": 3}]}')
        read_page(b'{"calls": [{"talkTime": "3", "taughtMeanwhile": 1}]}')
        page = page_of(kept)
        assert page.values("talkTime") == [3]
        assert page.values("extras") == [None]
